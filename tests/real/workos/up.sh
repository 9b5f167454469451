#!/usr/bin/env bash
# Runs the emulator of WorkOS's public command line (`workos emulate`) on loopback, filled with users and
# sessions. stdout carries one line of exports and nothing else:
#   eval "$(./up.sh)"        then: $WORKOS_URL $WORKOS_API_KEY $WORKOS_PID $WORKOS_STATE
# While it is up a second run prints the same line. State is in memory: WORKOS_FRESH=1 starts anew.
#
# Environment (all optional):
#   WORKOS_REAL_HOME  folder for everything   ${XDG_CACHE_HOME:-~/.cache}/usher-real/workos
#   WORKOS_VERSION    0.14.0                  npm package `workos`
#   WORKOS_PORT       0                       0 = a free one
#   WORKOS_INSTANCE   default                 name; several instances may run side by side
#   WORKOS_FRESH      0                       1 = end the instance of that name first
#   WORKOS_NODE_MIN   20.20                   an older `node` is replaced by npm's `node@22`
#   WORKOS_BIG        120                     sessions of the first user
#   WORKOS_USERS      40                      more than 40: the rest never signed in (for long walks)
#   WORKOS_WAIT       60                      seconds to wait for readiness
# Exit: 0 up (or was up already), 77 a needed tool is missing, 78 it could not be fetched, 1 anything else.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
home=${WORKOS_REAL_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/usher-real/workos}
version=${WORKOS_VERSION:-0.14.0}
port=${WORKOS_PORT:-0}
instance=${WORKOS_INSTANCE:-default}
node_min=${WORKOS_NODE_MIN:-20.20}
wait_s=${WORKOS_WAIT:-60}

say()  { printf 'workos up: %s\n' "$*" >&2; }
skip() { say "SKIP: $*"; exit 77; }
die()  { say "ERROR: $*"; exit 1; }

case $instance in ''|*[!A-Za-z0-9_-]*) die "WORKOS_INSTANCE may hold letters, digits, _ and - only" ;; esac
case $port in ''|*[!0-9]*) die "WORKOS_PORT is not a number: $port" ;; esac
command -v npm  >/dev/null || skip "no npm found (the emulator is published on npm only)"
command -v node >/dev/null || skip "no node found, though npm is there"

mkdir -p "$home"
home=$(cd "$home" && pwd -P)
run=$home/run-$instance
mkdir -p "$run"
pidfile=$run/pid

if command -v flock >/dev/null; then   # two test runs at once must not install or start over each other
  exec 9>"$home/lock"
  flock -w 600 9 || die "another up.sh holds $home/lock for 10 minutes"
fi

ours() {   # is pid $1 the emulator of this instance, and not another program that got the same number?
  [ -n "${1:-}" ] && kill -0 "$1" 2>/dev/null || return 1
  if [ -r "/proc/$1/cmdline" ]; then tr '\0' '\n' <"/proc/$1/cmdline" | grep -qxF "$run/seed.json"; else return 0; fi
}
stop() {
  kill -TERM "$1" 2>/dev/null || true
  for _ in $(seq 1 50); do ours "$1" || break; sleep 0.1; done
  ! ours "$1" || kill -KILL "$1" 2>/dev/null || true
  rm -f "$pidfile" "$run/address" "$run/state.json" "$run/exports"
}

pid=$(cat "$pidfile" 2>/dev/null || true)
if ours "$pid"; then
  if [ "${WORKOS_FRESH:-0}" = 1 ]; then
    say "ending pid $pid"; stop "$pid"
  elif [ ! -s "$run/exports" ]; then
    say "a half-started emulator (pid $pid) is in the way, ending it"; stop "$pid"
  elif [ "$port" != 0 ] && ! grep -q ":$port " "$run/exports"; then
    die "instance $instance runs on another port; set WORKOS_FRESH=1 or another WORKOS_INSTANCE"
  else
    say "already up"; cat "$run/exports"; exit 0
  fi
fi
rm -f "$pidfile" "$run/address" "$run/state.json" "$run/exports"

# --- 1. install ----------------------------------------------------------------------------------
npm_get() {   # folder, package: installs into the folder, whatever the caller's npm settings are
  mkdir -p "$1"
  (cd "$1" && npm install --prefix "$1" --no-audit --no-fund --no-save --no-package-lock --loglevel=error \
     --update-notifier=false "${@:2}" >&2 9>&-) || { say "npm could not install ${*:2}"; exit 78; }
}
at_least() {  # is version $1 >= $2 (major.minor)?
  local a b c d
  IFS=. read -r a b _ <<<"${1#v}."
  IFS=. read -r c d _ <<<"$2.0."
  [ "$a" -gt "$c" ] || { [ "$a" -eq "$c" ] && [ "${b:-0}" -ge "${d:-0}" ]; }
}
node=$(command -v node)
if ! at_least "$("$node" --version)" "$node_min"; then
  node=$home/node22/node_modules/node/bin/node
  if ! "$node" --version >/dev/null 2>&1; then
    say "node is $(command node --version), older than $node_min: fetching npm's node@22"
    npm_get "$home/node22" node@22
    if ! "$node" --version >/dev/null 2>&1; then   # an npm that runs no install scripts
      (cd "$home/node22/node_modules/node" && command node installArchSpecificPackage.js >&2 9>&-) || true
    fi
    "$node" --version >/dev/null 2>&1 || die "npm's node@22 holds no node that runs here"
  fi
fi
cli=$home/cli-$version
bin=$cli/node_modules/workos/dist/bin.js
if [ ! -f "$cli/.complete" ] || [ ! -f "$bin" ]; then
  say "fetching npm's workos@$version (about 190 packages)"
  rm -rf "$cli"
  npm_get "$cli" --ignore-scripts "workos@$version"
  [ -f "$bin" ] || die "workos@$version holds no dist/bin.js"
  touch "$cli/.complete"
fi

# --- 2. data ------------------------------------------------------------------------------------
"$node" "$here/seed.mjs" "$run/seed.json"

# --- 3. start ------------------------------------------------------------------------------------
say "starting workos $version with node $("$node" --version), log in $run/log"
mkdir -p "$run/home"
env -u WORKOS_API_KEY -u NODE_OPTIONS HOME="$run/home" XDG_CONFIG_HOME="$run/home" NODE_ENV=production \
  WORKOS_TELEMETRY=false DO_NOT_TRACK=1 WORKOS_MODE=ci CI=1 WORKOS_ADDRESS_FILE="$run/address" \
  nohup "$node" --require "$here/loopback.cjs" "$bin" emulate --port "$port" --json --seed "$run/seed.json" \
  >"$run/log" 2>&1 </dev/null 9>&- &
pid=$!
echo "$pid" >"$pidfile"
finished=0
trap '[ "$finished" = 1 ] || stop "$pid"' EXIT   # a half-filled server is of no use, and would stay for ever

answers() { "$node" -e 'fetch(process.argv[1]).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))' "$1/health" 9>&-; }
end=$((SECONDS + wait_s))
until [ -s "$run/address" ] && answers "$(cat "$run/address")"; do
  kill -0 "$pid" 2>/dev/null || { tail -n 20 "$run/log" >&2; die "the emulator ended while starting"; }
  [ "$SECONDS" -lt "$end" ] || die "not ready after $wait_s s; see $run/log"
  sleep 0.1
done
url=$(cat "$run/address")
case $url in http://127.0.0.1:*) ;; *) die "it listens on $url, not on loopback" ;; esac

# --- 4. fill -------------------------------------------------------------------------------------
"$node" "$here/fill.mjs" "$url" "$run/state.json" 9>&- || die "filling it with sessions failed; see above"
printf 'export WORKOS_URL=%q WORKOS_API_KEY=%q WORKOS_PID=%q WORKOS_STATE=%q\n' \
  "$url" sk_test_default "$pid" "$run/state.json" >"$run/exports.new"
mv "$run/exports.new" "$run/exports"
finished=1
say "ready after ${SECONDS} s"
cat "$run/exports"

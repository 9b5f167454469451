#!/usr/bin/env bash
# WorkOS's own programs against usher, and usher against them:
#   1. WorkOS's Python SDK against usher's emulator (Python with venv; the registry of Python packages once)
#   2. usher against the emulator of WorkOS's command line (Node and npm; the registry of Node packages once)
# A part whose tools are missing, or whose registry does not answer, is skipped, and said so: exit 0.
set -euo pipefail
# Each job gets a process group of its own, so that an interrupt ends all of it at once.
set -m
cd "$(dirname "$0")/../.."
here=tests/real/workos
cache=${XDG_CACHE_HOME:-$HOME/.cache}/usher-real/workos

say() { printf 'workos suite: %s\n' "$*" >&2; }

job=
# Waits in a way that a signal interrupts.
run() {
  "$@" &
  job=$!
  local code=0
  wait "$job" || code=$?
  job=
  return "$code"
}
log=
ours=
started=no
finish() {
  code=$?
  trap - EXIT
  trap '' INT TERM
  local one
  for one in $job $ours; do
    kill -TERM -- "-$one" 2>/dev/null || true
    wait "$one" 2>/dev/null || true
  done
  if [ "$started" = yes ]; then
    say "ending the vendor's emulator"
    "$here/down.sh" || say "it could not be ended"
  fi
  [ -z "$log" ] || rm -f "$log"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
log=$(mktemp)

# The Python with the SDK in it; nothing if there is none.
sdk_python() {
  local folder=$cache/sdk
  if ! command -v python3 >/dev/null || ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
    say "SKIPPED: the SDK check needs python3 with venv"
    return
  fi
  if ! cmp -s "$here/requirements.txt" "$folder/.complete"; then
    say "fetching the SDK"
    rm -rf "$folder"
    mkdir -p "$cache"
    python3 -m venv "$folder" >&2
    if ! "$folder/bin/python" -m pip install -q --disable-pip-version-check -r "$here/requirements.txt" >&2; then
      say "SKIPPED: the SDK could not be fetched (see above)"
      return
    fi
    cp "$here/requirements.txt" "$folder/.complete"
  fi
  echo "$folder/bin/python"
}

# A value of the line that the emulator prints once it listens: Python, then the keys on the way to it.
announced() {
  "$1" - "$log" "${@:2}" <<'PYTHON'
import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2:]:
    value = value[key]
print(value)
PYTHON
}

check_sdk() {
  local python url key
  python=$(sdk_python)
  [ -n "$python" ] || return 0
  run cargo build --locked
  cargo run --locked -q -- emulator workos --json >"$log" &
  ours=$!
  for _ in $(seq 1 300); do
    [ ! -s "$log" ] || break
    kill -0 "$ours" 2>/dev/null || { say "usher's emulator did not start"; exit 1; }
    sleep 0.1
  done
  say "the SDK against usher's emulator"
  url=$(announced "$python" url)
  key=$(announced "$python" auth api_key)
  WORKOS_URL=$url WORKOS_API_KEY=$key run "$python" "$here/sdk_check.py"
  kill -TERM -- "-$ours"
  wait "$ours" || true
  ours=
}

check_vendor() {
  export WORKOS_INSTANCE=suite WORKOS_FRESH=1
  # From here on there may be a process to end, also when starting it fails or is interrupted.
  started=yes
  local code=0
  run "$here/up.sh" >"$log" || code=$?
  case $code in
    0) ;;
    77) started=no; say "SKIPPED: usher against the vendor's emulator: a tool is missing (see above)"; return 0 ;;
    78) started=no; say "SKIPPED: usher against the vendor's emulator: it could not be fetched (see above)"; return 0 ;;
    *) say "the vendor's emulator did not start (exit $code)"; exit 1 ;;
  esac
  # shellcheck disable=SC1090
  . <(tail -n 1 "$log")
  export WORKOS_URL WORKOS_API_KEY WORKOS_STATE
  say "usher against the vendor's emulator at $WORKOS_URL"
  # They share its limit and end sessions of the same users.
  RUST_TEST_THREADS=1 run cargo test --locked --test real_workos "$@"
}

check_sdk
check_vendor "$@"
say "done"

#!/usr/bin/env bash
# Instructions that the program executes a row, against the limits below: a number that hardly depends on the
# machine. Needs valgrind; without it, this is skipped and said so: exit 0.
set -euo pipefail
cd "$(dirname "$0")/../.."

# A tenth above what was counted when the line was written. Whoever makes a row dearer must say why.
LIST_A_ROW=79000
REVOKE_A_ROW=40000

say() { printf 'instructions: %s\n' "$*" >&2; }

if ! command -v valgrind >/dev/null; then
  say "SKIPPED: valgrind is missing"
  exit 0
fi

cargo build --locked --profile counted
usher=${CARGO_TARGET_DIR:-target}/counted/usher
home=$(mktemp -d)
emulator=
finish() {
  code=$?
  trap - EXIT
  [ -z "$emulator" ] || { kill "$emulator" 2>/dev/null || true; wait "$emulator" 2>/dev/null || true; }
  rm -rf "$home"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export HOME=$home
unset XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME XDG_DATA_HOME USHER_CONFIG USHER_LOG

"$usher" emulator janssen --sessions 9000 --config-out "$home/usher.toml" >/dev/null &
emulator=$!
for _ in $(seq 1 300); do
  [ ! -s "$home/usher.toml" ] || break
  kill -0 "$emulator" 2>/dev/null || { say "the emulator did not start"; exit 1; }
  sleep 0.1
done

# The instructions of a command of usher.
count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file="$home/log" \
    "$usher" --config "$home/usher.toml" "$@" >/dev/null 2>"$home/errors" || { cat "$home/errors" >&2; exit 1; }
  sed -n 's/.*Collected : *//p' "$home/log"
}

# Both counts begin alike: their difference is that of the rows.
check() { # name, limit, rows, count of few, count of many
  local row=$((($5 - $4) / $3))
  say "$1: $row a row, at most $2"
  [ "$row" -gt 0 ] && [ "$row" -le "$2" ]
}

list() { count list -o jsonl --limit "$1"; }
check list "$LIST_A_ROW" 3000 "$(list 1000)" "$(list 4000)"

"$usher" --config "$home/usher.toml" list -o jsonl --limit 1200 deletable:yes >"$home/all"
revoke() { count revoke - --yes --concurrency 1 <"$1"; }
head -n 100 "$home/all" >"$home/few"
tail -n +101 "$home/all" | head -n 1000 >"$home/many"
check revoke "$REVOKE_A_ROW" 900 "$(revoke "$home/few")" "$(revoke "$home/many")"

#!/usr/bin/env bash
# Instructions that the program executes a row, against the limits below: a number that hardly depends on the
# machine. Needs valgrind; without it, this is skipped and said so: exit 0.
set -euo pipefail
cd "$(dirname "$0")/../.."

# A tenth above what was counted when the line was written. Whoever makes a row dearer must say why.
LIST_A_ROW=38000

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

# Both begin alike: their difference is that of the rows.
few=$(count list -o jsonl --limit 1000)
many=$(count list -o jsonl --limit 4000)
row=$(((many - few) / 3000))
say "list: $row a row, at most $LIST_A_ROW"
[ "$row" -gt 0 ] && [ "$row" -le "$LIST_A_ROW" ]

#!/usr/bin/env bash
# WorkOS's Python SDK against usher's emulator (Python with venv; the registry of Python packages once).
# Skipped, and said so, where that is missing or the registry does not answer: exit 0.
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
finish() {
  code=$?
  trap - EXIT
  trap '' INT TERM
  local one
  for one in $job $ours; do
    kill -TERM -- "-$one" 2>/dev/null || true
    wait "$one" 2>/dev/null || true
  done
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

check_sdk
say "done"

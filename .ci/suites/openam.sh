#!/usr/bin/env bash
# Runs the tests against a real community OpenAM server.
#
# Uses the server that OPENAM_URL names (with OPENAM_ADMIN and OPENAM_PASSWORD); else starts one on
# loopback with tests/real/openam/up.sh and ends it again, whatever happens. Skipped, and said so,
# where Java, Maven or another tool is missing or the registry does not answer: exit 0.
#
#   OPENAM_KEEP=1   leave a server that this script started running
set -euo pipefail
# Each job gets a process group of its own, so that an interrupt ends all of it at once.
set -m
cd "$(dirname "$0")/../.."
here=tests/real/openam

say() { printf 'openam suite: %s\n' "$*" >&2; }
skip() { say "SKIPPED: $*"; exit 0; }

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
started=no
finish() {
  code=$?
  trap - EXIT
  trap '' INT TERM
  if [ -n "$job" ]; then
    say "interrupted"
    kill -TERM -- "-$job" 2>/dev/null || true
    wait "$job" 2>/dev/null || true
  fi
  [ -z "$log" ] || rm -f "$log"
  if [ "$started" = yes ]; then
    if [ "${OPENAM_KEEP:-}" = 1 ]; then
      say "the server is left running; $here/down.sh ends it"
    else
      say "ending the server"
      "$here/down.sh" || say "the server could not be ended"
    fi
  fi
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -n "${OPENAM_URL:-}" ]; then
  say "using the server at $OPENAM_URL"
else
  # A server that runs already is somebody else's to end.
  if "$here/up.sh" --is-running >/dev/null 2>&1; then
    say "a server runs already; it is used and left running"
  else
    say "starting a server"
    # From here on there may be a process to end, also when starting it fails or is interrupted.
    started=yes
  fi
  log=$(mktemp)
  code=0
  run "$here/up.sh" >"$log" || code=$?
  case $code in
    0) ;;
    77) started=no; skip "a tool is missing (see above)" ;;
    78) started=no; skip "the server could not be fetched: the registry does not answer (see above)" ;;
    *) say "the server did not start (exit $code)"; exit 1 ;;
  esac
  # shellcheck disable=SC1090
  . <(tail -n 1 "$log")
  export OPENAM_URL OPENAM_ADMIN OPENAM_PASSWORD
fi

say "running the tests against $OPENAM_URL"
# More threads than cores: most of the time a test waits for the server, one of them for over a minute.
RUST_TEST_THREADS=${RUST_TEST_THREADS:-4} run cargo test --locked --test real_openam "$@"
say "done"

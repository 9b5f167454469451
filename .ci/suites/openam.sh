#!/usr/bin/env bash
# Runs the tests against a real community OpenAM server.
#
# Uses the server that OPENAM_URL names (with OPENAM_ADMIN and OPENAM_PASSWORD); else starts one on
# loopback with tests/real/openam/up.sh and ends it again, whatever happens. Skipped, and said so,
# where Java or Maven is missing or the registry does not answer: exit 0.
#
#   OPENAM_KEEP=1   leave a server that this script started running
set -euo pipefail
cd "$(dirname "$0")/../.."
here=tests/real/openam

say() { printf 'openam suite: %s\n' "$*" >&2; }
skip() { say "SKIPPED: $*"; exit 0; }

if [ -n "${OPENAM_URL:-}" ]; then
  say "using the server at $OPENAM_URL"
else
  log=$(mktemp)
  started=no
  finish() {
    code=$?
    trap - EXIT
    rm -f "$log"
    if [ "$started" = yes ] && [ "${OPENAM_KEEP:-}" != 1 ]; then
      "$here/down.sh" || say "the server could not be ended"
    fi
    exit "$code"
  }
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  # A server that runs already is somebody else's to end.
  if "$here/up.sh" --is-running >/dev/null 2>&1; then mine=no; else mine=yes; fi
  # From here on there may be a process to end, also when starting it fails or is interrupted.
  started=$mine
  code=0
  "$here/up.sh" >"$log" || code=$?
  case $code in
    0) ;;
    77) skip "Java 17 or Maven is missing (see above)" ;;
    78) skip "the server could not be fetched: the registry does not answer (see above)" ;;
    *) say "the server did not start (exit $code)"; exit 1 ;;
  esac
  # shellcheck disable=SC1090
  . <(tail -n 1 "$log")
  export OPENAM_URL OPENAM_ADMIN OPENAM_PASSWORD
fi

cargo test --locked --test real_openam "$@"

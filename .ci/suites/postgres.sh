#!/usr/bin/env bash
# Runs the tests of the SQL side of CockroachDB against a real PostgreSQL.
#
# Starts a throw-away server on loopback with tests/real/postgres/up.sh and ends it again, whatever happens.
# Where its programs are missing they are installed, if that is possible; else this is skipped, and said so:
# exit 0.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=tests/real/postgres

say() { printf 'postgres suite: %s\n' "$*" >&2; }
skip() { say "SKIPPED: $*"; exit 0; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

has_server() {
  { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1
}

if ! has_server && command -v apt-get >/dev/null; then
  say "installing PostgreSQL"
  { as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -qy --no-install-recommends postgresql openssl; } >/dev/null 2>&1 \
    || say "it could not be installed"
fi

folder=$(mktemp -d)
finish() {
  code=$?
  trap - EXIT
  trap '' INT TERM
  "$here/down.sh" "$folder" || say "the server could not be ended"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "starting a server"
code=0
settings=$("$here/up.sh" "$folder") || code=$?
case $code in
  0) ;;
  77) skip "PostgreSQL is missing (see above)" ;;
  *) say "the server did not start (exit $code)"; exit 1 ;;
esac
# shellcheck disable=SC1090
. <(tail -n 1 <<<"$settings")
export POSTGRES_FOLDER POSTGRES_PORT POSTGRES_PASSWORD

say "running the tests"
cargo test --locked --test real_postgres "$@"
say "done"

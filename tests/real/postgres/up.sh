#!/usr/bin/env bash
# Starts a throw-away PostgreSQL on loopback with the stand-in for the schema "system". The last line of
# its output sets the variables that the tests read. Exit 77: a tool is missing.
#
#   up.sh FOLDER    everything is kept in this folder, which must be empty or not there
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:?needs a folder}

# Debian keeps the server's programs out of the path.
for dir in /usr/lib/postgresql/*/bin; do
  [ -d "$dir" ] && PATH="$dir:$PATH"
done
for tool in initdb pg_ctl psql openssl; do
  command -v "$tool" >/dev/null || { echo "postgres: $tool is missing" >&2; exit 77; }
done

# The server refuses to run as the superuser.
as=()
mkdir -p "$folder"
if [ "$(id -u)" = 0 ]; then
  id postgres >/dev/null 2>&1 || { echo "postgres: there is no user to run the server as" >&2; exit 77; }
  chown postgres "$folder"
  as=(runuser -u postgres --)
fi
chmod 755 "$folder"
data=$folder/data
certs=$folder/certs
port=${POSTGRES_PORT:-$(( 20000 + $$ % 20000 ))}
password=$(openssl rand -hex 12)

server() { (cd / && "${as[@]}" env PATH="$PATH" "$@"); }

certificates() {
  mkdir -p "$certs"
  (
    cd "$certs"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=Test CA" \
      -keyout ca.key -out ca.crt
    sign() { # NAME, SUBJECT, ALTERNATIVE NAME
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" \
        -keyout "$1.key" -out "$1.csr"
      openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out "$1.crt" \
        -extfile <(printf 'subjectAltName=%s\n' "$3")
    }
    sign node localhost "DNS:localhost,IP:127.0.0.1"
    sign client.root root "DNS:root"
    sign client.opsadmin opsadmin "DNS:opsadmin"
    chmod 600 ./*.key
  ) >/dev/null 2>&1
  cp "$certs/node.crt" "$certs/node.key" "$certs/ca.crt" "$folder/"
  if [ "$(id -u)" = 0 ]; then chown postgres "$folder"/node.* "$folder"/ca.crt; fi
  chmod 600 "$folder/node.key"
}

certificates
server initdb -D "$data" -U postgres -A trust --no-sync -E UTF8 --locale=C >/dev/null
server tee -a "$data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$folder'
fsync = off
timezone = 'America/New_York'
ssl = on
ssl_cert_file = '$folder/node.crt'
ssl_key_file = '$folder/node.key'
ssl_ca_file = '$folder/ca.crt'
password_encryption = 'scram-sha-256'
CONF
server tee "$data/pg_hba.conf" >/dev/null <<HBA
local all all trust
hostssl all root 127.0.0.1/32 cert
hostssl all opsadmin 127.0.0.1/32 scram-sha-256
hostssl all +by_certificate 127.0.0.1/32 cert
hostssl all +by_password 127.0.0.1/32 scram-sha-256
HBA
server pg_ctl -D "$data" -l "$folder/log" -w start >/dev/null
sql() { psql -q -v ON_ERROR_STOP=1 -h "$folder" -p "$port" -U postgres "$@"; }
sql -d postgres <<SQL
CREATE ROLE by_certificate;
CREATE ROLE by_password;
CREATE ROLE operators;
CREATE ROLE root LOGIN IN ROLE operators;
CREATE ROLE opsadmin LOGIN PASSWORD '$password' IN ROLE operators;
CREATE DATABASE pristine;
SQL
# Nobody works in the first: tests make databases of their own from it.
sql -d pristine -f "$here/system.sql"
sql -d postgres -c 'CREATE DATABASE system TEMPLATE pristine'
printf 'POSTGRES_FOLDER=%q POSTGRES_PORT=%q POSTGRES_PASSWORD=%q\n' "$folder" "$port" "$password"

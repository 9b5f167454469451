#!/usr/bin/env bash
# Ends the server that up.sh started in a folder, and removes the folder.
set -euo pipefail
folder=${1:?needs a folder}
for dir in /usr/lib/postgresql/*/bin; do
  [ -d "$dir" ] && PATH="$dir:$PATH"
done
as=()
[ "$(id -u)" != 0 ] || as=(runuser -u postgres --)
if [ -f "$folder/data/postmaster.pid" ]; then
  (cd / && "${as[@]}" env PATH="$PATH" pg_ctl -D "$folder/data" -m immediate -w stop >/dev/null)
fi
rm -rf "$folder"

#!/bin/sh
# `npm run up`: the deployment of compose.yaml. Its secrets are made on the first run, and kept.
set -eu
cd "$(dirname "$0")/.."

# Nobody else gets into the folder; inside a container the files are read by a user of its own.
mkdir -p secrets
chmod 700 secrets
for name in jwt-secret postgres-password; do
  if [ ! -s "secrets/$name" ]; then
    (umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"secrets/$name.new")
    chmod 444 "secrets/$name.new"
    mv "secrets/$name.new" "secrets/$name"
  fi
done

exec docker compose up --build --detach --wait "$@"

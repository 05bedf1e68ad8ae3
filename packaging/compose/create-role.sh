#!/bin/sh
# Runs once, when the volume of the database is empty. The roles are described in docs/operations/postgresql-roles.md.
set -eu
psql --username postgres --set ON_ERROR_STOP=1 --command 'CREATE DATABASE ordinavo'
psql --username postgres --dbname ordinavo --set ON_ERROR_STOP=1 --file /etc/ordinavo/roles.sql
psql --username postgres --dbname ordinavo --set ON_ERROR_STOP=1 --set app="$ORDINAVO_DATABASE_PASSWORD" \
  --set owner="$ORDINAVO_OWNER_PASSWORD" --set backup="$ORDINAVO_BACKUP_PASSWORD" <<'SQL'
ALTER ROLE ordinavo_app PASSWORD :'app';
ALTER ROLE ordinavo_owner PASSWORD :'owner';
ALTER ROLE ordinavo_backup PASSWORD :'backup';
SQL

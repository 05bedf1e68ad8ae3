#!/bin/sh
# Runs once, when the volume of the database is empty: the image's own user is a superuser, to whom row-level security
# does not apply.
set -eu
psql --username postgres --set ON_ERROR_STOP=1 --set password="$ORDINAVO_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE ordinavo LOGIN PASSWORD :'password';
CREATE DATABASE ordinavo OWNER ordinavo;
SQL

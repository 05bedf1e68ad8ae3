//! The translation of statements for the engines.

use crate::db::dialect::{for_postgres, for_sqlite};

#[test]
fn record_set_is_limited_to_its_length_for_the_planner_of_postgres() {
    let update = "UPDATE note SET text = input.text FROM jsonb_to_recordset($1) AS input (id UUID, text TEXT) WHERE note.id = input.id";
    assert_eq!(
        for_postgres(update),
        "UPDATE note SET text = input.text FROM (SELECT * FROM jsonb_to_recordset($1) AS input (id UUID, text TEXT) LIMIT \
         jsonb_array_length($1)) AS input WHERE note.id = input.id"
    );
    for unchanged in [
        "INSERT INTO note (id) SELECT input.id FROM jsonb_to_recordset($1) AS input (id UUID)",
        "SELECT id FROM note WHERE id = $1",
    ] {
        assert_eq!(for_postgres(unchanged), unchanged);
    }
}

#[test]
fn statement_of_postgres_is_translated_for_sqlite() {
    for (postgres, sqlite) in [
        (
            "SELECT id FROM target WHERE id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID)) ORDER BY id FOR UPDATE",
            "SELECT id FROM target WHERE id IN (SELECT unhex(value) FROM json_each($2)) ORDER BY id",
        ),
        (
            "SELECT id FROM target WHERE name = ANY (ARRAY(SELECT jsonb_array_elements_text($2))) LIMIT 1",
            "SELECT id FROM target WHERE name IN (SELECT value FROM json_each($2)) LIMIT 1",
        ),
        (
            "INSERT INTO note (id, details) SELECT input.id, input.details FROM jsonb_to_recordset($1) AS input (id UUID, details JSONB)",
            "INSERT INTO note (id, details) SELECT input.id, input.details FROM (SELECT unhex(value->>'id') AS id, NULLIF(value->'details', 'null') AS details FROM json_each($1)) AS input",
        ),
        (
            "UPDATE note SET hash = decode(input.hash, 'hex') FROM jsonb_to_recordset($1) AS input (id UUID, hash TEXT) WHERE note.id = input.id",
            "WITH input AS MATERIALIZED (SELECT $1 AS tenant_of_rows, unhex(value->>'id') AS id, value->>'hash' AS hash FROM json_each($1)) UPDATE note SET hash = unhex(input.hash) FROM input WHERE note.id = input.id",
        ),
        (
            "UPDATE note SET at = $2 WHERE id IN (SELECT input.id FROM jsonb_to_recordset($1) AS input (id UUID))",
            "UPDATE note SET at = $2 WHERE id IN (SELECT input.id FROM (SELECT unhex(value->>'id') AS id FROM json_each($1)) AS input)",
        ),
        (
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM jsonb_array_elements(item.warnings) AS note (value) WHERE note.value->>'code' = $1)",
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM json_each(item.warnings) AS note WHERE note.value->>'code' = $1)",
        ),
        (
            "SELECT extract(epoch FROM ($1 - note.at))::BIGINT / 3600, NULL::UUID AS id",
            "SELECT (unixepoch($1) - unixepoch(note.at)) / 3600, NULL AS id",
        ),
        (
            "(SELECT id FROM mail FOR UPDATE OF mail, link SKIP LOCKED) AS due",
            "(SELECT id FROM mail) AS due",
        ),
        ("SELECT id FROM mail FOR NO KEY UPDATE", "SELECT id FROM mail"),
    ] {
        assert_eq!(for_sqlite(postgres), sqlite);
    }
}

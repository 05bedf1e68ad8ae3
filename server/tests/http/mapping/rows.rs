//! Every row of the decision tables for customer (C), location (L), contact (K) and job (T) over HTTP, on both databases. States that no client can create (archived or
//! merged records, a disabled feature gate, a job in progress) are set in the database.

use ordinavo_core::Engine;
use rstest::rstest;
use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::{World, read, world};
use domain::mapping::table::ROWS;
use reqwest::Method;
use serde_json::{Value, json};

/// Checks rows and records which ones were covered.
struct RowChecker<'a> {
    world: &'a World,
    covered: BTreeSet<String>,
    import_count: usize,
}

impl RowChecker<'_> {
    async fn import(&mut self, client: &str, mut body: Value) -> Value {
        if body.get("externalId").is_none() {
            self.import_count += 1;
            body["externalId"] = json!(format!("WALK-{}", self.import_count));
        }
        let (_, answer) = self.world.import(client, &body).await;
        let item = answer.get("item").cloned().unwrap_or(answer);
        assert!(item["id"].is_string(), "{}: {item}", self.world.engine);
        item
    }

    fn codes(item: &Value) -> Vec<&str> {
        ["warnings", "errors"]
            .iter()
            .flat_map(|field| item[*field].as_array().into_iter().flatten())
            .filter_map(|issue| issue["code"].as_str())
            .collect()
    }

    /// Checks a row of the tables C, L or K: rule, status and code of one part of the mapping.
    #[allow(clippy::too_many_arguments, reason = "a row of a table has many columns")]
    async fn check_mapping(
        &mut self,
        row: &str,
        client: &str,
        body: Value,
        part: &str,
        rule: &str,
        status: &str,
        code: &str,
    ) -> Value {
        let item = self.import(client, body).await;
        let entry = &item["mapping"][part];
        assert_eq!(
            (&entry["rule"], &entry["status"]),
            (&json!(rule), &json!(status)),
            "{} {row}: {item}",
            self.world.engine
        );
        self.record(row, &item, code);
        item
    }

    /// Checks a row of the table T: outcome and code.
    async fn check_target(&mut self, row: &str, client: &str, body: Value, outcome: &str, code: &str) -> Value {
        let item = self.import(client, body).await;
        assert_eq!(item["outcome"], outcome, "{} {row}: {item}", self.world.engine);
        self.record(row, &item, code);
        item
    }

    fn record(&mut self, row: &str, item: &Value, code: &str) {
        let codes = Self::codes(item);
        assert!(
            code.is_empty() || codes.contains(&code),
            "{} {row}: {code} in {codes:?}",
            self.world.engine
        );
        self.covered.insert(row.to_owned());
    }
}

fn customer(external_id: &str) -> Value {
    json!({ "customer": { "externalId": external_id } })
}

async fn table_c(rows: &mut RowChecker<'_>) {
    let world = rows.world;
    rows.check_mapping("C1", "erp", json!({}), "customer", "C1", "skipped", "")
        .await;
    let item = rows.import("import-only", customer("CUST-10042")).await;
    rows.record("C2", &item, "scope_missing_customers_map");
    rows.check_mapping(
        "C3",
        "erp",
        json!({ "customer": { "externalId": "0", "customerNumber": "RRM-001" } }),
        "customer",
        "C19",
        "mapped",
        "external_id_blocked_value",
    )
    .await;
    rows.check_mapping(
        "C6",
        "erp",
        json!({ "customer": { "externalId": "CUST-10042", "customerNumber": " rrm-001" } }),
        "customer",
        "C6",
        "mapped",
        "",
    )
    .await;
    rows.check_mapping(
        "C7",
        "erp",
        json!({ "customer": { "externalId": "CUST-10042", "customerNumber": "NOPE" } }),
        "customer",
        "C7",
        "mapped",
        "customer_number_unknown",
    )
    .await;
    rows.check_mapping(
        "C9",
        "erp",
        json!({ "customer": { "externalId": "CUST-10042", "customerNumber": "OLD-1" } }),
        "customer",
        "C9",
        "failed",
        "customer_identifier_conflict",
    )
    .await;
    rows.check_mapping(
        "C9",
        "erp",
        json!({ "customer": { "externalId": "CUST-10042", "customerNumber": "DUP-7" } }),
        "customer",
        "C9",
        "failed",
        "customer_identifier_conflict",
    )
    .await;
    rows.check_mapping(
        "C10",
        "partner",
        json!({ "customer": { "externalId": "P-NEW", "customerNumber": "OLD-2", "name": "Another name" } }),
        "customer",
        "C10",
        "mapped",
        "link_created",
    )
    .await;
    rows.check_mapping(
        "C11",
        "partner",
        json!({ "customer": { "externalId": "P-OTHER", "customerNumber": "OLD-2" } }),
        "customer",
        "C11",
        "failed",
        "customer_already_linked",
    )
    .await;
    rows.check_mapping(
        "C12",
        "erp",
        json!({ "customer": { "externalId": "UNKNOWN-A", "customerNumber": "OLD-1" } }),
        "customer",
        "C12",
        "failed",
        "customer_inactive",
    )
    .await;
    rows.check_mapping(
        "C13",
        "erp",
        json!({ "customer": { "externalId": "UNKNOWN-B", "customerNumber": "dup-7", "name": "x" } }),
        "customer",
        "C13",
        "skipped",
        "customer_number_ambiguous",
    )
    .await;
    rows.check_mapping(
        "C15",
        "erp-strict",
        json!({ "customer": { "externalId": "UNKNOWN-C", "name": "x" } }),
        "customer",
        "C15",
        "skipped",
        "auto_create_disabled",
    )
    .await;
    world.sql("UPDATE source_system SET create_customers = true, create_locations = true, create_contacts = true WHERE key = 'partner-b'").await;
    rows.check_mapping(
        "C16",
        "partner",
        json!({ "customer": { "externalId": "UNKNOWN-D", "name": "x" } }),
        "customer",
        "C16",
        "skipped",
        "scope_missing_customers_write",
    )
    .await;
    rows.check_mapping(
        "C17",
        "erp",
        customer("UNKNOWN-E"),
        "customer",
        "C17",
        "failed",
        "customer_name_required",
    )
    .await;
    rows.check_mapping(
        "C18",
        "erp",
        json!({ "customer": { "externalId": "WALK-C", "customerNumber": "W-1", "name": "Walked" } }),
        "customer",
        "C18",
        "created",
        "customer_number_ignored",
    )
    .await;
    let again = rows
        .check_mapping(
            "C18",
            "erp",
            json!({ "customer": { "externalId": "WALK-C2", "name": "walked" } }),
            "customer",
            "C18",
            "created",
            "possible_duplicate_name",
        )
        .await;
    assert!(again["targetId"].is_string());
    rows.check_mapping(
        "C19",
        "erp",
        json!({ "customer": { "customerNumber": "RRM-001" } }),
        "customer",
        "C19",
        "mapped",
        "external_id_missing",
    )
    .await;
    rows.check_mapping(
        "C20",
        "erp",
        json!({ "customer": { "customerNumber": "NOPE", "name": "x" } }),
        "customer",
        "C20",
        "skipped",
        "external_id_required_for_create",
    )
    .await;
    rows.check_mapping(
        "C21",
        "erp",
        json!({ "customer": { "name": "Rhein-Ruhr Medical Supply" } }),
        "customer",
        "C21",
        "skipped",
        "name_only_not_matchable",
    )
    .await;
    // Several customers share one number, the known customer among them.
    world
        .sql("UPDATE customer SET customer_number = 'DUP-7', number_key = 'DUP-7' WHERE name = 'Walked'")
        .await;
    rows.check_mapping(
        "C8",
        "erp",
        json!({ "customer": { "externalId": "WALK-C", "customerNumber": "DUP-7" } }),
        "customer",
        "C8",
        "mapped",
        "customer_number_ambiguous",
    )
    .await;
    world.sql("UPDATE customer SET merged_into = (SELECT c.id FROM customer c WHERE c.name = 'Walked' AND c.tenant_id = customer.tenant_id) WHERE name = 'walked'").await;
    rows.check_mapping(
        "C4",
        "erp",
        customer("WALK-C2"),
        "customer",
        "C6",
        "mapped",
        "customer_merged",
    )
    .await;
    world
        .sql("UPDATE customer SET archived_at = created_at WHERE name = 'Walked'")
        .await;
    rows.check_mapping(
        "C5",
        "erp",
        customer("WALK-C"),
        "customer",
        "C5",
        "failed",
        "customer_inactive",
    )
    .await;
    world
        .sql("UPDATE feature_gate SET enabled = false WHERE gate = 'customer_auto_create'")
        .await;
    rows.check_mapping(
        "C14",
        "erp",
        json!({ "customer": { "externalId": "UNKNOWN-F", "name": "x" } }),
        "customer",
        "C14",
        "skipped",
        "feature_not_enabled",
    )
    .await;
    world
        .sql("UPDATE feature_gate SET enabled = true WHERE gate = 'customer_auto_create'")
        .await;
    // After a mapped row, the name is updated if allowed; otherwise a warning is returned.
    let renamed = json!({ "customer": { "externalId": "CUST-10042", "name": "Rhein-Ruhr Medical" } });
    let item = rows.import("erp", renamed.clone()).await;
    assert_eq!(item["mapping"]["customer"]["status"], "updated");
    let item = rows
        .import(
            "erp-strict",
            json!({ "customer": { "externalId": "CUST-10042", "name": "Yet another" } }),
        )
        .await;
    assert!(
        RowChecker::codes(&item).contains(&"auto_update_disabled") && item["mapping"]["customer"]["status"] == "mapped",
        "{item}"
    );
}

async fn tables_l_and_k(rows: &mut RowChecker<'_>) {
    let world = rows.world;
    let with = |location: Value| json!({ "customer": { "externalId": "CUST-10042" }, "location": location });
    rows.check_mapping("L0", "erp", customer("CUST-10042"), "location", "L0", "skipped", "")
        .await;
    rows.check_mapping(
        "L1",
        "erp",
        json!({ "customer": { "externalId": "UNKNOWN-L" }, "location": { "externalId": "LOC-ESSEN-01" } }),
        "location",
        "L1",
        "skipped",
        "customer_unresolved",
    )
    .await;
    let item = rows
        .check_mapping(
            "L2",
            "erp",
            json!({ "location": { "externalId": "LOC-ESSEN-01" } }),
            "location",
            "L2",
            "mapped",
            "customer_derived_from_location",
        )
        .await;
    assert_eq!(item["mapping"]["customer"]["status"], "mapped");
    rows.check_mapping(
        "L3",
        "erp",
        with(json!({ "externalId": "LOC-ESSEN-01" })),
        "location",
        "L3",
        "mapped",
        "",
    )
    .await;
    let item = rows.check_mapping(
        "L4",
        "erp",
        json!({ "customer": { "externalId": "WALK-L", "name": "Landlord" }, "location": { "externalId": "LOC-ESSEN-01" } }),
        "location",
        "L4",
        "failed",
        "location_customer_mismatch",
    )
    .await;
    assert_eq!(
        item["mapping"]["customer"]["status"], "created",
        "the customer is still created"
    );
    rows.check_mapping(
        "L5",
        "erp",
        with(json!({ "externalId": "WALK-YARD", "city": "Essen" })),
        "location",
        "L5",
        "created",
        "missing_coordinates",
    )
    .await;
    rows.check_mapping(
        "L6",
        "erp-strict",
        with(json!({ "externalId": "WALK-YARD-2", "city": "Essen" })),
        "location",
        "L6",
        "skipped",
        "auto_create_disabled",
    )
    .await;
    rows.check_mapping(
        "L7",
        "erp",
        with(json!({ "city": "Essen" })),
        "location",
        "L7",
        "skipped",
        "location_not_identified",
    )
    .await;
    world
        .sql("UPDATE location SET archived_at = created_at WHERE name = 'Essen'")
        .await;
    rows.check_mapping(
        "L8",
        "erp",
        with(json!({ "externalId": "WALK-YARD" })),
        "location",
        "L8",
        "failed",
        "location_inactive",
    )
    .await;

    let with = |contact: Value| json!({ "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-ESSEN-02" }, "contact": contact });
    rows.check_mapping("K0", "erp", customer("CUST-10042"), "contact", "K0", "skipped", "")
        .await;
    rows.check_mapping(
        "K1",
        "erp",
        json!({ "customer": { "externalId": "WALK-L" }, "contact": { "externalId": "CONT-44" } }),
        "contact",
        "K1",
        "failed",
        "contact_customer_mismatch",
    )
    .await;
    rows.check_mapping(
        "K2",
        "erp",
        with(json!({ "externalId": "CONT-44" })),
        "contact",
        "K2",
        "mapped",
        "contact_location_mismatch",
    )
    .await;
    rows.check_mapping(
        "K3",
        "erp",
        with(json!({ "externalId": "WALK-K", "displayName": "Kim" })),
        "contact",
        "K3",
        "created",
        "",
    )
    .await;
    rows.check_mapping(
        "K4",
        "erp",
        with(json!({ "displayName": "Kim", "email": "kim@example.org" })),
        "contact",
        "K4",
        "skipped",
        "contact_not_matchable",
    )
    .await;
    rows.check_mapping(
        "K4",
        "erp-strict",
        with(json!({ "externalId": "WALK-K2", "displayName": "Kim" })),
        "contact",
        "K4",
        "skipped",
        "",
    )
    .await;
}

async fn table_t(rows: &mut RowChecker<'_>) {
    let world = rows.world;
    let body = |extra: Value| {
        let mut body = json!({ "externalId": "WALK-T", "customer": { "externalId": "CUST-10042" }, "sourceUpdatedAt": "2026-11-02T10:00:00Z", "notes": "first" });
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    rows.check_target(
        "T0",
        "erp",
        json!({ "externalId": "NEVER-SENT", "action": "cancel" }),
        "failed",
        "not_found",
    )
    .await;
    rows.check_target("T1", "erp", body(json!({})), "created", "").await;
    rows.check_target(
        "T2",
        "erp",
        body(json!({ "sourceUpdatedAt": "2026-11-03T10:00:00Z" })),
        "unchanged",
        "",
    )
    .await;
    rows.check_target(
        "T3",
        "erp",
        body(json!({ "sourceUpdatedAt": "2026-11-02T11:00:00Z", "notes": "older" })),
        "skipped",
        "stale_source_version",
    )
    .await;
    rows.check_target(
        "T4",
        "erp",
        body(json!({ "sourceUpdatedAt": "2026-11-04T10:00:00Z", "notes": "second", "durationMinutes": 90 })),
        "updated",
        "",
    )
    .await;
    // T8: omitted fields stay, null clears a field.
    rows.check_target(
        "T8",
        "erp",
        json!({ "externalId": "WALK-T", "durationMinutes": null }),
        "updated",
        "",
    )
    .await;
    let (_, now) = read(
        world
            .api(
                Method::GET,
                "/api/v1/targets/by-external-id/WALK-T",
                &world.key("nordlicht", "erp"),
            )
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(now["durationMinutes"], 60, "null resets to the default: {now}");
    world
        .sql("UPDATE target SET status = 'scheduled' WHERE external_id = 'WALK-T'")
        .await;
    rows.check_target(
        "T5",
        "erp",
        body(json!({ "sourceUpdatedAt": "2026-11-06T10:00:00Z", "notes": "third", "durationMinutes": 120 })),
        "updated",
        "change_requires_review",
    )
    .await;
    rows.check_target(
        "T7",
        "erp",
        json!({ "externalId": "WALK-T", "customer": { "externalId": "WALK-L" } }),
        "updated",
        "target_customer_change_requires_review",
    )
    .await;
    world
        .sql("UPDATE target SET status = 'en_route' WHERE external_id = 'WALK-T'")
        .await;
    rows.check_target(
        "T6",
        "erp",
        body(json!({ "sourceUpdatedAt": "2026-11-09T10:00:00Z", "notes": "late" })),
        "skipped",
        "target_locked",
    )
    .await;
    world
        .sql("UPDATE target SET status = 'cancelled' WHERE external_id = 'WALK-T'")
        .await;
    rows.check_target(
        "T6a",
        "erp",
        body(json!({ "sourceUpdatedAt": "2026-11-10T10:00:00Z", "notes": "again" })),
        "skipped",
        "target_cancelled",
    )
    .await;
    rows.check_target(
        "T11",
        "erp",
        json!({ "externalId": "WALK-R", "customer": { "externalId": "WALK-LATER" } }),
        "created",
        "customer_name_required",
    )
    .await;
    rows.import(
        "erp",
        json!({ "customer": { "externalId": "WALK-LATER", "name": "Later" } }),
    )
    .await;
    rows.check_target(
        "T11",
        "erp",
        json!({ "externalId": "WALK-R", "customer": { "externalId": "WALK-LATER" } }),
        "updated",
        "mapping_recovered",
    )
    .await;
    // T9 and T10 require a batch.
    let items = json!([{ "externalId": "TWICE" }, { "externalId": "TWICE" }, { "externalId": "TWICE", "notes": "x" }]);
    let (_, job) = read(
        world
            .api(Method::POST, "/api/v1/targets/batch", &world.key("nordlicht", "erp"))
            .header("idempotency-key", "rows")
            .json(&json!({ "items": items }))
            .send()
            .await
            .unwrap(),
    )
    .await;
    let path = format!("/api/v1/import-jobs/{}", job["id"].as_str().unwrap());
    loop {
        let (_, job) = read(
            world
                .api(Method::GET, &path, &world.key("nordlicht", "erp"))
                .send()
                .await
                .unwrap(),
        )
        .await;
        if job["status"] == "completed" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (_, page) = read(
        world
            .api(Method::GET, &format!("{path}/items"), &world.key("nordlicht", "erp"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    for (row, index, outcome, code) in [
        ("T9", 1, "skipped", "duplicate_in_batch"),
        ("T10", 2, "failed", "duplicate_external_id_in_batch"),
    ] {
        let item = &page["data"][index];
        assert_eq!(item["outcome"], outcome, "{item}");
        rows.record(row, item, code);
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn mapping_table_rows_are_all_covered(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    // A second customer with its own number, for the rows about links.
    world
        .sql("UPDATE customer SET customer_number = 'OLD-2', number_key = 'OLD-2' WHERE customer_number = 'NL-1001'")
        .await;
    let mut rows = RowChecker {
        world: &world,
        covered: BTreeSet::new(),
        import_count: 0,
    };
    table_c(&mut rows).await;
    tables_l_and_k(&mut rows).await;
    table_t(&mut rows).await;
    let missing: Vec<_> = ROWS
        .iter()
        .map(|row| row.rule)
        .filter(|rule| !rows.covered.contains(*rule))
        .collect();
    assert!(missing.is_empty(), "rows without a case: {missing:?}");
}

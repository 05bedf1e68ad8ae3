//! Lists as spreadsheets: every row under the filters, in the reader's language, and nothing that a program would execute.

use std::collections::BTreeSet;
use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use domain::jobs::filter::JobFilter;
use ordinavo_core::Engine;
use reqwest::{Client, StatusCode};
use rstest::rstest;
use serde_json::json;

use crate::imports::customer_sheets::{figures, upload};
use crate::support::{SAME_ORIGIN, World, link, world};

/// Exports a list and returns status, content type and body.
pub(crate) async fn export(
    world: &World,
    browser: &Client,
    list: &str,
    fields: &[(&str, &str)],
) -> (StatusCode, String, Vec<u8>) {
    let answer = browser
        .post(format!("{}/app/export/{list}", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .form(fields)
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    if status == StatusCode::OK {
        assert!(header("content-disposition").unwrap().starts_with("attachment; "));
        assert!(header("content-security-policy").unwrap().starts_with("sandbox"));
        assert_eq!(header("cache-control"), Some("no-store"), "{list}");
    }
    let media_type = header("content-type").unwrap_or_default().to_owned();
    (status, media_type, answer.bytes().await.unwrap().to_vec())
}

/// Returns the rows of a CSV file, the header first.
fn rows(bytes: &[u8], delimiter: u8) -> Vec<Vec<String>> {
    let text = bytes
        .strip_prefix("\u{feff}".as_bytes())
        .expect("file starts with a mark");
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .from_reader(text);
    let records = reader.records().map(Result::unwrap);
    records
        .map(|record| record.iter().map(str::to_owned).collect())
        .collect()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn exported_customers_imported_again_change_nothing(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let hostile = [
        ("new_name", "=HYPERLINK(\"https://evil.example\")"),
        ("new_number", "+4711"),
        ("new_street", "-2+3"),
        ("new_city", "Essen"),
        ("new_country", "DE"),
        ("new_contact", "@SUM(A1)"),
        ("phone", "+49 201 4711"),
    ];
    world.send(&staff, "/app/fn/new-customer", &hostile).await;
    for locale in ["en", "de", "ar"] {
        world
            .send(
                &staff,
                "/app/fn/language",
                &[("locale", locale), ("back", "/app/settings")],
            )
            .await;
        let (status, media_type, file) = export(&world, &staff, "customers", &[("format", "csv")]).await;
        assert_eq!(
            (status, media_type.as_str()),
            (StatusCode::OK, "text/csv; charset=utf-8")
        );
        let rows = rows(&file, if locale == "de" { b';' } else { b',' });
        let is_formula = |cell: &String| cell.starts_with(['=', '+', '-', '@']) && cell.parse::<f64>().is_err();
        assert!(!rows.iter().flatten().any(is_formula), "{locale}: {rows:?}");
        assert!(
            rows.iter().flatten().any(|cell| cell == "'+49 201 4711"),
            "{locale}: {rows:?}"
        );
        // Each header is recognized, and each row says what exists.
        let page = world
            .content(&staff, &upload(&world, &staff, file, "customers.csv").await)
            .await;
        // Customers who share a name without a number, or a number, cannot be told apart by a row.
        let ambiguous = ["same_name", "number_of_other_name"];
        let refused = page
            .split("data-code=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap());
        let refused = refused.filter(|code| ambiguous.contains(code)).count();
        assert_eq!(
            figures(&page),
            [
                "0",
                "0",
                "0",
                &(rows.len() - 1 - refused).to_string(),
                &refused.to_string()
            ],
            "{locale} {}: {page}",
            world.engine
        );
        let (_, _, workbook) = export(&world, &staff, "customers", &[("format", "xlsx")]).await;
        let page = world
            .content(&staff, &upload(&world, &staff, workbook, "customers.xlsx").await)
            .await;
        assert_eq!(
            figures(&page)[..3],
            ["0", "0", "0"],
            "{locale} {}: {page}",
            world.engine
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn list_is_exported_whole_and_under_its_filters(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let count = async |sql: &str| -> usize {
        let tenant = "tenant_id = (SELECT id FROM tenant WHERE slug = 'nordlicht')";
        world.texts(&sql.replace("OWN", tenant)).await[0][0].parse().unwrap()
    };
    // More jobs and customers than are read at once.
    for start in [0, 500, 1_000] {
        let items: Vec<_> = (start..(start + 500).min(1_010))
            .map(|number| {
                json!({ "externalId": format!("EXP-{number}"), "serviceType": "maintenance", "customer": {
                    "externalId": format!("EXP-C-{number}"), "name": format!("Exported {number}")
                }})
            })
            .collect();
        let body = json!({ "mode": "partial", "items": items });
        let (_, job) = world.batch("erp", &format!("exports-{start}"), &body).await;
        world.wait_for_job("erp", &job).await;
    }
    let customers = count("SELECT CAST(count(*) AS TEXT) FROM customer WHERE OWN AND archived_at IS NULL").await;
    assert!(customers > 1_000, "{customers}");
    let (_, _, file) = export(&world, &staff, "customers", &[("format", "csv")]).await;
    let names: BTreeSet<String> = rows(&file, b',')
        .into_iter()
        .skip(1)
        .map(|mut row| row.swap_remove(1))
        .collect();
    assert!(
        names.len() > 1_000 && names.contains("Exported 1009"),
        "{}",
        names.len()
    );
    let jobs = count("SELECT CAST(count(*) AS TEXT) FROM target WHERE OWN").await;
    let statuses: Vec<String> = JobFilter::from_name("to_schedule")
        .unwrap()
        .statuses()
        .iter()
        .map(|status| format!("'{}'", status.name()))
        .collect();
    let open = format!(
        "SELECT CAST(count(*) AS TEXT) FROM target WHERE OWN AND status IN ({})",
        statuses.join(", ")
    );
    let open = count(&open).await;
    assert!(jobs > 1_000 && open < jobs, "{jobs} {open}");
    for (fields, expected) in [
        (&[("format", "csv")][..], jobs),
        (&[("format", "csv"), ("show", "to_schedule")][..], open),
        (&[("format", "csv"), ("q", "no-such-job")][..], 0),
    ] {
        let (_, _, file) = export(&world, &staff, "jobs", fields).await;
        assert_eq!(rows(&file, b',').len() - 1, expected, "{fields:?}");
    }
    let requests =
        count("SELECT CAST(count(*) AS TEXT) FROM request WHERE OWN AND channel = 'portal' AND status = 'submitted'");
    let (_, _, file) = export(
        &world,
        &staff,
        "requests",
        &[("format", "csv"), ("channel", "portal"), ("status", "submitted")],
    )
    .await;
    assert_eq!(rows(&file, b',').len() - 1, requests.await);
    // A workbook has texts as texts and times as times.
    let (_, _, file) = export(&world, &staff, "jobs", &[("format", "xlsx")]).await;
    let mut workbook: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(file)).unwrap();
    let (_, range) = workbook.worksheets().swap_remove(0);
    assert_eq!(range.height() - 1, jobs);
    let created = range
        .rows()
        .next()
        .unwrap()
        .iter()
        .position(|cell| cell == &Data::String("Created".to_owned()));
    let created = created.expect("the column exists");
    assert!(
        range
            .rows()
            .skip(1)
            .all(|row| matches!(row[created], Data::DateTime(_)))
    );
    let reports = count("SELECT CAST(count(*) AS TEXT) FROM visit_report WHERE OWN AND status = 'approved'").await;
    let (_, _, file) = export(&world, &staff, "reports", &[("format", "csv"), ("status", "approved")]).await;
    assert_eq!(rows(&file, b',').len() - 1, reports);
    // Each export is in the audit log.
    let exported = count("SELECT CAST(count(*) AS TEXT) FROM audit_entry WHERE OWN AND action = 'list.exported'").await;
    assert_eq!(exported, 7);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn list_is_exported_to_those_who_may_see_it(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let all = [("format", "csv")];
    for role in ["admin", "manager", "dispatcher", "auditor", "technician"] {
        let browser = world.staff("nordlicht", role).await;
        for (list, page) in [
            ("customers", "/app/customers"),
            ("jobs", "/app/jobs"),
            ("requests", "/app/inbox"),
            ("reports", "/app/reports"),
        ] {
            let may_see = world.get(&browser, page).await.0;
            let (status, ..) = export(&world, &browser, list, &all).await;
            assert_eq!(status, may_see, "{role} {list}");
        }
        let expected = if role == "technician" {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        assert_eq!(
            export(&world, &browser, "nothing", &all).await.0,
            StatusCode::NOT_FOUND,
            "{role}"
        );
        let (status, ..) = export(&world, &browser, "jobs", &[("format", "exe")]).await;
        assert!(
            status == expected || status == StatusCode::UNPROCESSABLE_ENTITY,
            "{role} {status}"
        );
    }
    let own = world.staff("nordlicht", "dispatcher").await;
    let customer = link(&world.content(&own, "/app/customers").await, "/app/customers/cus_").unwrap();
    let customer = customer.rsplit('/').next().unwrap();
    let of_customer = [("format", "csv"), ("customer", customer)];
    assert_eq!(export(&world, &own, "jobs", &of_customer).await.0, StatusCode::OK);
    // Another organization has none of it.
    let other = world.staff("suedwind", "dispatcher").await;
    assert_eq!(
        export(&world, &other, "jobs", &of_customer).await.0,
        StatusCode::NOT_FOUND
    );
    let (_, _, file) = export(&world, &other, "customers", &all).await;
    assert!(!String::from_utf8(file).unwrap().contains("Rhein-Ruhr Medical"));
    // Without a session, and for a link that was made by another site, there is nothing.
    let stranger = crate::support::client();
    assert_ne!(export(&world, &stranger, "customers", &all).await.0, StatusCode::OK);
    let foreign = own
        .post(format!("{}/app/export/customers", world.url))
        .header("sec-fetch-site", "cross-site")
        .form(&all)
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
}

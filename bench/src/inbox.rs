//! The inbox with many open requests compared to one with few, of two tenants in the same database.

use serde_json::Value;

use crate::ROUNDS;
use crate::measure::{line, measure};
use crate::pages::fetch;
use crate::test_bed::{Raw, TestBed};

/// Open requests of the large tenant.
const MANY: usize = 50_000;
/// Page views per round.
const PAGES: usize = 100;

/// Inserts open requests of the first tenant directly into the database. One in a thousand is in a rare region, so that a
/// page of that region has to filter all of them.
async fn fill(test_bed: &TestBed) {
    let (id, series, at, empty_list) = match test_bed.raw {
        Raw::Sqlite(_) => (
            "randomblob(16)",
            format!(
                "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}) SELECT i FROM n) g"
            ),
            "strftime('%Y-%m-%dT%H:%M:%f', 1700000000 + g.i, 'unixepoch') || '+00:00'",
            "'[]'",
        ),
        Raw::Postgres(_) => (
            "gen_random_uuid()",
            format!("generate_series(1, {MANY}) AS g(i)"),
            "to_timestamp(1700000000 + g.i)",
            "'[]'::jsonb",
        ),
    };
    test_bed
        .raw
        .run(&format!(
            "INSERT INTO request (tenant_id, id, number, channel, status, service_type, priority, description, preferred_windows, search_key, region, submitted_at, updated_at) \
             SELECT t.id, {id}, 20000000 + g.i, 'web_form', 'submitted', 'repair', 'normal', 'The cold store of hall ' || g.i || ' is too warm.', {empty_list}, 'the cold store of hall ' || g.i || ' is too warm.', \
             CASE WHEN g.i % 1000 = 999 THEN 'Rare' ELSE 'Common' END, {at}, {at} FROM tenant t, {series} WHERE t.slug = 'nordlicht'; ANALYZE"
        ))
        .await;
}

pub async fn run(test_bed: &TestBed) -> Vec<Value> {
    fill(test_bed).await;
    let (many, few) = (test_bed.dispatcher(0).await, test_bed.dispatcher(1).await);
    let page = |query: &str| format!("{}/app/inbox{query}", test_bed.url);
    let (all, rare, words) = (page(""), page("?region=Rare"), page("?q=hall+49999"));
    let (mut full, mut reference, mut regional, mut searched) = (vec![], vec![], vec![], vec![]);
    fetch(&many, &all, None, 20).await;
    fetch(&few, &all, None, 20).await;
    for _ in 0..ROUNDS {
        full.push(measure(fetch(&many, &all, None, PAGES)).await);
        reference.push(measure(fetch(&few, &all, None, PAGES)).await);
        regional.push(measure(fetch(&many, &rare, None, PAGES)).await);
        searched.push(measure(fetch(&many, &words, None, PAGES)).await);
    }
    [
        ("Inbox with 50,000 open requests, beside a small one", "2x", &full),
        ("The same for a region with 50 of them", "instant", &regional),
        ("The same searched for one of them by words", "instant", &searched),
    ]
    .map(|(name, goal, ours)| line(test_bed.engine, name, goal, ours, &reference, false))
    .to_vec()
}

//! The page of a customer: what is open, its visits and figures, its portal users, and all its jobs.

use ordinavo_core::Engine;
use rstest::rstest;
use scraper::{Html, Selector};
use serde_json::json;

use crate::support::{link, world};

/// Returns the texts of the elements that match.
fn texts(page: &str, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    let page = Html::parse_document(page);
    page.select(&selector)
        .map(|element| {
            element
                .text()
                .collect::<String>()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn customer_page_shows_what_is_open_and_what_was_done(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let list = world.content(&dispatcher, "/app/customers?q=RRM-001").await;
    let path = link(&list, "/app/customers/cus_").unwrap();
    let page = world.content(&dispatcher, &path).await;
    let uuid = "(SELECT id FROM customer WHERE customer_number = 'RRM-001' AND tenant_id = (SELECT id FROM tenant WHERE slug = 'nordlicht'))";
    let count = async |query: String| world.texts(&query).await[0][0].parse::<usize>().unwrap();
    let jobs = count(format!(
        "SELECT CAST(count(*) AS TEXT) FROM target WHERE customer_id = {uuid} AND status NOT IN ('completed', 'not_completed', 'cancelled')"
    ))
    .await;
    let requests = count(format!(
        "SELECT CAST(count(*) AS TEXT) FROM request WHERE customer_id = {uuid} AND target_id IS NULL AND status IN ('submitted', 'in_review', 'accepted')"
    ))
    .await;
    assert!(jobs > 0 && requests > 0);
    assert_eq!(
        texts(&page, "[aria-labelledby=open-work] tbody tr").len(),
        jobs + requests
    );
    assert_eq!(texts(&page, ".figures dd")[0], (jobs + requests).to_string());
    let visits = count(format!(
        "SELECT CAST(count(*) AS TEXT) FROM appointment JOIN target ON target.id = appointment.target_id
         WHERE target.customer_id = {uuid} AND appointment.status = 'done'"
    ))
    .await;
    assert_eq!(texts(&page, ".figures dd")[1], visits.to_string());
    // The chart has the same numbers in its table.
    let months = texts(&page, "[aria-labelledby=visit-chart] tbody td:nth-child(2)");
    assert_eq!(months.len(), 12);
    assert_eq!(
        months
            .iter()
            .map(|month| month.parse::<usize>().unwrap())
            .sum::<usize>(),
        visits
    );
    let access = texts(&page, "[data-testid=portal-access] li strong");
    assert!(
        access.contains(&"Anna Weber".to_owned()) && access.contains(&"Petra Schulte".to_owned()),
        "{access:?}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn jobs_of_a_customer_are_all_listed_in_pages(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    for number in 0..60 {
        world
            .import(
                "erp",
                &json!({ "externalId": format!("PAGED-{number}"), "customer": { "externalId": "CUST-10042" } }),
            )
            .await;
    }
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let list = world.content(&dispatcher, "/app/customers?q=RRM-001").await;
    let customer = link(&list, "/app/customers/cus_")
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let expected = world
        .texts("SELECT CAST(number AS TEXT) FROM target WHERE customer_id = (SELECT id FROM customer WHERE customer_number = 'RRM-001' AND tenant_id = (SELECT id FROM tenant WHERE slug = 'nordlicht')) ORDER BY number")
        .await
        .len();
    let mut found = Vec::new();
    let mut next = Some(format!("/app/jobs?customer={customer}"));
    while let Some(path) = next {
        let page = world.content(&dispatcher, &path).await;
        found.extend(texts(&page, "[data-testid=jobs] tbody th .mono"));
        let following = Html::parse_document(&page);
        let selector = Selector::parse("a[rel=next]").unwrap();
        next = following
            .select(&selector)
            .next()
            .and_then(|link| link.value().attr("href").map(str::to_owned));
    }
    let all = found.len();
    found.sort_unstable();
    found.dedup();
    assert_eq!((found.len(), all), (expected, expected));
    // A customer of another organization has no page.
    let other = world.staff("suedwind", "dispatcher").await;
    let (status, _) = world.get(&other, &format!("/app/jobs?customer={customer}")).await;
    assert_eq!(status, reqwest::StatusCode::NOT_FOUND);
    // What is no ID does not lead to the jobs of all customers.
    let (status, _) = world.get(&dispatcher, "/app/jobs?customer=x").await;
    assert_eq!(status, reqwest::StatusCode::NOT_FOUND);
}

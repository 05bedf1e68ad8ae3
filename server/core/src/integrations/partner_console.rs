//! What a partner sees of its own source system: jobs, items, rates, calls; and what it may try out. Nothing here changes a
//! record of the organisation: a try is a dry run.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::fields::check_body;
use domain::ids::{ClientId, ImportJobId};
use domain::import_jobs::{BatchRefusal, ImportJob, MOST_ATOMIC_ITEMS, MOST_ITEMS, TargetBatch};
use domain::import_results::ImportItemResult;
use domain::json::{self, JsonError};
use domain::locale::Locale;
use domain::mapping::MappingStatus;
use domain::scopes::Scope;
use serde_json::{Value, json};

use crate::identity::ItemNotes;
use crate::identity::actors::{Actor as _, Partner};
use crate::identity::authentication;
use crate::imports::jobs;
use crate::imports::jobs::ItemFilter;
use crate::imports::model::ImportJobView;
use crate::imports::{ImportPermits, is_zone, item_of_view};
use crate::integrations::idempotency::Answer;
use crate::integrations::model::{ClientLine, UseLine};
use crate::page::{PAGE, Page};
use crate::{Core, CoreError, CoreResult};

/// Of how many items, counted back from the latest, the rates are made: enough to mean something, few enough to read.
pub const RATED_ITEMS: i64 = 500;
/// How many codes the list of the commonest has.
const TOP_CODES: usize = 5;

/// The home of a partner.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The latest jobs.
    pub jobs: Vec<ImportJobView>,
    /// How the latest items were mapped.
    pub mapping: MappingRate,
    /// The commonest codes of the latest items, most frequent first.
    pub codes: Vec<(String, usize)>,
    /// Calls of the latest days, newest first.
    pub calls: Vec<UseLine>,
    /// The clients of the source.
    pub clients: Vec<ClientLine>,
}

/// How many of the latest items that named a customer were linked to one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MappingRate {
    /// Items that were looked at.
    pub items: usize,
    /// Items that named a customer.
    pub named: usize,
    /// Items whose customer was found or made.
    pub linked: usize,
}

impl MappingRate {
    /// In per cent, rounded down, so that only a whole rate says 100; `None` if no item named a customer.
    pub fn percent(self) -> Option<usize> {
        (self.named > 0).then(|| self.linked * 100 / self.named)
    }
}

/// The rate and the commonest codes of what items came to.
fn rates(items: &[ItemNotes]) -> (MappingRate, Vec<(String, usize)>) {
    let mut rate = MappingRate {
        items: items.len(),
        ..MappingRate::default()
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for item in items {
        let customer = &item.mapping.0["customer"];
        // C1 is the rule of an item that named nobody.
        if customer["rule"].as_str().is_some_and(|rule| rule != "C1") {
            rate.named += 1;
            let status = customer["status"].as_str().and_then(MappingStatus::from_name);
            rate.linked += usize::from(matches!(
                status,
                Some(MappingStatus::Mapped | MappingStatus::Created | MappingStatus::Updated)
            ));
        }
        let codes = [&item.warnings.0, &item.errors.0]
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(|note| note["code"].as_str());
        for code in codes {
            *counts.entry(code.to_owned()).or_default() += 1;
        }
    }
    let mut codes: Vec<_> = counts.into_iter().collect();
    codes.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    codes.truncate(TOP_CODES);
    (rate, codes)
}

/// What happened lately.
///
/// # Errors
/// The database does not answer.
pub async fn overview(core: &Core, by: &Partner) -> CoreResult<Overview> {
    let mut tx = core.store.read(by).await?;
    let jobs = tx.own_jobs(None, 5).await?;
    let items = tx.latest_items(RATED_ITEMS).await?;
    let clients = tx.own_clients().await?;
    drop(tx);
    let since = (core.clock.now() - TimeDelta::days(14)).format("%Y-%m-%d").to_string();
    let calls = core.store.read_system().await?.use_of_partner(by, &since).await?;
    let (mapping, codes) = rates(&items);
    Ok(Overview {
        jobs,
        mapping,
        codes,
        calls,
        clients,
    })
}

/// A page of the source's jobs, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    core: &Core,
    by: &Partner,
    before: Option<(DateTime<Utc>, ImportJobId)>,
) -> CoreResult<Page<ImportJobView>> {
    let rows = core.store.read(by).await?.own_jobs(before, PAGE + 1).await?;
    Ok(Page::cut(rows, PAGE))
}

/// One of the source's jobs with a page of its items. The mapping stands in them as far as a client of the source could
/// read it too.
///
/// # Errors
/// `not_found`.
pub async fn job(
    core: &Core,
    by: &Partner,
    id: ImportJobId,
    after: i64,
    filter: &ItemFilter,
) -> CoreResult<(ImportJobView, Page<ImportItemResult>)> {
    let mut tx = core.store.read(by).await?;
    let job = tx.own_job(id).await?.ok_or_else(CoreError::not_found)?;
    let clients = tx.own_clients().await?;
    let sees_mapping = clients
        .iter()
        .any(|client| client.id.0 == job.client_id.0 && holds(client, Scope::CustomersRead));
    let rows = tx.items_of_job(id, after, filter, PAGE + 1).await?;
    let items = rows.iter().map(|row| item_of_view(row, sees_mapping)).collect();
    Ok((job, Page::cut(items, PAGE)))
}

fn holds(client: &ClientLine, scope: Scope) -> bool {
    client.scopes.0.iter().any(|held| held == scope.name())
}

/// The clients as which something can be tried out.
///
/// # Errors
/// The database does not answer.
pub async fn clients_to_try(core: &Core, by: &Partner) -> CoreResult<Vec<ClientLine>> {
    let clients = core.store.read(by).await?.own_clients().await?;
    Ok(clients
        .into_iter()
        .filter(|client| holds(client, Scope::TargetsWrite))
        .collect())
}

/// Tries out what would become of an import, or of a batch of them, with the rights of one of the own clients: the same
/// run as the API's, as a dry run.
///
/// # Errors
/// Field `client`; field `body` with the first mistake; `source_system_not_allowed`, `too_many_concurrent_jobs`.
pub async fn try_out(core: &Core, by: &Partner, client: &str, body: &str) -> CoreResult<ImportJobId> {
    let clients = clients_to_try(core, by).await?;
    let line = client
        .parse::<ClientId>()
        .ok()
        .and_then(|id| clients.iter().find(|line| line.id.0 == id))
        .ok_or_else(|| CoreError::field("client", "required", "Choose a client."))?;
    // Read as strictly as the API reads it, so that what is said here holds there.
    let value = json::parse(body.as_bytes()).map_err(|error| {
        let detail = match error {
            JsonError::Malformed(text) => format!("This is no JSON: {text}."),
            JsonError::TooDeep => "It is nested too deeply.".to_owned(),
        };
        CoreError::field("body", "malformed_json", detail)
    })?;
    check_body(&value)
        .map_err(|error| CoreError::field("body", &error.code, format!("{} {}", error.pointer, error.detail)))?;
    let batch = read(value)?;
    let client = authentication::client_to_try(by, line);
    let permits = ImportPermits::of(&client)?;
    let render = |job: &ImportJob| Answer::new(202, Some(job.id.to_string()), String::new());
    let answer = jobs::submit(core, permits, &batch, None, render).await?;
    answer
        .location
        .and_then(|id| id.parse().ok())
        .ok_or_else(CoreError::not_found)
}

/// Reads an import or a batch as the API does; whatever it says about writing, nothing will be.
fn read(value: Value) -> CoreResult<TargetBatch> {
    let is_batch = value.get("items").is_some();
    let value = if is_batch { value } else { json!({ "items": [value] }) };
    let mut batch = TargetBatch::read(&value, is_zone).map_err(|refusal| {
        let detail = match refusal {
            BatchRefusal::Fields(errors) => errors.first().map_or_else(String::new, |error| {
                let pointer = if is_batch {
                    error.pointer.as_str()
                } else {
                    error.pointer.strip_prefix("/items/0").unwrap_or(&error.pointer)
                };
                format!("{pointer} ({}): {}", error.code, error.detail)
            }),
            BatchRefusal::TooManyItems => format!("At most {MOST_ITEMS} imports are allowed."),
            BatchRefusal::TooManyAtomicItems => format!("At most {MOST_ATOMIC_ITEMS} imports are allowed."),
        };
        CoreError::field("body", "validation_failed", detail)
    })?;
    batch.dry_run = true;
    Ok(batch)
}

/// Keeps the language of the account.
///
/// # Errors
/// The database does not answer.
pub async fn set_locale(core: &Core, by: &Partner, locale: Locale) -> CoreResult<()> {
    let mut tx = core.store.begin_system().await?;
    tx.set_partner_locale(by, locale).await?;
    tx.audit(by.live_tenant, &by.label(), "partner.locale_changed", locale.tag())
        .await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::types::Json;

    fn notes(rule: &str, status: &str, warnings: Value) -> ItemNotes {
        ItemNotes {
            mapping: Json(json!({ "customer": { "rule": rule, "status": status } })),
            warnings: Json(warnings),
            errors: Json(json!([])),
        }
    }

    #[test]
    fn the_rate_counts_items_that_named_a_customer() {
        let items = [
            notes("C1", "skipped", json!([])),
            notes("C6", "mapped", json!([{ "code": "customer_name_mismatch" }])),
            notes("C18", "created", json!([])),
            notes("C13", "skipped", json!([{ "code": "customer_number_ambiguous" }])),
            ItemNotes {
                mapping: Json(json!({})),
                warnings: Json(json!([])),
                errors: Json(json!([{ "code": "customer_number_ambiguous" }])),
            },
        ];
        let (rate, codes) = rates(&items);
        assert_eq!((rate.items, rate.named, rate.linked), (5, 3, 2));
        assert_eq!(rate.percent(), Some(66));
        assert_eq!(
            codes,
            [
                ("customer_number_ambiguous".to_owned(), 2),
                ("customer_name_mismatch".to_owned(), 1)
            ]
        );
        assert_eq!(rates(&[]).0.percent(), None);
    }

    #[test]
    fn one_import_and_a_batch_are_both_read_and_never_written() {
        let one = read(json!({ "externalId": "a" })).expect("an import");
        assert!(one.dry_run && one.items.len() == 1);
        let batch =
            read(json!({ "dryRun": false, "items": [{ "externalId": "a" }, { "externalId": "b" }] })).expect("a batch");
        assert!(batch.dry_run && batch.items.len() == 2);
        let refused = read(json!({ "externalId": "a", "colour": 1 })).expect_err("refused");
        assert_eq!(refused.fields[0].pointer, "body");
        assert!(
            refused.fields[0].detail.starts_with("/colour (unknown_field)"),
            "{}",
            refused.fields[0].detail
        );
    }
}

//! What a partner sees of its own source system: jobs, items, rates and calls, and dry runs. Nothing here changes a
//! record of the tenant.

use domain::problems::Cause;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::fields::{FieldCode, FieldError, check_body};
use domain::ids::{ApiCallId, ClientId, ImportJobId};
use domain::imports::TargetImport;
use domain::imports::jobs::{BatchRefusal, ImportJob, MAX_ATOMIC_ITEMS, MAX_ITEMS, TargetBatch};
use domain::imports::results::ImportItemResult;
use domain::json::{self, JsonError};
use domain::locale::Locale;
use domain::mapping::MappingStatus;
use domain::scopes::Scope;
use serde_json::{Value, json};

use crate::db::purpose::SignIn;
use crate::identity::ItemResult;
use crate::identity::actors::{Actor as _, Partner};
use crate::identity::authentication;
use crate::imports::jobs;
use crate::imports::jobs::ItemFilter;
use crate::imports::model::ImportJobView;
use crate::imports::{ImportPermits, is_zone, item_from_view};
use crate::integrations::idempotency::ApiResponse;
use crate::integrations::model::{ApiCallEntry, ClientSummary, CredentialSummary, UsageEntry};
use crate::page::{PAGE_SIZE, Page};
use crate::webhooks::model::EndpointSummary;
use crate::{Core, CoreError, CoreResult};

/// The number of latest items from which the rates are computed.
pub const RATE_SAMPLE_ITEMS: i64 = 500;
/// The maximum number of codes in the list of the most frequent codes.
const MAX_CODES: usize = 5;

/// The home page of a partner.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The latest jobs.
    pub jobs: Vec<ImportJobView>,
    /// The mapping rate of the latest items.
    pub mapping: MappingRate,
    /// The most frequent codes of the latest items, in descending order.
    pub codes: Vec<(String, usize)>,
    /// API calls of the last 14 days, newest first.
    pub calls: Vec<UsageEntry>,
    /// The clients of the source.
    pub clients: Vec<ClientSummary>,
    /// The keys and secrets of these clients, with the names of their clients.
    pub keys: Vec<(String, CredentialSummary)>,
    /// The webhook endpoints of the source.
    pub endpoints: Vec<EndpointSummary>,
}

/// How many of the latest items with a customer were linked to one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MappingRate {
    /// All items in the sample.
    pub items: usize,
    /// Items that were sent with a customer.
    pub named: usize,
    /// Items whose customer was found or created.
    pub linked: usize,
}

impl MappingRate {
    /// Returns the rate in percent, rounded down so that only a complete rate shows 100; `None` if no item had a
    /// customer.
    pub fn percent(self) -> Option<usize> {
        (self.named > 0).then(|| self.linked * 100 / self.named)
    }
}

/// Computes the mapping rate and the most frequent codes of items.
fn rates(items: &[ItemResult]) -> (MappingRate, Vec<(String, usize)>) {
    let mut rate = MappingRate {
        items: items.len(),
        ..MappingRate::default()
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for item in items {
        let customer = &item.mapping.0["customer"];
        // C1 is the rule for an item without a customer.
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
    codes.truncate(MAX_CODES);
    (rate, codes)
}

/// Returns the recent activity of the source.
pub async fn overview(core: &Core, by: &Partner) -> CoreResult<Overview> {
    let mut tx = core.store.read(by).await?;
    let jobs = tx.list_jobs_of_source(None, 5).await?;
    let items = tx.latest_items(RATE_SAMPLE_ITEMS).await?;
    let clients = tx.list_clients_of_source().await?;
    let endpoints = tx.endpoints_of_source(None).await?;
    drop(tx);
    let first_day = (core.clock.now() - TimeDelta::days(14)).format("%Y-%m-%d").to_string();
    let mut system = core.store.read_system().await?;
    let calls = system.usage_of_source(by, &first_day).await?;
    let keys = system.credentials_of_source(by).await?;
    let (mapping, codes) = rates(&items);
    Ok(Overview {
        jobs,
        mapping,
        codes,
        calls,
        clients,
        keys,
        endpoints,
    })
}

/// Returns a page of the request log of the source, newest first.
pub async fn calls(
    core: &Core,
    by: &Partner,
    errors_only: bool,
    before: Option<(DateTime<Utc>, ApiCallId)>,
) -> CoreResult<Page<ApiCallEntry>> {
    let mut system = core.store.read_system().await?;
    let rows = system.calls_of_source(by, errors_only, before, PAGE_SIZE + 1).await?;
    Ok(Page::from_rows(rows, PAGE_SIZE))
}

/// Returns a page of the jobs of the source, newest first.
pub async fn list(
    core: &Core,
    by: &Partner,
    before: Option<(DateTime<Utc>, ImportJobId)>,
) -> CoreResult<Page<ImportJobView>> {
    let rows = core
        .store
        .read(by)
        .await?
        .list_jobs_of_source(before, PAGE_SIZE + 1)
        .await?;
    Ok(Page::from_rows(rows, PAGE_SIZE))
}

/// Returns one job of the source with a page of its items. The items include the mapping only if the client of the job
/// has the scope `customers.read`.
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
    let job = tx.find_job_of_source(id).await?.ok_or_else(CoreError::not_found)?;
    let clients = tx.list_clients_of_source().await?;
    let sees_mapping = clients
        .iter()
        .any(|client| client.id == job.client_id && has_scope(client, Scope::CustomersRead));
    let rows = tx.items_of_job(id, after, filter, PAGE_SIZE + 1).await?;
    let items = rows.iter().map(|row| item_from_view(row, sees_mapping)).collect();
    Ok((job, Page::from_rows(items, PAGE_SIZE)))
}

fn has_scope(client: &ClientSummary, scope: Scope) -> bool {
    client.scopes.iter().any(|granted| granted == scope.name())
}

/// Returns the clients that can be used for a dry run.
pub async fn dry_run_clients(core: &Core, by: &Partner) -> CoreResult<Vec<ClientSummary>> {
    let clients = core.store.read(by).await?.list_clients_of_source().await?;
    Ok(clients
        .into_iter()
        .filter(|client| has_scope(client, Scope::TargetsWrite))
        .collect())
}

/// Starts a dry run of one import or a batch with the scopes of one of the clients of the source, through the same
/// code as the API.
///
/// # Errors
/// Field `client`; field `body` with the first error; `source_system_not_allowed`, `too_many_concurrent_jobs`.
pub async fn start_dry_run(core: &Core, by: &Partner, client: &str, body: &str) -> CoreResult<ImportJobId> {
    let clients = dry_run_clients(core, by).await?;
    let line = client
        .parse::<ClientId>()
        .ok()
        .and_then(|id| clients.iter().find(|line| line.id == id))
        .ok_or_else(|| CoreError::field("client", FieldCode::Required))?;
    // As strict as the API, so that an accepted body is accepted there too.
    let value = json::parse(body.as_bytes()).map_err(|error| {
        let code = match error {
            JsonError::Malformed(message) => FieldCode::MalformedJson { message },
            JsonError::TooDeep => FieldCode::TooDeep {
                max: domain::fields::MAX_DEPTH,
            },
        };
        CoreError::field("body", code)
    })?;
    check_body(&value).map_err(|error| in_body(error.pointer, error.code))?;
    let batch = parse_dry_run(value)?;
    let client = authentication::client_for_partner(by, line);
    let permits = ImportPermits::of(&client)?;
    let render = |job: &ImportJob| ApiResponse::new(202, Some(job.id.to_string()), String::new());
    let response = jobs::submit(core, permits, &batch, None, render).await?;
    response
        .location
        .and_then(|id| id.parse().ok())
        .ok_or_else(CoreError::not_found)
}

/// Creates the error of field `body` for a field inside the JSON that was typed into it.
fn in_body(pointer: String, code: FieldCode) -> CoreError {
    CoreError::field(
        "body",
        FieldCode::InBody {
            pointer,
            code: Box::new(code),
        },
    )
}

fn too_many_items(max: usize) -> FieldError {
    FieldError::new("/items", FieldCode::ItemCount { min: 1, max })
}

/// Parses an import or a batch like the API, and forces a dry run.
fn parse_dry_run(value: Value) -> CoreResult<TargetBatch> {
    let is_batch = value.get("items").is_some();
    if !is_batch
        && let Err(errors) = TargetImport::read(&value, is_zone)
        && let Some(error) = errors.into_iter().next()
    {
        return Err(in_body(error.pointer, error.code));
    }
    let value = if is_batch { value } else { json!({ "items": [value] }) };
    let mut batch = TargetBatch::read(&value, is_zone).map_err(|error| {
        let first = match error {
            BatchRefusal::Fields(errors) => errors.into_iter().next(),
            BatchRefusal::TooManyItems => Some(too_many_items(MAX_ITEMS)),
            BatchRefusal::TooManyAtomicItems => Some(too_many_items(MAX_ATOMIC_ITEMS)),
        };
        first.map_or_else(
            || CoreError::new(Cause::InvalidFields),
            |error| in_body(error.pointer, error.code),
        )
    })?;
    batch.dry_run = true;
    Ok(batch)
}

/// Stores the language of the account.
pub async fn set_locale(core: &Core, by: &Partner, locale: Locale) -> CoreResult<()> {
    let mut tx = core.store.begin_system::<SignIn>().await?;
    tx.set_partner_locale(by, locale).await?;
    tx.audit(by.live_tenant(), &by.label(), "partner.locale_changed", locale.tag())
        .await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::types::Json;

    fn notes(rule: &str, status: &str, warnings: Value) -> ItemResult {
        ItemResult {
            mapping: Json(json!({ "customer": { "rule": rule, "status": status } })),
            warnings: Json(warnings),
            errors: Json(json!([])),
        }
    }

    #[test]
    fn mapping_rate_counts_only_items_with_customer() {
        let items = [
            notes("C1", "skipped", json!([])),
            notes("C6", "mapped", json!([{ "code": "customer_name_mismatch" }])),
            notes("C18", "created", json!([])),
            notes("C13", "skipped", json!([{ "code": "customer_number_ambiguous" }])),
            ItemResult {
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
    fn dry_run_body_single_or_batch_is_forced_to_dry_run() {
        let one = parse_dry_run(json!({ "externalId": "a" })).expect("body is a valid import");
        assert!(one.dry_run && one.items.len() == 1);
        let batch = parse_dry_run(json!({ "dryRun": false, "items": [{ "externalId": "a" }, { "externalId": "b" }] }))
            .expect("body is a valid batch");
        assert!(batch.dry_run && batch.items.len() == 2);
        let rejected = parse_dry_run(json!({ "externalId": "a", "colour": 1 })).expect_err("unknown field is rejected");
        assert_eq!(rejected.fields[0].pointer, "body");
        assert_eq!(
            rejected.fields[0].code,
            FieldCode::InBody {
                pointer: "/colour".to_owned(),
                code: Box::new(FieldCode::UnknownField),
            }
        );
    }
}

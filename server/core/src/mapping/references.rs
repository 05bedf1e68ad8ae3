//! External references as a client manages them: list, create, delete. No operation redirects an existing reference.

use domain::fields::FieldCode;
use domain::mapping::MappingType;
use domain::problems::Cause;
use domain::scopes::markers::{CustomersMapScope, CustomersReadScope};
use domain::text::ExternalId;
use serde_json::json;

use crate::commit::finish;
use crate::identity::actors::{Actor as _, ClientPermit};
use crate::imports::{ReferenceRow, source_settings};
use crate::integrations::idempotency::retry_on_conflict;
use crate::mapping::model::MappingSummary;
use crate::page::Page;
use crate::{Core, CoreError, CoreResult};

/// Returns the public ID of a referenced record.
pub fn public_id(line: &MappingSummary) -> String {
    line.mapping_type.public_id(line.entity_id)
}

/// Returns a page of the references of the client's source, by type and external ID.
pub async fn list(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    kind: Option<MappingType>,
    after: Option<(&str, &str)>,
    limit: i64,
) -> CoreResult<Page<MappingSummary>> {
    let mut tx = core.store.read(by.client()).await?;
    let rows = tx.list_client_references(kind, after, limit + 1).await?;
    Ok(Page::from_rows(rows, limit))
}

/// Links an external ID to a record. Repeating the same link succeeds; a different link is rejected. Also returns
/// whether the reference is new.
///
/// # Errors
/// `not_found` if the record cannot be linked; `mapping_exists` if the external ID refers to another record;
/// `mapping_conflict` if the record has another external ID in this source.
pub async fn put(
    core: &Core,
    by: ClientPermit<'_, CustomersMapScope>,
    kind: MappingType,
    external_id: &str,
    id: &str,
) -> CoreResult<(MappingSummary, bool)> {
    retry_on_conflict!(put_once(core, by, kind, external_id, id))
}

async fn put_once(
    core: &Core,
    by: ClientPermit<'_, CustomersMapScope>,
    kind: MappingType,
    external_id: &str,
    id: &str,
) -> CoreResult<(MappingSummary, bool)> {
    let client = by.client();
    let external_id = parse_external_id(external_id)?;
    let record = kind.parse_id(id).ok_or_else(CoreError::not_found)?;
    let mut tx = core.store.begin(client).await?;
    let (settings, _) = source_settings(&mut tx, true, false).await?;
    if settings.is_placeholder(&external_id) {
        return Err(placeholder_error());
    }
    tx.lock_record(kind, record).await?;
    if let Some(known) = tx.find_client_reference(kind, external_id.as_str()).await? {
        return if known.entity_id == record {
            Ok((known, false))
        } else {
            Err(CoreError::new(Cause::ExternalIdMapped))
        };
    }
    if !tx.is_linkable(kind, record).await? {
        return Err(CoreError::not_found());
    }
    if tx.find_client_reference_of_record(kind, record).await?.is_some() {
        return Err(CoreError::new(Cause::RecordMapped));
    }
    tx.insert_references(&mut [ReferenceRow {
        kind,
        external_id: external_id.as_str().to_owned(),
        id: record,
        vouches: true,
    }])
    .await?;
    let line = tx
        .find_client_reference(kind, external_id.as_str())
        .await?
        .ok_or_else(CoreError::not_found)?;
    tx.audit(
        "mapping.created",
        id,
        json!({ "type": kind.name(), "externalId": external_id, "by": client.label() }),
    );
    finish(core, tx).await?;
    Ok((line, true))
}

/// Deletes a reference. Records that were imported through it stay; the next import decides again.
///
/// # Errors
/// `not_found`.
pub async fn delete(
    core: &Core,
    by: ClientPermit<'_, CustomersMapScope>,
    kind: MappingType,
    external_id: &str,
) -> CoreResult<()> {
    let external_id = normalize_external_id(external_id);
    let external_id = external_id.as_str();
    let mut tx = core.store.begin(by.client()).await?;
    let known = tx
        .find_client_reference(kind, external_id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    if !tx.delete_client_reference(kind, external_id).await? {
        return Err(CoreError::not_found());
    }
    tx.audit(
        "mapping.deleted",
        public_id(&known),
        json!({ "type": kind.name(), "externalId": external_id }),
    );
    finish(core, tx).await
}

/// Normalizes an external ID for a lookup. A text that cannot be an external ID is returned unchanged and matches
/// nothing.
pub(crate) fn normalize_external_id(text: &str) -> String {
    ExternalId::parse(text).map_or_else(|_| text.to_owned(), |id| id.as_str().to_owned())
}

/// Parses the external ID of a URL.
///
/// # Errors
/// Field `externalId`.
pub(crate) fn parse_external_id(text: &str) -> CoreResult<ExternalId> {
    let id = ExternalId::parse(text).map_err(|error| {
        CoreError::invalid(vec![domain::fields::FieldError::text(
            "externalId",
            error,
            ExternalId::MAX_CHARS,
        )])
    })?;
    if id.is_placeholder() {
        return Err(placeholder_error());
    }
    Ok(id)
}

/// Returns the error of an external ID that means "nothing".
pub(crate) fn placeholder_error() -> CoreError {
    CoreError::field("externalId", FieldCode::ExternalIdRequired { is_placeholder: true })
}

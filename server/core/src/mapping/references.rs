//! External references as a client handles its own: listed, made by hand, removed. No act re-points one.

use domain::ids::{ContactKind, CustomerKind, Id, LocationKind};
use domain::problems::Problem;
use domain::scopes::markers::{CustomersMapScope, CustomersReadScope};
use domain::text::ExternalId;
use serde_json::json;
use uuid::Uuid;

use crate::commit::finish;
use crate::identity::actors::{Actor as _, ClientPermit};
use crate::imports::{ReferenceKind, ReferenceRow};
use crate::integrations::idempotency::while_contested;
use crate::mapping::model::MappingLine;
use crate::page::Page;
use crate::{Core, CoreError, CoreResult};

/// Which kind of record a reference stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MappingKind(pub(crate) ReferenceKind);

impl MappingKind {
    /// A customer's reference.
    pub const CUSTOMER: Self = Self(ReferenceKind::Customer);

    /// The name in addresses.
    pub const fn name(self) -> &'static str {
        self.0.name()
    }

    /// Reads the name in addresses.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "customer" => Some(Self(ReferenceKind::Customer)),
            "location" => Some(Self(ReferenceKind::Location)),
            "contact" => Some(Self(ReferenceKind::Contact)),
            _ => None,
        }
    }

    /// Reads the id of a record of this kind.
    fn parse(self, id: &str) -> Option<Uuid> {
        match self.0 {
            ReferenceKind::Customer => id.parse::<Id<CustomerKind>>().ok().map(Id::uuid),
            ReferenceKind::Location => id.parse::<Id<LocationKind>>().ok().map(Id::uuid),
            ReferenceKind::Contact => id.parse::<Id<ContactKind>>().ok().map(Id::uuid),
        }
    }
}

/// The id of a referenced record as it stands in answers.
pub fn public_id(line: &MappingLine) -> String {
    MappingKind::from_name(&line.entity_type)
        .map(|kind| kind.0.public_id(line.entity_id))
        .unwrap_or_default()
}

/// A page of the own source's references, by type and external id.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    kind: Option<MappingKind>,
    after: Option<(&str, &str)>,
    limit: i64,
) -> CoreResult<Page<MappingLine>> {
    let mut tx = core.store.read(by.client()).await?;
    let rows = tx.own_references(kind.map(|kind| kind.0), after, limit + 1).await?;
    Ok(Page::cut(rows, limit))
}

/// Makes an external id stand for a record. Saying the same again is no mistake; saying something else is refused.
///
/// # Errors
/// `not_found` if there is no such record to link; `mapping_exists` if the external id stands for another one;
/// `mapping_conflict` if the record has another external id in this source. The flag says whether the reference is new.
pub async fn put(
    core: &Core,
    by: ClientPermit<'_, CustomersMapScope>,
    kind: MappingKind,
    external_id: &str,
    id: &str,
) -> CoreResult<(MappingLine, bool)> {
    while_contested!(put_once(core, by, kind, external_id, id))
}

async fn put_once(
    core: &Core,
    by: ClientPermit<'_, CustomersMapScope>,
    kind: MappingKind,
    external_id: &str,
    id: &str,
) -> CoreResult<(MappingLine, bool)> {
    let client = by.client();
    let external_id = external_id_of(external_id)?;
    let record = kind.parse(id).ok_or_else(CoreError::not_found)?;
    let mut tx = core.store.begin(client).await?;
    tx.lock_record(kind.0, record).await?;
    if let Some(known) = tx.own_reference(kind.0, external_id.as_str()).await? {
        return if known.entity_id == record {
            Ok((known, false))
        } else {
            Err(CoreError::new(
                Problem::MappingExists,
                "The external id already stands for another record.",
            ))
        };
    }
    if !tx.is_linkable(kind.0, record).await? {
        return Err(CoreError::not_found());
    }
    if tx.own_reference_of(kind.0, record).await?.is_some() {
        return Err(CoreError::new(
            Problem::MappingConflict,
            "The record already has another external id in this source.",
        ));
    }
    tx.insert_references(&mut [ReferenceRow {
        kind: kind.0,
        external_id: external_id.as_str().to_owned(),
        id: record,
    }])
    .await?;
    let line = tx
        .own_reference(kind.0, external_id.as_str())
        .await?
        .ok_or_else(CoreError::not_found)?;
    tx.audit(
        "mapping.created",
        id,
        json!({ "type": kind.0.name(), "externalId": external_id, "by": client.label() }),
    );
    finish(core, tx).await?;
    Ok((line, true))
}

/// Removes a reference. What was imported through it stays as it is; the next import decides anew.
///
/// # Errors
/// `not_found`.
pub async fn delete(
    core: &Core,
    by: ClientPermit<'_, CustomersMapScope>,
    kind: MappingKind,
    external_id: &str,
) -> CoreResult<()> {
    let external_id = known_form(external_id);
    let external_id = external_id.as_str();
    let mut tx = core.store.begin(by.client()).await?;
    let known = tx
        .own_reference(kind.0, external_id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    if !tx.delete_own_reference(kind.0, external_id).await? {
        return Err(CoreError::not_found());
    }
    tx.audit(
        "mapping.deleted",
        public_id(&known),
        json!({ "type": kind.0.name(), "externalId": external_id }),
    );
    finish(core, tx).await
}

/// An external id in the form in which it is kept, for looking it up; a text that can be no external id is looked up as it
/// is and found nowhere.
pub(crate) fn known_form(text: &str) -> String {
    ExternalId::parse(text).map_or_else(|_| text.to_owned(), |id| id.as_str().to_owned())
}

/// Reads an external id of an address.
///
/// # Errors
/// Field `externalId`.
pub(crate) fn external_id_of(text: &str) -> CoreResult<ExternalId> {
    let id = ExternalId::parse(text).map_err(|error| {
        CoreError::invalid(vec![domain::fields::FieldError::text(
            "externalId",
            error,
            ExternalId::MOST,
        )])
    })?;
    if id.is_blank_like() {
        return Err(CoreError::field(
            "externalId",
            "external_id_required",
            "This value only says that there is no id.",
        ));
    }
    Ok(id)
}

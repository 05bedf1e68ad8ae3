//! Locations that staff create and edit.

use domain::coordinates;
use domain::customers::{
    Address, Coordinates, MAX_ACCESS_NOTES_CHARS, MAX_CITY_CHARS, MAX_POSTAL_CODE_CHARS, MAX_STREET_CHARS, Place,
};
use domain::fields::FieldCode;
use domain::identity::permissions::{ManageCustomers, ViewOperations};
use domain::ids::{CustomerId, LocationId};
use domain::imports::MAX_NAME_CHARS;
use domain::problems::{Cause, Record};
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::customers::client_records::StoredLocation;
use crate::customers::editing::customer::changed_fields;
use crate::customers::editing::{active_customer, changes_of};
use crate::customers::model::{CustomerRecord, LocationRecord, RecordChange};
use crate::customers::{NewLocation, zone_of};
use crate::form::Form;
use crate::identity::actors::Permit;
use crate::jobs::model::TargetSummary;
use crate::{Core, CoreError, CoreResult};

/// The unparsed fields of a location.
#[derive(Debug, Clone, Default)]
pub struct LocationInput {
    /// Empty for the address.
    pub name: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub country: String,
    /// As pasted from a map; see [`coordinates::parse`].
    pub coordinates: String,
    /// Empty for that of the country, or of the organization.
    pub zone: String,
    pub access_notes: String,
}

impl LocationInput {
    /// Validates the fields; errors name the fields as they are called here.
    fn check(&self) -> CoreResult<StoredLocation> {
        let mut form = Form::default();
        let mut line =
            |field: &str, value: &str, max: usize| form.text(field, max, text::optional_line(value, max)).flatten();
        let name = line("name", &self.name, MAX_NAME_CHARS);
        let mut address = Address {
            street: line("street", &self.street, MAX_STREET_CHARS),
            postal_code: line("postal_code", &self.postal_code, MAX_POSTAL_CODE_CHARS),
            city: line("city", &self.city, MAX_CITY_CHARS),
            country: None,
        };
        if !self.country.trim().is_empty() {
            address.country = form.text("country", 2, text::country(&self.country));
        }
        let coordinates = self.read_coordinates(&mut form);
        let zone = self.read_zone(&mut form);
        let access_notes = form
            .text(
                "access_notes",
                MAX_ACCESS_NOTES_CHARS,
                text::optional_paragraphs(&self.access_notes, MAX_ACCESS_NOTES_CHARS),
            )
            .flatten();
        let name = name.or_else(|| address.as_name());
        if name.is_none() {
            form.add_error("name", FieldCode::Required);
        }
        form.finish()?;
        Ok(StoredLocation {
            name: name.ok_or_else(|| CoreError::new(Cause::InvalidFields))?,
            place: Place { address, coordinates },
            zone,
            access_notes,
        })
    }

    fn read_coordinates(&self, form: &mut Form) -> Option<Coordinates> {
        if self.coordinates.trim().is_empty() {
            return None;
        }
        let found = coordinates::parse(&self.coordinates);
        if found.is_none() {
            form.add_error("coordinates", FieldCode::InvalidCoordinates);
        }
        found
    }

    fn read_zone(&self, form: &mut Form) -> Option<String> {
        if self.zone.trim().is_empty() {
            return None;
        }
        let zone = self.zone.trim().parse::<chrono_tz::Tz>().ok();
        if zone.is_none() {
            form.add_error("zone", FieldCode::InvalidZone);
        }
        zone.map(|zone| zone.name().to_owned())
    }
}

/// A location with everything that its page shows.
#[derive(Debug, Clone)]
pub struct LocationPage {
    pub customer: CustomerRecord,
    pub location: LocationRecord,
    /// Some of its open jobs.
    pub jobs: Vec<TargetSummary>,
    /// Newest first.
    pub changes: Vec<RecordChange>,
}

/// Returns one location.
///
/// # Errors
/// `not_found`.
pub async fn location(core: &Core, by: Permit<'_, ViewOperations>, id: LocationId) -> CoreResult<LocationPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let location = tx.location_record(id).await?.ok_or_else(CoreError::not_found)?;
    let customer = tx.customer_record(location.customer_id).await?;
    Ok(LocationPage {
        customer: customer.ok_or_else(CoreError::not_found)?,
        jobs: tx.active_targets_at(id).await?,
        changes: changes_of(&mut tx, location.customer_id, id).await?,
        location,
    })
}

/// Adds a location to a customer.
///
/// # Errors
/// The fields of [`LocationInput`]; field `customer` if the customer is archived; `not_found`.
pub async fn create_location(
    core: &Core,
    by: Permit<'_, ManageCustomers>,
    customer: CustomerId,
    input: &LocationInput,
) -> CoreResult<LocationId> {
    let values = input.check()?;
    let mut tx = core.store.begin(by.staff()).await?;
    active_customer(&mut tx, customer).await?;
    let country = values.place.address.country.as_deref();
    let zone = values
        .zone
        .clone()
        .unwrap_or_else(|| zone_of(country, by.staff().zone()));
    let new = NewLocation {
        customer,
        name: &values.name,
        address: &values.place.address,
        coordinates: values.place.coordinates,
        zone: &zone,
        access_notes: values.access_notes.as_deref(),
    };
    // The same form again must not create the location again.
    if let Some(known) = tx.same_location(&new).await? {
        return Ok(known);
    }
    let id: LocationId = tx.new_id();
    tx.insert_location(id, &new).await?;
    tx.audit("location.created", id, json!({ "by": "staff", "customer": customer }));
    finish(core, tx).await?;
    Ok(id)
}

/// Changes a location. `shown` is the version that the form shows. Appointments that are scheduled keep their time zone.
///
/// # Errors
/// The fields of [`LocationInput`]; `not_found`; `concurrent_modification`.
pub async fn update_location(
    core: &Core,
    by: Permit<'_, ManageCustomers>,
    id: LocationId,
    shown: &str,
    input: &LocationInput,
) -> CoreResult<()> {
    let mut values = input.check()?;
    let mut tx = core.store.begin(by.staff()).await?;
    let known = tx.lock_location_record(id).await?.ok_or_else(CoreError::not_found)?;
    // The form shows fewer decimals than are stored; what was not edited stays.
    let stored = known
        .latitude
        .zip(known.longitude)
        .and_then(|(lat, lon)| Coordinates::new(lat, lon));
    if values.place.coordinates.map(|place| place.to_string()) == stored.map(|place| place.to_string()) {
        values.place.coordinates = stored;
    }
    known.version().ensure_shown(Some(shown), Record::Other)?;
    let (address, coordinates) = (&values.place.address, values.place.coordinates);
    let changed = changed_fields([
        ("name", known.name != values.name),
        ("street", known.street != address.street),
        ("postal_code", known.postal_code != address.postal_code),
        ("city", known.city != address.city),
        ("country", known.country != address.country),
        ("coordinates", stored != coordinates),
        ("zone", values.zone.as_ref().is_some_and(|zone| *zone != known.zone)),
        ("access_notes", known.access_notes != values.access_notes),
    ]);
    if changed.is_empty() {
        return Ok(());
    }
    tx.set_location(id, &values).await?;
    tx.audit("location.updated", id, json!({ "by": "staff", "fields": changed }));
    finish(core, tx).await
}

/// Archives or restores a location.
///
/// # Errors
/// `not_found`; field `name` while the location has open jobs or requests; field `customer` if its customer is archived.
pub async fn archive_location(
    core: &Core,
    by: Permit<'_, ManageCustomers>,
    id: LocationId,
    is_archived: bool,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let customer = tx
        .location_record(id)
        .await?
        .ok_or_else(CoreError::not_found)?
        .customer_id;
    let customer = tx
        .lock_customer_record(customer)
        .await?
        .ok_or_else(CoreError::not_found)?;
    let known = tx.lock_location_record(id).await?.ok_or_else(CoreError::not_found)?;
    if known.is_archived == is_archived {
        return Ok(());
    }
    if is_archived && tx.open_work_at_location(id).await? > 0 {
        return Err(CoreError::field("name", FieldCode::OpenWork));
    }
    if !is_archived && !customer.is_active() {
        return Err(CoreError::field("customer", FieldCode::CustomerInactive));
    }
    tx.archive_location(id, is_archived).await?;
    let action = if is_archived {
        "location.archived"
    } else {
        "location.restored"
    };
    tx.audit(action, id, json!({ "by": "staff" }));
    finish(core, tx).await
}

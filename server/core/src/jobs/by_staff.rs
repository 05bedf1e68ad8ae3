//! Jobs that staff create and edit. Jobs of a source system are changed by their source.

use chrono::NaiveDate;
use chrono_tz::Tz;
use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::fields::FieldCode;
use domain::identity::permissions::PlanTargets;
use domain::ids::{ContactId, CustomerId, LocationId, TargetId};
use domain::imports::{MAX_NOTES_CHARS, MAX_SKILLS};
use domain::jobs::targets::{DEFAULT_DURATION_MINUTES, DURATION_MINUTES, TargetStatus};
use domain::lifecycle::Lifecycle as _;
use domain::problems::{Cause, Record};
use domain::requests::{Priority, ServiceType};
use domain::scheduling::technicians::parse_skill_list;
use domain::scheduling::windows::TimeWindow;
use domain::text;
use serde_json::json;
use sqlx::types::Json;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::customers::choice;
use crate::customers::choice::Chosen;
use crate::customers::model::{ContactSummary, LocationSummary};
use crate::db::{Key, TenantTx};
use crate::events::NewEvent;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::jobs::store::targets::TargetRecord;
use crate::requests::customer_assignment::{Choices, load_choices};
use crate::scheduling::appointments::{parse_local_time, parse_time};
use crate::secrets::sha256;
use crate::version::Version;
use crate::{Core, CoreError, CoreResult};

/// The unparsed fields of a job.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct JobInput {
    /// Customer ID.
    pub customer: String,
    /// ID of one of the customer's locations.
    pub location: String,
    /// ID of one of the customer's contacts; empty for none.
    pub contact: String,
    pub service_type: String,
    pub priority: String,
    /// Work time in minutes.
    pub duration: String,
    /// The day that the customer requested, such as `2026-11-24`; empty for none.
    pub date: String,
    /// From when on that day, such as `09:00`, in the location's zone; empty for the whole day.
    pub start: String,
    pub end: String,
    /// Separated by commas.
    pub skills: String,
    /// For the team and the technician.
    pub notes: String,
}

/// The validated fields of a job, apart from its customer.
struct Values {
    location: LocationId,
    contact: Option<ContactId>,
    service_type: String,
    priority: Priority,
    duration_minutes: i64,
    window: Option<TimeWindow>,
    skills: Vec<String>,
    notes: Option<String>,
}

impl JobInput {
    /// Returns the fields of a new job.
    fn new() -> Self {
        Self {
            priority: Priority::Normal.name().to_owned(),
            duration: DEFAULT_DURATION_MINUTES.to_string(),
            ..Self::default()
        }
    }

    /// Returns the fields of a stored job.
    fn of(record: &TargetRecord) -> Self {
        let id = |key: Option<String>| key.unwrap_or_default();
        let zone: Tz = record
            .window_zone
            .as_deref()
            .and_then(|zone| zone.parse().ok())
            .unwrap_or(Tz::UTC);
        let local = |moment: Option<chrono::DateTime<chrono::Utc>>, format: &str| {
            moment.map_or_else(String::new, |moment| {
                moment.with_timezone(&zone).format(format).to_string()
            })
        };
        Self {
            customer: id(record.customer_id.map(|key| key.0.to_string())),
            location: id(record.location_id.map(|key| key.0.to_string())),
            contact: id(record.contact_id.map(|key| key.0.to_string())),
            service_type: record.service_type.clone().unwrap_or_default(),
            priority: record.priority.name().to_owned(),
            duration: record.duration_minutes.to_string(),
            date: local(record.window_start, "%Y-%m-%d"),
            start: local(record.window_start, "%H:%M"),
            end: local(record.window_end, "%H:%M"),
            skills: record.required_skills.0.join(", "),
            notes: record.notes.clone().unwrap_or_default(),
        }
    }

    fn version(&self) -> Version {
        Version::of(self)
    }

    /// Validates everything but the customer; errors name the fields as they are called here. `known` is a service type that only a
    /// source system uses.
    fn check(&self, form: &mut Form, chosen: Option<Chosen>, zone: &str, known: Option<&str>) -> Option<Values> {
        let location = chosen.and_then(|chosen| chosen.location);
        if chosen.is_some() && self.location.is_empty() {
            form.add_error("location", FieldCode::Required);
        }
        let is_known = ServiceType::from_name(&self.service_type).is_some() || known == Some(&*self.service_type);
        if !is_known {
            form.add_error("service_type", FieldCode::Required);
        }
        let priority = Priority::from_name(&self.priority);
        if priority.is_none() {
            form.add_error("priority", FieldCode::NotInList);
        }
        let duration = self
            .duration
            .trim()
            .parse()
            .ok()
            .filter(|minutes| DURATION_MINUTES.contains(minutes));
        if duration.is_none() {
            let (min, max) = (*DURATION_MINUTES.start(), *DURATION_MINUTES.end());
            form.add_error("duration", FieldCode::OutOfRange { min, max });
        }
        let window = self.window(form, zone);
        let skills = parse_skill_list(&self.skills).filter(|skills| skills.len() <= MAX_SKILLS);
        if skills.is_none() {
            let (max, max_chars) = (MAX_SKILLS, 64);
            form.add_error("skills", FieldCode::InvalidStringList { max, max_chars });
        }
        let notes = form.text(
            "notes",
            MAX_NOTES_CHARS,
            text::optional_paragraphs(&self.notes, MAX_NOTES_CHARS),
        );
        Some(Values {
            location: location?,
            contact: chosen?.contact,
            service_type: self.service_type.clone(),
            priority: priority?,
            duration_minutes: duration?,
            window,
            skills: skills?,
            notes: notes?,
        })
    }

    /// Reads the requested window. Of two equal local times it begins at the first and ends at the second.
    fn window(&self, form: &mut Form, zone: &str) -> Option<TimeWindow> {
        if self.date.is_empty() {
            if !self.start.is_empty() || !self.end.is_empty() {
                form.add_error("date", FieldCode::Required);
            }
            return None;
        }
        let tz: Tz = zone.parse().unwrap_or(Tz::UTC);
        let Ok(date) = NaiveDate::parse_from_str(&self.date, "%Y-%m-%d") else {
            form.add_error("date", FieldCode::InvalidDate);
            return None;
        };
        let is_whole_day = self.start.is_empty() && self.end.is_empty();
        let (start_text, end_text) = if is_whole_day {
            ("00:00", "23:59")
        } else {
            (self.start.as_str(), self.end.as_str())
        };
        let start = parse_time(form, "start", start_text)?;
        let end = parse_time(form, "end", end_text)?;
        let start = parse_local_time(form, "start", tz, date, start, "first")?;
        let end = parse_local_time(form, "end", tz, date, end, "second")?;
        let window = TimeWindow {
            start,
            end,
            zone: zone.to_owned(),
        };
        if !window.is_plausible() {
            let field = if end > start { "date" } else { "end" };
            let code = if end > start {
                FieldCode::InvalidDate
            } else {
                FieldCode::EndBeforeStart
            };
            form.add_error(field, code);
            return None;
        }
        Some(window)
    }
}

/// What the form of a new job shows.
#[derive(Debug, Clone)]
pub struct NewJobPage {
    /// The search for a customer, or the chosen one with its locations and contacts.
    pub choices: Choices,
    /// The fields with which the form opens.
    pub input: JobInput,
}

/// Returns what the form of a new job shows. `copied` is a job whose fields it opens with.
///
/// # Errors
/// `not_found`.
pub async fn new_page(
    core: &Core,
    by: Permit<'_, PlanTargets>,
    search: &str,
    customer: Option<CustomerId>,
    copied: Option<TargetId>,
) -> CoreResult<NewJobPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let (mut input, mut customer) = (JobInput::new(), customer);
    if let Some(copied) = copied {
        let record = tx.target_record(copied).await?.ok_or_else(CoreError::not_found)?;
        customer = record.customer_id.map(|key| key.0);
        // The day that was requested is not that of the next job.
        input = JobInput {
            date: String::new(),
            start: String::new(),
            end: String::new(),
            ..JobInput::of(&record)
        };
        // A name that only a source system uses is none of the choices.
        if ServiceType::from_name(&input.service_type).is_none() {
            input.service_type.clear();
        }
    }
    let choices = load_choices(&mut tx, search, customer).await?;
    input.customer = choices
        .chosen
        .as_ref()
        .map_or_else(String::new, |chosen| chosen.id.to_string());
    if let [only] = choices.locations.as_slice()
        && input.location.is_empty()
    {
        input.location = only.id.to_string();
    }
    if let [only] = choices.contacts.as_slice()
        && input.contact.is_empty()
    {
        input.contact = only.id.to_string();
    }
    Ok(NewJobPage { choices, input })
}

/// Returns the zone of the chosen location, or that of the organization.
async fn zone_of_location(tx: &mut TenantTx<'_, Staff>, chosen: Chosen) -> CoreResult<String> {
    let location = match chosen.location {
        Some(id) => tx.location_of(chosen.customer, id).await?,
        None => None,
    };
    Ok(location.map_or_else(|| tx.staff().zone().to_owned(), |location| location.zone))
}

/// Creates an open job. The same form again returns the job that it created; `nonce` is generated with the form.
///
/// # Errors
/// The fields of [`JobInput`].
pub async fn create(core: &Core, by: Permit<'_, PlanTargets>, nonce: &str, input: &JobInput) -> CoreResult<TargetId> {
    let staff = by.staff();
    let mut tx = core.store.begin(staff).await?;
    let mut form = Form::default();
    // The customer and its locations are not archived meanwhile.
    if let Ok(customer) = input.customer.parse::<CustomerId>() {
        tx.lock_customer(customer.uuid()).await?;
    }
    let chosen = choice::read(&mut tx, &mut form, &input.customer, &input.location, &input.contact).await?;
    let zone = match chosen {
        Some(chosen) => zone_of_location(&mut tx, chosen).await?,
        None => staff.zone().to_owned(),
    };
    let values = input.check(&mut form, chosen, &zone, None);
    form.finish()?;
    let (Some(chosen), Some(values)) = (chosen, values) else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    let id = id_of_submission(staff, nonce, input);
    tx.lock(id).await?;
    if tx.target_record(id).await?.is_some() {
        return Ok(id);
    }
    let number = tx.next_number("target").await?;
    let mut target = TargetRecord {
        customer_id: Some(Key(chosen.customer)),
        ..TargetRecord::open(id, number)
    };
    target.set_values(values);
    tx.insert_target(&target).await?;
    tx.audit(
        "target.created",
        id,
        json!({ "by": "staff", "customer": chosen.customer }),
    );
    note_and_emit(&mut tx, &target, TimelineKind::TargetCreated, EventType::TargetCreated).await?;
    finish(core, tx).await?;
    Ok(id)
}

/// Returns the ID of the job that a form creates: the same for the same form with the same content.
fn id_of_submission(staff: &Staff, nonce: &str, input: &JobInput) -> TargetId {
    let content = serde_json::to_string(input).unwrap_or_default();
    let digest = sha256(format!("{}\0{nonce}\0{content}", staff.id()).as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    TargetId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

impl TargetRecord {
    fn set_values(&mut self, values: Values) {
        self.location_id = Some(Key(values.location));
        self.contact_id = values.contact.map(Key);
        self.service_type = Some(values.service_type);
        self.priority = values.priority;
        self.duration_minutes = values.duration_minutes;
        self.window_start = values.window.as_ref().map(|window| window.start);
        self.window_end = values.window.as_ref().map(|window| window.end);
        self.window_zone = values.window.map(|window| window.zone);
        self.required_skills = Json(values.skills);
        self.notes = values.notes;
    }
}

async fn note_and_emit(
    tx: &mut TenantTx<'_, Staff>,
    target: &TargetRecord,
    kind: TimelineKind,
    event: EventType,
) -> CoreResult<()> {
    tx.add_timeline_entry(
        NewTimelineEntry::for_target(kind, target.id)
            .with_customer(target.customer_id)
            .with_location(target.location_id),
    )
    .await?;
    tx.emit(
        NewEvent::for_target(event, target.id)
            .with_source(target.source_system_id)
            .with_customer(target.customer_id)
            .with_location(target.location_id)
            .with_contact(target.contact_id)
            .with_details(json!({ "status": target.status.name() })),
    );
    Ok(())
}

/// Returns whether staff can edit a job: its source system has no copy of it, and no technician is on the way.
pub(super) fn is_editable(status: TargetStatus, is_imported: bool) -> bool {
    !is_imported && status.step(TargetStatus::Cancelled).is_ok()
}

/// What the form of a stored job shows.
#[derive(Debug, Clone)]
pub struct EditJobPage {
    pub number: i64,
    pub customer_name: String,
    /// The stored fields.
    pub input: JobInput,
    pub locations: Vec<LocationSummary>,
    pub contacts: Vec<ContactSummary>,
    /// Whether the location stays: the visit is scheduled there, or the job came from a request.
    pub is_location_fixed: bool,
    pub version: Version,
}

/// Returns what the form of a stored job shows.
///
/// # Errors
/// `not_found`, also for a job that cannot be edited.
pub async fn edit_page(core: &Core, by: Permit<'_, PlanTargets>, id: TargetId) -> CoreResult<EditJobPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let record = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    let customer = record.customer_id.ok_or_else(CoreError::not_found)?.0;
    if !is_editable(record.status, record.external_id.is_some()) {
        return Err(CoreError::not_found());
    }
    let name = tx.customer(customer).await?.ok_or_else(CoreError::not_found)?.name;
    let input = JobInput::of(&record);
    let mut locations = tx.locations_of(customer).await?;
    if let Some(id) = record.location_id.map(|key| key.0)
        && locations.iter().all(|line| line.id != id)
    {
        locations.extend(tx.location_of(customer, id).await?);
    }
    let mut contacts = tx.contacts_of(customer).await?;
    if let Some(id) = record.contact_id.map(|key| key.0)
        && contacts.iter().all(|line| line.id != id)
        && let Some(stored) = tx.contact_record(id).await?
    {
        contacts.push(ContactSummary {
            id,
            display_name: stored.display_name,
            email: stored.email,
            phone: stored.phone,
            location_name: None,
            location_zone: None,
            has_portal_access: stored.has_portal_access,
            is_archived: stored.is_archived,
        });
    }
    Ok(EditJobPage {
        number: record.number,
        customer_name: name,
        is_location_fixed: is_location_fixed(&mut tx, &record).await?,
        locations,
        contacts,
        version: input.version(),
        input,
    })
}

async fn is_location_fixed(tx: &mut TenantTx<'_, Staff>, record: &TargetRecord) -> CoreResult<bool> {
    let is_scheduled = record.status != TargetStatus::Open;
    Ok(is_scheduled || tx.request_of_target(record.id.0).await?.is_some())
}

/// Changes a job. `shown` is the version that the form shows; the customer stays.
///
/// # Errors
/// The fields of [`JobInput`]; `not_found`; `concurrent_modification`.
pub async fn update(
    core: &Core,
    by: Permit<'_, PlanTargets>,
    id: TargetId,
    shown: &str,
    input: &JobInput,
) -> CoreResult<()> {
    let staff = by.staff();
    let mut tx = core.store.begin(staff).await?;
    tx.lock_target(id).await?;
    let mut record = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    let customer = record.customer_id.ok_or_else(CoreError::not_found)?.0;
    let stored = JobInput::of(&record);
    stored.version().ensure_shown(Some(shown), Record::Job)?;
    if !is_editable(record.status, record.external_id.is_some()) {
        return Err(CoreError::conflict(Record::Job));
    }
    let mut form = Form::default();
    tx.lock_customer(customer.uuid()).await?;
    let location = match input.location.parse::<LocationId>() {
        Ok(id) => tx.location_of(customer, id).await?,
        Err(_) => None,
    };
    let is_same_place = input.location == stored.location;
    let location = location.filter(|line| !line.is_archived || is_same_place);
    if location.is_none() {
        form.add_error("location", FieldCode::Required);
    } else if !is_same_place && is_location_fixed(&mut tx, &record).await? {
        return Err(CoreError::conflict(Record::Job));
    }
    let kept = record.contact_id.map(|key| key.0);
    let contact = choice::contact_of(&mut tx, customer, &input.contact, kept).await?;
    if contact.is_none() && !input.contact.is_empty() {
        form.add_error("contact", FieldCode::Required);
    }
    let chosen = Chosen {
        customer,
        location: location.map(|line| line.id),
        contact,
    };
    let zone = zone_of_location(&mut tx, chosen).await?;
    let known = record.service_type.clone();
    let values = input.check(&mut form, Some(chosen), &zone, known.as_deref());
    form.finish()?;
    let window = (record.window_start, record.window_end, record.window_zone.clone());
    record.set_values(values.ok_or_else(|| CoreError::new(Cause::InvalidFields))?);
    let is_same_window = (&input.date, &input.start, &input.end) == (&stored.date, &stored.start, &stored.end);
    if is_same_window && is_same_place {
        // Its zone may be another one than that of the location has become.
        (record.window_start, record.window_end, record.window_zone) = window;
    }
    if JobInput::of(&record).version() == stored.version() {
        return Ok(());
    }
    if !tx.set_target_fields(&record).await? {
        return Err(CoreError::conflict(Record::Job));
    }
    tx.audit("target.updated", id, json!({ "by": "staff" }));
    note_and_emit(&mut tx, &record, TimelineKind::TargetUpdated, EventType::TargetUpdated).await?;
    finish(core, tx).await
}

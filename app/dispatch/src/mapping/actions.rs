//! The decisions of the mapping review. Each leads to the next case of the queue.

use std::str::FromStr;

use domain::fields::FieldCode;
use domain::identity::permissions::ResolveMappings;
use domain::ids::{CustomerId, TargetId};
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::jobs::cancellation;
use ordinavo_core::jobs::cancellation::CancellationForm;
use ordinavo_core::mapping::review;
use ordinavo_core::mapping::review::{Choice, NewCustomerCase, Resolution};
use ordinavo_core::requests::review::SnoozeUntil;
use ordinavo_core::{Core, CoreError, CoreResult};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};

use crate::mapping::review::LIST;
use crate::requests::call::NewCustomerInput;

/// The form that confirms the customer of a job. Its checkboxes send `on` or nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MappingForm {
    target: FormId<TargetId>,
    customer: FormId<CustomerId>,
    location: String,
    contact: String,
    /// Whether to link the imported external ID of the customer.
    pin: Option<String>,
    pin_location: Option<String>,
    pin_contact: Option<String>,
    /// Whether to retry the other jobs that wait with the same external ID.
    again: Option<String>,
}

impl ActionForm for MappingForm {
    fn back(&self) -> String {
        case_path(self.target)
    }
}

fn case_path(target: FormId<TargetId>) -> String {
    target.path_below(LIST)
}

/// Leads to the next case of the queue, and to the empty queue after the last one.
async fn next_case(core: &Core, staff: &Staff, decided: TargetId, done: &'static str) -> CoreResult<Redirect> {
    let next = review::next_case(core, staff.may()?, decided).await?;
    let to = next.map_or_else(|| LIST.to_owned(), |next| format!("{LIST}/{next}"));
    Ok(Redirect::to(to, done))
}

#[server(prefix = "/app/fn", endpoint = "resolve-mapping")]
pub async fn resolve_mapping(#[server(flatten)] form: MappingForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: MappingForm| {
        let (permit, id) = (staff.may()?, form.target.get()?);
        let resolution = Resolution {
            customer: Choice {
                id: form.customer.get()?,
                pin: form.pin.is_some(),
            },
            location: parse_choice(&form.location, "location", form.pin_location.is_some())?,
            contact: parse_choice(&form.contact, "contact", form.pin_contact.is_some())?,
            reimport: form.again.is_some(),
        };
        review::resolve(&core, permit, id, resolution).await?;
        next_case(&core, &staff, id, "done-mapping-saved").await
    })
    .await
}

/// The form that creates the customer of a job.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MappingCustomerForm {
    target: FormId<TargetId>,
    #[serde(flatten)]
    new_customer: NewCustomerInput,
    new_contact: String,
    phone: String,
    email: String,
    /// Whether to link the imported external IDs.
    pin: Option<String>,
    /// Whether to retry the other jobs that wait with the same external ID.
    again: Option<String>,
}

impl ActionForm for MappingCustomerForm {
    const NAME: &'static str = "mapping-customer";

    fn back(&self) -> String {
        case_path(self.target)
    }
}

#[server(prefix = "/app/fn", endpoint = "create-mapping-customer")]
pub async fn create_mapping_customer(#[server(flatten)] form: MappingCustomerForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: MappingCustomerForm| {
        let (permit, id) = (staff.may()?, form.target.get()?);
        let case = NewCustomerCase {
            customer: form.new_customer.with_contact(form.new_contact, form.phone, form.email),
            pin: form.pin.is_some(),
            reimport: form.again.is_some(),
        };
        review::resolve_with_new_customer(&core, permit, id, &case).await?;
        next_case(&core, &staff, id, "done-mapping-saved").await
    })
    .await
}

/// The form that rejects a job.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RejectMappingForm {
    target: FormId<TargetId>,
    /// For the team.
    reason: String,
}

impl ActionForm for RejectMappingForm {
    const NAME: &'static str = "reject-mapping";

    fn back(&self) -> String {
        case_path(self.target)
    }
}

#[server(prefix = "/app/fn", endpoint = "reject-mapping")]
pub async fn reject_mapping(#[server(flatten)] form: RejectMappingForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RejectMappingForm| {
        staff.may::<ResolveMappings>()?;
        let (permit, id) = (staff.may()?, form.target.get()?);
        let input = CancellationForm {
            reason: form.reason,
            message: String::new(),
        };
        cancellation::cancel(&core, permit, id, &input).await?;
        next_case(&core, &staff, id, "done-job-cancelled").await
    })
    .await
}

/// The form that puts off a decision; an empty time puts the job back into the queue.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SnoozeMappingForm {
    target: FormId<TargetId>,
    until: Option<String>,
}

impl ActionForm for SnoozeMappingForm {
    fn back(&self) -> String {
        case_path(self.target)
    }
}

#[server(prefix = "/app/fn", endpoint = "snooze-mapping")]
pub async fn snooze_mapping(#[server(flatten)] form: SnoozeMappingForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: SnoozeMappingForm| {
        let (permit, id) = (staff.may()?, form.target.get()?);
        if form.until.as_deref() == Some("") {
            review::snooze(&core, permit, id, None).await?;
            return Ok(Redirect::to(form.back(), "done-snooze-ended"));
        }
        let until = form.until.as_deref().and_then(SnoozeUntil::from_name);
        let until = until.ok_or_else(|| CoreError::field("until", FieldCode::Required))?;
        review::snooze(&core, permit, id, Some(until)).await?;
        next_case(&core, &staff, id, "done-mapping-snoozed").await
    })
    .await
}

/// Parses the chosen record; `None` if nothing was chosen.
fn parse_choice<T: FromStr>(text: &str, field: &'static str, pin: bool) -> CoreResult<Option<Choice<T>>> {
    if text.is_empty() {
        return Ok(None);
    }
    let id = text
        .parse()
        .map_err(|_| CoreError::field(field, FieldCode::NotInList))?;
    Ok(Some(Choice { id, pin }))
}

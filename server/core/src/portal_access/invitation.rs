//! An invitation, whoever gives it: what the form says, whose account it is, and the mail with its link.

use chrono::{DateTime, NaiveDate, TimeZone as _, Utc};
use chrono_tz::Tz;
use domain::ids::{ContactId, CustomerId, LocationId, PortalUserId};
use domain::intake::mails::MailKind;
use domain::locale::Locale;
use domain::portal_access::{Capabilities, Capability, LinkPurpose};
use domain::text;
use secrecy::SecretString;

use crate::customers::model::ContactLine;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::Inviter;
use crate::portal_access::links;
use crate::{Core, CoreError, CoreResult};

/// The longest name and reason, in characters.
const MOST_LINE: usize = 200;
/// How many locations one invitation names at most.
const MOST_PLACES: usize = 100;

/// What the form of an invitation sends, as text.
#[derive(Debug, Clone, Default)]
pub struct InviteForm {
    /// A contact's id; empty for somebody who is none yet.
    pub contact: String,
    /// The name of somebody who is no contact yet.
    pub name: String,
    /// The address; empty if the contact has one.
    pub email: String,
    /// The language of the mail.
    pub locale: String,
    /// Whether the whole customer is granted.
    pub whole: bool,
    /// Otherwise these locations.
    pub locations: Vec<String>,
    /// The names of the capabilities.
    pub capabilities: Vec<String>,
    /// The first day; empty for at once.
    pub from: String,
    /// The last day; empty for no end.
    pub until: String,
    /// Why.
    pub reason: String,
}

/// The form, read.
pub(crate) struct Checked {
    pub contact: Option<ContactId>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub locale: Locale,
    /// `None` stands for the whole customer.
    pub places: Vec<Option<LocationId>>,
    pub capabilities: Capabilities,
    /// `None` stands for at once.
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    pub reason: String,
}

/// Who is invited.
pub(crate) struct Person {
    pub contact: Option<ContactId>,
    pub name: String,
    pub email: String,
}

/// The account of whoever is invited.
pub(crate) struct Account {
    pub id: PortalUserId,
    pub is_active: bool,
}

impl InviteForm {
    /// # Errors
    /// Fields.
    pub(crate) fn check(&self, zone: Tz, now: DateTime<Utc>) -> CoreResult<Checked> {
        let mut form = Form::default();
        let contact = match self.contact.trim() {
            "" => None,
            text => match text.parse() {
                Ok(id) => Some(id),
                Err(_) => {
                    form.wrong("contact", "required", "Choose a contact.");
                    None
                }
            },
        };
        let name = form
            .text("name", MOST_LINE, text::optional_line(&self.name, MOST_LINE))
            .flatten();
        if contact.is_none() && name.is_none() {
            form.wrong("name", "required", "Choose a contact, or say who it is.");
        }
        let email = match self.email.trim() {
            "" => None,
            typed => form.text("email", 254, text::email(typed)),
        };
        let reason = form.text("reason", MOST_LINE, text::line(&self.reason, MOST_LINE));
        let mut places = Vec::new();
        if self.whole {
            places.push(None);
        } else {
            for location in self.locations.iter().take(MOST_PLACES) {
                match location.parse() {
                    Ok(id) if !places.contains(&Some(id)) => places.push(Some(id)),
                    Ok(_) => {}
                    Err(_) => form.wrong("locations", "required", "Choose locations, or the whole customer."),
                }
            }
        }
        if places.is_empty() {
            form.wrong("locations", "required", "Choose locations, or the whole customer.");
        }
        let chosen: Vec<Capability> = self
            .capabilities
            .iter()
            .filter_map(|name| Capability::from_name(name))
            .collect();
        if chosen.is_empty() {
            form.wrong("capabilities", "required", "Choose what they may do.");
        }
        let from = match self.from.trim() {
            "" => None,
            typed => {
                let begin = typed
                    .parse::<NaiveDate>()
                    .ok()
                    .and_then(|day| end_of(day.pred_opt()?, zone));
                if begin.is_none() {
                    form.wrong("from", "invalid_date", "Choose a date.");
                }
                // A day that has begun already is at once.
                begin.filter(|begin| *begin > now)
            }
        };
        let until = match self.until.trim() {
            "" => None,
            typed => {
                let end = typed.parse::<NaiveDate>().ok().and_then(|day| end_of(day, zone));
                if end.is_none_or(|end| end <= now) {
                    form.wrong("until", "day_to_come", "Choose a day to come.");
                } else if end.zip(from).is_some_and(|(end, from)| end <= from) {
                    form.wrong("until", "end_before_start", "The end must be after the start.");
                }
                end
            }
        };
        form.finish()?;
        Ok(Checked {
            contact,
            name,
            email,
            locale: Locale::from_tag(&self.locale).unwrap_or_default(),
            places,
            capabilities: Capabilities::of(&chosen),
            from,
            until,
            reason: reason.unwrap_or_default(),
        })
    }
}

/// The first moment after a day in a zone; where midnight does not exist that night, the first moment that does.
fn end_of(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let next = day.succ_opt()?;
    (0..3)
        .find_map(|hour| zone.from_local_datetime(&next.and_hms_opt(hour, 0, 0)?).earliest())
        .map(|moment| moment.with_timezone(&Utc))
}

/// Who is meant: a contact that is known, or somebody new.
pub(crate) fn person(checked: &Checked, known: &[ContactLine]) -> CoreResult<Person> {
    let without_email = || {
        CoreError::field(
            "email",
            "required",
            "The invitation is sent by mail, so an address is needed.",
        )
    };
    match checked.contact {
        Some(id) => {
            let contact = known
                .iter()
                .find(|contact| contact.id.0 == id)
                .ok_or_else(CoreError::not_found)?;
            let email = match &checked.email {
                Some(typed) => typed.clone(),
                None => contact
                    .email
                    .as_deref()
                    .and_then(|email| text::email(email).ok())
                    .ok_or_else(without_email)?,
            };
            Ok(Person {
                contact: Some(id),
                name: contact.display_name.clone(),
                email,
            })
        }
        None => Ok(Person {
            contact: None,
            name: checked.name.clone().unwrap_or_default(),
            email: checked.email.clone().ok_or_else(without_email)?,
        }),
    }
}

/// The account with this address in the organisation; made if there is none. One person has one account, for however many
/// customers.
pub(crate) async fn account<A: Inviter>(
    tx: &mut TenantTx<'_, A>,
    customer: CustomerId,
    person: &Person,
    checked: &Checked,
) -> CoreResult<Account> {
    if let Some(found) = tx.account_by_email(&person.email).await? {
        if found.is_blocked {
            return Err(CoreError::field(
                "email",
                "account_blocked",
                "The account with this address is blocked.",
            ));
        }
        return Ok(Account {
            id: found.id.0,
            is_active: found.is_active,
        });
    }
    let contact = match person.contact {
        Some(contact) => contact,
        None => tx.insert_invited_contact(customer, &person.name, &person.email).await?,
    };
    let id = tx
        .insert_invited_account(contact, &person.email, Some(checked.locale))
        .await?;
    Ok(Account { id, is_active: false })
}

/// Writes the mail with the link of an invitation; the answer is the link.
pub(crate) async fn send<A: Inviter>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    tenant_name: &str,
    zone: &str,
    account: PortalUserId,
    person: &Person,
    locale: Locale,
) -> CoreResult<SecretString> {
    let tenant = tx.tenant_id();
    let letter = links::Letter {
        kind: MailKind::PortalInvitation,
        purpose: LinkPurpose::Invitation,
        account,
        name: &person.name,
        recipient: &person.email,
        new_email: None,
        locale,
        tenant_name,
        zone,
    };
    links::send(core, tx, tenant, &letter).await
}

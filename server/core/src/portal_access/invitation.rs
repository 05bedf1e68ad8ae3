//! Invitations by staff and portal users: form validation, the invited account, and the mail with the link.

use chrono::{DateTime, NaiveDate, TimeZone as _, Utc};
use chrono_tz::Tz;
use domain::dates::parse_day;
use domain::fields::FieldCode;
use domain::ids::{ContactId, CustomerId, LocationId, PortalUserId};
use domain::intake::mails::MailKind;
use domain::locale::Locale;
use domain::portal_access::{Capabilities, Capability, LinkPurpose};
use domain::problems::Cause;
use domain::text;
use secrecy::SecretString;

use crate::customers::model::ContactSummary;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::Inviter;
use crate::portal_access::links;
use crate::portal_access::store::grants::InvitedContactWriter;
use crate::{Core, CoreError, CoreResult};

/// The limit for name and reason.
const MAX_LINE_CHARS: usize = 200;
const MAX_LOCATIONS: usize = 100;
const DAY_SECONDS: i64 = 86_400;

/// The submitted invitation form.
#[derive(Debug, Clone, Default)]
pub struct InviteForm {
    /// The ID of an existing contact, or empty.
    pub contact: String,
    /// The name of a new contact.
    pub name: String,
    /// The email address; empty to use the contact's.
    pub email: String,
    /// The language tag of the mail.
    pub locale: String,
    /// Whether access covers the whole customer.
    pub whole: bool,
    /// The IDs of the locations, unless access covers the whole customer.
    pub locations: Vec<String>,
    /// Capability names.
    pub capabilities: Vec<String>,
    /// The first day; empty to start now.
    pub from: String,
    /// The last day; empty for no end.
    pub until: String,
    pub reason: String,
}

/// The validated form.
pub(crate) struct Checked {
    pub contact: Option<ContactId>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub locale: Locale,
    /// `None` means the whole customer.
    pub places: Vec<Option<LocationId>>,
    pub capabilities: Capabilities,
    /// `None` means now.
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    pub reason: String,
}

/// The invited person.
pub(crate) struct Person {
    pub contact: Option<ContactId>,
    pub name: String,
    pub email: String,
}

/// The invited person's account.
pub(crate) struct Account {
    pub id: PortalUserId,
    pub is_active: bool,
}

impl InviteForm {
    /// Validates the form; days are in the organisation's time zone.
    pub(crate) fn check(&self, zone: Tz, now: DateTime<Utc>) -> CoreResult<Checked> {
        let mut form = Form::default();
        let contact = match self.contact.trim() {
            "" => None,
            text => match text.parse() {
                Ok(id) => Some(id),
                Err(_) => {
                    form.add_error("contact", FieldCode::Required);
                    None
                }
            },
        };
        let name = form
            .text("name", MAX_LINE_CHARS, text::optional_line(&self.name, MAX_LINE_CHARS))
            .flatten();
        if contact.is_none() && name.is_none() {
            form.add_error("name", FieldCode::Required);
        }
        let email = match self.email.trim() {
            "" => None,
            typed => form.text("email", 254, text::email(typed)),
        };
        let reason = form.text("reason", MAX_LINE_CHARS, text::line(&self.reason, MAX_LINE_CHARS));
        let places = self.places(&mut form);
        let chosen: Vec<Capability> = self
            .capabilities
            .iter()
            .filter_map(|name| Capability::from_name(name))
            .collect();
        if chosen.is_empty() {
            form.add_error("capabilities", FieldCode::Required);
        }
        let (from, until) = self.check_period(&mut form, zone, now);
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

    /// Returns the places to grant; `None` means the whole customer.
    fn places(&self, form: &mut Form) -> Vec<Option<LocationId>> {
        let mut places = Vec::new();
        if self.whole {
            places.push(None);
        } else {
            for location in self.locations.iter().take(MAX_LOCATIONS) {
                match location.parse() {
                    Ok(id) if !places.contains(&Some(id)) => places.push(Some(id)),
                    Ok(_) => {}
                    Err(_) => form.add_error("locations", FieldCode::Required),
                }
            }
        }
        if places.is_empty() {
            form.add_error("locations", FieldCode::Required);
        }
        places
    }

    /// Returns begin and end of the access; `None` is now and no end.
    fn check_period(
        &self,
        form: &mut Form,
        zone: Tz,
        now: DateTime<Utc>,
    ) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let from = match self.from.trim() {
            "" => None,
            typed => {
                let begin = parse_day(typed).and_then(|day| end_of(day.pred_opt()?, zone));
                if begin.is_none() {
                    form.add_error("from", FieldCode::InvalidDate);
                }
                // A day that has already started means now.
                begin.filter(|begin| *begin > now)
            }
        };
        let until = match self.until.trim() {
            "" => None,
            typed => {
                let end = parse_day(typed).and_then(|day| end_of(day, zone));
                if end.is_none_or(|end| end <= now) {
                    form.add_error("until", FieldCode::NotInFuture);
                } else if end.zip(from).is_some_and(|(end, from)| end <= from) {
                    form.add_error("until", FieldCode::EndBeforeStart);
                }
                end
            }
        };
        (from, until)
    }
}

/// Returns the end of a day in a time zone; if midnight is skipped by a clock change, the first time that exists.
fn end_of(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let next = day.succ_opt()?;
    (0..3)
        .find_map(|hour| zone.from_local_datetime(&next.and_hms_opt(hour, 0, 0)?).earliest())
        .map(|moment| moment.with_timezone(&Utc))
}

/// Returns the invited person: one of the existing contacts or a new one.
pub(crate) fn person(checked: &Checked, contacts: &[ContactSummary]) -> CoreResult<Person> {
    let missing_email = || CoreError::field("email", FieldCode::Required);
    match checked.contact {
        Some(id) => {
            let contact = contacts
                .iter()
                .find(|contact| contact.id == id)
                .ok_or_else(CoreError::not_found)?;
            let email = match &checked.email {
                Some(typed) => typed.clone(),
                None => contact
                    .email
                    .as_deref()
                    .and_then(|email| text::email(email).ok())
                    .ok_or_else(missing_email)?,
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
            email: checked.email.clone().ok_or_else(missing_email)?,
        }),
    }
}

/// Finds or creates the account with the person's address in the organisation. A person has one account for all customers.
pub(crate) async fn account<'a, A: Inviter>(
    tx: &mut TenantTx<'a, A>,
    customer: CustomerId,
    person: &Person,
    checked: &Checked,
) -> CoreResult<Account>
where
    TenantTx<'a, A>: InvitedContactWriter,
{
    if let Some(found) = tx.account_by_email(&person.email).await? {
        if found.is_blocked {
            return Err(CoreError::field("email", FieldCode::AccountBlocked));
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

/// An enqueued invitation mail.
pub(crate) struct SentInvitation {
    pub link: SecretString,
    /// Whether an administrator decides before it is sent, because the actor has invited many people in a day.
    pub is_held: bool,
}

/// Enqueues the invitation mail.
///
/// # Errors
/// `rate_limited` after the actor has invited as many people in a day as it may.
pub(crate) async fn send<A: Inviter>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    tenant_name: &str,
    zone: &str,
    account: PortalUserId,
    person: &Person,
    locale: Locale,
) -> CoreResult<SentInvitation> {
    let needs_review = count(core, tx).await?;
    let tenant = tx.tenant_id();
    let mail = links::LinkMail {
        kind: MailKind::PortalInvitation,
        purpose: LinkPurpose::Invitation,
        account,
        name: &person.name,
        recipient: &person.email,
        new_email: None,
        locale,
        tenant_name,
        zone,
        needs_review,
    };
    Ok(SentInvitation {
        link: links::send(core, tx, tenant, &mail).await?,
        is_held: needs_review,
    })
}

/// Counts an invitation of the actor, and returns whether its mail is held because the actor has invited many people.
///
/// # Errors
/// `rate_limited` after the actor has invited as many people in a day as it may.
pub(crate) async fn count<A: Inviter>(core: &Core, tx: &mut TenantTx<'_, A>) -> CoreResult<bool> {
    let invitations = tx.count_invitation().await?;
    if invitations > A::INVITATIONS_PER_DAY {
        let now = core.clock.now().timestamp();
        let seconds = u64::try_from(DAY_SECONDS - now.rem_euclid(DAY_SECONDS)).unwrap_or_default();
        return Err(CoreError::new(Cause::RetryLater { seconds }));
    }
    Ok(invitations > A::INVITATIONS_BEFORE_REVIEW)
}

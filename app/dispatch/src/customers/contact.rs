//! The page of a contact, and the form of a new one.

use domain::customers::MAX_PHONE_CHARS;
use domain::identity::permissions::{ManageCustomers, ViewOperations};
use domain::ids::{ContactId, CustomerId, LocationId};
use domain::imports::MAX_NAME_CHARS;
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::customers::editing;
use ordinavo_core::customers::editing::{ContactInput, ContactPage as Found};
use ordinavo_core::customers::model::{ContactRecord, LocationSummary};
use ordinavo_core::identity::actors::Staff;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Chip, Fact, ProblemNotice};
use ui::drafts::owned;
use ui::forms::{ErrorSummary, FormState, SelectField, TextField};
use ui::i18n::shared;
use ui::islands::SubmitOnce;
use ui::navigation::PhoneLink;
use ui::page::page;
use ui::title::Title;

use crate::customers::changes::Changes;
use crate::customers::customer_form::{ArchiveForm, archive_done};
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

#[component]
pub fn NewContactPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        staff.may::<ManageCustomers>()?;
        let (customer, locations) =
            editing::customer_with_locations(&request.core, staff.may::<ViewOperations>()?, request.id("id")?).await?;
        let form = FormState::new(NewContactForm::NAME, locale, request.flash.as_ref());
        let id = customer.id.to_string();
        Ok(view! {
            <Title text=t!(locale, "contact-new")/>
            <PageBar locale title=t!(locale, "contact-new") parent=Parent::new(format!("/app/customers/{id}"), customer.name)/>
            <SubmitOnce><form class="card narrow" method="post" action=owned("/app/fn/new-contact")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="customer" value=id/>
                <ContactInputs form locations locale/>
                <button class="button button-primary" type="submit">{t!(locale, "contact-create")}</button>
            </form></SubmitOnce>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

#[component]
pub fn ContactPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let found = editing::contact(&request.core, staff.may::<ViewOperations>()?, request.id("id")?).await?;
        let form = FormState::new(ContactForm::NAME, locale, request.flash.as_ref());
        let may_edit = staff.has::<ManageCustomers>();
        let Found {
            customer,
            contact,
            locations,
            changes,
        } = found;
        let (id, is_archived) = (contact.id.to_string(), contact.is_archived);
        let zone = staff.zone().to_owned();
        // A number without a country code is one of the country of the location.
        let place = locations
            .iter()
            .find(|location| Some(location.id) == contact.location_id);
        let phone_zone = place.map_or_else(|| zone.clone(), |location| location.zone.clone());
        let access = format!("/app/customers/{}/access", customer.id);
        Ok(view! {
            <Title text=contact.display_name.clone()/>
            <PageBar locale title=contact.display_name.clone() parent=Parent::new(format!("/app/customers/{}", customer.id), customer.name) is_trail=true/>
            <header class="title-row"><h1><bdi>{contact.display_name.clone()}</bdi></h1>
                {is_archived.then(|| view! { <Chip label=t!(locale, "archived") tone=Tone::Neutral/> })}
                {contact.has_portal_access.then(|| view! { <Chip label=t!(locale, "portal-access") tone=Tone::Good/> })}</header>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <div class="columns">
                {if may_edit {
                    view! { <EditForm contact=contact.clone() locations form locale/> }.into_any()
                } else {
                    view! { <Facts contact=contact.clone() locale zone=phone_zone/> }.into_any()
                }}
                <div>
                    <p><a class="button" href=access>{t!(locale, "portal-access")}</a></p>
                    {may_edit.then(|| view! { <ArchiveForm action="/app/fn/archive-contact" field="contact" id is_archived consequence=t!(locale, "contact-archive-consequence") locale/> })}
                </div>
            </div>
            <Changes changes locale zone/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

#[component]
fn EditForm(contact: ContactRecord, locations: Vec<LocationSummary>, form: FormState, locale: Locale) -> impl IntoView {
    let (id, version) = (contact.id.to_string(), contact.version().as_str().to_owned());
    view! {
        <SubmitOnce><form class="card" method="post" action=owned("/app/fn/edit-contact")>
            <ErrorSummary form=form.clone()/>
            <input type="hidden" name="contact" value=id/><input type="hidden" name="version" value=version/>
            <ContactInputs form known=contact locations locale/>
            <button class="button button-primary" type="submit">{t!(locale, "save")}</button>
        </form></SubmitOnce>
    }
}

#[component]
fn ContactInputs(
    form: FormState,
    #[prop(optional)] known: Option<ContactRecord>,
    locations: Vec<LocationSummary>,
    locale: Locale,
) -> impl IntoView {
    let text = |part: fn(&ContactRecord) -> &Option<String>| {
        known.as_ref().and_then(|known| part(known).clone()).unwrap_or_default()
    };
    let (email, phone) = (text(|known| &known.email), text(|known| &known.phone));
    let place: Option<LocationId> = known.as_ref().and_then(|known| known.location_id);
    let name = known.map(|known| known.display_name).unwrap_or_default();
    let locations = locations
        .into_iter()
        .filter(|location| !location.is_archived || Some(location.id) == place)
        .map(|location| (location.id.to_string(), location.name))
        .collect();
    let place = place.map(|id| id.to_string()).unwrap_or_default();
    view! {
        <TextField form=form.clone() field="name" label=t!(locale, "contact-name") value=name autocomplete="off" max_length=MAX_NAME_CHARS/>
        <div class="pair">
            <TextField form=form.clone() field="phone" kind="tel" label=t!(locale, "phone") value=phone optional=true autocomplete="off" max_length=MAX_PHONE_CHARS/>
            <TextField form=form.clone() field="email" kind="email" label=shared::email(locale) value=email optional=true autocomplete="off" max_length=254/>
        </div>
        <SelectField form field="location" label=t!(locale, "location") help=t!(locale, "contact-location-help") choices=locations value=place optional=true/>
    }
}

/// The fields for people who only read.
#[component]
fn Facts(contact: ContactRecord, locale: Locale, zone: String) -> impl IntoView {
    view! {
        <section class="card"><dl class="facts">
            {contact.phone.map(|number| view! { <Fact name=t!(locale, "phone")><PhoneLink number zone locale/></Fact> })}
            {contact.email.map(|email| view! { <Fact name=shared::email(locale)><bdi dir="ltr">{email}</bdi></Fact> })}
        </dl></section>
    }
}

/// The fields of a contact.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactTexts {
    name: String,
    email: String,
    phone: String,
    location: String,
}

impl From<ContactTexts> for ContactInput {
    fn from(texts: ContactTexts) -> Self {
        Self {
            name: texts.name,
            email: texts.email,
            phone: texts.phone,
            location: texts.location,
        }
    }
}

/// The form of a new contact.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewContactForm {
    customer: FormId<CustomerId>,
    #[serde(flatten)]
    texts: ContactTexts,
}

impl ActionForm for NewContactForm {
    const NAME: &'static str = "new-contact";

    fn back(&self) -> String {
        format!("{}/new-contact", self.customer.path_below("/app/customers"))
    }
}

#[server(prefix = "/app/fn", endpoint = "new-contact")]
pub async fn new_contact(#[server(flatten)] form: NewContactForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: NewContactForm| {
        let (permit, customer) = (staff.may()?, form.customer.get()?);
        editing::create_contact(&core, permit, customer, &form.texts.into()).await?;
        Ok(Redirect::to(
            format!("/app/customers/{customer}"),
            "done-contact-created",
        ))
    })
    .await
}

/// The form that changes a contact.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactForm {
    contact: FormId<ContactId>,
    version: String,
    #[serde(flatten)]
    texts: ContactTexts,
}

impl ActionForm for ContactForm {
    const NAME: &'static str = "contact";

    fn back(&self) -> String {
        self.contact.path_below("/app/contacts")
    }
}

#[server(prefix = "/app/fn", endpoint = "edit-contact")]
pub async fn edit_contact(#[server(flatten)] form: ContactForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ContactForm| {
        let (permit, id, back) = (staff.may()?, form.contact.get()?, form.back());
        editing::update_contact(&core, permit, id, &form.version, &form.texts.into()).await?;
        Ok(Redirect::to(back, "done-saved"))
    })
    .await
}

/// The button that archives or restores a contact.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactArchive {
    contact: FormId<ContactId>,
    /// Whether to archive: `on` or empty.
    archive: String,
}

impl ActionForm for ContactArchive {
    fn back(&self) -> String {
        self.contact.path_below("/app/contacts")
    }
}

#[server(prefix = "/app/fn", endpoint = "archive-contact")]
pub async fn archive_contact(#[server(flatten)] form: ContactArchive) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ContactArchive| {
        let (permit, id, is_archived) = (staff.may()?, form.contact.get()?, !form.archive.is_empty());
        editing::archive_contact(&core, permit, id, is_archived).await?;
        Ok(Redirect::to(form.back(), archive_done(is_archived)))
    })
    .await
}

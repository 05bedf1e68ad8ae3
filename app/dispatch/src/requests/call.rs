//! Entering a request that was made by phone.

use domain::customers::Address;
use domain::identity::permissions::{ReviewRequests, ViewOperations};
use domain::ids::CustomerId;
use domain::intake::MAX_DESCRIPTION_CHARS;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::customers::by_staff::NewCustomerForm;
use ordinavo_core::customers::model::{ContactSummary, CustomerSummary, LocationSummary};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::intake::by_staff::{CallForm, create_for_caller};
use ordinavo_core::intake::form_nonce;
use ordinavo_core::requests::customer_assignment;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit, typed_values};
use ui::components::{CustomerVisibleBox, InternalBox, NoMailServer};
use ui::drafts::owned;
use ui::flash::Flash;
use ui::forms::{ErrorSummary, FormState, SelectField, TextArea, TextField};
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::shared::{priority_choices, service_choices, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

/// The success key of a step that only changes the form.
const CHANGED: &str = "call-changed";

#[component]
pub fn CallPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        staff.may::<ReviewRequests>()?;
        let changed = Flash::from_preview(request.flash.as_ref(), CHANGED, "call");
        let form = FormState::new("call", locale, changed.as_ref().or(request.flash.as_ref())).of_new();
        let nonce = form.value("nonce", &form_nonce(&request.core));
        let chosen: Option<CustomerId> = form.value("customer", &request.query("customer")).parse().ok();
        let search_text = form.value("match", &request.query("match"));
        let choices =
            customer_assignment::choices(&request.core, staff.may::<ViewOperations>()?, &search_text, chosen).await?;
        let is_new = form.value("step", "") == "create" || !form.value("new_name", "").is_empty();
        let has_customer = choices.chosen.is_some();
        Ok(view! {
            <Title text=t!(locale, "call-title")/>
            <PageBar locale title=t!(locale, "call-title") parent=Parent::new("/app/inbox", t!(locale, "back-to-list"))/>
            <p class="lead">{t!(locale, "call-intro")}</p>
            <SubmitOnce>
            <form class="card" method="post" action=owned("/app/fn/record-call")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="nonce" value=nonce/>
                <CallFields form=form.clone() locale/>
                <fieldset class="group"><legend>{t!(locale, "call-customer")}</legend>
                    {match (choices.chosen, is_new) {
                        (Some(customer), _) => view! { <ChosenCustomer form=form.clone() customer locations=choices.locations contacts=choices.contacts locale/> }.into_any(),
                        (None, true) => view! { <NewCustomerFields form=form.clone() locale/> }.into_any(),
                        (None, false) => view! { <CustomerSearch form=form.clone() search_text candidates=choices.customers locale/> }.into_any(),
                    }}
                </fieldset>
                <div class="actions">
                    <button class="button button-primary" type="submit" name="step" value="save">{t!(locale, "call-save")}</button>
                    {(has_customer || is_new).then(|| view! { <button class="button" type="submit" name="step" value="other" formnovalidate=true>{t!(locale, "choose-other-customer")}</button> })}
                </div>
            </form>
            </SubmitOnce>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/inbox">{content}</AppFrame> }
}

/// The search for the caller's customer, within the form, so that nothing that is typed is lost.
#[component]
fn CustomerSearch(
    form: FormState,
    search_text: String,
    candidates: Vec<CustomerSummary>,
    locale: Locale,
) -> impl IntoView {
    let was_searched = !search_text.is_empty();
    let has_no_match = was_searched && candidates.is_empty();
    view! {
        <div class="search"><label for="call-match">{t!(locale, "search")}</label><input id="call-match" name="match" data-form=form.name type="search" value=search_text maxlength="100"/><button class="button" type="submit" name="step" value="search" formnovalidate=true>{t!(locale, "search-now")}</button></div>
        {has_no_match.then(|| view! { <p class="quiet" role="status">{t!(locale, "customers-empty")}</p> })}
        <ul class="plain" data-testid="call-candidates">{candidates.into_iter().map(|customer| view! {
            <li><button class="button button-quiet" type="submit" name="choose" value=customer.id.to_string() formnovalidate=true><bdi>{customer.name}</bdi></button>" "<bdi class="mono quiet">{customer.customer_number}</bdi></li>
        }).collect_view()}</ul>
        {was_searched.then(|| view! { <button class="button" type="submit" name="step" value="create" formnovalidate=true>{t!(locale, "create-customer")}</button> })}
    }
}

/// The customer of the call, and the choice of its location and contact.
#[component]
fn ChosenCustomer(
    form: FormState,
    customer: CustomerSummary,
    locations: Vec<LocationSummary>,
    contacts: Vec<ContactSummary>,
    locale: Locale,
) -> impl IntoView {
    let location_choices = std::iter::once((String::new(), t!(locale, "no-location")))
        .chain(
            locations
                .into_iter()
                .map(|location| (location.id.to_string(), location.name)),
        )
        .collect();
    let contact_choices = std::iter::once((String::new(), t!(locale, "no-contact")))
        .chain(
            contacts
                .into_iter()
                .map(|contact| (contact.id.to_string(), contact.display_name)),
        )
        .collect();
    view! {
        <input type="hidden" name="customer" value=customer.id.to_string()/>
        <p><strong><bdi>{customer.name}</bdi></strong>" "<bdi class="mono quiet">{customer.customer_number}</bdi></p>
        <div class="pair">
            <SelectField form=form.clone() field="location" label=t!(locale, "location") choices=location_choices optional=true/>
            <SelectField form field="contact" label=t!(locale, "contact") help=t!(locale, "call-contact-help") choices=contact_choices optional=true/>
        </div>
    }
}

/// The fields of a customer that does not exist yet, with its first location.
#[component]
pub(crate) fn NewCustomerFields(
    form: FormState,
    locale: Locale,
    #[prop(optional)] name: String,
    #[prop(optional)] address: Address,
) -> impl IntoView {
    view! {
        <p class="help">{t!(locale, "create-customer-help")}</p>
        <TextField form=form.clone() field="new_name" label=t!(locale, "customer-name") value=name/>
        <TextField form=form.clone() field="new_location" label=t!(locale, "location-name") optional=true/>
        <TextField form=form.clone() field="new_street" label=t!(locale, "street") value=address.street.unwrap_or_default() optional=true/>
        <div class="pair">
            <TextField form=form.clone() field="new_postal_code" label=t!(locale, "postal-code") value=address.postal_code.unwrap_or_default() optional=true/>
            <TextField form field="new_city" label=t!(locale, "city") value=address.city.unwrap_or_default() optional=true/>
        </div>
    }
}

/// What the caller reports and how to reach them.
#[component]
fn CallFields(form: FormState, locale: Locale) -> impl IntoView {
    let languages: Vec<_> = Locale::ALL
        .into_iter()
        .map(|locale| (locale.tag().to_owned(), locale.own_name().to_owned()))
        .collect();
    let (outward, internal) = (form.clone(), form.clone());
    view! {
        <div class="pair">
            <SelectField form=form.clone() field="service_type" label=t!(locale, "service") choices=service_choices(locale)/>
            <SelectField form=form.clone() field="priority" label=t!(locale, "priority") choices=priority_choices(locale) value="normal"/>
        </div>
        <CustomerVisibleBox locale><TextArea form=outward field="description" label=t!(locale, "call-description") help=t!(locale, "call-description-help") rows=4 max_length=MAX_DESCRIPTION_CHARS/></CustomerVisibleBox>
        <InternalBox locale><TextArea form=internal field="internal_notes" label=t!(locale, "call-notes") help=t!(locale, "call-notes-help") rows=2 optional=true max_length=MAX_DESCRIPTION_CHARS/></InternalBox>
        <div class="pair">
            <TextField form=form.clone() field="name" label=t!(locale, "caller-name") optional=true/>
            <TextField form=form.clone() field="phone" kind="tel" label=t!(locale, "phone") optional=true/>
        </div>
        <div class="pair">
            <TextField form=form.clone() field="email" kind="email" label=t!(locale, "email") help=t!(locale, "call-email-help") optional=true/>
            <SelectField form field="locale" label=t!(locale, "language") choices=languages value=locale.tag()/>
        </div>
        <NoMailServer locale/>
    }
}

/// The fields of a customer that does not exist yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewCustomerInput {
    new_name: String,
    new_location: String,
    new_street: String,
    new_postal_code: String,
    new_city: String,
}

impl NewCustomerInput {
    /// Returns the fields for the use case; the contact is a person whose details the form asks for elsewhere.
    pub(crate) fn with_contact(self, contact: String, phone: String, email: String) -> NewCustomerForm {
        NewCustomerForm {
            name: self.new_name,
            location: self.new_location,
            street: self.new_street,
            postal_code: self.new_postal_code,
            city: self.new_city,
            contact,
            phone,
            email,
            ..NewCustomerForm::default()
        }
    }
}

/// The form that enters a request made by phone.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LogCallForm {
    /// What the pressed button does: `search`, `create`, `other` or `save`.
    step: String,
    /// The customer whose button was pressed.
    choose: String,
    /// The search for a customer.
    #[serde(rename = "match")]
    search: String,
    customer: String,
    location: String,
    contact: String,
    #[serde(flatten)]
    new_customer: NewCustomerInput,
    service_type: String,
    priority: String,
    description: String,
    internal_notes: String,
    name: String,
    phone: String,
    email: String,
    locale: String,
    nonce: String,
}

impl ActionForm for LogCallForm {
    const NAME: &'static str = "call";

    fn back(&self) -> String {
        "/app/inbox/new".to_owned()
    }
}

/// Changes the form itself, for buttons that choose its customer; `None` if it is to be saved.
fn changed(mut form: LogCallForm) -> Option<LogCallForm> {
    if !form.choose.is_empty() {
        form.customer = std::mem::take(&mut form.choose);
        form.step.clear();
        return Some(form);
    }
    match form.step.as_str() {
        "search" => Some(form),
        "create" => {
            if form.new_customer.new_name.is_empty() {
                form.new_customer.new_name.clone_from(&form.search);
            }
            Some(form)
        }
        "other" => Some(LogCallForm {
            step: String::new(),
            customer: String::new(),
            location: String::new(),
            contact: String::new(),
            new_customer: NewCustomerInput::default(),
            ..form
        }),
        _ => None,
    }
}

#[server(prefix = "/app/fn", endpoint = "record-call")]
pub async fn log_call(#[server(flatten)] form: LogCallForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: LogCallForm| {
        let permit = staff.may()?;
        if let Some(changed) = changed(form.clone()) {
            return Ok(Redirect {
                shown_once: serde_json::to_string(&typed_values(&changed)).ok(),
                keeps_draft: true,
                ..Redirect::to(changed.back(), CHANGED)
            });
        }
        let is_new = !form.new_customer.new_name.is_empty();
        // The new customer's contact is the caller.
        let new_customer = form
            .new_customer
            .with_contact(String::new(), String::new(), String::new());
        let call = CallForm {
            customer: form.customer,
            location: form.location,
            contact: form.contact,
            new_customer: is_new.then_some(new_customer),
            service_type: form.service_type,
            priority: form.priority,
            description: form.description,
            internal_notes: form.internal_notes,
            name: form.name,
            phone: form.phone,
            email: form.email,
            locale: form.locale,
            nonce: form.nonce,
        };
        let receipt = create_for_caller(&core, permit, &call).await?;
        Ok(Redirect::to(format!("/app/inbox/{}", receipt.id), "done-call-logged"))
    })
    .await
}

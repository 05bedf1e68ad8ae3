//! Entering a request that was made by phone.

use domain::identity::permissions::{ReviewRequests, ViewOperations};
use domain::ids::CustomerId;
use domain::intake::MAX_DESCRIPTION_CHARS;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::customers::model::{CustomerSummary, LocationSummary};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::intake::by_staff::{CallForm, create_for_caller};
use ordinavo_core::intake::form_nonce;
use ordinavo_core::requests::customer_assignment;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
use ui::components::{CustomerVisibleBox, InternalBox};
use ui::drafts::owned;
use ui::forms::{ErrorSummary, FormState, SelectField, TextArea, TextField};
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::shared::{priority_choices, service_choices, viewer_staff};
use crate::shell::AppFrame;
use crate::t;

#[component]
pub fn CallPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        staff.may::<ReviewRequests>()?;
        let form = FormState::new("call", locale, request.flash.as_ref());
        let nonce = form.value("nonce", &form_nonce(&request.core));
        let chosen: Option<CustomerId> = form.value("customer", &request.query("customer")).parse().ok();
        let search_text = request.query("match");
        let choices =
            customer_assignment::choices(&request.core, staff.may::<ViewOperations>()?, &search_text, chosen).await?;
        let has_customer = choices.chosen.is_some();
        let (candidates, locations) = (choices.customers, choices.locations);
        Ok(view! {
            <Title text=t!(locale, "call-title")/>
            <p><a href="/app/inbox">{t!(locale, "back-to-list")}</a></p>
            <h1>{t!(locale, "call-title")}</h1>
            <p class="lead">{t!(locale, "call-intro")}</p>
            {(!has_customer).then(|| view! { <CustomerSearch search_text candidates locale/> })}
            <SubmitOnce>
            <form class="card" method="post" action=owned("/app/fn/record-call")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="nonce" value=nonce/>
                {choices.chosen.map(|customer| view! { <ChosenCustomer customer locations chosen_location=form.value("location", "") locale/> })}
                <CallFields form locale/>
                <button class="button button-primary" type="submit">{t!(locale, "call-save")}</button>
            </form>
            </SubmitOnce>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/inbox">{content}</AppFrame> }
}

/// The search for the caller's customer.
#[component]
fn CustomerSearch(search_text: String, candidates: Vec<CustomerSummary>, locale: Locale) -> impl IntoView {
    let has_no_match = !search_text.is_empty() && candidates.is_empty();
    view! {
        <section class="card"><h2>{t!(locale, "call-customer")}</h2>
            <form class="search" method="get" action="/app/inbox/new"><label for="call-search">{t!(locale, "search")}</label><input id="call-search" name="match" type="search" value=search_text/><button class="button" type="submit">{t!(locale, "search-now")}</button></form>
            {has_no_match.then(|| view! { <p class="quiet">{t!(locale, "customers-empty")}</p> })}
            <ul class="plain">{candidates.into_iter().map(|customer| view! {
                <li><a href=format!("/app/inbox/new?customer={}", customer.id)><bdi>{customer.name}</bdi></a>" "<bdi class="mono quiet">{customer.customer_number}</bdi></li>
            }).collect_view()}</ul>
        </section>
    }
}

/// The customer of the call and the choice of their location.
#[component]
fn ChosenCustomer(
    customer: CustomerSummary,
    locations: Vec<LocationSummary>,
    chosen_location: String,
    locale: Locale,
) -> impl IntoView {
    let location_choices: Vec<_> = std::iter::once((String::new(), t!(locale, "no-location")))
        .chain(
            locations
                .into_iter()
                .map(|location| (location.id.to_string(), location.name)),
        )
        .collect();
    view! {
        <input type="hidden" name="customer" value=customer.id.to_string()/>
        <p><strong><bdi>{customer.name}</bdi></strong>" "<bdi class="mono quiet">{customer.customer_number}</bdi>" "<a href="/app/inbox/new">{t!(locale, "choose-other-customer")}</a></p>
        <div class="field"><label for="call-place">{t!(locale, "location")}</label><select id="call-place" name="location">{location_choices.into_iter().map(|(value, label)| { let selected = value == chosen_location; view! { <option value=value selected=selected>{label}</option> } }).collect_view()}</select></div>
    }
}

/// What the caller reports and how to reach them.
#[component]
fn CallFields(form: FormState, locale: Locale) -> impl IntoView {
    let languages: Vec<_> = Locale::ALL
        .into_iter()
        .map(|locale| (locale.tag().to_owned(), locale.own_name().to_owned()))
        .collect();
    view! {
        <div class="pair">
            <SelectField form=form.clone() field="service_type" label=t!(locale, "service") choices=service_choices(locale)/>
            <SelectField form=form.clone() field="priority" label=t!(locale, "priority") choices=priority_choices(locale) value="normal"/>
        </div>
        <CustomerVisibleBox locale><TextArea form=form.clone() field="description" label=t!(locale, "call-description") help=t!(locale, "call-description-help") rows=4 max_length=MAX_DESCRIPTION_CHARS/></CustomerVisibleBox>
        <InternalBox locale><TextArea form=form.clone() field="internal_notes" label=t!(locale, "call-notes") help=t!(locale, "call-notes-help") rows=2 optional=true max_length=MAX_DESCRIPTION_CHARS/></InternalBox>
        <div class="pair">
            <TextField form=form.clone() field="name" label=t!(locale, "caller-name") optional=true/>
            <TextField form=form.clone() field="phone" kind="tel" label=t!(locale, "phone") optional=true/>
        </div>
        <div class="pair">
            <TextField form=form.clone() field="email" kind="email" label=t!(locale, "email") help=t!(locale, "call-email-help") optional=true/>
            <SelectField form field="locale" label=t!(locale, "language") choices=languages value=locale.tag()/>
        </div>
    }
}

/// The form that enters a request made by phone.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LogCallForm {
    customer: String,
    location: String,
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

#[server(prefix = "/app/fn", endpoint = "record-call")]
pub async fn log_call(#[server(flatten)] form: LogCallForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: LogCallForm| {
        let call = CallForm {
            customer: form.customer,
            location: form.location,
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
        let receipt = create_for_caller(&core, staff.may()?, &call).await?;
        Ok(Redirect::to(format!("/app/inbox/{}", receipt.id), "done-call-logged"))
    })
    .await
}

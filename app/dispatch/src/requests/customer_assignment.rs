//! Assigning a customer to a request: suggestions by email, search, and the choice of location and contact. Nothing is
//! assigned automatically.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::requests::CustomerSearch;
use ordinavo_core::requests::customer_assignment::Choices;
use ordinavo_core::requests::model::{ContactHint, RequestView};
use ui::drafts::owned;
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::islands::SubmitOnce;
use ui::page::PageRequest;

use crate::requests::call::NewCustomerFields;
use crate::t;

/// Reads the search and the chosen customer from the query.
pub(crate) fn customer_search(request: &PageRequest) -> CustomerSearch {
    CustomerSearch {
        text: request.query("match"),
        chosen: request.query("whose").parse().ok(),
    }
}

/// The box that assigns or changes the customer.
#[component]
pub fn CustomerAssignment<'a>(
    choices: Choices,
    item: RequestView,
    hints: Vec<ContactHint>,
    request: &'a PageRequest,
    query: String,
) -> impl IntoView + use<> {
    let locale = request.viewer.locale;
    let id = item.id.to_string();
    let search_text = request.query("match");
    let create_form = FormState::new("create-customer", locale, request.flash.as_ref());
    let has_customer = item.customer_id.is_some();
    let open = !has_customer || !search_text.is_empty() || choices.chosen.is_some();
    let action = format!("/app/inbox/{id}");
    let query_prefix = if query.is_empty() {
        "?".to_owned()
    } else {
        format!("{query}&")
    };
    let preserved_parameters: Vec<(String, String)> = query
        .trim_start_matches('?')
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let has_no_match = !search_text.is_empty() && choices.customers.is_empty() && choices.chosen.is_none();
    let summary = if has_customer {
        t!(locale, "change-customer")
    } else {
        t!(locale, "assign-customer")
    };
    view! {
        <details class="box whose" class:box-hint=!has_customer open=open><summary data-key="w" aria-keyshortcuts="w">{summary}</summary>
            <p>{t!(locale, "assign-customer-help")}</p>
            {hints.into_iter().map(|hint| view! {
                <form class="hint-line" method="post" action=owned("/app/fn/assign-customer")>
                    <input type="hidden" name="request" value=id.clone()/><input type="hidden" name="view" value=query.clone()/>
                    <input type="hidden" name="customer" value=hint.customer_id.to_string()/><input type="hidden" name="location" value=hint.location_id.map(|id| id.to_string()).unwrap_or_default()/><input type="hidden" name="contact" value=hint.contact_id.to_string()/>
                    <span>{t!(locale, "same-email")}" "<strong><bdi>{hint.display_name}</bdi></strong>", "<bdi>{hint.customer_name}</bdi>" "<bdi class="mono quiet">{hint.customer_number}</bdi>{hint.location_name.map(|name| view! { " · "<bdi>{name}</bdi> })}</span>
                    <button class="button" type="submit">{t!(locale, "assign-customer-submit")}</button>
                </form>
            }).collect_view()}
            {match choices.chosen {
                None => view! {
                    <form class="search" method="get" action=action.clone()>
                        {preserved_parameters.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()}
                        <label for="whose-search">{t!(locale, "search")}</label>
                        <input id="whose-search" name="match" type="search" value=search_text/>
                        <button class="button" type="submit">{t!(locale, "search-now")}</button>
                    </form>
                    {has_no_match.then(|| view! { <p class="quiet">{t!(locale, "customers-empty")}</p> })}
                    <ul class="plain">{choices.customers.into_iter().map(|customer| view! {
                        <li><a href=format!("{action}{query_prefix}whose={}", customer.id)><bdi>{customer.name}</bdi></a>" "<bdi class="mono quiet">{customer.customer_number}</bdi></li>
                    }).collect_view()}</ul>
                    {(!has_customer).then(|| view! { <CreateCustomer item=item.clone() form=create_form.clone() query=query.clone() locale/> })}
                }.into_any(),
                Some(customer) => view! {
                    <form class="whose-form" method="post" action=owned("/app/fn/assign-customer")>
                        <input type="hidden" name="request" value=id/><input type="hidden" name="view" value=query/><input type="hidden" name="customer" value=customer.id.to_string()/>
                        <p><strong><bdi>{customer.name}</bdi></strong>" "<bdi class="mono quiet">{customer.customer_number}</bdi>" "<a href=action>{t!(locale, "choose-other-customer")}</a></p>
                        <div class="field"><label for="whose-location">{t!(locale, "location")}</label><select id="whose-location" name="location"><option value="">{t!(locale, "no-location")}</option>
                            {choices.locations.into_iter().map(|place| view! { <option value=place.id.to_string()>{format!("{}{}", place.name, place.city.map(|city| format!(", {city}")).unwrap_or_default())}</option> }).collect_view()}
                        </select></div>
                        <div class="field"><label for="whose-contact">{t!(locale, "contact")}</label><select id="whose-contact" name="contact"><option value="">{t!(locale, "no-contact")}</option>
                            {choices.contacts.into_iter().map(|person| view! { <option value=person.id.to_string()>{person.display_name}</option> }).collect_view()}
                        </select></div>
                        <button class="button button-primary" type="submit">{t!(locale, "assign-customer-submit")}</button>
                    </form>
                }.into_any(),
            }}
        </details>
    }
}

/// Creates the customer of a requester who is not known yet, with what they typed.
#[component]
fn CreateCustomer(item: RequestView, form: FormState, query: String, locale: Locale) -> impl IntoView {
    let requester = item.requester.unwrap_or_default();
    let name = requester
        .organisation
        .clone()
        .or_else(|| requester.name.clone())
        .unwrap_or_default();
    let address = item.place.unwrap_or_default();
    let open = form.has_typed_values();
    view! {
        <details class="box" data-testid="create-customer" open=open><summary>{t!(locale, "create-customer")}</summary>
            <SubmitOnce><form method="post" action=owned("/app/fn/create-customer")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="request" value=item.id.to_string()/><input type="hidden" name="view" value=query/>
                <NewCustomerFields form=form.clone() name address locale/>
                <TextField form=form.clone() field="new_contact" label=t!(locale, "contact-name") value=requester.name.unwrap_or_default() optional=true/>
                <div class="pair">
                    <TextField form=form.clone() field="phone" kind="tel" label=t!(locale, "phone") value=requester.phone.unwrap_or_default() optional=true/>
                    <TextField form field="email" kind="email" label=t!(locale, "email") value=requester.email.unwrap_or_default() optional=true/>
                </div>
                <button class="button button-primary" type="submit">{t!(locale, "create-customer-submit")}</button>
            </form></SubmitOnce>
        </details>
    }
}

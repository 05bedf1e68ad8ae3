//! Creating, editing, archiving and restoring a customer.

use domain::customers::{MAX_CITY_CHARS, MAX_PHONE_CHARS, MAX_POSTAL_CODE_CHARS, MAX_STREET_CHARS};
use domain::identity::permissions::{ManageCustomers, ViewOperations};
use domain::ids::CustomerId;
use domain::imports::MAX_NAME_CHARS;
use domain::locale::Locale;
use domain::public_language::Tone;
use domain::text::CustomerNumber;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::customers::by_staff::NewCustomerForm;
use ordinavo_core::customers::editing;
use ordinavo_core::customers::editing::{CustomerInput, SimilarTo};
use ordinavo_core::customers::model::SimilarCustomer;
use ordinavo_core::identity::actors::Staff;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Chip, ConfirmAction, ProblemNotice};
use ui::drafts::owned;
use ui::forms::{CheckField, ErrorSummary, FormState, TextField};
use ui::i18n::shared;
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::islands::SimilarWhileTyping;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

const NEW_PAGE: &str = "/app/customers/new";
/// The fields that similar customers are searched by.
const SIMILAR_FIELDS: [&str; 5] = ["new_name", "email", "phone", "new_street", "new_postal_code"];

#[component]
pub fn NewCustomerPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let form = FormState::new(NewCustomerFields::NAME, locale, request.flash.as_ref());
        // While the form is typed, what was typed last is in the query; the draft may be older.
        let is_typed_now = !request.query("typed").is_empty();
        let value = |field: &str| {
            let asked = request.query(field);
            if is_typed_now { asked } else { form.value(field, &asked) }
        };
        let [name, email, phone, street, postal_code] = SIMILAR_FIELDS.map(value);
        let to = SimilarTo {
            name: name.clone(),
            email,
            phone,
            street,
            postal_code,
        };
        let similar = editing::similar(&request.core, staff.may::<ManageCustomers>()?, &to).await?;
        let asks_again = form.has_error("new_name", "possible_duplicate");
        Ok(view! {
            <Title text=t!(locale, "customer-new")/>
            <PageBar locale title=t!(locale, "customer-new") parent=Parent::new("/app/customers", t!(locale, "customers-title"))/>
            <div class="columns">
                <SubmitOnce><form class="card" method="post" action=owned("/app/fn/new-customer")>
                    <ErrorSummary form=form.clone()/>
                    {asks_again.then(|| view! { <CheckField form=form.clone() field="is_other" label=t!(locale, "customer-is-other")/> })}
                    <NewCustomerSections form name locale/>
                    <button class="button button-primary" type="submit">{t!(locale, "customer-create")}</button>
                </form></SubmitOnce>
                <div>
                    <section id="similar" aria-live="polite" data-testid="similar-customers"><Similar customers=similar locale/></section>
                    <SimilarWhileTyping page=NEW_PAGE.to_owned() fields=SIMILAR_FIELDS.join(" ")/>
                </div>
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

/// The fields of the customer, its first location and its first contact.
#[component]
fn NewCustomerSections(form: FormState, name: String, locale: Locale) -> impl IntoView {
    view! {
        <TextField form=form.clone() field="new_name" label=t!(locale, "customer-name") value=name max_length=MAX_NAME_CHARS/>
        <TextField form=form.clone() field="new_number" label=t!(locale, "customer-number") help=t!(locale, "customer-number-help") optional=true max_length=CustomerNumber::MAX_CHARS/>
        <fieldset class="group"><legend>{t!(locale, "customer-first-location")}</legend>
            <TextField form=form.clone() field="new_street" label=t!(locale, "street") optional=true autocomplete="off" max_length=MAX_STREET_CHARS/>
            <div class="pair">
                <TextField form=form.clone() field="new_postal_code" label=t!(locale, "postal-code") optional=true max_length=MAX_POSTAL_CODE_CHARS/>
                <TextField form=form.clone() field="new_city" label=t!(locale, "city") optional=true max_length=MAX_CITY_CHARS/>
            </div>
            <div class="pair">
                <TextField form=form.clone() field="new_country" label=t!(locale, "country") help=t!(locale, "country-help") optional=true/>
                <TextField form=form.clone() field="new_location" label=t!(locale, "location-name") help=t!(locale, "location-name-help") optional=true max_length=MAX_NAME_CHARS/>
            </div>
        </fieldset>
        <fieldset class="group"><legend>{t!(locale, "customer-first-contact")}</legend>
            <TextField form=form.clone() field="new_contact" label=t!(locale, "contact-name") optional=true autocomplete="off" max_length=MAX_NAME_CHARS/>
            <div class="pair">
                <TextField form=form.clone() field="phone" kind="tel" label=t!(locale, "phone") optional=true autocomplete="off" max_length=MAX_PHONE_CHARS/>
                <TextField form field="email" kind="email" label=shared::email(locale) optional=true autocomplete="off" max_length=254/>
            </div>
        </fieldset>
    }
}

/// Customers that could be the one that is entered.
#[component]
fn Similar(customers: Vec<SimilarCustomer>, locale: Locale) -> impl IntoView {
    (!customers.is_empty()).then(|| {
        view! {
            <h2>{t!(locale, "customer-similar")}</h2>
            <ul class="lines">{customers.into_iter().map(|customer| {
                let reasons = [
                    (customer.has_same_name, t!(locale, "similar-name")),
                    (customer.has_same_contact, t!(locale, "similar-contact")),
                    (customer.has_same_address, t!(locale, "similar-address")),
                ];
                let reasons: Vec<String> = reasons.into_iter().filter_map(|(is_same, reason)| is_same.then_some(reason)).collect();
                view! {
                    <li><a href=format!("/app/customers/{}", customer.id)><bdi>{customer.name}</bdi></a>
                        <bdi class="mono quiet">{customer.customer_number}</bdi>
                        {customer.is_archived.then(|| view! { <Chip label=t!(locale, "archived") tone=Tone::Neutral/> })}
                        {reasons.into_iter().map(|label| view! { <Chip label tone=Tone::Warn/> }).collect_view()}</li>
                }
            }).collect_view()}</ul>
        }
    })
}

/// The form of a new customer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewCustomerFields {
    new_name: String,
    new_number: String,
    new_street: String,
    new_postal_code: String,
    new_city: String,
    new_country: String,
    new_location: String,
    new_contact: String,
    phone: String,
    email: String,
    /// Whether it is none of the similar customers: `on` or absent.
    is_other: Option<String>,
}

impl ActionForm for NewCustomerFields {
    const NAME: &'static str = "new-customer";
    /// The similar customers may differ after an error, so it must be confirmed again.
    const TRANSIENT_FIELDS: &'static [&'static str] = &["is_other"];

    fn back(&self) -> String {
        NEW_PAGE.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "new-customer")]
pub async fn new_customer(#[server(flatten)] form: NewCustomerFields) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: NewCustomerFields| {
        let input = NewCustomerForm {
            name: form.new_name,
            number: form.new_number,
            location: form.new_location,
            street: form.new_street,
            postal_code: form.new_postal_code,
            city: form.new_city,
            country: form.new_country,
            contact: form.new_contact,
            phone: form.phone,
            email: form.email,
        };
        let id = editing::create_customer(&core, staff.may()?, &input, form.is_other.is_some()).await?;
        Ok(Redirect::to(format!("/app/customers/{id}"), "done-customer-added"))
    })
    .await
}

#[component]
pub fn EditCustomerPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        staff.may::<ManageCustomers>()?;
        let customer = editing::customer(&request.core, staff.may::<ViewOperations>()?, request.id("id")?).await?;
        let form = FormState::new(CustomerFields::NAME, locale, request.flash.as_ref());
        let version = customer.version().as_str().to_owned();
        let id = customer.id;
        Ok(view! {
            <Title text=t!(locale, "customer-edit")/>
            <PageBar locale title=t!(locale, "customer-edit") parent=Parent::new(format!("/app/customers/{id}"), customer.name.clone())/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <SubmitOnce><form class="card narrow" method="post" action=owned("/app/fn/edit-customer")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="customer" value=id.to_string()/><input type="hidden" name="version" value=version/>
                <TextField form=form.clone() field="name" label=t!(locale, "customer-name") value=customer.name max_length=MAX_NAME_CHARS/>
                <TextField form field="number" label=t!(locale, "customer-number") help=t!(locale, "customer-number-help") value=customer.customer_number.unwrap_or_default() optional=true max_length=CustomerNumber::MAX_CHARS/>
                <button class="button button-primary" type="submit">{t!(locale, "save")}</button>
            </form></SubmitOnce>
            <ArchiveForm action="/app/fn/archive-customer" field="customer" id=id.to_string() is_archived=customer.is_archived consequence=t!(locale, "customer-archive-consequence") locale/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

/// Archives or restores a record.
#[component]
pub(crate) fn ArchiveForm(
    action: &'static str,
    /// The name of the field with the ID.
    field: &'static str,
    id: String,
    is_archived: bool,
    #[prop(into)] consequence: String,
    locale: Locale,
) -> impl IntoView {
    let (archive, label) = if is_archived {
        ("", t!(locale, "restore"))
    } else {
        ("on", t!(locale, "archive-now"))
    };
    let form = view! {
        <form method="post" action=owned(action)>
            <input type="hidden" name=field value=id/><input type="hidden" name="archive" value=archive/>
            <button class="button" type="submit">{label}</button>
        </form>
    };
    if is_archived {
        return view! { <div class="notice"><Chip label=t!(locale, "archived") tone=Tone::Neutral/>{form}</div> }
            .into_any();
    }
    view! { <ConfirmAction label=t!(locale, "archive") consequence>{form}</ConfirmAction> }.into_any()
}

/// The form that changes a customer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerFields {
    customer: FormId<CustomerId>,
    version: String,
    name: String,
    number: String,
}

impl ActionForm for CustomerFields {
    const NAME: &'static str = "customer";

    fn back(&self) -> String {
        format!("{}/edit", self.customer.path_below("/app/customers"))
    }
}

#[server(prefix = "/app/fn", endpoint = "edit-customer")]
pub async fn edit_customer(#[server(flatten)] form: CustomerFields) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: CustomerFields| {
        let (permit, id) = (staff.may()?, form.customer.get()?);
        let input = CustomerInput {
            name: form.name,
            number: form.number,
        };
        editing::update_customer(&core, permit, id, &form.version, &input).await?;
        Ok(Redirect::to(format!("/app/customers/{id}"), "done-saved"))
    })
    .await
}

/// The button that archives or restores a customer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerArchive {
    customer: FormId<CustomerId>,
    /// Whether to archive: `on` or empty.
    archive: String,
}

impl ActionForm for CustomerArchive {
    fn back(&self) -> String {
        format!("{}/edit", self.customer.path_below("/app/customers"))
    }
}

/// Returns the success key of an action that archives or restores.
pub(crate) fn archive_done(is_archived: bool) -> &'static str {
    if is_archived { "done-archived" } else { "done-restored" }
}

#[server(prefix = "/app/fn", endpoint = "archive-customer")]
pub async fn archive_customer(#[server(flatten)] form: CustomerArchive) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: CustomerArchive| {
        let (permit, id, is_archived) = (staff.may()?, form.customer.get()?, !form.archive.is_empty());
        editing::archive_customer(&core, permit, id, is_archived).await?;
        Ok(Redirect::to(format!("/app/customers/{id}"), archive_done(is_archived)))
    })
    .await
}

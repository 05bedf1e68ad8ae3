//! Creating and editing a job by hand.

use domain::identity::permissions::PlanTargets;
use domain::ids::{CustomerId, TargetId};
use domain::imports::MAX_NOTES_CHARS;
use domain::jobs::targets::DURATION_MINUTES;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::customers::model::{ContactSummary, CustomerSummary, LocationSummary};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::intake::form_nonce;
use ordinavo_core::jobs::by_staff;
use ordinavo_core::jobs::by_staff::{EditJobPage as Found, JobInput};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::InternalBox;
use ui::drafts::{PageDrafts, owned};
use ui::format;
use ui::forms::{ErrorSummary, FormState, SelectField, TextArea, TextField};
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::jobs::actions::target_path;
use crate::shared::{priority_choices, service_choices, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

const NEW_PAGE: &str = "/app/jobs/new";

#[component]
pub fn NewJobPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        // A rejected form names the customer, otherwise the link does: a draft for another customer is not used.
        let flash = request.flash.as_ref().filter(|flash| flash.form == NewJobForm::NAME);
        let known = |field: &str, parameter: &str| {
            flash
                .and_then(|flash| flash.values.get(field).cloned())
                .unwrap_or_else(|| request.query(parameter))
        };
        let (customer, copied) = (known("customer", "customer"), known("copied", "copy"));
        let search = request.query("match");
        let permit = staff.may::<PlanTargets>()?;
        let found = by_staff::new_page(
            &request.core,
            permit,
            &search,
            customer.parse().ok(),
            copied.parse().ok(),
        )
        .await?;
        let customer = found.input.customer.clone();
        let item = draft_item(&customer, &copied);
        let form = FormState::of_item(NewJobForm::NAME, item, locale, flash).of_new();
        let nonce = form.value("nonce", &form_nonce(&request.core));
        let mut input = found.input;
        if input.location.is_empty() {
            input.location = request.query("location");
        }
        let choices = found.choices;
        Ok(view! {
            <Title text=t!(locale, "job-new")/>
            <PageBar locale title=t!(locale, "job-new") parent=Parent::new("/app/jobs", t!(locale, "jobs-title"))/>
            {match choices.chosen {
                Some(customer) => view! { <NewJob form customer input locations=choices.locations contacts=choices.contacts nonce copied locale/> }.into_any(),
                // The drafts are those of customers to choose from.
                None => {
                    PageDrafts::rendered(NewJobForm::NAME);
                    view! { <CustomerSearch search found=choices.customers locale/> }.into_any()
                }
            }}
        }
        .into_any())
    });
    view! { <AppFrame current="/app/jobs">{content}</AppFrame> }
}

/// Returns what a draft of a new job is about.
fn draft_item(customer: &str, copied: &str) -> String {
    if copied.is_empty() { customer } else { copied }.to_owned()
}

/// The choice of the customer, before the form.
#[component]
fn CustomerSearch(search: String, found: Vec<CustomerSummary>, locale: Locale) -> impl IntoView {
    let has_no_match = !search.is_empty() && found.is_empty();
    view! {
        <section class="card narrow"><h2>{t!(locale, "job-choose-customer")}</h2>
            <form class="search" method="get" action=NEW_PAGE role="search">
                <label for="job-match">{t!(locale, "search")}</label>
                <input id="job-match" name="match" type="search" value=search maxlength="100"/>
                <button class="button" type="submit">{t!(locale, "search-now")}</button>
            </form>
            {has_no_match.then(|| view! { <p class="quiet" role="status">{t!(locale, "customers-empty")}" "<a href="/app/customers/new">{t!(locale, "customer-new")}</a></p> })}
            <ul class="lines" data-testid="job-customers">{found.into_iter().map(|customer| view! {
                <li><a href=format!("{NEW_PAGE}?customer={}", customer.id)><bdi>{customer.name}</bdi></a>" "<bdi class="mono quiet">{customer.customer_number}</bdi></li>
            }).collect_view()}</ul>
        </section>
    }
}

#[component]
fn NewJob(
    form: FormState,
    customer: CustomerSummary,
    input: JobInput,
    locations: Vec<LocationSummary>,
    contacts: Vec<ContactSummary>,
    nonce: String,
    copied: String,
    locale: Locale,
) -> impl IntoView {
    let id = customer.id.to_string();
    let has_no_location = locations.is_empty();
    let new_location = format!("/app/customers/{id}/new-location");
    view! {
        <SubmitOnce><form class="card narrow" method="post" action=owned("/app/fn/new-job")>
            <ErrorSummary form=form.clone()/>
            <input type="hidden" name="nonce" value=nonce/><input type="hidden" name="copied" value=copied/><input type="hidden" name="customer" value=id.clone()/>
            <p class="title-row"><strong><a href=format!("/app/customers/{id}")><bdi>{customer.name}</bdi></a></strong><bdi class="mono quiet">{customer.customer_number}</bdi>
                <a href=NEW_PAGE>{t!(locale, "choose-other-customer")}</a></p>
            {has_no_location.then(|| view! { <p class="notice notice-warn">{t!(locale, "job-needs-location")}" "<a href=new_location>{t!(locale, "location-add")}</a></p> })}
            <JobFields form input locations contacts locale/>
            <button class="button button-primary" type="submit">{t!(locale, "job-create")}</button>
        </form></SubmitOnce>
    }
}

#[component]
pub fn EditJobPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: TargetId = request.id("id")?;
        let found = by_staff::edit_page(&request.core, staff.may::<PlanTargets>()?, id).await?;
        let form = FormState::new(JobForm::NAME, locale, request.flash.as_ref());
        let Found {
            number,
            customer_name,
            input,
            locations,
            contacts,
            is_location_fixed,
            version,
        } = found;
        let version = version.as_str().to_owned();
        let (location, contact) = (input.location.clone(), input.contact.clone());
        let locations = locations
            .into_iter()
            .filter(|line| {
                if is_location_fixed {
                    line.id.to_string() == location
                } else {
                    !line.is_archived || line.id.to_string() == location
                }
            })
            .collect();
        let contacts = contacts
            .into_iter()
            .filter(|line| !line.is_archived || line.id.to_string() == contact)
            .collect();
        Ok(view! {
            <Title text=t!(locale, "job-edit")/>
            <PageBar locale title=t!(locale, "job-edit") parent=Parent::new(format!("/app/targets/{id}"), format::job_number(number))/>
            <p class="lead"><bdi>{customer_name}</bdi></p>
            <SubmitOnce><form class="card narrow" method="post" action=owned("/app/fn/edit-job")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="target" value=id.to_string()/><input type="hidden" name="version" value=version/>
                <JobFields form input locations contacts is_location_fixed locale/>
                <button class="button button-primary" type="submit">{t!(locale, "save")}</button>
            </form></SubmitOnce>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/jobs">{content}</AppFrame> }
}

#[component]
fn JobFields(
    form: FormState,
    input: JobInput,
    locations: Vec<LocationSummary>,
    contacts: Vec<ContactSummary>,
    #[prop(optional)] is_location_fixed: bool,
    locale: Locale,
) -> impl IntoView {
    let places = locations
        .into_iter()
        .map(|line| (line.id.to_string(), line.name))
        .collect();
    let people = contacts
        .into_iter()
        .map(|line| (line.id.to_string(), line.display_name))
        .collect();
    let mut services = service_choices(locale);
    // A name that only a source system uses stays.
    if !input.service_type.is_empty() && !services.iter().any(|(name, _)| *name == input.service_type) {
        services.push((input.service_type.clone(), input.service_type.clone()));
    }
    let (internal, window, notes) = (form.clone(), input.clone(), input.notes);
    let location_help = if is_location_fixed {
        t!(locale, "job-location-fixed")
    } else {
        String::new()
    };
    view! {
        <div class="pair">
            <SelectField form=form.clone() field="location" label=t!(locale, "location") help=location_help choices=places value=input.location/>
            <SelectField form=form.clone() field="contact" label=t!(locale, "contact") choices=people value=input.contact optional=true/>
        </div>
        <div class="pair">
            <SelectField form=form.clone() field="service_type" label=t!(locale, "service") choices=services value=input.service_type/>
            <SelectField form=form.clone() field="priority" label=t!(locale, "priority") choices=priority_choices(locale) value=input.priority/>
        </div>
        <InternalBox locale><TextArea form=internal field="notes" label=t!(locale, "notes") help=t!(locale, "job-notes-help") value=notes rows=4 optional=true max_length=MAX_NOTES_CHARS/></InternalBox>
        <div class="pair">
            <TextField form=form.clone() field="duration" kind="number" label=t!(locale, "job-duration") value=input.duration range=(*DURATION_MINUTES.start(), *DURATION_MINUTES.end())/>
            <TextField form=form.clone() field="skills" label=t!(locale, "skills") help=t!(locale, "job-skills-help") value=input.skills optional=true/>
        </div>
        <WindowFields form input=window locale/>
    }
}

/// The time that the customer requested.
#[component]
fn WindowFields(form: FormState, input: JobInput, locale: Locale) -> impl IntoView {
    let (from, until) = (form.clone(), form.clone());
    view! {
        <fieldset class="group"><legend>{t!(locale, "requested-window")}</legend>
            <TextField form field="date" kind="date" label=t!(locale, "date") help=t!(locale, "job-window-help") value=input.date optional=true/>
            <div class="pair">
                <TextField form=from field="start" kind="time" label=t!(locale, "start") value=input.start optional=true/>
                <TextField form=until field="end" kind="time" label=t!(locale, "end") value=input.end optional=true/>
            </div>
        </fieldset>
    }
}

/// The fields of a job.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct JobTexts {
    location: String,
    contact: String,
    service_type: String,
    priority: String,
    duration: String,
    date: String,
    start: String,
    end: String,
    skills: String,
    notes: String,
}

impl JobTexts {
    fn for_customer(self, customer: String) -> JobInput {
        JobInput {
            customer,
            location: self.location,
            contact: self.contact,
            service_type: self.service_type,
            priority: self.priority,
            duration: self.duration,
            date: self.date,
            start: self.start,
            end: self.end,
            skills: self.skills,
            notes: self.notes,
        }
    }
}

/// The form of a new job.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewJobForm {
    customer: String,
    /// The job that it is a copy of; empty for none.
    copied: String,
    nonce: String,
    #[serde(flatten)]
    texts: JobTexts,
}

impl ActionForm for NewJobForm {
    const NAME: &'static str = "new-job";

    fn item(&self) -> String {
        draft_item(&self.customer, &self.copied)
    }

    fn back(&self) -> String {
        let (customer, copied) = (self.customer.parse::<CustomerId>(), self.copied.parse::<TargetId>());
        match (customer, copied) {
            (_, Ok(copied)) => format!("{NEW_PAGE}?copy={copied}"),
            (Ok(customer), _) => format!("{NEW_PAGE}?customer={customer}"),
            _ => NEW_PAGE.to_owned(),
        }
    }
}

#[server(prefix = "/app/fn", endpoint = "new-job")]
pub async fn new_job(#[server(flatten)] form: NewJobForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: NewJobForm| {
        let input = form.texts.for_customer(form.customer);
        let id = by_staff::create(&core, staff.may()?, &form.nonce, &input).await?;
        Ok(Redirect::to(format!("/app/targets/{id}"), "done-job-created"))
    })
    .await
}

/// The form that changes a job.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct JobForm {
    target: FormId<TargetId>,
    version: String,
    #[serde(flatten)]
    texts: JobTexts,
}

impl ActionForm for JobForm {
    const NAME: &'static str = "job";

    fn back(&self) -> String {
        format!("{}/edit", target_path(self.target))
    }
}

#[server(prefix = "/app/fn", endpoint = "edit-job")]
pub async fn edit_job(#[server(flatten)] form: JobForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: JobForm| {
        let (permit, id) = (staff.may()?, form.target.get()?);
        let input = form.texts.for_customer(String::new());
        by_staff::update(&core, permit, id, &form.version, &input).await?;
        Ok(Redirect::to(target_path(form.target), "done-saved"))
    })
    .await
}

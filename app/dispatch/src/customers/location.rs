//! The page of a location, and the form of a new one.

use domain::customers::{Coordinates, MAX_ACCESS_NOTES_CHARS, MAX_CITY_CHARS, MAX_POSTAL_CODE_CHARS, MAX_STREET_CHARS};
use domain::identity::permissions::{ManageCustomers, PlanTargets, ViewOperations};
use domain::ids::{CustomerId, LocationId};
use domain::imports::MAX_NAME_CHARS;
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::customers::editing;
use ordinavo_core::customers::editing::LocationInput;
use ordinavo_core::customers::model::LocationRecord;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::jobs::model::TargetSummary;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Chip, Fact, InternalBox, ProblemNotice};
use ui::drafts::owned;
use ui::format;
use ui::forms::{ErrorSummary, FormState, SelectField, TextArea, TextField};
use ui::icons::Icon;
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::customers::changes::Changes;
use crate::customers::customer_form::{ArchiveForm, archive_done};
use crate::customers::page::JobLines;
use crate::shared::{DoneNotice, viewer_staff, zone_choices};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

#[component]
pub fn NewLocationPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        staff.may::<ManageCustomers>()?;
        let customer = editing::customer(&request.core, staff.may::<ViewOperations>()?, request.id("id")?).await?;
        let form = FormState::new(NewLocationForm::NAME, locale, request.flash.as_ref());
        let id = customer.id.to_string();
        Ok(view! {
            <Title text=t!(locale, "location-new")/>
            <PageBar locale title=t!(locale, "location-new") parent=Parent::new(format!("/app/customers/{id}"), customer.name)/>
            <SubmitOnce><form class="card narrow" method="post" action=owned("/app/fn/new-location")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="customer" value=id/>
                <LocationInputs form locale/>
                <button class="button button-primary" type="submit">{t!(locale, "location-create")}</button>
            </form></SubmitOnce>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

#[component]
pub fn LocationPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let found = editing::location(&request.core, staff.may::<ViewOperations>()?, request.id("id")?).await?;
        let form = FormState::new(LocationForm::NAME, locale, request.flash.as_ref());
        let (location, customer, may_edit) = (found.location, found.customer, staff.has::<ManageCustomers>());
        let (id, is_archived) = (location.id.to_string(), location.is_archived);
        let zone = staff.zone().to_owned();
        let can_add_job = staff.has::<PlanTargets>() && customer.is_active() && !is_archived;
        let new_job = can_add_job.then(|| format!("/app/jobs/new?customer={}&location={id}", customer.id));
        Ok(view! {
            <Title text=location.name.clone()/>
            <PageBar locale title=location.name.clone() parent=Parent::new(format!("/app/customers/{}", customer.id), customer.name) is_trail=true/>
            <header class="title-row"><h1><bdi>{location.name.clone()}</bdi></h1>
                {is_archived.then(|| view! { <Chip label=t!(locale, "archived") tone=Tone::Neutral/> })}</header>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <div class="columns">
                {if may_edit {
                    view! { <EditForm location=location.clone() form locale/> }.into_any()
                } else {
                    view! { <Facts location=location.clone() locale/> }.into_any()
                }}
                <div>
                    <JobsHere jobs=found.jobs new_job locale zone=zone.clone()/>
                    {may_edit.then(|| view! { <ArchiveForm action="/app/fn/archive-location" field="location" id is_archived consequence=t!(locale, "location-archive-consequence") locale/> })}
                </div>
            </div>
            <Changes changes=found.changes locale zone/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

#[component]
fn JobsHere(jobs: Vec<TargetSummary>, new_job: Option<String>, locale: Locale, zone: String) -> impl IntoView {
    view! {
        <section><div class="title-row title-spread"><h2>{t!(locale, "open-jobs")}</h2>
                {new_job.map(|href| view! { <a class="button button-quiet" href=href><Icon name="plus"/>{t!(locale, "job-new")}</a> })}</div>
            {jobs.is_empty().then(|| view! { <p class="quiet">{t!(locale, "no-open-jobs")}</p> })}
            <JobLines jobs locale zone/>
        </section>
    }
}

#[component]
fn EditForm(location: LocationRecord, form: FormState, locale: Locale) -> impl IntoView {
    let (id, version) = (location.id.to_string(), location.version().as_str().to_owned());
    view! {
        <SubmitOnce><form class="card" method="post" action=owned("/app/fn/edit-location")>
            <ErrorSummary form=form.clone()/>
            <input type="hidden" name="location" value=id/><input type="hidden" name="version" value=version/>
            <LocationInputs form known=location locale/>
            <button class="button button-primary" type="submit">{t!(locale, "save")}</button>
        </form></SubmitOnce>
    }
}

/// Returns coordinates as the form shows them.
fn coordinates(location: &LocationRecord) -> Option<String> {
    let (latitude, longitude) = location.latitude.zip(location.longitude)?;
    Some(
        Coordinates {
            lat: latitude,
            lon: longitude,
        }
        .to_string(),
    )
}

/// Returns the address of a public map with the place.
fn map_address(location: &LocationRecord) -> Option<String> {
    let (lat, lon) = location.latitude.zip(location.longitude)?;
    Some(format!(
        "https://www.openstreetmap.org/?mlat={lat:.6}&mlon={lon:.6}#map=17/{lat:.5}/{lon:.5}"
    ))
}

#[component]
fn LocationInputs(form: FormState, #[prop(optional)] known: Option<LocationRecord>, locale: Locale) -> impl IntoView {
    let is_new = known.is_none();
    let text = |part: fn(&LocationRecord) -> &Option<String>| {
        known.as_ref().and_then(|known| part(known).clone()).unwrap_or_default()
    };
    let (street, postal_code) = (text(|known| &known.street), text(|known| &known.postal_code));
    let (city, country, notes) = (
        text(|known| &known.city),
        text(|known| &known.country),
        text(|known| &known.access_notes),
    );
    let place = known.as_ref().and_then(coordinates).unwrap_or_default();
    let map = known.as_ref().and_then(map_address);
    let (name, zone) = known.map_or_else(Default::default, |known| (known.name, known.zone));
    let choices = zone_choices(locale, &zone);
    let zone_help = if is_new {
        t!(locale, "location-zone-help")
    } else {
        t!(locale, "location-zone-consequence")
    };
    view! {
        <TextField form=form.clone() field="name" label=t!(locale, "location-name") help=t!(locale, "location-name-help") value=name optional=true max_length=MAX_NAME_CHARS/>
        <TextField form=form.clone() field="street" label=t!(locale, "street") value=street optional=true autocomplete="off" max_length=MAX_STREET_CHARS/>
        <div class="pair">
            <TextField form=form.clone() field="postal_code" label=t!(locale, "postal-code") value=postal_code optional=true max_length=MAX_POSTAL_CODE_CHARS/>
            <TextField form=form.clone() field="city" label=t!(locale, "city") value=city optional=true max_length=MAX_CITY_CHARS/>
        </div>
        <div class="pair">
            <TextField form=form.clone() field="country" label=t!(locale, "country") help=t!(locale, "country-help") value=country optional=true/>
            <TextField form=form.clone() field="coordinates" label=t!(locale, "coordinates") help=t!(locale, "coordinates-help") value=place optional=true max_length=domain::coordinates::MAX_CHARS/>
        </div>
        {map.map(|href| view! { <p><a href=href target="_blank" rel="noreferrer">{t!(locale, "open-map")}</a></p> })}
        <SelectField form=form.clone() field="zone" label=t!(locale, "location-zone") help=zone_help choices value=zone optional=is_new/>
        <InternalBox locale><TextArea form field="access_notes" label=t!(locale, "access-notes") help=t!(locale, "access-notes-help") value=notes rows=3 optional=true max_length=MAX_ACCESS_NOTES_CHARS/></InternalBox>
    }
}

/// The fields for people who only read.
#[component]
fn Facts(location: LocationRecord, locale: Locale) -> impl IntoView {
    let address = format::address_line(
        location.street.as_deref(),
        location.postal_code.as_deref(),
        location.city.as_deref(),
    );
    let place = coordinates(&location);
    view! {
        <section class="card"><dl class="facts">
            <Fact name=t!(locale, "address")><bdi>{address}</bdi></Fact>
            {place.map(|place| view! { <Fact name=t!(locale, "coordinates")><bdi class="mono">{place}</bdi></Fact> })}
            <Fact name=t!(locale, "location-zone")>{format::zone_name(locale, &location.zone)}</Fact>
            {location.access_notes.map(|notes| view! { <Fact name=t!(locale, "access-notes")><bdi>{notes}</bdi></Fact> })}
        </dl></section>
    }
}

/// The fields of a location.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LocationTexts {
    name: String,
    street: String,
    postal_code: String,
    city: String,
    country: String,
    coordinates: String,
    zone: String,
    access_notes: String,
}

impl From<LocationTexts> for LocationInput {
    fn from(texts: LocationTexts) -> Self {
        Self {
            name: texts.name,
            street: texts.street,
            postal_code: texts.postal_code,
            city: texts.city,
            country: texts.country,
            coordinates: texts.coordinates,
            zone: texts.zone,
            access_notes: texts.access_notes,
        }
    }
}

/// The form of a new location.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewLocationForm {
    customer: FormId<CustomerId>,
    #[serde(flatten)]
    texts: LocationTexts,
}

impl ActionForm for NewLocationForm {
    const NAME: &'static str = "new-location";

    fn back(&self) -> String {
        format!("{}/new-location", self.customer.path_below("/app/customers"))
    }
}

#[server(prefix = "/app/fn", endpoint = "new-location")]
pub async fn new_location(#[server(flatten)] form: NewLocationForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: NewLocationForm| {
        let (permit, customer) = (staff.may()?, form.customer.get()?);
        editing::create_location(&core, permit, customer, &form.texts.into()).await?;
        Ok(Redirect::to(
            format!("/app/customers/{customer}"),
            "done-location-created",
        ))
    })
    .await
}

/// The form that changes a location.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LocationForm {
    location: FormId<LocationId>,
    version: String,
    #[serde(flatten)]
    texts: LocationTexts,
}

impl ActionForm for LocationForm {
    const NAME: &'static str = "location";

    fn back(&self) -> String {
        self.location.path_below("/app/locations")
    }
}

#[server(prefix = "/app/fn", endpoint = "edit-location")]
pub async fn edit_location(#[server(flatten)] form: LocationForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: LocationForm| {
        let (permit, id, back) = (staff.may()?, form.location.get()?, form.back());
        editing::update_location(&core, permit, id, &form.version, &form.texts.into()).await?;
        Ok(Redirect::to(back, "done-saved"))
    })
    .await
}

/// The button that archives or restores a location.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LocationArchive {
    location: FormId<LocationId>,
    /// Whether to archive: `on` or empty.
    archive: String,
}

impl ActionForm for LocationArchive {
    fn back(&self) -> String {
        self.location.path_below("/app/locations")
    }
}

#[server(prefix = "/app/fn", endpoint = "archive-location")]
pub async fn archive_location(#[server(flatten)] form: LocationArchive) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: LocationArchive| {
        let (permit, id, is_archived) = (staff.may()?, form.location.get()?, !form.archive.is_empty());
        editing::archive_location(&core, permit, id, is_archived).await?;
        Ok(Redirect::to(form.back(), archive_done(is_archived)))
    })
    .await
}

//! The form of a new request.

use domain::fields::FieldCode;
use domain::intake::MAX_FILES;
use domain::locale::Locale;
use domain::public::PublicLocation;
use domain::requests::ServiceType;
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::intake::form_nonce;
use ordinavo_core::portal_access::new_request::{MAX_DESCRIPTION_CHARS, RequestForm};
use ordinavo_core::portal_access::{new_request, pages};
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect};
use ui::drafts::owned;
use ui::format;
use ui::forms::{
    CheckField, Choice, ChoiceField, ErrorSummary, FilesField, FormState, SelectField, TextArea, TextField,
};
use ui::icons::Icon;
use ui::islands::SubmitOnce;
use ui::organisation::ContactCard;
use ui::page::page;
use ui::requests::day_part_choices;
use ui::title::Title;
use ui::uploads::{UploadForm, submit_upload};

use crate::i18n::by_key;
use crate::islands::{CharacterCounter, CheckPhotos};
use crate::parts::BackLink;
use crate::shared::viewer_contact;
use crate::shell::{AppFrame, organisation_contact};
use crate::t;

#[component]
pub fn NewRequestPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let locations = pages::locations(&request.core, &contact).await?;
        // An ended request that is submitted again. Whatever cannot be read or submitted is left out.
        let again = match request.query("again").parse() {
            Ok(id) => pages::request(&request.core, &contact, id)
                .await
                .ok()
                .map(|page| page.request),
            Err(_) => None,
        };
        let has_no_locations = locations.is_empty();
        let form = FormState::new("request", locale, request.flash.as_ref()).of_new();
        let same = again.as_ref().and_then(|again| again.location_id);
        let same = same.and_then(|id| locations.iter().find(|known| known.id == id));
        let only = match locations.as_slice() {
            [only] => Some(only),
            _ => same,
        };
        let only = only.map(|location| location.id.to_string()).unwrap_or_default();
        let words = contact.terminology();
        let service = again.as_ref().map_or("", |again| again.service_type.name()).to_owned();
        let text = again
            .as_ref()
            .filter(|again| again.subject().is_some())
            .map(|again| again.description.clone())
            .unwrap_or_default();
        let services = ServiceType::ALL
            .iter()
            .map(|service| Choice {
                value: service.name().to_owned(),
                label: words.service_type(*service, locale),
                note: by_key(locale, &format!("service-{}", service.name())),
                icon: Some(service_icon(*service)),
            })
            .collect();
        let parts = day_part_choices(locale);
        let described = form.clone();
        let nonce = form.value("nonce", &form_nonce(&request.core));
        Ok(view! {
            <Title text=t!(locale, "request-title")/>
            <BackLink href="/portal/requests" label=t!(locale, "requests-title")/>
            <header class="page-title"><h1>{t!(locale, "request-title")}</h1><p class="lead">{t!(locale, "request-intro")}</p></header>
            {has_no_locations.then(|| view! { <p class="notice notice-warn">{t!(locale, "request-no-locations")}</p> })}
            {(!has_no_locations).then(|| view! {
                <div class="with-aside"><div class="stack">
                <SubmitOnce>
                <form class="card request-form" method="post" action=owned("/portal/fn/submit-request") enctype="multipart/form-data">
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="nonce" value=nonce/>
                    <ChoiceField form=form.clone() field="service_type" label=t!(locale, "request-service") choices=services value=service/>
                    <LocationField form=form.clone() locations value=only/>
                    <CharacterCounter max_length=MAX_DESCRIPTION_CHARS><TextArea form=described field="description" label=t!(locale, "request-description") value=text help=t!(locale, "request-description-help") rows=6/></CharacterCounter>
                    <CheckField form=form.clone() field="urgent" label=t!(locale, "request-urgent") help=t!(locale, "request-urgent-help")/>
                    <fieldset class="group"><legend>{t!(locale, "request-when")}</legend>
                        <div class="pair"><TextField form=form.clone() field="date_1" kind="date" label=t!(locale, "request-day") optional=true/><SelectField form=form.clone() field="part_1" label=t!(locale, "request-part") choices=parts.clone() value="all_day"/></div>
                        <div class="pair"><TextField form=form.clone() field="date_2" kind="date" label=t!(locale, "request-other-day") optional=true/><SelectField form=form.clone() field="part_2" label=t!(locale, "request-part") choices=parts.clone() value="all_day"/></div>
                        <TextField form=form.clone() field="preferred" label=t!(locale, "request-preferred") help=t!(locale, "request-preferred-help") optional=true/>
                    </fieldset>
                    <CheckPhotos message=t!(locale, "request-files-heic")><FilesField form=form.clone() field="files" label=t!(locale, "request-files") help=t!(locale, "request-files-help") accept="image/jpeg,image/png,image/webp,application/pdf"/></CheckPhotos>
                    <button class="button button-primary" type="submit">{t!(locale, "request-submit")}</button>
                </form>
                </SubmitOnce>
                </div>
                <aside class="stack"><ContactCard contact=organisation_contact() locale/><NextSteps locale/></aside></div>
            })}
        }
        .into_any())
    });
    view! { <AppFrame current="/portal/requests/new">{content}</AppFrame> }
}

/// The most locations that are shown below each other; with more of them, one is chosen from a list.
const MAX_ROWS: usize = 6;

/// Where the work is to be done.
#[component]
fn LocationField(form: FormState, locations: Vec<PublicLocation>, value: String) -> impl IntoView {
    let label = t!(form.locale, "request-location");
    let address =
        |location: &PublicLocation| format::address_line(location.street.as_deref(), None, location.city.as_deref());
    if locations.len() > MAX_ROWS {
        let choices = locations
            .into_iter()
            .map(|location| {
                let parts = [location.name.clone(), address(&location)];
                let label = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
                (location.id.to_string(), label.join(", "))
            })
            .collect();
        return view! { <SelectField form field="location" label choices value/> }.into_any();
    }
    let choices = locations
        .into_iter()
        .map(|location| Choice {
            value: location.id.to_string(),
            note: address(&location),
            label: location.name,
            icon: None,
        })
        .collect();
    view! { <ChoiceField form field="location" label choices value/> }.into_any()
}

const fn service_icon(service: ServiceType) -> &'static str {
    match service {
        ServiceType::Repair => "wrench",
        ServiceType::Maintenance => "refresh",
        ServiceType::Inspection => "clipboard",
        ServiceType::Installation => "plug",
        ServiceType::Support => "help",
    }
}

/// What follows after a request was submitted.
#[component]
fn NextSteps(locale: Locale) -> impl IntoView {
    let steps = [
        ("send", t!(locale, "next-receipt")),
        ("eye", t!(locale, "next-review")),
        ("calendar", t!(locale, "next-appointment-step")),
    ];
    view! {
        <section class="card"><h2>{t!(locale, "next-title")}</h2>
            <ol class="next-steps">{steps.into_iter().map(|(icon, text)| view! { <li><span class="step-mark"><Icon name=icon/></span><p>{text}</p></li> }).collect_view()}</ol>
        </section>
    }
}

/// The form of a new request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewRequestForm {
    location: String,
    service_type: String,
    description: String,
    preferred: String,
    /// Whether the request is urgent: `on` or absent.
    urgent: Option<String>,
    date_1: String,
    part_1: String,
    date_2: String,
    part_2: String,
    nonce: String,
}

impl ActionForm for NewRequestForm {
    const NAME: &'static str = "request";

    fn back(&self) -> String {
        "/portal/requests/new".to_owned()
    }
}

impl UploadForm for NewRequestForm {
    const FILE_FIELD: &'static str = "files";
    const MAX_FILES: usize = MAX_FILES;

    fn interrupted() -> CoreError {
        CoreError::field("files", FieldCode::UploadTooLarge { max_megabytes: 25 })
    }
}

#[server(prefix = "/portal/fn", endpoint = "submit-request", input = MultipartFormData)]
pub async fn submit_request(data: MultipartData) -> Result<(), ServerFnError> {
    submit_upload(
        data,
        async |core: Core, contact: Contact, form: NewRequestForm, files| {
            let input = RequestForm {
                location: form.location,
                service_type: form.service_type,
                description: form.description,
                preferred: form.preferred,
                windows: vec![(form.date_1, form.part_1), (form.date_2, form.part_2)],
                urgent: form.urgent.is_some(),
                nonce: form.nonce,
            };
            let sent = new_request::submit_request(&core, &contact, &input, files).await?;
            let page = format!("/portal/requests/{}", sent.value);
            Ok(Redirect::to(page, "done-request-submitted").without_files(sent.refused))
        },
    )
    .await
}

//! The form of a new request.

use domain::fields::FieldCode;
use domain::intake::MAX_FILES;
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
use ui::forms::{CheckField, ErrorSummary, FilesField, FormState, SelectField, TextArea, TextField};
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::requests::day_part_choices;
use ui::title::Title;
use ui::uploads::{UploadForm, submit_upload};

use crate::islands::{CharacterCounter, CheckPhotos};
use crate::shared::viewer_contact;
use crate::shell::AppFrame;
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
        let form = FormState::new("request", locale, request.flash.as_ref());
        let named: Vec<_> = locations
            .iter()
            .map(|location| (location.id.to_string(), location.name.clone()))
            .collect();
        let location_choices: Vec<_> = locations
            .into_iter()
            .map(|location| {
                (
                    location.id.to_string(),
                    location
                        .city
                        .map_or_else(|| location.name.clone(), |city| format!("{}, {city}", location.name)),
                )
            })
            .collect();
        let place = again.as_ref().and_then(|again| again.location.clone());
        let same = place.and_then(|name| named.iter().find(|(_, known)| *known == name).map(|(id, _)| id.clone()));
        let only = match location_choices.as_slice() {
            [only] => only.0.clone(),
            _ => same.unwrap_or_default(),
        };
        let service = again.as_ref().map_or("", |again| again.service_type.name()).to_owned();
        let text = again
            .as_ref()
            .filter(|again| again.subject().is_some())
            .map(|again| again.description.clone())
            .unwrap_or_default();
        let words = contact.terminology();
        let services = ServiceType::ALL
            .iter()
            .map(|service| (service.name().to_owned(), words.service_type(*service, locale)))
            .collect();
        let parts = day_part_choices(locale);
        let described = form.clone();
        let nonce = form.value("nonce", &form_nonce(&request.core));
        Ok(view! {
            <Title text=t!(locale, "request-title")/>
            <h1>{t!(locale, "request-title")}</h1>
            <p class="lead">{t!(locale, "request-intro")}</p>
            {has_no_locations.then(|| view! { <p class="notice notice-warn">{t!(locale, "request-no-locations")}</p> })}
            {(!has_no_locations).then(|| view! {
                <SubmitOnce>
                <form class="card" method="post" action=owned("/portal/fn/submit-request") enctype="multipart/form-data">
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="nonce" value=nonce/>
                    <SelectField form=form.clone() field="location" label=t!(locale, "request-location") choices=location_choices value=only/>
                    <SelectField form=form.clone() field="service_type" label=t!(locale, "request-service") choices=services value=service/>
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
            })}
        }
        .into_any())
    });
    view! { <AppFrame current="/portal/requests">{content}</AppFrame> }
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

//! The tracking page of a request for holders of its link. It shows only what they submitted, the public status and
//! messages from dispatch.

use std::sync::Arc;

use domain::branding::OrganisationContact;
use domain::locale::Locale;
use domain::public::RequestSource;
use domain::terminology::Terminology;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use ordinavo_core::intake::model::FileSummary;
use ordinavo_core::requests::model::{SlotOption, TrackedView};
use ordinavo_core::requests::tracking::Tracking;
use ui::components::{ConfirmAction, Fact, StatusChip};
use ui::files::file_state;
use ui::format;
use ui::format::ZoneNames;
use ui::forms::FormState;
use ui::islands::SubmitOnce;
use ui::organisation::ContactLine;
use ui::requests::{AnswerForm, Conversation, MessageFile, Progress, SlotForm, preferred_windows};
use ui::shell::{self, App, Assets};
use ui::title::Title;

use crate::i18n::by_key;
use crate::t;

/// The name of the answer form.
pub const ANSWER: &str = "answer";

/// The data of the tracking page.
#[derive(Clone)]
pub struct TrackPage {
    /// The token of the link.
    pub token: String,
    /// The organization's name.
    pub tenant: String,
    /// The organization's terminology.
    pub words: Arc<Terminology>,
    /// The organization's time zone.
    pub zone: String,
    /// How to reach the organization.
    pub contact: OrganisationContact,
    pub tracking: Tracking,
    pub locale: Locale,
    /// The key of the success message.
    pub done: Option<&'static str>,
    /// Typed values and errors of a rejected submission.
    pub form: FormState,
    /// Identifies repeated submissions of the same answer.
    pub nonce: String,
    /// The error of a rejected choice of a time.
    pub slot_error: Option<String>,
}

/// `/track/{token}`.
pub fn page(assets: &Assets, page: TrackPage) -> impl IntoView + use<> {
    provide_meta_context();
    let locale = page.locale;
    let title = format!("REQ-{}", page.tracking.request.number);
    shell::document_in(locale, App::Intake, assets, move || {
        let Tracking {
            request,
            messages,
            files,
            slots,
            may_withdraw,
        } = page.tracking;
        let (of_messages, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.message_id.is_some());
        let message_files: Vec<MessageFile> = of_messages.into_iter().filter_map(message_file).collect();
        let slot_error = page.slot_error;
        let visit_time = request.starts_at.zip(request.appointment_zone.as_deref());
        let slot_times = slots.iter().map(|slot| (slot.starts_at, slot.zone.as_str()));
        let zones = ZoneNames::of(&page.zone, visit_time.into_iter().chain(slot_times));
        let is_closed = request.status.has_ended();
        let needs_answer = request.asked_at.is_some();
        let answer_action = format!("/track/{}/answer?lang={}", page.token, locale.tag());
        let withdraw_action = format!("/track/{}/withdraw?lang={}", page.token, locale.tag());
        view! {
            <Title text=title/>
            <div class="column">
                <Brand tenant=page.tenant/>
                <main id="main" tabindex="-1">
                    {page.done.map(|done| view! { <SuccessMessage done request=request.clone() locale/> })}
                    <RequestHeader request=request.clone() words=page.words locale/>
                    {slot_error.clone().filter(|_| slots.is_empty()).map(|error| view! { <p class="notice notice-bad" role="alert">{error}</p> })}
                    {(!slots.is_empty()).then(|| view! { <Slots slots token=page.token.clone() error=slot_error locale/> })}
                    <Appointment request=request.clone() zone=page.zone.clone() zones locale/>
                    {request.rejection_reason.clone().map(|reason| view! { <section class="notice notice-warn"><h2>{t!(locale, "rejection-reason")}</h2><p class="prose" dir="auto">{reason}</p></section> })}
                    {(!messages.is_empty() || !is_closed).then(|| view! {
                        <Conversation messages files=message_files needs_answer zone=page.zone.clone() zones locale>
                            {(!is_closed).then(|| view! { <AnswerForm action=answer_action form=page.form nonce=page.nonce locale/> })}
                        </Conversation>
                    })}
                    <RequestDetails request files zone=page.zone zones locale/>
                    {may_withdraw.then(|| view! {
                        <ConfirmAction label=t!(locale, "withdraw") consequence=t!(locale, "withdraw-consequence")>
                            <form method="post" action=withdraw_action><button class="button button-bad" type="submit">{t!(locale, "withdraw-now")}</button></form>
                        </ConfirmAction>
                    })}
                </main>
                <footer><ContactLine contact=page.contact locale/></footer>
            </div>
        }
    })
}

/// Returns a file that came with a message. It cannot be downloaded: the address of the page may be known to others.
fn message_file(file: FileSummary) -> Option<MessageFile> {
    Some(MessageFile {
        message: file.message_id?,
        name: file.file_name,
        size_bytes: file.size_bytes,
        scan: file.scan,
        href: None,
    })
}

/// The line with the organization's name above the page.
#[component]
fn Brand(tenant: String) -> impl IntoView {
    view! { <header class="top-line"><p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{tenant}</bdi></p></header> }
}

/// The success message; after the submission also the form's own text of thanks.
#[component]
fn SuccessMessage(done: &'static str, request: TrackedView, locale: Locale) -> impl IntoView {
    let thanks = request
        .form_settings
        .as_ref()
        .map(|settings| settings.texts(locale).thanks)
        .filter(|text| !text.is_empty() && done == "done-request-submitted");
    view! { <div class="notice notice-good" role="status"><div><p><strong>{by_key(locale, done)}</strong></p>{thanks.map(|text| view! { <p class="prose" dir="auto">{text}</p> })}</div></div> }
}

/// The service, the status with its explanation, and the progress while the request is open.
#[component]
fn RequestHeader(request: TrackedView, words: Arc<Terminology>, locale: Locale) -> impl IntoView {
    let status = words.request(request.status, locale);
    let explanation = status.explanation.clone();
    let service = words.service_type(request.service_type, locale);
    let is_closed = request.status.has_ended();
    view! {
        <header class="title-row"><h1>{service}" "<bdi class="mono quiet">{format!("REQ-{}", request.number)}</bdi></h1><StatusChip status/></header>
        <p class="lead">{explanation}</p>
        {(!is_closed).then(|| view! { <Progress status=request.status words locale/> })}
    }
}

/// The time of the appointment, once there is one.
#[component]
fn Appointment(
    request: TrackedView,
    /// The organization's time zone, for an appointment without one.
    zone: String,
    zones: ZoneNames,
    locale: Locale,
) -> impl IntoView {
    let (start, end) = request.starts_at.zip(request.ends_at)?;
    let zone = request.appointment_zone.unwrap_or(zone);
    let when = format!(
        "{} {}",
        format::date(locale, start, &zone),
        zones.with(locale, format::span(start, end, &zone), &zone)
    );
    Some(
        view! { <section class="card"><h2>{t!(locale, "appointment")}</h2><p class="when"><strong><bdi>{when}</bdi></strong></p></section> },
    )
}

/// What the requester submitted.
#[component]
fn RequestDetails(
    request: TrackedView,
    files: Vec<FileSummary>,
    zone: String,
    zones: ZoneNames,
    locale: Locale,
) -> impl IntoView {
    let location = request.place.map(|place| {
        format::address_line(
            place.street.as_deref(),
            place.postal_code.as_deref(),
            place.city.as_deref(),
        )
    });
    let windows = preferred_windows(locale, &request.preferred_windows);
    // Who has the link is the requester, unless another person wrote the request down.
    let source = RequestSource::of(request.channel, true);
    let heading = match source {
        RequestSource::Call => t!(locale, "request-from-call"),
        RequestSource::System => t!(locale, "request-from-system"),
        _ => t!(locale, "your-request"),
    };
    view! {
        <section class="card"><h2 data-source=source.name()>{heading}</h2>
            <p class="prose" dir="auto">{request.description}</p>
            <dl class="facts">
                <Fact name=t!(locale, "submitted-at")>{zones.with(locale, format::moment(locale, request.submitted_at, &zone), &zone)}</Fact>
                {location.filter(|location| !location.is_empty()).map(|location| view! { <Fact name=t!(locale, "location")><bdi>{location}</bdi></Fact> })}
                {(!windows.is_empty()).then(|| view! { <Fact name=t!(locale, "preferred-dates")>{windows.into_iter().map(|window| view! { <div>{window}</div> }).collect_view()}</Fact> })}
                {(!files.is_empty()).then(|| view! { <Fact name=t!(locale, "files")>{files.into_iter().map(|file| view! { <div><bdi>{file.file_name}</bdi>{file_state(locale, file.scan).map(|state| view! { " "<span class="quiet" data-scan=file.scan.name()>{state}</span> })}</div> }).collect_view()}</Fact> })}
            </dl>
        </section>
    }
}

/// `/track/{token}/no-mails`: asks for confirmation of the unsubscription, and confirms it.
pub fn unsubscribe(
    assets: &Assets,
    locale: Locale,
    token: String,
    tenant: String,
    done: bool,
) -> impl IntoView + use<> {
    provide_meta_context();
    shell::document_in(locale, App::Intake, assets, move || {
        let action = format!("/track/{token}/no-mails?lang={}", locale.tag());
        let back = format!("/track/{token}?lang={}", locale.tag());
        view! {
            <Title text=t!(locale, "unsubscribe-title")/>
            <div class="column">
                <Brand tenant/>
                <main id="main" tabindex="-1"><h1>{t!(locale, "unsubscribe-title")}</h1>
                    {if done {
                        view! { <p class="notice notice-good" role="status">{t!(locale, "unsubscribe-done")}</p> }.into_any()
                    } else {
                        view! { <p class="lead">{t!(locale, "unsubscribe-text")}</p><form method="post" action=action><button class="button button-primary" type="submit">{t!(locale, "unsubscribe-now")}</button></form> }.into_any()
                    }}
                    <p><a href=back>{t!(locale, "back-to-request")}</a></p>
                </main>
            </div>
        }
    })
}

/// Offered times; a time that is no longer available is disabled.
#[component]
fn Slots(slots: Vec<SlotOption>, token: String, error: Option<String>, locale: Locale) -> impl IntoView {
    let expires = slots
        .first()
        .map(|slot| format::moment(locale, slot.expires_at, &slot.zone))
        .unwrap_or_default();
    let zone = slots.first().map(|slot| slot.zone.clone()).unwrap_or_default();
    let action = format!("/track/{token}/choose?lang={}", locale.tag());
    view! {
        <section class="card slots" aria-labelledby="slots"><h2 id="slots">{t!(locale, "slots-title")}</h2>
            {error.map(|error| view! { <p class="notice notice-bad" role="alert">{error}</p> })}
            <p>{t!(locale, "slots-text", until = expires)}</p>
            <SubmitOnce>
            {slots.into_iter().map(|slot| view! { <SlotForm option=slot action=action.clone() button_class="button button-large" locale/> }).collect_view()}
            </SubmitOnce>
            <p class="help">{t!(locale, "slots-zone", zone = format::zone_name(locale, &zone))}</p>
        </section>
    }
}

//! The tracking page of a request for holders of its link. It shows only what they submitted, the public status and
//! messages from dispatch.

use std::sync::Arc;

use domain::locale::Locale;
use domain::requests::RequestStatus;
use domain::terminology::Terminology;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use ordinavo_core::requests::model::SlotOption;
use ordinavo_core::requests::tracking::Tracking;
use ui::components::{ConfirmAction, Fact, StatusChip};
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextArea};
use ui::islands::SendOnce;
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

const STEPS: [RequestStatus; 4] = [
    RequestStatus::Submitted,
    RequestStatus::InReview,
    RequestStatus::Accepted,
    RequestStatus::Planned,
];

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
        let slot_error = page.slot_error;
        let words = page.words;
        let status = words.request(request.status, locale);
        let explanation = status.explanation.clone();
        let reached = STEPS.iter().position(|step| *step == request.status);
        let is_closed = request.status.has_ended();
        let thanks = request
            .form_settings
            .as_ref()
            .map(|settings| settings.0.texts(locale).thanks)
            .filter(|text| !text.is_empty() && page.done == Some("done-request-submitted"));
        let answer_action = format!("/track/{}/answer?lang={}", page.token, locale.tag());
        let withdraw_action = format!("/track/{}/withdraw?lang={}", page.token, locale.tag());
        let location = request.place.as_ref().map(|location| {
            let location = &location.0;
            let town = [location.postal_code.clone(), location.city.clone()]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ");
            [location.street.clone().unwrap_or_default(), town]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(", ")
        });
        let windows: Vec<String> = request
            .preferred_windows
            .0
            .iter()
            .map(|window| {
                format!(
                    "{}, {}",
                    format::day(locale, window.date),
                    by_key(locale, &format!("part-{}", window.part.name()))
                )
            })
            .collect();
        let appointment = request.starts_at.zip(request.ends_at).map(|(start, end)| {
            let zone = request.appointment_zone.clone().unwrap_or_else(|| page.zone.clone());
            format!(
                "{} {}",
                format::date(locale, start, &zone),
                format::span(start, end, &zone)
            )
        });
        let needs_answer = request.asked_at.is_some();
        let zone = page.zone.clone();
        view! {
            <Title text=title.clone()/>
            <div class="column">
                <header class="top-line"><p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{page.tenant}</bdi></p></header>
                <main id="main" tabindex="-1">
                    {page.done.map(|done| view! { <div class="notice notice-good" role="status"><div><p><strong>{by_key(locale, done)}</strong></p>{thanks.map(|text| view! { <p class="prose" dir="auto">{text}</p> })}</div></div> })}
                    <header class="title-row"><h1>{words.service_type(request.service_type, locale)}" "<bdi class="mono quiet">{title}</bdi></h1><StatusChip status/></header>
                    <p class="lead">{explanation}</p>
                    {(!is_closed).then(|| view! {
                        <ol class="steps">{STEPS.iter().enumerate().map(|(index, step)| {
                            let done = reached.is_some_and(|reached| index <= reached);
                            let current = (reached == Some(index)).then_some("step");
                            view! { <li class:steps-done=done aria-current=current>{words.request(*step, locale).label}</li> }
                        }).collect_view()}</ol>
                    })}
                    {slot_error.clone().filter(|_| slots.is_empty()).map(|error| view! { <p class="notice notice-bad" role="alert">{error}</p> })}
                    {(!slots.is_empty()).then(|| view! { <Slots slots token=page.token.clone() error=slot_error locale/> })}
                    {appointment.map(|when| view! { <section class="card"><h2>{t!(locale, "appointment")}</h2><p class="when"><strong><bdi>{when}</bdi></strong></p></section> })}
                    {request.rejection_reason.map(|reason| view! { <section class="notice notice-warn"><h2>{t!(locale, "rejection-reason")}</h2><p class="prose" dir="auto">{reason}</p></section> })}
                    {(!messages.is_empty() || !is_closed).then(|| view! {
                        <section class="card" aria-labelledby="conversation"><h2 id="conversation">{t!(locale, "messages")}</h2>
                            {needs_answer.then(|| view! { <p class="notice notice-warn">{t!(locale, "answer-needed")}</p> })}
                            <ol class="conversation">{messages.into_iter().map(|message| {
                                let sender = if message.is_own { t!(locale, "sender-you") } else { t!(locale, "sender-team") };
                                view! { <li class:own=message.is_own><p class="quiet small">{sender}" · "{format::moment(locale, message.created_at, &zone)}</p><p class="prose" dir="auto">{message.text}</p></li> }
                            }).collect_view()}</ol>
                            {(!is_closed).then(|| view! {
                                <SendOnce>
                                <form method="post" action=answer_action>
                                    <ErrorSummary form=page.form.clone()/>
                                    <input type="hidden" name="nonce" value=page.nonce/>
                                    <TextArea form=page.form field="answer" label=t!(locale, "answer") rows=3/>
                                    <button class="button button-primary" type="submit">{t!(locale, "send-answer")}</button>
                                </form>
                                </SendOnce>
                            })}
                        </section>
                    })}
                    <section class="card"><h2>{t!(locale, "your-request")}</h2>
                        <p class="prose" dir="auto">{request.description}</p>
                        <dl class="facts">
                            <Fact name=t!(locale, "submitted-at")>{format::moment(locale, request.submitted_at, &page.zone)}</Fact>
                            {location.filter(|location| !location.is_empty()).map(|location| view! { <Fact name=t!(locale, "location")><bdi>{location}</bdi></Fact> })}
                            {(!windows.is_empty()).then(|| view! { <Fact name=t!(locale, "preferred-dates")>{windows.into_iter().map(|window| view! { <div>{window}</div> }).collect_view()}</Fact> })}
                            {(!files.is_empty()).then(|| view! { <Fact name=t!(locale, "files")>{files.into_iter().map(|file| view! { <div><bdi>{file.file_name}</bdi></div> }).collect_view()}</Fact> })}
                        </dl>
                    </section>
                    {may_withdraw.then(|| view! {
                        <ConfirmAction label=t!(locale, "withdraw") consequence=t!(locale, "withdraw-consequence")>
                            <form method="post" action=withdraw_action><button class="button button-bad" type="submit">{t!(locale, "withdraw-now")}</button></form>
                        </ConfirmAction>
                    })}
                </main>
            </div>
        }
    })
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
                <header class="top-line"><p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{tenant}</bdi></p></header>
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
    view! {
        <section class="card slots" aria-labelledby="slots"><h2 id="slots">{t!(locale, "slots-title")}</h2>
            {error.map(|error| view! { <p class="notice notice-bad" role="alert">{error}</p> })}
            <p>{t!(locale, "slots-text", until = expires)}</p>
            <SendOnce>
            {slots.into_iter().map(|slot| {
                let when = format!("{} {}", format::date(locale, slot.starts_at, &slot.zone), format::span(slot.starts_at, slot.ends_at, &slot.zone));
                view! {
                    <form method="post" action=format!("/track/{token}/choose?lang={}", locale.tag())>
                        <input type="hidden" name="offer" value=slot.offer_id.to_string()/><input type="hidden" name="position" value=slot.position.to_string()/>
                        <button class="button button-large" type="submit" disabled=slot.is_gone><bdi>{when}</bdi>{slot.is_gone.then(|| format!(" · {}", t!(locale, "slot-unavailable")))}</button>
                    </form>
                }
            }).collect_view()}
            </SendOnce>
            <p class="help">{t!(locale, "slots-zone", zone = zone)}</p>
        </section>
    }
}

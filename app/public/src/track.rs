//! The tracking page: how a request goes on, for whoever holds its link. It shows what they typed, its public state, and
//! what dispatch wrote to them; nothing that they could not know already.

use std::sync::Arc;

use domain::locale::Locale;
use domain::public_words::OwnWords;
use domain::requests::RequestStatus;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use ordinavo_core::requests::model::SlotOption;
use ordinavo_core::requests::tracking::Tracking;
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextArea};
use ui::islands::SendOnce;
use ui::parts::{Fact, StatusChip, Weighty};
use ui::shell::{self, App, Assets};
use ui::title::Title;

use crate::t;
use crate::words::by_key;

/// The answer form's name.
pub const ANSWER: &str = "answer";

/// What the page shows besides the request.
#[derive(Clone)]
pub struct TrackPage {
    /// The token of the link.
    pub token: String,
    /// The organisation's name.
    pub tenant: String,
    /// Its own words.
    pub words: Arc<OwnWords>,
    /// The organisation's zone.
    pub zone: String,
    /// The request.
    pub tracking: Tracking,
    /// The language.
    pub locale: Locale,
    /// A key of what was just done.
    pub done: Option<&'static str>,
    /// What was typed before and what was wrong with it.
    pub form: FormState,
    /// Makes a repeated answer recognisable.
    pub nonce: String,
    /// What was wrong with the time that was chosen.
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
        let ended = request.status.has_ended();
        let thanks = request
            .form_settings
            .as_ref()
            .map(|settings| settings.0.texts(locale).thanks)
            .filter(|text| !text.is_empty() && page.done == Some("done-request-submitted"));
        let answer_action = format!("/track/{}/answer?lang={}", page.token, locale.tag());
        let withdraw_action = format!("/track/{}/withdraw?lang={}", page.token, locale.tag());
        let place = request.place.as_ref().map(|place| {
            let place = &place.0;
            let town = [place.postal_code.clone(), place.city.clone()]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ");
            [place.street.clone().unwrap_or_default(), town]
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
        let asked = request.asked_at.is_some();
        let zone = page.zone.clone();
        view! {
            <Title text=title.clone()/>
            <div class="column">
                <header class="top-line"><p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{page.tenant}</bdi></p></header>
                <main id="main" tabindex="-1">
                    {page.done.map(|done| view! { <div class="notice notice-good" role="status"><div><p><strong>{by_key(locale, done)}</strong></p>{thanks.map(|text| view! { <p class="prose" dir="auto">{text}</p> })}</div></div> })}
                    <header class="title-row"><h1>{words.service_type(request.service_type, locale)}" "<bdi class="mono quiet">{title}</bdi></h1><StatusChip status/></header>
                    <p class="lead">{explanation}</p>
                    {(!ended).then(|| view! {
                        <ol class="steps">{STEPS.iter().enumerate().map(|(index, step)| {
                            let done = reached.is_some_and(|reached| index <= reached);
                            let current = (reached == Some(index)).then_some("step");
                            view! { <li class:steps-done=done aria-current=current>{words.request(*step, locale).label}</li> }
                        }).collect_view()}</ol>
                    })}
                    {slot_error.clone().filter(|_| slots.is_empty()).map(|wrong| view! { <p class="notice notice-bad" role="alert">{wrong}</p> })}
                    {(!slots.is_empty()).then(|| view! { <Slots slots token=page.token.clone() wrong=slot_error locale/> })}
                    {appointment.map(|when| view! { <section class="card"><h2>{t!(locale, "appointment")}</h2><p class="when"><strong><bdi>{when}</bdi></strong></p></section> })}
                    {request.rejection_reason.map(|reason| view! { <section class="notice notice-warn"><h2>{t!(locale, "rejection-reason")}</h2><p class="prose" dir="auto">{reason}</p></section> })}
                    {(!messages.is_empty() || !ended).then(|| view! {
                        <section class="card" aria-labelledby="conversation"><h2 id="conversation">{t!(locale, "messages")}</h2>
                            {asked.then(|| view! { <p class="notice notice-warn">{t!(locale, "answer-needed")}</p> })}
                            <ol class="conversation">{messages.into_iter().map(|message| {
                                let who = if message.is_own { t!(locale, "sender-you") } else { t!(locale, "sender-team") };
                                view! { <li class:own=message.is_own><p class="quiet small">{who}" · "{format::moment(locale, message.created_at, &zone)}</p><p class="prose" dir="auto">{message.text}</p></li> }
                            }).collect_view()}</ol>
                            {(!ended).then(|| view! {
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
                            {place.filter(|place| !place.is_empty()).map(|place| view! { <Fact name=t!(locale, "location")><bdi>{place}</bdi></Fact> })}
                            {(!windows.is_empty()).then(|| view! { <Fact name=t!(locale, "preferred-dates")>{windows.into_iter().map(|window| view! { <div>{window}</div> }).collect_view()}</Fact> })}
                            {(!files.is_empty()).then(|| view! { <Fact name=t!(locale, "files")>{files.into_iter().map(|file| view! { <div><bdi>{file.file_name}</bdi></div> }).collect_view()}</Fact> })}
                        </dl>
                    </section>
                    {may_withdraw.then(|| view! {
                        <Weighty label=t!(locale, "withdraw") consequence=t!(locale, "withdraw-consequence")>
                            <form method="post" action=withdraw_action><button class="button button-bad" type="submit">{t!(locale, "withdraw-now")}</button></form>
                        </Weighty>
                    })}
                </main>
            </div>
        }
    })
}

/// Asks whether no more mails are wanted, and says that it is done.
pub fn no_mails(assets: &Assets, locale: Locale, token: String, tenant: String, done: bool) -> impl IntoView + use<> {
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

/// Times to choose from; one that is gone by now cannot be chosen.
#[component]
fn Slots(slots: Vec<SlotOption>, token: String, wrong: Option<String>, locale: Locale) -> impl IntoView {
    let expires = slots
        .first()
        .map(|slot| format::moment(locale, slot.expires_at, &slot.zone))
        .unwrap_or_default();
    let zone = slots.first().map(|slot| slot.zone.clone()).unwrap_or_default();
    view! {
        <section class="card slots" aria-labelledby="slots"><h2 id="slots">{t!(locale, "slots-title")}</h2>
            {wrong.map(|wrong| view! { <p class="notice notice-bad" role="alert">{wrong}</p> })}
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

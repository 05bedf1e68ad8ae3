//! What customers see of a request, in the portal and on the tracking page alike: progress, conversation, offered times
//! and preferred days.

use domain::files::FileScan;
use domain::ids::{MessageId, RequestId};
use domain::intake::{DayPart, PreferredWindow};
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::requests::model::{PublicMessage, SlotOption};

use crate::drafts::owned;
use crate::files::{FileLink, file_state};
use crate::format::ZoneNames;
use crate::forms::{ErrorSummary, FilesField, FormState, TextArea};
use crate::i18n::by_key;
use crate::islands::SubmitOnce;
use crate::{format, word};

/// A file that came with a message.
#[derive(Debug, Clone)]
pub struct MessageFile {
    pub message: MessageId,
    pub name: String,
    pub size_bytes: i64,
    pub scan: FileScan,
    /// The path of the download, where there is one.
    pub href: Option<String>,
}

/// The files of a message.
#[component]
pub fn MessageFiles(files: Vec<MessageFile>, message: MessageId, locale: Locale) -> impl IntoView {
    let files: Vec<MessageFile> = files.into_iter().filter(|file| file.message == message).collect();
    (!files.is_empty()).then(|| view! {
        <ul class="files" data-testid="message-files">{files.into_iter().map(|file| view! {
            <li>{match file.href {
                Some(href) => view! { <FileLink locale scan=file.scan href name=file.name size_bytes=file.size_bytes is_download=true/> }.into_any(),
                None => view! { <bdi>{file.name}</bdi>{file_state(locale, file.scan).map(|state| view! { " "<span class="quiet" data-scan=file.scan.name()>{state}</span> })} }.into_any(),
            }}</li>
        }).collect_view()}</ul>
    })
}

/// Says how late a visit will be.
#[component]
pub fn DelayNotice(minutes: Option<i64>, locale: Locale) -> impl IntoView {
    minutes.map(|minutes| view! { <p class="notice notice-warn" data-testid="delay">{word!(locale, "visit-delayed", minutes = minutes)}</p> })
}

/// The messages between the requester and the team; the children are the form that answers.
#[component]
pub fn Conversation(
    messages: Vec<PublicMessage>,
    files: Vec<MessageFile>,
    /// Whether a question of the team waits for an answer.
    needs_answer: bool,
    zone: String,
    #[prop(optional)] zones: ZoneNames,
    locale: Locale,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="conversation"><h2 id="conversation">{word!(locale, "messages")}</h2>
            {needs_answer.then(|| view! { <p class="notice notice-warn">{word!(locale, "answer-needed")}</p> })}
            <ol class="conversation">{messages.into_iter().map(|message| {
                let sender = if message.is_own { word!(locale, "sender-you") } else { word!(locale, "sender-team") };
                view! { <li class:own=message.is_own><p class="quiet small">{sender}" · "{zones.with(locale, format::moment(locale, message.created_at, &zone), &zone)}</p><p class="prose" dir="auto">{message.text}</p><MessageFiles files=files.clone() message=message.id locale/></li> }
            }).collect_view()}</ol>
            {children()}
        </section>
    }
}

/// The form that answers the team.
#[component]
pub fn AnswerForm(
    action: String,
    form: FormState,
    /// The request, where the path of the action does not identify it.
    #[prop(optional)]
    request: Option<RequestId>,
    /// Identifies repeated submissions of the same answer.
    nonce: String,
    locale: Locale,
) -> impl IntoView {
    view! {
        <SubmitOnce>
        <form method="post" action=owned(action) enctype="multipart/form-data">
            <ErrorSummary form=form.clone()/>
            {request.map(|id| view! { <input type="hidden" name="request" value=id.to_string()/> })}<input type="hidden" name="nonce" value=nonce/>
            <TextArea form=form.clone() field="answer" label=word!(locale, "answer") rows=3/>
            <FilesField form field="files" label=word!(locale, "answer-files") help=word!(locale, "answer-files-help") accept="image/jpeg,image/png,image/webp,application/pdf"/>
            <button class="button button-primary" type="submit">{word!(locale, "send-answer")}</button>
        </form>
        </SubmitOnce>
    }
}

/// Declines the offered times with a proposal, for a requester whom none of them suits.
#[component]
pub fn DeclineForm(
    action: String,
    form: FormState,
    offer: String,
    /// The request, where the path of the action does not identify it.
    #[prop(optional)]
    request: Option<RequestId>,
    /// Identifies repeated submissions of the same answer.
    nonce: String,
    locale: Locale,
) -> impl IntoView {
    let open = form.has_typed_values();
    view! {
        <details open=open data-testid="decline-slots"><summary class="button">{word!(locale, "slots-none")}</summary>
            <SubmitOnce>
            <form method="post" action=owned(action)>
                <ErrorSummary form=form.clone()/>
                {request.map(|id| view! { <input type="hidden" name="request" value=id.to_string()/> })}<input type="hidden" name="offer" value=offer/><input type="hidden" name="nonce" value=nonce/>
                <TextArea form field="answer" label=word!(locale, "slots-proposal") help=word!(locale, "slots-proposal-help") rows=3/>
                <button class="button button-primary" type="submit">{word!(locale, "slots-decline")}</button>
            </form>
            </SubmitOnce>
        </details>
    }
}

/// The form that chooses one of the offered times; nothing is chosen before. A time that is no longer available is struck through.
#[component]
pub fn SlotChoice(
    /// Not empty: all of one offer.
    slots: Vec<SlotOption>,
    action: String,
    /// The request, where the path of the action does not identify it.
    #[prop(optional)]
    request: Option<RequestId>,
    #[prop(optional)] zones: ZoneNames,
    locale: Locale,
) -> impl IntoView {
    let offer = slots.first().map(|slot| slot.offer_id.to_string());
    let is_any_free = slots.iter().any(|slot| !slot.is_gone);
    view! {
        <SubmitOnce>
        <form class="slot-choice" method="post" action=owned(action)>
            {request.map(|id| view! { <input type="hidden" name="request" value=id.to_string()/> })}<input type="hidden" name="offer" value=offer/>
            <fieldset class="slots"><legend class="hidden">{word!(locale, "slots-legend")}</legend>
                {slots.into_iter().map(|slot| {
                    let id = format!("slot-{}", slot.position);
                    let day = format::near_day(locale, slot.starts_at, &slot.zone);
                    let time = zones.with(locale, format::window(locale, slot.starts_at, slot.ends_at, &slot.zone), &slot.zone);
                    let note = slot.is_gone.then(|| view! { <span class="quiet">{word!(locale, "slot-unavailable")}</span> });
                    view! {
                        <div class="slot" class:slot-gone=slot.is_gone>
                            <input type="radio" id=id.clone() name="position" value=slot.position.to_string() required=true disabled=slot.is_gone/>
                            <label for=id><span class="slot-day">{day}{note}</span><span class="slot-time">{time}</span></label>
                        </div>
                    }
                }).collect_view()}
            </fieldset>
            {is_any_free.then(|| view! { <button class="button button-primary" type="submit">{word!(locale, "slots-confirm")}</button> })}
        </form>
        </SubmitOnce>
    }
}

/// Formats the preferred days with their parts of the day.
pub fn preferred_windows(locale: Locale, windows: &[PreferredWindow]) -> Vec<String> {
    windows
        .iter()
        .map(|window| {
            let part = by_key(locale, &format!("part-{}", window.part.name()));
            format!("{}, {part}", format::day(locale, window.date))
        })
        .collect()
}

/// Returns the parts of the day as choices of a select field.
pub fn day_part_choices(locale: Locale) -> Vec<(String, String)> {
    [DayPart::AllDay, DayPart::Morning, DayPart::Afternoon]
        .into_iter()
        .map(|part| (part.name().to_owned(), by_key(locale, &format!("part-{}", part.name()))))
        .collect()
}

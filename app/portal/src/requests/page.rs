//! The page of a request: its story with everything that belongs to it, offered times, and the conversation.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ids::{MessageId, RequestId};
use domain::locale::Locale;
use domain::public::{PublicAttachment, PublicRequest};
use domain::story::Step;
use domain::terminology::Terminology;
use leptos::prelude::*;
use ordinavo_core::intake::form_nonce;
use ordinavo_core::portal_access::pages;
use ordinavo_core::requests::model::SlotOption;
use ui::components::{ConfirmAction, ProblemNotice};
use ui::drafts::owned;
use ui::format;
use ui::format::ZoneNames;
use ui::forms::{ErrorSummary, FormState, TextArea};
use ui::icons::Icon;
use ui::islands::SubmitOnce;
use ui::organisation::ContactCard;
use ui::page::page;
use ui::requests::{AnswerForm, Conversation, DeclineForm, MessageFile, SlotChoice};
use ui::story::{StateChip, Stepper};
use ui::title::Title;

use crate::parts::BackLink;
use crate::requests::list::request_title;
use crate::requests::story::{RequestStory, StoryParts, step_times};
use crate::shared::{DoneNotice, viewer_contact};
use crate::shell::{AppFrame, organisation_contact};
use crate::t;

#[component]
pub fn RequestPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let (locale, now) = (request.viewer.locale, request.viewer.now);
        let pages::RequestPage {
            request: found,
            messages,
            slots,
            files,
            milestones,
            appointment,
            earlier,
            reports,
            report_files,
            follow_ups,
            actions,
            may,
        } = pages::request(&request.core, &contact, request.id("id")?).await?;
        let id = found.id;
        let form = |name| FormState::new(name, locale, request.flash.as_ref());
        let nonce = || form_nonce(&request.core);
        let zone = contact.zone().to_owned();
        let words = contact.terminology();
        let (of_messages, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|(_, message)| message.is_some());
        let files = files.into_iter().map(|(file, _)| file).collect::<Vec<_>>();
        let message_files = of_messages
            .into_iter()
            .filter_map(|(file, message)| Some(message_file(file, message?)))
            .collect::<Vec<_>>();
        let visit_times = appointment.iter().map(|visit| (visit.starts_at, visit.zone.as_str()));
        let slot_times = slots.iter().map(|slot| (slot.starts_at, slot.zone.as_str()));
        let zones = ZoneNames::of(&zone, visit_times.chain(slot_times));
        let asked = [
            found.cancellation_requested_at.map(|at| ("cancellation-requested", at)),
            found.reschedule_requested_at.map(|at| ("reschedule-requested", at)),
        ]
        .into_iter()
        .flatten()
        .map(|(key, at)| {
            let moment = zones.with(locale, format::moment(locale, at, &zone), &zone);
            match key {
                "cancellation-requested" => t!(locale, "cancellation-requested", moment = moment),
                _ => t!(locale, "reschedule-requested", moment = moment),
            }
        })
        .collect::<Vec<_>>();
        let report = reports.first().map(|report| report.id.to_string());
        let times = step_times(&found, &milestones, appointment.as_ref(), locale, &zone);
        let has_conversation = actions.can_answer || !messages.is_empty();
        let parts = StoryParts {
            files,
            milestones,
            appointment,
            earlier,
            reports,
            report_files,
            follow_ups,
        };
        let (answer, answer_nonce) = (form("answer"), nonce());
        let has_slots = !slots.is_empty();
        Ok(view! {
            <Title text=format!("REQ-{}", found.number)/>
            <BackLink href="/portal/requests" label=t!(locale, "requests-title")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <RequestHeader request=found.clone() report times may_submit=may.submit now words=words.clone() locale/>
            {asked.into_iter().map(|text| view! { <p class="notice notice-warn">{text}</p> }).collect_view()}
            <div class="with-aside"><div class="stack">
                {has_slots.then(|| view! { <Slots slots id zones decline=form("decline") nonce=nonce() locale/> })}
                <section aria-labelledby="story"><h2 id="story">{t!(locale, "story-title")}</h2>
                    <RequestStory request=found.clone() parts now words zones zone=zone.clone() locale/></section>
                {actions.can_request_reschedule.then(|| view! { <RescheduleForm id form=form("reschedule") nonce=nonce() locale/> })}
                {actions.can_request_cancellation.then(|| view! { <CancellationForm id form=form("cancel") nonce=nonce() locale/> })}
                {actions.can_withdraw.then(|| view! { <WithdrawForm id locale/> })}
            </div>
            <aside class="stack">
                {has_conversation.then(|| view! {
                    <Conversation messages files=message_files needs_answer=found.waits_for_answer zone=zone.clone() zones locale>
                        {actions.can_answer.then(|| view! { <p class="help">{t!(locale, "message-readers")}</p><AnswerForm action="/portal/fn/answer-request".to_owned() form=answer request=id nonce=answer_nonce locale/> })}
                    </Conversation>
                })}
                <ContactCard contact=organisation_contact() locale/>
            </aside></div>
            {(actions.can_answer && !has_slots).then(|| view! { <p class="dock"><a class="button button-primary" href="#conversation"><Icon name="message"/>{t!(locale, "write-message")}</a></p> })}
        }
        .into_any())
    });
    view! { <AppFrame current="/portal/requests">{content}</AppFrame> }
}

fn message_file(file: PublicAttachment, message: MessageId) -> MessageFile {
    MessageFile {
        message,
        href: Some(format!("/portal/files/{}", file.id)),
        name: file.file_name,
        size_bytes: file.bytes,
        scan: file.scan,
    }
}

/// What is requested, the state with its explanation, the steps, and what can be done once it has ended.
#[component]
fn RequestHeader(
    request: PublicRequest,
    report: Option<String>,
    times: Vec<(Step, String)>,
    may_submit: bool,
    now: DateTime<Utc>,
    words: Arc<Terminology>,
    locale: Locale,
) -> impl IntoView {
    let (state, story) = (request.state(now), request.story(now));
    let explanation = words.request_state(state, locale).explanation;
    let title = request_title(&request, &words, locale);
    let has_ended = matches!(story.step(), Step::Done | Step::Rejected | Step::Cancelled);
    view! {
        <header class="title-row"><div class="page-title"><h1>{title}</h1>
                <p class="row quiet"><StateChip state words=words.clone() locale/><bdi>{request.location}</bdi><bdi class="mono">{format!("REQ-{}", request.number)}</bdi></p>
                <p class="lead">{explanation.into_owned()}</p></div>
            <p class="actions">
                {(has_ended && may_submit).then(|| view! { <a class="button" href=format!("/portal/requests/new?again={}", request.id)><Icon name="repeat"/>{t!(locale, "request-again")}</a> })}
                {report.map(|report| view! { <a class="button button-primary" href=format!("/portal/reports/{report}")><Icon name="file-text"/>{t!(locale, "open-report")}</a> })}
            </p></header>
        <div class="card stepper-card"><Stepper story state words times locale/></div>
    }
}

/// Asks dispatch for another time.
#[component]
fn RescheduleForm(id: RequestId, form: FormState, nonce: String, locale: Locale) -> impl IntoView {
    view! {
        <div id="another-time"><ConfirmAction label=t!(locale, "request-reschedule") consequence=t!(locale, "request-reschedule-consequence") open=form.has_typed_values()>
            <SubmitOnce>
            <form method="post" action=owned("/portal/fn/request-reschedule")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="request" value=id.to_string()/><input type="hidden" name="nonce" value=nonce/>
                <TextArea form field="answer" label=t!(locale, "request-reschedule-wish") help=t!(locale, "request-reschedule-help") rows=3/>
                <button class="button button-primary" type="submit">{t!(locale, "request-reschedule-now")}</button>
            </form>
            </SubmitOnce>
        </ConfirmAction></div>
    }
}

/// Asks dispatch to cancel the job of the request.
#[component]
fn CancellationForm(id: RequestId, form: FormState, nonce: String, locale: Locale) -> impl IntoView {
    view! {
        <div id="cancellation"><ConfirmAction label=t!(locale, "request-cancellation") consequence=t!(locale, "request-cancellation-consequence") open=form.has_typed_values()>
            <SubmitOnce>
            <form method="post" action=owned("/portal/fn/request-cancellation")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="request" value=id.to_string()/><input type="hidden" name="nonce" value=nonce/>
                <TextArea form field="answer" label=t!(locale, "request-cancellation-reason") rows=3/>
                <button class="button button-bad" type="submit">{t!(locale, "request-cancellation-now")}</button>
            </form>
            </SubmitOnce>
        </ConfirmAction></div>
    }
}

/// Withdraws a request that is not a job yet.
#[component]
fn WithdrawForm(id: RequestId, locale: Locale) -> impl IntoView {
    view! {
        <ConfirmAction label=t!(locale, "withdraw") consequence=t!(locale, "withdraw-consequence")>
            <form method="post" action=owned("/portal/fn/withdraw-request")><input type="hidden" name="request" value=id.to_string()/><button class="button button-bad" type="submit">{t!(locale, "withdraw-now")}</button></form>
        </ConfirmAction>
    }
}

/// Offered times, until when one can be chosen, and what to do if none of them suits.
#[component]
fn Slots(
    slots: Vec<SlotOption>,
    id: RequestId,
    zones: ZoneNames,
    decline: FormState,
    nonce: String,
    locale: Locale,
) -> impl IntoView {
    let offer = slots.first().map(|slot| slot.offer_id.to_string()).unwrap_or_default();
    let expires = slots
        .first()
        .map(|slot| zones.with(locale, format::moment(locale, slot.expires_at, &slot.zone), &slot.zone))
        .unwrap_or_default();
    view! {
        <section class="card choose-time" aria-labelledby="slots"><h2 id="slots">{t!(locale, "slots-title")}</h2>
            <p class="notice notice-warn"><Icon name="clock"/><span>{t!(locale, "slots-text", until = expires)}</span></p>
            <SlotChoice slots action="/portal/fn/choose-slot".to_owned() request=id zones locale/>
            <DeclineForm action="/portal/fn/decline-slots".to_owned() form=decline offer request=id nonce locale/>
        </section>
    }
}

//! The page of a request: progress, offered times, conversation and details.

use std::sync::Arc;

use domain::ids::{MessageId, RequestId};
use domain::locale::Locale;
use domain::public::{PublicAppointment, PublicAttachment, PublicReport, PublicRequest};
use domain::terminology::Terminology;
use leptos::prelude::*;
use ordinavo_core::intake::form_nonce;
use ordinavo_core::portal_access::pages;
use ordinavo_core::requests::model::SlotOption;
use ui::components::{ConfirmAction, Fact, ProblemNotice, StatusChip};
use ui::drafts::owned;
use ui::files::FileLink;
use ui::format;
use ui::format::ZoneNames;
use ui::forms::{ErrorSummary, FormState, TextArea};
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::requests::{AnswerForm, Conversation, DeclineForm, MessageFile, Progress, STEPS, SlotForm, preferred_windows};
use ui::title::Title;

use crate::follow_ups::open_work::FollowUpLines;
use crate::i18n::by_key;
use crate::shared::{DoneNotice, viewer_contact};
use crate::shell::AppFrame;
use crate::t;

#[component]
pub fn RequestPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let pages::RequestPage {
            request: found,
            messages,
            slots,
            files,
            appointment,
            reports,
            follow_ups,
            actions,
        } = pages::request(&request.core, &contact, request.id("id")?).await?;
        let id = found.id;
        let answer = FormState::new("answer", locale, request.flash.as_ref());
        let decline = FormState::new("decline", locale, request.flash.as_ref());
        let nonce = form_nonce(&request.core);
        let decline_nonce = form_nonce(&request.core);
        let cancel = FormState::new("cancel", locale, request.flash.as_ref());
        let cancel_nonce = form_nonce(&request.core);
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
        let cancellation_requested = found
            .cancellation_requested_at
            .map(|at| zones.with(locale, format::moment(locale, at, &zone), &zone));
        Ok(view! {
            <Title text=format!("REQ-{}", found.number)/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <RequestHeader request=found.clone() words locale/>
            {appointment.map(|visit| view! { <AppointmentNotice visit words=contact.terminology() zones locale/> })}
            {(!reports.is_empty()).then(|| view! { <ReportLinks reports zone=zone.clone() locale/> })}
            {(!follow_ups.is_empty()).then(|| view! { <section data-testid="request-follow-ups"><h2>{t!(locale, "follow-ups")}</h2><FollowUpLines items=follow_ups words=contact.terminology() locale/></section> })}
            {cancellation_requested.map(|at| view! { <p class="notice">{t!(locale, "cancellation-requested", moment = at)}</p> })}
            {found.rejection_reason.clone().map(|reason| view! { <section class="notice notice-warn"><h2>{t!(locale, "rejection-reason")}</h2><p class="prose" dir="auto">{reason}</p></section> })}
            {(!slots.is_empty()).then(|| view! { <Slots slots id zones decline=decline.clone() nonce=decline_nonce.clone() locale/> })}
            {(actions.can_answer || !messages.is_empty()).then(|| view! {
                <Conversation messages files=message_files needs_answer=found.waits_for_answer zone=zone.clone() zones locale>
                    {actions.can_answer.then(|| view! { <AnswerForm action="/portal/fn/answer-request".to_owned() form=answer request=id nonce locale/> })}
                </Conversation>
            })}
            <RequestDetails request=found files zone zones locale/>
            {actions.can_request_cancellation.then(|| view! { <CancellationForm id form=cancel nonce=cancel_nonce locale/> })}
            {actions.can_withdraw.then(|| view! { <WithdrawForm id locale/> })}
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

/// The service, the status with its explanation, and the progress.
#[component]
fn RequestHeader(request: PublicRequest, words: Arc<Terminology>, locale: Locale) -> impl IntoView {
    // What happens on site says more than that it is planned.
    let status = match request.begun_visit() {
        Some(visit) => words.visit(visit, locale),
        None => words.request(request.status, locale),
    };
    let explanation = status.explanation.clone();
    let service = words.service_type(request.service_type, locale);
    let has_progress = STEPS.contains(&request.status);
    view! {
        <header class="title-row"><h1>{service}</h1><StatusChip status/></header>
        <p class="lead">{explanation}</p>
        {has_progress.then(|| view! { <Progress status=request.status visit=request.visit words locale label=t!(locale, "progress")/> })}
    }
}

/// The link to the appointment of the request's job.
#[component]
fn AppointmentNotice(
    visit: PublicAppointment,
    words: Arc<Terminology>,
    zones: ZoneNames,
    locale: Locale,
) -> impl IntoView {
    let status = words.visit(visit.status, locale);
    let href = format!("/portal/appointments/{}", visit.id);
    let when = format!(
        "{} {}",
        format::date(locale, visit.starts_at, &visit.zone),
        zones.with(
            locale,
            format::span(visit.starts_at, visit.ends_at, &visit.zone),
            &visit.zone
        )
    );
    view! { <p class="notice"><a href=href>{t!(locale, "appointment")}": "<strong><bdi>{when}</bdi></strong></a>" "<StatusChip status/></p> }
}

/// The reports of the visits for the request.
#[component]
fn ReportLinks(reports: Vec<PublicReport>, zone: String, locale: Locale) -> impl IntoView {
    view! {
        <section aria-labelledby="request-reports"><h2 id="request-reports">{t!(locale, "request-reports")}</h2>
            <ul class="lines">{reports.into_iter().map(|report| view! {
                <li><a href=format!("/portal/reports/{}", report.id)><bdi>{report.title}</bdi></a><span class="quiet">{format::date(locale, report.published_at, &zone)}</span></li>
            }).collect_view()}</ul>
        </section>
    }
}

/// What the customer submitted.
#[component]
fn RequestDetails(
    request: PublicRequest,
    files: Vec<PublicAttachment>,
    zone: String,
    zones: ZoneNames,
    locale: Locale,
) -> impl IntoView {
    let windows = preferred_windows(locale, &request.windows);
    view! {
        <section class="card"><h2 data-source=request.source.name()>{by_key(locale, &format!("description-{}", request.source.name().replace('_', "-")))}</h2><p class="prose" dir="auto">{request.description}</p>
            <dl class="facts">
                <Fact name=t!(locale, "request-number")><bdi class="mono">{format!("REQ-{}", request.number)}</bdi></Fact>
                <Fact name=t!(locale, "location")><bdi>{request.location}</bdi></Fact>
                {(!windows.is_empty()).then(|| view! { <Fact name=t!(locale, "preferred")>{windows.into_iter().map(|window| view! { <div>{window}</div> }).collect_view()}</Fact> })}
                {request.preferred.map(|preferred| view! { <Fact name=t!(locale, "preferred")><bdi>{preferred}</bdi></Fact> })}
                {(!files.is_empty()).then(|| view! {
                    <Fact name=t!(locale, "request-files-sent")><ul class="files">{files.into_iter().map(|file| view! {
                        <li><FileLink locale scan=file.scan href=format!("/portal/files/{}", file.id) name=file.file_name size_bytes=file.bytes is_download=true/></li>
                    }).collect_view()}</ul></Fact>
                })}
                <Fact name=t!(locale, "submitted")>{zones.with(locale, format::moment(locale, request.submitted_at, &zone), &zone)}</Fact>
            </dl>
        </section>
    }
}

/// Asks dispatch to cancel the job of the request.
#[component]
fn CancellationForm(id: RequestId, form: FormState, nonce: String, locale: Locale) -> impl IntoView {
    view! {
        <ConfirmAction label=t!(locale, "request-cancellation") consequence=t!(locale, "request-cancellation-consequence") open=form.has_typed_values()>
            <SubmitOnce>
            <form method="post" action=owned("/portal/fn/request-cancellation")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="request" value=id.to_string()/><input type="hidden" name="nonce" value=nonce/>
                <TextArea form field="answer" label=t!(locale, "request-cancellation-reason") rows=3/>
                <button class="button button-bad" type="submit">{t!(locale, "request-cancellation-now")}</button>
            </form>
            </SubmitOnce>
        </ConfirmAction>
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

/// Offered times; a time that is no longer available is disabled.
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
        <section class="card" aria-labelledby="slots"><h2 id="slots">{t!(locale, "slots-title")}</h2>
            <p>{t!(locale, "slots-text", until = expires)}</p>
            <SubmitOnce>
            {slots.into_iter().map(|slot| view! { <SlotForm option=slot action="/portal/fn/choose-slot".to_owned() request=id button_class="button" zones locale/> }).collect_view()}
            </SubmitOnce>
            <DeclineForm action="/portal/fn/decline-slots".to_owned() form=decline offer request=id nonce locale/>
        </section>
    }
}

//! Requests: list, new request and details.

use domain::fields::FieldCode;
use std::sync::Arc;

use domain::ids::RequestId;
use domain::intake::MAX_FILES;
use domain::locale::Locale;
use domain::public::PublicRequest;
use domain::requests::{RequestStatus, ServiceType};
use domain::terminology::Terminology;
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::intake::form_nonce;
use ordinavo_core::portal_access::pages;
use ordinavo_core::portal_access::pages::{MAX_DESCRIPTION_CHARS, RequestForm};
use ordinavo_core::requests::model::SlotOption;
use ordinavo_core::requests::slot_offers;
use ordinavo_core::{Core, CoreError};
use ui::actions::{FormSubmission, Redirect, run_action};
use ui::components::{ConfirmAction, EmptyState, Fact, Pager, ProblemNotice, StatusChip};
use ui::format;
use ui::forms::{CheckField, ErrorSummary, FilesField, FormState, SelectField, TextArea, TextField};
use ui::icons::Icon;
use ui::islands::SendOnce;
use ui::page::{cursor, page};
use ui::title::Title;
use ui::uploads;

use super::{DoneNotice, viewer_contact};
use crate::i18n::by_key;
use crate::islands::CharacterCounter;
use crate::shell::AppFrame;
use crate::t;

#[component]
pub fn RequestLines(
    requests: Vec<PublicRequest>,
    words: Arc<Terminology>,
    locale: Locale,
    zone: String,
) -> impl IntoView {
    let empty = requests.is_empty();
    view! {
        {empty.then(|| view! { <EmptyState icon="inbox" title=t!(locale, "no-requests") text=t!(locale, "no-requests-text")/> })}
        <ul class="lines lines-tall">{requests.into_iter().map(|request| view! {
            <li><a href=format!("/portal/requests/{}", request.id)><strong>{words.service_type(request.service_type, locale)}</strong>" "<bdi class="mono quiet">{format!("REQ-{}", request.number)}</bdi></a>
                <StatusChip status=words.request(request.status, locale)/>
                <span class="quiet"><bdi>{request.location}</bdi>" · "{format::date(locale, request.submitted_at, &zone)}</span></li>
        }).collect_view()}</ul>
    }
}

#[component]
pub fn RequestsPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let found = pages::requests(&request.core, &contact, request.cursor("before")).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/portal/requests?before={}", cursor(row.submitted_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| "/portal/requests".to_owned());
        Ok(view! {
            <Title text=t!(locale, "requests-title")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <div class="title-row"><h1>{t!(locale, "requests-title")}</h1><a class="button button-primary" href="/portal/requests/new"><Icon name="plus"/>{t!(locale, "new-request")}</a></div>
            <RequestLines requests=found.rows words=contact.terminology() locale zone=contact.zone().to_owned()/>
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/portal/requests">{content}</AppFrame> }
}

#[component]
pub fn NewRequestPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let locations = pages::locations(&request.core, &contact).await?;
        let has_no_locations = locations.is_empty();
        let form = FormState::new("request", locale, request.flash.as_ref());
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
        let only = if location_choices.len() == 1 {
            location_choices[0].0.clone()
        } else {
            String::new()
        };
        let words = contact.terminology();
        let services = ServiceType::ALL
            .iter()
            .map(|service| (service.name().to_owned(), words.service_type(*service, locale)))
            .collect();
        let parts: Vec<(String, String)> = ["all_day", "morning", "afternoon"]
            .into_iter()
            .map(|part| (part.to_owned(), by_key(locale, &format!("part-{part}"))))
            .collect();
        let described = form.clone();
        let nonce = form.value("nonce", &form_nonce(&request.core));
        Ok(view! {
            <Title text=t!(locale, "request-title")/>
            <h1>{t!(locale, "request-title")}</h1>
            <p class="lead">{t!(locale, "request-intro")}</p>
            {has_no_locations.then(|| view! { <p class="notice notice-warn">{t!(locale, "request-no-locations")}</p> })}
            {(!has_no_locations).then(|| view! {
                <SendOnce>
                <form class="card" method="post" action="/portal/fn/submit-request" enctype="multipart/form-data">
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="nonce" value=nonce/>
                    <SelectField form=form.clone() field="location" label=t!(locale, "request-location") choices=location_choices value=only/>
                    <SelectField form=form.clone() field="service_type" label=t!(locale, "request-service") choices=services/>
                    <CharacterCounter max_length=MAX_DESCRIPTION_CHARS><TextArea form=described field="description" label=t!(locale, "request-description") help=t!(locale, "request-description-help") rows=6/></CharacterCounter>
                    <CheckField form=form.clone() field="urgent" label=t!(locale, "request-urgent") help=t!(locale, "request-urgent-help")/>
                    <fieldset class="group"><legend>{t!(locale, "request-when")}</legend>
                        <div class="pair"><TextField form=form.clone() field="date_1" kind="date" label=t!(locale, "request-day") optional=true/><SelectField form=form.clone() field="part_1" label=t!(locale, "request-part") choices=parts.clone() value="all_day"/></div>
                        <div class="pair"><TextField form=form.clone() field="date_2" kind="date" label=t!(locale, "request-other-day") optional=true/><SelectField form=form.clone() field="part_2" label=t!(locale, "request-part") choices=parts.clone() value="all_day"/></div>
                        <TextField form=form.clone() field="preferred" label=t!(locale, "request-preferred") help=t!(locale, "request-preferred-help") optional=true/>
                    </fieldset>
                    <FilesField form=form.clone() field="files" label=t!(locale, "request-files") help=t!(locale, "request-files-help") accept="image/jpeg,image/png,image/webp,application/pdf"/>
                    <button class="button button-primary" type="submit">{t!(locale, "request-submit")}</button>
                </form>
                </SendOnce>
            })}
        }
        .into_any())
    });
    view! { <AppFrame current="/portal/requests">{content}</AppFrame> }
}

#[component]
pub fn RequestPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let found = pages::request(&request.core, &contact, request.id("id")?).await?;
        let (messages, may_answer) = pages::conversation(&request.core, &contact, found.id).await?;
        let slots = pages::slots(&request.core, &contact, found.id).await?;
        let (files, visit) = pages::request_details(&request.core, &contact, found.id).await?;
        let visit = visit.map(|visit| {
            (
                format!("/portal/appointments/{}", visit.id),
                format!(
                    "{} {}",
                    format::date(locale, visit.starts_at, &visit.zone),
                    format::span(visit.starts_at, visit.ends_at, &visit.zone)
                ),
            )
        });
        let answer = FormState::new("answer", locale, request.flash.as_ref());
        let nonce = form_nonce(&request.core);
        let windows: Vec<String> = found
            .windows
            .iter()
            .map(|window| {
                format!(
                    "{}, {}",
                    format::day(locale, window.date),
                    by_key(locale, &format!("part-{}", window.part.name()))
                )
            })
            .collect();
        let zone = contact.zone().to_owned();
        let words = contact.terminology();
        let status = words.request(found.status, locale);
        let explanation = status.explanation.clone();
        let (may_withdraw, may_ask) = (found.may_withdraw, found.may_ask_to_cancel);
        let cancellation_requested = found.cancel_asked_at.map(|at| format::moment(locale, at, &zone));
        let cancel = FormState::new("cancel", locale, request.flash.as_ref());
        let cancel_nonce = form_nonce(&request.core);
        let id = found.id;
        Ok(view! {
            <Title text=format!("REQ-{}", found.number)/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <header class="title-row"><h1>{words.service_type(found.service_type, locale)}</h1><StatusChip status/></header>
            <p class="lead">{explanation}</p>
            <Progress status=found.status words locale/>
            {visit.map(|(href, when)| view! { <p class="notice"><a href=href>{t!(locale, "appointment")}": "<strong><bdi>{when}</bdi></strong></a></p> })}
            {cancellation_requested.map(|at| view! { <p class="notice">{t!(locale, "cancellation-requested", moment = at)}</p> })}
            {found.rejection_reason.map(|reason| view! { <section class="notice notice-warn"><h2>{t!(locale, "rejection-reason")}</h2><p class="prose" dir="auto">{reason}</p></section> })}
            {(!slots.is_empty()).then(|| view! { <Slots slots id locale/> })}
            {(may_answer || !messages.is_empty()).then(|| view! {
                <section class="card" aria-labelledby="conversation"><h2 id="conversation">{t!(locale, "messages")}</h2>
                    {found.waits_for_answer.then(|| view! { <p class="notice notice-warn">{t!(locale, "answer-needed")}</p> })}
                    <ol class="conversation">{messages.into_iter().map(|message| {
                        let sender = if message.is_own { t!(locale, "sender-you") } else { t!(locale, "sender-team") };
                        view! { <li class:own=message.is_own><p class="quiet small">{sender}" · "{format::moment(locale, message.created_at, &zone)}</p><p class="prose" dir="auto">{message.text}</p></li> }
                    }).collect_view()}</ol>
                    {may_answer.then(|| view! {
                        <SendOnce>
                        <form method="post" action="/portal/fn/answer-request">
                            <ErrorSummary form=answer.clone()/>
                            <input type="hidden" name="request" value=id.to_string()/><input type="hidden" name="nonce" value=nonce/>
                            <TextArea form=answer field="answer" label=t!(locale, "answer") rows=3/>
                            <button class="button button-primary" type="submit">{t!(locale, "send-answer")}</button>
                        </form>
                        </SendOnce>
                    })}
                </section>
            })}
            <section class="card"><h2>{t!(locale, "description")}</h2><p class="prose" dir="auto">{found.description}</p>
                <dl class="facts">
                    <Fact name=t!(locale, "request-number")><bdi class="mono">{format!("REQ-{}", found.number)}</bdi></Fact>
                    <Fact name=t!(locale, "location")><bdi>{found.location}</bdi></Fact>
                    {(!windows.is_empty()).then(|| view! { <Fact name=t!(locale, "preferred")>{windows.into_iter().map(|window| view! { <div>{window}</div> }).collect_view()}</Fact> })}
                    {found.preferred.map(|preferred| view! { <Fact name=t!(locale, "preferred")><bdi>{preferred}</bdi></Fact> })}
                    {(!files.is_empty()).then(|| view! {
                        <Fact name=t!(locale, "request-files-sent")><ul class="files">{files.into_iter().map(|file| view! {
                            <li><a href=format!("/portal/files/{}", file.id) download=true><Icon name="download"/><bdi>{file.file_name}</bdi></a><span class="quiet">{format::size(locale, file.bytes)}</span></li>
                        }).collect_view()}</ul></Fact>
                    })}
                    <Fact name=t!(locale, "submitted")>{format::moment(locale, found.submitted_at, contact.zone())}</Fact>
                </dl>
            </section>
            {may_ask.then(|| view! {
                <ConfirmAction label=t!(locale, "request-cancellation") consequence=t!(locale, "request-cancellation-consequence") open=cancel.was_rejected()>
                    <SendOnce>
                    <form method="post" action="/portal/fn/ask-to-cancel">
                        <ErrorSummary form=cancel.clone()/>
                        <input type="hidden" name="request" value=id.to_string()/><input type="hidden" name="nonce" value=cancel_nonce/>
                        <TextArea form=cancel field="answer" label=t!(locale, "request-cancellation-reason") rows=3/>
                        <button class="button button-bad" type="submit">{t!(locale, "request-cancellation-now")}</button>
                    </form>
                    </SendOnce>
                </ConfirmAction>
            })}
            {may_withdraw.then(|| view! {
                <ConfirmAction label=t!(locale, "withdraw") consequence=t!(locale, "withdraw-consequence")>
                    <form method="post" action="/portal/fn/withdraw-request"><input type="hidden" name="request" value=id.to_string()/><button class="button button-bad" type="submit">{t!(locale, "withdraw-now")}</button></form>
                </ConfirmAction>
            })}
        }
        .into_any())
    });
    view! { <AppFrame current="/portal/requests">{content}</AppFrame> }
}

/// Offered times; a time that is no longer available is disabled.
#[component]
fn Slots(slots: Vec<SlotOption>, id: RequestId, locale: Locale) -> impl IntoView {
    let expires = slots
        .first()
        .map(|slot| format::moment(locale, slot.expires_at, &slot.zone))
        .unwrap_or_default();
    view! {
        <section class="card" aria-labelledby="slots"><h2 id="slots">{t!(locale, "slots-title")}</h2>
            <p>{t!(locale, "slots-text", until = expires)}</p>
            <SendOnce>
            {slots.into_iter().map(|slot| {
                let when = format!("{} {}", format::date(locale, slot.starts_at, &slot.zone), format::span(slot.starts_at, slot.ends_at, &slot.zone));
                view! {
                    <form method="post" action="/portal/fn/choose-slot">
                        <input type="hidden" name="request" value=id.to_string()/><input type="hidden" name="offer" value=slot.offer_id.to_string()/><input type="hidden" name="position" value=slot.position.to_string()/>
                        <button class="button" type="submit" disabled=slot.is_gone><bdi>{when}</bdi>{slot.is_gone.then(|| format!(" · {}", t!(locale, "slot-unavailable")))}</button>
                    </form>
                }
            }).collect_view()}
            </SendOnce>
        </section>
    }
}

#[server(prefix = "/portal/fn", endpoint = "choose-slot")]
pub async fn choose_slot(
    #[server(default)] request: String,
    #[server(default)] offer: String,
    #[server(default)] position: String,
) -> Result<(), ServerFnError> {
    let back = format!("/portal/requests/{request}");
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, contact: Contact| {
        let id: RequestId = request.parse().map_err(|_| CoreError::not_found())?;
        slot_offers::choose_in_portal(&core, &contact, id, &offer, &position).await?;
        Ok(Redirect::to(back, "done-appointment-chosen"))
    })
    .await
}

/// The progress of a request in four steps.
#[component]
fn Progress(status: RequestStatus, words: Arc<Terminology>, locale: Locale) -> impl IntoView {
    const STEPS: [RequestStatus; 4] = [
        RequestStatus::Submitted,
        RequestStatus::InReview,
        RequestStatus::Accepted,
        RequestStatus::Planned,
    ];
    let reached = STEPS.iter().position(|step| *step == status);
    reached.map(|reached| {
        view! {
            <ol class="steps" aria-label=t!(locale, "progress")>{STEPS.into_iter().enumerate().map(|(index, step)| {
                let here = (index == reached).then_some("step");
                view! { <li class:steps-done={index <= reached} aria-current=here>{words.request(step, locale).label}</li> }
            }).collect_view()}</ol>
        }
    })
}

#[server(prefix = "/portal/fn", endpoint = "submit-request", input = MultipartFormData)]
pub async fn submit_request(data: MultipartData) -> Result<(), ServerFnError> {
    const STORED_FIELDS: [&str; 10] = [
        "location",
        "service_type",
        "description",
        "preferred",
        "urgent",
        "date_1",
        "part_1",
        "date_2",
        "part_2",
        "nonce",
    ];
    let mut parts = uploads::read(data, "files", MAX_FILES).await;
    let files = std::mem::take(&mut parts.files);
    let values: Vec<(&str, &str)> = STORED_FIELDS
        .into_iter()
        .filter_map(|name| Some((name, parts.fields.get(name)?.as_str())))
        .collect();
    let submission = FormSubmission {
        form: "request",
        values: &values,
        back: "/portal/requests/new".to_owned(),
    };
    let input = RequestForm {
        location: parts.text("location"),
        service_type: parts.text("service_type"),
        description: parts.text("description"),
        preferred: parts.text("preferred"),
        windows: vec![
            (parts.text("date_1"), parts.text("part_1")),
            (parts.text("date_2"), parts.text("part_2")),
        ],
        urgent: parts.fields.contains_key("urgent"),
        nonce: parts.text("nonce"),
    };
    let incomplete = parts.is_incomplete;
    run_action(submission, async |core: Core, contact: Contact| {
        if incomplete {
            return Err(CoreError::field(
                "files",
                FieldCode::UploadTooLarge { max_megabytes: 25 },
            ));
        }
        let id = pages::submit_request(&core, &contact, &input, files).await?;
        Ok(Redirect::to(format!("/portal/requests/{id}"), "done-request-submitted"))
    })
    .await
}

#[server(prefix = "/portal/fn", endpoint = "answer-request")]
pub async fn answer_request(
    #[server(default)] request: String,
    #[server(default)] answer: String,
    #[server(default)] nonce: String,
) -> Result<(), ServerFnError> {
    let back = format!("/portal/requests/{request}");
    let submission = FormSubmission {
        form: "answer",
        values: &[("answer", &answer)],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, contact: Contact| {
        let id: RequestId = request.parse().map_err(|_| CoreError::not_found())?;
        pages::answer(&core, &contact, id, &answer, &nonce).await?;
        Ok(Redirect::to(back, "done-answered"))
    })
    .await
}

#[server(prefix = "/portal/fn", endpoint = "ask-to-cancel")]
pub async fn ask_to_cancel(
    #[server(default)] request: String,
    #[server(default)] answer: String,
    #[server(default)] nonce: String,
) -> Result<(), ServerFnError> {
    let back = format!("/portal/requests/{request}");
    let submission = FormSubmission {
        form: "cancel",
        values: &[("answer", &answer)],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, contact: Contact| {
        let id: RequestId = request.parse().map_err(|_| CoreError::not_found())?;
        pages::ask_to_cancel(&core, &contact, id, &answer, &nonce).await?;
        Ok(Redirect::to(back, "done-cancellation-requested"))
    })
    .await
}

#[server(prefix = "/portal/fn", endpoint = "withdraw-request")]
pub async fn withdraw_request(#[server(default)] request: String) -> Result<(), ServerFnError> {
    let back = format!("/portal/requests/{request}");
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, contact: Contact| {
        let id: RequestId = request.parse().map_err(|_| CoreError::not_found())?;
        pages::withdraw_request(&core, &contact, id).await?;
        Ok(Redirect::to(back, "done-request-withdrawn"))
    })
    .await
}

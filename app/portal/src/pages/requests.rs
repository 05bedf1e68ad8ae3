//! Requests: the own ones, a new one, and what became of one.

use domain::ids::RequestId;
use domain::locale::Locale;
use domain::public::PublicRequest;
use domain::public_language;
use domain::requests::{RequestStatus, ServiceType};
use leptos::prelude::*;
use leptos_meta::Title;
use ordinavo_core::actors::Contact;
use ordinavo_core::services::portal::{self, MOST_DESCRIPTION, RequestForm};
use ordinavo_core::{Core, CoreError};
use ui::acts::{Next, Sent, act};
use ui::format;
use ui::forms::{ErrorSummary, FormState, SelectField, TextArea, TextField};
use ui::icons::Icon;
use ui::islands::SendOnce;
use ui::load::{page, place};
use ui::parts::{Empty, Fact, Pager, ProblemNotice, StatusChip, Weighty};

use super::{DoneNotice, viewer_contact};
use crate::islands::RoomLeft;
use crate::shell::Framed;
use crate::t;

/// Requests, one a line.
#[component]
pub fn RequestLines(requests: Vec<PublicRequest>, locale: Locale, zone: String) -> impl IntoView {
    let empty = requests.is_empty();
    view! {
        {empty.then(|| view! { <Empty icon="inbox" title=t!(locale, "no-requests") text=t!(locale, "no-requests-text")/> })}
        <ul class="lines lines-tall">{requests.into_iter().map(|request| view! {
            <li><a href=format!("/portal/requests/{}", request.id)><strong>{public_language::service_type(request.service_type, locale)}</strong>" "<bdi class="mono quiet">{format!("REQ-{}", request.number)}</bdi></a>
                <StatusChip status=public_language::request(request.status, locale)/>
                <span class="quiet"><bdi>{request.location}</bdi>" · "{format::date(locale, request.submitted_at, &zone)}</span></li>
        }).collect_view()}</ul>
    }
}

/// `/portal/requests`.
#[component]
pub fn RequestsPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let found = portal::requests(&request.core, &contact, request.place("before")).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/portal/requests?before={}", place(row.submitted_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| "/portal/requests".to_owned());
        Ok(view! {
            <Title text=t!(locale, "my-requests")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <div class="title-row"><h1>{t!(locale, "my-requests")}</h1><a class="button button-primary" href="/portal/requests/new"><Icon name="plus"/>{t!(locale, "new-request")}</a></div>
            <RequestLines requests=found.rows locale zone=contact.zone().to_owned()/>
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <Framed current="/portal/requests">{content}</Framed> }
}

/// `/portal/requests/new`.
#[component]
pub fn NewRequestPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let locations = portal::locations(&request.core, &contact).await?;
        let nowhere = locations.is_empty();
        let form = FormState::new("request", locale, request.flash.as_ref());
        let places: Vec<_> = locations
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
        let only = if places.len() == 1 {
            places[0].0.clone()
        } else {
            String::new()
        };
        let services = ServiceType::ALL
            .iter()
            .map(|service| {
                (
                    service.name().to_owned(),
                    public_language::service_type(*service, locale).to_owned(),
                )
            })
            .collect();
        let described = form.clone();
        let nonce = form.value("nonce", &portal::form_nonce(&request.core));
        Ok(view! {
            <Title text=t!(locale, "request-title")/>
            <h1>{t!(locale, "request-title")}</h1>
            <p class="lead">{t!(locale, "request-intro")}</p>
            {nowhere.then(|| view! { <p class="notice notice-warn">{t!(locale, "request-nowhere")}</p> })}
            {(!nowhere).then(|| view! {
                <SendOnce>
                <form class="card" method="post" action="/portal/fn/submit-request">
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="nonce" value=nonce/>
                    <SelectField form=form.clone() field="location" label=t!(locale, "request-location") choices=places value=only/>
                    <SelectField form=form.clone() field="service_type" label=t!(locale, "request-service") choices=services/>
                    <RoomLeft most=MOST_DESCRIPTION><TextArea form=described field="description" label=t!(locale, "request-description") help=t!(locale, "request-description-help") rows=6/></RoomLeft>
                    <TextField form=form.clone() field="preferred" label=t!(locale, "request-preferred") help=t!(locale, "request-preferred-help") optional=true/>
                    <button class="button button-primary" type="submit">{t!(locale, "request-send")}</button>
                </form>
                </SendOnce>
            })}
        }
        .into_any())
    });
    view! { <Framed current="/portal/requests">{content}</Framed> }
}

/// `/portal/requests/{id}`.
#[component]
pub fn RequestPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let found = portal::request(&request.core, &contact, request.id("id")?).await?;
        let status = public_language::request(found.status, locale);
        let may_withdraw = matches!(
            found.status,
            RequestStatus::Submitted | RequestStatus::InReview | RequestStatus::Accepted
        );
        let id = found.id;
        Ok(view! {
            <Title text=format!("REQ-{}", found.number)/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <header class="title-row"><h1>{public_language::service_type(found.service_type, locale)}</h1><StatusChip status/></header>
            <p class="lead">{status.explanation}</p>
            <Progress status=found.status locale/>
            {found.rejection_reason.map(|reason| view! { <section class="notice notice-warn"><h2>{t!(locale, "rejection")}</h2><p class="prose" dir="auto">{reason}</p></section> })}
            <section class="card"><h2>{t!(locale, "description")}</h2><p class="prose" dir="auto">{found.description}</p>
                <dl class="facts">
                    <Fact name=t!(locale, "request")><bdi class="mono">{format!("REQ-{}", found.number)}</bdi></Fact>
                    <Fact name=t!(locale, "location")><bdi>{found.location}</bdi></Fact>
                    {found.preferred.map(|preferred| view! { <Fact name=t!(locale, "preferred")><bdi>{preferred}</bdi></Fact> })}
                    <Fact name=t!(locale, "submitted")>{format::moment(locale, found.submitted_at, contact.zone())}</Fact>
                </dl>
            </section>
            {may_withdraw.then(|| view! {
                <Weighty label=t!(locale, "withdraw") consequence=t!(locale, "withdraw-consequence")>
                    <form method="post" action="/portal/fn/withdraw-request"><input type="hidden" name="request" value=id.to_string()/><button class="button button-bad" type="submit">{t!(locale, "withdraw-now")}</button></form>
                </Weighty>
            })}
        }
        .into_any())
    });
    view! { <Framed current="/portal/requests">{content}</Framed> }
}

/// How far a request has come: the four steps of the usual way.
#[component]
fn Progress(status: RequestStatus, locale: Locale) -> impl IntoView {
    const WAY: [RequestStatus; 4] = [
        RequestStatus::Submitted,
        RequestStatus::InReview,
        RequestStatus::Accepted,
        RequestStatus::Planned,
    ];
    let reached = WAY.iter().position(|step| *step == status);
    reached.map(|reached| {
        view! {
            <ol class="steps" aria-label=t!(locale, "progress")>{WAY.into_iter().enumerate().map(|(index, step)| {
                let here = (index == reached).then_some("step");
                view! { <li class:steps-done={index <= reached} aria-current=here>{public_language::request(step, locale).label}</li> }
            }).collect_view()}</ol>
        }
    })
}

#[server(prefix = "/portal/fn", endpoint = "submit-request")]
pub async fn submit_request(
    #[server(default)] location: String,
    #[server(default)] service_type: String,
    #[server(default)] description: String,
    #[server(default)] preferred: String,
    #[server(default)] nonce: String,
) -> Result<(), ServerFnError> {
    let values = [
        ("location", location.as_str()),
        ("service_type", &service_type),
        ("description", &description),
        ("preferred", &preferred),
        ("nonce", &nonce),
    ];
    let sent = Sent {
        form: "request",
        values: &values,
        back: "/portal/requests/new".to_owned(),
    };
    let input = RequestForm {
        location: location.clone(),
        service_type: service_type.clone(),
        description: description.clone(),
        preferred: preferred.clone(),
        nonce: nonce.clone(),
    };
    act(sent, async |core: Core, contact: Contact| {
        let id = portal::submit_request(&core, &contact, &input).await?;
        Ok(Next::to(format!("/portal/requests/{id}"), "done-requested"))
    })
    .await
}

#[server(prefix = "/portal/fn", endpoint = "withdraw-request")]
pub async fn withdraw_request(#[server(default)] request: String) -> Result<(), ServerFnError> {
    let back = format!("/portal/requests/{request}");
    let sent = Sent {
        form: "",
        values: &[],
        back: back.clone(),
    };
    act(sent, async |core: Core, contact: Contact| {
        let id: RequestId = request.parse().map_err(|_| CoreError::not_found())?;
        portal::withdraw_request(&core, &contact, id).await?;
        Ok(Next::to(back, "done-withdrawn"))
    })
    .await
}

//! The review queue: what waits on one side, the request on the other.

use domain::ids::RequestId;
use domain::permissions::{ReviewRequests, ViewOperations};
use domain::public_language::{self, Tone};
use domain::requests::RequestStatus;
use leptos::prelude::*;
use leptos_meta::Title;
use ordinavo_core::actors::Staff;
use ordinavo_core::services::requests::{self, Inbox};
use ordinavo_core::{Core, CoreResult};
use ui::acts::{Next, Sent, act};
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextArea};
use ui::islands::SendOnce;
use ui::load::{PageRequest, page, place};
use ui::parts::{Chip, Empty, Fact, Identifier, OutwardBox, Pager, PriorityMark, ProblemNotice, StatusChip, Weighty};
use ui::words::shared;

use super::{DoneNotice, address_line, service_words, viewer_staff};
use crate::islands::ListKeys;
use crate::shell::Framed;
use crate::t;
use crate::words::by_key;

/// `/app/inbox`.
#[component]
pub fn InboxPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let inbox = read(&request, &staff).await?;
        Ok(view! {
            <Title text=t!(locale, "inbox-title")/>
            <div class="split">
                <QueueList inbox request=&request current=None/>
                <section class="split-detail split-hint">
                    <DoneNotice locale flash=request.flash.clone()/>
                    <Empty icon="inbox" title=t!(locale, "inbox-pick") text=t!(locale, "inbox-pick-text")/>
                </section>
            </div>
        }
        .into_any())
    });
    view! { <Framed current="/app/inbox">{content}</Framed> }
}

async fn read(request: &PageRequest, staff: &Staff) -> CoreResult<Inbox> {
    requests::inbox(
        &request.core,
        staff.may::<ViewOperations>()?,
        request.place("requests"),
        request.place("jobs"),
    )
    .await
}

/// The list of what waits: requests, then jobs without an appointment.
#[component]
fn QueueList<'a>(inbox: Inbox, request: &'a PageRequest, current: Option<RequestId>) -> impl IntoView + use<> {
    let locale = request.viewer.locale;
    let now = request.viewer.now;
    let more_requests = inbox
        .requests
        .rows
        .last()
        .filter(|_| inbox.requests.has_more)
        .map(|row| format!("/app/inbox?requests={}", place(row.submitted_at, row.id)));
    let more_targets = inbox
        .targets
        .rows
        .last()
        .filter(|_| inbox.targets.has_more)
        .map(|row| format!("/app/inbox?jobs={}", place(row.created_at, row.id)));
    let first_requests = (!request.query("requests").is_empty()).then(|| "/app/inbox".to_owned());
    let first_targets = (!request.query("jobs").is_empty()).then(|| "/app/inbox".to_owned());
    let no_requests = inbox.requests.rows.is_empty();
    let no_targets = inbox.targets.rows.is_empty();
    view! {
        <div class="split-list" class:split-list-behind=current.is_some()>
            <h1>{t!(locale, "inbox-title")}</h1>
            <ListKeys rows=".queue a".to_owned()/>
            <section aria-labelledby="queue-requests">
                <h2 id="queue-requests">{t!(locale, "inbox-requests")}<span class="count">{inbox.waiting_requests}</span></h2>
                {no_requests.then(|| view! { <Empty title=t!(locale, "inbox-empty-requests") text=t!(locale, "inbox-empty-requests-text")/> })}
                <ul class="queue">
                    {inbox.requests.rows.into_iter().map(|row| {
                        let here = (current == Some(row.id.0)).then_some("true");
                        view! {
                            <li><a href=format!("/app/inbox/{}", row.id) aria-current=here>
                                <span class="queue-top"><strong>{service_words(locale, Some(row.service_type.name()))}</strong><span class="quiet">{format::age(locale, row.submitted_at, now)}</span></span>
                                <span class="queue-what" dir="auto">{row.description}</span>
                                <span class="queue-meta"><StatusChip status=public_language::request(row.status, locale)/><PriorityMark priority=row.priority locale/>
                                    <span class="quiet"><bdi>{row.customer_name}</bdi>" · "<bdi>{row.location_name}</bdi>" · "{by_key(locale, &format!("channel-{}", row.channel.name()))}</span></span>
                            </a></li>
                        }
                    }).collect_view()}
                </ul>
                <Pager locale next=more_requests first=first_requests/>
            </section>
            <section aria-labelledby="queue-targets">
                <h2 id="queue-targets">{t!(locale, "inbox-targets")}<span class="count">{inbox.waiting_targets}</span></h2>
                {no_targets.then(|| view! { <Empty title=t!(locale, "inbox-empty-targets") text=t!(locale, "inbox-empty-targets-text")/> })}
                <ul class="queue">
                    {inbox.targets.rows.into_iter().map(|row| view! {
                        <li><a href=format!("/app/targets/{}", row.id)>
                            <span class="queue-top"><strong>{service_words(locale, row.service_type.as_deref())}" "<bdi class="mono">{format!("TGT-{}", row.number)}</bdi></strong><span class="quiet">{format::age(locale, row.created_at, now)}</span></span>
                            <span class="queue-meta">
                                {row.needs_mapping.then(|| view! { <Chip label=t!(locale, "needs-mapping") tone=Tone::Bad/> })}
                                <PriorityMark priority=row.priority locale/>
                                <span class="quiet"><bdi>{row.customer_name}</bdi>" · "<bdi>{row.location_name.or(row.location_city)}</bdi>" "<bdi class="mono">{row.external_id}</bdi></span>
                            </span>
                        </a></li>
                    }).collect_view()}
                </ul>
                <Pager locale next=more_targets first=first_targets/>
            </section>
        </div>
    }
}

/// `/app/inbox/{id}`.
#[component]
pub fn RequestPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: RequestId = request.id("id")?;
        let found = requests::page(&request.core, staff.may::<ViewOperations>()?, id).await?;
        let inbox = read(&request, &staff).await?;
        let item = found.request;
        let zone = item.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
        let may_review = staff.has::<ReviewRequests>();
        let status = public_language::request(item.status, locale);
        let form = FormState::new("reject", locale, request.flash.as_ref());
        let reject_open = form.came_back();
        let can_start = may_review && item.status == RequestStatus::Submitted;
        let can_decide = may_review && matches!(item.status, RequestStatus::Submitted | RequestStatus::InReview);
        let can_convert = may_review && item.status == RequestStatus::Accepted && item.target_id.is_none();
        let address = address_line(
            item.street.as_deref(),
            item.postal_code.as_deref(),
            item.city.as_deref(),
        );
        let title = format!("REQ-{}", item.number);
        Ok(view! {
            <Title text=title.clone()/>
            <div class="split">
                <QueueList inbox request=&request current=Some(id)/>
                <article class="split-detail">
                    <DoneNotice locale flash=request.flash.clone()/>
                    <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
                    <header class="title-row">
                        <h1><bdi class="mono">{title}</bdi>" "{service_words(locale, Some(item.service_type.name()))}</h1>
                        <StatusChip status/>
                        <PriorityMark priority=item.priority locale/>
                    </header>
                    <p class="lead"><a href=format!("/app/customers/{}", item.customer_id)><bdi>{item.customer_name}</bdi></a>" · "<bdi>{item.location_name.clone().unwrap_or_else(|| t!(locale, "no-location"))}</bdi></p>
                    <SendOnce>
                    <div class="actions">
                        {can_decide.then(|| view! { <form method="post" action="/app/fn/accept-request"><input type="hidden" name="request" value=id.to_string()/><button class="button button-primary" type="submit">{t!(locale, "accept")}</button></form> })}
                        {can_start.then(|| view! { <form method="post" action="/app/fn/start-review"><input type="hidden" name="request" value=id.to_string()/><button class="button" type="submit">{t!(locale, "start-review")}</button></form> })}
                        {can_convert.then(|| view! { <form method="post" action="/app/fn/convert-request"><input type="hidden" name="request" value=id.to_string()/><button class="button button-primary" type="submit">{t!(locale, "convert")}</button></form> })}
                        {item.target_id.map(|target| view! { <a class="button button-primary" href=format!("/app/targets/{target}")>{t!(locale, "open-job")}</a> })}
                    </div>
                    </SendOnce>
                    {can_decide.then(|| view! {
                        <Weighty label=t!(locale, "reject") consequence=t!(locale, "reject-consequence") open=reject_open>
                            <form method="post" action="/app/fn/reject-request">
                                <ErrorSummary form=form.clone()/>
                                <input type="hidden" name="request" value=id.to_string()/>
                                <OutwardBox locale><TextArea form field="reason" label=t!(locale, "reject-reason") rows=3/></OutwardBox>
                                <button class="button button-bad" type="submit">{t!(locale, "reject-now")}</button>
                            </form>
                        </Weighty>
                    })}
                    <section>
                        <h2>{t!(locale, "description")}</h2>
                        <p class="prose" dir="auto">{item.description}</p>
                        {item.rejection_reason.map(|reason| view! { <OutwardBox locale><p class="prose" dir="auto">{reason}</p></OutwardBox> })}
                    </section>
                    <dl class="facts">
                        {item.preferred.map(|preferred| view! { <Fact name=t!(locale, "preferred")><bdi>{preferred}</bdi></Fact> })}
                        <Fact name=t!(locale, "channel")>{by_key(locale, &format!("channel-{}", item.channel.name()))}</Fact>
                        <Fact name=t!(locale, "submitted")>{format::moment(locale, item.submitted_at, &zone)}</Fact>
                        <Fact name=t!(locale, "address")><bdi>{address}</bdi></Fact>
                        {item.contact_name.map(|name| view! { <Fact name=t!(locale, "contact")><bdi>{name}</bdi>" "<bdi dir="ltr">{item.contact_phone}</bdi></Fact> })}
                        <Fact name=shared::request_id(locale)><Identifier text=id.to_string() locale/></Fact>
                    </dl>
                    {(!found.already_here.is_empty()).then(|| view! {
                        <section class="box box-hint">
                            <h2>{t!(locale, "already-here")}</h2>
                            <ul class="plain">
                                {found.already_here.into_iter().map(|target| view! {
                                    <li><a href=format!("/app/targets/{}", target.id)><bdi class="mono">{format!("TGT-{}", target.number)}</bdi>" "{service_words(locale, target.service_type.as_deref())}</a>
                                        " "<ui::parts::TargetChip status=target.status locale/>" "
                                        {target.starts_at.zip(target.ends_at).map(|(start, end)| { let zone = target.appointment_zone.unwrap_or_default(); format!("{} {}", format::date(locale, start, &zone), format::span(start, end, &zone)) })}</li>
                                }).collect_view()}
                            </ul>
                        </section>
                    })}
                </article>
            </div>
        }
        .into_any())
    });
    view! { <Framed current="/app/inbox">{content}</Framed> }
}

/// Parses the id that a button sends.
fn request_id(text: &str) -> CoreResult<RequestId> {
    text.parse().map_err(|_| ordinavo_core::CoreError::not_found())
}

#[server(prefix = "/app/fn", endpoint = "start-review")]
pub async fn start_review(#[server(default)] request: String) -> Result<(), ServerFnError> {
    let back = format!("/app/inbox/{request}");
    let sent = Sent {
        form: "",
        values: &[],
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        requests::start_review(&core, staff.may::<ReviewRequests>()?, request_id(&request)?).await?;
        Ok(Next::to(back, "done-review"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "accept-request")]
pub async fn accept_request(#[server(default)] request: String) -> Result<(), ServerFnError> {
    let back = format!("/app/inbox/{request}");
    let sent = Sent {
        form: "",
        values: &[],
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        requests::accept(&core, staff.may::<ReviewRequests>()?, request_id(&request)?).await?;
        Ok(Next::to(back, "done-accepted"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "reject-request")]
pub async fn reject_request(
    #[server(default)] request: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let back = format!("/app/inbox/{request}");
    let sent = Sent {
        form: "reject",
        values: &[("reason", &reason)],
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        requests::reject(&core, staff.may::<ReviewRequests>()?, request_id(&request)?, &reason).await?;
        Ok(Next::to(back, "done-rejected"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "convert-request")]
pub async fn convert_request(#[server(default)] request: String) -> Result<(), ServerFnError> {
    let sent = Sent {
        form: "",
        values: &[],
        back: format!("/app/inbox/{request}"),
    };
    act(sent, async |core: Core, staff: Staff| {
        let target = requests::convert(&core, staff.may::<ReviewRequests>()?, request_id(&request)?).await?;
        Ok(Next::to(format!("/app/targets/{target}"), "done-converted"))
    })
    .await
}

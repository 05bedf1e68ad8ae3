//! The list: requests that wait, each with what matters at a glance, then jobs without an appointment.

use domain::ids::RequestId;
use domain::locale::Locale;
use domain::public_language::{self, Tone};
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::requests::inbox::{Inbox, MOST_COUNTED};
use ordinavo_core::requests::model::RequestLine;
use ordinavo_core::scheduling::model::TechnicianChoice;
use ui::format;
use ui::icons::Icon;
use ui::islands::SendOnce;
use ui::load::{PageRequest, place};
use ui::parts::{Chip, Empty, OutwardBox, Pager, PriorityMark, StatusChip, Weighty};

use crate::requests::filters::{Filters, View};
use crate::shared::service_words;
use crate::t;
use crate::words::by_key;

/// Filters, acts on what is selected, requests, jobs.
#[component]
pub fn QueueList<'a>(
    inbox: Inbox,
    view: View,
    staff: Staff,
    request: &'a PageRequest,
    current: Option<RequestId>,
    may_review: bool,
) -> impl IntoView + use<> {
    let locale = request.viewer.locale;
    let now = request.viewer.now;
    let path = request.viewer.path.clone();
    let more_requests = inbox
        .requests
        .rows
        .last()
        .filter(|_| inbox.requests.has_more)
        .map(|row| {
            format!(
                "/app/inbox{}",
                view.query(Some(("requests", Some(&place(row.submitted_at, row.id)))))
            )
        });
    let first_requests =
        (!request.query("requests").is_empty()).then(|| format!("/app/inbox{}", view.query(Some(("requests", None)))));
    let more_targets = inbox
        .targets
        .rows
        .last()
        .filter(|_| inbox.targets.has_more)
        .map(|row| format!("/app/inbox?jobs={}", place(row.created_at, row.id)));
    let first_targets = (!request.query("jobs").is_empty()).then(|| "/app/inbox".to_owned());
    let no_requests = inbox.requests.rows.is_empty();
    let no_targets = inbox.targets.rows.is_empty();
    let narrowed = view.is_narrowed();
    let answered = inbox.answered_requests > 0 && !narrowed;
    let waiting = if inbox.waiting_requests >= MOST_COUNTED {
        format!("{}+", MOST_COUNTED - 1)
    } else {
        inbox.waiting_requests.to_string()
    };
    let query = view.query(None);
    let (empty, empty_text) = if narrowed {
        (t!(locale, "inbox-no-matches"), t!(locale, "inbox-no-matches-text"))
    } else {
        (
            t!(locale, "inbox-empty-requests"),
            t!(locale, "inbox-empty-requests-text"),
        )
    };
    let zone = staff.zone().to_owned();
    view! {
        <div class="split-list" class:split-list-behind=current.is_some()>
            <div class="title-row"><h1>{t!(locale, "inbox-title")}</h1>
                {may_review.then(|| view! { <a class="button" href="/app/inbox/new"><Icon name="plus"/>{t!(locale, "log-call")}</a> })}</div>
            <Filters view=view.clone() inbox=inbox.clone() locale/>
            {may_review.then(|| view! { <Bulk locale reviewers=inbox.reviewers.clone() path/> })}
            <div id="live-queue" class="live">
            <section aria-labelledby="queue-requests">
                <h2 id="queue-requests">{t!(locale, "inbox-requests")}<span class="count">{waiting}</span></h2>
                {answered.then(|| view! { <p class="notice notice-good"><a href="/app/inbox?only=answered">{t!(locale, "replies-received", count = inbox.answered_requests)}</a></p> })}
                {no_requests.then(|| view! { <Empty title=empty text=empty_text/> })}
                <ul class="queue queue-requests">
                    {inbox.requests.rows.into_iter().map(|row| view! { <Row row query=query.clone() current locale now may_review zone=zone.clone()/> }).collect_view()}
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
        </div>
    }
}

/// Who it is from: the customer, or what they typed as long as nobody has said whose it is.
pub fn sender(row: &RequestLine) -> String {
    let typed = row.requester.as_ref().map(|requester| &requester.0);
    row.customer_name
        .clone()
        .or_else(|| typed.and_then(|typed| typed.organisation.clone().or_else(|| typed.name.clone())))
        .or_else(|| typed.and_then(|typed| typed.email.clone().or_else(|| typed.phone.clone())))
        .unwrap_or_default()
}

#[component]
fn Row(
    row: RequestLine,
    query: String,
    current: Option<RequestId>,
    locale: Locale,
    now: chrono::DateTime<chrono::Utc>,
    may_review: bool,
    zone: String,
) -> impl IntoView {
    let here = (current == Some(row.id.0)).then_some("true");
    let id = row.id.to_string();
    let name = format!("REQ-{}", row.number);
    let sender = sender(&row);
    let place = row
        .location_name
        .clone()
        .or_else(|| row.place.as_ref().and_then(|place| place.0.city.clone()));
    let unknown = row.customer_name.is_none();
    view! {
        <li>
            {may_review.then(|| view! { <span class="select"><input type="checkbox" name="requests[]" value=id.clone() form="bulk" aria-label=t!(locale, "select-request", name = name.clone())/></span> })}
            <a href=format!("/app/inbox/{id}{query}") aria-current=here>
                <span class="queue-top"><strong>{service_words(locale, Some(row.service_type.name()))}" "<bdi class="mono quiet">{name}</bdi></strong><span class="quiet">{format::age(locale, row.submitted_at, now)}</span></span>
                <span class="queue-what" dir="auto">{row.description}</span>
                <span class="queue-meta"><StatusChip status=public_language::request(row.status, locale)/><PriorityMark priority=row.priority locale/>
                    {row.cancel_asked_at.is_some().then(|| view! { <Chip label=t!(locale, "cancellation-requested") tone=Tone::Bad/> })}
                    {row.answered_at.is_some().then(|| view! { <Chip label=t!(locale, "reply-received") tone=Tone::Good/> })}
                    {row.asked_at.is_some().then(|| view! { <Chip label=t!(locale, "reply-pending") tone=Tone::Neutral/> })}
                    {unknown.then(|| view! { <Chip label=t!(locale, "customer-unassigned") tone=Tone::Warn/> })}
                    {row.snoozed_until.filter(|until| *until > now).map(|until| view! { <Chip label=t!(locale, "snoozed-until", until = format::moment(locale, until, &zone)) tone=Tone::Neutral/> })}
                    <span class="quiet"><bdi>{sender}</bdi>{place.map(|place| view! { " · "<bdi>{place}</bdi> })}" · "{by_key(locale, &format!("channel-{}", row.channel.name()))}{row.region.map(|region| view! { " · "<bdi>{region}</bdi> })}{row.assignee_name.map(|name| view! { " · "<bdi>{name}</bdi> })}</span></span>
            </a>
        </li>
    }
}

/// What can be done with everything that is selected; shown once something is.
#[component]
fn Bulk(locale: Locale, reviewers: Vec<TechnicianChoice>, path: String) -> impl IntoView {
    view! {
        <SendOnce>
        <form id="bulk" class="bulk" method="post" action="/app/fn/decide-many" aria-label=t!(locale, "selected-requests")>
            <input type="hidden" name="path" value=path/>
            <p><strong>{t!(locale, "selected-requests")}</strong></p>
            <div class="actions">
                <button class="button button-primary" type="submit" name="decision" value="accept" data-key="a">{t!(locale, "accept-selected")}</button>
                <label class="inline-field">{t!(locale, "assignee")}<select name="assignee" data-key="g">
                    <option value="">{t!(locale, "assigned-nobody")}</option>
                    {reviewers.into_iter().map(|person| view! { <option value=person.id.to_string()>{person.display_name}</option> }).collect_view()}
                </select></label>
                <button class="button" type="submit" name="decision" value="assign">{t!(locale, "assign")}</button>
            </div>
            <Weighty label=t!(locale, "reject-selected") consequence=t!(locale, "reject-many-consequence") key="r">
                <OutwardBox locale><label class="field">{t!(locale, "reject-reason")}<input name="reason" maxlength="1000"/></label></OutwardBox>
                <button class="button button-bad" type="submit" name="decision" value="reject">{t!(locale, "reject-now")}</button>
            </Weighty>
        </form>
        </SendOnce>
    }
}

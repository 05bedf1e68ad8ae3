//! The list: late visits, requests to review, then jobs without an appointment.

use chrono::{DateTime, Utc};
use domain::ids::RequestId;
use domain::lateness::Urgency;
use domain::locale::Locale;
use domain::public_language::{self, Tone};
use domain::requests::RequestStatus;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::jobs::model::TargetSummary;
use ordinavo_core::page::Page;
use ordinavo_core::requests::inbox::{Inbox, InboxPlace};
use ordinavo_core::requests::model::RequestSummary;
use ordinavo_core::scheduling::model::TechnicianChoice;
use ui::components::{
    Chip, ConfirmAction, CustomerVisibleBox, DraftMark, EmptyState, LateVisitMark, Pager, PriorityMark, StatusChip,
    TargetChip,
};
use ui::drafts::owned;
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextArea};
use ui::icons::Icon;
use ui::islands::SubmitOnce;
use ui::page::{PageRequest, cursor};

use crate::exports::{ExportMenu, List};
use crate::i18n::by_key;
use crate::requests::filters::{Filters, InboxQuery, StageTabs};
use crate::shared::{capped_count, excerpt, service_label};
use crate::shell::PageBar;
use crate::t;

/// The longest part of a description in a row, in characters; the row cuts it to its width.
const SUBJECT_CHARS: usize = 120;

/// The bar of the inbox, with the stages of the review as tabs.
#[component]
pub fn InboxBar(inbox: Inbox, view: InboxQuery, locale: Locale) -> impl IntoView {
    let can_log_call = inbox.actions.can_log_call;
    let filters = view.filters();
    let tabs = view! { <div id="live-tabs" class="bar-tabs"><StageTabs view inbox locale/></div> };
    view! {
        <PageBar locale title=t!(locale, "inbox-title") beside=tabs.into_any()>
            <ExportMenu list=List::Requests filters locale/>
            {can_log_call.then(|| view! { <a class="button" href="/app/inbox/new"><Icon name="phone"/>{t!(locale, "log-call")}</a> })}
        </PageBar>
    }
}

/// Filters, bulk actions, requests and jobs.
#[component]
pub fn QueueList<'a>(
    inbox: Inbox,
    view: InboxQuery,
    staff: Staff,
    request: &'a PageRequest,
    current: Option<RequestId>,
) -> impl IntoView + use<> {
    let can_decide = inbox.actions.can_decide;
    let locale = request.viewer.locale;
    let now = request.viewer.now;
    let path = request.viewer.path.clone();
    let is_first_requests = request.query("requests").is_empty();
    let is_first_targets = request.query("jobs").is_empty();
    let zone = staff.zone().to_owned();
    // After a rejected action on several requests, the selection and the typed reason are shown again.
    let bulk = FormState::new("bulk", locale, request.flash.as_ref());
    let selected: Vec<String> = bulk
        .value("requests", "")
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    view! {
        <div class="split-list" class:split-list-behind=current.is_some()>
            <Filters view=view.clone() inbox=inbox.clone() locale/>
            {can_decide.then(|| view! { <BulkActions form=bulk reviewers=inbox.reviewers.clone() path/> })}
            <div id="live-queue" class="live">
            <LateVisits targets=inbox.late_visits locale zone=zone.clone()/>
            <RequestQueue requests=inbox.requests waiting=inbox.waiting_requests answered=inbox.answered_requests view is_first=is_first_requests current locale now can_decide zone selected drafts=inbox.drafts.clone()/>
            <JobQueue targets=inbox.targets waiting=inbox.waiting_targets is_first=is_first_targets locale now drafts=inbox.drafts/>
            </div>
        </div>
    }
}

/// The requests that match the filters.
#[component]
fn RequestQueue(
    requests: Page<RequestSummary>,
    waiting: i64,
    answered: i64,
    view: InboxQuery,
    is_first: bool,
    current: Option<RequestId>,
    locale: Locale,
    now: DateTime<Utc>,
    can_decide: bool,
    zone: String,
    selected: Vec<String>,
    /// The pages with drafts of the viewer.
    drafts: Vec<String>,
) -> impl IntoView {
    let next = requests
        .rows
        .last()
        .filter(|_| requests.has_more)
        .map(|row| format!("/app/inbox{}", view.query(Some(("requests", Some(&place(row, now)))))));
    let first = (!is_first).then(|| format!("/app/inbox{}", view.query(Some(("requests", None)))));
    let is_filtered = view.is_filtered();
    let has_replies = answered > 0 && !is_filtered;
    let waiting_count = capped_count(waiting);
    let (empty, empty_text) = if is_filtered {
        (t!(locale, "inbox-no-matches"), t!(locale, "inbox-no-matches-text"))
    } else {
        (
            t!(locale, "inbox-empty-requests"),
            t!(locale, "inbox-empty-requests-text"),
        )
    };
    let query = view.query(None);
    view! {
        <section aria-labelledby="queue-requests">
            <h2 id="queue-requests">{t!(locale, "inbox-requests")}<span class="count">{waiting_count}</span></h2>
            {has_replies.then(|| view! { <p class="notice notice-good"><a href="/app/inbox?only=answered">{t!(locale, "replies-received", count = answered)}</a></p> })}
            {requests.rows.is_empty().then(|| view! { <EmptyState title=empty text=empty_text/> })}
            <ul class="queue queue-requests">
                {requests.rows.into_iter().map(|row| view! { <Row row query=query.clone() current locale now can_decide zone=zone.clone() selected=selected.as_slice() drafts=drafts.as_slice()/> }).collect_view()}
            </ul>
            <Pager locale next first/>
        </section>
    }
}

/// The jobs without an appointment.
#[component]
fn JobQueue(
    targets: Page<TargetSummary>,
    waiting: i64,
    is_first: bool,
    locale: Locale,
    now: DateTime<Utc>,
    /// The pages with drafts of the viewer.
    drafts: Vec<String>,
) -> impl IntoView {
    let next = targets
        .rows
        .last()
        .filter(|_| targets.has_more)
        .map(|row| format!("/app/inbox?jobs={}", cursor(row.created_at, row.id)));
    let first = (!is_first).then(|| "/app/inbox".to_owned());
    view! {
        <section aria-labelledby="queue-targets">
            <h2 id="queue-targets">{t!(locale, "inbox-targets")}<span class="count">{waiting}</span></h2>
            {targets.rows.is_empty().then(|| view! { <EmptyState title=t!(locale, "inbox-empty-targets") text=t!(locale, "inbox-empty-targets-text")/> })}
            <ul class="queue">
                {targets.rows.into_iter().map(|row| view! {
                    <li><a href=format!("/app/targets/{}", row.id)>
                        <span class="queue-top"><strong class="queue-subject"><bdi>{row.customer_name.or(row.external_id.clone())}</bdi></strong><span class="quiet">{format::age(locale, row.created_at, now)}</span></span>
                        <span class="queue-meta"><span class="queue-who">{service_label(locale, row.service_type.as_deref())}" "<bdi class="mono">{format::job_number(row.number)}</bdi>{row.location_name.or(row.location_city).map(|place| view! { " · "<bdi>{place}</bdi> })}{row.external_id.map(|id| view! { " · "<bdi class="mono">{id}</bdi> })}</span>
                            {drafts.contains(&format!("/app/targets/{}", row.id)).then(|| view! { <DraftMark locale/> })}
                            {row.needs_mapping.then(|| view! { <Chip label=t!(locale, "needs-mapping") tone=Tone::Warn/> })}
                            <PriorityMark priority=row.priority locale/>
                        </span>
                    </a></li>
                }).collect_view()}
            </ul>
            <Pager locale next first/>
        </section>
    }
}

/// Returns the cursor of a row.
fn place(row: &RequestSummary, now: DateTime<Utc>) -> String {
    let place = InboxPlace {
        urgency: row.urgency(now),
        request: row.id,
    };
    cursor(row.submitted_at, place)
}

/// The visits that should have taken place.
#[component]
fn LateVisits(targets: Vec<TargetSummary>, locale: Locale, zone: String) -> impl IntoView {
    (!targets.is_empty()).then(|| view! {
        <section aria-labelledby="queue-late">
            <h2 id="queue-late">{t!(locale, "inbox-late-visits")}<span class="count">{targets.len()}</span></h2>
            <ul class="queue">
                {targets.into_iter().map(|row| {
                    let visit_zone = row.appointment_zone.as_deref().unwrap_or(&zone);
                    let time = row.starts_at.zip(row.ends_at).map(|(start, end)| format!("{} {}", format::date(locale, start, visit_zone), format::span(start, end, visit_zone)));
                    view! {
                        <li data-late-visit=row.id.to_string()><a href=format!("/app/targets/{}", row.id)>
                            <span class="queue-top"><strong class="queue-subject"><bdi>{row.customer_name}</bdi></strong><span class="quiet"><bdi>{time}</bdi></span></span>
                            <span class="queue-meta"><span class="queue-who">{service_label(locale, row.service_type.as_deref())}" "<bdi class="mono">{format::job_number(row.number)}</bdi>" · "<bdi>{row.technician}</bdi></span><LateVisitMark status=row.status ends_at=row.ends_at locale/><TargetChip status=row.status locale/><PriorityMark priority=row.priority locale/></span>
                        </a></li>
                    }
                }).collect_view()}
            </ul>
        </section>
    })
}

/// Returns who sent the request: the customer, or the contact details that were entered while no customer is assigned.
pub fn sender(row: &RequestSummary) -> String {
    let requester = row.requester.as_ref();
    row.customer_name
        .clone()
        .or_else(|| requester.and_then(|requester| requester.organisation.clone().or_else(|| requester.name.clone())))
        .or_else(|| requester.and_then(|requester| requester.email.clone().or_else(|| requester.phone.clone())))
        .unwrap_or_default()
}

#[component]
fn Row<'a>(
    row: RequestSummary,
    query: String,
    current: Option<RequestId>,
    locale: Locale,
    now: DateTime<Utc>,
    can_decide: bool,
    zone: String,
    selected: &'a [String],
    drafts: &'a [String],
) -> impl IntoView + use<> {
    let is_current = (current == Some(row.id)).then_some("true");
    let id = row.id.to_string();
    let is_selected = selected.contains(&id);
    let has_draft = drafts.contains(&format!("/app/inbox/{id}"));
    let name = format!("REQ-{}", row.number);
    let sender = sender(&row);
    let location = row
        .location_name
        .clone()
        .or_else(|| row.place.as_ref().and_then(|place| place.city.clone()));
    let has_no_customer = row.customer_name.is_none();
    let is_late = row.urgency(now) == Urgency::Late && row.snoozed_until.is_none_or(|until| until <= now);
    // Nearly every row is a submitted request, so the chip shows only what differs.
    let is_decided = row.status != RequestStatus::Submitted;
    let waiting = format::age(locale, row.submitted_at, now);
    let age = if is_late {
        view! { <span class="late" data-late="request"><Icon name="clock"/>{t!(locale, "inbox-late")}" · "{waiting}</span> }.into_any()
    } else {
        view! { <span class="quiet">{waiting}</span> }.into_any()
    };
    view! {
        <li>
            {can_decide.then(|| view! { <span class="select"><input type="checkbox" name="requests[]" value=id.clone() checked=is_selected form="bulk" aria-label=t!(locale, "select-request", name = name.clone())/></span> })}
            <a href=format!("/app/inbox/{id}{query}") aria-current=is_current>
                <span class="queue-top"><strong class="queue-subject" dir="auto">{excerpt(&row.description, SUBJECT_CHARS)}</strong>{age}</span>
                <span class="queue-meta"><span class="queue-who"><bdi>{sender}</bdi>{location.map(|location| view! { " · "<bdi>{location}</bdi> })}" · "{service_label(locale, Some(row.service_type.name()))}" "<bdi class="mono">{name}</bdi>" · "{by_key(locale, &format!("channel-{}", row.channel.name()))}{row.region.map(|region| view! { " · "<bdi>{region}</bdi> })}{row.assignee_name.map(|name| view! { " · "<bdi>{name}</bdi> })}</span>
                    {has_draft.then(|| view! { <DraftMark locale/> })}{is_decided.then(|| view! { <StatusChip status=public_language::request(row.status, locale)/> })}<PriorityMark priority=row.priority locale/>
                    {row.cancellation_requested_at.is_some().then(|| view! { <Chip label=t!(locale, "cancellation-requested") tone=Tone::Bad/> })}
                    {row.reschedule_requested_at.is_some().then(|| view! { <Chip label=t!(locale, "reschedule-requested") tone=Tone::Warn/> })}
                    {row.answered_at.is_some().then(|| view! { <Chip label=t!(locale, "reply-received") tone=Tone::Good/> })}
                    {row.asked_at.is_some().then(|| view! { <Chip label=t!(locale, "reply-pending") tone=Tone::Neutral/> })}
                    {has_no_customer.then(|| view! { <Chip label=t!(locale, "customer-unassigned") tone=Tone::Warn/> })}
                    {row.snoozed_until.filter(|until| *until > now).map(|until| view! { <Chip label=t!(locale, "snoozed-until", until = format::moment(locale, until, &zone)) tone=Tone::Neutral/> })}</span>
            </a>
        </li>
    }
}

/// The actions for selected requests; shown while any request is selected.
#[component]
fn BulkActions(form: FormState, reviewers: Vec<TechnicianChoice>, path: String) -> impl IntoView {
    let locale = form.locale;
    let (has_reason, assignee) = (form.has_typed_values(), form.value("assignee", ""));
    let reason_form = form.clone();
    view! {
        <SubmitOnce>
        <form id="bulk" class="bulk" method="post" action=owned("/app/fn/update-requests") aria-label=t!(locale, "selected-requests")>
            <input type="hidden" name="path" value=path/>
            <ErrorSummary form/>
            <p><strong>{t!(locale, "selected-requests")}</strong></p>
            <div class="actions">
                <button class="button button-primary" type="submit" name="decision" value="accept" data-key="a">{t!(locale, "accept-selected")}</button>
                <label class="inline-field">{t!(locale, "assignee")}<select name="assignee" data-key="g">
                    <option value="">{t!(locale, "assigned-none")}</option>
                    {reviewers.into_iter().map(|person| {
                        let id = person.id.to_string();
                        let is_selected = id == assignee;
                        view! { <option value=id selected=is_selected>{person.display_name}</option> }
                    }).collect_view()}
                </select></label>
                <button class="button" type="submit" name="decision" value="assign">{t!(locale, "assign")}</button>
            </div>
            <ConfirmAction label=t!(locale, "reject-selected") consequence=t!(locale, "reject-many-consequence") open=has_reason key="r">
                // Of several lines: in a single one, Enter would press the first button of the form, which accepts.
                <CustomerVisibleBox locale><TextArea form=reason_form field="reason" label=t!(locale, "reject-reason") rows=2 optional=true max_length=1000/></CustomerVisibleBox>
                <button class="button button-bad" type="submit" name="decision" value="reject">{t!(locale, "reject-now")}</button>
            </ConfirmAction>
        </form>
        </SubmitOnce>
    }
}

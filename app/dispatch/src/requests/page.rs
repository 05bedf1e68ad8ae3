//! The page of a request: details, related jobs, conversation and the actions of the review.

use domain::identity::permissions::ViewOperations;
use domain::ids::RequestId;
use domain::locale::Locale;
use domain::public_language;
use leptos::prelude::*;
use ordinavo_core::intake::model::FileSummary;
use ordinavo_core::jobs::model::TargetSummary;
use ordinavo_core::requests;
use ordinavo_core::requests::model::{RequestSummary, RequestView};
use ui::components::{CustomerVisibleBox, InternalBox, PriorityMark, ProblemNotice, StatusChip, TargetChip};
use ui::files::FileLink;
use ui::flash::Flash;
use ui::format;
use ui::forms::FormState;
use ui::icons::Icon;
use ui::page::page;
use ui::requests::MessageFile;
use ui::title::Title;

use crate::islands::{Hotkeys, LivePage};
use crate::portal_access::visibility::VisibleTo;
use crate::requests::conversation::Conversation;
use crate::requests::customer_assignment::{CustomerAssignment, customer_search};
use crate::requests::decisions::{Decisions, Review, Triage};
use crate::requests::facts::Facts;
use crate::requests::filters::InboxQuery;
use crate::requests::inbox::{DecisionNotice, KeyboardShortcuts, inbox_selection};
use crate::requests::list::{InboxBar, QueueList};
use crate::requests::source_changes::SourceChange;
use crate::shared::{PageZone, request_subject, service_label, viewer_staff};
use crate::shell::{AppFrame, NAVIGATION};
use crate::t;

#[component]
pub fn RequestPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: RequestId = request.id("id")?;
        let view = InboxQuery::read(&request);
        let (selection, search) = (inbox_selection(&request, &staff, &view), customer_search(&request));
        let permit = staff.may::<ViewOperations>()?;
        let found = requests::page(&request.core, permit, id, &selection, &search).await?;
        let (inbox, actions) = (found.inbox, found.actions);
        let live = format!("/app/live?request={id}&since={}", inbox.audit_sequence);
        let next = next_request(&inbox.requests.rows, id);
        let reviewers = inbox.reviewers.clone();
        let item = found.request.clone();
        let zone = item.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
        let problem = rejected_decision(request.flash.as_ref(), actions.can_decide);
        let query = view.query(None);
        let now = request.viewer.now;
        let review = Review {
            item: item.clone(),
            actions,
            next,
            query: query.clone(),
            zone: zone.clone(),
        };
        let (of_messages, files): (Vec<_>, Vec<_>) =
            found.files.into_iter().partition(|file| file.message_id.is_some());
        let message_files: Vec<MessageFile> = of_messages.into_iter().filter_map(message_file).collect();
        let has_shortcuts = staff.has_shortcuts();
        Ok(view! {
            <Title text=format!("REQ-{}", item.number)/>
            {has_shortcuts.then(|| view! { <Hotkeys rows=".queue-requests > li".to_owned()/> })}
            <LivePage path=live regions=format!("live-tabs live-queue live-request live-messages live-notes {NAVIGATION}")/>
            <InboxBar inbox=inbox.clone() view=view.clone() locale/>
            <div class="split">
                <QueueList inbox view=view.clone() staff=staff.clone() request=&request current=Some(id)/>
                <article class="split-detail" aria-labelledby="request-title" tabindex="-1"><div class="detail-head">
                    <p class="back"><a href=format!("/app/inbox{query}")>{t!(locale, "back-to-list")}</a></p>
                    <DecisionNotice request=&request/>
                    <ProblemNotice locale flash=problem request_id=request.viewer.request_id.clone()/>
                    <RequestHeader item=item.clone() others=found.others locale/></div>
                    <div class="detail-main">
                    <PageZone locale zone=zone.clone() own=staff.zone().to_owned() now/>
                    <CancellationNotice item=item.clone() zone=zone.clone() locale/>
                    <RescheduleNotice item=item.clone() zone=zone.clone() locale/>
                    <Description item=item.clone() files locale/>
                    <SourceChange item=item.clone() locale can_review=actions.can_review/>
                    {found.customer_choices.map(|choices| view! { <CustomerAssignment choices item=item.clone() hints=found.hints request=&request query=view.query(None)/> })}
                    <OpenAtLocation targets=found.active_targets_here requests=found.other_requests_here locale/>
                    <Conversation notes=found.notes messages=found.messages files=message_files reach=found.reach.clone() item=item.clone() actions request=&request query=view.query(None) zone=zone.clone()/>
                    {has_shortcuts.then(|| view! { <KeyboardShortcuts/> })}
                    </div>
                    <aside class="detail-side">
                    {(actions.can_review && actions.can_triage).then(|| view! { <Triage review=review.clone() reviewers now locale/> })}
                    <Facts item locale zone id names_assignee=!actions.can_triage/>
                    <VisibleTo locale viewers=found.viewers/>
                    </aside>
                    {actions.can_review.then(|| view! { <Decisions review reach=found.reach form=FormState::new("reject", locale, request.flash.as_ref()) locale/> })}
                </article>
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/inbox">{content}</AppFrame> }
}

fn message_file(file: FileSummary) -> Option<MessageFile> {
    Some(MessageFile {
        message: file.message_id?,
        href: Some(format!("/app/files/{}", file.id)),
        name: file.file_name,
        size_bytes: file.size_bytes,
        scan: file.scan,
    })
}

/// Returns the request that follows in the list, to which a decision leads.
fn next_request(rows: &[RequestSummary], id: RequestId) -> Option<RequestId> {
    let at = rows.iter().position(|row| row.id == id);
    match at {
        Some(at) => rows
            .get(at + 1)
            .or_else(|| at.checked_sub(1).and_then(|before| rows.get(before))),
        None => rows.first(),
    }
    .map(|row| row.id)
}

/// Returns the message to show. Without the form for a rejection, because another user decided in the meantime, it belongs to the
/// page; the reason that was typed is shown with the drafts whose form is gone.
fn rejected_decision(flash: Option<&Flash>, can_reject: bool) -> Option<Flash> {
    let mut problem = flash.cloned()?;
    if !can_reject && problem.form == "reject" {
        problem.form.clear();
    }
    Some(problem)
}

/// Number, service, status, priority, customer and location, and who else has the request open.
#[component]
fn RequestHeader(item: RequestView, others: Vec<String>, locale: Locale) -> impl IntoView {
    let status = public_language::request(item.status, locale);
    let knows_customer = item.customer_id.is_some();
    let subject = request_subject(locale, &item.description, item.service_type);
    let customer = match (item.customer_name, item.customer_id) {
        (Some(name), Some(id)) => view! { <a href=format!("/app/customers/{id}")><bdi>{name}</bdi></a> }.into_any(),
        (Some(name), None) => view! { <bdi>{name}</bdi> }.into_any(),
        (None, _) => t!(locale, "customer-unassigned-text").into_any(),
    };
    view! {
        <div id="live-request" class="live">
            <div role="status">{(!others.is_empty()).then(|| view! { <p class="notice notice-warn"><Icon name="users"/>{t!(locale, "others-here", names = format::list(locale, &others))}</p> })}</div>
            <p class="trail"><bdi class="mono" data-testid="request-number">{format!("REQ-{}", item.number)}</bdi>" · "{service_label(locale, Some(item.service_type.name()))}</p>
            <header class="title-row">
                <h1 id="request-title" dir="auto">{subject}</h1>
                <StatusChip status/>
                <PriorityMark priority=item.priority locale/>
            </header>
            <p class="trail">{customer}{knows_customer.then(|| view! { " · "<bdi>{item.location_name.unwrap_or_else(|| t!(locale, "no-location"))}</bdi> })}</p>
        </div>
    }
}

/// The notice that the customer has asked for another time; nothing once the request has ended.
#[component]
fn RescheduleNotice(item: RequestView, zone: String, locale: Locale) -> impl IntoView {
    let asked_at = item.reschedule_requested_at.filter(|_| !item.status.has_ended())?;
    let moment = format::moment(locale, asked_at, &zone);
    Some(
        view! { <p class="notice notice-warn" data-testid="reschedule-requested">{t!(locale, "reschedule-requested-text", moment = moment)}{item.target_id.map(|id| view! { " "<a href=format!("/app/targets/{id}")>{t!(locale, "open-job")}</a> })}</p> },
    )
}

/// The notice that the customer has asked to cancel; nothing once the request has ended.
#[component]
fn CancellationNotice(item: RequestView, zone: String, locale: Locale) -> impl IntoView {
    let asked_at = item.cancellation_requested_at.filter(|_| !item.status.has_ended())?;
    let moment = format::moment(locale, asked_at, &zone);
    Some(
        view! { <p class="notice notice-warn">{t!(locale, "cancellation-requested-text", moment = moment)}{item.target_id.map(|id| view! { " "<a href=format!("/app/targets/{id}")>{t!(locale, "open-job")}</a> })}</p> },
    )
}

/// The requester's description and files, and the reason of a rejection.
#[component]
fn Description(item: RequestView, files: Vec<FileSummary>, locale: Locale) -> impl IntoView {
    view! {
        <section>
            <h2>{t!(locale, "description")}</h2>
            <p class="prose" dir="auto">{item.description}</p>
            {item.internal_notes.map(|notes| view! { <InternalBox locale><p class="prose" dir="auto" data-testid="request-notes">{notes}</p></InternalBox> })}
            {item.rejection_reason.map(|reason| view! { <CustomerVisibleBox locale><p class="prose" dir="auto">{reason}</p></CustomerVisibleBox> })}
            {(!files.is_empty()).then(|| view! {
                <ul class="files" aria-label=t!(locale, "files")>{files.into_iter().map(|file| view! {
                    <li><FileLink locale scan=file.scan href=format!("/app/files/{}", file.id) name=file.file_name size_bytes=file.size_bytes/></li>
                }).collect_view()}</ul>
            })}
        </section>
    }
}

/// Open jobs and other requests at the same location; nothing if there are none.
#[component]
fn OpenAtLocation(targets: Vec<TargetSummary>, requests: Vec<RequestSummary>, locale: Locale) -> impl IntoView {
    (!targets.is_empty() || !requests.is_empty()).then(|| view! {
        <section class="box box-hint">
            <h2>{t!(locale, "open-at-location")}</h2>
            <ul class="plain">
                {targets.into_iter().map(|target| view! {
                    <li><a href=format!("/app/targets/{}", target.id)><bdi class="mono">{format::job_number(target.number)}</bdi>" "{service_label(locale, target.service_type.as_deref())}</a>
                        " "<TargetChip status=target.status locale/>" "
                        {target.starts_at.zip(target.ends_at).map(|(start, end)| { let zone = target.appointment_zone.unwrap_or_default(); format!("{} {}", format::date(locale, start, &zone), format::span(start, end, &zone)) })}</li>
                }).collect_view()}
                {requests.into_iter().map(|other| view! {
                    <li><a href=format!("/app/inbox/{}", other.id)><bdi class="mono">{format!("REQ-{}", other.number)}</bdi>" "{service_label(locale, Some(other.service_type.name()))}</a>" "<StatusChip status=public_language::request(other.status, locale)/>" "<span class="quiet" dir="auto">{other.description.chars().take(80).collect::<String>()}</span></li>
                }).collect_view()}
            </ul>
        </section>
    })
}

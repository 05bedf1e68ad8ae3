//! The page of a request: details, related jobs, conversation and the actions of the review.

use chrono::{DateTime, Utc};
use domain::ids::RequestId;
use domain::intake::classification::{Classification, ClassifiedField as Field};
use domain::locale::Locale;
use domain::permissions::{ReviewRequests, ViewOperations};
use domain::public_language;
use domain::requests::{Channel, Priority, RequestStatus, ServiceType};
use leptos::prelude::*;
use ordinavo_core::portal_access::view_as;
use ordinavo_core::requests::inbox;
use ordinavo_core::requests::model::RequestView;
use ordinavo_core::scheduling::model::TechnicianChoice;
use ui::components::{
    ConfirmAction, CustomerVisibleBox, Fact, Identifier, PriorityMark, ProblemNotice, StatusChip, TargetChip,
};
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextArea};
use ui::icons::Icon;
use ui::islands::SendOnce;
use ui::page::page;
use ui::title::Title;

use crate::classification::page::{match_reasons, value_label};
use crate::i18n::by_key;
use crate::islands::{Hotkeys, LivePage};
use crate::portal_access::visibility::VisibleTo;
use crate::requests::conversation::Conversation;
use crate::requests::customer_assignment::CustomerAssignment;
use crate::requests::filters::InboxQuery;
use crate::requests::inbox::{DecisionNotice, KeyboardShortcuts, load_inbox};
use crate::requests::list::QueueList;
use crate::shared::{address_line, service_label, viewer_staff};
use crate::shell::AppFrame;
use crate::t;

#[component]
pub fn RequestPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: RequestId = request.id("id")?;
        let found = inbox::page(&request.core, staff.may::<ViewOperations>()?, id).await?;
        let portal_viewers = view_as::request(&request.core, staff.may::<ViewOperations>()?, id).await?;
        let view = InboxQuery::read(&request);
        let inbox = load_inbox(&request, &staff, &view).await?;
        let live = format!("/app/live?request={id}&since={}", inbox.audit_sequence);
        let next = next_request(&inbox.requests.rows, id);
        let reviewers = inbox.reviewers.clone();
        let item = found.request.clone();
        let zone = item.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
        let may_review = staff.has::<ReviewRequests>();
        let status = public_language::request(item.status, locale);
        // Another user decided in the meantime: the rejection form is no longer part of the page, so its error and the
        // typed reason are shown here.
        let is_form_gone = !(may_review && item.status.is_undecided());
        let problem = request.flash.clone().map(|mut flash| {
            if is_form_gone && flash.form == "reject" {
                flash.form.clear();
            }
            flash
        });
        let unsent_reason = request
            .flash
            .as_ref()
            .filter(|flash| is_form_gone && flash.form == "reject")
            .and_then(|flash| flash.values.get("reason").cloned())
            .filter(|text| !text.is_empty());
        let asks_to_cancel = item
            .cancel_asked_at
            .filter(|_| !item.status.has_ended())
            .map(|at| (format::moment(locale, at, &zone), item.target_id));
        let title = format!("REQ-{}", item.number);
        let query = view.query(None);
        let matching = if may_review && item.channel.allows_customer_assignment() && item.target_id.is_none() {
            Some(crate::requests::customer_assignment::read(&request, &staff, &found).await?)
        } else {
            None
        };
        let customer = item
            .customer_name
            .clone()
            .map(|name| (item.customer_id.map(|id| format!("/app/customers/{id}")), name));
        let now = request.viewer.now;
        let knows_customer = item.customer_id.is_some();
        Ok(view! {
            <Title text=title.clone()/>
            <Hotkeys rows=".queue-requests > li".to_owned()/>
            <LivePage path=live regions="live-queue live-request live-messages live-notes".to_owned()/>
            <div class="split">
                <QueueList inbox view=view.clone() staff=staff.clone() request=&request current=Some(id) may_review/>
                <article class="split-detail" aria-labelledby="request-title">
                    <p class="back"><a href=format!("/app/inbox{query}")>{t!(locale, "back-to-list")}</a></p>
                    <DecisionNotice request=&request/>
                    <ProblemNotice locale flash=problem request_id=request.viewer.request_id.clone()/>
                    {unsent_reason.map(|text| view! { <section class="box"><h2>{t!(locale, "unsent-text")}</h2><p class="prose" dir="auto">{text}</p></section> })}
                    <div id="live-request" class="live">
                        <div role="status">{(!found.others.is_empty()).then(|| view! { <p class="notice notice-warn"><Icon name="users"/>{t!(locale, "others-here", names = format::list(locale, &found.others))}</p> })}</div>
                        <header class="title-row">
                            <h1 id="request-title"><bdi class="mono">{title}</bdi>" "{service_label(locale, Some(item.service_type.name()))}</h1>
                            <StatusChip status/>
                            <PriorityMark priority=item.priority locale/>
                        </header>
                        <p class="lead">{match customer {
                            Some((Some(href), name)) => view! { <a href=href><bdi>{name}</bdi></a> }.into_any(),
                            Some((None, name)) => view! { <bdi>{name}</bdi> }.into_any(),
                            None => t!(locale, "customer-unassigned-text").into_any(),
                        }}{knows_customer.then(|| view! { " · "<bdi>{item.location_name.clone().unwrap_or_else(|| t!(locale, "no-location"))}</bdi> })}</p>
                    </div>
                    {asks_to_cancel.map(|(at, target)| view! { <p class="notice notice-warn">{t!(locale, "cancellation-requested-text", moment = at)}{target.map(|id| view! { " "<a href=format!("/app/targets/{id}")>{t!(locale, "open-job")}</a> })}</p> })}
                    <section>
                        <h2>{t!(locale, "description")}</h2>
                        <p class="prose" dir="auto">{item.description.clone()}</p>
                        {item.rejection_reason.clone().map(|reason| view! { <CustomerVisibleBox locale><p class="prose" dir="auto">{reason}</p></CustomerVisibleBox> })}
                        {(!found.files.is_empty()).then(|| view! {
                            <ul class="files" aria-label=t!(locale, "files")>{found.files.clone().into_iter().map(|file| view! {
                                <li><a href=format!("/app/files/{}", file.id)><Icon name="file"/><bdi>{file.file_name}</bdi></a><span class="quiet">{format::size(locale, file.size_bytes)}</span></li>
                            }).collect_view()}</ul>
                        })}
                    </section>
                    <VisibleTo locale viewers=portal_viewers/>
                    {may_review.then(|| view! { <Decisions item=item.clone() reviewers next form=FormState::new("reject", locale, request.flash.as_ref()) query locale now zone=zone.clone()/> })}
                    {matching.map(|choices| view! { <CustomerAssignment choices item=item.clone() hints=found.hints.clone() request=&request query=view.query(None)/> })}
                    <Facts item=item.clone() locale zone=zone.clone() id/>
                    {(!found.active_targets_here.is_empty() || !found.other_requests_here.is_empty()).then(|| view! {
                        <section class="box box-hint">
                            <h2>{t!(locale, "open-at-location")}</h2>
                            <ul class="plain">
                                {found.active_targets_here.into_iter().map(|target| view! {
                                    <li><a href=format!("/app/targets/{}", target.id)><bdi class="mono">{format!("TGT-{}", target.number)}</bdi>" "{service_label(locale, target.service_type.as_deref())}</a>
                                        " "<TargetChip status=target.status locale/>" "
                                        {target.starts_at.zip(target.ends_at).map(|(start, end)| { let zone = target.appointment_zone.unwrap_or_default(); format!("{} {}", format::date(locale, start, &zone), format::span(start, end, &zone)) })}</li>
                                }).collect_view()}
                                {found.other_requests_here.into_iter().map(|other| view! {
                                    <li><a href=format!("/app/inbox/{}", other.id)><bdi class="mono">{format!("REQ-{}", other.number)}</bdi>" "{service_label(locale, Some(other.service_type.name()))}</a>" "<StatusChip status=public_language::request(other.status, locale)/>" "<span class="quiet" dir="auto">{other.description.chars().take(80).collect::<String>()}</span></li>
                                }).collect_view()}
                            </ul>
                        </section>
                    })}
                    <Conversation notes=found.notes messages=found.messages item request=&request may_review zone/>
                    <KeyboardShortcuts/>
                </article>
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/inbox">{content}</AppFrame> }
}

/// Returns the request that follows in the list, to which a decision leads.
fn next_request(rows: &[ordinavo_core::requests::model::RequestLine], id: RequestId) -> Option<RequestId> {
    let at = rows.iter().position(|row| row.id.0 == id);
    match at {
        Some(at) => rows
            .get(at + 1)
            .or_else(|| at.checked_sub(1).and_then(|before| rows.get(before))),
        None => rows.first(),
    }
    .map(|row| row.id.0)
}

#[component]
fn Facts(item: RequestView, locale: Locale, zone: String, id: RequestId) -> impl IntoView {
    let requester = item.requester.clone().map(|requester| requester.0);
    let address = address_line(
        item.street.as_deref(),
        item.postal_code.as_deref(),
        item.city.as_deref(),
    );
    let provided_address = item.place.as_ref().map(|place| {
        address_line(
            place.0.street.as_deref(),
            place.0.postal_code.as_deref(),
            place.0.city.as_deref(),
        )
    });
    let windows: Vec<String> = item
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
    view! {
        <dl class="facts">
            {(!windows.is_empty()).then(|| view! { <Fact name=t!(locale, "preferred")>{windows.into_iter().map(|window| view! { <div>{window}</div> }).collect_view()}</Fact> })}
            {item.preferred.map(|preferred| view! { <Fact name=t!(locale, "preferred")><bdi>{preferred}</bdi></Fact> })}
            <Fact name=t!(locale, "channel")>{by_key(locale, &format!("channel-{}", item.channel.name()))}</Fact>
            <Fact name=t!(locale, "submitted")>{format::moment(locale, item.submitted_at, &zone)}</Fact>
            {(!address.is_empty()).then(|| view! { <Fact name=t!(locale, "address")><bdi>{address}</bdi></Fact> })}
            {provided_address.filter(|place| !place.is_empty()).map(|place| view! { <Fact name=t!(locale, "provided-address")><bdi>{place}</bdi></Fact> })}
            {requester.map(|requester| view! {
                <Fact name=t!(locale, "provided-contact")>
                    {requester.name.map(|name| view! { <div><bdi>{name}</bdi></div> })}{requester.organisation.map(|name| view! { <div><bdi>{name}</bdi></div> })}
                    {requester.email.map(|email| view! { <div><bdi dir="ltr">{email}</bdi></div> })}{requester.phone.map(|phone| { let tel_href = format!("tel:{}", phone.replace(' ', "")); view! { <div><a href=tel_href><bdi dir="ltr">{phone}</bdi></a></div> } })}
                    <div class="quiet">{requester.locale.own_name()}</div>
                </Fact>
            })}
            {item.contact_name.map(|name| view! { <Fact name=t!(locale, "contact")><bdi>{name}</bdi>" "<bdi dir="ltr">{item.contact_phone}</bdi></Fact> })}
            {item.receipt_code.map(|code| view! { <Fact name=t!(locale, "receipt-code")><bdi class="mono" dir="ltr">{code}</bdi></Fact> })}
            {item.classification.map(|classification| view! { <Classified classification=classification.0 locale/> })}
            <Fact name=t!(locale, "assignee")><bdi>{item.assignee_name.unwrap_or_else(|| t!(locale, "assigned-nobody"))}</bdi></Fact>
            <Fact name=t!(locale, "request-id")><Identifier text=id.to_string() locale/></Fact>
        </dl>
    }
}

/// The results of classification rules with their reasons.
#[component]
fn Classified(classification: Classification, locale: Locale) -> impl IntoView {
    let chosen_value = |field| match field {
        Field::ServiceType => classification.chosen_service_type.map(|kind| kind.name()),
        Field::Priority => classification.chosen_priority.map(|priority| priority.name()),
        Field::Region | Field::UseCase => None,
    };
    classification.decided
        .clone()
        .into_iter()
        .map(|decided| {
            let field = decided.field;
            let override_text = chosen_value(field).map(|value| {
                t!(locale, "classified-chosen", value = value_label(locale, field, value))
            });
            view! {
                <Fact name=by_key(locale, &format!("classified-{}", field.name()))>
                    <div><bdi>{value_label(locale, field, &decided.value)}</bdi></div>
                    <div class="quiet">{format!("{} ({})", t!(locale, "classified-by", rule = decided.rule_name), match_reasons(locale, &decided.because, &[]))}{override_text.map(|override_text| format!(" · {override_text}"))}</div>
                </Fact>
            }
        })
        .collect_view()
}

/// The actions of the review, each with its keyboard shortcut.
#[component]
fn Decisions(
    item: RequestView,
    reviewers: Vec<TechnicianChoice>,
    next: Option<RequestId>,
    form: FormState,
    query: String,
    locale: Locale,
    now: DateTime<Utc>,
    zone: String,
) -> impl IntoView {
    let id = item.id.to_string();
    let reject_open = form.was_rejected();
    let is_undecided = item.status.is_undecided();
    let is_waiting = item.target_id.is_none() && item.status.is_waiting();
    let can_convert = item.status == RequestStatus::Accepted && item.target_id.is_none();
    let knows_customer = item.customer_id.is_some();
    let hidden_fields = || {
        view! { <input type="hidden" name="request" value=id.clone()/><input type="hidden" name="view" value=query.clone()/><input type="hidden" name="next" value=next.map(|next| next.to_string())/> }.into_any()
    };
    let (accept_fields, convert_fields, review_fields, reject_fields) =
        (hidden_fields(), hidden_fields(), hidden_fields(), hidden_fields());
    let (priority_fields, service_fields, assignee_fields, snooze_fields) =
        (hidden_fields(), hidden_fields(), hidden_fields(), hidden_fields());
    let reject_consequence = if item.channel == Channel::Api {
        t!(locale, "reject-consequence-api")
    } else {
        t!(locale, "reject-consequence")
    };
    let priorities: Vec<(String, String)> = Priority::ALL
        .iter()
        .rev()
        .map(|priority| {
            (
                priority.name().to_owned(),
                by_key(locale, &format!("priority-{}", priority.name())),
            )
        })
        .collect();
    let services: Vec<(String, String)> = ServiceType::ALL
        .iter()
        .map(|kind| {
            (
                kind.name().to_owned(),
                public_language::service_type(*kind, locale).to_owned(),
            )
        })
        .collect();
    let assignees: Vec<(String, String)> = std::iter::once((String::new(), t!(locale, "assigned-nobody")))
        .chain(
            reviewers
                .into_iter()
                .map(|person| (person.id.to_string(), person.display_name)),
        )
        .collect();
    let mut snooze_options = vec![
        ("1h".to_owned(), t!(locale, "snooze-hour")),
        ("tomorrow".to_owned(), t!(locale, "snooze-tomorrow")),
        ("monday".to_owned(), t!(locale, "snooze-monday")),
    ];
    let snoozed_until = item.snoozed_until.filter(|until| *until > now);
    if snoozed_until.is_some() {
        snooze_options.insert(0, (String::new(), t!(locale, "snooze-end")));
    }
    view! {
        <SendOnce>
        <div class="actions decisions">
            {is_undecided.then(|| view! { <form method="post" action="/app/fn/accept-request">{accept_fields}<button class="button button-primary" type="submit" data-key="a" aria-keyshortcuts="a">{t!(locale, "accept")}<kbd aria-hidden="true">"a"</kbd></button></form> })}
            {can_convert.then(|| view! { <form method="post" action="/app/fn/convert-request">{convert_fields}<button class="button button-primary" type="submit" data-key="t" aria-keyshortcuts="t" disabled=!knows_customer>{t!(locale, "convert")}<kbd aria-hidden="true">"t"</kbd></button></form> })}
            {(can_convert && !knows_customer).then(|| view! { <p class="help">{t!(locale, "convert-needs-customer")}</p> })}
            {(item.status == RequestStatus::Submitted).then(|| view! { <form method="post" action="/app/fn/start-review">{review_fields}<button class="button" type="submit">{t!(locale, "start-review")}</button></form> })}
            {item.target_id.map(|target| view! { <a class="button button-primary" href=format!("/app/targets/{target}")>{t!(locale, "open-job")}</a> })}
        </div>
        </SendOnce>
        {is_undecided.then(|| view! {
            <ConfirmAction label=t!(locale, "reject") consequence=reject_consequence open=reject_open key="r">
                <form method="post" action="/app/fn/reject-request">
                    <ErrorSummary form=form.clone()/>
                    {reject_fields}
                    <CustomerVisibleBox locale><TextArea form field="reason" label=t!(locale, "reject-reason") rows=3/></CustomerVisibleBox>
                    <button class="button button-bad" type="submit">{t!(locale, "reject-now")}</button>
                </form>
            </ConfirmAction>
        })}
        {is_waiting.then(|| view! {
            <div class="triage">
                <SelectForm action="set-priority" field="priority" label=t!(locale, "priority") choices=priorities chosen=item.priority.name().to_owned() key="p" hidden_fields=priority_fields locale/>
                <SelectForm action="set-service" field="service" label=t!(locale, "service") choices=services chosen=item.service_type.name().to_owned() key="s" hidden_fields=service_fields locale/>
                <SelectForm action="assign-request" field="assignee" label=t!(locale, "assignee") choices=assignees chosen=item.assignee_id.map(|id| id.to_string()).unwrap_or_default() key="g" hidden_fields=assignee_fields locale/>
                <SelectForm action="snooze-request" field="until" label=snoozed_until.map_or_else(|| t!(locale, "snooze"), |until| t!(locale, "snoozed-until", until = format::moment(locale, until, &zone))) choices=snooze_options chosen=String::new() key="h" hidden_fields=snooze_fields locale/>
            </div>
        })}
    }
}

/// A select field with its own submit button.
#[component]
fn SelectForm(
    action: &'static str,
    field: &'static str,
    label: String,
    choices: Vec<(String, String)>,
    chosen: String,
    key: &'static str,
    hidden_fields: AnyView,
    locale: Locale,
) -> impl IntoView {
    let id = format!("set-{field}");
    view! {
        <form class="setter" method="post" action=format!("/app/fn/{action}")>
            {hidden_fields}
            <label for=id.clone()>{label}<kbd aria-hidden="true">{key}</kbd></label>
            <span><select id=id name=field data-key=key aria-keyshortcuts=key>{choices.into_iter().map(|(value, label)| {
                let selected = value == chosen;
                view! { <option value=value selected=selected>{label}</option> }
            }).collect_view()}</select>
            <button class="button" type="submit">{t!(locale, "apply")}</button></span>
        </form>
    }
}

//! One request: what is wanted, by whom and where, what is known around it, and what can be decided.

use chrono::{DateTime, Utc};
use domain::ids::RequestId;
use domain::intake::classification::{Classification, Classified as Field};
use domain::locale::Locale;
use domain::permissions::{ReviewRequests, ViewOperations};
use domain::public_language;
use domain::requests::{Channel, Priority, RequestStatus, ServiceType};
use leptos::prelude::*;
use ordinavo_core::portal_access::view_as;
use ordinavo_core::requests::inbox;
use ordinavo_core::requests::model::RequestView;
use ordinavo_core::scheduling::model::TechnicianChoice;
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextArea};
use ui::icons::Icon;
use ui::islands::SendOnce;
use ui::load::page;
use ui::parts::{Fact, Identifier, OutwardBox, PriorityMark, ProblemNotice, StatusChip, TargetChip, Weighty};
use ui::title::Title;

use crate::classification::page::{reasons, value_words};
use crate::islands::{Hotkeys, LivePage};
use crate::portal_access::visibility::WhoSees;
use crate::requests::conversation::Talk;
use crate::requests::customer_assignment::Matching;
use crate::requests::filters::View;
use crate::requests::inbox::{DecidedNotice, KeySheet, read};
use crate::requests::list::QueueList;
use crate::shared::{address_line, service_words, viewer_staff};
use crate::shell::Framed;
use crate::t;
use crate::words::by_key;

/// `/app/inbox/{id}`.
#[component]
pub fn RequestPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: RequestId = request.id("id")?;
        let found = inbox::page(&request.core, staff.may::<ViewOperations>()?, id).await?;
        let seen = view_as::request(&request.core, staff.may::<ViewOperations>()?, id).await?;
        let view = View::read(&request);
        let inbox = read(&request, &staff, &view).await?;
        let live = format!("/app/live?request={id}&since={}", inbox.mark);
        let next = following(&inbox.requests.rows, id);
        let reviewers = inbox.reviewers.clone();
        let item = found.request.clone();
        let zone = item.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
        let may_review = staff.has::<ReviewRequests>();
        let status = public_language::request(item.status, locale);
        // Somebody else decided meanwhile: the form that was sent is not on the page any more, so what went wrong and what
        // was typed are shown here.
        let is_orphan = !(may_review && item.status.is_undecided());
        let problem = request.flash.clone().map(|mut flash| {
            if is_orphan && flash.form == "reject" {
                flash.form.clear();
            }
            flash
        });
        let lost = request
            .flash
            .as_ref()
            .filter(|flash| is_orphan && flash.form == "reject")
            .and_then(|flash| flash.values.get("reason").cloned())
            .filter(|text| !text.is_empty());
        let asks_to_cancel = item
            .cancel_asked_at
            .filter(|_| !item.status.has_ended())
            .map(|at| (format::moment(locale, at, &zone), item.target_id));
        let title = format!("REQ-{}", item.number);
        let query = view.query(None);
        let matching = if may_review && item.channel.takes_customer_from_people() && item.target_id.is_none() {
            Some(crate::requests::customer_assignment::read(&request, &staff, &found).await?)
        } else {
            None
        };
        let who = item
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
                    <DecidedNotice request=&request/>
                    <ProblemNotice locale flash=problem request_id=request.viewer.request_id.clone()/>
                    {lost.map(|text| view! { <section class="box"><h2>{t!(locale, "unsent-text")}</h2><p class="prose" dir="auto">{text}</p></section> })}
                    <div id="live-request" class="live">
                        <div role="status">{(!found.others.is_empty()).then(|| view! { <p class="notice notice-warn"><Icon name="users"/>{t!(locale, "others-here", names = found.others.join(", "))}</p> })}</div>
                        <header class="title-row">
                            <h1 id="request-title"><bdi class="mono">{title}</bdi>" "{service_words(locale, Some(item.service_type.name()))}</h1>
                            <StatusChip status/>
                            <PriorityMark priority=item.priority locale/>
                        </header>
                        <p class="lead">{match who {
                            Some((Some(href), name)) => view! { <a href=href><bdi>{name}</bdi></a> }.into_any(),
                            Some((None, name)) => view! { <bdi>{name}</bdi> }.into_any(),
                            None => t!(locale, "customer-unassigned-text").into_any(),
                        }}{knows_customer.then(|| view! { " · "<bdi>{item.location_name.clone().unwrap_or_else(|| t!(locale, "no-location"))}</bdi> })}</p>
                    </div>
                    {asks_to_cancel.map(|(at, target)| view! { <p class="notice notice-warn">{t!(locale, "cancellation-requested-text", moment = at)}{target.map(|id| view! { " "<a href=format!("/app/targets/{id}")>{t!(locale, "open-job")}</a> })}</p> })}
                    <section>
                        <h2>{t!(locale, "description")}</h2>
                        <p class="prose" dir="auto">{item.description.clone()}</p>
                        {item.rejection_reason.clone().map(|reason| view! { <OutwardBox locale><p class="prose" dir="auto">{reason}</p></OutwardBox> })}
                        {(!found.files.is_empty()).then(|| view! {
                            <ul class="files" aria-label=t!(locale, "files")>{found.files.clone().into_iter().map(|file| view! {
                                <li><a href=format!("/app/files/{}", file.id)><Icon name="file"/><bdi>{file.file_name}</bdi></a><span class="quiet">{format::size(locale, file.size_bytes)}</span></li>
                            }).collect_view()}</ul>
                        })}
                    </section>
                    <WhoSees locale people=seen/>
                    {may_review.then(|| view! { <Decisions item=item.clone() reviewers next form=FormState::new("reject", locale, request.flash.as_ref()) query locale now zone=zone.clone()/> })}
                    {matching.map(|choices| view! { <Matching choices item=item.clone() hints=found.hints.clone() request=&request query=view.query(None)/> })}
                    <Facts item=item.clone() locale zone=zone.clone() id/>
                    {(!found.already_here.is_empty() || !found.also_waiting.is_empty()).then(|| view! {
                        <section class="box box-hint">
                            <h2>{t!(locale, "open-at-location")}</h2>
                            <ul class="plain">
                                {found.already_here.into_iter().map(|target| view! {
                                    <li><a href=format!("/app/targets/{}", target.id)><bdi class="mono">{format!("TGT-{}", target.number)}</bdi>" "{service_words(locale, target.service_type.as_deref())}</a>
                                        " "<TargetChip status=target.status locale/>" "
                                        {target.starts_at.zip(target.ends_at).map(|(start, end)| { let zone = target.appointment_zone.unwrap_or_default(); format!("{} {}", format::date(locale, start, &zone), format::span(start, end, &zone)) })}</li>
                                }).collect_view()}
                                {found.also_waiting.into_iter().map(|other| view! {
                                    <li><a href=format!("/app/inbox/{}", other.id)><bdi class="mono">{format!("REQ-{}", other.number)}</bdi>" "{service_words(locale, Some(other.service_type.name()))}</a>" "<StatusChip status=public_language::request(other.status, locale)/>" "<span class="quiet" dir="auto">{other.description.chars().take(80).collect::<String>()}</span></li>
                                }).collect_view()}
                            </ul>
                        </section>
                    })}
                    <Talk notes=found.notes messages=found.messages item request=&request may_review zone/>
                    <KeySheet/>
                </article>
            </div>
        }
        .into_any())
    });
    view! { <Framed current="/app/inbox">{content}</Framed> }
}

/// The request after this one in the list, where a decision that ends this one leads.
fn following(rows: &[ordinavo_core::requests::model::RequestLine], id: RequestId) -> Option<RequestId> {
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
    let typed = item.requester.clone().map(|requester| requester.0);
    let address = address_line(
        item.street.as_deref(),
        item.postal_code.as_deref(),
        item.city.as_deref(),
    );
    let typed_place = item.place.as_ref().map(|place| {
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
            {typed_place.filter(|place| !place.is_empty()).map(|place| view! { <Fact name=t!(locale, "provided-address")><bdi>{place}</bdi></Fact> })}
            {typed.map(|typed| view! {
                <Fact name=t!(locale, "provided-contact")>
                    {typed.name.map(|name| view! { <div><bdi>{name}</bdi></div> })}{typed.organisation.map(|name| view! { <div><bdi>{name}</bdi></div> })}
                    {typed.email.map(|email| view! { <div><bdi dir="ltr">{email}</bdi></div> })}{typed.phone.map(|phone| { let dialled = format!("tel:{}", phone.replace(' ', "")); view! { <div><a href=dialled><bdi dir="ltr">{phone}</bdi></a></div> } })}
                    <div class="quiet">{typed.locale.own_name()}</div>
                </Fact>
            })}
            {item.contact_name.map(|name| view! { <Fact name=t!(locale, "contact")><bdi>{name}</bdi>" "<bdi dir="ltr">{item.contact_phone}</bdi></Fact> })}
            {item.receipt_code.map(|code| view! { <Fact name=t!(locale, "receipt-code")><bdi class="mono" dir="ltr">{code}</bdi></Fact> })}
            {item.classification.map(|said| view! { <Classified said=said.0 locale/> })}
            <Fact name=t!(locale, "assignee")><bdi>{item.assignee_name.unwrap_or_else(|| t!(locale, "assigned-nobody"))}</bdi></Fact>
            <Fact name=t!(locale, "request-id")><Identifier text=id.to_string() locale/></Fact>
        </dl>
    }
}

/// What rules decided, with the rule and its reasons.
#[component]
fn Classified(said: Classification, locale: Locale) -> impl IntoView {
    let chosen = |field| match field {
        Field::ServiceType => said.chosen_service_type.map(|kind| kind.name()),
        Field::Priority => said.chosen_priority.map(|priority| priority.name()),
        Field::Region | Field::UseCase => None,
    };
    said.decided
        .clone()
        .into_iter()
        .map(|decided| {
            let field = decided.field;
            let instead = chosen(field).map(|value| {
                t!(locale, "classified-chosen", value = value_words(locale, field, value))
            });
            view! {
                <Fact name=by_key(locale, &format!("classified-{}", field.name()))>
                    <div><bdi>{value_words(locale, field, &decided.value)}</bdi></div>
                    <div class="quiet">{format!("{} ({})", t!(locale, "classified-by", rule = decided.rule_name), reasons(locale, &decided.because, &[]))}{instead.map(|instead| format!(" · {instead}"))}</div>
                </Fact>
            }
        })
        .collect_view()
}

/// The acts, each with its key.
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
    let reject_open = form.came_back();
    let undecided = item.status.is_undecided();
    let waiting = item.target_id.is_none() && item.status.is_waiting();
    let can_convert = item.status == RequestStatus::Accepted && item.target_id.is_none();
    let knows_customer = item.customer_id.is_some();
    let hidden = || {
        view! { <input type="hidden" name="request" value=id.clone()/><input type="hidden" name="view" value=query.clone()/><input type="hidden" name="next" value=next.map(|next| next.to_string())/> }.into_any()
    };
    let (for_accept, for_convert, for_review, for_reject) = (hidden(), hidden(), hidden(), hidden());
    let (for_priority, for_service, for_assignee, for_pause) = (hidden(), hidden(), hidden(), hidden());
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
    let people: Vec<(String, String)> = std::iter::once((String::new(), t!(locale, "assigned-nobody")))
        .chain(
            reviewers
                .into_iter()
                .map(|person| (person.id.to_string(), person.display_name)),
        )
        .collect();
    let mut pauses = vec![
        ("1h".to_owned(), t!(locale, "snooze-hour")),
        ("tomorrow".to_owned(), t!(locale, "snooze-tomorrow")),
        ("monday".to_owned(), t!(locale, "snooze-monday")),
    ];
    let snoozed = item.snoozed_until.filter(|until| *until > now);
    if snoozed.is_some() {
        pauses.insert(0, (String::new(), t!(locale, "snooze-end")));
    }
    view! {
        <SendOnce>
        <div class="actions decisions">
            {undecided.then(|| view! { <form method="post" action="/app/fn/accept-request">{for_accept}<button class="button button-primary" type="submit" data-key="a" aria-keyshortcuts="a">{t!(locale, "accept")}<kbd aria-hidden="true">"a"</kbd></button></form> })}
            {can_convert.then(|| view! { <form method="post" action="/app/fn/convert-request">{for_convert}<button class="button button-primary" type="submit" data-key="t" aria-keyshortcuts="t" disabled=!knows_customer>{t!(locale, "convert")}<kbd aria-hidden="true">"t"</kbd></button></form> })}
            {(can_convert && !knows_customer).then(|| view! { <p class="help">{t!(locale, "convert-needs-customer")}</p> })}
            {(item.status == RequestStatus::Submitted).then(|| view! { <form method="post" action="/app/fn/start-review">{for_review}<button class="button" type="submit">{t!(locale, "start-review")}</button></form> })}
            {item.target_id.map(|target| view! { <a class="button button-primary" href=format!("/app/targets/{target}")>{t!(locale, "open-job")}</a> })}
        </div>
        </SendOnce>
        {undecided.then(|| view! {
            <Weighty label=t!(locale, "reject") consequence=reject_consequence open=reject_open key="r">
                <form method="post" action="/app/fn/reject-request">
                    <ErrorSummary form=form.clone()/>
                    {for_reject}
                    <OutwardBox locale><TextArea form field="reason" label=t!(locale, "reject-reason") rows=3/></OutwardBox>
                    <button class="button button-bad" type="submit">{t!(locale, "reject-now")}</button>
                </form>
            </Weighty>
        })}
        {waiting.then(|| view! {
            <div class="triage">
                <Setter act="set-priority" field="priority" label=t!(locale, "priority") choices=priorities chosen=item.priority.name().to_owned() key="p" hidden=for_priority locale/>
                <Setter act="set-service" field="service" label=t!(locale, "service") choices=services chosen=item.service_type.name().to_owned() key="s" hidden=for_service locale/>
                <Setter act="assign-request" field="assignee" label=t!(locale, "assignee") choices=people chosen=item.assignee_id.map(|id| id.to_string()).unwrap_or_default() key="g" hidden=for_assignee locale/>
                <Setter act="snooze-request" field="until" label=snoozed.map_or_else(|| t!(locale, "snooze"), |until| t!(locale, "snoozed-until", until = format::moment(locale, until, &zone))) choices=pauses chosen=String::new() key="h" hidden=for_pause locale/>
            </div>
        })}
    }
}

/// A choice that is sent with its button, or with Enter.
#[component]
fn Setter(
    act: &'static str,
    field: &'static str,
    label: String,
    choices: Vec<(String, String)>,
    chosen: String,
    key: &'static str,
    hidden: AnyView,
    locale: Locale,
) -> impl IntoView {
    let id = format!("set-{field}");
    view! {
        <form class="setter" method="post" action=format!("/app/fn/{act}")>
            {hidden}
            <label for=id.clone()>{label}<kbd aria-hidden="true">{key}</kbd></label>
            <span><select id=id name=field data-key=key aria-keyshortcuts=key>{choices.into_iter().map(|(value, words)| {
                let selected = value == chosen;
                view! { <option value=value selected=selected>{words}</option> }
            }).collect_view()}</select>
            <button class="button" type="submit">{t!(locale, "apply")}</button></span>
        </form>
    }
}

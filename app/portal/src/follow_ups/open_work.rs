//! Work in progress: action required, open requests, upcoming visits and follow-ups.

use std::sync::Arc;

use domain::follow_ups::FollowUpStatus;
use domain::locale::Locale;
use domain::public::{PublicFollowUp, PublicRequest};
use domain::terminology::Terminology;
use leptos::prelude::*;
use ordinavo_core::portal_access::pages;
use ui::components::{EmptyState, Pager};
use ui::page::{cursor, page};
use ui::story::FollowUpChip;
use ui::title::Title;

use crate::parts::{BackLink, Row, Tile};
use crate::requests::list::{RequestLines, request_title};
use crate::scheduling::appointments::{VisitLines, zone_names};
use crate::shared::viewer_contact;
use crate::shell::AppFrame;
use crate::t;

/// Requests that need an answer from the customer; nothing if there are none.
#[component]
pub fn ActionRequired(requests: Vec<PublicRequest>, words: Arc<Terminology>, locale: Locale) -> impl IntoView {
    if requests.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="needs-you" aria-labelledby="needs-you"><h2 id="needs-you">{t!(locale, "action-required")}</h2>
            <ul class="rows rows-warn">{requests.into_iter().map(|request| {
                let (action, icon, part) = if request.has_offer {
                    (t!(locale, "action-choose-time"), "calendar-clock", "slots")
                } else {
                    (t!(locale, "action-answer-question"), "message", "conversation")
                };
                let title = request_title(&request, &words, locale);
                let line = view! {
                    {title}" · "<bdi class="mono">{format!("REQ-{}", request.number)}</bdi>{request.location.map(|location| view! { " · "<bdi>{location}</bdi> })}
                };
                view! {
                    <Row href=format!("/portal/requests/{}#{part}", request.id) lead=view! { <Tile icon class="icon-tile icon-tile-warn"/> }.into_any() title=action.into_any() line=line.into_any()/>
                }
            }).collect_view()}</ul>
        </section>
    }
    .into_any()
}

/// Follow-ups, each with a link to its report.
#[component]
pub fn FollowUpLines(items: Vec<PublicFollowUp>, words: Arc<Terminology>, locale: Locale) -> impl IntoView {
    view! {
        <ul class="rows">{items.into_iter().filter(|item| item.status != FollowUpStatus::Dismissed).map(|item| {
            let lead = view! { <Tile icon="flag"/> };
            let end = view! { <FollowUpChip status=item.status words=words.clone() locale/> };
            let explanation = words.follow_up(item.status, locale).map(|status| status.explanation.into_owned());
            view! {
                <Row href=format!("/portal/reports/{}", item.report) lead=lead.into_any() title=view! { <span dir="auto">{item.title}</span> }.into_any() line=view! { <bdi>{item.location}</bdi>{explanation.map(|text| view! { " · "{text} })} }.into_any() end=end.into_any()/>
            }
        }).collect_view()}</ul>
    }
}

#[component]
pub fn OpenWorkPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let now = request.viewer.now;
        let found = pages::open_work(&request.core, &contact, request.cursor("before")).await?;
        let next = found
            .requests
            .rows
            .last()
            .filter(|_| found.requests.has_more)
            .map(|row| format!("/portal/in-progress?before={}", cursor(row.submitted_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| "/portal/in-progress".to_owned());
        let (no_requests, no_visits, no_follow_ups) = (
            found.requests.rows.is_empty(),
            found.upcoming.rows.is_empty(),
            found.follow_ups.rows.is_empty(),
        );
        let zones = zone_names(&contact, &found.upcoming.rows);
        let is_empty = no_requests && no_visits && no_follow_ups;
        Ok(view! {
            <Title text=t!(locale, "in-progress-title")/>
            <h1>{t!(locale, "in-progress-title")}</h1>
            {is_empty.then(|| view! { <EmptyState icon="check" title=t!(locale, "in-progress-empty") text=t!(locale, "in-progress-empty-text")/> })}
            <ActionRequired requests=found.action_required words=contact.terminology() locale/>
            {(!no_requests).then(|| view! {
                <section><h2>{t!(locale, "open-requests")}</h2>
                    <RequestLines requests=found.requests.rows words=contact.terminology() now locale zone=contact.zone().to_owned()/>
                    <Pager locale next first/>
                </section>
            })}
            {(!no_visits).then(|| view! {
                <section><h2>{t!(locale, "upcoming")}</h2>
                    <VisitLines visits=found.upcoming.rows words=contact.terminology() zones locale/>
                    {found.upcoming.has_more.then(|| view! { <p><a href="/portal/appointments">{t!(locale, "all-appointments")}</a></p> })}
                </section>
            })}
            {(!no_follow_ups).then(|| view! {
                <section><h2>{t!(locale, "follow-ups")}</h2>
                    <FollowUpLines items=found.follow_ups.rows words=contact.terminology() locale/>
                    <p><a href="/portal/follow-ups">{t!(locale, "all-follow-ups")}</a></p>
                </section>
            })}
        }
        .into_any())
    });
    view! { <AppFrame current="/portal/requests">{content}</AppFrame> }
}

#[component]
pub fn FollowUpsPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let found = pages::follow_ups(&request.core, &contact, request.cursor("before")).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/portal/follow-ups?before={}", cursor(row.created_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| "/portal/follow-ups".to_owned());
        let empty = found.rows.is_empty();
        Ok(view! {
            <Title text=t!(locale, "follow-ups-title")/>
            <BackLink href="/portal/in-progress" label=t!(locale, "in-progress-title")/>
            <h1>{t!(locale, "follow-ups-title")}</h1>
            {empty.then(|| view! { <EmptyState icon="check" title=t!(locale, "no-follow-ups") text=t!(locale, "no-follow-ups-text")/> })}
            <FollowUpLines items=found.rows words=contact.terminology() locale/>
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/portal/follow-ups">{content}</AppFrame> }
}

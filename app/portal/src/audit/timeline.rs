//! The history that customer and team share: milestones in public wording, by day.

use std::sync::Arc;

use domain::locale::Locale;
use domain::public::PublicMilestone;
use domain::public_language::Milestone;
use domain::terminology::Terminology;
use leptos::prelude::*;
use ordinavo_core::portal_access::pages;
use ui::components::{EmptyState, Pager};
use ui::format;
use ui::icons::Icon;
use ui::page::{cursor, page};
use ui::title::Title;

use crate::parts::{LocationFilter, Tile, first_page, page_link};
use crate::shared::viewer_contact;
use crate::shell::AppFrame;
use crate::t;

const PAGE: &str = "/portal/timeline";

/// The families of milestones by which the history is filtered, with icon and label.
fn families(locale: Locale) -> [(&'static str, &'static str, String); 4] {
    [
        ("requests", "inbox", t!(locale, "nav-requests")),
        ("appointments", "calendar", t!(locale, "nav-appointments")),
        ("reports", "file-text", t!(locale, "nav-reports")),
        ("follow-ups", "flag", t!(locale, "follow-ups")),
    ]
}

#[component]
pub fn TimelinePage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let location = request.query("location");
        let is_family = |kind: &String| families(locale).iter().any(|(name, ..)| name == kind);
        let kind = Some(request.query("kind")).filter(is_family).unwrap_or_default();
        let before = request.cursor("before");
        let found = pages::timeline(&request.core, &contact, location.parse().ok(), &kind, before).await?;
        let filters = [("location", location.as_str()), ("kind", kind.as_str())];
        let last = found.rows.rows.last().filter(|_| found.rows.has_more);
        let next = last.map(|row| page_link(PAGE, &filters, cursor(row.at, row.place)));
        let first = (!request.query("before").is_empty()).then(|| first_page(PAGE, &filters));
        let empty = found.rows.rows.is_empty();
        let kept = Some(("kind", kind.clone())).filter(|_| !kind.is_empty());
        Ok(view! {
            <Title text=t!(locale, "timeline-title")/>
            <div class="narrow stack">
                <header class="page-title"><h1>{t!(locale, "timeline-title")}</h1><p class="lead">{t!(locale, "timeline-intro")}</p></header>
                <LocationFilter locations=found.locations chosen=location.clone() page=PAGE kept=kept.into_iter().collect() locale/>
                <KindFilter chosen=kind location locale/>
                {empty.then(|| view! { <EmptyState icon="history" title=t!(locale, "no-timeline") text=t!(locale, "no-timeline-text")/> })}
                <Days entries=found.rows.rows words=contact.terminology() zone=contact.zone().to_owned() locale/>
                <Pager locale next first/>
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current=PAGE>{content}</AppFrame> }
}

/// Filters the history by what it is about.
#[component]
fn KindFilter(chosen: String, location: String, locale: Locale) -> impl IntoView {
    let href = |kind: &str| first_page(PAGE, &[("location", &location), ("kind", kind)]);
    view! {
        <nav class="pills" aria-label=t!(locale, "filter-kind")>
            <a href=href("") aria-current=chosen.is_empty().then_some("true")>{t!(locale, "filter-everything")}</a>
            {families(locale).into_iter().map(|(name, icon, label)| {
                view! { <a href=href(name) aria-current=(chosen == name).then_some("true")><Icon name=icon/>{label}</a> }
            }).collect_view()}
        </nav>
    }
}

/// The milestones, grouped by day.
#[component]
fn Days(entries: Vec<PublicMilestone>, words: Arc<Terminology>, zone: String, locale: Locale) -> impl IntoView {
    let mut days: Vec<(String, Vec<PublicMilestone>)> = Vec::new();
    for entry in entries {
        let day = format::near_day(locale, entry.at, &zone);
        match days.last_mut() {
            Some((last, entries)) if *last == day => entries.push(entry),
            _ => days.push((day, vec![entry])),
        }
    }
    days.into_iter()
        .map(|(day, entries)| {
            let entries = entries
                .into_iter()
                .map(|entry| view! { <Entry entry words=words.clone() zone=zone.clone() locale/> })
                .collect_view();
            view! { <section class="history-day"><h2>{day}</h2><ol class="rows">{entries}</ol></section> }
        })
        .collect_view()
}

const fn icon(milestone: Milestone) -> &'static str {
    match milestone {
        Milestone::RequestSubmitted => "send",
        Milestone::RequestAccepted => "check",
        Milestone::RequestRejected => "x",
        Milestone::RequestCancelled | Milestone::AppointmentCancelled => "ban",
        Milestone::AppointmentScheduled | Milestone::FollowUpPlanned => "calendar",
        Milestone::AppointmentMoved => "arrow-left-right",
        Milestone::VisitCompleted => "check-check",
        Milestone::ReportShared => "file-text",
        Milestone::ReportReplaced => "refresh",
        Milestone::FollowUpRequired => "flag",
    }
}

/// What happened, where, when, and the link to it.
#[component]
fn Entry(entry: PublicMilestone, words: Arc<Terminology>, zone: String, locale: Locale) -> impl IntoView {
    let href = match (entry.request, entry.appointment, entry.report) {
        (Some(id), _, _) => Some(format!("/portal/requests/{id}")),
        (_, Some(id), _) => Some(format!("/portal/appointments/{id}")),
        (_, _, Some(id)) => Some(format!("/portal/reports/{id}")),
        _ => None,
    };
    let service = entry.service_type.map(|service| words.service_type(service, locale));
    let content = view! {
        <Tile icon=icon(entry.milestone)/>
        <span class="row-text"><strong>{words.milestone(entry.milestone, locale)}</strong>
            <span class="quiet">{service}{entry.location.map(|location| view! { " · "<bdi>{location}</bdi> })}{entry.request_number.map(|number| view! { " · "<bdi class="mono">{format!("REQ-{number}")}</bdi> })}</span></span>
        <time class="quiet" datetime=entry.at.to_rfc3339()>{format::time(entry.at, &zone)}</time>
    };
    match href {
        Some(href) => {
            view! { <li><a class="row-link" href=href>{content}<Icon name="chevron-right"/></a></li> }.into_any()
        }
        None => view! { <li><span class="row-link">{content}</span></li> }.into_any(),
    }
}

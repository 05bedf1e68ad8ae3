//! Home: the next visit, action required, what is in progress, reports and follow-ups.

use std::sync::Arc;

use domain::locale::Locale;
use domain::public::{PublicAppointment, PublicLocation, PublicReport};
use domain::public_language::PublicVisit;
use domain::terminology::Terminology;
use leptos::prelude::*;
use ordinavo_core::portal_access::pages;
use ui::components::{EmptyState, ProblemNotice};
use ui::format;
use ui::format::ZoneNames;
use ui::icons::Icon;
use ui::organisation::ContactCard;
use ui::page::page;
use ui::requests::DelayNotice;
use ui::story::VisitChip;
use ui::title::Title;

use crate::follow_ups::open_work::{ActionRequired, FollowUpLines};
use crate::parts::{LocationFilter, Tile};
use crate::portal_access::offers::Offers;
use crate::releases::reports::ReportCards;
use crate::requests::list::RequestLines;
use crate::scheduling::appointments::{VisitLines, visit_title, zone_names};
use crate::shared::{DoneNotice, viewer_contact};
use crate::shell::{AppFrame, organisation_contact};
use crate::t;

/// The number of appointments below the next one.
const MAX_LATER: usize = 3;

#[component]
pub fn HomePage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let (locale, now) = (request.viewer.locale, request.viewer.now);
        let location = request.query("location");
        let home = pages::home(&request.core, &contact, location.parse().ok()).await?;
        let zones = zone_names(&contact, &home.upcoming);
        let (words, zone) = (contact.terminology(), contact.zone().to_owned());
        let places = home.locations.clone();
        let planned = home.next_by_location;
        let mut upcoming = home.upcoming.into_iter();
        let next = upcoming.next();
        let later: Vec<_> = upcoming.take(MAX_LATER).collect();
        Ok(view! {
            <Title text=t!(locale, "nav-home")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <header class="title-row"><div><p class="quiet">{format::date(locale, now, &zone)}</p><h1>{t!(locale, "greeting", name = contact.display_name().to_owned())}</h1></div>
                <LocationFilter locations=home.locations chosen=location page="/portal" locale/></header>
            {(!home.has_access).then(|| view! { <p class="notice notice-warn">{t!(locale, "no-access")}</p> })}
            <div class="with-aside"><div class="stack">
                <Offers offers=home.offers locale zone=zone.clone()/>
                <ActionRequired requests=home.action_required words=words.clone() locale/>
                {home.may.appointments.then(|| view! {
                    <section><h2>{t!(locale, "next-appointment")}</h2>
                        {match next {
                            Some(next) => view! { <NextVisit visit=next words=words.clone() zones locale/> }.into_any(),
                            None => view! { <EmptyState icon="calendar" title=t!(locale, "no-appointments") text=t!(locale, "no-appointments-text")/> }.into_any(),
                        }}
                    </section>
                })}
                {(!later.is_empty()).then(|| view! {
                    <section><SectionHead title=t!(locale, "more-appointments") href="/portal/appointments" link=t!(locale, "all-appointments")/>
                        <VisitLines visits=later words=words.clone() zones locale/></section>
                })}
                <section><SectionHead title=t!(locale, "open-requests") href="/portal/requests" link=t!(locale, "all-requests")/>
                    <RequestLines requests=home.requests words=words.clone() now locale zone=zone.clone()/>
                </section>
                {(!home.recent.is_empty()).then(|| view! {
                    <section data-testid="recent-requests"><h2>{t!(locale, "recent-requests")}</h2>
                        <RequestLines requests=home.recent words=words.clone() now locale zone=zone.clone()/>
                    </section>
                })}
                {home.may.reports.then(|| view! { <LatestReports reports=home.reports locale/> })}
                {(!home.follow_ups.is_empty()).then(|| view! {
                    <section><SectionHead title=t!(locale, "follow-ups") href="/portal/follow-ups" link=t!(locale, "all-follow-ups")/>
                        <FollowUpLines items=home.follow_ups words=words.clone() locale/></section>
                })}
            </div>
            <aside class="stack">
                <ContactCard contact=organisation_contact() locale/>
                <LocationList locations=places planned may_see=home.may.appointments locale/>
                {home.may.appointments.then(|| view! {
                    <section class="card"><h2>{t!(locale, "home-calendar")}</h2><p class="quiet">{t!(locale, "home-calendar-text")}</p>
                        <a class="button" href="/portal/appointments#feed"><Icon name="calendar-plus"/>{t!(locale, "home-calendar-link")}</a></section>
                })}
            </aside></div>
        }
        .into_any())
    });
    view! { <AppFrame current="/portal">{content}</AppFrame> }
}

/// A heading with the link to everything of its kind.
#[component]
fn SectionHead(title: String, href: &'static str, link: String) -> impl IntoView {
    view! { <div class="section-head"><h2>{title}</h2><a href=href>{link}</a></div> }
}

/// The next visit: when is what people come for, so it is the largest text.
#[component]
fn NextVisit(visit: PublicAppointment, words: Arc<Terminology>, zones: ZoneNames, locale: Locale) -> impl IntoView {
    let is_live = matches!(visit.status, PublicVisit::OnTheWay | PublicVisit::InProgress);
    let delay = visit.delay_ahead();
    let when = zones.with(
        locale,
        format::window(locale, visit.starts_at, visit.ends_at, &visit.zone),
        &visit.zone,
    );
    let title = visit_title(&visit, &words, locale);
    let has_address = !visit.address.is_empty();
    view! {
        <article class="card visit" class:visit-live=is_live>
            <div class="row"><VisitChip visit=visit.status words locale/></div>
            <p class="answer"><span>{format::near_day(locale, visit.starts_at, &visit.zone)}</span>" "<strong>{when}</strong></p>
            <DelayNotice minutes=delay locale/>
            <div class="visit-facts"><p><strong>{title}</strong></p>
                <p class="quiet"><Icon name="map-pin"/><bdi>{visit.location}</bdi>{has_address.then(|| view! { " · "<bdi>{visit.address}</bdi> })}</p>
                {visit.technician.map(|name| view! { <p class="quiet"><Icon name="user"/>{t!(locale, "technician")}": "<bdi>{name}</bdi></p> })}
            </div>
            <p class="actions"><a class="button" href=format!("/portal/appointments/{}", visit.id)>{t!(locale, "see-appointment")}</a></p>
        </article>
    }
}

/// The reports that were shared last, with their photos.
#[component]
fn LatestReports(reports: Vec<PublicReport>, locale: Locale) -> impl IntoView {
    let is_empty = reports.is_empty();
    view! {
        <section><SectionHead title=t!(locale, "latest-reports") href="/portal/reports" link=t!(locale, "all-reports")/>
            {is_empty.then(|| view! { <EmptyState icon="file-text" title=t!(locale, "no-reports") text=t!(locale, "no-reports-text")/> })}
            <ReportCards reports locale/>
        </section>
    }
}

/// The most locations whose next appointment is named.
const MAX_LOCATIONS: usize = 6;

/// The user's locations, each with its next visit.
#[component]
fn LocationList(
    locations: Vec<PublicLocation>,
    planned: Vec<PublicAppointment>,
    may_see: bool,
    locale: Locale,
) -> impl IntoView {
    if locations.len() < 2 || locations.len() > MAX_LOCATIONS {
        return ().into_any();
    }
    let next_at = move |location: &PublicLocation| {
        let next = planned.iter().find(|visit| visit.location_id == Some(location.id));
        match next {
            Some(visit) => format::appointment(locale, visit.starts_at, visit.ends_at, &visit.zone),
            None if may_see => t!(locale, "location-no-appointment"),
            None => location.city.clone().unwrap_or_default(),
        }
    };
    view! {
        <section class="card location-list"><h2>{t!(locale, "your-locations")}</h2>
            <ul>{locations.into_iter().map(|location| {
                let next = next_at(&location);
                view! { <li><a class="row-link" href=format!("/portal?location={}", location.id)><Tile icon="map-pin"/><span class="row-text"><strong><bdi>{location.name}</bdi></strong><span class="quiet">{next}</span></span><Icon name="chevron-right"/></a></li> }
            }).collect_view()}</ul>
        </section>
    }
    .into_any()
}

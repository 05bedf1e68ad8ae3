//! Appointments: upcoming and past.

use std::sync::Arc;

use domain::locale::Locale;
use domain::public::{PublicAppointment, PublicReport, PublicRequest, RequestSource};
use domain::public_language::PublicVisit;
use domain::terminology::Terminology;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::portal_access::profile::Proof;
use ordinavo_core::portal_access::{calendar, pages};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
use ui::components::{ConfirmAction, EmptyState, Pager};
use ui::drafts::owned;
use ui::format;
use ui::format::ZoneNames;
use ui::forms::{ErrorSummary, FormState};
use ui::icons::Icon;
use ui::navigation::map_link;
use ui::organisation::ContactCard;
use ui::page::{cursor, page};
use ui::requests::DelayNotice;
use ui::story::VisitChip;
use ui::title::Title;
use ui::viewer::Viewer;

use crate::identity::proof::{CurrentPassword, NewLink};
use crate::parts::{BackLink, LocationFilter, Row, Tile, first_page, page_link};
use crate::requests::list::request_title;
use crate::shared::{DoneNotice, viewer_contact};
use crate::shell::{AppFrame, organisation_contact};
use crate::t;

#[component]
pub fn AppointmentsPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let location = request.query("location");
        let before = request.cursor("before");
        let pages::AppointmentsPage {
            upcoming,
            past,
            may,
            locations,
            feed,
            feed_proof,
        } = pages::appointments(&request.core, &contact, location.parse().ok(), before).await?;
        let filters = [("location", location.as_str())];
        let last = past.rows.last().filter(|_| past.has_more);
        let next = last.map(|row| page_link(PAGE, &filters, cursor(row.starts_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| first_page(PAGE, &filters));
        let zones = zone_names(&contact, upcoming.iter().chain(&past.rows));
        let (no_upcoming, no_past) = (upcoming.is_empty(), past.rows.is_empty());
        let may_see = may.appointments;
        // A subscription that was created earlier can still be turned off.
        let has_feed_section = may_see || feed.is_some();
        Ok(view! {
            <Title text=t!(locale, "appointments-title")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <h1>{t!(locale, "appointments-title")}</h1>
            {(!may_see).then(|| view! { <EmptyState icon="calendar" title=t!(locale, "not-granted") text=t!(locale, "not-granted-appointments")/> })}
            {may_see.then(|| view! { <LocationFilter locations chosen=location.clone() page=PAGE locale/> })}
            <div class="with-aside"><div class="stack">
                {may_see.then(|| view! {
                    <section><h2>{t!(locale, "upcoming")}</h2>
                        {no_upcoming.then(|| view! { <EmptyState icon="calendar" title=t!(locale, "no-appointments") text=t!(locale, "no-appointments-text")/> })}
                        <VisitLines visits=upcoming words=contact.terminology() zones locale/>
                    </section>
                    <section><h2>{t!(locale, "past")}</h2>
                        {no_past.then(|| view! { <EmptyState title=t!(locale, "no-past") text=t!(locale, "no-past-text")/> })}
                        <VisitLines visits=past.rows words=contact.terminology() zones locale/>
                        <Pager locale next first/>
                    </section>
                })}
            </div>
            <aside class="stack">
                {has_feed_section.then(|| view! { <Feed feed proof=feed_proof form=FormState::new("feed", locale, request.flash.as_ref())/> })}
                <ContactCard contact=organisation_contact() locale/>
            </aside></div>
        }
        .into_any())
    });
    view! { <AppFrame current=PAGE>{content}</AppFrame> }
}

#[component]
pub fn AppointmentPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let pages::AppointmentPage {
            appointment: visit,
            next,
            earlier,
            request: origin,
            report,
        } = pages::appointment(&request.core, &contact, request.id("id")?).await?;
        let words = contact.terminology();
        let title = visit_title(&visit, &words, locale);
        let (day, location) = (
            format::appointment(locale, visit.starts_at, visit.ends_at, &visit.zone),
            visit.location.clone(),
        );
        Ok(view! {
            <Title text=t!(locale, "appointment")/>
            <BackLink href=PAGE label=t!(locale, "appointments-title")/>
            <header class="page-title"><h1>{day}</h1><p class="lead">{title}" · "<bdi>{location}</bdi></p></header>
            {next.map(|next| {
                let when = format::appointment(locale, next.starts_at, next.ends_at, &next.zone);
                view! { <p class="notice"><a href=format!("{PAGE}/{}", next.id)>{t!(locale, "new-appointment")}" "<strong>{when}</strong></a></p> }
            })}
            <div class="with-aside"><div class="stack">
                <VisitArticle visit=visit.clone() words=words.clone() locale/>
                <VisitLinks origin=origin.clone() report words=words.clone() locale/>
                {(!earlier.is_empty()).then(|| view! {
                    <section data-testid="appointment-history"><h2>{t!(locale, "appointment-history")}</h2>
                        <ol class="lines">{earlier.into_iter().map(|visit| {
                            let when = format::window(locale, visit.starts_at, visit.ends_at, &visit.zone);
                            view! { <li><s>{format::date(locale, visit.starts_at, &visit.zone)}", "{when}</s><VisitChip visit=visit.status words=words.clone() locale/></li> }
                        }).collect_view()}</ol>
                    </section>
                })}
            </div>
            <aside class="stack"><VisitActions visit origin locale/><ContactCard contact=organisation_contact() locale/></aside></div>
        }
        .into_any())
    });
    view! { <AppFrame current=PAGE>{content}</AppFrame> }
}

/// The state of a visit, when it takes place, and who comes.
#[component]
fn VisitArticle(visit: PublicAppointment, words: Arc<Terminology>, locale: Locale) -> impl IntoView {
    let status = words.visit(visit.status, locale);
    let is_live = matches!(visit.status, PublicVisit::OnTheWay | PublicVisit::InProgress);
    let delay = visit.delay_ahead();
    let when = format::window(locale, visit.starts_at, visit.ends_at, &visit.zone);
    let is_apple = use_context::<Viewer>().is_some_and(|viewer| viewer.is_apple);
    let map = map_link(None, &visit.address, is_apple);
    view! {
        <article class="card visit" class:visit-live=is_live>
            <div class="row"><VisitChip visit=visit.status words locale/></div>
            <p>{status.explanation.into_owned()}</p>
            <p class="answer"><span>{format::date(locale, visit.starts_at, &visit.zone)}</span>" "<strong>{when}</strong></p>
            <DelayNotice minutes=delay locale/>
            {visit.technician.map(|name| view! { <p class="person"><span class="avatar avatar-person" aria-hidden="true">{format::initials(&name)}</span><span class="row-text"><strong><bdi>{name}</bdi></strong><span class="quiet">{t!(locale, "technician")}</span></span></p> })}
            {map.map(|map| view! { <ul class="rows rows-plain"><Row href=map lead=view! { <Tile icon="map-pin"/> }.into_any() title=view! { <bdi>{visit.address}</bdi> }.into_any() line=view! { <bdi>{visit.location}</bdi>" · "{t!(locale, "open-map")} }.into_any()/></ul> })}
            <p class="quiet">{t!(locale, "zone", zone = format::zone_name(locale, &visit.zone))}</p>
        </article>
    }
}

/// The request of a visit and its report.
#[component]
fn VisitLinks(
    origin: Option<PublicRequest>,
    report: Option<PublicReport>,
    words: Arc<Terminology>,
    locale: Locale,
) -> impl IntoView {
    if origin.is_none() && report.is_none() {
        return ().into_any();
    }
    let origin = origin.map(|origin| {
        let title = request_title(&origin, &words, locale);
        let line = view! { {title}" · "<bdi class="mono">{format!("REQ-{}", origin.number)}</bdi> };
        view! { <Row href=format!("/portal/requests/{}", origin.id) lead=view! { <Tile icon="inbox"/> }.into_any() title=t!(locale, "visit-request").into_any() line=line.into_any()/> }
    });
    let report = report.map(|report| {
        let line = format::date(locale, report.published_at, &report.zone);
        view! { <Row href=format!("/portal/reports/{}", report.id) lead=view! { <Tile icon="file-text"/> }.into_any() title=view! { <bdi>{report.title}</bdi> }.into_any() line=line.into_any()/> }
    });
    view! { <ul class="rows" data-testid="visit-links">{report}{origin}</ul> }.into_any()
}

/// What can be done about a visit. Who did not submit its request calls.
#[component]
fn VisitActions(visit: PublicAppointment, origin: Option<PublicRequest>, locale: Locale) -> impl IntoView {
    let has_file = visit.status != PublicVisit::Moved;
    let link = |origin: &PublicRequest, part: &str| format!("/portal/requests/{}#{part}", origin.id);
    let own = origin.filter(|origin| origin.source == RequestSource::Own);
    let message = own
        .as_ref()
        .filter(|own| !own.status.has_ended())
        .map(|own| link(own, "conversation"));
    let another = own
        .as_ref()
        .filter(|own| own.may_ask_for_another_time)
        .map(|own| link(own, "another-time"));
    let cancel = own
        .as_ref()
        .filter(|own| own.may_ask_to_cancel)
        .map(|own| link(own, "cancellation"));
    if !has_file && message.is_none() {
        return ().into_any();
    }
    view! {
        <section class="card buttons no-print" aria-labelledby="visit-actions"><h2 id="visit-actions">{t!(locale, "visit-actions")}</h2>
            {message.map(|href| view! { <a class="button button-primary" href=href><Icon name="message"/>{t!(locale, "write-message")}</a> })}
            {has_file.then(|| view! { <a class="button" href=format!("{PAGE}/{}/calendar.ics", visit.id) download=true><Icon name="calendar-plus"/>{t!(locale, "calendar-file")}</a> })}
            {another.map(|href| view! { <a class="button" href=href><Icon name="calendar-clock"/>{t!(locale, "ask-another-time")}</a> })}
            {cancel.map(|href| view! { <a class="button button-ask" href=href>{t!(locale, "ask-to-cancel")}</a> })}
        </section>
    }
    .into_any()
}

/// Returns what a visit is called.
pub(crate) fn visit_title(visit: &PublicAppointment, words: &Terminology, locale: Locale) -> String {
    visit.service_type.map_or_else(
        || t!(locale, "appointment"),
        |service| words.service_type(service, locale),
    )
}

/// The calendar subscription: its URL, and how to replace it or turn it off.
#[component]
fn Feed(feed: Option<String>, proof: Option<Proof>, form: FormState) -> impl IntoView {
    let locale = form.locale;
    let is_rejected = form.was_rejected();
    let is_active = feed.is_some();
    view! {
        <section class="card" aria-labelledby="feed"><h2 id="feed">{t!(locale, "feed-title")}</h2>
            <p>{t!(locale, "feed-text")}</p>
            {feed.map(|address| view! {
                <p><bdi class="mono feed-address" dir="ltr">{address.clone()}</bdi></p>
                <p><a class="button" href=address.replacen("https://", "webcal://", 1).replacen("http://", "webcal://", 1)><Icon name="calendar"/>{t!(locale, "feed-open")}</a></p>
            })}
            {proof.map(|proof| if is_active {
                view! {
                    <ConfirmAction label=t!(locale, "feed-replace") consequence=t!(locale, "feed-replace-consequence") open=is_rejected>
                        <NewFeed form proof label=t!(locale, "feed-replace-now")/>
                        <form method="post" action=owned("/portal/fn/revoke-calendar-feed")><button class="button button-bad" type="submit">{t!(locale, "feed-turn-off")}</button></form>
                    </ConfirmAction>
                }.into_any()
            } else {
                view! { <NewFeed form proof label=t!(locale, "feed-create")/> }.into_any()
            })}
        </section>
    }
}

/// Creates a URL, which asks for the password because it outlives the session.
#[component]
fn NewFeed(form: FormState, proof: Proof, label: String) -> impl IntoView {
    let locale = form.locale;
    match proof {
        Proof::Link => view! { <NewLink locale page="appointments"/> }.into_any(),
        Proof::Password | Proof::Shown => view! {
            <form method="post" action=owned("/portal/fn/renew-calendar-feed")>
                <ErrorSummary form=form.clone()/>
                <CurrentPassword form proof/>
                <button class="button" type="submit">{label}</button>
            </form>
        }
        .into_any(),
    }
}

const PAGE: &str = "/portal/appointments";

/// Returns whether a page with these appointments names their zones.
pub(crate) fn zone_names<'a>(contact: &Contact, visits: impl IntoIterator<Item = &'a PublicAppointment>) -> ZoneNames {
    ZoneNames::of(
        contact.zone(),
        visits.into_iter().map(|visit| (visit.starts_at, visit.zone.as_str())),
    )
}

#[component]
pub fn VisitLines(
    visits: Vec<PublicAppointment>,
    words: Arc<Terminology>,
    zones: ZoneNames,
    locale: Locale,
) -> impl IntoView {
    view! {
        <ul class="rows">{visits.into_iter().map(|visit| {
            let service = visit_title(&visit, &words, locale);
            let when = zones.with(
                locale,
                format::appointment(locale, visit.starts_at, visit.ends_at, &visit.zone),
                &visit.zone,
            );
            let (month, day) = format::month_and_day(locale, visit.starts_at, &visit.zone);
            let lead = view! { <span class="date-tile" aria-hidden="true"><span>{month}</span><strong>{day}</strong></span> };
            let line = view! { {service}" · "<bdi>{visit.location}</bdi>{visit.technician.map(|name| view! { " · "<bdi>{name}</bdi> })} };
            let end = view! { <VisitChip visit=visit.status words=words.clone() locale/> };
            view! { <Row href=format!("{PAGE}/{}", visit.id) lead=lead.into_any() title=when.into_any() line=line.into_any() end=end.into_any()/> }
        }).collect_view()}</ul>
    }
}

/// The button that turns the calendar subscription off.
#[derive(Serialize)]
struct FeedButton {}

impl ActionForm for FeedButton {
    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

/// The form that creates a URL.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FeedForm {
    /// The current password, if the account has one.
    current: String,
}

impl ActionForm for FeedForm {
    const NAME: &'static str = "feed";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["current"];

    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/portal/fn", endpoint = "renew-calendar-feed")]
pub async fn renew_feed(#[server(flatten)] form: FeedForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, contact: Contact, form: FeedForm| {
        calendar::renew_feed(&core, &contact, &form.current.into()).await?;
        Ok(Redirect::to(PAGE, "done-feed-created"))
    })
    .await
}

#[server(prefix = "/portal/fn", endpoint = "revoke-calendar-feed")]
pub async fn end_feed() -> Result<(), ServerFnError> {
    submit(FeedButton {}, async |core: Core, contact: Contact, _| {
        calendar::revoke_feed(&core, &contact).await?;
        Ok(Redirect::to(PAGE, "done-feed-turned-off"))
    })
    .await
}

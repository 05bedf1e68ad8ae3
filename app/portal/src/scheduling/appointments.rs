//! Appointments: upcoming and past.

use std::sync::Arc;

use domain::locale::Locale;
use domain::public::PublicAppointment;
use domain::public_language::PublicVisit;
use domain::terminology::Terminology;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::portal_access::profile::Proof;
use ordinavo_core::portal_access::{calendar, pages};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
use ui::components::{ConfirmAction, EmptyState, Fact, Pager, StatusChip};
use ui::drafts::owned;
use ui::format;
use ui::format::ZoneNames;
use ui::forms::{ErrorSummary, FormState};
use ui::icons::Icon;
use ui::page::{cursor, page};
use ui::requests::DelayNotice;
use ui::title::Title;

use crate::identity::proof::{CurrentPassword, NewLink};
use crate::shared::{DoneNotice, viewer_contact};
use crate::shell::AppFrame;
use crate::t;

#[component]
pub fn AppointmentsPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let pages::AppointmentsPage {
            upcoming,
            past,
            feed,
            feed_proof,
        } = pages::appointments(&request.core, &contact, request.cursor("before")).await?;
        let next = past
            .rows
            .last()
            .filter(|_| past.has_more)
            .map(|row| format!("/portal/appointments?before={}", cursor(row.starts_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| "/portal/appointments".to_owned());
        let zones = zone_names(&contact, upcoming.iter().chain(&past.rows));
        let (no_upcoming, no_past) = (upcoming.is_empty(), past.rows.is_empty());
        let may_see = pages::capabilities(&request.core, &contact).await?.appointments;
        // A subscription that was created earlier can still be turned off.
        let has_feed_section = may_see || feed.is_some();
        Ok(view! {
            <Title text=t!(locale, "appointments-title")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <h1>{t!(locale, "appointments-title")}</h1>
            {(!may_see).then(|| view! { <EmptyState icon="calendar" title=t!(locale, "not-granted") text=t!(locale, "not-granted-appointments")/> })}
            {may_see.then(|| view! {
                <section><h2>{t!(locale, "upcoming")}</h2>
                    {no_upcoming.then(|| view! { <EmptyState icon="calendar" title=t!(locale, "no-appointments") text=t!(locale, "no-appointments-text")/> })}
                    {upcoming.into_iter().map(|visit| view! { <VisitCard visit words=contact.terminology() zones locale/> }).collect_view()}
                </section>
                <section><h2>{t!(locale, "past")}</h2>
                    {no_past.then(|| view! { <EmptyState title=t!(locale, "no-past") text=t!(locale, "no-past-text")/> })}
                    <VisitLines visits=past.rows words=contact.terminology() zones locale/>
                    <Pager locale next first/>
                </section>
            })}
            {has_feed_section.then(|| view! { <Feed feed proof=feed_proof form=FormState::new("feed", locale, request.flash.as_ref())/> })}
        }
        .into_any())
    });
    view! { <AppFrame current="/portal/appointments">{content}</AppFrame> }
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
        } = pages::appointment(&request.core, &contact, request.id("id")?).await?;
        let words = contact.terminology();
        let status = words.visit(visit.status, locale);
        let explanation = status.explanation.clone();
        let has_file = visit.status != PublicVisit::Moved;
        let zone = t!(locale, "zone", zone = format::zone_name(locale, &visit.zone));
        Ok(view! {
            <Title text=t!(locale, "appointment")/>
            <header class="title-row"><h1>{t!(locale, "appointment")}</h1><StatusChip status/></header>
            <p class="lead">{explanation}</p>
            {next.map(|next| view! {
                <p class="notice"><a href=format!("/portal/appointments/{}", next.id)>{t!(locale, "new-appointment")}" "<strong>{format::date(locale, next.starts_at, &next.zone)}" "{format::span(next.starts_at, next.ends_at, &next.zone)}</strong></a></p>
            })}
            <DelayNotice minutes=visit.delay_ahead() locale/>
            <dl class="facts card">
                <Fact name=t!(locale, "date-and-time")><strong>{format::date(locale, visit.starts_at, &visit.zone)}" "{format::span(visit.starts_at, visit.ends_at, &visit.zone)}</strong></Fact>
                {visit.service_type.map(|service| view! { <Fact name=t!(locale, "service")>{words.service_type(service, locale)}</Fact> })}
                <Fact name=t!(locale, "location")><bdi>{visit.location}</bdi></Fact>
                <Fact name=t!(locale, "address")><bdi>{visit.address}</bdi></Fact>
                {visit.technician.map(|name| view! { <Fact name=t!(locale, "technician")><bdi>{name}</bdi></Fact> })}
            </dl>
            <p class="quiet">{zone}</p>
            {(!earlier.is_empty()).then(|| view! {
                <section data-testid="appointment-history"><h2>{t!(locale, "appointment-history")}</h2>
                    <ol class="lines">{earlier.into_iter().map(|visit| {
                        let status = contact.terminology().visit(visit.status, locale);
                        view! { <li><s>{format::date(locale, visit.starts_at, &visit.zone)}" "{format::span(visit.starts_at, visit.ends_at, &visit.zone)}</s><StatusChip status/></li> }
                    }).collect_view()}</ol>
                </section>
            })}
            {has_file.then(|| view! { <p><a class="button" href=format!("/portal/appointments/{}/calendar.ics", visit.id) download=true><Icon name="calendar"/>{t!(locale, "calendar-file")}</a></p> })}
        }
        .into_any())
    });
    view! { <AppFrame current="/portal/appointments">{content}</AppFrame> }
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
pub fn VisitCard(visit: PublicAppointment, words: Arc<Terminology>, zones: ZoneNames, locale: Locale) -> impl IntoView {
    let service = visit.service_type.map(|service| words.service_type(service, locale));
    view! {
        <article class="card visit">
            <p class="visit-when"><strong>{format::date(locale, visit.starts_at, &visit.zone)}</strong><span>{format::span(visit.starts_at, visit.ends_at, &visit.zone)}{zones.note(locale, &visit.zone)}</span><StatusChip status=words.visit(visit.status, locale)/></p>
            <p><a href=format!("/portal/appointments/{}", visit.id)>{service.unwrap_or_default()}" · "<bdi>{visit.location}</bdi></a></p>
            <p class="quiet"><Icon name="map-pin"/><bdi>{visit.address}</bdi></p>
            {visit.technician.map(|name| view! { <p class="quiet"><Icon name="users"/>{t!(locale, "technician")}": "<bdi>{name}</bdi></p> })}
        </article>
    }
}

#[component]
pub fn VisitLines(
    visits: Vec<PublicAppointment>,
    words: Arc<Terminology>,
    zones: ZoneNames,
    locale: Locale,
) -> impl IntoView {
    view! {
        <ul class="lines lines-tall">{visits.into_iter().map(|visit| view! {
            <li><a href=format!("/portal/appointments/{}", visit.id)>{format::date(locale, visit.starts_at, &visit.zone)}" "{format::span(visit.starts_at, visit.ends_at, &visit.zone)}{zones.note(locale, &visit.zone)}</a>
                <StatusChip status=words.visit(visit.status, locale)/><span class="quiet"><bdi>{visit.location}</bdi></span></li>
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

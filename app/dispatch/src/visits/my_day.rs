//! My day: the technician's stops. Every step is on the page; which one can be taken follows from the state that the stop
//! carries in `data-status`, so that the phone can go on without a network.

use chrono::{Days, NaiveDate, SecondsFormat};
use domain::locale::Locale;
use domain::permissions::PerformVisits;
use domain::targets::{AppointmentStatus, TargetStatus};
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::{Link, Meta};
use ordinavo_core::visits;
use ordinavo_core::visits::model::DayStop;
use ui::format;
use ui::icons::Icon;
use ui::load::page;
use ui::parts::{Empty, PriorityMark, TargetChip};
use ui::shell::locale;
use ui::title::Title;

use crate::shared::{DoneNotice, address_line, service_words, viewer_staff};
use crate::shell::Framed;
use crate::t;

/// `/app/day`.
#[component]
pub fn DayPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let asked = NaiveDate::parse_from_str(&request.query("date"), "%Y-%m-%d").ok();
        let day = visits::day(&request.core, staff.may::<PerformVisits>()?, asked).await?;
        let (date, all, person, waiting) = (day.date, day.stops.len(), staff.id().to_string(), day.waiting);
        let (finished, open): (Vec<_>, Vec<_>) = day.stops.into_iter().partition(is_finished);
        let done = finished.len();
        let link = |date: Option<NaiveDate>| {
            date.map(|date| format!("/app/day?date={}", date.format("%Y-%m-%d")))
                .unwrap_or_default()
        };
        // A page that the phone has kept knows when its day is over, and which one follows.
        let (until, after) = (
            day.until.to_rfc3339_opts(SecondsFormat::Secs, true),
            link(date.checked_add_days(Days::new(1))),
        );
        let next = after.clone();
        let returned = day.returned;
        let sheet = format!("/app/day/sheet?date={}", date.format("%Y-%m-%d"));
        let zone = day.zone;
        let card = |stop: DayStop| {
            let (id, status) = (stop.target_id.to_string(), state(&stop));
            view! { <li data-stop=id data-status=status><p class="stop-label next-label">{t!(locale, "next-visit")}</p><p class="stop-label now-label">{t!(locale, "current-visit")}</p><StopCard stop locale person=person.clone() zone=zone.clone()/></li> }
        };
        let finished = finished.into_iter().map(card).collect_view();
        let open = open.into_iter().map(card).collect_view();
        Ok(view! {
            <Title text=t!(locale, "day-title")/>
            <Installable/>
            <div class="day" data-until=until data-after=after>
                <DoneNotice locale flash=request.flash.clone()/>
                <Keeper locale person=person.clone()/>
                {(waiting > 0).then(|| view! { <p class="notice notice-bad"><strong>{t!(locale, "day-sync-conflicts", count = waiting)}</strong>" "<a href="/app/day/kept">{t!(locale, "day-resolve-conflicts")}</a></p> })}
                {(!returned.is_empty()).then(|| view! { <ReturnedNotice locale stops=returned/> })}
                <header class="title-row"><h1>{t!(locale, "day-title")}</h1><span class="lead">{format::day(locale, date)}</span></header>
                <nav class="day-nav" aria-label=t!(locale, "date")>
                    <a class="button" href=link(date.checked_sub_days(Days::new(1))) data-keep="yes">{t!(locale, "previous-day")}</a>
                    <a class="button" href="/app/day">{t!(locale, "today")}</a>
                    <a class="button" href=next data-keep="yes">{t!(locale, "next-day")}</a>
                    {(all > 0).then(|| view! { <a class="button button-quiet" href=sheet data-keep="yes"><Icon name="clipboard"/>{t!(locale, "day-sheet")}</a> })}
                </nav>
                {(all > 0).then(|| view! { <p class="progress-line"><progress max=all.to_string() value=done.to_string() aria-labelledby="day-progress"></progress><span id="day-progress" data-progress=t!(locale, "day-progress", done = "#", all = all)>{t!(locale, "day-progress", done = done, all = all)}</span></p> })}
                {(all == 0).then(|| view! { <Empty icon="calendar" title=t!(locale, "day-empty") text=t!(locale, "day-empty-text")/> })}
                {(all > done).then(|| view! { <section><h2 class="hidden">{t!(locale, "day-stops")}</h2><ol class="stops">{open}</ol></section> })}
                {(done > 0).then(|| view! { <section><h2>{t!(locale, "completed-visits")}</h2><ol class="stops">{finished}</ol></section> })}
            </div>
        }
        .into_any())
    });
    view! { <Framed current="/app/day">{content}</Framed> }
}

/// What makes the page one that can be put on a phone's first screen.
#[component]
pub(crate) fn Installable() -> impl IntoView {
    let manifest = format!("/app/day/manifest.webmanifest?lang={}", locale().tag());
    view! {
        <Link rel="manifest" href=manifest/>
        <Link rel="apple-touch-icon" href="/app/day/icons/icon-192.png"/>
        <Meta name="apple-mobile-web-app-capable" content="yes"/>
    }
}

/// Lines about what this phone still holds, filled by the script that runs beside the page. `#` stands for a number, a time
/// or a name.
#[component]
pub(crate) fn Keeper(locale: Locale, person: String) -> impl IntoView {
    let nonce = use_nonce();
    view! {
        <div class="keeper" data-keeper=person data-served="now"
            data-note-set_out=t!(locale, "queued-en-route") data-note-arrive=t!(locale, "queued-arrived") data-note-report=t!(locale, "queued-report")
            data-sent-set_out=t!(locale, "done-en-route") data-sent-arrive=t!(locale, "done-arrived") data-sent-report=t!(locale, "done-report-submitted")
            data-correct=t!(locale, "queued-correct") data-remove=t!(locale, "queued-discard") data-remove-sure=t!(locale, "queued-discard-confirm") data-plain=t!(locale, "queued-send-without-photos") data-early=t!(locale, "day-confirm-early")>
            <p class="notice notice-warn" role="status" data-line="offline" data-words=t!(locale, "day-offline") hidden></p>
            <p class="notice" role="status" data-line="waiting" data-words=t!(locale, "day-queued") hidden></p>
            <p class="notice notice-good" role="status" data-line="sent" data-words="#" hidden></p>
            <p class="notice notice-warn" role="status" data-line="signed-out" hidden>{t!(locale, "day-signed-out")}" "<a href="/app/sign-in?next=/app/day">{t!(locale, "day-sign-in")}</a></p>
            <p class="notice notice-warn" role="status" data-line="other" data-words=t!(locale, "day-other-person") hidden></p>
            <p class="notice notice-bad" role="alert" data-line="full" hidden>{t!(locale, "day-storage-full")}" "<button class="button" type="button" data-again>{t!(locale, "day-try-again")}</button></p>
            <div class="notice notice-bad" data-line="refused" hidden><p>{t!(locale, "day-refused")}</p><ul data-refused></ul></div>
            <script src="/app/day/keeper.js" nonce=nonce defer></script>
        </div>
    }
}

/// The reports that came back, whatever their day.
#[component]
fn ReturnedNotice(locale: Locale, stops: Vec<DayStop>) -> impl IntoView {
    view! {
        <details class="notice notice-warn">
            <summary><strong>{t!(locale, "day-returned", count = stops.len())}</strong></summary>
            <ul class="lines">
                {stops.into_iter().map(|stop| {
                    let day = format::date(locale, stop.starts_at, &stop.zone);
                    view! { <li><a href=format!("/app/day/{}", stop.target_id) data-keep="yes">{service_words(locale, stop.service_type.as_deref())}" · "<bdi>{stop.customer_name}</bdi></a>" "<span class="quiet">{day}</span></li> }
                }).collect_view()}
            </ul>
        </details>
    }
}

/// Whether there is nothing left to do for the technician.
pub(crate) fn is_finished(stop: &DayStop) -> bool {
    let is_over = stop.appointment_status == AppointmentStatus::Done || stop.status.is_over();
    is_over && !stop.is_returned()
}

/// What can be done at a stop, as the style sheet and the script know it.
pub(crate) fn state(stop: &DayStop) -> &'static str {
    if stop.is_returned() {
        "returned"
    } else if is_finished(stop) && !stop.status.is_over() {
        // The job goes on with somebody else, or another time; this visit does not.
        TargetStatus::Completed.name()
    } else {
        stop.status.name()
    }
}

/// A link that opens the device's own map.
fn map_link(stop: &DayStop) -> Option<String> {
    stop.latitude
        .zip(stop.longitude)
        .map(|(latitude, longitude)| format!("geo:{latitude:.5},{longitude:.5}?q={latitude:.5},{longitude:.5}"))
}

/// The appointment as the forms carry it, so that a move in between is noticed.
pub(crate) fn seen(stop: &DayStop) -> String {
    stop.appointment().text()
}

/// When a stop is, where it is; with the technician's own time if that is another one.
pub(crate) fn when(locale: Locale, stop: &DayStop, own_zone: &str) -> String {
    let there = format::span(stop.starts_at, stop.ends_at, &stop.zone);
    let here = format::span(stop.starts_at, stop.ends_at, own_zone);
    if here == there {
        there
    } else {
        format!("{there} ({})", t!(locale, "technician-local-time", time = here))
    }
}

/// What a stop is called where only a line is told of it.
pub(crate) fn label(locale: Locale, stop: &DayStop) -> String {
    let service = service_words(locale, stop.service_type.as_deref());
    let customer = stop.customer_name.as_deref().unwrap_or_default();
    format!("TGT-{} · {service} · {customer}", stop.number)
}

/// A stop, large: where, when, whom, and the next step. Apart from its day it says its date.
#[component]
pub(crate) fn StopCard(
    stop: DayStop,
    locale: Locale,
    person: String,
    zone: String,
    #[prop(optional)] dated: bool,
) -> impl IntoView {
    let id = stop.target_id.to_string();
    let address = address_line(
        stop.street.as_deref(),
        stop.postal_code.as_deref(),
        stop.city.as_deref(),
    );
    let has_place = stop.location_name.is_some() || !address.is_empty();
    let map = map_link(&stop);
    let phone = stop
        .contact_phone
        .clone()
        .map(|phone| format!("tel:{}", phone.replace(' ', "")));
    let (seen, time, label) = (seen(&stop), when(locale, &stop, &zone), label(locale, &stop));
    let begins = stop.starts_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let date = dated.then(|| format::date(locale, stop.starts_at, &stop.zone));
    let returned = stop.is_returned();
    let page = format!("/app/day/{id}");
    let step = |act: &'static str, class: &'static str, words: String| {
        view! {
            <form class=class method="post" action=act data-begins=begins.clone()>
                <input type="hidden" name="target" value=id.clone()/><input type="hidden" name="seen" value=seen.clone()/><input type="hidden" name="person" value=person.clone()/><input type="hidden" name="label" value=label.clone()/>
                <button class="button button-primary" type="submit">{words}</button>
            </form>
        }
    };
    view! {
        <article class="card day-stop">
            <p class="stop-time">{date.map(|date| view! { <span>{date}</span> })}<strong>{time}</strong><TargetChip status=stop.status locale/>{returned.then(|| view! { <span class="chip chip-warn">{t!(locale, "report-returned")}</span> })}<PriorityMark priority=stop.priority locale/></p>
            <h3><a href=page.clone() data-keep="yes">{service_words(locale, stop.service_type.as_deref())}" · "<bdi>{stop.customer_name}</bdi></a></h3>
            <p class="kept-note" data-kept-note hidden></p>
            {has_place.then(|| view! { <p><Icon name="map-pin"/><bdi>{stop.location_name}</bdi><br/><bdi>{address}</bdi></p> })}
            <div class="stop-more">
                {stop.contact_name.map(|name| view! { <p><Icon name="users"/><bdi>{name}</bdi></p> })}
                <div class="thumb">
                    {map.map(|href| view! { <a class="button" href=href><Icon name="navigation"/>{t!(locale, "navigate")}</a> })}
                    {phone.map(|href| view! { <a class="button" href=href><Icon name="phone"/>{t!(locale, "call")}</a> })}
                    {step("/app/fn/set-out", "step step-set-out", t!(locale, "start-travel"))}
                    {step("/app/fn/arrive", "step step-arrive", t!(locale, "arrived"))}
                    <a class="button button-primary step step-report" href=format!("{page}#report")>{t!(locale, "report-title")}</a>
                </div>
            </div>
        </article>
    }
}

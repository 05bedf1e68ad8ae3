//! My day: the technician's visits. Every action is part of the page; CSS shows the one that matches the state in
//! `data-status`, so that the page also works offline.

use chrono::{Days, NaiveDate, SecondsFormat};
use domain::identity::permissions::PerformVisits;
use domain::jobs::targets::TargetStatus;
use domain::locale::Locale;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::{Link, Meta};
use ordinavo_core::visits;
use ordinavo_core::visits::model::DayStop;
use ui::components::{EmptyState, PriorityMark, TargetChip};
use ui::format;
use ui::icons::Icon;
use ui::page::page;
use ui::shell::locale;
use ui::title::Title;
use ui::viewer::Viewer;

use crate::shared::{DoneNotice, service_label, viewer_staff};
use crate::shell::AppFrame;
use crate::t;

#[component]
pub fn DayPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let requested_date = NaiveDate::parse_from_str(&request.query("date"), "%Y-%m-%d").ok();
        let day = visits::day(&request.core, staff.may::<PerformVisits>()?, requested_date).await?;
        let (date, all, person, conflict_count) = (day.date, day.stops.len(), staff.id().to_string(), day.waiting);
        let (finished, open): (Vec<_>, Vec<_>) = day.stops.into_iter().partition(DayStop::is_finished);
        let done = finished.len();
        let day_href = |date: Option<NaiveDate>| {
            date.map(|date| format!("/app/day?date={}", date.format("%Y-%m-%d")))
                .unwrap_or_default()
        };
        // A cached page needs to know when its day ends and which page follows.
        let (day_ends_at, next_day) = (
            day.until.to_rfc3339_opts(SecondsFormat::Secs, true),
            day_href(date.checked_add_days(Days::new(1))),
        );
        let next_day_href = next_day.clone();
        let returned = day.returned;
        let sheet = format!("/app/day/sheet?date={}", date.format("%Y-%m-%d"));
        let zone = day.zone;
        let stop_item = |stop: DayStop| {
            let (id, status) = (stop.target_id.to_string(), stop_state(&stop));
            view! { <li data-stop=id data-status=status><p class="stop-label next-label">{t!(locale, "next-visit")}</p><p class="stop-label now-label">{t!(locale, "current-visit")}</p><StopCard stop locale person=person.clone() zone=zone.clone()/></li> }
        };
        let finished = finished.into_iter().map(stop_item).collect_view();
        let open = open.into_iter().map(stop_item).collect_view();
        Ok(view! {
            <Title text=t!(locale, "day-title")/>
            <Installable/>
            <div class="day" data-until=day_ends_at data-after=next_day>
                <DoneNotice locale flash=request.flash.clone()/>
                <OfflineSync locale person=person.clone()/>
                {(conflict_count > 0).then(|| view! { <p class="notice notice-bad"><strong>{t!(locale, "day-sync-conflicts", count = conflict_count)}</strong>" "<a href="/app/day/sync-conflicts">{t!(locale, "day-resolve-conflicts")}</a></p> })}
                {(!returned.is_empty()).then(|| view! { <ReturnedNotice locale stops=returned/> })}
                <header class="title-row"><h1>{t!(locale, "day-title")}</h1><span class="lead">{format::day(locale, date)}</span></header>
                <nav class="day-nav" aria-label=t!(locale, "date")>
                    <a class="button" href=day_href(date.checked_sub_days(Days::new(1))) data-keep="yes">{t!(locale, "previous-day")}</a>
                    <a class="button" href="/app/day">{t!(locale, "today")}</a>
                    <a class="button" href=next_day_href data-keep="yes">{t!(locale, "next-day")}</a>
                    {(all > 0).then(|| view! { <a class="button button-quiet" href=sheet data-keep="yes"><Icon name="clipboard"/>{t!(locale, "day-sheet")}</a> })}
                </nav>
                {(all > 0).then(|| view! { <p class="progress-line"><progress max=all.to_string() value=done.to_string() aria-labelledby="day-progress"></progress><span id="day-progress" data-progress=t!(locale, "day-progress", done = "#", all = all)>{t!(locale, "day-progress", done = done, all = all)}</span></p> })}
                {(all == 0).then(|| view! { <EmptyState icon="calendar" title=t!(locale, "day-empty") text=t!(locale, "day-empty-text")/> })}
                {(all > done).then(|| view! { <section><h2 class="hidden">{t!(locale, "day-stops")}</h2><ol class="stops">{open}</ol></section> })}
                {(done > 0).then(|| view! { <section><h2>{t!(locale, "completed-visits")}</h2><ol class="stops">{finished}</ol></section> })}
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/day">{content}</AppFrame> }
}

/// The metadata that makes the page installable as an app.
#[component]
pub(crate) fn Installable() -> impl IntoView {
    let manifest = format!("/app/day/manifest.webmanifest?lang={}", locale().tag());
    view! {
        <Link rel="manifest" href=manifest/>
        <Link rel="apple-touch-icon" href="/app/day/icons/icon-192.png"/>
        <Meta name="apple-mobile-web-app-capable" content="yes"/>
    }
}

/// The status messages of the offline queue, filled by the script of the page. `#` is a placeholder for a number, a
/// time or a name.
#[component]
pub(crate) fn OfflineSync(locale: Locale, person: String) -> impl IntoView {
    let nonce = use_nonce();
    view! {
        <div class="keeper" data-keeper=person data-served="now"
            data-note-set_out=t!(locale, "queued-en-route") data-note-arrive=t!(locale, "queued-arrived") data-note-report=t!(locale, "queued-report")
            data-sent-set_out=t!(locale, "done-en-route") data-sent-arrive=t!(locale, "done-arrived") data-sent-report=t!(locale, "done-report-submitted")
            data-draft=t!(locale, "device-draft-note", at = "#") data-correct=t!(locale, "queued-correct") data-remove=t!(locale, "queued-discard") data-remove-sure=t!(locale, "queued-discard-confirm") data-plain=t!(locale, "queued-send-without-photos") data-early=t!(locale, "day-confirm-early")>
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

/// Reports returned for correction, of any day.
#[component]
fn ReturnedNotice(locale: Locale, stops: Vec<DayStop>) -> impl IntoView {
    view! {
        <details class="notice notice-warn">
            <summary><strong>{t!(locale, "day-returned", count = stops.len())}</strong></summary>
            <ul class="lines">
                {stops.into_iter().map(|stop| {
                    let day = format::date(locale, stop.starts_at, &stop.zone);
                    view! { <li><a href=format!("/app/day/{}", stop.target_id) data-keep="yes">{service_label(locale, stop.service_type.as_deref())}" · "<bdi>{stop.customer_name}</bdi></a>" "<span class="quiet">{day}</span></li> }
                }).collect_view()}
            </ul>
        </details>
    }
}

/// Returns the state of a visit for the style sheet and the script.
pub(crate) fn stop_state(stop: &DayStop) -> &'static str {
    if stop.is_returned() {
        "returned"
    } else if stop.is_finished() && !stop.status.is_over() {
        // The job continues with another appointment; this visit is over.
        TargetStatus::Completed.name()
    } else {
        stop.status.name()
    }
}

/// Returns a link that opens the device's map app.
fn map_link(stop: &DayStop) -> Option<String> {
    stop.latitude
        .zip(stop.longitude)
        .map(|(latitude, longitude)| format!("geo:{latitude:.5},{longitude:.5}?q={latitude:.5},{longitude:.5}"))
}

/// Returns the appointment as the forms send it, so that the server notices a change in the meantime.
pub(crate) fn seen_appointment(stop: &DayStop) -> String {
    stop.appointment().text()
}

/// Formats the time of a visit in its location's zone, with the technician's local time if it differs.
pub(crate) fn visit_time(locale: Locale, stop: &DayStop, technician_zone: &str) -> String {
    let local_time = format::span(stop.starts_at, stop.ends_at, &stop.zone);
    let own_time = format::span(stop.starts_at, stop.ends_at, technician_zone);
    if own_time == local_time {
        local_time
    } else {
        format!(
            "{local_time} ({})",
            t!(locale, "technician-local-time", time = own_time)
        )
    }
}

/// Returns the one-line label of a visit.
pub(crate) fn stop_label(locale: Locale, stop: &DayStop) -> String {
    let service = service_label(locale, stop.service_type.as_deref());
    let customer = stop.customer_name.as_deref().unwrap_or_default();
    format!("TGT-{} · {service} · {customer}", stop.number)
}

/// A visit with location, time, contact and next action. `shows_date` adds the date where the card appears outside its
/// day.
#[component]
pub(crate) fn StopCard(
    stop: DayStop,
    locale: Locale,
    person: String,
    zone: String,
    #[prop(optional)] shows_date: bool,
) -> impl IntoView {
    let id = stop.target_id.to_string();
    let address = format::address_line(
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
    let (seen_appointment, time, stop_label) = (
        seen_appointment(&stop),
        visit_time(locale, &stop, &zone),
        stop_label(locale, &stop),
    );
    let starts_at = stop.starts_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let date = shows_date.then(|| format::date(locale, stop.starts_at, &stop.zone));
    let returned = stop.is_returned();
    // A cached page may be older than the window; the server decides.
    let can_revert = use_context::<Viewer>().is_some_and(|viewer| stop.is_travel_revertible(viewer.now));
    let stop_path = format!("/app/day/{id}");
    let action_form = |action: &'static str, class: &'static str, button_label: String| {
        view! {
            <form class=class method="post" action=action data-begins=starts_at.clone()>
                <input type="hidden" name="target" value=id.clone()/><input type="hidden" name="seen" value=seen_appointment.clone()/><input type="hidden" name="person" value=person.clone()/><input type="hidden" name="label" value=stop_label.clone()/>
                <button class="button button-primary" type="submit">{button_label}</button>
            </form>
        }
    };
    view! {
        <article class="card day-stop">
            <p class="stop-time">{date.map(|date| view! { <span>{date}</span> })}<strong>{time}</strong><TargetChip status=stop.status locale/>{returned.then(|| view! { <span class="chip chip-warn">{t!(locale, "report-returned")}</span> })}<PriorityMark priority=stop.priority locale/></p>
            <h3><a href=stop_path.clone() data-keep="yes">{service_label(locale, stop.service_type.as_deref())}" · "<bdi>{stop.customer_name}</bdi></a></h3>
            <p class="kept-note" data-kept-note hidden></p>
            {has_place.then(|| view! { <p><Icon name="map-pin"/><bdi>{stop.location_name}</bdi><br/><bdi>{address}</bdi></p> })}
            <div class="stop-more">
                {stop.contact_name.map(|name| view! { <p><Icon name="users"/><bdi>{name}</bdi></p> })}
                <div class="thumb">
                    {map.map(|href| view! { <a class="button" href=href><Icon name="navigation"/>{t!(locale, "navigate")}</a> })}
                    {phone.map(|href| view! { <a class="button" href=href><Icon name="phone"/>{t!(locale, "call")}</a> })}
                    {action_form("/app/fn/start-travel", "step step-set-out", t!(locale, "start-travel"))}
                    {action_form("/app/fn/arrive", "step step-arrive", t!(locale, "arrived"))}
                    {can_revert.then(|| action_form("/app/fn/revert-travel", "step-revert", t!(locale, "undo-travel")))}
                    <a class="button button-primary step step-report" href=format!("{stop_path}#report")>{t!(locale, "report-title")}</a>
                </div>
            </div>
        </article>
    }
}

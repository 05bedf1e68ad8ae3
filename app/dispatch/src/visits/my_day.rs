//! My day: the technician's visits. Every action is part of the page; CSS shows the one that matches the state in
//! `data-status`, so that the page also works offline.

use chrono::{Days, NaiveDate, SecondsFormat};
use domain::identity::permissions::PerformVisits;
use domain::locale::Locale;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::{Link, Meta};
use ordinavo_core::visits;
use ordinavo_core::visits::VisitUnderWay;
use ordinavo_core::visits::model::DayStop;
use ui::components::EmptyState;
use ui::format;
use ui::icons::Icon;
use ui::page::page;
use ui::shell::locale;
use ui::title::Title;

use crate::shared::{DoneNotice, service_label, viewer_staff};
use crate::shell::AppFrame;
use crate::t;
use crate::visits::changes::ChangesNotice;
use crate::visits::notices::own_notices;
use crate::visits::stop_card::{SiteHeader, StopCard, by_site, is_under_way, stop_state};

#[component]
pub fn DayPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let requested_date = NaiveDate::parse_from_str(&request.query("date"), "%Y-%m-%d").ok();
        let shown_date = requested_date.map(|date| date.to_string()).unwrap_or_default();
        let day = visits::day(&request.core, staff.may::<PerformVisits>()?, requested_date).await?;
        let (date, all, person, conflict_count) = (day.date, day.stops.len(), staff.id().to_string(), day.waiting);
        let (version, since) = (day.version(), day.audit_sequence);
        let (finished, mut open): (Vec<_>, Vec<_>) = day.stops.into_iter().partition(DayStop::is_finished);
        // The visit at hand comes first, however late another one is.
        open.sort_by_key(|stop| !is_under_way(stop));
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
        let notices = day.notices;
        let stop_item = |stop: DayStop, in_group: bool| {
            let (id, status) = (stop.target_id.to_string(), stop_state(&stop));
            let notices = own_notices(&notices, &stop);
            view! { <li data-stop=id data-status=status class:in-site=in_group><p class="stop-label next-label">{t!(locale, "next-visit")}</p><p class="stop-label now-label">{t!(locale, "current-visit")}</p><StopCard stop notices locale person=person.clone() zone=zone.clone() names_subject=true comes_after=None/></li> }
        };
        let finished = finished.into_iter().map(|stop| stop_item(stop, false)).collect_view();
        let open = by_site(open)
            .into_iter()
            .map(|stops| {
                let in_group = stops.len() > 1;
                let site = in_group.then(|| stops[0].clone());
                let count = stops.len();
                view! {
                    {site.map(|site| view! { <SiteHeader site count locale/> })}
                    {stops.into_iter().map(|stop| stop_item(stop, in_group)).collect_view()}
                }
            })
            .collect_view();
        Ok(view! {
            <Title text=t!(locale, "day-title")/>
            <Installable/>
            <div class="day day-page" data-until=day_ends_at data-after=next_day data-version=version data-since=since>
                <header class="day-head">
                    <div><h1>{t!(locale, "day-title")}</h1><p class="quiet">{format::day(locale, date)}</p></div>
                    <nav class="day-nav" aria-label=t!(locale, "date")>
                        <a class="button button-icon" href=day_href(date.checked_sub_days(Days::new(1))) data-keep="yes" title=t!(locale, "previous-day")><Icon name="chevron-left"/><span class="hidden">{t!(locale, "previous-day")}</span></a>
                        <a class="button" href="/app/day">{t!(locale, "today")}</a>
                        <a class="button button-icon" href=next_day_href data-keep="yes" title=t!(locale, "next-day")><Icon name="chevron-right"/><span class="hidden">{t!(locale, "next-day")}</span></a>
                        {(all > 0).then(|| view! { <a class="button button-icon" href=sheet data-keep="yes" title=t!(locale, "day-sheet")><Icon name="clipboard"/><span class="hidden">{t!(locale, "day-sheet")}</span></a> })}
                    </nav>
                </header>
                <DoneNotice locale flash=request.flash.clone()/>
                <OfflineSync locale person=person.clone()/>
                {(conflict_count > 0).then(|| view! { <p class="notice notice-bad"><strong>{t!(locale, "day-sync-conflicts", count = conflict_count)}</strong>" "<a href="/app/day/sync-conflicts">{t!(locale, "day-resolve-conflicts")}</a></p> })}
                <ChangesNotice locale changes=day.changes date=shown_date zone=zone.clone() now=request.viewer.now/>
                {day.under_way.map(|visit| view! { <UnderWay visit locale/> })}
                {(!returned.is_empty()).then(|| view! { <ReturnedNotice locale stops=returned/> })}
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
            data-note-start_travel=t!(locale, "queued-en-route") data-note-arrive=t!(locale, "queued-arrived") data-note-report=t!(locale, "queued-report")
            data-note-cannot_do=t!(locale, "queued-cannot-do") data-note-late=t!(locale, "queued-late")
            data-sent-start_travel=t!(locale, "done-en-route") data-sent-start_travel-visible=t!(locale, "done-en-route-visible") data-sent-arrive=t!(locale, "done-arrived") data-sent-report=t!(locale, "done-report-submitted")
            data-sent-cannot_do=t!(locale, "done-notice-sent") data-sent-late=t!(locale, "done-notice-sent")
            data-draft=t!(locale, "device-draft-note", at = "#") data-correct=t!(locale, "queued-correct") data-remove=t!(locale, "queued-discard") data-remove-sure=t!(locale, "queued-discard-confirm") data-plain=t!(locale, "queued-send-without-photos") data-early=t!(locale, "day-confirm-early")>
            <p class="notice notice-warn" role="status" data-line="offline" data-words=t!(locale, "day-offline") hidden></p>
            <p class="notice notice-bad" role="alert" data-line="unwritable" hidden>{t!(locale, "day-storage-unwritable")}</p>
            <p class="notice" role="status" data-line="waiting" data-words=t!(locale, "day-queued") hidden></p>
            <p class="notice notice-warn" role="status" data-line="changed" hidden>{t!(locale, "day-changed")}" "<a class="button" href="/app/day">{t!(locale, "day-changed-show")}</a></p>
            <p class="notice notice-good" role="status" data-line="sent" data-words="#" hidden></p>
            <p class="notice notice-warn" role="status" data-line="signed-out" hidden>{t!(locale, "day-signed-out")}" "<a href="/app/sign-in?next=/app/day">{t!(locale, "day-sign-in")}</a></p>
            <p class="notice notice-warn" role="status" data-line="other" data-words=t!(locale, "day-other-person") hidden></p>
            <p class="notice notice-bad" role="alert" data-line="full" hidden>{t!(locale, "day-storage-full")}" "<button class="button" type="button" data-again>{t!(locale, "day-try-again")}</button></p>
            <p class="notice" role="status" data-line="install" hidden>{t!(locale, "day-install-ios")}" "<button class="button button-quiet" type="button" data-dismiss-install>{t!(locale, "day-install-dismiss")}</button></p>
            <div class="notice notice-bad" data-line="refused" hidden><p>{t!(locale, "day-refused")}</p><ul data-refused></ul></div>
            <script src="/app/day/keeper.js" nonce=nonce defer></script>
        </div>
    }
}

/// The visit that has to end before travel to another one starts.
#[component]
pub(crate) fn UnderWay(visit: VisitUnderWay, locale: Locale) -> impl IntoView {
    view! { <p class="notice notice-warn" data-testid="under-way">{t!(locale, "stop-waits")}" "<a href=format!("/app/day/{}", visit.target_id) data-keep="yes"><bdi class="mono">{format::job_number(visit.number)}</bdi></a></p> }
}

/// Reports returned for correction, of any day.
#[component]
fn ReturnedNotice(locale: Locale, stops: Vec<DayStop>) -> impl IntoView {
    view! {
        <details class="notice notice-warn" data-testid="returned-reports">
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

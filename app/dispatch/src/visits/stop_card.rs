//! A visit as a card of My day, and the header of several visits at one site. Every action is part of the card; CSS shows the one
//! that matches the state in `data-status`, so that it also works offline.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::jobs::targets::TargetStatus;
use domain::lateness::{awaits_arrival, is_visit_late};
use domain::locale::Locale;
use domain::public::MAX_SUBJECT_CHARS;
use domain::text::beginning;
use leptos::prelude::*;
use ordinavo_core::phone::tel_uri;
use ordinavo_core::visits::model::DayStop;
use ordinavo_core::visits::notices::VisitNotice;
use ui::components::{PriorityMark, TargetChip};
use ui::format;
use ui::icons::Icon;
use ui::navigation;
use ui::viewer::Viewer;

use crate::shared::service_label;
use crate::t;
use crate::visits::changes::ChangeChip;
use crate::visits::notices::OwnNotices;

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

/// Returns whether the technician is on the way to a visit or at work.
pub(crate) const fn is_under_way(stop: &DayStop) -> bool {
    matches!(stop.status, TargetStatus::EnRoute | TargetStatus::OnSite)
}

/// Groups stops that follow one another at the same location.
pub(crate) fn by_site(stops: Vec<DayStop>) -> Vec<Vec<DayStop>> {
    let mut groups: Vec<Vec<DayStop>> = Vec::new();
    for stop in stops {
        match groups.last_mut() {
            Some(group) if stop.location_id.is_some() && group[0].location_id == stop.location_id => group.push(stop),
            _ => groups.push(vec![stop]),
        }
    }
    groups
}

fn address_of(stop: &DayStop) -> String {
    let [street, postal_code, city] = stop.address();
    format::address_line(street, postal_code, city)
}

/// Returns a link that opens the device's map app.
fn map_link(stop: &DayStop, address: &str) -> Option<String> {
    let is_apple = use_context::<Viewer>().is_some_and(|viewer| viewer.is_apple);
    navigation::map_link(stop.coordinates(), address, is_apple)
}

/// The site of several visits in a row.
#[component]
pub(crate) fn SiteHeader(site: DayStop, count: usize, locale: Locale) -> impl IntoView {
    let address = address_of(&site);
    let map = map_link(&site, &address);
    view! {
        <li class="site-head" data-site=site.location_id.map(|id| id.to_string())>
            <h3><Icon name="map-pin"/><bdi>{site.location_name}</bdi>" · "{t!(locale, "site-visits", count = count)}</h3>
            <p class="row"><bdi>{address}</bdi>{map.map(|href| view! { <a class="button" href=href><Icon name="navigation"/>{t!(locale, "navigate")}</a> })}</p>
        </li>
    }
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
    format!("J-{} · {service} · {customer}", stop.number)
}

/// A visit with location, time, contact and next action. `shows_date` adds the date where the card appears outside its
/// day.
#[component]
pub(crate) fn StopCard(
    stop: DayStop,
    locale: Locale,
    person: String,
    zone: String,
    /// What the technician has told dispatch about it.
    notices: Vec<VisitNotice>,
    #[prop(optional)] shows_date: bool,
    /// Whether the card says what the visit is about; its page has all notes.
    #[prop(optional)]
    names_subject: bool,
    /// The visit that comes first on the same day.
    #[prop(optional_no_strip)]
    comes_after: Option<i64>,
) -> impl IntoView {
    let id = stop.target_id.to_string();
    let address = address_of(&stop);
    let has_place = stop.location_name.is_some() || !address.is_empty();
    let map = map_link(&stop, &address);
    let number = stop.contact_phone.clone();
    let phone = number
        .as_deref()
        .and_then(|number| tel_uri(number, stop.country(), &stop.zone));
    let what = stop
        .notes
        .as_deref()
        .filter(|_| names_subject)
        .and_then(|notes| beginning(notes, MAX_SUBJECT_CHARS));
    let change = stop.change();
    let lateness = stop.clone();
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
    let question = comes_after.map(|number| t!(locale, "day-confirm-not-next", visit = format::job_number(number)));
    let action_form = |action: &'static str, class: &'static str, button_label: String| {
        view! {
            <form class=class method="post" action=action data-begins=starts_at.clone() data-not-next=question.clone()>
                <input type="hidden" name="target" value=id.clone()/><input type="hidden" name="seen" value=seen_appointment.clone()/><input type="hidden" name="person" value=person.clone()/><input type="hidden" name="label" value=stop_label.clone()/>
                <button class="button button-primary" type="submit">{button_label}</button>
            </form>
        }
    };
    view! {
        <article class="card day-stop">
            <p class="stop-time">{date.map(|date| view! { <span>{date}</span> })}<strong>{time}</strong><TargetChip status=stop.status locale/>{returned.then(|| view! { <span class="chip chip-warn">{t!(locale, "report-returned")}</span> })}<ChangeChip change locale/><PriorityMark priority=stop.priority locale/></p>
            <Lateness stop=lateness locale/>
            <h3><a href=stop_path.clone() data-keep="yes">{service_label(locale, stop.service_type.as_deref())}" · "<bdi>{stop.customer_name}</bdi></a></h3>
            {what.map(|what| view! { <p class="stop-what" dir="auto">{what}</p> })}
            <p class="kept-note" data-kept-note hidden></p>
            <OwnNotices notices locale/>
            {has_place.then(|| view! { <p class="stop-place"><Icon name="map-pin"/><bdi>{stop.location_name}</bdi><br/><bdi>{address}</bdi></p> })}
            <div class="stop-more">
                {(stop.contact_name.is_some() || number.is_some()).then(|| view! { <p><Icon name="users"/><bdi>{stop.contact_name}</bdi>" "<bdi dir="ltr">{number}</bdi></p> })}
                <div class="thumb">
                    {map.map(|href| view! { <a class="button" href=href><Icon name="navigation"/>{t!(locale, "navigate")}</a> })}
                    {phone.map(|href| view! { <a class="button" href=href><Icon name="phone"/>{t!(locale, "call")}</a> })}
                    {action_form("/app/fn/start-travel", "step step-set-out", t!(locale, "start-travel"))}
                    {action_form("/app/fn/arrive", "step step-arrive", t!(locale, "arrived"))}
                    {can_revert.then(|| action_form("/app/fn/revert-travel", "step-revert", t!(locale, "undo-travel")))}
                    <a class="button button-quiet step step-problem" href=format!("{stop_path}#problem") data-keep="yes">{t!(locale, "report-problem")}</a>
                    <a class="button button-primary step step-report" href=format!("{stop_path}#report")>{t!(locale, "report-title")}</a>
                </div>
            </div>
        </article>
    }
}

/// Says in words that a visit should have begun, or be over. A cached page is older than its words, so its script shows them.
#[component]
fn Lateness(stop: DayStop, locale: Locale) -> impl IntoView {
    let now = use_context::<Viewer>().map(|viewer| viewer.now)?;
    let at = |moment: DateTime<Utc>| moment.to_rfc3339_opts(SecondsFormat::Secs, true);
    let (start, end) = (
        format::time(stop.starts_at, &stop.zone),
        format::time(stop.ends_at, &stop.zone),
    );
    let is_late = is_visit_late(stop.status, stop.ends_at, now);
    let is_due = now >= stop.starts_at && !is_late;
    awaits_arrival(stop.status).then(|| view! {
        <p class="stop-due" data-from=at(stop.starts_at) data-to=at(stop.ends_at) hidden=!is_due>{t!(locale, "stop-due", time = start)}</p>
        <p class="stop-due stop-late" data-from=at(stop.ends_at) hidden=!is_late data-testid="late">{t!(locale, "stop-late", time = end)}</p>
    })
}

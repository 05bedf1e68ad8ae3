//! The day as a printable A4 sheet.

use chrono::NaiveDate;
use domain::identity::permissions::PerformVisits;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::visits;
use ordinavo_core::visits::model::DayStop;
use ui::components::{EmptyState, PriorityMark};
use ui::format;
use ui::page::page;
use ui::title::Title;

use crate::islands::PrintButton;
use crate::shared::{service_label, viewer_staff};
use crate::shell::AppFrame;
use crate::t;
use crate::visits::my_day::{OfflineSync, visit_time};

#[component]
pub fn DaySheetPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let requested_date = NaiveDate::parse_from_str(&request.query("date"), "%Y-%m-%d").ok();
        let day = visits::day(&request.core, staff.may::<PerformVisits>()?, requested_date).await?;
        let empty = day.stops.is_empty();
        let zone = day.zone.clone();
        let name = staff.display_name().to_owned();
        Ok(view! {
            <Title text=t!(locale, "day-sheet")/>
            <div class="sheet">
                <div class="actions"><a class="button" href="/app/day">{t!(locale, "day-back")}</a><PrintButton label=t!(locale, "print")/></div>
                <div class="no-print"><OfflineSync locale person=staff.id().to_string()/></div>
                <header class="title-row"><h1>{format::day(locale, day.date)}</h1><span class="lead"><bdi>{name}</bdi></span></header>
                <p class="quiet">{t!(locale, "day-sheet-zone", zone = format::zone_name(locale, &day.zone))}</p>
                {empty.then(|| view! { <EmptyState icon="calendar" title=t!(locale, "day-empty") text=t!(locale, "day-empty-text")/> })}
                <ol class="sheet-stops">{day.stops.into_iter().map(|stop| view! { <SheetStop stop locale zone=zone.clone()/> }).collect_view()}</ol>
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/day">{content}</AppFrame> }
}

#[component]
fn SheetStop(stop: DayStop, locale: Locale, zone: String) -> impl IntoView {
    let address = format::address_line(
        stop.street.as_deref(),
        stop.postal_code.as_deref(),
        stop.city.as_deref(),
    );
    let time = visit_time(locale, &stop, &zone);
    let contact = [stop.contact_name.clone(), stop.contact_phone.clone()];
    let contact: Vec<_> = contact.into_iter().flatten().collect();
    view! {
        <li>
            <p class="stop-time"><strong>{time}</strong><bdi class="mono">{format!("TGT-{}", stop.number)}</bdi><PriorityMark priority=stop.priority locale/></p>
            <h2>{service_label(locale, stop.service_type.as_deref())}" · "<bdi>{stop.customer_name}</bdi></h2>
            {stop.location_name.map(|name| view! { <p><bdi>{name}</bdi></p> })}
            {(!address.is_empty()).then(|| view! { <p><bdi>{address}</bdi></p> })}
            {(!contact.is_empty()).then(|| view! { <p><bdi>{contact.join(" · ")}</bdi></p> })}
            {stop.access_notes.map(|notes| view! { <p><strong>{t!(locale, "access-notes")}": "</strong><span dir="auto">{notes}</span></p> })}
            {stop.notes.map(|notes| view! { <p><strong>{t!(locale, "notes")}": "</strong><span dir="auto">{notes}</span></p> })}
            <dl class="sheet-lines">
                <div><dt>{t!(locale, "arrived")}</dt><dd></dd></div>
                <div><dt>{t!(locale, "report-minutes")}</dt><dd></dd></div>
                <div class="wide"><dt>{t!(locale, "report-material")}</dt><dd></dd></div>
                <div class="wide"><dt>{t!(locale, "report-signature")}</dt><dd></dd></div>
            </dl>
        </li>
    }
}

//! The day as a printable A4 sheet.

use chrono::NaiveDate;
use domain::identity::permissions::PerformVisits;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::intake::model::FileSummary;
use ordinavo_core::visits;
use ordinavo_core::visits::model::DayStop;
use ui::components::PrintButton;
use ui::components::{EmptyState, PriorityMark};
use ui::files::{FileGallery, GalleryFile};
use ui::format;
use ui::page::page;
use ui::title::Title;

use crate::shared::{service_label, viewer_staff};
use crate::shell::AppFrame;
use crate::t;
use crate::visits::my_day::OfflineSync;
use crate::visits::stop_card::visit_time;

#[component]
pub fn DaySheetPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let requested_date = NaiveDate::parse_from_str(&request.query("date"), "%Y-%m-%d").ok();
        let (day, mut files) = visits::sheet(&request.core, staff.may::<PerformVisits>()?, requested_date).await?;
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
                <ol class="sheet-stops">{day.stops.into_iter().map(|stop| {
                    let files = files.remove(&stop.target_id).unwrap_or_default();
                    view! { <SheetStop stop files locale zone=zone.clone()/> }
                }).collect_view()}</ol>
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/day">{content}</AppFrame> }
}

#[component]
fn SheetStop(
    stop: DayStop,
    /// What the requester sent.
    files: Vec<FileSummary>,
    locale: Locale,
    zone: String,
) -> impl IntoView {
    let [street, postal_code, city] = stop.address();
    let address = format::address_line(street, postal_code, city);
    let time = visit_time(locale, &stop, &zone);
    let pictures: Vec<GalleryFile> = files
        .into_iter()
        .filter(|file| file.media_type.starts_with("image/"))
        .map(|file| GalleryFile {
            href: format!("/app/day/files/{}", file.id),
            picture: Some((
                format!("/app/day/files/{}", file.id),
                format!("/app/day/files/{}", file.id),
            )),
            name: file.file_name,
            size_bytes: file.size_bytes,
            scan: file.scan,
        })
        .collect();
    let has_contact = stop.contact_name.is_some() || stop.contact_phone.is_some();
    view! {
        <li>
            <p class="stop-time"><strong>{time}</strong><bdi class="mono">{format::job_number(stop.number)}</bdi><PriorityMark priority=stop.priority locale/></p>
            <h2>{service_label(locale, stop.service_type.as_deref())}" · "<bdi>{stop.customer_name}</bdi></h2>
            {stop.location_name.map(|name| view! { <p><bdi>{name}</bdi></p> })}
            {(!address.is_empty()).then(|| view! { <p><bdi>{address}</bdi></p> })}
            // Name and number are isolated each: between Arabic letters, a number would be reversed.
            {has_contact.then(|| view! { <p>{stop.contact_name.map(|name| view! { <bdi>{name}</bdi>" " })}{stop.contact_phone.map(|number| view! { <bdi dir="ltr">{number}</bdi> })}</p> })}
            {stop.access_notes.map(|notes| view! { <p><strong>{t!(locale, "access-notes")}": "</strong><span dir="auto">{notes}</span></p> })}
            {stop.notes.map(|notes| view! { <p><strong>{t!(locale, "notes")}": "</strong><span dir="auto">{notes}</span></p> })}
            {(!pictures.is_empty()).then(|| view! { <FileGallery files=pictures locale/> })}
            <dl class="sheet-lines">
                <div><dt>{t!(locale, "arrived")}</dt><dd></dd></div>
                <div><dt>{t!(locale, "report-minutes")}</dt><dd></dd></div>
                <div class="wide"><dt>{t!(locale, "report-material")}</dt><dd></dd></div>
                <div class="wide"><dt>{t!(locale, "report-signature")}</dt><dd></dd></div>
            </dl>
        </li>
    }
}

//! Components and helpers that several slices of the staff app use.

use chrono::{DateTime, Utc};
use domain::locale::Locale;
use domain::public::MAX_SUBJECT_CHARS;
use domain::public_language;
use domain::requests::{Priority, ServiceType};
use domain::text::beginning;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::installation::setup::zones;
use ordinavo_core::requests::inbox::MAX_COUNTED;
use ordinavo_core::{CoreError, CoreResult};
use ui::components::SuccessNotice;
use ui::flash::Flash;
use ui::format;
use ui::format::ZoneNames;

use crate::i18n::by_key;

/// Returns the signed-in staff member; the middleware in front of the pages guarantees one.
pub(crate) fn viewer_staff() -> CoreResult<Staff> {
    use_context::<Staff>().ok_or_else(CoreError::not_found)
}

/// The success message above the page.
#[component]
pub(crate) fn DoneNotice(locale: Locale, flash: Option<Flash>) -> impl IntoView {
    flash
        .and_then(|flash| flash.done)
        .map(|done| view! { <SuccessNotice text=by_key(locale, &done) key=done/> })
}

/// Names the zone of all times on a page in words, where it is not the reader's.
#[component]
pub(crate) fn PageZone(locale: Locale, zone: String, own: String, now: DateTime<Utc>) -> impl IntoView {
    let is_other = ZoneNames::of(&own, [(now, zone.as_str())]) != ZoneNames::default();
    is_other.then(|| view! { <p class="notice" data-testid="page-zone">{crate::t!(locale, "page-zone", zone = format::zone_name(locale, &zone))}</p> })
}

/// Returns the label of a service type. Names that only the partner uses are returned unchanged.
pub(crate) fn service_label(locale: Locale, service: Option<&str>) -> String {
    service.map_or_else(
        || crate::t!(locale, "job"),
        |name| {
            ServiceType::from_name(name).map_or_else(
                || name.to_owned(),
                |service| public_language::service_type(service, locale).to_owned(),
            )
        },
    )
}

/// Returns what a job is about: the beginning of its notes, or its service type.
pub(crate) fn job_subject(locale: Locale, notes: Option<&str>, service: Option<&str>) -> String {
    notes
        .and_then(|notes| beginning(notes, MAX_SUBJECT_CHARS))
        .unwrap_or_else(|| service_label(locale, service))
}

/// Returns what a request is about: the beginning of its description, or its service type.
pub(crate) fn request_subject(locale: Locale, description: &str, service: ServiceType) -> String {
    beginning(description, MAX_SUBJECT_CHARS).unwrap_or_else(|| service_label(locale, Some(service.name())))
}

/// Formats a count that ends at [`MAX_COUNTED`].
pub(crate) fn capped_count(count: i64) -> String {
    if count < MAX_COUNTED {
        count.to_string()
    } else {
        format!("{}+", MAX_COUNTED - 1)
    }
}

/// Returns the beginning of a text on one line.
pub(crate) fn excerpt(text: &str, max_chars: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= max_chars {
        return line;
    }
    let cut: String = line.chars().take(max_chars).collect();
    format!("{}…", cut.trim_end())
}

/// Returns the service types as choices of a select field.
pub(crate) fn service_choices(locale: Locale) -> Vec<(String, String)> {
    ServiceType::ALL
        .iter()
        .map(|kind| {
            (
                kind.name().to_owned(),
                public_language::service_type(*kind, locale).to_owned(),
            )
        })
        .collect()
}

/// Returns the priorities as choices of a select field, the highest first.
pub(crate) fn priority_choices(locale: Locale) -> Vec<(String, String)> {
    Priority::ALL
        .iter()
        .rev()
        .map(|priority| {
            (
                priority.name().to_owned(),
                by_key(locale, &format!("priority-{}", priority.name())),
            )
        })
        .collect()
}

/// Returns the time zones as choices of a select field, with the present one.
pub(crate) fn zone_choices(locale: Locale, present: &str) -> Vec<(String, String)> {
    let mut choices: Vec<(String, String)> = zones()
        .into_iter()
        .map(|zone| (zone.to_owned(), format!("{zone} ({})", format::zone_name(locale, zone))))
        .collect();
    if !present.is_empty() && !choices.iter().any(|(name, _)| name == present) {
        choices.push((present.to_owned(), format::zone_name(locale, present)));
    }
    choices
}

//! What several slices of the staff app show.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::{CoreError, CoreResult};
use ui::flash::Flash;
use ui::parts::Done;

use crate::words::by_key;

/// The member of the staff who looks at a page; the gate before the pages has made sure that there is one.
pub(crate) fn viewer_staff() -> CoreResult<Staff> {
    use_context::<Staff>().ok_or_else(CoreError::not_found)
}

/// What was just done, above the page.
#[component]
pub(crate) fn DoneNotice(locale: Locale, flash: Option<Flash>) -> impl IntoView {
    flash
        .and_then(|flash| flash.done)
        .map(|done| view! { <Done text=by_key(locale, &done)/> })
}

/// The parts of an address that are known, on one line.
pub(crate) fn address_line(street: Option<&str>, postal_code: Option<&str>, city: Option<&str>) -> String {
    let town = [postal_code, city].into_iter().flatten().collect::<Vec<_>>().join(" ");
    [street.unwrap_or_default(), &town]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// The words for a service type; a partner's own words stay as they are.
pub(crate) fn service_words(locale: Locale, service: Option<&str>) -> String {
    service.map_or_else(
        || crate::t!(locale, "job"),
        |name| {
            domain::requests::ServiceType::from_name(name).map_or_else(
                || name.to_owned(),
                |service| domain::public_language::service_type(service, locale).to_owned(),
            )
        },
    )
}

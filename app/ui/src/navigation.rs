//! Links that leave the browser: to the device's map app and its phone.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::phone::tel_uri;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::islands::CopyText;
use crate::word;

/// Returns a link that opens the map app with a destination. Apple devices know no `geo:` links. Without coordinates, the address
/// is searched; without both there is no link.
pub fn map_link(coordinates: Option<(f64, f64)>, address: &str, is_apple: bool) -> Option<String> {
    let searched = utf8_percent_encode(address, NON_ALPHANUMERIC).to_string();
    match (coordinates, is_apple) {
        (Some((latitude, longitude)), true) => {
            Some(format!("https://maps.apple.com/?daddr={latitude:.5},{longitude:.5}"))
        }
        (Some((latitude, longitude)), false) => {
            let label = if searched.is_empty() {
                String::new()
            } else {
                format!("({searched})")
            };
            Some(format!(
                "geo:{latitude:.5},{longitude:.5}?q={latitude:.5},{longitude:.5}{label}"
            ))
        }
        (None, _) if searched.is_empty() => None,
        (None, true) => Some(format!("https://maps.apple.com/?daddr={searched}")),
        (None, false) => Some(format!("geo:0,0?q={searched}")),
    }
}

/// A phone number as it was typed, to call and to copy. `country` is the location's, for numbers without a country code.
#[component]
pub fn PhoneLink(
    number: String,
    #[prop(optional_no_strip)] country: Option<String>,
    #[prop(into)] zone: String,
    locale: Locale,
) -> impl IntoView {
    let (label, done) = (word!(locale, "copy"), word!(locale, "copied"));
    let href = tel_uri(&number, country.as_deref(), &zone);
    let shown = view! { <bdi dir="ltr">{number.clone()}</bdi> };
    let link = match href {
        Some(href) => view! { <a href=href>{shown}</a> }.into_any(),
        None => shown.into_any(),
    };
    view! { <span class="identifier">{link}<CopyText text=number label done/></span> }
}

#[cfg(test)]
mod tests {
    use super::map_link;

    #[test]
    fn map_link_follows_device_and_what_is_known() {
        let essen = Some((51.4556, 7.0116));
        for (coordinates, address, is_apple, expected) in [
            (
                essen,
                "Hauptstraße 1",
                true,
                Some("https://maps.apple.com/?daddr=51.45560,7.01160"),
            ),
            (
                essen,
                "A 1, B",
                false,
                Some("geo:51.45560,7.01160?q=51.45560,7.01160(A%201%2C%20B)"),
            ),
            (essen, "", false, Some("geo:51.45560,7.01160?q=51.45560,7.01160")),
            (None, "A 1, B", true, Some("https://maps.apple.com/?daddr=A%201%2C%20B")),
            (None, "A 1, B", false, Some("geo:0,0?q=A%201%2C%20B")),
            (None, "", false, None),
            (None, "", true, None),
        ] {
            assert_eq!(map_link(coordinates, address, is_apple).as_deref(), expected);
        }
    }
}

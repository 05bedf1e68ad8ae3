//! What has changed in a technician's visits: new, moved and cancelled ones and messages, until the technician confirms them.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::visits::changes::Changes;
use ordinavo_core::visits::model::StopChange;
use ui::components::Chip;
use ui::format;

use crate::i18n::by_key;
use crate::shared::service_label;
use crate::t;

/// The mark of a changed visit.
#[component]
pub(crate) fn ChangeChip(change: Option<StopChange>, locale: Locale) -> impl IntoView {
    change.map(|change| view! { <span data-change=change.name()><Chip label=by_key(locale, &format!("day-change-{}", change.name())) tone=Tone::Warn/></span> })
}

/// The changes that the technician has not confirmed, with the button that confirms them.
#[component]
pub(crate) fn ChangesNotice(
    locale: Locale,
    changes: Changes,
    /// The date of the page; empty for today.
    date: String,
    /// The technician's zone.
    zone: String,
    now: DateTime<Utc>,
) -> impl IntoView {
    let shown = changes.to_form();
    let shown_at = now.to_rfc3339_opts(SecondsFormat::Micros, true);
    let count = changes.stops.len() + changes.removed.len();
    let when = move |starts_at: DateTime<Utc>, ends_at: DateTime<Utc>, zone: &str| {
        format!(
            "{} {}",
            format::date(locale, starts_at, zone),
            format::span(starts_at, ends_at, zone)
        )
    };
    let removed_zone = zone;
    (count > 0).then(|| view! {
        <section class="notice notice-warn day-changes" role="status" data-testid="changes">
            <h2>{t!(locale, "changes-title", count = count)}</h2>
            <ul class="lines">
                {changes.stops.into_iter().map(|stop| {
                    let change = stop.change();
                    let when = when(stop.starts_at, stop.ends_at, &stop.zone);
                    view! {
                        <li><ChangeChip change locale/>" "<a href=format!("/app/day/{}", stop.target_id) data-keep="yes">{service_label(locale, stop.service_type.as_deref())}" · "<bdi>{stop.customer_name}</bdi></a>" "<bdi class="quiet">{when}</bdi></li>
                    }
                }).collect_view()}
                {changes.removed.into_iter().map(|stop| {
                    let key = if stop.is_cancelled { "cancelled" } else { "removed" };
                    let zone = if stop.zone.is_empty() { removed_zone.clone() } else { stop.zone };
                    let when = when(stop.starts_at, stop.ends_at, &zone);
                    view! {
                        <li><span data-change=key><Chip label=by_key(locale, &format!("day-change-{key}")) tone=Tone::Bad/></span>" "<bdi class="mono">{format::job_number(stop.number)}</bdi>" "{service_label(locale, stop.service_type.as_deref())}" · "<bdi>{stop.customer_name}</bdi>" "<bdi class="quiet">{when}</bdi></li>
                    }
                }).collect_view()}
            </ul>
            <form method="post" action="/app/fn/confirm-changes"><input type="hidden" name="changes" value=shown/><input type="hidden" name="shown_at" value=shown_at/><input type="hidden" name="date" value=date/><button class="button" type="submit">{t!(locale, "changes-confirm")}</button></form>
        </section>
    })
}

//! Deliveries of webhooks as staff and partners see them: status, failure reasons and attempts.

use domain::locale::Locale;
use domain::public_language::Tone;
use domain::webhooks::DeliveryStatus;
use leptos::prelude::*;
use ordinavo_core::webhooks::model::AttemptEntry;

use crate::components::{Chip, EmptyState};
use crate::format;
use crate::i18n::by_key;
use crate::word;

const fn tone(status: DeliveryStatus) -> Tone {
    match status {
        DeliveryStatus::Delivered => Tone::Good,
        DeliveryStatus::Pending | DeliveryStatus::InFlight => Tone::Info,
        DeliveryStatus::Held => Tone::Warn,
        DeliveryStatus::Failed => Tone::Bad,
    }
}

pub fn status_label(locale: Locale, status: DeliveryStatus) -> String {
    by_key(locale, &format!("delivery-{}", status.name()))
}

/// Returns the name of the reason why an attempt failed.
pub fn failure_label(locale: Locale, name: &str) -> String {
    by_key(locale, &format!("failure-{name}"))
}

#[component]
pub fn DeliveryChip(status: DeliveryStatus, locale: Locale) -> impl IntoView {
    view! { <Chip label=status_label(locale, status) tone=tone(status)/> }
}

/// The attempts of a delivery with request, response, duration and failure reason.
#[component]
pub fn DeliveryAttempts(locale: Locale, attempts: Vec<AttemptEntry>, event_id: String, zone: String) -> impl IntoView {
    if attempts.is_empty() {
        return view! { <EmptyState title=word!(locale, "nothing-yet") text=word!(locale, "attempts-empty")/> }
            .into_any();
    }
    attempts
        .into_iter()
        .map(|attempt| {
            let (label, tone) = match &attempt.failure {
                None => (status_label(locale, DeliveryStatus::Delivered), Tone::Good),
                Some(name) => (failure_label(locale, name), Tone::Bad),
            };
            let advice = attempt.failure.as_deref().map(|name| by_key(locale, &format!("failure-{name}-advice")));
            let request = format!(
                "POST {}\ncontent-type: application/json\nwebhook-id: {event_id}\nwebhook-timestamp: {}\nwebhook-signature: {}",
                attempt.url,
                attempt.started_at.timestamp(),
                attempt.signature
            );
            let response = attempt.response_status.map(|status| {
                format!("HTTP {status}\n\n{}", attempt.response_excerpt.clone().unwrap_or_default())
            });
            view! {
                <article class="card">
                    <header class="title-row"><h3>{word!(locale, "attempt-number", number = attempt.number)}</h3><Chip label tone/>
                        <span class="quiet">{format::moment(locale, attempt.started_at, &zone)}" · "<bdi>{attempt.duration_ms}" ms"</bdi>" · "{by_key(locale, &format!("cause-{}", attempt.cause.name()))}</span></header>
                    {advice.map(|text| view! { <p>{text}</p> })}
                    {attempt.error.map(|text| view! { <p class="quiet" dir="ltr"><bdi class="mono small">{text}</bdi></p> })}
                    <details><summary>{word!(locale, "request-sent")}</summary><pre class="code" dir="ltr" tabindex="0">{request}</pre></details>
                    {response.map(|text| view! { <details><summary>{word!(locale, "response")}</summary><pre class="code" dir="ltr" tabindex="0">{text}</pre></details> })}
                </article>
            }
        })
        .collect_view()
        .into_any()
}

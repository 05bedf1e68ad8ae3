//! A delivery with its attempts: request, response, duration and failure reason.

use domain::locale::Locale;
use domain::public_language::Tone;
use domain::webhooks::DeliveryStatus;
use leptos::prelude::*;
use ordinavo_core::webhooks::deliveries;
use ordinavo_core::webhooks::model::AttemptEntry;
use ui::components::{Chip, EmptyState, Fact, Identifier};
use ui::format;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::viewer_partner;
use crate::shell::AppFrame;
use crate::t;
use crate::webhooks::endpoints::{LIST, delivery_tone};

/// `/partner/deliveries/{id}`.
#[component]
pub fn DeliveryPage() -> impl IntoView {
    let viewer = viewer_partner();
    let content = page(|request| async move {
        let viewer = viewer?;
        let locale = request.viewer.locale;
        let found = deliveries::get_for_partner(&request.core, &viewer, request.id("id")?).await?;
        let (delivery, attempts) = (found.delivery, found.attempts);
        let zone = viewer.zone().to_owned();
        let moment = |at| format::moment(locale, at, &zone);
        let next = (delivery.status == DeliveryStatus::Pending).then(|| moment(delivery.next_attempt_at));
        let (created, delivered) = (moment(delivery.created_at), delivery.delivered_at.map(moment));
        let body = delivery.pretty_body();
        let event_id = delivery.event_id.to_string();
        let webhook_id = event_id.clone();
        let label = by_key(locale, &format!("delivery-{}", delivery.status.name()));
        Ok(view! {
            <Title text=delivery.event_type.clone()/>
            <p class="breaks"><a href=format!("{LIST}/{}", delivery.endpoint_id)><bdi class="mono" dir="ltr">{delivery.url.clone()}</bdi></a></p>
            <header class="title-row"><h1><bdi class="mono" dir="ltr">{delivery.event_type.clone()}</bdi></h1><Chip label tone=delivery_tone(delivery.status)/></header>
            <dl class="facts">
                <Fact name=t!(locale, "time")>{created}</Fact>
                {next.map(|at| view! { <Fact name=t!(locale, "next-attempt")>{at}</Fact> })}
                {delivered.map(|at| view! { <Fact name=t!(locale, "delivery-delivered")>{at}</Fact> })}
                <Fact name=t!(locale, "sequence")>{delivery.sequence}</Fact>
                <Fact name="webhook-id"><Identifier text=webhook_id locale/></Fact>
                <Fact name="id"><Identifier text=delivery.id.to_string() locale/></Fact>
            </dl>
            <section><h2>{t!(locale, "attempts")}</h2><Attempts locale attempts event_id zone=zone.clone()/></section>
            <section><h2>{t!(locale, "payload")}</h2>
                {body.is_none().then(|| view! { <p class="quiet">{t!(locale, "payload-none")}</p> })}
                {body.map(|body| view! { <pre class="code" dir="ltr" tabindex="0">{body}</pre> })}
            </section>
        }
        .into_any())
    });
    view! { <AppFrame current=LIST>{content}</AppFrame> }
}

#[component]
fn Attempts(locale: Locale, attempts: Vec<AttemptEntry>, event_id: String, zone: String) -> impl IntoView {
    if attempts.is_empty() {
        return view! { <EmptyState title=t!(locale, "nothing-yet") text=t!(locale, "attempts-empty")/> }.into_any();
    }
    attempts
        .into_iter()
        .map(|attempt| {
            let (label, tone) = match &attempt.failure {
                None => (t!(locale, "delivery-delivered"), Tone::Good),
                Some(name) => (by_key(locale, &format!("failure-{name}")), Tone::Bad),
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
                    <header class="title-row"><h3>{t!(locale, "attempt-number", number = attempt.number)}</h3><Chip label tone/>
                        <span class="quiet">{format::moment(locale, attempt.started_at, &zone)}" · "<bdi>{attempt.duration_ms}" ms"</bdi>" · "{by_key(locale, &format!("cause-{}", attempt.cause.name()))}</span></header>
                    {advice.map(|text| view! { <p>{text}</p> })}
                    {attempt.error.map(|text| view! { <p class="quiet" dir="ltr"><bdi class="mono small">{text}</bdi></p> })}
                    <details><summary>{t!(locale, "request-sent")}</summary><pre class="code" dir="ltr" tabindex="0">{request}</pre></details>
                    {response.map(|text| view! { <details><summary>{t!(locale, "response")}</summary><pre class="code" dir="ltr" tabindex="0">{text}</pre></details> })}
                </article>
            }
        })
        .collect_view()
        .into_any()
}

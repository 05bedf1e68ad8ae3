//! A delivery with its attempts: request, response, duration and failure reason.

use domain::webhooks::DeliveryStatus;
use leptos::prelude::*;
use ordinavo_core::webhooks::deliveries;
use ui::components::{Fact, Identifier};
use ui::format;
use ui::page::page;
use ui::title::Title;
use ui::webhooks::{DeliveryAttempts, DeliveryChip, status_label};

use crate::shared::viewer_partner;
use crate::shell::AppFrame;
use crate::t;
use crate::webhooks::endpoints::LIST;

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
        Ok(view! {
            <Title text=delivery.event_type.clone()/>
            <p class="breaks"><a href=format!("{LIST}/{}", delivery.endpoint_id)><bdi class="mono" dir="ltr">{delivery.url.clone()}</bdi></a></p>
            <header class="title-row"><h1><bdi class="mono" dir="ltr">{delivery.event_type.clone()}</bdi></h1><DeliveryChip status=delivery.status locale/></header>
            <dl class="facts">
                <Fact name=t!(locale, "time")>{created}</Fact>
                {next.map(|at| view! { <Fact name=t!(locale, "next-attempt")>{at}</Fact> })}
                {delivered.map(|at| view! { <Fact name=status_label(locale, DeliveryStatus::Delivered)>{at}</Fact> })}
                <Fact name=t!(locale, "sequence")>{delivery.sequence}</Fact>
                <Fact name="webhook-id"><Identifier text=webhook_id locale/></Fact>
                <Fact name="id"><Identifier text=delivery.id.to_string() locale/></Fact>
            </dl>
            <section><h2>{t!(locale, "attempts")}</h2><DeliveryAttempts locale attempts event_id zone=zone.clone()/></section>
            <section><h2>{t!(locale, "payload")}</h2>
                {body.is_none().then(|| view! { <p class="quiet">{t!(locale, "payload-none")}</p> })}
                {body.map(|body| view! { <pre class="code" dir="ltr" tabindex="0">{body}</pre> })}
            </section>
        }
        .into_any())
    });
    view! { <AppFrame current=LIST>{content}</AppFrame> }
}

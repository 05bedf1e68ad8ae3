//! The page of a delivery with its attempts: request, response, duration and failure reason.

use domain::identity::permissions::ViewIntegrations;
use domain::ids::DeliveryId;
use domain::locale::Locale;
use domain::public_language::Tone;
use domain::webhooks::DeliveryStatus;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::webhooks::deliveries;
use ordinavo_core::webhooks::model::AttemptEntry;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Chip, EmptyState, Fact, Identifier, ProblemNotice};
use ui::drafts::owned;
use ui::format;
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::integrations::clients::LIST;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::AppFrame;
use crate::t;
use crate::webhooks::endpoints::delivery_tone;

#[component]
pub fn DeliveryPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let permit = staff.may::<ViewIntegrations>()?;
        let deliveries::DeliveryDetails {
            delivery,
            attempts,
            can_replay,
        } = deliveries::get(&request.core, permit, request.id("id")?).await?;
        let zone = staff.zone().to_owned();
        let body = delivery.pretty_body();
        let is_pending = delivery.status == DeliveryStatus::Pending;
        let (id, event_id) = (delivery.id.to_string(), delivery.event_id.to_string());
        let moment = |at| format::moment(locale, at, &zone);
        let (created_at, next_attempt_at, delivered_at) = (
            moment(delivery.created_at),
            moment(delivery.next_attempt_at),
            delivery.delivered_at.map(moment),
        );
        let (id_text, event_text) = (id.clone(), event_id.clone());
        Ok(view! {
            <Title text=delivery.event_type.clone()/>
            <p><a href=format!("/app/integrations/endpoints/{}", delivery.endpoint_id)><bdi class="mono" dir="ltr">{delivery.url.clone()}</bdi></a></p>
            <header class="title-row"><h1><bdi class="mono" dir="ltr">{delivery.event_type.clone()}</bdi></h1>
                <Chip label=by_key(locale, &format!("delivery-{}", delivery.status.name())) tone=delivery_tone(delivery.status)/></header>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <dl class="facts">
                <Fact name=t!(locale, "time")>{created_at}</Fact>
                {is_pending.then(|| view! { <Fact name=t!(locale, "next-attempt")>{next_attempt_at}</Fact> })}
                {delivered_at.map(|at| view! { <Fact name=t!(locale, "delivery-delivered")>{at}</Fact> })}
                <Fact name=t!(locale, "sequence")>{delivery.sequence}</Fact>
                <Fact name="webhook-id"><Identifier text=event_text locale/></Fact>
                <Fact name="id"><Identifier text=id_text locale/></Fact>
            </dl>
            {can_replay.then(|| view! {
                <SubmitOnce><form method="post" action=owned("/app/fn/replay-delivery")><input type="hidden" name="delivery" value=id/><p class="help">{t!(locale, "replay-text")}</p><button class="button" type="submit">{t!(locale, "replay")}</button></form></SubmitOnce>
            })}
            <section><h2>{t!(locale, "attempts")}</h2><Attempts locale attempts event_id zone=zone.clone()/></section>
            <section><h2>{t!(locale, "payload")}</h2>
                {body.is_none().then(|| view! { <p class="quiet">{t!(locale, "payload-none")}</p> })}
                {body.map(|body| view! { <pre class="code" dir="ltr" tabindex="0">{body}</pre> })}
            </section>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/integrations">{content}</AppFrame> }
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
                    <header class="title-row"><h3>{t!(locale, "attempt-number", number = attempt.number)}</h3><Chip label=label tone/>
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

/// The button that replays a delivery.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryButton {
    delivery: FormId<DeliveryId>,
}

impl ActionForm for DeliveryButton {
    fn back(&self) -> String {
        self.delivery
            .ok()
            .map_or_else(|| LIST.to_owned(), |id| format!("{LIST}/deliveries/{id}"))
    }
}

#[server(prefix = "/app/fn", endpoint = "replay-delivery")]
pub async fn replay_delivery(#[server(flatten)] form: DeliveryButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: DeliveryButton| {
        deliveries::replay(&core, staff.may()?, form.delivery.get()?).await?;
        Ok(Redirect::to(form.back(), "done-delivery-replayed"))
    })
    .await
}

//! The page of a delivery with its attempts: request, response, duration and failure reason.

use domain::identity::permissions::ViewIntegrations;
use domain::ids::DeliveryId;
use domain::webhooks::DeliveryStatus;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::webhooks::deliveries;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Fact, Identifier, ProblemNotice};
use ui::drafts::owned;
use ui::format;
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;
use ui::webhooks::{DeliveryAttempts, DeliveryChip, status_label};

use crate::integrations::clients::LIST;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

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
            <PageBar locale title=delivery.event_type.clone() parent=Parent::new(format!("/app/integrations/endpoints/{}", delivery.endpoint_id), delivery.url.clone()) is_trail=true/>
            <header class="title-row"><h1><bdi class="mono" dir="ltr">{delivery.event_type.clone()}</bdi></h1>
                <DeliveryChip status=delivery.status locale/></header>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <dl class="facts">
                <Fact name=t!(locale, "time")>{created_at}</Fact>
                {is_pending.then(|| view! { <Fact name=t!(locale, "next-attempt")>{next_attempt_at}</Fact> })}
                {delivered_at.map(|at| view! { <Fact name=status_label(locale, DeliveryStatus::Delivered)>{at}</Fact> })}
                <Fact name=t!(locale, "sequence")>{delivery.sequence}</Fact>
                <Fact name="webhook-id"><Identifier text=event_text locale/></Fact>
                <Fact name="id"><Identifier text=id_text locale/></Fact>
            </dl>
            {can_replay.then(|| view! {
                <SubmitOnce><form method="post" action=owned("/app/fn/replay-delivery")><input type="hidden" name="delivery" value=id/><p class="help">{t!(locale, "replay-text")}</p><button class="button" type="submit">{t!(locale, "replay")}</button></form></SubmitOnce>
            })}
            <section><h2>{t!(locale, "attempts")}</h2><DeliveryAttempts locale attempts event_id zone=zone.clone()/></section>
            <section><h2>{t!(locale, "payload")}</h2>
                {body.is_none().then(|| view! { <p class="quiet">{t!(locale, "payload-none")}</p> })}
                {body.map(|body| view! { <pre class="code" dir="ltr" tabindex="0">{body}</pre> })}
            </section>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/integrations">{content}</AppFrame> }
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

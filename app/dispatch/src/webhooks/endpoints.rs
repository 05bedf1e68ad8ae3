//! The page of a webhook endpoint: health, settings, payload preview, deliveries and actions.

use chrono::{DateTime, Utc};
use domain::identity::permissions::ViewIntegrations;
use domain::ids::{DeliveryId, WebhookEndpointId};
use domain::locale::Locale;
use domain::public_language::Tone;
use domain::webhooks::EndpointStatus;
use leptos::prelude::*;
use ordinavo_core::identity::shown_once;
use ordinavo_core::webhooks::endpoints;
use ordinavo_core::webhooks::model::{EndpointSummary, RecoverySummary};
use ui::components::{Chip, Fact, Identifier, ProblemNotice};
use ui::flash::SHOWN_ONCE;
use ui::format;
use ui::forms::FormState;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;
use crate::webhooks::delivery_list::{Deliveries, DeliveryQuery};
use crate::webhooks::endpoint_actions::EndpointForms;
use crate::webhooks::payload::Payload;

pub const fn endpoint_tone(status: EndpointStatus) -> Tone {
    match status {
        EndpointStatus::Active => Tone::Good,
        EndpointStatus::Failing => Tone::Warn,
        EndpointStatus::Disabled => Tone::Bad,
    }
}

/// `/app/integrations/endpoints/{id}`.
#[component]
pub fn EndpointPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let permit = staff.may::<ViewIntegrations>()?;
        let id: WebhookEndpointId = request.id("id")?;
        let query = DeliveryQuery::read(&request, id);
        let before = request.cursor::<DeliveryId>("after");
        let endpoints::EndpointPage {
            endpoint,
            recoveries,
            deliveries: found,
            recoverable_until,
            actions,
        } = endpoints::page(&request.core, permit, id, &query.filter(), before).await?;
        let zone = staff.zone().to_owned();
        let secret = request
            .flash
            .as_ref()
            .and_then(|flash| flash.values.get(SHOWN_ONCE))
            .and_then(|sealed| shown_once::unseal(&request.core, &staff, sealed));
        let form = FormState::new("endpoint", locale, request.flash.as_ref());
        Ok(view! {
            <Title text=t!(locale, "endpoints")/>
            <PageBar locale title=t!(locale, "endpoints") parent=Parent::new("/app/integrations", t!(locale, "integrations-title")) is_trail=true/>
            <EndpointHeader locale endpoint=endpoint.clone()/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            {secret.map(|secret| view! { <SecretNotice locale secret/> })}
            <StatusNotice locale endpoint=endpoint.clone() recoverable_until zone=zone.clone()/>
            <EndpointFacts locale endpoint=endpoint.clone() zone=zone.clone()/>
            <Health locale hours=found.hours/>
            {actions.can_manage.then(|| view! { <EndpointForms locale endpoint=endpoint.clone() actions form zone=zone.clone()/> })}
            <Payload locale chosen=endpoint.data_options types=endpoint.event_types kind=request.query("preview")/>
            <Recoveries locale recoveries zone=zone.clone()/>
            <Deliveries locale query rows=found.page.rows has_more=found.page.has_more is_continued=before.is_some() counts=found.counts zone/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/integrations">{content}</AppFrame> }
}

#[component]
fn EndpointHeader(locale: Locale, endpoint: EndpointSummary) -> impl IntoView {
    let label = by_key(locale, &format!("endpoint-{}", endpoint.status.name()));
    view! {
        <header class="title-row"><h1 class="breaks"><bdi class="mono" dir="ltr">{endpoint.url}</bdi></h1><Chip label tone=endpoint_tone(endpoint.status)/></header>
    }
}

/// The signing secret, which is shown only once.
#[component]
fn SecretNotice(locale: Locale, secret: String) -> impl IntoView {
    view! {
        <section class="notice notice-warn" role="status"><p><strong>{t!(locale, "client-shown-once")}</strong></p><p class="breaks"><Identifier text=secret locale/></p></section>
    }
}

/// The reason why the endpoint is disabled, or the warning that it fails; nothing for a healthy one.
#[component]
fn StatusNotice(
    locale: Locale,
    endpoint: EndpointSummary,
    recoverable_until: Option<DateTime<Utc>>,
    zone: String,
) -> impl IntoView {
    let is_disabled = endpoint.status == EndpointStatus::Disabled;
    let reason = endpoint.disabled_reason.filter(|_| is_disabled);
    let disabled_at = endpoint.disabled_at.map(|at| format::moment(locale, at, &zone));
    view! {
        {reason.map(|reason| view! { <p class="notice notice-bad">{by_key(locale, &format!("disabled-{reason}"))}" "{disabled_at}</p> })}
        {(endpoint.status == EndpointStatus::Failing).then(|| view! { <p class="notice notice-warn">{t!(locale, "endpoint-failing-text")}</p> })}
        {recoverable_until.filter(|_| endpoint.status != EndpointStatus::Active).map(|at| view! {
            <p data-recoverable-until=at.to_rfc3339()>{t!(locale, "endpoint-recoverable-until", until = format::moment(locale, at, &zone))}</p>
        })}
    }
}

#[component]
fn EndpointFacts(locale: Locale, endpoint: EndpointSummary, zone: String) -> impl IntoView {
    let moment = |at| format::moment(locale, at, &zone);
    let success = endpoint.last_success_at.map_or_else(|| t!(locale, "never"), moment);
    let previous_secret_until = endpoint.rotating_until.map(moment);
    let ordering = by_key(locale, &format!("ordering-{}", endpoint.ordering.name()));
    view! {
        <dl class="facts">
            <Fact name=t!(locale, "client")><a class="mono" href=format!("/app/integrations/clients/{}", endpoint.client_id)><bdi>{endpoint.client_name}</bdi></a></Fact>
            <Fact name=t!(locale, "source")><bdi class="mono">{endpoint.source_key}</bdi></Fact>
            <Fact name=t!(locale, "endpoint-failures")>{endpoint.failures_in_a_row}</Fact>
            <Fact name=t!(locale, "endpoint-last-success")>{success}</Fact>
            <Fact name=t!(locale, "endpoint-ordering")>{ordering}</Fact>
            <Fact name=t!(locale, "endpoint-version")><bdi class="mono">{endpoint.api_version}</bdi></Fact>
            <Fact name="id"><Identifier text=endpoint.id.to_string() locale/></Fact>
            {previous_secret_until.map(|until| view! { <Fact name=t!(locale, "endpoint-previous-secret-until")>{until}</Fact> })}
            {endpoint.public_key.map(|key| view! { <Fact name=t!(locale, "endpoint-public-key")><Identifier text=key locale/></Fact> })}
        </dl>
    }
}

/// Deliveries of the last 24 hours as bars: delivered and failed per hour, with the totals as text for screen readers.
#[component]
fn Health(locale: Locale, hours: [(i64, i64); 24]) -> impl IntoView {
    let max_count = hours
        .iter()
        .map(|(arrived, failed)| arrived + failed)
        .max()
        .unwrap_or(0)
        .max(1);
    let (arrived, failed) = hours
        .iter()
        .fold((0, 0), |(a, f), (arrived, failed)| (a + arrived, f + failed));
    let height = |count: i64| count * 40 / max_count;
    view! {
        <section><h2>{t!(locale, "endpoint-last-24-hours")}</h2>
            <p class="quiet">{t!(locale, "endpoint-last-24-hours-text", arrived = arrived, failed = failed)}</p>
            <svg class="spark" viewBox="0 0 240 44" role="img" aria-label=t!(locale, "endpoint-last-24-hours-text", arrived = arrived, failed = failed)>
                {hours.iter().enumerate().map(|(index, (arrived, failed))| {
                    let (good, bad) = (height(*arrived), height(*failed));
                    let x = index * 10 + 1;
                    view! {
                        <rect class="spark-base" x=x y=43 width=8 height=1></rect>
                        <rect class="spark-good" x=x y=42 - good width=8 height=good></rect>
                        <rect class="spark-bad" x=x y=42 - good - bad width=8 height=bad></rect>
                    }
                }).collect_view()}
            </svg>
        </section>
    }
}

/// Recoveries and their progress.
#[component]
fn Recoveries(locale: Locale, recoveries: Vec<RecoverySummary>, zone: String) -> impl IntoView {
    (!recoveries.is_empty()).then(|| view! {
        <section><h2>{t!(locale, "recoveries")}</h2>
            <ul class="lines">{recoveries.into_iter().map(|recovery| {
                let range_text = format!("{} – {}", format::moment(locale, recovery.since, &zone), format::moment(locale, recovery.until, &zone));
                let created = recovery.deliveries - recovery.waiting;
                let label = t!(locale, "recovery-progress", made = created, total = recovery.deliveries, arrived = recovery.delivered);
                view! { <li><span>{range_text}</span><span class="progress-line"><progress max=recovery.deliveries.max(1) value=created aria-label=label.clone()></progress><span class="quiet">{label}</span></span></li> }
            }).collect_view()}</ul>
        </section>
    })
}

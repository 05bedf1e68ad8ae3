//! The webhook endpoints of the source system, and one with its deliveries.

use domain::ids::{DeliveryId, WebhookEndpointId};
use domain::locale::Locale;
use domain::public_language::Tone;
use domain::webhooks::{DeliveryStatus, EndpointStatus};
use leptos::prelude::*;
use ordinavo_core::webhooks::deliveries::DeliveryFilter;
use ordinavo_core::webhooks::endpoints;
use ordinavo_core::webhooks::model::{DeliveryCount, DeliverySummary, EndpointSummary};
use ui::components::{Chip, EmptyState, Fact, Identifier, Pager};
use ui::format;
use ui::page::{cursor, page};
use ui::title::Title;
use ui::webhooks::{DeliveryChip, failure_label, status_label};

use crate::i18n::by_key;
use crate::shared::viewer_partner;
use crate::shell::AppFrame;
use crate::t;

/// The list of endpoints.
pub(crate) const LIST: &str = "/partner/endpoints";

const fn endpoint_tone(status: EndpointStatus) -> Tone {
    match status {
        EndpointStatus::Active => Tone::Good,
        EndpointStatus::Failing => Tone::Warn,
        EndpointStatus::Disabled => Tone::Bad,
    }
}

/// `/partner/endpoints`.
#[component]
pub fn EndpointsPage() -> impl IntoView {
    let viewer = viewer_partner();
    let content = page(|request| async move {
        let viewer = viewer?;
        let locale = request.viewer.locale;
        let found = endpoints::list_for_partner(&request.core, &viewer).await?;
        let zone = viewer.zone().to_owned();
        Ok(view! {
            <Title text=t!(locale, "nav-endpoints")/>
            <h1>{t!(locale, "nav-endpoints")}</h1>
            <EndpointTable endpoints=found locale zone/>
        }
        .into_any())
    });
    view! { <AppFrame current=LIST>{content}</AppFrame> }
}

#[component]
pub(crate) fn EndpointTable(endpoints: Vec<EndpointSummary>, locale: Locale, zone: String) -> impl IntoView {
    if endpoints.is_empty() {
        let (title, text) = (t!(locale, "endpoints-empty"), t!(locale, "endpoints-empty-text"));
        return view! { <EmptyState icon="plug" title text/> }.into_any();
    }
    view! {
        <div class="table-frame"><table class="table">
            <thead><tr><th scope="col">"URL"</th><th scope="col">{t!(locale, "status")}</th><th scope="col">{t!(locale, "client")}</th><th scope="col">{t!(locale, "endpoint-last-success")}</th></tr></thead>
            <tbody>{endpoints.into_iter().map(|endpoint| {
                let label = by_key(locale, &format!("endpoint-{}", endpoint.status.name()));
                let success = endpoint.last_success_at.map_or_else(|| t!(locale, "never"), |at| format::moment(locale, at, &zone));
                view! {
                    <tr><th scope="row" class="breaks"><a class="mono" href=format!("{LIST}/{}", endpoint.id)><bdi dir="ltr">{endpoint.url}</bdi></a></th>
                        <td><Chip label tone=endpoint_tone(endpoint.status)/></td><td><bdi class="mono">{endpoint.client_name}</bdi></td><td>{success}</td></tr>
                }
            }).collect_view()}</tbody>
        </table></div>
    }
    .into_any()
}

/// `/partner/endpoints/{id}`.
#[component]
pub fn EndpointPage() -> impl IntoView {
    let viewer = viewer_partner();
    let content = page(|request| async move {
        let viewer = viewer?;
        let locale = request.viewer.locale;
        let id: WebhookEndpointId = request.id("id")?;
        let status = DeliveryStatus::from_name(&request.query("status"));
        let filter = DeliveryFilter {
            status,
            ..DeliveryFilter::default()
        };
        let before = request.cursor::<DeliveryId>("after");
        let (endpoint, found) = endpoints::page_for_partner(&request.core, &viewer, id, &filter, before).await?;
        let zone = viewer.zone().to_owned();
        let path = |status: Option<DeliveryStatus>, after: Option<String>| {
            let (status, after) = (
                status.map(DeliveryStatus::name).unwrap_or_default(),
                after.unwrap_or_default(),
            );
            format!("{LIST}/{id}?{}", format::query([("status", status), ("after", &after)]))
        };
        let rows = found.page.rows;
        let next = rows
            .last()
            .filter(|_| found.page.has_more)
            .map(|row| path(status, Some(cursor(row.created_at, row.id))));
        let first = before.is_some().then(|| path(status, None));
        Ok(view! {
            <Title text=t!(locale, "nav-endpoints")/>
            <p><a href=LIST>{t!(locale, "nav-endpoints")}</a></p>
            <EndpointHead endpoint locale zone=zone.clone()/>
            <section><h2>{t!(locale, "deliveries")}</h2>
                <StatusTabs locale id current=status counts=found.counts/>
                <DeliveryTable rows locale zone/>
                <Pager locale next first/>
            </section>
        }
        .into_any())
    });
    view! { <AppFrame current=LIST>{content}</AppFrame> }
}

/// The address and state of an endpoint.
#[component]
fn EndpointHead(endpoint: EndpointSummary, locale: Locale, zone: String) -> impl IntoView {
    let label = by_key(locale, &format!("endpoint-{}", endpoint.status.name()));
    let moment = |at| format::moment(locale, at, &zone);
    let is_disabled = endpoint.status == EndpointStatus::Disabled;
    let reason = endpoint.disabled_reason.filter(|_| is_disabled);
    let disabled_at = endpoint.disabled_at.map(moment);
    let success = endpoint.last_success_at.map_or_else(|| t!(locale, "never"), moment);
    view! {
        <header class="title-row"><h1 class="breaks"><bdi class="mono" dir="ltr">{endpoint.url}</bdi></h1><Chip label tone=endpoint_tone(endpoint.status)/></header>
        {reason.map(|reason| view! { <p class="notice notice-bad">{by_key(locale, &format!("disabled-{reason}"))}" "{disabled_at}" "{t!(locale, "endpoint-held-text")}</p> })}
        {(endpoint.status == EndpointStatus::Failing).then(|| view! { <p class="notice notice-warn">{t!(locale, "endpoint-failing-text")}</p> })}
        <dl class="facts">
            <Fact name=t!(locale, "client")><bdi class="mono">{endpoint.client_name}</bdi></Fact>
            <Fact name=t!(locale, "endpoint-events")><bdi class="mono small">{endpoint.event_types.join(" ")}</bdi></Fact>
            <Fact name=t!(locale, "endpoint-failures")>{endpoint.failures_in_a_row}</Fact>
            <Fact name=t!(locale, "endpoint-last-success")>{success}</Fact>
            <Fact name=t!(locale, "endpoint-version")><bdi class="mono">{endpoint.api_version}</bdi></Fact>
            <Fact name="id"><Identifier text=endpoint.id.to_string() locale/></Fact>
        </dl>
    }
}

/// A tab for each status with the number of its deliveries.
#[component]
fn StatusTabs(
    locale: Locale,
    id: WebhookEndpointId,
    current: Option<DeliveryStatus>,
    counts: Vec<DeliveryCount>,
) -> impl IntoView {
    let all_count: i64 = counts.iter().map(|count| count.deliveries).sum();
    let tabs = std::iter::once((None, t!(locale, "all"), all_count))
        .chain(DeliveryStatus::ALL.iter().map(|status| {
            let count = counts.iter().find(|count| count.status == *status);
            let label = status_label(locale, *status);
            (Some(*status), label, count.map_or(0, |count| count.deliveries))
        }))
        .map(|(status, label, count)| {
            let is_current = (status == current).then_some("page");
            let href = status.map_or_else(
                || format!("{LIST}/{id}"),
                |status| format!("{LIST}/{id}?status={}", status.name()),
            );
            view! { <a href=href aria-current=is_current>{label}<span class="count">{count}</span></a> }
        })
        .collect_view();
    view! { <nav class="tabs" aria-label=t!(locale, "deliveries")>{tabs}</nav> }
}

#[component]
fn DeliveryTable(rows: Vec<DeliverySummary>, locale: Locale, zone: String) -> impl IntoView {
    if rows.is_empty() {
        let (title, text) = (t!(locale, "deliveries-empty"), t!(locale, "deliveries-empty-text"));
        return view! { <EmptyState icon="plug" title text/> }.into_any();
    }
    view! {
        <div class="table-frame"><table class="table">
            <thead><tr><th scope="col">{t!(locale, "event")}</th><th scope="col">{t!(locale, "status")}</th><th scope="col" class="right">{t!(locale, "attempts")}</th><th scope="col">{t!(locale, "response")}</th><th scope="col">{t!(locale, "time")}</th></tr></thead>
            <tbody>{rows.into_iter().map(|row| {
                let response = row.last_status.map(|status| format!("HTTP {status}"));
                let failure = row.last_failure.as_deref().map(|name| failure_label(locale, name));
                view! {
                    <tr><th scope="row"><a class="mono" href=format!("/partner/deliveries/{}", row.id)><bdi dir="ltr">{row.event_type}</bdi></a></th>
                        <td><DeliveryChip status=row.status locale/></td><td class="right">{row.attempts}</td>
                        <td><bdi>{response}</bdi>" "<span class="quiet">{failure}</span></td><td>{format::moment(locale, row.created_at, &zone)}</td></tr>
                }
            }).collect_view()}</tbody>
        </table></div>
    }
    .into_any()
}

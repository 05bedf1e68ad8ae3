//! The deliveries of an endpoint: tabs by status, filter by event, and the table.

use domain::events::EventType;
use domain::ids::WebhookEndpointId;
use domain::locale::Locale;
use domain::webhooks::DeliveryStatus;
use leptos::prelude::*;
use ordinavo_core::webhooks::deliveries::DeliveryFilter;
use ordinavo_core::webhooks::model::{DeliveryCount, DeliverySummary};
use ui::components::{EmptyState, Pager};
use ui::format;
use ui::page::{PageRequest, cursor};

use crate::t;
use ui::webhooks::{DeliveryChip, failure_label, status_label};

/// The filters in the URL of an endpoint's page.
#[derive(Debug, Clone)]
pub(crate) struct DeliveryQuery {
    base_path: String,
    status: Option<DeliveryStatus>,
    event_type: Option<EventType>,
}

impl DeliveryQuery {
    /// Reads the filters from the query. Unknown values are ignored.
    pub(crate) fn read(request: &PageRequest, endpoint: WebhookEndpointId) -> Self {
        Self {
            base_path: format!("/app/integrations/endpoints/{endpoint}"),
            status: DeliveryStatus::from_name(&request.query("status")),
            event_type: EventType::from_name(&request.query("type")),
        }
    }

    /// Converts the filters for the store.
    pub(crate) fn filter(&self) -> DeliveryFilter {
        DeliveryFilter {
            status: self.status,
            event_type: self.event_type.map(|event_type| event_type.name().to_owned()),
            ..DeliveryFilter::default()
        }
    }

    /// Returns the path of a page of the list, with another status if one is given.
    fn path(&self, status: Option<DeliveryStatus>, after: Option<String>) -> String {
        let parameters = [
            ("status", status.map(|status| status.name().to_owned())),
            ("type", self.event_type.map(|event_type| event_type.name().to_owned())),
            ("after", after),
        ];
        let parts: Vec<String> = parameters
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value?)))
            .collect();
        if parts.is_empty() {
            self.base_path.clone()
        } else {
            format!("{}?{}", self.base_path, parts.join("&"))
        }
    }
}

/// The deliveries that match the filters.
#[component]
pub(crate) fn Deliveries(
    locale: Locale,
    query: DeliveryQuery,
    rows: Vec<DeliverySummary>,
    has_more: bool,
    /// Whether the list does not start with the latest delivery.
    is_continued: bool,
    counts: Vec<DeliveryCount>,
    zone: String,
) -> impl IntoView {
    let next = rows
        .last()
        .filter(|_| has_more)
        .map(|row| query.path(query.status, Some(cursor(row.created_at, row.id))));
    let first = is_continued.then(|| query.path(query.status, None));
    let status = query.status.map(DeliveryStatus::name).unwrap_or_default();
    let event_type = query.event_type;
    view! {
        <section><h2>{t!(locale, "deliveries")}</h2>
            <StatusTabs locale query counts/>
            <form method="get" class="search"><label for="delivery-type">{t!(locale, "event")}</label>
                <input type="hidden" name="status" value=status/>
                <select id="delivery-type" name="type"><option value="">{t!(locale, "all")}</option>
                    {EventType::ALL.iter().map(|kind| view! { <option value=kind.name() selected=event_type == Some(*kind)>{kind.name()}</option> }).collect_view()}
                </select><button class="button" type="submit">{t!(locale, "show")}</button></form>
            <DeliveryTable locale rows zone/>
            <Pager locale next first/>
        </section>
    }
}

/// A tab for each status with the number of its deliveries.
#[component]
fn StatusTabs(locale: Locale, query: DeliveryQuery, counts: Vec<DeliveryCount>) -> impl IntoView {
    let all_count: i64 = counts.iter().map(|count| count.deliveries).sum();
    let count_of = |status: DeliveryStatus| {
        counts
            .iter()
            .find(|count| count.status == status)
            .map_or(0, |count| count.deliveries)
    };
    let tabs = std::iter::once((None, t!(locale, "all"), all_count))
        .chain(DeliveryStatus::ALL.iter().map(|status| {
            let label = status_label(locale, *status);
            (Some(*status), label, count_of(*status))
        }))
        .map(|(status, label, count)| {
            let current = (status == query.status).then_some("page");
            view! { <a href=query.path(status, None) aria-current=current>{label}<span class="count">{count}</span></a> }
        })
        .collect_view();
    view! { <nav class="tabs" aria-label=t!(locale, "deliveries")>{tabs}</nav> }
}

/// Deliveries; each row links to its delivery.
#[component]
fn DeliveryTable(locale: Locale, rows: Vec<DeliverySummary>, zone: String) -> impl IntoView {
    if rows.is_empty() {
        return view! { <EmptyState title=t!(locale, "nothing-yet") text=t!(locale, "nothing-yet-text")/> }.into_any();
    }
    view! {
        <div class="table-frame"><table class="table">
            <thead><tr><th scope="col">{t!(locale, "event")}</th><th scope="col">{t!(locale, "status")}</th><th scope="col" class="right">{t!(locale, "attempts")}</th><th scope="col">{t!(locale, "response")}</th><th scope="col">{t!(locale, "time")}</th><th scope="col">{t!(locale, "next-attempt")}</th></tr></thead>
            <tbody>{rows.into_iter().map(|row| {
                let has_next_attempt = row.status == DeliveryStatus::Pending && row.attempts > 0;
                let response = row.last_status.map(|status| format!("HTTP {status}"));
                let failure = row.last_failure.as_deref().map(|name| failure_label(locale, name));
                view! {
                    <tr><th scope="row"><a class="mono" href=format!("/app/integrations/deliveries/{}", row.id)><bdi dir="ltr">{row.event_type}</bdi></a></th>
                        <td><DeliveryChip status=row.status locale/></td>
                        <td class="right">{row.attempts}</td><td><bdi>{response}</bdi>" "<span class="quiet">{failure}</span></td>
                        <td>{format::moment(locale, row.created_at, &zone)}</td><td>{has_next_attempt.then(|| format::moment(locale, row.next_attempt_at, &zone))}</td></tr>
                }
            }).collect_view()}</tbody>
        </table></div>
    }
    .into_any()
}

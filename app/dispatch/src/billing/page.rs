//! Billing triggers and their acknowledgement by the billing system.

use domain::identity::permissions::ViewIntegrations;
use domain::ids::BillingTriggerId;
use domain::public_language::Tone;
use domain::webhooks::BillingStatus;
use leptos::prelude::*;
use ordinavo_core::billing;
use ui::components::{Chip, EmptyState, Pager};
use ui::format;
use ui::page::{cursor, page};
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::viewer_staff;
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

/// Returns the text key and the tone of a trigger's status.
fn standing_chip(status: BillingStatus) -> (&'static str, Tone) {
    match status {
        BillingStatus::Acknowledged => ("billing-acknowledged", Tone::Good),
        BillingStatus::NoEndpoint => ("billing-no-subscribers", Tone::Neutral),
        BillingStatus::Sent => ("billing-sent", Tone::Info),
        BillingStatus::Stuck => ("billing-failed", Tone::Bad),
        BillingStatus::Waiting => ("billing-queued", Tone::Warn),
    }
}

#[component]
pub fn BillingPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let show = request.query("show");
        let acknowledged = match show.as_str() {
            "open" => Some(false),
            "done" => Some(true),
            _ => None,
        };
        let before = request.cursor::<BillingTriggerId>("after");
        let found = billing::list(&request.core, staff.may::<ViewIntegrations>()?, before, acknowledged).await?;
        let zone = staff.zone().to_owned();
        let page_href = |show: &str| {
            if show.is_empty() {
                "/app/integrations/billing".to_owned()
            } else {
                format!("/app/integrations/billing?show={show}")
            }
        };
        let next = found.rows.last().filter(|_| found.has_more).map(|row| {
            let base = page_href(&show);
            let separator = if base.contains('?') { '&' } else { '?' };
            format!("{base}{separator}after={}", cursor(row.raised_at, row.id))
        });
        let first = before.is_some().then(|| page_href(&show));
        let tabs = [
            ("", "all"),
            ("open", "billing-not-acknowledged"),
            ("done", "billing-acknowledged"),
        ]
        .into_iter()
        .map(|(name, label_key)| {
            let current = (name == show).then_some("page");
            view! { <a href=page_href(name) aria-current=current>{by_key(locale, label_key)}</a> }
        })
        .collect_view();
        let empty = found.rows.is_empty();
        Ok(view! {
            <Title text=t!(locale, "billing-title")/>
            <PageBar locale title=t!(locale, "billing-title") parent=Parent::new("/app/integrations", t!(locale, "integrations-title"))/><p class="help">{t!(locale, "billing-text")}</p>
            <nav class="tabs" aria-label=t!(locale, "billing-title")>{tabs}</nav>
            {empty.then(|| view! { <EmptyState title=t!(locale, "billing-empty") text=t!(locale, "billing-empty-text")/> })}
            {(!empty).then(|| view! {
                <div class="table-frame"><table class="table">
                    <thead><tr><th scope="col">{t!(locale, "job")}</th><th scope="col">{t!(locale, "customer")}</th><th scope="col" class="right">{t!(locale, "work-minutes")}</th><th scope="col">{t!(locale, "time")}</th><th scope="col">{t!(locale, "status")}</th><th scope="col">{t!(locale, "reference")}</th></tr></thead>
                    <tbody>{found.rows.into_iter().map(|line| {
                        let (label_key, tone) = standing_chip(line.status());
                        let acknowledged = line.acknowledged_at.map(|at| format::moment(locale, at, &zone));
                        view! {
                            <tr><th scope="row"><a href=format!("/app/reports/{}", line.visit_report_id)><bdi>{format::job_number(line.number)}</bdi></a>{line.target_external_id.map(|id| view! { " "<bdi class="mono small">{id}</bdi> })}</th>
                                <td><bdi>{line.customer_name}</bdi></td><td class="right">{line.work_minutes}</td><td>{format::moment(locale, line.raised_at, &zone)}</td>
                                <td><Chip label=by_key(locale, label_key) tone/></td><td><bdi class="mono">{line.reference}</bdi>" "<span class="quiet">{acknowledged}</span></td></tr>
                        }
                    }).collect_view()}</tbody>
                </table></div>
            })}
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/integrations">{content}</AppFrame> }
}

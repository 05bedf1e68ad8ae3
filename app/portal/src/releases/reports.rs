//! Published visit reports.

use leptos::prelude::*;
use ordinavo_core::portal_access::pages;
use ui::components::{EmptyState, Pager};
use ui::format;
use ui::page::{cursor, page};
use ui::report::ReportArticle;
use ui::title::Title;

use crate::follow_ups::open_work::FollowUpLines;
use crate::shared::viewer_contact;
use crate::shell::AppFrame;
use crate::t;

#[component]
pub fn ReportsPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let found = pages::reports(&request.core, &contact, request.cursor("before")).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/portal/reports?before={}", cursor(row.published_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| "/portal/reports".to_owned());
        let empty = found.rows.is_empty();
        let may_see = pages::capabilities(&request.core, &contact).await?.reports;
        let (no_title, no_text) = if may_see {
            (t!(locale, "no-reports"), t!(locale, "no-reports-text"))
        } else {
            (t!(locale, "not-granted"), t!(locale, "not-granted-reports"))
        };
        Ok(view! {
            <Title text=t!(locale, "reports-title")/>
            <h1>{t!(locale, "reports-title")}</h1>
            {empty.then(|| view! { <EmptyState icon="clipboard" title=no_title text=no_text/> })}
            <ul class="lines lines-tall">{found.rows.into_iter().map(|report| view! {
                <li><a href=format!("/portal/reports/{}", report.id)><strong dir="auto">{report.title}</strong></a><span class="quiet"><bdi>{report.location}</bdi>" · "{format::date(locale, report.published_at, &report.zone)}</span></li>
            }).collect_view()}</ul>
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/portal/reports">{content}</AppFrame> }
}

#[component]
pub fn ReportPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let pages::ReportPage {
            report,
            request: origin,
            follow_ups,
        } = pages::report(&request.core, &contact, request.id("id")?).await?;
        let words = contact.terminology();
        let origin = origin.map(|origin| {
            let service = words.service_type(origin.service_type, locale);
            view! { <p data-testid="report-request">{t!(locale, "report-request")}" "<a href=format!("/portal/requests/{}", origin.id)>{service}" "<bdi class="mono">{format!("REQ-{}", origin.number)}</bdi></a></p> }
        });
        Ok(view! {
            <Title text=report.title.clone()/>
            {origin}
            <ReportArticle report locale/>
            {(!follow_ups.is_empty()).then(|| view! { <section data-testid="report-follow-ups"><h2>{t!(locale, "follow-ups")}</h2><FollowUpLines items=follow_ups words=contact.terminology() locale/></section> })}
        }
        .into_any())
    });
    view! { <AppFrame current="/portal/reports">{content}</AppFrame> }
}

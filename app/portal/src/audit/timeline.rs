//! The history that customer and team share: milestones in public wording.

use leptos::prelude::*;
use ordinavo_core::portal_access::pages;
use ui::components::{EmptyState, Pager};
use ui::format;
use ui::page::{cursor, page};
use ui::title::Title;

use crate::shared::viewer_contact;
use crate::shell::AppFrame;
use crate::t;

#[component]
pub fn TimelinePage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let found = pages::timeline(&request.core, &contact, request.cursor("before")).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/portal/timeline?before={}", cursor(row.at, row.place)));
        let first = (!request.query("before").is_empty()).then(|| "/portal/timeline".to_owned());
        let empty = found.rows.is_empty();
        Ok(view! {
            <Title text=t!(locale, "timeline-title")/>
            <h1>{t!(locale, "timeline-title")}</h1>
            {empty.then(|| view! { <EmptyState icon="history" title=t!(locale, "no-timeline") text=t!(locale, "no-timeline-text")/> })}
            <ol class="timeline">{found.rows.into_iter().map(|entry| view! {
                <li><span>{contact.terminology().milestone(entry.milestone, locale)}{entry.request_number.map(|number| view! { " "<bdi class="mono quiet">{format!("REQ-{number}")}</bdi> })}</span>
                    <span class="quiet"><bdi>{entry.location}</bdi></span><time class="quiet" datetime=entry.at.to_rfc3339()>{format::moment(locale, entry.at, contact.zone())}</time></li>
            }).collect_view()}</ol>
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/portal/timeline">{content}</AppFrame> }
}

//! The list of requests.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::locale::Locale;
use domain::public::PublicRequest;
use domain::public_language::Tone;
use domain::terminology::Terminology;
use leptos::prelude::*;
use ordinavo_core::portal_access::pages;
use ui::components::{Chip, EmptyState, Pager};
use ui::format;
use ui::page::{cursor, page};
use ui::story::{MiniStory, StateChip};
use ui::title::Title;

use crate::parts::{LocationFilter, Row, first_page, page_link};
use crate::shared::{DoneNotice, viewer_contact};
use crate::shell::AppFrame;
use crate::t;

const PAGE: &str = "/portal/requests";

/// Returns what a request is called: its service and, if a customer wrote it, the beginning of the description.
pub(crate) fn request_title(request: &PublicRequest, words: &Terminology, locale: Locale) -> AnyView {
    let service = words.service_type(request.service_type, locale);
    match request.subject() {
        Some(subject) => view! { {service}": "<bdi>{subject}</bdi> }.into_any(),
        None => service.into_any(),
    }
}

#[component]
pub fn RequestLines(
    requests: Vec<PublicRequest>,
    words: Arc<Terminology>,
    now: DateTime<Utc>,
    locale: Locale,
    zone: String,
) -> impl IntoView {
    let empty = requests.is_empty();
    view! {
        {empty.then(|| view! { <EmptyState icon="inbox" title=t!(locale, "no-requests") text=t!(locale, "no-requests-text")/> })}
        <ul class="rows">{requests.into_iter().map(|request| {
            let (state, story) = (request.state(now), request.story(now));
            let needs_action = request.needs_action();
            let title = request_title(&request, &words, locale);
            let line = view! {
                <bdi>{request.location}</bdi>" · "{format::stamp(locale, request.submitted_at, &zone)}" · "<bdi class="mono">{format!("REQ-{}", request.number)}</bdi>
            };
            let chip = if needs_action {
                view! { <Chip label=t!(locale, "answer-needed") tone=Tone::Warn/> }.into_any()
            } else {
                view! { <StateChip state words=words.clone() locale/> }.into_any()
            };
            let end = view! { <MiniStory story locale/>{chip} };
            view! { <Row href=format!("{PAGE}/{}", request.id) title line=line.into_any() end=end.into_any()/> }
        }).collect_view()}</ul>
    }
}

#[component]
pub fn RequestsPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let (locale, now) = (request.viewer.locale, request.viewer.now);
        let location = request.query("location");
        let before = request.cursor("before");
        let found = pages::requests(&request.core, &contact, location.parse().ok(), before).await?;
        let filters = [("location", location.as_str())];
        let last = found.rows.rows.last().filter(|_| found.rows.has_more);
        let next = last.map(|row| page_link(PAGE, &filters, cursor(row.submitted_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| first_page(PAGE, &filters));
        Ok(view! {
            <Title text=t!(locale, "requests-title")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <h1>{t!(locale, "requests-title")}</h1>
            <LocationFilter locations=found.locations chosen=location.clone() page=PAGE locale/>
            <RequestLines requests=found.rows.rows words=contact.terminology() now locale zone=contact.zone().to_owned()/>
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current=PAGE>{content}</AppFrame> }
}

//! The list of requests.

use std::sync::Arc;

use domain::locale::Locale;
use domain::public::PublicRequest;
use domain::terminology::Terminology;
use leptos::prelude::*;
use ordinavo_core::portal_access::pages;
use ui::components::{EmptyState, Pager, StatusChip};
use ui::format;
use ui::icons::Icon;
use ui::page::{cursor, page};
use ui::title::Title;

use crate::shared::{DoneNotice, viewer_contact};
use crate::shell::AppFrame;
use crate::t;

#[component]
pub fn RequestLines(
    requests: Vec<PublicRequest>,
    words: Arc<Terminology>,
    locale: Locale,
    zone: String,
) -> impl IntoView {
    let empty = requests.is_empty();
    view! {
        {empty.then(|| view! { <EmptyState icon="inbox" title=t!(locale, "no-requests") text=t!(locale, "no-requests-text")/> })}
        <ul class="lines lines-tall">{requests.into_iter().map(|request| {
            let status = match request.begun_visit() {
                Some(visit) => words.visit(visit, locale),
                None => words.request(request.status, locale),
            };
            view! {
            <li><a href=format!("/portal/requests/{}", request.id)><strong>{words.service_type(request.service_type, locale)}</strong>" "<bdi class="mono quiet">{format!("REQ-{}", request.number)}</bdi></a>
                <StatusChip status/>
                <span class="quiet"><bdi>{request.location}</bdi>" · "{format::date(locale, request.submitted_at, &zone)}</span></li>
        }}).collect_view()}</ul>
    }
}

#[component]
pub fn RequestsPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let found = pages::requests(&request.core, &contact, request.cursor("before")).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/portal/requests?before={}", cursor(row.submitted_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| "/portal/requests".to_owned());
        let may_submit = pages::capabilities(&request.core, &contact).await?.submit;
        Ok(view! {
            <Title text=t!(locale, "requests-title")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <div class="title-row"><h1>{t!(locale, "requests-title")}</h1>{may_submit.then(|| view! { <a class="button button-primary" href="/portal/requests/new"><Icon name="plus"/>{t!(locale, "new-request")}</a> })}</div>
            <RequestLines requests=found.rows words=contact.terminology() locale zone=contact.zone().to_owned()/>
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/portal/requests">{content}</AppFrame> }
}

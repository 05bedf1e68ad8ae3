//! The request log of the source system.

use domain::ids::ApiCallId;
use leptos::prelude::*;
use ordinavo_core::integrations::partner_console;
use ui::components::{EmptyState, Pager};
use ui::imports::RequestLog;
use ui::page::{cursor, page};
use ui::title::Title;

use crate::shared::viewer_partner;
use crate::shell::AppFrame;
use crate::t;

/// The path of the request log.
const LOG: &str = "/partner/requests";

/// `/partner/requests`.
#[component]
pub fn RequestsPage() -> impl IntoView {
    let viewer = viewer_partner();
    let content = page(|request| async move {
        let viewer = viewer?;
        let locale = request.viewer.locale;
        let errors_only = request.query("errors") == "1";
        let before = request.cursor::<ApiCallId>("before");
        let found = partner_console::calls(&request.core, &viewer, errors_only, before).await?;
        let base = if errors_only {
            format!("{LOG}?errors=1&")
        } else {
            format!("{LOG}?")
        };
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("{base}before={}", cursor(row.called_at, row.id)));
        let first = before.is_some().then(|| base.trim_end_matches(['?', '&']).to_owned());
        let empty = found.rows.is_empty();
        let zone = viewer.zone().to_owned();
        let current = |is_current: bool| is_current.then_some("page");
        Ok(view! {
            <Title text=t!(locale, "nav-requests")/>
            <h1>{t!(locale, "nav-requests")}</h1>
            <p class="help">{t!(locale, "requests-intro")}</p>
            <nav class="tabs" aria-label=t!(locale, "nav-requests")>
                <a href=LOG aria-current=current(!errors_only)>{t!(locale, "requests-all")}</a>
                <a href=format!("{LOG}?errors=1") aria-current=current(errors_only)>{t!(locale, "requests-errors")}</a>
            </nav>
            {empty.then(|| view! { <EmptyState icon="plug" title=t!(locale, "requests-empty") text=t!(locale, "requests-empty-text")/> })}
            {(!empty).then(|| view! { <RequestLog calls=found.rows locale zone/> })}
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current=LOG>{content}</AppFrame> }
}

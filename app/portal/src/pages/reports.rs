//! Reports: exactly what was released.

use leptos::prelude::*;
use leptos_meta::Title;
use ordinavo_core::services::portal;
use ui::format;
use ui::icons::Icon;
use ui::load::{page, place};
use ui::parts::{Empty, Pager};

use super::viewer_contact;
use crate::shell::Framed;
use crate::t;

/// `/portal/reports`.
#[component]
pub fn ReportsPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let found = portal::reports(&request.core, &contact, request.place("before")).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/portal/reports?before={}", place(row.published_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| "/portal/reports".to_owned());
        let empty = found.rows.is_empty();
        Ok(view! {
            <Title text=t!(locale, "reports-title")/>
            <h1>{t!(locale, "reports-title")}</h1>
            {empty.then(|| view! { <Empty icon="clipboard" title=t!(locale, "no-reports") text=t!(locale, "no-reports-text")/> })}
            <ul class="lines lines-tall">{found.rows.into_iter().map(|report| view! {
                <li><a href=format!("/portal/reports/{}", report.id)><strong dir="auto">{report.title}</strong></a><span class="quiet"><bdi>{report.location}</bdi>" · "{format::date(locale, report.published_at, &report.zone)}</span></li>
            }).collect_view()}</ul>
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <Framed current="/portal/reports">{content}</Framed> }
}

/// `/portal/reports/{id}`.
#[component]
pub fn ReportPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let report = portal::report(&request.core, &contact, request.id("id")?).await?;
        let replaced = report.revision > 1;
        let no_files = report.attachments.is_empty();
        Ok(view! {
            <Title text=report.title.clone()/>
            <article class="card report">
                <h1 dir="auto">{report.title}</h1>
                <p class="quiet"><bdi>{report.location}</bdi>" · "{t!(locale, "shared-on")}" "{format::date(locale, report.published_at, &report.zone)}" · "{t!(locale, "revision", number = report.revision)}</p>
                {replaced.then(|| view! { <p class="notice">{t!(locale, "replaced")}</p> })}
                <p class="prose" dir="auto">{report.summary}</p>
                {report.message.map(|message| view! { <section><h2>{t!(locale, "message")}</h2><p class="prose" dir="auto">{message}</p></section> })}
                {report.follow_up.map(|text| view! { <section><h2>{t!(locale, "still-to-do")}</h2><p class="prose" dir="auto">{text}</p></section> })}
                {(!no_files).then(|| view! {
                    <section><h2>{t!(locale, "files")}</h2>
                        <ul class="files">{report.attachments.into_iter().map(|file| view! {
                            <li><a href=format!("/portal/files/{}", file.id) download=true><Icon name="download"/><bdi>{file.file_name}</bdi></a><span class="quiet">{format::size(locale, file.bytes)}</span></li>
                        }).collect_view()}</ul>
                    </section>
                })}
            </article>
        }
        .into_any())
    });
    view! { <Framed current="/portal/reports">{content}</Framed> }
}

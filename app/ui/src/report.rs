//! A visit report as the customer reads it, in the portal and in the staff preview before publication.

use domain::locale::Locale;
use domain::public::PublicReport;
use leptos::prelude::*;

use crate::files::FileLink;
use crate::icons::Icon;
use crate::{format, word};

/// Renders a report. `previewed` is for staff: lower heading levels, and nothing to click.
#[component]
pub fn ReportArticle(report: PublicReport, locale: Locale, #[prop(optional)] previewed: bool) -> impl IntoView {
    let replaced = report.revision > 1;
    let part = move |title: String, text: String| {
        let heading = if previewed {
            view! { <h4>{title}</h4> }.into_any()
        } else {
            view! { <h2>{title}</h2> }.into_any()
        };
        view! { <section>{heading}<p class="prose" dir="auto">{text}</p></section> }
    };
    let title = if previewed {
        view! { <h3 dir="auto">{report.title}</h3> }.into_any()
    } else {
        view! { <h1 dir="auto">{report.title}</h1> }.into_any()
    };
    let files_title = if previewed {
        view! { <h4>{word!(locale, "customer-report-files")}</h4> }.into_any()
    } else {
        view! { <h2>{word!(locale, "customer-report-files")}</h2> }.into_any()
    };
    let no_files = report.attachments.is_empty();
    view! {
        <article class="card report" lang=locale.tag() dir=locale.direction()>
            {title}
            <p class="quiet"><bdi>{report.location}</bdi>" · "{word!(locale, "customer-report-published")}" "{format::date(locale, report.published_at, &report.zone)}" · "{word!(locale, "customer-report-revision", number = report.revision)}</p>
            {replaced.then(|| view! { <p class="notice">{word!(locale, "customer-report-replaced")}</p> })}
            <p class="prose" dir="auto">{report.summary}</p>
            {report.message.map(|message| part(word!(locale, "customer-report-message"), message))}
            {report.follow_up.map(|text| part(word!(locale, "customer-report-follow-up"), text))}
            {(!no_files).then(|| view! {
                <section>{files_title}
                    <ul class="files">{report.attachments.into_iter().map(|file| {
                        if previewed {
                            let size = format::size(locale, file.bytes);
                            view! { <li><span class="row"><Icon name="download"/><bdi>{file.file_name}</bdi></span><span class="quiet">{size}</span></li> }.into_any()
                        } else {
                            let href = format!("/portal/files/{}", file.id);
                            view! { <li><FileLink locale scan=file.scan href name=file.file_name size_bytes=file.bytes is_download=true/></li> }.into_any()
                        }
                    }).collect_view()}</ul>
                </section>
            })}
        </article>
    }
}

//! A visit report as the customer reads it, in the portal and in the staff preview before publication.

use domain::locale::Locale;
use domain::public::{PublicAttachment, PublicReport};
use leptos::prelude::*;

use crate::files::{FileGallery, GalleryFile, file_state};
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
    let files_heading = if report.attachments.iter().all(is_picture) {
        word!(locale, "customer-report-photos")
    } else {
        word!(locale, "customer-report-files")
    };
    let files_title = if previewed {
        view! { <h4>{files_heading.clone()}</h4> }.into_any()
    } else {
        view! { <h2>{files_heading.clone()}</h2> }.into_any()
    };
    let no_files = report.attachments.is_empty();
    view! {
        <article class="card report" lang=locale.tag() dir=locale.direction()>
            {title}
            <p class="quiet"><bdi>{report.location}</bdi>" · "{word!(locale, "customer-report-published")}" "{format::date(locale, report.published_at, &report.zone)}{replaced.then(|| format!(" · {}", word!(locale, "customer-report-revision", number = report.revision)))}</p>
            {replaced.then(|| view! { <p class="notice">{word!(locale, "customer-report-replaced")}</p> })}
            <p class="prose" dir="auto">{report.summary}</p>
            {report.message.map(|message| part(word!(locale, "customer-report-message"), message))}
            {report.follow_up.map(|text| part(word!(locale, "customer-report-follow-up"), text))}
            {(!no_files).then(|| view! {
                <section>{files_title}
                    {if previewed {
                        view! { <PreviewedFiles files=report.attachments locale/> }.into_any()
                    } else {
                        view! { <FileGallery files=released_files(report.attachments) locale is_download=true/> }.into_any()
                    }}
                </section>
            })}
        </article>
    }
}

/// Returns whether browsers show a file as a picture.
fn is_picture(file: &PublicAttachment) -> bool {
    file.media_type.starts_with("image/")
}

/// The released files, as the customer sees them.
fn released_files(files: Vec<PublicAttachment>) -> Vec<GalleryFile> {
    files
        .into_iter()
        .map(|file| GalleryFile {
            href: format!("/portal/files/{}", file.id),
            picture: is_picture(&file).then(|| {
                let path = format!("/portal/files/{}", file.id);
                (format!("{path}/thumbnail"), format!("{path}/picture"))
            }),
            name: file.file_name,
            size_bytes: file.bytes,
            scan: file.scan,
        })
        .collect()
}

/// The same for staff, who read the files from the report and have nothing to click.
#[component]
fn PreviewedFiles(files: Vec<PublicAttachment>, locale: Locale) -> impl IntoView {
    view! {
        <ul class="files gallery">{files.into_iter().map(|file| {
            let is_shown = is_picture(&file) && file_state(locale, file.scan).is_none();
            let (size, name) = (format::size(locale, file.bytes), file.file_name.clone());
            let picture = is_shown.then(|| view! { <img class="gallery-picture" src=format!("/app/files/{}/thumbnail", file.id) alt=name/> });
            view! { <li>{picture}<span class="row"><Icon name="download"/><bdi>{file.file_name}</bdi></span><span class="quiet">{size}</span></li> }
        }).collect_view()}</ul>
    }
}

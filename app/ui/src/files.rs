//! Files in lists.

use domain::files::FileScan;
use domain::locale::Locale;
use leptos::prelude::*;

use crate::icons::Icon;
use crate::{format, word};

/// The link of a file with its size, or its name and state while it cannot be downloaded.
#[component]
pub fn FileLink(
    locale: Locale,
    scan: FileScan,
    #[prop(into)] href: String,
    name: String,
    size_bytes: i64,
    /// Whether the browser stores the file instead of showing it.
    #[prop(optional)]
    is_download: bool,
) -> impl IntoView {
    if let Some(state) = file_state(locale, scan) {
        return view! {
            <span class="row"><Icon name="file"/><bdi>{name}</bdi></span><span class="quiet" data-scan=scan.name()>{state}</span>
        }
        .into_any();
    }
    let icon = if is_download { "download" } else { "file" };
    view! {
        <a href=href download=is_download><Icon name=icon/><bdi>{name}</bdi></a><span class="quiet">{format::size(locale, size_bytes)}</span>
    }
    .into_any()
}

/// A file of a gallery.
#[derive(Debug, Clone)]
pub struct GalleryFile {
    pub href: String,
    /// The addresses of its smaller version and of the whole picture, if it is one.
    pub picture: Option<(String, String)>,
    pub name: String,
    pub size_bytes: i64,
    pub scan: FileScan,
}

/// Files with their pictures, on the screen and on paper.
#[component]
pub fn FileGallery(
    files: Vec<GalleryFile>,
    locale: Locale,
    /// Whether the browser stores a file instead of showing it.
    #[prop(optional)]
    is_download: bool,
) -> impl IntoView {
    view! {
        <ul class="files gallery">{files.into_iter().map(|file| {
            let shown = file.picture.filter(|_| file_state(locale, file.scan).is_none());
            let name = file.name.clone();
            view! {
                <li>
                    {shown.map(|(small, whole)| view! { <a class="gallery-link" href=whole><img class="gallery-picture" src=small alt=name loading="lazy"/></a> })}
                    <FileLink locale scan=file.scan href=file.href name=file.name size_bytes=file.size_bytes is_download/>
                </li>
            }
        }).collect_view()}</ul>
    }
}

/// Returns why a file cannot be downloaded.
pub fn file_state(locale: Locale, scan: FileScan) -> Option<String> {
    match scan {
        FileScan::Exempt | FileScan::Clean => None,
        FileScan::Unchecked => Some(word!(locale, "file-being-checked")),
        FileScan::Infected => Some(word!(locale, "file-quarantined")),
    }
}

//! What the requester of a job has sent: contact details, files and messages, for dispatch and for the technician.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::requests::of_job::RequestOfJob;
use ui::components::Fact;
use ui::files::{FileGallery, GalleryFile};
use ui::format;
use ui::navigation::PhoneLink;

use crate::t;

/// The card of the requester; nothing if there is nothing but the description, which is among the notes of the job.
#[component]
pub(crate) fn RequesterCard(
    locale: Locale,
    found: RequestOfJob,
    /// The path below which the files are.
    files_path: &'static str,
    /// The country for phone numbers without a country code.
    #[prop(optional_no_strip)]
    country: Option<String>,
    zone: String,
) -> impl IntoView {
    let RequestOfJob {
        request,
        files,
        messages,
    } = found;
    let requester = request.requester.filter(|requester| {
        [
            &requester.name,
            &requester.organisation,
            &requester.email,
            &requester.phone,
        ]
        .iter()
        .any(|field| field.is_some())
    });
    let country = country.or_else(|| request.place.as_ref().and_then(|place| place.country.clone()));
    let files: Vec<GalleryFile> = files
        .into_iter()
        .map(|file| GalleryFile {
            href: format!("{files_path}/{}", file.id),
            picture: file.media_type.starts_with("image/").then(|| {
                let path = format!("{files_path}/{}", file.id);
                // Only dispatch has smaller versions.
                let small = if files_path == "/app/files" {
                    format!("{path}/thumbnail")
                } else {
                    path.clone()
                };
                (small, path)
            }),
            name: file.file_name,
            size_bytes: file.size_bytes,
            scan: file.scan,
        })
        .collect();
    let is_empty = requester.is_none() && files.is_empty() && messages.is_empty();
    let phone_zone = zone.clone();
    (!is_empty).then(|| view! {
        <section class="card requester-card" id="requester" data-testid="requester">
            <h2>{t!(locale, "requester")}</h2>
            {requester.map(|requester| view! {
                <dl class="facts">
                    <Fact name=t!(locale, "provided-contact")>
                        {requester.name.map(|name| view! { <div><bdi>{name}</bdi></div> })}
                        {requester.organisation.map(|name| view! { <div><bdi>{name}</bdi></div> })}
                        {requester.phone.map(|number| view! { <div><PhoneLink number country=country.clone() zone=phone_zone.clone() locale/></div> })}
                        {requester.email.map(|email| { let href = format!("mailto:{email}"); view! { <div><a href=href><bdi dir="ltr">{email}</bdi></a></div> } })}
                    </Fact>
                </dl>
            })}
            {(!files.is_empty()).then(|| view! { <h3>{t!(locale, "files")}</h3><FileGallery files locale/> })}
            {(!messages.is_empty()).then(|| view! {
                <h3>{t!(locale, "messages")}</h3>
                <ol class="conversation">{messages.into_iter().map(|message| {
                    let is_from_team = message.author.is_some();
                    let author = message.author.unwrap_or_else(|| t!(locale, "requester"));
                    view! { <li class:own=is_from_team data-message=message.id.to_string()><p class="quiet small"><bdi>{author}</bdi>" · "{format::moment(locale, message.created_at, &zone)}</p><p class="prose" dir="auto">{message.text}</p></li> }
                }).collect_view()}</ol>
            })}
        </section>
    })
}

//! The photos of a report: taken or chosen one after the other, shown, turned, marked and removed before they are sent.

use domain::locale::Locale;
use domain::visits::reports::PhotoMark;
use leptos::prelude::*;
use ordinavo_core::visits::report::MAX_PHOTOS;
use ui::forms::FormState;
use ui::icons::Icon;

use crate::i18n::by_key;
use crate::t;

const ACCEPTED: &str = "image/jpeg,image/png,image/webp";

/// Returns what a photo shows, in words.
pub(crate) fn mark_label(locale: Locale, mark: PhotoMark) -> String {
    by_key(locale, &format!("photo-mark-{}", mark.name().replace('_', "-")))
}

/// The photo fields. The script of My day gathers what is chosen in the list; without it, both fields are sent as they are.
#[component]
pub(crate) fn ReportPhotos(form: FormState, locale: Locale) -> impl IntoView {
    let (gallery, camera, help, error_id) = (
        form.id("photo"),
        form.id("camera"),
        form.id("photo-help"),
        form.id("photo-error"),
    );
    let error = form.error("photo");
    let invalid = error.is_some().then_some("true");
    let described_by = if error.is_some() {
        format!("{help} {error_id}")
    } else {
        help.clone()
    };
    let (gallery_label, camera_label) = (gallery.clone(), camera.clone());
    view! {
        <fieldset class="group photos" data-photos data-most=MAX_PHOTOS.to_string() data-words=t!(locale, "report-photos-count", count = "#") data-unreadable=t!(locale, "report-photo-not-shown")>
            <legend>{t!(locale, "report-photos-legend")}</legend>
            <p class="help" id=help.clone()>{t!(locale, "report-photos-help")}</p>
            {error.map(|error| view! { <p class="error" id=error_id>{error}</p> })}
            <div class="thumb">
                <label class="button photo-button" for=camera_label><Icon name="file"/>{t!(locale, "report-take-photo")}<input id=camera name="photo" type="file" accept=ACCEPTED capture="environment" data-camera aria-describedby=described_by.clone()/></label>
                <label class="button photo-button" for=gallery_label><Icon name="plus"/>{t!(locale, "report-photos")}<input id=gallery name="photo" type="file" accept=ACCEPTED multiple=true data-gallery aria-describedby=described_by aria-invalid=invalid/></label>
            </div>
            <input type="hidden" name="photo_marks"/>
            <p role="status" data-count></p>
            <p class="error" role="alert" data-heic hidden>{t!(locale, "report-photo-heic")}</p>
            <p class="help" data-full hidden>{t!(locale, "report-photos-full", max = MAX_PHOTOS)}</p>
            <ul class="photo-list" data-photo-list></ul>
            <template>
                <li>
                    <span class="photo-picture" data-picture></span>
                    <bdi data-name></bdi>
                    <label><span class="hidden">{t!(locale, "photo-mark")}</span><select data-mark>
                        <option value="">{t!(locale, "photo-mark-none")}</option>
                        {PhotoMark::ALL.iter().map(|mark| view! { <option value=mark.name()>{mark_label(locale, *mark)}</option> }).collect_view()}
                    </select></label>
                    <button class="button button-quiet" type="button" data-turn>{t!(locale, "photo-turn")}</button>
                    <button class="button button-quiet" type="button" data-remove>{t!(locale, "photo-remove")}</button>
                </li>
            </template>
        </fieldset>
    }
}

/// The notice that the form contains a draft of this device.
#[component]
pub(crate) fn DeviceDraftNotice(locale: Locale) -> impl IntoView {
    view! { <p class="draft-note" data-device-draft data-words=t!(locale, "device-draft", at = "#") role="status" hidden><span data-text></span>" "<button class="button button-quiet" type="button">{t!(locale, "device-draft-discard")}</button></p> }
}

/// What a photo shows; nothing if that was not chosen.
#[component]
pub(crate) fn PhotoMarkChip(locale: Locale, mark: Option<PhotoMark>) -> impl IntoView {
    mark.map(|mark| view! { " "<span class="chip" data-mark=mark.name()>{mark_label(locale, mark)}</span> })
}

//! The release panel of a report: exactly what the customer will receive, the recipients, and what was released before.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::ids::{ReleaseId, VisitReportId};
use domain::locale::Locale;
use domain::public::{PublicAttachment, PublicReport};
use domain::public_language::Tone;
use domain::visits::reports::ReleaseStatus;
use leptos::prelude::*;
use ordinavo_core::releases::model::{Recipient, ReleaseView};
use ordinavo_core::visits::model::AttachmentSummary;
use ordinavo_core::visits::report_review::ReportPage as ReportData;
use ui::components::{Chip, ConfirmAction, CustomerVisibleBox};
use ui::drafts::owned;
use ui::files::file_state;
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextArea, TextField};
use ui::icons::Icon;
use ui::islands::SubmitOnce;
use ui::report::ReportArticle;

use crate::i18n::by_key;
use crate::islands::FillField;
use crate::t;
use crate::visits::photos::PhotoMarkChip;

/// The ID of the form that publishes.
pub(crate) const RELEASE_FORM: &str = "release-form";

/// The published release and the draft, the form that publishes, and the history of releases and downloads.
#[component]
pub(crate) fn ReleaseCard(
    id: VisitReportId,
    locale: Locale,
    form: FormState,
    is_preview: bool,
    found: ReportData,
    zone: String,
    now: DateTime<Utc>,
) -> impl IntoView {
    let published = found
        .releases
        .iter()
        .find(|release| release.status == ReleaseStatus::Published)
        .cloned();
    let can_withdraw = found.actions.can_withdraw_release;
    let approves = found
        .actions
        .can_approve_and_release
        .then(|| found.report.submitted_at.to_rfc3339_opts(SecondsFormat::Millis, true));
    let technician_text = found.report.summary.clone();
    let latest = found.releases.iter().map(|release| release.revision).max().unwrap_or(0);
    let was_released = found.releases.iter().any(|release| release.files > 0);
    let files = select_files(&form, &found.attachments);
    let draft = is_preview.then(|| draft_report(&form, &found, &files, &zone, now));
    let published_report = published
        .clone()
        .map(|release| published_report(release, &found, &zone));
    let languages = preview_languages(&found.recipients, locale);
    let published_languages = languages.clone();
    view! {
        <section class="card">
            <h2>{t!(locale, "release-title")}</h2>
            {published_report.map(|report| view! { <Preview locale report languages=published_languages label=t!(locale, "release-preview")/> })}
            {draft.map(|report| view! { <div id="draft"><Preview locale report languages label=t!(locale, "release-draft")/></div> })}
            <PublishForm id latest locale form published approves technician_text is_billable=found.report.billable location=found.report.location_name has_follow_up=found.report.follow_up.is_some() files recipients=found.recipients/>
            {can_withdraw.then(|| view! { <WithdrawForm id latest locale/> })}
            {was_released.then(|| view! { <Downloads locale downloads=found.downloads zone=zone.clone()/> })}
            {(!found.releases.is_empty()).then(|| view! { <ReleaseHistory locale releases=found.releases zone/> })}
        </section>
    }
}

/// Returns the files of the report, each with whether it is selected. A rejected form and a preview keep the selection.
fn select_files(form: &FormState, files: &[AttachmentSummary]) -> Vec<(AttachmentSummary, bool)> {
    let selected_files = form.value("attachments", "-");
    let is_selected = |file: &AttachmentSummary| {
        if selected_files == "-" {
            file.is_released
        } else {
            selected_files.split(' ').any(|id| id == file.id.to_string())
        }
    };
    files.iter().map(|file| (file.clone(), is_selected(file))).collect()
}

/// Returns the typed release as the customer would see it.
fn draft_report(
    form: &FormState,
    found: &ReportData,
    files: &[(AttachmentSummary, bool)],
    zone: &str,
    now: DateTime<Utc>,
) -> PublicReport {
    let non_empty = |text: String| Some(text).filter(|text| !text.trim().is_empty());
    let latest = found.releases.iter().map(|release| release.revision).max();
    PublicReport {
        id: ReleaseId::from_uuid(Default::default()),
        title: form.value("title", ""),
        location: found.report.location_name.clone().unwrap_or_default(),
        zone: zone.to_owned(),
        published_at: now,
        revision: latest.unwrap_or(0) + 1,
        summary: form.value("summary", ""),
        message: non_empty(form.value("message", "")),
        follow_up: non_empty(form.value("follow_up", "")),
        cover: None,
        attachments: files
            .iter()
            .filter(|(_, is_selected)| *is_selected)
            .map(|(file, _)| public_attachment(file))
            .collect(),
    }
}

/// Returns a release as the customer sees it.
fn published_report(release: ReleaseView, found: &ReportData, zone: &str) -> PublicReport {
    PublicReport {
        id: release.id,
        title: release.title,
        location: found.report.location_name.clone().unwrap_or_default(),
        zone: zone.to_owned(),
        published_at: release.published_at,
        revision: release.revision,
        summary: release.summary,
        message: release.message,
        follow_up: release.follow_up,
        cover: None,
        attachments: found
            .attachments
            .iter()
            .filter(|file| file.is_released)
            .map(public_attachment)
            .collect(),
    }
}

fn public_attachment(file: &AttachmentSummary) -> PublicAttachment {
    PublicAttachment {
        id: file.id,
        file_name: file.file_name.clone(),
        media_type: String::new(),
        bytes: file.size_bytes,
        scan: file.scan,
    }
}

/// Returns every language that the recipients use; the viewer's if there are no recipients.
fn preview_languages(recipients: &[Recipient], locale: Locale) -> Vec<Locale> {
    let mut languages: Vec<Locale> = recipients
        .iter()
        .filter_map(|person| Locale::from_tag(&person.locale))
        .collect();
    languages.sort_unstable_by_key(|language| language.tag());
    languages.dedup();
    if languages.is_empty() {
        languages.push(locale);
    }
    languages
}

/// What customers see or will see, in each language that recipients use.
#[component]
fn Preview(locale: Locale, report: PublicReport, languages: Vec<Locale>, label: String) -> impl IntoView {
    let has_several_languages = languages.len() > 1;
    view! {
        <div class="preview">
            <p class="box-label"><Icon name="eye"/>{label}</p>
            {languages.into_iter().map(|language| {
                let name = has_several_languages.then(|| view! { <p class="quiet">{t!(locale, "release-in-language", language = language.own_name())}</p> });
                view! { {name}<ReportArticle report=report.clone() locale=language previewed=true/> }
            }).collect_view()}
        </div>
    }
}

/// The form that publishes a release or its next revision.
#[component]
fn PublishForm(
    id: VisitReportId,
    /// The latest revision, 0 for none.
    latest: i64,
    locale: Locale,
    form: FormState,
    /// The release that the form revises.
    published: Option<ReleaseView>,
    /// When the report was submitted, if publishing also approves it.
    approves: Option<String>,
    /// What the technician wrote.
    technician_text: String,
    is_billable: bool,
    location: Option<String>,
    has_follow_up: bool,
    /// The files of the report, each with whether it is selected.
    files: Vec<(AttachmentSummary, bool)>,
    recipients: Vec<Recipient>,
) -> impl IntoView {
    // A report that is approved with it has its button among the decisions.
    let submit_label = match (&published, &approves) {
        (_, Some(_)) => None,
        (Some(_), None) => Some(t!(locale, "publish-revision")),
        (None, None) => Some(t!(locale, "publish")),
    };
    let consequence = match (&approves, recipients.is_empty()) {
        (Some(_), true) => t!(locale, "approve-and-release-no-viewer"),
        (Some(_), false) => t!(locale, "approve-and-release-consequence"),
        (None, _) => t!(locale, "publish-consequence"),
    };
    let billing = (approves.is_some() && is_billable).then(|| t!(locale, "approve-billing"));
    let is_first = published.is_none();
    let (title, summary, message, follow_up) = published.map_or_else(
        || {
            let title = location.map(|name| format!("{} {name}", t!(locale, "visit-report")));
            (title.unwrap_or_default(), String::new(), String::new(), String::new())
        },
        |release| {
            (
                release.title,
                release.summary,
                release.message.unwrap_or_default(),
                release.follow_up.unwrap_or_default(),
            )
        },
    );
    view! {
        <SubmitOnce>
        <form id=RELEASE_FORM method="post" action=owned("/app/fn/publish-report")>
            <ErrorSummary form=form.clone()/>
            <input type="hidden" name="report" value=id.to_string()/><input type="hidden" name="revision" value=latest/>
            {approves.map(|shown| view! { <input type="hidden" name="approved_submitted_at" value=shown/> })}
            <CustomerVisibleBox locale>
                <TextField form=form.clone() field="title" label=t!(locale, "release-form-title") value=title/>
                <TextArea form=form.clone() field="summary" label=t!(locale, "release-summary") value=summary/>
                {is_first.then(|| view! { <FillField field=form.id("summary") text=technician_text label=t!(locale, "release-start-text")/> })}
                <TextArea form=form.clone() field="message" label=t!(locale, "release-message") value=message rows=2 optional=true/>
                {has_follow_up.then(|| view! { <TextArea form field="follow_up" label=t!(locale, "release-follow-up") value=follow_up rows=2 optional=true/> })}
                {(!files.is_empty()).then(|| view! { <FileSelection files locale/> })}
            </CustomerVisibleBox>
            <RecipientList recipients locale/>
            <p>{consequence}" "{billing}</p>
            <div class="actions">{submit_label.map(|label| view! { <button class="button button-primary" type="submit">{label}</button> })}
            <button class="button" type="submit" name="look" value="on">{t!(locale, "terminology-preview-action")}</button></div>
        </form>
        </SubmitOnce>
    }
}

#[component]
fn FileSelection(files: Vec<(AttachmentSummary, bool)>, locale: Locale) -> impl IntoView {
    view! {
        <fieldset id="release-attachments"><legend>{t!(locale, "release-files")}</legend><p class="help">{t!(locale, "release-files-help")}</p>
            <div class="release-files">{files.into_iter().map(|(file, is_selected)| {
                let checkbox_id = format!("file-{}", file.id);
                let is_picture = file.media_type.starts_with("image/") && file_state(locale, file.scan).is_none();
                let picture = is_picture.then(|| view! { <img src=format!("/app/files/{}/thumbnail", file.id) alt=""/> });
                view! { <div class="check" class:check-picture=is_picture><input type="checkbox" id=checkbox_id.clone() name="attachments[]" value=file.id.to_string() checked=is_selected/><label for=checkbox_id>{picture}<bdi>{file.file_name}</bdi><PhotoMarkChip locale mark=file.mark/></label></div> }
            }).collect_view()}</div>
        </fieldset>
    }
}

/// The portal users who would see the release, and who of them cannot download its files.
#[component]
fn RecipientList(recipients: Vec<Recipient>, locale: Locale) -> impl IntoView {
    view! {
        <h3>{t!(locale, "release-recipients")}</h3>
        {recipients.is_empty().then(|| view! { <p class="notice notice-warn">{t!(locale, "release-no-recipients")}</p> })}
        <ul class="plain">{recipients.into_iter().map(|person| view! { <li><bdi>{person.display_name}</bdi>" "<span class="quiet"><bdi dir="ltr">{person.email}</bdi></span>{(!person.may_download).then(|| view! { " "<span class="quiet">"· "{t!(locale, "release-without-files")}</span> })}</li> }).collect_view()}</ul>
    }
}

#[component]
fn WithdrawForm(id: VisitReportId, latest: i64, locale: Locale) -> impl IntoView {
    view! {
        <ConfirmAction label=t!(locale, "withdraw") consequence=t!(locale, "withdraw-consequence")>
            <form method="post" action=owned("/app/fn/withdraw-report")><input type="hidden" name="report" value=id.to_string()/><input type="hidden" name="revision" value=latest/><button class="button button-bad" type="submit">{t!(locale, "withdraw-now")}</button></form>
        </ConfirmAction>
    }
}

/// The downloads of released files: time, user (if the account still exists) and file name.
#[component]
fn Downloads(locale: Locale, downloads: Vec<(DateTime<Utc>, Option<String>, String)>, zone: String) -> impl IntoView {
    view! {
        <h3>{t!(locale, "downloads-title")}</h3>
        {downloads.is_empty().then(|| view! { <p class="quiet">{t!(locale, "downloads-none")}</p> })}
        <ul class="lines">{downloads.into_iter().map(|(at, person, file)| view! {
            <li><bdi>{person.unwrap_or_default()}</bdi><bdi>{file}</bdi><span class="quiet">{format::moment(locale, at, &zone)}</span></li>
        }).collect_view()}</ul>
    }
}

#[component]
fn ReleaseHistory(locale: Locale, releases: Vec<ReleaseView>, zone: String) -> impl IntoView {
    view! {
        <h3>{t!(locale, "release-history")}</h3>
        <ul class="lines">{releases.into_iter().map(|release| view! {
            <li><span>{t!(locale, "revision", number = release.revision)}</span><Chip label=by_key(locale, &format!("release-{}", release.status.name())) tone=if release.status == ReleaseStatus::Published { Tone::Good } else { Tone::Neutral }/>
                <span class="quiet">{format::moment(locale, release.published_at, &zone)}" · "<bdi>{release.published_by}</bdi></span></li>
        }).collect_view()}</ul>
    }
}

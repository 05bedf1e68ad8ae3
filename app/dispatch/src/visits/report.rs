//! The page of a visit report: content, review and release.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::identity::permissions::{ApproveReports, ViewReports};
use domain::ids::VisitReportId;
use domain::locale::Locale;
use domain::problems::Record;
use domain::public::MAX_SUBJECT_CHARS;
use domain::text::beginning;
use domain::visits::reports;
use domain::visits::reports::ReportStatus;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::page::Page;
use ordinavo_core::visits::model::{AttachmentSummary, ReportSummary, ReportView};
use ordinavo_core::visits::report_review;
use ordinavo_core::{Core, CoreError, CoreResult};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{ConfirmAction, Fact, InternalBox, ProblemNotice, ReportChip};
use ui::drafts::owned;
use ui::files::{FileLink, file_state};
use ui::flash::Flash;
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextArea};
use ui::i18n::by_key as shared_text;
use ui::icons::Icon;
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::follow_ups::page::FollowUpCard;
use crate::portal_access::visibility::VisibleTo;
use crate::releases::actions::PREVIEWED;
use crate::releases::card::{RELEASE_FORM, ReleaseCard};
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;
use crate::visits::photos::PhotoMarkChip;
use crate::visits::sync_conflicts::Signature;

#[component]
pub fn ReportPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: VisitReportId = request.id("id")?;
        let found = report_review::page(&request.core, staff.may::<ViewReports>()?, id).await?;
        let report = found.report.clone();
        let zone = report.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
        let actions = found.actions;
        let submitted_at = report.submitted_at;
        let return_form = FormState::new("return-report", locale, request.flash.as_ref());
        let preview = Flash::from_preview(request.flash.as_ref(), PREVIEWED, "release");
        let release_form = FormState::new("release", locale, preview.as_ref().or(request.flash.as_ref()));
        let is_preview = preview.is_some();
        Ok(view! {
            <Title text=format!("{} J-{}", t!(locale, "report-title"), report.number)/>
            <PageBar locale title=format::job_number(report.number) parent=Parent::new("/app/reports", t!(locale, "reports-title")) is_trail=true/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <div class="review">
                <ReportQueue queue=found.queue.clone() status=report.status current=id now=request.viewer.now locale/>
                <div class="review-main">
                    <ReportHeader report=report.clone() zone=zone.clone() locale/>
                    <ReportFacts report=report.clone() zone=zone.clone() locale/>
                    <ReportContent report files=found.attachments.clone() locale/>
                    {found.follow_up.clone().map(|follow_up| view! { <FollowUpCard locale follow_up report=id.to_string() can_decide=actions.can_decide_follow_up/> })}
                    {actions.must_await_approval.then(|| view! { <p class="quiet">{t!(locale, "approve-first")}</p> })}
                    {actions.can_decide.then(|| view! { <DecideBar id submitted_at is_primary=!actions.can_approve_and_release locale form=return_form/> })}
                </div>
                <div class="review-side">
                    <VisibleTo locale viewers=found.viewers.report.clone() files=found.viewers.files.clone()/>
                    {(actions.can_release || actions.can_approve_and_release).then(|| view! { <ReleaseCard id locale form=release_form is_preview found zone now=request.viewer.now/> })}
                </div>
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/reports">{content}</AppFrame> }
}

/// The reports with the same status, of which one is open.
#[component]
fn ReportQueue(
    queue: Page<ReportSummary>,
    status: ReportStatus,
    current: VisitReportId,
    now: DateTime<Utc>,
    locale: Locale,
) -> impl IntoView {
    let label = shared_text(locale, &format!("report-{}", status.name()));
    let name = label.clone();
    let more = if queue.has_more { "+" } else { "" };
    let count = format!("{}{more}", queue.rows.len());
    let is_listed = queue.rows.iter().any(|row| row.id == current);
    (is_listed && queue.rows.len() > 1).then(|| view! {
        <nav class="review-queue" aria-label=name><p class="review-queue-head"><a href=format!("/app/reports?status={}", status.name())>{label}</a><span class="count">{count}</span></p>
            <ul>{queue.rows.into_iter().map(|row| {
                let is_current = (row.id == current).then_some("page");
                view! {
                    <li><a href=format!("/app/reports/{}", row.id) aria-current=is_current>
                        <span class="queue-top"><strong class="queue-subject"><bdi>{row.customer_name.unwrap_or_else(|| format::job_number(row.number))}</bdi></strong><span class="quiet small">{format::age(locale, row.submitted_at, now)}</span></span>
                        <span class="queue-top"><span class="quiet queue-text" dir="auto">{beginning(&row.summary, MAX_SUBJECT_CHARS)}</span><span class="avatar avatar-small avatar-person" title=row.technician.clone() aria-hidden="true">{format::initials(&row.technician)}</span></span></a></li>
                }
            }).collect_view()}</ul></nav>
    })
}

/// What the report is about, and which visit it belongs to.
#[component]
fn ReportHeader(report: ReportView, zone: String, locale: Locale) -> impl IntoView {
    let number = format::job_number(report.number);
    let title = beginning(&report.summary, MAX_SUBJECT_CHARS).unwrap_or_else(|| t!(locale, "report-title"));
    view! {
        <header class="stack review-head">
            <p class="trail"><a href=format!("/app/targets/{}", report.target_id)><bdi class="mono">{number}</bdi></a>{report.location_name.map(|name| view! { " · "<bdi>{name}</bdi> })}<span class="review-when">{t!(locale, "report-submitted-at", time = format::moment(locale, report.submitted_at, &zone))}</span></p>
            <div class="title-row"><h1 dir="auto">{title}</h1><ReportChip status=report.status locale/></div>
            <p><strong><bdi>{report.customer_name}</bdi></strong>" · "<bdi>{report.technician}</bdi></p>
        </header>
    }
}

#[component]
fn ReportFacts(report: ReportView, zone: String, locale: Locale) -> impl IntoView {
    let moment = |at| format::moment(locale, at, &zone);
    let written_at = report.written_at.map(moment);
    let billing_raised = report.billing_raised_at.map(moment);
    view! {
        <dl class="facts report-facts">
            <Fact name=t!(locale, "work-time")>{t!(locale, "minutes", count = report.work_minutes)}</Fact>
            <Fact name=t!(locale, "billable")>{if report.billable { t!(locale, "yes") } else { t!(locale, "no") }}</Fact>
            {billing_raised.map(|at| view! { <Fact name=t!(locale, "billing-trigger-created")>{at}</Fact> })}
            {written_at.map(|at| view! { <Fact name=t!(locale, "report-written")>{at}</Fact> })}
            {report.signed_by.map(|name| view! { <Fact name=t!(locale, "report-signature")><bdi>{name}</bdi></Fact> })}
        </dl>
    }
}

/// What the technician wrote, with photos, material and signature.
#[component]
fn ReportContent(report: ReportView, files: Vec<AttachmentSummary>, locale: Locale) -> impl IntoView {
    let material = report
        .material
        .as_deref()
        .and_then(reports::material)
        .unwrap_or_default();
    let drawing = report.signature.filter(|drawing| reports::is_signature(drawing));
    let signer = report.signed_by;
    let has_signature = drawing.is_some();
    view! {
        <section class="stack"><h2>{t!(locale, "report-summary")}</h2><p class="prose" dir="auto">{report.summary}</p></section>
        <section class="stack"><h2>{t!(locale, "photos")}<span class="count">{files.len()}</span></h2>
            {files.is_empty().then(|| view! { <p class="quiet">{t!(locale, "no-photos")}</p> })}
            <ul class="review-photos">{files.into_iter().map(|file| view! { <ReportFile file locale/> }).collect_view()}</ul></section>
        {(!material.is_empty()).then(|| view! {
            <section class="stack"><h2>{t!(locale, "report-material")}</h2><ul class="lines">{material.into_iter().map(|line| view! { <li><bdi>{line.quantity}" × "{line.what}</bdi></li> }).collect_view()}</ul></section>
        })}
        {report.internal_notes.map(|notes| view! { <InternalBox locale><h2>{t!(locale, "report-internal")}</h2><p class="prose" dir="auto">{notes}</p></InternalBox> })}
        {report.return_reason.map(|text| view! { <InternalBox locale><h2>{t!(locale, "return-report-reason")}</h2><p class="prose" dir="auto">{text}</p></InternalBox> })}
        {report.follow_up.map(|text| view! { <section class="panel"><p class="panel-body icon-line"><Icon name="wrench"/><strong>{t!(locale, "report-follow-up")}": "</strong><span dir="auto">{text}</span></p></section> })}
        {has_signature.then(|| view! { <section class="stack"><h2>{t!(locale, "report-signature")}</h2><p><bdi>{signer}</bdi></p><Signature locale drawing/></section> })}
    }
}

/// A file of the report: a photo as a picture, with what it shows and whether customers see it.
#[component]
fn ReportFile(file: AttachmentSummary, locale: Locale) -> impl IntoView {
    let is_picture = file.media_type.starts_with("image/") && file_state(locale, file.scan).is_none();
    let href = format!("/app/files/{}", file.id);
    let (icon, seen) = if file.is_released {
        ("eye", t!(locale, "released"))
    } else {
        ("lock", t!(locale, "file-internal"))
    };
    view! {
        <li class:is-released=file.is_released>
            {is_picture.then(|| view! { <a class="gallery-link" href=href.clone()><img src=format!("{href}/thumbnail") alt=file.file_name.clone()/></a> })}
            <div class="review-caption"><FileLink locale scan=file.scan href name=file.file_name size_bytes=file.size_bytes/><PhotoMarkChip locale mark=file.mark/>
                <p class="quiet small icon-line"><Icon name=icon/>{seen}</p></div>
        </li>
    }
}

/// Approves the report or returns it for correction.
#[component]
fn DecideBar(
    id: VisitReportId,
    submitted_at: DateTime<Utc>,
    /// Whether approving is the main action of the page.
    is_primary: bool,
    locale: Locale,
    form: FormState,
) -> impl IntoView {
    let shown = submitted_at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let shown_to_return = shown.clone();
    let open = form.has_typed_values();
    view! {
        <div class="detail-actions review-actions">
            {(!is_primary).then(|| view! { <button class="button button-primary" type="submit" form=RELEASE_FORM>{t!(locale, "approve-and-release")}</button> })}
            <SubmitOnce><form method="post" action=owned("/app/fn/approve-report")><input type="hidden" name="report" value=id.to_string()/><input type="hidden" name="submitted_at" value=shown/><button class="button" class:button-primary=is_primary type="submit">{t!(locale, "approve")}</button></form></SubmitOnce>
            <ConfirmAction label=t!(locale, "return-report") consequence=t!(locale, "return-report-consequence") open>
                <form method="post" action=owned("/app/fn/return-report")>
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="report" value=id.to_string()/><input type="hidden" name="submitted_at" value=shown_to_return/>
                    <TextArea form field="reason" label=t!(locale, "return-report-reason") rows=3/>
                    <button class="button" type="submit">{t!(locale, "return-report-now")}</button>
                </form>
            </ConfirmAction>
            <p class="quiet small">{t!(locale, "approve-consequence")}</p>
        </div>
    }
}

/// Returns when the report that a page shows was submitted.
///
/// # Errors
/// `conflict` for anything else than a time: a decision without the version that was read could be about another one.
pub(crate) fn shown_version(text: &str) -> CoreResult<DateTime<Utc>> {
    text.parse().map_err(|_| CoreError::conflict(Record::Report))
}

/// The button that approves a report.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ApproveButton {
    report: FormId<VisitReportId>,
    /// When the report that the page shows was submitted.
    submitted_at: String,
}

impl ActionForm for ApproveButton {
    fn back(&self) -> String {
        self.report.path_below("/app/reports")
    }
}

#[server(prefix = "/app/fn", endpoint = "approve-report")]
pub async fn approve_report(#[server(flatten)] form: ApproveButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ApproveButton| {
        let (permit, id) = (staff.may::<ApproveReports>()?, form.report.get()?);
        report_review::approve(&core, permit, id, Some(shown_version(&form.submitted_at)?)).await?;
        Ok(Redirect::to(form.back(), "done-approved"))
    })
    .await
}

/// The form that returns a report for correction.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReturnForm {
    report: FormId<VisitReportId>,
    /// When the report that the page shows was submitted.
    submitted_at: String,
    reason: String,
}

impl ActionForm for ReturnForm {
    const NAME: &'static str = "return-report";

    fn back(&self) -> String {
        self.report.path_below("/app/reports")
    }
}

#[server(prefix = "/app/fn", endpoint = "return-report")]
pub async fn return_report(#[server(flatten)] form: ReturnForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ReturnForm| {
        let (permit, id) = (staff.may::<ApproveReports>()?, form.report.get()?);
        let shown = shown_version(&form.submitted_at)?;
        report_review::return_for_correction(&core, permit, id, Some(shown), &form.reason).await?;
        Ok(Redirect::to(form.back(), "done-returned"))
    })
    .await
}

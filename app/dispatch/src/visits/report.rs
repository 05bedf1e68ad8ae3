//! The page of a visit report: content, review and release.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::identity::permissions::{ApproveReports, ViewReports};
use domain::ids::VisitReportId;
use domain::locale::Locale;
use domain::public_language::Tone;
use domain::visits::reports;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::visits::model::{AttachmentSummary, ReportView};
use ordinavo_core::visits::report_review;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Chip, ConfirmAction, Fact, InternalBox, ProblemNotice, ReportChip};
use ui::drafts::owned;
use ui::files::{FileLink, file_state};
use ui::flash::Flash;
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextArea};
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::follow_ups::page::FollowUpCard;
use crate::portal_access::visibility::VisibleTo;
use crate::releases::actions::PREVIEWED;
use crate::releases::card::ReleaseCard;
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
            <header class="title-row"><h1>{t!(locale, "report-title")}" "<bdi class="mono">{format::job_number(report.number)}</bdi></h1><ReportChip status=report.status locale/></header>
            <p class="lead"><bdi>{report.customer_name.clone()}</bdi>" · "<bdi>{report.location_name.clone()}</bdi></p>
            <div class="columns">
                <div>
                    <ReportFacts report=report.clone() zone=zone.clone() locale/>
                    <ReportContent report files=found.attachments.clone() locale/>
                </div>
                <div>
                    <VisibleTo locale viewers=found.viewers.report.clone() files=found.viewers.files.clone()/>
                    {found.follow_up.clone().map(|follow_up| view! { <FollowUpCard locale follow_up report=id.to_string() can_decide=actions.can_decide_follow_up/> })}
                    {actions.can_decide.then(|| view! { <DecideCard id submitted_at locale form=return_form/> })}
                    {actions.can_release.then(|| view! { <ReleaseCard id locale form=release_form is_preview found zone now=request.viewer.now/> })}
                    {actions.must_await_approval.then(|| view! { <p class="quiet">{t!(locale, "approve-first")}</p> })}
                </div>
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/reports">{content}</AppFrame> }
}

#[component]
fn ReportFacts(report: ReportView, zone: String, locale: Locale) -> impl IntoView {
    let moment = |at| format::moment(locale, at, &zone);
    let submitted = moment(report.submitted_at);
    let written_at = report.written_at.map(moment);
    let billing_raised = report.billing_raised_at.map(moment);
    view! {
        <dl class="facts">
            <Fact name=t!(locale, "technician")><bdi>{report.technician}</bdi></Fact>
            <Fact name=t!(locale, "submitted")>{submitted}</Fact>
            {written_at.map(|at| view! { <Fact name=t!(locale, "report-written")>{at}</Fact> })}
            <Fact name=t!(locale, "report-minutes")>{report.work_minutes}</Fact>
            <Fact name=t!(locale, "billable")>{if report.billable { t!(locale, "yes") } else { t!(locale, "no") }}</Fact>
            {billing_raised.map(|at| view! { <Fact name=t!(locale, "billing-trigger-created")>{at}</Fact> })}
            <Fact name=t!(locale, "job")><a href=format!("/app/targets/{}", report.target_id)>{t!(locale, "open-job")}</a></Fact>
        </dl>
    }
}

/// What the technician wrote, with signature and photos.
#[component]
fn ReportContent(report: ReportView, files: Vec<AttachmentSummary>, locale: Locale) -> impl IntoView {
    let material = report
        .material
        .as_deref()
        .and_then(reports::material)
        .unwrap_or_default();
    let drawing = report.signature.filter(|drawing| reports::is_signature(drawing));
    let is_signed = report.signed_by.is_some() || drawing.is_some();
    view! {
        <InternalBox locale>
            <h2>{t!(locale, "report-summary")}</h2><p class="prose" dir="auto">{report.summary}</p>
            {(!material.is_empty()).then(|| view! { <h3>{t!(locale, "report-material")}</h3><ul class="lines">{material.into_iter().map(|line| view! { <li><bdi>{line.quantity}" × "{line.what}</bdi></li> }).collect_view()}</ul> })}
            {report.internal_notes.map(|notes| view! { <h3>{t!(locale, "report-internal")}</h3><p class="prose" dir="auto">{notes}</p> })}
            {report.follow_up.map(|text| view! { <h3>{t!(locale, "report-follow-up")}</h3><p class="prose" dir="auto">{text}</p> })}
            {report.return_reason.map(|text| view! { <h3>{t!(locale, "return-report-reason")}</h3><p class="prose" dir="auto">{text}</p> })}
            {is_signed.then(|| view! { <h3>{t!(locale, "report-signature")}</h3><p><bdi>{report.signed_by}</bdi></p><Signature locale drawing/> })}
            <h3>{t!(locale, "photos")}</h3>
            {files.is_empty().then(|| view! { <p class="quiet">{t!(locale, "no-photos")}</p> })}
            <ul class="files gallery">{files.into_iter().map(|file| view! {
                <li>{(file.media_type.starts_with("image/") && file_state(locale, file.scan).is_none()).then(|| view! { <a class="gallery-link" href=format!("/app/files/{}", file.id)><img class="gallery-picture" src=format!("/app/files/{}/thumbnail", file.id) alt=file.file_name.clone()/></a> })}<FileLink locale scan=file.scan href=format!("/app/files/{}", file.id) name=file.file_name size_bytes=file.size_bytes/><PhotoMarkChip locale mark=file.mark/>
                    {file.is_released.then(|| view! { <Chip label=t!(locale, "released") tone=Tone::Good/> })}</li>
            }).collect_view()}</ul>
        </InternalBox>
    }
}

/// Approves the report or returns it for correction.
#[component]
fn DecideCard(id: VisitReportId, submitted_at: DateTime<Utc>, locale: Locale, form: FormState) -> impl IntoView {
    let shown = submitted_at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let shown_to_return = shown.clone();
    let open = form.was_rejected();
    view! {
        <section class="card">
            <p>{t!(locale, "approve-consequence")}</p>
            <SubmitOnce><form method="post" action=owned("/app/fn/approve-report")><input type="hidden" name="report" value=id.to_string()/><input type="hidden" name="submitted_at" value=shown/><button class="button button-primary" type="submit">{t!(locale, "approve")}</button></form></SubmitOnce>
            <ConfirmAction label=t!(locale, "return-report") consequence=t!(locale, "return-report-consequence") open>
                <form method="post" action=owned("/app/fn/return-report")>
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="report" value=id.to_string()/><input type="hidden" name="submitted_at" value=shown_to_return/>
                    <TextArea form field="reason" label=t!(locale, "return-report-reason") rows=3/>
                    <button class="button" type="submit">{t!(locale, "return-report-now")}</button>
                </form>
            </ConfirmAction>
        </section>
    }
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
        report_review::approve(
            &core,
            staff.may::<ApproveReports>()?,
            form.report.get()?,
            form.submitted_at.parse().ok(),
        )
        .await?;
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
        report_review::return_for_correction(&core, permit, id, form.submitted_at.parse().ok(), &form.reason).await?;
        Ok(Redirect::to(form.back(), "done-returned"))
    })
    .await
}

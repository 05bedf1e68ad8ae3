//! Visit reports: review, and release to the customer.

use chrono::{DateTime, Utc};
use domain::ids::{ReleaseId, VisitReportId};
use domain::lifecycle::Lifecycle as _;
use domain::locale::Locale;
use domain::permissions::{ApproveReports, PlanTargets, ReleaseReports, ViewReports};
use domain::public::{PublicAttachment, PublicReport};
use domain::public_language::Tone;
use domain::visit_reports::{self, ReleaseStatus, ReportStatus};
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::portal_access::view_as;
use ordinavo_core::releases;
use ordinavo_core::releases::ReleaseForm;
use ordinavo_core::visits::model::AttachmentLine;
use ordinavo_core::visits::report_review;
use ordinavo_core::visits::report_review::ReportPage as ReportData;
use ordinavo_core::{Core, CoreError, CoreResult};
use serde_json::json;
use ui::actions::{FormSubmission, Redirect, run_action};
use ui::components::{
    Chip, ConfirmAction, CustomerVisibleBox, EmptyState, Fact, InternalBox, Pager, ProblemNotice, ReportChip,
};
use ui::flash::Flash;
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextArea, TextField};
use ui::icons::Icon;
use ui::islands::SendOnce;
use ui::page::{cursor, page};
use ui::report::ReportArticle;
use ui::title::Title;

use crate::follow_ups::page::FollowUpCard;
use crate::i18n::by_key;
use crate::portal_access::visibility::VisibleTo;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::AppFrame;
use crate::t;
use crate::visits::sync_conflicts::Signature;

/// The status tabs of the list, those that need action first.
const TABS: [ReportStatus; 3] = [ReportStatus::Submitted, ReportStatus::Approved, ReportStatus::Returned];

#[component]
pub fn ReportsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let status = ReportStatus::from_name(&request.query("status")).unwrap_or(ReportStatus::Submitted);
        let (found, pending_count) = report_review::list(
            &request.core,
            staff.may::<ViewReports>()?,
            status,
            request.cursor("before"),
        )
        .await?;
        let next = found.rows.last().filter(|_| found.has_more).map(|row| {
            format!(
                "/app/reports?status={}&before={}",
                status.name(),
                cursor(row.submitted_at, row.id)
            )
        });
        let first = (!request.query("before").is_empty()).then(|| format!("/app/reports?status={}", status.name()));
        let empty = found.rows.is_empty();
        let now = request.viewer.now;
        Ok(view! {
            <Title text=t!(locale, "reports-title")/>
            <h1>{t!(locale, "reports-title")}</h1>
            <nav class="tabs" aria-label=t!(locale, "reports-title")>
                {TABS.into_iter().map(|tab| {
                    let is_current = (tab == status).then_some("page");
                    view! { <a href=format!("/app/reports?status={}", tab.name()) aria-current=is_current>{by_key(locale, &format!("report-{}", tab.name()))}{(tab == ReportStatus::Submitted).then(|| view! { <span class="count">{pending_count}</span> })}</a> }
                }).collect_view()}
            </nav>
            {empty.then(|| view! { <EmptyState icon="clipboard" title=t!(locale, "reports-empty") text=t!(locale, "reports-empty-text")/> })}
            {(!empty).then(|| view! {
                <div class="table-frame"><table class="table">
                    <thead><tr><th scope="col">{t!(locale, "visit")}</th><th scope="col">{t!(locale, "customer")}</th><th scope="col">{t!(locale, "technician")}</th><th scope="col">{t!(locale, "billable")}</th><th scope="col">{t!(locale, "released")}</th><th scope="col">{t!(locale, "time")}</th></tr></thead>
                    <tbody>{found.rows.into_iter().map(|row| view! {
                        <tr><th scope="row"><a href=format!("/app/reports/{}", row.id)><bdi class="mono">{format!("TGT-{}", row.number)}</bdi></a></th>
                            <td><bdi>{row.customer_name}</bdi><br/><span class="quiet"><bdi>{row.location_name}</bdi></span></td><td><bdi>{row.technician}</bdi></td>
                            <td>{if row.billable { t!(locale, "yes") } else { t!(locale, "no") }}</td>
                            <td>{row.released_revision.map_or_else(|| view! { <span class="quiet">{t!(locale, "not-released")}</span> }.into_any(), |number| view! { <Chip label=t!(locale, "revision", number = number) tone=Tone::Good/> }.into_any())}</td>
                            <td>{format::age(locale, row.submitted_at, now)}</td></tr>
                    }).collect_view()}</tbody>
                </table></div>
            })}
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/reports">{content}</AppFrame> }
}

#[component]
pub fn ReportPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: VisitReportId = request.id("id")?;
        let found = report_review::page(&request.core, staff.may::<ViewReports>()?, id).await?;
        let portal_viewers = view_as::report(&request.core, staff.may::<ViewReports>()?, id).await?;
        let report = found.report.clone();
        let zone = report.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
        let billing_raised = report.billing_raised_at.map(|at| format::moment(locale, at, &zone));
        let files = found.attachments.clone();
        let material = report
            .material
            .as_deref()
            .and_then(visit_reports::material)
            .unwrap_or_default();
        let drawing = report
            .signature
            .clone()
            .filter(|drawing| visit_reports::is_signature(drawing));
        let is_signed = report.signed_by.is_some() || drawing.is_some();
        let written_at = report.written_at.map(|at| format::moment(locale, at, &zone));
        let submitted = format::moment(locale, report.submitted_at, &zone);
        let can_decide = staff.has::<ApproveReports>() && report.status.step(ReportStatus::Approved).is_ok();
        let can_release = staff.has::<ReleaseReports>() && report.status == ReportStatus::Approved;
        let return_form = FormState::new("return-report", locale, request.flash.as_ref());
        let preview = Flash::from_preview(request.flash.as_ref(), PREVIEWED, "release");
        let release = FormState::new("release", locale, preview.as_ref().or(request.flash.as_ref()));
        let is_preview = preview.is_some();
        let title = format!("{} TGT-{}", t!(locale, "report-title"), report.number);
        let may_plan = staff.has::<PlanTargets>();
        let follow_up = found
            .follow_up
            .clone()
            .map(|follow_up| view! { <FollowUpCard locale follow_up report=id.to_string() may_plan/> });
        Ok(view! {
            <Title text=title/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <header class="title-row"><h1>{t!(locale, "report-title")}" "<bdi class="mono">{format!("TGT-{}", report.number)}</bdi></h1><ReportChip status=report.status locale/></header>
            <p class="lead"><bdi>{report.customer_name.clone()}</bdi>" · "<bdi>{report.location_name.clone()}</bdi></p>
            <div class="columns">
                <div>
                    <dl class="facts">
                        <Fact name=t!(locale, "technician")><bdi>{report.technician}</bdi></Fact>
                        <Fact name=t!(locale, "submitted")>{submitted}</Fact>
                        {written_at.map(|at| view! { <Fact name=t!(locale, "report-written")>{at}</Fact> })}
                        <Fact name=t!(locale, "report-minutes")>{report.work_minutes}</Fact>
                        <Fact name=t!(locale, "billable")>{if report.billable { t!(locale, "yes") } else { t!(locale, "no") }}</Fact>
                        {billing_raised.map(|at| view! { <Fact name=t!(locale, "billing-trigger-created")>{at}</Fact> })}
                        <Fact name=t!(locale, "job")><a href=format!("/app/targets/{}", report.target_id)>{t!(locale, "open-job")}</a></Fact>
                    </dl>
                    <InternalBox locale>
                        <h2>{t!(locale, "report-summary")}</h2><p class="prose" dir="auto">{report.summary}</p>
                        {(!material.is_empty()).then(|| view! { <h3>{t!(locale, "report-material")}</h3><ul class="lines">{material.into_iter().map(|line| view! { <li><bdi>{line.quantity}" × "{line.what}</bdi></li> }).collect_view()}</ul> })}
                        {report.internal_notes.map(|notes| view! { <h3>{t!(locale, "report-internal")}</h3><p class="prose" dir="auto">{notes}</p> })}
                        {report.follow_up.map(|text| view! { <h3>{t!(locale, "report-follow-up")}</h3><p class="prose" dir="auto">{text}</p> })}
                        {report.return_reason.map(|text| view! { <h3>{t!(locale, "return-report-reason")}</h3><p class="prose" dir="auto">{text}</p> })}
                        {is_signed.then(|| view! { <h3>{t!(locale, "report-signature")}</h3><p><bdi>{report.signed_by}</bdi></p><Signature locale drawing/> })}
                        <h3>{t!(locale, "photos")}</h3>
                        {files.is_empty().then(|| view! { <p class="quiet">{t!(locale, "no-photos")}</p> })}
                        <ul class="files">{files.into_iter().map(|file| view! {
                            <li><a href=format!("/app/files/{}", file.id)><Icon name="file"/><bdi>{file.file_name.clone()}</bdi></a><span class="quiet">{format::size(locale, file.size_bytes)}</span>
                                {file.is_released.then(|| view! { <Chip label=t!(locale, "released") tone=Tone::Good/> })}</li>
                        }).collect_view()}</ul>
                    </InternalBox>
                </div>
                <div>
                    <VisibleTo locale viewers=portal_viewers.report files=portal_viewers.files/>
                    {follow_up}
                    {can_decide.then(|| view! { <DecideCard id locale form=return_form/> })}
                    {can_release.then(|| view! { <ReleaseCard id locale form=release is_preview found=found.clone() zone=zone.clone() now=request.viewer.now/> })}
                    {(!can_release && !can_decide && report.status != ReportStatus::Approved).then(|| view! { <p class="quiet">{t!(locale, "approve-first")}</p> })}
                </div>
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/reports">{content}</AppFrame> }
}

#[component]
fn DecideCard(id: VisitReportId, locale: Locale, form: FormState) -> impl IntoView {
    let open = form.was_rejected();
    view! {
        <section class="card">
            <p>{t!(locale, "approve-consequence")}</p>
            <SendOnce><form method="post" action="/app/fn/approve-report"><input type="hidden" name="report" value=id.to_string()/><button class="button button-primary" type="submit">{t!(locale, "approve")}</button></form></SendOnce>
            <ConfirmAction label=t!(locale, "return-report") consequence=t!(locale, "return-report-consequence") open>
                <form method="post" action="/app/fn/send-back-report">
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="report" value=id.to_string()/>
                    <TextArea form field="reason" label=t!(locale, "return-report-reason") rows=3/>
                    <button class="button" type="submit">{t!(locale, "return-report-now")}</button>
                </form>
            </ConfirmAction>
        </section>
    }
}

/// The release panel: exactly what the customer will receive, and the recipients.
#[component]
fn ReleaseCard(
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
    let title = published.as_ref().map_or_else(
        || {
            found
                .report
                .location_name
                .clone()
                .map(|name| format!("{} {name}", t!(locale, "visit-report")))
                .unwrap_or_default()
        },
        |release| release.title.clone(),
    );
    let summary = published
        .as_ref()
        .map_or_else(String::new, |release| release.summary.clone());
    let message = published
        .as_ref()
        .and_then(|release| release.message.clone())
        .unwrap_or_default();
    let follow_up = published
        .as_ref()
        .map_or_else(String::new, |release| release.follow_up.clone().unwrap_or_default());
    let has_follow_up = found.report.follow_up.is_some();
    let submit_label = if published.is_some() {
        t!(locale, "publish-revision")
    } else {
        t!(locale, "publish")
    };
    let has_no_recipients = found.recipients.is_empty();
    let is_published = published.is_some();
    // A rejected form and a preview keep the selection of files.
    let selected_files = form.value("attachments", "-");
    let is_selected = |file: &AttachmentLine| {
        if selected_files == "-" {
            file.is_released
        } else {
            selected_files.split(' ').any(|id| id == file.id.to_string())
        }
    };
    let selected: Vec<bool> = found.attachments.iter().map(is_selected).collect();
    let non_empty = |text: String| Some(text).filter(|text| !text.trim().is_empty());
    let file = |file: &AttachmentLine| PublicAttachment {
        id: file.id.0,
        file_name: file.file_name.clone(),
        media_type: String::new(),
        bytes: file.size_bytes,
    };
    let location = found.report.location_name.clone().unwrap_or_default();
    let next = found.releases.iter().map(|release| release.revision).max().unwrap_or(0) + 1;
    let preview_report = is_preview.then(|| PublicReport {
        id: ReleaseId::from_uuid(Default::default()),
        title: form.value("title", ""),
        location: location.clone(),
        zone: zone.clone(),
        published_at: now,
        revision: next,
        summary: form.value("summary", ""),
        message: non_empty(form.value("message", "")),
        follow_up: non_empty(form.value("follow_up", "")),
        attachments: found
            .attachments
            .iter()
            .filter(|file| is_selected(file))
            .map(file)
            .collect(),
    });
    let published_report = published.map(|release| PublicReport {
        id: release.id.0,
        title: release.title,
        location,
        zone: zone.clone(),
        published_at: release.published_at,
        revision: release.revision,
        summary: release.summary,
        message: release.message,
        follow_up: release.follow_up,
        attachments: found
            .attachments
            .iter()
            .filter(|file| file.is_released)
            .map(file)
            .collect(),
    });
    // The preview is shown in every language that the recipients use.
    let mut languages: Vec<Locale> = found
        .recipients
        .iter()
        .filter_map(|person| Locale::from_tag(&person.locale))
        .collect();
    languages.sort_unstable_by_key(|language| language.tag());
    languages.dedup();
    if languages.is_empty() {
        languages.push(locale);
    }
    let (published_languages, preview_languages) = (languages.clone(), languages);
    let has_downloads = !found.downloads.is_empty();
    let was_released = found.releases.iter().any(|release| release.files > 0);
    view! {
        <section class="card">
            <h2>{t!(locale, "release-title")}</h2>
            {published_report.map(|report| view! { <Preview locale report languages=published_languages label=t!(locale, "release-preview")/> })}
            {preview_report.map(|report| view! { <div id="draft"><Preview locale report languages=preview_languages label=t!(locale, "release-draft")/></div> })}
            <SendOnce>
            <form method="post" action="/app/fn/publish-report">
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="report" value=id.to_string()/>
                <CustomerVisibleBox locale>
                    <TextField form=form.clone() field="title" label=t!(locale, "release-form-title") value=title/>
                    <TextArea form=form.clone() field="summary" label=t!(locale, "release-summary") value=summary/>
                    <TextArea form=form.clone() field="message" label=t!(locale, "release-message") value=message rows=2 optional=true/>
                    {has_follow_up.then(|| view! { <TextArea form=form.clone() field="follow_up" label=t!(locale, "release-follow-up") value=follow_up rows=2 optional=true/> })}
                    {(!found.attachments.is_empty()).then(|| view! {
                        <fieldset id="release-attachments"><legend>{t!(locale, "release-files")}</legend><p class="help">{t!(locale, "release-files-help")}</p>
                            {found.attachments.iter().zip(selected).map(|(file, selected)| {
                                let checkbox_id = format!("file-{}", file.id);
                                view! { <div class="check"><input type="checkbox" id=checkbox_id.clone() name="attachments[]" value=file.id.to_string() checked=selected/><label for=checkbox_id><bdi>{file.file_name.clone()}</bdi></label></div> }
                            }).collect_view()}
                        </fieldset>
                    })}
                </CustomerVisibleBox>
                <h3>{t!(locale, "release-recipients")}</h3>
                {has_no_recipients.then(|| view! { <p class="notice notice-warn">{t!(locale, "release-no-recipients")}</p> })}
                <ul class="plain">{found.recipients.iter().map(|person| view! { <li><bdi>{person.display_name.clone()}</bdi>" "<span class="quiet"><bdi dir="ltr">{person.email.clone()}</bdi></span>{(!person.may_download).then(|| view! { " "<span class="quiet">"· "{t!(locale, "release-without-files")}</span> })}</li> }).collect_view()}</ul>
                <p>{t!(locale, "publish-consequence")}</p>
                <div class="actions"><button class="button button-primary" type="submit">{submit_label}</button>
                <button class="button" type="submit" name="look" value="on">{t!(locale, "terminology-preview-action")}</button></div>
            </form>
            </SendOnce>
            {is_published.then(|| view! {
                <ConfirmAction label=t!(locale, "withdraw") consequence=t!(locale, "withdraw-consequence")>
                    <form method="post" action="/app/fn/withdraw-report"><input type="hidden" name="report" value=id.to_string()/><button class="button button-bad" type="submit">{t!(locale, "withdraw-now")}</button></form>
                </ConfirmAction>
            })}
            {was_released.then(|| view! {
                <h3>{t!(locale, "downloads-title")}</h3>
                {(!has_downloads).then(|| view! { <p class="quiet">{t!(locale, "downloads-none")}</p> })}
                <ul class="lines">{found.downloads.iter().map(|(at, person, file)| view! {
                    <li><bdi>{person.clone().unwrap_or_default()}</bdi><bdi>{file.clone()}</bdi><span class="quiet">{format::moment(locale, *at, &zone)}</span></li>
                }).collect_view()}</ul>
            })}
            {(!found.releases.is_empty()).then(|| view! {
                <h3>{t!(locale, "release-history")}</h3>
                <ul class="lines">{found.releases.iter().map(|release| view! {
                    <li><span>{t!(locale, "revision", number = release.revision)}</span><Chip label=by_key(locale, &format!("release-{}", release.status.name())) tone=if release.status == ReleaseStatus::Published { Tone::Good } else { Tone::Neutral }/>
                        <span class="quiet">{format::moment(locale, release.published_at, &zone)}" · "<bdi>{release.published_by.clone()}</bdi></span></li>
                }).collect_view()}</ul>
            })}
        </section>
    }
}

/// The success key of a release preview.
const PREVIEWED: &str = "done-release-previewed";

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

fn parse_report_id(text: &str) -> CoreResult<VisitReportId> {
    text.parse().map_err(|_| CoreError::not_found())
}

#[server(prefix = "/app/fn", endpoint = "approve-report")]
pub async fn approve_report(#[server(default)] report: String) -> Result<(), ServerFnError> {
    let back = format!("/app/reports/{report}");
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        report_review::approve(&core, staff.may::<ApproveReports>()?, parse_report_id(&report)?).await?;
        Ok(Redirect::to(back, "done-approved"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "send-back-report")]
pub async fn return_report(
    #[server(default)] report: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let back = format!("/app/reports/{report}");
    let submission = FormSubmission {
        form: "return-report",
        values: &[("reason", &reason)],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        report_review::return_for_correction(
            &core,
            staff.may::<ApproveReports>()?,
            parse_report_id(&report)?,
            &reason,
        )
        .await?;
        Ok(Redirect::to(back, "done-returned"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "publish-report")]
pub async fn publish_report(
    #[server(default)] report: String,
    #[server(default)] title: String,
    #[server(default)] summary: String,
    #[server(default)] message: String,
    #[server(default)] follow_up: String,
    #[server(default)] attachments: Vec<String>,
    #[server(default)] look: String,
) -> Result<(), ServerFnError> {
    let back = format!("/app/reports/{report}");
    let chosen = attachments.join(" ");
    let submission = FormSubmission {
        form: "release",
        values: &[
            ("title", &title),
            ("summary", &summary),
            ("message", &message),
            ("follow_up", &follow_up),
            ("attachments", &chosen),
        ],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let input = ReleaseForm {
            title: title.clone(),
            summary: summary.clone(),
            message: message.clone(),
            follow_up: follow_up.clone(),
            attachments,
        };
        if !look.is_empty() {
            releases::preview(&core, staff.may::<ReleaseReports>()?, parse_report_id(&report)?, &input).await?;
            return Ok(Redirect {
                to: format!("{back}#draft"),
                done: Some(PREVIEWED),
                shown_once: serde_json::to_string(&json!({
                    "title": title,
                    "summary": summary,
                    "message": message,
                    "follow_up": follow_up,
                    "attachments": chosen,
                }))
                .ok(),
                undo: None,
            });
        }
        releases::publish(&core, staff.may::<ReleaseReports>()?, parse_report_id(&report)?, &input).await?;
        Ok(Redirect::to(back, "done-published"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "withdraw-report")]
pub async fn withdraw_report(#[server(default)] report: String) -> Result<(), ServerFnError> {
    let back = format!("/app/reports/{report}");
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        releases::withdraw(&core, staff.may::<ReleaseReports>()?, parse_report_id(&report)?).await?;
        Ok(Redirect::to(back, "done-withdrawn"))
    })
    .await
}

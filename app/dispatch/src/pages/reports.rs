//! Reports: the manager's desk, and the release to the customer.

use domain::ids::VisitReportId;
use domain::lifecycle::Lifecycle as _;
use domain::locale::Locale;
use domain::permissions::{ApproveReports, PlanTargets, ReleaseReports, ViewReports};
use domain::public_language::Tone;
use domain::visit_reports::{ReleaseStatus, ReportStatus};
use leptos::prelude::*;
use leptos_meta::Title;
use ordinavo_core::actors::Staff;
use ordinavo_core::services::portal_access::seen;
use ordinavo_core::services::releases::{self, ReleaseForm};
use ordinavo_core::services::reports::{self, ReportPage as ReportData};
use ordinavo_core::{Core, CoreError, CoreResult};
use ui::acts::{Next, Sent, act};
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextArea, TextField};
use ui::icons::Icon;
use ui::islands::SendOnce;
use ui::load::{page, place};
use ui::parts::{Chip, Empty, Fact, InternalBox, OutwardBox, Pager, ProblemNotice, ReportChip, Weighty};

use super::follow_ups::FollowUpCard;
use super::seen::WhoSees;
use super::{DoneNotice, viewer_staff};
use crate::shell::Framed;
use crate::t;
use crate::words::by_key;

/// The states that the list offers, the one with work to do first.
const TABS: [ReportStatus; 3] = [ReportStatus::Submitted, ReportStatus::Approved, ReportStatus::Returned];

/// `/app/reports`.
#[component]
pub fn ReportsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let status = ReportStatus::from_name(&request.query("status")).unwrap_or(ReportStatus::Submitted);
        let (found, to_approve) = reports::list(
            &request.core,
            staff.may::<ViewReports>()?,
            status,
            request.place("before"),
        )
        .await?;
        let next = found.rows.last().filter(|_| found.has_more).map(|row| {
            format!(
                "/app/reports?status={}&before={}",
                status.name(),
                place(row.submitted_at, row.id)
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
                    let here = (tab == status).then_some("page");
                    view! { <a href=format!("/app/reports?status={}", tab.name()) aria-current=here>{by_key(locale, &format!("report-{}", tab.name()))}{(tab == ReportStatus::Submitted).then(|| view! { <span class="count">{to_approve}</span> })}</a> }
                }).collect_view()}
            </nav>
            {empty.then(|| view! { <Empty icon="clipboard" title=t!(locale, "reports-empty") text=t!(locale, "reports-empty-text")/> })}
            {(!empty).then(|| view! {
                <div class="table-frame"><table class="table">
                    <thead><tr><th scope="col">{t!(locale, "visit")}</th><th scope="col">{t!(locale, "customer")}</th><th scope="col">{t!(locale, "technician")}</th><th scope="col">{t!(locale, "billable")}</th><th scope="col">{t!(locale, "released")}</th><th scope="col">{t!(locale, "when")}</th></tr></thead>
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
    view! { <Framed current="/app/reports">{content}</Framed> }
}

/// `/app/reports/{id}`.
#[component]
pub fn ReportPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: VisitReportId = request.id("id")?;
        let found = reports::page(&request.core, staff.may::<ViewReports>()?, id).await?;
        let seen = seen::report(&request.core, staff.may::<ViewReports>()?, id).await?;
        let report = found.report.clone();
        let zone = report.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
        let billing_raised = report.billing_raised_at.map(|at| format::moment(locale, at, &zone));
        let files = found.attachments.clone();
        let submitted = format::moment(locale, report.submitted_at, &zone);
        let can_decide = staff.has::<ApproveReports>() && report.status.step(ReportStatus::Approved).is_ok();
        let can_release = staff.has::<ReleaseReports>() && report.status == ReportStatus::Approved;
        let send_back = FormState::new("send-back", locale, request.flash.as_ref());
        let release = FormState::new("release", locale, request.flash.as_ref());
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
                        <Fact name=t!(locale, "report-minutes")>{report.work_minutes}</Fact>
                        <Fact name=t!(locale, "billable")>{if report.billable { t!(locale, "yes") } else { t!(locale, "no") }}</Fact>
                        {billing_raised.map(|at| view! { <Fact name=t!(locale, "billing-raised")>{at}</Fact> })}
                        <Fact name=t!(locale, "job")><a href=format!("/app/targets/{}", report.target_id)>{t!(locale, "open-job")}</a></Fact>
                    </dl>
                    <InternalBox locale>
                        <h2>{t!(locale, "report-summary")}</h2><p class="prose" dir="auto">{report.summary}</p>
                        {report.internal_notes.map(|notes| view! { <h3>{t!(locale, "report-internal")}</h3><p class="prose" dir="auto">{notes}</p> })}
                        {report.follow_up.map(|text| view! { <h3>{t!(locale, "report-follow-up")}</h3><p class="prose" dir="auto">{text}</p> })}
                        {report.return_reason.map(|text| view! { <h3>{t!(locale, "send-back-reason")}</h3><p class="prose" dir="auto">{text}</p> })}
                        <h3>{t!(locale, "photos")}</h3>
                        {files.is_empty().then(|| view! { <p class="quiet">{t!(locale, "no-photos")}</p> })}
                        <ul class="files">{files.into_iter().map(|file| view! {
                            <li><a href=format!("/app/files/{}", file.id)><Icon name="file"/><bdi>{file.file_name.clone()}</bdi></a><span class="quiet">{format::size(locale, file.size_bytes)}</span>
                                {file.is_released.then(|| view! { <Chip label=t!(locale, "released") tone=Tone::Good/> })}</li>
                        }).collect_view()}</ul>
                    </InternalBox>
                </div>
                <div>
                    <WhoSees locale people=seen.report files=seen.files/>
                    {follow_up}
                    {can_decide.then(|| view! { <DecideCard id locale form=send_back/> })}
                    {can_release.then(|| view! { <ReleaseCard id locale form=release found=found.clone() zone=zone.clone()/> })}
                    {(!can_release && !can_decide && report.status != ReportStatus::Approved).then(|| view! { <p class="quiet">{t!(locale, "approve-first")}</p> })}
                </div>
            </div>
        }
        .into_any())
    });
    view! { <Framed current="/app/reports">{content}</Framed> }
}

#[component]
fn DecideCard(id: VisitReportId, locale: Locale, form: FormState) -> impl IntoView {
    let open = form.came_back();
    view! {
        <section class="card">
            <p>{t!(locale, "approve-consequence")}</p>
            <SendOnce><form method="post" action="/app/fn/approve-report"><input type="hidden" name="report" value=id.to_string()/><button class="button button-primary" type="submit">{t!(locale, "approve")}</button></form></SendOnce>
            <Weighty label=t!(locale, "send-back") consequence=t!(locale, "send-back-consequence") open>
                <form method="post" action="/app/fn/send-back-report">
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="report" value=id.to_string()/>
                    <TextArea form field="reason" label=t!(locale, "send-back-reason") rows=3/>
                    <button class="button" type="submit">{t!(locale, "send-back-now")}</button>
                </form>
            </Weighty>
        </section>
    }
}

/// The release panel: exactly what the customer will get, and who that is.
#[component]
fn ReleaseCard(id: VisitReportId, locale: Locale, form: FormState, found: ReportData, zone: String) -> impl IntoView {
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
                .map(|name| format!("{} {name}", t!(locale, "report-link")))
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
    let act = if published.is_some() {
        t!(locale, "publish-revision")
    } else {
        t!(locale, "publish")
    };
    let nobody = found.recipients.is_empty();
    let is_published = published.is_some();
    view! {
        <section class="card">
            <h2>{t!(locale, "release-title")}</h2>
            {published.map(|release| view! { <Preview locale release files=found.attachments.clone()/> })}
            <SendOnce>
            <form method="post" action="/app/fn/publish-report">
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="report" value=id.to_string()/>
                <OutwardBox locale>
                    <TextField form=form.clone() field="title" label=t!(locale, "release-form-title") value=title/>
                    <TextArea form=form.clone() field="summary" label=t!(locale, "release-summary") value=summary/>
                    <TextArea form=form.clone() field="message" label=t!(locale, "release-message") value=message rows=2 optional=true/>
                    {has_follow_up.then(|| view! { <TextArea form=form.clone() field="follow_up" label=t!(locale, "release-follow-up") value=follow_up rows=2 optional=true/> })}
                    {(!found.attachments.is_empty()).then(|| view! {
                        <fieldset id="release-attachments"><legend>{t!(locale, "release-files")}</legend><p class="help">{t!(locale, "release-files-help")}</p>
                            {found.attachments.iter().map(|file| {
                                let box_id = format!("file-{}", file.id);
                                // A form that came back keeps exactly what was ticked.
                                let ticked = if form.came_back() {
                                    form.value("attachments", "").split(' ').any(|id| id == file.id.to_string())
                                } else {
                                    file.is_released
                                };
                                view! { <div class="check"><input type="checkbox" id=box_id.clone() name="attachments[]" value=file.id.to_string() checked=ticked/><label for=box_id><bdi>{file.file_name.clone()}</bdi></label></div> }
                            }).collect_view()}
                        </fieldset>
                    })}
                </OutwardBox>
                <h3>{t!(locale, "release-recipients")}</h3>
                {nobody.then(|| view! { <p class="notice notice-warn">{t!(locale, "release-nobody")}</p> })}
                <ul class="plain">{found.recipients.iter().map(|person| view! { <li><bdi>{person.display_name.clone()}</bdi>" "<span class="quiet"><bdi dir="ltr">{person.email.clone()}</bdi></span></li> }).collect_view()}</ul>
                <p>{t!(locale, "publish-consequence")}</p>
                <button class="button button-primary" type="submit">{act}</button>
            </form>
            </SendOnce>
            {is_published.then(|| view! {
                <Weighty label=t!(locale, "withdraw") consequence=t!(locale, "withdraw-consequence")>
                    <form method="post" action="/app/fn/withdraw-report"><input type="hidden" name="report" value=id.to_string()/><button class="button button-bad" type="submit">{t!(locale, "withdraw-now")}</button></form>
                </Weighty>
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

/// What the customer sees at this moment.
#[component]
fn Preview(
    locale: Locale,
    release: ordinavo_core::views::ReleaseView,
    files: Vec<ordinavo_core::views::AttachmentLine>,
) -> impl IntoView {
    view! {
        <div class="preview">
            <p class="box-label"><Icon name="eye"/>{t!(locale, "release-preview")}</p>
            <h3 dir="auto">{release.title}</h3>
            <p class="prose" dir="auto">{release.summary}</p>
            {release.message.map(|message| view! { <blockquote class="prose" dir="auto">{message}</blockquote> })}
            {release.follow_up.map(|text| view! { <p class="prose" dir="auto"><strong>{t!(locale, "release-follow-up")}": "</strong>{text}</p> })}
            <ul class="files">{files.into_iter().filter(|file| file.is_released).map(|file| view! { <li><Icon name="file"/><bdi>{file.file_name}</bdi></li> }).collect_view()}</ul>
        </div>
    }
}

fn report_id(text: &str) -> CoreResult<VisitReportId> {
    text.parse().map_err(|_| CoreError::not_found())
}

#[server(prefix = "/app/fn", endpoint = "approve-report")]
pub async fn approve_report(#[server(default)] report: String) -> Result<(), ServerFnError> {
    let back = format!("/app/reports/{report}");
    let sent = Sent {
        form: "",
        values: &[],
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        reports::approve(&core, staff.may::<ApproveReports>()?, report_id(&report)?).await?;
        Ok(Next::to(back, "done-approved"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "send-back-report")]
pub async fn send_back_report(
    #[server(default)] report: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let back = format!("/app/reports/{report}");
    let sent = Sent {
        form: "send-back",
        values: &[("reason", &reason)],
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        reports::send_back(&core, staff.may::<ApproveReports>()?, report_id(&report)?, &reason).await?;
        Ok(Next::to(back, "done-returned"))
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
) -> Result<(), ServerFnError> {
    let back = format!("/app/reports/{report}");
    let chosen = attachments.join(" ");
    let sent = Sent {
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
    act(sent, async |core: Core, staff: Staff| {
        let input = ReleaseForm {
            title: title.clone(),
            summary: summary.clone(),
            message: message.clone(),
            follow_up: follow_up.clone(),
            attachments,
        };
        releases::publish(&core, staff.may::<ReleaseReports>()?, report_id(&report)?, &input).await?;
        Ok(Next::to(back, "done-published"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "withdraw-report")]
pub async fn withdraw_report(#[server(default)] report: String) -> Result<(), ServerFnError> {
    let back = format!("/app/reports/{report}");
    let sent = Sent {
        form: "",
        values: &[],
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        releases::withdraw(&core, staff.may::<ReleaseReports>()?, report_id(&report)?).await?;
        Ok(Next::to(back, "done-withdrawn"))
    })
    .await
}

//! The list of visit reports.

use domain::identity::permissions::ViewReports;
use domain::public::MAX_SUBJECT_CHARS;
use domain::public_language::Tone;
use domain::text::beginning;
use domain::visits::reports::ReportStatus;
use leptos::prelude::*;
use ordinavo_core::drafts;
use ordinavo_core::visits::report_review;
use ui::components::{Chip, DraftMark, EmptyState, Pager};
use ui::format;
use ui::page::{cursor, page};
use ui::title::Title;

use crate::exports::{ExportMenu, List};
use crate::i18n::by_key;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar};
use crate::t;
use crate::webhooks::broken::{BrokenEndpoints, broken_endpoints};

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
        let drafts = drafts::pages_below(&request.core, &staff, "/app/reports/").await?;
        let broken = broken_endpoints(&request.core, &staff).await?;
        let zone = staff.zone().to_owned();
        let tabs = view! {
            <div class="bar-tabs"><nav class="tabs inbox-tabs" aria-label=t!(locale, "reports-title")>
                {TABS.into_iter().map(|tab| {
                    let is_current = (tab == status).then_some("page");
                    view! { <a href=format!("/app/reports?status={}", tab.name()) aria-current=is_current>{by_key(locale, &format!("report-{}", tab.name()))}{(tab == ReportStatus::Submitted).then(|| view! { <span class="count">{pending_count}</span> })}</a> }
                }).collect_view()}
            </nav></div>
        };
        Ok(view! {
            <Title text=t!(locale, "reports-title")/>
            <PageBar locale title=t!(locale, "reports-title") beside=tabs.into_any()>
                <ExportMenu list=List::Reports filters=vec![("status", status.name().to_owned())] locale/>
            </PageBar>
            <DoneNotice locale flash=request.flash.clone()/>
            <BrokenEndpoints locale broken zone/>
            {empty.then(|| view! { <EmptyState icon="clipboard" title=t!(locale, "reports-empty") text=t!(locale, "reports-empty-text")/> })}
            {(!empty).then(|| view! {
                <div class="table-frame"><table class="table rows stackable">
                    <thead><tr><th scope="col">{t!(locale, "visit")}</th><th scope="col">{t!(locale, "customer")}</th><th scope="col">{t!(locale, "technician")}</th><th scope="col">{t!(locale, "billable")}</th><th scope="col">{t!(locale, "released")}</th><th scope="col">{t!(locale, "time")}</th></tr></thead>
                    <tbody>{found.rows.into_iter().map(|row| view! {
                        <tr><th scope="row"><a href=format!("/app/reports/{}", row.id)><span dir="auto">{beginning(&row.summary, MAX_SUBJECT_CHARS)}</span>" "<bdi class="mono quiet">{format::job_number(row.number)}</bdi></a>{drafts.contains(&format!("/app/reports/{}", row.id)).then(|| view! { " "<DraftMark locale/> })}</th>
                            <td><bdi>{row.customer_name}</bdi><br/><span class="quiet"><bdi>{row.location_name}</bdi></span></td><td><span class="who-head"><span class="avatar avatar-small avatar-person" aria-hidden="true">{format::initials(&row.technician)}</span><bdi>{row.technician}</bdi></span></td>
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

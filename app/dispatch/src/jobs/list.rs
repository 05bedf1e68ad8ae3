//! The list of jobs.

use domain::identity::permissions::{PlanTargets, ViewOperations};
use domain::jobs::filter::JobFilter;
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::jobs::list;
use ordinavo_core::jobs::model::TargetSummary;
use ui::components::{Chip, EmptyState, LateVisitMark, Pager, PriorityMark, TargetChip};
use ui::format;
use ui::icons::Icon;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::{service_label, viewer_staff};
use crate::shell::AppFrame;
use crate::t;

const PAGE: &str = "/app/jobs";

#[component]
pub fn JobsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let (search, before) = (request.query("q"), request.query("before").parse::<i64>().ok());
        let filter = JobFilter::from_name(&request.query("show")).unwrap_or(JobFilter::All);
        let permit = staff.may::<ViewOperations>()?;
        let found = list::list(&request.core, permit, filter, &search, before).await?;
        let href = |before: &str| {
            format!(
                "{PAGE}?{}",
                format::query([("show", filter.name()), ("before", before)])
            )
        };
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| href(&row.number.to_string()));
        let first = before.map(|_| format!("{PAGE}?{}", format::query([("show", filter.name())])));
        let (zone, can_add) = (staff.zone().to_owned(), staff.has::<PlanTargets>());
        let is_search = !search.is_empty();
        Ok(view! {
            <Title text=t!(locale, "jobs-title")/>
            <div class="title-row title-spread"><h1>{t!(locale, "jobs-title")}</h1>
                {can_add.then(|| view! { <a class="button button-primary" href="/app/jobs/new"><Icon name="plus"/>{t!(locale, "job-new")}</a> })}
            </div>
            <form class="search" method="get" action=PAGE role="search">
                <label for="jobs-q">{t!(locale, "jobs-search")}</label>
                <input id="jobs-q" name="q" type="search" value=search maxlength="128"/>
                <button class="button" type="submit">{t!(locale, "search-now")}</button>
            </form>
            <nav class="tabs" aria-label=t!(locale, "status")>
                {JobFilter::ALL.iter().map(|choice| {
                    let is_current = (*choice == filter && !is_search).then_some("page");
                    let href = format!("{PAGE}?{}", format::query([("show", choice.name())]));
                    view! { <a href=href aria-current=is_current>{by_key(locale, &format!("jobs-{}", choice.name()))}</a> }
                }).collect_view()}
            </nav>
            <Jobs jobs=found.rows is_search locale zone/>
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/jobs">{content}</AppFrame> }
}

#[component]
fn Jobs(jobs: Vec<TargetSummary>, is_search: bool, locale: Locale, zone: String) -> impl IntoView {
    if jobs.is_empty() {
        let text = if is_search {
            t!(locale, "jobs-search-empty")
        } else {
            t!(locale, "jobs-empty-text")
        };
        return view! { <EmptyState icon="wrench" title=t!(locale, "jobs-empty") text/> }.into_any();
    }
    view! {
        <div class="table-frame"><table class="table jobs" data-testid="jobs">
            <thead><tr>
                <th scope="col">{t!(locale, "job")}</th><th scope="col">{t!(locale, "customer")}</th>
                <th scope="col">{t!(locale, "status")}</th><th scope="col">{t!(locale, "appointment")}</th><th scope="col">{t!(locale, "technician")}</th>
            </tr></thead>
            <tbody>{jobs.into_iter().map(|job| view! { <JobRow job locale zone=zone.clone()/> }).collect_view()}</tbody>
        </table></div>
    }
    .into_any()
}

#[component]
fn JobRow(job: TargetSummary, locale: Locale, zone: String) -> impl IntoView {
    let zone = job.appointment_zone.unwrap_or(zone);
    let starts_at = job.starts_at.map(|start| format::moment(locale, start, &zone));
    let place = job.location_name.or(job.location_city);
    view! {
        <tr>
            <th scope="row"><a href=format!("/app/targets/{}", job.id)><bdi class="mono">{format::job_number(job.number)}</bdi>" "{service_label(locale, job.service_type.as_deref())}</a>
                " "<PriorityMark priority=job.priority locale/></th>
            <td><bdi>{job.customer_name}</bdi>{place.map(|place| view! { <br/><span class="quiet small"><bdi>{place}</bdi></span> })}</td>
            <td><TargetChip status=job.status locale/>" "<LateVisitMark status=job.status ends_at=job.ends_at locale/>
                {job.needs_mapping.then(|| view! { " "<Chip label=t!(locale, "needs-mapping") tone=Tone::Bad/> })}</td>
            <td>{starts_at}</td><td><bdi>{job.technician}</bdi></td>
        </tr>
    }
}

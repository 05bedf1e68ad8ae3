//! The list of jobs.

use domain::identity::permissions::{PlanTargets, ViewOperations};
use domain::ids::{CustomerId, TargetId};
use domain::jobs::filter::JobFilter;
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::jobs::list;
use ordinavo_core::jobs::model::TargetSummary;
use ordinavo_core::page::Page;
use ordinavo_core::{CoreError, CoreResult};
use ui::components::{Chip, EmptyState, LateVisitMark, Pager, PriorityMark, TargetChip};
use ui::format;
use ui::icons::Icon;
use ui::page::{PageRequest, cursor, page};
use ui::title::Title;

use crate::exports::{ExportMenu, List};
use crate::i18n::by_key;
use crate::shared::{job_subject, service_label, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

const PAGE: &str = "/app/jobs";

/// What the page shows: all jobs of a status, or those of a customer.
struct Shown {
    jobs: Page<TargetSummary>,
    /// The customer, if only their jobs are shown.
    customer: Option<(CustomerId, String)>,
    /// The path of the next page.
    next: Option<String>,
    /// The path of the first page, on the others.
    first: Option<String>,
}

async fn load(request: &PageRequest, staff: &Staff, filter: JobFilter, search: &str) -> CoreResult<Shown> {
    let permit = staff.may::<ViewOperations>()?;
    let customer = request.query("customer");
    if !customer.is_empty() {
        let customer: CustomerId = customer.parse().map_err(|_| CoreError::not_found())?;
        let before = request.cursor::<TargetId>("after");
        let found = list::of_customer(&request.core, permit, customer, before).await?;
        let last = found.jobs.rows.last().filter(|_| found.jobs.has_more);
        return Ok(Shown {
            next: last.map(|row| format!("{PAGE}?customer={customer}&after={}", cursor(row.created_at, row.id))),
            first: before.map(|_| format!("{PAGE}?customer={customer}")),
            customer: Some((customer, found.customer_name)),
            jobs: found.jobs,
        });
    }
    let before = request.query("before").parse::<i64>().ok();
    let jobs = list::list(&request.core, permit, filter, search, before).await?;
    let href = |before: &str| {
        format!(
            "{PAGE}?{}",
            format::query([("show", filter.name()), ("before", before)])
        )
    };
    let last = jobs.rows.last().filter(|_| jobs.has_more);
    Ok(Shown {
        next: last.map(|row| href(&row.number.to_string())),
        first: before.map(|_| format!("{PAGE}?{}", format::query([("show", filter.name())]))),
        customer: None,
        jobs,
    })
}

#[component]
pub fn JobsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let search = request.query("q");
        let filter = JobFilter::from_name(&request.query("show")).unwrap_or(JobFilter::All);
        let Shown {
            jobs,
            customer,
            next,
            first,
        } = load(&request, &staff, filter, &search).await?;
        let (zone, can_add) = (staff.zone().to_owned(), staff.has::<PlanTargets>());
        let is_search = !search.is_empty();
        let (title, parent) = match customer {
            Some((id, name)) => {
                let parent = Parent::new(format!("/app/customers/{id}"), name.clone());
                (t!(locale, "jobs-of-customer", customer = name), Some(parent))
            }
            None => (t!(locale, "jobs-title"), None),
        };
        let tools = parent.is_none().then(|| {
            let current = Some(filter).filter(|_| !is_search);
            view! { <div class="list-tools"><StatusTabs current locale/><SearchForm search=search.clone() locale/></div> }
        });
        Ok(view! {
            <Title text=title.clone()/>
            <PageBar locale title parent>
                <ExportMenu list=List::Jobs filters=vec![("show", filter.name().to_owned()), ("q", search.clone()), ("customer", request.query("customer"))] locale/>
                {can_add.then(|| view! { <a class="button button-primary" href="/app/jobs/new"><Icon name="plus"/>{t!(locale, "job-new")}</a> })}
            </PageBar>
            {tools}
            <Jobs jobs=jobs.rows is_search locale zone/>
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/jobs">{content}</AppFrame> }
}

#[component]
fn StatusTabs(current: Option<JobFilter>, locale: Locale) -> impl IntoView {
    view! {
        <nav class="tabs" aria-label=t!(locale, "status")>
            {JobFilter::ALL.iter().map(|choice| {
                let is_current = (Some(*choice) == current).then_some("page");
                let href = format!("{PAGE}?{}", format::query([("show", choice.name())]));
                view! { <a href=href aria-current=is_current>{by_key(locale, &format!("jobs-{}", choice.name()))}</a> }
            }).collect_view()}
        </nav>
    }
}

#[component]
fn SearchForm(search: String, locale: Locale) -> impl IntoView {
    view! {
        <form class="search search-compact" method="get" action=PAGE role="search">
            <label class="hidden" for="jobs-q">{t!(locale, "jobs-search")}</label>
            <input id="jobs-q" name="q" type="search" value=search maxlength="128" placeholder=t!(locale, "jobs-search")/>
            <button class="button" type="submit">{t!(locale, "search-now")}</button>
        </form>
    }
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
        <div class="table-frame"><table class="table rows stackable jobs" data-testid="jobs">
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
            <th scope="row"><a href=format!("/app/targets/{}", job.id)><span dir="auto">{job_subject(locale, job.notes.as_deref(), job.service_type.as_deref())}</span>" "<bdi class="mono quiet">{format::job_number(job.number)}</bdi></a>
                " "<PriorityMark priority=job.priority locale/><br/><span class="quiet small">{service_label(locale, job.service_type.as_deref())}</span></th>
            <td><bdi>{job.customer_name}</bdi>{place.map(|place| view! { <br/><span class="quiet small"><bdi>{place}</bdi></span> })}</td>
            <td><TargetChip status=job.status locale/>" "<LateVisitMark status=job.status ends_at=job.ends_at locale/>
                {job.needs_mapping.then(|| view! { " "<Chip label=t!(locale, "needs-mapping") tone=Tone::Warn/> })}</td>
            <td>{starts_at}</td><td><bdi>{job.technician}</bdi></td>
        </tr>
    }
}

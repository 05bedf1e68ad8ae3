//! The page of a customer: what is open, visits, locations, contacts, portal access, external references and history.

use domain::identity::permissions::{PlanTargets, ViewOperations};
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::customers;
use ordinavo_core::customers::model::CustomerSummary;
use ordinavo_core::jobs::model::TargetSummary;
use ordinavo_core::mapping::model::ReferenceSummary;
use ui::components::{Chip, LateVisitMark, ProblemNotice, TargetChip};
use ui::format;
use ui::icons::Icon;
use ui::page::page;
use ui::title::Title;

use crate::customers::changes::Changes;
use crate::customers::overview::{Figures, OpenWork, VisitChart, Visits};
use crate::customers::records::{Accounts, Contacts, Locations};
use crate::i18n::by_key;
use crate::mapping::references::link_path;
use crate::shared::{DoneNotice, job_subject, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

#[component]
pub fn CustomerPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let found = customers::page(&request.core, staff.may::<ViewOperations>()?, request.id("id")?).await?;
        let zone = staff.zone().to_owned();
        let (id, can_edit) = (found.customer.id, found.can_edit && !found.customer.is_archived);
        let can_add_job = can_edit && staff.has::<PlanTargets>();
        let open = (found.open_targets, found.open_requests);
        let open_count = counted(open.0.len() + open.1.len(), found.has_more_open);
        let visit_count = counted(found.figures.visits, !found.counts_all_visits);
        Ok(view! {
            <Title text=found.customer.name.clone()/>
            <PageBar locale title=found.customer.name.clone() parent=Parent::new("/app/customers", t!(locale, "customers-title")) is_trail=true>
                {found.can_edit.then(|| view! { <a class="button" href=format!("/app/customers/{id}/edit")>{t!(locale, "edit")}</a> })}
                {can_add_job.then(|| view! { <a class="button button-primary" href=format!("/app/jobs/new?customer={id}")><Icon name="plus"/>{t!(locale, "job-new")}</a> })}
            </PageBar>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <Header customer=found.customer figures=view! { <Figures figures=found.figures.clone() open=open_count.clone() visits=visit_count locale/> }.into_any() locale/>
            <div class="with-aside">
                <div class="stack">
                    <OpenWork customer=id targets=open.0 requests=open.1 count=open_count locale zone=zone.clone()/>
                    <Visits visits=found.visits locale/>
                    <VisitChart figures=found.figures locale/>
                </div>
                <div class="stack">
                    <Locations customer=id locations=found.locations open_at=found.open_at can_edit locale/>
                    <Contacts customer=id contacts=found.contacts can_edit locale zone=zone.clone()/>
                    <Accounts customer=id accounts=found.accounts locale zone=zone.clone()/>
                </div>
            </div>
            <details class="panel" data-testid="history"><summary class="panel-head"><h2>{t!(locale, "history")}</h2></summary><div class="panel-body"><History locale lines=found.timeline zone=zone.clone()/></div></details>
            <References references=found.references locale/>
            <Changes changes=found.changes names_record=true locale zone/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

/// Formats a count; `has_more` says that not all were counted.
fn counted(count: impl std::fmt::Display, has_more: bool) -> String {
    let more = if has_more { "+" } else { "" };
    format!("{count}{more}")
}

/// Name, number and figures of the customer.
#[component]
fn Header(customer: CustomerSummary, figures: AnyView, locale: Locale) -> impl IntoView {
    view! {
        <header class="record-head">
            <span class="avatar" aria-hidden="true">{format::initials(&customer.name)}</span>
            <div>
                <div class="title-row"><h1><bdi>{customer.name}</bdi></h1>
                    {customer.is_archived.then(|| view! { <Chip label=t!(locale, "archived") tone=Tone::Neutral/> })}</div>
                {customer.customer_number.map(|number| view! { <p class="quiet"><bdi class="mono">{number}</bdi></p> })}
            </div>
            {figures}
        </header>
    }
}

/// Jobs, one in a line.
#[component]
pub(crate) fn JobLines(jobs: Vec<TargetSummary>, locale: Locale, zone: String) -> impl IntoView {
    view! {
        <ul class="lines">
            {jobs.into_iter().map(|target| {
                let starts_at = target.starts_at.map(|start| format::moment(locale, start, target.appointment_zone.as_deref().unwrap_or(&zone)));
                view! {
                    <li><a href=format!("/app/targets/{}", target.id)><strong dir="auto">{job_subject(locale, target.notes.as_deref(), target.service_type.as_deref())}</strong>" "<bdi class="mono quiet">{format::job_number(target.number)}</bdi></a>
                        <TargetChip status=target.status locale/><LateVisitMark status=target.status ends_at=target.ends_at locale/>
                        <span class="quiet"><bdi>{target.location_name}</bdi></span><span class="quiet">{starts_at}</span></li>
                }
            }).collect_view()}
        </ul>
    }
}

#[component]
fn References(references: Vec<ReferenceSummary>, locale: Locale) -> impl IntoView {
    (!references.is_empty()).then(|| view! {
        <details class="panel" data-testid="references">
            <summary class="panel-head"><h2>{t!(locale, "references")}<span class="count">{references.len()}</span></h2></summary>
            <table class="table">
                <thead><tr><th scope="col">{t!(locale, "source")}</th><th scope="col">{t!(locale, "kind")}</th><th scope="col">{t!(locale, "external-id")}</th></tr></thead>
                <tbody>{references.into_iter().map(|reference| {
                    let href = link_path(reference.mapping_type, &reference.source_key, &reference.external_id);
                    let label = t!(locale, "link-view-of", id = reference.external_id.clone());
                    view! {
                        <tr><td><bdi class="mono">{reference.source_key}</bdi></td><td>{by_key(locale, reference.mapping_type.name())}</td>
                            <td><a href=href aria-label=label><bdi class="mono">{reference.external_id}</bdi></a></td></tr>
                    }
                }).collect_view()}</tbody>
            </table>
        </details>
    })
}

/// The history, newest first.
#[component]
pub fn History(locale: Locale, lines: Vec<ordinavo_core::audit::model::TimelineEntry>, zone: String) -> impl IntoView {
    view! {
        <ol class="timeline">
            {lines.into_iter().map(|line| {
                let label = domain::public_language::Milestone::from_name(line.kind.name())
                    .map_or_else(|| by_key(locale, &format!("event-{}", line.kind.name())), |milestone| domain::public_language::milestone(milestone, locale).to_owned());
                view! { <li><span>{label}</span><time class="quiet" datetime=line.at.to_rfc3339()>{format::moment(locale, line.at, &zone)}</time></li> }
            }).collect_view()}
        </ol>
    }
}

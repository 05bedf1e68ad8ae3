//! The head of a job's page with its steps, and the facts beside its story.

use chrono::{DateTime, Utc};
use domain::jobs::steps::{JobStep, StepState};
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::jobs::model::TargetView;
use ordinavo_core::jobs::past_visits;
use ordinavo_core::scheduling::model::AppointmentSummary;
use ordinavo_core::visits::model::JobReport;
use ui::components::{Chip, Identifier, LateVisitMark, PriorityMark, TargetChip};
use ui::format;
use ui::i18n::by_key as shared_text;
use ui::icons::Icon;
use ui::navigation::PhoneLink;

use crate::shared::{job_subject, service_label};
use crate::t;

/// What the job is about, its status and its steps; the mapping review if it blocks the job.
#[component]
pub(super) fn JobHeader(
    target: TargetView,
    steps: Vec<(JobStep, StepState)>,
    appointments: Vec<AppointmentSummary>,
    /// The report that the steps are about.
    report: Option<JobReport>,
    /// The end of the planned or the latest visit.
    ends_at: Option<DateTime<Utc>>,
    zone: String,
    locale: Locale,
) -> impl IntoView {
    let id = target.id;
    let steps = steps
        .into_iter()
        .map(|(step, state)| {
            let lines = step_lines(locale, step, &target, &appointments, report.as_ref(), &zone);
            view! { <Step step state lines locale/> }
        })
        .collect_view();
    view! {
        <header class="stack">
            <div class="title-row">
                <h1 dir="auto">{job_subject(locale, target.notes.as_deref(), target.service_type.as_deref())}</h1>
                <TargetChip status=target.status locale/>
                <LateVisitMark status=target.status ends_at locale/>
                <PriorityMark priority=target.priority locale/>
                {target.needs_mapping.then(|| view! { <Chip label=t!(locale, "needs-mapping") tone=Tone::Warn/> })}
            </div>
            {target.needs_mapping.then(|| view! { <p class="notice notice-warn">{t!(locale, "mapping-blocked")}" "<a href=format!("/app/imports/mapping/{id}")>{t!(locale, "mapping-review-open")}</a></p> })}
            <ol class="job-steps" aria-label=t!(locale, "job-steps") data-testid="job-steps">{steps}</ol>
        </header>
    }
}

#[component]
fn Step(step: JobStep, state: StepState, lines: Vec<String>, locale: Locale) -> impl IntoView {
    let name = match step {
        JobStep::Created => t!(locale, "step-created"),
        JobStep::Visit(number) => t!(locale, "step-visit", number = number),
        JobStep::Report => t!(locale, "visit-report"),
        JobStep::Release => t!(locale, "step-release"),
        JobStep::Cancelled => shared_text(locale, "target-cancelled"),
    };
    let icon = match state {
        StepState::Passed => Some("check"),
        StepState::Failed => Some("x"),
        StepState::Current if step == JobStep::Cancelled => Some("ban"),
        StepState::Current => Some("clock"),
        StepState::Ahead => None,
    };
    view! {
        <li class=format!("job-step {}", state.name()) aria-current=(state == StepState::Current).then_some("step")>
            <span class="step-mark" aria-hidden="true">{icon.map(|name| view! { <Icon name/> })}</span>
            <strong>{name}</strong>
            {lines.into_iter().map(|line| view! { <span class="quiet small"><bdi>{line}</bdi></span> }).collect_view()}
        </li>
    }
}

/// Returns what is known of a step: its outcome, when and who.
fn step_lines(
    locale: Locale,
    step: JobStep,
    target: &TargetView,
    appointments: &[AppointmentSummary],
    report: Option<&JobReport>,
    zone: &str,
) -> Vec<String> {
    match step {
        JobStep::Created => vec![format::moment(locale, target.created_at, zone)],
        JobStep::Visit(number) => {
            let past = past_visits(appointments);
            let Some(appointment) = past.get(number - 1).copied().or_else(|| planned(appointments)) else {
                return vec![t!(locale, "no-appointment")];
            };
            vec![
                format::appointment(locale, appointment.starts_at, appointment.ends_at, &appointment.zone),
                appointment.technician.clone(),
            ]
        }
        JobStep::Report => report
            .map(|report| shared_text(locale, &format!("report-{}", report.status.name())))
            .into_iter()
            .collect(),
        JobStep::Release => report
            .and_then(|report| report.released_revision)
            .map(|revision| t!(locale, "revision", number = revision))
            .into_iter()
            .collect(),
        JobStep::Cancelled => Vec::new(),
    }
}

fn planned(appointments: &[AppointmentSummary]) -> Option<&AppointmentSummary> {
    let status = domain::jobs::targets::AppointmentStatus::Planned;
    appointments.iter().find(|appointment| appointment.status == status)
}

/// Customer, location, contact and facts of the job.
#[component]
pub(super) fn JobAside(target: TargetView, locale: Locale, page_zone: String) -> impl IntoView {
    let (address, imported_address) = addresses(&target);
    let zone = target.location_zone.clone().unwrap_or(page_zone);
    let coordinates = target
        .place
        .coordinates
        .map(|coordinates| format!("{}, {}", coordinates.lat, coordinates.lon));
    let window = requested_window(locale, &target);
    let customer = target.customer_id.zip(target.customer_name);
    let location = target.location_name.unwrap_or_else(|| t!(locale, "no-location"));
    let location = match target.location_id {
        Some(id) => view! { <a href=format!("/app/locations/{id}")><bdi>{location}</bdi></a> }.into_any(),
        None => view! { <bdi>{location}</bdi> }.into_any(),
    };
    view! {
        <section class="panel" data-testid="job-facts" aria-label=t!(locale, "job-facts")>
            {customer.map(|(id, name)| view! {
                <div class="panel-body aside-part"><h2>{t!(locale, "customer")}</h2>
                    <div class="aside-who"><span class="avatar avatar-row" aria-hidden="true">{format::initials(&name)}</span>
                        <p><a href=format!("/app/customers/{id}")><strong><bdi>{name}</bdi></strong></a><br/><bdi class="mono quiet small">{target.customer_number}</bdi></p></div></div>
            })}
            <div class="panel-body aside-part"><h2>{t!(locale, "location")}</h2>
                <p><strong>{location}</strong></p>
                {(!address.is_empty()).then(|| view! { <p><bdi>{address}</bdi></p> })}
                {imported_address.map(|imported| view! { <p class="quiet small">{t!(locale, "imported-address")}": "<bdi>{imported}</bdi></p> })}
                {coordinates.map(|coordinates| view! { <p class="quiet small"><bdi class="mono" dir="ltr">{coordinates}</bdi></p> })}</div>
            {target.contact_name.map(|name| view! {
                <div class="panel-body aside-part"><h2>{t!(locale, "contact")}</h2>
                    <div class="aside-who"><span class="avatar avatar-person avatar-row" aria-hidden="true">{format::initials(&name)}</span>
                        <p><strong><bdi>{name}</bdi></strong>{target.contact_phone.map(|number| view! { <br/><PhoneLink number country=target.country.clone() zone=zone.clone() locale/> })}</p></div></div>
            })}
            <div class="panel-body aside-part"><dl class="properties">
                <div><dt>{t!(locale, "service")}</dt><dd>{service_label(locale, target.service_type.as_deref())}</dd></div>
                <div><dt>{t!(locale, "priority")}</dt><dd>{shared_text(locale, &format!("priority-{}", target.priority.name()))}</dd></div>
                <div><dt>{t!(locale, "duration")}</dt><dd>{t!(locale, "minutes", count = target.duration_minutes)}</dd></div>
                {window.map(|window| view! { <div><dt>{t!(locale, "requested-window")}</dt><dd>{window}</dd></div> })}
                {(!target.required_skills.is_empty()).then(|| view! { <div><dt>{t!(locale, "skills")}</dt><dd><bdi>{target.required_skills.join(", ")}</bdi></dd></div> })}
                {target.request_id.map(|request| view! { <div><dt>{t!(locale, "request")}</dt><dd><a href=format!("/app/inbox/{request}")>{t!(locale, "open-request")}</a></dd></div> })}
                {target.source_key.map(|source| view! { <div><dt>{t!(locale, "source-system")}</dt><dd><bdi class="mono">{source}</bdi></dd></div> })}
                {target.external_id.map(|external_id| view! { <div><dt>{t!(locale, "external-id")}</dt><dd><Identifier text=external_id locale/></dd></div> })}
            </dl></div>
        </section>
    }
}

/// Returns the address of the job, and the imported one if it differs from the location's.
fn addresses(target: &TargetView) -> (String, Option<String>) {
    let place = &target.place.address;
    let imported = format::address_line(
        place.street.as_deref(),
        place.postal_code.as_deref(),
        place.city.as_deref(),
    );
    if target.location_name.is_none() {
        return (imported, None);
    }
    let address = format::address_line(
        target.street.as_deref(),
        target.postal_code.as_deref(),
        target.city.as_deref(),
    );
    let imported = Some(imported).filter(|imported| !imported.is_empty() && *imported != address);
    (address, imported)
}

fn requested_window(locale: Locale, target: &TargetView) -> Option<String> {
    let (start, end) = target.window_start.zip(target.window_end)?;
    let zone = target.window_zone.as_deref().unwrap_or("UTC");
    Some(format!(
        "{} – {} ({})",
        format::moment(locale, start, zone),
        format::moment(locale, end, zone),
        format::zone_name(locale, zone)
    ))
}

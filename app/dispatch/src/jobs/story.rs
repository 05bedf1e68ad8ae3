//! The story of a job: the planned visit, the reports with their photos, and everything that happened, newest first.

use chrono::{DateTime, Utc};
use domain::audit::TimelineKind;
use domain::jobs::targets::{AppointmentStatus, TargetStatus};
use domain::locale::Locale;
use domain::public_language::{Milestone, Tone, milestone};
use leptos::prelude::*;
use ordinavo_core::audit::model::TimelineEntry;
use ordinavo_core::scheduling::model::AppointmentSummary;
use ordinavo_core::visits::model::JobReport;
use ui::components::{Chip, ReportChip, TargetChip};
use ui::files::file_state;
use ui::format;
use ui::format::ZoneNames;
use ui::icons::Icon;

use crate::i18n::by_key;
use crate::t;

/// How many photos of a report are shown in the story; its page has all.
const SHOWN_PHOTOS: usize = 3;

/// Something in the story.
enum Item {
    Event(TimelineEntry),
    Report(JobReport, Option<AppointmentSummary>),
}

impl Item {
    fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Event(entry) => entry.at,
            Self::Report(report, _) => report.submitted_at,
        }
    }
}

#[component]
pub(super) fn JobStory(
    appointments: Vec<AppointmentSummary>,
    reports: Vec<JobReport>,
    timeline: Vec<TimelineEntry>,
    status: TargetStatus,
    zone: String,
    locale: Locale,
) -> impl IntoView {
    let planned = appointments
        .iter()
        .find(|appointment| appointment.status == AppointmentStatus::Planned)
        .cloned();
    let events = timeline.into_iter().map(Item::Event);
    let reports = reports.into_iter().map(|report| {
        let visit = appointments.iter().find(|visit| visit.id == report.appointment_id);
        Item::Report(report, visit.cloned())
    });
    // A report follows the event that it ended with.
    let mut items: Vec<Item> = reports.chain(events).collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.at()));
    let page_zone = zone.clone();
    view! {
        <section aria-labelledby="job-story" class="stack" data-testid="job-story">
            <h2 id="job-story">{t!(locale, "history")}</h2>
            <ol class="job-story">
                {planned.map(|visit| view! { <PlannedVisit visit status page_zone=page_zone.clone() locale/> })}
                {items.into_iter().map(|item| match item {
                    Item::Event(entry) => view! { <Event entry zone=zone.clone() locale/> }.into_any(),
                    Item::Report(report, visit) => view! { <Report report visit page_zone=page_zone.clone() zone=zone.clone() locale/> }.into_any(),
                }).collect_view()}
            </ol>
        </section>
    }
}

/// Returns date and time of an appointment, with the name of its zone where it is not that of the page.
fn appointment_time(locale: Locale, appointment: &AppointmentSummary, page_zone: &str) -> String {
    let AppointmentSummary {
        starts_at,
        ends_at,
        zone,
        ..
    } = appointment;
    let time = format!(
        "{} {}",
        format::date(locale, *starts_at, zone),
        format::span(*starts_at, *ends_at, zone)
    );
    ZoneNames::of(page_zone, [(*starts_at, zone.as_str())]).with(locale, time, zone)
}

/// The visit that is planned or under way.
#[component]
fn PlannedVisit(visit: AppointmentSummary, status: TargetStatus, page_zone: String, locale: Locale) -> impl IntoView {
    view! {
        <li class="story-now"><span class="story-mark" aria-hidden="true"><Icon name="calendar"/></span>
            <p><strong><bdi>{visit.technician.clone()}</bdi></strong>" "<TargetChip status locale/></p>
            <div class="story-card">
                <p class="story-time">{appointment_time(locale, &visit, &page_zone)}</p>
                <AppointmentNotes visit locale/>
            </div></li>
    }
}

/// Whether customers can see the appointment, and why it was entered afterwards.
#[component]
fn AppointmentNotes(visit: AppointmentSummary, locale: Locale) -> impl IntoView {
    let (icon, seen) = if visit.is_shared {
        ("eye", t!(locale, "shared"))
    } else {
        ("lock", t!(locale, "not-shared"))
    };
    view! {
        <p class="quiet small icon-line"><Icon name=icon/>{seen}</p>
        {visit.recorded_reason.map(|reason| view! { <p class="small"><Chip label=t!(locale, "recorded-afterwards") tone=Tone::Warn/>" "<span class="quiet" dir="auto" data-testid="recorded-reason">{reason}</span></p> })}
    }
}

/// The report of a visit, with its first photos.
#[component]
fn Report(
    report: JobReport,
    /// The visit it is about.
    visit: Option<AppointmentSummary>,
    page_zone: String,
    zone: String,
    locale: Locale,
) -> impl IntoView {
    let href = format!("/app/reports/{}", report.id);
    let photos: Vec<_> = report
        .files
        .iter()
        .filter(|file| file.media_type.starts_with("image/") && file_state(locale, file.scan).is_none())
        .take(SHOWN_PHOTOS)
        .map(|file| {
            let path = format!("/app/files/{}", file.id);
            view! { <a class="gallery-link" href=path.clone()><img src=format!("{path}/thumbnail") alt=file.file_name.clone()/></a> }
        })
        .collect();
    let released = report
        .released_revision
        .map(|revision| t!(locale, "story-released", number = revision));
    let technician = visit.as_ref().map(|visit| visit.technician.clone());
    let when = visit.as_ref().map(|visit| appointment_time(locale, visit, &page_zone));
    view! {
        <li><span class="story-mark" aria-hidden="true"><Icon name="clipboard"/></span>
            <p><strong>{t!(locale, "visit-report")}</strong>{technician.map(|name| view! { " · "<bdi>{name}</bdi> })}{when.map(|when| view! { <span class="quiet">" · "{when}</span> })}
                <time class="quiet" datetime=report.submitted_at.to_rfc3339()>{format::moment(locale, report.submitted_at, &zone)}</time></p>
            <div class="story-card story-report">
                {(!photos.is_empty()).then(|| view! { <div class="story-photos">{photos}</div> })}
                <div class="story-words">
                    <p class="prose" dir="auto">{report.summary}</p>
                    <p class="quiet small">{t!(locale, "minutes", count = report.work_minutes)}{report.billable.then(|| view! { " · "{t!(locale, "billable")} })}</p>
                    {report.follow_up.map(|text| view! { <p class="small"><strong>{t!(locale, "report-follow-up")}": "</strong><span dir="auto">{text}</span></p> })}
                    {visit.map(|visit| view! { <AppointmentNotes visit locale/> })}
                    <p class="row"><ReportChip status=report.status locale/>{released.map(|label| view! { <Chip label tone=Tone::Good/> })}
                        <a class="story-open" href=href>{t!(locale, "report-open")}</a></p>
                </div>
            </div></li>
    }
}

#[component]
fn Event(entry: TimelineEntry, zone: String, locale: Locale) -> impl IntoView {
    let name = entry.kind.name();
    let label = Milestone::from_name(name).map_or_else(
        || by_key(locale, &format!("event-{name}")),
        |kind| milestone(kind, locale).to_owned(),
    );
    view! {
        <li data-event=name><span class="story-mark" aria-hidden="true"><Icon name=icon_of(entry.kind)/></span>
            <p><strong>{label}</strong>{entry.actor_name.map(|name| view! { <span class="quiet">" · "<bdi>{name}</bdi></span> })}
                <time class="quiet" datetime=entry.at.to_rfc3339()>{format::moment(locale, entry.at, &zone)}</time></p></li>
    }
}

/// Returns the icon of an event.
fn icon_of(kind: TimelineKind) -> &'static str {
    match kind {
        TimelineKind::TargetCompleted | TimelineKind::RequestAccepted => "check",
        TimelineKind::TargetNotCompleted | TimelineKind::RequestRejected => "x",
        TimelineKind::TargetCancelled | TimelineKind::RequestCancelled | TimelineKind::AppointmentCancelled => "ban",
        TimelineKind::TargetDispatched | TimelineKind::TargetEnRoute | TimelineKind::TargetEnRouteReverted => "truck",
        TimelineKind::TargetOnSite => "map-pin",
        TimelineKind::AppointmentScheduled | TimelineKind::AppointmentMoved | TimelineKind::TargetPlannedInternally => {
            "calendar"
        }
        TimelineKind::RequestSubmitted => "inbox",
        TimelineKind::RequestMatched => "link",
        TimelineKind::ChangeProposed | TimelineKind::CustomerChangeProposed | TimelineKind::TargetUpdated => "refresh",
        _ => "circle",
    }
}

/// All appointments of the job: also those that were moved or cancelled.
#[component]
pub(super) fn AppointmentList(
    locale: Locale,
    appointments: Vec<AppointmentSummary>,
    page_zone: String,
) -> impl IntoView {
    (!appointments.is_empty()).then(|| view! {
        <details class="panel" data-testid="appointments"><summary class="panel-head"><h2>{t!(locale, "appointments")}<span class="count">{appointments.len()}</span></h2></summary>
            <ul class="panel-rows">{appointments.into_iter().map(|appointment| {
                let tone = if appointment.status == AppointmentStatus::Planned { Tone::Info } else { Tone::Neutral };
                view! {
                    <li><div><p><span>{appointment_time(locale, &appointment, &page_zone)}</span>" "<Chip label=by_key(locale, &format!("appointment-{}", appointment.status.name())) tone/></p>
                        <p class="quiet small"><bdi>{appointment.technician}</bdi>" · "{if appointment.is_shared { t!(locale, "shared") } else { t!(locale, "not-shared") }}</p>
                        {appointment.recorded_reason.map(|reason| view! { <p class="quiet small" dir="auto">{reason}</p> })}</div></li>
                }
            }).collect_view()}</ul>
        </details>
    })
}

//! The story of a request: each step with what belongs to it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::locale::Locale;
use domain::public::{
    PublicAppointment, PublicAttachment, PublicFollowUp, PublicMilestone, PublicReport, PublicRequest, RequestSource,
};
use domain::public_language::{Milestone, PublicVisit};
use domain::story::{RequestState, Step};
use domain::terminology::Terminology;
use leptos::prelude::*;
use ui::files::{FileLink, file_state};
use ui::format;
use ui::format::ZoneNames;
use ui::icons::Icon;
use ui::requests::{DelayNotice, preferred_windows};
use ui::story::{VisitChip, progress, step_icon, step_label, step_progress};

use crate::follow_ups::open_work::FollowUpLines;
use crate::i18n::by_key;
use crate::parts::{Row, Tile};
use crate::t;

/// What belongs to the steps of a request.
#[derive(Debug, Clone)]
pub(crate) struct StoryParts {
    /// Uploaded with the request.
    pub files: Vec<PublicAttachment>,
    pub milestones: Vec<PublicMilestone>,
    pub appointment: Option<PublicAppointment>,
    /// The appointments that it replaced, latest first.
    pub earlier: Vec<PublicAppointment>,
    pub reports: Vec<PublicReport>,
    /// The released files of the latest report.
    pub report_files: Vec<PublicAttachment>,
    pub follow_ups: Vec<PublicFollowUp>,
}

/// Returns when a milestone was reached last.
fn reached(milestones: &[PublicMilestone], kinds: &[Milestone]) -> Option<DateTime<Utc>> {
    let of_kind = milestones.iter().filter(|entry| kinds.contains(&entry.milestone));
    of_kind.map(|entry| entry.at).max()
}

/// Returns when the steps of a request were reached, as far as it is known.
pub(crate) fn step_times(
    request: &PublicRequest,
    milestones: &[PublicMilestone],
    appointment: Option<&PublicAppointment>,
    locale: Locale,
    zone: &str,
) -> Vec<(Step, String)> {
    let stamp = |at| format::stamp(locale, at, zone);
    let milestone = |kinds: &[Milestone]| reached(milestones, kinds).map(stamp);
    let report = milestone(&[Milestone::ReportShared, Milestone::ReportReplaced]);
    let completed = request.completed_at.filter(|_| request.visit.is_some());
    let done = report.clone().or_else(|| completed.map(stamp));
    let planned = appointment
        .filter(|visit| visit.status != PublicVisit::Cancelled)
        .map(|visit| {
            let window = format::window(locale, visit.starts_at, visit.ends_at, &visit.zone);
            t!(
                locale,
                "day-and-window",
                day = format::date(locale, visit.starts_at, &visit.zone),
                window = window
            )
        });
    [
        (Step::Submitted, Some(stamp(request.submitted_at))),
        (Step::Accepted, milestone(&[Milestone::RequestAccepted])),
        (Step::Planned, planned),
        (Step::Visit, milestone(&[Milestone::VisitCompleted])),
        (Step::Report, report),
        (Step::Done, done),
        (Step::Rejected, milestone(&[Milestone::RequestRejected])),
        (Step::Cancelled, milestone(&[Milestone::RequestCancelled])),
    ]
    .into_iter()
    .filter_map(|(step, time)| Some((step, time?)))
    .collect()
}

/// The steps below each other. Those that are passed or current hold what belongs to them; those to come are named only.
#[component]
pub(crate) fn RequestStory(
    request: PublicRequest,
    parts: StoryParts,
    now: DateTime<Utc>,
    words: Arc<Terminology>,
    zones: ZoneNames,
    zone: String,
    locale: Locale,
) -> impl IntoView {
    let (state, story) = (request.state(now), request.story(now));
    let times = step_times(&request, &parts.milestones, parts.appointment.as_ref(), locale, &zone);
    let current = story.current;
    // Reports and follow-ups are never hidden: they stand at the last step if their own is not reached.
    let report_step = story.steps.iter().position(|step| *step == Step::Report);
    let reports_at = report_step.filter(|index| *index <= current).unwrap_or(current);
    let items = story.steps.into_iter().enumerate().map(|(index, step)| {
        let progress = progress(index, current);
        let is_reached = index <= current;
        let icon = if progress == "passed" { "check" } else { step_icon(step) };
        let time = times
            .iter()
            .find(|(known, _)| *known == step && is_reached && step != Step::Planned)
            .map(|(_, time)| time.clone());
        let content = is_reached.then(|| step_content(step, state, &request, &parts, &words, zones, locale));
        let reports = (index == reports_at && !parts.reports.is_empty())
            .then(|| view! { <Reports reports=parts.reports.clone() files=parts.report_files.clone() locale/> });
        let follow_ups = (index == current && !parts.follow_ups.is_empty()).then(|| view! {
            <div class="story-part" data-testid="request-follow-ups"><p>{t!(locale, "story-remains")}</p><FollowUpLines items=parts.follow_ups.clone() words=words.clone() locale/></div>
        });
        view! {
            <li class=format!("{progress} step-{}", step.name()) aria-current=(index == current).then_some("step")>
                <span class="step-mark"><Icon name=icon/></span>
                <div class="story-head"><strong>{step_label(step, state, &words, locale)}</strong><span class="hidden">{step_progress(progress, locale)}</span>{time.map(|time| view! { <span class="quiet">{time}</span> })}</div>
                {content}{reports}{follow_ups}
            </li>
        }
    });
    view! { <ol class="card story">{items.collect_view()}</ol> }
}

/// Renders what belongs to a step that is reached.
fn step_content(
    step: Step,
    state: RequestState,
    request: &PublicRequest,
    parts: &StoryParts,
    words: &Arc<Terminology>,
    zones: ZoneNames,
    locale: Locale,
) -> AnyView {
    match step {
        Step::Submitted => {
            view! { <Submitted request=request.clone() files=parts.files.clone() locale/> }.into_any()
        }
        Step::Planned => {
            view! { <Planned visit=parts.appointment.clone() earlier=parts.earlier.clone() words=words.clone() zones locale/> }.into_any()
        }
        Step::Visit => match (state, &parts.appointment) {
            (RequestState::Visit(visit), Some(appointment)) => {
                let explanation = words.visit(visit, locale).explanation.into_owned();
                let delay = appointment.delay_ahead();
                view! { <p>{explanation}</p><DelayNotice minutes=delay locale/> }.into_any()
            }
            _ => ().into_any(),
        },
        Step::Report if parts.reports.is_empty() => view! { <p class="quiet">{t!(locale, "story-report-later")}</p> }.into_any(),
        Step::Rejected => request.rejection_reason.clone().map_or_else(
            || ().into_any(),
            |reason| view! { <div class="notice notice-warn"><p><strong>{t!(locale, "rejection-reason")}</strong></p><p class="prose" dir="auto">{reason}</p></div> }.into_any(),
        ),
        Step::InReview | Step::Accepted | Step::Report | Step::Done | Step::Cancelled => ().into_any(),
    }
}

/// What was submitted. A customer's words are quoted; others are named as what they are.
#[component]
fn Submitted(request: PublicRequest, files: Vec<PublicAttachment>, locale: Locale) -> impl IntoView {
    let windows = preferred_windows(locale, &request.windows);
    let heading = by_key(
        locale,
        &format!("description-{}", request.source.name().replace('_', "-")),
    );
    let is_quote = !matches!(request.source, RequestSource::Call | RequestSource::System);
    let wishes = windows.into_iter().chain(request.preferred.clone()).collect::<Vec<_>>();
    let (pictures, others): (Vec<_>, Vec<_>) = files
        .into_iter()
        .partition(|file| file.media_type.starts_with("image/") && file_state(locale, file.scan).is_none());
    view! {
        <div class="story-part">
            <p class="quiet" data-source=request.source.name()>{heading}</p>
            <p class="prose" class:quote=is_quote dir="auto">{request.description}</p>
            <Photos files=pictures/>
            {(!others.is_empty()).then(|| view! {
                <ul class="files">{others.into_iter().map(|file| view! {
                    <li><FileLink locale scan=file.scan href=format!("/portal/files/{}", file.id) name=file.file_name size_bytes=file.bytes is_download=true/></li>
                }).collect_view()}</ul>
            })}
            {(!wishes.is_empty()).then(|| view! { <p class="quiet">{t!(locale, "preferred")}": "{wishes.into_iter().map(|wish| view! { <span class="wish"><bdi>{wish}</bdi></span> }).collect_view()}</p> })}
        </div>
    }
}

/// Photos as photos, each opening in full size.
#[component]
fn Photos(files: Vec<PublicAttachment>) -> impl IntoView {
    (!files.is_empty()).then(|| view! {
        <ul class="photos">{files.into_iter().map(|file| {
            let name = file.file_name.clone();
            view! { <li><a href=format!("/portal/files/{}", file.id)><img src=format!("/portal/files/{}/thumbnail", file.id) alt=name loading="lazy" width="320" height="240"/></a></li> }
        }).collect_view()}</ul>
    })
}

/// The appointment of the request's job, and from where it was moved.
#[component]
fn Planned(
    visit: Option<PublicAppointment>,
    earlier: Vec<PublicAppointment>,
    words: Arc<Terminology>,
    zones: ZoneNames,
    locale: Locale,
) -> impl IntoView {
    visit.map(|visit| {
        let when = zones.with(
            locale,
            format::appointment(locale, visit.starts_at, visit.ends_at, &visit.zone),
            &visit.zone,
        );
        let moved = earlier.first().map(|before| {
            let day = format::date(locale, before.starts_at, &before.zone);
            t!(locale, "moved-from", day = day)
        });
        let line = view! {
            <bdi>{visit.location}</bdi>{visit.technician.map(|name| view! { " · "<bdi>{name}</bdi> })}{moved.map(|moved| view! { " · "{moved} })}
        };
        let end = view! { <VisitChip visit=visit.status words locale/> };
        view! {
            <ul class="rows" data-testid="request-appointment"><Row href=format!("/portal/appointments/{}", visit.id) lead=view! { <Tile icon="calendar"/> }.into_any() title=when.into_any() line=line.into_any() end=end.into_any()/></ul>
        }
    })
}

/// The most photos of a report that its request shows.
const MAX_PHOTOS: usize = 3;

/// The reports of the visits for the request, and the first photos of the latest one.
#[component]
fn Reports(reports: Vec<PublicReport>, files: Vec<PublicAttachment>, locale: Locale) -> impl IntoView {
    let photos: Vec<_> = files
        .into_iter()
        .filter(|file| file.media_type.starts_with("image/") && file_state(locale, file.scan).is_none())
        .take(MAX_PHOTOS)
        .collect();
    view! {
        <ul class="rows" data-testid="request-reports">{reports.into_iter().map(|report| {
            let line = format::date(locale, report.published_at, &report.zone);
            view! { <Row href=format!("/portal/reports/{}", report.id) lead=view! { <Tile icon="file-text"/> }.into_any() title=view! { <bdi>{report.title}</bdi> }.into_any() line=line.into_any()/> }
        }).collect_view()}</ul>
        <Photos files=photos/>
    }
}

//! The story of a request on screen: chips of states, the steps as a line, and the same in small for lists.

use std::sync::Arc;

use domain::follow_ups::FollowUpStatus;
use domain::locale::Locale;
use domain::public_language::{PublicStatus, PublicVisit};
use domain::requests::RequestStatus;
use domain::story::{RequestState, Step, Story};
use domain::terminology::Terminology;
use leptos::prelude::*;

use crate::icons::Icon;
use crate::word;

/// A status with its shape, so that it can be told apart without its color.
#[component]
fn ShapeChip(status: PublicStatus, icon: &'static str, #[prop(optional)] is_live: bool) -> impl IntoView {
    let class = format!(
        "chip chip-shape chip-{}{}",
        status.tone.name(),
        if is_live { " chip-live" } else { "" }
    );
    view! { <span class=class><Icon name=icon/>{status.label.into_owned()}</span> }
}

const fn visit_icon(visit: PublicVisit) -> &'static str {
    match visit {
        PublicVisit::Planned => "calendar",
        PublicVisit::OnTheWay => "truck",
        PublicVisit::InProgress => "wrench",
        PublicVisit::Completed => "check-check",
        PublicVisit::NotCompleted => "alert",
        PublicVisit::Moved => "arrow-left-right",
        PublicVisit::Cancelled => "ban",
    }
}

const fn is_live(visit: PublicVisit) -> bool {
    matches!(visit, PublicVisit::OnTheWay | PublicVisit::InProgress)
}

/// The status of a visit.
#[component]
pub fn VisitChip(visit: PublicVisit, words: Arc<Terminology>, locale: Locale) -> impl IntoView {
    view! { <ShapeChip status=words.visit(visit, locale) icon=visit_icon(visit) is_live=is_live(visit)/> }
}

/// The state of a request.
#[component]
pub fn StateChip(state: RequestState, words: Arc<Terminology>, locale: Locale) -> impl IntoView {
    let icon = match state {
        RequestState::Status(RequestStatus::Submitted) => "send",
        RequestState::Status(RequestStatus::InReview) => "eye",
        RequestState::Status(RequestStatus::Accepted) => "check",
        RequestState::Status(RequestStatus::Planned) => "calendar",
        RequestState::Status(RequestStatus::Rejected) => "x",
        RequestState::Status(RequestStatus::Cancelled) => "ban",
        RequestState::ChangeRequested => "calendar-clock",
        RequestState::Visit(visit) => visit_icon(visit),
        RequestState::Done => "check-check",
    };
    let is_live = matches!(state, RequestState::Visit(visit) if is_live(visit));
    view! { <ShapeChip status=words.request_state(state, locale) icon is_live/> }
}

/// The status of a follow-up; nothing for a dismissed one, which customers do not see.
#[component]
pub fn FollowUpChip(status: FollowUpStatus, words: Arc<Terminology>, locale: Locale) -> impl IntoView {
    let icon = match status {
        FollowUpStatus::Required | FollowUpStatus::Dismissed => "flag",
        FollowUpStatus::Planned => "calendar",
        FollowUpStatus::Done => "check-check",
    };
    words
        .follow_up(status, locale)
        .map(|status| view! { <ShapeChip status icon/> })
}

/// Returns the icon of a step.
pub const fn step_icon(step: Step) -> &'static str {
    match step {
        Step::Submitted => "send",
        Step::InReview => "eye",
        Step::Accepted => "check",
        Step::Planned => "calendar",
        Step::Visit => "wrench",
        Step::Report => "file-text",
        Step::Done => "check-check",
        Step::Rejected => "x",
        Step::Cancelled => "ban",
    }
}

/// Returns the label of a step. The step of the visit says what its state is.
pub fn step_label(step: Step, state: RequestState, words: &Terminology, locale: Locale) -> String {
    let status = |status| words.request(status, locale).label.into_owned();
    match step {
        Step::Submitted => status(RequestStatus::Submitted),
        Step::InReview => status(RequestStatus::InReview),
        Step::Accepted => status(RequestStatus::Accepted),
        Step::Planned => status(RequestStatus::Planned),
        Step::Rejected => status(RequestStatus::Rejected),
        Step::Cancelled => status(RequestStatus::Cancelled),
        Step::Visit => match state {
            RequestState::Visit(
                visit @ (PublicVisit::OnTheWay | PublicVisit::InProgress | PublicVisit::NotCompleted),
            ) => words.visit(visit, locale).label.into_owned(),
            _ => word!(locale, "story-visit"),
        },
        Step::Report => word!(locale, "story-report"),
        Step::Done => words.request_state(RequestState::Done, locale).label.into_owned(),
    }
}

/// Returns how far a story is in front of, at or behind one of its steps.
pub const fn progress(index: usize, current: usize) -> &'static str {
    if index < current {
        "passed"
    } else if index == current {
        "current"
    } else {
        "ahead"
    }
}

/// Returns the same in words, for readers who do not see the marks.
pub fn step_progress(progress: &str, locale: Locale) -> String {
    match progress {
        "passed" => word!(locale, "step-passed"),
        "current" => word!(locale, "step-current"),
        _ => word!(locale, "step-ahead"),
    }
}

/// The steps of a request on one line, each with its time where it is known.
#[component]
pub fn Stepper(
    story: Story,
    state: RequestState,
    words: Arc<Terminology>,
    /// The times of steps.
    #[prop(optional)]
    times: Vec<(Step, String)>,
    locale: Locale,
) -> impl IntoView {
    let (current, reached) = (story.current, story.step().name());
    view! {
        <ol class="stepper" aria-label=word!(locale, "story-progress") data-step=reached>
            {story.steps.into_iter().enumerate().map(|(index, step)| {
                let progress = progress(index, current);
                let icon = if progress == "passed" { "check" } else { step_icon(step) };
                let time = times.iter().find(|(known, _)| *known == step && index <= current).map(|(_, time)| time.clone());
                view! {
                    <li class=format!("{progress} step-{}", step.name()) aria-current=(index == current).then_some("step")>
                        <span class="step-mark"><Icon name=icon/></span>
                        <span class="step-name">{step_label(step, state, &words, locale)}<span class="hidden">{step_progress(progress, locale)}</span></span>
                        {time.map(|time| view! { <span class="quiet">{time}</span> })}
                    </li>
                }
            }).collect_view()}
        </ol>
    }
}

/// The steps of a request as a small bar for lists; the chip beside it says the same in words.
#[component]
pub fn MiniStory(story: Story, locale: Locale) -> impl IntoView {
    let (count, current) = (story.steps.len(), story.current);
    let label = word!(locale, "story-position", number = (current + 1), count = count);
    view! {
        <span class="mini-story" role="img" aria-label=label>
            {(0..count).map(|index| view! { <span class=progress(index, current)></span> }).collect_view()}
        </span>
    }
}

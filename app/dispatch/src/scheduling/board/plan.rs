//! The content of a route suggestion: comparison with the current plan, routes, and the reasons for jobs that were left
//! out.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::RouteSuggestionId;
use domain::locale::Locale;
use domain::public_language::Tone;
use domain::suggestions::{
    AlternativeStop, ExcludedJob, ExclusionReason, Outcome, PlannedRoute, PlannedStop, RuleViolation, StopOutcome,
    StopOutcomes, Totals,
};
use leptos::prelude::*;
use ui::components::{Chip, ConfirmAction};
use ui::drafts::owned;
use ui::format;
use ui::icons::Icon;
use ui::islands::SubmitOnce;

use crate::i18n::by_key;
use crate::scheduling::board::day::grid_class;
use crate::scheduling::board::{EstimatedNote, duration_text};
use crate::t;

/// A completed suggestion next to the current plan.
#[component]
pub fn SuggestedPlan(
    outcome: Outcome,
    decided: StopOutcomes,
    locale: Locale,
    id: RouteSuggestionId,
    zone: String,
    may_decide: bool,
) -> impl IntoView {
    let new: Vec<&PlannedStop> = outcome
        .routes
        .iter()
        .flat_map(|route| &route.stops)
        .filter(|stop| stop.is_new)
        .collect();
    let count = new.len();
    let open = new.iter().filter(|stop| stop.is_open(&decided)).count();
    let moments = outcome.routes.iter().flat_map(|route| &route.stops);
    let first = moments.clone().map(|stop| stop.begin).min();
    let last = moments.map(|stop| stop.end).max();
    let start_of_hour = |moment: DateTime<Utc>| moment - TimeDelta::seconds(moment.timestamp().rem_euclid(3_600));
    let from = first.map(start_of_hour).unwrap_or_default();
    let hours = last.map_or(1, |last| (last - from).num_hours() + 1).clamp(1, 36);
    let several_days = outcome.routes.windows(2).any(|pair| pair[0].day != pair[1].day);
    let labels: Vec<String> = (0..hours)
        .map(|hour| format::time(from + TimeDelta::hours(hour), &zone))
        .collect();
    let no_routes = outcome.routes.is_empty();
    let (other_days, is_estimated) = (outcome.other_days, outcome.is_estimated);
    let lines = {
        let (decided, zone) = (decided.clone(), zone.clone());
        outcome
            .routes
            .iter()
            .cloned()
            .map(|route| view! { <RouteLine route decided=decided.clone() locale id zone=zone.clone() may_decide/> })
            .collect_view()
    };
    let nothing_left_out = outcome.left.is_empty();
    view! {
        <Comparison before=outcome.before after=outcome.after locale/>
        {is_estimated.then(|| view! { <EstimatedNote locale/> })}
        {(may_decide && open > 0).then(|| view! {
            <section class="card">
                <p>{t!(locale, "suggestion-commit-text", count = open)}</p>
                <SubmitOnce><form method="post" action=owned("/app/fn/commit-suggestion") class="row">
                    <input type="hidden" name="id" value=id.to_string()/>
                    <div class="check"><input id="commit-shared" type="checkbox" name="shared" value="on" checked=true/><label for="commit-shared">{t!(locale, "share-appointment")}</label></div>
                    <button class="button button-primary" type="submit">{t!(locale, "suggestion-commit-all", count = open)}</button>
                </form></SubmitOnce>
                <ConfirmAction label=t!(locale, "suggestion-discard") consequence=t!(locale, "suggestion-discard-consequence")>
                    <form method="post" action=owned("/app/fn/discard-suggestion")><input type="hidden" name="id" value=id.to_string()/><button class="button button-bad" type="submit">{t!(locale, "suggestion-discard")}</button></form>
                </ConfirmAction>
            </section>
        })}
        {(count == 0).then(|| view! { <p class="notice">{t!(locale, "suggestion-no-jobs")}</p> })}
        {(other_days > 0).then(|| view! { <p class="quiet">{t!(locale, "suggestion-other-days", count = other_days)}</p> })}
        {(!no_routes).then(|| view! {
            <section><h2>{t!(locale, "suggestion-routes")}</h2>
                <p class="row quiet"><span class="plan-key stop-old" aria-hidden="true"></span>{t!(locale, "suggestion-already-scheduled")}<span class="plan-key stop-new" aria-hidden="true"></span>{t!(locale, "suggestion-proposed")}</p>
                {(!several_days).then(|| view! {
                    <div class="board-frame" tabindex="0" role="region" aria-label=t!(locale, "suggestion-routes")>
                        <div class=format!("board-sheet hours-{hours}")>
                            <div class="board-hours" aria-hidden="true">{labels.into_iter().map(|label| view! { <span><bdi>{label}</bdi></span> }).collect_view()}</div>
                            {outcome.routes.iter().map(|route| view! { <RouteTimeline route=route.clone() from hours zone=zone.clone()/> }).collect_view()}
                        </div>
                    </div>
                })}
                {lines}
            </section>
        })}
        <section><h2>{t!(locale, "suggestion-left-out")}</h2>
            {nothing_left_out.then(|| view! { <p>{t!(locale, "suggestion-left-out-none")}</p> })}
            {outcome.left.into_iter().map(|left| view! { <LeftOutJob left locale/> }).collect_view()}
        </section>
    }
}

/// Key figures of the current and the suggested plan.
#[component]
fn Comparison(before: Totals, after: Totals, locale: Locale) -> impl IntoView {
    let time = |seconds: i64| duration_text(locale, TimeDelta::seconds(seconds));
    let distance = |metres: i64| t!(locale, "suggestion-km", km = ((metres + 500) / 1000));
    let average = |travel: i64, stops: i64| {
        if stops == 0 {
            "–".to_owned()
        } else {
            time(travel / stops)
        }
    };
    let rows = [
        (
            t!(locale, "suggestion-stops"),
            before.stops.to_string(),
            after.stops.to_string(),
        ),
        (t!(locale, "suggestion-travel"), time(before.travel), time(after.travel)),
        (
            t!(locale, "suggestion-distance"),
            distance(before.metres),
            distance(after.metres),
        ),
        (
            t!(locale, "suggestion-travel-per-visit"),
            average(before.travel, before.stops),
            average(after.travel, after.stops),
        ),
        (
            t!(locale, "suggestion-late"),
            before.late.to_string(),
            after.late.to_string(),
        ),
    ];
    view! {
        <div class="table-frame"><table class="table compare">
            <thead><tr><th scope="col"><span class="hidden">{t!(locale, "suggestion-metric")}</span></th><th scope="col">{t!(locale, "suggestion-current-plan")}</th><th scope="col">{t!(locale, "suggestion-suggested-plan")}</th></tr></thead>
            <tbody>{rows.into_iter().map(|(name, before, after)| view! { <tr><th scope="row">{name}</th><td class="number">{before}</td><td class="number"><strong>{after}</strong></td></tr> }).collect_view()}</tbody>
        </table></div>
    }
}

/// A day of one technician as a time line: scheduled visits are gray, suggested visits are blue.
#[component]
fn RouteTimeline(route: PlannedRoute, from: DateTime<Utc>, hours: i64, zone: String) -> impl IntoView {
    view! {
        <div class="board-line">
            <div class="board-who"><h3><bdi>{route.name}</bdi></h3></div>
            <ol class=format!("board-track hours-{hours}")>{route.stops.into_iter().map(|stop| {
                let kind = if stop.is_new { "stop-new" } else { "stop-old" };
                view! { <li class=format!("stop {kind} row-1 {}", grid_class(from, stop.begin, stop.end))><span class="stop-line"><bdi>{format::span(stop.begin, stop.end, &zone)}</bdi></span><span class="stop-line"><bdi class="mono">{format::job_number(stop.number)}</bdi></span></li> }
            }).collect_view()}</ol>
        </div>
    }
}

#[component]
fn RouteLine(
    route: PlannedRoute,
    decided: StopOutcomes,
    locale: Locale,
    id: RouteSuggestionId,
    zone: String,
    may_decide: bool,
) -> impl IntoView {
    let has_new = route.stops.iter().any(|stop| stop.is_new);
    let day = format::day(locale, route.day);
    has_new.then(|| {
        view! {
            <section class="card route"><h3><bdi>{route.name}</bdi>" · "{day}</h3>
                <ol class="route-stops">{route.stops.into_iter().map(|stop| {
                    let status = decided.0.get(&stop.target).cloned();
                    let can_commit = may_decide && stop.is_open(&decided);
                    view! { <StopLine stop status locale id zone=zone.clone() can_commit/> }
                }).collect_view()}</ol>
            </section>
        }
    })
}

#[component]
fn StopLine(
    stop: PlannedStop,
    status: Option<StopOutcome>,
    locale: Locale,
    id: RouteSuggestionId,
    zone: String,
    can_commit: bool,
) -> impl IntoView {
    let kind = if stop.is_new { "stop-new" } else { "stop-old" };
    let target = stop.target.to_string();
    let label = t!(locale, "suggestion-commit-one", job = format::job_number(stop.number));
    let status = status.map(|status| match status {
        StopOutcome::Committed => view! { <Chip label=t!(locale, "suggestion-committed") tone=Tone::Good/> }.into_any(),
        StopOutcome::Stale { reason } => {
            let why = t!(
                locale,
                "suggestion-stale",
                why = ui::i18n::errors::schedule_conflict(locale, &reason)
            );
            view! { <span class="stop-warning"><Icon name="alert"/>{why}</span> }.into_any()
        }
    });
    let others = stop.others;
    view! {
        <li><span class=format!("plan-key {kind}") aria-hidden="true"></span>
            <div><p><strong><bdi>{format::span(stop.begin, stop.end, &zone)}</bdi></strong>" "<a href=format!("/app/targets/{target}")><bdi class="mono">{format::job_number(stop.number)}</bdi></a>" "<bdi>{stop.customer}</bdi>" "{status}</p>
                {(!others.is_empty()).then(|| view! {
                    <details><summary>{t!(locale, "suggestion-why-here")}</summary>
                        <ul>{others.into_iter().map(|other| view! { <li>{alternative_text(locale, other)}</li> }).collect_view()}</ul>
                    </details>
                })}</div>
            {can_commit.then(|| view! {
                <form method="post" action=owned("/app/fn/commit-suggestion")><input type="hidden" name="id" value=id.to_string()/><input type="hidden" name="target" value=target/><input type="hidden" name="shared" value="on"/>
                    <button class="button" type="submit" aria-label=label>{t!(locale, "suggestion-commit")}</button></form>
            })}</li>
    }
}

fn alternative_text(locale: Locale, other: AlternativeStop) -> String {
    match (other.costs, other.cannot) {
        (Some(seconds), _) if seconds >= 0 => t!(
            locale,
            "alternative-more-travel",
            name = other.name,
            time = duration_text(locale, TimeDelta::seconds(seconds))
        ),
        (Some(seconds), _) => t!(
            locale,
            "alternative-less-travel",
            name = other.name,
            time = duration_text(locale, TimeDelta::seconds(-seconds))
        ),
        (None, rule) => t!(
            locale,
            "alternative-not-possible",
            name = other.name,
            why = exclusion_text(locale, &rule.unwrap_or_default())
        ),
    }
}

/// Describes the rule that excludes a job, with its amount.
fn exclusion_text(locale: Locale, rule: &RuleViolation) -> String {
    let time = duration_text(locale, TimeDelta::seconds(rule.by));
    match rule.code.as_str() {
        "skill" => t!(locale, "exclusion-skill", skills = rule.skills.join(", ")),
        "window" => t!(locale, "exclusion-window", time = time),
        "shift" => t!(locale, "exclusion-shift", time = time),
        "break" => t!(locale, "exclusion-break", time = time),
        "kept" => t!(locale, "exclusion-scheduled-visits", time = time),
        "higher_priority" => t!(locale, "exclusion-higher-priority", time = time),
        "full" => t!(locale, "exclusion-day-full", time = time),
        _ => t!(locale, "exclusion-other"),
    }
}

/// Describes the change that would make the job possible.
fn solution_text(locale: Locale, rule: &RuleViolation) -> String {
    let time = duration_text(locale, TimeDelta::seconds(rule.by));
    match rule.code.as_str() {
        "skill" => t!(locale, "solution-skill", skills = rule.skills.join(", ")),
        "window" => t!(locale, "solution-window", time = time),
        "shift" => t!(locale, "solution-shift", time = time),
        "instead" => t!(
            locale,
            "solution-leave-out",
            job = rule.job.map_or_else(String::new, format::job_number)
        ),
        _ => String::new(),
    }
}

/// A job that was left out: the first failing rule for each technician, with its amount.
#[component]
fn LeftOutJob(left: ExcludedJob, locale: Locale) -> impl IntoView {
    let impossible = !left.hindrances.is_empty() && left.hindrances.iter().all(|one| one.impossible);
    let verdict = match (&left.code, impossible) {
        (Some(code), _) => by_key(locale, &format!("left-{code}")),
        (None, true) => t!(locale, "left-impossible"),
        (None, false) => t!(locale, "left-lower"),
    };
    let target = left.target.to_string();
    let rows = left.hindrances;
    view! {
        <details class="card left"><summary><bdi class="mono">{format::job_number(left.number)}</bdi>" "<bdi>{left.customer}</bdi>" — "{verdict}</summary>
            <p><a href=format!("/app/targets/{target}")>{t!(locale, "open-job")}</a></p>
            {(!rows.is_empty()).then(|| view! {
                <div class="table-frame"><table class="table">
                    <caption class="hidden">{t!(locale, "suggestion-exclusion-reason")}</caption>
                    <thead><tr><th scope="col">{t!(locale, "technician")}</th><th scope="col">{t!(locale, "suggestion-exclusion-reason")}</th><th scope="col">{t!(locale, "suggestion-solution")}</th></tr></thead>
                    <tbody>{rows.into_iter().map(|row| view! { <ExclusionRow row locale/> }).collect_view()}</tbody>
                </table></div>
            })}
        </details>
    }
}

#[component]
fn ExclusionRow(row: ExclusionReason, locale: Locale) -> impl IntoView {
    let solution = row
        .relaxation
        .as_ref()
        .map_or_else(|| t!(locale, "solution-none"), |rule| solution_text(locale, rule));
    view! { <tr><th scope="row"><bdi>{row.name}</bdi></th><td>{exclusion_text(locale, &row.rule)}</td><td>{solution}</td></tr> }
}

//! What may be asked of an endpoint, checked before anything is done.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::EventType;
use domain::fields::FieldError;
use domain::problems::Problem;
use domain::scopes::Scope;
use domain::webhooks::{DEFAULT_GRACE_PERIOD, DataOption, EndpointStatus, MAX_GRACE_PERIOD, RECOVERY_WINDOW};

use crate::identity::actors::ApiClient;
use crate::webhooks::endpoints::{Act, EndpointPatch};
use crate::webhooks::guard;
use crate::webhooks::model::EndpointLine;
use crate::{Core, CoreError, CoreResult};

/// What a credential may not read it may not have sent either: neither by switching an option on, nor by leading an
/// endpoint elsewhere that has one on.
pub(crate) fn check_reach(client: &ApiClient, endpoint: &EndpointLine, patch: &EndpointPatch) -> CoreResult<()> {
    let switched_on = patch.data_options.iter().filter(|(_, on)| *on).map(|(name, _)| name);
    check_options(switched_on, |scope| client.has(scope))?;
    if patch.url.is_some() {
        let stays = |name: &&String| !patch.data_options.iter().any(|(other, on)| other == *name && !on);
        check_options(endpoint.data_options.0.iter().filter(stays), |scope| client.has(scope))?;
    }
    Ok(())
}

/// Reads a local date and time of a form, such as `2026-11-24T09:30`, in a zone. In the hour that the clock skips there is no
/// such moment; of the two in autumn the first counts.
///
/// # Errors
/// Field `name`.
pub fn local_moment(name: &str, text: &str, zone: &str) -> CoreResult<DateTime<Utc>> {
    use chrono::TimeZone as _;
    let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::Tz::UTC);
    chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
        .ok()
        .and_then(|local| zone.from_local_datetime(&local).earliest())
        .map(|moment| moment.with_timezone(&Utc))
        .ok_or_else(|| CoreError::field(name, "invalid_date", "Choose a date and a time."))
}

/// Reads a grace period in seconds; the usual one if none was sent.
///
/// # Errors
/// Field `gracePeriodSeconds`.
pub fn grace(seconds: Option<i64>) -> CoreResult<Duration> {
    let Some(seconds) = seconds else {
        return Ok(DEFAULT_GRACE_PERIOD);
    };
    u64::try_from(seconds)
        .ok()
        .map(Duration::from_secs)
        .filter(|grace| *grace <= MAX_GRACE_PERIOD)
        .ok_or_else(|| {
            let detail = format!("A number from 0 to {} is required.", MAX_GRACE_PERIOD.as_secs());
            CoreError::field("/gracePeriodSeconds", "validation_failed", detail)
        })
}

pub(crate) fn check_types(names: &[String]) -> CoreResult<()> {
    if names.is_empty() {
        return Err(CoreError::field(
            "/eventTypes",
            "validation_failed",
            "At least one event type is required.",
        ));
    }
    let unknown: Vec<FieldError> = names
        .iter()
        .enumerate()
        .filter(|(_, name)| EventType::from_name(name).is_none_or(|kind| kind == EventType::WebhookTest))
        .map(|(index, _)| {
            FieldError::new(
                format!("/eventTypes/{index}"),
                "unknown_event_type",
                "Names are in the list of event types.",
            )
        })
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(CoreError {
        problem: Problem::UnknownEventType,
        fields: unknown,
        detail: "An event type is not known.".to_owned(),
    })
}

pub(crate) fn check_options<'a>(
    names: impl Iterator<Item = &'a String>,
    holds: impl Fn(Scope) -> bool,
) -> CoreResult<()> {
    for name in names {
        let pointer = format!("/dataOptions/{name}");
        let option = DataOption::from_name(name)
            .ok_or_else(|| CoreError::field(&pointer, "unknown_field", "This data option is not known."))?;
        let scope = option.scope();
        if !holds(scope) {
            let detail = format!("The data option {name} needs the scope {}.", scope.name());
            return Err(CoreError {
                problem: Problem::DataOptionNotPermitted,
                fields: vec![FieldError::new(pointer, "data_option_not_permitted", detail.clone())],
                detail,
            });
        }
    }
    Ok(())
}

/// What can be told before the endpoint is looked up, and what must not happen inside a transaction.
pub(crate) async fn check_act(core: &Core, act: &Act) -> CoreResult<()> {
    match act {
        Act::Update(patch) => {
            if let Some(names) = &patch.event_types {
                check_types(names)?;
            }
            check_options(patch.data_options.iter().map(|(name, _)| name), |_| true)?;
            if let Some(url) = &patch.url {
                guard::check_url(url, &core.settings).await?;
            }
        }
        Act::Recover { since, until } | Act::ReplayRange { since, until } => {
            let now = core.clock.now();
            let oldest = now - TimeDelta::from_std(RECOVERY_WINDOW).unwrap_or(TimeDelta::MAX);
            if *since < oldest {
                return Err(CoreError {
                    problem: Problem::RecoverWindowTooLarge,
                    fields: vec![FieldError::new(
                        "/since",
                        "recover_window_too_large",
                        "At most 14 days back.",
                    )],
                    detail: "Events are held for 14 days.".to_owned(),
                });
            }
            if until.unwrap_or(now) <= *since {
                return Err(CoreError::field(
                    "/until",
                    "validation_failed",
                    "A moment after since is required.",
                ));
            }
        }
        Act::Delete | Act::RotateSecret(_) | Act::Test | Act::Enable | Act::Disable => {}
    }
    Ok(())
}

pub(crate) fn unique(names: &[String]) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    names
        .iter()
        .filter(|name| seen.insert(name.as_str()))
        .cloned()
        .collect()
}

/// Deliveries of a disabled endpoint wait until somebody enables it.
pub(crate) fn refuse_disabled(status: EndpointStatus) -> CoreResult<()> {
    if status == EndpointStatus::Disabled {
        return Err(CoreError::new(
            Problem::EndpointDisabled,
            "The endpoint is disabled; enable it first.",
        ));
    }
    Ok(())
}

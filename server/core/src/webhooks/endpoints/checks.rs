//! Validation of endpoint actions before they are performed.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::EventType;
use domain::fields::{FieldCode, FieldError};
use domain::problems::Cause;
use domain::scopes::Scope;
use domain::webhooks::{DEFAULT_GRACE_PERIOD, DataOption, EndpointStatus, MAX_GRACE_PERIOD, RECOVERY_WINDOW};

use crate::identity::actors::ApiClient;
use crate::webhooks::endpoints::{Act, EndpointPatch};
use crate::webhooks::guard;
use crate::webhooks::model::{EndpointActions, EndpointSummary};
use crate::{Core, CoreError, CoreResult};

/// Ensures that a client does not receive data by webhook that it has no scope to read: neither by turning on a data
/// option nor by changing the URL of an endpoint that has one turned on.
pub(crate) fn check_data_access(
    client: &ApiClient,
    endpoint: &EndpointSummary,
    patch: &EndpointPatch,
) -> CoreResult<()> {
    let turned_on = patch.data_options.iter().filter(|(_, on)| *on).map(|(name, _)| name);
    check_options(turned_on, |scope| client.has(scope))?;
    if patch.url.is_some() {
        let stays_on = |name: &&String| !patch.data_options.iter().any(|(other, on)| other == *name && !on);
        check_options(endpoint.data_options.iter().filter(stays_on), |scope| client.has(scope))?;
    }
    Ok(())
}

/// Parses a local date and time of a form, such as `2026-11-24T09:30`, in a time zone. Of an ambiguous time at the end
/// of daylight saving time the earlier instant is used.
///
/// # Errors
/// Field `name` if the text is malformed or the local time is skipped at the start of daylight saving time.
pub fn local_moment(name: &str, text: &str, zone: &str) -> CoreResult<DateTime<Utc>> {
    use chrono::TimeZone as _;
    let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::Tz::UTC);
    domain::dates::parse_local_time(text)
        .and_then(|local| zone.from_local_datetime(&local).earliest())
        .map(|moment| moment.with_timezone(&Utc))
        .ok_or_else(|| CoreError::field(name, FieldCode::InvalidDate))
}

/// Parses a grace period in seconds; [`DEFAULT_GRACE_PERIOD`] if absent.
///
/// # Errors
/// Field `gracePeriodSeconds` if it is negative or exceeds [`MAX_GRACE_PERIOD`].
pub fn grace(seconds: Option<i64>) -> CoreResult<Duration> {
    let Some(seconds) = seconds else {
        return Ok(DEFAULT_GRACE_PERIOD);
    };
    u64::try_from(seconds)
        .ok()
        .map(Duration::from_secs)
        .filter(|grace| *grace <= MAX_GRACE_PERIOD)
        .ok_or_else(|| {
            CoreError::field(
                "/gracePeriodSeconds",
                FieldCode::OutOfRange {
                    min: 0,
                    max: i64::try_from(MAX_GRACE_PERIOD.as_secs()).unwrap_or(i64::MAX),
                },
            )
        })
}

/// Maximum number of event types of an endpoint.
pub const MAX_EVENT_TYPES: usize = 50;

pub(crate) fn validate_event_types(names: &[String]) -> CoreResult<()> {
    if names.is_empty() {
        return Err(CoreError::field(
            "/eventTypes",
            FieldCode::ItemCount {
                min: 1,
                max: MAX_EVENT_TYPES,
            },
        ));
    }
    let unknown: Vec<FieldError> = names
        .iter()
        .enumerate()
        .filter(|(_, name)| EventType::from_name(name).is_none_or(|kind| kind == EventType::WebhookTest))
        .map(|(index, _)| FieldError::new(format!("/eventTypes/{index}"), FieldCode::UnknownEventType))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(CoreError::with_fields(Cause::UnknownEventType, unknown))
}

pub(crate) fn check_options<'a>(
    names: impl Iterator<Item = &'a String>,
    has_scope: impl Fn(Scope) -> bool,
) -> CoreResult<()> {
    for name in names {
        let pointer = format!("/dataOptions/{name}");
        let option =
            DataOption::from_name(name).ok_or_else(|| CoreError::field(&pointer, FieldCode::UnknownDataOption))?;
        let scope = option.scope();
        if !has_scope(scope) {
            return Err(CoreError::with_fields(
                Cause::DataOptionNotPermitted,
                vec![FieldError::new(
                    pointer,
                    FieldCode::DataOptionNotPermitted {
                        option: name.clone(),
                        scope: scope.name().to_owned(),
                    },
                )],
            ));
        }
    }
    Ok(())
}

/// Validates an action without its endpoint. Runs outside a transaction because it may resolve host names.
pub(crate) async fn validate_action(core: &Core, action: &Act) -> CoreResult<()> {
    match action {
        Act::Update(patch) => {
            if let Some(names) = &patch.event_types {
                validate_event_types(names)?;
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
                return Err(CoreError::with_fields(
                    Cause::RecoverWindowTooLarge,
                    vec![FieldError::new(
                        "/since",
                        FieldCode::RecoverWindowTooLarge { max_days: 14 },
                    )],
                ));
            }
            if until.unwrap_or(now) <= *since {
                return Err(CoreError::field("/until", FieldCode::NotAfterSince));
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

impl EndpointActions {
    /// Returns the actions in a status. A disabled endpoint can be enabled, changed and deleted, but receives nothing.
    pub(crate) fn of(status: EndpointStatus, may_manage: bool) -> Self {
        let is_enabled = ensure_enabled(status).is_ok();
        Self {
            can_manage: may_manage,
            can_send: may_manage && is_enabled,
            can_enable: may_manage && !is_enabled,
            can_disable: may_manage && is_enabled,
        }
    }
}

/// Rejects actions that require an enabled endpoint.
pub(crate) fn ensure_enabled(status: EndpointStatus) -> CoreResult<()> {
    if status == EndpointStatus::Disabled {
        return Err(CoreError::new(Cause::EndpointDisabled));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::webhooks::EndpointStatus;

    use crate::webhooks::model::EndpointActions;

    #[test]
    fn endpoint_actions_follow_status_and_permission() {
        use EndpointStatus::{Active, Disabled, Failing};
        // Status, permission; manage, send, enable, disable.
        let table = [
            (Active, true, [true, true, false, true]),
            (Failing, true, [true, true, false, true]),
            (Disabled, true, [true, false, true, false]),
            (Active, false, [false; 4]),
            (Failing, false, [false; 4]),
            (Disabled, false, [false; 4]),
        ];
        for (status, may_manage, expected) in table {
            let actions = EndpointActions::of(status, may_manage);
            let found = [
                actions.can_manage,
                actions.can_send,
                actions.can_enable,
                actions.can_disable,
            ];
            assert_eq!(found, expected, "{status:?}, {may_manage}");
        }
    }
}

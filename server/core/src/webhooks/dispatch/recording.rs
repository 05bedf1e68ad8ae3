//! Records finished attempts and the health of their endpoints.

use std::collections::HashSet;

use chrono::TimeDelta;
use domain::events::EventType;
use domain::ids::AttemptId;
use domain::webhooks::{DeliveryStatus, EndpointStatus, HealthChange, Outcome, next_delay};
use uuid::Uuid;

use crate::CoreResult;
use crate::db::SystemTx;
use crate::db::purpose::WebhookQueue;
use crate::webhooks::dispatch::{Dispatcher, Flight};
use crate::webhooks::exchange::Exchange;
use crate::webhooks::health_mails;
use crate::webhooks::store::deliveries::EndpointKey;
use crate::webhooks::store::delivery_records::{AttemptRecord, EndpointHealth};

/// Precision of the time of the last success. A minute is sufficient for display and avoids a write per delivery.
const LAST_SUCCESS_PRECISION: TimeDelta = TimeDelta::minutes(1);

impl Dispatcher {
    /// Derives the delivery's next status and attempt time from a finished attempt.
    pub(super) fn attempt_record(&self, (flight, url, exchange): &(Flight, String, Exchange)) -> AttemptRecord {
        let attempt_number = usize::try_from(flight.attempts + 1).unwrap_or(usize::MAX);
        let delay = next_delay(
            &self.core.settings.webhook_retry,
            attempt_number,
            self.core.randomness.fraction(),
            exchange.retry_after,
        );
        let status = match delay {
            _ if exchange.failure.is_none() => DeliveryStatus::Delivered,
            _ if exchange.disable_requested => DeliveryStatus::Held,
            Some(_) => DeliveryStatus::Pending,
            None => DeliveryStatus::Failed,
        };
        // The delay starts at the end of the exchange, so that a slow receiver is not retried too soon.
        let ended = exchange.started_at + TimeDelta::from_std(exchange.duration).unwrap_or_default();
        AttemptRecord {
            id: AttemptId::from_uuid(self.core.randomness.uuid_v7(exchange.started_at)),
            claim: flight.claim,
            place: flight.place,
            delivery: flight.delivery,
            replay: flight.replay,
            url: url.clone(),
            signature: exchange.signature.clone(),
            started_at: exchange.started_at,
            duration_ms: i64::try_from(exchange.duration.as_millis()).unwrap_or(i64::MAX),
            response_status: exchange.status.map(i64::from),
            failure: exchange.failure,
            error: exchange.error.clone(),
            response_excerpt: exchange.excerpt.clone(),
            status,
            next_attempt_at: ended + TimeDelta::from_std(delay.unwrap_or_default()).unwrap_or(TimeDelta::MAX),
            disable_requested: exchange.disable_requested,
        }
    }
}

/// Records attempts and updates deliveries and endpoint health. A health change emits an event.
pub(super) async fn record(tx: &mut SystemTx<'_, WebhookQueue>, records: &[AttemptRecord]) -> CoreResult<()> {
    let mut places: Vec<EndpointKey> = records.iter().map(|record| record.place).collect();
    places.sort_unstable();
    places.dedup();
    let mut healths = tx.lock_endpoint_health(&places).await?;
    let recorded: HashSet<Uuid> = tx.record_attempts(records).await?.into_iter().collect();
    let mut changes = Vec::new();
    // Who is told of which change: the reason of a disabled endpoint, none for a failing one.
    let mut told = Vec::new();
    let mut changed = vec![false; healths.len()];
    for record in records {
        // Attempts whose claim was lost and failed manual attempts do not affect the endpoint's health.
        let affects_health = record.replay.map_or_else(
            || recorded.contains(&record.delivery),
            |_| record.failure.is_none() || record.disable_requested,
        );
        let index = healths.iter().position(|health| health.place == record.place);
        let Some(index) = index.filter(|_| affects_health) else {
            continue;
        };
        let (is_changed, change) = apply(record, &mut healths[index]);
        changed[index] |= is_changed;
        match change {
            Some(HealthChange::Failing) => {
                changes.push((index, EventType::EndpointFailing));
                told.push((index, None));
            }
            Some(HealthChange::Disabled(reason)) => {
                changes.push((index, EventType::EndpointDisabled));
                told.push((index, Some(reason)));
            }
            Some(HealthChange::Recovered) | None => {}
        }
    }
    let written: Vec<_> = healths
        .iter()
        .zip(&changed)
        .filter(|(_, changed)| **changed)
        .map(|(health, _)| health.clone())
        .collect();
    if !written.is_empty() {
        tx.update_endpoint_health(&written).await?;
    }
    // Sorted by tenant so that two workers cannot deadlock.
    changes.sort_by_key(|(index, _)| *index);
    for (index, kind) in changes {
        tx.emit_endpoint_change(&healths[index], kind).await?;
    }
    for (index, reason) in told {
        let health = &healths[index];
        match reason {
            Some(reason) => health_mails::tell_disabled(tx, health.place, reason, tx.now).await?,
            None => health_mails::tell_failing(tx, health).await?,
        }
    }
    if healths.iter().any(|health| health.status == EndpointStatus::Disabled) {
        tx.hold_deliveries_of_disabled().await?;
    }
    Ok(())
}

/// Applies an attempt to the health of its endpoint. Returns whether the row has changed, and the change of status.
fn apply(record: &AttemptRecord, health: &mut EndpointHealth) -> (bool, Option<HealthChange>) {
    let is_success = record.failure.is_none();
    let outcome = if is_success {
        Outcome::Success {
            disable_requested: record.disable_requested,
        }
    } else {
        Outcome::Failure {
            exhausted: record.status == DeliveryStatus::Failed,
            disable_requested: record.disable_requested,
        }
    };
    let mut is_changed = false;
    let is_outdated = health
        .last_success_at
        .is_none_or(|at| record.started_at - at > LAST_SUCCESS_PRECISION);
    if is_success && is_outdated {
        health.last_success_at = Some(record.started_at);
        is_changed = true;
    }
    let before = health.health();
    let (next, change) = before.after(outcome, record.started_at);
    if next != before {
        is_changed = true;
        health.status = next.status;
        health.failures_in_a_row = next.failures_in_a_row;
        health.first_failure_at = next.first_failure_at;
        health.failed_deliveries = next.failed_deliveries;
    }
    if let Some(HealthChange::Disabled(reason)) = change {
        health.disabled_at = Some(record.started_at);
        health.disabled_reason = Some(reason.name().to_owned());
    }
    (is_changed, change)
}

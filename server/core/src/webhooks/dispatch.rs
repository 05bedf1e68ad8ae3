//! Webhook delivery worker: records finished attempts, claims due deliveries and sends them. No transaction is open
//! during network requests.
//!
//! One turn is one transaction for many deliveries, so a busy worker needs far less than one statement per delivery.
//! First attempts, retries and replays have separate concurrency limits (lanes). Each endpoint is limited to a share of
//! a lane and tenants are served round-robin, so an unresponsive endpoint delays only its own deliveries.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::EventType;
use domain::ids::AttemptId;
use domain::webhooks::{DataOption, DeliveryQueue, DeliveryStatus, HealthChange, Outcome, next_delay, reduce};
use reqwest::Client;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::db::SystemTx;
use crate::webhooks::body;
use crate::webhooks::exchange;
use crate::webhooks::exchange::{Exchange, OutgoingRequest, Signer};
use crate::webhooks::model::effective;
use crate::webhooks::store::deliveries::{Claim, DueDelivery, EndpointKey, SigningSecret};
use crate::webhooks::store::delivery_records::AttemptRecord;
use crate::webhooks::{SECRET_FIELD, SIGNING_KEY_FIELD, place};
use crate::{Core, CoreResult};

/// Duration of a claim: longer than the longest exchange, so that a running worker never loses one.
const CLAIM_DURATION: TimeDelta = TimeDelta::seconds(60);
/// Concurrent deliveries per lane: first attempts, retries, replays.
const MAX_CONCURRENT_DELIVERIES: [usize; 3] = [256, 128, 32];
/// Concurrent deliveries per endpoint: first attempts, retries.
const MAX_CONCURRENT_PER_ENDPOINT: [usize; 2] = [64, 16];
/// Deliveries of one endpoint per claim: first attempts, retries.
const MAX_CLAIMS_PER_ENDPOINT: [usize; 2] = [16, 4];
/// Attempts recorded in one transaction.
const MAX_RECORDS_PER_TURN: usize = 512;
/// Interval between releases of expired claims of crashed workers.
const SWEEP_INTERVAL: TimeDelta = TimeDelta::seconds(10);

/// Result of one turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TurnCounts {
    /// Deliveries claimed and started.
    pub claimed: usize,
    pub recorded: usize,
}

/// A delivery in flight or finished but not yet recorded.
struct Flight {
    place: EndpointKey,
    delivery: Uuid,
    replay: Option<Uuid>,
    claim: Uuid,
    attempts: i64,
    lane: usize,
}

/// Sends webhook deliveries. There is one per process; processes coordinate through claims.
pub struct Dispatcher {
    core: Core,
    client: Client,
    sender: UnboundedSender<(Flight, String, Exchange)>,
    returned: UnboundedReceiver<(Flight, String, Exchange)>,
    /// Finished attempts that are not recorded yet.
    finished: Vec<(Flight, String, Exchange)>,
    in_flight: [usize; 3],
    by_endpoint: HashMap<(EndpointKey, usize), usize>,
    /// Tenant served last in the round-robin order.
    last_tenant: Uuid,
    swept_at: Option<DateTime<Utc>>,
}

impl Dispatcher {
    /// Creates a dispatcher that sends through `client`.
    pub fn new(core: Core, client: Client) -> Self {
        let (sender, returned) = unbounded_channel();
        Self {
            core,
            client,
            sender,
            returned,
            finished: Vec::new(),
            in_flight: [0; 3],
            by_endpoint: HashMap::new(),
            last_tenant: Uuid::nil(),
            swept_at: None,
        }
    }

    /// Returns the number of deliveries that are in flight or not recorded yet.
    pub fn pending(&self) -> usize {
        self.in_flight.iter().sum::<usize>() + self.finished.len()
    }

    /// Waits until an attempt has finished.
    pub async fn wait_for_attempt(&mut self) {
        if self.finished.is_empty()
            && let Some(finished) = self.returned.recv().await
        {
            self.finish_flight(finished);
        }
    }

    fn finish_flight(&mut self, finished: (Flight, String, Exchange)) {
        let (flight, ..) = &finished;
        self.in_flight[flight.lane] = self.in_flight[flight.lane].saturating_sub(1);
        if let Some(count) = self.by_endpoint.get_mut(&(flight.place, flight.lane)) {
            *count -= 1;
            if *count == 0 {
                self.by_endpoint.remove(&(flight.place, flight.lane));
            }
        }
        self.finished.push(finished);
    }

    /// Records finished attempts and sends due deliveries.
    ///
    /// # Errors
    /// The database is unavailable; finished attempts are recorded in the next turn.
    pub async fn turn(&mut self) -> CoreResult<TurnCounts> {
        self.run_turn(true).await
    }

    /// Records finished attempts without claiming deliveries.
    ///
    /// # Errors
    /// Same as [`Self::turn`].
    pub async fn record(&mut self) -> CoreResult<TurnCounts> {
        self.run_turn(false).await
    }

    /// Runs turns until no delivery is due or in flight.
    ///
    /// # Errors
    /// Same as [`Self::turn`].
    pub async fn settle(&mut self) -> CoreResult<()> {
        loop {
            let turn = self.turn().await?;
            if self.pending() > 0 {
                self.wait_for_attempt().await;
            } else if turn == TurnCounts::default() {
                return Ok(());
            }
        }
    }

    async fn run_turn(&mut self, with_claims: bool) -> CoreResult<TurnCounts> {
        while let Ok(finished) = self.returned.try_recv() {
            self.finish_flight(finished);
        }
        let selection = if with_claims {
            self.select_endpoints().await?
        } else {
            Selection::default()
        };
        let is_sweep_due = with_claims
            && self
                .swept_at
                .is_none_or(|at| self.core.clock.now() - at >= SWEEP_INTERVAL);
        if self.finished.is_empty() && selection.is_empty() && !is_sweep_due {
            return Ok(TurnCounts::default());
        }
        let records: Vec<AttemptRecord> = self
            .finished
            .iter()
            .take(MAX_RECORDS_PER_TURN)
            .map(|finished| self.attempt_record(finished))
            .collect();
        let core = self.core.clone();
        let mut tx = core.store.begin_system().await?;
        if is_sweep_due {
            tx.release_expired_claims().await?;
            tx.hold_deliveries_of_disabled().await?;
        }
        if !records.is_empty() {
            record(&mut tx, &records).await?;
        }
        let claim = core.randomness.uuid_v7(core.clock.now());
        let flights = self.claim(&mut tx, claim, selection).await?;
        tx.commit().await?;
        if is_sweep_due {
            self.swept_at = Some(core.clock.now());
        }
        for record in &records {
            let outcome = if record.failure.is_none() { "arrived" } else { "failed" };
            metrics::counter!("ordinavo_webhook_attempts_total", "outcome" => outcome).increment(1);
        }
        self.finished.drain(..records.len());
        let turn = TurnCounts {
            claimed: flights.len(),
            recorded: records.len(),
        };
        for (flight, outgoing) in flights {
            self.launch(flight, outgoing);
        }
        Ok(turn)
    }

    fn launch(&mut self, flight: Flight, outgoing: OutgoingRequest) {
        self.in_flight[flight.lane] += 1;
        *self.by_endpoint.entry((flight.place, flight.lane)).or_default() += 1;
        let (core, client, sender) = (self.core.clone(), self.client.clone(), self.sender.clone());
        let span = tracing::error_span!(
            "job",
            worker = "deliveries",
            tenant = %flight.place.tenant_id,
            job = %flight.delivery
        );
        let attempt = async move {
            let exchange = exchange::send(&core, &client, &outgoing).await;
            // The receiver is gone when the worker has stopped; the claim expires and the delivery is repeated.
            let _ = sender.send((flight, outgoing.url, exchange));
        };
        tokio::spawn(attempt.instrument(span));
    }

    /// Selects, without locks, the endpoints to claim from: those with due deliveries and free capacity, tenants in
    /// turn.
    async fn select_endpoints(&mut self) -> CoreResult<Selection> {
        let mut tx = self.core.store.read_system().await?;
        let due = tx.due_endpoints().await?;
        let replays = tx.is_replay_waiting().await? && self.free_capacity(2) > 0;
        tx.commit().await?;
        let mut selection = Selection {
            replays,
            ..Selection::default()
        };
        let mut tenants: BTreeMap<Uuid, Vec<_>> = BTreeMap::new();
        for endpoint in due {
            tenants.entry(endpoint.place.tenant_id).or_default().push(endpoint);
        }
        // Tenants after the one served last come first.
        let (before, after): (Vec<_>, Vec<_>) =
            tenants.into_iter().partition(|(tenant, _)| *tenant <= self.last_tenant);
        let mut queues: Vec<_> = after
            .into_iter()
            .chain(before)
            .map(|(tenant, due)| (tenant, due.into_iter()))
            .collect();
        let mut capacity = [self.free_capacity(0), self.free_capacity(1)];
        while !queues.is_empty() {
            queues.retain_mut(|(tenant, queue)| {
                let Some(endpoint) = queue.next() else { return false };
                if endpoint.is_failing {
                    // One probe at a time; retries take precedence over first attempts.
                    let lane = usize::from(endpoint.has_retry);
                    let busy = (0..2).any(|lane| self.by_endpoint.contains_key(&(endpoint.place, lane)));
                    if !busy && capacity[1] > 0 {
                        capacity[1] -= 1;
                        selection.probes[lane].push(endpoint.place);
                    }
                    return true;
                }
                for (lane, has_due) in [endpoint.has_first, endpoint.has_retry].into_iter().enumerate() {
                    let busy = self
                        .by_endpoint
                        .get(&(endpoint.place, lane))
                        .copied()
                        .unwrap_or_default();
                    if has_due
                        && busy + MAX_CLAIMS_PER_ENDPOINT[lane] <= MAX_CONCURRENT_PER_ENDPOINT[lane]
                        && capacity[lane] > 0
                    {
                        capacity[lane] = capacity[lane].saturating_sub(MAX_CLAIMS_PER_ENDPOINT[lane]);
                        selection.lanes[lane].push(endpoint.place);
                        self.last_tenant = *tenant;
                    }
                }
                true
            });
        }
        Ok(selection)
    }

    fn free_capacity(&self, lane: usize) -> usize {
        MAX_CONCURRENT_DELIVERIES[lane].saturating_sub(self.in_flight[lane])
    }

    /// Claims deliveries of the selected endpoints, stores new bodies and returns the requests to send.
    async fn claim(
        &self,
        tx: &mut SystemTx<'_>,
        claim: Uuid,
        selection: Selection,
    ) -> CoreResult<Vec<(Flight, OutgoingRequest)>> {
        let mut found: Vec<(usize, DueDelivery)> = Vec::new();
        for (index, lane) in [(0, DeliveryQueue::First), (1, DeliveryQueue::Retry)] {
            let places = &selection.lanes[index];
            if !places.is_empty() {
                let capacity = i64::try_from(self.free_capacity(index)).unwrap_or_default();
                let per_endpoint = i64::try_from(MAX_CLAIMS_PER_ENDPOINT[index]).unwrap_or_default();
                found.extend(
                    tx.due_deliveries(places, lane, per_endpoint, capacity)
                        .await?
                        .into_iter()
                        .map(|due| (index, due)),
                );
            }
            let probes = &selection.probes[index];
            if !probes.is_empty() {
                let places = tx.lock_failing(probes.clone()).await?;
                if !places.is_empty() {
                    let limit = i64::try_from(places.len()).unwrap_or_default();
                    found.extend(
                        tx.due_deliveries(&places, lane, 1, limit)
                            .await?
                            .into_iter()
                            .map(|due| (1, due)),
                    );
                }
            }
        }
        if selection.replays {
            let capacity = i64::try_from(self.free_capacity(2)).unwrap_or_default();
            found.extend(tx.due_replays(capacity).await?.into_iter().map(|due| (2, due)));
        }
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let mut places: Vec<EndpointKey> = found.iter().map(|(_, due)| due.place).collect();
        places.sort_unstable();
        places.dedup();
        let signers = self.signers(tx.signing_secrets(&places).await?);
        let bodies: Vec<Rendered> = found.iter().map(|(_, due)| render(due)).collect();
        let claims: Vec<Claim<'_>> = found
            .iter()
            .zip(&bodies)
            .map(|((_, delivery), rendered)| Claim {
                delivery,
                body: rendered
                    .is_new
                    .then(|| (rendered.body.as_str(), rendered.options.clone())),
            })
            .collect();
        let claimed = tx
            .claim_deliveries(&claims, claim, self.core.clock.now() + CLAIM_DURATION)
            .await?;
        let claimed: std::collections::HashSet<Uuid> = claimed.into_iter().collect();
        let mut flights = Vec::with_capacity(found.len());
        for ((lane, due), rendered) in found.into_iter().zip(bodies) {
            if !claimed.contains(&due.replay_id.unwrap_or(due.id)) {
                continue;
            }
            let flight = Flight {
                place: due.place,
                delivery: due.id,
                replay: due.replay_id,
                claim,
                attempts: due.attempts,
                lane,
            };
            let outgoing = OutgoingRequest {
                url: due.url,
                event: due.event.event_id.0,
                body: rendered.body,
                signers: signers.get(&due.place).cloned().unwrap_or_default().to_vec(),
            };
            flights.push((flight, outgoing));
        }
        Ok(flights)
    }

    /// Decrypts signing secrets. A secret that cannot be decrypted is skipped; without any secret the attempt fails.
    fn signers(&self, secrets: Vec<SigningSecret>) -> HashMap<EndpointKey, Arc<[Signer]>> {
        let mut signers: HashMap<EndpointKey, Vec<Signer>> = HashMap::new();
        for row in secrets {
            let decrypt = |sealed: &[u8], kind| {
                self.core
                    .keyring
                    .unseal(sealed, &place(kind, row.place.tenant_id, row.id))
                    .ok()
            };
            let secret = decrypt(&row.secret, SECRET_FIELD).and_then(|plain| String::from_utf8(plain).ok());
            let Some(secret) = secret else {
                tracing::error!(secret = %row.id, "webhook secret cannot be decrypted with any master key");
                continue;
            };
            let key = row
                .signing_key
                .as_deref()
                .and_then(|sealed| decrypt(sealed, SIGNING_KEY_FIELD)?.try_into().ok());
            signers.entry(row.place).or_default().push(Signer { secret, key });
        }
        signers
            .into_iter()
            .map(|(place, signers)| (place, signers.into()))
            .collect()
    }

    /// Derives the delivery's next status and attempt time from a finished attempt.
    fn attempt_record(&self, (flight, url, exchange): &(Flight, String, Exchange)) -> AttemptRecord {
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

/// Endpoints to claim from in a turn, per lane; failing endpoints are probed separately.
#[derive(Default)]
struct Selection {
    lanes: [Vec<EndpointKey>; 2],
    probes: [Vec<EndpointKey>; 2],
    replays: bool,
}

impl Selection {
    fn is_empty(&self) -> bool {
        !self.replays && self.lanes.iter().chain(&self.probes).all(Vec::is_empty)
    }
}

/// Body to send, and whether it must be stored first.
struct Rendered {
    body: String,
    options: Vec<&'static str>,
    is_new: bool,
}

/// Returns the body of the first rendering, without the members of data options that have been turned off since.
fn render(due: &DueDelivery) -> Rendered {
    let options = effective(&due.data_options.0, &due.scopes.0);
    let names = |options: &[DataOption]| options.iter().map(|option| option.name()).collect();
    let Some(frozen) = &due.body else {
        return Rendered {
            body: body::render(&due.event, &options, &due.api_version),
            options: names(&options),
            is_new: true,
        };
    };
    let frozen_options: Vec<DataOption> = due
        .body_options
        .iter()
        .flat_map(|names| names.0.iter())
        .filter_map(|name| DataOption::from_name(name))
        .collect();
    let (enabled, disabled): (Vec<_>, Vec<_>) = frozen_options.into_iter().partition(|option| options.contains(option));
    Rendered {
        body: reduce(frozen, &disabled),
        options: names(&enabled),
        is_new: !disabled.is_empty(),
    }
}

/// Records attempts and updates deliveries and endpoint health. A health change emits an event.
async fn record(tx: &mut SystemTx<'_>, records: &[AttemptRecord]) -> CoreResult<()> {
    let mut places: Vec<EndpointKey> = records.iter().map(|record| record.place).collect();
    places.sort_unstable();
    places.dedup();
    let mut healths = tx.lock_endpoint_health(&places).await?;
    let recorded: std::collections::HashSet<Uuid> = tx.record_attempts(records).await?.into_iter().collect();
    let mut changes = Vec::new();
    let mut changed = vec![false; healths.len()];
    for record in records {
        let success = record.failure.is_none();
        // Attempts whose claim was lost and failed manual attempts do not affect the endpoint's health.
        let affects_health = record.replay.map_or_else(
            || recorded.contains(&record.delivery),
            |_| success || record.disable_requested,
        );
        let Some(index) = healths
            .iter()
            .position(|health| health.place == record.place)
            .filter(|_| affects_health)
        else {
            continue;
        };
        let health = &mut healths[index];
        let outcome = if success {
            Outcome::Success {
                disable_requested: record.disable_requested,
            }
        } else {
            Outcome::Failure {
                exhausted: record.status == DeliveryStatus::Failed,
                disable_requested: record.disable_requested,
            }
        };
        let before = health.health();
        let (next, change) = before.after(outcome, record.started_at);
        if success {
            // Minute precision is sufficient for display and avoids a write per delivery.
            let is_outdated = health
                .last_success_at
                .is_none_or(|at| record.started_at - at > TimeDelta::minutes(1));
            if is_outdated {
                health.last_success_at = Some(record.started_at);
                changed[index] = true;
            }
        }
        if next != before {
            changed[index] = true;
            health.status = next.status;
            health.failures_in_a_row = next.failures_in_a_row;
            health.first_failure_at = next.first_failure_at;
            health.failed_deliveries = next.failed_deliveries;
        }
        if let Some(HealthChange::Disabled(reason)) = change {
            health.disabled_at = Some(record.started_at);
            health.disabled_reason = Some(reason.name().to_owned());
        }
        match change {
            Some(HealthChange::Failing) => changes.push((index, EventType::EndpointFailing)),
            Some(HealthChange::Disabled(_)) => changes.push((index, EventType::EndpointDisabled)),
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
    if healths
        .iter()
        .any(|health| health.status == domain::webhooks::EndpointStatus::Disabled)
    {
        tx.hold_deliveries_of_disabled().await?;
    }
    Ok(())
}

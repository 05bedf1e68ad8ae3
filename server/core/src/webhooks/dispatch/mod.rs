//! Webhook delivery worker: records finished attempts, claims due deliveries and sends them. No transaction is open
//! during network requests.
//!
//! One turn is one transaction for many deliveries, so a busy worker needs far less than one statement per delivery.
//! First attempts, retries and replays have separate concurrency limits (lanes). Each endpoint is limited to a share of
//! a lane and tenants are served round-robin, so an unresponsive endpoint delays only its own deliveries.

mod claims;
mod recording;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Client;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::db::purpose::WebhookQueue;
use crate::webhooks::dispatch::recording::record;
use crate::webhooks::exchange;
use crate::webhooks::exchange::{Exchange, OutgoingRequest};
use crate::webhooks::store::deliveries::EndpointKey;
use crate::webhooks::store::delivery_records::AttemptRecord;
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
    /// Deliveries in flight, by claim.
    by_claim: HashMap<Uuid, usize>,
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
            by_claim: HashMap::new(),
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
        if let Some(count) = self.by_claim.get_mut(&flight.claim) {
            *count -= 1;
            if *count == 0 {
                self.by_claim.remove(&flight.claim);
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

    /// Gives back the deliveries in flight, so that another worker repeats them without waiting for the claims to expire.
    ///
    /// # Errors
    /// The database is unavailable; the claims expire.
    pub async fn release(&mut self) -> CoreResult<()> {
        self.record().await?;
        let mut tx = self.core.store.begin_system::<WebhookQueue>().await?;
        for claim in self.by_claim.keys() {
            tx.release_claim(*claim).await?;
        }
        Ok(tx.commit().await?)
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
        let mut tx = core.store.begin_system::<WebhookQueue>().await?;
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
        *self.by_claim.entry(flight.claim).or_default() += 1;
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

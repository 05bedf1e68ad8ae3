//! The worker's use case: record what came back, claim what is due, send. No transaction is open while the network is used.
//!
//! One turn is one transaction for many deliveries, so that a busy worker needs far less than one statement for each. Fresh
//! deliveries, repeated ones and replays have lanes of their own; each endpoint has a share of a lane, and tenants take
//! turns, so that a dead endpoint holds up nobody but itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::EventType;
use domain::ids::AttemptId;
use domain::webhooks::{DataOption, DeliveryQueue, DeliveryStatus, HealthChange, Outcome, next_delay, reduce};
use reqwest::Client;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

use crate::db::SystemTx;
use crate::webhooks::body;
use crate::webhooks::exchange;
use crate::webhooks::exchange::{Exchange, Outgoing, Signer};
use crate::webhooks::model::effective;
use crate::webhooks::store::deliveries::{Claim, DueDelivery, EndpointPlace, SigningSecret};
use crate::webhooks::store::delivery_records::AttemptRecord;
use crate::webhooks::{KEY_PLACE, SECRET_PLACE, place};
use crate::{Core, CoreResult};

/// How long a claim holds: longer than the longest exchange, so that a living worker never loses one.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How many deliveries are on the way at once: fresh ones, repeated ones, replays.
const LANES: [usize; 3] = [256, 128, 32];
/// How many of a lane one endpoint may have on the way at once.
const SHARE: [usize; 2] = [64, 16];
/// How many one claim takes of one endpoint.
const TAKE: [usize; 2] = [16, 4];
/// How many results one transaction records.
const MOST_RECORDS: usize = 512;
/// How much time passes between two looks for what dead workers left behind.
const SWEEP_EVERY: TimeDelta = TimeDelta::seconds(10);

/// What a turn did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turn {
    /// Deliveries that were sent on their way.
    pub claimed: usize,
    /// Attempts that were recorded.
    pub recorded: usize,
}

/// Something on its way, or back from it.
struct Flight {
    place: EndpointPlace,
    delivery: Uuid,
    replay: Option<Uuid>,
    claim: Uuid,
    attempts: i64,
    lane: usize,
}

/// Sends deliveries. One for each process; several processes share the work through claims.
pub struct Dispatcher {
    core: Core,
    client: Client,
    sender: UnboundedSender<(Flight, String, Exchange)>,
    returned: UnboundedReceiver<(Flight, String, Exchange)>,
    /// What came back and is not recorded yet.
    waiting: Vec<(Flight, String, Exchange)>,
    on_the_way: [usize; 3],
    by_endpoint: HashMap<(EndpointPlace, usize), usize>,
    /// The tenant whose turn was last.
    last_tenant: Uuid,
    swept_at: Option<DateTime<Utc>>,
}

impl Dispatcher {
    /// A worker that sends through `client`.
    pub fn new(core: Core, client: Client) -> Self {
        let (sender, returned) = unbounded_channel();
        Self {
            core,
            client,
            sender,
            returned,
            waiting: Vec::new(),
            on_the_way: [0; 3],
            by_endpoint: HashMap::new(),
            last_tenant: Uuid::nil(),
            swept_at: None,
        }
    }

    /// How many deliveries are on their way or wait to be recorded.
    pub fn pending(&self) -> usize {
        self.on_the_way.iter().sum::<usize>() + self.waiting.len()
    }

    /// Resolves when something came back.
    pub async fn something_returned(&mut self) {
        if self.waiting.is_empty()
            && let Some(back) = self.returned.recv().await
        {
            self.take_back(back);
        }
    }

    fn take_back(&mut self, back: (Flight, String, Exchange)) {
        let (flight, ..) = &back;
        self.on_the_way[flight.lane] = self.on_the_way[flight.lane].saturating_sub(1);
        if let Some(count) = self.by_endpoint.get_mut(&(flight.place, flight.lane)) {
            *count -= 1;
            if *count == 0 {
                self.by_endpoint.remove(&(flight.place, flight.lane));
            }
        }
        self.waiting.push(back);
    }

    /// Records what came back and sends what is due.
    ///
    /// # Errors
    /// The database does not answer; what came back is kept for the next turn.
    pub async fn turn(&mut self) -> CoreResult<Turn> {
        self.work(true).await
    }

    /// Records what came back and sends nothing new.
    ///
    /// # Errors
    /// As [`Self::turn`].
    pub async fn record(&mut self) -> CoreResult<Turn> {
        self.work(false).await
    }

    /// Turns until nothing is due and nothing is on the way.
    ///
    /// # Errors
    /// As [`Self::turn`].
    pub async fn settle(&mut self) -> CoreResult<()> {
        loop {
            let turn = self.turn().await?;
            if self.pending() > 0 {
                self.something_returned().await;
            } else if turn == Turn::default() {
                return Ok(());
            }
        }
    }

    async fn work(&mut self, claims: bool) -> CoreResult<Turn> {
        while let Ok(back) = self.returned.try_recv() {
            self.take_back(back);
        }
        let wanted = if claims {
            self.wanted().await?
        } else {
            Wanted::default()
        };
        let sweeps = claims && self.swept_at.is_none_or(|at| self.core.clock.now() - at >= SWEEP_EVERY);
        if self.waiting.is_empty() && wanted.is_empty() && !sweeps {
            return Ok(Turn::default());
        }
        let records: Vec<AttemptRecord> = self
            .waiting
            .iter()
            .take(MOST_RECORDS)
            .map(|back| self.judge(back))
            .collect();
        let core = self.core.clone();
        let mut tx = core.store.begin_system().await?;
        if sweeps {
            tx.release_expired_claims().await?;
            tx.hold_for_disabled().await?;
        }
        if !records.is_empty() {
            record(&mut tx, &records).await?;
        }
        let claim = core.randomness.uuid_v7(core.clock.now());
        let flights = self.claim(&mut tx, claim, wanted).await?;
        tx.commit().await?;
        if sweeps {
            self.swept_at = Some(core.clock.now());
        }
        for record in &records {
            let outcome = if record.failure.is_none() { "arrived" } else { "failed" };
            metrics::counter!("ordinavo_webhook_attempts_total", "outcome" => outcome).increment(1);
        }
        self.waiting.drain(..records.len());
        let turn = Turn {
            claimed: flights.len(),
            recorded: records.len(),
        };
        for (flight, outgoing) in flights {
            self.launch(flight, outgoing);
        }
        Ok(turn)
    }

    fn launch(&mut self, flight: Flight, outgoing: Outgoing) {
        self.on_the_way[flight.lane] += 1;
        *self.by_endpoint.entry((flight.place, flight.lane)).or_default() += 1;
        let (core, client, sender) = (self.core.clone(), self.client.clone(), self.sender.clone());
        tokio::spawn(async move {
            let exchange = exchange::send(&core, &client, &outgoing).await;
            // Nobody listens any more when the worker has stopped; the claim runs out and the delivery is repeated.
            let _ = sender.send((flight, outgoing.url, exchange));
        });
    }

    /// Looks, without any lock, what may be claimed: endpoints with something due that have room, tenants in turn.
    async fn wanted(&mut self) -> CoreResult<Wanted> {
        let mut tx = self.core.store.read_system().await?;
        let due = tx.due_endpoints().await?;
        let replays = tx.is_replay_waiting().await? && self.room(2) > 0;
        tx.commit().await?;
        let mut wanted = Wanted {
            replays,
            ..Wanted::default()
        };
        let mut tenants: BTreeMap<Uuid, Vec<_>> = BTreeMap::new();
        for endpoint in due {
            tenants.entry(endpoint.place.tenant_id).or_default().push(endpoint);
        }
        // The tenants behind the one that was last come first.
        let (before, after): (Vec<_>, Vec<_>) =
            tenants.into_iter().partition(|(tenant, _)| *tenant <= self.last_tenant);
        let mut queues: Vec<_> = after
            .into_iter()
            .chain(before)
            .map(|(tenant, due)| (tenant, due.into_iter()))
            .collect();
        let mut room = [self.room(0), self.room(1)];
        while !queues.is_empty() {
            queues.retain_mut(|(tenant, queue)| {
                let Some(endpoint) = queue.next() else { return false };
                if endpoint.is_failing {
                    // One probe at a time; what was tried before goes first.
                    let lane = usize::from(endpoint.has_retry);
                    let busy = (0..2).any(|lane| self.by_endpoint.contains_key(&(endpoint.place, lane)));
                    if !busy && room[1] > 0 {
                        room[1] -= 1;
                        wanted.probes[lane].push(endpoint.place);
                    }
                    return true;
                }
                for (lane, has) in [endpoint.has_first, endpoint.has_retry].into_iter().enumerate() {
                    let busy = self
                        .by_endpoint
                        .get(&(endpoint.place, lane))
                        .copied()
                        .unwrap_or_default();
                    if has && busy + TAKE[lane] <= SHARE[lane] && room[lane] > 0 {
                        room[lane] = room[lane].saturating_sub(TAKE[lane]);
                        wanted.lanes[lane].push(endpoint.place);
                        self.last_tenant = *tenant;
                    }
                }
                true
            });
        }
        Ok(wanted)
    }

    fn room(&self, lane: usize) -> usize {
        LANES[lane].saturating_sub(self.on_the_way[lane])
    }

    /// Claims what is wanted, freezes bodies that are new, and gives back what is to be sent.
    async fn claim(&self, tx: &mut SystemTx<'_>, claim: Uuid, wanted: Wanted) -> CoreResult<Vec<(Flight, Outgoing)>> {
        let mut found: Vec<(usize, DueDelivery)> = Vec::new();
        for (index, lane) in [(0, DeliveryQueue::First), (1, DeliveryQueue::Retry)] {
            let places = &wanted.lanes[index];
            if !places.is_empty() {
                let room = i64::try_from(self.room(index)).unwrap_or_default();
                let each = i64::try_from(TAKE[index]).unwrap_or_default();
                found.extend(
                    tx.due_deliveries(places, lane, each, room)
                        .await?
                        .into_iter()
                        .map(|due| (index, due)),
                );
            }
            let probes = &wanted.probes[index];
            if !probes.is_empty() {
                let places = tx.lock_failing(probes.clone()).await?;
                if !places.is_empty() {
                    let most = i64::try_from(places.len()).unwrap_or_default();
                    found.extend(
                        tx.due_deliveries(&places, lane, 1, most)
                            .await?
                            .into_iter()
                            .map(|due| (1, due)),
                    );
                }
            }
        }
        if wanted.replays {
            let room = i64::try_from(self.room(2)).unwrap_or_default();
            found.extend(tx.due_replays(room).await?.into_iter().map(|due| (2, due)));
        }
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let mut places: Vec<EndpointPlace> = found.iter().map(|(_, due)| due.place).collect();
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
            .claim_deliveries(&claims, claim, self.core.clock.now() + LEASE)
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
            let outgoing = Outgoing {
                url: due.url,
                event: due.event.event_id.0,
                body: rendered.body,
                signers: signers.get(&due.place).cloned().unwrap_or_default().to_vec(),
            };
            flights.push((flight, outgoing));
        }
        Ok(flights)
    }

    /// Opens secrets. One that does not open signs nothing, and the attempt says so.
    fn signers(&self, secrets: Vec<SigningSecret>) -> HashMap<EndpointPlace, Arc<[Signer]>> {
        let mut signers: HashMap<EndpointPlace, Vec<Signer>> = HashMap::new();
        for row in secrets {
            let open = |closed: &[u8], kind| {
                self.core
                    .keyring
                    .unseal(closed, &place(kind, row.place.tenant_id, row.id))
                    .ok()
            };
            let secret = open(&row.secret, SECRET_PLACE).and_then(|plain| String::from_utf8(plain).ok());
            let Some(secret) = secret else {
                tracing::error!(secret = %row.id, "a webhook secret does not open with any master key");
                continue;
            };
            let key = row
                .signing_key
                .as_deref()
                .and_then(|closed| open(closed, KEY_PLACE)?.try_into().ok());
            signers.entry(row.place).or_default().push(Signer { secret, key });
        }
        signers
            .into_iter()
            .map(|(place, signers)| (place, signers.into()))
            .collect()
    }

    /// What an attempt means for its delivery.
    fn judge(&self, (flight, url, exchange): &(Flight, String, Exchange)) -> AttemptRecord {
        let made = usize::try_from(flight.attempts + 1).unwrap_or(usize::MAX);
        let delay = next_delay(
            &self.core.settings.webhook_retry,
            made,
            self.core.randomness.fraction(),
            exchange.retry_after,
        );
        let status = match delay {
            _ if exchange.failure.is_none() => DeliveryStatus::Delivered,
            _ if exchange.asks_to_stop => DeliveryStatus::Held,
            Some(_) => DeliveryStatus::Pending,
            None => DeliveryStatus::Failed,
        };
        // Counted from the end of the exchange, so that a receiver that is slow is not asked again too soon.
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
            asks_to_stop: exchange.asks_to_stop,
        }
    }
}

/// What a turn would like to claim: endpoints for each lane, failing ones apart.
#[derive(Default)]
struct Wanted {
    lanes: [Vec<EndpointPlace>; 2],
    probes: [Vec<EndpointPlace>; 2],
    replays: bool,
}

impl Wanted {
    fn is_empty(&self) -> bool {
        !self.replays && self.lanes.iter().chain(&self.probes).all(Vec::is_empty)
    }
}

/// The bytes to send, and whether they must be kept first.
struct Rendered {
    body: String,
    options: Vec<&'static str>,
    is_new: bool,
}

/// The bytes of the first rendering; without what an option put into them that is off by now.
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
    let (kept, gone): (Vec<_>, Vec<_>) = frozen_options.into_iter().partition(|option| options.contains(option));
    Rendered {
        body: reduce(frozen, &gone),
        options: names(&kept),
        is_new: !gone.is_empty(),
    }
}

/// Writes how attempts went: attempts, deliveries, and the health of endpoints, of which a change is told.
async fn record(tx: &mut SystemTx<'_>, records: &[AttemptRecord]) -> CoreResult<()> {
    let mut places: Vec<EndpointPlace> = records.iter().map(|record| record.place).collect();
    places.sort_unstable();
    places.dedup();
    let mut healths = tx.endpoint_healths(&places).await?;
    let kept: std::collections::HashSet<Uuid> = tx.record_attempts(records).await?.into_iter().collect();
    let mut changes = Vec::new();
    let mut changed = vec![false; healths.len()];
    for record in records {
        let success = record.failure.is_none();
        // A claim that was lost says nothing, and neither does a failed attempt that somebody asked for.
        let counts = record
            .replay
            .map_or_else(|| kept.contains(&record.delivery), |_| success || record.asks_to_stop);
        let Some(index) = healths
            .iter()
            .position(|health| health.place == record.place)
            .filter(|_| counts)
        else {
            continue;
        };
        let health = &mut healths[index];
        let outcome = if success {
            Outcome::Success {
                asks_to_stop: record.asks_to_stop,
            }
        } else {
            Outcome::Failure {
                exhausted: record.status == DeliveryStatus::Failed,
                asks_to_stop: record.asks_to_stop,
            }
        };
        let before = health.health();
        let (next, change) = before.after(outcome, record.started_at);
        if success {
            // To the minute is enough for people, and spares a write for every delivery.
            let is_news = health
                .last_success_at
                .is_none_or(|at| record.started_at - at > TimeDelta::minutes(1));
            if is_news {
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
        tx.set_endpoint_healths(&written).await?;
    }
    // In the order of tenants, so that two workers cannot wait for each other in a circle.
    changes.sort_by_key(|(index, _)| *index);
    for (index, kind) in changes {
        tx.tell_of_endpoint(&healths[index], kind).await?;
    }
    if healths
        .iter()
        .any(|health| health.status == domain::webhooks::EndpointStatus::Disabled)
    {
        tx.hold_for_disabled().await?;
    }
    Ok(())
}

//! The worker's use case: claim, send, record. No transaction is open while the network is used.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{AttemptId, EventId};
use domain::webhooks::{DeliveryStatus, EndpointStatus, FAILURES_UNTIL_FAILING, next_delay};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use reqwest::Client;
use uuid::Uuid;

use super::integrations::SECRET_PLACE;
use crate::secrets::Place;
use crate::store::{AttemptRecord, ClaimedDelivery, DeliveryContext};
use crate::webhooks::{body, guard, signature};
use crate::{Core, CoreResult};

/// How many deliveries one claim takes; also how many are on the way at once.
const BATCH: i64 = 32;
/// How long a claim holds: longer than the longest exchange, so that a living worker never loses one.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How much of an answer is kept, in bytes.
const MOST_ANSWER: usize = 8 * 1024;

/// Sends what is due; the answer is how many deliveries were taken up.
///
/// # Errors
/// The database does not answer.
pub async fn run_once(core: &Core, client: &Client) -> CoreResult<usize> {
    if !core.store.read_system().await?.is_delivery_due().await? {
        return Ok(0);
    }
    let claim = core.randomness.uuid_v7(core.clock.now());
    let mut tx = core.store.begin_system().await?;
    let claimed = tx.claim_deliveries(claim, core.clock.now() + LEASE, BATCH).await?;
    tx.commit().await?;
    let count = claimed.len();
    let mut running: FuturesUnordered<_> = claimed
        .into_iter()
        .map(|delivery| deliver(core, client, claim, delivery))
        .collect();
    while let Some(result) = running.next().await {
        if let Err(error) = result {
            // The claim runs out and the delivery is taken up again.
            tracing::warn!(%error, "a delivery could not be recorded");
        }
    }
    Ok(count)
}

/// How an attempt went.
struct Exchange {
    started_at: DateTime<Utc>,
    duration: Duration,
    status: Option<u16>,
    error: Option<String>,
    excerpt: Option<String>,
    retry_after: Option<Duration>,
    asks_to_stop: bool,
}

async fn deliver(core: &Core, client: &Client, claim: Uuid, delivery: ClaimedDelivery) -> CoreResult<()> {
    let mut tx = core.store.read_system().await?;
    let Some(context) = tx.delivery_context(&delivery).await? else {
        return Ok(());
    };
    tx.commit().await?;
    let body = match delivery.body.clone() {
        Some(body) => body,
        None => {
            let body = body::render(&context);
            let mut tx = core.store.begin_system().await?;
            if !tx.freeze_body(&delivery, claim, &body).await? {
                return Ok(());
            }
            tx.commit().await?;
            body
        }
    };
    let exchange = send(core, client, &delivery, &context, &body).await;
    let record = judge(core, &delivery, &context, exchange, body);
    let mut tx = core.store.begin_system().await?;
    if tx.record_attempt(&delivery, claim, &record).await? {
        tx.commit().await?;
    }
    Ok(())
}

async fn send(
    core: &Core,
    client: &Client,
    delivery: &ClaimedDelivery,
    context: &DeliveryContext,
    body: &str,
) -> Exchange {
    let started_at = core.clock.now();
    let clock = Instant::now();
    let failed = |error: String| Exchange {
        started_at,
        duration: clock.elapsed(),
        status: None,
        error: Some(error),
        excerpt: None,
        retry_after: None,
        asks_to_stop: false,
    };
    let place = Place {
        tenant: delivery.tenant_id,
        kind: SECRET_PLACE,
        row: delivery.endpoint_id,
    };
    let id = EventId::from_uuid(delivery.event_id).to_string();
    let timestamp = started_at.timestamp();
    let secret = core
        .keyring
        .open_value(&context.secret, &place)
        .ok()
        .and_then(|secret| String::from_utf8(secret).ok());
    let Some(signature) = secret.and_then(|secret| signature::sign(&secret, &id, timestamp, body)) else {
        return failed("the secret of this endpoint does not open".to_owned());
    };
    let url = match guard::shape(&context.url, &core.settings) {
        Ok(url) => url,
        Err(error) => return failed(error.detail),
    };
    let literal = match url.host() {
        Some(url::Host::Ipv4(address)) => Some(address.into()),
        Some(url::Host::Ipv6(address)) => Some(address.into()),
        _ => None,
    };
    // A literal address never reaches the guarded resolver, so it is vetted here.
    if literal.is_some_and(|address| guard::is_forbidden(address, &core.settings.webhook_allow_nets)) {
        return failed("the address is not allowed".to_owned());
    }
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", signature)
        .body(body.to_owned());
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => return failed(in_words(&error)),
    };
    let status = answer.status();
    let header = |name: &str| {
        answer
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let retry_after = header("retry-after").and_then(|value| retry_after(&value, started_at));
    let asks_to_stop = status.as_u16() == 410 || header("webhook-delivery").is_some_and(|value| value == "disable");
    let excerpt = read_excerpt(answer).await;
    let error = (!status.is_success()).then(|| format!("the receiver answered {status}"));
    Exchange {
        started_at,
        duration: clock.elapsed(),
        status: Some(status.as_u16()),
        error,
        excerpt: Some(excerpt),
        retry_after,
        asks_to_stop,
    }
}

/// What the attempt means for the delivery and its endpoint.
fn judge(
    core: &Core,
    delivery: &ClaimedDelivery,
    context: &DeliveryContext,
    exchange: Exchange,
    body: String,
) -> AttemptRecord {
    let succeeded = exchange.error.is_none();
    let made = usize::try_from(delivery.attempts + 1).unwrap_or(usize::MAX);
    let delay = next_delay(
        &core.settings.webhook_retry,
        made,
        core.randomness.share(),
        exchange.retry_after,
    );
    let status = match delay {
        _ if succeeded => DeliveryStatus::Delivered,
        _ if exchange.asks_to_stop => DeliveryStatus::Held,
        Some(_) => DeliveryStatus::Pending,
        None => DeliveryStatus::Failed,
    };
    let failures_in_a_row = if succeeded { 0 } else { context.failures_in_a_row + 1 };
    let endpoint_status = if exchange.asks_to_stop {
        EndpointStatus::Disabled
    } else if failures_in_a_row >= FAILURES_UNTIL_FAILING {
        EndpointStatus::Failing
    } else if succeeded {
        EndpointStatus::Active
    } else {
        context.endpoint_status
    };
    AttemptRecord {
        id: AttemptId::from_uuid(core.randomness.uuid_v7(exchange.started_at)),
        started_at: exchange.started_at,
        duration_ms: i64::try_from(exchange.duration.as_millis()).unwrap_or(i64::MAX),
        response_status: exchange.status.map(i64::from),
        error: exchange.error,
        response_excerpt: exchange.excerpt,
        status,
        next_attempt_at: core.clock.now() + TimeDelta::from_std(delay.unwrap_or_default()).unwrap_or(TimeDelta::MAX),
        body,
        endpoint_status,
        failures_in_a_row,
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3).
fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = DateTime::parse_from_rfc2822(value.trim()).ok()?;
    (moment.with_timezone(&Utc) - now).to_std().ok()
}

/// At most 8 KiB of the answer, whatever the receiver sends.
async fn read_excerpt(mut answer: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < MOST_ANSWER {
        match answer.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk[..chunk.len().min(MOST_ANSWER - bytes.len())]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&bytes).replace('\0', "")
}

fn in_words(error: &reqwest::Error) -> String {
    let cause = std::iter::successors(std::error::Error::source(error), |error| error.source())
        .last()
        .map_or_else(String::new, |cause| format!(": {cause}"));
    if error.is_timeout() {
        format!("the receiver took too long{cause}")
    } else if error.is_connect() {
        format!("no connection{cause}")
    } else {
        format!("the exchange failed{cause}")
    }
}

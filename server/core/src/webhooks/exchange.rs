//! A single HTTP exchange with a receiver: signs and sends the request, reads at most 8 KiB of the response and
//! classifies failures.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::ids::EventId;
use domain::webhooks::FailureKind;
use reqwest::Client;

use crate::webhooks::guard;
use crate::webhooks::guard::Refusal;
use crate::webhooks::signature;
use crate::{Core, Settings};

/// Stored part of a response body.
const MAX_EXCERPT_BYTES: usize = 8 * 1024;
/// Stored part of an error message.
const MAX_ERROR_CHARS: usize = 500;

/// Decrypted signing secret of an endpoint, with the seed of its Ed25519 key if it has one.
#[derive(Clone)]
pub(crate) struct Signer {
    pub secret: String,
    pub key: Option<[u8; 32]>,
}

/// A signed request to be sent to an endpoint.
pub(crate) struct OutgoingRequest {
    pub url: String,
    pub event: EventId,
    pub body: String,
    pub signers: Vec<Signer>,
}

/// Result of one delivery attempt.
pub(crate) struct Exchange {
    pub started_at: DateTime<Utc>,
    pub duration: Duration,
    pub signature: String,
    pub status: Option<u16>,
    pub failure: Option<FailureKind>,
    pub error: Option<String>,
    pub excerpt: Option<String>,
    pub retry_after: Option<Duration>,
    /// The receiver answered `410 Gone` or sent `webhook-delivery: disable`.
    pub disable_requested: bool,
}

/// Returns the signatures of all valid secrets, separated by single spaces; `None` if there are none.
fn sign(signers: &[Signer], id: &str, timestamp: i64, body: &str) -> Option<String> {
    let mut signatures = Vec::with_capacity(signers.len());
    for signer in signers {
        signatures.push(signature::sign(&signer.secret, id, timestamp, body)?);
        if let Some(key) = &signer.key {
            signatures.push(signature::sign_asymmetric(key, id, timestamp, body));
        }
    }
    (!signatures.is_empty()).then(|| signatures.join(" "))
}

/// Sends one request. Failures are part of the returned [`Exchange`].
pub(crate) async fn send(core: &Core, client: &Client, outgoing: &OutgoingRequest) -> Exchange {
    let started_at = core.clock.now();
    let start = Instant::now();
    let id = outgoing.event.to_string();
    let timestamp = started_at.timestamp();
    let signature = sign(&outgoing.signers, &id, timestamp, &outgoing.body);
    let mut exchange = Exchange {
        started_at,
        duration: Duration::ZERO,
        signature: signature.clone().unwrap_or_default(),
        status: None,
        failure: None,
        error: None,
        excerpt: None,
        retry_after: None,
        disable_requested: false,
    };
    let fail = |mut exchange: Exchange, failure, error: String| {
        exchange.duration = start.elapsed();
        exchange.failure = Some(failure);
        exchange.error = Some(error.chars().take(MAX_ERROR_CHARS).collect());
        exchange
    };
    let Some(signature) = signature else {
        return fail(
            exchange,
            FailureKind::Configuration,
            "no secret of the endpoint can be decrypted".to_owned(),
        );
    };
    let url = match validate_url(&outgoing.url, &core.settings) {
        Ok(url) => url,
        Err((failure, error)) => return fail(exchange, failure, error),
    };
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", signature)
        .body(outgoing.body.clone());
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return fail(exchange, failure_kind(&error), root_cause(&error)),
    };
    let status = response.status();
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    exchange.status = Some(status.as_u16());
    exchange.retry_after = header("retry-after").and_then(|value| retry_after(value, started_at));
    exchange.disable_requested = status.as_u16() == 410
        || header("webhook-delivery").is_some_and(|value| value.trim().eq_ignore_ascii_case("disable"));
    exchange.excerpt = Some(read_excerpt(response).await);
    if !status.is_success() {
        let kind = if status.is_redirection() {
            FailureKind::Redirect
        } else {
            FailureKind::Status
        };
        return fail(exchange, kind, format!("HTTP {status}"));
    }
    exchange.duration = start.elapsed();
    exchange
}

/// Parses and checks the URL again for each attempt. An IP address literal bypasses the guarded resolver and is
/// therefore checked here.
fn validate_url(text: &str, settings: &Settings) -> Result<url::Url, (FailureKind, String)> {
    let url = guard::parse_url(text, settings).map_err(|error| (FailureKind::Configuration, error.to_string()))?;
    let literal = match url.host() {
        Some(url::Host::Ipv4(address)) => Some(address.into()),
        Some(url::Host::Ipv6(address)) => Some(address.into()),
        _ => None,
    };
    if literal.is_some_and(|address| guard::is_forbidden(address, &settings.webhook_allow_nets)) {
        return Err((FailureKind::Forbidden, Refusal::Forbidden.to_string()));
    }
    // Where a name leads is only known to the resolver of the connection; it was checked when the URL was stored.
    let may_be_private = literal.is_none() && !settings.webhook_allow_nets.is_empty();
    let port = url.port_or_known_default().unwrap_or(443);
    if !may_be_private && !guard::is_port_allowed(port, literal.as_slice(), settings) {
        return Err((FailureKind::Forbidden, Refusal::Forbidden.to_string()));
    }
    Ok(url)
}

/// Parses `Retry-After`, given in seconds or as a date (RFC 9110 section 10.2.3).
fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(value.trim()).ok()?;
    (date.with_timezone(&Utc) - now).to_std().ok()
}

/// Reads at most [`MAX_EXCERPT_BYTES`] of the response body, without NUL characters, which PostgreSQL cannot store.
async fn read_excerpt(mut response: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < MAX_EXCERPT_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk[..chunk.len().min(MAX_EXCERPT_BYTES - bytes.len())]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&bytes).replace('\0', "")
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(std::error::Error::source(error), |error| error.source())
}

fn failure_kind(error: &reqwest::Error) -> FailureKind {
    if let Some(refusal) = causes(error).find_map(|cause| cause.downcast_ref::<Refusal>()) {
        return match refusal {
            Refusal::Forbidden => FailureKind::Forbidden,
            Refusal::Unresolved => FailureKind::Dns,
        };
    }
    if error.is_timeout() {
        return FailureKind::Timeout;
    }
    let text = causes(error)
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    if error.is_connect()
        && ["certificate", "tls", "handshake", "ssl"]
            .iter()
            .any(|word| text.contains(word))
    {
        FailureKind::Tls
    } else if error.is_connect() {
        FailureKind::Connect
    } else {
        FailureKind::Interrupted
    }
}

fn root_cause(error: &reqwest::Error) -> String {
    causes(error)
        .last()
        .map_or_else(|| "request failed".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_seconds_or_date_is_parsed() {
        let now = DateTime::from_timestamp(1_795_687_200, 0).expect("timestamp is valid");
        let in_a_minute = (now + chrono::TimeDelta::seconds(60))
            .format("%a, %d %b %Y %H:%M:%S GMT")
            .to_string();
        for (text, seconds) in [
            ("120", Some(120)),
            (" 5 ", Some(5)),
            (in_a_minute.as_str(), Some(60)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", None),
            ("soon", None),
            ("-3", None),
        ] {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}

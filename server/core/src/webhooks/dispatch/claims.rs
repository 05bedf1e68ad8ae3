//! Claims due deliveries and prepares their requests.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::webhooks::{DataOption, DeliveryQueue, reduce};
use uuid::Uuid;

use crate::CoreResult;
use crate::db::SystemTx;
use crate::db::purpose::WebhookQueue;
use crate::webhooks::body;
use crate::webhooks::dispatch::{CLAIM_DURATION, Dispatcher, Flight, MAX_CLAIMS_PER_ENDPOINT, Selection};
use crate::webhooks::exchange::{OutgoingRequest, Signer};
use crate::webhooks::model::effective;
use crate::webhooks::store::deliveries::{Claim, DueDelivery, EndpointKey, SigningSecret};
use crate::webhooks::{SECRET_FIELD, SIGNING_KEY_FIELD, place};

impl Dispatcher {
    /// Claims deliveries of the selected endpoints, stores new bodies and returns the requests to send.
    pub(super) async fn claim(
        &self,
        tx: &mut SystemTx<'_, WebhookQueue>,
        claim: Uuid,
        selection: Selection,
    ) -> CoreResult<Vec<(Flight, OutgoingRequest)>> {
        let found = self.due_deliveries(tx, selection).await?;
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
        let claimed: HashSet<Uuid> = claimed.into_iter().collect();
        let flights = found
            .into_iter()
            .zip(bodies)
            .filter(|((_, due), _)| claimed.contains(&due.replay_id.unwrap_or(due.id)))
            .map(|((lane, due), rendered)| {
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
                (flight, outgoing)
            });
        Ok(flights.collect())
    }

    /// Returns the due deliveries of the selected endpoints, each with its lane.
    async fn due_deliveries(
        &self,
        tx: &mut SystemTx<'_, WebhookQueue>,
        selection: Selection,
    ) -> CoreResult<Vec<(usize, DueDelivery)>> {
        let mut found: Vec<(usize, DueDelivery)> = Vec::new();
        for (index, lane) in [(0, DeliveryQueue::First), (1, DeliveryQueue::Retry)] {
            let places = &selection.lanes[index];
            if !places.is_empty() {
                let capacity = i64::try_from(self.free_capacity(index)).unwrap_or_default();
                let per_endpoint = i64::try_from(MAX_CLAIMS_PER_ENDPOINT[index]).unwrap_or_default();
                let due = tx.due_deliveries(places, lane, per_endpoint, capacity).await?;
                found.extend(due.into_iter().map(|due| (index, due)));
            }
            let probes = &selection.probes[index];
            if !probes.is_empty() {
                let places = tx.lock_failing(probes.clone()).await?;
                if !places.is_empty() {
                    let limit = i64::try_from(places.len()).unwrap_or_default();
                    let due = tx.due_deliveries(&places, lane, 1, limit).await?;
                    // A probe counts as a retry.
                    found.extend(due.into_iter().map(|due| (1, due)));
                }
            }
        }
        if selection.replays {
            let capacity = i64::try_from(self.free_capacity(2)).unwrap_or_default();
            found.extend(tx.due_replays(capacity).await?.into_iter().map(|due| (2, due)));
        }
        Ok(found)
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

//! Queues for decoding images, the most expensive work that uploads cause. Decoding leaves a core to everything else, and
//! visitors without an account share one decoder, so that they never delay those who have one by more than a file.

use domain::network::Network;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::problems::Cause;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{CoreError, CoreResult};

/// Each decoder may use as much memory as the largest accepted image needs.
const MAX_DECODERS: usize = 4;
/// Uploads of accounts that may be decoding or waiting. Further ones are rejected, because each holds its files in memory.
const MAX_QUEUED: usize = 16;
/// Uploads of visitors that may be decoding or waiting.
const MAX_QUEUED_ANONYMOUS: usize = 8;
/// Uploads of one network among them: one being decoded and one that waits.
const MAX_QUEUED_OF_NETWORK: usize = 2;

/// Who sends an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Account,
    /// A visitor, with the network.
    Visitor(Option<Network>),
}

#[derive(Clone)]
pub(super) struct Decoders {
    all: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    anonymous: Arc<Semaphore>,
    anonymous_queue: Arc<Semaphore>,
    networks: Arc<Mutex<HashMap<Option<Network>, usize>>>,
}

impl Decoders {
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            all: Arc::new(Semaphore::new((cores - 1).clamp(1, MAX_DECODERS))),
            queue: Arc::new(Semaphore::new(MAX_QUEUED)),
            anonymous: Arc::new(Semaphore::new(1)),
            anonymous_queue: Arc::new(Semaphore::new(MAX_QUEUED_ANONYMOUS)),
            networks: Arc::default(),
        }
    }

    /// Runs `work` on the blocking thread pool when it is its turn.
    ///
    /// # Errors
    /// Returns the error of `work`, or `temporarily_unavailable` if the queue is full.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        sender: Sender,
        work: impl FnOnce() -> CoreResult<T> + Send + 'static,
    ) -> CoreResult<T> {
        let place = self.enter(sender)?;
        let turn = self.wait(sender).await?;
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop((turn, place));
            result
        })
        .await
        .map_err(|_| CoreError::internal("The file could not be processed."))?
    }

    /// Takes a place in the queue.
    fn enter(&self, sender: Sender) -> CoreResult<Place> {
        let queue = match sender {
            Sender::Account => &self.queue,
            Sender::Visitor(_) => &self.anonymous_queue,
        };
        let permit = queue.clone().try_acquire_owned().map_err(|_| busy())?;
        let network = match sender {
            Sender::Account => None,
            Sender::Visitor(network) => Some(NetworkPlace::enter(&self.networks, network)?),
        };
        Ok(Place(permit, network))
    }

    async fn wait(&self, sender: Sender) -> CoreResult<(Option<OwnedSemaphorePermit>, OwnedSemaphorePermit)> {
        let anonymous = match sender {
            Sender::Account => None,
            // A single visitor at a time waits for a decoder, beside any number of accounts.
            Sender::Visitor(_) => Some(self.anonymous.clone().acquire_owned().await.map_err(|_| busy())?),
        };
        let decoder = self.all.clone().acquire_owned().await.map_err(|_| busy())?;
        Ok((anonymous, decoder))
    }
}

fn busy() -> CoreError {
    CoreError::new(Cause::TooManyFilesInProgress)
}

#[expect(dead_code, reason = "held until it is dropped")]
struct Place(OwnedSemaphorePermit, Option<NetworkPlace>);

/// One of the places of a network, until it is dropped.
struct NetworkPlace {
    networks: Arc<Mutex<HashMap<Option<Network>, usize>>>,
    network: Option<Network>,
}

impl NetworkPlace {
    fn enter(networks: &Arc<Mutex<HashMap<Option<Network>, usize>>>, network: Option<Network>) -> CoreResult<Self> {
        let mut counts = networks.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(network).or_default();
        if *count >= MAX_QUEUED_OF_NETWORK {
            return Err(busy());
        }
        *count += 1;
        Ok(Self {
            networks: networks.clone(),
            network,
        })
    }
}

impl Drop for NetworkPlace {
    fn drop(&mut self) {
        let mut counts = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn network(last: u8) -> Option<Network> {
        Some(Network::of(std::net::IpAddr::from([198, 51, 100, last])))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn visitors_share_one_decoder_and_two_places_for_each_network() {
        let decoders = Decoders::new();
        let (release, released) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let decoders = decoders.clone();
            async move {
                let work = move || {
                    released.recv().expect("test releases");
                    Ok(())
                };
                decoders.run(Sender::Visitor(network(1)), work).await
            }
        });
        while decoders.anonymous.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let waiting = |last| {
            let decoders = decoders.clone();
            tokio::spawn(async move { decoders.run(Sender::Visitor(network(last)), || Ok(())).await })
        };
        let (second, other) = (waiting(1), waiting(2));
        while decoders.anonymous_queue.available_permits() > MAX_QUEUED_ANONYMOUS - 3 {
            tokio::task::yield_now().await;
        }
        // A third of the network is rejected, the first of another one waits.
        let third = decoders.run(Sender::Visitor(network(1)), || Ok(())).await;
        assert_eq!(third.expect_err("network is busy").cause, Cause::TooManyFilesInProgress);
        assert!(!second.is_finished() && !other.is_finished());
        // Only one decoder is in use, whatever the number of cores.
        let used = (std::thread::available_parallelism().map_or(1, usize::from) - 1).clamp(1, MAX_DECODERS) - 1;
        assert_eq!(decoders.all.available_permits(), used);
        release.send(()).expect("decoder runs");
        for task in [first, second, other] {
            task.await.expect("task ends").expect("decodes");
        }
        assert!(decoders.networks.lock().expect("lock is free").is_empty());
    }

    #[tokio::test]
    async fn queue_full_returns_busy() {
        let decoders = Decoders::new();
        let places: Vec<Place> = (0..MAX_QUEUED)
            .map(|_| decoders.enter(Sender::Account).expect("queue has a place"))
            .collect();
        assert!(decoders.enter(Sender::Account).is_err());
        assert!(
            decoders.enter(Sender::Visitor(network(1))).is_ok(),
            "the queues are separate"
        );
        drop(places);
        assert!(decoders.enter(Sender::Account).is_ok());
    }
}

//! A request whose client goes away is dropped at any `await`; the connection that it held must come back clean.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::clock::Clock;
use crate::conformance::new_stores;

/// Runs a future for a number of polls and then drops it.
struct DroppedAfter<F> {
    future: Pin<Box<F>>,
    polls: usize,
}

impl<F: Future> Future for DroppedAfter<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        match self.future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            // The last poll is not waited for: what it has sent is still on its way.
            Poll::Pending if self.polls == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// More polls than a transaction of one statement takes.
const MAX_POLLS: usize = 24;
/// As many transactions at once as the pool has connections, so that each of them is used.
const CONCURRENT_WRITES: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transaction_dropped_at_any_point_returns_clean_connection() {
    for store in new_stores(&Clock::system()).await {
        for polls in 1..MAX_POLLS {
            let readings = (0..CONCURRENT_WRITES).map(|_| DroppedAfter {
                future: Box::pin(async {
                    let mut tx = store.begin_reading().await?;
                    tx.fetch_all::<(i64,)>("SELECT 1", ()).await
                }),
                polls,
            });
            drop(futures::future::join_all(readings).await);
            let writings = (0..CONCURRENT_WRITES).map(|_| store.probe_write());
            for written in futures::future::join_all(writings).await {
                assert!(written.is_ok(), "{:?} after {polls} polls: {written:?}", store.engine());
            }
            let dropped_writings = (0..CONCURRENT_WRITES).map(|_| DroppedAfter {
                future: Box::pin(store.probe_write()),
                polls,
            });
            drop(futures::future::join_all(dropped_writings).await);
            let written = store.probe_write().await;
            assert!(written.is_ok(), "{:?} after {polls} polls: {written:?}", store.engine());
        }
    }
}

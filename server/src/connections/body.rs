//! Bodies of requests and responses.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::places::InFlight;

/// A request body that fails if its client sends it more slowly than the minimum rate. Only the time that is spent
/// waiting for the client counts.
pub struct PacedBody<B> {
    body: B,
    /// How long the client may still be waited for.
    allowance: Duration,
    rate: u64,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B> PacedBody<B> {
    pub fn new(body: B, allowance: Duration, rate: u64) -> Self {
        Self {
            body,
            allowance,
            rate: rate.max(1),
            waiting_since: None,
            timer: None,
        }
    }

    /// Adds the time that a number of bytes may take.
    fn received(&mut self, bytes: usize) {
        if let Some(since) = self.waiting_since.take() {
            self.allowance = self.allowance.saturating_sub(since.elapsed());
        }
        let micros = (bytes as u64).saturating_mul(1_000_000) / self.rate;
        self.allowance = self.allowance.saturating_add(Duration::from_micros(micros));
    }

    /// Returns whether the client has been waited for too long.
    fn poll_expired(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let deadline = since + self.allowance;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(context)
    }
}

impl<B> Body for PacedBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
            ready!(this.poll_expired(context));
            let error = io::Error::new(io::ErrorKind::TimedOut, "the request body is sent too slowly");
            return Poll::Ready(Some(Err(error.into())));
        };
        if let Some(Ok(frame)) = &frame {
            this.received(frame.data_ref().map_or(0, Bytes::len));
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A response body whose request is in flight until it is dropped.
pub struct CountedBody {
    body: axum::body::Body,
    _in_flight: InFlight,
}

impl CountedBody {
    pub fn new(body: axum::body::Body, in_flight: InFlight) -> Self {
        Self {
            body,
            _in_flight: in_flight,
        }
    }
}

impl Body for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

//! Bodies of requests and responses.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::places::{Exchange, InFlight};

/// A request body that fails if its client sends it more slowly than the minimum rate. Only the time that is spent
/// waiting for the client counts.
pub struct PacedBody<B> {
    body: B,
    /// How long the client may still be waited for.
    allowance: Duration,
    /// The most that the allowance can be: what was sent fast is no credit for hours of silence.
    most: Duration,
    rate: u64,
    exchange: Exchange,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B> PacedBody<B> {
    pub fn new(body: B, allowance: Duration, rate: u64, exchange: Exchange) -> Self {
        Self {
            body,
            allowance,
            most: allowance,
            rate: rate.max(1),
            exchange,
            waiting_since: None,
            timer: None,
        }
    }

    /// Adds the time that a number of bytes may take.
    fn received(&mut self, bytes: usize) {
        if let Some(since) = self.waiting_since.take() {
            self.allowance = self.allowance.saturating_sub(since.elapsed());
            self.exchange.works();
        }
        let micros = (bytes as u64).saturating_mul(1_000_000) / self.rate;
        self.allowance = self
            .allowance
            .saturating_add(Duration::from_micros(micros))
            .min(self.most);
    }

    /// Returns whether the client has been waited for too long.
    fn poll_expired(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let exchange = &self.exchange;
        let since = *self.waiting_since.get_or_insert_with(|| {
            exchange.waits_for_sender();
            Instant::now()
        });
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
        let bytes = frame
            .as_ref()
            .and_then(|frame| frame.as_ref().ok()?.data_ref().map(Bytes::len));
        this.received(bytes.unwrap_or_default());
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How much of a response is handed over at once: the client has read about so much when the next part is asked for.
const PART_BYTES: usize = 64 * 1024;

/// A response body whose request is in flight until it is dropped, and which knows whether its client reads it.
pub struct CountedBody {
    body: axum::body::Body,
    /// What was not yet handed over of the last frame.
    rest: Bytes,
    in_flight: InFlight,
}

impl CountedBody {
    pub fn new(body: axum::body::Body, in_flight: InFlight) -> Self {
        // Before the first part is asked for, the client of an HTTP/2 connection may not have allowed one.
        in_flight.exchange().waits_for_reader();
        Self {
            body,
            rest: Bytes::new(),
            in_flight,
        }
    }
}

impl Body for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        if this.rest.is_empty() {
            let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
                this.in_flight.exchange().works();
                return Poll::Pending;
            };
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => this.rest = data,
                Some(Ok(Err(frame))) => return Poll::Ready(Some(Ok(frame))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        this.in_flight.exchange().waits_for_reader();
        let part = this.rest.split_to(this.rest.len().min(PART_BYTES));
        Poll::Ready(Some(Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, hint) = (self.rest.len() as u64, self.body.size_hint());
        let mut total = SizeHint::new();
        if let Some(upper) = hint.upper() {
            total.set_upper(upper + rest);
        }
        total.set_lower(hint.lower() + rest);
        total
    }
}

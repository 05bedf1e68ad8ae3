//! The span of the request that the current task works on. Authentication adds the actor to it, whatever spans other
//! layers have opened in between.

use tracing::Span;

use crate::identity::actors::Actor;

tokio::task_local! {
    static SPAN: Span;
}

/// Runs a request whose log lines belong to `span`, which has the fields `tenant` and `actor`.
pub async fn scope<F: Future>(span: Span, request: F) -> F::Output {
    SPAN.scope(span, request).await
}

/// Adds tenant and kind of the actor to the log lines of the current request; never a person.
pub(crate) fn record_actor(actor: &impl Actor) {
    let label = actor.label();
    let kind = label.split_once(':').map_or(label.as_str(), |(kind, _)| kind);
    // Commands have no request.
    let _ = SPAN.try_with(|span| {
        span.record("tenant", tracing::field::display(actor.tenant().uuid()))
            .record("actor", kind);
    });
}

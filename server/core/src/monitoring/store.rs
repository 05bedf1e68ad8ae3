//! Counts of waiting rows, each over a partial index of exactly those rows.

use chrono::{DateTime, Utc};

use crate::db::StoreError;
use crate::db::SystemTx;

const PENDING_DELIVERIES: &str = r"
    SELECT count(*), min(next_attempt_at)
    FROM webhook_delivery
    WHERE status = 'pending'
";

const DELIVERIES_IN_FLIGHT: &str = r"
    SELECT count(*), min(claimed_until)
    FROM webhook_delivery
    WHERE status = 'in_flight'
";

const HELD_DELIVERIES: &str = r"
    SELECT count(*), min(created_at)
    FROM webhook_delivery
    WHERE status = 'held'
";

const FAILED_DELIVERIES: &str = r"
    SELECT count(*), min(created_at)
    FROM webhook_delivery
    WHERE status = 'failed'
";

const WAITING_REPLAYS: &str = r"
    SELECT count(*), min(requested_at)
    FROM webhook_replay
    WHERE done_at IS NULL
";

const WAITING_MAILS: &str = r"
    SELECT count(*), min(next_attempt_at)
    FROM mail
    WHERE status = 'waiting'
";

const REQUESTED_LINKS: &str = r"
    SELECT count(*), min(created_at)
    FROM (
        SELECT created_at FROM portal_link_request
        UNION ALL
        SELECT created_at FROM password_link_request
    ) AS link_request
";

const ACCEPTED_IMPORTS: &str = r"
    SELECT count(*), min(created_at)
    FROM import_job
    WHERE status = 'accepted'
";

const IMPORTS_IN_PROGRESS: &str = r"
    SELECT count(*), min(created_at)
    FROM import_job
    WHERE status = 'processing'
";

const QUEUED_SUGGESTIONS: &str = r"
    SELECT count(*), min(created_at)
    FROM route_suggestion
    WHERE status = 'queued'
";

const RUNNING_SUGGESTIONS: &str = r"
    SELECT count(*), min(created_at)
    FROM route_suggestion
    WHERE status = 'running'
";

/// The queues by name and state, with the statement that counts their entries and finds the oldest.
pub(super) const QUEUES: [(&str, &str, &str); 11] = [
    ("webhook_deliveries", "pending", PENDING_DELIVERIES),
    ("webhook_deliveries", "in_flight", DELIVERIES_IN_FLIGHT),
    ("webhook_deliveries", "held", HELD_DELIVERIES),
    ("webhook_deliveries", "failed", FAILED_DELIVERIES),
    ("webhook_replays", "waiting", WAITING_REPLAYS),
    ("emails", "waiting", WAITING_MAILS),
    ("sign_in_links", "requested", REQUESTED_LINKS),
    ("imports", "accepted", ACCEPTED_IMPORTS),
    ("imports", "processing", IMPORTS_IN_PROGRESS),
    ("route_suggestions", "queued", QUEUED_SUGGESTIONS),
    ("route_suggestions", "running", RUNNING_SUGGESTIONS),
];

const ENDPOINTS_BY_STATUS: &str = r"
    SELECT status, count(*)
    FROM webhook_endpoint
    WHERE deleted_at IS NULL
    GROUP BY status
    ORDER BY status
";

impl<P> SystemTx<'_, P> {
    /// Returns the number of entries of a queue and when the oldest became due.
    pub(super) async fn count_queue(
        &mut self,
        statement: &'static str,
    ) -> Result<(i64, Option<DateTime<Utc>>), StoreError> {
        self.tx.fetch_one::<(i64, Option<DateTime<Utc>>)>(statement, ()).await
    }

    /// Returns the number of endpoints in each status.
    pub(super) async fn count_endpoints(&mut self) -> Result<Vec<(String, i64)>, StoreError> {
        self.tx.fetch_all::<(String, i64)>(ENDPOINTS_BY_STATUS, ()).await
    }
}

//! Commands for what waits to be sent: emails and webhook deliveries.

use clap::Subcommand;
use domain::ids::WebhookEndpointId;
use ordinavo_core::Core;
use ordinavo_core::notifications::held;
use ordinavo_core::notifications::held::HeldDecision;
use ordinavo_core::webhooks::administration;
use serde_json::json;

use super::error_message;
use crate::cli::answer::Answer;

/// The commands for what waits to be sent.
#[derive(Subcommand)]
pub enum Queues {
    /// List the emails that are held because they were due for more than a day before the first attempt
    HeldMails,
    /// Send the held emails of a tenant
    SendHeldMails {
        /// Slug of the tenant
        tenant: String,
    },
    /// Drop the held emails of a tenant
    DropHeldMails {
        /// Slug of the tenant
        tenant: String,
    },
    /// Start the retry schedule of failed webhook deliveries again
    RetryDeliveries {
        /// Slug of the tenant
        tenant: String,
        /// ID of an endpoint; all enabled endpoints if missing
        #[arg(long)]
        endpoint: Option<String>,
    },
    /// Delete the deliveries of an endpoint that were not delivered; their events stay readable by the API
    PurgeDeliveries {
        /// Slug of the tenant
        tenant: String,
        /// ID of the endpoint
        endpoint: String,
    },
}

pub async fn answer(command: Queues, core: &Core) -> Result<Answer, String> {
    match command {
        Queues::SendHeldMails { tenant } => {
            let count = decide(core, &tenant, HeldDecision::Send).await?;
            Ok(Answer::new(
                format!("Queued {count} emails of {tenant}."),
                json!({ "tenant": tenant, "queued": count }),
            ))
        }
        Queues::DropHeldMails { tenant } => {
            let count = decide(core, &tenant, HeldDecision::Drop).await?;
            Ok(Answer::new(
                format!("Dropped {count} emails of {tenant}."),
                json!({ "tenant": tenant, "dropped": count }),
            ))
        }
        Queues::RetryDeliveries { tenant, endpoint } => {
            let endpoint = endpoint.as_deref().map(parse_endpoint).transpose()?;
            let count = administration::retry_failed(core, &tenant, endpoint)
                .await
                .map_err(error_message)?;
            Ok(Answer::new(
                format!("Queued {count} failed deliveries of {tenant}."),
                json!({ "tenant": tenant, "queued": count }),
            ))
        }
        Queues::PurgeDeliveries { tenant, endpoint } => {
            let count = administration::purge_undelivered(core, &tenant, parse_endpoint(&endpoint)?)
                .await
                .map_err(error_message)?;
            Ok(Answer::new(
                format!("Deleted {count} deliveries to {endpoint}. Their events can be read with GET /api/v1/events."),
                json!({ "tenant": tenant, "deleted": count }),
            ))
        }
        Queues::HeldMails => list_held(core).await,
    }
}

fn parse_endpoint(id: &str) -> Result<WebhookEndpointId, String> {
    id.parse()
        .map_err(|_| "endpoint: must be an ID such as wep_01k9f7z6q4e8r9t0v1x2y3z4a5".to_owned())
}

async fn decide(core: &Core, tenant: &str, decision: HeldDecision) -> Result<u64, String> {
    held::decide_all(core, tenant, decision).await.map_err(error_message)
}

async fn list_held(core: &Core) -> Result<Answer, String> {
    let found = held::count_all(core).await.map_err(error_message)?;
    let text = found
        .iter()
        .map(|(tenant, mails)| {
            let oldest = mails
                .oldest
                .map(|at| format!(", the oldest due since {}", at.format("%Y-%m-%d")))
                .unwrap_or_default();
            format!("{tenant}: {}{oldest}\n", mails.count)
        })
        .collect::<String>();
    let rows = found
        .iter()
        .map(|(tenant, mails)| json!({ "tenant": tenant, "count": mails.count, "oldest": mails.oldest }));
    Ok(Answer::new(text, rows.collect()))
}

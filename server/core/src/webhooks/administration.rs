//! What operators do with the deliveries of a tenant from the command line.

use domain::ids::WebhookEndpointId;

use crate::db::purpose::Administration;
use crate::{Core, CoreError, CoreResult};

/// Starts the retry schedule of the failed deliveries again, of one endpoint or of all that are enabled, and returns their
/// number.
///
/// # Errors
/// `not_found` for an unknown tenant or endpoint.
pub async fn retry_failed(core: &Core, slug: &str, endpoint: Option<WebhookEndpointId>) -> CoreResult<u64> {
    let mut tx = core.store.begin_system::<Administration>().await?;
    let tenant = tx.tenant_by_slug(slug).await?.ok_or_else(CoreError::not_found)?;
    if let Some(endpoint) = endpoint
        && !tx.has_endpoint(tenant, endpoint).await?
    {
        return Err(CoreError::not_found());
    }
    let count = tx.retry_failed_deliveries(tenant, endpoint).await?;
    if count > 0 {
        let subject = endpoint.map_or_else(|| "all".to_owned(), |id| id.to_string());
        tx.audit(tenant, "operator", "webhook_delivery.retried", &subject)
            .await?;
    }
    tx.commit().await?;
    Ok(count)
}

/// Deletes the deliveries of an endpoint that were not delivered, with their attempts, and returns their number. Their events
/// stay, so that the client can read them by the API.
///
/// # Errors
/// `not_found` for an unknown tenant or endpoint.
pub async fn purge_undelivered(core: &Core, slug: &str, endpoint: WebhookEndpointId) -> CoreResult<u64> {
    let mut tx = core.store.begin_system::<Administration>().await?;
    let tenant = tx.tenant_by_slug(slug).await?.ok_or_else(CoreError::not_found)?;
    if !tx.has_endpoint(tenant, endpoint).await? {
        return Err(CoreError::not_found());
    }
    let count = tx.delete_undelivered(tenant, endpoint).await?;
    if count > 0 {
        tx.audit(tenant, "operator", "webhook_delivery.purged", &endpoint.to_string())
            .await?;
    }
    tx.commit().await?;
    Ok(count)
}

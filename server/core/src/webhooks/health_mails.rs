//! Emails about the health of an endpoint, to administrators and the partner users of its source system.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{Id, WebhookEndpointId};
use domain::intake::mails::{MailData, MailKind};
use domain::locale::Locale;
use domain::webhooks::{DisabledReason, FAILING_UNTIL_DISABLED, RECOVERY_WINDOW};

use crate::CoreResult;
use crate::db::SystemTx;
use crate::db::purpose::WebhookQueue;
use crate::identity::actors::TenantId;
use crate::notifications::Notice;
use crate::webhooks::store::deliveries::EndpointKey;
use crate::webhooks::store::delivery_records::EndpointHealth;
use crate::webhooks::store::health_mails::{HealthNotifier, HealthReader};

/// An endpoint that fails, recovers and fails again is reported once in this time.
const WARNING_INTERVAL: TimeDelta = TimeDelta::hours(24);

/// Tells people that the deliveries to an endpoint fail, at most once a day.
pub(crate) async fn tell_failing(tx: &mut SystemTx<'_, WebhookQueue>, health: &EndpointHealth) -> CoreResult<()> {
    let now = tx.now;
    if !tx.mark_warned(health.place, now - WARNING_INTERVAL).await? {
        return Ok(());
    }
    let first = health.first_failure_at.unwrap_or(now);
    let until = first + TimeDelta::from_std(FAILING_UNTIL_DISABLED).unwrap_or_default();
    tell(tx, health.place, MailKind::EndpointFailing, Some(until)).await
}

/// Tells people that an endpoint was disabled, and until when its oldest event can be recovered.
pub(crate) async fn tell_disabled<T: HealthNotifier>(
    tx: &mut T,
    endpoint: EndpointKey,
    reason: DisabledReason,
    now: DateTime<Utc>,
) -> CoreResult<()> {
    let kind = match reason {
        DisabledReason::Failures => MailKind::EndpointDisabled,
        DisabledReason::Receiver => MailKind::EndpointDisabledByReceiver,
        DisabledReason::Person | DisabledReason::ClientRevoked => MailKind::EndpointDisabledByPerson,
    };
    let window = recovery_window();
    let oldest = tx.oldest_waiting(endpoint, now - window).await?;
    tell(tx, endpoint, kind, oldest.map(|at| at + window)).await
}

/// Returns how long an event that was not delivered can be recovered.
pub(crate) fn recovery_window() -> TimeDelta {
    TimeDelta::from_std(RECOVERY_WINDOW).unwrap_or_default()
}

async fn tell<T: HealthNotifier>(
    tx: &mut T,
    endpoint: EndpointKey,
    kind: MailKind,
    until: Option<DateTime<Utc>>,
) -> CoreResult<()> {
    for reader in tx.health_readers(endpoint).await? {
        let data = mail_data(&reader, endpoint, until);
        let notice = Notice {
            kind,
            recipient: &reader.email,
            locale: Locale::from_tag(&reader.locale).unwrap_or_default(),
            data: &data,
        };
        tx.enqueue_health_mail(TenantId::from_uuid(reader.tenant_id), &notice)
            .await?;
    }
    Ok(())
}

fn mail_data(reader: &HealthReader, endpoint: EndpointKey, until: Option<DateTime<Utc>>) -> MailData {
    let id: WebhookEndpointId = Id::from_uuid(endpoint.endpoint_id);
    let mode = if reader.is_sandbox { " (sandbox)" } else { "" };
    let page = match (reader.is_staff, reader.is_sandbox) {
        // Administrators have no pages for the endpoints of the sandbox; partners see them in test mode.
        (true, true) => "/app/integrations".to_owned(),
        (true, false) => format!("/app/integrations/endpoints/{id}"),
        (false, true) => "/partner/endpoints".to_owned(),
        (false, false) => format!("/partner/endpoints/{id}"),
    };
    MailData {
        tenant: reader.tenant_name.clone(),
        name: None,
        number: None,
        service_type: None,
        service: None,
        text: Some(format!("{}{mode}\n{}", reader.source_key, reader.url)),
        windows: Vec::new(),
        until,
        zone: Some(reader.zone.clone()),
        page: Some(page),
        contact: domain::branding::OrganisationContact::default(),
        colour: None,
    }
}

//! Statements for slot offers.

use chrono::{DateTime, Utc};
use domain::ids::{OfferId, OfferKind, RequestId, StaffId, StaffKind, TargetId, TargetKind};
use sqlx::FromRow;

use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Administrator, Operator, Staff, TrackingRequester};
use crate::requests::model::SlotOption;

/// A time to offer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewOption {
    pub technician: StaffId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

/// An open offer that has not expired.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct OpenOffer {
    pub id: Key<OfferKind>,
    pub target_id: Key<TargetKind>,
    pub zone: String,
}

/// An offered time with its technician.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct OfferedTime {
    pub technician_id: Key<StaffKind>,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

const INSERT_OFFER: &str = r"
    INSERT INTO slot_offer (
        tenant_id, id, request_id, target_id, status, zone, expires_at, offered_by, created_at
    )
    VALUES ($1, $2, $3, $4, 'open', $5, $6, $7, $8)
";
const INSERT_OPTION: &str = r"
    INSERT INTO slot_option (tenant_id, offer_id, position, technician_id, starts_at, ends_at)
    VALUES ($1, $2, $3, $4, $5, $6)
";
const CLOSE_OFFER: &str = r"
    UPDATE slot_offer
    SET status = $3, decided_at = $4
    WHERE tenant_id = $1
      AND target_id = $2
      AND status = 'open'
";
const SELECT_OPEN_OFFER: &str = r"
    SELECT id, target_id, zone
    FROM slot_offer
    WHERE tenant_id = $1
      AND request_id = $2
      AND status = 'open'
      AND expires_at > $3
";
const CHOOSE_OPTION: &str = r"
    UPDATE slot_offer
    SET status = 'chosen', chosen_position = $4, decided_at = $5
    WHERE tenant_id = $1
      AND id = $2
      AND request_id = $3
      AND status = 'open'
      AND expires_at > $5
";
const SELECT_OPTION: &str = r"
    SELECT technician_id, starts_at, ends_at
    FROM slot_option
    WHERE tenant_id = $1
      AND offer_id = $2
      AND position = $3
";
/// Other jobs to whose requesters a time of a technician is offered.
const SELECT_OFFERED_TARGETS: &str = r"
    SELECT DISTINCT target.number
    FROM slot_option
    JOIN slot_offer ON slot_offer.tenant_id = slot_option.tenant_id
        AND slot_offer.id = slot_option.offer_id
    JOIN target ON target.tenant_id = slot_offer.tenant_id AND target.id = slot_offer.target_id
    WHERE slot_option.tenant_id = $1
      AND slot_option.technician_id = $2
      AND slot_option.starts_at < $5
      AND slot_option.ends_at > $4
      AND slot_offer.status = 'open'
      AND slot_offer.expires_at > $6
      AND slot_offer.target_id <> $3
    ORDER BY target.number
    LIMIT 5
";
const DECLINE_OFFER: &str = r"
    UPDATE slot_offer
    SET status = 'declined', decided_at = $4
    WHERE tenant_id = $1
      AND id = $2
      AND request_id = $3
      AND status = 'open'
";
/// Whether `slot_option` of `slot_offer` cannot be chosen any more: its time has passed, or the technician is booked.
macro_rules! is_gone_option {
    ($now:literal) => {
        concat!(
            "(slot_option.starts_at <= ",
            $now,
            r" OR EXISTS (
                SELECT 1
                FROM appointment
                WHERE appointment.tenant_id = slot_option.tenant_id
                  AND appointment.technician_id = slot_option.technician_id
                  AND appointment.status = 'planned'
                  AND appointment.target_id <> slot_offer.target_id
                  AND appointment.starts_at < slot_option.ends_at
                  AND appointment.ends_at > slot_option.starts_at
            ))"
        )
    };
}
pub(crate) use is_gone_option;
/// The options of open offers, without the technician: $1 tenant, $3 now.
macro_rules! select_slot_options {
    ($condition:expr) => {
        concat!(
            r"
                SELECT
                    slot_option.offer_id, slot_option.position, slot_option.starts_at, slot_option.ends_at,
                    slot_offer.zone, slot_offer.expires_at,
            ",
            is_gone_option!("$3"),
            r"
                    AS is_gone
                FROM slot_option
                JOIN slot_offer ON slot_offer.tenant_id = slot_option.tenant_id
                    AND slot_offer.id = slot_option.offer_id
                WHERE slot_offer.tenant_id = $1
                  AND slot_offer.status = 'open'
                  AND slot_offer.expires_at > $3
            ",
            $condition,
            " ORDER BY slot_option.position"
        )
    };
}
pub(crate) use select_slot_options;
const SELECT_OPTIONS: &str = select_slot_options!("AND slot_offer.request_id = $2");

impl TenantTx<'_, Staff> {
    /// Inserts an offer for a target and closes the previous one as replaced.
    pub(crate) async fn insert_offer(
        &mut self,
        id: OfferId,
        request: RequestId,
        target: TargetId,
        zone: &str,
        expires_at: DateTime<Utc>,
        options: &[NewOption],
    ) -> Result<(), StoreError> {
        let (tenant, now, own) = (self.tenant(), self.now, self.actor.id().uuid());
        self.tx
            .execute(CLOSE_OFFER, (tenant, target.uuid(), "replaced", now))
            .await?;
        self.tx
            .execute(
                INSERT_OFFER,
                (
                    tenant,
                    id.uuid(),
                    request.uuid(),
                    target.uuid(),
                    zone,
                    expires_at,
                    own,
                    now,
                ),
            )
            .await?;
        for (position, option) in (1_i64..).zip(options) {
            self.tx
                .execute(
                    INSERT_OPTION,
                    (
                        tenant,
                        id.uuid(),
                        position,
                        option.technician.uuid(),
                        option.starts_at,
                        option.ends_at,
                    ),
                )
                .await?;
        }
        Ok(())
    }
}

impl<A: Operator> TenantTx<'_, A> {
    /// Withdraws the open offer of a target, which was scheduled or cancelled.
    pub(crate) async fn withdraw_offer(&mut self, target: TargetId) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(CLOSE_OFFER, (tenant, target.uuid(), "withdrawn", now))
            .await
            .map(drop)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    /// Finds the open offer of a request.
    pub(crate) async fn open_offer(&mut self, request: RequestId) -> Result<Option<OpenOffer>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .fetch_optional::<OpenOffer>(SELECT_OPEN_OFFER, (tenant, request.uuid(), now))
            .await
    }

    /// Chooses an option; returns false if the offer was closed or has expired.
    pub(crate) async fn choose_offer(
        &mut self,
        offer: OfferId,
        request: RequestId,
        position: i64,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(CHOOSE_OPTION, (tenant, offer.uuid(), request.uuid(), position, now))
            .await?
            == 1)
    }

    /// Returns the numbers of the other jobs to whose requesters a time of a technician is offered.
    pub(crate) async fn offered_targets(
        &mut self,
        technician: StaffId,
        except: TargetId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<i64>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let rows = self
            .tx
            .fetch_all::<(i64,)>(
                SELECT_OFFERED_TARGETS,
                (tenant, technician.uuid(), except.uuid(), from, until, now),
            )
            .await?;
        Ok(rows.into_iter().map(|(number,)| number).collect())
    }

    /// Closes an offer because none of its times suits the requester; returns false if it was closed before.
    pub(crate) async fn decline_offer(&mut self, offer: OfferId, request: RequestId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(DECLINE_OFFER, (tenant, offer.uuid(), request.uuid(), now))
            .await?
            == 1)
    }

    pub(crate) async fn offered_time(
        &mut self,
        offer: OfferId,
        position: i64,
    ) -> Result<Option<OfferedTime>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<OfferedTime>(SELECT_OPTION, (tenant, offer.uuid(), position))
            .await
    }
}

macro_rules! slot_options {
    ($($actor:ty),*) => {$(
        impl TenantTx<'_, $actor> {
            /// Lists the options of a request's open offer, and whether each is still available.
            pub(crate) async fn slot_options(&mut self, request: RequestId) -> Result<Vec<SlotOption>, StoreError> {
                let (tenant, now) = (self.tenant(), self.now);
                self.tx.fetch_all::<SlotOption>(SELECT_OPTIONS, (tenant, request.uuid(), now)).await
            }
        }
    )*};
}
slot_options!(Staff, TrackingRequester);

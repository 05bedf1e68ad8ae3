//! Times that dispatch offers for a job, and what became of them.

use chrono::{DateTime, Utc};
use domain::ids::{OfferId, OfferKind, RequestId, StaffId, StaffKind, TargetId, TargetKind};
use sqlx::FromRow;

use crate::db::Key;
use crate::db::TenantTx;
use crate::db::{StoreError, all, maybe, run};
use crate::identity::actors::{Administrator, Contact, Operator, Staff, TrackingRequester};
use crate::requests::model::SlotOption;

/// A time to offer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewOption {
    pub technician: StaffId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

/// An offer that can still be chosen from.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct OpenOffer {
    pub id: Key<OfferKind>,
    pub target_id: Key<TargetKind>,
    pub zone: String,
}

/// One of its times, with who would come.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct OfferedTime {
    pub technician_id: Key<StaffKind>,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

const INSERT: &str = "INSERT INTO slot_offer (tenant_id, id, request_id, target_id, status, zone, expires_at, offered_by, created_at) VALUES ($1, $2, $3, $4, 'open', $5, $6, $7, $8)";
const INSERT_OPTION: &str = "INSERT INTO slot_option (tenant_id, offer_id, position, technician_id, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6)";
const END: &str =
    "UPDATE slot_offer SET status = $3, decided_at = $4 WHERE tenant_id = $1 AND target_id = $2 AND status = 'open'";
const OPEN: &str = "SELECT id, target_id, zone FROM slot_offer WHERE tenant_id = $1 AND request_id = $2 AND status = 'open' AND expires_at > $3";
const CHOOSE: &str = "UPDATE slot_offer SET status = 'chosen', chosen_position = $4, decided_at = $5 WHERE tenant_id = $1 AND id = $2 AND request_id = $3 AND status = 'open' AND expires_at > $5";
const TIME: &str = "SELECT technician_id, starts_at, ends_at FROM slot_option WHERE tenant_id = $1 AND offer_id = $2 AND position = $3";
/// Without who would come; a time that is over, or at which the technician is busy by now, is gone.
const OPTIONS: &str = "SELECT o.offer_id, o.position, o.starts_at, o.ends_at, f.zone, f.expires_at, (o.starts_at <= $3 OR EXISTS (SELECT 1 FROM appointment a WHERE a.tenant_id = o.tenant_id AND a.technician_id = o.technician_id \
    AND a.status = 'planned' AND a.target_id <> f.target_id AND a.starts_at < o.ends_at AND a.ends_at > o.starts_at)) AS is_gone \
    FROM slot_option o JOIN slot_offer f ON f.tenant_id = o.tenant_id AND f.id = o.offer_id \
    WHERE f.tenant_id = $1 AND f.request_id = $2 AND f.status = 'open' AND f.expires_at > $3 ORDER BY o.position";

impl TenantTx<'_, Staff> {
    /// Offers times for a target; an offer before it is replaced.
    pub(crate) async fn insert_offer(
        &mut self,
        id: OfferId,
        request: RequestId,
        target: TargetId,
        zone: &str,
        expires_at: DateTime<Utc>,
        options: &[NewOption],
    ) -> Result<(), StoreError> {
        let (tenant, now, own) = (self.tenant(), self.now, self.actor.id.uuid());
        run!(&mut self.tx, END, tenant, target.uuid(), "replaced", now)?;
        run!(
            &mut self.tx,
            INSERT,
            tenant,
            id.uuid(),
            request.uuid(),
            target.uuid(),
            zone,
            expires_at,
            own,
            now
        )?;
        for (position, option) in (1_i64..).zip(options) {
            run!(
                &mut self.tx,
                INSERT_OPTION,
                tenant,
                id.uuid(),
                position,
                option.technician.uuid(),
                option.starts_at,
                option.ends_at
            )?;
        }
        Ok(())
    }
}

impl<A: Operator> TenantTx<'_, A> {
    /// Withdraws what is offered for a target, because it has an appointment or will not have one.
    pub(crate) async fn withdraw_offer(&mut self, target: TargetId) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(&mut self.tx, END, tenant, target.uuid(), "withdrawn", now).map(drop)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    /// The offer of a request that can still be chosen from.
    pub(crate) async fn open_offer(&mut self, request: RequestId) -> Result<Option<OpenOffer>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        maybe!(&mut self.tx, OpenOffer, OPEN, tenant, request.uuid(), now)
    }

    /// Decides an offer; false if somebody was faster or it has expired.
    pub(crate) async fn choose_offer(
        &mut self,
        offer: OfferId,
        request: RequestId,
        position: i64,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(
            &mut self.tx,
            CHOOSE,
            tenant,
            offer.uuid(),
            request.uuid(),
            position,
            now
        )? == 1)
    }

    pub(crate) async fn offered_time(
        &mut self,
        offer: OfferId,
        position: i64,
    ) -> Result<Option<OfferedTime>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, OfferedTime, TIME, tenant, offer.uuid(), position)
    }
}

macro_rules! options {
    ($($actor:ty),*) => {$(
        impl TenantTx<'_, $actor> {
            /// What is offered for a request, and what of it is still free.
            pub(crate) async fn slot_options(&mut self, request: RequestId) -> Result<Vec<SlotOption>, StoreError> {
                let (tenant, now) = (self.tenant(), self.now);
                all!(&mut self.tx, SlotOption, OPTIONS, tenant, request.uuid(), now)
            }
        }
    )*};
}
options!(Staff, TrackingRequester, Contact);

//! Transactions on behalf of an actor. Events and audit rows are collected and written at commit, always in the same order
//! (events before audit), so that concurrent writers cannot deadlock.

use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use domain::ids::{EventId, Id, Kind};
use uuid::Uuid;

use crate::audit::NewAuditEntry;
use crate::db::purpose::{Purge, Purpose, Reading};
use crate::db::{Store, StoreError, Tx};
use crate::events::NewEvent;
use crate::identity::actors::{Actor, TenantId};

/// A transaction on behalf of an actor; every statement in it filters by the actor's tenant.
pub(crate) struct TenantTx<'a, A: Actor> {
    pub(crate) tx: Tx,
    pub(crate) actor: &'a A,
    pub(crate) store: &'a Store,
    pub(crate) now: DateTime<Utc>,
    events: Vec<(EventId, NewEvent)>,
    audits: Vec<NewAuditEntry>,
}

/// A transaction across tenants, for what belongs to no single tenant. It has the statements of its purpose only, and none
/// of operations. Statements that only read are implemented for every purpose.
pub(crate) struct SystemTx<'a, P> {
    pub(crate) tx: Tx,
    pub(crate) store: &'a Store,
    pub(crate) now: DateTime<Utc>,
    purpose: PhantomData<P>,
}

/// A read-only transaction across tenants, for what must find the tenant first. A statement that changes something is not
/// available in it.
pub(crate) type TenantLookup<'a> = SystemTx<'a, Reading>;

impl Store {
    /// Begins a write transaction of an actor; fails with [`StoreError::ReadOnlySession`] for a read-only session.
    pub(crate) async fn begin<'a, A: Actor>(&'a self, actor: &'a A) -> Result<TenantTx<'a, A>, StoreError> {
        if !actor.may_write() {
            return Err(StoreError::ReadOnlySession);
        }
        let tx = self.begin_writing().await?;
        self.with_tenant(tx, actor).await
    }

    /// Begins a read-only transaction of an actor.
    pub(crate) async fn read<'a, A: Actor>(&'a self, actor: &'a A) -> Result<TenantTx<'a, A>, StoreError> {
        let tx = self.begin_reading().await?;
        self.with_tenant(tx, actor).await
    }

    async fn with_tenant<'a, A: Actor>(&'a self, mut tx: Tx, actor: &'a A) -> Result<TenantTx<'a, A>, StoreError> {
        tx.set_tenant(&actor.tenant().uuid().to_string()).await?;
        Ok(TenantTx {
            tx,
            actor,
            store: self,
            now: self.clock.now(),
            events: Vec::new(),
            audits: Vec::new(),
        })
    }

    /// Begins a write transaction across tenants.
    pub(crate) async fn begin_system<P: Purpose>(&self) -> Result<SystemTx<'_, P>, StoreError> {
        let mut tx = self.begin_writing().await?;
        tx.set_tenant("*").await?;
        Ok(SystemTx {
            tx,
            store: self,
            now: self.clock.now(),
            purpose: PhantomData,
        })
    }

    /// Begins a read-only transaction across tenants.
    pub(crate) async fn read_system(&self) -> Result<TenantLookup<'_>, StoreError> {
        let mut tx = self.begin_reading().await?;
        tx.set_tenant("*").await?;
        Ok(SystemTx {
            tx,
            store: self,
            now: self.clock.now(),
            purpose: PhantomData,
        })
    }
}

const INCREMENT_COUNTER: &str = r"
    INSERT INTO counter (tenant_id, name, value)
    VALUES ($1, $2, $3)
    ON CONFLICT (tenant_id, name)
    DO UPDATE SET value = counter.value + excluded.value
    RETURNING value
";

/// Allocates `count` numbers of a counter and returns the last.
pub(crate) async fn allocate_numbers(tx: &mut Tx, tenant: TenantId, name: &str, count: i64) -> Result<i64, StoreError> {
    let (value,): (i64,) = tx
        .fetch_one::<(i64,)>(INCREMENT_COUNTER, (tenant.uuid(), name, count))
        .await?;
    Ok(value)
}

impl<'a, A: Actor> TenantTx<'a, A> {
    /// Waits until no other transaction of the tenant holds the lock of this name, and holds it until the end.
    pub(crate) async fn lock(&mut self, name: impl std::fmt::Display) -> Result<(), StoreError> {
        let key = format!("{}:{name}", self.tenant());
        self.tx.lock_name(&key).await
    }

    pub(crate) fn tenant(&self) -> Uuid {
        self.actor.tenant().uuid()
    }

    pub(crate) fn tenant_id(&self) -> TenantId {
        self.actor.tenant()
    }

    pub(crate) fn new_id<K: Kind>(&self) -> Id<K> {
        Id::from_uuid(self.store.randomness.uuid_v7(self.now))
    }

    /// Returns the next human-readable number of a counter, such as a request number.
    pub(crate) async fn next_number(&mut self, name: &str) -> Result<i64, StoreError> {
        allocate_numbers(&mut self.tx, self.actor.tenant(), name, 1).await
    }

    /// Adds an event, which is written with its deliveries at commit, and returns its ID.
    pub(crate) fn emit(&mut self, event: NewEvent) -> EventId {
        let id = self.new_id();
        self.events.push((id, event));
        id
    }

    /// Adds an audit row, which is written at commit.
    pub(crate) fn audit(&mut self, action: &'static str, subject: impl std::fmt::Display, details: serde_json::Value) {
        let entry = NewAuditEntry::new(self.actor.label(), action, subject).with_details(details);
        self.audits.push(entry);
    }

    /// Writes events, deliveries and audit rows and commits; returns whether deliveries were written.
    pub(crate) async fn commit(mut self) -> Result<bool, StoreError> {
        let events = std::mem::take(&mut self.events);
        let audits = std::mem::take(&mut self.audits);
        let tenant = self.actor.tenant();
        let deliveries = crate::events::write(&mut self.tx, self.store, tenant, self.now, events).await?;
        crate::audit::write(&mut self.tx, self.store, tenant, self.now, audits).await?;
        self.tx.commit().await?;
        Ok(deliveries)
    }
}

impl<'a> TenantTx<'a, crate::identity::actors::Staff> {
    pub(crate) fn staff(&self) -> &'a crate::identity::actors::Staff {
        self.actor
    }
}

impl<P> SystemTx<'_, P> {
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await
    }
}

impl<P: Purpose> SystemTx<'_, P> {
    /// Writes an audit row immediately.
    pub(crate) async fn audit(
        &mut self,
        tenant: TenantId,
        actor: &str,
        action: &'static str,
        subject: &str,
    ) -> Result<(), StoreError> {
        let entry = NewAuditEntry::new(actor, action, subject);
        crate::audit::write(&mut self.tx, self.store, tenant, self.now, vec![entry]).await
    }
}

impl SystemTx<'_, Purge> {
    pub(crate) async fn execute_now(&mut self, sql: &'static str) -> Result<u64, StoreError> {
        self.tx.execute(sql, (self.now,)).await
    }
}

//! Demo data for two tenants. It is created by the regular use cases with a clock that moves through four weeks, so it
//! contains only data that the product can create.

pub(crate) mod accounts;
pub(crate) mod clients;
pub(crate) mod days;
pub(crate) mod inbox;
pub(crate) mod places;
pub(crate) mod rules;
pub(crate) mod technicians;
pub(crate) mod tenants;
pub(crate) mod terminals;

use std::sync::Arc;

use domain::problems::Cause;
use serde::Serialize;

pub use accounts::{
    DemoAccounts, DemoClient, DemoForm, DemoPartner, DemoPortalUser, DemoStaff, DemoTenant, DemoTerminal,
};

use crate::clock::Clock;
use crate::db::purpose::Administration;
use crate::identity::actors::Actor as _;
use crate::identity::passwords::Passwords;
use crate::randomness::Randomness;
use crate::{Core, CoreError, CoreResult};

/// The amount of demo data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum DemoSize {
    /// Four weeks of a medium-sized tenant, for `ordinavo demo`.
    Full,
    /// The same people, clients and named locations with a few days of work, for tests.
    Small,
}

/// Fills an empty database.
///
/// # Errors
/// `concurrent_modification` if there are tenants already; with `reset`, if one of them is not a demo.
pub async fn fill(core: &Core, base_url: &str, size: DemoSize, reset: bool) -> CoreResult<DemoAccounts> {
    let mut tx = core.store.begin_system::<Administration>().await?;
    let (tenants, non_demo) = tx.count_tenants().await?;
    if tenants > 0 && (!reset || non_demo > 0) {
        return Err(CoreError::new(if non_demo > 0 {
            Cause::NotDemoDatabase
        } else {
            Cause::DemoDataExists
        }));
    }
    if tenants > 0 {
        tx.delete_all_tenant_data().await?;
    }
    tx.commit().await?;
    let present = core.clock.now();
    let start = present - chrono::TimeDelta::days(if size == DemoSize::Full { 28 } else { 3 });
    // The same store and files with a manual clock. The random source is seeded, so that the data is reproducible.
    let mut past = core.clone();
    past.clock = Clock::manual(start);
    past.store = core.store.with_clock(past.clock.clone());
    past.passwords = Passwords::clone(&core.passwords);
    past.wake_worker = Arc::default();
    let randomness = Randomness::seeded(0x0d1a_7e5e_ed00_2026);
    let mut accounts = DemoAccounts {
        base_url: base_url.to_owned(),
        tenants: Vec::new(),
    };
    let nordlicht = tenants::nordlicht(&past, size, &randomness, &mut accounts).await?;
    technicians::set_working_hours(&past, &nordlicht, present).await?;
    days::simulate(&past, &nordlicht, size, &randomness, present).await?;
    if let Some(entry) = accounts.tenants.last_mut() {
        let tenant = nordlicht.dispatcher.tenant();
        terminals::create_terminal(&past, tenant, (nordlicht.essen, "LOC-ESSEN-01"), entry).await?;
    }
    tenants::suedwind(&past, &mut accounts).await?;
    let mut tx = core.store.begin_system::<Administration>().await?;
    tx.confirm_all_stops(nordlicht.dispatcher.tenant(), present).await?;
    tx.commit().await?;
    Ok(accounts)
}

//! Demo data: two tenants, filled by the same use cases that people use, with the clock moved through four weeks. So the
//! demo holds nothing that the product could not have made.

pub(crate) mod account_book;
pub(crate) mod clients;
pub(crate) mod days;
pub(crate) mod inbox;
pub(crate) mod places;
pub(crate) mod rules;
pub(crate) mod technicians;
pub(crate) mod tenants;
pub(crate) mod terminals;

use std::sync::Arc;

use domain::problems::Problem;
use serde::Serialize;

pub use account_book::{
    DemoBook, DemoClient, DemoForm, DemoPartner, DemoPortalUser, DemoStaff, DemoTenant, DemoTerminal,
};

use crate::clock::Clock;
use crate::identity::actors::Actor as _;
use crate::identity::passwords::Passwords;
use crate::randomness::Randomness;
use crate::{Core, CoreError, CoreResult};

/// How much demo data is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum DemoSize {
    /// What `ordinavo demo` makes: four weeks of a tenant of middle size.
    Full,
    /// The same people, clients and places by name with a few days of work, for tests.
    Small,
}

/// Fills an empty database.
///
/// # Errors
/// `concurrent_modification` if there are tenants already; with `reset`, if one of them is not a demo.
pub async fn fill(core: &Core, base_url: &str, size: DemoSize, reset: bool) -> CoreResult<DemoBook> {
    let mut tx = core.store.begin_system().await?;
    let (tenants, real) = tx.count_tenants().await?;
    if tenants > 0 && (!reset || real > 0) {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            if real > 0 {
                "This database has tenants that are no demo; it is left alone."
            } else {
                "This database has demo data already; --reset makes it anew."
            },
        ));
    }
    if tenants > 0 {
        tx.delete_all_tenant_data().await?;
    }
    tx.commit().await?;
    let present = core.clock.now();
    let start = present - chrono::TimeDelta::days(if size == DemoSize::Full { 28 } else { 3 });
    // The same store and files with a clock of its own, and with a seeded source of chance for what is only decoration.
    let mut past = core.clone();
    past.clock = Clock::manual(start);
    past.store = core.store.with_clock(past.clock.clone());
    past.passwords = Passwords::clone(&core.passwords);
    past.wake_worker = Arc::default();
    let chance = Randomness::seeded(0x0d1a_7e5e_ed00_2026);
    let mut book = DemoBook {
        base_url: base_url.to_owned(),
        tenants: Vec::new(),
    };
    let nordlicht = tenants::nordlicht(&past, size, &chance, &mut book).await?;
    technicians::set_up(&past, &nordlicht, present).await?;
    days::live(&past, &nordlicht, size, &chance, present).await?;
    if let Some(entry) = book.tenants.last_mut() {
        let tenant = nordlicht.dispatcher.tenant();
        terminals::make_terminal(&past, tenant, (nordlicht.essen, "LOC-ESSEN-01"), entry).await?;
    }
    tenants::suedwind(&past, &mut book).await?;
    Ok(book)
}

//! The terminal of the demo, ready to be paired with a device.

use domain::ids::LocationId;

use crate::commit::finish;
use crate::demo::accounts::{DemoTenant, DemoTerminal};
use crate::identity::actors::TenantId;
use crate::identity::authentication;
use crate::intake::terminals;
use crate::{Core, CoreError, CoreResult};

/// Creates a terminal at a location and adds its pairing code to the demo accounts.
pub(crate) async fn create_terminal(
    core: &Core,
    tenant: TenantId,
    location: (LocationId, &str),
    entry: &mut DemoTenant,
) -> CoreResult<()> {
    let slug = format!("{}-service", entry.slug);
    let form = core
        .store
        .read_system()
        .await?
        .form_by_slug(&slug)
        .await?
        .ok_or_else(CoreError::not_found)?;
    let system = authentication::system(tenant, "demo");
    let mut tx = core.store.begin(&system).await?;
    let name = "Reception, ground floor";
    let code = terminals::create_in(core, &mut tx, name, location.0, form.id.0).await?;
    finish(core, tx).await?;
    entry.terminals.push(DemoTerminal {
        name: name.to_owned(),
        location: location.1.to_owned(),
        pairing_code: code,
    });
    Ok(())
}

//! The roles whose accounts must use two-factor authentication. A person without it sets it up right after the next sign-in;
//! until then, the session opens nothing else. Setting up needs nothing but the account itself, so a requirement locks no one
//! out, not even the administrator who made it.

use domain::identity::permissions::ManageSecurity;
use domain::identity::two_factor::AccountRole;
use domain::problems::Record;
use serde_json::json;

use crate::commit::finish;
use crate::identity::actors::Permit;
use crate::version::Version;
use crate::{Core, CoreResult};

/// Returns the version of the requirement, for its form.
pub fn version(required: &[AccountRole]) -> Version {
    let is_required: Vec<bool> = AccountRole::ALL.iter().map(|role| required.contains(role)).collect();
    Version::of(&is_required)
}

fn roles_of(names: &[String]) -> Vec<AccountRole> {
    names.iter().filter_map(|role| AccountRole::from_name(role)).collect()
}

/// Returns the roles that must use two-factor authentication.
///
/// # Errors
/// The database cannot be read.
pub async fn required_roles(core: &Core, by: Permit<'_, ManageSecurity>) -> CoreResult<Vec<AccountRole>> {
    Ok(roles_of(
        &core.store.read(by.staff()).await?.factor_requirements().await?,
    ))
}

/// Sets the roles that must use two-factor authentication, beginning with their next sign-in. `shown` is the version on the form.
///
/// # Errors
/// `concurrent_modification`.
pub async fn set_required_roles(
    core: &Core,
    by: Permit<'_, ManageSecurity>,
    shown: &str,
    roles: &[AccountRole],
) -> CoreResult<()> {
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock("two_factor_requirement").await?;
    version(&roles_of(&tx.factor_requirements().await?)).ensure_shown(Some(shown), Record::Other)?;
    tx.set_factor_requirements(&names).await?;
    tx.audit(
        "security.two_factor_requirement_changed",
        "two_factor",
        json!({ "roles": names }),
    );
    finish(core, tx).await
}

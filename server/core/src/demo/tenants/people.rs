//! Staff accounts of the demo.

use domain::identity::roles::Role;
use domain::ids::StaffId;

use crate::db::purpose::Administration;
use crate::demo::accounts::{DemoStaff, DemoTenant};
use crate::demo::tenants::generate_password;
use crate::identity::NewStaff;
use crate::identity::actors::TenantId;
use crate::{Core, CoreResult};

/// A member of staff: role, name, local part of the email address, and skills.
pub(super) type Person = (Role, &'static str, &'static str, &'static [&'static str]);

/// Creates staff accounts with one password and returns their IDs in the same order.
pub(super) async fn create_staff(
    core: &Core,
    tenant: TenantId,
    people: &[Person],
    entry: &mut DemoTenant,
) -> CoreResult<Vec<StaffId>> {
    let password = generate_password(core);
    let hash = core.passwords.hash(&password.clone().into(), "").await?;
    let mut ids = Vec::new();
    let mut tx = core.store.begin_system::<Administration>().await?;
    for (role, display_name, local_part, skills) in people {
        let email = format!("{local_part}@{}.example", entry.slug);
        let skills: Vec<String> = skills.iter().map(|skill| (*skill).to_owned()).collect();
        let account = NewStaff {
            email: &email,
            display_name,
            role: *role,
            password_hash: &hash,
            locale: None,
            skills: &skills,
        };
        ids.push(tx.insert_staff(tenant, &account).await?);
        entry.staff.push(DemoStaff {
            role: role.name().to_owned(),
            email,
            password: password.clone(),
        });
    }
    tx.commit().await?;
    Ok(ids)
}

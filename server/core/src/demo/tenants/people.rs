//! Staff accounts, and the actors of the demo.

use domain::ids::{PortalUserId, StaffId};
use domain::roles::Role;
use serde_json::json;

use crate::demo::accounts::{DemoStaff, DemoTenant};
use crate::demo::tenants::generate_password;
use crate::identity::actors::{Contact, Staff, TenantId};
use crate::identity::sessions::SessionId;
use crate::identity::{NewStaff, Realm, authentication, sessions};
use crate::{Core, CoreError, CoreResult};

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
    let mut tx = core.store.begin_system().await?;
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

/// Creates a regular session, so that the actors of the demo are authenticated like any user.
async fn demo_session(core: &Core, realm: Realm, tenant: TenantId, account: uuid::Uuid) -> CoreResult<SessionId> {
    let id = SessionId(i128::from_be_bytes(core.randomness.bytes()));
    let data = json!({ sessions::ACCOUNT_KEY: [tenant.uuid().to_string(), account.to_string()] });
    sessions::create(core, realm, id, data, core.clock.now() + authentication::IDLE_TIMEOUT).await?;
    Ok(id)
}

pub(super) async fn sign_in_staff(core: &Core, tenant: TenantId, id: StaffId) -> CoreResult<Staff> {
    let session = demo_session(core, Realm::Staff, tenant, id.uuid()).await?;
    let staff = authentication::staff(core, session)
        .await?
        .ok_or_else(CoreError::not_found)?;
    sessions::delete(core, Realm::Staff, session).await?;
    Ok(staff)
}

pub(super) async fn sign_in_contact(core: &Core, tenant: TenantId, id: PortalUserId) -> CoreResult<Contact> {
    let session = demo_session(core, Realm::Portal, tenant, id.uuid()).await?;
    let contact = authentication::contact(core, session)
        .await?
        .ok_or_else(CoreError::not_found)?;
    sessions::delete(core, Realm::Portal, session).await?;
    Ok(contact)
}

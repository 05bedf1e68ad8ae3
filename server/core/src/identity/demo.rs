//! Actors of the demo data and of tests, authenticated through sessions like any user.

use domain::ids::{PortalUserId, StaffId};

use crate::identity::actors::{Contact, Staff, TenantId};
use crate::identity::admission::Admission;
use crate::identity::sessions::Realm;
use crate::identity::{authentication, sessions};
use crate::{Core, CoreError, CoreResult};

/// Returns a staff member of a new demo tenant.
pub(crate) async fn staff(core: &Core, tenant: TenantId, id: StaffId) -> CoreResult<Staff> {
    let admission = Admission::new(tenant.uuid(), id.uuid(), 0);
    let session = sessions::create_open(core, Realm::Staff, admission).await?;
    let staff = authentication::staff(core, session)
        .await?
        .ok_or_else(CoreError::not_found)?;
    sessions::delete(core, Realm::Staff, session).await?;
    Ok(staff)
}

/// Returns a portal user of a new demo tenant.
pub(crate) async fn contact(core: &Core, tenant: TenantId, id: PortalUserId) -> CoreResult<Contact> {
    let admission = Admission::new(tenant.uuid(), id.uuid(), 0);
    let session = sessions::create_open(core, Realm::Portal, admission).await?;
    let contact = authentication::contact(core, session)
        .await?
        .ok_or_else(CoreError::not_found)?;
    sessions::delete(core, Realm::Portal, session).await?;
    Ok(contact)
}

/// Signs in with a password and returns the ID of the session.
#[cfg(test)]
pub(crate) async fn sign_in(core: &Core, realm: Realm, email: &str, password: &str) -> sessions::SessionId {
    use crate::identity::admission::SignInOutcome;

    let password = password.to_owned().into();
    let mut signed_in =
        crate::identity::sign_in::sign_in(core, realm, email, password, domain::network::Network::UNKNOWN)
            .await
            .expect("sign-in succeeds");
    let SignInOutcome::Granted(admission) = signed_in.remove(0).outcome else {
        panic!("demo accounts have no two-factor authentication");
    };
    sessions::create_open(core, realm, admission)
        .await
        .expect("session is created")
}

/// Returns the row of an open session of a staff member.
#[cfg(test)]
pub(crate) fn session_row(core: &Core, staff: &Staff, id: sessions::SessionId) -> crate::identity::SessionRow {
    use crate::identity::actors::Actor as _;
    use crate::identity::session_data::{OpenSession, SessionData};

    let admission = Admission::new(staff.tenant().uuid(), staff.id().uuid(), 0);
    crate::identity::SessionRow {
        id_hash: id.hash(),
        data: SessionData::Open(OpenSession::new(admission, String::new())),
        web_state: "{}".to_owned(),
        expires_at: core.clock.now() + authentication::IDLE_TIMEOUT,
    }
}

//! The people of a sandbox: test keys act through them where in live operation dispatch, technicians and managers act.
//! They are no accounts that sign in: their password is random and is not stored anywhere.

use domain::identity::roles::Role;
use domain::ids::StaffId;
use domain::problems::{Cause, Problem};

use crate::db::purpose::Administration;
use crate::identity::actors::{ApiClient, Staff, TenantId};
use crate::identity::store::sandbox_crew::CrewMember;
use crate::scheduling::technicians;
use crate::scheduling::technicians::WorkingHoursInput;
use crate::secrets::hex;
use crate::{Core, CoreError, CoreResult};

/// Role, display name and local part of the address of each member.
const MEMBERS: [(Role, &str, &str); 4] = [
    (Role::Dispatcher, "Sandbox dispatcher", "dispatcher"),
    (Role::Manager, "Sandbox manager", "manager"),
    (Role::Technician, "Sandbox technician 1", "technician-1"),
    (Role::Technician, "Sandbox technician 2", "technician-2"),
];
/// The domain of their addresses, reserved by RFC 2606: no email reaches them.
pub(crate) const EMAIL_DOMAIN: &str = "@sandbox.invalid";
/// Start and end of the technicians' shifts, on every day of the week.
const SHIFT: (&str, &str) = ("06:00", "22:00");

/// The people of a sandbox.
pub(crate) struct SandboxCrew {
    pub dispatcher: Staff,
    pub manager: Staff,
    pub technician: Staff,
}

/// Returns the people of the client's sandbox. They are created on the first call.
///
/// # Errors
/// `feature_not_enabled` for a client that acts with a live credential.
pub(crate) async fn of_client(core: &Core, client: &ApiClient) -> CoreResult<SandboxCrew> {
    if !client.is_test() {
        return Err(CoreError::new(Cause::SandboxOnly));
    }
    let tenant = client.tenant;
    let mut found = core.store.read_system().await?.sandbox_crew(tenant).await?;
    if found.len() < MEMBERS.len() {
        found = create(core, tenant).await?;
    }
    let (name, zone) = core.store.read_system().await?.tenant_name_and_zone(tenant).await?;
    let member = |role: Role| {
        let member = found
            .iter()
            .find(|member| member.role == role)
            .ok_or_else(CoreError::not_found)?;
        Ok::<_, CoreError>(staff(client, member, &name, &zone))
    };
    let crew = SandboxCrew {
        dispatcher: member(Role::Dispatcher)?,
        manager: member(Role::Manager)?,
        technician: member(Role::Technician)?,
    };
    let technicians: Vec<StaffId> = found
        .iter()
        .filter(|member| member.role == Role::Technician)
        .map(|member| member.id)
        .collect();
    set_missing_hours(core, &crew.manager, &technicians, &zone).await?;
    Ok(crew)
}

async fn create(core: &Core, tenant: TenantId) -> CoreResult<Vec<CrewMember>> {
    let password = hex(&core.randomness.bytes::<32>());
    let hash = core.passwords.hash(&password.into(), "").await?;
    let mut tx = core.store.begin_system::<Administration>().await?;
    for (role, name, local_part) in MEMBERS {
        let email = format!("{local_part}{EMAIL_DOMAIN}");
        tx.insert_crew_member(tenant, role, name, &email, &hash).await?;
    }
    tx.commit().await?;
    Ok(core.store.read_system().await?.sandbox_crew(tenant).await?)
}

/// The accounts belong to the sandbox, so for them it is the live tenant and no session is in test mode.
fn staff(client: &ApiClient, member: &CrewMember, tenant_name: &str, zone: &str) -> Staff {
    Staff {
        tenant: client.tenant,
        id: member.id,
        session: Vec::new(),
        role: member.role,
        display_name: member.display_name.clone(),
        locale: None,
        has_shortcuts: false,
        tenant_name: tenant_name.to_owned(),
        zone: zone.to_owned(),
        is_test: false,
        live_tenant: client.tenant,
        must_set_up: false,
    }
}

async fn set_missing_hours(core: &Core, manager: &Staff, crew: &[StaffId], zone: &str) -> CoreResult<()> {
    let known = technicians::list(core, manager.may()?).await?;
    for id in crew {
        let has_hours = known
            .iter()
            .any(|page| page.technician.id.0 == *id && page.technician.revision > 0);
        if has_hours {
            continue;
        }
        let shift = || (SHIFT.0.to_owned(), SHIFT.1.to_owned());
        let input = WorkingHoursInput {
            zone: zone.to_owned(),
            days: std::array::from_fn(|_| shift()),
            ..WorkingHoursInput::default()
        };
        match technicians::set_working_hours(core, manager.may()?, *id, &input).await {
            // Another call has set them at the same time.
            Err(error) if error.problem == Problem::ConcurrentModification => {}
            outcome => outcome?,
        }
    }
    Ok(())
}

//! Portal users with their grants.

use domain::ids::{ContactId, CustomerId, LocationId, PortalUserId};
use domain::locale::Locale;

use crate::db::purpose::Administration;
use crate::demo::accounts::{DemoPortalUser, DemoTenant};
use crate::demo::tenants::generate_password;
use crate::identity::NewGrant;
use crate::identity::actors::TenantId;
use crate::{Core, CoreResult};

/// A portal user to create, with a grant for one location or for the whole customer.
pub(super) struct NewPortalUser<'a> {
    pub contact: ContactId,
    pub email: &'a str,
    pub locale: Option<Locale>,
    pub customer: CustomerId,
    pub customer_number: &'a str,
    /// The location and its external ID.
    pub location: Option<(LocationId, &'a str)>,
    pub reason: &'a str,
}

/// Creates portal users with one password and returns their IDs in the same order.
pub(super) async fn create_portal_users(
    core: &Core,
    tenant: TenantId,
    users: &[NewPortalUser<'_>],
    entry: &mut DemoTenant,
) -> CoreResult<Vec<PortalUserId>> {
    let password = generate_password(core);
    let hash = core.passwords.hash(&password.clone().into(), "").await?;
    let now = core.clock.now();
    let mut ids = Vec::new();
    let mut tx = core.store.begin_system::<Administration>().await?;
    for user in users {
        let account = tx
            .insert_portal_account(tenant, user.contact, user.email, &hash, user.locale)
            .await?;
        let is_whole_customer = user.location.is_none();
        let grant = NewGrant {
            account,
            customer: user.customer,
            location: user.location.map(|(id, _)| id),
            may_download: true,
            sees_all_requests: is_whole_customer,
            may_manage: is_whole_customer,
            valid_from: now,
            valid_until: None,
            granted_by: "operator",
            reason: user.reason,
        };
        tx.insert_grant(tenant, &grant).await?;
        entry.portal.push(DemoPortalUser {
            email: user.email.to_owned(),
            password: password.clone(),
            customer_number: user.customer_number.to_owned(),
            grants: vec![user.location.map_or("*", |(_, external_id)| external_id).to_owned()],
        });
        ids.push(account);
    }
    tx.commit().await?;
    Ok(ids)
}

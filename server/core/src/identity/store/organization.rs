//! Statements for the settings of an organization.

use crate::db::{StoreError, TenantTx};
use crate::identity::actors::Staff;
use crate::identity::model::OrganizationSettings;

const SELECT_SETTINGS: &str = "SELECT name, zone, locale, shows_technician FROM tenant WHERE id = $1";
/// The sandbox has the settings of its organization.
const UPDATE_SETTINGS: &str = r"
    UPDATE tenant
    SET name = $2, zone = $3, locale = $4, shows_technician = $5
    WHERE id = $1
       OR live_tenant_id = $1
";

impl TenantTx<'_, Staff> {
    pub(crate) async fn organization_settings(&mut self) -> Result<OrganizationSettings, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_one(SELECT_SETTINGS, (tenant,)).await
    }

    pub(crate) async fn set_organization(&mut self, settings: &OrganizationSettings) -> Result<(), StoreError> {
        let tenant = self.tenant();
        let row = (
            tenant,
            settings.name.as_str(),
            settings.zone.as_str(),
            settings.locale.as_str(),
            settings.shows_technician,
        );
        self.tx.execute(UPDATE_SETTINGS, row).await.map(drop)
    }
}

//! The smaller tenant. It uses external IDs and a customer number of the larger tenant for different records.

use domain::identity::roles::Role;
use domain::scopes::Scope;

use crate::commit::finish;
use crate::demo::accounts::DemoAccounts;
use crate::demo::clients::create_client;
use crate::demo::inbox;
use crate::demo::places::COMPANIES;
use crate::demo::tenants::people::{Person, create_staff};
use crate::demo::tenants::portal_users::{NewPortalUser, create_portal_users};
use crate::demo::tenants::records::{
    KnownCustomer, create_contact, create_customer, create_location, create_references,
};
use crate::demo::tenants::{create_tenant, empty_entry};
use crate::identity::actors::TenantId;
use crate::identity::authentication;
use crate::{Core, CoreResult};

const STAFF: &[Person] = &[
    (Role::Admin, "Uwe Süd", "admin", &[]),
    (Role::Manager, "Kira Wind", "manager", &[]),
    (Role::Dispatcher, "Olaf Böe", "dispatcher", &[]),
    (Role::Technician, "Nils Flaute", "technician", &[]),
    (Role::Auditor, "Vera Fön", "auditor", &[]),
];
const CUSTOMER_NUMBER: &str = "RRM-001";
const CONTACT_EMAIL: &str = "albert.sommer@sued-handel.example";

pub(crate) async fn suedwind(core: &Core, accounts: &mut DemoAccounts) -> CoreResult<()> {
    let mut entry = empty_entry("suedwind", "Südwind Service");
    let tenant = create_tenant(core, &entry).await?;
    create_staff(core, tenant, STAFF, &mut entry).await?;
    inbox::create_forms(core, tenant, &mut entry).await?;
    let key = create_client(core, tenant, "erp", "erp", true, Scope::ALL, &mut entry).await?;
    let erp = authentication::client(core, &key).await?;
    let known = create_customers(core, tenant).await?;
    let user = NewPortalUser {
        contact: known.contacts[0].1,
        email: CONTACT_EMAIL,
        locale: None,
        customer: known.id,
        customer_number: CUSTOMER_NUMBER,
        location: None,
        reason: "Main contact",
    };
    create_references(core, &erp, &[known]).await?;
    create_portal_users(core, tenant, &[user], &mut entry).await?;
    accounts.tenants.push(entry);
    Ok(())
}

/// Creates the customers and returns the one with references.
async fn create_customers(core: &Core, tenant: TenantId) -> CoreResult<KnownCustomer> {
    let owner = authentication::system(tenant, "demo");
    let mut tx = core.store.begin(&owner).await?;
    let id = create_customer(&mut tx, CUSTOMER_NUMBER, "Süd-Handel Obst und Gemüse").await?;
    let notes = "Before 6 in the morning only.";
    let location = create_location(&mut tx, id, "Großmarkt Halle 4", 24, 4, notes).await?;
    let contact = create_contact(&mut tx, id, Some(location), "Albert Sommer", CONTACT_EMAIL).await?;
    for index in 0..8 {
        let customer = create_customer(&mut tx, &format!("SW-{}", 100 + index), COMPANIES[index * 5]).await?;
        let notes = "Ring at the front.";
        create_location(&mut tx, customer, "Hauptsitz", index * 4, 10 + index, notes).await?;
    }
    finish(core, tx).await?;
    Ok(KnownCustomer {
        reference: "CUST-10042".to_owned(),
        id,
        locations: vec![("LOC-ESSEN-01".to_owned(), location)],
        contacts: vec![("CONT-44".to_owned(), contact)],
    })
}

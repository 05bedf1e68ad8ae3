//! The two tenants with their people, customers, clients and grants.

mod nordlicht;
mod people;
mod portal_users;
mod records;
mod suedwind;

use domain::feature_gates::FeatureGate;
use domain::ids::LocationId;
use domain::locale::Locale;

pub(crate) use self::nordlicht::nordlicht;
pub(crate) use self::suedwind::suedwind;

use crate::db::purpose::Administration;
use crate::demo::accounts::DemoTenant;
use crate::identity::NewTenant;
use crate::identity::actors::{ApiClient, Contact, Staff, TenantId};
use crate::{Core, CoreResult};

const ZONE: &str = "Europe/Berlin";

/// A location with the references that clients use for it.
#[derive(Debug, Clone)]
pub(crate) struct DemoSite {
    pub customer_reference: Option<String>,
    pub customer_number: String,
    pub location_reference: Option<String>,
    pub contact_reference: Option<String>,
}

/// A created tenant with its actors.
pub(crate) struct DemoWorld {
    pub admin: Staff,
    pub dispatcher: Staff,
    pub manager: Staff,
    pub technicians: Vec<Staff>,
    pub anna: Contact,
    pub petra: Contact,
    pub erp: ApiClient,
    pub erp_strict: ApiClient,
    pub partner: ApiClient,
    pub import_only: ApiClient,
    pub sites: Vec<DemoSite>,
    /// The location of the demo terminal.
    pub essen: LocationId,
}

fn empty_entry(slug: &str, name: &str) -> DemoTenant {
    DemoTenant {
        slug: slug.to_owned(),
        name: name.to_owned(),
        staff: Vec::new(),
        portal: Vec::new(),
        clients: Vec::new(),
        partners: Vec::new(),
        terminals: Vec::new(),
        forms: Vec::new(),
    }
}

/// Generates a password of four groups of four letters and digits. It is easy to type and has about 80 bits of entropy.
pub(crate) fn generate_password(core: &Core) -> String {
    const CHARACTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut password = String::new();
    for group in 0..4 {
        if group > 0 {
            password.push('-');
        }
        for _ in 0..4 {
            password.push(char::from(CHARACTERS[core.randomness.index_below(CHARACTERS.len())]));
        }
    }
    password
}

async fn create_tenant(core: &Core, entry: &DemoTenant) -> CoreResult<TenantId> {
    let mut tx = core.store.begin_system::<Administration>().await?;
    let tenant = tx
        .insert_tenant(&NewTenant {
            slug: &entry.slug,
            name: &entry.name,
            zone: ZONE,
            locale: Locale::De,
            is_demo: true,
        })
        .await?;
    for gate in FeatureGate::ALL {
        tx.set_gate(tenant, *gate, true).await?;
    }
    tx.audit(tenant, "operator", "tenant.created", &entry.slug).await?;
    tx.commit().await?;
    Ok(tenant)
}

//! The larger tenant.

use domain::identity::roles::Role;
use domain::ids::{ContactId, CustomerId, LocationId};
use domain::locale::Locale;
use domain::scopes::Scope;
use domain::text::CustomerNumber;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::demo::accounts::{DemoAccounts, DemoTenant};
use crate::demo::clients::create_client;
use crate::demo::places::{COMPANIES, FIRST_NAMES, LAST_NAMES, PLACES};
use crate::demo::tenants::people::{Person, create_staff};
use crate::demo::tenants::portal_users::{NewPortalUser, create_portal_users};
use crate::demo::tenants::records::{
    KnownCustomer, create_contact, create_customer, create_location, create_references,
};
use crate::demo::tenants::{DemoSite, DemoWorld, create_tenant, empty_entry};
use crate::demo::{DemoSize, inbox, rules};
use crate::identity;
use crate::identity::actors::{ApiClient, System, TenantId};
use crate::identity::authentication;
use crate::randomness::Randomness;
use crate::{Core, CoreResult};

const OFFICE: &[Person] = &[
    (Role::Admin, "Ines Admin", "admin", &[]),
    (Role::Manager, "Mara Lindner", "manager", &[]),
    (Role::Dispatcher, "Dennis Pohl", "dispatcher", &[]),
    (Role::Auditor, "Rita Prüfer", "auditor", &[]),
];
const TECHNICIANS: &[Person] = &[
    (Role::Technician, "Tom Becker", "technician", &["heating"]),
    (Role::Technician, "Aylin Kaya", "technician2", &["electrical"]),
    (Role::Technician, "Jan Nowak", "technician3", &["heating", "cooling"]),
    (Role::Technician, "Sven Brandt", "technician4", &["doors"]),
    (
        Role::Technician,
        "Leyla Haddad",
        "technician5",
        &["electrical", "alarm"],
    ),
    (Role::Technician, "Pawel Kowalski", "technician6", &["cooling"]),
    (Role::Technician, "Nadia Vogel", "technician7", &["lifts"]),
    (
        Role::Technician,
        "Georg Seidel",
        "technician8",
        &["heating", "electrical"],
    ),
];
const MAIN_REFERENCE: &str = "CUST-10042";
const MAIN_NUMBER: &str = "RRM-001";
const ANNA_EMAIL: &str = "anna.weber@rhein-ruhr-medical.example";
const PETRA_EMAIL: &str = "petra.schulte@rhein-ruhr-medical.example";

/// The actors that call the API.
struct Clients {
    erp: ApiClient,
    erp_strict: ApiClient,
    partner: ApiClient,
    import_only: ApiClient,
}

/// The customer whose contacts have portal access.
struct MainCustomer {
    id: CustomerId,
    essen: LocationId,
    anna: ContactId,
    petra: ContactId,
}

/// One of the other customers.
struct Company {
    id: CustomerId,
    number: String,
    /// The external ID in the ERP system, if it has one.
    reference: Option<String>,
    locations: Vec<(String, LocationId)>,
    contacts: Vec<(String, ContactId)>,
    first_email: String,
}

/// Customers with what the simulation and the portal need of them.
struct Customers {
    main: MainCustomer,
    companies: Vec<Company>,
    sites: Vec<DemoSite>,
    known: Vec<KnownCustomer>,
}

pub(crate) async fn nordlicht(
    core: &Core,
    size: DemoSize,
    randomness: &Randomness,
    accounts: &mut DemoAccounts,
) -> CoreResult<DemoWorld> {
    let mut entry = empty_entry("nordlicht", "Nordlicht Technik");
    let tenant = create_tenant(core, &entry).await?;
    let staff = create_staff(core, tenant, &[OFFICE, TECHNICIANS].concat(), &mut entry).await?;
    inbox::create_forms(core, tenant, &mut entry).await?;
    rules::create_rules(core, tenant).await?;
    let clients = create_clients(core, tenant, &mut entry).await?;
    let customers = create_customers(core, tenant, size, randomness).await?;
    // Other source systems than the ERP have a reference only for the main customer.
    create_references(core, &clients.erp, &customers.known).await?;
    for client in [&clients.erp_strict, &clients.partner] {
        create_references(core, client, &customers.known[..1]).await?;
    }
    let portal_users = create_users(core, tenant, &customers, &mut entry).await?;
    accounts.tenants.push(entry);

    let mut technicians = Vec::new();
    for id in &staff[OFFICE.len()..] {
        technicians.push(identity::demo::staff(core, tenant, *id).await?);
    }
    Ok(DemoWorld {
        essen: customers.main.essen,
        admin: identity::demo::staff(core, tenant, staff[0]).await?,
        dispatcher: identity::demo::staff(core, tenant, staff[2]).await?,
        manager: identity::demo::staff(core, tenant, staff[1]).await?,
        technicians,
        anna: identity::demo::contact(core, tenant, portal_users[0]).await?,
        petra: identity::demo::contact(core, tenant, portal_users[1]).await?,
        erp: clients.erp,
        erp_strict: clients.erp_strict,
        partner: clients.partner,
        import_only: clients.import_only,
        sites: customers.sites,
    })
}

async fn create_clients(core: &Core, tenant: TenantId, entry: &mut DemoTenant) -> CoreResult<Clients> {
    let erp = create_client(core, tenant, "erp", "erp", true, Scope::ALL, entry).await?;
    let erp_strict = create_client(core, tenant, "erp-strict", "erp-strict", false, Scope::ALL, entry).await?;
    let scopes = [Scope::TargetsWrite];
    let import_only = create_client(core, tenant, "import-only", "partner-a", false, &scopes, entry).await?;
    let scopes = [Scope::TargetsWrite, Scope::CustomersMap, Scope::CustomersRead];
    let partner = create_client(core, tenant, "partner", "partner-b", false, &scopes, entry).await?;
    Ok(Clients {
        erp: authentication::client(core, &erp).await?,
        erp_strict: authentication::client(core, &erp_strict).await?,
        partner: authentication::client(core, &partner).await?,
        import_only: authentication::client(core, &import_only).await?,
    })
}

async fn create_customers(
    core: &Core,
    tenant: TenantId,
    size: DemoSize,
    randomness: &Randomness,
) -> CoreResult<Customers> {
    let owner = authentication::system(tenant, "demo");
    let mut tx = core.store.begin(&owner).await?;
    let (main, known) = create_main_customer(&mut tx).await?;
    let mut customers = Customers {
        main,
        companies: Vec::new(),
        sites: Vec::new(),
        known: vec![known],
    };
    for (location, _) in &customers.known[0].locations {
        customers.sites.push(DemoSite {
            customer_reference: Some(MAIN_REFERENCE.to_owned()),
            customer_number: MAIN_NUMBER.to_owned(),
            location_reference: Some(location.clone()),
            contact_reference: Some("CONT-44".to_owned()).filter(|_| location == "LOC-ESSEN-01"),
        });
    }
    let count = if size == DemoSize::Full { COMPANIES.len() } else { 6 };
    for (index, name) in COMPANIES.iter().take(count).enumerate() {
        let company = create_company(&mut tx, randomness, index, name).await?;
        customers.add(company);
    }
    create_special_customers(&mut tx).await?;
    finish(core, tx).await?;
    Ok(customers)
}

impl Customers {
    fn add(&mut self, company: Company) {
        let reference = company.reference.as_ref();
        for (location, _) in &company.locations {
            self.sites.push(DemoSite {
                customer_reference: reference.cloned(),
                customer_number: company.number.clone(),
                location_reference: reference.map(|_| location.clone()),
                contact_reference: reference.map(|_| company.contacts[0].0.clone()),
            });
        }
        if let Some(reference) = reference {
            self.known.push(KnownCustomer {
                reference: reference.clone(),
                id: company.id,
                locations: company.locations.clone(),
                contacts: company.contacts.clone(),
            });
        }
        self.companies.push(company);
    }
}

async fn create_main_customer(tx: &mut TenantTx<'_, System>) -> CoreResult<(MainCustomer, KnownCustomer)> {
    let id = create_customer(tx, MAIN_NUMBER, "Rhein-Ruhr Medical Supply").await?;
    let notes = "Porta 2, then the blue door. Code at the porter.";
    let essen = create_location(tx, id, "Essen Center", 0, 7, notes).await?;
    let depot = create_location(tx, id, "Essen Depot", 3, 41, "Deliveries through the yard.").await?;
    let notes = "Ring the bell of the warehouse office.";
    let duisburg = create_location(tx, id, "Duisburg Hafen", 14, 12, notes).await?;
    let anna = create_contact(tx, id, Some(essen), "Anna Weber", ANNA_EMAIL).await?;
    let petra = create_contact(tx, id, None, "Petra Schulte", PETRA_EMAIL).await?;
    let known = KnownCustomer {
        reference: MAIN_REFERENCE.to_owned(),
        id,
        locations: vec![
            ("LOC-ESSEN-01".to_owned(), essen),
            ("LOC-ESSEN-02".to_owned(), depot),
            ("LOC-DUISBURG-01".to_owned(), duisburg),
        ],
        contacts: vec![("CONT-44".to_owned(), anna), ("CONT-45".to_owned(), petra)],
    };
    let main = MainCustomer { id, essen, anna, petra };
    Ok((main, known))
}

/// Creates a customer with two to four locations and at least five contacts.
async fn create_company(
    tx: &mut TenantTx<'_, System>,
    randomness: &Randomness,
    index: usize,
    name: &str,
) -> CoreResult<Company> {
    let number = format!("NL-{:04}", 1001 + index * 7);
    let domain = format!("{}.example", number.to_lowercase());
    let mut company = Company {
        id: create_customer(tx, &number, name).await?,
        // Every third customer has no reference of the ERP system.
        reference: (index % 3 != 2).then(|| format!("CUST-{}", 20_001 + index)),
        first_email: format!("kontakt{index}.1@{domain}"),
        number,
        locations: Vec::new(),
        contacts: Vec::new(),
    };
    for location_index in 0..(2 + index % 3) {
        let place_index = randomness.index_below(PLACES.len());
        let location_name = if location_index == 0 {
            format!("{name} {}", PLACES[place_index].2)
        } else {
            let kind = ["Filiale", "Lager", "Werkstatt"][location_index % 3];
            format!("{kind} {}", PLACES[place_index].0)
        };
        let house_number = 1 + randomness.index_below(180);
        let notes = "Please sign in at the reception.";
        let location = create_location(tx, company.id, &location_name, place_index, house_number, notes).await?;
        let reference = format!("LOC-{}-{}", 20_001 + index, location_index + 1);
        company.locations.push((reference, location));
        for _ in 0..(1 + (index + location_index) % 2) {
            add_contact(tx, randomness, index, &mut company, Some(location)).await?;
        }
    }
    while company.contacts.len() < 5 {
        add_contact(tx, randomness, index, &mut company, None).await?;
    }
    Ok(company)
}

async fn add_contact(
    tx: &mut TenantTx<'_, System>,
    randomness: &Randomness,
    index: usize,
    company: &mut Company,
    location: Option<LocationId>,
) -> CoreResult<()> {
    let name = format!(
        "{} {}",
        FIRST_NAMES[randomness.index_below(FIRST_NAMES.len())],
        LAST_NAMES[randomness.index_below(LAST_NAMES.len())]
    );
    let position = company.contacts.len() + 1;
    let email = format!("kontakt{index}.{position}@{}.example", company.number.to_lowercase());
    let contact = create_contact(tx, company.id, location, &name, &email).await?;
    let reference = format!("CONT-{}-{position}", 20_001 + index);
    company.contacts.push((reference, contact));
    Ok(())
}

/// Creates special cases for imports: two customers with the same number in different spellings, and an archived customer.
async fn create_special_customers(tx: &mut TenantTx<'_, System>) -> CoreResult<()> {
    create_customer(tx, "DUP-7", "Kühltechnik Nord").await?;
    create_customer(tx, "dup-7", "Kühltechnik Nord GmbH").await?;
    let archived: CustomerId = tx.new_id();
    tx.insert_customer(
        archived,
        CustomerNumber::parse("OLD-1").ok().flatten().as_ref(),
        "Zeche Altgold (closed)",
        true,
    )
    .await?;
    Ok(())
}

/// Creates the portal users: Anna for one location, Petra for the whole customer, and one of another customer.
async fn create_users(
    core: &Core,
    tenant: TenantId,
    customers: &Customers,
    entry: &mut DemoTenant,
) -> CoreResult<Vec<domain::ids::PortalUserId>> {
    let main = &customers.main;
    let reason = "Named by the customer as contact for its sites";
    let anna = NewPortalUser {
        contact: main.anna,
        email: ANNA_EMAIL,
        locale: Some(Locale::De),
        customer: main.id,
        customer_number: MAIN_NUMBER,
        location: Some((main.essen, "LOC-ESSEN-01")),
        reason,
    };
    let petra = NewPortalUser {
        contact: main.petra,
        email: PETRA_EMAIL,
        locale: None,
        location: None,
        ..anna
    };
    let other = &customers.companies[0];
    let other = NewPortalUser {
        contact: other.contacts[0].1,
        email: &other.first_email,
        locale: None,
        customer: other.id,
        customer_number: &other.number,
        location: None,
        reason,
    };
    create_portal_users(core, tenant, &[anna, petra, other], entry).await
}

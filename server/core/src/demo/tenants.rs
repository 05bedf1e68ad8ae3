//! The two tenants with their people, customers, clients and grants.

use domain::customers::{Address, Coordinates};
use domain::feature_gates::FeatureGate;
use domain::ids::{ContactId, CustomerId, LocationId};
use domain::locale::Locale;
use domain::roles::Role;
use domain::scopes::Scope;
use domain::text::{CustomerNumber, ExternalId};

use crate::commit::finish;
use crate::customers::{NewContact, NewLocation};
use crate::db::TenantTx;
use crate::demo::DemoSize;
use crate::demo::accounts::{DemoAccounts, DemoPortalUser, DemoStaff, DemoTenant};
use crate::demo::clients::create_client;
use crate::demo::places::{COMPANIES, FIRST_NAMES, LAST_NAMES, PLACES, STREETS};
use crate::identity;
use crate::identity::actors::{ApiClient, Contact, Staff, System, TenantId};
use crate::identity::authentication;
use crate::identity::{NewGrant, NewStaff, NewTenant};
use crate::imports::{ReferenceKind, ReferenceRow};
use crate::randomness::Randomness;
use crate::{Core, CoreError, CoreResult};

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

/// A customer with its external reference and those of its locations and contacts.
type KnownCustomer = (String, CustomerId, Vec<(String, LocationId)>, Vec<(String, ContactId)>);

pub(crate) async fn nordlicht(
    core: &Core,
    size: DemoSize,
    randomness: &Randomness,
    accounts: &mut DemoAccounts,
) -> CoreResult<DemoWorld> {
    let mut entry = empty_entry("nordlicht", "Nordlicht Technik");
    let tenant = create_tenant(core, &entry).await?;
    let password = generate_password(core);
    let hash = core.passwords.hash(&password.clone().into(), "").await?;
    let people = [
        (Role::Admin, "Ines Admin", "admin"),
        (Role::Manager, "Mara Lindner", "manager"),
        (Role::Dispatcher, "Dennis Pohl", "dispatcher"),
        (Role::Auditor, "Rita Prüfer", "auditor"),
    ];
    let technicians = [
        "Tom Becker",
        "Aylin Kaya",
        "Jan Nowak",
        "Sven Brandt",
        "Leyla Haddad",
        "Pawel Kowalski",
        "Nadia Vogel",
        "Georg Seidel",
    ];
    let mut staff_ids = Vec::new();
    let mut tx = core.store.begin_system().await?;
    for (role, name, local_part) in people {
        staff_ids.push(
            tx.insert_staff(
                tenant,
                &staff_account(&format!("{local_part}@nordlicht.example"), name, role, &hash, &[]),
            )
            .await?,
        );
        entry.staff.push(staff_entry(role, local_part, "nordlicht", &password));
    }
    let skills = [
        vec!["heating"],
        vec!["electrical"],
        vec!["heating", "cooling"],
        vec!["doors"],
        vec!["electrical", "alarm"],
        vec!["cooling"],
        vec!["lifts"],
        vec!["heating", "electrical"],
    ];
    for (index, name) in technicians.iter().enumerate() {
        let local_part = if index == 0 {
            "technician".to_owned()
        } else {
            format!("technician{}", index + 1)
        };
        let skills: Vec<String> = skills[index].iter().map(|skill| (*skill).to_owned()).collect();
        staff_ids.push(
            tx.insert_staff(
                tenant,
                &staff_account(
                    &format!("{local_part}@nordlicht.example"),
                    name,
                    Role::Technician,
                    &hash,
                    &skills,
                ),
            )
            .await?,
        );
        entry
            .staff
            .push(staff_entry(Role::Technician, &local_part, "nordlicht", &password));
    }
    tx.commit().await?;

    let all: Vec<Scope> = Scope::ALL.to_vec();
    crate::demo::inbox::create_forms(core, tenant, &mut entry).await?;
    crate::demo::rules::create_rules(core, tenant).await?;
    let erp_key = create_client(core, tenant, "erp", "erp", true, &all, &mut entry).await?;
    let strict_key = create_client(core, tenant, "erp-strict", "erp-strict", false, &all, &mut entry).await?;
    let import_key = create_client(
        core,
        tenant,
        "import-only",
        "partner-a",
        false,
        &[Scope::TargetsWrite],
        &mut entry,
    )
    .await?;
    let partner_key = create_client(
        core,
        tenant,
        "partner",
        "partner-b",
        false,
        &[Scope::TargetsWrite, Scope::CustomersMap, Scope::CustomersRead],
        &mut entry,
    )
    .await?;
    let (erp, erp_strict) = (
        authentication::client(core, &erp_key).await?,
        authentication::client(core, &strict_key).await?,
    );
    let (import_only, partner) = (
        authentication::client(core, &import_key).await?,
        authentication::client(core, &partner_key).await?,
    );

    let owner = authentication::system(tenant, "demo");
    let mut tx = core.store.begin(&owner).await?;
    let rhein_ruhr = create_customer(&mut tx, "RRM-001", "Rhein-Ruhr Medical Supply").await?;
    let essen = create_location(
        &mut tx,
        rhein_ruhr,
        "Essen Center",
        0,
        7,
        "Porta 2, then the blue door. Code at the porter.",
    )
    .await?;
    let second = create_location(
        &mut tx,
        rhein_ruhr,
        "Essen Depot",
        3,
        41,
        "Deliveries through the yard.",
    )
    .await?;
    let duisburg = create_location(
        &mut tx,
        rhein_ruhr,
        "Duisburg Hafen",
        14,
        12,
        "Ring the bell of the warehouse office.",
    )
    .await?;
    let anna = create_contact(
        &mut tx,
        rhein_ruhr,
        Some(essen),
        "Anna Weber",
        "anna.weber@rhein-ruhr-medical.example",
    )
    .await?;
    let petra = create_contact(
        &mut tx,
        rhein_ruhr,
        None,
        "Petra Schulte",
        "petra.schulte@rhein-ruhr-medical.example",
    )
    .await?;
    let mut sites = Vec::new();
    let mut references: Vec<KnownCustomer> = vec![(
        "CUST-10042".to_owned(),
        rhein_ruhr,
        vec![
            ("LOC-ESSEN-01".to_owned(), essen),
            ("LOC-ESSEN-02".to_owned(), second),
            ("LOC-DUISBURG-01".to_owned(), duisburg),
        ],
        vec![("CONT-44".to_owned(), anna), ("CONT-45".to_owned(), petra)],
    )];
    for location in ["LOC-ESSEN-01", "LOC-ESSEN-02", "LOC-DUISBURG-01"] {
        sites.push(DemoSite {
            customer_reference: Some("CUST-10042".to_owned()),
            customer_number: "RRM-001".to_owned(),
            location_reference: Some(location.to_owned()),
            contact_reference: Some("CONT-44".to_owned()).filter(|_| location == "LOC-ESSEN-01"),
        });
    }
    let mut other_contact = None;
    let customers = if size == DemoSize::Full { COMPANIES.len() } else { 6 };
    for (index, company) in COMPANIES.iter().take(customers).enumerate() {
        let customer_number = format!("NL-{:04}", 1001 + index * 7);
        let customer = create_customer(&mut tx, &customer_number, company).await?;
        // Every third customer has no reference of the ERP system.
        let reference = (index % 3 != 2).then(|| format!("CUST-{}", 20_001 + index));
        let mut locations = Vec::new();
        let mut contacts = Vec::new();
        for location_index in 0..(2 + index % 3) {
            let place_index = randomness.index_below(PLACES.len());
            let name = if location_index == 0 {
                format!("{company} {}", PLACES[place_index].2)
            } else {
                format!(
                    "{} {}",
                    ["Filiale", "Lager", "Werkstatt"][location_index % 3],
                    PLACES[place_index].0
                )
            };
            let location = create_location(
                &mut tx,
                customer,
                &name,
                place_index,
                1 + randomness.index_below(180),
                "Please sign in at the reception.",
            )
            .await?;
            locations.push((format!("LOC-{}-{}", 20_001 + index, location_index + 1), location));
            for _ in 0..(1 + (index + location_index) % 2) {
                let name = format!(
                    "{} {}",
                    FIRST_NAMES[randomness.index_below(FIRST_NAMES.len())],
                    LAST_NAMES[randomness.index_below(LAST_NAMES.len())]
                );
                let email = format!(
                    "kontakt{}.{}@{}.example",
                    index,
                    contacts.len() + 1,
                    customer_number.to_lowercase()
                );
                let contact = create_contact(&mut tx, customer, Some(location), &name, &email).await?;
                contacts.push((format!("CONT-{}-{}", 20_001 + index, contacts.len() + 1), contact));
            }
        }
        while contacts.len() < 5 {
            let name = format!(
                "{} {}",
                FIRST_NAMES[randomness.index_below(FIRST_NAMES.len())],
                LAST_NAMES[randomness.index_below(LAST_NAMES.len())]
            );
            let email = format!(
                "kontakt{}.{}@{}.example",
                index,
                contacts.len() + 1,
                customer_number.to_lowercase()
            );
            contacts.push((
                format!("CONT-{}-{}", 20_001 + index, contacts.len() + 1),
                create_contact(&mut tx, customer, None, &name, &email).await?,
            ));
        }
        for (location, _) in &locations {
            sites.push(DemoSite {
                customer_reference: reference.clone(),
                customer_number: customer_number.clone(),
                location_reference: reference.as_ref().map(|_| location.clone()),
                contact_reference: reference.as_ref().map(|_| contacts[0].0.clone()),
            });
        }
        if other_contact.is_none() {
            other_contact = contacts.first().map(|(_, contact)| {
                (
                    customer,
                    *contact,
                    customer_number.clone(),
                    format!("kontakt{index}.1@{}.example", customer_number.to_lowercase()),
                )
            });
        }
        if let Some(reference) = reference {
            references.push((reference, customer, locations, contacts));
        }
    }
    // Special cases for imports: two customers with the same number in different spellings, and an archived customer.
    create_customer(&mut tx, "DUP-7", "Kühltechnik Nord").await?;
    create_customer(&mut tx, "dup-7", "Kühltechnik Nord GmbH").await?;
    let archived: CustomerId = tx.new_id();
    tx.insert_customer(
        archived,
        CustomerNumber::parse("OLD-1").ok().flatten().as_ref(),
        "Zeche Altgold (closed)",
        true,
    )
    .await?;
    finish(core, tx).await?;

    for client in [&erp, &erp_strict, &partner] {
        let mut tx = core.store.begin(client).await?;
        // Other source systems than the ERP have a reference only for the main customer.
        let known_count = if client.source_key() == "erp" {
            references.len()
        } else {
            1
        };
        let mut rows = Vec::new();
        for (reference, customer, locations, contacts) in references.iter().take(known_count) {
            rows.push(reference_row(ReferenceKind::Customer, reference, customer.uuid())?);
            for (reference, location) in locations {
                rows.push(reference_row(ReferenceKind::Location, reference, location.uuid())?);
            }
            for (reference, contact) in contacts {
                rows.push(reference_row(ReferenceKind::Contact, reference, contact.uuid())?);
            }
        }
        tx.insert_references(&mut rows).await?;
        finish(core, tx).await?;
    }

    let portal_password = generate_password(core);
    let portal_hash = core.passwords.hash(&portal_password.clone().into(), "").await?;
    let mut tx = core.store.begin_system().await?;
    let now = core.clock.now();
    let anna_account = tx
        .insert_portal_account(
            tenant,
            anna,
            "anna.weber@rhein-ruhr-medical.example",
            &portal_hash,
            Some(Locale::De),
        )
        .await?;
    let petra_account = tx
        .insert_portal_account(
            tenant,
            petra,
            "petra.schulte@rhein-ruhr-medical.example",
            &portal_hash,
            None,
        )
        .await?;
    let grant = |account, customer, location| NewGrant {
        account,
        customer,
        location,
        may_download: true,
        sees_all_requests: location.is_none(),
        may_manage: location.is_none(),
        valid_from: now,
        valid_until: None,
        granted_by: "operator",
        reason: "Named by the customer as contact for its sites",
    };
    tx.insert_grant(tenant, &grant(anna_account, rhein_ruhr, Some(essen)))
        .await?;
    tx.insert_grant(tenant, &grant(petra_account, rhein_ruhr, None)).await?;
    let mut add_portal_entry = |email: &str, customer_number: &str, grants: &[&str]| {
        entry.portal.push(DemoPortalUser {
            email: email.to_owned(),
            password: portal_password.clone(),
            customer_number: customer_number.to_owned(),
            grants: grants.iter().map(|grant| (*grant).to_owned()).collect(),
        });
    };
    add_portal_entry("anna.weber@rhein-ruhr-medical.example", "RRM-001", &["LOC-ESSEN-01"]);
    add_portal_entry("petra.schulte@rhein-ruhr-medical.example", "RRM-001", &["*"]);
    if let Some((customer, contact, customer_number, email)) = other_contact {
        let account = tx
            .insert_portal_account(tenant, contact, &email, &portal_hash, None)
            .await?;
        tx.insert_grant(tenant, &grant(account, customer, None)).await?;
        add_portal_entry(&email, &customer_number, &["*"]);
    }
    tx.commit().await?;
    accounts.tenants.push(entry);

    let dispatcher = identity::demo::staff(core, tenant, staff_ids[2]).await?;
    let manager = identity::demo::staff(core, tenant, staff_ids[1]).await?;
    let mut technicians = Vec::new();
    for id in &staff_ids[4..] {
        technicians.push(identity::demo::staff(core, tenant, *id).await?);
    }
    let anna = identity::demo::contact(core, tenant, anna_account).await?;
    let petra = identity::demo::contact(core, tenant, petra_account).await?;
    Ok(DemoWorld {
        essen,
        dispatcher,
        manager,
        technicians,
        anna,
        petra,
        erp,
        erp_strict,
        partner,
        import_only,
        sites,
    })
}

/// Creates the smaller tenant. It uses external IDs and a customer number of the larger tenant for different records.
pub(crate) async fn suedwind(core: &Core, accounts: &mut DemoAccounts) -> CoreResult<()> {
    let mut entry = empty_entry("suedwind", "Südwind Service");
    let tenant = create_tenant(core, &entry).await?;
    let password = generate_password(core);
    let hash = core.passwords.hash(&password.clone().into(), "").await?;
    let mut tx = core.store.begin_system().await?;
    for (role, name, local_part) in [
        (Role::Admin, "Uwe Süd", "admin"),
        (Role::Manager, "Kira Wind", "manager"),
        (Role::Dispatcher, "Olaf Böe", "dispatcher"),
        (Role::Technician, "Nils Flaute", "technician"),
        (Role::Auditor, "Vera Fön", "auditor"),
    ] {
        tx.insert_staff(
            tenant,
            &staff_account(&format!("{local_part}@suedwind.example"), name, role, &hash, &[]),
        )
        .await?;
        entry.staff.push(staff_entry(role, local_part, "suedwind", &password));
    }
    tx.commit().await?;
    crate::demo::inbox::create_forms(core, tenant, &mut entry).await?;
    let key = create_client(core, tenant, "erp", "erp", true, Scope::ALL, &mut entry).await?;
    let erp = authentication::client(core, &key).await?;
    let owner = authentication::system(tenant, "demo");
    let mut tx = core.store.begin(&owner).await?;
    let customer = create_customer(&mut tx, "RRM-001", "Süd-Handel Obst und Gemüse").await?;
    let location = create_location(
        &mut tx,
        customer,
        "Großmarkt Halle 4",
        24,
        4,
        "Before 6 in the morning only.",
    )
    .await?;
    let contact = create_contact(
        &mut tx,
        customer,
        Some(location),
        "Albert Sommer",
        "albert.sommer@sued-handel.example",
    )
    .await?;
    for index in 0..8 {
        let customer = create_customer(&mut tx, &format!("SW-{}", 100 + index), COMPANIES[index * 5]).await?;
        create_location(
            &mut tx,
            customer,
            "Hauptsitz",
            index * 4,
            10 + index,
            "Ring at the front.",
        )
        .await?;
    }
    finish(core, tx).await?;
    let mut tx = core.store.begin(&erp).await?;
    tx.insert_references(&mut [
        reference_row(ReferenceKind::Customer, "CUST-10042", customer.uuid())?,
        reference_row(ReferenceKind::Location, "LOC-ESSEN-01", location.uuid())?,
        reference_row(ReferenceKind::Contact, "CONT-44", contact.uuid())?,
    ])
    .await?;
    finish(core, tx).await?;
    let portal_password = generate_password(core);
    let portal_hash = core.passwords.hash(&portal_password.clone().into(), "").await?;
    let mut tx = core.store.begin_system().await?;
    let account = tx
        .insert_portal_account(tenant, contact, "albert.sommer@sued-handel.example", &portal_hash, None)
        .await?;
    let now = core.clock.now();
    tx.insert_grant(
        tenant,
        &NewGrant {
            account,
            customer,
            location: None,
            may_download: true,
            sees_all_requests: true,
            may_manage: true,
            valid_from: now,
            valid_until: None,
            granted_by: "operator",
            reason: "Main contact",
        },
    )
    .await?;
    tx.commit().await?;
    entry.portal.push(DemoPortalUser {
        email: "albert.sommer@sued-handel.example".to_owned(),
        password: portal_password,
        customer_number: "RRM-001".to_owned(),
        grants: vec!["*".to_owned()],
    });
    accounts.tenants.push(entry);
    Ok(())
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

fn staff_entry(role: Role, local_part: &str, slug: &str, password: &str) -> DemoStaff {
    DemoStaff {
        role: role.name().to_owned(),
        email: format!("{local_part}@{slug}.example"),
        password: password.to_owned(),
    }
}

fn staff_account<'a>(
    email: &'a str,
    display_name: &'a str,
    role: Role,
    password_hash: &'a str,
    skills: &'a [String],
) -> NewStaff<'a> {
    NewStaff {
        email,
        display_name,
        role,
        password_hash,
        locale: None,
        skills,
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

fn reference_row(kind: ReferenceKind, external_id: &str, id: uuid::Uuid) -> CoreResult<ReferenceRow> {
    let external_id =
        ExternalId::parse(external_id).map_err(|_| CoreError::internal("A demo reference is not valid."))?;
    Ok(ReferenceRow {
        kind,
        external_id: external_id.as_str().to_owned(),
        id,
    })
}

async fn create_tenant(core: &Core, entry: &DemoTenant) -> CoreResult<TenantId> {
    let mut tx = core.store.begin_system().await?;
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

async fn create_customer(tx: &mut TenantTx<'_, System>, customer_number: &str, name: &str) -> CoreResult<CustomerId> {
    let id: CustomerId = tx.new_id();
    tx.insert_customer(
        id,
        CustomerNumber::parse(customer_number).ok().flatten().as_ref(),
        name,
        false,
    )
    .await?;
    Ok(id)
}

async fn create_location(
    tx: &mut TenantTx<'_, System>,
    customer: CustomerId,
    name: &str,
    place_index: usize,
    house_number: usize,
    access_notes: &str,
) -> CoreResult<LocationId> {
    let (_, postal_code, city, latitude, longitude) = PLACES[place_index % PLACES.len()];
    let id: LocationId = tx.new_id();
    // Spread the locations a few hundred metres around the center of the district.
    #[expect(clippy::cast_precision_loss, reason = "house numbers are small")]
    let offset = |step: usize| ((house_number * step) % 61) as f64 / 10_000.0 - 0.003;
    let address = Address {
        street: Some(format!(
            "{} {house_number}",
            STREETS[(place_index + house_number) % STREETS.len()]
        )),
        postal_code: Some(postal_code.to_owned()),
        city: Some(city.to_owned()),
        country: Some("DE".to_owned()),
    };
    let coordinates = Coordinates::new(latitude + offset(17), longitude + offset(31));
    tx.insert_location(
        id,
        &NewLocation {
            customer,
            name,
            address: &address,
            coordinates,
            zone: ZONE,
            access_notes: Some(access_notes),
        },
    )
    .await?;
    Ok(id)
}

async fn create_contact(
    tx: &mut TenantTx<'_, System>,
    customer: CustomerId,
    location: Option<LocationId>,
    name: &str,
    email: &str,
) -> CoreResult<ContactId> {
    let id: ContactId = tx.new_id();
    tx.insert_contact(
        id,
        &NewContact {
            customer,
            location,
            display_name: name,
            email: Some(email),
            phone: Some("+49 201 5550 142"),
        },
    )
    .await?;
    Ok(id)
}

//! What the rows of a spreadsheet add to the customers that exist.

use std::collections::HashMap;

use super::{
    AddedContact, AddedLocation, CustomerPlan, Kept, KnownCustomer, RecordRef, Refusal, RowAdditions, RowPlan,
    SheetContact, SheetLocation, SheetPlan, SheetRow,
};
use crate::customers::Address;
use crate::ids::LocationId;
use crate::text::{CustomerNumber, name_for_comparison};

/// Street, postal code and city as they are compared.
type AddressKey = [String; 3];

fn address_key(address: &Address) -> AddressKey {
    [&address.street, &address.postal_code, &address.city]
        .map(|part| name_for_comparison(part.as_deref().unwrap_or_default()))
}

struct WorkingLocation {
    record: RecordRef<LocationId>,
    name: String,
    address: Address,
}

struct WorkingContact {
    name: String,
    email: Option<String>,
    phone: Option<String>,
}

/// A customer while rows are read: what exists, and what was planned so far. The indexes have the first record of each key.
struct Working {
    plan: CustomerPlan,
    is_inactive: bool,
    locations: Vec<WorkingLocation>,
    location_by_name: HashMap<String, usize>,
    location_by_address: HashMap<AddressKey, usize>,
    contacts: Vec<WorkingContact>,
    contact_by_name: HashMap<String, usize>,
    contact_by_email: HashMap<String, usize>,
}

impl Working {
    fn new(plan: CustomerPlan, is_inactive: bool) -> Self {
        Self {
            plan,
            is_inactive,
            locations: Vec::new(),
            location_by_name: HashMap::new(),
            location_by_address: HashMap::new(),
            contacts: Vec::new(),
            contact_by_name: HashMap::new(),
            contact_by_email: HashMap::new(),
        }
    }

    fn of_known(known: &KnownCustomer) -> Self {
        let plan = CustomerPlan {
            known: Some(known.id),
            number: known.number.clone(),
            name: known.name.clone(),
            locations: Vec::new(),
            contacts: Vec::new(),
        };
        let mut customer = Self::new(plan, known.is_archived || known.is_merged);
        for location in &known.locations {
            let record = RecordRef::Known(location.id);
            customer.push_location(record, location.name.clone(), location.address.clone());
        }
        for contact in &known.contacts {
            customer.push_contact(contact.name.clone(), contact.email.clone(), contact.phone.clone());
        }
        customer
    }

    fn push_location(&mut self, record: RecordRef<LocationId>, name: String, address: Address) {
        let at = self.locations.len();
        self.location_by_name.entry(name_for_comparison(&name)).or_insert(at);
        self.location_by_address.entry(address_key(&address)).or_insert(at);
        self.locations.push(WorkingLocation { record, name, address });
    }

    fn push_contact(&mut self, name: String, email: Option<String>, phone: Option<String>) {
        let at = self.contacts.len();
        self.contact_by_name.entry(name_for_comparison(&name)).or_insert(at);
        if let Some(email) = &email {
            self.contact_by_email.entry(email.clone()).or_insert(at);
        }
        self.contacts.push(WorkingContact { name, email, phone });
    }

    fn has_name(&self, name: &str) -> bool {
        name_for_comparison(&self.plan.name) == name_for_comparison(name)
    }

    /// Returns the location that a row describes: the one with its name, or else the one at its street address.
    fn location(&self, row: &SheetLocation) -> Option<&WorkingLocation> {
        let by_name = row
            .shown_name()
            .and_then(|name| self.location_by_name.get(&name_for_comparison(&name)));
        let at = by_name.or_else(|| {
            row.address.street.as_ref()?;
            self.location_by_address.get(&address_key(&row.address))
        });
        self.locations.get(*at?)
    }

    /// Returns the contact with an email address, or else with a name.
    fn contact(&self, email: Option<&str>, name: &str) -> Option<&WorkingContact> {
        let by_email = email.and_then(|email| self.contact_by_email.get(email));
        let at = by_email.or_else(|| self.contact_by_name.get(&name_for_comparison(name)));
        self.contacts.get(*at?)
    }
}

/// The customers while rows are read.
#[derive(Default)]
struct Customers {
    all: Vec<Working>,
    by_number: HashMap<String, usize>,
    by_name: HashMap<String, Vec<usize>>,
}

impl Customers {
    /// Adds a customer. A merged one is found by its number only: its name is that of the customer it was merged into.
    fn push(&mut self, customer: Working, has_own_name: bool) -> usize {
        let at = self.all.len();
        if let Some(number) = &customer.plan.number {
            self.by_number.entry(number.for_comparison()).or_insert(at);
        }
        if has_own_name {
            let name = name_for_comparison(&customer.plan.name);
            self.by_name.entry(name).or_default().push(at);
        }
        self.all.push(customer);
        at
    }

    /// Returns the position of the customer of a row; `None` for a new one. `name` is that of the row or of its number.
    fn find(&self, row: &SheetRow, name: Option<&str>) -> Result<Option<usize>, Refusal> {
        let number = row.number.as_ref().map(CustomerNumber::for_comparison);
        if let Some(at) = number.and_then(|number| self.by_number.get(&number).copied()) {
            return if self.all[at].is_inactive {
                Err(Refusal::Inactive)
            } else {
                Ok(Some(at))
            };
        }
        let name = name.ok_or(Refusal::NameRequired)?;
        let namesakes = self.by_name.get(&name_for_comparison(name));
        let namesakes = namesakes.map_or(&[][..], Vec::as_slice);
        if row.number.is_some() {
            // Different numbers are different customers; a customer without a number could be this one.
            let without_number = namesakes.iter().find(|at| self.all[**at].plan.number.is_none());
            return without_number.map_or(Ok(None), |at| Err(self.same_name(*at)));
        }
        match namesakes {
            [] => Ok(None),
            [at] => {
                let customer = &self.all[*at];
                let is_described = row
                    .location
                    .as_ref()
                    .is_none_or(|location| customer.location(location).is_some());
                match (is_described, customer.is_inactive) {
                    (true, false) => Ok(Some(*at)),
                    (true, true) => Err(Refusal::Inactive),
                    (false, _) => Err(self.same_name(*at)),
                }
            }
            [first, ..] => Err(self.same_name(*first)),
        }
    }

    fn same_name(&self, at: usize) -> Refusal {
        let number = self.all[at].plan.number.as_ref();
        Refusal::SameName {
            number: number.map(|number| number.as_str().to_owned()),
        }
    }
}

/// Returns whether a row has a value that differs from the stored one.
fn differs(stored: Option<&str>, row: Option<&str>) -> bool {
    row.is_some_and(|row| stored.map(name_for_comparison) != Some(name_for_comparison(row)))
}

/// Plans the rows. `known` are the customers with a number or a name of the rows.
///
/// A number identifies a customer. Without one, a row belongs to the customer of its name only if it says nothing about a location,
/// or describes a location of that customer; otherwise only a number can tell two customers with the same name apart.
pub fn plan(rows: &[SheetRow], known: &[KnownCustomer]) -> SheetPlan {
    let names = names_by_number(rows);
    let mut customers = Customers::default();
    for known in known {
        customers.push(Working::of_known(known), !known.is_merged);
    }
    // Rows with a number come first: they say which customers have the name of a row without one, whatever the order of the file.
    let (numbered, named): (Vec<usize>, Vec<usize>) = (0..rows.len()).partition(|at| rows[*at].number.is_some());
    let mut results = vec![RowPlan::Refused(Refusal::NameRequired); rows.len()];
    for at in numbered.into_iter().chain(named) {
        let row = &rows[at];
        // A row may leave the name of its customer to another row with the same number.
        let number = row.number.as_ref().map(CustomerNumber::for_comparison);
        let of_number = number.and_then(|number| names.get(&number).copied());
        let name = row.name.as_deref().or(of_number);
        let found = refuse_other_name(row, of_number).and_then(|()| customers.find(row, name));
        results[at] = match found {
            Err(refusal) => RowPlan::Refused(refusal),
            Ok(Some(known)) => add_row(&mut customers.all[known], false, row),
            Ok(None) => {
                let new = customers.push(new_customer(row, name), true);
                add_row(&mut customers.all[new], true, row)
            }
        };
    }
    let plans = customers.all.into_iter().map(|customer| customer.plan);
    SheetPlan {
        customers: plans.filter(CustomerPlan::has_additions).collect(),
        rows: results,
    }
}

/// Returns the first name in the rows of each number.
fn names_by_number(rows: &[SheetRow]) -> HashMap<String, &str> {
    let mut names = HashMap::new();
    for row in rows {
        if let (Some(number), Some(name)) = (&row.number, &row.name) {
            names.entry(number.for_comparison()).or_insert(name.as_str());
        }
    }
    names
}

fn new_customer(row: &SheetRow, name: Option<&str>) -> Working {
    let plan = CustomerPlan {
        known: None,
        number: row.number.clone(),
        name: name.unwrap_or_default().to_owned(),
        locations: Vec::new(),
        contacts: Vec::new(),
    };
    Working::new(plan, false)
}

/// Refuses a row with another name than the first row with its number.
fn refuse_other_name(row: &SheetRow, first: Option<&str>) -> Result<(), Refusal> {
    match (row.name.as_deref(), first) {
        (Some(name), Some(first)) if name_for_comparison(name) != name_for_comparison(first) => {
            Err(Refusal::NumberOfOtherName { name: first.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Plans location and contact of a row.
fn add_row(customer: &mut Working, is_new: bool, row: &SheetRow) -> RowPlan {
    let mut kept = Vec::new();
    if row.name.as_deref().is_some_and(|name| !customer.has_name(name)) {
        kept.push(Kept::CustomerName);
    }
    let mut adds = RowAdditions {
        customer: is_new,
        ..RowAdditions::default()
    };
    let mut place = None;
    if let Some(location) = &row.location {
        (place, adds.location) = add_location(customer, location, &mut kept);
    }
    if let Some(contact) = &row.contact {
        adds.contact = add_contact(customer, contact, place, &mut kept);
    }
    RowPlan::Imported { adds, kept }
}

/// Plans the location of a row unless it is known; returns it, and whether it is added.
fn add_location(
    customer: &mut Working,
    row: &SheetLocation,
    kept: &mut Vec<Kept>,
) -> (Option<RecordRef<LocationId>>, bool) {
    if let Some(stored) = customer.location(row) {
        let (address, own) = (&stored.address, &row.address);
        let parts = [
            (Some(stored.name.as_str()), row.name.as_deref()),
            (address.street.as_deref(), own.street.as_deref()),
            (address.postal_code.as_deref(), own.postal_code.as_deref()),
            (address.city.as_deref(), own.city.as_deref()),
            (address.country.as_deref(), own.country.as_deref()),
        ];
        if parts.into_iter().any(|(stored, row)| differs(stored, row)) {
            kept.push(Kept::Location);
        }
        return (Some(stored.record), false);
    }
    let Some(name) = row.shown_name() else {
        return (None, false);
    };
    let record = RecordRef::New(customer.plan.locations.len());
    customer.push_location(record, name.clone(), row.address.clone());
    customer.plan.locations.push(AddedLocation {
        name,
        address: row.address.clone(),
        access_notes: row.access_notes.clone(),
    });
    (Some(record), true)
}

/// Plans the contact of a row unless it is known; returns whether it is added.
fn add_contact(
    customer: &mut Working,
    row: &SheetContact,
    location: Option<RecordRef<LocationId>>,
    kept: &mut Vec<Kept>,
) -> bool {
    let name = row.name.clone().unwrap_or_else(|| customer.plan.name.clone());
    if let Some(stored) = customer.contact(row.email.as_deref(), &name) {
        let parts = [
            (Some(stored.name.as_str()), row.name.as_deref()),
            (stored.email.as_deref(), row.email.as_deref()),
            (stored.phone.as_deref(), row.phone.as_deref()),
        ];
        if parts.into_iter().any(|(stored, row)| differs(stored, row)) {
            kept.push(Kept::Contact);
        }
        return false;
    }
    customer.push_contact(name.clone(), row.email.clone(), row.phone.clone());
    customer.plan.contacts.push(AddedContact {
        name,
        email: row.email.clone(),
        phone: row.phone.clone(),
        location,
    });
    true
}

//! Customers from a spreadsheet: which rows describe records that are known already, and which ones are added. Nothing that exists is
//! changed, and the same rows again add nothing.

use std::collections::HashMap;

use crate::customers::Address;
use crate::ids::{ContactId, CustomerId, LocationId};
use crate::text::{CustomerNumber, name_for_comparison};

/// A row whose cells were validated.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SheetRow {
    /// Number of the line in the file, from 1.
    pub line: usize,
    /// The customer number.
    pub number: Option<CustomerNumber>,
    /// The name of the customer.
    pub name: Option<String>,
    /// The location; `None` if no cell describes one.
    pub location: Option<SheetLocation>,
    /// The contact; `None` if no cell describes one.
    pub contact: Option<SheetContact>,
}

/// The location in a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetLocation {
    /// Its name; without one, it is named after its address.
    pub name: Option<String>,
    /// Its address.
    pub address: Address,
    /// How technicians get in.
    pub access_notes: Option<String>,
}

impl SheetLocation {
    fn shown_name(&self) -> Option<String> {
        self.name.clone().or_else(|| self.address.as_name())
    }
}

/// The contact in a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetContact {
    /// The name; without one, the contact has that of the customer.
    pub name: Option<String>,
    /// The email address, as it is compared.
    pub email: Option<String>,
    /// The phone number as typed.
    pub phone: Option<String>,
}

/// A customer that exists.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownCustomer {
    /// Its ID.
    pub id: CustomerId,
    /// Its number.
    pub number: Option<CustomerNumber>,
    /// Its name.
    pub name: String,
    /// Whether nothing may be added to it.
    pub is_archived: bool,
    /// Its locations.
    pub locations: Vec<KnownLocation>,
    /// Its contacts.
    pub contacts: Vec<KnownContact>,
}

/// A location that exists.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownLocation {
    /// Its ID.
    pub id: LocationId,
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: Address,
}

/// A contact that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownContact {
    /// Its ID.
    pub id: ContactId,
    /// Its name.
    pub name: String,
    /// Its email address.
    pub email: Option<String>,
    /// Its phone number.
    pub phone: Option<String>,
}

/// Why a row is not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Neither the name of a new customer nor a known number.
    NameRequired,
    /// The number belongs to a customer with another name in an earlier row.
    NumberOfOtherName {
        /// The name in the earlier row.
        name: String,
    },
    /// Another customer has this name. Only a number can say whether it is the same one.
    SameName {
        /// The number of the other customer.
        number: Option<String>,
    },
    /// The customer is archived.
    Archived,
}

/// A value that stays as it is, although the row has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// The name of the customer.
    CustomerName,
    /// Name or address of the location.
    Location,
    /// Name, email address or phone number of the contact.
    Contact,
}

/// A record that exists, or one of the plan by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordRef<Known> {
    /// It exists.
    Known(Known),
    /// It is added.
    New(usize),
}

/// A location to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedLocation {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: Address,
    /// How technicians get in.
    pub access_notes: Option<String>,
}

/// A contact to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedContact {
    /// Its name.
    pub name: String,
    /// Its email address.
    pub email: Option<String>,
    /// Its phone number.
    pub phone: Option<String>,
    /// Its location: `New` is a position among the added locations of its customer.
    pub location: Option<RecordRef<LocationId>>,
}

/// What is added to a customer, or with a new one.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerPlan {
    /// The customer, if it exists.
    pub known: Option<CustomerId>,
    /// The number.
    pub number: Option<CustomerNumber>,
    /// The name.
    pub name: String,
    /// The locations to add.
    pub locations: Vec<AddedLocation>,
    /// The contacts to add.
    pub contacts: Vec<AddedContact>,
}

impl CustomerPlan {
    /// Returns whether there is nothing to add.
    pub fn is_empty(&self) -> bool {
        self.known.is_some() && self.locations.is_empty() && self.contacts.is_empty()
    }
}

/// What a row adds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowAdditions {
    /// Whether it adds its customer.
    pub customer: bool,
    /// Whether it adds its location.
    pub location: bool,
    /// Whether it adds its contact.
    pub contact: bool,
}

impl RowAdditions {
    /// Returns whether everything in the row is known already.
    pub const fn is_nothing(self) -> bool {
        !self.customer && !self.location && !self.contact
    }
}

/// What happens to a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowPlan {
    /// The row is imported.
    Imported {
        /// Position of its customer in the plan.
        customer: usize,
        /// What it adds.
        adds: RowAdditions,
        /// What stays as it is.
        kept: Vec<Kept>,
    },
    /// The row is not imported.
    Refused(Refusal),
}

/// The result of planning.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SheetPlan {
    /// The customers of all rows that are imported.
    pub customers: Vec<CustomerPlan>,
    /// A result for each row, in their order.
    pub rows: Vec<RowPlan>,
}

/// A customer while rows are read: what exists, and what was planned so far.
struct Working {
    plan: CustomerPlan,
    is_archived: bool,
    locations: Vec<(RecordRef<LocationId>, String, Address)>,
    /// Name, email address and phone number.
    contacts: Vec<(String, Option<String>, Option<String>)>,
}

impl Working {
    fn of_known(known: &KnownCustomer) -> Self {
        let location = |location: &KnownLocation| {
            (
                RecordRef::Known(location.id),
                location.name.clone(),
                location.address.clone(),
            )
        };
        Self {
            plan: CustomerPlan {
                known: Some(known.id),
                number: known.number.clone(),
                name: known.name.clone(),
                locations: Vec::new(),
                contacts: Vec::new(),
            },
            is_archived: known.is_archived,
            locations: known.locations.iter().map(location).collect(),
            contacts: known
                .contacts
                .iter()
                .map(|contact| (contact.name.clone(), contact.email.clone(), contact.phone.clone()))
                .collect(),
        }
    }

    fn has_name(&self, name: &str) -> bool {
        name_for_comparison(&self.plan.name) == name_for_comparison(name)
    }

    fn has_number(&self, number: &CustomerNumber) -> bool {
        let key = CustomerNumber::for_comparison;
        self.plan.number.as_ref().map(key) == Some(key(number))
    }

    /// Returns the location that a row describes: the one with its name, or else with its address.
    fn location(&self, row: &SheetLocation) -> Option<&(RecordRef<LocationId>, String, Address)> {
        let name = row.shown_name().map(|name| name_for_comparison(&name));
        let is_named = |known: &&(_, String, _)| Some(name_for_comparison(&known.1)) == name;
        let by_name = self.locations.iter().find(is_named);
        let has_street = row.address.street.is_some();
        by_name.or_else(|| {
            let mut at_address = self
                .locations
                .iter()
                .filter(|known| is_same_address(&known.2, &row.address));
            at_address.next().filter(|_| has_street)
        })
    }
}

fn is_same_address(left: &Address, right: &Address) -> bool {
    let key = |part: &Option<String>| name_for_comparison(part.as_deref().unwrap_or_default());
    let keys = |address: &Address| [key(&address.street), key(&address.postal_code), key(&address.city)];
    keys(left) == keys(right)
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
    let mut customers: Vec<Working> = known.iter().map(Working::of_known).collect();
    // Rows with a number come first: they say which customers have the name of a row without one, whatever the order of the file.
    let (numbered, named): (Vec<usize>, Vec<usize>) = (0..rows.len()).partition(|at| rows[*at].number.is_some());
    let mut results = vec![RowPlan::Refused(Refusal::NameRequired); rows.len()];
    for at in numbered.into_iter().chain(named) {
        let row = &rows[at];
        // A row may leave the name of its customer to another row with the same number.
        let of_number = row
            .number
            .as_ref()
            .and_then(|number| names.get(&number.for_comparison()).copied());
        let name = row.name.as_deref().or(of_number);
        let found = refuse_other_name(row, of_number).and_then(|()| find_customer(&customers, row, name));
        results[at] = match found {
            Err(refusal) => RowPlan::Refused(refusal),
            Ok(found) => {
                let (customer, is_new) = match found {
                    Some(at) => (at, false),
                    None => {
                        customers.push(new_customer(row, name));
                        (customers.len() - 1, true)
                    }
                };
                add_row(&mut customers[customer], customer, is_new, row)
            }
        };
    }
    compact(customers, results)
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
    Working {
        plan: CustomerPlan {
            known: None,
            number: row.number.clone(),
            name: name.unwrap_or_default().to_owned(),
            locations: Vec::new(),
            contacts: Vec::new(),
        },
        is_archived: false,
        locations: Vec::new(),
        contacts: Vec::new(),
    }
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

/// Returns the position of the customer of a row; `None` for a new one.
fn find_customer(customers: &[Working], row: &SheetRow, name: Option<&str>) -> Result<Option<usize>, Refusal> {
    if let Some(number) = &row.number
        && let Some(at) = customers.iter().position(|customer| customer.has_number(number))
    {
        return if customers[at].is_archived {
            Err(Refusal::Archived)
        } else {
            Ok(Some(at))
        };
    }
    let name = name.ok_or(Refusal::NameRequired)?;
    let mut namesakes = customers
        .iter()
        .enumerate()
        .filter(|(_, customer)| customer.has_name(name));
    let same_name = |customer: &Working| Refusal::SameName {
        number: customer.plan.number.as_ref().map(|number| number.as_str().to_owned()),
    };
    if row.number.is_some() {
        // Different numbers are different customers; a customer without a number could be this one.
        return match namesakes.find(|(_, customer)| customer.plan.number.is_none()) {
            Some((_, customer)) => Err(same_name(customer)),
            None => Ok(None),
        };
    }
    let namesakes: Vec<(usize, &Working)> = namesakes.collect();
    match namesakes.as_slice() {
        [] => Ok(None),
        [(at, customer)] => {
            let is_described = row
                .location
                .as_ref()
                .is_none_or(|location| customer.location(location).is_some());
            match (is_described, customer.is_archived) {
                (true, false) => Ok(Some(*at)),
                (true, true) => Err(Refusal::Archived),
                (false, _) => Err(same_name(customer)),
            }
        }
        [(_, first), ..] => Err(same_name(first)),
    }
}

/// Plans location and contact of a row.
fn add_row(customer: &mut Working, at: usize, is_new: bool, row: &SheetRow) -> RowPlan {
    let mut kept = Vec::new();
    let mut adds = RowAdditions {
        customer: is_new,
        ..RowAdditions::default()
    };
    if row.name.as_deref().is_some_and(|name| !customer.has_name(name)) {
        kept.push(Kept::CustomerName);
    }
    let mut place = None;
    if let Some(location) = &row.location {
        if let Some((known, name, address)) = customer.location(location) {
            place = Some(*known);
            let parts = [
                (Some(name.as_str()), location.name.as_deref()),
                (address.street.as_deref(), location.address.street.as_deref()),
                (address.postal_code.as_deref(), location.address.postal_code.as_deref()),
                (address.city.as_deref(), location.address.city.as_deref()),
                (address.country.as_deref(), location.address.country.as_deref()),
            ];
            if parts.into_iter().any(|(stored, row)| differs(stored, row)) {
                kept.push(Kept::Location);
            }
        } else if let Some(name) = location.shown_name() {
            let new = RecordRef::New(customer.plan.locations.len());
            customer.locations.push((new, name.clone(), location.address.clone()));
            customer.plan.locations.push(AddedLocation {
                name,
                address: location.address.clone(),
                access_notes: location.access_notes.clone(),
            });
            place = Some(new);
            adds.location = true;
        }
    }
    if let Some(contact) = &row.contact {
        adds.contact = add_contact(customer, contact, place, &mut kept);
    }
    RowPlan::Imported {
        customer: at,
        adds,
        kept,
    }
}

/// Plans the contact of a row unless it is known; returns whether it is added.
fn add_contact(
    customer: &mut Working,
    row: &SheetContact,
    location: Option<RecordRef<LocationId>>,
    kept: &mut Vec<Kept>,
) -> bool {
    let name = row.name.clone().unwrap_or_else(|| customer.plan.name.clone());
    let has_email = |known: &&(String, Option<String>, _)| row.email.is_some() && known.1 == row.email;
    let has_name = |known: &&(String, _, _)| name_for_comparison(&known.0) == name_for_comparison(&name);
    let contacts = &customer.contacts;
    let known = contacts
        .iter()
        .find(has_email)
        .or_else(|| contacts.iter().find(has_name));
    if let Some((stored, email, phone)) = known {
        let parts = [
            (Some(stored.as_str()), row.name.as_deref()),
            (email.as_deref(), row.email.as_deref()),
            (phone.as_deref(), row.phone.as_deref()),
        ];
        if parts.into_iter().any(|(stored, row)| differs(stored, row)) {
            kept.push(Kept::Contact);
        }
        return false;
    }
    customer
        .contacts
        .push((name.clone(), row.email.clone(), row.phone.clone()));
    customer.plan.contacts.push(AddedContact {
        name,
        email: row.email.clone(),
        phone: row.phone.clone(),
        location,
    });
    true
}

/// Leaves out the customers that no row belongs to.
fn compact(customers: Vec<Working>, rows: Vec<RowPlan>) -> SheetPlan {
    let mut positions: Vec<Option<usize>> = vec![None; customers.len()];
    let mut order = Vec::new();
    let rows = rows
        .into_iter()
        .map(|row| match row {
            RowPlan::Imported { customer, adds, kept } => {
                let position = *positions[customer].get_or_insert_with(|| {
                    order.push(customer);
                    order.len() - 1
                });
                RowPlan::Imported {
                    customer: position,
                    adds,
                    kept,
                }
            }
            refused @ RowPlan::Refused(_) => refused,
        })
        .collect();
    let mut plans: Vec<Option<CustomerPlan>> = customers.into_iter().map(|customer| Some(customer.plan)).collect();
    SheetPlan {
        customers: order.into_iter().filter_map(|at| plans[at].take()).collect(),
        rows,
    }
}

#[cfg(test)]
#[path = "customer_sheet_tests.rs"]
mod tests;

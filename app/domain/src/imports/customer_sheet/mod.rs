//! Customers from a spreadsheet: which rows describe records that are known already, and which ones are added. Nothing that exists is
//! changed, and the same rows again add nothing.

mod planning;

pub use self::planning::plan;
use crate::customers::Address;
use crate::ids::{ContactId, CustomerId, LocationId};
use crate::text::CustomerNumber;

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
    /// Whether it is archived, so that nothing may be added to it.
    pub is_archived: bool,
    /// Whether it was merged into another customer, which has its records and may have its name.
    pub is_merged: bool,
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
    /// The customer is archived or was merged into another one.
    Inactive,
}

impl Refusal {
    /// Returns the code for pages and tests.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NameRequired => "name_required",
            Self::NumberOfOtherName { .. } => "number_of_other_name",
            Self::SameName { .. } => "same_name",
            Self::Inactive => "inactive",
        }
    }
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

impl Kept {
    /// Returns the code for pages and tests.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CustomerName => "kept_name",
            Self::Location => "kept_location",
            Self::Contact => "kept_contact",
        }
    }
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
    fn has_additions(&self) -> bool {
        self.known.is_none() || !self.locations.is_empty() || !self.contacts.is_empty()
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
    /// The new customers, and those that something is added to.
    pub customers: Vec<CustomerPlan>,
    /// A result for each row, in their order.
    pub rows: Vec<RowPlan>,
}

#[cfg(test)]
mod tests;

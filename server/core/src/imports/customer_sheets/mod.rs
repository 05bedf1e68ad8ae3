//! Customers with locations and contacts from a spreadsheet, without an API client. What the rows add is shown first; nothing that
//! exists is changed, and the same file again adds nothing.

mod batches;
mod rows;

use std::collections::BTreeSet;

use domain::fields::{FieldCode, FieldError};
use domain::identity::permissions::ManageCustomers;
use domain::ids::{ContactId, CustomerId, LocationId};
use domain::imports::customer_sheet::{CustomerPlan, RecordRef, RowPlan, SheetPlan, SheetRow, plan};
use domain::text::{CustomerNumber, name_for_comparison};
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::batches::batches;
pub use self::rows::{CellProblem, FIELDS};
use self::rows::{guess, read_row};
use super::spreadsheets::{self, Column, Table, TableSource};
use crate::commit::finish;
use crate::customers::{NewContact, NewLocation, zone_of};
use crate::db::TenantTx;
use crate::identity::actors::{Permit, Staff};
use crate::{Core, CoreError, CoreResult};

/// The most rows of a file.
pub const MAX_ROWS: usize = 5_000;

/// A row that is not imported because of its cells, or what is planned for it.
#[derive(Debug, Clone)]
pub enum RowResult {
    /// Cells that cannot be used.
    Invalid(Vec<CellProblem>),
    /// What happens to the row.
    Planned(RowPlan),
}

/// A row of the file with its result.
#[derive(Debug, Clone)]
pub struct SheetLine {
    /// Number of the line in the file, from 1.
    pub line: usize,
    /// Name or number of the customer that the row is about; empty if it cannot be read.
    pub customer: String,
    /// The cells as the file has them.
    pub cells: Vec<String>,
    pub result: RowResult,
}

/// A file with what its rows would add now.
#[derive(Debug, Clone)]
pub struct CustomerSheet {
    pub columns: Vec<Column>,
    /// The field of each column; `None` for one that is ignored.
    pub fields: Vec<Option<&'static str>>,
    /// Why rows cannot be read with the chosen fields.
    pub problem: Option<FieldError>,
    pub source: TableSource,
    /// The rows; none if there is a problem with the fields.
    pub lines: Vec<SheetLine>,
    pub counts: SheetCounts,
}

/// How many records are added, and what happens to the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetCounts {
    pub customers: usize,
    pub locations: usize,
    pub contacts: usize,
    /// Rows of which everything exists.
    pub unchanged: usize,
    /// Rows that are not imported.
    pub refused: usize,
}

impl SheetCounts {
    /// Returns whether there is anything to import.
    pub const fn has_additions(&self) -> bool {
        self.customers + self.locations + self.contacts > 0
    }

    fn add(&mut self, plan: &SheetPlan) {
        for customer in &plan.customers {
            self.customers += usize::from(customer.known.is_none());
            self.locations += customer.locations.len();
            self.contacts += customer.contacts.len();
        }
    }
}

/// Stores an uploaded file and returns its name for the next step.
///
/// # Errors
/// Field `file` if the file is too large, cannot be read as a table, or has no or too many rows.
pub async fn store_file(core: &Core, by: Permit<'_, ManageCustomers>, bytes: Vec<u8>) -> CoreResult<String> {
    spreadsheets::store_table(core, by.staff(), bytes, MAX_ROWS).await
}

/// Returns what a stored file would add. `chosen` has a field for each column; without it, the headers say.
///
/// # Errors
/// `not_found`; field `file` if the encoding does not fit.
pub async fn preview(
    core: &Core,
    by: Permit<'_, ManageCustomers>,
    file: &str,
    encoding: Option<&str>,
    chosen: Option<&[String]>,
) -> CoreResult<CustomerSheet> {
    let table = spreadsheets::load_table(core, by.staff(), file, encoding, MAX_ROWS).await?;
    let columns = spreadsheets::columns_of(&table, guess);
    let fields = chosen.map_or_else(|| first_guesses(&columns), known_fields);
    let problem = chosen.and_then(|_| check(&fields).err());
    let (mut lines, mut counts) = (Vec::new(), SheetCounts::default());
    if problem.is_none() {
        let read = read(&table, &fields);
        let rows: Vec<SheetRow> = read.iter().filter_map(|(_, row)| row.clone().ok()).collect();
        let mut tx = core.store.read(by.staff()).await?;
        let planned = plan_rows(&mut tx, &rows).await?;
        counts.add(&planned);
        lines = results(&table, read, planned.rows);
    }
    counts.unchanged = lines.iter().filter(|line| line.result.is_unchanged()).count();
    counts.refused = lines.iter().filter(|line| line.result.is_refused()).count();
    Ok(CustomerSheet {
        columns,
        fields,
        problem,
        source: table.source,
        lines,
        counts,
    })
}

/// Imports a stored file, and returns what was added. Rows that are refused are left out; after a crash, the same file adds the rest.
///
/// # Errors
/// As [`preview`]; field `columns` if two columns have the same field, or none is the name or the number.
pub async fn import(
    core: &Core,
    by: Permit<'_, ManageCustomers>,
    file: &str,
    encoding: Option<&str>,
    chosen: &[String],
) -> CoreResult<SheetCounts> {
    let table = spreadsheets::load_table(core, by.staff(), file, encoding, MAX_ROWS).await?;
    let fields = known_fields(chosen);
    check(&fields).map_err(|problem| CoreError::invalid(vec![problem]))?;
    let rows = read(&table, &fields).into_iter().filter_map(|(_, row)| row.ok());
    let mut counts = SheetCounts::default();
    for batch in batches(rows.collect()) {
        let mut tx = core.store.begin(by.staff()).await?;
        lock(&mut tx, &batch).await?;
        // What was added since the preview is seen: the plan is made again under the locks.
        let planned = plan_rows(&mut tx, &batch).await?;
        for customer in &planned.customers {
            store(&mut tx, customer).await?;
        }
        finish(core, tx).await?;
        counts.add(&planned);
    }
    Ok(counts)
}

/// Returns the fields with the chosen names; another name ignores its column.
fn known_fields(chosen: &[String]) -> Vec<Option<&'static str>> {
    let known = |name: &String| FIELDS.into_iter().find(|field| field == name);
    chosen.iter().map(known).collect()
}

/// Returns the guess of each column; a field that two headers suggest is that of the first.
fn first_guesses(columns: &[Column]) -> Vec<Option<&'static str>> {
    let mut seen = BTreeSet::new();
    columns
        .iter()
        .map(|column| column.guess.filter(|guess| seen.insert(*guess)))
        .collect()
}

/// Checks that no field is chosen twice, and that the rows name their customers.
fn check(fields: &[Option<&'static str>]) -> Result<(), FieldError> {
    let mut seen = BTreeSet::new();
    if fields.iter().flatten().any(|field| !seen.insert(*field)) {
        return Err(FieldError::new("columns", FieldCode::ColumnTwice));
    }
    if !seen.contains("name") && !seen.contains("number") {
        return Err(FieldError::new("columns", FieldCode::Required));
    }
    Ok(())
}

/// The number of a line, and its row if it can be read.
type ReadLine = (usize, Result<SheetRow, Vec<CellProblem>>);

/// Reads the cells of all rows.
fn read(table: &Table, fields: &[Option<&'static str>]) -> Vec<ReadLine> {
    let rows = table.rows.iter().map(|row| {
        if table.is_shifted(row) {
            return (row.line, Err(vec![CellProblem::TooManyCells]));
        }
        let cell = |field: &str| {
            let at = fields.iter().position(|known| *known == Some(field))?;
            row.cells.get(at).map(String::as_str)
        };
        (row.line, read_row(row.line, |field| cell(field).unwrap_or_default()))
    });
    rows.collect()
}

impl RowResult {
    /// Returns whether the row is not imported.
    pub const fn is_refused(&self) -> bool {
        matches!(self, Self::Invalid(_) | Self::Planned(RowPlan::Refused(_)))
    }

    fn is_unchanged(&self) -> bool {
        matches!(self, Self::Planned(RowPlan::Imported { adds, .. }) if adds.is_nothing())
    }
}

/// Joins the rows of a file with the plans of those that could be read.
fn results(table: &Table, rows: Vec<ReadLine>, plans: Vec<RowPlan>) -> Vec<SheetLine> {
    let mut plans = plans.into_iter();
    let lines = rows.into_iter().zip(&table.rows).filter_map(|((line, row), found)| {
        let (customer, result) = match row {
            Err(problems) => (String::new(), RowResult::Invalid(problems)),
            Ok(row) => {
                let number = row.number.as_ref().map(|number| number.as_str().to_owned());
                let customer = row.name.or(number).unwrap_or_default();
                (customer, RowResult::Planned(plans.next()?))
            }
        };
        Some(SheetLine {
            line,
            customer,
            cells: found.cells.clone(),
            result,
        })
    });
    lines.collect()
}

/// Plans rows against the customers with their numbers and names.
async fn plan_rows(tx: &mut TenantTx<'_, Staff>, rows: &[SheetRow]) -> CoreResult<SheetPlan> {
    let numbers: BTreeSet<String> = rows
        .iter()
        .filter_map(|row| row.number.as_ref())
        .map(CustomerNumber::for_comparison)
        .collect();
    let names: BTreeSet<String> = rows
        .iter()
        .filter_map(|row| row.name.as_deref())
        .map(name_for_comparison)
        .collect();
    let known = tx.known_customers(&numbers, &names).await?;
    Ok(plan(rows, &known))
}

/// Locks the numbers and names of rows, in one order, as the forms for new customers do.
async fn lock(tx: &mut TenantTx<'_, Staff>, rows: &[SheetRow]) -> CoreResult<()> {
    let names: BTreeSet<String> = rows
        .iter()
        .filter_map(|row| row.name.as_deref())
        .map(|name| format!("customer-name:{}", name_for_comparison(name)))
        .collect();
    for name in names {
        tx.lock(name).await?;
    }
    let mut numbers: Vec<&CustomerNumber> = rows.iter().filter_map(|row| row.number.as_ref()).collect();
    numbers.sort_unstable_by_key(|number| number.for_comparison());
    numbers.dedup_by_key(|number| number.for_comparison());
    for number in numbers {
        tx.lock_customer_number(number).await?;
    }
    Ok(())
}

/// Adds what is planned for a customer.
async fn store(tx: &mut TenantTx<'_, Staff>, plan: &CustomerPlan) -> CoreResult<()> {
    let customer: CustomerId = match plan.known {
        Some(known) => known,
        None => {
            let id = tx.new_id();
            tx.insert_customer(id, plan.number.as_ref(), &plan.name, false).await?;
            tx.audit("customer.created", id, json!({ "by": "staff", "spreadsheet": true }));
            id
        }
    };
    let mut added = Vec::with_capacity(plan.locations.len());
    for location in &plan.locations {
        let id: LocationId = tx.new_id();
        let zone = zone_of(location.address.country.as_deref(), tx.staff().zone());
        tx.insert_location(
            id,
            &NewLocation {
                customer,
                name: &location.name,
                address: &location.address,
                coordinates: None,
                zone: &zone,
                access_notes: location.access_notes.as_deref(),
            },
        )
        .await?;
        if plan.known.is_some() {
            tx.audit("location.created", id, json!({ "by": "staff", "customer": customer }));
        }
        added.push(id);
    }
    for contact in &plan.contacts {
        let id: ContactId = tx.new_id();
        let location = contact.location.and_then(|location| match location {
            RecordRef::Known(known) => Some(known),
            RecordRef::New(at) => added.get(at).copied(),
        });
        tx.insert_contact(
            id,
            &NewContact {
                customer,
                location,
                display_name: &contact.name,
                email: contact.email.as_deref(),
                phone: contact.phone.as_deref(),
            },
        )
        .await?;
        if plan.known.is_some() {
            tx.audit("contact.created", id, json!({ "by": "staff", "customer": customer }));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SHEETS: &[&str] = &[
        "Kundennr.;Firma;Standort;Straße;PLZ;Ort;Land;E-Mail;Telefon\nK-1;Müller; ;Hafenstr. 1;01067;Dresden;DE;a@example.org;0351 1\n",
        "customerNumber,name,contact,accessNotes\r\n\"4,9E+11\",=1+1,@x,\"a\nb\"\r\n#N/A,,,\r\n",
    ];

    proptest! {
        /// Each row of any file is one customer, or says why not; no cell is longer than its field.
        #[test]
        fn fuzz_customer_sheet_any_bytes_give_rows_or_problems(bytes in crate::fuzz::mutation::bytes(SHEETS)) {
            let Ok(table) = spreadsheets::table::read(&bytes, None, MAX_ROWS) else { return Ok(()) };
            let fields = first_guesses(&spreadsheets::columns_of(&table, guess));
            let shifted: Vec<_> = (0..table.headers.len()).map(|index| FIELDS.get(index).copied()).collect();
            for fields in [fields, shifted] {
                let lines = read(&table, &fields);
                prop_assert_eq!(lines.len(), table.rows.len());
                for (_, row) in lines {
                    match row {
                        Ok(row) => {
                            let fits = |text: Option<&String>| text.is_none_or(|text| text.chars().count() <= 500);
                            prop_assert!(fits(row.name.as_ref()));
                        }
                        Err(problems) => prop_assert!(!problems.is_empty()),
                    }
                }
            }
        }
    }
}

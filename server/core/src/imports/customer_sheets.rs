//! Customers with locations and contacts from a spreadsheet, without an API client. What the rows add is shown first; nothing that
//! exists is changed, and the same file again adds nothing.

use std::collections::{BTreeSet, HashMap};

use domain::customers::{
    Address, MAX_ACCESS_NOTES_CHARS, MAX_CITY_CHARS, MAX_PHONE_CHARS, MAX_POSTAL_CODE_CHARS, MAX_STREET_CHARS,
};
use domain::fields::{FieldCode, FieldError};
use domain::identity::permissions::ManageCustomers;
use domain::ids::{ContactId, CustomerId, LocationId};
use domain::imports::MAX_NAME_CHARS;
use domain::imports::customer_sheet::{
    CustomerPlan, RecordRef, RowAdditions, RowPlan, SheetContact, SheetLocation, SheetPlan, SheetRow, plan,
};
use domain::text;
use domain::text::{CustomerNumber, name_for_comparison};
use serde_json::json;

use super::spreadsheets::{self, Column, TableSource};
use crate::commit::finish;
use crate::customers::{NewContact, NewLocation, zone_of};
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::{Core, CoreError, CoreResult};

/// The most rows of a file.
pub const MAX_ROWS: usize = 5_000;
/// How many customers are stored in one transaction: others can write in between.
const BATCH: usize = 100;

/// What a column can contain.
pub const FIELDS: [&str; 11] = [
    "number",
    "name",
    "location",
    "street",
    "postalCode",
    "city",
    "country",
    "accessNotes",
    "contact",
    "email",
    "phone",
];

/// A row that is not imported because of its cells, or what is planned for it.
#[derive(Debug, Clone)]
pub enum RowResult {
    /// Cells that cannot be used.
    Invalid(Vec<CellProblem>),
    /// What happens to the row.
    Planned(RowPlan),
}

/// Why a row cannot be read.
#[derive(Debug, Clone)]
pub enum CellProblem {
    /// It has more cells than the file has columns, so that its values may be shifted.
    TooManyCells,
    /// The spreadsheet has shortened a number, such as `4,9E+11`.
    NumberShortened {
        /// The field of the cell.
        field: &'static str,
    },
    /// The value of a field is invalid.
    Field(FieldError),
}

/// A file with what its rows would add now.
#[derive(Debug, Clone)]
pub struct CustomerSheet {
    pub columns: Vec<Column>,
    /// The field of each column; `None` for one that is ignored.
    pub fields: Vec<Option<&'static str>>,
    pub source: TableSource,
    /// A result for each row with the number of its line, and the customer that it is about.
    pub rows: Vec<(usize, String, RowResult)>,
    pub counts: SheetCounts,
}

/// How many records are added, and what happens to the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
/// `not_found`; field `columns` if two columns have the same field, or none is the name or the number.
pub async fn preview(
    core: &Core,
    by: Permit<'_, ManageCustomers>,
    file: &str,
    encoding: Option<&str>,
    chosen: Option<&[String]>,
) -> CoreResult<CustomerSheet> {
    let read = read(core, by.staff(), file, encoding, chosen).await?;
    let rows: Vec<SheetRow> = read.rows.iter().filter_map(|(_, row)| row.clone().ok()).collect();
    let mut tx = core.store.read(by.staff()).await?;
    let planned = plan_rows(&mut tx, &rows).await?;
    Ok(sheet(read, &planned))
}

/// Imports a stored file, and returns what was added. Rows that are refused are left out; after a crash, the same file adds the rest.
///
/// # Errors
/// As [`preview`].
pub async fn import(
    core: &Core,
    by: Permit<'_, ManageCustomers>,
    file: &str,
    encoding: Option<&str>,
    chosen: &[String],
) -> CoreResult<SheetCounts> {
    let read = read(core, by.staff(), file, encoding, Some(chosen)).await?;
    let rows: Vec<SheetRow> = read.rows.into_iter().filter_map(|(_, row)| row.ok()).collect();
    let mut counts = SheetCounts::default();
    for batch in batches(&rows) {
        let mut tx = core.store.begin(by.staff()).await?;
        lock(&mut tx, &batch).await?;
        // What was added since the preview is seen: the plan is made again under the locks.
        let planned = plan_rows(&mut tx, &batch).await?;
        for customer in planned.customers.iter().filter(|customer| !customer.is_empty()) {
            store(&mut tx, customer).await?;
            counts.customers += usize::from(customer.known.is_none());
            counts.locations += customer.locations.len();
            counts.contacts += customer.contacts.len();
        }
        finish(core, tx).await?;
    }
    Ok(counts)
}

/// A file whose cells were read.
struct ReadSheet {
    columns: Vec<Column>,
    fields: Vec<Option<&'static str>>,
    source: TableSource,
    rows: Vec<(usize, Result<SheetRow, Vec<CellProblem>>)>,
}

async fn read(
    core: &Core,
    staff: &Staff,
    file: &str,
    encoding: Option<&str>,
    chosen: Option<&[String]>,
) -> CoreResult<ReadSheet> {
    let table = spreadsheets::load_table(core, staff, file, encoding, MAX_ROWS).await?;
    let columns = spreadsheets::columns_of(&table, guess);
    let fields: Vec<Option<&'static str>> = match chosen {
        Some(chosen) => {
            let known = |name: &String| FIELDS.into_iter().find(|field| field == name);
            chosen.iter().map(known).collect()
        }
        None => first_guesses(&columns),
    };
    for (index, field) in fields.iter().enumerate() {
        if field.is_some() && fields[..index].contains(field) {
            return Err(CoreError::field("columns", FieldCode::ColumnTwice));
        }
    }
    if chosen.is_some() && !fields.contains(&Some("name")) && !fields.contains(&Some("number")) {
        return Err(CoreError::field("columns", FieldCode::Required));
    }
    let rows = table
        .rows
        .iter()
        .map(|row| {
            let read = if table.is_shifted(row) {
                Err(vec![CellProblem::TooManyCells])
            } else {
                let cell = |field: &str| {
                    let at = fields.iter().position(|known| *known == Some(field))?;
                    row.cells.get(at).map(String::as_str)
                };
                read_row(row.line, |field| cell(field).unwrap_or_default())
            };
            (row.line, read)
        })
        .collect();
    Ok(ReadSheet {
        columns,
        fields,
        source: table.source,
        rows,
    })
}

/// Returns the guess of each column; a field that two headers suggest is that of the first.
fn first_guesses(columns: &[Column]) -> Vec<Option<&'static str>> {
    let mut seen = BTreeSet::new();
    columns
        .iter()
        .map(|column| column.guess.filter(|guess| seen.insert(*guess)))
        .collect()
}

/// Validates the cells of a row.
fn read_row<'a>(line: usize, cell: impl Fn(&str) -> &'a str) -> Result<SheetRow, Vec<CellProblem>> {
    let shortened = ["number", "postalCode", "phone"]
        .into_iter()
        .filter(|field| spreadsheets::is_shortened(cell(field)))
        .map(|field| CellProblem::NumberShortened { field });
    let mut problems: Vec<CellProblem> = shortened.collect();
    let mut form = Form::default();
    let number = form.text(
        "number",
        CustomerNumber::MAX_CHARS,
        CustomerNumber::parse(cell("number")),
    );
    let email = match cell("email").trim() {
        "" => None,
        email => form.text("email", 254, text::email(email)),
    };
    let country = match cell("country").trim() {
        "" => None,
        country => form.text("country", 2, text::country(country)),
    };
    let access_notes = form.text(
        "accessNotes",
        MAX_ACCESS_NOTES_CHARS,
        text::optional_paragraphs(cell("accessNotes"), MAX_ACCESS_NOTES_CHARS),
    );
    let mut line_of = |field: &str, max: usize| form.text(field, max, text::optional_line(cell(field), max)).flatten();
    let name = line_of("name", MAX_NAME_CHARS);
    let location_name = line_of("location", MAX_NAME_CHARS);
    let address = Address {
        street: line_of("street", MAX_STREET_CHARS),
        postal_code: line_of("postalCode", MAX_POSTAL_CODE_CHARS),
        city: line_of("city", MAX_CITY_CHARS),
        country,
    };
    let contact_name = line_of("contact", MAX_NAME_CHARS);
    let phone = line_of("phone", MAX_PHONE_CHARS);
    problems.extend(form.0.into_iter().map(CellProblem::Field));
    if !problems.is_empty() {
        return Err(problems);
    }
    // A location without a name is named after its street or city.
    let has_location = location_name.is_some() || address.as_name().is_some();
    let has_contact = contact_name.is_some() || email.is_some() || phone.is_some();
    Ok(SheetRow {
        line,
        number: number.flatten(),
        name,
        location: has_location.then_some(SheetLocation {
            name: location_name,
            address,
            access_notes: access_notes.flatten(),
        }),
        contact: has_contact.then_some(SheetContact {
            name: contact_name,
            email,
            phone,
        }),
    })
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

/// Divides rows into batches of customers; all rows that could be about one customer are in the same batch.
fn batches(rows: &[SheetRow]) -> Vec<Vec<SheetRow>> {
    let mut groups: Vec<Vec<SheetRow>> = Vec::new();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let mut by_number: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let name = row.name.as_deref().map(name_for_comparison);
        let number = row.number.as_ref().map(CustomerNumber::for_comparison);
        let of_number = number.as_ref().and_then(|number| by_number.get(number).copied());
        let of_name = name.as_ref().and_then(|name| by_name.get(name).copied());
        let group: usize = match (of_number, of_name) {
            (Some(left), Some(right)) if left != right => {
                // A number joins two names: their rows belong together.
                let moved = std::mem::take(&mut groups[right]);
                groups[left].extend(moved);
                for group in by_name
                    .values_mut()
                    .chain(by_number.values_mut())
                    .filter(|group| **group == right)
                {
                    *group = left;
                }
                left
            }
            (Some(group), _) | (None, Some(group)) => group,
            (None, None) => {
                groups.push(Vec::new());
                groups.len() - 1
            }
        };
        groups[group].push(row.clone());
        if let Some(name) = name {
            by_name.insert(name, group);
        }
        if let Some(number) = number {
            by_number.insert(number, group);
        }
    }
    for group in &mut groups {
        group.sort_by_key(|row| row.line);
    }
    groups.retain(|group| !group.is_empty());
    groups.chunks(BATCH).map(<[_]>::concat).collect()
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

fn sheet(read: ReadSheet, planned: &SheetPlan) -> CustomerSheet {
    let mut counts = SheetCounts::default();
    for customer in &planned.customers {
        counts.customers += usize::from(customer.known.is_none());
        counts.locations += customer.locations.len();
        counts.contacts += customer.contacts.len();
    }
    let mut plans = planned.rows.iter();
    let rows = read
        .rows
        .into_iter()
        .map(|(line, row)| {
            let (name, result) = match row {
                Err(errors) => (String::new(), RowResult::Invalid(errors)),
                Ok(row) => {
                    let plan = plans.next().cloned();
                    let plan = plan.unwrap_or(RowPlan::Imported {
                        customer: 0,
                        adds: RowAdditions::default(),
                        kept: Vec::new(),
                    });
                    let number = row.number.as_ref().map(|number| number.as_str().to_owned());
                    (row.name.or(number).unwrap_or_default(), RowResult::Planned(plan))
                }
            };
            match &result {
                RowResult::Planned(RowPlan::Imported { adds, .. }) => {
                    counts.unchanged += usize::from(adds.is_nothing())
                }
                RowResult::Planned(RowPlan::Refused(_)) | RowResult::Invalid(_) => counts.refused += 1,
            }
            (line, name, result)
        })
        .collect();
    CustomerSheet {
        columns: read.columns,
        fields: read.fields,
        source: read.source,
        rows,
        counts,
    }
}

/// Returns the field that a header suggests: an exact field name, or a known English, German or Arabic synonym.
fn guess(header: &str) -> Option<&'static str> {
    let normalized: String = header
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let field = match normalized.as_str() {
        "number" | "customernumber" | "customerno" | "customerid" | "kundennummer" | "kundennr" | "kdnr" | "nr"
        | "رقمالعميل" | "الرقم" => "number",
        "name" | "customer" | "customername" | "company" | "kunde" | "kundenname" | "firma" | "firmenname"
        | "العميل" | "اسمالعميل" | "الشركة" | "الاسم" => "name",
        "location" | "locationname" | "site" | "branch" | "standort" | "filiale" | "objekt" | "الموقع" | "الفرع" => {
            "location"
        }
        "street" | "address" | "streetaddress" | "strasse" | "straße" | "strassehausnr" | "straßehausnr"
        | "anschrift" | "adresse" | "الشارع" | "العنوان" => "street",
        "postalcode" | "postcode" | "zip" | "zipcode" | "plz" | "postleitzahl" | "الرمزالبريدي" => {
            "postalCode"
        }
        "city" | "town" | "ort" | "stadt" | "wohnort" | "المدينة" => "city",
        "country" | "land" | "البلد" | "الدولة" => "country",
        "accessnotes" | "access" | "zutritt" | "zutrittshinweise" | "hinweise" | "ملاحظاتالدخول" => {
            "accessNotes"
        }
        "contact"
        | "contactname"
        | "contactperson"
        | "kontakt"
        | "ansprechpartner"
        | "ansprechpartnerin"
        | "kontaktperson"
        | "جهةالاتصال" => "contact",
        "email" | "mail" | "emailaddress" | "emailadresse" | "البريدالإلكتروني" => "email",
        "phone" | "telephone" | "tel" | "mobile" | "telefon" | "telefonnummer" | "handy" | "mobil" | "الهاتف"
        | "رقمالهاتف" => "phone",
        _ => return None,
    };
    Some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: usize, number: &str, name: &str) -> SheetRow {
        read_row(line, |field| match field {
            "number" => number,
            "name" => name,
            _ => "",
        })
        .expect("the cells are valid")
    }

    #[test]
    fn rows_that_could_be_one_customer_are_in_one_batch() {
        let mut rows: Vec<SheetRow> = (0..BATCH * 2).map(|at| row(at, &format!("N-{at}"), "")).collect();
        rows.push(row(900, "N-0", "First"));
        rows.push(row(901, "", "first"));
        rows.push(row(902, "N-199", "First"));
        let batches = batches(&rows);
        assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), rows.len());
        let with_name: Vec<usize> = batches
            .iter()
            .enumerate()
            .filter(|(_, batch)| {
                batch
                    .iter()
                    .any(|row| row.line >= 900 || row.line == 0 || row.line == 199)
            })
            .map(|(at, _)| at)
            .collect();
        assert_eq!(with_name.len(), 1, "{with_name:?}");
        assert!(batches.iter().all(|batch| batch.len() <= BATCH + 4));
    }

    #[test]
    fn headers_are_recognized_in_three_languages() {
        for (header, field) in [
            ("Kunden-Nr.", Some("number")),
            ("Firma", Some("name")),
            ("Straße / Hausnr.", Some("street")),
            ("PLZ", Some("postalCode")),
            ("E-Mail", Some("email")),
            ("Telefon", Some("phone")),
            ("اسم العميل", Some("name")),
            ("Postcode", Some("postalCode")),
            ("Lieblingsfarbe", None),
        ] {
            assert_eq!(guess(header), field, "{header}");
        }
    }

    #[test]
    fn cells_that_cannot_be_used_name_their_fields() {
        let errors = read_row(2, |field| match field {
            "name" => "Nordbau",
            "email" => "no address",
            "country" => "Germany",
            "number" => "4,9E+11",
            _ => "",
        })
        .expect_err("three cells are wrong");
        let fields: Vec<&str> = errors
            .iter()
            .map(|error| match error {
                CellProblem::NumberShortened { field } => field,
                CellProblem::Field(error) => error.pointer.as_str(),
                CellProblem::TooManyCells => "row",
            })
            .collect();
        assert_eq!(fields, ["number", "email", "country"]);
    }
}

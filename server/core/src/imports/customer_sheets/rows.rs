//! The columns and cells of a spreadsheet of customers.

use domain::customers::{
    Address, MAX_ACCESS_NOTES_CHARS, MAX_CITY_CHARS, MAX_PHONE_CHARS, MAX_POSTAL_CODE_CHARS, MAX_STREET_CHARS,
};
use domain::fields::FieldError;
use domain::imports::MAX_NAME_CHARS;
use domain::imports::customer_sheet::{SheetContact, SheetLocation, SheetRow};
use domain::text;
use domain::text::CustomerNumber;

use super::super::spreadsheets;
use crate::form::Form;

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
    /// The cell of the number contains what spreadsheets write for "nothing", such as `#N/A`. Two rows with it are not the same
    /// customer.
    NumberPlaceholder,
    /// The value of a field is invalid.
    Field(FieldError),
}

/// Validates the cells of a row.
pub(super) fn read_row<'a>(line: usize, cell: impl Fn(&str) -> &'a str) -> Result<SheetRow, Vec<CellProblem>> {
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
    if number.iter().flatten().any(CustomerNumber::is_placeholder) {
        problems.push(CellProblem::NumberPlaceholder);
    }
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

/// Returns the field that a header suggests: an exact field name, or a known English, German or Arabic synonym.
pub(super) fn guess(header: &str) -> Option<&'static str> {
    let normalized: String = header
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let field = match normalized.as_str() {
        "number" | "customernumber" | "customerno" | "customerid" | "kundennummer" | "kundennr" | "kdnr" | "nr"
        | "nummer" | "رقمالعميل" | "الرقم" => "number",
        "name" | "customer" | "customername" | "company" | "kunde" | "kundenname" | "firma" | "firmenname"
        | "العميل" | "اسمالعميل" | "الشركة" | "الاسم" => "name",
        "location" | "locationname" | "site" | "branch" | "standort" | "filiale" | "objekt" | "الموقع" | "الفرع" => {
            "location"
        }
        "street"
        | "streetandnumber"
        | "straßeundhausnummer"
        | "الشارعوالرقم"
        | "address"
        | "streetaddress"
        | "strasse"
        | "straße"
        | "strassehausnr"
        | "straßehausnr"
        | "anschrift"
        | "adresse"
        | "الشارع"
        | "العنوان" => "street",
        "postalcode" | "postcode" | "zip" | "zipcode" | "plz" | "postleitzahl" | "الرمزالبريدي" => {
            "postalCode"
        }
        "city" | "town" | "ort" | "stadt" | "wohnort" | "المدينة" => "city",
        "country" | "land" | "البلد" | "الدولة" => "country",
        "accessnotes"
        | "access"
        | "zutritt"
        | "zutrittshinweise"
        | "hinweise"
        | "ملاحظاتالدخول"
        | "ملاحظاتالدخولإلىالموقع" => "accessNotes",
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
                CellProblem::TooManyCells | CellProblem::NumberPlaceholder => "row",
            })
            .collect();
        assert_eq!(fields, ["number", "email", "country"]);
    }

    #[test]
    fn number_that_means_nothing_is_refused() {
        for (number, is_refused) in [
            ("None", true),
            ("#N/A", true),
            ("n/a", true),
            ("0", true),
            ("-", true),
            ("K-0", false),
            ("1", false),
        ] {
            let row = read_row(2, |field| match field {
                "name" => "Nordbau",
                "number" => number,
                _ => "",
            });
            let has_placeholder =
                |problems: Vec<CellProblem>| matches!(problems.as_slice(), [CellProblem::NumberPlaceholder]);
            assert_eq!(row.err().is_some_and(has_placeholder), is_refused, "{number}");
        }
    }
}

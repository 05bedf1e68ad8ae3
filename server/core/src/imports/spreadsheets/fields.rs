//! The import fields that a column can be mapped to, and which one a header suggests.

/// The import fields that a column can be mapped to. `_` separates an object from its member. `timeWindow_date` is the day
/// of a window whose start and end are times.
pub const FIELDS: [&str; 27] = [
    "externalId",
    "action",
    "sourceUpdatedAt",
    "serviceType",
    "priority",
    "durationMinutes",
    "timeWindow_date",
    "timeWindow_start",
    "timeWindow_end",
    "timeWindow_zone",
    "requiredSkills",
    "notes",
    "coordinates_lat",
    "coordinates_lon",
    "customer_externalId",
    "customer_customerNumber",
    "customer_name",
    "location_externalId",
    "location_name",
    "location_street",
    "location_postalCode",
    "location_city",
    "location_country",
    "contact_externalId",
    "contact_displayName",
    "contact_email",
    "contact_phone",
];

/// Returns whether a field holds an identifier or another text of digits, which a spreadsheet must not have shortened.
pub(super) fn is_identifier(field: &str) -> bool {
    matches!(
        field,
        "externalId"
            | "customer_externalId"
            | "customer_customerNumber"
            | "location_externalId"
            | "location_postalCode"
            | "contact_externalId"
            | "contact_phone"
    )
}

/// Returns the field that a header suggests: an exact field name, or a known English, German or Arabic synonym.
pub(super) fn guess(header: &str) -> Option<&'static str> {
    let normalize = |text: &str| {
        text.chars()
            .filter(|character| character.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    let normalized_header = normalize(header);
    let synonym = match normalized_header.as_str() {
        "id" | "jobid" | "job" | "jobnumber" | "auftrag" | "auftragsnummer" | "auftragsnr" | "رقمالمهمة" => {
            Some("externalId")
        }
        "customerid" | "kundeid" | "kundenid" | "معرفالعميل" => Some("customer_externalId"),
        "customernumber" | "customerno" | "kundennummer" | "kundennr" | "رقمالعميل" => {
            Some("customer_customerNumber")
        }
        "customer" | "customername" | "kunde" | "kundenname" | "firma" | "العميل" => Some("customer_name"),
        "locationid" | "standortid" | "ortid" => Some("location_externalId"),
        "location" | "standort" | "الموقع" => Some("location_name"),
        "street" | "strasse" | "straße" | "الشارع" => Some("location_street"),
        "zip" | "plz" | "postcode" | "postalcode" | "postleitzahl" => Some("location_postalCode"),
        "city" | "town" | "ort" | "stadt" | "المدينة" => Some("location_city"),
        "country" | "land" | "البلد" => Some("location_country"),
        "contact" | "kontakt" | "ansprechpartner" => Some("contact_displayName"),
        "email" | "mail" => Some("contact_email"),
        "phone" | "telefon" | "tel" | "الهاتف" => Some("contact_phone"),
        "minutes" | "minuten" | "duration" | "dauer" => Some("durationMinutes"),
        "date" | "day" | "datum" | "tag" | "termin" | "التاريخ" => Some("timeWindow_date"),
        "start" | "from" | "von" | "beginn" => Some("timeWindow_start"),
        "end" | "until" | "to" | "bis" | "ende" => Some("timeWindow_end"),
        "timezone" | "zone" | "zeitzone" => Some("timeWindow_zone"),
        "skills" | "requiredskill" | "qualifikationen" => Some("requiredSkills"),
        "lat" | "latitude" | "breitengrad" => Some("coordinates_lat"),
        "lon" | "lng" | "longitude" | "längengrad" => Some("coordinates_lon"),
        "updatedat" | "changedat" | "geändertam" => Some("sourceUpdatedAt"),
        "aktion" => Some("action"),
        "priorität" => Some("priority"),
        "service" | "leistung" => Some("serviceType"),
        "notizen" | "bemerkung" | "notiz" | "note" | "ملاحظات" => Some("notes"),
        _ => None,
    };
    FIELDS
        .into_iter()
        .find(|field| normalize(field) == normalized_header)
        .or(synonym)
}

//! Descriptions of the mapping rules and codes for the documentation and for API responses. A test checks that every
//! rule and every code is described.

/// Description of one mapping rule.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Rule id, such as `C10`.
    pub rule: &'static str,
    /// Condition under which the rule applies.
    pub input: &'static str,
    /// Result of the rule.
    pub result: &'static str,
    /// Codes that the rule can report; may be empty.
    pub codes: &'static [&'static str],
}

macro_rules! rows {
    ($($rule:literal, $input:literal, $result:literal $(, $code:literal)*;)*) => {
        /// Every rule of the tables C, L, K and T.
        pub const ROWS: &[Row] = &[$(Row { rule: $rule, input: $input, result: $result, codes: &[$($code),*] },)*];
    };
}

rows! {
    "C1", "No customer was sent.", "Skipped. The item fails if the source system requires a customer.", "customer_required";
    "C2", "A customer was sent, but the client does not have the scope customers.map.", "Skipped without a search.", "scope_missing_customers_map";
    "C3", "The external ID is what languages and spreadsheets write for nothing (0, -1, null, None, undefined, NaN, #N/A, n/a, -, ?), or is blocked in this source system.", "Processed as if no external ID had been sent.", "external_id_blocked_value";
    "C4", "The external ID belongs to a customer that was merged into another one.", "Processed with the customer it was merged into.", "customer_merged";
    "C5", "The external ID belongs to an archived customer.", "Failed.", "customer_inactive";
    "C6", "The external ID is known, and the customer number does not contradict it.", "Mapped, or updated if the source system updates records. A customer that was linked by C10 under another name is not updated until dispatch accepts the name.", "customer_name_mismatch";
    "C7", "The external ID is known, but the customer number is not.", "Mapped by external ID, or updated like C6.", "customer_number_unknown", "customer_name_mismatch";
    "C8", "The external ID is known, and several customers, including this one, have the customer number.", "Mapped by external ID, or updated like C6.", "customer_number_ambiguous", "customer_name_mismatch";
    "C9", "The external ID and the customer number belong to different customers.", "Failed. Nothing is linked.", "customer_identifier_conflict";
    "C10", "The external ID is new, and the customer number matches one customer without an external ID in this source system.", "Mapped, and the external ID is linked. The record is not updated; a different name is proposed to dispatch.", "link_created", "customer_name_mismatch";
    "C11", "The external ID is new, but the customer with this number has a different external ID in this source system.", "Failed.", "customer_already_linked";
    "C12", "The customer number belongs to an archived customer.", "Failed.", "customer_inactive";
    "C13", "Several customers have the customer number.", "Skipped. No customer is created.", "customer_number_ambiguous";
    "C14", "No matching customer, and the feature gate for creating customers is disabled.", "Skipped.", "feature_not_enabled";
    "C15", "No matching customer, and the source system does not create customers.", "Skipped.", "auto_create_disabled";
    "C16", "No matching customer, and the client does not have the scope customers.write.", "Skipped.", "scope_missing_customers_write";
    "C17", "No matching customer, and no name was sent to create one.", "Failed.", "customer_name_required";
    "C18", "No matching customer, creating customers is allowed, and a name was sent.", "Created and linked. A customer number that was sent is ignored.", "customer_number_ignored", "possible_duplicate_name";
    "C19", "No external ID was sent, and the customer number matches one customer.", "Mapped for this import only. The record is not updated; a different name is proposed to dispatch.", "external_id_missing", "customer_name_mismatch";
    "C20", "No external ID was sent, and no customer has the customer number.", "Skipped. No customer is created.", "external_id_required_for_create";
    "C21", "Only a name was sent.", "Skipped. A name alone does not identify a customer.", "name_only_not_matchable";
    "L0", "No location was sent.", "Skipped.";
    "L1", "A customer was sent but could not be identified.", "Skipped.", "customer_unresolved";
    "L2", "No customer was sent, and the location is known.", "Mapped, and the customer is derived from the location.", "customer_derived_from_location";
    "L3", "The location is known and belongs to the customer.", "Mapped, or updated if the source system updates records.";
    "L4", "The location belongs to another customer.", "Failed. The location is never moved between customers; the customer remains mapped.", "location_customer_mismatch";
    "L5", "The location is new, and creating locations is allowed.", "Created under the customer.", "missing_coordinates";
    "L6", "The location is new and cannot be created.", "Skipped. The address is stored with the job.", "auto_create_disabled", "feature_not_enabled", "scope_missing_customers_write", "scope_missing_customers_map";
    "L7", "Only an address was sent.", "Stored with the job. Nothing is linked.", "location_not_identified", "external_id_blocked_value";
    "L8", "The location is archived.", "Failed.", "location_inactive";
    "K0", "No contact was sent.", "Skipped.";
    "K1", "The contact belongs to another customer.", "Failed.", "contact_customer_mismatch";
    "K2", "The contact belongs to the customer.", "Mapped, with a warning if the contact is assigned to a different location.", "contact_location_mismatch";
    "K3", "The contact is new, and creating contacts is allowed.", "Created under the customer.";
    "K4", "The contact is new and cannot be created, or it could not be identified.", "Skipped.", "contact_not_matchable", "external_id_blocked_value", "customer_unresolved", "scope_missing_customers_map", "feature_not_enabled", "auto_create_disabled", "scope_missing_customers_write";
    "T0", "The job to cancel was never imported.", "Failed.", "not_found";
    "T1", "The external ID of the job is new.", "Created.";
    "T2", "The payload is identical to the previous one.", "Unchanged. No event is sent.";
    "T3", "The value of sourceUpdatedAt is older than the stored one.", "Skipped.", "stale_source_version";
    "T4", "The job was changed and is not yet scheduled.", "Updated.";
    "T5", "The job was changed and is already scheduled or dispatched.", "Fields that do not affect the appointment are updated. Changes of time, location, address, duration, service type and skills are proposed to dispatch; proposals merge field by field, and the stored value withdraws a field.", "change_requires_review", "change_declined";
    "T6", "The technician is on the way or on site, or the job is completed.", "Skipped.", "target_locked";
    "T6a", "The job is cancelled.", "Skipped. The action reopen opens it for review by dispatch.", "target_cancelled";
    "T7", "The job names a different customer than the stored one.", "The customer is not changed. The change is proposed to dispatch.", "target_customer_change_requires_review";
    "T8", "A field is absent or null.", "An absent field keeps the stored value; null clears it.";
    "T9", "The batch contains the same external ID more than once with identical content.", "The first item is used; the others are skipped.", "duplicate_in_batch";
    "T10", "The batch contains the same external ID more than once with different content.", "The first item is used; the others fail.", "duplicate_external_id_in_batch";
    "T11", "A job that could not be mapped before can be mapped.", "Mapped and ready to be scheduled.", "mapping_recovered";
}

/// Every code with its description.
const MEANINGS: &[(&str, &str)] = &[
    (
        "customer_required",
        "This source system requires a customer for every job.",
    ),
    (
        "scope_missing_customers_map",
        "The client does not have the scope customers.map, so no customer was searched for.",
    ),
    (
        "external_id_blocked_value",
        "The external ID is a placeholder and was ignored.",
    ),
    (
        "customer_merged",
        "The customer was merged into another customer, which was used instead.",
    ),
    ("customer_inactive", "The customer is archived."),
    (
        "customer_number_unknown",
        "No customer has this customer number. The external ID was used.",
    ),
    (
        "customer_number_ambiguous",
        "Several customers have this customer number.",
    ),
    (
        "customer_identifier_conflict",
        "The external ID and the customer number belong to different customers.",
    ),
    (
        "link_created",
        "The external ID was linked to the customer with this customer number.",
    ),
    (
        "customer_name_mismatch",
        "The name that was sent differs from the name of the customer.",
    ),
    (
        "customer_already_linked",
        "The customer with this customer number has a different external ID in this source system.",
    ),
    (
        "feature_not_enabled",
        "The required feature gate is not enabled for the organization.",
    ),
    (
        "auto_create_disabled",
        "This source system does not create records automatically.",
    ),
    (
        "auto_update_disabled",
        "This source system does not update records automatically. The stored values were not changed.",
    ),
    (
        "scope_missing_customers_write",
        "The client does not have the scope customers.write, so nothing was created or updated.",
    ),
    ("customer_name_required", "A name is required to create a customer."),
    (
        "customer_number_ignored",
        "The customer number was ignored. Imports never set customer numbers.",
    ),
    (
        "possible_duplicate_name",
        "A customer with the same name already exists.",
    ),
    (
        "external_id_missing",
        "No external ID was sent, so the customer was mapped for this import only.",
    ),
    (
        "external_id_required_for_create",
        "An external ID is required to create a customer.",
    ),
    ("name_only_not_matchable", "A name alone does not identify a customer."),
    (
        "customer_unresolved",
        "The customer could not be identified, so this part was not mapped.",
    ),
    (
        "customer_derived_from_location",
        "The customer was derived from the location.",
    ),
    (
        "location_customer_mismatch",
        "The location belongs to another customer.",
    ),
    ("missing_coordinates", "The new location has no coordinates."),
    (
        "location_not_identified",
        "No external ID was sent, so the address was stored with the job only.",
    ),
    ("location_inactive", "The location is archived."),
    ("contact_customer_mismatch", "The contact belongs to another customer."),
    (
        "contact_location_mismatch",
        "The contact is assigned to a different location.",
    ),
    (
        "contact_not_matchable",
        "The contact could not be identified without an external ID.",
    ),
    (
        "stale_source_version",
        "A newer version of this job was already imported.",
    ),
    (
        "change_requires_review",
        "The job is already scheduled. Dispatch has to review the change.",
    ),
    (
        "target_locked",
        "Work on the job has started or ended, so it can no longer be changed.",
    ),
    (
        "target_cancelled",
        "The job is cancelled. Send it with the action reopen to open it again.",
    ),
    (
        "change_declined",
        "Dispatch has declined the change. Send another value, or the stored one to withdraw it.",
    ),
    (
        "implausible_coordinates",
        "The coordinates are at 0,0 or not in the country of the address. Latitude and longitude may be swapped.",
    ),
    ("implausible_duration", "The duration is longer than the time window."),
    (
        "target_customer_change_requires_review",
        "The job belongs to a different customer. Dispatch has to review the change.",
    ),
    (
        "mapping_recovered",
        "The missing mapping was completed. The job can be scheduled.",
    ),
    ("duplicate_in_batch", "The batch already contains an identical item."),
    (
        "duplicate_external_id_in_batch",
        "Another item of this batch has the same external ID with different content.",
    ),
    ("external_id_required", "The external ID of the job is missing."),
    ("unknown_field", "The field is unknown."),
    ("validation_failed", "The value is not valid."),
    ("required", "A value is required."),
    ("value_too_long", "The value is too long."),
    (
        "invalid_character",
        "The value contains a character that is not allowed or, in an ID, not visible.",
    ),
    ("surrounding_space", "The ID starts or ends with a space."),
    ("invalid_email", "The email address is not valid."),
    ("invalid_country", "The country code is not valid."),
    (
        "source_system_not_allowed",
        "The client may not import into this source system.",
    ),
    (
        "too_many_cells",
        "The line has more cells than the file has columns, so its values may be shifted.",
    ),
    (
        "number_shortened",
        "The spreadsheet has shortened the number, such as 4.00612E+12, and its digits are lost. Format the column as text and export the file again.",
    ),
    (
        "ambiguous_date",
        "The file does not show whether day or month comes first. Write the date as 2026-11-24.",
    ),
    ("invalid_time_window", "The time window is not valid."),
    ("invalid_coordinates", "The coordinates are not valid."),
    (
        "atomic_rollback",
        "Another item of this batch failed, so no item was imported.",
    ),
    ("not_found", "The job was not found in this source system."),
    (
        "job_cancelled",
        "The import job was cancelled before this item was processed.",
    ),
    ("internal_error", "An internal error occurred. Retry the item."),
];

/// Returns the description of a code.
pub fn meaning(code: &str) -> Option<&'static str> {
    MEANINGS
        .iter()
        .find(|(name, _)| *name == code)
        .map(|(_, meaning)| *meaning)
}

/// Returns every code with its description.
pub const fn codes() -> &'static [(&'static str, &'static str)] {
    MEANINGS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::contact::ContactRule;
    use crate::mapping::customer::CustomerRule;
    use crate::mapping::location::LocationRule;

    #[test]
    fn every_rule_and_code_is_described_once() {
        let rules = CustomerRule::ALL
            .iter()
            .map(|rule| rule.name())
            .chain(LocationRule::ALL.iter().map(|rule| rule.name()))
            .chain(ContactRule::ALL.iter().map(|rule| rule.name()));
        for rule in rules {
            assert_eq!(ROWS.iter().filter(|row| row.rule == rule).count(), 1, "{rule}");
        }
        for code in ROWS.iter().flat_map(|row| row.codes) {
            assert!(meaning(code).is_some(), "{code}");
        }
        for (index, (code, meaning)) in MEANINGS.iter().enumerate() {
            assert!(meaning.ends_with('.'), "{code}");
            assert!(!MEANINGS[..index].iter().any(|(earlier, _)| earlier == code), "{code}");
        }
    }
}

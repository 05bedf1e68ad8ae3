//! The mapping tables in words, row by row, for the documentation and for the API's explanations. The order is that of
//! the rules; a test holds that every rule and every code has its line.

/// A row: its id, what was sent and found, what comes of it, and the codes that may tell it.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The rule's id.
    pub rule: &'static str,
    /// What was sent and found.
    pub input: &'static str,
    /// What comes of it.
    pub result: &'static str,
    /// The codes that may tell it; none if nothing is told.
    pub codes: &'static [&'static str],
}

macro_rules! rows {
    ($($rule:literal, $input:literal, $result:literal $(, $code:literal)*;)*) => {
        /// Every row of the tables C, L, K and T.
        pub const ROWS: &[Row] = &[$(Row { rule: $rule, input: $input, result: $result, codes: &[$($code),*] },)*];
    };
}

rows! {
    "C1", "No customer was sent.", "Skipped; the item fails if the source demands a customer.", "customer_required";
    "C2", "A customer was sent, the scope customers.map is missing.", "Skipped without any look-up.", "scope_missing_customers_map";
    "C3", "The external id only says that there is none (0, -1, null, n/a, -).", "Goes on as if no external id had been sent.", "external_id_blocked_value";
    "C4", "The external id leads to a customer that was merged into another.", "Goes on with the other.", "customer_merged";
    "C5", "The external id leads to an archived customer.", "Failed.", "customer_inactive";
    "C6", "The external id is known and the number does not contradict.", "Mapped.";
    "C7", "The external id is known, the number is not.", "Mapped by the external id.", "customer_number_unknown";
    "C8", "The external id is known; several customers have the number, this one among them.", "Mapped by the external id.", "customer_number_ambiguous";
    "C9", "External id and number lead to different customers.", "Failed, nothing is linked.", "customer_identifier_conflict";
    "C10", "The external id is new; one customer has the number and no reference in this source.", "Mapped, and the external id is linked from now on.", "link_created", "customer_name_mismatch";
    "C11", "The external id is new; the customer with the number already has another one in this source.", "Failed.", "customer_already_linked";
    "C12", "The number leads to an archived customer.", "Failed.", "customer_inactive";
    "C13", "Several customers have the number.", "Skipped, never created.", "customer_number_ambiguous";
    "C14", "Nobody is known, and the feature gate is closed.", "Skipped.", "feature_not_enabled";
    "C15", "Nobody is known, and the source does not create customers.", "Skipped.", "auto_create_disabled";
    "C16", "Nobody is known, and the scope customers.write is missing.", "Skipped.", "scope_missing_customers_write";
    "C17", "Nobody is known, and there is no name to create with.", "Failed.", "customer_name_required";
    "C18", "Nobody is known, everything allows it, and there is a name.", "Created and linked; a number that was sent is ignored.", "customer_number_ignored", "possible_duplicate_name";
    "C19", "No external id; one customer has the number.", "Mapped, nothing is linked for next time.", "external_id_missing", "customer_name_mismatch";
    "C20", "No external id; nobody has the number.", "Skipped, never created.", "external_id_required_for_create";
    "C21", "Only a name.", "Skipped: names never establish identity.", "name_only_not_matchable";
    "L0", "No location was sent.", "Skipped.";
    "L1", "The customer was sent and not resolved.", "Skipped.", "customer_unresolved";
    "L2", "No customer was sent; the location is known.", "Mapped, and the customer follows from it.", "customer_derived_from_location";
    "L3", "The location is known and belongs to the customer.", "Mapped, or updated where the source may update.";
    "L4", "The location belongs to another customer.", "Failed; it is never moved, and the customer stays mapped.", "location_customer_mismatch";
    "L5", "The location is new, and everything allows creating it.", "Created under the customer.", "missing_coordinates";
    "L6", "The location is new and may not be created.", "Skipped; the address is kept with the job.", "auto_create_disabled", "feature_not_enabled", "scope_missing_customers_write", "scope_missing_customers_map";
    "L7", "Only an address.", "Kept with the job, nothing is linked.", "location_not_identified";
    "L8", "The location was archived.", "Failed.", "location_inactive";
    "K0", "No contact was sent.", "Skipped.";
    "K1", "The contact belongs to another customer.", "Failed.", "contact_customer_mismatch";
    "K2", "The contact belongs to the customer.", "Mapped, with a warning if it is bound to another location.", "contact_location_mismatch";
    "K3", "The contact is new, and everything allows creating it.", "Created under the customer.";
    "K4", "The contact is new and may not be created, or nothing identifies it.", "Skipped.", "contact_not_matchable", "customer_unresolved", "scope_missing_customers_map", "feature_not_enabled", "auto_create_disabled", "scope_missing_customers_write";
    "T0", "The job is to be cancelled and was never sent.", "Failed.", "not_found";
    "T1", "A new external id.", "Created.";
    "T2", "The same payload as before.", "Unchanged, no event.";
    "T3", "Older than what is stored, by sourceUpdatedAt.", "Skipped.", "stale_source_version";
    "T4", "Changed, and not scheduled yet.", "Updated.";
    "T5", "Changed, and scheduled or dispatched.", "Harmless fields are updated; time, place and duration become a proposal for dispatch.", "change_requires_review";
    "T6", "On the way, on site, completed or cancelled.", "Skipped.", "target_locked";
    "T7", "Leads to another customer than the stored one.", "Never moved; a proposal for dispatch.", "target_customer_change_requires_review";
    "T8", "A field is absent or null.", "Absent keeps what is stored, null clears it.";
    "T9", "The same external id twice in a batch, with the same content.", "The second is skipped.", "duplicate_in_batch";
    "T10", "The same external id twice in a batch, with other content.", "The first counts, the others fail.", "duplicate_external_id_in_batch";
    "T11", "Was not linked before and can be linked now.", "Linked, and ready to be planned.", "mapping_recovered";
}

/// The other codes, each with its meaning.
const MEANINGS: &[(&str, &str)] = &[
    ("customer_required", "This source demands a customer with every job."),
    (
        "scope_missing_customers_map",
        "The scope customers.map is missing, so nothing about customers was looked up.",
    ),
    (
        "external_id_blocked_value",
        "The external id only says that there is none; it was treated as absent.",
    ),
    (
        "customer_merged",
        "The customer was merged into another one, which was used.",
    ),
    ("customer_inactive", "The customer is archived."),
    (
        "customer_number_unknown",
        "No customer has this number; the external id decided.",
    ),
    ("customer_number_ambiguous", "Several customers have this number."),
    (
        "customer_identifier_conflict",
        "External id and customer number lead to different customers.",
    ),
    (
        "link_created",
        "The external id was linked to the customer with this number.",
    ),
    (
        "customer_name_mismatch",
        "The name that was sent is not the name of the customer.",
    ),
    (
        "customer_already_linked",
        "The customer with this number already has another external id in this source.",
    ),
    (
        "feature_not_enabled",
        "The organisation has not opened the feature gate for this.",
    ),
    ("auto_create_disabled", "This source does not create records by itself."),
    (
        "auto_update_disabled",
        "This source does not update records by itself; what is stored stays.",
    ),
    (
        "scope_missing_customers_write",
        "The scope customers.write is missing, so nothing was created or updated.",
    ),
    ("customer_name_required", "A new customer needs a name."),
    ("customer_number_ignored", "An import never sets a customer number."),
    ("possible_duplicate_name", "A customer of the same name exists."),
    (
        "external_id_missing",
        "Without an external id nothing is linked for next time.",
    ),
    (
        "external_id_required_for_create",
        "A customer is only created with an external id.",
    ),
    (
        "name_only_not_matchable",
        "A name alone never establishes who the customer is.",
    ),
    (
        "customer_unresolved",
        "The customer is not known, so this part was left alone.",
    ),
    (
        "customer_derived_from_location",
        "The customer follows from the location.",
    ),
    (
        "location_customer_mismatch",
        "The location belongs to another customer.",
    ),
    ("missing_coordinates", "The new location has no coordinates."),
    (
        "location_not_identified",
        "Without an external id the address is only kept with the job.",
    ),
    ("location_inactive", "The location is archived."),
    ("contact_customer_mismatch", "The contact belongs to another customer."),
    ("contact_location_mismatch", "The contact is bound to another location."),
    (
        "contact_not_matchable",
        "Without an external id nobody can tell which contact is meant.",
    ),
    (
        "stale_source_version",
        "A newer version of this job was already imported.",
    ),
    (
        "change_requires_review",
        "The job is already scheduled; dispatch decides about the change.",
    ),
    (
        "target_locked",
        "Work on the job has begun or ended; it can no longer be changed.",
    ),
    (
        "target_customer_change_requires_review",
        "The job belongs to another customer; dispatch decides.",
    ),
    (
        "mapping_recovered",
        "The job could be linked now and is ready to be planned.",
    ),
    ("duplicate_in_batch", "The same item was already in this batch."),
    (
        "duplicate_external_id_in_batch",
        "Another item of this batch has the same external id and other content.",
    ),
    ("external_id_required", "The external id of the job is missing."),
    ("invalid_time_window", "The time window is not sound."),
    ("invalid_coordinates", "The coordinates are not on this planet."),
    (
        "atomic_rollback",
        "Another item of this batch failed, so nothing of it was kept.",
    ),
    ("not_found", "There is no such job in this source."),
    ("job_cancelled", "The import was stopped before the turn of this item."),
    ("internal_error", "Something went wrong on our side; retry the item."),
];

/// What a code means, in a sentence.
pub fn meaning(code: &str) -> Option<&'static str> {
    MEANINGS
        .iter()
        .find(|(name, _)| *name == code)
        .map(|(_, meaning)| *meaning)
}

/// Every code with its meaning.
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
    fn every_rule_and_every_code_has_its_line() {
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

//! Sentences for error causes and invalid fields, in the reader's language. Every match is exhaustive, so a new cause does
//! not compile without a sentence in three languages.

use domain::fields::{CsvError, FieldCode, FieldError, ScheduleConflict, WebhookUrlError};
use domain::locale::Locale;
use domain::problems::Cause;

use super::{by_key, field, loader};
use crate::word;

/// Returns an error for the error summary, preceded by the label of its field if it has one.
pub fn field_error(locale: Locale, error: &FieldError) -> String {
    let sentence = field_code(locale, &error.code);
    match field(locale, &error.pointer) {
        Some(label) => format!("{label}: {sentence}"),
        None => sentence,
    }
}

/// Returns the sentence for an invalid field.
#[expect(clippy::too_many_lines, reason = "one row for each code")]
pub fn field_code(locale: Locale, code: &FieldCode) -> String {
    use FieldCode as F;
    match code {
        F::Required => word!(locale, "error-required"),
        F::NotInList => word!(locale, "error-not-in-list"),
        F::TooLong { max } => word!(locale, "error-too-long", max = max),
        F::TooManyBytes { max } => word!(locale, "error-too-many-bytes", max = max),
        F::TooShort => word!(locale, "error-too-short"),
        F::InvalidCharacter => word!(locale, "error-invalid-character"),
        F::HiddenCharacter { code_point } => {
            word!(locale, "error-hidden-character", point = format!("U+{code_point:04X}"))
        }
        F::SurroundingSpace => word!(locale, "error-surrounding-space"),
        F::InvalidEmail => word!(locale, "error-invalid-email"),
        F::InvalidCountry => word!(locale, "error-invalid-country"),
        F::OutOfRange { min, max } | F::InvalidNumber { min, max } => {
            word!(locale, "error-invalid-number", min = min, max = max)
        }
        F::RequiredOneOf { allowed } | F::NotAllowed { allowed } | F::InvalidStep { allowed } => {
            word!(
                locale,
                "error-not-allowed",
                allowed = allowed.join(&word!(locale, "list-separator"))
            )
        }
        F::NoLetters => word!(locale, "error-no-letters"),
        F::CannotBeRequired => word!(locale, "error-cannot-be-required"),
        F::TooMany { max } => word!(locale, "error-too-many", max = max),
        F::InvalidPostalCodes => word!(locale, "error-invalid-postal-codes"),
        F::RuleSaysNothing => word!(locale, "error-rule-says-nothing"),
        F::FormUnreachable => word!(locale, "error-form-unreachable"),
        F::InvalidHost { max } => word!(locale, "error-invalid-host", max = max),
        F::InvalidSlug { min, max } => word!(locale, "error-invalid-slug", min = min, max = max),
        F::SlugTaken => word!(locale, "error-slug-taken"),
        F::Taken => word!(locale, "error-taken"),
        F::AmbiguousLabel => word!(locale, "error-ambiguous-label"),
        F::InvalidSourceKey { max } => word!(locale, "error-invalid-source-key", max = max),
        F::InvalidColor => word!(locale, "error-invalid-color"),
        F::InvalidWebAddress => word!(locale, "error-invalid-web-address"),
        F::UnknownFile => word!(locale, "error-unknown-file"),
        F::UploadInterrupted => word!(locale, "error-upload-interrupted"),
        F::UploadTooLarge { max_megabytes } => word!(locale, "error-upload-too-large", megabytes = max_megabytes),
        F::TooManyFiles { max } => word!(locale, "error-too-many-files", max = max),
        F::FileTooLarge { file, max_megabytes } => of_file(
            file.as_deref(),
            word!(locale, "error-file-too-large", megabytes = max_megabytes),
        ),
        F::FileTypeNotAllowed { file, allowed } => of_file(
            file.as_deref(),
            word!(locale, "error-file-type-not-allowed", allowed = allowed.join(", ")),
        ),
        F::FileTypeDiffers { file } => of_file(file.as_deref(), word!(locale, "error-file-type-differs")),
        F::ImageTooLarge { file, max_megapixels } => of_file(
            file.as_deref(),
            word!(locale, "error-image-too-large", megapixels = max_megapixels),
        ),
        F::FileNotReadable { file } => of_file(file.as_deref(), word!(locale, "error-file-not-readable")),
        F::InvalidDate => word!(locale, "error-invalid-date"),
        F::InvalidTime => word!(locale, "error-invalid-time"),
        F::TimeOccursTwice => word!(locale, "error-time-occurs-twice"),
        F::TimeDoesNotExist => word!(locale, "error-time-does-not-exist"),
        F::EndBeforeStart | F::NotAfterSince => word!(locale, "error-end-before-start"),
        F::WindowTooLong { max_hours } => word!(locale, "error-window-too-long", hours = max_hours),
        F::InThePast => word!(locale, "error-in-the-past"),
        F::TooFarAhead => word!(locale, "error-too-far-ahead"),
        F::NotInFuture => word!(locale, "error-not-in-future"),
        F::InvalidZone => word!(locale, "error-invalid-zone"),
        F::InvalidCoordinates => word!(locale, "error-invalid-coordinates"),
        F::InvalidShift => word!(locale, "error-invalid-shift"),
        F::InvalidBreak => word!(locale, "error-invalid-break"),
        F::InvalidSkills => word!(locale, "error-invalid-skills"),
        F::InvalidLastDay => word!(locale, "error-invalid-last-day"),
        F::InvalidMaterial { max, max_chars } => {
            word!(locale, "error-invalid-material", max = max, chars = max_chars)
        }
        F::InvalidSignature => word!(locale, "error-invalid-signature"),
        F::NeedsMapping => word!(locale, "error-needs-mapping"),
        F::CustomerUnknown => word!(locale, "error-customer-unknown"),
        F::NothingSelected => word!(locale, "error-nothing-selected"),
        F::TooManySelected { max } => word!(locale, "error-too-many-selected", max = max),
        F::TooLate => word!(locale, "error-too-late"),
        F::NoReader => word!(locale, "error-no-reader"),
        F::SlotGone => word!(locale, "error-slot-gone"),
        F::SlotTaken => word!(locale, "error-slot-taken"),
        F::SlotTwice => word!(locale, "error-slot-twice"),
        F::TooFewSlots => word!(locale, "error-too-few-slots"),
        F::LastAdministrator => word!(locale, "error-last-administrator"),
        F::PossibleDuplicate => word!(locale, "error-possible-duplicate"),
        F::OpenWork => word!(locale, "error-open-work"),
        F::ContactArchived => word!(locale, "error-contact-archived"),
        F::PortalAccess => word!(locale, "error-portal-access"),
        F::FormClosed => word!(locale, "error-form-closed"),
        F::FormExpired => word!(locale, "error-form-expired"),
        F::FormTooFast { seconds } => word!(locale, "error-form-too-fast", seconds = seconds),
        F::LeaveEmpty => word!(locale, "error-leave-empty"),
        F::OtherTerminal => word!(locale, "error-other-terminal"),
        F::TokenTaken => word!(locale, "error-token-taken"),
        F::WrongPairingCode => word!(locale, "error-wrong-pairing-code"),
        F::PasswordTooShort { min } => word!(locale, "error-password-too-short", min = min),
        F::PasswordIsEmail => word!(locale, "error-password-is-email"),
        F::PasswordTooCommon => word!(locale, "error-password-too-common"),
        F::WrongPassword => word!(locale, "error-wrong-password"),
        F::NewLinkRequired => word!(locale, "error-new-link-required"),
        F::WrongCode => word!(locale, "error-wrong-code"),
        F::Unchanged => word!(locale, "error-unchanged-email"),
        F::AccountBlocked => word!(locale, "error-account-blocked"),
        F::CannotBeInvited => word!(locale, "error-cannot-be-invited"),
        F::MoreThanOwn => word!(locale, "error-more-than-own"),
        F::LongerThanOwn => word!(locale, "error-longer-than-own"),
        F::LocationOfOtherCustomer => word!(locale, "error-location-of-other-customer"),
        F::ContactOfOtherCustomer => word!(locale, "error-contact-of-other-customer"),
        F::CustomerInactive => word!(locale, "error-customer-inactive"),
        F::LocationInactive => word!(locale, "error-location-inactive"),
        F::NoSuchCustomer => word!(locale, "error-no-such-customer"),
        F::NoSuchLocation => word!(locale, "error-no-such-location"),
        F::NumberIsFixed => word!(locale, "error-number-is-fixed"),
        F::NotResolved => word!(locale, "error-not-resolved"),
        F::TargetNotFound => word!(locale, "error-target-not-found"),
        F::JobNotEnded => word!(locale, "error-job-not-ended"),
        F::NothingToRetry => word!(locale, "error-nothing-to-retry"),
        F::ImportScopeMissing => word!(locale, "error-import-scope-missing"),
        F::ExternalIdRequired { is_placeholder: false } => word!(locale, "error-external-id-required"),
        F::ExternalIdRequired { is_placeholder: true } => word!(locale, "error-external-id-placeholder"),
        F::ExternalIdColumnRequired => word!(locale, "error-external-id-column-required"),
        F::ColumnTwice => word!(locale, "error-column-twice"),
        F::InvalidTimeWindow { max_days } => word!(locale, "error-invalid-time-window", days = max_days),
        F::MalformedJson { message } => word!(locale, "error-malformed-json", message = message.as_str()),
        F::TooDeep { max } => word!(locale, "error-too-deep", max = max),
        F::UnknownField | F::UnknownParameter | F::UnknownDataOption => word!(locale, "error-unknown-field"),
        F::NotObject => word!(locale, "error-not-object"),
        F::NotString => word!(locale, "error-not-string"),
        F::NotBoolean => word!(locale, "error-not-boolean"),
        F::NotStringArray => word!(locale, "error-not-string-array"),
        F::NotBooleanMap => word!(locale, "error-not-boolean-map"),
        F::ItemCount { min, max } => word!(locale, "error-item-count", min = min, max = max),
        F::InvalidStringList { max, max_chars } => {
            word!(locale, "error-invalid-string-list", max = max, chars = max_chars)
        }
        F::InvalidAttributes { max } => word!(locale, "error-invalid-attributes", max = max),
        F::InvalidTimestamp => word!(locale, "error-invalid-timestamp"),
        F::InvalidIsoDate => word!(locale, "error-invalid-iso-date"),
        F::RepeatedParameter => word!(locale, "error-repeated-parameter"),
        F::InvalidLimit { max } => word!(locale, "error-invalid-number", min = 1, max = max),
        F::InvalidToken | F::InvalidKey => word!(locale, "error-invalid-key"),
        F::InvalidList { max } => word!(locale, "error-item-count", min = 1, max = max),
        F::Contradiction { fields } => word!(
            locale,
            "error-contradiction",
            fields = fields.join(&word!(locale, "list-separator"))
        ),
        F::UnknownEventType => word!(locale, "error-unknown-event-type"),
        F::DataOptionNotPermitted { option, scope } => word!(
            locale,
            "error-data-option-not-permitted",
            option = option.as_str(),
            scope = scope.as_str()
        ),
        F::RecoverWindowTooLarge { max_days } => word!(locale, "error-recover-window-too-large", days = max_days),
        F::ForbiddenWebhookTarget => word!(locale, "error-forbidden-webhook-target"),
        F::InvalidWebhookUrl(error) => webhook_url(locale, *error),
        F::InvalidCsv(error) => csv(locale, error),
        F::Schedule(conflict) => schedule_conflict(locale, conflict),
        F::Mapping(code) => mapping(locale, code),
        F::InBody { pointer, code } => word!(
            locale,
            "error-in-body",
            pointer = pointer.as_str(),
            code = code.code(),
            sentence = field_code(locale, code)
        ),
    }
}

/// Puts the name of a file before the sentence about it.
fn of_file(file: Option<&str>, sentence: String) -> String {
    match file {
        Some(file) => format!("{file}: {sentence}"),
        None => sentence,
    }
}

/// Returns the label of a mapping rule, or its code for a code that has no label.
fn mapping(locale: Locale, code: &str) -> String {
    let key = format!("code-{code}");
    if loader(locale).has(&key) {
        by_key(locale, &key)
    } else {
        code.to_owned()
    }
}

/// Returns the sentence for a scheduling conflict.
pub fn schedule_conflict(locale: Locale, conflict: &ScheduleConflict) -> String {
    use ScheduleConflict as S;
    match conflict {
        S::Absent => word!(locale, "error-technician-away"),
        S::NoShift => word!(locale, "error-no-shift"),
        S::UnusualTime => word!(locale, "error-unusual-time"),
        S::TooShort { minutes } => word!(locale, "error-visit-too-short", minutes = minutes),
        S::OutsideShift { minutes } => word!(locale, "error-outside-shift", minutes = minutes),
        S::SkillsMissing { skills } => word!(
            locale,
            "error-skills-missing",
            skills = skills.join(&word!(locale, "list-separator"))
        ),
        S::OutsideWindow { minutes } => word!(locale, "error-outside-window", minutes = minutes),
        S::Offered { job } => word!(locale, "error-technician-offered", job = job.to_string()),
        S::Overlap { job } => word!(locale, "error-technician-busy", job = job.to_string()),
        S::Travel { needed, available } => {
            word!(locale, "error-travel-too-long", needed = needed, available = available)
        }
        S::JobNotOpen => word!(locale, "error-job-not-open"),
        S::TechnicianGone => word!(locale, "error-technician-gone"),
        S::InThePast => word!(locale, "error-in-the-past"),
    }
}

fn csv(locale: Locale, error: &CsvError) -> String {
    use CsvError as C;
    match error {
        C::NotDecodable { encoding } => word!(locale, "error-csv-not-decodable", encoding = encoding.as_str()),
        C::UnclosedQuote { line } => word!(locale, "error-csv-unclosed-quote", line = line.to_string()),
        C::UnreadableWorkbook => word!(locale, "error-csv-unreadable-workbook"),
        C::ControlCharacter { line } => word!(locale, "error-csv-control-character", line = line.to_string()),
        C::InvalidLine { line: Some(line) } => word!(locale, "error-csv-invalid-line", line = line.to_string()),
        C::InvalidLine { line: None } => word!(locale, "error-csv-invalid"),
        C::NoHeaders => word!(locale, "error-csv-no-headers"),
        C::TooManyColumns { max } => word!(locale, "error-csv-too-many-columns", max = max),
        C::TooManyRows { max } => word!(locale, "error-csv-too-many-rows", max = max),
        C::Empty => word!(locale, "error-csv-empty"),
        C::TooLarge { max_megabytes } => word!(locale, "error-file-too-large", megabytes = max_megabytes),
    }
}

fn webhook_url(locale: Locale, error: WebhookUrlError) -> String {
    use WebhookUrlError as W;
    match error {
        W::TooLong { max } => word!(locale, "error-too-long", max = max),
        W::NotAbsolute | W::NoHost => word!(locale, "error-url-not-absolute"),
        W::NotHttps => word!(locale, "error-url-not-https"),
        W::HasCredentials => word!(locale, "error-url-has-credentials"),
        W::HasFragment => word!(locale, "error-url-has-fragment"),
    }
}

/// Returns the sentence for a rejected operation.
pub fn cause(locale: Locale, cause: &Cause) -> String {
    use Cause as C;
    match cause {
        C::Internal => word!(locale, "cause-internal"),
        C::DatabaseUnavailable => word!(locale, "cause-unavailable"),
        C::FileStorageUnavailable => word!(locale, "cause-file-storage-unavailable"),
        C::FileStorageFull => word!(locale, "cause-file-storage-full"),
        C::FileBeingChecked => word!(locale, "cause-file-being-checked"),
        C::FileQuarantined => word!(locale, "cause-file-quarantined"),
        C::FileQuotaReached => word!(locale, "cause-file-quota-reached"),
        C::FormQuotaReached => word!(locale, "cause-form-quota-reached"),
        C::TooManyFilesInProgress | C::TooManyUploads => word!(locale, "cause-too-many-uploads"),
        C::NotFound => word!(locale, "cause-not-found"),
        C::InvalidFields => word!(locale, "cause-invalid-fields"),
        C::SignInRequired => word!(locale, "cause-sign-in-required"),
        C::PasswordIncorrect => word!(locale, "cause-password-incorrect"),
        C::CredentialsMissing | C::CredentialsMalformed | C::KeyInvalid | C::KeyRevoked | C::KeyExpired => {
            word!(locale, "cause-credentials-invalid")
        }
        C::ScopeMissing { scope } => word!(locale, "cause-scope-missing", scope = scope.as_str()),
        C::PermissionMissing { permission } => {
            word!(locale, "cause-permission-missing", permission = permission.as_str())
        }
        C::ReadOnlySession => word!(locale, "cause-read-only-session"),
        C::RecordedByOther => word!(locale, "cause-recorded-by-other"),
        C::SourceSystemNotAllowed => word!(locale, "cause-source-system-not-allowed"),
        C::FeatureDisabled { gate } => word!(locale, "cause-feature-disabled", gate = gate.as_str()),
        C::SandboxOnly => word!(locale, "cause-sandbox-only"),
        C::DataOptionNotPermitted => word!(locale, "cause-invalid-fields"),
        C::Conflict { .. } => word!(locale, "cause-conflict"),
        C::FormOfOtherAccount { owner, own } => match owner {
            Some(owner) => word!(
                locale,
                "cause-form-of-colleague",
                owner = owner.clone(),
                own = own.clone()
            ),
            None => word!(locale, "cause-form-of-other-account", own = own.clone()),
        },
        C::AppointmentRescheduled => word!(locale, "cause-appointment-rescheduled"),
        C::EntryInProgress => word!(locale, "cause-entry-in-progress"),
        C::MoreEntriesArrived => word!(locale, "cause-more-entries-arrived"),
        C::SyncConflictResolved => word!(locale, "cause-sync-conflict-resolved"),
        C::AcknowledgedDifferently { .. } => word!(locale, "cause-acknowledged-differently"),
        C::NotDemoDatabase | C::DemoDataExists => word!(locale, "cause-conflict"),
        C::TransitionNotAllowed { .. } => word!(locale, "cause-transition-not-allowed"),
        C::PasskeyRejected => word!(locale, "cause-passkey-rejected"),
        C::AnotherVisitUnderWay { number } => {
            word!(locale, "cause-another-visit-under-way", number = number.to_string())
        }
        C::TravelNotRevertible => word!(locale, "cause-travel-not-revertible"),
        C::TwoFactorAlreadyOn => word!(locale, "cause-two-factor-already-on"),
        C::TwoFactorRequired => word!(locale, "cause-two-factor-required"),
        C::TwoFactorOff => word!(locale, "cause-two-factor-off"),
        C::InvitationNotOpen => word!(locale, "cause-invitation-not-open"),
        C::DryRunNotCompleted => word!(locale, "cause-dry-run-not-completed"),
        C::RuleNotTried => word!(locale, "cause-rule-not-tried"),
        C::RequestClosed => word!(locale, "cause-request-closed"),
        C::RequestNotChangeable { .. } => word!(locale, "cause-request-not-changeable"),
        C::RequestNotWithdrawable { .. } => word!(locale, "cause-request-not-withdrawable"),
        C::RequestConverted => word!(locale, "cause-request-converted"),
        C::RequestIsJob => word!(locale, "cause-request-is-job"),
        C::RequestNotAccepted => word!(locale, "cause-request-not-accepted"),
        C::CustomerFixedByChannel => word!(locale, "cause-customer-fixed-by-channel"),
        C::JobWithoutRequester => word!(locale, "cause-job-without-requester"),
        C::JobNotOpen { .. } => word!(locale, "cause-job-not-open"),
        C::RescheduleNotPossible => word!(locale, "cause-reschedule-not-possible"),
        C::CancellationNotPossible => word!(locale, "cause-cancellation-not-possible"),
        C::ReportNotApproved { .. } => word!(locale, "cause-report-not-approved"),
        C::ReportNotReleased => word!(locale, "cause-report-not-released"),
        C::SuggestionNotCommittable { .. } => word!(locale, "cause-suggestion-not-committable"),
        C::SuggestionEnded | C::SuggestionNotDiscardable => word!(locale, "cause-suggestion-ended"),
        C::WorkStarted => word!(locale, "cause-work-started"),
        C::JobNotAdvanceable { .. } => word!(locale, "cause-job-not-advanceable"),
        C::JobNotReopenable { .. } => word!(locale, "cause-job-not-reopenable"),
        C::JobNotCancellable { .. } => word!(locale, "cause-job-not-cancellable"),
        C::ExternalIdMapped => word!(locale, "cause-external-id-mapped"),
        C::RecordMapped => word!(locale, "cause-record-mapped"),
        C::CustomerInactive => word!(locale, "error-customer-inactive"),
        C::CustomerNumberTaken => word!(locale, "cause-customer-number-taken"),
        C::LocationOfOtherCustomer => word!(locale, "error-location-of-other-customer"),
        C::ContactOfOtherCustomer => word!(locale, "error-contact-of-other-customer"),
        C::RecordExists => word!(locale, "cause-record-exists"),
        C::VersionDiffers => word!(locale, "cause-version-differs"),
        C::RecordMissing => word!(locale, "cause-record-missing"),
        C::PhotosMissing => word!(locale, "cause-photos-missing"),
        C::RetryLater { seconds } => word!(locale, "cause-retry-later", seconds = seconds),
        C::TooManySignIns => word!(locale, "cause-too-many-sign-ins"),
        C::TooManySuggestions { max } => word!(locale, "cause-too-many-suggestions", max = max),
        C::TooManyImportJobs { max } => word!(locale, "cause-too-many-import-jobs", max = max),
        C::ImportJobEnded => word!(locale, "cause-import-job-ended"),
        C::ImportRejected { code } => mapping(locale, code),
        C::TooManyCredentials => word!(locale, "cause-too-many-credentials"),
        C::TooManyEndpoints { max } => word!(locale, "cause-too-many-endpoints", max = max),
        C::TooManySecrets { max } => word!(locale, "cause-too-many-secrets", max = max),
        C::EndpointDisabled => word!(locale, "cause-endpoint-disabled"),
        C::EndpointClientRevoked => word!(locale, "cause-endpoint-client-revoked"),
        C::InvalidWebhookUrl => word!(locale, "error-url-not-absolute"),
        C::ForbiddenWebhookTarget => word!(locale, "error-forbidden-webhook-target"),
        C::UnknownEventType => word!(locale, "error-unknown-event-type"),
        C::RecoverWindowTooLarge => word!(locale, "cause-invalid-fields"),
        C::EventExpired { days } => word!(locale, "cause-event-expired", days = days),
        C::TooManyItems { max } | C::TooManyAtomicItems { max } => {
            word!(locale, "error-item-count", min = 1, max = max)
        }
        C::InvalidJson { message } => word!(locale, "error-malformed-json", message = message.as_str()),
        C::BodyTooLarge { max_kib } => word!(locale, "cause-body-too-large", kib = max_kib),
        // These rules are about the form of an API request; no page makes such a request.
        C::BodyTimeout { .. }
        | C::InvalidGzip
        | C::MediaTypeNotJson
        | C::ContentEncodingNotAccepted { .. }
        | C::NotAcceptable
        | C::MethodNotAllowed
        | C::HeaderCharacters { .. }
        | C::HeaderNotOneTag { .. }
        | C::HeaderNotStar { .. }
        | C::ConditionsCombined
        | C::IdempotencyKeyMissing
        | C::IdempotencyKeyRepeated
        | C::IdempotencyKeyInvalid { .. }
        | C::IdempotencyKeyReused
        | C::IdempotencyInProgress
        | C::InvalidCursor
        | C::CursorFilterMismatch => word!(locale, "cause-invalid-request", code = cause.problem().code()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_has_its_numbers_in_every_language() {
        for locale in Locale::ALL {
            let sentence = field_code(locale, &FieldCode::TooLong { max: 500 });
            assert!(sentence.contains("500"), "{sentence}");
            let sentence = cause(locale, &Cause::RetryLater { seconds: 7 });
            assert!(sentence.contains('7'), "{sentence}");
        }
    }

    /// The names in the sources of the forms, so that the summary of errors says which field is meant.
    #[test]
    fn every_text_field_has_a_label_in_the_error_summary() {
        let mut files = vec![std::path::PathBuf::from("..")];
        let mut seen = 0;
        while let Some(path) = files.pop() {
            if path.is_dir() {
                let entries = std::fs::read_dir(&path).expect("folder is readable");
                files.extend(entries.map(|entry| entry.expect("entry is readable").path()));
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let source = std::fs::read_to_string(&path).expect("file is readable");
            for component in ["<TextField ", "<TextArea "] {
                for element in source.split(component).skip(1) {
                    let element = element.split("/>").next().unwrap_or_default();
                    let Some(name) = element.split("field=\"").nth(1).and_then(|rest| rest.split('"').next()) else {
                        continue;
                    };
                    seen += 1;
                    let has_label = field(Locale::default(), name).is_some();
                    assert!(has_label, "errors.ftl lacks field-{name} ({})", path.display());
                }
            }
        }
        assert!(seen > 50, "{seen}");
    }
}

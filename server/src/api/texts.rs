//! The English sentences of problem responses. Every match is exhaustive, so a new cause does not compile without one.

use domain::fields::{CsvError, FieldCode, ScheduleConflict, WebhookUrlError};
use domain::mapping::table::meaning;
use domain::problems::{Cause, Record};
use ordinavo_core::CoreError;

/// Returns the sentence of an error, or those of its invalid fields; for the command line and plain answers.
pub fn sentences(error: &CoreError) -> String {
    if error.fields.is_empty() {
        return cause(&error.cause);
    }
    let lines: Vec<String> = error
        .fields
        .iter()
        .map(|field| format!("{}: {}", field.pointer, field_code(&field.code)))
        .collect();
    lines.join("\n")
}

/// Returns the sentence for an invalid field.
#[expect(clippy::too_many_lines, reason = "one row for each code")]
pub fn field_code(code: &FieldCode) -> String {
    use FieldCode as F;
    let fixed = match code {
        F::Required => "A value is required.",
        F::RequiredOneOf { allowed } => return format!("One of {} is required.", allowed.join(", ")),
        F::TooLong { max } => return format!("At most {max} characters are allowed."),
        F::TooManyBytes { max } => return format!("At most {max} bytes are allowed."),
        F::TooShort => "More characters are required.",
        F::InvalidCharacter => "Control characters are not allowed.",
        F::HiddenCharacter { code_point } => {
            return format!("The character U+{code_point:04X} is invisible or looks like a space.");
        }
        F::SurroundingSpace => "Leading and trailing spaces are not allowed.",
        F::InvalidEmail => "An email address such as name@example.org is required.",
        F::InvalidCountry => "A two-letter country code such as DE is required.",
        F::UnknownField => "This field is unknown.",
        F::UnknownParameter => "Unknown parameter.",
        F::UnknownDataOption => "The data option is unknown.",
        F::TooDeep { max } => return format!("At most {max} levels of nesting are allowed."),
        F::NotObject => "An object is required.",
        F::NotString => "A string is required.",
        F::NotBoolean => "true or false is required.",
        F::NotStringArray => "Must be an array of strings.",
        F::NotBooleanMap => "Must be an object with boolean values.",
        F::NotAllowed { allowed } | F::InvalidStep { allowed } => return format!("Allowed: {}.", allowed.join(", ")),
        F::NotInList => "Must be an entry of the list.",
        F::OutOfRange { min, max } | F::InvalidNumber { min, max } => {
            return format!("A whole number from {min} to {max} is required.");
        }
        F::ItemCount { min, max } => return format!("An array of {min} to {max} items is required."),
        F::InvalidList { max } => return format!("Must be an array of 1 to {max} IDs."),
        F::InvalidStringList { max, max_chars } => {
            return format!("An array of at most {max} strings of 1 to {max_chars} characters is required.");
        }
        F::InvalidAttributes { max } => return format!("An object of at most {max} scalar members is required."),
        F::InvalidTimestamp => {
            "An RFC 3339 timestamp with offset such as 2026-11-24T09:00:00Z, in the years 1 to 9999, is required."
        }
        F::InvalidIsoDate | F::InvalidDate => "A date such as 2026-11-24 is required.",
        F::InvalidTime => "A time such as 09:30 is required.",
        F::RepeatedParameter => "The parameter is repeated.",
        F::InvalidLimit { max } => {
            return format!("Must be an integer of at least 1; values above {max} are treated as {max}.");
        }
        F::NoLetters => "Each entry must contain at least one letter or digit.",
        F::CannotBeRequired => "This field cannot be required.",
        F::NoSuchCustomer => "No customer of this source has this external ID.",
        F::NoSuchLocation => "No location of this customer has this external ID.",
        F::NumberIsFixed => "The number of an existing customer cannot be changed through the API.",
        F::LocationOfOtherCustomer => "This location belongs to another customer.",
        F::ContactOfOtherCustomer => "This contact belongs to another customer.",
        F::NotResolved => "Not found. Omit it or reference it by its ID.",
        F::JobNotEnded => "The job has not ended yet.",
        F::NothingToRetry => "No item of this job failed, was skipped or was cancelled.",
        F::InvalidSourceKey { max } => {
            return format!("The key must be 1 to {max} characters of a-z, 0-9 and -.");
        }
        F::InvalidToken => "A token of 27 base64url characters is required.",
        F::NotAfterSince => "The value must be after since.",
        F::FileTypeDiffers { .. } => "The file name or type does not match the content.",
        F::FileTooLarge { max_megabytes, .. } => return format!("The file must not exceed {max_megabytes} MB."),
        F::UploadInterrupted => "The upload was interrupted.",
        F::FileTypeNotAllowed { allowed, .. } => return format!("Allowed file types: {}.", allowed.join(", ")),
        F::ImageTooLarge { max_megapixels, .. } => {
            return format!("The image must not have more than {max_megapixels} megapixels.");
        }
        F::FileNotReadable { .. } => "The file cannot be decoded.",
        F::TooManyFiles { max } => return format!("At most {max} files are allowed."),
        F::UploadTooLarge { max_megabytes } => return format!("The upload must not exceed {max_megabytes} MB."),
        F::UnknownFile => "One of the files does not belong to this report.",
        F::ExternalIdRequired { is_placeholder: false } => "A value is required.",
        F::ExternalIdRequired { is_placeholder: true } => "This value is a placeholder, not an external ID.",
        F::ExternalIdColumnRequired => "Map one column to the external ID of the job.",
        F::ColumnTwice => "Two columns are mapped to the same field.",
        F::InvalidCoordinates => "lat from -90 to 90 and lon from -180 to 180 are required.",
        F::InvalidTimeWindow { max_days } => {
            return format!(
                "start, a later end within {max_days} days, both in the years 2000 to 2100, and an IANA time zone are required."
            );
        }
        F::TooMany { max } => return format!("At most {max} entries are allowed."),
        F::InvalidPostalCodes => "One prefix such as 45 or one range such as 45000-45359 per line is required.",
        F::RuleSaysNothing => "A use case, region, service type or priority is required.",
        F::FormUnreachable => "An email address or phone number field is required.",
        F::InvalidHost { max } => {
            return format!("One address per line such as https://www.example.org is required, at most {max}.");
        }
        F::InvalidSlug { min, max } => {
            return format!("{min} to {max} lowercase letters, digits and hyphens are required.");
        }
        F::SlugTaken | F::Taken => "The value is already in use.",
        F::AmbiguousLabel => "Another entry has the same label.",
        F::TooFarAhead => "A date within the next year is required.",
        F::NotInFuture => "Today or a later date within a year is required.",
        F::TimeOccursTwice => "This time occurs twice: the clocks go back on that day.",
        F::TimeDoesNotExist => "This time does not exist: the clocks change on that day.",
        F::EndBeforeStart => "The end must be after the start.",
        F::WindowTooLong { max_hours } => return format!("A window can be at most {max_hours} hours long."),
        F::InThePast => "The time is in the past.",
        F::InvalidZone => "An IANA time zone such as Europe/Berlin is required.",
        F::InvalidShift => "Two different times are required, or none.",
        F::InvalidBreak => "Two times within a shift and 1 to 240 minutes are required, or none.",
        F::InvalidSkills => "At most 50 skills of at most 64 characters are allowed.",
        F::InvalidLastDay => "A date within a year on or after the first day is required.",
        F::InvalidMaterial { max, max_chars } => {
            return format!("At most {max} lines of at most {max_chars} characters are allowed.");
        }
        F::InvalidSignature => "The signature is too large.",
        F::NeedsMapping => "The customer of this target is not resolved; it cannot be scheduled.",
        F::InvalidColor => "A color in the format #7a1f5c is required.",
        F::InvalidWebAddress => "A web address that begins with http:// or https:// is required.",
        F::CustomerInactive => "The customer is archived or was merged into another customer.",
        F::LocationInactive => "The location is archived.",
        F::CustomerUnknown => "The request has no customer.",
        F::NothingSelected => "At least one request is required.",
        F::TooManySelected { max } => return format!("At most {max} requests are allowed."),
        F::TooLate => "This can no longer be undone.",
        F::NoReader => "The request came from a partner's system; its requester cannot read messages here.",
        F::SlotGone => "The offer was already answered or has expired.",
        F::SlotTaken => "This time is no longer available.",
        F::SlotTwice => "This time is already offered.",
        F::TooFewSlots => "Two or three times are required.",
        F::LastAdministrator => "Another administrator is required first.",
        F::PossibleDuplicate => "There is a record that is likely the same.",
        F::OpenWork => "The record has open jobs or requests.",
        F::ContactArchived => "The contact is archived.",
        F::PortalAccess => "The contact has access to the portal.",
        F::FormClosed => "This form is closed.",
        F::FormExpired => "The page was open for too long.",
        F::FormTooFast { seconds } => return format!("Sent too quickly. Retry in {seconds} s."),
        F::LeaveEmpty => "This field must be empty.",
        F::OtherTerminal => "This request was recorded at another terminal.",
        F::TokenTaken => "This receipt was already used.",
        F::WrongPairingCode => "The pairing code is invalid or has expired.",
        F::PasswordTooShort { min } => return format!("At least {min} characters are required."),
        F::PasswordIsEmail => "The password must differ from the email address.",
        F::PasswordTooCommon => "This password is too common.",
        F::WrongPassword => "The current password is incorrect.",
        F::NewLinkRequired => "Sign in with a new link from an email first.",
        F::WrongCode => "This code is incorrect or was already used.",
        F::Unchanged => "This is already the email address.",
        F::AccountBlocked => "The account with this address is blocked.",
        F::CannotBeInvited => "This address cannot be invited.",
        F::MoreThanOwn => "Only your own permissions can be given.",
        F::LongerThanOwn => "The access cannot end after your own.",
        F::MalformedJson { message } => return format!("Invalid JSON: {message}."),
        F::ImportScopeMissing => "This client does not have the scope to import jobs.",
        F::InvalidKey => "A UUID is required.",
        F::TargetNotFound => "The source system has no such target.",
        F::Contradiction { fields } => return format!("Only one of {} is allowed.", fields.join(" and ")),
        F::UnknownEventType => "Use a name from the list of event types.",
        F::DataOptionNotPermitted { option, scope } => {
            return format!("The data option {option} requires the scope {scope}.");
        }
        F::RecoverWindowTooLarge { max_days } => return format!("The value must be at most {max_days} days ago."),
        F::ForbiddenWebhookTarget => "The URL resolves to an address that is not allowed.",
        F::InvalidWebhookUrl(error) => return webhook_url(*error),
        F::InvalidCsv(error) => return csv(error),
        F::Schedule(conflict) => return schedule_conflict(conflict),
        F::Mapping(code) => meaning(code).unwrap_or("A mapping rule rejected the value."),
        F::InBody { pointer, code } => return format!("{pointer} ({}): {}", code.code(), field_code(code)),
    };
    fixed.to_owned()
}

fn webhook_url(error: WebhookUrlError) -> String {
    match error {
        WebhookUrlError::TooLong { max } => format!("The URL must not exceed {max} characters."),
        WebhookUrlError::NotAbsolute => "The URL must be absolute.".to_owned(),
        WebhookUrlError::NotHttps => "The URL must use https.".to_owned(),
        WebhookUrlError::HasCredentials => "The URL must not contain credentials.".to_owned(),
        WebhookUrlError::HasFragment => "The URL must not contain a fragment.".to_owned(),
        WebhookUrlError::NoHost => "The URL must contain a host.".to_owned(),
    }
}

fn csv(error: &CsvError) -> String {
    match error {
        CsvError::NotDecodable { encoding } => format!("The file is not a text in the encoding {encoding}."),
        CsvError::UnclosedQuote { line } => format!("A quotation mark in line {line} is not closed."),
        CsvError::UnreadableWorkbook => "The workbook cannot be read.".to_owned(),
        CsvError::ControlCharacter { line } => format!("Line {line} contains a control character."),
        CsvError::InvalidLine { line: Some(line) } => format!("Line {line} is not valid CSV."),
        CsvError::InvalidLine { line: None } => "The file is not valid CSV.".to_owned(),
        CsvError::NoHeaders => "The first line must contain the column names.".to_owned(),
        CsvError::TooManyColumns { max } => format!("The file has more than {max} columns."),
        CsvError::TooManyRows { max } => format!("The file has more than {max} jobs."),
        CsvError::Empty => "The file contains no jobs.".to_owned(),
        CsvError::TooLarge { max_megabytes } => format!("The file is larger than {max_megabytes} MB."),
    }
}

fn schedule_conflict(conflict: &ScheduleConflict) -> String {
    match conflict {
        ScheduleConflict::Absent => "The technician is absent on this day.".to_owned(),
        ScheduleConflict::NoShift => "The technician has no shift at this time.".to_owned(),
        ScheduleConflict::UnusualTime => {
            "The technician has no working hours, and this is on a Sunday or at night.".to_owned()
        }
        ScheduleConflict::TooShort { minutes } => {
            format!(
                "The appointment is {} shorter than the work.",
                count_of_minutes(*minutes)
            )
        }
        ScheduleConflict::OutsideShift { minutes } => {
            format!(
                "The appointment is outside the shift for {}.",
                count_of_minutes(*minutes)
            )
        }
        ScheduleConflict::SkillsMissing { skills } => {
            format!("The technician lacks these skills: {}.", skills.join(", "))
        }
        ScheduleConflict::OutsideWindow { minutes } => {
            format!(
                "The visit starts {} outside the time window.",
                count_of_minutes(*minutes)
            )
        }
        ScheduleConflict::Offered { job } => {
            format!("The technician's time is offered to the requester of target {job}.")
        }
        ScheduleConflict::Overlap { job } => format!("The technician is already assigned to target {job}."),
        ScheduleConflict::Travel { needed, available } => {
            format!(
                "Travel takes {}, available: {}.",
                count_of_minutes(*needed),
                count_of_minutes(*available)
            )
        }
        ScheduleConflict::JobNotOpen => "The target is not open.".to_owned(),
        ScheduleConflict::TechnicianGone => "The technician is not available.".to_owned(),
        ScheduleConflict::InThePast => "The time is in the past.".to_owned(),
    }
}

/// Returns a number of minutes in words.
fn count_of_minutes(minutes: i64) -> String {
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    format!("{minutes} {unit}")
}

/// Returns the sentence for a rejected operation.
#[expect(clippy::too_many_lines, reason = "one row for each cause")]
pub fn cause(cause: &Cause) -> String {
    use Cause as C;
    let fixed = match cause {
        C::Internal => "An internal error occurred.",
        C::DatabaseUnavailable => "The service is temporarily unavailable.",
        C::FileStorageUnavailable => "File storage is temporarily unavailable.",
        C::FileStorageFull => "File storage is full.",
        C::FileBeingChecked => "The file is still being checked for malware. Try again in a moment.",
        C::FileQuarantined => "Malware was found in the file. It cannot be downloaded.",
        C::FileQuotaReached => "The organization has used all its file storage.",
        C::FormQuotaReached => "No more files are accepted from forms today.",
        C::TooManyFilesInProgress => "Too many files are being processed. Try again in a moment.",
        C::TooManyUploads => "Too many uploads are in progress.",
        C::NotFound => "The resource was not found.",
        C::InvalidFields => "The input is not valid.",
        C::SignInRequired => "Sign in first.",
        C::CredentialsMissing | C::CredentialsMalformed => {
            "Send an API key or access token in the header Authorization: Bearer."
        }
        C::KeyInvalid => "The API key or access token is not valid.",
        C::PasswordIncorrect => "Incorrect email or password.",
        C::KeyRevoked => "This credential was revoked.",
        C::KeyExpired => "This credential has expired.",
        C::ScopeMissing { scope } => return format!("The scope {scope} is missing."),
        C::PermissionMissing { permission } => return format!("The permission {permission} is missing."),
        C::ReadOnlySession => "This session is read-only.",
        C::RecordedByOther => "This was recorded by another user; it is sent when that user signs in.",
        C::SourceSystemNotAllowed => "This client may not act for that source system.",
        C::FeatureDisabled { gate } => return format!("The feature gate {gate} is not enabled."),
        C::SandboxOnly => "This operation is for test keys. Live data is changed by the work itself.",
        C::DataOptionNotPermitted => "A data option requires a missing scope.",
        C::Conflict { record } => {
            return format!(
                "The {} was changed by another user in the meantime.",
                record_name(*record)
            );
        }
        C::FormOfOtherAccount { .. } => "The form was rendered for another account.",
        C::AppointmentRescheduled => "The appointment was rescheduled in the meantime.",
        C::EntryInProgress => "The same entry is being processed already. Try again.",
        C::MoreEntriesArrived => "More entries arrived in the meantime.",
        C::SyncConflictResolved => "The conflict was resolved by another user in the meantime.",
        C::AcknowledgedDifferently { reference } => {
            return format!("The billing trigger was already acknowledged under the reference {reference}.");
        }
        C::VersionDiffers => "The record is not the version that If-Match names.",
        C::NotDemoDatabase => "The database contains tenants that are not demo tenants. Nothing was changed.",
        C::DemoDataExists => "The database already contains demo data. Use --reset to recreate it.",
        C::TransitionNotAllowed {
            current,
            requested,
            allowed,
        } => {
            let allowed = match allowed.as_slice() {
                [] => "none".to_owned(),
                names => names.join(", "),
            };
            return format!("It cannot go from {current} to {requested}; allowed next: {allowed}.");
        }
        C::PasskeyRejected => "The passkey was not accepted. Try again.",
        C::AnotherVisitUnderWay { .. } => "Another visit of this technician is under way.",
        C::TravelNotRevertible => "Travel started too long ago to be reverted.",
        C::TwoFactorAlreadyOn => "Two-factor authentication is already turned on.",
        C::TwoFactorRequired => "Your role must use two-factor authentication.",
        C::TwoFactorOff => "Two-factor authentication is not turned on.",
        C::InvitationNotOpen => "The account has accepted its invitation or is blocked.",
        C::DryRunNotCompleted => "The dry run has not completed yet.",
        C::RuleNotTried => "Try the rule on past requests before you activate it.",
        C::RequestClosed => "This request is closed. Submit a new one.",
        C::RequestNotChangeable { status } => {
            return format!("The request is {status} and can no longer be changed.");
        }
        C::RequestNotWithdrawable { status: Some(status) } => {
            return format!("The request is {status} and can no longer be withdrawn.");
        }
        C::RequestNotWithdrawable { status: None } => "The request can no longer be withdrawn.",
        C::RequestConverted => "The request was already converted to a job. Cancel the job or contact dispatch.",
        C::RequestIsJob => "The request is already a job. Change the job instead.",
        C::RequestNotAccepted => "Only an accepted request can be converted.",
        C::CustomerFixedByChannel => "The customer of this request is set by its channel and cannot be changed.",
        C::JobWithoutRequester => "The job has no requester who could choose a time.",
        C::JobNotOpen { status } => {
            return format!("The job is {status}. Times can be offered only for an open job.");
        }
        C::RescheduleNotPossible => "Another time can no longer be requested.",
        C::CancellationNotPossible => "Cancellation can no longer be requested.",
        C::ReportNotApproved { status } => {
            return format!("The report is {status}; only an approved report can be released.");
        }
        C::ReportNotReleased => "The report has no published release.",
        C::SuggestionNotCommittable { status } => {
            return format!("The suggestion is {status} and cannot be committed.");
        }
        C::SuggestionEnded => "The suggestion has already ended.",
        C::SuggestionNotDiscardable => "The suggestion can no longer be discarded.",
        C::WorkStarted => "Work on the job has already started or ended, so it cannot be changed.",
        C::JobNotAdvanceable { status } => {
            return format!("A target with the status {status} takes no further steps.");
        }
        C::JobNotReopenable { status } => {
            return format!("A target with the status {status} cannot be reopened.");
        }
        C::JobNotCancellable { status } => {
            return format!("The target has the status {status} and cannot be cancelled.");
        }
        C::ExternalIdMapped => "The external ID already refers to another record.",
        C::RecordMapped => "The record already has another external ID in this source.",
        C::CustomerInactive => "The customer is archived or was merged into another customer.",
        C::CustomerNumberTaken => {
            "A customer with this number already exists. Link it instead of creating another one."
        }
        C::LocationOfOtherCustomer => "The location belongs to another customer. Its customer cannot be changed.",
        C::ContactOfOtherCustomer => "The contact belongs to another customer. Its customer cannot be changed.",
        C::RecordExists => "The record already exists, but If-None-Match: * requires a new one.",
        C::RecordMissing => "The record does not exist, but If-Match: * requires an existing one.",
        C::PhotosMissing => "Upload the photos first.",
        C::RetryLater { seconds } => return format!("Too many requests. Retry in {seconds} s."),
        C::TooManySignIns => "Too many sign-ins are in progress. Try again in a moment.",
        C::TooManySuggestions { max } => return format!("{max} route suggestions are queued or running already."),
        C::TooManyImportJobs { max } => return format!("This client already has {max} active jobs."),
        C::ImportJobEnded => "The job has already ended.",
        C::ImportRejected { code } => meaning(code).unwrap_or("The import was rejected."),
        C::TooManyCredentials => "Two credentials of this kind are already active. Revoke one first.",
        C::TooManyEndpoints { max } => return format!("A client can have at most {max} endpoints."),
        C::TooManySecrets { max } => {
            return format!("At most {max} secrets can be valid; use gracePeriodSeconds 0 to expire them.");
        }
        C::EndpointDisabled => "The endpoint is disabled. Enable it first.",
        C::EndpointClientRevoked => "The endpoint's client has been revoked.",
        C::InvalidWebhookUrl => "The URL of the endpoint is not valid.",
        C::ForbiddenWebhookTarget => "The URL resolves to an address that is not allowed.",
        C::UnknownEventType => "At least one event type is unknown.",
        C::RecoverWindowTooLarge => "Events can be recovered for 14 days.",
        C::EventExpired { days } => return format!("Events are available for {days} days."),
        C::BodyTimeout { seconds } => {
            return format!("The request body was not received within {seconds} seconds.");
        }
        C::InvalidGzip => "The body is not valid gzip.",
        C::InvalidJson { message } => return format!("The body is not valid JSON: {message}."),
        C::BodyTooLarge { max_kib } => return format!("The body exceeds {max_kib} KiB, uncompressed."),
        C::TooManyItems { max } => return format!("A batch may contain at most {max} items."),
        C::TooManyAtomicItems { max } => return format!("An atomic batch may contain at most {max} items."),
        C::MediaTypeNotJson => "Send Content-Type: application/json.",
        C::ContentEncodingNotAccepted { accepts_gzip: true } => "Unsupported content encoding: only gzip is accepted.",
        C::ContentEncodingNotAccepted { accepts_gzip: false } => "Content encodings are accepted for batches only.",
        C::NotAcceptable => "Responses are available as application/json only.",
        C::MethodNotAllowed => "This method is not allowed for this resource.",
        C::HeaderCharacters { header } => return format!("The {header} header contains invalid characters."),
        C::HeaderNotOneTag { header } => return format!("The {header} header takes one entity tag."),
        C::HeaderNotStar { header } => return format!("The {header} header only accepts *."),
        C::ConditionsCombined => "If-Match and If-None-Match cannot be combined.",
        C::IdempotencyKeyMissing => "The Idempotency-Key header is required.",
        C::IdempotencyKeyRepeated => "Send exactly one Idempotency-Key header.",
        C::IdempotencyKeyInvalid { max } => {
            return format!("The key must be 1 to {max} printable ASCII characters.");
        }
        C::IdempotencyKeyReused => "This Idempotency-Key was already used with another body.",
        C::IdempotencyInProgress => "A request with this Idempotency-Key is still running.",
        C::InvalidCursor => "The cursor is not valid.",
        C::CursorFilterMismatch => "The cursor was issued for a list with different filters.",
    };
    fixed.to_owned()
}

const fn record_name(record: Record) -> &'static str {
    match record {
        Record::Other => "record",
        Record::Request => "request",
        Record::Job => "target",
        Record::Technician => "technician",
        Record::Rule => "rule",
        Record::Report => "report",
        Record::FollowUp => "follow-up",
        Record::Suggestion => "suggestion",
        Record::Terminology => "terminology",
    }
}

//! Why a field is invalid, as data. The stable code belongs to the API contract; apps and API render their own sentences.

use serde::{Deserialize, Serialize};

use super::reason::{CsvError, ScheduleConflict, WebhookUrlError};
use crate::text::TextError;

macro_rules! field_codes {
    ($($(#[$doc:meta])* $variant:ident $({ $($(#[$field_doc:meta])* $field:ident: $kind:ty),* })? = $code:literal,)*) => {
        /// Why a field is invalid.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub enum FieldCode {
            $($(#[$doc])* $variant $({ $($(#[$field_doc])* $field: $kind),* })?,)*
            /// A rule of the mapping tables rejected the value; see [`crate::mapping::table`].
            Mapping(String),
            /// The appointment conflicts with the technician's schedule.
            Schedule(ScheduleConflict),
            /// The CSV file cannot be read.
            InvalidCsv(CsvError),
            /// The URL of a webhook endpoint is not valid.
            InvalidWebhookUrl(WebhookUrlError),
            /// A field inside a JSON text that was typed into a form is invalid.
            InBody {
                /// JSON pointer to the field inside the text.
                pointer: String,
                /// Why it is invalid.
                code: Box<FieldCode>,
            },
        }
        impl FieldCode {
            /// Returns the stable code.
            pub fn code(&self) -> &str {
                match self {
                    $(Self::$variant $({ $($field: _),* })? => $code,)*
                    Self::Mapping(code) => code,
                    Self::Schedule(conflict) => conflict.code(),
                    Self::InvalidCsv(_) => "invalid_csv",
                    Self::InvalidWebhookUrl(_) => "invalid_webhook_url",
                    Self::InBody { code, .. } => code.code(),
                }
            }
        }
    };
}

field_codes! {
    /// No value.
    Required = "required",
    /// None of the allowed names.
    RequiredOneOf { /// The allowed names.
        allowed: Vec<String> } = "required",
    /// Too many characters.
    TooLong { /// Maximum number of characters.
        max: usize } = "value_too_long",
    /// Too many bytes.
    TooManyBytes { /// Maximum number of bytes.
        max: usize } = "value_too_long",
    /// Too few characters.
    TooShort = "value_too_short",
    /// A control character or a bidirectional override.
    InvalidCharacter = "invalid_character",
    /// A character in an identifier that is invisible or looks like an ordinary space.
    HiddenCharacter { /// Unicode code point.
        code_point: u32 } = "invalid_character",
    /// Whitespace at the start or end.
    SurroundingSpace = "surrounding_space",
    /// Not an email address.
    InvalidEmail = "invalid_email",
    /// Not a two-letter country code.
    InvalidCountry = "invalid_country",
    /// A field that does not exist.
    UnknownField = "unknown_field",
    /// A query parameter that does not exist.
    UnknownParameter = "unknown_field",
    /// A data option that does not exist.
    UnknownDataOption = "unknown_field",
    /// JSON that is nested too deeply.
    TooDeep { /// Maximum nesting depth.
        max: usize } = "validation_failed",
    /// Not a JSON object.
    NotObject = "validation_failed",
    /// Not a string.
    NotString = "validation_failed",
    /// Not a boolean.
    NotBoolean = "validation_failed",
    /// Not an array of strings.
    NotStringArray = "validation_failed",
    /// Not an object with boolean values.
    NotBooleanMap = "validation_failed",
    /// Not one of the allowed names.
    NotAllowed { /// The allowed names.
        allowed: Vec<String> } = "validation_failed",
    /// Not an option of the list on the form.
    NotInList = "validation_failed",
    /// Not a whole number within bounds.
    OutOfRange { /// Smallest allowed number.
        min: i64, /// Largest allowed number.
        max: i64 } = "validation_failed",
    /// Not an array with this number of items.
    ItemCount { /// Smallest number of items.
        min: usize, /// Largest number of items.
        max: usize } = "validation_failed",
    /// Not a list of short strings.
    InvalidStringList { /// Maximum number of strings.
        max: usize, /// Maximum number of characters of each.
        max_chars: usize } = "validation_failed",
    /// Not an object with few scalar members.
    InvalidAttributes { /// Maximum number of members.
        max: usize } = "validation_failed",
    /// Not an RFC 3339 timestamp with an offset.
    InvalidTimestamp = "validation_failed",
    /// Not a date such as 2026-11-24.
    InvalidIsoDate = "validation_failed",
    /// A query parameter that occurs twice.
    RepeatedParameter = "validation_failed",
    /// A page size below 1.
    InvalidLimit { /// Largest page size.
        max: usize } = "validation_failed",
    /// A list entry without a letter or digit.
    NoLetters = "validation_failed",
    /// A form field that cannot be required.
    CannotBeRequired = "validation_failed",
    /// No customer has this external ID.
    NoSuchCustomer = "validation_failed",
    /// No location of the customer has this external ID.
    NoSuchLocation = "validation_failed",
    /// The number of an existing customer cannot be changed.
    NumberIsFixed = "validation_failed",
    /// The location belongs to another customer.
    LocationOfOtherCustomer = "validation_failed",
    /// The contact belongs to another customer.
    ContactOfOtherCustomer = "validation_failed",
    /// The location or contact was not found.
    NotResolved = "validation_failed",
    /// The import job has not ended.
    JobNotEnded = "validation_failed",
    /// The import job has no item to retry.
    NothingToRetry = "validation_failed",
    /// Not the key of a source system.
    InvalidSourceKey { /// Maximum number of characters.
        max: usize } = "validation_failed",
    /// Not the token of a receipt.
    InvalidToken = "validation_failed",
    /// The end of a period is not after its start.
    NotAfterSince = "validation_failed",
    /// Not a file name and type that agree with the content.
    FileTypeDiffers { /// File name, if several files were sent.
        file: Option<String> } = "file_type_differs",
    /// A file that is too large.
    FileTooLarge { /// File name, if several files were sent.
        file: Option<String>, /// Maximum size in megabytes.
        max_megabytes: usize } = "file_too_large",
    /// The upload ended early.
    UploadInterrupted = "file_too_large",
    /// A file type that is not accepted.
    FileTypeNotAllowed { /// File name, if several files were sent.
        file: Option<String>, /// The accepted types, such as `PDF`.
        allowed: Vec<String> } = "file_type_not_allowed",
    /// An image with too many pixels.
    ImageTooLarge { /// File name, if several files were sent.
        file: Option<String>, /// Maximum number of pixels in millions.
        max_megapixels: usize } = "image_too_large",
    /// A file that cannot be decoded.
    FileNotReadable { /// File name, if several files were sent.
        file: Option<String> } = "file_not_readable",
    /// Too many files.
    TooManyFiles { /// Maximum number of files.
        max: usize } = "too_many_files",
    /// An upload that is too large as a whole.
    UploadTooLarge { /// Maximum size of the upload in megabytes.
        max_megabytes: usize } = "upload_too_large",
    /// The file does not belong to this report.
    UnknownFile = "unknown_file",
    /// No external ID, or a placeholder instead of one.
    ExternalIdRequired { /// Whether a placeholder such as `n/a` was sent.
        is_placeholder: bool } = "external_id_required",
    /// No column of the CSV file is mapped to the external ID.
    ExternalIdColumnRequired = "external_id_required",
    /// Two columns are mapped to the same field.
    ColumnTwice = "column_twice",
    /// Coordinates outside the globe.
    InvalidCoordinates = "invalid_coordinates",
    /// Not a time window.
    InvalidTimeWindow { /// Maximum length in days.
        max_days: i64 } = "invalid_time_window",
    /// Too many entries.
    TooMany { /// Maximum number of entries.
        max: usize } = "too_many",
    /// Not a list of postal code prefixes and ranges.
    InvalidPostalCodes = "invalid_postal_codes",
    /// A rule that sets nothing.
    RuleSaysNothing = "rule_says_nothing",
    /// A form without a field through which the requester can be reached.
    FormUnreachable = "form_unreachable",
    /// Not a list of web addresses.
    InvalidHost { /// Maximum number of addresses.
        max: usize } = "invalid_host",
    /// Not a path segment of a form or an organization.
    InvalidSlug { /// Smallest number of characters.
        min: usize, /// Largest number of characters.
        max: usize } = "invalid_slug",
    /// The address of another form.
    SlugTaken = "slug_taken",
    /// A name or address that is in use.
    Taken = "taken",
    /// A label that another entry has.
    AmbiguousLabel = "ambiguous_word",
    /// A date more than a year ahead.
    TooFarAhead = "too_far_ahead",
    /// A date that is not in the future.
    NotInFuture = "day_to_come",
    /// Not a date.
    InvalidDate = "invalid_date",
    /// Not a time of day.
    InvalidTime = "invalid_time",
    /// A time that the clock change skips.
    TimeDoesNotExist = "time_does_not_exist",
    /// The local time occurs twice because the clocks go back; the form asks which one is meant.
    TimeOccursTwice = "time_occurs_twice",
    /// An end that is not after the start.
    EndBeforeStart = "end_before_start",
    /// A time window that is too long.
    WindowTooLong { /// Maximum length in hours.
        max_hours: i64 } = "window_too_long",
    /// A time in the past.
    InThePast = "in_the_past",
    /// Not an IANA time zone.
    InvalidZone = "invalid_zone",
    /// Not a pair of times of a shift.
    InvalidShift = "invalid_shift",
    /// Not a break within a shift.
    InvalidBreak = "invalid_break",
    /// Not a list of skills.
    InvalidSkills = "invalid_skills",
    /// Not a last day of an absence.
    InvalidLastDay = "invalid_last_day",
    /// Not a whole number within bounds, on a form.
    InvalidNumber { /// Smallest allowed number.
        min: i64, /// Largest allowed number.
        max: i64 } = "invalid_number",
    /// Not a list of materials.
    InvalidMaterial { /// Maximum number of lines.
        max: usize, /// Maximum number of characters of each.
        max_chars: usize } = "invalid_material",
    /// A signature that is too large.
    InvalidSignature = "invalid_signature",
    /// The customer of the job is not confirmed.
    NeedsMapping = "needs_mapping",
    /// Not a color such as #7a1f5c.
    InvalidColor = "invalid_colour",
    /// A web address must begin with `http://` or `https://`.
    InvalidWebAddress = "invalid_web_address",
    /// The customer is archived or was merged into another one.
    CustomerInactive = "customer_inactive",
    /// The location is archived.
    LocationInactive = "location_inactive",
    /// The request has no customer yet.
    CustomerUnknown = "customer_unknown",
    /// No request is selected.
    NothingSelected = "nothing_selected",
    /// Too many requests are selected.
    TooManySelected { /// Maximum number of requests.
        max: usize } = "too_many_selected",
    /// The action can no longer be undone.
    TooLate = "too_late",
    /// The request came from a partner's system.
    NoReader = "no_reader",
    /// The offer was answered or has expired.
    SlotGone = "slot_gone",
    /// The time was booked in the meantime.
    SlotTaken = "slot_taken",
    /// The time is offered twice.
    SlotTwice = "slot_twice",
    /// Too few times are offered.
    TooFewSlots = "too_few_slots",
    /// No other administrator could change anything afterwards.
    LastAdministrator = "last_administrator",
    /// There is a record that is likely the same.
    PossibleDuplicate = "possible_duplicate",
    /// The record has open jobs or requests.
    OpenWork = "open_work",
    /// The contact has access to the portal.
    PortalAccess = "portal_access_active",
    /// The contact is archived.
    ContactArchived = "contact_archived",
    /// The form is closed.
    FormClosed = "form_closed",
    /// The form was open for too long.
    FormExpired = "form_expired",
    /// The form was sent too quickly after it was opened.
    FormTooFast { /// Seconds to wait.
        seconds: u64 } = "form_too_fast",
    /// The field that only bots see is filled in.
    LeaveEmpty = "leave_empty",
    /// The request was started on another terminal.
    OtherTerminal = "other_terminal",
    /// The receipt was already used.
    TokenTaken = "token_taken",
    /// Not a valid pairing code of a terminal.
    WrongPairingCode = "wrong_pairing_code",
    /// A password that is too short.
    PasswordTooShort { /// Minimum number of characters.
        min: usize } = "password_too_short",
    /// The password is the email address.
    PasswordIsEmail = "password_is_email",
    /// A common password.
    PasswordTooCommon = "password_too_common",
    /// Not the current password.
    WrongPassword = "wrong_password",
    /// The account has no password, so a new mailed link must stand for it.
    NewLinkRequired = "new_link_required",
    /// Not a valid two-factor code.
    WrongCode = "wrong_code",
    /// The same email address as before.
    Unchanged = "unchanged",
    /// The account with this email address is blocked.
    AccountBlocked = "account_blocked",
    /// An email address that cannot be invited.
    CannotBeInvited = "cannot_be_invited",
    /// More permissions than one's own.
    MoreThanOwn = "more_than_own",
    /// A longer access than one's own.
    LongerThanOwn = "longer_than_own",
    /// JSON that cannot be parsed.
    MalformedJson { /// Position and reason, as the parser says it.
        message: String } = "malformed_json",
    /// The client lacks the scope to import jobs.
    ImportScopeMissing = "insufficient_scope",
    /// Not the UUID of an entry.
    InvalidKey = "invalid_key",
    /// Not a step of a visit.
    InvalidStep { /// The allowed steps.
        allowed: Vec<String> } = "invalid_step",
    /// The source system has no such target.
    TargetNotFound = "target_not_found",
    /// Two fields that exclude each other.
    Contradiction { /// The fields.
        fields: Vec<String> } = "contradiction",
    /// Not a list of IDs.
    InvalidList { /// Maximum number of IDs.
        max: usize } = "invalid_list",
    /// An event type that does not exist.
    UnknownEventType = "unknown_event_type",
    /// A data option that requires a missing scope.
    DataOptionNotPermitted { /// Name of the option.
        option: String, /// Name of the scope.
        scope: String } = "data_option_not_permitted",
    /// A recovery period that begins too early.
    RecoverWindowTooLarge { /// Maximum length in days.
        max_days: i64 } = "recover_window_too_large",
    /// An address that webhooks may not be sent to.
    ForbiddenWebhookTarget = "forbidden_webhook_target",
}

impl FieldCode {
    /// Returns the code for an invalid text with a maximum of `max_chars` characters.
    pub const fn of_text(error: TextError, max_chars: usize) -> Self {
        match error {
            TextError::Required => Self::Required,
            TextError::TooLong => Self::TooLong { max: max_chars },
            TextError::InvalidCharacter => Self::InvalidCharacter,
            TextError::HiddenCharacter(character) => Self::HiddenCharacter {
                code_point: character as u32,
            },
            TextError::SurroundingSpace => Self::SurroundingSpace,
            TextError::InvalidEmail => Self::InvalidEmail,
            TextError::TooShort => Self::TooShort,
            TextError::InvalidCountry => Self::InvalidCountry,
        }
    }
}

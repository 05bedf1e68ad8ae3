//! Why an operation was rejected, as data. Each cause belongs to one [`Problem`]; apps and API render their own sentences.

use serde::{Deserialize, Serialize};

use super::Problem;
use crate::lifecycle::IllegalTransition;

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident $({ $($(#[$field_doc:meta])* $field:ident: $kind:ty),* })? = $problem:ident,)*) => {
        /// Why an operation was rejected.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Cause {
            $($(#[$doc])* $variant $({ $($(#[$field_doc])* $field: $kind),* })?,)*
        }
        impl Cause {
            /// Returns the problem type.
            pub const fn problem(&self) -> Problem {
                match self {
                    $(Self::$variant $({ $($field: _),* })? => Problem::$problem,)*
                }
            }
        }
    };
}

causes! {
    /// A defect or an unexpected failure; the log has the details.
    Internal = InternalError,
    /// The database cannot be reached.
    DatabaseUnavailable = TemporarilyUnavailable,
    /// The file storage cannot be reached.
    FileStorageUnavailable = TemporarilyUnavailable,
    /// The file storage is full.
    FileStorageFull = TemporarilyUnavailable,
    /// The tenant has used all its file storage.
    FileQuotaReached = TemporarilyUnavailable,
    /// The forms of the tenant have received as many files as one day allows.
    FormQuotaReached = TemporarilyUnavailable,
    /// The file was not checked for malware yet.
    FileBeingChecked = TemporarilyUnavailable,
    /// Malware was found in the file.
    FileQuarantined = PermissionDenied,
    /// Too many files are being processed.
    TooManyFilesInProgress = TemporarilyUnavailable,
    /// Too many uploads are in progress.
    TooManyUploads = TemporarilyUnavailable,
    /// Does not exist, or may not be seen.
    NotFound = NotFound,
    /// Some fields are invalid; they are listed beside the cause.
    InvalidFields = ValidationFailed,
    /// No account is signed in.
    SignInRequired = MissingCredentials,
    /// The request has no usable credentials.
    CredentialsMissing = MissingCredentials,
    /// The credentials are not in the expected form.
    CredentialsMalformed = InvalidCredentials,
    /// The key or token is not valid.
    KeyInvalid = InvalidCredentials,
    /// The email address or password is wrong.
    PasswordIncorrect = InvalidCredentials,
    /// The key or token was revoked.
    KeyRevoked = KeyRevoked,
    /// The key or token has expired.
    KeyExpired = TokenExpired,
    /// The client lacks a scope.
    ScopeMissing { /// Name of the scope.
        scope: String } = InsufficientScope,
    /// The role lacks a permission.
    PermissionMissing { /// Name of the permission.
        permission: String } = PermissionDenied,
    /// The session can only read.
    ReadOnlySession = PermissionDenied,
    /// The entry was recorded by another person on the same device.
    RecordedByOther = PermissionDenied,
    /// The client may not act for this source system.
    SourceSystemNotAllowed = SourceSystemNotAllowed,
    /// A feature gate is off.
    FeatureDisabled { /// Name of the feature gate.
        gate: String } = FeatureNotEnabled,
    /// The operation is only for test keys.
    SandboxOnly = FeatureNotEnabled,
    /// A data option requires a missing scope; the field names it.
    DataOptionNotPermitted = DataOptionNotPermitted,
    /// The record was changed by another user in the meantime.
    Conflict { /// The kind of record.
        record: Record } = ConcurrentModification,
    /// The form was rendered for another account, which was signed in before.
    FormOfOtherAccount { /// Name of the other person, if both belong to the same organization.
        owner: Option<String>, /// Name of the person who is signed in.
        own: String } = ConcurrentModification,
    /// The appointment was rescheduled in the meantime.
    AppointmentRescheduled = ConcurrentModification,
    /// The same entry is being processed.
    EntryInProgress = ConcurrentModification,
    /// More entries arrived in the meantime.
    MoreEntriesArrived = ConcurrentModification,
    /// The sync conflict was resolved in the meantime.
    SyncConflictResolved = ConcurrentModification,
    /// The billing trigger was acknowledged under another reference.
    AcknowledgedDifferently { /// The stored reference.
        reference: String } = AlreadyAcknowledged,
    /// The database has tenants that are not demo tenants.
    NotDemoDatabase = ConcurrentModification,
    /// The database already has demo data.
    DemoDataExists = ConcurrentModification,
    /// A transition that the lifecycle does not have.
    TransitionNotAllowed { /// Current state.
        current: String, /// Requested state.
        requested: String, /// Allowed next states.
        allowed: Vec<String> } = IllegalTransition,
    /// The answer of a passkey was not accepted, or came too late.
    PasskeyRejected = InvalidCredentials,
    /// The technician is on the way to another visit, or at work there.
    AnotherVisitUnderWay { /// Number of its job.
        number: i64 } = IllegalTransition,
    /// Travel started too long ago for the technician to take it back.
    TravelNotRevertible = IllegalTransition,
    /// Two-factor authentication is on already.
    TwoFactorAlreadyOn = IllegalTransition,
    /// Two-factor authentication is off.
    TwoFactorOff = IllegalTransition,
    /// The role of the account must use two-factor authentication.
    TwoFactorRequired = IllegalTransition,
    /// The account has accepted its invitation or is blocked.
    InvitationNotOpen = IllegalTransition,
    /// The dry run has not completed.
    DryRunNotCompleted = IllegalTransition,
    /// The rule was not tried on past requests.
    RuleNotTried = IllegalTransition,
    /// The request is closed.
    RequestClosed = IllegalTransition,
    /// The request can no longer be changed.
    RequestNotChangeable { /// Status of the request.
        status: String } = IllegalTransition,
    /// The request can no longer be withdrawn.
    RequestNotWithdrawable { /// Status of the request, if the reader may know it.
        status: Option<String> } = IllegalTransition,
    /// The request was converted to a job.
    RequestConverted = IllegalTransition,
    /// The request is a job already, which has to be changed instead.
    RequestIsJob = IllegalTransition,
    /// The request is not accepted.
    RequestNotAccepted = IllegalTransition,
    /// The channel of the request determines its customer.
    CustomerFixedByChannel = IllegalTransition,
    /// The job has no requester.
    JobWithoutRequester = IllegalTransition,
    /// Times can only be offered for an open job.
    JobNotOpen { /// Status of the job.
        status: String } = IllegalTransition,
    /// Cancellation can no longer be requested.
    CancellationNotPossible = IllegalTransition,
    /// Another time can no longer be requested.
    RescheduleNotPossible = IllegalTransition,
    /// Only an approved report can be released.
    ReportNotApproved { /// Status of the report.
        status: String } = IllegalTransition,
    /// The report has no published release.
    ReportNotReleased = IllegalTransition,
    /// The suggestion cannot be committed.
    SuggestionNotCommittable { /// Status of the suggestion.
        status: String } = IllegalTransition,
    /// The suggestion has ended.
    SuggestionEnded = IllegalTransition,
    /// The suggestion can no longer be discarded.
    SuggestionNotDiscardable = IllegalTransition,
    /// Work on the job has started or ended.
    WorkStarted = TargetLocked,
    /// The job cannot be cancelled.
    JobNotCancellable { /// Status of the job.
        status: String } = TargetLocked,
    /// The job of the sandbox takes no further steps.
    JobNotAdvanceable { /// Status of the job.
        status: String } = TargetLocked,
    /// The job cannot be reopened.
    JobNotReopenable { /// Status of the job.
        status: String } = TargetLocked,
    /// The external ID refers to another record.
    ExternalIdMapped = MappingExists,
    /// The record has another external ID in this source system.
    RecordMapped = MappingConflict,
    /// The customer is archived or was merged.
    CustomerInactive = MappingConflict,
    /// Another customer has this number.
    CustomerNumberTaken = MappingConflict,
    /// The location belongs to another customer.
    LocationOfOtherCustomer = MappingConflict,
    /// The contact belongs to another customer.
    ContactOfOtherCustomer = MappingConflict,
    /// The record exists, but a new one is required.
    RecordExists = PreconditionFailed,
    /// The record is not the version that `If-Match` names.
    VersionDiffers = PreconditionFailed,
    /// The record does not exist, but an existing one is required.
    RecordMissing = PreconditionFailed,
    /// The photos of the entry are missing.
    PhotosMissing = PreconditionFailed,
    /// Too many failed attempts or requests.
    RetryLater { /// Seconds to wait.
        seconds: u64 } = RateLimited,
    /// Too many sign-ins at the same time.
    TooManySignIns = RateLimited,
    /// Too many route suggestions are queued or running.
    TooManySuggestions { /// Maximum number.
        max: i64 } = RateLimited,
    /// Too many import jobs are queued or running.
    TooManyImportJobs { /// Maximum number.
        max: i64 } = TooManyConcurrentJobs,
    /// The import job has ended.
    ImportJobEnded = JobNotCancellable,
    /// A mapping rule rejected a valid import.
    ImportRejected { /// Code of the rule.
        code: String } = ImportFailed,
    /// Two credentials of the kind are active.
    TooManyCredentials = QuotaExceeded,
    /// The client has too many endpoints.
    TooManyEndpoints { /// Maximum number.
        max: i64 } = QuotaExceeded,
    /// The endpoint has too many valid secrets.
    TooManySecrets { /// Maximum number.
        max: i64 } = QuotaExceeded,
    /// The endpoint is disabled.
    EndpointDisabled = EndpointDisabled,
    /// The client of the endpoint was revoked.
    EndpointClientRevoked = EndpointDisabled,
    /// The URL of the endpoint is not valid; the field says why.
    InvalidWebhookUrl = InvalidWebhookUrl,
    /// Webhooks may not be sent to this address.
    ForbiddenWebhookTarget = ForbiddenWebhookTarget,
    /// At least one event type does not exist; the fields name them.
    UnknownEventType = UnknownEventType,
    /// The recovery period begins too early.
    RecoverWindowTooLarge = RecoverWindowTooLarge,
    /// The event has expired.
    EventExpired { /// Days that events are kept.
        days: i64 } = EventExpired,
    /// The body was not received in time.
    BodyTimeout { /// Seconds allowed.
        seconds: u64 } = MalformedJson,
    /// The body is not gzip.
    InvalidGzip = MalformedJson,
    /// The body is not JSON.
    InvalidJson { /// Position and reason, as the parser says it.
        message: String } = MalformedJson,
    /// The body is too large.
    BodyTooLarge { /// Maximum size in KiB.
        max_kib: usize } = PayloadTooLarge,
    /// The batch has too many items.
    TooManyItems { /// Maximum number of items.
        max: usize } = BatchTooLarge,
    /// The atomic batch has too many items.
    TooManyAtomicItems { /// Maximum number of items.
        max: usize } = AtomicBatchTooLarge,
    /// Not the media type of JSON.
    MediaTypeNotJson = UnsupportedMediaType,
    /// A content encoding that is not accepted.
    ContentEncodingNotAccepted { /// Whether gzip is accepted.
        accepts_gzip: bool } = UnsupportedMediaType,
    /// No accepted media type.
    NotAcceptable = NotAcceptable,
    /// A method that the resource does not have.
    MethodNotAllowed = MethodNotAllowed,
    /// A header with invalid characters.
    HeaderCharacters { /// Name of the header.
        header: String } = InvalidHeader,
    /// A header whose only value is `*`.
    HeaderNotOneTag { /// Name of the header.
        header: String } = InvalidHeader,
    /// A header that accepts only `*`.
    HeaderNotStar { /// Name of the header.
        header: String } = InvalidHeader,
    /// If-Match and If-None-Match at the same time.
    ConditionsCombined = InvalidHeader,
    /// No Idempotency-Key.
    IdempotencyKeyMissing = IdempotencyKeyRequired,
    /// More than one Idempotency-Key.
    IdempotencyKeyRepeated = IdempotencyKeyInvalid,
    /// An Idempotency-Key that is empty, too long or not printable ASCII.
    IdempotencyKeyInvalid { /// Maximum number of characters.
        max: usize } = IdempotencyKeyInvalid,
    /// The key was used with another body.
    IdempotencyKeyReused = IdempotencyKeyReused,
    /// A request with the key is running.
    IdempotencyInProgress = IdempotencyInProgress,
    /// Not a cursor of this server.
    InvalidCursor = InvalidCursor,
    /// The cursor belongs to other filters.
    CursorFilterMismatch = CursorFilterMismatch,
}

/// A kind of record that two people can change at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// Any other record.
    Other,
    /// A request.
    Request,
    /// A job.
    Job,
    /// A technician.
    Technician,
    /// A classification rule.
    Rule,
    /// A visit report.
    Report,
    /// A follow-up.
    FollowUp,
    /// A route suggestion.
    Suggestion,
    /// The organization's terminology.
    Terminology,
}

impl From<IllegalTransition> for Cause {
    fn from(step: IllegalTransition) -> Self {
        Self::TransitionNotAllowed {
            current: step.current.to_owned(),
            requested: step.requested.to_owned(),
            allowed: step.allowed.into_iter().map(str::to_owned).collect(),
        }
    }
}

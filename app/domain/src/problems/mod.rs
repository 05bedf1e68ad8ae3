//! Catalog of problem types (RFC 9457), one row per code, so that code, status and documentation stay in sync.

pub use self::cause::{Cause, Record};

mod cause;

macro_rules! problems {
    ($($variant:ident, $code:literal, $status:literal, $title:literal, $advice:literal;)*) => {
        /// A problem type. The code is part of the API contract; its documentation page is `/docs/problems/{code}`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Problem { $(#[doc = $title] $variant,)* }
        impl Problem {
            /// Every problem type.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// Returns the stable code.
            pub const fn code(self) -> &'static str { match self { $(Self::$variant => $code,)* } }
            /// Returns the HTTP status.
            pub const fn status(self) -> u16 { match self { $(Self::$variant => $status,)* } }
            /// Returns a short summary that is the same for every occurrence.
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title,)* } }
            /// Returns how to resolve the problem.
            pub const fn advice(self) -> &'static str { match self { $(Self::$variant => $advice,)* } }
            /// Parses a code.
            pub fn from_code(code: &str) -> Option<Self> { match code { $($code => Some(Self::$variant),)* _ => None } }
        }
    };
}

problems! {
    MalformedJson, "malformed_json", 400, "The request body is not valid JSON.", "Send UTF-8 JSON without duplicate keys, comments or trailing commas.";
    IdempotencyKeyRequired, "idempotency_key_required", 400, "The Idempotency-Key header is missing.", "Send a unique key that you generate. A retry with the same key returns the same response.";
    InvalidHeader, "invalid_header", 400, "A header is not valid.", "Correct the header named in the response.";
    IdempotencyKeyInvalid, "idempotency_key_invalid", 400, "The Idempotency-Key header is not valid.", "Send 1 to 255 printable ASCII characters.";
    MissingCredentials, "missing_credentials", 401, "No credentials were sent.", "Send the header Authorization: Bearer followed by your API key.";
    InvalidCredentials, "invalid_credentials", 401, "The credentials are not valid.", "Check the API key. It is shown only once, when it is created.";
    TokenExpired, "token_expired", 401, "The credentials have expired.", "Create a new key or request a new token.";
    KeyRevoked, "key_revoked", 401, "The API key was revoked.", "Use an active API key.";
    InsufficientScope, "insufficient_scope", 403, "A required scope is missing.", "Ask an administrator to grant the scope named in the response.";
    PermissionDenied, "permission_denied", 403, "Your role does not allow this.", "Ask an administrator for the permission named in the response.";
    SourceSystemNotAllowed, "source_system_not_allowed", 403, "This client does not have access to that source system.", "Omit sourceSystem. A client always uses the source system that it was created for.";
    FeatureNotEnabled, "feature_not_enabled", 403, "This feature is not enabled for the organization.", "Ask an administrator to enable the feature gate.";
    DataOptionNotPermitted, "data_option_not_permitted", 403, "A data option requires a missing scope.", "Ask an administrator to grant the read scope that the data option requires.";
    NotFound, "not_found", 404, "The resource was not found.", "Check the ID. Resources that you don't have access to return the same response as resources that don't exist.";
    MethodNotAllowed, "method_not_allowed", 405, "This method is not allowed for this resource.", "Use one of the methods listed in the Allow header.";
    NotAcceptable, "not_acceptable", 406, "None of the accepted media types is available.", "Send Accept: application/json.";
    IdempotencyInProgress, "idempotency_in_progress", 409, "A request with this Idempotency-Key is still being processed.", "Retry after the time given in the Retry-After header.";
    TargetLocked, "target_locked", 409, "The target can no longer be changed.", "Work on the target has started or ended. Contact dispatch.";
    MappingExists, "mapping_exists", 409, "The external ID is already mapped to another record.", "If that mapping is wrong, delete it first.";
    MappingConflict, "mapping_conflict", 409, "The record already has a different external ID in this source system.", "Use the existing external ID, or delete that mapping first.";
    EndpointDisabled, "endpoint_disabled", 409, "The webhook endpoint is disabled.", "Enable the endpoint, then try again.";
    JobNotCancellable, "job_not_cancellable", 409, "The import job has already finished.", "Retrieve the import job to see its result.";
    IllegalTransition, "illegal_transition", 409, "This transition is not allowed from the current state.", "The response names the current state and the allowed next states.";
    ConcurrentModification, "concurrent_modification", 409, "The record was changed by another user in the meantime.", "Retrieve the current version, then repeat your change if it is still needed.";
    AlreadyAcknowledged, "already_acknowledged", 409, "The billing trigger was already acknowledged under another reference.", "The response names the stored reference. To correct it, send If-Match with the ETag of the trigger.";
    EventExpired, "event_expired", 410, "The event has expired.", "Events are available for 30 days. Retrieve the resources directly.";
    PreconditionFailed, "precondition_failed", 412, "A precondition of the request is not met.", "Retrieve the current version of the resource, then try again.";
    PayloadTooLarge, "payload_too_large", 413, "The request body is too large.", "The limit is 64 KiB for a single request and 2 MiB, uncompressed, for a batch.";
    BatchTooLarge, "batch_too_large", 413, "The batch contains too many items.", "Send at most 500 items per batch.";
    UnsupportedMediaType, "unsupported_media_type", 415, "This media type is not supported.", "Send Content-Type: application/json.";
    ValidationFailed, "validation_failed", 422, "The input is not valid.", "Each error is listed in errors with its JSON pointer.";
    ImportFailed, "import_failed", 422, "The import was valid but was rejected.", "See the member item for the rule that rejected it.";
    UnknownField, "unknown_field", 422, "The request body contains an unknown field.", "Remove the field named in errors, or correct its spelling.";
    InvalidCharacter, "invalid_character", 422, "A text contains a character that is not allowed.", "Remove the character from the field named in errors.";
    ValueTooLong, "value_too_long", 422, "A value is too long.", "Shorten the field named in errors.";
    InvalidCursor, "invalid_cursor", 422, "The cursor is not valid.", "Use the unmodified nextCursor of the previous page.";
    CursorFilterMismatch, "cursor_filter_mismatch", 422, "The cursor was created with different filters.", "After changing filters, start again without a cursor.";
    AtomicBatchTooLarge, "atomic_batch_too_large", 422, "The atomic batch contains too many items.", "Send at most 100 items, or use the mode partial.";
    RecoverWindowTooLarge, "recover_window_too_large", 422, "The recovery period is too long.", "Events can be recovered for 14 days.";
    IdempotencyKeyReused, "idempotency_key_reused", 422, "This Idempotency-Key was already used with a different request body.", "Use a new key for a new request.";
    InvalidWebhookUrl, "invalid_webhook_url", 422, "The URL of the webhook endpoint is not valid.", "Use an https URL without a user name and password.";
    ForbiddenWebhookTarget, "forbidden_webhook_target", 422, "The webhook endpoint resolves to an address that is not allowed.", "Use a public address, or ask the operator to allow the network.";
    UnknownEventType, "unknown_event_type", 422, "The event type is unknown.", "Use a name from the list of event types.";
    RateLimited, "rate_limited", 429, "Too many requests.", "Retry after the time given in the Retry-After header.";
    QuotaExceeded, "quota_exceeded", 429, "A quota is exhausted.", "The response names the quota. Ask an administrator if you need a higher one.";
    TooManyConcurrentJobs, "too_many_concurrent_jobs", 429, "Too many import jobs are queued or running.", "Wait until a job has finished. At most five jobs can be queued or running at a time.";
    InternalError, "internal_error", 500, "An internal error occurred.", "Try again. If the problem persists, contact support and include the request ID.";
    TemporarilyUnavailable, "temporarily_unavailable", 503, "The service is temporarily unavailable.", "Retry after the time given in the Retry-After header.";
}

#[cfg(test)]
mod tests {
    use super::Problem;

    #[test]
    fn problem_codes_are_unique_and_texts_are_sentences() {
        for problem in Problem::ALL {
            assert_eq!(Problem::from_code(problem.code()), Some(*problem));
            assert!((400..=599).contains(&problem.status()));
            assert!(problem.title().ends_with('.') && problem.advice().ends_with('.'));
        }
    }
}

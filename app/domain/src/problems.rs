//! The catalogue of problems (RFC 9457): one row for each code, so that code, status and page cannot drift apart.

macro_rules! problems {
    ($($variant:ident, $code:literal, $status:literal, $title:literal, $advice:literal;)*) => {
        /// A kind of problem. Its code is the contract; its page is `/docs/problems/{code}`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Problem { $(#[doc = $title] $variant,)* }
        impl Problem {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The stable code.
            pub const fn code(self) -> &'static str { match self { $(Self::$variant => $code,)* } }
            /// The HTTP status.
            pub const fn status(self) -> u16 { match self { $(Self::$variant => $status,)* } }
            /// One short sentence that is the same for every occurrence.
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title,)* } }
            /// What to do about it.
            pub const fn advice(self) -> &'static str { match self { $(Self::$variant => $advice,)* } }
            /// Reads a code.
            pub fn from_code(code: &str) -> Option<Self> { match code { $($code => Some(Self::$variant),)* _ => None } }
        }
    };
}

problems! {
    MalformedJson, "malformed_json", 400, "The body is not valid JSON.", "Send UTF-8 JSON without duplicate keys, comments or trailing commas.";
    IdempotencyKeyRequired, "idempotency_key_required", 400, "The Idempotency-Key header is missing.", "Send a key of your own choice; a repetition with the same key gets the same answer.";
    InvalidHeader, "invalid_header", 400, "A header is not valid.", "Correct the header named in the answer.";
    IdempotencyKeyInvalid, "idempotency_key_invalid", 400, "The Idempotency-Key header is not valid.", "Send 1 to 255 printable ASCII characters.";
    MissingCredentials, "missing_credentials", 401, "No credentials were sent.", "Send the header Authorization: Bearer followed by your API key.";
    InvalidCredentials, "invalid_credentials", 401, "The credentials are not valid.", "Check the API key; it is shown once, when it is made.";
    TokenExpired, "token_expired", 401, "The credentials have expired.", "Make a new key or ask for a new token.";
    KeyRevoked, "key_revoked", 401, "The API key was revoked.", "Use the key that replaced it.";
    InsufficientScope, "insufficient_scope", 403, "A scope is missing.", "Ask an administrator to add the scope named in the answer.";
    PermissionDenied, "permission_denied", 403, "Your role does not allow this.", "Ask an administrator for the permission named in the answer.";
    SourceSystemNotAllowed, "source_system_not_allowed", 403, "This client may not act for that source system.", "Leave sourceSystem out: a client acts for the source system that it was made for.";
    FeatureNotEnabled, "feature_not_enabled", 403, "The organisation has not opened this.", "Ask an administrator to open the feature gate.";
    DataOptionNotPermitted, "data_option_not_permitted", 403, "A data option needs a scope that is missing.", "Ask for the read scope that belongs to the option.";
    NotFound, "not_found", 404, "There is nothing here.", "Check the id. Things that you may not see answer the same as things that do not exist.";
    MethodNotAllowed, "method_not_allowed", 405, "This method is not allowed here.", "Use one of the methods in the Allow header.";
    NotAcceptable, "not_acceptable", 406, "None of the accepted media types can be sent.", "Accept application/json.";
    IdempotencyInProgress, "idempotency_in_progress", 409, "A request with this Idempotency-Key is still running.", "Wait as long as Retry-After says, then send it again.";
    TargetLocked, "target_locked", 409, "The target can no longer be changed.", "Work on it has begun or ended; contact dispatch.";
    MappingExists, "mapping_exists", 409, "The external id already stands for another record.", "Delete the mapping first, if it is wrong.";
    MappingConflict, "mapping_conflict", 409, "The record already has another external id in this source.", "Use the external id that it has, or delete that mapping first.";
    EndpointDisabled, "endpoint_disabled", 409, "The webhook endpoint is disabled.", "Enable it first.";
    JobNotCancellable, "job_not_cancellable", 409, "The job has already ended.", "Read the job to see how it ended.";
    IllegalTransition, "illegal_transition", 409, "This step is not possible from the current state.", "The answer names the current state and the allowed next ones.";
    ConcurrentModification, "concurrent_modification", 409, "Somebody else changed this at the same time.", "Read it again, then repeat the change if it is still wanted.";
    EventExpired, "event_expired", 410, "The event is no longer kept.", "Events are kept for 30 days; read the resources themselves.";
    PreconditionFailed, "precondition_failed", 412, "The condition of the request does not hold.", "Read the record and decide again.";
    PayloadTooLarge, "payload_too_large", 413, "The body is too large.", "Single bodies may have 64 KiB, batches 2 MiB unpacked.";
    BatchTooLarge, "batch_too_large", 413, "The batch has too many items.", "Send at most 500 items at a time.";
    UnsupportedMediaType, "unsupported_media_type", 415, "This media type is not accepted.", "Send Content-Type: application/json.";
    ValidationFailed, "validation_failed", 422, "The input is not valid.", "Every mistake is listed in errors with its JSON pointer.";
    ImportFailed, "import_failed", 422, "The import was understood but refused.", "The member item tells which rule refused it.";
    UnknownField, "unknown_field", 422, "The body has a field that is not known here.", "Remove the field named in errors, or correct its spelling.";
    InvalidCharacter, "invalid_character", 422, "A text has a control character.", "Remove the character from the field named in errors.";
    ValueTooLong, "value_too_long", 422, "A value is too long.", "Shorten the field named in errors.";
    InvalidCursor, "invalid_cursor", 422, "The cursor is not valid.", "Use nextCursor of the page before, unchanged.";
    CursorFilterMismatch, "cursor_filter_mismatch", 422, "The cursor belongs to a list with other filters.", "Begin again without a cursor after changing filters.";
    AtomicBatchTooLarge, "atomic_batch_too_large", 422, "An atomic batch has too many items.", "Send at most 100 items, or use mode partial.";
    RecoverWindowTooLarge, "recover_window_too_large", 422, "The time range to recover is too long.", "Events are held for 14 days.";
    IdempotencyKeyReused, "idempotency_key_reused", 422, "This Idempotency-Key was used with another body.", "Use a new key for a new request.";
    InvalidWebhookUrl, "invalid_webhook_url", 422, "The address of the endpoint is not valid.", "Send an https URL without user name and password.";
    ForbiddenWebhookTarget, "forbidden_webhook_target", 422, "The endpoint leads to an address that is not allowed.", "Use a public address, or ask the operator to list the network.";
    UnknownEventType, "unknown_event_type", 422, "An event type is not known.", "Use names from the list of event types.";
    RateLimited, "rate_limited", 429, "Too many requests.", "Wait as long as Retry-After says.";
    QuotaExceeded, "quota_exceeded", 429, "A quota is used up.", "The answer names the quota; ask an administrator if you need more.";
    TooManyConcurrentJobs, "too_many_concurrent_jobs", 429, "Too many import jobs wait or run.", "Wait until a job has ended; five may wait or run at a time.";
    InternalError, "internal_error", 500, "Something went wrong on our side.", "Try again; if it stays, send us the request id.";
    TemporarilyUnavailable, "temporarily_unavailable", 503, "The service cannot answer right now.", "Wait as long as Retry-After says, then try again.";
}

#[cfg(test)]
mod tests {
    use super::Problem;

    #[test]
    fn codes_are_unique_and_readable() {
        for problem in Problem::ALL {
            assert_eq!(Problem::from_code(problem.code()), Some(*problem));
            assert!((400..=599).contains(&problem.status()));
            assert!(problem.title().ends_with('.') && problem.advice().ends_with('.'));
        }
    }
}

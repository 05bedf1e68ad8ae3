//! Route suggestions.

crate::stored_names! {
    /// How far a suggestion is.
    SuggestionStatus {
        /// The worker has not begun.
        Queued = "queued",
        /// It is being made.
        Running = "running",
        /// It is there.
        Completed = "completed",
        /// It could not be made.
        Failed = "failed",
        /// Somebody stopped it.
        Cancelled = "cancelled",
        /// Somebody decided against it.
        Discarded = "discarded",
    }
}

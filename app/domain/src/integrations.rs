//! Clients of the API.

crate::stored_names! {
    /// The kind of a credential.
    CredentialKind {
        /// An API key for live data.
        Live = "live",
        /// An API key for the sandbox.
        Test = "test",
        /// A secret of the OAuth client credentials grant.
        Secret = "secret",
    }
}

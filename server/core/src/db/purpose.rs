//! What transactions across tenants are for. A statement names the purpose that it serves, so a transaction of one purpose
//! cannot run the statements of another: a worker that claims imports cannot change an account.

/// The purpose of a write transaction across tenants.
pub(crate) trait Purpose: Send {}

/// A purpose that changes the credentials of accounts and ends their sessions.
pub(crate) trait ChangesAccounts: Purpose {}

/// Finding the tenant: sessions, keys, tokens, links. It reads only.
pub(crate) struct Reading;

/// Signing in, from the first attempt to the open session, and what people do with mailed links.
pub(crate) struct SignIn;
impl Purpose for SignIn {}
impl ChangesAccounts for SignIn {}

/// What operators do with the command line, and the demo.
pub(crate) struct Administration;
impl Purpose for Administration {}
impl ChangesAccounts for Administration {}

/// Sealing the stored secrets again with a new master key.
pub(crate) struct KeyRotation;
impl Purpose for KeyRotation {}

/// Deleting what has expired.
pub(crate) struct Purge;
impl Purpose for Purge {}

/// Registering, checking and deleting the content of files.
pub(crate) struct FileWork;
impl Purpose for FileWork {}

/// Claiming import jobs.
pub(crate) struct ImportQueue;
impl Purpose for ImportQueue {}

/// Claiming emails and recording their results.
pub(crate) struct MailQueue;
impl Purpose for MailQueue {}

/// Claiming route suggestions.
pub(crate) struct SuggestionQueue;
impl Purpose for SuggestionQueue {}

/// Claiming webhook deliveries and recording their results.
pub(crate) struct WebhookQueue;
impl Purpose for WebhookQueue {}

/// Answering requests for links by email.
pub(crate) struct LinkRequests;
impl Purpose for LinkRequests {}

/// Counting the calls of integration clients.
pub(crate) struct UsageCounting;
impl Purpose for UsageCounting {}

/// Auditing what is done in a session that may not write.
pub(crate) struct Auditing;
impl Purpose for Auditing {}

/// Bringing the search index up to date.
pub(crate) struct SearchIndexing;
impl Purpose for SearchIndexing {}

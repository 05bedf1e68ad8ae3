//! Accounts, sign-in, sessions and the actors that use cases act on behalf of.

pub mod access;
pub mod account;
pub mod account_deletion;
pub mod actors;
pub mod administration;
pub mod admission;
pub mod authentication;
pub(crate) mod demo;
pub mod email_change;
pub mod form_owner;
pub(crate) mod link_requests;
pub mod listing;
pub mod model;
pub mod organization;
pub mod own_account;
pub mod partner_accounts;
pub mod passkeys;
pub mod password_links;
pub mod passwords;
pub(crate) mod sandbox_crew;
mod session_data;
pub mod sessions;
pub mod shown_once;
pub(crate) mod sign_in;
pub mod sign_in_steps;
pub mod staff_settings;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub mod team;
pub(crate) mod throttle;
pub mod two_factor;
pub(crate) use self::store::accounts::NewStaff;
pub(crate) use self::store::accounts::SET_PORTAL_PASSWORD;
pub(crate) use self::store::partners::ItemResult;
pub use self::store::sessions::Realm;
#[cfg(test)]
pub(crate) use self::store::sessions::SessionRow;
pub(crate) use self::store::tenants::NewGrant;
pub(crate) use self::store::tenants::NewTenant;

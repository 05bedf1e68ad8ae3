//! SQL statements of the identity slice.

/// Defines a function that returns a statement for the tables of a realm's accounts, whose names begin with the realm.
macro_rules! per_account {
    ($name:ident, $first:literal, $second:literal) => {
        pub(crate) const fn $name(realm: Realm) -> &'static str {
            match realm {
                Realm::Staff => concat!($first, "staff", $second),
                Realm::Portal => concat!($first, "portal", $second),
                Realm::Partner => concat!($first, "partner", $second),
            }
        }
    };
    ($name:ident, $first:literal, $second:literal, $third:literal) => {
        pub(crate) const fn $name(realm: Realm) -> &'static str {
            match realm {
                Realm::Staff => concat!($first, "staff", $second, "staff", $third),
                Realm::Portal => concat!($first, "portal", $second, "portal", $third),
                Realm::Partner => concat!($first, "partner", $second, "partner", $third),
            }
        }
    };
}

pub(crate) mod access;
mod account_deletion;
pub(crate) mod accounts;
mod email_change;
pub(crate) mod listing;
mod organization;
pub(crate) mod partners;
pub(crate) mod passkeys;
pub(crate) mod password_links;
pub(crate) mod sandbox_crew;
pub(crate) mod sessions;
mod team;
pub(crate) mod tenants;
pub(crate) mod throttle;
pub(crate) mod two_factor;

//! The addresses of the realms: each has an app with its own path prefix.

use domain::identity::roles::Role;
use ordinavo_core::identity::admission::Home;
use ordinavo_core::identity::sessions::Realm;

/// Returns the path prefix of the realm's app.
pub const fn prefix(realm: Realm) -> &'static str {
    match realm {
        Realm::Staff => "/app",
        Realm::Portal => "/portal",
        Realm::Partner => "/partner",
    }
}

/// Returns the path of an account's start page.
pub fn home_path(home: Home) -> &'static str {
    match home {
        // The page decides: administrators of a new organization begin with its first steps.
        Home::Staff(Some(Role::Admin)) => prefix(Realm::Staff),
        Home::Staff(role) => role.map_or(prefix(Realm::Staff), Role::home),
        Home::Portal => prefix(Realm::Portal),
        Home::Partner => prefix(Realm::Partner),
    }
}

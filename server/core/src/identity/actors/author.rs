//! Accounts that type into the forms of an app.

use uuid::Uuid;

use crate::identity::actors::{Actor, Contact, Partner, Staff, TenantId};
use crate::identity::sessions::Realm;

/// An account that types into the forms of an app and has drafts.
pub trait Author: Actor {
    fn realm(&self) -> Realm;
    /// Returns the ID of the account.
    fn person(&self) -> Uuid;
    fn person_name(&self) -> &str;
}

impl Author for Staff {
    fn realm(&self) -> Realm {
        Realm::Staff
    }
    fn person(&self) -> Uuid {
        self.id.uuid()
    }
    fn person_name(&self) -> &str {
        self.display_name()
    }
}

impl Author for Contact {
    fn realm(&self) -> Realm {
        Realm::Portal
    }
    fn person(&self) -> Uuid {
        self.id.uuid()
    }
    fn person_name(&self) -> &str {
        self.display_name()
    }
}

impl Author for Partner {
    fn realm(&self) -> Realm {
        Realm::Partner
    }
    fn person(&self) -> Uuid {
        self.id.uuid()
    }
    fn person_name(&self) -> &str {
        self.display_name()
    }
}

/// The account for which a form was rendered, proven by the form's token. It may only keep drafts.
#[derive(Debug, Clone)]
pub struct FormOwner {
    pub(in crate::identity) realm: Realm,
    pub(in crate::identity) tenant: TenantId,
    pub(in crate::identity) person: Uuid,
    pub(in crate::identity) name: String,
}

impl FormOwner {
    /// Returns whether the form was rendered for this account.
    pub fn is<A: Author>(&self, author: &A) -> bool {
        (self.realm, self.tenant, self.person) == (author.realm(), author.tenant(), author.person())
    }

    /// Returns whether the form was rendered for an account of the same organization.
    pub fn is_colleague_of<A: Author>(&self, author: &A) -> bool {
        (self.realm, self.tenant) == (author.realm(), author.tenant())
    }
}

impl Actor for FormOwner {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        format!("{}:{}", self.realm.name(), self.person)
    }
}

impl Author for FormOwner {
    fn realm(&self) -> Realm {
        self.realm
    }
    fn person(&self) -> Uuid {
        self.person
    }
    fn person_name(&self) -> &str {
        &self.name
    }
}

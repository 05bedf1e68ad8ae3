//! A signed-in staff member and its permits.

use std::marker::PhantomData;

use domain::identity::permissions::Permission;
use domain::identity::roles::Role;
use domain::ids::StaffId;
use domain::locale::Locale;
use domain::problems::Cause;

use crate::identity::actors::{Actor, TenantId};
use crate::{CoreError, CoreResult};

/// A signed-in staff member.
#[derive(Debug, Clone)]
pub struct Staff {
    pub(in crate::identity) tenant: TenantId,
    pub(in crate::identity) id: StaffId,
    /// The hash of the session's ID.
    pub(in crate::identity) session: Vec<u8>,
    pub(in crate::identity) role: Role,
    pub(in crate::identity) display_name: String,
    pub(in crate::identity) locale: Option<Locale>,
    /// Whether single letters act as keyboard shortcuts.
    pub(in crate::identity) has_shortcuts: bool,
    pub(in crate::identity) tenant_name: String,
    pub(in crate::identity) zone: String,
    /// Whether the session is in test mode: `tenant` is then the sandbox, where test keys write.
    pub(in crate::identity) is_test: bool,
    /// The tenant of the account; differs from `tenant` in test mode.
    pub(in crate::identity) live_tenant: TenantId,
    pub(in crate::identity) must_set_up: bool,
}

impl Staff {
    /// Returns whether the session is in test mode, in which the tenant is the sandbox.
    pub fn is_test(&self) -> bool {
        self.is_test
    }
    /// Returns whether the role requires two-factor authentication that must be set up before anything else.
    pub fn must_set_up_two_factor(&self) -> bool {
        self.must_set_up
    }
    pub fn id(&self) -> StaffId {
        self.id
    }
    /// Returns the hash of the ID of the session.
    pub(crate) fn session_hash(&self) -> &[u8] {
        &self.session
    }
    pub fn role(&self) -> Role {
        self.role
    }
    pub fn display_name(&self) -> &str {
        &self.display_name
    }
    /// Returns the language of the account, if one was chosen.
    pub fn locale(&self) -> Option<Locale> {
        self.locale
    }
    /// Returns whether single letters act as keyboard shortcuts.
    pub fn has_shortcuts(&self) -> bool {
        self.has_shortcuts
    }
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
    /// Returns the organisation's IANA time zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// Returns whether the role has a permission, for showing or hiding controls.
    pub fn has<P: Permission>(&self) -> bool {
        P::ROLES.contains(&self.role) && (P::ALLOWED_IN_SANDBOX || !self.is_test)
    }

    /// Returns proof of a permission, which use cases require.
    ///
    /// # Errors
    /// `permission_denied`, naming the missing permission.
    pub fn may<P: Permission>(&self) -> CoreResult<Permit<'_, P>> {
        if self.has::<P>() {
            Ok(Permit {
                staff: self,
                permission: PhantomData,
            })
        } else {
            Err(CoreError::new(Cause::PermissionMissing {
                permission: P::NAME.to_owned(),
            }))
        }
    }
}

impl Actor for Staff {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        format!("staff:{}", self.id)
    }
}

/// Proof that a staff member has permission `P`.
#[derive(Debug)]
pub struct Permit<'a, P> {
    staff: &'a Staff,
    permission: PhantomData<P>,
}

impl<P> Clone for Permit<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for Permit<'_, P> {}

impl<'a, P> Permit<'a, P> {
    pub fn staff(self) -> &'a Staff {
        self.staff
    }
}

//! Actors on whose behalf use cases run. Only [`crate::identity::authentication`] creates them, from a session, a key or a
//! job row: they have no public constructor.

use std::marker::PhantomData;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ids::{
    ClientId, ContactId, CustomerId, FormId, LocationId, PartnerId, PortalUserId, RequestId, SourceSystemId, StaffId,
    TerminalId,
};
use domain::locale::Locale;
use domain::permissions::Permission;
use domain::problems::Cause;
use domain::roles::Role;
use domain::scopes::{Scope, ScopeMarker};
use domain::terminology::Terminology;
use uuid::Uuid;

use crate::{CoreError, CoreResult};

/// The tenant that a row belongs to. It always comes from an actor, never from request input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TenantId(Uuid);

impl TenantId {
    pub(crate) const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    pub(crate) const fn uuid(self) -> Uuid {
        self.0
    }
}

/// The branding and terminology of an organisation's portal.
#[derive(Debug, Clone, Default)]
pub struct Branding {
    pub terminology: Arc<Terminology>,
    /// The path of the style sheet with the organisation's colour, if it has one.
    pub sheet: Option<String>,
    /// The path of the logo, if there is one.
    pub logo: Option<String>,
}

impl Branding {
    /// Builds the branding. The paths contain `version`, which changes with every update, so the files can be cached.
    pub(crate) fn of(terminology: Terminology, version: &str, has_colour: bool, has_logo: bool) -> Self {
        let path = |file| format!("/portal/look/{version}/{file}");
        Self {
            terminology: Arc::new(terminology),
            sheet: has_colour.then(|| path("style.css")),
            logo: has_logo.then(|| path("logo.png")),
        }
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Staff {}
    impl Sealed for super::Contact {}
    impl Sealed for super::ApiClient {}
    impl Sealed for super::Partner {}
    impl Sealed for super::System {}
    impl Sealed for super::FormVisitor {}
    impl Sealed for super::TrackingRequester {}
    impl Sealed for super::Terminal {}
}

/// An actor within one tenant.
pub trait Actor: sealed::Sealed + Send + Sync {
    fn tenant(&self) -> TenantId;
    /// Returns the actor's name in the audit log and the internal timeline: kind and ID, never a person's name.
    fn label(&self) -> String;
    /// Returns false for a read-only session.
    fn may_write(&self) -> bool {
        true
    }
}

/// An actor that may read operational records. Portal users are not operators, so operational statements are not
/// available to them.
pub trait Operator: Actor {}
impl Operator for Staff {}
impl Operator for ApiClient {}
impl Operator for System {}

/// An actor that may configure a tenant: its staff, subject to their permissions, and the system.
pub trait Administrator: Operator {}
impl Administrator for Staff {}
impl Administrator for System {}

/// An actor that may read the items of import jobs that it can access.
pub(crate) trait ImportReader: Actor {}
impl ImportReader for Staff {}
impl ImportReader for ApiClient {}
impl ImportReader for Partner {}

/// An actor restricted to the records of one source system: an integration client or a partner user.
pub(crate) trait SourceScoped: Actor {
    fn source_system(&self) -> SourceSystemId;
}
impl SourceScoped for ApiClient {
    fn source_system(&self) -> SourceSystemId {
        self.source_system
    }
}
impl SourceScoped for Partner {
    fn source_system(&self) -> SourceSystemId {
        self.source_system
    }
}

/// An actor that submits requests with the common statement. Portal users and integration clients have their own
/// statements, which join the grant or the source system.
pub trait Submitter: FileUploader {}
impl Submitter for Staff {}
impl Submitter for FormVisitor {}
impl Submitter for Terminal {}

/// An actor that may upload files with its own requests.
pub trait FileUploader: Actor {}
impl FileUploader for Staff {}
impl FileUploader for FormVisitor {}
impl FileUploader for Terminal {}
impl FileUploader for Contact {}

/// An actor that may invite people to the portal: staff with the permission, and portal users within their own grants.
pub trait Inviter: Actor {}
impl Inviter for Staff {}
impl Inviter for Contact {}

/// A signed-in staff member.
#[derive(Debug, Clone)]
pub struct Staff {
    pub(crate) tenant: TenantId,
    pub(crate) id: StaffId,
    pub(crate) role: Role,
    pub(crate) display_name: String,
    pub(crate) locale: Option<Locale>,
    pub(crate) tenant_name: String,
    pub(crate) zone: String,
    /// Whether the session is in test mode: `tenant` is then the sandbox, where test keys write.
    pub(crate) is_test: bool,
}

impl Staff {
    /// Returns whether the session is in test mode, in which the tenant is the sandbox.
    pub fn is_test(&self) -> bool {
        self.is_test
    }
    pub fn id(&self) -> StaffId {
        self.id
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

/// A signed-in portal user: a customer's contact. Its grants are not part of it; every portal query joins them.
#[derive(Debug, Clone)]
pub struct Contact {
    pub(crate) tenant: TenantId,
    pub(crate) id: PortalUserId,
    pub(crate) contact: ContactId,
    /// The staff member who views the portal as this account; such a session is read-only.
    pub(crate) impersonated_by: Option<StaffId>,
    /// Whether the actor was authenticated by a calendar feed token, which allows reading only.
    pub(crate) is_read_only: bool,
    pub(crate) branding: Branding,
    pub(crate) display_name: String,
    pub(crate) locale: Option<Locale>,
    pub(crate) tenant_name: String,
    pub(crate) zone: String,
}

impl Contact {
    /// Returns whether a staff member views the portal as this account.
    pub fn is_impersonated(&self) -> bool {
        self.impersonated_by.is_some()
    }
    pub fn branding(&self) -> &Branding {
        &self.branding
    }
    pub fn terminology(&self) -> Arc<Terminology> {
        self.branding.terminology.clone()
    }
    /// Returns the organisation's IANA time zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }
    pub fn id(&self) -> PortalUserId {
        self.id
    }
    pub fn display_name(&self) -> &str {
        &self.display_name
    }
    /// Returns the language of the account, if one was chosen.
    pub fn locale(&self) -> Option<Locale> {
        self.locale
    }
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
}

impl Actor for Contact {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        format!("portal:{}", self.id)
    }
    fn may_write(&self) -> bool {
        self.impersonated_by.is_none() && !self.is_read_only
    }
}

/// An integration client with a valid credential.
#[derive(Debug, Clone)]
pub struct ApiClient {
    pub(crate) tenant: TenantId,
    /// The live tenant, to which limits and usage are charged; differs from `tenant` for test keys.
    pub(crate) live_tenant: TenantId,
    pub(crate) id: ClientId,
    pub(crate) source_system: SourceSystemId,
    pub(crate) source_key: String,
    pub(crate) scopes: Vec<Scope>,
    /// The partner user who sends test calls as this client; `None` for the client itself.
    pub(crate) acting_partner: Option<PartnerId>,
}

impl ApiClient {
    pub fn id(&self) -> ClientId {
        self.id
    }
    /// Returns the live tenant, to which limits and usage are charged.
    pub fn live_tenant(&self) -> TenantId {
        self.live_tenant
    }
    pub fn source_key(&self) -> &str {
        &self.source_key
    }

    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Returns proof of a scope, which use cases require.
    ///
    /// # Errors
    /// `insufficient_scope`, naming the missing scope.
    pub fn require<S: ScopeMarker>(&self) -> CoreResult<ClientPermit<'_, S>> {
        self.optional::<S>().ok_or_else(|| CoreError::missing_scope(S::SCOPE))
    }

    /// Returns proof of a scope that extends a use case, if the client has it.
    pub fn optional<S: ScopeMarker>(&self) -> Option<ClientPermit<'_, S>> {
        self.has(S::SCOPE).then_some(ClientPermit {
            client: self,
            scope: PhantomData,
        })
    }
}

impl Actor for ApiClient {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        self.acting_partner
            .map_or_else(|| format!("client:{}", self.id), |id| format!("partner:{id}"))
    }
}

/// A signed-in partner user, who can see the jobs, items and calls of one source system only.
#[derive(Debug, Clone)]
pub struct Partner {
    pub(crate) tenant: TenantId,
    /// The live tenant; differs from `tenant` in test mode.
    pub(crate) live_tenant: TenantId,
    pub(crate) id: PartnerId,
    pub(crate) source_system: SourceSystemId,
    pub(crate) source_key: String,
    pub(crate) display_name: String,
    pub(crate) locale: Option<Locale>,
    pub(crate) tenant_name: String,
    pub(crate) zone: String,
}

impl Partner {
    /// Returns whether the session is in test mode, which shows what test keys sent.
    pub fn is_test(&self) -> bool {
        self.tenant != self.live_tenant
    }
    pub fn source_key(&self) -> &str {
        &self.source_key
    }
    pub fn display_name(&self) -> &str {
        &self.display_name
    }
    /// Returns the language of the account, if one was chosen.
    pub fn locale(&self) -> Option<Locale> {
        self.locale
    }
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
    /// Returns the organisation's IANA time zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }
}

impl Actor for Partner {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        format!("partner:{}", self.id)
    }
}

/// Proof that an integration client has scope `S`.
#[derive(Debug)]
pub struct ClientPermit<'a, S> {
    client: &'a ApiClient,
    scope: PhantomData<S>,
}

impl<S> Clone for ClientPermit<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for ClientPermit<'_, S> {}

impl<'a, S> ClientPermit<'a, S> {
    pub fn client(self) -> &'a ApiClient {
        self.client
    }
}

/// The system acting for a tenant, such as a background job.
#[derive(Debug, Clone)]
pub struct System {
    pub(crate) tenant: TenantId,
    pub(crate) reason: &'static str,
    /// The label of the actor who caused the action, if any; the audit log then names it instead of the system.
    pub(crate) on_behalf_of: Option<String>,
}

impl Actor for System {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        self.on_behalf_of
            .clone()
            .unwrap_or_else(|| format!("system:{}", self.reason))
    }
}

/// A visitor of a public form, without an account.
#[derive(Debug, Clone)]
pub struct FormVisitor {
    pub(crate) tenant: TenantId,
    pub(crate) form: FormId,
    pub(crate) tenant_name: String,
    pub(crate) zone: String,
    pub(crate) terminology: Arc<Terminology>,
}

impl FormVisitor {
    pub fn terminology(&self) -> Arc<Terminology> {
        self.terminology.clone()
    }
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
}

impl Actor for FormVisitor {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        format!("form:{}", self.form)
    }
}

/// The holder of a request's tracking link.
#[derive(Debug, Clone)]
pub struct TrackingRequester {
    pub(crate) tenant: TenantId,
    pub(crate) request: RequestId,
    pub(crate) tenant_name: String,
    pub(crate) zone: String,
    pub(crate) terminology: Arc<Terminology>,
}

impl TrackingRequester {
    pub fn terminology(&self) -> Arc<Terminology> {
        self.terminology.clone()
    }
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
    /// Returns the organisation's IANA time zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }
}

impl Actor for TrackingRequester {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        format!("requester:{}", self.request)
    }
}

/// A paired on-site device, bound to one location and one form.
#[derive(Debug, Clone)]
pub struct Terminal {
    pub(crate) tenant: TenantId,
    pub(crate) id: TerminalId,
    pub(crate) location: LocationId,
    pub(crate) customer: CustomerId,
    pub(crate) form: FormId,
    pub(crate) tenant_name: String,
    pub(crate) location_name: String,
    pub(crate) zone: String,
    pub(crate) last_seen_at: Option<DateTime<Utc>>,
    pub(crate) terminology: Arc<Terminology>,
}

impl Terminal {
    pub fn terminology(&self) -> Arc<Terminology> {
        self.terminology.clone()
    }
    pub fn id(&self) -> TerminalId {
        self.id
    }
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
    pub fn location_name(&self) -> &str {
        &self.location_name
    }
    /// Returns the organisation's IANA time zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }
}

impl Actor for Terminal {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        format!("terminal:{}", self.id)
    }
}

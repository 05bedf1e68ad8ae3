//! Who acts. Actors are made by [`crate::identity::authentication`] from evidence (a session, a key, a job row) and by nothing
//! else: their fields are private and they have no public constructor.

use std::marker::PhantomData;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ids::{
    ClientId, ContactId, CustomerId, FormId, LocationId, PartnerId, PortalUserId, RequestId, SourceSystemId, StaffId,
    TerminalId,
};
use domain::locale::Locale;
use domain::permissions::Permission;
use domain::problems::Problem;
use domain::public_words::OwnWords;
use domain::roles::Role;
use domain::scopes::{Scope, ScopeMarker};
use uuid::Uuid;

use crate::{CoreError, CoreResult};

/// The organisation that a row belongs to. It comes out of the store with an actor, never out of a request.
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

/// How an organisation's portal looks and speaks.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Its own words.
    pub words: Arc<OwnWords>,
    /// The address of the style sheet with its colour, if it has one.
    pub sheet: Option<String>,
    /// The address of its logo, if it has one.
    pub logo: Option<String>,
}

impl Look {
    /// The look of this version: its addresses hold the version, which is a new one with every change.
    pub(crate) fn of(words: OwnWords, version: &str, has_colour: bool, has_logo: bool) -> Self {
        let address = |file| format!("/portal/look/{version}/{file}");
        Self {
            words: Arc::new(words),
            sheet: has_colour.then(|| address("style.css")),
            logo: has_logo.then(|| address("logo.png")),
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

/// Somebody who acts within one tenant.
pub trait Actor: sealed::Sealed + Send + Sync {
    /// The tenant.
    fn tenant(&self) -> TenantId;
    /// How the audit log and the internal timeline name the actor: kind and id, never a person's name.
    fn label(&self) -> String;
    /// Whether this actor may change anything at all.
    fn may_write(&self) -> bool {
        true
    }
}

/// An actor that sees operational records. A portal user is not one, so the store's operational statements do not exist
/// for a portal user.
pub trait Operator: Actor {}
impl Operator for Staff {}
impl Operator for ApiClient {}
impl Operator for System {}

/// An actor that sets a tenant up: its staff, as far as their permissions go, and the system itself.
pub trait Administrator: Operator {}
impl Administrator for Staff {}
impl Administrator for System {}

/// An actor that may read items of import jobs, once it has found the job.
pub(crate) trait ImportReader: Actor {}
impl ImportReader for Staff {}
impl ImportReader for ApiClient {}
impl ImportReader for Partner {}

/// An actor that belongs to one source system and sees what came from it: a client, and a person of the partner.
pub(crate) trait OfSource: Actor {
    fn source_system(&self) -> SourceSystemId;
}
impl OfSource for ApiClient {
    fn source_system(&self) -> SourceSystemId {
        self.source_system
    }
}
impl OfSource for Partner {
    fn source_system(&self) -> SourceSystemId {
        self.source_system
    }
}

/// An actor that submits requests by the common statement. A portal user and a client have statements of their own, which
/// join the grant and the source system.
pub trait Submitter: BringsFiles {}
impl Submitter for Staff {}
impl Submitter for FormVisitor {}
impl Submitter for Terminal {}

/// An actor that may send files along with a request of its own.
pub trait BringsFiles: Actor {}
impl BringsFiles for Staff {}
impl BringsFiles for FormVisitor {}
impl BringsFiles for Terminal {}
impl BringsFiles for Contact {}

/// An actor that may invite people to the portal: staff with the permission, and a customer's own people within their grants.
pub trait Inviter: Actor {}
impl Inviter for Staff {}
impl Inviter for Contact {}

/// A signed-in member of the staff.
#[derive(Debug, Clone)]
pub struct Staff {
    pub(crate) tenant: TenantId,
    pub(crate) id: StaffId,
    pub(crate) role: Role,
    pub(crate) display_name: String,
    pub(crate) locale: Option<Locale>,
    pub(crate) tenant_name: String,
    pub(crate) zone: String,
    /// Whether this is a look at the tenant's twin, where test keys write.
    pub(crate) is_test: bool,
}

impl Staff {
    /// Whether this is a look at test data: the tenant is the twin of the real one.
    pub fn is_test(&self) -> bool {
        self.is_test
    }
    /// The account.
    pub fn id(&self) -> StaffId {
        self.id
    }
    /// The role.
    pub fn role(&self) -> Role {
        self.role
    }
    /// The name on screen.
    pub fn display_name(&self) -> &str {
        &self.display_name
    }
    /// The language of the account, if one was chosen.
    pub fn locale(&self) -> Option<Locale> {
        self.locale
    }
    /// The organisation's name.
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
    /// The organisation's IANA zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// Whether the role has a permission, for what a page offers.
    pub fn has<P: Permission>(&self) -> bool {
        P::ROLES.contains(&self.role) && (P::IN_TEST || !self.is_test)
    }

    /// Proof of a permission, which services ask for.
    ///
    /// # Errors
    /// `permission_denied` names the missing permission.
    pub fn may<P: Permission>(&self) -> CoreResult<Permit<'_, P>> {
        if self.has::<P>() {
            Ok(Permit {
                staff: self,
                permission: PhantomData,
            })
        } else {
            Err(CoreError::new(
                Problem::PermissionDenied,
                format!("The permission {} is missing.", P::NAME),
            ))
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

/// Proof that this member of the staff has permission `P`.
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
    /// Who holds it.
    pub fn staff(self) -> &'a Staff {
        self.staff
    }
}

/// A signed-in portal user: a customer's contact. What it may see is no part of it; every portal query joins the grants.
#[derive(Debug, Clone)]
pub struct Contact {
    pub(crate) tenant: TenantId,
    pub(crate) id: PortalUserId,
    pub(crate) contact: ContactId,
    /// The member of the staff who looks at the portal as this account sees it; such a look changes nothing.
    pub(crate) looked_at_by: Option<StaffId>,
    /// Known by a calendar's secret address only, which reads and nothing else.
    pub(crate) only_reads: bool,
    pub(crate) look: Look,
    pub(crate) display_name: String,
    pub(crate) locale: Option<Locale>,
    pub(crate) tenant_name: String,
    pub(crate) zone: String,
}

impl Contact {
    /// Whether a member of the staff looks through this account's eyes.
    pub fn is_looked_at(&self) -> bool {
        self.looked_at_by.is_some()
    }
    /// How the organisation's portal looks and speaks.
    pub fn look(&self) -> &Look {
        &self.look
    }
    /// The organisation's own words.
    pub fn words(&self) -> Arc<OwnWords> {
        self.look.words.clone()
    }
    /// The organisation's IANA zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }
    /// The account.
    pub fn id(&self) -> PortalUserId {
        self.id
    }
    /// The name on screen.
    pub fn display_name(&self) -> &str {
        &self.display_name
    }
    /// The language of the account, if one was chosen.
    pub fn locale(&self) -> Option<Locale> {
        self.locale
    }
    /// The organisation's name.
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
        self.looked_at_by.is_none() && !self.only_reads
    }
}

/// An integration client with a valid credential.
#[derive(Debug, Clone)]
pub struct ApiClient {
    pub(crate) tenant: TenantId,
    /// Another than `tenant` if a test key leads into the tenant's twin. Only limits and use are counted by it.
    pub(crate) live_tenant: TenantId,
    pub(crate) id: ClientId,
    pub(crate) source_system: SourceSystemId,
    pub(crate) source_key: String,
    pub(crate) scopes: Vec<Scope>,
    /// The person of the partner who tries something out as this client; `None` for the client itself.
    pub(crate) tried_by: Option<PartnerId>,
}

impl ApiClient {
    /// The client.
    pub fn id(&self) -> ClientId {
        self.id
    }
    /// The organisation whose limits count, test or live.
    pub fn live_tenant(&self) -> TenantId {
        self.live_tenant
    }
    /// The key of its source system.
    pub fn source_key(&self) -> &str {
        &self.source_key
    }

    /// Whether a scope is held.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Proof of a scope, which services ask for.
    ///
    /// # Errors
    /// `insufficient_scope` names the missing scope.
    pub fn require<S: ScopeMarker>(&self) -> CoreResult<ClientPermit<'_, S>> {
        self.optional::<S>().ok_or_else(|| {
            CoreError::new(
                Problem::InsufficientScope,
                format!("The scope {} is missing.", S::SCOPE.name()),
            )
        })
    }

    /// Proof of a scope that widens what a use case does, if it is held.
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
        self.tried_by
            .map_or_else(|| format!("client:{}", self.id), |id| format!("partner:{id}"))
    }
}

/// A signed-in person of a partner: sees the jobs, items and calls of one source system and nothing else.
#[derive(Debug, Clone)]
pub struct Partner {
    pub(crate) tenant: TenantId,
    /// Another than `tenant` if this is a look at what test keys sent.
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
    /// Whether this is a look at what test keys sent.
    pub fn is_test(&self) -> bool {
        self.tenant != self.live_tenant
    }
    /// The key of the source system.
    pub fn source_key(&self) -> &str {
        &self.source_key
    }
    /// The name on screen.
    pub fn display_name(&self) -> &str {
        &self.display_name
    }
    /// The language of the account, if one was chosen.
    pub fn locale(&self) -> Option<Locale> {
        self.locale
    }
    /// The organisation's name.
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
    /// The organisation's IANA zone.
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

/// Proof that this client holds scope `S`.
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
    /// Who holds it.
    pub fn client(self) -> &'a ApiClient {
        self.client
    }
}

/// The system itself, acting for a tenant because of a row that says so.
#[derive(Debug, Clone)]
pub struct System {
    pub(crate) tenant: TenantId,
    pub(crate) reason: &'static str,
    /// The label of whoever brought it about, if somebody did: the audit log names them and not the system.
    pub(crate) for_whom: Option<String>,
}

impl Actor for System {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        self.for_whom
            .clone()
            .unwrap_or_else(|| format!("system:{}", self.reason))
    }
}

/// Somebody without an account at a public form.
#[derive(Debug, Clone)]
pub struct FormVisitor {
    pub(crate) tenant: TenantId,
    pub(crate) form: FormId,
    pub(crate) tenant_name: String,
    pub(crate) zone: String,
    pub(crate) words: Arc<OwnWords>,
}

impl FormVisitor {
    /// The organisation's own words.
    pub fn words(&self) -> Arc<OwnWords> {
        self.words.clone()
    }
    /// The organisation's name.
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

/// Whoever holds the tracking link of one request.
#[derive(Debug, Clone)]
pub struct TrackingRequester {
    pub(crate) tenant: TenantId,
    pub(crate) request: RequestId,
    pub(crate) tenant_name: String,
    pub(crate) zone: String,
    pub(crate) words: Arc<OwnWords>,
}

impl TrackingRequester {
    /// The organisation's own words.
    pub fn words(&self) -> Arc<OwnWords> {
        self.words.clone()
    }
    /// The organisation's name.
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
    /// The organisation's IANA zone.
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

/// A paired device on site, bound to one location and one form.
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
    pub(crate) words: Arc<OwnWords>,
}

impl Terminal {
    /// The organisation's own words.
    pub fn words(&self) -> Arc<OwnWords> {
        self.words.clone()
    }
    /// The device.
    pub fn id(&self) -> TerminalId {
        self.id
    }
    /// The organisation's name.
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
    /// Where it stands.
    pub fn location_name(&self) -> &str {
        &self.location_name
    }
    /// The organisation's IANA zone.
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

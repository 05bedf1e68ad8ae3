//! An integration client and its permits.

use std::marker::PhantomData;

use domain::ids::{ClientId, PartnerId, SourceSystemId};
use domain::scopes::{Scope, ScopeMarker};

use crate::identity::actors::{Actor, TenantId};
use crate::{CoreError, CoreResult};

/// An integration client with a valid credential.
#[derive(Debug, Clone)]
pub struct ApiClient {
    pub(in crate::identity) tenant: TenantId,
    /// The live tenant, to which limits and usage are charged; differs from `tenant` for test keys.
    pub(in crate::identity) live_tenant: TenantId,
    pub(in crate::identity) id: ClientId,
    pub(in crate::identity) source_system: SourceSystemId,
    pub(in crate::identity) source_key: String,
    pub(in crate::identity) scopes: Vec<Scope>,
    /// The partner user who sends test calls as this client; `None` for the client itself.
    pub(in crate::identity) acting_partner: Option<PartnerId>,
}

impl ApiClient {
    pub(crate) fn source_system(&self) -> SourceSystemId {
        self.source_system
    }
    pub fn id(&self) -> ClientId {
        self.id
    }
    /// Returns the live tenant, to which limits and usage are charged.
    pub fn live_tenant(&self) -> TenantId {
        self.live_tenant
    }
    /// Returns whether it acts with a test key, in the sandbox.
    pub fn is_test(&self) -> bool {
        self.tenant != self.live_tenant
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

//! Integration clients as administrators manage them: clients, credentials, scopes, source systems and feature gates.
//! A secret value is returned only by the call that creates it.

pub mod idempotency;
pub mod model;
pub mod oauth;
pub mod partner_console;
pub mod sandbox;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub mod usage;
pub(crate) use self::store::records::{RecordKey, start_before};
pub use self::store::sources::SourceForm;
pub(crate) use self::store::sources::SourceSettings;

use chrono::{DateTime, TimeDelta, Utc};
use domain::feature_gates::FeatureGate;
use domain::fields::FieldCode;
use domain::identity::permissions::{ManageIntegrations, ResolveMappings, ViewIntegrations};
use domain::ids::{ClientId, SourceSystemId};
use domain::integrations::CredentialKind;
use domain::problems::{Cause, Record};
use domain::scopes::Scope;
use domain::text::{self, ExternalId};
use secrecy::SecretString;
use serde_json::json;

use crate::commit::finish;
use crate::form::Form;
use crate::identity::actors::Permit;
use crate::identity::model::PartnerSummary;
use crate::integrations::model::{ApiCallEntry, ClientSummary, CredentialSummary, SourceSummary, UsageEntry};
use crate::secrets::{hex, sha256};
use crate::webhooks::model::EndpointSummary;
use crate::{Core, CoreError, CoreResult};

/// The maximum number of active keys of a kind, or secrets, of a client: the old and the new one of a rotation.
pub const MAX_ACTIVE_CREDENTIALS: i64 = 2;
/// The maximum length of the name of a client, in characters.
pub const MAX_CLIENT_NAME_CHARS: usize = 60;
/// The maximum length of the label of a key or secret, in characters.
pub const MAX_CREDENTIAL_LABEL_CHARS: usize = 60;
/// The number of latest calls on the page of a client.
const MAX_CALLS_ON_PAGE: i64 = 25;
/// How many of the last characters of a key or secret are stored and shown.
const HINT_CHARS: usize = 4;
/// The maximum length of the key of a source system, in characters.
pub const MAX_SOURCE_KEY_CHARS: usize = 40;

/// A new API key: the stored parts, and the text that is shown once.
pub(crate) struct NewKey {
    pub is_test: bool,
    pub public_id: String,
    pub secret_hash: Vec<u8>,
    pub text: SecretString,
    /// The last characters, by which people recognize it.
    pub hint: String,
}

/// Returns the last characters of a secret.
fn hint_of(secret: &str) -> String {
    secret
        .chars()
        .skip(secret.chars().count().saturating_sub(HINT_CHARS))
        .collect()
}

impl NewKey {
    pub(crate) fn generate(core: &Core, is_test: bool) -> Self {
        let public_id = core.randomness.uuid_v7(core.clock.now()).simple().to_string();
        let secret = hex(&core.randomness.bytes::<32>());
        let mode = if is_test { "test" } else { "live" };
        Self {
            is_test,
            secret_hash: sha256(secret.as_bytes()),
            hint: hint_of(&secret),
            text: format!("ock_{mode}_{public_id}_{secret}").into(),
            public_id,
        }
    }
}

/// A new secret for the client credentials grant.
pub(crate) struct NewSecret {
    pub hash: Vec<u8>,
    pub text: SecretString,
    /// The last characters, by which people recognize it.
    pub hint: String,
}

impl NewSecret {
    pub(crate) fn generate(core: &Core) -> Self {
        let text = format!("ocs_{}", hex(&core.randomness.bytes::<32>()));
        Self {
            hash: sha256(text.as_bytes()),
            hint: hint_of(&text),
            text: text.into(),
        }
    }
}

/// Clients, source systems and enabled feature gates.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Ordered by name.
    pub clients: Vec<ClientSummary>,
    /// Ordered by key.
    pub sources: Vec<SourceSummary>,
    /// The names of the enabled gates.
    pub gates: Vec<String>,
    pub endpoints: Vec<EndpointSummary>,
    /// Whether the viewer can create clients and endpoints, and open or close gates.
    pub can_manage: bool,
}

/// A client with its credentials and its recent usage.
#[derive(Debug, Clone)]
pub struct ClientPage {
    pub client: ClientSummary,
    pub credentials: Vec<CredentialSummary>,
    pub usage: Vec<UsageEntry>,
    /// The latest calls, newest first.
    pub calls: Vec<ApiCallEntry>,
    /// Whether the viewer can change the client; a revoked one cannot be changed.
    pub can_manage: bool,
}

/// A source system with its partner users.
#[derive(Debug, Clone)]
pub struct SourcePage {
    pub source: SourceSummary,
    pub partners: Vec<PartnerSummary>,
    /// Whether the viewer can change the settings and the partner users.
    pub can_manage: bool,
}

/// Returns everything that an administrator configures for integrations.
pub async fn overview(core: &Core, by: Permit<'_, ViewIntegrations>) -> CoreResult<Overview> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(Overview {
        clients: tx.clients().await?,
        sources: tx.sources().await?,
        gates: tx.gates().await?,
        endpoints: tx.endpoints(None, None).await?,
        can_manage: by.staff().has::<ManageIntegrations>(),
    })
}

/// Returns the clients that are not revoked.
pub async fn list_active_clients(core: &Core, by: Permit<'_, ViewIntegrations>) -> CoreResult<Vec<ClientSummary>> {
    let clients = core.store.read(by.staff()).await?.clients().await?;
    Ok(clients.into_iter().filter(ClientSummary::is_active).collect())
}

/// Returns the clients whose scopes allow importing a file.
pub async fn list_import_clients(core: &Core, by: Permit<'_, ResolveMappings>) -> CoreResult<Vec<ClientSummary>> {
    let clients = core.store.read(by.staff()).await?.clients().await?;
    Ok(clients
        .into_iter()
        .filter(|client| client.is_active() && client.scopes.iter().any(|scope| scope == Scope::TargetsWrite.name()))
        .collect())
}

/// Returns a client with its credentials and its recent usage.
///
/// # Errors
/// `not_found`.
pub async fn page(core: &Core, by: Permit<'_, ViewIntegrations>, id: ClientId) -> CoreResult<ClientPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let client = tx.client(id).await?.ok_or_else(CoreError::not_found)?;
    Ok(ClientPage {
        credentials: tx.list_credentials(id).await?,
        usage: tx.list_usage(id).await?,
        calls: tx.list_calls(id, MAX_CALLS_ON_PAGE).await?,
        can_manage: by.staff().has::<ManageIntegrations>() && client.is_active(),
        client,
    })
}

/// Validates the scopes of a form.
fn parse_scopes(names: &[String], form: &mut Form) -> Vec<Scope> {
    let mut scopes: Vec<Scope> = names.iter().filter_map(|name| Scope::from_name(name)).collect();
    scopes.sort();
    scopes.dedup();
    if scopes.is_empty() || scopes.len() != names.len() {
        form.add_error("scopes", FieldCode::NotInList);
    }
    scopes
}

/// Creates a client for a source system. An unknown source key also creates the source system, with all automatic
/// changes disabled.
///
/// # Errors
/// Fields `name`, `source`, `scopes`.
pub async fn create(
    core: &Core,
    by: Permit<'_, ManageIntegrations>,
    name: &str,
    source: &str,
    scope_names: &[String],
) -> CoreResult<ClientId> {
    let mut form = Form::default();
    let name = form.text("name", MAX_CLIENT_NAME_CHARS, text::line(name, MAX_CLIENT_NAME_CHARS));
    let source = source.trim();
    if source.is_empty()
        || source.len() > MAX_SOURCE_KEY_CHARS
        || !source
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    {
        form.add_error(
            "source",
            FieldCode::InvalidSourceKey {
                max: MAX_SOURCE_KEY_CHARS,
            },
        );
    }
    let scopes = parse_scopes(scope_names, &mut form);
    form.finish()?;
    let name = name.unwrap_or_default();
    let mut tx = core.store.begin(by.staff()).await?;
    if tx.clients().await?.iter().any(|client| client.name == name) {
        return Err(CoreError::field("name", FieldCode::Taken));
    }
    let known = tx.sources().await?.into_iter().find(|line| line.key == source);
    let source_system = match known {
        Some(line) => line.id,
        None => {
            let id = tx.insert_source_system(source, &default_source_settings()).await?;
            tx.audit("source_system.created", id, json!({ "key": source }));
            id
        }
    };
    let id = tx.insert_client(&name, source_system, &scopes).await?;
    tx.sync_sandbox(false).await?;
    tx.audit(
        "client.created",
        id,
        json!({ "name": name, "source": source, "scopes": scope_names }),
    );
    finish(core, tx).await?;
    Ok(id)
}

/// Returns the settings of a new source system.
fn default_source_settings() -> SourceForm {
    SourceForm {
        create_customers: false,
        create_locations: false,
        create_contacts: false,
        auto_update: false,
        customer_required: false,
        problem_policy: domain::mapping::ProblemPolicy::Review,
        duplicate_names: domain::mapping::DuplicateNamePolicy::Warn,
        blocked_external_ids: Vec::new(),
    }
}

/// Creates a key or a secret and returns it. The value cannot be retrieved later. `label` says what it is for and may be
/// empty.
///
/// # Errors
/// `not_found`; `quota_exceeded` if two of the kind are active; fields `label` and `expires`.
pub async fn create_credential(
    core: &Core,
    by: Permit<'_, ManageIntegrations>,
    id: ClientId,
    kind: CredentialKind,
    label: &str,
    expires_in_days: Option<i64>,
) -> CoreResult<SecretString> {
    let mut form = Form::default();
    let label = form
        .text(
            "label",
            MAX_CREDENTIAL_LABEL_CHARS,
            text::optional_line(label, MAX_CREDENTIAL_LABEL_CHARS),
        )
        .flatten();
    form.finish()?;
    let label = label.as_deref();
    let expires_at: Option<DateTime<Utc>> = match expires_in_days {
        None => None,
        Some(days) if (1..=3650).contains(&days) => Some(core.clock.now() + TimeDelta::days(days)),
        Some(_) => {
            return Err(CoreError::field("expires", FieldCode::OutOfRange { min: 1, max: 3650 }));
        }
    };
    let mut tx = core.store.begin(by.staff()).await?;
    let client = tx.client(id).await?.ok_or_else(CoreError::not_found)?;
    if !client.is_active() {
        return Err(CoreError::not_found());
    }
    tx.lock_client(id).await?;
    let active = match kind {
        CredentialKind::Secret => tx.count_active_secrets(id).await?,
        CredentialKind::Live | CredentialKind::Test => tx.count_active_keys(id, kind == CredentialKind::Test).await?,
    };
    if active >= MAX_ACTIVE_CREDENTIALS {
        return Err(CoreError::new(Cause::TooManyCredentials));
    }
    let text = match kind {
        CredentialKind::Secret => {
            let secret = NewSecret::generate(core);
            tx.insert_secret(id, &secret, label).await?;
            tx.audit("client.secret_created", id, json!({ "label": label }));
            secret.text
        }
        CredentialKind::Live | CredentialKind::Test => {
            let key = NewKey::generate(core, kind == CredentialKind::Test);
            tx.insert_key(id, &key, label, expires_at).await?;
            if key.is_test {
                tx.sync_sandbox(true).await?;
            }
            tx.audit(
                "client.key_created",
                id,
                json!({ "key": key.public_id, "label": label, "test": key.is_test }),
            );
            key.text
        }
    };
    finish(core, tx).await?;
    Ok(text)
}

/// Revokes a key or a secret at once. Revoking a secret also revokes the access tokens of the client.
///
/// # Errors
/// `not_found`.
pub async fn revoke_credential(
    core: &Core,
    by: Permit<'_, ManageIntegrations>,
    id: ClientId,
    kind: CredentialKind,
    credential: &str,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let revoked = match kind {
        CredentialKind::Secret => {
            let secret = uuid::Uuid::parse_str(credential).map_err(|_| CoreError::not_found())?;
            tx.revoke_secret(id, secret).await?
        }
        CredentialKind::Live | CredentialKind::Test => tx.revoke_key(id, credential).await?,
    };
    if !revoked {
        return Err(CoreError::not_found());
    }
    tx.audit("client.credential_revoked", id, json!({ "credential": credential }));
    finish(core, tx).await
}

/// Revokes a client and all its credentials.
///
/// # Errors
/// `not_found`.
pub async fn revoke(core: &Core, by: Permit<'_, ManageIntegrations>, id: ClientId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    if !tx.revoke_client(id).await? {
        return Err(CoreError::not_found());
    }
    tx.sync_sandbox(false).await?;
    tx.audit("client.revoked", id, json!({}));
    finish(core, tx).await
}

/// Updates the scopes of a client, effective from its next request.
///
/// # Errors
/// `not_found`; field `scopes`.
pub async fn set_scopes(
    core: &Core,
    by: Permit<'_, ManageIntegrations>,
    id: ClientId,
    shown: Option<&str>,
    scope_names: &[String],
) -> CoreResult<()> {
    let mut form = Form::default();
    let scopes = parse_scopes(scope_names, &mut form);
    form.finish()?;
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock(id).await?;
    let client = tx.client(id).await?.ok_or_else(CoreError::not_found)?;
    client.version().ensure_shown(shown, Record::Other)?;
    if !tx.set_scopes(id, &scopes).await? {
        return Err(CoreError::not_found());
    }
    tx.sync_sandbox(false).await?;
    tx.audit("client.scopes_changed", id, json!({ "scopes": scope_names }));
    finish(core, tx).await
}

/// Returns one source system.
///
/// # Errors
/// `not_found`.
pub async fn source_page(core: &Core, by: Permit<'_, ViewIntegrations>, id: SourceSystemId) -> CoreResult<SourcePage> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(SourcePage {
        source: tx.source(id).await?.ok_or_else(CoreError::not_found)?,
        partners: tx.partners_of_source(id).await?,
        can_manage: by.staff().has::<ManageIntegrations>(),
    })
}

/// Parses the external IDs that mean "nothing" in a source, one per line.
///
/// # Errors
/// Field `blocked_external_ids`.
pub fn blocked_external_ids(text: &str) -> CoreResult<Vec<String>> {
    const MAX_BLOCKED: usize = 50;
    let mut ids = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let id = ExternalId::parse(line).map_err(|error| {
            let code = FieldCode::of_text(error, ExternalId::MAX_CHARS);
            CoreError::field("blocked_external_ids", code)
        })?;
        if !ids.iter().any(|known| known == id.as_str()) {
            ids.push(id.as_str().to_owned());
        }
    }
    if ids.len() > MAX_BLOCKED {
        return Err(CoreError::field(
            "blocked_external_ids",
            FieldCode::TooMany { max: MAX_BLOCKED },
        ));
    }
    Ok(ids)
}

/// Updates the settings of a source system. Jobs that are already queued keep theirs.
///
/// # Errors
/// `not_found`.
pub async fn update_source(
    core: &Core,
    by: Permit<'_, ManageIntegrations>,
    id: SourceSystemId,
    shown: Option<&str>,
    form: &SourceForm,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock(id).await?;
    let source = tx.source(id).await?.ok_or_else(CoreError::not_found)?;
    source.version().ensure_shown(shown, Record::Other)?;
    if !tx.update_source(id, form).await? {
        return Err(CoreError::not_found());
    }
    tx.sync_sandbox(false).await?;
    tx.audit(
        "source_system.changed",
        id,
        json!({
            "createCustomers": form.create_customers, "createLocations": form.create_locations, "createContacts": form.create_contacts,
            "autoUpdate": form.auto_update, "customerRequired": form.customer_required, "problemPolicy": form.problem_policy.name(),
            "duplicateNames": form.duplicate_names.name(), "blockedExternalIds": form.blocked_external_ids,
        }),
    );
    finish(core, tx).await
}

/// Enables or disables a feature gate.
pub async fn set_gate(
    core: &Core,
    by: Permit<'_, ManageIntegrations>,
    gate: FeatureGate,
    enabled: bool,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.set_gate_enabled(gate, enabled).await?;
    tx.sync_sandbox(false).await?;
    tx.audit("feature_gate.switched", gate.name(), json!({ "enabled": enabled }));
    finish(core, tx).await
}

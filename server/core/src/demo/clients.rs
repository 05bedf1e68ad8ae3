//! Integration clients of the demo with their credentials, and a partner account for each.

use domain::ids::SourceSystemId;
use domain::mapping::{DuplicateNamePolicy, ProblemPolicy};
use domain::scopes::Scope;
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::commit::finish;
use crate::demo::accounts::{DemoClient, DemoPartner, DemoTenant};
use crate::demo::tenants::generate_password;
use crate::identity::actors::TenantId;
use crate::identity::{authentication, partner_accounts};
use crate::integrations::SourceForm;
use crate::integrations::{NewKey, NewSecret};
use crate::secrets::sha256;
use crate::{Core, CoreResult};

pub(crate) async fn create_client(
    core: &Core,
    tenant: TenantId,
    name: &str,
    source: &str,
    automatic: bool,
    scopes: &[Scope],
    entry: &mut DemoTenant,
) -> CoreResult<String> {
    let system = authentication::system(tenant, "demo");
    let mut tx = core.store.begin(&system).await?;
    let form = SourceForm {
        create_customers: automatic,
        create_locations: automatic,
        create_contacts: automatic,
        auto_update: automatic,
        customer_required: false,
        problem_policy: ProblemPolicy::Review,
        duplicate_names: DuplicateNamePolicy::Warn,
        blocked_external_ids: Vec::new(),
    };
    let source_system = tx.insert_source_system(source, &form).await?;
    let client = tx.insert_client(name, source_system, scopes).await?;
    let live = NewKey::generate(core, false);
    let test = NewKey::generate(core, true);
    for key in [&live, &test] {
        tx.insert_key(client, key, None, None).await?;
    }
    let secret = NewSecret::generate(core);
    tx.insert_secret(client, &secret, None).await?;
    tx.sync_sandbox(true).await?;
    tx.audit("client.created", client, json!({ "name": name }));
    finish(core, tx).await?;
    let api_key = live.text.expose_secret().to_owned();
    entry.clients.push(DemoClient {
        name: name.to_owned(),
        source_system: source.to_owned(),
        api_key: api_key.clone(),
        test_api_key: test.text.expose_secret().to_owned(),
        client_id: client.to_string(),
        client_secret: secret.text.expose_secret().to_owned(),
        scopes: scopes.iter().map(|scope| scope.name().to_owned()).collect(),
    });
    create_partner(core, tenant, source_system, source, entry).await?;
    Ok(api_key)
}

/// Creates a partner account for a source system and accepts its invitation.
async fn create_partner(
    core: &Core,
    tenant: TenantId,
    source_system: SourceSystemId,
    source: &str,
    entry: &mut DemoTenant,
) -> CoreResult<()> {
    let (email, password) = (
        format!("{source}@partners.{}.example", entry.slug),
        generate_password(core),
    );
    let token = core.randomness.token();
    let invitation = (
        sha256(token.as_bytes()),
        core.clock.now() + partner_accounts::INVITATION_LIFETIME,
    );
    let system = authentication::system(tenant, "demo");
    let mut tx = core.store.begin(&system).await?;
    let name = format!("Integration team of {source}");
    tx.invite_partner(source_system, &email, &name, (&invitation.0, invitation.1))
        .await?;
    finish(core, tx).await?;
    partner_accounts::accept(core, &token, &password.clone().into()).await?;
    entry.partners.push(DemoPartner {
        email,
        password,
        source_system: source.to_owned(),
    });
    Ok(())
}

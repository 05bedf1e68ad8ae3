//! An integration client with its credentials; feature gates; and test mode.

use domain::feature_gates::FeatureGate;
use domain::identity::permissions::ViewIntegrations;
use domain::ids::ClientId;
use domain::integrations::CredentialKind;
use domain::locale::Locale;
use domain::public_language::Tone;
use domain::scopes::Scope;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::sessions;
use ordinavo_core::identity::shown_once;
use ordinavo_core::integrations;
use ordinavo_core::integrations::model::CredentialSummary;
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Chip, ConfirmAction, Fact, Identifier, ProblemNotice};
use ui::drafts::owned;
use ui::flash::{Flash, SHOWN_ONCE};
use ui::format;
use ui::forms::{ErrorSummary, FormState};
use ui::imports::{ApiCallsTable, RequestLog};
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::sign_in_flow;
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

/// The page that lists the clients, source systems and feature gates.
pub(crate) const LIST: &str = "/app/integrations";

/// A checkbox for each scope with its description.
#[component]
pub fn ScopeCheckboxes(locale: Locale, chosen: Vec<String>) -> impl IntoView {
    view! {
        <fieldset><legend>{t!(locale, "client-scopes")}</legend>
            {Scope::ALL.iter().map(|scope| {
                let name = scope.name();
                let id = format!("scope-{name}");
                let meaning = by_key(locale, &format!("scope-{}", name.replace('.', "-")));
                view! { <div class="check"><input type="checkbox" id=id.clone() name="scopes[]" value=name checked=chosen.iter().any(|selected| selected == name)/><label for=id><bdi class="mono">{name}</bdi>" "<span class="quiet">{meaning}</span></label></div> }
            }).collect_view()}
        </fieldset>
    }
}

#[component]
pub fn ClientPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: ClientId = request.id("id")?;
        let integrations::ClientPage {
            client,
            credentials,
            usage,
            calls,
            can_manage,
        } = integrations::page(&request.core, staff.may::<ViewIntegrations>()?, id).await?;
        let zone = staff.zone().to_owned();
        let created = format::moment(locale, client.created_at, &zone);
        let secret = request
            .flash
            .as_ref()
            .and_then(|flash| flash.values.get(SHOWN_ONCE))
            .and_then(|sealed| shown_once::unseal(&request.core, &staff, sealed));
        let is_revoked = !client.is_active();
        let flash = request.flash.clone();
        // Rejected input is shown in the form of the kind that it was typed into.
        let credential_form = move |kind: &'static str| {
            let of_kind = |flash: &&Flash| flash.values.get("kind").is_some_and(|typed| typed == kind);
            FormState::of_item(CredentialForm::NAME, kind, locale, flash.as_ref().filter(of_kind))
        };
        let form = FormState::new("scopes", locale, request.flash.as_ref());
        let scopes = client.scopes.clone();
        let version = client.version().as_str().to_owned();
        Ok(view! {
            <Title text=client.name.clone()/>
            <PageBar locale title=client.name.clone() parent=Parent::new("/app/integrations", t!(locale, "integrations-title")) is_trail=true/>
            <header class="title-row"><h1><bdi class="mono">{client.name}</bdi></h1>{is_revoked.then(|| view! { <Chip label=t!(locale, "client-revoked") tone=Tone::Neutral/> })}</header>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            {secret.map(|secret| view! {
                <section class="notice notice-warn" role="status"><p><strong>{t!(locale, "client-shown-once")}</strong></p><p class="breaks"><Identifier text=secret locale/></p></section>
            })}
            <dl class="facts">
                <Fact name=t!(locale, "client-id")><Identifier text=id.to_string() locale/></Fact>
                <Fact name=t!(locale, "source")><a class="mono" href=format!("/app/integrations/sources/{}", client.source_system_id)><bdi>{client.source_key}</bdi></a></Fact>
                <Fact name=t!(locale, "created-at")>{created}</Fact>
            </dl>
            <section><h2>{t!(locale, "client-keys")}</h2><p class="help">{t!(locale, "client-keys-text")}</p>
                <Credentials id locale credentials zone=zone.clone() can_manage now=request.viewer.now/>
                {can_manage.then(|| view! {
                    <div class="row">{["live", "test", "secret"].into_iter().map(|kind| view! { <NewCredential id kind form=credential_form(kind)/> }).collect_view()}</div>
                })}
            </section>
            <section aria-label=t!(locale, "client-scopes")>
                {can_manage.then(|| view! {
                    <form method="post" action=owned("/app/fn/set-scopes")><ErrorSummary form=form.clone()/><input type="hidden" name="client" value=id.to_string()/><input type="hidden" name="version" value=version/>
                        <ScopeCheckboxes locale chosen=scopes.clone()/><button class="button" type="submit">{t!(locale, "client-scopes-save")}</button></form>
                    <ConfirmAction label=t!(locale, "client-revoke") consequence=t!(locale, "client-revoke-text")>
                        <form method="post" action=owned("/app/fn/revoke-client")><input type="hidden" name="client" value=id.to_string()/><button class="button button-bad" type="submit">{t!(locale, "client-revoke")}</button></form>
                    </ConfirmAction>
                })}
                {(!can_manage).then(|| view! { <p><bdi class="mono small">{scopes.join(" ")}</bdi></p> })}
            </section>
            <ApiCallsTable lines=usage locale/>
            {(!calls.is_empty()).then(|| view! { <section><h2>{t!(locale, "client-latest-calls")}</h2><RequestLog calls locale zone/></section> })}
        }
        .into_any())
    });
    view! { <AppFrame current="/app/integrations">{content}</AppFrame> }
}

#[component]
fn Credentials(
    id: ClientId,
    locale: Locale,
    credentials: Vec<CredentialSummary>,
    zone: String,
    can_manage: bool,
    now: chrono::DateTime<chrono::Utc>,
) -> impl IntoView {
    view! {
        <div class="table-frame"><table class="table">
            <thead><tr><th scope="col">{t!(locale, "kind")}</th><th scope="col">{t!(locale, "client-key-label")}</th><th scope="col">{t!(locale, "client-key-value")}</th><th scope="col">{t!(locale, "created-at")}</th><th scope="col">{t!(locale, "client-key-expires")}</th><th scope="col">{t!(locale, "last-used")}</th><th scope="col">{t!(locale, "status")}</th></tr></thead>
            <tbody>{credentials.into_iter().map(|credential| {
                let is_active = credential.revoked_at.is_none();
                let is_expired = credential.expires_at.is_some_and(|at| at <= now);
                let (label, tone) = match (is_active, is_expired) {
                    (false, _) => (t!(locale, "client-key-revoked"), Tone::Neutral),
                    (true, true) => (t!(locale, "client-key-expired"), Tone::Warn),
                    (true, false) => (t!(locale, "client-key-active"), Tone::Good),
                };
                let value = credential.recognizable();
                let kind_label = by_key(locale, &format!("client-key-{}", credential.kind.name()));
                let name = credential.label.as_ref().map_or_else(|| kind_label.clone(), |label| format!("{kind_label} {label}"));
                let used = credential.last_used_at.map_or_else(|| t!(locale, "never"), |at| format::moment(locale, at, &zone));
                let consequence = t!(locale, "client-key-revoke-text", name = name, value = value.clone(), used = used.clone());
                let (kind, credential_id) = (credential.kind.name(), credential.id.clone());
                view! {
                    <tr data-credential=credential.id><th scope="row">{kind_label}</th><td><bdi>{credential.label}</bdi></td><td><bdi class="mono small" dir="ltr">{value}</bdi></td>
                        <td>{format::moment(locale, credential.created_at, &zone)}</td>
                        <td>{credential.expires_at.map_or_else(|| t!(locale, "never"), |at| format::moment(locale, at, &zone))}</td>
                        <td>{used}</td>
                        <td><Chip label=label tone/>{(is_active && can_manage).then(|| view! {
                            <ConfirmAction label=t!(locale, "client-key-revoke") consequence>
                                <form method="post" action=owned("/app/fn/revoke-credential")><input type="hidden" name="client" value=id.to_string()/><input type="hidden" name="kind" value=kind/><input type="hidden" name="credential" value=credential_id/><button class="button button-bad" type="submit">{t!(locale, "client-key-revoke")}</button></form>
                            </ConfirmAction>
                        })}</td></tr>
                }
            }).collect_view()}</tbody>
        </table></div>
    }
}

fn client_path(client: ClientId) -> String {
    format!("/app/integrations/clients/{client}")
}

/// Returns the path of the client of a form. Text that is not an ID leads to the list.
fn client_page(client: FormId<ClientId>) -> String {
    client.ok().map_or_else(|| LIST.to_owned(), client_path)
}

/// The form that creates a client.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientForm {
    name: String,
    source: String,
    scopes: Vec<String>,
}

impl ActionForm for ClientForm {
    const NAME: &'static str = "client";

    fn back(&self) -> String {
        LIST.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "create-client")]
pub async fn create_client(#[server(flatten)] form: ClientForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ClientForm| {
        let id = integrations::create(&core, staff.may()?, &form.name, &form.source, &form.scopes).await?;
        Ok(Redirect::to(client_path(id), "done-client-created"))
    })
    .await
}

/// Creates a credential of a kind. The page has this form for each kind, so the kind is part of the IDs, except where an error
/// summary links to the fields.
#[component]
fn NewCredential(id: ClientId, kind: &'static str, form: FormState) -> impl IntoView {
    let locale = form.locale;
    let field_id = |field: &str| {
        if form.was_rejected() {
            form.id(field)
        } else {
            format!("{field}-{kind}")
        }
    };
    let (label_id, days_id) = (field_id("label"), field_id("days"));
    let (label, days, draft_name) = (form.value("label", ""), form.value("days", ""), form.draft_name());
    let max_chars = integrations::MAX_CREDENTIAL_LABEL_CHARS.to_string();
    view! {
        <SubmitOnce>
        <form method="post" action=owned("/app/fn/create-credential")>
            <input type="hidden" name="client" value=id.to_string()/>
            <input type="hidden" name="kind" value=kind/>
            <ErrorSummary form/>
            <div class="field">
                <label for=label_id.clone()>{t!(locale, "client-key-label")}</label>
                <input id=label_id name="label" data-form=draft_name value=label maxlength=max_chars placeholder=t!(locale, "client-key-label-example")/>
            </div>
            {(kind != "secret").then(|| view! {
                <div class="field">
                    <label for=days_id.clone()>{t!(locale, "client-key-days")}</label>
                    <input id=days_id name="days" type="number" value=days min="1" max="3650" placeholder=t!(locale, "client-key-no-expiry")/>
                </div>
            })}
            <button class="button" type="submit">{by_key(locale, &format!("client-key-new-{kind}"))}</button>
        </form>
        </SubmitOnce>
    }
}

/// The form that creates a credential.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CredentialForm {
    client: FormId<ClientId>,
    kind: String,
    /// What the credential is for; may be empty.
    label: String,
    /// How long the credential is valid; empty for no limit.
    days: String,
}

impl ActionForm for CredentialForm {
    const NAME: &'static str = "credential";

    fn item(&self) -> String {
        self.kind.clone()
    }

    fn back(&self) -> String {
        client_page(self.client)
    }
}

#[server(prefix = "/app/fn", endpoint = "create-credential")]
pub async fn create_credential(#[server(flatten)] form: CredentialForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: CredentialForm| {
        let (permit, id) = (staff.may()?, form.client.get()?);
        let kind = CredentialKind::from_name(&form.kind).ok_or_else(CoreError::not_found)?;
        let days = form.days.trim();
        // Text that is not a number becomes 0, which validation rejects as out of range.
        let days = (!days.is_empty()).then(|| days.parse().unwrap_or(0));
        let secret = integrations::create_credential(&core, permit, id, kind, &form.label, days).await?;
        Ok(Redirect {
            to: client_path(id),
            done: Some("done-credential-created"),
            shown_once: Some(shown_once::seal(&core, &staff, &secret)?),
            undo: None,
            refused: Vec::new(),
            keeps_draft: false,
        })
    })
    .await
}

/// The button that revokes a credential.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CredentialButton {
    client: FormId<ClientId>,
    kind: String,
    credential: String,
}

impl ActionForm for CredentialButton {
    fn back(&self) -> String {
        client_page(self.client)
    }
}

#[server(prefix = "/app/fn", endpoint = "revoke-credential")]
pub async fn revoke_credential(#[server(flatten)] form: CredentialButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: CredentialButton| {
        let (permit, id) = (staff.may()?, form.client.get()?);
        let kind = CredentialKind::from_name(&form.kind).ok_or_else(CoreError::not_found)?;
        integrations::revoke_credential(&core, permit, id, kind, &form.credential).await?;
        Ok(Redirect::to(client_path(id), "done-credential-revoked"))
    })
    .await
}

/// The form that changes the scopes of a client.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ScopesForm {
    client: FormId<ClientId>,
    /// The version that the page shows.
    version: Option<String>,
    scopes: Vec<String>,
}

impl ActionForm for ScopesForm {
    const NAME: &'static str = "scopes";

    fn back(&self) -> String {
        client_page(self.client)
    }
}

#[server(prefix = "/app/fn", endpoint = "set-scopes")]
pub async fn set_scopes(#[server(flatten)] form: ScopesForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ScopesForm| {
        let (permit, client) = (staff.may()?, form.client.get()?);
        integrations::set_scopes(&core, permit, client, form.version.as_deref(), &form.scopes).await?;
        Ok(Redirect::to(form.back(), "done-saved"))
    })
    .await
}

/// The button that revokes a client.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientButton {
    client: FormId<ClientId>,
}

impl ActionForm for ClientButton {
    fn back(&self) -> String {
        client_page(self.client)
    }
}

#[server(prefix = "/app/fn", endpoint = "revoke-client")]
pub async fn revoke_client(#[server(flatten)] form: ClientButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ClientButton| {
        integrations::revoke(&core, staff.may()?, form.client.get()?).await?;
        Ok(Redirect::to(form.back(), "done-client-revoked"))
    })
    .await
}

/// The button that opens or closes a feature gate.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GateButton {
    gate: String,
    /// Whether to open the gate: `on` or empty.
    open: String,
}

impl ActionForm for GateButton {
    fn back(&self) -> String {
        LIST.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "set-gate")]
pub async fn set_gate(#[server(flatten)] form: GateButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: GateButton| {
        let permit = staff.may()?;
        let gate = FeatureGate::from_name(&form.gate).ok_or_else(CoreError::not_found)?;
        integrations::set_gate(&core, permit, gate, !form.open.is_empty()).await?;
        Ok(Redirect::to(form.back(), "done-saved"))
    })
    .await
}

/// The button that enters or leaves test mode.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TestModeButton {
    /// Whether to enter test mode: `on` or empty.
    on: String,
}

impl ActionForm for TestModeButton {
    fn back(&self) -> String {
        LIST.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "set-test-mode")]
pub async fn set_test_mode(#[server(flatten)] form: TestModeButton) -> Result<(), ServerFnError> {
    let session = sign_in_flow::request_session();
    submit(form, async |core: Core, staff: Staff, form: TestModeButton| {
        let session = session.ok_or_else(CoreError::not_found)?;
        sessions::set_staff_test_mode(&core, &session, &staff, !form.on.is_empty()).await?;
        Ok(Redirect {
            to: "/app/imports".to_owned(),
            done: None,
            shown_once: None,
            undo: None,
            refused: Vec::new(),
            keeps_draft: false,
        })
    })
    .await
}

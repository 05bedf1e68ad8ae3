//! An integration client with its credentials; feature gates; and test mode.

use domain::feature_gates::FeatureGate;
use domain::ids::ClientId;
use domain::locale::Locale;
use domain::permissions::{ManageIntegrations, ViewIntegrations};
use domain::public_language::Tone;
use domain::scopes::Scope;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::sessions;
use ordinavo_core::identity::shown_once;
use ordinavo_core::integrations;
use ordinavo_core::integrations::CredentialKind;
use ordinavo_core::integrations::model::CredentialLine;
use ordinavo_core::{Core, CoreError, CoreResult};
use ui::actions::{FormSubmission, Redirect, run_action};
use ui::components::{Chip, ConfirmAction, Fact, Identifier, ProblemNotice};
use ui::flash::SHOWN_ONCE;
use ui::format;
use ui::forms::{ErrorSummary, FormState};
use ui::imports::ApiCallsTable;
use ui::islands::SendOnce;
use ui::page::page;
use ui::sign_in_flow;
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::AppFrame;
use crate::t;

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
        let form = FormState::new("scopes", locale, request.flash.as_ref());
        let scopes = client.scopes.0.clone();
        Ok(view! {
            <Title text=client.name.clone()/>
            <p><a href="/app/integrations">{t!(locale, "integrations-title")}</a></p>
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
                    <div class="row">{["live", "test", "secret"].into_iter().map(|kind| view! {
                        <SendOnce><form method="post" action="/app/fn/create-credential"><input type="hidden" name="client" value=id.to_string()/><input type="hidden" name="kind" value=kind/>
                            {(kind != "secret").then(|| { let field = format!("days-{kind}"); view! { <div class="field"><label for=field.clone()>{t!(locale, "client-key-days")}</label><input id=field name="days" type="number" min="1" max="3650" placeholder=t!(locale, "client-key-no-expiry")/></div> } })}
                            <button class="button" type="submit">{by_key(locale, &format!("client-key-new-{kind}"))}</button></form></SendOnce>
                    }).collect_view()}</div>
                })}
            </section>
            <section aria-label=t!(locale, "client-scopes")>
                {can_manage.then(|| view! {
                    <form method="post" action="/app/fn/set-scopes"><ErrorSummary form=form.clone()/><input type="hidden" name="client" value=id.to_string()/>
                        <ScopeCheckboxes locale chosen=scopes.clone()/><button class="button" type="submit">{t!(locale, "client-scopes-save")}</button></form>
                    <ConfirmAction label=t!(locale, "client-revoke") consequence=t!(locale, "client-revoke-text")>
                        <form method="post" action="/app/fn/revoke-client"><input type="hidden" name="client" value=id.to_string()/><button class="button button-bad" type="submit">{t!(locale, "client-revoke")}</button></form>
                    </ConfirmAction>
                })}
                {(!can_manage).then(|| view! { <p><bdi class="mono small">{scopes.join(" ")}</bdi></p> })}
            </section>
            <ApiCallsTable lines=usage locale/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/integrations">{content}</AppFrame> }
}

#[component]
fn Credentials(
    id: ClientId,
    locale: Locale,
    credentials: Vec<CredentialLine>,
    zone: String,
    can_manage: bool,
    now: chrono::DateTime<chrono::Utc>,
) -> impl IntoView {
    view! {
        <div class="table-frame"><table class="table">
            <thead><tr><th scope="col">{t!(locale, "kind")}</th><th scope="col">"id"</th><th scope="col">{t!(locale, "created-at")}</th><th scope="col">{t!(locale, "client-key-expires")}</th><th scope="col">{t!(locale, "last-used")}</th><th scope="col">{t!(locale, "status")}</th></tr></thead>
            <tbody>{credentials.into_iter().map(|credential| {
                let is_active = credential.revoked_at.is_none();
                let is_expired = credential.expires_at.is_some_and(|at| at <= now);
                let (label, tone) = match (is_active, is_expired) {
                    (false, _) => (t!(locale, "client-key-revoked"), Tone::Neutral),
                    (true, true) => (t!(locale, "client-key-expired"), Tone::Warn),
                    (true, false) => (t!(locale, "client-key-active"), Tone::Good),
                };
                let short_id = credential.id.chars().take(12).collect::<String>();
                let (kind, credential_id) = (credential.kind.clone(), credential.id.clone());
                view! {
                    <tr><th scope="row">{by_key(locale, &format!("client-key-{}", credential.kind))}</th><td><bdi class="mono small" title=credential.id>{short_id}"…"</bdi></td>
                        <td>{format::moment(locale, credential.created_at, &zone)}</td>
                        <td>{credential.expires_at.map_or_else(|| t!(locale, "never"), |at| format::moment(locale, at, &zone))}</td>
                        <td>{credential.last_used_at.map_or_else(|| t!(locale, "never"), |at| format::moment(locale, at, &zone))}</td>
                        <td><Chip label=label tone/>{(is_active && can_manage).then(|| view! {
                            " "<form method="post" action="/app/fn/revoke-credential" class="inline"><input type="hidden" name="client" value=id.to_string()/><input type="hidden" name="kind" value=kind/><input type="hidden" name="credential" value=credential_id/><button class="button button-quiet" type="submit">{t!(locale, "client-key-revoke")}</button></form>
                        })}</td></tr>
                }
            }).collect_view()}</tbody>
        </table></div>
    }
}

fn parse_client_id(text: &str) -> CoreResult<ClientId> {
    text.parse().map_err(|_| CoreError::not_found())
}

fn client_path(client: &str) -> String {
    format!("/app/integrations/clients/{client}")
}

/// The submission of a button without fields on the page of a client.
fn client_submission(client: &str) -> FormSubmission<'static> {
    FormSubmission {
        form: "",
        values: &[],
        back: client_path(client),
    }
}

#[server(prefix = "/app/fn", endpoint = "create-client")]
pub async fn create_client(
    #[server(default)] name: String,
    #[server(default)] source: String,
    #[server(default)] scopes: Vec<String>,
) -> Result<(), ServerFnError> {
    let chosen = scopes.join(" ");
    let submission = FormSubmission {
        form: "client",
        values: &[("name", &name), ("source", &source), ("scopes", &chosen)],
        back: "/app/integrations".to_owned(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let id = integrations::create(&core, staff.may::<ManageIntegrations>()?, &name, &source, &scopes).await?;
        Ok(Redirect::to(client_path(&id.to_string()), "done-client-created"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "create-credential")]
pub async fn create_credential(
    #[server(default)] client: String,
    #[server(default)] kind: String,
    #[server(default)] days: String,
) -> Result<(), ServerFnError> {
    run_action(client_submission(&client), async |core: Core, staff: Staff| {
        let permit = staff.may::<ManageIntegrations>()?;
        let kind = CredentialKind::from_name(&kind).ok_or_else(CoreError::not_found)?;
        // Text that is not a number becomes 0, which validation rejects as out of range.
        let days = (!days.trim().is_empty()).then(|| days.trim().parse().unwrap_or(0));
        let secret = integrations::create_credential(&core, permit, parse_client_id(&client)?, kind, days).await?;
        Ok(Redirect {
            to: client_path(&client),
            done: Some("done-credential-created"),
            shown_once: Some(shown_once::seal(&core, &staff, &secret)?),
            undo: None,
        })
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "revoke-credential")]
pub async fn revoke_credential(
    #[server(default)] client: String,
    #[server(default)] kind: String,
    #[server(default)] credential: String,
) -> Result<(), ServerFnError> {
    run_action(client_submission(&client), async |core: Core, staff: Staff| {
        let permit = staff.may::<ManageIntegrations>()?;
        let kind = CredentialKind::from_name(&kind).ok_or_else(CoreError::not_found)?;
        integrations::revoke_credential(&core, permit, parse_client_id(&client)?, kind, &credential).await?;
        Ok(Redirect::to(client_path(&client), "done-credential-revoked"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "set-scopes")]
pub async fn set_scopes(
    #[server(default)] client: String,
    #[server(default)] scopes: Vec<String>,
) -> Result<(), ServerFnError> {
    let submission = FormSubmission {
        form: "scopes",
        values: &[],
        back: client_path(&client),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may::<ManageIntegrations>()?;
        integrations::set_scopes(&core, permit, parse_client_id(&client)?, &scopes).await?;
        Ok(Redirect::to(client_path(&client), "done-saved"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "revoke-client")]
pub async fn revoke_client(#[server(default)] client: String) -> Result<(), ServerFnError> {
    run_action(client_submission(&client), async |core: Core, staff: Staff| {
        integrations::revoke(&core, staff.may::<ManageIntegrations>()?, parse_client_id(&client)?).await?;
        Ok(Redirect::to(client_path(&client), "done-client-revoked"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "set-gate")]
pub async fn set_gate(#[server(default)] gate: String, #[server(default)] open: String) -> Result<(), ServerFnError> {
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: "/app/integrations".to_owned(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may::<ManageIntegrations>()?;
        let gate = FeatureGate::from_name(&gate).ok_or_else(CoreError::not_found)?;
        integrations::set_gate(&core, permit, gate, !open.is_empty()).await?;
        Ok(Redirect::to("/app/integrations", "done-saved"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "look-at-test-data")]
pub async fn set_test_mode(#[server(default)] on: String) -> Result<(), ServerFnError> {
    let session = sign_in_flow::request_session();
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: "/app/integrations".to_owned(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let session = session.ok_or_else(CoreError::not_found)?;
        sessions::set_staff_test_mode(&core, &session, &staff, !on.is_empty()).await?;
        Ok(Redirect {
            to: "/app/imports".to_owned(),
            done: None,
            shown_once: None,
            undo: None,
        })
    })
    .await
}

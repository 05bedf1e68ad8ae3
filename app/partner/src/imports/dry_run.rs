//! Dry run: the same import as the API's, without writing.

use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Partner;
use ordinavo_core::integrations::partner_console;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
use ui::components::EmptyState;
use ui::drafts::owned;
use ui::forms::{ErrorSummary, FormState, SelectField, TextArea};
use ui::page::page;
use ui::title::Title;

use crate::shared::viewer_partner;
use crate::shell::AppFrame;
use crate::t;

/// The initial content of the field: an import with every part.
const EXAMPLE: &str = r#"{
  "externalId": "JOB-1",
  "customer": { "externalId": "CUST-1", "customerNumber": "RRM-001", "name": "Rhein-Ruhr Medical Supply" },
  "location": { "externalId": "LOC-1", "name": "Essen", "city": "Essen" },
  "serviceType": "maintenance",
  "durationMinutes": 60
}"#;

#[component]
pub fn DryRunPage() -> impl IntoView {
    let viewer = viewer_partner();
    let content = page(|request| async move {
        let viewer = viewer?;
        let locale = request.viewer.locale;
        let clients = partner_console::dry_run_clients(&request.core, &viewer).await?;
        let none = clients.is_empty();
        let only_client = clients
            .first()
            .filter(|_| clients.len() == 1)
            .map(|client| client.id.to_string());
        let choices: Vec<(String, String)> = clients
            .into_iter()
            .map(|client| (client.id.to_string(), client.name))
            .collect();
        let form = FormState::new("try", locale, request.flash.as_ref());
        Ok(view! {
            <Title text=t!(locale, "nav-dry-run")/>
            <h1>{t!(locale, "nav-dry-run")}</h1>
            <p class="lead">{t!(locale, "dry-run-intro")}</p>
            {none.then(|| view! { <EmptyState icon="import" title=t!(locale, "dry-run-no-clients") text=t!(locale, "dry-run-no-clients-text")/> })}
            {(!none).then(|| view! {
                <section class="card"><form method="post" action=owned("/partner/fn/start-dry-run")>
                    <ErrorSummary form=form.clone()/>
                    <SelectField form=form.clone() field="client" label=t!(locale, "client") choices value=only_client.unwrap_or_default() help=t!(locale, "dry-run-client-help")/>
                    <TextArea form field="body" label=t!(locale, "dry-run-body") value=EXAMPLE rows=14 help=t!(locale, "dry-run-body-help")/>
                    <button class="button button-primary" type="submit">{t!(locale, "dry-run-start")}</button>
                </form></section>
            })}
        }
        .into_any())
    });
    view! { <AppFrame current="/partner/dry-run">{content}</AppFrame> }
}

/// The form that starts a dry run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DryRunForm {
    client: String,
    body: String,
}

impl ActionForm for DryRunForm {
    const NAME: &'static str = "try";

    fn back(&self) -> String {
        "/partner/dry-run".to_owned()
    }
}

#[server(prefix = "/partner/fn", endpoint = "start-dry-run")]
pub async fn try_out(#[server(flatten)] form: DryRunForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, partner: Partner, form: DryRunForm| {
        let job = partner_console::start_dry_run(&core, &partner, &form.client, &form.body).await?;
        Ok(Redirect::without_message(format!("/partner/jobs/{job}")))
    })
    .await
}

//! Content that a source has sent for a request after its review: shown beside the request, applied or discarded.

use domain::ids::RequestId;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::requests::model::RequestView;
use ordinavo_core::requests::source_changes;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::Fact;
use ui::drafts::owned;
use ui::islands::SubmitOnce;

use crate::shared::service_label;
use crate::t;

#[component]
pub(crate) fn SourceChange(item: RequestView, locale: Locale, can_review: bool) -> impl IntoView {
    let id = item.id.to_string();
    let service = service_label(locale, Some(item.service_type.name()));
    item.proposed_change.map(|change| {
        let version = change.version().as_str().to_owned();
        let new_service = service_label(locale, Some(change.service_type.name()));
        view! {
            <section class="box" data-testid="request-change"><h2>{t!(locale, "proposal-title")}</h2><p class="help">{t!(locale, "request-change-text")}</p>
                <p class="prose" dir="auto">{change.description}</p>
                <dl class="facts">
                    {change.internal_notes.map(|notes| view! { <Fact name=t!(locale, "internal-notes")><bdi>{notes}</bdi></Fact> })}
                    {change.preferred.map(|preferred| view! { <Fact name=t!(locale, "preferred")><bdi>{preferred}</bdi></Fact> })}
                    {(new_service != service).then(|| view! { <Fact name=t!(locale, "field-serviceType")>{new_service}</Fact> })}
                </dl>
                {can_review.then(|| view! {
                    <div class="actions"><ChangeButton id=id.clone() version=version.clone() applies="on" class="button button-primary" label=t!(locale, "proposal-accept")/><ChangeButton id=id.clone() version=version.clone() applies="" class="button" label=t!(locale, "proposal-dismiss")/></div>
                })}
            </section>
        }
    })
}

/// A form with one button that decides about proposed content.
#[component]
fn ChangeButton(
    id: String,
    version: String,
    applies: &'static str,
    class: &'static str,
    label: String,
) -> impl IntoView {
    view! {
        <SubmitOnce><form method="post" action=owned("/app/fn/decide-request-change")>
            <input type="hidden" name="request" value=id/><input type="hidden" name="applies" value=applies/><input type="hidden" name="version" value=version/>
            <button class=class type="submit">{label}</button>
        </form></SubmitOnce>
    }
}

/// A button on proposed content. `applies` is `on` or empty.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestChangeButton {
    request: FormId<RequestId>,
    applies: String,
    /// The version of the content that the page shows.
    version: String,
}

impl ActionForm for RequestChangeButton {
    fn back(&self) -> String {
        self.request
            .ok()
            .map_or_else(|| "/app/inbox".to_owned(), |id| format!("/app/inbox/{id}"))
    }
}

#[server(prefix = "/app/fn", endpoint = "decide-request-change")]
pub async fn decide_request_change(#[server(flatten)] form: RequestChangeButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RequestChangeButton| {
        let applies = !form.applies.is_empty();
        source_changes::decide(&core, staff.may()?, form.request.get()?, applies, &form.version).await?;
        let done = if applies {
            "done-proposal-accepted"
        } else {
            "done-saved"
        };
        Ok(Redirect::to(form.back(), done))
    })
    .await
}

//! A change of a planned job that its source system proposes: accept or dismiss it on the job's page.

use domain::ids::{ProposalId, TargetId};
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::jobs::change_proposals;
use ordinavo_core::jobs::model::ProposalView;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::Fact;
use ui::drafts::owned;
use ui::format;
use ui::islands::SubmitOnce;

use crate::jobs::actions::target_path;
use crate::t;

#[component]
pub fn ProposalCard(
    locale: Locale,
    proposal: ProposalView,
    names: (Option<String>, Option<String>),
    can_decide: bool,
) -> impl IntoView {
    let changes = proposal.proposed;
    let (customer, location) = names;
    let none = || t!(locale, "proposal-none");
    let window = changes.window.map(|window| {
        window.map_or_else(none, |window| {
            format!(
                "{} – {} ({})",
                format::moment(locale, window.start, &window.zone),
                format::moment(locale, window.end, &window.zone),
                window.zone
            )
        })
    });
    let place_line = changes.place.map(|place| {
        let address = place.address;
        let address_text = format::address_line(
            address.street.as_deref(),
            address.postal_code.as_deref(),
            address.city.as_deref(),
        );
        let coordinates = place
            .coordinates
            .map(|coordinates| format!("{}, {}", coordinates.lat, coordinates.lon));
        [Some(address_text).filter(|text| !text.is_empty()), coordinates]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · ")
    });
    let location = changes.location.map(|id| {
        if id.is_some() {
            location.unwrap_or_default()
        } else {
            none()
        }
    });
    let (id, target) = (proposal.id.to_string(), proposal.target_id.to_string());
    let (dismiss_id, dismiss_target) = (id.clone(), target.clone());
    view! {
        <section class="card"><h2>{t!(locale, "proposal-title")}</h2><p class="help">{t!(locale, "proposal-text")}</p>
            <dl class="facts">
                {customer.map(|name| view! { <Fact name=t!(locale, "customer")><bdi>{name}</bdi></Fact> })}
                {location.map(|name| view! { <Fact name=t!(locale, "location")><bdi>{name}</bdi></Fact> })}
                {window.map(|text| view! { <Fact name=t!(locale, "requested-window")>{text}</Fact> })}
                {changes.duration_minutes.map(|count| view! { <Fact name=t!(locale, "duration")>{t!(locale, "minutes", count = count)}</Fact> })}
                {place_line.map(|text| view! { <Fact name=t!(locale, "address")><bdi>{text}</bdi></Fact> })}
            </dl>
            {can_decide.then(|| view! {
                <div class="actions">
                    <SubmitOnce><form method="post" action=owned("/app/fn/accept-proposal")><input type="hidden" name="proposal" value=id/><input type="hidden" name="target" value=target/><button class="button button-primary" type="submit">{t!(locale, "proposal-accept")}</button></form></SubmitOnce>
                    <form method="post" action=owned("/app/fn/dismiss-proposal")><input type="hidden" name="proposal" value=dismiss_id/><input type="hidden" name="target" value=dismiss_target/><button class="button" type="submit">{t!(locale, "proposal-dismiss")}</button></form>
                </div>
            })}
        </section>
    }
}

/// A button on a proposed change.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProposalButton {
    proposal: FormId<ProposalId>,
    target: FormId<TargetId>,
}

impl ActionForm for ProposalButton {
    fn back(&self) -> String {
        target_path(self.target)
    }
}

#[server(prefix = "/app/fn", endpoint = "accept-proposal")]
pub async fn accept_proposal(#[server(flatten)] form: ProposalButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ProposalButton| {
        change_proposals::accept(&core, staff.may()?, form.proposal.get()?).await?;
        Ok(Redirect::to(form.back(), "done-proposal-accepted"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "dismiss-proposal")]
pub async fn dismiss_proposal(#[server(flatten)] form: ProposalButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ProposalButton| {
        change_proposals::dismiss(&core, staff.may()?, form.proposal.get()?).await?;
        Ok(Redirect::to(form.back(), "done-saved"))
    })
    .await
}

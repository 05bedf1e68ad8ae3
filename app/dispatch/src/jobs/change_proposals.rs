//! A change of a planned job that its source system proposes: accept or dismiss it on the job's page.

use domain::customers::Place;
use domain::ids::{ProposalId, TargetId};
use domain::jobs::change_proposals::Proposal;
use domain::locale::Locale;
use domain::scheduling::windows::TimeWindow;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::jobs::change_proposals;
use ordinavo_core::jobs::model::{ProposalNames, ProposalView, TargetView};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::drafts::owned;
use ui::format;
use ui::islands::SubmitOnce;

use crate::jobs::actions::target_path;
use crate::t;

/// Returns a time window in its zone.
fn window_text(locale: Locale, window: &TimeWindow) -> String {
    format!(
        "{} – {} ({})",
        format::moment(locale, window.start, &window.zone),
        format::moment(locale, window.end, &window.zone),
        window.zone
    )
}

/// Returns address and coordinates on one line.
fn place_text(place: &Place) -> String {
    let address = &place.address;
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
}

/// A field with its value now and after the change.
struct Line {
    name: String,
    now: Option<String>,
    new: Option<String>,
}

/// Returns the fields that a proposal changes.
fn lines(locale: Locale, target: &TargetView, changes: &Proposal, names: ProposalNames) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut line = |name: String, now: Option<String>, new: Option<String>| lines.push(Line { name, now, new });
    if changes.customer.is_some() {
        line(t!(locale, "customer"), target.customer_name.clone(), names.customer);
    }
    if let Some(name) = &changes.customer_name {
        line(
            t!(locale, "proposal-customer-name"),
            names.current_name,
            Some(name.name.clone()),
        );
    }
    if changes.location.is_some() {
        line(t!(locale, "location"), target.location_name.clone(), names.location);
    }
    if changes.contact.is_some() {
        line(t!(locale, "contact"), target.contact_name.clone(), names.contact);
    }
    if let Some(window) = &changes.window {
        let now = window_of(target).map(|window| window_text(locale, &window));
        line(
            t!(locale, "requested-window"),
            now,
            window.as_ref().map(|window| window_text(locale, window)),
        );
    }
    if let Some(minutes) = changes.duration_minutes {
        let text = |count: i64| t!(locale, "minutes", count = count);
        line(
            t!(locale, "duration"),
            Some(text(target.duration_minutes)),
            Some(text(minutes)),
        );
    }
    if let Some(service_type) = &changes.service_type {
        line(
            t!(locale, "field-serviceType"),
            target.service_type.clone(),
            service_type.clone(),
        );
    }
    if let Some(skills) = &changes.required_skills {
        line(
            t!(locale, "skills"),
            Some(target.required_skills.join(", ")),
            Some(skills.join(", ")),
        );
    }
    if let Some(place) = &changes.place {
        line(
            t!(locale, "address"),
            Some(place_text(&target.place)),
            Some(place_text(place)),
        );
    }
    lines
}

fn window_of(target: &TargetView) -> Option<TimeWindow> {
    Some(TimeWindow {
        start: target.window_start?,
        end: target.window_end?,
        zone: target.window_zone.clone()?,
    })
}

#[component]
pub fn ProposalCard(
    locale: Locale,
    target: TargetView,
    proposal: ProposalView,
    names: ProposalNames,
    can_decide: bool,
) -> impl IntoView {
    let moves_customer = proposal.proposed.customer.is_some();
    let lines = lines(locale, &target, &proposal.proposed, names);
    let value = move |text: Option<String>| {
        text.filter(|text| !text.is_empty())
            .unwrap_or_else(|| t!(locale, "proposal-none"))
    };
    let (id, target) = (proposal.id.to_string(), proposal.target_id.to_string());
    let (dismiss_id, dismiss_target) = (id.clone(), target.clone());
    view! {
        <section class="card" data-testid="change-proposal"><h2>{t!(locale, "proposal-title")}</h2><p class="help">{t!(locale, "proposal-text")}</p>
            {moves_customer.then(|| view! { <p class="notice notice-warn">{t!(locale, "proposal-customer-text")}</p> })}
            <div class="table-frame"><table class="table">
                <thead><tr><th scope="col">{t!(locale, "change-field")}</th><th scope="col">{t!(locale, "change-old")}</th><th scope="col">{t!(locale, "change-new")}</th></tr></thead>
                <tbody>{lines.into_iter().map(|line| view! {
                    <tr><th scope="row">{line.name}</th><td class="quiet"><bdi>{value(line.now)}</bdi></td><td><bdi>{value(line.new)}</bdi></td></tr>
                }).collect_view()}</tbody>
            </table></div>
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

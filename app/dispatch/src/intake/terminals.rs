//! Terminals: creation, pairing by code, and unpairing.

use domain::identity::permissions::{ManageIntake, ViewOperations};
use domain::ids::{CustomerId, TerminalId};
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::intake::terminals;
use ordinavo_core::intake::terminals::TerminalPage;
use ordinavo_core::requests::CustomerSearch;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Chip, ConfirmAction, EmptyState, Fact, ProblemNotice};
use ui::drafts::{PageDrafts, owned};
use ui::format;
use ui::forms::{ErrorSummary, FormState, SelectField, TextField};
use ui::icons::Icon;
use ui::page::page;
use ui::title::Title;

use crate::identity::settings_pages::SettingsFrame;
use crate::shared::{DoneNotice, viewer_staff};
use crate::t;

const LIST: &str = "/app/settings/terminals";

#[component]
pub fn TerminalsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let found = terminals::list(&request.core, staff.may::<ManageIntake>()?).await?;
        let empty = found.is_empty();
        let terminal_url = format!("{}/terminal", request.core.public_url());
        let zone = staff.zone().to_owned();
        Ok(view! {
            <Title text=t!(locale, "terminals-title")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <header class="title-row"><h1>{t!(locale, "terminals-title")}</h1><a class="button button-primary" href="/app/settings/terminals/new"><Icon name="plus"/>{t!(locale, "terminal-new")}</a></header>
            <p class="lead">{t!(locale, "terminals-intro")}</p>
            <p>{t!(locale, "terminal-address")}" "<bdi class="mono" dir="ltr">{terminal_url}</bdi></p>
            {empty.then(|| view! { <EmptyState title=t!(locale, "terminals-empty") text=t!(locale, "terminals-empty-text")/> })}
            {found.into_iter().map(|page| view! { <TerminalCard page locale zone=zone.clone()/> }).collect_view()}
        }
        .into_any())
    });
    view! { <SettingsFrame current=LIST>{content}</SettingsFrame> }
}

#[component]
fn TerminalCard(page: TerminalPage, locale: Locale, zone: String) -> impl IntoView {
    let TerminalPage { terminal, code } = page;
    let id = terminal.id.to_string();
    let is_paired = terminal.is_paired;
    let (label, tone) = if is_paired {
        (t!(locale, "terminal-paired"), Tone::Good)
    } else if code.is_some() {
        (t!(locale, "terminal-waiting-for-pairing"), Tone::Warn)
    } else {
        (t!(locale, "terminal-unpaired"), Tone::Neutral)
    };
    let hidden_fields = {
        let id = id.clone();
        move || view! { <input type="hidden" name="id" value=id.clone()/> }
    };
    let (code_fields, unpair_fields, delete_fields) = (hidden_fields(), hidden_fields(), hidden_fields());
    let last_seen = terminal.last_seen_at.filter(|_| is_paired).map_or_else(
        || t!(locale, "terminal-never-seen"),
        |at| format::moment(locale, at, &zone),
    );
    let heading = format!("terminal-{id}");
    let labelled = heading.clone();
    let can_unpair = is_paired || code.is_some();
    view! {
        <section class="card" aria-labelledby=heading>
            <header class="title-row"><h2 id=labelled><bdi>{terminal.name}</bdi></h2><Chip label tone/></header>
            <dl class="facts">
                <Fact name=t!(locale, "location")><bdi>{terminal.customer_name}</bdi>" · "<bdi>{terminal.location_name}</bdi></Fact>
                <Fact name=t!(locale, "terminal-form")><bdi>{terminal.form_name}</bdi></Fact>
                <Fact name=t!(locale, "terminal-last-seen")>{last_seen}</Fact>
            </dl>
            {code.map(|(code, until)| view! {
                <p>{t!(locale, "terminal-code")}" "<strong class="pairing-code"><bdi class="mono" dir="ltr">{code}</bdi></strong></p>
                <p class="quiet">{t!(locale, "terminal-code-until", until = format::moment(locale, until, &zone))}</p>
            })}
            <div class="actions">
                <form method="post" action=owned("/app/fn/renew-pairing-code")>{code_fields}<button class="button" type="submit">{t!(locale, "terminal-new-code")}</button></form>
            </div>
            {can_unpair.then(|| view! {
                <ConfirmAction label=t!(locale, "terminal-unpair") consequence=t!(locale, "terminal-unpair-consequence")>
                    <form method="post" action=owned("/app/fn/unpair-terminal")>{unpair_fields}<button class="button button-bad" type="submit">{t!(locale, "terminal-unpair-now")}</button></form>
                </ConfirmAction>
            })}
            {(!can_unpair).then(|| view! {
                <ConfirmAction label=t!(locale, "terminal-delete") consequence=t!(locale, "terminal-delete-consequence")>
                    <form method="post" action=owned("/app/fn/delete-terminal")>{delete_fields}<button class="button button-bad" type="submit">{t!(locale, "terminal-delete-now")}</button></form>
                </ConfirmAction>
            })}
        </section>
    }
}

/// `/app/settings/terminals/new`: chooses the customer, then the location.
#[component]
pub fn NewTerminalPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let permit = staff.may::<ManageIntake>()?;
        let customer = request.query("customer");
        let form = FormState::of_item("terminal", &customer, locale, request.flash.as_ref());
        let chosen: Option<CustomerId> = customer.parse().ok();
        let search_text = request.query("match");
        let search = CustomerSearch {
            text: search_text.clone(),
            chosen,
        };
        let terminals::NewTerminalPage {
            customers: choices,
            forms,
        } = terminals::new_page(&request.core, permit, staff.may::<ViewOperations>()?, &search).await?;
        let forms: Vec<(String, String)> = forms.into_iter().map(|form| (form.id.to_string(), form.name)).collect();
        let location_choices: Vec<(String, String)> = choices
            .locations
            .iter()
            .map(|location| (location.id.to_string(), location.name.clone()))
            .collect();
        let content = match choices.chosen {
            None => {
                // The drafts are those of customers to choose from.
                PageDrafts::rendered(form.name);
                let has_no_match = !search_text.is_empty() && choices.customers.is_empty();
                view! {
                    <section class="card"><h2>{t!(locale, "terminal-customer")}</h2>
                        <form class="search" method="get" action="/app/settings/terminals/new"><label for="terminal-search">{t!(locale, "search")}</label><input id="terminal-search" name="match" type="search" value=search_text/><button class="button" type="submit">{t!(locale, "search-now")}</button></form>
                        {has_no_match.then(|| view! { <p class="quiet">{t!(locale, "customers-empty")}</p> })}
                        <ul class="plain">{choices.customers.into_iter().map(|customer| view! {
                            <li><a href=format!("/app/settings/terminals/new?customer={}", customer.id)><bdi>{customer.name}</bdi></a>" "<bdi class="mono quiet">{customer.customer_number}</bdi></li>
                        }).collect_view()}</ul>
                    </section>
                }
                .into_any()
            }
            Some(customer) => view! {
                <form class="card" method="post" action=owned("/app/fn/create-terminal")>
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="customer" value=customer.id.to_string()/>
                    <p><strong><bdi>{customer.name}</bdi></strong>" "<a href="/app/settings/terminals/new">{t!(locale, "choose-other-customer")}</a></p>
                    <SelectField form=form.clone() field="location" label=t!(locale, "location") choices=location_choices/>
                    <TextField form=form.clone() field="name" label=t!(locale, "form-name") help=t!(locale, "terminal-name-help")/>
                    <SelectField form=form.clone() field="form" label=t!(locale, "terminal-form") choices=forms/>
                    <p class="help">{t!(locale, "terminal-form-help")}</p>
                    <button class="button button-primary" type="submit">{t!(locale, "terminal-create")}</button>
                </form>
            }
            .into_any(),
        };
        Ok(view! {
            <Title text=t!(locale, "terminal-new")/>
            <p><a href="/app/settings/terminals">{t!(locale, "terminals-title")}</a></p>
            <h1>{t!(locale, "terminal-new")}</h1>
            {content}
        }
        .into_any())
    });
    view! { <SettingsFrame current=LIST>{content}</SettingsFrame> }
}

/// The form that creates a terminal.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TerminalForm {
    customer: String,
    location: String,
    name: String,
    /// The public form that the terminal shows.
    form: String,
}

impl ActionForm for TerminalForm {
    const NAME: &'static str = "terminal";

    fn item(&self) -> String {
        self.customer.clone()
    }

    fn back(&self) -> String {
        format!("{LIST}/new?{}", format::query([("customer", &self.customer)]))
    }
}

#[server(prefix = "/app/fn", endpoint = "create-terminal")]
pub async fn create_terminal(#[server(flatten)] form: TerminalForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: TerminalForm| {
        terminals::create(&core, staff.may()?, &form.name, &form.location, &form.form).await?;
        Ok(Redirect::to(LIST, "done-terminal-created"))
    })
    .await
}

/// A button on a terminal in the list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TerminalButton {
    id: FormId<TerminalId>,
}

impl ActionForm for TerminalButton {
    fn back(&self) -> String {
        LIST.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "renew-pairing-code")]
pub async fn renew_pairing_code(#[server(flatten)] form: TerminalButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: TerminalButton| {
        terminals::renew_code(&core, staff.may()?, form.id.get()?).await?;
        Ok(Redirect::to(LIST, "done-pairing-code-created"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "unpair-terminal")]
pub async fn unpair_terminal(#[server(flatten)] form: TerminalButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: TerminalButton| {
        terminals::unpair(&core, staff.may()?, form.id.get()?).await?;
        Ok(Redirect::to(LIST, "done-terminal-unpaired"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "delete-terminal")]
pub async fn delete_terminal(#[server(flatten)] form: TerminalButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: TerminalButton| {
        terminals::delete(&core, staff.may()?, form.id.get()?).await?;
        Ok(Redirect::to(LIST, "done-terminal-deleted"))
    })
    .await
}

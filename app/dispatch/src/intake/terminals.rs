//! Terminals: set up for a place, paired by a code, unpaired at once.

use domain::ids::{CustomerId, TerminalId};
use domain::locale::Locale;
use domain::permissions::{ManageIntake, ViewOperations};
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::intake::forms;
use ordinavo_core::intake::terminals;
use ordinavo_core::intake::terminals::TerminalPage;
use ordinavo_core::requests::customer_assignment;
use ordinavo_core::{Core, CoreError, CoreResult};
use ui::acts::{Next, Sent, act};
use ui::format;
use ui::forms::{ErrorSummary, FormState, SelectField, TextField};
use ui::icons::Icon;
use ui::load::page;
use ui::parts::{Chip, Empty, Fact, ProblemNotice, Weighty};
use ui::title::Title;

use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::Framed;
use crate::t;

const LIST: &str = "/app/settings/terminals";

/// `/app/settings/terminals`.
#[component]
pub fn TerminalsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let found = terminals::list(&request.core, staff.may::<ManageIntake>()?).await?;
        let empty = found.is_empty();
        let address = format!("{}/terminal", request.core.public_url());
        let zone = staff.zone().to_owned();
        Ok(view! {
            <Title text=t!(locale, "terminals-title")/>
            <p><a href="/app/settings">{t!(locale, "settings-title")}</a></p>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <header class="title-row"><h1>{t!(locale, "terminals-title")}</h1><a class="button button-primary" href="/app/settings/terminals/new"><Icon name="plus"/>{t!(locale, "terminal-new")}</a></header>
            <p class="lead">{t!(locale, "terminals-intro")}</p>
            <p>{t!(locale, "terminal-address")}" "<bdi class="mono" dir="ltr">{address}</bdi></p>
            {empty.then(|| view! { <Empty title=t!(locale, "terminals-empty") text=t!(locale, "terminals-empty-text")/> })}
            {found.into_iter().map(|page| view! { <OneTerminal page locale zone=zone.clone()/> }).collect_view()}
        }
        .into_any())
    });
    view! { <Framed current="/app/settings">{content}</Framed> }
}

#[component]
fn OneTerminal(page: TerminalPage, locale: Locale, zone: String) -> impl IntoView {
    let TerminalPage { terminal, code } = page;
    let id = terminal.id.to_string();
    let paired = terminal.is_paired;
    let (label, tone) = if paired {
        (t!(locale, "terminal-paired"), Tone::Good)
    } else if code.is_some() {
        (t!(locale, "terminal-waiting-for-pairing"), Tone::Warn)
    } else {
        (t!(locale, "terminal-unpaired"), Tone::Neutral)
    };
    let hidden = {
        let id = id.clone();
        move || view! { <input type="hidden" name="id" value=id.clone()/> }
    };
    let (for_code, for_unpair, for_delete) = (hidden(), hidden(), hidden());
    let seen = terminal.last_seen_at.filter(|_| paired).map_or_else(
        || t!(locale, "terminal-never-seen"),
        |at| format::moment(locale, at, &zone),
    );
    let heading = format!("terminal-{id}");
    let labelled = heading.clone();
    let unpairs = paired || code.is_some();
    view! {
        <section class="card" aria-labelledby=heading>
            <header class="title-row"><h2 id=labelled><bdi>{terminal.name}</bdi></h2><Chip label tone/></header>
            <dl class="facts">
                <Fact name=t!(locale, "location")><bdi>{terminal.customer_name}</bdi>" · "<bdi>{terminal.location_name}</bdi></Fact>
                <Fact name=t!(locale, "terminal-form")><bdi>{terminal.form_name}</bdi></Fact>
                <Fact name=t!(locale, "terminal-last-seen")>{seen}</Fact>
            </dl>
            {code.map(|(code, until)| view! {
                <p>{t!(locale, "terminal-code")}" "<strong class="pairing-code"><bdi class="mono" dir="ltr">{code}</bdi></strong></p>
                <p class="quiet">{t!(locale, "terminal-code-until", until = format::moment(locale, until, &zone))}</p>
            })}
            <div class="actions">
                <form method="post" action="/app/fn/renew-pairing-code">{for_code}<button class="button" type="submit">{t!(locale, "terminal-new-code")}</button></form>
            </div>
            {unpairs.then(|| view! {
                <Weighty label=t!(locale, "terminal-unpair") consequence=t!(locale, "terminal-unpair-consequence")>
                    <form method="post" action="/app/fn/unpair-terminal">{for_unpair}<button class="button button-bad" type="submit">{t!(locale, "terminal-unpair-now")}</button></form>
                </Weighty>
            })}
            {(!unpairs).then(|| view! {
                <Weighty label=t!(locale, "terminal-delete") consequence=t!(locale, "terminal-delete-consequence")>
                    <form method="post" action="/app/fn/delete-terminal">{for_delete}<button class="button button-bad" type="submit">{t!(locale, "terminal-delete-now")}</button></form>
                </Weighty>
            })}
        </section>
    }
}

/// `/app/settings/terminals/new`: first whose place it is, then which.
#[component]
pub fn NewTerminalPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        staff.may::<ManageIntake>()?;
        let form = FormState::new("terminal", locale, request.flash.as_ref());
        let chosen: Option<CustomerId> = form.value("customer", &request.query("customer")).parse().ok();
        let searched = request.query("match");
        let choices =
            customer_assignment::choices(&request.core, staff.may::<ViewOperations>()?, &searched, chosen).await?;
        let forms: Vec<(String, String)> = forms::list(&request.core, staff.may()?)
            .await?
            .into_iter()
            .filter(|form| form.closed_at.is_none())
            .map(|form| (form.id.to_string(), form.name))
            .collect();
        let places: Vec<(String, String)> = choices
            .locations
            .iter()
            .map(|place| (place.id.to_string(), place.name.clone()))
            .collect();
        let content = match choices.chosen {
            None => {
                let nothing = !searched.is_empty() && choices.customers.is_empty();
                view! {
                    <section class="card"><h2>{t!(locale, "terminal-customer")}</h2>
                        <form class="search" method="get" action="/app/settings/terminals/new"><label for="terminal-search">{t!(locale, "search")}</label><input id="terminal-search" name="match" type="search" value=searched/><button class="button" type="submit">{t!(locale, "search-now")}</button></form>
                        {nothing.then(|| view! { <p class="quiet">{t!(locale, "customers-empty")}</p> })}
                        <ul class="plain">{choices.customers.into_iter().map(|customer| view! {
                            <li><a href=format!("/app/settings/terminals/new?customer={}", customer.id)><bdi>{customer.name}</bdi></a>" "<bdi class="mono quiet">{customer.customer_number}</bdi></li>
                        }).collect_view()}</ul>
                    </section>
                }
                .into_any()
            }
            Some(customer) => view! {
                <form class="card" method="post" action="/app/fn/create-terminal">
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="customer" value=customer.id.to_string()/>
                    <p><strong><bdi>{customer.name}</bdi></strong>" "<a href="/app/settings/terminals/new">{t!(locale, "choose-other-customer")}</a></p>
                    <SelectField form=form.clone() field="location" label=t!(locale, "location") choices=places/>
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
    view! { <Framed current="/app/settings">{content}</Framed> }
}

#[server(prefix = "/app/fn", endpoint = "create-terminal")]
pub async fn create_terminal(
    #[server(default)] customer: String,
    #[server(default)] location: String,
    #[server(default)] name: String,
    #[server(default)] form: String,
) -> Result<(), ServerFnError> {
    let sent = Sent {
        form: "terminal",
        values: &[
            ("customer", &customer),
            ("location", &location),
            ("name", &name),
            ("form", &form),
        ],
        back: format!("{LIST}/new"),
    };
    act(sent, async |core: Core, staff: Staff| {
        terminals::create(&core, staff.may()?, &name, &location, &form).await?;
        Ok(Next::to(LIST, "done-terminal-created"))
    })
    .await
}

/// An act with one terminal that ends on the list.
async fn on_terminal<Fut: Future<Output = CoreResult<()>> + Send>(
    id: String,
    done: &'static str,
    work: impl FnOnce(Core, Staff, TerminalId) -> Fut + Send,
) -> Result<(), ServerFnError> {
    let sent = Sent {
        form: "",
        values: &[],
        back: LIST.to_owned(),
    };
    act(sent, async |core: Core, staff: Staff| {
        staff.may::<ManageIntake>()?;
        let id = id.parse().map_err(|_| CoreError::not_found())?;
        work(core, staff, id).await?;
        Ok(Next::to(LIST, done))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "renew-pairing-code")]
pub async fn renew_pairing_code(#[server(default)] id: String) -> Result<(), ServerFnError> {
    on_terminal(id, "done-pairing-code-created", async |core, staff, id| {
        terminals::renew_code(&core, staff.may()?, id).await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "unpair-terminal")]
pub async fn unpair_terminal(#[server(default)] id: String) -> Result<(), ServerFnError> {
    on_terminal(id, "done-terminal-unpaired", async |core, staff, id| {
        terminals::unpair(&core, staff.may()?, id).await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "delete-terminal")]
pub async fn delete_terminal(#[server(default)] id: String) -> Result<(), ServerFnError> {
    on_terminal(id, "done-terminal-deleted", async |core, staff, id| {
        terminals::delete(&core, staff.may()?, id).await
    })
    .await
}

//! Sign-in, the choice of an organisation, the language, the look at test data, and leaving.

use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Partner;
use ordinavo_core::identity::sessions;
use ordinavo_core::identity::sessions::Door;
use ordinavo_core::integrations::partner_console;
use ui::acts::{Next, Sent, act};
use ui::door::{self, LanguageRow};
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::load::page;
use ui::parts::Done;
use ui::title::Title;
use ui::words::shared;

use crate::t;
use crate::words::by_key;

/// `/partner/sign-in`.
#[component]
pub fn SignInPage() -> impl IntoView {
    page(|request| async move {
        let locale = request.viewer.locale;
        let form = FormState::new("sign-in", locale, request.flash.as_ref());
        let done = request.flash.as_ref().and_then(|flash| flash.done.clone());
        let next = request.query("next");
        Ok(view! {
            <Title text=t!(locale, "sign-in-title")/>
            <main class="door" id="main">
                <form class="card" method="post" action="/partner/fn/sign-in">
                    <p class="brand"><span class="brand-mark" aria-hidden="true"></span>{t!(locale, "console")}</p>
                    <h1>{t!(locale, "sign-in-title")}</h1>
                    <p class="quiet">{t!(locale, "sign-in-text")}</p>
                    {done.map(|done| view! { <Done text=by_key(locale, &done)/> })}
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="next" value=next/>
                    <TextField form=form.clone() field="email" label=shared::email(locale) kind="email" autocomplete="username"/>
                    <TextField form field="password" label=shared::password(locale) kind="password" autocomplete="current-password"/>
                    <button class="button button-primary" type="submit">{shared::sign_in(locale)}</button>
                </form>
                <LanguageRow locale action="/partner/fn/language" back="/partner/sign-in"/>
            </main>
        }
        .into_any())
    })
}

/// `/partner/sign-in/choose`.
#[component]
pub fn ChoosePage() -> impl IntoView {
    let session = door::request_session();
    page(move |request| async move {
        let locale = request.viewer.locale;
        let choices = door::choices(&request.core, session).await?;
        Ok(view! {
            <Title text=t!(locale, "choose-title")/>
            <main class="door" id="main">
                <div class="card">
                    <h1>{t!(locale, "choose-title")}</h1>
                    {choices.into_iter().enumerate().map(|(index, name)| view! {
                        <form method="post" action="/partner/fn/choose-tenant">
                            <input type="hidden" name="choice" value=index.to_string()/>
                            <button class="button" type="submit"><bdi>{name}</bdi></button>
                        </form>
                    }).collect_view()}
                </div>
            </main>
        }
        .into_any())
    })
}

#[server(prefix = "/partner/fn", endpoint = "sign-in")]
pub async fn sign_in(
    #[server(default)] email: String,
    #[server(default)] password: String,
    #[server(default)] next: String,
) -> Result<(), ServerFnError> {
    door::sign_in(Door::Partner, &email, password, &next).await
}

#[server(prefix = "/partner/fn", endpoint = "choose-tenant")]
pub async fn choose_tenant(#[server(default)] choice: usize) -> Result<(), ServerFnError> {
    door::choose_tenant(Door::Partner, choice).await
}

#[server(prefix = "/partner/fn", endpoint = "sign-out")]
pub async fn sign_out() -> Result<(), ServerFnError> {
    door::sign_out(Door::Partner).await
}

#[server(prefix = "/partner/fn", endpoint = "language")]
pub async fn choose_language(
    #[server(default)] locale: String,
    #[server(default)] back: String,
) -> Result<(), ServerFnError> {
    let account = use_context::<Core>().zip(use_context::<Partner>());
    door::choose_language(Door::Partner, &locale, &back, async |locale| match account {
        Some((core, actor)) => partner_console::set_locale(&core, &actor, locale).await,
        None => Ok(()),
    })
    .await
}

#[server(prefix = "/partner/fn", endpoint = "look-at-test-data")]
pub async fn look_at_test_data(#[server(default)] on: String) -> Result<(), ServerFnError> {
    let session = door::request_session();
    let sent = Sent {
        form: "",
        values: &[],
        back: "/partner".to_owned(),
    };
    act(sent, async |_: Core, _: Partner| {
        let broken = || {
            ordinavo_core::CoreError::new(
                domain::problems::Problem::InternalError,
                "Something went wrong on our side.",
            )
        };
        let session = session.ok_or_else(broken)?;
        session
            .insert(sessions::TEST_DATA, !on.is_empty())
            .await
            .map_err(|_| broken())?;
        Ok(Next {
            to: "/partner".to_owned(),
            done: None,
            shown_once: None,
            undo: None,
        })
    })
    .await
}

//! The invitation of a partner user: sets a password, then leads to sign-in.

use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::partner_accounts;
use ui::actions::{FormSubmission, Redirect, respond_to_form};
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::i18n::shared;
use ui::page::page;
use ui::title::Title;

use crate::t;

#[component]
pub fn InvitationPage() -> impl IntoView {
    page(|request| async move {
        let locale = request.viewer.locale;
        let link: String = request.id("link")?;
        let found = partner_accounts::invitation(&request.core, &link).await?;
        let form = FormState::new("invitation", locale, request.flash.as_ref());
        Ok(view! {
            <Title text=t!(locale, "invitation-title")/>
            <main class="door" id="main">
                <form class="card" method="post" action="/partner/fn/accept-invitation">
                    <p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{found.tenant_name}</bdi></p>
                    <h1>{t!(locale, "invitation-title")}</h1>
                    <p>{t!(locale, "invitation-text", name = found.display_name)}" "<bdi class="mono">{found.source_key}</bdi></p>
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="link" value=link/>
                    <TextField form=form.clone() field="email" label=shared::email(locale) kind="email" value=found.email autocomplete="username" readonly=true/>
                    <TextField form field="password" label=shared::password(locale) kind="password" autocomplete="new-password" help=t!(locale, "password-help")/>
                    <button class="button button-primary" type="submit">{t!(locale, "invitation-accept")}</button>
                </form>
            </main>
        }
        .into_any())
    })
}

#[server(prefix = "/partner/fn", endpoint = "accept-invitation")]
pub async fn accept_invitation(
    #[server(default)] link: String,
    #[server(default)] password: String,
) -> Result<(), ServerFnError> {
    // Text that is not a link token leads to the sign-in page, which prevents redirects to other pages.
    let is_link = !link.is_empty() && link.bytes().all(|byte| byte.is_ascii_hexdigit());
    let back = if is_link {
        format!("/partner/invitation/{link}")
    } else {
        "/partner/sign-in".to_owned()
    };
    let submission = FormSubmission {
        form: "invitation",
        values: &[],
        back,
    };
    let result = match use_context::<Core>() {
        Some(core) => partner_accounts::accept(&core, &link, &password.into()).await,
        None => Err(ordinavo_core::CoreError::not_found()),
    };
    respond_to_form(
        submission,
        result.map(|()| Redirect::to("/partner/sign-in", "done-invitation")),
    )
    .await
}

//! The frame of the partner console: organization, source system and navigation.

use leptos::prelude::*;
use ordinavo_core::identity::actors::Partner;
use ui::drafts::DiscardDraftForm;
use ui::drafts::owned;
use ui::i18n::shared;
use ui::icons::Icon;
use ui::islands::KeepDrafts;
use ui::shell::locale;
use ui::sign_in_flow::LanguageRow;

use crate::t;

/// Renders navigation and content. `current` is the navigation entry of the page, for `aria-current`.
#[component]
pub fn AppFrame(current: &'static str, children: Children) -> impl IntoView {
    let locale = locale();
    let partner = use_context::<Partner>();
    let is_test = partner.as_ref().is_some_and(Partner::is_test);
    let (tenant, person, source) = partner.map_or_else(Default::default, |partner| {
        (
            partner.tenant_name().to_owned(),
            partner.display_name().to_owned(),
            partner.source_key().to_owned(),
        )
    });
    let entries = [
        ("/partner", "home", t!(locale, "nav-home")),
        ("/partner/jobs", "import", t!(locale, "nav-jobs")),
        ("/partner/endpoints", "plug", t!(locale, "nav-endpoints")),
        ("/partner/requests", "clipboard", t!(locale, "nav-requests")),
        ("/partner/dry-run", "check", t!(locale, "nav-dry-run")),
        ("/docs", "file", t!(locale, "nav-docs")),
    ];
    let (test_mode_value, test_mode_label) = if is_test {
        ("", t!(locale, "test-mode-exit"))
    } else {
        ("on", t!(locale, "test-mode-enter"))
    };
    view! {
        <KeepDrafts/>
        <DiscardDraftForm/>
        <a class="skip" href="#main">{shared::skip_to_content(locale)}</a>
        <div class="frame">
            <header class="side">
                <p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{tenant}</bdi></p>
                <nav aria-label=t!(locale, "nav-main")>
                    <ul>{entries.into_iter().map(|(href, icon, label)| {
                        let is_current = (href == current).then_some("page");
                        view! { <li><a href=href aria-current=is_current><Icon name=icon/><span>{label}</span></a></li> }
                    }).collect_view()}</ul>
                </nav>
                <form class="side-foot" method="post" action="/partner/fn/sign-out">
                    <span class="quiet"><bdi>{person}</bdi>" · "<bdi class="mono">{source}</bdi></span>
                    <button class="button button-quiet" type="submit"><Icon name="log-out"/>{shared::sign_out(locale)}</button>
                </form>
            </header>
            <main id="main" tabindex="-1">
                {is_test.then(|| view! { <p class="notice notice-warn test-banner"><strong>{t!(locale, "test-banner")}</strong></p> })}
                {children()}
                <footer class="row">
                    <form method="post" action=owned("/partner/fn/set-test-mode")><input type="hidden" name="on" value=test_mode_value/><button class="button button-quiet" type="submit">{test_mode_label}</button></form>
                    <a class="button button-quiet" href="/partner/security">{shared::security(locale)}</a>
                    <LanguageRow locale action="/partner/fn/language" back="/partner"/>
                </footer>
            </main>
        </div>
    }
}

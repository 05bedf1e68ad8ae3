//! Help: the keyboard shortcuts of all pages, and where more is written.

use domain::locale::Locale;
use leptos::prelude::*;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::viewer_staff;
use crate::shell::{AppFrame, PageBar};
use crate::t;

const PAGE: &str = "/app/help";

/// Keys that work on every page.
const EVERYWHERE: [(&str, &str); 9] = [
    ("Ctrl K", "key-palette"),
    ("n", "key-new"),
    ("g t", "key-go-today"),
    ("g i", "key-go-inbox"),
    ("g b", "key-go-board"),
    ("g r", "key-go-reports"),
    ("g j", "key-go-jobs"),
    ("g c", "key-go-customers"),
    ("?", "key-shortcuts"),
];

/// Keys of the inbox.
pub(crate) const INBOX: [(&str, &str); 15] = [
    ("j k", "key-move"),
    ("Enter", "key-open"),
    ("x", "key-select"),
    ("a", "key-accept"),
    ("r", "key-reject"),
    ("t", "key-convert"),
    ("p", "key-priority"),
    ("s", "key-service"),
    ("g", "key-assign"),
    ("h", "key-snooze"),
    ("w", "key-assign-customer"),
    ("c", "key-note"),
    ("m", "key-message"),
    ("z", "key-undo"),
    ("/", "key-search"),
];

/// `/app/help`.
#[component]
pub fn HelpPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let has_shortcuts = staff.has_shortcuts();
        Ok(view! {
            <Title text=t!(locale, "help-title")/>
            <PageBar locale title=t!(locale, "help-title")/>
            {(!has_shortcuts).then(|| view! { <p class="notice">{t!(locale, "help-shortcuts-off")}" "<a href="/app/settings">{t!(locale, "preferences-title")}</a></p> })}
            <div class="columns">
                <section class="card"><h2>{t!(locale, "help-everywhere")}</h2><Keys keys=&EVERYWHERE locale/></section>
                <section class="card"><h2>{t!(locale, "nav-inbox")}</h2><p class="help">{t!(locale, "keyboard-shortcuts-focus")}</p><Keys keys=&INBOX locale/></section>
            </div>
            <p><a href="/docs">{t!(locale, "help-docs")}</a></p>
        }
        .into_any())
    });
    view! { <AppFrame current=PAGE>{content}</AppFrame> }
}

/// Keys and what they do. Keys that are pressed one after the other are separated by a space.
#[component]
pub(crate) fn Keys(keys: &'static [(&'static str, &'static str)], locale: Locale) -> impl IntoView {
    view! {
        <dl class="keys">{keys.iter().map(|(key, label)| view! {
            <div><dt>{key.split(' ').map(|part| view! { <kbd>{part.to_owned()}</kbd>" " }).collect_view()}</dt><dd>{by_key(locale, label)}</dd></div>
        }).collect_view()}</dl>
    }
}

//! The document title.

use leptos::prelude::*;

use crate::escape;

/// Sets the document title.
///
/// `leptos_meta` writes the text into `<title>` unescaped, so a name such as `</title><form …>` would become part of
/// the page. This component is the only caller of it.
#[expect(clippy::disallowed_methods, reason = "the only caller; it escapes the text")]
#[component]
pub fn Title(#[prop(into)] text: String) -> impl IntoView {
    view! { <leptos_meta::Title text=escape::html(&text)/> }
}

//! The document around every page: language, direction, style, fonts, and the browser's bundle.

use domain::locale::Locale;
use leptos::config::LeptosOptions;
use leptos::hydration::HydrationScripts;
use leptos::prelude::*;
use leptos_meta::MetaTags;
use ordinavo_core::branding::Brand;

use crate::viewer::Viewer;

/// Which app a document belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// `/app`.
    Dispatch,
    /// `/portal`.
    Portal,
    /// `/partner`; it has no bundle either: nothing in it needs a script.
    Partner,
    /// Pages without an account; they have no bundle.
    Public,
    /// Public forms and the tracking page.
    Intake,
}

/// The files of this build: a style sheet for each app and the name of each bundle.
#[derive(Debug, Clone)]
pub struct Assets {
    /// The path of the style sheet.
    pub style: String,
    /// The paths of the fonts that every page needs at once.
    pub fonts: Vec<String>,
    /// The bundle; `None` where a page has no islands.
    pub bundle: Option<LeptosOptions>,
}

impl Assets {
    /// Every file that the pages of an app need, as a device keeps them for times without a network.
    pub fn files(&self) -> Vec<String> {
        let mut files = self.fonts.clone();
        files.push(self.style.clone());
        files.push("/pkg/icon.svg".to_owned());
        if let Some(bundle) = &self.bundle {
            files.push(format!("/pkg/{}.js", bundle.output_name));
            files.push(format!("/pkg/{}_bg.wasm", bundle.output_name));
        }
        files
    }
}

/// The language of the page that is being made.
pub fn locale() -> Locale {
    use_context::<Viewer>().map(|viewer| viewer.locale).unwrap_or_default()
}

/// A whole document.
pub fn document<V: IntoView + 'static, F: FnOnce() -> V>(
    app: App,
    assets: &Assets,
    body: F,
) -> impl IntoView + use<V, F> {
    document_in(locale(), app, assets, body)
}

/// A whole document in a language that the page itself has chosen.
pub fn document_in<V: IntoView + 'static, F: FnOnce() -> V>(
    locale: Locale,
    app: App,
    assets: &Assets,
    body: F,
) -> impl IntoView + use<V, F> {
    let class = match app {
        App::Dispatch | App::Partner => "app-dispatch",
        App::Portal => "app-portal",
        App::Public => "app-public",
        App::Intake => "app-intake",
    };
    let scripts = assets
        .bundle
        .clone()
        .map(|options| view! { <HydrationScripts options islands=true/> });
    let fonts = assets.fonts.iter().map(|font| view! { <link rel="preload" href=font.clone() r#as="font" r#type="font/woff2" crossorigin="anonymous"/> }).collect_view();
    let style = assets.style.clone();
    let own = use_context::<Brand>()
        .filter(|_| app == App::Portal)
        .and_then(|brand| brand.look.sheet)
        .map(|sheet| view! { <link rel="stylesheet" href=sheet/> });
    view! {
        <!DOCTYPE html>
        <html lang=locale.tag() dir=locale.direction() class=class>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/pkg/icon.svg" r#type="image/svg+xml"/>
                {fonts}
                <link rel="stylesheet" href=style/>
                {own}
                {scripts}
                <MetaTags/>
            </head>
            <body>{body()}</body>
        </html>
    }
}

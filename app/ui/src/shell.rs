//! The HTML document around every page: language, direction, style sheets, fonts and browser bundle.

use domain::locale::Locale;
use leptos::config::LeptosOptions;
use leptos::hydration::HydrationScripts;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;
use ordinavo_core::branding::BrandedOrganisation;

use crate::viewer::Viewer;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// The staff app under `/app`.
    Dispatch,
    /// The customer portal under `/portal`.
    Portal,
    /// The partner console under `/partner`; has the bundle of the portal.
    Partner,
    /// Pages without an account; have no bundle.
    Public,
    /// Public forms and the tracking page.
    Intake,
}

/// The static files of this build.
#[derive(Debug, Clone)]
pub struct Assets {
    /// The URL path of the style sheet.
    pub style: String,
    /// The URL paths of the fonts to preload.
    pub fonts: Vec<String>,
    /// The bundle; `None` where a page has no islands.
    pub bundle: Option<LeptosOptions>,
}

impl Assets {
    /// Returns every file that the app's pages need, for the offline cache.
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

/// Leptos hydrates the islands in an idle callback, which Chromium may never call while an animation waits or runs: keys and live
/// updates would be dead. A time limit makes it call.
const HYDRATE_SOON: &str = "if (self.requestIdleCallback) { const whenIdle = self.requestIdleCallback.bind(self); self.requestIdleCallback = (work, options) => whenIdle(work, { timeout: 100, ...options }); }";

/// Returns the language of the page that is being rendered.
pub fn locale() -> Locale {
    use_context::<Viewer>().map(|viewer| viewer.locale).unwrap_or_default()
}

/// Renders a whole document in the reader's language.
pub fn document<V: IntoView + 'static, F: FnOnce() -> V>(
    app: App,
    assets: &Assets,
    body: F,
) -> impl IntoView + use<V, F> {
    document_in(locale(), app, assets, body)
}

/// Renders a whole document in a given language.
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
    let scripts = assets.bundle.clone().map(
        |options| view! { <script nonce=use_nonce()>{HYDRATE_SOON}</script><HydrationScripts options islands=true/> },
    );
    let fonts = assets.fonts.iter().map(|font| view! { <link rel="preload" href=font.clone() r#as="font" r#type="font/woff2" crossorigin="anonymous"/> }).collect_view();
    let style = assets.style.clone();
    let tenant_style = use_context::<BrandedOrganisation>()
        .filter(|_| app == App::Portal)
        .and_then(|brand| brand.branding.sheet)
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
                {tenant_style}
                {scripts}
                <MetaTags/>
            </head>
            <body>{body()}</body>
        </html>
    }
}

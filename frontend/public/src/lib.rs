//! The browser bundle of the `public` app: hydrates its islands and holds nothing else.
use public as _;

/// Called once by the page after the module has loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}

//! The button that creates or uses a passkey. The page carries the challenge; the credential is sent by a form.
//!
//! A crate of its own, so that only the bundles of apps with accounts contain it.

use js_sys::{Function, JSON, Object, Promise, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlFormElement, HtmlInputElement};

/// State of the button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PasskeyState {
    /// Before hydration.
    Unknown,
    Unsupported,
    Ready,
    /// The browser is asking the user.
    Waiting,
    Failed,
}

/// Asks the browser for a passkey and submits a form with the result in its field `credential`.
#[island]
pub fn PasskeyButton(
    /// Whether a passkey is created instead of used.
    is_new: bool,
    /// The ID of the form.
    form: String,
    /// The options of `navigator.credentials`, as JSON.
    options: String,
    label: String,
    /// Shown after an attempt that returned no credential.
    failed: String,
    /// Shown in browsers without passkeys; empty hides the button there.
    unsupported: String,
) -> impl IntoView {
    let progress = RwSignal::new(PasskeyState::Unknown);
    Effect::new(move |_| {
        progress.set(if function(&public_key_credential_class(), parser(is_new)).is_some() {
            PasskeyState::Ready
        } else {
            PasskeyState::Unsupported
        });
    });
    let test_id = if is_new { "create-passkey" } else { "use-passkey" };
    let ask = move |_| {
        let (form, options) = (form.clone(), options.clone());
        progress.set(PasskeyState::Waiting);
        leptos::task::spawn_local(async move {
            let credential = request_credential(is_new, &options).await;
            let is_sent = credential
                .ok()
                .is_some_and(|credential| submit_credential(&form, &credential));
            progress.set(if is_sent {
                PasskeyState::Ready
            } else {
                PasskeyState::Failed
            });
        });
    };
    let is_hidden = move || matches!(progress.get(), PasskeyState::Unknown | PasskeyState::Unsupported);
    view! {
        <button type="button" class="button" data-testid=test_id hidden=is_hidden aria-busy=move || (progress.get() == PasskeyState::Waiting).to_string() on:click=ask>{label}</button>
        <p class="quiet" hidden=move || progress.get() != PasskeyState::Unsupported>{unsupported}</p>
        <p class="error" role="alert">{move || (progress.get() == PasskeyState::Failed).then(|| failed.clone())}</p>
    }
}

/// Returns the name of the browser's function that parses the options.
const fn parser(is_new: bool) -> &'static str {
    if is_new {
        "parseCreationOptionsFromJSON"
    } else {
        "parseRequestOptionsFromJSON"
    }
}

fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

fn function(object: &JsValue, name: &str) -> Option<Function> {
    if object.is_undefined() || object.is_null() {
        return None;
    }
    property(object, name).dyn_into().ok()
}

fn call(object: &JsValue, name: &str, argument: &JsValue) -> Result<JsValue, JsValue> {
    let function = function(object, name).ok_or(JsValue::UNDEFINED)?;
    function.call1(object, argument)
}

fn public_key_credential_class() -> JsValue {
    web_sys::window().map_or(JsValue::UNDEFINED, |window| property(&window, "PublicKeyCredential"))
}

/// Returns the credential as JSON.
async fn request_credential(is_new: bool, options: &str) -> Result<String, JsValue> {
    let navigator = web_sys::window().ok_or(JsValue::UNDEFINED)?.navigator();
    let public_key = call(&public_key_credential_class(), parser(is_new), &JSON::parse(options)?)?;
    let request = Object::new();
    Reflect::set(&request, &JsValue::from_str("publicKey"), &public_key)?;
    let credentials = property(&navigator, "credentials");
    let answer = call(&credentials, if is_new { "create" } else { "get" }, &request)?;
    let answer = JsFuture::from(answer.dyn_into::<Promise>()?).await?;
    Ok(JSON::stringify(&call(&answer, "toJSON", &JsValue::UNDEFINED)?)?.into())
}

/// Returns whether the form and its field were found and submitted.
fn submit_credential(form: &str, credential: &str) -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    let form = document
        .and_then(|document| document.get_element_by_id(form))
        .and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
    let Some(form) = form else { return false };
    let field = form.query_selector("[name=credential]").ok().flatten();
    let Some(field) = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok()) else {
        return false;
    };
    field.set_value(credential);
    form.request_submit().is_ok()
}

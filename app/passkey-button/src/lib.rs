//! The button that creates or uses a passkey. The page carries the challenge; the answer of the device is sent by a form.
//!
//! A crate of its own, so that only the bundles of apps with accounts contain it.

use js_sys::{Function, JSON, Object, Promise, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlFormElement, HtmlInputElement};

/// What the button knows about the browser and the last attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Not known yet, or the browser runs no scripts.
    Unknown,
    Unsupported,
    Ready,
    /// The device asks its owner.
    Waiting,
    Failed,
}

/// Asks the device for a passkey and submits a form with the answer in its field `credential`.
#[island]
pub fn PasskeyButton(
    /// Whether a passkey is created instead of used.
    is_new: bool,
    /// The ID of the form.
    form: String,
    /// The options of `navigator.credentials`, as JSON.
    options: String,
    label: String,
    /// Shown after an attempt without an answer.
    failed: String,
    /// Shown in browsers without passkeys; empty hides the button there.
    unsupported: String,
) -> impl IntoView {
    let progress = RwSignal::new(Progress::Unknown);
    Effect::new(move |_| {
        progress.set(if function(&key_class(), parser(is_new)).is_some() {
            Progress::Ready
        } else {
            Progress::Unsupported
        });
    });
    let test_id = if is_new { "create-passkey" } else { "use-passkey" };
    let ask = move |_| {
        let (form, options) = (form.clone(), options.clone());
        progress.set(Progress::Waiting);
        leptos::task::spawn_local(async move {
            let answer = ask_device(is_new, &options).await;
            let is_sent = answer.ok().is_some_and(|answer| send(&form, &answer));
            progress.set(if is_sent { Progress::Ready } else { Progress::Failed });
        });
    };
    let is_hidden = move || matches!(progress.get(), Progress::Unknown | Progress::Unsupported);
    view! {
        <button type="button" class="button" data-testid=test_id hidden=is_hidden aria-busy=move || (progress.get() == Progress::Waiting).to_string() on:click=ask>{label}</button>
        <p class="quiet" hidden=move || progress.get() != Progress::Unsupported>{unsupported}</p>
        <p class="error" role="alert">{move || (progress.get() == Progress::Failed).then(|| failed.clone())}</p>
    }
}

/// Returns the function that reads the options.
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

fn key_class() -> JsValue {
    web_sys::window().map_or(JsValue::UNDEFINED, |window| property(&window, "PublicKeyCredential"))
}

/// Returns the answer of the device as JSON.
async fn ask_device(is_new: bool, options: &str) -> Result<String, JsValue> {
    let navigator = web_sys::window().ok_or(JsValue::UNDEFINED)?.navigator();
    let public_key = call(&key_class(), parser(is_new), &JSON::parse(options)?)?;
    let request = Object::new();
    Reflect::set(&request, &JsValue::from_str("publicKey"), &public_key)?;
    let credentials = property(&navigator, "credentials");
    let answer = call(&credentials, if is_new { "create" } else { "get" }, &request)?;
    let answer = JsFuture::from(answer.dyn_into::<Promise>()?).await?;
    Ok(JSON::stringify(&call(&answer, "toJSON", &JsValue::UNDEFINED)?)?.into())
}

/// Submits the form with an answer; false if it is not on the page.
fn send(form: &str, answer: &str) -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    let form = document
        .and_then(|document| document.get_element_by_id(form))
        .and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
    let Some(form) = form else { return false };
    let field = form.query_selector("[name=credential]").ok().flatten();
    let Some(field) = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok()) else {
        return false;
    };
    field.set_value(answer);
    form.request_submit().is_ok()
}

//! Form fields with label, help and error; typed values are shown again after an error.

use domain::fields::FieldCode;
use domain::locale::Locale;
use leptos::prelude::*;

use crate::flash::Flash;
use crate::{escape, i18n, word};

/// The state of a form that its fields render: typed values and errors.
#[derive(Clone)]
pub struct FormState {
    /// The form's name, unique on its page.
    pub name: &'static str,
    pub locale: Locale,
    flash: Option<Flash>,
}

impl FormState {
    /// Creates the state of a form; the flash message is used only if it belongs to this form.
    pub fn new(name: &'static str, locale: Locale, flash: Option<&Flash>) -> Self {
        Self {
            name,
            locale,
            flash: flash.filter(|flash| flash.form == name).cloned(),
        }
    }

    /// Returns the typed value of a field, or `otherwise` for a fresh form.
    pub fn value(&self, field: &str, otherwise: &str) -> String {
        self.flash
            .as_ref()
            .and_then(|flash| flash.values.get(field))
            .map_or_else(|| otherwise.to_owned(), Clone::clone)
    }

    /// Returns whether a checkbox was ticked, or `otherwise` for a fresh form.
    pub fn checked(&self, field: &str, otherwise: bool) -> bool {
        self.flash
            .as_ref()
            .map_or(otherwise, |flash| flash.values.contains_key(field))
    }

    /// Returns whether the form was submitted and rejected.
    pub fn was_rejected(&self) -> bool {
        self.flash
            .as_ref()
            .is_some_and(|flash| !flash.errors.is_empty() || flash.cause.is_some())
    }

    /// Returns whether a field was rejected with this code.
    pub fn has_error(&self, field: &str, code: &str) -> bool {
        self.flash.as_ref().is_some_and(|flash| {
            flash
                .errors
                .iter()
                .any(|error| error.pointer == field && error.code.code() == code)
        })
    }

    /// Returns the error of a field in the reader's language.
    pub fn error(&self, field: &str) -> Option<String> {
        self.error_code(field)
            .map(|code| i18n::errors::field_code(self.locale, code))
    }

    /// Returns why a field was rejected.
    fn error_code(&self, field: &str) -> Option<&FieldCode> {
        let errors = &self.flash.as_ref()?.errors;
        errors
            .iter()
            .find(|error| error.pointer == field)
            .map(|error| &error.code)
    }

    /// Returns the element ID of a field, to which the error summary links.
    pub fn id(&self, field: &str) -> String {
        format!("{}-{field}", self.name)
    }
}

/// Renders the list of errors above a form, each with a link to its field. It takes the focus so that screen readers
/// announce it.
#[component]
pub fn ErrorSummary(form: FormState) -> impl IntoView {
    let flash = form.flash.clone().filter(|_| form.was_rejected());
    flash.map(|flash| {
        let locale = form.locale;
        let count = flash.errors.len().max(1);
        let problem = flash
            .cause
            .map(|cause| (cause.problem().code(), i18n::errors::cause(locale, &cause)))
            .filter(|_| flash.errors.is_empty());
        view! {
            <div class="notice notice-bad" role="alert" tabindex="-1" autofocus=true>
                <h2>{word!(locale, "errors-title", count = count)}</h2>
                <ul>
                    {flash.errors.into_iter().map(|error| {
                        let target = format!("#{}", form.id(&error.pointer));
                        let code = error.code.code().to_owned();
                        view! { <li data-code=code><a href=target>{i18n::errors::field_error(locale, &error)}</a></li> }
                    }).collect_view()}
                    {problem.map(|(code, sentence)| view! { <li data-code=code>{sentence}</li> })}
                </ul>
            </div>
        }
    })
}

/// Renders the label, help and error around a control.
#[component]
fn FieldFrame(
    form: FormState,
    field: &'static str,
    label: String,
    #[prop(optional, into)] help: String,
    optional: bool,
    children: Children,
) -> impl IntoView {
    let code = form.error_code(field).map(|code| code.code().to_owned());
    let error = code.zip(form.error(field));
    let invalid = error.is_some();
    let optional = optional.then(|| format!(" ({})", word!(form.locale, "optional")));
    let id = form.id(field);
    let (help_id, error_id) = (format!("{id}-help"), format!("{id}-error"));
    view! {
        <div class="field" class:field-wrong=invalid>
            <label for=id>{label}<span class="quiet">{optional}</span></label>
            {children()}
            {(!help.is_empty()).then(|| view! { <p class="help" id=help_id>{help}</p> })}
            {error.map(|(code, sentence)| view! { <p class="field-error" id=error_id data-code=code>{sentence}</p> })}
        </div>
    }
}

fn described_by(form: &FormState, field: &str, has_help: bool) -> Option<String> {
    let id = form.id(field);
    let mut parts = Vec::new();
    if has_help {
        parts.push(format!("{id}-help"));
    }
    if form.error(field).is_some() {
        parts.push(format!("{id}-error"));
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn aria_invalid(form: &FormState, field: &str) -> Option<&'static str> {
    form.error(field).map(|_| "true")
}

/// A single-line field.
#[component]
pub fn TextField(
    form: FormState,
    field: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] inputmode: Option<&'static str>,
    #[prop(optional)] readonly: bool,
    #[prop(optional)] optional: bool,
    /// The minimum and maximum of a number.
    #[prop(optional)]
    range: Option<(i64, i64)>,
    /// Maximum length in characters.
    #[prop(optional)]
    max_length: Option<usize>,
) -> impl IntoView {
    let (min, max) = range.unzip();
    let value = if kind == "password" {
        String::new()
    } else {
        form.value(field, &value)
    };
    let describedby = described_by(&form, field, !help.is_empty());
    let (id, invalid) = (form.id(field), aria_invalid(&form, field));
    view! {
        <FieldFrame form field label help optional>
            <input id=id name=field type=kind value=value autocomplete=autocomplete inputmode=inputmode min=min max=max maxlength=max_length.map(|max_length| max_length.to_string()) readonly=readonly required=!optional aria-describedby=describedby aria-invalid=invalid/>
        </FieldFrame>
    }
}

/// A multi-line field. Leptos does not escape the text inside `<textarea>`, so it is escaped here.
#[component]
pub fn TextArea(
    form: FormState,
    field: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    #[prop(default = 4)] rows: u8,
    #[prop(optional)] optional: bool,
    /// Maximum length in characters.
    #[prop(optional)]
    max_length: Option<usize>,
) -> impl IntoView {
    let value = escape::html(&form.value(field, &value));
    let describedby = described_by(&form, field, !help.is_empty());
    let (id, invalid) = (form.id(field), aria_invalid(&form, field));
    // The HTML parser drops the first line break after the tag; this one protects a line break of the value.
    let value = format!("\n{value}");
    view! {
        <FieldFrame form field label help optional>
            <textarea id=id name=field rows=rows.to_string() maxlength=max_length.map(|max_length| max_length.to_string()) required=!optional aria-describedby=describedby aria-invalid=invalid dir="auto" inner_html=value></textarea>
        </FieldFrame>
    }
}

/// A choice of one option from a list.
#[component]
pub fn SelectField(
    form: FormState,
    field: &'static str,
    #[prop(into)] label: String,
    /// Value and label of each option.
    choices: Vec<(String, String)>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    #[prop(optional)] optional: bool,
) -> impl IntoView {
    let chosen = form.value(field, &value);
    let describedby = described_by(&form, field, !help.is_empty());
    let (id, invalid) = (form.id(field), aria_invalid(&form, field));
    let none = word!(form.locale, "select-option");
    view! {
        <FieldFrame form field label help optional>
            <select id=id name=field required=!optional aria-describedby=describedby aria-invalid=invalid>
                <option value="" selected=chosen.is_empty()>{none}</option>
                {choices.into_iter().map(|(value, words)| {
                    let selected = value == chosen;
                    view! { <option value=value selected=selected>{words}</option> }
                }).collect_view()}
            </select>
        </FieldFrame>
    }
}

/// A checkbox.
#[component]
pub fn CheckField(
    form: FormState,
    field: &'static str,
    #[prop(into)] label: String,
    #[prop(optional)] checked: bool,
    #[prop(optional, into)] help: String,
) -> impl IntoView {
    let checked = form.checked(field, checked);
    let (id, describedby) = (form.id(field), described_by(&form, field, !help.is_empty()));
    let (help_id, for_id) = (format!("{id}-help"), id.clone());
    view! {
        <div class="check">
            <input id=id name=field type="checkbox" value="on" checked=checked aria-describedby=describedby/>
            <label for=for_id>{label}</label>
            {(!help.is_empty()).then(|| view! { <p class="help" id=help_id>{help}</p> })}
        </div>
    }
}

/// A required upload of one file.
#[component]
pub fn FileField(
    form: FormState,
    field: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] help: String,
    accept: &'static str,
) -> impl IntoView {
    let describedby = described_by(&form, field, !help.is_empty());
    let (id, invalid) = (form.id(field), aria_invalid(&form, field));
    view! {
        <FieldFrame form field label help optional=false>
            <input id=id name=field type="file" accept=accept required=true aria-describedby=describedby aria-invalid=invalid/>
        </FieldFrame>
    }
}

/// An optional upload of photos from the device or its camera.
#[component]
pub fn PhotoField(
    form: FormState,
    field: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] help: String,
) -> impl IntoView {
    let describedby = described_by(&form, field, !help.is_empty());
    let (id, invalid) = (form.id(field), aria_invalid(&form, field));
    view! {
        <FieldFrame form field label help optional=true>
            <input id=id name=field type="file" accept="image/jpeg,image/png,image/webp" multiple=true aria-describedby=describedby aria-invalid=invalid/>
        </FieldFrame>
    }
}

/// An optional upload of several files.
#[component]
pub fn FilesField(
    form: FormState,
    field: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] help: String,
    accept: &'static str,
) -> impl IntoView {
    let describedby = described_by(&form, field, !help.is_empty());
    let (id, invalid) = (form.id(field), aria_invalid(&form, field));
    view! {
        <FieldFrame form field label help optional=true>
            <input id=id name=field type="file" accept=accept multiple=true aria-describedby=describedby aria-invalid=invalid/>
        </FieldFrame>
    }
}

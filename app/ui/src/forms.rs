//! Fields of forms: label above, help below, error in place, what was typed kept.

use domain::locale::Locale;
use leptos::prelude::*;

use crate::flash::Flash;
use crate::{escape, word, words};

/// What a form's fields need to know: its name, what was typed and what was wrong with it.
#[derive(Clone)]
pub struct FormState {
    /// The form's name, unique on its page.
    pub name: &'static str,
    /// The language.
    pub locale: Locale,
    flash: Option<Flash>,
}

impl FormState {
    /// The state of a form: what the flash says if it is about this form.
    pub fn new(name: &'static str, locale: Locale, flash: Option<&Flash>) -> Self {
        Self {
            name,
            locale,
            flash: flash.filter(|flash| flash.form == name).cloned(),
        }
    }

    /// What was typed into a field, or else a first value.
    pub fn value(&self, field: &str, otherwise: &str) -> String {
        self.flash
            .as_ref()
            .and_then(|flash| flash.values.get(field))
            .map_or_else(|| otherwise.to_owned(), Clone::clone)
    }

    /// Whether a box was ticked; a form that came back without it says no.
    pub fn ticked(&self, field: &str, otherwise: bool) -> bool {
        self.flash
            .as_ref()
            .map_or(otherwise, |flash| flash.values.contains_key(field))
    }

    /// Whether the form came back with mistakes.
    pub fn came_back(&self) -> bool {
        self.flash
            .as_ref()
            .is_some_and(|flash| !flash.errors.is_empty() || flash.problem.is_some())
    }

    /// Whether a field came back with this code.
    pub fn has_error(&self, field: &str, code: &str) -> bool {
        self.flash.as_ref().is_some_and(|flash| {
            flash
                .errors
                .iter()
                .any(|error| error.pointer == field && error.code == code)
        })
    }

    /// What is wrong with a field, in words.
    pub fn error(&self, field: &str) -> Option<String> {
        let error = self
            .flash
            .as_ref()?
            .errors
            .iter()
            .find(|error| error.pointer == field)?;
        Some(words::error(self.locale, &error.code, &error.detail))
    }

    /// The id of a field, to which the list of mistakes leads.
    pub fn id(&self, field: &str) -> String {
        format!("{}-{field}", self.name)
    }
}

/// The list of mistakes above a form; each leads to its field. It takes the focus so that nobody misses it.
#[component]
pub fn ErrorSummary(form: FormState) -> impl IntoView {
    let flash = form.flash.clone().filter(|_| form.came_back());
    flash.map(|flash| {
        let locale = form.locale;
        let count = flash.errors.len().max(1);
        let problem = flash
            .problem
            .map(|(code, detail)| words::error(locale, &code, &detail))
            .filter(|_| flash.errors.is_empty());
        view! {
            <div class="notice notice-bad" role="alert" tabindex="-1" autofocus=true>
                <h2>{word!(locale, "errors-title", count = count)}</h2>
                <ul>
                    {flash.errors.into_iter().map(|error| {
                        let target = format!("#{}", form.id(&error.pointer));
                        view! { <li><a href=target>{words::mistake(locale, &error.pointer, &error.code, &error.detail)}</a></li> }
                    }).collect_view()}
                    {problem.map(|text| view! { <li>{text}</li> })}
                </ul>
            </div>
        }
    })
}

/// What stands around a control: label, help, error.
#[component]
fn Around(
    form: FormState,
    field: &'static str,
    label: String,
    #[prop(optional, into)] help: String,
    optional: bool,
    children: Children,
) -> impl IntoView {
    let error = form.error(field);
    let wrong = error.is_some();
    let optional = optional.then(|| format!(" ({})", word!(form.locale, "optional")));
    let id = form.id(field);
    let (help_id, error_id) = (format!("{id}-help"), format!("{id}-error"));
    view! {
        <div class="field" class:field-wrong=wrong>
            <label for=id>{label}<span class="quiet">{optional}</span></label>
            {children()}
            {(!help.is_empty()).then(|| view! { <p class="help" id=help_id>{help}</p> })}
            {error.map(|error| view! { <p class="field-error" id=error_id>{error}</p> })}
        </div>
    }
}

fn described(form: &FormState, field: &str, has_help: bool) -> Option<String> {
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

fn invalid(form: &FormState, field: &str) -> Option<&'static str> {
    form.error(field).map(|_| "true")
}

/// A field of one line.
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
    /// The smallest and the largest number.
    #[prop(optional)]
    range: Option<(i64, i64)>,
    /// The most characters.
    #[prop(optional)]
    most: Option<usize>,
) -> impl IntoView {
    let (least, largest) = range.unzip();
    let value = if kind == "password" {
        String::new()
    } else {
        form.value(field, &value)
    };
    let describedby = described(&form, field, !help.is_empty());
    let (id, wrong) = (form.id(field), invalid(&form, field));
    view! {
        <Around form field label help optional>
            <input id=id name=field type=kind value=value autocomplete=autocomplete inputmode=inputmode min=least max=largest maxlength=most.map(|most| most.to_string()) readonly=readonly required=!optional aria-describedby=describedby aria-invalid=wrong/>
        </Around>
    }
}

/// A field of several lines. Leptos does not escape the text inside this element, so it is done here and nowhere else.
#[component]
pub fn TextArea(
    form: FormState,
    field: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    #[prop(default = 4)] rows: u8,
    #[prop(optional)] optional: bool,
    /// The most characters.
    #[prop(optional)]
    most: Option<usize>,
) -> impl IntoView {
    let value = escape::html(&form.value(field, &value));
    let describedby = described(&form, field, !help.is_empty());
    let (id, wrong) = (form.id(field), invalid(&form, field));
    // The parser drops one line break after the tag, so one is put there that may be dropped.
    let value = format!("\n{value}");
    view! {
        <Around form field label help optional>
            <textarea id=id name=field rows=rows.to_string() maxlength=most.map(|most| most.to_string()) required=!optional aria-describedby=describedby aria-invalid=wrong dir="auto" inner_html=value></textarea>
        </Around>
    }
}

/// A choice of one from a list.
#[component]
pub fn SelectField(
    form: FormState,
    field: &'static str,
    #[prop(into)] label: String,
    /// Value and words of each choice.
    choices: Vec<(String, String)>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    #[prop(optional)] optional: bool,
) -> impl IntoView {
    let chosen = form.value(field, &value);
    let describedby = described(&form, field, !help.is_empty());
    let (id, wrong) = (form.id(field), invalid(&form, field));
    let none = word!(form.locale, "select-option");
    view! {
        <Around form field label help optional>
            <select id=id name=field required=!optional aria-describedby=describedby aria-invalid=wrong>
                <option value="" selected=chosen.is_empty()>{none}</option>
                {choices.into_iter().map(|(value, words)| {
                    let selected = value == chosen;
                    view! { <option value=value selected=selected>{words}</option> }
                }).collect_view()}
            </select>
        </Around>
    }
}

/// A box to tick.
#[component]
pub fn CheckField(
    form: FormState,
    field: &'static str,
    #[prop(into)] label: String,
    #[prop(optional)] ticked: bool,
    #[prop(optional, into)] help: String,
) -> impl IntoView {
    let ticked = form.ticked(field, ticked);
    let (id, describedby) = (form.id(field), described(&form, field, !help.is_empty()));
    let (help_id, for_id) = (format!("{id}-help"), id.clone());
    view! {
        <div class="check">
            <input id=id name=field type="checkbox" value="on" checked=ticked aria-describedby=describedby/>
            <label for=for_id>{label}</label>
            {(!help.is_empty()).then(|| view! { <p class="help" id=help_id>{help}</p> })}
        </div>
    }
}

/// One file.
#[component]
pub fn FileField(
    form: FormState,
    field: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] help: String,
    accept: &'static str,
) -> impl IntoView {
    let describedby = described(&form, field, !help.is_empty());
    let (id, wrong) = (form.id(field), invalid(&form, field));
    view! {
        <Around form field label help optional=false>
            <input id=id name=field type="file" accept=accept required=true aria-describedby=describedby aria-invalid=wrong/>
        </Around>
    }
}

/// A choice of photos from the device or its camera.
#[component]
pub fn PhotoField(
    form: FormState,
    field: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] help: String,
) -> impl IntoView {
    let describedby = described(&form, field, !help.is_empty());
    let (id, wrong) = (form.id(field), invalid(&form, field));
    view! {
        <Around form field label help optional=true>
            <input id=id name=field type="file" accept="image/jpeg,image/png,image/webp" multiple=true aria-describedby=describedby aria-invalid=wrong/>
        </Around>
    }
}

/// A choice of several files.
#[component]
pub fn FilesField(
    form: FormState,
    field: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] help: String,
    accept: &'static str,
) -> impl IntoView {
    let describedby = described(&form, field, !help.is_empty());
    let (id, wrong) = (form.id(field), invalid(&form, field));
    view! {
        <Around form field label help optional=true>
            <input id=id name=field type="file" accept=accept multiple=true aria-describedby=describedby aria-invalid=wrong/>
        </Around>
    }
}

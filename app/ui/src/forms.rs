//! Form fields with label, help and error; typed values are shown again after an error.

use chrono::{DateTime, Utc};
use domain::drafts::form_of_item;
use domain::fields::{FieldCode, ScheduleConflict};
use domain::locale::Locale;
use domain::problems::Problem;
use leptos::prelude::*;

use crate::drafts::{DraftNote, PageDrafts};
use crate::flash::Flash;
use crate::icons::Icon;
use crate::islands::SendFiles;
use crate::{escape, i18n, word};

/// The state of a form that its fields render: typed values and errors.
#[derive(Clone)]
pub struct FormState {
    /// The form's name, unique on its page.
    pub name: &'static str,
    pub locale: Locale,
    /// The record that the form is about; see [`Self::of_item`].
    item: String,
    flash: Option<Flash>,
    /// Whether nothing is saved yet: the values with which the form opens are proposals.
    is_new: bool,
    /// When the values were typed, if they come from a draft.
    pub(crate) draft_saved_at: Option<DateTime<Utc>>,
}

impl FormState {
    /// Creates the state of a form; the flash message is used only if it belongs to this form. Without one, the form
    /// contains what the reader has typed into it before and not sent.
    pub fn new(name: &'static str, locale: Locale, flash: Option<&Flash>) -> Self {
        Self::of_item(name, "", locale, flash)
    }

    /// Creates the state of a form that the page shows for several records, or for one that its path does not name: a draft of
    /// another one is not used. `item` is that of [`ActionForm::item`](crate::actions::ActionForm::item); the caller passes the
    /// flash message of this one.
    pub fn of_item(name: &'static str, item: impl ToString, locale: Locale, flash: Option<&Flash>) -> Self {
        let item = item.to_string();
        if let Some(flash) = flash.filter(|flash| flash.form == name) {
            return Self {
                name,
                locale,
                item,
                flash: Some(flash.clone()),
                is_new: false,
                draft_saved_at: None,
            };
        }
        let draft = PageDrafts::of_form(&form_of_item(name, &item));
        Self {
            name,
            locale,
            item,
            is_new: false,
            draft_saved_at: draft.as_ref().map(|draft| draft.updated_at),
            flash: draft.map(|draft| Flash {
                form: name.to_owned(),
                values: draft.values,
                ..Flash::default()
            }),
        }
    }

    /// Marks a form of something that is not saved yet, so that no proposal is shown as the saved value.
    pub fn of_new(self) -> Self {
        Self { is_new: true, ..self }
    }

    /// Returns the name under which a draft of the form is kept, for its fields.
    pub fn draft_name(&self) -> String {
        PageDrafts::rendered(self.name);
        form_of_item(self.name, &self.item)
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

    /// Returns whether the form contains typed values, after an error or from a draft, and must therefore be visible.
    pub fn has_typed_values(&self) -> bool {
        self.flash.is_some()
    }

    /// Returns whether the form was submitted and rejected.
    pub fn was_rejected(&self) -> bool {
        self.flash
            .as_ref()
            .is_some_and(|flash| !flash.errors.is_empty() || flash.cause.is_some())
    }

    /// Returns the saved value of a field, if the typed one differs and the record may have been changed since: the form
    /// was rejected for that, or its values come from a draft.
    fn saved_value(&self, field: &str, saved: &str) -> Option<String> {
        let flash = self.flash.as_ref().filter(|_| !self.is_new)?;
        let is_draft_of_saved = self.draft_saved_at.is_some() && !saved.is_empty();
        ((is_stale(flash) || is_draft_of_saved)
            && flash.values.get(field).map(String::as_str).unwrap_or_default() != saved)
            .then(|| saved.to_owned())
    }

    /// Returns the saved state of a checkbox, where [`saved_value`](Self::saved_value) would return a value.
    fn saved_check(&self, field: &str, saved: bool) -> Option<bool> {
        let flash = self.flash.as_ref().filter(|_| !self.is_new)?;
        (is_stale(flash) && flash.values.contains_key(field) != saved).then_some(saved)
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

    /// Returns the scheduling conflicts for which a field was rejected.
    pub fn schedule_conflicts(&self, field: &str) -> Vec<ScheduleConflict> {
        let errors = self.flash.iter().flat_map(|flash| &flash.errors);
        errors
            .filter(|error| error.pointer == field)
            .filter_map(|error| match &error.code {
                FieldCode::Schedule(conflict) => Some(conflict.clone()),
                _ => None,
            })
            .collect()
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

/// Returns whether a form was rejected because its record was changed meanwhile.
fn is_stale(flash: &Flash) -> bool {
    let mut problem = flash.cause.iter().map(|cause| cause.problem());
    problem.any(|problem| problem == Problem::ConcurrentModification)
}

/// Renders the list of errors above a form, each with a link to its field. It takes the focus so that screen readers
/// announce it.
#[component]
pub fn ErrorSummary(form: FormState) -> impl IntoView {
    PageDrafts::rendered(form.name);
    let flash = form.flash.clone().filter(|_| form.was_rejected());
    let note = form.draft_saved_at.map(|_| view! { <DraftNote form=form.clone()/> });
    let errors = flash.map(|flash| {
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
    });
    view! { {note}{errors} }
}

/// Renders the label, help and error around a control.
#[component]
fn FieldFrame(
    form: FormState,
    field: &'static str,
    label: String,
    #[prop(optional, into)] help: String,
    /// What is saved, where it differs from what was typed; see [`FormState::saved_value`].
    #[prop(optional_no_strip)]
    saved: Option<String>,
    optional: bool,
    children: Children,
) -> impl IntoView {
    let locale = form.locale;
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
            {saved.map(|saved| view! { <SavedValue locale saved/> })}
            {error.map(|(code, sentence)| view! { <p class="field-error" id=error_id data-code=code>{sentence}</p> })}
        </div>
    }
}

/// The saved value below a field that keeps a different typed value.
#[component]
fn SavedValue(locale: Locale, saved: String) -> impl IntoView {
    let saved = if saved.is_empty() {
        word!(locale, "saved-value-empty")
    } else {
        saved
    };
    view! { <p class="help saved-value"><span>{word!(locale, "saved-value")}</span>" "<bdi>{saved}</bdi></p> }
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
    let saved = (kind != "password").then(|| form.saved_value(field, &value)).flatten();
    let value = if kind == "password" {
        String::new()
    } else {
        form.value(field, &value)
    };
    let describedby = described_by(&form, field, !help.is_empty());
    let (id, invalid, form_name) = (form.id(field), aria_invalid(&form, field), form.draft_name());
    view! {
        <FieldFrame form field label help saved optional>
            <input id=id name=field data-form=form_name type=kind value=value autocomplete=autocomplete inputmode=inputmode min=min max=max maxlength=max_length.map(|max_length| max_length.to_string()) readonly=readonly required=!optional aria-describedby=describedby aria-invalid=invalid/>
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
    let saved = form.saved_value(field, &value);
    let value = escape::html(&form.value(field, &value));
    let describedby = described_by(&form, field, !help.is_empty());
    let (id, invalid, form_name) = (form.id(field), aria_invalid(&form, field), form.draft_name());
    // The HTML parser drops the first line break after the tag; this one protects a line break of the value.
    let value = format!("\n{value}");
    view! {
        <FieldFrame form field label help saved optional>
            <textarea id=id name=field data-form=form_name rows=rows.to_string() maxlength=max_length.map(|max_length| max_length.to_string()) required=!optional aria-describedby=describedby aria-invalid=invalid dir="auto" inner_html=value></textarea>
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
    let saved = form.saved_value(field, &value);
    let saved = saved.map(|saved| {
        let choice = choices.iter().find(|(value, _)| *value == saved);
        choice.map_or(saved.clone(), |(_, words)| words.clone())
    });
    let describedby = described_by(&form, field, !help.is_empty());
    let (id, invalid, form_name) = (form.id(field), aria_invalid(&form, field), form.draft_name());
    let none = word!(form.locale, "select-option");
    view! {
        <FieldFrame form field label help saved optional>
            <select id=id name=field data-form=form_name required=!optional aria-describedby=describedby aria-invalid=invalid>
                <option value="" selected=chosen.is_empty()>{none}</option>
                {choices.into_iter().map(|(value, words)| {
                    let selected = value == chosen;
                    view! { <option value=value selected=selected>{words}</option> }
                }).collect_view()}
            </select>
        </FieldFrame>
    }
}

/// One of the options of a [`ChoiceField`].
#[derive(Debug, Clone)]
pub struct Choice {
    pub value: String,
    pub label: String,
    /// A quiet line below the label; may be empty.
    pub note: String,
    pub icon: Option<&'static str>,
}

/// A choice of one of a few options that are all shown: as tiles beside each other if they have icons, otherwise as rows.
#[component]
pub fn ChoiceField(
    form: FormState,
    field: &'static str,
    #[prop(into)] label: String,
    choices: Vec<Choice>,
    #[prop(optional, into)] value: String,
) -> impl IntoView {
    let chosen = form.value(field, &value);
    let describedby = described_by(&form, field, false);
    let (id, invalid, form_name) = (form.id(field), aria_invalid(&form, field), form.draft_name());
    let code = form.error_code(field).map(|code| code.code().to_owned());
    let error = code.zip(form.error(field));
    let (is_wrong, error_id) = (error.is_some(), format!("{id}-error"));
    let class = if choices.iter().any(|choice| choice.icon.is_some()) {
        "choice choice-tiles"
    } else {
        "choice"
    };
    view! {
        <fieldset class=class class:field-wrong=is_wrong aria-describedby=describedby><legend>{label}</legend>
            {choices.into_iter().enumerate().map(|(index, choice)| {
                // The summary of errors leads to the first option.
                let id = if index == 0 { id.clone() } else { format!("{id}-{index}") };
                let is_chosen = choice.value == chosen;
                view! {
                    <div class="option"><input type="radio" id=id.clone() name=field value=choice.value data-form=form_name.clone() checked=is_chosen required=true aria-invalid=invalid/>
                        <label for=id>{choice.icon.map(|name| view! { <span class="icon-tile"><Icon name=name/></span> })}<span class="option-text"><strong>{choice.label}</strong>{(!choice.note.is_empty()).then(|| view! { <span class="quiet">{choice.note}</span> })}</span></label></div>
                }
            }).collect_view()}
            {error.map(|(code, sentence)| view! { <p class="field-error" id=error_id data-code=code>{sentence}</p> })}
        </fieldset>
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
    /// What a ticked box sends.
    #[prop(default = "on".to_owned(), into)]
    value: String,
) -> impl IntoView {
    let saved = form.saved_check(field, checked).map(|saved| match saved {
        true => word!(form.locale, "saved-value-on"),
        false => word!(form.locale, "saved-value-off"),
    });
    let checked = form.checked(field, checked);
    let locale = form.locale;
    let (id, describedby) = (form.id(field), described_by(&form, field, !help.is_empty()));
    let (help_id, for_id) = (format!("{id}-help"), id.clone());
    view! {
        <div class="check">
            <input id=id name=field data-form=form.draft_name() type="checkbox" value=value checked=checked aria-describedby=describedby/>
            <label for=for_id>{label}</label>
            {(!help.is_empty()).then(|| view! { <p class="help" id=help_id>{help}</p> })}
            {saved.map(|saved| view! { <SavedValue locale saved/> })}
        </div>
    }
}

/// The progress of a form's upload.
#[component]
pub fn UploadState(locale: Locale) -> impl IntoView {
    view! {
        <SendFiles/>
        <div class="upload" data-upload data-testid="upload">
            <p class="row" hidden><progress max="100" value="0" aria-label=word!(locale, "upload-progress")></progress><button class="button button-quiet" type="button">{word!(locale, "upload-cancel")}</button></p>
            <p class="error" role="alert" hidden>{word!(locale, "upload-not-sent")}</p>
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
    let (id, invalid, locale) = (form.id(field), aria_invalid(&form, field), form.locale);
    view! {
        <FieldFrame form field label help optional=false>
            <input id=id name=field type="file" accept=accept required=true aria-describedby=describedby aria-invalid=invalid/>
            <UploadState locale/>
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
    let (id, invalid, locale) = (form.id(field), aria_invalid(&form, field), form.locale);
    view! {
        <FieldFrame form field label help optional=true>
            <input id=id name=field type="file" accept="image/jpeg,image/png,image/webp" multiple=true aria-describedby=describedby aria-invalid=invalid/>
            <UploadState locale/>
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
    let (id, invalid, locale) = (form.id(field), aria_invalid(&form, field), form.locale);
    view! {
        <FieldFrame form field label help optional=true>
            <input id=id name=field type="file" accept=accept multiple=true aria-describedby=describedby aria-invalid=invalid/>
            <UploadState locale/>
        </FieldFrame>
    }
}

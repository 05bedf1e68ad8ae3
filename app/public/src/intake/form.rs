//! Public forms: requests without an account, in the languages that the organization has written.

use std::sync::Arc;

use domain::intake::form::{FieldMode, FormField, FormSettings};
use domain::intake::{DayPart, MAX_FILE_BYTES, MAX_FILES, MAX_WINDOWS};
use domain::locale::Locale;
use domain::terminology::Terminology;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use ui::forms::{CheckField, ErrorSummary, FilesField, FormState, SelectField, TextArea, TextField};
use ui::islands::SubmitOnce;
use ui::requests::day_part_choices;
use ui::shell::{self, App, Assets};
use ui::title::Title;

use crate::islands::{CheckFiles, KeepTyped, ProofOfWork};
use crate::t;

/// The form's name on its page.
pub const FORM: &str = "intake";

/// The data of a form page.
#[derive(Clone)]
pub struct IntakePage {
    /// The part of the URL that identifies the form.
    pub slug: String,
    /// The organization's name.
    pub tenant: String,
    /// The organization's terminology.
    pub words: Arc<Terminology>,
    /// The form's fields and texts.
    pub settings: FormSettings,
    /// The signed ticket that the submission must contain.
    pub ticket: String,
    pub locale: Locale,
    /// Typed values and errors of a rejected submission.
    pub form: FormState,
    /// Whether this is a preview, which cannot be submitted.
    pub preview: bool,
}

const WINDOW_FIELDS: [(&str, &str); MAX_WINDOWS] = [("date_1", "part_1"), ("date_2", "part_2"), ("date_3", "part_3")];

/// `/intake/{form}`.
pub fn page(assets: &Assets, page: IntakePage) -> impl IntoView + use<> {
    provide_meta_context();
    let locale = page.locale;
    let texts = page.settings.texts(locale);
    shell::document_in(locale, App::Intake, assets, move || {
        view! {
            <Title text=texts.title.clone()/>
            <div class="column">
                <Top tenant=page.tenant.clone() settings=page.settings.clone() locale slug=page.slug.clone()/>
                <main id="main" tabindex="-1">
                    <h1>{texts.title}</h1>
                    {(!texts.intro.is_empty()).then(|| view! { <p class="lead prose">{texts.intro}</p> })}
                    {(!page.preview).then(|| view! { <KeepTyped/> })}
                    <Fields page/>
                </main>
            </div>
        }
    })
}

/// The organization's name and the languages in which the form is available.
#[component]
fn Top(tenant: String, settings: FormSettings, locale: Locale, slug: String) -> impl IntoView {
    let available: Vec<Locale> = Locale::ALL
        .into_iter()
        .filter(|locale| {
            settings
                .texts
                .get(locale.tag())
                .is_some_and(|texts| !texts.title.is_empty())
        })
        .collect();
    view! {
        <header class="top-line">
            <p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{tenant}</bdi></p>
            {(available.len() > 1).then(|| view! {
                <nav class="languages" aria-label=ui::i18n::shared::language(locale)>{available.into_iter().map(|other| {
                    let is_current = (other == locale).then_some("true");
                    view! { <a class="button button-quiet" href=format!("/intake/{slug}?lang={}", other.tag()) lang=other.tag() hreflang=other.tag() aria-current=is_current>{other.own_name()}</a> }
                }).collect_view()}</nav>
            })}
        </header>
    }
}

/// The form with the fields that its settings turn on.
#[component]
fn Fields(page: IntakePage) -> impl IntoView {
    let (locale, form) = (page.locale, page.form);
    let modes = FieldModes::of(&page.settings);
    let services: Vec<(String, String)> = page
        .settings
        .service_types
        .iter()
        .map(|kind| (kind.name().to_owned(), page.words.service_type(*kind, locale)))
        .collect();
    let only = if services.len() == 1 {
        services[0].0.clone()
    } else {
        String::new()
    };
    let action = if page.preview {
        String::new()
    } else {
        format!("/intake/{}?lang={}", page.slug, locale.tag())
    };
    view! {
        <SubmitOnce>
        <form class="card" method="post" action=action enctype="multipart/form-data">
            <ErrorSummary form=form.clone()/>
            <input type="hidden" name="ticket" value=page.ticket.clone()/>
            {(!page.preview).then(|| view! { <ProofOfWork ticket=page.ticket/> })}
            <p class="website" aria-hidden="true"><label for="website">{t!(locale, "leave-empty")}</label><input id="website" name="website" tabindex="-1" autocomplete="off"/></p>
            <SelectField form=form.clone() field="service_type" label=t!(locale, "request-service") choices=services value=only/>
            <TextArea form=form.clone() field="description" label=t!(locale, "description") help=t!(locale, "description-help") rows=5/>
            {modes.has(FormField::Urgency).then(|| view! { <CheckField form=form.clone() field="urgent" label=t!(locale, "urgent") help=t!(locale, "urgent-help")/> })}
            {modes.has(FormField::Address).then(|| view! { <AddressFields form=form.clone() optional=modes.is_optional(FormField::Address) locale/> })}
            {modes.has(FormField::Windows).then(|| view! { <WindowFields form=form.clone() optional=modes.is_optional(FormField::Windows) locale/> })}
            {modes.has(FormField::Files).then(|| view! { <FileFields form=form.clone() locale/> })}
            {modes.has_requester().then(|| view! { <RequesterFields form modes locale/> })}
            <p class="help">{t!(locale, "privacy", tenant = page.tenant)}</p>
            <button class="button button-primary button-large" type="submit" disabled=page.preview>{t!(locale, "send")}</button>
        </form>
        </SubmitOnce>
    }
}

/// Which fields a form shows and requires.
#[derive(Clone, Copy)]
struct FieldModes([FieldMode; FormField::ALL.len()]);

impl FieldModes {
    fn of(settings: &FormSettings) -> Self {
        let mut modes = [FieldMode::Off; FormField::ALL.len()];
        for field in FormField::ALL {
            modes[*field as usize] = settings.mode(*field);
        }
        Self(modes)
    }

    fn has(self, field: FormField) -> bool {
        self.0[field as usize] != FieldMode::Off
    }

    fn is_optional(self, field: FormField) -> bool {
        self.0[field as usize] != FieldMode::Required
    }

    /// Returns whether any field about the requester is shown.
    fn has_requester(self) -> bool {
        [
            FormField::Name,
            FormField::Organisation,
            FormField::Email,
            FormField::Phone,
        ]
        .into_iter()
        .any(|field| self.has(field))
    }
}

/// The address of the location.
#[component]
fn AddressFields(form: FormState, optional: bool, locale: Locale) -> impl IntoView {
    view! {
        <fieldset class="group"><legend>{t!(locale, "location")}</legend>
            <TextField form=form.clone() field="street" label=t!(locale, "street") optional autocomplete="street-address"/>
            <div class="pair">
                <TextField form=form.clone() field="postal_code" label=t!(locale, "postal-code") optional autocomplete="postal-code" inputmode="numeric"/>
                <TextField form field="city" label=t!(locale, "city") optional autocomplete="address-level2"/>
            </div>
        </fieldset>
    }
}

/// The preferred days and times of day; only the first can be required.
#[component]
fn WindowFields(form: FormState, optional: bool, locale: Locale) -> impl IntoView {
    let parts = day_part_choices(locale);
    view! {
        <fieldset class="group"><legend>{t!(locale, "preferred-dates")}</legend>
            <p class="help">{t!(locale, "preferred-dates-help")}</p>
            {WINDOW_FIELDS.iter().enumerate().map(|(index, (date, part))| {
                let is_optional = index != 0 || optional;
                view! {
                    <div class="pair">
                        <TextField form=form.clone() field=date kind="date" label=t!(locale, "day-number", number = (index + 1)) optional=is_optional/>
                        <SelectField form=form.clone() field=part label=t!(locale, "time-of-day") choices=parts.clone() value=DayPart::AllDay.name()/>
                    </div>
                }
            }).collect_view()}
        </fieldset>
    }
}

/// The uploads; their number and size are checked before the form is sent.
#[component]
fn FileFields(form: FormState, locale: Locale) -> impl IntoView {
    let max_size_mb = (MAX_FILE_BYTES / 1024 / 1024).to_string();
    let help = t!(locale, "files-help", most = MAX_FILES, size = max_size_mb.clone());
    let message = t!(locale, "files-limit", most = MAX_FILES, size = max_size_mb);
    view! {
        <CheckFiles max_files=MAX_FILES max_file_bytes=MAX_FILE_BYTES message unreadable=t!(locale, "files-heic")><FilesField form field="files" label=t!(locale, "files") help accept="image/jpeg,image/png,image/webp,application/pdf"/></CheckFiles>
    }
}

/// The contact details of the requester.
#[component]
fn RequesterFields(form: FormState, modes: FieldModes, locale: Locale) -> impl IntoView {
    view! {
        <fieldset class="group"><legend>{t!(locale, "contact-details")}</legend>
            {modes.has(FormField::Name).then(|| view! { <TextField form=form.clone() field="name" label=t!(locale, "name") optional=modes.is_optional(FormField::Name) autocomplete="name"/> })}
            {modes.has(FormField::Organisation).then(|| view! { <TextField form=form.clone() field="organisation" label=t!(locale, "organization") optional=modes.is_optional(FormField::Organisation) autocomplete="organization"/> })}
            {modes.has(FormField::Email).then(|| view! { <TextField form=form.clone() field="email" kind="email" label=t!(locale, "email") help=t!(locale, "email-help") optional=modes.is_optional(FormField::Email) autocomplete="email"/> })}
            {modes.has(FormField::Phone).then(|| view! { <TextField form=form.clone() field="phone" kind="tel" label=t!(locale, "phone") optional=modes.is_optional(FormField::Phone) autocomplete="tel"/> })}
        </fieldset>
    }
}

/// The page of a form that accepts no more requests or does not exist.
pub fn form_closed(assets: &Assets, locale: Locale) -> impl IntoView + use<> {
    provide_meta_context();
    shell::document_in(locale, App::Intake, assets, move || {
        view! {
            <Title text=t!(locale, "closed-title")/>
            <div class="column"><main id="main"><h1>{t!(locale, "closed-title")}</h1><p class="lead">{t!(locale, "closed-text")}</p></main></div>
        }
    })
}

/// A page with a single message.
pub fn message_page(assets: &Assets, locale: Locale, text: String) -> impl IntoView + use<> {
    provide_meta_context();
    shell::document_in(locale, App::Intake, assets, move || {
        view! {
            <Title text="Ordinavo"/>
            <div class="column"><main id="main"><p class="notice notice-bad" role="alert">{text}</p></main></div>
        }
    })
}

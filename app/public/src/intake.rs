//! Public forms: requests without an account, in the languages that the organization has written.

use std::sync::Arc;

use domain::intake::form::{FieldMode, FormField, FormSettings};
use domain::intake::{DayPart, MAX_FILE_BYTES, MAX_FILES, MAX_WINDOWS};
use domain::locale::Locale;
use domain::terminology::Terminology;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use ui::forms::{CheckField, ErrorSummary, FilesField, FormState, SelectField, TextArea, TextField};
use ui::islands::SendOnce;
use ui::shell::{self, App, Assets};
use ui::title::Title;

use crate::i18n::by_key;
use crate::islands::{CheckFiles, ProofOfWork};
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

#[component]
fn Fields(page: IntakePage) -> impl IntoView {
    let (locale, settings, form) = (page.locale, page.settings, page.form);
    let mut modes = [FieldMode::Off; FormField::ALL.len()];
    for field in FormField::ALL {
        modes[*field as usize] = settings.mode(*field);
    }
    let has = move |field: FormField| modes[field as usize] != FieldMode::Off;
    let optional = move |field: FormField| modes[field as usize] != FieldMode::Required;
    let (address_form, window_form, file_form, requester_form) =
        (form.clone(), form.clone(), form.clone(), form.clone());
    let services: Vec<(String, String)> = settings
        .service_types
        .iter()
        .map(|kind| (kind.name().to_owned(), page.words.service_type(*kind, locale)))
        .collect();
    let only = if services.len() == 1 {
        services[0].0.clone()
    } else {
        String::new()
    };
    let parts: Vec<(String, String)> = [DayPart::AllDay, DayPart::Morning, DayPart::Afternoon]
        .into_iter()
        .map(|part| (part.name().to_owned(), by_key(locale, &format!("part-{}", part.name()))))
        .collect();
    let max_size_mb = (MAX_FILE_BYTES / 1024 / 1024).to_string();
    let files_help = t!(locale, "files-help", most = MAX_FILES, size = max_size_mb.clone());
    let files_limit = t!(locale, "files-limit", most = MAX_FILES, size = max_size_mb);
    let action = if page.preview {
        String::new()
    } else {
        format!("/intake/{}?lang={}", page.slug, locale.tag())
    };
    let about_requester = [
        FormField::Name,
        FormField::Organisation,
        FormField::Email,
        FormField::Phone,
    ]
    .into_iter()
    .any(has);
    view! {
        <SendOnce>
        <form class="card" method="post" action=action enctype="multipart/form-data">
            <ErrorSummary form=form.clone()/>
            <input type="hidden" name="ticket" value=page.ticket.clone()/>
            {(!page.preview).then(|| view! { <ProofOfWork ticket=page.ticket/> })}
            <p class="website" aria-hidden="true"><label for="website">{t!(locale, "leave-empty")}</label><input id="website" name="website" tabindex="-1" autocomplete="off"/></p>
            <SelectField form=form.clone() field="service_type" label=t!(locale, "request-service") choices=services value=only/>
            <TextArea form=form.clone() field="description" label=t!(locale, "description") help=t!(locale, "description-help") rows=5/>
            {has(FormField::Urgency).then(|| view! { <CheckField form=form.clone() field="urgent" label=t!(locale, "urgent") help=t!(locale, "urgent-help")/> })}
            {has(FormField::Address).then(|| view! {
                <fieldset class="group"><legend>{t!(locale, "location")}</legend>
                    <TextField form=address_form.clone() field="street" label=t!(locale, "street") optional=optional(FormField::Address) autocomplete="street-address"/>
                    <div class="pair">
                        <TextField form=address_form.clone() field="postal_code" label=t!(locale, "postal-code") optional=optional(FormField::Address) autocomplete="postal-code" inputmode="numeric"/>
                        <TextField form=address_form.clone() field="city" label=t!(locale, "city") optional=optional(FormField::Address) autocomplete="address-level2"/>
                    </div>
                </fieldset>
            })}
            {has(FormField::Windows).then(|| view! {
                <fieldset class="group"><legend>{t!(locale, "preferred-dates")}</legend>
                    <p class="help">{t!(locale, "preferred-dates-help")}</p>
                    {WINDOW_FIELDS.iter().enumerate().map(|(index, (date, part))| {
                        let is_optional = index != 0 || optional(FormField::Windows);
                        view! {
                            <div class="pair">
                                <TextField form=window_form.clone() field=date kind="date" label=t!(locale, "day-number", number = (index + 1)) optional=is_optional/>
                                <SelectField form=window_form.clone() field=part label=t!(locale, "time-of-day") choices=parts.clone() value=DayPart::AllDay.name()/>
                            </div>
                        }
                    }).collect_view()}
                </fieldset>
            })}
            {has(FormField::Files).then(|| view! {
                <CheckFiles max_files=MAX_FILES max_file_bytes=MAX_FILE_BYTES message=files_limit><FilesField form=file_form field="files" label=t!(locale, "files") help=files_help accept="image/jpeg,image/png,image/webp,application/pdf"/></CheckFiles>
            })}
            {about_requester.then(|| view! {
                <fieldset class="group"><legend>{t!(locale, "contact-details")}</legend>
                    {has(FormField::Name).then(|| view! { <TextField form=requester_form.clone() field="name" label=t!(locale, "name") optional=optional(FormField::Name) autocomplete="name"/> })}
                    {has(FormField::Organisation).then(|| view! { <TextField form=requester_form.clone() field="organisation" label=t!(locale, "organization") optional=optional(FormField::Organisation) autocomplete="organization"/> })}
                    {has(FormField::Email).then(|| view! { <TextField form=requester_form.clone() field="email" kind="email" label=t!(locale, "email") help=t!(locale, "email-help") optional=optional(FormField::Email) autocomplete="email"/> })}
                    {has(FormField::Phone).then(|| view! { <TextField form=requester_form.clone() field="phone" kind="tel" label=t!(locale, "phone") optional=optional(FormField::Phone) autocomplete="tel"/> })}
                </fieldset>
            })}
            <p class="help">{t!(locale, "privacy", tenant = page.tenant)}</p>
            <button class="button button-primary button-large" type="submit" disabled=page.preview>{t!(locale, "send")}</button>
        </form>
        </SendOnce>
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

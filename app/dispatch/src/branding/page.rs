//! Branding of the customer portal: logo, color, terminology with its consistency check, and a preview.

use domain::branding::{Color, OrganisationContact, Shades};
use domain::fields::FieldCode;
use domain::identity::permissions::ManageBranding;
use domain::locale::Locale;
use domain::public_language::PublicStatus;
use domain::story::RequestState;
use domain::terminology::{Entry, Family, MAX_EXPLANATION_CHARS, MAX_LABEL_CHARS, Terminology, TerminologyIssue};
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::branding;
use ordinavo_core::branding::{BrandingSettings, TypedContact};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit, typed_values};
use ui::components::{ConfirmAction, ProblemNotice, StatusChip, SuccessNotice};
use ui::drafts::owned;
use ui::flash::Flash;
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::page::page;
use ui::title::Title;
use ui::uploads::{Fields, UploadForm, submit_upload};

use crate::i18n::by_key;
use crate::identity::settings_pages::SettingsFrame;
use crate::shared::{DoneNotice, viewer_staff};
use crate::t;

const PAGE: &str = "/app/settings/portal";
/// The success key of a terminology preview.
const PREVIEWED: &str = "done-terminology-previewed";

/// `/app/settings/portal`.
#[component]
pub fn BrandingPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let look = branding::get(&request.core, staff.may::<ManageBranding>()?).await?;
        let locale = request.viewer.locale;
        let text_locale = Locale::from_tag(&request.query("lang"))
            .filter(|_| !request.query("lang").is_empty())
            .unwrap_or(locale);
        let flash = request.flash.as_ref();
        let preview = Flash::from_preview(flash, PREVIEWED, "words");
        // An unsaved preview shows the typed texts, otherwise the saved ones.
        let displayed_words = preview
            .as_ref()
            .and_then(|preview| {
                look.words
                    .read(text_locale, |field| {
                        preview.values.get(field).cloned().unwrap_or_default()
                    })
                    .ok()
            })
            .unwrap_or_else(|| look.words.clone());
        Ok(view! {
            <Title text=t!(locale, "branding-title")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <h1>{t!(locale, "branding-title")}</h1>
            <p class="lead">{t!(locale, "branding-intro")}</p>
            <div class="columns">
                <LogoCard form=FormState::new("logo", locale, flash) look=look.clone() locale/>
                <ColorCard form=FormState::new("colour", locale, flash) look=look.clone() locale/>
                <ContactCard form=FormState::new("contact", locale, flash) contact=look.contact.clone() locale/>
            </div>
            <TerminologyCard form=FormState::of_item("words", text_locale.tag(), locale, preview.as_ref().or(flash)) look text_locale locale/>
            <Findings words=displayed_words.clone() locale/>
            <Preview words=displayed_words open_locale=text_locale locale/>
        }
        .into_any())
    });
    view! { <SettingsFrame current=PAGE>{content}</SettingsFrame> }
}

#[component]
fn LogoCard(form: FormState, look: BrandingSettings, locale: Locale) -> impl IntoView {
    let (id, error) = (form.id("logo"), form.error("logo"));
    let is_invalid = error.is_some();
    let has_logo = look.logo.is_some();
    let version = branding::logo_version(look.logo.as_deref()).as_str().to_owned();
    view! {
        <section class="card"><h2>{t!(locale, "branding-logo")}</h2>
            {look.logo.map(|url| view! { <p><img class="portal-logo" src=url alt=t!(locale, "branding-logo")/></p> })}
            <form method="post" action=owned("/app/fn/set-portal-logo") enctype="multipart/form-data">
                <ErrorSummary form/>
                <input type="hidden" name="version" value=version.clone()/>
                <div class="field" class:field-wrong=is_invalid><label for=id.clone()>{t!(locale, "branding-logo-file")}</label>
                    <input id=id name="logo" type="file" accept="image/png,image/jpeg,image/webp" required aria-describedby="logo-help"/>
                    <p class="help" id="logo-help">{t!(locale, "branding-logo-help")}</p>
                    {error.map(|error| view! { <p class="field-error">{error}</p> })}</div>
                <button class="button button-primary" type="submit">{t!(locale, "branding-logo-save")}</button>
            </form>
            {has_logo.then(|| view! {
                <ConfirmAction label=t!(locale, "branding-logo-remove") consequence=t!(locale, "branding-logo-remove-consequence")>
                    <form method="post" action=owned("/app/fn/set-portal-logo") enctype="multipart/form-data"><input type="hidden" name="version" value=version.clone()/><input type="hidden" name="none" value="on"/><button class="button button-bad" type="submit">{t!(locale, "branding-logo-remove")}</button></form>
                </ConfirmAction>
            })}
        </section>
    }
}

#[component]
fn ColorCard(form: FormState, look: BrandingSettings, locale: Locale) -> impl IntoView {
    let (id, error) = (form.id("colour"), form.error("colour"));
    let is_invalid = error.is_some();
    let chosen = look.colour.clone();
    let version = branding::colour_version(chosen.as_deref()).as_str().to_owned();
    let value = form.value("colour", chosen.as_deref().unwrap_or(&Color::DEFAULT.text()));
    let shades = chosen.as_deref().and_then(Color::read).map(Color::shades);
    view! {
        <section class="card"><h2>{t!(locale, "branding-color")}</h2>
            <form method="post" action=owned("/app/fn/set-portal-colour")>
                <ErrorSummary form/>
                <input type="hidden" name="version" value=version/>
                <div class="field" class:field-wrong=is_invalid><label for=id.clone()>{t!(locale, "branding-color-field")}</label>
                    <input id=id name="colour" type="color" value=value aria-describedby="colour-help"/>
                    <p class="help" id="colour-help">{t!(locale, "branding-color-help")}</p>
                    {error.map(|error| view! { <p class="field-error">{error}</p> })}</div>
                {shades.map(|shades| view! { <ColorSample shades text=t!(locale, "branding-sample-button")/> })}
                <p class="row"><button class="button button-primary" type="submit">{t!(locale, "branding-color-save")}</button>
                    {chosen.is_some().then(|| view! { <button class="button" type="submit" name="none" value="on">{t!(locale, "branding-color-default")}</button> })}</p>
            </form>
        </section>
    }
}

#[component]
fn ContactCard(form: FormState, contact: OrganisationContact, locale: Locale) -> impl IntoView {
    let version = branding::contact_version(&contact).as_str().to_owned();
    let OrganisationContact {
        phone,
        email,
        hours,
        emergency,
        privacy,
        imprint,
    } = contact;
    view! {
        <section class="card"><h2>{t!(locale, "branding-contact")}</h2>
            <p class="quiet">{t!(locale, "branding-contact-text")}</p>
            <form method="post" action=owned("/app/fn/set-portal-contact")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="version" value=version/>
                <TextField form=form.clone() field="phone" kind="tel" label=t!(locale, "phone") value=phone.unwrap_or_default() optional=true/>
                <TextField form=form.clone() field="email" kind="email" label=t!(locale, "email") value=email.unwrap_or_default() optional=true/>
                <TextField form=form.clone() field="hours" label=t!(locale, "branding-hours") help=t!(locale, "branding-hours-help") value=hours.unwrap_or_default() optional=true/>
                <TextField form=form.clone() field="emergency" kind="tel" label=t!(locale, "branding-emergency") help=t!(locale, "branding-emergency-help") value=emergency.unwrap_or_default() optional=true/>
                <TextField form=form.clone() field="privacy" kind="url" label=t!(locale, "branding-privacy") help=t!(locale, "branding-address-help") value=privacy.unwrap_or_default() optional=true/>
                <TextField form field="imprint" kind="url" label=t!(locale, "branding-imprint") help=t!(locale, "branding-address-help") value=imprint.unwrap_or_default() optional=true/>
                <button class="button button-primary" type="submit">{t!(locale, "save")}</button>
            </form>
        </section>
    }
}

/// A sample button in light and dark mode.
#[component]
fn ColorSample(shades: Shades, text: String) -> impl IntoView {
    let samples = [
        ("0", "#fcfbfa", shades.solid.light, shades.on_solid.light),
        ("140", "#1a1714", shades.solid.dark, shades.on_solid.dark),
    ];
    view! {
        <svg class="colour-sample" width="280" height="64" viewBox="0 0 280 64" role="img" aria-label=text.clone()>
            {samples.map(|(x, background, solid, text_color)| view! {
                <svg x=x y="0" width="140" height="64">
                    <rect width="140" height="64" fill=background/>
                    <rect x="14" y="14" width="112" height="36" rx="8" fill=solid.text()/>
                    <text x="70" y="37" text-anchor="middle" font-size="14" fill=text_color.text()>{text.clone()}</text>
                </svg>
            }).into_iter().collect_view()}
        </svg>
    }
}

#[component]
fn TerminologyCard(form: FormState, look: BrandingSettings, text_locale: Locale, locale: Locale) -> impl IntoView {
    let summary = form.clone();
    let words = look.words;
    view! {
        <section class="card" id="words"><h2>{t!(locale, "terminology-title")}</h2>
            <p>{t!(locale, "terminology-intro")}</p>
            <nav class="tabs" aria-label=t!(locale, "terminology-language")>{Locale::ALL.into_iter().map(|choice| {
                let is_current = (choice == text_locale).then_some("page");
                view! { <a href=format!("{PAGE}?lang={}#words", choice.tag()) lang=choice.tag() aria-current=is_current>{choice.own_name()}</a> }
            }).collect_view()}</nav>
            <form method="post" action=owned("/app/fn/set-terminology") enctype="multipart/form-data">
                <ErrorSummary form=summary/>
                <input type="hidden" name="locale" value=text_locale.tag()/>
                <input type="hidden" name="revision" value=look.revision.to_string()/>
                {Family::ALL.into_iter().map(|family| view! {
                    <fieldset class="group words"><legend>{by_key(locale, &format!("terminology-{}", family.name()))}</legend>
                        {family.entries().into_iter().map(|entry| view! { <EntryFields form=form.clone() words=words.clone() entry text_locale locale/> }).collect_view()}
                    </fieldset>
                }).collect_view()}
                <p class="row"><button class="button button-primary" type="submit">{t!(locale, "terminology-save")}</button>
                    <button class="button" type="submit" name="try" value="on">{t!(locale, "terminology-preview-action")}</button></p>
            </form>
        </section>
    }
}

/// The fields of one entry, labeled with its default text.
#[component]
fn EntryFields(
    form: FormState,
    words: Terminology,
    entry: Entry,
    text_locale: Locale,
    locale: Locale,
) -> impl IntoView {
    let (label, explanation) = entry.built_in(text_locale);
    let own = words.override_for(entry, text_locale).cloned().unwrap_or_default();
    let field = |part: &'static str, name: String, built_in: String, own: String, max_chars: usize| {
        let field = format!("{part}.{}", entry.key());
        let (id, error) = (form.id(&field), form.error(&field));
        let is_invalid = error.is_some();
        let error_id = format!("{id}-error");
        let described_by = is_invalid.then(|| error_id.clone());
        let value = form.value(&field, &own);
        view! {
            <div class="field" class:field-wrong=is_invalid>
                <label for=id.clone()>{name}</label>
                <input id=id name=field data-form=form.draft_name() type="text" value=value placeholder=built_in maxlength=max_chars.to_string() lang=text_locale.tag() dir=text_locale.direction() aria-describedby=described_by/>
                {error.map(|error| view! { <p class="field-error" id=error_id>{error}</p> })}
            </div>
        }
    };
    let name = label.clone();
    view! {
        <div class="word">
            {field("label", name.clone(), label, own.label, MAX_LABEL_CHARS)}
            {entry.family().is_explained().then(|| field("explanation", t!(locale, "terminology-explanation", word = name), explanation, own.explanation, MAX_EXPLANATION_CHARS))}
        </div>
    }
}

/// Findings that may confuse customers: ambiguous or missing labels.
#[component]
fn Findings(words: Terminology, locale: Locale) -> impl IntoView {
    let findings = words.check();
    let has_no_findings = findings.is_empty();
    view! {
        <section class="card"><h2>{t!(locale, "terminology-check")}</h2>
            {has_no_findings.then(|| view! { <SuccessNotice text=t!(locale, "terminology-check-clean")/> })}
            <ul>{findings.into_iter().map(|finding| {
                let text = match finding {
                    TerminologyIssue::Missing { entry, locale: missing_locale } => t!(locale, "terminology-missing", word = entry.built_in(locale).0, language = missing_locale.own_name().to_owned()),
                    TerminologyIssue::Ambiguous { locale: text_locale, first, second, label } => t!(locale, "terminology-ambiguous", label = label, language = text_locale.own_name().to_owned(), first = first.built_in(locale).0, second = second.built_in(locale).0),
                };
                view! { <li dir="auto">{text}</li> }
            }).collect_view()}</ul>
        </section>
    }
}

/// How status labels read for customers, in each language and text direction.
#[component]
fn Preview(words: Terminology, open_locale: Locale, locale: Locale) -> impl IntoView {
    let chips = move |text_locale: Locale, family: Family| {
        family
            .entries()
            .into_iter()
            .filter_map(|entry| -> Option<PublicStatus> {
                match entry {
                    Entry::Request(status) => Some(words.request(status, text_locale)),
                    Entry::ChangeRequested => Some(words.request_state(RequestState::ChangeRequested, text_locale)),
                    Entry::RequestDone => Some(words.request_state(RequestState::Done, text_locale)),
                    Entry::Visit(visit) => Some(words.visit(visit, text_locale)),
                    Entry::FollowUp(status) => words.follow_up(status, text_locale),
                    Entry::Milestone(_) | Entry::Service(_) => None,
                }
            })
            .map(|status| {
                let explanation = status.explanation.clone().into_owned();
                view! { <li><StatusChip status/>" "<span class="quiet">{explanation}</span></li> }
            })
            .collect_view()
    };
    view! {
        <section class="card" id="preview"><h2>{t!(locale, "terminology-preview")}</h2>
            {Locale::ALL.into_iter().map(|text_locale| {
                view! {
                    <details lang=text_locale.tag() dir=text_locale.direction() open={text_locale == open_locale}><summary>{text_locale.own_name()}</summary>
                        <ul class="lines">{chips(text_locale, Family::Request)}</ul>
                        <ul class="lines">{chips(text_locale, Family::Visit)}</ul>
                        <ul class="lines">{chips(text_locale, Family::FollowUp)}</ul>
                    </details>
                }
            }).collect_view()}
        </section>
    }
}

/// The form that sets the logo of the portal.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LogoForm {
    /// The version that the page shows.
    version: String,
    /// Whether to remove the logo: `on` or absent.
    none: Option<String>,
}

impl ActionForm for LogoForm {
    const NAME: &'static str = "logo";

    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

impl UploadForm for LogoForm {
    const FILE_FIELD: &'static str = "logo";
    const MAX_FILES: usize = 1;

    fn interrupted() -> CoreError {
        let max_megabytes = ordinavo_core::files::MAX_LOGO_BYTES / 1024 / 1024;
        CoreError::field(
            "logo",
            FieldCode::FileTooLarge {
                file: None,
                max_megabytes,
            },
        )
    }
}

#[server(prefix = "/app/fn", endpoint = "set-portal-logo", input = MultipartFormData)]
pub async fn set_portal_logo(data: MultipartData) -> Result<(), ServerFnError> {
    submit_upload(data, async |core: Core, staff: Staff, form: LogoForm, mut files| {
        let (permit, logo) = (staff.may()?, files.pop());
        if logo.is_none() && form.none.is_none() {
            return Err(CoreError::field("logo", FieldCode::Required));
        }
        branding::set_logo(&core, permit, &form.version, logo).await?;
        Ok(Redirect::to(PAGE, "done-branding-saved"))
    })
    .await
}

/// The form that sets the color of the portal.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ColorForm {
    /// The version that the page shows.
    version: String,
    colour: String,
    /// Whether to return to the default color: `on` or absent.
    none: Option<String>,
}

impl ActionForm for ColorForm {
    const NAME: &'static str = "colour";

    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "set-portal-colour")]
pub async fn set_portal_colour(#[server(flatten)] form: ColorForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ColorForm| {
        let chosen = form.none.is_none().then_some(form.colour.as_str());
        branding::set_colour(&core, staff.may()?, &form.version, chosen).await?;
        Ok(Redirect::to(form.back(), "done-branding-saved"))
    })
    .await
}

/// How customers reach the organization.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactForm {
    /// The version that the page shows.
    version: String,
    phone: String,
    email: String,
    hours: String,
    emergency: String,
    privacy: String,
    imprint: String,
}

impl ActionForm for ContactForm {
    const NAME: &'static str = "contact";

    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "set-portal-contact")]
pub async fn set_portal_contact(#[server(flatten)] form: ContactForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ContactForm| {
        let typed = TypedContact {
            phone: &form.phone,
            email: &form.email,
            hours: &form.hours,
            emergency: &form.emergency,
            privacy: &form.privacy,
            imprint: &form.imprint,
        };
        branding::set_contact(&core, staff.may()?, Some(&form.version), &typed).await?;
        Ok(Redirect::to(form.back(), "done-branding-saved"))
    })
    .await
}

/// The labels and explanations of the portal in one language.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TerminologyForm {
    locale: String,
    /// The revision that the page shows.
    revision: String,
    /// Whether to preview the texts instead of saving them: `on` or absent.
    #[serde(rename = "try")]
    is_preview: Option<String>,
    /// The texts by entry.
    #[serde(flatten)]
    texts: Fields,
}

impl TerminologyForm {
    fn locale(&self) -> Locale {
        Locale::from_tag(&self.locale).unwrap_or_default()
    }
}

impl ActionForm for TerminologyForm {
    const NAME: &'static str = "words";

    fn item(&self) -> String {
        self.locale().tag().to_owned()
    }

    fn back(&self) -> String {
        format!("{PAGE}?lang={}", self.locale().tag())
    }
}

impl UploadForm for TerminologyForm {}

#[server(prefix = "/app/fn", endpoint = "set-terminology", input = MultipartFormData)]
pub async fn set_portal_words(data: MultipartData) -> Result<(), ServerFnError> {
    submit_upload(data, async |core: Core, staff: Staff, form: TerminologyForm, _| {
        let (permit, locale) = (staff.may()?, form.locale());
        let text = |field: &str| form.texts.text(field);
        if form.is_preview.is_some() {
            branding::validate_terminology(&core, permit, locale, text).await?;
            return Ok(Redirect {
                to: format!("{}#preview", form.back()),
                done: Some(PREVIEWED),
                shown_once: serde_json::to_string(&typed_values(&form)).ok(),
                undo: None,
                refused: Vec::new(),
                keeps_draft: true,
            });
        }
        let revision = form.revision.parse().unwrap_or(-1);
        branding::set_terminology(&core, permit, locale, revision, text).await?;
        Ok(Redirect::to(form.back(), "done-terminology-saved"))
    })
    .await
}

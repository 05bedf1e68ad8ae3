//! Public forms: list, settings, preview, and sharing by link, embed code and QR code.

use domain::identity::permissions::ManageIntake;
use domain::ids;
use domain::intake::form::{FieldMode, FormField, FormSettings, FormTexts};
use domain::locale::Locale;
use domain::public_language;
use domain::requests::ServiceType;
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::intake::forms;
use ordinavo_core::intake::model::FormSummary;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Chip, ConfirmAction, EmptyState, ProblemNotice};
use ui::drafts::owned;
use ui::forms::{ErrorSummary, FormState, TextArea, TextField};
use ui::icons::Icon;
use ui::islands::CopyText;
use ui::page::page;
use ui::title::Title;
use ui::uploads::{Fields, UploadForm, submit_upload};

use crate::i18n::by_key;
use crate::identity::settings_pages::SettingsFrame;
use crate::shared::{DoneNotice, viewer_staff};
use crate::t;

/// The form field names of texts by language: title, intro, confirmation.
const TEXTS: [(&str, [&str; 3]); 3] = [
    ("en", ["title_en", "intro_en", "thanks_en"]),
    ("de", ["title_de", "intro_de", "thanks_de"]),
    ("ar", ["title_ar", "intro_ar", "thanks_ar"]),
];

#[component]
pub fn FormsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let found = forms::list(&request.core, staff.may::<ManageIntake>()?).await?;
        let empty = found.is_empty();
        Ok(view! {
            <Title text=t!(locale, "forms-title")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <header class="title-row"><h1>{t!(locale, "forms-title")}</h1><a class="button button-primary" href="/app/settings/forms/new"><Icon name="plus"/>{t!(locale, "form-new")}</a></header>
            <p class="lead">{t!(locale, "forms-intro")}</p>
            {empty.then(|| view! { <EmptyState title=t!(locale, "forms-empty") text=t!(locale, "forms-empty-text")/> })}
            <ul class="lines lines-tall">{found.into_iter().map(|form| view! {
                <li><a href=format!("/app/settings/forms/{}", form.id)><strong><bdi>{form.name}</bdi></strong></a><bdi class="mono quiet" dir="ltr">{format!("/intake/{}", form.slug)}</bdi>
                    {form.closed_at.is_some().then(|| view! { <Chip label=t!(locale, "form-closed") tone=public_language::Tone::Neutral/> })}</li>
            }).collect_view()}</ul>
        }
        .into_any())
    });
    view! { <SettingsFrame current="/app/settings/forms">{content}</SettingsFrame> }
}

#[component]
pub fn NewFormPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        staff.may::<ManageIntake>()?;
        let form = FormState::new("form", locale, request.flash.as_ref());
        Ok(view! {
            <Title text=t!(locale, "form-new")/>
            <p><a href="/app/settings/forms">{t!(locale, "forms-title")}</a></p>
            <h1>{t!(locale, "form-new")}</h1>
            <form class="card" method="post" action=owned("/app/fn/create-form") enctype="multipart/form-data">
                <ErrorSummary form=form.clone()/>
                <TextField form=form.clone() field="name" label=t!(locale, "form-name") help=t!(locale, "form-name-help")/>
                <TextField form=form.clone() field="slug" label=t!(locale, "form-slug") help=t!(locale, "form-slug-help")/>
                <FormBuilder form settings=FormSettings::default() locale/>
                <button class="button button-primary" type="submit">{t!(locale, "form-create")}</button>
            </form>
        }
        .into_any())
    });
    view! { <SettingsFrame current="/app/settings/forms">{content}</SettingsFrame> }
}

#[component]
pub fn FormPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: ids::FormId = request.id("id")?;
        let found: FormSummary = forms::get(&request.core, staff.may::<ManageIntake>()?, id).await?;
        let form = FormState::new("form", locale, request.flash.as_ref());
        let form_url = format!("{}/intake/{}", request.core.public_url(), found.slug);
        let embed_code = format!(
            "<iframe src=\"{form_url}\" title=\"{}\" width=\"100%\" height=\"1200\" style=\"border:0\"></iframe>",
            found.name.replace('"', "&quot;")
        );
        let qr_code = ui::qr::render_svg(&form_url, 180);
        let is_closed = found.closed_at.is_some();
        let version = found.version().as_str().to_owned();
        let (label, consequence, submit_label) = if is_closed {
            (
                t!(locale, "form-reopen"),
                t!(locale, "form-reopen-consequence"),
                t!(locale, "form-reopen-now"),
            )
        } else {
            (
                t!(locale, "form-close"),
                t!(locale, "form-close-consequence"),
                t!(locale, "form-close-now"),
            )
        };
        let previews: Vec<_> = Locale::ALL
            .into_iter()
            .filter(|text_locale| {
                found
                    .settings
                    .texts
                    .get(text_locale.tag())
                    .is_some_and(|texts| !texts.title.is_empty())
            })
            .collect();
        Ok(view! {
            <Title text=found.name.clone()/>
            <p><a href="/app/settings/forms">{t!(locale, "forms-title")}</a></p>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <header class="title-row"><h1><bdi>{found.name.clone()}</bdi></h1>{is_closed.then(|| view! { <Chip label=t!(locale, "form-closed") tone=public_language::Tone::Neutral/> })}</header>
            <div class="columns">
                <form class="card" method="post" action=owned("/app/fn/update-form") enctype="multipart/form-data">
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="id" value=id.to_string()/>
                    <input type="hidden" name="version" value=version/>
                    <TextField form=form.clone() field="name" label=t!(locale, "form-name") value=found.name/>
                    <FormBuilder form settings=found.settings locale/>
                    <button class="button button-primary" type="submit">{t!(locale, "save")}</button>
                </form>
                <div>
                    <section class="card"><h2>{t!(locale, "form-share")}</h2>
                        <p><a href=form_url.clone()><bdi dir="ltr">{form_url.clone()}</bdi></a> <CopyText text=form_url label=t!(locale, "copy") done=t!(locale, "copied")/></p>
                        <h3>{t!(locale, "form-embed")}</h3><p class="help">{t!(locale, "form-embed-help")}</p>
                        <pre class="code" tabindex="0" dir="ltr">{embed_code.clone()}</pre><p><CopyText text=embed_code label=t!(locale, "copy") done=t!(locale, "copied")/></p>
                        <h3>{t!(locale, "form-qr")}</h3><div class="qr" role="img" aria-label=t!(locale, "form-qr") inner_html=qr_code></div>
                    </section>
                    <section class="card"><h2>{t!(locale, "form-preview")}</h2>
                        <p class="row">{previews.into_iter().map(|text_locale| view! { <a class="button button-quiet" href=format!("/app/form-preview/{id}?lang={}", text_locale.tag()) target="form-preview" lang=text_locale.tag()>{text_locale.own_name()}</a> }).collect_view()}</p>
                        <iframe class="form-preview" name="form-preview" title=t!(locale, "form-preview") src=format!("/app/form-preview/{id}?lang={}", locale.tag())></iframe>
                    </section>
                    <ConfirmAction label consequence>
                        <form method="post" action=owned("/app/fn/close-form")><input type="hidden" name="id" value=id.to_string()/>{(!is_closed).then(|| view! { <input type="hidden" name="closed" value="on"/> })}<button class="button button-bad" type="submit">{submit_label}</button></form>
                    </ConfirmAction>
                </div>
            </div>
        }
        .into_any())
    });
    view! { <SettingsFrame current="/app/settings/forms">{content}</SettingsFrame> }
}

/// The settings of a form.
#[component]
fn FormBuilder(form: FormState, settings: FormSettings, locale: Locale) -> impl IntoView {
    let service_form = form.clone();
    let services = settings.service_types.clone();
    let was_rejected = form.has_typed_values();
    let hosts = settings.hosts.join("\n");
    let texts = settings.texts.clone();
    let (mode_form, text_form) = (form.clone(), form.clone());
    view! {
        <fieldset class="group"><legend>{t!(locale, "form-fields")}</legend>
            <p class="help">{t!(locale, "form-fields-help")}</p>
            <div class="modes">{FormField::ALL.iter().map(|field| {
                let name = format!("mode_{}", field.name());
                let chosen = mode_form.value(&name, settings.mode(*field).name());
                view! {
                    <label for=name.clone()>{by_key(locale, &format!("form-field-{}", field.name()))}</label>
                    <select id=name.clone() name=name>{FieldMode::ALL.iter().filter(|mode| **mode != FieldMode::Required || field.can_be_required()).map(|mode| {
                        let selected = mode.name() == chosen;
                        view! { <option value=mode.name() selected=selected>{by_key(locale, &format!("form-mode-{}", mode.name()))}</option> }
                    }).collect_view()}</select>
                }
            }).collect_view()}</div>
        </fieldset>
        <fieldset class="group"><legend>{t!(locale, "form-services")}</legend>
            {ServiceType::ALL.iter().map(|kind| {
                let name = format!("service_{}", kind.name());
                let checked = service_form.checked(&name, services.contains(kind));
                view! { <div class="check"><input type="checkbox" id=name.clone() name=name.clone() value="on" checked=checked/><label for=name>{public_language::service_type(*kind, locale)}</label></div> }
            }).collect_view()}
        </fieldset>
        {TEXTS.iter().map(|(tag, [title, intro, thanks])| {
            let text_locale = Locale::from_tag(tag).unwrap_or_default();
            let stored = texts.get(*tag).cloned().unwrap_or_default();
            let open = *tag == "en" || !stored.title.is_empty() || was_rejected;
            view! {
                <details class="form-texts" open=open><summary lang=*tag>{text_locale.own_name()}</summary>
                    <TextField form=text_form.clone() field=title label=t!(locale, "form-title") value=stored.title optional=true/>
                    <TextArea form=text_form.clone() field=intro label=t!(locale, "form-intro") value=stored.intro rows=2 optional=true/>
                    <TextArea form=text_form.clone() field=thanks label=t!(locale, "form-confirmation") value=stored.thanks rows=2 optional=true/>
                </details>
            }
        }).collect_view()}
        <TextArea form field="hosts" label=t!(locale, "form-allowed-websites") help=t!(locale, "form-allowed-websites-help") value=hosts rows=2 optional=true/>
    }
}

/// The settings of a form, new or saved.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsForm {
    /// Absent for a new form.
    id: Option<FormId<ids::FormId>>,
    /// The version that the page shows.
    version: Option<String>,
    slug: String,
    name: String,
    hosts: String,
    /// The mode of each field, the ticked service types, and the texts by language.
    #[serde(flatten)]
    fields: Fields,
}

impl ActionForm for SettingsForm {
    const NAME: &'static str = "form";

    fn back(&self) -> String {
        self.id
            .map_or_else(|| "/app/settings/forms/new".to_owned(), |id| form_path(id.ok()))
    }
}

impl UploadForm for SettingsForm {}

/// Parses the settings of a submitted form. An unknown mode turns a field off.
fn parse_settings(form: &SettingsForm) -> FormSettings {
    let fields = &form.fields;
    FormSettings {
        fields: FormField::ALL
            .iter()
            .map(|field| {
                let mode = fields.text(&format!("mode_{}", field.name()));
                (*field, FieldMode::from_name(&mode).unwrap_or(FieldMode::Off))
            })
            .collect(),
        service_types: ServiceType::ALL
            .iter()
            .copied()
            .filter(|kind| fields.is_ticked(&format!("service_{}", kind.name())))
            .collect(),
        texts: TEXTS
            .iter()
            .map(|(tag, [title, intro, thanks])| {
                let texts = FormTexts {
                    title: fields.text(title),
                    intro: fields.text(intro),
                    thanks: fields.text(thanks),
                };
                ((*tag).to_owned(), texts)
            })
            .filter(|(_, texts)| *texts != FormTexts::default())
            .collect(),
        hosts: form
            .hosts
            .split_whitespace()
            .map(|host| host.trim_end_matches('/').to_owned())
            .collect(),
    }
}

#[server(prefix = "/app/fn", endpoint = "create-form", input = MultipartFormData)]
pub async fn create_form(data: MultipartData) -> Result<(), ServerFnError> {
    submit_upload(data, async |core: Core, staff: Staff, form: SettingsForm, _| {
        let (permit, settings) = (staff.may()?, parse_settings(&form));
        let id = forms::create(&core, permit, &form.slug, &form.name, settings).await?;
        Ok(Redirect::to(format!("/app/settings/forms/{id}"), "done-form-saved"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "update-form", input = MultipartFormData)]
pub async fn update_form(data: MultipartData) -> Result<(), ServerFnError> {
    submit_upload(data, async |core: Core, staff: Staff, form: SettingsForm, _| {
        let (permit, settings) = (staff.may()?, parse_settings(&form));
        let id = form.id.unwrap_or_default().get()?;
        forms::update(&core, permit, id, form.version.as_deref(), &form.name, settings).await?;
        Ok(Redirect::to(form.back(), "done-form-saved"))
    })
    .await
}

/// The button that closes or reopens a form.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CloseFormButton {
    id: FormId<ids::FormId>,
    /// Whether to close the form: `on` or absent.
    closed: Option<String>,
}

impl ActionForm for CloseFormButton {
    fn back(&self) -> String {
        form_path(self.id.ok())
    }
}

#[server(prefix = "/app/fn", endpoint = "close-form")]
pub async fn close_form(#[server(flatten)] form: CloseFormButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: CloseFormButton| {
        let closed = form.closed.is_some();
        forms::set_closed(&core, staff.may()?, form.id.get()?, closed).await?;
        let done = if closed {
            "done-form-closed"
        } else {
            "done-form-reopened"
        };
        Ok(Redirect::to(form.back(), done))
    })
    .await
}

/// Returns the path of a form. Text that is not an ID leads to the list.
fn form_path(id: Option<ids::FormId>) -> String {
    id.map_or_else(
        || "/app/settings/forms".to_owned(),
        |id| format!("/app/settings/forms/{id}"),
    )
}

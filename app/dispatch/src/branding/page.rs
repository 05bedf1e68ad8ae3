//! How the portal looks and speaks: logo, colour, own words with what may confuse a customer, and how it reads.

use domain::locale::Locale;
use domain::permissions::ManagePortalLook;
use domain::portal_look::{Colour, Shades};
use domain::public_language::PublicStatus;
use domain::public_words::{Entry, Family, Finding, MOST_EXPLANATION, MOST_LABEL, OwnWords};
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::branding;
use ordinavo_core::branding::OwnLook;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::{Core, CoreError};
use ui::acts::{Next, Sent, act};
use ui::flash::Flash;
use ui::forms::{ErrorSummary, FormState};
use ui::load::page;
use ui::parts::{Done, ProblemNotice, StatusChip};
use ui::title::Title;
use ui::uploads;

use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::Framed;
use crate::t;
use crate::words::by_key;

const PAGE: &str = "/app/settings/portal";
/// The colour that stands in the field as long as none is chosen: the built-in one.
const BUILT_IN: &str = "#2f5f8f";
/// What is said above words that were only looked at.
const TRIED: &str = "done-terminology-previewed";

/// `/app/settings/portal`.
#[component]
pub fn PortalLookPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let look = branding::get(&request.core, staff.may::<ManagePortalLook>()?).await?;
        let locale = request.viewer.locale;
        let spoken = Locale::from_tag(&request.query("lang"))
            .filter(|_| !request.query("lang").is_empty())
            .unwrap_or(locale);
        let flash = request.flash.as_ref();
        let typed = Flash::looked_at(flash, TRIED, "words");
        // What was typed and not saved reads below as it would read; whatever else is looked at is what customers read now.
        let shown = typed
            .as_ref()
            .and_then(|typed| {
                look.words
                    .read(spoken, |field| typed.values.get(field).cloned().unwrap_or_default())
                    .ok()
            })
            .unwrap_or_else(|| look.words.clone());
        Ok(view! {
            <Title text=t!(locale, "branding-title")/>
            <p><a href="/app/settings">{t!(locale, "settings-title")}</a></p>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <h1>{t!(locale, "branding-title")}</h1>
            <p class="lead">{t!(locale, "branding-intro")}</p>
            <div class="columns">
                <Logo form=FormState::new("logo", locale, flash) look=look.clone() locale/>
                <ColourCard form=FormState::new("colour", locale, flash) look=look.clone() locale/>
            </div>
            <Words form=FormState::new("words", locale, typed.as_ref().or(flash)) look spoken locale/>
            <Findings words=shown.clone() locale/>
            <Preview words=shown opened=spoken locale/>
        }
        .into_any())
    });
    view! { <Framed current="/app/settings">{content}</Framed> }
}

#[component]
fn Logo(form: FormState, look: OwnLook, locale: Locale) -> impl IntoView {
    let (id, error) = (form.id("logo"), form.error("logo"));
    let wrong = error.is_some();
    let has_logo = look.logo.is_some();
    view! {
        <section class="card"><h2>{t!(locale, "branding-logo")}</h2>
            {look.logo.map(|address| view! { <p><img class="portal-logo" src=address alt=t!(locale, "branding-logo")/></p> })}
            <form method="post" action="/app/fn/set-portal-logo" enctype="multipart/form-data">
                <ErrorSummary form/>
                <div class="field" class:field-wrong=wrong><label for=id.clone()>{t!(locale, "branding-logo-file")}</label>
                    <input id=id name="logo" type="file" accept="image/png,image/jpeg,image/webp" required aria-describedby="logo-help"/>
                    <p class="help" id="logo-help">{t!(locale, "branding-logo-help")}</p>
                    {error.map(|error| view! { <p class="field-error">{error}</p> })}</div>
                <button class="button button-primary" type="submit">{t!(locale, "branding-logo-save")}</button>
            </form>
            {has_logo.then(|| view! { <form method="post" action="/app/fn/set-portal-logo" enctype="multipart/form-data"><input type="hidden" name="none" value="on"/><button class="button" type="submit">{t!(locale, "branding-logo-remove")}</button></form> })}
        </section>
    }
}

#[component]
fn ColourCard(form: FormState, look: OwnLook, locale: Locale) -> impl IntoView {
    let (id, error) = (form.id("colour"), form.error("colour"));
    let wrong = error.is_some();
    let chosen = look.colour.clone();
    let value = form.value("colour", chosen.as_deref().unwrap_or(BUILT_IN));
    let shades = chosen.as_deref().and_then(Colour::read).map(Colour::shades);
    view! {
        <section class="card"><h2>{t!(locale, "branding-color")}</h2>
            <form method="post" action="/app/fn/set-portal-colour">
                <ErrorSummary form/>
                <div class="field" class:field-wrong=wrong><label for=id.clone()>{t!(locale, "branding-color-field")}</label>
                    <input id=id name="colour" type="color" value=value aria-describedby="colour-help"/>
                    <p class="help" id="colour-help">{t!(locale, "branding-color-help")}</p>
                    {error.map(|error| view! { <p class="field-error">{error}</p> })}</div>
                {shades.map(|shades| view! { <Sample shades text=t!(locale, "branding-sample-button")/> })}
                <p class="row"><button class="button button-primary" type="submit">{t!(locale, "branding-color-save")}</button>
                    {chosen.is_some().then(|| view! { <button class="button" type="submit" name="none" value="on">{t!(locale, "branding-color-default")}</button> })}</p>
            </form>
        </section>
    }
}

/// A button as the portal has it, on light and on dark paper.
#[component]
fn Sample(shades: Shades, text: String) -> impl IntoView {
    let halves = [
        ("0", "#fcfbfa", shades.solid.light, shades.on_solid.light),
        ("140", "#1a1714", shades.solid.dark, shades.on_solid.dark),
    ];
    view! {
        <svg class="colour-sample" width="280" height="64" viewBox="0 0 280 64" role="img" aria-label=text.clone()>
            {halves.map(|(x, paper, solid, ink)| view! {
                <svg x=x y="0" width="140" height="64">
                    <rect width="140" height="64" fill=paper/>
                    <rect x="14" y="14" width="112" height="36" rx="8" fill=solid.text()/>
                    <text x="70" y="37" text-anchor="middle" font-size="14" fill=ink.text()>{text.clone()}</text>
                </svg>
            }).into_iter().collect_view()}
        </svg>
    }
}

#[component]
fn Words(form: FormState, look: OwnLook, spoken: Locale, locale: Locale) -> impl IntoView {
    let summary = form.clone();
    let words = look.words;
    view! {
        <section class="card" id="words"><h2>{t!(locale, "terminology-title")}</h2>
            <p>{t!(locale, "terminology-intro")}</p>
            <nav class="tabs" aria-label=t!(locale, "terminology-language")>{Locale::ALL.into_iter().map(|choice| {
                let here = (choice == spoken).then_some("page");
                view! { <a href=format!("{PAGE}?lang={}#words", choice.tag()) lang=choice.tag() aria-current=here>{choice.own_name()}</a> }
            }).collect_view()}</nav>
            <form method="post" action="/app/fn/set-portal-words" enctype="multipart/form-data">
                <ErrorSummary form=summary/>
                <input type="hidden" name="locale" value=spoken.tag()/>
                <input type="hidden" name="revision" value=look.revision.to_string()/>
                {Family::ALL.into_iter().map(|family| view! {
                    <fieldset class="group words"><legend>{by_key(locale, &format!("terminology-{}", family.name()))}</legend>
                        {family.entries().into_iter().map(|entry| view! { <Word form=form.clone() words=words.clone() entry spoken locale/> }).collect_view()}
                    </fieldset>
                }).collect_view()}
                <p class="row"><button class="button button-primary" type="submit">{t!(locale, "terminology-save")}</button>
                    <button class="button" type="submit" name="try" value="on">{t!(locale, "terminology-preview-action")}</button></p>
            </form>
        </section>
    }
}

/// The fields of one entry, with what is built in as their names.
#[component]
fn Word(form: FormState, words: OwnWords, entry: Entry, spoken: Locale, locale: Locale) -> impl IntoView {
    let (label, explanation) = entry.built_in(spoken);
    let own = words.own(entry, spoken).cloned().unwrap_or_default();
    let field = |part: &'static str, name: String, built_in: String, own: String, most: usize| {
        let field = format!("{part}.{}", entry.key());
        let (id, error) = (form.id(&field), form.error(&field));
        let wrong = error.is_some();
        let error_id = format!("{id}-error");
        let described = wrong.then(|| error_id.clone());
        let value = form.value(&field, &own);
        view! {
            <div class="field" class:field-wrong=wrong>
                <label for=id.clone()>{name}</label>
                <input id=id name=field type="text" value=value placeholder=built_in maxlength=most.to_string() lang=spoken.tag() dir=spoken.direction() aria-describedby=described/>
                {error.map(|error| view! { <p class="field-error" id=error_id>{error}</p> })}
            </div>
        }
    };
    let name = label.clone();
    view! {
        <div class="word">
            {field("label", name.clone(), label, own.label, MOST_LABEL)}
            {entry.family().is_explained().then(|| field("explanation", t!(locale, "terminology-explanation", word = name), explanation, own.explanation, MOST_EXPLANATION))}
        </div>
    }
}

/// What may confuse a customer.
#[component]
fn Findings(words: OwnWords, locale: Locale) -> impl IntoView {
    let findings = words.check();
    let clean = findings.is_empty();
    view! {
        <section class="card"><h2>{t!(locale, "terminology-check")}</h2>
            {clean.then(|| view! { <Done text=t!(locale, "terminology-check-clean")/> })}
            <ul>{findings.into_iter().map(|finding| {
                let text = match finding {
                    Finding::Missing { entry, locale: lacking } => t!(locale, "terminology-missing", word = entry.built_in(locale).0, language = lacking.own_name().to_owned()),
                    Finding::Ambiguous { locale: spoken, first, second, label } => t!(locale, "terminology-ambiguous", label = label, language = spoken.own_name().to_owned(), first = first.built_in(locale).0, second = second.built_in(locale).0),
                };
                view! { <li dir="auto">{text}</li> }
            }).collect_view()}</ul>
        </section>
    }
}

/// How states read for customers, in each language and in its direction.
#[component]
fn Preview(words: OwnWords, opened: Locale, locale: Locale) -> impl IntoView {
    let chips = move |spoken: Locale, family: Family| {
        family
            .entries()
            .into_iter()
            .filter_map(|entry| -> Option<PublicStatus> {
                match entry {
                    Entry::Request(status) => Some(words.request(status, spoken)),
                    Entry::Visit(visit) => Some(words.visit(visit, spoken)),
                    Entry::FollowUp(status) => words.follow_up(status, spoken),
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
            {Locale::ALL.into_iter().map(|spoken| {
                view! {
                    <details lang=spoken.tag() dir=spoken.direction() open={spoken == opened}><summary>{spoken.own_name()}</summary>
                        <ul class="lines">{chips(spoken, Family::Request)}</ul>
                        <ul class="lines">{chips(spoken, Family::Visit)}</ul>
                        <ul class="lines">{chips(spoken, Family::FollowUp)}</ul>
                    </details>
                }
            }).collect_view()}
        </section>
    }
}

#[server(prefix = "/app/fn", endpoint = "set-portal-logo", input = MultipartFormData)]
pub async fn set_portal_logo(data: MultipartData) -> Result<(), ServerFnError> {
    let mut parts = uploads::read(data, "logo", 1).await;
    let sent = Sent {
        form: "logo",
        values: &[],
        back: PAGE.to_owned(),
    };
    act(sent, async |core: Core, staff: Staff| {
        let permit = staff.may()?;
        if parts.broken {
            return Err(CoreError::field("logo", "file_too_large", "At most 2 MB are allowed."));
        }
        let logo = parts.files.pop();
        if logo.is_none() && !parts.fields.contains_key("none") {
            return Err(CoreError::field(
                "logo",
                "required",
                "Choose a picture of at most 2 MB.",
            ));
        }
        branding::set_logo(&core, permit, logo).await?;
        Ok(Next::to(PAGE, "done-branding-saved"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "set-portal-colour")]
pub async fn set_portal_colour(
    #[server(default)] colour: String,
    #[server(default)] none: Option<String>,
) -> Result<(), ServerFnError> {
    let sent = Sent {
        form: "colour",
        values: &[("colour", &colour)],
        back: PAGE.to_owned(),
    };
    act(sent, async |core: Core, staff: Staff| {
        let chosen = none.is_none().then_some(colour.as_str());
        branding::set_colour(&core, staff.may()?, chosen).await?;
        Ok(Next::to(PAGE, "done-branding-saved"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "set-portal-words", input = MultipartFormData)]
pub async fn set_portal_words(data: MultipartData) -> Result<(), ServerFnError> {
    let parts = uploads::read(data, "", 0).await;
    let values = parts.values();
    let locale = Locale::from_tag(&parts.text("locale")).unwrap_or_default();
    let back = format!("{PAGE}?lang={}", locale.tag());
    let sent = Sent {
        form: "words",
        values: &values,
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        let permit = staff.may()?;
        if parts.fields.contains_key("try") {
            branding::try_words(&core, permit, locale, |field| parts.text(field)).await?;
            return Ok(Next {
                to: format!("{back}#preview"),
                done: Some(TRIED),
                shown_once: serde_json::to_string(&parts.fields).ok(),
                undo: None,
            });
        }
        let revision = parts.text("revision").parse().unwrap_or(-1);
        branding::set_words(&core, permit, locale, revision, |field| parts.text(field)).await?;
        Ok(Next::to(back, "done-terminology-saved"))
    })
    .await
}

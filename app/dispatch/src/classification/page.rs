//! Classification rules: list and order, the editor, a test run on past requests, and activation.

use domain::identity::permissions::ManageIntake;
use domain::ids::{FormId, RuleId};
use domain::intake::classification::{ClassifiedField, Conditions, MatchReason, Outcome};
use domain::locale::Locale;
use domain::public_language::{self, Tone};
use domain::requests::{Channel, Priority, ServiceType};
use leptos::prelude::*;
use ordinavo_core::classification;
use ordinavo_core::classification::model::RuleView;
use ordinavo_core::classification::{TRIAL_REQUESTS, Trial, TrialEntry};
use ordinavo_core::intake::forms;
use ordinavo_core::intake::model::FormSummary;
use ordinavo_core::version::Version;
use ui::components::{Chip, ConfirmAction, EmptyState, ProblemNotice};
use ui::drafts::owned;
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextArea, TextField};
use ui::icons::Icon;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::identity::settings_pages::SettingsFrame;
use crate::shared::{DoneNotice, priority_choices, service_choices, viewer_staff};
use crate::t;

#[component]
pub fn RulesPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let classification::RulesPage { rules: found, forms } =
            classification::list(&request.core, staff.may::<ManageIntake>()?).await?;
        let (empty, last) = (found.is_empty(), found.len().saturating_sub(1));
        let order = classification::order_version(&found).as_str().to_owned();
        let arrow = if locale.direction() == "rtl" { " ← " } else { " → " };
        Ok(view! {
            <Title text=t!(locale, "classify-title")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <header class="title-row"><h1>{t!(locale, "classify-title")}</h1><a class="button button-primary" href="/app/settings/rules/new"><Icon name="plus"/>{t!(locale, "classify-new")}</a></header>
            <p class="lead">{t!(locale, "classify-intro")}</p>
            {empty.then(|| view! { <EmptyState title=t!(locale, "classify-empty") text=t!(locale, "classify-empty-text")/> })}
            <ol class="lines lines-tall rules">{found.into_iter().enumerate().map(|(position, rule)| view! {
                <li>
                    <div><a href=format!("/app/settings/rules/{}", rule.id)><strong><bdi>{rule.name.clone()}</bdi></strong></a>" "<RuleStatusChip rule=rule.clone() locale/>
                        <p class="quiet">{condition_labels(locale, &rule.conditions, &forms).join(" · ")}{arrow}{outcome_labels(locale, &rule.outcome).join(", ")}</p></div>
                    <div class="row">
                        <form method="post" action=owned("/app/fn/move-rule")><input type="hidden" name="id" value=rule.id.to_string()/><input type="hidden" name="order" value=order.clone()/><input type="hidden" name="way" value="earlier"/><button class="button button-quiet" type="submit" disabled=position == 0 aria-label=t!(locale, "classify-move-up", name = rule.name.clone())>"↑"</button></form>
                        <form method="post" action=owned("/app/fn/move-rule")><input type="hidden" name="id" value=rule.id.to_string()/><input type="hidden" name="order" value=order.clone()/><input type="hidden" name="way" value="later"/><button class="button button-quiet" type="submit" disabled=position == last aria-label=t!(locale, "classify-move-down", name = rule.name.clone())>"↓"</button></form>
                    </div>
                </li>
            }).collect_view()}</ol>
        }
        .into_any())
    });
    view! { <SettingsFrame current="/app/settings/rules">{content}</SettingsFrame> }
}

#[component]
fn RuleStatusChip(rule: RuleView, locale: Locale) -> impl IntoView {
    if rule.active_since.is_some() {
        view! { <Chip label=t!(locale, "classify-enabled") tone=Tone::Good/> }
    } else {
        view! { <Chip label=t!(locale, "classify-disabled") tone=Tone::Neutral/> }
    }
}

#[component]
pub fn NewRulePage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let forms = forms::list(&request.core, staff.may::<ManageIntake>()?).await?;
        let form = FormState::new("rule", locale, request.flash.as_ref());
        Ok(view! {
            <Title text=t!(locale, "classify-new")/>
            <p><a href="/app/settings/rules">{t!(locale, "classify-title")}</a></p>
            <h1>{t!(locale, "classify-new")}</h1>
            <form class="card" method="post" action=owned("/app/fn/save-rule") enctype="multipart/form-data">
                <ErrorSummary form=form.clone()/>
                <RuleEditor form rule=None forms locale/>
                <button class="button button-primary" type="submit">{t!(locale, "save")}</button>
            </form>
        }
        .into_any())
    });
    view! { <SettingsFrame current="/app/settings/rules">{content}</SettingsFrame> }
}

#[component]
pub fn RulePage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: RuleId = request.id("id")?;
        let classification::RulePage {
            rule,
            forms,
            trial,
            can_activate,
            can_deactivate,
        } = classification::page(&request.core, staff.may::<ManageIntake>()?, id).await?;
        let form = FormState::new("rule", locale, request.flash.as_ref());
        let is_active = rule.active_since.is_some();
        let since = rule.active_since.map(|at| {
            t!(
                locale,
                "classify-enabled-since",
                at = format::moment(locale, at, staff.zone())
            )
        });
        let version = rule.version();
        Ok(view! {
            <Title text=rule.name.clone()/>
            <p><a href="/app/settings/rules">{t!(locale, "classify-title")}</a></p>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <header class="title-row"><h1><bdi>{rule.name.clone()}</bdi></h1><RuleStatusChip rule=rule.clone() locale/></header>
            {since.map(|since| view! { <p class="quiet">{since}</p> })}
            <div class="columns">
                <form class="card" method="post" action=owned("/app/fn/save-rule") enctype="multipart/form-data">
                    <ErrorSummary form=form.clone()/>
                    <RuleVersion id version=version.clone()/>
                    <RuleEditor form rule=Some(rule.clone()) forms=forms.clone() locale/>
                    {is_active.then(|| view! { <p class="help">{t!(locale, "classify-disabled-when-changed")}</p> })}
                    <button class="button button-primary" type="submit">{t!(locale, "save")}</button>
                </form>
                <div>
                    <section class="card"><h2>{t!(locale, "classify-test")}</h2>
                        <p class="help">{t!(locale, "classify-test-help", count = TRIAL_REQUESTS)}</p>
                        <form method="post" action=owned("/app/fn/test-rule")><RuleVersion id version=version.clone()/><button class="button" type="submit">{t!(locale, "classify-test-run")}</button></form>
                        {trial.map(|trial| view! { <TestResult trial forms locale/> })}
                        {can_activate.then(|| view! { <form method="post" action=owned("/app/fn/set-rule-enabled")><RuleVersion id version=version.clone()/><input type="hidden" name="on" value="on"/><button class="button button-primary" type="submit">{t!(locale, "classify-enable")}</button></form> })}
                        {can_deactivate.then(|| view! { <form method="post" action=owned("/app/fn/set-rule-enabled")><RuleVersion id version=version.clone()/><button class="button" type="submit">{t!(locale, "classify-disable")}</button></form> })}
                    </section>
                    <ConfirmAction label=t!(locale, "classify-delete") consequence=t!(locale, "classify-delete-consequence")>
                        <form method="post" action=owned("/app/fn/delete-rule")><RuleVersion id version=version.clone()/><button class="button button-bad" type="submit">{t!(locale, "classify-delete-now")}</button></form>
                    </ConfirmAction>
                </div>
            </div>
        }
        .into_any())
    });
    view! { <SettingsFrame current="/app/settings/rules">{content}</SettingsFrame> }
}

/// The hidden fields with the rule that a form acts on, and the version that the page shows.
#[component]
fn RuleVersion(id: RuleId, version: Version) -> impl IntoView {
    view! { <input type="hidden" name="id" value=id.to_string()/><input type="hidden" name="version" value=version.as_str().to_owned()/> }
}

/// The result of a test run on past requests.
#[component]
fn TestResult(trial: Trial, forms: Vec<FormSummary>, locale: Locale) -> impl IntoView {
    let remaining = trial.match_count - trial.lines.len();
    view! {
        <p role="status"><strong>{t!(locale, "classify-matches", fits = trial.match_count, of = trial.checked_count)}</strong></p>
        <ul class="plain trial">{trial.lines.into_iter().map(|line| {
            let TrialEntry { id, number, description, because, would_set, decided_before } = line;
            view! {
                <li>
                    <p><a href=format!("/app/inbox/{id}")><bdi class="mono">{format!("REQ-{number}")}</bdi></a>" "<span class="quiet" dir="auto">{description}</span></p>
                    <p class="quiet">{match_reasons(locale, &because, &forms)}</p>
                    <ul class="plain">{would_set.into_iter().map(|(field, before, after)| view! {
                        <li>{by_key(locale, &format!("classified-{}", field.name()))}": "{before.filter(|before| *before != after).map(|before| view! { <s><bdi>{value_label(locale, field, &before)}</bdi></s>" " })}<strong><bdi>{value_label(locale, field, &after)}</bdi></strong></li>
                    }).collect_view()}</ul>
                    {(!decided_before.is_empty()).then(|| view! { <p class="quiet">{t!(locale, "classify-decided-before", names = format::list(locale, &decided_before))}</p> })}
                </li>
            }
        }).collect_view()}</ul>
        {(remaining > 0).then(|| view! { <p class="quiet">{t!(locale, "classify-more", count = remaining)}</p> })}
    }
}

/// The name, the conditions and the outcome of a rule.
#[component]
fn RuleEditor(form: FormState, rule: Option<RuleView>, forms: Vec<FormSummary>, locale: Locale) -> impl IntoView {
    let (name, conditions, outcome) =
        rule.map_or_else(Default::default, |rule| (rule.name, rule.conditions, rule.outcome));
    view! {
        <TextField form=form.clone() field="name" label=t!(locale, "form-name") help=t!(locale, "form-name-help") value=name/>
        <ConditionFields form=form.clone() conditions forms locale/>
        <OutcomeFields form outcome locale/>
    }
}

/// The conditions, all of which a request must meet.
#[component]
fn ConditionFields(form: FormState, conditions: Conditions, forms: Vec<FormSummary>, locale: Locale) -> impl IntoView {
    let Conditions {
        channels,
        forms: chosen_forms,
        service_types,
        words,
        postal_codes,
    } = conditions;
    let checkbox = |name: String, words: String, chosen: bool| {
        let checked = form.checked(&name, chosen);
        view! { <div class="check"><input type="checkbox" id=name.clone() name=name.clone() value="on" checked=checked/><label for=name><bdi>{words}</bdi></label></div> }
    };
    let channel_boxes = Channel::ALL
        .iter()
        .map(|one| {
            checkbox(
                format!("channel_{}", one.name()),
                by_key(locale, &format!("channel-{}", one.name())),
                channels.contains(one),
            )
        })
        .collect_view();
    let service_boxes = ServiceType::ALL
        .iter()
        .map(|one| {
            checkbox(
                format!("service_{}", one.name()),
                public_language::service_type(*one, locale).to_owned(),
                service_types.contains(one),
            )
        })
        .collect_view();
    let has_forms = !forms.is_empty();
    let form_boxes = forms
        .into_iter()
        .map(|one| checkbox(format!("form_{}", one.id), one.name, chosen_forms.contains(&one.id)))
        .collect_view();
    view! {
        <fieldset class="group"><legend>{t!(locale, "classify-conditions")}</legend>
            <p class="help">{t!(locale, "classify-conditions-help")}</p>
            <TextArea form=form.clone() field="words" label=t!(locale, "classify-words") help=t!(locale, "classify-words-help") value=words.join("\n") rows=3 optional=true/>
            <TextArea form=form.clone() field="postal_codes" label=t!(locale, "classify-codes") help=t!(locale, "classify-codes-help") value=postal_codes.join("\n") rows=2 optional=true/>
            <fieldset class="group"><legend>{t!(locale, "channel")}</legend>{channel_boxes}</fieldset>
            <fieldset class="group"><legend>{t!(locale, "service")}</legend>{service_boxes}</fieldset>
            {has_forms.then(|| view! { <fieldset class="group"><legend>{t!(locale, "forms-title")}</legend>{form_boxes}</fieldset> })}
        </fieldset>
    }
}

/// What the rule sets.
#[component]
fn OutcomeFields(form: FormState, outcome: Outcome, locale: Locale) -> impl IntoView {
    let unchanged_option = || (String::new(), t!(locale, "classify-leave-unchanged"));
    let services = std::iter::once(unchanged_option())
        .chain(service_choices(locale))
        .collect();
    let priorities = std::iter::once(unchanged_option())
        .chain(priority_choices(locale))
        .collect();
    let service = form.value("set_service", outcome.service_type.map_or("", ServiceType::name));
    let priority = form.value("set_priority", outcome.priority.map_or("", Priority::name));
    view! {
        <fieldset class="group"><legend>{t!(locale, "classify-actions")}</legend>
            <p class="help">{t!(locale, "classify-actions-help")}</p>
            <TextField form=form.clone() field="region" label=t!(locale, "region") value=outcome.region.unwrap_or_default() optional=true/>
            <TextField form field="use_case" label=t!(locale, "classified-use_case") value=outcome.use_case.unwrap_or_default() optional=true/>
            <OutcomeChoice name="set_priority" label=t!(locale, "priority") choices=priorities chosen=priority/>
            <OutcomeChoice name="set_service" label=t!(locale, "service") choices=services chosen=service/>
        </fieldset>
    }
}

#[component]
fn OutcomeChoice(name: &'static str, label: String, choices: Vec<(String, String)>, chosen: String) -> impl IntoView {
    view! {
        <div class="field"><label for=name>{label}</label><select id=name name=name>{choices.into_iter().map(|(value, words)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{words}</option> }
        }).collect_view()}</select></div>
    }
}

/// Returns the label of a value that a rule sets.
pub(crate) fn value_label(locale: Locale, field: ClassifiedField, value: &str) -> String {
    match field {
        ClassifiedField::Priority => by_key(locale, &format!("priority-{value}")),
        ClassifiedField::ServiceType => ServiceType::from_name(value).map_or_else(String::new, |kind| {
            public_language::service_type(kind, locale).to_owned()
        }),
        ClassifiedField::Region | ClassifiedField::UseCase => value.to_owned(),
    }
}

fn form_name(id: FormId, forms: &[FormSummary]) -> String {
    forms
        .iter()
        .find(|form| form.id == id)
        .map_or_else(|| id.to_string(), |form| form.name.clone())
}

/// Describes why a rule matched, in one line.
pub(crate) fn match_reasons(locale: Locale, because: &[MatchReason], forms: &[FormSummary]) -> String {
    let words: Vec<String> = because
        .iter()
        .map(|reason| match reason {
            MatchReason::Channel(channel) => t!(
                locale,
                "match-channel",
                value = by_key(locale, &format!("channel-{}", channel.name()))
            ),
            MatchReason::Form(_) if forms.is_empty() => t!(locale, "match-own-form"),
            MatchReason::Form(id) => t!(locale, "match-form", value = form_name(*id, forms)),
            MatchReason::ServiceType(kind) => t!(
                locale,
                "match-service",
                value = public_language::service_type(*kind, locale)
            ),
            MatchReason::Word(word) => t!(locale, "match-word", value = word.clone()),
            MatchReason::PostalCode(code) => t!(locale, "match-postal-code", value = code.clone()),
            MatchReason::Always => t!(locale, "match-all"),
        })
        .collect();
    words.join(", ")
}

fn condition_labels(locale: Locale, conditions: &Conditions, forms: &[FormSummary]) -> Vec<String> {
    let any_of = |values: Vec<String>| values.join(" / ");
    let mut parts = Vec::new();
    if !conditions.channels.is_empty() {
        let names = conditions
            .channels
            .iter()
            .map(|one| by_key(locale, &format!("channel-{}", one.name())));
        parts.push(t!(locale, "match-channel", value = any_of(names.collect())));
    }
    if !conditions.forms.is_empty() {
        let names = conditions.forms.iter().map(|one| form_name(*one, forms));
        parts.push(t!(locale, "match-form", value = any_of(names.collect())));
    }
    if !conditions.service_types.is_empty() {
        let names = conditions
            .service_types
            .iter()
            .map(|one| public_language::service_type(*one, locale).to_owned());
        parts.push(t!(locale, "match-service", value = any_of(names.collect())));
    }
    if !conditions.words.is_empty() {
        parts.push(t!(locale, "match-word", value = any_of(conditions.words.clone())));
    }
    if !conditions.postal_codes.is_empty() {
        parts.push(t!(
            locale,
            "match-postal-code",
            value = any_of(conditions.postal_codes.clone())
        ));
    }
    if parts.is_empty() {
        parts.push(t!(locale, "match-all"));
    }
    parts
}

fn outcome_labels(locale: Locale, outcome: &Outcome) -> Vec<String> {
    [
        (ClassifiedField::Region, outcome.region.clone()),
        (ClassifiedField::UseCase, outcome.use_case.clone()),
        (
            ClassifiedField::Priority,
            outcome.priority.map(|value| value.name().to_owned()),
        ),
        (
            ClassifiedField::ServiceType,
            outcome.service_type.map(|value| value.name().to_owned()),
        ),
    ]
    .into_iter()
    .filter_map(|(field, value)| {
        let name = by_key(locale, &format!("classified-{}", field.name()));
        Some(format!("{name}: {}", value_label(locale, field, &value?)))
    })
    .collect()
}

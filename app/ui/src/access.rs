//! Form fields and labels for granting portal access, shared by the staff app and the portal.

use chrono::{DateTime, Utc};
use domain::locale::Locale;
use domain::portal_access::{AccessStatus, Capability};
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::portal_access::InviteForm;

use crate::components::Chip;
use crate::format;
use crate::forms::{CheckField, FormState, SelectField, TextField};
use crate::i18n::by_key;
use crate::uploads::Fields;
use crate::word;

/// A location that can be granted: its ID and its name.
pub type Choice = (String, String);

/// Renders the fields of a grant: locations, capabilities, validity period and reason.
#[component]
pub fn GrantFields(
    form: FormState,
    /// Whether the whole customer can be granted, not only single locations.
    may_whole: bool,
    locations: Vec<Choice>,
    capabilities: Vec<Capability>,
) -> impl IntoView {
    let locale = form.locale;
    let (customer_form, location_form, capability_form) = (form.clone(), form.clone(), form.clone());
    let has_locations = !locations.is_empty();
    let usually = |capability: Capability| {
        matches!(
            capability,
            Capability::Submit | Capability::Appointments | Capability::Reports | Capability::Downloads
        )
    };
    view! {
        <fieldset class="group" id=format!("{}-locations", form.name) tabindex="-1"><legend>{word!(locale, "access-locations")}</legend>
            {form.error("locations").map(|error| view! { <p class="field-error">{error}</p> })}
            {may_whole.then(|| view! { <CheckField form=customer_form field="whole" label=word!(locale, "access-all-locations") help=word!(locale, "access-all-locations-help")/> })}
            {has_locations.then(|| view! {
                <div class="checks">{locations.into_iter().map(|(id, name)| view! { <Checkbox form=location_form.clone() field=format!("location_{id}") label=name/> }).collect_view()}</div>
            })}
        </fieldset>
        <fieldset class="group" id=format!("{}-capabilities", form.name) tabindex="-1"><legend>{word!(locale, "access-permissions")}</legend>
            {form.error("capabilities").map(|error| view! { <p class="field-error">{error}</p> })}
            <div class="checks">{capabilities.into_iter().map(|one| view! {
                <Checkbox form=capability_form.clone() field=format!("may_{}", one.name()) label=capability_label(locale, one) checked=usually(one)/>
            }).collect_view()}</div>
        </fieldset>
        <TextField form=form.clone() field="from" kind="date" label=word!(locale, "access-valid-from") help=word!(locale, "access-valid-from-help") optional=true/>
        <TextField form=form.clone() field="until" kind="date" label=word!(locale, "access-valid-until") help=word!(locale, "access-valid-until-help") optional=true/>
        <TextField form field="reason" label=word!(locale, "access-reason") help=word!(locale, "access-reason-help")/>
    }
}

/// A checkbox whose field name is only known at run time.
#[component]
fn Checkbox(
    form: FormState,
    field: String,
    #[prop(into)] label: String,
    #[prop(optional)] checked: bool,
) -> impl IntoView {
    let checked = form.checked(&field, checked);
    let id = format!("{}-{field}", form.name);
    let for_id = id.clone();
    view! { <div class="check"><input id=id name=field type="checkbox" value="on" checked=checked/><label for=for_id><bdi>{label}</bdi></label></div> }
}

/// Renders the choice of the invitation language.
#[component]
pub fn InvitationLanguage(form: FormState) -> impl IntoView {
    let choices = Locale::ALL
        .into_iter()
        .map(|locale| (locale.tag().to_owned(), locale.own_name().to_owned()))
        .collect();
    let (label, value) = (word!(form.locale, "access-language"), form.locale.tag().to_owned());
    view! { <SelectField form field="locale" label choices value/> }
}

/// Returns the label of a capability.
pub fn capability_label(locale: Locale, capability: Capability) -> String {
    by_key(locale, &format!("capability-{}", capability.name()))
}

/// Returns when access starts, or `None` if it has already started.
pub fn starts_on(locale: Locale, from: DateTime<Utc>, now: DateTime<Utc>, zone: &str) -> Option<String> {
    (from > now).then(|| word!(locale, "access-starts", day = format::date(locale, from, zone)))
}

/// Joins the labels of several capabilities into one line.
pub fn capability_line(locale: Locale, capabilities: &[Capability]) -> String {
    let words: Vec<String> = capabilities.iter().map(|one| capability_label(locale, *one)).collect();
    words.join(word!(locale, "list-separator").as_str())
}

/// Renders the status of a portal access.
#[component]
pub fn AccessChip(status: AccessStatus, locale: Locale) -> impl IntoView {
    let tone = match status {
        AccessStatus::NotInvited => Tone::Neutral,
        AccessStatus::InvitationExpired => Tone::Warn,
        AccessStatus::Invited => Tone::Info,
        AccessStatus::Active => Tone::Good,
        AccessStatus::Blocked => Tone::Bad,
    };
    view! { <Chip label=by_key(locale, &format!("access-{}", status.name())) tone/> }
}

/// Reads an invitation from a submitted form.
pub fn invite_form(fields: &Fields) -> InviteForm {
    let ticked = |prefix: &str| fields.with_prefix(prefix).map(str::to_owned).collect();
    InviteForm {
        contact: fields.text("contact"),
        name: fields.text("name"),
        email: fields.text("email"),
        locale: fields.text("locale"),
        whole: fields.is_ticked("whole"),
        locations: ticked("location_"),
        capabilities: ticked("may_"),
        from: fields.text("from"),
        until: fields.text("until"),
        reason: fields.text("reason"),
    }
}

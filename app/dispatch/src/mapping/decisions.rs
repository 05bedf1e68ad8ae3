//! The forms of the mapping review for a job that belongs to none of the candidates.

use domain::customers::Address;
use domain::ids::TargetId;
use domain::intake::MAX_MESSAGE_CHARS;
use domain::locale::Locale;
use leptos::prelude::*;
use serde_json::Value;
use ui::components::{ConfirmAction, InternalBox};
use ui::drafts::owned;
use ui::forms::{CheckField, ErrorSummary, FormState, TextArea, TextField};
use ui::islands::SubmitOnce;

use crate::requests::call::NewCustomerFields;
use crate::t;

/// The decisions that assign no customer: not now, and not at all.
#[component]
pub(crate) fn OtherDecisions(id: TargetId, can_reject: bool, form: FormState, locale: Locale) -> impl IntoView {
    let choices = [
        ("1h", t!(locale, "snooze-hour")),
        ("tomorrow", t!(locale, "snooze-tomorrow")),
        ("monday", t!(locale, "snooze-monday")),
        ("", t!(locale, "snooze-end")),
    ];
    view! {
        <div class="actions">
            <SubmitOnce><form class="setter" method="post" action=owned("/app/fn/snooze-mapping")>
                <input type="hidden" name="target" value=id.to_string()/>
                <label for="snooze-mapping">{t!(locale, "snooze")}</label>
                <span><select id="snooze-mapping" name="until">{choices.into_iter().map(|(value, label)| view! { <option value=value>{label}</option> }).collect_view()}</select>
                <button class="button" type="submit">{t!(locale, "apply")}</button></span>
            </form></SubmitOnce>
            {can_reject.then(|| view! {
                <ConfirmAction label=t!(locale, "mapping-review-reject") consequence=t!(locale, "mapping-review-reject-text") open=form.has_typed_values()>
                    <form method="post" action=owned("/app/fn/reject-mapping")>
                        <ErrorSummary form=form.clone()/>
                        <input type="hidden" name="target" value=id.to_string()/>
                        <InternalBox locale><TextArea form=form field="reason" label=t!(locale, "mapping-review-reject-reason") rows=2 max_length=MAX_MESSAGE_CHARS/></InternalBox>
                        <button class="button button-bad" type="submit">{t!(locale, "mapping-review-reject")}</button>
                    </form>
                </ConfirmAction>
            })}
        </div>
    }
}

/// Creates the customer of the job from what was imported.
#[component]
pub(crate) fn NewCustomerCard(
    id: TargetId,
    payload: Value,
    has_external_id: bool,
    /// How many other jobs wait with the same external ID.
    held: i64,
    form: FormState,
    locale: Locale,
) -> impl IntoView {
    let text = |part: &str, field: &str| payload[part][field].as_str().unwrap_or_default().to_owned();
    let optional = |field: &str| Some(text("location", field)).filter(|text| !text.is_empty());
    let address = Address {
        street: optional("street"),
        postal_code: optional("postalCode"),
        city: optional("city"),
        ..Address::default()
    };
    let (contact, phone, email) = (
        text("contact", "displayName"),
        text("contact", "phone"),
        text("contact", "email"),
    );
    let name = text("customer", "name");
    let open = form.has_typed_values();
    view! {
        <details class="box" data-testid="mapping-new-customer" open=open><summary>{t!(locale, "create-customer")}</summary>
            <SubmitOnce><form method="post" action=owned("/app/fn/create-mapping-customer")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="target" value=id.to_string()/>
                <NewCustomerFields form=form.clone() name address locale/>
                <TextField form=form.clone() field="new_contact" label=t!(locale, "contact-name") value=contact optional=true/>
                <div class="pair">
                    <TextField form=form.clone() field="phone" kind="tel" label=t!(locale, "phone") value=phone optional=true/>
                    <TextField form=form.clone() field="email" kind="email" label=t!(locale, "email") value=email optional=true/>
                </div>
                {has_external_id.then(|| view! {
                    <CheckField form=form.clone() field="pin" label=t!(locale, "mapping-review-link-customer") checked=true/>
                    {(held > 0).then(|| view! { <CheckField form field="again" label=t!(locale, "mapping-review-retry-held") checked=true/> })}
                })}
                <button class="button button-primary" type="submit">{t!(locale, "mapping-review-create-and-map")}</button>
            </form></SubmitOnce>
        </details>
    }
}

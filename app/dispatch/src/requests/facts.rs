//! The facts of a request, with the results of the classification rules.

use domain::ids::RequestId;
use domain::intake::classification::{Classification, ClassifiedField as Field};
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::requests::model::RequestView;
use ui::components::{Fact, Identifier};
use ui::format;
use ui::navigation::PhoneLink;

use crate::classification::page::{match_reasons, value_label};
use crate::i18n::by_key;
use crate::t;

#[component]
pub(crate) fn Facts(
    item: RequestView,
    locale: Locale,
    zone: String,
    id: RequestId,
    /// Whether the assignee is named, because it cannot be changed here.
    names_assignee: bool,
) -> impl IntoView {
    let requester = item.requester.clone();
    let country = item.place.as_ref().and_then(|place| place.country.clone());
    let contact_country = country.clone();
    let phone_zone = item.location_zone.clone().unwrap_or_else(|| zone.clone());
    let contact_zone = phone_zone.clone();
    let address = format::address_line(
        item.street.as_deref(),
        item.postal_code.as_deref(),
        item.city.as_deref(),
    );
    let provided_address = item.place.as_ref().map(|place| {
        format::address_line(
            place.street.as_deref(),
            place.postal_code.as_deref(),
            place.city.as_deref(),
        )
    });
    let windows: Vec<String> = item
        .preferred_windows
        .iter()
        .map(|window| {
            format!(
                "{}, {}",
                format::day(locale, window.date),
                by_key(locale, &format!("part-{}", window.part.name()))
            )
        })
        .collect();
    view! {
        <dl class="facts">
            {(!windows.is_empty()).then(|| view! { <Fact name=t!(locale, "preferred")>{windows.into_iter().map(|window| view! { <div>{window}</div> }).collect_view()}</Fact> })}
            {item.preferred.map(|preferred| view! { <Fact name=t!(locale, "preferred")><bdi>{preferred}</bdi></Fact> })}
            <Fact name=t!(locale, "channel")>{by_key(locale, &format!("channel-{}", item.channel.name()))}</Fact>
            <Fact name=t!(locale, "submitted")>{format::moment(locale, item.submitted_at, &zone)}</Fact>
            {(!address.is_empty()).then(|| view! { <Fact name=t!(locale, "address")><bdi>{address}</bdi></Fact> })}
            {provided_address.filter(|place| !place.is_empty()).map(|place| view! { <Fact name=t!(locale, "provided-address")><bdi>{place}</bdi></Fact> })}
            {requester.map(|requester| view! {
                <Fact name=t!(locale, "provided-contact")>
                    {requester.name.map(|name| view! { <div><bdi>{name}</bdi></div> })}{requester.organisation.map(|name| view! { <div><bdi>{name}</bdi></div> })}
                    {requester.email.map(|email| view! { <div><bdi dir="ltr">{email}</bdi></div> })}{requester.phone.map(|number| view! { <div><PhoneLink number country=country.clone() zone=phone_zone.clone() locale/></div> })}
                    <div class="quiet">{requester.locale.own_name()}</div>
                </Fact>
            })}
            {item.contact_name.map(|name| view! { <Fact name=t!(locale, "contact")><bdi>{name}</bdi>" "{item.contact_phone.map(|number| view! { <PhoneLink number country=contact_country.clone() zone=contact_zone.clone() locale/> })}</Fact> })}
            {item.receipt_code.map(|code| view! { <Fact name=t!(locale, "receipt-code")><bdi class="mono" dir="ltr">{code}</bdi></Fact> })}
            {item.classification.map(|classification| view! { <Classified classification locale/> })}
            {names_assignee.then(|| view! { <Fact name=t!(locale, "assignee")><bdi>{item.assignee_name.unwrap_or_else(|| t!(locale, "assigned-none"))}</bdi></Fact> })}
            <Fact name=t!(locale, "request-id")><Identifier text=id.to_string() locale/></Fact>
        </dl>
    }
}

/// The results of classification rules with their reasons.
#[component]
fn Classified(classification: Classification, locale: Locale) -> impl IntoView {
    let chosen_value = |field| match field {
        Field::ServiceType => classification.chosen_service_type.map(|kind| kind.name()),
        Field::Priority => classification.chosen_priority.map(|priority| priority.name()),
        Field::Region | Field::UseCase => None,
    };
    classification.decided
        .clone()
        .into_iter()
        .map(|decided| {
            let field = decided.field;
            let override_text = chosen_value(field).map(|value| {
                t!(locale, "classified-chosen", value = value_label(locale, field, value))
            });
            view! {
                <Fact name=by_key(locale, &format!("classified-{}", field.name()))>
                    <div><bdi>{value_label(locale, field, &decided.value)}</bdi></div>
                    <div class="quiet">{format!("{} ({})", t!(locale, "classified-by", rule = decided.rule_name), match_reasons(locale, &decided.because, &[]))}{override_text.map(|override_text| format!(" · {override_text}"))}</div>
                </Fact>
            }
        })
        .collect_view()
}

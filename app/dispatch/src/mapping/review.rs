//! The warning desk: what could not be mapped, with its candidates side by side.

use std::str::FromStr;

use domain::ids::TargetId;
use domain::locale::Locale;
use domain::permissions::{ResolveMappings, ViewImports};
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::mapping::model::CandidateLine;
use ordinavo_core::mapping::review;
use ordinavo_core::mapping::review::{Choice, Resolution, SentIds};
use ordinavo_core::{Core, CoreError, CoreResult};
use ui::acts::{Next, Sent, act};
use ui::format;
use ui::islands::SendOnce;
use ui::load::{page, place};
use ui::parts::{Chip, Empty, Fact, Identifier, Pager, ProblemNotice, TargetChip};
use ui::title::Title;

use crate::imports::page::ItemCard;
use crate::mapping::references::link_address;
use crate::shared::{DoneNotice, service_words, viewer_staff};
use crate::shell::Framed;
use crate::t;

/// `/app/imports/desk`.
#[component]
pub fn DeskPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let found = review::list(&request.core, staff.may::<ViewImports>()?, request.place("after")).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/app/imports/desk?after={}", place(row.created_at, row.id)));
        let first = (!request.query("after").is_empty()).then(|| "/app/imports/desk".to_owned());
        let empty = found.rows.is_empty();
        let now = request.viewer.now;
        Ok(view! {
            <Title text=t!(locale, "mapping-review-title")/>
            <p><a href="/app/imports">{t!(locale, "imports-title")}</a></p>
            <h1>{t!(locale, "mapping-review-title")}</h1>
            <DoneNotice locale flash=request.flash.clone()/>
            {empty.then(|| view! { <Empty icon="check" title=t!(locale, "mapping-review-empty") text=t!(locale, "mapping-review-empty-text")/> })}
            <ul class="lines lines-tall">{found.rows.into_iter().map(|row| view! {
                <li><a href=format!("/app/imports/desk/{}", row.id)><strong>{service_words(locale, row.service_type.as_deref())}" "<bdi class="mono">{format!("TGT-{}", row.number)}</bdi></strong></a>
                    <TargetChip status=row.status locale/><bdi class="mono small">{row.external_id}</bdi><span class="quiet">{format::age(locale, row.created_at, now)}</span></li>
            }).collect_view()}</ul>
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <Framed current="/app/imports">{content}</Framed> }
}

/// `/app/imports/desk/{id}`.
#[component]
pub fn DeskTargetPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: TargetId = request.id("id")?;
        let search = request.query("q");
        let found = review::page(&request.core, staff.may::<ViewImports>()?, id, &search).await?;
        let may_resolve = staff.has::<ResolveMappings>();
        let zone = staff.zone().to_owned();
        let sent = |part: &str, member: &str| found.payload[part][member].as_str().map(str::to_owned);
        let facts: Vec<(String, Option<String>)> = vec![
            (t!(locale, "field-customer_externalId"), sent("customer", "externalId")),
            (
                t!(locale, "field-customer_customerNumber"),
                sent("customer", "customerNumber"),
            ),
            (t!(locale, "field-customer_name"), sent("customer", "name")),
            (t!(locale, "field-location_externalId"), sent("location", "externalId")),
            (t!(locale, "field-location_name"), sent("location", "name")),
            (t!(locale, "field-location_city"), sent("location", "city")),
            (t!(locale, "field-contact_externalId"), sent("contact", "externalId")),
            (t!(locale, "field-contact_displayName"), sent("contact", "displayName")),
        ];
        let none = found.candidates.is_empty();
        let held = found.held_alike;
        let sent_ids = found.sent;
        let source_key = found.source_key.unwrap_or_default();
        let (locations, contacts) = (found.locations, found.contacts);
        let title = format!("TGT-{}", found.target.number);
        Ok(view! {
            <Title text=title.clone()/>
            <p><a href="/app/imports/desk">{t!(locale, "mapping-review-title")}</a></p>
            <header class="title-row"><h1><bdi class="mono">{title}</bdi>" "{service_words(locale, found.target.service_type.as_deref())}</h1><a href=format!("/app/targets/{id}")>{t!(locale, "open-job")}</a></header>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <div class="columns">
                <section><h2>{t!(locale, "mapping-review-imported-data")}</h2>
                    <dl class="facts">{facts.into_iter().filter_map(|(name, value)| value.map(|value| view! { <Fact name><bdi>{value}</bdi></Fact> })).collect_view()}</dl>
                    {(!found.known.is_empty()).then(|| view! {
                        <h2>{t!(locale, "mapping-review-existing-links")}</h2>
                        <ul class="lines">{found.known.into_iter().map(|known| {
                            let href = link_address(&known.entity_type, &source_key, &known.external_id);
                            view! { <li><bdi class="mono">{known.external_id}</bdi><a href=format!("/app/customers/{}", known.customer_id)><bdi>{known.customer_name}</bdi></a><a href=href>{t!(locale, "link-view")}</a></li> }
                        }).collect_view()}</ul>
                    })}
                    <h2>{t!(locale, "mapping-review-reason")}</h2>
                    {found.item.map(|item| view! { <ItemCard item locale zone=zone.clone()/> })}
                </section>
                <section><h2>{t!(locale, "mapping-review-candidates")}</h2>
                    <p class="help">{t!(locale, "mapping-review-candidates-text")}</p>
                    <form method="get" action=format!("/app/imports/desk/{id}") class="filters" role="search">
                        <label>{t!(locale, "search")}" "<input type="search" name="q" value=search dir="auto"/></label>
                        <button class="button" type="submit">{t!(locale, "search-now")}</button>
                    </form>
                    {none.then(|| view! { <Empty title=t!(locale, "mapping-review-no-candidates") text=t!(locale, "mapping-review-candidates-text")/> })}
                    {found.candidates.into_iter().map(|candidate| {
                        let of_customer = candidate.id;
                        let places = locations.iter().filter(|location| location.customer_id == of_customer).map(|location| Record {
                            id: location.id.to_string(),
                            name: [Some(location.name.clone()), location.city.clone().filter(|city| !location.name.contains(city.as_str()))].into_iter().flatten().collect::<Vec<_>>().join(", "),
                            linked_as: location.linked_as.clone(),
                        }).collect();
                        let people = contacts.iter().filter(|contact| contact.customer_id == of_customer).map(|contact| Record {
                            id: contact.id.to_string(),
                            name: contact.display_name.clone(),
                            linked_as: contact.linked_as.clone(),
                        }).collect();
                        view! { <CandidateCard candidate locations=places contacts=people sent=sent_ids.clone() held target=id may_resolve locale/> }
                    }).collect_view()}
                </section>
            </div>
        }
        .into_any())
    });
    view! { <Framed current="/app/imports">{content}</Framed> }
}

/// A location or contact that a candidate has.
struct Record {
    id: String,
    name: String,
    linked_as: Option<String>,
}

/// A customer to whom the target may belong, and the form that says so.
#[component]
fn CandidateCard(
    candidate: CandidateLine,
    locations: Vec<Record>,
    contacts: Vec<Record>,
    sent: SentIds,
    /// How many others wait with the same external id.
    held: i64,
    target: TargetId,
    may_resolve: bool,
    locale: Locale,
) -> impl IntoView {
    let can_pin = sent.customer.is_some() && candidate.linked_as.is_none();
    let inactive = candidate.is_inactive;
    let customer = candidate.id.to_string();
    let (pin_id, again_id) = (format!("pin-{customer}"), format!("again-{customer}"));
    view! {
        <article class="card">
            <header class="title-row"><h3><a href=format!("/app/customers/{customer}")><bdi>{candidate.name}</bdi></a></h3>
                {inactive.then(|| view! { <Chip label=t!(locale, "mapping-review-archived") tone=Tone::Neutral/> })}</header>
            <dl class="facts">
                {candidate.customer_number.map(|number| view! { <Fact name=t!(locale, "field-customer_customerNumber")><bdi class="mono">{number}</bdi></Fact> })}
                {candidate.city.map(|city| view! { <Fact name=t!(locale, "field-location_city")><bdi>{city}</bdi></Fact> })}
                <Fact name=t!(locale, "locations")>{candidate.locations}</Fact>
                {candidate.linked_as.map(|external_id| view! { <Fact name=t!(locale, "mapping-review-linked-id")><Identifier text=external_id locale/></Fact> })}
            </dl>
            {(may_resolve && !inactive).then(|| view! {
                <SendOnce><form method="post" action="/app/fn/resolve-mapping">
                    <input type="hidden" name="target" value=target.to_string()/>
                    <input type="hidden" name="customer" value=customer.clone()/>
                    {can_pin.then(|| view! {
                        <p class="check"><input type="checkbox" id=pin_id.clone() name="pin" value="on" checked=true/><label for=pin_id>{t!(locale, "mapping-review-link-customer")}</label></p>
                        {(held > 0).then(|| view! { <p class="check"><input type="checkbox" id=again_id.clone() name="again" value="on" checked=true/><label for=again_id>{t!(locale, "mapping-review-retry-held")}" ("{held}" "{t!(locale, "mapping-review-held")}")"</label></p> })}
                    })}
                    <PartChoice name="location" customer=customer.clone() label=t!(locale, "location") pin=t!(locale, "mapping-review-link-location") records=locations sent=sent.location locale/>
                    <PartChoice name="contact" customer=customer label=t!(locale, "contact") pin=t!(locale, "mapping-review-link-contact") records=contacts sent=sent.contact locale/>
                    <button class="button button-primary" type="submit">{t!(locale, "mapping-review-map-customer")}</button>
                </form></SendOnce>
            })}
        </article>
    }
}

/// Which of the customer's locations or contacts is meant, and whether the id that was sent stands for it from now on.
#[component]
fn PartChoice(
    name: &'static str,
    customer: String,
    label: String,
    pin: String,
    records: Vec<Record>,
    sent: Option<String>,
    locale: Locale,
) -> impl IntoView {
    let (id, pin_id) = (format!("{name}-{customer}"), format!("pin-{name}-{customer}"));
    // What the id already stands for is linked without a choice.
    let known = sent
        .as_ref()
        .and_then(|sent| records.iter().find(|record| record.linked_as.as_ref() == Some(sent)))
        .map(|record| record.id.clone());
    let can_pin = sent.is_some() && known.is_none();
    (!records.is_empty()).then(|| {
        view! {
            <div class="field"><label for=id.clone()>{label}</label>
                <select id=id name=name>
                    <option value="">{t!(locale, "mapping-review-unassigned")}</option>
                    {records.into_iter().map(|record| {
                        let selected = known.as_ref() == Some(&record.id);
                        let words = match record.linked_as {
                            Some(linked) => format!("{} ({linked})", record.name),
                            None => record.name,
                        };
                        view! { <option value=record.id selected=selected>{words}</option> }
                    }).collect_view()}
                </select>
            </div>
            {can_pin.then(|| view! {
                <p class="check"><input type="checkbox" id=pin_id.clone() name=format!("pin_{name}") value="on"/><label for=pin_id>{pin}" "<bdi class="mono">{sent}</bdi></label></p>
            })}
        }
    })
}

#[server(prefix = "/app/fn", endpoint = "resolve-mapping")]
#[allow(clippy::too_many_arguments, reason = "one for each field of the form")]
pub async fn resolve_mapping(
    #[server(default)] target: String,
    #[server(default)] customer: String,
    #[server(default)] location: String,
    #[server(default)] contact: String,
    #[server(default)] pin: Option<String>,
    #[server(default)] pin_location: Option<String>,
    #[server(default)] pin_contact: Option<String>,
    #[server(default)] again: Option<String>,
) -> Result<(), ServerFnError> {
    let sent = Sent {
        form: "",
        values: &[],
        back: format!("/app/imports/desk/{target}"),
    };
    act(sent, async |core: Core, staff: Staff| {
        let permit = staff.may::<ResolveMappings>()?;
        let id: TargetId = target.parse().map_err(|_| CoreError::not_found())?;
        let resolution = Resolution {
            customer: Choice {
                id: customer.parse().map_err(|_| CoreError::not_found())?,
                pin: pin.is_some(),
            },
            location: chosen(&location, "location", pin_location.is_some())?,
            contact: chosen(&contact, "contact", pin_contact.is_some())?,
            again: again.is_some(),
        };
        review::resolve(&core, permit, id, resolution).await?;
        Ok(Next::to(format!("/app/targets/{id}"), "done-mapping-saved"))
    })
    .await
}

/// The record that was chosen; none if nothing was.
fn chosen<T: FromStr>(text: &str, field: &'static str, pin: bool) -> CoreResult<Option<Choice<T>>> {
    if text.is_empty() {
        return Ok(None);
    }
    let id = text
        .parse()
        .map_err(|_| CoreError::field(field, "validation_failed", "Choose one of the list."))?;
    Ok(Some(Choice { id, pin }))
}

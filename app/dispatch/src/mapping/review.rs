//! Mapping review: jobs whose customer could not be identified, with the candidates side by side.

use domain::identity::permissions::ViewImports;
use domain::ids::{CustomerId, TargetId};
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::mapping::model::{CandidateSummary, ContactChoice, KnownReference, LocationChoice};
use ordinavo_core::mapping::review;
use ordinavo_core::mapping::review::SentExternalIds;
use serde_json::Value;
use ui::components::{Chip, EmptyState, Fact, Identifier, Pager, ProblemNotice, TargetChip};
use ui::drafts::owned;
use ui::format;
use ui::forms::FormState;
use ui::islands::SubmitOnce;
use ui::page::{cursor, page};
use ui::title::Title;

use crate::imports::page::ItemCard;
use crate::mapping::decisions::{NewCustomerCard, OtherDecisions};
use crate::mapping::references::link_path;
use crate::shared::{DoneNotice, service_label, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

/// The queue.
pub(crate) const LIST: &str = "/app/imports/mapping";

#[component]
pub fn MappingReviewPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let is_snoozed = request.query("only") == "snoozed";
        let permit = staff.may::<ViewImports>()?;
        let found = review::list(&request.core, permit, request.cursor("after"), is_snoozed).await?;
        let only = if is_snoozed { "only=snoozed&" } else { "" };
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("{LIST}?{only}after={}", cursor(row.created_at, row.id)));
        let first = (!request.query("after").is_empty()).then(|| format!("{LIST}?{only}"));
        let current = |is_current: bool| is_current.then_some("page");
        let empty = found.rows.is_empty();
        let now = request.viewer.now;
        Ok(view! {
            <Title text=t!(locale, "mapping-review-title")/>
            <PageBar locale title=t!(locale, "mapping-review-title") parent=Parent::new("/app/imports", t!(locale, "imports-title"))/>
            <DoneNotice locale flash=request.flash.clone()/>
            <nav class="tabs" aria-label=t!(locale, "mapping-review-title")>
                <a href=LIST aria-current=current(!is_snoozed)>{t!(locale, "mapping-review-waiting")}</a>
                <a href=format!("{LIST}?only=snoozed") aria-current=current(is_snoozed)>{t!(locale, "mapping-review-snoozed")}</a>
            </nav>
            {empty.then(|| view! { <EmptyState icon="check" title=t!(locale, "mapping-review-empty") text=t!(locale, "mapping-review-empty-text")/> })}
            <ul class="lines lines-tall">{found.rows.into_iter().map(|row| view! {
                <li><a href=format!("/app/imports/mapping/{}", row.id)><strong>{service_label(locale, row.service_type.as_deref())}" "<bdi class="mono">{format::job_number(row.number)}</bdi></strong></a>
                    <TargetChip status=row.status locale/><bdi class="mono small">{row.external_id}</bdi><span class="quiet">{format::age(locale, row.created_at, now)}</span></li>
            }).collect_view()}</ul>
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/imports/mapping">{content}</AppFrame> }
}

#[component]
pub fn MappingReviewTargetPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: TargetId = request.id("id")?;
        let search = request.query("q");
        let found = review::page(&request.core, staff.may::<ViewImports>()?, id, &search).await?;
        let can_resolve = found.can_resolve;
        let zone = staff.zone().to_owned();
        let title = format::job_number(found.target.number);
        Ok(view! {
            <Title text=title.clone()/>
            <PageBar locale title=title.clone() parent=Parent::new(LIST, t!(locale, "mapping-review-title")) is_trail=true/>
            <header class="title-row"><h1><bdi class="mono">{title}</bdi>" "{service_label(locale, found.target.service_type.as_deref())}</h1><a href=format!("/app/targets/{id}")>{t!(locale, "open-job")}</a></header>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            {can_resolve.then(|| view! { <OtherDecisions id can_reject=found.can_reject form=FormState::new("reject-mapping", locale, request.flash.as_ref()) locale/> })}
            <div class="columns">
                <section><h2>{t!(locale, "mapping-review-imported-data")}</h2>
                    <ImportedFacts payload=found.payload.clone() locale/>
                    {(!found.known.is_empty()).then(|| view! { <ExistingLinks known=found.known source_key=found.source_key.unwrap_or_default() locale/> })}
                    <h2>{t!(locale, "mapping-review-reason")}</h2>
                    {found.item.map(|item| view! { <ItemCard item locale zone=zone.clone()/> })}
                </section>
                <section><h2>{t!(locale, "mapping-review-candidates")}</h2>
                    <p class="help">{t!(locale, "mapping-review-candidates-text")}</p>
                    <form method="get" action=format!("/app/imports/mapping/{id}") class="filters" role="search">
                        <label>{t!(locale, "search")}" "<input type="search" name="q" value=search dir="auto"/></label>
                        <button class="button" type="submit">{t!(locale, "search-now")}</button>
                    </form>
                    {found.candidates.is_empty().then(|| view! { <EmptyState title=t!(locale, "mapping-review-no-candidates") text=t!(locale, "mapping-review-candidates-text")/> })}
                    {can_resolve.then(|| view! { <NewCustomerCard id payload=found.payload has_external_id=found.sent.customer.is_some() held=found.waiting_with_same_customer form=FormState::new("mapping-customer", locale, request.flash.as_ref()) locale/> })}
                    {found.candidates.into_iter().map(|candidate| {
                        let locations = location_records(&found.locations, candidate.id);
                        let contacts = contact_records(&found.contacts, candidate.id);
                        view! { <CandidateCard candidate locations contacts sent=found.sent.clone() held=found.waiting_with_same_customer target=id can_resolve locale/> }
                    }).collect_view()}
                </section>
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/imports/mapping">{content}</AppFrame> }
}

/// The imported values that identify customer, location and contact.
#[component]
fn ImportedFacts(payload: Value, locale: Locale) -> impl IntoView {
    let facts = [
        (
            t!(locale, "field-customer_externalId"),
            &payload["customer"]["externalId"],
        ),
        (
            t!(locale, "field-customer_customerNumber"),
            &payload["customer"]["customerNumber"],
        ),
        (t!(locale, "field-customer_name"), &payload["customer"]["name"]),
        (
            t!(locale, "field-location_externalId"),
            &payload["location"]["externalId"],
        ),
        (t!(locale, "field-location_name"), &payload["location"]["name"]),
        (t!(locale, "field-location_city"), &payload["location"]["city"]),
        (
            t!(locale, "field-contact_externalId"),
            &payload["contact"]["externalId"],
        ),
        (
            t!(locale, "field-contact_displayName"),
            &payload["contact"]["displayName"],
        ),
    ];
    let facts = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
        .map(|(name, value)| view! { <Fact name><bdi>{value}</bdi></Fact> })
        .collect_view();
    view! { <dl class="facts">{facts}</dl> }
}

/// The records that the imported external IDs are already linked to.
#[component]
fn ExistingLinks(known: Vec<KnownReference>, source_key: String, locale: Locale) -> impl IntoView {
    view! {
        <h2>{t!(locale, "mapping-review-existing-links")}</h2>
        <ul class="lines">{known.into_iter().map(|known| {
            let href = link_path(known.mapping_type, &source_key, &known.external_id);
            view! { <li><bdi class="mono">{known.external_id}</bdi><a href=format!("/app/customers/{}", known.customer_id)><bdi>{known.customer_name}</bdi></a><a href=href>{t!(locale, "link-view")}</a></li> }
        }).collect_view()}</ul>
    }
}

/// A location or contact of a candidate.
struct Record {
    id: String,
    name: String,
    linked_as: Option<String>,
}

/// Returns the candidate's locations; the city is added where the name does not contain it.
fn location_records(locations: &[LocationChoice], customer: CustomerId) -> Vec<Record> {
    let label = |location: &LocationChoice| match &location.city {
        Some(city) if !location.name.contains(city.as_str()) => format!("{}, {city}", location.name),
        _ => location.name.clone(),
    };
    locations
        .iter()
        .filter(|location| location.customer_id == customer)
        .map(|location| Record {
            id: location.id.to_string(),
            name: label(location),
            linked_as: location.linked_as.clone(),
        })
        .collect()
}

/// Returns the candidate's contacts.
fn contact_records(contacts: &[ContactChoice], customer: CustomerId) -> Vec<Record> {
    contacts
        .iter()
        .filter(|contact| contact.customer_id == customer)
        .map(|contact| Record {
            id: contact.id.to_string(),
            name: contact.display_name.clone(),
            linked_as: contact.linked_as.clone(),
        })
        .collect()
}

/// A customer that the job may belong to, and the form that confirms it.
#[component]
fn CandidateCard(
    candidate: CandidateSummary,
    locations: Vec<Record>,
    contacts: Vec<Record>,
    sent: SentExternalIds,
    /// How many other jobs wait with the same external ID.
    held: i64,
    target: TargetId,
    can_resolve: bool,
    locale: Locale,
) -> impl IntoView {
    let can_pin = sent.customer.is_some() && candidate.linked_as.is_none();
    let inactive = candidate.is_inactive;
    let customer = candidate.id.to_string();
    let (pin_id, retry_id) = (format!("pin-{customer}"), format!("again-{customer}"));
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
            {(can_resolve && !inactive).then(|| view! {
                <SubmitOnce><form method="post" action=owned("/app/fn/resolve-mapping")>
                    <input type="hidden" name="target" value=target.to_string()/>
                    <input type="hidden" name="customer" value=customer.clone()/>
                    {can_pin.then(|| view! {
                        <p class="check"><input type="checkbox" id=pin_id.clone() name="pin" value="on" checked=true/><label for=pin_id>{t!(locale, "mapping-review-link-customer")}</label></p>
                        {(held > 0).then(|| view! { <p class="check"><input type="checkbox" id=retry_id.clone() name="again" value="on" checked=true/><label for=retry_id>{t!(locale, "mapping-review-retry-held")}" ("{held}" "{t!(locale, "mapping-review-held")}")"</label></p> })}
                    })}
                    <PartChoice name="location" customer=customer.clone() label=t!(locale, "location") pin=t!(locale, "mapping-review-link-location") records=locations sent=sent.location locale/>
                    <PartChoice name="contact" customer=customer label=t!(locale, "contact") pin=t!(locale, "mapping-review-link-contact") records=contacts sent=sent.contact locale/>
                    <button class="button button-primary" type="submit">{t!(locale, "mapping-review-map-customer")}</button>
                </form></SubmitOnce>
            })}
        </article>
    }
}

/// The choice of a location or contact of the customer, and whether to link the imported external ID to it.
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
    // A record that the external ID is already linked to is preselected.
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
                        let option_label = match record.linked_as {
                            Some(linked) => format!("{} ({linked})", record.name),
                            None => record.name,
                        };
                        view! { <option value=record.id selected=selected>{option_label}</option> }
                    }).collect_view()}
                </select>
            </div>
            {can_pin.then(|| view! {
                <p class="check"><input type="checkbox" id=pin_id.clone() name=format!("pin_{name}") value="on"/><label for=pin_id>{pin}" "<bdi class="mono">{sent}</bdi></label></p>
            })}
        }
    })
}

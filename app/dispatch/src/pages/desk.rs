//! The warning desk: what could not be mapped, with its candidates side by side; and the way back from a wrong link.

use domain::ids::{CustomerId, TargetId};
use domain::permissions::{ResolveMappings, ViewImports};
use domain::public_language::Tone;
use leptos::prelude::*;
use leptos_meta::Title;
use ordinavo_core::actors::Staff;
use ordinavo_core::services::mapping_desk::{self, Resolution};
use ordinavo_core::{Core, CoreError};
use ui::acts::{Next, Sent, act};
use ui::format;
use ui::islands::SendOnce;
use ui::load::{page, place};
use ui::parts::{Chip, Empty, Fact, Identifier, Pager, ProblemNotice, TargetChip, Weighty};

use super::imports::ItemCard;
use super::{DoneNotice, service_words, viewer_staff};
use crate::shell::Framed;
use crate::t;

/// `/app/imports/desk`.
#[component]
pub fn DeskPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let found = mapping_desk::list(&request.core, staff.may::<ViewImports>()?, request.place("after")).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/app/imports/desk?after={}", place(row.created_at, row.id)));
        let first = (!request.query("after").is_empty()).then(|| "/app/imports/desk".to_owned());
        let empty = found.rows.is_empty();
        let now = request.viewer.now;
        Ok(view! {
            <Title text=t!(locale, "desk-title")/>
            <p><a href="/app/imports">{t!(locale, "imports-title")}</a></p>
            <h1>{t!(locale, "desk-title")}</h1>
            <DoneNotice locale flash=request.flash.clone()/>
            {empty.then(|| view! { <Empty icon="check" title=t!(locale, "desk-empty") text=t!(locale, "desk-empty-text")/> })}
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
        let found = mapping_desk::page(&request.core, staff.may::<ViewImports>()?, id, &search).await?;
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
            (t!(locale, "field-contact_displayName"), sent("contact", "displayName")),
        ];
        let can_pin = found.external_id.is_some();
        let held = found.held_alike;
        let none = found.candidates.is_empty();
        let title = format!("TGT-{}", found.target.number);
        Ok(view! {
            <Title text=title.clone()/>
            <p><a href="/app/imports/desk">{t!(locale, "desk-title")}</a></p>
            <header class="title-row"><h1><bdi class="mono">{title}</bdi>" "{service_words(locale, found.target.service_type.as_deref())}</h1><a href=format!("/app/targets/{id}")>{t!(locale, "open-job")}</a></header>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <div class="columns">
                <section><h2>{t!(locale, "desk-sent")}</h2>
                    <dl class="facts">{facts.into_iter().filter_map(|(name, value)| value.map(|value| view! { <Fact name><bdi>{value}</bdi></Fact> })).collect_view()}</dl>
                    <h2>{t!(locale, "desk-why")}</h2>
                    {found.item.map(|item| view! { <ItemCard item locale zone=zone.clone()/> })}
                </section>
                <section><h2>{t!(locale, "desk-candidates")}</h2>
                    <p class="help">{t!(locale, "desk-candidates-text")}</p>
                    <form method="get" action=format!("/app/imports/desk/{id}") class="filters" role="search">
                        <label>{t!(locale, "search")}" "<input type="search" name="q" value=search dir="auto"/></label>
                        <button class="button" type="submit">{t!(locale, "search-now")}</button>
                    </form>
                    {none.then(|| view! { <Empty title=t!(locale, "desk-none") text=t!(locale, "desk-candidates-text")/> })}
                    {found.candidates.into_iter().map(|candidate| {
                        let free = candidate.linked_as.is_none();
                        let inactive = candidate.is_inactive;
                        let customer = candidate.id.to_string();
                        view! {
                            <article class="card">
                                <header class="title-row"><h3><a href=format!("/app/customers/{customer}")><bdi>{candidate.name}</bdi></a></h3>
                                    {inactive.then(|| view! { <Chip label=t!(locale, "desk-inactive") tone=Tone::Neutral/> })}</header>
                                <dl class="facts">
                                    {candidate.customer_number.map(|number| view! { <Fact name=t!(locale, "field-customer_customerNumber")><bdi class="mono">{number}</bdi></Fact> })}
                                    {candidate.city.map(|city| view! { <Fact name=t!(locale, "field-location_city")><bdi>{city}</bdi></Fact> })}
                                    <Fact name=t!(locale, "locations")>{candidate.locations}</Fact>
                                    {candidate.linked_as.map(|external_id| view! { <Fact name=t!(locale, "desk-linked-as")><Identifier text=external_id locale/></Fact> })}
                                </dl>
                                {(may_resolve && !inactive).then(|| view! {
                                    <SendOnce><form method="post" action="/app/fn/resolve-mapping">
                                        <input type="hidden" name="target" value=id.to_string()/>
                                        <input type="hidden" name="customer" value=customer.clone()/>
                                        {(can_pin && free).then(|| view! {
                                            <p class="check"><input type="checkbox" id=format!("pin-{customer}") name="pin" value="on" checked=true/><label for=format!("pin-{customer}")>{t!(locale, "desk-pin")}</label></p>
                                            {(held > 0).then(|| view! { <p class="check"><input type="checkbox" id=format!("again-{customer}") name="again" value="on" checked=true/><label for=format!("again-{customer}")>{t!(locale, "desk-again")}" ("{held}" "{t!(locale, "desk-held")}")"</label></p> })}
                                        })}
                                        <button class="button button-primary" type="submit">{t!(locale, "desk-choose")}</button>
                                    </form></SendOnce>
                                })}
                            </article>
                        }
                    }).collect_view()}
                </section>
            </div>
        }
        .into_any())
    });
    view! { <Framed current="/app/imports">{content}</Framed> }
}

/// `/app/imports/links`: a link with everything that it touched. Source and external id stand in the query, since an
/// external id may have any character.
#[component]
pub fn LinkPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let (source, external_id) = (request.query("source"), request.query("id"));
        let found = mapping_desk::link(&request.core, staff.may::<ViewImports>()?, &source, &external_id).await?;
        let zone = staff.zone().to_owned();
        let may_undo = staff.has::<ResolveMappings>();
        let nothing = found.touched.is_empty();
        let (form_source, form_id) = (source.clone(), external_id.clone());
        Ok(view! {
            <Title text=t!(locale, "link-title")/>
            <h1>{t!(locale, "link-title")}</h1>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <dl class="facts">
                <Fact name=t!(locale, "source")><bdi class="mono">{source}</bdi></Fact>
                <Fact name=t!(locale, "external-id")><Identifier text=external_id locale/></Fact>
                <Fact name=t!(locale, "customer")><a href=format!("/app/customers/{}", found.link.customer_id)><bdi>{found.link.customer_name}</bdi></a></Fact>
                <Fact name=t!(locale, "link-made-by")><bdi class="mono small">{found.link.made_by}</bdi></Fact>
                <Fact name=t!(locale, "created-at")>{format::moment(locale, found.link.created_at, &zone)}</Fact>
            </dl>
            <h2>{t!(locale, "link-touched")}</h2>
            {nothing.then(|| view! { <p class="quiet">{t!(locale, "link-nothing")}</p> })}
            <ul class="lines">{found.touched.into_iter().map(|target| view! {
                <li><a href=format!("/app/targets/{}", target.id)><bdi class="mono">{format!("TGT-{}", target.number)}</bdi></a><TargetChip status=target.status locale/><bdi class="mono small">{target.external_id}</bdi></li>
            }).collect_view()}</ul>
            {may_undo.then(|| view! {
                <Weighty label=t!(locale, "link-undo") consequence=t!(locale, "link-undo-text")>
                    <form method="post" action="/app/fn/undo-link">
                        <input type="hidden" name="source" value=form_source/><input type="hidden" name="external_id" value=form_id/>
                        <button class="button button-bad" type="submit">{t!(locale, "link-undo")}</button>
                    </form>
                </Weighty>
            })}
        }
        .into_any())
    });
    view! { <Framed current="/app/customers">{content}</Framed> }
}

#[server(prefix = "/app/fn", endpoint = "resolve-mapping")]
pub async fn resolve_mapping(
    #[server(default)] target: String,
    #[server(default)] customer: String,
    #[server(default)] pin: Option<String>,
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
        let customer: CustomerId = customer.parse().map_err(|_| CoreError::not_found())?;
        let resolution = Resolution {
            customer,
            location: None,
            contact: None,
            pin: pin.is_some(),
        };
        mapping_desk::resolve(&core, permit, id, resolution, again.is_some()).await?;
        Ok(Next::to(format!("/app/targets/{id}"), "done-resolved"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "undo-link")]
pub async fn undo_link(
    #[server(default)] source: String,
    #[server(default)] external_id: String,
) -> Result<(), ServerFnError> {
    let sent = Sent {
        form: "",
        values: &[],
        back: "/app/imports/desk".to_owned(),
    };
    act(sent, async |core: Core, staff: Staff| {
        mapping_desk::undo_link(&core, staff.may::<ResolveMappings>()?, &source, &external_id).await?;
        Ok(Next::to("/app/imports/desk", "done-undone"))
    })
    .await
}

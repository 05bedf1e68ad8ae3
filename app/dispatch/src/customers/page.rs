//! Customers: the list and the details of one customer.

use domain::identity::permissions::{PlanTargets, ViewOperations};
use domain::ids::{CustomerId, LocationId};
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::customers::model::ContactSummary;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::{Core, customers};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Chip, ConfirmAction, EmptyState, LateVisitMark, Pager, ProblemNotice, TargetChip};
use ui::drafts::owned;
use ui::flash::Flash;
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::mapping::references::link_path;
use crate::shared::{DoneNotice, service_label, viewer_staff};
use crate::shell::AppFrame;
use crate::t;

#[component]
pub fn CustomersPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let search = request.query("q");
        let (after_name, after_id) = (request.query("name"), request.query("after").parse::<CustomerId>().ok());
        let found = customers::list(
            &request.core,
            staff.may::<ViewOperations>()?,
            &search,
            after_id.map(|id| (after_name.as_str(), id)),
        )
        .await?;
        let page_href = |name: &str, id: &str| {
            format!(
                "/app/customers?{}",
                format::query([("q", search.as_str()), ("name", name), ("after", id)])
            )
        };
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| page_href(&row.name, &row.id.to_string()));
        let first = after_id.map(|_| format!("/app/customers?{}", format::query([("q", &search)])));
        let empty = found.rows.is_empty();
        Ok(view! {
            <Title text=t!(locale, "customers-title")/>
            <h1>{t!(locale, "customers-title")}</h1>
            <form class="search" method="get" action="/app/customers" role="search">
                <label for="customers-q">{t!(locale, "search")}</label>
                <input id="customers-q" name="q" type="search" value=search.clone()/>
                <button class="button" type="submit">{t!(locale, "search-now")}</button>
            </form>
            {empty.then(|| view! { <EmptyState icon="users" title=t!(locale, "customers-empty") text=t!(locale, "customers-empty-text")/> })}
            {(!empty).then(|| view! {
                <div class="table-frame"><table class="table">
                    <thead><tr><th scope="col">{t!(locale, "name")}</th><th scope="col">{t!(locale, "number")}</th><th scope="col" class="right">{t!(locale, "locations")}</th><th scope="col" class="right">{t!(locale, "open-jobs")}</th></tr></thead>
                    <tbody>
                        {found.rows.into_iter().map(|row| view! {
                            <tr>
                                <th scope="row"><a href=format!("/app/customers/{}", row.id)><bdi>{row.name}</bdi></a>{row.is_archived.then(|| view! { " "<Chip label=t!(locale, "archived") tone=Tone::Neutral/> })}</th>
                                <td><bdi class="mono">{row.customer_number}</bdi></td><td class="right">{row.locations}</td><td class="right">{row.open_targets}</td>
                            </tr>
                        }).collect_view()}
                    </tbody>
                </table></div>
            })}
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

#[component]
pub fn CustomerPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let found = customers::page(&request.core, staff.may::<ViewOperations>()?, request.id("id")?).await?;
        let zone = staff.zone().to_owned();
        let (customer, may_plan) = (found.customer.id, staff.has::<PlanTargets>());
        let flash = request.flash.clone();
        // Rejected input is shown in the form of the location that it was typed into.
        let zone_form = move |location: LocationId| {
            let is_of_location = |flash: &&Flash| flash.values.get("location") == Some(&location.to_string());
            FormState::of_item(
                ZoneFields::NAME,
                location,
                locale,
                flash.as_ref().filter(is_of_location),
            )
        };
        Ok(view! {
            <Title text=found.customer.name.clone()/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <header class="title-row">
                <h1><bdi>{found.customer.name}</bdi></h1>
                <bdi class="mono">{found.customer.customer_number}</bdi>
                {found.customer.is_archived.then(|| view! { <Chip label=t!(locale, "archived") tone=Tone::Neutral/> })}
            </header>
            <section>
                <h2>{t!(locale, "recent-jobs")}</h2>
                {found.targets.is_empty().then(|| view! { <EmptyState title=t!(locale, "nothing-yet") text=t!(locale, "nothing-yet-text")/> })}
                <ul class="lines">
                    {found.targets.into_iter().map(|target| view! {
                        <li><a href=format!("/app/targets/{}", target.id)><bdi class="mono">{format!("TGT-{}", target.number)}</bdi>" "{service_label(locale, target.service_type.as_deref())}</a>
                            <TargetChip status=target.status locale/><LateVisitMark status=target.status ends_at=target.ends_at locale/><span class="quiet"><bdi>{target.location_name}</bdi></span>
                            <span class="quiet">{target.starts_at.map(|start| format::moment(locale, start, target.appointment_zone.as_deref().unwrap_or(&zone)))}</span></li>
                    }).collect_view()}
                </ul>
            </section>
            <section>
                <h2>{t!(locale, "locations")}</h2>
                <ul class="cards">
                    {found.locations.into_iter().map(|location| view! {
                        <li class="card"><h3><bdi>{location.name}</bdi></h3>
                            <p><bdi>{format::address_line(location.street.as_deref(), location.postal_code.as_deref(), location.city.as_deref())}</bdi></p>
                            <p class="quiet" data-zone=location.zone.clone()>{format::zone_name(locale, &location.zone)}</p>
                            {may_plan.then(|| view! { <ZoneForm customer id=location.id zone=location.zone.clone() form=zone_form(location.id)/> })}
                            {location.access_notes.map(|notes| view! { <p class="quiet">{t!(locale, "access-notes")}": "<bdi>{notes}</bdi></p> })}</li>
                    }).collect_view()}
                </ul>
            </section>
            <Contacts locale customer contacts=found.contacts/>
            <section>
                <h2>{t!(locale, "references")}</h2>
                <div class="table-frame"><table class="table">
                    <thead><tr><th scope="col">{t!(locale, "source")}</th><th scope="col">{t!(locale, "kind")}</th><th scope="col">{t!(locale, "external-id")}</th></tr></thead>
                    <tbody>{found.references.into_iter().map(|reference| {
                        let href = link_path(reference.mapping_type, &reference.source_key, &reference.external_id);
                        view! {
                            <tr><td><bdi class="mono">{reference.source_key}</bdi></td><td>{by_key(locale, reference.mapping_type.name())}</td><td><bdi class="mono">{reference.external_id}</bdi>
                                " "<a href=href>{t!(locale, "link-view")}</a></td></tr>
                        }
                    }).collect_view()}</tbody>
                </table></div>
            </section>
            <section>
                <h2>{t!(locale, "history")}</h2>
                <History locale lines=found.timeline zone=zone.clone()/>
            </section>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

#[component]
fn Contacts(locale: Locale, customer: CustomerId, contacts: Vec<ContactSummary>) -> impl IntoView {
    view! {
        <section>
            <div class="title-row"><h2>{t!(locale, "contacts")}</h2><a class="button" href=format!("/app/customers/{customer}/access")>{t!(locale, "portal-access")}</a></div>
            <div class="table-frame"><table class="table">
                <thead><tr><th scope="col">{t!(locale, "name")}</th><th scope="col">{t!(locale, "location")}</th><th scope="col">{t!(locale, "portal-access")}</th></tr></thead>
                <tbody>{contacts.into_iter().map(|contact| view! {
                    <tr><th scope="row"><bdi>{contact.display_name}</bdi>" "<span class="quiet"><bdi dir="ltr">{contact.email}</bdi></span></th><td><bdi>{contact.location_name}</bdi></td>
                        <td>{if contact.has_portal_access { t!(locale, "yes") } else { t!(locale, "no") }}</td></tr>
                }).collect_view()}</tbody>
            </table></div>
        </section>
    }
}

/// Sets the time zone of a location by hand.
#[component]
fn ZoneForm(customer: CustomerId, id: LocationId, zone: String, form: FormState) -> impl IntoView {
    let locale = form.locale;
    view! {
        <ConfirmAction label=t!(locale, "location-zone-change") consequence=t!(locale, "location-zone-consequence") open=form.was_rejected()>
            <form method="post" action=owned("/app/fn/set-location-zone")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="customer" value=customer.to_string()/><input type="hidden" name="location" value=id.to_string()/>
                <TextField form field="zone" label=t!(locale, "location-zone") help=t!(locale, "location-zone-help") value=zone/>
                <button class="button" type="submit">{t!(locale, "save")}</button>
            </form>
        </ConfirmAction>
    }
}

/// The time zone of a location.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ZoneFields {
    customer: FormId<CustomerId>,
    location: FormId<LocationId>,
    zone: String,
}

impl ActionForm for ZoneFields {
    const NAME: &'static str = "location-zone";

    fn item(&self) -> String {
        self.location.ok().map(|id| id.to_string()).unwrap_or_default()
    }

    fn back(&self) -> String {
        self.customer.path_below("/app/customers")
    }
}

#[server(prefix = "/app/fn", endpoint = "set-location-zone")]
pub async fn set_location_zone(#[server(flatten)] form: ZoneFields) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ZoneFields| {
        customers::set_location_zone(&core, staff.may()?, form.location.get()?, &form.zone).await?;
        Ok(Redirect::to(form.back(), "done-saved"))
    })
    .await
}

/// The history, newest first.
#[component]
pub fn History(locale: Locale, lines: Vec<ordinavo_core::audit::model::TimelineEntry>, zone: String) -> impl IntoView {
    view! {
        <ol class="timeline">
            {lines.into_iter().map(|line| {
                let label = domain::public_language::Milestone::from_name(line.kind.name())
                    .map_or_else(|| by_key(locale, &format!("event-{}", line.kind.name())), |milestone| domain::public_language::milestone(milestone, locale).to_owned());
                view! { <li><span>{label}</span><time class="quiet" datetime=line.at.to_rfc3339()>{format::moment(locale, line.at, &zone)}</time></li> }
            }).collect_view()}
        </ol>
    }
}

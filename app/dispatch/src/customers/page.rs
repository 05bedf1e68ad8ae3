//! The page of a customer: open jobs, locations, contacts, external references and history.

use domain::identity::permissions::{PlanTargets, ViewOperations};
use domain::ids::CustomerId;
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::customers;
use ordinavo_core::customers::model::{ContactSummary, CustomerSummary, LocationSummary};
use ordinavo_core::jobs::model::TargetSummary;
use ordinavo_core::mapping::model::ReferenceSummary;
use ui::components::{Chip, EmptyState, LateVisitMark, ProblemNotice, TargetChip};
use ui::format;
use ui::icons::Icon;
use ui::navigation::PhoneLink;
use ui::page::page;
use ui::title::Title;

use crate::customers::changes::Changes;
use crate::i18n::by_key;
use crate::mapping::references::link_path;
use crate::shared::{DoneNotice, service_label, viewer_staff};
use crate::shell::AppFrame;
use crate::t;

#[component]
pub fn CustomerPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let found = customers::page(&request.core, staff.may::<ViewOperations>()?, request.id("id")?).await?;
        let zone = staff.zone().to_owned();
        let (id, can_edit) = (found.customer.id, found.can_edit && !found.customer.is_archived);
        let can_add_job = can_edit && staff.has::<PlanTargets>();
        Ok(view! {
            <Title text=found.customer.name.clone()/>
            <p><a href="/app/customers">{t!(locale, "customers-title")}</a></p>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <Header customer=found.customer can_edit=found.can_edit can_add_job locale/>
            <div class="columns columns-records">
                <div>
                    <Jobs jobs=found.targets locale zone=zone.clone()/>
                </div>
                <div>
                    <Locations customer=id locations=found.locations can_edit locale/>
                    <Contacts customer=id contacts=found.contacts can_edit locale zone=zone.clone()/>
                </div>
                <section><h2>{t!(locale, "history")}</h2><History locale lines=found.timeline zone=zone.clone()/></section>
            </div>
            <References references=found.references locale/>
            <Changes changes=found.changes names_record=true locale zone/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

#[component]
fn Header(customer: CustomerSummary, can_edit: bool, can_add_job: bool, locale: Locale) -> impl IntoView {
    let id = customer.id;
    view! {
        <header class="title-row title-spread">
            <div class="title-row">
                <span class="avatar" aria-hidden="true">{format::initials(&customer.name)}</span>
                <h1><bdi>{customer.name}</bdi></h1>
                <bdi class="mono quiet">{customer.customer_number}</bdi>
                {customer.is_archived.then(|| view! { <Chip label=t!(locale, "archived") tone=Tone::Neutral/> })}
            </div>
            <div class="actions">
                <a class="button" href=format!("/app/customers/{id}/access")>{t!(locale, "portal-access")}</a>
                {can_edit.then(|| view! { <a class="button" href=format!("/app/customers/{id}/edit")>{t!(locale, "edit")}</a> })}
                {can_add_job.then(|| view! { <a class="button button-primary" href=format!("/app/jobs/new?customer={id}")><Icon name="plus"/>{t!(locale, "job-new")}</a> })}
            </div>
        </header>
    }
}

#[component]
fn Jobs(jobs: Vec<TargetSummary>, locale: Locale, zone: String) -> impl IntoView {
    view! {
        <section>
            <div class="title-row title-spread"><h2>{t!(locale, "recent-jobs")}</h2></div>
            {jobs.is_empty().then(|| view! { <EmptyState icon="wrench" title=t!(locale, "nothing-yet") text=t!(locale, "nothing-yet-text")/> })}
            <JobLines jobs locale zone/>
        </section>
    }
}

/// Jobs, one in a line.
#[component]
pub(crate) fn JobLines(jobs: Vec<TargetSummary>, locale: Locale, zone: String) -> impl IntoView {
    view! {
        <ul class="lines">
            {jobs.into_iter().map(|target| {
                let starts_at = target.starts_at.map(|start| format::moment(locale, start, target.appointment_zone.as_deref().unwrap_or(&zone)));
                view! {
                    <li><a href=format!("/app/targets/{}", target.id)><bdi class="mono">{format::job_number(target.number)}</bdi>" "{service_label(locale, target.service_type.as_deref())}</a>
                        <TargetChip status=target.status locale/><LateVisitMark status=target.status ends_at=target.ends_at locale/>
                        <span class="quiet"><bdi>{target.location_name}</bdi></span><span class="quiet">{starts_at}</span></li>
                }
            }).collect_view()}
        </ul>
    }
}

#[component]
fn Locations(customer: CustomerId, locations: Vec<LocationSummary>, can_edit: bool, locale: Locale) -> impl IntoView {
    view! {
        <section data-testid="locations">
            <div class="title-row title-spread"><h2>{t!(locale, "locations")}</h2>
                {can_edit.then(|| view! { <a class="button button-quiet" href=format!("/app/customers/{customer}/new-location")><Icon name="plus"/>{t!(locale, "location-add")}</a> })}
            </div>
            {locations.is_empty().then(|| view! { <p class="quiet">{t!(locale, "no-locations")}</p> })}
            <ul class="lines">{locations.into_iter().map(|location| {
                let address = format::address_line(location.street.as_deref(), location.postal_code.as_deref(), location.city.as_deref());
                let is_unlocated = location.latitude.is_none() && !location.is_archived;
                view! {
                    <li class="record"><a href=format!("/app/locations/{}", location.id)><bdi>{location.name}</bdi></a>
                        {location.is_archived.then(|| view! { <Chip label=t!(locale, "archived") tone=Tone::Neutral/> })}
                        {is_unlocated.then(|| view! { <Chip label=t!(locale, "no-coordinates") tone=Tone::Warn/> })}
                        <span class="quiet"><bdi>{address}</bdi></span>
                        <span class="quiet small" data-zone=location.zone.clone()>{format::zone_name(locale, &location.zone)}</span>
                        {location.access_notes.map(|notes| view! { <span class="quiet small">{t!(locale, "access-notes")}": "<bdi>{notes}</bdi></span> })}</li>
                }
            }).collect_view()}</ul>
        </section>
    }
}

#[component]
fn Contacts(
    customer: CustomerId,
    contacts: Vec<ContactSummary>,
    can_edit: bool,
    locale: Locale,
    zone: String,
) -> impl IntoView {
    view! {
        <section data-testid="contacts">
            <div class="title-row title-spread"><h2>{t!(locale, "contacts")}</h2>
                {can_edit.then(|| view! { <a class="button button-quiet" href=format!("/app/customers/{customer}/new-contact")><Icon name="plus"/>{t!(locale, "contact-add")}</a> })}
            </div>
            {contacts.is_empty().then(|| view! { <p class="quiet">{t!(locale, "no-contacts")}</p> })}
            <ul class="lines">{contacts.into_iter().map(|contact| {
                let zone = zone.clone();
                view! {
                    <li class="record"><a href=format!("/app/contacts/{}", contact.id)><bdi>{contact.display_name}</bdi></a>
                        {contact.is_archived.then(|| view! { <Chip label=t!(locale, "archived") tone=Tone::Neutral/> })}
                        {contact.has_portal_access.then(|| view! { <Chip label=t!(locale, "portal-access") tone=Tone::Good/> })}
                        <span class="quiet"><bdi>{contact.location_name}</bdi></span>
                        {contact.phone.map(|number| view! { <PhoneLink number zone locale/> })}
                        {contact.email.map(|email| { let href = format!("mailto:{email}"); view! { <a href=href><bdi dir="ltr">{email}</bdi></a> } })}</li>
                }
            }).collect_view()}</ul>
        </section>
    }
}

#[component]
fn References(references: Vec<ReferenceSummary>, locale: Locale) -> impl IntoView {
    (!references.is_empty()).then(|| view! {
        <details class="card" data-testid="references">
            <summary><h2 class="inline">{t!(locale, "references")}</h2>" "<span class="count">{references.len()}</span></summary>
            <div class="table-frame"><table class="table">
                <thead><tr><th scope="col">{t!(locale, "source")}</th><th scope="col">{t!(locale, "kind")}</th><th scope="col">{t!(locale, "external-id")}</th></tr></thead>
                <tbody>{references.into_iter().map(|reference| {
                    let href = link_path(reference.mapping_type, &reference.source_key, &reference.external_id);
                    let label = t!(locale, "link-view-of", id = reference.external_id.clone());
                    view! {
                        <tr><td><bdi class="mono">{reference.source_key}</bdi></td><td>{by_key(locale, reference.mapping_type.name())}</td>
                            <td><a href=href aria-label=label><bdi class="mono">{reference.external_id}</bdi></a></td></tr>
                    }
                }).collect_view()}</tbody>
            </table></div>
        </details>
    })
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

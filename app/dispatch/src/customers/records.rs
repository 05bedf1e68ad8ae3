//! The locations, contacts and portal users of a customer, beside its work.

use domain::ids::{CustomerId, LocationId};
use domain::locale::Locale;
use domain::portal_access::AccessStatus;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::customers::model::{ContactSummary, LocationSummary};
use ordinavo_core::portal_access::model::AccountGrants;
use ui::access::AccessChip;
use ui::components::Chip;
use ui::format;
use ui::icons::Icon;
use ui::navigation::PhoneLink;

use crate::t;

#[component]
pub(super) fn Locations(
    customer: CustomerId,
    locations: Vec<LocationSummary>,
    /// The number of open jobs at each location.
    open_at: Vec<(LocationId, i64)>,
    can_edit: bool,
    locale: Locale,
) -> impl IntoView {
    view! {
        <section class="panel" data-testid="locations" aria-labelledby="customer-locations">
            <div class="panel-head"><h2 id="customer-locations">{t!(locale, "locations")}<span class="count">{locations.len()}</span></h2>
                {can_edit.then(|| view! { <a href=format!("/app/customers/{customer}/new-location")>{t!(locale, "location-add")}</a> })}
            </div>
            {locations.is_empty().then(|| view! { <p class="panel-body quiet">{t!(locale, "no-locations")}</p> })}
            <ul class="panel-rows">{locations.into_iter().map(|location| {
                let open = open_at.iter().find(|(at, _)| *at == location.id).map_or(0, |(_, count)| *count);
                let address = format::address_line(location.street.as_deref(), location.postal_code.as_deref(), location.city.as_deref());
                let is_unlocated = location.latitude.is_none() && !location.is_archived;
                view! {
                    <li><span class="icon-square" aria-hidden="true"><Icon name="map-pin"/></span>
                        <div><p><a href=format!("/app/locations/{}", location.id)><strong><bdi>{location.name}</bdi></strong></a>
                            {location.is_archived.then(|| view! { " "<Chip label=t!(locale, "archived") tone=Tone::Neutral/> })}
                            {is_unlocated.then(|| view! { " "<Chip label=t!(locale, "no-coordinates") tone=Tone::Warn/> })}</p>
                            <p class="quiet small"><bdi>{address}</bdi></p>
                            <p class="quiet small" data-zone=location.zone.clone()>{format::zone_name(locale, &location.zone)}</p>
                            {location.access_notes.map(|notes| view! { <p class="quiet small">{t!(locale, "access-notes")}": "<bdi>{notes}</bdi></p> })}</div>
                        {(open > 0).then(|| view! { <span class="quiet small">{t!(locale, "jobs-open-here", count = open)}</span> })}</li>
                }
            }).collect_view()}</ul>
        </section>
    }
}

#[component]
pub(super) fn Contacts(
    customer: CustomerId,
    contacts: Vec<ContactSummary>,
    can_edit: bool,
    locale: Locale,
    zone: String,
) -> impl IntoView {
    view! {
        <section class="panel" data-testid="contacts" aria-labelledby="customer-contacts">
            <div class="panel-head"><h2 id="customer-contacts">{t!(locale, "contacts")}<span class="count">{contacts.len()}</span></h2>
                {can_edit.then(|| view! { <a href=format!("/app/customers/{customer}/new-contact")>{t!(locale, "contact-add")}</a> })}
            </div>
            {contacts.is_empty().then(|| view! { <p class="panel-body quiet">{t!(locale, "no-contacts")}</p> })}
            <ul class="panel-rows">{contacts.into_iter().map(|contact| {
                // A number without a country code is one of the country of the location.
                let zone = contact.location_zone.unwrap_or_else(|| zone.clone());
                view! {
                    <li><span class="avatar avatar-person avatar-row" aria-hidden="true">{format::initials(&contact.display_name)}</span>
                        <div><p><a href=format!("/app/contacts/{}", contact.id)><strong><bdi>{contact.display_name}</bdi></strong></a>
                            {contact.is_archived.then(|| view! { " "<Chip label=t!(locale, "archived") tone=Tone::Neutral/> })}
                            {contact.has_portal_access.then(|| view! { " "<Chip label=t!(locale, "portal-access") tone=Tone::Good/> })}</p>
                            {contact.location_name.map(|name| view! { <p class="quiet small"><bdi>{name}</bdi></p> })}
                            {contact.phone.map(|number| view! { <p class="small"><PhoneLink number zone locale/></p> })}
                            {contact.email.map(|email| { let href = format!("mailto:{email}"); view! { <p class="small"><a href=href><bdi dir="ltr">{email}</bdi></a></p> } })}</div></li>
                }
            }).collect_view()}</ul>
        </section>
    }
}

/// Who has portal access to the customer, to which locations, and until when.
#[component]
pub(super) fn Accounts(
    customer: CustomerId,
    accounts: Vec<AccountGrants>,
    locale: Locale,
    zone: String,
) -> impl IntoView {
    view! {
        <section class="panel" data-testid="portal-access" aria-labelledby="customer-access">
            <div class="panel-head"><h2 id="customer-access">{t!(locale, "portal-access")}<span class="count">{accounts.len()}</span></h2>
                <a href=format!("/app/customers/{customer}/access")>{t!(locale, "portal-access-manage")}</a></div>
            {accounts.is_empty().then(|| view! { <p class="panel-body quiet">{t!(locale, "access-empty")}</p> })}
            <ul class="panel-rows">{accounts.into_iter().map(|access| view! { <AccountRow access locale zone=zone.clone()/> }).collect_view()}</ul>
        </section>
    }
}

#[component]
fn AccountRow(access: AccountGrants, locale: Locale, zone: String) -> impl IntoView {
    let AccountGrants {
        account,
        status,
        grants,
    } = access;
    let ends = grants.iter().filter_map(|grant| grant.valid_until).min();
    let has_all = grants.iter().any(|grant| grant.location_id.is_none());
    let places = if has_all {
        t!(locale, "all-locations")
    } else {
        let names: Vec<String> = grants.into_iter().filter_map(|grant| grant.location_name).collect();
        format::list(locale, &names)
    };
    let seen = account.last_sign_in_at.map(|at| format::stamp(locale, at, &zone));
    view! {
        <li><span class="avatar avatar-person avatar-row" aria-hidden="true">{format::initials(&account.display_name)}</span>
            <div><p><strong><bdi>{account.display_name}</bdi></strong>
                {(status != AccessStatus::Active).then(|| view! { " "<AccessChip status locale/> })}
                {ends.map(|at| view! { " "<Chip label=t!(locale, "access-ends", date = format::last_day(locale, at, &zone)) tone=Tone::Warn/> })}</p>
                <p class="quiet small"><bdi>{places}</bdi></p></div>
            {seen.map(|at| view! { <span class="quiet small">{t!(locale, "access-seen", time = at)}</span> })}</li>
    }
}

//! Appointments: upcoming and earlier.

use domain::public_language;
use leptos::prelude::*;
use leptos_meta::Title;
use ordinavo_core::services::portal;
use ui::format;
use ui::load::{page, place};
use ui::parts::{Empty, Fact, Pager, StatusChip};

use super::home::{VisitCard, VisitLines};
use super::viewer_contact;
use crate::shell::Framed;
use crate::t;

/// `/portal/appointments`.
#[component]
pub fn AppointmentsPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let (upcoming, past) = portal::appointments(&request.core, &contact, request.place("before")).await?;
        let next = past
            .rows
            .last()
            .filter(|_| past.has_more)
            .map(|row| format!("/portal/appointments?before={}", place(row.starts_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| "/portal/appointments".to_owned());
        let (no_upcoming, no_past) = (upcoming.is_empty(), past.rows.is_empty());
        Ok(view! {
            <Title text=t!(locale, "appointments-title")/>
            <h1>{t!(locale, "appointments-title")}</h1>
            <section><h2>{t!(locale, "upcoming")}</h2>
                {no_upcoming.then(|| view! { <Empty icon="calendar" title=t!(locale, "no-visit") text=t!(locale, "no-visit-text")/> })}
                {upcoming.into_iter().map(|visit| view! { <VisitCard visit locale/> }).collect_view()}
            </section>
            <section><h2>{t!(locale, "past")}</h2>
                {no_past.then(|| view! { <Empty title=t!(locale, "no-past") text=t!(locale, "no-past-text")/> })}
                <VisitLines visits=past.rows locale/>
                <Pager locale next first/>
            </section>
        }
        .into_any())
    });
    view! { <Framed current="/portal/appointments">{content}</Framed> }
}

/// `/portal/appointments/{id}`.
#[component]
pub fn AppointmentPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let visit = portal::appointment(&request.core, &contact, request.id("id")?).await?;
        let status = public_language::visit(visit.status, locale);
        let zone = t!(locale, "zone", zone = visit.zone.clone());
        Ok(view! {
            <Title text=t!(locale, "appointment")/>
            <header class="title-row"><h1>{t!(locale, "appointment")}</h1><StatusChip status/></header>
            <p class="lead">{status.explanation}</p>
            <dl class="facts card">
                <Fact name=t!(locale, "when")><strong>{format::date(locale, visit.starts_at, &visit.zone)}" "{format::span(visit.starts_at, visit.ends_at, &visit.zone)}</strong></Fact>
                {visit.service_type.map(|service| view! { <Fact name=t!(locale, "service")>{public_language::service_type(service, locale)}</Fact> })}
                <Fact name=t!(locale, "location")><bdi>{visit.location}</bdi></Fact>
                <Fact name=t!(locale, "address")><bdi>{visit.address}</bdi></Fact>
                {visit.technician.map(|name| view! { <Fact name=t!(locale, "technician")><bdi>{name}</bdi></Fact> })}
            </dl>
            <p class="quiet">{zone}</p>
        }
        .into_any())
    });
    view! { <Framed current="/portal/appointments">{content}</Framed> }
}

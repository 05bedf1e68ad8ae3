//! The page of a job: details, imports, appointments and history.

use domain::conflicts::Conflict;
use domain::ids::TargetId;
use domain::lifecycle::Lifecycle as _;
use domain::locale::Locale;
use domain::permissions::{PlanTargets, ViewOperations};
use domain::public_language::Tone;
use domain::requests::Channel;
use domain::targets::{AppointmentStatus, TargetStatus};
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::jobs;
use ordinavo_core::jobs::cancellation;
use ordinavo_core::jobs::model::TargetView;
use ordinavo_core::portal_access::view_as;
use ordinavo_core::scheduling::appointments;
use ordinavo_core::scheduling::appointments::ScheduleForm;
use ordinavo_core::scheduling::model::{AppointmentLine, TechnicianChoice};
use ordinavo_core::visits::sync_conflicts;
use ordinavo_core::{Core, CoreError};
use ui::actions::{FormSubmission, Redirect, run_action};
use ui::components::{
    Chip, ConfirmAction, CustomerVisibleBox, Fact, Identifier, InternalBox, PriorityMark, ProblemNotice, TargetChip,
};
use ui::format;
use ui::forms::{CheckField, ErrorSummary, FormState, SelectField, TextArea, TextField};
use ui::islands::SendOnce;
use ui::page::page;
use ui::title::Title;

use crate::customers::page::History;
use crate::i18n::by_key;
use crate::imports::page::ItemCard;
use crate::jobs::change_proposals::ProposalCard;
use crate::portal_access::visibility::VisibleTo;
use crate::requests::slot_offers::OfferCard;
use crate::shared::{DoneNotice, address_line, service_label, viewer_staff};
use crate::shell::AppFrame;
use crate::t;
use crate::visits::sync_conflicts::OfflineEntriesCard;

#[component]
pub fn TargetPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: TargetId = request.id("id")?;
        let found = jobs::page(&request.core, staff.may::<ViewOperations>()?, id).await?;
        let portal_viewers = view_as::appointment(&request.core, staff.may::<ViewOperations>()?, id).await?;
        let target = found.target;
        let zone = target.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
        let can_schedule = staff.has::<PlanTargets>()
            && !target.needs_mapping
            && (target.status.step(TargetStatus::Scheduled).is_ok()
                || matches!(target.status, TargetStatus::Scheduled | TargetStatus::Dispatched));
        let form = FormState::new("schedule", locale, request.flash.as_ref());
        let current = found
            .appointments
            .iter()
            .find(|appointment| appointment.status == AppointmentStatus::Planned)
            .cloned();
        let displayed = current.clone().or_else(|| {
            found
                .appointments
                .iter()
                .find(|appointment| appointment.status == AppointmentStatus::Done)
                .cloned()
        });
        let may_reopen = staff.has::<PlanTargets>() && target.status == TargetStatus::NotCompleted;
        let appointment_line = displayed.as_ref().map_or_else(
            || t!(locale, "no-appointment"),
            |appointment| {
                format!(
                    "{} {}",
                    format::date(locale, appointment.starts_at, &appointment.zone),
                    format::span(appointment.starts_at, appointment.ends_at, &appointment.zone)
                )
            },
        );
        let technician = displayed.as_ref().map(|appointment| appointment.technician.clone());
        let place = &target.place.0;
        let address = if target.location_name.is_some() {
            address_line(
                target.street.as_deref(),
                target.postal_code.as_deref(),
                target.city.as_deref(),
            )
        } else {
            address_line(
                place.address.street.as_deref(),
                place.address.postal_code.as_deref(),
                place.address.city.as_deref(),
            )
        };
        let imported_address = address_line(
            place.address.street.as_deref(),
            place.address.postal_code.as_deref(),
            place.address.city.as_deref(),
        );
        // The imported address, shown if it differs from the location's address.
        let imported_address = Some(imported_address).filter(|imported| !imported.is_empty() && *imported != address);
        let coordinates = place
            .coordinates
            .map(|coordinates| format!("{}, {}", coordinates.lat, coordinates.lon));
        let may_plan = staff.has::<PlanTargets>();
        let proposal = found
            .proposal
            .map(|(proposal, names)| view! { <ProposalCard locale proposal names may_plan/> });
        let entries = sync_conflicts::forwarded(&request.core, staff.may::<ViewOperations>()?, id).await?;
        let offline_entries = view! { <OfflineEntriesCard locale staff=staff.clone() target=id.to_string() entries/> };
        let title = format!("TGT-{}", target.number);
        let window = requested_window(locale, &target);
        let has_recipient = found
            .request
            .as_ref()
            .is_some_and(|request| request.channel != Channel::Api);
        let may_cancel = staff.has::<PlanTargets>() && target.status.step(TargetStatus::Cancelled).is_ok();
        let cancel_form = FormState::new("cancel", locale, request.flash.as_ref());
        let cancellation_request = found
            .request
            .as_ref()
            .and_then(|request| Some((request.id.to_string(), request.cancel_asked_at?)))
            .filter(|_| may_cancel)
            .map(|(id, at)| {
                (
                    id,
                    t!(
                        locale,
                        "cancellation-requested-text",
                        moment = format::moment(locale, at, &zone)
                    ),
                )
            });
        let notifies_customer = has_recipient;
        let offer_card = (can_schedule && has_recipient && target.status == TargetStatus::Open).then(|| {
            let form = FormState::new("offer", locale, request.flash.as_ref());
            view! { <OfferCard id locale form offered=found.slots.clone() technicians=found.technicians.clone() zone=zone.clone()/> }
        });
        let schedule_card = can_schedule.then(|| view! { <ScheduleCard id locale form technicians=found.technicians current=current.clone() zone=zone.clone() today=request.viewer.now/> });
        Ok(view! {
            <Title text=title.clone()/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            {cancellation_request.map(|(id, message)| view! { <p class="notice notice-warn" role="note">{message}" "<a href=format!("/app/inbox/{id}")>{t!(locale, "open-request")}</a></p> })}
            <header class="title-row">
                <h1><bdi class="mono">{title}</bdi>" "{service_label(locale, target.service_type.as_deref())}</h1>
                <TargetChip status=target.status locale/>
                <PriorityMark priority=target.priority locale/>
                {target.needs_mapping.then(|| view! { <Chip label=t!(locale, "needs-mapping") tone=Tone::Bad/> })}
            </header>
            <p class="lead">
                {target.customer_id.map(|customer| view! { <a href=format!("/app/customers/{customer}")><bdi>{target.customer_name.clone()}</bdi></a>" · " })}
                <bdi>{target.location_name.clone()}</bdi>
            </p>
            {target.needs_mapping.then(|| view! { <p class="notice notice-warn">{t!(locale, "mapping-blocked")}" "<a href=format!("/app/imports/desk/{id}")>{t!(locale, "mapping-review-open")}</a></p> })}
            <div class="columns">
                <div>
                    <dl class="facts">
                        <Fact name=t!(locale, "appointment")>{appointment_line}</Fact>
                        {technician.map(|technician| view! { <Fact name=t!(locale, "technician")><bdi>{technician}</bdi></Fact> })}
                        <Fact name=t!(locale, "address")><bdi>{address}</bdi></Fact>
                        {imported_address.map(|imported| view! { <Fact name=t!(locale, "imported-address")><bdi>{imported}</bdi></Fact> })}
                        {coordinates.map(|coordinates| view! { <Fact name=t!(locale, "coordinates")><bdi class="mono">{coordinates}</bdi></Fact> })}
                        {target.contact_name.map(|name| view! { <Fact name=t!(locale, "contact")><bdi>{name}</bdi>" "<bdi dir="ltr">{target.contact_phone}</bdi></Fact> })}
                        <Fact name=t!(locale, "duration")>{t!(locale, "minutes", count = target.duration_minutes)}</Fact>
                        {window.map(|window| view! { <Fact name=t!(locale, "requested-window")>{window}</Fact> })}
                        {(!target.required_skills.is_empty()).then(|| view! { <Fact name=t!(locale, "skills")><bdi>{target.required_skills.join(", ")}</bdi></Fact> })}
                        {target.source_key.map(|source| view! { <Fact name=t!(locale, "source-system")><bdi class="mono">{source}</bdi></Fact> })}
                        {target.external_id.map(|external_id| view! { <Fact name=t!(locale, "external-id")><Identifier text=external_id locale/></Fact> })}
                        {target.request_id.map(|request| view! { <Fact name=t!(locale, "request")><a href=format!("/app/inbox/{request}")>{t!(locale, "open-request")}</a></Fact> })}
                        {found.report.map(|report| view! { <Fact name=t!(locale, "visit-report")><a href=format!("/app/reports/{report}")>{t!(locale, "visit-report")}</a></Fact> })}
                    </dl>
                    {(target.notes.is_some() || target.access_notes.is_some()).then(|| view! {
                        <InternalBox locale>
                            {target.notes.map(|notes| view! { <h3>{t!(locale, "notes")}</h3><p class="prose" dir="auto">{notes}</p> })}
                            {target.access_notes.map(|notes| view! { <h3>{t!(locale, "access-notes")}</h3><p class="prose" dir="auto">{notes}</p> })}
                        </InternalBox>
                    })}
                    <VisibleTo locale viewers=portal_viewers/>
                    <AppointmentList locale appointments=found.appointments/>
                </div>
                <div>
                    {offline_entries}
                    {proposal}
                    {schedule_card}
                    {offer_card}
                    {may_reopen.then(|| view! {
                        <section class="card"><h2>{t!(locale, "reopen-title")}</h2><p>{t!(locale, "reopen-text")}</p>
                            <SendOnce><form method="post" action="/app/fn/reopen-target"><input type="hidden" name="target" value=id.to_string()/><button class="button button-primary" type="submit">{t!(locale, "reopen")}</button></form></SendOnce>
                        </section>
                    })}
                    {may_cancel.then(|| view! {
                        <ConfirmAction label=t!(locale, "cancel-job") consequence=t!(locale, "cancel-job-consequence") open=cancel_form.was_rejected()>
                            <SendOnce><form method="post" action="/app/fn/cancel-target">
                                <ErrorSummary form=cancel_form.clone()/>
                                <input type="hidden" name="target" value=id.to_string()/>
                                {if notifies_customer {
                                    view! { <CustomerVisibleBox locale><TextArea form=cancel_form.clone() field="reason" label=t!(locale, "cancel-job-reason") rows=3/></CustomerVisibleBox> }.into_any()
                                } else {
                                    view! { <TextArea form=cancel_form.clone() field="reason" label=t!(locale, "cancel-job-note") rows=3/> }.into_any()
                                }}
                                <button class="button button-bad" type="submit">{t!(locale, "cancel-job-now")}</button>
                            </form></SendOnce>
                        </ConfirmAction>
                    })}
                    <section><h2>{t!(locale, "history")}</h2><History locale lines=found.timeline zone=zone.clone()/></section>
                </div>
            </div>
            {(!found.imports.is_empty()).then(|| view! {
                <section><h2>{t!(locale, "job-imports")}</h2>
                    {found.imports.into_iter().map(|item| view! { <ItemCard item locale zone=zone.clone()/> }).collect_view()}
                </section>
            })}
        }
        .into_any())
    });
    view! { <AppFrame current="/app/inbox">{content}</AppFrame> }
}

fn requested_window(locale: Locale, target: &TargetView) -> Option<String> {
    let (start, end) = target.window_start.zip(target.window_end)?;
    let zone = target.window_zone.as_deref().unwrap_or("UTC");
    Some(format!(
        "{} – {} ({zone})",
        format::moment(locale, start, zone),
        format::moment(locale, end, zone)
    ))
}

/// The form that schedules or reschedules the appointment.
#[component]
fn ScheduleCard(
    id: TargetId,
    locale: Locale,
    form: FormState,
    technicians: Vec<TechnicianChoice>,
    current: Option<AppointmentLine>,
    zone: String,
    today: chrono::DateTime<chrono::Utc>,
) -> impl IntoView {
    let tz: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::Tz::UTC);
    let local = |moment: chrono::DateTime<chrono::Utc>| moment.with_timezone(&tz);
    let tomorrow = local(today).date_naive().succ_opt().unwrap_or_default();
    let (technician, date, start, end, shared) = current.as_ref().map_or_else(
        || {
            (
                String::new(),
                tomorrow.format("%Y-%m-%d").to_string(),
                "09:00".to_owned(),
                "11:00".to_owned(),
                true,
            )
        },
        |appointment| {
            (
                appointment.technician_id.to_string(),
                local(appointment.starts_at).format("%Y-%m-%d").to_string(),
                local(appointment.starts_at).format("%H:%M").to_string(),
                local(appointment.ends_at).format("%H:%M").to_string(),
                appointment.is_shared,
            )
        },
    );
    let (title, submit_label) = if current.is_some() {
        (t!(locale, "reschedule-title"), t!(locale, "reschedule-appointment"))
    } else {
        (t!(locale, "schedule-title"), t!(locale, "schedule-appointment"))
    };
    let has_conflict = Conflict::NAMES.iter().any(|code| form.has_error("technician", code));
    let choices = technicians
        .into_iter()
        .map(|technician| (technician.id.to_string(), technician.display_name))
        .collect();
    let zone_help = t!(locale, "zone-help", zone = zone);
    view! {
        <section class="card" aria-labelledby="schedule">
            <h2 id="schedule">{title}</h2>
            <SendOnce>
            <form method="post" action="/app/fn/schedule-target">
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="target" value=id.to_string()/>
                <SelectField form=form.clone() field="technician" label=t!(locale, "technician") choices value=technician/>
                <TextField form=form.clone() field="date" label=t!(locale, "date") kind="date" value=date/>
                <div class="pair">
                    <TextField form=form.clone() field="start" label=t!(locale, "start") kind="time" value=start/>
                    <TextField form=form.clone() field="end" label=t!(locale, "end") kind="time" value=end/>
                </div>
                <p class="help">{zone_help}</p>
                {has_conflict.then(|| view! { <CheckField form=form.clone() field="overlap" label=t!(locale, "schedule-anyway")/> })}
                <CheckField form=form.clone() field="shared" label=t!(locale, "share-appointment") checked=shared help=t!(locale, "share-help")/>
                <button class="button button-primary" type="submit">{submit_label}</button>
            </form>
            </SendOnce>
        </section>
    }
}

#[component]
fn AppointmentList(locale: Locale, appointments: Vec<AppointmentLine>) -> impl IntoView {
    (!appointments.is_empty()).then(|| {
        view! {
            <section>
                <h2>{t!(locale, "appointments")}</h2>
                <ul class="lines">
                    {appointments.into_iter().map(|appointment| {
                        let tone = if appointment.status == AppointmentStatus::Planned { Tone::Info } else { Tone::Neutral };
                        view! {
                            <li><span>{format::date(locale, appointment.starts_at, &appointment.zone)}" "{format::span(appointment.starts_at, appointment.ends_at, &appointment.zone)}</span>
                                <Chip label=by_key(locale, &format!("appointment-{}", appointment.status.name())) tone/>
                                <span class="quiet"><bdi>{appointment.technician}</bdi></span>
                                <span class="quiet">{if appointment.is_shared { t!(locale, "shared") } else { t!(locale, "not-shared") }}</span></li>
                        }
                    }).collect_view()}
                </ul>
            </section>
        }
    })
}

#[server(prefix = "/app/fn", endpoint = "schedule-target")]
pub async fn schedule_target(
    #[server(default)] target: String,
    #[server(default)] technician: String,
    #[server(default)] date: String,
    #[server(default)] start: String,
    #[server(default)] end: String,
    #[server(default)] shared: Option<String>,
    #[server(default)] overlap: Option<String>,
) -> Result<(), ServerFnError> {
    let back = format!("/app/targets/{target}");
    let mut values = vec![
        ("technician", technician.as_str()),
        ("date", &date),
        ("start", &start),
        ("end", &end),
    ];
    if shared.is_some() {
        values.push(("shared", "on"));
    }
    let submission = FormSubmission {
        form: "schedule",
        values: &values,
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may::<PlanTargets>()?;
        let id: TargetId = target.parse().map_err(|_| CoreError::not_found())?;
        let input = ScheduleForm {
            technician: technician.clone(),
            date: date.clone(),
            start: start.clone(),
            end: end.clone(),
            shared: shared.is_some(),
            conflicts_accepted: overlap.is_some(),
            was: None,
        };
        appointments::schedule(&core, permit, id, &input).await?;
        Ok(Redirect::to(back, "done-scheduled"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "cancel-target")]
pub async fn cancel_target(
    #[server(default)] target: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let back = format!("/app/targets/{target}");
    let submission = FormSubmission {
        form: "cancel",
        values: &[("reason", &reason)],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may::<PlanTargets>()?;
        let id = target.parse().map_err(|_| CoreError::not_found())?;
        cancellation::cancel(&core, permit, id, &reason).await?;
        Ok(Redirect::to(back, "done-job-cancelled"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "reopen-target")]
pub async fn reopen_target(#[server(default)] target: String) -> Result<(), ServerFnError> {
    let back = format!("/app/targets/{target}");
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may::<PlanTargets>()?;
        let id = target.parse().map_err(|_| CoreError::not_found())?;
        appointments::reopen(&core, permit, id).await?;
        Ok(Redirect::to(back, "done-reopened"))
    })
    .await
}

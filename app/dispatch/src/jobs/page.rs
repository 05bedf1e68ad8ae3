//! The page of a job: details, imports, appointments and history.

use chrono::{DateTime, TimeDelta, Utc};
use domain::fields::ScheduleConflict;
use domain::identity::permissions::ViewOperations;
use domain::ids::{RequestId, TargetId, VisitReportId};
use domain::intake::MAX_MESSAGE_CHARS;
use domain::intake::mails::MailTopic;
use domain::jobs::targets::AppointmentStatus;
use domain::locale::Locale;
use domain::public_language::Tone;
use domain::scheduling::consent::AcceptedConflicts;
use leptos::prelude::*;
use ordinavo_core::jobs;
use ordinavo_core::jobs::model::{JobActions, TargetView};
use ordinavo_core::notifications::reach::{Reach, SourceReach};
use ordinavo_core::scheduling::appointments::{MAX_REASON_CHARS, occurrence};
use ordinavo_core::scheduling::model::{AppointmentSummary, TechnicianChoice};
use ui::components::{
    Chip, ConfirmAction, CustomerVisibleBox, Fact, Identifier, InternalBox, LateVisitMark, PriorityMark, ProblemNotice,
    TargetChip,
};
use ui::drafts::owned;
use ui::format;
use ui::format::ZoneNames;
use ui::forms::{CheckField, ErrorSummary, FormState, SelectField, TextArea, TextField};
use ui::islands::SubmitOnce;
use ui::navigation::PhoneLink;
use ui::page::page;
use ui::title::Title;

use crate::customers::page::History;
use crate::i18n::by_key;
use crate::imports::page::ItemCard;
use crate::jobs::change_proposals::ProposalCard;
use crate::notifications::reach::{ReachLines, source_line};
use crate::portal_access::visibility::VisibleTo;
use crate::requests::actions::is_view;
use crate::requests::of_job::RequesterCard;
use crate::requests::slot_offers::OfferCard;
use crate::scheduling::board::proposed_start;
use crate::scheduling::occurrence::Occurrence;
use crate::shared::{DoneNotice, PageZone, service_label, viewer_staff};
use crate::shell::AppFrame;
use crate::t;
use crate::visits::notices::VisitNoticesCard;
use crate::visits::sync_conflicts::{KeptNotesCard, OfflineEntriesCard};

#[component]
pub fn TargetPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: TargetId = request.id("id")?;
        let found = jobs::page(&request.core, staff.may::<ViewOperations>()?, id).await?;
        let target = found.target;
        let for_proposal = target.clone();
        let zone = target.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
        let actions = found.actions;
        let notifies_customer = found.notifies_requester;
        let cancellation_request = found
            .request
            .as_ref()
            .and_then(|found| Some((found.request.id, found.request.cancellation_requested_at?)))
            .filter(|_| actions.can_cancel);
        let reschedule_request = found
            .request
            .as_ref()
            .and_then(|found| Some((found.request.id, found.request.reschedule_requested_at?)))
            .filter(|_| actions.can_schedule);
        let current = find_appointment(&found.appointments, AppointmentStatus::Planned);
        let displayed = current
            .clone()
            .or_else(|| find_appointment(&found.appointments, AppointmentStatus::Done));
        let form = |name| FormState::new(name, locale, request.flash.as_ref());
        // The list from which the request of this job was opened.
        let inbox = Some(request.query("inbox")).filter(|view| is_view(view));
        let back_to_list = inbox.map(|view| format!("/app/inbox{view}"));
        Ok(view! {
            <Title text=format::job_number(target.number)/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            {cancellation_request.map(|(request, at)| view! { <CancellationNotice request moment=format::moment(locale, at, &zone) locale/> })}
            {reschedule_request.map(|(request, at)| view! { <p class="notice notice-warn" role="note" data-testid="reschedule-requested">{t!(locale, "reschedule-requested-text", moment = format::moment(locale, at, &zone))}" "<a href=format!("/app/inbox/{request}")>{t!(locale, "open-request")}</a></p> })}
            {back_to_list.map(|href| view! { <p class="back"><a href=href>{t!(locale, "back-to-list")}</a></p> })}
            <PageZone locale zone=zone.clone() own=staff.zone().to_owned() now=request.viewer.now/>
            <JobHeader target=target.clone() actions ends_at=displayed.as_ref().map(|appointment| appointment.ends_at) locale/>
            <div class="columns">
                <div>
                    <JobFacts target=target.clone() appointment=displayed report=found.report locale page_zone=zone.clone()/>
                    <JobNotes notes=target.notes access_notes=target.access_notes locale/>
                    {found.request.map(|request| view! { <RequesterCard locale found=request files_path="/app/files" country=target.country.clone() zone=zone.clone()/> })}
                    <VisibleTo locale viewers=found.viewers/>
                    <AppointmentList locale appointments=found.appointments page_zone=zone.clone()/>
                </div>
                <div>
                    <VisitNoticesCard locale notices=found.notices can_resolve=actions.can_resolve_entries zone=zone.clone()/>
                    <OfflineEntriesCard locale target=id.to_string() entries=found.forwarded_entries actions zone=zone.clone()/>
                    <KeptNotesCard locale entries=found.kept_notes zone=zone.clone()/>
                    {found.proposal.map(|(proposal, names)| view! { <ProposalCard locale target=for_proposal proposal names can_decide=actions.can_decide_proposal/> })}
                    {actions.can_schedule.then(|| view! { <ScheduleCard id locale form=form("schedule") technicians=found.technicians.clone() current zone=zone.clone() window=target.window_start.zip(target.window_end) duration_minutes=target.duration_minutes now=request.viewer.now/> })}
                    {actions.can_offer_slots.then(|| view! { <OfferCard id locale form=form("offer") offered=found.slots technicians=found.technicians reach=found.reach.clone() zone=zone.clone()/> })}
                    {actions.can_revert_travel.then(|| view! { <RevertTravelForm id locale/> })}
                    {actions.can_reopen.then(|| view! { <ReopenCard id locale/> })}
                    {actions.can_cancel.then(|| view! { <CancelForm id locale form=form("cancel") notifies_customer reach=found.reach source=found.source zone=zone.clone()/> })}
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
    view! { <AppFrame current="/app/jobs">{content}</AppFrame> }
}

fn find_appointment(appointments: &[AppointmentSummary], status: AppointmentStatus) -> Option<AppointmentSummary> {
    appointments
        .iter()
        .find(|appointment| appointment.status == status)
        .cloned()
}

/// The notice that the customer has asked to cancel.
#[component]
fn CancellationNotice(request: RequestId, moment: String, locale: Locale) -> impl IntoView {
    view! { <p class="notice notice-warn" role="note">{t!(locale, "cancellation-requested-text", moment = moment)}" "<a href=format!("/app/inbox/{request}")>{t!(locale, "open-request")}</a></p> }
}

/// Number, service, status and priority; customer and location; the mapping review if it blocks the job.
#[component]
fn JobHeader(target: TargetView, actions: JobActions, ends_at: Option<DateTime<Utc>>, locale: Locale) -> impl IntoView {
    let id = target.id;
    view! {
        <header class="title-row">
            <h1><bdi class="mono">{format::job_number(target.number)}</bdi>" "{service_label(locale, target.service_type.as_deref())}</h1>
            <TargetChip status=target.status locale/>
            <LateVisitMark status=target.status ends_at locale/>
            <PriorityMark priority=target.priority locale/>
            {target.needs_mapping.then(|| view! { <Chip label=t!(locale, "needs-mapping") tone=Tone::Bad/> })}
            {actions.can_edit.then(|| view! { <a class="button button-quiet" href=format!("/app/targets/{id}/edit")>{t!(locale, "edit")}</a> })}
            {actions.can_copy.then(|| view! { <a class="button button-quiet" href=format!("/app/jobs/new?copy={id}")>{t!(locale, "job-copy")}</a> })}
        </header>
        <p class="lead">
            {target.customer_id.map(|customer| view! { <a href=format!("/app/customers/{customer}")><bdi>{target.customer_name}</bdi></a>" · " })}
            <bdi>{target.location_name}</bdi>
        </p>
        {target.needs_mapping.then(|| view! { <p class="notice notice-warn">{t!(locale, "mapping-blocked")}" "<a href=format!("/app/imports/mapping/{id}")>{t!(locale, "mapping-review-open")}</a></p> })}
    }
}

#[component]
fn JobFacts(
    target: TargetView,
    /// The planned or the completed appointment.
    appointment: Option<AppointmentSummary>,
    report: Option<VisitReportId>,
    locale: Locale,
    page_zone: String,
) -> impl IntoView {
    let appointment_line = appointment.as_ref().map_or_else(
        || t!(locale, "no-appointment"),
        |appointment| appointment_time(locale, appointment, &page_zone),
    );
    let technician = appointment.map(|appointment| appointment.technician);
    let zone = target.location_zone.clone().unwrap_or_default();
    let (address, imported_address) = addresses(&target);
    let coordinates = target
        .place
        .coordinates
        .map(|coordinates| format!("{}, {}", coordinates.lat, coordinates.lon));
    let window = requested_window(locale, &target);
    view! {
        <dl class="facts">
            <Fact name=t!(locale, "appointment")>{appointment_line}</Fact>
            {technician.map(|technician| view! { <Fact name=t!(locale, "technician")><bdi>{technician}</bdi></Fact> })}
            <Fact name=t!(locale, "address")><bdi>{address}</bdi></Fact>
            {imported_address.map(|imported| view! { <Fact name=t!(locale, "imported-address")><bdi>{imported}</bdi></Fact> })}
            {coordinates.map(|coordinates| view! { <Fact name=t!(locale, "coordinates")><bdi class="mono">{coordinates}</bdi></Fact> })}
            {target.contact_name.map(|name| view! { <Fact name=t!(locale, "contact")><bdi>{name}</bdi>" "{target.contact_phone.map(|number| view! { <PhoneLink number country=target.country.clone() zone=zone.clone() locale/> })}</Fact> })}
            <Fact name=t!(locale, "duration")>{t!(locale, "minutes", count = target.duration_minutes)}</Fact>
            {window.map(|window| view! { <Fact name=t!(locale, "requested-window")>{window}</Fact> })}
            {(!target.required_skills.is_empty()).then(|| view! { <Fact name=t!(locale, "skills")><bdi>{target.required_skills.join(", ")}</bdi></Fact> })}
            {target.source_key.map(|source| view! { <Fact name=t!(locale, "source-system")><bdi class="mono">{source}</bdi></Fact> })}
            {target.external_id.map(|external_id| view! { <Fact name=t!(locale, "external-id")><Identifier text=external_id locale/></Fact> })}
            {target.request_id.map(|request| view! { <Fact name=t!(locale, "request")><a href=format!("/app/inbox/{request}")>{t!(locale, "open-request")}</a></Fact> })}
            {report.map(|report| view! { <Fact name=t!(locale, "visit-report")><a href=format!("/app/reports/{report}")>{t!(locale, "visit-report")}</a></Fact> })}
        </dl>
    }
}

/// Returns date and time of an appointment, with the name of its zone where it is not that of the page.
fn appointment_time(locale: Locale, appointment: &AppointmentSummary, page_zone: &str) -> String {
    let AppointmentSummary {
        starts_at,
        ends_at,
        zone,
        ..
    } = appointment;
    let time = format!(
        "{} {}",
        format::date(locale, *starts_at, zone),
        format::span(*starts_at, *ends_at, zone)
    );
    ZoneNames::of(page_zone, [(*starts_at, zone.as_str())]).with(locale, time, zone)
}

/// Returns the address of the job, and the imported one if it differs from the location's.
fn addresses(target: &TargetView) -> (String, Option<String>) {
    let place = &target.place.address;
    let imported = format::address_line(
        place.street.as_deref(),
        place.postal_code.as_deref(),
        place.city.as_deref(),
    );
    if target.location_name.is_none() {
        return (imported, None);
    }
    let address = format::address_line(
        target.street.as_deref(),
        target.postal_code.as_deref(),
        target.city.as_deref(),
    );
    let imported = Some(imported).filter(|imported| !imported.is_empty() && *imported != address);
    (address, imported)
}

fn requested_window(locale: Locale, target: &TargetView) -> Option<String> {
    let (start, end) = target.window_start.zip(target.window_end)?;
    let zone = target.window_zone.as_deref().unwrap_or("UTC");
    Some(format!(
        "{} – {} ({})",
        format::moment(locale, start, zone),
        format::moment(locale, end, zone),
        format::zone_name(locale, zone)
    ))
}

/// Notes for the team; nothing if there are none.
#[component]
fn JobNotes(notes: Option<String>, access_notes: Option<String>, locale: Locale) -> impl IntoView {
    (notes.is_some() || access_notes.is_some()).then(|| view! {
        <InternalBox locale>
            {notes.map(|notes| view! { <h3>{t!(locale, "notes")}</h3><p class="prose" dir="auto">{notes}</p> })}
            {access_notes.map(|notes| view! { <h3>{t!(locale, "access-notes")}</h3><p class="prose" dir="auto">{notes}</p> })}
        </InternalBox>
    })
}

/// Takes back that the technician is on the way.
#[component]
fn RevertTravelForm(id: TargetId, locale: Locale) -> impl IntoView {
    view! {
        <ConfirmAction label=t!(locale, "revert-travel") consequence=t!(locale, "revert-travel-consequence")>
            <SubmitOnce><form method="post" action=owned("/app/fn/revert-travel-of-technician")><input type="hidden" name="target" value=id.to_string()/><button class="button" type="submit">{t!(locale, "revert-travel-now")}</button></form></SubmitOnce>
        </ConfirmAction>
    }
}

/// Reopens a job whose visit did not complete it.
#[component]
fn ReopenCard(id: TargetId, locale: Locale) -> impl IntoView {
    view! {
        <section class="card"><h2>{t!(locale, "reopen-title")}</h2><p>{t!(locale, "reopen-text")}</p>
            <SubmitOnce><form method="post" action=owned("/app/fn/reopen-target")><input type="hidden" name="target" value=id.to_string()/><button class="button button-primary" type="submit">{t!(locale, "reopen")}</button></form></SubmitOnce>
        </section>
    }
}

/// Cancels the job: the reason for the team, and a message for the customer if they are notified.
#[component]
fn CancelForm(
    id: TargetId,
    locale: Locale,
    form: FormState,
    notifies_customer: bool,
    reach: Option<Reach>,
    source: Option<SourceReach>,
    zone: String,
) -> impl IntoView {
    let (internal, outward, open) = (form.clone(), form.clone(), form.has_typed_values());
    view! {
        <ConfirmAction label=t!(locale, "cancel-job") consequence=t!(locale, "cancel-job-consequence") open>
            <ReachLines reach topic=MailTopic::Appointments locale zone/>
            {source.map(|source| view! { <p class="quiet">{source_line(locale, &source)}</p> })}
            <SubmitOnce><form method="post" action=owned("/app/fn/cancel-target")>
                <ErrorSummary form/>
                <input type="hidden" name="target" value=id.to_string()/>
                <InternalBox locale><TextArea form=internal field="reason" label=t!(locale, "cancel-job-reason") help=t!(locale, "cancel-job-reason-help") rows=3 max_length=MAX_MESSAGE_CHARS/></InternalBox>
                {notifies_customer.then(|| view! { <CustomerVisibleBox locale><TextArea form=outward field="message" label=t!(locale, "cancel-job-message") help=t!(locale, "cancel-job-message-help") rows=3 optional=true max_length=MAX_MESSAGE_CHARS/></CustomerVisibleBox> })}
                <button class="button button-bad" type="submit">{t!(locale, "cancel-job-now")}</button>
            </form></SubmitOnce>
        </ConfirmAction>
    }
}

/// The values with which the form opens: those of the appointment, or proposed ones.
struct ShownTimes {
    technician: String,
    date: String,
    start: String,
    end: String,
    shared: bool,
}

impl ShownTimes {
    fn new(
        current: Option<&AppointmentSummary>,
        proposed: DateTime<Utc>,
        duration_minutes: i64,
        zone: chrono_tz::Tz,
    ) -> Self {
        let (starts_at, ends_at) = current.map_or(
            (proposed, proposed + TimeDelta::minutes(duration_minutes)),
            |appointment| (appointment.starts_at, appointment.ends_at),
        );
        let local = |moment: DateTime<Utc>, format| moment.with_timezone(&zone).format(format).to_string();
        Self {
            technician: current.map_or_else(String::new, |appointment| appointment.technician_id.to_string()),
            date: local(starts_at, "%Y-%m-%d"),
            start: local(starts_at, "%H:%M"),
            end: local(ends_at, "%H:%M"),
            shared: current.is_none_or(|appointment| appointment.is_shared),
        }
    }
}

/// The form that schedules or reschedules the appointment.
#[component]
fn ScheduleCard(
    id: TargetId,
    locale: Locale,
    form: FormState,
    technicians: Vec<TechnicianChoice>,
    current: Option<AppointmentSummary>,
    zone: String,
    window: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The work time of the job.
    duration_minutes: i64,
    now: DateTime<Utc>,
) -> impl IntoView {
    let tz: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::Tz::UTC);
    let form = if current.is_none() { form.of_new() } else { form };
    let proposed = proposed_start(None, window, now, &tz);
    let ShownTimes {
        technician,
        date,
        start,
        end,
        shared,
    } = ShownTimes::new(current.as_ref(), proposed, duration_minutes, tz);
    let (start_occurrence, end_occurrence) = current.as_ref().map_or(("", ""), |appointment| {
        (
            occurrence(appointment.starts_at, tz),
            occurrence(appointment.ends_at, tz),
        )
    });
    // Another dispatcher's appointment is not replaced unseen.
    let planned = current
        .as_ref()
        .map_or_else(String::new, |appointment| appointment.id.to_string());
    let (title, submit_label) = if current.is_some() {
        (t!(locale, "reschedule-title"), t!(locale, "reschedule-appointment"))
    } else {
        (t!(locale, "schedule-title"), t!(locale, "schedule-appointment"))
    };
    let conflicts = form.schedule_conflicts("technician");
    // The reason is asked for where the visit is over, and stays while it is corrected.
    let is_past = conflicts.contains(&ScheduleConflict::InThePast) || form.error("reason").is_some();
    let afterwards = form.clone();
    let accepted = (!conflicts.is_empty()).then(|| AcceptedConflicts::to_form(&conflicts));
    let choices = technicians
        .into_iter()
        .map(|technician| (technician.id.to_string(), technician.display_name))
        .collect();
    let zone_help = t!(locale, "zone-help", zone = format::zone_name(locale, &zone));
    view! {
        <section class="card" aria-labelledby="schedule">
            <h2 id="schedule">{title}</h2>
            <SubmitOnce>
            <form method="post" action=owned("/app/fn/schedule-target")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="target" value=id.to_string()/>
                <input type="hidden" name="was" value=planned/>
                <SelectField form=form.clone() field="technician" label=t!(locale, "technician") choices value=technician/>
                <TextField form=form.clone() field="date" label=t!(locale, "date") kind="date" value=date/>
                <div class="pair">
                    <TextField form=form.clone() field="start" label=t!(locale, "start") kind="time" value=start/>
                    <TextField form=form.clone() field="end" label=t!(locale, "end") kind="time" value=end/>
                </div>
                <Occurrence form=form.clone() asked="start" field="start_occurrence" stored=start_occurrence locale/>
                <Occurrence form=form.clone() asked="end" field="end_occurrence" stored=end_occurrence locale/>
                <p class="help">{zone_help}</p>
                {accepted.map(|accepted| view! { <CheckField form=form.clone() field="overlap" label=t!(locale, "schedule-anyway") value=accepted/> })}
                {is_past.then(|| view! { <InternalBox locale><TextField form=afterwards field="reason" label=t!(locale, "recorded-reason") help=t!(locale, "recorded-reason-help") max_length=MAX_REASON_CHARS/></InternalBox> })}
                <CheckField form=form.clone() field="shared" label=t!(locale, "share-appointment") checked=shared help=t!(locale, "share-help")/>
                <button class="button button-primary" type="submit">{submit_label}</button>
            </form>
            </SubmitOnce>
        </section>
    }
}

#[component]
fn AppointmentList(locale: Locale, appointments: Vec<AppointmentSummary>, page_zone: String) -> impl IntoView {
    (!appointments.is_empty()).then(|| {
        view! {
            <section>
                <h2>{t!(locale, "appointments")}</h2>
                <ul class="lines">
                    {appointments.into_iter().map(|appointment| {
                        let tone = if appointment.status == AppointmentStatus::Planned { Tone::Info } else { Tone::Neutral };
                        view! {
                            <li><span>{appointment_time(locale, &appointment, &page_zone)}</span>
                                <Chip label=by_key(locale, &format!("appointment-{}", appointment.status.name())) tone/>
                                <span class="quiet"><bdi>{appointment.technician}</bdi></span>
                                {appointment.recorded_reason.map(|reason| view! { <Chip label=t!(locale, "recorded-afterwards") tone=Tone::Warn/><span class="quiet" dir="auto" data-testid="recorded-reason">{reason}</span> })}
                                <span class="quiet">{if appointment.is_shared { t!(locale, "shared") } else { t!(locale, "not-shared") }}</span></li>
                        }
                    }).collect_view()}
                </ul>
            </section>
        }
    })
}

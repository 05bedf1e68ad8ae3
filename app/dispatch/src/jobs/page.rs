//! The page of a job: its steps, what has to be decided, its story, and its facts beside it.

use domain::identity::permissions::ViewOperations;
use domain::ids::{RequestId, TargetId};
use domain::jobs::targets::AppointmentStatus;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::jobs;
use ordinavo_core::jobs::model::{JobActions, TargetView};
use ordinavo_core::scheduling::model::AppointmentSummary;
use ui::components::{InternalBox, ProblemNotice};
use ui::format;
use ui::forms::FormState;
use ui::page::{PageRequest, page};
use ui::title::Title;

use crate::imports::page::ItemCard;
use crate::jobs::change_proposals::ProposalCard;
use crate::jobs::overview::{JobAside, JobHeader};
use crate::jobs::schedule::{CancelForm, ReopenCard, RevertTravelForm, ScheduleCard};
use crate::jobs::story::{AppointmentList, JobStory};
use crate::portal_access::visibility::VisibleTo;
use crate::requests::actions::is_view;
use crate::requests::of_job::RequesterCard;
use crate::requests::slot_offers::OfferCard;
use crate::shared::{DoneNotice, PageZone, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
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
        let zone = target.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
        let actions = found.actions;
        let current = find_appointment(&found.appointments, AppointmentStatus::Planned);
        let displayed = current
            .clone()
            .or_else(|| find_appointment(&found.appointments, AppointmentStatus::Done));
        let asked = CustomerRequests::of(found.request.as_ref().map(|found| &found.request), actions);
        let form = |name| FormState::new(name, locale, request.flash.as_ref());
        Ok(view! {
            <Title text=format::job_number(target.number)/>
            <JobBar request=&request target=target.clone() actions locale/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <CustomerNotices asked zone=zone.clone() locale/>
            <PageZone locale zone=zone.clone() own=staff.zone().to_owned() now=request.viewer.now/>
            <div class="with-aside">
                <div class="stack">
                    <JobHeader target=target.clone() steps=found.steps appointments=found.appointments.clone() report=found.step_report ends_at=displayed.map(|appointment| appointment.ends_at) zone=zone.clone() locale/>
                    <VisitNoticesCard locale notices=found.notices can_resolve=actions.can_resolve_entries zone=zone.clone()/>
                    <OfflineEntriesCard locale target=id.to_string() entries=found.forwarded_entries actions zone=zone.clone()/>
                    {found.proposal.map(|(proposal, names)| view! { <ProposalCard locale target=target.clone() proposal names can_decide=actions.can_decide_proposal/> })}
                    <JobNotes notes=target.notes.clone() access_notes=target.access_notes.clone() locale/>
                    <KeptNotesCard locale entries=found.kept_notes zone=zone.clone()/>
                    {found.request.map(|request| view! { <RequesterCard locale found=request files_path="/app/files" country=target.country.clone() zone=zone.clone()/> })}
                    <JobStory appointments=found.appointments.clone() reports=found.reports timeline=found.timeline status=target.status zone=zone.clone() locale/>
                    <AppointmentList locale appointments=found.appointments page_zone=zone.clone()/>
                    {(!found.imports.is_empty()).then(|| view! {
                        <details class="panel"><summary class="panel-head"><h2>{t!(locale, "job-imports")}<span class="count">{found.imports.len()}</span></h2></summary>
                            <div class="panel-body stack">{found.imports.into_iter().map(|item| view! { <ItemCard item locale zone=zone.clone()/> }).collect_view()}</div>
                        </details>
                    })}
                </div>
                <div class="stack">
                    {actions.can_schedule.then(|| view! { <ScheduleCard id locale form=form("schedule") technicians=found.technicians.clone() current zone=zone.clone() window=target.window_start.zip(target.window_end) duration_minutes=target.duration_minutes now=request.viewer.now/> })}
                    {actions.can_offer_slots.then(|| view! { <OfferCard id locale form=form("offer") offered=found.slots technicians=found.technicians reach=found.reach.clone() zone=zone.clone()/> })}
                    {actions.can_revert_travel.then(|| view! { <RevertTravelForm id locale/> })}
                    {actions.can_reopen.then(|| view! { <ReopenCard id locale/> })}
                    <JobAside target locale page_zone=zone.clone()/>
                    <VisibleTo locale viewers=found.viewers/>
                    {actions.can_cancel.then(|| view! { <CancelForm id locale form=form("cancel") notifies_customer=found.notifies_requester reach=found.reach source=found.source zone=zone.clone()/> })}
                </div>
            </div>
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

/// The bar of the page: the list it was opened from, and its actions.
#[component]
fn JobBar<'a>(
    request: &'a PageRequest,
    target: TargetView,
    actions: JobActions,
    locale: Locale,
) -> impl IntoView + use<> {
    let id = target.id;
    // The list from which the request of this job was opened.
    let inbox = Some(request.query("inbox")).filter(|view| is_view(view));
    let parent = match inbox {
        Some(view) => Parent::new(format!("/app/inbox{view}"), t!(locale, "back-to-list")),
        None => Parent::new("/app/jobs", t!(locale, "jobs-title")),
    };
    view! {
        <PageBar locale title=format::job_number(target.number) parent is_trail=true>
            {actions.can_edit.then(|| view! { <a class="button" href=format!("/app/targets/{id}/edit")>{t!(locale, "edit")}</a> })}
            {actions.can_copy.then(|| view! { <a class="button" href=format!("/app/jobs/new?copy={id}")>{t!(locale, "job-copy")}</a> })}
        </PageBar>
    }
}

/// What the requester has asked for and dispatch has not answered.
#[derive(Clone, Copy)]
struct CustomerRequests {
    request: Option<RequestId>,
    cancellation: Option<chrono::DateTime<chrono::Utc>>,
    other_time: Option<chrono::DateTime<chrono::Utc>>,
}

impl CustomerRequests {
    fn of(request: Option<&ordinavo_core::requests::model::RequestView>, actions: JobActions) -> Self {
        Self {
            request: request.map(|request| request.id),
            cancellation: request
                .and_then(|request| request.cancellation_requested_at)
                .filter(|_| actions.can_cancel),
            other_time: request
                .and_then(|request| request.reschedule_requested_at)
                .filter(|_| actions.can_schedule),
        }
    }
}

#[component]
fn CustomerNotices(asked: CustomerRequests, zone: String, locale: Locale) -> impl IntoView {
    let request = asked.request?;
    let link = move || view! { " "<a href=format!("/app/inbox/{request}")>{t!(locale, "open-request")}</a> };
    Some(view! {
        {asked.cancellation.map(|at| view! { <p class="notice notice-warn" role="note">{t!(locale, "cancellation-requested-text", moment = format::moment(locale, at, &zone))}{link()}</p> })}
        {asked.other_time.map(|at| view! { <p class="notice notice-warn" role="note" data-testid="reschedule-requested">{t!(locale, "reschedule-requested-text", moment = format::moment(locale, at, &zone))}{link()}</p> })}
    })
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

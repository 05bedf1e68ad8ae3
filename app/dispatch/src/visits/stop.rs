//! A visit of the technician's day, with its report.

use domain::identity::permissions::PerformVisits;
use domain::jobs::targets::TargetStatus;
use domain::lateness::awaits_arrival;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::visits;
use ordinavo_core::visits::OwnStop;
use ordinavo_core::visits::changes::Changes;
use ordinavo_core::visits::model::{AttachmentSummary, DayStop, ReportText};
use ordinavo_core::visits::report::{MAX_FOLLOW_UP_CHARS, MAX_NAME_CHARS, MAX_TEXT_CHARS, MAX_WORK_MINUTES};
use ui::components::{InternalBox, ProblemNotice};
use ui::drafts::owned;
use ui::flash::Flash;
use ui::format;
use ui::forms::{CheckField, ErrorSummary, FormState, TextArea, TextField};
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::islands::signature::SignaturePad;
use crate::requests::of_job::RequesterCard;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::AppFrame;
use crate::t;
use crate::visits::changes::ChangesNotice;
use crate::visits::my_day::{Installable, OfflineSync, UnderWay};
use crate::visits::notices::ProblemCard;
use crate::visits::photos::{DeviceDraftNotice, ReportPhotos};
use crate::visits::stop_card::{StopCard, seen_appointment, stop_label, stop_state};
use crate::visits::sync_conflicts::{ReportFiles, ReportValues};

#[component]
pub fn StopPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let permit = staff.may::<PerformVisits>()?;
        let shows_returned = request.query("returned") == "yes";
        let found = visits::stop(&request.core, permit, request.id("id")?, shows_returned).await?;
        let (version, since) = (found.version(), found.audit_sequence);
        let OwnStop {
            stop,
            zone,
            has_returned,
            own_report,
            request: from_request,
            notices,
            under_way,
            comes_after,
            ..
        } = found;
        let under_way = under_way.filter(|_| awaits_arrival(stop.status));
        let problem = ProblemForms::of(&stop, locale, request.flash.as_ref());
        let changes = Changes {
            stops: Some(stop.clone())
                .into_iter()
                .filter(|stop| stop.change().is_some())
                .collect(),
            removed: Vec::new(),
        };
        let country = stop.country().map(str::to_owned);
        let own_zone = zone.clone();
        let form = FormState::new("report", locale, request.flash.as_ref());
        let returned = stop.is_returned();
        let (previous, submitted) = match own_report {
            Some(own_report) if !returned => (None, Some(own_report)),
            own_report => (own_report, None),
        };
        let (id, seen, label, status, open) = (
            stop.target_id.to_string(),
            seen_appointment(&stop),
            stop_label(locale, &stop),
            stop_state(&stop),
            !stop.is_finished(),
        );
        let person = staff.id().to_string();
        let stop_id = id.clone();
        let (notes, access_notes, reason) = (
            stop.notes.clone(),
            stop.access_notes.clone(),
            stop.return_reason.clone(),
        );
        Ok(view! {
            <Title text=format::job_number(stop.number)/>
            <Installable/>
            <div class="day visit" data-stop=stop_id data-status=status data-version=version data-since=since>
                <DoneNotice locale flash=request.flash.clone()/>
                <OfflineSync locale person=person.clone()/>
                <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
                <p><a href="/app/day">{t!(locale, "day-back")}</a></p>
                <h1><bdi class="mono">{format::job_number(stop.number)}</bdi></h1>
                {has_returned.then(|| view! { <p class="notice notice-warn">{t!(locale, "day-returned", count = 1)}" "<a href=format!("/app/day/{id}?returned=yes")>{t!(locale, "report-correct")}</a></p> })}
                <ChangesNotice locale changes date=String::new() zone=own_zone.clone() now=request.viewer.now/>
                {under_way.map(|visit| view! { <UnderWay visit locale/> })}
                <StopCard stop notices locale person=person.clone() zone shows_date=true comes_after/>
                {from_request.map(|found| view! { <RequesterCard locale found files_path="/app/day/files" country zone=own_zone/> })}
                <Notes locale access_notes notes/>
                {problem.map(|forms| view! { <ProblemCard stop=forms.stop person=person.clone() cannot_do=forms.cannot_do late=forms.late locale/> })}
                {submitted.map(|(text, files)| view! {
                    <p class="notice notice-good">{t!(locale, "report-submitted-notice")}</p>
                    <section class="card" data-own-report><h2>{t!(locale, "report-own")}</h2><InternalBox locale><ReportValues locale report=text.written() hides_outcome=true/><ReportFiles locale files/></InternalBox></section>
                })}
                {returned.then(|| view! { <div class="notice notice-warn"><p><strong>{t!(locale, "report-returned-title")}</strong></p><p dir="auto">{reason}</p></div> })}
                {open.then(|| view! { <ReportCard id seen person label locale form previous/> })}
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/day">{content}</AppFrame> }
}

/// What the customer does not see about the location and the job.
#[component]
fn Notes(locale: Locale, access_notes: Option<String>, notes: Option<String>) -> impl IntoView {
    (notes.is_some() || access_notes.is_some()).then(|| {
        view! {
            <InternalBox locale>
                {access_notes.map(|notes| view! { <h2>{t!(locale, "access-notes")}</h2><p class="prose" dir="auto">{notes}</p> })}
                {notes.map(|notes| view! { <h2>{t!(locale, "notes")}</h2><p class="prose" dir="auto">{notes}</p> })}
            </InternalBox>
        }
    })
}

/// The forms that tell dispatch about a visit that is still ahead.
struct ProblemForms {
    stop: DayStop,
    cannot_do: FormState,
    late: FormState,
}

impl ProblemForms {
    fn of(stop: &DayStop, locale: Locale, flash: Option<&Flash>) -> Option<Self> {
        let is_ahead = matches!(
            stop.status,
            TargetStatus::Scheduled | TargetStatus::Dispatched | TargetStatus::EnRoute
        );
        is_ahead.then(|| Self {
            stop: stop.clone(),
            cannot_do: FormState::new("cannot-do", locale, flash),
            late: FormState::new("late", locale, flash),
        })
    }
}

#[component]
fn ReportCard(
    id: String,
    seen: String,
    person: String,
    label: String,
    locale: Locale,
    form: FormState,
    previous: Option<(ReportText, Vec<AttachmentSummary>)>,
) -> impl IntoView {
    let internal = form.clone();
    let is_correction = previous.is_some();
    let (previous, files) = previous.unwrap_or_default();
    let was_billable = previous.billable;
    let minutes = previous
        .work_minutes
        .map(|minutes| minutes.to_string())
        .unwrap_or_default();
    view! {
        <section class="card report-card" id="report">
            <h2>{t!(locale, "report-title")}</h2>
            <SubmitOnce>
            <form method="post" action=owned("/app/fn/submit-report") enctype="multipart/form-data" data-report>
                <DeviceDraftNotice locale/>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="target" value=id/><input type="hidden" name="seen" value=seen/><input type="hidden" name="person" value=person/><input type="hidden" name="label" value=label/><input type="hidden" name="replaces"/>
                <TextArea form=form.clone() field="summary" value=previous.summary label=t!(locale, "report-summary") help=t!(locale, "report-summary-help") max_length=MAX_TEXT_CHARS/>
                <InternalBox locale><TextArea form=internal field="internal_notes" value=previous.internal_notes.unwrap_or_default() label=t!(locale, "report-internal") rows=2 optional=true max_length=MAX_TEXT_CHARS/></InternalBox>
                <TextField form=form.clone() field="work_minutes" value=minutes label=t!(locale, "report-minutes") kind="number" inputmode="numeric" range=(0, MAX_WORK_MINUTES)/>
                <TextArea form=form.clone() field="material" value=previous.material.unwrap_or_default() label=t!(locale, "report-material") help=t!(locale, "report-material-help") rows=3 optional=true/>
                <ReportPhotos form=form.clone() locale/>
                {(!files.is_empty()).then(|| view! { <div><p class="quiet">{t!(locale, "report-photos-there")}</p><ReportFiles locale files/></div> })}
                <TextArea form=form.clone() field="follow_up" value=previous.follow_up.unwrap_or_default() label=t!(locale, "report-follow-up") help=t!(locale, "report-follow-up-help") rows=2 optional=true max_length=MAX_FOLLOW_UP_CHARS/>
                <TextField form=form.clone() field="signed_by" value=previous.signed_by.unwrap_or_default() label=t!(locale, "report-signed-by") help=t!(locale, "report-signed-by-help") optional=true autocomplete="off" max_length=MAX_NAME_CHARS/>
                <SignaturePad label=t!(locale, "report-sign-here") clear=t!(locale, "report-signature-clear") initial_drawing=previous.signature.unwrap_or_default()/>
                <CheckField form=form.clone() field="billable" label=t!(locale, "report-billable") checked=was_billable/>
                // Correcting a report does not change the outcome of the job.
                {(!is_correction).then(|| view! { <CheckField form field="completed" label=t!(locale, "report-completed") help=t!(locale, "report-completed-help") checked=true/> })}
                <button class="button button-primary" type="submit">{t!(locale, "submit-report")}</button>
            </form>
            </SubmitOnce>
        </section>
    }
}

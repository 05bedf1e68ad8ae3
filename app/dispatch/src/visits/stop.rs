//! One stop of the day, with the report.

use domain::locale::Locale;
use domain::permissions::PerformVisits;
use leptos::prelude::*;
use ordinavo_core::visits;
use ordinavo_core::visits::OwnStop;
use ordinavo_core::visits::model::{AttachmentLine, ReportText};
use ordinavo_core::visits::report::{MOST_FOLLOW_UP, MOST_NAME, MOST_TEXT, MOST_WORK_MINUTES};
use ui::forms::{CheckField, ErrorSummary, FormState, PhotoField, TextArea, TextField};
use ui::islands::SendOnce;
use ui::load::page;
use ui::parts::{InternalBox, ProblemNotice};
use ui::title::Title;

use crate::islands::signature::SignaturePad;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::Framed;
use crate::t;
use crate::visits::my_day::{Installable, Keeper, StopCard, is_finished, label, seen, state};
use crate::visits::sync_conflicts::{Files, Written};

/// `/app/day/{id}`.
#[component]
pub fn StopPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let permit = staff.may::<PerformVisits>()?;
        let back = request.query("returned") == "yes";
        let OwnStop {
            stop,
            zone,
            has_returned,
        } = visits::stop(&request.core, permit, request.id("id")?, back).await?;
        // A report that was sent back is corrected, not written anew.
        let own = visits::own_report(&request.core, permit, &stop).await?;
        let form = FormState::new("report", locale, request.flash.as_ref());
        let returned = stop.is_returned();
        let (before, handed_in) = match own {
            Some(own) if !returned => (None, Some(own)),
            own => (own, None),
        };
        let (id, seen, label, status, open) = (
            stop.target_id.to_string(),
            seen(&stop),
            label(locale, &stop),
            state(&stop),
            !is_finished(&stop),
        );
        let person = staff.id().to_string();
        let of = id.clone();
        let (notes, access, reason) = (
            stop.notes.clone(),
            stop.access_notes.clone(),
            stop.return_reason.clone(),
        );
        Ok(view! {
            <Title text=format!("TGT-{}", stop.number)/>
            <Installable/>
            <div class="day visit" data-stop=of data-status=status>
                <DoneNotice locale flash=request.flash.clone()/>
                <Keeper locale person=person.clone()/>
                <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
                <p><a href="/app/day">{t!(locale, "day-back")}</a></p>
                <h1><bdi class="mono">{format!("TGT-{}", stop.number)}</bdi></h1>
                {has_returned.then(|| view! { <p class="notice notice-warn">{t!(locale, "day-returned", count = 1)}" "<a href=format!("/app/day/{id}?returned=yes")>{t!(locale, "report-correct")}</a></p> })}
                <StopCard stop locale person=person.clone() zone dated=true/>
                {(notes.is_some() || access.is_some()).then(|| view! {
                    <InternalBox locale>
                        {access.map(|notes| view! { <h2>{t!(locale, "access-notes")}</h2><p class="prose" dir="auto">{notes}</p> })}
                        {notes.map(|notes| view! { <h2>{t!(locale, "notes")}</h2><p class="prose" dir="auto">{notes}</p> })}
                    </InternalBox>
                })}
                {handed_in.map(|(text, files)| view! {
                    <p class="notice notice-good">{t!(locale, "report-submitted-notice")}</p>
                    <section class="card" data-own-report><h2>{t!(locale, "report-own")}</h2><InternalBox locale><Written locale report=text.written() hides_outcome=true/><Files locale files/></InternalBox></section>
                })}
                {returned.then(|| view! { <div class="notice notice-warn"><p><strong>{t!(locale, "report-returned-title")}</strong></p><p dir="auto">{reason}</p></div> })}
                {open.then(|| view! { <ReportCard id seen person label locale form before/> })}
            </div>
        }
        .into_any())
    });
    view! { <Framed current="/app/day">{content}</Framed> }
}

#[component]
fn ReportCard(
    id: String,
    seen: String,
    person: String,
    label: String,
    locale: Locale,
    form: FormState,
    before: Option<(ReportText, Vec<AttachmentLine>)>,
) -> impl IntoView {
    let internal = form.clone();
    let corrects = before.is_some();
    let (before, files) = before.unwrap_or_default();
    let was_billable = before.billable;
    let minutes = before
        .work_minutes
        .map(|minutes| minutes.to_string())
        .unwrap_or_default();
    view! {
        <section class="card report-card" id="report">
            <h2>{t!(locale, "report-title")}</h2>
            <SendOnce>
            <form method="post" action="/app/fn/file-report" enctype="multipart/form-data" data-report>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="target" value=id/><input type="hidden" name="seen" value=seen/><input type="hidden" name="person" value=person/><input type="hidden" name="label" value=label/><input type="hidden" name="replaces"/>
                <TextArea form=form.clone() field="summary" value=before.summary label=t!(locale, "report-summary") help=t!(locale, "report-summary-help") most=MOST_TEXT/>
                <InternalBox locale><TextArea form=internal field="internal_notes" value=before.internal_notes.unwrap_or_default() label=t!(locale, "report-internal") rows=2 optional=true most=MOST_TEXT/></InternalBox>
                <TextField form=form.clone() field="work_minutes" value=minutes label=t!(locale, "report-minutes") kind="number" inputmode="numeric" range=(0, MOST_WORK_MINUTES)/>
                <TextArea form=form.clone() field="material" value=before.material.unwrap_or_default() label=t!(locale, "report-material") help=t!(locale, "report-material-help") rows=3 optional=true/>
                <PhotoField form=form.clone() field="photo" label=t!(locale, "report-photos") help=t!(locale, "report-photos-help")/>
                {(!files.is_empty()).then(|| view! { <div><p class="quiet">{t!(locale, "report-photos-there")}</p><Files locale files/></div> })}
                <TextArea form=form.clone() field="follow_up" value=before.follow_up.unwrap_or_default() label=t!(locale, "report-follow-up") help=t!(locale, "report-follow-up-help") rows=2 optional=true most=MOST_FOLLOW_UP/>
                <TextField form=form.clone() field="signed_by" value=before.signed_by.unwrap_or_default() label=t!(locale, "report-signed-by") help=t!(locale, "report-signed-by-help") optional=true autocomplete="off" most=MOST_NAME/>
                <SignaturePad label=t!(locale, "report-sign-here") clear=t!(locale, "report-signature-clear") drawn_before=before.signature.unwrap_or_default()/>
                <CheckField form=form.clone() field="billable" label=t!(locale, "report-billable") ticked=was_billable/>
                // What became of the job stays when its report is corrected.
                {(!corrects).then(|| view! { <CheckField form field="completed" label=t!(locale, "report-completed") help=t!(locale, "report-completed-help") ticked=true/> })}
                <button class="button button-primary" type="submit">{t!(locale, "submit-report")}</button>
            </form>
            </SendOnce>
        </section>
    }
}

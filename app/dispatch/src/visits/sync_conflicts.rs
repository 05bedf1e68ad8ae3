//! Sync conflicts of queued entries, with both versions side by side; and the pages for signing out with unsent
//! entries.

use domain::identity::permissions::PerformVisits;
use domain::ids::TargetId;
use domain::locale::Locale;
use domain::visits::day_entries::{ConflictReason, DayStep, Filing, WrittenReport};
use domain::visits::reports;
use leptos::prelude::*;
use ordinavo_core::jobs::model::JobActions;
use ordinavo_core::visits::model::AttachmentSummary;
use ordinavo_core::visits::sync_conflicts;
use ordinavo_core::visits::sync_conflicts::{SyncConflict, WithPhotos};
use ui::components::{ConfirmAction, EmptyState, InternalBox, ProblemNotice, TargetChip};
use ui::drafts::owned;
use ui::files::FileLink;
use ui::format;
use ui::icons::Icon;
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::AppFrame;
use crate::t;
use crate::visits::my_day::OfflineSync;
use crate::visits::photos::PhotoMarkChip;

#[component]
pub fn SyncConflictsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let permit = staff.may::<PerformVisits>()?;
        let found = sync_conflicts::list(&request.core, permit).await?;
        let zone = staff.zone().to_owned();
        let empty = found.is_empty();
        Ok(view! {
            <Title text=t!(locale, "sync-conflicts-title")/>
            <div class="day day-wide">
                <DoneNotice locale flash=request.flash.clone()/>
                <OfflineSync locale person=staff.id().to_string()/>
                <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
                <p><a href="/app/day">{t!(locale, "day-back")}</a></p>
                <h1>{t!(locale, "sync-conflicts-title")}</h1>
                {(!empty).then(|| view! { <p class="lead">{t!(locale, "sync-conflicts-text")}</p> })}
                {empty.then(|| view! { <EmptyState icon="check" title=t!(locale, "sync-conflicts-empty") text=t!(locale, "sync-conflicts-empty-text")/> })}
                {found.into_iter().map(|conflict| view! { <ConflictCard locale conflict zone=zone.clone()/> }).collect_view()}
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/day">{content}</AppFrame> }
}

#[component]
fn ConflictCard(locale: Locale, conflict: SyncConflict, zone: String) -> impl IntoView {
    let SyncConflict {
        entries,
        stop,
        is_usable,
    } = conflict;
    let keys = sync_conflicts::keys(entries.iter().map(|(entry, _)| entry));
    let (first, _) = entries.first().cloned()?;
    let (target, number, status) = (first.target_id.to_string(), first.number, first.target_status);
    let (reason, customer) = (
        first.reason().unwrap_or(ConflictReason::OtherState),
        first.customer_name,
    );
    let current_visit = stop.as_ref().map(|stop| {
        format!(
            "{} {}",
            format::date(locale, stop.starts_at, &stop.zone),
            format::span(stop.starts_at, stop.ends_at, &stop.zone)
        )
    });
    let seen = first.seen_from.zip(first.seen_until);
    let seen_zone = stop.as_ref().map_or_else(|| zone.clone(), |stop| stop.zone.clone());
    let seen = seen.map(|(from, until)| {
        format!(
            "{} {}",
            format::date(locale, from, &seen_zone),
            format::span(from, until, &seen_zone)
        )
    });
    let discard_button = view! { <ConflictAction action="/app/fn/discard-my-entries" target=target.clone() keys=keys.clone() label=t!(locale, "sync-conflict-discard-now")/> };
    let send_to_dispatch_button = view! { <ConflictAction action="/app/fn/send-entries-to-dispatch" target=target.clone() keys=keys.clone() is_first=!is_usable label=t!(locale, "sync-conflict-send-to-dispatch")/> };
    let keep_mine_button = is_usable.then(
        || view! { <ConflictAction action="/app/fn/keep-my-entries" target keys is_first=true label=t!(locale, "sync-conflict-keep-mine")/> },
    );
    Some(view! {
        <section class="card">
            <h2><bdi class="mono">{format::job_number(number)}</bdi>{customer.map(|name| view! { " · "<bdi>{name}</bdi> })}</h2>
            <p class="notice notice-warn">{reason_text(locale, reason)}</p>
            <div class="versions">
                <div>
                    <h3>{t!(locale, "sync-conflict-my-version")}</h3>
                    {seen.map(|seen| view! { <p class="quiet">{t!(locale, "sync-conflict-seen-appointment", when = seen)}</p> })}
                    <EntryList locale entries zone/>
                </div>
                <div>
                    <h3>{t!(locale, "sync-conflict-server-version")}</h3>
                    <p><TargetChip status locale/></p>
                    <p>{current_visit.unwrap_or_else(|| t!(locale, "sync-conflict-no-visit"))}</p>
                </div>
            </div>
            <div class="actions">
                {keep_mine_button}
                {send_to_dispatch_button}
                <ConfirmAction label=t!(locale, "sync-conflict-discard") consequence=t!(locale, "sync-conflict-discard-consequence")>
                    {discard_button}
                </ConfirmAction>
            </div>
        </section>
    })
}

#[component]
fn ConflictAction(
    action: &'static str,
    target: String,
    keys: String,
    label: String,
    #[prop(optional)] is_first: bool,
) -> impl IntoView {
    let class = if is_first { "button button-primary" } else { "button" };
    view! { <SubmitOnce><form method="post" action=owned(action)><input type="hidden" name="target" value=target/><input type="hidden" name="entries" value=keys/><button class=class type="submit">{label}</button></form></SubmitOnce> }
}

/// Describes why an entry could not be applied.
fn reason_text(locale: Locale, reason: ConflictReason) -> String {
    by_key(
        locale,
        &format!("sync-conflict-reason-{}", reason.name().replace('_', "-")),
    )
}

/// Queued entries with their values.
#[component]
fn EntryList(locale: Locale, entries: Vec<WithPhotos>, zone: String) -> impl IntoView {
    view! {
        <ul class="lines">
            {entries.into_iter().map(|(entry, photos)| {
                let label = match entry.step {
                    DayStep::StartTravel => t!(locale, "start-travel"),
                    DayStep::Arrive => t!(locale, "arrived"),
                    DayStep::Report => t!(locale, "report-title"),
                };
                let (key, at) = (entry.id.0.uuid().to_string(), format::moment(locale, entry.noted_at, &zone));
                let form = entry.form.map(|form| view! { <ReportValues locale report=form.0/> });
                view! {
                    <li><strong>{label}</strong>" "<span class="quiet">{at}</span>
                        {form}
                        {(!photos.is_empty()).then(|| view! { <ul class="files">{photos.into_iter().map(|photo| view! {
                            <li><a href=format!("/app/files/kept/{key}/{}", photo.position)><Icon name="file"/><bdi>{photo.file_name}</bdi></a><span class="quiet">{format::size(locale, photo.size_bytes)}</span></li>
                        }).collect_view()}</ul> })}
                    </li>
                }
            }).collect_view()}
        </ul>
    }
}

#[component]
pub fn ReportValues(locale: Locale, report: WrittenReport, #[prop(optional)] hides_outcome: bool) -> impl IntoView {
    let row = |name: String, text: String| {
        (!text.trim().is_empty()).then(|| view! { <dt>{name}</dt><dd class="prose" dir="auto">{text}</dd> })
    };
    let done = if hides_outcome {
        String::new()
    } else if report.completed {
        t!(locale, "yes")
    } else {
        t!(locale, "no")
    };
    let billable = if report.billable {
        t!(locale, "yes")
    } else {
        t!(locale, "no")
    };
    view! {
        <dl class="written">
            {row(t!(locale, "report-summary"), report.summary)}
            {row(t!(locale, "report-internal"), report.internal_notes)}
            {row(t!(locale, "report-minutes"), report.work_minutes)}
            {row(t!(locale, "report-material"), report.material)}
            {row(t!(locale, "report-follow-up"), report.follow_up)}
            {row(t!(locale, "report-signed-by"), report.signed_by)}
            {row(t!(locale, "report-billable"), billable)}
            {row(t!(locale, "report-completed"), done)}
        </dl>
        <Signature locale drawing=Some(report.signature).filter(|drawing| reports::is_signature(drawing))/>
    }
}

/// The files of the technician's own report.
#[component]
pub fn ReportFiles(locale: Locale, files: Vec<AttachmentSummary>) -> impl IntoView {
    view! {
        <ul class="files">{files.into_iter().map(|file| view! {
            <li><FileLink locale scan=file.scan href=format!("/app/files/{}", file.id) name=file.file_name size_bytes=file.size_bytes/><PhotoMarkChip locale mark=file.mark/></li>
        }).collect_view()}</ul>
    }
}

/// A drawn signature; nothing if there is none.
#[component]
pub fn Signature(locale: Locale, drawing: Option<String>) -> impl IntoView {
    drawing.map(|drawing| view! { <svg class="signature" viewBox="0 0 600 200" role="img" aria-label=t!(locale, "report-signature")><path d=drawing></path></svg> })
}

/// Groups entries, which are sorted by technician.
fn by_technician(entries: &[WithPhotos]) -> Vec<Vec<WithPhotos>> {
    entries
        .chunk_by(|(one, _), (other, _)| one.technician_id == other.technician_id)
        .map(<[WithPhotos]>::to_vec)
        .collect()
}

/// Entries that technicians have sent to dispatch, on the page of the job, with what can become of them.
#[component]
pub fn OfflineEntriesCard(
    locale: Locale,
    target: String,
    entries: Vec<WithPhotos>,
    actions: JobActions,
    zone: String,
) -> impl IntoView {
    (!entries.is_empty()).then(|| view! {
        <section class="card" id="from-phone">
            <h2>{t!(locale, "offline-entries-title")}</h2>
            {by_technician(&entries).into_iter().map(|entries| {
                let zone = zone.clone();
                let (first, _) = entries.first().cloned()?;
                let reason = first.reason().map(|reason| reason_text(locale, reason));
                let target = target.clone();
                let shown = entries.clone();
                Some(view! {
                    <p>{t!(locale, "offline-entries-text", technician = first.technician)}" "{reason}</p>
                    <InternalBox locale><EntryList locale entries=shown zone/></InternalBox>
                    {actions.can_resolve_entries.then(|| view! { <FilingButtons locale target technician=first.technician_id.0.to_string() entries can_end_visit=actions.can_end_visit/> })}
                })
            }).collect_view()}
        </section>
    })
}

/// What can become of the entries of one technician. A report is filed or kept as a note; nothing that was written is lost.
#[component]
fn FilingButtons(
    locale: Locale,
    target: String,
    technician: String,
    entries: Vec<WithPhotos>,
    can_end_visit: bool,
) -> impl IntoView {
    let keys = sync_conflicts::keys(entries.iter().map(|(entry, _)| entry));
    let has_report = entries.iter().any(|(entry, _)| entry.step == DayStep::Report);
    let mut choices = Vec::new();
    if has_report && can_end_visit {
        choices.push((Filing::PlannedVisit, t!(locale, "file-planned-visit")));
    }
    if has_report {
        choices.push((Filing::AdditionalVisit, t!(locale, "file-additional-visit")));
    }
    let note = if has_report {
        t!(locale, "file-note")
    } else {
        t!(locale, "offline-entries-resolve")
    };
    choices.push((Filing::Note, note));
    view! {
        <SubmitOnce><form method="post" action=owned("/app/fn/resolve-sync-conflict")>
            <input type="hidden" name="target" value=target/><input type="hidden" name="technician" value=technician/><input type="hidden" name="entries" value=keys/>
            {has_report.then(|| view! { <p class="help">{t!(locale, "file-help")}</p> })}
            <div class="actions">{choices.into_iter().map(|(filing, label)| view! { <button class="button" type="submit" name="filing" value=filing.name()>{label}</button> }).collect_view()}</div>
        </form></SubmitOnce>
    }
}

/// What technicians wrote offline and dispatch kept as notes.
#[component]
pub fn KeptNotesCard(locale: Locale, entries: Vec<WithPhotos>, zone: String) -> impl IntoView {
    (!entries.is_empty()).then(|| {
        view! {
            <section class="card" data-testid="kept-notes">
                <h2>{t!(locale, "kept-notes-title")}</h2>
                {by_technician(&entries).into_iter().map(|entries| {
                    let technician = entries.first().map(|(entry, _)| entry.technician.clone()).unwrap_or_default();
                    let zone = zone.clone();
                    view! {
                        <p><bdi>{technician}</bdi></p>
                        <InternalBox locale><EntryList locale entries zone/></InternalBox>
                    }
                }).collect_view()}
            </section>
        }
    })
}

/// The notice above the lists of dispatch: jobs with entries from technicians.
#[component]
pub fn OfflineEntriesNotice(locale: Locale, jobs: Vec<(TargetId, i64)>) -> impl IntoView {
    (!jobs.is_empty()).then(|| view! {
        <p class="notice notice-warn"><strong>{t!(locale, "offline-entries-waiting")}</strong>" "
            {jobs.into_iter().map(|(id, number)| view! { <a href=format!("/app/targets/{id}#from-phone")><bdi class="mono">{format::job_number(number)}</bdi></a>" " }).collect_view()}
        </p>
    })
}

/// `/app/day/unsent`: shown instead of signing out while entries are unsent.
#[component]
pub fn UnsentEntriesPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        staff.may::<PerformVisits>()?;
        let (locale, person) = (request.viewer.locale, staff.id().to_string());
        Ok(view! {
            <Title text=t!(locale, "unsent-entries-title")/>
            <div class="day">
                <h1>{t!(locale, "unsent-entries-title")}</h1>
                <p class="lead">{t!(locale, "unsent-entries-text")}</p>
                <OfflineSync locale person=staff.id().to_string()/>
                <ul class="lines" data-unsent></ul>
                <p><a class="button button-primary" href="/app/day">{t!(locale, "unsent-entries-stay")}</a></p>
                <ConfirmAction label=t!(locale, "unsent-entries-sign-out") consequence=t!(locale, "unsent-entries-consequence")>
                    <form method="post" action="/app/fn/sign-out"><input type="hidden" name="anyway" value="yes"/><input type="hidden" name="person" value=person/><button class="button" type="submit">{t!(locale, "unsent-entries-sign-out-now")}</button></form>
                </ConfirmAction>
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/day">{content}</AppFrame> }
}

/// `/app/day/offline-data-removed`: shown after a sign-out without network. Contains no personal data.
#[component]
pub fn OfflineDataRemovedPage() -> impl IntoView {
    let staff = viewer_staff();
    page(|request| async move {
        staff?.may::<PerformVisits>()?;
        let locale = request.viewer.locale;
        Ok(view! {
            <Title text=t!(locale, "offline-data-removed-title")/>
            <main id="main" class="door" tabindex="-1">
                <h1>{t!(locale, "offline-data-removed-title")}</h1>
                <p class="lead">{t!(locale, "offline-data-removed-text")}</p>
                <p><a class="button" href="/app/day">{t!(locale, "offline-data-removed-sign-in")}</a></p>
            </main>
        }
        .into_any())
    })
}

/// `/app/day/offline`: shown instead of a page that is not on the device. Contains no personal data.
#[component]
pub fn OfflinePage() -> impl IntoView {
    let staff = viewer_staff();
    page(|request| async move {
        staff?.may::<PerformVisits>()?;
        let locale = request.viewer.locale;
        Ok(view! {
            <Title text=t!(locale, "offline-page-title")/>
            <main id="main" class="door" tabindex="-1" data-testid="needs-network">
                <h1>{t!(locale, "offline-page-title")}</h1>
                <p class="lead">{t!(locale, "offline-page-text")}</p>
                <p><a class="button button-primary" href="/app/day">{t!(locale, "day-back")}</a></p>
            </main>
        }
        .into_any())
    })
}

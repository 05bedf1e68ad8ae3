//! What a phone has sent and what did not fit: both versions beside one another; and the pages around leaving a phone.

use domain::day_entries::{DayStep, Misfit, WrittenReport};
use domain::ids::TargetId;
use domain::locale::Locale;
use domain::permissions::{PerformVisits, PlanTargets};
use domain::visit_reports;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::visits::model::AttachmentLine;
use ordinavo_core::visits::sync_conflicts;
use ordinavo_core::visits::sync_conflicts::{Collision, WithPhotos};
use ui::format;
use ui::icons::Icon;
use ui::islands::SendOnce;
use ui::load::page;
use ui::parts::{Empty, InternalBox, ProblemNotice, TargetChip, Weighty};
use ui::title::Title;

use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::Framed;
use crate::t;
use crate::visits::my_day::Keeper;
use crate::words::by_key;

/// `/app/day/kept`.
#[component]
pub fn KeptPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let permit = staff.may::<PerformVisits>()?;
        let found = sync_conflicts::waiting(&request.core, permit).await?;
        let zone = staff.zone().to_owned();
        let empty = found.is_empty();
        Ok(view! {
            <Title text=t!(locale, "sync-conflicts-title")/>
            <div class="day day-wide">
                <DoneNotice locale flash=request.flash.clone()/>
                <Keeper locale person=staff.id().to_string()/>
                <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
                <p><a href="/app/day">{t!(locale, "day-back")}</a></p>
                <h1>{t!(locale, "sync-conflicts-title")}</h1>
                {(!empty).then(|| view! { <p class="lead">{t!(locale, "sync-conflicts-text")}</p> })}
                {empty.then(|| view! { <Empty icon="check" title=t!(locale, "sync-conflicts-empty") text=t!(locale, "sync-conflicts-empty-text")/> })}
                {found.into_iter().map(|collision| view! { <CollisionCard locale collision zone=zone.clone()/> }).collect_view()}
            </div>
        }
        .into_any())
    });
    view! { <Framed current="/app/day">{content}</Framed> }
}

#[component]
fn CollisionCard(locale: Locale, collision: Collision, zone: String) -> impl IntoView {
    let Collision {
        entries,
        stop,
        is_usable,
    } = collision;
    let keys = sync_conflicts::keys(entries.iter().map(|(entry, _)| entry));
    let (first, _) = entries.first().cloned()?;
    let (target, number, status) = (first.target_id.to_string(), first.number, first.target_status);
    let (reason, customer) = (first.reason().unwrap_or(Misfit::OtherState), first.customer_name);
    let now = stop.as_ref().map(|stop| {
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
    let drop = view! { <DecideButton act="/app/fn/discard-my-entries" target=target.clone() keys=keys.clone() words=t!(locale, "sync-conflict-discard-now")/> };
    let hand_over = view! { <DecideButton act="/app/fn/hand-over-my-entries" target=target.clone() keys=keys.clone() is_first=!is_usable words=t!(locale, "sync-conflict-send-to-dispatch")/> };
    let hold = is_usable.then(
        || view! { <DecideButton act="/app/fn/use-my-entries" target keys is_first=true words=t!(locale, "sync-conflict-keep-mine")/> },
    );
    Some(view! {
        <section class="card">
            <h2><bdi class="mono">{format!("TGT-{number}")}</bdi>{customer.map(|name| view! { " · "<bdi>{name}</bdi> })}</h2>
            <p class="notice notice-warn">{why(locale, reason)}</p>
            <div class="versions">
                <div>
                    <h3>{t!(locale, "sync-conflict-my-version")}</h3>
                    {seen.map(|seen| view! { <p class="quiet">{t!(locale, "sync-conflict-seen-appointment", when = seen)}</p> })}
                    <Noted locale entries zone/>
                </div>
                <div>
                    <h3>{t!(locale, "sync-conflict-server-version")}</h3>
                    <p><TargetChip status locale/></p>
                    <p>{now.unwrap_or_else(|| t!(locale, "sync-conflict-no-visit"))}</p>
                </div>
            </div>
            <div class="actions">
                {hold}
                {hand_over}
                <Weighty label=t!(locale, "sync-conflict-discard") consequence=t!(locale, "sync-conflict-discard-consequence")>
                    {drop}
                </Weighty>
            </div>
        </section>
    })
}

#[component]
fn DecideButton(
    act: &'static str,
    target: String,
    keys: String,
    words: String,
    #[prop(optional)] is_first: bool,
) -> impl IntoView {
    let class = if is_first { "button button-primary" } else { "button" };
    view! { <SendOnce><form method="post" action=act><input type="hidden" name="target" value=target/><input type="hidden" name="entries" value=keys/><button class=class type="submit">{words}</button></form></SendOnce> }
}

/// Why an entry did not fit.
fn why(locale: Locale, reason: Misfit) -> String {
    by_key(
        locale,
        &format!("sync-conflict-reason-{}", reason.name().replace('_', "-")),
    )
}

/// Steps with what was written.
#[component]
fn Noted(locale: Locale, entries: Vec<WithPhotos>, zone: String) -> impl IntoView {
    view! {
        <ul class="lines">
            {entries.into_iter().map(|(entry, photos)| {
                let words = match entry.step {
                    DayStep::SetOut => t!(locale, "start-travel"),
                    DayStep::Arrive => t!(locale, "arrived"),
                    DayStep::Report => t!(locale, "report-title"),
                };
                let (key, at) = (entry.id.0.uuid().to_string(), format::moment(locale, entry.noted_at, &zone));
                let form = entry.form.map(|form| view! { <Written locale report=form.0/> });
                view! {
                    <li><strong>{words}</strong>" "<span class="quiet">{at}</span>
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
pub fn Written(locale: Locale, report: WrittenReport, #[prop(optional)] hides_outcome: bool) -> impl IntoView {
    let line = |name: String, text: String| {
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
            {line(t!(locale, "report-summary"), report.summary)}
            {line(t!(locale, "report-internal"), report.internal_notes)}
            {line(t!(locale, "report-minutes"), report.work_minutes)}
            {line(t!(locale, "report-material"), report.material)}
            {line(t!(locale, "report-follow-up"), report.follow_up)}
            {line(t!(locale, "report-signed-by"), report.signed_by)}
            {line(t!(locale, "report-billable"), billable)}
            {line(t!(locale, "report-completed"), done)}
        </dl>
        <Signature locale drawing=Some(report.signature).filter(|drawing| visit_reports::is_signature(drawing))/>
    }
}

/// The files of an own report.
#[component]
pub fn Files(locale: Locale, files: Vec<AttachmentLine>) -> impl IntoView {
    view! {
        <ul class="files">{files.into_iter().map(|file| view! {
            <li><a href=format!("/app/files/{}", file.id)><Icon name="file"/><bdi>{file.file_name}</bdi></a><span class="quiet">{format::size(locale, file.size_bytes)}</span></li>
        }).collect_view()}</ul>
    }
}

/// A drawn signature; nothing if there is none.
#[component]
pub fn Signature(locale: Locale, drawing: Option<String>) -> impl IntoView {
    drawing.map(|drawing| view! { <svg class="signature" viewBox="0 0 600 200" role="img" aria-label=t!(locale, "report-signature")><path d=drawing></path></svg> })
}

/// What technicians have handed over about a job, for dispatch.
#[component]
pub fn HandedOverCard(locale: Locale, staff: Staff, target: String, entries: Vec<WithPhotos>) -> impl IntoView {
    let zone = staff.zone().to_owned();
    let may_settle = staff.has::<PlanTargets>();
    let keys = sync_conflicts::keys(entries.iter().map(|(entry, _)| entry));
    // Each technician's entries stand together.
    let of_each: Vec<Vec<WithPhotos>> = entries
        .chunk_by(|(one, _), (other, _)| one.technician_id == other.technician_id)
        .map(<[WithPhotos]>::to_vec)
        .collect();
    (!of_each.is_empty()).then(|| view! {
        <section class="card" id="from-phone">
            <h2>{t!(locale, "offline-entries-title")}</h2>
            {of_each.into_iter().map(|entries| {
                let zone = zone.clone();
                let first = entries.first().map(|(entry, _)| entry.clone());
                let technician = first.as_ref().map(|entry| entry.technician.clone()).unwrap_or_default();
                let reason = first.and_then(|entry| entry.reason()).map(|reason| why(locale, reason));
                view! {
                    <p>{t!(locale, "offline-entries-text", technician = technician)}" "{reason}</p>
                    <InternalBox locale><Noted locale entries zone/></InternalBox>
                }
            }).collect_view()}
            {may_settle.then(|| view! { <SendOnce><form method="post" action="/app/fn/settle-entries"><input type="hidden" name="target" value=target/><input type="hidden" name="entries" value=keys/><button class="button" type="submit">{t!(locale, "offline-entries-resolve")}</button></form></SendOnce> })}
        </section>
    })
}

/// Above the dispatcher's lists: the jobs about which something was handed over.
#[component]
pub fn HandedOverNotice(locale: Locale, jobs: Vec<(TargetId, i64)>) -> impl IntoView {
    (!jobs.is_empty()).then(|| view! {
        <p class="notice notice-warn"><strong>{t!(locale, "offline-entries-waiting")}</strong>" "
            {jobs.into_iter().map(|(id, number)| view! { <a href=format!("/app/targets/{id}#from-phone")><bdi class="mono">{format!("TGT-{number}")}</bdi></a>" " }).collect_view()}
        </p>
    })
}

/// `/app/day/leave`: what is lost if one signs out now. The phone shows it in place of signing out.
#[component]
pub fn LeavePage() -> impl IntoView {
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
                <Keeper locale person=staff.id().to_string()/>
                <ul class="lines" data-unsent></ul>
                <p><a class="button button-primary" href="/app/day">{t!(locale, "unsent-entries-stay")}</a></p>
                <Weighty label=t!(locale, "unsent-entries-sign-out") consequence=t!(locale, "unsent-entries-consequence")>
                    <form method="post" action="/app/fn/sign-out"><input type="hidden" name="anyway" value="yes"/><input type="hidden" name="person" value=person/><button class="button" type="submit">{t!(locale, "unsent-entries-sign-out-now")}</button></form>
                </Weighty>
            </div>
        }
        .into_any())
    });
    view! { <Framed current="/app/day">{content}</Framed> }
}

/// `/app/day/left`: what a phone shows that was left without a network. Nothing on it is about anybody.
#[component]
pub fn LeftPage() -> impl IntoView {
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

//! What technicians tell dispatch before a visit: the forms on the page of a stop, and the notices on the pages of dispatch.

use domain::locale::Locale;
use domain::public_language::Tone;
use domain::requests::ServiceType;
use domain::visits::notices::{CannotDoReason, LATE_CHOICES, NoticeKind, reasons_for};
use leptos::prelude::*;
use ordinavo_core::visits::model::DayStop;
use ordinavo_core::visits::notices::{MAX_NOTICE_CHARS, TechnicianNews, VisitNotice};
use ui::components::{Chip, InternalBox};
use ui::drafts::owned;
use ui::format;
use ui::forms::{ErrorSummary, FormState, SelectField, TextArea};
use ui::islands::SubmitOnce;

use crate::i18n::by_key;
use crate::t;
use crate::visits::stop_card::{seen_appointment, stop_label};
use crate::visits::sync_conflicts::OfflineEntriesNotice;

/// Returns the notices about a stop, newest first.
pub(crate) fn own_notices(notices: &[VisitNotice], stop: &DayStop) -> Vec<VisitNotice> {
    let of_stop = |notice: &&VisitNotice| notice.appointment_id == stop.appointment_id;
    notices.iter().filter(of_stop).cloned().collect()
}

fn reason_label(locale: Locale, reason: CannotDoReason) -> String {
    by_key(locale, &format!("cannot-do-reason-{}", reason.name().replace('_', "-")))
}

/// Returns what a notice says, without the explanation.
fn notice_line(locale: Locale, notice: &VisitNotice) -> String {
    match notice.kind {
        NoticeKind::CannotDo => {
            let reason = notice
                .reason
                .map(|reason| reason_label(locale, reason))
                .unwrap_or_default();
            t!(locale, "notice-cannot-do", reason = reason)
        }
        NoticeKind::Late => t!(locale, "notice-late", minutes = notice.minutes.unwrap_or_default()),
    }
}

/// What the technician has told dispatch about a stop.
#[component]
pub(crate) fn OwnNotices(notices: Vec<VisitNotice>, locale: Locale) -> impl IntoView {
    notices
        .into_iter()
        .map(|notice| {
            let line = notice_line(locale, &notice);
            view! { <p class="kept-note" data-notice=notice.kind.name()>{t!(locale, "notice-told")}" "{line}</p> }
        })
        .collect_view()
}

/// The forms that tell dispatch that a visit cannot take place or will be late. They also work offline.
#[component]
pub(crate) fn ProblemCard(
    stop: DayStop,
    person: String,
    cannot_do: FormState,
    late: FormState,
    locale: Locale,
) -> impl IntoView {
    let service = stop.service_type.as_deref().and_then(ServiceType::from_name);
    let reasons = reasons_for(service)
        .into_iter()
        .map(|reason| (reason.name().to_owned(), reason_label(locale, reason)))
        .collect::<Vec<_>>();
    let delays = LATE_CHOICES
        .into_iter()
        .map(|minutes: i64| (minutes.to_string(), t!(locale, "minutes", count = minutes)))
        .collect::<Vec<_>>();
    let hidden = {
        let (id, seen, label) = (
            stop.target_id.to_string(),
            seen_appointment(&stop),
            stop_label(locale, &stop),
        );
        move || view! { <input type="hidden" name="target" value=id.clone()/><input type="hidden" name="seen" value=seen.clone()/><input type="hidden" name="person" value=person.clone()/><input type="hidden" name="label" value=label.clone()/> }
    };
    let (hidden_late, hidden_cannot_do) = (hidden.clone(), hidden);
    let (is_late_open, is_cannot_do_open) = (late.has_typed_values(), cannot_do.has_typed_values());
    let late_help = if stop.is_shared {
        t!(locale, "late-help-shared")
    } else {
        t!(locale, "late-help")
    };
    view! {
        <section class="card problem-card" id="problem">
            <h2>{t!(locale, "report-problem")}</h2>
            <details class="late-form" open=is_late_open>
                <summary>{t!(locale, "late-title")}</summary>
                <SubmitOnce><form method="post" action=owned("/app/fn/report-late")>
                    <ErrorSummary form=late.clone()/>
                    {hidden_late()}
                    <SelectField form=late.clone() field="minutes" label=t!(locale, "late-by") choices=delays/>
                    <TextArea form=late field="text" label=t!(locale, "notice-text") rows=2 optional=true max_length=MAX_NOTICE_CHARS/>
                    <p class="help">{late_help}</p>
                    <button class="button button-primary" type="submit">{t!(locale, "late-send")}</button>
                </form></SubmitOnce>
            </details>
            <details class="cannot-do-form" open=is_cannot_do_open>
                <summary>{t!(locale, "cannot-do-title")}</summary>
                <SubmitOnce><form method="post" action=owned("/app/fn/report-cannot-do")>
                    <ErrorSummary form=cannot_do.clone()/>
                    {hidden_cannot_do()}
                    <SelectField form=cannot_do.clone() field="reason" label=t!(locale, "cannot-do-reason") choices=reasons/>
                    <TextArea form=cannot_do field="text" label=t!(locale, "notice-text") help=t!(locale, "cannot-do-text-help") rows=2 optional=true max_length=MAX_NOTICE_CHARS/>
                    <p class="help">{t!(locale, "cannot-do-help")}</p>
                    <button class="button button-primary" type="submit">{t!(locale, "cannot-do-send")}</button>
                </form></SubmitOnce>
            </details>
        </section>
    }
}

/// What technicians have sent to dispatch, above the lists of dispatch. The element is a live region of its own.
#[component]
pub(crate) fn TechnicianNewsNotice(locale: Locale, news: TechnicianNews) -> impl IntoView {
    view! {
        <div id="technician-news" class="technician-news">
            {(!news.notices.is_empty()).then(|| view! {
                <section class="notice notice-bad" role="status" data-testid="visit-notices">
                    <h2>{t!(locale, "notices-title")}</h2>
                    <ul class="lines">{news.notices.into_iter().map(|notice| {
                        let line = notice_line(locale, &notice);
                        let when = format!("{} {}", format::date(locale, notice.starts_at, &notice.zone), format::span(notice.starts_at, notice.ends_at, &notice.zone));
                        view! {
                            <li data-notice=notice.kind.name()><a href=format!("/app/targets/{}#notices", notice.target_id)><bdi class="mono">{format::job_number(notice.number)}</bdi>" "<bdi>{notice.customer_name}</bdi></a>" "<bdi class="quiet">{when}</bdi>" "<strong><bdi>{notice.technician}</bdi>": "{line}</strong></li>
                        }
                    }).collect_view()}</ul>
                </section>
            })}
            <OfflineEntriesNotice locale jobs=news.jobs_with_entries/>
        </div>
    }
}

/// What technicians have told dispatch about a job.
#[component]
pub(crate) fn VisitNoticesCard(
    locale: Locale,
    notices: Vec<VisitNotice>,
    can_resolve: bool,
    zone: String,
) -> impl IntoView {
    (!notices.is_empty()).then(|| view! {
        <section class="card" id="notices" data-testid="notices">
            <h2>{t!(locale, "notices-title")}</h2>
            <InternalBox locale><ul class="lines">{notices.into_iter().map(|notice| {
                let line = notice_line(locale, &notice);
                let at = format::moment(locale, notice.noted_at, &zone);
                let (id, target) = (notice.id.to_string(), notice.target_id.to_string());
                let is_open = notice.is_open;
                view! {
                    <li data-notice=notice.kind.name()><strong>{line}</strong>" "<span class="quiet"><bdi>{notice.technician}</bdi>" · "{at}</span>
                        {is_open.then(|| view! { <Chip label=t!(locale, "notice-open") tone=Tone::Bad/> })}
                        {notice.text.map(|text| view! { <p class="prose" dir="auto">{text}</p> })}
                        {(is_open && can_resolve).then(|| view! { <SubmitOnce><form method="post" action=owned("/app/fn/resolve-visit-notice")><input type="hidden" name="notice" value=id/><input type="hidden" name="target" value=target/><button class="button" type="submit">{t!(locale, "offline-entries-resolve")}</button></form></SubmitOnce> })}
                    </li>
                }
            }).collect_view()}</ul></InternalBox>
        </section>
    })
}

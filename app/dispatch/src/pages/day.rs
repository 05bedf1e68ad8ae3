//! My day: the technician's stops, and the report.

use chrono::{Days, NaiveDate};
use domain::ids::TargetId;
use domain::lifecycle::Lifecycle as _;
use domain::locale::Locale;
use domain::permissions::PerformVisits;
use domain::targets::TargetStatus;
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use leptos_meta::Title;
use ordinavo_core::actors::Staff;
use ordinavo_core::services::visits::{self, MOST_PHOTOS, ReportForm};
use ordinavo_core::views::{DayStop, ReportText};
use ordinavo_core::{Core, CoreError};
use ui::acts::{Next, Sent, act};
use ui::format;
use ui::forms::{CheckField, ErrorSummary, FormState, PhotoField, TextArea, TextField};
use ui::icons::Icon;
use ui::islands::SendOnce;
use ui::load::page;
use ui::parts::{Empty, InternalBox, PriorityMark, ProblemNotice, TargetChip};
use ui::uploads;

use super::{DoneNotice, address_line, service_words, viewer_staff};
use crate::shell::Framed;
use crate::t;

/// `/app/day`.
#[component]
pub fn DayPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let today = visits::today(&request.core, &staff);
        let date = NaiveDate::parse_from_str(&request.query("date"), "%Y-%m-%d").unwrap_or(today);
        let stops = visits::day(&request.core, staff.may::<PerformVisits>()?, date).await?;
        let all = stops.len();
        let (finished, open): (Vec<_>, Vec<_>) = stops.into_iter().partition(is_finished);
        let done = finished.len();
        let mut open = open.into_iter();
        let next = open.next();
        let link = |date: Option<NaiveDate>| {
            date.map(|date| format!("/app/day?date={}", date.format("%Y-%m-%d")))
                .unwrap_or_default()
        };
        let rest: Vec<_> = open.collect();
        Ok(view! {
            <Title text=t!(locale, "day-title")/>
            <div class="day">
                <DoneNotice locale flash=request.flash.clone()/>
                <header class="title-row"><h1>{t!(locale, "day-title")}</h1><span class="lead">{format::day(locale, date)}</span></header>
                <nav class="day-nav" aria-label=t!(locale, "date")>
                    <a class="button" href=link(date.checked_sub_days(Days::new(1)))>{t!(locale, "day-before")}</a>
                    <a class="button" href="/app/day">{t!(locale, "today")}</a>
                    <a class="button" href=link(date.checked_add_days(Days::new(1)))>{t!(locale, "day-after")}</a>
                </nav>
                {(all > 0).then(|| view! { <p class="progress-line"><progress max=all.to_string() value=done.to_string()></progress>{t!(locale, "day-progress", done = done, all = all)}</p> })}
                {(all == 0).then(|| view! { <Empty icon="calendar" title=t!(locale, "day-empty") text=t!(locale, "day-empty-text")/> })}
                {next.map(|stop| view! { <section><h2>{t!(locale, "next-stop")}</h2><StopCard stop locale/></section> })}
                {(!rest.is_empty()).then(|| view! { <section><h2>{t!(locale, "then")}</h2><StopLines stops=rest locale/></section> })}
                {(!finished.is_empty()).then(|| view! { <section><h2>{t!(locale, "finished")}</h2><StopLines stops=finished locale/></section> })}
            </div>
        }
        .into_any())
    });
    view! { <Framed current="/app/day">{content}</Framed> }
}

/// Whether there is nothing left to do for the technician.
fn is_finished(stop: &DayStop) -> bool {
    matches!(
        stop.status,
        TargetStatus::Completed | TargetStatus::NotCompleted | TargetStatus::Cancelled
    ) && stop.report_status.as_deref() != Some("returned")
}

/// A link that opens the device's own map.
fn map_link(stop: &DayStop) -> Option<String> {
    stop.latitude
        .zip(stop.longitude)
        .map(|(latitude, longitude)| format!("geo:{latitude:.5},{longitude:.5}?q={latitude:.5},{longitude:.5}"))
}

/// A stop, large: where, when, whom, and the next step.
#[component]
fn StopCard(stop: DayStop, locale: Locale) -> impl IntoView {
    let id = stop.target_id.0;
    let address = address_line(
        stop.street.as_deref(),
        stop.postal_code.as_deref(),
        stop.city.as_deref(),
    );
    let map = map_link(&stop);
    let phone = stop
        .contact_phone
        .clone()
        .map(|phone| format!("tel:{}", phone.replace(' ', "")));
    let sets_out = stop.status == TargetStatus::Scheduled || stop.status.step(TargetStatus::EnRoute).is_ok();
    let arrives = stop.status.step(TargetStatus::OnSite).is_ok();
    let reports = stop.status == TargetStatus::OnSite || stop.report_status.as_deref() == Some("returned");
    view! {
        <article class="card stop">
            <p class="stop-time"><strong>{format::span(stop.starts_at, stop.ends_at, &stop.zone)}</strong><TargetChip status=stop.status locale/><PriorityMark priority=stop.priority locale/></p>
            <h3><a href=format!("/app/day/{id}")>{service_words(locale, stop.service_type.as_deref())}" · "<bdi>{stop.customer_name}</bdi></a></h3>
            <p><Icon name="map-pin"/><bdi>{stop.location_name}</bdi><br/><bdi>{address}</bdi></p>
            {stop.contact_name.map(|name| view! { <p><Icon name="users"/><bdi>{name}</bdi></p> })}
            <div class="thumb">
                {map.map(|href| view! { <a class="button" href=href><Icon name="navigation"/>{t!(locale, "navigate")}</a> })}
                {phone.map(|href| view! { <a class="button" href=href><Icon name="phone"/>{t!(locale, "call")}</a> })}
                {sets_out.then(|| view! { <StepButton id act="/app/fn/set-out" words=t!(locale, "on-my-way")/> })}
                {arrives.then(|| view! { <StepButton id act="/app/fn/arrive" words=t!(locale, "arrived")/> })}
                {reports.then(|| view! { <a class="button button-primary" href=format!("/app/day/{id}#report")>{t!(locale, "report-title")}</a> })}
            </div>
        </article>
    }
}

#[component]
fn StepButton(id: TargetId, act: &'static str, words: String) -> impl IntoView {
    view! {
        <form method="post" action=act><input type="hidden" name="target" value=id.to_string()/><button class="button button-primary" type="submit">{words}</button></form>
    }
}

#[component]
fn StopLines(stops: Vec<DayStop>, locale: Locale) -> impl IntoView {
    view! {
        <ul class="lines lines-tall">
            {stops.into_iter().map(|stop| view! {
                <li><a href=format!("/app/day/{}", stop.target_id)><strong>{format::span(stop.starts_at, stop.ends_at, &stop.zone)}</strong>" "<bdi>{stop.customer_name}</bdi>" · "<bdi>{stop.location_name}</bdi></a><TargetChip status=stop.status locale/></li>
            }).collect_view()}
        </ul>
    }
}

/// `/app/day/{id}`.
#[component]
pub fn StopPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let permit = staff.may::<PerformVisits>()?;
        let stop = visits::stop(&request.core, permit, request.id("id")?).await?;
        // A report that was sent back is corrected, not written anew.
        let before = visits::own_report(&request.core, permit, &stop).await?;
        let form = FormState::new("report", locale, request.flash.as_ref());
        let returned = stop.report_status.as_deref() == Some("returned");
        let may_report = stop.status == TargetStatus::OnSite || returned;
        let handed_in = stop.report_id.is_some() && !returned;
        let id = stop.target_id.0;
        let (notes, access, reason) = (
            stop.notes.clone(),
            stop.access_notes.clone(),
            stop.return_reason.clone(),
        );
        Ok(view! {
            <Title text=format!("TGT-{}", stop.number)/>
            <div class="day">
                <DoneNotice locale flash=request.flash.clone()/>
                <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
                <h1><bdi class="mono">{format!("TGT-{}", stop.number)}</bdi></h1>
                <StopCard stop locale/>
                {(notes.is_some() || access.is_some()).then(|| view! {
                    <InternalBox locale>
                        {access.map(|notes| view! { <h2>{t!(locale, "access-notes")}</h2><p class="prose" dir="auto">{notes}</p> })}
                        {notes.map(|notes| view! { <h2>{t!(locale, "notes")}</h2><p class="prose" dir="auto">{notes}</p> })}
                    </InternalBox>
                })}
                {handed_in.then(|| view! { <p class="notice notice-good">{t!(locale, "report-handed-in")}</p> })}
                {returned.then(|| view! { <div class="notice notice-warn"><p><strong>{t!(locale, "report-came-back")}</strong></p><p dir="auto">{reason}</p></div> })}
                {may_report.then(|| view! { <ReportCard id locale form before/> })}
            </div>
        }
        .into_any())
    });
    view! { <Framed current="/app/day">{content}</Framed> }
}

#[component]
fn ReportCard(id: TargetId, locale: Locale, form: FormState, before: Option<ReportText>) -> impl IntoView {
    let internal = form.clone();
    let was_billable = before.as_ref().is_some_and(|report| report.billable);
    let before = before.unwrap_or_default();
    let minutes = before
        .work_minutes
        .map(|minutes| minutes.to_string())
        .unwrap_or_default();
    view! {
        <section class="card" id="report">
            <h2>{t!(locale, "report-title")}</h2>
            <SendOnce>
            <form method="post" action="/app/fn/file-report" enctype="multipart/form-data">
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="target" value=id.to_string()/>
                <TextArea form=form.clone() field="summary" value=before.summary label=t!(locale, "report-summary") help=t!(locale, "report-summary-help")/>
                <InternalBox locale><TextArea form=internal field="internal_notes" value=before.internal_notes.unwrap_or_default() label=t!(locale, "report-internal") rows=2 optional=true/></InternalBox>
                <TextField form=form.clone() field="work_minutes" value=minutes label=t!(locale, "report-minutes") kind="number" inputmode="numeric"/>
                <PhotoField form=form.clone() field="photo" label=t!(locale, "report-photos") help=t!(locale, "report-photos-help")/>
                <TextArea form=form.clone() field="follow_up" value=before.follow_up.unwrap_or_default() label=t!(locale, "report-follow-up") help=t!(locale, "report-follow-up-help") rows=2 optional=true/>
                <CheckField form=form.clone() field="billable" label=t!(locale, "report-billable") ticked=was_billable/>
                <CheckField form field="completed" label=t!(locale, "report-completed") ticked=true/>
                <button class="button button-primary" type="submit">{t!(locale, "report-file")}</button>
            </form>
            </SendOnce>
        </section>
    }
}

fn target_id(text: &str) -> Result<TargetId, CoreError> {
    text.parse().map_err(|_| CoreError::not_found())
}

#[server(prefix = "/app/fn", endpoint = "set-out")]
pub async fn set_out(#[server(default)] target: String) -> Result<(), ServerFnError> {
    let back = format!("/app/day/{target}");
    let sent = Sent {
        form: "",
        values: &[],
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        visits::set_out(&core, staff.may::<PerformVisits>()?, target_id(&target)?).await?;
        Ok(Next::to(back, "done-en-route"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "arrive")]
pub async fn arrive(#[server(default)] target: String) -> Result<(), ServerFnError> {
    let back = format!("/app/day/{target}");
    let sent = Sent {
        form: "",
        values: &[],
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        visits::arrive(&core, staff.may::<PerformVisits>()?, target_id(&target)?).await?;
        Ok(Next::to(back, "done-arrived"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "file-report", input = MultipartFormData)]
pub async fn file_report(data: MultipartData) -> Result<(), ServerFnError> {
    let mut parts = uploads::read(data, "photo", MOST_PHOTOS).await;
    let photos = std::mem::take(&mut parts.files);
    let (target, broken) = (parts.text("target"), parts.broken);
    let report = ReportForm {
        summary: parts.text("summary"),
        internal_notes: parts.text("internal_notes"),
        work_minutes: parts.text("work_minutes"),
        follow_up: parts.text("follow_up"),
        billable: parts.fields.contains_key("billable"),
        completed: parts.fields.contains_key("completed"),
        photos: photos.into_iter().map(|photo| (photo.file_name, photo.bytes)).collect(),
    };
    let kept = report.clone();
    let mut values = vec![
        ("summary", kept.summary.as_str()),
        ("internal_notes", &kept.internal_notes),
        ("work_minutes", &kept.work_minutes),
        ("follow_up", &kept.follow_up),
    ];
    if kept.billable {
        values.push(("billable", "on"));
    }
    if kept.completed {
        values.push(("completed", "on"));
    }
    let back = format!("/app/day/{target}");
    let sent = Sent {
        form: "report",
        values: &values,
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        if broken {
            return Err(CoreError::field(
                "photo",
                "file_too_large",
                "The upload did not arrive whole.",
            ));
        }
        visits::file_report(&core, staff.may::<PerformVisits>()?, target_id(&target)?, report).await?;
        Ok(Next::to(back, "done-report"))
    })
    .await
}

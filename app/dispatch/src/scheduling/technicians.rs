//! Technicians: skills, working hours, absences, start and end of their day.

use domain::identity::permissions::ViewOperations;
use domain::ids::StaffId;
use domain::locale::Locale;
use domain::scheduling::technicians::{self as rules, AbsenceKind, WorkingWeek};
use leptos::prelude::*;
use ordinavo_core::scheduling::technicians;
use ordinavo_core::scheduling::technicians::{DAYS, TechnicianPage, TechnicianSettings};
use ordinavo_core::scheduling::{AbsenceView, TechnicianView};
use ui::components::{EmptyState, ProblemNotice};
use ui::drafts::owned;
use ui::format;
use ui::forms::{ErrorSummary, FormState, SelectField, TextArea, TextField};
use ui::page::page;
use ui::title::Title;
use ui::uploads::Fields;

use crate::i18n::by_key;
use crate::identity::settings_pages::SettingsFrame;
use crate::shared::{DoneNotice, viewer_staff};
use crate::t;

pub(crate) const LIST: &str = "/app/settings/technicians";

#[component]
pub fn TechniciansPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let mut found = technicians::list(&request.core, staff.may::<ViewOperations>()?).await?;
        let is_cut = found.len() > technicians::MAX_LISTED;
        found.truncate(technicians::MAX_LISTED);
        let is_empty = found.is_empty();
        Ok(view! {
            <Title text=t!(locale, "technicians-title")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <h1>{t!(locale, "technicians-title")}</h1>
            <p class="lead">{t!(locale, "technicians-intro")}</p>
            {is_cut.then(|| view! { <p class="notice notice-warn" data-is-cut="">{t!(locale, "technicians-cut", count = technicians::MAX_LISTED)}</p> })}
            {is_empty.then(|| view! { <EmptyState title=t!(locale, "technicians-empty") text=t!(locale, "technicians-empty-text")/> })}
            {(!is_empty).then(|| view! {
                <div class="table-frame"><table class="table">
                    <thead><tr><th scope="col">{t!(locale, "technician")}</th><th scope="col">{t!(locale, "technician-skills")}</th><th scope="col">{t!(locale, "technician-working-hours")}</th><th scope="col">{t!(locale, "technician-start")}</th><th scope="col">{t!(locale, "technician-absences")}</th></tr></thead>
                    <tbody>{found.into_iter().map(|page| row(locale, page)).collect_view()}</tbody>
                </table></div>
            })}
        }
        .into_any())
    });
    view! { <SettingsFrame current=LIST>{content}</SettingsFrame> }
}

fn row(locale: Locale, page: TechnicianPage) -> impl IntoView {
    let TechnicianPage { technician, absences } = page;
    let week = technician.week.as_ref().map_or_else(
        || t!(locale, "technician-no-working-hours"),
        |week| format_week(locale, &week.0),
    );
    let skills = technician.skills.0.join(", ");
    let start = technician
        .start_name
        .clone()
        .or_else(|| format_coordinates(technician.start_latitude, technician.start_longitude));
    let first_absence = absences.first().map(|absence| format_absence(locale, absence));
    view! {
        <tr>
            <td><a href=format!("{LIST}/{}", technician.id)><bdi>{technician.display_name}</bdi></a></td>
            <td>{if skills.is_empty() { "–".to_owned() } else { skills }}</td>
            <td>{week}</td>
            <td><bdi>{start.unwrap_or_else(|| "–".to_owned())}</bdi></td>
            <td>{first_absence.unwrap_or_else(|| "–".to_owned())}</td>
        </tr>
    }
}

/// Formats the shifts of a week; consecutive days with equal shifts are combined.
fn format_week(locale: Locale, week: &WorkingWeek) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut index = 0;
    while index < 7 {
        let Some(shift) = week.days[index] else {
            index += 1;
            continue;
        };
        let mut last = index;
        while last < 6 && week.days[last + 1] == Some(shift) {
            last += 1;
        }
        let first_day = format::weekday(locale, index);
        let days = if last == index {
            first_day
        } else {
            format!("{first_day}–{}", format::weekday(locale, last))
        };
        parts.push(format!(
            "{days} {}–{}",
            rules::format_time_of_day(shift.from),
            rules::format_time_of_day(shift.until)
        ));
        index = last + 1;
    }
    if parts.is_empty() {
        t!(locale, "technician-no-working-hours")
    } else {
        parts.join(", ")
    }
}

fn format_coordinates(latitude: Option<f64>, longitude: Option<f64>) -> Option<String> {
    Some(format!("{}, {}", latitude?, longitude?))
}

/// Formats the days and kind of an absence.
fn format_absence(locale: Locale, absence: &AbsenceView) -> String {
    let first = format::day(locale, absence.first_day);
    let kind = by_key(locale, &format!("absence-{}", absence.kind.name()));
    if absence.first_day == absence.last_day {
        format!("{first} · {kind}")
    } else {
        format!("{first} – {} · {kind}", format::day(locale, absence.last_day))
    }
}

#[component]
pub fn TechnicianSettingsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: StaffId = request.id("id")?;
        let TechnicianSettings { page, can_change } =
            technicians::get(&request.core, staff.may::<ViewOperations>()?, id).await?;
        let TechnicianPage { technician, absences } = page;
        let form = FormState::new("technician", locale, request.flash.as_ref());
        let absence_form = FormState::new("absence", locale, request.flash.as_ref());
        let name = technician.display_name.clone();
        Ok(view! {
            <Title text=name.clone()/>
            <p><a href=LIST>{t!(locale, "technicians-title")}</a></p>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <h1><bdi>{name}</bdi></h1>
            {if can_change {
                view! { <WorkingHoursForm technician=technician.clone() form/> }.into_any()
            } else {
                let week = technician.week.as_ref().map_or_else(|| t!(locale, "technician-no-working-hours"), |week| format_week(locale, &week.0));
                view! { <section class="card"><h2>{t!(locale, "technician-working-hours")}</h2><p>{week}</p><p class="quiet">{technician.skills.0.join(", ")}</p></section> }.into_any()
            }}
            <Absences id=technician.id.to_string() absences can_change form=absence_form/>
        }
        .into_any())
    });
    view! { <SettingsFrame current=LIST>{content}</SettingsFrame> }
}

/// The form of a technician's skills, working hours and start and end points.
#[component]
fn WorkingHoursForm(technician: TechnicianView, form: FormState) -> impl IntoView {
    let locale = form.locale;
    let week = technician.week.as_ref().map(|week| week.0.clone()).unwrap_or_default();
    let start = format_coordinates(technician.start_latitude, technician.start_longitude).unwrap_or_default();
    let end = format_coordinates(technician.end_latitude, technician.end_longitude).unwrap_or_default();
    let days = DAYS.iter().enumerate().map(|(index, day)| {
        let shift = week.days[index];
        let (from, until) = shift.map_or_else(Default::default, |shift| {
            (
                rules::format_time_of_day(shift.from),
                rules::format_time_of_day(shift.until),
            )
        });
        time_row(
            &form,
            day,
            by_key(locale, day),
            &[
                ("from", t!(locale, "time-from"), from),
                ("until", t!(locale, "time-until"), until),
            ],
            None,
        )
    });
    let breaks = (0..WorkingWeek::MAX_BREAKS).map(|index| {
        let planned_break = week.rests.get(index);
        let field = format!("rest{}", index + 1);
        let times = [
            (
                "from",
                t!(locale, "break-earliest-start"),
                planned_break
                    .map(|rest| rules::format_time_of_day(rest.from))
                    .unwrap_or_default(),
            ),
            (
                "until",
                t!(locale, "break-latest-start"),
                planned_break
                    .map(|rest| rules::format_time_of_day(rest.until))
                    .unwrap_or_default(),
            ),
        ];
        let minutes = planned_break.map(|rest| rest.minutes.to_string()).unwrap_or_default();
        time_row(
            &form,
            &field,
            t!(locale, "break-number", number = (index + 1).to_string()),
            &times,
            Some(minutes),
        )
    });
    view! {
        <form class="card" method="post" action=owned("/app/fn/update-technician") enctype="multipart/form-data">
            <ErrorSummary form=form.clone()/>
            <input type="hidden" name="id" value=technician.id.to_string()/>
            <input type="hidden" name="revision" value=form.value("revision", &technician.revision.to_string())/>
            <TextArea form=form.clone() field="skills" label=t!(locale, "technician-skills") value=technician.skills.0.join(", ") help=t!(locale, "technician-skills-help") rows=2 optional=true/>
            <TextField form=form.clone() field="zone" label=t!(locale, "technician-zone") value=technician.zone.clone() help=t!(locale, "technician-zone-help")/>
            <h2>{t!(locale, "technician-working-hours")}</h2>
            <p class="help">{t!(locale, "technician-working-hours-help")}</p>
            {days.collect_view()}
            <h2>{t!(locale, "breaks-title")}</h2>
            <p class="help">{t!(locale, "breaks-help")}</p>
            {breaks.collect_view()}
            <h2>{t!(locale, "technician-start")}</h2>
            <TextField form=form.clone() field="start_name" label=t!(locale, "place-name") value=technician.start_name.clone().unwrap_or_default() optional=true/>
            <TextField form=form.clone() field="start" label=t!(locale, "place-coordinates") value=start help=t!(locale, "place-coordinates-help") optional=true/>
            <h2>{t!(locale, "technician-end")}</h2>
            <p class="help">{t!(locale, "technician-end-help")}</p>
            <TextField form=form.clone() field="end_name" label=t!(locale, "place-name") value=technician.end_name.clone().unwrap_or_default() optional=true/>
            <TextField form=form.clone() field="end" label=t!(locale, "place-coordinates") value=end optional=true/>
            <button class="button button-primary" type="submit">{t!(locale, "save")}</button>
        </form>
    }
}

/// A row with two times: a weekday's shift, or a break.
fn time_row(
    form: &FormState,
    field: &str,
    name: String,
    times: &[(&str, String, String); 2],
    minutes: Option<String>,
) -> impl IntoView + use<> {
    let locale = form.locale;
    let error = form.error(field);
    let is_invalid = error.is_some();
    let invalid = is_invalid.then_some("true");
    let inputs: Vec<_> = times
        .iter()
        .enumerate()
        .map(|(index, (part, words, value))| {
            let input = format!("{field}_{part}");
            // The error summary links to the row's first field.
            let id = if index == 0 { form.id(field) } else { form.id(&input) };
            let value = form.value(&input, value);
            view! { <label>{words.clone()}<input type="time" id=id name=input value=value aria-invalid=invalid/></label> }
        })
        .collect();
    let minutes = minutes.map(|minutes| {
        let input = format!("{field}_minutes");
        let value = form.value(&input, &minutes);
        view! { <label>{t!(locale, "break-minutes")}<input type="number" min="1" max="240" name=input value=value aria-invalid=invalid/></label> }
    });
    let heading = format!("{}-name", form.id(field));
    let labelled = heading.clone();
    view! {
        <div class="times" class:field-wrong=is_invalid role="group" aria-labelledby=labelled>
            <span class="times-name" id=heading>{name}</span>{inputs}{minutes}
            {error.map(|error| view! { <p class="field-error">{error}</p> })}
        </div>
    }
}

/// The absences of a technician, and the form that adds one.
#[component]
fn Absences(id: String, absences: Vec<AbsenceView>, can_change: bool, form: FormState) -> impl IntoView {
    let locale = form.locale;
    let kinds = AbsenceKind::ALL
        .iter()
        .map(|kind| {
            (
                kind.name().to_owned(),
                by_key(locale, &format!("absence-{}", kind.name())),
            )
        })
        .collect::<Vec<_>>();
    let none = absences.is_empty();
    let technician_id = id.clone();
    view! {
        <section class="card" aria-labelledby="absences">
            <h2 id="absences">{t!(locale, "technician-absences")}</h2>
            {none.then(|| view! { <p class="quiet">{t!(locale, "absences-none")}</p> })}
            <ul class="plain">{absences.into_iter().map(|absence| {
                let (words, absence) = (format_absence(locale, &absence), absence.id.to_string());
                let label = t!(locale, "absence-remove-one", days = words.clone());
                let technician_id = technician_id.clone();
                view! {
                    <li class="title-row"><span>{words}</span>{can_change.then(|| view! {
                        <form method="post" action=owned("/app/fn/remove-absence")><input type="hidden" name="id" value=technician_id/><input type="hidden" name="absence" value=absence/><button class="button button-quiet" type="submit" aria-label=label>{t!(locale, "absence-remove")}</button></form>
                    })}</li>
                }
            }).collect_view()}</ul>
            {can_change.then(|| view! {
                <form method="post" action=owned("/app/fn/add-absence")>
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="id" value=id/>
                    <TextField form=form.clone() field="first" label=t!(locale, "absence-first") kind="date"/>
                    <TextField form=form.clone() field="last" label=t!(locale, "absence-last") kind="date" help=t!(locale, "absence-last-help") optional=true/>
                    <SelectField form field="kind" label=t!(locale, "absence-kind") choices=kinds value="vacation"/>
                    <button class="button" type="submit">{t!(locale, "absence-add")}</button>
                </form>
            })}
        </section>
    }
}

/// Reads the working hours form.
pub(crate) fn working_input(fields: &Fields) -> technicians::WorkingHoursInput {
    let text = |name: &str| fields.text(name);
    technicians::WorkingHoursInput {
        skills: text("skills"),
        zone: text("zone"),
        days: DAYS.map(|day| (text(&format!("{day}_from")), text(&format!("{day}_until")))),
        rests: ["rest1", "rest2"].map(|rest| {
            (
                text(&format!("{rest}_from")),
                text(&format!("{rest}_until")),
                text(&format!("{rest}_minutes")),
            )
        }),
        start: (text("start_name"), text("start")),
        end: (text("end_name"), text("end")),
        revision: text("revision").parse().unwrap_or_default(),
    }
}

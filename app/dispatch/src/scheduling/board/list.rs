//! The list view: one row for each visit of the day.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::scheduling::board::Board;
use ui::components::{EmptyState, LateVisitMark, TargetChip};
use ui::format;
use ui::icons::Icon;

use crate::scheduling::board::{BoardView, board_path, conflict_text, duration_text, reschedule_path, visit_time};
use crate::t;

/// The visits of a day as a table, grouped by technician.
#[component]
pub fn List(board: Board, locale: Locale, zone: String) -> impl IntoView {
    let back = board_path(board.date, BoardView::List);
    let empty = board.lines.iter().all(|line| line.stops.is_empty());
    view! {
        {empty.then(|| view! { <EmptyState icon="calendar" title=t!(locale, "board-no-visits") text=t!(locale, "board-no-visits-text")/> })}
        {(!empty).then(|| view! {
            <div class="table-frame"><table class="table rows stackable">
                <thead><tr><th scope="col">{t!(locale, "time")}</th><th scope="col">{t!(locale, "technician")}</th><th scope="col">{t!(locale, "customer")}</th><th scope="col">{t!(locale, "status")}</th><th scope="col">{t!(locale, "board-travel")}</th><th scope="col">{t!(locale, "board-conflicts-heading")}</th><th scope="col"><span class="hidden">{t!(locale, "board-schedule")}</span></th></tr></thead>
                <tbody>{board.lines.into_iter().flat_map(|line| {
                    let name = line.technician.display_name.clone();
                    line.stops.into_iter().enumerate().map(move |(index, stop)| (name.clone(), index + 1, stop))
                }).map(|(name, index, stop)| {
                    let target = stop.visit.job.target_id.to_string();
                    let number = format::job_number(stop.visit.job.number);
                    let travel_text = stop.travel.map(|travel| duration_text(locale, travel)).unwrap_or_default();
                    let reschedule_link = stop.can_reschedule.then(|| {
                        let label = t!(locale, "board-reschedule-job", job = number.clone());
                        view! { <a class="stop-move" href=reschedule_path(&target, &back) aria-label=label title=t!(locale, "board-schedule")><Icon name="move"/></a> }
                    });
                    view! {
                        <tr><td><bdi>{visit_time(locale, &stop.visit, &zone)}</bdi></td><td><span class="who-head"><span class="avatar avatar-small avatar-person" aria-hidden="true">{format::initials(&name)}</span><span><bdi>{name}</bdi>" "<span class="quiet">{format!("#{index}")}</span></span></span></td>
                            <th scope="row"><a href=format!("/app/targets/{target}")><bdi>{stop.visit.job.customer_name.clone()}</bdi>" "<bdi class="mono quiet">{number}</bdi></a><br/><span class="quiet small"><bdi>{stop.visit.job.location_name.clone()}</bdi></span></th>
                            <td><TargetChip status=stop.visit.job.status locale/>" "<LateVisitMark status=stop.visit.job.status ends_at=Some(stop.visit.ends_at) locale/></td>
                            <td>{travel_text}</td>
                            <td>{stop.conflicts.iter().map(|conflict| view! { <span class="stop-warning"><Icon name="alert"/>{conflict_text(locale, conflict)}</span><br/> }).collect_view()}</td>
                            <td>{reschedule_link}</td></tr>
                    }
                }).collect_view()}</tbody>
            </table></div>
        })}
    }
}

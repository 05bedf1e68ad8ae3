//! The load of the technicians on the day, as bars with a table behind them.

use chrono::TimeDelta;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::today::Load;
use ui::format;

use crate::i18n::by_key;
use crate::scheduling::board::duration_text;
use crate::t;

/// The width of the longest bar in units of the drawing.
const WIDTH: i64 = 100;
/// The height of a bar.
const HEIGHT: i64 = 8;

#[component]
pub(super) fn LoadCard(load: Vec<Load>, locale: Locale) -> impl IntoView {
    let longest = load
        .iter()
        .map(|row| row.used().max(row.shift).num_minutes())
        .max()
        .unwrap_or(0)
        .max(1);
    view! {
        <section class="today-card" aria-labelledby="today-load">
            <div class="today-head"><h2 id="today-load">{t!(locale, "today-load")}</h2>
                <p class="legend small quiet"><span class="legend-work">{t!(locale, "today-work")}</span><span class="legend-travel">{t!(locale, "today-travel")}</span></p></div>
            {load.is_empty().then(|| view! { <p class="today-empty">{t!(locale, "today-no-technicians")}</p> })}
            <table class="today-load">
                <caption class="hidden">{t!(locale, "today-load")}</caption>
                <thead class="hidden"><tr><th scope="col">{t!(locale, "technician")}</th><th scope="col">{t!(locale, "today-load")}</th><th scope="col">{t!(locale, "time")}</th></tr></thead>
                <tbody>{load.into_iter().map(|row| view! { <LoadRow row longest locale/> }).collect_view()}</tbody>
            </table>
        </section>
    }
}

#[component]
fn LoadRow(row: Load, longest: i64, locale: Locale) -> impl IntoView {
    let used = row.used();
    let excess = row.excess();
    let has_no_shift = row.shift.is_zero();
    let words = match (row.away, excess) {
        (Some(kind), _) => by_key(locale, &format!("absence-{}", kind.name())),
        (None, Some(time)) => t!(locale, "today-over", time = duration_text(locale, time)),
        (None, None) if has_no_shift => t!(locale, "board-no-shift"),
        (None, None) => format!("{} / {}", hours(used), hours(row.shift)),
    };
    let is_over = excess.is_some();
    let bars = (!used.is_zero() || !has_no_shift).then(|| view! { <Bars row=row.clone() longest/> });
    view! {
        <tr>
            <th scope="row"><span class="avatar avatar-small avatar-person" aria-hidden="true">{format::initials(&row.technician)}</span><bdi>{row.technician}</bdi></th>
            <td>{bars}</td>
            <td class="right" class:over=is_over><bdi>{words}</bdi></td>
        </tr>
    }
}

/// Work and travel as bars, the end of the shift as a line.
#[component]
fn Bars(row: Load, longest: i64) -> impl IntoView {
    let scaled = |time: TimeDelta| time.num_minutes() * WIDTH / longest;
    let (work, travel, shift) = (scaled(row.work), scaled(row.travel), scaled(row.shift));
    view! {
        <svg class="bars" viewBox=format!("0 0 {} {HEIGHT}", WIDTH + 1) preserveAspectRatio="none" aria-hidden="true">
            <rect class="bar-shift" x="0" y="0" width=shift height=HEIGHT/>
            <rect class="bar-work" x="0" y="0" width=work height=HEIGHT/>
            <rect class="bar-travel" x=work y="0" width=travel height=HEIGHT/>
            {(shift > 0).then(|| view! { <rect class="bar-end" x=shift y="-1" width="0.7" height=HEIGHT + 2/> })}
        </svg>
    }
}

/// Formats a time as `6:05`.
fn hours(time: TimeDelta) -> String {
    let minutes = time.num_minutes();
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

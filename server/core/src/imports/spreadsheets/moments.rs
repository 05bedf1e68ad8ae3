//! Dates and times as people and spreadsheets write them. Nothing is guessed: what can be read in two ways is refused.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _};
use chrono_tz::Tz;
use domain::scheduling::windows::TimeWindow;

use super::workbook::moment_of_serial;

/// Whether day or month comes first in a column of dates such as `24/11/2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateOrder {
    DayFirst,
    MonthFirst,
    /// No date of the column shows it.
    Unknown,
}

/// A moment without a time zone, as far as a cell says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Local {
    Date(NaiveDate),
    Time(NaiveTime),
    DateTime(NaiveDateTime),
}

/// Why a cell is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Day and month cannot be told apart.
    Ambiguous,
    Invalid,
}

/// Splits a cell into its date and its time.
fn parts(cell: &str) -> (&str, &str) {
    let cell = cell.trim().trim_end_matches("Uhr").trim_end();
    match cell.find([' ', 'T', ',']) {
        Some(at) => (&cell[..at], cell[at + 1..].trim_start()),
        None if cell.contains(':') => ("", cell),
        None => (cell, ""),
    }
}

/// Returns the three numbers of a date and their separator.
fn numbers(date: &str) -> Option<([&str; 3], char)> {
    let separator = date.chars().find(|character| !character.is_ascii_digit())?;
    if !matches!(separator, '.' | '/' | '-') {
        return None;
    }
    let parts: Vec<&str> = date.trim_end_matches(separator).split(separator).collect();
    let parts: [&str; 3] = parts.try_into().ok()?;
    let is_number = |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.iter().all(is_number).then_some((parts, separator))
}

/// Returns a year of two or four digits in the range of time windows.
fn year(text: &str) -> Option<i32> {
    let number: i32 = text.parse().ok()?;
    match text.len() {
        2 => Some(2000 + number),
        4 => Some(number).filter(|year| TimeWindow::YEARS.contains(year)),
        _ => None,
    }
}

fn parse_date(text: &str, order: DateOrder) -> Result<NaiveDate, Unreadable> {
    let ([a, b, c], separator) = numbers(text).ok_or(Unreadable::Invalid)?;
    let date = |y: &str, m: &str, d: &str| {
        year(y)
            .and_then(|year| NaiveDate::from_ymd_opt(year, m.parse().ok()?, d.parse().ok()?))
            .ok_or(Unreadable::Invalid)
    };
    if a.len() == 4 {
        return date(a, b, c);
    }
    if separator == '.' || a == b {
        return date(c, b, a);
    }
    match order {
        DateOrder::DayFirst => date(c, b, a),
        DateOrder::MonthFirst => date(c, a, b),
        DateOrder::Unknown => Err(Unreadable::Ambiguous),
    }
}

fn parse_time(text: &str) -> Option<NaiveTime> {
    let upper = text.to_ascii_uppercase();
    let upper = upper.trim();
    ["%H:%M", "%H:%M:%S", "%H:%M:%S%.f", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p"]
        .iter()
        .find_map(|format| NaiveTime::parse_from_str(upper, format).ok())
}

/// Parses a cell: a date, a time, both, or a serial number of a spreadsheet.
pub(super) fn parse(cell: &str, order: DateOrder) -> Result<Local, Unreadable> {
    let (date, time) = parts(cell);
    if date.is_empty() {
        return parse_time(time).map(Local::Time).ok_or(Unreadable::Invalid);
    }
    if let Some(moment) = serial(cell) {
        return Ok(moment);
    }
    let date = parse_date(date, order)?;
    if time.is_empty() {
        return Ok(Local::Date(date));
    }
    let time = parse_time(time).ok_or(Unreadable::Invalid)?;
    Ok(Local::DateTime(date.and_time(time)))
}

/// Returns the moment of a serial number in the years of time windows.
fn serial(cell: &str) -> Option<Local> {
    /// 2000-01-01 and 2101-01-01.
    const SERIALS: std::ops::Range<f64> = 36_526.0..73_416.0;
    let is_number = cell
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    let number: f64 = cell.replace(',', ".").parse().ok().filter(|_| is_number)?;
    if !SERIALS.contains(&number) {
        return None;
    }
    let moment = moment_of_serial(number, false)?;
    Some(if number.fract() == 0.0 {
        Local::Date(moment.date())
    } else {
        Local::DateTime(moment)
    })
}

/// Returns whether day or month comes first in a column, if its dates show it and do not contradict each other.
pub(super) fn order_of<'a>(cells: impl Iterator<Item = &'a str>) -> DateOrder {
    let (mut day_first, mut month_first) = (false, false);
    for cell in cells {
        let Some(([a, b, _], separator)) = numbers(parts(cell).0) else {
            continue;
        };
        if separator == '.' || a.len() == 4 {
            continue;
        }
        let above_twelve = |text: &str| text.parse::<u32>().is_ok_and(|number| number > 12);
        day_first |= above_twelve(a);
        month_first |= above_twelve(b);
    }
    match (day_first, month_first) {
        (true, false) => DateOrder::DayFirst,
        (false, true) => DateOrder::MonthFirst,
        _ => DateOrder::Unknown,
    }
}

/// Returns a local moment as RFC 3339; `None` if the clock change skips or repeats it.
pub(super) fn in_zone(moment: NaiveDateTime, zone: Tz) -> Option<String> {
    zone.from_local_datetime(&moment)
        .single()
        .map(|moment| moment.to_rfc3339())
}

/// Returns whether a cell is a timestamp with an offset already.
pub(super) fn is_timestamp(cell: &str) -> bool {
    DateTime::parse_from_rfc3339(cell).is_ok()
}

/// Returns the start of the day after a date.
pub(super) fn end_of_day(date: NaiveDate) -> NaiveDateTime {
    (date + TimeDelta::days(1)).and_time(NaiveTime::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(cell: &str, order: DateOrder) -> Result<String, Unreadable> {
        parse(cell, order).map(|local| match local {
            Local::Date(date) => date.to_string(),
            Local::Time(time) => time.to_string(),
            Local::DateTime(moment) => moment.to_string(),
        })
    }

    #[test]
    fn moments_of_people_and_spreadsheets_are_read() {
        use DateOrder::{DayFirst, MonthFirst, Unknown};
        for (cell, order, expected) in [
            ("24.11.26 09:00", Unknown, Ok("2026-11-24 09:00:00")),
            ("24.11.2026 9:00", Unknown, Ok("2026-11-24 09:00:00")),
            ("24.11.2026, 09:00 Uhr", Unknown, Ok("2026-11-24 09:00:00")),
            ("1.2.26", Unknown, Ok("2026-02-01")),
            ("2026-11-24", Unknown, Ok("2026-11-24")),
            ("2026-11-24T09:00", Unknown, Ok("2026-11-24 09:00:00")),
            ("2026/11/24 09:00:30", Unknown, Ok("2026-11-24 09:00:30")),
            ("24/11/2026", DayFirst, Ok("2026-11-24")),
            ("11/24/2026 9:00 am", MonthFirst, Ok("2026-11-24 09:00:00")),
            ("05/06/2026", Unknown, Err(Unreadable::Ambiguous)),
            ("06/06/2026", Unknown, Ok("2026-06-06")),
            ("09:30", Unknown, Ok("09:30:00")),
            ("46350", Unknown, Ok("2026-11-24")),
            ("46350,375", Unknown, Ok("2026-11-24 09:00:00")),
            ("24.11.0026 09:00", Unknown, Err(Unreadable::Invalid)),
            ("24.11.126", Unknown, Err(Unreadable::Invalid)),
            ("31.02.2026", Unknown, Err(Unreadable::Invalid)),
            ("24.11.9998", Unknown, Err(Unreadable::Invalid)),
            ("1234", Unknown, Err(Unreadable::Invalid)),
            ("tomorrow", Unknown, Err(Unreadable::Invalid)),
            ("24.11.2026 25:00", Unknown, Err(Unreadable::Invalid)),
            ("", Unknown, Err(Unreadable::Invalid)),
        ] {
            assert_eq!(text(cell, order), expected.map(str::to_owned), "{cell:?}");
        }
    }

    #[test]
    fn order_of_dates_is_taken_from_the_column() {
        assert_eq!(order_of(["05/06/2026", "24/11/2026"].into_iter()), DateOrder::DayFirst);
        assert_eq!(
            order_of(["05/06/2026", "11/24/2026"].into_iter()),
            DateOrder::MonthFirst
        );
        assert_eq!(order_of(["24/11/2026", "11/24/2026"].into_iter()), DateOrder::Unknown);
        assert_eq!(order_of(["05/06/2026"].into_iter()), DateOrder::Unknown);
    }

    proptest! {
        /// No cell is read as a moment outside the years of time windows.
        #[test]
        fn moments_lie_in_plausible_years(day in 1_u32..32, month in 1_u32..13, year in "[0-9]{1,4}", separator in "[./-]") {
            use chrono::Datelike as _;
            let cell = format!("{day}{separator}{month}{separator}{year}");
            for order in [DateOrder::DayFirst, DateOrder::MonthFirst, DateOrder::Unknown] {
                if let Ok(Local::Date(date)) = parse(&cell, order) {
                    prop_assert!(TimeWindow::YEARS.contains(&date.year()), "{}", cell);
                }
            }
        }
    }
}

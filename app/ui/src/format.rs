//! Dates, times, ages and file sizes in the reader's language.

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};
use chrono_tz::Tz;
use domain::locale::Locale;

use crate::word;

const WEEKDAYS: [[&str; 7]; 3] = [
    ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    ["Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."],
    ["الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"],
];
const MONTHS: [[&str; 12]; 3] = [
    [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ],
    [
        "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez.",
    ],
    [
        "يناير",
        "فبراير",
        "مارس",
        "أبريل",
        "مايو",
        "يونيو",
        "يوليو",
        "أغسطس",
        "سبتمبر",
        "أكتوبر",
        "نوفمبر",
        "ديسمبر",
    ],
];

fn local(moment: DateTime<Utc>, zone: &str) -> DateTime<Tz> {
    moment.with_timezone(&zone.parse().unwrap_or(Tz::UTC))
}

/// Formats a date such as `Tue 24 Nov`.
pub fn day(locale: Locale, date: NaiveDate) -> String {
    let language = locale as usize;
    let weekday = WEEKDAYS[language][date.weekday().num_days_from_monday() as usize];
    let month = MONTHS[language][date.month0() as usize];
    match locale {
        Locale::En => format!("{weekday} {} {month}", date.day()),
        Locale::De => format!("{weekday} {}. {month}", date.day()),
        Locale::Ar => format!("{weekday} {} {month}", date.day()),
    }
}

/// Returns the short name of a weekday, Monday being 0.
pub fn weekday(locale: Locale, index: usize) -> &'static str {
    WEEKDAYS[locale as usize][index % 7]
}

/// Formats the local date of an instant in a zone.
pub fn date(locale: Locale, moment: DateTime<Utc>, zone: &str) -> String {
    day(locale, local(moment, zone).date_naive())
}

/// Formats the last full day before an exclusive end: an end at midnight belongs to the previous day.
pub fn last_day(locale: Locale, end: DateTime<Utc>, zone: &str) -> String {
    date(locale, end - chrono::TimeDelta::seconds(1), zone)
}

/// Formats a local time as `09:30`, the same in all languages.
pub fn time(moment: DateTime<Utc>, zone: &str) -> String {
    let local = local(moment, zone);
    format!("{:02}:{:02}", local.hour(), local.minute())
}

/// Formats an instant as `Tue 24 Nov 09:30`.
pub fn moment(locale: Locale, moment: DateTime<Utc>, zone: &str) -> String {
    format!("{} {}", date(locale, moment, zone), time(moment, zone))
}

/// Joins the known parts of an address into one line.
pub fn address_line(street: Option<&str>, postal_code: Option<&str>, city: Option<&str>) -> String {
    let town = [postal_code, city].into_iter().flatten().collect::<Vec<_>>().join(" ");
    [street.unwrap_or_default(), &town]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Formats a period within a day as `09:00–11:00`.
pub fn span(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>, zone: &str) -> String {
    format!("{}–{}", time(starts_at, zone), time(ends_at, zone))
}

/// Formats how long ago something happened, for example `5 min`.
pub fn age(locale: Locale, since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let minutes = (now - since).num_minutes();
    match minutes {
        ..1 => word!(locale, "age-now"),
        1..60 => word!(locale, "age-minutes", count = minutes),
        60..2880 => word!(locale, "age-hours", count = (minutes / 60)),
        _ => word!(locale, "age-days", count = (minutes / 1440)),
    }
}

/// Formats a file size.
pub fn size(locale: Locale, bytes: i64) -> String {
    if bytes < 1_000_000 {
        word!(locale, "file-size-kb", size = (bytes / 1000 + 1))
    } else {
        word!(
            locale,
            "file-size-mb",
            size = format!("{}.{}", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
        )
    }
}

/// Percent-encodes text for the query of a URL.
pub fn escape_query(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone as _;

    #[test]
    fn time_uses_zone_of_location() {
        let moment = Utc
            .with_ymd_and_hms(2026, 10, 25, 0, 30, 0)
            .single()
            .expect("test timestamp is valid");
        // The clock in Berlin goes back at 01:00 UTC.
        assert_eq!(time(moment, "Europe/Berlin"), "02:30");
        assert_eq!(time(moment + chrono::TimeDelta::hours(1), "Europe/Berlin"), "02:30");
        assert_eq!(date(Locale::De, moment, "Europe/Berlin"), "So. 25. Okt.");
        assert_eq!(date(Locale::En, moment, "America/New_York"), "Sat 24 Oct");
    }

    #[test]
    fn age_uses_largest_fitting_unit() {
        let now = Utc
            .with_ymd_and_hms(2026, 11, 24, 12, 0, 0)
            .single()
            .expect("test timestamp is valid");
        for (minutes, text) in [
            (0, "just now"),
            (59, "59 min"),
            (60, "1 h"),
            (2879, "47 h"),
            (2880, "2 d"),
        ] {
            assert_eq!(age(Locale::En, now - chrono::TimeDelta::minutes(minutes), now), text);
        }
    }
}

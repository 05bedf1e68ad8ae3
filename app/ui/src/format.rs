//! Dates, times, ages and file sizes in the reader's language.

use chrono::{DateTime, Datelike as _, LocalResult, NaiveDate, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;
use domain::locale::Locale;
use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_decimal::options::DecimalFormatterOptions;
use icu_list::ListFormatter;
use icu_list::options::ListFormatterOptions;
use leptos::prelude::use_context;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::i18n::by_key;
use crate::viewer::Viewer;
use crate::word;

fn local(moment: DateTime<Utc>, zone: &str) -> DateTime<Tz> {
    moment.with_timezone(&zone.parse().unwrap_or(Tz::UTC))
}

/// Formats a date such as `Tue 24 Nov`. The year is added unless it is the reader's current year; emails always have it.
pub fn day(locale: Locale, date: NaiveDate) -> String {
    let this_year = use_context::<Viewer>().map(|viewer| viewer.now.year());
    if this_year == Some(date.year()) {
        day_without_year(locale, date)
    } else {
        format!("{} {}", day_without_year(locale, date), date.year())
    }
}

fn day_without_year(locale: Locale, date: NaiveDate) -> String {
    let weekday = weekday(locale, date.weekday().num_days_from_monday() as usize);
    let month = by_key(locale, &format!("month-{}", date.month()));
    match locale {
        Locale::En => format!("{weekday} {} {month}", date.day()),
        Locale::De => format!("{weekday} {}. {month}", date.day()),
        Locale::Ar => format!("{weekday} {} {month}", date.day()),
    }
}

/// Returns the short name of the month and the day of an instant, for a tile.
pub fn month_and_day(locale: Locale, moment: DateTime<Utc>, zone: &str) -> (String, u32) {
    let date = local(moment, zone).date_naive();
    (by_key(locale, &format!("month-{}", date.month())), date.day())
}

/// Returns the short name of a weekday, Monday being 0.
pub fn weekday(locale: Locale, index: usize) -> String {
    by_key(locale, &format!("weekday-{}", index % 7 + 1))
}

/// Formats the local date of an instant in a zone.
pub fn date(locale: Locale, moment: DateTime<Utc>, zone: &str) -> String {
    day(locale, local(moment, zone).date_naive())
}

/// Formats the last day of a period with an exclusive end: an end at midnight belongs to the previous day.
pub fn last_day(locale: Locale, end: DateTime<Utc>, zone: &str) -> String {
    date(locale, end - chrono::TimeDelta::seconds(1), zone)
}

/// Formats a local time as `09:30`, the same in all languages. A time that occurs twice because the clocks go back is
/// shown with the abbreviation of its zone, such as `02:30 CEST`.
pub fn time(moment: DateTime<Utc>, zone: &str) -> String {
    let local = local(moment, zone);
    let text = format!("{:02}:{:02}", local.hour(), local.minute());
    match local.timezone().from_local_datetime(&local.naive_local()) {
        LocalResult::Ambiguous(..) => format!("{text} {}", local.format("%Z")),
        LocalResult::Single(_) | LocalResult::None => text,
    }
}

/// Formats an instant as `Tue 24 Nov 09:30`.
pub fn moment(locale: Locale, moment: DateTime<Utc>, zone: &str) -> String {
    format!("{} {}", date(locale, moment, zone), time(moment, zone))
}

/// Returns the number of a job as people read it. The API calls the same job `TGT-12`, and search finds both.
pub fn job_number(number: impl std::fmt::Display) -> String {
    format!("J-{number}")
}

/// Returns the first letters of the first two words of a name, in uppercase.
pub fn initials(name: &str) -> String {
    let letters = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    letters.take(2).flat_map(char::to_uppercase).collect()
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

/// Formats a day by its nearness to the reader's current day: `Today`, `Tomorrow, Wed 25 Nov`, otherwise as [`date`] does. For
/// pages only: an email is read on another day.
pub fn near_day(locale: Locale, moment: DateTime<Utc>, zone: &str) -> String {
    let day = date(locale, moment, zone);
    let Some(viewer) = use_context::<Viewer>() else {
        return day;
    };
    let distance = local(moment, zone).date_naive() - local(viewer.now, zone).date_naive();
    match distance.num_days() {
        0 => word!(locale, "near-today"),
        1 => word!(locale, "near-tomorrow", day = day),
        -1 => word!(locale, "near-yesterday", day = day),
        _ => day,
    }
}

/// Formats an instant as `08:41` on the reader's current day, otherwise as `Fri 27 Nov, 12:38`. For pages only.
pub fn stamp(locale: Locale, moment: DateTime<Utc>, zone: &str) -> String {
    let is_today = use_context::<Viewer>()
        .is_some_and(|viewer| local(moment, zone).date_naive() == local(viewer.now, zone).date_naive());
    if is_today {
        time(moment, zone)
    } else {
        word!(
            locale,
            "day-and-time",
            day = date(locale, moment, zone),
            time = time(moment, zone)
        )
    }
}

/// Formats the window of an appointment as people say it: `9–11`, or `9:30–11:00` where it does not begin and end on the hour.
pub fn window(locale: Locale, starts_at: DateTime<Utc>, ends_at: DateTime<Utc>, zone: &str) -> String {
    let (from, to) = (time(starts_at, zone), time(ends_at, zone));
    let is_whole = |time: &str| time.len() == 5 && time.ends_with(":00");
    let short = |time: &str| time.strip_prefix('0').unwrap_or(time).to_owned();
    let (from, to) = if is_whole(&from) && is_whole(&to) {
        let hour = |time: &str| short(time).trim_end_matches(":00").to_owned();
        (hour(&from), hour(&to))
    } else {
        (short(&from), short(&to))
    };
    word!(locale, "window", from = from, to = to)
}

/// Formats an appointment as `Tomorrow, Tue 1 Dec, 9–11`. For pages only.
pub fn appointment(locale: Locale, starts_at: DateTime<Utc>, ends_at: DateTime<Utc>, zone: &str) -> String {
    word!(
        locale,
        "day-and-time",
        day = near_day(locale, starts_at, zone),
        time = window(locale, starts_at, ends_at, zone)
    )
}

/// Returns the name of a time zone in words, such as `Dubai time`.
pub fn zone_name(locale: Locale, zone: &str) -> String {
    domain::zones::name(zone, locale)
}

/// Whether the times on a page show their time zones. All do if any differs from the zone of the reader's organization.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ZoneNames(bool);

impl ZoneNames {
    /// Compares the zones of a page's times with the reader's: zones with the same local time need no name.
    pub fn of<'a>(own: &str, times: impl IntoIterator<Item = (DateTime<Utc>, &'a str)>) -> Self {
        let differs = |(at, zone): (DateTime<Utc>, &str)| local(at, zone).naive_local() != local(at, own).naive_local();
        Self(times.into_iter().any(differs))
    }

    /// Returns the name of a time's zone in brackets, where the page names zones.
    pub fn note(self, locale: Locale, zone: &str) -> Option<String> {
        self.0.then(|| format!(" ({})", zone_name(locale, zone)))
    }

    /// Returns a time with the name of its zone, where the page names zones.
    pub fn with(self, locale: Locale, time: String, zone: &str) -> String {
        match self.note(locale, zone) {
            Some(note) => time + &note,
            None => time,
        }
    }
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

/// Formats a number with at most one decimal place, counted in tenths.
fn format_tenths(locale: Locale, tenths: i64) -> String {
    let mut value = Decimal::from(tenths);
    value.multiply_pow10(-1);
    decimal(locale, &value)
}

/// Formats a whole number with the separators of the language.
pub fn number(locale: Locale, value: i64) -> String {
    decimal(locale, &Decimal::from(value))
}

fn decimal(locale: Locale, value: &Decimal) -> String {
    DecimalFormatter::try_new(formatting_locale(locale).into(), DecimalFormatterOptions::default())
        .map_or_else(|_| value.to_string(), |formatter| formatter.format(value).to_string())
}

/// Formats an enumeration as part of a sentence, such as `Ada, Ben and Cem`.
pub fn list<T: AsRef<str>>(locale: Locale, items: &[T]) -> String {
    let items = items.iter().map(AsRef::as_ref);
    match ListFormatter::try_new_and(formatting_locale(locale).into(), ListFormatterOptions::default()) {
        Ok(formatter) => formatter.format(items).to_string(),
        Err(_) => items.collect::<Vec<_>>().join(", "),
    }
}

/// Returns the locale whose conventions apply. Arabic texts use Latin digits, as codes and numbers next to them do.
const fn formatting_locale(locale: Locale) -> icu_locale_core::Locale {
    match locale {
        Locale::En => icu_locale_core::locale!("en-GB"),
        Locale::De => icu_locale_core::locale!("de"),
        Locale::Ar => icu_locale_core::locale!("ar-u-nu-latn"),
    }
}

/// Formats a file size in kB or MB, in steps of 1,000. A kilobyte that has begun counts.
pub fn size(locale: Locale, bytes: i64) -> String {
    if bytes <= 999_000 {
        word!(locale, "file-size-kb", size = number(locale, (bytes + 999) / 1000))
    } else {
        word!(locale, "file-size-mb", size = format_tenths(locale, bytes / 100_000))
    }
}

/// The characters that a query contains literally: the unreserved ones of RFC 3986, and the slash of paths.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Percent-encodes text for the query of a URL.
pub fn escape_query(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string()
}

/// Encodes the parameters of a query, without the question mark.
pub fn query<N: AsRef<str>, V: AsRef<str>>(parameters: impl IntoIterator<Item = (N, V)>) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_the_first_two_words() {
        for (name, expected) in [
            ("Rhein-Ruhr Medical Supply", "RM"),
            ("\"Otto\" & Söhne", "OS"),
            ("ßtadt", "SS"),
            ("شركة النور", "شا"),
            ("", ""),
        ] {
            assert_eq!(initials(name), expected, "{name}");
        }
    }

    #[test]
    fn time_in_repeated_hour_shows_zone_abbreviation() {
        let moment = Utc
            .with_ymd_and_hms(2026, 10, 25, 0, 30, 0)
            .single()
            .expect("test timestamp is valid");
        // The clock in Berlin goes back at 01:00 UTC.
        let hour = chrono::TimeDelta::hours(1);
        assert_eq!(time(moment, "Europe/Berlin"), "02:30 CEST");
        assert_eq!(time(moment + hour, "Europe/Berlin"), "02:30 CET");
        assert_eq!(span(moment, moment + hour, "Europe/Berlin"), "02:30 CEST–02:30 CET");
        assert_eq!(time(moment + hour + hour, "Europe/Berlin"), "03:30");
        assert_eq!(date(Locale::De, moment, "Europe/Berlin"), "So. 25. Okt. 2026");
        assert_eq!(date(Locale::En, moment, "America/New_York"), "Sat 24 Oct 2026");
    }

    #[test]
    fn date_in_current_year_omits_year() {
        let day_in = |year| NaiveDate::from_ymd_opt(year, 11, 24).expect("test date is valid");
        leptos::prelude::Owner::new().with(|| {
            leptos::prelude::provide_context(Viewer {
                locale: Locale::En,
                now: day_in(2026).and_time(chrono::NaiveTime::MIN).and_utc(),
                path: String::new(),
                request_id: String::new(),
                is_apple: false,
            });
            assert_eq!(day(Locale::En, day_in(2026)), "Tue 24 Nov");
            assert_eq!(day(Locale::En, day_in(2027)), "Wed 24 Nov 2027");
            assert_eq!(day(Locale::De, day_in(2025)), "Mo. 24. Nov. 2025");
        });
    }

    #[test]
    fn days_and_windows_read_as_people_say_them() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("test timestamp is valid");
        let zone = "Europe/Berlin";
        leptos::prelude::Owner::new().with(|| {
            leptos::prelude::provide_context(Viewer {
                locale: Locale::En,
                // Already the next day in Berlin.
                now: at("2026-11-29T23:14:00Z"),
                path: String::new(),
                request_id: String::new(),
                is_apple: false,
            });
            let days = [
                ("2026-11-30T08:00:00Z", "Today"),
                ("2026-12-01T08:00:00Z", "Tomorrow, Tue 1 Dec"),
                ("2026-11-29T08:00:00Z", "Yesterday, Sun 29 Nov"),
                ("2026-12-02T08:00:00Z", "Wed 2 Dec"),
                ("2027-01-04T08:00:00Z", "Mon 4 Jan 2027"),
            ];
            for (moment, expected) in days {
                assert_eq!(near_day(Locale::En, at(moment), zone), expected);
            }
            assert_eq!(stamp(Locale::En, at("2026-11-30T07:41:00Z"), zone), "08:41");
            assert_eq!(stamp(Locale::En, at("2026-11-27T11:38:00Z"), zone), "Fri 27 Nov, 12:38");
        });
        let windows = [
            (Locale::En, "2026-11-30T08:00:00Z", "2026-11-30T10:00:00Z", "9–11"),
            (Locale::En, "2026-11-30T08:30:00Z", "2026-11-30T10:00:00Z", "9:30–11:00"),
            (Locale::En, "2026-11-30T12:00:00Z", "2026-11-30T14:00:00Z", "13–15"),
            (Locale::En, "2026-11-29T23:00:00Z", "2026-11-30T01:00:00Z", "0–2"),
            (
                Locale::De,
                "2026-11-30T08:00:00Z",
                "2026-11-30T10:00:00Z",
                "9–11\u{a0}Uhr",
            ),
            (
                Locale::Ar,
                "2026-11-30T08:00:00Z",
                "2026-11-30T10:00:00Z",
                "من\u{a0}\u{2068}9\u{2069}\u{a0}إلى\u{a0}\u{2068}11\u{2069}",
            ),
            // The clock goes back: the repeated hour names its zone.
            (
                Locale::En,
                "2026-10-25T00:00:00Z",
                "2026-10-25T02:00:00Z",
                "2:00 CEST–3:00",
            ),
        ];
        for (locale, from, to, expected) in windows {
            assert_eq!(window(locale, at(from), at(to), zone), expected);
        }
    }

    #[test]
    fn age_below_two_days_uses_hours() {
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

    #[test]
    fn numbers_and_lists_follow_conventions_of_language() {
        for (locale, megabytes, kilobytes, thousands, names) in [
            (Locale::En, "1.5 MB", "321 kB", "1,234,567", "A, B and C"),
            (Locale::De, "1,5 MB", "321 kB", "1.234.567", "A, B und C"),
            (
                Locale::Ar,
                "\u{2068}1.5\u{2069} ميغابايت",
                "\u{2068}321\u{2069} كيلوبايت",
                "1,234,567",
                "A وB وC",
            ),
        ] {
            assert_eq!(size(locale, 1_560_000), megabytes);
            assert_eq!(size(locale, 320_999), kilobytes);
            assert_eq!(size(locale, 321_000), kilobytes);
            assert_eq!(number(locale, 1_234_567), thousands);
            assert_eq!(list(locale, &["A", "B", "C"]), names);
        }
    }

    #[test]
    fn query_value_with_reserved_characters_is_encoded() {
        assert_eq!(escape_query("/app/inbox?q=ä b&c"), "/app/inbox%3Fq%3D%C3%A4%20b%26c");
        assert_eq!(query([("q", "ä b&c"), ("status", "new")]), "q=%C3%A4+b%26c&status=new");
    }

    #[test]
    fn zone_names_are_shown_where_one_time_is_in_another_zone() {
        let at: DateTime<Utc> = "2026-11-25T08:00:00Z".parse().expect("test timestamp is valid");
        let same = ZoneNames::of("Europe/Berlin", [(at, "Europe/Berlin"), (at, "Europe/Vienna")]);
        assert_eq!(same.with(Locale::En, "09:00".to_owned(), "Europe/Vienna"), "09:00");
        let mixed = ZoneNames::of("Europe/Berlin", [(at, "Europe/Berlin"), (at, "Asia/Dubai")]);
        assert_eq!(
            mixed.with(Locale::En, "12:00".to_owned(), "Asia/Dubai"),
            "12:00 (Dubai time)"
        );
        assert_eq!(
            mixed.note(Locale::De, "Europe/Berlin").as_deref(),
            Some(" (Ortszeit Berlin)")
        );
    }
}

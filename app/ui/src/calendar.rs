//! Appointments as iCalendar (RFC 5545) in the reader's language, with the time zone of each location and its offset
//! changes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::{OffsetComponents as _, Tz};
use domain::locale::Locale;
use domain::public::CalendarEntry;
use domain::public_language::PublicVisit;
use domain::terminology::Terminology;
use icalendar::{Calendar, CalendarDateTime, Component as _, Event, EventLike as _, EventStatus, Property};

use crate::word;

/// How a calendar is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarKind {
    /// One appointment, downloaded as a file.
    File,
    /// All appointments, subscribed to and polled.
    Feed,
}

/// The organization whose appointments a calendar contains.
#[derive(Debug, Clone, Copy)]
pub struct Organizer<'a> {
    pub name: &'a str,
    pub words: &'a Terminology,
    /// The address that customers write to, if there is one.
    pub email: Option<&'a str>,
}

/// Renders appointments as a calendar. The same appointments are always rendered as the same text.
pub fn render(reach: CalendarKind, locale: Locale, organizer: Organizer<'_>, entries: &[CalendarEntry]) -> String {
    let tenant = &single_line(organizer.name);
    let mut calendar = Calendar::empty();
    calendar.append_property(("VERSION", "2.0"));
    calendar.append_property(("PRODID", "-//Ordinavo//Customer Portal//EN"));
    calendar.append_property(("CALSCALE", "GREGORIAN"));
    let cancelled = reach == CalendarKind::File
        && entries
            .iter()
            .all(|entry| entry.appointment.status == PublicVisit::Cancelled);
    calendar.append_property(("METHOD", if cancelled { "CANCEL" } else { "PUBLISH" }));
    if reach == CalendarKind::Feed {
        calendar.name(&word!(locale, "calendar-name", tenant = tenant.clone()));
        calendar.ttl(&TimeDelta::hours(1));
    }
    let mut zones: BTreeMap<&str, (DateTime<Utc>, DateTime<Utc>)> = BTreeMap::new();
    for entry in entries {
        let visit = &entry.appointment;
        let (zone, tz) = match visit.zone.parse::<Tz>() {
            Ok(tz) => (visit.zone.as_str(), tz),
            Err(_) => ("UTC", Tz::UTC),
        };
        let range = zones.entry(zone).or_insert((visit.starts_at, visit.ends_at));
        *range = (range.0.min(visit.starts_at), range.1.max(visit.ends_at));
        calendar.push(event(
            locale,
            Organizer {
                name: tenant,
                ..organizer
            },
            entry,
            tz,
        ));
    }
    let text = calendar.to_string();
    // The library does not write time zones; they are inserted before the first event.
    let zones: String = zones
        .into_iter()
        .filter(|(zone, _)| *zone != "UTC")
        .map(|(zone, (from, to))| time_zone(zone, from, to))
        .collect();
    // The line break distinguishes the start of an event from the same words in a typed name.
    match text.find("\r\nBEGIN:VEVENT\r\n") {
        Some(at) => format!("{}\r\n{zones}{}", &text[..at], &text[at + 2..]),
        None => text,
    }
}

/// Replaces control characters: a line break in typed text would start a new property.
fn single_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn event(
    locale: Locale,
    Organizer {
        name: tenant,
        words,
        email,
    }: Organizer<'_>,
    entry: &CalendarEntry,
    tz: Tz,
) -> Event {
    let visit = &entry.appointment;
    let is_cancelled = visit.status == PublicVisit::Cancelled;
    let service_label = visit.service_type.map_or_else(
        || tenant.to_owned(),
        |service| single_line(&words.service_type(service, locale)),
    );
    let status = words.visit(visit.status, locale);
    let mut lines = vec![tenant.to_owned(), single_line(&status.label)];
    if let Some(name) = &visit.technician {
        lines.push(word!(locale, "calendar-technician", name = single_line(name)));
    }
    let location_line = [single_line(&visit.location), single_line(&visit.address)]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ");
    let summary = format!("{service_label} · {}", single_line(&visit.location));
    let summary = if is_cancelled {
        word!(locale, "calendar-cancelled", summary = summary).replace(['\u{2068}', '\u{2069}'], "")
    } else {
        summary
    };
    // A calendar without attendees is published; RFC 5546 asks for its organizer all the same.
    let organizer = email.map_or_else(
        || "invalid:nomail".to_owned(),
        |email| format!("mailto:{}", single_line(email)),
    );
    let organizer = Property::new("ORGANIZER", organizer)
        .add_parameter("CN", &tenant.replace('"', "'"))
        .done();
    let mut event = Event::new();
    event
        .uid(&entry.uid)
        .sequence(entry.sequence)
        .timestamp(entry.changed_at)
        .last_modified(entry.changed_at)
        .append_property(organizer)
        .url(&entry.url)
        .starts(moment(visit.starts_at, tz))
        .ends(moment(visit.ends_at, tz))
        .summary(&summary)
        .location(&location_line)
        .description(&lines.join("\n"))
        .status(if is_cancelled {
            EventStatus::Cancelled
        } else {
            EventStatus::Confirmed
        });
    event.done()
}

/// Returns local time with its zone. The hour that repeats when the clock goes back is given in UTC, because local time
/// is ambiguous there.
fn moment(at: DateTime<Utc>, tz: Tz) -> CalendarDateTime {
    let local = at.with_timezone(&tz).naive_local();
    if tz == Tz::UTC || !matches!(tz.from_local_datetime(&local), LocalResult::Single(_)) {
        return CalendarDateTime::Utc(at);
    }
    CalendarDateTime::WithTimezone {
        date_time: local,
        tzid: tz.name().to_owned(),
    }
}

/// A change of the UTC offset: the instant, and the offsets in seconds before and after it.
struct OffsetChange {
    at: DateTime<Utc>,
    before: i32,
    after: i32,
}

fn offset(at: DateTime<Utc>, tz: Tz) -> i32 {
    at.with_timezone(&tz).offset().fix().local_minus_utc()
}

/// Finds the offset changes between two instants, to the minute.
fn offset_changes(tz: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<OffsetChange> {
    let mut found = Vec::new();
    let mut day = from;
    while day < to {
        let next = day + TimeDelta::days(1);
        let (before, after) = (offset(day, tz), offset(next, tz));
        if before != after {
            let (mut low, mut high) = (day, next);
            while high - low > TimeDelta::minutes(1) {
                let middle = low + TimeDelta::minutes((high - low).num_minutes() / 2);
                if offset(middle, tz) == before {
                    low = middle
                } else {
                    high = middle
                }
            }
            found.push(OffsetChange {
                at: high,
                before,
                after,
            });
        }
        day = next;
    }
    found
}

/// Renders a zone definition that covers a year before the first appointment to a year after the last one.
fn time_zone(name: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let tz: Tz = name.parse().unwrap_or(Tz::UTC);
    // Starts at midnight so that every change falls on a whole minute.
    let range_start = (from - TimeDelta::days(366))
        .date_naive()
        .and_time(chrono::NaiveTime::MIN)
        .and_utc();
    let mut text = format!("BEGIN:VTIMEZONE\r\nTZID:{name}\r\n");
    let first = offset(range_start, tz);
    observance(
        &mut text,
        tz,
        range_start,
        range_start.naive_utc() + TimeDelta::seconds(first.into()),
        first,
        first,
    );
    for change in offset_changes(tz, range_start, to + TimeDelta::days(366)) {
        let local = change.at.naive_utc() + TimeDelta::seconds(change.before.into());
        observance(&mut text, tz, change.at, local, change.before, change.after);
    }
    text.push_str("END:VTIMEZONE\r\n");
    text
}

fn observance(text: &mut String, tz: Tz, at: DateTime<Utc>, local: NaiveDateTime, before: i32, after: i32) {
    let is_summer = at.with_timezone(&tz).offset().dst_offset() != TimeDelta::zero();
    let kind = if is_summer { "DAYLIGHT" } else { "STANDARD" };
    let format_offset = |seconds: i32| {
        let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
        format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
    };
    let _ = write!(
        text,
        "BEGIN:{kind}\r\nDTSTART:{}\r\nTZOFFSETFROM:{}\r\nTZOFFSETTO:{}\r\nEND:{kind}\r\n",
        local.format("%Y%m%dT%H%M%S"),
        format_offset(before),
        format_offset(after)
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::public::PublicAppointment;
    use domain::requests::ServiceType;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("test timestamp is valid")
    }

    fn organizer<'a>(name: &'a str, words: &'a Terminology) -> Organizer<'a> {
        Organizer {
            name,
            words,
            email: None,
        }
    }

    fn entry(starts: &str, ends: &str, zone: &str) -> CalendarEntry {
        CalendarEntry {
            uid: "abc@example.org".to_owned(),
            sequence: 4,
            changed_at: at("2026-10-01T00:00:00Z"),
            url: "https://example.org/portal/appointments/apt_00000000000000000000000000".to_owned(),
            appointment: PublicAppointment {
                id: "apt_00000000000000000000000000".parse().expect("test ID is valid"),
                status: PublicVisit::Planned,
                service_type: Some(ServiceType::Repair),
                starts_at: at(starts),
                ends_at: at(ends),
                zone: zone.to_owned(),
                location_id: None,
                location: "Halle 7; Nord, links".to_owned(),
                address: "Straße 1\nEvil:BEGIN".to_owned(),
                technician: Some("Mila".to_owned()),
                delay_minutes: None,
            },
        }
    }

    #[test]
    fn render_day_of_clock_change_includes_time_zone_rules() {
        // Berlin, 25 October 2026: the clock goes back at 01:00 UTC.
        let entry = entry("2026-10-25T08:00:00Z", "2026-10-25T10:00:00Z", "Europe/Berlin");
        let text = render(
            CalendarKind::File,
            Locale::En,
            organizer("Nordlicht", &Terminology::default()),
            &[entry],
        );
        assert!(text.contains("DTSTART;TZID=Europe/Berlin:20261025T090000"), "{text}");
        assert!(text.contains("DTEND;TZID=Europe/Berlin:20261025T110000"), "{text}");
        assert!(text.contains("TZID:Europe/Berlin"));
        assert!(text.contains("BEGIN:STANDARD\r\nDTSTART:20261025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100"));
        assert!(text.contains("BEGIN:DAYLIGHT\r\nDTSTART:20270328T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200"));
        assert!(text.contains("SEQUENCE:4") && text.contains("UID:abc@example.org") && text.contains("METHOD:PUBLISH"));
        assert!(text.contains("DTSTAMP:20261001T000000Z"));
    }

    #[test]
    fn render_repeated_hour_uses_utc() {
        for (starts, expected) in [
            ("2026-10-25T00:30:00Z", "DTSTART:20261025T003000Z"),
            ("2026-10-25T01:30:00Z", "DTSTART:20261025T013000Z"),
            ("2026-10-25T02:30:00Z", "DTSTART;TZID=Europe/Berlin:20261025T033000"),
        ] {
            let entry = entry(starts, "2026-10-25T09:00:00Z", "Europe/Berlin");
            let text = render(
                CalendarKind::File,
                Locale::En,
                organizer("N", &Terminology::default()),
                &[entry],
            );
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn render_typed_line_breaks_stay_in_property() {
        let entry = entry("2026-11-25T08:00:00Z", "2026-11-25T10:00:00Z", "Africa/Cairo");
        let text = render(
            CalendarKind::Feed,
            Locale::Ar,
            organizer("N\r\nBEGIN:VALARM BEGIN:VEVENT", &Terminology::default()),
            &[entry],
        );
        assert!(text.contains("\r\nX-WR-CALNAME:"), "{text}");
        assert!(text.contains("END:VTIMEZONE\r\nBEGIN:VEVENT\r\n"), "{text}");
        for line in text.lines() {
            assert!(line.len() <= 75, "{line}");
            assert!(
                !line.starts_with("Evil:BEGIN") && !line.starts_with("BEGIN:VALARM"),
                "{text}"
            );
        }
        assert!(text.contains("\\;") && text.contains("\\,"), "{text}");
    }

    #[test]
    fn render_cancelled_appointment_uses_cancel_method() {
        let mut entry = entry("2026-11-25T08:00:00Z", "2026-11-25T10:00:00Z", "UTC");
        entry.appointment.status = PublicVisit::Cancelled;
        let text = render(
            CalendarKind::File,
            Locale::De,
            organizer("N", &Terminology::default()),
            &[entry],
        );
        assert!(text.contains("METHOD:CANCEL") && text.contains("STATUS:CANCELLED"));
        assert!(text.contains("\r\nSUMMARY:Abgesagt: "), "{text}");
        assert!(text.contains("DTSTART:20261125T080000Z") && !text.contains("VTIMEZONE"));
    }

    #[test]
    fn render_event_has_the_properties_that_calendars_ask_for() {
        let entry = entry("2026-11-25T08:00:00Z", "2026-11-25T10:00:00Z", "UTC");
        let words = Terminology::default();
        let with = |email| {
            let organizer = Organizer {
                name: "Nordlicht, \"Technik\" GmbH",
                words: &words,
                email,
            };
            render(CalendarKind::Feed, Locale::En, organizer, std::slice::from_ref(&entry)).replace("\r\n ", "")
        };
        let text = with(Some("service@example.org"));
        for line in [
            "ORGANIZER;CN=\"Nordlicht, 'Technik' GmbH\":mailto:service@example.org",
            "URL:https://example.org/portal/appointments/apt_00000000000000000000000000",
            "LAST-MODIFIED:20261001T000000Z",
            "DTSTAMP:20261001T000000Z",
        ] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{line}: {text}");
        }
        assert!(with(None).contains(":invalid:nomail\r\n"));
        assert_eq!(with(None), with(None));
    }
}

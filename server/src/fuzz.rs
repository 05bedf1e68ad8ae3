//! Fuzz targets of the server: cursors, multipart forms and calendars.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::TargetId;
use domain::intake::MAX_FILES;
use domain::locale::Locale;
use domain::public::{CalendarEntry, PublicAppointment};
use domain::public_language::PublicVisit;
use domain::terminology::Terminology;
use proptest::prelude::*;
use ui::calendar::{CalendarKind, Organizer, render};

use crate::api::paging::Paging;
use crate::public_pages::intake::parse_form;

#[path = "../fuzz/mutation.rs"]
mod mutation;

const CURSORS: &[&str] = &[
    r#"{"f":"[null]","p":["1764000000000000","tgt_00000000000000000000000000"]}"#,
    r#"{"f":"[null]","p":["7"]}"#,
    r#"{"f":"[null]","p":["name"]}"#,
];

const FORMS: &[&str] = &[
    "--X\r\nContent-Disposition: form-data; name=\"ticket\"\r\n\r\nabc\r\n--X\r\nContent-Disposition: form-data; \
     name=\"files\"; filename=\"../../a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7\r\n--X--\r\n",
    "--X\r\nContent-Disposition: form-data; name=\"name\"; filename*=UTF-8''%e2%82%ac\r\n\r\n\r\n--X--",
    "--X\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n\r\n--X\r\n\r\n--X--\r\n",
];

const TEXTS: &[&str] = &[
    "Halle 7; Nord, links",
    "Straße 1\nEND:VEVENT\nBEGIN:VEVENT",
    "\\n;,\"",
    "",
];

/// Names of the lines that a calendar may contain.
const PROPERTIES: [&str; 32] = [
    "ORGANIZER",
    "URL",
    "LAST-MODIFIED",
    "BEGIN",
    "END",
    "VERSION",
    "PRODID",
    "CALSCALE",
    "METHOD",
    "NAME",
    "X-WR-CALNAME",
    "REFRESH-INTERVAL",
    "X-PUBLISHED-TTL",
    "TZID",
    "DTSTART",
    "DTEND",
    "TZOFFSETFROM",
    "TZOFFSETTO",
    "TZNAME",
    "UID",
    "SEQUENCE",
    "DTSTAMP",
    "SUMMARY",
    "LOCATION",
    "DESCRIPTION",
    "STATUS",
    "RRULE",
    "CLASS",
    "TRANSP",
    "URL",
    "CREATED",
    "LAST-MODIFIED",
];

/// Returns the lines of a calendar without folding.
fn unfolded(calendar: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in calendar.split("\r\n").filter(|line| !line.is_empty()) {
        match (line.strip_prefix(' '), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

proptest! {
    #[test]
    fn fuzz_cursor_any_text_is_answered(json in mutation::text(CURSORS), raw in any::<bool>(), limit in any::<Option<i64>>()) {
        let cursor = if raw { json.clone() } else { URL_SAFE_NO_PAD.encode(&json) };
        let limit = limit.map(|limit| limit.to_string());
        let Ok(paging) = Paging::new(limit.as_deref(), Some(&cursor), &[None]) else { return Ok(()) };
        prop_assert!((1..=200).contains(&paging.limit()));
        if let Ok(Some(parts)) = paging.sort_key(2) {
            prop_assert!(parts.iter().flat_map(|part| part.chars()).all(|character| !character.is_control()));
            // The cursor that is sent next is read again.
            let again = paging.encode_cursor(&parts);
            let paging = Paging::new(None, Some(&again), &[None]).expect("limit is valid");
            prop_assert_eq!(paging.sort_key(2).expect("cursor is valid"), Some(parts));
        }
        let _ = paging.after::<TargetId>();
        let _ = paging.after_text();
        prop_assert!(paging.after_number().ok().flatten().unwrap_or_default() >= 0);
    }

    #[test]
    fn fuzz_multipart_any_bytes_are_answered(
        body in mutation::bytes(FORMS),
        content_type in mutation::text(&["multipart/form-data; boundary=X", "multipart/form-data; boundary=\"X\""]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("runtime starts");
        let request = Request::builder().method("POST").uri("/intake/x").header(CONTENT_TYPE, content_type.as_bytes());
        let Ok(request) = request.body(Body::from(body.clone())) else { return Ok(()) };
        if let Ok(form) = runtime.block_on(parse_form(request)) {
            prop_assert!(form.fields.len() <= 64 && form.files.len() <= MAX_FILES + 1);
            let received: usize = form.files.iter().map(|file| file.bytes.len()).sum();
            prop_assert!(received <= body.len());
        }
    }

    #[test]
    fn fuzz_calendar_any_text_adds_no_line(
        texts in proptest::collection::vec(mutation::text(TEXTS), 5),
        zone in mutation::text(&["Europe/Berlin", "America/St_Johns", "UTC"]),
        start in 0..4_000_000_000_i64,
        minutes in -10..100_000_i64,
    ) {
        let start: DateTime<Utc> = DateTime::from_timestamp(start, 0).expect("time is valid");
        let [location, address, technician, tenant, uid] = texts.try_into().expect("five texts");
        let entry = CalendarEntry {
            // The digest of a job; it contains no typed text.
            uid: URL_SAFE_NO_PAD.encode(uid),
            sequence: 4,
            changed_at: start,
            url: "https://example.org".to_owned(),
            appointment: PublicAppointment {
                id: "apt_00000000000000000000000000".parse().expect("ID is valid"),
                status: PublicVisit::Planned,
                service_type: None,
                starts_at: start,
                ends_at: start + TimeDelta::minutes(minutes),
                zone,
                location_id: None,
                location,
                address,
                technician: Some(technician),
                delay_minutes: None,
            },
        };
        let words = Terminology::default();
        let organizer = Organizer {
            name: &tenant,
            words: &words,
            email: Some(&tenant),
        };
        let calendar = render(CalendarKind::Feed, Locale::En, organizer, &[entry]);
        // RFC 5545 recommends 75 octets; the library counts the space of the last folded line in addition.
        prop_assert!(calendar.split("\r\n").all(|line| line.len() <= 76 && !line.contains(['\r', '\n'])), "{}", calendar);
        let lines = unfolded(&calendar);
        let known: BTreeSet<&str> = PROPERTIES.into();
        for line in &lines {
            let name = line.split([':', ';']).next().unwrap_or_default();
            prop_assert!(known.contains(name), "{}", line);
        }
        prop_assert_eq!(lines.iter().filter(|line| *line == "BEGIN:VEVENT").count(), 1);
        prop_assert_eq!(lines.iter().filter(|line| line.starts_with("SUMMARY:")).count(), 1);
    }
}

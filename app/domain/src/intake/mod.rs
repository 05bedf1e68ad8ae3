//! Requests on their way in, whatever the channel: who asks, where, when it would suit, and what a public form asks for.

pub mod classification;
pub mod form;
pub mod mails;
pub mod proof;
pub mod submission;
pub mod terminal;

use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fields::{FieldError, ObjectReader};
use crate::locale::Locale;

/// The longest description of a request, in characters.
pub const MOST_DESCRIPTION: usize = 4_000;
/// The longest message in a conversation, in characters.
pub const MOST_MESSAGE: usize = 2_000;
/// How many preferred windows a request may name.
pub const MOST_WINDOWS: usize = 3;
/// How many files may come with a request.
pub const MOST_FILES: usize = 5;
/// The largest file, in bytes.
pub const MOST_FILE_BYTES: usize = 10 * 1024 * 1024;
/// How far in the future a preferred day may be.
pub const MOST_DAYS_AHEAD: i64 = 366;

/// Somebody without an account who asks for something: what they typed about themselves. It never identifies a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Requester {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The language in which they wrote, and in which they are answered.
    pub locale: Locale,
}

crate::stored_names! {
    /// A part of a working day.
    DayPart {
        /// Before noon.
        Morning = "morning",
        /// After noon.
        Afternoon = "afternoon",
        /// Any time that day.
        AllDay = "all_day",
    }
}

/// A day and a part of it that would suit the requester, in the location's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferredWindow {
    /// The day.
    pub date: NaiveDate,
    /// Which part of it.
    pub part: DayPart,
}

impl PreferredWindow {
    /// Reads the list that a client of the API sends. A partner may pass on wishes that are over by now.
    pub fn read_list(value: &Value, pointer: &str, errors: &mut Vec<FieldError>) -> Vec<Self> {
        let Some(items) = value.as_array().filter(|items| items.len() <= MOST_WINDOWS) else {
            errors.push(FieldError::new(
                pointer,
                "validation_failed",
                format!("A list of at most {MOST_WINDOWS} days is required."),
            ));
            return Vec::new();
        };
        let parts: Vec<&str> = DayPart::ALL.iter().map(|part| part.name()).collect();
        let mut windows = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let Some(mut reader) = ObjectReader::new(item, &format!("{pointer}/{index}"), errors) else {
                continue;
            };
            let before = errors.len();
            let date = reader
                .raw("date")
                .value()
                .and_then(Value::as_str)
                .filter(|text| text.len() == 10);
            let date = date.and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok());
            let part = reader.one_of("part", &parts, errors, DayPart::from_name).value();
            let (date_pointer, part_pointer) = (reader.pointer("date"), reader.pointer("part"));
            reader.finish(errors);
            match (date, part) {
                (Some(date), Some(part)) => windows.push(Self { date, part }),
                (None, _) => errors.push(FieldError::new(
                    date_pointer,
                    "validation_failed",
                    "A date such as 2026-11-24 is required.",
                )),
                (_, None) if errors.len() == before => errors.push(FieldError::new(
                    part_pointer,
                    "required",
                    format!("One of {} is required.", parts.join(", ")),
                )),
                (_, None) => {}
            }
        }
        windows
    }

    /// Reads what a form sends: a date such as `2026-11-24` and the name of a part; nothing for an empty date.
    ///
    /// # Errors
    /// The code of what is wrong: `invalid_date`, `in_the_past` or `too_far_ahead`.
    pub fn read(date: &str, part: &str, today: NaiveDate) -> Result<Option<Self>, &'static str> {
        let date = date.trim();
        if date.is_empty() {
            return Ok(None);
        }
        let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").map_err(|_| "invalid_date")?;
        // Years of more than four digits parse, and no form of ours sends them.
        if date.year() > 9999 {
            return Err("invalid_date");
        }
        if date < today {
            return Err("in_the_past");
        }
        if (date - today).num_days() > MOST_DAYS_AHEAD {
            return Err("too_far_ahead");
        }
        let part = DayPart::from_name(part).unwrap_or(DayPart::AllDay);
        Ok(Some(Self { date, part }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferred_days_are_days_to_come() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 24).expect("a day");
        for (date, expected) in [
            ("", Ok(None)),
            ("2026-11-24", Ok(Some(today))),
            ("2026-11-23", Err("in_the_past")),
            ("2028-01-01", Err("too_far_ahead")),
            ("24.11.2026", Err("invalid_date")),
            ("+12026-11-24", Err("invalid_date")),
        ] {
            let read = PreferredWindow::read(date, "morning", today);
            assert_eq!(read.map(|window| window.map(|window| window.date)), expected, "{date}");
        }
    }
}

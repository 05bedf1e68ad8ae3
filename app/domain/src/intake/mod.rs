//! Request intake for all channels: requester data, preferred days, public forms, terminals and classification.

pub mod classification;
pub mod form;
pub mod mails;
pub mod proof;
pub mod submission;
pub mod terminal;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dates::parse_day;
use crate::fields::{FieldCode, FieldError, ObjectReader};
use crate::locale::Locale;

/// Maximum length of a request description, in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 4_000;
/// Maximum length of a conversation message, in characters.
pub const MAX_MESSAGE_CHARS: usize = 2_000;
/// Maximum number of preferred days per request.
pub const MAX_WINDOWS: usize = 3;
/// Maximum number of files per request.
pub const MAX_FILES: usize = 5;
/// Maximum size of a file, in bytes.
pub const MAX_FILE_BYTES: usize = 10 * 1024 * 1024;
/// Maximum number of days that a preferred day may lie in the future.
pub const MAX_DAYS_AHEAD: i64 = 366;

/// Contact data entered by a requester without an account; never identifies a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Requester {
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Language of the form, used for replies.
    pub locale: Locale,
}

crate::stored_names! {
    /// Part of a day.
    DayPart {
        /// Morning.
        Morning = "morning",
        /// Afternoon.
        Afternoon = "afternoon",
        /// Any time of the day.
        AllDay = "all_day",
    }
}

/// A preferred day and part of the day, in the location's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferredWindow {
    /// Date.
    pub date: NaiveDate,
    /// Part of the day.
    pub part: DayPart,
}

impl PreferredWindow {
    /// Parses the list sent by an API client. Past dates are accepted, because partners may forward older requests.
    pub fn read_list(value: &Value, pointer: &str, errors: &mut Vec<FieldError>) -> Vec<Self> {
        let Some(items) = value.as_array().filter(|items| items.len() <= MAX_WINDOWS) else {
            errors.push(FieldError::new(
                pointer,
                FieldCode::ItemCount {
                    min: 0,
                    max: MAX_WINDOWS,
                },
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
            let date = reader.raw("date").value().and_then(Value::as_str).and_then(parse_day);
            let part = reader.one_of("part", &parts, errors, DayPart::from_name).value();
            let (date_pointer, part_pointer) = (reader.pointer("date"), reader.pointer("part"));
            reader.finish(errors);
            match (date, part) {
                (Some(date), Some(part)) => windows.push(Self { date, part }),
                (None, _) => errors.push(FieldError::new(date_pointer, FieldCode::InvalidIsoDate)),
                (_, None) if errors.len() == before => errors.push(FieldError::new(
                    part_pointer,
                    FieldCode::RequiredOneOf {
                        allowed: parts.iter().map(ToString::to_string).collect(),
                    },
                )),
                (_, None) => {}
            }
        }
        windows
    }

    /// Parses form input: a date such as `2026-11-24` and a day part; `None` for an empty date.
    ///
    /// # Errors
    /// An invalid date, or a date in the past or more than a year ahead.
    pub fn read(date: &str, part: &str, today: NaiveDate) -> Result<Option<Self>, FieldCode> {
        let date = date.trim();
        if date.is_empty() {
            return Ok(None);
        }
        let date = parse_day(date).ok_or(FieldCode::InvalidDate)?;
        if date < today {
            return Err(FieldCode::InThePast);
        }
        if (date - today).num_days() > MAX_DAYS_AHEAD {
            return Err(FieldCode::TooFarAhead);
        }
        let part = DayPart::from_name(part).unwrap_or(DayPart::AllDay);
        Ok(Some(Self { date, part }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferred_window_read_accepts_dates_within_a_year() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 24).expect("date is valid");
        for (date, expected) in [
            ("", Ok(None)),
            ("2026-11-24", Ok(Some(today))),
            ("2026-11-23", Err(FieldCode::InThePast)),
            ("2028-01-01", Err(FieldCode::TooFarAhead)),
            ("24.11.2026", Err(FieldCode::InvalidDate)),
            ("+12026-11-24", Err(FieldCode::InvalidDate)),
        ] {
            let read = PreferredWindow::read(date, "morning", today);
            assert_eq!(read.map(|window| window.map(|window| window.date)), expected, "{date}");
        }
    }
}

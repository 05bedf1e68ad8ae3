//! Turns the rows of a table into payloads of imports.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use domain::imports::jobs::BatchItem;
use domain::imports::results::ItemNote;
use serde_json::{Map, Value};

use super::fields::is_identifier;
use super::moments::{self, DateOrder, Local, Unreadable};
use super::table::{Row, Table};
use crate::imports::is_zone;

/// Builds the items of a table. `fields` has a field for each column; times without an offset are in the time zone of the
/// row, or else in `zone`.
pub(super) fn items(table: &Table, fields: &[Option<&'static str>], zone: &str) -> Vec<BatchItem> {
    let reader = RowReader {
        fields,
        zone,
        orders: (0..fields.len())
            .map(|index| moments::order_of(table.column(index)))
            .collect(),
    };
    table
        .rows
        .iter()
        .map(|row| {
            let line = i64::try_from(row.line).unwrap_or(i64::MAX);
            let (payload, mut notes) = reader.read(row);
            if table.is_shifted(row) {
                notes.insert(0, ItemNote::new("too_many_cells", ""));
            }
            if notes.is_empty() {
                BatchItem::of_line(payload, line, is_zone)
            } else {
                BatchItem::rejected_line(payload, line, notes)
            }
        })
        .collect()
}

struct RowReader<'a> {
    fields: &'a [Option<&'static str>],
    zone: &'a str,
    /// The order of day and month for each column.
    orders: Vec<DateOrder>,
}

/// A cell of a time: text to pass on unchanged, or a local moment.
enum Moment {
    Text(String),
    Local(Local),
}

impl RowReader<'_> {
    fn cell<'a>(&self, row: &'a Row, field: &str) -> Option<(usize, &'a str)> {
        let index = self.fields.iter().position(|known| *known == Some(field))?;
        let cell = row.cells.get(index)?;
        (!cell.is_empty()).then_some((index, cell.as_str()))
    }

    /// Returns the payload of a row, and why the row cannot be imported. A cell that is no valid value stays as it is; the
    /// import then rejects it.
    fn read(&self, row: &Row) -> (Value, Vec<ItemNote>) {
        let mut body = Map::new();
        let mut notes = Vec::new();
        for (cell, field) in row.cells.iter().zip(self.fields) {
            let Some(field) = field.filter(|field| !cell.is_empty() && !field.starts_with("timeWindow_")) else {
                continue;
            };
            if is_identifier(field) && is_shortened(cell) {
                notes.push(ItemNote::new("number_shortened", &pointer(field)));
            }
            let value = match field {
                "priority" | "action" => Value::from(cell.to_lowercase()),
                "sourceUpdatedAt" => self.updated_at(row, &mut notes),
                "durationMinutes" | "coordinates_lat" | "coordinates_lon" => decimal(cell),
                "requiredSkills" => cell
                    .split([',', ';', '|'])
                    .map(str::trim)
                    .filter(|skill| !skill.is_empty())
                    .map(Value::from)
                    .collect(),
                _ => Value::from(cell.as_str()),
            };
            insert(&mut body, field, value);
        }
        if let Some(window) = self.window(row, &mut notes) {
            body.insert("timeWindow".to_owned(), window);
        }
        (Value::Object(body), notes)
    }

    /// Parses the cell of a time; a cell that is none is passed on.
    fn moment(&self, row: &Row, field: &'static str, notes: &mut Vec<ItemNote>) -> Option<Moment> {
        let (index, cell) = self.cell(row, field)?;
        if moments::is_timestamp(cell) {
            return Some(Moment::Text(cell.to_owned()));
        }
        let order = self.orders.get(index).copied().unwrap_or(DateOrder::Unknown);
        Some(match moments::parse(cell, order) {
            Ok(local) => Moment::Local(local),
            Err(Unreadable::Ambiguous) => {
                notes.push(ItemNote::new("ambiguous_date", &pointer(field)));
                Moment::Text(cell.to_owned())
            }
            Err(Unreadable::Invalid) => Moment::Text(cell.to_owned()),
        })
    }

    fn updated_at(&self, row: &Row, notes: &mut Vec<ItemNote>) -> Value {
        let zone = self.zone.parse().ok();
        let cell = self.cell(row, "sourceUpdatedAt").map_or("", |(_, cell)| cell);
        match self.moment(row, "sourceUpdatedAt", notes) {
            Some(Moment::Local(Local::DateTime(moment))) => in_zone(moment, zone, cell),
            Some(Moment::Local(Local::Date(date))) => in_zone(date.and_time(NaiveTime::MIN), zone, cell),
            _ => Value::from(cell),
        }
    }

    /// Returns the time window of a row. A day without times is the whole day.
    fn window(&self, row: &Row, notes: &mut Vec<ItemNote>) -> Option<Value> {
        let zone_name = self.cell(row, "timeWindow_zone").map_or(self.zone, |(_, cell)| cell);
        let zone: Option<Tz> = zone_name.parse().ok();
        let day = match self.moment(row, "timeWindow_date", notes) {
            Some(Moment::Local(Local::Date(date))) => Some(date),
            Some(Moment::Local(Local::DateTime(moment))) => Some(moment.date()),
            _ => None,
        };
        let day_cell = self.cell(row, "timeWindow_date").map(|(_, cell)| cell.to_owned());
        let start = self.moment(row, "timeWindow_start", notes);
        let end = self.moment(row, "timeWindow_end", notes);
        if start.is_none() && end.is_none() && day_cell.is_none() {
            let is_sent = self.cell(row, "timeWindow_zone").is_some();
            return is_sent.then(|| Value::from_iter([("zone", Value::from(zone_name))]));
        }
        let first_day = match &start {
            Some(Moment::Local(Local::Date(date))) => Some(*date),
            Some(Moment::Local(Local::DateTime(moment))) => Some(moment.date()),
            _ => day,
        };
        // A window without an end is the day of its start, if it has no time.
        let whole_day = match (&start, &end) {
            (Some(Moment::Local(Local::Date(date))), None) => Some(*date),
            (None, None) => day,
            _ => None,
        };
        let original = |field: &str| {
            self.cell(row, field)
                .map(|(_, cell)| cell.to_owned())
                .or_else(|| day_cell.clone())
                .unwrap_or_default()
        };
        let mut window = Map::new();
        let start_value = match start {
            None => whole_day.map(|day| in_zone(day.and_time(NaiveTime::MIN), zone, &original("timeWindow_start"))),
            Some(moment) => Some(resolve(moment, day, false, zone, &original("timeWindow_start"))),
        };
        let end_value = match end {
            None => whole_day.map(|day| in_zone(moments::end_of_day(day), zone, &original("timeWindow_end"))),
            Some(moment) => Some(resolve(moment, first_day, true, zone, &original("timeWindow_end"))),
        };
        if let Some(value) = start_value.or_else(|| day_cell.clone().map(Value::from)) {
            window.insert("start".to_owned(), value);
        }
        if let Some(value) = end_value {
            window.insert("end".to_owned(), value);
        }
        window.insert("zone".to_owned(), Value::from(zone_name));
        Some(Value::Object(window))
    }
}

/// Returns a moment as RFC 3339. A time is on `day`; a date is its start or, as the end of a window, its end.
fn resolve(moment: Moment, day: Option<NaiveDate>, is_end: bool, zone: Option<Tz>, original: &str) -> Value {
    let local = match moment {
        Moment::Text(text) => return Value::from(text),
        Moment::Local(local) => local,
    };
    let moment = match (local, day) {
        (Local::DateTime(moment), _) => moment,
        (Local::Date(date), _) if is_end => moments::end_of_day(date),
        (Local::Date(date), _) => date.and_time(NaiveTime::MIN),
        (Local::Time(time), Some(day)) => day.and_time(time),
        (Local::Time(_), None) => return Value::from(original),
    };
    in_zone(moment, zone, original)
}

/// Returns a local moment as RFC 3339, or the cell itself if the zone does not have it.
fn in_zone(moment: NaiveDateTime, zone: Option<Tz>, original: &str) -> Value {
    zone.and_then(|zone| moments::in_zone(moment, zone))
        .map_or_else(|| Value::from(original), Value::from)
}

fn insert(body: &mut Map<String, Value>, field: &str, value: Value) {
    match field.split_once('_') {
        None => {
            body.insert(field.to_owned(), value);
        }
        Some((part, member)) => {
            let part = body.entry(part.to_owned()).or_insert_with(|| Value::Object(Map::new()));
            part[member] = value;
        }
    }
}

/// Returns the JSON pointer of a field in the payload.
fn pointer(field: &str) -> String {
    let field = if field == "timeWindow_date" {
        "timeWindow_start"
    } else {
        field
    };
    format!("/{}", field.replace('_', "/"))
}

/// Returns whether a spreadsheet has shortened a number, such as `4,00612E+12`, so that its digits are lost.
pub(crate) fn is_shortened(cell: &str) -> bool {
    let Some((mantissa, exponent)) = cell.split_once(['E', 'e']) else {
        return false;
    };
    let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once([',', '.']).unwrap_or((mantissa, "0"));
    whole.len() == 1
        && is_digits(whole)
        && is_digits(fraction)
        && exponent
            .strip_prefix('+')
            .is_some_and(|digits| is_digits(digits) && digits.len() >= 2)
}

/// Parses a number with a decimal point or comma; any other text is returned unchanged.
fn decimal(cell: &str) -> Value {
    let text = cell.replace(',', ".");
    if let Ok(whole) = text.parse::<i64>() {
        return Value::from(whole);
    }
    text.parse::<f64>()
        .ok()
        .and_then(serde_json::Number::from_f64)
        .map_or_else(|| Value::from(cell), Value::Number)
}

//! The headers by which a client asks for a way of answering or for a condition.

use axum::http::HeaderMap;
use domain::problems::Problem;
use ordinavo_core::customers::client_records::Condition;
use ordinavo_core::{CoreError, CoreResult};

fn values<'a>(headers: &'a HeaderMap, name: &str) -> CoreResult<Vec<&'a str>> {
    headers
        .get_all(name)
        .iter()
        .map(|value| {
            value.to_str().map(str::trim).map_err(|_| {
                CoreError::new(
                    Problem::InvalidHeader,
                    format!("The header {name} has characters that are not allowed."),
                )
            })
        })
        .collect()
}

/// Whether `Prefer: respond-async` was sent (RFC 7240). Other preferences are left alone, as that page says.
///
/// # Errors
/// `invalid_header`.
pub fn asks_to_respond_async(headers: &HeaderMap) -> CoreResult<bool> {
    Ok(values(headers, "prefer")?
        .iter()
        .flat_map(|value| value.split(','))
        .any(|preference| {
            preference
                .split(';')
                .next()
                .is_some_and(|name| name.trim().eq_ignore_ascii_case("respond-async"))
        }))
}

/// The condition of a write: `If-None-Match: *` or `If-Match: *`. Records have no version to compare with, so anything but
/// `*` is a mistake.
///
/// # Errors
/// `invalid_header`.
pub fn condition(headers: &HeaderMap) -> CoreResult<Condition> {
    let star = |name: &str| match values(headers, name)?.as_slice() {
        [] => Ok(false),
        ["*"] => Ok(true),
        _ => Err(CoreError::new(
            Problem::InvalidHeader,
            format!("The header {name} may only be *."),
        )),
    };
    match (star("if-none-match")?, star("if-match")?) {
        (true, true) => Err(CoreError::new(
            Problem::InvalidHeader,
            "If-Match and If-None-Match exclude each other.",
        )),
        (true, false) => Ok(Condition::MustBeNew),
        (false, true) => Ok(Condition::MustExist),
        (false, false) => Ok(Condition::None),
    }
}

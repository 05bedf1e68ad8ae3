//! The request headers `Prefer`, `If-Match` and `If-None-Match`.

use axum::http::HeaderMap;
use domain::problems::Cause;
use ordinavo_core::customers::client_records::Condition;
use ordinavo_core::{CoreError, CoreResult};

fn values<'a>(headers: &'a HeaderMap, name: &str) -> CoreResult<Vec<&'a str>> {
    headers
        .get_all(name)
        .iter()
        .map(|value| {
            value.to_str().map(str::trim).map_err(|_| {
                CoreError::new(Cause::HeaderCharacters {
                    header: name.to_string(),
                })
            })
        })
        .collect()
}

/// Returns whether `Prefer: respond-async` was sent (RFC 7240). Unknown preferences are ignored, as the RFC requires.
///
/// # Errors
/// `invalid_header`.
pub fn prefers_async_response(headers: &HeaderMap) -> CoreResult<bool> {
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

/// Parses the condition of a write: `If-None-Match: *` or `If-Match: *`. Records have no entity tag, so any value except
/// `*` is an error.
///
/// # Errors
/// `invalid_header`.
pub fn condition(headers: &HeaderMap) -> CoreResult<Condition> {
    let star = |name: &str| match values(headers, name)?.as_slice() {
        [] => Ok(false),
        ["*"] => Ok(true),
        _ => Err(CoreError::new(Cause::HeaderNotStar {
            header: name.to_string(),
        })),
    };
    match (star("if-none-match")?, star("if-match")?) {
        (true, true) => Err(CoreError::new(Cause::ConditionsCombined)),
        (true, false) => Ok(Condition::MustBeNew),
        (false, true) => Ok(Condition::MustExist),
        (false, false) => Ok(Condition::None),
    }
}

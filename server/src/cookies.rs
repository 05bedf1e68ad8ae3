//! The cookies of a request.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use tower_sessions::cookie::Cookie;

/// Returns the value of a cookie. HTTP/2 clients may send each cookie in a header of its own.
pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)?
        .value_raw()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn value_is_found_by_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(
            COOKIE,
            HeaderValue::from_static("language=de; at_portal=x;portal_at=nordlicht"),
        );
        headers.append(COOKIE, HeaderValue::from_static("other=a=b"));
        for (name, expected) in [
            ("language", Some("de")),
            ("portal_at", Some("nordlicht")),
            ("other", Some("a=b")),
            ("portal", None),
        ] {
            assert_eq!(value(&headers, name), expected, "{name}");
        }
    }
}

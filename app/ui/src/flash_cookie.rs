//! The message for the next page of a visitor without an account: in a short-lived signed cookie, so that nobody without
//! an account writes to the database.

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tower_sessions::cookie::{Cookie, CookieJar, Key, SameSite, time};

use crate::flash::Flash;

/// The name of the cookie. Its path is that of the pages that read it.
pub const NAME: &str = "ordinavo_flash";
/// The longest value kept for redisplay: that of the longest field of a form without an account, an email address.
const MAX_VALUE_CHARS: usize = 254;
/// Browsers keep cookies of 4,096 bytes.
const MAX_JSON_BYTES: usize = 2_600;
const LIFETIME: time::Duration = time::Duration::minutes(5);

/// Writes and reads the cookie.
#[derive(Clone)]
pub struct FlashCookie {
    key: Key,
    path: &'static str,
    is_secure: bool,
}

impl FlashCookie {
    /// Returns the cookie of the pages below a path.
    pub const fn new(key: Key, path: &'static str, is_secure: bool) -> Self {
        Self { key, path, is_secure }
    }

    /// Returns the header that sets the cookie. If the typed values are too long for it, only the message is kept.
    pub fn seal(&self, flash: Flash) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.signed(flash)?.to_string()).ok()
    }

    /// Returns the message as a value for the address of the next page, where no cookie reaches it, such as in a frame of another
    /// site.
    pub fn seal_value(&self, flash: Flash) -> Option<String> {
        Some(self.signed(flash)?.value().to_owned())
    }

    fn signed(&self, mut flash: Flash) -> Option<Cookie<'static>> {
        flash.values.retain(|_, value| value.chars().count() <= MAX_VALUE_CHARS);
        let mut json = serde_json::to_vec(&flash).ok()?;
        if json.len() > MAX_JSON_BYTES {
            flash.values.clear();
            json = serde_json::to_vec(&flash).ok()?;
        }
        if json.len() > MAX_JSON_BYTES {
            return None;
        }
        let mut jar = CookieJar::new();
        let cookie = self.cookie(URL_SAFE_NO_PAD.encode(json), LIFETIME);
        jar.signed_mut(&self.key).add(cookie);
        jar.get(NAME).cloned()
    }

    /// Returns the message in the value of a cookie; `None` if it was not signed by this server.
    pub fn open(&self, value: &str) -> Option<Flash> {
        let cookie = Cookie::new(NAME, value.to_owned());
        let verified = CookieJar::new().signed(&self.key).verify(cookie)?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(verified.value()).ok()?).ok()
    }

    /// Returns the header that removes the cookie.
    pub fn removal(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.cookie(String::new(), time::Duration::ZERO).to_string()).ok()
    }

    fn cookie(&self, value: String, lifetime: time::Duration) -> Cookie<'static> {
        Cookie::build((NAME, value))
            .path(self.path)
            .max_age(lifetime)
            .same_site(SameSite::Lax)
            .http_only(true)
            .secure(self.is_secure)
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flash(value: &str) -> Flash {
        Flash {
            form: "sign-in".to_owned(),
            values: [("email".to_owned(), value.to_owned())].into(),
            ..Flash::default()
        }
    }

    fn sealed(cookie: &FlashCookie, value: &str) -> String {
        let header = cookie.seal(flash(value)).expect("message fits");
        let header = header.to_str().expect("header is text").to_owned();
        assert!(header.len() < 4_096, "{}", header.len());
        let (pair, _) = header.split_once(';').expect("cookie has attributes");
        pair.split_once('=').expect("cookie has a value").1.to_owned()
    }

    #[test]
    fn open_signed_cookie_returns_short_values_only() {
        let cookie = FlashCookie::new(Key::from(&[7; 64]), "/app", true);
        let read = |value: &str| {
            let opened = cookie.open(&sealed(&cookie, value)).expect("cookie is signed");
            assert_eq!(opened.form, "sign-in");
            opened.values.get("email").cloned()
        };
        assert_eq!(read("a@b.example").as_deref(), Some("a@b.example"));
        assert_eq!(read(&"ä".repeat(254)), Some("ä".repeat(254)));
        assert_eq!(read(&"x".repeat(255)), None);
    }

    #[test]
    fn open_foreign_cookie_returns_none() {
        let cookie = FlashCookie::new(Key::from(&[7; 64]), "/app", true);
        let foreign = FlashCookie::new(Key::from(&[8; 64]), "/app", true);
        for value in [String::new(), "e30".to_owned(), sealed(&foreign, "a@b.example")] {
            assert!(cookie.open(&value).is_none(), "{value}");
        }
    }
}

//! Checks everything that the server sends to customers during tests: pages, data, calendars, files, headers and
//! emails. A leak fails the test that caused it.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::{Router, body};
use domain::intake::mails::MailKind;
use domain::locale::Locale;
use ordinavo::authn::session_cookie;
use ordinavo_core::identity::sessions::Realm;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use tower_sessions::session::Id;

use super::raw::Raw;

/// Prefix of every canary.
pub const CANARY: &str = "zqcanary-";

/// What customers must never receive; the browser tests use the same file.
#[derive(Deserialize)]
struct Forbidden {
    /// Internal JSON members and columns.
    keys: Vec<String>,
    /// Internal terms, in the languages of the portal.
    words: Vec<String>,
    /// Prefixes of internal IDs.
    kinds: Vec<String>,
}

static FORBIDDEN: LazyLock<Forbidden> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../canaries/forbidden.json")).expect("forbidden.json is valid")
});

/// Who receives a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A portal user, in the browser or by email.
    Customer,
    /// A visitor of a form, tracking page or terminal.
    Public,
}

/// Returns everything in a text that this reader must not receive.
pub fn forbidden(text: &str, reader: Reader) -> BTreeSet<String> {
    let mut leaks = BTreeSet::new();
    for (at, _) in text.match_indices(CANARY) {
        let name: String = text[at..]
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || "-_".contains(*letter))
            .collect();
        leaks.insert(name);
    }
    for key in FORBIDDEN
        .keys
        .iter()
        .filter(|key| contains_word(text, key, |letter| letter.is_alphanumeric()))
    {
        leaks.insert(format!("the key {key}"));
    }
    if reader == Reader::Customer {
        let lower = text.to_lowercase();
        for word in FORBIDDEN
            .words
            .iter()
            .filter(|word| contains_word(&lower, word, |letter| letter.is_alphanumeric() || letter == '-'))
        {
            leaks.insert(format!("the word {word}"));
        }
        for kind in &FORBIDDEN.kinds {
            let start = format!("{kind}_");
            for (at, _) in text.match_indices(&start) {
                let before = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
                let length = text[at + start.len()..]
                    .chars()
                    .take_while(char::is_ascii_alphanumeric)
                    .count();
                if !before && length >= 20 {
                    leaks.insert(format!("an id of the kind {kind}"));
                }
            }
        }
    }
    leaks
}

/// Whether a text contains a word that is not part of a longer one. A key that ends with `_` can be followed by
/// anything.
fn contains_word(text: &str, word: &str, is_part: impl Fn(char) -> bool) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(&is_part);
        let after = text[at + word.len()..].chars().next().is_some_and(&is_part);
        !before && (word.ends_with('_') || !after)
    })
}

/// Returns the names of customers in a text that the user has no access to.
pub fn foreign_names<'a>(text: &str, own: &[String], all: &'a [String]) -> Vec<&'a str> {
    all.iter()
        .filter(|name| name.chars().count() >= 6 && !own.iter().any(|own| own.contains(name.as_str())))
        .filter(|name| text.contains(name.as_str()) || text.contains(&name.replace('&', "&amp;")))
        .map(String::as_str)
        .collect()
}

/// Collects the leaks of one server.
pub struct LeakWatch {
    address: String,
    raw: OnceCell<Raw>,
    leaks: Mutex<BTreeSet<String>>,
}

impl LeakWatch {
    pub fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            raw: OnceCell::new(),
            leaks: Mutex::default(),
        }
    }

    async fn raw(&self) -> &Raw {
        self.raw.get_or_init(|| Raw::open(&self.address)).await
    }

    fn add(&self, what: impl IntoIterator<Item = String>) {
        self.leaks.lock().expect("lock is not poisoned").extend(what);
    }

    /// Returns and clears the leaks found so far.
    pub fn take_leaks(&self) -> Vec<String> {
        std::mem::take(&mut *self.leaks.lock().expect("lock is not poisoned"))
            .into_iter()
            .collect()
    }

    /// Returns the leaks found in responses and in the emails of the outbox.
    pub fn finish(&self) -> Vec<String> {
        let address = self.address.clone();
        // The server may be dropped inside a runtime, so read the emails on another thread.
        let mails = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("runtime is created");
            runtime.block_on(async {
                let raw = Raw::open(&address).await;
                let mails = raw
                    .texts("SELECT kind, locale, CAST(data AS TEXT), recipient FROM mail")
                    .await;
                raw.close().await;
                mails
            })
        });
        let mails = mails.join().unwrap_or_default();
        let mut leaks = self.take_leaks();
        for mail in mails {
            leaks.extend(in_mail(&mail));
        }
        leaks
    }

    /// Returns the customers that the account of a session has or had access to, and all customers.
    async fn customers(&self, headers: &HeaderMap) -> (Vec<String>, Vec<String>) {
        // Without a session, there is no access.
        let hash = session(headers).map_or_else(String::new, |session| hex(&Sha256::digest(session.0.to_be_bytes())));
        let raw = self.raw().await;
        let is_it = match raw {
            Raw::Sqlite(_) => format!("lower(hex(s.id_hash)) = '{hash}'"),
            Raw::Postgres(_) => format!("encode(s.id_hash, 'hex') = '{hash}'"),
        };
        let rows = raw
            .texts(&format!(
                "SELECT c.name, CASE WHEN EXISTS (SELECT 1 FROM portal_session s JOIN portal_grant g ON g.tenant_id = s.tenant_id \
                 AND g.portal_account_id = s.account_id WHERE {is_it} AND g.tenant_id = c.tenant_id AND g.customer_id = c.id) \
                 THEN 'own' ELSE 'other' END FROM customer c"
            ))
            .await;
        let own = rows
            .iter()
            .filter(|row| row[1] == "own")
            .map(|row| row[0].clone())
            .collect();
        (own, rows.into_iter().map(|mut row| row.swap_remove(0)).collect())
    }
}

/// Returns the portal session of a request. The cookie is a signature followed by the session ID.
fn session(headers: &HeaderMap) -> Option<Id> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    let (_, value) = cookies
        .split("; ")
        .filter_map(|cookie| cookie.split_once('='))
        .find(|(name, _)| name.ends_with(session_cookie::name(Realm::Portal)))?;
    value.get(value.len().checked_sub(22)?..)?.parse().ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn in_mail(mail: &[String]) -> Vec<String> {
    let [kind, locale, data, recipient] = mail else {
        unreachable!("four columns");
    };
    let (Some(kind), Some(locale), Ok(data)) = (
        MailKind::from_name(kind),
        Locale::from_tag(locale),
        serde_json::from_str(data),
    ) else {
        return vec![format!("an invalid mail: {mail:?}")];
    };
    // Administrators and partners read these emails, no customer does.
    if kind.is_about_endpoint() {
        return Vec::new();
    }
    let words = ui::mails::render(
        kind,
        locale,
        &data,
        "https://portal.example/link",
        Some("https://portal.example/no"),
    );
    let text = format!("{}\n{}\n{}", words.subject, words.text, words.html);
    // Emails about the accounts of staff and partners greet their holders by name.
    let is_for_staff = matches!(
        kind,
        MailKind::AccountInvitation
            | MailKind::AccountEmail
            | MailKind::AccountEmailChanged
            | MailKind::AccountPassword
            | MailKind::AccountPasswordChanged
            | MailKind::AccountPasskeyAdded
            | MailKind::AccountPasskeyRemoved
            | MailKind::AccountTwoFactorEnabled
            | MailKind::AccountTwoFactorDisabled
    );
    let is_own_name = |what: &str| is_for_staff && what.ends_with("_account-display_name");
    forbidden(&text, Reader::Customer)
        .into_iter()
        .filter(|what| !is_own_name(what))
        .map(|what| format!("mail {kind:?} to {recipient}: {what}"))
        .collect()
}

/// Adds the watch to the routes of a server.
pub fn add_layer(routes: Router, watch: &Arc<LeakWatch>) -> Router {
    routes.layer(middleware::from_fn_with_state(watch.clone(), inspect_response))
}

/// Returns who receives responses of a path; `None` for staff, partners and programs.
fn reader(path: &str) -> Option<Reader> {
    let first = path.split('/').nth(1)?;
    match first {
        "portal" => Some(Reader::Customer),
        "app" | "partner" | "api" | "docs" | "pkg" | "healthz" | "readyz" => None,
        _ => Some(Reader::Public),
    }
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("text/");
    kind.starts_with("text/") || kind.contains("json") || kind.contains("javascript")
}

async fn inspect_response(State(watch): State<Arc<LeakWatch>>, request: Request, next: Next) -> Response {
    let Some(reader) = reader(request.uri().path()) else {
        return next.run(request).await;
    };
    let call = format!("{} {}", request.method(), request.uri().path());
    // A feed is requested without a session; `permissions::portal_isolation` checks its content.
    let is_feed = request.uri().path().starts_with("/portal/feed/");
    let (own, all) = match reader {
        Reader::Customer if !is_feed => watch.customers(request.headers()).await,
        Reader::Customer | Reader::Public => Default::default(),
    };
    let (parts, body) = next.run(request).await.into_parts();
    let bytes = body::to_bytes(body, usize::MAX).await.unwrap_or_else(|error| {
        watch.add([format!("{call}: the answer breaks off: {error}")]);
        Bytes::new()
    });
    let headers: String = parts
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", read(value)))
        .collect();
    let content = String::from_utf8_lossy(&bytes);
    let mut leaks = forbidden(&headers, reader);
    if is_text(&parts.headers) {
        leaks.extend(forbidden(&content, reader));
        leaks.extend(
            foreign_names(&content, &own, &all)
                .into_iter()
                .map(|name| format!("the customer {name}")),
        );
    } else if content.contains(CANARY) {
        leaks.insert("a canary in a file".to_owned());
    }
    watch.add(
        leaks
            .into_iter()
            .map(|what| format!("{call} ({}): {what}", parts.status)),
    );
    Response::from_parts(parts, Body::from(bytes))
}

fn read(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

//! Reads along whatever the server sends to customers, in every test: pages, data, calendars, files, headers and mails.
//! What it finds fails the test that brought it about.

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
use ordinavo_core::identity::sessions::Realm;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use tower_sessions::session::Id;

use super::raw::Raw;

/// How every canary begins.
pub const CANARY: &str = "zqcanary-";

/// What customers are never sent; the browser tests read the same file.
#[derive(Deserialize)]
struct Forbidden {
    /// Members and columns that only the staff, partners and operators know.
    keys: Vec<String>,
    /// Words of the staff's side, in the languages of the portal.
    words: Vec<String>,
    /// Prefixes of ids that are nobody's business outside.
    kinds: Vec<String>,
}

static FORBIDDEN: LazyLock<Forbidden> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../canaries/forbidden.json")).expect("is JSON"));

/// To whom something is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Somebody at the portal, or the mailbox of one.
    Customer,
    /// Whoever fills in a form, follows a link or stands before a terminal.
    Public,
}

/// What does not belong into a text for customers.
pub fn forbidden(text: &str, reader: Reader) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices(CANARY) {
        let name: String = text[at..]
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || "-_".contains(*letter))
            .collect();
        found.insert(name);
    }
    for key in FORBIDDEN
        .keys
        .iter()
        .filter(|key| has(text, key, |letter| letter.is_alphanumeric()))
    {
        found.insert(format!("the key {key}"));
    }
    if reader == Reader::Customer {
        let lower = text.to_lowercase();
        for word in FORBIDDEN
            .words
            .iter()
            .filter(|word| has(&lower, word, |letter| letter.is_alphanumeric() || letter == '-'))
        {
            found.insert(format!("the word {word}"));
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
                    found.insert(format!("an id of the kind {kind}"));
                }
            }
        }
    }
    found
}

/// Whether a text has a word that is not a part of a longer one. A key that ends with `_` may be followed by anything.
fn has(text: &str, word: &str, is_part: impl Fn(char) -> bool) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(&is_part);
        let after = text[at + word.len()..].chars().next().is_some_and(&is_part);
        !before && (word.ends_with('_') || !after)
    })
}

/// Names of customers that somebody without a part in them is shown.
pub fn foreign_names<'a>(text: &str, own: &[String], all: &'a [String]) -> Vec<&'a str> {
    all.iter()
        .filter(|name| name.chars().count() >= 6 && !own.iter().any(|own| own.contains(name.as_str())))
        .filter(|name| text.contains(name.as_str()) || text.contains(&name.replace('&', "&amp;")))
        .map(String::as_str)
        .collect()
}

/// Reads along with one server.
pub struct Watch {
    address: String,
    raw: OnceCell<Raw>,
    found: Mutex<BTreeSet<String>>,
}

impl Watch {
    pub fn over(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            raw: OnceCell::new(),
            found: Mutex::default(),
        }
    }

    async fn raw(&self) -> &Raw {
        self.raw.get_or_init(|| Raw::open(&self.address)).await
    }

    fn add(&self, what: impl IntoIterator<Item = String>) {
        self.found.lock().expect("not broken").extend(what);
    }

    /// What was found so far, which is then forgotten.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.found.lock().expect("not broken"))
            .into_iter()
            .collect()
    }

    /// What was found in answers, and is in the mails of the outbox.
    pub fn end(&self) -> Vec<String> {
        let address = self.address.clone();
        // Whoever lets go of a server may be in the middle of anything; its mails are read beside that.
        let mails = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
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
        let mut found = self.take();
        for mail in mails {
            found.extend(in_mail(&mail));
        }
        found
    }

    /// The customers whom the account of a session serves or ever served, and all that there are.
    async fn customers(&self, headers: &HeaderMap) -> (Vec<String>, Vec<String>) {
        // Whoever has no session serves no customer.
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

/// The session of the portal that a request belongs to. Its cookie is a signature and the session's id.
fn session(headers: &HeaderMap) -> Option<Id> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    let (_, value) = cookies
        .split("; ")
        .filter_map(|cookie| cookie.split_once('='))
        .find(|(name, _)| name.ends_with(Realm::Portal.cookie()))?;
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
        return vec![format!("a mail that nobody can read: {mail:?}")];
    };
    let words = ui::mails::render(
        kind,
        locale,
        &data,
        "https://portal.example/link",
        Some("https://portal.example/no"),
    );
    let text = format!("{}\n{}\n{}", words.subject, words.text, words.html);
    forbidden(&text, Reader::Customer)
        .into_iter()
        .map(|what| format!("mail {kind:?} to {recipient}: {what}"))
        .collect()
}

/// Puts the watch around a server's routes.
pub fn around(routes: Router, watch: &Arc<Watch>) -> Router {
    routes.layer(middleware::from_fn_with_state(watch.clone(), read_along))
}

/// Whom a path is for; what the staff, partners and programs get is their business.
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

async fn read_along(State(watch): State<Arc<Watch>>, request: Request, next: Next) -> Response {
    let Some(reader) = reader(request.uri().path()) else {
        return next.run(request).await;
    };
    let call = format!("{} {}", request.method(), request.uri().path());
    // A feed is asked for without a session; the walls compare what is in it.
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
    let mut found = forbidden(&headers, reader);
    if is_text(&parts.headers) {
        found.extend(forbidden(&content, reader));
        found.extend(
            foreign_names(&content, &own, &all)
                .into_iter()
                .map(|name| format!("the customer {name}")),
        );
    } else if content.contains(CANARY) {
        found.insert("a canary in a file".to_owned());
    }
    watch.add(
        found
            .into_iter()
            .map(|what| format!("{call} ({}): {what}", parts.status)),
    );
    Response::from_parts(parts, Body::from(bytes))
}

fn read(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

//! Emails to requesters, sent to a real SMTP server on loopback (aiosmtpd from PyPI).

use ordinavo_core::Engine;
use rstest::rstest;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::clock::Clock;

use crate::support::forms::hidden;
use crate::support::public::{COMPLETE, visitor};
use crate::support::{World, world_at};
use ordinavo::config::Config;
use ordinavo::mailer::Mailer;

/// Accepts emails and prints one line for each: recipient, tab, and message with escaped line breaks. Rejects addresses
/// at `refused.example` permanently and the first email to `busy.example` temporarily.
const SMTP: &str = r#"
import asyncio, socket, sys
from aiosmtpd.controller import Controller
seen = set()
class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.endswith("@refused.example"):
            return "550 no such mailbox"
        if address.endswith("@busy.example") and address not in seen:
            seen.add(address)
            return "451 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"
    async def handle_DATA(self, server, session, envelope):
        text = envelope.content.decode("utf-8", "replace").replace("\r\n", "\\n")
        print(envelope.rcpt_tos[0] + "\t" + text, flush=True)
        return "250 OK"
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); port = listener.getsockname()[1]; listener.close()
controller = Controller(Handler(), hostname="127.0.0.1", port=port)
controller.start()
print(port, flush=True)
sys.stdin.read()
"#;

fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

struct Mailbox {
    process: Child,
    lines: std::sync::mpsc::Receiver<String>,
    port: u16,
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Mailbox {
    /// Returns `None` without a Python that has aiosmtpd; `make test` always provides one.
    fn open() -> Option<Self> {
        let python = std::env::var("ORDINAVO_TEST_PYTHON").ok()?;
        let mut process = Command::new(python)
            .args(["-c", SMTP])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("SMTP server starts");
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let port = lines
            .recv_timeout(Duration::from_secs(20))
            .expect("SMTP server starts")
            .parse()
            .expect("SMTP server starts");
        Some(Self { process, lines, port })
    }

    fn next(&self) -> (String, String) {
        let line = self.lines.recv_timeout(Duration::from_secs(20)).expect("email arrives");
        let (to, text) = line.split_once('\t').unwrap();
        (to.to_owned(), text.replace("\\n", "\n"))
    }

    fn mailer(&self, world: &World) -> Mailer {
        let config = Config {
            smtp_url: Some(format!("smtp://127.0.0.1:{}", self.port)),
            public_url: world.url.clone(),
            ..Config::default()
        };
        Mailer::open(&config).unwrap().unwrap()
    }
}

/// Decodes quoted-printable text.
fn decoded(message: &str) -> String {
    let joined = message.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let [first, after @ ..] = rest {
        let code = (*first == b'=' && after.len() >= 2)
            .then(|| std::str::from_utf8(&after[..2]).ok())
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn emails_are_sent_to_requester_after_final_decisions(#[case] engine: Engine) {
    let Some(mailbox) = Mailbox::open() else {
        eprintln!("skipped: no Python with aiosmtpd");
        return;
    };
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    // Emails of the demo data are not part of this test.
    world.sql("UPDATE mail SET status = 'cancelled'").await;
    let mailer = mailbox.mailer(&world);
    let staff = world.staff("nordlicht", "dispatcher").await;
    let admin = world.staff("nordlicht", "admin").await;
    for (action, field) in [
        ("/app/fn/set-portal-contact", ("email", "service@müller-lift.example")),
        ("/app/fn/set-portal-colour", ("colour", "#115533")),
    ] {
        world.send_shown(&admin, "/app/settings/portal", action, &[field]).await;
    }
    let ticket = world.ticket("nordlicht-service").await;
    world.core.clock().advance(TimeDelta::seconds(5));
    let mut fields = COMPLETE.to_vec();
    fields[1] = ("description", "Eta: CANARY-typed text");
    let answer = world.send_form("nordlicht-service", &ticket, true, &fields, &[]).await;
    let tracking = answer.headers()["location"]
        .to_str()
        .unwrap()
        .split('?')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(mailer.send_due(&world.core).await.unwrap(), 1);
    let (to, message) = mailbox.next();
    let text = decoded(&message);
    assert_eq!(to, "mona@example.org");
    for part in [
        "Subject: ",
        "multipart/alternative",
        "Auto-Submitted: auto-generated",
        "List-Unsubscribe: <",
        // Answers go to the organization, and the button has its color.
        "service@xn--mller-lift-9db.example",
        "\nReply-To: ",
        "background:#115533",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Hello,",
        tracking.as_str(),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !text.contains("CANARY"),
        "the address is not verified, so the email contains no user input"
    );

    // Notes send no email; a decision sends one when it can no longer be undone.
    let inside = world.in_inbox(&staff, "Eta").await;
    let id = inside.rsplit('/').next().unwrap().to_owned();
    world
        .send(&staff, "/app/fn/add-note", &[("request", &id), ("note", "CANARY note")])
        .await;
    world
        .send(
            &staff,
            "/app/fn/set-priority",
            &[("request", &id), ("priority", "high")],
        )
        .await;
    assert_eq!(mailer.send_due(&world.core).await.unwrap(), 0);
    world
        .send(
            &staff,
            "/app/fn/reject-request",
            &[("request", &id), ("reason", "by mistake")],
        )
        .await;
    assert_eq!(mailer.send_due(&world.core).await.unwrap(), 0, "not within ten seconds");
    let undo = hidden(&world.content(&staff, &inside).await, "undo").unwrap();
    world
        .send(&staff, "/app/fn/undo-decision", &[("undo", &undo), ("path", &inside)])
        .await;
    let question = [
        ("request", id.as_str()),
        ("message", "Which lift?\r\nBcc: evil@example.org"),
        ("asks", "on"),
    ];
    world.send_message(&staff, &question).await;
    assert_eq!(
        mailer.send_due(&world.core).await.unwrap(),
        1,
        "the question is sent, the rejection is not"
    );
    let (to, message) = mailbox.next();
    assert_eq!(to, "mona@example.org");
    assert!(decoded(&message).contains("> Which lift?") && !message.contains("\nBcc:"));
    assert!(
        !message.contains("List-Unsubscribe"),
        "questions are part of a conversation"
    );

    // One-click unsubscribe, as sent by an email client, stops progress updates.
    let refused = visitor()
        .post(format!("{}{tracking}/no-mails", world.url))
        .form(&[("List-Unsubscribe", "One-Click")])
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), reqwest::StatusCode::OK);
    world.send(&staff, "/app/fn/accept-request", &[("request", &id)]).await;
    world.core.clock().advance(TimeDelta::seconds(11));
    assert_eq!(mailer.send_due(&world.core).await.unwrap(), 0);
    // Unsubscribing covers this request only: entering a foreign address must not stop emails to its owner.
    let mut others = COMPLETE.to_vec();
    others[1] = ("description", "Eta, another one");
    world.submit(&others, &[]).await;
    assert_eq!(mailer.send_due(&world.core).await.unwrap(), 1);
    mailbox.next();
    let admin = world.staff("nordlicht", "admin").await;
    let outbox = world.content(&admin, "/app/settings/mails").await;
    assert!(outbox.contains("Unsubscribed") && outbox.contains("Cancelled") && outbox.contains("Sent"));
    let mail = crate::support::link(&outbox, "/app/settings/mails/mal_").unwrap();
    let token = tracking.rsplit('/').next().unwrap();
    assert!(
        !world.content(&admin, &mail).await.contains(token),
        "the outbox hides the tracking link"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn emails_rejected_temporarily_are_retried(#[case] engine: Engine) {
    let Some(mailbox) = Mailbox::open() else {
        eprintln!("skipped: no Python with aiosmtpd");
        return;
    };
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    world.sql("UPDATE mail SET status = 'cancelled'").await;
    let mailer = mailbox.mailer(&world);
    let staff = world.staff("nordlicht", "dispatcher").await;
    for email in ["a@refused.example", &format!("{}@busy.example", world.engine)] {
        let page = world.content(&staff, "/app/inbox/new").await;
        let nonce = hidden(&page, "nonce").unwrap();
        let fields = [
            ("service_type", "support"),
            ("description", "Theta"),
            ("email", email),
            ("locale", "ar"),
            ("nonce", &nonce),
        ];
        assert!(
            world
                .send(&staff, "/app/fn/record-call", &fields)
                .await
                .starts_with("/app/inbox/req_")
        );
    }
    assert_eq!(mailer.send_due(&world.core).await.unwrap(), 2);
    assert_eq!(mailer.send_due(&world.core).await.unwrap(), 0, "not at once");
    let admin = world.staff("nordlicht", "admin").await;
    let outbox = world.content(&admin, "/app/settings/mails").await;
    assert!(outbox.contains("Failed") && outbox.contains("Queued"), "{outbox}");
    world.core.clock().advance(TimeDelta::seconds(61));
    assert_eq!(mailer.send_due(&world.core).await.unwrap(), 1);
    let (to, message) = mailbox.next();
    assert_eq!(to, format!("{}@busy.example", world.engine));
    assert!(decoded(&message).contains("dir=\"rtl\"") || message.contains("Content-Language: ar"));
    // Concurrent workers never send the same email twice.
    world
        .sql("UPDATE mail SET status = 'waiting', next_attempt_at = created_at WHERE recipient LIKE '%busy.example'")
        .await;
    let (first, second) = tokio::join!(mailer.send_due(&world.core), mailer.send_due(&world.core));
    assert_eq!(first.unwrap() + second.unwrap(), 1);
    mailbox.next();
}

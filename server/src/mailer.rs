//! Sends due mails from the outbox through an SMTP server.

use std::time::Duration;

use domain::intake::mails::greeting_name;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use ordinavo_core::notifications::outbox;
use ordinavo_core::notifications::outbox::{Outcome, OutgoingMail};
use ordinavo_core::{Core, CoreResult};
use tokio::sync::watch;
use tracing::Instrument as _;

use crate::config::Config;
use crate::worker::grace_period;

const SMTP_TIMEOUT: Duration = Duration::from_secs(30);

/// An SMTP client; it connects when the first mail is sent.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    host: String,
}

impl Mailer {
    /// Creates the configured client; with `None`, mails stay in the outbox.
    ///
    /// # Errors
    /// Returns the name of the invalid setting and the reason.
    pub fn open(config: &Config) -> Result<Option<Self>, String> {
        let Some(address) = config.smtp_url.as_deref().filter(|address| !address.is_empty()) else {
            return Ok(None);
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(address)
            .map_err(|error| format!("setting smtp_url: {error}"))?
            .timeout(Some(SMTP_TIMEOUT))
            .build();
        let from = config.sender()?;
        Ok(Some(Self {
            transport,
            host: from.email.domain().to_owned(),
            from,
        }))
    }

    /// Sends all due mails and returns their number.
    pub async fn send_due(&self, core: &Core) -> CoreResult<usize> {
        self.send_due_until(core, &watch::channel(false).1).await
    }

    /// Like [`Self::send_due`]; when `stop` is set, gives back those not attempted.
    pub(crate) async fn send_due_until(&self, core: &Core, stop: &watch::Receiver<bool>) -> CoreResult<usize> {
        let due = outbox::claim(core).await?;
        for (index, mail) in due.iter().enumerate() {
            if *stop.borrow() {
                outbox::release(core, &due[index..]).await?;
                break;
            }
            tokio::select! {
                result = self.attempt(core, mail).instrument(mail.span()) => result?,
                // Whether this mail was accepted is not known: it is sent again when its claim expires.
                () = grace_period(stop.clone()) => {}
            }
        }
        Ok(due.len())
    }

    async fn attempt(&self, core: &Core, mail: &OutgoingMail) -> CoreResult<()> {
        let outcome = self.send(mail).await;
        if let Outcome::Retry(error) | Outcome::Rejected(error) = &outcome {
            tracing::warn!(%error, "failed to send mail");
        }
        let label = match &outcome {
            Outcome::Sent => "sent",
            Outcome::Retry(_) => "retry",
            Outcome::Rejected(_) => "rejected",
        };
        metrics::counter!("ordinavo_emails_total", "outcome" => label).increment(1);
        outbox::record(core, mail, &outcome).await
    }

    async fn send(&self, mail: &OutgoingMail) -> Outcome {
        let message = match self.message(mail) {
            Ok(message) => message,
            Err(error) => return Outcome::Rejected(error),
        };
        match self.transport.send(message).await {
            Ok(_) => Outcome::Sent,
            Err(error) if error.is_permanent() => Outcome::Rejected(error.to_string()),
            Err(error) => Outcome::Retry(error.to_string()),
        }
    }

    fn message(&self, mail: &OutgoingMail) -> Result<Message, String> {
        let content = ui::mails::render(
            mail.kind,
            mail.locale,
            &mail.data,
            &mail.link,
            mail.unsubscribe_link.as_deref(),
        );
        let to = mail
            .recipient
            .parse()
            .map_err(|_| "invalid recipient address".to_owned())?;
        let from = Mailbox::new(Some(mail.data.tenant.clone()), self.from.email.clone());
        let header = |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        let mut message = Message::builder()
            .from(from)
            .to(Mailbox::new(
                mail.data.name.as_deref().and_then(greeting_name).map(str::to_owned),
                to,
            ))
            .subject(content.subject)
            .message_id(Some(format!("<{}@{}>", mail.message_id, self.host)))
            .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
            .raw_header(header("Content-Language", mail.locale.tag().to_owned()));
        if let Some(link) = &mail.unsubscribe_link {
            // One-click unsubscribe (RFC 8058).
            message = message
                .raw_header(header("List-Unsubscribe", format!("<{link}>")))
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
        let part = |kind, body: String| SinglePart::builder().header(kind).body(body);
        message
            .multipart(
                MultiPart::alternative()
                    .singlepart(part(ContentType::TEXT_PLAIN, content.text))
                    .singlepart(part(ContentType::TEXT_HTML, content.html)),
            )
            .map_err(|error| error.to_string())
    }
}

//! Sends due mails from the outbox through an SMTP server.

use std::time::Duration;

use domain::intake::mails::greeting_name;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
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
        let to = smtp_address(&mail.recipient)?;
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
        // Answers go to the organization, not to the address that sends for it.
        let reply_to = mail.data.contact.email.as_deref().map(smtp_address);
        if let Some(Ok(address)) = reply_to {
            message = message.reply_to(Mailbox::new(Some(mail.data.tenant.clone()), address));
        }
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

/// Returns the address as mail servers take it: an internationalized domain is sent in its ASCII form (RFC 5890).
fn smtp_address(recipient: &str) -> Result<Address, String> {
    let invalid = || format!("invalid recipient address: {recipient}");
    let (local, domain) = recipient.rsplit_once('@').ok_or_else(invalid)?;
    let domain = idna::domain_to_ascii(domain).map_err(|_| invalid())?;
    Address::new(local, domain).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smtp_address_of_internationalized_domain_is_ascii() {
        for (typed, expected) in [
            ("info@müller-lift.example", Some("info@xn--mller-lift-9db.example")),
            ("anna@example.org", Some("anna@example.org")),
            ("anna@straße.example", Some("anna@xn--strae-oqa.example")),
            ("a@example..org", None),
            ("no address", None),
        ] {
            assert_eq!(
                smtp_address(typed).ok().map(|address| address.to_string()).as_deref(),
                expected,
                "{typed}"
            );
        }
    }
}

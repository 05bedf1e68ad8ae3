//! The way out for mails: takes what is due from the outbox, puts it into words, and hands it to the SMTP server.

use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use ordinavo_core::notifications::outbox;
use ordinavo_core::notifications::outbox::{Outcome, Outgoing};
use ordinavo_core::{Core, CoreResult};

use crate::config::Config;

/// How long one mail may take.
const LONGEST: Duration = Duration::from_secs(30);

/// A connection to the SMTP server, opened when it is needed.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    host: String,
}

impl Mailer {
    /// The way out that is configured; `None` keeps mails in the outbox.
    ///
    /// # Errors
    /// The name of the setting and what is wrong with it.
    pub fn open(config: &Config) -> Result<Option<Self>, String> {
        let Some(address) = config.smtp_url.as_deref().filter(|address| !address.is_empty()) else {
            return Ok(None);
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(address)
            .map_err(|error| format!("setting smtp_url: {error}"))?
            .timeout(Some(LONGEST))
            .build();
        let from = config.sender()?;
        Ok(Some(Self {
            transport,
            host: from.email.domain().to_owned(),
            from,
        }))
    }

    /// Sends what is due; the answer is how many mails were tried.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn turn(&self, core: &Core) -> CoreResult<usize> {
        let due = outbox::claim(core).await?;
        for mail in &due {
            let outcome = self.send(mail).await;
            if let Outcome::TryAgain(error) | Outcome::Refused(error) = &outcome {
                tracing::warn!(mail = %mail.message_id, %error, "a mail could not be sent");
            }
            outbox::record(core, mail, &outcome).await?;
        }
        Ok(due.len())
    }

    async fn send(&self, mail: &Outgoing) -> Outcome {
        let message = match self.message(mail) {
            Ok(message) => message,
            Err(error) => return Outcome::Refused(error),
        };
        match self.transport.send(message).await {
            Ok(_) => Outcome::Sent,
            Err(error) if error.is_permanent() => Outcome::Refused(error.to_string()),
            Err(error) => Outcome::TryAgain(error.to_string()),
        }
    }

    fn message(&self, mail: &Outgoing) -> Result<Message, String> {
        let words = ui::mails::render(
            mail.kind,
            mail.locale,
            &mail.data,
            &mail.link,
            mail.refuse_link.as_deref(),
        );
        let to = mail
            .recipient
            .parse()
            .map_err(|_| "the address of the recipient is not valid".to_owned())?;
        let from = Mailbox::new(Some(mail.data.tenant.clone()), self.from.email.clone());
        let header = |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        let mut message = Message::builder()
            .from(from)
            .to(Mailbox::new(mail.data.name.clone(), to))
            .subject(words.subject)
            .message_id(Some(format!("<{}@{}>", mail.message_id, self.host)))
            .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
            .raw_header(header("Content-Language", mail.locale.tag().to_owned()));
        if let Some(link) = &mail.refuse_link {
            // One click in the mail program (RFC 8058).
            message = message
                .raw_header(header("List-Unsubscribe", format!("<{link}>")))
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
        let part = |kind, body: String| SinglePart::builder().header(kind).body(body);
        message
            .multipart(
                MultiPart::alternative()
                    .singlepart(part(ContentType::TEXT_PLAIN, words.text))
                    .singlepart(part(ContentType::TEXT_HTML, words.html)),
            )
            .map_err(|error| error.to_string())
    }
}

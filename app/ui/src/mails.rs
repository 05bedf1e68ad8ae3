//! Emails in the recipient's language, with the same content as plain text and as HTML.

use domain::branding::{Color, Shades};
use domain::intake::mails::{MailData, MailKind, greeting_name};
use domain::locale::Locale;
use domain::public_language;

use crate::escape::html as escape;
use crate::format;
use crate::i18n::by_key;
use crate::word;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedMail {
    pub subject: String,
    /// The plain-text body.
    pub text: String,
    /// The HTML body.
    pub html: String,
}

/// Renders an email from its stored data. Typed text is escaped; markup in it is never sent.
pub fn render(
    kind: MailKind,
    locale: Locale,
    data: &MailData,
    link: &str,
    unsubscribe_link: Option<&str>,
) -> RenderedMail {
    let content = Content::new(kind, locale, data, link, unsubscribe_link);
    let subject_line = by_key(locale, &format!("mail-{}-subject", kind.name()));
    let subject = match &content.about {
        Some((number, service_label)) => format!("{subject_line} · {number} {service_label}"),
        None => format!("{subject_line} · {}", data.tenant),
    };
    RenderedMail {
        text: content.text(),
        html: html_document(locale, &subject, &content.html_body()),
        subject,
    }
}

/// The parts of an email in its language, the same for plain text and HTML.
struct Content<'a> {
    greeting: String,
    intro: String,
    /// Appointments or offered times.
    windows: Vec<String>,
    /// The time zone of the windows.
    zone_note: Option<String>,
    /// Text that a person has typed.
    message: Option<&'a str>,
    button: String,
    link: &'a str,
    /// Until when the link is valid.
    until: Option<String>,
    /// Number and service of the request; `None` if the email is about the portal.
    about: Option<(String, String)>,
    sender: &'a str,
    /// Phone, email and business hours of the organization, as far as they are set.
    contact: Vec<String>,
    /// The colors of the organization, or ours.
    shades: Shades,
    /// Text and link of the unsubscription.
    unsubscribe: Option<(String, &'a str)>,
}

impl<'a> Content<'a> {
    fn new(
        kind: MailKind,
        locale: Locale,
        data: &'a MailData,
        link: &'a str,
        unsubscribe_link: Option<&'a str>,
    ) -> Self {
        let zone = data.zone.as_deref().unwrap_or("UTC");
        let about = data.number.map(|number| {
            let default_label = || Some(public_language::service_type(data.service_type?, locale).to_owned());
            let service_label = data.service.clone().or_else(default_label).unwrap_or_default();
            (format!("REQ-{number}"), service_label)
        });
        let windows: Vec<String> = data
            .windows
            .iter()
            .map(|(start, end)| {
                format!(
                    "{} {}",
                    format::date(locale, *start, zone),
                    format::span(*start, *end, zone)
                )
            })
            .collect();
        Self {
            greeting: data.name.as_deref().and_then(greeting_name).map_or_else(
                || word!(locale, "mail-greeting"),
                |name| word!(locale, "mail-greeting-name", name = name.to_owned()),
            ),
            intro: by_key(locale, &format!("mail-{}", kind.name())),
            zone_note: (!windows.is_empty())
                .then(|| word!(locale, "mail-zone", zone = format::zone_name(locale, zone))),
            windows,
            message: data.text.as_deref(),
            button: if kind.is_about_account() {
                by_key(locale, &format!("mail-{}-button", kind.name()))
            } else {
                word!(locale, "mail-follow")
            },
            link,
            until: data
                .until
                .map(|until| until_line(kind, locale, format::moment(locale, until, zone))),
            about,
            sender: &data.tenant,
            contact: [&data.contact.phone, &data.contact.email, &data.contact.hours]
                .into_iter()
                .flatten()
                .cloned()
                .chain(
                    data.contact
                        .emergency
                        .iter()
                        .map(|number| word!(locale, "mail-emergency", number = number)),
                )
                .collect(),
            shades: data.colour.unwrap_or(Color::DEFAULT).shades(),
            unsubscribe: unsubscribe_link.map(|link| (word!(locale, "mail-refuse"), link)),
        }
    }

    /// Renders the plain-text body.
    fn text(&self) -> String {
        let mut text = format!("{}\n\n{}\n", self.greeting, self.intro);
        for window in &self.windows {
            text.push_str(&format!("\n    {window}"));
        }
        if let Some(note) = &self.zone_note {
            text.push_str(&format!("\n    {note}\n"));
        }
        if let Some(message) = self.message {
            let isolated = isolate_numbers(message, |number| format!("\u{2066}{number}\u{2069}"));
            let quoted: Vec<String> = isolated.lines().map(|line| format!("> {line}")).collect();
            text.push_str(&format!("\n{}\n", quoted.join("\n")));
        }
        text.push_str(&format!("\n{}\n{}\n", self.button, self.link));
        if let Some(until) = &self.until {
            text.push_str(&format!("{until}\n"));
        }
        let footer = match &self.about {
            Some((number, service_label)) => format!("{number} · {service_label}\n{}", self.sender),
            None => self.sender.to_owned(),
        };
        text.push_str(&format!("\n{footer}\n"));
        for line in &self.contact {
            text.push_str(&format!("{line}\n"));
        }
        if let Some((words, link)) = &self.unsubscribe {
            text.push_str(&format!("\n-- \n{words}\n{link}\n"));
        }
        text
    }

    /// Renders the content of the HTML body. Styles are inline, because many mail programs ignore style sheets.
    fn html_body(&self) -> String {
        let mut body = format!("<p>{}</p><p>{}</p>", escape(&self.greeting), escape(&self.intro));
        for window in &self.windows {
            body.push_str(&format!(
                "<p style=\"font-size:18px;font-weight:600;margin:8px 0\"><bdi>{}</bdi></p>",
                escape(window)
            ));
        }
        if let Some(note) = &self.zone_note {
            body.push_str(&format!("<p style=\"color:#5a6472\">{}</p>", escape(note)));
        }
        if let Some(message) = self.message {
            body.push_str(&format!(
                "<blockquote dir=\"auto\" style=\"margin:16px 0;padding:8px 16px;border-inline-start:3px solid {};background:{};color:#1c2430\">{}</blockquote>",
                self.shades.line.light.text(),
                self.shades.fill.light.text(),
                isolate_numbers(&escape(message), |number| format!("<bdi dir=\"ltr\">{number}</bdi>")).replace('\n', "<br>")
            ));
        }
        body.push_str(&format!(
            "<p style=\"margin:24px 0\"><a href=\"{}\" style=\"background:{};color:{};padding:12px 20px;border-radius:8px;text-decoration:none;font-weight:600\">{}</a></p>",
            escape(self.link),
            self.shades.solid.light.text(),
            self.shades.on_solid.light.text(),
            escape(&self.button)
        ));
        if let Some(until) = &self.until {
            body.push_str(&format!("<p style=\"color:#5a6472\">{}</p>", escape(until)));
        }
        let about_line = self.about.as_ref().map_or_else(String::new, |(number, service_label)| {
            format!("<bdi>{number}</bdi> · {}<br>", escape(service_label))
        });
        body.push_str(&format!(
            "<p style=\"color:#5a6472\">{about_line}<bdi>{}</bdi></p>",
            escape(self.sender)
        ));
        if !self.contact.is_empty() {
            let lines: Vec<String> = self
                .contact
                .iter()
                .map(|line| format!("<bdi>{}</bdi>", escape(line)))
                .collect();
            body.push_str(&format!("<p style=\"color:#5a6472\">{}</p>", lines.join("<br>")));
        }
        if let Some((words, link)) = &self.unsubscribe {
            body.push_str(&format!(
                "<hr style=\"border:0;border-top:1px solid #d8dde3\"><p style=\"font-size:12px;color:#5a6472\"><a href=\"{}\" style=\"color:#5a6472\">{}</a></p>",
                escape(link),
                escape(words)
            ));
        }
        body
    }
}

/// Says what the time in an email means: the end of a link, of held events or of the attempts to deliver.
fn until_line(kind: MailKind, locale: Locale, until: String) -> String {
    match kind {
        MailKind::EndpointFailing => word!(locale, "mail-endpoint-disabled-from", until = until),
        _ if kind.is_about_endpoint() => word!(locale, "mail-endpoint-recoverable-until", until = until),
        _ => word!(locale, "mail-until", until = until),
    }
}

/// Renders the HTML document around the body. Webmails take the content of the body only, so language and direction are on an
/// element inside it as well.
fn html_document(locale: Locale, subject: &str, body: &str) -> String {
    let (tag, direction) = (locale.tag(), locale.direction());
    let align = if direction == "rtl" { "right" } else { "left" };
    format!(
        "<!doctype html><html lang=\"{tag}\" dir=\"{direction}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{}</title></head><body style=\"margin:0;background:#f4f5f7;color:#1c2430;font-family:system-ui,sans-serif;font-size:16px;line-height:1.5\"><div lang=\"{tag}\" dir=\"{direction}\" style=\"direction:{direction};text-align:{align};max-width:560px;margin:0 auto;padding:24px;background:#ffffff\">{body}</div></body></html>",
        escape(subject)
    )
}

/// Isolates numbers with signs between their digits, such as phone numbers and times, in text that runs from right to left:
/// otherwise their parts are shown in reverse order.
fn isolate_numbers(text: &str, isolate: impl Fn(&str) -> String) -> String {
    if !text.lines().any(starts_right_to_left) {
        return text.to_owned();
    }
    let is_sign = |character: char| matches!(character, '-' | '–' | '/' | '.' | ':' | ' ' | '(' | ')');
    let (mut result, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find(|character: char| character.is_ascii_digit() || character == '+') {
        let run = rest[start..]
            .find(|character: char| !(character.is_ascii_digit() || is_sign(character) || character == '+'))
            .map_or(rest.len(), |length| start + length);
        // A number ends with a digit.
        let end = rest[start..run]
            .rfind(|character: char| character.is_ascii_digit())
            .map_or(run, |last| start + last + 1);
        result.push_str(&rest[..start]);
        let number = &rest[start..end];
        if number.chars().any(|character| is_sign(character) || character == '+') {
            result.push_str(&isolate(number));
        } else {
            result.push_str(number);
        }
        rest = &rest[end..];
    }
    result.push_str(rest);
    result
}

/// Whether the first letter of a line is of a script that runs from right to left.
fn starts_right_to_left(line: &str) -> bool {
    line.chars().find(|character| character.is_alphabetic()).is_some_and(
        |letter| matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, TimeZone as _, Utc};
    use domain::requests::ServiceType;

    fn data() -> MailData {
        let start = Utc
            .with_ymd_and_hms(2026, 10, 25, 8, 0, 0)
            .single()
            .expect("test timestamp is valid");
        MailData {
            tenant: "Nordlicht <b>Technik</b>".to_owned(),
            name: Some("<script>alert(1)</script>".to_owned()),
            number: Some(1042),
            service: None,
            service_type: Some(ServiceType::Repair),
            text: Some("Which \"device\"?\n<img src=x>".to_owned()),
            windows: vec![(start, start + TimeDelta::hours(2))],
            until: None,
            zone: Some("Europe/Berlin".to_owned()),
            page: None,
            contact: domain::branding::OrganisationContact::default(),
            colour: None,
        }
    }

    #[test]
    fn render_every_kind_has_text_in_every_language() {
        for kind in MailKind::ALL {
            let mut subjects = Vec::new();
            for locale in Locale::ALL {
                let mail = render(
                    *kind,
                    locale,
                    &data(),
                    "https://example.org/track/abc",
                    Some("https://example.org/no"),
                );
                assert!(
                    !mail.subject.contains("mail-") && !mail.text.contains("mail-"),
                    "{mail:?}"
                );
                assert!(mail.text.contains("https://example.org/track/abc"));
                assert!(mail.html.contains(&format!("dir=\"{}\"", locale.direction())));
                // Berlin is at UTC+1 after the clock change of that morning, so 08:00 UTC is 09:00.
                assert!(mail.text.contains("09:00–11:00"), "{}", mail.text);
                subjects.push(mail.subject);
            }
            subjects.dedup();
            assert_eq!(subjects.len(), 3, "{kind:?}");
        }
    }

    #[test]
    fn render_typed_markup_is_escaped() {
        let mail = render(
            MailKind::Question,
            Locale::En,
            &data(),
            "https://example.org/\"><script>",
            None,
        );
        assert!(!mail.html.contains("<script>") && !mail.html.contains("<img") && !mail.html.contains("<b>"));
        assert!(!mail.html.contains("Unsubscribe"));
    }

    #[test]
    fn render_arabic_mail_has_direction_inside_the_body_and_isolated_numbers() {
        let data = MailData {
            text: Some("اتصل بنا على +49 201 12-34 بين 08:00–10:30 في 3 أيام.\nRef 12/34".to_owned()),
            contact: domain::branding::OrganisationContact {
                phone: Some("+49 201 5550".to_owned()),
                email: Some("service@example.org".to_owned()),
                ..Default::default()
            },
            ..data()
        };
        let mail = render(MailKind::Message, Locale::Ar, &data, "https://example.org", None);
        assert!(mail.html.contains("<div lang=\"ar\" dir=\"rtl\""), "{}", mail.html);
        for number in ["+49 201 12-34", "08:00–10:30"] {
            assert!(
                mail.html.contains(&format!("<bdi dir=\"ltr\">{number}</bdi>")),
                "{}",
                mail.html
            );
            assert!(
                mail.text.contains(&format!("\u{2066}{number}\u{2069}")),
                "{}",
                mail.text
            );
        }
        assert!(mail.html.contains("في 3 أيام"), "a single number needs no isolation");
        for contact in ["+49 201 5550", "service@example.org"] {
            assert!(mail.html.contains(contact) && mail.text.contains(contact));
        }
        let english = render(
            MailKind::Message,
            Locale::En,
            &MailData {
                text: Some("Call +49 201 12-34".to_owned()),
                ..data
            },
            "https://example.org",
            None,
        );
        assert!(english.html.contains("Call +49 201 12-34") && !english.text.contains('\u{2066}'));
    }
}

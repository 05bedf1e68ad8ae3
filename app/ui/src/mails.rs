//! The words of mails, in the recipient's language: the same content as plain text and as HTML.

use domain::intake::mails::{MailData, MailKind};
use domain::locale::Locale;
use domain::public_language;

use crate::escape::html as escape;
use crate::format;
use crate::word;
use crate::words::by_key;

/// A mail in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject.
    pub subject: String,
    /// The text without markup.
    pub text: String,
    /// The same with markup.
    pub html: String,
}

/// Puts the words around the frozen content. What people wrote is escaped; no markup of theirs is ever sent.
pub fn render(kind: MailKind, locale: Locale, data: &MailData, link: &str, refuse_link: Option<&str>) -> Rendered {
    // What it is about: a request with its number, or the organisation's portal.
    let about = data.number.map(|number| {
        let built_in = || Some(public_language::service_type(data.service_type?, locale).to_owned());
        let what = data.service.clone().or_else(built_in).unwrap_or_default();
        (format!("REQ-{number}"), what)
    });
    let subject_line = by_key(locale, &format!("mail-{}-subject", kind.name()));
    let subject = match &about {
        Some((number, what)) => format!("{subject_line} · {number} {what}"),
        None => format!("{subject_line} · {}", data.tenant),
    };
    let greeting = data.name.as_ref().map_or_else(
        || word!(locale, "mail-greeting"),
        |name| word!(locale, "mail-greeting-name", name = name.clone()),
    );
    let intro = by_key(locale, &format!("mail-{}", kind.name()));
    let zone = data.zone.as_deref().unwrap_or("UTC");
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
    let zone_note = (!windows.is_empty()).then(|| word!(locale, "mail-zone", zone = zone.to_owned()));
    let until = data
        .until
        .map(|until| word!(locale, "mail-until", until = format::moment(locale, until, zone)));
    let follow = if kind.is_about_account() {
        by_key(locale, &format!("mail-{}-button", kind.name()))
    } else {
        word!(locale, "mail-follow")
    };
    let sign_off = data.tenant.clone();
    let refuse = refuse_link.map(|link| (word!(locale, "mail-refuse"), link));

    let mut text = format!("{greeting}\n\n{intro}\n");
    for window in &windows {
        text.push_str(&format!("\n    {window}"));
    }
    if let Some(note) = &zone_note {
        text.push_str(&format!("\n    {note}\n"));
    }
    if let Some(written) = &data.text {
        let quoted: Vec<String> = written.lines().map(|line| format!("> {line}")).collect();
        text.push_str(&format!("\n{}\n", quoted.join("\n")));
    }
    text.push_str(&format!("\n{follow}\n{link}\n"));
    if let Some(until) = &until {
        text.push_str(&format!("{until}\n"));
    }
    let signed = match &about {
        Some((number, what)) => format!("{number} · {what}\n{sign_off}"),
        None => sign_off.clone(),
    };
    text.push_str(&format!("\n{signed}\n"));
    if let Some((words, link)) = &refuse {
        text.push_str(&format!("\n-- \n{words}\n{link}\n"));
    }

    let mut body = format!("<p>{}</p><p>{}</p>", escape(&greeting), escape(&intro));
    for window in &windows {
        body.push_str(&format!(
            "<p style=\"font-size:18px;font-weight:600;margin:8px 0\"><bdi>{}</bdi></p>",
            escape(window)
        ));
    }
    if let Some(note) = &zone_note {
        body.push_str(&format!("<p style=\"color:#5a6472\">{}</p>", escape(note)));
    }
    if let Some(written) = &data.text {
        body.push_str(&format!(
            "<blockquote dir=\"auto\" style=\"margin:16px 0;padding:8px 16px;border-inline-start:3px solid #0f766e;background:#f1f6f5\">{}</blockquote>",
            escape(written).replace('\n', "<br>")
        ));
    }
    body.push_str(&format!(
        "<p style=\"margin:24px 0\"><a href=\"{}\" style=\"background:#0f766e;color:#ffffff;padding:12px 20px;border-radius:8px;text-decoration:none;font-weight:600\">{}</a></p>",
        escape(link),
        escape(&follow)
    ));
    if let Some(until) = &until {
        body.push_str(&format!("<p style=\"color:#5a6472\">{}</p>", escape(until)));
    }
    let about_line = about.as_ref().map_or_else(String::new, |(number, what)| {
        format!("<bdi>{number}</bdi> · {}<br>", escape(what))
    });
    body.push_str(&format!(
        "<p style=\"color:#5a6472\">{about_line}<bdi>{}</bdi></p>",
        escape(&sign_off)
    ));
    if let Some((words, link)) = &refuse {
        body.push_str(&format!(
            "<hr style=\"border:0;border-top:1px solid #d8dde3\"><p style=\"font-size:12px;color:#5a6472\"><a href=\"{}\" style=\"color:#5a6472\">{}</a></p>",
            escape(link),
            escape(words)
        ));
    }
    let html = format!(
        "<!doctype html><html lang=\"{}\" dir=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{}</title></head><body style=\"margin:0;background:#f4f5f7;color:#1c2430;font-family:system-ui,sans-serif;font-size:16px;line-height:1.5\"><div style=\"max-width:560px;margin:0 auto;padding:24px;background:#ffffff\">{body}</div></body></html>",
        locale.tag(),
        locale.direction(),
        escape(&subject)
    );
    Rendered { subject, text, html }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, TimeZone as _, Utc};
    use domain::requests::ServiceType;

    fn data() -> MailData {
        let start = Utc.with_ymd_and_hms(2026, 10, 25, 8, 0, 0).single().expect("a moment");
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
        }
    }

    #[test]
    fn every_occasion_has_words_in_every_language() {
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
                // The clock went back that morning: eight o'clock UTC is nine in Essen.
                assert!(mail.text.contains("09:00–11:00"), "{}", mail.text);
                subjects.push(mail.subject);
            }
            subjects.dedup();
            assert_eq!(subjects.len(), 3, "{kind:?}");
        }
    }

    #[test]
    fn nobody_elses_markup_is_sent() {
        let mail = render(
            MailKind::Question,
            Locale::En,
            &data(),
            "https://example.org/\"><script>",
            None,
        );
        assert!(!mail.html.contains("<script>") && !mail.html.contains("<img") && !mail.html.contains("<b>"));
        assert!(!mail.html.contains("No more mails"));
    }
}

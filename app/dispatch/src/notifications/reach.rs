//! How the requester of a request is told about it: the one place that says so.

use domain::intake::mails::MailTopic;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::notifications::reach::{EmailReach, FailedMail, Reach, SourceReach};
use ui::format;
use ui::icons::Icon;

use crate::t;

/// Says who is told about a topic and how; a warning where no one is, and the latest email that could not be delivered.
#[component]
pub fn ReachLines(reach: Option<Reach>, topic: MailTopic, locale: Locale, zone: String) -> impl IntoView {
    let reach = reach?;
    let lines = lines(locale, &reach, topic);
    let is_told = reach.is_told(topic);
    let code = code(&reach, topic);
    let class = if is_told { "notice" } else { "notice notice-warn" };
    Some(view! {
        {reach.failed.map(|failed| view! { <FailedMailNotice failed locale zone/> })}
        <div class=class data-testid="reach" data-reach=code>
            {(!is_told).then(|| view! { <Icon name="alert"/> })}
            <ul class="plain">{lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
        </div>
    })
}

/// An email about the request that could not be delivered.
#[component]
fn FailedMailNotice(failed: FailedMail, locale: Locale, zone: String) -> impl IntoView {
    let moment = format::moment(locale, failed.created_at, &zone);
    let error = failed.last_error.unwrap_or_default();
    view! {
        <p class="notice notice-bad" data-testid="mail-failed"><Icon name="alert"/><span>{t!(locale, "reach-failed", address = failed.recipient, moment = moment)}" "<bdi>{error}</bdi></span></p>
    }
}

/// Returns the name of the situation, for tests.
fn code(reach: &Reach, topic: MailTopic) -> &'static str {
    if !reach.channel.notifies_requester() {
        return match &reach.source {
            Some(source) if source.has_endpoint => "webhook",
            _ => "no_webhook",
        };
    }
    match reach.email {
        EmailReach::Sent(_) if reach.muted.contains(&topic) => "muted",
        EmailReach::Sent(_) => "email",
        EmailReach::NoServer(_) => "no_server",
        EmailReach::NoAddress => "no_address",
    }
}

/// Returns the sentences about a requester.
pub(crate) fn lines(locale: Locale, reach: &Reach, topic: MailTopic) -> Vec<String> {
    if !reach.channel.notifies_requester() {
        return reach
            .source
            .as_ref()
            .map(|source| source_line(locale, source))
            .into_iter()
            .collect();
    }
    let mut lines = vec![match &reach.email {
        EmailReach::Sent(address) if reach.muted.contains(&topic) => {
            t!(locale, "reach-muted", address = address.clone())
        }
        EmailReach::Sent(address) => t!(locale, "reach-email", address = address.clone()),
        EmailReach::NoServer(address) => t!(locale, "reach-no-server", address = address.clone()),
        EmailReach::NoAddress => t!(locale, "reach-no-address"),
    }];
    if let Some(name) = &reach.portal_user {
        lines.push(t!(locale, "reach-portal", name = name.clone()));
    } else if reach.has_tracking_page {
        lines.push(t!(locale, "reach-tracking"));
    }
    if !reach.is_told(topic) {
        lines.push(t!(locale, "reach-call"));
    }
    lines
}

/// Returns the sentence about the system that a request or job came from.
pub(crate) fn source_line(locale: Locale, source: &SourceReach) -> String {
    if source.has_endpoint {
        t!(locale, "reach-webhook", source = source.key.clone())
    } else {
        t!(locale, "reach-no-webhook", source = source.key.clone())
    }
}

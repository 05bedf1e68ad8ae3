//! The outbox of emails: sent, queued and failed.

use domain::identity::permissions::{ManageMails, ViewMails};
use domain::ids::MailId;
use domain::intake::mails::MailStatus;
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::notifications;
use ordinavo_core::notifications::held;
use ordinavo_core::notifications::held::HeldMails;
use ui::components::{Chip, ConfirmAction, EmptyState, Fact, Pager, ProblemNotice};
use ui::drafts::owned;
use ui::format;
use ui::page::{cursor, page};
use ui::title::Title;

use crate::i18n::by_key;
use crate::identity::settings_pages::SettingsFrame;
use crate::notifications::actions::ALL;
use crate::shared::{DoneNotice, viewer_staff};
use crate::t;

#[component]
fn MailStatusChip(status: MailStatus, is_held: bool, locale: Locale) -> impl IntoView {
    let tone = match status {
        _ if is_held => Tone::Warn,
        MailStatus::Sent => Tone::Good,
        MailStatus::Queued => Tone::Info,
        MailStatus::Failed => Tone::Bad,
        MailStatus::Cancelled | MailStatus::Unsubscribed => Tone::Neutral,
    };
    let name = if is_held { "held" } else { status.name() };
    view! { <Chip label=by_key(locale, &format!("mail-status-{name}")) tone/> }
}

/// Says how many emails are held, and lets an administrator decide.
#[component]
fn HeldNotice(held: HeldMails, manages: bool, zone: String, locale: Locale) -> impl IntoView {
    let oldest = held
        .oldest
        .map(|at| format::moment(locale, at, &zone))
        .unwrap_or_default();
    view! {
        <div class="notice notice-warn" data-held=held.count>
            <p>{t!(locale, "mails-held", count = held.count, time = oldest)}</p>
            {manages.then(|| view! { <HeldButtons mail=ALL.to_owned() count=usize::try_from(held.count).unwrap_or_default() locale/> })}
        </div>
    }
}

/// The buttons that send or drop one email, or all held ones.
#[component]
fn HeldButtons(mail: String, count: usize, locale: Locale) -> impl IntoView {
    let consequence = t!(locale, "mails-held-drop-consequence", count = count);
    view! {
        <form class="row" method="post" action=owned("/app/fn/send-held-mails")><input type="hidden" name="mail" value=mail.clone()/><button class="button" type="submit">{t!(locale, "mails-held-send")}</button></form>
        <ConfirmAction label=t!(locale, "mails-held-drop") consequence>
            <form method="post" action=owned("/app/fn/drop-held-mails")><input type="hidden" name="mail" value=mail/><button class="button button-bad" type="submit">{t!(locale, "mails-held-drop")}</button></form>
        </ConfirmAction>
    }
}

#[component]
pub fn MailsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let zone = staff.zone().to_owned();
        let found = notifications::list(&request.core, staff.may::<ViewMails>()?, request.cursor("before")).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/app/settings/mails?before={}", cursor(row.created_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| "/app/settings/mails".to_owned());
        let empty = found.rows.is_empty();
        let is_local_only = !request.core.sends_mail();
        let held = held::count(&request.core, staff.may::<ViewMails>()?).await?;
        let manages = staff.has::<ManageMails>();
        Ok(view! {
            <Title text=t!(locale, "mails-title")/>
            <h1>{t!(locale, "mails-title")}</h1>
            {is_local_only.then(|| view! { <p class="notice notice-warn">{t!(locale, "mails-no-server")}</p> })}
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            {(held.count > 0).then(|| view! { <HeldNotice held manages zone=zone.clone() locale/> })}
            {empty.then(|| view! { <EmptyState title=t!(locale, "mails-empty") text=t!(locale, "mails-empty-text")/> })}
            {(!empty).then(|| view! {
                <div class="table-frame" tabindex="0" role="region" aria-label=t!(locale, "mails-title")><table class="table stackable">
                    <thead><tr><th scope="col">{t!(locale, "time")}</th><th scope="col">{t!(locale, "mail-subject")}</th><th scope="col">{t!(locale, "mail-recipient")}</th><th scope="col">{t!(locale, "status")}</th></tr></thead>
                    <tbody>{found.rows.into_iter().map(|row| view! {
                        <tr><td>{format::moment(locale, row.created_at, &zone)}</td><th scope="row"><a href=format!("/app/settings/mails/{}", row.id)>{ui::i18n::by_key(locale, &format!("mail-{}-subject", row.kind.name()))}" "<bdi class="mono">{row.data.number.map(|number| format!("REQ-{number}"))}</bdi></a></th>
                            <td><bdi dir="ltr">{row.recipient}</bdi></td><td><MailStatusChip status=row.status is_held=row.is_held locale/></td></tr>
                    }).collect_view()}</tbody>
                </table></div>
            })}
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <SettingsFrame current="/app/settings/mails">{content}</SettingsFrame> }
}

#[component]
pub fn MailPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let zone = staff.zone().to_owned();
        let id: MailId = request.id("id")?;
        let mail = notifications::get(&request.core, staff.may::<ViewMails>()?, id).await?;
        let mail_locale = Locale::from_tag(&mail.locale).unwrap_or_default();
        // The link gives access to the request, so it is masked in the outbox.
        let link = format!("{}/…", request.core.public_url());
        let created = format::moment(locale, mail.created_at, &zone);
        let sent = mail.sent_at.map(|at| format::moment(locale, at, &zone));
        let rendered = ui::mails::render(mail.kind, mail_locale, &mail.data, &link, None);
        Ok(view! {
            <Title text=rendered.subject.clone()/>
            <p><a href="/app/settings/mails">{t!(locale, "mails-title")}</a></p>
            <header class="title-row"><h1 dir="auto">{rendered.subject}</h1><MailStatusChip status=mail.status is_held=mail.is_held locale/></header>
            {(mail.is_held && staff.has::<ManageMails>()).then(|| view! { <HeldButtons mail=mail.id.to_string() count=1 locale/> })}
            <dl class="facts">
                <Fact name=t!(locale, "mail-recipient")><bdi dir="ltr">{mail.recipient}</bdi></Fact>
                <Fact name=t!(locale, "time")>{created}</Fact>
                {sent.map(|at| view! { <Fact name=t!(locale, "mail-sent")>{at}</Fact> })}
                <Fact name=t!(locale, "mail-attempts")>{mail.attempts}</Fact>
                {mail.request_id.map(|request| view! { <Fact name=t!(locale, "request")><a href=format!("/app/inbox/{request}")><bdi class="mono">{mail.data.number.map(|number| format!("REQ-{number}"))}</bdi></a></Fact> })}
            </dl>
            {mail.last_error.map(|error| view! { <p class="notice notice-bad"><bdi>{error}</bdi></p> })}
            <pre class="code mail-text" tabindex="0" lang=mail_locale.tag() dir=mail_locale.direction()>{rendered.text}</pre>
        }
        .into_any())
    });
    view! { <SettingsFrame current="/app/settings/mails">{content}</SettingsFrame> }
}

//! The outbox of emails: sent, queued and failed.

use domain::identity::permissions::ViewMails;
use domain::ids::MailId;
use domain::intake::mails::MailStatus;
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::notifications;
use ui::components::{Chip, EmptyState, Fact, Pager};
use ui::format;
use ui::page::{cursor, page};
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::viewer_staff;
use crate::shell::AppFrame;
use crate::t;

#[component]
fn MailStatusChip(status: MailStatus, locale: Locale) -> impl IntoView {
    let tone = match status {
        MailStatus::Sent => Tone::Good,
        MailStatus::Queued => Tone::Info,
        MailStatus::Failed => Tone::Bad,
        MailStatus::Cancelled | MailStatus::Unsubscribed => Tone::Neutral,
    };
    view! { <Chip label=by_key(locale, &format!("mail-status-{}", status.name())) tone/> }
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
        Ok(view! {
            <Title text=t!(locale, "mails-title")/>
            <p><a href="/app/settings">{t!(locale, "settings-title")}</a></p>
            <h1>{t!(locale, "mails-title")}</h1>
            {is_local_only.then(|| view! { <p class="notice notice-warn">{t!(locale, "mails-no-server")}</p> })}
            {empty.then(|| view! { <EmptyState title=t!(locale, "mails-empty") text=t!(locale, "mails-empty-text")/> })}
            {(!empty).then(|| view! {
                <div class="table-frame"><table class="table">
                    <thead><tr><th scope="col">{t!(locale, "time")}</th><th scope="col">{t!(locale, "mail-subject")}</th><th scope="col">{t!(locale, "mail-recipient")}</th><th scope="col">{t!(locale, "status")}</th></tr></thead>
                    <tbody>{found.rows.into_iter().map(|row| view! {
                        <tr><td>{format::moment(locale, row.created_at, &zone)}</td><th scope="row"><a href=format!("/app/settings/mails/{}", row.id)>{ui::i18n::by_key(locale, &format!("mail-{}-subject", row.kind.name()))}" "<bdi class="mono">{row.data.number.map(|number| format!("REQ-{number}"))}</bdi></a></th>
                            <td><bdi dir="ltr">{row.recipient}</bdi></td><td><MailStatusChip status=row.status locale/></td></tr>
                    }).collect_view()}</tbody>
                </table></div>
            })}
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/settings">{content}</AppFrame> }
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
            <header class="title-row"><h1 dir="auto">{rendered.subject}</h1><MailStatusChip status=mail.status locale/></header>
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
    view! { <AppFrame current="/app/settings">{content}</AppFrame> }
}

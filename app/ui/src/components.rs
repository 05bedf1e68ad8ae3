//! Chips, boxes, lists and other building blocks of pages.

use chrono::{DateTime, Utc};
use domain::fields::FieldError;
use domain::jobs::targets::TargetStatus;
use domain::lateness::is_visit_late;
use domain::locale::Locale;
use domain::public_language::{PublicStatus, Tone};
use domain::requests::Priority;
use domain::visits::reports::ReportStatus;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use ordinavo_core::Core;

use crate::i18n::by_key;
use crate::icons::Icon;
use crate::islands::CopyText;
use crate::viewer::Viewer;
use crate::{flash::Flash, i18n, word};

/// A status chip. Color is never the only sign: the label is always shown.
#[component]
pub fn Chip(#[prop(into)] label: String, tone: Tone) -> impl IntoView {
    view! { <span class=format!("chip chip-{}", tone.name())>{label}</span> }
}

#[component]
pub fn StatusChip(status: PublicStatus) -> impl IntoView {
    view! { <Chip label=status.label.into_owned() tone=status.tone/> }
}

/// The status of a job in staff wording.
#[component]
pub fn TargetChip(status: TargetStatus, locale: Locale) -> impl IntoView {
    let tone = match status {
        TargetStatus::Scheduled | TargetStatus::Dispatched | TargetStatus::EnRoute | TargetStatus::OnSite => Tone::Info,
        TargetStatus::Completed => Tone::Good,
        TargetStatus::NotCompleted => Tone::Bad,
        TargetStatus::Open | TargetStatus::Cancelled => Tone::Neutral,
    };
    view! { <Chip label=by_key(locale, &format!("target-{}", status.name())) tone/> }
}

/// The status of a visit report in staff wording.
#[component]
pub fn ReportChip(status: ReportStatus, locale: Locale) -> impl IntoView {
    let tone = match status {
        ReportStatus::Draft => Tone::Neutral,
        ReportStatus::Submitted => Tone::Warn,
        ReportStatus::Approved => Tone::Good,
        ReportStatus::Returned => Tone::Bad,
    };
    view! { <Chip label=by_key(locale, &format!("report-{}", status.name())) tone/> }
}

/// The mark of a visit that should have taken place; nothing while it is on time.
#[component]
pub fn LateVisitMark(status: TargetStatus, ends_at: Option<DateTime<Utc>>, locale: Locale) -> impl IntoView {
    let now = use_context::<Viewer>().map(|viewer| viewer.now);
    let is_late = ends_at
        .zip(now)
        .is_some_and(|(ends_at, now)| is_visit_late(status, ends_at, now));
    is_late.then(|| view! { <span data-late="visit"><Chip label=word!(locale, "late") tone=Tone::Bad/></span> })
}

/// The mark of a row on whose page the reader has typed something and not sent it.
#[component]
pub fn DraftMark(locale: Locale) -> impl IntoView {
    view! { <span data-draft=""><Chip label=word!(locale, "draft-mark") tone=Tone::Info/></span> }
}

/// The priority chip; nothing for normal priority.
#[component]
pub fn PriorityMark(priority: Priority, locale: Locale) -> impl IntoView {
    let tone = match priority {
        Priority::Urgent => Tone::Bad,
        Priority::High => Tone::Warn,
        Priority::Normal | Priority::Low => Tone::Neutral,
    };
    (priority != Priority::Normal)
        .then(|| view! { <Chip label=by_key(locale, &format!("priority-{}", priority.name())) tone/> })
}

/// An ID with a copy button: monospaced and always left to right.
#[component]
pub fn Identifier(#[prop(into)] text: String, locale: Locale) -> impl IntoView {
    let (label, done) = (word!(locale, "copy"), word!(locale, "copied"));
    view! {
        <span class="identifier"><bdi class="mono" dir="ltr">{text.clone()}</bdi><CopyText text label done/></span>
    }
}

/// A box for text that only the team sees.
#[component]
pub fn InternalBox(locale: Locale, children: Children) -> impl IntoView {
    view! {
        <section class="box box-internal">
            <p class="box-label"><Icon name="lock"/>{word!(locale, "visible-to-team")}</p>
            {children()}
        </section>
    }
}

/// A box for text that the customer will read.
#[component]
pub fn CustomerVisibleBox(locale: Locale, children: Children) -> impl IntoView {
    view! {
        <section class="box box-outward">
            <p class="box-label"><Icon name="eye"/>{word!(locale, "visible-to-customer")}</p>
            {children()}
        </section>
    }
}

/// The empty state of a list: what will appear and what to do.
#[component]
pub fn EmptyState(
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    #[prop(default = "circle")] icon: &'static str,
) -> impl IntoView {
    view! {
        <div class="empty"><Icon name=icon/><p class="empty-title">{title}</p><p>{text}</p></div>
    }
}

/// A success message. `key` is that of its text, for scripts and tests.
#[component]
pub fn SuccessNotice(#[prop(into)] text: String, #[prop(optional, into)] key: Option<String>) -> impl IntoView {
    view! { <p class="notice notice-good" role="status" data-done=key><Icon name="check"/>{text}</p> }
}

/// A label and its value.
#[component]
pub fn Fact(#[prop(into)] name: String, children: Children) -> impl IntoView {
    view! { <div class="fact"><dt>{name}</dt><dd>{children()}</dd></div> }
}

/// Links to the next page of a list and back to the first.
#[component]
pub fn Pager(locale: Locale, next: Option<String>, first: Option<String>) -> impl IntoView {
    (next.is_some() || first.is_some()).then(|| {
        view! {
            <nav class="pager" aria-label=word!(locale, "next-page")>
                {first.map(|href| view! { <a class="button" href=href>{word!(locale, "first-page")}</a> })}
                {next.map(|href| view! { <a class="button" href=href rel="next">{word!(locale, "next-page")}</a> })}
            </nav>
        }
    })
}

/// Says that emails cannot be sent, where a page is about to promise one; nothing with a mail server.
#[component]
pub fn NoMailServer(locale: Locale) -> impl IntoView {
    let core = use_context::<Core>()?;
    (!core.sends_mail())
        .then(|| view! { <p class="notice notice-warn" data-testid="no-mail-server"><Icon name="alert"/><span>{word!(locale, "no-mail-server")}</span></p> })
}

/// An action that needs confirmation: opens to explain the consequence before the action can be run.
#[component]
pub fn ConfirmAction(
    #[prop(into)] label: String,
    #[prop(into)] consequence: String,
    #[prop(optional)] open: bool,
    #[prop(optional)] key: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    view! {
        <details class="weighty" open=open>
            <summary class="button" data-key=key aria-keyshortcuts=key>{label}{key.map(|key| view! { <kbd aria-hidden="true">{key}</kbd> })}</summary>
            <div class="weighty-body"><p>{consequence}</p>{children()}</div>
        </details>
    }
}

/// One call of a browser function, which is not worth an island in the bundles of customers.
const PRINT: &str = "for (const button of document.querySelectorAll('[data-print]')) { button.hidden = false; button.addEventListener('click', () => print()); }";

/// A button that prints the page. Hidden without JavaScript, because the browser's own command remains.
#[component]
pub fn PrintButton(#[prop(into)] label: String) -> impl IntoView {
    view! {
        <button class="button" type="button" data-print="" hidden=true><Icon name="printer"/>{label}</button>
        <script nonce=use_nonce()>{PRINT}</script>
    }
}

/// The files that were left out of what was sent, with the reasons.
#[component]
pub fn RefusedFiles(locale: Locale, refused: Vec<FieldError>) -> impl IntoView {
    (!refused.is_empty()).then(|| {
        view! {
            <div class="notice notice-warn" role="status" data-testid="refused-files">
                <div>
                    <p><strong>{word!(locale, "files-refused", count = refused.len())}</strong></p>
                    <ul>
                        {refused.into_iter().map(|error| {
                            let code = error.code.code().to_owned();
                            view! { <li data-code=code>{i18n::errors::field_code(locale, &error.code)}</li> }
                        }).collect_view()}
                    </ul>
                    <p>{word!(locale, "files-refused-advice")}</p>
                </div>
            </div>
        }
    })
}

/// The errors of an action that has no fields on this page.
#[component]
pub fn ProblemNotice(locale: Locale, flash: Option<Flash>, request_id: String) -> impl IntoView {
    let texts: Vec<(String, String)> = flash
        .filter(|flash| flash.form.is_empty() && flash.done.is_none())
        .map_or_else(Vec::new, |flash| {
            let fields = flash.errors.iter().map(|error| {
                (
                    error.code.code().to_owned(),
                    i18n::errors::field_code(locale, &error.code),
                )
            });
            let problem = flash
                .cause
                .iter()
                .map(|cause| (cause.problem().code().to_owned(), i18n::errors::cause(locale, cause)))
                .filter(|_| flash.errors.is_empty());
            fields.chain(problem).collect()
        });
    (!texts.is_empty()).then(|| {
        view! {
            <div class="notice notice-bad" role="alert">
                {texts.into_iter().map(|(code, sentence)| view! { <p data-code=code>{sentence}</p> }).collect_view()}
                <p class="quiet">{word!(locale, "request-id")}" "<bdi class="mono">{request_id}</bdi></p>
            </div>
        }
    })
}

/// The content of an error page.
#[component]
pub fn ErrorPage(
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    locale: Locale,
    request_id: String,
) -> impl IntoView {
    view! {
        <div class="instead">
            <h1>{title}</h1>
            <p>{text}</p>
            <p class="quiet">{word!(locale, "request-id")}" "<bdi class="mono">{request_id}</bdi></p>
        </div>
    }
}

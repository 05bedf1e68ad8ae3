//! The audit log: its entries, and the result of the last verification.

use domain::identity::permissions::ViewAudit;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::audit;
use ordinavo_core::audit::model::AuditEntry;
use ordinavo_core::audit::verification::{ChainProblem, Verification};
use ordinavo_core::page::Page;
use ui::components::{Pager, SuccessNotice};
use ui::drafts::owned;
use ui::flash::{Flash, SHOWN_ONCE};
use ui::format;
use ui::page::page;
use ui::title::Title;

use crate::identity::settings_pages::SettingsFrame;
use crate::shared::viewer_staff;
use crate::t;

/// The path of the page.
pub const PAGE: &str = "/app/settings/audit";

/// `/app/settings/audit`.
#[component]
pub fn AuditPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let before: Option<i64> = request.query("before").parse().ok();
        let entries = audit::page(&request.core, staff.may::<ViewAudit>()?, before).await?;
        let verification = verification_result(request.flash.as_ref());
        let zone = staff.zone().to_owned();
        Ok(view! {
            <Title text=t!(locale, "audit-title")/>
            <h1>{t!(locale, "audit-title")}</h1>
            <AuditLog entries is_first=before.is_none() verification zone locale/>
        }
        .into_any())
    });
    view! { <SettingsFrame current=PAGE>{content}</SettingsFrame> }
}

/// Returns the result of a verification that ended in a redirect to this page.
fn verification_result(flash: Option<&Flash>) -> Option<Verification> {
    serde_json::from_str(flash?.values.get(SHOWN_ONCE)?).ok()
}

/// The entries of the audit log, and the result of a verification if one was requested.
#[component]
fn AuditLog(
    entries: Page<AuditEntry>,
    is_first: bool,
    verification: Option<Verification>,
    zone: String,
    locale: Locale,
) -> impl IntoView {
    let next = entries
        .rows
        .last()
        .filter(|_| entries.has_more)
        .map(|row| format!("{PAGE}?before={}", row.sequence));
    let first = (!is_first).then(|| PAGE.to_owned());
    let result = verification.map(|verification| view! { <VerificationNotice verification zone=zone.clone() locale/> });
    view! {
        <section id="audit">
            <form method="post" action=owned("/app/fn/verify-audit")><button class="button" type="submit">{t!(locale, "audit-verify")}</button></form>
            {result}
            <div class="table-frame" tabindex="0" role="region" aria-label=t!(locale, "audit-title")><table class="table stackable">
                <thead><tr><th scope="col" class="right">"#"</th><th scope="col">{t!(locale, "time")}</th><th scope="col">{t!(locale, "actor")}</th><th scope="col">{t!(locale, "action")}</th><th scope="col">{t!(locale, "subject")}</th></tr></thead>
                <tbody>{entries.rows.into_iter().map(|row| view! {
                    <tr><td class="right">{row.sequence}</td><td class="when">{format::moment(locale, row.at, &zone)}</td><td><bdi class="mono small">{row.actor}</bdi></td><td><bdi class="mono">{row.action}</bdi></td><td><bdi class="mono small">{row.subject}</bdi></td></tr>
                }).collect_view()}</tbody>
            </table></div>
            <Pager locale next first/>
        </section>
    }
}

/// Says which entries were verified, until when, and against what.
#[component]
fn VerificationNotice(verification: Verification, zone: String, locale: Locale) -> impl IntoView {
    let time = |at| format::moment(locale, at, &zone);
    let code = verification.problem.map_or("intact", problem_code);
    let mut sentences = Vec::new();
    if let Some(problem) = verification.problem {
        sentences.push(problem_sentence(problem, locale));
    }
    sentences.push(match verification.verified_until {
        None => t!(locale, "audit-verified-none"),
        Some(at) => t!(
            locale,
            "audit-verified",
            number = verification.verified,
            time = time(at)
        ),
    });
    let older = verification.keyed_from - 1;
    if older > 0 {
        sentences.push(t!(locale, "audit-verified-older", number = older));
    }
    sentences.push(match verification.checkpoint {
        None => t!(locale, "audit-verified-no-checkpoint"),
        Some(agreed) => t!(
            locale,
            "audit-verified-checkpoint",
            number = agreed.sequence,
            time = time(agreed.at)
        ),
    });
    let text = sentences.join(" ");
    match verification.problem {
        None => view! { <div data-code=code><SuccessNotice text/></div> }.into_any(),
        Some(_) => view! { <p class="notice notice-bad" role="alert" data-code=code>{text}</p> }.into_any(),
    }
}

fn problem_code(problem: ChainProblem) -> &'static str {
    match problem {
        ChainProblem::Entry { .. } => "entry",
        ChainProblem::Missing { .. } => "missing",
        ChainProblem::Surplus { .. } => "surplus",
        ChainProblem::UnknownKey { .. } => "unknown_key",
        ChainProblem::Checkpoint { .. } => "checkpoint",
        ChainProblem::Signature { .. } => "signature",
    }
}

fn problem_sentence(problem: ChainProblem, locale: Locale) -> String {
    match problem {
        ChainProblem::Entry { sequence } => t!(locale, "audit-problem-entry", number = sequence),
        ChainProblem::Missing { from, until } => t!(locale, "audit-problem-missing", from = from, until = until),
        ChainProblem::Surplus { from } => t!(locale, "audit-problem-surplus", number = from),
        ChainProblem::UnknownKey { sequence } => t!(locale, "audit-problem-key", number = sequence),
        ChainProblem::Checkpoint { sequence } => t!(locale, "audit-problem-checkpoint", number = sequence),
        ChainProblem::Signature { sequence } => t!(locale, "audit-problem-signature", number = sequence),
    }
}

//! What happens to each row of a spreadsheet of customers.

use domain::imports::customer_sheet::{Kept, Refusal, RowPlan};
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::imports::customer_sheets::{CellProblem, CustomerSheet, RowResult};
use ui::components::Chip;
use ui::i18n::{by_key as shared_text, errors};

use super::{count, field_label};
use crate::t;

/// How many rows of the file are listed.
const SHOWN_ROWS: usize = 200;

/// The rows of the file, those that are not imported first.
#[component]
pub(super) fn Rows(sheet: CustomerSheet, locale: Locale) -> impl IntoView {
    let total = sheet.lines.len();
    let mut lines = sheet.lines;
    let rank = |result: &RowResult| match result {
        RowResult::Invalid(_) | RowResult::Planned(RowPlan::Refused(_)) => 0,
        RowResult::Planned(RowPlan::Imported { kept, .. }) if !kept.is_empty() => 1,
        RowResult::Planned(RowPlan::Imported { adds, .. }) if !adds.is_nothing() => 2,
        RowResult::Planned(_) => 3,
    };
    lines.sort_by_key(|line| (rank(&line.result), line.line));
    lines.truncate(SHOWN_ROWS);
    let shown = lines.len();
    view! {
        <section class="panel" aria-labelledby="sheet-rows">
            <div class="panel-head"><h2 id="sheet-rows">{t!(locale, "customer-import-rows")}<span class="count">{count(locale, total)}</span></h2>{(shown < total).then(|| view! { <span class="quiet">{t!(locale, "customer-import-shown", count = shown)}</span> })}</div>
            <table class="table stackable" data-testid="sheet-rows">
                <thead><tr><th scope="col">{t!(locale, "customer-import-line")}</th><th scope="col">{t!(locale, "customer")}</th><th scope="col">{t!(locale, "status")}</th></tr></thead>
                <tbody>{lines.into_iter().map(|line| view! {
                    <tr><td class="quiet">{line.line}</td><th scope="row"><bdi>{line.customer}</bdi></th><td><RowState result=line.result locale/></td></tr>
                }).collect_view()}</tbody>
            </table>
        </section>
    }
}

/// What happens to a row, in chips and sentences.
#[component]
fn RowState(result: RowResult, locale: Locale) -> impl IntoView {
    let (chips, sentences): (Vec<_>, Vec<_>) = match result {
        RowResult::Invalid(problems) => (
            vec![(t!(locale, "customer-import-not"), Tone::Bad)],
            problems
                .into_iter()
                .map(|problem| cell_text(locale, &problem))
                .collect(),
        ),
        RowResult::Planned(RowPlan::Refused(refusal)) => (
            vec![(t!(locale, "customer-import-not"), Tone::Bad)],
            vec![refusal_text(locale, &refusal)],
        ),
        RowResult::Planned(RowPlan::Imported { adds, kept, .. }) => {
            let added = [
                (adds.customer, t!(locale, "customer-import-new-customer")),
                (adds.location, t!(locale, "customer-import-new-location")),
                (adds.contact, t!(locale, "customer-import-new-contact")),
            ];
            let mut chips: Vec<_> = added
                .into_iter()
                .filter_map(|(is_added, label)| is_added.then_some((label, Tone::Good)))
                .collect();
            if adds.is_nothing() {
                chips.push((t!(locale, "customer-import-same"), Tone::Neutral));
            }
            (chips, kept.into_iter().map(|kept| kept_text(locale, kept)).collect())
        }
    };
    view! {
        {chips.into_iter().map(|(label, tone)| view! { <Chip label tone/>" " }).collect_view()}
        {sentences.into_iter().map(|(code, text)| view! { <span class="small" data-code=code>{text}" "</span> }).collect_view()}
    }
}

/// Returns why a row is not imported; `None` if it is.
pub(super) fn reason(locale: Locale, result: &RowResult) -> Option<String> {
    let sentences: Vec<String> = match result {
        RowResult::Invalid(problems) => problems.iter().map(|problem| cell_text(locale, problem).1).collect(),
        RowResult::Planned(RowPlan::Refused(refusal)) => vec![refusal_text(locale, refusal).1],
        RowResult::Planned(RowPlan::Imported { .. }) => return None,
    };
    Some(sentences.join(" "))
}

fn cell_text(locale: Locale, problem: &CellProblem) -> (String, String) {
    let (field, code, text) = match problem {
        CellProblem::TooManyCells => return ("too_many_cells".to_owned(), shared_text(locale, "code-too_many_cells")),
        CellProblem::NumberShortened { field } => {
            (*field, "number_shortened", shared_text(locale, "code-number_shortened"))
        }
        CellProblem::NumberPlaceholder => ("number", "number_placeholder", t!(locale, "cell-number-placeholder")),
        CellProblem::Field(error) => (
            error.pointer.as_str(),
            error.code.code(),
            errors::field_code(locale, &error.code),
        ),
    };
    (code.to_owned(), format!("{}: {text}", field_label(locale, field)))
}

fn refusal_text(locale: Locale, refusal: &Refusal) -> (String, String) {
    let text = match refusal {
        Refusal::NameRequired => t!(locale, "refusal-name-required"),
        Refusal::NumberOfOtherName { name } => t!(locale, "refusal-other-name", name = name.clone()),
        Refusal::SameName { number: Some(number) } => t!(locale, "refusal-same-name", number = number.clone()),
        Refusal::SameName { number: None } => t!(locale, "refusal-same-name-no-number"),
        Refusal::Inactive => t!(locale, "refusal-inactive"),
    };
    (refusal.code().to_owned(), text)
}

fn kept_text(locale: Locale, kept: Kept) -> (String, String) {
    let text = match kept {
        Kept::CustomerName => t!(locale, "kept-customer-name"),
        Kept::Location => t!(locale, "kept-location"),
        Kept::Contact => t!(locale, "kept-contact"),
    };
    (kept.code().to_owned(), text)
}

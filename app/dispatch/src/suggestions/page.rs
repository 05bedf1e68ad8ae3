//! Route suggestions: request one, follow its progress, compare it with the current plan, then commit or discard it.

use chrono::NaiveDate;
use domain::dates::parse_day;
use domain::fields::FieldCode;
use domain::identity::permissions::PlanTargets;
use domain::ids::{RouteSuggestionId, TargetId};
use domain::locale::Locale;
use domain::public_language::Tone;
use domain::suggestions::SuggestionStatus;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::suggestions;
use ordinavo_core::suggestions::SuggestionView;
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Chip, EmptyState, ProblemNotice};
use ui::drafts::owned;
use ui::format;
use ui::icons::Icon;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::islands::LivePage;
use crate::scheduling::board::plan::SuggestedPlan;
use crate::scheduling::board::{BoardView, board_path};
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

const LIST: &str = "/app/board/suggestions";

fn tone(status: SuggestionStatus) -> Tone {
    match status {
        SuggestionStatus::Queued | SuggestionStatus::Running => Tone::Info,
        SuggestionStatus::Completed => Tone::Good,
        SuggestionStatus::Failed => Tone::Bad,
        SuggestionStatus::Cancelled | SuggestionStatus::Discarded => Tone::Neutral,
    }
}

fn status_label(locale: Locale, status: SuggestionStatus) -> String {
    by_key(locale, &format!("suggestion-{}", status.name()))
}

#[component]
pub fn SuggestionsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let rows = suggestions::list(&request.core, staff.may::<PlanTargets>()?).await?;
        let empty = rows.is_empty();
        let zone = staff.zone().to_owned();
        Ok(view! {
            <Title text=t!(locale, "suggestions-title")/>
            <PageBar locale title=t!(locale, "suggestions-title") parent=Parent::new("/app/board", t!(locale, "board-title"))/>
            {empty.then(|| view! { <EmptyState icon="navigation" title=t!(locale, "suggestions-empty") text=t!(locale, "suggestions-empty-text")/> })}
            <ul class="lines">{rows.into_iter().map(|row| view! {
                <li><a href=format!("{LIST}/{}", row.id)>{format::day(locale, row.date)}</a><Chip label=status_label(locale, row.status) tone=tone(row.status)/><span class="quiet">{format::moment(locale, row.created_at, &zone)}</span></li>
            }).collect_view()}</ul>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/board">{content}</AppFrame> }
}

#[component]
pub fn SuggestionPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: RouteSuggestionId = request.id("id")?;
        let found = suggestions::get(&request.core, staff.may::<PlanTargets>()?, id).await?;
        let zone = staff.zone().to_owned();
        let status = found.status;
        let title = t!(locale, "suggestion-title", day = format::day(locale, found.date));
        let live = format!("/app/live?suggestion={id}");
        Ok(view! {
            <Title text=title.clone()/>
            <LivePage path=live regions="suggestion".to_owned()/>
            <PageBar locale title=format::day(locale, found.date) parent=Parent::new(LIST, t!(locale, "suggestions-title")) is_trail=true>
                <a class="button" href=board_path(found.date, BoardView::Day)><Icon name="board"/>{t!(locale, "board-title")}</a>
            </PageBar>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <div id="suggestion" class="suggestion">
                <header class="title-row"><h1>{title}</h1><Chip label=status_label(locale, status) tone=tone(status)/></header>
                <SuggestionContent found locale id zone/>
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/board">{content}</AppFrame> }
}

#[component]
fn SuggestionContent(found: SuggestionView, locale: Locale, id: RouteSuggestionId, zone: String) -> impl IntoView {
    let actions = found.actions();
    match (found.status, found.result) {
        (SuggestionStatus::Queued | SuggestionStatus::Running, _) => {
            let done = (found.progress / 10).to_string();
            view! {
                <p role="status"><progress max="100" value=done.clone() aria-label=t!(locale, "suggestion-progress")></progress>" "{done}" %"</p>
                <p class="quiet">{t!(locale, "suggestion-leave-page")}</p>
                <div class="actions">
                    {actions.can_cancel.then(|| view! { <form method="post" action=owned("/app/fn/cancel-suggestion")><input type="hidden" name="id" value=id.to_string()/><button class="button" type="submit">{t!(locale, "suggestion-cancel")}</button></form> })}
                    {found.cancel_requested.then(|| view! { <p>{t!(locale, "suggestion-cancelling")}</p> })}
                    <a class="button" href=format!("{LIST}/{id}")>{t!(locale, "suggestion-refresh")}</a>
                </div>
            }
            .into_any()
        }
        (SuggestionStatus::Completed | SuggestionStatus::Discarded, Some(outcome)) => {
            let may_decide = actions.can_decide;
            view! { <SuggestedPlan outcome=outcome.0 decided=found.decided.0 locale id zone may_decide/> }.into_any()
        }
        (SuggestionStatus::Failed, _) => {
            view! { <p class="notice notice-bad">{t!(locale, "suggestion-failed-text")}</p> }.into_any()
        }
        _ => view! { <p class="notice">{t!(locale, "suggestion-cancelled-text")}</p> }.into_any(),
    }
}

/// The button that requests a suggestion for a day.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DayButton {
    date: String,
}

impl DayButton {
    fn day(&self) -> Option<NaiveDate> {
        parse_day(&self.date)
    }
}

impl ActionForm for DayButton {
    fn back(&self) -> String {
        self.day()
            .map_or_else(|| "/app/board".to_owned(), |day| board_path(day, BoardView::Day))
    }
}

#[server(prefix = "/app/fn", endpoint = "suggest-routes")]
pub async fn suggest_routes(#[server(flatten)] form: DayButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: DayButton| {
        let permit = staff.may::<PlanTargets>()?;
        let day = form
            .day()
            .ok_or_else(|| CoreError::field("date", FieldCode::InvalidDate))?;
        let id = suggestions::request(&core, permit, day).await?;
        Ok(Redirect::without_message(format!("{LIST}/{id}")))
    })
    .await
}

/// A button on the page of a suggestion.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SuggestionButton {
    id: FormId<RouteSuggestionId>,
}

impl ActionForm for SuggestionButton {
    fn back(&self) -> String {
        self.id.path_below(LIST)
    }
}

#[server(prefix = "/app/fn", endpoint = "cancel-suggestion")]
pub async fn stop_suggestion(#[server(flatten)] form: SuggestionButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: SuggestionButton| {
        suggestions::cancel(&core, staff.may::<PlanTargets>()?, form.id.get()?).await?;
        Ok(Redirect::to(form.back(), "done-suggestion-cancelling"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "discard-suggestion")]
pub async fn discard_suggestion(#[server(flatten)] form: SuggestionButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: SuggestionButton| {
        suggestions::discard(&core, staff.may::<PlanTargets>()?, form.id.get()?).await?;
        Ok(Redirect::to(form.back(), "done-suggestion-discarded"))
    })
    .await
}

/// The form that commits a suggestion or one of its jobs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CommitForm {
    id: FormId<RouteSuggestionId>,
    /// The only job to commit; empty for all.
    target: String,
    /// Whether the customers see the appointments: `on` or absent.
    shared: Option<String>,
}

impl ActionForm for CommitForm {
    fn back(&self) -> String {
        self.id.path_below(LIST)
    }
}

#[server(prefix = "/app/fn", endpoint = "commit-suggestion")]
pub async fn commit_suggestion(#[server(flatten)] form: CommitForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: CommitForm| {
        let permit = staff.may::<PlanTargets>()?;
        let single_target: Option<TargetId> = if form.target.is_empty() {
            None
        } else {
            Some(form.target.parse().map_err(|_| CoreError::not_found())?)
        };
        let done = suggestions::commit(&core, permit, form.id.get()?, single_target, form.shared.is_some()).await?;
        let message_key = match (done.committed, done.stale) {
            (_, 0) => "done-suggestion-committed",
            (0, _) => "done-suggestion-stale",
            _ => "done-suggestion-partly",
        };
        Ok(Redirect::to(form.back(), message_key))
    })
    .await
}

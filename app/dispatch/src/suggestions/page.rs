//! A route suggestion: asked for, on its way, beside today's plan with its reasons, committed or discarded.

use chrono::NaiveDate;
use domain::ids::{RouteSuggestionId, TargetId};
use domain::locale::Locale;
use domain::permissions::PlanTargets;
use domain::public_language::Tone;
use domain::suggestions::SuggestionStatus;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::suggestions;
use ordinavo_core::suggestions::SuggestionView;
use ordinavo_core::{Core, CoreError, CoreResult};
use ui::acts::{Next, Sent, act};
use ui::format;
use ui::load::page;
use ui::parts::{Chip, Empty, ProblemNotice};
use ui::title::Title;

use crate::islands::LivePage;
use crate::scheduling::board::plan::Ready;
use crate::scheduling::board::{Look, address};
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::Framed;
use crate::t;
use crate::words::by_key;

const LIST: &str = "/app/board/suggestions";

fn tone(status: SuggestionStatus) -> Tone {
    match status {
        SuggestionStatus::Queued | SuggestionStatus::Running => Tone::Info,
        SuggestionStatus::Completed => Tone::Good,
        SuggestionStatus::Failed => Tone::Bad,
        SuggestionStatus::Cancelled | SuggestionStatus::Discarded => Tone::Neutral,
    }
}

fn status_words(locale: Locale, status: SuggestionStatus) -> String {
    by_key(locale, &format!("suggestion-{}", status.name()))
}

/// `/app/board/suggestions`.
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
            <p><a href="/app/board">{t!(locale, "board-title")}</a></p>
            <h1>{t!(locale, "suggestions-title")}</h1>
            {empty.then(|| view! { <Empty icon="navigation" title=t!(locale, "suggestions-empty") text=t!(locale, "suggestions-empty-text")/> })}
            <ul class="lines">{rows.into_iter().map(|row| view! {
                <li><a href=format!("{LIST}/{}", row.id)>{format::day(locale, row.date)}</a><Chip label=status_words(locale, row.status) tone=tone(row.status)/><span class="quiet">{format::moment(locale, row.created_at, &zone)}</span></li>
            }).collect_view()}</ul>
        }
        .into_any())
    });
    view! { <Framed current="/app/board">{content}</Framed> }
}

/// `/app/board/suggestions/{id}`.
#[component]
pub fn SuggestionPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: RouteSuggestionId = request.id("id")?;
        let found = suggestions::page(&request.core, staff.may::<PlanTargets>()?, id).await?;
        let zone = staff.zone().to_owned();
        let status = found.status;
        let title = t!(locale, "suggestion-title", day = format::day(locale, found.date));
        let live = format!("/app/live?suggestion={id}");
        Ok(view! {
            <Title text=title.clone()/>
            <LivePage path=live regions="suggestion".to_owned()/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <p><a href=address(found.date, Look::Day)>{t!(locale, "board-title")}</a>" · "<a href=LIST>{t!(locale, "suggestions-title")}</a></p>
            <div id="suggestion" class="suggestion">
                <header class="title-row"><h1>{title}</h1><Chip label=status_words(locale, status) tone=tone(status)/></header>
                <Body found locale id zone/>
            </div>
        }
        .into_any())
    });
    view! { <Framed current="/app/board">{content}</Framed> }
}

#[component]
fn Body(found: SuggestionView, locale: Locale, id: RouteSuggestionId, zone: String) -> impl IntoView {
    match (found.status, found.result) {
        (SuggestionStatus::Queued | SuggestionStatus::Running, _) => {
            let done = (found.progress / 10).to_string();
            let stopping = found.cancel_asked;
            view! {
                <p role="status"><progress max="100" value=done.clone() aria-label=t!(locale, "suggestion-progress")></progress>" "{done}" %"</p>
                <p class="quiet">{t!(locale, "suggestion-leave-page")}</p>
                <div class="actions">
                    {(!stopping).then(|| view! { <form method="post" action="/app/fn/stop-suggestion"><input type="hidden" name="id" value=id.to_string()/><button class="button" type="submit">{t!(locale, "suggestion-cancel")}</button></form> })}
                    {stopping.then(|| view! { <p>{t!(locale, "suggestion-cancelling")}</p> })}
                    <a class="button" href=format!("{LIST}/{id}")>{t!(locale, "suggestion-refresh")}</a>
                </div>
            }
            .into_any()
        }
        (status @ (SuggestionStatus::Completed | SuggestionStatus::Discarded), Some(outcome)) => {
            let may_decide = status == SuggestionStatus::Completed;
            view! { <Ready outcome=outcome.0 decided=found.decided.0 locale id zone may_decide/> }.into_any()
        }
        (SuggestionStatus::Failed, _) => {
            view! { <p class="notice notice-bad">{t!(locale, "suggestion-failed-text")}</p> }.into_any()
        }
        _ => view! { <p class="notice">{t!(locale, "suggestion-cancelled-text")}</p> }.into_any(),
    }
}

fn suggestion_id(text: &str) -> CoreResult<RouteSuggestionId> {
    text.parse().map_err(|_| CoreError::not_found())
}

fn sent(back: &str) -> Sent<'static> {
    Sent {
        form: "",
        values: &[],
        back: back.to_owned(),
    }
}

#[server(prefix = "/app/fn", endpoint = "suggest-routes")]
pub async fn suggest_routes(#[server(default)] date: String) -> Result<(), ServerFnError> {
    let day = NaiveDate::parse_from_str(&date, "%Y-%m-%d").ok();
    let back = day.map_or_else(|| "/app/board".to_owned(), |day| address(day, Look::Day));
    act(sent(&back), async |core: Core, staff: Staff| {
        let permit = staff.may::<PlanTargets>()?;
        let day = day.ok_or_else(|| CoreError::field("date", "invalid_date", "Choose a date."))?;
        let id = suggestions::ask(&core, permit, day).await?;
        Ok(Next {
            to: format!("{LIST}/{id}"),
            done: None,
            shown_once: None,
            undo: None,
        })
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "stop-suggestion")]
pub async fn stop_suggestion(#[server(default)] id: String) -> Result<(), ServerFnError> {
    let back = format!("{LIST}/{id}");
    act(sent(&back), async |core: Core, staff: Staff| {
        suggestions::stop(&core, staff.may::<PlanTargets>()?, suggestion_id(&id)?).await?;
        Ok(Next::to(&back, "done-suggestion-cancelling"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "discard-suggestion")]
pub async fn discard_suggestion(#[server(default)] id: String) -> Result<(), ServerFnError> {
    let back = format!("{LIST}/{id}");
    act(sent(&back), async |core: Core, staff: Staff| {
        suggestions::discard(&core, staff.may::<PlanTargets>()?, suggestion_id(&id)?).await?;
        Ok(Next::to(&back, "done-suggestion-discarded"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "commit-suggestion")]
pub async fn commit_suggestion(
    #[server(default)] id: String,
    #[server(default)] target: String,
    #[server(default)] shared: Option<String>,
) -> Result<(), ServerFnError> {
    let back = format!("{LIST}/{id}");
    act(sent(&back), async |core: Core, staff: Staff| {
        let permit = staff.may::<PlanTargets>()?;
        let only: Option<TargetId> = if target.is_empty() {
            None
        } else {
            Some(target.parse().map_err(|_| CoreError::not_found())?)
        };
        let done = suggestions::commit(&core, permit, suggestion_id(&id)?, only, shared.is_some()).await?;
        let words = match (done.committed, done.stale) {
            (_, 0) => "done-suggestion-committed",
            (0, _) => "done-suggestion-stale",
            _ => "done-suggestion-partly",
        };
        Ok(Next::to(&back, words))
    })
    .await
}

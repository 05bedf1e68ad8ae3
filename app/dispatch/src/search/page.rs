//! The page with the results of a search, which the command palette shows too.

use domain::identity::permissions::{ManageCustomers, ViewOperations};
use domain::ids::{ContactId, CustomerId, LocationId, RequestId, TargetId, VisitReportId};
use domain::locale::Locale;
use domain::public_language::{self, Tone};
use domain::search::{Kind, MAX_QUERY_CHARS, Query};
use leptos::prelude::*;
use ordinavo_core::search::{self, Group, Hit, State};
use ui::components::{Chip, EmptyState, LateVisitMark, Pager, ReportChip, StatusChip, TargetChip};
use ui::format;
use ui::icons::Icon;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::{excerpt, service_label, viewer_staff};
use crate::shell::{AppFrame, PageBar};
use crate::t;

/// The address of the page.
pub(crate) const PAGE: &str = "/app/search";
/// The longest part of a description in a result, in characters.
const EXCERPT_CHARS: usize = 90;

#[component]
pub fn SearchPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let text = request.query("q");
        let kind = Kind::from_name(&request.query("kind"));
        let before = request.query("before").parse().ok();
        let kinds = search::kinds(&staff);
        if kinds.is_empty() {
            staff.may::<ViewOperations>()?;
        }
        let query = Query::parse(&text);
        let results = match (kind, query) {
            (_, None) => view! { <EmptyState icon="search" title=t!(locale, "search-start") text=t!(locale, "search-start-text")/> }.into_any(),
            (Some(kind), Some(query)) => {
                let group = search::find_kind(&request.core, &staff, &text, kind, before).await?;
                let href = |before: i64| address(&text, Some(kind), Some(before));
                let next = group.next.map(href);
                let first = before.map(|_: i64| address(&text, Some(kind), None));
                if group.hits.is_empty() {
                    nothing(locale, &text)
                } else {
                    view! { <Hits group query locale/><Pager locale next first/> }.into_any()
                }
            }
            (None, Some(query)) => {
                let found = search::find(&request.core, &staff, &text).await?;
                let import = found.import.map(|import| view! {
                    <section><h2>{t!(locale, "imports-title")}</h2><ul class="hits"><li><a href=format!("/app/imports/{import}")><Icon name="import"/><bdi class="mono">{import.to_string()}</bdi></a></li></ul></section>
                });
                if found.groups.is_empty() && import.is_none() {
                    nothing(locale, &text)
                } else {
                    let groups = found.groups.into_iter().map(|group| {
                        let all = group.has_more.then(|| address(&text, Some(group.kind), None));
                        view! { <Group group all query=query.clone() locale/> }
                    });
                    view! { {import}{groups.collect_view()} }.into_any()
                }
            }
        };
        let tabs = std::iter::once(None).chain(kinds.into_iter().map(Some)).map(|choice| {
            let label = choice.map_or_else(|| t!(locale, "all"), |kind| plural(locale, kind));
            let is_current = (choice == kind).then_some("page");
            view! { <a href=address(&text, choice, None) aria-current=is_current>{label}</a> }
        });
        Ok(view! {
            <Title text=t!(locale, "search-title")/>
            <PageBar locale title=t!(locale, "search-title") is_search=true/>
            <form class="search" method="get" action=PAGE role="search">
                <label for="search-q">{t!(locale, "search-label")}</label>
                <input id="search-q" name="q" type="search" value=text.clone() maxlength=MAX_QUERY_CHARS.to_string() autocomplete="off"/>
                <button class="button" type="submit">{t!(locale, "search-now")}</button>
            </form>
            <nav class="tabs" aria-label=t!(locale, "kind")>{tabs.collect_view()}</nav>
            <div id="found" class="found" data-testid="found">{results}</div>
        }
        .into_any())
    });
    view! { <AppFrame current=PAGE>{content}</AppFrame> }
}

fn address(text: &str, kind: Option<Kind>, before: Option<i64>) -> String {
    let before = before.map(|before| before.to_string()).unwrap_or_default();
    let kind = kind.map_or("", Kind::name);
    format!(
        "{PAGE}?{}",
        format::query([("q", text), ("kind", kind), ("before", &before)])
    )
}

/// Returns the name of a kind in the plural.
fn plural(locale: Locale, kind: Kind) -> String {
    by_key(locale, &format!("search-{}", kind.name()))
}

fn nothing(locale: Locale, text: &str) -> AnyView {
    let staff = viewer_staff().ok();
    let can_add = staff.is_some_and(|staff| staff.has::<ManageCustomers>());
    let create = can_add.then(|| {
        let href = format!("/app/customers/new?{}", format::query([("new_name", text)]));
        view! { <p class="row"><a class="button" href=href><Icon name="plus"/>{t!(locale, "search-create", name = text)}</a></p> }
    });
    view! {
        <EmptyState icon="search" title=t!(locale, "search-nothing") text=t!(locale, "search-nothing-text")/>
        {create}
    }
    .into_any()
}

#[component]
fn Group(group: Group, all: Option<String>, query: Query, locale: Locale) -> impl IntoView {
    let kind = group.kind;
    view! {
        <section>
            <div class="found-head"><h2>{plural(locale, kind)}</h2>
                {all.map(|href| view! { <a class="small" href=href>{t!(locale, "search-all")}</a> })}
            </div>
            <Hits group query locale/>
        </section>
    }
}

#[component]
fn Hits(group: Group, query: Query, locale: Locale) -> impl IntoView {
    let hits = group
        .hits
        .into_iter()
        .map(|hit| view! { <HitRow hit query=query.clone() locale/> });
    view! { <ul class="hits">{hits.collect_view()}</ul> }
}

#[component]
fn HitRow(hit: Hit, query: Query, locale: Locale) -> impl IntoView {
    let title = match hit.kind {
        Kind::Job => service_label(locale, hit.service_type.as_deref()),
        Kind::Request | Kind::Report => hit
            .title
            .as_deref()
            .map(|text| excerpt(text, EXCERPT_CHARS))
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| service_label(locale, hit.service_type.as_deref())),
        Kind::Customer | Kind::Location | Kind::Contact => hit.title.clone().unwrap_or_default(),
    };
    let number = hit.number.map(|number| match hit.kind {
        Kind::Request => format!("REQ-{number}"),
        _ => format::job_number(number),
    });
    let of_details = query.clone();
    let details = hit.details.iter().enumerate().map(move |(at, detail)| {
        let separator = (at > 0).then_some(" · ");
        view! { {separator}<bdi><Marked text=detail.clone() query=of_details.clone()/></bdi> }
    });
    view! {
        <li><a href=href(&hit) data-testid=format!("hit-{}", hit.kind.name())>
            <HitMark kind=hit.kind title=title.clone()/>
            <span class="hit-text"><strong dir="auto"><Marked text=title query/></strong>
                " "<span class="quiet">{number.map(|number| view! { <bdi class="mono" dir="ltr">{number}</bdi>" " })}{details.collect_view()}</span></span>
            <HitState state=hit.state locale/>
        </a></li>
    }
}

/// The avatar of a customer or contact, or the icon of another kind.
#[component]
fn HitMark(kind: Kind, title: String) -> impl IntoView {
    let icon = match kind {
        Kind::Customer => return view! { <span class="avatar avatar-small" aria-hidden="true">{format::initials(&title)}</span> }.into_any(),
        Kind::Contact => return view! { <span class="avatar avatar-small avatar-person" aria-hidden="true">{format::initials(&title)}</span> }.into_any(),
        Kind::Location => "map-pin",
        Kind::Job => "wrench",
        Kind::Request => "inbox",
        Kind::Report => "clipboard",
    };
    view! { <span class="hit-icon"><Icon name=icon/></span> }.into_any()
}

#[component]
fn HitState(state: State, locale: Locale) -> impl IntoView {
    match state {
        State::Record { is_archived: true } => {
            view! { <Chip label=t!(locale, "archived") tone=Tone::Neutral/> }.into_any()
        }
        State::Record { is_archived: false } => ().into_any(),
        State::Job { status, ends_at } => {
            view! { <LateVisitMark status ends_at locale/><TargetChip status locale/> }.into_any()
        }
        State::Request(status) => view! { <StatusChip status=public_language::request(status, locale)/> }.into_any(),
        State::Report(status) => view! { <ReportChip status locale/> }.into_any(),
    }
}

/// A text with the found words marked.
#[component]
fn Marked(text: String, query: Query) -> impl IntoView {
    query
        .highlight(&text)
        .into_iter()
        .map(|(part, is_found)| {
            if is_found {
                view! { <mark>{part}</mark> }.into_any()
            } else {
                part.into_any()
            }
        })
        .collect_view()
}

fn href(hit: &Hit) -> String {
    match hit.kind {
        Kind::Customer => format!("/app/customers/{}", CustomerId::from_uuid(hit.id)),
        Kind::Location => format!("/app/locations/{}", LocationId::from_uuid(hit.id)),
        Kind::Contact => format!("/app/contacts/{}", ContactId::from_uuid(hit.id)),
        Kind::Job => format!("/app/targets/{}", TargetId::from_uuid(hit.id)),
        Kind::Request => format!("/app/inbox/{}", RequestId::from_uuid(hit.id)),
        Kind::Report => format!("/app/reports/{}", VisitReportId::from_uuid(hit.id)),
    }
}

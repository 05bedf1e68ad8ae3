//! The filters of the request list. They are part of the URL, so that a filtered list can be shared and reloaded.

use domain::locale::Locale;
use domain::public_language;
use domain::requests::{Channel, Priority, RequestStatus, ServiceType};
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::requests::inbox::{AssignedTo, Inbox, RequestFilter, Stage};
use ordinavo_core::scheduling::model::TechnicianChoice;
use ui::format;
use ui::page::PageRequest;

use crate::i18n::by_key;
use crate::shared::{capped_count, priority_choices, service_choices};
use crate::t;

/// The query parameters that filter the list.
const PARAMETERS: [&str; 9] = [
    "q", "status", "channel", "service", "priority", "region", "assigned", "only", "requests",
];

/// The filters and the page position of the list.
#[derive(Debug, Clone, Default)]
pub struct InboxQuery(Vec<(&'static str, String)>);

impl InboxQuery {
    /// Reads the filters from the query.
    pub fn read(request: &PageRequest) -> Self {
        Self::of(|name| request.query(name))
    }

    /// Reads the filters from fields of these names.
    pub fn of(field: impl Fn(&str) -> String) -> Self {
        Self(
            PARAMETERS
                .into_iter()
                .map(|name| (name, field(name)))
                .filter(|(_, value)| !value.is_empty() && value.len() <= 200)
                .collect(),
        )
    }

    /// Returns the filters without the place in the list.
    pub fn filters(&self) -> Vec<(&'static str, String)> {
        self.0.iter().filter(|(name, _)| *name != "requests").cloned().collect()
    }

    fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// Returns whether any filter is set.
    pub fn is_filtered(&self) -> bool {
        self.0.iter().any(|(name, _)| *name != "requests")
    }

    /// Returns the query with its question mark, or an empty string. `replaced` replaces or removes a parameter.
    pub fn query(&self, replaced: Option<(&str, Option<&str>)>) -> String {
        let mut parts: Vec<(&str, &str)> = self
            .0
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .filter(|(name, _)| replaced.is_none_or(|(replaced, _)| *name != replaced))
            .collect();
        if let Some((name, Some(value))) = replaced {
            parts.push((name, value));
        }
        if parts.is_empty() {
            String::new()
        } else {
            format!("?{}", format::query(parts))
        }
    }

    /// Converts the filters for the store. Unknown values are ignored.
    pub fn filter(&self, staff: &Staff) -> RequestFilter {
        RequestFilter {
            status: RequestStatus::from_name(self.get("status")),
            channel: Channel::from_name(self.get("channel")),
            service_type: ServiceType::from_name(self.get("service")),
            priority: Priority::from_name(self.get("priority")),
            region: Some(self.get("region").to_owned()).filter(|region| !region.is_empty()),
            assigned: match self.get("assigned") {
                "me" => AssignedTo::Person(staff.id()),
                "unassigned" => AssignedTo::Unassigned,
                person => person.parse().map_or(AssignedTo::Any, AssignedTo::Person),
            },
            unmatched: self.get("only") == "unmatched",
            snoozed: self.get("only") == "snoozed",
            answered: self.get("only") == "answered",
            stage: match self.get("only") {
                "new" => Stage::New,
                "asked" => Stage::Asked,
                "accepted" => Stage::Accepted,
                _ => Stage::Any,
            },
            text: self.get("q").to_owned(),
        }
    }
}

/// The stages of the review as tabs, each with the number of its requests. A tab shows its stage only and drops other filters.
#[component]
pub fn StageTabs(view: InboxQuery, inbox: Inbox, locale: Locale) -> impl IntoView {
    let stages = inbox.stages;
    let is_only = |only: &str| {
        let mut set = view.0.iter().filter(|(name, _)| *name != "requests");
        match set.next() {
            None => only.is_empty(),
            Some((name, value)) => *name == "only" && value == only && set.next().is_none(),
        }
    };
    let tabs = [
        ("", t!(locale, "filter-status-open"), inbox.waiting_requests),
        ("new", t!(locale, "tab-new"), stages.new),
        ("asked", t!(locale, "tab-asked"), stages.asked),
        ("accepted", t!(locale, "tab-accepted"), stages.accepted),
        ("snoozed", t!(locale, "filter-snoozed"), stages.snoozed),
        ("answered", t!(locale, "tab-answered"), inbox.answered_requests),
    ];
    let is_shown = |only: &str, count: i64| only != "answered" || count > 0 || is_only(only);
    view! {
        <nav class="tabs inbox-tabs" aria-label=t!(locale, "tabs-stages")>{tabs.into_iter().filter(|(only, _, count)| is_shown(only, *count)).map(|(only, label, count)| {
            let href = if only.is_empty() { "/app/inbox".to_owned() } else { format!("/app/inbox?only={only}") };
            let is_current = is_only(only).then_some("page");
            view! { <a href=href aria-current=is_current>{label}<span class="count">{capped_count(count)}</span></a> }
        }).collect_view()}</nav>
    }
}

/// The filter form above the list.
#[component]
pub fn Filters(view: InboxQuery, inbox: Inbox, locale: Locale) -> impl IntoView {
    let is_filtered = view.is_filtered();
    // The tabs show what is filtered by stage.
    let is_shown_elsewhere = |(name, value): &(&str, String)| match *name {
        "q" | "requests" => true,
        "only" => value != "unmatched",
        _ => false,
    };
    let open = is_filtered && !view.0.iter().all(is_shown_elsewhere);
    let chosen = |name: &str| view.get(name).to_owned();
    let regions = region_choices(locale, &inbox.regions, view.get("region"));
    let has_regions = regions.len() > 1;
    view! {
        <form class="inbox-filters" method="get" action="/app/inbox" role="search">
            <div class="search-line">
                <label class="hidden" for="inbox-q">{t!(locale, "inbox-search")}</label>
                <input id="inbox-q" name="q" type="search" value=chosen("q") placeholder=t!(locale, "inbox-search") data-key="/" aria-keyshortcuts="/"/>
                <button class="button" type="submit">{t!(locale, "search-now")}</button>
            </div>
            <details open=open><summary>{t!(locale, "filter")}</summary>
                <div class="filters">
                    <Choice name="status" label=t!(locale, "status") choices=status_choices(locale) chosen=chosen("status")/>
                    <Choice name="channel" label=t!(locale, "channel") choices=channel_choices(locale) chosen=chosen("channel")/>
                    <Choice name="service" label=t!(locale, "service") choices=with_any(locale, service_choices(locale)) chosen=chosen("service")/>
                    <Choice name="priority" label=t!(locale, "priority") choices=with_any(locale, priority_choices(locale)) chosen=chosen("priority")/>
                    {has_regions.then(|| view! { <Choice name="region" label=t!(locale, "region") choices=regions chosen=chosen("region")/> })}
                    <Choice name="assigned" label=t!(locale, "assignee") choices=assignee_choices(locale, &inbox.reviewers) chosen=chosen("assigned")/>
                    <Choice name="only" label=t!(locale, "filter-more") choices=other_choices(locale) chosen=chosen("only")/>
                    <button class="button" type="submit">{t!(locale, "filter-apply")}</button>
                </div>
            </details>
            {is_filtered.then(|| view! { <p><a href="/app/inbox">{t!(locale, "filter-clear")}</a></p> })}
        </form>
    }
}

/// Puts the choice that does not filter first.
fn with_any(locale: Locale, choices: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    std::iter::once((String::new(), t!(locale, "any")))
        .chain(choices)
        .collect()
}

/// Returns the statuses; without a choice the list contains the open requests.
fn status_choices(locale: Locale) -> Vec<(String, String)> {
    let statuses = RequestStatus::ALL.iter().map(|status| {
        (
            status.name().to_owned(),
            public_language::request(*status, locale).label.into_owned(),
        )
    });
    std::iter::once((String::new(), t!(locale, "filter-status-open")))
        .chain(statuses)
        .collect()
}

fn channel_choices(locale: Locale) -> Vec<(String, String)> {
    let channels = Channel::ALL.iter().map(|channel| {
        (
            channel.name().to_owned(),
            by_key(locale, &format!("channel-{}", channel.name())),
        )
    });
    with_any(locale, channels)
}

/// Returns the known regions, and the current one even if no request has it any more.
fn region_choices(locale: Locale, known: &[String], current: &str) -> Vec<(String, String)> {
    let is_listed = current.is_empty() || known.iter().any(|region| region == current);
    let regions = known.iter().cloned().chain((!is_listed).then(|| current.to_owned()));
    with_any(locale, regions.map(|name| (name.clone(), name)))
}

fn assignee_choices(locale: Locale, reviewers: &[TechnicianChoice]) -> Vec<(String, String)> {
    let fixed = [
        ("me".to_owned(), t!(locale, "assigned-me")),
        ("unassigned".to_owned(), t!(locale, "assigned-none")),
    ];
    let people = reviewers
        .iter()
        .map(|person| (person.id.to_string(), person.display_name.clone()));
    with_any(locale, fixed.into_iter().chain(people))
}

fn other_choices(locale: Locale) -> Vec<(String, String)> {
    with_any(
        locale,
        [
            ("unmatched".to_owned(), t!(locale, "filter-no-customer")),
            ("new".to_owned(), t!(locale, "tab-new")),
            ("asked".to_owned(), t!(locale, "tab-asked")),
            ("accepted".to_owned(), t!(locale, "tab-accepted")),
            ("answered".to_owned(), t!(locale, "filter-new-reply")),
            ("snoozed".to_owned(), t!(locale, "filter-snoozed")),
        ],
    )
}

#[component]
fn Choice(name: &'static str, label: String, choices: Vec<(String, String)>, chosen: String) -> impl IntoView {
    view! {
        <label>{label}
            <select name=name>{choices.into_iter().map(|(value, label)| {
                let selected = value == chosen;
                view! { <option value=value selected=selected>{label}</option> }
            }).collect_view()}</select>
        </label>
    }
}

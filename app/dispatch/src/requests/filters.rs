//! What the list is narrowed to: kept in the address, so that it can be shared, reloaded and come back to.

use domain::locale::Locale;
use domain::public_language;
use domain::requests::{Channel, Priority, RequestStatus, ServiceType};
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::requests::inbox::{AssignedTo, Inbox, RequestFilter};
use ui::format::escape_query;
use ui::load::PageRequest;

use crate::t;
use crate::words::by_key;

/// The parts of the address that narrow the list.
const NAMES: [&str; 9] = [
    "q", "status", "channel", "service", "priority", "region", "assigned", "only", "requests",
];

/// The list as the address describes it.
#[derive(Debug, Clone, Default)]
pub struct View(Vec<(&'static str, String)>);

impl View {
    /// What the address says.
    pub fn read(request: &PageRequest) -> Self {
        Self(
            NAMES
                .into_iter()
                .map(|name| (name, request.query(name)))
                .filter(|(_, value)| !value.is_empty() && value.len() <= 200)
                .collect(),
        )
    }

    fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// Whether anything is narrowed.
    pub fn is_narrowed(&self) -> bool {
        self.0.iter().any(|(name, _)| *name != "requests")
    }

    /// The query of the address, with its question mark; empty for none. A part may be replaced or left out.
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
        let text: Vec<String> = parts
            .into_iter()
            .map(|(name, value)| format!("{name}={}", escape_query(value)))
            .collect();
        if text.is_empty() {
            String::new()
        } else {
            format!("?{}", text.join("&"))
        }
    }

    /// What the store is asked for. Names that nobody knows narrow nothing.
    pub fn filter(&self, staff: &Staff) -> RequestFilter {
        RequestFilter {
            status: RequestStatus::from_name(self.get("status")),
            channel: Channel::from_name(self.get("channel")),
            service_type: ServiceType::from_name(self.get("service")),
            priority: Priority::from_name(self.get("priority")),
            region: Some(self.get("region").to_owned()).filter(|region| !region.is_empty()),
            assigned: match self.get("assigned") {
                "me" => AssignedTo::Person(staff.id()),
                "nobody" => AssignedTo::Nobody,
                person => person.parse().map_or(AssignedTo::Anybody, AssignedTo::Person),
            },
            unmatched: self.get("only") == "unmatched",
            snoozed: self.get("only") == "snoozed",
            answered: self.get("only") == "answered",
            text: self.get("q").to_owned(),
        }
    }
}

/// The form above the list.
#[component]
pub fn Filters(view: View, inbox: Inbox, locale: Locale) -> impl IntoView {
    let any = || (String::new(), t!(locale, "any"));
    let with_any =
        |rest: Vec<(String, String)>| -> Vec<(String, String)> { std::iter::once(any()).chain(rest).collect() };
    let statuses: Vec<_> = std::iter::once((String::new(), t!(locale, "filter-status-open")))
        .chain(RequestStatus::ALL.iter().map(|status| {
            (
                status.name().to_owned(),
                public_language::request(*status, locale).label.into_owned(),
            )
        }))
        .collect();
    let channels = with_any(
        Channel::ALL
            .iter()
            .map(|channel| {
                (
                    channel.name().to_owned(),
                    by_key(locale, &format!("channel-{}", channel.name())),
                )
            })
            .collect(),
    );
    let services = with_any(
        ServiceType::ALL
            .iter()
            .map(|kind| {
                (
                    kind.name().to_owned(),
                    public_language::service_type(*kind, locale).to_owned(),
                )
            })
            .collect(),
    );
    let priorities = with_any(
        Priority::ALL
            .iter()
            .rev()
            .map(|priority| {
                (
                    priority.name().to_owned(),
                    by_key(locale, &format!("priority-{}", priority.name())),
                )
            })
            .collect(),
    );
    let people: Vec<_> = [
        any(),
        ("me".to_owned(), t!(locale, "assigned-me")),
        ("nobody".to_owned(), t!(locale, "assigned-nobody")),
    ]
    .into_iter()
    .chain(
        inbox
            .reviewers
            .iter()
            .map(|person| (person.id.to_string(), person.display_name.clone())),
    )
    .collect();
    let here = view.get("region").to_owned();
    let known = inbox.regions.contains(&here) || here.is_empty();
    let regions = with_any(
        inbox
            .regions
            .iter()
            .cloned()
            .chain((!known).then_some(here))
            .map(|name| (name.clone(), name))
            .collect(),
    );
    let has_regions = regions.len() > 1;
    let only = vec![
        any(),
        ("unmatched".to_owned(), t!(locale, "filter-no-customer")),
        ("answered".to_owned(), t!(locale, "filter-new-reply")),
        ("snoozed".to_owned(), t!(locale, "filter-snoozed")),
    ];
    let narrowed = view.is_narrowed();
    let open = narrowed && view.0.iter().any(|(name, _)| !matches!(*name, "q" | "requests"));
    let chosen = |name: &str| view.get(name).to_owned();
    view! {
        <form class="inbox-filters" method="get" action="/app/inbox" role="search">
            <div class="search-line">
                <label class="hidden" for="inbox-q">{t!(locale, "inbox-search")}</label>
                <input id="inbox-q" name="q" type="search" value=chosen("q") placeholder=t!(locale, "inbox-search") data-key="/" aria-keyshortcuts="/"/>
                <button class="button" type="submit">{t!(locale, "search-now")}</button>
            </div>
            <details open=open><summary>{t!(locale, "filter")}</summary>
                <div class="filters">
                    <Choice name="status" label=t!(locale, "status") choices=statuses chosen=chosen("status")/>
                    <Choice name="channel" label=t!(locale, "channel") choices=channels chosen=chosen("channel")/>
                    <Choice name="service" label=t!(locale, "service") choices=services chosen=chosen("service")/>
                    <Choice name="priority" label=t!(locale, "priority") choices=priorities chosen=chosen("priority")/>
                    {has_regions.then(|| view! { <Choice name="region" label=t!(locale, "region") choices=regions chosen=chosen("region")/> })}
                    <Choice name="assigned" label=t!(locale, "assignee") choices=people chosen=chosen("assigned")/>
                    <Choice name="only" label=t!(locale, "filter-more") choices=only chosen=chosen("only")/>
                    <button class="button" type="submit">{t!(locale, "filter-apply")}</button>
                </div>
            </details>
            {narrowed.then(|| view! { <p><a href="/app/inbox">{t!(locale, "filter-clear")}</a></p> })}
        </form>
    }
}

#[component]
fn Choice(name: &'static str, label: String, choices: Vec<(String, String)>, chosen: String) -> impl IntoView {
    view! {
        <label>{label}
            <select name=name>{choices.into_iter().map(|(value, words)| {
                let selected = value == chosen;
                view! { <option value=value selected=selected>{words}</option> }
            }).collect_view()}</select>
        </label>
    }
}

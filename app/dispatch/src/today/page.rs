//! The home page of dispatch: counters, lists with the worst first, and the load of the technicians.

use chrono::{DateTime, Utc};
use domain::identity::permissions::{ManagePortalAccess, ViewOperations};
use domain::ids::{RequestId, TargetId, VisitReportId};
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::phone::tel_uri;
use ordinavo_core::portal_access;
use ordinavo_core::today::{self, Attention, Today, TodayRow};
use ui::format;
use ui::icons::Icon;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::islands::LivePage;
use crate::portal_access::expired::ExpiredInvitations;
use crate::shared::{DoneNotice, capped_count, excerpt, service_label, viewer_staff};
use crate::shell::{AppFrame, NAVIGATION, PageBar};
use crate::t;
use crate::today::load::LoadCard;
use crate::visits::notices::TechnicianNewsNotice;
use crate::webhooks::broken::{BrokenEndpoints, broken_endpoints};

/// The address of the page.
pub(crate) const PAGE: &str = "/app/today";
/// The longest part of a description in a row, in characters.
const EXCERPT_CHARS: usize = 70;

/// A list of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Late,
    Urgent,
    Review,
    Waiting,
    Offers,
    Reports,
    Mapping,
}

impl List {
    const fn name(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Urgent => "urgent",
            Self::Review => "review",
            Self::Waiting => "waiting",
            Self::Offers => "offers",
            Self::Reports => "reports",
            Self::Mapping => "mapping",
        }
    }

    /// Returns the page with all entries.
    const fn href(self) -> &'static str {
        match self {
            Self::Late => "/app/board?view=list",
            Self::Urgent => "/app/board",
            Self::Offers => "/app/targets?status=open",
            Self::Review | Self::Waiting => "/app/inbox",
            Self::Reports => "/app/reports",
            Self::Mapping => "/app/imports/mapping",
        }
    }

    const fn icon(self) -> &'static str {
        match self {
            Self::Late => "clock",
            Self::Urgent => "alert",
            Self::Review => "inbox",
            Self::Waiting => "message",
            Self::Offers => "calendar",
            Self::Reports => "clipboard",
            Self::Mapping => "link",
        }
    }

    /// Returns whether entries are something that went wrong.
    const fn is_problem(self) -> bool {
        matches!(self, Self::Late | Self::Urgent)
    }
}

#[component]
pub fn TodayPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let (locale, now) = (request.viewer.locale, request.viewer.now);
        let found = today::load(&request.core, staff.may::<ViewOperations>()?).await?;
        let broken = broken_endpoints(&request.core, &staff).await?;
        let expired = match staff.may::<ManagePortalAccess>() {
            Ok(permit) => portal_access::expired_invitations(&request.core, permit).await?,
            Err(_) => Vec::new(),
        };
        let zone = staff.zone().to_owned();
        let date = format::day(locale, found.date);
        let live = format!("/app/live?since={}", found.revision);
        let Today {
            late,
            urgent,
            new_requests,
            waiting,
            ended_offers,
            reports,
            mapping,
            load,
            can_plan,
            technician_news,
            ..
        } = found;
        let lists = [
            Some((List::Late, late)),
            Some((List::Urgent, urgent)),
            Some((List::Review, new_requests)),
            Some((List::Waiting, waiting)),
            (ended_offers.count > 0).then_some((List::Offers, ended_offers)),
            reports.map(|reports| (List::Reports, reports)),
            mapping.map(|mapping| (List::Mapping, mapping)),
        ];
        let lists: Vec<(List, Attention)> = lists.into_iter().flatten().collect();
        let counters = lists
            .iter()
            .map(|(list, found)| view! { <Counter list=*list count=found.count locale/> })
            .collect_view();
        let context = Context {
            locale,
            now,
            zone: zone.clone(),
            can_plan,
        };
        let cards = lists
            .into_iter()
            .filter(|(_, found)| found.count > 0)
            .map(|(list, found)| view! { <Card list found context=context.clone()/> })
            .collect_view();
        Ok(view! {
            <Title text=t!(locale, "today")/>
            <PageBar locale title=t!(locale, "today") beside=view! { <span class="quiet">{date}</span> }.into_any()/>
            <DoneNotice locale flash=request.flash.clone()/>
            <LivePage path=live regions=format!("live-today technician-news {NAVIGATION}")/>
            <BrokenEndpoints locale broken zone=zone.clone()/>
            <TechnicianNewsNotice locale news=technician_news/>
            <ExpiredInvitations accounts=expired locale zone/>
            <div id="live-today" class="live-today"><ul class="counters">{counters}</ul>
                <div class="today"><div class="today-lists">{cards}</div><LoadCard load locale/></div></div>
        }
        .into_any())
    });
    view! { <AppFrame current=PAGE>{content}</AppFrame> }
}

/// What every row needs.
#[derive(Clone)]
struct Context {
    locale: Locale,
    now: DateTime<Utc>,
    zone: String,
    can_plan: bool,
}

#[component]
fn Counter(list: List, count: i64, locale: Locale) -> impl IntoView {
    let shown = capped_count(count);
    let label = by_key(locale, &format!("today-{}", list.name()));
    let warns = list.is_problem() && count > 0;
    let href = if count > 0 {
        format!("#{}", list.name())
    } else {
        list.href().to_owned()
    };
    view! {
        <li class:zero=count == 0><a href=href data-counter=list.name()>
            <span class="counter-value"><bdi>{shown}</bdi>{warns.then(|| view! { <Icon name="alert"/> })}</span>
            <span class="counter-label">{label}</span>
            {(count == 0).then(|| view! { <span class="small quiet">{t!(locale, "today-all-clear")}</span> })}
        </a></li>
    }
}

#[component]
fn Card(list: List, found: Attention, context: Context) -> impl IntoView {
    let locale = context.locale;
    let title = format!("today-{}-title", list.name());
    let labelledby = title.clone();
    let rows = found
        .rows
        .into_iter()
        .map(|row| view! { <Row list row context=context.clone()/> })
        .collect_view();
    view! {
        <section class="today-card" id=list.name() aria-labelledby=labelledby tabindex="-1">
            <div class="today-head"><h2 id=title><Icon name=list.icon()/>{by_key(locale, &format!("today-{}", list.name()))}<span class="count">{found.count}</span></h2>
                <a class="small" href=list.href()>{t!(locale, "search-all")}</a></div>
            <ul>{rows}</ul>
        </section>
    }
}

#[component]
fn Row(list: List, row: TodayRow, context: Context) -> impl IntoView {
    let Context {
        locale,
        now,
        zone,
        can_plan,
    } = context;
    let age = format::age(locale, row.at, now);
    let when = row.starts_at.map(|start| {
        let own = row.zone.clone().unwrap_or_else(|| zone.clone());
        format::moment(locale, start, &own)
    });
    let service = service_label(locale, row.service_type.as_deref());
    let text = row
        .text
        .as_deref()
        .map(|text| excerpt(text, EXCERPT_CHARS))
        .filter(|text| !text.is_empty());
    let (href, number) = match list {
        List::Review | List::Waiting => (
            format!("/app/inbox/{}", RequestId::from_uuid(row.id)),
            format!("REQ-{}", row.number),
        ),
        List::Reports => (
            format!("/app/reports/{}", VisitReportId::from_uuid(row.id)),
            format::job_number(row.number),
        ),
        List::Mapping => (
            format!("/app/imports/mapping/{}", TargetId::from_uuid(row.id)),
            format::job_number(row.number),
        ),
        List::Late | List::Urgent | List::Offers => (
            format!("/app/targets/{}", TargetId::from_uuid(row.id)),
            format::job_number(row.number),
        ),
    };
    let call = row
        .phone
        .as_deref()
        .filter(|_| matches!(list, List::Late | List::Waiting | List::Offers))
        .and_then(|phone| tel_uri(phone, None, row.zone.as_deref().unwrap_or(&zone)));
    let plan = matches!(list, List::Late | List::Urgent | List::Offers) && can_plan;
    let plan = plan.then(|| {
        let label = if list == List::Late {
            t!(locale, "today-reschedule")
        } else {
            t!(locale, "today-assign")
        };
        (format!("/app/board/move?target={}", TargetId::from_uuid(row.id)), label)
    });
    let (customer, text) = match row.customer {
        Some(customer) => (customer, text),
        // A job without a customer is known by its external ID.
        None => (text.unwrap_or_else(|| service.clone()), None),
    };
    let name = format!("{customer} {number}");
    view! {
        <li>
            <span class="today-lead" class:over=list.is_problem()>{age}</span>
            <a class="today-what" href=href><strong><bdi>{customer}</bdi></strong>" "<span class="quiet"><bdi class="mono" dir="ltr">{number}</bdi>" "{service}{text.map(|text| view! { " · "<bdi>{text}</bdi> })}{when.map(|when| view! { " · "<bdi>{when}</bdi> })}</span></a>
            <span class="today-who quiet"><bdi>{row.person}</bdi></span>
            <span class="today-acts">
                {call.map(|href| view! { <a class="button" href=href aria-label=t!(locale, "today-call", name = name.as_str())><Icon name="phone"/>{t!(locale, "call")}</a> })}
                {plan.map(|(href, label)| {
                    let full_label = format!("{label} {name}");
                    view! { <a class="button" href=href aria-label=full_label>{label}</a> }
                })}
            </span>
        </li>
    }
}

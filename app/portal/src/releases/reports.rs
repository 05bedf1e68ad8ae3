//! Published visit reports.

use std::sync::Arc;

use domain::locale::Locale;
use domain::public::{PublicAppointment, PublicReport, PublicRequest, RequestSource};
use domain::terminology::Terminology;
use leptos::prelude::*;
use ordinavo_core::portal_access::pages;
use ui::components::{EmptyState, Fact, Pager, PrintButton};
use ui::format;
use ui::icons::Icon;
use ui::organisation::ContactCard;
use ui::page::{cursor, page};
use ui::report::ReportArticle;
use ui::title::Title;

use crate::follow_ups::open_work::FollowUpLines;
use crate::parts::{BackLink, LocationFilter, first_page, page_link};
use crate::requests::list::request_title;
use crate::shared::viewer_contact;
use crate::shell::{AppFrame, organisation_contact};
use crate::t;

const PAGE: &str = "/portal/reports";

/// Reports as cards with a photo; where none is released, a drawn page stands for it.
#[component]
pub(crate) fn ReportCards(reports: Vec<PublicReport>, locale: Locale) -> impl IntoView {
    view! {
        <ul class="report-cards">{reports.into_iter().map(|report| {
            let cover = match report.cover {
                Some(photo) => view! { <img class="cover" src=format!("/portal/files/{photo}/thumbnail") alt="" loading="lazy" width="320" height="240"/> }.into_any(),
                None => view! { <span class="cover cover-none"><Icon name="file-text"/></span> }.into_any(),
            };
            view! {
                <li><a href=format!("{PAGE}/{}", report.id)>{cover}<span class="row-text"><strong><bdi>{report.title}</bdi></strong><span class="quiet"><bdi>{report.location}</bdi>" · "{format::date(locale, report.published_at, &report.zone)}</span></span></a></li>
            }
        }).collect_view()}</ul>
    }
}

#[component]
pub fn ReportsPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let location = request.query("location");
        let before = request.cursor("before");
        let found = pages::reports(&request.core, &contact, location.parse().ok(), before).await?;
        let filters = [("location", location.as_str())];
        let last = found.rows.rows.last().filter(|_| found.rows.has_more);
        let next = last.map(|row| page_link(PAGE, &filters, cursor(row.published_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| first_page(PAGE, &filters));
        let empty = found.rows.rows.is_empty();
        let (no_title, no_text) = if found.may.reports {
            (t!(locale, "no-reports"), t!(locale, "no-reports-text"))
        } else {
            (t!(locale, "not-granted"), t!(locale, "not-granted-reports"))
        };
        Ok(view! {
            <Title text=t!(locale, "reports-title")/>
            <h1>{t!(locale, "reports-title")}</h1>
            <LocationFilter locations=found.locations chosen=location.clone() page=PAGE locale/>
            {empty.then(|| view! { <EmptyState icon="file-text" title=no_title text=no_text/> })}
            <ReportCards reports=found.rows.rows locale/>
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current=PAGE>{content}</AppFrame> }
}

#[component]
pub fn ReportPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let pages::ReportPage {
            report,
            request: origin,
            visit,
            follow_ups,
            may,
        } = pages::report(&request.core, &contact, request.id("id")?).await?;
        let words = contact.terminology();
        let own = origin
            .as_ref()
            .filter(|origin| origin.source == RequestSource::Own && !origin.status.has_ended());
        let ask = own.map(|origin| format!("/portal/requests/{}#conversation", origin.id));
        Ok(view! {
            <Title text=report.title.clone()/>
            <div class="title-row no-print"><BackLink href=PAGE label=t!(locale, "reports-title")/><PrintButton label=t!(locale, "print")/></div>
            <div class="with-aside report-page"><div class="stack">
                <ReportArticle report=report.clone() locale/>
                {(!follow_ups.is_empty()).then(|| view! { <section data-testid="report-follow-ups"><h2>{t!(locale, "what-comes-next")}</h2><FollowUpLines items=follow_ups words=words.clone() locale/></section> })}
            </div>
            <aside class="stack">
                <ReportFacts report origin visit words locale/>
                {(ask.is_some() || may.submit).then(|| view! {
                    <section class="card buttons no-print"><h2>{t!(locale, "anything-unclear")}</h2>
                        {ask.map(|href| view! { <a class="button" href=href><Icon name="message"/>{t!(locale, "ask-about-report")}</a> })}
                        {may.submit.then(|| view! { <a class="button" href="/portal/requests/new"><Icon name="plus"/>{t!(locale, "report-new-problem")}</a> })}</section>
                })}
                <ContactCard contact=organisation_contact() locale/>
            </aside></div>
        }
        .into_any())
    });
    view! { <AppFrame current=PAGE>{content}</AppFrame> }
}

/// When, where and by whom the work was done, and for which request.
#[component]
fn ReportFacts(
    report: PublicReport,
    origin: Option<PublicRequest>,
    visit: Option<PublicAppointment>,
    words: Arc<Terminology>,
    locale: Locale,
) -> impl IntoView {
    let origin = origin.map(|origin| {
        let title = request_title(&origin, &words, locale);
        view! { <Fact name=t!(locale, "report-request")><a href=format!("/portal/requests/{}", origin.id) data-testid="report-request">{title}" "<bdi class="mono">{format!("REQ-{}", origin.number)}</bdi></a></Fact> }
    });
    let visit = visit.map(|visit| {
        let when = format!(
            "{}, {}",
            format::date(locale, visit.starts_at, &visit.zone),
            format::window(locale, visit.starts_at, visit.ends_at, &visit.zone)
        );
        let service = visit.service_type.map(|service| words.service_type(service, locale));
        view! {
            <Fact name=t!(locale, "fact-visit")><a href=format!("/portal/appointments/{}", visit.id)>{when}</a></Fact>
            {service.map(|service| view! { <Fact name=t!(locale, "service")>{service}</Fact> })}
            {visit.technician.map(|name| view! { <Fact name=t!(locale, "technician")><bdi>{name}</bdi></Fact> })}
            <Fact name=t!(locale, "address")><bdi>{visit.address}</bdi></Fact>
        }
    });
    view! {
        <section class="card"><h2>{t!(locale, "facts")}</h2>
            <dl class="facts facts-list">
                <Fact name=t!(locale, "location")><bdi>{report.location}</bdi></Fact>
                {visit}
                {origin}
            </dl>
        </section>
    }
}

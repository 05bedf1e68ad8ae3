//! Home: action required, the next visit, open requests, reports and follow-ups.

use leptos::prelude::*;
use ordinavo_core::portal_access::pages;
use ui::components::{EmptyState, ProblemNotice};
use ui::format;
use ui::icons::Icon;
use ui::page::page;
use ui::title::Title;

use crate::follow_ups::open_work::{ActionRequired, FollowUpLines};
use crate::portal_access::offers::Offers;
use crate::requests::list::RequestLines;
use crate::scheduling::appointments::{VisitCard, VisitLines, zone_names};
use crate::shared::{DoneNotice, viewer_contact};
use crate::shell::AppFrame;
use crate::t;

#[component]
pub fn HomePage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let home = pages::home(&request.core, &contact).await?;
        let zones = zone_names(&contact, &home.upcoming);
        let mut upcoming = home.upcoming.into_iter();
        let next = upcoming.next();
        let more: Vec<_> = upcoming.collect();
        let no_reports = home.reports.is_empty();
        Ok(view! {
            <Title text=t!(locale, "nav-home")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <h1>{t!(locale, "greeting", name = contact.display_name().to_owned())}</h1>
            {(!home.has_access).then(|| view! { <p class="notice notice-warn">{t!(locale, "no-access")}</p> })}
            <Offers offers=home.offers locale zone=contact.zone().to_owned()/>
            <ActionRequired requests=home.action_required words=contact.terminology() locale/>
            {home.may.appointments.then(|| view! {
                <section><h2>{t!(locale, "next-appointment")}</h2>
                    {match next {
                        Some(next) => view! { <VisitCard visit=next words=contact.terminology() zones locale/> }.into_any(),
                        None => view! { <EmptyState icon="calendar" title=t!(locale, "no-appointments") text=t!(locale, "no-appointments-text")/> }.into_any(),
                    }}
                    {(!more.is_empty()).then(|| view! { <h3>{t!(locale, "more-appointments")}</h3><VisitLines visits=more words=contact.terminology() zones locale/> })}
                </section>
            })}
            <section>
                <div class="title-row"><h2>{t!(locale, "open-requests")}</h2>{home.may.submit.then(|| view! { <a class="button button-primary" href="/portal/requests/new"><Icon name="plus"/>{t!(locale, "new-request")}</a> })}</div>
                <RequestLines requests=home.requests words=contact.terminology() locale zone=contact.zone().to_owned()/>
                <p class="more"><a href="/portal/in-progress">{t!(locale, "all-in-progress")}</a><a href="/portal/requests">{t!(locale, "all-requests")}</a></p>
            </section>
            {(!home.recent.is_empty()).then(|| view! {
                <section data-testid="recent-requests"><h2>{t!(locale, "recent-requests")}</h2>
                    <RequestLines requests=home.recent words=contact.terminology() locale zone=contact.zone().to_owned()/>
                </section>
            })}
            {home.may.reports.then(|| view! {
                <section><h2>{t!(locale, "latest-reports")}</h2>
                    {no_reports.then(|| view! { <EmptyState icon="clipboard" title=t!(locale, "no-reports") text=t!(locale, "no-reports-text")/> })}
                    <ul class="lines lines-tall">{home.reports.into_iter().map(|report| view! {
                        <li><a href=format!("/portal/reports/{}", report.id)><strong dir="auto">{report.title}</strong></a><span class="quiet"><bdi>{report.location}</bdi>" · "{format::date(locale, report.published_at, &report.zone)}</span></li>
                    }).collect_view()}</ul>
                </section>
            })}
            {(!home.follow_ups.is_empty()).then(|| view! {
                <section><h2>{t!(locale, "follow-ups")}</h2>
                    <FollowUpLines items=home.follow_ups words=contact.terminology() locale/>
                    <p><a href="/portal/follow-ups">{t!(locale, "all-follow-ups")}</a></p>
                </section>
            })}
        }
        .into_any())
    });
    view! { <AppFrame current="/portal">{content}</AppFrame> }
}

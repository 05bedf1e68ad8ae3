//! The review queue: the list of requests next to the open request.

use domain::identity::permissions::{ManagePortalAccess, ViewOperations};
use domain::ids::RequestId;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::portal_access;
use ordinavo_core::requests::inbox;
use ordinavo_core::requests::inbox::InboxSelection;
use ordinavo_core::{CoreError, CoreResult};
use ui::components::{EmptyState, ProblemNotice, RefusedFiles};
use ui::drafts::owned;
use ui::flash::{self, Flash};
use ui::icons::Icon;
use ui::page::{PageRequest, page};
use ui::title::Title;

use crate::i18n::by_key;
use crate::identity::help::{INBOX, Keys};
use crate::islands::{Hotkeys, LivePage};
use crate::portal_access::expired::ExpiredInvitations;
use crate::requests::filters::InboxQuery;
use crate::requests::list::{InboxBar, QueueList};
use crate::shared::viewer_staff;
use crate::shell::{AppFrame, NAVIGATION};
use crate::t;
use crate::visits::notices::TechnicianNewsNotice;
use crate::webhooks::broken::{BrokenEndpoints, broken_endpoints};

#[component]
pub fn InboxPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let view = InboxQuery::read(&request);
        let selection = inbox_selection(&request, &staff, &view);
        let found = inbox::page(&request.core, staff.may::<ViewOperations>()?, &selection).await?;
        let live = format!("/app/live?since={}", found.inbox.audit_sequence);
        let expired = match staff.may::<ManagePortalAccess>() {
            Ok(permit) => portal_access::expired_invitations(&request.core, permit).await?,
            Err(_) => Vec::new(),
        };
        let broken = broken_endpoints(&request.core, &staff).await?;
        let zone = staff.zone().to_owned();
        let has_shortcuts = staff.has_shortcuts();
        Ok(view! {
            <Title text=t!(locale, "inbox-title")/>
            {has_shortcuts.then(|| view! { <Hotkeys rows=".queue-requests > li".to_owned()/> })}
            <LivePage path=live regions=format!("live-tabs live-queue technician-news {NAVIGATION}")/>
            <InboxBar inbox=found.inbox.clone() view=view.clone() locale/>
            <BrokenEndpoints locale broken zone=zone.clone()/>
            <TechnicianNewsNotice locale news=found.technician_news/>
            <ExpiredInvitations accounts=expired locale zone/>
            <div class="split">
                <QueueList inbox=found.inbox view staff=staff.clone() request=&request current=None/>
                <section class="split-detail split-hint">
                    <DecisionNotice request=&request/>
                    <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
                    <EmptyState icon="inbox" title=t!(locale, "inbox-select-item") text=t!(locale, "inbox-select-item-text")/>
                    {has_shortcuts.then(|| view! { <KeyboardShortcuts/> })}
                </section>
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/inbox">{content}</AppFrame> }
}

/// Reads from the query which part of the inbox is shown.
pub(crate) fn inbox_selection(request: &PageRequest, staff: &Staff, view: &InboxQuery) -> InboxSelection {
    InboxSelection {
        filter: view.filter(staff),
        requests_after: request.cursor("requests"),
        targets_after: request.cursor("jobs"),
    }
}

/// The success message of a decision, with an undo button while that is possible.
#[component]
pub(crate) fn DecisionNotice<'a>(request: &'a PageRequest) -> impl IntoView + use<> {
    let locale = request.viewer.locale;
    let path = request.viewer.path.clone();
    request.flash.clone().and_then(|flash: Flash| {
        let key = flash.done?;
        let done = by_key(locale, &key);
        let undo = flash.values.get(flash::UNDO).cloned();
        let refused = flash.errors;
        Some(view! {
            <div class="notice notice-good decided" role="status" data-done=key>
                <Icon name="check"/><span>{done}</span>
                {undo.map(|undo| view! {
                    <form class="undo" method="post" action=owned("/app/fn/undo-decision")><input type="hidden" name="undo" value=undo/><input type="hidden" name="path" value=path/>
                        <button class="button" type="submit" data-key="z" aria-keyshortcuts="z">{t!(locale, "undo")}</button></form>
                })}
            </div>
            <RefusedFiles locale refused/>
        })
    })
}

/// The keyboard shortcuts, opened with `?`.
#[component]
pub(crate) fn KeyboardShortcuts() -> impl IntoView {
    let locale = ui::shell::locale();
    view! {
        <details class="key-sheet" data-key="?"><summary>{t!(locale, "keyboard-shortcuts")}</summary>
            <p class="help">{t!(locale, "keyboard-shortcuts-focus")}</p>
            <Keys keys=&INBOX locale/>
            <p><a href="/app/help">{t!(locale, "help-all-shortcuts")}</a></p>
        </details>
    }
}

/// Parses a request ID.
pub(crate) fn request_id(text: &str) -> CoreResult<RequestId> {
    text.parse().map_err(|_| CoreError::not_found())
}

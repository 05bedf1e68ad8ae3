//! The review queue: what waits on one side, the request on the other.

use domain::ids::RequestId;
use domain::permissions::{ReviewRequests, ViewOperations};
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::requests::inbox;
use ordinavo_core::requests::inbox::Inbox;
use ordinavo_core::visits::sync_conflicts;
use ordinavo_core::{CoreError, CoreResult};
use ui::flash::{self, Flash};
use ui::icons::Icon;
use ui::load::{PageRequest, page};
use ui::parts::{Empty, ProblemNotice};
use ui::title::Title;

use crate::islands::{Hotkeys, LivePage};
use crate::requests::filters::View;
use crate::requests::list::QueueList;
use crate::shared::viewer_staff;
use crate::shell::Framed;
use crate::t;
use crate::visits::sync_conflicts::HandedOverNotice;
use crate::words::by_key;

/// `/app/inbox`.
#[component]
pub fn InboxPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let view = View::read(&request);
        let inbox = read(&request, &staff, &view).await?;
        let may_review = staff.has::<ReviewRequests>();
        let live = format!("/app/live?since={}", inbox.mark);
        let jobs = sync_conflicts::with_handed_over(&request.core, staff.may::<ViewOperations>()?).await?;
        Ok(view! {
            <Title text=t!(locale, "inbox-title")/>
            <Hotkeys rows=".queue-requests > li".to_owned()/>
            <LivePage path=live regions="live-queue".to_owned()/>
            <HandedOverNotice locale jobs/>
            <div class="split">
                <QueueList inbox view staff=staff.clone() request=&request current=None may_review/>
                <section class="split-detail split-hint">
                    <DecidedNotice request=&request/>
                    <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
                    <Empty icon="inbox" title=t!(locale, "inbox-select-item") text=t!(locale, "inbox-select-item-text")/>
                    <KeySheet/>
                </section>
            </div>
        }
        .into_any())
    });
    view! { <Framed current="/app/inbox">{content}</Framed> }
}

pub(crate) async fn read(request: &PageRequest, staff: &Staff, view: &View) -> CoreResult<Inbox> {
    inbox::inbox(
        &request.core,
        staff.may::<ViewOperations>()?,
        &view.filter(staff),
        request.place("requests"),
        request.place("jobs"),
    )
    .await
}

/// What was just done, with the way back as long as there is one.
#[component]
pub(crate) fn DecidedNotice<'a>(request: &'a PageRequest) -> impl IntoView + use<> {
    let locale = request.viewer.locale;
    let path = request.viewer.path.clone();
    request.flash.clone().and_then(|flash: Flash| {
        let done = by_key(locale, &flash.done?);
        let undo = flash.values.get(flash::UNDO).cloned();
        Some(view! {
            <div class="notice notice-good decided" role="status">
                <Icon name="check"/><span>{done}</span>
                {undo.map(|undo| view! {
                    <form class="undo" method="post" action="/app/fn/undo-decision"><input type="hidden" name="undo" value=undo/><input type="hidden" name="path" value=path/>
                        <button class="button" type="submit" data-key="z" aria-keyshortcuts="z">{t!(locale, "undo")}</button></form>
                })}
            </div>
        })
    })
}

/// The keys, shown by `?`.
#[component]
pub(crate) fn KeySheet() -> impl IntoView {
    let locale = ui::shell::locale();
    let keys = [
        ("j k", "key-move"),
        ("Enter", "key-open"),
        ("x", "key-select"),
        ("a", "key-accept"),
        ("r", "key-reject"),
        ("t", "key-convert"),
        ("p", "key-priority"),
        ("s", "key-service"),
        ("g", "key-assign"),
        ("h", "key-snooze"),
        ("w", "key-assign-customer"),
        ("c", "key-note"),
        ("m", "key-message"),
        ("z", "key-undo"),
        ("/", "key-search"),
        ("?", "key-shortcuts"),
        ("Ctrl K", "key-palette"),
    ];
    view! {
        <details class="key-sheet" data-key="?"><summary>{t!(locale, "keyboard-shortcuts")}</summary>
            <dl class="keys">{keys.into_iter().map(|(key, words)| view! {
                <div><dt>{key.split(' ').map(|part| view! { <kbd>{part.to_owned()}</kbd>" " }).collect_view()}</dt><dd>{by_key(locale, words)}</dd></div>
            }).collect_view()}</dl>
        </details>
    }
}

/// Parses the id that a button sends.
pub(crate) fn request_id(text: &str) -> CoreResult<RequestId> {
    text.parse().map_err(|_| CoreError::not_found())
}

//! Messages to the requester and internal notes about a request, in two clearly separated boxes.

use domain::intake::mails::MailTopic;
use leptos::prelude::*;
use ordinavo_core::intake::form_nonce;
use ordinavo_core::notifications::reach::Reach;
use ordinavo_core::requests::model::{MessageEntry, NoteEntry, RequestActions, RequestView};
use ui::components::{CustomerVisibleBox, InternalBox};
use ui::drafts::owned;
use ui::format;
use ui::forms::{CheckField, ErrorSummary, FilesField, FormState, TextArea};
use ui::islands::SubmitOnce;
use ui::page::PageRequest;
use ui::requests::{MessageFile, MessageFiles};

use crate::notifications::reach::ReachLines;
use crate::t;

/// The messages and the internal notes of a request.
#[component]
pub fn Conversation<'a>(
    notes: Vec<NoteEntry>,
    messages: Vec<MessageEntry>,
    files: Vec<MessageFile>,
    reach: Option<Reach>,
    item: RequestView,
    actions: RequestActions,
    request: &'a PageRequest,
    /// The query of the list.
    query: String,
    zone: String,
) -> impl IntoView + use<> {
    let locale = request.viewer.locale;
    let id = item.id.to_string();
    let (note_zone, message_zone, reach_zone) = (zone.clone(), zone.clone(), zone);
    let message_form = FormState::new("message", locale, request.flash.as_ref());
    let note_form = FormState::new("note", locale, request.flash.as_ref());
    let nonce = message_form.value("nonce", &form_nonce(&request.core));
    let has_recipient = item.channel.notifies_requester();
    let (message_request, note_request, read_request) = (id.clone(), id.clone(), id);
    let (message_view, note_view, read_view) = (query.clone(), query.clone(), query);
    view! {
        <div class="talk">
            <section aria-labelledby="messages"><h2 id="messages">{t!(locale, "messages")}</h2>
                <CustomerVisibleBox locale>
                    <div id="live-messages" class="talk-part" aria-live="polite">
                    {messages.is_empty().then(|| view! { <p class="quiet">{t!(locale, "no-messages")}</p> })}
                    <ol class="conversation">{messages.into_iter().map(|message| {
                        let is_from_team = message.author.is_some();
                        let author = message.author.unwrap_or_else(|| t!(locale, "requester"));
                        view! { <li class:own=is_from_team><p class="quiet small"><bdi>{author}</bdi>" · "{format::moment(locale, message.created_at, &message_zone)}{message.asks.then(|| format!(" · {}", t!(locale, "reply-requested")))}</p><p class="prose" dir="auto">{message.text}</p><MessageFiles files=files.clone() message=message.id locale/></li> }
                    }).collect_view()}</ol>
                    {actions.can_mark_answer_read.then(|| view! { <form method="post" action=owned("/app/fn/mark-reply-read")><input type="hidden" name="request" value=read_request/><input type="hidden" name="view" value=read_view/><button class="button" type="submit">{t!(locale, "mark-reply-read")}</button></form> })}
                    </div>
                    {actions.can_send_message.then(|| view! {
                        <ReachLines reach topic=MailTopic::Messages locale zone=reach_zone/>
                        <SubmitOnce>
                        <form method="post" action=owned("/app/fn/send-message") enctype="multipart/form-data">
                            <ErrorSummary form=message_form.clone()/>
                            <input type="hidden" name="request" value=message_request/><input type="hidden" name="view" value=message_view/><input type="hidden" name="nonce" value=nonce/>
                            <div data-key="m"><TextArea form=message_form.clone() field="message" label=t!(locale, "message") rows=3/></div>
                            <FilesField form=message_form.clone() field="files" label=t!(locale, "message-files") help=t!(locale, "message-files-help") accept="image/jpeg,image/png,image/webp,application/pdf"/>
                            <CheckField form=message_form field="asks" label=t!(locale, "message-request-reply") help=t!(locale, "message-request-reply-help")/>
                            <button class="button button-primary" type="submit">{t!(locale, "send-message")}</button>
                        </form>
                        </SubmitOnce>
                    })}
                    {(!has_recipient).then(|| view! { <p class="quiet">{t!(locale, "message-no-recipient")}</p> })}
                </CustomerVisibleBox>
            </section>
            <section aria-labelledby="notes"><h2 id="notes">{t!(locale, "internal-notes")}</h2>
                <InternalBox locale>
                    <div id="live-notes" class="talk-part">
                    {notes.is_empty().then(|| view! { <p class="quiet">{t!(locale, "no-notes")}</p> })}
                    <ol class="conversation">{notes.into_iter().map(|note| view! {
                        <li><p class="quiet small"><bdi>{note.author}</bdi>" · "{format::moment(locale, note.created_at, &note_zone)}</p><p class="prose" dir="auto">{note.text}</p></li>
                    }).collect_view()}</ol>
                    </div>
                    {actions.can_add_note.then(|| view! {
                        <SubmitOnce>
                        <form method="post" action=owned("/app/fn/add-note")>
                            <ErrorSummary form=note_form.clone()/>
                            <input type="hidden" name="request" value=note_request/><input type="hidden" name="view" value=note_view/>
                            <div data-key="c"><TextArea form=note_form field="note" label=t!(locale, "note") rows=3/></div>
                            <button class="button" type="submit">{t!(locale, "add-note")}</button>
                        </form>
                        </SubmitOnce>
                    })}
                </InternalBox>
            </section>
        </div>
    }
}

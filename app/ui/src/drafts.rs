//! Drafts of forms, and whose form it is: what a page needs to restore what was typed, and what an action needs to keep it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use domain::drafts::DraftKey;
use domain::locale::Locale;
use domain::problems::Cause;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use ordinavo_core::drafts::{self, Draft};
use ordinavo_core::identity::actors::{Author, FormOwner};
use ordinavo_core::{Core, CoreError, CoreResult};
use serde::{Deserialize, Serialize};

use crate::actions::{ActionForm, FormSubmission, Redirect, redirect, server_error, submit};
use crate::format;
use crate::forms::FormState;
use crate::realm::prefix;
use crate::viewer::Viewer;
use crate::word;

/// The query parameter of an action that names the account for which its form was rendered.
pub const OWNER_PARAMETER: &str = "by";

/// The token of the forms on the page that is being rendered.
#[derive(Debug, Clone)]
pub struct OwnerToken(pub String);

/// The account for which the submitted form was rendered; `None` if its token is not valid.
#[derive(Debug, Clone)]
pub struct SubmittedFor(pub Option<FormOwner>);

/// The reader's drafts of the forms on the page that is being rendered, and the forms that were rendered.
#[derive(Debug, Clone, Default)]
pub struct PageDrafts {
    drafts: Arc<Vec<Draft>>,
    rendered: Arc<Mutex<BTreeSet<String>>>,
}

impl PageDrafts {
    pub fn new(drafts: Vec<Draft>) -> Self {
        Self {
            drafts: Arc::new(drafts),
            rendered: Arc::default(),
        }
    }

    /// Returns the draft of a form.
    pub fn of_form(name: &str) -> Option<Draft> {
        let drafts = use_context::<Self>()?;
        drafts.drafts.iter().find(|draft| draft.form == name).cloned()
    }

    /// Notes that a form is on the page, so that its draft is shown by its fields: its name without a record.
    pub fn rendered(name: &str) {
        if let Some(Self { rendered, .. }) = use_context::<Self>()
            && let Ok(mut rendered) = rendered.lock()
        {
            rendered.insert(name.to_owned());
        }
    }

    /// Returns the drafts of forms that are not on the page any more, such as the one for a request that was decided meanwhile.
    /// Those of a form that the page shows about another record are left out: the page shows them with theirs.
    fn without_form(&self) -> Vec<Draft> {
        let Ok(rendered) = self.rendered.lock() else {
            return Vec::new();
        };
        let is_of = |draft: &Draft, name: &str| {
            let rest = draft.form.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        let is_gone = |draft: &&Draft| !rendered.iter().any(|name| is_of(draft, name));
        self.drafts.iter().filter(is_gone).cloned().collect()
    }
}

/// Returns the address that a form is sent to, with the account for which it is rendered.
pub fn owned(action: impl Into<String>) -> String {
    let action = action.into();
    match use_context::<OwnerToken>() {
        Some(OwnerToken(token)) => format!("{action}?{OWNER_PARAMETER}={token}"),
        None => action,
    }
}

/// Checks that the submitted form was rendered for this account. A form without a token belongs to its sender.
///
/// # Errors
/// `concurrent_modification`, naming both people if they are of the same organization.
pub(crate) fn ensure_own_form<A: Author>(author: &A) -> CoreResult<()> {
    let Some(SubmittedFor(owner)) = use_context::<SubmittedFor>() else {
        return Ok(());
    };
    if owner.as_ref().is_some_and(|owner| owner.is(author)) {
        return Ok(());
    }
    let owner = owner.filter(|owner| owner.is_colleague_of(author));
    Err(CoreError::new(Cause::FormOfOtherAccount {
        owner: owner.map(|owner| owner.person_name().to_owned()),
        own: author.person_name().to_owned(),
    }))
}

/// Returns the typed values of a submitted form by field, and the key of its draft. `None` for a button.
fn draft_of(submission: &FormSubmission<'_>) -> Option<(DraftKey, BTreeMap<String, String>)> {
    let key = DraftKey::of_item(&submission.back, submission.form, &submission.item)?;
    let values = submission.values.iter();
    Some((
        key,
        values
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    ))
}

/// Keeps what was typed if the action failed, and forgets it once it is sent. A failure to do so is no failure of the
/// action.
pub(crate) async fn after_action<A: Author>(
    core: &Core,
    author: &A,
    submission: &FormSubmission<'_>,
    result: &CoreResult<Redirect>,
) {
    let Some((key, values)) = draft_of(submission) else {
        return;
    };
    let kept = match result {
        Ok(next) if !next.keeps_draft => drafts::discard(core, author, &key).await,
        _ => drafts::save(core, author, &key, values).await,
    };
    if let Err(error) = kept {
        error.log();
    }
}

/// Keeps what was typed into a form for the account for which it was rendered.
pub(crate) async fn keep_for_owner(core: &Core, owner: &FormOwner, submission: &FormSubmission<'_>) {
    let Some((key, values)) = draft_of(submission) else {
        return;
    };
    if let Err(error) = drafts::save(core, owner, &key, values).await {
        error.log();
    }
}

/// Leads to sign-in and back to the page of the form, which then contains what was typed.
pub(crate) fn sign_in_to_continue(response: &ResponseOptions, owner: &FormOwner, back: &str) {
    let query = format::query([("next", back), ("kept", "on")]);
    redirect(response, &format!("{}/sign-in?{query}", prefix(owner.realm())));
}

/// The values that a page keeps while they are typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DraftForm {
    page: String,
    form: String,
    /// The typed values, as a query string.
    values: String,
}

/// Keeps what is being typed. The token of the form says whose draft it is, so this also works when the session ends.
///
/// # Errors
/// The code of the problem.
pub async fn save<A: Author + Clone + 'static>(form: DraftForm) -> Result<(), ServerFnError> {
    let owner = use_context::<SubmittedFor>().and_then(|submitted| submitted.0);
    let (core, author) = (use_context::<Core>(), use_context::<A>());
    let saved = async {
        let core = core.ok_or_else(|| CoreError::new(Cause::Internal))?;
        let key = DraftKey::new(&form.page, &form.form).ok_or_else(CoreError::not_found)?;
        let values = form_urlencoded::parse(form.values.as_bytes()).into_owned().collect();
        match (owner, author) {
            (Some(owner), _) => drafts::save(&core, &owner, &key, values).await,
            (None, Some(author)) => drafts::save(&core, &author, &key, values).await,
            (None, None) => Err(CoreError::new(Cause::SignInRequired)),
        }
    };
    saved.await.map_err(|error| server_error(&error))
}

/// The button that discards the draft of a form.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DiscardButton {
    /// The name of the form and the page that contains it, separated by a space.
    draft: String,
}

impl ActionForm for DiscardButton {
    fn back(&self) -> String {
        let page = self.draft.split_once(' ').map_or("/", |(_, page)| page);
        let is_own = ["/app", "/portal", "/partner"]
            .iter()
            .any(|prefix| page == *prefix || page.starts_with(&format!("{prefix}/")));
        if is_own && page.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') && !page.contains("//") {
            page.to_owned()
        } else {
            "/".to_owned()
        }
    }
}

/// Discards the draft of a form.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn discard<A: Author + Clone + 'static>(form: DiscardButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, author: A, form: DiscardButton| {
        let back = form.back();
        let name = form.draft.split_once(' ').map_or("", |(name, _)| name);
        if let Some(key) = DraftKey::new(&back, name) {
            drafts::discard(&core, &author, &key).await?;
        }
        Ok(Redirect::without_message(back))
    })
    .await
}

/// The element ID of the form that [`DiscardDraft`] submits.
const DISCARD_FORM: &str = "discard-draft";

/// The form that discards a draft. It stands alone in the frame of an app: a submit button inside the form with the draft would
/// be the one that Enter presses.
#[component]
pub fn DiscardDraftForm() -> impl IntoView {
    let viewer = use_context::<Viewer>()?;
    let prefix = viewer.path.split(['/', '?']).nth(1).unwrap_or_default().to_owned();
    Some(
        view! { <form id=DISCARD_FORM hidden=true method="post" action=owned(format!("/{prefix}/fn/discard-draft"))></form> },
    )
}

/// The button that discards the draft of a form.
#[component]
fn DiscardDraft(name: String, locale: Locale) -> impl IntoView {
    let viewer = use_context::<Viewer>()?;
    // With the query, which some pages need.
    let draft = format!("{name} {}", viewer.path);
    Some(
        view! { <button class="button button-quiet" type="submit" form=DISCARD_FORM name="draft" value=draft>{word!(locale, "draft-discard")}</button> },
    )
}

/// Says above a form that its values were restored from a draft, with a button that discards them.
#[component]
pub(crate) fn DraftNote(form: FormState) -> impl IntoView {
    let saved_at = form.draft_saved_at?;
    let viewer = use_context::<Viewer>()?;
    let locale: Locale = form.locale;
    let age = format::age(locale, saved_at, viewer.now);
    Some(view! {
        <p class="draft-note" data-testid="draft" role="status">
            <span>{word!(locale, "draft-restored", age = age)}</span>" "
            <DiscardDraft name=form.draft_name() locale/>
        </p>
    })
}

/// Texts that the reader typed on this page and did not send, whose forms are not on it any more.
#[component]
pub(crate) fn UnsentTexts() -> impl IntoView {
    let viewer = use_context::<Viewer>()?;
    let locale = viewer.locale;
    let drafts = use_context::<PageDrafts>()?.without_form();
    let texts = drafts.into_iter().filter_map(|draft| {
        let is_typed =
            |(name, value): (String, String)| (!NOT_TYPED.contains(&name.as_str()) && is_text(&value)).then_some(value);
        let typed: Vec<String> = draft.values.into_iter().filter_map(is_typed).collect();
        (!typed.is_empty()).then_some((draft.form, draft.updated_at, typed))
    });
    let notes = texts.map(|(name, saved_at, typed)| {
        let age = format::age(locale, saved_at, viewer.now);
        let id = format!("unsent-{name}");
        let labelled_by = id.clone();
        view! {
            <section class="notice notice-warn" data-testid="unsent" aria-labelledby=labelled_by>
                <p id=id>{word!(locale, "draft-without-form", age = age)}</p>
                {typed.into_iter().map(|text| view! { <p class="prose" dir="auto">{text}</p> }).collect_view()}
                <p><DiscardDraft name locale/></p>
            </section>
        }
    });
    Some(notes.collect_view())
}

/// Fields of forms that a person does not type: what the page adds, and choices.
const NOT_TYPED: [&str; 28] = [
    "approved_submitted_at",
    "back",
    "channel",
    "encoding",
    "kind",
    "locale",
    "mode",
    "next",
    "nonce",
    "occurrence",
    "overlap",
    "page",
    "path",
    "photo_marks",
    "priority",
    "purpose",
    "revision",
    "role",
    "seen",
    "service_type",
    "shown",
    "shown_at",
    "signature",
    "status",
    "submitted_at",
    "version",
    "view",
    "zone",
];

/// Returns whether a value is text: ticks, IDs, dates, times and numbers are not.
fn is_text(value: &str) -> bool {
    let is_number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'.');
    let is_id = value.split_once('_').is_some_and(|(kind, id)| {
        kind.len() == 3
            && id.len() == 26
            && id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    let value = value.trim();
    !(value.is_empty() || value == "on" || is_id || value.bytes().all(is_number))
}

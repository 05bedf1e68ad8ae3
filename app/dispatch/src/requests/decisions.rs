//! The actions of the review, each with its keyboard shortcut.

use chrono::{DateTime, Utc};
use domain::ids::RequestId;
use domain::intake::mails::MailTopic;
use domain::locale::Locale;
use domain::requests::Channel;
use leptos::prelude::*;
use ordinavo_core::notifications::reach::Reach;
use ordinavo_core::requests::model::{Conversion, RequestActions, RequestView};
use ordinavo_core::scheduling::model::TechnicianChoice;
use ui::components::{ConfirmAction, CustomerVisibleBox};
use ui::drafts::owned;
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextArea};
use ui::islands::SubmitOnce;

use crate::notifications::reach::ReachLines;
use crate::shared::{priority_choices, service_choices};
use crate::t;

/// The request and where its decisions lead, for the actions and the triage of its page.
#[derive(Clone)]
pub(crate) struct Review {
    pub item: RequestView,
    pub actions: RequestActions,
    /// The request to which a decision leads.
    pub next: Option<RequestId>,
    /// The query of the list.
    pub query: String,
    pub zone: String,
}

impl Review {
    fn fields(&self) -> FormFields {
        FormFields {
            request: self.item.id,
            view: self.query.clone(),
            next: self.next,
            version: self.item.version().as_str().to_owned(),
        }
    }
}

/// The actions that are open in the request's status, at the bottom of its page.
#[component]
pub(crate) fn Decisions(review: Review, reach: Option<Reach>, form: FormState, locale: Locale) -> impl IntoView {
    let fields = review.fields();
    let Review {
        item, actions, zone, ..
    } = review;
    view! {
        <div class="detail-actions">
            <ForwardActions item=item.clone() actions fields=fields.clone() locale/>
            {actions.can_decide.then(|| view! { <RejectForm channel=item.channel fields reach zone form locale/> })}
        </div>
    }
}

/// What every form of the review sends: the request, and where the decision leads.
#[derive(Clone)]
struct FormFields {
    request: RequestId,
    /// The query of the list.
    view: String,
    next: Option<RequestId>,
    /// The version of the request that the page shows.
    version: String,
}

#[component]
fn HiddenFields(fields: FormFields) -> impl IntoView {
    view! { <input type="hidden" name="version" value=fields.version/><input type="hidden" name="request" value=fields.request.to_string()/><input type="hidden" name="view" value=fields.view/><input type="hidden" name="next" value=fields.next.map(|next| next.to_string())/> }
}

/// The actions that take the request to its next status, and the link to its job.
#[component]
fn ForwardActions(item: RequestView, actions: RequestActions, fields: FormFields, locale: Locale) -> impl IntoView {
    let needs_customer = actions.conversion == Conversion::NeedsCustomer;
    let is_convertible = actions.conversion != Conversion::Unavailable;
    view! {
        <SubmitOnce>
        <div class="actions decisions">
            {actions.can_decide.then(|| view! { <form method="post" action=owned("/app/fn/accept-request")><HiddenFields fields=fields.clone()/><button class="button button-primary" type="submit" data-key="a" aria-keyshortcuts="a">{t!(locale, "accept")}<kbd aria-hidden="true">"a"</kbd></button></form> })}
            {is_convertible.then(|| view! { <form method="post" action=owned("/app/fn/convert-request")><HiddenFields fields=fields.clone()/><button class="button button-primary" type="submit" data-key="t" aria-keyshortcuts="t" disabled=needs_customer>{t!(locale, "convert")}<kbd aria-hidden="true">"t"</kbd></button></form> })}
            {needs_customer.then(|| view! { <p class="help">{t!(locale, "convert-needs-customer")}</p> })}
            {actions.can_start_review.then(|| view! { <form method="post" action=owned("/app/fn/start-review")><HiddenFields fields/><button class="button" type="submit">{t!(locale, "start-review")}</button></form> })}
            {item.target_id.map(|target| view! { <a class="button button-primary" href=format!("/app/targets/{target}")>{t!(locale, "open-job")}</a> })}
        </div>
        </SubmitOnce>
    }
}

/// Rejects the request with a reason for the customer.
#[component]
fn RejectForm(
    channel: Channel,
    fields: FormFields,
    reach: Option<Reach>,
    zone: String,
    form: FormState,
    locale: Locale,
) -> impl IntoView {
    let consequence = if channel.notifies_requester() {
        t!(locale, "reject-consequence")
    } else {
        t!(locale, "reject-consequence-api")
    };
    view! {
        <ConfirmAction label=t!(locale, "reject") consequence open=form.has_typed_values() key="r">
            <ReachLines reach topic=MailTopic::News locale zone/>
            <form method="post" action=owned("/app/fn/reject-request")>
                <ErrorSummary form=form.clone()/>
                <HiddenFields fields/>
                <CustomerVisibleBox locale><TextArea form field="reason" label=t!(locale, "reject-reason") rows=3/></CustomerVisibleBox>
                <button class="button button-bad" type="submit">{t!(locale, "reject-now")}</button>
            </form>
        </ConfirmAction>
    }
}

/// Priority, service, assignee and snoozing of a waiting request. A choice is saved at once.
#[component]
pub(crate) fn Triage(
    review: Review,
    reviewers: Vec<TechnicianChoice>,
    now: DateTime<Utc>,
    locale: Locale,
) -> impl IntoView {
    let fields = review.fields();
    let Review { item, zone, .. } = review;
    let assignees: Vec<(String, String)> = std::iter::once((String::new(), t!(locale, "assigned-none")))
        .chain(
            reviewers
                .into_iter()
                .map(|person| (person.id.to_string(), person.display_name)),
        )
        .collect();
    let assignee = item.assignee_id.map(|id| id.to_string()).unwrap_or_default();
    let snoozed_until = item.snoozed_until.filter(|until| *until > now);
    let snoozed = snoozed_until.map_or_else(
        || t!(locale, "snooze-none"),
        |until| t!(locale, "snoozed-until", until = format::moment(locale, until, &zone)),
    );
    let snooze_options = snooze_choices(locale, snoozed_until.is_some());
    view! {
        <div class="pills-set">
            <Pill action="set-priority" field="priority" label=t!(locale, "priority") choices=priority_choices(locale) chosen=item.priority.name().to_owned() key="p" fields=fields.clone()/>
            <Pill action="set-service" field="service" label=t!(locale, "service") choices=service_choices(locale) chosen=item.service_type.name().to_owned() key="s" fields=fields.clone()/>
            <Pill action="assign-request" field="assignee" label=t!(locale, "assignee") choices=assignees chosen=assignee otherwise=item.assignee_name.clone().unwrap_or_default() key="g" fields=fields.clone()/>
            <Pill action="snooze-request" field="until" label=t!(locale, "snooze-label") choices=snooze_options shown=snoozed key="h" fields/>
        </div>
    }
}

fn snooze_choices(locale: Locale, is_snoozed: bool) -> Vec<(String, String)> {
    let end = is_snoozed.then(|| (String::new(), t!(locale, "snooze-end")));
    end.into_iter()
        .chain([
            ("1h".to_owned(), t!(locale, "snooze-hour")),
            ("tomorrow".to_owned(), t!(locale, "snooze-tomorrow")),
            ("monday".to_owned(), t!(locale, "snooze-monday")),
        ])
        .collect()
}

/// A value with the choices for it, each of which is saved at once.
#[component]
fn Pill(
    action: &'static str,
    field: &'static str,
    label: String,
    choices: Vec<(String, String)>,
    #[prop(optional)] chosen: String,
    /// What is shown instead of the chosen value.
    #[prop(optional)]
    shown: Option<String>,
    /// What is shown if the chosen value is none of the choices.
    #[prop(optional)]
    otherwise: String,
    key: &'static str,
    fields: FormFields,
) -> impl IntoView {
    let is_stated = shown.is_some();
    let current = choices
        .iter()
        .find(|(value, _)| *value == chosen)
        .map(|(_, words)| words.clone());
    let shown = shown.or(current).unwrap_or(otherwise);
    view! {
        <form method="post" action=owned(format!("/app/fn/{action}"))>
            <HiddenFields fields/>
            <details class="menu pill"><summary data-key=key aria-keyshortcuts=key><span class="pill-name">{label}</span>" "<span class="pill-value"><bdi>{shown}</bdi></span><kbd aria-hidden="true">{key}</kbd></summary>
                <div class="menu-list">{choices.into_iter().map(|(value, words)| {
                    let is_current = (!is_stated && value == chosen).then_some("true");
                    view! { <button type="submit" name=field value=value aria-current=is_current><bdi>{words}</bdi></button> }
                }).collect_view()}</div></details>
        </form>
    }
}

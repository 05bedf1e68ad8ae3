//! The emails that the user wants, by topic.

use domain::intake::mails::MailTopic;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::portal_access::profile;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
use ui::drafts::owned;

use crate::i18n::by_key;
use crate::t;

const PAGE: &str = "/portal/profile";

/// A switch for each topic. What is needed to get an appointment says so while it is off.
#[component]
pub fn NotificationSection(muted: Vec<MailTopic>, locale: Locale) -> impl IntoView {
    view! {
        <section class="card" id="notifications"><h2>{t!(locale, "notifications-title")}</h2>
            <p>{t!(locale, "notifications-text")}</p>
            <form method="post" action=owned("/portal/fn/set-notifications")>
                {MailTopic::ALL.iter().map(|topic| {
                    let is_muted = muted.contains(topic);
                    let id = format!("notifications-{}", topic.name());
                    let (for_id, help_id) = (id.clone(), format!("{id}-help"));
                    let described_by = topic.is_transactional().then(|| help_id.clone());
                    let class = if is_muted { "notice notice-warn" } else { "help" };
                    view! {
                        <div class="check"><input id=id name=topic.name() type="checkbox" value="on" checked=!is_muted aria-describedby=described_by/><label for=for_id>{by_key(locale, &format!("notifications-{}", topic.name()))}</label></div>
                        {topic.is_transactional().then(|| view! { <p class=class id=help_id data-muted=is_muted.then_some(topic.name())>{by_key(locale, &format!("notifications-{}-warning", topic.name()))}</p> })}
                    }
                }).collect_view()}
                <button class="button" type="submit">{t!(locale, "notifications-save")}</button>
            </form>
        </section>
    }
}

/// The topics that the user wants.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NotificationForm {
    news: Option<String>,
    messages: Option<String>,
    offers: Option<String>,
    appointments: Option<String>,
}

impl ActionForm for NotificationForm {
    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

impl NotificationForm {
    fn wanted(&self) -> Vec<MailTopic> {
        let is_wanted = |topic: &MailTopic| {
            match topic {
                MailTopic::News => &self.news,
                MailTopic::Messages => &self.messages,
                MailTopic::Offers => &self.offers,
                MailTopic::Appointments => &self.appointments,
            }
            .is_some()
        };
        MailTopic::ALL.iter().copied().filter(is_wanted).collect()
    }
}

#[server(prefix = "/portal/fn", endpoint = "set-notifications")]
pub async fn set_notifications(#[server(flatten)] form: NotificationForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, contact: Contact, form: NotificationForm| {
        profile::set_wanted_mails(&core, &contact, &form.wanted()).await?;
        Ok(Redirect::to(PAGE, "done-notifications"))
    })
    .await
}

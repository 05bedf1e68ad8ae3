//! Access that other portal users offer to the user, who accepts or declines it.

use domain::ids::GrantId;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::portal_access::colleagues;
use ordinavo_core::portal_access::model::GrantSummary;
use serde::{Deserialize, Serialize};
use ui::access::capability_line;
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::drafts::owned;
use ui::format;

use crate::t;

/// The open offers, each with its answers; nothing if there are none.
#[component]
pub fn Offers(offers: Vec<GrantSummary>, locale: Locale, zone: String) -> impl IntoView {
    if offers.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="needs-you" aria-labelledby="offers" data-test="offers"><h2 id="offers">{t!(locale, "offers-title")}</h2>
            <ul class="lines lines-tall">{offers.into_iter().map(|offer| {
                let from = offer.granted_by.map(|name| t!(locale, "offer-from", name = name));
                let until = offer.valid_until.map(|until| t!(locale, "profile-until", moment = format::last_day(locale, until, &zone)));
                view! {
                    <li><span><strong><bdi>{offer.customer_name}</bdi></strong>" · "<bdi>{offer.location_name.unwrap_or_else(|| t!(locale, "all-locations"))}</bdi></span>
                        {from.map(|from| view! { <span class="quiet">{from}</span> })}
                        <span class="quiet">{capability_line(locale, &offer.may.all().list())}</span>{until.map(|until| view! { <span class="quiet">{until}</span> })}
                        <form method="post" action=owned("/portal/fn/answer-offer") class="actions"><input type="hidden" name="grant" value=offer.id.to_string()/>
                            <button class="button button-primary" type="submit" name="accept" value="on">{t!(locale, "offer-accept")}</button><button class="button" type="submit" name="accept" value="">{t!(locale, "offer-decline")}</button></form></li>
                }
            }).collect_view()}</ul>
        </section>
    }
    .into_any()
}

/// The buttons that accept or decline an offer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OfferAnswer {
    grant: FormId<GrantId>,
    /// `on` accepts the offer.
    accept: String,
}

impl ActionForm for OfferAnswer {
    fn back(&self) -> String {
        "/portal".to_owned()
    }
}

#[server(prefix = "/portal/fn", endpoint = "answer-offer")]
pub async fn answer_offer(#[server(flatten)] form: OfferAnswer) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, contact: Contact, form: OfferAnswer| {
        let accept = form.accept == "on";
        colleagues::answer_offer(&core, &contact, form.grant.get()?, accept).await?;
        let done = if accept {
            "done-offer-accepted"
        } else {
            "done-offer-declined"
        };
        Ok(Redirect::to("/portal", done))
    })
    .await
}

//! Colleagues: portal users with the right to manage access invite others, within their own permissions.

use domain::ids::{CustomerId, GrantId};
use domain::portal_access::Capability;
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::portal_access::colleagues;
use ordinavo_core::portal_access::colleagues::{GrantableLocation, Invited};
use serde::{Deserialize, Serialize};
use ui::access::{AccessChip, GrantFields, InvitationLanguage, capability_line, invite_form};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{ConfirmAction, EmptyState, NoMailServer, ProblemNotice};
use ui::drafts::owned;
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::i18n::shared;
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;
use ui::uploads::{Fields, UploadForm, submit_upload};

use crate::shared::{DoneNotice, viewer_contact};
use crate::shell::AppFrame;
use crate::t;

const PAGE: &str = "/portal/colleagues";

#[component]
pub fn ColleaguesPage() -> impl IntoView {
    let contact = viewer_contact();
    let content = page(|request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let found = colleagues::list(&request.core, &contact).await?;
        let (now, zone) = (found.now, contact.zone().to_owned());
        let empty = found.grants.is_empty();
        let flash = request.flash.clone();
        let mut customers: Vec<(CustomerId, String, Vec<GrantableLocation>)> = Vec::new();
        for place in found.places {
            match customers.iter_mut().find(|(id, _, _)| *id == place.customer) {
                Some((_, _, places)) => places.push(place),
                None => customers.push((place.customer, place.customer_name.clone(), vec![place])),
            }
        }
        let capabilities = found.capabilities;
        Ok(view! {
            <Title text=t!(locale, "colleagues-title")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <h1>{t!(locale, "colleagues-title")}</h1>
            <p class="lead">{t!(locale, "colleagues-intro")}</p>
            {empty.then(|| view! { <EmptyState icon="users" title=t!(locale, "colleagues-empty") text=t!(locale, "colleagues-empty-text")/> })}
            <ul class="cards cards-wide">{found.grants.into_iter().map(|grant| {
                let status = grant.status(now);
                let may = grant.may.all();
                let from = ui::access::starts_on(locale, grant.valid_from, now, &zone);
                let until = grant.valid_until.map(|until| t!(locale, "profile-until", moment = format::last_day(locale, until, &zone)));
                let name = grant.display_name.unwrap_or_else(|| grant.email.clone());
                view! {
                    <li class="card"><header class="title-row"><h2><bdi>{name}</bdi></h2><AccessChip status locale/></header>
                        <p class="quiet"><bdi dir="ltr">{grant.email}</bdi></p>
                        <p><bdi>{grant.customer_name}</bdi>" · "<bdi>{grant.location_name.unwrap_or_else(|| t!(locale, "all-locations"))}</bdi></p>
                        <p class="quiet">{capability_line(locale, &may.list())}</p>
                        {from.map(|from| view! { <p class="quiet">{from}</p> })}
                        {until.map(|until| view! { <p class="quiet">{until}</p> })}
                        {(!may.manage).then(|| view! {
                            <ConfirmAction label=t!(locale, "colleague-revoke") consequence=t!(locale, "colleague-revoke-consequence")>
                                <form method="post" action=owned("/portal/fn/revoke-colleague")><input type="hidden" name="grant" value=grant.id.to_string()/><button class="button button-bad" type="submit">{t!(locale, "colleague-revoke-now")}</button></form>
                            </ConfirmAction>
                        })}</li>
                }
            }).collect_view()}</ul>
            {customers.into_iter().map(|(customer, name, places)| {
                // Rejected input is shown in the form of the customer that it was typed into.
                let flash = flash.as_ref().filter(|flash| flash.values.get("customer") == Some(&customer.to_string()));
                let form = FormState::of_item("colleague", customer, locale, flash);
                view! { <InviteCard form customer name places capabilities=capabilities.clone()/> }
            }).collect_view()}
        }
        .into_any())
    });
    view! { <AppFrame current=PAGE>{content}</AppFrame> }
}

#[component]
fn InviteCard(
    form: FormState,
    customer: CustomerId,
    name: String,
    places: Vec<GrantableLocation>,
    capabilities: Vec<Capability>,
) -> impl IntoView {
    let locale = form.locale;
    let may_whole = places.iter().any(|place| place.location.is_none());
    let locations = places
        .into_iter()
        .filter_map(|place| place.location)
        .map(|(id, name)| (id.to_string(), name))
        .collect();
    view! {
        <section class="card"><h2>{t!(locale, "colleague-invite-title", customer = name)}</h2>
            <NoMailServer locale/>
            <SubmitOnce>
            <form method="post" action=owned("/portal/fn/invite-colleague") enctype="multipart/form-data">
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="customer" value=customer.to_string()/>
                <div class="pair"><TextField form=form.clone() field="name" label=t!(locale, "profile-name")/><TextField form=form.clone() field="email" kind="email" label=shared::email(locale)/></div>
                <GrantFields form=form.clone() may_whole locations capabilities/>
                <InvitationLanguage form/>
                <button class="button button-primary" type="submit">{t!(locale, "colleague-invite")}</button>
            </form>
            </SubmitOnce>
        </section>
    }
}

/// The form that invites a colleague.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ColleagueForm {
    customer: FormId<CustomerId>,
    #[serde(flatten)]
    invitation: Fields,
}

impl ActionForm for ColleagueForm {
    const NAME: &'static str = "colleague";

    fn item(&self) -> String {
        self.customer.ok().map(|id| id.to_string()).unwrap_or_default()
    }

    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

impl UploadForm for ColleagueForm {}

#[server(prefix = "/portal/fn", endpoint = "invite-colleague", input = MultipartFormData)]
pub async fn invite_colleague(data: MultipartData) -> Result<(), ServerFnError> {
    submit_upload(data, async |core: Core, contact: Contact, form: ColleagueForm, _| {
        let invited = colleagues::invite(&core, &contact, form.customer.get()?, &invite_form(&form.invitation)).await?;
        let done = match invited {
            Invited::Granted => "done-access-granted",
            Invited::ByEmail => "done-colleague-invited",
            Invited::Held => "done-invitation-held",
        };
        Ok(Redirect::to(PAGE, done))
    })
    .await
}

/// The button that revokes a colleague's grant.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GrantButton {
    grant: FormId<GrantId>,
}

impl ActionForm for GrantButton {
    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/portal/fn", endpoint = "revoke-colleague")]
pub async fn revoke_colleague(#[server(flatten)] form: GrantButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, contact: Contact, form: GrantButton| {
        colleagues::revoke(&core, &contact, form.grant.get()?).await?;
        Ok(Redirect::to(PAGE, "done-access-revoked"))
    })
    .await
}

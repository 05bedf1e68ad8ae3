//! Actions on portal access.

use domain::identity::permissions::ManagePortalAccess;
use domain::ids::{CustomerId, GrantId, PortalUserId};
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::shown_once;
use ordinavo_core::identity::two_factor;
use ordinavo_core::portal_access;
use serde::{Deserialize, Serialize};
use ui::access::invite_form;
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::uploads::{Fields, UploadForm, submit_upload};

/// Returns the path of a customer's portal access page. Text that is not a customer ID leads to the list of customers.
fn access_path(customer: Option<CustomerId>) -> String {
    match customer {
        Some(id) => format!("/app/customers/{id}/access"),
        None => "/app/customers".to_owned(),
    }
}

fn redirect_with_link(to: String, sealed: String) -> Redirect {
    Redirect::to(to, "done-access-invited").with_secret(sealed)
}

/// The form that grants access to a contact.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AccessForm {
    customer: FormId<CustomerId>,
    #[serde(flatten)]
    invitation: Fields,
}

impl ActionForm for AccessForm {
    const NAME: &'static str = "access";

    fn back(&self) -> String {
        access_path(self.customer.ok())
    }
}

impl UploadForm for AccessForm {}

#[server(prefix = "/app/fn", endpoint = "invite-contact", input = MultipartFormData)]
pub async fn invite_contact(data: MultipartData) -> Result<(), ServerFnError> {
    submit_upload(data, async |core: Core, staff: Staff, form: AccessForm, _| {
        let permit = staff.may::<ManagePortalAccess>()?;
        let (customer, invitation) = (form.customer.get()?, invite_form(&form.invitation));
        match portal_access::invite(&core, permit, customer, &invitation).await? {
            Some(link) => Ok(redirect_with_link(form.back(), shown_once::seal(&core, &staff, &link)?)),
            None => Ok(Redirect::to(form.back(), "done-access-granted")),
        }
    })
    .await
}

/// A button for an account on a customer's portal access page.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountButton {
    customer: FormId<CustomerId>,
    account: FormId<PortalUserId>,
}

impl ActionForm for AccountButton {
    fn back(&self) -> String {
        access_path(self.customer.ok())
    }
}

#[server(prefix = "/app/fn", endpoint = "invite-contact-again")]
pub async fn invite_contact_again(#[server(flatten)] form: AccountButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: AccountButton| {
        let link = portal_access::renew_invitation(&core, staff.may()?, form.account.get()?).await?;
        Ok(redirect_with_link(form.back(), shown_once::seal(&core, &staff, &link)?))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "revoke-invitation")]
pub async fn revoke_invitation(#[server(flatten)] form: AccountButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: AccountButton| {
        portal_access::revoke_invitation(&core, staff.may()?, form.account.get()?).await?;
        Ok(Redirect::to(form.back(), "done-invitation-revoked"))
    })
    .await
}

/// The button that blocks or unblocks an account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BlockButton {
    customer: FormId<CustomerId>,
    account: FormId<PortalUserId>,
    /// Empty unblocks the account.
    blocked: String,
}

impl ActionForm for BlockButton {
    fn back(&self) -> String {
        access_path(self.customer.ok())
    }
}

#[server(prefix = "/app/fn", endpoint = "block-account")]
pub async fn block_account(#[server(flatten)] form: BlockButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: BlockButton| {
        let block = !form.blocked.is_empty();
        portal_access::block(&core, staff.may()?, form.account.get()?, block).await?;
        let done = if block {
            "done-account-blocked"
        } else {
            "done-account-unblocked"
        };
        Ok(Redirect::to(form.back(), done))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "turn-off-two-factor")]
pub async fn turn_off_two_factor(#[server(flatten)] form: AccountButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: AccountButton| {
        two_factor::turn_off_for(&core, staff.may()?, form.account.get()?).await?;
        Ok(Redirect::to(form.back(), "done-access-two-factor-off"))
    })
    .await
}

/// The button that revokes a grant.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GrantButton {
    customer: FormId<CustomerId>,
    grant: FormId<GrantId>,
}

impl ActionForm for GrantButton {
    fn back(&self) -> String {
        access_path(self.customer.ok())
    }
}

#[server(prefix = "/app/fn", endpoint = "revoke-grant")]
pub async fn revoke_grant(#[server(flatten)] form: GrantButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: GrantButton| {
        portal_access::revoke_grant(&core, staff.may()?, form.grant.get()?).await?;
        Ok(Redirect::to(form.back(), "done-grant-revoked"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "view-as-contact")]
pub async fn view_as_contact(#[server(flatten)] form: AccountButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: AccountButton| {
        let to = portal_access::start_view_as(&core, staff.may()?, form.account.get()?).await?;
        Ok(Redirect::without_message(to))
    })
    .await
}

//! What can be done about access to the portal.

use domain::ids::{CustomerId, GrantId, PortalUserId};
use domain::permissions::ManagePortalAccess;
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::shown_once;
use ordinavo_core::identity::two_factor;
use ordinavo_core::portal_access;
use ordinavo_core::{Core, CoreError, CoreResult};
use ui::access::invite_form;
use ui::acts::{Next, Sent, act};
use ui::uploads;

/// The page of a customer's access; an id that is none leads to the list of customers.
fn access_page(customer: &str) -> String {
    customer.parse::<CustomerId>().map_or_else(
        |_| "/app/customers".to_owned(),
        |id| format!("/app/customers/{id}/access"),
    )
}

fn with_link(to: String, sealed: String) -> Next {
    Next {
        to,
        done: Some("done-access-invited"),
        shown_once: Some(sealed),
        undo: None,
    }
}

#[server(prefix = "/app/fn", endpoint = "invite-contact", input = MultipartFormData)]
pub async fn invite_contact(data: MultipartData) -> Result<(), ServerFnError> {
    let parts = uploads::read(data, "", 0).await;
    let values = parts.values();
    let customer = parts.text("customer");
    let back = access_page(&customer);
    let sent = Sent {
        form: "access",
        values: &values,
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        let permit = staff.may::<ManagePortalAccess>()?;
        let customer = customer.parse().map_err(|_| CoreError::not_found())?;
        match portal_access::invite(&core, permit, customer, &invite_form(&parts)).await? {
            Some(link) => Ok(with_link(back, shown_once::seal(&core, &staff, &link)?)),
            None => Ok(Next::to(back, "done-access-granted")),
        }
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "invite-contact-again")]
pub async fn invite_contact_again(
    #[server(default)] customer: String,
    #[server(default)] account: String,
) -> Result<(), ServerFnError> {
    let back = access_page(&customer);
    let sent = Sent {
        form: "",
        values: &[],
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        let permit = staff.may::<ManagePortalAccess>()?;
        let id: PortalUserId = account.parse().map_err(|_| CoreError::not_found())?;
        let link = portal_access::invite_again(&core, permit, id).await?;
        Ok(with_link(back, shown_once::seal(&core, &staff, &link)?))
    })
    .await
}

/// An act that ends on the page of a customer's access.
async fn on_access<Fut: Future<Output = CoreResult<()>> + Send>(
    customer: String,
    done: &'static str,
    work: impl FnOnce(Core, Staff) -> Fut + Send,
) -> Result<(), ServerFnError> {
    let back = access_page(&customer);
    let sent = Sent {
        form: "",
        values: &[],
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        staff.may::<ManagePortalAccess>()?;
        work(core, staff).await?;
        Ok(Next::to(back, done))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "revoke-invitation")]
pub async fn revoke_invitation(
    #[server(default)] customer: String,
    #[server(default)] account: String,
) -> Result<(), ServerFnError> {
    on_access(customer, "done-invitation-revoked", async |core, staff| {
        let id: PortalUserId = account.parse().map_err(|_| CoreError::not_found())?;
        portal_access::revoke_invitation(&core, staff.may()?, id).await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "block-account")]
pub async fn block_account(
    #[server(default)] customer: String,
    #[server(default)] account: String,
    #[server(default)] blocked: String,
) -> Result<(), ServerFnError> {
    let blocks = !blocked.is_empty();
    let done = if blocks {
        "done-account-blocked"
    } else {
        "done-account-unblocked"
    };
    on_access(customer, done, async |core, staff| {
        let id: PortalUserId = account.parse().map_err(|_| CoreError::not_found())?;
        portal_access::block(&core, staff.may()?, id, blocks).await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "remove-second-step")]
pub async fn remove_second_step(
    #[server(default)] customer: String,
    #[server(default)] account: String,
) -> Result<(), ServerFnError> {
    on_access(customer, "done-access-two-factor-off", async |core, staff| {
        let id: PortalUserId = account.parse().map_err(|_| CoreError::not_found())?;
        two_factor::remove(&core, staff.may()?, id).await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "revoke-grant")]
pub async fn revoke_grant(
    #[server(default)] customer: String,
    #[server(default)] grant: String,
) -> Result<(), ServerFnError> {
    on_access(customer, "done-grant-revoked", async |core, staff| {
        let id: GrantId = grant.parse().map_err(|_| CoreError::not_found())?;
        portal_access::revoke_grant(&core, staff.may()?, id).await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "see-as-contact")]
pub async fn see_as_contact(
    #[server(default)] customer: String,
    #[server(default)] account: String,
) -> Result<(), ServerFnError> {
    let sent = Sent {
        form: "",
        values: &[],
        back: access_page(&customer),
    };
    act(sent, async |core: Core, staff: Staff| {
        let permit = staff.may::<ManagePortalAccess>()?;
        let id: PortalUserId = account.parse().map_err(|_| CoreError::not_found())?;
        let to = portal_access::look(&core, permit, id).await?;
        Ok(Next {
            to,
            done: None,
            shown_once: None,
            undo: None,
        })
    })
    .await
}

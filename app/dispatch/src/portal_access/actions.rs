//! Actions on portal access.

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
use ui::actions::{FormSubmission, Redirect, run_action};
use ui::uploads;

/// Returns the path of a customer's portal access page. Text that is not a customer ID leads to the list of customers.
fn access_path(customer: &str) -> String {
    customer.parse::<CustomerId>().map_or_else(
        |_| "/app/customers".to_owned(),
        |id| format!("/app/customers/{id}/access"),
    )
}

fn redirect_with_link(to: String, sealed: String) -> Redirect {
    Redirect {
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
    let back = access_path(&customer);
    let submission = FormSubmission {
        form: "access",
        values: &values,
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may::<ManagePortalAccess>()?;
        let customer = customer.parse().map_err(|_| CoreError::not_found())?;
        match portal_access::invite(&core, permit, customer, &invite_form(&parts)).await? {
            Some(link) => Ok(redirect_with_link(back, shown_once::seal(&core, &staff, &link)?)),
            None => Ok(Redirect::to(back, "done-access-granted")),
        }
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "invite-contact-again")]
pub async fn invite_contact_again(
    #[server(default)] customer: String,
    #[server(default)] account: String,
) -> Result<(), ServerFnError> {
    let back = access_path(&customer);
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may::<ManagePortalAccess>()?;
        let id: PortalUserId = account.parse().map_err(|_| CoreError::not_found())?;
        let link = portal_access::renew_invitation(&core, permit, id).await?;
        Ok(redirect_with_link(back, shown_once::seal(&core, &staff, &link)?))
    })
    .await
}

/// Runs an action that returns to the customer's portal access page.
async fn run_access_action<Fut: Future<Output = CoreResult<()>> + Send>(
    customer: String,
    done: &'static str,
    work: impl FnOnce(Core, Staff) -> Fut + Send,
) -> Result<(), ServerFnError> {
    let back = access_path(&customer);
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        staff.may::<ManagePortalAccess>()?;
        work(core, staff).await?;
        Ok(Redirect::to(back, done))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "revoke-invitation")]
pub async fn revoke_invitation(
    #[server(default)] customer: String,
    #[server(default)] account: String,
) -> Result<(), ServerFnError> {
    run_access_action(customer, "done-invitation-revoked", async |core, staff| {
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
    let block = !blocked.is_empty();
    let done = if block {
        "done-account-blocked"
    } else {
        "done-account-unblocked"
    };
    run_access_action(customer, done, async |core, staff| {
        let id: PortalUserId = account.parse().map_err(|_| CoreError::not_found())?;
        portal_access::block(&core, staff.may()?, id, block).await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "remove-second-step")]
pub async fn turn_off_two_factor(
    #[server(default)] customer: String,
    #[server(default)] account: String,
) -> Result<(), ServerFnError> {
    run_access_action(customer, "done-access-two-factor-off", async |core, staff| {
        let id: PortalUserId = account.parse().map_err(|_| CoreError::not_found())?;
        two_factor::turn_off_for(&core, staff.may()?, id).await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "revoke-grant")]
pub async fn revoke_grant(
    #[server(default)] customer: String,
    #[server(default)] grant: String,
) -> Result<(), ServerFnError> {
    run_access_action(customer, "done-grant-revoked", async |core, staff| {
        let id: GrantId = grant.parse().map_err(|_| CoreError::not_found())?;
        portal_access::revoke_grant(&core, staff.may()?, id).await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "see-as-contact")]
pub async fn view_as_contact(
    #[server(default)] customer: String,
    #[server(default)] account: String,
) -> Result<(), ServerFnError> {
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: access_path(&customer),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may::<ManagePortalAccess>()?;
        let id: PortalUserId = account.parse().map_err(|_| CoreError::not_found())?;
        let to = portal_access::start_view_as(&core, permit, id).await?;
        Ok(Redirect {
            to,
            done: None,
            shown_once: None,
            undo: None,
        })
    })
    .await
}

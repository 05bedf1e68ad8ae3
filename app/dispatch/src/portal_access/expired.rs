//! Invitations to the portal that expired before they were accepted.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::portal_access::model::AccessSummary;
use ui::drafts::owned;
use ui::format;
use ui::icons::Icon;

use crate::t;

/// A line for each expired invitation, with the button that renews it; nothing if there are none.
#[component]
pub fn ExpiredInvitations(accounts: Vec<AccessSummary>, locale: Locale, zone: String) -> impl IntoView {
    let count = accounts.len();
    (count > 0).then(|| {
        view! {
            <details class="notice notice-warn" data-testid="expired-invitations"><summary><Icon name="users"/>{t!(locale, "invitations-expired", count = count)}</summary>
                <ul class="lines">{accounts.into_iter().map(|account| {
                    let customer = account.home_customer_id;
                    let expired = account.invitation_ends.map(|at| t!(locale, "invitation-expired-on", day = format::date(locale, at, &zone)));
                    view! {
                        <li><a href=format!("/app/customers/{customer}/access")><bdi>{account.display_name}</bdi></a><span class="quiet"><bdi dir="ltr">{account.email}</bdi></span><span class="quiet">{expired}</span>
                            <form method="post" action=owned("/app/fn/invite-contact-again")><input type="hidden" name="customer" value=customer.to_string()/><input type="hidden" name="account" value=account.id.to_string()/><button class="button" type="submit">{t!(locale, "access-resend-invitation")}</button></form></li>
                    }
                }).collect_view()}</ul>
            </details>
        }
    })
}

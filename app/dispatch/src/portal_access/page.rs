//! Portal access: the accounts and permissions of a customer's contacts, and the access review.

use chrono::{DateTime, Utc};
use domain::identity::permissions::{ManagePortalAccess, ViewOperations};
use domain::ids::{CustomerId, GrantId};
use domain::locale::Locale;
use domain::portal_access::{AccessStatus, Capability};
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::identity::shown_once;
use ordinavo_core::portal_access;
use ordinavo_core::portal_access::CustomerAccess;
use ordinavo_core::portal_access::model::{AccountAccess, GrantSummary};
use ui::access::{AccessChip, GrantFields, InvitationLanguage, capability_line};
use ui::components::{Chip, ConfirmAction, EmptyState, NoMailServer, Pager, ProblemNotice};
use ui::drafts::owned;
use ui::flash::SHOWN_ONCE;
use ui::format;
use ui::forms::{ErrorSummary, FormState, SelectField, TextField};
use ui::icons::Icon;
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::identity::settings_pages::SettingsFrame;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

#[component]
pub fn CustomerAccessPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: CustomerId = request.id("id")?;
        let found = portal_access::of_customer(&request.core, staff.may::<ViewOperations>()?, id).await?;
        let zone = staff.zone().to_owned();
        // The link of an invitation that was just created.
        let link = request
            .flash
            .as_ref()
            .and_then(|flash| flash.values.get(SHOWN_ONCE))
            .and_then(|sealed| shown_once::unseal(&request.core, &staff, sealed));
        let form = FormState::new("access", locale, request.flash.as_ref());
        let title = t!(locale, "access-title", customer = found.customer_name.clone());
        let empty = found.accounts.is_empty();
        let cards = {
            let (accounts, zone) = (found.accounts.clone(), zone.clone());
            accounts
                .into_iter()
                .map(|access| {
                    view! { <AccountCard access customer=id now=found.now locale zone=zone.clone()/> }
                })
                .collect_view()
        };
        let empty_text = if found.can_invite {
            t!(locale, "access-empty-text")
        } else {
            t!(locale, "access-empty-no-permission")
        };
        let link_text = if request.core.sends_mail() {
            t!(locale, "access-link")
        } else {
            t!(locale, "access-link-no-server")
        };
        Ok(view! {
            <Title text=title.clone()/>
            <PageBar locale title=t!(locale, "portal-access") parent=Parent::new(format!("/app/customers/{id}"), found.customer_name.clone()) is_trail=true/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            {link.map(|link| view! { <p class="notice notice-warn" data-testid="access-link">{link_text}" "<bdi class="mono secret" dir="ltr">{link}</bdi></p> })}
            <h1>{title}</h1>
            <p class="lead">{t!(locale, "access-intro")}</p>
            {empty.then(|| view! { <EmptyState icon="users" title=t!(locale, "access-empty") text=empty_text/> })}
            {cards}
            {found.can_invite.then(|| view! { <InviteCard form found id locale/> })}
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

/// An account with its permissions for this customer.
#[component]
fn AccountCard(
    access: AccountAccess,
    customer: CustomerId,
    now: DateTime<Utc>,
    locale: Locale,
    zone: String,
) -> impl IntoView {
    let AccountAccess {
        account,
        status,
        grants,
        actions,
    } = access;
    let last_sign_in = match (status, account.last_sign_in_at, account.invitation_ends) {
        (AccessStatus::Invited, _, Some(ends)) => {
            t!(locale, "access-invited-until", day = format::date(locale, ends, &zone))
        }
        (_, Some(at), _) => t!(locale, "access-last", moment = format::moment(locale, at, &zone)),
        (_, None, _) => t!(locale, "access-never"),
    };
    let hidden_fields = {
        let account = account.id.to_string();
        move || view! { <input type="hidden" name="customer" value=customer.to_string()/><input type="hidden" name="account" value=account.clone()/> }
    };
    let (resend_fields, revoke_fields, block_fields, view_as_fields, two_factor_fields) = (
        hidden_fields(),
        hidden_fields(),
        hidden_fields(),
        hidden_fields(),
        hidden_fields(),
    );
    let has_two_factor = account.has_second_factor;
    let (block_value, block_label) = if actions.can_unblock {
        ("", t!(locale, "access-unblock"))
    } else {
        ("on", t!(locale, "access-block"))
    };
    let no_grants = grants.is_empty();
    let is_of_other_customer = account.home_customer_id != customer;
    let heading = format!("account-{}", account.id);
    let labelled = heading.clone();
    view! {
        <section class="card" aria-labelledby=heading>
            <header class="title-row"><h2 id=labelled><bdi>{account.display_name}</bdi></h2><AccessChip status locale/></header>
            <p class="quiet"><bdi dir="ltr">{account.email}</bdi>" · "{last_sign_in}{has_two_factor.then(|| format!(" · {}", t!(locale, "access-two-factor-enabled")))}</p>
            {is_of_other_customer.then(|| view! { <p class="quiet">{t!(locale, "access-other-customer")}</p> })}
            {no_grants.then(|| view! { <p class="quiet">{t!(locale, "access-no-grants")}</p> })}
            <ul class="grants">{grants.into_iter().map(|grant| view! { <GrantItem grant customer now locale zone=zone.clone() can_revoke=actions.can_manage/> }).collect_view()}</ul>
            {actions.can_manage.then(|| view! {
                <div class="actions">
                    {actions.can_view_as.then(|| view! { <form method="post" action=owned("/app/fn/view-as-contact") target="_blank">{view_as_fields}<button class="button" type="submit"><Icon name="eye"/>{t!(locale, "access-view-as")}</button></form> })}
                    {actions.can_resend_invitation.then(|| view! { <form method="post" action=owned("/app/fn/invite-contact-again")>{resend_fields}<button class="button" type="submit">{t!(locale, "access-resend-invitation")}</button></form> })}
                    {actions.can_revoke_invitation.then(|| view! { <form method="post" action=owned("/app/fn/revoke-invitation")>{revoke_fields}<button class="button" type="submit">{t!(locale, "access-revoke-invitation")}</button></form> })}
                    <form method="post" action=owned("/app/fn/block-account")>{block_fields}<input type="hidden" name="blocked" value=block_value/><button class="button" type="submit">{block_label}</button></form>
                </div>
                {actions.can_turn_off_two_factor.then(|| view! {
                    <ConfirmAction label=t!(locale, "access-two-factor-off") consequence=t!(locale, "access-two-factor-off-consequence")>
                        <NoMailServer locale/>
                        <form method="post" action=owned("/app/fn/turn-off-two-factor")>{two_factor_fields}<button class="button button-bad" type="submit">{t!(locale, "access-two-factor-off-now")}</button></form>
                    </ConfirmAction>
                })}
            })}
        </section>
    }
}

/// A permission: location, capabilities, validity, grantor and reason.
#[component]
fn GrantItem(
    grant: GrantSummary,
    customer: CustomerId,
    now: DateTime<Utc>,
    locale: Locale,
    zone: String,
    can_revoke: bool,
) -> impl IntoView {
    let location = grant
        .location_name
        .unwrap_or_else(|| t!(locale, "access-all-locations"));
    let has_ended = grant.valid_until.is_some_and(|until| until <= now);
    let until = grant.valid_until.map(|until| {
        t!(
            locale,
            "access-valid-until",
            moment = format::last_day(locale, until, &zone)
        )
    });
    let starts_on = ui::access::starts_on(locale, grant.valid_from, now, &zone);
    let capabilities = capability_line(locale, &grant.may.all().list());
    let granted_by = grant.granted_by.map_or_else(
        || t!(locale, "access-granted-by-operator"),
        |name| t!(locale, "access-granted-by", name = name),
    );
    let since = format::date(locale, grant.valid_from, &zone);
    view! {
        <li>
            <p><strong><bdi>{location}</bdi></strong>" "{grant.offered_until.map(|_| view! { <span data-code="offered"><Chip label=t!(locale, "access-offered") tone=Tone::Info/></span>" " })}{starts_on.map(|starts_on| view! { <Chip label=starts_on tone=Tone::Warn/>" " })}{until.map(|until| view! { <Chip label=until tone={if has_ended { Tone::Bad } else { Tone::Warn }}/> })}</p>
            <p>{capabilities}</p>
            <p class="quiet">{granted_by}" · "{since}" · "<bdi>{grant.reason}</bdi></p>
            {can_revoke.then(|| view! {
                <ConfirmAction label=t!(locale, "access-revoke") consequence=t!(locale, "access-revoke-consequence")>
                    <form method="post" action=owned("/app/fn/revoke-grant")><input type="hidden" name="customer" value=customer.to_string()/><input type="hidden" name="grant" value=grant.id.to_string()/><button class="button button-bad" type="submit">{t!(locale, "access-revoke-now")}</button></form>
                </ConfirmAction>
            })}
        </li>
    }
}

/// The form that invites a contact or grants further access.
#[component]
fn InviteCard(form: FormState, found: CustomerAccess, id: CustomerId, locale: Locale) -> impl IntoView {
    let contacts: Vec<(String, String)> = found
        .contacts
        .into_iter()
        .map(|contact| {
            let label = match contact.email {
                Some(email) => format!("{} ({email})", contact.display_name),
                None => contact.display_name,
            };
            (contact.id.to_string(), label)
        })
        .collect();
    let locations = found
        .locations
        .into_iter()
        .map(|location| (location.id.to_string(), location.name))
        .collect();
    view! {
        <section class="card"><h2>{t!(locale, "access-invite-title")}</h2>
            <p class="quiet">{t!(locale, "access-invite-text")}</p>
            <SubmitOnce>
            <form method="post" action=owned("/app/fn/invite-contact") enctype="multipart/form-data">
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="customer" value=id.to_string()/>
                <SelectField form=form.clone() field="contact" label=t!(locale, "access-contact") help=t!(locale, "access-contact-help") choices=contacts optional=true/>
                <div class="pair"><TextField form=form.clone() field="name" label=t!(locale, "access-name") optional=true/><TextField form=form.clone() field="email" kind="email" label=t!(locale, "access-email") help=t!(locale, "access-email-help") optional=true/></div>
                <GrantFields form=form.clone() may_whole=true locations capabilities=Capability::ALL.to_vec()/>
                <InvitationLanguage form/>
                <button class="button button-primary" type="submit">{t!(locale, "access-invite")}</button>
            </form>
            </SubmitOnce>
        </section>
    }
}

#[component]
pub fn AccessReviewPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let zone = staff.zone().to_owned();
        let after: Option<GrantId> = request.query("after").parse().ok();
        let found = portal_access::review(&request.core, staff.may::<ManagePortalAccess>()?, after).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/app/settings/access?after={}", row.id));
        let first = after.map(|_| "/app/settings/access".to_owned());
        let empty = found.rows.is_empty();
        Ok(view! {
            <Title text=t!(locale, "review-title")/>
            <h1>{t!(locale, "review-title")}</h1>
            <p class="lead">{t!(locale, "review-intro")}</p>
            {empty.then(|| view! { <EmptyState title=t!(locale, "review-empty") text=t!(locale, "review-empty-text")/> })}
            {(!empty).then(|| view! {
                <div class="table-frame"><table class="table">
                    <thead><tr><th scope="col">{t!(locale, "name")}</th><th scope="col">{t!(locale, "customer")}</th><th scope="col">{t!(locale, "location")}</th><th scope="col">{t!(locale, "review-reason")}</th></tr></thead>
                    <tbody>{found.rows.into_iter().map(|row| {
                        let last_sign_in = row.last_sign_in_at.map_or_else(|| t!(locale, "access-never"), |at| t!(locale, "access-last", moment = format::moment(locale, at, &zone)));
                        let ends = row.valid_until.filter(|_| row.ends_soon).map(|until| t!(locale, "access-valid-until", moment = format::last_day(locale, until, &zone)));
                        view! {
                            <tr><th scope="row"><a href=format!("/app/customers/{}/access", row.customer_id)><bdi>{row.display_name}</bdi></a>" "<span class="quiet"><bdi dir="ltr">{row.email}</bdi></span></th>
                                <td><bdi>{row.customer_name}</bdi></td><td><bdi>{row.location_name.unwrap_or_else(|| t!(locale, "access-all-locations"))}</bdi></td>
                                <td>{ends.map(|ends| view! { <Chip label=ends tone=Tone::Warn/>" " })}{row.is_unused.then(|| view! { <Chip label=t!(locale, "review-unused") tone=Tone::Neutral/>" "<span class="quiet">{last_sign_in}</span> })}{row.has_lost_granter.then(|| view! { " "<span data-code="lost_granter"><Chip label=t!(locale, "review-lost-granter") tone=Tone::Warn/></span> })}</td></tr>
                        }
                    }).collect_view()}</tbody>
                </table></div>
            })}
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <SettingsFrame current="/app/settings/access">{content}</SettingsFrame> }
}

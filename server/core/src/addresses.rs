//! The addresses of pages that mails, copied links and calendars contain. Core knows no other paths; the web apps own the
//! rest.

use domain::ids::{AppointmentId, RequestId};

use crate::Settings;
use crate::identity::Realm;

/// Returns the path of a mailed link or a view-as link.
pub(crate) fn account_link_path(token: &str) -> String {
    format!("/portal/link/{token}")
}

/// Returns the address of a mailed link of a portal account.
pub(crate) fn account_link(settings: &Settings, token: &str) -> String {
    format!("{}{}", settings.portal_url, account_link_path(token))
}

/// Returns the path of the sign-in page of a realm.
pub(crate) fn sign_in_path(realm: Realm) -> &'static str {
    match realm {
        Realm::Staff => "/app/sign-in",
        Realm::Portal => "/portal/sign-in",
        Realm::Partner => "/partner/sign-in",
    }
}

/// Returns the address of an emailed link with which staff or partners set a new password.
pub(crate) fn password_link(settings: &Settings, realm: Realm, token: &str) -> String {
    let app = if realm == Realm::Partner { "partner" } else { "app" };
    format!("{}/{app}/password/{token}", settings.public_url)
}

/// Returns the address of an emailed link with which staff or partners confirm a new email address.
pub(crate) fn email_link(settings: &Settings, realm: Realm, token: &str) -> String {
    let app = if realm == Realm::Partner { "partner" } else { "app" };
    format!("{}/{app}/email/{token}", settings.public_url)
}

/// Returns the address of a portal user's calendar feed.
pub(crate) fn calendar_feed(settings: &Settings, token: &str) -> String {
    format!("{}/portal/feed/{token}/calendar.ics", settings.portal_url)
}

/// Returns the address of an appointment in the portal.
pub(crate) fn portal_appointment(settings: &Settings, id: AppointmentId) -> String {
    format!("{}/portal/appointments/{id}", settings.portal_url)
}

/// Returns the address of a partner's invitation.
pub(crate) fn partner_invitation(settings: &Settings, token: &str) -> String {
    format!("{}/partner/invitation/{token}", settings.public_url)
}

/// Returns the address of an app.
pub(crate) fn home(settings: &Settings, realm: Realm) -> String {
    match realm {
        Realm::Staff => format!("{}/app", settings.public_url),
        Realm::Portal => format!("{}/portal", settings.portal_url),
        Realm::Partner => format!("{}/partner", settings.public_url),
    }
}

/// Returns the address of a request in the portal.
pub(crate) fn portal_request(settings: &Settings, request: RequestId) -> String {
    format!("{}/portal/requests/{request}", settings.portal_url)
}

/// Returns the address of a request's tracking page.
pub(crate) fn tracking(settings: &Settings, token: &str) -> String {
    format!("{}/track/{token}", settings.public_url)
}

/// Returns the path of a file of an organisation's branding. The version changes with every update, so the files can be
/// cached.
pub(crate) fn branding_file(version: &str, file: &str) -> String {
    format!("/portal/branding/{version}/{file}")
}

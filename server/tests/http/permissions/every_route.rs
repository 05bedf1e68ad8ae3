//! Every route, page and action as every kind of actor. A route without an entry here fails the test.

use ordinavo_core::Engine;
use rstest::rstest;
use std::collections::BTreeMap;

use crate::support::{SAME_ORIGIN, World, link, world, world_at};
use chrono::{TimeZone as _, Utc};
use leptos::server_fn::axum::server_fn_paths;
use ordinavo_core::clock::Clock;
use reqwest::{Client, Method, StatusCode};

/// Staff pages with the roles that may open them; `{…}` is replaced by a link found on another page.
pub const STAFF_PAGES: &[(&str, &[&str])] = &[
    ("/app/inbox", &["admin", "manager", "dispatcher", "auditor"]),
    ("/app/inbox/new", &["admin", "manager", "dispatcher"]),
    ("/app/inbox/{request}", &["admin", "manager", "dispatcher", "auditor"]),
    ("/app/today", &["admin", "manager", "dispatcher", "auditor"]),
    ("/app/search", &["admin", "manager", "dispatcher", "auditor"]),
    (
        "/app/search?q=rhein&kind=job",
        &["admin", "manager", "dispatcher", "auditor"],
    ),
    ("/app/targets/{target}", &["admin", "manager", "dispatcher", "auditor"]),
    ("/app/board", &["admin", "manager", "dispatcher", "auditor"]),
    ("/app/board?view=week", &["admin", "manager", "dispatcher", "auditor"]),
    ("/app/board?view=list", &["admin", "manager", "dispatcher", "auditor"]),
    ("/app/board?view=map", &["admin", "manager", "dispatcher", "auditor"]),
    ("/app/board/suggestions", &["admin", "manager", "dispatcher"]),
    ("/app/board/move?target={target}", &["admin", "manager", "dispatcher"]),
    ("/app/customers", &["admin", "manager", "dispatcher", "auditor"]),
    (
        "/app/customers/{customer}",
        &["admin", "manager", "dispatcher", "auditor"],
    ),
    ("/app/customers/new", &["admin", "manager", "dispatcher"]),
    ("/app/customers/import", &["admin", "manager", "dispatcher"]),
    ("/app/customers/{customer}/edit", &["admin", "manager", "dispatcher"]),
    (
        "/app/customers/{customer}/new-location",
        &["admin", "manager", "dispatcher"],
    ),
    (
        "/app/customers/{customer}/new-contact",
        &["admin", "manager", "dispatcher"],
    ),
    (
        "/app/locations/{location}",
        &["admin", "manager", "dispatcher", "auditor"],
    ),
    (
        "/app/contacts/{contact}",
        &["admin", "manager", "dispatcher", "auditor"],
    ),
    ("/app/jobs", &["admin", "manager", "dispatcher", "auditor"]),
    ("/app/jobs/new", &["admin", "manager", "dispatcher"]),
    ("/app/targets/{manual}/edit", &["admin", "manager", "dispatcher"]),
    (
        "/app/customers/{customer}/access",
        &["admin", "manager", "dispatcher", "auditor"],
    ),
    ("/app/day", &["technician"]),
    ("/app/day/sheet", &["technician"]),
    ("/app/day/sync-conflicts", &["technician"]),
    ("/app/day/unsent", &["technician"]),
    ("/app/day/offline-data-removed", &["technician"]),
    ("/app/day/offline", &["technician"]),
    ("/app/reports", &["admin", "manager", "dispatcher", "auditor"]),
    ("/app/reports/{report}", &["admin", "manager", "dispatcher", "auditor"]),
    ("/app/imports", &["admin", "manager", "dispatcher", "auditor"]),
    ("/app/imports/{import}", &["admin", "manager", "dispatcher", "auditor"]),
    ("/app/imports/mapping", &["admin", "manager", "dispatcher", "auditor"]),
    (
        "/app/imports/mapping/{held}",
        &["admin", "manager", "dispatcher", "auditor"],
    ),
    (
        "/app/imports/references?source=erp&id=CUST-10042",
        &["admin", "manager", "dispatcher", "auditor"],
    ),
    ("/app/imports/upload", &["admin", "manager", "dispatcher"]),
    ("/app/integrations", &["admin", "manager", "auditor"]),
    ("/app/integrations/clients/{client}", &["admin", "manager", "auditor"]),
    ("/app/integrations/sources/{source}", &["admin", "manager", "auditor"]),
    ("/app/integrations/endpoints/new", &["admin"]),
    (
        "/app/integrations/endpoints/{endpoint}",
        &["admin", "manager", "auditor"],
    ),
    (
        "/app/integrations/deliveries/{delivery}",
        &["admin", "manager", "auditor"],
    ),
    ("/app/integrations/billing", &["admin", "manager", "auditor"]),
    ("/app/settings/forms", &["admin"]),
    ("/app/settings/forms/new", &["admin"]),
    ("/app/settings/forms/{form}", &["admin"]),
    ("/app/form-preview/{form}", &["admin"]),
    ("/app/settings/rules", &["admin"]),
    ("/app/settings/rules/new", &["admin"]),
    ("/app/settings/rules/{rule}", &["admin"]),
    (
        "/app/settings/technicians",
        &["admin", "manager", "dispatcher", "auditor"],
    ),
    (
        "/app/settings/technicians/{technician}",
        &["admin", "manager", "dispatcher", "auditor"],
    ),
    ("/app/settings/terminals", &["admin"]),
    ("/app/settings/terminals/new", &["admin"]),
    ("/app/settings/access", &["admin", "manager"]),
    ("/app/settings/portal", &["admin"]),
    ("/app/settings/mails", &["admin", "manager", "auditor"]),
    ("/app/settings/mails/{mail}", &["admin", "manager", "auditor"]),
    (
        "/app/settings",
        &["admin", "manager", "dispatcher", "technician", "auditor"],
    ),
    (
        "/app/security",
        &["admin", "manager", "dispatcher", "technician", "auditor"],
    ),
    ("/app/settings/two-factor", &["admin"]),
    ("/app/settings/organization", &["admin"]),
    ("/app/start", &["admin"]),
    ("/app/settings/team", &["admin"]),
    ("/app/settings/audit", &["admin", "auditor"]),
    (
        "/app/help",
        &["admin", "manager", "dispatcher", "technician", "auditor"],
    ),
];

/// Everybody has an account of their own.
const ALL_ROLES: &[&str] = &["admin", "manager", "dispatcher", "technician", "auditor"];

/// Staff actions with the roles that may use them.
const STAFF_ACTIONS: &[(&str, &[&str])] = &[
    ("/app/fn/save-draft", ALL_ROLES),
    ("/app/fn/set-shortcuts", ALL_ROLES),
    ("/app/fn/set-own-name", ALL_ROLES),
    ("/app/fn/discard-draft", ALL_ROLES),
    ("/app/fn/start-review", &["admin", "manager", "dispatcher"]),
    ("/app/fn/accept-request", &["admin", "manager", "dispatcher"]),
    ("/app/fn/reject-request", &["admin", "manager", "dispatcher"]),
    ("/app/fn/convert-request", &["admin", "manager", "dispatcher"]),
    ("/app/fn/record-call", &["admin", "manager", "dispatcher"]),
    ("/app/fn/set-priority", &["admin", "manager", "dispatcher"]),
    ("/app/fn/new-customer", &["admin", "manager", "dispatcher"]),
    ("/app/fn/edit-customer", &["admin", "manager", "dispatcher"]),
    ("/app/fn/archive-customer", &["admin", "manager", "dispatcher"]),
    ("/app/fn/new-location", &["admin", "manager", "dispatcher"]),
    ("/app/fn/edit-location", &["admin", "manager", "dispatcher"]),
    ("/app/fn/archive-location", &["admin", "manager", "dispatcher"]),
    ("/app/fn/new-contact", &["admin", "manager", "dispatcher"]),
    ("/app/fn/edit-contact", &["admin", "manager", "dispatcher"]),
    ("/app/fn/archive-contact", &["admin", "manager", "dispatcher"]),
    ("/app/fn/set-organization", &["admin"]),
    ("/app/fn/hide-first-steps", &["admin"]),
    ("/app/fn/new-job", &["admin", "manager", "dispatcher"]),
    ("/app/fn/edit-job", &["admin", "manager", "dispatcher"]),
    ("/app/fn/set-service", &["admin", "manager", "dispatcher"]),
    ("/app/fn/assign-request", &["admin", "manager", "dispatcher"]),
    ("/app/fn/snooze-request", &["admin", "manager", "dispatcher"]),
    ("/app/fn/update-requests", &["admin", "manager", "dispatcher"]),
    ("/app/fn/undo-decision", &["admin", "manager", "dispatcher"]),
    ("/app/fn/assign-customer", &["admin", "manager", "dispatcher"]),
    ("/app/fn/create-customer", &["admin", "manager", "dispatcher"]),
    ("/app/fn/add-note", &["admin", "manager", "dispatcher"]),
    ("/app/fn/send-message", &["admin", "manager", "dispatcher"]),
    ("/app/fn/mark-reply-read", &["admin", "manager", "dispatcher"]),
    ("/app/fn/offer-slots", &["admin", "manager", "dispatcher"]),
    ("/app/fn/suggest-routes", &["admin", "manager", "dispatcher"]),
    ("/app/fn/cancel-suggestion", &["admin", "manager", "dispatcher"]),
    ("/app/fn/discard-suggestion", &["admin", "manager", "dispatcher"]),
    ("/app/fn/commit-suggestion", &["admin", "manager", "dispatcher"]),
    ("/app/fn/move-target", &["admin", "manager", "dispatcher"]),
    ("/app/fn/schedule-target", &["admin", "manager", "dispatcher"]),
    ("/app/fn/cancel-target", &["admin", "manager", "dispatcher"]),
    ("/app/fn/reopen-target", &["admin", "manager", "dispatcher"]),
    ("/app/fn/accept-proposal", &["admin", "manager", "dispatcher"]),
    ("/app/fn/dismiss-proposal", &["admin", "manager", "dispatcher"]),
    ("/app/fn/decide-request-change", &["admin", "manager", "dispatcher"]),
    ("/app/fn/create-mapping-customer", &["admin", "manager", "dispatcher"]),
    ("/app/fn/reject-mapping", &["admin", "manager", "dispatcher"]),
    ("/app/fn/snooze-mapping", &["admin", "manager", "dispatcher"]),
    ("/app/fn/plan-follow-up", &["admin", "manager", "dispatcher"]),
    ("/app/fn/dismiss-follow-up", &["admin", "manager", "dispatcher"]),
    ("/app/fn/start-travel", &["technician"]),
    ("/app/fn/revert-travel", &["technician"]),
    (
        "/app/fn/revert-travel-of-technician",
        &["admin", "manager", "dispatcher"],
    ),
    ("/app/fn/arrive", &["technician"]),
    ("/app/fn/submit-report", &["technician"]),
    ("/app/fn/send-entry", &["technician"]),
    ("/app/fn/send-photo", &["technician"]),
    ("/app/fn/keep-my-entries", &["technician"]),
    ("/app/fn/send-entries-to-dispatch", &["technician"]),
    ("/app/fn/discard-my-entries", &["technician"]),
    ("/app/fn/report-cannot-do", &["technician"]),
    ("/app/fn/report-late", &["technician"]),
    ("/app/fn/confirm-changes", &["technician"]),
    ("/app/fn/resolve-sync-conflict", &["admin", "manager", "dispatcher"]),
    ("/app/fn/resolve-visit-notice", &["admin", "manager", "dispatcher"]),
    ("/app/fn/approve-report", &["admin", "manager"]),
    ("/app/fn/return-report", &["admin", "manager"]),
    ("/app/fn/publish-report", &["admin", "manager"]),
    ("/app/fn/withdraw-report", &["admin", "manager"]),
    ("/app/fn/resolve-mapping", &["admin", "manager", "dispatcher"]),
    ("/app/fn/remove-reference", &["admin", "manager", "dispatcher"]),
    ("/app/fn/dry-run-csv", &["admin", "manager", "dispatcher"]),
    ("/app/fn/import-dry-run", &["admin", "manager", "dispatcher"]),
    ("/app/fn/upload-csv", &["admin", "manager", "dispatcher"]),
    ("/app/fn/upload-customers", &["admin", "manager", "dispatcher"]),
    ("/app/fn/choose-customer-columns", &["admin", "manager", "dispatcher"]),
    ("/app/fn/import-customers", &["admin", "manager", "dispatcher"]),
    ("/app/fn/save-rule", &["admin"]),
    ("/app/fn/test-rule", &["admin"]),
    ("/app/fn/set-rule-enabled", &["admin"]),
    ("/app/fn/move-rule", &["admin"]),
    ("/app/fn/delete-rule", &["admin"]),
    ("/app/fn/invite-contact", &["admin", "manager"]),
    ("/app/fn/invite-contact-again", &["admin", "manager"]),
    ("/app/fn/revoke-invitation", &["admin", "manager"]),
    ("/app/fn/block-account", &["admin", "manager"]),
    ("/app/fn/revoke-grant", &["admin", "manager"]),
    ("/app/fn/turn-off-two-factor", &["admin", "manager"]),
    ("/app/fn/view-as-contact", &["admin", "manager"]),
    ("/app/fn/set-portal-logo", &["admin"]),
    ("/app/fn/set-portal-colour", &["admin"]),
    ("/app/fn/set-portal-contact", &["admin"]),
    ("/app/fn/set-terminology", &["admin"]),
    ("/app/fn/update-technician", &["admin", "manager"]),
    ("/app/fn/add-absence", &["admin", "manager"]),
    ("/app/fn/remove-absence", &["admin", "manager"]),
    ("/app/fn/create-terminal", &["admin"]),
    ("/app/fn/renew-pairing-code", &["admin"]),
    ("/app/fn/unpair-terminal", &["admin"]),
    ("/app/fn/delete-terminal", &["admin"]),
    ("/app/fn/create-form", &["admin"]),
    ("/app/fn/update-form", &["admin"]),
    ("/app/fn/close-form", &["admin"]),
    ("/app/fn/create-client", &["admin"]),
    ("/app/fn/set-scopes", &["admin"]),
    ("/app/fn/set-test-mode", &["admin", "manager", "auditor"]),
    ("/app/fn/verify-audit", &["admin", "auditor"]),
    ("/app/fn/send-held-mails", &["admin"]),
    ("/app/fn/drop-held-mails", &["admin"]),
    ("/app/fn/create-credential", &["admin"]),
    ("/app/fn/revoke-credential", &["admin"]),
    ("/app/fn/revoke-client", &["admin"]),
    ("/app/fn/update-source", &["admin"]),
    ("/app/fn/set-gate", &["admin"]),
    ("/app/fn/create-endpoint", &["admin"]),
    ("/app/fn/update-endpoint", &["admin"]),
    ("/app/fn/test-endpoint", &["admin"]),
    ("/app/fn/enable-endpoint", &["admin"]),
    ("/app/fn/disable-endpoint", &["admin"]),
    ("/app/fn/delete-endpoint", &["admin"]),
    ("/app/fn/rotate-endpoint", &["admin"]),
    ("/app/fn/recover-endpoint", &["admin"]),
    ("/app/fn/replay-range", &["admin"]),
    ("/app/fn/replay-delivery", &["admin"]),
    ("/app/fn/invite-partner", &["admin"]),
    ("/app/fn/invite-partner-again", &["admin"]),
    ("/app/fn/block-partner", &["admin"]),
    ("/app/fn/set-two-factor-roles", &["admin"]),
    ("/app/fn/invite-member", &["admin"]),
    ("/app/fn/set-member-role", &["admin"]),
    ("/app/fn/renew-member-link", &["admin"]),
    ("/app/fn/lock-member", &["admin"]),
    ("/app/fn/hand-over-work", &["admin"]),
    ("/app/fn/begin-two-factor", ALL_ROLES),
    ("/app/fn/cancel-two-factor", ALL_ROLES),
    ("/app/fn/confirm-two-factor", ALL_ROLES),
    ("/app/fn/change-two-factor", ALL_ROLES),
    ("/app/fn/begin-passkey", ALL_ROLES),
    ("/app/fn/change-password", ALL_ROLES),
    ("/app/fn/change-email", ALL_ROLES),
    ("/app/fn/end-session", ALL_ROLES),
    ("/app/fn/add-passkey", ALL_ROLES),
    ("/app/fn/remove-passkey", ALL_ROLES),
    // Last, because it ends the session that the others need.
    ("/app/fn/end-sessions", ALL_ROLES),
];

pub const PORTAL_PAGES: &[&str] = &[
    "/portal",
    "/portal/requests",
    "/portal/requests/new",
    "/portal/requests/{request}",
    "/portal/in-progress",
    "/portal/follow-ups",
    "/portal/appointments",
    "/portal/appointments/{appointment}",
    "/portal/reports",
    "/portal/reports/{report}",
    "/portal/timeline",
    "/portal/profile",
    "/portal/colleagues",
];
const PORTAL_ACTIONS: &[&str] = &[
    "/portal/fn/save-draft",
    "/portal/fn/discard-draft",
    "/portal/fn/submit-request",
    "/portal/fn/answer-request",
    "/portal/fn/choose-slot",
    "/portal/fn/decline-slots",
    "/portal/fn/request-cancellation",
    "/portal/fn/request-reschedule",
    "/portal/fn/withdraw-request",
    "/portal/fn/change-password",
    "/portal/fn/change-email",
    "/portal/fn/end-session",
    "/portal/fn/request-own-link",
    "/portal/fn/begin-two-factor",
    "/portal/fn/cancel-two-factor",
    "/portal/fn/confirm-two-factor",
    "/portal/fn/change-two-factor",
    "/portal/fn/begin-passkey",
    "/portal/fn/add-passkey",
    "/portal/fn/remove-passkey",
    "/portal/fn/renew-calendar-feed",
    "/portal/fn/revoke-calendar-feed",
    "/portal/fn/invite-colleague",
    "/portal/fn/revoke-colleague",
    "/portal/fn/answer-offer",
    "/portal/fn/set-notifications",
    // Last, because it ends the session that the others need.
    "/portal/fn/end-sessions",
];

pub const PARTNER_PAGES: &[&str] = &[
    "/partner",
    "/partner/jobs",
    "/partner/jobs/{job}",
    "/partner/endpoints",
    "/partner/endpoints/{endpoint}",
    "/partner/deliveries/{delivery}",
    "/partner/requests",
    "/partner/dry-run",
    "/partner/security",
];
const PARTNER_ACTIONS: &[&str] = &[
    "/partner/fn/save-draft",
    "/partner/fn/discard-draft",
    "/partner/fn/start-dry-run",
    "/partner/fn/set-test-mode",
    "/partner/fn/begin-two-factor",
    "/partner/fn/cancel-two-factor",
    "/partner/fn/confirm-two-factor",
    "/partner/fn/change-two-factor",
    "/partner/fn/begin-passkey",
    "/partner/fn/add-passkey",
    "/partner/fn/remove-passkey",
    "/partner/fn/change-password",
    "/partner/fn/change-email",
    "/partner/fn/end-session",
    // Last, because it ends the session that the others need.
    "/partner/fn/end-sessions",
];

/// Actions for users who are not signed in.
const PUBLIC_ACTIONS: &[&str] = &[
    "/app/fn/sign-in",
    "/app/fn/passkey-sign-in",
    "/app/fn/sign-out",
    "/app/fn/choose-organization",
    "/app/fn/language",
    "/app/fn/request-password-link",
    "/app/fn/set-password",
    "/app/fn/confirm-email",
    "/app/fn/verify-code",
    "/portal/fn/sign-in",
    "/portal/fn/passkey-sign-in",
    "/portal/fn/sign-out",
    "/portal/fn/choose-organization",
    "/portal/fn/language",
    "/portal/fn/request-sign-in-link",
    "/portal/fn/open-link",
    "/portal/fn/set-password",
    "/portal/fn/verify-code",
    "/portal/fn/accept-invitation",
    "/partner/fn/sign-in",
    "/partner/fn/passkey-sign-in",
    "/partner/fn/sign-out",
    "/partner/fn/choose-organization",
    "/partner/fn/language",
    "/partner/fn/request-password-link",
    "/partner/fn/set-password",
    "/partner/fn/confirm-email",
    "/partner/fn/verify-code",
    "/partner/fn/accept-invitation",
];

/// API operations with their required scope.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("POST", "/api/v1/targets", "targets.write"),
    ("GET", "/api/v1/targets", "targets.read"),
    ("POST", "/api/v1/targets/batch", "targets.write"),
    ("POST", "/api/v1/targets/status-query", "targets.read"),
    ("GET", "/api/v1/targets/{id}", "targets.read"),
    ("POST", "/api/v1/targets/{id}/cancel", "targets.write"),
    ("POST", "/api/v1/targets/{id}/reopen", "targets.write"),
    ("POST", "/api/v1/sandbox/targets/{id}/advance", "targets.write"),
    ("POST", "/api/v1/sandbox/events", "webhooks.write"),
    ("GET", "/api/v1/targets/by-external-id/{externalId}", "targets.read"),
    ("GET", "/api/v1/import-jobs", "targets.write or targets.read"),
    ("GET", "/api/v1/import-jobs/{id}", "targets.write or targets.read"),
    ("GET", "/api/v1/import-jobs/{id}/items", "targets.write or targets.read"),
    ("POST", "/api/v1/import-jobs/{id}/cancel", "targets.write"),
    ("POST", "/api/v1/import-jobs/{id}/retry", "targets.write"),
    ("POST", "/api/v1/route-suggestions", "routes.suggest"),
    ("GET", "/api/v1/route-suggestions", "routes.suggest"),
    ("GET", "/api/v1/route-suggestions/{id}", "routes.suggest"),
    ("POST", "/api/v1/requests", "requests.write"),
    ("GET", "/api/v1/requests", "requests.read"),
    ("GET", "/api/v1/requests/{id}", "requests.read"),
    ("POST", "/api/v1/requests/{id}/cancel", "requests.write"),
    ("GET", "/api/v1/mappings", "customers.read"),
    ("POST", "/api/v1/mappings/resolve", "customers.map"),
    ("PUT", "/api/v1/mappings/{type}/{externalId}", "customers.map"),
    ("DELETE", "/api/v1/mappings/{type}/{externalId}", "customers.map"),
    ("GET", "/api/v1/customers", "customers.read"),
    ("GET", "/api/v1/customers/{id}", "customers.read"),
    ("PUT", "/api/v1/customers/by-external-id/{externalId}", "customers.map"),
    ("GET", "/api/v1/locations", "customers.read"),
    ("GET", "/api/v1/locations/{id}", "customers.read"),
    ("PUT", "/api/v1/locations/by-external-id/{externalId}", "customers.map"),
    ("GET", "/api/v1/contacts", "customers.read"),
    ("GET", "/api/v1/contacts/{id}", "customers.read"),
    ("PUT", "/api/v1/contacts/by-external-id/{externalId}", "customers.map"),
    ("GET", "/api/v1/visit-reports", "reports.read"),
    ("GET", "/api/v1/visit-reports/{id}", "reports.read"),
    ("GET", "/api/v1/follow-ups", "reports.read"),
    ("GET", "/api/v1/follow-ups/{id}", "reports.read"),
    ("GET", "/api/v1/billing-triggers", "billing.read"),
    ("GET", "/api/v1/billing-triggers/{id}", "billing.read"),
    ("POST", "/api/v1/billing-triggers/{id}/acknowledge", "billing.read"),
    ("POST", "/api/v1/webhook-endpoints", "webhooks.write"),
    ("GET", "/api/v1/webhook-endpoints", "webhooks.read"),
    ("GET", "/api/v1/webhook-endpoints/{id}", "webhooks.read"),
    ("PATCH", "/api/v1/webhook-endpoints/{id}", "webhooks.write"),
    ("DELETE", "/api/v1/webhook-endpoints/{id}", "webhooks.write"),
    ("POST", "/api/v1/webhook-endpoints/{id}/rotate-secret", "webhooks.write"),
    ("POST", "/api/v1/webhook-endpoints/{id}/test", "webhooks.write"),
    ("POST", "/api/v1/webhook-endpoints/{id}/enable", "webhooks.write"),
    ("POST", "/api/v1/webhook-endpoints/{id}/disable", "webhooks.write"),
    ("POST", "/api/v1/webhook-endpoints/{id}/recover", "webhooks.write"),
    ("GET", "/api/v1/webhook-endpoints/{id}/deliveries", "webhooks.read"),
    ("GET", "/api/v1/webhook-deliveries/{id}", "webhooks.read"),
    ("GET", "/api/v1/webhook-deliveries/{id}/attempts", "webhooks.read"),
    ("POST", "/api/v1/webhook-deliveries/{id}/replay", "webhooks.write"),
    ("GET", "/api/v1/event-types", "events.read"),
    ("GET", "/api/v1/events", "events.read"),
    ("GET", "/api/v1/events/{id}", "events.read"),
];

#[test]
fn actions_and_operations_are_all_listed() {
    let mut actions: Vec<String> = server_fn_paths()
        .map(|(path, method)| {
            assert_eq!(
                method,
                Method::POST,
                "{path} changes something and must not be reachable by GET"
            );
            path.to_owned()
        })
        .collect();
    actions.sort();
    let mut listed: Vec<String> = STAFF_ACTIONS
        .iter()
        .map(|(path, _)| *path)
        .chain(PORTAL_ACTIONS.iter().copied())
        .chain(PARTNER_ACTIONS.iter().copied())
        .chain(PUBLIC_ACTIONS.iter().copied())
        .map(str::to_owned)
        .collect();
    listed.sort();
    assert_eq!(actions, listed);

    let document = serde_json::to_value(ordinavo::api::document()).unwrap();
    let mut operations = Vec::new();
    // Clients that request a token have none yet; `customers::client_records` tests the OAuth routes.
    for (path, methods) in document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(path, _)| !path.starts_with("/api/v1/oauth/"))
    {
        for method in methods.as_object().unwrap().keys() {
            operations.push(format!("{} {path}", method.to_uppercase()));
        }
    }
    operations.sort();
    let mut listed: Vec<_> = OPERATIONS
        .iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    listed.sort();
    assert_eq!(operations, listed);
}

async fn browsers(world: &World) -> BTreeMap<&'static str, Client> {
    let mut browsers = BTreeMap::new();
    for role in ["admin", "manager", "dispatcher", "technician", "auditor"] {
        browsers.insert(role, world.staff("nordlicht", role).await);
    }
    browsers
}

async fn post_action(world: &World, browser: &Client, path: &str, fields: &[(&str, &str)]) -> StatusCode {
    let request = browser
        .post(format!("{}{path}", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .header("accept", "application/json");
    let has_files = ordinavo::pages::MULTIPART_ACTIONS.contains(&path);
    let request = if has_files {
        let form = multipart(fields).text("summary", "x").text("work_minutes", "5");
        request.multipart(form)
    } else {
        request.form(fields)
    };
    request.send().await.unwrap().status()
}

/// Encodes fields as multipart form data.
fn multipart(fields: &[(&str, &str)]) -> reqwest::multipart::Form {
    fields
        .iter()
        .fold(reqwest::multipart::Form::new(), |form, (name, value)| {
            form.text((*name).to_owned(), (*value).to_owned())
        })
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn staff_pages_and_actions_respond_per_actor(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let browsers = browsers(&world).await;
    let anonymous = crate::support::client_builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let portal = world.contact("nordlicht", "petra").await;
    let foreign = world.staff("suedwind", "admin").await;
    let admin = &browsers["admin"];
    let find = async |page: &str, start: &str| {
        link(&world.get(admin, page).await.1, start).unwrap_or_else(|| panic!("{page} has a link {start}"))
    };
    let places = [
        ("{request}", find("/app/inbox", "/app/inbox/req_").await),
        ("{target}", find("/app/inbox", "/app/targets/").await),
        ("{customer}", find("/app/customers", "/app/customers/cus_").await),
        (
            "{report}",
            find("/app/reports?status=approved", "/app/reports/vrp_").await,
        ),
        ("{import}", find("/app/imports", "/app/imports/imp_").await),
        (
            "{held}",
            find("/app/imports/mapping", "/app/imports/mapping/tgt_").await,
        ),
        (
            "{client}",
            find("/app/integrations", "/app/integrations/clients/cli_").await,
        ),
        ("{form}", find("/app/settings/forms", "/app/settings/forms/frm_").await),
        ("{rule}", find("/app/settings/rules", "/app/settings/rules/rul_").await),
        (
            "{technician}",
            find("/app/settings/technicians", "/app/settings/technicians/stf_").await,
        ),
        ("{mail}", find("/app/settings/mails", "/app/settings/mails/mal_").await),
        (
            "{source}",
            find("/app/integrations", "/app/integrations/sources/src_").await,
        ),
    ];
    let customer_page = find("/app/customers", "/app/customers/cus_").await;
    let places = places.into_iter().chain([
        ("{location}", find(&customer_page, "/app/locations/loc_").await),
        ("{contact}", find(&customer_page, "/app/contacts/con_").await),
    ]);
    let mut ids: Vec<(&str, String)> = places
        .map(|(name, path)| (name, path.rsplit('/').next().unwrap().to_owned()))
        .collect();
    let job = [
        (
            "customer",
            ids.iter().find(|(name, _)| *name == "{customer}").unwrap().1.clone(),
        ),
        (
            "location",
            ids.iter().find(|(name, _)| *name == "{location}").unwrap().1.clone(),
        ),
    ];
    let mut fields: Vec<(&str, &str)> = job.iter().map(|(name, id)| (*name, id.as_str())).collect();
    fields.extend([
        ("service_type", "repair"),
        ("priority", "normal"),
        ("duration", "60"),
        ("nonce", "1"),
    ]);
    let manual = world.send(admin, "/app/fn/new-job", &fields).await;
    ids.push(("{manual}", manual.rsplit('/').next().unwrap().to_owned()));
    let endpoint = world
        .endpoint(
            "erp",
            "http://127.0.0.1:9/hook",
            &["target.created"],
            serde_json::json!({}),
        )
        .await;
    world.new_target("COVERED-1").await;
    let delivery = world.deliveries("erp", &endpoint, "").await[0].clone();
    ids.push(("{endpoint}", endpoint["id"].as_str().unwrap().to_owned()));
    ids.push(("{delivery}", delivery["id"].as_str().unwrap().to_owned()));
    for (pattern, roles) in STAFF_PAGES {
        let path = ids
            .iter()
            .fold((*pattern).to_owned(), |path, (name, id)| path.replace(name, id));
        for (role, browser) in &browsers {
            let expected = if roles.contains(role) {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            };
            assert_eq!(
                world.get(browser, &path).await.0,
                expected,
                "{} {path} as {role}",
                world.engine
            );
        }
        assert_eq!(
            world.get(&anonymous, &path).await.0,
            StatusCode::SEE_OTHER,
            "{path} as anonymous"
        );
        assert_eq!(
            world.get(&portal, &path).await.0,
            StatusCode::SEE_OTHER,
            "{path} with a portal session"
        );
        if pattern.contains('{') {
            // An object of another tenant and a missing object get the same response, except for the request ID.
            let strip = |text: String| text.split("request-id").next().unwrap_or_default().len();
            let (status, text) = world.get(&foreign, &path).await;
            let missing = format!("{}nothing", pattern.split('{').next().unwrap());
            let (missing_status, missing) = world.get(&foreign, &missing).await;
            assert_eq!(
                (status, missing_status),
                (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND),
                "{path} of another tenant"
            );
            assert_eq!(strip(text), strip(missing));
        }
    }
    for (path, roles) in STAFF_ACTIONS {
        let fields: Vec<(&str, &str)> = vec![
            ("request", "req_x"),
            ("target", "tgt_x"),
            ("report", "vrp_x"),
            ("reason", "x"),
            ("title", "x"),
            ("summary", "x"),
        ];
        for (role, browser) in &browsers {
            let status = post_action(&world, browser, path, &fields).await;
            let expected = if roles.contains(role) {
                // The fields name no existing object; actions that name no object reject the input.
                match *path {
                    "/app/fn/create-client"
                    | "/app/fn/upload-csv"
                    | "/app/fn/upload-customers"
                    | "/app/fn/import-customers"
                    | "/app/fn/record-call"
                    | "/app/fn/new-customer"
                    | "/app/fn/set-organization"
                    | "/app/fn/new-job"
                    | "/app/fn/create-form"
                    | "/app/fn/invite-member"
                    | "/app/fn/create-terminal"
                    | "/app/fn/save-rule"
                    | "/app/fn/set-portal-logo"
                    | "/app/fn/set-portal-colour"
                    | "/app/fn/update-requests"
                    | "/app/fn/send-entry"
                    | "/app/fn/send-photo"
                    | "/app/fn/set-own-name"
                    | "/app/fn/change-email"
                    | "/app/fn/suggest-routes"
                    | "/app/fn/begin-two-factor"
                    | "/app/fn/begin-passkey"
                    | "/app/fn/change-two-factor" => StatusCode::UNPROCESSABLE_ENTITY,
                    "/app/fn/end-sessions"
                    | "/app/fn/set-test-mode"
                    | "/app/fn/hide-first-steps"
                    | "/app/fn/cancel-two-factor"
                    | "/app/fn/discard-draft"
                    | "/app/fn/set-shortcuts"
                    | "/app/fn/choose-customer-columns"
                    | "/app/fn/verify-audit" => StatusCode::SEE_OTHER,
                    "/app/fn/change-password" => StatusCode::UNPROCESSABLE_ENTITY,
                    // There is no setup that the passkey answers.
                    "/app/fn/add-passkey" => StatusCode::UNAUTHORIZED,
                    // There is no secret to confirm.
                    "/app/fn/confirm-two-factor" => StatusCode::CONFLICT,
                    // The form does not send the version that it is based on.
                    "/app/fn/set-terminology" | "/app/fn/set-portal-contact" | "/app/fn/set-two-factor-roles" => {
                        StatusCode::CONFLICT
                    }
                    _ => StatusCode::NOT_FOUND,
                }
            } else {
                StatusCode::FORBIDDEN
            };
            // A wrong password sent before locks password checks for a moment.
            let is_locked = *path == "/app/fn/change-password" && status == StatusCode::TOO_MANY_REQUESTS;
            assert!(
                is_locked || status == expected,
                "{} {path} as {role}: {status} instead of {expected}",
                world.engine
            );
        }
        assert_eq!(
            post_action(&world, &anonymous, path, &fields).await,
            StatusCode::UNAUTHORIZED,
            "{path} as anonymous"
        );
        assert_eq!(
            post_action(&world, &portal, path, &fields).await,
            StatusCode::UNAUTHORIZED,
            "{path} with a portal session"
        );
        let forged = browsers["admin"]
            .post(format!("{}{path}", world.url))
            .header("sec-fetch-site", "cross-site")
            .form(&fields)
            .send()
            .await
            .unwrap()
            .status();
        assert_eq!(forged, StatusCode::FORBIDDEN, "{path} from another site");
        let silent = browsers["admin"]
            .post(format!("{}{path}", world.url))
            .form(&fields)
            .send()
            .await
            .unwrap()
            .status();
        assert_eq!(silent, StatusCode::FORBIDDEN, "{path} without saying where from");
        let by_get = browsers["admin"]
            .get(format!("{}{path}", world.url))
            .send()
            .await
            .unwrap()
            .status();
        let has_ended_sessions = *path == "/app/fn/end-sessions" && by_get == StatusCode::UNAUTHORIZED;
        assert!(
            has_ended_sessions || matches!(by_get, StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_FOUND),
            "{path} by GET: {by_get}"
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn portal_pages_and_actions_respond_per_actor(#[case] engine: Engine) {
    let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap());
    let Some(world) = world_at(engine, clock).await else {
        return;
    };
    let petra = world.contact("nordlicht", "petra").await;
    let anna = world.contact("nordlicht", "anna").await;
    let stranger = world.contact("nordlicht", "kontakt").await;
    let foreign = world.contact("suedwind", "albert").await;
    let anonymous = crate::support::client_builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let staff = world.staff("nordlicht", "admin").await;
    let find = async |page: &str, start: &str| {
        link(&world.get(&petra, page).await.1, start).unwrap_or_else(|| panic!("{page} has a link {start}"))
    };
    let ids = [
        ("{request}", find("/portal/requests", "/portal/requests/req_").await),
        (
            "{appointment}",
            find("/portal/appointments", "/portal/appointments/apt_").await,
        ),
        ("{report}", find("/portal/reports", "/portal/reports/rel_").await),
    ];
    for pattern in PORTAL_PAGES {
        let path = ids.iter().fold((*pattern).to_owned(), |path, (name, found)| {
            path.replace(name, found.rsplit('/').next().unwrap())
        });
        assert_eq!(
            world.get(&petra, &path).await.0,
            StatusCode::OK,
            "{} {path}",
            world.engine
        );
        assert_eq!(
            world.get(&anonymous, &path).await.0,
            StatusCode::SEE_OTHER,
            "{path} as anonymous"
        );
        assert_eq!(
            world.get(&staff, &path).await.0,
            StatusCode::SEE_OTHER,
            "{path} with a staff session"
        );
        if pattern.contains('{') {
            for (who, browser) in [
                ("a contact of another customer", &stranger),
                ("a contact of another tenant", &foreign),
            ] {
                assert_eq!(
                    world.get(browser, &path).await.0,
                    StatusCode::NOT_FOUND,
                    "{} {path} as {who}",
                    world.engine
                );
            }
        }
    }
    // Anna has access to one location; reports and appointments of other locations do not exist for her.
    for (page, start) in [
        ("/portal/reports", "/portal/reports/rel_"),
        ("/portal/appointments", "/portal/appointments/apt_"),
    ] {
        let html = world.get(&petra, page).await.1;
        let mut rest = html.as_str();
        let (mut hidden, mut shown) = (0, 0);
        while let Some(path) = link(rest, start) {
            rest = &rest[rest.find(&path).unwrap() + path.len()..];
            let (status, text) = world.get(&anna, &path).await;
            let about = world.get(&petra, &path).await.1;
            let is_hers = about.contains("Essen Center");
            assert_eq!(
                status,
                if is_hers { StatusCode::OK } else { StatusCode::NOT_FOUND },
                "{} {path}",
                world.engine
            );
            assert!(!text.contains("Duisburg Hafen") && !text.contains("Essen Depot"));
            if is_hers { shown += 1 } else { hidden += 1 }
        }
        assert!(
            hidden > 0 && shown > 0,
            "{page} shows both kinds: {shown} shown, {hidden} hidden"
        );
    }
    for path in PORTAL_ACTIONS {
        let fields = [
            ("request", "req_x"),
            ("location", "loc_x"),
            ("service_type", "repair"),
            ("description", "x"),
            ("nonce", "n"),
        ];
        assert_eq!(
            post_action(&world, &anonymous, path, &fields).await,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            post_action(&world, &staff, path, &fields).await,
            StatusCode::UNAUTHORIZED
        );
        let expected = match *path {
            "/portal/fn/submit-request"
            | "/portal/fn/change-password"
            | "/portal/fn/change-email"
            | "/portal/fn/change-two-factor"
            | "/portal/fn/begin-passkey" => StatusCode::UNPROCESSABLE_ENTITY,
            // There is no setup that the passkey answers.
            "/portal/fn/add-passkey" => StatusCode::UNAUTHORIZED,
            // The wrong password sent before has locked password checks for a moment.
            "/portal/fn/begin-two-factor" | "/portal/fn/renew-calendar-feed" => StatusCode::TOO_MANY_REQUESTS,
            "/portal/fn/confirm-two-factor" => StatusCode::CONFLICT,
            "/portal/fn/end-sessions"
            | "/portal/fn/request-own-link"
            | "/portal/fn/revoke-calendar-feed"
            | "/portal/fn/cancel-two-factor"
            | "/portal/fn/set-notifications"
            | "/portal/fn/discard-draft" => StatusCode::SEE_OTHER,
            _ => StatusCode::NOT_FOUND,
        };
        assert_eq!(post_action(&world, &petra, path, &fields).await, expected);
    }
    // A revoked grant takes effect on the next request.
    let petra = world.contact("nordlicht", "petra").await;
    ordinavo_core::identity::administration::revoke_grants(
        &world.core,
        "nordlicht",
        "petra.schulte@rhein-ruhr-medical.example",
    )
    .await
    .unwrap();
    for (_, path) in &ids {
        assert_eq!(
            world.get(&petra, path).await.0,
            StatusCode::NOT_FOUND,
            "{path} after the grant was revoked"
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn partner_console_shows_own_source_system_only(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let partner = world.partner("nordlicht", "erp").await;
    let anonymous = crate::support::client_builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let strangers = [
        ("another source system", world.partner("nordlicht", "partner-b").await),
        ("another tenant", world.partner("suedwind", "erp").await),
    ];
    let others = [
        world.staff("nordlicht", "admin").await,
        world.contact("nordlicht", "petra").await,
        anonymous.clone(),
    ];
    let job = link(&world.get(&partner, "/partner/jobs").await.1, "/partner/jobs/imp_").unwrap();
    let endpoint = world
        .endpoint(
            "erp",
            "http://127.0.0.1:9/hook",
            &["target.created"],
            serde_json::json!({}),
        )
        .await;
    world.new_target("COVERED-2").await;
    let delivery = world.deliveries("erp", &endpoint, "").await[0].clone();
    for pattern in PARTNER_PAGES {
        let path = pattern
            .replace("/partner/jobs/{job}", &job)
            .replace("{endpoint}", endpoint["id"].as_str().unwrap())
            .replace("{delivery}", delivery["id"].as_str().unwrap());
        assert_eq!(world.get(&partner, &path).await.0, StatusCode::OK, "{path}");
        for other in &others {
            assert_eq!(world.get(other, &path).await.0, StatusCode::SEE_OTHER, "{path}");
        }
        for (who, stranger) in &strangers {
            let expected = if pattern.contains('{') {
                StatusCode::NOT_FOUND
            } else {
                StatusCode::OK
            };
            assert_eq!(world.get(stranger, &path).await.0, expected, "{path} of {who}");
        }
    }
    for path in ["/app/imports", "/portal", "/app/files/att_x"] {
        assert_eq!(world.get(&partner, path).await.0, StatusCode::SEE_OTHER, "{path}");
    }
    let fields = [("client", "cli_x"), ("body", "{}"), ("on", "")];
    for path in PARTNER_ACTIONS {
        for other in &others {
            assert_eq!(
                post_action(&world, other, path, &fields).await,
                StatusCode::UNAUTHORIZED,
                "{path}"
            );
        }
        let expected = match path.rsplit('/').next().unwrap() {
            "start-dry-run" | "begin-two-factor" | "change-two-factor" | "begin-passkey" | "change-password"
            | "change-email" => StatusCode::UNPROCESSABLE_ENTITY,
            "add-passkey" => StatusCode::UNAUTHORIZED,
            "remove-passkey" | "end-session" => StatusCode::NOT_FOUND,
            "confirm-two-factor" => StatusCode::CONFLICT,
            // The fields name no page.
            "save-draft" => StatusCode::NOT_FOUND,
            _ => StatusCode::SEE_OTHER,
        };
        let status = post_action(&world, &partner, path, &fields).await;
        // A wrong password sent before locks password checks for a moment.
        let is_locked = path.ends_with("/change-password") && status == StatusCode::TOO_MANY_REQUESTS;
        assert!(
            is_locked || status == expected,
            "{path}: {status} instead of {expected}"
        );
        assert_eq!(
            partner
                .post(format!("{}{path}", world.url))
                .header("sec-fetch-site", "cross-site")
                .form(&fields)
                .send()
                .await
                .unwrap()
                .status(),
            StatusCode::FORBIDDEN,
            "{path} from another site"
        );
    }
}

/// Staff can read every file of an approved report; customers only released files.
#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn report_files_are_served_per_permission(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let manager = world.staff("nordlicht", "manager").await;
    let foreign = world.staff("suedwind", "admin").await;
    let petra = world.contact("nordlicht", "petra").await;
    let stranger = world.contact("nordlicht", "kontakt").await;
    let anonymous = crate::support::client_builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let mut released = Vec::new();
    let list = world.get(&petra, "/portal/reports").await.1;
    for report in links(&list, "/portal/reports/rel_") {
        released.extend(links(&world.get(&petra, &report).await.1, "/portal/files/att_"));
    }
    let mut files = Vec::new();
    let list = world.get(&manager, "/app/reports?status=approved").await.1;
    for report in links(&list, "/app/reports/vrp_") {
        files.extend(links(&world.get(&manager, &report).await.1, "/app/files/att_"));
    }
    assert!(
        !released.is_empty() && files.len() > released.len(),
        "{} {} of {}",
        world.engine,
        released.len(),
        files.len()
    );
    for file in files {
        let answer = manager.get(format!("{}{file}", world.url)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(
            answer.headers()["content-disposition"]
                .to_str()
                .unwrap()
                .starts_with("attachment;")
        );
        assert_eq!(
            answer.headers()["content-security-policy"],
            "sandbox; default-src 'none'"
        );
        assert_eq!(world.get(&foreign, &file).await.0, StatusCode::NOT_FOUND);
        assert_eq!(world.get(&anonymous, &file).await.0, StatusCode::SEE_OTHER);
        let public = file.replace("/app/", "/portal/");
        let expected = if released.contains(&public) {
            StatusCode::OK
        } else {
            StatusCode::NOT_FOUND
        };
        assert_eq!(
            petra
                .get(format!("{}{public}", world.url))
                .send()
                .await
                .unwrap()
                .status(),
            expected,
            "{public}"
        );
        assert_eq!(world.get(&stranger, &public).await.0, StatusCode::NOT_FOUND);
        assert_eq!(
            world.get(&manager, &public).await.0,
            StatusCode::SEE_OTHER,
            "a staff session at the portal"
        );
    }
}

/// Returns every link of a page with this prefix.
fn links(html: &str, start: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(path) = link(rest, start) {
        rest = &rest[rest.find(&path).unwrap() + path.len()..];
        found.push(path);
    }
    found
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn api_operations_respond_per_credential(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let narrow = world.key("nordlicht", "import-only");
    let full = world.key("nordlicht", "erp");
    for (method, pattern, scope) in OPERATIONS {
        let path = pattern
            .replace("{id}", "tgt_01k9zzzzzzzzzzzzzzzzzzzzzz")
            .replace("{type}", "customer")
            .replace("{externalId}", "none");
        let method: Method = method.parse().unwrap();
        let send = async |key: Option<&str>| {
            let mut request = crate::support::client().request(method.clone(), format!("{}{path}", world.url));
            if let Some(key) = key {
                request = request.bearer_auth(key);
            }
            if matches!(method, Method::POST | Method::PUT | Method::PATCH) {
                request = request.json(&serde_json::json!({}));
            }
            request.send().await.unwrap().status()
        };
        assert_eq!(send(None).await, StatusCode::UNAUTHORIZED, "{method} {path}");
        assert_eq!(
            send(Some("ock_live_nobody_nothing")).await,
            StatusCode::UNAUTHORIZED,
            "{method} {path}"
        );
        if !scope.starts_with("targets.write") {
            assert_eq!(send(Some(&narrow)).await, StatusCode::FORBIDDEN, "{method} {path}");
        }
        assert!(
            !matches!(
                send(Some(&full)).await,
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
            ),
            "{method} {path}"
        );
    }
}

/// Hostile text in every text field is rendered as text.
#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn hostile_text_in_fields_is_escaped(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    const HOSTILE: [&str; 5] = [
        "<script>alert(1)</script>",
        "</textarea><img src=x onerror=alert(1)>",
        "\"><svg onload=alert(1)>",
        "{{7*7}}${7*7}",
        "javascript:alert(1)//'",
    ];
    let petra = world.contact("nordlicht", "petra").await;
    let staff = world.staff("nordlicht", "dispatcher").await;
    let form = world.get(&petra, "/portal/requests/new").await.1;
    let location = form
        .split("value=\"loc_")
        .nth(1)
        .map(|rest| format!("loc_{}", rest.split('"').next().unwrap()))
        .unwrap();
    for (number, text) in HOSTILE.iter().enumerate() {
        let nonce = format!("hostile-{number}");
        // First rejected, so that the text is shown again in its field.
        let post = async |service: &str| {
            let fields = [
                ("location", location.as_str()),
                ("service_type", service),
                ("description", text),
                ("preferred", text),
                ("nonce", &nonce),
            ];
            petra
                .post(format!("{}/portal/fn/submit-request", world.url))
                .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
                .header("accept", "text/html")
                .multipart(multipart(&fields))
                .send()
                .await
                .unwrap()
        };
        post("").await;
        let again = world.get(&petra, "/portal/requests/new").await.1;
        let made = post("repair").await.headers()["location"].to_str().unwrap().to_owned();
        let shown = world.get(&petra, &made).await.1;
        let inside = world
            .get(&staff, &made.replace("/portal/requests/", "/app/inbox/"))
            .await
            .1;
        for page in [again, shown, inside] {
            assert!(
                !page.contains("<script>alert") && !page.contains("<img src=x") && !page.contains("<svg onload"),
                "{text}"
            );
        }
        // Submitting the same form twice creates one request.
        assert_eq!(post("repair").await.headers()["location"].to_str().unwrap(), made);
    }
}

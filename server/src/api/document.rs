//! The OpenAPI document, generated from the handlers' types and routes.

use axum::Router;
use domain::scopes::Scope;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use super::problem::ProblemBody;
use super::v1;
use crate::oauth;
use crate::serve::AppState;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ordinavo Connect",
        version = "1.0.0",
        description = "Import targets, map them to the right customer, and receive events about their progress. The guide at `/docs` starts with a first request.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(name = "The operator of this server")
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "oauth", description = "OAuth 2.0 tokens for integration clients"),
        (name = "targets", description = "Import, track and cancel targets"),
        (name = "route-suggestions", description = "Route suggestions for the client's targets; they do not schedule appointments"),
        (name = "import-jobs", description = "Import jobs and the result of each item"),
        (name = "requests", description = "Requests that dispatch reviews before they become targets"),
        (name = "mappings", description = "External IDs and the records they refer to"),
        (name = "customers", description = "Customers with a reference in the client's source system"),
        (name = "locations", description = "Locations with a reference in the client's source system"),
        (name = "contacts", description = "Contacts with a reference in the client's source system"),
        (name = "visit-reports", description = "Approved visit reports"),
        (name = "follow-ups", description = "Work still needed after a visit"),
        (name = "billing-triggers", description = "Signals for external billing systems"),
        (name = "events", description = "The event log, for example to catch up after an outage"),
        (name = "webhook-endpoints", description = "Endpoints that receive events"),
        (name = "webhook-deliveries", description = "Webhook deliveries and their attempts"),
        (name = "sandbox", description = "What test keys can do beyond live ones: advance a target through its life, trigger events")
    ),
    components(schemas(ProblemBody)),
    modifiers(&Security)
)]
struct Description;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(
            "apiKey",
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .bearer_format("ock_live_… or ock_test_…")
                    .description(Some("An API key of an integration client."))
                    .build(),
            ),
        );
        components.add_security_scheme(
            "clientSecret",
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Basic)
                    .description(Some("Client ID and secret of an integration client."))
                    .build(),
            ),
        );
        let scopes = Scopes::from_iter(Scope::ALL.iter().map(|scope| (scope.name(), scope.meaning())));
        components.add_security_scheme(
            "oauth2",
            SecurityScheme::OAuth2(OAuth2::with_description(
                [Flow::ClientCredentials(ClientCredentials::new(
                    "/api/v1/oauth/token",
                    scopes,
                ))],
                "Access tokens of the client credentials grant, valid for one hour.",
            )),
        );
    }
}

/// Returns the resource routes, the token routes and the document that describes both.
pub(super) fn routes_and_document() -> (Router<AppState>, Router<AppState>, Document) {
    let (resources, mut document) = OpenApiRouter::with_openapi(Description::openapi())
        .nest("/api/v1", v1::routes())
        .split_for_parts();
    let (tokens, description) = OpenApiRouter::new()
        .nest("/api/v1", oauth::documented_routes())
        .split_for_parts();
    document.merge(description);
    (resources, tokens, document)
}

/// Returns the OpenAPI document.
pub fn document() -> Document {
    routes_and_document().2
}

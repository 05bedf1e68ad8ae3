//! The description of the API, made from the handlers' own types and routes.

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

/// What the document says about the whole API.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ordinavo Connect",
        version = "1.0.0",
        description = "Hand over jobs, have them mapped to the right customer, and hear what became of them. The guide at `/docs` begins with a first request.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(name = "The operator of this server")
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "oauth", description = "Tokens for clients that do not use an API key"),
        (name = "targets", description = "Jobs: imported, followed, cancelled"),
        (name = "route-suggestions", description = "Plans for own targets; they schedule nothing"),
        (name = "import-jobs", description = "Imports and what became of each item"),
        (name = "requests", description = "Needs that dispatch reviews first"),
        (name = "mappings", description = "Which record an external id stands for"),
        (name = "customers", description = "Customers that the own source system knows"),
        (name = "locations", description = "Locations that the own source system knows"),
        (name = "contacts", description = "Contacts that the own source system knows"),
        (name = "visit-reports", description = "Approved visit reports"),
        (name = "follow-ups", description = "Work still needed after a visit"),
        (name = "billing-triggers", description = "Signals for billing elsewhere"),
        (name = "events", description = "What happened, to read and to catch up"),
        (name = "webhook-endpoints", description = "Where events go"),
        (name = "webhook-deliveries", description = "Events on their way, with every attempt")
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
                    .description(Some("Id and secret of an integration client."))
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
                "Tokens of the client credentials grant; they hold for an hour.",
            )),
        );
    }
}

/// The routes with their description: those that take a bearer token, and those that give one.
pub(super) fn described() -> (Router<AppState>, Router<AppState>, Document) {
    let (resources, mut document) = OpenApiRouter::with_openapi(Description::openapi())
        .nest("/api/v1", v1::routes())
        .split_for_parts();
    let (tokens, description) = OpenApiRouter::new()
        .nest("/api/v1", oauth::described_routes())
        .split_for_parts();
    document.merge(description);
    (resources, tokens, document)
}

/// The description of the API.
pub fn document() -> Document {
    described().2
}

//! The webhook endpoints that do not work, on the home pages of the staff who can look after them.

use domain::identity::permissions::ViewIntegrations;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::webhooks::endpoints;
use ordinavo_core::webhooks::endpoints::BrokenEndpoint;
use ordinavo_core::{Core, CoreResult};
use ui::components::Chip;
use ui::format;

use crate::i18n::by_key;
use crate::t;
use crate::webhooks::endpoints::endpoint_tone;

/// Returns the broken endpoints for a member of staff who sees integrations, for others none.
pub(crate) async fn broken_endpoints(core: &Core, staff: &Staff) -> CoreResult<Vec<BrokenEndpoint>> {
    match staff.may::<ViewIntegrations>() {
        Ok(permit) => endpoints::list_broken(core, permit).await,
        Err(_) => Ok(Vec::new()),
    }
}

/// A row for each broken endpoint; nothing while all work.
#[component]
pub(crate) fn BrokenEndpoints(locale: Locale, broken: Vec<BrokenEndpoint>, zone: String) -> impl IntoView {
    (!broken.is_empty()).then(|| view! {
        <section class="notice notice-warn" aria-label=t!(locale, "endpoints-broken")>
            <p><strong>{t!(locale, "endpoints-broken")}</strong></p>
            <ul class="lines">{broken.into_iter().map(|BrokenEndpoint { endpoint, recoverable_until }| {
                let label = by_key(locale, &format!("endpoint-{}", endpoint.status.name()));
                let until = recoverable_until.map(|at| t!(locale, "endpoint-recoverable-until", until = format::moment(locale, at, &zone)));
                view! {
                    <li data-broken-endpoint=endpoint.id.to_string()><a class="mono breaks" href=format!("/app/integrations/endpoints/{}", endpoint.id)><bdi dir="ltr">{endpoint.url}</bdi></a>
                        <span><Chip label tone=endpoint_tone(endpoint.status)/>" "<span class="quiet"><bdi class="mono">{endpoint.client_name}</bdi></span>" "{until}</span></li>
                }
            }).collect_view()}</ul>
        </section>
    })
}

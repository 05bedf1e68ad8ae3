//! The routes of the partner console.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};
use ordinavo_core::identity::sessions::Realm;
use ui::page::NotFound;
use ui::shell::{self, Assets};
use ui::sign_in_pages::ChooseOrganizationPage;

use crate::identity::{invitation, password_reset, security, sign_in};
use crate::imports::{dry_run, jobs};
use crate::integrations::{home, requests};
use crate::shell::AppFrame;
use crate::webhooks::{deliveries, endpoints};

/// Renders a whole document of the partner console.
pub fn document(assets: &Assets) -> impl IntoView + use<> {
    provide_meta_context();
    shell::document(shell::App::Partner, assets, || view! { <App/> })
}

#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router>
            <Routes fallback=|| ()>
                <Route path=path!("/partner/sign-in") view=sign_in::SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/partner/sign-in/choose") view=|| view! { <ChooseOrganizationPage realm=Realm::Partner/> } ssr=SsrMode::Async/>
                <Route path=path!("/partner/sign-in/password") view=password_reset::ForgotPasswordPage ssr=SsrMode::Async/>
                <Route path=path!("/partner/password/:token") view=password_reset::NewPasswordPage ssr=SsrMode::Async/>
                <Route path=path!("/partner/email/:token") view=security::ConfirmEmailPage ssr=SsrMode::Async/>
                <Route path=path!("/partner/sign-in/code") view=security::CodePage ssr=SsrMode::Async/>
                <Route path=path!("/partner/security") view=security::SecurityPage ssr=SsrMode::Async/>
                <Route path=path!("/partner/invitation/:link") view=invitation::InvitationPage ssr=SsrMode::Async/>
                <Route path=path!("/partner") view=home::HomePage ssr=SsrMode::Async/>
                <Route path=path!("/partner/jobs") view=jobs::JobsPage ssr=SsrMode::Async/>
                <Route path=path!("/partner/jobs/:id") view=jobs::JobPage ssr=SsrMode::Async/>
                <Route path=path!("/partner/endpoints") view=endpoints::EndpointsPage ssr=SsrMode::Async/>
                <Route path=path!("/partner/endpoints/:id") view=endpoints::EndpointPage ssr=SsrMode::Async/>
                <Route path=path!("/partner/deliveries/:id") view=deliveries::DeliveryPage ssr=SsrMode::Async/>
                <Route path=path!("/partner/requests") view=requests::RequestsPage ssr=SsrMode::Async/>
                <Route path=path!("/partner/dry-run") view=dry_run::DryRunPage ssr=SsrMode::Async/>
                <Route path=path!("/partner/*any") view=|| view! { <AppFrame current=""><NotFound/></AppFrame> } ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
}

//! The routes of the portal.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};
use ordinavo_core::identity::sessions::Realm;
use ui::page::NotFound;
use ui::shell::{self, Assets};
use ui::sign_in_pages::ChooseOrganizationPage;

use crate::audit::timeline;
use crate::follow_ups::open_work;
use crate::identity::{profile, sign_in, two_factor};
use crate::portal_access::{colleagues, home, link};
use crate::releases::reports;
use crate::requests;
use crate::scheduling::appointments;
use crate::shell::AppFrame;

/// Renders a whole document of the portal.
pub fn document(assets: &Assets) -> impl IntoView + use<> {
    provide_meta_context();
    shell::document(shell::App::Portal, assets, || view! { <App/> })
}

#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router>
            <Routes fallback=|| ()>
                <Route path=path!("/portal/sign-in") view=sign_in::SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/portal/sign-in/choose") view=|| view! { <ChooseOrganizationPage realm=Realm::Portal/> } ssr=SsrMode::Async/>
                <Route path=path!("/portal/sign-in/code") view=two_factor::CodePage ssr=SsrMode::Async/>
                <Route path=path!("/portal/sign-in/link") view=link::EmailLinkPage ssr=SsrMode::Async/>
                <Route path=path!("/portal/link/:token") view=link::LinkPage ssr=SsrMode::Async/>
                <Route path=path!("/portal") view=home::HomePage ssr=SsrMode::Async/>
                <Route path=path!("/portal/requests") view=requests::list::RequestsPage ssr=SsrMode::Async/>
                <Route path=path!("/portal/requests/new") view=requests::new::NewRequestPage ssr=SsrMode::Async/>
                <Route path=path!("/portal/requests/:id") view=requests::page::RequestPage ssr=SsrMode::Async/>
                <Route path=path!("/portal/in-progress") view=open_work::OpenWorkPage ssr=SsrMode::Async/>
                <Route path=path!("/portal/follow-ups") view=open_work::FollowUpsPage ssr=SsrMode::Async/>
                <Route path=path!("/portal/appointments") view=appointments::AppointmentsPage ssr=SsrMode::Async/>
                <Route path=path!("/portal/appointments/:id") view=appointments::AppointmentPage ssr=SsrMode::Async/>
                <Route path=path!("/portal/reports") view=reports::ReportsPage ssr=SsrMode::Async/>
                <Route path=path!("/portal/reports/:id") view=reports::ReportPage ssr=SsrMode::Async/>
                <Route path=path!("/portal/timeline") view=timeline::TimelinePage ssr=SsrMode::Async/>
                <Route path=path!("/portal/profile") view=profile::ProfilePage ssr=SsrMode::Async/>
                <Route path=path!("/portal/colleagues") view=colleagues::ColleaguesPage ssr=SsrMode::Async/>
                <Route path=path!("/portal/*any") view=|| view! { <AppFrame current=""><NotFound/></AppFrame> } ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
}

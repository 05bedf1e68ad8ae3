//! The routes of the staff app: one readable table.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};
use ui::load::NotFound;
use ui::shell::{self, Assets};

use crate::pages::{
    access, billing, board, clients, customers, day, deliveries, desk, endpoints, forms, imports, inbox, integrations,
    links, mails, parts, portal_look, reports, rules, settings, sign_in, sources, target, technicians, terminals,
    upload,
};
use crate::shell::Framed;

/// A whole document of the staff app.
pub fn document(assets: &Assets) -> impl IntoView + use<> {
    provide_meta_context();
    shell::document(shell::App::Dispatch, assets, || view! { <App/> })
}

/// The table of routes.
#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router>
            <Routes fallback=|| ()>
                <Route path=path!("/app/sign-in") view=sign_in::SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/app/sign-in/choose") view=sign_in::ChoosePage ssr=SsrMode::Async/>
                <Route path=path!("/app") view=settings::HomePage ssr=SsrMode::Async/>
                <Route path=path!("/app/inbox") view=inbox::InboxPage ssr=SsrMode::Async/>
                <Route path=path!("/app/inbox/new") view=inbox::call::CallPage ssr=SsrMode::Async/>
                <Route path=path!("/app/inbox/:id") view=inbox::RequestPage ssr=SsrMode::Async/>
                <Route path=path!("/app/targets/:id") view=target::TargetPage ssr=SsrMode::Async/>
                <Route path=path!("/app/board") view=board::BoardPage ssr=SsrMode::Async/>
                <Route path=path!("/app/board/suggestions") view=board::suggestion::SuggestionsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/board/suggestions/:id") view=board::suggestion::SuggestionPage ssr=SsrMode::Async/>
                <Route path=path!("/app/board/move") view=board::moving::MovePage ssr=SsrMode::Async/>
                <Route path=path!("/app/customers") view=customers::CustomersPage ssr=SsrMode::Async/>
                <Route path=path!("/app/customers/:id") view=customers::CustomerPage ssr=SsrMode::Async/>
                <Route path=path!("/app/customers/:id/access") view=access::CustomerAccessPage ssr=SsrMode::Async/>
                <Route path=path!("/app/day") view=day::DayPage ssr=SsrMode::Async/>
                <Route path=path!("/app/day/sheet") view=day::sheet::SheetPage ssr=SsrMode::Async/>
                <Route path=path!("/app/day/kept") view=day::kept::KeptPage ssr=SsrMode::Async/>
                <Route path=path!("/app/day/leave") view=day::kept::LeavePage ssr=SsrMode::Async/>
                <Route path=path!("/app/day/left") view=day::kept::LeftPage ssr=SsrMode::Async/>
                <Route path=path!("/app/day/:id") view=day::stop::StopPage ssr=SsrMode::Async/>
                <Route path=path!("/app/reports") view=reports::ReportsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/reports/:id") view=reports::ReportPage ssr=SsrMode::Async/>
                <Route path=path!("/app/imports") view=imports::ImportsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/imports/desk") view=desk::DeskPage ssr=SsrMode::Async/>
                <Route path=path!("/app/imports/desk/:id") view=desk::DeskTargetPage ssr=SsrMode::Async/>
                <Route path=path!("/app/imports/links") view=links::LinkPage ssr=SsrMode::Async/>
                <Route path=path!("/app/imports/upload") view=upload::UploadPage ssr=SsrMode::Async/>
                <Route path=path!("/app/imports/upload/:file") view=upload::ColumnsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/imports/:id") view=imports::ImportPage ssr=SsrMode::Async/>
                <Route path=path!("/app/integrations") view=integrations::IntegrationsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/integrations/clients/:id") view=clients::ClientPage ssr=SsrMode::Async/>
                <Route path=path!("/app/integrations/sources/:id") view=sources::SourcePage ssr=SsrMode::Async/>
                <Route path=path!("/app/integrations/endpoints/new") view=endpoints::NewEndpointPage ssr=SsrMode::Async/>
                <Route path=path!("/app/integrations/endpoints/:id") view=endpoints::EndpointPage ssr=SsrMode::Async/>
                <Route path=path!("/app/integrations/deliveries/:id") view=deliveries::DeliveryPage ssr=SsrMode::Async/>
                <Route path=path!("/app/integrations/billing") view=billing::BillingPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings") view=settings::SettingsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/forms") view=forms::FormsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/forms/new") view=forms::NewFormPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/forms/:id") view=forms::FormPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/portal") view=portal_look::PortalLookPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/rules") view=rules::RulesPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/rules/new") view=rules::NewRulePage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/rules/:id") view=rules::RulePage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/technicians") view=technicians::TechniciansPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/technicians/:id") view=technicians::TechnicianSettingsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/terminals") view=terminals::TerminalsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/terminals/new") view=terminals::NewTerminalPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/access") view=access::AccessReviewPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/mails") view=mails::MailsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/mails/:id") view=mails::MailPage ssr=SsrMode::Async/>
                <Route path=path!("/app/parts") view=parts::PartsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/*any") view=|| view! { <Framed current=""><NotFound/></Framed> } ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
}

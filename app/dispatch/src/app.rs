//! The routes of the staff app.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};
use ordinavo_core::identity::sessions::Realm;
use ui::page::NotFound;
use ui::shell::{self, Assets};
use ui::sign_in_pages::ChooseOrganizationPage;

use crate::shell::AppFrame;
use crate::{
    audit, billing, branding, classification, customers, gallery, identity, imports, installation, intake,
    integrations, jobs, mapping, notifications, portal_access, requests, scheduling, search, suggestions, today,
    visits, webhooks,
};

/// Renders a whole document of the staff app.
pub fn document(assets: &Assets) -> impl IntoView + use<> {
    provide_meta_context();
    shell::document(shell::App::Dispatch, assets, || view! { <App/> })
}

#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router>
            <Routes fallback=|| ()>
                <Route path=path!("/app/sign-in") view=identity::sign_in::SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/app/sign-in/choose") view=|| view! { <ChooseOrganizationPage realm=Realm::Staff/> } ssr=SsrMode::Async/>
                <Route path=path!("/app/sign-in/password") view=identity::password_reset::ForgotPasswordPage ssr=SsrMode::Async/>
                <Route path=path!("/app/password/:token") view=identity::password_reset::NewPasswordPage ssr=SsrMode::Async/>
                <Route path=path!("/app/email/:token") view=identity::security::ConfirmEmailPage ssr=SsrMode::Async/>
                <Route path=path!("/app/sign-in/code") view=identity::security::CodePage ssr=SsrMode::Async/>
                <Route path=path!("/app/security") view=identity::security::SecurityPage ssr=SsrMode::Async/>
                <Route path=path!("/app") view=identity::settings::HomePage ssr=SsrMode::Async/>
                <Route path=path!("/app/start") view=installation::first_steps::FirstStepsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/inbox") view=requests::inbox::InboxPage ssr=SsrMode::Async/>
                <Route path=path!("/app/inbox/new") view=requests::call::CallPage ssr=SsrMode::Async/>
                <Route path=path!("/app/inbox/:id") view=requests::page::RequestPage ssr=SsrMode::Async/>
                <Route path=path!("/app/targets/:id") view=jobs::page::TargetPage ssr=SsrMode::Async/>
                <Route path=path!("/app/targets/:id/edit") view=jobs::form::EditJobPage ssr=SsrMode::Async/>
                <Route path=path!("/app/jobs") view=jobs::list::JobsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/jobs/new") view=jobs::form::NewJobPage ssr=SsrMode::Async/>
                <Route path=path!("/app/today") view=today::page::TodayPage ssr=SsrMode::Async/>
                <Route path=path!("/app/search") view=search::page::SearchPage ssr=SsrMode::Async/>
                <Route path=path!("/app/board") view=scheduling::board::BoardPage ssr=SsrMode::Async/>
                <Route path=path!("/app/board/suggestions") view=suggestions::page::SuggestionsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/board/suggestions/:id") view=suggestions::page::SuggestionPage ssr=SsrMode::Async/>
                <Route path=path!("/app/board/move") view=scheduling::board::reschedule::ReschedulePage ssr=SsrMode::Async/>
                <Route path=path!("/app/customers") view=customers::list::CustomersPage ssr=SsrMode::Async/>
                <Route path=path!("/app/customers/new") view=customers::customer_form::NewCustomerPage ssr=SsrMode::Async/>
                <Route path=path!("/app/customers/import") view=imports::customer_sheet::CustomerImportPage ssr=SsrMode::Async/>
                <Route path=path!("/app/customers/import/:file") view=imports::customer_sheet::CustomerSheetPage ssr=SsrMode::Async/>
                <Route path=path!("/app/customers/:id/edit") view=customers::customer_form::EditCustomerPage ssr=SsrMode::Async/>
                <Route path=path!("/app/customers/:id/new-location") view=customers::location::NewLocationPage ssr=SsrMode::Async/>
                <Route path=path!("/app/customers/:id/new-contact") view=customers::contact::NewContactPage ssr=SsrMode::Async/>
                <Route path=path!("/app/locations/:id") view=customers::location::LocationPage ssr=SsrMode::Async/>
                <Route path=path!("/app/contacts/:id") view=customers::contact::ContactPage ssr=SsrMode::Async/>
                <Route path=path!("/app/customers/:id") view=customers::page::CustomerPage ssr=SsrMode::Async/>
                <Route path=path!("/app/customers/:id/access") view=portal_access::page::CustomerAccessPage ssr=SsrMode::Async/>
                <Route path=path!("/app/day") view=visits::my_day::DayPage ssr=SsrMode::Async/>
                <Route path=path!("/app/day/sheet") view=visits::day_sheet::DaySheetPage ssr=SsrMode::Async/>
                <Route path=path!("/app/day/sync-conflicts") view=visits::sync_conflicts::SyncConflictsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/day/unsent") view=visits::sync_conflicts::UnsentEntriesPage ssr=SsrMode::Async/>
                <Route path=path!("/app/day/offline-data-removed") view=visits::sync_conflicts::OfflineDataRemovedPage ssr=SsrMode::Async/>
                <Route path=path!("/app/day/offline") view=visits::sync_conflicts::OfflinePage ssr=SsrMode::Async/>
                <Route path=path!("/app/day/:id") view=visits::stop::StopPage ssr=SsrMode::Async/>
                <Route path=path!("/app/reports") view=visits::reports::ReportsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/reports/:id") view=visits::report::ReportPage ssr=SsrMode::Async/>
                <Route path=path!("/app/imports") view=imports::page::ImportsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/imports/mapping") view=mapping::review::MappingReviewPage ssr=SsrMode::Async/>
                <Route path=path!("/app/imports/mapping/:id") view=mapping::review::MappingReviewTargetPage ssr=SsrMode::Async/>
                <Route path=path!("/app/imports/references") view=mapping::references::LinkPage ssr=SsrMode::Async/>
                <Route path=path!("/app/imports/upload") view=imports::upload::UploadPage ssr=SsrMode::Async/>
                <Route path=path!("/app/imports/upload/:file") view=imports::upload::ColumnsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/imports/:id") view=imports::page::ImportPage ssr=SsrMode::Async/>
                <Route path=path!("/app/integrations") view=integrations::page::IntegrationsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/integrations/clients/:id") view=integrations::clients::ClientPage ssr=SsrMode::Async/>
                <Route path=path!("/app/integrations/sources/:id") view=integrations::sources::SourcePage ssr=SsrMode::Async/>
                <Route path=path!("/app/integrations/endpoints/new") view=webhooks::endpoint_form::NewEndpointPage ssr=SsrMode::Async/>
                <Route path=path!("/app/integrations/endpoints/:id") view=webhooks::endpoints::EndpointPage ssr=SsrMode::Async/>
                <Route path=path!("/app/integrations/deliveries/:id") view=webhooks::deliveries::DeliveryPage ssr=SsrMode::Async/>
                <Route path=path!("/app/integrations/billing") view=billing::page::BillingPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings") view=identity::settings::SettingsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/audit") view=audit::page::AuditPage ssr=SsrMode::Async/>
                <Route path=path!("/app/help") view=identity::help::HelpPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/forms") view=intake::forms::FormsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/forms/new") view=intake::forms::NewFormPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/forms/:id") view=intake::forms::FormPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/portal") view=branding::page::BrandingPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/rules") view=classification::page::RulesPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/rules/new") view=classification::page::NewRulePage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/rules/:id") view=classification::page::RulePage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/technicians") view=scheduling::technicians::TechniciansPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/technicians/:id") view=scheduling::technicians::TechnicianSettingsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/terminals") view=intake::terminals::TerminalsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/terminals/new") view=intake::terminals::NewTerminalPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/access") view=portal_access::page::AccessReviewPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/organization") view=identity::organization::OrganizationPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/team") view=identity::team::TeamPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/two-factor") view=identity::two_factor_policy::TwoFactorPolicyPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/mails") view=notifications::page::MailsPage ssr=SsrMode::Async/>
                <Route path=path!("/app/settings/mails/:id") view=notifications::page::MailPage ssr=SsrMode::Async/>
                <Route path=path!("/app/parts") view=gallery::GalleryPage ssr=SsrMode::Async/>
                <Route path=path!("/app/*any") view=|| view! { <AppFrame current=""><NotFound/></AppFrame> } ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
}

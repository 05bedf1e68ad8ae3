//! Permissions of staff roles. Services require a permission as a type, so a missing check does not compile.

use crate::identity::roles::Role;

/// A permission of staff users.
pub trait Permission: 'static {
    /// Name used in responses and in the audit log.
    const NAME: &'static str;
    /// Roles that have the permission.
    const ROLES: &'static [Role];
    /// Whether the permission applies in test mode, where there are no accounts, visits or credentials.
    const ALLOWED_IN_SANDBOX: bool;
}

macro_rules! permissions {
    (@sandbox live_only) => {
        false
    };
    (@sandbox live_and_sandbox) => {
        true
    };
    ($($(#[$doc:meta])* $name:ident = $text:literal: $($role:ident)|+, $scope:ident;)*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Permission for $name {
            const NAME: &'static str = $text;
            const ROLES: &'static [Role] = &[$(Role::$role,)+];
            const ALLOWED_IN_SANDBOX: bool = permissions!(@sandbox $scope);
        })*
        /// Every permission with its roles, for the settings page and tests.
        pub const ALL: &[(&str, &[Role])] = &[$(($text, <$name as Permission>::ROLES),)*];
    };
}

// Name, roles, and whether it applies in the sandbox of test mode too.
permissions! {
    /// View the inbox, requests, targets and customers.
    ViewOperations = "view_operations": Admin | Manager | Dispatcher | Auditor, live_and_sandbox;
    /// Accept, reject and convert requests.
    ReviewRequests = "review_requests": Admin | Manager | Dispatcher, live_only;
    /// Schedule, reschedule and cancel appointments.
    PlanTargets = "plan_targets": Admin | Manager | Dispatcher, live_only;
    /// Create, edit, archive and restore customers, locations and contacts.
    ManageCustomers = "manage_customers": Admin | Manager | Dispatcher, live_and_sandbox;
    /// Manage technicians' skills, shifts, breaks, absences and start locations.
    ManageTechnicians = "manage_technicians": Admin | Manager, live_only;
    /// Perform one's own visits and submit reports.
    PerformVisits = "perform_visits": Technician, live_only;
    /// View visit reports including internal text.
    ViewReports = "view_reports": Admin | Manager | Dispatcher | Auditor, live_and_sandbox;
    /// Approve reports or return them for correction.
    ApproveReports = "approve_reports": Admin | Manager, live_only;
    /// Publish reports to the portal and withdraw them.
    ReleaseReports = "release_reports": Admin | Manager, live_only;
    /// View import jobs and their mapping decisions.
    ViewImports = "view_imports": Admin | Manager | Dispatcher | Auditor, live_and_sandbox;
    /// View integrations, webhook endpoints, deliveries and attempts.
    ViewIntegrations = "view_integrations": Admin | Manager | Auditor, live_only;
    /// Manage clients, keys, secrets, webhook endpoints, source systems and feature gates; invite partners.
    ManageIntegrations = "manage_integrations": Admin, live_only;
    /// Resolve mappings, remove wrong links and upload import files.
    ResolveMappings = "resolve_mappings": Admin | Manager | Dispatcher, live_and_sandbox;
    /// View the email outbox.
    ViewMails = "view_mails": Admin | Manager | Auditor, live_only;
    /// Send or drop emails that were held.
    ManageMails = "manage_mails": Admin, live_only;
    /// Manage public forms, terminals and classification rules.
    ManageIntake = "manage_intake": Admin, live_only;
    /// Invite portal users; grant and revoke access.
    ManagePortalAccess = "manage_portal_access": Admin | Manager, live_only;
    /// Manage the portal's branding and terminology.
    ManageBranding = "manage_portal_look": Admin, live_only;
    /// Require two-factor authentication of roles.
    ManageSecurity = "manage_security": Admin, live_only;
    /// Change name, time zone and language of the organization.
    ManageOrganization = "manage_organization": Admin, live_only;
    /// Invite colleagues, set their roles, lock their accounts.
    ManageTeam = "manage_team": Admin, live_only;
    /// View the audit log.
    ViewAudit = "view_audit": Admin | Auditor, live_only;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auditors_have_view_permissions_only_and_technicians_visits_only() {
        for (name, roles) in ALL {
            if roles.contains(&Role::Auditor) {
                assert!(name.starts_with("view_"), "{name}");
            }
            if roles.contains(&Role::Technician) {
                assert_eq!(*name, "perform_visits");
            }
        }
    }

    #[test]
    fn sandbox_allows_imports_and_what_they_create() {
        const { assert!(ViewOperations::ALLOWED_IN_SANDBOX) };
        const { assert!(ViewReports::ALLOWED_IN_SANDBOX) };
        const { assert!(ViewImports::ALLOWED_IN_SANDBOX) };
        const { assert!(ResolveMappings::ALLOWED_IN_SANDBOX) };
        const { assert!(!ViewIntegrations::ALLOWED_IN_SANDBOX) };
        const { assert!(!ManagePortalAccess::ALLOWED_IN_SANDBOX) };
    }
}

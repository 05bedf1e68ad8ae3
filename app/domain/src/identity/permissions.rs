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
    ($($(#[$doc:meta])* $name:ident = $text:literal: $($role:ident)|+;)*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Permission for $name {
            const NAME: &'static str = $text;
            const ROLES: &'static [Role] = &[$(Role::$role,)+];
            const ALLOWED_IN_SANDBOX: bool = matches!($text.as_bytes(), b"view_operations" | b"view_imports" | b"resolve_mappings" | b"view_reports");
        })*
        /// Every permission with its roles, for the settings page and tests.
        pub const ALL: &[(&str, &[Role])] = &[$(($text, <$name as Permission>::ROLES),)*];
    };
}

permissions! {
    /// View the inbox, requests, targets and customers.
    ViewOperations = "view_operations": Admin | Manager | Dispatcher | Auditor;
    /// Accept, reject and convert requests.
    ReviewRequests = "review_requests": Admin | Manager | Dispatcher;
    /// Schedule, reschedule and cancel appointments.
    PlanTargets = "plan_targets": Admin | Manager | Dispatcher;
    /// Manage technicians' skills, shifts, breaks, absences and start locations.
    ManageTechnicians = "manage_technicians": Admin | Manager;
    /// Perform one's own visits and submit reports.
    PerformVisits = "perform_visits": Technician;
    /// View visit reports including internal text.
    ViewReports = "view_reports": Admin | Manager | Dispatcher | Auditor;
    /// Approve reports or return them for correction.
    ApproveReports = "approve_reports": Admin | Manager;
    /// Publish reports to the portal and withdraw them.
    ReleaseReports = "release_reports": Admin | Manager;
    /// View import jobs and their mapping decisions.
    ViewImports = "view_imports": Admin | Manager | Dispatcher | Auditor;
    /// View integrations, webhook endpoints, deliveries and attempts.
    ViewIntegrations = "view_integrations": Admin | Manager | Auditor;
    /// Manage clients, keys, secrets, webhook endpoints, source systems and feature gates; invite partners.
    ManageIntegrations = "manage_integrations": Admin;
    /// Resolve mappings, remove wrong links and upload import files.
    ResolveMappings = "resolve_mappings": Admin | Manager | Dispatcher;
    /// View the email outbox.
    ViewMails = "view_mails": Admin | Manager | Auditor;
    /// Manage public forms, terminals and classification rules.
    ManageIntake = "manage_intake": Admin;
    /// Invite portal users; grant and revoke access.
    ManagePortalAccess = "manage_portal_access": Admin | Manager;
    /// Manage the portal's branding and terminology.
    ManageBranding = "manage_portal_look": Admin;
    /// View the audit log.
    ViewAudit = "view_audit": Admin | Auditor;
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
}

//! What each role of the staff may do. Services take a permission as a type, so a forgotten check does not compile.

use crate::roles::Role;

/// One thing that a member of the staff may be allowed to do.
pub trait Permission: 'static {
    /// The name in answers and in the audit log.
    const NAME: &'static str;
    /// The roles that have it.
    const ROLES: &'static [Role];
    /// Whether it also holds for a look at test data, where there are no accounts, visits or credentials.
    const IN_TEST: bool;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal: $($role:ident)|+;)*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Permission for $name {
            const NAME: &'static str = $text;
            const ROLES: &'static [Role] = &[$(Role::$role,)+];
            const IN_TEST: bool = matches!($text.as_bytes(), b"view_operations" | b"view_imports" | b"resolve_mappings" | b"view_reports");
        })*
        /// Every permission with its roles, for the settings page and the tests.
        pub const ALL: &[(&str, &[Role])] = &[$(($text, <$name as Permission>::ROLES),)*];
    };
}

permissions! {
    /// See the inbox, requests, targets and customers.
    ViewOperations = "view_operations": Admin | Manager | Dispatcher | Auditor;
    /// Accept, reject and convert requests.
    ReviewRequests = "review_requests": Admin | Manager | Dispatcher;
    /// Fix, move and cancel appointments.
    PlanTargets = "plan_targets": Admin | Manager | Dispatcher;
    /// Set up how technicians work: skills, shifts, breaks, days off, where their day begins.
    ManageTechnicians = "manage_technicians": Admin | Manager;
    /// Work through one's own day and file reports.
    PerformVisits = "perform_visits": Technician;
    /// See visit reports with their internal text.
    ViewReports = "view_reports": Admin | Manager | Dispatcher | Auditor;
    /// Approve and return reports.
    ApproveReports = "approve_reports": Admin | Manager;
    /// Publish to the portal and withdraw.
    ReleaseReports = "release_reports": Admin | Manager;
    /// See import jobs and their decisions.
    ViewImports = "view_imports": Admin | Manager | Dispatcher | Auditor;
    /// See integrations, endpoints, deliveries and attempts.
    ViewIntegrations = "view_integrations": Admin | Manager | Auditor;
    /// Make clients, keys, secrets and webhook endpoints; set up source systems and feature gates; invite partners.
    ManageIntegrations = "manage_integrations": Admin;
    /// Resolve what could not be mapped, undo wrong links, upload files of imports.
    ResolveMappings = "resolve_mappings": Admin | Manager | Dispatcher;
    /// See the outbox of mails.
    ViewMails = "view_mails": Admin | Manager | Auditor;
    /// Make and change public forms, terminals and the rules that classify requests.
    ManageIntake = "manage_intake": Admin;
    /// Invite people to the portal, grant and revoke.
    ManagePortalAccess = "manage_portal_access": Admin | Manager;
    /// Give the portal its logo, its colour and its words.
    ManagePortalLook = "manage_portal_look": Admin;
    /// Read the audit log.
    ViewAudit = "view_audit": Admin | Auditor;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auditors_only_read_and_technicians_only_visit() {
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

//! The roles of staff.

crate::stored_names! {
    /// What a member of the staff is there for; it decides the permissions.
    Role {
        /// Runs the tenant.
        Admin = "admin",
        /// Approves and releases.
        Manager = "manager",
        /// Reviews and plans.
        Dispatcher = "dispatcher",
        /// Works on site.
        Technician = "technician",
        /// Reads everything, changes nothing.
        Auditor = "auditor",
    }
}

impl Role {
    /// The page that `/app` leads to.
    pub const fn home(self) -> &'static str {
        match self {
            Self::Admin | Self::Dispatcher => "/app/inbox",
            Self::Manager => "/app/reports",
            Self::Technician => "/app/day",
            Self::Auditor => "/app/customers",
        }
    }
}

//! Staff roles.

crate::stored_names! {
    /// Role of a staff account; determines its permissions.
    Role {
        /// Administers the tenant.
        Admin = "admin",
        /// Approves and releases visit reports.
        Manager = "manager",
        /// Reviews requests and schedules appointments.
        Dispatcher = "dispatcher",
        /// Performs visits.
        Technician = "technician",
        /// Has read-only access.
        Auditor = "auditor",
    }
}

impl Role {
    /// Returns the page to which `/app` redirects.
    pub const fn home(self) -> &'static str {
        match self {
            Self::Admin | Self::Dispatcher | Self::Manager => "/app/today",
            Self::Technician => "/app/day",
            Self::Auditor => "/app/customers",
        }
    }
}

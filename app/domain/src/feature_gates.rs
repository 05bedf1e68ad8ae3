//! Feature gates: tenant-level switches that only staff can turn on, never an integration.

crate::stored_names! {
    /// A tenant-level feature switch.
    FeatureGate {
        /// Integrations may create customers, locations and contacts.
        AutoCreate = "customer_auto_create",
        /// Integrations may update mapped customers.
        AutoUpdate = "customer_auto_update",
    }
}

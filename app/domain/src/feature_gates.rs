//! Feature gates: switches of a tenant that no integration can turn on for itself.

crate::stored_names! {
    /// A switch of a tenant.
    FeatureGate {
        /// Integrations may create customers, locations and contacts.
        AutoCreate = "customer_auto_create",
        /// Integrations may update mapped customers.
        AutoUpdate = "customer_auto_update",
    }
}

//! The cryptography of outgoing TLS connections.

/// Chooses `ring` for every HTTP client of the process. A client cannot be created before.
pub fn install() {
    // An error says that it was chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

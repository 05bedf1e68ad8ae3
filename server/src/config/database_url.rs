//! Checks the form of the database URL.

/// The parameters of a PostgreSQL URL. A mistyped one, such as for TLS, would be ignored.
const DATABASE_PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// Parameters of other clients, which providers write into their URLs and which have no effect here.
const OTHER_PARAMETERS: [&str; 9] = [
    "channel_binding",
    "connect_timeout",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "keepalives_idle",
    "passfile",
    "target_session_attrs",
    "tcp_user_timeout",
];

/// Checks the scheme and the parameters of the URL. The message does not repeat it, because it may contain a password.
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.starts_with("sqlite://") {
        return Ok(());
    }
    let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
    let url = url::Url::parse(text).ok().filter(|_| is_postgres);
    let Some(url) = url else {
        return Err(
            "setting database_url: must be like sqlite://data/ordinavo.db or postgres://user@host/database".to_owned(),
        );
    };
    match url.query_pairs().find(|(name, _)| {
        let is_option = name.starts_with("options[") && name.ends_with(']');
        let is_known = DATABASE_PARAMETERS.contains(&name.as_ref()) || OTHER_PARAMETERS.contains(&name.as_ref());
        !is_option && !is_known
    }) {
        None => Ok(()),
        Some((name, _)) => Err(format!(
            "setting database_url: unknown parameter {name}; allowed are {}",
            DATABASE_PARAMETERS.join(", ")
        )),
    }
}

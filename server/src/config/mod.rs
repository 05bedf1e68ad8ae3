//! Configuration from defaults, a TOML file and `ORDINAVO_*` variables, in ascending precedence. It is validated at
//! startup; `docs/configuration.md` describes every setting.

mod database_url;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use ipnet::IpNet;
use lettre::message::Mailbox;
use ordinavo_core::{FileLimits, PoolOptions, Process};
use serde::{Deserialize, Serialize};

use self::values::{
    parse_delay, parse_duration, parse_networks, parse_ports, parse_rate, parse_size, parse_timeout, text,
};

use crate::api::limits::Limits;
use crate::connections::ConnectionLimits;
use crate::connections::acme::AcmeSettings;
use crate::connections::tls::TlsFiles;
use crate::portal_limits::PortalLimits;

/// All settings, in their textual form.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `sqlite://path` or `postgres://…`.
    #[serde(deserialize_with = "text")]
    pub database_url: String,
    /// Whether servers and workers may connect as superuser, with `BYPASSRLS`, or as owner of the tables.
    pub database_allow_owner: bool,
    /// Connections to PostgreSQL per process.
    pub database_connections: u32,
    /// How long a request waits for a database connection, such as `10s`.
    #[serde(deserialize_with = "text")]
    pub database_acquire_timeout: String,
    /// How long PostgreSQL may work on one statement, such as `60s`; `0s` for no limit.
    #[serde(deserialize_with = "text")]
    pub database_statement_timeout: String,
    /// Listen address.
    pub listen: SocketAddr,
    /// File with the certificate of the server's own TLS and its issuers, in PEM; plain HTTP if unset.
    pub tls_certificate: Option<PathBuf>,
    /// File with the key of the certificate, in PEM.
    pub tls_key: Option<PathBuf>,
    /// URL of an ACME directory; the certificate is then obtained and renewed by the server.
    #[serde(deserialize_with = "text")]
    pub acme_directory: String,
    /// Contact of the ACME account; may be empty.
    #[serde(deserialize_with = "text")]
    pub acme_email: String,
    /// Root certificate of a private ACME authority, in PEM.
    pub acme_root: Option<PathBuf>,
    /// Second listen address, which redirects to `public_url`; none if unset.
    pub redirect_listen: Option<SocketAddr>,
    /// Connections in all.
    pub connections: usize,
    /// Connections of a network.
    pub connections_network: usize,
    /// How long a connection may be without a complete request head, such as `30s`.
    #[serde(deserialize_with = "text")]
    pub header_timeout: String,
    /// How far a request body may fall behind `body_rate`, such as `20s`.
    #[serde(deserialize_with = "text")]
    pub body_timeout: String,
    /// Minimum rate of a request body in bytes per second.
    pub body_rate: u64,
    /// How long a client may take to read 64 KiB of a response, such as `60s`.
    #[serde(deserialize_with = "text")]
    pub response_timeout: String,
    /// Public base URL, used for links, cookies and HSTS.
    #[serde(deserialize_with = "text")]
    pub public_url: String,
    /// Separate host of the portal, such as `portal.example.org`; empty to share the host of `public_url`.
    #[serde(deserialize_with = "text")]
    pub portal_host: String,
    /// `file://folder` or `s3://bucket/prefix`.
    #[serde(deserialize_with = "text")]
    pub files: String,
    /// How long a silent S3 service is waited for, such as `10s`.
    #[serde(deserialize_with = "text")]
    pub files_timeout: String,
    /// Files of one organization, such as `50GiB`; `0` for no limit.
    #[serde(deserialize_with = "text")]
    pub files_quota: String,
    /// Files that the public forms of one organization receive in a day, such as `1GiB`; `0` for no limit.
    #[serde(deserialize_with = "text")]
    pub files_form_quota: String,
    /// Free disk space below which files are rejected, such as `64MiB`.
    #[serde(deserialize_with = "text")]
    pub files_min_free: String,
    /// Address of clamd, `host:port` or the path of its socket; files are not checked for malware if unset.
    pub clamd: Option<String>,
    /// File with the master keys; created on the first start of a new installation.
    pub secret_key_file: PathBuf,
    /// SMTP server; mails are not sent if unset.
    pub smtp_url: Option<String>,
    /// Sender address of mails; defaults to `no-reply@` followed by the public host.
    #[serde(deserialize_with = "text")]
    pub mail_from: String,
    /// Private networks that webhooks may connect to, separated by commas.
    #[serde(deserialize_with = "text")]
    pub webhook_allow_nets: String,
    /// Whether webhook URLs may use `http`.
    pub webhook_allow_http: bool,
    /// Ports that webhooks may use besides 443, separated by commas.
    #[serde(deserialize_with = "text")]
    pub webhook_allow_ports: String,
    /// Delays before each webhook attempt, such as `0s,5s,5m`; empty for the default schedule.
    #[serde(deserialize_with = "text")]
    pub webhook_retry: String,
    /// API rate limit per client: requests per second and burst.
    #[serde(deserialize_with = "text")]
    pub api_rate_client: String,
    /// API rate limit per tenant.
    #[serde(deserialize_with = "text")]
    pub api_rate_tenant: String,
    /// Rate limit for access token requests, per network.
    #[serde(deserialize_with = "text")]
    pub api_rate_address: String,
    /// Portal rate limit per network.
    #[serde(deserialize_with = "text")]
    pub portal_rate_address: String,
    /// Portal rate limit per account.
    #[serde(deserialize_with = "text")]
    pub portal_rate_account: String,
    /// Travel speed: detour factor over the great-circle distance and km/h, optionally per region with its bounds in front.
    #[serde(deserialize_with = "text")]
    pub travel: String,
    /// Routing service for travel times, such as `osrm+http://127.0.0.1:5000`; empty for none.
    #[serde(deserialize_with = "text")]
    pub roads: String,
    /// Tile URL for the map of the board, such as `https://tiles.example.org/{z}/{x}/{y}.png`, followed by a space and the
    /// attribution; empty for none.
    #[serde(deserialize_with = "text")]
    pub tiles: String,
    /// Networks of reverse proxies whose `X-Forwarded-For` and `X-Request-Id` headers are trusted, separated by commas.
    #[serde(deserialize_with = "text")]
    pub trusted_proxies: String,
    /// Folder for uploads that arrive; empty for the temporary folder of the operating system.
    #[serde(deserialize_with = "text")]
    pub spool_folder: String,
    /// Days for which ended imports are kept; `0` to keep them.
    pub retain_imports_days: u32,
    /// Whether the server also runs the worker.
    pub worker: bool,
    /// Listen address for health checks and metrics; no separate listener if unset.
    pub ops_listen: Option<SocketAddr>,
    /// Log filter, such as `info` or `ordinavo=debug`.
    #[serde(deserialize_with = "text")]
    pub log: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database_url: "sqlite://data/ordinavo.db".to_owned(),
            database_allow_owner: false,
            database_connections: 16,
            database_acquire_timeout: "10s".to_owned(),
            database_statement_timeout: "60s".to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            tls_certificate: None,
            tls_key: None,
            acme_directory: String::new(),
            acme_email: String::new(),
            acme_root: None,
            redirect_listen: None,
            connections: 768,
            connections_network: 128,
            header_timeout: "30s".to_owned(),
            body_timeout: "20s".to_owned(),
            body_rate: 2048,
            response_timeout: "60s".to_owned(),
            public_url: String::new(),
            portal_host: String::new(),
            files: "file://data/files".to_owned(),
            files_timeout: "10s".to_owned(),
            files_quota: "0".to_owned(),
            files_form_quota: "1GiB".to_owned(),
            files_min_free: "64MiB".to_owned(),
            clamd: None,
            secret_key_file: PathBuf::from("data/secret.key"),
            smtp_url: None,
            mail_from: String::new(),
            webhook_allow_nets: String::new(),
            webhook_allow_http: false,
            webhook_allow_ports: String::new(),
            webhook_retry: String::new(),
            api_rate_client: "100/1000".to_owned(),
            api_rate_tenant: "300/3000".to_owned(),
            api_rate_address: "10/60".to_owned(),
            portal_rate_address: "50/600".to_owned(),
            portal_rate_account: "10/200".to_owned(),
            travel: "1.3/50".to_owned(),
            roads: String::new(),
            tiles: String::new(),
            trusted_proxies: "127.0.0.0/8,::1/128".to_owned(),
            spool_folder: String::new(),
            retain_imports_days: 730,
            worker: true,
            ops_listen: None,
            log: "info".to_owned(),
        }
    }
}

impl Config {
    /// Returns the networks of trusted reverse proxies.
    pub fn trusted_proxies(&self) -> Result<Vec<IpNet>, String> {
        parse_networks("trusted_proxies", &self.trusted_proxies)
    }

    /// Reads and validates the configuration. `ORDINAVO_CONFIG` names the file, which must exist; the default is
    /// `ordinavo.toml` in the working directory, which may be missing.
    ///
    /// # Errors
    /// Returns the name of the invalid setting and the reason. The other functions that parse a setting do the same.
    pub fn read() -> Result<Self, String> {
        let named_file = std::env::var("ORDINAVO_CONFIG").ok();
        if let Some(file) = &named_file
            && !std::path::Path::new(file).is_file()
        {
            return Err(format!("ORDINAVO_CONFIG: {file} does not exist or is not a file"));
        }
        let file = named_file.unwrap_or_else(|| "ordinavo.toml".to_owned());
        let variables = Env::prefixed("ORDINAVO_")
            .filter(|name| name != "config" && !name.starts_with("test_") && !is_unset(name.as_str()));
        let mut config: Self = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(&file))
            .merge(variables)
            .extract()
            .map_err(|error| {
                error
                    .into_iter()
                    .map(|error| match error.path.join(".").as_str() {
                        "" => format!("{file}: {}", error.kind),
                        setting => format!("setting {setting}: {}{}", error.kind, allowed(setting)),
                    })
                    .collect::<Vec<_>>()
                    .join("\n")
            })?;
        if config.public_url.is_empty() {
            let scheme = if config.tls_certificate.is_some() {
                "https"
            } else {
                "http"
            };
            config.public_url = format!("{scheme}://{}", config.listen);
        }
        let url = url::Url::parse(&config.public_url)
            .map_err(|_| "setting public_url: must be a URL such as https://service.example.org".to_owned())?;
        if !matches!(url.scheme(), "http" | "https") || url.path() != "/" {
            return Err("setting public_url: must use http or https and have no path".to_owned());
        }
        config.public_url = config.public_url.trim_end_matches('/').to_owned();
        config.acme()?;
        if config.tls_files()?.is_some() && !config.is_https() {
            return Err("setting public_url: must use https, because tls_certificate is set".to_owned());
        }
        config.settings()?;
        crate::logging::filter(&config.log)?;
        if config.files.trim_end_matches('/') == "s3:" {
            return Err("setting files: must name a bucket, such as s3://bucket/prefix".to_owned());
        }
        database_url::check(&config.database_url)?;
        config.pool_options(Process::Command)?;
        config.files_timeout()?;
        config.connection_limits()?;
        config.limits()?;
        config.portal_limits()?;
        if !config.portal_host.is_empty() && !crate::hosts::is_host(&config.portal_host) {
            return Err("setting portal_host: must be a host such as portal.example.org, without http://".to_owned());
        }
        if config
            .public_url
            .split_once("://")
            .is_some_and(|(_, host)| host == config.portal_host)
        {
            return Err(
                "setting portal_host: must differ from the host of public_url; leave it empty to share the host"
                    .to_owned(),
            );
        }
        config.sender()?;
        Ok(config)
    }

    /// Returns the limits of the database connections of a server or worker.
    pub fn pool_options(&self, process: Process) -> Result<PoolOptions, String> {
        if !(2..=1000).contains(&self.database_connections) {
            return Err("setting database_connections: must be between 2 and 1000".to_owned());
        }
        let statement_timeout = parse_duration("database_statement_timeout", &self.database_statement_timeout)?;
        Ok(PoolOptions {
            max_connections: self.database_connections,
            acquire_timeout: parse_timeout("database_acquire_timeout", &self.database_acquire_timeout)?,
            statement_timeout: Some(statement_timeout).filter(|timeout| !timeout.is_zero()),
            process,
        })
    }

    /// Returns the files of the server's own TLS; `None` for plain HTTP.
    pub fn tls_files(&self) -> Result<Option<TlsFiles>, String> {
        match (&self.tls_certificate, &self.tls_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(TlsFiles {
                certificate: certificate.clone(),
                key: key.clone(),
            })),
            (Some(_), None) => Err("setting tls_key: is required with tls_certificate".to_owned()),
            (None, Some(_)) => Err("setting tls_certificate: is required with tls_key".to_owned()),
        }
    }

    /// Returns how the certificate is obtained; `None` if the server does not obtain it.
    pub fn acme(&self) -> Result<Option<AcmeSettings>, String> {
        if self.acme_directory.is_empty() {
            return Ok(None);
        }
        let is_required = |setting: &str| Err(format!("setting {setting}: is required with acme_directory"));
        if url::Url::parse(&self.acme_directory).map_or(true, |url| url.scheme() != "https") {
            return Err("setting acme_directory: must be an https URL".to_owned());
        }
        if self.tls_certificate.is_none() {
            return is_required("tls_certificate");
        }
        if self.redirect_listen.is_none() {
            return is_required("redirect_listen");
        }
        let host_of = |url: &str| Some(url::Url::parse(url).ok()?.host_str()?.to_owned());
        let mut hosts: Vec<String> = host_of(&self.public_url).into_iter().collect();
        hosts.extend(self.portal_host().and_then(|_| host_of(&self.portal_url())));
        hosts.dedup();
        if hosts
            .iter()
            .any(|host| host.parse::<std::net::IpAddr>().is_ok() || host.starts_with('['))
        {
            return Err("setting public_url: must have a host name, because acme_directory is set".to_owned());
        }
        Ok(Some(AcmeSettings {
            directory: self.acme_directory.clone(),
            email: self.acme_email.clone(),
            root: self.acme_root.clone(),
            hosts,
        }))
    }

    /// Returns the limits of the connections.
    pub fn connection_limits(&self) -> Result<ConnectionLimits, String> {
        if self.connections == 0 || self.connections_network == 0 || self.body_rate == 0 {
            return Err("settings connections, connections_network and body_rate: must be at least 1".to_owned());
        }
        if self.connections > 1_000_000 {
            return Err("setting connections: must be at most 1000000".to_owned());
        }
        Ok(ConnectionLimits {
            max: self.connections,
            max_per_network: self.connections_network,
            header_timeout: parse_timeout("header_timeout", &self.header_timeout)?,
            body_timeout: parse_timeout("body_timeout", &self.body_timeout)?,
            body_rate: self.body_rate,
            response_timeout: parse_timeout("response_timeout", &self.response_timeout)?,
        })
    }

    /// Returns how long a silent S3 service is waited for.
    pub fn files_timeout(&self) -> Result<Duration, String> {
        parse_timeout("files_timeout", &self.files_timeout)
    }

    /// Returns the sender of mails.
    pub fn sender(&self) -> Result<Mailbox, String> {
        let host = url::Url::parse(&self.public_url)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_else(|| "localhost".to_owned());
        // An IP address is not a valid domain of a sender address.
        let is_ip_address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
        let host = if is_ip_address { "localhost".to_owned() } else { host };
        let address = if self.mail_from.trim().is_empty() {
            format!("no-reply@{host}")
        } else {
            self.mail_from.trim().to_owned()
        };
        address
            .parse()
            .map_err(|_| "setting mail_from: must be an email address such as service@example.org".to_owned())
    }

    /// Returns the separate host of the portal, if configured.
    pub fn portal_host(&self) -> Option<&str> {
        Some(self.portal_host.as_str()).filter(|host| !host.is_empty())
    }

    /// Returns the base URL of the portal, without a trailing slash.
    pub fn portal_url(&self) -> String {
        match (self.portal_host(), self.public_url.split_once("://")) {
            (Some(host), Some((scheme, _))) => format!("{scheme}://{host}"),
            _ => self.public_url.trim_end_matches('/').to_owned(),
        }
    }

    /// Returns the rate limits of the portal.
    pub fn portal_limits(&self) -> Result<PortalLimits, String> {
        Ok(PortalLimits::new(
            parse_rate("portal_rate_address", &self.portal_rate_address)?,
            parse_rate("portal_rate_account", &self.portal_rate_account)?,
        ))
    }

    /// Returns the rate limits of the API.
    pub fn limits(&self) -> Result<Limits, String> {
        Ok(Limits::new(
            parse_rate("api_rate_client", &self.api_rate_client)?,
            parse_rate("api_rate_tenant", &self.api_rate_tenant)?,
            parse_rate("api_rate_address", &self.api_rate_address)?,
        ))
    }

    /// Returns whether the public URL uses `https`; cookies are `Secure` then.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Returns the settings of the core services.
    pub fn settings(&self) -> Result<ordinavo_core::Settings, String> {
        let mut settings = ordinavo_core::Settings {
            public_url: self.public_url.trim_end_matches('/').to_owned(),
            portal_url: self.portal_url(),
            webhook_allow_http: self.webhook_allow_http,
            import_retention_days: Some(self.retain_imports_days).filter(|days| *days > 0),
            sends_mail: self.smtp_url.as_ref().is_some_and(|address| !address.is_empty()),
            ..Default::default()
        };
        settings.paces = self
            .travel
            .parse()
            .map_err(|error| format!("setting travel: {error}"))?;
        settings.roads = match self.roads.trim() {
            "" => None,
            address => Some(address.parse().map_err(|error| format!("setting roads: {error}"))?),
        };
        settings.tiles = match self.tiles.trim() {
            "" => None,
            address => Some(address.parse().map_err(|error| format!("setting tiles: {error}"))?),
        };
        settings.scanner = self
            .clamd
            .as_deref()
            .filter(|address| !address.trim().is_empty())
            .map(str::parse)
            .transpose()
            .map_err(|error| format!("setting clamd: {error}"))?;
        let limit = |bytes: u64| Some(bytes).filter(|bytes| *bytes > 0);
        settings.files = FileLimits {
            tenant_quota_bytes: limit(parse_size("files_quota", &self.files_quota)?),
            form_quota_bytes: limit(parse_size("files_form_quota", &self.files_form_quota)?),
            min_free_bytes: parse_size("files_min_free", &self.files_min_free)?,
        };
        settings.webhook_allow_nets = parse_networks("webhook_allow_nets", &self.webhook_allow_nets)?;
        settings.webhook_allow_ports = parse_ports("webhook_allow_ports", &self.webhook_allow_ports)?;
        self.trusted_proxies()?;
        if !self.webhook_retry.trim().is_empty() {
            settings.webhook_retry = self
                .webhook_retry
                .split(',')
                .map(|text| {
                    parse_delay(text.trim())
                        .ok_or_else(|| format!("setting webhook_retry: {text} is not a delay such as 5s, 5m or 2h"))
                })
                .collect::<Result<_, _>>()?;
        }
        Ok(settings)
    }
}

/// Settings that are absent by default. Compose files set variables without a value for those that are not used.
const OPTIONAL: [&str; 7] = [
    "acme_root",
    "clamd",
    "ops_listen",
    "redirect_listen",
    "smtp_url",
    "tls_certificate",
    "tls_key",
];

/// Returns an example for the settings whose parser does not give one.
fn allowed(setting: &str) -> &'static str {
    match setting {
        "listen" | "redirect_listen" | "ops_listen" => "; must be an IP address with a port, such as 127.0.0.1:3000",
        _ => "",
    }
}

fn is_unset(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let variable = format!("ORDINAVO_{}", name.to_ascii_uppercase());
    OPTIONAL.contains(&name.as_str()) && std::env::var_os(variable).is_some_and(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_invalid_value_names_setting() {
        let config = Config {
            webhook_allow_nets: "10.0.0.0/8, home".to_owned(),
            ..Config::default()
        };
        assert!(
            config
                .settings()
                .expect_err("setting is invalid")
                .contains("webhook_allow_nets: home")
        );
        let config = Config {
            webhook_retry: "0s,soon".to_owned(),
            ..Config::default()
        };
        assert!(
            config
                .settings()
                .expect_err("setting is invalid")
                .contains("webhook_retry: soon")
        );
        let config = Config {
            travel: "1.3/50; fast".to_owned(),
            ..Config::default()
        };
        assert!(
            config
                .settings()
                .expect_err("setting is invalid")
                .contains("setting travel: fast")
        );
        let config = Config {
            roads: "http://127.0.0.1:5000".to_owned(),
            ..Config::default()
        };
        assert!(
            config
                .settings()
                .expect_err("setting is invalid")
                .contains("setting roads: http")
        );
        let config = Config {
            tiles: "https://tiles.example.org/x.png".to_owned(),
            ..Config::default()
        };
        assert!(
            config
                .settings()
                .expect_err("setting is invalid")
                .contains("setting tiles: https")
        );
    }
}

//! Configuration: defaults, then a file, then `ORDINAVO_*` variables; checked at start. The table in `README.md` names
//! every setting.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use ipnet::IpNet;
use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};

use crate::api::limits::{Limits, Rate};
use crate::portal_limits::PortalLimits;

/// Every setting as it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `sqlite://path` or `postgres://…`.
    pub database_url: String,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// The address that people type; decides about cookies, links and HSTS.
    pub public_url: String,
    /// The portal's own host, such as `portal.example.org`; empty if it shares the server's.
    pub portal_host: String,
    /// `file://folder` or `s3://bucket/prefix`.
    pub files: String,
    /// The file with the master keys; made on first start.
    pub secret_key_file: PathBuf,
    /// Where mail goes out; unset keeps mail inside.
    pub smtp_url: Option<String>,
    /// The address that mails come from; empty for `no-reply@` the public host.
    pub mail_from: String,
    /// Networks that webhooks may reach although they are private, separated by commas.
    pub webhook_allow_nets: String,
    /// Whether webhooks may use plain http.
    pub webhook_allow_http: bool,
    /// Delays before each attempt, such as `0s,5s,5m`; empty for the default schedule.
    pub webhook_retry: String,
    /// How often one client may call the API: so many a second, and so many at once.
    pub api_rate_client: String,
    /// How often all clients of a tenant together may call.
    pub api_rate_tenant: String,
    /// How often one address may ask for access tokens.
    pub api_rate_address: String,
    /// How often one address may ask the portal.
    pub portal_rate_address: String,
    /// How often one of its accounts may.
    pub portal_rate_account: String,
    /// How fast one gets from place to place: factor over the great circle and km/h, regions with their edges in front.
    pub travel: String,
    /// A road service that tells travel times, such as `osrm+http://127.0.0.1:5000`; empty for none.
    pub roads: String,
    /// Pictures behind the board's map, such as `https://tiles.example.org/{z}/{x}/{y}.png`, and whose they are behind a blank;
    /// empty for none.
    pub tiles: String,
    /// Networks of reverse proxies whose `X-Forwarded-For` counts, separated by commas.
    pub trusted_proxies: String,
    /// Whether the server also runs the worker.
    pub worker: bool,
    /// A second listener for health, away from the public address; unset for none.
    pub ops_listen: Option<SocketAddr>,
    /// What is logged, such as `info` or `ordinavo=debug`.
    pub log: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database_url: "sqlite://data/ordinavo.db".to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            public_url: String::new(),
            portal_host: String::new(),
            files: "file://data/files".to_owned(),
            secret_key_file: PathBuf::from("data/secret.key"),
            smtp_url: None,
            mail_from: String::new(),
            webhook_allow_nets: String::new(),
            webhook_allow_http: false,
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
            worker: true,
            ops_listen: None,
            log: "info".to_owned(),
        }
    }
}

/// Reads a list of networks.
fn networks(setting: &str, text: &str) -> Result<Vec<IpNet>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|net| !net.is_empty())
        .map(|net| {
            net.parse()
                .map_err(|_| format!("setting {setting}: {net} is not a network such as 10.0.0.0/8"))
        })
        .collect()
}

impl Config {
    /// Networks of reverse proxies, whose word about the client's address counts.
    ///
    /// # Errors
    /// Names the setting and what is allowed.
    pub fn trusted_proxies(&self) -> Result<Vec<IpNet>, String> {
        networks("trusted_proxies", &self.trusted_proxies)
    }

    /// Reads the configuration. `ORDINAVO_CONFIG` names the file; `ordinavo.toml` beside the working directory is read if
    /// it is there.
    ///
    /// # Errors
    /// The name of the setting and what is wrong with it.
    pub fn read() -> Result<Self, String> {
        let file = std::env::var("ORDINAVO_CONFIG").unwrap_or_else(|_| "ordinavo.toml".to_owned());
        let variables = Env::prefixed("ORDINAVO_").filter(|name| name != "config" && !name.starts_with("test_"));
        let mut config: Self = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(file))
            .merge(variables)
            .extract()
            .map_err(|error| {
                error
                    .into_iter()
                    .map(|error| format!("setting {}: {}", error.path.join("."), error.kind))
                    .collect::<Vec<_>>()
                    .join("\n")
            })?;
        if config.public_url.is_empty() {
            config.public_url = format!("http://{}", config.listen);
        }
        let url = url::Url::parse(&config.public_url)
            .map_err(|_| "setting public_url: an address such as https://service.example.org is required".to_owned())?;
        if !matches!(url.scheme(), "http" | "https") || url.path() != "/" {
            return Err("setting public_url: http or https without a path is required".to_owned());
        }
        config.public_url = config.public_url.trim_end_matches('/').to_owned();
        config.settings()?;
        config.limits()?;
        config.portal_limits()?;
        if !config.portal_host.is_empty() && !crate::hosts::is_host(&config.portal_host) {
            return Err(
                "setting portal_host: a host such as portal.example.org is required, without http://".to_owned(),
            );
        }
        if config
            .public_url
            .split_once("://")
            .is_some_and(|(_, host)| host == config.portal_host)
        {
            return Err(
                "setting portal_host: another host than that of public_url is required; leave it empty to share one"
                    .to_owned(),
            );
        }
        config.sender()?;
        Ok(config)
    }

    /// Who mails come from.
    ///
    /// # Errors
    /// The name of the setting and what is wrong with it.
    pub fn sender(&self) -> Result<Mailbox, String> {
        let host = url::Url::parse(&self.public_url)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_else(|| "localhost".to_owned());
        // A bare number is no place that mail comes from.
        let is_number = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
        let host = if is_number { "localhost".to_owned() } else { host };
        let address = if self.mail_from.trim().is_empty() {
            format!("no-reply@{host}")
        } else {
            self.mail_from.trim().to_owned()
        };
        address
            .parse()
            .map_err(|_| "setting mail_from: an address such as service@example.org is required".to_owned())
    }

    /// The portal's own host, if it has one.
    pub fn portal_host(&self) -> Option<&str> {
        Some(self.portal_host.as_str()).filter(|host| !host.is_empty())
    }

    /// The address under which people reach the portal, without a slash at its end.
    pub fn portal_url(&self) -> String {
        match (self.portal_host(), self.public_url.split_once("://")) {
            (Some(host), Some((scheme, _))) => format!("{scheme}://{host}"),
            _ => self.public_url.trim_end_matches('/').to_owned(),
        }
    }

    /// The rate limits of the portal.
    ///
    /// # Errors
    /// The name of the setting and what is wrong with it.
    pub fn portal_limits(&self) -> Result<PortalLimits, String> {
        Ok(PortalLimits::new(
            rate("portal_rate_address", &self.portal_rate_address)?,
            rate("portal_rate_account", &self.portal_rate_account)?,
        ))
    }

    /// The rate limits of the API.
    ///
    /// # Errors
    /// The name of the setting and what is wrong with it.
    pub fn limits(&self) -> Result<Limits, String> {
        Ok(Limits::new(
            rate("api_rate_client", &self.api_rate_client)?,
            rate("api_rate_tenant", &self.api_rate_tenant)?,
            rate("api_rate_address", &self.api_rate_address)?,
        ))
    }

    /// Whether people reach the server by https, which decides about secure cookies.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// The settings of the services.
    ///
    /// # Errors
    /// The name of the setting and what is wrong with it.
    pub fn settings(&self) -> Result<ordinavo_core::Settings, String> {
        let mut settings = ordinavo_core::Settings {
            public_url: self.public_url.trim_end_matches('/').to_owned(),
            portal_url: self.portal_url(),
            webhook_allow_http: self.webhook_allow_http,
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
        settings.webhook_allow_nets = networks("webhook_allow_nets", &self.webhook_allow_nets)?;
        self.trusted_proxies()?;
        if !self.webhook_retry.trim().is_empty() {
            settings.webhook_retry = self
                .webhook_retry
                .split(',')
                .map(|text| {
                    read_delay(text.trim())
                        .ok_or_else(|| format!("setting webhook_retry: {text} is not a delay such as 5s, 5m or 2h"))
                })
                .collect::<Result<_, _>>()?;
        }
        Ok(settings)
    }
}

/// Reads a rate.
fn rate(name: &str, text: &str) -> Result<Rate, String> {
    Rate::parse(text).ok_or_else(|| format!("setting {name}: a rate such as 100/1000 (a second/at once) is required"))
}

/// A number with a unit: `s`, `m` or `h`.
fn read_delay(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    Some(Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_have_a_unit() {
        assert_eq!(read_delay("5m"), Some(Duration::from_secs(300)));
        for text in ["", "5", "m", "-1s", "5d", "1.5s"] {
            assert_eq!(read_delay(text), None, "{text}");
        }
    }

    #[test]
    fn wrong_settings_are_named() {
        let wrong = Config {
            webhook_allow_nets: "10.0.0.0/8, home".to_owned(),
            ..Config::default()
        };
        assert!(
            wrong
                .settings()
                .expect_err("refused")
                .contains("webhook_allow_nets: home")
        );
        let wrong = Config {
            webhook_retry: "0s,soon".to_owned(),
            ..Config::default()
        };
        assert!(wrong.settings().expect_err("refused").contains("webhook_retry: soon"));
        let wrong = Config {
            travel: "1.3/50; fast".to_owned(),
            ..Config::default()
        };
        assert!(wrong.settings().expect_err("refused").contains("setting travel: fast"));
        let wrong = Config {
            roads: "http://127.0.0.1:5000".to_owned(),
            ..Config::default()
        };
        assert!(wrong.settings().expect_err("refused").contains("setting roads: http"));
        let wrong = Config {
            tiles: "https://tiles.example.org/x.png".to_owned(),
            ..Config::default()
        };
        assert!(wrong.settings().expect_err("refused").contains("setting tiles: https"));
    }
}

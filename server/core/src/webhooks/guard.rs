//! SSRF protection for webhooks. The guard is the DNS resolver of the outbound HTTP client: the address that is checked
//! is the address that is connected to, without a second lookup (DNS rebinding).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use domain::fields::{FieldCode, FieldError, WebhookUrlError};
use domain::problems::Cause;
use hickory_resolver::TokioResolver;
use ipnet::IpNet;
pub use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::{CoreError, CoreResult, Settings};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Limit for the whole exchange, including the response body.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(15);

/// Returns whether an address is not publicly routable and not in a network that the operator allows.
pub fn is_forbidden(address: IpAddr, allowed: &[IpNet]) -> bool {
    let address = canonical(address);
    if allowed.iter().any(|net| net.contains(&address)) {
        return false;
    }
    match address {
        IpAddr::V4(address) => is_special_v4(address),
        IpAddr::V6(address) => is_special_v6(address),
    }
}

/// Returns the IPv4 address embedded in an IPv6 address (mapped, compatible, NAT64, 6to4), or the address itself. Teredo and
/// IPv4-translated addresses are rejected as a whole by their prefixes.
fn canonical(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let parts = v6.segments();
    let v4 = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match parts {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] if high != 0 || low > 1 => v4(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => v4(high, low),
        _ => address,
    }
}

fn is_special_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
}

fn is_special_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || (parts[0] & 0xfe00) == 0xfc00
        || (parts[0] & 0xffc0) == 0xfe80
        || (parts[0] & 0xffc0) == 0xfec0
        || (parts[0] == 0x2001 && parts[1] < 0x0200)
        || (parts[0] == 0x2001 && parts[1] == 0x0db8)
        || (parts[0] == 0x64 && parts[1] == 0xff9b)
        || (parts[0] == 0x100 && parts[1] == 0)
        || (parts[0] == 0x3fff && parts[1] < 0x1000)
        || parts[0] == 0x5f00
        || (parts[0] & 0xe000) != 0x2000
}

/// Validates a URL before it is stored and checks the addresses that its host currently resolves to.
///
/// # Errors
/// `invalid_webhook_url` or `forbidden_webhook_target`.
pub async fn check_url(text: &str, settings: &Settings) -> CoreResult<()> {
    check_url_with(text, settings, resolver()).await
}

async fn check_url_with(text: &str, settings: &Settings, resolver: Option<TokioResolver>) -> CoreResult<()> {
    let url = parse_url(text, settings).map_err(invalid)?;
    let port = url.port_or_known_default().unwrap_or(443);
    let addresses: Vec<IpAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![address.into()],
        Some(Host::Ipv6(address)) => vec![address.into()],
        // A host that does not resolve yet is accepted; each attempt resolves it again.
        Some(Host::Domain(name)) => resolver
            .ok_or_else(forbidden)?
            .lookup_ip(name)
            .await
            .map(|found| found.iter().collect())
            .unwrap_or_default(),
        None => return Err(invalid(WebhookUrlError::NoHost)),
    };
    tracing::debug!(port, addresses = addresses.len(), "webhook host resolved");
    if !is_port_allowed(port, &addresses, settings) {
        return Err(forbidden());
    }
    if addresses
        .iter()
        .any(|address| is_forbidden(*address, &settings.webhook_allow_nets))
    {
        return Err(forbidden());
    }
    Ok(())
}

/// Returns whether webhooks may use a port: that of https, one that the operator allows, or any on hosts in networks that
/// the operator allows.
pub(crate) fn is_port_allowed(port: u16, addresses: &[IpAddr], settings: &Settings) -> bool {
    let is_in_allowed_net = |address: &IpAddr| {
        let address = canonical(*address);
        settings.webhook_allow_nets.iter().any(|net| net.contains(&address))
    };
    port == 443
        || (port == 80 && settings.webhook_allow_http)
        || settings.webhook_allow_ports.contains(&port)
        || (!addresses.is_empty() && addresses.iter().all(is_in_allowed_net))
}

/// Parses a URL and checks its syntax, scheme and parts without network access.
pub(crate) fn parse_url(text: &str, settings: &Settings) -> Result<Url, WebhookUrlError> {
    if text.len() > 2_000 {
        return Err(WebhookUrlError::TooLong { max: 2_000 });
    }
    let url = Url::parse(text).map_err(|_| WebhookUrlError::NotAbsolute)?;
    if url.scheme() != "https" && !(url.scheme() == "http" && settings.webhook_allow_http) {
        return Err(WebhookUrlError::NotHttps);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(WebhookUrlError::HasCredentials);
    }
    if url.fragment().is_some() {
        return Err(WebhookUrlError::HasFragment);
    }
    Ok(url)
}

fn invalid(error: WebhookUrlError) -> CoreError {
    CoreError::with_fields(
        Cause::InvalidWebhookUrl,
        vec![FieldError::new("/url", FieldCode::InvalidWebhookUrl(error))],
    )
}

fn forbidden() -> CoreError {
    CoreError::with_fields(
        Cause::ForbiddenWebhookTarget,
        vec![FieldError::new("/url", FieldCode::ForbiddenWebhookTarget)],
    )
}

fn resolver() -> Option<TokioResolver> {
    TokioResolver::builder_tokio().ok()?.build().ok()
}

/// Reason why the guarded resolver returned no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the host resolves to an address that is not allowed")]
    Forbidden,
    #[error("the host does not resolve")]
    Unresolved,
}

/// DNS resolver of the HTTP client that returns only allowed addresses.
struct GuardedResolver {
    resolver: Option<TokioResolver>,
    allowed: Arc<[IpNet]>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, allowed) = (self.resolver.clone(), self.allowed.clone());
        Box::pin(async move {
            let resolver = resolver.ok_or(Refusal::Unresolved)?;
            let lookup = resolver.lookup_ip(name.as_str()).await.map_err(|error| {
                tracing::debug!(%error, name = name.as_str(), "webhook host does not resolve");
                Refusal::Unresolved
            })?;
            let found: Vec<IpAddr> = lookup.iter().collect();
            if found.is_empty() {
                return Err(Refusal::Unresolved.into());
            }
            // A single forbidden address rejects the host, because the HTTP client chooses which one it connects to.
            if found.iter().any(|address| is_forbidden(*address, &allowed)) {
                return Err(Refusal::Forbidden.into());
            }
            let addresses: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// Creates the HTTP client for requests to customer-supplied URLs: guarded resolver, no redirects, no proxies from the
/// environment, with timeouts.
///
/// # Errors
/// The TLS library cannot be initialized.
pub fn client(settings: &Settings) -> Result<Client, reqwest::Error> {
    client_with(settings, resolver())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the guarded outbound client is created only here"
)]
fn client_with(settings: &Settings, resolver: Option<TokioResolver>) -> Result<Client, reqwest::Error> {
    crate::tls::install();
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .dns_resolver(Arc::new(GuardedResolver {
            resolver,
            allowed: settings.webhook_allow_nets.clone().into(),
        }))
        .user_agent(concat!("Ordinavo/", env!("CARGO_PKG_VERSION")))
        .build()
}

#[cfg(test)]
#[path = "guard_names.rs"]
mod dns_tests;

#[cfg(test)]
mod tests {
    use domain::problems::Problem;

    use super::*;

    #[test]
    fn address_special_purpose_is_forbidden() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "192.168.255.255",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "::10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2002:c0a8:101::",
            "::ffff:0:7f00:1",
            "::ffff:0:808:808",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
            "2001::1",
            "2001:db8::1",
            "2001:10::1",
            "100::1",
            "3fff::1",
            "5f00::1",
            "4000::1",
            "fd00:ec2::254",
        ] {
            assert!(is_forbidden(text.parse().expect("address is valid"), &[]), "{text}");
        }
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.216.34",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.1.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert!(!is_forbidden(text.parse().expect("address is valid"), &[]), "{text}");
        }
    }

    #[test]
    fn address_in_allowed_network_is_permitted() {
        let allowed = ["10.1.0.0/16".parse().expect("network is valid")];
        assert!(!is_forbidden("10.1.2.3".parse().expect("address is valid"), &allowed));
        assert!(!is_forbidden(
            "::ffff:10.1.2.3".parse().expect("address is valid"),
            &allowed
        ));
        assert!(is_forbidden("10.2.0.1".parse().expect("address is valid"), &allowed));
    }

    #[test]
    fn port_other_than_https_requires_permission() {
        let public: &[IpAddr] = &["8.8.8.8".parse().expect("address is valid")];
        let private: &[IpAddr] = &["10.1.2.3".parse().expect("address is valid")];
        let settings = Settings {
            webhook_allow_nets: vec!["10.1.0.0/16".parse().expect("network is valid")],
            webhook_allow_ports: vec![8443],
            ..Settings::default()
        };
        for (port, addresses, is_allowed) in [
            (443, public, true),
            (8443, public, true),
            (80, public, false),
            (25, public, false),
            (25, private, true),
            (25, &[], false),
        ] {
            assert_eq!(
                is_port_allowed(port, addresses, &settings),
                is_allowed,
                "{port} {addresses:?}"
            );
        }
    }

    #[tokio::test]
    async fn url_invalid_or_internal_is_rejected() {
        let settings = Settings::default();
        for (text, problem) in [
            ("ftp://example.org", Problem::InvalidWebhookUrl),
            ("http://example.org", Problem::InvalidWebhookUrl),
            ("https://user:secret@example.org", Problem::InvalidWebhookUrl),
            ("https://example.org/#part", Problem::InvalidWebhookUrl),
            ("not a url", Problem::InvalidWebhookUrl),
            ("https://127.0.0.1/", Problem::ForbiddenWebhookTarget),
            // The URL standard parses these as 127.0.0.1.
            ("https://2130706433/", Problem::ForbiddenWebhookTarget),
            ("https://0x7f.1/", Problem::ForbiddenWebhookTarget),
            ("https://0177.0.0.1/", Problem::ForbiddenWebhookTarget),
            ("https://[::1]/", Problem::ForbiddenWebhookTarget),
            ("https://[::ffff:7f00:1]/", Problem::ForbiddenWebhookTarget),
            ("https://[::ffff:0:808:808]/", Problem::ForbiddenWebhookTarget),
            ("https://8.8.8.8:22/", Problem::ForbiddenWebhookTarget),
            ("https://8.8.8.8:25/", Problem::ForbiddenWebhookTarget),
            ("https://8.8.8.8:6379/", Problem::ForbiddenWebhookTarget),
        ] {
            assert_eq!(
                check_url(text, &settings).await.expect_err(text).problem,
                problem,
                "{text}"
            );
        }
    }
}

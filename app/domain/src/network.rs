//! Networks of clients: what rate limits and throttles see of an address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The network of a client: one IPv4 address, or the /64 prefix of an IPv6 address, whose host can choose the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(Prefix);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Prefix {
    V4(Ipv4Addr),
    V6([u16; 4]),
}

impl Network {
    /// The network of requests without an address.
    pub const UNKNOWN: Self = Self(Prefix::V4(Ipv4Addr::UNSPECIFIED));

    /// Returns the network of an address. IPv4 addresses that are mapped into IPv6 are IPv4 addresses.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => Prefix::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Prefix::V6([a, b, c, d])
            }
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Prefix::V4(address) => write!(formatter, "{address}/32"),
            Prefix::V6([a, b, c, d]) => write!(formatter, "{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)),
        }
    }
}

/// Parses an address as proxies write it into `X-Forwarded-For`: with a port or without, IPv6 in brackets or without.
#[must_use]
pub fn parse_forwarded(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()))
        .ok()
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_of_address_is_ipv4_address_or_ipv6_prefix() {
        for (address, network) in [
            ("192.0.2.7", "192.0.2.7/32"),
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
            ("::1", "::/64"),
        ] {
            let address = address.parse().expect("address is valid");
            assert_eq!(Network::of(address).to_string(), network, "{address}");
        }
    }

    #[test]
    fn parse_forwarded_address_with_or_without_port_returns_address() {
        for (text, address) in [
            ("192.0.2.7", Some("192.0.2.7")),
            (" 192.0.2.7:51234 ", Some("192.0.2.7")),
            ("2001:db8::7", Some("2001:db8::7")),
            ("[2001:db8::7]", Some("2001:db8::7")),
            ("[2001:db8::7]:443", Some("2001:db8::7")),
            ("[::ffff:192.0.2.7]:443", Some("192.0.2.7")),
            ("", None),
            ("unknown", None),
            ("192.0.2.7:", None),
            ("192.0.2.7:70000", None),
            ("192.0.2", None),
            ("[2001:db8::7", None),
            ("host.example:80", None),
        ] {
            let parsed = parse_forwarded(text).map(|address| address.to_string());
            assert_eq!(parsed.as_deref(), address, "{text}");
        }
    }
}

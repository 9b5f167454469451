//! Facts that an address tells: of a server, whether it is this machine; of a client, its network.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

/// True if the address is on our own machine, by its text alone: names are not looked up.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        // In an address that is not of the web, IPv4 is read as a name, and a name keeps its case.
        Some(Host::Domain(name)) => {
            let name = name.to_ascii_lowercase();
            name == "localhost"
                || name.ends_with(".localhost")
                || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        None => false,
    }
}

/// The network that an address is part of: the first 24 bits of an IPv4 address, the first 64 of an IPv6
/// address, as `192.0.2.0/24`. An IPv4 address written as IPv6 counts as IPv4. `None`: the text is no address.
pub fn network_of(address: &str) -> Option<String> {
    network_around(address).map(|network| network.to_string())
}

/// The same as it is compared.
pub fn network_around(address: &str) -> Option<IpNet> {
    let address = address.parse::<IpAddr>().ok()?.to_canonical();
    let bits = if address.is_ipv4() { 24 } else { 64 };
    let network = IpNet::new(address, bits).ok()?;
    Some(network.trunc())
}

/// The addresses in a text that a server fills as it likes. It may be a list, and addresses may have ports,
/// brackets, zones (`%eth0`) or a prefix length.
pub(super) fn addresses_in(text: &str) -> impl Iterator<Item = IpAddr> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'))
        .filter_map(address_in)
}

/// The address in one item of a list.
fn address_in(item: &str) -> Option<IpAddr> {
    let item = item.trim_matches('"');
    let plain = |text: &str| {
        let text = text
            .split_once('%')
            .map_or(text, |(address, _zone)| address);
        let address: Option<IpAddr> = text.parse().ok();
        address.map(|address| address.to_canonical())
    };
    if item.is_empty() {
        return None;
    }
    if let Some(inside) = item.strip_prefix('[') {
        return plain(inside.split_once(']')?.0);
    }
    plain(item).or_else(|| {
        let (address, _port_or_length) = item.rsplit_once([':', '/'])?;
        // Of an address with several colons the last part is no port.
        if item.contains('/') || !address.contains(':') {
            plain(address)
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_part_of_a_network() {
        for (address, network) in [
            ("192.0.2.146", Some("192.0.2.0/24")),
            ("::ffff:192.0.2.146", Some("192.0.2.0/24")),
            ("2001:db8:5456:1:a:b:c:d", Some("2001:db8:5456:1::/64")),
            ("192.0.2", None),
            ("", None),
        ] {
            assert_eq!(network_of(address).as_deref(), network, "{address}");
        }
    }

    #[test]
    fn our_own_machine_is_known_by_its_names_and_numbers() {
        for (url, is_own) in [
            ("https://localhost:8443", true),
            ("https://idp.localhost", true),
            ("https://127.8.9.1", true),
            ("https://[::1]", true),
            ("https://10.0.0.1", false),
            ("https://localhost.example.org", false),
            ("postgresql://127.0.0.1:26257", true),
            ("postgresql://LOCALHOST", true),
            ("postgresql://[::1]:26257", true),
            ("postgresql://db.example.org", false),
            ("unix:/run/x", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), is_own, "{url}");
        }
    }
}

//! Addresses and networks in texts that servers fill as they like.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::address::addresses_in;

/// The network that an address is compared with: one address or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network(IpNet);

impl Network {
    /// Reads an address or a network. `None`: it is neither.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self(IpNet::from(address.to_canonical())));
        }
        text.parse().ok().map(|net: IpNet| Self(canonical(net)))
    }

    /// True if any address in the text belongs to it.
    pub(super) fn has_any_of(&self, text: &str) -> bool {
        addresses_in(text).any(|address| self.0.contains(&address))
    }
}

/// `::ffff:10.0.0.0/104` is 10.0.0.0/8 as well.
fn canonical(net: IpNet) -> IpNet {
    let IpNet::V6(v6) = net else {
        return net;
    };
    let v4 = v6.addr().to_ipv4_mapped();
    v4.zip(v6.prefix_len().checked_sub(96))
        .and_then(|(v4, length)| IpNet::new(IpAddr::V4(v4), length).ok())
        .unwrap_or(net)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_however_they_are_written() {
        for (network, text, is_in) in [
            ("10.0.4.18", "10.0.4.18", true),
            ("10.0.4.18", "10.0.4.180", false),
            ("10.0.0.0/8", "10.0.4.18", true),
            ("10.0.0.5/8", "10.200.4.18", true),
            ("10.0.0.0/8", "11.0.4.18", false),
            ("10.0.0.0/8", "203.0.113.7, 10.0.4.18", true),
            ("10.0.0.0/8", "203.0.113.7;10.0.4.18:8443", true),
            ("10.0.0.0/8", "10.0.4.18/32", true),
            ("10.0.0.0/8", "::ffff:10.0.4.18", true),
            ("::ffff:10.0.0.0/104", "10.0.4.18", true),
            ("::ffff:10.0.4.18", "10.0.4.18", true),
            ("2001:db8::/32", "2001:db8::17", true),
            ("2001:db8::17", "2001:0db8:0:0:0:0:0:17", true),
            ("2001:db8::17", "[2001:db8::17]:443", true),
            ("2001:db8::17", "[2001:db8::17]", true),
            ("fe80::/10", "fe80::1%eth0", true),
            ("2001:db8::/32", "10.0.4.18", false),
            ("0.0.0.0/0", "unknown", false),
            ("0.0.0.0/0", "", false),
            ("0.0.0.0/0", "[", false),
            ("::/0", "2001:db8::17:zz", false),
        ] {
            let network = Network::parse(network).expect(network);
            assert_eq!(network.has_any_of(text), is_in, "{network:?} {text}");
        }
    }

    #[test]
    fn what_is_no_address_is_no_network() {
        for text in ["", "10.0.0", "10.0.0.0/33", "14:07", "localhost", "10.0.*"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}

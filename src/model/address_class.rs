//! The class of an address: where on earth it can be reached from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use strum::IntoEnumIterator;

use super::address::addresses_in;

/// The class of an address by the registries of special-purpose addresses. Its word is the `strum` text.
/// Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumIter, strum::IntoStaticStr,
)]
#[strum(serialize_all = "kebab-case")]
pub enum AddressClass {
    /// Can be reached from everywhere.
    Public,
    /// Of a network of one's own: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7.
    Private,
    /// The machine itself: 127.0.0.0/8, ::1.
    Loopback,
    /// Within one link: 169.254.0.0/16, fe80::/10.
    LinkLocal,
    /// Of a provider that shares addresses among customers: 100.64.0.0/10.
    Shared,
    /// For examples in documents: 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32, 3fff::/20.
    Documentation,
    /// For measurements: 198.18.0.0/15, 2001:2::/48.
    Benchmarking,
    /// A group of receivers: 224.0.0.0/4, ff00::/8.
    Multicast,
    /// Nothing that sends: the unspecified and the broadcast address, 0.0.0.0/8, 240.0.0.0/4, and what is
    /// outside 2000::/3.
    Reserved,
}

impl AddressClass {
    /// The word on the screen, in queries and in output.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The class of this word, without case. `None`: no class is called so.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::iter().find(|class| class.word().eq_ignore_ascii_case(word))
    }

    /// The class of an address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }

    /// The classes of the addresses in a text, each once, in the order in which they come. Empty: there is
    /// none.
    pub fn all_in(text: &str) -> Vec<Self> {
        let mut classes = Vec::new();
        for class in addresses_in(text).map(Self::of) {
            if !classes.contains(&class) {
                classes.push(class);
            }
        }
        classes
    }

    /// Their words, as in "public, private". `None`: the text holds no address.
    pub fn words_in(text: &str) -> Option<String> {
        let classes: Vec<_> = Self::all_in(text).into_iter().map(Self::word).collect();
        (!classes.is_empty()).then(|| classes.join(", "))
    }
}

fn of_v4(address: Ipv4Addr) -> AddressClass {
    match address.octets() {
        _ if address.is_loopback() => AddressClass::Loopback,
        _ if address.is_private() => AddressClass::Private,
        _ if address.is_link_local() => AddressClass::LinkLocal,
        _ if address.is_documentation() => AddressClass::Documentation,
        _ if address.is_multicast() => AddressClass::Multicast,
        [100, second, ..] if second & 0xc0 == 0x40 => AddressClass::Shared,
        [198, 18 | 19, ..] => AddressClass::Benchmarking,
        [0 | 240..=255, ..] => AddressClass::Reserved,
        _ => AddressClass::Public,
    }
}

fn of_v6(address: Ipv6Addr) -> AddressClass {
    match address.segments() {
        _ if address.is_loopback() => AddressClass::Loopback,
        _ if address.is_unique_local() => AddressClass::Private,
        _ if address.is_unicast_link_local() => AddressClass::LinkLocal,
        _ if address.is_multicast() => AddressClass::Multicast,
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => AddressClass::Documentation,
        [0x2001, 2, 0, ..] => AddressClass::Benchmarking,
        // An IPv4 address behind a translator.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            of_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
        }
        [0x2000..=0x3fff, ..] => AddressClass::Public,
        _ => AddressClass::Reserved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_has_a_class() {
        for (class, addresses) in [
            (
                "public",
                "8.8.8.8 100.63.0.1 100.128.0.1 172.32.0.1 2a00:1450::1 64:ff9b::808:808",
            ),
            (
                "private",
                "10.27.147.111 172.16.0.1 172.31.255.255 192.168.1.1 fd12::1 ::ffff:10.0.0.1",
            ),
            ("loopback", "127.0.0.1 127.8.9.1 ::1"),
            ("link-local", "169.254.1.1 fe80::1"),
            ("shared", "100.64.0.1 100.127.255.255"),
            (
                "documentation",
                "192.0.2.1 198.51.100.7 203.0.113.9 2001:db8::17 3fff:fff::1",
            ),
            ("benchmarking", "198.18.0.1 198.19.255.255 2001:2::1"),
            ("multicast", "224.0.0.1 239.255.255.250 ff02::1"),
            (
                "reserved",
                "0.0.0.0 0.1.2.3 240.0.0.1 255.255.255.255 :: fec0::1 4000::1",
            ),
        ] {
            for address in addresses.split(' ') {
                let found = AddressClass::of(address.parse().expect(address));
                assert_eq!(found.word(), class, "{address}");
            }
            assert_eq!(
                AddressClass::of_word(class).map(AddressClass::word),
                Some(class)
            );
        }
    }

    #[test]
    fn a_text_may_hold_several_addresses_or_none() {
        for (text, words) in [
            ("203.0.113.7", Some("documentation")),
            ("8.8.8.8, 10.0.4.18:8443, 9.9.9.9", Some("public, private")),
            ("[fe80::1%eth0]:443", Some("link-local")),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(AddressClass::words_in(text).as_deref(), words, "{text}");
        }
    }

    #[test]
    fn a_word_may_be_written_in_any_case() {
        assert_eq!(
            AddressClass::of_word("Link-Local"),
            Some(AddressClass::LinkLocal)
        );
        assert_eq!(AddressClass::of_word("internal"), None);
    }
}

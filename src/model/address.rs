//! Facts that the address of a server tells about it: whether it is this machine, and its port.

use std::net::IpAddr;

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

#[cfg(test)]
mod tests {
    use super::*;

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

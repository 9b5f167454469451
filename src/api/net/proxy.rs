//! Which proxy the environment names for an address, and why.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

use super::{clean, host_of};
use crate::model::is_loopback;

/// Variables that name the proxy for https, the strongest first.
const NAMES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// Variables that name the hosts without one, the strongest first.
const EXCEPT: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// How an address is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Without a proxy, and why.
    Direct(String),
    /// Through a proxy, by CONNECT: it sees the name of the host and nothing else.
    Through(Proxy),
}

/// A proxy as the environment names it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its address; may hold a login of its own.
    pub(crate) url: Url,
    /// The variable that names it.
    pub variable: &'static str,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", clean(&self.address()), self.variable)
    }
}

impl Proxy {
    /// Host and port.
    pub fn address(&self) -> String {
        host_of(&self.url)
    }

    /// Name or address of its machine, without brackets.
    pub fn host(&self) -> &str {
        let host = self.url.host_str().unwrap_or_default();
        host.trim_matches(['[', ']'])
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }
}

/// How this address is reached with the environment of this process.
///
/// # Errors
/// A variable names something that is no proxy, or one that cannot be used; in words, without the
/// login that may stand in it.
pub fn route(url: &Url) -> Result<Route, String> {
    route_in(url, |name| std::env::var(name).ok())
}

fn route_in(url: &Url, variable: impl Fn(&str) -> Option<String>) -> Result<Route, String> {
    let direct = |why: &str| Ok(Route::Direct(why.to_owned()));
    if is_loopback(url) {
        return direct("it is this machine");
    }
    if url.scheme() == "http" {
        // The proxy would read the credential.
        return direct("plain http is never sent through one");
    }
    let set = |name: &&'static str| {
        let value = variable(name)?.trim().to_owned();
        (!value.is_empty()).then_some((*name, value))
    };
    let Some((variable, text)) = NAMES.iter().find_map(set) else {
        return direct("neither HTTPS_PROXY nor ALL_PROXY is set");
    };
    if let Some((name, list)) = EXCEPT.iter().find_map(set)
        && let Some(entry) = excepted(url, &list)
    {
        return direct(&format!("{name} names {}", clean(entry)));
    }
    let full = if text.contains("://") {
        text
    } else {
        format!("http://{text}")
    };
    match Url::parse(&full) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => Err(format!(
            "{variable} names a proxy of kind {}; only http and https proxies can be used",
            clean(url.scheme())
        )),
        Ok(url) if url.host_str().is_some_and(|host| !host.is_empty()) => {
            Ok(Route::Through(Proxy { url, variable }))
        }
        _ => Err(format!("{variable} is not the address of a proxy")),
    }
}

/// The entry of a NO_PROXY list that this address is under: a name with all below it, an address, a
/// network, or `*`.
fn excepted<'a>(url: &Url, list: &'a str) -> Option<&'a str> {
    let entries = list.split(',').map(str::trim).filter(|one| !one.is_empty());
    let address: Option<IpAddr> = match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    };
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let under = |entry: &str| match address {
        _ if entry == "*" => true,
        Some(address) => {
            let bare = entry.trim_matches(['[', ']']);
            bare.parse() == Ok(address)
                || bare
                    .parse::<IpNet>()
                    .is_ok_and(|network| network.contains(&address))
        }
        None => {
            let entry = entry.trim_start_matches("*.").trim_start_matches('.');
            let entry = entry.to_ascii_lowercase();
            let rest = host.strip_suffix(entry.as_str());
            !entry.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        }
    };
    entries.into_iter().find(|entry| under(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Variables<'a> = &'a [(&'a str, &'a str)];

    fn found(url: &str, variables: Variables<'_>) -> String {
        let value = |name: &str| {
            let mut set = variables.iter().filter(|(key, _)| *key == name);
            set.next().map(|(_, value)| (*value).to_owned())
        };
        match route_in(&url.parse().unwrap(), value) {
            Ok(Route::Direct(why)) => format!("direct: {why}"),
            Ok(Route::Through(proxy)) => proxy.to_string(),
            Err(why) => format!("error: {why}"),
        }
    }

    #[test]
    fn f_net_06_the_environment_decides_which_proxy_is_used_and_says_why() {
        let https = ("HTTPS_PROXY", "http://proxy.example:3128");
        let idp = "https://idp.example.org";
        let cases: &[(&str, Variables<'_>, &str)] = &[
            (idp, &[], "direct: neither HTTPS_PROXY nor ALL_PROXY is set"),
            (idp, &[https], "proxy.example:3128 (HTTPS_PROXY)"),
            (
                idp,
                &[("HTTP_PROXY", "http://p:1")],
                "direct: neither HTTPS_PROXY nor ALL_PROXY is set",
            ),
            (
                idp,
                &[("all_proxy", "p.example")],
                "p.example:80 (all_proxy)",
            ),
            (
                idp,
                &[("ALL_PROXY", "http://a:1"), ("https_proxy", "http://h:2")],
                "h:2 (https_proxy)",
            ),
            (
                idp,
                &[("HTTPS_PROXY", ""), ("https_proxy", "h:2")],
                "h:2 (https_proxy)",
            ),
            (
                idp,
                &[("HTTPS_PROXY", "http://me:canary@p:1")],
                "p:1 (HTTPS_PROXY)",
            ),
            (
                idp,
                &[("HTTPS_PROXY", "socks5://me:canary@p:1")],
                "error: HTTPS_PROXY names a proxy of kind socks5; only http and https proxies can be used",
            ),
            (
                idp,
                &[("HTTPS_PROXY", "http://")],
                "error: HTTPS_PROXY is not the address of a proxy",
            ),
            (
                "http://idp.example.org",
                &[https, ("HTTP_PROXY", "p:1")],
                "direct: plain http is never sent through one",
            ),
            (
                "https://localhost:8443",
                &[https],
                "direct: it is this machine",
            ),
            ("https://127.8.9.1", &[https], "direct: it is this machine"),
            ("https://[::1]", &[https], "direct: it is this machine"),
            (
                idp,
                &[https, ("NO_PROXY", "x.org, .Example.org")],
                "direct: NO_PROXY names .Example.org",
            ),
            (
                idp,
                &[https, ("no_proxy", "idp.example.org")],
                "direct: no_proxy names idp.example.org",
            ),
            (idp, &[https, ("NO_PROXY", "*")], "direct: NO_PROXY names *"),
            (
                idp,
                &[https, ("NO_PROXY", "p.example.org,ample.org,,")],
                "proxy.example:3128 (HTTPS_PROXY)",
            ),
            (
                "https://10.1.2.3",
                &[https, ("NO_PROXY", "10.0.0.0/8")],
                "direct: NO_PROXY names 10.0.0.0/8",
            ),
            (
                "https://[fd00::1]",
                &[https, ("NO_PROXY", "fd00::1")],
                "direct: NO_PROXY names fd00::1",
            ),
            (
                "https://10.1.2.3",
                &[https, ("NO_PROXY", "11.0.0.0/8,2.3")],
                "proxy.example:3128 (HTTPS_PROXY)",
            ),
        ];
        for (url, variables, words) in cases {
            assert_eq!(found(url, variables), *words, "{url} {variables:?}");
        }
    }
}

//! Certificate authorities that the environment names in place of the system's own.

use std::ffi::OsString;

/// The variables that are looked at. Source: the crate `rustls-native-certs`, which reads them on every
/// platform whose authorities stand in files.
const VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The authorities that the environment names, as `NAME=value` for people. `None`: it names none,
/// or this platform has a store of its own and ignores it.
pub fn roots_of_environment() -> Option<String> {
    let looks = cfg!(all(
        unix,
        not(any(target_vendor = "apple", target_os = "android"))
    ));
    looks
        .then(|| named(|name| std::env::var_os(name)))
        .flatten()
}

fn named(variable: impl Fn(&str) -> Option<OsString>) -> Option<String> {
    let set = VARIABLES.iter().filter_map(|name| {
        let value = variable(name).filter(|value| !value.is_empty())?;
        Some(format!("{name}={}", value.to_string_lossy()))
    });
    let set: Vec<String> = set.collect();
    (!set.is_empty()).then(|| set.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_of_the_two_is_set_is_named() {
        for (file, dir, names) in [
            (None, None, None),
            (Some(""), None, None),
            (Some("/a.pem"), None, Some("SSL_CERT_FILE=/a.pem")),
            (None, Some("/b"), Some("SSL_CERT_DIR=/b")),
            (
                Some("/a.pem"),
                Some("/b"),
                Some("SSL_CERT_FILE=/a.pem SSL_CERT_DIR=/b"),
            ),
        ] {
            let variable = |name: &str| {
                let value = if name == "SSL_CERT_FILE" { file } else { dir };
                value.map(OsString::from)
            };

            assert_eq!(named(variable).as_deref(), names);
        }
    }
}

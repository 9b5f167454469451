//! The contents of a certificate, and why it was not accepted, in words for people.

use std::fmt;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::CertificateError;
use x509_parser::prelude::X509Certificate;
use x509_parser::public_key::PublicKey;

use super::clean;

/// Longest name of a certificate that is shown, in characters.
const LONGEST_NAME: usize = 120;
/// Names that are listed when none of them is the one that was asked for.
const MOST_NAMES: usize = 3;
/// RSA keys below this many bits can be broken.
const RSA_LEAST_BITS: usize = 2048;

/// The contents of a certificate. All texts are safe for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The name of its holder.
    pub subject: String,
    /// The name of the authority that signed it.
    pub issuer: String,
    /// Start of its validity.
    pub from: DateTime<Utc>,
    /// End of its validity.
    pub until: DateTime<Utc>,
    /// SHA-256 of the whole of it, as `openssl x509 -fingerprint -sha256` prints it.
    pub fingerprint: String,
    /// Its key, if that is too weak to be trusted ("RSA, 1024 bits").
    pub weak_key: Option<String>,
}

impl Certificate {
    /// Reads a certificate in DER. `None`: it is none.
    pub fn read(der: &[u8]) -> Option<Self> {
        let (_, found) = x509_parser::parse_x509_certificate(der).ok()?;
        let at =
            |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC);
        Some(Self {
            subject: name(&found.subject().to_string()),
            issuer: name(&found.issuer().to_string()),
            from: at(found.validity().not_before.timestamp()),
            until: at(found.validity().not_after.timestamp()),
            fingerprint: fingerprint(der),
            weak_key: weak_key(&found),
        })
    }

    /// Why it was not accepted.
    pub(super) fn reason(&self, error: &CertificateError) -> String {
        match error {
            CertificateError::UnknownIssuer if self.subject == self.issuer => {
                "it is self-signed and not trusted".to_owned()
            }
            CertificateError::UnknownIssuer => "its issuer is not trusted".to_owned(),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!("it expired at {}", minute(self.until))
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                format!("it is not valid before {}", minute(self.from))
            }
            CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
                let names = presented.iter().take(MOST_NAMES).map(|one| bare_name(one));
                let names: Vec<String> = names.collect();
                let more = match presented.len().saturating_sub(MOST_NAMES) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!("it is for {}{more}", names.join(", "))
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "it is for another name".to_owned()
            }
            CertificateError::Revoked => "it has been revoked".to_owned(),
            CertificateError::BadSignature => "its signature is wrong".to_owned(),
            other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
                if self.subject == self.issuer {
                    "it is self-signed and not trusted".to_owned()
                } else {
                    "the certificate of an authority is used for a server".to_owned()
                }
            }
            other => clean(&other.to_string()),
        }
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "subject {}, issuer {}, valid {} to {}, SHA-256 {}",
            self.subject,
            self.issuer,
            minute(self.from),
            minute(self.until),
            self.fingerprint
        )
    }
}

fn minute(at: DateTime<Utc>) -> impl fmt::Display {
    at.format("%Y-%m-%d %H:%M UTC")
}

/// A name as a certificate writes it, cleaned and cut.
fn name(text: &str) -> String {
    let name = clean(text);
    if name.is_empty() {
        return "(no name)".to_owned();
    }
    match name.char_indices().nth(LONGEST_NAME - 1) {
        Some((at, _)) if name.chars().count() > LONGEST_NAME => format!("{}…", &name[..at]),
        _ => name,
    }
}

/// `DnsName("a.example.org")` without what is not the name.
fn bare_name(presented: &str) -> String {
    let inner = presented
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .unwrap_or(presented);
    name(inner.trim_matches('"'))
}

fn fingerprint(der: &[u8]) -> String {
    let digest = Sha256::digest(der);
    let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

fn weak_key(certificate: &X509Certificate<'_>) -> Option<String> {
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) if key.key_size() < RSA_LEAST_BITS => {
            Some(format!("RSA, {} bits", key.key_size()))
        }
        Ok(PublicKey::DSA(_)) => Some("DSA".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> Certificate {
        let at = |text: &str| text.parse().unwrap();
        Certificate {
            subject: "CN=a.example.org".to_owned(),
            issuer: "CN=Example Trust".to_owned(),
            from: at("2026-01-02T03:04:05Z"),
            until: at("2027-01-02T03:04:05Z"),
            fingerprint: "AB:CD".to_owned(),
            weak_key: None,
        }
    }

    #[test]
    fn f_net_10_reasons_against_a_certificate_read_as_sentences() {
        let expected = || tokio_rustls::rustls::pki_types::ServerName::try_from("x.example");
        let wrong_name = |presented: &[&str]| CertificateError::NotValidForNameContext {
            expected: expected().unwrap(),
            presented: presented.iter().map(|&one| one.to_owned()).collect(),
        };
        let cases = [
            (CertificateError::UnknownIssuer, "its issuer is not trusted"),
            (
                CertificateError::Expired,
                "it expired at 2027-01-02 03:04 UTC",
            ),
            (
                CertificateError::NotValidYet,
                "it is not valid before 2026-01-02 03:04 UTC",
            ),
            (
                wrong_name(&["DnsName(\"a.example\")", "IpAddress(10.0.0.1)"]),
                "it is for a.example, 10.0.0.1",
            ),
            (
                wrong_name(&[
                    "DnsName(\"a\")",
                    "DnsName(\"b\")",
                    "DnsName(\"c\")",
                    "DnsName(\"d\")",
                ]),
                "it is for a, b, c and 1 more",
            ),
            (wrong_name(&[]), "it is for another name"),
        ];
        for (error, words) in cases {
            assert_eq!(certificate().reason(&error), words, "{error:?}");
        }
    }

    #[test]
    fn f_net_10_names_of_a_certificate_are_cleaned_and_cut() {
        let long = name(&format!("CN=\u{1b}[31m{}\u{202e}", "x".repeat(500)));

        assert!(!long.contains(['\u{1b}', '\u{202e}']), "{long:?}");
        assert!(long.chars().count() <= LONGEST_NAME, "{long}");
        assert!(long.ends_with('…'), "{long}");
        assert_eq!(name(""), "(no name)");
        assert_eq!(Certificate::read(&[1, 2, 3]), None);
    }
}

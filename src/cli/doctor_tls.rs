//! The certificate of a server: who issued it, and until when it is good.
//!
//! Looked at on a connection of its own, checked against the same authorities as the real one: nothing is
//! sent on it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::Url;

use super::doctor::Finding;
use crate::config::Profile;
use crate::model::time::{Zone, duration_words, instant_short};

const WHAT: &str = "certificate";
/// Longest wait for the certificate.
const PATIENCE: Duration = Duration::from_secs(5);
/// From here on somebody should order a new one.
const SOON: TimeDelta = TimeDelta::days(14);

/// Looks at the certificate of a profile's address.
pub(crate) async fn check(profile: &Profile, now: DateTime<Utc>) -> Finding {
    match chain(profile).await {
        Err(why) => Finding::warn(WHAT, format!("it could not be looked at: {why}"), ""),
        Ok(chain) => match chain.first().map(|leaf| dates(leaf, chain.len(), now)) {
            Some(finding) => finding,
            None => Finding::warn(WHAT, "the server shows none", ""),
        },
    }
}

/// The certificates that the server shows, its own first.
async fn chain(profile: &Profile) -> Result<Vec<CertificateDer<'static>>, String> {
    let url: &Url = &profile.url;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(443);
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let connector = TlsConnector::from(Arc::new(client(profile)?));
    let handshake = async {
        let stream = TcpStream::connect((host, port)).await?;
        connector.connect(name, stream).await
    };
    let stream = timeout(PATIENCE, handshake)
        .await
        .map_err(|_| "no answer within 5 s".to_owned())?
        .map_err(|error| error.to_string())?;
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    Ok(shown.iter().map(|one| one.clone().into_owned()).collect())
}

/// Trusts what the profile trusts: its own authorities, else those of the platform.
fn client(profile: &Profile) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let Some(file) = &profile.ca_file else {
        return Ok(builder
            .with_platform_verifier()
            .map_err(|error| error.to_string())?
            .with_no_client_auth());
    };
    let mut roots = RootCertStore::empty();
    for one in CertificateDer::pem_file_iter(file).map_err(|error| error.to_string())? {
        let one = one.map_err(|error| error.to_string())?;
        roots.add(one).map_err(|error| error.to_string())?;
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Until when it is good, and who says so.
fn dates(leaf: &CertificateDer<'_>, length: usize, now: DateTime<Utc>) -> Finding {
    let Ok((_, certificate)) = x509_parser::parse_x509_certificate(leaf) else {
        return Finding::warn(WHAT, "it cannot be read", "");
    };
    let validity = certificate.validity();
    let at =
        |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let (from, until) = (
        at(validity.not_before.timestamp()),
        at(validity.not_after.timestamp()),
    );
    let found = format!(
        "good until {}, issued by {}, {length} in its chain",
        instant_short(until, Zone::Utc),
        certificate.issuer()
    );
    let remedy = "Have the server's certificate renewed.";
    if until <= now {
        let ago = duration_words(now - until);
        return Finding::bad(WHAT, format!("it ended {ago} ago; {found}"), remedy, 8);
    }
    if from > now {
        let remedy = "Check the clock of this machine, and the certificate.";
        return Finding::bad(WHAT, format!("it is not good yet; {found}"), remedy, 8);
    }
    match until - now < SOON {
        true => Finding::warn(
            WHAT,
            format!("it ends in {}; {found}", duration_words(until - now)),
            remedy,
        ),
        false => Finding::good(WHAT, found),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::cli::doctor::Mark;

    /// Of idp.example.org by Example Trust, good from 2026-11-22 to 2027-11-22.
    const CERTIFICATE: &str = "\
         MIIBuTCCAV+gAwIBAgIUV71RSIzZlAqwWrwiBCuIDzA7ZQIwCgYIKoZIzj0EAwIwMjEWMBQGA1UECgwNRXhhbXBs\
         ZSBUcnVzdDEYMBYGA1UEAwwPaWRwLmV4YW1wbGUub3JnMB4XDTI2MTEyMjA0NDg0MloXDTI3MTEyMjA0NDg0Mlow\
         MjEWMBQGA1UECgwNRXhhbXBsZSBUcnVzdDEYMBYGA1UEAwwPaWRwLmV4YW1wbGUub3JnMFkwEwYHKoZIzj0CAQYI\
         KoZIzj0DAQcDQgAEn+Lu7FMYfRiKlF4qQsIi0yh6PWOOJVno/U5g39zuVljmfPBkc0V4dxMt+rY/ol811jVcZhAR\
         B8Mdnm+0QvM/bqNTMFEwHQYDVR0OBBYEFP8tx5NFuy/ensm+XdvSlu6AI6b5MB8GA1UdIwQYMBaAFP8tx5NFuy/e\
         nsm+XdvSlu6AI6b5MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhALIFC5vL9VjOdWFSo5+ATA3S\
         5BkM3RmAZXPRzgRU0i7vAiAsRuL6yljXBIyYhkX4YYJBBr7mipAj5ZZvcsOvQ96e3w==";

    #[test]
    fn the_dates_decide() {
        let leaf = CertificateDer::from(STANDARD.decode(CERTIFICATE).unwrap());
        for (now, mark, words) in [
            ("2027-06-01T00:00:00Z", Mark::Good, "good until 2027-11-22"),
            ("2027-11-15T00:00:00Z", Mark::Warn, "ends in 7d"),
            ("2027-11-25T00:00:00Z", Mark::Bad, "ended 2d ago"),
            ("2026-11-01T00:00:00Z", Mark::Bad, "not good yet"),
        ] {
            let finding = dates(&leaf, 1, now.parse().unwrap());

            assert_eq!(finding.mark, mark, "{}", finding.found);
            assert!(finding.found.contains(words), "{}", finding.found);
            assert!(finding.found.contains("Example Trust"), "{}", finding.found);
        }
    }

    #[test]
    fn what_is_no_certificate_is_told_and_no_failure() {
        let finding = dates(&CertificateDer::from(vec![1, 2, 3]), 1, Utc::now());

        assert_eq!(finding.mark, Mark::Warn);
    }
}

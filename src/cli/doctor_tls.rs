//! The certificate of a server: who issued it, and until when it is good.

use chrono::{DateTime, TimeDelta, Utc};

use super::doctor::Finding;
use crate::api::http::Http;
use crate::api::net::Certificate;
use crate::config::{Profile, roots_of_environment};
use crate::model::text::display_safe;
use crate::model::time::{Zone, duration_words, instant_short};

const WHAT: &str = "certificate";
/// From here on somebody should order a new one.
const SOON: TimeDelta = TimeDelta::days(14);

/// Looks at the certificate of a profile's address.
pub(crate) async fn check(profile: &Profile, now: DateTime<Utc>) -> Finding {
    match Http::certificate(profile).await {
        Err(why) => Finding::warn(WHAT, format!("it could not be looked at: {why}"), ""),
        Ok(None) => Finding::warn(WHAT, "the server shows none", ""),
        Ok(Some((certificate, length))) => dates(&certificate, length, now),
    }
}

/// Who may vouch for a certificate, where the environment says so. `None`: the system's own
/// authorities, and those of the profile.
pub(crate) fn authorities() -> Option<Finding> {
    let named = display_safe(&roots_of_environment()?).into_owned();
    Some(Finding::warn(
        "authorities",
        format!(
            "certificates are checked against {named}, not against the system's own authorities"
        ),
        "Name the authority with ca_file if it is for this profile; the audit log says env_ca meanwhile.",
    ))
}

/// Until when it is good, and who says so.
fn dates(certificate: &Certificate, length: usize, now: DateTime<Utc>) -> Finding {
    let found = format!(
        "good until {}, issued by {}, {length} in its chain, SHA-256 {}",
        instant_short(certificate.until, Zone::Utc),
        certificate.issuer,
        certificate.fingerprint
    );
    let (from, until) = (certificate.from, certificate.until);
    let remedy = "Have the server's certificate renewed.";
    if until <= now {
        let ago = duration_words(now - until);
        return Finding::bad(WHAT, format!("it ended {ago} ago; {found}"), remedy, 8);
    }
    if from > now {
        let remedy = "Check the clock of this machine, and the certificate.";
        return Finding::bad(WHAT, format!("it is not good yet; {found}"), remedy, 8);
    }
    if until - now < SOON {
        Finding::warn(
            WHAT,
            format!("it ends in {}; {found}", duration_words(until - now)),
            remedy,
        )
    } else {
        Finding::good(WHAT, found)
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
        let leaf = Certificate::read(&STANDARD.decode(CERTIFICATE).unwrap()).unwrap();
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
}

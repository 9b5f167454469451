//! Errors of a connection, in words for people.

use std::error::Error;
use std::io;

use tokio_rustls::rustls::{self, AlertDescription, PeerIncompatible};
use url::Url;

use super::tls::CertificateRefused;
use crate::model::text::display_safe;
use crate::model::{ApiError, Unreached};

/// Longest text of a server that an error carries, in characters.
pub const LONGEST_WORDS: usize = 300;

/// "Too many open files", as Linux and macOS number it.
const TOO_MANY_FILES: i32 = 24;

/// Host and port, as errors name them.
pub fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Text of a server, cleaned for people and cut.
pub fn clean(text: &str) -> String {
    // Text far beyond the cut need not be cleaned.
    let head: String = text.trim().chars().take(LONGEST_WORDS + 1).collect();
    let line = head.split_whitespace().collect::<Vec<_>>().join(" ");
    let safe = display_safe(&line);
    if safe.chars().count() <= LONGEST_WORDS {
        return safe.into_owned();
    }
    let mut cut: String = safe.chars().take(LONGEST_WORDS - 1).collect();
    cut.push('…');
    cut
}

/// An error and its causes, the outermost first. Also those inside an I/O error, which leaves the error
/// that it wraps out of its own causes.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        let error: &'a (dyn Error + 'static) = *error;
        match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
}

/// The failure of TLS among the causes of an error, if that is what it is.
pub(crate) fn of_tls(error: &(dyn Error + 'static), host: &str) -> Option<ApiError> {
    let found = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>())?;
    let host = host.to_owned();
    let why = match found {
        rustls::Error::InvalidCertificate(reason) => {
            let why = match CertificateRefused::of(found) {
                Some(refused) => refused.to_string(),
                None => clean(&reason.to_string()),
            };
            return Some(ApiError::Tls {
                host,
                why,
                exchange: None,
            });
        }
        rustls::Error::NoCertificatesPresented => {
            let why = "it shows none".to_owned();
            return Some(ApiError::Tls {
                host,
                why,
                exchange: None,
            });
        }
        rustls::Error::AlertReceived(alert) => alert_reason(*alert, found),
        rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled,
        ) => OLD_VERSION.to_owned(),
        rustls::Error::PeerIncompatible(_) => clean(&found.to_string()),
        rustls::Error::InvalidMessage(_) => {
            "the server does not speak TLS here; is it http?".to_owned()
        }
        _ => return None,
    };
    Some(ApiError::Handshake {
        host,
        why,
        exchange: None,
    })
}

const OLD_VERSION: &str = "the server offers only old versions of TLS; usher needs 1.2 or later";

/// Why the server ended the handshake.
fn alert_reason(alert: AlertDescription, error: &rustls::Error) -> String {
    let refused = "the server refused the client certificate (client_cert)";
    match alert {
        AlertDescription::CertificateRequired => {
            "the server asks for a client certificate; set client_cert and client_key".into()
        }
        AlertDescription::CertificateExpired => format!("{refused}: it has expired"),
        AlertDescription::CertificateRevoked => format!("{refused}: it has been revoked"),
        AlertDescription::UnknownCA => format!("{refused}: it does not trust the issuer"),
        AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError => refused.into(),
        AlertDescription::ProtocolVersion => OLD_VERSION.into(),
        _ => clean(&error.to_string()),
    }
}

/// The deepest I/O cause of an error, for decisions and in plain words. `None`: there is none that has
/// words of ours.
pub(crate) fn of_io(error: &(dyn Error + 'static)) -> Option<(Unreached, &'static str)> {
    let errors = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    let errors: Vec<&io::Error> = errors.collect();
    let all_files = |error: &&io::Error| error.raw_os_error() == Some(TOO_MANY_FILES);
    if errors.iter().any(all_files) {
        return Some((Unreached::OurMachine, "too many open files"));
    }
    Some(match errors.last()?.kind() {
        io::ErrorKind::ConnectionRefused => (Unreached::Refused, "connection refused"),
        io::ErrorKind::ConnectionReset => (Unreached::Closed, "connection reset"),
        io::ErrorKind::ConnectionAborted => (Unreached::Closed, "connection aborted"),
        io::ErrorKind::HostUnreachable => (Unreached::NoRoute, "host unreachable"),
        io::ErrorKind::NetworkUnreachable => (Unreached::NoRoute, "network unreachable"),
        io::ErrorKind::TimedOut => (Unreached::TimedOut, "no answer from the network"),
        io::ErrorKind::PermissionDenied => (Unreached::OurMachine, "not permitted by this machine"),
        io::ErrorKind::AddrNotAvailable => {
            let why = "no free address or port on this machine";
            (Unreached::OurMachine, why)
        }
        io::ErrorKind::UnexpectedEof => (Unreached::Closed, "closed during the handshake"),
        io::ErrorKind::BrokenPipe => (Unreached::Closed, "closed while we were sending"),
        _ => return None,
    })
}

/// A connection that could not be made, for decisions and in plain words.
pub(super) fn of_connect(error: &io::Error, host: String) -> ApiError {
    let (cause, why) = match of_io(error) {
        Some((cause, why)) => (cause, why.to_owned()),
        None => (Unreached::Other, clean(&error.to_string())),
    };
    ApiError::Unreachable {
        host,
        cause,
        why,
        exchange: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_of_a_server_is_cut_and_on_one_line() {
        let text = format!("first\nsecond {}", "x".repeat(1000));

        let words = clean(&text);

        assert!(words.starts_with("first second xxx"), "{words}");
        assert!(words.chars().count() <= LONGEST_WORDS, "{}", words.len());
        assert!(words.ends_with('…'));
    }
}

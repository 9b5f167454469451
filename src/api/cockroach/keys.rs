//! The keys that only a profile of CockroachDB has: those of the vendor's own tool for SQL connections.

use std::path::PathBuf;

use crate::config::{Method, OwnKey, OwnKind, Profile};
use crate::model::{ApiError, is_loopback};

const USER: &str = "user";
const SSL_MODE: &str = "sslmode";
const SSL_ROOT_CERT: &str = "sslrootcert";
const SSL_CERT: &str = "sslcert";
const SSL_KEY: &str = "sslkey";
const CERTS_DIR: &str = "certs_dir";

/// The scheme of SQL connections.
pub(super) const SCHEME: &str = "postgresql";

/// The keys of the profile.
pub(super) fn of_profile() -> Vec<OwnKey> {
    let modes = ["disable", "require", "verify-ca", "verify-full"];
    let modes = modes.map(Into::into).to_vec();
    let path = |name, doc| OwnKey::new(name, OwnKind::Path, doc);
    vec![
        OwnKey::new(
            USER,
            OwnKind::Text,
            "The SQL user who signs in with a certificate, or without a sign-in.",
        )
        .or("root"),
        OwnKey::new(
            SSL_MODE,
            OwnKind::Word(modes),
            "TLS of SQL connections: \"verify-full\" and \"verify-ca\" check the certificate and its name, \
             \"require\" checks nothing (needs insecure = true), \"disable\" is for insecure clusters.",
        )
        .or("verify-full"),
        path(SSL_ROOT_CERT, "The authority of the cluster, PEM, as ca_file."),
        path(SSL_CERT, "The certificate of the user, PEM, as client_cert."),
        path(SSL_KEY, "Its key, PEM, as client_key."),
        path(
            CERTS_DIR,
            "A folder with ca.crt, client.USER.crt and client.USER.key, as --certs-dir.",
        ),
    ]
}

/// The TLS of SQL connections of a profile.
#[derive(Clone, Debug)]
pub(super) struct SqlTls {
    /// The profile with the files that the keys name.
    pub(super) profile: Profile,
    /// False if connections are in clear.
    pub(super) is_on: bool,
}

/// The SQL user who signs in without a password.
pub(super) fn user(profile: &Profile) -> &str {
    profile.own.text(USER).unwrap_or("root")
}

/// What the keys say about TLS.
///
/// # Errors
/// [`ApiError::Config`] if they contradict each other or would send a password in clear to another machine.
pub(super) fn sql_tls(profile: &Profile, user: &str) -> Result<SqlTls, ApiError> {
    let wrong = |why: &str| ApiError::Config {
        profile: profile.name.clone(),
        why: why.to_owned(),
    };
    let mode = profile.own.text(SSL_MODE).unwrap_or_default();
    let is_on = mode != "disable";
    if !is_on && !profile.allow_http && !is_loopback(&profile.url) {
        return Err(wrong(
            "sslmode = \"disable\" sends everything in clear to another machine; set allow_http = true",
        ));
    }
    if mode == "require" && !profile.policy.insecure {
        return Err(wrong(
            "sslmode = \"require\" checks no certificate; use \"verify-full\", or set insecure = true",
        ));
    }
    let named = |key: &str| profile.own.path(key).map(ToOwned::to_owned);
    let dir = named(CERTS_DIR);
    let in_dir = |name: String| dir.as_ref().map(|dir| dir.join(name));
    // A folder of certificates often has the authority only: the user has a password then.
    let if_there = |path: Option<PathBuf>| path.filter(|path| path.exists());
    let wants_certificate = profile.login.method() == Method::Certificate;
    let mut found = profile.clone();
    found.ca_file = found
        .ca_file
        .or_else(|| named(SSL_ROOT_CERT))
        .or_else(|| in_dir("ca.crt".into()));
    if found.client_cert.is_none() {
        let (cert, key) = (
            in_dir(format!("client.{user}.crt")),
            in_dir(format!("client.{user}.key")),
        );
        let (cert, key) = if wants_certificate {
            (cert, key)
        } else {
            (if_there(cert), if_there(key))
        };
        found.client_cert = named(SSL_CERT).or(cert);
        found.client_key = named(SSL_KEY).or(key);
    }
    if wants_certificate && (!is_on || found.client_cert.is_none()) {
        return Err(wrong(
            "a certificate needs TLS and sslcert with sslkey, client_cert with client_key, or certs_dir",
        ));
    }
    Ok(SqlTls {
        profile: found,
        is_on,
    })
}

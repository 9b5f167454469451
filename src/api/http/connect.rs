//! Building the client that holds the connections: trust, certificates of ours, proxies.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, Identity};
use tokio::sync::OnceCell;
use url::{Host, Url};

use crate::config::Profile;
use crate::model::ApiError;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// What the connections of a profile need to know.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    profile: String,
    ca_file: Option<PathBuf>,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    insecure: bool,
    allow_http: bool,
    connect_limit: Duration,
}

/// The clients of one profile, made when first needed: making one reads the trust store (10 ms).
pub(super) struct Clients {
    settings: Settings,
    plain: OnceCell<Client>,
    direct: OnceCell<Client>,
    proxied: OnceCell<Client>,
}

impl Clients {
    pub(super) fn new(profile: &Profile) -> Self {
        Self {
            settings: Settings {
                profile: profile.name.clone(),
                ca_file: profile.ca_file.clone(),
                client_cert: profile.client_cert.clone(),
                client_key: profile.client_key.clone(),
                insecure: profile.insecure,
                allow_http: profile.allow_http,
                connect_limit: CONNECT_LIMIT.min(profile.timeout),
            },
            plain: OnceCell::new(),
            direct: OnceCell::new(),
            proxied: OnceCell::new(),
        }
    }

    /// May this address be asked at all?
    pub(super) fn check(&self, url: &Url) -> Result<(), ApiError> {
        let settings = &self.settings;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(url) || settings.allow_http => {}
            "http" => {
                return Err(settings.wrong(format!(
                    "http to {} would send credentials in clear; use https, or set allow_http = true",
                    url.host_str().unwrap_or("?")
                )));
            }
            other => {
                return Err(settings.wrong(format!("url must be https, not {other}")));
            }
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(settings.wrong("url must hold no user name or password; use login".into()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(settings.wrong("url names no host".into()));
        }
        Ok(())
    }

    /// The client for this address.
    pub(super) async fn client(&self, url: &Url) -> Result<Client, ApiError> {
        // Over plain http a proxy would read the credential, and loopback is nobody's business but ours.
        let (cell, proxied) = match url.scheme() {
            "http" => (&self.plain, false),
            _ if is_loopback(url) => (&self.direct, false),
            _ => (&self.proxied, true),
        };
        let tls = url.scheme() != "http";
        let client = cell
            .get_or_try_init(|| async {
                let settings = self.settings.clone();
                tokio::task::spawn_blocking(move || settings.build(tls, proxied))
                    .await
                    .map_err(|_| {
                        self.settings
                            .wrong("the HTTP client could not be made".into())
                    })?
            })
            .await?;
        Ok(client.clone())
    }
}

impl Settings {
    fn wrong(&self, why: String) -> ApiError {
        ApiError::Config {
            profile: self.profile.clone(),
            why,
        }
    }

    fn builder(&self, proxied: bool) -> ClientBuilder {
        let builder = Client::builder()
            .user_agent(concat!("usher/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.connect_limit)
            .pool_idle_timeout(Duration::from_secs(30));
        if proxied { builder } else { builder.no_proxy() }
    }

    fn build(&self, tls: bool, proxied: bool) -> Result<Client, ApiError> {
        if !tls {
            // With an empty list of roots the trust store is not read: it may be missing.
            let client = self.builder(proxied).tls_certs_only([]).build();
            return client.map_err(|error| self.wrong(build_error(&error)));
        }
        let authorities = self.authorities()?;
        let make = |only: bool| -> Result<ClientBuilder, ApiError> {
            let mut builder = self
                .builder(proxied)
                .tls_version_min(reqwest::tls::Version::TLS_1_2);
            if let Some(identity) = self.identity()? {
                builder = builder.identity(identity);
            }
            builder = if self.insecure {
                builder
                    .tls_danger_accept_invalid_certs(true)
                    .tls_certs_only([])
            } else if only {
                builder.tls_certs_only(authorities.clone())
            } else {
                builder.tls_certs_merge(authorities.clone())
            };
            Ok(builder)
        };
        match make(false)?.build() {
            Ok(client) => Ok(client),
            // A machine without a trust store of its own can still trust the authorities we were given.
            Err(_) if !authorities.is_empty() => make(true)?
                .build()
                .map_err(|error| self.wrong(build_error(&error))),
            Err(error) => Err(self.wrong(format!(
                "{}; this machine may have no certificate authorities: set ca_file",
                build_error(&error)
            ))),
        }
    }

    fn authorities(&self) -> Result<Vec<Certificate>, ApiError> {
        let Some(path) = &self.ca_file else {
            return Ok(Vec::new());
        };
        let pem = self.read("ca_file", path)?;
        let found = Certificate::from_pem_bundle(&pem)
            .map_err(|_| self.wrong(format!("ca_file {} is not valid PEM", path.display())))?;
        if found.is_empty() {
            let why = format!("ca_file {} holds no certificate", path.display());
            return Err(self.wrong(why));
        }
        Ok(found)
    }

    fn identity(&self) -> Result<Option<Identity>, ApiError> {
        let (Some(cert), Some(key)) = (&self.client_cert, &self.client_key) else {
            return match (&self.client_cert, &self.client_key) {
                (None, None) => Ok(None),
                (Some(_), None) => Err(self.wrong("client_cert needs client_key".into())),
                _ => Err(self.wrong("client_key needs client_cert".into())),
            };
        };
        self.check_mode(key)?;
        let mut pem = zeroize::Zeroizing::new(self.read("client_key", key)?);
        if find(&pem, b"ENCRYPTED") {
            return Err(self.wrong(format!(
                "client_key {} is encrypted; usher needs it without a passphrase, mode 0600",
                key.display()
            )));
        }
        pem.push(b'\n');
        pem.extend_from_slice(&self.read("client_cert", cert)?);
        match Identity::from_pem(&pem) {
            Ok(identity) => Ok(Some(identity)),
            Err(_) => Err(self.wrong(format!(
                "client_cert {} and client_key {} hold no certificate and key in PEM",
                cert.display(),
                key.display()
            ))),
        }
    }

    fn read(&self, key: &str, path: &Path) -> Result<Vec<u8>, ApiError> {
        std::fs::read(path)
            .map_err(|error| self.wrong(format!("cannot read {key} {}: {error}", path.display())))
    }

    #[cfg(unix)]
    fn check_mode(&self, key: &Path) -> Result<(), ApiError> {
        use std::os::unix::fs::PermissionsExt;
        match std::fs::metadata(key) {
            Ok(found) if found.permissions().mode() & 0o077 != 0 => Err(self.wrong(format!(
                "client_key {0} can be read by others; run: chmod 600 {0}",
                key.display()
            ))),
            _ => Ok(()),
        }
    }

    #[cfg(not(unix))]
    fn check_mode(&self, _key: &Path) -> Result<(), ApiError> {
        Ok(())
    }
}

fn find(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

fn build_error(error: &reqwest::Error) -> String {
    let mut text = "the HTTP client could not be made".to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = super::fault::clean(&error.to_string());
        cause = error.source();
    }
    text
}

/// Is this address on our own machine?
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

//! Building the client that holds the connections: trust, certificates of ours, proxies.

use std::time::Duration;

use reqwest::Client;
use tokio::sync::OnceCell;
use url::{Host, Url};

use super::certificate::Certificate;
use super::proxy::{Proxy, Way, way};
use super::trust::Trust;
use crate::config::Profile;
use crate::model::ApiError;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// What the connections of a profile need to know.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    profile: String,
    trust: Trust,
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
                trust: Trust::new(profile),
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

    /// The client for this address, and the proxy that it goes through.
    pub(super) async fn client(&self, url: &Url) -> Result<(Client, Option<Proxy>), ApiError> {
        let proxy = match way(url).map_err(|why| self.settings.wrong(why))? {
            Way::Direct(_) => None,
            Way::Through(proxy) => Some(proxy),
        };
        let (cell, tls) = match (url.scheme(), &proxy) {
            // Never through a proxy: it would read the credential.
            ("http", _) => (&self.plain, Tls::No),
            (_, None) => (&self.direct, Tls::Yes),
            (_, Some(_)) => (&self.proxied, Tls::Yes),
        };
        let client = cell
            .get_or_try_init(|| async {
                let (settings, proxy) = (self.settings.clone(), proxy.clone());
                tokio::task::spawn_blocking(move || settings.build(tls, proxy.as_ref()))
                    .await
                    .map_err(|_| {
                        self.settings
                            .wrong("the HTTP client could not be made".into())
                    })?
            })
            .await?;
        Ok((client.clone(), proxy))
    }

    /// The certificate that the latest server showed, and how many came with it.
    pub(super) fn seen(&self) -> Option<(Certificate, usize)> {
        let seen = self.settings.trust.seen().lock().ok()?;
        seen.clone()
    }
}

/// Is a connection encrypted?
#[derive(Clone, Copy)]
enum Tls {
    Yes,
    No,
}

impl Settings {
    fn wrong(&self, why: String) -> ApiError {
        ApiError::Config {
            profile: self.profile.clone(),
            why,
        }
    }

    fn build(&self, tls: Tls, proxy: Option<&Proxy>) -> Result<Client, ApiError> {
        let mut builder = Client::builder()
            .user_agent(concat!("usher/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.connect_limit)
            .pool_idle_timeout(Duration::from_secs(30))
            // Which proxy is used is settled here, so that it can be told.
            .no_proxy();
        builder = match tls {
            // With an empty list of roots the trust store is not read: it may be missing.
            Tls::No => builder.tls_certs_only([]),
            Tls::Yes => {
                let config = self.trust.config().map_err(|why| self.wrong(why))?;
                builder.tls_backend_preconfigured(config)
            }
        };
        if let Some(proxy) = proxy {
            let proxy = reqwest::Proxy::all(proxy.url.clone())
                .map_err(|error| self.wrong(build_error(&error)))?;
            builder = builder.proxy(proxy);
        }
        builder
            .build()
            .map_err(|error| self.wrong(build_error(&error)))
    }
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

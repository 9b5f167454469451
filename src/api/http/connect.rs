//! Building the client that holds the connections: TLS, certificates of ours, proxies.

use std::time::Duration;

use reqwest::{Client, ClientBuilder};
use tokio::sync::OnceCell;
use url::Url;

use crate::api::net::{
    Certificate, Proxy, Route, TlsSettings, clean, connect_limit, no_tls, route,
};
use crate::config::Profile;
use crate::model::{ApiError, is_loopback};

/// The protocols of a connection, the best first.
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The settings for the connections of a profile.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    profile: String,
    tls: TlsSettings,
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
                tls: TlsSettings::new(profile),
                allow_http: profile.allow_http,
                connect_limit: connect_limit(profile),
            },
            plain: OnceCell::new(),
            direct: OnceCell::new(),
            proxied: OnceCell::new(),
        }
    }

    /// Checks that requests may be sent to this address.
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
        let proxy = match route(url).map_err(|why| self.settings.wrong(why))? {
            Route::Direct(_) => None,
            Route::Through(proxy) => Some(proxy),
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
        self.settings.tls.seen()
    }
}

/// Whether a connection is encrypted.
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
        self.builder(tls, proxy)?
            .build()
            .map_err(|error| self.wrong(build_error(&error)))
    }

    fn builder(&self, tls: Tls, proxy: Option<&Proxy>) -> Result<ClientBuilder, ApiError> {
        let mut builder = Client::builder()
            .user_agent(concat!("usher/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.connect_limit)
            .pool_idle_timeout(Duration::from_secs(30))
            // Which proxy is used is settled here, so that it can be told.
            .no_proxy();
        let config = match tls {
            // The trust store is not read: it may be missing.
            Tls::No => no_tls(),
            Tls::Yes => self.tls.client_config(&ALPN),
        };
        builder = builder.tls_backend_preconfigured(config.map_err(|why| self.wrong(why))?);
        if let Some(proxy) = proxy {
            let proxy = reqwest::Proxy::all(proxy.url.clone())
                .map_err(|error| self.wrong(build_error(&error)))?;
            builder = builder.proxy(proxy);
        }
        Ok(builder)
    }
}

fn build_error(error: &reqwest::Error) -> String {
    let mut text = "the HTTP client could not be made".to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = clean(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
    use std::sync::{Arc, Mutex};
    use std::time::Instant;

    use reqwest::dns::{Name, Resolve, Resolving};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket, TcpStream};

    use super::super::{Http, Repeat};
    use super::*;
    use crate::api::auth::NoAuth;
    use crate::config::{Login, SystemSpec};

    /// A port of IPv6 that takes no connection and refuses none: its queue is full.
    async fn full() -> (TcpListener, Vec<TcpStream>) {
        let socket = TcpSocket::new_v6().unwrap();
        socket.bind("[::1]:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let mut waiting = Vec::new();
        while waiting.len() < 64 {
            let connect = TcpStream::connect(listener.local_addr().unwrap());
            match tokio::time::timeout(Duration::from_millis(300), connect).await {
                Ok(Ok(stream)) => waiting.push(stream),
                _ => return (listener, waiting),
            }
        }
        panic!("its queue is never full");
    }

    #[tokio::test]
    async fn f_net_03_where_ipv6_does_not_answer_ipv4_is_tried_after_a_moment() {
        let (silent, _waiting) = full().await;
        let port = silent.local_addr().unwrap().port();
        let heard = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = heard.accept().await {
                let _ = stream.read(&mut [0; 1024]).await;
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                let _ = stream.write_all(answer).await;
            }
        });
        let url: Url = format!("http://two.test:{port}").parse().unwrap();
        let mut profile = Profile::new("p", SystemSpec::sample(), url.clone(), Login::None);
        profile.allow_http = true;
        let both = [
            IpAddr::from(Ipv6Addr::LOCALHOST),
            IpAddr::from(Ipv4Addr::LOCALHOST),
        ];
        let both = both.map(|ip| SocketAddr::new(ip, port));
        let settings = Clients::new(&profile).settings;
        let builder = settings.builder(Tls::No, None).unwrap();
        let client = builder.resolve_to_addrs("two.test", &both).build().unwrap();
        let begun = Instant::now();

        let answer = client.get(url).send().await.unwrap();

        assert_eq!(answer.status(), 200);
        let waited = begun.elapsed();
        // IPv6 was tried first and is given 300 ms; the rest is for a busy machine.
        assert!(waited >= Duration::from_millis(200), "{waited:?}");
        assert!(waited < Duration::from_secs(2), "{waited:?}");
    }

    /// Finds no name, and remembers when it was asked for one.
    #[derive(Clone, Default)]
    struct NoNames(Arc<Mutex<Vec<tokio::time::Instant>>>);

    impl Resolve for NoNames {
        fn resolve(&self, _name: Name) -> Resolving {
            self.0.lock().unwrap().push(tokio::time::Instant::now());
            Box::pin(async { Err("no such host is known".into()) })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn f_net_01_a_name_that_is_not_found_is_asked_three_times_with_a_second_between_at_least()
    {
        for (repeat, waits) in [
            (Repeat::Read, vec![1, 2]),
            (Repeat::Many, vec![1]),
            (Repeat::Never, vec![]),
        ] {
            let url: Url = "http://idp.nonexistent.invalid".parse().unwrap();
            let mut profile = Profile::new("p", SystemSpec::sample(), url.clone(), Login::None);
            profile.allow_http = true;
            let http = Http::new(&profile, url, Arc::new(NoAuth)).unwrap();
            let clients = &http.state.clients;
            let names = NoNames::default();
            let builder = clients.settings.builder(Tls::No, None).unwrap();
            let client = builder.dns_resolver(names.clone()).build().unwrap();
            clients.plain.set(client).unwrap();

            let error = http.get(&[]).repeat(repeat).send().await.unwrap_err();

            let words =
                "cannot reach idp.nonexistent.invalid:80: cannot find host idp.nonexistent.invalid";
            assert_eq!(error.to_string(), words);
            assert!(error.advice().contains("proxy"), "{}", error.advice());
            let asked = names.0.lock().unwrap();
            let between = asked.windows(2).map(|two| (two[1] - two[0]).as_secs());
            assert_eq!(between.collect::<Vec<_>>(), waits, "{repeat:?}");
        }
    }
}

//! A client that does not speak HTTP: its connection, and the password of its profile.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use usher::api::auth::{
    Ask, Asking, Authorize, DeviceCode, Grant, Interact, NoStore, ProfileSecret, Prompter,
    Renewing, StoredToken,
};
use usher::api::net::Connector;
use usher::config::{Profile, SecretSource};
use usher::model::ApiError;

use super::certified::{Authority, config, params, private};
use super::token_profile;

/// A server that says after the handshake how it was spoken to, and takes connections until the test ends.
async fn server(config: ServerConfig) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let (_, tls) = stream.get_ref();
                let ours = tls.peer_certificates().map_or(0, <[_]>::len);
                let alpn = tls.alpn_protocol().is_some();
                let text = format!("certificates {ours} alpn {alpn}");
                let _ = stream.write_all(text.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    port
}

fn profile(port: u16) -> Profile {
    let mut profile = token_profile(&format!("postgresql://127.0.0.1:{port}"));
    profile.timeout = Duration::from_secs(5);
    profile
}

/// The text that the server sends to a client of this profile that calls it by this name.
async fn hear(profile: &Profile, name: &str) -> Result<String, ApiError> {
    let port = profile.url.port().expect("a port");
    let connector = Connector::new(profile);
    let stream = connector.tcp("127.0.0.1", port).await?;
    let mut stream = connector.tls(stream, name).await?;
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text).await;
    Ok(text)
}

#[tokio::test]
async fn a_client_without_http_opens_tls_as_the_profile_says() {
    let trusted = Authority::new("Trusted One");
    let leaf = trusted.leaf(&params("127.0.0.1", "db"));
    let mut profile = profile(server(config(&leaf, &["h2"])).await);

    let refused = hear(&profile, "127.0.0.1").await.unwrap_err().to_string();
    assert!(refused.contains("its issuer is not trusted"), "{refused}");

    profile.ca_file = Some(trusted.ca_file());
    let heard = hear(&profile, "127.0.0.1").await;
    // No protocol is offered unless the client names one.
    assert_eq!(heard.unwrap(), "certificates 0 alpn false");
    let wrong = hear(&profile, "db.example.org").await.unwrap_err();
    assert!(matches!(wrong, ApiError::Tls { .. }), "{wrong}");
    assert!(wrong.to_string().contains("it is for 127.0.0.1"), "{wrong}");

    profile.ca_file = None;
    profile.policy.insecure = true;
    assert!(hear(&profile, "db.example.org").await.is_ok());
}

#[tokio::test]
async fn a_client_without_http_shows_the_certificate_of_its_profile() {
    let trusted = Authority::new("Trusted One");
    let leaf = trusted.leaf(&params("127.0.0.1", "db"));
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let wanted = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
    let wanting = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(wanted.build().unwrap())
        .with_single_cert(vec![leaf.der.clone()], private(&leaf))
        .unwrap();
    let mut profile = profile(server(wanting).await);
    profile.ca_file = Some(trusted.ca_file());
    let ours = trusted.leaf(&params("usher", "usher"));
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key.pem");
    std::fs::write(dir.path().join("cert.pem"), &ours.pem).unwrap();
    std::fs::write(&key, ours.key.serialize_pem()).unwrap();
    let only_ours = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&key, only_ours).unwrap();
    profile.client_cert = Some(dir.path().join("cert.pem"));
    profile.client_key = Some(key);

    let heard = hear(&profile, "127.0.0.1").await.unwrap();

    assert_eq!(heard, "certificates 1 alpn false");
}

#[tokio::test]
async fn a_client_without_http_is_told_why_there_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);

    let refused = hear(&profile(port), "127.0.0.1").await.unwrap_err();

    let words = format!("cannot reach 127.0.0.1:{port}: connection refused");
    assert_eq!(refused.to_string(), words);
}

/// A person who knows the password.
struct Person;

#[async_trait]
impl Prompter for Person {
    async fn show_code(&self, _code: DeviceCode) {}

    async fn ask(&self, ask: Ask) -> Result<Vec<SecretString>, ApiError> {
        assert_eq!(ask.questions.len(), 1);
        Ok(vec![SecretString::from("canary-password")])
    }

    async fn done(&self) {}
}

/// A sign-in whose credential is the password itself.
struct Password(ProfileSecret);

#[async_trait]
impl Grant for Password {
    type Credential = SecretString;

    async fn fetch(
        &self,
        _old: Option<&StoredToken>,
        asking: &Asking,
    ) -> Result<Option<StoredToken>, ApiError> {
        Ok(Some(StoredToken::bare(self.0.get(asking).await?)))
    }

    fn credential(&self, token: &StoredToken) -> Result<SecretString, ApiError> {
        Ok(token.access.clone())
    }
}

#[tokio::test]
async fn a_client_without_http_gets_the_password_of_its_profile() {
    let person = Arc::new(Person);
    let secret = ProfileSecret::new("db", "Password of root", SecretSource::Prompt, person);
    let auth = Renewing::new(Password(secret), Arc::new(NoStore));

    let nobody = auth.credential(Interact::Never).await;
    let asked = auth.credential(Interact::Allowed).await.unwrap();

    assert!(matches!(
        nobody,
        Err(ApiError::Auth {
            can_login: true,
            ..
        })
    ));
    assert_eq!(asked.value.expose_secret(), "canary-password");
    assert_eq!(asked.number, 1);
    assert!(!format!("{asked:?}").contains("canary"));
}

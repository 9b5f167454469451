//! Certificates of servers and of ours that are not as they should be.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::{CertifiedKey, Signer, SigningKey};
use tokio_rustls::rustls::{
    self, RootCertStore, ServerConfig, SignatureAlgorithm, SignatureScheme,
};
use usher::config::Profile;
use usher::model::{ApiError, Session};

use super::certified::{Authority, Leaf, config, params, private, self_signed};
use super::scripted::{Act, Scripted, json, whole};
use super::{open, search, token_profile};

const EMPTY: &str = r#"{"totalEntriesCount":0,"entriesCount":0}"#;

async fn secure(config: ServerConfig) -> Scripted {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Scripted::start_secure(acceptor, |_, _| json(EMPTY)).await
}

async fn list(profile: &Profile) -> Result<usize, ApiError> {
    let mut rows: Vec<Session> = Vec::new();
    let client = open(profile);
    client.search(&search(""), None, &mut rows).await?;
    Ok(rows.len())
}

fn profile(server: &Scripted, trusted: &Authority) -> Profile {
    let mut profile = token_profile(&server.url);
    profile.timeout = Duration::from_secs(5);
    profile.ca_file = Some(trusted.ca_file());
    profile
}

fn fingerprint(der: &[u8]) -> String {
    let pairs: Vec<String> = Sha256::digest(der)
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    pairs.join(":")
}

#[tokio::test]
async fn f_net_10_a_certificate_that_is_refused_is_named_with_its_reason() {
    let trusted = Authority::new("Trusted One");
    let unknown = Authority::new("Unknown One");
    let good = params("127.0.0.1", "idp");
    let mut old = good.clone();
    old.not_after = rcgen::date_time_ymd(2021, 3, 4);
    let mut early = good.clone();
    early.not_before = rcgen::date_time_ymd(2089, 1, 2);
    let mut hostile = good.clone();
    hostile
        .distinguished_name
        .push(rcgen::DnType::CommonName, "idp\u{1b}[2J\u{202e}");
    let cases = [
        (
            "self-signed",
            self_signed(&good),
            "it is self-signed and not trusted; subject CN=idp, issuer CN=idp, \
             valid 2020-01-02 00:00 UTC to 2090-03-04 00:00 UTC",
        ),
        (
            "expired",
            trusted.leaf(&old),
            "it expired at 2021-03-04 00:00 UTC; subject CN=idp, issuer CN=Trusted One, \
             valid 2020-01-02 00:00 UTC to 2021-03-04 00:00 UTC",
        ),
        (
            "not yet valid",
            trusted.leaf(&early),
            "it is not valid before 2089-01-02 00:00 UTC; subject CN=idp, issuer CN=Trusted One, \
             valid 2089-01-02 00:00 UTC to 2090-03-04 00:00 UTC",
        ),
        (
            "wrong host",
            trusted.leaf(&params("other.example.org", "other")),
            "it is for other.example.org; subject CN=other, issuer CN=Trusted One, \
             valid 2020-01-02 00:00 UTC to 2090-03-04 00:00 UTC",
        ),
        (
            "unknown authority",
            unknown.leaf(&good),
            "its issuer is not trusted; subject CN=idp, issuer CN=Unknown One, \
             valid 2020-01-02 00:00 UTC to 2090-03-04 00:00 UTC",
        ),
        (
            "hostile name",
            unknown.leaf(&hostile),
            "its issuer is not trusted; subject CN=idp^[[2J<U+202E>, issuer CN=Unknown One, \
             valid 2020-01-02 00:00 UTC to 2090-03-04 00:00 UTC",
        ),
    ];
    for (name, leaf, words) in cases {
        let server = secure(config(&leaf, &["http/1.1"])).await;

        let error = list(&profile(&server, &trusted)).await.unwrap_err();

        let ApiError::Tls { why, .. } = &error else {
            panic!("{name}: {error:?}");
        };
        let words = format!("{words}, SHA-256 {}", fingerprint(&leaf.der));
        assert_eq!(*why, words, "{name}");
        assert!(error.advice().contains("ca_file"), "{name}");
        assert_eq!(error.exit_code(), 8, "{name}");
        assert!(server.heard().is_empty(), "{name}: nothing is sent");
    }
}

#[tokio::test]
async fn f_net_11_a_bad_authority_file_is_named_with_its_line() {
    let trusted = Authority::new("Trusted One");
    let good = std::fs::read_to_string(trusted.ca_file()).unwrap();
    let lines = good.lines().count();
    let leaf = trusted.leaf(&params("127.0.0.1", "idp"));
    let server = secure(config(&leaf, &["http/1.1"])).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bad.pem");
    let second = |text: &str| format!("# ours\n{good}{text}");
    let no_certificate = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    for (name, text, words) in [
        (
            "empty",
            String::new(),
            "bad.pem holds no certificate".to_owned(),
        ),
        (
            "no PEM",
            "hello".into(),
            "bad.pem holds no certificate".into(),
        ),
        (
            "cut off",
            second("-----BEGIN CERTIFICATE-----\nMIIB\n"),
            format!("bad.pem is not valid PEM from line {} on", lines + 2),
        ),
        (
            "not base64",
            "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n".into(),
            "bad.pem is not valid PEM from line 1 on".into(),
        ),
        (
            "something else",
            second(no_certificate),
            format!(
                "bad.pem holds something that is no certificate, from line {} on",
                lines + 2
            ),
        ),
        ("not there", "-".into(), "cannot read ca_file ".into()),
    ] {
        match text.as_str() {
            "-" => std::fs::remove_file(&file).unwrap(),
            text => write(&file, text, 0o644),
        }
        let mut profile = profile(&server, &trusted);
        profile.ca_file = Some(file.clone());

        let error = list(&profile).await.unwrap_err().to_string();

        assert!(error.contains(&words), "{name}: {error}");
    }
    assert!(server.heard().is_empty());
    let whole = second(&good);
    write(&file, &whole, 0o644);
    let mut profile = profile(&server, &trusted);
    profile.ca_file = Some(file);
    assert_eq!(list(&profile).await, Ok(0), "two of them in one file");
}

#[tokio::test]
async fn f_net_11_every_certificate_file_of_a_folder_is_trusted() {
    let (first, second) = (Authority::new("First"), Authority::new("Second"));
    let place = params("127.0.0.1", "idp");
    let server = secure(config(&second.leaf(&place), &["http/1.1"])).await;
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| write(&folder.path().join(name), text, 0o644);
    let pem = |authority: &Authority| std::fs::read_to_string(authority.ca_file()).unwrap();
    let mut profile = profile(&server, &first);
    profile.ca_file = None;
    profile.ca_dir = Some(folder.path().to_owned());

    put("note.txt", "hello");
    let error = list(&profile).await.unwrap_err().to_string();
    assert!(
        error.contains("holds no file with the ending .pem, .crt or .cer"),
        "{error}"
    );
    put("a.pem", &pem(&first));
    let refused = list(&profile).await;
    assert!(matches!(refused, Err(ApiError::Tls { .. })), "{refused:?}");
    put("b.CRT", &pem(&second));
    put(".hidden.pem", "hello");
    assert_eq!(list(&profile).await, Ok(0), "the second file of the folder");

    put(
        "c.cer",
        &format!(
            "{}-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n",
            pem(&first)
        ),
    );
    let error = list(&profile).await.unwrap_err().to_string();
    let line = pem(&first).lines().count() + 1;
    let words = format!("c.cer is not valid PEM from line {line} on");
    assert!(
        error.contains("ca_dir ") && error.contains(&words),
        "{error}"
    );
    profile.ca_dir = Some(folder.path().join("nothing"));
    let error = list(&profile).await.unwrap_err().to_string();
    assert!(error.contains("cannot read ca_dir "), "{error}");
}

#[tokio::test]
async fn f_net_11_the_authority_of_one_profile_is_not_trusted_by_another() {
    let (first, second) = (Authority::new("First"), Authority::new("Second"));
    let place = params("127.0.0.1", "idp");
    let server = secure(config(&first.leaf(&place), &["http/1.1"])).await;

    let theirs = list(&profile(&server, &first)).await;
    let others = list(&profile(&server, &second)).await;

    assert_eq!(theirs, Ok(0));
    assert!(matches!(others, Err(ApiError::Tls { .. })), "{others:?}");
}

#[tokio::test]
async fn f_net_08_a_redirect_from_https_to_http_is_not_followed() {
    let trusted = Authority::new("Trusted One");
    let leaf = trusted.leaf(&params("127.0.0.1", "idp"));
    let acceptor = TlsAcceptor::from(Arc::new(config(&leaf, &["http/1.1"])));
    let server = Scripted::start_secure(acceptor, |_, heard| {
        // The same host and the same port, explicit, in clear.
        let host = heard.header("host").unwrap();
        let to = format!("Location: http://{host}/x\r\n");
        Act::Send(whole("307 Temporary Redirect", &to, ""))
    })
    .await;

    let error = list(&profile(&server, &trusted)).await.unwrap_err();

    assert!(
        error
            .to_string()
            .contains("it redirects to http://127.0.0.1:"),
        "{error}"
    );
    assert!(
        error.to_string().contains("which is not followed"),
        "{error}"
    );
    assert_eq!(server.heard().len(), 1);
}

/// The key of a certificate that signs with nonsense: the client must stop before it looks at that.
#[derive(Debug)]
struct Weak(Arc<CertifiedKey>);

#[derive(Debug, Clone)]
struct Nonsense;

impl SigningKey for Nonsense {
    fn choose_scheme(&self, _offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(self.clone()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl Signer for Nonsense {
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        Ok(vec![7; 128])
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PSS_SHA256
    }
}

impl ResolvesServerCert for Weak {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// An RSA key of 1024 bits, as it stands in a certificate.
struct ShortKey(Vec<u8>);

impl rcgen::PublicKeyData for ShortKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

#[tokio::test]
async fn f_net_10_a_weak_key_is_refused_although_the_authority_is_trusted() {
    let trusted = Authority::new("Trusted One");
    let modulus = [0xC3; 128];
    let key = [
        &[0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00][..],
        &modulus,
        &[0x02, 0x03, 0x01, 0x00, 0x01],
    ];
    let der = trusted.about(&params("127.0.0.1", "idp"), &ShortKey(key.concat()));
    let shown = CertifiedKey::new(vec![der.clone()], Arc::new(Nonsense));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Weak(Arc::new(shown))));
    let server = secure(config).await;

    let error = list(&profile(&server, &trusted)).await.unwrap_err();

    let words = error.to_string();
    assert!(
        words.contains("its key is too weak (RSA, 1024 bits); subject CN=idp"),
        "{words}"
    );
    assert!(words.contains(&fingerprint(&der)), "{words}");
}

/// A server that wants a certificate of this authority from its clients.
fn mutual(leaf: &Leaf, clients: &Authority) -> ServerConfig {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(clients.der()).unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![leaf.der.clone()], private(leaf))
        .unwrap()
}

fn write(path: &Path, text: &str, mode: u32) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn f_net_13_each_thing_wrong_with_our_certificate_has_its_own_message() {
    let trusted = Authority::new("Trusted One");
    let others = Authority::new("Unknown One");
    let me = params("me.example.org", "me");
    let mut old = me.clone();
    old.not_after = rcgen::date_time_ymd(2021, 3, 4);
    let (mine, second) = (trusted.leaf(&me), trusted.leaf(&me));
    let (late, foreign) = (trusted.leaf(&old), others.leaf(&me));
    let server = secure(mutual(&trusted.leaf(&params("127.0.0.1", "idp")), &trusted)).await;
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = (dir.path().join("me.pem"), dir.path().join("me.key"));
    let key_of = |leaf: &Leaf| leaf.key.serialize_pem();
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let good = key_of(&mine);
    let cases = [
        (
            "open to others",
            &*mine.pem,
            &*good,
            0o640,
            "me.key can be read by others; run: chmod 600 ",
        ),
        (
            "encrypted",
            &mine.pem,
            encrypted,
            0o600,
            "me.key is encrypted; usher needs it without a passphrase",
        ),
        (
            "no key",
            &mine.pem,
            "hello",
            0o600,
            "me.key holds no private key in PEM",
        ),
        (
            "no certificate",
            "hello",
            &good,
            0o600,
            "me.pem holds no certificate",
        ),
        (
            "wrong key",
            &mine.pem,
            &key_of(&second),
            0o600,
            "me.key does not belong to client_cert ",
        ),
        (
            "expired",
            &late.pem,
            &key_of(&late),
            0o600,
            "the server refused the client certificate (client_cert): it has expired",
        ),
        (
            "rejected",
            &foreign.pem,
            &key_of(&foreign),
            0o600,
            "the server refused the client certificate (client_cert): it does not trust the issuer",
        ),
    ];
    for (name, certificate, secret, mode, words) in cases {
        write(&cert, certificate, 0o644);
        write(&key, secret, mode);
        let mut profile = profile(&server, &trusted);
        profile.client_cert = Some(cert.clone());
        profile.client_key = Some(key.clone());

        let error = list(&profile).await.unwrap_err();

        assert!(error.to_string().contains(words), "{name}: {error}");
        assert!(!error.to_string().contains("PRIVATE"), "{name}: {error}");
    }

    let none = list(&profile(&server, &trusted)).await.unwrap_err();
    assert!(
        none.to_string()
            .contains("the server asks for a client certificate; set client_cert"),
        "{none}"
    );
    assert!(none.advice().contains("client_key"), "{}", none.advice());
    assert!(server.heard().is_empty(), "nobody got in");

    write(&cert, &mine.pem, 0o644);
    write(&key, &good, 0o600);
    let mut profile = profile(&server, &trusted);
    profile.client_cert = Some(cert);
    profile.client_key = Some(key);
    assert_eq!(list(&profile).await, Ok(0));
}

/// Answers every connection with these bytes, whatever it says.
async fn speaks(bytes: &'static [u8]) -> (String, tokio::task::JoinHandle<()>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut hello = [0; 4096];
            let _ = stream.read(&mut hello).await;
            let _ = stream.write_all(bytes).await;
            // Unread input at the close of a connection makes the system drop the answer that was
            // sent.
            let _ = stream.shutdown().await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    });
    (url, task)
}

#[tokio::test]
async fn f_net_14_a_server_that_speaks_only_old_tls_is_refused_in_plain_words() {
    // An alert "protocol version", and a hello of TLS 1.0 and of 1.1 with an old cipher.
    const ALERT: &[u8] = &[0x15, 3, 1, 0, 2, 2, 70];
    const fn hello(minor: u8) -> [u8; 47] {
        let mut bytes = [7; 47];
        let head = [0x16, 3, minor, 0, 42, 2, 0, 0, 38, 3, minor];
        let mut at = 0;
        while at < head.len() {
            bytes[at] = head[at];
            at += 1;
        }
        // No session id, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
        (bytes[43], bytes[44], bytes[45], bytes[46]) = (0, 0, 0x2f, 0);
        bytes
    }
    const OLD: [u8; 47] = hello(1);
    const LESS_OLD: [u8; 47] = hello(2);
    for (name, bytes) in [("alert", ALERT), ("1.0", &OLD), ("1.1", &LESS_OLD)] {
        let (url, task) = speaks(bytes).await;

        let error = list(&token_profile(&url)).await.unwrap_err();

        let told = error.to_string();
        assert!(
            told.ends_with("the server offers only old versions of TLS; usher needs 1.2 or later"),
            "{name}: {told}"
        );
        assert_eq!(error.exit_code(), 8);
        task.abort();
    }
}

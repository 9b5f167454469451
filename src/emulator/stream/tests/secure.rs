//! The same system behind TLS, and its control port.

use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;

async fn secured(faults: &[&str]) -> Running {
    let options = Options {
        tls: true,
        ..options(faults)
    };
    start(options).await.expect("a free port")
}

async fn connected(emulator: &Running) -> Client<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let pem = emulator.ca_pem().expect("it has an authority");
    let authority = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
    roots.add(authority).expect("an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the usual versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let address = emulator.url().strip_prefix("lines+tls://");
    let stream = TcpStream::connect(address.expect("the scheme")).await;
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, stream.expect("it listens")).await;
    Client::on(stream.expect("a good certificate"), emulator).await
}

#[tokio::test]
async fn commands_are_answered_behind_tls() {
    let emulator = secured(&[]).await;
    let mut client = connected(&emulator).await;

    assert_eq!(client.ask("END s1").await.expect("an end"), "ended\n");
    assert_eq!(client.ask("LIST").await.expect("a list"), "s0 s2\n");
    let methods = emulator.journal().into_iter().map(|entry| entry.method);
    assert_eq!(methods.collect::<Vec<_>>(), ["END", "LIST"]);
}

#[tokio::test]
async fn a_client_without_tls_is_not_answered() {
    let emulator = secured(&[]).await;
    let address = emulator.url().strip_prefix("lines+tls://");
    let stream = TcpStream::connect(address.expect("the scheme")).await;
    let mut stream = BufReader::new(stream.expect("it listens"));
    stream
        .get_mut()
        .write_all(b"token LIST\n")
        .await
        .expect("it is sent");

    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer).await;

    let is_alert = answer.first() == Some(&0x15);
    assert!(read.is_err() || answer.is_empty() || is_alert, "{answer:?}");
    assert!(emulator.journal().is_empty());
}

#[tokio::test]
async fn faults_act_behind_tls_as_without() {
    for (action, answer, left_over) in [
        (r#""garbage","kind":"json_scalar""#, Some("42\n"), 3),
        (r#""close","after_bytes":3"#, Some("end"), 2),
        (r#""reset""#, None, 3),
        (r#""reset","after_bytes":3"#, None, 2),
        (r#""lost_ack""#, None, 2),
    ] {
        let fault = format!(r#"{{"match":{{"operation":"END"}},"action":{action}}}"#);
        let emulator = secured(&[&fault]).await;
        let mut client = connected(&emulator).await;

        let end = client.ask("END s1").await;

        assert_eq!(end.ok().as_deref(), answer, "{action}");
        assert_eq!(left(&emulator), left_over, "{action}");
    }
}

/// Sends a request to the control port, and gives the status line and the body of its answer.
async fn control(emulator: &Running, request: &str, body: &str) -> (String, String) {
    let url = emulator.control_url().expect("it is open");
    let address = url.strip_prefix("http://").expect("it is plain");
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let length = body.len();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream
        .write_all((head + body).as_bytes())
        .await
        .expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.lines().next().unwrap_or_default().to_owned();
    (status, body.to_owned())
}

#[tokio::test]
async fn the_control_port_sets_faults_and_shows_the_journal_of_a_stream() {
    let options = Options {
        control: true,
        tls: true,
        ..options(&[])
    };
    let emulator = start(options).await.expect("a free port");
    let mut client = connected(&emulator).await;
    let faults = r#"[{"match":{"operation":"LIST"},"action":"status","code":503,"body":"later"}]"#;

    let (status, _) = control(&emulator, "PUT /__emu/faults", faults).await;
    assert!(status.contains("204"), "{status}");
    assert_eq!(client.ask("LIST").await.expect("an answer"), "-503 later\n");
    let (status, _) = control(&emulator, "DELETE /__emu/faults", "").await;
    assert!(status.contains("204"), "{status}");
    assert_eq!(client.ask("LIST").await.expect("a list"), "s0 s1 s2\n");

    let (_, journal) = control(&emulator, "GET /__emu/journal", "").await;
    let journal: Value = serde_json::from_str(&journal).expect("JSON");
    assert_eq!(journal.as_array().map(Vec::len), Some(2), "{journal}");
    assert_eq!(journal[0]["method"], "LIST", "{journal}");
    let (status, why) = control(&emulator, "PUT /__emu/faults", "{}").await;
    assert!(status.contains("400"), "{status}: {why}");
}

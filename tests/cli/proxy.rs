//! Behind a proxy: what it is asked, what it never sees, and what is said when it does not help.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{scope, spawn};

use serde_json::Value;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use usher::emulator::Options;

use crate::certified::{Authority, config, params};
use crate::scripted::{Scripted, json};
use crate::support::{Desk, Ran, ran};

/// Everything a proxy was sent, tunnels too.
type Bytes = Arc<Mutex<Vec<u8>>>;

/// A proxy that connects each tunnel to `target`, or answers all with `refusal`.
fn proxy(target: Result<SocketAddr, &'static str>) -> (SocketAddr, Bytes) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Bytes::default();
    let notes = Arc::clone(&heard);
    // It ends with the test program; nobody connects to it any more.
    spawn(move || {
        for stream in listener.incoming().flatten() {
            let notes = Arc::clone(&notes);
            spawn(move || tunnel(stream, target, &notes));
        }
    });
    (address, heard)
}

fn tunnel(mut client: TcpStream, target: Result<SocketAddr, &str>, notes: &Bytes) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    notes.lock().unwrap().extend_from_slice(&head);
    let target = match target {
        Ok(target) => target,
        Err(status) => {
            let _ = write!(client, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            return;
        }
    };
    let mut server = TcpStream::connect(target).unwrap();
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    scope(|scope| {
        scope.spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        });
        let mut piece = [0; 4096];
        while let Ok(size @ 1..) = client.read(&mut piece) {
            notes.lock().unwrap().extend_from_slice(&piece[..size]);
            if server.write_all(&piece[..size]).is_err() {
                break;
            }
        }
        let _ = server.shutdown(std::net::Shutdown::Write);
    });
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(&bytes.lock().unwrap()).into_owned()
}

/// A desk whose system is idp.example.org, a name that only a proxy can reach.
fn remote() -> (Desk, Runtime, Scripted) {
    let authority = Authority::new("Trusted One");
    let leaf = authority.leaf(&params("idp.example.org", "idp"));
    let runtime = Runtime::new().unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config(&leaf, &["http/1.1"])));
    let empty = r#"{"totalEntriesCount":0,"entriesCount":0}"#;
    let server = runtime.block_on(Scripted::start_secure(acceptor, move |_, _| json(empty)));
    let desk = Desk::bare();
    std::fs::copy(authority.ca_file(), desk.home().join("ca.pem")).unwrap();
    desk.write_config(
        "[profile.emu]\nsystem = \"janssen\"\nurl = \"https://idp.example.org\"\n\
         allow_plain = true\ntoken = \"canary-token\"\nca_file = \"ca.pem\"\n",
    );
    (desk, runtime, server)
}

fn address_of(server: &Scripted) -> SocketAddr {
    server.url.trim_start_matches("https://").parse().unwrap()
}

fn behind(desk: &Desk, variable: &str, proxy: &str, args: &[&str]) -> Ran {
    let mut command = desk.command(args);
    command.env(variable, proxy);
    ran(command)
}

fn found<'a>(rows: &'a [Value], check: &str) -> &'a str {
    let row = rows.iter().find(|row| row["check"] == check);
    let row = row.unwrap_or_else(|| panic!("{check}: {rows:?}"));
    assert_eq!(row["result"], "ok", "{row}");
    row["found"].as_str().unwrap()
}

#[test]
fn f_net_06_a_proxy_carries_the_request_and_never_sees_the_credential() {
    let (desk, _runtime, server) = remote();
    let (address, heard) = proxy(Ok(address_of(&server)));
    let login = format!("http://me:door-key@{address}");

    behind(&desk, "HTTPS_PROXY", &login, &["list"]).ends(0);
    let doctor = behind(&desk, "HTTPS_PROXY", &login, &["doctor", "-o", "jsonl"]);

    let seen = text(&heard);
    assert!(
        seen.starts_with("CONNECT idp.example.org:443 HTTP/1.1\r\n"),
        "{seen}"
    );
    // "me:door-key" in base64.
    assert!(
        seen.to_ascii_lowercase()
            .contains("proxy-authorization: basic bwu6zg9vci1rzxk="),
        "{seen}"
    );
    assert!(!seen.contains("canary"), "{seen}");
    let asked = server.heard();
    assert_eq!(
        asked[0].header("authorization"),
        Some("Bearer canary-token")
    );
    for one in &asked {
        assert_eq!(one.header("proxy-authorization"), None, "{}", one.head);
    }
    let rows = doctor.rows();
    assert_eq!(
        found(&rows, "proxy"),
        format!("{address} (HTTPS_PROXY)"),
        "{}",
        doctor.out
    );
    assert!(found(&rows, "certificate").contains("issued by CN=Trusted One"));
    assert!(!doctor.out.contains("door-key"), "{}", doctor.out);
}

#[test]
fn f_net_06_a_proxy_that_does_not_help_is_named_with_what_it_wants() {
    let (desk, _runtime, _server) = remote();
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (locked, asked) = proxy(Err("407 Proxy Authentication Required"));
    let (strict, _) = proxy(Err("403 Forbidden"));
    let cases = [
        (
            locked,
            format!("the proxy {locked} (HTTPS_PROXY) wants a login (407); give it as"),
        ),
        (
            strict,
            format!("the proxy {strict} (HTTPS_PROXY) refuses to connect to it"),
        ),
        (
            nobody,
            format!("through the proxy {nobody} (HTTPS_PROXY): connection refused"),
        ),
    ];
    for (address, words) in cases {
        let proxy = format!("http://me:door-key@{address}");

        let ran = behind(&desk, "HTTPS_PROXY", &proxy, &["list"]).fails(6, &words);

        assert!(
            ran.err.contains("cannot reach idp.example.org:443"),
            "{}",
            ran.err
        );
        assert!(!ran.err.contains("door-key"), "{}", ran.err);
    }
    let asked = text(&asked);
    assert_eq!(
        asked.matches("CONNECT ").count(),
        1,
        "wrong logins may be counted: {asked}"
    );
    assert!(!asked.contains("canary"), "{asked}");

    behind(&desk, "ALL_PROXY", "socks5://127.0.0.1:1", &["list"])
        .fails(2, "ALL_PROXY names a proxy of kind socks5");
}

#[test]
fn f_net_06_this_machine_is_never_asked_through_a_proxy() {
    let desk = Desk::with(Options {
        tls: true,
        ..Options::default()
    });
    let (address, heard) = proxy(Err("500 Broken"));
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"] {
        let url = format!("http://{address}");

        behind(&desk, variable, &url, &["list", "-n", "1"]).ends(0);
        let doctor = behind(&desk, variable, &url, &["doctor", "-o", "jsonl"]).ends(0);

        assert_eq!(text(&heard), "", "{variable}");
        assert_eq!(found(&doctor.rows(), "proxy"), "none: it is this machine");
    }
}

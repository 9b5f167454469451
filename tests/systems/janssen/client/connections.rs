//! Connections that end in the middle of a bulk, and old or new versions of HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{Request, Response};
use bytes::Bytes;
use h2::server::SendResponse;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use usher::config::Profile;
use usher::model::{ApiError, Outcome, Session, SessionKey};

use super::certified::{Authority, config, params};
use super::scripted::{Act, Heard, Scripted};
use super::{key, open, search, token_profile};

const EMPTY: &str = r#"{"totalEntriesCount":0,"entriesCount":0}"#;
/// Sessions in a bulk.
const BULK: usize = 24;

fn keys() -> Vec<SessionKey> {
    (0..BULK).map(|number| key(&format!("s{number}"))).collect()
}

/// How often each request was carried out, by method and path.
type Done = Arc<Mutex<BTreeMap<String, usize>>>;

/// The behaviour of a server over HTTP/2 at the requests of one connection.
#[derive(Clone, Copy, Debug)]
enum Habit {
    /// Says that it will close after so many, and answers what it took.
    GoesAwayAfter(usize),
    /// Refuses each third stream without looking at it.
    RefusesThirds,
    /// Carries out the fifth request, says that it goes away, and closes without an answer to it.
    ActsAndVanishes,
}

/// A server over HTTP/2. Each DELETE ends a session; a GET says whether it is still there.
struct Two {
    url: String,
    authority: Authority,
    done: Done,
    /// Connections over which something was asked.
    used: Arc<Mutex<usize>>,
    task: JoinHandle<()>,
}

impl Drop for Two {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Two {
    async fn start(habit: Habit) -> Self {
        let authority = Authority::new("Trusted One");
        let leaf = authority.leaf(&params("127.0.0.1", "idp"));
        let acceptor = TlsAcceptor::from(Arc::new(config(&leaf, &["h2"])));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let (done, used) = (Done::default(), Arc::new(Mutex::new(0)));
        let (notes, count) = (Arc::clone(&done), Arc::clone(&used));
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, notes) = (acceptor.clone(), Arc::clone(&notes));
                let count = Arc::clone(&count);
                open.spawn(async move {
                    // Connections that were opened side by side are given up for the first of them.
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    if let Ok(connection) = h2::server::handshake(stream).await {
                        talk(connection, habit, &count, &notes).await;
                    }
                });
            }
        });
        Self {
            url,
            authority,
            done,
            used,
            task,
        }
    }

    fn profile(&self) -> Profile {
        let mut profile = token_profile(&self.url);
        profile.ca_file = Some(self.authority.ca_file());
        profile.timeout = Duration::from_secs(5);
        profile
    }

    fn used(&self) -> usize {
        *self.used.lock().unwrap()
    }

    /// How often each session was ended.
    fn ended(&self) -> Vec<usize> {
        let done = self.done.lock().unwrap();
        let times = |key: String| done.get(&format!("DELETE {key}")).copied().unwrap_or(0);
        (0..BULK)
            .map(|number| times(format!("s{number}")))
            .collect()
    }
}

async fn talk<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(
    mut connection: h2::server::Connection<T, Bytes>,
    habit: Habit,
    used: &Mutex<usize>,
    done: &Done,
) {
    let mut number = 0;
    let mut own = None;
    while let Some(Ok((request, mut answer))) = connection.accept().await {
        number += 1;
        if number == 1 {
            let mut used = used.lock().unwrap();
            *used += 1;
            // Only the first connection is ended early: a bulk must be able to finish.
            own = (*used == 1).then_some(habit);
        }
        match own {
            Some(Habit::RefusesThirds) if number % 3 == 0 => {
                answer.send_reset(h2::Reason::REFUSED_STREAM);
                continue;
            }
            Some(Habit::ActsAndVanishes) if number == 5 => {
                carry_out(&request, done);
                connection.graceful_shutdown();
                // Lets the notice go out; the request stays without its answer.
                let more = tokio::time::timeout(Duration::from_millis(50), connection.accept());
                let _ = more.await;
                return;
            }
            Some(Habit::GoesAwayAfter(limit)) if number == limit => connection.graceful_shutdown(),
            _ => {}
        }
        respond(&mut answer, &carry_out(&request, done));
    }
}

/// Does what was asked; the body of the answer.
fn carry_out<B>(request: &Request<B>, done: &Done) -> String {
    let id = request.uri().path().rsplit('/').next().unwrap_or_default();
    let mut done = done.lock().unwrap();
    *done
        .entry(format!("{} {id}", request.method()))
        .or_default() += 1;
    if done.contains_key(&format!("DELETE {id}")) {
        String::new()
    } else {
        format!(r#"{{"outsideSid":"{id}"}}"#)
    }
}

fn respond(answer: &mut SendResponse<Bytes>, body: &str) {
    let head = Response::builder().header("content-type", "application/json");
    // The client may have gone; that is its business.
    if let Ok(mut out) = answer.send_response(head.body(()).unwrap(), false) {
        let _ = out.send_data(Bytes::from(body.to_owned()), true);
    }
}

#[tokio::test]
async fn f_http_23_a_bulk_goes_on_over_a_new_connection_and_nothing_is_done_twice() {
    for habit in [
        Habit::GoesAwayAfter(5),
        Habit::RefusesThirds,
        Habit::ActsAndVanishes,
    ] {
        let server = Two::start(habit).await;

        let profile = server.profile();

        let outcomes = super::job::end_keys(&open(&profile), &profile, &keys()).await;

        let words: Vec<&str> = outcomes.iter().map(Outcome::word).collect();
        assert_eq!(words, vec!["revoked"; BULK], "{habit:?}: {outcomes:?}");
        assert_eq!(server.ended(), vec![1; BULK], "{habit:?}");
        if !matches!(habit, Habit::RefusesThirds) {
            assert!(server.used() > 1, "{habit:?}: a new connection is due");
        }
    }
}

/// Answers one request on each connection and closes it without saying so before.
fn closes(heard: &Heard, version: &str) -> Act {
    let body = if heard.line().starts_with("GET") {
        EMPTY
    } else {
        ""
    };
    let length = match version {
        "1.0" => String::new(),
        _ => format!("Content-Length: {}\r\n", body.len()),
    };
    let head = format!("HTTP/{version} 200 OK\r\nContent-Type: application/json\r\n{length}\r\n");
    Act::Send([head.as_bytes(), body.as_bytes()].concat())
}

#[tokio::test]
async fn f_http_23_a_server_that_closes_each_connection_or_speaks_http_1_0_is_enough() {
    for version in ["1.1", "1.0"] {
        let server = Scripted::start(move |_, heard| closes(heard, version)).await;
        let client = open(&token_profile(&server.url));

        let outcomes = client.revoke(&keys()).await.unwrap();
        let mut rows: Vec<Session> = Vec::new();
        let listed: Result<_, ApiError> = client.search(&search(""), None, &mut rows).await;

        let words: Vec<&str> = outcomes.iter().map(Outcome::word).collect();
        assert_eq!(words, vec!["revoked"; BULK], "HTTP/{version}: {outcomes:?}");
        assert_eq!(server.count("DELETE"), BULK, "HTTP/{version}: each once");
        assert!(listed.is_ok(), "HTTP/{version}: {listed:?}");
    }
}

#[tokio::test]
async fn f_net_04_a_connection_that_was_closed_while_idle_is_no_error() {
    let server = Scripted::start(|_, heard| closes(heard, "1.1")).await;
    let client = open(&token_profile(&server.url));

    for number in 0..5 {
        let mut rows: Vec<Session> = Vec::new();
        let listed = client.search(&search(""), None, &mut rows).await;
        assert!(listed.is_ok(), "{number}: {listed:?}");
        let outcomes = client.revoke(&[key("s")]).await.unwrap();
        assert_eq!(outcomes[0].word(), "revoked", "{number}");
        // Long enough for the end of the connection to have arrived, or not to have.
        tokio::time::sleep(Duration::from_millis(10 * number)).await;
    }

    assert_eq!(server.heard().len(), 10, "nothing is sent twice");
}

/// A port that takes no connection and refuses none: its queue is full.
async fn full() -> (tokio::net::TcpListener, Vec<tokio::net::TcpStream>) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while waiting.len() < 64 {
        let connect = tokio::net::TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_millis(300), connect).await {
            Ok(Ok(stream)) => waiting.push(stream),
            _ => return (listener, waiting),
        }
    }
    panic!("its queue is never full");
}

#[tokio::test]
async fn f_net_02_a_port_that_does_not_answer_is_given_up_with_host_and_limit() {
    let (listener, _waiting) = full().await;
    let address = listener.local_addr().unwrap();
    let mut profile = token_profile(&format!("http://{address}"));
    profile.timeout = Duration::from_millis(700);
    let begun = std::time::Instant::now();

    let outcomes = open(&profile).revoke(&[key("s")]).await.unwrap();

    let Outcome::Failed(error @ ApiError::Unreachable { .. }) = &outcomes[0] else {
        panic!("{outcomes:?}");
    };
    let told = error.to_string();
    let begins = format!("cannot reach {address}: no connection within 0.");
    assert!(told.starts_with(&begins), "{told}");
    // Nothing was sent, so it was tried three times.
    assert!(begun.elapsed() < Duration::from_secs(6));
}

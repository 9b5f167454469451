//! A made-up system with a line protocol: all of it stands here, so that it touches nothing that is shared.

mod secure;

use std::sync::Mutex;
use std::time::Instant;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader};
use tokio::net::TcpStream;

use super::*;
use crate::emulator::shared::{Shared, lock};
use crate::emulator::{Line, Options, Running, System, start};

/// `LIST` answers the ids of all sessions, `END id` ends one; each answer is a line.
#[derive(Clone, Debug)]
struct LineOptions {
    greeting: &'static str,
}

struct LineSystem {
    shared: Arc<Shared>,
    options: LineOptions,
    token: Mutex<String>,
    sessions: Mutex<Vec<String>>,
}

impl System for LineOptions {
    fn word(&self) -> &'static str {
        "lines"
    }

    fn about(&self) -> &'static str {
        "a made-up line protocol"
    }

    fn scheme(&self, tls: bool) -> &str {
        if tls { "lines+tls" } else { "lines" }
    }

    fn demo(&self, _sessions: usize) -> Option<Arc<dyn System>> {
        None
    }

    fn make(&self, shared: Arc<Shared>) -> Arc<dyn Emulated> {
        let sessions = (0..shared.options().sessions).map(|n| format!("s{n}"));
        Arc::new(LineSystem {
            options: self.clone(),
            token: Mutex::new(shared.new_secret()),
            sessions: Mutex::new(sessions.collect()),
            shared,
        })
    }
}

impl Emulated for LineSystem {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn service(self: Arc<Self>) -> Arc<dyn Service> {
        Arc::new(StreamService::new(self.clone(), Arc::new(Lines(self))))
    }

    fn auth_json(&self) -> Value {
        json!({ "token": *lock(&self.token) })
    }

    fn auth_lines(&self) -> Vec<Line> {
        vec![("token", lock(&self.token).clone())]
    }

    fn profile(&self, table: &str, _sign_in: Option<&str>) -> String {
        format!("\n[{table}.login]\nmethod = \"none\"\n")
    }

    fn expire_tokens(&self) {
        *lock(&self.token) = self.shared.new_secret();
    }

    fn limit_tokens(&self, _longest_ms: i64) {}
}

struct Lines(Arc<LineSystem>);

impl Protocol for Lines {
    fn connect(&self, _peer: SocketAddr) -> Box<dyn Conversation> {
        Box::new(Lines(self.0.clone()))
    }
}

impl Conversation for Lines {
    fn greeting(&mut self) -> Vec<u8> {
        self.framed(self.0.options.greeting.as_bytes())
    }

    fn take(&mut self, arrived: &mut BytesMut) -> Result<Option<Command>, NotTheProtocol> {
        let Some(end) = arrived.iter().position(|byte| *byte == b'\n') else {
            return Ok(None);
        };
        let line = arrived.split_to(end + 1);
        let line = std::str::from_utf8(&line).map_err(|_| NotTheProtocol)?;
        // "TOKEN WORD ARGUMENTS"
        let mut words = line.trim_end().splitn(3, ' ').map(str::to_owned);
        let credential = words.next().map(String::into_bytes);
        let word = words.next().ok_or(NotTheProtocol)?;
        let text = words.next().unwrap_or_default();
        Ok(Some(Command {
            word,
            parts: text.split(' ').map(str::to_owned).collect(),
            text,
            credential,
            body: Vec::new(),
        }))
    }

    fn answer(&mut self, command: &Command, auth: Option<AuthFault>) -> Vec<u8> {
        let token = lock(&self.0.token).clone();
        let refused = auth == Some(AuthFault::RefuseAlways {});
        if refused || command.credential.as_deref() != Some(token.as_bytes()) {
            return self.refusal(401, "no");
        }
        let mut sessions = lock(&self.0.sessions);
        match command.word.as_str() {
            "LIST" => sessions.join(" ").into_bytes(),
            "END" => {
                sessions.retain(|id| *id != command.text);
                b"ended".to_vec()
            }
            _ => self.refusal(400, "what?"),
        }
    }

    fn refusal(&self, code: u16, text: &str) -> Vec<u8> {
        format!("-{code} {text}").into_bytes()
    }

    fn framed(&self, content: &[u8]) -> Vec<u8> {
        [content, b"\n"].concat()
    }

    fn last_words(&mut self) -> Vec<u8> {
        self.framed(b"bye")
    }
}

fn options(faults: &[&str]) -> Options {
    Options {
        sessions: 3,
        faults: faults.iter().map(|fault| (*fault).to_owned()).collect(),
        ..Options::of(Arc::new(LineOptions { greeting: "hello" }))
    }
}

async fn running(faults: &[&str]) -> Running {
    start(options(faults)).await.expect("a free port")
}

fn left(emulator: &Running) -> usize {
    lock(&emulator.emulated::<LineSystem>().sessions).len()
}

/// A client that has read the greeting.
struct Client<S = TcpStream> {
    token: String,
    stream: BufReader<S>,
}

impl Client {
    async fn of(emulator: &Running) -> Self {
        let address = emulator.url().strip_prefix("lines://").expect("the scheme");
        let stream = TcpStream::connect(address).await.expect("it listens");
        Client::on(stream, emulator).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    async fn on(stream: S, emulator: &Running) -> Self {
        let token = lock(&emulator.emulated::<LineSystem>().token).clone();
        let stream = BufReader::new(stream);
        let mut client = Client { token, stream };
        assert_eq!(client.line().await.expect("a greeting"), "hello\n");
        client
    }

    async fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        Ok(line)
    }

    /// Everything up to the answer's end, which is a line or the end of the connection.
    async fn ask(&mut self, command: &str) -> std::io::Result<String> {
        let command = format!("{} {command}\n", self.token);
        self.stream.get_mut().write_all(command.as_bytes()).await?;
        self.line().await
    }
}

#[tokio::test]
async fn a_system_over_tcp_lists_and_ends_and_is_in_the_journal() {
    let emulator = running(&[]).await;
    let mut client = Client::of(&emulator).await;

    assert_eq!(client.ask("LIST").await.expect("a list"), "s0 s1 s2\n");
    assert_eq!(client.ask("END s1").await.expect("an end"), "ended\n");
    assert_eq!(client.ask("LIST").await.expect("a list"), "s0 s2\n");

    let journal = emulator.journal();
    let noted = journal.iter().map(|e| (e.method.as_str(), e.path.as_str()));
    let expected = [("LIST", ""), ("END", "s1"), ("LIST", "")];
    assert_eq!(noted.collect::<Vec<_>>(), expected);
    let secret = emulator.emulated::<LineSystem>();
    let secret = fingerprint(lock(&secret.token).as_bytes());
    assert!(
        journal
            .iter()
            .all(|e| e.credential.as_ref() == Some(&secret))
    );
}

#[tokio::test]
async fn faults_of_an_answer_act_on_tcp_as_on_http() {
    for (action, answer, left_over) in [
        (
            r#""status","code":503,"body":"later""#,
            Some("-503 later\n"),
            3,
        ),
        (r#""garbage","kind":"json_scalar""#, Some("42\n"), 3),
        (r#""garbage","kind":"bom""#, Some("\u{feff}ended\n"), 2),
        (r#""oversize","bytes":5"#, Some("     \n"), 3),
        (r#""close","after_bytes":3"#, Some("end"), 2),
        (r#""reset""#, None, 3),
        (r#""reset","after_bytes":3"#, None, 2),
        (r#""lost_ack""#, None, 2),
        (r#""auth","kind":"401_always""#, Some("-401 no\n"), 3),
        (r#""auth","kind":"expire_now""#, Some("-401 no\n"), 3),
    ] {
        let fault = format!(r#"{{"match":{{"operation":"END","text":"s*"}},"action":{action}}}"#);
        let emulator = running(&[&fault]).await;
        let mut client = Client::of(&emulator).await;

        let list = client.ask("LIST").await;
        let end = client.ask("END s1").await;

        assert_eq!(list.expect("no fault"), "s0 s1 s2\n", "{action}");
        assert_eq!(end.ok().as_deref(), answer, "{action}");
        assert_eq!(left(&emulator), left_over, "{action}");
    }
}

#[tokio::test]
async fn pauses_and_silence_act_on_tcp_as_on_http() {
    for place in ["accept", "headers", "body"] {
        let fault = format!(r#"{{"action":"delay","ms":80,"where":"{place}"}}"#);
        let emulator = running(&[&fault]).await;
        let begin = Instant::now();

        let mut client = Client::of(&emulator).await;

        assert_eq!(client.ask("LIST").await.expect("a list"), "s0 s1 s2\n");
        assert!(begin.elapsed() >= Duration::from_millis(80), "{place}");
    }
    let silent = r#"{"match":{"session_id":"s1"},"action":"hang"}"#;
    let emulator = running(&[silent]).await;
    let mut client = Client::of(&emulator).await;

    let asked = tokio::time::timeout(Duration::from_millis(80), client.ask("END s1")).await;

    assert!(asked.is_err() && left(&emulator) == 3, "{asked:?}");
}

#[tokio::test]
async fn a_refusing_server_over_tcp_comes_back() {
    let emulator = running(&[r#"{"times":1,"action":"refuse","ms":1}"#]).await;
    let mut client = Client::of(&emulator).await;

    let cut = client.ask("LIST").await;

    assert!(!matches!(cut.as_deref(), Ok("s0 s1 s2\n")), "{cut:?}");
    emulator.set_faults::<&str>(&[]).expect("nothing to read");
    let address = emulator.url().strip_prefix("lines://").expect("the scheme");
    while TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    let again = Client::of(&emulator).await.ask("LIST").await;
    assert_eq!(again.expect("a list"), "s0 s1 s2\n");
}

#[tokio::test]
async fn a_client_that_sends_nothing_more_is_told_and_the_connection_ends() {
    let emulator = running(&[]).await;
    let mut client = Client::of(&emulator).await;

    client
        .stream
        .get_mut()
        .write_all(b"half a comm")
        .await
        .expect("it takes it");
    client.stream.get_mut().shutdown().await.expect("it closes");

    assert_eq!(client.line().await.expect("a word"), "bye\n");
    assert_eq!(client.line().await.expect("an end"), "");
}

//! Every recorded answer of a running community OpenAM, read through the types of the wire.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::callbacks::{Known, Step};
use super::flavour::{OPENAM, Op};
use super::row::{self, Own, RowSettings};
use super::{error, wire};
use crate::model::time::Zone;
use crate::model::{ApiError, RowRef, State, Thresholds, state_at};

/// One recorded request and its answer.
struct Recording {
    name: String,
    /// Method and target.
    line: String,
    version: Option<String>,
    status: u16,
    kind: String,
    body: String,
}

impl Recording {
    fn load(name: &str) -> Self {
        let all = recordings();
        let found = all.into_iter().find(|recording| recording.name == name);
        found.unwrap_or_else(|| panic!("no recording {name}"))
    }

    fn parse(name: String, text: &str) -> Self {
        let (request, answer) = text.split_once("\n----\n").unwrap();
        let (head, body) = answer.split_once("\n\n").unwrap_or((answer, ""));
        let header = |part: &str, name: &str| {
            part.lines().skip(1).find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name)
                    .then(|| value.trim().to_owned())
            })
        };
        let line = request.lines().next().unwrap();
        let status = head.lines().next().unwrap().split(' ').nth(1).unwrap();
        Self {
            line: line.trim_end_matches(" HTTP/1.1").to_owned(),
            version: header(request, "accept-api-version"),
            status: status.parse().unwrap(),
            kind: header(head, "content-type").unwrap_or_default(),
            body: body.trim_end_matches('\n').to_owned(),
            name,
        }
    }

    fn reply(&self) -> crate::api::http::Reply {
        let mut headers = crate::api::http::header::HeaderMap::new();
        if let Ok(kind) = self.kind.parse() {
            headers.insert(crate::api::http::header::CONTENT_TYPE, kind);
        }
        let status = crate::api::http::StatusCode::from_u16(self.status).unwrap();
        crate::api::http::Reply::made(status, headers, self.body.clone().into())
    }

    fn read<T: DeserializeOwned>(&self) -> T {
        let read = self.reply().decode();
        read.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// True if it is a request for this action of the session resource.
    fn is_action(&self, op: Op) -> bool {
        let line = self.line.to_lowercase();
        let action = format!("_action={}", op.name().to_lowercase());
        line.starts_with("post ")
            && line.contains("/sessions")
            && line.split(['?', '&']).any(|part| part == action)
    }

    fn is_list(&self) -> bool {
        self.line.starts_with("GET ") && self.line.contains("_queryFilter=") && self.is_sessions()
    }

    fn is_sessions(&self) -> bool {
        self.line.contains("/sessions")
    }
}

fn recordings() -> Vec<Recording> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/openam");
    let mut all: Vec<Recording> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "http"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            Recording::parse(name, &text)
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Those that succeeded, of one kind; there must be some.
fn succeeded(what: impl Fn(&Recording) -> bool) -> Vec<Recording> {
    let found: Vec<Recording> = recordings()
        .into_iter()
        .filter(|recording| recording.status == 200 && what(recording))
        .collect();
    assert!(!found.is_empty());
    found
}

fn each_row(recording: &Recording, mut check: impl FnMut(RowRef<'_>)) -> usize {
    let reply = recording.reply();
    let page = wire::page(&reply).unwrap();
    let own = Own::default();
    let context = RowSettings {
        realm: "/",
        zone: Zone::Utc,
        own: &own,
        may_not: None,
    };
    for raw in &page.result {
        let item = super::server::item(raw).unwrap();
        check(row::row(&item, raw, &context));
    }
    page.result.len()
}

#[test]
fn every_list_becomes_rows_with_user_realm_and_times() {
    let narrowed = |r: &Recording| r.line.contains("_fields=");
    for recording in succeeded(|r| r.is_list() && !narrowed(r)) {
        each_row(&recording, |row| {
            assert!(row.key.starts_with("shandle:"), "{}", recording.name);
            assert!(
                row.user.is_some() && row.scope.is_some(),
                "{}",
                recording.name
            );
            assert!(row.last_used.is_some(), "{}", recording.name);
            assert!(row.expires > row.last_used, "{}", recording.name);
        });
    }
}

#[test]
fn a_list_that_was_cut_is_as_long_as_the_limit() {
    let cut = Recording::load("list-cut-at-120");

    let rows = each_row(&cut, |_| {});

    assert_eq!(rows, 120);
    assert!(super::server::Limit::Guessed.cuts(rows as u64));
}

#[test]
fn a_session_past_its_end_that_is_still_listed_is_shown_as_expired() {
    let late = Recording::load("idle-out-2-past-expiry-still-listed");
    let now = "2026-11-22T02:06:30Z".parse().unwrap();

    let rows = each_row(&late, |row| {
        let word = state_at(
            row.fact,
            row.created,
            row.last_used,
            row.expires,
            Thresholds::default(),
            now,
        );
        if row.user.as_deref() == Some("jdoe") {
            assert_eq!(word, State::Expired, "{row:?}");
        }
    });

    assert!(rows > 0);
}

#[test]
fn every_answer_about_a_token_is_read() {
    for recording in succeeded(|r| r.is_action(Op::Info)) {
        let reply = recording.reply();
        let item: wire::SessionObject<'_> = reply.decode().unwrap();
        let dead = recording.body.contains("\"valid\":false");
        assert_eq!(row::user(&item).is_none(), dead, "{}", recording.name);
    }
    for recording in succeeded(|r| r.is_action(Op::Refresh)) {
        let told: wire::Refreshed = recording.read();
        let dead = recording.body.contains("\"valid\":false");
        assert_eq!(told.uid.is_none(), dead, "{}", recording.name);
    }
    for recording in succeeded(|r| r.is_action(Op::Validate)) {
        let told: wire::Validated = recording.read();
        assert_eq!(told.uid.is_some(), told.valid, "{}", recording.name);
    }
    for recording in succeeded(|r| r.is_action(Op::Properties)) {
        let told: BTreeMap<String, Value> = recording.read();
        assert!(told.values().all(Value::is_string), "{}", recording.name);
    }
    for recording in succeeded(|r| r.is_action(Op::Logout)) {
        let told: wire::LoggedOut = recording.read();
        let known = ["Successfully logged out", "Token has expired"];
        let result = told.result.unwrap();
        assert!(known.contains(&result.as_str()), "{}", recording.name);
    }
    for recording in succeeded(|r| r.is_action(Op::LogoutByHandle)) {
        let _: wire::HandlesEnded = recording.read();
    }
}

#[test]
fn a_batch_tells_of_each_handle_and_proves_nothing() {
    let told: wire::HandlesEnded = Recording::load("handle-mixed-batch").read();
    let invented: wire::HandlesEnded = Recording::load("handle-garbage-prefixed").read();

    assert_eq!(told.result.get("garbage"), Some(&false));
    assert!(invented.result.values().all(|said| *said));
}

#[test]
fn realms_are_listed_with_their_whole_path() {
    let listed: wire::Realms = Recording::load("realms-list-several").read();

    let paths: Vec<String> = listed
        .result
        .iter()
        .map(|entry| super::realm::path(entry.parent_path.as_deref(), &entry.name))
        .collect();

    assert_eq!(paths[0], "/");
    assert!(paths.contains(&"/alpha/emea".to_owned()), "{paths:?}");
}

#[test]
fn the_name_of_the_cookie_is_read_before_the_sign_in() {
    let info: wire::ServerInfo = Recording::load("serverinfo").read();

    assert_eq!(info.cookie_name.as_deref(), Some("iPlanetDirectoryPro"));
}

#[test]
fn every_sign_in_ends_with_a_token_or_goes_on_with_questions() {
    let mut asked = 0;
    for recording in succeeded(|r| r.line.contains("/authenticate")) {
        let document: serde_json::Map<String, Value> = recording.read();
        if document.contains_key("callbacks") {
            let mut known = Known {
                user: None,
                password: None,
            };
            let step = Step::read(document, &mut known).unwrap();
            let ask = step.ask_of("Sign in".into()).unwrap();
            assert_eq!(ask.questions.len(), 2, "{}", recording.name);
            asked += 1;
            continue;
        }
        let signed: wire::SignedIn = recording.read();
        let without = recording.name == "authenticate-no-session";
        assert_eq!(signed.token_id.is_none(), without, "{}", recording.name);
    }
    assert!(asked > 1);
}

#[test]
fn every_refusal_becomes_an_error_of_the_right_kind_in_plain_words() {
    let mut seen = 0;
    for recording in recordings().iter().filter(|r| r.status >= 400) {
        let error = error::of(&recording.reply(), false);
        let right = match recording.status {
            400 => matches!(error, ApiError::BadQuery { .. }),
            401 => matches!(error, ApiError::Auth { .. }),
            403 => matches!(error, ApiError::Forbidden { .. }),
            404 => matches!(error, ApiError::NoEndpoint { .. }),
            _ => matches!(error, ApiError::Server { .. }),
        };
        assert!(right, "{}: {error:?}", recording.name);
        let text = error.to_string();
        assert!(!text.contains("&quot;") && !text.contains("&#"), "{text}");
        assert!(!text.contains('\n'), "{text}");
        seen += 1;
    }
    assert!(seen > 80, "{seen}");
}

#[test]
fn a_version_of_the_other_line_is_never_answered_with_success() {
    let asked = recordings();
    let foreign = asked.iter().filter(|recording| {
        let version = recording.version.as_deref().unwrap_or_default();
        ["resource=3.", "resource=4.", "resource=5."]
            .iter()
            .any(|major| version.contains(major))
            && recording.is_sessions()
    });

    for recording in foreign {
        assert_eq!(recording.status, 404, "{}", recording.name);
    }
}

#[test]
fn the_requests_of_the_recordings_ask_in_the_versions_that_we_send() {
    let ours = |op: Op| format!("resource={}", OPENAM.version(op).unwrap());
    for (name, op) in [
        ("query-realm", Op::Query),
        ("info-query-token", Op::Info),
        ("logout-query-token", Op::Logout),
        ("handle-valid", Op::LogoutByHandle),
        ("refresh-query-token", Op::Refresh),
        ("properties-get", Op::Properties),
        ("properties-update-full", Op::UpdateProperties),
        ("validate-1.2-query-no-caller", Op::Validate),
    ] {
        let recording = Recording::load(name);

        let version = recording.version.unwrap();
        assert!(version.contains(&ours(op)), "{name}: {version}");
        assert_eq!(recording.status, 200, "{name}");
    }
}

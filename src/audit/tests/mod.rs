//! The contents of the log, and the secrets that it never holds.

mod open;
mod tamper;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::config::{Login, SecretSource, SystemSpec};
use crate::model::{Acted, Code, SqlState, Untrusted};

struct Setup {
    dir: TempDir,
    audit: Audit,
}

fn setup() -> Setup {
    let dir = tempfile::tempdir().unwrap();
    let audit = Audit::new(&Paths::under(dir.path()));
    Setup { dir, audit }
}

impl Setup {
    fn path(&self) -> PathBuf {
        self.audit.path().unwrap()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        let line = |line| serde_json::from_str(line).unwrap();
        self.text().lines().map(line).collect()
    }
}

fn profile() -> Profile {
    let token = SecretSource::Plain(SecretString::from("s3cret-token"));
    let url = "https://idp.example.org:8443".parse().unwrap();
    Profile::new("prod", SystemSpec::sample(), url, Login::Token { token })
}

fn operation(audit: &Audit, of: usize) -> Arc<Operation> {
    let who = Identity {
        name: Untrusted::from("help-desk"),
        ..Identity::default()
    };
    let reason = Some("ticket 4711");
    Arc::new(Operation::new(
        audit,
        &profile(),
        Some(&who),
        "revoke",
        reason,
        of,
    ))
}

/// A line about the end of one session.
pub(super) fn entry() -> AuditEntry {
    AuditEntry {
        v: VERSION,
        ts: "2026-11-21T14:07:00.000Z".into(),
        mono_ms: 0,
        event: Event::Asked,
        op_id: "00112233aabbccdd".into(),
        item: "1/1".into(),
        actor: Actor {
            local: "ada(1000)".into(),
            remote: Some("help-desk".into()),
        },
        profile: "prod".into(),
        system: "acme".into(),
        host: "idp.example.org".into(),
        tls: Tls::Verified,
        verb: "revoke".into(),
        target_kind: "session".into(),
        session_kind: None,
        sid_h: Some("0123456789abcdef".into()),
        user: Some("bwong".into()),
        scope: None,
        reason: None,
        http_status: None,
        error_code: None,
        ended: None,
        sessions: None,
        left: None,
        verified_at: None,
        outcome: None,
        error: None,
        dur_ms: None,
        ver: "0".into(),
        prev: String::new(),
        mac: None,
    }
}

fn changes(audit: &Audit, count: usize) -> Vec<Change> {
    let operation = operation(audit, count);
    (1..=count)
        .map(|item| Change {
            operation: operation.clone(),
            item,
            target: ChangeTarget::Session {
                key: SessionKey::new(format!("s3cret-id-{item}")),
                kind: None,
                subject: Subject {
                    name: Some(Untrusted::from("bwong")),
                    scope: Some(Untrusted::from("/alpha")),
                    id: None,
                },
            },
        })
        .collect()
}

fn run(audit: &Audit, count: usize) {
    for ticket in audit.asked(&changes(audit, count)).unwrap().tickets {
        audit
            .done(ticket, &Ending::from(&Outcome::Revoked))
            .unwrap();
    }
}

#[test]
fn a_change_makes_two_lines_with_all_fields_in_their_order() {
    let setup = setup();

    run(&setup.audit, 1);

    let lines = setup.lines();
    assert_eq!(lines.len(), 2);
    let names: Vec<_> = lines[0].as_object().unwrap().keys().collect();
    let wanted = "v ts mono_ms event op_id item actor profile system host tls verb target_kind sid_h \
                  user scope reason http_status outcome error dur_ms ver prev mac";
    assert_eq!(names, wanted.split_whitespace().collect::<Vec<_>>());
    let (asked, done) = (&lines[0], &lines[1]);
    assert_eq!(
        (&asked["event"], &done["event"]),
        (&"asked".into(), &"done".into())
    );
    assert_eq!(
        (&asked["item"], &asked["profile"]),
        (&"1/1".into(), &"prod".into())
    );
    assert_eq!(asked["host"], "idp.example.org:8443");
    let tls = serde_json::to_value(Tls::of(&profile())).unwrap();
    assert_eq!(asked["tls"], tls);
    assert_eq!(asked["actor"]["remote"], "help-desk");
    assert_eq!(
        (&asked["user"], &asked["reason"]),
        (&"bwong".into(), &"ticket 4711".into())
    );
    assert_eq!(asked["scope"], "/alpha");
    assert_eq!(
        (&asked["outcome"], &done["outcome"]),
        (&Value::Null, &"done".into())
    );
    assert_eq!(asked["op_id"], done["op_id"]);
    assert_eq!(asked["sid_h"].as_str().unwrap().len(), 16);
    assert!(done["dur_ms"].is_u64() && asked["dur_ms"].is_null());
    assert!(asked["ts"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn ends_and_the_next_changes_are_written_in_one_go() {
    let setup = setup();
    let tickets = setup.audit.asked(&changes(&setup.audit, 2)).unwrap();
    let mut ends = Ends::default();
    for ticket in tickets.tickets {
        ends.add(ticket, &Ending::from(&Outcome::Revoked));
    }

    let written = setup.audit.together(ends, &changes(&setup.audit, 1));

    assert_eq!(written.ended, Ok(()));
    assert_eq!(written.asked.unwrap().tickets.len(), 1);
    let lines = setup.lines();
    let events: Vec<_> = lines.iter().map(|line| &line["event"]).collect();
    assert_eq!(events, ["asked", "asked", "done", "done", "asked"]);
    let together = lines[2..].iter().all(|line| line["ts"] == lines[2]["ts"]);
    assert!(together, "{lines:?}");
    let report = verify(&setup.path(), None).unwrap();
    assert_eq!((report.problems.len(), report.ahead), (0, 0));
}

#[test]
fn ends_are_written_also_where_the_next_changes_cannot_be() {
    let setup = setup();
    let tickets = setup.audit.asked(&changes(&setup.audit, 1)).unwrap();
    let mut ends = Ends::default();
    for ticket in tickets.tickets {
        ends.add(ticket, &Ending::from(&Outcome::Revoked));
    }
    let mut long = profile();
    long.name = "x".repeat(file::LIMIT);
    let operation = Operation::new(&setup.audit, &long, None, "revoke", None, 1);
    let mut next = changes(&setup.audit, 1);
    next[0].operation = Arc::new(operation);

    let written = setup.audit.together(ends, &next);

    assert_eq!(written.ended, Ok(()));
    assert!(matches!(written.asked, Err(AuditError::File(_))));
    assert_eq!(setup.lines().len(), 2);
    let report = verify(&setup.path(), None).unwrap();
    assert_eq!((report.problems.len(), report.unfinished.len()), (0, 0));
}

#[test]
fn neither_ids_nor_tokens_nor_words_of_the_server_are_in_it() {
    let setup = setup();
    let tickets = setup
        .audit
        .asked(&changes(&setup.audit, 3))
        .unwrap()
        .tickets;
    let server = |code| ApiError::Server {
        host: "idp".into(),
        code,
        message: "s3cret-body".into(),
        acted: Acted::Maybe,
        is_transient: true,
        exchange: None,
    };
    let outcomes = [
        Outcome::Failed(server(Code::Http(503))),
        Outcome::Failed(server(Code::Sql(SqlState::read("40001").unwrap()))),
        Outcome::Refused("s3cret-words".into()),
    ];

    for (ticket, outcome) in tickets.into_iter().zip(&outcomes) {
        setup.audit.done(ticket, &Ending::from(outcome)).unwrap();
    }

    assert!(!setup.text().contains("s3cret"), "{}", setup.text());
    let lines = setup.lines();
    assert_eq!(
        (&lines[3]["error"], &lines[3]["http_status"]),
        (&"server".into(), &503.into())
    );
    assert!(lines[3].get("error_code").is_none());
    assert_eq!(
        (&lines[4]["http_status"], &lines[4]["error_code"]),
        (&Value::Null, &"SQL state 40001".into())
    );
    assert_eq!(lines[5]["error"], "refused");
}

#[test]
fn every_outcome_has_a_word_of_the_list() {
    let cases = [
        (Outcome::Revoked, "done", None),
        (Outcome::AlreadyGone, "already_gone", None),
        (Outcome::StillListed, "failed", Some("still_listed")),
        (Outcome::Refused(String::new()), "failed", Some("refused")),
        (
            Outcome::Failed(ApiError::Cancelled),
            "cancelled",
            Some("cancelled"),
        ),
        (
            Outcome::Failed(ApiError::NotFound),
            "failed",
            Some("not_found"),
        ),
        (Outcome::Unknown(None), "unknown", None),
    ];

    for (outcome, word, error) in cases {
        let ending = Ending::from(&outcome);
        assert_eq!((ending.outcome, ending.error), (word, error), "{outcome:?}");
    }
}

#[test]
fn the_same_id_has_the_same_fingerprint_on_this_machine_and_another_on_others() {
    let (one, two) = (setup(), setup());
    let key = SessionKey::new("id");

    let here = one.audit.fingerprint("janssen", &key).unwrap();

    assert_eq!(here, one.audit.fingerprint("janssen", &key).unwrap());
    assert_ne!(here, one.audit.fingerprint("pingam", &key).unwrap());
    assert_ne!(here, two.audit.fingerprint("janssen", &key).unwrap());
}

#[test]
fn f_file_07_log_and_key_are_for_their_owner_only() {
    let setup = setup();
    run(&setup.audit, 1);

    for name in ["audit.jsonl", "audit.key"] {
        let path = setup.dir.path().join("state").join(name);
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_log_as_it_was_written_is_sound() {
    let setup = setup();
    run(&setup.audit, 70);

    let report = verify(&setup.path(), None).unwrap();

    assert_eq!((report.lines, report.is_sound()), (140, true), "{report:?}");
    assert_eq!(report.unfinished, []);
    assert_eq!(setup.lines()[0]["prev"], file::START);
}

#[test]
fn f_file_05_many_writers_keep_one_chain() {
    let setup = setup();
    let paths = Paths::under(setup.dir.path());

    std::thread::scope(|scope| {
        for _ in 0..8 {
            // An audit log of its own, as another process has it.
            scope.spawn(|| {
                let audit = Audit::new(&paths);
                (0..10).for_each(|_| run(&audit, 50));
            });
        }
    });

    let report = verify(&setup.path(), None).unwrap();
    assert_eq!((report.lines, report.problems.len()), (8 * 10 * 100, 0));
    assert_eq!(report.unfinished.len(), 0);
}

#[test]
fn nothing_is_written_where_the_log_cannot_be_trusted() {
    let setup = setup();
    run(&setup.audit, 1);
    let before = setup.text();
    let refused = |why: &str| {
        let error = setup.audit.asked(&changes(&setup.audit, 1)).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert!(setup.audit.check().is_err());
    };

    fs::set_permissions(setup.path(), fs::Permissions::from_mode(0o644)).unwrap();
    refused("chmod 600");
    fs::set_permissions(setup.path(), fs::Permissions::from_mode(0o600)).unwrap();
    let key = setup.dir.path().join("state/audit.key");
    fs::write(&key, "short").unwrap();
    assert!(setup.audit.asked(&changes(&setup.audit, 1)).is_err());

    assert_eq!(setup.text(), before);
    let nowhere = Audit::new(&Paths::default());
    let error = nowhere.asked(&changes(&nowhere, 1)).unwrap_err();
    assert!(error.to_string().contains("no home folder"), "{error}");
}

#[test]
fn hostile_text_is_cleaned_and_no_record_is_too_long() {
    let setup = setup();
    let hostile = "\"\\\u{202e}\u{1b}[2J\n".repeat(4_000);
    let who = Identity {
        name: Untrusted::from(hostile.as_str()),
        ..Identity::default()
    };
    let name = Some(Untrusted::from("\"".repeat(5_000)));
    let reason = Some(hostile.as_str());
    let operation = Operation::new(&setup.audit, &profile(), Some(&who), &hostile, reason, 2);
    let operation = Arc::new(operation);
    let subject = Subject {
        scope: name.clone(),
        name,
        id: None,
    };
    let targets = [
        ChangeTarget::User(subject),
        ChangeTarget::Filter(hostile.clone()),
    ];
    let changes: Vec<_> = targets
        .into_iter()
        .map(|target| Change {
            operation: operation.clone(),
            item: 1,
            target,
        })
        .collect();

    let tickets = setup.audit.asked(&changes).unwrap().tickets;

    assert_eq!(tickets.len(), 2);
    let text = setup.text();
    assert_eq!(text.lines().count(), 2);
    assert!(text.lines().all(|line| line.len() < file::LIMIT));
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
    assert!(verify(&setup.path(), None).unwrap().is_sound());
}

#[test]
fn a_line_of_before_there_were_scopes_is_read() {
    let setup = setup();
    run(&setup.audit, 1);
    let mut old = setup.lines()[0].clone();
    old.as_object_mut().unwrap().remove("scope");

    let entry: AuditEntry = serde_json::from_value(old).unwrap();

    assert_eq!(entry.scope, None);
}

#[test]
fn a_reader_does_not_stop_a_writer() {
    let setup = setup();
    run(&setup.audit, 1);

    let mut entries = read(&setup.path()).unwrap();
    run(&setup.audit, 1);

    let (number, entry) = entries.next().unwrap().unwrap();
    assert_eq!((number, entry.event), (1, Event::Asked));
    assert_eq!(entries.count(), 1);
}

#[test]
fn what_was_revealed_is_one_line() {
    let setup = setup();

    setup
        .audit
        .note(Event::Reveal, &changes(&setup.audit, 1)[0])
        .unwrap();

    let lines = setup.lines();
    assert_eq!((lines.len(), &lines[0]["event"]), (1, &"reveal".into()));
    assert_eq!(verify(&setup.path(), None).unwrap().unfinished, []);
}

#[test]
fn debug_of_a_change_hides_the_id() {
    let setup = setup();

    let text = format!("{:?}", changes(&setup.audit, 1));

    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn the_trust_in_the_connection_follows_the_profile_and_the_environment() {
    let mut profile = profile();
    assert_eq!(Tls::with(&profile, false), Tls::Verified);
    assert_eq!(Tls::with(&profile, true), Tls::EnvCa);
    profile.ca_file = Some(Path::new("ca.pem").to_owned());
    assert_eq!(Tls::with(&profile, false), Tls::CustomCa);
    assert_eq!(Tls::with(&profile, true), Tls::EnvCa);
    (profile.ca_file, profile.ca_dir) = (None, Some(Path::new("cas").to_owned()));
    assert_eq!(Tls::with(&profile, false), Tls::CustomCa);
    profile.policy.insecure = true;
    assert_eq!(Tls::with(&profile, true), Tls::Insecure);
    profile.url = "http://127.0.0.1".parse().unwrap();
    assert_eq!(Tls::with(&profile, true), Tls::Plain);
}

#[test]
fn an_end_says_how_many_ended_how_many_are_left_and_when_that_was_read_back() {
    let setup = setup();
    let mut change = changes(&setup.audit, 1).remove(0);
    change.target = ChangeTarget::User(Subject {
        name: Some(Untrusted::from("bwong")),
        ..Subject::default()
    });
    let ticket = setup.audit.asked(&[change]).unwrap().tickets.remove(0);
    let ending = Ending {
        counted: Some(Counted {
            ended: Some(8),
            left: Some(0),
        }),
        verified_at: Some(DateTime::UNIX_EPOCH),
        ..Ending::new("done", None)
    };

    setup.audit.done(ticket, &ending).unwrap();

    let done = setup.lines().pop().unwrap();
    assert_eq!((&done["sessions"], &done["left"]), (&8.into(), &0.into()));
    assert_eq!(done["verified_at"], "1970-01-01T00:00:00.000Z");
    assert!(verify(&setup.path(), None).unwrap().is_sound());
    let told = setup.audit.ended_here().unwrap();
    assert!(
        told.starts_with("ended 8 sessions of bwong on prod; "),
        "{told}"
    );
}

#[test]
fn a_line_of_before_without_the_newer_fields_is_still_read() {
    let mut line = serde_json::to_value(entry()).unwrap();
    for field in ["sessions", "left", "verified_at", "session_kind", "ended"] {
        line.as_object_mut().unwrap().remove(field);
    }

    assert_eq!(serde_json::from_value::<AuditEntry>(line).unwrap(), entry());
}

//! The screen says of each ended session the same as the server, whatever moves meanwhile.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::DateTime;
use serde_json::Value;
use usher::emulator::Options;
use usher::emulator::janssen::Row;

use crate::{DELETE, DOWN, ESC, Server, Usher};

/// So many are ended in a usual run; `USHER_TRUTH_DELETES=500` ends more.
const DELETES: usize = 20;
/// Of a hundred sessions that are ended, at least so many have no lasting id.
const WITHOUT_ID: usize = 20;

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// A world in which one session in five has no lasting id.
fn world(deletes: usize) -> Server {
    let server = Server::start(Options {
        sessions: deletes * 2,
        ..Options::default()
    });
    let world = server.world();
    let now = world.now_ms();
    let rows = world.rows();
    let live = rows
        .iter()
        .filter(|row| row.user.is_some() && row.expires_ms.is_none_or(|at| at > now + 3_600_000));
    let rows: Vec<Row> = live.cloned().collect();
    for (number, row) in rows.iter().cycle().take(deletes / 2).enumerate() {
        world.add(&Row {
            sid: None,
            // Each is another session of that person.
            created_ms: row.created_ms - 1_000 * (number as i64 + 1),
            ..row.clone()
        });
    }
    server
}

/// The ids of clients by the names that the screen shows.
type Clients = BTreeMap<String, Option<String>>;

/// The text behind a label in the question.
fn told(question: &str, label: &str) -> String {
    let (_, rest) = question
        .split_once(&format!("║  {label:<10}"))
        .unwrap_or_else(|| panic!("{label} in the box:\n{question}"));
    let end = rest.find("  ").unwrap_or(rest.len());
    rest[..end].trim_end_matches('║').trim_end().to_owned()
}

/// The sessions of the start that fit all that the question says: user, client, beginning and label. The
/// server's ids of clients are learnt from one question to the next.
fn named(start: &[Row], clients: &mut Clients, question: &str) -> Vec<Row> {
    let label = told(question, "Session");
    let label = label.strip_prefix("ss:").expect("a label");
    let (head, tail) = label.split_once('…').expect("a label");
    let (user, client) = (told(question, "User"), told(question, "Client"));
    let created = told(question, "Created");
    let fits = |row: &&Row| {
        let at = DateTime::from_timestamp_millis(row.created_ms).expect("an instant");
        let at = at.format("%Y-%m-%d %H:%M:%S UTC (").to_string();
        let is_id = |sid: &String| sid.starts_with(head) && sid.ends_with(tail);
        let name = row.user.as_deref().unwrap_or("(nobody)");
        let is_user = match user.strip_suffix('…') {
            Some(cut) => name.starts_with(cut),
            None => name == user,
        };
        is_user
            && created.starts_with(&at)
            && row.sid.as_ref().is_none_or(is_id)
            && clients.get(&client).is_none_or(|id| *id == row.client)
    };
    let mut fit: Vec<Row> = start.iter().filter(fits).cloned().collect();
    // One that is known by this id is meant, whatever others look like.
    if fit.iter().any(|row| row.sid.is_some()) {
        fit.retain(|row| row.sid.is_some());
    }
    if let [row] = fit.as_slice() {
        clients.insert(client, row.client.clone());
    }
    fit
}

/// The end that the lines below the panes report, and the word of the audit log for it. `None`:
/// nothing yet.
fn said(screen: &str, user: &str) -> Option<(&'static str, &'static str)> {
    let lines: Vec<&str> = screen.lines().collect();
    let below = lines[lines.len().saturating_sub(3)..].join("\n");
    let all = [
        (format!("ended 1 session of {user}"), "done", ""),
        (
            format!("the session of {user} had already gone"),
            "already_gone",
            "",
        ),
        (
            format!("the session of {user} is unknown"),
            "failed",
            "still_listed",
        ),
        ("it has no lasting id".to_owned(), "failed", "no_lasting_id"),
        ("E details".to_owned(), "failed", "refused"),
    ];
    let found = all
        .into_iter()
        .find(|(text, ..)| below.contains(text.as_str()));
    found.map(|(_, outcome, error)| (outcome, error))
}

/// Presses Delete. `None`: there is no question, for a row that cannot be ended or while rows come.
fn question(usher: &mut Usher) -> Option<String> {
    usher.pty.keys(DELETE);
    let end = Instant::now() + Duration::from_secs(1);
    while Instant::now() < end {
        usher.pty.settle(Duration::from_millis(20));
        let text = usher.pty.text();
        // A frame may come in pieces: the box is whole once it names its session.
        if text.contains("End session?") && text.contains("║  Session   ss:") {
            usher.pty.wait_quiet(Duration::from_millis(60));
            return Some(usher.pty.text());
        }
        if text.contains("cannot be ended") {
            break;
        }
    }
    usher.pty.keys(ESC);
    usher.pty.wait_gone("cannot be ended");
    usher.pty.keys(DOWN);
    None
}

/// The ends that the audit log holds.
fn ends(usher: &Usher) -> Vec<Value> {
    let log = usher.home.path().join("state/usher/audit.jsonl");
    let log = std::fs::read_to_string(log).unwrap_or_default();
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a record"));
    lines.filter(|line| line["event"] == "done").collect()
}

/// The behaviour of the server at the next DELETE, and the end to be reported: "done" if the
/// session has ended.
const SERVERS: [(&str, &str); 4] = [
    ("", "done"),
    (
        r#"{"match":{"method":"DELETE"},"action":"lost_ack"}"#,
        "done",
    ),
    (
        r#"{"match":{"method":"DELETE"},"action":"status","code":204}"#,
        "still_listed",
    ),
    (
        r#"{"match":{"method":"DELETE"},"action":"status","code":404}"#,
        "refused",
    ),
];

/// One way through the sessions of a server.
struct Round {
    server: Server,
    usher: Usher,
    dice: Dice,
    /// All sessions that ever were.
    start: Vec<Row>,
    /// Those that are there, as far as what was said is so.
    expected: Vec<Row>,
    /// Outcome, error and user of each that was confirmed, as the screen said it.
    said: Vec<(&'static str, &'static str, String)>,
    clients: Clients,
    behind: usize,
    cancelled: usize,
}

impl Round {
    fn new(deletes: usize, seed: u64) -> Self {
        let server = world(deletes);
        let start = server.world().rows();
        let keys = "search_on_start = true\nreload_every = \"2s\"\n";
        let mut usher = Usher::at_with(&server, keys);
        usher.pty.wait_for("all loaded");
        usher.focus_table();
        usher.pty.keys("R");
        Self {
            server,
            usher,
            dice: Dice(seed),
            expected: start.clone(),
            start,
            said: Vec::new(),
            clients: Clients::new(),
            behind: 0,
            cancelled: 0,
        }
    }

    fn count(&self, word: &str) -> usize {
        let is_it =
            |(outcome, error, _): &&(&str, &str, String)| *outcome == word || *error == word;
        self.said.iter().filter(is_it).count()
    }

    /// Moves, pages, sorts and reloads.
    fn stir(&mut self) {
        for _ in 0..=self.dice.below(4) {
            let keys = [
                DOWN, DOWN, "\x1b[A", "\x1b[6~", "\x1b[5~", "g", "G", "s", ">", "<", "r",
            ];
            let key = keys[self.dice.below(keys.len() as u64) as usize];
            self.usher.pty.keys(key);
            self.usher.pty.settle(Duration::from_millis(20));
        }
    }

    /// Somebody else ends a session.
    fn end_behind_our_back(&mut self, sid: &str) {
        assert!(self.server.world().remove(sid));
        self.expected.retain(|row| row.sid.as_deref() != Some(sid));
        self.behind += 1;
    }

    /// Checks that the world is as the messages said.
    fn assert_true(&self, why: &str) {
        assert!(self.server.world().rows() == self.expected, "{why}");
    }

    /// Asks about the row under the cursor, answers, and compares what is said with the server.
    fn delete(&mut self) {
        let Some(question) = question(&mut self.usher) else {
            return;
        };
        let named = named(&self.start, &mut self.clients, &question);
        let [row, ..] = named.as_slice() else {
            panic!("the question names no session of the server:\n{question}")
        };
        if self.dice.below(7) == 0 {
            self.usher.pty.keys(ESC);
            self.usher.pty.wait_gone("End session?");
            self.cancelled += 1;
            return self.assert_true("cancelled");
        }
        let sid = row.sid.as_deref();
        let is_there = |round: &Self, sid: &str| round.server.world().find(sid).is_some();
        if let Some(sid) = sid.filter(|sid| is_there(self, sid))
            && self.dice.below(8) == 0
        {
            self.end_behind_our_back(sid);
        }
        // An expired one is over, whatever the server does to it.
        let now = self.server.world().now_ms();
        let lives = row.expires_ms.is_none_or(|at| at > now + 60_000);
        let kind = if lives && self.dice.below(12) == 0 {
            1 + self.dice.below(3)
        } else {
            0
        };
        let (fault, word) = SERVERS[kind as usize];
        let (fault, word, error) = match (sid, word) {
            (None, _) => ("", "failed", "no_lasting_id"),
            (Some(sid), _) if !is_there(self, sid) => ("", "already_gone", ""),
            (_, "still_listed" | "refused") => (fault, "failed", word),
            _ => (fault, word, ""),
        };
        let faults: &[&str] = if fault.is_empty() { &[] } else { &[fault] };
        self.server.set_faults(faults);

        self.usher.say_yes();

        let user = row.user.clone().unwrap_or_else(|| "(nobody)".into());
        self.usher.pty.wait_until("an outcome", |screen| {
            said(&screen.contents(), &user).is_some()
        });
        let told = said(&self.usher.pty.text(), &user).expect("an outcome");
        if word == "done" {
            self.expected.retain(|row| row.sid.as_deref() != sid);
        }
        assert_eq!(
            told,
            (word, error),
            "{}\n{question}",
            self.usher.pty.framed()
        );
        self.assert_true(&question);
        self.server.set_faults(&[]);
        self.said.push((told.0, told.1, user));
    }
}

#[test]
fn what_is_said_of_each_ended_session_is_what_the_server_says() {
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        Some(text.parse::<u64>().expect("a number"))
    };
    let deletes = number("USHER_TRUTH_DELETES").map_or(DELETES, |n| n as usize);
    let seed = number("USHER_TRUTH_SEED").unwrap_or(1_592_590_337);
    let due = deletes * WITHOUT_ID / 100;
    let mut round = Round::new(deletes, seed);
    let begun = Instant::now();

    while round.said.len() < deletes || round.count("no_lasting_id") < due {
        round.stir();
        round.delete();
    }

    let words = [
        "done",
        "already_gone",
        "no_lasting_id",
        "still_listed",
        "refused",
    ];
    let counts: Vec<String> = words
        .iter()
        .map(|word| format!("{word} {}", round.count(word)))
        .collect();
    println!(
        "seed {seed}: {} answered ({}), {} cancelled, {} ended behind our back, {:.0} s",
        round.said.len(),
        counts.join(", "),
        round.cancelled,
        round.behind,
        begun.elapsed().as_secs_f64()
    );
    let left = round.start.len() - round.count("done") - round.behind;
    assert_eq!(round.server.world().count(), left);
    assert!(round.count("done") > 0 && round.count("already_gone") > 0);
    assert_logged(&round);
}

/// The audit log says of each what the screen said, in the same order, and is whole.
fn assert_logged(round: &Round) {
    let logged = ends(&round.usher);
    assert_eq!(logged.len(), round.said.len());
    for (line, (outcome, error, user)) in logged.iter().zip(&round.said) {
        assert_eq!(line["outcome"], *outcome, "{line}");
        assert_eq!(line["user"].as_str().unwrap_or("(nobody)"), user, "{line}");
        if !error.is_empty() {
            assert_eq!(line["error"], *error, "{line}");
        }
    }
    let mut check = crate::command(crate::USHER, round.usher.home.path());
    check.args(["audit", "--verify"]);
    let mut check = crate::Pty::start(check, 120, 40);
    assert_eq!(check.exit_code(), 0, "{}", check.framed());
}

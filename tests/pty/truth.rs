//! What the screen says of each session that is ended is what the server says, whatever moves meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;
use usher::emulator::{Handle, Options, Row};

use crate::{DELETE, DOWN, ESC, Server, Usher};

/// So many are ended in a usual run; `USHER_TRUTH_DELETES=500` ends more.
const DELETES: usize = 24;
/// Of a hundred sessions that are ended, at least so many have no lasting id.
const WITHOUT_ID: usize = 12;

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

/// The label of the session that the question names.
fn label(question: &str) -> String {
    let (_, rest) = question
        .split_once("║  Session   ss:")
        .expect("a label in the box");
    rest.chars().take(7).collect()
}

/// The session that the question names, if the server knows it by that id.
fn named(world: &Handle, question: &str) -> Option<String> {
    let label: Vec<char> = label(question).chars().collect();
    let (head, tail): (String, String) = (label[..4].iter().collect(), label[5..].iter().collect());
    let sids = world.rows().into_iter().filter_map(|row| row.sid);
    let mut fit = sids.filter(|sid| sid.starts_with(&head) && sid.ends_with(&tail));
    fit.next()
}

/// Presses Delete. `None`: there is no question, for a row that cannot be ended or while rows come.
fn question(usher: &mut Usher) -> Option<String> {
    usher.pty.keys(DELETE);
    let end = Instant::now() + Duration::from_secs(1);
    while Instant::now() < end {
        usher.pty.settle(Duration::from_millis(20));
        let text = usher.pty.text();
        // A frame may come in pieces: the box is whole once it names its session.
        if text.contains("Delete session?") && text.contains("║  Session   ss:") {
            usher.pty.wait_quiet(Duration::from_millis(60));
            return Some(usher.pty.text());
        }
        if text.contains("cannot be deleted") {
            break;
        }
    }
    usher.pty.keys(DOWN);
    usher.pty.wait_gone("cannot be deleted");
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

#[test]
fn what_is_said_of_each_ended_session_is_what_the_server_says() {
    let asked = std::env::var("USHER_TRUTH_DELETES").ok();
    let deletes = asked.map_or(DELETES, |text| text.parse().expect("a number"));
    let seed = 0x5eed_0001;
    let mut dice = Dice(seed);
    let server = world(deletes);
    let world = server.world();
    let mut usher = Usher::at_with(&server, "search_on_start = true\nreload_every = \"2s\"\n");
    usher.pty.wait_for("all loaded");
    usher.focus_table();
    usher.pty.keys("R");
    let begun = Instant::now();
    let mut said: BTreeMap<String, usize> = BTreeMap::new();
    let (mut expected, mut behind) = (world.count(), 0);
    let mut ended_labels = BTreeSet::new();

    let due = deletes * WITHOUT_ID / 100;
    while said.values().sum::<usize>() < deletes
        || said.get("no_lasting_id").copied().unwrap_or_default() < due
    {
        for _ in 0..1 + dice.below(4) {
            let keys = [
                DOWN, DOWN, "\x1b[A", "\x1b[6~", "\x1b[5~", "g", "G", "s", ">", "<", "r",
            ];
            usher.pty.keys(keys[dice.below(keys.len() as u64) as usize]);
            usher.pty.settle(Duration::from_millis(20));
        }
        let Some(question) = question(&mut usher) else {
            continue;
        };
        let victim = named(&world, &question);
        let has_ended = ended_labels.contains(&label(&question));
        if dice.below(7) == 0 {
            usher.pty.keys(ESC);
            usher.pty.wait_gone("Delete session?");
            assert_eq!(world.count(), expected, "cancelled: {question}");
            continue;
        }
        let somebody_else = victim.as_ref().filter(|_| dice.below(8) == 0);
        if let Some(sid) = somebody_else {
            assert!(world.remove(sid));
            (expected, behind) = (expected - 1, behind + 1);
        }
        let before = ends(&usher).len();

        usher.say_yes();

        let wait = Instant::now() + Duration::from_secs(20);
        while ends(&usher).len() == before {
            assert!(
                Instant::now() < wait,
                "it has no end: {}",
                usher.pty.framed()
            );
            usher.pty.settle(Duration::from_millis(10));
        }
        let end = ends(&usher).pop().expect("an end");
        let (word, on_screen) = match (end["outcome"].as_str(), end["error"].as_str()) {
            (Some("done"), _) => ("done", "deleted 1 session"),
            (Some("already_gone"), _) => ("already_gone", "had already gone"),
            (_, Some("no_lasting_id")) => ("no_lasting_id", "no lasting id"),
            _ => panic!("{end}: {question}"),
        };
        usher.pty.wait_for(on_screen);
        let gone = victim.as_ref().is_none_or(|sid| world.find(sid).is_none());
        match (&victim, somebody_else, word) {
            (Some(_), Some(_), "already_gone") => assert!(gone),
            (Some(_), None, "done") => {
                assert!(gone, "{question}");
                expected -= 1;
            }
            (None, None, "no_lasting_id") => {}
            // Rows that were read before it ended may still show it for a moment.
            (None, None, "already_gone") if has_ended => {}
            (.., word) => {
                panic!("{word} of {victim:?}, behind our back {somebody_else:?}: {question}")
            }
        }
        assert_eq!(world.count(), expected, "{word}: {question}");
        *said.entry(word.to_owned()).or_default() += 1;
        if word != "no_lasting_id" {
            ended_labels.insert(label(&question));
        }
        if word == "no_lasting_id" {
            // Its box stays until it was read.
            usher.pty.keys(ESC);
            usher.pty.settle(Duration::from_millis(100));
        }
    }

    println!(
        "seed {seed:#x}: {said:?}, {behind} ended behind our back, {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    let ended = said.get("done").copied().unwrap_or_default();
    assert_eq!(ends(&usher).len(), said.values().sum::<usize>());
    let mut check = crate::command(crate::USHER, usher.home.path());
    check.args(["audit", "--verify"]);
    let mut check = crate::Pty::start(check, 120, 40);
    assert_eq!(check.exit_code(), 0, "{}", check.framed());
    assert!(ended > 0 && world.count() == expected);
}

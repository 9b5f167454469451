//! Names of users on a server that minds upper and lower case.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use usher::api::SessionApi;
use usher::model::{Completeness, RowRef, RowSink, Search};

use super::scripted::{Act, Heard, Scripted, json};
use super::{open, search, token_profile};

/// Three sessions of one person under two spellings, and one of somebody else.
const ROWS: [(char, &str, &str); 4] = [
    ('a', "jdoe", "1111"),
    ('b', "JDoe", "1111"),
    ('c', "jdoe", "1111"),
    ('d', "asmith", "2222"),
];

/// Answers as a database does that minds case.
fn minding_case(_: usize, heard: &Heard) -> Act {
    let asks = |field: &str, value: &str| {
        let pair = format!("{field}%3D{value}");
        let line = heard.line();
        let ends = |at: usize| !line[at + pair.len()..].starts_with(char::is_alphanumeric);
        line.match_indices(&pair).any(|(at, _)| ends(at))
    };
    let filtered = heard.line().contains("fieldValuePair");
    let rows: Vec<String> = ROWS
        .iter()
        .filter(|(_, user, inum)| !filtered || asks("auth_user", user) || asks("userDn", inum))
        .map(|(letter, user, inum)| {
            format!(
                r#"{{"outsideSid":"{letter}0000000-aaaa-4bbb-8ccc-000000000001","deletable":true,
                    "userDn":"inum={inum},ou=people,o=jans","state":"authenticated",
                    "sessionAttributes":{{"auth_user":"{user}"}}}}"#
            )
        })
        .collect();
    json(&format!(
        r#"{{"start":0,"totalEntriesCount":{},"entries":[{}]}}"#,
        rows.len(),
        rows.join(",")
    ))
}

async fn found(api: &dyn SessionApi, search: &Search) -> (Vec<char>, Option<u64>) {
    let mut rows = Vec::new();
    let end = api.search(search, None, &mut rows).await.unwrap();
    assert_eq!((end.next, end.completeness), (None, Completeness::Complete));
    let ids = rows
        .iter()
        .map(|row| row.key.expose().chars().next().unwrap());
    (ids.collect(), end.total)
}

#[tokio::test]
async fn f_del_12_one_person_under_two_spellings_is_found_by_any_of_them() {
    let server = Scripted::start(minding_case).await;
    let api = open(&token_profile(&server.url));

    for (typed, total) in [("jdoe", 3), ("JDoe", 3), ("JDOE", 3), ("jdOE", 3)] {
        let (ids, counted) = found(api.as_ref(), &search(&format!("user:{typed}"))).await;

        let once: BTreeSet<char> = ids.iter().copied().collect();
        assert_eq!(once, BTreeSet::from(['a', 'b', 'c']), "{typed}");
        assert_eq!(ids.len(), 3, "{typed}: none comes twice");
        assert_eq!(counted, Some(total), "{typed}");
    }
}

/// The letters of the rows as they come, and a bar where those so far may be shown.
#[derive(Default)]
struct Shown(String);

impl RowSink for Shown {
    fn row(&mut self, row: &mut RowRef<'_>) -> ControlFlow<()> {
        self.0.extend(row.key.chars().next());
        ControlFlow::Continue(())
    }

    fn so_far(&mut self) {
        if !self.0.ends_with('|') {
            self.0.push('|');
        }
    }
}

#[tokio::test]
async fn what_is_found_as_typed_may_be_shown_before_the_rest_is_asked_for() {
    let server = Scripted::start(minding_case).await;
    let api = open(&token_profile(&server.url));

    for (typed, shown) in [("user:jdoe", "ac|b"), ("user:JDOE", "|ac|b"), ("", "abcd")] {
        let mut rows = Shown::default();
        api.search(&search(typed), None, &mut rows).await.unwrap();
        assert_eq!(rows.0, shown, "{typed}");
    }
}

#[tokio::test]
async fn several_names_are_each_found_in_their_spelling() {
    let server = Scripted::start(minding_case).await;
    let api = open(&token_profile(&server.url));

    // More than one is looked for by `pattern`, which this server does not filter by.
    let (ids, _) = found(api.as_ref(), &search("user:JDOE,asmith")).await;

    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), 4);
}

#[tokio::test]
async fn nobody_costs_three_more_questions_and_the_plan_says_so() {
    let server = Scripted::start(minding_case).await;
    let api = open(&token_profile(&server.url));
    let wanted = search("user:noBody");

    let (ids, _) = found(api.as_ref(), &wanted).await;

    assert!(ids.is_empty());
    assert_eq!(server.heard().len(), 4);
    let notes = api.plan(&wanted).unwrap().notes;
    assert!(
        notes
            .iter()
            .any(|note| note.contains("upper from lower case of a user name")),
        "{notes:?}"
    );
    assert!(api.plan(&search("user:4711")).unwrap().notes.is_empty());
}

#[tokio::test]
async fn other_spellings_are_asked_for_together_within_the_limit_of_the_profile() {
    for (concurrency, most) in [(1, 1), (2, 2), (8, 3)] {
        let emulator = super::emulator(super::fixed()).await;
        let slow = r#"{"match":{"path":"*/session/search*"},"action":"delay","ms":60}"#;
        emulator.set_faults(&[slow]).unwrap();
        let mut profile = super::client_profile(&emulator);
        profile.concurrency = concurrency;

        let (ids, total) = found(super::open(&profile).as_ref(), &search("user:noBody")).await;

        assert_eq!((ids.len(), total), (0, Some(0)));
        assert_eq!(emulator.most_at_once(), most, "{concurrency}");
    }
}

#[tokio::test]
async fn what_was_asked_for_behind_the_spelling_that_is_found_is_not_in_the_answer() {
    // Two people whose names differ in case only: the first spelling with sessions is the answer.
    let server = Scripted::start(|_, heard| {
        let named = |name: &str| heard.line().contains(&format!("auth_user%3D{name}"));
        let row = |id: &str, user: &str, inum: &str| {
            format!(
                r#"{{"outsideSid":"{id}","deletable":true,"userDn":"inum={inum},ou=people,o=jans",
                    "sessionAttributes":{{"sid":"{id}","auth_user":"{user}"}}}}"#
            )
        };
        let row = match heard.line() {
            _ if named("jdoe") => row("a", "jdoe", "1"),
            _ if named("JDOE") => row("b", "JDOE", "2"),
            line if line.contains("userDn") => row("c", "jdoe", "1"),
            _ => String::new(),
        };
        let total = usize::from(!row.is_empty());
        json(&format!(
            r#"{{"totalEntriesCount":{total},"entries":[{row}]}}"#
        ))
    })
    .await;
    let api = open(&token_profile(&server.url));

    let (ids, total) = found(api.as_ref(), &search("user:jDOE")).await;

    assert_eq!((ids, total), (vec!['a', 'c'], Some(2)));
    assert!(server.heard().len() <= 5, "{}", server.heard().len());
}

#[tokio::test]
async fn a_name_of_one_letter_is_asked_for_once_in_each_spelling() {
    let server = Scripted::start(minding_case).await;
    let api = open(&token_profile(&server.url));

    let (ids, _) = found(api.as_ref(), &search("user:x")).await;

    assert!(ids.is_empty());
    assert_eq!(server.heard().len(), 2);
}

#[tokio::test]
async fn a_session_without_a_lasting_id_comes_once_although_it_is_read_twice() {
    let emulator = super::emulator(super::fixed()).await;
    let api = open(&super::client_profile(&emulator));
    let everything = super::all(&api, &search("")).await.unwrap();
    let doubtful = everything
        .iter()
        .find(|row| row.deletable != usher::model::Deletable::Yes && row.subject.name.is_some());
    let name = doubtful.unwrap().subject.name.clone().unwrap();
    let of_name = |row: &&usher::model::Session| row.subject.name.as_ref() == Some(&name);
    let expected = everything.iter().filter(of_name).count();

    let rows = super::all(&api, &search(&format!("user:\"{}\"", name.expose()))).await;

    assert_eq!(rows.unwrap().len(), expected);
}

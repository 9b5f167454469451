//! Ids and texts with letters that mean something in paths and filters.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use usher::model::query::{Matcher, SessionIn};
use usher::model::{Clause, Field, Op, Query, Search, Session, Target, Thresholds};

use super::scripted::{Scripted, answer};
use super::{all, client_profile, emulator, fixed, key, open, search, token_profile};

#[tokio::test]
async fn f_data_12_any_id_arrives_as_it_is_in_one_segment() {
    let server = Scripted::start(|_, _| answer("404 Not Found", "text/plain", "")).await;
    let api = open(&token_profile(&server.url));
    let ids = "[a-c./?#%;:@ é\\\\日&=+-]{1,12}";
    let mut runner = TestRunner::deterministic();
    let mut sent = 0;

    for _ in 0..60 {
        let id = ids.new_tree(&mut runner).unwrap().current();
        let _ = api.get(&key(&id)).await;

        let heard = server.heard();
        let Some(last) = heard.get(sent) else {
            assert!(
                [".", ".."].contains(&id.trim()) || id.trim().is_empty(),
                "{id}"
            );
            continue;
        };
        sent = heard.len();
        let path = last.line().split_once("/session/sid/").expect("the path").1;
        assert!(!path.contains(['/', '?', '#', ' ']), "{id}: {path}");
        let url = url::Url::parse(&format!("http://h/?{}", path.replace('+', "%2B"))).unwrap();
        let (read, _) = url.query_pairs().next().unwrap();
        assert_eq!(read, id, "{path}");
    }
    assert!(sent > 40, "only {sent} were sent");
}

fn matching<'r>(rows: &'r [Session], clauses: &[Clause], search: &Search) -> Vec<&'r str> {
    let matcher = Matcher::new(clauses, search.now, search.zone, Thresholds::default()).unwrap();
    let mut keys: Vec<&str> = rows
        .iter()
        // Rows without a lasting id have another one at every reading.
        .filter(|row| row.deletable == usher::model::Deletable::Yes)
        .filter(|row| matcher.matches(&SessionIn::new(row, "test", "janssen")))
        .map(|row| row.key.expose())
        .collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn f_data_13_no_typed_text_asks_for_anything_else_than_it_says() {
    let emulator = emulator(fixed()).await;
    let api = open(&client_profile(&emulator));
    let everything = all(&api, &search("")).await.unwrap();
    let known = everything
        .iter()
        .find_map(|row| row.subject.name.clone())
        .unwrap();
    let known = known.expose().to_owned();
    let targets = [
        Target::Field(Field::User),
        Target::Field(Field::Client),
        Target::Field(Field::Method),
        Target::Field(Field::UserId),
        Target::Field(Field::Id),
        Target::Attribute("redirect_uri".into()),
        Target::Word,
    ];
    let mut runner = TestRunner::deterministic();
    let texts = proptest::prop_oneof![
        "[a-z\"',=<>*\\\\%_ .]{1,10}".prop_map(|text: String| text),
        "(,|=|>|<|\\*|%|_|, |\",state=authenticated)"
            .prop_map(move |sign: String| format!("{known}{sign}")),
    ];

    for round in 0..70 {
        let text = texts.new_tree(&mut runner).unwrap().current();
        let target = targets[round % targets.len()].clone();
        let clause = Clause::read(target, Op::Eq, &text).unwrap();
        let mut asked = search("");
        asked.query = Query::from(clause);
        // The printed form, in a saved search or a hint, means the same.
        let printed = asked.query.to_string();
        assert_eq!(Query::parse(&printed).unwrap(), asked.query, "{text}");

        let rest = api.plan(&asked).unwrap().rest;
        let sent = all(&api, &asked).await.unwrap();

        let ours = matching(&everything, &asked.query.clauses, &asked);
        let theirs = matching(&sent, &rest, &asked);
        // A bare number of a person stands for the whole name of its entry.
        if !printed.starts_with("user.id") {
            assert_eq!(theirs, ours, "{printed}");
        }
    }
}

//! Lists: what stands in them, what does not, and what is cut off.

use chrono::{DateTime, Utc};
use std::sync::Arc;

use super::super::{find, list, user_of};
use super::*;
use usher::model::session::Thresholds;
use usher::model::state_at;
use usher::model::{Completeness, Outcome, State};

/// An emulator as it comes, with the default limit of lists.
async fn untouched(system: Flavour) -> Running {
    let options = Options {
        system: Arc::new(AmOptions {
            flavour: system,
            ..AmOptions::default()
        }),
        ..Options::default()
    };
    start(options).await.expect("a free port")
}

#[tokio::test]
async fn a_list_that_the_server_cuts_is_told_and_narrowing_reaches_what_is_behind() {
    for system in BOTH {
        let emulator = untouched(system).await;
        let late: Vec<_> = (0..12)
            .map(|_| sign_in(&emulator, "latecomer", "/alpha"))
            .collect();
        let api = signed_in(&profile(&emulator)).await;

        let (rows, completeness) = find(&api, "scope:/alpha").await.unwrap();

        assert_eq!(rows.len(), 120, "{system:?}");
        assert_eq!(completeness, Completeness::Truncated { at: 120 });
        assert!(rows.iter().all(|row| user_of(row) != "latecomer"));
        let (rows, completeness) = find(&api, "user:latecomer").await.unwrap();
        assert_eq!((rows.len(), completeness), (12, Completeness::Complete));
        let keys: Vec<_> = late
            .iter()
            .map(|row| row_of(&rows, row).key.clone())
            .collect();
        let outcomes = api.revoke(&keys).await.unwrap();
        assert!(
            outcomes.iter().all(|o| matches!(o, Outcome::Revoked)),
            "{outcomes:?}"
        );
    }
}

#[tokio::test]
async fn a_cut_list_is_told_to_those_whom_the_server_does_not_tell_its_limit() {
    for system in BOTH {
        // The usual one, and one that only the profile names.
        for (limit, named) in [(120, None), (37, Some(37))] {
            let emulator = untouched(system).await;
            emulator.am().set_list_limit(limit);
            let mut profile = delegate(&emulator);
            if let Some(named) = named {
                profile.own.set("list_limit", named);
            }
            let api = signed_in(&profile).await;

            let (rows, completeness) = find(&api, "scope:/alpha").await.unwrap();

            assert_eq!(rows.len(), limit);
            let at = limit as u64;
            assert_eq!(completeness, Completeness::Truncated { at }, "{system:?}");
        }
    }
}

#[tokio::test]
async fn what_has_ended_and_is_still_listed_is_shown_as_expired() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let victim = sign_in(&emulator, "leaver", "/alpha");
        let api = signed_in(&with_token(&emulator)).await;
        let state = |row: &Session, now_ms: i64| {
            let now = DateTime::<Utc>::from_timestamp_millis(now_ms).unwrap();
            let limits = Thresholds::default();
            state_at(
                row.fact,
                row.created,
                row.last_used,
                row.expires,
                limits,
                now,
            )
        };
        let now = || emulator.now_ms();

        let (rows, _) = list(&api).await.unwrap();
        assert_eq!(state(row_of(&rows, &victim), now()), State::Active);
        // Its idle time is 30 minutes; the sweep comes half a minute later.
        emulator.move_clock(30 * 60_000 + 10_000);
        let (rows, _) = list(&api).await.unwrap();
        let row = row_of(&rows, &victim);
        assert_eq!(state(row, now()), State::Expired, "{system:?}");
        // The offset of the clocks leads to the same.
        let ours = Utc::now() + api.clock_offset().unwrap();
        assert_eq!(state(row, ours.timestamp_millis()), State::Expired);

        emulator.move_clock(60_000);
        let outcomes = api.revoke(std::slice::from_ref(&row.key)).await.unwrap();
        assert!(
            matches!(outcomes[..], [Outcome::AlreadyGone]),
            "{outcomes:?}"
        );
        assert!(
            list(&api)
                .await
                .unwrap()
                .0
                .iter()
                .all(|r| user_of(r) != "leaver")
        );
    }
}

#[tokio::test]
async fn sessions_that_the_client_keeps_are_in_no_list_and_that_is_told() {
    for system in BOTH {
        let am = AmOptions {
            client_side_realms: vec!["/alpha".into()],
            ..AmOptions::default()
        };
        let emulator = quiet(system, am).await;
        let hidden = sign_in(&emulator, "leaver", "/alpha");
        let listed = sign_in(&emulator, "leaver", "/beta");
        let api = signed_in(&profile(&emulator)).await;

        for query in ["", "user:leaver", "scope:/alpha"] {
            let (rows, _) = find(&api, query).await.unwrap();
            let theirs = rows.iter().filter(|row| user_of(row) == "leaver");
            let expected = usize::from(query != "scope:/alpha");
            assert_eq!(theirs.count(), expected, "{query} at {system:?}");
        }

        assert!(is_alive(&emulator, &hidden) && is_alive(&emulator, &listed));
        let caps = api.caps();
        assert!(
            caps.after_revoke_user().contains("not listed"),
            "{}",
            caps.after_revoke_user()
        );
    }
}

#[tokio::test]
async fn all_realms_are_those_that_the_server_names_each_asked_once() {
    for system in BOTH {
        let am = AmOptions {
            realms: ["/alpha", "/alpha/emea", "/beta"]
                .map(str::to_owned)
                .to_vec(),
            inactive_realms: vec!["/off".into()],
            ..AmOptions::default()
        };
        let emulator = quiet(system, am).await;
        let rows = ["/", "/alpha", "/alpha/emea", "/beta"].map(|r| sign_in(&emulator, "leaver", r));
        let mut profile = with_token(&emulator);
        profile.own.set("realms", "all");
        let api = signed_in(&profile).await;

        let (found, completeness) = find(&api, "user:leaver").await.unwrap();

        assert_eq!((found.len(), completeness), (4, Completeness::Complete));
        for row in &rows {
            let scope = row_of(&found, row)
                .scope
                .as_ref()
                .map(usher::model::Untrusted::expose);
            assert_eq!(scope, Some(row.realm.as_str()), "{system:?}");
        }
        let lists = emulator.journal().into_iter();
        let lists: Vec<String> = lists
            .filter(|entry| entry.method == "GET" && entry.path.ends_with("/sessions"))
            .map(|entry| entry.path.split_once("/json/").unwrap().1.to_owned())
            .collect();
        assert_eq!(
            lists,
            [
                "realms/root/sessions",
                "realms/root/realms/alpha/sessions",
                "realms/root/realms/alpha/realms/emea/sessions",
                "realms/root/realms/beta/sessions",
                "realms/root/realms/off/sessions",
            ]
        );
    }
}

#[tokio::test]
async fn names_that_must_be_escaped_are_found_and_ended_exactly() {
    let names = [
        "we\"ird",
        "back\\slash",
        "o'hara",
        "x,y",
        "plus+eq=",
        "a b",
        "%25pct",
        "jürgen",
        "日本",
        "a*",
        "#",
        "a&b",
        "(x)",
        "true",
        "!",
    ];
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let rows = names.map(|name| sign_in(&emulator, name, "/alpha"));
        sign_in(&emulator, "ab", "/alpha");
        let api = signed_in(&profile(&emulator)).await;

        for (name, row) in names.iter().zip(&rows) {
            let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
            let query = format!("user:\"{quoted}\"");
            let (found, _) = find(&api, &query).await.unwrap();
            let exact: Vec<_> = found.iter().filter(|row| user_of(row) == *name).collect();
            // A name with a star is not asked for: the whole realm comes, to be filtered here.
            assert!(
                found.len() == 1 || name.contains('*'),
                "{name}: {}",
                found.len()
            );
            assert_eq!(exact.len(), 1, "{name} at {system:?}");

            let outcomes = api.revoke(&[exact[0].key.clone()]).await.unwrap();

            assert!(
                matches!(outcomes[..], [Outcome::Revoked]),
                "{name}: {outcomes:?} at {system:?}"
            );
            assert!(!is_alive(&emulator, row), "{name}");
        }
        let left = emulator.am().sessions();
        assert!(left.iter().any(|row| row.user == "ab"), "{system:?}");
    }
}

//! Names and ids with letters that mean something in filters and addresses.

use super::super::{find, user_of};
use super::*;
use usher::model::{Completeness, Outcome};

const NAMES: [&str; 10] = [
    "we\"ird",
    "back\\slash",
    "o'hara",
    "a b",
    "x,y",
    "plus+eq=",
    "%25pct",
    "日本",
    "x\" or true or \"y",
    "a/../b?c#d;e",
];

#[tokio::test]
async fn f_data_13_a_name_is_found_exactly_whatever_letters_it_has() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        for name in NAMES {
            sign_in(&emulator, name, "/alpha");
        }
        let api = signed_in(&profile(&emulator)).await;

        for name in NAMES {
            let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
            let (rows, completeness) = find(&api, &format!("user:\"{escaped}\"")).await.unwrap();

            assert_eq!(completeness, Completeness::Complete);
            assert_eq!(rows.len(), 1, "{system:?} {name}");
            assert_eq!(user_of(&rows[0]), name, "{system:?}");
        }
    }
}

#[tokio::test]
async fn f_data_12_a_session_is_read_and_ended_by_its_id_whatever_the_name_in_it() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let theirs: Vec<_> = NAMES
            .iter()
            .map(|name| sign_in(&emulator, name, "/alpha"))
            .collect();
        let api = signed_in(&profile(&emulator)).await;

        for (name, session) in NAMES.iter().zip(&theirs) {
            let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
            let (rows, _) = find(&api, &format!("user:\"{escaped}\"")).await.unwrap();
            let read = api.get(&rows[0].key).await.unwrap();
            assert_eq!(user_of(&read), *name, "{system:?}");

            let outcomes = api
                .revoke(std::slice::from_ref(&rows[0].key))
                .await
                .unwrap();

            assert!(matches!(outcomes[..], [Outcome::Revoked]), "{outcomes:?}");
            assert!(!is_alive(&emulator, session), "{system:?} {name}");
        }
    }
}

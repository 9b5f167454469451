//! Ending sessions: what is sent, what is never sent, and what is believed.

use super::super::{everywhere, find, list, user_of};
use super::*;
use usher::model::{Deletable, Outcome};

#[tokio::test]
async fn a_handle_that_is_nobodys_is_not_called_ended() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let api = signed_in(&profile(&emulator)).await;
        let invented = [
            "shandle:AQICnobodys.*",
            "shandle:AQICnobodys.*#/alpha#leaver",
        ];

        let outcomes = api.revoke(&invented.map(SessionKey::new)).await.unwrap();

        assert!(
            matches!(outcomes[..], [Outcome::AlreadyGone, Outcome::AlreadyGone]),
            "{outcomes:?} at {system:?}"
        );
        // It would say yes.
        assert_eq!(sent(&emulator, "logoutByHandle"), 0, "{system:?}");
    }
}

#[tokio::test]
async fn a_handle_alone_ends_its_session_and_no_other() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let victim = sign_in(&emulator, "leaver", "/beta");
        let other = sign_in(&emulator, "leaver", "/beta");
        let api = signed_in(&profile(&emulator)).await;

        let key = SessionKey::new(victim.handle.clone().unwrap());
        let outcomes = api.revoke(&[key]).await.unwrap();

        assert!(matches!(outcomes[..], [Outcome::Revoked]), "{outcomes:?}");
        assert!(!is_alive(&emulator, &victim) && is_alive(&emulator, &other));
    }
}

#[tokio::test]
async fn f_del_11_the_same_handle_in_two_realms_ends_in_the_realm_of_its_row() {
    for (system, ended) in BOTH.iter().flat_map(|system| [(*system, 0), (*system, 1)]) {
        let emulator = quiet(system, AmOptions::default()).await;
        let twins = [
            sign_in(&emulator, "leaver", "/alpha"),
            sign_in(&emulator, "leaver", "/beta"),
        ];
        assert!(emulator.am().share_handle(&twins[0].token, &twins[1].token));
        let api = signed_in(&profile(&emulator)).await;
        let (rows, _) = list(&api).await.unwrap();
        let row = |at: usize| {
            let realm = Some(twins[at].realm.as_str());
            let mut here = rows.iter().filter(|row| {
                user_of(row) == "leaver"
                    && row.scope.as_ref().map(usher::model::Untrusted::expose) == realm
            });
            here.next().unwrap()
        };
        assert_eq!(handle_of(&row(0).key), handle_of(&row(1).key), "{system:?}");
        assert_ne!(row(0).key, row(1).key);

        let key = row(ended).key.clone();
        let outcomes = api.revoke(std::slice::from_ref(&key)).await.unwrap();

        assert!(matches!(outcomes[..], [Outcome::Revoked]), "{outcomes:?}");
        let is_there = |at: usize| emulator.am().find(&twins[at].token).is_some();
        assert!(
            !is_there(ended) && is_there(1 - ended),
            "{system:?} {ended}"
        );
        // Once more: it has gone, and the other one is not taken in its place.
        let again = api.revoke(&[key]).await.unwrap();
        assert!(matches!(again[..], [Outcome::AlreadyGone]), "{again:?}");
        assert!(is_there(1 - ended), "{system:?} {ended}");
    }
}

#[tokio::test]
async fn a_no_of_the_server_is_a_refusal() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let victim = sign_in(&emulator, "leaver", "/alpha");
        emulator.am().guard(victim.handle.as_deref().unwrap());
        let api = signed_in(&profile(&emulator)).await;
        let (rows, _) = list(&api).await.unwrap();

        let key = row_of(&rows, &victim).key.clone();
        let outcomes = api.revoke(&[key]).await.unwrap();

        assert!(
            matches!(outcomes[..], [Outcome::Refused(_)]),
            "{outcomes:?} at {system:?}"
        );
        assert!(is_alive(&emulator, &victim));
    }
}

#[tokio::test]
async fn f_cred_04_neither_the_servers_own_session_nor_the_operators_is_ever_taken() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let api = signed_in(&profile(&emulator)).await;
        let (rows, _) = list(&api).await.unwrap();
        let service = rows.iter().find(|row| user_of(row) == "dsameuser").unwrap();
        let own = rows.iter().find(|row| row.own == Some(true)).unwrap();
        let before = emulator.am().count();

        assert!(matches!(service.deletable, Deletable::No(_)), "{service:?}");
        for row in [service, own] {
            // As it is listed, and as somebody types it.
            let typed = SessionKey::new(handle_of(&row.key));
            let outcomes = api.revoke(&[row.key.clone(), typed]).await.unwrap();

            assert!(
                matches!(outcomes[..], [Outcome::Refused(_), Outcome::Refused(_)]),
                "{outcomes:?} of {} at {system:?}",
                user_of(row)
            );
        }
        let said = api.revoke_user(&everywhere("dsameuser")).await.unwrap_err();
        assert_eq!(said.exit_code(), 9, "{said}");
        assert_eq!(emulator.am().count(), before);
        let changing = actions(&emulator);
        assert!(
            changing
                .iter()
                .all(|(_, action)| action == "getSessionInfo"),
            "{changing:?}"
        );
    }
}

#[tokio::test]
async fn they_are_not_taken_by_their_handles_where_no_list_shows_them() {
    for system in BOTH {
        let am = AmOptions {
            list_limit: 5,
            ..AmOptions::default()
        };
        let emulator = quiet(system, am).await;
        (0..10).for_each(|_| drop(sign_in(&emulator, "leaver", "/alpha")));
        let mut profile = profile(&emulator);
        profile.own.set("realms", ["/alpha"]);
        let api = signed_in(&profile).await;
        let sessions = emulator.am().sessions();
        let spared = ["dsameuser", "amadmin"].map(|user| {
            let last = sessions.iter().rfind(|row| row.user == user).unwrap();
            SessionKey::new(last.handle.clone().unwrap())
        });

        let outcomes = api.revoke(&spared).await.unwrap();

        assert!(
            matches!(outcomes[..], [Outcome::Refused(_), Outcome::Refused(_)]),
            "{outcomes:?} at {system:?}"
        );
        assert_eq!(emulator.am().count(), sessions.len());
        assert_eq!(sent(&emulator, "logoutByHandle"), 0);
    }
}

#[tokio::test]
async fn a_bulk_over_everything_ends_all_but_the_server_and_the_operator() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        // More users in one realm than are looked up one by one.
        for number in 0..12 {
            sign_in(&emulator, &format!("user{number}"), "/alpha");
            sign_in(&emulator, &format!("user{number}"), "/beta");
        }
        let api = signed_in(&profile(&emulator)).await;
        let (rows, _) = list(&api).await.unwrap();
        let keys: Vec<_> = rows.iter().map(|row| row.key.clone()).collect();

        let outcomes = api.revoke(&keys).await.unwrap();

        for (row, outcome) in rows.iter().zip(&outcomes) {
            let spared = row.own == Some(true) || user_of(row) == "dsameuser";
            let expected = if spared { "refused" } else { "revoked" };
            assert_eq!(outcome.word(), expected, "{} at {system:?}", user_of(row));
        }
        let left = emulator.am().sessions().into_iter().map(|row| row.user);
        // The session of the token that is printed at start was one of those to end.
        assert_eq!(left.collect::<Vec<_>>(), ["dsameuser", "amadmin"]);
        assert_eq!(sent(&emulator, "logoutByHandle"), 3, "one for each realm");
    }
}

#[tokio::test]
async fn all_of_a_user_end_realm_by_realm() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let theirs = ["/", "/alpha", "/alpha", "/beta"].map(|r| sign_in(&emulator, "leaver", r));
        let stays = sign_in(&emulator, "stays", "/alpha");
        let api = signed_in(&profile(&emulator)).await;

        let ended = api.revoke_user(&everywhere("leaver")).await.unwrap();

        assert!(matches!(ended.outcome, Outcome::Revoked), "{ended:?}");
        assert_eq!((ended.before, ended.left), (Some(4), Some(0)), "{system:?}");
        assert!(theirs.iter().all(|row| !is_alive(&emulator, row)));
        assert!(is_alive(&emulator, &stays));
        let (action, other) = match system {
            Flavour::Pingam => ("logoutByUser", "logoutByHandle"),
            _ => ("logoutByHandle", "logoutByUser"),
        };
        let paths: Vec<String> = actions(&emulator)
            .into_iter()
            .filter(|(_, name)| name == action)
            .map(|(path, _)| path.replacen("/am/", "/openam/", 1))
            .collect();
        assert_eq!(
            paths,
            [
                "/openam/json/realms/root/sessions",
                "/openam/json/realms/root/realms/alpha/sessions",
                "/openam/json/realms/root/realms/beta/sessions",
            ],
            "{system:?}"
        );
        assert_eq!(sent(&emulator, other), 0, "{system:?}");
    }
}

#[tokio::test]
async fn a_server_without_an_operation_for_users_is_asked_for_it_once() {
    for status in [404, 501] {
        let emulator = quiet(Flavour::Pingam, AmOptions::default()).await;
        let theirs = ["/", "/alpha", "/beta"].map(|r| sign_in(&emulator, "leaver", r));
        let api = signed_in(&profile(&emulator)).await;
        let fault = format!(
            r#"{{"match":{{"method":"POST","path":"*/sessions"}},"times":1,"action":"status","code":{status}}}"#
        );
        emulator.set_faults(&[fault]).unwrap();

        let ended = api.revoke_user(&everywhere("leaver")).await.unwrap();

        assert!(matches!(ended.outcome, Outcome::Revoked), "{ended:?}");
        assert_eq!((ended.before, ended.left), (Some(3), Some(0)), "{status}");
        assert!(theirs.iter().all(|row| !is_alive(&emulator, row)));
        assert_eq!(sent(&emulator, "logoutByUser"), 1, "{status}");
        assert_eq!(sent(&emulator, "logoutByHandle"), 3, "{status}");
    }
}

#[tokio::test]
async fn what_is_counted_of_a_user_goes_by_the_servers_clock() {
    for system in BOTH {
        for hours in [-200, 200] {
            let emulator = quiet(system, AmOptions::default()).await;
            emulator.move_clock(hours * 3_600_000);
            let rows = ["/alpha", "/beta"].map(|r| sign_in(&emulator, "leaver", r));
            let api = signed_in(&profile(&emulator)).await;

            let ended = api.revoke_user(&everywhere("leaver")).await.unwrap();

            assert!(rows.iter().all(|row| !is_alive(&emulator, row)));
            assert!(
                matches!(ended.outcome, Outcome::Revoked),
                "{ended:?} at {system:?}, {hours} h ahead"
            );
            assert_eq!((ended.before, ended.left), (Some(2), Some(0)));
        }
    }
}

#[tokio::test]
async fn more_sessions_of_a_user_than_the_server_lists_end_all() {
    for system in BOTH {
        let am = AmOptions {
            list_limit: 10,
            ..AmOptions::default()
        };
        let emulator = quiet(system, am).await;
        let rows: Vec<_> = (0..25)
            .map(|_| sign_in(&emulator, "leaver", "/alpha"))
            .collect();
        let api = signed_in(&profile(&emulator)).await;
        let (listed, completeness) = find(&api, "user:leaver").await.unwrap();
        assert_eq!(listed.len(), 10);
        assert_eq!(
            completeness,
            usher::model::Completeness::Truncated { at: 10 }
        );

        let ended = api.revoke_user(&everywhere("leaver")).await.unwrap();

        assert!(matches!(ended.outcome, Outcome::Revoked), "{ended:?}");
        assert!(
            rows.iter().all(|row| !is_alive(&emulator, row)),
            "{system:?}"
        );
    }
}

#[tokio::test]
async fn sessions_that_the_client_keeps_are_reached_where_the_server_was_set_up_for_it() {
    for denylist in [false, true] {
        let am = AmOptions {
            client_side_realms: vec!["/alpha".into()],
            denylist,
            ..AmOptions::default()
        };
        let emulator = quiet(Flavour::Pingam, am).await;
        let hidden = sign_in(&emulator, "leaver", "/alpha");
        let listed = sign_in(&emulator, "leaver", "/beta");
        let api = signed_in(&profile(&emulator)).await;
        assert_eq!(find(&api, "user:leaver").await.unwrap().0.len(), 1);

        let ended = api.revoke_user(&everywhere("leaver")).await.unwrap();

        assert_eq!((ended.before, ended.left), (Some(1), Some(0)));
        assert!(!is_alive(&emulator, &listed));
        assert_eq!(is_alive(&emulator, &hidden), !denylist);
        // Asked there too, although nothing is listed there.
        assert_eq!(sent(&emulator, "logoutByUser"), 3);
    }
}

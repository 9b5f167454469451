//! Listing and ending sessions at servers of both lines.

use super::fake::{Fake, Kind, openam, pingam};
use super::*;
use usher::model::Outcome;

async fn crowd(kind: Kind) -> Fake {
    let fake = Fake::start(kind).await;
    for (token, user, realm) in [
        ("AQICt1*", "ann", "/alpha"),
        ("AQICt2*", "ann", "/alpha"),
        ("AQICt3*", "ann", "/beta"),
        ("AQICt4*", "bob", "/beta"),
        ("AQICt5*", "dsameuser", "/"),
    ] {
        fake.sign_in(token, user, realm);
    }
    fake
}

#[tokio::test]
async fn every_realm_is_listed_and_our_own_session_is_known() {
    for kind in [pingam(), openam()] {
        let fake = crowd(kind.clone()).await;
        let api = open(&profile(&fake));

        let (rows, completeness) = list(&api).await.unwrap();

        assert_eq!(rows.len(), 6, "{kind:?}");
        assert_eq!(completeness, Completeness::Complete);
        let own: Vec<_> = rows.iter().filter(|row| row.own == Some(true)).collect();
        assert_eq!(own.len(), 1, "{kind:?}");
        assert_eq!(user_of(own[0]), "amadmin");
    }
}

#[tokio::test]
async fn a_realm_without_sessions_is_an_empty_page_that_says_how_far_the_walk_is() {
    let fake = crowd(openam()).await;
    let api = open(&profile(&fake));
    let search = search("user:bob");
    let mut rows: Vec<Session> = Vec::new();
    let (mut at, mut pages) = (None, Vec::new());

    let completeness = loop {
        let end = api.search(&search, at.as_ref(), &mut rows).await.unwrap();
        let walk = end.walk.map(|walk| (walk.done, walk.of));
        pages.push((rows.len(), walk));
        at = end.next;
        if at.is_none() {
            break end.completeness;
        }
    };

    // The user has sessions in the last of three realms only.
    let expected = [(0, Some((1, Some(3)))), (0, Some((2, Some(3)))), (1, None)];
    assert_eq!(pages, expected);
    assert_eq!(completeness, Completeness::Complete);
}

#[tokio::test]
async fn a_list_in_pieces_is_followed_to_its_end() {
    let kind = Kind {
        piece: Some(2),
        ..pingam()
    };
    let fake = crowd(kind).await;
    for number in 0..5 {
        fake.sign_in(&format!("AQICx{number}*"), "cyd", "/alpha");
    }
    let api = open(&profile(&fake));

    let (rows, completeness) = list(&api).await.unwrap();

    assert_eq!(rows.len(), 11);
    assert_eq!(completeness, Completeness::Complete);
}

#[tokio::test]
async fn f_http_13_a_list_in_pieces_that_the_server_forgot_keeps_what_came() {
    for (status, number) in [("410 Gone", 410), ("400 Bad Request", 400)] {
        let kind = Kind {
            piece: Some(2),
            forgets: Some(status),
            ..pingam()
        };
        let fake = crowd(kind).await;
        let api = open(&profile(&fake));
        let search = search("user:ann");
        let mut rows: Vec<Session> = Vec::new();
        fake.sign_in("AQICt9*", "ann", "/alpha");

        let mut at = None;
        let error = loop {
            match api.search(&search, at.as_ref(), &mut rows).await {
                Ok(end) => at = Some(end.next.expect("the list is not whole")),
                Err(error) => break error,
            }
        };

        assert_eq!(rows.len(), 2);
        assert!(matches!(error, ApiError::Forgotten { .. }), "{error:?}");
        let told = error.to_string();
        assert!(told.starts_with("the server forgot this listing"), "{told}");
        let said = format!("answered {number}: no \"such\" cookie");
        assert!(told.contains(&said), "{told}");
    }
}

#[tokio::test]
async fn a_list_of_the_length_of_the_limit_is_called_cut() {
    let fake = Fake::start(openam()).await;
    for number in 0..120 {
        fake.sign_in(&format!("AQICx{number}*"), "cyd", "/alpha");
    }
    let api = open(&profile(&fake));

    let (rows, completeness) = list(&api).await.unwrap();

    assert_eq!(rows.len(), 121);
    assert_eq!(completeness, Completeness::Truncated { at: 120 });
}

#[tokio::test]
async fn sessions_end_in_one_request_a_realm_and_are_read_back() {
    for kind in [pingam(), openam()] {
        let fake = crowd(kind.clone()).await;
        let api = open(&profile(&fake));
        let (rows, _) = list(&api).await.unwrap();
        let keys: Vec<_> = rows
            .iter()
            .filter(|row| user_of(row) == "ann")
            .map(|row| row.key.clone())
            .collect();

        let outcomes = api.revoke(&keys).await.unwrap();

        assert!(
            matches!(
                outcomes[..],
                [Outcome::Revoked, Outcome::Revoked, Outcome::Revoked]
            ),
            "{outcomes:?} at {kind:?}"
        );
        assert_eq!(fake.asked("logoutByHandle").len(), 2);
        assert!(fake.is_alive("AQICt4*"));
        let again = api.revoke(&keys[..1]).await.unwrap();
        assert!(matches!(again[..], [Outcome::AlreadyGone]), "{again:?}");
        assert_eq!(fake.asked("logoutByHandle").len(), 2);
    }
}

#[tokio::test]
async fn f_del_06_a_yes_of_the_server_is_not_believed_while_it_still_lists_the_session() {
    let kind = Kind {
        keeps: true,
        ..openam()
    };
    let fake = crowd(kind).await;
    let api = open(&profile(&fake));
    let (rows, _) = list(&api).await.unwrap();
    let bob = rows.iter().find(|row| user_of(row) == "bob").unwrap();

    let outcomes = api.revoke(std::slice::from_ref(&bob.key)).await.unwrap();
    let ended = api.revoke_user(&everywhere("bob")).await.unwrap();

    assert!(
        matches!(outcomes[..], [Outcome::StillListed]),
        "{outcomes:?}"
    );
    assert!(matches!(ended.outcome, Outcome::StillListed), "{ended:?}");
    assert_eq!((ended.before, ended.left), (Some(1), Some(1)));
}

#[tokio::test]
async fn the_server_itself_and_the_operator_are_left_alone_in_a_bulk() {
    for kind in [pingam(), openam()] {
        let fake = crowd(kind.clone()).await;
        let api = open(&profile(&fake));
        let (rows, _) = list(&api).await.unwrap();
        let keys: Vec<_> = rows
            .iter()
            .filter(|row| row.own != Some(true))
            .map(|row| row.key.clone())
            .collect();

        let outcomes = api.revoke(&keys).await.unwrap();

        let refused = outcomes.iter().filter(|o| matches!(o, Outcome::Refused(_)));
        assert_eq!(refused.count(), 1, "{outcomes:?} at {kind:?}");
        assert!(fake.is_alive("AQICt5*") && fake.is_alive(CALLER));
        let said = api.revoke_user(&everywhere("dsameuser")).await.unwrap_err();
        assert_eq!(said.exit_code(), 9, "{said}");
        let said = api.revoke_user(&everywhere(" ")).await.unwrap_err();
        assert_eq!(said.exit_code(), 2, "{said}");
    }
}

#[tokio::test]
async fn all_of_a_user_end_by_the_servers_own_operation_where_there_is_one() {
    for (kind, own) in [(pingam(), 3), (openam(), 0)] {
        let fake = crowd(kind.clone()).await;
        let api = open(&profile(&fake));

        let ended = api.revoke_user(&everywhere("ann")).await.unwrap();

        assert!(matches!(ended.outcome, Outcome::Revoked), "{ended:?}");
        assert_eq!((ended.before, ended.left), (Some(3), Some(0)), "{kind:?}");
        assert_eq!(fake.asked("logoutByUser").len(), own, "{kind:?}");
        assert!(fake.is_alive("AQICt4*") && fake.is_alive(CALLER));
    }
}

#[tokio::test]
async fn without_that_operation_the_sessions_end_one_by_one() {
    for kind in [
        Kind {
            by_user: false,
            ..pingam()
        },
        Kind {
            versions: vec![(3, 0), (3, 1), (4, 0)],
            ..pingam()
        },
    ] {
        let fake = crowd(kind.clone()).await;
        let api = open(&profile(&fake));

        let ended = api.revoke_user(&everywhere("ann")).await.unwrap();

        assert!(matches!(ended.outcome, Outcome::Revoked), "{ended:?}");
        assert!(
            !fake.is_alive("AQICt1*") && !fake.is_alive("AQICt3*"),
            "{kind:?}"
        );
        assert_eq!(fake.asked("logoutByUser").len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn ending_all_of_the_operators_sessions_spares_the_one_in_use() {
    for kind in [pingam(), openam()] {
        let fake = crowd(kind.clone()).await;
        fake.sign_in("AQICt9*", "amadmin", "/");
        let api = open(&profile(&fake));

        let ended = api.revoke_user(&everywhere("amadmin")).await.unwrap();

        assert!(
            fake.is_alive(CALLER) && !fake.is_alive("AQICt9*"),
            "{kind:?}"
        );
        assert_eq!((ended.before, ended.left), (Some(1), Some(0)));
        assert!(matches!(ended.outcome, Outcome::Revoked), "{ended:?}");
    }
}

#[tokio::test]
async fn only_the_realm_of_the_subject_is_touched_if_it_names_one() {
    for kind in [pingam(), openam()] {
        let fake = crowd(kind).await;
        let api = open(&profile(&fake));
        let subject = Subject {
            scope: Some("/alpha".into()),
            ..everywhere("ann")
        };

        let ended = api.revoke_user(&subject).await.unwrap();

        assert_eq!((ended.before, ended.left), (Some(2), Some(0)));
        assert!(fake.is_alive("AQICt3*"));
    }
}

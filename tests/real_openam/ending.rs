//! Sessions that are ended, sessions that are left alone, and actions on tokens.

use super::*;

#[tokio::test]
async fn the_servers_own_sessions_and_ours_are_left_alone() {
    let Some(world) = World::find("the_servers_own_sessions_and_ours_are_left_alone").await else {
        return;
    };
    let api = open(&profile(&world, &["/"]));
    let before = world.list("/", Some("dsameuser")).await;
    let service: Vec<_> = rows(&api, vec![clause(Field::User, "dsameuser")]).await;
    let mine = rows(&api, vec![clause(Field::User, &world.admin)]).await;
    let own: Vec<_> = mine.iter().filter(|row| row.own == Some(true)).collect();

    assert!(!service.is_empty());
    assert!(
        service
            .iter()
            .all(|row| matches!(row.deletable, Deletable::No(_)))
    );
    assert_eq!(own.len(), 1);
    let keys: Vec<_> = service
        .iter()
        .chain(own.iter().copied())
        .map(|row| row.key.clone())
        .collect();
    let outcomes = api.revoke(&keys).await.unwrap();
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Refused(_))),
        "{outcomes:?}"
    );
    assert_eq!(world.list("/", Some("dsameuser")).await, before);
    api.whoami().await.unwrap();
    api.sign_out().await.unwrap();
}

#[tokio::test]
async fn what_is_no_handle_is_never_sent() {
    let Some(world) = World::find("what_is_no_handle_is_never_sent").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("k")).await;
    let user = world.fresh("ida");
    world.user("/", &user).await;
    let victim = world.sign_in(&user, &realm, 1).await.remove(0);
    let api = open(&profile(&world, &[&realm]));
    let handle = world.list(&realm, Some(&user)).await.remove(0).handle;
    let keys = [victim.clone(), "shandle:garbage".into(), String::new()];
    let keys = keys.map(usher::model::SessionKey::new);

    let outcomes = api.revoke(&keys).await.unwrap();

    assert!(
        matches!(
            outcomes[..],
            [
                Outcome::Refused(_),
                Outcome::AlreadyGone,
                Outcome::Refused(_)
            ]
        ),
        "{outcomes:?}"
    );
    assert!(world.is_valid(&victim).await);
    let bare = [usher::model::SessionKey::new(handle)];
    let outcomes = api.revoke(&bare).await.unwrap();
    assert!(matches!(outcomes[..], [Outcome::Revoked]), "{outcomes:?}");
    assert!(!world.is_valid(&victim).await);
    api.sign_out().await.unwrap();
}

#[tokio::test]
async fn actions_on_a_token_hit_that_session_and_not_ours() {
    let Some(world) = World::find("actions_on_a_token_hit_that_session_and_not_ours").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("t")).await;
    let user = world.fresh("jim");
    world.user("/", &user).await;
    world.list_properties(&realm, &["mood", "desk"]).await;
    let held = world.sign_in(&user, &realm, 1).await.remove(0);
    let api = open(&profile(&world, &[&realm]));
    api.whoami().await.unwrap();

    let info = act(&api, "get_session_info", token(&held), &[])
        .await
        .unwrap();
    assert_eq!(
        (value(&info, "username"), value(&info, "realm")),
        (&*user, &*realm)
    );
    let told = act(&api, "validate", token(&held), &[]).await.unwrap();
    assert_eq!(
        (value(&told, "valid"), value(&told, "uid")),
        ("true", &*user)
    );
    let told = act(&api, "refresh", token(&held), &[]).await.unwrap();
    assert_eq!(
        (value(&told, "uid"), value(&told, "maxidletime")),
        (&*user, "30 min")
    );
    let pairs = [("mood", "calm")];
    let told = act(&api, "update_session_properties", token(&held), &pairs)
        .await
        .unwrap();
    assert_eq!(told.summary, "the properties were changed");
    let told = act(&api, "get_session_properties", token(&held), &[])
        .await
        .unwrap();
    assert_eq!((value(&told, "mood"), value(&told, "desk")), ("calm", ""));
    let said = act(
        &api,
        "update_session_properties",
        token(&held),
        &[("moood", "x")],
    )
    .await;
    let said = said.unwrap_err().to_string();
    assert!(said.contains("it lists desk, mood"), "{said}");

    let ended = act(&api, "logout", token(&held), &[]).await.unwrap();
    assert!(matches!(ended.outcome, Some(Outcome::Revoked)), "{ended:?}");
    assert!(!world.is_valid(&held).await);
    api.whoami().await.unwrap();
    let again = act(&api, "logout", token(&held), &[]).await.unwrap();
    assert!(
        matches!(again.outcome, Some(Outcome::AlreadyGone)),
        "{again:?}"
    );
    for action in ["get_session_info", "refresh", "get_session_properties"] {
        let said = act(&api, action, token(&held), &[]).await.unwrap_err();
        assert_eq!(said, ApiError::NotFound, "{action}");
    }
    let told = act(&api, "validate", token(&held), &[]).await.unwrap();
    assert_eq!(told.summary, "the token is not valid");
    api.sign_out().await.unwrap();
}

#[tokio::test]
async fn what_this_server_lacks_is_said_and_not_sent() {
    let Some(world) = World::find("what_this_server_lacks_is_said_and_not_sent").await else {
        return;
    };
    let api = open(&profile(&world, &["/"]));
    api.whoami().await.unwrap();

    let said = act(
        &api,
        "get_session_info_and_reset_idle_time",
        token("x"),
        &[],
    )
    .await;

    assert_eq!(
        said.unwrap_err().to_string(),
        "getSessionInfoAndResetIdleTime is not possible with OpenAM"
    );
    let table = act(
        &api,
        "query",
        ActionTarget::Nothing,
        &[("filter", "username eq \"dsameuser\" and realm eq \"/\"")],
    )
    .await
    .unwrap();
    assert!(matches!(table.body, ActionBody::Table { .. }), "{table:?}");
    let said = act(&api, "query", ActionTarget::Nothing, &[("filter", "true")]).await;
    let said = said.unwrap_err().to_string();
    assert!(said.contains("the server fails at this filter"), "{said}");
    api.sign_out().await.unwrap();
}

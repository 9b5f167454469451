//! Lists: over realms, of one person, cut, and of those who may not see all.

use super::*;

#[tokio::test]
async fn three_users_in_two_realms_are_one_table_and_end_as_asked() {
    let Some(world) = World::find("three_users_in_two_realms").await else {
        return;
    };
    let a = world.realm("/", &world.fresh("a")).await;
    let b = world.realm(&a, &world.fresh("b")).await;
    let names: Vec<String> = ["ann", "bob", "cyd"].map(|n| world.fresh(n)).to_vec();
    for name in &names {
        world.user("/", name).await;
        world.sign_in(name, &a, 2).await;
        world.sign_in(name, &b, 1).await;
    }
    let [ann, bob, _] = &names[..] else {
        panic!("three names")
    };
    let api = open(&profile(&world, &[&a, &b]));

    let (table, completeness) = all(&api, vec![]).await.unwrap();
    assert_eq!(table.len(), 9);
    assert_eq!(completeness, Completeness::Complete);
    assert_eq!(rows(&api, vec![clause(Field::User, ann)]).await.len(), 3);
    assert_eq!(rows(&api, vec![clause(Field::Scope, &b)]).await.len(), 3);
    let both = vec![clause(Field::User, ann), clause(Field::Scope, &a)];
    assert_eq!(rows(&api, both).await.len(), 2);
    for row in &table {
        assert_eq!(row.deletable, Deletable::Yes);
        assert_eq!(row.own, Some(false));
        let word = state_at(
            row.fact,
            row.created,
            row.last_used,
            row.expires,
            Thresholds::default(),
            Utc::now(),
        );
        assert_eq!(word, State::Active);
    }

    let one = table.iter().find(|row| user_of(row) == ann).unwrap();
    assert_eq!(api.get(&one.key).await.unwrap().label, one.label);
    let ended = api.revoke(std::slice::from_ref(&one.key)).await.unwrap();
    assert!(matches!(ended[..], [Outcome::Revoked]), "{ended:?}");
    assert_eq!(count(&world, &[&a, &b], ann).await, 2);
    let again = api.revoke(std::slice::from_ref(&one.key)).await.unwrap();
    assert!(matches!(again[..], [Outcome::AlreadyGone]), "{again:?}");
    assert_eq!(api.get(&one.key).await.unwrap_err(), ApiError::NotFound);

    let everywhere = Subject {
        name: Some(bob.as_str().into()),
        ..Subject::default()
    };
    let ended = api.revoke_user(&everywhere).await.unwrap();
    assert!(matches!(ended.outcome, Outcome::Revoked), "{ended:?}");
    assert_eq!((ended.before, ended.left), (Some(3), Some(0)));
    assert_eq!(count(&world, &[&a, &b], bob).await, 0);
    assert_eq!(world.list(&a, None).await.len(), 3);
    assert_eq!(world.list(&b, None).await.len(), 2);
    let nobody = api.revoke_user(&everywhere).await.unwrap();
    assert!(matches!(nobody.outcome, Outcome::AlreadyGone), "{nobody:?}");
    api.sign_out().await.unwrap();
}

#[tokio::test]
async fn names_with_hostile_letters_are_found_exactly() {
    let Some(world) = World::find("names_with_hostile_letters_are_found_exactly").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("n")).await;
    let api = open(&profile(&world, &[&realm]));
    let mut names: Vec<String> = Vec::new();
    for form in [
        "we\"ird",
        "back\\slash",
        "o'hara",
        "a b",
        "x,y",
        "plus+eq=",
        "%25pct",
        "日本",
    ] {
        let name = world.fresh(form);
        world.user("/", &name).await;
        names.push(name);
    }
    for name in names.iter().filter(|name| name.is_ascii()) {
        world.sign_in(name, &realm, 1).await;
    }

    for name in &names {
        let found = rows(&api, vec![clause(Field::User, name)]).await;

        assert_eq!(found.len(), usize::from(name.is_ascii()), "{name}");
        assert!(found.iter().all(|row| user_of(row) == name), "{name}");
    }
    let outcome = api
        .revoke_user(&Subject {
            name: Some(names[0].as_str().into()),
            ..Subject::default()
        })
        .await
        .unwrap();
    assert!(matches!(outcome.outcome, Outcome::Revoked), "{outcome:?}");
    assert_eq!(world.list(&realm, None).await.len(), 6);
    api.sign_out().await.unwrap();
}

#[tokio::test]
async fn a_list_that_the_server_cuts_is_told_and_narrowed_by_user() {
    let Some(world) = World::find("a_list_that_the_server_cuts_is_told").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("crowd")).await;
    let quiet = world.realm("/", &world.fresh("quiet")).await;
    let (one, two) = (world.fresh("eve"), world.fresh("fay"));
    for name in [&one, &two] {
        world.user("/", name).await;
        world.sign_in(name, &realm, 65).await;
    }
    world.sign_in(&one, &quiet, 1).await;
    let api = open(&profile(&world, &[&realm, &quiet]));

    let (listed, completeness) = all(&api, vec![]).await.unwrap();

    assert_eq!(listed.len(), 121);
    assert_eq!(completeness, Completeness::Truncated { at: 120 });
    for name in [&one, &two] {
        let clauses = vec![clause(Field::User, name), clause(Field::Scope, &realm)];
        let (narrowed, completeness) = all(&api, clauses).await.unwrap();
        assert_eq!(narrowed.len(), 65);
        assert_eq!(completeness, Completeness::Complete);
    }
    let keys: Vec<_> = listed.iter().map(|row| row.key.clone()).collect();
    let outcomes = api.revoke(&keys).await.unwrap();
    let revoked = outcomes
        .iter()
        .filter(|o| matches!(o, Outcome::Revoked))
        .count();
    assert_eq!(revoked, 121, "{outcomes:?}");
    assert_eq!(world.list(&realm, None).await.len(), 10);
    api.sign_out().await.unwrap();
}

#[tokio::test]
async fn a_delegated_administrator_is_told_before_anything_is_sent() {
    let Some(world) = World::find("a_delegated_administrator_is_told").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("d")).await;
    let (boss, user) = (world.fresh("boss"), world.fresh("gus"));
    world.user(&realm, &boss).await;
    world.user(&realm, &user).await;
    world.delegate(&realm, &boss, &world.fresh("ops")).await;
    let victim = world.sign_in(&user, &realm, 1).await.remove(0);
    let mut profile = profile(&world, &["/"]);
    profile.own.set("realms", "all");
    profile.login = Login::Password {
        user: boss.clone(),
        password: plain(world.test_password()),
    };
    profile.own.set("realm", realm.as_str());
    let api = open(&profile);

    api.whoami().await.unwrap();
    let caps = api.caps();
    let (table, _) = all(&api, vec![]).await.unwrap();

    assert_eq!(
        caps.notes,
        [format!(
            "may only list {realm} and end nothing: this server lets only its super user \
             (amadmin) end sessions from the list"
        )]
    );
    let row = table.iter().find(|row| user_of(row) == user).unwrap();
    assert!(matches!(row.deletable, Deletable::No(_)), "{row:?}");
    assert!(table.iter().any(|row| row.own == Some(true)));
    let said = api
        .revoke(std::slice::from_ref(&row.key))
        .await
        .unwrap_err();
    assert_eq!(said.exit_code(), 9, "{said}");
    let said = api.revoke_user(&row.subject).await.unwrap_err();
    assert_eq!(said.exit_code(), 9, "{said}");
    let refresh = caps.actions().find(|a| a.name == "refresh").unwrap();
    assert!(refresh.lacks.is_some());
    assert!(world.is_valid(&victim).await);

    // He may still end a session whose token he holds.
    let ended = act(&api, "logout", token(&victim), &[]).await.unwrap();
    assert!(
        matches!(ended.outcome, Some(Outcome::Unknown(_))),
        "{ended:?}"
    );
    assert!(!world.is_valid(&victim).await);
    api.sign_out().await.unwrap();
}

#[tokio::test]
async fn who_may_list_nothing_is_told_which_realm() {
    let Some(world) = World::find("who_may_list_nothing_is_told_which_realm").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("o")).await;
    let user = world.fresh("hal");
    world.user(&realm, &user).await;
    let mut profile = profile(&world, &["/", &realm]);
    profile.login = Login::Password {
        user,
        password: plain(world.test_password()),
    };
    profile.own.set("realm", realm.as_str());

    let said = all(&open(&profile), vec![]).await.unwrap_err();
    profile.own.set("realms", "all");
    let api = open(&profile);
    api.whoami().await.unwrap();

    assert_eq!(
        said.to_string(),
        format!("not allowed: the sessions of /, {realm} may not be listed")
    );
    let own = format!("so only {realm} is searched");
    assert!(api.caps().notes.iter().any(|note| note.contains(&own)));
}

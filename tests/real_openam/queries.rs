//! Every way to narrow a list, and every realm of the server.

use super::*;

#[tokio::test]
async fn every_field_of_a_query_finds_what_it_says() {
    let Some(world) = World::find("every_field_of_a_query_finds_what_it_says").await else {
        return;
    };
    let a = world.realm("/", &world.fresh("qa")).await;
    let b = world.realm(&a, &world.fresh("qb")).await;
    let (ann, bob) = (world.fresh("ann"), world.fresh("bob"));
    for (name, in_a, in_b) in [(&ann, 2, 1), (&bob, 1, 2)] {
        world.user("/", name).await;
        world.sign_in(name, &a, in_a).await;
        world.sign_in(name, &b, in_b).await;
    }
    let program = Program::admin(&world, &[&a, &b]);
    let all = program.list("");
    assert_eq!(all.len(), 6);
    let text = |name: &str| all[0][name].as_str().unwrap().to_owned();

    for (query, expected) in [
        (format!("user:{ann}"), 3),
        (format!("user:{}", ann.to_uppercase()), 3),
        (format!("state:active -user:{ann}"), 3),
        (format!("user:{ann},{bob}"), 6),
        (format!("user:{}*", &ann[..5]), 3),
        (format!("user~^{bob}$"), 3),
        (ann.clone(), 3),
        (format!("user.id:\"{}\"", text("user_id")), 2),
        (format!("id:\"{}\"", text("id")), 1),
        (format!("scope:{a}"), 3),
        (format!("scope:{b} user:{ann}"), 1),
        (format!("state:active -scope:{a} -user:{ann}"), 2),
        ("scope:/no-such-realm".into(), 0),
        ("user:nobody-at-all".into(), 0),
        ("state:active".into(), 6),
        ("state:expired".into(), 0),
        ("used>now-1h".into(), 6),
        ("used<now-1h".into(), 0),
        ("idle<1h".into(), 6),
        ("expires>now".into(), 6),
        ("expires>now+3h".into(), 0),
        ("@maxSessionExpirationTime~^20".into(), 6),
    ] {
        let found = program.list(&query);

        // A user id is one of the user in one realm, and the first row has either.
        let fits = if query.starts_with("user.id") {
            all.iter()
                .filter(|row| row["user_id"] == all[0]["user_id"])
                .count()
        } else {
            expected
        };
        assert_eq!(found.len(), fits, "{query}");
    }
    let native = format!("username eq \"{ann}\" and realm eq \"{b}\"");
    let ran = program
        .run(&["list", "--native", &native, "-o", "jsonl"])
        .ends(0);
    assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
    let ran = program.run(&["list", "--native", "true", "-o", "jsonl"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out, "");
}

#[tokio::test]
async fn all_realms_are_read_to_the_end_and_each_row_comes_once() {
    let Some(world) = World::find("all_realms_are_read_to_the_end").await else {
        return;
    };
    let a = world.realm("/", &world.fresh("ra")).await;
    let b = world.realm(&a, &world.fresh("rb")).await;
    let shut = world.inactive_realm("/", &world.fresh("rc")).await;
    let user = world.fresh("uma");
    world.user("/", &user).await;
    world.sign_in(&user, "/", 1).await;
    world.sign_in(&user, &a, 70).await;
    world.sign_in(&user, &b, 60).await;
    let login = format!(
        "method = \"password\"\nuser = \"{}\"\npassword = {{ env = \"AM_PASSWORD\" }}\n",
        world.admin
    );
    let program = Program::with(&world, &world.password, "realms = \"all\"\n", &login);

    let ids = program.ids(&format!("user:{user}"));

    let once: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), once.len()), (131, 131));
    let mut expected = Vec::new();
    for realm in ["/", &a, &b] {
        let listed = world.list(realm, Some(&user)).await;
        expected.extend(listed.into_iter().map(|session| session.handle));
    }
    for handle in expected {
        assert!(ids.iter().any(|id| id.starts_with(&handle)), "{handle}");
    }
    // Where nobody can sign in there is nothing to find, and that is no failure.
    assert_eq!(program.list(&format!("scope:{shut}")).len(), 0);
    program.run(&["doctor"]).ends(0);
    program.run(&["revoke", "--user", &user, "--yes"]).ends(0);
    assert_eq!(count(&world, &["/", &a, &b], &user).await, 0);
}

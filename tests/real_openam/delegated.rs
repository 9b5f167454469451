//! An administrator of one realm, and somebody who is none, at the prompt.

use super::*;

#[tokio::test]
async fn an_administrator_of_a_realm_sees_it_and_is_told_what_he_may_not_do() {
    let Some(world) = World::find("an_administrator_of_a_realm_sees_it").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("pd")).await;
    let (user, boss) = (world.fresh("ned"), world.fresh("pam"));
    world.user(&realm, &user).await;
    world.user(&realm, &boss).await;
    world.delegate(&realm, &boss, &world.fresh("ops")).await;
    let held = world.sign_in(&user, &realm, 2).await.remove(0);
    let before = world.list(&realm, Some(&user)).await;
    let program = Program::new(&world, &boss, world.test_password(), &realm, &[&realm]);
    let only = "lets only its super user (amadmin)";
    let note = format!("may only list {realm} and end nothing");

    let rows = program.list(&format!("user:{user}"));
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert_eq!(row["deletable"], false);
        let why = row["not_deletable_because"].as_str().unwrap();
        assert!(why.contains(only), "{why}");
    }
    let who = program.run(&["whoami"]).ends(0).says(&note);
    assert!(
        who.out.contains(&boss) && who.out.contains("not the super user"),
        "{who:?}"
    );
    program.run(&["doctor"]).ends(0).says(&note);
    let actions = program.run(&["actions", "-o", "json"]).ends(0).json();
    for (name, may_not) in [
        ("refresh", true),
        ("logout_by_handle", true),
        ("logout_by_user", true),
        ("logout", false),
        ("validate", false),
        ("query", false),
    ] {
        let all = actions.as_array().unwrap();
        let spec = all.iter().find(|spec| spec["action"] == name).unwrap();
        assert_eq!(spec["lacks"].is_string(), may_not, "{spec}");
    }

    let id = rows[0]["id"].as_str().unwrap();
    program.run(&["revoke", id, "--yes"]).ends(9).says(only);
    let all = ["revoke", "--user", &user, "--yes"];
    program.run(&all).ends(9).says(only);
    let handle = ["act", "logout_by_handle", "--id", id, "--yes"];
    program.run(&handle).fails(2, only);
    let file = program.file("held", &held);
    let refresh = ["act", "refresh", "--token", &file, "--yes"];
    program.run(&refresh).fails(2, only);
    let look = ["act", "get_session_info", "--token", &file];
    program.run(&look).fails(9, "not allowed");
    assert_eq!(world.list(&realm, Some(&user)).await, before);

    // He may still end a session whose token he holds.
    let logout = ["act", "logout", "--token", &file, "--yes"];
    program
        .run(&logout)
        .ends(3)
        .says("may not check whether the token still works");
    assert!(!world.is_valid(&held).await);
}

#[tokio::test]
async fn who_is_no_administrator_is_told_which_realm_he_may_not_list() {
    let Some(world) = World::find("who_is_no_administrator_is_told").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("pn")).await;
    let user = world.fresh("qi");
    world.user(&realm, &user).await;
    let program = Program::new(&world, &user, world.test_password(), &realm, &["/", &realm]);

    program.run(&["whoami"]).ends(0).says(&user);

    let ran = program.run(&["list"]);
    ran.fails(9, &format!("the sessions of /, {realm} may not be listed"));
}

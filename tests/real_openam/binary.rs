//! The main scenario through the real program: found, narrowed, ended, written down.

use super::*;

#[tokio::test]
async fn three_users_in_two_realms_are_listed_and_ended_as_told() {
    let Some(world) = World::find("three_users_in_two_realms_are_listed_and_ended_as_told").await
    else {
        return;
    };
    let a = world.realm("/", &world.fresh("pa")).await;
    let b = world.realm(&a, &world.fresh("pb")).await;
    let [lea, max, eva] = ["lea", "max", "eva"].map(|name| world.fresh(name));
    for name in [&lea, &max, &eva] {
        world.user("/", name).await;
        world.sign_in(name, &a, 2).await;
    }
    // Not everybody is in the second realm: an empty list must not end the reading.
    world.sign_in(&lea, &b, 1).await;
    world.sign_in(&max, &b, 2).await;
    let program = Program::admin(&world, &[&a, &b]);

    assert_eq!(program.list("").len(), 9);
    assert_eq!(program.list(&format!("scope:{b}")).len(), 3);
    assert_eq!(program.list(&format!("user:{eva}")).len(), 2);
    let theirs = program.ids(&format!("user:{max}"));
    assert_eq!(theirs.len(), 4);

    let ran = program.run(&["revoke", &theirs[0], "--yes"]).ends(0);
    assert!(ran.err.contains("ended 1"), "{ran:?}");
    assert_eq!(count(&world, &[&a, &b], &max).await, 3);
    // By its id alone nobody can tell that it has ended from that it never was.
    let again = program.run(&["revoke", &theirs[0], "--yes"]).ends(7);
    assert!(again.err.contains("not found 1"), "{again:?}");

    program.run(&["revoke", "--user", &lea, "--yes"]).ends(0);
    assert_eq!(count(&world, &[&a, &b], &lea).await, 0);
    assert_eq!(count(&world, &[&a, &b], &max).await, 3);

    let listed = program.run(&["list", &format!("user:{max}"), "-o", "jsonl"]);
    let ended = program.run_with(&["revoke", "-", "--yes"], &listed.out);
    assert!(ended.ends(0).err.contains("ended 3"), "{listed:?}");
    assert_eq!(count(&world, &[&a, &b], &max).await, 0);
    let once_more = program.run_with(&["revoke", "-", "--yes"], &listed.out);
    assert!(once_more.ends(0).err.contains("already gone 3"));

    let left: Vec<_> = world.list(&a, None).await;
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|session| session.user == eva), "{left:?}");
    assert_eq!(program.list("").len(), 2);
    program
        .run(&["audit", "--verify"])
        .ends(0)
        .says("each fits its seal");
}

#[tokio::test]
async fn a_list_that_the_server_cuts_is_said_at_the_prompt_and_on_the_screen() {
    let Some(world) = World::find("a_list_that_the_server_cuts_is_said").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("pc")).await;
    let (many, few) = (world.fresh("ned"), world.fresh("oda"));
    for (user, times) in [(&many, 121), (&few, 9)] {
        world.user("/", user).await;
        world.sign_in(user, &realm, times).await;
    }
    let program = Program::admin(&world, &[&realm]);

    let ran = program.run(&["list", "-o", "jsonl"]).ends(0);
    assert_eq!(ran.out.lines().count(), 120);
    assert!(ran.err.contains("120"), "{}", ran.err);
    let narrowed = program.run(&["list", &format!("user:{few}"), "-o", "jsonl"]);
    assert_eq!(narrowed.out.lines().count(), 9);
    assert_eq!(narrowed.err, "");
    let filter = format!("filter=realm eq \"{realm}\"");
    let ran = program.run(&["act", "query", &filter]).ends(0);
    ran.says("120 sessions; the server cuts its lists there");

    let mut pty = program.terminal(&[]);
    pty.wait_for("the server stops at 120");
    pty.wait_for("stopped at 120 a realm");
    pty.keys("\x1bq");
    assert_eq!(pty.exit_code(), 0);

    // More than one list holds is ended round by round.
    let ran = program.run(&["revoke", "--user", &many, "--yes"]).ends(0);
    assert_eq!(world.list(&realm, Some(&many)).await, [], "{ran:?}");
    assert_eq!(world.list(&realm, None).await.len(), 9);
}

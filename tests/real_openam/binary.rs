//! The scenarios through the real program.

use super::*;

#[tokio::test]
async fn the_program_lists_and_ends_what_it_is_told_to() {
    let Some(world) = World::find("the_program_lists_and_ends_what_it_is_told_to").await else {
        return;
    };
    let a = world.realm("/", &world.fresh("pa")).await;
    let b = world.realm("/", &world.fresh("pb")).await;
    let (lea, max) = (world.fresh("lea"), world.fresh("max"));
    for name in [&lea, &max] {
        world.user("/", name).await;
    }
    // The first realm has none of the second user: an empty list must not end the reading.
    world.sign_in(&lea, &a, 2).await;
    world.sign_in(&lea, &b, 1).await;
    world.sign_in(&max, &b, 2).await;
    let program = Program::new(&world, &world.admin, &world.password, "/", &[&a, &b]);

    assert_eq!(program.list("").len(), 5);
    assert_eq!(program.list(&format!("scope:{b}")).len(), 3);
    let mine = program.list(&format!("user:{max}"));
    assert_eq!(mine.len(), 2);
    let id = mine[0]["id"].as_str().unwrap();
    let (code, out, err) = program.run(&["revoke", id, "--yes"]);
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(world.list(&b, Some(&max)).await.len(), 1);
    let (code, out, err) = program.run(&["revoke", "--user", &lea, "--yes"]);
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(count(&world, &[&a, &b], &lea).await, 0);
    assert_eq!(world.list(&b, None).await.len(), 1);
    assert_eq!(program.list("").len(), 1);
    let (code, _, err) = program.run(&["logout"]);
    assert_eq!(code, 0, "{err}");
}

#[tokio::test]
async fn the_program_says_that_a_list_is_cut_and_who_may_not_revoke() {
    let Some(world) = World::find("the_program_says_that_a_list_is_cut").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("pc")).await;
    let (user, boss) = (world.fresh("ned"), world.fresh("pam"));
    world.user("/", &user).await;
    world.user("/", &boss).await;
    world.sign_in(&user, &realm, 130).await;
    let program = Program::new(&world, &world.admin, &world.password, "/", &[&realm]);

    let (code, out, err) = program.run(&["list", "-o", "jsonl"]);

    assert_eq!((code, out.lines().count()), (0, 120), "{err}");
    assert!(err.contains("120"), "{err}");
    let (_, _, err) = program.run(&["logout"]);
    assert!(err.contains("revoked"), "{err}");

    world.delegate(&realm, &boss, &world.fresh("ops")).await;
    let program = Program::new(&world, &boss, world.test_password(), &realm, &[&realm]);
    let rows = program.list(&format!("user:{user}"));
    let id = rows[0]["id"].as_str().unwrap();
    let why = rows[0]["not_deletable_because"].as_str().unwrap();
    assert!(why.contains("amadmin"), "{why}");
    let before = world.list(&realm, Some(&user)).await.len();
    let (code, out, err) = program.run(&["revoke", id, "--yes"]);
    assert_ne!(code, 0, "{out}{err}");
    assert!(format!("{out}{err}").contains("amadmin"), "{out}{err}");
    assert_eq!(world.list(&realm, Some(&user)).await.len(), before);
}

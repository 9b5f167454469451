//! Sessions that ended by themselves and are still listed.

use super::*;

/// The server takes an ended session off its list 20 to 36 s late.
const LONGEST: Duration = Duration::from_secs(150);

#[tokio::test]
async fn a_session_past_its_idle_time_is_shown_as_expired_and_left_out() {
    let Some(world) = World::find("a_session_past_its_idle_time_is_shown_as_expired").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("i")).await;
    world.idle_minutes(&realm, 1).await;
    let user = world.fresh("ivo");
    world.user("/", &user).await;
    let early = world.sign_in(&user, &realm, 2).await.remove(0);
    let program = Program::admin(&world, &[&realm]);
    let query = format!("user:{user}");
    let begun = Instant::now();
    assert_eq!(program.list("state:active,expiring").len(), 2);
    let mut late = 0;
    let expired = loop {
        assert!(begun.elapsed() < LONGEST, "they were not listed as expired");
        // Some that live beside those that have ended.
        if late < 2 && begun.elapsed() > Duration::from_secs(40) {
            late += world.sign_in(&user, &realm, 2).await.len();
        }
        // Both of the early ones: their times end within the same second, but not at the same moment.
        let rows = program.list("state:expired");
        if rows.len() == 2 {
            break rows;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };

    let listed = world.list(&realm, Some(&user)).await;
    let ran = program.run(&["revoke", "--query", &query, "--yes", "-o", "jsonl"]);
    let again = program.run(&["revoke", "--user", &user, "--yes"]).ends(0);

    assert!(begun.elapsed() > Duration::from_secs(55), "{expired:?}");
    for row in &expired {
        let id = row["id"].as_str().unwrap();
        assert!(
            listed.iter().any(|one| id.starts_with(&one.handle)),
            "{row}"
        );
    }
    let ran = ran.ends(0);
    let outcomes: Vec<serde_json::Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let with = |word: &str| -> Vec<_> {
        let of = outcomes.iter().filter(|line| line["outcome"] == word);
        of.collect()
    };
    assert_eq!(with("revoked").len(), 2, "{ran:?}");
    assert!(!with("skipped").is_empty(), "{ran:?}");
    assert!(
        with("skipped")
            .iter()
            .all(|line| line["message"] == "expired")
    );
    assert!(again.err.contains("ended 0"), "{again:?}");
    // The server's clock counts in whole seconds, so it may be a moment behind.
    while world.is_valid(&early).await {
        assert!(begun.elapsed() < LONGEST, "it goes on");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let file = program.file("early", &early);
    let look = ["act", "get_session_info", "--token", &file];
    program.run(&look).fails(7, "no such session");
}

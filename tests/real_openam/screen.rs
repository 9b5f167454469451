//! The screen of the real program in a terminal, against the real server.

use super::*;

const DELETE: &str = "\x1b[3~";
/// From the field for the name to the second realm of the only system.
const SECOND_REALM: &str = "\x1b[A\x1b[C\x1b[C";

/// The screen with its rows loaded and the focus on the table.
fn table(program: &Program) -> Pty {
    let mut pty = program.terminal(&[]);
    pty.wait_for("all loaded");
    pty.keys("\x1b");
    pty.wait_for("╔═ Sessions");
    pty
}

/// Says yes as soon as the question takes it: the first moments count for nothing.
fn say_yes(pty: &mut Pty) {
    let end = Instant::now() + LIMIT;
    while pty.text().contains("End session?") {
        assert!(Instant::now() < end, "the question takes no answer");
        // Only an answer after a pause counts.
        pty.settle(Duration::from_secs(1));
        pty.keys("y");
        // A second `y` must not come after the box: it would open another one.
        let taken = Instant::now() + Duration::from_secs(1);
        while pty.text().contains("End session?") && Instant::now() < taken {
            pty.settle(Duration::from_millis(30));
        }
    }
}

/// Ends all sessions of the user under the cursor; where a second realm is named, only those of the first.
fn end_all(pty: &mut Pty, user: &str, left_out: Option<&str>) {
    pty.keys("U");
    pty.wait_for("End every session of");
    pty.wait_gone("asking …");
    pty.settle(Duration::from_millis(250));
    if let Some(realm) = left_out {
        pty.keys(&format!("{SECOND_REALM} "));
        pty.wait_for(&format!("({realm})"));
    }
    pty.keys(user);
    pty.settle(Duration::from_millis(250));
    pty.keys("\r");
    pty.wait_gone("End every session of");
    pty.wait_for("y copies this box as Markdown");
    let text = pty.text();
    assert!(text.contains(" 0 left"), "{text}");
}

#[tokio::test]
async fn sessions_are_found_and_ended_by_keys() {
    let Some(world) = World::find("sessions_are_found_and_ended_by_keys").await else {
        return;
    };
    let a = world.realm("/", &world.fresh("sa")).await;
    let b = world.realm("/", &world.fresh("sb")).await;
    let (ute, vic) = (world.fresh("ute"), world.fresh("vic"));
    for name in [&ute, &vic] {
        world.user("/", name).await;
        world.sign_in(name, &a, 2).await;
        world.sign_in(name, &b, 1).await;
    }
    let program = Program::admin(&world, &[&a, &b]);
    let mut pty = table(&program);

    pty.keys(&format!("&user:{ute} scope:{a}"));
    pty.wait_gone(&vic);
    pty.keys("\r");
    pty.wait_for(&ute);
    pty.keys(DELETE);
    pty.wait_for("End session?");
    assert!(pty.text().contains(&ute), "{}", pty.framed());
    say_yes(&mut pty);
    pty.wait_for("usher ended it at");
    assert_eq!(count(&world, &[&a, &b], &ute).await, 2);
    assert_eq!(count(&world, &[&a, &b], &vic).await, 3);

    end_all(&mut pty, &ute, Some(&b));
    assert_eq!(count(&world, &[&a], &ute).await, 0);
    assert_eq!(count(&world, &[&b], &ute).await, 1);

    // The box with the outcome first.
    pty.keys("\x1b");
    pty.wait_gone("y copies this box");
    pty.keys(&format!("F&user:{vic}\r"));
    pty.wait_for("1/3 of 4");
    end_all(&mut pty, &vic, None);
    assert_eq!(count(&world, &[&a, &b], &vic).await, 0);
    assert_eq!(count(&world, &[&a, &b], &ute).await, 1);

    pty.keys("\x1b");
    pty.wait_gone("y copies this box");
    pty.keys("q");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_given_back();
    program.run(&["audit", "--verify"]).ends(0);
}

#[tokio::test]
async fn a_search_of_the_form_is_asked_of_the_server() {
    let Some(world) = World::find("a_search_of_the_form_is_asked_of_the_server").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("sf")).await;
    let (wim, xia) = (world.fresh("wim"), world.fresh("xia"));
    for name in [&wim, &xia] {
        world.user("/", name).await;
    }
    world.sign_in(&wim, &realm, 2).await;
    let program = Program::admin(&world, &[&realm]);
    let mut pty = table(&program);
    world.sign_in(&xia, &realm, 1).await;

    pty.keys(&format!("/user:{xia}\r"));

    pty.wait_until("the row of the new session only", |screen| {
        let text = screen.contents();
        text.contains("all loaded") && text.matches(&xia).count() > 1 && !text.contains(&wim)
    });
    pty.keys("\x1bq");
    assert_eq!(pty.exit_code(), 0);
}

#[tokio::test]
async fn who_may_revoke_nothing_reads_why_on_the_screen() {
    let Some(world) = World::find("who_may_revoke_nothing_reads_why_on_the_screen").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("sd")).await;
    let (boss, user) = (world.fresh("zoe"), world.fresh("yan"));
    world.user(&realm, &boss).await;
    world.user(&realm, &user).await;
    world.delegate(&realm, &boss, &world.fresh("ops")).await;
    world.sign_in(&user, &realm, 2).await;
    let before = world.list(&realm, Some(&user)).await;
    let program = Program::new(&world, &boss, world.test_password(), &realm, &[&realm]);
    let mut pty = table(&program);
    pty.keys(&format!("&user:{user}\r"));
    pty.wait_for(&user);

    for key in [DELETE, "U"] {
        pty.keys(key);
        pty.wait_for("amadmin");
        let text = pty.text();
        assert!(!text.contains("End session?"), "{}", pty.framed());
        assert!(!text.contains("End every session"), "{}", pty.framed());
        pty.keys("y\r");
        pty.settle(Duration::from_millis(300));
        pty.keys("\x1b");
    }

    assert_eq!(world.list(&realm, Some(&user)).await, before);
    assert!(!program.logs().contains("\"asked\""), "{}", program.logs());
    pty.keys("\x03\x03");
    assert_eq!(pty.exit_code(), 0);
}

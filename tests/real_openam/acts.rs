//! `usher act` and the ten operations of the session resource.

use super::*;

/// A test user in a realm of its own, the super user's program, and a token of the user in a file.
struct Desk {
    world: World,
    realm: String,
    user: String,
    program: Program,
    held: String,
    file: String,
}

impl Desk {
    async fn find(test: &str) -> Option<Self> {
        let world = World::find(test).await?;
        let realm = world.realm("/", &world.fresh("ac")).await;
        Some(Self::of(world, realm).await)
    }

    async fn of(world: World, realm: String) -> Self {
        let user = world.fresh("amy");
        world.user("/", &user).await;
        let held = world.sign_in(&user, &realm, 1).await.remove(0);
        let program = Program::admin(&world, &[&realm]);
        let file = program.file("held", &held);
        Self {
            world,
            realm,
            user,
            program,
            held,
            file,
        }
    }

    /// The answer of an action on the held token, as JSON.
    #[track_caller]
    fn told(&self, action: &str) -> serde_json::Value {
        let args = ["act", action, "--token", &self.file, "--yes", "-o", "json"];
        self.program.run(&args).ends(0).json()
    }

    /// Still the session in which it was signed in before.
    #[track_caller]
    fn still_signed_in_with(&self, token: &str) {
        self.program
            .run(&["whoami"])
            .ends(0)
            .says(&self.world.admin);
        assert_eq!(self.program.token().as_deref(), Some(token));
    }
}

#[tokio::test]
async fn looking_at_a_token_is_told_in_words_and_in_json() {
    let Some(desk) = Desk::find("looking_at_a_token_is_told_in_words_and_in_json").await else {
        return;
    };
    let (user, realm) = (&desk.user, &desk.realm);
    desk.world.list_properties(realm, &["mood", "desk"]).await;
    let words = |args: &[&str]| {
        let ran = desk.program.run_with(args, &format!("{}\n", desk.held));
        let ran = ran.ends(0);
        assert!(!ran.out.contains(&desk.held), "{ran:?}");
        ran.out
    };

    let out = words(&["act", "get_session_info", "--token", "-"]);
    assert!(
        out.starts_with(&format!("a session of {user} in {realm}; it ends 20")),
        "{out}"
    );
    assert!(out.contains(&format!("username: {user}\n")), "{out}");
    let info = desk.told("get_session_info");
    assert_eq!(info["fields"]["realm"], **realm);
    assert_eq!(info["outcome"], serde_json::Value::Null);
    let handle = info["fields"]["sessionHandle"].as_str().unwrap();
    assert_eq!(desk.world.list(realm, Some(user)).await[0].handle, handle);

    let out = words(&["act", "validate", "--token", "-", "--yes"]);
    assert!(out.starts_with("the token is valid\n"), "{out}");
    assert_eq!(desk.told("validate")["fields"]["uid"], **user);
    let out = words(&["act", "refresh", "--token", "-", "--yes"]);
    assert!(
        out.starts_with(&format!("refreshed the session of {user} in {realm}")),
        "{out}"
    );
    assert_eq!(desk.told("refresh")["fields"]["maxidletime"], "30 min");

    let set = [
        "act",
        "update_session_properties",
        "mood=calm",
        "--token",
        "-",
        "--yes",
    ];
    assert!(words(&set).starts_with("the properties were changed"));
    assert!(words(&["act", "get_session_properties"]).contains("mood: calm\n"));
    let all = desk.told("get_session_properties");
    assert_eq!(
        all["fields"],
        serde_json::json!({"desk": "", "mood": "calm"})
    );
    let csv = words(&["act", "get_session_properties", "-o", "csv"]);
    assert_eq!(csv, "name,value\ndesk,\nmood,calm\n");
    let odd = [
        "act",
        "update_session_properties",
        "moood=x",
        "--token",
        &desk.file,
        "--yes",
    ];
    desk.program.run(&odd).fails(
        2,
        "cannot update_session_properties at am: the realm lists no property \"moood\"; it lists \
         desk, mood",
    );

    let filter = format!("filter=realm eq \"{realm}\"");
    let out = words(&["act", "query", &filter]);
    // A handle is as long as a line: people see its label.
    assert!(
        out.starts_with("1 session\n") && out.contains("  sh:…") && !out.contains(handle),
        "{out}"
    );
    let table = desk
        .program
        .run(&["act", "query", &filter, "-o", "json"])
        .json();
    assert_eq!(table["table"]["rows"][0][5], handle);
    let wrong = ["act", "query", "filter=true"];
    desk.program
        .run(&wrong)
        .fails(2, "cannot query at am: the server fails at this filter");
}

#[tokio::test]
async fn ending_by_token_hits_the_victim_and_never_the_operator() {
    let Some(desk) = Desk::find("ending_by_token_hits_the_victim_and_never_the_operator").await
    else {
        return;
    };
    desk.program.run(&["whoami"]).ends(0);
    let own = desk.program.token().unwrap();
    let logout = ["act", "logout", "--token", "-", "--yes"];

    let ran = desk.program.run_with(&logout, &format!("{}\n", desk.held));

    assert_eq!(ran.ends(0).out, "the session has ended\n");
    assert!(!desk.world.is_valid(&desk.held).await);
    assert_eq!(desk.world.list(&desk.realm, None).await, []);
    desk.still_signed_in_with(&own);
    let again = desk.program.run_with(&logout, &format!("{}\n", desk.held));
    assert_eq!(again.ends(0).out, "the token was not valid any more\n");
    assert_eq!(desk.told("logout")["outcome"], "already_gone");
    for action in ["get_session_info", "refresh", "get_session_properties"] {
        let args = ["act", action, "--token", &desk.file, "--yes"];
        desk.program.run(&args).fails(7, "no such session");
    }
    assert_eq!(desk.told("validate")["summary"], "the token is not valid");
    let mine = desk.program.run_with(&logout, &format!("{own}\n"));
    mine.fails(
        2,
        "the session in which usher itself is signed in; nothing was ended",
    );
    for nothing in ["", "\n"] {
        let ran = desk.program.run_with(&logout, nothing);
        ran.fails(2, "the token is empty: give it on standard input");
    }
    desk.still_signed_in_with(&own);
    assert!(!desk.program.logs().contains(&desk.held));
}

#[tokio::test]
async fn a_client_side_token_that_outlives_its_logout_is_told() {
    let Some(world) = World::find("a_client_side_token_that_outlives_its_logout_is_told").await
    else {
        return;
    };
    let realm = world.realm("/", &world.fresh("ak")).await;
    world.keep_sessions_in_tokens(&realm).await;
    let desk = Desk::of(world, realm).await;
    desk.program.run(&["whoami"]).ends(0);
    let own = desk.program.token().unwrap();
    assert!(desk.held.len() > 1000, "{}", desk.held);

    let logout = ["act", "logout", "--token", &desk.file, "--yes"];
    let ran = desk.program.run(&logout).ends(3);

    assert!(
        ran.out
            .starts_with("the server said yes, but the token still works: it is a client-side"),
        "{ran:?}"
    );
    assert!(desk.world.is_valid(&desk.held).await);
    desk.still_signed_in_with(&own);
    assert_eq!(
        desk.told("get_session_info")["fields"]["username"],
        *desk.user
    );
    assert_eq!(desk.program.list(&format!("user:{}", desk.user)).len(), 0);
}

#[tokio::test]
async fn ending_by_handle_and_what_the_server_lacks() {
    let Some(desk) = Desk::find("ending_by_handle_and_what_the_server_lacks").await else {
        return;
    };
    let id = desk.program.ids(&format!("user:{}", desk.user)).remove(0);
    let user = format!("user={}", desk.user);

    let lacking = [
        (
            [
                "act",
                "get_session_info_and_reset_idle_time",
                "--token",
                &desk.file,
                "--yes",
            ],
            "OpenAM has no getSessionInfoAndResetIdleTime; get_session_info and refresh do the same",
        ),
        (
            ["act", "logout_by_user", &user, "-q", "--yes"],
            "OpenAM has no logoutByUser; ending all of a user lists and ends them one by one",
        ),
    ];
    for (args, words) in lacking {
        desk.program.run(&args).fails(2, words);
    }
    let unconfirmed = ["act", "logout_by_handle", "--id", &id];
    desk.program.run(&unconfirmed).fails(2, "add --yes");
    let nameless = ["act", "logout_by_handle", "--yes"];
    desk.program
        .run(&nameless)
        .fails(2, "needs one session: --id ID");
    assert!(desk.world.is_valid(&desk.held).await);

    let by_handle = ["act", "logout_by_handle", "--id", &id, "--yes"];
    let ran = desk.program.run(&by_handle).ends(0);
    assert_eq!(ran.out, "the session has ended\n");
    assert!(!desk.world.is_valid(&desk.held).await);
    let again = desk
        .program
        .run_with(&["act", "logout_by_handle", "--id", "-", "--yes"], &id);
    assert_eq!(again.ends(0).out, "the session had gone already\n");
    let audit = desk.program.run(&["audit", "--verify"]).ends(0);
    assert!(
        desk.program.logs().contains("logout_by_handle"),
        "{audit:?}"
    );
}

#[tokio::test]
async fn a_token_is_asked_for_in_the_terminal_and_never_taken_from_the_arguments() {
    let Some(desk) = Desk::find("a_token_is_asked_for_in_the_terminal").await else {
        return;
    };
    let argument = ["act", "get_session_info", "--token", &desk.held];
    let ran = desk
        .program
        .run(&argument)
        .fails(2, "--token takes - for standard input or a file");
    assert!(!ran.err.contains(&desk.held), "{ran:?}");

    let mut pty = desk.program.terminal(&["act", "get_session_info"]);
    type_secret(&mut pty, "the token:", &desk.held);
    pty.wait_for(&format!("a session of {} in {}", desk.user, desk.realm));
    assert_eq!(pty.exit_code(), 0);
    assert!(!String::from_utf8_lossy(&pty.written).contains(&desk.held));

    for (answer, code, lives) in [("n", 2, true), ("y", 0, false)] {
        let mut pty = desk.program.terminal(&["act", "logout"]);
        type_secret(&mut pty, "the token:", &desk.held);
        pty.wait_for("Type y to confirm:");
        pty.keys(&format!("{answer}\r"));
        assert_eq!(pty.exit_code(), code, "{}", pty.framed());
        assert_eq!(desk.world.is_valid(&desk.held).await, lives, "{answer}");
        assert!(!String::from_utf8_lossy(&pty.written).contains(&desk.held));
    }
}

//! Signing in and out by the real program: zero page, chains, ready tokens, and what goes wrong.

use super::*;

/// The keys of a sign-in by name and password through a chain.
fn through(user: &str, realm: &str, chain: &str) -> String {
    format!(
        "method = \"password\"\nuser = \"{user}\"\npassword = {{ env = \"AM_PASSWORD\" }}\n\
         realm = \"{realm}\"\nservice = \"{chain}\"\n"
    )
}

fn covers(realm: &str) -> String {
    format!("realms = [\"{realm}\"]\n")
}

/// The end of `usher login`, which must have worked.
fn signed_in(mut pty: Pty, user: &str) {
    pty.wait_for(&format!("signed in to am as {user}"));
    assert_eq!(pty.exit_code(), 0);
    pty.assert_given_back();
}

#[tokio::test]
async fn a_sign_in_by_zero_page_is_kept_and_ended_by_logout() {
    let Some(world) = World::find("a_sign_in_by_zero_page_is_kept_and_ended_by_logout").await
    else {
        return;
    };
    let realm = world.realm("/", &world.fresh("la")).await;
    let user = world.fresh("tom");
    world.user("/", &user).await;
    let program = Program::new(&world, &user, world.test_password(), &realm, &[&realm]);

    let ran = program.run(&["login"]).ends(0);
    assert!(ran.err.contains(&format!("as {user}")), "{ran:?}");
    program.run(&["whoami"]).ends(0).says(&user);
    assert_eq!(world.list(&realm, Some(&user)).await.len(), 1);
    let token = program.token().unwrap();
    assert!(world.is_valid(&token).await);

    program
        .run(&["logout"])
        .ends(0)
        .says("revoked and forgotten");

    assert_eq!(world.list(&realm, Some(&user)).await, []);
    assert_eq!(program.token(), None);
    program.run(&["logout"]).ends(0).says("no token was kept");
    assert!(!program.logs().contains(&token));
}

#[tokio::test]
async fn a_chain_that_offers_a_choice_is_answered_in_the_terminal() {
    let Some(world) = World::find("a_chain_that_offers_a_choice_is_answered").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("lb")).await;
    let user = world.fresh("kit");
    world.user("/", &user).await;
    world.module(&realm, "authenticatoroath", "phone").await;
    world.chain(&realm, "second", &["DataStore", "phone"]).await;
    let login = through(&user, &realm, "second");
    let program = Program::with(&world, world.test_password(), &covers(&realm), &login);

    let mut pty = program.terminal(&["login"]);
    pty.wait_for("Authenticator (OATH)");
    pty.wait_for("1 Register device");
    pty.wait_for("2 Skip this step");
    pty.wait_for("number [1]:");
    pty.keys("7\r");
    pty.wait_until("the same question", |screen| {
        screen.contents().matches("number [1]:").count() == 2
    });
    pty.keys("2\r");

    signed_in(pty, &user);
    program.run(&["whoami"]).ends(0).says(&user);
    assert_eq!(world.list(&realm, Some(&user)).await.len(), 1);
    program.run(&["logout"]).ends(0);
    assert_eq!(world.list(&realm, Some(&user)).await, []);
}

#[tokio::test]
async fn a_chain_that_asks_twice_is_answered_by_the_profile_and_by_the_person() {
    let Some(world) = World::find("a_chain_that_asks_twice_is_answered").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("lc")).await;
    // Such a name fits in no header, so all of it goes through the questions.
    let user = world.fresh("jürgen");
    world.user("/", &user).await;
    world
        .chain(&realm, "twice", &["DataStore", "DataStore"])
        .await;
    let login = through(&user, &realm, "twice");
    let program = Program::with(&world, world.test_password(), &covers(&realm), &login);

    let mut pty = program.terminal(&["login"]);
    pty.wait_for("User Name:");
    pty.keys(&format!("{user}\r"));
    type_secret(&mut pty, "Password:", world.test_password());
    let shown = pty.text();

    signed_in(pty, &user);
    assert!(!shown.contains(world.test_password()), "{shown}");
    assert_eq!(world.list(&realm, Some(&user)).await.len(), 1);
}

#[tokio::test]
async fn a_form_with_name_password_and_buttons_needs_one_answer() {
    let Some(world) = World::find("a_form_with_name_password_and_buttons").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("ld")).await;
    let user = world.fresh("pia");
    world.user("/", &user).await;
    world.module(&realm, "membership", "members").await;
    world.chain(&realm, "join", &["members"]).await;
    let login = through(&user, &realm, "join");
    let program = Program::with(&world, world.test_password(), &covers(&realm), &login);

    let mut pty = program.terminal(&["login"]);
    pty.wait_for("Self Registration Module");
    pty.wait_for("1 Log In");
    pty.keys("\r");

    signed_in(pty, &user);
    program.run(&["logout"]).ends(0);
    assert_eq!(world.list(&realm, Some(&user)).await, []);
    // Where nobody can answer, that is said and nothing hangs.
    let ran = program.run(&["whoami"]);
    ran.fails(4, "there is no terminal to ask on");
}

#[tokio::test]
async fn what_cannot_be_signed_in_to_says_why() {
    let Some(world) = World::find("what_cannot_be_signed_in_to_says_why").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("le")).await;
    let shut = world.inactive_realm("/", &world.fresh("lf")).await;
    let user = world.fresh("ray");
    world.user("/", &user).await;
    let right = world.test_password();
    let pingam = format!("flavour = \"pingam\"\n{}", covers(&realm));

    for (password, keys, login, code, words) in [
        (
            "not-it-at-all",
            covers(&realm),
            through(&user, &realm, "ldapService"),
            4,
            "Authentication Failed",
        ),
        (
            right,
            covers(&shut),
            through(&user, &shut, "ldapService"),
            4,
            "Org is inactive",
        ),
        (
            right,
            covers(&realm),
            through(&user, &realm, "no-such-chain"),
            4,
            "No Configuration found",
        ),
        (
            right,
            covers(&realm),
            through(&user, "/no-such-realm", "ldapService"),
            1,
            "not found",
        ),
        (
            right,
            pingam,
            through(&user, &realm, "ldapService"),
            1,
            "try flavour = \"auto\"",
        ),
    ] {
        let program = Program::with(&world, password, &keys, &login);

        let ran = program.run(&["login"]);

        assert_eq!((ran.code, &*ran.out), (code, ""), "{words}: {ran:?}");
        assert!(ran.err.contains(words), "{words}: {ran:?}");
        assert!(!ran.err.contains(password), "{ran:?}");
    }
    assert_eq!(world.list(&shut, None).await, []);
}

#[tokio::test]
async fn a_token_that_died_is_replaced_once_or_reported() {
    let Some(world) = World::find("a_token_that_died_is_replaced_once_or_reported").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("lg")).await;
    let user = world.fresh("sam");
    world.user("/", &user).await;
    world.sign_in(&user, &realm, 1).await;
    let program = Program::admin(&world, &[&realm]);
    assert_eq!(program.list("").len(), 1);
    let first = program.token().unwrap();
    world.end(&first).await;

    assert_eq!(program.list("").len(), 1);

    let second = program.token().unwrap();
    assert_ne!(first, second);
    assert!(world.is_valid(&second).await);
    // A token that the profile gives is not usher's to replace.
    let given = world.login(&world.admin, &world.password, "/").await;
    let login = "method = \"token\"\ntoken = { env = \"AM_PASSWORD\" }\n";
    let ready = Program::with(&world, &given, &covers(&realm), login);
    ready.run(&["whoami"]).ends(0).says(&world.admin);
    assert_eq!(ready.list("").len(), 1);
    ready.run(&["logout"]).ends(0);
    assert!(world.is_valid(&given).await, "it is the profile's to end");
    world.end(&given).await;
    let ran = ready.run(&["list"]).fails(4, "cannot list");
    assert!(!ran.err.contains(&given), "{ran:?}");
}

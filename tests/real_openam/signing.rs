//! Who the server is, signing in, and signing out.

use super::*;

#[tokio::test]
async fn the_server_is_known_as_what_it_is() {
    let Some(world) = World::find("the_server_is_known_as_what_it_is").await else {
        return;
    };
    let mut profile = profile(&world, &["/"]);
    profile.pingam.realms = Realms::All;
    let realm = world.realm("/", &world.fresh("w")).await;
    let api = open(&profile);

    let who = api.whoami().await.unwrap();

    assert_eq!(who.name.expose(), world.admin);
    assert!(who.server.unwrap().expose().starts_with("OpenAM "));
    assert_eq!(api.caps().system, "OpenAM");
    assert_eq!(api.caps().of(None).revoke, Revoke::Batch(100));
    let planned = api
        .plan(&search(vec![clause(Field::Scope, &realm)]))
        .unwrap();
    assert_eq!(planned.native, format!("realm eq \"{realm}\""));
    assert!(planned.notes.is_empty(), "{:?}", planned.notes);
    api.sign_out().await.unwrap();
}

#[tokio::test]
async fn a_profile_of_the_wrong_flavour_is_told_so() {
    let Some(world) = World::find("a_profile_of_the_wrong_flavour_is_told_so").await else {
        return;
    };
    let mut profile = profile(&world, &["/"]);
    profile.pingam.flavour = AmFlavour::PingAm;

    let said = open(&profile).whoami().await.unwrap_err();

    assert!(
        said.to_string().contains("try flavour = \"auto\""),
        "{said}"
    );
}

#[tokio::test]
async fn a_wrong_password_is_a_refused_sign_in() {
    let Some(world) = World::find("a_wrong_password_is_a_refused_sign_in").await else {
        return;
    };
    let mut profile = profile(&world, &["/"]);
    profile.login = Login::Password {
        user: world.admin.clone(),
        password: plain("not-the-password"),
        realm: None,
        service: None,
    };

    let said = open(&profile).whoami().await.unwrap_err();

    assert_eq!(
        said.to_string(),
        "the sign-in was refused: Authentication Failed"
    );
    assert_eq!(said.exit_code(), 4);
}

#[tokio::test]
async fn signing_in_works_by_header_cookie_and_callbacks() {
    let Some(world) = World::find("signing_in_works_by_header_cookie_and_callbacks").await else {
        return;
    };
    let umlaut = world.fresh("jürgen");
    world.user("/", &umlaut).await;
    let given = world.login(&world.admin, &world.password, "/").await;
    let by_token = |carry| {
        let mut profile = profile(&world, &["/"]);
        profile.login = Login::Token {
            token: plain(&given),
        };
        profile.pingam.token_as = carry;
        profile
    };
    let mut by_callbacks = profile(&world, &["/"]);
    by_callbacks.login = Login::Password {
        user: umlaut.clone(),
        password: plain(world.test_password()),
        realm: None,
        service: None,
    };
    let mut by_chain = profile(&world, &["/"]);
    by_chain.login = Login::Password {
        user: world.admin.clone(),
        password: plain(&world.password),
        realm: None,
        service: Some("ldapService".into()),
    };

    for (profile, name) in [
        (by_token(TokenAs::Header), &world.admin),
        (by_token(TokenAs::Cookie), &world.admin),
        (by_chain, &world.admin),
        (by_callbacks, &umlaut),
    ] {
        let api = open(&profile);
        let who = api.whoami().await.unwrap();
        assert_eq!(who.name.expose(), name);
        if matches!(profile.login, Login::Password { .. }) {
            api.sign_out().await.unwrap();
        }
    }
    let bearer = open(&by_token(TokenAs::Bearer)).whoami().await.unwrap_err();
    assert_eq!(bearer.exit_code(), 4, "{bearer}");
}

#[tokio::test]
async fn usher_is_unable_to_log_itself_out() {
    let Some(world) = World::find("usher_is_unable_to_log_itself_out").await else {
        return;
    };
    let given = world.login(&world.admin, &world.password, "/").await;
    let mut profile = profile(&world, &["/"]);
    profile.login = Login::Token {
        token: plain(&given),
    };
    let api = open(&profile);

    api.whoami().await.unwrap();
    let said = act(&api, "logout", token(&given), &[]).await.unwrap_err();

    assert!(said.to_string().contains("nothing was ended"), "{said}");
    assert!(world.is_valid(&given).await);
    let empty = act(&api, "logout", token(""), &[]).await.unwrap_err();
    assert!(empty.to_string().contains("the token is empty"), "{empty}");
    assert!(world.is_valid(&given).await);
}

#[tokio::test]
async fn signing_out_ends_the_session_of_the_sign_in() {
    let Some(world) = World::find("signing_out_ends_the_session_of_the_sign_in").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("s")).await;
    let user = world.fresh("kim");
    world.user("/", &user).await;
    for carry in [TokenAs::Header, TokenAs::Cookie] {
        let mut profile = profile(&world, &[&realm]);
        profile.pingam.token_as = carry;
        profile.login = Login::Password {
            user: user.clone(),
            password: plain(world.test_password()),
            realm: Some(realm.clone()),
            service: None,
        };
        let api = open(&profile);
        api.whoami().await.unwrap();
        assert_eq!(world.list(&realm, Some(&user)).await.len(), 1);

        api.sign_out().await.unwrap();

        assert_eq!(world.list(&realm, Some(&user)).await, []);
    }
}

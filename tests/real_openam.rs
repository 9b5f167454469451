//! The client against a running community OpenAM server.
//!
//! `.ci/suites/openam.sh` starts one and runs this. Without `OPENAM_URL` every test says aloud that
//! it is skipped. Each test has realms and users of its own, so that they run side by side and twice.

#[path = "real/openam/program.rs"]
mod program;
#[path = "real/openam/world.rs"]
mod world;

use std::num::NonZeroU16;
use std::sync::Arc;

use chrono::Utc;
use program::Program;
use secrecy::SecretString;
use usher::api::SessionApi;
use usher::api::signin::Nobody;
use usher::config::{AmFlavour, Login, Profile, Realms, SecretSource, System, TokenAs};
use usher::model::{
    ActionBody, ActionResult, ActionTarget, ApiError, Clause, Completeness, Deletable, Field, Op,
    Outcome, Query, Revoke, Search, Session, State, Subject, Target, Thresholds, Value, state_at,
};
use world::World;

fn plain(text: &str) -> SecretSource {
    SecretSource::Plain(SecretString::from(text.to_owned()))
}

fn profile(world: &World, realms: &[&str]) -> Profile {
    let login = Login::Password {
        user: world.admin.clone(),
        password: plain(&world.password),
        realm: None,
        service: None,
    };
    let mut profile = Profile::new(
        "am",
        System::PingAm,
        world.url.parse().expect("an address"),
        login,
    );
    profile.pingam.realms = Realms::These(realms.iter().map(|r| (*r).to_owned()).collect());
    profile
}

fn open(profile: &Profile) -> Arc<dyn SessionApi> {
    usher::api::open(profile, Arc::new(Nobody)).expect("a profile that can be used")
}

fn clause(field: Field, value: &str) -> Clause {
    Clause {
        target: Target::Field(field),
        op: Op::Eq,
        values: vec![Value::Text(value.into())],
        negated: false,
        at: 0..0,
    }
}

fn search(clauses: Vec<Clause>) -> Search {
    Search {
        query: Query { clauses },
        sort: None,
        page_size: NonZeroU16::new(100).expect("100 is not 0"),
        native: None,
        now: Utc::now(),
        zone: usher::model::time::Zone::Utc,
    }
}

/// All pages: the rows and how the list ended.
async fn all(
    api: &Arc<dyn SessionApi>,
    clauses: Vec<Clause>,
) -> Result<(Vec<Session>, Completeness), ApiError> {
    let search = search(clauses);
    let mut rows = Vec::new();
    let mut at = None;
    for _ in 0..100 {
        let end = api.search(&search, at.as_ref(), &mut rows).await?;
        at = end.next;
        if at.is_none() {
            return Ok((rows, end.completeness));
        }
    }
    panic!("pages without end");
}

async fn rows(api: &Arc<dyn SessionApi>, clauses: Vec<Clause>) -> Vec<Session> {
    all(api, clauses).await.expect("a list").0
}

fn user_of(row: &Session) -> &str {
    row.subject.name.as_ref().map_or("", |name| name.expose())
}

async fn act(
    api: &Arc<dyn SessionApi>,
    action: &str,
    target: ActionTarget,
    pairs: &[(&str, &str)],
) -> Result<ActionResult, ApiError> {
    let caps = api.caps();
    let spec = caps
        .actions
        .iter()
        .find(|spec| spec.name == action)
        .expect("an action");
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), SecretString::from((*value).to_owned())));
    api.act(action, spec.check(target, pairs).expect("arguments"))
        .await
}

fn token(text: &str) -> ActionTarget {
    ActionTarget::Token(SecretString::from(text.to_owned()))
}

fn value<'a>(result: &'a ActionResult, name: &str) -> &'a str {
    let ActionBody::Fields(fields) = &result.body else {
        panic!("no fields in {result:?}");
    };
    let field = fields.iter().find(|field| field.name.expose() == name);
    field.map_or("", |field| field.value.expose())
}

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
    assert_eq!(api.caps().revoke, Revoke::Batch(100));
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

async fn count(world: &World, realms: &[&str], user: &str) -> usize {
    let mut count = 0;
    for realm in realms {
        count += world.list(realm, Some(user)).await.len();
    }
    count
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
    profile.pingam.realms = Realms::All;
    profile.login = Login::Password {
        user: boss.clone(),
        password: plain(world.test_password()),
        realm: Some(realm.clone()),
        service: None,
    };
    let api = open(&profile);

    api.whoami().await.unwrap();
    let caps = api.caps();
    let (table, _) = all(&api, vec![]).await.unwrap();

    assert_eq!(
        caps.notes,
        [format!(
            "may list {realm} and revoke nothing: this server lets only its super user (amadmin) \
             end sessions from the list"
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
    let refresh = caps.actions.iter().find(|a| a.name == "refresh").unwrap();
    assert!(refresh.lacks.is_some());
    assert!(world.is_valid(&victim).await);

    // What he may do is to end a session whose token he holds.
    let ended = act(&api, "logout", token(&victim), &[]).await.unwrap();
    assert!(matches!(ended.outcome, Some(Outcome::Unknown)), "{ended:?}");
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
        realm: Some(realm.clone()),
        service: None,
    };

    let said = all(&open(&profile), vec![]).await.unwrap_err();
    profile.pingam.realms = Realms::All;
    let api = open(&profile);
    api.whoami().await.unwrap();

    assert_eq!(
        said.to_string(),
        format!("not allowed: the sessions of /, {realm} may not be listed")
    );
    let own = format!("so only {realm} is searched");
    assert!(api.caps().notes.iter().any(|note| note.contains(&own)));
}

#[tokio::test]
async fn the_servers_own_sessions_and_ours_are_left_alone() {
    let Some(world) = World::find("the_servers_own_sessions_and_ours_are_left_alone").await else {
        return;
    };
    let api = open(&profile(&world, &["/"]));
    let before = world.list("/", Some("dsameuser")).await;
    let service: Vec<_> = rows(&api, vec![clause(Field::User, "dsameuser")]).await;
    let mine = rows(&api, vec![clause(Field::User, &world.admin)]).await;
    let own: Vec<_> = mine.iter().filter(|row| row.own == Some(true)).collect();

    assert!(!service.is_empty());
    assert!(
        service
            .iter()
            .all(|row| matches!(row.deletable, Deletable::No(_)))
    );
    assert_eq!(own.len(), 1);
    let keys: Vec<_> = service
        .iter()
        .chain(own.iter().copied())
        .map(|row| row.key.clone())
        .collect();
    let outcomes = api.revoke(&keys).await.unwrap();
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Refused(_))),
        "{outcomes:?}"
    );
    assert_eq!(world.list("/", Some("dsameuser")).await, before);
    api.whoami().await.unwrap();
    api.sign_out().await.unwrap();
}

#[tokio::test]
async fn what_is_no_handle_is_never_sent() {
    let Some(world) = World::find("what_is_no_handle_is_never_sent").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("k")).await;
    let user = world.fresh("ida");
    world.user("/", &user).await;
    let victim = world.sign_in(&user, &realm, 1).await.remove(0);
    let api = open(&profile(&world, &[&realm]));
    let handle = world.list(&realm, Some(&user)).await.remove(0).handle;
    let keys = [victim.clone(), "shandle:garbage".into(), String::new()];
    let keys = keys.map(usher::model::SessionKey::new);

    let outcomes = api.revoke(&keys).await.unwrap();

    assert!(
        matches!(
            outcomes[..],
            [
                Outcome::Refused(_),
                Outcome::AlreadyGone,
                Outcome::Refused(_)
            ]
        ),
        "{outcomes:?}"
    );
    assert!(world.is_valid(&victim).await);
    let bare = [usher::model::SessionKey::new(handle)];
    let outcomes = api.revoke(&bare).await.unwrap();
    assert!(matches!(outcomes[..], [Outcome::Revoked]), "{outcomes:?}");
    assert!(!world.is_valid(&victim).await);
    api.sign_out().await.unwrap();
}

#[tokio::test]
async fn actions_on_a_token_hit_that_session_and_not_ours() {
    let Some(world) = World::find("actions_on_a_token_hit_that_session_and_not_ours").await else {
        return;
    };
    let realm = world.realm("/", &world.fresh("t")).await;
    let user = world.fresh("jim");
    world.user("/", &user).await;
    world.list_properties(&realm, &["mood", "desk"]).await;
    let held = world.sign_in(&user, &realm, 1).await.remove(0);
    let api = open(&profile(&world, &[&realm]));
    api.whoami().await.unwrap();

    let info = act(&api, "get_session_info", token(&held), &[])
        .await
        .unwrap();
    assert_eq!(
        (value(&info, "username"), value(&info, "realm")),
        (&*user, &*realm)
    );
    let told = act(&api, "validate", token(&held), &[]).await.unwrap();
    assert_eq!(
        (value(&told, "valid"), value(&told, "uid")),
        ("true", &*user)
    );
    let told = act(&api, "refresh", token(&held), &[]).await.unwrap();
    assert_eq!(
        (value(&told, "uid"), value(&told, "maxidletime")),
        (&*user, "30 min")
    );
    let pairs = [("mood", "calm")];
    let told = act(&api, "update_session_properties", token(&held), &pairs)
        .await
        .unwrap();
    assert_eq!(told.summary, "the properties are changed");
    let told = act(&api, "get_session_properties", token(&held), &[])
        .await
        .unwrap();
    assert_eq!((value(&told, "mood"), value(&told, "desk")), ("calm", ""));
    let said = act(
        &api,
        "update_session_properties",
        token(&held),
        &[("moood", "x")],
    )
    .await;
    let said = said.unwrap_err().to_string();
    assert!(said.contains("it lists desk, mood"), "{said}");

    let ended = act(&api, "logout", token(&held), &[]).await.unwrap();
    assert!(matches!(ended.outcome, Some(Outcome::Revoked)), "{ended:?}");
    assert!(!world.is_valid(&held).await);
    api.whoami().await.unwrap();
    let again = act(&api, "logout", token(&held), &[]).await.unwrap();
    assert!(
        matches!(again.outcome, Some(Outcome::AlreadyGone)),
        "{again:?}"
    );
    for action in ["get_session_info", "refresh", "get_session_properties"] {
        let said = act(&api, action, token(&held), &[]).await.unwrap_err();
        assert_eq!(said, ApiError::NotFound, "{action}");
    }
    let told = act(&api, "validate", token(&held), &[]).await.unwrap();
    assert_eq!(told.summary, "the token is not valid");
    api.sign_out().await.unwrap();
}

#[tokio::test]
async fn what_this_server_lacks_is_said_and_not_sent() {
    let Some(world) = World::find("what_this_server_lacks_is_said_and_not_sent").await else {
        return;
    };
    let api = open(&profile(&world, &["/"]));
    api.whoami().await.unwrap();

    let said = act(
        &api,
        "get_session_info_and_reset_idle_time",
        token("x"),
        &[],
    )
    .await;

    assert_eq!(
        said.unwrap_err().to_string(),
        "getSessionInfoAndResetIdleTime is not possible with OpenAM"
    );
    let table = act(
        &api,
        "query",
        ActionTarget::Nothing,
        &[("filter", "username eq \"dsameuser\" and realm eq \"/\"")],
    )
    .await
    .unwrap();
    assert!(matches!(table.body, ActionBody::Table { .. }), "{table:?}");
    let said = act(&api, "query", ActionTarget::Nothing, &[("filter", "true")]).await;
    let said = said.unwrap_err().to_string();
    assert!(said.contains("the server fails at this filter"), "{said}");
    api.sign_out().await.unwrap();
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

//! Signing in, staying signed in, and what a refused token means.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use usher::api::auth::{Known, Nobody, Prompter, StoredToken, TokenStore};
use usher::api::{SessionApi, Systems};
use usher::config::{Login, Profile, SecretSource};
use usher::emulator::janssen::JanssenOptions;
use usher::emulator::{Options, Running};
use usher::model::{ApiError, Outcome, Session};

use super::person::Person;
use super::scripted::{Heard, Scripted, answer, json};
use super::{all, client_profile, emulator, fixed, key, open, search, system, token_profile};

pub(super) const EMPTY: &str = r#"{"totalEntriesCount":0,"entriesCount":0}"#;
const READ: &str = "https://jans.io/oauth/jans-auth-server/session.readonly";

fn device_profile(emulator: &Running) -> Profile {
    let auth = emulator.auth();
    Profile::new(
        "test",
        system(),
        emulator.url().parse().unwrap(),
        Login::Device {
            client_id: auth.client_id.clone(),
            client_secret: Some(SecretSource::Plain(SecretString::from(
                auth.client_secret.clone(),
            ))),
        },
    )
}

fn quick_device() -> Options {
    Options {
        system: Arc::new(JanssenOptions {
            device_interval: 1,
            ..Default::default()
        }),
        now: None,
        ..fixed()
    }
}

pub(super) fn asked_for_tokens(emulator: &Running) -> usize {
    let journal = emulator.journal();
    journal
        .iter()
        .filter(|one| one.path.ends_with("/token"))
        .count()
}

#[tokio::test]
async fn a_program_signs_in_by_its_secret_and_is_named_by_its_id() {
    let emulator = emulator(fixed()).await;
    let api = open(&client_profile(&emulator));

    let who = api.whoami().await.unwrap();

    assert_eq!(who.name.expose(), emulator.auth().client_id);
    let scopes: Vec<&str> = who
        .scopes
        .iter()
        .map(usher::model::Untrusted::expose)
        .collect();
    assert!(scopes.contains(&READ), "{scopes:?}");
    assert_eq!(asked_for_tokens(&emulator), 1);
}

#[tokio::test]
async fn a_read_only_profile_asks_for_the_right_to_read_only() {
    let emulator = emulator(fixed()).await;
    let mut profile = client_profile(&emulator);
    profile.policy.read_only = true;

    let who = open(&profile).whoami().await.unwrap();

    assert_eq!(who.scopes, [READ.into()]);
}

#[tokio::test]
async fn without_a_discovery_document_the_usual_addresses_are_used() {
    let emulator = emulator(Options {
        system: Arc::new(JanssenOptions {
            discovery: false,
            ..Default::default()
        }),
        ..fixed()
    })
    .await;

    assert!(open(&client_profile(&emulator)).whoami().await.is_ok());
}

#[tokio::test]
async fn a_wrong_secret_is_refused_in_the_servers_words() {
    let emulator = emulator(fixed()).await;
    let mut profile = client_profile(&emulator);
    profile.login = Login::ClientCredentials {
        client_id: emulator.auth().client_id.clone(),
        client_secret: SecretSource::Plain(SecretString::from("canary-secret")),
    };

    let error = open(&profile).whoami().await.unwrap_err();

    let ApiError::Auth {
        message, can_login, ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert!(message.contains("invalid_client"), "{message}");
    assert!(!message.contains("canary") && !can_login);
}

#[tokio::test]
async fn f_http_15_a_refused_token_is_renewed_once_and_never_again_for_one_request() {
    let emulator = emulator(fixed()).await;
    let api = open(&client_profile(&emulator));
    api.whoami().await.unwrap();
    emulator.expire_tokens();

    api.whoami().await.unwrap();
    assert_eq!(asked_for_tokens(&emulator), 2);

    emulator
        .set_faults(&[r#"{"match":{"path":"*/session*"},"action":"auth","kind":"401_always"}"#])
        .unwrap();
    let error = api.whoami().await.unwrap_err();
    assert!(matches!(error, ApiError::Auth { .. }), "{error:?}");
    assert_eq!(asked_for_tokens(&emulator), 3);
}

#[tokio::test]
async fn trap_12_lacking_a_scope_is_told_from_lacking_a_sign_in_and_asks_for_no_other_token() {
    let texts = [
        "oAuth authorization error Insufficient scopes! , Required scope: [x.read, y], however token scopes: [c]",
        "Insufficient scopes!!! Required scope: [x.read, y], token scopes: [c]",
    ];
    for text in texts {
        let server =
            Scripted::start(move |_, _| answer("401 Unauthorized", "application/json", text));
        let server = server.await;
        let api = open(&token_profile(&server.url));

        let error = api.whoami().await.unwrap_err();

        let ApiError::Forbidden { needs, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(needs.as_deref(), Some("x.read, y"));
        assert_eq!(server.heard().len(), 1);
    }
}

#[tokio::test]
async fn f_http_16_without_the_right_to_delete_the_list_stays_usable() {
    let emulator = emulator(Options {
        system: Arc::new(JanssenOptions {
            scopes: Some(vec![READ.into()]),
            ..Default::default()
        }),
        ..fixed()
    })
    .await;
    let api = open(&client_profile(&emulator));
    let rows = all(&api, &search("")).await.unwrap();

    let outcomes = api.revoke(&[rows[0].key.clone()]).await.unwrap();

    let Outcome::Failed(ApiError::Forbidden { needs, .. }) = &outcomes[0] else {
        panic!("{outcomes:?}");
    };
    assert!(
        needs.as_deref().unwrap().contains("session.delete"),
        "{needs:?}"
    );
}

#[tokio::test]
async fn a_token_in_a_file_is_read_again_when_the_server_refuses_it() {
    let server = Scripted::start(|_, heard: &Heard| match heard.header("authorization") {
        Some("Bearer new") => json(EMPTY),
        _ => answer("401 Unauthorized", "text/plain", "Token is Invalid."),
    })
    .await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"old\n").unwrap();
    let mut profile = token_profile(&server.url);
    profile.login = Login::Token {
        token: SecretSource::File(file.path().to_owned()),
    };
    let api = open(&profile);

    let refused = api.whoami().await.unwrap_err();
    std::fs::write(file.path(), "new").unwrap();
    let taken = api.whoami().await;

    let ApiError::Auth {
        message, can_login, ..
    } = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(message, "the server refused the token: Token is Invalid.");
    assert!(!can_login);
    assert!(taken.is_ok(), "{taken:?}");
}

#[tokio::test]
async fn a_token_that_is_typed_is_asked_for_once_and_never_during_a_change() {
    let server = Scripted::start(|_, _| json(EMPTY)).await;
    let person = Arc::new(Person::typing("typed"));
    let mut profile = token_profile(&server.url);
    profile.login = Login::Token {
        token: SecretSource::Prompt,
    };
    let api = usher::api::Systems::built_in()
        .open(&profile, Arc::clone(&person) as Arc<dyn Prompter>)
        .unwrap();

    let early = api.revoke(&[key("s")]).await.unwrap_err();
    assert_eq!(
        early,
        ApiError::Auth {
            message: "sign-in needed".into(),
            can_login: true,
            exchange: None,
        }
    );
    assert!(server.heard().is_empty());

    api.whoami().await.unwrap();
    api.whoami().await.unwrap();

    assert_eq!(person.asked.load(Ordering::Relaxed), 1);
    assert_eq!(person.done.load(Ordering::Relaxed), 1);
    assert_eq!(
        server.heard()[0].header("authorization"),
        Some("Bearer typed")
    );
}

#[tokio::test]
async fn a_person_signs_in_by_code_and_is_known_by_name() {
    let emulator = emulator(quick_device()).await;
    let person = Person::at(&emulator, Some(true));
    let prompter = Arc::clone(&person) as Arc<dyn Prompter>;
    let api = usher::api::Systems::built_in()
        .open(&device_profile(&emulator), prompter)
        .unwrap();

    let who = api.whoami().await.unwrap();
    let rows = all(&api, &search("")).await.unwrap();

    assert_eq!(who.name.expose(), "admin");
    assert_eq!(rows.len(), 240);
    assert_eq!(person.shown.lock().unwrap().len(), 1);
    assert_eq!(person.done.load(Ordering::Relaxed), 1);
    let journal = emulator.journal();
    let listed = journal
        .iter()
        .rfind(|one| one.path.ends_with("/search"))
        .unwrap();
    assert!(listed.headers.iter().any(|name| name == "user-inum"));
}

#[tokio::test]
async fn a_person_who_has_signed_in_is_not_asked_again_when_the_token_runs_out() {
    let emulator = emulator(quick_device()).await;
    let person = Person::at(&emulator, Some(true));
    let prompter = Arc::clone(&person) as Arc<dyn Prompter>;
    let api = usher::api::Systems::built_in()
        .open(&device_profile(&emulator), prompter)
        .unwrap();
    api.whoami().await.unwrap();
    let fault = r#"{"match":{"path":"*/session/search","nth":[1,1]},"times":1,"action":"status","code":401,"body":"Token is Invalid."}"#;
    emulator.set_faults(&[fault]).unwrap();

    api.whoami().await.unwrap();

    assert_eq!(person.shown.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn f_cred_03_a_sign_in_that_cannot_be_renewed_is_asked_for_and_repeats_no_change_by_itself() {
    let emulator = emulator(quick_device()).await;
    let person = Person::at(&emulator, Some(true));
    let prompter = Arc::clone(&person) as Arc<dyn Prompter>;
    let api = usher::api::Systems::built_in()
        .open(&device_profile(&emulator), prompter)
        .unwrap();
    let rows = all(&api, &search("deletable:yes")).await.unwrap();
    let key = rows[0].key.clone();
    let before = emulator.world().count();
    emulator.expire_tokens();

    let error = api.revoke(std::slice::from_ref(&key)).await.unwrap_err();

    let ApiError::Auth { can_login, .. } = error else {
        panic!("{error:?}");
    };
    assert!(can_login);
    assert_eq!(person.shown.lock().unwrap().len(), 1, "nobody is asked");
    assert_eq!(emulator.world().count(), before);

    // The person signs in again; only then, and only when told to, is it ended.
    api.whoami().await.unwrap();
    assert_eq!(person.shown.lock().unwrap().len(), 2);
    assert_eq!(emulator.world().count(), before);
    let outcomes = api.revoke(&[key]).await.unwrap();
    assert!(matches!(outcomes[..], [Outcome::Revoked]), "{outcomes:?}");
    assert_eq!(emulator.world().count(), before - 1);
}

#[tokio::test]
async fn a_denied_code_is_an_error_and_the_box_goes_away() {
    let emulator = emulator(quick_device()).await;
    let person = Person::at(&emulator, Some(false));
    let prompter = Arc::clone(&person) as Arc<dyn Prompter>;
    let api = usher::api::Systems::built_in()
        .open(&device_profile(&emulator), prompter)
        .unwrap();

    let error = api.whoami().await.unwrap_err();

    let ApiError::Auth {
        message, can_login, ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(message, "the sign-in was denied in the browser");
    assert!(can_login);
    assert_eq!(person.done.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_code_that_runs_out_is_an_error_and_the_box_goes_away() {
    let emulator = emulator(Options {
        system: Arc::new(JanssenOptions {
            device_seconds: 2,
            ..Default::default()
        }),
        ..quick_device()
    })
    .await;
    let person = Person::at(&emulator, None);
    let prompter = Arc::clone(&person) as Arc<dyn Prompter>;
    let api = usher::api::Systems::built_in()
        .open(&device_profile(&emulator), prompter)
        .unwrap();

    let error = api.whoami().await.unwrap_err();

    assert!(error.to_string().contains("the code expired"), "{error}");
    assert_eq!(person.done.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_sign_in_that_is_given_up_takes_its_box_away_and_holds_up_no_change() {
    let emulator = emulator(quick_device()).await;
    let person = Person::at(&emulator, None);
    let prompter = Arc::clone(&person) as Arc<dyn Prompter>;
    let api = usher::api::Systems::built_in()
        .open(&device_profile(&emulator), prompter)
        .unwrap();

    let waiting = Arc::clone(&api);
    let sign_in = tokio::spawn(async move { waiting.whoami().await });
    let end = std::time::Instant::now() + Duration::from_secs(10);
    while person.shown.lock().unwrap().is_empty() {
        assert!(std::time::Instant::now() < end, "no code was shown");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let error = api.revoke(&[key("s")]).await.unwrap_err();
    assert!(
        matches!(
            error,
            ApiError::Auth {
                can_login: true,
                ..
            }
        ),
        "{error:?}"
    );

    sign_in.abort();
    let _ = sign_in.await;
    assert_eq!(person.done.load(Ordering::Relaxed), 1);
}

/// A store in memory that tells what was done with it.
#[derive(Default)]
struct Store {
    token: Mutex<Option<StoredToken>>,
    saved: AtomicUsize,
}

impl TokenStore for Store {
    fn load(&self) -> Option<StoredToken> {
        self.token.lock().unwrap().clone()
    }

    fn save(&self, token: &StoredToken) {
        self.saved.fetch_add(1, Ordering::Relaxed);
        *self.token.lock().unwrap() = Some(token.clone());
    }

    fn clear(&self) {
        *self.token.lock().unwrap() = None;
    }
}

#[tokio::test]
async fn a_token_of_an_earlier_run_is_used_again_and_forgotten_when_refused() {
    let emulator = emulator(fixed()).await;
    let store = Arc::new(Store::default());
    let open = || -> Arc<dyn SessionApi> {
        let store = Arc::clone(&store) as Arc<dyn TokenStore>;
        Systems::built_in()
            .open_with(&client_profile(&emulator), Arc::new(Nobody), store)
            .unwrap()
    };

    open().whoami().await.unwrap();
    let who = open().whoami().await.unwrap();
    assert_eq!(asked_for_tokens(&emulator), 1);
    assert!(
        !who.scopes.is_empty(),
        "what is known is kept with the token"
    );

    emulator.expire_tokens();
    open().whoami().await.unwrap();
    assert_eq!(asked_for_tokens(&emulator), 2);
    assert_eq!(store.saved.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn signing_out_ends_the_token_at_the_server_and_forgets_it() {
    let emulator = emulator(fixed()).await;
    let store = Arc::new(Store::default());
    let kept = Arc::clone(&store) as Arc<dyn TokenStore>;
    let api = Systems::built_in()
        .open_with(&client_profile(&emulator), Arc::new(Nobody), kept)
        .unwrap();
    api.whoami().await.unwrap();
    let token = store.load().expect("it is kept").access;

    api.sign_out().await.unwrap();

    assert!(store.load().is_none());
    let mut profile = client_profile(&emulator);
    profile.login = Login::Token {
        token: SecretSource::Plain(token),
    };
    let error = open(&profile).whoami().await.unwrap_err();
    assert!(matches!(error, ApiError::Auth { .. }), "{error:?}");
    assert!(api.whoami().await.is_ok(), "the next request signs in anew");
}

#[tokio::test]
async fn a_token_given_by_the_profile_is_not_ours_to_end() {
    let emulator = emulator(fixed()).await;
    let mut profile = client_profile(&emulator);
    profile.login = Login::Token {
        token: SecretSource::Plain(SecretString::from(emulator.auth().token.clone())),
    };
    let api = open(&profile);
    api.whoami().await.unwrap();

    let error = api.sign_out().await.unwrap_err();

    assert!(matches!(error, ApiError::Unsupported { .. }), "{error:?}");
    assert!(api.whoami().await.is_ok());
}

#[test]
fn what_is_kept_shows_no_secret() {
    let token = StoredToken {
        renewal: Some(SecretString::from("canary-2")),
        known: Known::default(),
        ..StoredToken::bare(SecretString::from("canary-1"))
    };

    let shown = format!("{token:?}");

    assert!(!shown.contains("canary"), "{shown}");
    assert_eq!(token.access.expose_secret(), "canary-1");
}

#[test]
fn ways_to_sign_in_that_janssen_has_not_are_refused_with_those_it_has() {
    let mut profile = token_profile("https://idp.example.org");
    profile.login = Login::Certificate;

    let Err(error) = usher::api::Systems::built_in().open(&profile, Arc::new(Nobody)) else {
        panic!("it must be refused");
    };

    let words = error.to_string();
    assert!(
        words.contains("token, client_credentials or device"),
        "{words}"
    );
}

#[tokio::test]
async fn f_net_11_a_private_authority_is_trusted_when_it_is_named_and_refused_when_not() {
    let emulator = emulator(Options {
        tls: true,
        ..fixed()
    })
    .await;
    let mut ca = tempfile::NamedTempFile::new().unwrap();
    ca.write_all(emulator.ca_pem().unwrap().as_bytes()).unwrap();
    let mut profile = client_profile(&emulator);

    profile.ca_file = Some(ca.path().to_owned());
    let trusted = all(&open(&profile), &search("")).await;
    profile.ca_file = None;
    profile.policy.insecure = true;
    let blind = all(&open(&profile), &search("")).await;

    assert_eq!(trusted.map(|rows: Vec<Session>| rows.len()), Ok(240));
    assert_eq!(blind.map(|rows| rows.len()), Ok(240));

    let other = rcgen::generate_simple_self_signed(vec!["other".into()]).unwrap();
    let mut ca = tempfile::NamedTempFile::new().unwrap();
    ca.write_all(other.cert.pem().as_bytes()).unwrap();
    profile.policy.insecure = false;
    profile.ca_file = Some(ca.path().to_owned());
    let error = open(&profile).whoami().await.unwrap_err();
    let ApiError::Tls { why, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(why.starts_with("its issuer is not trusted"), "{why}");
}

//! The client against a running community OpenAM server.
//!
//! `.ci/suites/openam.sh` starts one and runs this. Without `OPENAM_URL` every test says aloud that
//! it is skipped. Each test has realms and users of its own, so that they run side by side and twice.

#[path = "../real/openam/program.rs"]
mod program;
#[path = "../support/pty.rs"]
mod pty;
#[path = "../real/openam/settings.rs"]
mod settings;
#[path = "../real/openam/world.rs"]
mod world;

mod acts;
mod binary;
mod delegated;
mod ending;
mod idle;
mod listing;
mod logins;
mod queries;
mod screen;
mod signing;

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use program::Program;
use pty::{LIMIT, Pty};
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

/// Types a secret as soon as the terminal shows no longer what is typed.
fn type_secret(pty: &mut Pty, prompt: &str, secret: &str) {
    pty.wait_for(prompt);
    let end = Instant::now() + LIMIT;
    while pty.has_modes_of_before() {
        assert!(Instant::now() < end, "it would show the secret");
        pty.settle(Duration::from_millis(10));
    }
    pty.keys(&format!("{secret}\r"));
}

async fn count(world: &World, realms: &[&str], user: &str) -> usize {
    let mut count = 0;
    for realm in realms {
        count += world.list(realm, Some(user)).await.len();
    }
    count
}

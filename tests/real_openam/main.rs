//! The client against a running community OpenAM server.
//!
//! `.ci/suites/openam.sh` starts one and runs this. Without `OPENAM_URL` every test says aloud that
//! it is skipped. Each test has realms and users of its own, so that they run side by side and twice.

#[path = "../support/client.rs"]
mod client;
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
use client::{act, open, pages, system, token, user_of};
use program::Program;
use pty::{LIMIT, Pty};
use secrecy::SecretString;
use usher::api::SessionApi;
use usher::config::{Login, Profile, SecretSource};
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
    };
    let mut profile = Profile::new(
        "am",
        system("pingam"),
        world.url.parse().expect("an address"),
        login,
    );
    let realms: Vec<String> = realms.iter().map(|r| (*r).to_owned()).collect();
    profile.own.set("realms", realms);
    profile
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
    Search::new(
        Query { clauses },
        NonZeroU16::new(100).expect("100 is not 0"),
        Utc::now(),
    )
}

/// All pages: the rows and how the list ended.
async fn all(
    api: &Arc<dyn SessionApi>,
    clauses: Vec<Clause>,
) -> Result<(Vec<Session>, Completeness), ApiError> {
    pages(api, &search(clauses)).await
}

async fn rows(api: &Arc<dyn SessionApi>, clauses: Vec<Clause>) -> Vec<Session> {
    all(api, clauses).await.expect("a list").0
}

fn value<'a>(result: &'a ActionResult, name: &str) -> &'a str {
    let ActionBody::Fields(fields) = &result.body else {
        panic!("no fields in {result:?}");
    };
    let field = fields.iter().find(|(known, _)| known.expose() == name);
    field.map_or("", |(_, cell)| cell.value.expose())
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

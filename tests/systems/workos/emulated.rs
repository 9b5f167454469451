//! The client against the emulator: the rules for every system, and walks over many users.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use secrecy::SecretString;
use usher::api::SessionApi;
use usher::config::{Login, Profile, SecretSource};
use usher::emulator::workos::{Gone, Look, WorkosOptions};
use usher::emulator::{Options, Running};
use usher::model::{Outcome, Query, Search, Session, SessionKey};

use crate::client::{open, pages, system};
use crate::conformance::{LongList, SystemFixture};
use crate::running;

/// Nothing of it leaves the list by itself.
fn lasting(options: WorkosOptions) -> Options {
    Options {
        system: Arc::new(WorkosOptions {
            ends_soon: false,
            ..options
        }),
        users: 6,
        ..Options::default()
    }
}

fn profile_with(emulator: &Running, key: &str) -> Profile {
    let token = SecretSource::Plain(SecretString::from(key.to_owned()));
    let url = emulator.url().parse().expect("an address");
    let mut profile = Profile::new("emu", system("workos"), url, Login::Token { token });
    profile.rate = Some(90);
    profile
}

fn profile(emulator: &Running) -> Profile {
    profile_with(emulator, &emulator.workos_auth().key)
}

/// The id in a key, which names the user too.
fn id_of(key: &SessionKey) -> &str {
    key.expose().rsplit('/').next().unwrap_or_default()
}

struct Environment;

impl SystemFixture for Environment {
    fn options() -> Options {
        lasting(WorkosOptions::default())
    }

    fn profile(emulator: &Running) -> Profile {
        profile(emulator)
    }

    fn profile_without_rights(emulator: &Running) -> Profile {
        profile_with(emulator, &emulator.workos_auth().weak_key)
    }

    /// One user has 250 sessions, and no page has more than 100.
    fn options_with_limit(rows: usize) -> Options {
        assert!(rows < 100);
        Options {
            sessions: 400,
            ..Self::options()
        }
    }

    const LONG_LIST: LongList = LongList::GoesOn;

    fn count(emulator: &Running) -> usize {
        emulator.workos().active()
    }

    fn end(emulator: &Running, key: &SessionKey) -> bool {
        emulator.workos().end(id_of(key))
    }

    const LISTS: &'static str = r#"{"method":"GET","path":"*/sessions"}"#;
    const ENDS: &'static str = r#"{"method":"POST","path":"*/revoke"}"#;
}

conformance!(Environment:
    pages_to_the_end, a_limit_of_the_server_is_never_silent, every_field_filters,
    unreported_fields_are_admitted, ends_once, each_session_has_its_own_outcome,
    all_of_a_user_end_and_nobody_elses, a_lost_answer_is_settled,
    a_lost_request_is_not_called_an_end, a_refused_end_is_told_and_ends_nothing,
    an_expired_session_whose_end_failed_had_gone,
    a_refused_token_is_an_auth_error, lacking_rights_are_named, waits_when_told,
    a_cut_body_is_an_error, a_page_of_html_is_an_error,
    an_answer_that_is_no_list_is_never_a_short_one,
    a_hanging_server_ends_by_the_limit_or_by_dropping,
    a_server_killed_in_the_middle_of_a_list_is_an_error;
    without
    a_token_that_expires_is_renewed_without_a_word: "an API key that has ended is renewed by a person only"
);

fn search(query: &str, way: Option<&'static str>) -> Search {
    let query = Query::parse_with(query, &system("workos").own_names).expect(query);
    let page_size = std::num::NonZeroU16::new(100).expect("not 0");
    Search {
        way: way.map(Into::into),
        ..Search::new(query, page_size, Utc::now())
    }
}

async fn rows(api: &Arc<dyn SessionApi>, query: &str, way: Option<&'static str>) -> Vec<Session> {
    let found = pages(api, &search(query, way)).await;
    found.unwrap_or_else(|error| panic!("{query}: {error}")).0
}

#[tokio::test]
async fn the_sessions_of_a_user_need_two_requests() {
    for query in ["user:alice@example.org", "user:Dmitri.Orlov@Acme.Example"] {
        let emulator = running(Environment::options()).await;
        let api = open(&profile(&emulator));

        let found = rows(&api, query, None).await;

        let email = query.trim_start_matches("user:");
        let all = emulator.workos().sessions().into_iter();
        let now_ms = emulator.now_ms();
        let active = all
            .filter(|row| row.email == email)
            .filter(|row| row.revoked_ms.is_none() && row.expires_ms > now_ms);
        assert_eq!(found.len(), active.count(), "{query}");
        assert_eq!(emulator.journal().len(), 2, "{query}");
    }
}

#[tokio::test]
async fn a_walk_slows_down_at_the_limit_and_misses_nothing() {
    let emulator = running(lasting(WorkosOptions {
        requests_per_second: 8,
        ..WorkosOptions::default()
    }))
    .await;
    let api = open(&profile(&emulator));
    let begun = Instant::now();

    let found = rows(&api, "", Some("all")).await;

    assert_eq!(found.len(), emulator.workos().active());
    assert!(begun.elapsed() >= Duration::from_secs(1), "twelve users");
}

#[tokio::test]
async fn a_walk_over_two_thousand_users_goes_on_where_it_stopped() {
    let emulator = running(Options {
        users: 2_000,
        ..lasting(WorkosOptions::default())
    })
    .await;
    let asked = search("", Some("all"));
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    let api = open(&profile(&emulator));
    let end = api.search(&asked, None, &mut first).await.expect("a page");
    let before = emulator.journal().len();
    let begun = Instant::now();

    let other = open(&profile(&emulator));
    let mut at = end.next;
    // As far as a few seconds lead; the rest would be the same.
    for _ in 0..6 {
        let end = other.search(&asked, at.as_ref(), &mut rest).await;
        at = end.expect("a page").next;
    }

    let asked = emulator.journal();
    let mut of_users: Vec<&str> = asked
        .iter()
        .filter(|entry| entry.path.ends_with("/sessions"))
        .map(|entry| entry.path.as_str())
        .collect();
    let count = of_users.len();
    of_users.sort_unstable();
    of_users.dedup();
    assert!(count > 100, "{count} users");
    assert_eq!(of_users.len(), count, "nobody is asked for twice");
    let since = (asked.len() - before) as f64;
    let rate = (since - 1.0) / begun.elapsed().as_secs_f64();
    assert!(rate <= 91.0, "{rate} requests a second");
}

#[tokio::test]
async fn a_second_revoke_is_told_as_the_service_answers_it() {
    for gone in [Gone::NotFound, Gone::BadRequest, Gone::Success] {
        let options = WorkosOptions {
            gone,
            empty_revoke: true,
            ..WorkosOptions::default()
        };
        let emulator = running(lasting(options)).await;
        let profile = profile(&emulator);
        let api = open(&profile);
        let found = rows(&api, "user:alice@example.org", None).await;
        let key = found[0].key.clone();

        let first = crate::job::end_keys(&api, &profile, std::slice::from_ref(&key)).await;
        let second = crate::job::end_keys(&api, &profile, std::slice::from_ref(&key)).await;

        assert!(matches!(first[..], [Outcome::Revoked]), "{first:?}");
        // A server that calls it a success leaves nothing to tell the two apart by.
        let told = match gone {
            Gone::Success => matches!(second[..], [Outcome::Revoked]),
            Gone::NotFound | Gone::BadRequest => matches!(second[..], [Outcome::AlreadyGone]),
        };
        assert!(told, "{gone:?} {second:?}");
    }
}

#[tokio::test]
async fn odd_sessions_are_rows_all_the_same() {
    for look in [Look::Bare, Look::Broken] {
        let options = WorkosOptions {
            look,
            ..WorkosOptions::default()
        };
        let emulator = running(lasting(options)).await;
        let api = open(&profile(&emulator));

        let found = rows(&api, "", Some("all")).await;

        assert_eq!(found.len(), emulator.workos().active(), "{look:?}");
    }
}

#[tokio::test]
async fn recent_sign_ins_come_from_the_log() {
    let emulator = running(Environment::options()).await;
    let api = open(&profile(&emulator));
    let day_ago = emulator.now_ms() - 23 * 3_600_000;
    let young = emulator.workos().sessions().into_iter().filter(|row| {
        row.created_ms > day_ago && row.revoked_ms.is_none() && row.expires_ms > emulator.now_ms()
    });
    let young: Vec<String> = young.map(|row| row.id).collect();

    let found = rows(&api, "", Some("recent")).await;

    let ids: std::collections::HashSet<&str> = found.iter().map(|row| id_of(&row.key)).collect();
    assert!(young.len() > 20, "{}", young.len());
    for id in young {
        assert!(ids.contains(id.as_str()), "{id}");
    }
}

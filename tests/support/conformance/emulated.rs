//! The rules at a system's emulator.

use usher::api::Systems;
use usher::config::Profile;
use usher::emulator::{Options, Running, start};
use usher::model::SessionKey;

use super::{Busy, Fault, Framing, LongList, ServerFixture, Setup};

/// One system with its emulator, as these tests need it.
pub trait SystemFixture {
    /// An emulator with some hundred sessions, all of which one search reaches and none of which
    /// leaves the list by itself within a minute.
    fn options() -> Options;
    /// A profile of somebody who may list and end all of them, and can sign in anew without a person.
    fn profile(emulator: &Running) -> Profile;
    /// The systems that this one is among.
    fn systems() -> Systems {
        Systems::built_in()
    }
    /// The same, but for somebody who may not list: another emulator …
    fn options_without_rights() -> Options {
        Self::options()
    }
    /// … or another sign-in.
    fn profile_without_rights(emulator: &Running) -> Profile {
        Self::profile(emulator)
    }
    /// An emulator that gives so many rows at most in one answer, whatever it is asked for.
    fn options_with_limit(rows: usize) -> Options;
    /// Its treatment of a list that is longer.
    const LONG_LIST: LongList;
    /// Whether an ended session stays in the list, as an ended one.
    const KEEPS_ENDED: bool = false;
    /// How many rows a whole list has.
    fn count(emulator: &Running) -> usize;
    /// Ends a session behind everybody's back. False: it is not there.
    fn end(emulator: &Running, key: &SessionKey) -> bool;
    /// The `match` object of a fault that hits listing.
    const LISTS: &'static str;
    /// The `match` object of a fault that hits ending a session; sign-in and listing stay whole.
    const ENDS: &'static str;
}

impl<B: SystemFixture> ServerFixture for B {
    type Server = Running;
    const LONG_LIST: LongList = <B as SystemFixture>::LONG_LIST;
    const KEEPS_ENDED: bool = <B as SystemFixture>::KEEPS_ENDED;
    // Without "invalid_utf8" and "huge_number": both are lists of one system, with odd things in them.
    const NO_LISTS: &'static [&'static str] = &[
        "html",
        "empty",
        "not_json",
        "json_scalar",
        "wrong_shape",
        "deep",
        "nul",
        "bom",
        "dup_keys",
    ];

    async fn start(setup: Setup) -> Running {
        let options = match setup {
            Setup::Plain | Setup::Breakable => B::options(),
            Setup::WithoutRights => B::options_without_rights(),
            Setup::Limited(rows) => B::options_with_limit(rows),
        };
        start(options).await.expect("a free port")
    }

    fn profile(emulator: &Running, setup: Setup) -> Profile {
        match setup {
            Setup::WithoutRights => B::profile_without_rights(emulator),
            _ => <B as SystemFixture>::profile(emulator),
        }
    }

    fn systems() -> Systems {
        <B as SystemFixture>::systems()
    }

    fn count(emulator: &Running) -> usize {
        <B as SystemFixture>::count(emulator)
    }

    fn end(emulator: &Running, key: &SessionKey) -> bool {
        <B as SystemFixture>::end(emulator, key)
    }

    async fn meet(emulator: &Running, fault: Fault) {
        let (target, action) = match fault {
            Fault::LostAnswer => (B::ENDS, r#""action":"lost_ack""#.to_owned()),
            Fault::LostRequest => (B::ENDS, r#""action":"reset""#.to_owned()),
            Fault::RefusedEnd => (B::ENDS, auth("403_on_delete")),
            Fault::RefusedSignIn => (B::LISTS, auth("401_always")),
            Fault::Busy(Busy::List) => (B::LISTS, busy()),
            Fault::Busy(Busy::End) => (B::ENDS, busy()),
            Fault::Cut(Framing::Length) => (B::LISTS, cut("length")),
            Fault::Cut(Framing::Parts) => (B::LISTS, cut("chunked")),
            Fault::NoList(kind) => (
                B::LISTS,
                format!(r#""action":"garbage","kind":"{kind}""#),
            ),
            Fault::Oops => (
                B::LISTS,
                r#""action":"status","code":500,"content_type":"text/html","body":"<html><title>Oops</title></html>""#
                    .to_owned(),
            ),
            Fault::Hang => (B::LISTS, r#""action":"hang""#.to_owned()),
        };
        let spec = format!(r#"{{"match":{target},{action}}}"#);
        emulator.set_faults(&[spec]).expect("a good fault");
    }

    async fn end_sign_ins(emulator: &Running) {
        emulator.expire_tokens();
    }

    async fn stop(emulator: Running) {
        emulator.stop().await;
    }
}

fn auth(kind: &str) -> String {
    format!(r#""action":"auth","kind":"{kind}""#)
}

fn busy() -> String {
    r#""times":1,"action":"status","code":429,"headers":{"retry-after":"1"}"#.to_owned()
}

fn cut(framing: &str) -> String {
    format!(r#""action":"close","after_bytes":300,"framing":"{framing}""#)
}

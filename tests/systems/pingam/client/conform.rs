//! The rules for every system, at both lines of servers.

use std::sync::Arc;
use usher::config::Profile;
use usher::emulator::pingam::{AmOptions, Flavour};
use usher::emulator::{Options, Running};
use usher::model::SessionKey;

use super::conformance::{LongList, SystemFixture};
use super::emulated::{handle_of, ordinary, profile};

/// One line of servers.
trait Line {
    const KIND: Flavour;
}

impl<L: Line> SystemFixture for L {
    fn options() -> Options {
        Self::options_with_limit(1_000)
    }

    fn profile(emulator: &Running) -> Profile {
        profile(emulator)
    }

    fn profile_without_rights(emulator: &Running) -> Profile {
        ordinary(emulator)
    }

    fn options_with_limit(rows: usize) -> Options {
        Options {
            system: Arc::new(AmOptions {
                flavour: L::KIND,
                list_limit: rows,
                // Some sessions of the made-up world are over: they must not leave in between.
                sweep_seconds: 3_600,
                ..AmOptions::default()
            }),
            ..Options::default()
        }
    }

    const LONG_LIST: LongList = LongList::IsCut;

    fn count(emulator: &Running) -> usize {
        // Those that the client keeps have no handle and are in no list.
        let sessions = emulator.am().sessions().into_iter();
        sessions.filter(|row| row.handle.is_some()).count()
    }

    fn end(emulator: &Running, key: &SessionKey) -> bool {
        emulator.am().end(handle_of(key))
    }

    const LISTS: &'static str = r#"{"method":"GET","path":"*/sessions"}"#;
    const ENDS: &'static str = r#"{"method":"POST","path":"*/sessions"}"#;
}

mod pingam {
    use super::*;

    struct Pingam;

    impl Line for Pingam {
        const KIND: Flavour = Flavour::Pingam;
    }

    conformance!(Pingam);
}

mod openam {
    use super::*;

    struct Openam;

    impl Line for Openam {
        const KIND: Flavour = Flavour::Openam;
    }

    conformance!(Openam);
}

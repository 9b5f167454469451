//! When the screen changes by itself: not at a fixed rate, only when something on it has an age.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike, Utc};

use crate::app::State;
use crate::app::state::TimeStyle;
use crate::store::Row;

const SPINNER: Duration = Duration::from_millis(125);
const SECOND: Duration = Duration::from_secs(1);

/// How long until the screen looks different although nothing happened: the next turn of a spinner,
/// the next second of a short age or a countdown, else the next minute of the header clock.
pub(super) fn pause(state: &State, now: DateTime<Utc>) -> Duration {
    if state.spinner && state.is_loading() && !state.prefs.reduced_motion {
        SPINNER
    } else if has_countdown(state) || has_short_age(state, now) {
        SECOND
    } else {
        let into =
            u64::from(now.second()) * 1000 + u64::from(now.timestamp_subsec_millis().min(999));
        // A little later than the full minute, so that the clock has certainly turned.
        Duration::from_millis(60_000 - into + 5)
    }
}

fn has_countdown(state: &State) -> bool {
    state.dialogs.iter().any(|dialog| dialog.shows_seconds())
}

/// True if an age or a rest of less than a minute is in the window of the table, or in details.
fn has_short_age(state: &State, now: DateTime<Utc>) -> bool {
    let results = &state.results;
    let details = results.current().filter(|_| !state.details.hidden);
    if details.is_some_and(|(_, row)| is_young(row, now)) {
        return true;
    }
    // The table is never higher than the terminal.
    let window = results.top..results.top.saturating_add(state.size.height.into());
    state.prefs.time == TimeStyle::Age
        && window
            .map_while(|position| results.at(position))
            .any(|(_, row)| is_young(row, now))
}

fn is_young(row: Row<'_>, now: DateTime<Utc>) -> bool {
    let minute = TimeDelta::seconds(61);
    [row.created(), row.last_used(), row.expires(), row.ended()]
        .into_iter()
        .flatten()
        .any(|at| (now - at).abs() < minute)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::Gen;
    use crate::app::keymap::Keymap;
    use crate::app::msg::Size;
    use crate::app::source::{Progress, Source};
    use crate::app::state::Prefs;
    use crate::model::time::Zone;
    use crate::model::{RowRef, RowSink};
    use crate::store::{ChunkBuilder, SourceId, View, order};

    use crate::runtime::fakes::profile_view;

    fn now() -> DateTime<Utc> {
        "2026-11-21T14:07:12.250Z".parse().unwrap()
    }

    fn screen() -> State {
        let prefs = Prefs {
            time: TimeStyle::Age,
            zone: Zone::default(),
            local: Zone::Utc,
            ascii: false,
            only_ascii: false,
            reduced_motion: false,
            mouse: true,
            read_only: false,
            config_path: String::new(),
        };
        let mut state = State::new(prefs, Keymap::default(), now());
        state.size = Size {
            width: 80,
            height: 24,
        };
        state.sources.push(Source::new(profile_view("demo")));
        state
    }

    fn with_row(created: &str) -> State {
        let mut state = screen();
        let mut builder = ChunkBuilder::new(SourceId(0), Arc::default());
        let mut row = RowRef::new("k", "ss:k");
        row.created = Some(created.parse().unwrap());
        let _ = builder.row(&mut row);
        state.results.rows.append(builder.finish());
        let view = View {
            sort: None,
            filter: None,
            ended: Arc::default(),
            sources: Arc::from([crate::runtime::fakes::names()]),
            now: now(),
            counted: None,
            counts: false,
        };
        state.results.order = order(&state.results.rows, &view, None);
        state
    }

    #[test]
    fn an_idle_screen_waits_for_the_next_minute() {
        assert_eq!(pause(&screen(), now()), Duration::from_millis(47_755));
        assert_eq!(
            pause(&with_row("2026-11-21T13:00:00Z"), now()),
            Duration::from_millis(47_755)
        );
    }

    #[test]
    fn a_short_age_turns_every_second() {
        let mut state = with_row("2026-11-21T14:06:50Z");
        assert_eq!(pause(&state, now()), SECOND);

        state.prefs.time = TimeStyle::Utc;
        state.details.hidden = true;
        assert_ne!(pause(&state, now()), SECOND, "no age is shown");
    }

    #[test]
    fn a_row_that_ends_within_a_minute_turns_every_second() {
        assert_eq!(pause(&with_row("2026-11-21T14:08:00Z"), now()), SECOND);
    }

    #[test]
    fn a_spinner_turns_eight_times_a_second_unless_motion_is_unwanted() {
        let mut state = screen();
        state.sources[0].progress = Progress::Loading;
        state.sources[0].search_gen = Gen(1);
        assert_ne!(pause(&state, now()), SPINNER, "not shown yet");

        state.spinner = true;
        assert_eq!(pause(&state, now()), SPINNER);

        state.prefs.reduced_motion = true;
        assert_ne!(pause(&state, now()), SPINNER);
    }
}

//! Every screen as a picture in characters.

mod support;

#[path = "screens/actions.rs"]
mod actions;
#[path = "screens/contrast.rs"]
mod contrast;
#[path = "screens/counts.rs"]
mod counts;
#[path = "screens/details.rs"]
mod details;
#[path = "screens/dialogs.rs"]
mod dialogs;
#[path = "screens/form.rs"]
mod form;
#[path = "screens/palette.rs"]
mod palette;
#[path = "screens/panes.rs"]
mod panes;
#[path = "screens/random.rs"]
mod random;
#[path = "screens/realms.rs"]
mod realms;
#[path = "screens/sign_in.rs"]
mod sign_in;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tui_input::Input;
use usher::app::dialogs::error::ErrorBox;
use usher::app::dialogs::first_run::FirstRun;
use usher::app::dialogs::help::Help;
use usher::app::dialogs::job::JobBox;
use usher::app::dialogs::plan::PlanBox;
use usher::app::dialogs::profiles::SwitchProfile;
use usher::app::dialogs::quit::Quit;
use usher::app::dialogs::sign_in::SignIn;
use usher::app::dialogs::ways::ChooseWay;
use usher::app::effect::{Gen, JobId, Timer};
use usher::app::error_report::ErrorReport;
use usher::app::form::{FormError, FormField, TextField};
use usher::app::job::{Job, JobState};
use usher::app::msg::{RowPage, SignInStep};
use usher::app::results::{Find, LiveFilter, RowStatus};
use usher::app::source::{Link, ProfileEntry, Progress, Source};
use usher::app::state::{Level, Message, Pane, State, TimeStyle};
use usher::app::{RevokeItem, update};
use usher::model::signin::{Ask, DeviceCode, Question, QuestionKind};
use usher::model::{
    ApiError, Completeness, Field, Headway, Outcome, PageEnd, Plan, Query, RowRef, RowSink,
    Session, SessionKey, Subject, Untrusted, WalkProgress, Way, WayCost,
};
use usher::store::{ChunkBuilder, RowId, SourceId};
use usher::ui::Theme;

use support::fixture::{Fixture, Person, at, caps, now, people, profile};
use support::screen::{check, check_with};

const MAIN: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
const TWO: [(u16, u16); 2] = [(80, 24), (120, 40)];
const SMALL: [(u16, u16); 1] = [(80, 24)];

/// Presses keys by their names in the configuration.
fn keys(state: &mut State, names: &str) {
    for name in names.split(' ') {
        update(state, usher::app::Msg::Key(name.parse().expect("a key")));
    }
}

/// The first system answers the question about all of a person with these sessions.
fn answer(state: &mut State, rows: Vec<RowRef<'static>>) {
    let question = state.dialogs.last().and_then(|top| top.get::<PlanBox>());
    let asked = question.and_then(|question| question.systems[0].asked.as_ref());
    let generation = asked.expect("it is asked").0;
    let mut builder = ChunkBuilder::new(SourceId(0), Arc::default());
    for mut row in rows {
        let _ = builder.row(&mut row);
    }
    let page = RowPage {
        chunk: builder.finish(),
        end: PageEnd {
            next: None,
            total: None,
            completeness: Completeness::Complete,
            unread: 0,
            walk: None,
        },
        took: Duration::ZERO,
        duplicates: 0,
        received: 0,
        headway: None,
        stopped: None,
    };
    let page = usher::app::Msg::Page {
        source: SourceId(0),
        generation,
        result: Ok(page),
    };
    update(state, page);
}

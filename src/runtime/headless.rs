//! The screen without a terminal and without waiting: the tasks of the real screen on the embedded server,
//! one after the other. The same keys give the same state.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::configured::{Configured, DemoWorld};
use super::effects::Effects;
use crate::api::Systems;
use crate::app::dialogs::first_run::FirstRun;
use crate::app::effect::{Effect, Gen, JobId, Timer};
use crate::app::keymap::{KeyPress, Keymap};
use crate::app::msg::{Msg, RowPage, SignInStep, Size};
use crate::app::source::ProfileEntry;
use crate::app::state::{Prefs, State};
use crate::app::update;
use crate::app::update::open_profiles;
use crate::audit::Audit;
use crate::config::{Config, Paths};
use crate::model::{ApiError, Completeness, Outcome};

/// The duration that a request is said to have taken: the real one differs from run to run.
const TOOK: Duration = Duration::from_millis(142);
/// The same for a page of a list.
const PAGE_TOOK: Duration = Duration::from_millis(11);
/// How long a device code is said to last.
const CODE_LASTS: TimeDelta = TimeDelta::seconds(1_781);
/// How long the embedded server may take for an answer. Then the picture is drawn without it.
const PATIENCE: Duration = Duration::from_secs(10);

/// A screen without a terminal. It draws one picture when asked.
pub struct HeadlessRenderer {
    state: State,
    effects: Effects,
    messages: mpsc::Receiver<Msg>,
}

impl HeadlessRenderer {
    /// A screen on a made-up world at a moment, with nothing open.
    pub fn new(
        world: DemoWorld,
        prefs: Prefs,
        size: Size,
        now: DateTime<Utc>,
        systems: Systems,
    ) -> Self {
        let nowhere = Paths::default();
        let audit = Arc::new(Audit::new(&nowhere));
        let config = Config::default();
        let profiles = Configured::new(config, None, None, nowhere, false, world, systems);
        let mut state = State::new(prefs, Keymap::default(), now);
        state.size = size;
        state.systems = profiles.systems();
        let entry = |view| ProfileEntry {
            view,
            last: "-".to_owned(),
        };
        state.profiles = profiles.views().into_iter().map(entry).collect();
        let (effects, messages) = Effects::new(Arc::new(profiles), audit);
        Self {
            state,
            effects,
            messages,
        }
    }

    /// The state as it is now.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Shows the welcome to a configuration without profiles.
    pub fn welcome(&mut self) {
        self.state.open(FirstRun::default());
    }

    /// Opens the first so many profiles together, without asking anything of them.
    pub async fn open(&mut self, count: usize) {
        let entries = self.state.profiles.iter().take(count);
        let names: Vec<String> = entries.map(|entry| entry.view.name.clone()).collect();
        let effects = open_profiles(&mut self.state, &names);
        self.settle(effects).await;
    }

    /// Opens the first profile and asks nothing, even if it says `search_on_start`.
    pub async fn open_untouched(&mut self) {
        for entry in &mut self.state.profiles {
            entry.view.policy.search_on_start = false;
        }
        self.open(1).await;
    }

    /// Presses a key, and does all that follows.
    pub async fn press(&mut self, key: KeyPress) {
        let effects = update(&mut self.state, Msg::Key(key));
        self.settle(effects).await;
    }

    /// Does one thing after the other, and what follows from it.
    async fn settle(&mut self, effects: Vec<Effect>) {
        let mut waiting = VecDeque::from(effects);
        while let Some(effect) = waiting.pop_front() {
            if let Some(due) = due(&effect) {
                waiting.extend(update(&mut self.state, due));
            } else if let Some(answer) = Awaited::by(&effect) {
                self.effects.start(effect);
                // Without an answer in time the picture shows what is there.
                while let Ok(Some(msg)) = timeout(PATIENCE, self.messages.recv()).await {
                    let is_last = answer.is_last(&msg);
                    if let Some(msg) = self.fixed(msg) {
                        waiting.extend(update(&mut self.state, msg));
                    }
                    if is_last {
                        break;
                    }
                }
            }
        }
    }

    /// The message without what differs from run to run. `None`: it tells of this computer alone.
    fn fixed(&self, mut msg: Msg) -> Option<Msg> {
        match &mut msg {
            Msg::Connected { result: Ok(up), .. } => {
                up.took = TOOK;
                // The picture has the clock of its server.
                up.ahead = TimeDelta::zero();
            }
            Msg::Page {
                result: Ok(page), ..
            } => page.took = PAGE_TOOK,
            Msg::SignIn {
                step: SignInStep::ShowCode(code),
                ..
            } => {
                code.until = self.state.now + CODE_LASTS;
                code.url = "https://idp.example.org/device-code".into();
            }
            Msg::Connected {
                result: Err(error), ..
            }
            | Msg::Page {
                result: Err(error), ..
            }
            | Msg::Detail {
                result: Err(error), ..
            }
            | Msg::UserRevoked {
                result: Err(error), ..
            }
            | Msg::Acted {
                result: Err(error), ..
            }
            | Msg::Revoked {
                outcome: Outcome::Failed(error),
                ..
            } => fix(error),
            // Nothing of a picture is kept in an audit log.
            Msg::Notify { .. } | Msg::Recorded(..) => return None,
            _ => {}
        }
        Some(msg)
    }
}

/// The message of a timer that is due at once. Messages that fade by themselves stay on the picture.
fn due(effect: &Effect) -> Option<Msg> {
    match effect {
        Effect::After {
            timer: timer @ (Timer::Arm | Timer::Filter | Timer::Form),
            generation,
            ..
        } => Some(Msg::Due(*timer, *generation)),
        _ => None,
    }
}

/// The event that ends the wait for an effect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaited {
    /// The last message with this number.
    Answer(Gen),
    /// The end of this job.
    End(JobId),
}

impl Awaited {
    /// The event that ends an effect. `None`: none, so it changes no picture.
    fn by(effect: &Effect) -> Option<Self> {
        match effect {
            Effect::Connect { generation, .. }
            | Effect::Plan { generation, .. }
            | Effect::Search { generation, .. }
            | Effect::Get { generation, .. }
            | Effect::Order { generation, .. }
            | Effect::CountUsers { generation, .. }
            | Effect::FindMarked { generation, .. }
            | Effect::Compare { generation, .. }
            | Effect::Act { generation, .. } => Some(Self::Answer(*generation)),
            Effect::Revoke { job, .. } => Some(Self::End(*job)),
            _ => None,
        }
    }

    fn is_last(self, msg: &Msg) -> bool {
        match msg {
            // Nobody will answer: the question stays on the screen.
            Msg::SignIn { step, .. } => !matches!(step, SignInStep::Done),
            Msg::Connected { generation, .. }
            | Msg::Planned { generation, .. }
            | Msg::Detail { generation, .. }
            | Msg::Ordered { generation, .. }
            | Msg::UsersCounted { generation, .. }
            | Msg::MarksFound { generation, .. }
            | Msg::Compared { generation, .. }
            | Msg::Acted { generation, .. } => self == Self::Answer(*generation),
            Msg::Page {
                generation, result, ..
            } => self == Self::Answer(*generation) && result.as_ref().map_or(true, ends),
            Msg::Ended(job) => self == Self::End(*job),
            _ => false,
        }
    }
}

/// True if no page follows, and no error either.
fn ends(page: &RowPage) -> bool {
    let is_whole = page.end.next.is_none() && page.end.completeness != Completeness::More;
    is_whole || page.stopped.is_some()
}

/// The embedded server has another port every time, and its requests other numbers.
fn fix(error: &mut ApiError) {
    if let ApiError::Server { host, .. }
    | ApiError::Unexpected { host, .. }
    | ApiError::NoEndpoint { host, .. } = error
    {
        "127.0.0.1".clone_into(host);
    }
    if let Some(exchange) = error.exchange_mut() {
        exchange.took = TOOK;
        "4f1c09aa".clone_into(&mut exchange.id);
    }
}

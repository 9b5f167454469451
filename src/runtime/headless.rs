//! The screen without a terminal and without time: every task is done at once and in order, on the
//! embedded server. The same keys give the same state.

use std::collections::{HashMap, VecDeque};
use std::hash::RandomState;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use tokio::sync::mpsc;

use super::configured::{Configured, DemoWorld};
use super::effects::search::ScreenReading;
use super::profiles::{Opened, Profiles};
use crate::api::Systems;
use crate::api::auth::{Ask, DeviceCode, Prompter, Waiting};
use crate::app::dialogs::first_run::FirstRun;
use crate::app::effect::{Effect, Gen, Timer};
use crate::app::keymap::{KeyPress, Keymap};
use crate::app::msg::{Connected, Msg, SignInStep, Size};
use crate::app::source::ProfileEntry;
use crate::app::state::{Prefs, State};
use crate::app::update;
use crate::app::update::open_profiles;
use crate::config::{Config, Paths};
use crate::model::{ApiError, ReadKeys, Search, SessionKey};
use crate::reading::Then;
use crate::store::order::make;
use crate::store::{RowId, SourceId};

/// How long every request is said to have taken: what it really took is never the same.
const TOOK: Duration = Duration::from_millis(142);
/// How long a device code is said to last.
const CODE_LASTS: TimeDelta = TimeDelta::seconds(1_781);

/// A screen without a terminal. It draws one picture when asked.
pub struct HeadlessRenderer {
    state: State,
    profiles: Configured,
    opened: HashMap<SourceId, Opened>,
    hasher: RandomState,
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
        let nowhere = Paths::under(std::path::Path::new(""));
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
        Self {
            state,
            profiles,
            opened: HashMap::new(),
            hasher: RandomState::new(),
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

    /// Presses a key, and does all that follows.
    pub async fn press(&mut self, key: KeyPress) {
        let effects = update(&mut self.state, Msg::Key(key));
        self.settle(effects).await;
    }

    async fn settle(&mut self, effects: Vec<Effect>) {
        let mut waiting = VecDeque::from(effects);
        while let Some(effect) = waiting.pop_front() {
            for msg in self.done(effect).await {
                waiting.extend(update(&mut self.state, msg));
            }
        }
    }

    /// Does one thing; what came of it.
    async fn done(&mut self, effect: Effect) -> Vec<Msg> {
        match effect {
            Effect::Connect {
                source, generation, ..
            } => self.connect(source, generation).await,
            Effect::Plan {
                source,
                generation,
                search,
            } => self.plan(source, generation, &search).await,
            Effect::Search {
                source,
                generation,
                search,
                at: _,
            } => self.search(source, generation, search).await,
            Effect::Get {
                source,
                generation,
                row,
                key,
            } => self.get(source, generation, row, &key).await,
            Effect::Order {
                generation,
                rows,
                view,
                base,
            } => {
                let order = make(&rows, &view, base.as_ref());
                vec![Msg::Ordered { generation, order }]
            }
            // A pause has passed; what fades by itself stays to be seen.
            Effect::After {
                timer: timer @ (Timer::Arm | Timer::Filter | Timer::Form),
                generation,
                delay: _,
            } => vec![Msg::Due(timer, generation)],
            Effect::Revoke { job, items, .. } => {
                let mut told = Vec::new();
                for item in items {
                    let result = self.api(item.source).await.map(|opened| opened.api);
                    let outcome = match result {
                        Ok(api) => api.revoke(std::slice::from_ref(&item.key)).await,
                        Err(error) => Err(error),
                    };
                    let outcome = outcome.map(|mut all| all.pop());
                    let row = item.row;
                    if let Ok(Some(outcome)) = outcome {
                        told.push(Msg::Revoked { job, row, outcome });
                    }
                }
                told.push(Msg::Ended(job));
                told
            }
            Effect::RevokeUser {
                job, source, user, ..
            } => {
                let result = match self.api(source).await {
                    Ok(opened) => opened.api.revoke_user(&user).await,
                    Err(error) => Err(error),
                };
                let ended = Msg::UserRevoked {
                    job,
                    source,
                    result,
                };
                vec![ended, Msg::Ended(job)]
            }
            Effect::Act {
                source,
                generation,
                spec,
                args,
                ..
            } => {
                let result = match self.api(source).await {
                    Ok(opened) => opened.api.act(&spec.name, args).await,
                    Err(error) => Err(error),
                };
                vec![Msg::Acted {
                    generation,
                    result: result.map_err(same_host),
                }]
            }
            _ => Vec::new(),
        }
    }

    /// The client; it is made where that has not happened yet.
    async fn api(&mut self, source: SourceId) -> Result<Opened, ApiError> {
        match self.opened.get(&source) {
            Some(opened) => Ok(opened.clone()),
            None => self.make(source, mpsc::channel(1).0).await,
        }
    }

    async fn make(
        &mut self,
        source: SourceId,
        asks: mpsc::Sender<SignInStep>,
    ) -> Result<Opened, ApiError> {
        let opened = self.state.source(source);
        let name = opened.map_or("", |source| source.profile.name.as_str());
        let opened = self.profiles.open(name, Arc::new(Asks(asks))).await?;
        self.opened.insert(source, opened.clone());
        Ok(opened)
    }

    async fn connect(&mut self, source: SourceId, generation: Gen) -> Vec<Msg> {
        let (asks, mut asked) = mpsc::channel(4);
        let opened = match self.make(source, asks).await {
            Ok(opened) => opened,
            Err(error) => {
                let result = Err(same_host(error));
                return vec![Msg::Connected {
                    source,
                    generation,
                    result,
                }];
            }
        };
        let result = tokio::select! { biased;
            // Nobody will answer: the question stays on the screen.
            Some(step) = asked.recv() => return vec![Msg::SignIn { source, step: self.fixed(step) }],
            who = opened.api.whoami() => who,
        };
        let up = |who| Connected {
            who,
            caps: opened.api.caps(),
            took: TOOK,
            // The picture has the clock of its server.
            ahead: chrono::TimeDelta::zero(),
        };
        let result = result.map(up).map_err(same_host);
        vec![Msg::Connected {
            source,
            generation,
            result,
        }]
    }

    /// What a server asks, without what is never the same.
    fn fixed(&self, step: SignInStep) -> SignInStep {
        match step {
            SignInStep::ShowCode(code) => SignInStep::ShowCode(DeviceCode {
                until: self.state.now + CODE_LASTS,
                url: "https://idp.example.org/device-code".into(),
                ..code
            }),
            other => other,
        }
    }

    async fn plan(&mut self, source: SourceId, generation: Gen, search: &Search) -> Vec<Msg> {
        let result = match self.api(source).await {
            Ok(opened) => opened.api.plan(search),
            Err(error) => Err(error),
        };
        vec![Msg::Planned {
            source,
            generation,
            result,
        }]
    }

    async fn search(&mut self, source: SourceId, generation: Gen, search: Search) -> Vec<Msg> {
        let failed = |error| Msg::Page {
            source,
            generation,
            result: Err(same_host(error)),
        };
        let opened = match self.api(source).await {
            Ok(opened) => opened,
            Err(error) => return vec![failed(error)],
        };
        let keys = ReadKeys::default();
        let reading = ScreenReading::new(&opened, source, &self.hasher, search, None, keys);
        let mut reading = match reading {
            Ok(reading) => reading,
            Err(error) => return vec![failed(error)],
        };
        let mut told = Vec::new();
        loop {
            let (page, then) = reading.page().await;
            if let Some(mut page) = page {
                page.took = TOOK;
                told.push(Msg::Page {
                    source,
                    generation,
                    result: Ok(page),
                });
            }
            match then {
                Then::Next => {}
                Then::End | Then::Stopped(_) => return told,
                Then::Broke(error) => {
                    told.push(failed(error));
                    return told;
                }
            }
        }
    }

    async fn get(
        &mut self,
        source: SourceId,
        generation: Gen,
        row: RowId,
        key: &SessionKey,
    ) -> Vec<Msg> {
        let result = match self.api(source).await {
            Ok(opened) => opened.api.get(key).await.map(Box::new),
            Err(error) => Err(error),
        };
        vec![Msg::Detail {
            source,
            generation,
            row,
            result,
        }]
    }
}

/// The embedded server has another port every time; a picture of its errors must not.
fn same_host(mut error: ApiError) -> ApiError {
    match &mut error {
        ApiError::Server { host, .. }
        | ApiError::Unexpected { host, .. }
        | ApiError::NoEndpoint { host, .. } => *host = "127.0.0.1".to_owned(),
        _ => {}
    }
    error
}

/// Hands on what a provider asks of a person.
struct Asks(mpsc::Sender<SignInStep>);

#[async_trait]
impl Prompter for Asks {
    async fn show_code(&self, code: DeviceCode) {
        // Fails only when nobody draws any more.
        let _ = self.0.send(SignInStep::ShowCode(code)).await;
    }

    async fn ask(&self, ask: Ask) -> Result<Vec<SecretString>, ApiError> {
        let _ = self.0.send(SignInStep::Ask(ask)).await;
        std::future::pending().await
    }

    async fn wait(&self, waiting: Waiting, _pause: Duration) -> Result<Option<usize>, ApiError> {
        let _ = self.0.send(SignInStep::Wait(waiting)).await;
        std::future::pending().await
    }

    async fn done(&self) {}
}

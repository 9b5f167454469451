//! The loop: wait, apply everything that waits, draw once.

use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use chrono::Utc;
use crossterm::event::Event;
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::effects::{Effects, Local};
use super::events::Events;
use super::input::Decoder;
use super::pace::Pace;
use super::profiles::Profiles;
use super::signals::{Caught, Signals};
use super::terminal::Screen;
use super::{Begin, Setup, clipboard, editor, modes, process, wake};
use crate::app::dialogs::first_run::FirstRun;
use crate::app::dialogs::profiles::SwitchProfile;
use crate::app::effect::Copied;
use crate::app::msg::Notification;
use crate::app::source::ProfileEntry;
use crate::app::update::open_profiles;
use crate::app::{Effect, Msg, Size, State, lay_out, update, update_unseen};
use crate::ui::{self, Theme, Themes};

/// Messages applied before a frame is drawn.
const BATCH: usize = 256;
/// The longest that messages are applied before a frame is drawn.
const LONGEST: Duration = Duration::from_millis(8);
/// How long a signal waits for revokes that are on their way.
const PATIENCE: Duration = Duration::from_secs(5);

/// How the screen ended.
pub(super) struct End {
    /// The exit code.
    pub(super) code: u8,
    /// True while a revoke is running.
    pub(super) jobs_running: bool,
    /// What was ended, in a sentence. `None`: nothing.
    pub(super) ended: Option<String>,
}

/// Shows the screen until it is ended.
pub(super) async fn run(setup: Setup) -> io::Result<End> {
    // Before the terminal is taken: a signal in between would leave it taken.
    let signals = Signals::new()?;
    let mouse = mouse(setup.prefs.mouse);
    let (first, forgot) = (setup.begin.clone(), setup.forgot.clone());
    let mut shell = Shell::new(setup, signals)?;
    let _back = GiveBack;
    modes::enter(mouse)?;
    let begin = shell.begin(&first);
    // The first frame comes before everything that may take time.
    shell.draw();
    shell.input = Some(Events::new()?);
    process::watch_terminal()?;
    shell.effects.look_at_audit();
    #[cfg(debug_assertions)]
    shell.effects.panic_if_asked();
    #[cfg(debug_assertions)]
    super::effects::fail_if_asked()?;
    let mut end = shell.start(begin).await;
    if let Some(why) = forgot.filter(|_| end.is_continue()) {
        end = shell.tell(Msg::Notify {
            what: Notification::Remembered,
            result: Err(why),
        });
    }
    while end.is_continue() {
        end = shell.turn().await;
    }
    let code = match end {
        ControlFlow::Break(code) => code,
        ControlFlow::Continue(()) => 0,
    };
    // The operator's shell gets its terminal back before anything is waited for.
    modes::leave();
    shell.effects.keep_all();
    shell.effects.end_exports().await;
    if shell.ended_by_signal {
        shell.finish_jobs().await;
    }
    let jobs_running = shell.effects.has_running_jobs();
    // To give back a million rows one by one takes long; the end of the process does it at once.
    std::mem::forget(shell.state);
    Ok(End {
        code,
        jobs_running,
        ended: shell.effects.ended_here(),
    })
}

/// Gives the terminal back when the loop is left, by whatever way.
struct GiveBack;

impl Drop for GiveBack {
    fn drop(&mut self) {
        modes::leave();
    }
}

/// The event that woke the loop.
enum Woken {
    Signal(Caught),
    Input(Option<io::Result<Event>>),
    Message(Box<Msg>),
    Written(io::Result<()>),
    Time,
}

struct Shell {
    state: State,
    themes: Themes,
    /// The theme drawn with, and its name.
    theme: (String, Theme),
    profiles: std::sync::Arc<dyn Profiles>,
    effects: Effects,
    messages: mpsc::Receiver<Msg>,
    signals: Signals,
    /// `None`: another program has the terminal.
    input: Option<Events>,
    decoder: Decoder,
    /// When the program began.
    begun: Instant,
    screen: Screen,
    /// True if a frame must be drawn.
    dirty: bool,
    /// True if the screen must be laid out before that.
    unseen: bool,
    pace: Pace,
    /// When the picture changes by itself.
    turns_at: Instant,
    /// Then revokes that are on their way are awaited; who quits by key has been asked.
    ended_by_signal: bool,
}

impl Shell {
    fn new(setup: Setup, signals: Signals) -> io::Result<Self> {
        let (mut effects, messages) = Effects::new(setup.profiles.clone(), setup.audit);
        effects.kept = setup.kept;
        let mut state = State::new(setup.prefs, setup.keymap, Utc::now());
        state.systems = setup.systems;
        (state.look, state.memory) = (setup.look, setup.memory);
        state.keeps_history = setup.keeps_history;
        state.profiles = setup
            .views
            .into_iter()
            .map(|view| ProfileEntry {
                view,
                last: "-".to_owned(),
            })
            .collect();
        state.size = terminal_size();
        Ok(Self {
            screen: Screen::new(state.size, modes::Grade::here())?,
            theme: (
                state.look.theme.clone(),
                setup.themes.named(&state.look.theme),
            ),
            themes: setup.themes,
            state,
            profiles: setup.profiles,
            effects,
            messages,
            signals,
            input: None,
            decoder: Decoder::default(),
            begun: Instant::now(),
            dirty: true,
            unseen: false,
            pace: Pace::new(Instant::now()),
            turns_at: Instant::now(),
            ended_by_signal: false,
        })
    }

    /// Opens the first view, in the state only.
    fn begin(&mut self, begin: &Begin) -> Vec<Effect> {
        let effects = match begin {
            Begin::Open(names) => open_profiles(&mut self.state, names),
            Begin::Choose => {
                self.state.open(SwitchProfile::default());
                Vec::new()
            }
            Begin::Welcome => {
                self.state.open(FirstRun::default());
                Vec::new()
            }
        };
        lay_out(&mut self.state);
        effects
    }

    /// One turn of the loop.
    async fn turn(&mut self) -> ControlFlow<u8> {
        if self.dirty && !self.screen.is_writing() && Instant::now() >= self.pace.due() {
            self.draw();
        }
        match self.wait().await {
            Woken::Signal(Caught::End(signal)) => {
                self.ended_by_signal = true;
                let end = self.apply(vec![Msg::Signal(signal)]).await;
                ControlFlow::Break(end.break_value().unwrap_or(signal.exit_code()))
            }
            Woken::Signal(Caught::Stop) => self.suspend().await,
            Woken::Signal(Caught::Continued) => self.take_again().await,
            Woken::Input(event) => match self.read(event) {
                Some(message) => self.apply_all(message).await,
                None => ControlFlow::Continue(()),
            },
            Woken::Message(message) => self.apply_all(*message).await,
            Woken::Written(Ok(())) => ControlFlow::Continue(()),
            Woken::Written(Err(_)) => modes::lost(),
            Woken::Time => self.on_time().await,
        }
    }

    /// Waits for whatever comes first; signals and keys before pages, so that a flood of pages delays no key.
    async fn wait(&mut self) -> Woken {
        let mut wake = self
            .effects
            .timers
            .next()
            .map_or(self.turns_at, |at| at.min(self.turns_at));
        if self.dirty && !self.screen.is_writing() {
            wake = wake.min(self.pace.due());
        }
        let input = self
            .input
            .as_mut()
            .expect("the terminal is ours while the loop waits");
        tokio::select! { biased;
            caught = self.signals.next() => Woken::Signal(caught),
            event = input.next() => Woken::Input(event),
            // Before messages: a flood of pages would keep the next frame away.
            result = self.screen.written() => Woken::Written(result),
            Some(message) = self.messages.recv() => Woken::Message(Box::new(message)),
            () = sleep_until(wake) => Woken::Time,
        }
    }

    /// Timers that ran out, and a picture that changes by itself.
    async fn on_time(&mut self) -> ControlFlow<u8> {
        let now = Instant::now();
        let due = self.effects.timers.take_due(now);
        if due.is_empty() && now < self.turns_at {
            return ControlFlow::Continue(());
        }
        self.apply(
            due.into_iter()
                .map(|(timer, generation)| Msg::Due(timer, generation))
                .collect(),
        )
        .await
    }

    fn read(&mut self, event: Option<io::Result<Event>>) -> Option<Msg> {
        match event {
            Some(Ok(event)) => self.decoder.message(event, std::time::Instant::now()),
            Some(Err(_)) | None => modes::lost(),
        }
    }

    /// Applies a message and everything that already waits, keys first.
    async fn apply_all(&mut self, message: Msg) -> ControlFlow<u8> {
        let mut batch = vec![message];
        while batch.len() < BATCH {
            let Some(input) = &mut self.input else { break };
            let Some(event) = input.waiting() else { break };
            batch.extend(self.read(Some(event)));
        }
        self.apply(batch).await?;
        let begun = Instant::now();
        for _ in 0..BATCH {
            let Ok(message) = self.messages.try_recv() else {
                break;
            };
            self.apply(vec![message]).await?;
            if begun.elapsed() > LONGEST {
                break;
            }
        }
        ControlFlow::Continue(())
    }

    /// Applies messages in order, each as if it came now.
    async fn apply(&mut self, batch: Vec<Msg>) -> ControlFlow<u8> {
        let tick = Msg::Tick {
            now: Utc::now(),
            up: self.begun.elapsed(),
        };
        let is_page = |message: &Msg| matches!(message, Msg::Page { .. } | Msg::Rows { .. });
        let is_news = !batch.is_empty() && batch.iter().all(is_page);
        // The time alone moves nothing that a key or a click means; the message lays the screen out.
        let effects = update_unseen(&mut self.state, tick);
        self.start(effects).await?;
        for message in batch {
            if let Msg::Resize(size) = &message {
                self.screen.resize(*size);
            }
            let effects = if is_page(&message) {
                // Several may come before the next frame.
                self.unseen = true;
                update_unseen(&mut self.state, message)
            } else {
                self.see();
                update(&mut self.state, message)
            };
            self.start(effects).await?;
        }
        self.changed(!is_news);
        ControlFlow::Continue(())
    }

    /// Lays the screen out, if it was not since the last message.
    fn see(&mut self) {
        if std::mem::take(&mut self.unseen) {
            lay_out(&mut self.state);
        }
    }

    /// Waits a while for revokes that are on their way. A second signal ends the waiting.
    async fn finish_jobs(&mut self) {
        if !self.effects.has_running_jobs() {
            return;
        }
        // Nobody reads messages any more; a job that wants to tell something must not wait for that.
        self.messages.close();
        tokio::select! {
            () = self.effects.finish_jobs(PATIENCE) => {}
            _ = self.signals.next() => {}
        }
    }

    /// `is_urgent`: something else than another page of rows came.
    fn changed(&mut self, is_urgent: bool) {
        self.dirty = true;
        self.pace.changed(is_urgent);
        self.turns_at = Instant::now() + wake::pause(&self.state, self.state.now);
    }

    async fn start(&mut self, effects: Vec<Effect>) -> ControlFlow<u8> {
        for effect in effects {
            if let Some(local) = self.effects.start(effect) {
                self.local(local).await?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Carries out the effects that only the owner of the terminal can.
    async fn local(&mut self, local: Local) -> ControlFlow<u8> {
        match local {
            Local::Quit(code) => return ControlFlow::Break(code),
            Local::Redraw => self.screen.forget(),
            Local::Mouse(taken) => self.screen.send(modes::mouse_bytes(mouse(taken))),
            Local::Copy { what, text } => return self.copy(what, &text),
            Local::Edit { profile } => return self.edit(profile).await,
            Local::NameClient { profile, id, name } => {
                return self.name_client(&profile, &id, &name);
            }
            Local::NewProfile(system) => return self.new_profile(&system).await,
            Local::Suspend => return self.suspend().await,
        }
        ControlFlow::Continue(())
    }

    /// Sends a copy to the terminal, and to a program where there is one: what the terminal does with it
    /// is not known, and a program may fail.
    fn copy(&mut self, what: Copied, text: &SecretString) -> ControlFlow<u8> {
        let clean = clipboard::clean(what, text);
        let ways = clipboard::Ways::here();
        let sent = match ways.terminal {
            None if ways.tools.is_empty() => {
                Err("this terminal takes no copies; `usher list -o jsonl` prints ids".to_owned())
            }
            None => Err(String::new()),
            Some(wrapping) => clipboard::sequence(&clean, wrapping).map(|bytes| {
                self.screen.send(&bytes);
                clipboard::told(what, clipboard::TO_TERMINAL, &clean)
            }),
        };
        if !ways.tools.is_empty() {
            self.effects.copy(ways, what, clean, sent);
            return ControlFlow::Continue(());
        }
        self.tell(Msg::Notify {
            what: Notification::Copied,
            result: sent,
        })
    }

    /// Applies a message about something that was done here. It asks for nothing that the loop must do.
    fn tell(&mut self, message: Msg) -> ControlFlow<u8> {
        self.see();
        for effect in update(&mut self.state, message) {
            if let Some(Local::Quit(code)) = self.effects.start(effect) {
                return ControlFlow::Break(code);
            }
        }
        self.changed(true);
        ControlFlow::Continue(())
    }

    fn draw(&mut self) {
        #[cfg(debug_assertions)]
        super::effects::panic_in_frame();
        self.see();
        if self.state.theme() != self.theme.0 {
            let name = self.state.theme().to_owned();
            self.theme = (name.clone(), self.themes.named(&name));
        }
        let (state, (_, theme)) = (&self.state, &self.theme);
        self.screen.draw(|picture| ui::draw(state, theme, picture));
        self.dirty = false;
        self.pace.drawn(Instant::now());
    }

    /// Stops to the shell until SIGCONT.
    async fn suspend(&mut self) -> ControlFlow<u8> {
        self.give().await;
        process::stop();
        self.signals.wait_until_continued().await;
        self.take_again().await
    }

    /// Gives the terminal to another program. The stream goes first: it would read that program's keys.
    async fn give(&mut self) {
        self.input = None;
        if self.screen.is_writing() && self.screen.written().await.is_err() {
            modes::lost();
        }
        modes::leave();
    }

    /// Takes the terminal, whoever had it, and draws everything.
    async fn take_again(&mut self) -> ControlFlow<u8> {
        if self.screen.is_writing() && self.screen.written().await.is_err() {
            modes::lost();
        }
        // After a stop that we were not asked about, the terminal may be in any mode.
        modes::leave();
        if modes::enter(mouse(self.state.prefs.mouse)).is_err() {
            modes::lost();
        }
        if self.input.is_none() {
            match Events::new() {
                Ok(events) => self.input = Some(events),
                Err(_) => modes::lost(),
            }
        }
        self.screen.forget();
        let size = terminal_size();
        self.screen.resize(size);
        self.tell(Msg::Resize(size))
    }

    /// Writes the name of an application into the configuration, and reads that again.
    fn name_client(&mut self, profile: &str, id: &str, name: &str) -> ControlFlow<u8> {
        let written = self.profiles.name_client(profile, id, name);
        let (profiles, result) = match written.and_then(|()| self.profiles.reload()) {
            Ok(views) => {
                self.effects.configuration_changed();
                let said = "saved; ^P reopens the profile with the name".to_owned();
                (Some(views), Ok(said))
            }
            Err(why) => (None, Err(why)),
        };
        self.tell(Msg::Profiles { profiles, result })
    }

    async fn new_profile(&mut self, system: &str) -> ControlFlow<u8> {
        match self.profiles.add_profile(system) {
            Ok(_) => self.edit(None).await,
            Err(why) => self.tell(Msg::Profiles {
                profiles: None,
                result: Err(why),
            }),
        }
    }

    /// Opens the configuration in the operator's editor, and reads it again.
    async fn edit(&mut self, profile: Option<String>) -> ControlFlow<u8> {
        let Some(file) = self.profiles.file() else {
            let why = "there is no place for a configuration; name one with --config".to_owned();
            return self.tell(Msg::Profiles {
                profiles: None,
                result: Err(why),
            });
        };
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let line = profile.and_then(|profile| editor::line_of(&text, &profile));
        let (chosen, hidden) = (editor::chosen(), self.profiles.secret_variables());
        self.give().await;
        let ran = editor::run(&chosen, &file, line, &hidden).await;
        self.signals.forget_keyboard();
        self.take_again().await?;
        let (profiles, result) = match ran {
            Err(error) => (
                None,
                Err(format!(
                    "cannot start {}: {error}; set EDITOR",
                    chosen.join(" ")
                )),
            ),
            Ok(_) => match self.profiles.reload() {
                Ok(views) => {
                    self.effects.configuration_changed();
                    (Some(views), Ok(format!("read {}", file.display())))
                }
                Err(why) => (None, Err(why)),
            },
        };
        self.tell(Msg::Profiles { profiles, result })
    }
}

fn mouse(taken: bool) -> modes::Mouse {
    if taken {
        modes::Mouse::Taken
    } else {
        modes::Mouse::Free
    }
}

/// The size as the system tells it. Zero is normal; a system that does not tell counts as 80×24.
fn terminal_size() -> Size {
    let (width, height) = crossterm::terminal::size().unwrap_or((80, 24));
    Size { width, height }
}

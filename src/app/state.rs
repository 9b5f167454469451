//! All that the screen knows, in one struct.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::dialog::Dialog;
use super::effect::{Gen, JobId};
use super::error_report::Errors;
use super::form::Form;
use super::job::{Acting, Job};
use super::keymap::{KeyPress, Keymap};
use super::look::Look;
use super::memory::Memory;
use super::msg::Size;
use super::results::{Details, Results};
use super::screen_layout::ScreenLayout;
use super::sorting;
use super::source::{ProfileEntry, Source};
use super::update::trail::Trail;
use super::watch::Watch;
use crate::model::time::Zone;
use crate::store::SourceId;

/// A pane that can have the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pane {
    /// The search form.
    Search,
    /// The results table.
    Table,
    /// The details.
    Details,
}

/// How times are shown in the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeStyle {
    /// "12m".
    #[default]
    Age,
    /// In this machine's zone.
    Local,
    /// In UTC.
    Utc,
}

/// How grave a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Success: fades after 6 s or at the next key.
    Ok,
    /// Something to know; stays until the next action.
    Info,
    /// `~ `; stays until the next action.
    Warn,
    /// `! `; stays until the next action, `E` shows all of it.
    Error,
}

/// A message of the status line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How grave it is.
    pub level: Level,
    /// One line, cleaned.
    pub text: String,
    /// True if it answers the last key, and the next one takes it away. A success goes with the next key anyway.
    pub passes: bool,
}

/// True if the question on top takes an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lock {
    /// It does, or nothing is asked.
    #[default]
    Open,
    /// Not yet: it has just come up, or a key has just been pressed.
    Shut,
    /// Not yet, and an answer came all the same.
    TooSoon,
}

/// The operator's preferences.
#[derive(Clone, Debug)]
pub struct Prefs {
    /// How times are shown.
    pub time: TimeStyle,
    /// The zone of times, while they are shown as ages.
    pub zone: Zone,
    /// The zone of `TimeStyle::Local`: that of this machine, which knows when clocks change. UTC where
    /// the machine's setting names no zone.
    pub local: Zone,
    /// Plain ASCII borders and marks.
    pub ascii: bool,
    /// The terminal takes nothing but ASCII: values too are shown in it.
    pub only_ascii: bool,
    /// No spinner.
    pub reduced_motion: bool,
    /// True if usher captures the mouse.
    pub mouse: bool,
    /// `--read-only` was given.
    pub read_only: bool,
    /// Where the configuration is looked for, for the first-run screen.
    pub config_path: String,
}

/// All that the screen knows.
#[derive(Clone, Debug)]
pub struct State {
    /// The open profiles, one or several.
    pub sources: Vec<Source>,
    /// All profiles of the configuration.
    pub profiles: Vec<ProfileEntry>,
    /// The search form.
    pub form: Form,
    /// The results.
    pub results: Results,
    /// The details.
    pub details: Details,
    /// Which pane has the keys when no dialog is open.
    pub focus: Pane,
    /// The dialogs; the last one has the keys.
    pub dialogs: Vec<Box<dyn Dialog>>,
    /// The message of the status line, if there is one.
    pub message: Option<Message>,
    /// The last errors, newest last, at most 20.
    pub errors: Errors,
    /// Revoke jobs that have not ended, and the last that has.
    pub jobs: Vec<Job>,
    /// Actions whose answers are on their way.
    pub acting: Vec<Acting>,
    /// The number given last.
    pub last_gen: Gen,
    /// The job number given last.
    pub last_job: JobId,
    /// The systems that a new profile can be for: word in the configuration, and name for people.
    pub systems: Vec<(String, String)>,
    /// True if the operator pressed Enter and has not moved since. The first row then takes the focus.
    pub focus_follows: bool,
    /// True if a search has been running long enough for a spinner.
    pub spinner: bool,
    /// How many exports are running.
    pub exports: usize,
    /// The live view. `None`: it is off.
    pub watch: Option<Watch>,
    /// True if Ctrl-C was pressed within the last 2 s.
    pub ctrl_c: bool,
    /// True if the program ends as soon as no revoke runs any more.
    pub quitting: bool,
    /// True if the question on top takes an answer.
    pub lock: Lock,
    /// True if a key that would have opened a question was refused within the last second.
    pub refused: bool,
    /// The keys that mean nothing here and have said so; each says it once.
    pub told_keys: Vec<KeyPress>,
    /// The pane whose scrollbar the mouse holds.
    pub held: Option<Pane>,
    /// Size of the terminal.
    pub size: Size,
    /// Where everything is on the screen.
    pub layout: ScreenLayout,
    /// The time of this batch of messages.
    pub now: DateTime<Utc>,
    /// Time since the program began, by a clock that never jumps: for all that is measured.
    pub up: Duration,
    /// The operator's preferences.
    pub prefs: Prefs,
    /// The theme.
    pub look: Look,
    /// The searches of this run.
    pub trail: Trail,
    /// What is remembered from run to run.
    pub memory: Memory,
    /// True if searches are written into the file of what is remembered.
    pub keeps_history: bool,
    /// Which key does what.
    pub keymap: Keymap,
}

impl State {
    /// The source with this number. `None`: no source has it.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(usize::from(id.0))
    }

    /// The zone in which instants are shown and typed ones are read: that of the header clock.
    pub fn zone(&self) -> Zone {
        match self.prefs.time {
            TimeStyle::Age => self.prefs.zone,
            TimeStyle::Local => self.prefs.local,
            TimeStyle::Utc => Zone::Utc,
        }
    }

    /// The time at the server of a source: ours while its clock is not known.
    pub fn now_at(&self, source: SourceId) -> DateTime<Utc> {
        let source = self.source(source);
        source.map_or(self.now, |source| self.now + source.ahead)
    }

    /// A screen with nothing open.
    pub fn new(prefs: Prefs, keymap: Keymap, now: DateTime<Utc>) -> Self {
        Self {
            sources: Vec::new(),
            profiles: Vec::new(),
            form: Form::default(),
            results: Results::new(sorting::NEWEST_FIRST),
            details: Details::default(),
            focus: Pane::Search,
            dialogs: Vec::new(),
            message: None,
            errors: Errors::new(),
            jobs: Vec::new(),
            acting: Vec::new(),
            last_gen: Gen::default(),
            last_job: JobId::default(),
            systems: Vec::new(),
            focus_follows: false,
            spinner: false,
            exports: 0,
            watch: None,
            ctrl_c: false,
            quitting: false,
            lock: Lock::Open,
            refused: false,
            told_keys: Vec::new(),
            held: None,
            size: Size::default(),
            layout: ScreenLayout::default(),
            now,
            up: Duration::ZERO,
            prefs,
            look: Look::default(),
            trail: Trail::default(),
            memory: Memory::default(),
            keeps_history: true,
            keymap,
        }
    }

    /// Opens a dialog on top of the others.
    pub fn open(&mut self, dialog: impl Dialog) {
        self.dialogs.push(Box::new(dialog));
    }

    /// The dialog on top, if it is of this kind.
    pub fn top<T: Dialog>(&self) -> Option<&T> {
        self.dialogs.last()?.get()
    }

    /// A number that no question has had yet.
    pub fn next_gen(&mut self) -> Gen {
        self.last_gen = Gen(self.last_gen.0 + 1);
        self.last_gen
    }

    /// True if a demo is open and there is no profile but demos.
    pub fn is_only_demo(&self) -> bool {
        let is_open = self.sources.iter().any(|source| source.profile.demo);
        is_open && self.profiles.iter().all(|entry| entry.view.demo)
    }

    /// True while pages of any source are arriving.
    pub fn is_loading(&self) -> bool {
        self.sources.iter().any(Source::is_loading)
    }
}

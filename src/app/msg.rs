//! Everything that can happen to the program.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
/// Size of the terminal in columns and rows. Zero is normal input.
pub use ratatui::layout::Size;

use super::audit_log::AuditPage;
use super::counts::Counts;
use super::effect::{Gen, JobId, Timer};
use super::export::{ExportFailure, Exported};
use super::keymap::KeyPress;
use super::source::{ProfileView, Wait};
use crate::model::signin::{Ask, DeviceCode, Waiting};
use crate::model::{
    ActionResult, ApiError, Capabilities, Headway, Identity, Outcome, PageEnd, Plan, Session,
    UserOutcome,
};
use crate::store::{Chunk, Compared, FoundMarks, Order, RowId, SourceId, UserCounts};

/// Something that happened outside the core.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed (or repeated).
    Key(KeyPress),
    /// The mouse did something.
    Mouse(Mouse),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resize(Size),
    /// The clock, in front of every batch of messages.
    Tick {
        /// The time of day. It may jump: somebody sets the clock.
        now: DateTime<Utc>,
        /// Time since the program began, by a clock that never jumps.
        up: Duration,
    },
    /// A signal that ends the program.
    Signal(Signal),
    /// A timer started by `Effect::After` has run out.
    Due(Timer, Gen),
    /// A profile is connected, or is not.
    Connected {
        /// Which one.
        source: SourceId,
        /// The number of the attempt.
        generation: Gen,
        /// Who we are there and what it can do, after how long.
        result: Result<Connected, ApiError>,
    },
    /// A provider asks for a person.
    SignIn {
        /// Which one.
        source: SourceId,
        /// The step.
        step: SignInStep,
    },
    /// A server makes us wait, so much longer; told every second. `None`: it is over.
    Waiting {
        /// A server of which profile.
        source: SourceId,
        /// The wait.
        wait: Option<Wait>,
    },
    /// How a search will be answered.
    Planned {
        /// Which source.
        source: SourceId,
        /// The number of the question.
        generation: Gen,
        /// The plan, or why there is none.
        result: Result<Plan, ApiError>,
    },
    /// The first rows of a page that takes further requests.
    Rows {
        /// From whom.
        source: SourceId,
        /// The number of the search.
        generation: Gen,
        /// Those that passed the filter and were not there yet.
        chunk: Arc<Chunk>,
    },
    /// A page has arrived, or failed.
    Page {
        /// From whom.
        source: SourceId,
        /// The number of the search.
        generation: Gen,
        /// Its rows and what it says of itself.
        result: Result<RowPage, ApiError>,
    },
    /// One session, read anew.
    Detail {
        /// From whom.
        source: SourceId,
        /// The number of the question.
        generation: Gen,
        /// For which row.
        row: RowId,
        /// The session.
        result: Result<Box<Session>, ApiError>,
    },
    /// A new order of the loaded rows.
    Ordered {
        /// The number of the question.
        generation: Gen,
        /// The order.
        order: Order,
    },
    /// The sessions and networks of the users of all rows were counted.
    UsersCounted {
        /// The number of the question.
        generation: Gen,
        /// The counts.
        counted: Arc<UserCounts>,
    },
    /// Two readings of the lists were compared.
    Compared {
        /// The number of the question.
        generation: Gen,
        /// What became of the rows.
        compared: Box<Compared>,
        /// The order of the rows now.
        order: Order,
    },
    /// The sessions that were marked before rows were loaded anew.
    MarksFound {
        /// The number of the question.
        generation: Gen,
        /// Where they are.
        marks: FoundMarks,
    },
    /// One row of a revoke job has its outcome.
    Revoked {
        /// Which job.
        job: JobId,
        /// Which row.
        row: RowId,
        /// The outcome.
        outcome: Outcome,
    },
    /// A revoke of all sessions of a user has its outcome.
    UserRevoked {
        /// Which job.
        job: JobId,
        /// At whom.
        source: SourceId,
        /// The outcome.
        result: Result<UserOutcome, ApiError>,
    },
    /// An action has ended.
    Acted {
        /// Its number.
        generation: Gen,
        /// The result.
        result: Result<ActionResult, ApiError>,
    },
    /// Rows were counted.
    Counted {
        /// The number of the question.
        generation: Gen,
        /// The counts.
        counts: Counts,
    },
    /// The audit log was read, or why it cannot be.
    AuditRead(Result<AuditPage, String>),
    /// So many rows of an export are written.
    Exporting(u64),
    /// Rows were exported, or not.
    Exported(Result<Exported, ExportFailure>),
    /// A job waits: nothing more is sent until `Effect::Resume`.
    Paused(JobId, ApiError),
    /// A job wrote these records into the audit log: the numbers of its lines, from 1. Comes before its end.
    Recorded(JobId, RangeInclusive<u64>),
    /// A job has ended; every row of it has had its message.
    Ended(JobId),
    /// The configuration was read again, after it was edited.
    Profiles {
        /// All profiles it has now; unchanged if it cannot be read.
        profiles: Option<Vec<ProfileView>>,
        /// The message: the file that was read, or why it cannot be used.
        result: Result<String, String>,
    },
    /// The outcome of a small task: copy, write the example.
    Notify {
        /// The event.
        what: Notification,
        /// The message.
        result: Result<String, String>,
    },
}

/// A connected profile.
#[derive(Clone, Debug)]
pub struct Connected {
    /// Who we are there.
    pub who: Identity,
    /// Its capabilities.
    pub caps: Arc<Capabilities>,
    /// How long it took to ask.
    pub took: Duration,
    /// How far the server's clock is ahead of ours; zero if it does not tell.
    pub ahead: TimeDelta,
}

/// A page of rows.
#[derive(Debug)]
pub struct RowPage {
    /// The rows that passed the filter and were not there yet, without those of [`Msg::Rows`].
    pub chunk: Arc<Chunk>,
    /// The end of the page.
    pub end: PageEnd,
    /// How long the request took.
    pub took: Duration,
    /// Rows dropped because they had come before.
    pub duplicates: u32,
    /// Rows that the system sent, those that did not match included.
    pub received: u32,
    /// How far the walk has come that the list needs. `None`: it needs none.
    pub headway: Option<Headway>,
    /// Why the page task stops although the server has more. `None`: it does not stop here.
    pub stopped: Option<String>,
}

/// The step of a sign-in for which the provider needs the person.
#[derive(Clone, Debug)]
pub enum SignInStep {
    /// A code to type in a browser.
    ShowCode(DeviceCode),
    /// Questions to answer.
    Ask(Ask),
    /// Something to read while the server waits for somebody elsewhere.
    Wait(Waiting),
    /// The sign-in has ended; take the box away.
    Done,
}

/// The subject of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notification {
    /// Something was copied.
    Copied,
    /// The example configuration was written.
    Written(PathBuf),
    /// The audit log lacks a line of a change that was sent.
    Unlogged,
    /// What is remembered could not be read or written.
    Remembered,
    /// The report of what this run has ended was saved.
    Reported,
    /// The changes that earlier runs left open in the audit log, or why it cannot be read.
    Unfinished,
}

/// A signal that ends the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: 130.
    Interrupt,
    /// SIGTERM: 143.
    Terminate,
    /// SIGHUP: 129.
    HangUp,
    /// SIGQUIT: 131.
    Quit,
    /// Another one that ends a program by default, by its number: 128 more.
    Other(u8),
}

/// An event of the mouse, at a column and row counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// Its kind.
    pub kind: MouseKind,
    /// Column.
    pub x: u16,
    /// Row.
    pub y: u16,
}

/// The kind of a mouse event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
    /// One click of the main button.
    Click,
    /// The second of two quick clicks.
    DoubleClick,
    /// The mouse moves with the main button down.
    Drag,
    /// Wheel up.
    WheelUp,
    /// Wheel down.
    WheelDown,
}

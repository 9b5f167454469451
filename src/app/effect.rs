//! Everything that the core wants done outside.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::export::ExportJob;
use super::memory::Keep;
use crate::model::{
    ActionArgs, ActionSpec, Cursor, Deletable, Search, SessionKey, Subject, Untrusted,
};
use crate::store::{Comparison, GroupBy, MarkedBefore, Order, Row, RowId, Rows, SourceId, View};

/// The number of a question; an answer with an old number is dropped. Unique over all sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gen(pub u64);

/// The number of a revoke job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// The purpose of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// A question takes answers from now on.
    Arm,
    /// A message of success has been seen long enough.
    Fade,
    /// Typing in the live filter has paused.
    Filter,
    /// Typing in the form has paused: show how it ends up, or search.
    Form,
    /// A search has been running long enough to show a spinner.
    Spinner,
    /// Time for the next reading of the live view.
    Reload,
    /// The second Ctrl-C no longer counts.
    CtrlC,
    /// A revealed value is masked again.
    Mask,
    /// The time after a refused key is over: the next keys work again.
    Refused,
}

/// The type of a copied text. It decides how the text is cleaned, and the message about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// The full id of a session.
    SessionId,
    /// A session as JSON.
    Row,
    /// The name of a user.
    User,
    /// One value.
    Value,
    /// One value that works as a credential.
    Secret,
    /// The answer of an action.
    Answer,
    /// An error, or what failed of a job.
    Report,
    /// A report of several lines.
    Lines,
    /// A record of the audit log, as JSON.
    Record,
    /// Rows in one of the formats, one or more lines each.
    Rows,
    /// The address of a session or of a sign-in.
    Address,
    /// A command line.
    Command,
    /// The code of a sign-in.
    Code,
}

impl Copied {
    /// Its name for people.
    pub fn noun(self) -> &'static str {
        match self {
            Self::SessionId => "session id",
            Self::Row => "row",
            Self::Record => "record",
            Self::Rows => "rows",
            Self::Lines => "report",
            Self::Value | Self::Secret => "value",
            Self::Answer => "answer",
            Self::Report => "report",
            Self::Address => "address",
            Self::User => "user",
            Self::Command => "command",
            Self::Code => "code",
        }
    }

    /// A caution for handing it on; empty if none is needed.
    pub fn note(self) -> &'static str {
        match self {
            Self::SessionId | Self::Secret => " (a secret)",
            Self::Row => " as JSON (secrets included)",
            Self::User
            | Self::Value
            | Self::Answer
            | Self::Report
            | Self::Record
            | Self::Rows
            | Self::Lines
            | Self::Address
            | Self::Command
            | Self::Code => "",
        }
    }
}

/// One row that is to be revoked.
#[derive(Clone, Debug)]
pub struct RevokeItem {
    /// The row, for the answer.
    pub row: RowId,
    /// Where it lives.
    pub source: SourceId,
    /// Its key.
    pub key: SessionKey,
    /// Which kind of session. `None`: the system has one kind only.
    pub kind: Option<Arc<str>>,
    /// Whose it is, for the audit log.
    pub subject: Subject,
    /// Whether the session can be ended, as the list reported it; without a report, the key may not
    /// last.
    pub deletable: Deletable,
    /// When it began; with the client it recognises a session whose key does not last.
    pub created: Option<DateTime<Utc>>,
    /// The application it belongs to.
    pub client: Option<Untrusted>,
    /// When its time runs out, by the server's clock. `None`: not told.
    pub expires: Option<DateTime<Utc>>,
}

impl RevokeItem {
    /// The session of a row. `shown`: its number on the screen; `None`: it is not there.
    pub fn of(shown: Option<RowId>, row: Row<'_>) -> Self {
        Self {
            row: shown.unwrap_or(RowId(u32::MAX)),
            source: row.source(),
            key: row.key(),
            kind: row.kind_name().cloned(),
            subject: row.subject(),
            deletable: row.deletable(),
            created: row.created(),
            client: row.client().cloned(),
            expires: row.expires(),
        }
    }
}

/// Something to be done outside the core.
#[derive(Debug)]
pub enum Effect {
    /// Open a profile and ask who we are there. Its rows, searches and jobs are under this source.
    Connect {
        /// The number it gets.
        source: SourceId,
        /// The number of the attempt.
        generation: Gen,
        /// Name of the profile.
        profile: String,
    },
    /// Forget a source: drop its client and its tasks (never a revoke).
    Close(SourceId),
    /// Answers to `SignInStep::Ask`; `None`: given up.
    Answer {
        /// Whose question.
        source: SourceId,
        /// As many as there were questions.
        answers: Option<Vec<SecretString>>,
    },
    /// Ask how a search would be answered.
    Plan {
        /// By whom.
        source: SourceId,
        /// The number of the question.
        generation: Gen,
        /// The search.
        search: Search,
    },
    /// Read pages until the end, the row limit or `Cancel`.
    Search {
        /// From whom.
        source: SourceId,
        /// The number of the search.
        generation: Gen,
        /// The search.
        search: Search,
        /// Where to begin. `None`: at the start.
        at: Option<Cursor>,
    },
    /// Read one session anew.
    Get {
        /// From whom.
        source: SourceId,
        /// The number of the question.
        generation: Gen,
        /// For which row.
        row: RowId,
        /// Its key.
        key: SessionKey,
    },
    /// Revoke these rows, all of one or of several sources.
    Revoke {
        /// The number of the job.
        job: JobId,
        /// The rows.
        items: Vec<RevokeItem>,
        /// People whose sessions all end by the system's own operation, and where.
        users: Vec<(SourceId, Subject)>,
        /// Why, for the audit log.
        reason: Option<String>,
    },
    /// Do an action of a system. One that changes something is recorded and never dropped.
    Act {
        /// Where.
        source: SourceId,
        /// Its number: one that only reads ends by `Cancel`.
        generation: Gen,
        /// Whose session it acts on, for the audit log.
        subject: Subject,
        /// Why, for the audit log.
        reason: Option<String>,
        /// The action.
        spec: ActionSpec,
        /// The target and arguments.
        args: ActionArgs,
    },
    /// Write down that a masked value of a session was shown.
    Revealed {
        /// Where the session lives.
        source: SourceId,
        /// Its key.
        key: SessionKey,
        /// Whose it is.
        subject: Subject,
    },
    /// Start nothing more of a job; what is running is awaited.
    Stop(JobId),
    /// Go on with a paused job.
    Resume(JobId),
    /// The operator knows that a server asks for a long wait, and wants to ask it all the same.
    AskAnyway(SourceId),
    /// Drop the task of this number.
    Cancel(Gen),
    /// Sort and filter, off the loop.
    Order {
        /// The number of the question.
        generation: Gen,
        /// The rows.
        rows: Rows,
        /// The selection and order.
        view: View,
        /// The order before, for what can be used of it again.
        before: Order,
    },
    /// Count the sessions and networks of the users of all rows, off the loop.
    CountUsers {
        /// The number of the question.
        generation: Gen,
        /// The rows.
        rows: Rows,
        /// The view of them: times, thresholds, and what we have ended.
        view: View,
    },
    /// Compare two readings of the lists and put the rows in order, off the loop; the answer is
    /// `Msg::Compared`.
    Compare {
        /// The number of the question.
        generation: Gen,
        /// The readings.
        readings: Box<Comparison>,
        /// The selection and order, of the rows of before.
        view: Box<View>,
    },
    /// Give back the memory of rows that are no longer shown, off the loop.
    Forget(Rows, Order),
    /// Find the sessions that were marked before among other rows, off the loop.
    FindMarked {
        /// The number of the question.
        generation: Gen,
        /// The marked ones, in the rows of before.
        before: Vec<MarkedBefore>,
        /// The rows now.
        rows: Rows,
    },
    /// Send `Msg::Due(timer, generation)` after a while of the monotonic clock. The last one of a kind counts.
    After {
        /// Its purpose.
        timer: Timer,
        /// Handed back.
        generation: Gen,
        /// How long.
        delay: Duration,
    },
    /// Read the latest changes of the audit log; the answer is `Msg::AuditRead`.
    ReadAudit,
    /// Save the report of what this run has ended.
    SaveReport,
    /// Count rows, off the loop; the answer is `Msg::Counted`.
    Count {
        /// The number of the question.
        generation: Gen,
        /// The rows.
        rows: Rows,
        /// Which of them.
        order: Order,
        /// What a state depends on.
        view: Box<View>,
        /// By which properties.
        by: Vec<GroupBy>,
        /// True if it is also counted when they began.
        began: bool,
    },
    /// Export rows, off the loop; the answer is `Msg::Exported`.
    Export(Box<ExportJob>),
    /// Stop all exports that run; nothing half written stays.
    StopExports,
    /// Copy text, cleaned so that it may be pasted anywhere.
    Copy {
        /// The type of the text.
        what: Copied,
        /// The text as it came.
        text: SecretString,
    },
    /// Write down a change of what is remembered for the next run.
    Keep(Keep),
    /// Open the configuration in the operator's editor, at the place of a profile if there is one.
    Edit {
        /// The profile. `None`: the whole file.
        profile: Option<String>,
    },
    /// Add the commented block of a system to the configuration and open it in the operator's editor.
    NewProfile {
        /// Name of the system in the configuration.
        system: String,
    },
    /// Give an application a name in the configuration, and read that again.
    NameClient {
        /// The profile.
        profile: String,
        /// The id of the application.
        id: String,
        /// The name. Empty: it loses the one it has.
        name: String,
    },
    /// Write the example configuration where it is looked for, if nothing is there.
    WriteExample,
    /// Take or release the mouse.
    MouseCapture(bool),
    /// Forget what is on the screen and draw it all.
    Redraw,
    /// Stop to the shell (Ctrl-Z).
    Suspend,
    /// End with this code.
    Quit(u8),
}

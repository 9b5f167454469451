//! The actions of an operator. Help, hints, configuration and tests all read this one table.

use strum::IntoEnumIterator;

/// The part of the screen for which a key is looked up. A key that is not found there is looked up
/// in `Global`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    enum_map::Enum,
    strum::EnumIter,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[strum(serialize_all = "snake_case")]
pub enum Context {
    /// Everywhere outside dialogs.
    Global,
    /// A field of the search form; only keys that cannot be typed are looked up.
    Form,
    /// The results table.
    Table,
    /// The details.
    Details,
}

/// Something an operator can do. The name in the configuration is the `snake_case` of it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    strum::EnumIter,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[strum(serialize_all = "snake_case")]
#[allow(
    missing_docs,
    reason = "the help line of each action says what it does"
)]
pub enum Action {
    NextPane,
    PreviousPane,
    GoSearch,
    GoTable,
    GoDetails,
    Find,
    ClearForm,
    Help,
    Unfold,
    Reload,
    AutoReload,
    Profiles,
    Redraw,
    Suspend,
    Mouse,
    ShowError,
    Back,
    Quit,
    Interrupt,
    Submit,
    ClearField,
    Down,
    Up,
    First,
    Last,
    PageDown,
    PageUp,
    HalfDown,
    HalfUp,
    ScrollRight,
    ScrollLeft,
    Open,
    Mark,
    MarkRange,
    MarkAll,
    DropMarks,
    Revoke,
    Person,
    RevokeUser,
    Actions,
    Sort,
    ReverseSort,
    ColumnLeft,
    ColumnRight,
    KeepCell,
    DropFilters,
    Filter,
    Times,
    CopyId,
    CopyRow,
    CopyField,
    ToggleDetails,
    RawJson,
    Reveal,
    FindNext,
    FindPrevious,
    Palette,
    Searches,
    SaveSearch,
    SearchBack,
    SearchForward,
    Copy,
    Window,
    Columns,
    NameClient,
    Export,
    AuditLog,
    Incident,
    Groups,
    Overview,
}

impl Action {
    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Every name, for suggestions.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::iter().map(Self::name)
    }

    /// Its effect in a few words, for the help.
    pub fn help(self) -> &'static str {
        match self {
            Self::NextPane => "next pane or field",
            Self::PreviousPane => "previous pane or field",
            Self::GoSearch => "go to the search form",
            Self::GoTable => "go to the sessions",
            Self::GoDetails => "go to the details",
            Self::Find => "search (in details: find)",
            Self::ClearForm => "clear the form",
            Self::Help => "this help",
            Self::Unfold => "all search fields",
            Self::Reload => "reload, sign in if needed",
            Self::AutoReload => "live: mark what changes, on / off",
            Self::Profiles => "switch profile",
            Self::Redraw => "redraw the screen",
            Self::Suspend => "suspend to the shell",
            Self::Mouse => "mouse on / off",
            Self::ShowError => "last error in full",
            Self::Back => "back, cancel, stop a search",
            Self::Quit | Self::Interrupt => "quit",
            Self::Submit => "search",
            Self::ClearField => "clear this field",
            Self::Down => "down",
            Self::Up => "up",
            Self::First => "first",
            Self::Last => "last",
            Self::PageDown => "page down",
            Self::PageUp => "page up",
            Self::HalfDown => "half a page down",
            Self::HalfUp => "half a page up",
            Self::ScrollRight => "scroll columns right",
            Self::ScrollLeft => "scroll columns left",
            Self::Open => "details; again: refresh",
            Self::Mark => "mark it, or take its mark",
            Self::MarkRange => "mark from the last mark to here",
            Self::MarkAll => "mark all rows that are shown",
            Self::DropMarks => "drop all marks",
            Self::Revoke => "end (delete, revoke) it; asks",
            Self::Person => "all sessions of this user",
            Self::RevokeUser => "end all of this user (asks)",
            Self::Actions => "all that can be done with it",
            Self::Sort => "sort by the chosen column",
            Self::ReverseSort => "reverse the order",
            Self::ColumnLeft => "choose column to the left",
            Self::ColumnRight => "choose column to the right",
            Self::KeepCell => "keep rows with this value",
            Self::DropFilters => "drop these filters",
            Self::Filter => "filter loaded rows as you type",
            Self::Times => "times: age, local, UTC",
            Self::CopyId => "copy the session id",
            Self::CopyRow => "copy the session as JSON",
            Self::CopyField => "copy this field",
            Self::ToggleDetails => "show / hide details",
            Self::RawJson => "raw JSON and back",
            Self::Reveal => "show a masked value for 10 s",
            Self::FindNext => "next match",
            Self::FindPrevious => "previous match",
            Self::Palette => "all commands",
            Self::Searches => "searches made before",
            Self::SaveSearch => "name this search",
            Self::SearchBack => "back to the search before",
            Self::SearchForward => "forward to the search after",
            Self::Copy => "what can be copied",
            Self::Columns => "show, hide, move columns",
            Self::NameClient => "name this client",
            Self::AuditLog => "audit log",
            Self::Groups => "count by user, client, …",
            Self::Overview => "these rows at a glance",
            Self::Incident => "save a report of what was ended",
            Self::Export => "export these rows",
            Self::Window => "how far back a search looks",
        }
    }

    /// The word in the hint line; shorter than the help.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Mark => "mark",
            Self::DropMarks => "drop marks",
            Self::Revoke => "end",
            Self::Person => "person",
            Self::RevokeUser => "end all",
            Self::Find | Self::Submit => "search",
            Self::Open => "details",
            Self::Actions => "actions",
            Self::Sort => "sort",
            Self::CopyId => "copy id",
            Self::Copy | Self::CopyField => "copy",
            Self::Window => "time window",
            Self::Columns => "columns",
            Self::Export => "export",
            Self::Reload => "reload",
            Self::Profiles => "profile",
            Self::Help => "help",
            Self::Quit => "quit",
            Self::Filter => "filter",
            Self::ClearField => "clear field",
            Self::ClearForm => "clear",
            Self::Unfold => "all fields",
            Self::Back => "back",
            Self::NextPane => "pane",
            Self::RawJson => "raw JSON",
            Self::Reveal => "reveal",
            Self::Down => "field",
            Self::ShowError => "last error",
            Self::Palette => "commands",
            other => other.help(),
        }
    }
}

//! Why an action cannot be done now. Pressing its key shows the reason; the help shows it greyed.

use std::borrow::Cow;

use crate::app::action::Action;
use crate::app::cut;
use crate::app::dialogs::{groups, name_client};
use crate::app::form::{FormField, TextField};
use crate::app::form_fields;
use crate::app::job::JobState;
use crate::app::lines;
use crate::app::results::RowStatus;
use crate::app::source::Source;
use crate::app::state::State;
use crate::app::update::person;
use crate::model;
use crate::model::{Fact, Field, NO_LASTING_ID, Property, Revoke, Support, exempt};
use crate::store::Row;

type Reason = Cow<'static, str>;

/// Why this cannot be done now. `None`: it can.
pub fn blocked(state: &State, action: Action) -> Option<Reason> {
    match action {
        Action::Revoke => revoke(state),
        Action::Mark | Action::MarkAll => no_row(state),
        Action::MarkRange => no_row(state).or_else(|| no_last_mark(state)),
        Action::DropMarks => no_mark(state),
        Action::Open if cut::way_out(state).is_some() || state.results.query.is_none() => None,
        Action::Person if person::typed_person(state).is_some() => nobody(state),
        Action::Person => no_row(state).or_else(|| nobody(state)),
        Action::RevokeUser => revoke_user(state),
        Action::Actions => no_actions(state),
        Action::Open | Action::RawJson => no_row(state),
        Action::CopyId | Action::CopyRow | Action::Reveal => {
            no_row(state).or_else(|| hidden(state))
        }
        Action::CopyField => no_row(state).or_else(|| {
            if lines::is_withheld(state) {
                hidden(state)
            } else {
                None
            }
        }),
        Action::KeepCell => no_row(state).or_else(|| no_cell(state)),
        Action::DropFilters => {
            (!state.results.is_filtered()).then_some("no filter over loaded rows is set".into())
        }
        Action::Filter | Action::Sort | Action::ReverseSort => state
            .results
            .rows
            .is_empty()
            .then_some("no session is loaded".into()),
        Action::Export | Action::Groups | Action::Overview => state
            .results
            .order
            .is_empty()
            .then_some("no session is shown".into()),
        Action::ShowError => state
            .errors
            .is_empty()
            .then_some("nothing has failed so far".into()),
        Action::Profiles => job_runs(state),
        Action::Window => no_beginning(state),
        Action::NameClient => no_row(state).or_else(|| no_name(state)),
        Action::SearchBack if groups::leads_back(state) => None,
        Action::SearchBack if !state.trail.leads(true) => {
            Some("this is the first search; Ctrl-R lists those of before".into())
        }
        Action::SearchForward if !state.trail.leads(false) => {
            Some("this is the last search".into())
        }
        Action::Reload => state
            .sources
            .is_empty()
            .then_some("no profile is open: Ctrl-P opens one".into()),
        _ => None,
    }
}

fn no_row(state: &State) -> Option<Reason> {
    state
        .results
        .current()
        .is_none()
        .then_some("no session is selected".into())
}

/// Why the application of the row under the cursor gets no name.
fn no_name(state: &State) -> Option<Reason> {
    if source_of_cursor(state).is_some_and(|source| source.profile.demo) {
        return Some("the demo is in no configuration file".into());
    }
    (!name_client::has_client(state)).then_some("this session has no client".into())
}

/// Why no search can ask when sessions began.
fn no_beginning(state: &State) -> Option<Reason> {
    let field = FormField::Text(TextField::CreatedAfter);
    if state.sources.is_empty() {
        return Some("no profile is open: Ctrl-P opens one".into());
    }
    let cannot = form_fields::support(state, field) == Support::No;
    cannot.then(|| "this system does not report when sessions began".into())
}

fn no_actions(state: &State) -> Option<Reason> {
    if state.results.current().is_some() {
        return None;
    }
    let Some(source) = source_of_cursor(state).or_else(|| state.sources.first()) else {
        return Some("no profile is open: Ctrl-P opens one".into());
    };
    let Some(caps) = &source.caps else {
        return Some("not connected yet: Enter in the form searches and connects".into());
    };
    let has_none = caps.actions().next().is_none();
    has_none.then(|| format!("{} has no extra actions", source.system()).into())
}

/// Why there is no person to search for.
fn nobody(state: &State) -> Option<Reason> {
    let (_, row) = state.results.current()?;
    row.person()
        .is_none_or(super::super::model::text::Untrusted::is_empty)
        .then_some("nobody has signed in to this session, so it has no user".into())
}

fn hidden(state: &State) -> Option<Reason> {
    let source = source_of_cursor(state)?;
    (!source.profile.policy.reveal).then(|| {
        format!(
            "profile {} keeps ids and masked values hidden (reveal = false)",
            source.profile.name
        )
        .into()
    })
}

fn no_cell(state: &State) -> Option<Reason> {
    let textual = !matches!(
        state.results.column,
        Property::Field(
            Field::Created
                | Field::Used
                | Field::Expires
                | Field::Ended
                | Field::Age
                | Field::Idle
                | Field::Left
        )
    );
    (!textual).then_some("choose a column of text with < and > first".into())
}

fn job_runs(state: &State) -> Option<Reason> {
    if state.acting.iter().any(|acting| acting.spec.changes) {
        return Some("an action is under way: wait for its outcome".into());
    }
    state
        .jobs
        .iter()
        .any(|job| job.state != JobState::Ended)
        .then_some("sessions are being ended: wait for it, or stop it first".into())
}

/// The source of the row under the cursor.
pub fn source_of_cursor(state: &State) -> Option<&Source> {
    let (_, row) = state.results.current()?;
    state.source(row.source())
}

pub(super) fn read_only(state: &State, source: &Source) -> Option<Reason> {
    if state.prefs.read_only {
        return Some("read-only: changes are off (--read-only)".into());
    }
    source.profile.policy.read_only.then(|| {
        format!(
            "profile {} is read-only: changes are off",
            source.profile.name
        )
        .into()
    })
}

/// Why the sign-in can end nothing, where that is known without trying.
fn may_not(source: &Source) -> Option<Reason> {
    let why = source.who.as_ref()?.may_not_revoke.as_ref()?;
    Some(why.safe().into_owned().into())
}

fn no_mark(state: &State) -> Option<Reason> {
    let is_none = state.results.marks.is_empty();
    is_none.then_some("no session is marked".into())
}

/// Why there is no row from which a range of marks could begin.
fn no_last_mark(state: &State) -> Option<Reason> {
    let is_none = state.results.marks.last().is_none();
    is_none.then_some("mark the first row of the range first".into())
}

fn revoke(state: &State) -> Option<Reason> {
    let marks = &state.results.marks;
    if !marks.is_empty() {
        let waits = marks.is_looking().then_some(
            "the marked sessions are being looked for among the rows that load: wait, or drop the marks".into(),
        );
        return waits;
    }
    no_row(state).or_else(|| {
        let source = source_of_cursor(state)?;
        let (id, row) = state.results.current()?;
        source_cannot(state, source, row.kind()).or_else(|| {
            let status = state.results.status(id);
            why_not(source, row, status).map(Cow::Owned)
        })
    })
}

/// Why this operator changes nothing at a source.
pub fn cannot_change(state: &State, source: &Source) -> Option<Reason> {
    read_only(state, source).or_else(|| may_not(source))
}

/// Why nothing can be revoked one by one at a source.
pub fn source_cannot(state: &State, source: &Source, kind: Option<&str>) -> Option<Reason> {
    let system = source.system();
    cannot_change(state, source).or_else(|| match source.kind(kind)?.revoke {
        Revoke::One | Revoke::Batch(_) | Revoke::OwnOnly => None,
        Revoke::UserOnly => Some(
            format!("this {system} can only end all sessions of a user: press U for that").into(),
        ),
        Revoke::No => Some(format!("{system} cannot end sessions").into()),
    })
}

/// Why this row is not sent. `None`: it is. That it has expired is no reason: only the server knows
/// whether it is over, and to send it does no harm.
pub fn why_not(source: &Source, row: Row<'_>, status: Option<&RowStatus>) -> Option<String> {
    match status {
        Some(RowStatus::Revoking) => return Some("it is already being ended".into()),
        Some(RowStatus::NoLastingId) => return Some(NO_LASTING_ID.into()),
        Some(RowStatus::Revoked) => return Some("it has already ended".into()),
        Some(RowStatus::AlreadyGone) => return Some("it had already gone".into()),
        Some(RowStatus::Vanished) => {
            return Some("it has gone: the list that was read last no longer has it".into());
        }
        _ => {}
    }
    let over = (row.fact() == Fact::Revoked).then_some(model::State::Revoked);
    let kind = source.kind(row.kind());
    let revoke = kind.map_or(Revoke::One, |kind| kind.revoke);
    exempt(over, row.own(), &row.deletable(), revoke).map(|why| why.reason())
}

fn revoke_user(state: &State) -> Option<Reason> {
    no_row(state).or_else(|| {
        let source = source_of_cursor(state)?;
        let (_, row) = state.results.current()?;
        cannot_change(state, source)
            .or_else(|| cannot_end_for(source))
            .or_else(|| {
                let user = row.person();
                user.is_none_or(model::Untrusted::is_empty)
                    .then_some("nobody has signed in to this session, so it has no user".into())
            })
    })
}

/// Why a system cannot end the sessions of a person: neither all at once nor one by one.
fn cannot_end_for(source: &Source) -> Option<Reason> {
    let mut kinds = source.caps.as_ref()?.kinds.iter();
    let can =
        kinds.any(|kind| kind.revoke_user || matches!(kind.revoke, Revoke::One | Revoke::Batch(_)));
    (!can).then(|| {
        let system = source.system();
        format!("{system} cannot end all sessions of a user").into()
    })
}

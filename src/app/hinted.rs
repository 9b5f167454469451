//! The hints of a row, in the table and as sentences.

use super::detail_line::{DetailLine, LineKind};
use super::role::Role;
use super::state::State;
use super::text_wrap::Piece;
use crate::model::query::SessionIn;
use crate::model::text::with_thousands;
use crate::model::time::duration_words;
use crate::model::{Fact, Field, Hint, Hints, OfOtherRows, Session, Thresholds, Untrusted};
use crate::store::{Row, RowId};

/// Bytes of a name in a sentence.
const NAME: usize = 64;

/// The hints of a row as it was loaded.
pub fn hints(state: &State, id: RowId, row: Row<'_>) -> Hints {
    let fact = if state.results.is_over(id) {
        Fact::Revoked
    } else {
        row.fact()
    };
    row.hints(
        fact,
        of_other_rows(state, id),
        thresholds(state, row),
        state.now_at(row.source()),
    )
}

fn of_other_rows(state: &State, id: RowId) -> OfOtherRows {
    let counted = state.results.counted.as_ref();
    counted.map_or_else(OfOtherRows::default, |counted| counted.of(id))
}

fn thresholds(state: &State, row: Row<'_>) -> Thresholds {
    let source = state.source(row.source());
    source.map_or_else(Thresholds::default, |it| it.profile.policy.thresholds)
}

/// A sentence for each hint of a session that may have been read anew. Not for the operator's own: the state
/// tells that.
pub(super) fn lines(state: &State, id: RowId, row: Row<'_>, session: &Session) -> Vec<DetailLine> {
    let thresholds = thresholds(state, row);
    let others = of_other_rows(state, id);
    let mut known = SessionIn::new(session, "", "");
    if state.results.is_over(id) {
        known.fact = Fact::Revoked;
    }
    let now = state.now_at(row.source());
    let hints = Hints::of(&known, others, thresholds, now);
    let rules = thresholds.hints;
    let sentences = hints.iter().filter_map(|hint| {
        let begun = session.created.or(session.last_used);
        let (before, after) = match hint {
            Hint::Own => return None,
            Hint::Impersonated => ("Somebody else signed in as ", ".".to_owned()),
            Hint::Many => {
                let count = with_thousands(others.sessions.unwrap_or_default().into());
                let most = rules.many_sessions;
                let text = format!(" has {count} of the loaded sessions, more than {most}.");
                ("", text)
            }
            Hint::Networks => {
                let did = if session.created.is_some() {
                    "began"
                } else {
                    "were used"
                };
                let (count, within) = (others.networks.unwrap_or_default(), rules.networks_within);
                let within = duration_words(within);
                let text = format!(" {did} in {count} networks within {within}.");
                ("Sessions of ", text)
            }
            Hint::NoExpiry => return Some(vec![Piece::own("It has no end of its own.")]),
            Hint::Unfinished => {
                let ago = begun.map(|at| duration_words(now - at)).unwrap_or_default();
                let text = format!("Nobody has finished this sign-in, begun {ago} ago.");
                return Some(vec![Piece::own(text)]);
            }
        };
        let mut pieces = vec![Piece::own(before)];
        match session.subject.shown().filter(|user| !user.is_empty()) {
            Some(user) => pieces.extend(name(user)),
            None => pieces.push(Piece::own("this user")),
        }
        pieces.push(Piece::own(after));
        Some(pieces)
    });
    sentences
        .enumerate()
        .map(|(at, value)| {
            let label = if at == 0 { "Hints" } else { "" };
            DetailLine {
                value,
                ..DetailLine::new(LineKind::Fact(Field::Hint), label, "", Role::Warn)
            }
        })
        .collect()
}

/// A name from outside, cut where it would drown the sentence.
fn name(user: &Untrusted) -> Vec<Piece> {
    let mut pieces = Piece::of(user, NAME);
    if user.expose().len() > NAME {
        pieces.push(Piece::own("…"));
    }
    pieces
}

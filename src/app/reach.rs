//! Where the end of all sessions of a person reaches, and where it does not, in words.

use crate::app::revoke_plan::WholeUser;
use crate::app::source::{Progress, Source};
use crate::app::state::State;
use crate::model::text::with_thousands;
use crate::model::{Completeness, Subject, Untrusted};
use crate::store::SourceId;

/// How many realms are named before the rest is counted.
const NAMED: usize = 4;

/// "every realm: /, /alpha, /beta", or "realm /alpha only; not /, /beta". `None`: the system has no such
/// thing.
pub fn reached(state: &State, whole: &WholeUser) -> Option<String> {
    let source = state.source(whole.source)?;
    let word = source.scope_word().to_lowercase();
    let all = scopes(source);
    let here = whole.user.scope.as_ref()?;
    if whole.is_everywhere {
        return Some(if all.is_empty() {
            format!("every {word} of the profile")
        } else {
            format!("every {word}: {}", named(all.iter()))
        });
    }
    let others: Vec<&Untrusted> = all.iter().filter(|other| *other != here).collect();
    let only = format!("{word} {} only", here.safe());
    Some(if others.is_empty() {
        only
    } else {
        format!("{only}; not {}", named(others.into_iter()))
    })
}

/// Why more may end than is counted, and what the system said about its realms.
pub fn doubts(state: &State, whole: &WholeUser) -> Vec<String> {
    let Some(source) = state.source(whole.source) else {
        return Vec::new();
    };
    let name = &source.profile.name;
    let more = "more sessions may end than are counted here";
    let mut doubts = Vec::new();
    if let Completeness::Truncated { at } = source.completeness {
        let at = with_thousands(at);
        doubts.push(format!("the list of {name} was cut at {at}: {more}"));
    }
    if matches!(source.progress, Progress::Failed(_)) {
        doubts.push(format!("the list of {name} stopped early (E): {more}"));
    }
    if whole.is_everywhere {
        let notes = source.caps.iter().flat_map(|caps| caps.notes.clone());
        doubts.extend(notes);
    }
    doubts
}

/// " in /alpha", or " in /, /alpha, /beta"; empty where the system has no such thing.
pub fn place(state: &State, source: SourceId, user: &Subject) -> String {
    if let Some(scope) = &user.scope {
        return format!(" in {}", scope.safe());
    }
    let source = state.source(source);
    match source.map(scopes) {
        Some(all) if !all.is_empty() => format!(" in {}", named(all.iter())),
        _ => String::new(),
    }
}

fn scopes(source: &Source) -> &[Untrusted] {
    source.caps.as_ref().map_or(&[], |caps| &caps.scopes)
}

fn named<'a>(scopes: impl ExactSizeIterator<Item = &'a Untrusted>) -> String {
    let rest = scopes.len().saturating_sub(NAMED);
    let shown: Vec<_> = scopes.take(NAMED).map(Untrusted::safe).collect();
    let shown = shown.join(", ");
    match rest {
        0 => shown,
        rest => format!("{shown} and {rest} more"),
    }
}

//! The texts of the question before a revoke.

use tui_input::Input;

use super::{Confirm, ConfirmFocus, OneSession, Typed};
use crate::app::action::Action;
use crate::app::blocked::blocked;
use crate::app::cut;
use crate::app::life::Moments;
use crate::app::others;
use crate::app::reach;
use crate::app::revoke_plan::{ConfirmKind, RevokePlan, WholeUser};
use crate::app::row_facts::RowFacts;
use crate::app::source::Source;
use crate::app::state::State;
use crate::app::words;
use crate::model::confirm::{Risk, typed_because};
use crate::model::text::with_thousands;
use crate::model::{KindCounts, by_word};
use crate::store::RowId;

/// The question about rows.
pub fn for_rows(state: &State, plan: RevokePlan) -> Confirm {
    let items_of = |at: usize| {
        let sent = plan.send.iter();
        sent.filter(move |item| usize::from(item.source.0) == at)
    };
    let open = state.sources.iter().enumerate();
    let reached: Vec<_> = open
        .filter(|(at, _)| items_of(*at).next().is_some())
        .collect();
    let after = after(reached.iter().map(|(at, source)| {
        let kinds = items_of(*at).map(|item| item.kind.as_deref());
        let caps = source.caps.as_ref();
        let text = caps.map(|caps| caps.after_revoke_of(kinds));
        (source.profile.name.as_str(), text.unwrap_or_default())
    }));
    let sources: Vec<_> = reached.into_iter().map(|(_, source)| source).collect();
    let production = sources.iter().any(|s| s.profile.policy.production);
    let count = plan.send.len();
    let on = if production { " on PRODUCTION" } else { "" };
    let risks = sources.iter().map(|source| source.profile.policy.risk());
    let risk = risks.reduce(Risk::and).unwrap_or_default();
    let typed = typed_because(count, risk).map(|because| typed_rows(&plan, because));
    let asks_reason = sources.iter().any(|s| s.profile.policy.require_reason);
    let first = plan.send.first().filter(|_| count == 1);
    let one = first.map(|item| RowFacts::of(state, item));
    let kinds: KindCounts = plan.send.iter().map(|item| item.kind.as_ref()).collect();
    let mut confirm = Confirm::new(
        ConfirmKind::Rows(plan),
        after,
        production,
        typed,
        asks_reason,
    );
    if let Some(facts) = one {
        confirm.title = format!("End session{on}?");
        confirm.verb = "End session".to_owned();
        confirm.facts = facts.labelled();
        confirm.short = facts.short();
        confirm.one = one_session(state, &confirm.kind);
    } else {
        let n = with_thousands(count as u64);
        confirm.title = format!("End {n} sessions{}{on}?", kinds.in_brackets());
        confirm.verb = format!("End {n}");
    }
    confirm
}

/// What a question about one session says beside its facts.
fn one_session(state: &State, kind: &ConfirmKind) -> Option<OneSession> {
    let ConfirmKind::Rows(plan) = kind else {
        return None;
    };
    let [item] = plan.send.as_slice() else {
        return None;
    };
    let results = &state.results;
    let id = results.row_of(item.source, &item.key, Some(item.row));
    let row = id.and_then(|id| results.rows.get(id));
    let others = match (id, row) {
        (Some(id), Some(row)) if item.subject.shown().is_some() => others::alive(state, id, row),
        _ => 0,
    };
    let offers_all = others > 0 && blocked(state, Action::RevokeUser).is_none();
    Some(OneSession {
        source: item.source,
        moments: row.map(Moments::from),
        user: words::shown(&item.subject),
        others,
        offers_all,
    })
}

/// The change of the session in question, if it is among the rows from `first` on. `None`: it is
/// not among them, or is as it was when the question was asked.
pub(super) fn change(state: &State, confirm: &Confirm, first: RowId) -> Option<String> {
    let ConfirmKind::Rows(plan) = &confirm.kind else {
        return None;
    };
    let [item] = plan.send.as_slice() else {
        return None;
    };
    let rows = &state.results.rows;
    let id = rows.find(first, item.source, &item.key)?;
    let row = rows.get(id)?;
    let mut now = item.clone();
    (now.row, now.subject) = (id, row.subject());
    let facts = RowFacts::of(state, &now);
    let same = facts.match_those(&confirm.facts);
    (!same).then(|| format!("changed since you looked: now {}", facts.who()))
}

/// The effect of a revoke and its limits, of each system with its name where there are several that
/// differ.
fn after<'a>(texts: impl Iterator<Item = (&'a str, String)>) -> String {
    let texts: Vec<(&str, String)> = texts.collect();
    by_word(texts.iter().map(|(name, text)| (*name, text.as_str())))
}

/// The confirmation that must be typed for several rows: their number, or the user's name where all
/// are of one person.
fn typed_rows(plan: &RevokePlan, because: String) -> Typed {
    let mut people = plan.send.iter().map(|item| &item.subject);
    let first = people.next().filter(|user| user.shown().is_some());
    let one = first.filter(|first| people.all(|other| other == *first));
    let mut expect = vec![plan.send.len().to_string()];
    expect.extend(one.map(words::shown));
    Typed {
        input: Input::default(),
        expect,
        ask: match one {
            Some(_) => "Type the number of sessions or the user's name:".into(),
            None => "Type the number of sessions to confirm:".into(),
        },
        because,
        wrong: false,
    }
}

/// The question about every session of a user.
pub fn for_user(state: &State, whole: WholeUser) -> Confirm {
    let opened = state.source(whole.source);
    let production = opened.is_some_and(|s| s.profile.policy.production);
    let after = opened
        .and_then(|s| s.caps.as_ref())
        .map_or_else(String::new, |caps| caps.after_revoke_user());
    let typed = Typed {
        input: Input::default(),
        expect: Vec::new(),
        ask: "Type the user's name or the number of sessions:".into(),
        because: "it ends all sessions of a person".into(),
        wrong: false,
    };
    let asks_reason = opened.is_some_and(|s| s.profile.policy.require_reason);
    let has_choice = whole.everywhere.is_some();
    let kind = ConfirmKind::User(whole);
    let mut confirm = Confirm::new(kind, after, production, Some(typed), asks_reason);
    confirm.verb = "End all".into();
    if has_choice && !asks_reason {
        confirm.focus = ConfirmFocus::Reach;
    }
    describe_user(state, &mut confirm);
    confirm
}

/// Writes what a question about a whole user says, and what must be typed.
pub(super) fn describe_user(state: &State, confirm: &mut Confirm) {
    let ConfirmKind::User(whole) = &confirm.kind else {
        return;
    };
    let opened = state.source(whole.source);
    let profile = opened.map_or_else(String::new, |s| s.profile.name.clone());
    let system = opened.map_or("", Source::system);
    let name = words::shown(&whole.user);
    let place = match (&whole.user.scope, whole.is_everywhere) {
        (Some(scope), false) => format!(" in {}", scope.safe()),
        _ => String::new(),
    };
    let on = if confirm.production {
        " on PRODUCTION"
    } else {
        ""
    };
    confirm.title = format!("End every session of {name}{place}{on}?");
    let id = whole.user.id.as_ref();
    let id = id.map_or("-".to_owned(), |id| id.named().into_owned());
    let count = whole.loaded().total();
    let kinds = whole.loaded().in_brackets();
    let known = match (count, whole.is_all_loaded) {
        (1, true) => "1 session".to_owned(),
        (n, true) => format!("{} sessions{kinds}", with_thousands(n)),
        (n, false) if opened.is_some_and(|s| cut::cut_at(s).is_some()) => format!(
            "{} loaded{kinds}, the list is cut; there may be more",
            with_thousands(n)
        ),
        (n, false) => format!(
            "{} loaded{kinds}; the server may hold more",
            with_thousands(n)
        ),
    };
    // The name as it is shown, so that what is typed is what is read; and the number shown.
    let mut expect = vec![name.clone(), count.to_string()];
    expect.extend(whole.user.shown().map(|raw| raw.expose().to_owned()));
    confirm.short = vec![
        format!("{name} · {known}"),
        format!("on {profile} ({system})"),
    ];
    let reached = reach::reached(state, whole);
    confirm
        .short
        .extend(reached.iter().map(|reached| format!("reaches {reached}")));
    confirm.warnings = reach::doubts(state, whole);
    confirm.facts = vec![("User".to_owned(), name)];
    if !whole.is_everywhere {
        confirm.facts.push(("User id".to_owned(), id));
    }
    confirm.facts.push(("Sessions".to_owned(), known));
    confirm
        .facts
        .push(("on".to_owned(), format!("{profile} ({system})")));
    confirm
        .facts
        .extend(reached.map(|reached| ("Reaches".to_owned(), reached)));
    if let Some(typed) = &mut confirm.typed {
        typed.expect = expect;
        typed.wrong = false;
    }
}

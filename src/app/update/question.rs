//! What the question before a revoke says.

use tui_input::Input;

use super::{reach, revoke};
use crate::app::cut;
use crate::app::effect::RevokeItem;
use crate::app::overlay::{
    Confirm, ConfirmFocus, ConfirmKind, Overlay, RevokePlan, Typed, WholeUser,
};
use crate::app::source::Source;
use crate::app::state::State;
use crate::model::confirm::{Risk, typed_because};
use crate::model::text::with_thousands;
use crate::model::{Field, Session, Untrusted, by_word, time};
use crate::store::RowId;

/// What a dialog says of one row, cleaned: what the system tells of it, and no dashes for the rest.
pub struct RowFacts {
    user: String,
    /// Where and whence: client or realm, address; with their labels.
    about: Vec<(String, String)>,
    /// When it began, or was last used where the beginning is not told.
    when: Option<(&'static str, String)>,
    label: String,
    profile: String,
    system: String,
}

impl RowFacts {
    /// The facts of an item, from the loaded rows as far as it is among them.
    pub fn of(state: &State, item: &RevokeItem) -> Self {
        let source = state.sources.get(usize::from(item.source.0));
        let results = &state.results;
        let row = results
            .row_of(item.source, &item.key, Some(item.row))
            .and_then(|id| results.rows.get(id))
            .map(|row| &row.session);
        Self {
            user: revoke::shown(&item.subject),
            about: about(source, row, item),
            when: when(state, source, item.source, row),
            label: row.map_or_else(|| "-".to_owned(), |s| s.label.clone()),
            profile: source.map_or_else(String::new, |s| s.profile.name.clone()),
            system: source.map_or_else(String::new, |s| s.system().to_owned()),
        }
    }

    /// User and what is known of the place, in one line.
    fn who(&self) -> String {
        let about = self.about.iter().map(|(_, value)| value.as_str());
        let parts: Vec<&str> = std::iter::once(self.user.as_str()).chain(about).collect();
        parts.join(" · ")
    }

    /// Do these facts tell of the same user, at the same place?
    fn is_told_by(&self, told: &[(String, String)]) -> bool {
        let user = ("User".to_owned(), self.user.clone());
        told.contains(&user) && self.about.iter().all(|fact| told.contains(fact))
    }

    /// All of it in one line, for errors.
    pub fn line(&self) -> String {
        format!("{} of {}", self.label, self.who())
    }

    /// " of jdoe", or nothing for nobody.
    pub fn whose(&self) -> String {
        format!(" of {}", self.user)
    }

    /// With their labels, for large screens.
    fn labelled(&self) -> Vec<(String, String)> {
        let mut facts = vec![("User".to_owned(), self.user.clone())];
        facts.extend(self.about.iter().cloned());
        facts.extend(self.when.iter().map(|(l, v)| ((*l).to_owned(), v.clone())));
        facts.push(("Session".to_owned(), self.label.clone()));
        let on = format!("{} ({})", self.profile, self.system);
        facts.push(("on".to_owned(), on));
        facts
    }

    /// In at most three lines, for small ones.
    fn short(&self) -> Vec<String> {
        let mut lines = vec![self.who()];
        lines.extend(self.when.iter().map(|(l, v)| format!("{l} {v}")));
        lines.push(format!("Session {} on {}", self.label, self.profile));
        lines
    }
}

fn about(
    source: Option<&Source>,
    row: Option<&Session>,
    item: &RevokeItem,
) -> Vec<(String, String)> {
    let reports = |field| source.is_none_or(|source| source.reports(field));
    let client = row.and_then(|s| s.client.as_ref());
    let ip = row.and_then(|s| s.ip.as_ref());
    let scope = item.subject.scope.as_ref();
    let word = || source.map_or_else(|| "Scope".to_owned(), Source::scope_word);
    let text = |t: Option<&Untrusted>| t.map_or("-".to_owned(), |t| t.named().into_owned());
    let mut about = Vec::new();
    if client.is_some() || reports(Field::Client) {
        about.push(("Client".to_owned(), text(client)));
    }
    if ip.is_some() || reports(Field::Ip) {
        about.push(("IP".to_owned(), text(ip)));
    }
    about.extend(scope.map(|scope| (word(), text(Some(scope)))));
    about
}

fn when(
    state: &State,
    source: Option<&Source>,
    id: crate::store::SourceId,
    row: Option<&Session>,
) -> Option<(&'static str, String)> {
    let exact = |at| {
        let age = time::age(Some(at), state.now_at(id));
        format!("{} ({age})", time::instant(at, state.prefs.zone))
    };
    let created = row.and_then(|s| s.created);
    let used = row.and_then(|s| s.last_used);
    match (created, used) {
        (Some(at), _) => Some(("Created", exact(at))),
        (None, Some(at)) => Some(("Used", exact(at))),
        (None, None) => source
            .is_none_or(|source| source.reports(Field::Created))
            .then(|| ("Created", "-".to_owned())),
    }
}

/// The question about rows.
pub fn for_rows(state: &State, plan: RevokePlan) -> Confirm {
    let sources: Vec<_> = state
        .sources
        .iter()
        .enumerate()
        .filter(|(at, _)| {
            plan.send
                .iter()
                .any(|item| usize::from(item.source.0) == *at)
        })
        .map(|(_, source)| source)
        .collect();
    let production = sources.iter().any(|s| s.profile.production);
    let count = plan.send.len();
    let on = if production { " on PRODUCTION" } else { "" };
    let (title, verb, facts, short) = match plan.send.first() {
        Some(item) if count == 1 => {
            let facts = RowFacts::of(state, item);
            (
                format!("Delete session{on}?"),
                "Delete".to_owned(),
                facts.labelled(),
                facts.short(),
            )
        }
        _ => {
            let n = with_thousands(count as u64);
            (
                format!("Revoke {n} sessions{on}?"),
                format!("Revoke {n}"),
                Vec::new(),
                Vec::new(),
            )
        }
    };
    let risks = sources.iter().map(|source| source.profile.risk());
    let risk = risks.reduce(Risk::and).unwrap_or_default();
    let typed = typed_because(count, risk).map(|because| typed_rows(&plan, because));
    let after = after(&sources);
    let asks_reason = sources.iter().any(|s| s.profile.require_reason);
    finish(
        ConfirmKind::Rows(plan),
        title,
        verb,
        facts,
        short,
        after,
        production,
        typed,
        asks_reason,
    )
}

/// Rows from `first` on are new: says so where a session of the open question is no longer as it was when
/// it was asked. What is sent stays the same.
pub fn renewed(state: &mut State, first: RowId) {
    let Some(Overlay::Confirm(confirm)) = state.overlays.last() else {
        return;
    };
    let ConfirmKind::Rows(plan) = &confirm.kind else {
        return;
    };
    let [item] = plan.send.as_slice() else {
        return;
    };
    let mut new = state.results.rows.from(first);
    let found = new.find(|(_, row)| row.source == item.source && row.session.key == item.key);
    let warning = found.and_then(|(id, row)| {
        let mut now = item.clone();
        (now.row, now.subject) = (id, row.session.subject.clone());
        let facts = RowFacts::of(state, &now);
        let same = facts.is_told_by(&confirm.facts);
        (!same).then(|| format!("changed since you looked: now {}", facts.who()))
    });
    if let Some(warning) = warning
        && let Some(Overlay::Confirm(confirm)) = state.overlays.last_mut()
        && !confirm.warnings.contains(&warning)
    {
        confirm.warnings.push(warning);
    }
}

/// What ends and what stays, of each system with its name where there are several that differ.
fn after(sources: &[&Source]) -> String {
    let texts = sources.iter().map(|source| {
        let text = source.caps.as_ref().map(|caps| caps.after_revoke());
        (source.profile.name.as_str(), text.unwrap_or_default())
    });
    let texts: Vec<(&str, String)> = texts.collect();
    by_word(texts.iter().map(|(name, text)| (*name, text.as_str())))
}

/// What must be typed for rows: how many they are, or whose, where all are of one person.
fn typed_rows(plan: &RevokePlan, because: String) -> Typed {
    let mut people = plan.send.iter().map(|item| &item.subject);
    let first = people.next().filter(|user| user.shown().is_some());
    let one = first.filter(|first| people.all(|other| other == *first));
    let mut expect = vec![plan.send.len().to_string()];
    expect.extend(one.map(revoke::shown));
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
    let opened = state.sources.get(usize::from(whole.source.0));
    let production = opened.is_some_and(|s| s.profile.production);
    let after = opened
        .and_then(|s| s.caps.as_ref())
        .map_or_else(String::new, |caps| caps.after_revoke());
    let typed = Typed {
        input: Input::default(),
        expect: Vec::new(),
        ask: "Type the user's name or the number of sessions:".into(),
        because: "it ends all sessions of a person".into(),
        wrong: false,
    };
    let asks_reason = opened.is_some_and(|s| s.profile.require_reason);
    let has_choice = whole.everywhere.is_some();
    let mut confirm = finish(
        ConfirmKind::User(whole),
        String::new(),
        "Revoke all".into(),
        Vec::new(),
        Vec::new(),
        after,
        production,
        Some(typed),
        asks_reason,
    );
    if has_choice && !asks_reason {
        confirm.focus = ConfirmFocus::Reach;
    }
    word_user(state, &mut confirm);
    confirm
}

/// Writes what a question about a whole user says, and what must be typed.
pub fn word_user(state: &State, confirm: &mut Confirm) {
    let ConfirmKind::User(whole) = &confirm.kind else {
        return;
    };
    let opened = state.sources.get(usize::from(whole.source.0));
    let profile = opened.map_or_else(String::new, |s| s.profile.name.clone());
    let system = opened.map_or("", Source::system);
    let name = revoke::shown(&whole.user);
    let place = match (&whole.user.scope, whole.is_everywhere) {
        (Some(scope), false) => format!(" in {}", scope.safe()),
        _ => String::new(),
    };
    let on = if confirm.production {
        " on PRODUCTION"
    } else {
        ""
    };
    confirm.title = format!("Revoke every session of this user{place}{on}?");
    let id = whole.user.id.as_ref();
    let id = id.map_or("-".to_owned(), |id| id.named().into_owned());
    let count = whole.loaded();
    let known = match (count, whole.is_all_loaded) {
        (1, true) => "1 session".to_owned(),
        (n, true) => format!("{} sessions", with_thousands(n as u64)),
        (n, false) if opened.is_some_and(|s| cut::cut_at(s).is_some()) => format!(
            "{} loaded of a list that is cut; there may be more",
            with_thousands(n as u64)
        ),
        (n, false) => format!(
            "{} loaded; the server may hold more",
            with_thousands(n as u64)
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
    let untouched = reach::untouched(state, whole.source);
    confirm
        .short
        .extend(reached.iter().map(|reached| format!("reaches {reached}")));
    confirm.short.extend(untouched.clone());
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
    confirm
        .facts
        .extend(untouched.map(|others| (String::new(), others)));
    if let Some(typed) = &mut confirm.typed {
        typed.expect = expect;
        typed.wrong = false;
    }
}

#[allow(
    clippy::too_many_arguments,
    reason = "one place that fills in the rest of a dialog"
)]
fn finish(
    kind: ConfirmKind,
    title: String,
    verb: String,
    facts: Vec<(String, String)>,
    short: Vec<String>,
    after: String,
    production: bool,
    typed: Option<Typed>,
    asks_reason: bool,
) -> Confirm {
    let focus = if asks_reason {
        ConfirmFocus::Reason
    } else if typed.is_some() {
        ConfirmFocus::Typed
    } else {
        ConfirmFocus::Cancel
    };
    Confirm {
        kind,
        title,
        facts,
        short,
        after,
        warnings: Vec::new(),
        verb,
        production,
        focus,
        typed,
        reason: asks_reason.then(Input::default),
    }
}

//! Queries in the words of the form, for the form itself and the empty table.

use crate::app::action::{Action, Context};
use crate::app::cut;
use crate::app::job::{Job, JobState};
use crate::app::source::{Progress, Source};
use crate::app::state::State;
use crate::model::query::{Base, Clause, Field, Op, Target, Value, When};
use crate::model::text::{number_of, with_thousands};
use crate::model::time;
use crate::model::{ApiError, Code, Subject};

/// Clauses as the operator could type them.
pub fn clauses(clauses: &[Clause]) -> String {
    let typed: Vec<String> = clauses.iter().map(Clause::to_string).collect();
    typed.join(" ")
}

/// How far a job has come: what was counted, how fast it goes, and about how long it still takes.
pub fn running(state: &State, job: &Job) -> String {
    let number = |n: usize| with_thousands(n as u64);
    let all = job.all();
    let settled = all.saturating_sub(job.open());
    let mut text = format!("ending {} / {}", number(settled), number(all));
    for (count, word) in [
        (job.gone, "already gone"),
        (job.failed.len(), "failed"),
        (job.unclear, "unknown"),
    ] {
        if count > 0 {
            text.push_str(&format!(" · {} {word}", number(count)));
        }
    }
    if job.state == JobState::Stopping {
        text.push_str(" · stopping");
        return text;
    }
    let seconds = state.up.saturating_sub(job.begun).as_secs();
    if job.is_plan() && seconds > 0 && settled > 0 {
        let rate = settled as u64 / seconds;
        if rate > 0 {
            text.push_str(&format!(" · {}/s", with_thousands(rate)));
        }
        let left = job.open() as u64 * seconds / settled as u64;
        let left = time::span(std::time::Duration::from_secs(left));
        text.push_str(&format!(" · {left} left · Esc stops"));
    }
    text
}

/// The standing message while sessions are marked, with the keys for them. `None`: none is.
pub fn marked(state: &State) -> Option<String> {
    let marks = &state.results.marks;
    let count = match marks.len() {
        0 => return None,
        n => format!("{} marked", number_of(n as u64, "session")),
    };
    let hidden = match marks.hidden() {
        0 => String::new(),
        n => format!(", {} hidden by the filter", with_thousands(n as u64)),
    };
    let key = |action| {
        let keys = state.keymap.keys(Context::Table, action);
        keys.first().map(ToString::to_string).unwrap_or_default()
    };
    Some(format!(
        "{count}{hidden}: {} ends them · {} drops the marks",
        key(Action::Revoke),
        key(Action::DropMarks)
    ))
}

/// The message about a list that a server cut, with the key that narrows it, where that can help.
pub fn truncated(state: &State, at: u64) -> String {
    let who = match state.sources.len() {
        0 | 1 => "the server".to_owned(),
        _ => cut_names(state),
    };
    let text = format!("{who} stops at {}; narrow the search", with_thousands(at));
    let query = state.results.query.as_ref();
    let of_one = query.is_some_and(|query| {
        let is_user = |clause: &Clause| clause.target == Target::Field(Field::User);
        query.clauses.iter().any(is_user)
    });
    let users = cut::asked_besides(state);
    if !users.is_empty() {
        let at = with_thousands(at);
        return format!("{who} stops at {at}; user {users} was also asked for");
    }
    let keys = state.keymap.keys(Context::Table, Action::Person);
    match keys.first() {
        Some(key) if !of_one => format!("{text} ({key}: this user only)"),
        _ => text,
    }
}

/// How much is there of a list that broke off after some rows. `None`: none did.
pub fn incomplete(state: &State) -> Option<String> {
    let failed = |source: &&Source| matches!(source.progress, Progress::Failed(_));
    let broke = state.sources.iter().filter(failed).any(|s| s.rows > 0);
    let rows: u64 = state.sources.iter().map(|s| u64::from(s.rows)).sum();
    let total: Option<u64> = state.sources.iter().map(|s| s.total).sum();
    let of = total.filter(|total| *total > rows);
    let of = of.map_or_else(String::new, |total| {
        format!(" of {}", with_thousands(total))
    });
    broke.then(|| format!("incomplete: {}{of}", number_of(rows, "row")))
}

/// How many sessions are loaded, and of how many: `27 of 1,204 match`, `300 of 1,204 loaded`.
pub fn loaded(state: &State) -> String {
    let rows = state.results.rows.len() - state.results.changes.left();
    let rows = rows as u64;
    let total: Option<u64> = state.sources.iter().map(|s| s.total).sum();
    let is_long = state.layout.is_long();
    let loaded = |source: &Source| matches!(source.progress, Progress::Loaded);
    let is_whole = state.sources.iter().all(loaded);
    let odd = state.sources.iter().map(Source::odd).sum();
    if let Some(incomplete) = incomplete(state) {
        return incomplete;
    }
    match (rows, total) {
        (0, _) => "0 sessions".to_owned(),
        // The server could not answer the whole query: what it sent was filtered here.
        (_, Some(total)) if is_whole && total.saturating_sub(odd) > rows => format!(
            "{} of {} match",
            with_thousands(rows),
            with_thousands(total.saturating_sub(odd))
        ),
        // A total below what is there is nonsense.
        (_, Some(total)) if total > rows || (is_long && total == rows) => format!(
            "{} of {} loaded",
            with_thousands(rows),
            with_thousands(total)
        ),
        _ => format!("{} loaded", with_thousands(rows)),
    }
}

/// The profiles whose lists are cut.
fn cut_names(state: &State) -> String {
    let cut = state.sources.iter().filter(|s| cut::cut_at(s).is_some());
    let names: Vec<&str> = cut.map(|source| source.profile.name.as_str()).collect();
    names.join(", ")
}

/// The countdown while a server makes us wait, of all sources the longest. `None`: none does.
pub fn waiting(state: &State) -> Option<String> {
    let waits = state.sources.iter().filter_map(|s| s.wait.as_ref());
    let wait = waits.max_by_key(|wait| wait.left)?;
    let left = time::span(wait.left);
    let text = format!("{} answered {}: waiting {left}", wait.host, wait.code);
    Some(if state.is_loading() {
        format!("{text} · Esc stops")
    } else {
        text
    })
}

/// One clause as the form says it ("Expires  after 2026-11-21 00:00"); what the form cannot say stands
/// as the operator could type it.
pub fn told(clause: &Clause) -> String {
    let label = match clause.target {
        Target::Field(Field::User) => "User",
        Target::Field(Field::Client) => "Client",
        Target::Field(Field::State) => "State",
        Target::Field(Field::Ip) => "IP",
        Target::Field(Field::Created) => "Created",
        Target::Field(Field::Used) => "Last used",
        Target::Field(Field::Expires) => "Expires",
        _ => return clause.to_string(),
    };
    let [value] = clause.values.as_slice() else {
        return clause.to_string();
    };
    let way = match (value, clause.op, clause.negated) {
        (Value::Text(_), Op::Eq, false) => "",
        (Value::Text(_), Op::Eq, true) | (Value::Text(_), Op::Ne, false) => "not ",
        (Value::Instant(_), Op::Gt, false) => "after ",
        (Value::Instant(_), Op::Lt, false) => "before ",
        _ => return clause.to_string(),
    };
    let value = match value {
        Value::Text(text) => text.to_string(),
        Value::Instant(when) => instant(when),
        Value::Duration(length) => time::duration(*length),
    };
    format!("{label:<9}{way}{value}")
}

/// An instant as it was typed, without the seconds that are none.
fn instant(when: &When) -> String {
    let base = match &when.base {
        Base::Now => "now".to_owned(),
        Base::Today => "today".to_owned(),
        Base::Yesterday => "yesterday".to_owned(),
        Base::Day(day) => day.to_string(),
        Base::Local(at) => {
            let text = at.format("%Y-%m-%d %H:%M:%S").to_string();
            text.strip_suffix(":00").unwrap_or(&text).to_owned()
        }
        Base::Exact(at) => time::instant(*at, time::Zone::Utc),
    };
    let offset = time::duration(when.offset);
    match offset.as_str() {
        "0s" => base,
        earlier if earlier.starts_with('-') => format!("{base}{earlier}"),
        later => format!("{base}+{later}"),
    }
}

/// Name of a person, cleaned.
pub fn shown(user: &Subject) -> String {
    user.shown()
        .map_or_else(|| "(nobody)".to_owned(), |name| name.named().into_owned())
}

/// The name with its realm, where it has one.
pub fn placed(user: &Subject) -> String {
    match &user.scope {
        Some(scope) => format!("{} in {}", shown(user), scope.named()),
        None => shown(user),
    }
}

/// A failure in a few words, for the title of the table: "error 500", "no answer".
pub fn fault(error: &ApiError) -> String {
    let words = match error {
        ApiError::Server { code, .. } | ApiError::RateLimited { code, .. } => match code {
            Code::Http(status) => return format!("error {status}"),
            _ => "server error",
        },
        ApiError::Timeout { .. } => "no answer",
        ApiError::Broken { .. } => "connection lost",
        ApiError::Tls { .. } => "certificate refused",
        ApiError::Auth { .. } => "sign-in needed",
        ApiError::Forbidden { .. } => "not allowed",
        ApiError::BadQuery { .. } => "search refused",
        ApiError::Unexpected { .. } => "unexpected answer",
        ApiError::Forgotten { .. } => "list forgotten",
        error if !error.ways().is_empty() => "choose a way to list",
        other => return other.class().replace('_', " "),
    };
    words.to_owned()
}

/// The fault of the list, and whether it is more than the operator's own doing. `brief`: without a name.
pub fn trouble(state: &State, brief: bool) -> Option<(String, bool)> {
    let several = state.sources.len() > 1;
    let failed: Vec<_> = state
        .sources
        .iter()
        .filter_map(|source| match &source.progress {
            Progress::Failed(error) => Some((source, error)),
            _ => None,
        })
        .collect();
    if let (true, Some((source, error))) = (several, failed.first()) {
        let all = state.sources.len();
        let answered = format!("{} of {all} systems", all - failed.len());
        let words = if brief {
            format!("{answered} (E)")
        } else {
            let class = fault(error);
            format!("{answered} · {}: {class} (E)", source.profile.name)
        };
        return Some((words, true));
    }
    if let Some((_, error)) = failed.first() {
        let words = match error {
            ApiError::Incomplete { .. } => "nothing searched yet".to_owned(),
            _ if brief => "stopped (E)".to_owned(),
            _ => format!("stopped: {} (E)", fault(error)),
        };
        return Some((words, true));
    }
    if let Some(stopped) = cut::stopped(state) {
        let words = if brief { "cut".to_owned() } else { stopped };
        return Some((words, true));
    }
    state
        .sources
        .iter()
        .find_map(|source| match &source.progress {
            Progress::Stopped(_) => match source.total {
                Some(total) => Some((format!("stopped, {} in all", with_thousands(total)), false)),
                None => Some(("stopped".to_owned(), false)),
            },
            _ => None,
        })
}

/// The action that a paused job needs from the operator.
pub fn wanted(error: &ApiError) -> &'static str {
    match error {
        ApiError::RateLimited { .. } => "wait, or retry now",
        _ => "sign in",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Query;

    #[test]
    fn clauses_are_told_in_the_words_of_the_form() {
        for (text, expected) in [
            ("user:jdoe", "User     jdoe"),
            (
                "expires>\"2026-11-21 00:00\"",
                "Expires  after 2026-11-21 00:00",
            ),
            ("created<now-2h", "Created  before now-2h"),
            ("-state:active", "State    not active"),
            ("user:a,b", "user:a,b"),
            ("idle>2h", "idle>2h"),
        ] {
            let query = Query::parse(text).unwrap();

            assert_eq!(told(&query.clauses[0]), expected, "{text}");
        }
    }
}

//! `usher audit`: what was changed, when, by whom, and what came of it.

use std::borrow::Cow;

use chrono::Utc;

use super::args_verbs::{AuditArgs, Format};
use super::audit_check;
use super::ctx::Ctx;
use super::exit::{self, FAILED, Failure, OK};
use super::output::{small_table, small_text};
use super::sources::parse_query;
use crate::audit::{self, Audit, AuditEntry, Event};
use crate::model::query::RowView;
use crate::model::text::{Ellipsis, MESSAGE_COLS, display_safe, number_of, safe_cut, width_cols};
use crate::model::time::parse_instant;
use crate::model::{
    Clause, Fact, Field, Matcher, Op, Query, SessionKey, Target, Thresholds, Value,
};

/// Prints the records that match, oldest first; or checks the log, or settles what it left open.
///
/// # Errors
/// The log cannot be read, or standard output.
pub(crate) async fn run(ctx: &Ctx, args: &AuditArgs) -> Result<u8, Failure> {
    if args.settle {
        audit_check::settle(ctx).await
    } else {
        show(ctx, args)
    }
}

fn show(ctx: &Ctx, args: &AuditArgs) -> Result<u8, Failure> {
    let log = Audit::new(&ctx.paths);
    let Some(path) = log.path() else {
        return Err(Failure::new(
            FAILED,
            "there is no home folder (HOME), so there is no audit log",
        ));
    };
    if args.verify {
        return audit_check::verify(ctx, &path, args.anchor.as_ref());
    }
    let unreadable = |error: audit::AuditError| Failure::new(FAILED, error.to_string());
    let query = parse_query(&args.query.join(" "))?;
    if !path.exists() {
        if !audit::verify(&path, None).map_err(unreadable)?.is_sound() {
            return Err(Failure::new(
                FAILED,
                format!(
                    "{} is not there, and it was; `usher audit --verify` says more",
                    path.display()
                ),
            ));
        }
        ctx.note(&format!(
            "nothing has been changed yet: there is no {}",
            path.display()
        ));
        return Ok(OK);
    }
    let unfinished = log.unfinished().map_err(unreadable)?;
    let config = ctx.config()?;
    let thresholds = Thresholds::default();
    let (ids, clauses) = split(&query);
    let rest = Matcher::new(&clauses, Utc::now(), config.zone, thresholds)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let mut rows = Vec::new();
    let mut damaged = 0_u64;
    let mut out = ctx.out();
    for line in audit::read(&path).map_err(unreadable)? {
        let Ok((_, entry)) = line else {
            damaged += 1;
            continue;
        };
        if args.unfinished && !unfinished.forgotten.contains(&entry) {
            continue;
        }
        if !has_id(&log, &ids, &entry).map_err(unreadable)? || !rest.matches(&Record(&entry)) {
            continue;
        }
        match args.output {
            Format::Json | Format::Jsonl => {
                rows.push(PrintedEntry::Json(serde_json::to_value(&entry)?));
            }
            Format::Table => rows.push(PrintedEntry::Text(table_row(&entry))),
            format => rows.push(PrintedEntry::Text(text(&entry, format))),
        }
    }
    print(ctx, &config, args.output, rows, &mut out)?;
    if !args.unfinished {
        audit_check::tell_unfinished(ctx, &unfinished);
    }
    if damaged > 0 {
        ctx.error(&format!(
            "{} of {} cannot be read; `usher audit --verify` says which",
            number_of(damaged, "line"),
            path.display()
        ));
        return Ok(exit::PARTLY);
    }
    Ok(OK)
}

enum PrintedEntry {
    Json(serde_json::Value),
    Text(Vec<String>),
}

const TITLES: [&str; 13] = [
    "TIME",
    "EVENT",
    "PROFILE",
    "VERB",
    "USER",
    "SCOPE",
    "SESSION",
    "OUTCOME",
    "ENDED",
    "LEFT",
    "READ BACK",
    "BY",
    "REASON",
];

/// Every fact that a reader of a ticket or a sheet may want.
fn text(entry: &AuditEntry, format: Format) -> Vec<String> {
    // For programs, nothing is an empty cell.
    let nothing = if format == Format::Csv { "" } else { "-" };
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| nothing.to_owned());
    let number = |number: Option<u64>| number.map_or(nothing.to_owned(), |n| n.to_string());
    [
        entry.ts.clone(),
        event(entry),
        entry.profile.clone(),
        entry.verb.clone(),
        or_dash(&entry.user),
        or_dash(&entry.scope),
        or_dash(&entry.sid_h),
        or_dash(&entry.outcome),
        number(entry.sessions),
        number(entry.left),
        or_dash(&entry.verified_at),
        by(entry),
        or_dash(&entry.reason),
    ]
    .map(|cell| display_safe(&cell).into_owned())
    .to_vec()
}

fn event(entry: &AuditEntry) -> String {
    let event = serde_json::to_value(entry.event).unwrap_or_default();
    event.as_str().unwrap_or_default().to_owned()
}

fn by(entry: &AuditEntry) -> String {
    match &entry.actor.remote {
        Some(remote) => format!("{} as {remote}", entry.actor.local),
        None => entry.actor.local.clone(),
    }
}

/// The columns of the table, and the cells that each takes at most. The last one gets what is left.
const COLUMNS: [(&str, usize); 8] = [
    ("TIME (UTC)", 19),
    ("WHAT", 12),
    ("OUTCOME", 12),
    ("PROFILE", 14),
    ("USER", 20),
    ("SESSION", 8),
    ("BY", 12),
    ("REASON", MESSAGE_COLS),
];
/// Cells of the table, where the terminal has no more.
const WIDTH: usize = 120;
/// Between two columns.
const GAP: usize = 2;

/// Cuts the last column so that the table is as wide as it may be.
fn fit_last(rows: &mut [Vec<String>], width: usize) {
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|cell| width_cols(cell)).max().unwrap_or(0);
        widest.max(width_cols(COLUMNS[column].0))
    };
    let last = COLUMNS.len() - 1;
    let used: usize = (0..last).map(|column| widest(column) + GAP).sum();
    let most = width.saturating_sub(used);
    for cell in rows.iter_mut().filter_map(|row| row.get_mut(last)) {
        *cell = safe_cut(cell, most, Ellipsis::Sign).into_owned();
    }
}

/// A record in one line of a table for people: the essence of it; the other formats have all.
fn table_row(entry: &AuditEntry) -> Vec<String> {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let time = entry
        .ts
        .get(..19)
        .unwrap_or(&entry.ts)
        .replacen('T', " ", 1);
    let outcome = match (entry.left, entry.event) {
        (Some(left), _) => format!("{}, {left} left", or_dash(&entry.outcome)),
        (None, Event::Asked) => "asked".to_owned(),
        (None, Event::Done) => or_dash(&entry.outcome),
        (None, _) => event(entry),
    };
    let user = match &entry.scope {
        Some(scope) => format!("{} in {scope}", or_dash(&entry.user)),
        None => or_dash(&entry.user),
    };
    let session = match (&entry.sid_h, entry.target_kind.as_str()) {
        (Some(print), _) => print.get(..8).unwrap_or(print).to_owned(),
        (None, "user") => "all".to_owned(),
        (None, _) => "-".to_owned(),
    };
    let by = entry.actor.remote.as_ref().unwrap_or(&entry.actor.local);
    let cells = [
        time,
        entry.verb.clone(),
        outcome,
        entry.profile.clone(),
        user,
        session,
        by.clone(),
        or_dash(&entry.reason),
    ];
    let cut = |(cell, (_, most)): (String, (&str, usize))| {
        safe_cut(&cell, most, Ellipsis::Sign).into_owned()
    };
    cells.into_iter().zip(COLUMNS).map(cut).collect()
}

fn print(
    ctx: &Ctx,
    config: &crate::config::Config,
    format: Format,
    rows: Vec<PrintedEntry>,
    out: &mut super::output::Out,
) -> Result<(), Failure> {
    let mut texts = Vec::new();
    let mut values = Vec::new();
    for row in rows {
        match row {
            PrintedEntry::Text(text) => texts.push(text),
            PrintedEntry::Json(value) => values.push(value),
        }
    }
    match format {
        Format::Table => {
            let look = ctx.look(config);
            fit_last(&mut texts, look.width_cols.unwrap_or(0).max(WIDTH));
            small_table(&COLUMNS.map(|(title, _)| title), &texts, look, out.buffer());
        }
        Format::Csv | Format::Markdown => small_text(format, &TITLES, &texts, out.buffer())?,
        Format::Json => out.json(&serde_json::json!({ "version": 1, "records": values }))?,
        Format::Jsonl => values.iter().try_for_each(|value| out.json(value))?,
    }
    out.flush()
}

/// The clauses about ids, which the log knows by their fingerprints only, and the others.
fn split(query: &Query) -> (Vec<Clause>, Vec<Clause>) {
    query
        .clauses
        .iter()
        .cloned()
        .partition(|clause| clause.target == Target::Field(Field::Id))
}

/// True if all clauses about ids match.
fn has_id(log: &Audit, ids: &[Clause], entry: &AuditEntry) -> Result<bool, audit::AuditError> {
    for clause in ids {
        let mut any = false;
        for value in &clause.values {
            if let Value::Text(id) = value {
                let print = log.fingerprint(&entry.system, &SessionKey::new(id.as_ref()))?;
                any |= entry.sid_h.as_deref() == Some(print.as_str());
            }
        }
        let wanted = (clause.op != Op::Ne) != clause.negated;
        if any != wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A record as a query sees it: `created` is its time, and everything else is an attribute.
struct Record<'a>(&'a AuditEntry);

impl RowView for Record<'_> {
    fn text(&self, field: Field) -> Option<Cow<'_, str>> {
        let text = match field {
            Field::User => self.0.user.as_deref()?,
            Field::Scope => self.0.scope.as_deref()?,
            Field::Profile => &self.0.profile,
            Field::System => &self.0.system,
            _ => return None,
        };
        Some(Cow::Borrowed(text))
    }

    fn instant(&self, field: Field) -> Option<chrono::DateTime<Utc>> {
        match field {
            Field::Created => parse_instant(&self.0.ts, crate::config::Zone::Utc),
            _ => None,
        }
    }

    fn fact(&self) -> Fact {
        Fact::Unknown
    }

    fn own(&self) -> Option<bool> {
        None
    }

    fn deletable(&self) -> Option<bool> {
        None
    }

    fn any_attribute(&self, name: &str, test: &mut dyn FnMut(&str) -> bool) -> bool {
        let value = serde_json::to_value(self.0).unwrap_or_default();
        match value.get(name).or_else(|| value.get("actor")?.get(name)) {
            Some(serde_json::Value::String(text)) => test(text),
            Some(serde_json::Value::Number(number)) => test(&number.to_string()),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_fits_120_columns_whatever_is_in_it() {
        let mut rows: Vec<Vec<String>> =
            vec![COLUMNS.iter().map(|(_, most)| "x".repeat(*most)).collect()];

        fit_last(&mut rows, WIDTH);

        let cells: usize = rows[0].iter().map(|cell| width_cols(cell) + GAP).sum();
        assert_eq!(cells - GAP, WIDTH);
    }
}

//! `usher list --watch`: what was added, changed or went away, as lines for people or as JSON lines.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::args_verbs::Format;
use super::ctx::Ctx;
use super::exit::{self, Failure};
use super::output::{Encode, Look, Out, OutputField, Record, Table, TableRow, encoder};
use super::pages::{self, ListRequest, Take};
use super::sources::Source;
use crate::model::AskedBy;
use crate::model::time::{Zone, clock_seconds, rfc3339};

/// After so many failures of every source in a row it gives up.
const FAILURES: u32 = 3;

/// The writer of events.
pub(crate) struct Printer {
    /// Two rows with the same JSON are the same to a watch.
    encode: Box<dyn Encode>,
    /// `None`: JSON lines.
    table: Option<Table>,
}

impl Printer {
    /// `plain`: the look of what programs read.
    ///
    /// # Errors
    /// A usage error for a format that has no lines.
    pub(crate) fn new(
        format: Format,
        columns: Vec<OutputField>,
        look: Look,
        plain: Look,
    ) -> Result<Self, Failure> {
        let table = match format {
            Format::Jsonl => None,
            Format::Table => Some(Table::with_leading(&["AT", "EVENT"], columns.clone(), look)),
            other => {
                let text = format!("--watch prints table or jsonl, not {other}");
                return Err(Failure::usage(text));
            }
        };
        let encode = encoder(Format::Jsonl, columns, true, plain);
        Ok(Self { encode, table })
    }

    fn print(&mut self, event: &Event<'_>, row: &Row, out: &mut Out) -> Result<(), Failure> {
        if let (Some(table), Some((cells, state))) = (&mut self.table, &row.shown) {
            let word = if event.first { "listed" } else { event.word };
            let at = clock_seconds(event.at, event.zone);
            let cells = [at, word.to_owned()]
                .into_iter()
                .chain(cells.iter().cloned());
            table.push((cells.collect(), *state), out.buffer());
            return Ok(());
        }
        let session: Value = serde_json::from_slice(&row.json)?;
        out.json(&serde_json::json!({
            "event": event.word,
            "at": rfc3339(event.at),
            "first": event.first,
            "session": session,
        }))
    }
}

/// One event of a round: the parts that are the same for all, and its word.
#[derive(Clone, Copy)]
struct Event<'a> {
    at: DateTime<Utc>,
    zone: Zone,
    first: bool,
    word: &'a str,
}

/// Asks again and again, until a signal or the end of the reader.
///
/// # Errors
/// Standard output; a reader that has gone ends it quietly.
pub(crate) async fn run(
    ctx: &Ctx,
    sources: &[Source],
    mut question: ListRequest,
    mut printer: Printer,
    seconds: u32,
) -> Result<u8, Failure> {
    let mut out = ctx.out();
    let mut known = Rows::new();
    let mut failed = 0;
    let mut first = true;
    loop {
        question.now = Utc::now();
        let mut read = Round {
            printer: &mut printer,
            rows: Rows::new(),
        };
        let ended = pages::read(ctx, sources, &question, &mut read).await?;
        let rows = read.rows;
        let mut lost: Vec<&str> = Vec::new();
        for one in &ended {
            // A list that broke off or was cut says nothing about what is not in it.
            if one.lacks_rows() {
                lost.push(&one.profile);
            }
        }
        super::list::report(ctx, &ended);
        let event = Event {
            at: question.now,
            zone: question.zone,
            first,
            word: "",
        };
        differences(event, &mut known, rows, &lost, &mut printer, &mut out)?;
        if let Some(table) = &mut printer.table {
            table.flush(out.buffer());
        }
        out.flush()?;
        first = false;
        question.asked_by = AskedBy::Timer;
        failed = if ended.iter().all(|one| one.error.is_some()) {
            failed + 1
        } else {
            0
        };
        if failed >= FAILURES {
            let codes: Vec<u8> = ended.iter().map(pages::ListEnd::code).collect();
            return Ok(exit::code_of_all(&codes));
        }
        tokio::time::sleep(Duration::from_secs(u64::from(seconds))).await;
    }
}

/// Profile, scope and id.
type RowIdentity = (String, String, String);

/// A listed session.
struct Row {
    json: Vec<u8>,
    /// Its cells in the table. `None`: JSON is printed.
    shown: Option<TableRow>,
}

type Rows = HashMap<RowIdentity, Row>;

/// The rows of one round.
struct Round<'a> {
    printer: &'a mut Printer,
    rows: Rows,
}

impl Take for Round<'_> {
    fn row(&mut self, record: &Record<'_>) -> Result<ControlFlow<()>, Failure> {
        let mut json = Vec::new();
        self.printer.encode.row(record, &mut json)?;
        let shown = self.printer.table.as_ref().map(|table| table.cells(record));
        let scope = record.row.scope.as_deref().unwrap_or_default();
        let identity = (
            record.profile.to_owned(),
            scope.to_owned(),
            record.row.key.to_string(),
        );
        self.rows.insert(identity, Row { json, shown });
        Ok(ControlFlow::Continue(()))
    }

    fn page(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Prints what is different from `known`, and takes it over.
fn differences(
    event: Event<'_>,
    known: &mut Rows,
    rows: Rows,
    lost: &[&str],
    printer: &mut Printer,
    out: &mut Out,
) -> Result<(), Failure> {
    let is_gone = |identity: &RowIdentity| {
        !rows.contains_key(identity) && !lost.contains(&identity.0.as_str())
    };
    let mut gone: Vec<RowIdentity> = known.keys().filter(|id| is_gone(id)).cloned().collect();
    gone.sort();
    for identity in gone {
        if let Some(row) = known.remove(&identity) {
            printer.print(
                &Event {
                    word: "gone",
                    ..event
                },
                &row,
                out,
            )?;
        }
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (identity, row) in rows {
        let word = match known.get(&identity) {
            None => "added",
            Some(before) if before.json != row.json => "changed",
            Some(_) => continue,
        };
        printer.print(&Event { word, ..event }, &row, out)?;
        known.insert(identity, row);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: Event<'static> = Event {
        at: DateTime::UNIX_EPOCH,
        zone: Zone::Utc,
        first: false,
        word: "",
    };

    fn printer() -> Printer {
        let look = Look {
            color: false,
            ascii: true,
            only_ascii: false,
            times: super::super::output::Times::Age,
            width_cols: None,
        };
        Printer::new(Format::Jsonl, Vec::new(), look, look).unwrap()
    }

    fn rows(pairs: &[(&str, &str)]) -> Rows {
        let row = |(id, value): &(&str, &str)| {
            let identity = ("p".to_owned(), String::new(), (*id).to_owned());
            let json = format!("{{\"id\":\"{id}\",\"v\":\"{value}\"}}").into_bytes();
            (identity, Row { json, shown: None })
        };
        pairs.iter().map(row).collect()
    }

    #[test]
    fn what_came_changed_and_went_is_told_once() {
        let mut known = rows(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let mut out = Out::to(Box::new(std::io::sink()));
        let now = rows(&[("a", "1"), ("b", "2"), ("d", "1")]);

        differences(EVENT, &mut known, now, &[], &mut printer(), &mut out).unwrap();

        let text = String::from_utf8(out.buffer().clone()).unwrap();
        let told: Vec<(String, String)> = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|v| {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                (text(&v["event"]), text(&v["session"]["id"]))
            })
            .collect();
        let expected = [("gone", "c"), ("changed", "b"), ("added", "d")];
        assert_eq!(told, expected.map(|(e, i)| (e.to_owned(), i.to_owned())));
    }

    #[test]
    fn a_list_that_broke_off_makes_nothing_go_away() {
        let mut known = rows(&[("a", "1")]);
        let mut out = Out::to(Box::new(std::io::sink()));

        differences(
            EVENT,
            &mut known,
            Rows::new(),
            &["p"],
            &mut printer(),
            &mut out,
        )
        .unwrap();

        assert!(out.buffer().is_empty());
        assert_eq!(known.len(), 1);
    }
}

//! `usher list --watch`: what was added, changed or went away, as JSON lines.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Duration;

use chrono::Utc;
use serde_json::Value;

use super::args_verbs::Format;
use super::ctx::Ctx;
use super::exit::{self, Failure};
use super::output::{Encode, Out, OutputField, Record, encoder, rfc3339};
use super::pages::{self, ListRequest, Take};
use super::sources::Source;
use crate::model::AskedBy;

/// After so many failures of every source in a row it gives up.
const FAILURES: u32 = 3;

/// Asks again and again, until a signal or the end of the reader.
///
/// # Errors
/// Standard output; a reader that has gone ends it quietly.
pub(crate) async fn run(
    ctx: &Ctx,
    sources: &[Source],
    mut question: ListRequest,
    columns: Vec<OutputField>,
    seconds: u32,
) -> Result<u8, Failure> {
    let columns = if columns.is_empty() {
        OutputField::of_row(sources)
    } else {
        columns
    };
    let mut out = ctx.out();
    let mut known: HashMap<RowIdentity, Vec<u8>> = HashMap::new();
    let mut failed = 0;
    let mut first = true;
    loop {
        question.now = Utc::now();
        let mut seen = Seen {
            encode: encoder(Format::Jsonl, columns.clone(), true, ctx.plain_look()),
            rows: HashMap::new(),
        };
        let ended = pages::read(ctx, sources, &question, &mut seen).await?;
        let mut lost: Vec<&str> = Vec::new();
        for one in &ended {
            // A list that broke off or was cut says nothing about what is not in it.
            if one.lacks_rows() {
                lost.push(&one.profile);
            }
        }
        super::list::report(ctx, &ended);
        let event = Events {
            at: rfc3339(question.now),
            first,
        };
        event.differences(&mut known, seen.rows, &lost, &mut out)?;
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

/// The rows of one round, as JSON.
struct Seen {
    encode: Box<dyn Encode>,
    rows: HashMap<RowIdentity, Vec<u8>>,
}

impl Take for Seen {
    fn row(&mut self, record: &Record<'_>) -> Result<ControlFlow<()>, Failure> {
        let mut json = Vec::new();
        self.encode.row(record, &mut json)?;
        let scope = record.row.scope.as_deref().unwrap_or_default();
        let identity = (
            record.profile.to_owned(),
            scope.to_owned(),
            record.row.key.to_string(),
        );
        self.rows.insert(identity, json);
        Ok(ControlFlow::Continue(()))
    }

    fn page(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

struct Events {
    at: String,
    first: bool,
}

impl Events {
    /// Prints what is different from `known`, and takes it over.
    fn differences(
        &self,
        known: &mut HashMap<RowIdentity, Vec<u8>>,
        rows: HashMap<RowIdentity, Vec<u8>>,
        lost: &[&str],
        out: &mut Out,
    ) -> Result<(), Failure> {
        let gone: Vec<RowIdentity> = known
            .keys()
            .filter(|identity| {
                !rows.contains_key(*identity) && !lost.contains(&identity.0.as_str())
            })
            .cloned()
            .collect();
        for identity in gone {
            if let Some(json) = known.remove(&identity) {
                self.print("gone", &json, out)?;
            }
        }
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort();
        for (identity, json) in rows {
            let event = match known.get(&identity) {
                None => "added",
                Some(before) if *before != json => "changed",
                Some(_) => continue,
            };
            self.print(event, &json, out)?;
            known.insert(identity, json);
        }
        Ok(())
    }

    fn print(&self, event: &str, json: &[u8], out: &mut Out) -> Result<(), Failure> {
        let session: Value = serde_json::from_slice(json)?;
        out.json(&serde_json::json!({
            "event": event,
            "at": self.at,
            "first": self.first,
            "session": session,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(pairs: &[(&str, &str)]) -> HashMap<RowIdentity, Vec<u8>> {
        pairs
            .iter()
            .map(|(id, value)| {
                let identity = ("p".to_owned(), String::new(), (*id).to_owned());
                (
                    identity,
                    format!("{{\"id\":\"{id}\",\"v\":\"{value}\"}}").into_bytes(),
                )
            })
            .collect()
    }

    #[test]
    fn what_came_changed_and_went_is_told_once() {
        let events = Events {
            at: "t".into(),
            first: false,
        };
        let mut known = rows(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let mut out = Out::to(Box::new(std::io::sink()));

        events
            .differences(
                &mut known,
                rows(&[("a", "1"), ("b", "2"), ("d", "1")]),
                &[],
                &mut out,
            )
            .unwrap();

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
        let events = Events {
            at: "t".into(),
            first: false,
        };
        let mut known = rows(&[("a", "1")]);
        let mut out = Out::to(Box::new(std::io::sink()));

        events
            .differences(&mut known, HashMap::new(), &["p"], &mut out)
            .unwrap();

        assert!(out.buffer().is_empty());
        assert_eq!(known.len(), 1);
    }
}

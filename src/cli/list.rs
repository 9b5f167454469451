//! `usher list`: rows are printed while pages arrive.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::json;

use super::args_verbs::{Format, ListArgs};
use super::ctx::Ctx;
use super::exit::{self, Failure};
use super::output::{Cell, Encode, Out, OutputField, Record, encoder, small_table, small_text};
use super::pages::{self, ListEnd, ListRequest, Take};
use super::sort::{SortBy, Sorted};
use super::sources::{self, Source};
use crate::config::Config;
use crate::model::text::{Align, display_safe, pad, width_cols, with_thousands};
use crate::model::{ApiError, AskedBy, Field, KindCounts, Plan, UserNames, Way};

/// Lists sessions.
///
/// # Errors
/// A wrong option, or standard output.
pub(crate) async fn run(ctx: &Ctx, args: &ListArgs) -> Result<u8, Failure> {
    let text = args.query.join(" ");
    let columns = args
        .fields
        .iter()
        .map(|name| OutputField::parse(name))
        .collect::<Result<Vec<_>, _>>()?;
    let sort = args.sort.as_deref().map(SortBy::parse).transpose()?;
    let group = args
        .group_by
        .as_deref()
        .map(OutputField::parse)
        .transpose()?;
    let (config, sources) = sources::all(ctx)?;
    let query = sources::parse_query_for(&text, &sources)?;
    let (now, zone) = sources::moment(&config);
    let format = args.output.unwrap_or(if ctx.stdout_is_terminal() {
        Format::Table
    } else {
        Format::Jsonl
    });
    let question = ListRequest {
        query,
        native: args.native.clone(),
        now,
        zone,
        // The first rows by some order are known only when all have been read.
        limit: args.limit.filter(|_| sort.is_none()),
        way: args.way.clone(),
        asked_by: AskedBy::Person,
        all_hints: columns
            .iter()
            .chain(&group)
            .any(OutputField::needs_other_rows)
            || sort.as_ref().is_some_and(SortBy::needs_other_rows),
    };
    if args.explain {
        return explain(
            ctx,
            &config,
            args.output.unwrap_or_default(),
            &sources,
            &question,
        );
    }
    if let Some(seconds) = args.watch {
        let shown = shown(format, columns, &sources);
        let print = super::watch::Printer::new(format, shown, ctx.look(&config), ctx.plain_look())?;
        return super::watch::run(ctx, &sources, question, print, seconds).await;
    }
    let mut out = ctx.out();
    let ended = if args.count {
        let mut count = Count::default();
        let ended = pages::read(ctx, &sources, &question, &mut count).await?;
        let format = args.output.unwrap_or_default();
        print_count(format, &count, &ended, &mut out)?;
        ended
    } else if let Some(column) = group {
        let mut groups = Groups::new(column, &sources);
        let ended = pages::read(ctx, &sources, &question, &mut groups).await?;
        let format = args.output.unwrap_or_default();
        groups.print(ctx, &config, format, &ended, &mut out)?;
        ended
    } else if args.id_only {
        let mut ids = Ids {
            out: &mut out,
            left: args.limit,
        };
        pages::read(ctx, &sources, &question, &mut ids).await?
    } else {
        let encode = encoder(
            format,
            shown(format, columns, &sources),
            args.csv_safe,
            ctx.look(&config),
        );
        rows(ctx, args, sort, encode, &sources, &question, &mut out).await?
    };
    out.flush()?;
    Ok(conclude(ctx, args, &ended))
}

/// True if the answer concerns all sessions, and not only those that it shows. A list that is not
/// whole then cannot give it.
fn decides(args: &ListArgs, rows: u64) -> bool {
    let first_ones = args.sort.is_some() && args.limit.is_some();
    args.count || args.group_by.is_some() || first_ones || rows == 0
}

/// Prints the rows, sorted if that was asked for.
async fn rows(
    ctx: &Ctx,
    args: &ListArgs,
    sort: Option<SortBy>,
    encode: Box<dyn Encode>,
    sources: &[Source],
    question: &ListRequest,
    out: &mut Out,
) -> Result<Vec<ListEnd>, Failure> {
    let mut stream = Stream {
        encode,
        out,
        left: args.limit,
    };
    stream.encode.head(stream.out.buffer())?;
    let ended = match sort {
        None => pages::read(ctx, sources, question, &mut stream).await?,
        Some(by) => {
            let mut sorted = Sorted::new(by, args.limit);
            let ended = pages::read(ctx, sources, question, &mut sorted).await?;
            for (profile, session) in sorted.finish() {
                if let Some(source) = sources.iter().find(|source| source.name() == profile) {
                    let row = crate::model::RowRef::of(&session);
                    let thresholds = source.thresholds();
                    let record =
                        Record::new(source.name(), source.word(), &row, thresholds, question.now);
                    let _ = stream.row(&record)?;
                }
            }
            ended
        }
    };
    let tails: Vec<_> = ended.iter().map(ListEnd::to_json).collect();
    stream.encode.tail(&tails, stream.out.buffer())?;
    Ok(ended)
}

/// The fields that are printed when none are named.
fn shown(format: Format, named: Vec<OutputField>, sources: &[Source]) -> Vec<OutputField> {
    if !named.is_empty() {
        return named;
    }
    match format {
        Format::Json | Format::Jsonl => OutputField::of_row(sources),
        Format::Csv => OutputField::of_csv(sources),
        Format::Table | Format::Markdown => {
            let mut specs = Vec::new();
            for source in sources {
                for spec in source.api.caps().columns() {
                    if !specs
                        .iter()
                        .any(|known: &crate::model::ColumnSpec| known.what == spec.what)
                    {
                        specs.push(spec.clone());
                    }
                }
            }
            OutputField::of_specs(&specs, sources)
        }
    }
}

/// Says how the lists ended, and finds the exit code.
fn conclude(ctx: &Ctx, args: &ListArgs, ended: &[ListEnd]) -> u8 {
    report(ctx, ended);
    let rows: u64 = ended.iter().map(|one| one.rows).sum();
    let code_of = if decides(args, rows) {
        ListEnd::code_of_decision
    } else {
        ListEnd::code
    };
    let code = exit::code_of_all(&ended.iter().map(code_of).collect::<Vec<_>>());
    let failed = ended.iter().any(|one| one.error.is_some());
    if args.count && !ended.iter().all(ListEnd::is_whole) && (rows > 0 || !failed) {
        ctx.error(&format!(
            "cannot count: the list is not whole; at least {} match",
            with_thousands(rows)
        ));
    }
    match code {
        exit::OK if rows == 0 && args.fail_empty => exit::NOTHING,
        code => code,
    }
}

/// One sentence for each source that failed or has something to say.
pub(crate) fn report(ctx: &Ctx, ended: &[ListEnd]) {
    for one in ended {
        for note in &one.notes {
            ctx.note(&format!("note: {}: {note}", one.profile));
        }
        if let Some(error) = &one.error {
            let mut what = format!("cannot list the sessions of {}", one.profile);
            if one.rows > 0 {
                what.push_str(&format!(" after {}", with_thousands(one.rows)));
            }
            ctx.error(&exit::sentence(&what, &one.profile, error));
        }
    }
}

/// Prints each row as it comes.
struct Stream<'a> {
    encode: Box<dyn Encode>,
    out: &'a mut Out,
    left: Option<u64>,
}

impl Take for Stream<'_> {
    fn row(&mut self, record: &Record<'_>) -> Result<ControlFlow<()>, Failure> {
        if self.left == Some(0) {
            return Ok(ControlFlow::Break(()));
        }
        self.encode.row(record, self.out.buffer())?;
        self.out.flush_if_large()?;
        Ok(count_down(&mut self.left))
    }

    fn page(&mut self) -> Result<(), Failure> {
        self.encode.page(self.out.buffer())?;
        self.out.flush()
    }

    fn left(&self) -> u64 {
        self.left.unwrap_or(u64::MAX)
    }
}

/// Prints the ids.
struct Ids<'a> {
    out: &'a mut Out,
    left: Option<u64>,
}

impl Take for Ids<'_> {
    fn row(&mut self, record: &Record<'_>) -> Result<ControlFlow<()>, Failure> {
        if self.left == Some(0) {
            return Ok(ControlFlow::Break(()));
        }
        // An id that is not one plain line would become two ids, or none, for whoever reads them.
        let id = record.row.id();
        if display_safe(id) == id {
            self.out.line(id);
        }
        Ok(count_down(&mut self.left))
    }

    fn page(&mut self) -> Result<(), Failure> {
        self.out.flush()
    }

    fn left(&self) -> u64 {
        self.left.unwrap_or(u64::MAX)
    }
}

fn count_down(left: &mut Option<u64>) -> ControlFlow<()> {
    match left {
        None => ControlFlow::Continue(()),
        Some(left) => {
            *left = left.saturating_sub(1);
            match *left {
                0 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
}

#[derive(Default)]
pub(super) struct Count {
    rows: u64,
    kinds: KindCounts,
}

impl Take for Count {
    fn row(&mut self, record: &Record<'_>) -> Result<ControlFlow<()>, Failure> {
        self.rows += 1;
        self.kinds.add(record.row.kind.as_ref());
        Ok(ControlFlow::Continue(()))
    }

    fn page(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Prints the number, if it is one: of a list that is not whole nobody knows how many there are.
pub(super) fn print_count(
    format: Format,
    count: &Count,
    ended: &[ListEnd],
    out: &mut Out,
) -> Result<(), Failure> {
    let whole = ended.iter().all(ListEnd::is_whole);
    let kinds = whole.then_some(&count.kinds);
    let kinds = kinds.filter(|kinds| kinds.are_several());
    let count = whole.then_some(count.rows);
    match format {
        Format::Json | Format::Jsonl => {
            let sources: Vec<_> = ended.iter().map(ListEnd::to_json).collect();
            let mut all = json!({ "count": count, "complete": whole, "sources": sources });
            if let Some(kinds) = kinds {
                let kinds = kinds
                    .iter()
                    .map(|(kind, count)| (kind.to_owned(), json!(count)));
                all["kinds"] = serde_json::Value::Object(kinds.collect());
            }
            out.json(&all)
        }
        Format::Table | Format::Csv | Format::Markdown => {
            // Never one number for sessions of different kinds.
            if let Some(words) = kinds.and_then(KindCounts::words) {
                out.line(&words);
            } else if let Some(count) = count {
                out.line(&count.to_string());
            }
            Ok(())
        }
    }
}

/// Counts the values of a field.
struct Groups {
    column: OutputField,
    /// The names that people have, by profile. Empty: they are the same in all of them, or nobody is counted.
    names: BTreeMap<String, Arc<UserNames>>,
    counts: BTreeMap<Option<String>, u64>,
}

impl Groups {
    fn new(column: OutputField, sources: &[Source]) -> Self {
        let profiles = sources.iter().map(|source| &source.profile);
        let has_others = !profiles
            .clone()
            .all(|profile| profile.user_names.are_same());
        let names = profiles.map(|profile| (profile.name.clone(), profile.user_names.clone()));
        Self {
            names: names.filter(|_| column.is_user() && has_others).collect(),
            column,
            counts: BTreeMap::new(),
        }
    }

    /// The value under which a row is counted: of people the name that the operator gives them.
    fn counted_as(&self, value: String, profile: &str) -> String {
        match self.names.get(profile) {
            Some(names) => names.counted_as(&value, profile).into_owned(),
            None => value,
        }
    }

    /// The largest group first.
    fn print(
        self,
        ctx: &Ctx,
        config: &Config,
        format: Format,
        ended: &[ListEnd],
        out: &mut Out,
    ) -> Result<(), Failure> {
        let name = self.column.name();
        let mut counts: Vec<_> = self.counts.into_iter().collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        if matches!(format, Format::Json | Format::Jsonl) {
            let rows: Vec<_> = counts
                .iter()
                .map(|(value, count)| json!({ &*name: value, "count": count }))
                .collect();
            if format == Format::Json {
                return out.json(&json!({
                    "version": 1,
                    "groups": rows,
                    "complete": ended.iter().all(ListEnd::is_whole),
                    "sources": ended.iter().map(ListEnd::to_json).collect::<Vec<_>>(),
                }));
            }
            return rows.iter().try_for_each(|row| out.json(row));
        }
        let title = self.column.title();
        let titles = [title.as_str(), "COUNT"];
        let rows: Vec<Vec<String>> = counts
            .into_iter()
            .map(|(value, count)| {
                let value = value.unwrap_or_else(|| "-".to_owned());
                vec![display_safe(&value).into_owned(), count.to_string()]
            })
            .collect();
        match format {
            Format::Table => small_table(&titles, &rows, ctx.look(config), out.buffer()),
            other => small_text(other, &titles, &rows, out.buffer())?,
        }
        Ok(())
    }
}

impl Take for Groups {
    fn row(&mut self, record: &Record<'_>) -> Result<ControlFlow<()>, Failure> {
        let cell = self.column.cell(record);
        let value = match cell {
            Cell::None => None,
            Cell::Hints(hints) if hints.is_empty() => None,
            other => {
                let value = other.for_machines(record).into_owned();
                Some(self.counted_as(value, record.profile))
            }
        };
        *self.counts.entry(value).or_default() += 1;
        Ok(ControlFlow::Continue(()))
    }

    fn page(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Prints how each system would answer, and asks nothing.
fn explain(
    ctx: &Ctx,
    config: &Config,
    format: Format,
    sources: &[Source],
    question: &ListRequest,
) -> Result<u8, Failure> {
    let plans: Vec<(&Source, Result<Plan, ApiError>)> = sources
        .iter()
        .map(|source| (source, source.api.plan(&question.search(source))))
        .collect();
    let mut out = ctx.out();
    if format == Format::Table {
        let widest = sources.iter().map(|s| width_cols(s.name())).max();
        for (source, plan) in &plans {
            for (at, (side, what)) in lines(plan).into_iter().enumerate() {
                let name = if at == 0 { source.name() } else { "" };
                let width = widest.unwrap_or(0);
                let name = pad(name, width, Align::Left);
                let line = format!("{name}  {side:<7} {what}");
                out.text(line.trim_end());
            }
        }
    } else {
        let rows: Vec<_> = plans
            .iter()
            .map(|(source, plan)| explain_json(source, plan))
            .collect();
        let text: Vec<Vec<String>> = plans
            .iter()
            .flat_map(|(source, plan)| {
                lines(plan)
                    .into_iter()
                    .map(|(side, what)| vec![source.name().to_owned(), side.to_owned(), what])
            })
            .collect();
        return super::config::print_small(
            ctx,
            config,
            format,
            &["PROFILE", "SIDE", "WHAT"],
            &text,
            rows.into(),
        )
        .map(|()| plans_code(&plans));
    }
    out.flush()?;
    Ok(plans_code(&plans))
}

fn plans_code(plans: &[(&Source, Result<Plan, ApiError>)]) -> u8 {
    let codes: Vec<u8> = plans
        .iter()
        .map(|(_, plan)| plan.as_ref().map_or_else(ApiError::exit_code, |_| exit::OK))
        .collect();
    exit::code_of_all(&codes)
}

/// The request, the clauses left for us, and the notes.
fn lines(plan: &Result<Plan, ApiError>) -> Vec<(&'static str, String)> {
    match plan {
        Err(error) => vec![("cannot", error.to_string())],
        Ok(plan) => {
            let everything = || "everything".to_owned();
            let native = Some(plan.native.clone()).filter(|text| !text.is_empty());
            let mut lines = vec![("server", native.unwrap_or_else(everything))];
            if !plan.rest.is_empty() {
                let rest: Vec<String> = plan.rest.iter().map(ToString::to_string).collect();
                lines.push(("here", rest.join(" ")));
            }
            lines.extend(plan.ways.iter().map(|way| ("way", way.to_string())));
            lines.extend(plan.notes.iter().map(|note| ("note", note.clone())));
            lines
        }
    }
}

fn explain_json(source: &Source, plan: &Result<Plan, ApiError>) -> serde_json::Value {
    match plan {
        Err(error) => json!({ "profile": source.name(), "error": error.to_string() }),
        Ok(plan) => json!({
            "profile": source.name(),
            "system": source.word(),
            "server": plan.native,
            "here": plan.rest.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "ways": plan.ways.iter().map(way_json).collect::<Vec<_>>(),
            "notes": plan.notes,
        }),
    }
}

fn way_json(way: &Way) -> serde_json::Value {
    json!({
        "way": way.word,
        "title": way.title,
        "needs": way.needs.map(Field::name),
        "requests": way.cost.map(|cost| cost.requests),
        "seconds": way.cost.and_then(|cost| cost.takes).map(|takes| takes.as_secs()),
    })
}

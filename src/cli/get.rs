//! `usher get`: single sessions, whole.

use futures_util::stream::{self, StreamExt};

use super::args_verbs::{Format, GetArgs};
use super::ctx::Ctx;
use super::exit::{self, Failure};
use super::output::{Out, OutputField, Record, Times, encoder};
use super::sources::{self, Source};
use super::targets::{self, SessionTarget};
use crate::config::Config;
use crate::model::text::{
    SHOWN_BYTES, display_safe, display_safe_lines, mask, start_of, with_thousands,
};
use crate::model::{ApiError, Class, RowRef, Session};

/// Shows sessions in the order of their ids.
///
/// # Errors
/// A wrong id, or standard output.
pub(crate) async fn run(ctx: &Ctx, args: &GetArgs) -> Result<u8, Failure> {
    let (config, sources) = sources::all(ctx)?;
    let targets = targets::read(&args.ids, &sources)?;
    if args.raw {
        refuse_hidden(&sources, &targets)?;
    }
    let at_once = sources
        .iter()
        .map(|source| usize::from(source.profile.concurrency))
        .min()
        .unwrap_or(1);
    let sources = &sources;
    let mut answers = stream::iter(&targets)
        .map(|target| async move {
            let answer = match sources.get(target.source) {
                Some(source) => source.api.get(&target.key).await,
                None => Err(ApiError::NotFound),
            };
            (target, answer)
        })
        .buffered(at_once.max(1));
    let (now, _) = sources::moment(&config);
    let mut printer = Printer {
        ctx,
        config: &config,
        args,
        sources,
        now,
        out: ctx.out(),
        encode: encoder(
            args.output,
            columns(args.output, sources),
            true,
            ctx.look(&config),
        ),
    };
    printer.head()?;
    let mut codes = Vec::new();
    while let Some((target, answer)) = answers.next().await {
        let Some(source) = sources.get(target.source) else {
            continue;
        };
        match answer {
            Ok(session) => {
                codes.push(exit::OK);
                printer.session(source, &session)?;
            }
            Err(error) => {
                codes.push(error.exit_code());
                let what = format!("cannot show {} of {}", called(target), source.name());
                ctx.error(&match (&error, target.is_doubtful()) {
                    (ApiError::NotFound, true) => format!(
                        "{what}: the server cannot show this one alone, it may have no lasting id. Find it again with `usher list`."
                    ),
                    _ => exit::sentence(&what, source.name(), &error),
                });
            }
        }
    }
    printer.tail()?;
    Ok(exit::code_of_all(&codes))
}

/// Raw answers hold what is masked elsewhere.
fn refuse_hidden(sources: &[Source], targets: &[SessionTarget]) -> Result<(), Failure> {
    let hidden = targets
        .iter()
        .filter_map(|target| sources.get(target.source))
        .find(|source| !source.profile.policy.reveal);
    match hidden {
        None => Ok(()),
        Some(source) => Err(Failure::new(
            exit::REFUSED,
            format!(
                "profile {} says reveal = false, and a raw answer may hold secrets; leave out --raw",
                source.name()
            ),
        )),
    }
}

/// The name of a session whose id may be all that is known: never the id.
fn called(target: &SessionTarget) -> String {
    match target.label.as_str() {
        "" => "the session".to_owned(),
        label => format!("session {label}"),
    }
}

fn columns(format: Format, sources: &[Source]) -> Vec<OutputField> {
    match format {
        Format::Csv => OutputField::of_csv(sources),
        Format::Markdown => OutputField::of_specs(&[], &[]),
        Format::Table | Format::Json | Format::Jsonl => OutputField::of_row(sources),
    }
}

struct Printer<'a> {
    ctx: &'a Ctx,
    config: &'a Config,
    args: &'a GetArgs,
    sources: &'a [Source],
    now: chrono::DateTime<chrono::Utc>,
    out: Out,
    encode: Box<dyn super::output::Encode>,
}

impl Printer<'_> {
    fn people(&self) -> bool {
        !self.args.raw && self.args.output == Format::Table
    }

    fn head(&mut self) -> Result<(), Failure> {
        if self.args.raw || self.people() {
            return Ok(());
        }
        self.encode.head(self.out.buffer())
    }

    fn tail(&mut self) -> Result<(), Failure> {
        if !self.args.raw && !self.people() {
            self.encode.tail(&[], self.out.buffer())?;
        }
        self.out.flush()
    }

    fn session(&mut self, source: &Source, session: &Session) -> Result<(), Failure> {
        if self.args.raw {
            self.raw(source, session)?;
        } else {
            let row = RowRef::of(session);
            let thresholds = source.thresholds();
            let now = self.now + source.api.clock_offset().unwrap_or_default();
            let record = Record::new(source.name(), source.word(), &row, thresholds, now);
            if self.people() {
                self.block(&record, session);
            } else {
                self.encode.row(&record, self.out.buffer())?;
            }
        }
        self.out.flush()
    }

    /// As the server sent it; on a terminal nothing in it can steer the terminal.
    fn raw(&mut self, source: &Source, session: &Session) -> Result<(), Failure> {
        let Some(raw) = &session.raw else {
            self.ctx.error(&format!(
                "{} gave session {} without the text it was read from; leave out --raw",
                source.name(),
                session.label
            ));
            return Ok(());
        };
        if self.ctx.stdout_is_terminal() {
            self.out.line(&display_safe_lines(raw.get()));
        } else {
            self.out.line(raw.get());
        }
        Ok(())
    }

    /// One line for each thing that is known.
    fn block(&mut self, record: &Record<'_>, session: &Session) {
        let times = match self.ctx.look(self.config).times {
            Times::Age => Times::In(crate::model::time::Zone::Utc),
            other => other,
        };
        for column in OutputField::of_row(self.sources) {
            let name = column.name();
            if name == "attributes" {
                continue;
            }
            let text = column.cell(record).for_people(record, times);
            if text != "-" && (name != "profile" || self.sources.len() > 1) {
                self.out.text(&format!("{name:<21} {}", shown(&text)));
            }
        }
        for one in &session.extra {
            let name = format!("@{}", one.name.name());
            let value = match one.class {
                Class::Plain => shown(one.value.expose()),
                Class::Secret => mask(one.value.expose()),
            };
            self.out.text(&format!("{name:<21} {value}"));
        }
        self.out.line("");
    }
}

/// A value as a person reads it. The formats for programs give all of it.
fn shown(value: &str) -> String {
    if value.len() <= SHOWN_BYTES {
        return display_safe(value).into_owned();
    }
    let start = display_safe(start_of(value, SHOWN_BYTES));
    let all = with_thousands(value.len() as u64);
    format!("{start} … {all} bytes in all; -o json gives the rest")
}

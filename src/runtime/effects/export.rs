//! Rows exported to a file or to the clipboard, off the loop.

use std::cell::Cell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::link::OpenClient;
use crate::app::Msg;
use crate::app::export::{
    ExportFailure, ExportFields, ExportFormat, ExportJob, ExportPlace, Exported, ExportedTo,
};
use crate::audit::{Audit, Change, ChangeTarget, Event, Operation};
use crate::cli::output::{Encode, Format, OutputField, Record, file_encoder};
use crate::config::{Existing, GrowingFile, Paths};
use crate::model::text::with_thousands;
use crate::model::{Fact, RowRef, Session, Thresholds};
use crate::store::{Row, RowId, SourceId, unpack_all};

/// The largest text for a clipboard, in bytes. Terminals take less, and say so.
const CLIPBOARD: usize = 1_000_000;
/// From so many bytes on the text is handed on.
const PIECE: usize = 256 * 1024;
/// How long the end of the screen waits for exports to take their halves away.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it is told how many rows are written.
const TOLD_EVERY: Duration = Duration::from_millis(500);

/// The ways from and to an export that is under way.
#[derive(Clone, Copy)]
struct UnderWay<'a> {
    /// True: it is to end without a result.
    stop: &'a AtomicBool,
    /// Takes the number of rows that are written.
    tell: &'a dyn Fn(u64),
}

/// The exports that are running.
#[derive(Default)]
pub(super) struct Exports {
    /// True: those that run are to end without a result.
    stop: Arc<AtomicBool>,
    running: Vec<JoinHandle<()>>,
}

impl Exports {
    /// Starts one. `clients`: those of the sources whose rows may be among them, for the audit log.
    pub(super) fn start(
        &mut self,
        job: ExportJob,
        clients: Vec<OpenClient>,
        audit: Arc<Audit>,
        send: mpsc::Sender<Msg>,
    ) {
        let stop = self.stop.clone();
        self.running.retain(|task| !task.is_finished());
        self.running.push(spawn_blocking(move || {
            let told = Cell::new(Instant::now());
            let tell = |rows: u64| {
                if told.get().elapsed() >= TOLD_EVERY {
                    told.set(Instant::now());
                    // Where the loop is behind, the next one will do.
                    let _ = send.try_send(Msg::Exporting(rows));
                }
            };
            let under_way = UnderWay {
                stop: &stop,
                tell: &tell,
            };
            let result = export(&job, &Paths::platform(), under_way);
            let noted = match &result {
                Ok(_) => note(&job, &clients, &audit),
                Err(_) => Ok(()),
            };
            // Fails only when the screen has ended.
            let _ = send.blocking_send(Msg::Exported(result));
            if let Err(error) = noted {
                let _ = send.blocking_send(super::jobs::unlogged(&error));
            }
        }));
    }

    /// Stops those that run; what is half written goes. Later ones are not stopped.
    pub(super) fn stop(&mut self) {
        let stop = std::mem::take(&mut self.stop);
        stop.store(true, Ordering::Relaxed);
    }

    /// Ends all of them; what is half written goes.
    pub(super) async fn end(&mut self) {
        self.stop();
        let all = async {
            for task in self.running.drain(..) {
                let _ = task.await;
            }
        };
        let _ = tokio::time::timeout(PATIENCE, all).await;
    }
}

impl super::Effects {
    /// What this run has ended, for the line after the screen.
    pub(in crate::runtime) fn ended_here(&self) -> Option<String> {
        self.jobs.audit().ended_here()
    }

    pub(super) fn export(&mut self, job: ExportJob) {
        let sources = (0..=u8::MAX).map(SourceId).take(job.sources.len());
        let clients = sources.filter_map(|source| self.client(source)).collect();
        let (audit, send) = (self.jobs.audit(), self.send.clone());
        self.exports.start(job, clients, audit, send);
    }

    /// Ends exports that are not done, when the screen ends: nothing half written stays.
    pub(in crate::runtime) async fn end_exports(&mut self) {
        self.exports.end().await;
    }
}

/// One line of the audit log for each source.
fn note(
    job: &ExportJob,
    clients: &[OpenClient],
    audit: &Audit,
) -> Result<(), crate::audit::AuditError> {
    for client in clients {
        let who = client.who.as_ref();
        let operation = Operation::new(audit, &client.opened.profile, who, "export", None, 1);
        let change = Change {
            operation: Arc::new(operation),
            item: 1,
            target: ChangeTarget::Filter(job.query.clone()),
        };
        audit.note(Event::Export, &change)?;
    }
    Ok(())
}

fn export(
    job: &ExportJob,
    paths: &Paths,
    under_way: UnderWay<'_>,
) -> Result<Exported, ExportFailure> {
    let other = |why: String| ExportFailure::Other(format!("nothing was exported: {why}"));
    match &job.choice.place {
        ExportPlace::Clipboard => {
            let mut text = Clipboard(Vec::new());
            let rows = write(job, &mut text, under_way).map_err(other)?;
            let text = String::from_utf8(text.0).map_err(|error| other(error.to_string()))?;
            Ok(Exported {
                rows,
                to: ExportedTo::Text(SecretString::from(text)),
            })
        }
        ExportPlace::File { path, replace } => {
            let exists = || ExportFailure::Exists(job.choice.clone());
            let place = place(paths, path);
            if !replace && std::fs::symlink_metadata(&place).is_ok() {
                return Err(exists());
            }
            let failed = |error: crate::config::private::PrivateError| other(error.to_string());
            let mut file = GrowingFile::new(&place).map_err(failed)?;
            let rows = write(job, &mut file, under_way).map_err(other)?;
            let existing = if *replace {
                Existing::Replace
            } else {
                Existing::Keep
            };
            if !file.put(existing).map_err(failed)? {
                return Err(exists());
            }
            Ok(Exported {
                rows,
                to: ExportedTo::File(if path.starts_with('~') {
                    path.clone()
                } else {
                    place.to_string_lossy().into_owned()
                }),
            })
        }
    }
}

/// Where a path leads that was typed; a relative one begins where usher was started.
fn place(paths: &Paths, typed: &str) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    paths.expand(typed, Path::new(&here))
}

/// A text that may not grow too large.
struct Clipboard(Vec<u8>);

impl Write for Clipboard {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > CLIPBOARD {
            let most = with_thousands(CLIPBOARD as u64);
            return Err(std::io::Error::other(format!(
                "these rows take more than {most} bytes, too much for a clipboard; export them to a file"
            )));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Writes all rows of a job, and counts them.
fn write(job: &ExportJob, to: &mut dyn Write, under_way: UnderWay<'_>) -> Result<u64, String> {
    let fields = fields(job);
    let needs_records = fields.iter().any(OutputField::is_attribute);
    let mut encoder = file_encoder(format_of(job.choice.format), fields);
    let mut out = Vec::with_capacity(PIECE * 2);
    let mut counts = vec![0_u64; job.sources.len()];
    let hand_on = |out: &mut Vec<u8>, to: &mut dyn Write| {
        let written = to.write_all(out).map_err(|error| error.to_string());
        out.clear();
        written
    };
    encoder.head(&mut out).map_err(|failure| failure.message)?;
    let mut take = |id: RowId, row: Row<'_>, mut session: Session| {
        end(job, id, &mut session);
        encode(job, id, row, &session, &mut *encoder, &mut out)?;
        if let Some(count) = counts.get_mut(usize::from(row.source().0)) {
            *count += 1;
        }
        if out.len() >= PIECE {
            if under_way.stop.load(Ordering::Relaxed) {
                return Err("it was stopped".to_owned());
            }
            hand_on(&mut out, to)?;
            (under_way.tell)(counts.iter().sum());
        }
        Ok(())
    };
    if needs_records {
        unpack_all(&job.rows, job.order.iter(), take)?;
    } else {
        for id in job.order.iter() {
            if let Some(row) = job.rows.get(id) {
                take(id, row, row.summary())?;
            }
        }
    }
    encoder.page(&mut out).map_err(|failure| failure.message)?;
    let tails = tails(job, &counts);
    encoder
        .tail(&tails, &mut out)
        .map_err(|failure| failure.message)?;
    hand_on(&mut out, to)?;
    Ok(counts.iter().sum())
}

fn encode(
    job: &ExportJob,
    id: RowId,
    row: Row<'_>,
    session: &Session,
    encoder: &mut dyn Encode,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let names = job.names.get(usize::from(row.source().0));
    let ahead = names.map_or(TimeDelta::zero(), |names| names.ahead);
    let row = RowRef::of(session);
    let mut record = Record::new(
        names.map_or("", |names| &names.profile),
        names.map_or("", |names| &names.system),
        &row,
        names.map_or_else(Thresholds::default, |names| names.thresholds),
        job.now + ahead,
    );
    if let Some(counted) = &job.counted {
        record.others = counted.of(id);
    }
    let encoded = encoder.row(&record, out);
    encoded.map_err(|failure| failure.message)
}

/// A session that we ended since it was loaded says so.
fn end(job: &ExportJob, id: RowId, session: &mut Session) {
    if let Some(at) = job.ended.get(&id) {
        session.fact = Fact::Revoked;
        session.ended = session.ended.or(*at);
    }
}

fn fields(job: &ExportJob) -> Vec<OutputField> {
    let mut fields = match job.choice.fields {
        ExportFields::Columns => job
            .columns
            .iter()
            .map(OutputField::of_column)
            .collect::<Vec<_>>(),
        ExportFields::All => {
            let any =
                |test: fn(&crate::app::export::ExportSource) -> bool| job.sources.iter().any(test);
            let all = OutputField::of_json(
                any(|source| source.has_kinds),
                any(|source| source.has_own_ids),
            );
            match job.choice.format {
                ExportFormat::Csv | ExportFormat::Markdown => OutputField::without_attributes(all),
                ExportFormat::Json | ExportFormat::Jsonl => all,
            }
        }
    };
    if !job.tells_ids() {
        fields.retain(|field| !field.is_id());
    }
    fields
}

fn format_of(format: ExportFormat) -> Format {
    match format {
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Json => Format::Json,
        ExportFormat::Jsonl => Format::Jsonl,
        ExportFormat::Markdown => Format::Markdown,
    }
}

/// How the list of each source ended, for the end of a JSON document.
fn tails(job: &ExportJob, counts: &[u64]) -> Vec<serde_json::Value> {
    let sources = job.sources.iter().zip(counts).zip(job.names.iter());
    let tail = |((source, rows), names): ((&crate::app::export::ExportSource, &u64), _)| {
        let names: &crate::store::SourceNames = names;
        serde_json::json!({
            "profile": names.profile,
            "rows": rows,
            "complete": source.is_whole,
            "total": source.total,
            "error": null,
        })
    };
    sources.map(tail).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::ops::ControlFlow;

    use chrono::{DateTime, Utc};

    use super::*;
    use crate::app::export::{ExportChoice, ExportSource};
    use crate::model::{Class, Field, Property, RowSink};
    use crate::store::{ChunkBuilder, Order, Rows, SourceId, SourceNames};

    static NEVER: AtomicBool = AtomicBool::new(false);
    const UNSTOPPED: UnderWay<'static> = UnderWay {
        stop: &NEVER,
        tell: &|_| {},
    };

    #[test]
    fn a_stop_ends_an_export_and_nothing_half_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        let place = ExportPlace::File {
            path: path.to_string_lossy().into_owned(),
            replace: false,
        };
        let mut job = job(ExportFormat::Jsonl, ExportFields::All, place);
        let mut builder = ChunkBuilder::new(SourceId(0), Arc::default());
        for number in 0..3_000 {
            let mut row = RowRef::new(format!("key-{number}"), "label");
            row.extra = vec![("note".into(), "x".repeat(300).into(), Class::Plain)];
            let _ = builder.row(&mut row);
        }
        job.rows = Rows::default();
        job.rows.append(builder.finish());
        job.order = Order::arrived(&job.rows);
        let stop = AtomicBool::new(false);
        let tell = |rows: u64| {
            assert!(rows > 0);
            stop.store(true, Ordering::Relaxed);
        };
        let under_way = UnderWay {
            stop: &stop,
            tell: &tell,
        };

        let result = export(&job, &Paths::default(), under_way);

        let why = "nothing was exported: it was stopped".to_owned();
        assert!(
            matches!(&result, Err(ExportFailure::Other(told)) if *told == why),
            "{result:?}"
        );
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0);
    }

    fn job(format: ExportFormat, fields: ExportFields, place: ExportPlace) -> ExportJob {
        let mut builder = ChunkBuilder::new(SourceId(0), Arc::default());
        for (number, user) in ["ada", "=cmd()", "b|ob"].into_iter().enumerate() {
            let mut row = RowRef::new(format!("key-{number}"), "label");
            row.user = Some(user.into());
            row.fact = Fact::Live;
            row.extra = vec![("acr".into(), "otp".into(), Class::Plain)];
            assert_eq!(builder.row(&mut row), ControlFlow::Continue(()));
        }
        let mut rows = Rows::default();
        rows.append(builder.finish());
        ExportJob {
            choice: ExportChoice {
                format,
                fields,
                place,
            },
            order: Order::arrived(&rows),
            rows,
            ended: HashMap::from([(RowId(2), Some(DateTime::UNIX_EPOCH))]),
            counted: None,
            names: Arc::from([SourceNames {
                profile: "prod".into(),
                system: "acme".into(),
                thresholds: Thresholds::default(),
                ahead: TimeDelta::zero(),
                user_names: std::sync::Arc::default(),
            }]),
            sources: vec![ExportSource {
                is_whole: true,
                total: Some(3),
                has_kinds: false,
                has_own_ids: false,
                reveal: true,
            }],
            columns: vec![
                Property::Field(Field::User),
                Property::Field(Field::Id),
                Property::Field(Field::State),
            ],
            query: String::new(),
            now: DateTime::UNIX_EPOCH + TimeDelta::days(1),
        }
    }

    fn text(job: &ExportJob) -> String {
        let result = export(job, &Paths::default(), UNSTOPPED).unwrap();
        let ExportedTo::Text(text) = result.to else {
            panic!("a text");
        };
        secrecy::ExposeSecret::expose_secret(&text).to_owned()
    }

    #[test]
    fn each_format_has_the_rows_in_their_order() {
        let of = |format, fields| text(&job(format, fields, ExportPlace::Clipboard));

        let csv = of(ExportFormat::Csv, ExportFields::Columns);
        let expected =
            "user,label,state\nada,label,active\n'=cmd(),label,active\nb|ob,label,revoked\n";
        assert_eq!(csv, expected);

        let markdown = of(ExportFormat::Markdown, ExportFields::Columns);
        assert!(
            markdown.contains("| b\\|ob | label | revoked |"),
            "{markdown}"
        );

        let lines = of(ExportFormat::Jsonl, ExportFields::All);
        let rows: Vec<serde_json::Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[1]["id"], "key-1");
        assert_eq!(rows[1]["attributes"]["acr"], "otp");
        assert_eq!(rows[2]["state"], "revoked");
        assert_eq!(rows[2]["ended"], "1970-01-01T00:00:00.000Z");

        let document = of(ExportFormat::Json, ExportFields::All);
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document["sessions"][0]["user"], "ada");
        assert_eq!(document["sources"][0]["complete"], true);
    }

    #[test]
    fn ids_that_are_hidden_on_screen_are_not_exported() {
        let mut job = job(
            ExportFormat::Jsonl,
            ExportFields::All,
            ExportPlace::Clipboard,
        );
        job.sources[0].reveal = false;

        let text = text(&job);

        assert!(!text.contains("key-"), "{text}");
    }

    #[test]
    fn a_file_is_private_and_one_that_is_there_is_asked_about() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path());
        let place = |replace| ExportPlace::File {
            path: "~/rows.csv".into(),
            replace,
        };
        let run = |replace| {
            let job = job(ExportFormat::Csv, ExportFields::Columns, place(replace));
            export(&job, &paths, UNSTOPPED)
        };

        let first = run(false).unwrap();
        assert_eq!(first.rows, 3);
        assert!(matches!(first.to, ExportedTo::File(path) if path == "~/rows.csv"));
        let file = dir.path().join("rows.csv");
        assert_eq!(crate::config::private::mode_of(&file), Some(0o600));
        assert!(matches!(run(false), Err(ExportFailure::Exists(_))));
        assert!(run(true).is_ok());
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let place = ExportPlace::File {
            path: "/nowhere/at/all.csv".into(),
            replace: false,
        };
        let job = job(ExportFormat::Csv, ExportFields::Columns, place);

        let failed = export(&job, &Paths::default(), UNSTOPPED).unwrap_err();

        let ExportFailure::Other(why) = failed else {
            panic!("{failed:?}");
        };
        assert!(why.contains("/nowhere/at/all.csv"), "{why}");
    }

    #[test]
    fn a_clipboard_takes_only_so_much() {
        let mut clipboard = Clipboard(vec![0; CLIPBOARD - 2]);

        assert_eq!(clipboard.write(b"ab").unwrap(), 2);
        assert!(clipboard.write(b"c").is_err());
    }

    #[test]
    fn a_moment_that_is_not_known_is_left_out() {
        let mut job = job(
            ExportFormat::Jsonl,
            ExportFields::All,
            ExportPlace::Clipboard,
        );
        job.ended = HashMap::from([(RowId(0), None::<DateTime<Utc>>)]);

        let text = text(&job);

        assert!(text.lines().next().unwrap().contains("\"ended\":null"));
    }
}

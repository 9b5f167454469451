//! The log: one file a day in the state folder, seven kept, every secret taken out before it is written.
//!
//! Nothing ever goes to the screen. Where the log cannot be written, there is none; that is no failure.

mod file;
mod redact;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

pub use file::newest;
pub use redact::redact;

use crate::config::Paths;
use crate::model::locked;
use file::DailyFile;

/// So long the first line waits for others: to wake the thread of the log for each costs more than to write it.
const GATHER: Duration = Duration::from_millis(2);
/// Lines that may wait for the disk; what comes beyond is dropped, so that the program never waits for it.
const WAITING_LINES: usize = 8_192;
/// The level of the log unless another is asked for.
const LEVEL: LevelFilter = LevelFilter::INFO;

/// The thread that writes the log of this process. `None`: there is none, or it has ended.
static WORKER: Mutex<Option<WorkerGuard>> = Mutex::new(None);

/// Ends the log when it is dropped.
struct Ending;

impl Drop for Ending {
    fn drop(&mut self) {
        end();
    }
}

/// Ends the log: waits until the lines that wait are written, up to about a second. For the end of the
/// process by a panic, where nothing is dropped.
pub fn end() {
    drop(locked(&WORKER).take());
}

/// Keeps the log going. Lines that wait are written when it is dropped: hold it in `main`.
#[must_use = "the log ends when this is dropped"]
pub struct LogGuard {
    _ending: Option<Ending>,
    /// Folder of the log files. `None`: there is no log.
    pub dir: Option<PathBuf>,
    /// Why there is no log, or a level was not understood. `None`: all is well.
    pub note: Option<String>,
}

/// Starts the log of this process. `flag` is `--log-level`, `variable` is `$USHER_LOG`: a level
/// (`error`, `warn`, `info`, `debug`, `trace`, `off`), or levels of parts ("info,usher::api=debug").
pub fn start(paths: &Paths, flag: Option<&str>, variable: Option<&OsStr>) -> LogGuard {
    let (filter, note) = filter(flag, variable);
    match open(paths) {
        Err(why) => LogGuard {
            _ending: None,
            dir: None,
            note: Some(format!("nothing is logged: {why}")),
        },
        Ok((dir, writer)) => {
            let (writer, worker) = queue(writer);
            let subscriber = subscriber(filter, writer);
            // A second start in the same process (in tests) keeps the first.
            let is_first = tracing::subscriber::set_global_default(subscriber).is_ok();
            if is_first {
                *locked(&WORKER) = Some(worker);
            }
            LogGuard {
                _ending: is_first.then_some(Ending),
                dir: Some(dir),
                note,
            }
        }
    }
}

fn subscriber(filter: Targets, writer: NonBlocking) -> impl Subscriber + Send + Sync {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(move || writer.clone())
        .with_ansi(false);
    tracing_subscriber::registry().with(filter).with(lines)
}

fn open(paths: &Paths) -> Result<(PathBuf, Redacting<BufWriter<DailyFile>>), String> {
    let dir = paths.log_dir().ok_or("there is no home folder (HOME)")?;
    paths.make_state_dir().map_err(|error| error.to_string())?;
    let file = DailyFile::open(&dir).map_err(|error| error.to_string())?;
    // Flushed as soon as no line waits.
    Ok((dir, Redacting(BufWriter::new(file))))
}

fn queue(writer: impl Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    let gathering = Gathering {
        writer,
        has_begun: false,
    };
    NonBlockingBuilder::default()
        .buffered_lines_limit(WAITING_LINES)
        .lossy(true)
        .thread_name("log")
        .finish(gathering)
}

/// Waits a moment before the first line since the latest flush, so that those behind it find the thread of
/// the log awake.
struct Gathering<W> {
    writer: W,
    has_begun: bool,
}

impl<W: Write> Write for Gathering<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !std::mem::replace(&mut self.has_begun, true) {
            std::thread::sleep(GATHER);
        }
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.has_begun = false;
        self.writer.flush()
    }
}

/// The filter, and what to say if it was not understood.
fn filter(flag: Option<&str>, variable: Option<&OsStr>) -> (Targets, Option<String>) {
    let variable = variable.map(OsStr::to_string_lossy);
    let wanted = flag.or(variable.as_deref()).filter(|text| !text.is_empty());
    let usual = || Targets::new().with_default(LEVEL);
    let Some(wanted) = wanted else {
        return (usual(), None);
    };
    match wanted.parse() {
        Ok(filter) => (filter, None),
        Err(_) => (
            usual(),
            Some("the log level is unknown; use error, warn, info, debug, trace or off".to_owned()),
        ),
    }
}

/// Takes secrets and hostile characters out of each line. Each write is one whole event.
struct Redacting<W>(W);

impl<W: Write> Write for Redacting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Nearly always it is text, which is found out quicker by the first of these.
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(bytes),
        };
        self.0.write_all(redact(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Logs to a folder of its own, without touching the log of the process.
    fn logged(level: &str, work: impl FnOnce()) -> String {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path());
        let (dir, writer) = open(&paths).unwrap();
        let (writer, worker) = queue(writer);
        let subscriber = subscriber(filter(Some(level), None).0, writer);

        tracing::subscriber::with_default(subscriber, work);
        drop(worker);

        fs::read_to_string(newest(&dir).unwrap()).unwrap()
    }

    #[test]
    fn at_every_level_secrets_are_taken_out_of_messages_and_fields() {
        let text = logged("trace", || {
            tracing::trace!(url = "https://h/x?sid=s3cret-a", "Bearer s3cret-b");
            tracing::error!("Set-Cookie: session=s3cret-c; Path=/");
            tracing::debug!(error = %"line one\n\u{1b}[2Jtoken=s3cret-d", "failed");
        });

        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(!text.contains("s3cret"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn the_level_decides_what_is_logged() {
        let text = logged("warn", || {
            tracing::info!("small");
            tracing::warn!("large");
        });

        assert!(text.contains("large") && !text.contains("small"), "{text}");
    }

    #[test]
    fn the_flag_comes_before_the_variable_and_nonsense_is_said() {
        let variable = Some(OsStr::new("debug"));

        assert_eq!(filter(Some("warn"), variable).0.to_string(), "warn");
        assert_eq!(filter(None, variable).0.to_string(), "debug");
        assert_eq!(filter(None, None).0.to_string(), "info");
        let (filter, note) = filter(Some("a=b=c"), None);
        assert_eq!(filter.to_string(), "info");
        assert!(note.unwrap().contains("log level"));
    }

    #[test]
    fn f_file_02_without_a_place_there_is_no_log_and_no_failure() {
        let guard = start(&Paths::default(), None, None);

        assert_eq!(guard.dir, None);
        assert!(guard.note.unwrap().contains("nothing is logged"));
    }
}

//! The figures of a bench, printed and kept.
#![allow(dead_code, reason = "each bench uses its part")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// Milliseconds.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// The value below which this many of a hundred lie.
pub fn part(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

/// What was measured, as a table and as JSON lines.
pub struct Report {
    /// The file of the JSON lines.
    file: &'static str,
    lines: Vec<Value>,
    load_before: String,
}

impl Report {
    /// A report whose JSON lines go to this file in `target/bench`.
    pub fn new(file: &'static str) -> Self {
        Self {
            file,
            lines: Vec::new(),
            load_before: load(),
        }
    }

    /// Times of one thing.
    pub fn times(&mut self, what: &str, times: &[Duration], more: Value) {
        let max = times.iter().max().copied().unwrap_or_default();
        let (p50, p99) = (ms(part(times, 50)), ms(part(times, 99)));
        println!(
            "{what:<36} n {:>3}   p50 {p50:>8.2} ms   p99 {p99:>8.2} ms   max {:>8.2} ms   {more}",
            times.len(),
            ms(max)
        );
        let mut line = json!({ "what": what, "n": times.len(), "p50_ms": p50, "p99_ms": p99, "max_ms": ms(max) });
        if let (Some(line), Value::Object(more)) = (line.as_object_mut(), more) {
            line.extend(more);
        }
        self.lines.push(line);
    }

    /// A number of something.
    pub fn count(&mut self, what: &str, count: u64, unit: &str) {
        println!("{what:<36} {count} {unit}");
        self.lines
            .push(json!({ "what": what, "count": count, "unit": unit }));
    }

    /// Ends the report.
    pub fn finish(mut self) {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let machine = json!({ "what": "machine", "cores": cores, "load_before": self.load_before, "load_after": load() });
        println!("machine: {machine}");
        self.lines.push(machine);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench");
        let text: String = self.lines.iter().map(|line| format!("{line}\n")).collect();
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(folder.join(self.file), text))
            .expect("the figures can be kept");
    }
}

/// Load average of the last minute: above 1 the figures are noisy.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// Starts an embedded server with `--json`. Returns it with what it says of itself.
pub fn server(command: &mut Command) -> (Child, Value) {
    let child = command.stdout(Stdio::piped()).spawn();
    let mut child = child.expect("the emulator starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it speaks"))
        .read_line(&mut line)
        .expect("it says where it listens");
    (child, serde_json::from_str(&line).expect("a line of JSON"))
}

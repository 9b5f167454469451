//! An operator's desk: a home folder of its own, an emulator, and the binary.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use usher::emulator::{Options, Running, start};

/// A home folder, an emulator and a configuration that opens it as profile `emu`.
pub struct Desk {
    home: TempDir,
    emulator: Option<Running>,
    // Last, so that the emulator's tasks outlive everything that uses them.
    runtime: tokio::runtime::Runtime,
}

/// The exit code and output of a run of the binary.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Desk {
    /// 60 sessions.
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    /// With an emulator of one's own making; its sessions are 60 unless it says otherwise.
    pub fn with(options: Options) -> Self {
        let desk = Self::bare();
        let sessions = match options.sessions {
            240 => 60,
            other => other,
        };
        let emulator = desk
            .runtime
            .block_on(start(Options {
                sessions,
                users: 12,
                ..options
            }))
            .unwrap();
        if let Some(pem) = emulator.ca_pem() {
            private(&desk.home().join(emulator.ca_file_name("emu")), pem);
        }
        let desk = Self {
            emulator: Some(emulator),
            ..desk
        };
        desk.write_config(&desk.emulator().config_toml("emu"));
        desk
    }

    /// Without an emulator and without a configuration.
    pub fn bare() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            emulator: None,
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn emulator(&self) -> &Running {
        self.emulator.as_ref().unwrap()
    }

    pub fn config_file(&self) -> PathBuf {
        self.home().join("config.toml")
    }

    pub fn config(&self) -> String {
        std::fs::read_to_string(self.config_file()).unwrap()
    }

    /// The configuration up to the way in which profile `emu` signs in.
    pub fn config_before_login(&self) -> String {
        let config = self.config();
        let (before, _) = config.split_once("\n[profile.emu.login]").unwrap();
        before.to_owned()
    }

    /// Ids of these rows that the server keeps; for rows without one it makes up another in every answer.
    pub fn kept(&self, rows: &str) -> String {
        let kept: BTreeSet<String> = self
            .emulator()
            .world()
            .rows()
            .into_iter()
            .filter_map(|row| row.sid)
            .collect();
        let lines = rows.lines().filter(|line| {
            let row: Option<Value> = serde_json::from_str(line).ok();
            let id = row.and_then(|row| row["id"].as_str().map(str::to_owned));
            kept.contains(&id.unwrap_or_else(|| (*line).to_owned()))
        });
        lines.map(|line| format!("{line}\n")).collect()
    }

    pub fn write_config(&self, text: &str) {
        private(&self.config_file(), text);
    }

    /// Puts keys into the table of profile `emu`.
    pub fn profile_says(&self, keys: &str) {
        let marker = "allow_plain = true\n";
        let config = self.config();
        assert!(config.contains(marker), "{config}");
        self.write_config(&config.replace(marker, &format!("{marker}{keys}\n")));
    }

    /// The binary with nothing of this machine in its environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(snapbox::cmd::cargo_bin!("usher"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.home())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if self.config_file().exists() {
            command.env("USHER_CONFIG", self.config_file());
        }
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args))
    }

    /// With this on standard input.
    pub fn run_with(&self, args: &[&str], input: &str) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A program that refuses early closes its end.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        finished(child.wait_with_output().unwrap())
    }

    /// Requests that changed something.
    pub fn deletes(&self) -> usize {
        let journal = self.emulator().journal();
        journal
            .iter()
            .filter(|entry| entry.method == "DELETE")
            .count()
    }
}

pub fn ran(mut command: Command) -> Ran {
    finished(command.output().unwrap())
}

pub fn finished(output: std::process::Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn private(file: &Path, text: &str) {
    use std::os::unix::fs::OpenOptionsExt;
    let _ = std::fs::remove_file(file);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

impl Ran {
    /// It must have ended with this code.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.out, self.err
        );
        self
    }

    /// It must have failed with this code, nothing on standard output, and one sentence with these words.
    #[track_caller]
    pub fn fails(self, code: i32, words: &str) -> Self {
        let ran = self.ends(code);
        assert_eq!(
            ran.out, "",
            "nothing belongs on standard output: {}",
            ran.err
        );
        let errors = ran
            .err
            .lines()
            .filter(|line| line.starts_with("error: "))
            .count();
        assert_eq!(errors, 1, "one sentence: {}", ran.err);
        assert!(ran.err.contains(words), "{}", ran.err);
        ran
    }

    /// Standard output as JSON lines.
    #[track_caller]
    pub fn rows(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    pub fn ids(&self) -> BTreeSet<String> {
        let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
        self.rows().iter().map(id).collect()
    }
}

//! The real program against the real server.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::World;
use super::pty::{Pty, command};

/// A place of its own for the program: home, state and configuration. Signs out when it goes.
pub struct Program {
    home: tempfile::TempDir,
    password: String,
}

/// How one run of the program ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// It must have ended with this code.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    /// One of both outputs must have these words.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        let all = format!("{}{}", self.out, self.err);
        assert!(all.contains(words), "{words:?} in:\n{all}");
        self
    }

    /// It must have ended with this code and said these words on standard error, in one line, and
    /// nothing on standard output.
    #[track_caller]
    pub fn fails(self, code: i32, words: &str) -> Self {
        let ran = self.ends(code);
        assert_eq!((&*ran.out, ran.err.lines().count()), ("", 1), "{}", ran.err);
        assert!(ran.err.contains(words), "{}", ran.err);
        ran
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}{}", self.out, self.err))
    }
}

impl Program {
    /// Signs in as this user at this realm and covers these realms.
    pub fn new(world: &World, user: &str, password: &str, at: &str, realms: &[&str]) -> Self {
        let login = format!(
            "method = \"password\"\nuser = \"{user}\"\npassword = {{ env = \"AM_PASSWORD\" }}\nrealm = \"{at}\"\n"
        );
        Self::with(world, password, &format!("realms = {realms:?}\n"), &login)
    }

    /// The super user, who covers these realms.
    pub fn admin(world: &World, realms: &[&str]) -> Self {
        Self::new(world, &world.admin, &world.password, "/", realms)
    }

    /// With these keys of the profile and of its sign-in; the password is in `AM_PASSWORD`.
    pub fn with(world: &World, password: &str, keys: &str, login: &str) -> Self {
        let program = Self {
            home: tempfile::tempdir().expect("a folder"),
            password: password.to_owned(),
        };
        let config = format!(
            "default_profile = \"am\"\n[profile.am]\nsystem = \"pingam\"\nurl = \"{}\"\n\
             search_on_start = true\n{keys}\
             [profile.am.login]\n{login}",
            world.url
        );
        program.file("config.toml", &config);
        program
    }

    /// Writes a file that only its owner can read, and gives its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let file = self.home.path().join(name);
        std::fs::write(&file, text).expect("a file");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("its mode");
        file.to_str().expect("a path in UTF-8").to_owned()
    }

    fn config(&self) -> PathBuf {
        self.home.path().join("config.toml")
    }

    /// Runs a command with nothing to read.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, "")
    }

    /// Runs a command with this on standard input.
    pub fn run_with(&self, args: &[&str], input: &str) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_usher"))
            .args(args)
            .env_clear()
            .env("HOME", self.home.path())
            .env("XDG_STATE_HOME", self.home.path().join("state"))
            .env("USHER_CONFIG", self.config())
            .env("AM_PASSWORD", &self.password)
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut stdin = child.stdin.take().expect("its standard input");
        // A program that refuses early closes its end.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let ended = child.wait_with_output().expect("its end");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Ran {
            code: ended.status.code().unwrap_or(-1),
            out: text(ended.stdout),
            err: text(ended.stderr),
        }
    }

    /// Runs a command in a terminal. Without arguments it is the screen.
    pub fn terminal(&self, args: &[&str]) -> Pty {
        let mut command = command(env!("CARGO_BIN_EXE_usher"), self.home.path());
        command.args(args);
        command.env("USHER_CONFIG", self.config());
        command.env("AM_PASSWORD", &self.password);
        Pty::start(command, 140, 40)
    }

    /// The sessions that `list` prints for a query.
    #[track_caller]
    pub fn list(&self, query: &str) -> Vec<serde_json::Value> {
        let ran = self.run(&["list", query, "-o", "jsonl"]).ends(0);
        let rows = ran.out.lines().map(serde_json::from_str);
        rows.collect::<Result<_, _>>().expect("JSON lines")
    }

    /// The ids that `list` prints for a query.
    #[track_caller]
    pub fn ids(&self, query: &str) -> Vec<String> {
        let rows = self.list(query);
        let id = |row: &serde_json::Value| row["id"].as_str().expect("an id").to_owned();
        rows.iter().map(id).collect()
    }

    /// The token that it keeps. `None`: it is not signed in.
    pub fn token(&self) -> Option<String> {
        let folder = std::fs::read_dir(self.home.path().join("state/usher/tokens")).ok()?;
        let file = folder.flatten().map(|entry| entry.path());
        let file = file
            .into_iter()
            .find(|path| path.extension().is_some_and(|e| e == "json"))?;
        let kept = std::fs::read(file).ok()?;
        let kept: serde_json::Value = serde_json::from_slice(&kept).ok()?;
        kept["access"].as_str().map(str::to_owned)
    }

    /// The audit log and the log as they are.
    pub fn logs(&self) -> String {
        let folder = std::fs::read_dir(self.home.path().join("state/usher"));
        let files = folder.into_iter().flatten().flatten();
        files
            .filter_map(|entry| std::fs::read_to_string(entry.path()).ok())
            .collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Else the super user has more sessions at the end than the server lists.
        self.run(&["logout"]);
    }
}

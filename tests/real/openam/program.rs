//! The real program against the real server.

use std::path::PathBuf;
use std::process::{Command, Output};

use super::World;

/// A place of its own for the program: home, state and configuration.
pub struct Program {
    home: tempfile::TempDir,
    password: String,
}

impl Program {
    /// Signs in as this user at this realm and covers these realms.
    pub fn new(world: &World, user: &str, password: &str, at: &str, realms: &[&str]) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().expect("a folder");
        let config = format!(
            "default_profile = \"am\"\n[profile.am]\nsystem = \"pingam\"\nurl = \"{}\"\n\
             realms = {realms:?}\n[profile.am.login]\nmethod = \"password\"\nuser = \"{user}\"\n\
             password = {{ env = \"AM_PASSWORD\" }}\nrealm = \"{at}\"\n",
            world.url
        );
        let program = Self {
            home,
            password: password.to_owned(),
        };
        let file = program.config();
        std::fs::write(&file, config).expect("the configuration");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("its mode");
        program
    }

    fn config(&self) -> PathBuf {
        self.home.path().join("config.toml")
    }

    /// Runs a command; gives exit code, standard output and standard error.
    pub fn run(&self, args: &[&str]) -> (i32, String, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(env!("CARGO_BIN_EXE_usher"))
            .args(args)
            .env_clear()
            .env("HOME", self.home.path())
            .env("XDG_STATE_HOME", self.home.path().join("state"))
            .env("USHER_CONFIG", self.config())
            .env("AM_PASSWORD", &self.password)
            .output()
            .expect("the program");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (status.code().unwrap_or(-1), text(stdout), text(stderr))
    }

    /// The sessions that `list` prints for a query.
    pub fn list(&self, query: &str) -> Vec<serde_json::Value> {
        let (code, out, err) = self.run(&["list", query, "-o", "jsonl"]);
        assert_eq!(code, 0, "{err}");
        let rows = out.lines().map(serde_json::from_str);
        rows.collect::<Result<_, _>>().expect("JSON lines")
    }
}

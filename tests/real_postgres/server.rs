//! The running server: its address, its secrets, and the truth about its rows.

use std::path::PathBuf;
use std::process::{Command, Output};

use secrecy::SecretString;
use usher::config::{Login, Profile, SecretSource};

use crate::client::system;

/// How to sign in.
#[derive(Clone, Copy)]
pub enum Way {
    /// TLS and a password, by SCRAM-SHA-256.
    Scram,
    /// TLS and the certificate of root.
    Certificate,
}

pub struct Server {
    pub folder: PathBuf,
    pub port: u16,
    pub password: String,
}

impl Server {
    /// The server that the environment names, without rows of this user. None, said aloud: there is none.
    pub fn there(user: &str) -> Option<Self> {
        let server = Self::named(user)?;
        server.sql(&format!(
            "DELETE FROM system.web_sessions WHERE username LIKE '{user}%'"
        ));
        Some(server)
    }

    /// The server that the environment names. None, said aloud: there is none for this test.
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    pub fn named(test: &str) -> Option<Self> {
        let var = |name: &str| std::env::var(name).ok();
        let Some(folder) = var("POSTGRES_FOLDER") else {
            eprintln!("SKIPPED: {test}: POSTGRES_FOLDER names no server");
            return None;
        };
        Some(Self {
            folder: folder.into(),
            port: var("POSTGRES_PORT")
                .expect("a port")
                .parse()
                .expect("a number"),
            password: var("POSTGRES_PASSWORD").expect("a password"),
        })
    }

    /// Runs a statement past the client, and gives its rows.
    pub fn sql(&self, statement: &str) -> String {
        self.sql_in("system", statement)
    }

    /// The same in another database.
    pub fn sql_in(&self, database: &str, statement: &str) -> String {
        let output = self.psql(database, statement);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{statement}: {error}");
        String::from_utf8(output.stdout).expect("it is text")
    }

    /// The same, whatever comes of it.
    pub fn psql(&self, database: &str, statement: &str) -> Output {
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1"]);
        command.args(["-U", "postgres", "-d", database, "-c", statement]);
        command.args(["-p", &self.port.to_string(), "-h"]);
        command.arg(&self.folder).output().expect("psql runs")
    }

    /// Signs somebody in so many times.
    pub fn sessions(&self, user: &str, count: usize) {
        self.sql(&format!(
            "INSERT INTO system.web_sessions (\"hashedSecret\", username, \"expiresAt\", user_id) \
             SELECT 'x', '{user}', now() AT TIME ZONE 'UTC' + interval '1 day', 100 \
             FROM generate_series(1, {count})"
        ));
    }

    pub fn login(&self, user: &str, password: Option<SecretString>) -> Login {
        let password = password.unwrap_or_else(|| SecretString::from(self.password.clone()));
        Login::Password {
            user: user.into(),
            password: SecretSource::Plain(password),
        }
    }

    pub fn profile(&self, way: Way) -> Profile {
        let login = match way {
            Way::Scram => self.login("opsadmin", None),
            Way::Certificate => Login::Certificate,
        };
        let url = format!("postgresql://localhost:{}", self.port);
        let url = url.parse().expect("an address");
        let mut profile = Profile::new("db", system("cockroach"), url, login);
        let certs = self.folder.join("certs");
        match way {
            // Without the certificate of the user, which lies in the folder too.
            Way::Scram => profile.own.set("sslrootcert", certs.join("ca.crt")),
            Way::Certificate => profile.own.set("certs_dir", certs),
        }
        profile
    }
}

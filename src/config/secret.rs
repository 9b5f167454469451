//! Where secrets come from, and how they are fetched without leaving a trace.

use std::collections::BTreeSet;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::keyring_store::keyring_read;
use super::private::{self, Access, PrivateError};
use super::profile::SecretSource;
use crate::model::text::display_safe;

/// How long a command may take to print a secret.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// No secret is larger than this, in bytes.
const SIZE_LIMIT: u64 = 64 * 1024;

/// Why there is no secret. The text never holds any part of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The environment variable is not set, or is empty.
    #[error("the environment variable {0} is not set")]
    NoVariable(String),
    /// The file cannot be used.
    #[error("the secret file cannot be used: {0}")]
    File(#[from] PrivateError),
    /// The command did not give one.
    #[error("the command {program} gave no secret: {why}")]
    Command {
        /// Its name, without arguments.
        program: String,
        /// The reason of the failure.
        why: String,
    },
    /// The keyring did not give one.
    #[error(
        "the keyring gave no secret: {why}; name another source in the profile: {{ prompt = true }}, {{ file = \"…\" }} or {{ command = […] }}"
    )]
    Keyring {
        /// The reason of the failure.
        why: String,
    },
    /// There is something, and it is empty or no text.
    #[error("what {0} holds is not a secret: {1}")]
    NotText(String, &'static str),
    /// Only a person can tell it: the caller asks.
    #[error("the secret of profile {profile} must be typed in, and nobody was asked")]
    Ask {
        /// Name of the profile.
        profile: String,
    },
}

impl SecretSource {
    /// True if a person must be asked for it.
    pub fn is_prompt(&self) -> bool {
        matches!(self, Self::Prompt)
    }

    /// Fetches the secret. `profile` is the name under which the keyring holds it.
    ///
    /// Blocks: a command up to 30 s, the keyring up to 3 s. Call it off the loop.
    ///
    /// # Errors
    /// [`SecretError::Ask`] for [`SecretSource::Prompt`], which the caller asks for; any other if the
    /// source does not give one.
    pub fn resolve(&self, profile: &str) -> Result<SecretString, SecretError> {
        match self {
            Self::Plain(secret) => Ok(secret.clone()),
            Self::Env(name) => from_variable(name),
            Self::File(path) => from_file(path),
            Self::Command { args, hidden } => from_command(args, hidden, COMMAND_LIMIT),
            Self::Keyring => from_keyring(profile),
            Self::Prompt => Err(SecretError::Ask {
                profile: profile.to_owned(),
            }),
        }
    }
}

/// Takes from a command everything that is usher's own: every variable that starts with `USHER_` and
/// those in `hidden`. For each program that usher starts, the editor too.
pub fn clean_environment<'a>(command: &mut Command, hidden: impl IntoIterator<Item = &'a String>) {
    let hidden: BTreeSet<&str> = hidden.into_iter().map(String::as_str).collect();
    for (name, _) in std::env::vars_os() {
        let ours = name.as_encoded_bytes().starts_with(b"USHER_");
        if ours || name.to_str().is_some_and(|name| hidden.contains(name)) {
            command.env_remove(name);
        }
    }
}

fn from_variable(name: &str) -> Result<SecretString, SecretError> {
    let value = std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| SecretError::NoVariable(display_safe(name).into_owned()))?;
    let bytes = Zeroizing::new(value.into_encoded_bytes());
    text(&bytes, || format!("the environment variable {name}"))
}

fn from_file(path: &Path) -> Result<SecretString, SecretError> {
    let (bytes, _) = private::read_named(path, Access::OwnerOnly, SIZE_LIMIT)?;
    let bytes = Zeroizing::new(bytes);
    text(&bytes, || private::shown(path))
}

fn from_command(
    args: &[String],
    hidden: &[String],
    limit: Duration,
) -> Result<SecretString, SecretError> {
    let (program, rest) = args.split_first().ok_or_else(|| SecretError::Command {
        program: "\"\"".to_owned(),
        why: "it is empty".to_owned(),
    })?;
    let failed = |why: String| SecretError::Command {
        program: display_safe(program).into_owned(),
        why,
    };
    let mut command = Command::new(program);
    command
        .args(rest)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // A group of its own, so that its children end with it.
        .process_group(0);
    clean_environment(&mut command, hidden);
    let child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let printed = output_of(child, limit).map_err(failed)?;
    text(&printed, || format!("the output of {program}"))
}

/// The output of a child, once it has ended well; it is killed at the limit.
fn output_of(child: Child, limit: Duration) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut child = GuardedChild(child);
    let until = Instant::now() + limit;
    let mut stdout = child.0.stdout.take().ok_or("it has no output")?;
    let (sender, printed) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
        let read = stdout
            .by_ref()
            .take(SIZE_LIMIT + 1)
            .read_to_end(&mut bytes)
            .map(|_| bytes);
        let _ = sender.send(read);
    });
    let late = || format!("it did not end within {} s", limit.as_secs());
    let bytes = printed
        .recv_timeout(limit)
        .map_err(|_| late())?
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err("it printed more than 64 KiB".to_owned());
    }
    loop {
        match child.0.try_wait().map_err(|error| error.to_string())? {
            Some(status) if status.success() => return Ok(bytes),
            // Its stderr may hold secrets, so it is not shown.
            Some(status) => {
                return Err(format!("it ended with {status}; run it by hand to see why"));
            }
            None if Instant::now() >= until => return Err(late()),
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// A child that never outlives its owner.
struct GuardedChild(Child);

impl Drop for GuardedChild {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(Some(_))) {
            return;
        }
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn from_keyring(profile: &str) -> Result<SecretString, SecretError> {
    let bytes = keyring_read(profile)?.ok_or_else(|| SecretError::Keyring {
        why: "it has no entry for this profile".to_owned(),
    })?;
    text(&bytes, || "the keyring".to_owned())
}

/// The secret in these bytes: text, without the newline at its end, not empty, on one line.
fn text(bytes: &[u8], whence: impl Fn() -> String) -> Result<SecretString, SecretError> {
    let not = |why| SecretError::NotText(display_safe(&whence()).into_owned(), why);
    let text = std::str::from_utf8(bytes).map_err(|_| not("it is not UTF-8 text"))?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(not("it is empty"));
    }
    if text.contains(['\n', '\r', '\0']) {
        return Err(not("it has several lines"));
    }
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    use secrecy::ExposeSecret;

    use super::*;

    fn shell(script: &str, hidden: &[&str]) -> SecretSource {
        SecretSource::Command {
            args: ["sh", "-c", script].map(str::to_owned).to_vec(),
            hidden: hidden.iter().map(|&s| s.to_owned()).collect::<Arc<[_]>>(),
        }
    }

    fn exposed(source: &SecretSource) -> String {
        source.resolve("p").unwrap().expose_secret().to_owned()
    }

    #[test]
    fn a_private_file_gives_its_text_without_the_newline() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        fs::write(&path, "s3cret\r\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();

        assert_eq!(exposed(&SecretSource::File(path)), "s3cret");
    }

    #[test]
    fn f_file_03_a_link_to_a_private_file_gives_its_secret() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("token"), dir.path().join("link"));
        fs::write(&path, "s3cret").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();

        assert_eq!(exposed(&SecretSource::File(link)), "s3cret");
    }

    #[test]
    fn a_file_that_others_read_is_refused_and_its_text_stays_out_of_the_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        fs::write(&path, "s3cret").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();

        let error = SecretSource::File(path.clone()).resolve("p").unwrap_err();

        let wanted = format!("chmod 600 {}", path.display());
        assert!(error.to_string().ends_with(&wanted), "{error}");
        assert!(!format!("{error:?} {error}").contains("s3cret"));
    }

    #[test]
    fn a_command_gives_what_it_prints_and_runs_without_a_shell() {
        let source = SecretSource::Command {
            args: ["printf", "%s\n", "a $HOME; b"].map(str::to_owned).to_vec(),
            hidden: Arc::default(),
        };

        assert_eq!(exposed(&source), "a $HOME; b");
    }

    #[test]
    fn f_cred_07_a_command_does_not_get_the_variables_that_hold_secrets() {
        // Cargo sets it for tests: no test may set a variable of the whole process.
        let script = "printf '%s.' \"$CARGO_PKG_NAME\"";

        assert_eq!(exposed(&shell(script, &[])), "usher-tui.");
        assert_eq!(exposed(&shell(script, &["CARGO_PKG_NAME"])), ".");
    }

    #[test]
    fn a_failing_command_names_the_program_and_neither_its_arguments_nor_what_it_printed() {
        let error = shell("echo s3cret; echo s3cret >&2; exit 3", &[])
            .resolve("p")
            .unwrap_err()
            .to_string();

        assert!(error.contains("the command sh"), "{error}");
        assert!(error.contains("exit status: 3"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn a_command_that_hangs_is_ended_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let note = dir.path().join("pid");
        let args = ["sh", "-c", "sleep 100 & echo $! > \"$0\"; wait"];
        let mut args = args.map(str::to_owned).to_vec();
        args.push(note.display().to_string());

        let error = from_command(&args, &[], Duration::from_millis(500)).unwrap_err();

        assert!(error.to_string().contains("did not end"), "{error}");
        let pid: i32 = fs::read_to_string(note).unwrap().trim().parse().unwrap();
        let until = Instant::now() + Duration::from_secs(5);
        let alive = || {
            fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z"))
        };
        while alive() {
            assert!(Instant::now() < until, "the child of the command lives on");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_command_cannot_read_the_terminal() {
        let error = shell("cat", &[]).resolve("p").unwrap_err().to_string();

        assert!(error.contains("it is empty"), "{error}");
    }

    #[test]
    fn several_lines_are_not_a_secret() {
        let error = shell("echo a; echo b", &[]).resolve("p").unwrap_err();

        assert!(error.to_string().contains("several lines"), "{error}");
    }

    #[test]
    fn a_prompt_says_that_a_person_must_be_asked() {
        let error = SecretSource::Prompt.resolve("prod").unwrap_err();

        assert_eq!(
            error,
            SecretError::Ask {
                profile: "prod".to_owned()
            }
        );
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let error = SecretSource::Env("USHER_TEST_NOT_SET".to_owned())
            .resolve("p")
            .unwrap_err();

        assert!(error.to_string().contains("USHER_TEST_NOT_SET"), "{error}");
    }

    #[test]
    fn debug_never_shows_a_plain_secret() {
        let source = SecretSource::Plain(SecretString::from("s3cret"));

        assert!(!format!("{source:?}").contains("s3cret"));
    }
}

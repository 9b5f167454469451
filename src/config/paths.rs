//! Where usher keeps its files, and what is not kept where there is no place.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};

use super::private::{self, PrivateError};

/// The folders usher works with. Made once at start and handed on, so that tests use their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// Where `config.toml` is looked for. `None`: this machine names no home folder.
    pub config_dir: Option<PathBuf>,
    /// Where log, audit log and cached tokens are kept. `None`: they are not kept.
    pub state_dir: Option<PathBuf>,
    /// The folder that `~` stands for. `None`: this machine names no home folder.
    pub home: Option<PathBuf>,
}

impl Paths {
    /// The places of this platform, by the rules of the crate `directories`.
    ///
    /// The state folder is `ProjectDirs::state_dir()`, which exists on Linux only, else `data_local_dir()`.
    pub fn platform() -> Self {
        let dirs = ProjectDirs::from("", "", "usher");
        Self {
            config_dir: dirs.as_ref().map(|d| d.config_dir().to_owned()),
            state_dir: dirs
                .as_ref()
                .map(|d| d.state_dir().unwrap_or(d.data_local_dir()).to_owned()),
            home: BaseDirs::new().map(|d| d.home_dir().to_owned()),
        }
    }

    /// Everything below one folder: for tests and for the demo.
    pub fn under(folder: &Path) -> Self {
        Self {
            config_dir: Some(folder.join("config")),
            state_dir: Some(folder.join("state")),
            home: Some(folder.to_owned()),
        }
    }

    /// The configuration file that is read when none is named.
    pub fn config_file(&self) -> Option<PathBuf> {
        self.config_dir.as_ref().map(|dir| dir.join("config.toml"))
    }

    /// The audit log.
    pub fn audit_file(&self) -> Option<PathBuf> {
        self.state_dir.as_ref().map(|dir| dir.join("audit.jsonl"))
    }

    /// The folder of the daily log files.
    pub fn log_dir(&self) -> Option<PathBuf> {
        self.state_dir.as_ref().map(|dir| dir.join("log"))
    }

    /// The state folder, made (0700) if it is not there.
    ///
    /// # Errors
    /// There is no place for it, it cannot be made, or others may write in it.
    pub fn make_state_dir(&self) -> Result<PathBuf, PrivateError> {
        let dir = self.state_dir.as_ref().ok_or(PrivateError::NoPlace)?;
        make_dir(dir)?;
        Ok(dir.clone())
    }

    /// Puts the home folder in the place of a leading `~`, and `base` before a relative path.
    pub fn expand(&self, path: &str, base: &Path) -> PathBuf {
        let rest = match path.strip_prefix('~') {
            Some("") => Some(""),
            Some(rest) => rest.strip_prefix('/'),
            None => None,
        };
        match (rest, &self.home) {
            (Some(""), Some(home)) => home.clone(),
            (Some(rest), Some(home)) => home.join(rest),
            _ => base.join(path),
        }
    }
}

/// Makes a folder and those above it, 0700, if they are not there, and checks that only we write in it.
///
/// # Errors
/// It cannot be made, is not ours, or others may write in it.
pub fn make_dir(dir: &Path) -> Result<(), PrivateError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(PrivateError::Io {
                path: dir.to_owned(),
                what: "make the folder",
                why: error.to_string(),
            });
        }
        _ => {}
    }
    private::check_dir(dir)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_home_sign_is_expanded_and_a_relative_path_starts_at_the_base() {
        let paths = Paths {
            home: Some("/home/ada".into()),
            ..Paths::default()
        };
        let base = Path::new("/etc/usher");
        let cases = [
            ("~", "/home/ada"),
            ("~/ca.pem", "/home/ada/ca.pem"),
            ("ca.pem", "/etc/usher/ca.pem"),
            ("/x/ca.pem", "/x/ca.pem"),
            ("~bob/ca.pem", "/etc/usher/~bob/ca.pem"),
        ];

        for (text, wanted) in cases {
            assert_eq!(paths.expand(text, base), Path::new(wanted), "{text}");
        }
    }

    #[test]
    fn the_state_folder_is_made_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path());

        let made = paths.make_state_dir().unwrap();

        let mode = fs::metadata(made).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn f_file_02_without_a_home_folder_the_variable_is_named() {
        let paths = Paths::default();

        let error = paths.make_state_dir().unwrap_err();

        assert!(error.to_string().contains("no home folder"), "{error}");
    }

    #[test]
    fn f_file_03_a_state_folder_that_others_may_write_in_is_refused_with_the_command() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path());
        let state = paths.make_state_dir().unwrap();
        fs::set_permissions(&state, fs::Permissions::from_mode(0o770)).unwrap();

        let error = paths.make_state_dir().unwrap_err().to_string();

        assert!(
            error.contains(&format!("chmod go-w {}", state.display())),
            "{error}"
        );
    }
}

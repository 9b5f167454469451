//! The file of what is remembered from one run to the next: JSON in the state folder, for its owner only.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::app::memory::{Keep, Memory};
use crate::config::Paths;
use crate::config::lock::{Lock, lock};
use crate::config::private::{self, Access, PrivateError};
use crate::model::locked;

/// The name of the file in the state folder, and of the file that is locked while it is changed.
const FILE: &str = "screen.json";
const LOCK: &str = "screen.lock";
/// A file larger than this is not read, in bytes.
const SIZE_LIMIT: u64 = 4 * 1024 * 1024;
/// How long another process may take to write its change.
const LOCK_LIMIT: Duration = Duration::from_secs(2);

/// The file, and the changes that are not in it yet.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    paths: Paths,
    /// In the order in which they were made. Locked while they are written.
    waiting: Arc<Mutex<VecDeque<Keep>>>,
    writing: Arc<Mutex<()>>,
}

impl Kept {
    /// The file in the state folder. Without a folder nothing is kept.
    pub fn new(paths: &Paths) -> Self {
        Self {
            paths: paths.clone(),
            ..Self::default()
        }
    }

    /// What was remembered. Blocks.
    ///
    /// # Errors
    /// One line for people: the file cannot be read, or is not what usher writes. A file that is not
    /// there is no error.
    pub fn read(&self) -> Result<Memory, String> {
        let Some(dir) = &self.paths.state_dir else {
            return Ok(Memory::default());
        };
        read(dir.join(FILE))
    }

    /// Puts a change into the queue; [`write`](Self::write) takes it out.
    pub fn add(&self, change: Keep) {
        locked(&self.waiting).push_back(change);
    }

    /// Writes every change of the queue over what the file holds now: another usher may have written
    /// in between. Blocks.
    ///
    /// # Errors
    /// One line for people; the changes are lost then.
    pub fn write(&self) -> Result<(), String> {
        let _one_at_a_time = locked(&self.writing);
        let changes: Vec<Keep> = locked(&self.waiting).drain(..).collect();
        if changes.is_empty() || self.paths.state_dir.is_none() {
            return Ok(());
        }
        self.put(&changes)
    }

    fn put(&self, changes: &[Keep]) -> Result<(), String> {
        let words = |error: PrivateError| error.to_string();
        let dir = self.paths.make_state_dir().map_err(words)?;
        let at = dir.join(LOCK);
        let held = private::open_append(&at).map_err(words)?;
        lock(&at, &held, Lock::Alone, LOCK_LIMIT).map_err(words)?;
        let file = dir.join(FILE);
        let mut memory = read(file.clone())?;
        for change in changes {
            memory.apply(change);
        }
        let text = serde_json::to_vec_pretty(&memory).map_err(|error| error.to_string())?;
        private::replace_soon(&file, &text).map_err(words)
    }
}

fn read(file: PathBuf) -> Result<Memory, String> {
    match private::read(&file, Access::OwnerOnly, SIZE_LIMIT) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
            let file = private::shown(&file);
            format!(
                "{file} is not what usher writes (line {}); move it away",
                error.line()
            )
        }),
        Err(PrivateError::Missing(_)) => Ok(Memory::default()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::app::memory::KeptSearch;

    fn search(query: &str) -> Keep {
        Keep::Search(KeptSearch {
            query: query.to_owned(),
            sort: "user".to_owned(),
            name: None,
            profiles: Vec::new(),
            at: chrono::DateTime::default(),
        })
    }

    fn kept(folder: &Path) -> Kept {
        Kept::new(&Paths::under(folder))
    }

    #[test]
    fn two_processes_lose_nothing_of_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (kept(folder.path()), kept(folder.path()));

        for (kept, query) in [(&one, "user:a"), (&other, "user:b"), (&one, "user:c")] {
            kept.add(search(query));
            kept.write().unwrap();
        }

        let searches = one.read().unwrap().searches;
        let queries: Vec<_> = searches.iter().map(|s| s.query.as_str()).collect();
        assert_eq!(queries, ["user:c", "user:b", "user:a"]);
    }

    #[test]
    fn the_file_is_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let kept = kept(folder.path());

        kept.add(Keep::Theme("dark".to_owned()));
        kept.write().unwrap();

        let file = folder.path().join("state").join(FILE);
        assert_eq!(private::mode_of(&file), Some(0o600));
    }

    #[test]
    fn a_file_that_is_not_ours_is_named_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let kept = kept(folder.path());
        kept.add(Keep::Theme("dark".to_owned()));
        kept.write().unwrap();
        let file = folder.path().join("state").join(FILE);
        std::fs::write(&file, "{\"theme\": 7").unwrap();

        let why = kept.read().unwrap_err();
        kept.add(Keep::Theme("light".to_owned()));

        assert!(
            why.contains("screen.json is not what usher writes"),
            "{why}"
        );
        assert_eq!(kept.write(), Err(why));
        assert_eq!(std::fs::read_to_string(file).unwrap(), "{\"theme\": 7");
    }

    #[test]
    fn without_a_state_folder_nothing_is_kept_and_nothing_fails() {
        let kept = Kept::new(&Paths::default());

        kept.add(Keep::Theme("dark".to_owned()));

        assert_eq!(kept.write(), Ok(()));
        assert_eq!(kept.read(), Ok(Memory::default()));
    }
}

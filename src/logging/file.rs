//! The file of the day: made for its owner only, the oldest removed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, Utc};

use crate::config::paths::make_dir;
use crate::config::private::{self, PrivateError};

/// Files that are kept, today's included.
const KEPT: usize = 7;

/// Writes to `usher-YYYY-MM-DD.log`, by the date in UTC.
pub(super) struct DailyFile {
    dir: PathBuf,
    day: NaiveDate,
    file: File,
}

impl DailyFile {
    /// Opens the file of today.
    pub fn open(dir: &Path) -> Result<Self, PrivateError> {
        make_dir(dir)?;
        Self::of_day(dir, Utc::now().date_naive())
    }

    fn of_day(dir: &Path, day: NaiveDate) -> Result<Self, PrivateError> {
        let file = private::open_append(&dir.join(format!("usher-{day}.log")))?;
        for old in files(dir).iter().rev().skip(KEPT) {
            let _ = fs::remove_file(old);
        }
        Ok(Self {
            dir: dir.to_owned(),
            day,
            file,
        })
    }

    fn turn(&mut self, today: NaiveDate) {
        if today == self.day {
            return;
        }
        // If the new file cannot be opened, the old one goes on.
        match Self::of_day(&self.dir, today) {
            Ok(new) => *self = new,
            Err(_) => self.day = today,
        }
    }
}

impl Write for DailyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.turn(Utc::now().date_naive());
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The newest log file of a folder. `None`: there is none.
pub fn newest(dir: &Path) -> Option<PathBuf> {
    files(dir).pop()
}

/// Our files, oldest first.
fn files(dir: &Path) -> Vec<PathBuf> {
    let ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        let day = name.and_then(|name| name.strip_prefix("usher-")?.strip_suffix(".log"));
        day.is_some_and(|day| day.parse::<NaiveDate>().is_ok())
    };
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(ours).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, number).unwrap()
    }

    #[test]
    fn each_day_has_its_file_and_seven_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("usher-notes.log"), "mine").unwrap();
        let mut log = DailyFile::of_day(dir.path(), day(1)).unwrap();

        for number in 1..=10 {
            log.turn(day(number));
            log.file
                .write_all(format!("day {number}").as_bytes())
                .unwrap();
        }

        let files = files(dir.path());
        assert_eq!(files.len(), KEPT);
        assert!(files[0].ends_with("usher-2026-11-04.log"));
        let newest = newest(dir.path()).unwrap();
        assert_eq!(fs::read_to_string(newest).unwrap(), "day 10");
        assert!(dir.path().join("usher-notes.log").exists());
    }

    #[test]
    fn f_file_07_the_log_is_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");

        DailyFile::open(&log).unwrap();

        assert_eq!(private::mode_of(&log), Some(0o700));
        assert_eq!(private::mode_of(&newest(&log).unwrap()), Some(0o600));
    }
}

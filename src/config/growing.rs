//! A private file that is written piece by piece, and takes its name when it is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::private::{PrivateError, kind, new_beside, sync_dir};

/// What becomes of a file that stands under the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the new one is thrown away.
    Keep,
    /// The new one takes its place.
    Replace,
}

/// A file (0600) that is being written beside its place. Dropped before [`GrowingFile::put`] it is gone.
#[derive(Debug)]
pub struct GrowingFile {
    file: BufWriter<File>,
    temporary: PathBuf,
    path: PathBuf,
}

impl GrowingFile {
    /// Begins a file for this path.
    ///
    /// # Errors
    /// The folder cannot be written, or what stands there is no plain file.
    pub fn new(path: &Path) -> Result<Self, PrivateError> {
        if let Ok(found) = fs::symlink_metadata(path)
            && !found.is_file()
        {
            return Err(PrivateError::NotAFile {
                path: path.to_owned(),
                what: kind(&found),
            });
        }
        let (file, temporary) = new_beside(path)?;
        Ok(Self {
            file: BufWriter::new(file),
            temporary,
            path: path.to_owned(),
        })
    }

    /// Brings it to the disk and gives it its name. `false`: a file stands there, and stays.
    ///
    /// # Errors
    /// The disk or the folder.
    pub fn put(mut self, existing: Existing) -> Result<bool, PrivateError> {
        let failed = |error: &io::Error| PrivateError::io(&self.path, "write", error);
        let written = self
            .file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all());
        written.map_err(|error| failed(&error))?;
        let named = match existing {
            Existing::Keep => fs::hard_link(&self.temporary, &self.path),
            Existing::Replace => fs::rename(&self.temporary, &self.path),
        };
        match named {
            Ok(()) => sync_dir(&self.path).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(failed(&error)),
        }
    }
}

impl Write for GrowingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for GrowingFile {
    fn drop(&mut self) {
        // After `put` nothing has this name, or it is a second name of the file.
        let _ = fs::remove_file(&self.temporary);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::private::mode_of;

    fn written(path: &Path, text: &str, existing: Existing) -> bool {
        let mut file = GrowingFile::new(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.put(existing).unwrap()
    }

    #[test]
    fn a_file_that_is_there_stays_unless_it_is_to_be_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.csv");

        assert!(written(&path, "one", Existing::Keep));
        assert!(!written(&path, "two", Existing::Keep));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        assert!(written(&path, "three", Existing::Replace));

        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
        assert_eq!(mode_of(&path), Some(0o600));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_not_finished_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = GrowingFile::new(&dir.path().join("rows.csv")).unwrap();
        file.write_all(b"half").unwrap();

        drop(file);

        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_link_or_a_folder_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("/nowhere", &link).unwrap();

        for path in [&link, dir.path()] {
            let error = GrowingFile::new(path).unwrap_err();
            assert!(matches!(error, PrivateError::NotAFile { .. }), "{error}");
        }
    }
}

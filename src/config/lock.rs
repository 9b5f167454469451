//! Locks between processes: on an open file, gone when it is closed or its process ends.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::private::PrivateError;

/// Who else may hold the file at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Nobody.
    Alone,
    /// Others who read.
    Shared,
}

/// Waits for the lock of a file, at most so long: its holder may have been stopped. Blocks.
///
/// # Errors
/// [`PrivateError::Io`] if another process keeps it.
pub fn lock(path: &Path, file: &File, how: Lock, limit: Duration) -> Result<(), PrivateError> {
    let operation = match how {
        Lock::Alone => FlockOperation::NonBlockingLockExclusive,
        Lock::Shared => FlockOperation::NonBlockingLockShared,
    };
    let until = Instant::now() + limit;
    loop {
        match flock(file, operation) {
            Ok(()) => return Ok(()),
            Err(Errno::WOULDBLOCK | Errno::INTR) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(Errno::WOULDBLOCK) => {
                return Err(PrivateError::Io {
                    path: path.to_owned(),
                    what: "lock",
                    why: format!("another process has held it for {} s", limit.as_secs()),
                });
            }
            Err(error) => return Err(PrivateError::io(path, "lock", &error.into())),
        }
    }
}

/// True if another process, or another opening of the file in this one, holds it alone.
pub fn is_held(file: &File) -> bool {
    match flock(file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => {
            unlock(file);
            false
        }
        Err(error) => error == Errno::WOULDBLOCK,
    }
}

/// Gives the lock of a file back before it is closed.
pub fn unlock(file: &File) {
    let _ = flock(file, FlockOperation::Unlock);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_another_holds_is_waited_for_only_so_long() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let (one, two) = (File::create(&path).unwrap(), File::open(&path).unwrap());
        let short = Duration::from_millis(20);

        lock(&path, &one, Lock::Alone, short).unwrap();
        let error = lock(&path, &two, Lock::Shared, short).unwrap_err();
        unlock(&one);

        assert!(error.to_string().contains("another process"), "{error}");
        assert_eq!(lock(&path, &two, Lock::Shared, short), Ok(()));
    }
}

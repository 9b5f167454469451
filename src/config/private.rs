//! Files that only their owner may read. A file that usher writes is opened without following links
//! and made with mode 0600; a file that a person named is followed to where it leads, and checked
//! there.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, fcntl_setfl};

use crate::model::text::display_safe;

/// Why a private file cannot be used. The text names the file and what mends it, never its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrivateError {
    /// There is no state folder at all.
    #[error("there is no home folder to keep it in; set HOME")]
    NoPlace,
    /// The file is not there.
    #[error("{} is not there", shown(.0))]
    Missing(PathBuf),
    /// It is a link, a folder, a pipe or a device.
    #[error("{} is {what}, not a plain file", shown(.path))]
    NotAFile {
        /// The file.
        path: PathBuf,
        /// Its type.
        what: &'static str,
    },
    /// It belongs to somebody else.
    #[error("{} belongs to user {owner}, not to you", shown(.path))]
    Owner {
        /// The file or folder.
        path: PathBuf,
        /// The number of its owner.
        owner: u32,
    },
    /// Others may read or write it.
    #[error("{} is open to others ({mode:03o}); run: {fix} {}", shown(.path), quoted(.path))]
    Mode {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// The command that mends it, without the path.
        fix: &'static str,
    },
    /// It is larger than what is read of such a file.
    #[error("{} is larger than {limit} bytes", shown(.path))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// The system refused.
    #[error("cannot {what} {}: {why}", shown(.path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operation ("read", "write").
        what: &'static str,
        /// The system's words.
        why: String,
    },
}

impl PrivateError {
    pub(crate) fn io(path: &Path, what: &'static str, error: &io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            what,
            why: plain_words(error),
        }
    }
}

/// Who but the owner may do what with a file that we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only the owner reads and writes it: secrets, audit log, tokens.
    OwnerOnly,
    /// Others may read it, only the owner (or root) writes it: the configuration.
    OthersMayRead,
}

/// Opens a file for reading, after checks of its kind, owner, mode and folder.
///
/// # Errors
/// See [`PrivateError`].
pub fn open(path: &Path, access: Access) -> Result<File, PrivateError> {
    let file = no_follow(OpenOptions::new().read(true))
        .open(path)
        .map_err(|error| refused(path, "read", &error))?;
    check(path, &file, access)?;
    Ok(file)
}

/// Reads a whole file after the same checks.
///
/// # Errors
/// See [`PrivateError`]; also if it is larger than `limit` bytes.
pub fn read(path: &Path, access: Access, limit: u64) -> Result<Vec<u8>, PrivateError> {
    read_all(path, open(path, access)?, limit)
}

/// Reads a whole file that a person named: the configuration, a secret. A link is followed, as managers
/// of dotfiles and Kubernetes lay them, and the same is asked of what it leads to. A pipe is taken where
/// the shell has opened it (`--config <(…)`), once. Also gives the permission bits.
///
/// # Errors
/// See [`PrivateError`]; also if it is larger than `limit` bytes.
pub fn read_named(path: &Path, access: Access, limit: u64) -> Result<(Vec<u8>, u32), PrivateError> {
    let file = if is_descriptor(path) {
        open_descriptor(path, access)?
    } else {
        open(&followed(path)?, access)?
    };
    let found = file.metadata();
    let mode = found
        .map_err(|error| PrivateError::io(path, "read", &error))?
        .mode()
        & 0o777;
    let bytes = read_all(path, file, limit)?;
    if bytes.is_empty() && is_descriptor(path) {
        return Err(PrivateError::Io {
            path: path.to_owned(),
            what: "read",
            why: "nothing is in it, and a pipe can be read only once".to_owned(),
        });
    }
    Ok((bytes, mode))
}

/// True if it is a file that the shell has opened for us.
fn is_descriptor(path: &Path) -> bool {
    let parent = path.parent();
    let among = |folder| parent == Some(Path::new(folder));
    among("/dev/fd") || among("/proc/self/fd") || path == Path::new("/dev/stdin")
}

/// Opens what the shell has opened already; where it lies is the shell's business.
fn open_descriptor(path: &Path, access: Access) -> Result<File, PrivateError> {
    let failed = |error: &io::Error| PrivateError::io(path, "read", error);
    let mut options = OpenOptions::new();
    options
        .read(true)
        .custom_flags(flags(OFlags::NONBLOCK | OFlags::CLOEXEC));
    let file = options.open(path).map_err(|error| failed(&error))?;
    let found = file.metadata().map_err(|error| failed(&error))?;
    if !found.is_file() && !found.file_type().is_fifo() {
        return Err(PrivateError::NotAFile {
            path: path.to_owned(),
            what: kind(&found),
        });
    }
    check_file(path, &found, access)?;
    // Whoever writes into the pipe may take a while.
    fcntl_setfl(&file, OFlags::empty()).map_err(|error| failed(&error.into()))?;
    Ok(file)
}

/// Where a path leads: what is no link stays as it is.
fn followed(path: &Path) -> Result<PathBuf, PrivateError> {
    if !fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Ok(path.to_owned());
    }
    // Whoever may write in its folder decides where it leads.
    check_dir(path.parent().unwrap_or(Path::new(".")))?;
    fs::canonicalize(path).map_err(|error| PrivateError::io(path, "follow the link", &error))
}

fn read_all(path: &Path, file: File, limit: u64) -> Result<Vec<u8>, PrivateError> {
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| PrivateError::io(path, "read", &error))?;
    if bytes.len() as u64 > limit {
        return Err(PrivateError::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}

/// Opens a file for reading and appending; makes it (0600) if it is not there.
///
/// # Errors
/// See [`PrivateError`].
pub fn open_append(path: &Path) -> Result<File, PrivateError> {
    let file = no_follow(OpenOptions::new().read(true).append(true).create(true))
        .mode(0o600)
        .open(path)
        .map_err(|error| refused(path, "write", &error))?;
    check(path, &file, Access::OwnerOnly)?;
    Ok(file)
}

/// Puts new content in the place of a file: old or new is there at any time, never half of it.
///
/// # Errors
/// See [`PrivateError`]; then the old content is still there.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), PrivateError> {
    replace_soon(path, bytes)?;
    sync_dir(path)
}

/// The same, but after a power cut the old content may be back, whole: cheaper by one wait for the disk.
///
/// # Errors
/// See [`PrivateError`]; then the old content is still there.
pub fn replace_soon(path: &Path, bytes: &[u8]) -> Result<(), PrivateError> {
    match open(path, Access::OwnerOnly) {
        Ok(_) | Err(PrivateError::Missing(_)) => {}
        Err(error) => return Err(error),
    }
    let temporary = write_beside(path, bytes)?;
    fs::rename(&temporary, path).map_err(|error| {
        let _ = fs::remove_file(&temporary);
        PrivateError::io(path, "write", &error)
    })
}

/// The same for a file that others may read: its permission bits stay.
///
/// # Errors
/// See [`PrivateError`]; then the old content is still there.
pub fn replace_keeping_mode(path: &Path, bytes: &[u8]) -> Result<(), PrivateError> {
    let failed = |error: &io::Error| PrivateError::io(path, "write", error);
    let old = open(path, Access::OthersMayRead)?;
    let bits = old
        .metadata()
        .map_err(|error| failed(&error))?
        .permissions();
    let temporary = write_beside(path, bytes)?;
    let put = fs::set_permissions(&temporary, bits).and_then(|()| fs::rename(&temporary, path));
    put.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed(&error)
    })?;
    sync_dir(path)
}

/// Makes a file with this content, whole or not at all. `false`: somebody else had made it.
///
/// # Errors
/// See [`PrivateError`].
pub fn create(path: &Path, bytes: &[u8]) -> Result<bool, PrivateError> {
    let temporary = write_beside(path, bytes)?;
    let linked = fs::hard_link(&temporary, path);
    let _ = fs::remove_file(&temporary);
    match linked {
        Ok(()) => sync_dir(path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(PrivateError::io(path, "write", &error)),
    }
}

/// Checks that a folder is ours (or root's) and that nobody else may write in it.
///
/// # Errors
/// [`PrivateError::Owner`], [`PrivateError::Mode`] or an error of the system.
pub fn check_dir(dir: &Path) -> Result<(), PrivateError> {
    let dir = if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    };
    let found = fs::metadata(dir).map_err(|error| PrivateError::io(dir, "read", &error))?;
    if !found.is_dir() {
        return Err(PrivateError::Io {
            path: dir.to_owned(),
            what: "use",
            why: "it is not a folder".to_owned(),
        });
    }
    check_owner(dir, &found, true)?;
    // In a sticky folder (/tmp) others may add files but not touch ours.
    let sticky = found.mode() & 0o1000 != 0;
    if found.mode() & 0o022 != 0 && !sticky {
        return Err(PrivateError::Mode {
            path: dir.to_owned(),
            mode: found.mode() & 0o777,
            fix: "chmod go-w",
        });
    }
    Ok(())
}

/// The permission bits of a file, without following links. `None`: it cannot be looked at.
pub fn mode_of(path: &Path) -> Option<u32> {
    fs::symlink_metadata(path).ok().map(|m| m.mode() & 0o777)
}

fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    // Without NONBLOCK the opening of a pipe waits for its other end.
    options.custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC))
}

fn flags(flags: OFlags) -> i32 {
    i32::try_from(flags.bits()).expect("open flags are below 2^31")
}

fn check(path: &Path, file: &File, access: Access) -> Result<(), PrivateError> {
    let found = file
        .metadata()
        .map_err(|error| PrivateError::io(path, "read", &error))?;
    if !found.is_file() {
        return Err(PrivateError::NotAFile {
            path: path.to_owned(),
            what: kind(&found),
        });
    }
    check_file(path, &found, access)?;
    check_dir(path.parent().unwrap_or(Path::new(".")))
}

/// Checks owner and mode.
fn check_file(path: &Path, found: &Metadata, access: Access) -> Result<(), PrivateError> {
    check_owner(path, found, access == Access::OthersMayRead)?;
    let (forbidden, fix) = match access {
        Access::OwnerOnly => (0o077, "chmod 600"),
        Access::OthersMayRead => (0o022, "chmod go-w"),
    };
    if found.mode() & forbidden != 0 {
        return Err(PrivateError::Mode {
            path: path.to_owned(),
            mode: found.mode() & 0o777,
            fix,
        });
    }
    Ok(())
}

fn check_owner(path: &Path, found: &Metadata, root_too: bool) -> Result<(), PrivateError> {
    let us = rustix::process::geteuid().as_raw();
    if found.uid() == us || (root_too && found.uid() == 0) {
        return Ok(());
    }
    Err(PrivateError::Owner {
        path: path.to_owned(),
        owner: found.uid(),
    })
}

/// Why an open failed, in terms of what stands there.
fn refused(path: &Path, what: &'static str, error: &io::Error) -> PrivateError {
    match fs::symlink_metadata(path) {
        Err(_) if error.kind() == io::ErrorKind::NotFound => PrivateError::Missing(path.to_owned()),
        Ok(found) if !found.is_file() => PrivateError::NotAFile {
            path: path.to_owned(),
            what: kind(&found),
        },
        _ => PrivateError::io(path, what, error),
    }
}

pub(super) fn kind(found: &Metadata) -> &'static str {
    let kind = found.file_type();
    if kind.is_symlink() {
        "a link"
    } else if kind.is_dir() {
        "a folder"
    } else {
        "a pipe or a device"
    }
}

/// Writes a new file in the same folder and brings it to the disk.
fn write_beside(path: &Path, bytes: &[u8]) -> Result<PathBuf, PrivateError> {
    let (mut file, temporary) = new_beside(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        PrivateError::io(path, "write", &error)
    })?;
    Ok(temporary)
}

/// Makes an empty file in the same folder, under a name that nobody has.
pub(super) fn new_beside(path: &Path) -> Result<(File, PathBuf), PrivateError> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).map_err(|error| PrivateError::Io {
        path: path.to_owned(),
        what: "write",
        why: error.to_string(),
    })?;
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{:016x}", u64::from_ne_bytes(random)));
    let temporary = path.with_file_name(name);
    let file = no_follow(OpenOptions::new().write(true).create_new(true))
        .mode(0o600)
        .open(&temporary)
        .map_err(|error| PrivateError::io(path, "write", &error))?;
    Ok((file, temporary))
}

/// Brings the name of a file to the disk.
pub(crate) fn sync_dir(path: &Path) -> Result<(), PrivateError> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|error| PrivateError::io(path, "write", &error))
}

/// The system's words without the number that Rust appends.
fn plain_words(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// A path as it may be shown.
pub(crate) fn shown(path: &Path) -> String {
    display_safe(&path.to_string_lossy()).into_owned()
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = shown(path);
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%=".contains(c);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn file(dir: &Path, name: &str, mode: u32) -> PathBuf {
        let path = dir.join(name);
        fs::write(&path, "content").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn f_cred_06_a_secret_file_that_others_may_read_is_refused_with_the_exact_command() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(dir.path(), "it's a token", 0o640);

        let error = read(&path, Access::OwnerOnly, 100).unwrap_err().to_string();

        let shell = format!("chmod 600 '{}/it'\\''s a token'", dir.path().display());
        assert!(error.contains("(640)"), "{error}");
        assert!(error.ends_with(&shell), "{error}");
    }

    #[test]
    fn f_file_03_what_we_write_is_refused_as_a_link_a_folder_and_a_pipe() {
        let dir = tempfile::tempdir().unwrap();
        let target = file(dir.path(), "target", 0o600);
        let link = dir.path().join("link");
        symlink(&target, &link).unwrap();
        let folder = dir.path().join("folder");
        fs::create_dir(&folder).unwrap();
        let pipe = dir.path().join("pipe");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, mode).unwrap();

        for (path, what) in [(link, "a link"), (folder, "a folder"), (pipe, "a pipe")] {
            let error = read(&path, Access::OwnerOnly, 100).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
            assert!(open_append(&path).is_err(), "{what}");
            assert!(replace(&path, b"x").is_err(), "{what}");
        }
        assert_eq!(fs::read(target).unwrap(), b"content");
    }

    #[test]
    fn f_file_03_a_link_that_a_person_named_is_followed_and_its_target_checked() {
        let dir = tempfile::tempdir().unwrap();
        let kept = dir.path().join("kept");
        fs::create_dir(&kept).unwrap();
        let target = file(&kept, "target", 0o600);
        // As Kubernetes lays them: a link to a file in a linked folder.
        let folder = dir.path().join("..data");
        symlink(&kept, &folder).unwrap();
        let link = dir.path().join("link");
        symlink(folder.join("target"), &link).unwrap();
        let read = |path: &Path| read_named(path, Access::OwnerOnly, 100);
        let refused = |path: &Path| read(path).unwrap_err().to_string();
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };

        assert_eq!(read(&link), Ok((b"content".to_vec(), 0o600)));
        set(&target, 0o640);
        let command = format!("chmod 600 {}", fs::canonicalize(&target).unwrap().display());
        assert!(refused(&link).ends_with(&command), "{}", refused(&link));
        set(&target, 0o600);
        set(&kept, 0o777);
        assert!(refused(&link).contains("chmod go-w"), "{}", refused(&link));
        set(&kept, 0o700);
        set(dir.path(), 0o777);
        assert!(refused(&link).contains("chmod go-w"), "{}", refused(&link));
        set(dir.path(), 0o700);
        fs::remove_file(&target).unwrap();
        assert!(
            refused(&link).contains("follow the link"),
            "{}",
            refused(&link)
        );
        let pipe = dir.path().join("pipe");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, mode).unwrap();
        for path in [&pipe, &kept] {
            assert!(
                refused(path).contains("not a plain file"),
                "{}",
                refused(path)
            );
        }
    }

    #[test]
    fn others_may_read_a_configuration_but_not_write_it() {
        let dir = tempfile::tempdir().unwrap();
        let readable = file(dir.path(), "a", 0o644);
        let writable = file(dir.path(), "b", 0o664);

        assert!(read(&readable, Access::OthersMayRead, 100).is_ok());
        let error = read(&writable, Access::OthersMayRead, 100).unwrap_err();
        assert!(error.to_string().contains("chmod go-w"), "{error}");
    }

    #[test]
    fn f_file_04_a_file_is_replaced_whole_and_stays_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens");

        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();

        assert_eq!(read(&path, Access::OwnerOnly, 100).unwrap(), b"two");
        assert_eq!(mode_of(&path), Some(0o600));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn only_the_first_of_two_creators_wins() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");

        assert!(create(&path, b"first").unwrap());
        assert!(!create(&path, b"second").unwrap());

        assert_eq!(read(&path, Access::OwnerOnly, 100).unwrap(), b"first");
    }

    #[test]
    fn a_file_beyond_the_limit_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(dir.path(), "a", 0o600);

        assert!(read(&path, Access::OwnerOnly, 7).is_ok());
        let error = read(&path, Access::OwnerOnly, 6).unwrap_err();
        assert!(matches!(error, PrivateError::TooLarge { limit: 6, .. }));
    }
}

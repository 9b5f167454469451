//! The platform's keyring: service `usher`, one entry a user. Every call is given up after 3 s.

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::secret::SecretError;

/// Reads an entry. `None`: there is none. Blocks up to 3 s.
///
/// # Errors
/// [`SecretError::Keyring`], without any part of what is kept.
pub fn keyring_read(user: &str) -> Result<Option<Zeroizing<Vec<u8>>>, SecretError> {
    entry::read(user).map_err(|why| SecretError::Keyring { why })
}

/// Writes an entry. Blocks up to 3 s.
///
/// # Errors
/// The error, in words, without any part of the secret.
pub fn keyring_write(user: &str, secret: &SecretString) -> Result<(), String> {
    entry::write(user, secret)
}

#[cfg(feature = "keyring")]
mod entry {
    use std::sync::{LazyLock, mpsc};
    use std::time::Duration;

    #[cfg(target_os = "macos")]
    use apple_native_keyring_store::keychain::Store;
    #[cfg(not(target_os = "macos"))]
    use dbus_secret_service_keyring_store::Store;
    use keyring_core::{Entry, Error, Result as StoreResult, set_default_store};
    use secrecy::{ExposeSecret, SecretString};
    use zeroize::Zeroizing;

    /// How long it may take: its question may hide behind another window.
    const LIMIT: Duration = Duration::from_secs(3);

    /// The keyring of the platform, opened once.
    static OPENED: LazyLock<StoreResult<()>> = LazyLock::new(|| {
        set_default_store(Store::new()?);
        Ok(())
    });

    fn open(user: &str) -> StoreResult<Entry> {
        match &*OPENED {
            Ok(()) => Entry::new("usher", user),
            Err(_) => Err(Error::NoDefaultStore),
        }
    }

    pub(super) fn read(user: &str) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        work(user, |entry| entry.get_secret().map(Zeroizing::new))
    }

    pub(super) fn write(user: &str, secret: &SecretString) -> Result<(), String> {
        let secret = secret.clone();
        let set = move |entry: &Entry| entry.set_secret(secret.expose_secret().as_bytes());
        work(user, set).map(|_| ())
    }

    /// Works on an entry. `None`: there is no such entry.
    fn work<T: Send + 'static>(
        user: &str,
        work: impl FnOnce(&Entry) -> StoreResult<T> + Send + 'static,
    ) -> Result<Option<T>, String> {
        let user = user.to_owned();
        let worked = within(LIMIT, move || {
            match open(&user).and_then(|entry| work(&entry)) {
                Ok(found) => Ok(Some(found)),
                Err(Error::NoEntry) => Ok(None),
                Err(error) => Err(words(&error)),
            }
        });
        worked.unwrap_or_else(|| {
            Err(
                "it did not answer within 3 s; its question may be behind another window"
                    .to_owned(),
            )
        })
    }

    /// The error in words. Never the error's own text: some of its kinds carry the secret.
    fn words(error: &Error) -> String {
        match error {
            Error::NoStorageAccess(_) => "it is locked",
            Error::Ambiguous(_) => "it has several entries for this profile",
            _ => "no keyring service answers on this machine",
        }
        .to_owned()
    }

    /// Runs something that may hang. `None`: it did not end in time; its thread is left behind.
    fn within<T: Send + 'static>(
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (sender, answer) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            // Nobody waits any more if it took too long.
            let _ = sender.send(work());
        });
        answer.recv_timeout(limit).ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn f_cred_05_a_keyring_that_hangs_is_given_up() {
            let (sender, receiver) = mpsc::channel::<()>();

            let answer = within(Duration::from_millis(20), move || receiver.recv());

            assert!(answer.is_none());
            drop(sender);
        }

        #[test]
        fn f_cred_05_errors_are_told_in_words_without_what_the_keyring_holds() {
            let io = || Box::new(std::io::Error::other("s3cret"));
            for (error, words) in [
                (
                    Error::BadEncoding(b"s3cret".to_vec()),
                    "no keyring service answers on this machine",
                ),
                (
                    Error::PlatformFailure(io()),
                    "no keyring service answers on this machine",
                ),
                (Error::NoStorageAccess(io()), "it is locked"),
                (
                    Error::Ambiguous(Vec::new()),
                    "it has several entries for this profile",
                ),
            ] {
                assert_eq!(super::words(&error), words);
            }
        }
    }
}

#[cfg(not(feature = "keyring"))]
mod entry {
    use secrecy::SecretString;
    use zeroize::Zeroizing;

    fn absent<T>() -> Result<T, String> {
        Err("this usher was built without it".to_owned())
    }

    pub(super) fn read(_user: &str) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        absent()
    }

    pub(super) fn write(_user: &str, _secret: &SecretString) -> Result<(), String> {
        absent()
    }
}

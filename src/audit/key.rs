//! The key of the log: fingerprints of session ids, so that the log can be searched by id and holds
//! none, and the seals of its lines.

use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::AuditError;
use crate::config::private::{self, Access, PrivateError};
use crate::model::SessionKey;

/// Length of the key in bytes.
const KEY_BYTES: usize = 32;

/// The key of this machine's fingerprints and seals.
pub(super) struct AuditKey {
    /// Holds the key, and is copied for each seal: to begin with the key costs as much as a short line.
    begun: Hmac<Sha256>,
}

impl AuditKey {
    /// Reads the key of the state folder; makes it, once, if there is none.
    pub fn load(state_dir: &Path) -> Result<Self, AuditError> {
        let path = Self::path(state_dir);
        match Self::read(&path) {
            Err(AuditError::File(PrivateError::Missing(_))) => {
                let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
                getrandom::fill(bytes.as_mut())
                    .map_err(|error| AuditError::Key(error.to_string()))?;
                private::create(&path, bytes.as_ref())?;
                Self::read(&path)
            }
            read => read,
        }
    }

    /// Where it lies.
    pub fn path(state_dir: &Path) -> PathBuf {
        state_dir.join("audit.key")
    }

    /// Reads the key at this place. [`PrivateError::Missing`]: there is none.
    pub fn read(path: &Path) -> Result<Self, AuditError> {
        let bytes = Zeroizing::new(private::read(path, Access::OwnerOnly, 1024)?);
        if bytes.len() != KEY_BYTES {
            return Err(AuditError::Key(format!(
                "{} holds {} bytes, not {KEY_BYTES}; move it away and a new one is made",
                private::shown(path),
                bytes.len()
            )));
        }
        let begun = Hmac::new_from_slice(&bytes).expect("HMAC takes keys of any length");
        Ok(Self { begun })
    }

    /// The first 16 hex digits of HMAC-SHA-256 over system, a zero byte and the id.
    pub fn fingerprint(&self, system: &str, id: &SessionKey) -> String {
        hex(&self.mac(system, id.expose().as_bytes())[..8])
    }

    /// 64 hex digits that only who has the key can make for these bytes. `kind`: what they are, so that
    /// no seal can stand for another; never the word of a system.
    pub fn seal(&self, kind: &str, bytes: &[u8]) -> String {
        hex(&self.mac(kind, bytes))
    }

    fn mac(&self, kind: &str, bytes: &[u8]) -> [u8; 32] {
        let mut mac = self.begun.clone();
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }
}

/// Bytes as small hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = vec![0; bytes.len() * 2];
    for (pair, byte) in text.as_chunks_mut().0.iter_mut().zip(bytes) {
        let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
        *pair = [DIGITS[high], DIGITS[low]];
    }
    String::from_utf8(text).expect("digits are text")
}

/// The hash of a line, without its newline.
pub(super) fn hash(line: &[u8]) -> String {
    hex(&Sha256::digest(line))
}

/// A new number for an operation: 16 hex digits.
pub(super) fn random_id() -> String {
    let mut bytes = [0_u8; 8];
    // Without random numbers the clock has to do: the number only ties lines together.
    if getrandom::fill(&mut bytes).is_err() {
        let now = chrono::Utc::now().timestamp_nanos_opt().unwrap_or_default();
        bytes = now.to_be_bytes();
    }
    hex(&bytes)
}

/// Who runs this process: name and number of the user.
pub(super) fn local_user() -> String {
    let number = rustix::process::getuid().as_raw();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)?.parse() == Ok(number)).then_some(name)
    });
    match name {
        Some(name) => format!("{}({number})", super::clean(name, 64)),
        None => format!("uid {number}"),
    }
}

//! Tokens that outlive the process: one private file for each profile, in the state folder.

use std::any::Any;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Known, StoredToken, TokenStore};
use crate::config::lock::{Lock, lock};
use crate::config::private::{self, Access};
use crate::config::{Login, Paths, Profile, paths};
use crate::model::text::display_safe;
use crate::model::{Acted, ApiError, locked};

/// How long another process may take to get a token before we go on without waiting for it.
const LOCK_LIMIT: Duration = Duration::from_secs(20);
/// How long ending a token may hold up the end of a command.
const END_LIMIT: Duration = Duration::from_secs(3);
/// No token file is larger than this, in bytes.
const SIZE_LIMIT: u64 = 256 * 1024;

/// The token of one profile in a file (0600) of the state folder.
///
/// Whatever the profile says about where to sign in and as whom is part of the file's name, so that a
/// profile that was changed does not use the token of what it was before.
#[derive(Clone, Debug)]
pub struct TokenFile {
    place: Result<PathBuf, NotKept>,
    /// The reason why the last token could not be saved.
    lost: Arc<Mutex<Option<NotKept>>>,
}

/// Why a token ends with the process that got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// The profile says `keep_token = false`.
    Unwanted,
    /// It could not be written: why, in words.
    Failed(String),
}

impl TokenFile {
    /// The file of a profile. Without a state folder, or where the profile does not want it, nothing
    /// is kept.
    pub fn new(paths: &Paths, profile: &Profile) -> Self {
        Self {
            place: Self::place(paths, profile),
            lost: Arc::default(),
        }
    }

    fn place(paths: &Paths, profile: &Profile) -> Result<PathBuf, NotKept> {
        if !profile.keep_token {
            return Err(NotKept::Unwanted);
        }
        let Some(state) = &paths.state_dir else {
            let why = "there is no state folder; set HOME or XDG_STATE_HOME";
            return Err(NotKept::Failed(why.to_owned()));
        };
        let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = profile.name.chars().take(40).map(safe).collect();
        let file = format!("{name}-{}.json", fingerprint(profile));
        Ok(state.join("tokens").join(file))
    }

    /// Why the token that was got last is not kept. `None`: it is, or none was got.
    pub fn not_kept(&self) -> Option<NotKept> {
        let lost = locked(&self.lost);
        lost.clone()
    }

    /// Ends a token at its server that would outlive this process with nobody to use it, by `sign_out`.
    /// Answers with what to tell the operator. `None`: there is nothing to tell. Takes some seconds at
    /// most; may be dropped at any await.
    pub async fn end_unkept(
        &self,
        profile: &str,
        sign_out: impl Future<Output = Result<(), ApiError>>,
    ) -> Option<String> {
        let lost = self.not_kept()?;
        let ended = tokio::time::timeout(END_LIMIT, sign_out).await;
        let ended = ended.unwrap_or(Err(ApiError::Timeout {
            host: profile.to_owned(),
            after: END_LIMIT,
            acted: Acted::Maybe,
            exchange: None,
        }));
        let left = match (lost, ended) {
            (NotKept::Unwanted, Ok(())) => return None,
            (NotKept::Failed(why), Ok(())) => {
                return Some(format!(
                    "the sign-in to {profile} cannot be kept ({why}), so it was ended again"
                ));
            }
            (NotKept::Unwanted, Err(error)) => {
                format!("is not kept, and not ended either: {error}")
            }
            (NotKept::Failed(why), Err(error)) => {
                format!("cannot be kept ({why}), and is not ended either: {error}")
            }
        };
        let left = display_safe(&left).into_owned();
        Some(format!(
            "the sign-in to {profile} {left}; it lives on until the server ends it"
        ))
    }

    fn try_save(&self, token: &StoredToken) -> Result<(), NotKept> {
        let file = self.place.as_ref().map_err(Clone::clone)?;
        let failed = |why: String| NotKept::Failed(display_safe(&why).into_owned());
        // Only a person can judge and repair a file in a wrong state.
        if let Some(why) = self.wrong() {
            return Err(failed(why));
        }
        let bytes = serde_json::to_vec(&Kept::from(token)).map(Zeroizing::new);
        let bytes = bytes.map_err(|error| failed(error.to_string()))?;
        file.parent()
            .map_or(Ok(()), paths::make_dir)
            .and_then(|()| private::replace(file, &bytes))
            .map_err(|error| failed(error.to_string()))
    }

    /// Why what stands in the file cannot be used, with what mends it. `None`: it can, or there is none.
    pub fn wrong(&self) -> Option<String> {
        self.try_load().err()
    }

    fn try_load(&self) -> Result<Option<StoredToken>, String> {
        let Ok(file) = &self.place else {
            return Ok(None);
        };
        let bytes = match private::read(file, Access::OwnerOnly, SIZE_LIMIT) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(private::PrivateError::Missing(_)) => return Ok(None),
            // It cannot be written either: then that is what will be told.
            Err(private::PrivateError::Io { .. }) => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        match serde_json::from_slice::<Kept>(&bytes) {
            Ok(kept) => Ok(Some(kept.into())),
            // The error's own text may hold a piece of the token.
            Err(_) => Err(format!("{} is damaged; remove it", file.display())),
        }
    }
}

impl TokenStore for TokenFile {
    fn load(&self) -> Option<StoredToken> {
        self.try_load().unwrap_or_else(|error| {
            tracing::warn!(error, "the kept token is not used");
            None
        })
    }

    fn save(&self, token: &StoredToken) {
        let kept = self.try_save(token);
        if let Err(NotKept::Failed(error)) = &kept {
            tracing::warn!(error, "the token is not kept");
        }
        *locked(&self.lost) = kept.err();
    }

    fn clear(&self) {
        let Ok(file) = &self.place else { return };
        if self.wrong().is_some() {
            return;
        }
        if let Err(error) = std::fs::remove_file(file)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the kept token is not removed");
        }
    }

    fn lock(&self) -> Option<Box<dyn Any + Send>> {
        let path = self.place.as_ref().ok()?.with_extension("lock");
        let held = path
            .parent()
            .map_or(Ok(()), paths::make_dir)
            .and_then(|()| private::open_append(&path))
            .and_then(|file| lock(&path, &file, Lock::Alone, LOCK_LIMIT).map(|()| file));
        match held {
            Ok(file) => Some(Box::new(file)),
            Err(error) => {
                tracing::warn!(%error, "other processes may renew the same token");
                None
            }
        }
    }
}

/// The token as it stands in the file.
#[derive(Serialize, Deserialize)]
struct Kept {
    access: String,
    #[serde(default)]
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    renewal: Option<String>,
    name: Option<String>,
    id: Option<String>,
    scopes: Vec<String>,
    #[serde(default)]
    cookies: Vec<(String, String)>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.access);
        zeroize::Zeroize::zeroize(&mut self.renewal);
        for (_, value) in &mut self.cookies {
            zeroize::Zeroize::zeroize(value);
        }
    }
}

impl From<&StoredToken> for Kept {
    fn from(token: &StoredToken) -> Self {
        let renewal = token.renewal.as_ref();
        Self {
            access: token.access.expose_secret().to_owned(),
            since: token.since,
            until: token.until,
            renewal: renewal.map(|renewal| renewal.expose_secret().to_owned()),
            name: token.known.name.clone(),
            id: token.known.id.clone(),
            scopes: token.known.scopes.clone(),
            cookies: token
                .cookies
                .iter()
                .map(|(name, value)| (name.clone(), value.expose_secret().to_owned()))
                .collect(),
        }
    }
}

impl From<Kept> for StoredToken {
    fn from(kept: Kept) -> Self {
        Self {
            access: SecretString::from(kept.access.as_str()),
            since: kept.since,
            until: kept.until,
            renewal: kept.renewal.as_deref().map(SecretString::from),
            known: Known {
                name: kept.name.clone(),
                id: kept.id.clone(),
                scopes: kept.scopes.clone(),
            },
            cookies: kept
                .cookies
                .iter()
                .map(|(name, value)| (name.clone(), SecretString::from(value.as_str())))
                .collect(),
        }
    }
}

/// Where and as whom the profile signs in, as 16 hex digits. Secrets are not part of it.
fn fingerprint(profile: &Profile) -> String {
    let who = match &profile.login {
        Login::ClientCredentials { client_id, .. } | Login::Device { client_id, .. } => client_id,
        Login::Password { user, .. } => user,
        Login::Token { .. } | Login::Certificate | Login::None => "",
    };
    let mut hash = Sha256::new();
    let auth_url = profile.auth_url.as_ref().map_or("", url::Url::as_str);
    // A read-only profile asks for fewer rights: its token must not become that of a full one.
    let rights = if profile.policy.read_only {
        "read"
    } else {
        "all"
    };
    let common = [
        profile.name.as_str(),
        &profile.system.word,
        profile.url.as_str(),
        auth_url,
        profile.login.method().word(),
        who,
        rights,
    ];
    let own_keys = profile.system.method(profile.login.method());
    let own_keys = own_keys.iter().flat_map(|one| &one.own_keys);
    // Where a person of the same name may be somebody else.
    let own = own_keys.map(|key| profile.own.text(&key.name).unwrap_or_default());
    for part in common.into_iter().chain(own) {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    digest.iter().take(8).map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;

    use super::*;
    use crate::api::auth::{Asking, Authorize, Credential, Grant, Interact, Renewing};
    use crate::config::{Method, OwnKey, OwnKind, SignInMethod, SystemSpec};
    use crate::model::ApiError;

    fn profile(url: &str) -> Profile {
        Profile::new(
            "prod a/b",
            SystemSpec::sample(),
            url.parse().unwrap(),
            Login::None,
        )
    }

    fn token() -> StoredToken {
        StoredToken {
            until: Some(Utc::now()),
            renewal: Some(SecretString::from("canary-renewal")),
            known: Known {
                name: Some("jdoe".into()),
                id: None,
                scopes: vec!["a".into()],
            },
            ..StoredToken::bare(SecretString::from("canary-access"))
        }
    }

    #[test]
    fn a_kept_token_comes_back_and_its_file_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path());
        let store = TokenFile::new(&paths, &profile("https://a.example.org"));

        store.save(&token());

        let back = store.load().unwrap();
        assert_eq!(back.access.expose_secret(), "canary-access");
        assert_eq!(back.known, token().known);
        let file = store.place.as_ref().unwrap();
        assert_eq!(private::mode_of(file), Some(0o600));
        assert!(
            file.starts_with(dir.path().join("state/tokens")),
            "{file:?}"
        );
    }

    #[test]
    fn another_address_does_not_see_the_token_and_clear_forgets_it() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path());
        let store = TokenFile::new(&paths, &profile("https://a.example.org"));
        store.save(&token());

        let other = TokenFile::new(&paths, &profile("https://b.example.org")).load();
        store.clear();

        assert!(other.is_none());
        assert!(store.load().is_none());
    }

    #[test]
    fn f_cred_02_logins_that_differ_in_a_part_of_their_system_share_no_token() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path());
        let store = |realm: Option<&str>, service: Option<&str>| {
            let method = SignInMethod {
                method: Method::Password,
                own_keys: ["realm", "service"]
                    .map(|name| OwnKey::new(name, OwnKind::Text, "Where to sign in."))
                    .to_vec(),
            };
            let system = Arc::new(SystemSpec::new("sample", "Sample", vec![method]));
            let mut profile = profile("https://a.example.org");
            profile.system = system;
            profile.login = Login::Password {
                user: "admin".into(),
                password: crate::config::SecretSource::Prompt,
            };
            for (name, value) in [("realm", realm), ("service", service)] {
                if let Some(value) = value {
                    profile.own.set(name, value);
                }
            }
            TokenFile::new(&paths, &profile)
        };
        store(Some("/alpha"), Some("ldap")).save(&token());

        for (realm, service, kept) in [
            (Some("/alpha"), Some("ldap"), true),
            (Some("/beta"), Some("ldap"), false),
            (Some("/alpha"), Some("mfa"), false),
            (Some("/alpha"), None, false),
            (None, Some("ldap"), false),
            (None, None, false),
        ] {
            let found = store(realm, service).load();

            assert_eq!(found.is_some(), kept, "{realm:?} {service:?}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let store = TokenFile::new(&Paths::under(dir.path()), &profile("https://a.example.org"));
        store.save(&token());
        let file = store.place.clone().unwrap();

        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();

        assert!(store.load().is_none());
    }

    /// A grant that counts how often it was used.
    struct Counting(Arc<AtomicUsize>);

    #[async_trait]
    impl Grant for Counting {
        type Credential = SecretString;

        fn credential(&self, token: &StoredToken) -> Result<SecretString, ApiError> {
            Ok(token.access.clone())
        }

        async fn fetch(
            &self,
            _old: Option<&StoredToken>,
            _asking: &Asking,
        ) -> Result<Option<StoredToken>, ApiError> {
            let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
            // Gives the other one every chance to come in between.
            tokio::task::yield_now().await;
            let until = Utc::now() + Duration::from_secs(3_600);
            let access = SecretString::from(format!("token-{number}"));
            Ok(Some(StoredToken {
                until: Some(until),
                ..StoredToken::bare(access)
            }))
        }
    }

    #[tokio::test]
    async fn f_cred_02_of_two_processes_that_renew_at_once_one_does_it_for_both() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path());
        let count = Arc::new(AtomicUsize::new(0));
        let process = || {
            let store = TokenFile::new(&paths, &profile("https://a.example.org"));
            Renewing::new(Counting(count.clone()), Arc::new(store))
        };
        let (one, two) = (process(), process());

        let (a, b) = tokio::join!(
            one.credential(Interact::Never),
            two.credential(Interact::Never)
        );
        assert_eq!(count.load(Ordering::SeqCst), 1);

        // The server refuses it: again one renews, and the other takes what it got.
        let (a, b) = (a.unwrap(), b.unwrap());
        let (a, b) = tokio::join!(
            one.renew(&a, Interact::Never),
            two.renew(&b, Interact::Never)
        );
        assert_eq!(count.load(Ordering::SeqCst), 2);
        let sent = |new: Result<Option<Credential<SecretString>>, ApiError>| {
            new.unwrap().unwrap().value.expose_secret().to_owned()
        };
        assert_eq!(sent(a), sent(b));
    }
}

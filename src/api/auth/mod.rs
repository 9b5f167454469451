//! Who a client is to its server: secrets, questions to a person, tokens and their renewal. Nothing here
//! knows a protocol.

mod prompter;
mod renewing;
mod secret;
mod token;
mod token_file;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;

pub(crate) use prompter::Closing;
pub use prompter::{Ask, DeviceCode, Nobody, Prompter, Question, QuestionKind, Waiting};
pub use renewing::Renewing;
pub use secret::ProfileSecret;
pub use token::{Known, NoStore, StoredToken, TokenStore, lives};
pub use token_file::{NotKept, TokenFile};

use crate::model::{ApiError, LimitedBy};

/// Whether a person may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interact {
    /// Yes: a dialog may open.
    Allowed,
    /// No: what needs a person fails with [`ApiError::Auth`].
    Never,
}

/// The credential that one request carries.
#[derive(Clone, Debug, Default)]
pub struct Credential<C> {
    /// Which one it is: a newer one has a larger number. 0: there is none.
    pub number: u64,
    /// Headers, or whatever the protocol has for it. `Debug` shows no secret.
    pub value: C,
}

/// Where the credentials of a client come from. `C` is what its requests carry: the headers of HTTP, a
/// password of another protocol.
#[async_trait]
pub trait Authorize<C>: Send + Sync {
    /// The credential for a request; signs in first if it has to. May be dropped at any await.
    ///
    /// # Errors
    /// [`ApiError::Auth`] if a person is needed and `interact` forbids it, or any other.
    async fn credential(&self, interact: Interact) -> Result<Credential<C>, ApiError>;

    /// The server refused `used`: another one, or `None` if there is no other. All who ask at the
    /// same time share one renewal. May be dropped at any await.
    ///
    /// # Errors
    /// As [`credential`](Self::credential).
    async fn renew(
        &self,
        used: &Credential<C>,
        interact: Interact,
    ) -> Result<Option<Credential<C>>, ApiError>;

    /// Tells the server that the token in use, or the one kept from an earlier run, is no longer
    /// needed, and forgets it. Does nothing if there is none. May be dropped at any await.
    ///
    /// # Errors
    /// [`ApiError::Unsupported`] if such a token is not ours to end, or any other; it is forgotten
    /// all the same.
    async fn sign_out(&self) -> Result<(), ApiError> {
        Err(not_ours())
    }

    /// Facts known so far about the identity that is signed in.
    fn known(&self) -> Known {
        Known::default()
    }

    /// When the token in use was given. `None`: there is none, or nobody knows.
    fn signed_in_at(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// True if a person can help by signing in again.
    fn can_login(&self) -> bool {
        false
    }
}

/// No credential at all.
pub struct NoAuth;

#[async_trait]
impl<C: Default + Sync> Authorize<C> for NoAuth {
    async fn credential(&self, _interact: Interact) -> Result<Credential<C>, ApiError> {
        Ok(Credential::default())
    }

    async fn renew(
        &self,
        _used: &Credential<C>,
        _interact: Interact,
    ) -> Result<Option<Credential<C>>, ApiError> {
        Ok(None)
    }
}

/// One credential and no other, whatever the server says to it.
pub struct Fixed<C>(pub Credential<C>);

#[async_trait]
impl<C: Clone + Send + Sync> Authorize<C> for Fixed<C> {
    async fn credential(&self, _interact: Interact) -> Result<Credential<C>, ApiError> {
        Ok(self.0.clone())
    }

    async fn renew(
        &self,
        _used: &Credential<C>,
        _interact: Interact,
    ) -> Result<Option<Credential<C>>, ApiError> {
        Ok(None)
    }
}

/// One way to get a token.
#[async_trait]
pub trait Grant: Send + Sync {
    /// The credential of a request: HTTP headers, or a password of another protocol. `Debug` shows
    /// no secret.
    type Credential: Clone + Default + std::fmt::Debug + Send + Sync;

    /// Gets a token. `old` is the one that is used up or refused. A grant that needs a person calls
    /// `asking.begin()` first. `None`: there is no other than `old`. May be dropped at any await.
    ///
    /// # Errors
    /// Any [`ApiError`].
    async fn fetch(
        &self,
        old: Option<&StoredToken>,
        asking: &Asking,
    ) -> Result<Option<StoredToken>, ApiError>;

    /// The credential of a request with this token.
    ///
    /// # Errors
    /// [`ApiError::Auth`] if the token cannot be sent.
    fn credential(&self, token: &StoredToken) -> Result<Self::Credential, ApiError>;

    /// The token is in use from now on.
    fn taken(&self, _token: &StoredToken) {}

    /// Ends the token at the server. May be dropped at any await.
    ///
    /// # Errors
    /// [`ApiError::Unsupported`] if that is not ours to do, or any other.
    async fn end(&self, _token: &StoredToken) -> Result<(), ApiError> {
        Err(not_ours())
    }

    /// Who will be signed in, as far as that is known before.
    fn known(&self) -> Known {
        Known::default()
    }

    /// True if a person can help by signing in again.
    fn can_login(&self) -> bool {
        false
    }
}

/// Permission to ask a person, and the sign that one is being asked.
pub struct Asking {
    interact: Interact,
    flag: watch::Sender<bool>,
}

impl Asking {
    /// A person is asked from here on, until what is returned is dropped.
    ///
    /// # Errors
    /// [`ApiError::Auth`] if nobody may be asked.
    pub fn begin(&self) -> Result<Busy<'_>, ApiError> {
        match self.interact {
            Interact::Never => Err(needs_person()),
            Interact::Allowed => {
                self.flag.send_replace(true);
                Ok(Busy(&self.flag))
            }
        }
    }

    /// Only for a grant that is used outside [`Renewing`], in tests above all.
    pub fn new(interact: Interact) -> Self {
        Self {
            interact,
            flag: watch::Sender::new(false),
        }
    }
}

/// A person is being asked while this lives.
pub struct Busy<'a>(&'a watch::Sender<bool>);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

fn not_ours() -> ApiError {
    ApiError::Unsupported {
        what: "ending the token of the profile".into(),
        limit: LimitedBy::SignIn,
    }
}

fn needs_person() -> ApiError {
    ApiError::Auth {
        message: "sign-in needed".into(),
        can_login: true,
        exchange: None,
    }
}

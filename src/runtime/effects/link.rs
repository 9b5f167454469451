//! One open profile: its client, its connection, and the person it may ask.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::spawn;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::api::auth::{Ask, DeviceCode, Prompter, Waiting};
use crate::api::{Countdown, SessionApi};
use crate::app::Msg;
use crate::app::msg::{Connected, SignInStep};
use crate::app::source::Wait;
use crate::model::{ApiError, Identity, Session, SessionKey, locked};
use crate::runtime::profiles::{Opened, Profiles};
use crate::store::SourceId;

/// A client, and who we are with it.
#[derive(Clone)]
pub(crate) struct OpenClient {
    /// The client.
    pub(crate) opened: Opened,
    /// Who the server says we are. `None`: it has not said.
    pub(crate) who: Option<Identity>,
}

/// An open profile. Dropping it ends what waits for it.
pub(crate) struct SourceHandle {
    /// Name in the configuration.
    pub(crate) profile: String,
    /// Ends every task of this source that may be dropped.
    pub(crate) token: CancellationToken,
    /// The client, once there is one.
    opened: watch::Sender<Option<OpenClient>>,
    /// True if the configuration has changed since the client was made.
    outdated: Arc<AtomicBool>,
    /// The person at the screen.
    person: Arc<DialogPrompter>,
}

impl SourceHandle {
    /// Nothing is opened yet.
    pub(crate) fn new(source: SourceId, profile: String, send: mpsc::Sender<Msg>) -> Self {
        Self {
            profile,
            token: CancellationToken::new(),
            opened: watch::Sender::new(None),
            outdated: Arc::default(),
            person: Arc::new(DialogPrompter {
                source,
                send,
                waiting: Mutex::default(),
                kept: Mutex::default(),
            }),
        }
    }

    /// The next connection reads the configuration and the secrets anew. Until then the old client goes on.
    pub(crate) fn outdate(&self) {
        self.outdated.store(true, Ordering::SeqCst);
    }

    /// The client if there is one.
    pub(crate) fn current(&self) -> Option<OpenClient> {
        self.opened.borrow().clone()
    }

    /// Waits for the client. `None`: the profile was closed meanwhile.
    pub(crate) fn wait(&self) -> impl Future<Output = Option<OpenClient>> + use<> {
        let mut opened = self.opened.subscribe();
        async move { opened.wait_for(Option::is_some).await.ok()?.clone() }
    }

    /// Hands the operator's answers to whoever asked. `None`: given up.
    pub(crate) fn answer(&self, answers: Answers) {
        let waiting = self.person.waiting().take();
        if let Some(waiting) = waiting {
            // Whoever asked may have been cancelled.
            let _ = waiting.send(answers);
        }
    }

    /// Opens the profile, unless it is open, and asks who we are there. May be dropped at any await.
    pub(crate) fn connect(
        &self,
        profiles: Arc<dyn Profiles>,
    ) -> impl Future<Output = Result<Connected, ApiError>> + Send + use<> {
        let (name, person) = (self.profile.clone(), self.person.clone());
        let (opened, outdated) = (self.opened.clone(), self.outdated.clone());
        let ended = self.token.child_token();
        async move {
            let fresh = outdated.swap(false, Ordering::SeqCst);
            let known = opened.borrow().clone().filter(|_| !fresh);
            let mut client = if let Some(known) = known {
                known
            } else {
                let client = OpenClient {
                    opened: profiles.open(&name, person.clone()).await?,
                    who: None,
                };
                spawn(tell_waits(
                    Countdown::new(client.opened.api.waiting()),
                    person.source,
                    person.send.clone(),
                    ended,
                ));
                client
            };
            opened.send_replace(Some(client.clone()));
            let start = Instant::now();
            let who = client.opened.api.whoami().await?;
            let took = start.elapsed();
            let caps = client.opened.api.caps();
            let ahead = client.opened.api.clock_offset().unwrap_or_default();
            client.who = Some(who.clone());
            opened.send_replace(Some(client));
            Ok(Connected {
                who,
                caps,
                took,
                ahead,
            })
        }
    }
}

/// Tells the screen of the waits that servers of a profile ask for, until its client or the profile
/// is closed.
async fn tell_waits(
    mut countdown: Countdown,
    source: SourceId,
    send: mpsc::Sender<Msg>,
    ended: CancellationToken,
) {
    while let Some(Some(wait)) = ended.run_until_cancelled(countdown.next()).await {
        let wait = wait.map(|(wait, left)| Wait {
            host: wait.host,
            code: wait.code,
            left,
        });
        // Fails only when the screen has ended.
        if send.send(Msg::Waiting { source, wait }).await.is_err() {
            return;
        }
    }
}

/// One session, read anew. May be dropped at any await.
pub(crate) async fn get(
    api: Arc<dyn SessionApi>,
    key: SessionKey,
) -> Result<Box<Session>, ApiError> {
    api.get(&key).await.map(Box::new)
}

/// The person at the screen: questions become a dialog, its answer comes back by [`SourceHandle::answer`].
struct DialogPrompter {
    source: SourceId,
    send: mpsc::Sender<Msg>,
    waiting: Mutex<Option<oneshot::Sender<Answers>>>,
    /// The other end of `waiting` between two looks of a sign-in that waits: what is pressed meanwhile
    /// is not lost.
    kept: Mutex<Option<oneshot::Receiver<Answers>>>,
}

/// The answers of the operator. `None`: given up.
type Answers = Option<Vec<SecretString>>;

impl DialogPrompter {
    fn waiting(&self) -> MutexGuard<'_, Option<oneshot::Sender<Answers>>> {
        locked(&self.waiting)
    }

    fn kept(&self) -> MutexGuard<'_, Option<oneshot::Receiver<Answers>>> {
        locked(&self.kept)
    }

    /// Where the next answer will come.
    fn listen(&self) -> oneshot::Receiver<Answers> {
        let (answer, answered) = oneshot::channel();
        *self.waiting() = Some(answer);
        answered
    }

    async fn show(&self, step: SignInStep) {
        // Fails only when the screen has ended.
        let _ = self
            .send
            .send(Msg::SignIn {
                source: self.source,
                step,
            })
            .await;
    }
}

#[async_trait]
impl Prompter for DialogPrompter {
    async fn show_code(&self, code: DeviceCode) {
        self.show(SignInStep::ShowCode(code)).await;
    }

    async fn ask(&self, ask: Ask) -> Result<Vec<SecretString>, ApiError> {
        self.kept().take();
        let answered = self.listen();
        self.show(SignInStep::Ask(ask)).await;
        match answered.await {
            Ok(Some(answers)) => Ok(answers),
            Ok(None) | Err(_) => Err(ApiError::Cancelled),
        }
    }

    async fn wait(&self, waiting: Waiting, pause: Duration) -> Result<Option<usize>, ApiError> {
        let kept = self.kept().take();
        let mut answered = kept.unwrap_or_else(|| self.listen());
        self.show(SignInStep::Wait(waiting)).await;
        tokio::select! { biased;
            answers = &mut answered => match answers {
                Ok(Some(answers)) => Ok(answers.first().and_then(|one| one.expose_secret().parse().ok())),
                Ok(None) | Err(_) => Err(ApiError::Cancelled),
            },
            () = tokio::time::sleep(pause) => {
                *self.kept() = Some(answered);
                Ok(None)
            }
        }
    }

    async fn done(&self) {
        self.kept().take();
        self.show(SignInStep::Done).await;
    }
}

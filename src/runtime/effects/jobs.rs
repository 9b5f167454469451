//! Revoke jobs and changing actions: never cut off, every row gets its message, and the end comes last;
//! behind it only what is wrong with the audit log.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet, spawn, spawn_blocking};
use tokio::time::timeout;

use super::link::OpenClient;
use crate::app::msg::Notification;
use crate::app::{JobId, Msg, RevokeItem};
use crate::audit::{Audit, AuditError, Change, ChangeTarget, Event, Operation};
use crate::model::{
    ActionArgs, ActionResult, ActionSpec, ApiError, Outcome, SessionKey, Subject, Untrusted,
};
use crate::revoke::{
    JobContext, JobControl, JobItem, Pauses, Progress, Provenance, run_action, run_job,
    run_user_job,
};
use crate::store::{RowId, SourceId};

/// Outcomes that may wait to be handed on: one burst of a batch.
const BURST: usize = 64;

/// The part of a job that one source does.
struct JobPart {
    control: JobControl,
    /// Resuming a part that does not wait would let its next pause pass unseen.
    paused: Arc<AtomicBool>,
}

/// A job on its way.
struct JobHandle {
    parts: Vec<JobPart>,
    handle: JoinHandle<()>,
}

/// An action that changes something, as it was confirmed.
pub(super) struct ActionRequest {
    /// The action.
    pub(super) spec: ActionSpec,
    /// The target and arguments of the action.
    pub(super) args: ActionArgs,
    /// Whose session it acts on, for the audit log.
    pub(super) subject: Subject,
    /// Why, for the audit log.
    pub(super) reason: Option<String>,
}

/// All jobs of a run.
pub(super) struct Jobs {
    audit: Arc<Audit>,
    running: HashMap<JobId, JobHandle>,
    /// Changing actions: they have no number and cannot be stopped.
    actions: Vec<JoinHandle<()>>,
}

impl Jobs {
    /// None yet. Every change is written into this log.
    pub(super) fn new(audit: Arc<Audit>) -> Self {
        Self {
            audit,
            running: HashMap::new(),
            actions: Vec::new(),
        }
    }

    /// True while a job is running.
    pub(super) fn is_running(&self) -> bool {
        self.running.values().any(|job| !job.handle.is_finished())
            || self.actions.iter().any(|action| !action.is_finished())
    }

    /// Starts nothing more of a job.
    pub(super) fn stop(&self, id: JobId) {
        for part in self.running.get(&id).iter().flat_map(|job| &job.parts) {
            part.control.stop.cancel();
        }
    }

    /// Lets a job go on that waits for a sign-in.
    pub(super) fn resume(&self, id: JobId) {
        for part in self.running.get(&id).iter().flat_map(|job| &job.parts) {
            if part.paused.swap(false, Ordering::SeqCst) {
                part.control.resume();
            }
        }
    }

    /// Starts nothing more, and waits for what is on its way. May be dropped.
    pub(super) async fn finish(&mut self, limit: Duration) {
        let ids: Vec<JobId> = self.running.keys().copied().collect();
        for id in ids {
            self.stop(id);
        }
        let handles = self
            .running
            .values_mut()
            .map(|job| &mut job.handle)
            .chain(&mut self.actions);
        let all = async {
            for handle in handles.filter(|handle| !handle.is_finished()) {
                // A panic has ended the program already.
                let _ = handle.await;
            }
        };
        // Past the limit the log keeps `asked` without `done`, which means unknown.
        let _ = timeout(limit, all).await;
    }

    /// Revokes rows, and all sessions of people, of one or of several sources, side by side.
    pub(super) fn revoke(
        &mut self,
        job: JobId,
        (items, users): (Vec<RevokeItem>, Vec<(SourceId, Subject)>),
        reason: Option<String>,
        client: impl Fn(SourceId) -> Option<OpenClient>,
        send: mpsc::Sender<Msg>,
    ) {
        let mut parts = Vec::new();
        let mut work = JoinSet::new();
        for (source, items) in by_source(items) {
            let part = JobPart {
                control: JobControl::default(),
                paused: Arc::default(),
            };
            if let Some(client) = client(source) {
                let context = self.context(&client, reason.clone());
                work.spawn(run_part(
                    job,
                    client,
                    context,
                    items,
                    part.clone_reins(),
                    send.clone(),
                ));
            } else {
                // Closed meanwhile: nothing is sent, and every row is told so.
                let nothing = nothing_sent(job, items, send.clone());
                work.spawn(async move {
                    nothing.await;
                    None
                });
            }
            parts.push(part);
        }
        for (source, users) in users_by_source(users) {
            let part = JobPart {
                control: JobControl::default(),
                paused: Arc::default(),
            };
            let client = client(source);
            let context = client
                .as_ref()
                .map(|client| self.context(client, reason.clone()));
            work.spawn(run_users(
                (job, source),
                client.zip(context),
                users,
                part.clone_reins(),
                send.clone(),
            ));
            parts.push(part);
        }
        let (audit, moment) = (self.audit.clone(), self.audit.moment());
        let handle = spawn(async move {
            let unlogged = work.join_all().await;
            // Fails only when the screen has ended; so below.
            if let Some(records) = audit.records_since(moment) {
                let _ = send.send(Msg::Recorded(job, records)).await;
            }
            let _ = send.send(Msg::Ended(job)).await;
            // Once more: the words about the end have taken its place.
            for error in unlogged.into_iter().flatten() {
                tell_unlogged(&send, &error).await;
            }
        });
        self.keep(job, parts, handle);
    }

    /// Does an action that changes something.
    pub(super) fn act(
        &mut self,
        request: ActionRequest,
        client: OpenClient,
        done: impl FnOnce(Result<ActionResult, ApiError>) -> Msg + Send + 'static,
        send: mpsc::Sender<Msg>,
    ) {
        let ActionRequest {
            spec,
            args,
            subject,
            reason,
        } = request;
        let context = self.context(&client, reason);
        self.actions.retain(|action| !action.is_finished());
        self.actions.push(spawn(async move {
            let mut unlogged = None;
            let api = client.opened.api;
            let keep = |error| unlogged = Some(error);
            let result = run_action(api, context, &spec, args, subject, keep).await;
            let _ = send.send(done(result)).await;
            if let Some(error) = unlogged {
                tell_unlogged(&send, &error).await;
            }
        }));
    }

    /// Writes down that a masked value was shown.
    pub(super) fn note_revealed(
        &self,
        client: OpenClient,
        key: SessionKey,
        subject: Subject,
        send: mpsc::Sender<Msg>,
    ) {
        let audit = self.audit.clone();
        let profile = client.opened.profile.clone();
        spawn(async move {
            let written = spawn_blocking(move || {
                let who = client.who.as_ref();
                let operation = Operation::new(&audit, &profile, who, "reveal", None, 1);
                let change = Change {
                    operation: Arc::new(operation),
                    item: 1,
                    target: ChangeTarget::Session {
                        key,
                        kind: None,
                        subject,
                    },
                };
                audit.note(Event::Reveal, &change)
            });
            if let Ok(Err(error)) = written.await {
                tell_unlogged(&send, &error).await;
            }
        });
    }

    /// The log in which they are written down.
    pub(super) fn audit(&self) -> Arc<Audit> {
        self.audit.clone()
    }

    /// Tells how many changes of earlier runs have no end, if any; or why the log cannot be read.
    pub(super) fn tell_unfinished(&self, send: mpsc::Sender<Msg>) {
        let audit = self.audit.clone();
        spawn(async move {
            let result = match spawn_blocking(move || audit.unfinished()).await {
                Ok(Ok(unfinished)) => unfinished.summary().map(Ok),
                Ok(Err(error)) => Some(Err(error.to_string())),
                // A panic has ended the program already.
                Err(_) => None,
            };
            if let Some(result) = result {
                let what = Notification::Unfinished;
                let _ = send.send(Msg::Notify { what, result }).await;
            }
        });
    }

    fn context(&self, client: &OpenClient, reason: Option<String>) -> JobContext {
        JobContext {
            profile: client.opened.profile.clone(),
            audit: self.audit.clone(),
            who: client.who.clone(),
            reason,
            verb: "revoke".to_owned(),
        }
    }

    fn keep(&mut self, id: JobId, parts: Vec<JobPart>, handle: JoinHandle<()>) {
        self.running.retain(|_, job| !job.handle.is_finished());
        self.running.insert(id, JobHandle { parts, handle });
    }
}

impl JobPart {
    fn clone_reins(&self) -> Self {
        Self {
            control: self.control.clone(),
            paused: self.paused.clone(),
        }
    }
}

/// Tells each pause of a job, until its work is done.
async fn tell_pauses(
    job: JobId,
    part: &JobPart,
    mut pauses: mpsc::Receiver<ApiError>,
    send: &mpsc::Sender<Msg>,
) {
    while let Some(error) = pauses.recv().await {
        part.paused.store(true, Ordering::SeqCst);
        let _ = send.send(Msg::Paused(job, error)).await;
    }
}

/// The items of each source, in the order in which the sources first come.
fn by_source(items: Vec<RevokeItem>) -> Vec<(SourceId, Vec<RevokeItem>)> {
    let mut groups: Vec<(SourceId, Vec<RevokeItem>)> = Vec::new();
    for item in items {
        match groups.iter_mut().find(|(source, _)| *source == item.source) {
            Some((_, group)) => group.push(item),
            None => groups.push((item.source, vec![item])),
        }
    }
    groups
}

/// The people of each source, in the order in which the sources first come.
fn users_by_source(users: Vec<(SourceId, Subject)>) -> Vec<(SourceId, Vec<Subject>)> {
    let mut groups: Vec<(SourceId, Vec<Subject>)> = Vec::new();
    for (source, user) in users {
        match groups.iter_mut().find(|(known, _)| *known == source) {
            Some((_, group)) => group.push(user),
            None => groups.push((source, vec![user])),
        }
    }
    groups
}

/// Ends all sessions of people at one source, one after the other; a lost sign-in pauses it. After a stop
/// nothing more is sent.
async fn run_users(
    (job, source): (JobId, SourceId),
    client: Option<(OpenClient, JobContext)>,
    users: Vec<Subject>,
    part: JobPart,
    send: mpsc::Sender<Msg>,
) -> Option<AuditError> {
    let mut unlogged = None;
    let stop = part.control.stop.clone();
    for user in users {
        let result = match &client {
            Some((client, context)) if !stop.is_cancelled() => {
                let keep = |error: AuditError| unlogged = Some(error);
                let (told, pauses) = mpsc::channel(1);
                let waits = Pauses {
                    control: part.control.clone(),
                    told,
                };
                let api = client.opened.api.clone();
                let work = async {
                    let ended = run_user_job(api, context.clone(), user, Some(&waits), keep).await;
                    drop(waits);
                    ended
                };
                tokio::join!(work, tell_pauses(job, &part, pauses, &send)).0
            }
            // Closed or stopped meanwhile: nothing is sent.
            _ => Err(ApiError::Cancelled),
        };
        let _ = send
            .send(Msg::UserRevoked {
                job,
                source,
                result,
            })
            .await;
    }
    unlogged
}

async fn run_part(
    job: JobId,
    client: OpenClient,
    context: JobContext,
    items: Vec<RevokeItem>,
    part: JobPart,
    send: mpsc::Sender<Msg>,
) -> Option<AuditError> {
    let (report, mut reported) = mpsc::channel::<Progress<RowId>>(BURST);
    let items = items
        .into_iter()
        .map(|item| JobItem {
            row: item.row,
            provenance: Provenance::listed(
                &item.deletable,
                item.created,
                item.client.as_ref().map(Untrusted::expose),
            ),
            key: item.key,
            kind: item.kind,
            subject: item.subject,
            expires: item.expires,
        })
        .collect();
    let work = run_job(client.opened.api, context, items, part.control, report);
    let mut unlogged = None;
    let relay = async {
        while let Some(progress) = reported.recv().await {
            match progress {
                Progress::Outcome { row, outcome, .. } => {
                    let _ = send.send(Msg::Revoked { job, row, outcome }).await;
                }
                Progress::Paused(error) => {
                    part.paused.store(true, Ordering::SeqCst);
                    let _ = send.send(Msg::Paused(job, error)).await;
                }
                Progress::Unlogged(error) => {
                    tell_unlogged(&send, &error).await;
                    unlogged = Some(error);
                }
                Progress::EndedAt { .. } | Progress::Ended(_) => {}
            }
        }
    };
    tokio::join!(work, relay);
    unlogged
}

async fn nothing_sent(job: JobId, items: Vec<RevokeItem>, send: mpsc::Sender<Msg>) {
    for item in items {
        let outcome = Outcome::Failed(ApiError::Cancelled);
        let _ = send
            .send(Msg::Revoked {
                job,
                row: item.row,
                outcome,
            })
            .await;
    }
}

async fn tell_unlogged(send: &mpsc::Sender<Msg>, error: &AuditError) {
    let _ = send.send(unlogged(error)).await;
}

/// The message that the audit log lacks a line.
pub(super) fn unlogged(error: &AuditError) -> Msg {
    Msg::Notify {
        what: Notification::Unlogged,
        result: Err(match error {
            AuditError::Broken(_) => error.to_string(),
            error => format!("the audit log is not complete: {error}"),
        }),
    }
}

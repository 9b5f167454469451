//! The effects that the core asks for, carried out: the only place that starts tasks.
//!
//! Every task ends by itself, by its token, or is a revoke, which is never cut off. A task that
//! panics ends the program by the panic hook (see [`modes`](super::modes)): none vanishes.

mod audit_log;
mod export;
mod jobs;
mod link;
mod rows;
mod search;
#[cfg(test)]
mod tests;
mod timers;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn, spawn_blocking};
use tokio_util::sync::CancellationToken;

use self::export::Exports;
use self::jobs::{ActionRequest, Jobs};
use self::link::{OpenClient, SourceHandle};
use self::search::{PageSender, ScreenReading, read};
use self::timers::Timers;
use super::clipboard::{self, Clean, Ways};
use super::editor;
use super::kept::Kept;
use super::profiles::{Opened, Profiles};
use crate::app::effect::Copied;
use crate::app::memory::Keep;
use crate::app::msg::Notification;
use crate::app::{Effect, Gen, Msg};
use crate::audit::Audit;
use crate::model::{ApiError, Cursor, ReadKeys, Search, locked};
use crate::store::SourceId;

/// How many messages may wait for the loop. A page task then waits with its page in hand, so that at
/// most this many pages are ahead of the screen; outcomes of a revoke are small and come in bursts.
const WAITING: usize = 64;

/// The effects that are left for the loop, because it has the terminal.
#[derive(Debug)]
pub(super) enum Local {
    /// Copy this.
    Copy {
        /// The type of the text.
        what: Copied,
        /// The text as it came.
        text: SecretString,
    },
    /// Open the configuration in the operator's editor.
    Edit {
        /// At the place of this profile.
        profile: Option<String>,
    },
    /// Give an application a name in the configuration.
    NameClient {
        /// The profile.
        profile: String,
        /// The id of the application.
        id: String,
        /// The name. Empty: none.
        name: String,
    },
    /// Add a profile of this system to the configuration, then open it in the editor.
    NewProfile(String),
    /// Take or free the mouse.
    Mouse(bool),
    /// Draw everything.
    Redraw,
    /// Stop to the shell.
    Suspend,
    /// End with this code.
    Quit(u8),
}

/// A task that may be dropped.
struct Task {
    token: CancellationToken,
    handle: JoinHandle<()>,
}

/// Everything that is under way outside the core.
pub(super) struct Effects {
    profiles: Arc<dyn Profiles>,
    send: mpsc::Sender<Msg>,
    links: HashMap<SourceId, SourceHandle>,
    tasks: HashMap<Gen, Task>,
    pub(super) timers: Timers,
    /// The keys that each source has loaded, for a search that goes on from a cursor.
    seen: Arc<Mutex<HashMap<SourceId, ReadKeys>>>,
    jobs: Jobs,
    exports: Exports,
    /// Where what is remembered is written; at first nowhere.
    pub(super) kept: Kept,
}

impl Effects {
    /// Nothing is under way. The receiver is the loop's.
    pub(super) fn new(
        profiles: Arc<dyn Profiles>,
        audit: Arc<Audit>,
    ) -> (Self, mpsc::Receiver<Msg>) {
        let (send, receive) = mpsc::channel(WAITING);
        let effects = Self {
            profiles,
            send,
            links: HashMap::new(),
            tasks: HashMap::new(),
            timers: Timers::default(),
            seen: Arc::default(),
            jobs: Jobs::new(audit),
            exports: Exports::default(),
            kept: Kept::default(),
        };
        (effects, receive)
    }

    /// Starts what the core wants. Returns at once; hands back what only the loop can do.
    pub(super) fn start(&mut self, effect: Effect) -> Option<Local> {
        match effect {
            Effect::Connect {
                source,
                generation,
                profile,
            } => {
                self.connect(source, generation, profile);
            }
            Effect::Close(source) => self.close(source),
            Effect::Answer { source, answers } => {
                if let Some(link) = self.links.get(&source) {
                    link.answer(answers);
                }
            }
            Effect::Plan {
                source,
                generation,
                search,
            } => self.plan(source, generation, search),
            Effect::Search {
                source,
                generation,
                search,
                at,
            } => {
                self.search(source, generation, search, at);
            }
            Effect::Get {
                source,
                generation,
                row,
                key,
            } => {
                self.ask(source, generation, move |opened| async move {
                    let result = link::get(opened.api, key).await;
                    Msg::Detail {
                        source,
                        generation,
                        row,
                        result,
                    }
                });
            }
            Effect::Cancel(generation) => {
                if let Some(task) = self.tasks.remove(&generation) {
                    task.token.cancel();
                }
            }
            rows @ (Effect::Order { .. }
            | Effect::CountUsers { .. }
            | Effect::Compare { .. }
            | Effect::FindMarked { .. }
            | Effect::Count { .. }) => {
                if let Some(work) = rows::work(rows) {
                    self.off_the_loop(work);
                }
            }
            Effect::Forget(rows, order) => {
                spawn_blocking(move || drop((rows, order)));
            }
            Effect::After {
                timer,
                generation,
                delay,
            } => {
                self.timers.start(timer, generation, delay);
            }
            Effect::ReadAudit => {
                self.with_audit(|log| Msg::AuditRead(audit_log::page(log)));
            }
            Effect::SaveReport => self.with_audit(audit_log::save_report),
            Effect::Export(job) => self.export(*job),
            Effect::StopExports => self.exports.stop(),
            Effect::WriteExample => self.write_example(),
            Effect::Keep(change) => self.remember(change),
            Effect::Copy { what, text } => return Some(Local::Copy { what, text }),
            Effect::Edit { profile } => return Some(Local::Edit { profile }),
            Effect::NewProfile { system } => return Some(Local::NewProfile(system)),
            Effect::NameClient { profile, id, name } => {
                return Some(Local::NameClient { profile, id, name });
            }
            Effect::MouseCapture(taken) => return Some(Local::Mouse(taken)),
            Effect::Redraw => return Some(Local::Redraw),
            Effect::Suspend => return Some(Local::Suspend),
            Effect::Quit(code) => return Some(Local::Quit(code)),
            Effect::Revoke {
                job,
                items,
                users,
                reason,
            } => {
                let (links, send) = (&self.links, self.send.clone());
                let client = |source| links.get(&source).and_then(SourceHandle::current);
                self.jobs.revoke(job, (items, users), reason, client, send);
            }
            Effect::Stop(job) => self.jobs.stop(job),
            Effect::Resume(job) => self.jobs.resume(job),
            Effect::AskAnyway(source) => {
                if let Some(client) = self.client(source) {
                    client.opened.api.ask_anyway();
                }
            }
            Effect::Revealed {
                source,
                key,
                subject,
            } => {
                let client = self
                    .links
                    .get(&source)
                    .and_then(link::SourceHandle::current);
                if let Some(client) = client {
                    self.jobs
                        .note_revealed(client, key, subject, self.send.clone());
                }
            }
            Effect::Act {
                source,
                generation,
                subject,
                reason,
                spec,
                args,
            } if spec.changes => {
                let done = move |result| Msg::Acted { generation, result };
                let send = self.send.clone();
                match self.client(source) {
                    Some(client) => {
                        let request = ActionRequest {
                            spec,
                            args,
                            subject,
                            reason,
                        };
                        self.jobs.act(request, client, done, send);
                    }
                    None => self.not_open(generation),
                }
            }
            Effect::Act {
                source,
                generation,
                spec,
                args,
                ..
            } => match self.client(source) {
                Some(_) => self.ask(source, generation, move |opened| async move {
                    let result = opened.api.act(&spec.name, args).await;
                    Msg::Acted { generation, result }
                }),
                None => self.not_open(generation),
            },
        }
        None
    }

    /// Looks what earlier runs left open in the audit log, and tells it.
    pub(super) fn look_at_audit(&self) {
        self.jobs.tell_unfinished(self.send.clone());
    }

    /// Does something with the audit log off the loop, and sends the answer.
    fn with_audit(&self, question: impl FnOnce(&Audit) -> Msg + Send + 'static) {
        let audit = self.jobs.audit();
        self.off_the_loop(move || question(&audit));
    }

    /// Does some work on another thread, and sends the answer.
    fn off_the_loop(&self, work: impl FnOnce() -> Msg + Send + 'static) {
        let send = self.send.clone();
        spawn_blocking(move || {
            // Fails only when the screen has ended.
            let _ = send.blocking_send(work());
        });
    }

    /// True while a revoke is running.
    pub(super) fn has_running_jobs(&self) -> bool {
        self.jobs.is_running()
    }

    /// Starts nothing more of any revoke, and waits for what is on its way. May be dropped.
    pub(super) async fn finish_jobs(&mut self, limit: Duration) {
        self.jobs.finish(limit).await;
    }

    /// For tests of debug builds: a task that panics, if `USHER_PANIC_AT=task`.
    #[cfg(debug_assertions)]
    pub(super) fn panic_if_asked(&self) {
        if crate::config::fails_at("task") {
            spawn(async { panic!("asked for by USHER_PANIC_AT in `task`") });
        }
    }

    /// The configuration was changed: the next connection reads it anew.
    pub(super) fn configuration_changed(&self) {
        self.links.values().for_each(SourceHandle::outdate);
    }

    fn connect(&mut self, source: SourceId, generation: Gen, profile: String) {
        let link = match self.links.remove(&source) {
            Some(link) if link.profile == profile => link,
            other => {
                if let Some(other) = other {
                    other.token.cancel();
                }
                SourceHandle::new(source, profile, self.send.clone())
            }
        };
        let (connecting, token) = (
            link.connect(self.profiles.clone()),
            link.token.child_token(),
        );
        self.links.insert(source, link);
        self.task(generation, token, async move {
            Msg::Connected {
                source,
                generation,
                result: connecting.await,
            }
        });
    }

    fn close(&mut self, source: SourceId) {
        if let Some(link) = self.links.remove(&source) {
            link.token.cancel();
        }
        self.seen().remove(&source);
    }

    fn client(&self, source: SourceId) -> Option<OpenClient> {
        self.links.get(&source).and_then(SourceHandle::current)
    }

    /// There is nobody to do an action.
    fn not_open(&self, generation: Gen) {
        let send = self.send.clone();
        spawn(async move {
            let result = Err(ApiError::Cancelled);
            // Fails only when the screen has ended.
            let _ = send.send(Msg::Acted { generation, result }).await;
        });
    }

    fn plan(&mut self, source: SourceId, generation: Gen, search: Search) {
        self.ask(source, generation, move |opened| async move {
            let result = opened.api.plan(&search);
            Msg::Planned {
                source,
                generation,
                result,
            }
        });
    }

    /// Asks a source something once it is open, until it is cancelled.
    fn ask<F>(
        &mut self,
        source: SourceId,
        generation: Gen,
        question: impl FnOnce(Opened) -> F + Send + 'static,
    ) where
        F: Future<Output = Msg> + Send + 'static,
    {
        let Some(link) = self.links.get(&source) else {
            // Never connected or closed meanwhile: nobody is there to ask, and nobody waits for it.
            return;
        };
        let (opened, token) = (link.wait(), link.token.child_token());
        self.task(generation, token, async move {
            match opened.await {
                Some(client) => question(client.opened).await,
                None => std::future::pending().await,
            }
        });
    }

    /// Runs a question that ends in one message, until it is cancelled.
    fn task(
        &mut self,
        generation: Gen,
        token: CancellationToken,
        question: impl Future<Output = Msg> + Send + 'static,
    ) {
        let (send, cancelled) = (self.send.clone(), token.clone());
        let handle = spawn(async move {
            tokio::select! { biased;
                () = cancelled.cancelled() => {}
                message = question => {
                    // Fails only when the screen has ended.
                    let _ = send.send(message).await;
                }
            }
        });
        self.keep(generation, Task { token, handle });
    }

    fn keep(&mut self, generation: Gen, task: Task) {
        self.tasks.retain(|_, task| !task.handle.is_finished());
        self.tasks.insert(generation, task);
    }

    fn search(&mut self, source: SourceId, generation: Gen, search: Search, at: Option<Cursor>) {
        let Some(link) = self.links.get(&source) else {
            return;
        };
        let loaded = self.seen().remove(&source).filter(|_| at.is_some());
        let keys = loaded.unwrap_or_default();
        let (opened, token) = (link.wait(), link.token.child_token());
        let (send, kept, cancelled) = (self.send.clone(), self.seen.clone(), token.clone());
        let handle = spawn(async move {
            let reading = async {
                let opened = opened.await?.opened;
                let pages = PageSender {
                    send,
                    source,
                    generation,
                };
                match ScreenReading::open(&opened, source, search, at, keys).await {
                    Ok(reading) => Some(read(reading, &pages).await),
                    Err(error) => {
                        pages.send(Err(error)).await;
                        None
                    }
                }
            };
            tokio::select! { biased;
                // The keys are thrown away too: the core may drop pages that are on their way.
                () = cancelled.cancelled() => {}
                keys = reading => if let Some(keys) = keys {
                    locked(&kept).insert(source, keys);
                }
            }
        });
        self.keep(generation, Task { token, handle });
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, HashMap<SourceId, ReadKeys>> {
        locked(&self.seen)
    }

    /// Has other programs take a copy. `failing` is what is told where none does.
    pub(super) fn copy(
        &self,
        ways: Ways,
        what: Copied,
        clean: Clean,
        failing: Result<String, String>,
    ) {
        let hidden = editor::ours(&self.profiles.secret_variables());
        let send = self.send.clone();
        spawn(async move {
            let where_to = if ways.is_tmux {
                "copied to the tmux buffer"
            } else {
                "copied"
            };
            let result = match clipboard::run(&ways.tools, &clean, &hidden).await {
                Ok(()) => Ok(clipboard::told(what, where_to, &clean)),
                Err(why) => failing.map_err(|also| {
                    if also.is_empty() {
                        format!("nothing was copied: {why}")
                    } else {
                        also
                    }
                }),
            };
            let what = Notification::Copied;
            // Fails only when the screen has ended.
            let _ = send.send(Msg::Notify { what, result }).await;
        });
    }

    /// Writes down a change of what is remembered, after those before it.
    fn remember(&self, change: Keep) {
        self.kept.add(change);
        let (kept, send) = (self.kept.clone(), self.send.clone());
        spawn_blocking(move || {
            if let Err(why) = kept.write() {
                let what = Notification::Remembered;
                let result = Err(format!("not remembered for the next run: {why}"));
                // Fails only when the screen has ended.
                let _ = send.blocking_send(Msg::Notify { what, result });
            }
        });
    }

    /// Writes what no task has written yet, when the screen ends. Nobody is left to be told why not.
    pub(super) fn keep_all(&self) {
        let _ = self.kept.write();
    }

    fn write_example(&self) {
        let (profiles, send) = (self.profiles.clone(), self.send.clone());
        spawn_blocking(move || {
            let (what, result) = match profiles.write_example() {
                Ok(path) => {
                    let said = format!("wrote {}", path.display());
                    (Notification::Written(path), Ok(said))
                }
                Err(why) => (
                    Notification::Written(profiles.file().unwrap_or_default()),
                    Err(why),
                ),
            };
            // Fails only when the screen has ended.
            let _ = send.blocking_send(Msg::Notify { what, result });
        });
    }
}

/// For tests of debug builds: panics while drawing, if `USHER_PANIC_AT=render`.
#[cfg(debug_assertions)]
pub(super) fn panic_in_frame() {
    assert!(
        !crate::config::fails_at("render"),
        "asked for by USHER_PANIC_AT in `render`"
    );
}

/// For tests of debug builds: an error in the loop, if `USHER_PANIC_AT=error`.
#[cfg(debug_assertions)]
pub(super) fn fail_if_asked() -> std::io::Result<()> {
    if crate::config::fails_at("error") {
        return Err(std::io::Error::other("asked for by USHER_PANIC_AT"));
    }
    Ok(())
}

//! What comes from the terminal, read by a thread of its own. The library's reader holds a lock while it
//! waits; the loop would wait for that lock at each turn, and give its processor to whatever else runs.

use std::io;
use std::thread::{self, JoinHandle};

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

/// So many may wait for the loop.
const WAITING: usize = 1_024;

/// The events of the terminal, as long as this lives.
pub(super) struct Events {
    read: mpsc::Receiver<io::Result<Event>>,
    stop: Option<oneshot::Sender<()>>,
    reader: Option<JoinHandle<()>>,
}

impl Events {
    /// Begins to read. To be called inside the runtime.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn new() -> io::Result<Self> {
        let (found, read) = mpsc::channel(WAITING);
        let (stop, stopped) = oneshot::channel();
        let runtime = Handle::current();
        let thread = thread::Builder::new().name("keys".into());
        let reader = thread.spawn(move || runtime.block_on(hand_on(found, stopped)))?;
        Ok(Self {
            read,
            stop: Some(stop),
            reader: Some(reader),
        })
    }

    /// The next one. `None`: there will be no more. May be dropped at any time.
    pub(super) async fn next(&mut self) -> Option<io::Result<Event>> {
        self.read.recv().await
    }

    /// The next one, if it has come.
    pub(super) fn waiting(&mut self) -> Option<io::Result<Event>> {
        self.read.try_recv().ok()
    }
}

impl Drop for Events {
    /// The next program in this terminal gets all that is typed from now on.
    fn drop(&mut self) {
        drop(self.stop.take());
        self.read.close();
        if let Some(reader) = self.reader.take() {
            // It panics only where the library does.
            let _ = reader.join();
        }
    }
}

async fn hand_on(found: mpsc::Sender<io::Result<Event>>, mut stopped: oneshot::Receiver<()>) {
    let mut events = EventStream::new();
    loop {
        let event = tokio::select! { biased;
            _ = &mut stopped => return,
            event = events.next() => event,
        };
        let Some(event) = event else { return };
        if found.send(event).await.is_err() {
            return;
        }
    }
}

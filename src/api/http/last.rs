//! The last request of a task. Errors say what went wrong; this says with which request.

use std::cell::RefCell;
use std::time::Duration;

use crate::model::Exchange;

tokio::task_local! {
    static LAST: RefCell<Option<Exchange>>;
}

/// Runs a task so that [`last_exchange`] knows its requests. Those of other tasks stay apart.
pub async fn remembering<F: Future>(task: F) -> F::Output {
    LAST.scope(RefCell::new(None), task).await
}

/// The last request that this task sent. `None`: it sent none, or does not run in [`remembering`].
pub fn last_exchange() -> Option<Exchange> {
    LAST.try_with(|last| last.borrow().clone()).ok().flatten()
}

pub(super) fn remember(method: &str, path: &str, status: Option<u16>, took: Duration, id: &str) {
    // Outside of such a task nobody asks for it.
    let _ = LAST.try_with(|last| {
        *last.borrow_mut() = Some(Exchange {
            method: method.to_owned(),
            path: path.to_owned(),
            status,
            took,
            id: id.to_owned(),
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_of_tasks_side_by_side_stay_apart() {
        let task = |path: &'static str| {
            remembering(async move {
                assert_eq!(last_exchange(), None);
                remember("GET", path, Some(200), Duration::ZERO, "id");
                tokio::task::yield_now().await;
                last_exchange().unwrap().path
            })
        };

        let both = tokio::join!(task("/a"), task("/b"));

        assert_eq!(both, ("/a".to_owned(), "/b".to_owned()));
        assert_eq!(last_exchange(), None);
    }
}

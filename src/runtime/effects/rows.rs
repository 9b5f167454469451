//! Work that looks at every row, for another thread than that of the loop.

use std::sync::Arc;

use crate::app::counts::count;
use crate::app::{Effect, Msg};
use crate::store::{count_users, find_marked, order};

/// The work that an effect asks for; its outcome is the answer. `None`: the effect is about something else.
pub(super) fn work(effect: Effect) -> Option<Box<dyn FnOnce() -> Msg + Send>> {
    Some(match effect {
        Effect::Order {
            generation,
            rows,
            view,
            before,
        } => Box::new(move || Msg::Ordered {
            generation,
            order: order(&rows, &view, Some(&before)),
        }),
        Effect::CountUsers {
            generation,
            rows,
            view,
        } => Box::new(move || Msg::UsersCounted {
            generation,
            counted: Arc::new(count_users(&rows, &view)),
        }),
        Effect::Compare {
            generation,
            readings,
            view,
        } => Box::new(move || {
            let (compared, order) = readings.made_for(*view);
            Msg::Compared {
                generation,
                compared: Box::new(compared),
                order,
            }
        }),
        Effect::FindMarked {
            generation,
            before,
            rows,
        } => Box::new(move || Msg::MarksFound {
            generation,
            marks: find_marked(&before, &rows),
        }),
        Effect::Count {
            generation,
            rows,
            order,
            view,
            by,
            began,
        } => Box::new(move || Msg::Counted {
            generation,
            counts: count(&rows, &order, &view, &by, began),
        }),
        _ => return None,
    })
}

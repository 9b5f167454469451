//! A dry run: the requests that would end sessions. Nothing is sent.

use secrecy::SecretString;

use super::choices::ListPlace;
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, ViewLine, WIDEST, room, text_cells};
use crate::app::effect::{Copied, Effect};
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::text_wrap::wrap_words;
use crate::model::text::number_of;

/// Lines that are not content: borders, the head and blank lines.
const FRAME: usize = 6;

/// The requests of a plan.
#[derive(Clone, Debug)]
pub struct Requests {
    sessions: usize,
    /// One line a request, cleaned.
    requests: Vec<String>,
    /// First request shown.
    top: usize,
}

impl Requests {
    /// For so many sessions.
    pub fn new(sessions: usize, requests: Vec<String>) -> Self {
        Self {
            sessions,
            requests,
            top: 0,
        }
    }

    fn head(&self) -> String {
        let requests = number_of(self.requests.len() as u64, "request");
        let sessions = number_of(self.sessions as u64, "session");
        format!("Nothing was sent. {requests} for {sessions}:")
    }

    /// The first request of a screen that ends with the last one.
    fn last(&self, state: &State) -> usize {
        let (cells, mut free) = (text_cells(state.size, WIDEST), page(state));
        let mut last = self.requests.len();
        for request in self.requests.iter().rev() {
            let lines = wrap_words(request, cells).len();
            if lines > free {
                break;
            }
            (free, last) = (free - lines, last - 1);
        }
        last.min(self.requests.len().saturating_sub(1))
    }
}

/// How many lines are shown at once.
fn page(state: &State) -> usize {
    usize::from(room(state.size).height)
        .saturating_sub(FRAME)
        .max(1)
}

impl Dialog for Requests {
    fn view(&self, state: &State) -> DialogView {
        let cells = text_cells(state.size, WIDEST);
        let most = page(state);
        let head = ViewLine::plain("  ").with(self.head(), Role::Title);
        let mut lines = vec![ViewLine::default(), head, ViewLine::default()];
        let requests = self.requests.iter().skip(self.top);
        let shown = requests.flat_map(|request| wrap_words(request, cells));
        lines.extend(
            shown
                .take(most)
                .map(|line| ViewLine::plain("  ").with(line, Role::Text)),
        );
        lines.push(ViewLine::default());
        DialogView {
            title: "Dry run".to_owned(),
            footer: "↑↓ scroll · y copy · Esc back".to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, WIDEST)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![
            Hint::new("↑↓", "scroll", 1),
            Hint::new("y", "copy", 2),
            Hint::new("Esc", "back", 0),
        ]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        match key.key {
            Key::Esc | Key::Enter => return Handled::close(),
            Key::Char('y') => {
                return Handled::Stay(vec![Effect::Copy {
                    what: Copied::Lines,
                    text: SecretString::from(self.requests.join("\n")),
                }]);
            }
            _ => {
                if let Some(mut list) = self.list(state) {
                    list.moves_by_letters(key);
                }
            }
        }
        Handled::stay()
    }

    fn list(&mut self, state: &State) -> Option<ListPlace<'_>> {
        let (last, page) = (self.last(state), page(state));
        Some(ListPlace::new(&mut self.top, last, page))
    }
}

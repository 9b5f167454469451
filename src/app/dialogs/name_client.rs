//! A name for the application of the session under the cursor.

use tui_input::Input;

use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, FieldText, ViewLine, by_size, text_cells};
use crate::app::effect::Effect;
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::update::edit;
use crate::model::text::{cut_end, display_safe};
use crate::store::Row;

const WIDTH: (u16, u16) = (64, 60);
/// The attribute that holds the id of a client that has a name already.
const ID: &str = "client_id";
/// Bytes of a name at most.
const LONGEST: usize = 64;

/// The question.
#[derive(Clone, Debug)]
pub struct NameClient {
    profile: String,
    id: String,
    input: Input,
}

/// The id of the application of a row, and its name if it has one. `None`: the row has no application.
fn client(row: Row<'_>) -> Option<(String, String)> {
    let shown = row.client()?.expose().to_owned();
    let id = row
        .attribute(ID)
        .and_then(|id| id.plain().map(str::to_owned));
    Some(match id {
        Some(id) if id != shown => (id, shown),
        _ => (shown, String::new()),
    })
}

/// True if the row under the cursor has an application.
pub fn has_client(state: &State) -> bool {
    let current = state.results.current();
    current.is_some_and(|(_, row)| row.client().is_some_and(|client| !client.is_empty()))
}

/// Asks for the name.
pub fn open(state: &mut State) -> Vec<Effect> {
    let current = state.results.current();
    let asked = current.and_then(|(_, row)| {
        let (id, name) = client(row)?;
        let profile = state.source(row.source())?.profile.name.clone();
        let input = Input::new(name);
        Some(NameClient { profile, id, input })
    });
    if let Some(asked) = asked {
        state.open(asked);
    }
    Vec::new()
}

impl Dialog for NameClient {
    fn view(&self, state: &State) -> DialogView {
        let width = by_size(state.size, WIDTH);
        let cells = text_cells(state.size, width);
        let id = display_safe(&self.id);
        let id = cut_end(&id, cells.saturating_sub(8), Default::default()).into_owned();
        let place = format!("   Kept under client_names of profile {}.", self.profile);
        let field = FieldText::of(&self.input);
        let room = u16::try_from(cells.saturating_sub(10)).unwrap_or(1);
        let lines = vec![
            ViewLine::default(),
            ViewLine::plain("   ")
                .with("Client  ", Role::Dim)
                .with(id, Role::Text),
            ViewLine::plain("   ")
                .with("Name    ", Role::Dim)
                .with_field(&field, room, true),
            ViewLine::default(),
            ViewLine::default().with(place, Role::Dim),
            ViewLine::default(),
        ];
        DialogView {
            title: "Name this client".to_owned(),
            footer: "Enter keep · an empty name takes it away · Esc".to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, width)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![Hint::enter("keep"), Hint::new("Esc", "cancel", 1)]
    }

    fn key(&mut self, _state: &mut State, key: KeyPress) -> Handled {
        match key.key {
            Key::Esc => Handled::close(),
            Key::Enter => Handled::Close(vec![Effect::NameClient {
                profile: self.profile.clone(),
                id: self.id.clone(),
                name: self.input.value().trim().to_owned(),
            }]),
            Key::Char(c) if self.input.value().len() + c.len_utf8() > LONGEST => Handled::stay(),
            _ => {
                edit::edit(&mut self.input, key);
                Handled::stay()
            }
        }
    }

    fn input(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }
}

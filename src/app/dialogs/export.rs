//! Exporting the rows that are shown: format, fields, and where to.

use strum::IntoEnumIterator;
use tui_input::Input;

use crate::app::dialog::{Dialog, Handled, LockedQuestion, step};
use crate::app::dialog_view::{DialogView, FieldText, ViewLine, by_size, text_cells};
use crate::app::effect::{Copied, Effect};
use crate::app::export::{
    ExportChoice, ExportFailure, ExportFields, ExportFormat, ExportPlace, Exported, ExportedTo, job,
};
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::{Level, State};
use crate::app::update::{edit, message};
use crate::model::text::{display_safe, number_of};

const WIDTH: (u16, u16) = (72, 66);
/// Cells of the names of the choices.
const NAME: usize = 10;

/// A control of the box, from top to bottom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumIter)]
enum Control {
    #[default]
    Format,
    Fields,
    Place,
    Path,
    Cancel,
    Export,
}

/// The box.
#[derive(Clone, Debug)]
pub struct Export {
    format: ExportFormat,
    fields: ExportFields,
    to_clipboard: bool,
    path: Input,
    /// True once the name of the file was typed: it then keeps its ending.
    is_typed: bool,
    /// True if a file of this name is there: one more Enter replaces it.
    replaces: bool,
    focus: Control,
}

/// Opens the box.
pub fn open(state: &mut State) -> Vec<Effect> {
    let format = ExportFormat::default();
    let dialog = Export {
        format,
        fields: ExportFields::default(),
        to_clipboard: false,
        path: Input::new(name(state, format)),
        is_typed: false,
        replaces: false,
        focus: Control::default(),
    };
    state.open(dialog);
    Vec::new()
}

/// Exports at once, into a file of its own name.
pub fn at_once(state: &mut State, format: ExportFormat) -> Vec<Effect> {
    let place = ExportPlace::File {
        path: name(state, format),
        replace: false,
    };
    let fields = ExportFields::default();
    start(
        state,
        ExportChoice {
            format,
            fields,
            place,
        },
    )
}

/// The name of a new file, in UTC: `~/sessions-20261121-140700.csv`.
fn name(state: &State, format: ExportFormat) -> String {
    let at = state.now.format("%Y%m%d-%H%M%S");
    format!("~/sessions-{at}.{}", format.ending())
}

fn start(state: &mut State, choice: ExportChoice) -> Vec<Effect> {
    let rows = number_of(state.results.order.len() as u64, "row");
    state.exports += 1;
    let mut effects = message::say(state, Level::Info, format!("{EXPORTING}{rows} …"));
    effects.push(Effect::Export(Box::new(job(state, choice))));
    effects
}

/// How the message about an export begins that is under way.
const EXPORTING: &str = "exporting ";

/// So many rows are written. Tells it where nothing else is told meanwhile.
pub fn goes_on(state: &mut State, rows: u64) -> Vec<Effect> {
    let message = state.message.as_ref();
    if message.is_some_and(|message| !message.text.starts_with(EXPORTING)) {
        return Vec::new();
    }
    let rows = number_of(rows, "row");
    let text = format!("{EXPORTING}… {rows} so far · Esc stops");
    message::say(state, Level::Info, text)
}

/// Stops the exports that run. `None`: none does.
pub fn stop(state: &mut State) -> Option<Vec<Effect>> {
    if state.exports == 0 {
        return None;
    }
    let mut effects = vec![Effect::StopExports];
    effects.extend(message::say(state, Level::Warn, "stopping the export"));
    Some(effects)
}

/// The rows were exported, or not.
pub fn ended(state: &mut State, result: Result<Exported, ExportFailure>) -> Vec<Effect> {
    state.exports = state.exports.saturating_sub(1);
    match result {
        Ok(Exported { rows, to }) => {
            let rows = number_of(rows, "row");
            match to {
                ExportedTo::File(path) => {
                    let text = format!("{rows} exported to {}", display_safe(&path));
                    message::say(state, Level::Info, text)
                }
                ExportedTo::Text(text) => vec![Effect::Copy {
                    what: Copied::Rows,
                    text,
                }],
            }
        }
        Err(ExportFailure::Other(why)) => message::say(state, Level::Error, why),
        Err(ExportFailure::Exists(choice)) => ask_to_replace(state, choice),
    }
}

/// A file is there: the box comes back and asks, with the focus on Cancel.
fn ask_to_replace(state: &mut State, choice: ExportChoice) -> Vec<Effect> {
    let ExportPlace::File { path, .. } = choice.place else {
        return Vec::new();
    };
    state.message = None;
    state.open(Export {
        format: choice.format,
        fields: choice.fields,
        to_clipboard: false,
        path: Input::new(path),
        is_typed: true,
        replaces: true,
        focus: Control::Cancel,
    });
    Vec::new()
}

impl Export {
    fn choice(&self) -> ExportChoice {
        let path = self.path.value().trim().to_owned();
        ExportChoice {
            format: self.format,
            fields: self.fields,
            place: if self.to_clipboard {
                ExportPlace::Clipboard
            } else {
                ExportPlace::File {
                    path,
                    replace: self.replaces,
                }
            },
        }
    }

    fn controls(&self) -> Vec<Control> {
        let shown = |control: &Control| !(self.to_clipboard && *control == Control::Path);
        Control::iter().filter(shown).collect()
    }

    fn moved(&mut self, by: isize) {
        let controls = self.controls();
        let at = controls.iter().position(|control| *control == self.focus);
        let next = step(at.unwrap_or(0), by, controls.len());
        self.focus = controls.get(next).copied().unwrap_or_default();
    }

    /// Changes the choice that has the focus.
    fn change(&mut self, state: &State, by: isize) {
        match self.focus {
            Control::Format => {
                let formats: Vec<ExportFormat> = ExportFormat::iter().collect();
                let at = formats.iter().position(|format| *format == self.format);
                self.format = formats[step(at.unwrap_or(0), by, formats.len())];
                if !self.is_typed {
                    self.path = Input::new(name(state, self.format));
                }
            }
            Control::Fields => {
                self.fields = match self.fields {
                    ExportFields::Columns => ExportFields::All,
                    ExportFields::All => ExportFields::Columns,
                };
            }
            Control::Place => self.to_clipboard = !self.to_clipboard,
            Control::Path => {}
            Control::Cancel | Control::Export => self.moved(by),
        }
    }

    fn typed(&mut self) {
        self.is_typed = true;
        self.replaces = false;
    }

    fn send(&mut self, state: &mut State) -> Handled {
        if !self.to_clipboard && self.path.value().trim().is_empty() {
            self.focus = Control::Path;
            return Handled::stay();
        }
        Handled::Close(start(state, self.choice()))
    }

    fn line(&self, control: Control, title: &str) -> ViewLine {
        let has_focus = self.focus == control;
        let mark = if has_focus { " > " } else { "   " };
        let role = if has_focus { Role::Title } else { Role::Text };
        ViewLine::plain(mark).with(title, role).to_cell(3 + NAME)
    }

    /// A line with the choices beside each other, the chosen one marked.
    fn choices(&self, control: Control, title: &str, all: &[(String, bool)]) -> ViewLine {
        let mut line = self.line(control, title);
        for (words, is_chosen) in all {
            let (mark, role) = if *is_chosen {
                ("(x) ", Role::Title)
            } else {
                ("( ) ", Role::Text)
            };
            line = line.with(mark, Role::Key).with(format!("{words}  "), role);
        }
        line
    }
}

impl Dialog for Export {
    fn view(&self, state: &State) -> DialogView {
        let width = by_size(state.size, WIDTH);
        let formats: Vec<_> = ExportFormat::iter()
            .map(|format| (format.name().to_owned(), format == self.format))
            .collect();
        let all = self.fields == ExportFields::All;
        let fields = [
            ("columns of the table".to_owned(), !all),
            ("all fields".to_owned(), all),
        ];
        let places = [
            ("file".to_owned(), !self.to_clipboard),
            ("clipboard".to_owned(), self.to_clipboard),
        ];
        let mut lines = vec![
            ViewLine::default(),
            self.choices(Control::Format, "Format", &formats),
            self.choices(Control::Fields, "Fields", &fields),
            self.choices(Control::Place, "To", &places),
        ];
        if self.to_clipboard {
            lines.push(ViewLine::default());
        } else {
            let cells = text_cells(state.size, width).saturating_sub(NAME + 1);
            let field = FieldText::of(&self.path);
            let has_focus = self.focus == Control::Path;
            let line = self.line(Control::Path, "File");
            lines.push(line.with_field(&field, cells as u16, has_focus));
        }
        lines.push(if self.replaces {
            let text = "   ~ A file of this name is there; replace it?";
            ViewLine::default().with(text, Role::Warn)
        } else {
            ViewLine::default()
        });
        let focused = match self.focus {
            Control::Cancel => Some(0),
            Control::Export => Some(1),
            _ => None,
        };
        let verb = if self.replaces { "Replace" } else { "Export" };
        lines.push(ViewLine::default().with_buttons(&["Cancel", verb], &[16, 4], focused));
        let rows = number_of(state.results.order.len() as u64, "row");
        DialogView {
            title: format!("Export {rows}"),
            footer: "Tab next · ←→ change · Enter export · Esc".to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, width)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![
            Hint::new("Tab", "next", 2),
            Hint::new("←→", "change", 3),
            Hint::enter(if self.focus == Control::Cancel {
                "cancel"
            } else {
                "export"
            }),
            Hint::new("Esc", "cancel", 1),
        ]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        match key.key {
            Key::Esc => return Handled::close(),
            Key::Enter if self.focus == Control::Cancel => return Handled::close(),
            Key::Enter => return self.send(state),
            Key::Tab if key.shift => self.moved(-1),
            Key::Tab | Key::Down => self.moved(1),
            Key::Up => self.moved(-1),
            Key::Char('y') if self.replaces && self.focus != Control::Path => {
                return self.send(state);
            }
            _ if self.focus == Control::Path && edit::edit(&mut self.path, key) => self.typed(),
            Key::Left => self.change(state, -1),
            Key::Right | Key::Char(' ') => self.change(state, 1),
            _ => {}
        }
        Handled::stay()
    }

    fn button(&mut self, state: &mut State, number: usize) -> Handled {
        match number {
            0 => Handled::close(),
            _ => self.send(state),
        }
    }

    fn input(&mut self) -> Option<&mut Input> {
        (self.focus == Control::Path).then_some(&mut self.path)
    }

    fn pasted(&mut self) {
        self.typed();
    }

    fn question(&self, _state: &State) -> Option<LockedQuestion> {
        self.replaces.then_some(LockedQuestion {
            typing: self.focus == Control::Path,
            enter_answers: self.focus != Control::Cancel,
            button: 1,
        })
    }
}

//! The search form: a picture of the query language.

use enum_map::{Enum, EnumMap};
use tui_input::Input;

use crate::model::State;

/// A text field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, strum::EnumIter)]
pub enum TextField {
    /// Takes the whole language.
    Text,
    /// Writes `user:…`.
    User,
    /// Writes `client:…`.
    Client,
    /// Writes `created>…`.
    CreatedAfter,
    /// Writes `expires>…`.
    ExpiresAfter,
    /// Writes `expires<…`.
    ExpiresBefore,
}

/// Something in the form that can have the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FormField {
    /// A text field.
    Text(TextField),
    /// The choice of a state.
    State,
    /// `+4 more (F2)`, where the form is folded.
    More,
    /// `[ Search ]`.
    Search,
    /// `[ Clear ]`.
    Clear,
}

/// The states that can be chosen, in the order of the choice. `None`: any.
pub const STATES: [Option<State>; 7] = [
    None,
    Some(State::Active),
    Some(State::Idle),
    Some(State::Expiring),
    Some(State::Expired),
    Some(State::Unauthenticated),
    Some(State::Revoked),
];

/// Why the form cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormError {
    /// The field.
    pub field: FormField,
    /// The mistake, and the text to write instead.
    pub message: String,
}

/// The search form.
#[derive(Clone, Debug)]
pub struct Form {
    /// The texts typed.
    pub inputs: EnumMap<TextField, Input>,
    /// Index into [`STATES`].
    pub state: usize,
    /// The field that has (or will get) the focus.
    pub field: FormField,
    /// True if all fields are shown.
    pub unfolded: bool,
    /// True if the whole text of the field is selected (typing replaces it).
    pub selected: bool,
    /// What would complete the query in the text field; empty: nothing.
    pub ghost: String,
    /// Its mistake.
    pub error: Option<FormError>,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            inputs: EnumMap::default(),
            state: 0,
            field: FormField::Text(TextField::Text),
            unfolded: false,
            selected: false,
            ghost: String::new(),
            error: None,
        }
    }
}

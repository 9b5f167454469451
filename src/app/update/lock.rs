//! The lock on questions that end or change something: what is held, typed ahead or typed into the
//! wrong window answers nothing.
//!
//! A question comes up locked. A key that would answer it while it is locked locks it anew, and so does
//! one that it does not know; after every other key it rests for a moment. So an answer counts only
//! after a pause. The pauses are counted by the runtime, which hands on waiting keys before timers that
//! have run out: a program that was slow takes slow keys for quick ones, never the other way.

use std::any::TypeId;
use std::time::Duration;

use crate::app::action::Action;
use crate::app::dialog::LockedQuestion;
use crate::app::effect::{Effect, Timer};
use crate::app::keymap::{Key, KeyPress};
use crate::app::state::{Lock, State};

/// A question has been read by nobody before it was there for this long.
const OPENED: Duration = Duration::from_millis(150);
/// Two keys that follow each other faster were not both meant.
const REST: Duration = Duration::from_millis(60);
/// After a key that did not count: longer than a held key waits before it repeats (660 ms where that is
/// longest by default, in the X server), and than anybody waits between two letters of a word.
const ASTRAY: Duration = Duration::from_millis(750);
/// For so long the answer to a question that did not come means nothing.
const REFUSED: Duration = Duration::from_secs(1);

/// The identity of a question: its place and its type.
pub type QuestionId = (usize, TypeId);

/// The question on top that is locked at first. `None`: nothing is asked, or nothing hangs on it.
pub fn question(state: &State) -> Option<QuestionId> {
    let top = state.dialogs.last()?;
    top.question(state)?;
    Some((state.dialogs.len(), (**top).type_id()))
}

/// How the question on top is answered.
fn on_top(state: &State) -> Option<LockedQuestion> {
    state.dialogs.last()?.question(state)
}

/// Locks the question that has come to the top since.
pub fn settle(state: &mut State, before: Option<QuestionId>) -> Vec<Effect> {
    let asked = question(state);
    if asked == before {
        return Vec::new();
    }
    if asked.is_some() {
        vec![lock(state, Lock::Shut, OPENED)]
    } else {
        state.lock = Lock::Open;
        Vec::new()
    }
}

/// A key while a question is on top: `answer` does what it means, if it counts.
pub fn press(
    state: &mut State,
    key: KeyPress,
    answer: impl FnOnce(&mut State) -> Vec<Effect>,
) -> Vec<Effect> {
    let before = question(state);
    let was_open = state.lock == Lock::Open;
    let meaning = meaning(state, key);
    if meaning == Meaning::Answers && !was_open {
        return vec![too_soon(state)];
    }
    let mut effects = answer(state);
    if question(state) == before {
        effects.push(match (meaning, was_open) {
            (Meaning::Nothing, _) => lock(state, Lock::Shut, ASTRAY),
            (_, true) => lock(state, Lock::Shut, REST),
            (_, false) => lock(state, Lock::Shut, OPENED),
        });
    }
    effects
}

/// A button was clicked. Says what to do instead where the click does not count.
pub fn click(state: &mut State, button: usize) -> Option<Vec<Effect>> {
    let answers = on_top(state).is_some_and(|question| question.button == button);
    let ignored = answers && state.lock != Lock::Open;
    ignored.then(|| vec![too_soon(state)])
}

/// A Delete, or a `U`, was refused: whoever is used to the question answers it all the same.
pub fn refused(state: &mut State, action: Action) -> Vec<Effect> {
    if !matches!(action, Action::Revoke | Action::RevokeUser) {
        return Vec::new();
    }
    state.refused = true;
    let generation = state.next_gen();
    vec![Effect::After {
        timer: Timer::Refused,
        generation,
        delay: REFUSED,
    }]
}

/// True if it answers a question that was not opened.
pub fn is_answer_to_nothing(state: &State, key: KeyPress) -> bool {
    state.refused && matches!(key.typed(), Some('y' | 'Y' | 'n'))
}

fn too_soon(state: &mut State) -> Effect {
    lock(state, Lock::TooSoon, ASTRAY)
}

fn lock(state: &mut State, lock: Lock, delay: Duration) -> Effect {
    state.lock = lock;
    let generation = state.next_gen();
    Effect::After {
        timer: Timer::Arm,
        generation,
        delay,
    }
}

/// The meaning of a key for the question on top.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// It would answer it.
    Answers,
    /// It moves the focus, is typed into a field, or gives up.
    Known,
    /// The question does not know it.
    Nothing,
}

fn meaning(state: &State, key: KeyPress) -> Meaning {
    let Some(question) = on_top(state) else {
        return Meaning::Nothing;
    };
    match key.key {
        Key::Enter if question.enter_answers => Meaning::Answers,
        Key::Char('y') if key.typed().is_some() && !question.typing => Meaning::Answers,
        _ if question.typing => Meaning::Known,
        Key::Esc | Key::Enter | Key::Tab | Key::Char('n') => Meaning::Known,
        Key::Left | Key::Right | Key::Up | Key::Down => Meaning::Known,
        _ => Meaning::Nothing,
    }
}

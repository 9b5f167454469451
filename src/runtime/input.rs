//! The input of the terminal, as messages: keys, clicks, pasted text, sizes. Everything else is
//! swallowed.

use std::time::{Duration, Instant};

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use crate::app::Msg;
use crate::app::Size;
use crate::app::keymap::{Key, KeyPress};
use crate::app::msg::{Mouse, MouseKind};

/// Two clicks on one cell within this time are a double click.
const DOUBLE_CLICK: Duration = Duration::from_millis(400);
/// The characters of a terminal's late answer follow each other faster than anybody types.
const ANSWER_GAP: Duration = Duration::from_millis(50);

/// Turns events into messages. Time is handed in, on the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    last_click: Option<(Instant, u16, u16)>,
    answer: Option<StrayReply>,
}

/// A terminal's answer that nobody asked for, as far as it has arrived.
#[derive(Clone, Copy, Debug)]
struct StrayReply {
    opener: char,
    seen: usize,
    last: Instant,
}

impl Decoder {
    /// The message of an event. `None`: it means nothing.
    pub(super) fn message(&mut self, event: Event, now: Instant) -> Option<Msg> {
        match event {
            Event::Key(key) => self.key(key, now).map(Msg::Key),
            Event::Mouse(mouse) => self.mouse(mouse, now).map(Msg::Mouse),
            Event::Paste(text) => Some(Msg::Paste(text)),
            Event::Resize(width, height) => Some(Msg::Resize(Size { width, height })),
            Event::FocusGained | Event::FocusLost => None,
        }
    }

    fn key(&mut self, event: KeyEvent, now: Instant) -> Option<KeyPress> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let press = press(event)?;
        (!self.is_answer(press, now)).then_some(press)
    }

    /// True if this is a piece of an answer of the terminal (OSC, DCS, APC), which crossterm reads
    /// as Alt and a character, and then as typing.
    fn is_answer(&mut self, press: KeyPress, now: Instant) -> bool {
        if let (Key::Char(opener @ (']' | 'P' | '_')), true) = (press.key, press.alt) {
            // Bound to nothing, so that swallowing it costs nothing.
            self.answer = Some(StrayReply {
                opener,
                seen: 0,
                last: now,
            });
            return true;
        }
        let Some(answer) = &mut self.answer else {
            return false;
        };
        let in_time = now.duration_since(answer.last) <= ANSWER_GAP;
        let ends = press == KeyPress::ctrl('g')
            || matches!((press.key, press.alt), (Key::Char('\\'), true));
        let fits = match press.key {
            Key::Char(c) => answer.seen > 0 || begins_answer(answer.opener, c),
            _ => false,
        };
        if !in_time || !(fits || ends) {
            self.answer = None;
            return false;
        }
        if ends {
            self.answer = None;
        } else {
            (answer.seen, answer.last) = (answer.seen + 1, now);
        }
        true
    }

    fn mouse(&mut self, event: MouseEvent, now: Instant) -> Option<Mouse> {
        let (x, y) = (event.column, event.row);
        let kind = match event.kind {
            MouseEventKind::Down(MouseButton::Left) => self.click(x, y, now),
            MouseEventKind::Drag(MouseButton::Left) => MouseKind::Drag,
            MouseEventKind::ScrollUp => MouseKind::WheelUp,
            MouseEventKind::ScrollDown => MouseKind::WheelDown,
            _ => return None,
        };
        Some(Mouse { kind, x, y })
    }

    fn click(&mut self, x: u16, y: u16, now: Instant) -> MouseKind {
        let second = self.last_click.take().is_some_and(|(then, at_x, at_y)| {
            (at_x, at_y) == (x, y) && now.duration_since(then) <= DOUBLE_CLICK
        });
        if second {
            return MouseKind::DoubleClick;
        }
        self.last_click = Some((now, x, y));
        MouseKind::Click
    }
}

/// The first character of the answers that terminals give.
fn begins_answer(opener: char, c: char) -> bool {
    match opener {
        ']' => c.is_ascii_digit(),
        'P' => c.is_ascii_digit() || matches!(c, '>' | '!' | '+' | '$'),
        _ => c == 'G',
    }
}

fn press(event: KeyEvent) -> Option<KeyPress> {
    let held = event.modifiers;
    if held.intersects(KeyModifiers::SUPER | KeyModifiers::HYPER | KeyModifiers::META) {
        return None;
    }
    let (key, back_tab) = match event.code {
        KeyCode::Char(c) => (Key::Char(c), false),
        KeyCode::Enter => (Key::Enter, false),
        KeyCode::Esc => (Key::Esc, false),
        KeyCode::Tab => (Key::Tab, false),
        KeyCode::BackTab => (Key::Tab, true),
        KeyCode::Backspace => (Key::Backspace, false),
        KeyCode::Delete => (Key::Delete, false),
        KeyCode::Insert => (Key::Insert, false),
        KeyCode::Home => (Key::Home, false),
        KeyCode::End => (Key::End, false),
        KeyCode::PageUp => (Key::PageUp, false),
        KeyCode::PageDown => (Key::PageDown, false),
        KeyCode::Up => (Key::Up, false),
        KeyCode::Down => (Key::Down, false),
        KeyCode::Left => (Key::Left, false),
        KeyCode::Right => (Key::Right, false),
        KeyCode::F(n) => (Key::F(n), false),
        _ => return None,
    };
    let ctrl = held.contains(KeyModifiers::CONTROL);
    let press = KeyPress {
        key: match key {
            Key::Char(c) if ctrl => Key::Char(c.to_ascii_lowercase()),
            other => other,
        },
        ctrl,
        alt: held.contains(KeyModifiers::ALT),
        shift: back_tab || (held.contains(KeyModifiers::SHIFT) && !matches!(key, Key::Char(_))),
    };
    // Some terminals send 0x08 for Backspace. It is never Delete.
    Some(match press {
        KeyPress {
            key: Key::Char('h'),
            ctrl: true,
            ..
        } => KeyPress {
            key: Key::Backspace,
            ctrl: false,
            ..press
        },
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(code: KeyCode, held: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, held))
    }

    fn pressed(decoder: &mut Decoder, event: Event, now: Instant) -> Option<String> {
        match decoder.message(event, now) {
            Some(Msg::Key(press)) => Some(press.to_string()),
            None => None,
            other => panic!("{other:?} is no key"),
        }
    }

    #[test]
    fn keys_arrive_as_what_they_are() {
        let none = KeyModifiers::NONE;
        let (shift, ctrl, alt) = (
            KeyModifiers::SHIFT,
            KeyModifiers::CONTROL,
            KeyModifiers::ALT,
        );
        let cases = [
            (KeyCode::Char('d'), none, "d"),
            (KeyCode::Char('D'), shift, "D"),
            (KeyCode::Char('ü'), none, "ü"),
            (KeyCode::Char('d'), ctrl, "^D"),
            (KeyCode::Char('D'), ctrl | shift, "^D"),
            (KeyCode::Char('b'), alt, "Alt-b"),
            (KeyCode::Delete, none, "Del"),
            (KeyCode::Backspace, none, "Backspace"),
            (KeyCode::Char('h'), ctrl, "Backspace"),
            (KeyCode::BackTab, shift, "Shift-Tab"),
            (KeyCode::Tab, none, "Tab"),
            (KeyCode::Enter, none, "Enter"),
            (KeyCode::Esc, none, "Esc"),
            (KeyCode::Up, none, "↑"),
            (KeyCode::Down, shift, "Shift-↓"),
            (KeyCode::F(12), none, "F12"),
            (KeyCode::Home, none, "Home"),
            (KeyCode::PageDown, none, "PgDn"),
            (KeyCode::Insert, none, "Ins"),
        ];
        for (code, held, expected) in cases {
            let shown = pressed(&mut Decoder::default(), event(code, held), Instant::now());

            assert_eq!(shown.as_deref(), Some(expected), "{code:?} {held:?}");
        }
    }

    #[test]
    fn releases_and_keys_without_a_meaning_are_swallowed() {
        let released = Event::Key(KeyEvent::new_with_kind(
            KeyCode::Delete,
            KeyModifiers::NONE,
            KeyEventKind::Release,
        ));
        let cases = [
            released,
            event(KeyCode::CapsLock, KeyModifiers::NONE),
            event(KeyCode::Char('q'), KeyModifiers::SUPER),
            Event::FocusGained,
            Event::FocusLost,
        ];
        for case in cases {
            let message = Decoder::default().message(case.clone(), Instant::now());

            assert!(message.is_none(), "{case:?} became {message:?}");
        }
    }

    #[test]
    fn a_held_key_counts_again_and_again() {
        let held = Event::Key(KeyEvent::new_with_kind(
            KeyCode::Down,
            KeyModifiers::NONE,
            KeyEventKind::Repeat,
        ));

        assert_eq!(
            pressed(&mut Decoder::default(), held, Instant::now()).as_deref(),
            Some("↓")
        );
    }

    #[test]
    fn answers_of_the_terminal_are_not_typing() {
        // OSC 11 with BEL, the same with ST, XTVERSION, a kitty graphics answer.
        for answer in [
            "]11;rgb:ffff/ffff/ffff\u{7}",
            "]11;rgb:0000/0000/0000\\",
            "P>|XTerm(390)\\",
            "_Gi=31;OK\\",
        ] {
            let mut decoder = Decoder::default();
            let now = Instant::now();
            let last = answer.chars().count() - 1;

            for (at, c) in answer.chars().enumerate() {
                let (code, held) = match c {
                    '\u{7}' => (KeyCode::Char('g'), KeyModifiers::CONTROL),
                    _ if at == 0 || (at == last && c == '\\') => {
                        (KeyCode::Char(c), KeyModifiers::ALT)
                    }
                    _ => (KeyCode::Char(c), KeyModifiers::NONE),
                };
                assert_eq!(
                    pressed(&mut decoder, event(code, held), now),
                    None,
                    "{c:?} of {answer:?}"
                );
            }
            let after = event(KeyCode::Char('q'), KeyModifiers::NONE);
            assert_eq!(
                pressed(&mut decoder, after, now).as_deref(),
                Some("q"),
                "after {answer:?}"
            );
        }
    }

    #[test]
    fn typing_after_an_alt_chord_is_typing() {
        let start = Instant::now();
        let cases = [
            ("a character that begins no answer", 'q', start),
            (
                "a digit a moment later",
                '1',
                start + Duration::from_millis(80),
            ),
        ];
        for (what, c, at) in cases {
            let mut decoder = Decoder::default();
            decoder.message(event(KeyCode::Char(']'), KeyModifiers::ALT), start);

            let shown = pressed(
                &mut decoder,
                event(KeyCode::Char(c), KeyModifiers::NONE),
                at,
            );

            assert_eq!(shown, Some(c.to_string()), "{what}");
        }
    }

    #[test]
    fn the_second_quick_click_on_a_cell_is_a_double_click() {
        let start = Instant::now();
        let click = |x, y| {
            Event::Mouse(MouseEvent {
                kind: MouseEventKind::Down(MouseButton::Left),
                column: x,
                row: y,
                modifiers: KeyModifiers::NONE,
            })
        };
        let cases = [
            ("quick", (4, 2), 200, MouseKind::DoubleClick),
            ("slow", (4, 2), 401, MouseKind::Click),
            ("elsewhere", (5, 2), 200, MouseKind::Click),
        ];
        for (what, (x, y), later, expected) in cases {
            let mut decoder = Decoder::default();
            decoder.message(click(4, 2), start);

            let message = decoder.message(click(x, y), start + Duration::from_millis(later));

            let Some(Msg::Mouse(mouse)) = message else {
                panic!("{what}: no click")
            };
            assert_eq!(
                mouse,
                Mouse {
                    kind: expected,
                    x,
                    y
                },
                "{what}"
            );
        }
    }

    #[test]
    fn a_third_click_begins_anew() {
        let start = Instant::now();
        let click = MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: 1,
            row: 1,
            modifiers: KeyModifiers::NONE,
        };
        let mut decoder = Decoder::default();

        let kinds = [0, 100, 200].map(|ms| {
            let now = start + Duration::from_millis(ms);
            decoder.mouse(click, now).map(|mouse| mouse.kind)
        });

        assert_eq!(
            kinds,
            [
                Some(MouseKind::Click),
                Some(MouseKind::DoubleClick),
                Some(MouseKind::Click)
            ]
        );
    }

    #[test]
    fn movements_and_other_buttons_are_swallowed() {
        for kind in [
            MouseEventKind::Moved,
            MouseEventKind::Drag(MouseButton::Right),
            MouseEventKind::Up(MouseButton::Left),
            MouseEventKind::Down(MouseButton::Right),
            MouseEventKind::ScrollLeft,
        ] {
            let event = MouseEvent {
                kind,
                column: 0,
                row: 0,
                modifiers: KeyModifiers::NONE,
            };

            assert!(
                Decoder::default()
                    .message(Event::Mouse(event), Instant::now())
                    .is_none()
            );
        }
    }

    #[test]
    fn pasted_text_and_sizes_are_handed_on_whole() {
        let mut decoder = Decoder::default();
        let now = Instant::now();

        let paste = decoder.message(Event::Paste("\u{7f}\ry".into()), now);
        let size = decoder.message(Event::Resize(0, 1), now);

        assert!(matches!(paste, Some(Msg::Paste(text)) if text == "\u{7f}\ry"));
        assert!(matches!(
            size,
            Some(Msg::Resize(Size {
                width: 0,
                height: 1
            }))
        ));
    }
}

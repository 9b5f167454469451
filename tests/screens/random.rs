//! Any state on any screen: nothing panics, and nothing outside of the screen is touched.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use usher::app::hit::{Hit, hit};
use usher::app::keymap::KeyPress;
use usher::app::msg::{Mouse, MouseKind};
use usher::app::{Msg, Size, lay_out};
use usher::ui::draw;

use super::dialogs::job;
use super::*;

const KEYS: [&str; 44] = [
    "tab",
    "shift-tab",
    "1",
    "2",
    "3",
    "/",
    "f2",
    "enter",
    "esc",
    "down",
    "up",
    "left",
    "right",
    "j",
    "k",
    "g",
    "G",
    "pagedown",
    "pageup",
    "delete",
    "U",
    "y",
    "n",
    "s",
    "S",
    "<",
    ">",
    "f",
    "F",
    "&",
    "t",
    "d",
    "J",
    "v",
    "?",
    "ctrl-p",
    "ctrl-n",
    "E",
    "a",
    "x",
    "ü",
    "backspace",
    "ctrl-u",
    "space",
];

/// Screens to begin with.
fn states() -> Vec<State> {
    let mut hostile = Fixture::open();
    let mut people = people();
    people[0].user = "\u{1b}[2J\u{202e}";
    people[1].user = "";
    hostile.load(&people, 40);
    let mut far = Fixture::main().state;
    far.results.top = usize::MAX;
    far.results.scroll = u16::MAX;
    far.details.top = usize::MAX;
    far.details.line = usize::MAX;
    vec![
        Fixture::bare().state,
        Fixture::bare().with(|s| s.open(FirstRun { choice: 9 })),
        Fixture::open().state,
        Fixture::main().state,
        hostile.state,
        far,
        Fixture::main().with(|s| {
            s.open(JobBox(JobId(1)));
            s.jobs.push(job(s));
        }),
    ]
}

fn size() -> impl Strategy<Value = Size> {
    let side = |most| prop_oneof![0..12_u16, 0..most];
    (side(220_u16), side(70_u16)).prop_map(|(width, height)| Size { width, height })
}

/// Draws into a screen with room around it, and looks whether that room stays as it was, and whether the
/// layout is that of the state.
fn drawn_inside(state: &State) -> Result<(), TestCaseError> {
    let mut anew = state.clone();
    lay_out(&mut anew);
    prop_assert!(anew.layout == state.layout, "the layout is an old one");
    let (width, height) = (state.size.width + 7, state.size.height + 5);
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    for cell in &mut buffer.content {
        cell.set_symbol("#");
    }
    let cursor = draw(state, &Theme::default(), &mut buffer);
    for y in 0..height {
        for x in 0..width {
            let outside = x >= state.size.width || y >= state.size.height;
            prop_assert!(
                !outside || buffer[(x, y)].symbol() == "#",
                "{x},{y} is touched"
            );
        }
    }
    if let Some(Position { x, y }) = cursor {
        prop_assert!(
            x < state.size.width && y < state.size.height,
            "cursor at {x},{y}"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_keys_on_any_screen_draw_inside_of_it(
        start in 0..7_usize,
        sizes in prop::collection::vec(size(), 1..4),
        keys in prop::collection::vec(0..KEYS.len(), 0..40),
        ascii in any::<bool>(),
    ) {
        let mut state = states().swap_remove(start);
        state.prefs.ascii = ascii;
        let chunk = keys.len() / sizes.len() + 1;
        for (size, keys) in sizes.iter().zip(keys.chunks(chunk).chain(std::iter::repeat(&[][..]))) {
            update(&mut state, Msg::Resize(*size));
            drawn_inside(&state)?;
            for key in keys {
                let key: KeyPress = KEYS[*key].parse().expect("a key");
                update(&mut state, Msg::Key(key));
            }
            drawn_inside(&state)?;
        }
    }

    #[test]
    fn any_click_on_any_screen_hits_something_or_nothing(
        start in 0..7_usize,
        size in size(),
        keys in prop::collection::vec(0..KEYS.len(), 0..10),
        x in 0..240_u16,
        y in 0..80_u16,
    ) {
        let mut state = states().swap_remove(start);
        update(&mut state, Msg::Resize(size));
        for key in keys {
            update(&mut state, Msg::Key(KEYS[key].parse().expect("a key")));
        }
        if x >= size.width || y >= size.height {
            prop_assert_eq!(hit(&state, Position::new(x, y)), Hit::Nothing);
        }
        for kind in [MouseKind::Click, MouseKind::DoubleClick, MouseKind::WheelDown] {
            update(&mut state, Msg::Mouse(Mouse { kind, x, y }));
        }
        drawn_inside(&state)?;
    }
}

#[test]
fn the_sizes_that_once_were_trouble_draw() {
    for mut state in states() {
        for (width, height) in [
            (0, 0),
            (1, 1),
            (38, 7),
            (40, 10),
            (60, 15),
            (64, 18),
            (140, 20),
            (300, 100),
        ] {
            state.size = Size { width, height };
            lay_out(&mut state);
            drawn_inside(&state).expect("drawn");
        }
    }
}

/// The shortest of several times it takes to draw one frame at 200×60.
fn frame_time(state: &State) -> Duration {
    let theme = Theme::default();
    let mut buffer = Buffer::empty(Rect::new(0, 0, 200, 60));
    (0..15)
        .map(|_| {
            let start = std::time::Instant::now();
            draw(state, &theme, &mut buffer);
            start.elapsed()
        })
        .min()
        .expect("it was drawn")
}

#[test]
fn the_cost_of_a_frame_does_not_depend_on_the_number_of_rows() {
    let of = |count| {
        let mut fixture = Fixture::open();
        fixture.load(&people(), count);
        fixture.with(|state| {
            state.size = Size {
                width: 200,
                height: 60,
            };
            state.focus = Pane::Table;
            state.results.cursor = count / 2;
        })
    };

    let (few, many) = (frame_time(&of(500)), frame_time(&of(50_000)));

    assert!(
        many < few * 3 + Duration::from_millis(2),
        "{few:?} for 500 rows, {many:?} for 50,000"
    );
}

#[test]
fn a_field_of_a_mebibyte_draws_in_normal_time() {
    let long: &'static str = "\u{1b}x".repeat(1 << 19).leak();
    let mut people = people();
    people[0].user = long;
    let mut fixture = Fixture::open();
    fixture.load(&people, 18);
    let state = fixture.with(|state| {
        state.size = Size {
            width: 200,
            height: 60,
        };
        state.focus = Pane::Table;
    });

    let took = frame_time(&state);

    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn what_is_drawn_is_what_is_hit() {
    let mut state = Fixture::main().state;
    state.size = Size {
        width: 80,
        height: 24,
    };
    lay_out(&mut state);

    assert_eq!(hit(&state, Position::new(10, 4)), Hit::Row(0));
    assert_eq!(hit(&state, Position::new(10, 14)), Hit::Row(10));
    assert_eq!(
        hit(&state, Position::new(5, 3)),
        Hit::Column(Field::User.into())
    );
    assert_eq!(
        hit(&state, Position::new(60, 3)),
        Hit::Column(Field::Used.into())
    );
    assert_eq!(hit(&state, Position::new(10, 1)), Hit::Pane(Pane::Search));
    assert_eq!(
        hit(&state, Position::new(75, 1)),
        Hit::Form(FormField::More),
        "F2 form"
    );
    assert_eq!(hit(&state, Position::new(10, 18)), Hit::Pane(Pane::Details));
    assert_eq!(hit(&state, Position::new(10, 0)), Hit::Nothing);

    keys(&mut state, "/");

    assert_eq!(
        hit(&state, Position::new(10, 2)),
        Hit::Form(FormField::Text(TextField::Text))
    );
    assert_eq!(
        hit(&state, Position::new(66, 2)),
        Hit::Form(FormField::More)
    );

    keys(&mut state, "esc");

    keys(&mut state, "delete");

    assert_eq!(
        hit(&state, Position::new(20, 16)),
        Hit::Button(0),
        "[ Cancel ]"
    );
    assert_eq!(
        hit(&state, Position::new(40, 16)),
        Hit::Button(1),
        "[ End session ]"
    );
    assert_eq!(
        hit(&state, Position::new(10, 6)),
        Hit::Nothing,
        "a row behind the dialog"
    );
}

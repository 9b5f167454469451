//! The bytes that are painted, read back by a terminal.

use proptest::prelude::*;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::*;

/// A terminal that reads what is painted.
struct Viewer {
    painter: Painter,
    parser: vt100::Parser,
}

impl Viewer {
    fn new(width: u16, height: u16, grade: Grade) -> Self {
        Self {
            painter: Painter::new(grade),
            parser: vt100::Parser::new(height.try_into().unwrap(), width.try_into().unwrap(), 0),
        }
    }

    /// Paints the picture, checks that it is what the terminal shows, and gives the bytes.
    fn show(&mut self, picture: &Buffer) -> String {
        let mut out = Vec::new();
        self.painter.paint(&mut out, &mut picture.clone());
        self.parser.process(&out);
        let screen = self.parser.screen();
        let mut hidden = 0;
        for (at, cell) in picture.content.iter().enumerate() {
            if hidden > 0 {
                hidden -= 1;
                continue;
            }
            hidden = cell.cell_width().saturating_sub(1);
            let (x, y) = picture.pos_of(at);
            let seen = screen.cell(y, x).unwrap();
            let text = if seen.has_contents() {
                seen.contents()
            } else {
                " "
            };
            assert_eq!(text, cell.symbol(), "at {x},{y} of {picture:?}");
            assert_eq!(seen.bgcolor(), wire(cell.bg), "at {x},{y}");
            if cell.symbol() != " " {
                assert_eq!(seen.fgcolor(), wire(cell.fg), "at {x},{y}");
                assert_eq!(seen.bold(), cell.modifier.contains(Modifier::BOLD));
                assert_eq!(seen.dim(), cell.modifier.contains(Modifier::DIM));
            }
            assert_eq!(seen.inverse(), cell.modifier.contains(Modifier::REVERSED));
            assert_eq!(
                seen.underline(),
                cell.modifier.contains(Modifier::UNDERLINED)
            );
        }
        String::from_utf8(out).unwrap()
    }
}

fn wire(colour: Color) -> vt100::Color {
    match colour {
        Color::Rgb(red, green, blue) => vt100::Color::Rgb(red, green, blue),
        Color::Red => vt100::Color::Idx(1),
        Color::LightBlue => vt100::Color::Idx(12),
        Color::Indexed(number) => vt100::Color::Idx(number),
        _ => vt100::Color::Default,
    }
}

fn picture(lines: &[&str]) -> Buffer {
    Buffer::with_lines(lines.iter().copied())
}

#[test]
fn lines_that_moved_are_moved_by_the_terminal() {
    let line = |number: usize| {
        let word = |place: usize| char::from(b'a' + (number * 7 + place * number) as u8 % 26);
        format!("║ {} ║", (0..40).map(word).collect::<String>())
    };
    let page = |first: usize| {
        let mut lines = vec!["a title that stays where it is".to_owned()];
        lines.extend((first..first + 12).map(line));
        lines.push("a line of hints that stays, too".into());
        Buffer::with_lines(lines)
    };
    for (to, expected) in [
        (101, "\x1b[2;13r\x1b[2H\x1b[1M\x1b[r"),
        (103, "\x1b[2;13r\x1b[2H\x1b[3M\x1b[r"),
        (99, "\x1b[2;13r\x1b[2H\x1b[1L\x1b[r"),
    ] {
        let mut viewer = Viewer::new(44, 14, Grade::Full);
        viewer.show(&page(100));

        let bytes = viewer.show(&page(to));

        assert!(bytes.starts_with(expected), "{bytes:?}");
        assert!(bytes.len() < 250, "{} bytes", bytes.len());
    }
    let mut plain = Viewer::new(44, 14, Grade::Plain);
    plain.show(&page(100));
    assert!(!plain.show(&page(101)).contains("\x1b[r"));
}

#[test]
fn a_few_cells_that_stayed_are_written_again_and_many_are_stepped_over() {
    let mut viewer = Viewer::new(20, 2, Grade::Full);
    let mut show = |line: &str, other: &str| {
        viewer.show(&picture(&[&format!("{line:20}"), &format!("{other:20}")]))
    };
    show("abcdefghijklmnopqrst", "");

    assert_eq!(show("AbcDefghijklmnopqrsT", ""), "\x1b[HAbcD\x1b[15CT");
    assert_eq!(show("Abc", ""), "\x1b[1;4H\x1b[17X");
    assert_eq!(show("bbc", "x"), "\x1b[Hb\r\nx");
}

#[test]
fn the_first_16_colours_are_sent_as_terminals_of_16_know_them() {
    for (sent, ground, expected) in [
        (Color::Red, 30, "31"),
        (Color::Indexed(9), 30, "91"),
        (Color::Indexed(4), 40, "44"),
        (Color::Reset, 30, "39"),
        (Color::White, 40, "107"),
        (Color::Indexed(16), 30, "38;5;16"),
        (Color::Rgb(5, 5, 1), 30, "38;2;5;5;1"),
    ] {
        assert_eq!(colour(sent, ground), expected);
    }
}

#[test]
fn a_style_is_told_once_and_taken_back_at_the_end() {
    let mut viewer = Viewer::new(20, 1, Grade::Full);
    let mut next = picture(&["                    "]);
    viewer.show(&next);
    let style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
    next.set_string(0, 0, "one two", style);
    next.set_string(8, 0, "three", Style::new().fg(Color::Red));

    assert_eq!(
        viewer.show(&next),
        "\x1b[H\x1b[1;31mone two \x1b[0;31mthree\x1b[0m"
    );
    assert_eq!(viewer.show(&next), "");
}

fn style() -> impl Strategy<Value = Style> {
    let colour = prop_oneof![
        Just(Color::Reset),
        Just(Color::Red),
        Just(Color::LightBlue),
        Just(Color::Indexed(200)),
        Just(Color::Rgb(1, 2, 3)),
    ];
    let modifier = prop_oneof![
        Just(Modifier::empty()),
        Just(Modifier::BOLD),
        Just(Modifier::DIM),
        Just(Modifier::REVERSED),
        Just(Modifier::UNDERLINED | Modifier::BOLD),
    ];
    (colour.clone(), colour, modifier)
        .prop_map(|(fg, bg, modifier)| Style::new().fg(fg).bg(bg).add_modifier(modifier))
}

#[derive(Clone, Debug)]
enum Step {
    Write(u16, u16, String, Style),
    Blank(u16, u16, u16),
    Scroll(usize, usize, isize),
    Forget,
}

const WIDTH: u16 = 24;
const HEIGHT: u16 = 9;

/// Terminals differ in what they leave of a half of a wide character whose other half is written over, so
/// that wide ones come without colours.
fn step(is_wide: bool) -> impl Strategy<Value = Step> {
    let (x, y) = (0..WIDTH, 0..HEIGHT);
    let (text, style) = if is_wide {
        ("[a-d …é界]{1,20}", Just(Style::new()).boxed())
    } else {
        ("[a-d …é]{1,20}", style().boxed())
    };
    prop_oneof![
        6 => (x.clone(), y.clone(), text, style)
            .prop_map(|(x, y, text, style)| Step::Write(x, y, text, style)),
        2 => (x, y, 1..WIDTH).prop_map(|(x, y, cells)| Step::Blank(x, y, cells)),
        4 => (0..4_usize, 4..usize::from(HEIGHT), -4..5_isize)
            .prop_map(|(first, last, by)| Step::Scroll(first, last, by)),
        1 => Just(Step::Forget),
    ]
}

fn take(step: &Step, picture: &mut Buffer) {
    match step {
        Step::Write(x, y, text, style) => {
            // The viewer knows only one of bold and dim.
            for at in *x..WIDTH {
                picture[(at, *y)].reset();
            }
            picture.set_string(*x, *y, text, *style);
        }
        Step::Blank(x, y, cells) => {
            for at in *x..(*x + cells).min(WIDTH) {
                picture[(at, *y)].reset();
            }
        }
        Step::Scroll(first, last, by) => {
            let width = usize::from(WIDTH);
            let lines = &mut picture.content[first * width..last * width];
            let cells = by.unsigned_abs() * width;
            if *by > 0 && cells < lines.len() {
                lines.rotate_left(cells);
            } else if cells < lines.len() {
                lines.rotate_right(cells);
            }
        }
        Step::Forget => {}
    }
    // As a picture is: behind a wide character the cell is blank.
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let wide = picture[(x, y)].cell_width() > 1;
            if wide && x + 1 == WIDTH {
                picture[(x, y)].reset();
            } else if wide {
                picture[(x + 1, y)].reset();
            }
        }
    }
}

proptest! {
    #[test]
    fn the_terminal_shows_the_picture_whatever_was_there_before(
        steps in any::<bool>()
            .prop_flat_map(|is_wide| prop::collection::vec((step(is_wide), any::<bool>()), 1..30)),
        is_full in any::<bool>(),
    ) {
        let grade = if is_full { Grade::Full } else { Grade::Plain };
        let mut viewer = Viewer::new(WIDTH, HEIGHT, grade);
        let mut picture = Buffer::empty(Rect::new(0, 0, WIDTH, HEIGHT));
        for (step, is_shown) in steps {
            take(&step, &mut picture);
            if matches!(step, Step::Forget) {
                viewer.painter.forget();
            }
            if is_shown {
                viewer.show(&picture);
            }
        }
        viewer.show(&picture);
    }
}

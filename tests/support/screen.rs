//! A drawn screen as a snapshot: the characters, then a grid of style letters with a legend.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;
use usher::app::msg::Size;
use usher::app::state::State;
use usher::ui::Theme;
use usher::ui::picture::{Picture, picture};

/// Draws a state, compares it with the snapshot of this name and size, and saves it for people to look at.
pub fn check(name: &str, state: &State, sizes: &[(u16, u16)]) {
    check_with(name, state, &Theme::default(), sizes);
}

/// The same in another theme.
pub fn check_with(name: &str, state: &State, theme: &Theme, sizes: &[(u16, u16)]) {
    for (width, height) in sizes.iter().copied() {
        let picture = picture(state, theme, Size { width, height });
        let name = format!("{name}__{width}x{height}");
        save(&name, &picture);
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_snapshot_path("../snapshots");
        settings.bind(|| insta::assert_snapshot!(format!("screen__{name}"), text(&picture)));
    }
}

/// The folder of pictures for people: `target/screens`.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("it is in target")
        .join("screens")
}

fn save(name: &str, picture: &Picture) {
    let folder = folder();
    std::fs::create_dir_all(&folder).expect("target can be written");
    std::fs::write(folder.join(format!("{name}.ansi")), picture.to_ansi()).expect("written");
    std::fs::write(folder.join(format!("{name}.svg")), picture.to_svg()).expect("written");
}

/// Both blocks of a snapshot.
pub fn text(picture: &Picture) -> String {
    let mut letters: BTreeMap<String, char> = BTreeMap::new();
    let (mut signs, mut styles) = (String::new(), String::new());
    let buffer = picture.buffer();
    for y in 0..buffer.area.height {
        let (mut line, mut grid) = (String::new(), String::new());
        let mut x = 0;
        while x < buffer.area.width {
            let cell = &buffer[(x, y)];
            let cells = (cell.symbol().width() as u16).max(1);
            line.push_str(cell.symbol());
            let next = (b'a' + (letters.len() % 26) as u8) as char;
            let letter = match describe(cell.style()) {
                plain if plain.is_empty() => '.',
                style => *letters.entry(style).or_insert(next),
            };
            grid.extend(std::iter::repeat_n(letter, usize::from(cells)));
            x += cells;
        }
        signs.push_str(&format!("|{line}|\n"));
        styles.push_str(&format!("|{grid}|\n"));
    }
    let mut legend: Vec<_> = letters
        .into_iter()
        .map(|(style, letter)| (letter, style))
        .collect();
    legend.sort();
    let legend: String = legend
        .into_iter()
        .map(|(letter, style)| format!("{letter} = {style}\n"))
        .collect();
    let cursor = picture.cursor().map_or("hidden".to_owned(), |at| {
        format!("column {}, row {}", at.x, at.y)
    });
    format!("{signs}cursor: {cursor}\nstyles\n{styles}{legend}")
}

/// A style in words; empty for the plain one.
fn describe(style: Style) -> String {
    let mut words = Vec::new();
    let color = |color: Option<Color>| color.filter(|color| *color != Color::Reset);
    words.extend(color(style.fg).map(|color| color.to_string().to_lowercase()));
    words.extend(color(style.bg).map(|color| format!("on {}", color.to_string().to_lowercase())));
    for (modifier, name) in [
        (Modifier::BOLD, "bold"),
        (Modifier::DIM, "dim"),
        (Modifier::ITALIC, "italic"),
        (Modifier::UNDERLINED, "underline"),
        (Modifier::REVERSED, "reverse"),
        (Modifier::CROSSED_OUT, "crossed-out"),
    ] {
        if style.add_modifier.contains(modifier) {
            words.push(name.to_owned());
        }
    }
    words.join(" ")
}

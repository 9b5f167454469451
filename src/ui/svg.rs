//! A drawn screen as SVG.
//!
//! Every run of text is pinned to its cells and lines are drawn as lines, so that the picture is straight
//! whatever font the reader has.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

use super::drawn::{plain, row};
use super::theme::{index_of, rgb_of};

/// A cell in pixels, the size of the font, and how far its base line is below the top of the cell.
const CELL: (u32, u32) = (9, 19);
const FONT: u32 = 15;
const BASE: u32 = 14;
/// Room around the screen, and the bar of the window above it.
const MARGIN: u32 = 14;
const BAR: u32 = 26;

/// The terminal's own colours in a picture.
struct Window {
    background: &'static str,
    foreground: &'static str,
}

const DARK: Window = Window {
    background: "#16181d",
    foreground: "#d8dbe2",
};
const LIGHT: Window = Window {
    background: "#fbfbfa",
    foreground: "#24262b",
};
const BANNER: &str = "#b3343b";

/// The 16 colours of the picture: readable on its background.
const PALETTE: [&str; 16] = [
    "#16181d", "#f2777a", "#8fc987", "#e6c06a", "#7aa6f0", "#c594d6", "#67c7c9", "#d8dbe2",
    "#868d9b", "#ff8f91", "#a8dfa0", "#f5d58a", "#9bbdf7", "#d8aee6", "#88dcde", "#ffffff",
];

/// Draws the cells, and the cursor if it is on the screen, in a dark or a light window.
pub fn svg(buffer: &Buffer, cursor: Option<Position>, is_light: bool) -> String {
    let window = if is_light { &LIGHT } else { &DARK };
    let (background, foreground) = (window.background, window.foreground);
    let area = buffer.area;
    let (width, height) = (
        u32::from(area.width) * CELL.0 + 2 * MARGIN,
        u32::from(area.height) * CELL.1 + 2 * MARGIN + BAR,
    );
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-size=\"{FONT}\" font-family=\"'DejaVu Sans Mono', \
         'Cascadia Mono', Menlo, Consolas, 'Liberation Mono', 'Noto Sans Mono CJK JP', monospace\">"
    );
    let _ = writeln!(
        out,
        "<rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{background}\" stroke=\"#3a3f4b\"/>"
    );
    for (at, color) in ["#f2777a", "#e6c06a", "#8fc987"].iter().enumerate() {
        let x = MARGIN + 7 + 18 * at as u32;
        let _ = writeln!(
            out,
            "<circle cx=\"{x}\" cy=\"18\" r=\"5\" fill=\"{color}\"/>"
        );
    }
    let _ = writeln!(
        out,
        "<g transform=\"translate({MARGIN} {})\">",
        MARGIN + BAR
    );
    for y in 0..area.height {
        line(
            &mut out,
            window,
            row(buffer, area.y + y),
            u32::from(y) * CELL.1,
        );
    }
    if let Some(Position { x, y }) = cursor {
        let (x, y) = (u32::from(x) * CELL.0, u32::from(y) * CELL.1);
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"2\" height=\"{}\" fill=\"{foreground}\"/>",
            CELL.1
        );
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// A run of text of one style, from a column on.
struct Run {
    x: u16,
    cells: u16,
    text: String,
    style: Style,
}

fn line(out: &mut String, window: &Window, cells: Vec<(u16, &Cell)>, top: u32) {
    for run in backgrounds(window, &cells) {
        let (x, width) = (u32::from(run.x) * CELL.0, u32::from(run.cells) * CELL.0);
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{}\" fill=\"{}\"/>",
            CELL.1, run.text
        );
    }
    for run in runs(&cells) {
        match run.text.chars().next().and_then(border) {
            Some(arms) => lines(out, window, &run, arms, top),
            None => text(out, window, &run, top),
        }
    }
}

type Cells<'a> = [(u16, &'a Cell)];

/// The runs with a background of their own; its colour is in `text`.
fn backgrounds(window: &Window, cells: &Cells<'_>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (x, cell) in cells {
        let style = plain(cell.style());
        let (_, Some(color)) = colors(window, style) else {
            continue;
        };
        let width = (cell.symbol().width() as u16).max(1);
        match runs.last_mut() {
            Some(run) if run.text == color && run.x + run.cells == *x => run.cells += width,
            _ => runs.push(Run {
                x: *x,
                cells: width,
                text: color,
                style,
            }),
        }
    }
    runs
}

/// Text in runs of one style. Borders, wide characters and blanks that nothing is drawn on end a run.
fn runs(cells: &Cells<'_>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut open = false;
    for (x, cell) in cells {
        let style = plain(cell.style());
        let symbol = cell.symbol();
        let width = (symbol.width() as u16).max(1);
        let first = symbol.chars().next().unwrap_or(' ');
        let is_border = border(first).is_some();
        let drawn = style
            .add_modifier
            .intersects(Modifier::UNDERLINED | Modifier::CROSSED_OUT);
        if symbol.trim().is_empty() && !drawn {
            open = false;
            continue;
        }
        match runs.last_mut() {
            Some(run)
                if run.style == style
                    && run.x + run.cells == *x
                    && (if is_border {
                        run.text.starts_with(first)
                    } else {
                        open && width == 1
                    }) =>
            {
                run.text.push_str(symbol);
                run.cells += width;
            }
            _ => runs.push(Run {
                x: *x,
                cells: width,
                text: symbol.to_owned(),
                style,
            }),
        }
        open = !is_border && width == 1 && symbol.is_ascii();
    }
    runs
}

/// Colour of the text, and of what is behind it if that is not the background of the picture.
fn colors(window: &Window, style: Style) -> (String, Option<String>) {
    let text = style
        .fg
        .map_or_else(|| window.foreground.to_owned(), |color| hex(window, color));
    // As a background red is darker, so that white can be read on it.
    let behind = style.bg.map(|color| match color {
        Color::Red => BANNER.to_owned(),
        other => hex(window, other),
    });
    if style.add_modifier.contains(Modifier::REVERSED) {
        (
            behind.unwrap_or_else(|| window.background.to_owned()),
            Some(text),
        )
    } else {
        (text, behind)
    }
}

fn hex(window: &Window, color: Color) -> String {
    let (r, g, b) = match (color, index_of(color)) {
        (Color::Rgb(r, g, b), _) => (r, g, b),
        (_, Some(index @ 0..16)) => return PALETTE[usize::from(index)].to_owned(),
        (_, Some(index)) => rgb_of(index),
        (_, None) => return window.foreground.to_owned(),
    };
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn text(out: &mut String, window: &Window, run: &Run, top: u32) {
    let (color, _) = colors(window, run.style);
    let has = |modifier| run.style.add_modifier.contains(modifier);
    let mut more = String::new();
    if has(Modifier::BOLD) {
        more.push_str(" font-weight=\"bold\"");
    }
    if has(Modifier::ITALIC) {
        more.push_str(" font-style=\"italic\"");
    }
    if has(Modifier::DIM) {
        more.push_str(" opacity=\"0.6\"");
    }
    let (x, width) = (u32::from(run.x) * CELL.0, u32::from(run.cells) * CELL.0);
    if !run.text.trim().is_empty() {
        let _ = writeln!(
            out,
            "<text x=\"{x}\" y=\"{}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" \
             xml:space=\"preserve\" fill=\"{color}\"{more}>{}</text>",
            top + BASE,
            escaped(&run.text)
        );
    }
    for (modifier, below) in [
        (Modifier::UNDERLINED, BASE + 2),
        (Modifier::CROSSED_OUT, BASE - 5),
    ] {
        if has(modifier) {
            let _ = writeln!(
                out,
                "<path d=\"M{x} {}.5h{width}\" stroke=\"{color}\" opacity=\"0.6\"/>",
                top + below
            );
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// How a border sign is drawn: its arms up, right, down, left, and whether its lines are double.
#[derive(Clone, Copy)]
struct Arms {
    up: bool,
    right: bool,
    down: bool,
    left: bool,
    double: bool,
}

fn border(sign: char) -> Option<Arms> {
    let (arms, double) = match sign {
        '─' => ("rl", false),
        '│' => ("ud", false),
        '┌' => ("rd", false),
        '┐' => ("dl", false),
        '└' => ("ur", false),
        '┘' => ("ul", false),
        '═' => ("rl", true),
        '║' => ("ud", true),
        '╔' => ("rd", true),
        '╗' => ("dl", true),
        '╚' => ("ur", true),
        '╝' => ("ul", true),
        _ => return None,
    };
    Some(Arms {
        up: arms.contains('u'),
        right: arms.contains('r'),
        down: arms.contains('d'),
        left: arms.contains('l'),
        double,
    })
}

/// Draws a run of one border sign as lines from edge to edge of its cells.
fn lines(out: &mut String, window: &Window, run: &Run, arms: Arms, top: u32) {
    let (color, _) = colors(window, run.style);
    let (x, y) = (f64::from(u32::from(run.x) * CELL.0), f64::from(top));
    let (width, height) = (f64::from(u32::from(run.cells) * CELL.0), f64::from(CELL.1));
    let (middle_x, middle_y) = (x + f64::from(CELL.0) / 2.0, y + height / 2.0);
    let offsets: &[f64] = if arms.double { &[-1.5, 1.5] } else { &[0.0] };
    let mut path = String::new();
    for offset in offsets {
        // The outer line of a corner is the one away from its arms.
        let (h, v) = match arms {
            Arms {
                right: true,
                left: true,
                ..
            }
            | Arms {
                up: true,
                down: true,
                ..
            } => (*offset, *offset),
            Arms {
                right: true,
                down: true,
                ..
            }
            | Arms {
                left: true,
                up: true,
                ..
            } => (*offset, *offset),
            _ => (*offset, -*offset),
        };
        let line_y = middle_y + h;
        let line_x = middle_x + v;
        if arms.left && arms.right {
            let _ = write!(path, "M{x} {line_y}h{width}");
            continue;
        }
        if arms.up && arms.down {
            let _ = write!(path, "M{line_x} {y}v{height}");
            continue;
        }
        let end_x = if arms.right { x + f64::from(CELL.0) } else { x };
        let end_y = if arms.down { y + height } else { y };
        let _ = write!(path, "M{end_x} {line_y}H{line_x}V{end_y}");
    }
    let _ = writeln!(
        out,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.2\"/>"
    );
}

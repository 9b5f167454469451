//! From the picture on the terminal to the next one, in few bytes.
//!
//! Only cells that differ are written. Lines that moved are moved by the terminal itself: inside a scroll
//! region lines are deleted or inserted, which terminals since the VT102 know (the Linux console knows no
//! other way).

use std::io::Write as _;
use std::mem;
use std::ops::Range;

use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use crate::runtime::modes::Grade;

/// Cells that must be saved by moving lines: the sequences for it have about half as many bytes, and some
/// terminals draw a moved line anew.
const WORTH: i32 = 48;

/// So many lines at most are looked for as moved: a step of the cursor, or of the wheel.
const FARTHEST: usize = 3;

/// A cell that did not change is written again if that is no longer than to step over it.
const BRIDGE: u16 = 4;

/// From so many blank cells on they are erased, not written.
const ERASE: usize = 9;

const VISIBLE_ON_BLANK: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::SLOW_BLINK)
    .union(Modifier::RAPID_BLINK)
    .union(Modifier::CROSSED_OUT);

/// The picture on the terminal.
pub(super) struct Painter {
    grade: Grade,
    /// `None`: nobody knows what is there.
    shown: Option<Buffer>,
}

impl Painter {
    /// For a terminal that understands so much.
    pub(super) fn new(grade: Grade) -> Self {
        Self { grade, shown: None }
    }

    /// Something else may be on the terminal now.
    pub(super) fn forget(&mut self) {
        self.shown = None;
    }

    /// Writes what turns the picture on the terminal into this one: nothing if it is the same. Colours are
    /// the usual ones before and afterwards. `true`: the terminal's cursor was moved. In `next` there is an
    /// older picture then.
    pub(super) fn paint(&mut self, out: &mut Vec<u8>, next: &mut Buffer) -> bool {
        let start = out.len();
        let mut shown = match self.shown.take() {
            Some(shown) if shown.area == next.area => shown,
            _ => {
                out.extend_from_slice(b"\x1b[2J");
                Buffer::empty(next.area)
            }
        };
        let mut lines = differing_lines(&shown, next);
        if self.grade == Grade::Full
            && let Some(moved) = Moved::between(&shown, next, &lines)
        {
            moved.write(out);
            moved.apply(&mut shown);
            lines = differing_lines(&shown, next);
        }
        let (before, after) = (excerpt(&shown, &lines), excerpt(next, &lines));
        let changed: Vec<(u16, u16, &Cell)> = before
            .diff_iter(&after)
            .map(|(x, y, cell)| (x, lines[usize::from(y)], cell))
            .collect();
        let mut pen = Pen::new(out);
        let mut left = changed.as_slice();
        while let [(x, y, cell), rest @ ..] = left {
            pen.go_to(*x, *y, next);
            let blanks = blanks(left);
            if self.grade == Grade::Full && blanks >= ERASE {
                pen.erase(blanks, cell);
                left = left.get(blanks..).unwrap_or_default();
            } else {
                pen.put(cell);
                left = rest;
            }
        }
        pen.lift();
        mem::swap(&mut shown, next);
        self.shown = Some(shown);
        out.len() > start
    }
}

/// How many of the first cells follow each other in a line, and look as if nothing were there.
fn blanks(cells: &[(u16, u16, &Cell)]) -> usize {
    let Some((x, y, _)) = cells.first() else {
        return 0;
    };
    let is_next = |(place, (at, line, cell)): &(usize, &(u16, u16, &Cell))| {
        usize::from(*at) == usize::from(*x) + place && line == y && is_erased(cell)
    };
    cells.iter().enumerate().take_while(is_next).count()
}

/// It looks as an erased cell does.
fn is_erased(cell: &Cell) -> bool {
    cell.symbol() == " " && cell.bg == Color::Reset && !cell.modifier.intersects(VISIBLE_ON_BLANK)
}

/// Lines that stand elsewhere now.
#[derive(Debug, PartialEq, Eq)]
struct Moved {
    /// The lines among which some moved. Those that come in are blank.
    lines: Range<usize>,
    by: usize,
    up: bool,
}

impl Moved {
    /// The lines whose moving saves most. `None`: nothing moved that is worth it. `differing`: the lines that
    /// are not the same.
    fn between(shown: &Buffer, next: &Buffer, differing: &[u16]) -> Option<Self> {
        // What lies above or below all changes stays where it is.
        let (first, last) = (differing.first()?, differing.last()?);
        let lines = usize::from(*first)..usize::from(*last) + 1;
        let width = usize::from(next.area.width).max(1);
        let cells = lines.start * width..lines.end * width;
        let old: Vec<&[Cell]> = shown.content[cells.clone()].chunks(width).collect();
        let new: Vec<&[Cell]> = next.content[cells].chunks(width).collect();
        let stays: Vec<i32> = old.iter().zip(&new).map(|(a, b)| unlike(a, b)).collect();
        if stays.iter().sum::<i32>() <= WORTH {
            return None;
        }
        let fresh: Vec<i32> = new.iter().map(|line| filled(line)).collect();
        let moves = (1..=FARTHEST).flat_map(|by| [(by, true), (by, false)]);
        let best = moves.filter_map(|(by, up)| best(&old, &new, &stays, &fresh, by, up));
        let (saved, mut moved) = best.max_by_key(|(saved, _)| *saved)?;
        moved.lines.start += lines.start;
        moved.lines.end += lines.start;
        (saved > WORTH).then_some(moved)
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (first, last) = (self.lines.start + 1, self.lines.end);
        let what = if self.up { 'M' } else { 'L' };
        let by = self.by;
        write!(
            out,
            "\x1b[{first};{last}r\x1b[{first}H\x1b[{by}{what}\x1b[r"
        )
        .expect(NEVER_FAILS);
    }

    fn apply(&self, shown: &mut Buffer) {
        let width = usize::from(shown.area.width);
        let cells = &mut shown.content[self.lines.start * width..self.lines.end * width];
        let by = self.by * width;
        let came_in = if self.up {
            cells.rotate_left(by);
            cells.len() - by..cells.len()
        } else {
            cells.rotate_right(by);
            0..by
        };
        cells[came_in].fill(Cell::EMPTY);
    }
}

const NEVER_FAILS: &str = "a buffer takes everything";

/// The numbers of the lines that are not the same.
fn differing_lines(shown: &Buffer, next: &Buffer) -> Vec<u16> {
    let width = usize::from(next.area.width).max(1);
    let lines = shown.content.chunks(width).zip(next.content.chunks(width));
    let differing = lines
        .zip(0..)
        .filter(|((a, b), _)| !is_same_line(a, b))
        .map(|(_, line)| line);
    differing.collect()
}

/// These lines of a picture, as a picture.
fn excerpt(of: &Buffer, lines: &[u16]) -> Buffer {
    let width = usize::from(of.area.width);
    let mut content = Vec::with_capacity(lines.len() * width);
    for line in lines {
        let start = usize::from(*line) * width;
        content.extend_from_slice(&of.content[start..start + width]);
    }
    Buffer {
        area: Rect::new(0, 0, of.area.width, lines.len() as u16),
        content,
    }
}

/// They look the same. A frame compares each cell, and most hold one letter.
fn is_same(a: &Cell, b: &Cell) -> bool {
    let is_same_symbol = match (a.symbol().as_bytes(), b.symbol().as_bytes()) {
        ([one], [other]) => one == other,
        (one, other) => one == other,
    };
    is_same_symbol && Ink::of(a) == Ink::of(b)
}

fn is_same_line(a: &[Cell], b: &[Cell]) -> bool {
    a.iter().zip(b).all(|(a, b)| is_same(a, b))
}

fn unlike(a: &[Cell], b: &[Cell]) -> i32 {
    a.iter().zip(b).filter(|(a, b)| !is_same(a, b)).count() as i32
}

fn filled(line: &[Cell]) -> i32 {
    line.iter().filter(|cell| **cell != Cell::EMPTY).count() as i32
}

/// The run of lines that saves most cells when it moves by so many lines, and how many those are. `stays`:
/// cells to write of each line if nothing moves. `fresh`: if it comes in blank.
fn best(
    old: &[&[Cell]],
    new: &[&[Cell]],
    stays: &[i32],
    fresh: &[i32],
    by: usize,
    up: bool,
) -> Option<(i32, Moved)> {
    let height = new.len();
    // Seen from the side that the lines move to, so that one loop does for both.
    let line = |place: usize| if up { place } else { height - 1 - place };
    let mut best: Option<(i32, Range<usize>)> = None;
    let (mut first, mut saved) = (0, 0);
    for place in 0..height.checked_sub(by)? {
        if saved <= 0 {
            (first, saved) = (place, 0);
        }
        // Most lines differ in their first cells from the lines beside them.
        let most = saved + stays[line(place)];
        let cells = old[line(place + by)].iter().zip(new[line(place)]);
        let unlike = cells
            .filter(|(a, b)| !is_same(a, b))
            .take(most.max(0) as usize);
        saved = most - unlike.count() as i32;
        if saved <= 0 {
            continue;
        }
        let blank = place + 1..=place + by;
        let more: i32 = blank.map(|at| stays[line(at)] - fresh[line(at)]).sum();
        if best.as_ref().is_none_or(|(most, _)| saved + more > *most) {
            best = Some((saved + more, first..place + by + 1));
        }
    }
    let (saved, places) = best?;
    let lines = if up {
        places
    } else {
        height - places.end..height - places.start
    };
    Some((saved, Moved { lines, by, up }))
}

/// Where and how the terminal would write the next character.
struct Pen<'a> {
    out: &'a mut Vec<u8>,
    /// `None`: nobody knows.
    at: Option<(u16, u16)>,
    /// All since the last place that was told has the same width everywhere.
    is_sure: bool,
    ink: Ink,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ink {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Ink {
    const USUAL: Self = Self {
        fg: Color::Reset,
        bg: Color::Reset,
        modifier: Modifier::empty(),
    };

    fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        }
    }

    /// The ink for this cell. On a blank one most of it is not seen, so that it stays.
    fn for_cell(self, cell: &Cell) -> Self {
        let of_cell = Self::of(cell);
        let is_seen =
            cell.symbol() != " " || (self.modifier | of_cell.modifier).intersects(VISIBLE_ON_BLANK);
        if is_seen {
            of_cell
        } else {
            Self {
                bg: of_cell.bg,
                ..self
            }
        }
    }
}

impl<'a> Pen<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            at: None,
            is_sure: false,
            ink: Ink::USUAL,
        }
    }

    /// To the place of the next cell, in the cheapest way.
    fn go_to(&mut self, x: u16, y: u16, next: &Buffer) {
        match self.at {
            Some(at) if at == (x, y) => {}
            Some((from, line)) if self.is_sure && line == y && from < x => {
                let gap = (from..x).filter_map(|at| next.cell((at, y)));
                if x - from <= BRIDGE && gap.clone().all(|cell| self.is_written_at_once(cell)) {
                    gap.for_each(|cell| self.put(cell));
                } else if x - from == 1 {
                    self.out.extend_from_slice(b"\x1b[C");
                } else {
                    write!(self.out, "\x1b[{}C", x - from).expect(NEVER_FAILS);
                }
            }
            Some((_, line)) if self.is_sure && x == 0 && y == line + 1 => {
                self.out.extend_from_slice(b"\r\n");
            }
            _ => {
                let told = match (x, y) {
                    (0, 0) => write!(self.out, "\x1b[H"),
                    (0, _) => write!(self.out, "\x1b[{}H", y + 1),
                    _ => write!(self.out, "\x1b[{};{}H", y + 1, x + 1),
                };
                told.expect(NEVER_FAILS);
                self.is_sure = true;
            }
        }
        self.at = Some((x, y));
    }

    /// One byte is all that this cell needs now.
    fn is_written_at_once(&self, cell: &Cell) -> bool {
        cell.symbol().len() == 1 && self.ink.for_cell(cell) == self.ink
    }

    fn put(&mut self, cell: &Cell) {
        self.take(self.ink.for_cell(cell));
        let symbol = cell.symbol();
        self.out.extend_from_slice(symbol.as_bytes());
        self.is_sure &= symbol.is_ascii();
        // Terminals do not agree how far a wide character moves the cursor.
        self.at = self.at.filter(|_| cell.cell_width() == 1);
        if let Some((x, _)) = &mut self.at {
            *x += 1;
        }
    }

    /// Erases cells from here on, with the background of this one.
    fn erase(&mut self, cells: usize, like: &Cell) {
        self.take(self.ink.for_cell(like));
        write!(self.out, "\x1b[{cells}X").expect(NEVER_FAILS);
    }

    fn take(&mut self, ink: Ink) {
        if ink == self.ink {
            return;
        }
        if ink == Ink::USUAL {
            return self.lift();
        }
        let mut before = self.ink;
        self.ink = ink;
        self.out.extend_from_slice(b"\x1b[");
        let mut is_first = true;
        let mut number = |out: &mut Vec<u8>, number: &str| {
            if !mem::take(&mut is_first) {
                out.push(b';');
            }
            out.extend_from_slice(number.as_bytes());
        };
        if !ink.modifier.contains(before.modifier) {
            number(self.out, "0");
            before = Ink::USUAL;
        }
        for (modifier, code) in MODIFIERS {
            if (ink.modifier - before.modifier).contains(modifier) {
                number(self.out, code);
            }
        }
        if ink.fg != before.fg {
            number(self.out, &colour(ink.fg, 30));
        }
        if ink.bg != before.bg {
            number(self.out, &colour(ink.bg, 40));
        }
        self.out.push(b'm');
    }

    /// The usual colours for whatever comes next.
    fn lift(&mut self) {
        if self.ink != Ink::USUAL {
            self.ink = Ink::USUAL;
            self.out.extend_from_slice(b"\x1b[0m");
        }
    }
}

const MODIFIERS: [(Modifier, &str); 9] = [
    (Modifier::BOLD, "1"),
    (Modifier::DIM, "2"),
    (Modifier::ITALIC, "3"),
    (Modifier::UNDERLINED, "4"),
    (Modifier::SLOW_BLINK, "5"),
    (Modifier::RAPID_BLINK, "6"),
    (Modifier::REVERSED, "7"),
    (Modifier::HIDDEN, "8"),
    (Modifier::CROSSED_OUT, "9"),
];

/// The numbers of a colour; `ground` is 30 for the text and 40 behind it. The first 16 have numbers of their
/// own: a terminal of 8 or 16 colours need not know `38;5` (`30` to `47` are ECMA-48, `90` to `107` those of
/// aixterm).
fn colour(colour: Color, ground: u8) -> String {
    let number = match colour {
        Color::Reset => return (ground + 9).to_string(),
        Color::Rgb(red, green, blue) => return format!("{};2;{red};{green};{blue}", ground + 8),
        Color::Indexed(number) => number,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    match number {
        0..8 => (ground + number).to_string(),
        8..16 => (ground + 60 + number - 8).to_string(),
        _ => format!("{};5;{number}", ground + 8),
    }
}

#[cfg(test)]
mod tests;

//! Every screen can be read with the palettes that people put under the 16 colours of their terminal.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};
use usher::app::msg::Size;
use usher::ui::picture::picture;

use super::*;

/// Red, green and blue.
type Rgb = (u8, u8, u8);

/// A terminal's own colours.
#[derive(Clone, Copy)]
struct Palette {
    name: &'static str,
    foreground: u32,
    background: u32,
    /// Black to white, then the bright ones.
    colors: [u32; 16],
}

const SOLARIZED: [u32; 16] = [
    0x07_3642, 0xdc_322f, 0x85_9900, 0xb5_8900, 0x26_8bd2, 0xd3_3682, 0x2a_a198, 0xee_e8d5,
    0x00_2b36, 0xcb_4b16, 0x58_6e75, 0x65_7b83, 0x83_9496, 0x6c_71c4, 0x93_a1a1, 0xfd_f6e3,
];

const PALETTES: [Palette; 5] = [
    Palette {
        name: "Solarized dark",
        foreground: 0x83_9496,
        background: 0x00_2b36,
        colors: SOLARIZED,
    },
    Palette {
        name: "Solarized light",
        foreground: 0x65_7b83,
        background: 0xfd_f6e3,
        colors: SOLARIZED,
    },
    Palette {
        name: "xterm on white",
        foreground: 0,
        background: 0xff_ffff,
        colors: [
            0x00_0000, 0xcd_0000, 0x00_cd00, 0xcd_cd00, 0x00_00ee, 0xcd_00cd, 0x00_cdcd, 0xe5_e5e5,
            0x7f_7f7f, 0xff_0000, 0x00_ff00, 0xff_ff00, 0x5c_5cff, 0xff_00ff, 0x00_ffff, 0xff_ffff,
        ],
    },
    Palette {
        name: "GNOME",
        foreground: 0xd0_cfcc,
        background: 0x17_1421,
        colors: [
            0x17_1421, 0xc0_1c28, 0x26_a269, 0xa2_734c, 0x12_488b, 0xa3_47ba, 0x2a_a1b3, 0xd0_cfcc,
            0x5e_5c64, 0xf6_6151, 0x33_d17a, 0xe9_ad0c, 0x2a_7bde, 0xc0_61cb, 0x33_c7de, 0xff_ffff,
        ],
    },
    Palette {
        name: "Linux console",
        foreground: 0xaa_aaaa,
        background: 0,
        colors: [
            0x00_0000, 0xaa_0000, 0x00_aa00, 0xaa_5500, 0x00_00aa, 0xaa_00aa, 0x00_aaaa, 0xaa_aaaa,
            0x55_5555, 0xff_5555, 0x55_ff55, 0xff_ff55, 0x55_55ff, 0xff_55ff, 0x55_ffff, 0xff_ffff,
        ],
    },
];

/// A window in the dark grey of many editors and terminals.
const DARK_GREY: Palette = Palette {
    name: "dark grey",
    foreground: 0xd4_d4d4,
    background: 0x1e_1e1e,
    ..PALETTES[4]
};

/// The terminals that each theme is for. Some count on colours that a palette may have replaced, or on one kind
/// of background.
fn terminals() -> [(&'static str, Vec<Palette>); 6] {
    let [_, solarized_light, white, gnome, console] = PALETTES;
    let dark = vec![DARK_GREY, gnome, console];
    [
        ("auto", PALETTES.to_vec()),
        ("mono", PALETTES.to_vec()),
        ("dark", dark.clone()),
        ("light", vec![white, solarized_light]),
        ("high-contrast", vec![white, DARK_GREY, gnome, console]),
        ("colour-blind", dark),
    ]
}

/// What text needs; what borders need; and what SGR dim leaves of it, which the terminal draws as it likes:
/// here two parts of the text's colour and one of the background's.
const TEXT: f64 = 4.5;
const BORDER: f64 = 2.0;
const DIM: f64 = 2.3;
/// Where a palette's own text has less than that (Solarized light has 4.1), text of ours may have this part
/// of it.
const OF_OWN: f64 = 0.85;

fn rgb(number: u32) -> Rgb {
    let [_, r, g, b] = number.to_be_bytes();
    (r, g, b)
}

impl Palette {
    fn color(&self, color: Color, default: u32) -> Rgb {
        const NAMED: [Color; 16] = [
            Color::Black,
            Color::Red,
            Color::Green,
            Color::Yellow,
            Color::Blue,
            Color::Magenta,
            Color::Cyan,
            Color::Gray,
            Color::DarkGray,
            Color::LightRed,
            Color::LightGreen,
            Color::LightYellow,
            Color::LightBlue,
            Color::LightMagenta,
            Color::LightCyan,
            Color::White,
        ];
        match color {
            Color::Reset => rgb(default),
            Color::Rgb(r, g, b) => (r, g, b),
            Color::Indexed(number) => self.indexed(number),
            named => {
                let at = NAMED.iter().position(|known| *known == named);
                rgb(self.colors[at.expect("one of the 16")])
            }
        }
    }

    /// One of the 256 colours: those of the palette, then a cube of six steps a side, then 24 greys.
    fn indexed(&self, number: u8) -> Rgb {
        let step = |level: u8| if level == 0 { 0 } else { 55 + 40 * level };
        match number {
            0..=15 => rgb(self.colors[usize::from(number)]),
            16..=231 => {
                let at = number - 16;
                (step(at / 36), step(at / 6 % 6), step(at % 6))
            }
            232.. => {
                let grey = 8 + 10 * (number - 232);
                (grey, grey, grey)
            }
        }
    }

    /// The contrast of a cell, and what it needs.
    fn contrast(&self, cell: &Cell) -> (f64, f64) {
        let mut text = self.color(cell.fg, self.foreground);
        let mut behind = self.color(cell.bg, self.background);
        if cell.modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut text, &mut behind);
        }
        let dim = cell.modifier.contains(Modifier::DIM);
        if dim {
            let mix = |text: u8, behind: u8| ((2 * u16::from(text) + u16::from(behind)) / 3) as u8;
            text = (
                mix(text.0, behind.0),
                mix(text.1, behind.1),
                mix(text.2, behind.2),
            );
        }
        let own = ratio(rgb(self.foreground), rgb(self.background));
        let sign = cell.symbol().chars().next().unwrap_or(' ');
        let needed = match sign {
            '\u{2500}'..='\u{259f}' | '=' | '#' => BORDER,
            _ if dim => DIM,
            _ => TEXT.min(OF_OWN * own),
        };
        (ratio(text, behind), needed)
    }
}

/// The contrast ratio of WCAG 2: 1 to 21.
fn ratio(one: Rgb, other: Rgb) -> f64 {
    let part = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.039_28 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    let light = |(r, g, b): Rgb| 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    let (one, other) = (light(one), light(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Screens with every role in them.
fn screens() -> Vec<(&'static str, State)> {
    let opened = |names: &str| {
        Fixture::main().with(|state| {
            state.size = Size {
                width: 120,
                height: 40,
            };
            usher::app::lay_out(state);
            keys(state, names);
        })
    };
    let with = |change: fn(&mut State)| Fixture::main().with(change);
    vec![
        ("main", opened("down")),
        ("form", opened("/ j d o e f2")),
        ("details", opened("enter down")),
        ("filter", opened("& a")),
        ("help", opened("?")),
        ("commands", opened(":")),
        ("question", opened("delete")),
        ("question for all", opened("U")),
        ("profiles", opened("ctrl-p")),
        (
            "production",
            with(|state| state.sources[0].profile.policy.production = true),
        ),
        (
            "read-only",
            with(|state| state.sources[0].profile.policy.read_only = true),
        ),
        (
            "statuses",
            with(|state| {
                let all = [
                    RowStatus::Revoking,
                    RowStatus::Revoked,
                    RowStatus::Unknown("timeout".to_owned()),
                    RowStatus::Failed("no".to_owned()),
                ];
                for (row, status) in (0..).zip(all) {
                    state.results.statuses.insert(RowId(row), status);
                }
            }),
        ),
        (
            "error",
            with(|state| {
                state.message = Some(Message {
                    level: Level::Error,
                    passes: false,
                    text: "401: token expired".to_owned(),
                });
            }),
        ),
    ]
}

#[test]
fn every_text_can_be_read_with_the_palettes_of_other_terminals() {
    let size = Size {
        width: 120,
        height: 40,
    };
    let mut weak = Vec::new();
    for (theme, palettes) in terminals() {
        for (screen, state) in screens() {
            let drawn = picture(&state, &Theme::built_in(theme), size);
            for palette in &palettes {
                let cells = drawn.buffer().content().iter();
                for cell in cells.filter(|cell| !cell.symbol().trim().is_empty()) {
                    let (ratio, needed) = palette.contrast(cell);
                    if ratio < needed {
                        weak.push(format!(
                            "{theme}, {screen}, {}: {:?} has {ratio:.1} of {needed:.1}",
                            palette.name,
                            (cell.symbol(), cell.style())
                        ));
                    }
                }
            }
        }
    }
    weak.sort();
    weak.dedup_by_key(|line| line.split('(').next().map(str::to_owned));
    weak.truncate(60);
    assert!(weak.is_empty(), "{}", weak.join("\n"));
}

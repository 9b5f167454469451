//! Copying: by the multiplexer, by a program of the desktop, or by the terminal itself (OSC 52), which
//! works over ssh too.
//!
//! Copying. Every text is cleaned here, whoever asks: it may end up in a shell. Only here and in
//! `editor.rs` is another program started, and it gets the text on its standard input only.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use zeroize::Zeroizing;

use crate::app::effect::Copied;
use crate::model::text::{paste_safe, paste_safe_json};

/// The longest copy that terminals take, in bytes: xterm's limit of 100,000 less some for the
/// sequence.
const LONGEST: usize = 74_000;
/// How long another program may take to read a text.
const PATIENCE: Duration = Duration::from_secs(2);
/// GNU screen 4 takes strings of 768 bytes, its own marks included.
const SCREEN_PIECE: usize = 512;

/// Another program that takes a copy on its standard input.
pub(super) type Tool = &'static [&'static str];

const TMUX: [Tool; 2] = [
    // -w hands it on to the terminal outside; tmux before 3.2 does not know it.
    &["tmux", "load-buffer", "-w", "-"],
    &["tmux", "load-buffer", "-"],
];
const WAYLAND: [Tool; 1] = [&["wl-copy"]];
const X11: [Tool; 2] = [
    &["xclip", "-selection", "clipboard"],
    &["xsel", "--clipboard", "--input"],
];
const MACOS: [Tool; 1] = [&["pbcopy"]];

/// How a copy leaves this terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ways {
    /// Programs, tried in this order until one takes it.
    pub(super) tools: Vec<Tool>,
    /// True if they keep it in a buffer of tmux.
    pub(super) is_tmux: bool,
    /// The sequence for the terminal. `None`: it takes none.
    pub(super) terminal: Option<Wrapping>,
}

/// How a sequence gets past what stands between usher and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrapping {
    /// Nothing does.
    Plain,
    /// GNU screen, which hands on what stands in a device control string.
    Screen,
}

impl Ways {
    /// The ways of this process's terminal.
    pub(super) fn here() -> Self {
        Self::of(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
    }

    fn of(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let is_set = |name| variable(name).is_some();
        let term = variable("TERM").unwrap_or_default();
        let takes_sequence = super::modes::Grade::of(&term) == super::modes::Grade::Full
            && term != OsStr::new("linux");
        if is_set("TMUX") {
            return Self {
                tools: TMUX.to_vec(),
                is_tmux: true,
                terminal: None,
            };
        }
        let mut tools = Vec::new();
        if is_set("WAYLAND_DISPLAY") {
            tools.extend(WAYLAND);
        }
        if is_set("DISPLAY") {
            tools.extend(X11);
        }
        // Over ssh it would be the clipboard of the machine far away.
        if cfg!(target_os = "macos") && !is_set("SSH_CONNECTION") {
            tools.extend(MACOS);
        }
        let terminal = match (is_set("STY"), takes_sequence) {
            (true, _) => Some(Wrapping::Screen),
            (false, true) => Some(Wrapping::Plain),
            (false, false) => None,
        };
        Self {
            tools,
            is_tmux: false,
            terminal,
        }
    }
}

/// A text cleaned for a copy, and whether something had to be left out.
pub(super) struct Clean {
    text: Zeroizing<String>,
    changed: bool,
}

/// The text as it may be pasted anywhere.
pub(super) fn clean(what: Copied, text: &SecretString) -> Clean {
    let text = text.expose_secret();
    let clean = match what {
        Copied::Row | Copied::Record => paste_safe_json(text),
        // Its lines are clean already, and each one is a row.
        Copied::Rows | Copied::Lines => {
            let lines: Vec<_> = text.lines().map(paste_safe).collect();
            lines.join("\n").into()
        }
        _ => paste_safe(text),
    };
    Clean {
        // In JSON the value is still the same, and rows lose nothing but the end of the last line.
        changed: !matches!(
            what,
            Copied::Row | Copied::Record | Copied::Rows | Copied::Lines
        ) && clean != text,
        text: Zeroizing::new(clean.into_owned()),
    }
}

/// The message about a copy that went `where_to`: "session id copied (a secret)".
pub(super) fn told(what: Copied, where_to: &str, clean: &Clean) -> String {
    let left_out = if clean.changed {
        "; line breaks and control characters left out"
    } else {
        ""
    };
    format!("{} {where_to}{}{left_out}", what.noun(), what.note())
}

/// Where the terminal's own sequence sends it. Whether it arrives is not answered.
pub(super) const TO_TERMINAL: &str = "copied";

/// The bytes that put this text into the clipboard of the terminal.
///
/// # Errors
/// One line for people, if it is more than a terminal takes.
pub(super) fn sequence(clean: &Clean, wrapping: Wrapping) -> Result<Zeroizing<Vec<u8>>, String> {
    let text = clean.text.as_str();
    if text.len() > LONGEST {
        return Err("too much for the clipboard of a terminal; nothing was copied".into());
    }
    // Not base64 -> String -> format!: each step would leave a copy of what may be a secret.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 3 * 4 + 16));
    bytes.extend_from_slice(b"\x1b]52;c;");
    let start = bytes.len();
    let needed = text.len().div_ceil(3) * 4;
    bytes.resize(start + needed, 0);
    let written = STANDARD
        .encode_slice(text, &mut bytes[start..])
        .expect("the room was counted");
    bytes.truncate(start + written);
    match wrapping {
        Wrapping::Plain => bytes.extend_from_slice(b"\x1b\\"),
        Wrapping::Screen => {
            // Its strings end with ESC \, so the sequence inside ends with BEL.
            bytes.push(0x07);
            let pieces = bytes.chunks(SCREEN_PIECE).count();
            let mut wrapped = Zeroizing::new(Vec::with_capacity(bytes.len() + pieces * 4));
            for piece in bytes.chunks(SCREEN_PIECE) {
                wrapped.extend_from_slice(b"\x1bP");
                wrapped.extend_from_slice(piece);
                wrapped.extend_from_slice(b"\x1b\\");
            }
            bytes = wrapped;
        }
    }
    Ok(bytes)
}

/// Gives the text to the first of these programs that is there and takes it. No shell, the text on
/// standard input only, and an environment without `hidden` variables. May be dropped at any time,
/// which ends the program.
///
/// # Errors
/// One line for people: none of them is there, or each failed.
pub(super) async fn run(tools: &[Tool], clean: &Clean, hidden: &[OsString]) -> Result<(), String> {
    let mut failed = None;
    for tool in tools {
        let name = tool.first().copied().unwrap_or_default();
        let why = match tokio::time::timeout(PATIENCE, hand_over(tool, &clean.text, hidden)).await {
            Ok(Ok(status)) if status.success() => return Ok(()),
            Ok(Ok(status)) => format!("{name} failed ({status})"),
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => continue,
            Ok(Err(error)) => format!("cannot start {name}: {error}"),
            Err(_) => format!("{name} did not take it within {} s", PATIENCE.as_secs()),
        };
        failed = Some(why);
    }
    Err(failed.unwrap_or_else(|| {
        let names: Vec<_> = tools.iter().filter_map(|tool| tool.first()).collect();
        format!("{} is not installed", names.first().copied().unwrap_or(&""))
    }))
}

async fn hand_over(tool: Tool, text: &str, hidden: &[OsString]) -> io::Result<ExitStatus> {
    let (program, arguments) = tool
        .split_first()
        .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        // Programs of the desktop stay behind to serve the copy; nothing is awaited from them.
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    for name in hidden {
        command.env_remove(name);
    }
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        match stdin.write_all(text.as_bytes()).await {
            // Its exit code says why it did not read.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            other => other?,
        }
        drop(stdin);
    }
    child.wait().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> Clean {
        clean(Copied::Value, &SecretString::from(text))
    }

    #[test]
    fn text_of_any_length_is_encoded_whole() {
        for (text, expected) in [
            ("", ""),
            ("a", "YQ=="),
            ("ab", "YWI="),
            ("abc", "YWJj"),
            ("ü", "w7w="),
        ] {
            let bytes = sequence(&cleaned(text), Wrapping::Plain).unwrap();

            assert_eq!(
                String::from_utf8(bytes.to_vec()).unwrap(),
                format!("\x1b]52;c;{expected}\x1b\\")
            );
        }
    }

    #[test]
    fn screen_gets_pieces_that_it_hands_on_whole() {
        let text = "x".repeat(3_000);

        let wrapped = sequence(&cleaned(&text), Wrapping::Screen).unwrap();
        let wrapped = String::from_utf8(wrapped.to_vec()).unwrap();

        let pieces: Vec<&str> = wrapped.split_terminator("\x1b\\").collect();
        assert!(pieces.len() > 1);
        let mut inside = String::new();
        for piece in pieces {
            assert!(piece.len() <= 768 - 2);
            inside.push_str(piece.strip_prefix("\x1bP").unwrap());
        }
        let plain = sequence(&cleaned(&text), Wrapping::Plain).unwrap();
        let plain = String::from_utf8(plain.to_vec()).unwrap();
        assert_eq!(inside, plain.replace("\x1b\\", "\x07"));
    }

    #[test]
    fn more_than_a_terminal_takes_is_refused() {
        let long = |bytes| cleaned(&"x".repeat(bytes));
        assert!(sequence(&long(LONGEST), Wrapping::Plain).is_ok());
        assert!(sequence(&long(LONGEST + 1), Wrapping::Plain).is_err());
    }

    #[test]
    fn the_way_of_a_copy_follows_what_stands_around_the_screen() {
        let names = |ways: &Ways| -> Vec<&str> { ways.tools.iter().map(|tool| tool[0]).collect() };
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], Option<Wrapping>);
        let cases: [Case<'_>; 7] = [
            (&[("TERM", "xterm-256color")], &[], Some(Wrapping::Plain)),
            (
                &[
                    ("TERM", "tmux-256color"),
                    ("TMUX", "/tmp/t,1,0"),
                    ("DISPLAY", ":0"),
                ],
                &["tmux", "tmux"],
                None,
            ),
            (
                &[("TERM", "screen"), ("STY", "1.pts")],
                &[],
                Some(Wrapping::Screen),
            ),
            (&[("TERM", "linux")], &[], None),
            (&[("TERM", "vt100")], &[], None),
            (
                &[("TERM", "linux"), ("WAYLAND_DISPLAY", "wayland-0")],
                &["wl-copy"],
                None,
            ),
            (
                &[("TERM", "xterm"), ("DISPLAY", ":0")],
                &["xclip", "xsel"],
                Some(Wrapping::Plain),
            ),
        ];
        for (set, tools, terminal) in cases {
            let ways = Ways::of(|name| {
                let found = set.iter().find(|(n, _)| *n == name);
                found.map(|(_, value)| (*value).into())
            });

            let found = names(&ways);
            let found: Vec<&str> = found.into_iter().filter(|name| *name != "pbcopy").collect();
            assert_eq!(
                (found.as_slice(), ways.terminal),
                (tools, terminal),
                "{set:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_or_fails_is_told() {
        let text = cleaned("x");

        let missing = run(&[&["usher-no-such-program"]], &text, &[]).await;
        let failing = run(&[&["false"]], &text, &[]).await;
        let second = run(&[&["usher-no-such-program"], &["cat"]], &text, &[]).await;

        assert_eq!(
            missing.unwrap_err(),
            "usher-no-such-program is not installed"
        );
        assert!(failing.unwrap_err().starts_with("false failed"));
        assert_eq!(second, Ok(()));
    }
}

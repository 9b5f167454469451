//! Where there is no terminal to draw on, it says so and does not start.

use crate::pty::{Pty, command};
use crate::{USHER, Usher};

const HINT: &str = "not a terminal; try `usher list`";

#[test]
fn f_tty_06_without_a_terminal_it_refuses_with_one_line() {
    let cases = [
        ("</dev/null", true),
        (">out", true),
        ("</dev/null >out", true),
        ("</dev/null >out 2>err", true),
        ("</dev/null 2>err", true),
        (">out 2>err", true),
        ("<&-", true),
        // Messages may go elsewhere: the screen needs none.
        ("2>err", false),
    ];
    for (redirections, refuses) in cases {
        let home = tempfile::tempdir().unwrap();
        let mut command = command("/bin/sh", home.path());
        let script = format!("{USHER} {redirections}; echo code=$?");
        command.args(["-c", &script]);
        let mut pty = Pty::start(command, 120, 40);
        if !refuses {
            pty.wait_for("all loaded");
            pty.keys("\x03");
        }

        assert_eq!(pty.exit_code(), 0, "{redirections}");

        let said = pty.text().replace('\n', "");
        let expected = if refuses { "code=2" } else { "code=0" };
        assert!(said.contains(expected), "{redirections}: {said}");
        let err = std::fs::read_to_string(home.path().join("err")).unwrap_or(said);
        assert_eq!(err.contains(HINT), refuses, "{redirections}: {err}");
        pty.assert_given_back();
        let out = std::fs::read_to_string(home.path().join("out")).unwrap_or_default();
        assert_eq!(
            out, "",
            "{redirections} wrote to a file that is no terminal"
        );
    }
}

#[test]
fn f_tty_12_a_terminal_that_cannot_place_its_cursor_is_refused() {
    let mut usher = Usher::start(120, 40, |command| command.env("TERM", "dumb"));

    assert_eq!(usher.pty.exit_code(), 2);

    let said = usher.pty.text();
    assert!(
        said.contains("TERM=dumb") && said.contains("usher list"),
        "{said}"
    );
    assert!(!usher.pty.written.contains(&0x1b), "no sequence was sent");
}

#[test]
fn f_tty_11_a_locale_without_utf8_gets_plain_characters() {
    let mut usher = Usher::start(120, 40, |command| command.env("LANG", "C"));

    usher.pty.wait_for("all loaded");

    let text = usher.pty.text();
    let lines: String = text
        .chars()
        .filter(|c| ('\u{2500}'..='\u{257f}').contains(c))
        .collect();
    assert_eq!(lines, "", "frames are plain characters");
    assert!(text.contains("+-"), "{text}");
}

//! Where there is no terminal to draw on, it says so and does not start.

use crate::pty::{Pty, command};
use crate::{Server, USHER, Usher};

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
    // With and without a controlling terminal: a service has none, whatever its standard input is.
    let cases = cases.iter().flat_map(|case| [(true, case), (false, case)]);
    for (controlling, (redirections, refuses)) in cases {
        let home = tempfile::tempdir().unwrap();
        let mut command = command("/bin/sh", home.path());
        command.set_controlling_tty(controlling);
        let script = format!("{USHER} {redirections}; echo code=$?");
        command.args(["-c", &script]);
        let mut pty = Pty::start(command, 120, 40);
        if !refuses {
            pty.wait_for("all loaded");
            pty.keys("\x03");
        }

        assert_eq!(pty.exit_code(), 0, "{redirections}");

        let said = pty.text().replace('\n', "");
        let expected = if *refuses { "code=2" } else { "code=0" };
        assert!(said.contains(expected), "{redirections}: {said}");
        let err = std::fs::read_to_string(home.path().join("err")).unwrap_or(said);
        assert_eq!(err.contains(HINT), *refuses, "{redirections}: {err}");
        pty.assert_given_back();
        let out = std::fs::read_to_string(home.path().join("out")).unwrap_or_default();
        assert_eq!(
            out, "",
            "{redirections} wrote to a file that is no terminal"
        );
    }
}

#[test]
fn f_tty_06_without_a_controlling_terminal_commands_work_and_nothing_can_be_asked() {
    let server = Server::with_sessions(10);
    // Standard error is the terminal, and a person could be thought to be there.
    let cases = [
        ("list", "code=0"),
        ("list -o table", "code=0"),
        // Nobody can say yes.
        ("revoke --query state:active", "code=2"),
    ];
    for (words, code) in cases {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("config.toml");
        crate::write_private(&config, &server.running().config_toml("test"));
        let mut command = command("/bin/sh", home.path());
        command.set_controlling_tty(false);
        command.env("USHER_CONFIG", &config);
        let script = format!(
            "tty=no; (: < /dev/tty) 2>/dev/null && tty=yes; {USHER} {words} </dev/null >out; \
             echo code=$? tty=$tty"
        );
        command.args(["-c", &script]);
        let mut pty = Pty::start(command, 120, 40);

        assert_eq!(pty.exit_code(), 0);

        let said = pty.text();
        assert!(said.contains(&format!("{code} tty=no")), "{words}: {said}");
        let out = std::fs::read(home.path().join("out")).unwrap();
        assert!(!out.contains(&0x1b), "{words}: no colours in a file");
        assert_eq!(out.is_empty(), words.starts_with("revoke"), "{words}");
    }
    assert_eq!(server.requests("DELETE"), 0);
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

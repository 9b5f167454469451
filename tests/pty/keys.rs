//! Keys, pasted text, the mouse and the clipboard, as a terminal sends them.

use std::time::{Duration, Instant};

use vt100::{MouseProtocolMode, Screen};

use crate::{DELETE, DOWN, ESC, Server, Usher};

#[test]
fn f_tty_18_both_forms_of_the_arrow_keys_move_the_cursor() {
    let mut usher = Usher::demo();
    usher.focus_table();
    usher.pty.wait_for("· 1/1,204");

    usher.pty.keys(DOWN);
    usher.pty.wait_for("· 2/1,204");
    usher.pty.keys("\x1bOB");

    usher.pty.wait_for("· 3/1,204");
}

#[test]
fn what_is_typed_before_the_first_frame_counts() {
    let mut usher = Usher::start(120, 40, |_| {});

    usher.pty.keys("anne");

    usher.pty.wait_for("[anne ");
}

#[test]
fn f_tty_18_backspace_is_not_delete() {
    let mut usher = Usher::demo();
    usher.focus_table();

    usher.pty.keys("\x7f\x08");
    usher.pty.keys(DOWN);

    usher.pty.wait_for("· 2/1,204");
    assert!(!usher.pty.text().contains("End session?"));
}

#[test]
fn f_del_14_pasted_text_never_means_keys() {
    let server = Server::with_sessions(10);
    let mut usher = Usher::at(&server);
    usher.focus_table();

    usher.pty.paste("\x7f\ryDq\x1b[3~\ny");
    usher.pty.keys(DOWN);

    usher.pty.wait_for("· 2/10");
    assert!(!usher.pty.text().contains("End session?"));
    assert_eq!(server.requests("DELETE"), 0);
}

#[test]
fn pasted_text_goes_into_the_field_as_one_line() {
    let mut usher = Usher::demo();

    usher.pty.paste("bob\r\nanne");

    usher.pty.wait_until("the text in the field", |screen| {
        let text = screen.contents();
        text.contains("bob") && text.contains("anne")
    });
    assert!(
        usher.pty.text().contains("/1,204 · all loaded"),
        "no search was sent"
    );
}

#[test]
fn f_tty_13_a_late_answer_of_the_terminal_is_not_typed_into_the_field() {
    let mut usher = Usher::demo();

    // Device attributes, the cursor's place, the background's colour.
    usher
        .pty
        .keys("\x1b[?62;22c\x1b[12;40R\x1b]11;rgb:ffff/ffff/ffff\x07");
    usher.pty.keys("anne");

    usher.pty.wait_for("[anne ");
}

#[test]
fn escape_and_a_key_typed_fast_are_both_heard() {
    let mut usher = Usher::demo();

    usher.pty.keys(&format!("{ESC}j"));

    usher.pty.wait_for("╔═ Sessions");
    usher.pty.wait_for("· 2/1,204");
}

#[test]
fn copying_speaks_to_the_clipboard_of_the_terminal() {
    let mut usher = Usher::demo();
    usher.focus_table();

    usher.pty.keys("yi");

    usher.pty.wait_for("copied");
    usher.pty.wait_quiet(Duration::from_millis(100));
    let written = String::from_utf8_lossy(&usher.pty.written).into_owned();
    assert!(
        written.contains("\x1b]52;c;"),
        "nothing was sent to the clipboard"
    );
}

#[test]
fn f_tty_16_everything_is_drawn_anew_on_request() {
    let mut usher = Usher::demo();
    usher.focus_table();
    usher.pty.wait_quiet(Duration::from_millis(100));
    // Another program wrote over the picture.
    let stray = b"\x1b[1;1HQQQQQQQQQQ".to_vec();
    usher.pty.take(crate::pty::Chunk {
        at: Instant::now(),
        bytes: stray,
    });
    assert!(usher.pty.text().contains("QQQQQQQQQQ"));

    usher.pty.keys("\x0c");

    usher.pty.wait_gone("QQQQQQQQQQ");
    usher.pty.wait_for("all loaded");
}

#[test]
fn the_mouse_is_given_and_taken_by_its_key() {
    let taken = |screen: &Screen| screen.mouse_protocol_mode() != MouseProtocolMode::None;
    let mut usher = Usher::demo();
    usher.focus_table();
    usher.pty.wait_until("the mouse taken", taken);

    usher.pty.keys("m");
    usher
        .pty
        .wait_until("the mouse free", |screen| !taken(screen));
    usher.pty.keys("m");

    usher.pty.wait_until("the mouse taken again", taken);
    usher.quit();
}

#[test]
fn a_click_on_a_row_puts_the_cursor_there() {
    let mut usher = Usher::demo();
    usher.focus_table();
    let text = usher.pty.text();
    let first = text
        .lines()
        .position(|line| line.starts_with("║>"))
        .expect("a row under the cursor");

    // The terminal counts from 1; four rows further down.
    let row = first + 1 + 4;
    usher
        .pty
        .keys(&format!("\x1b[<0;10;{row}M\x1b[<0;10;{row}m"));

    usher.pty.wait_for("· 5/1,204");
}

#[test]
fn f_del_15_a_held_delete_key_opens_one_question() {
    let server = Server::with_sessions(10);
    let mut usher = Usher::at(&server);
    usher.focus_table();

    usher.pty.keys(&DELETE.repeat(50));
    usher.pty.wait_for("End session?");
    usher.pty.settle(Duration::from_millis(300));
    usher.pty.keys(&DELETE.repeat(50));
    usher.pty.keys("n");

    usher.pty.wait_gone("End session?");
    usher.pty.keys(DOWN);
    usher.pty.wait_for("· 2/10");
    assert_eq!(server.requests("DELETE"), 0);
}

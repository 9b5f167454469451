//! The mouse in the boxes: what is clicked is what is chosen, and a second click takes it.

use usher::model::text::width_cols;

use crate::{DELETE, ESC, Server, Usher};

/// The column and the row of a text on the screen, counted from 1, so many cells from its beginning.
fn place(usher: &mut Usher, text: &str, cells: usize) -> (usize, usize) {
    let screen = usher.pty.text();
    let mut lines = screen.lines().enumerate();
    let found = lines.find_map(|(row, line)| Some((width_cols(&line[..line.find(text)?]), row)));
    let (column, row) = found.unwrap_or_else(|| panic!("{text} is not shown:\n{screen}"));
    (column + cells + 1, row + 1)
}

fn click(usher: &mut Usher, text: &str, cells: usize) {
    let (x, y) = place(usher, text, cells);
    let keys = format!("\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m");
    usher.pty.keys(&keys);
}

fn wheel_down(usher: &mut Usher, text: &str) {
    let (x, y) = place(usher, text, 0);
    usher.pty.keys(&format!("\x1b[<65;{x};{y}M"));
}

fn with_rows() -> (Server, Usher) {
    let server = Server::with_sessions(400);
    let mut usher = Usher::at(&server);
    usher.focus_table();
    (server, usher)
}

#[test]
fn a_hint_and_a_bar_of_the_overview_are_clicked_and_the_wheel_goes_through_them() {
    let (_server, mut usher) = with_rows();
    usher.pty.keys("o");
    usher.pty.wait_for("> active");

    wheel_down(&mut usher, "> active");
    usher.pty.wait_gone("> active");
    click(&mut usher, "unfinished ", 0);
    usher.pty.wait_for("> unfinished ");
    click(&mut usher, "> unfinished ", 2);

    usher.pty.wait_for("only hint:unfinished");
    usher.quit();
}

#[test]
fn a_group_is_clicked_twice_and_the_wheel_scrolls_the_groups() {
    let (_server, mut usher) = with_rows();
    usher.pty.keys("b");
    usher.pty.wait_for(" groups ");
    let screen = usher.pty.text();
    let line = screen.lines().find(|line| line.contains("║ > "));
    let line = line.expect("a group is chosen");
    let start = line.find("║ > ").expect("it is");
    let first: String = line[start..].chars().take(24).collect();

    wheel_down(&mut usher, &first);
    usher.pty.wait_gone(&first);
    usher.pty.keys(ESC);
    usher.pty.wait_gone(" groups ");
    usher.pty.keys(":group state\r");
    usher.pty.wait_for(" sessions by state");
    usher.pty.wait_for("║   idle");
    click(&mut usher, "║   idle", 5);
    usher.pty.wait_for("║ > idle");
    click(&mut usher, "║ > idle", 5);

    usher.pty.wait_for("only state:idle");
    usher.quit();
}

#[test]
fn the_buttons_of_a_plan_are_clicked_and_cancel_sends_nothing() {
    let (server, mut usher) = with_rows();
    usher.pty.keys("*");
    usher.pty.wait_for("400 marked");
    usher.pty.keys(DELETE);
    usher.pty.wait_for("[ Dry run ]");

    click(&mut usher, "[ Dry run ]", 3);
    usher.pty.wait_for("Nothing was sent.");
    wheel_down(&mut usher, "Nothing was sent.");
    usher.pty.keys(ESC);
    usher.pty.wait_gone("Nothing was sent.");
    click(&mut usher, "[ Cancel ]", 3);

    usher.pty.wait_gone("[ Cancel ]");
    assert_eq!(server.requests("DELETE"), 0);
    usher.quit();
}

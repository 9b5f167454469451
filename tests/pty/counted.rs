//! Keys that people need for what they came for, counted; and what a restart keeps.

use std::time::Duration;

use usher::emulator::Options;

use crate::{DELETE, DOWN, Server, Usher};

const ENTER: &str = "\r";
const TAB: &str = "\t";

/// A program whose keys are counted.
struct Counted {
    usher: Usher,
    presses: usize,
}

impl Counted {
    /// The demo, as it opens on a small screen.
    fn demo() -> Self {
        let mut usher = Usher::start(80, 24, |_| {});
        usher.pty.wait_for("1/1,204");
        Self { usher, presses: 0 }
    }

    /// Presses one key, and waits until the screen shows a text.
    fn press(&mut self, key: &str, shows: &str) {
        self.presses += 1;
        self.usher.pty.keys(key);
        self.usher.pty.wait_for(shows);
    }
}

#[test]
fn a_newcomer_ends_the_first_session_of_the_demo_with_six_keys() {
    let mut demo = Counted::demo();
    let screen = demo.usher.pty.text();
    assert!(
        screen.contains("made-up data · Ctrl-P then Ctrl-N sets up your own"),
        "{screen}"
    );
    assert!(screen.contains("Enter search"), "{screen}");

    demo.press(ENTER, "╔═ Sessions");
    demo.usher.pty.wait_for("Del end");
    demo.press(DOWN, "2/1,204");
    demo.press(DOWN, "3/1,204");
    demo.press(DELETE, "End session?");
    // A question takes no answer at once, nor right after a key.
    demo.usher.pty.settle(Duration::from_secs(1));
    demo.press(TAB, "Tab choose");
    demo.usher.pty.settle(Duration::from_secs(1));
    demo.press(ENTER, "+ 1 ended");
    // It is read back before it is over.
    demo.usher.pty.wait_for("ended 1 session of");

    assert!(demo.presses <= 6, "{} keys", demo.presses);
    demo.usher.quit();
}

#[test]
fn a_clerk_reads_when_from_where_and_with_what_after_five_keys() {
    let mut demo = Counted::demo();

    for (letter, typed) in ["j", "d", "o", "e"]
        .into_iter()
        .zip(["j", "jd", "jdo", "jdoe"])
    {
        demo.press(letter, &format!("[{typed}"));
    }
    demo.press(ENTER, "jdoe signed in ");

    assert_eq!(demo.presses, 5);
    let screen = demo.usher.pty.text();
    let sentence = screen.split("jdoe signed in ").nth(1).unwrap_or_default();
    let words: String = sentence.chars().filter(|c| *c != '│').collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let (when, rest) = words
        .split_once(" ago from ")
        .expect("when, and from where");
    let (address, rest) = rest.split_once(" with ").expect("with what");
    assert!(when.len() < 4, "{when}");
    assert!(address.parse::<std::net::IpAddr>().is_ok(), "{address}");
    assert!(rest.contains(" by "), "{rest}");
}

#[test]
fn the_theme_and_the_searches_are_there_after_a_restart() {
    let server = Server::start(Options {
        sessions: 60,
        ..Options::default()
    });
    let mut usher = Usher::at(&server);
    usher.focus_table();
    usher.pty.keys(":theme high-contrast");
    usher.pty.wait_for(":[theme high-contrast");
    usher.pty.keys(ENTER);
    usher.pty.wait_gone(":[theme");
    usher.pty.keys("/");
    usher.pty.wait_for("╔═ 1 Search");
    usher.pty.keys("state:active ip:10.0.0.0/8\r");
    usher.pty.wait_for("Sessions · state:active ip:10.0.0.0/8");
    usher.focus_table();
    let colours = colours_of_the_title(&mut usher.pty);
    usher.pty.keys("q");
    assert_eq!(usher.pty.exit_code(), 0);

    let mut again = usher.beside();

    assert_eq!(colours_of_the_title(&mut again), colours, "the theme");
    again.keys("\x12");
    again.wait_for("state:active ip:10.0.0.0/8");
    again.keys("\x1b\x1bq");
    again.wait_gone("Searches");
}

/// The colours of the program's name in the first line.
fn colours_of_the_title(pty: &mut crate::pty::Pty) -> String {
    pty.wait_quiet(Duration::from_millis(200));
    let screen = pty.screen();
    let cell = |x| {
        screen
            .cell(0, x)
            .map(|cell| (cell.fgcolor(), cell.bgcolor()))
    };
    format!("{:?}", [cell(0), cell(1), cell(10)])
}

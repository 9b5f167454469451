//! Bytes that go to the terminal: over a slow line they are what a person waits for.

use std::time::Duration;

use super::{Server, Usher};

/// So long without a byte.
const QUIET: Duration = Duration::from_millis(300);

/// The bytes of each of these presses of a key, each with its frame or frames.
fn presses(usher: &mut Usher, key: &str, times: usize) -> Vec<usize> {
    let bytes = (0..times).map(|_| {
        let before = usher.pty.written.len();
        usher.pty.keys(key);
        usher.pty.settle(QUIET);
        usher.pty.written.len() - before
    });
    bytes.collect()
}

fn median(mut bytes: Vec<usize>) -> usize {
    bytes.sort_unstable();
    bytes[bytes.len() / 2]
}

#[test]
fn a_step_and_a_scroll_cost_few_bytes_and_silence_costs_none() {
    let server = Server::with_sessions(300);
    let mut usher = Usher::at(&server);
    usher.pty.resize(120, 40);
    usher.pty.keys("a");
    usher.focus_table();
    usher.pty.settle(QUIET);

    // Details of another session are other words; without them only the cursor moves.
    let with_details = median(presses(&mut usher, "j", 5));
    usher.pty.keys("d");
    usher.pty.settle(QUIET);
    let step = median(presses(&mut usher, "j", 5));
    presses(&mut usher, "G", 1);
    presses(&mut usher, "g", 1);
    usher.pty.keys(&"j".repeat(40));
    usher.pty.settle(QUIET);
    let scroll = median(presses(&mut usher, "j", 5));
    // The clock in the header turns once a minute.
    let nothing = median(presses(&mut usher, "", 5));

    println!("step {step}, with details {with_details}, scroll {scroll} bytes");
    assert!(with_details < 850, "a step with details: {with_details}");
    assert!(step < 350, "a step: {step}");
    assert!(scroll < 500, "a scroll by one row: {scroll}");
    assert_eq!(nothing, 0, "nothing happened");
    usher.quit();
}

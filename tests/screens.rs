//! Every screen as a picture in characters.

mod support;

use support::fixture::Fixture;
use support::screen::check;

const MAIN: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

#[test]
fn main_screen() {
    check("main", &Fixture::main().state, &MAIN);
}

//! The palette, and the boxes that it leads to.

use super::*;

/// A screen with these keys pressed in the table; blanks are between them.
fn pressed(names: &str) -> State {
    let mut state = Fixture::main().state;
    keys(&mut state, names);
    state
}

#[test]
fn the_palette_lists_everything() {
    check("palette", &pressed(":"), &TWO);
    check("palette_typed", &pressed(": s o r t space l"), &TWO);
    check("palette_nothing", &pressed(": x y z z y"), &SMALL);
}

#[test]
fn the_palette_greys_out_what_cannot_be_done() {
    let mut state = Fixture::main().state;
    state.sources[0].profile.policy.read_only = true;
    keys(&mut state, ":");

    check("palette_blocked", &state, &TWO);
}

#[test]
fn a_theme_is_previewed_from_the_palette() {
    let state = pressed(": t h e m e space h i g h");

    assert_eq!(state.theme(), "high-contrast");
    check_with(
        "palette_theme",
        &state,
        &Theme::built_in(state.theme()),
        &TWO,
    );
}

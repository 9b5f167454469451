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

/// Searches made before, one of them with a name.
fn remembered() -> State {
    let mut state = Fixture::main().state;
    let search = |query: &str, name: Option<&str>, minutes: i64| usher::app::memory::KeptSearch {
        query: query.to_owned(),
        sort: "created:desc".to_owned(),
        name: name.map(str::to_owned),
        profiles: vec!["prod-janssen".to_owned()],
        at: now() - TimeDelta::minutes(minutes),
    };
    state.memory.searches = vec![
        search("user:jdoe state:active", None, 4),
        search("ip:203.0.113.0/24", None, 90),
        search(
            "client:vpn-gateway idle>8h",
            Some("forgotten VPN sessions"),
            3000,
        ),
        search("user:\"c.müller@example.org\"", None, 9000),
    ];
    state
}

#[test]
fn searches_of_before_are_listed_with_their_names_first() {
    let mut state = remembered();
    keys(&mut state, "ctrl-r down");
    check("searches", &state, &TWO);

    keys(&mut state, "f2 o f f i c e");
    check("searches_name", &state, &SMALL);
}

#[test]
fn what_can_be_copied_has_a_letter_each() {
    check("copy_menu", &pressed("y down"), &TWO);
}

#[test]
fn a_window_of_time_is_chosen() {
    check("time_window", &pressed("T down"), &TWO);
}

#[test]
fn the_rest_of_a_word_is_shown_behind_it() {
    check("ghost_field", &pressed("/ u s e r : j"), &TWO);
    check("ghost_filter", &pressed("& s t a t e : i"), &TWO);
}

#[test]
fn columns_are_chosen_from_a_list() {
    check("columns", &pressed("C down space"), &TWO);
}

#[test]
fn what_the_filter_found_stands_out() {
    let mut state = pressed("& w o n g");
    update(
        &mut state,
        usher::app::Msg::Due(Timer::Filter, Gen::default()),
    );
    check("hits", &state, &TWO);
    check_with("hits_mono", &state, &Theme::built_in("mono"), &SMALL);
}

#[test]
fn a_client_gets_a_name() {
    check("name_client", &pressed("N p o r t a l"), &TWO);
}

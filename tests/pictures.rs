//! The pictures in the documentation are what usher draws: `usher render NAME --size 120x40 --format svg`.
#![cfg(feature = "emulator")]
#![allow(clippy::unwrap_used, reason = "a test may fail so")]

use std::process::Command;

fn render(args: &[&str]) -> Vec<u8> {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_usher"))
        .arg("render")
        .args(args)
        .env_clear()
        .env("HOME", home.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    output.stdout
}

#[test]
fn the_pictures_of_the_documentation_are_what_usher_draws() {
    for name in ["main", "confirm"] {
        let file = format!("{}/assets/{name}.svg", env!("CARGO_MANIFEST_DIR"));
        let kept = std::fs::read(&file).unwrap_or_default();

        let drawn = render(&[name, "--size", "120x40", "--format", "svg"]);

        assert!(
            drawn == kept,
            "assets/{name}.svg is old: usher render {name} --size 120x40 --format svg > assets/{name}.svg"
        );
    }
}

#[test]
fn keys_are_pressed_before_the_screen_is_drawn() {
    let text = render(&["main", "--size", "80x24", "--keys", "down down delete"]);

    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("End session?"), "{text}");
}

#[test]
fn an_unknown_screen_is_an_error_that_lists_them() {
    let output = Command::new(env!("CARGO_BIN_EXE_usher"))
        .args(["render", "nothing"])
        .env_clear()
        .output()
        .unwrap();

    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("first-run"), "{said}");
    assert!(output.stdout.is_empty());
}

/// Names of people are whatever they are; every other sign is a program's.
#[test]
fn with_plain_signs_only_names_have_others() {
    let output = Command::new(env!("CARGO_BIN_EXE_usher"))
        .args(["render", "nothing"])
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let (_, names) = said.split_once("there are: ").unwrap();
    let names: Vec<&str> = names.trim().split(", ").collect();
    assert!(names.len() > 20, "{names:?}");

    for name in names {
        let size = if name == "narrow" { "50x15" } else { "120x40" };
        let text = render(&[name, "--ascii", "--size", size, "--sessions", "60"]);
        let text = String::from_utf8(text).unwrap();
        for line in text.lines() {
            let odd = line.chars().find(|c| !c.is_ascii() && !c.is_alphabetic());
            assert_eq!(odd, None, "{name} at {size}: {line}");
        }
    }
}

//! The pictures in the documentation are what usher draws: `usher render NAME --theme THEME
//! --size SIZE --format svg`.
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

/// The screens that the documentation shows.
const SCREENS: [&str; 6] = ["main", "details", "confirm", "palette", "help", "several"];
const THEMES: [&str; 3] = ["dark", "light", "mono"];
const SIZES: [&str; 2] = ["80x24", "120x40"];

/// With this variable set the pictures are drawn anew in place of being compared.
const WRITE: &str = "USHER_WRITE_PICTURES";

#[test]
fn the_pictures_of_the_documentation_are_what_usher_draws() {
    let mut old = Vec::new();
    for name in SCREENS {
        for (theme, size) in THEMES
            .iter()
            .flat_map(|theme| SIZES.map(|size| (theme, size)))
        {
            let file = format!("assets/{name}-{theme}-{size}.svg");
            let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));

            let drawn = render(&[name, "--theme", theme, "--size", size, "--format", "svg"]);

            if std::env::var_os(WRITE).is_some() {
                std::fs::write(&path, drawn).unwrap();
            } else if std::fs::read(&path).unwrap_or_default() != drawn {
                old.push(file);
            }
        }
    }
    assert!(
        old.is_empty(),
        "{} are old: {WRITE}=1 cargo test --test pictures",
        old.join(", ")
    );
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

//! The walls between the folders, read from the sources: who may use whom, and how long a file may be.

#![allow(clippy::unwrap_used)] // A source that cannot be read fails the test, as it should.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// Lines of the longest file.
const LINES: usize = 600;

/// The folders (or files) of `src/` that each one may use. One that is not listed may use
/// everything but the emulator.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("store", &["model"]),
    ("app", &["model", "store"]),
    ("ui", &["app", "store", "model"]),
    ("config", &["model"]),
    ("api", &["model", "config"]),
    ("audit", &["model", "config"]),
    ("logging", &["model", "config"]),
    ("reading", &["api", "model"]),
    ("revoke", &["api", "audit", "model", "config", "reading"]),
    ("emulator", &[]),
];

/// Where each crate may be named: folders, or files with their ending.
const ONLY_IN: &[(&str, &[&str])] = &[
    (
        "ratatui",
        &["app/", "ui/", "runtime/terminal.rs", "runtime/terminal/"],
    ),
    ("crossterm", &["runtime/"]),
    ("reqwest", &["api/"]),
    ("axum", &["emulator/"]),
    ("rcgen", &["emulator/"]),
    ("keyring", &["config/"]),
    ("clap", &["cli/", "main.rs"]),
];

/// Folders that may name the emulator: they start it, and see nothing of its inside.
const STARTS_EMULATOR: &[&str] = &["cli", "runtime", "lib", "main"];

struct Source {
    /// Path below `src/`, with forward slashes.
    path: String,
    /// The text as it is.
    text: String,
    /// The text without comments, and with empty string literals.
    code: String,
}

impl Source {
    /// The folder or file at the top of `src/` it belongs to.
    fn part(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many modules it lies below the crate.
    fn depth(&self) -> usize {
        let names = self.path.split('/').count();
        names - usize::from(self.path.ends_with("/mod.rs"))
    }

    /// The top modules of the crate that it uses, with the line.
    fn uses(&self) -> Vec<(String, usize)> {
        static START: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"\b(crate|usher)\s*::\s*|((?:\bsuper\s*::\s*)+)").unwrap()
        });
        let mut found = Vec::new();
        for hit in START.captures_iter(&self.code) {
            let whole = hit.get(0).unwrap();
            if let Some(chain) = hit.get(2) {
                // One more than the depth: a module of tests inside the file.
                let steps = chain.as_str().matches("super").count();
                if steps < self.depth() {
                    continue;
                }
            }
            let line = self.code[..whole.start()].matches('\n').count() + 1;
            for name in names(&self.code[whole.end()..]) {
                found.push((name, line));
            }
        }
        found
    }
}

/// The first names of a path: one, or those of a group in braces.
fn names(rest: &str) -> Vec<String> {
    let ident = |text: &str| -> String {
        let text = text.trim_start();
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let Some(group) = rest.strip_prefix('{') else {
        return vec![ident(rest)];
    };
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(ident(&group[start..at]));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

/// Takes comments and the inside of strings out, and keeps the lines.
fn strip(text: &str) -> String {
    static SHAPE: LazyLock<Regex> = LazyLock::new(|| {
        let shapes = concat!(
            r#"(?s)//[^\n]*"#,
            r#"|/\*.*?\*/"#,
            r##"|r#+".*?"#+"##,
            r#"|b?r?"(?:[^"\\]|\\.)*""#,
            r"|b?'(?:[^'\\\n]|\\[^\n]{1,8}?)'",
        );
        Regex::new(shapes).unwrap()
    });
    let blank = |hit: &regex::Captures<'_>| "\n".repeat(hit[0].matches('\n').count());
    SHAPE.replace_all(text, blank).into_owned()
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Every file, read once for all tests.
static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(read_sources);

fn sources() -> &'static [Source] {
    &SOURCES
}

fn read_sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    files.sort();
    let source = |file: &PathBuf| {
        let path = file.strip_prefix(&root).unwrap();
        let text = fs::read_to_string(file).unwrap();
        Source {
            path: path.to_str().unwrap().replace('\\', "/"),
            code: strip(&text),
            text,
        }
    };
    files.iter().map(source).collect()
}

/// The names of the folders and files at the top of `src/`.
fn parts(sources: &[Source]) -> BTreeSet<String> {
    sources.iter().map(|s| s.part().to_owned()).collect()
}

#[test]
fn each_folder_uses_only_what_it_may() {
    let sources = sources();
    let parts = parts(sources);
    let rules: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();

    for source in sources {
        let part = source.part();
        for (used, line) in source.uses() {
            let allowed = match rules.get(part) {
                Some(list) => list.contains(&used.as_str()),
                None => used != "emulator" || STARTS_EMULATOR.contains(&part),
            };
            if used != part && parts.contains(&used) && !allowed {
                wrong.push(format!("src/{}:{line} uses {used}", source.path));
            }
        }
    }

    assert!(wrong.is_empty(), "walls are broken:\n{}", wrong.join("\n"));
}

#[test]
fn client_and_emulator_share_nothing() {
    for source in sources() {
        let other = match source.part() {
            "api" => "emulator",
            "emulator" => "api",
            _ => continue,
        };
        let names = |used: &(String, usize)| used.0 == other;
        assert!(!source.uses().iter().any(names), "src/{}", source.path);
    }
}

#[test]
fn crates_are_named_only_where_they_belong() {
    let mut wrong = Vec::new();

    for (krate, places) in ONLY_IN {
        let name = Regex::new(&format!(r"\b{krate}\s*::|\buse\s+{krate}\b")).unwrap();
        for source in sources() {
            let here = places.iter().any(|place| source.path.starts_with(place));
            if !here && name.is_match(&source.code) {
                wrong.push(format!("src/{} names {krate}", source.path));
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The core knows rectangles, and nothing that draws.
#[test]
fn the_core_names_only_the_layout_of_ratatui() {
    let name = Regex::new(r"\bratatui\b(\s*::\s*layout\s*::)?").expect("a pattern");
    for source in sources().iter().filter(|one| one.part() == "app") {
        for hit in name.captures_iter(&source.code) {
            assert!(hit.get(1).is_some(), "src/{}", source.path);
        }
    }
}

/// Parts that a client without HTTP uses too.
const WITHOUT_HTTP: [&str; 2] = ["api/net/", "api/auth/"];

#[test]
fn connections_and_sign_in_know_no_http() {
    let http = Regex::new(r"\b(reqwest|hyper|hyper_util|http)\b\s*(::|;)").unwrap();
    let apart = |one: &&Source| WITHOUT_HTTP.iter().any(|part| one.path.starts_with(part));
    let apart: Vec<&Source> = sources().iter().filter(apart).collect();
    assert!(apart.len() > 10, "{}", apart.len());

    for source in apart {
        let found = http.find(&source.code).map(|hit| hit.as_str());
        assert_eq!(found, None, "src/{}", source.path);
    }
}

#[test]
fn certificates_are_left_unchecked_in_one_place() {
    let files = |pattern: &str| -> Vec<String> {
        let pattern = Regex::new(pattern).unwrap();
        let client = sources().iter().filter(|one| one.part() != "emulator");
        client
            .flat_map(|one| pattern.find_iter(&one.code).map(|_| one.path.clone()))
            .collect()
    };

    // A verifier of our own is needed to name the certificate that was refused.
    let deciding: BTreeSet<_> = files(r"danger_accept|dangerous\(\)|ServerCertVerif")
        .into_iter()
        .collect();
    let accepting = files(r"danger_accept|ServerCertVerified::assertion");

    assert_eq!(deciding, BTreeSet::from(["api/net/tls.rs".to_owned()]));
    assert_eq!(accepting, ["api/net/tls.rs"], "accepted unchecked");
}

/// A default of the trait would hide what the wrapped system can do.
#[test]
fn a_layer_around_a_client_passes_every_call_on() {
    let file = |path: &str| {
        let mut all = sources().iter();
        let found = all.find(|one| one.path == path);
        found.expect("such a file").code.clone()
    };
    let api = file("api/mod.rs");
    let (_, api) = api.split_once("pub trait SessionApi").expect("the trait");
    let calls = Regex::new(r"fn (\w+)\(&self").expect("a pattern");
    // Made of another call by the trait itself.
    let calls = calls.captures_iter(api).map(|found| found[1].to_owned());
    let calls: Vec<String> = calls.filter(|name| name != "server_now").collect();
    assert!(calls.len() > 10, "{calls:?}");

    let code = file("api/layer.rs");
    let (_, code) = code.split_once("> SessionApi for").expect("the client");
    for call in &calls {
        assert!(code.contains(&format!("fn {call}(")), "{call}");
    }
}

/// How many rows the fault catalogue has, by the first part of their id.
const FAULTS: [(&str, u32, u32); 8] = [
    ("DATA", 1, 16),
    ("HTTP", 1, 26),
    ("NET", 1, 16),
    ("CRED", 0, 8),
    ("CLOCK", 1, 5),
    ("DEL", 1, 18),
    ("TTY", 1, 20),
    ("FILE", 1, 7),
];

#[test]
fn every_fault_of_the_catalogue_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("tests/faults/README.md")).expect("the table");
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        rust_files(&root.join(folder), &mut files);
    }
    let code = files
        .iter()
        .map(|file| fs::read_to_string(file).expect("a text"));
    let code: String = code.collect();
    let tests = Regex::new(r"fn (\w+)[(<]").expect("a pattern");
    let tests: BTreeSet<&str> = tests
        .captures_iter(&code)
        .map(|found| found.get(1).expect("a name").as_str())
        .collect();
    let ticked = Regex::new("`(\\w+)`").expect("a pattern");

    for (family, first, last) in FAULTS {
        for number in first..=last {
            let id = format!("{family}-{number:02}");
            let row = table
                .lines()
                .find(|line| line.starts_with(&format!("| {id} |")));
            let row = row.unwrap_or_else(|| panic!("{id} is not in the table"));
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let known = ["full", "part", "cannot occur"];
            assert!(known.contains(&cells[3]), "{id}: {}", cells[3]);
            assert_eq!(
                cells[3] != "full",
                !cells[5].is_empty(),
                "{id}: what is not covered, or why it cannot occur"
            );
            let named: Vec<&str> = ticked
                .captures_iter(cells[4])
                .map(|found| found.get(1).expect("a name").as_str())
                .collect();
            assert!(!named.is_empty(), "{id} names no test");
            for test in named {
                assert!(tests.contains(test), "{id}: there is no {test}");
            }
        }
    }
}

#[test]
fn no_file_is_longer_than_it_may_be() {
    let long: Vec<_> = sources()
        .iter()
        .map(|source| (source.text.lines().count(), source.path.clone()))
        .filter(|(lines, _)| *lines > LINES)
        .collect();

    assert!(long.is_empty(), "split these: {long:?}");
}

#[test]
fn every_file_says_first_what_it_is_about() {
    let mute: Vec<_> = sources()
        .iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path.clone())
        .collect();

    assert!(mute.is_empty(), "these begin without //!: {mute:?}");
}

#[test]
fn every_folder_has_its_rule_or_may_use_everything() {
    let free = ["cli", "runtime", "lib", "main"];
    let rules: BTreeSet<_> = MAY_USE.iter().map(|(part, _)| *part).collect();

    for part in parts(sources()) {
        let known = rules.contains(part.as_str()) || free.contains(&part.as_str());
        assert!(known, "src/{part} has no rule in MAY_USE");
    }
}

/// The lists of the systems and of the emulated ones.
const LISTS: [&str; 2] = ["api/mod.rs", "emulator/mod.rs"];

/// How often files outside the folder of a system still name one. Numbers may only become smaller, and a
/// file that is not here may not name any.
const NAMES_LEFT: &[(&str, usize)] = &[
    // Headers that hold a secret.
    ("logging/redact.rs", 2),
];

/// The words and the names of the systems, in lower case, as their descriptions have them.
fn system_names() -> BTreeSet<String> {
    let spec = Regex::new(r#"SystemSpec::new\(\s*"([^"]+)",\s*"([^"]+)""#).unwrap();
    let in_folder = Regex::new(r"^api/\w+/system\.rs$").unwrap();
    let descriptions = sources().iter().filter(|one| in_folder.is_match(&one.path));
    let mut names = BTreeSet::new();
    for source in descriptions {
        let found = spec.captures(&source.text);
        let found = found.unwrap_or_else(|| panic!("src/{} describes no system", source.path));
        names.insert(found[1].to_lowercase());
        names.extend(found[2].split(" / ").map(str::to_lowercase));
    }
    names
}

/// The text before the tests of a file; nothing of a file of tests. Comments count.
fn without_tests(source: &Source) -> &str {
    let is_test = source.path.contains("/tests/") || source.path.ends_with("/tests.rs");
    let text = if is_test { "" } else { source.text.as_str() };
    text.split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default()
}

#[test]
fn a_system_is_named_in_its_folders_and_in_the_list_only() {
    let names = system_names();
    assert!(names.len() > 2, "{names:?}");
    let any = Regex::new(&names.iter().cloned().collect::<Vec<_>>().join("|")).unwrap();
    let folder = Regex::new(r"^(?:api|emulator)/(\w+)/").unwrap();
    let mut left: BTreeMap<_, _> = NAMES_LEFT.iter().copied().collect();
    let mut wrong = Vec::new();

    for source in sources() {
        let own = folder.captures(&source.path);
        if own.is_some_and(|own| names.contains(&own[1])) || LISTS.contains(&&*source.path) {
            continue;
        }
        let text = without_tests(source).to_lowercase();
        let allowed = left.remove(source.path.as_str());
        let count = any.find_iter(&text).count();
        if count != allowed.unwrap_or_default() {
            wrong.push(format!("src/{} names a system {count} times", source.path));
        }
    }

    assert!(left.is_empty(), "there are no such files: {left:?}");
    assert!(
        wrong.is_empty(),
        "move what one system needs into its folder; where a number has become smaller, make it \
         smaller in NAMES_LEFT too:\n{}",
        wrong.join("\n")
    );
}

/// A made-up file, for the tests of the reader itself.
fn made_up(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        text: text.to_owned(),
        code: strip(text),
    }
}

#[test]
fn the_reader_sees_every_form_of_use() {
    let cases = [
        ("model/a.rs", "use crate::api::X;", "api"),
        (
            "model/a.rs",
            "use crate::{model::Y, api::{X, Z}, ui};",
            "model api ui",
        ),
        ("model/a.rs", "fn f() { crate::ui::draw() }", "ui"),
        ("model/a.rs", "use super::super::app;", "app"),
        ("model/mod.rs", "use super::store;", "store"),
        ("model/a.rs", "use super::b;", ""),
        (
            "model/a.rs",
            "// use crate::api;\n/* crate::ui */ let x = \"crate::app\";",
            "",
        ),
        ("model/a.rs", "let q = '\"'; use crate::api;", "api"),
        (
            "model/a.rs",
            "let l: &'a str = r#\"crate::ui\"#; use crate::api;",
            "api",
        ),
        ("main.rs", "usher::cli::run()", "cli"),
    ];

    for (path, text, wanted) in cases {
        let source = made_up(path, text);
        let found: Vec<_> = source.uses().into_iter().map(|(name, _)| name).collect();
        assert_eq!(found.join(" "), wanted, "{text}");
    }
}

//! The operator's own editor, for the configuration.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use tokio::process::Command;

/// Editors that take `+LINE` before the file.
const TAKE_LINE: [&str; 11] = [
    "vi",
    "vim",
    "nvim",
    "vim.basic",
    "vim.tiny",
    "nano",
    "emacs",
    "emacsclient",
    "micro",
    "joe",
    "jed",
];

/// The editor to start, with its arguments: `$VISUAL`, else `$EDITOR`, else `vi`.
pub(super) fn chosen() -> Vec<String> {
    ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .map(|text| words(&text))
        .find(|words| !words.is_empty())
        .unwrap_or_else(|| vec!["vi".to_owned()])
}

/// Runs the editor in the terminal, which is not ours meanwhile, and waits for its end.
/// No shell, and an environment without our variables and without `hidden` ones.
///
/// # Errors
/// It cannot be started.
pub(super) async fn run(
    editor: &[String],
    file: &Path,
    line: Option<usize>,
    hidden: &[String],
) -> io::Result<ExitStatus> {
    let (program, arguments) = editor
        .split_first()
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no editor is set"))?;
    let mut command = Command::new(program);
    command.args(arguments);
    if let Some(line) = line.filter(|_| takes_line(program)) {
        command.arg(format!("+{line}"));
    }
    command
        .arg(file)
        .stdin(Stdio::inherit())
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit());
    for name in ours(hidden) {
        command.env_remove(name);
    }
    command.status().await
}

/// The line (from 1) on which the table of a profile begins. `None`: it is not there.
pub(super) fn line_of(text: &str, profile: &str) -> Option<usize> {
    let headers = [
        format!("[profile.{profile}]"),
        format!("[profile.\"{profile}\"]"),
        format!("[profile.'{profile}']"),
    ];
    let at = text.lines().position(|line| {
        let line: String = line
            .split('#')
            .next()
            .unwrap_or("")
            .split_whitespace()
            .collect();
        headers.contains(&line)
    });
    at.map(|index| index + 1)
}

fn takes_line(program: &str) -> bool {
    Path::new(program)
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| TAKE_LINE.contains(&name))
}

/// The variables that no other program is given: our own, and those that hold a secret.
pub(super) fn ours(hidden: &[String]) -> Vec<OsString> {
    let own = std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| name.to_string_lossy().starts_with("USHER_"));
    own.chain(hidden.iter().map(OsString::from)).collect()
}

/// Splits a command as a shell would: blanks, both kinds of quotes, backslash. Nothing is expanded.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_as_a_shell_would() {
        let cases: [(&str, &[&str]); 7] = [
            ("vi", &["vi"]),
            ("  code  --wait ", &["code", "--wait"]),
            ("'/opt/my editor/ed' -n", &["/opt/my editor/ed", "-n"]),
            (
                "emacs -q --eval \"(setq a \\\"b\\\")\"",
                &["emacs", "-q", "--eval", "(setq a \"b\")"],
            ),
            ("a\\ b c", &["a b", "c"]),
            ("ed ''", &["ed", ""]),
            ("   ", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_place_of_a_profile_is_found() {
        let text = "theme = \"ansi\"\n\n[profile.a] # first\nurl = 1\n[ profile.\"b.c\" ]\n";
        let cases = [("a", Some(3)), ("b.c", Some(5)), ("c", None)];
        for (profile, expected) in cases {
            assert_eq!(line_of(text, profile), expected, "{profile}");
        }
    }

    #[test]
    fn only_editors_that_know_it_get_a_line() {
        let cases = [
            ("vim", true),
            ("/usr/bin/nano", true),
            ("code", false),
            ("/opt/vim/code", false),
        ];
        for (program, expected) in cases {
            assert_eq!(takes_line(program), expected, "{program}");
        }
    }

    #[tokio::test]
    async fn the_editor_gets_no_secret_variable() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let script = format!("env > '{}'", out.display());
        let hidden = ["PATH".to_owned()];

        let status = run(
            &["/bin/sh".into(), "-c".into(), script],
            Path::new("file"),
            Some(3),
            &hidden,
        )
        .await
        .unwrap();

        assert!(status.success());
        let seen = std::fs::read_to_string(out).unwrap();
        let inherited = std::env::var("PATH").unwrap();
        assert!(!seen.contains(&format!("PATH={inherited}\n")), "{seen}");
    }
}

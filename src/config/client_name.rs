//! The name of an application, put into the text of a configuration. Everything else stays as it is.

use std::fs;
use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, value};

use super::SIZE_LIMIT;
use super::private::{self, Access, PrivateError};

/// The text with this name for a client id under `client_names` of the profile. An empty name takes the one
/// that is there away.
///
/// # Errors
/// One line for people: the text is not TOML, or has no such profile.
fn with_client_name(text: &str, profile: &str, id: &str, name: &str) -> Result<String, String> {
    // The parser's own words are left out: they may show a secret.
    let mut document: DocumentMut = text.parse().map_err(|_| "it is not TOML".to_owned())?;
    let table = document
        .get_mut("profile")
        .and_then(|profiles| profiles.get_mut(profile))
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| format!("it has no profile {profile}"))?;
    let names = table
        .entry("client_names")
        .or_insert_with(|| Item::Table(Table::new()));
    let names = names
        .as_table_like_mut()
        .ok_or("client_names is not a table")?;
    if name.is_empty() {
        names.remove(id);
    } else {
        names.insert(id, value(name));
    }
    Ok(document.to_string())
}

/// Changes the name in the file that a person named, or in what it leads to if it is a link; its permission
/// bits stay. What `check` refuses is not written. Blocks.
///
/// # Errors
/// One line for people; then the file is as it was.
pub fn write(
    file: &Path,
    (profile, id, name): (&str, &str, &str),
    check: impl Fn(&str) -> Result<(), String>,
) -> Result<(), String> {
    let words = |error: PrivateError| error.to_string();
    let cannot = |why: String| format!("cannot change {}: {why}", private::shown(file));
    let (bytes, _) = private::read_named(file, Access::OthersMayRead, SIZE_LIMIT).map_err(words)?;
    let text = String::from_utf8(bytes).map_err(|_| cannot("it is not UTF-8 text".to_owned()))?;
    let changed = with_client_name(&text, profile, id, name).map_err(cannot)?;
    check(&changed)?;
    let target = fs::canonicalize(file).map_err(|error| cannot(error.to_string()))?;
    private::replace_keeping_mode(&target, changed.as_bytes()).map_err(words)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const TEXT: &str = "\
# Mine.
default_profile = \"prod\"   # the first

[profile.prod]
system = \"sample\"  # which
url = \"https://idp\"

[profile.prod.login]
method = \"token\"

# The second.
[profile.lab]
system = \"sample\"
client_names = { \"b.2\" = \"old\" } # inline
";

    #[test]
    fn one_name_is_added_and_every_other_letter_stays() {
        let named = with_client_name(TEXT, "prod", "1800.c3f1", "portal \"web\"").unwrap();

        let mut left = named.clone();
        let added = "[profile.prod.client_names]\n\"1800.c3f1\" = 'portal \"web\"'\n";
        let at = left.find(added).unwrap_or_else(|| panic!("{named}"));
        left.replace_range(at..at + added.len(), "");
        let lines = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.is_empty());
            lines.map(str::to_owned).collect()
        };
        assert_eq!(lines(&left), lines(TEXT), "{named}");
        let read: toml::Table = named.parse().unwrap();
        let name = &read["profile"]["prod"]["client_names"]["1800.c3f1"];
        assert_eq!(name.as_str(), Some("portal \"web\""));
    }

    #[test]
    fn a_name_is_changed_and_taken_away() {
        let changed = with_client_name(TEXT, "lab", "b.2", "new").unwrap();
        assert_eq!(changed, TEXT.replace("\"old\"", "\"new\""));

        let none = with_client_name(&changed, "lab", "b.2", "").unwrap();
        assert!(!none.contains("b.2") && none.contains("# inline"), "{none}");
    }

    #[test]
    fn what_cannot_be_changed_says_why_and_shows_nothing_of_the_text() {
        let cases = [
            (TEXT, "other", "it has no profile other"),
            ("token = \"s3cret", "prod", "it is not TOML"),
            (
                "[profile.prod]\nclient_names = 3",
                "prod",
                "client_names is not a table",
            ),
        ];
        for (text, profile, why) in cases {
            assert_eq!(
                with_client_name(text, profile, "a", "b"),
                Err(why.to_owned())
            );
        }
    }

    #[test]
    fn a_file_keeps_its_mode_and_a_link_its_target() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, "[profile.prod]").unwrap();
        let link = folder.path().join("link.toml");
        symlink(&file, &link).unwrap();
        for mode in [0o644, 0o600] {
            let bits = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&file, bits).unwrap();

            write(&link, ("prod", "a", "b"), |_| Ok(())).unwrap();

            assert_eq!(private::mode_of(&file), Some(mode));
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.contains("a = \"b\""), "{text}");
            let no = |_: &str| Err("no".to_owned());
            assert_eq!(write(&link, ("prod", "c", "d"), no), Err("no".to_owned()));
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
            assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}

//! Realms: their names, their addresses, and which of them a profile covers.

use crate::api::http::Call;

/// The top realm.
pub(super) const ROOT: &str = "/";

/// Brings a realm into the form in which the server writes it: one leading slash, none at the end.
pub(super) fn normal(text: &str) -> String {
    let inner: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
    format!("/{}", inner.join("/"))
}

/// Goes to a realm in the hierarchical form (`realms/root/realms/alpha`), the one that every server
/// has. Each name is encoded by itself.
pub(super) fn at<'a>(call: Call<'a>, realm: &str) -> Call<'a> {
    let names = realm.split('/').filter(|name| !name.is_empty());
    names.fold(call.then(&["realms", "root"]), |call, name| {
        call.then(&["realms"]).shown(name)
    })
}

/// True if both name the same realm. The server ignores letter case.
pub(super) fn same(one: &str, other: &str) -> bool {
    normal(one).to_lowercase() == normal(other).to_lowercase()
}

/// The path of a realm from the entry of the realm list: its parent and its name.
pub(super) fn path(parent: Option<&str>, name: &str) -> String {
    match parent {
        None => normal(name),
        Some(parent) => normal(&format!("{parent}/{name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms_take_the_form_of_the_server() {
        for (text, expected) in [
            ("", "/"),
            ("/", "/"),
            ("alpha", "/alpha"),
            ("/alpha/", "/alpha"),
            ("alpha//emea", "/alpha/emea"),
        ] {
            assert_eq!(normal(text), expected, "{text}");
        }
    }

    #[test]
    fn the_path_of_a_listed_realm_is_its_parent_and_its_name() {
        assert_eq!(path(None, "/"), "/");
        assert_eq!(path(Some("/"), "alpha"), "/alpha");
        assert_eq!(path(Some("/alpha"), "emea"), "/alpha/emea");
    }
}

//! Names suggested in place of a misspelt one.

/// The name that was probably meant; of equally near ones the first. Upper and lower case count as
/// the same. `None`: no name is near enough.
///
/// The more letters were typed, the more of them may be wrong: 1 of up to 5, 2 of up to 8, then 3.
/// Two letters that changed places count as one mistake.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A long text is no misspelt name, and comparing would cost its square.
    if typed.len() > 40 {
        return None;
    }
    let typed = typed.to_lowercase();
    let letters = typed.chars().count();
    let most = match letters {
        0..=1 => 0,
        2..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    names
        .into_iter()
        .map(|name| {
            let distance = strsim::damerau_levenshtein(&typed, &name.to_lowercase());
            (distance, name)
        })
        .filter(|&(distance, _)| distance <= most && distance < letters)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_and_no_distant_one() {
        let names = ["user", "User agent", "client", "expires", "q"];
        for (typed, meant) in [
            ("usr", Some("user")),
            ("UESR", Some("user")),
            ("cleint", Some("client")),
            ("clnt", None),
            ("expirse", Some("expires")),
            ("user agnet", Some("User agent")),
            ("qq", Some("q")),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, names), meant, "{typed}");
        }
        assert_eq!(nearest(&"user".repeat(100), names), None);
    }
}

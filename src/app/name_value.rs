//! Reading `name=value` pairs that are typed in one line.

use crate::model::text::display_safe;

/// Reads `name=value other="with blanks"`.
pub(super) fn name_value_pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let Some((name, value)) = rest.split_once('=').filter(|(name, _)| {
            let whole = !name.is_empty() && !name.contains(char::is_whitespace);
            whole && name.len() < end
        }) else {
            let pair = display_safe(&rest[..end]);
            return Err(format!(
                "\"{pair}\" is not name=value; a value with blanks goes in quotes: name=\"a b\""
            ));
        };
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted
                .split_once('"')
                .ok_or_else(|| "a quote is open: close it with \"".to_owned())?,
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        pairs.push((name.to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_with_blanks_in_quotes() {
        let read = |text: &str| name_value_pairs(text);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());

        assert_eq!(read("  "), Ok(vec![]));
        assert_eq!(
            read(" mood=calm  place=\"51 north\" empty= "),
            Ok(vec![
                pair("mood", "calm"),
                pair("place", "51 north"),
                pair("empty", "")
            ])
        );
        assert_eq!(read("a=b=c"), Ok(vec![pair("a", "b=c")]));
        for wrong in ["calm", "=calm", "mood calm=x", "mood=\"calm", "a=1 b"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}

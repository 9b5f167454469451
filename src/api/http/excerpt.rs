//! The text around a place in an answer that is not JSON, as people may see it.

use std::sync::LazyLock;

use regex::Regex;

use super::hidden::{Hidden, MARK};
use crate::api::net::clean;

/// Bytes that are shown before the place and after it.
const BEFORE: usize = 160;
const AFTER: usize = 80;
/// How far the excerpt is widened so that no word is cut in two: half a token looks like no token.
const LONGEST_WORD: usize = 8 * 1024;

/// Texts that may be secret: the value of a field with such a name, and every word of 16 letters or
/// more, as tokens and the ids of sessions are.
static SECRETS: LazyLock<Regex> = LazyLock::new(|| {
    const SHAPE: &str = concat!(
        r#"(?i)("[^"]*(?:sid|session|handle|token|secret|passw|cookie|credential|code|key)[^"]*"\s*:\s*)"#,
        r#"(?:"(?:[^"\\]|\\.)*"?|[^",}\]\s]+)|[a-z0-9+/=_.~%*-]{16,}"#
    );
    Regex::new(SHAPE).expect("the shape is a valid pattern")
});

/// The text around byte `at` (from 1) of a body, cleaned, without our credentials and without what may be
/// secret.
pub(super) fn around(body: &[u8], at: usize, hidden: &Hidden) -> String {
    let at = at.min(body.len());
    let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=_.~%*-:\"".contains(byte);
    let (before, _) = body.split_at(at.saturating_sub(BEFORE));
    let widened = before.iter().rev().take(LONGEST_WORD);
    let start = before.len() - widened.take_while(is_word).count();
    let (_, after) = body.split_at(at.saturating_add(AFTER).min(body.len()));
    let widened = after.iter().take(LONGEST_WORD).take_while(is_word);
    let end = body.len() - after.len() + widened.count();
    let text = hidden.out_of(&String::from_utf8_lossy(&body[start..end]));
    let masked = SECRETS.replace_all(&text, format!("${{1}}{MARK}"));
    let sign = |cut: bool| if cut { "…" } else { "" };
    format!(
        "{}{}{}",
        sign(start > 0),
        clean(&masked),
        sign(end < body.len())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_http_03_the_text_around_the_place_is_shown_without_what_may_be_secret() {
        let hidden = Hidden::default();
        hidden.add("canary one");
        for (body, at, shown) in [
            ("<b>Bad gateway</b>", 1, "<b>Bad gateway</b>"),
            ("{\"a\":NaN,\"b\":1}", 6, "{\"a\":NaN,\"b\":1}"),
            (
                "{\"user\":\"jdoe\",\"sid\":\"canary-1\",\"n\":01}",
                38,
                "{\"user\":\"jdoe\",\"sid\":[redacted],\"n\":01}",
            ),
            (
                "{\"sessionHandle\":\"canary \\\"x canary",
                30,
                "{\"sessionHandle\":[redacted]",
            ),
            (
                "{\"x\":\"shandle:canaryAAAAAAAAAAAA",
                20,
                "{\"x\":\"shandle:[redacted]",
            ),
            ("told canary one \u{1b}[2J", 20, "told [redacted] ^[[2J"),
            ("", 0, ""),
        ] {
            assert_eq!(around(body.as_bytes(), at, &hidden), shown, "{body}");
        }
    }

    #[test]
    fn a_token_at_the_edge_of_the_excerpt_is_not_cut_to_half_a_token() {
        let token = "canary".repeat(40);
        let body = format!("[\"{token}\", {}, \"{token}\"]", "1, ".repeat(40));
        for at in 1..=body.len() {
            let shown = around(body.as_bytes(), at, &Hidden::default());

            assert!(!shown.contains("canary"), "{at}: {shown}");
        }
    }
}

//! Text inside Markdown.

/// Escapes everything that Markdown and HTML would take for markup: text from outside must stay text.
pub fn markdown_safe(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_from_outside_stays_text() {
        assert_eq!(
            markdown_safe("a|b <img src=x> [x](y)"),
            "a\\|b &lt;img src=x&gt; \\[x\\](y)"
        );
    }
}

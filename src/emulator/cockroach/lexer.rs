//! Cuts SQL into words, texts, numbers and signs.

/// One piece of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or a keyword, lower case.
    Word(String),
    /// A name in double quotes: exactly as written, and never a keyword.
    Quoted(String),
    /// A text in single quotes.
    Text(String),
    /// A whole number without its sign.
    Number(String),
    /// `$1` is 1.
    Placeholder(usize),
    /// One of [`SIGNS`].
    Sign(&'static str),
}

/// Longer ones stand before those that they begin with.
const SIGNS: &[&str] = &[
    "::", "<=", ">=", "<>", "!=", "(", ")", "[", "]", ",", ".", ";", "=", "<", ">", "+", "-", "*",
];

/// A token and the place where it begins, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) token: Token,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// All pieces of a text.
///
/// # Errors
/// Something that no statement has: the message of the server about it.
pub(super) fn pieces(sql: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut at = 0;
    loop {
        let rest = &sql[at..];
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if trimmed.is_empty() {
            return Ok(pieces);
        }
        let (token, length) = first(trimmed)?;
        let to = at + length;
        pieces.push(Piece {
            token,
            from: at,
            to,
        });
        at = to;
    }
}

/// The token that a text begins with, and its length in bytes.
fn first(text: &str) -> Result<(Token, usize), String> {
    let start = text.chars().next().unwrap_or_default();
    match start {
        '\'' => {
            let (inside, length) =
                quoted(text, '\'').ok_or("lexical error: unterminated string")?;
            Ok((Token::Text(inside), length))
        }
        '"' => {
            let (inside, length) =
                quoted(text, '"').ok_or("lexical error: unterminated quoted identifier")?;
            Ok((Token::Quoted(inside), length))
        }
        '$' => {
            let digits = run(&text[1..], |c| c.is_ascii_digit());
            let number = digits.parse().ok().filter(|number| *number > 0);
            let number =
                number.ok_or("lexical error: placeholder index must be between 1 and 65536")?;
            Ok((Token::Placeholder(number), 1 + digits.len()))
        }
        '0'..='9' => {
            let digits = run(text, |c| c.is_ascii_digit());
            Ok((Token::Number(digits.to_owned()), digits.len()))
        }
        c if c.is_alphabetic() || c == '_' => {
            let word = run(text, |c| c.is_alphanumeric() || c == '_');
            Ok((Token::Word(word.to_lowercase()), word.len()))
        }
        _ => {
            let sign = SIGNS.iter().find(|sign| text.starts_with(**sign));
            let sign = sign.ok_or_else(|| format!("lexical error: invalid character {start:?}"))?;
            Ok((Token::Sign(sign), sign.len()))
        }
    }
}

fn run(text: &str, is_part: fn(char) -> bool) -> &str {
    &text[..text.find(|c| !is_part(c)).unwrap_or(text.len())]
}

/// What stands in quotes at the beginning, where a doubled quote is one, and the length with the quotes.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut inside = String::new();
    let mut at = quote.len_utf8();
    loop {
        let rest = &text[at..];
        let end = rest.find(quote)?;
        inside.push_str(&rest[..end]);
        at += end + quote.len_utf8();
        if !text[at..].starts_with(quote) {
            return Some((inside, at));
        }
        inside.push(quote);
        at += quote.len_utf8();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(sql: &str) -> Vec<Token> {
        let pieces = pieces(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        pieces.into_iter().map(|piece| piece.token).collect()
    }

    #[test]
    fn names_texts_numbers_and_signs_are_told_apart() {
        assert_eq!(
            tokens("W.\"revokedAt\"::TimeStamp<=$12 -7"),
            [
                Token::Word("w".into()),
                Token::Sign("."),
                Token::Quoted("revokedAt".into()),
                Token::Sign("::"),
                Token::Word("timestamp".into()),
                Token::Sign("<="),
                Token::Placeholder(12),
                Token::Sign("-"),
                Token::Number("7".into()),
            ]
        );
    }

    #[test]
    fn a_quote_in_a_text_ends_it_only_when_it_is_alone() {
        assert_eq!(
            tokens("'it''s; DROP' 'a\\'"),
            [Token::Text("it's; DROP".into()), Token::Text("a\\".into())]
        );
        assert!(pieces("'open").is_err());
        assert!(pieces("a ~ b").is_err());
        assert!(pieces("$0").is_err());
    }
}

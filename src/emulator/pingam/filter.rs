//! Query filters of the REST framework: read in full, although sessions understand almost nothing of them.

/// A filter taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// `true` or `false`.
    Literal(bool),
    /// `field op "text"`.
    Compare(String, Operator, Operand),
    /// `field pr`.
    Present(String),
    /// `!(…)`.
    Not(Box<Filter>),
    /// `… and …`.
    And(Vec<Filter>),
    /// `… or …`.
    Or(Vec<Filter>),
}

/// The operator between a field and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// `eq`.
    Equal,
    /// `co`, `sw`, `lt`, `le`, `gt`, `ge` and extensions.
    Other,
}

/// A value in a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// In quotes.
    Text(String),
    /// A number, `true`, `false` or `null`.
    Other,
}

/// Reads a filter. `None`: it is none.
pub(super) fn parse(text: &str) -> Option<Filter> {
    let mut tokens = Tokens {
        letters: text.chars().collect(),
        at: 0,
    };
    let filter = tokens.any_of()?;
    tokens.next().is_none().then_some(filter)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum FilterToken {
    Open,
    Close,
    Not,
    Word(String),
    Quoted(String),
    /// Quotes without an end, or an escape that is none.
    Broken,
}

struct Tokens {
    letters: Vec<char>,
    at: usize,
}

impl Tokens {
    fn any_of(&mut self) -> Option<Filter> {
        let mut parts = vec![self.all_of()?];
        while self.skip_word("or") {
            parts.push(self.all_of()?);
        }
        Some(single_or(parts, Filter::Or))
    }

    fn all_of(&mut self) -> Option<Filter> {
        let mut parts = vec![self.one()?];
        while self.skip_word("and") {
            parts.push(self.one()?);
        }
        Some(single_or(parts, Filter::And))
    }

    fn one(&mut self) -> Option<Filter> {
        match self.next()? {
            FilterToken::Not => Some(Filter::Not(Box::new(self.one()?))),
            FilterToken::Open => {
                let inner = self.any_of()?;
                (self.next()? == FilterToken::Close).then_some(inner)
            }
            FilterToken::Word(word) if word == "true" || word == "false" => {
                Some(Filter::Literal(word == "true"))
            }
            FilterToken::Word(field) => self.comparison(field),
            FilterToken::Close | FilterToken::Quoted(_) | FilterToken::Broken => None,
        }
    }

    fn comparison(&mut self, field: String) -> Option<Filter> {
        let field = field.strip_prefix('/').unwrap_or(&field).to_owned();
        let FilterToken::Word(operator) = self.next()? else {
            return None;
        };
        let operator = match operator.as_str() {
            "pr" => return Some(Filter::Present(field)),
            "eq" => Operator::Equal,
            name if name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c)) =>
            {
                Operator::Other
            }
            _ => return None,
        };
        let operand = match self.next()? {
            FilterToken::Quoted(text) => Operand::Text(text),
            FilterToken::Word(word) if is_value(&word) => Operand::Other,
            _ => return None,
        };
        Some(Filter::Compare(field, operator, operand))
    }

    fn skip_word(&mut self, word: &str) -> bool {
        let before = self.at;
        let found = self.next() == Some(FilterToken::Word(word.to_owned()));
        if !found {
            self.at = before;
        }
        found
    }

    fn next(&mut self) -> Option<FilterToken> {
        while self.letters.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
        let first = *self.letters.get(self.at)?;
        self.at += 1;
        Some(match first {
            '(' => FilterToken::Open,
            ')' => FilterToken::Close,
            '!' => FilterToken::Not,
            '"' | '\'' => self
                .quoted(first)
                .map_or(FilterToken::Broken, FilterToken::Quoted),
            _ => {
                let mut word = String::from(first);
                let ends = |c: &char| c.is_whitespace() || "()!\"'".contains(*c);
                while let Some(letter) = self.letters.get(self.at).filter(|c| !ends(c)) {
                    word.push(*letter);
                    self.at += 1;
                }
                FilterToken::Word(word)
            }
        })
    }

    /// The rest of a text in quotes, with the escapes of JSON.
    fn quoted(&mut self, quote: char) -> Option<String> {
        let mut text = String::new();
        loop {
            let letter = self.take()?;
            match letter {
                '\\' => text.push(self.escape()?),
                _ if letter == quote => return Some(text),
                _ => text.push(letter),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.take()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let first = self.unit()?;
                if let Some(letter) = char::from_u32(first) {
                    letter
                } else {
                    // A letter beyond 16 bits comes as a pair.
                    let follows = self.take()? == '\\' && self.take()? == 'u';
                    let second = follows.then(|| self.unit())??;
                    let low = second.checked_sub(0xdc00)?;
                    char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low)?
                }
            }
            other @ ('"' | '\'' | '\\' | '/') => other,
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |unit, _| Some(unit * 16 + self.take()?.to_digit(16)?))
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.letters.get(self.at).copied();
        self.at += 1;
        letter
    }
}

fn is_value(word: &str) -> bool {
    matches!(word, "true" | "false" | "null") || word.parse::<f64>().is_ok()
}

fn single_or(mut parts: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(field: &str, text: &str) -> Filter {
        Filter::Compare(field.into(), Operator::Equal, Operand::Text(text.into()))
    }

    #[test]
    fn pairs_are_read_in_any_order_with_slashes_and_both_quotes() {
        let both = Filter::And(vec![is("username", "a"), is("realm", "/x")]);

        for text in [
            r#"username eq "a" and realm eq "/x""#,
            r"/username eq 'a' and /realm eq '/x'",
            r#"(username eq "a" and (realm eq "/x"))"#,
        ] {
            assert_eq!(parse(text).as_ref(), Some(&both), "{text}");
        }
    }

    #[test]
    fn escapes_of_json_are_read() {
        for (text, expected) in [
            (r#"u eq "we\"ird""#, "we\"ird"),
            (r#"u eq "back\\slash""#, "back\\slash"),
            (r#"u eq "j\u00fcrgen""#, "jürgen"),
            (r#"u eq "\ud83d\ude00""#, "😀"),
            (r#"u eq "a \"b\" (c) and !""#, "a \"b\" (c) and !"),
        ] {
            assert_eq!(parse(text), Some(is("u", expected)), "{text}");
        }
    }

    #[test]
    fn and_binds_more_tightly_than_or() {
        let filter = parse(r#"a eq "1" or b eq "2" and !c pr"#);

        let and = Filter::And(vec![
            is("b", "2"),
            Filter::Not(Box::new(Filter::Present("c".into()))),
        ]);
        assert_eq!(filter, Some(Filter::Or(vec![is("a", "1"), and])));
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for text in [
            "",
            "realm eq",
            r#"realm eq "/"#,
            r#"realm eq "/" and"#,
            r#"(realm eq "/""#,
            r#"realm eq "/" realm eq "/""#,
            r#"realm eq "\q""#,
            "realm eq abc",
            r#""realm" eq "/""#,
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

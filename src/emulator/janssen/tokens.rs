//! Access tokens that the emulated system has given out, and what each may do.

use std::collections::HashMap;

/// One access token.
#[derive(Clone)]
pub(crate) struct Token {
    /// Its scopes, in the order asked for.
    pub(crate) scopes: Vec<String>,
    /// Login name of the person behind it. `None`: a program.
    pub(crate) user: Option<String>,
    expires_ms: i64,
}

/// The result of looking up a token.
pub(crate) enum Found<'a> {
    /// Usable.
    Valid(&'a Token),
    /// Known, but its time is over.
    Expired,
    /// Never given out, or revoked.
    Unknown,
}

/// All tokens by their text.
#[derive(Default)]
pub(crate) struct Tokens {
    by_text: HashMap<String, Token>,
    longest_ms: Option<i64>,
}

impl Tokens {
    /// Keeps a new token.
    pub(crate) fn issue(
        &mut self,
        text: String,
        scopes: Vec<String>,
        user: Option<String>,
        now_ms: i64,
        lives_ms: i64,
    ) {
        let lives_ms = self.longest_ms.map_or(lives_ms, |most| most.min(lives_ms));
        let token = Token {
            scopes,
            user,
            expires_ms: now_ms.saturating_add(lives_ms),
        };
        self.by_text.insert(text, token);
    }

    /// The state of the token with this text.
    pub(crate) fn find(&self, text: &str, now_ms: i64) -> Found<'_> {
        match self.by_text.get(text) {
            None => Found::Unknown,
            Some(token) if now_ms >= token.expires_ms => Found::Expired,
            Some(token) => Found::Valid(token),
        }
    }

    /// Forgets a token. Unknown ones are no error.
    pub(crate) fn revoke(&mut self, text: &str) {
        self.by_text.remove(text);
    }

    /// Ends all tokens given out so far at this time, if they would live longer.
    pub(crate) fn expire_all(&mut self, at_ms: i64) {
        for token in self.by_text.values_mut() {
            token.expires_ms = token.expires_ms.min(at_ms);
        }
    }

    /// From now on no token, old or new, lives longer than this, whatever it was promised.
    pub(crate) fn limit_life(&mut self, longest_ms: i64, now_ms: i64) {
        self.expire_all(now_ms.saturating_add(longest_ms));
        self.longest_ms = Some(longest_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_token() -> Tokens {
        let mut tokens = Tokens::default();
        tokens.issue("t".into(), vec!["read".into()], None, 0, 1_000);
        tokens
    }

    #[test]
    fn token_is_good_until_its_last_millisecond() {
        let tokens = one_token();

        assert!(matches!(tokens.find("t", 999), Found::Valid(_)));
        assert!(matches!(tokens.find("t", 1_000), Found::Expired));
        assert!(matches!(tokens.find("other", 0), Found::Unknown));
    }

    #[test]
    fn limit_ends_tokens_that_were_given_out_before_it() {
        let mut tokens = one_token();

        tokens.limit_life(100, 50);

        assert!(matches!(tokens.find("t", 149), Found::Valid(_)));
        assert!(matches!(tokens.find("t", 150), Found::Expired));
    }

    #[test]
    fn expire_all_spares_later_tokens() {
        let mut tokens = one_token();

        tokens.expire_all(10);
        tokens.issue("new".into(), vec![], None, 10, 1_000);

        assert!(matches!(tokens.find("t", 10), Found::Expired));
        assert!(matches!(tokens.find("new", 10), Found::Valid(_)));
    }
}

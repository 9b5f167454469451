//! Our own credentials in the words of a server: found in every usual form, and taken out.

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{COOKIE, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::call::MEANS_SOMETHING;
use crate::model::locked;

/// The mark in the place of a credential.
pub(super) const MARK: &str = "[redacted]";
/// So many are remembered; older ones were replaced by newer ones long ago.
const MOST: usize = 64;
/// The least length of a secret, in bytes: removing a shorter text would only spoil the words
/// around it.
const SHORTEST: usize = 4;
/// The least length, in bytes, of a secret that is removed inside a word too. A shorter one may be
/// part of an ordinary word, so it must stand alone.
const SURE: usize = 8;

/// Names of form fields whose values must never be shown. Sources: RFC 6749, 7009 and 8628; `ujwt`
/// is the JWT of a user that one system asks for.
const SECRET_FIELDS: [&str; 8] = [
    "token",
    "access_token",
    "refresh_token",
    "device_code",
    "client_secret",
    "password",
    "ujwt",
    "assertion",
];

/// The credentials that the calls of a profile have sent.
#[derive(Default)]
pub(super) struct Hidden(Mutex<Vec<SecretString>>);

impl Hidden {
    /// Remembers a credential.
    pub(super) fn add(&self, secret: &str) {
        let secret = secret.trim();
        if secret.len() < SHORTEST {
            return;
        }
        let mut known = locked(&self.0);
        if known.iter().any(|one| one.expose_secret() == secret) {
            return;
        }
        if known.len() == MOST {
            known.remove(0);
        }
        known.push(SecretString::from(secret));
    }

    /// Remembers what a header carries: the value, and the credential inside it.
    pub(super) fn add_header(&self, name: &HeaderName, value: &HeaderValue) {
        let Ok(text) = value.to_str() else { return };
        if !value.is_sensitive() {
            return;
        }
        if name == COOKIE {
            let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
            pairs.for_each(|(_, value)| self.add(value));
            return;
        }
        let (scheme, rest) = text.split_once(' ').unwrap_or(("", text));
        self.add(rest);
        if scheme.eq_ignore_ascii_case("basic")
            && let Ok(pair) = STANDARD.decode(rest).map(Zeroizing::new)
            && let Ok(pair) = std::str::from_utf8(&pair)
            && let Some((_, password)) = pair.split_once(':')
        {
            self.add(password);
        }
    }

    /// Remembers what a form sends that nobody may see.
    pub(super) fn add_form(&self, pairs: &[(&str, &str)]) {
        let secret = |(name, _): &&(&str, &str)| SECRET_FIELDS.contains(name);
        let values = pairs.iter().filter(secret);
        values.for_each(|(_, value)| self.add(value));
    }

    /// The text with a mark in place of each credential, in whatever form it was sent back.
    pub(super) fn out_of(&self, text: &str) -> String {
        let known = locked(&self.0);
        let mut forms: Vec<Zeroizing<String>> = known.iter().flat_map(forms).collect();
        // The longest first: one may be part of another.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms
            .iter()
            .fold(text.to_owned(), |text, form| without(&text, form))
    }
}

/// How a server may write a credential: as it is, in base64, in a URL, in a form, in JSON.
fn forms(secret: &SecretString) -> Vec<Zeroizing<String>> {
    let text = secret.expose_secret();
    let in_form: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let in_json = serde_json::to_string(text).unwrap_or_default();
    let mut forms = vec![
        text.to_owned(),
        STANDARD.encode(text),
        STANDARD_NO_PAD.encode(text),
        URL_SAFE_NO_PAD.encode(text),
        utf8_percent_encode(text, MEANS_SOMETHING).to_string(),
        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
        in_form,
        in_json.trim_matches('"').to_owned(),
        in_json.trim_matches('"').replace('/', "\\/"),
    ];
    forms.sort_unstable();
    forms.dedup();
    forms.into_iter().map(Zeroizing::new).collect()
}

/// The text without one form of a credential.
fn without(text: &str, form: &str) -> String {
    if form.len() >= SURE {
        return text.replace(form, MARK);
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(at) = rest.find(form) {
        let (head, tail) = (&rest[..at], &rest[at + form.len()..]);
        let left = head.chars().next_back().or(before);
        let right = tail.chars().next();
        let alone = ![left, right]
            .into_iter()
            .flatten()
            .any(char::is_alphanumeric);
        cleaned.push_str(head);
        cleaned.push_str(if alone { MARK } else { form });
        before = form.chars().next_back();
        rest = tail;
    }
    cleaned.push_str(rest);
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hiding(secret: &str) -> Hidden {
        let hidden = Hidden::default();
        hidden.add(secret);
        hidden
    }

    #[test]
    fn a_credential_is_taken_out_in_every_usual_form() {
        let secret = "p/w\"d é+&=x9";
        let hidden = hiding(secret);
        let encode = |set| utf8_percent_encode(secret, set).to_string();
        for form in [
            secret.to_owned(),
            STANDARD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            encode(NON_ALPHANUMERIC),
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            serde_json::to_string(secret).unwrap(),
            r#""p\/w\"d é+&=x9""#.to_owned(),
        ] {
            let text = hidden.out_of(&format!("bad {form}, twice: {form}"));

            let marked = text.replace('"', "");
            assert_eq!(marked, "bad [redacted], twice: [redacted]", "{form}");
        }
    }

    #[test]
    fn what_a_basic_header_carries_is_known_whole_and_in_its_parts() {
        let hidden = Hidden::default();
        let pair = STANDARD.encode("client-id:s3cret-text");
        let mut value = HeaderValue::from_str(&format!("Basic {pair}")).unwrap();
        value.set_sensitive(true);

        hidden.add_header(&reqwest::header::AUTHORIZATION, &value);

        let text = hidden.out_of(&format!("Basic {pair} is client-id:s3cret-text"));
        assert_eq!(text, "Basic [redacted] is client-id:[redacted]");
    }

    #[test]
    fn the_values_of_cookies_are_known_and_their_names_stay() {
        let hidden = Hidden::default();
        let mut value = HeaderValue::from_static("session=abcdefgh; lb=0101");
        value.set_sensitive(true);

        hidden.add_header(&COOKIE, &value);

        let text = hidden.out_of("session=abcdefgh lb=0101");
        assert_eq!(text, "session=[redacted] lb=[redacted]");
    }

    #[test]
    fn a_short_one_is_taken_out_where_it_stands_alone_only() {
        for (secret, text, left) in [
            ("pass", "bad password pass", "bad password [redacted]"),
            ("pass", "passpass pass", "passpass [redacted]"),
            ("s", "it is s", "it is s"),
            ("", "nothing", "nothing"),
        ] {
            assert_eq!(hiding(secret).out_of(text), left, "{secret}");
        }
    }

    #[test]
    fn only_so_many_are_remembered_and_the_newest_stay() {
        let hidden = Hidden::default();
        for number in 0..=MOST {
            hidden.add(&format!("token-{number:03}"));
        }

        let text = hidden.out_of("token-000 token-001 token-064");

        assert_eq!(text, "token-000 [redacted] [redacted]");
    }
}

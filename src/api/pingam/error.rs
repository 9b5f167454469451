//! The server's errors, in words for people.

use super::wire::ErrorBody;
use crate::api::http::Reply;
use crate::api::net::clean;
use crate::model::ApiError;

/// An answer that is no success, as an error. The community server escapes its messages for HTML.
/// A body may be missing, be plain text or be a web page.
pub(super) fn of(reply: &Reply, can_login: bool) -> ApiError {
    let said = match reply.decode::<ErrorBody>() {
        Ok(ErrorBody {
            message: Some(message),
            ..
        }) if !message.trim().is_empty() => words(reply, &message),
        _ => words(reply, &reply.words()),
    };
    let mut error = reply.fault();
    match &mut error {
        ApiError::Auth {
            message,
            can_login: can,
            ..
        } => (*message, *can) = (said, can_login),
        ApiError::Forbidden { message, .. }
        | ApiError::NoEndpoint { message, .. }
        | ApiError::BadQuery { message, .. }
        | ApiError::Server { message, .. } => *message = said,
        _ => {}
    }
    error
}

/// True if this failure concerns one realm only, so that the others may still answer.
pub(super) fn is_of_realm(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::NoEndpoint { .. } | ApiError::Server { .. } | ApiError::Unexpected { .. }
    )
}

/// A message inside an answer, for people: without its HTML escaping and without our credentials.
pub(super) fn words(reply: &Reply, message: &str) -> String {
    reply.clean(&unescaped(message))
}

/// Undoes the HTML escaping of a message, and cleans what comes out.
pub(super) fn plain(message: &str) -> String {
    clean(&unescaped(message))
}

fn unescaped(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(start) = rest.find('&') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        if let Some((end, letter)) = rest
            .find(';')
            .and_then(|end| Some((end, entity(&rest[1..end])?)))
        {
            text.push(letter);
            rest = &rest[end + 1..];
        } else {
            text.push('&');
            rest = &rest[1..];
        }
    }
    text.push_str(rest);
    text
}

fn entity(name: &str) -> Option<char> {
    match name {
        "quot" => Some('"'),
        "apos" => Some('\''),
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_messages_read_as_they_were_meant() {
        for (sent, shown) in [
            (
                "Realm &quot;/nope&quot; not found",
                "Realm \"/nope\" not found",
            ),
            ("it&#39;s &lt;b&gt;", "it's <b>"),
            ("a &amp;&amp; b", "a && b"),
            ("R&D; x", "R&D; x"),
            ("fish & chips", "fish & chips"),
            ("&#x41;&#66;", "AB"),
            ("&", "&"),
        ] {
            assert_eq!(plain(sent), shown, "{sent}");
        }
    }

    #[test]
    fn an_escaped_control_character_does_not_reach_the_terminal() {
        let shown = plain("a&#27;[31mred&#x202e;");

        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
    }
}

//! The token of a web session: a protocol buffer with the id and the secret, in Base64.
//! Source: CockroachDB `pkg/server/serverpb/authentication.proto`, `SessionCookie`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

/// Field 1, a number of variable length.
const ID: u8 = 0x08;
/// Field 2, bytes with their length before them.
const SECRET: u8 = 0x12;

/// The name of the cookie.
pub(super) const COOKIE: &str = "session";

/// The token in what a person gives: the token itself, or the whole line of a cookie.
pub(super) fn in_line(line: &SecretString) -> SecretString {
    let line = line.expose_secret().trim();
    let rest = line.strip_prefix("session=").unwrap_or(line);
    let value = rest.split(';').next().unwrap_or_default();
    SecretString::from(value.trim().trim_matches('"'))
}

/// The token of one virtual cluster in the value of a cookie, where a server has several: pairs of a token
/// and the name of its cluster, with commas between.
pub(super) fn of_cluster(value: &SecretString, cluster: Option<&str>) -> Option<SecretString> {
    let value = value.expose_secret().trim().trim_matches('"');
    let parts: Vec<&str> = value.split(',').collect();
    let mut pairs = parts.chunks(2);
    let found = match cluster {
        Some(name) => pairs.find(|pair| pair.get(1).is_none_or(|of| *of == name)),
        None => pairs.next(),
    };
    let token = found?.first().filter(|token| !token.is_empty())?;
    Some(SecretString::from(*token))
}

/// The id of the session that a token is of. `None`: it is no such token.
pub(super) fn id(token: &SecretString) -> Option<i64> {
    let bytes = zeroize::Zeroizing::new(STANDARD.decode(token.expose_secret()).ok()?);
    match bytes.split_first()? {
        (&ID, rest) => varint(rest).map(|(id, _)| id),
        // A number that is 0 is left out.
        (&SECRET, _) => Some(0),
        _ => None,
    }
}

/// The token of a session: its id and its secret.
pub(super) fn of(id: i64, secret: &[u8; 16]) -> SecretString {
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(32));
    // A number that is 0 is left out.
    if id != 0 {
        bytes.push(ID);
        let mut rest = id.cast_unsigned();
        while rest >= 0x80 {
            bytes.push((rest & 0x7F) as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
    }
    bytes.push(SECRET);
    bytes.push(secret.len() as u8);
    bytes.extend_from_slice(secret);
    SecretString::from(STANDARD.encode(bytes.as_slice()))
}

/// A number and how many bytes it takes.
fn varint(bytes: &[u8]) -> Option<(i64, usize)> {
    let mut value: u64 = 0;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7F).checked_shl(7 * at as u32)?;
        if byte & 0x80 == 0 {
            return Some((value.cast_signed(), at + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_token_is_read_to_the_digit() {
        for (token, found) in [
            (
                "CIGAtrWQq7rxChIQAAECAwQFBgcICQoLDA0ODw==",
                Some(784_445_853_689_282_561),
            ),
            (
                "CIGAtrWQq7rxChIQTXxYNNQxAYjyLAjHWxgUMQ==",
                Some(784_445_853_689_282_561),
            ),
            ("CAESEAABAgMEBQYHCAkKCwwNDg8=", Some(1)),
            ("EhAAAQIDBAUGBwgJCgsMDQ4P", Some(0)),
            ("CP///////////wESEAABAgMEBQYHCAkKCwwNDg8=", Some(-1)),
            ("", None),
            ("not base64", None),
            ("CIGAtrWQ", None),
        ] {
            assert_eq!(id(&SecretString::from(token)), found, "{token}");
        }
    }

    #[test]
    fn a_token_is_written_as_the_vendors_tool_writes_it() {
        let secret: [u8; 16] = std::array::from_fn(|at| at as u8);
        for (number, token) in [
            (
                784_445_853_689_282_561,
                "CIGAtrWQq7rxChIQAAECAwQFBgcICQoLDA0ODw==",
            ),
            (1, "CAESEAABAgMEBQYHCAkKCwwNDg8="),
        ] {
            assert_eq!(of(number, &secret).expose_secret(), token);
        }
        for number in [0, -1, i64::MIN, i64::MAX] {
            assert_eq!(id(&of(number, &secret)), Some(number));
        }
    }

    #[test]
    fn a_token_is_found_in_its_cookie_and_among_those_of_several_clusters() {
        for line in [
            "QQ==",
            " session=QQ==; Path=/; HttpOnly; Secure\n",
            "session=\"QQ==\"",
        ] {
            assert_eq!(in_line(&SecretString::from(line)).expose_secret(), "QQ==");
        }
        for (value, cluster, found) in [
            ("QQ==", None, Some("QQ==")),
            ("QQ==", Some("system"), Some("QQ==")),
            ("\"QQ==,system,Qg==,app\"", Some("app"), Some("Qg==")),
            ("QQ==,system", None, Some("QQ==")),
            ("QQ==,system", Some("app"), None),
            ("", None, None),
        ] {
            let token = of_cluster(&SecretString::from(value), cluster);

            assert_eq!(
                token.as_ref().map(ExposeSecret::expose_secret),
                found,
                "{value}"
            );
        }
    }
}

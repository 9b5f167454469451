//! The token of a web session: a protobuf message of its id and its secret, in base64.
//!
//! Field 1 is the id, a varint; field 2 the 16 bytes of the secret. An id of 0 is left out, as proto3 does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The secret of a session.
pub(super) type Secret = [u8; 16];

const ID: u8 = 0x08;
const SECRET: u8 = 0x12;

/// An id and a secret as clients show them.
pub(super) fn write(id: i64, secret: &Secret) -> String {
    let mut bytes = Vec::with_capacity(28);
    if id != 0 {
        bytes.push(ID);
        let mut left = id as u64;
        while left >= 0x80 {
            bytes.push((left & 0x7f) as u8 | 0x80);
            left >>= 7;
        }
        bytes.push(left as u8);
    }
    bytes.extend([SECRET, secret.len() as u8]);
    bytes.extend(secret);
    STANDARD.encode(bytes)
}

/// Why a token was refused before anybody looked for its session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BadToken {
    /// No base64, and the place where that shows.
    Base64(usize),
    /// No such message.
    Message,
}

/// The id and the secret of a token; the secret of one without it is empty.
///
/// # Errors
/// It is no token.
pub(super) fn read(text: &str) -> Result<(i64, Vec<u8>), BadToken> {
    let bytes = STANDARD.decode(text).map_err(|error| {
        BadToken::Base64(match error {
            base64::DecodeError::InvalidByte(at, _) => at,
            _ => text.len() / 4 * 4,
        })
    })?;
    let (mut id, mut secret) = (0, Vec::new());
    let mut rest = bytes.as_slice();
    while let Some((tag, behind)) = rest.split_first() {
        match *tag {
            ID => (id, rest) = varint(behind)?,
            SECRET => {
                let (length, behind) = varint(behind)?;
                let length = usize::try_from(length).map_err(|_| BadToken::Message)?;
                let bytes = behind.get(..length).ok_or(BadToken::Message)?;
                secret = bytes.to_vec();
                rest = &behind[length..];
            }
            _ => return Err(BadToken::Message),
        }
    }
    Ok((id, secret))
}

fn varint(bytes: &[u8]) -> Result<(i64, &[u8]), BadToken> {
    let mut number = 0_u64;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        number |= u64::from(byte & 0x7f)
            .checked_shl(7 * at as u32)
            .unwrap_or(0);
        if byte & 0x80 == 0 {
            return Ok((number as i64, &bytes[at + 1..]));
        }
    }
    Err(BadToken::Message)
}

/// What the server keeps of a secret.
pub(super) fn hash(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTED: Secret = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    #[test]
    fn tokens_are_those_of_the_vendors_tool() {
        for (id, secret, token) in [
            (
                784_445_853_689_282_561,
                COUNTED,
                "CIGAtrWQq7rxChIQAAECAwQFBgcICQoLDA0ODw==",
            ),
            (1, COUNTED, "CAESEAABAgMEBQYHCAkKCwwNDg8="),
            (
                784_445_853_689_282_561,
                [
                    0x4d, 0x7c, 0x58, 0x34, 0xd4, 0x31, 0x01, 0x88, 0xf2, 0x2c, 0x08, 0xc7, 0x5b,
                    0x18, 0x14, 0x31,
                ],
                "CIGAtrWQq7rxChIQTXxYNNQxAYjyLAjHWxgUMQ==",
            ),
        ] {
            assert_eq!(write(id, &secret), token);
            assert_eq!(read(token), Ok((id, secret.to_vec())));
        }
        for id in [0, -1, i64::MIN, i64::MAX] {
            assert_eq!(
                read(&write(id, &COUNTED)),
                Ok((id, COUNTED.to_vec())),
                "{id}"
            );
        }
    }

    #[test]
    fn what_is_no_token_is_told_apart() {
        assert_eq!(read("!"), Err(BadToken::Base64(0)));
        assert_eq!(read("cookie"), Err(BadToken::Base64(4)));
        assert_eq!(read("CAE="), Ok((1, Vec::new())));
        assert_eq!(read("/w=="), Err(BadToken::Message));
        assert_eq!(read("EhA="), Err(BadToken::Message));
    }
}

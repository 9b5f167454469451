//! The two messages of the wire (package `comm` of the server), as bytes of Protocol Buffers.
//!
//! `Command { string command = 1; repeated string args = 2; }` and
//! `Response { string client_id = 1; string topic = 2; string status = 3; bytes result = 4; }`.

/// Groups inside groups: more is refused.
const DEEPEST: u8 = 100;

/// A command as the client sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    /// Its name, in any case.
    pub(super) name: String,
    /// Its arguments, in order.
    pub(super) args: Vec<String>,
}

/// Why bytes are no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadRequest {
    /// They are no message at all.
    Wire,
    /// A text in it is not UTF-8.
    Text,
}

impl Request {
    /// Reads the body of a frame. Fields that are not known are passed over.
    pub(super) fn read(body: &[u8]) -> Result<Self, BadRequest> {
        let mut request = Request::default();
        let mut rest = body;
        while !rest.is_empty() {
            let tag = varint(&mut rest)?;
            match tag {
                0x0a => request.name = text(&mut rest)?,
                0x12 => request.args.push(text(&mut rest)?),
                _ => skip(tag, &mut rest, 0)?,
            }
        }
        Ok(request)
    }
}

/// The body of an answer. What is empty is left out.
pub(super) fn response(client_id: &str, status: &str, result: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    let fields = [
        (0x0a, client_id.as_bytes()),
        (0x1a, status.as_bytes()),
        (0x22, result),
    ];
    for (tag, value) in fields {
        if !value.is_empty() {
            body.push(tag);
            let mut length = value.len();
            while length >= 0x80 {
                body.push(0x80 | (length & 0x7f) as u8);
                length >>= 7;
            }
            body.push(length as u8);
            body.extend_from_slice(value);
        }
    }
    body
}

fn varint(rest: &mut &[u8]) -> Result<u64, BadRequest> {
    let mut value = 0_u64;
    for at in 0..10 {
        let byte = *take(rest, 1)?.first().ok_or(BadRequest::Wire)?;
        // The tenth byte holds one bit.
        if at == 9 && byte > 1 {
            break;
        }
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(BadRequest::Wire)
}

fn take<'a>(rest: &mut &'a [u8], count: u64) -> Result<&'a [u8], BadRequest> {
    let count = usize::try_from(count).map_err(|_| BadRequest::Wire)?;
    let (taken, left) = rest.split_at_checked(count).ok_or(BadRequest::Wire)?;
    *rest = left;
    Ok(taken)
}

fn text(rest: &mut &[u8]) -> Result<String, BadRequest> {
    let length = varint(rest)?;
    let bytes = take(rest, length)?;
    let text = std::str::from_utf8(bytes).map_err(|_| BadRequest::Text)?;
    Ok(text.to_owned())
}

/// Passes over the value of a field.
fn skip(tag: u64, rest: &mut &[u8], depth: u8) -> Result<(), BadRequest> {
    const END_OF_GROUP: u64 = 4;
    let (number, kind) = (tag >> 3, tag & 7);
    if number == 0 || number >= 1 << 29 || depth > DEEPEST {
        return Err(BadRequest::Wire);
    }
    match kind {
        0 => varint(rest).map(drop),
        1 => take(rest, 8).map(drop),
        2 => {
            let length = varint(rest)?;
            take(rest, length).map(drop)
        }
        3 => loop {
            let inner = varint(rest)?;
            if inner & 7 == END_OF_GROUP {
                return if inner >> 3 == number {
                    Ok(())
                } else {
                    Err(BadRequest::Wire)
                };
            }
            skip(inner, rest, depth + 1)?;
        },
        5 => take(rest, 4).map(drop),
        _ => Err(BadRequest::Wire),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: &str, args: &[&str]) -> Result<Request, BadRequest> {
        Ok(Request {
            name: name.into(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        })
    }

    #[test]
    fn commands_are_read_and_what_is_unknown_is_passed_over() {
        for (body, read) in [
            (&b""[..], request("", &[])),
            (
                b"\x0a\x04PING\x12\x01a\x12\x00",
                request("PING", &["a", ""]),
            ),
            // A later name replaces the one before, as the format wants it.
            (b"\x0a\x01A\x0a\x01B", request("B", &[])),
            (b"\x0a\x01A\x7a\x01z", request("A", &[])),
            (b"\x08\x05\x0a\x01A", request("A", &[])),
            (
                b"\x19\x01\x02\x03\x04\x05\x06\x07\x08\x0a\x01A",
                request("A", &[]),
            ),
            (b"\x1d\x01\x02\x03\x04\x0a\x01A", request("A", &[])),
            (b"\x23\x08\x01\x24\x0a\x01A", request("A", &[])),
            (b"\x0a\x02\xff\xfe", Err(BadRequest::Text)),
        ] {
            assert_eq!(Request::read(body), read, "{body:02x?}");
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let deep = [0x23; 200];
        for body in [
            &b"\xff\xff\xff"[..],
            b"\x0a\x05PING",
            b"\x0a",
            b"\x00\x00",
            b"\x23\x08\x01",
            b"\x23\x2c",
            b"\x24",
            b"\x0e",
            b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
            &deep,
        ] {
            assert_eq!(Request::read(body), Err(BadRequest::Wire), "{body:02x?}");
        }
    }
}

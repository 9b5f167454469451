//! Bodies that no client expects, all with status 200.

use axum::body::Bytes;

use super::Garbage;

/// Deep enough to overflow the stack of a reader without a limit.
const DEPTH: usize = 100_000;

impl Garbage {
    /// The `Content-Type` that goes with it.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Garbage::Html => "text/html;charset=utf-8",
            _ => "application/json",
        }
    }

    /// True if it is made from the real answer.
    pub(crate) fn needs_answer(self) -> bool {
        matches!(self, Garbage::Bom | Garbage::DupKeys)
    }

    /// The body; `answer` is the real one, empty where [`Garbage::needs_answer`] is false.
    pub(crate) fn body(self, answer: &[u8]) -> Bytes {
        match self {
            Garbage::Html => Bytes::from_static(
                b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form></form></body></html>\n",
            ),
            Garbage::Empty => Bytes::new(),
            Garbage::NotJson => Bytes::from_static(b"{\"start\":0,\"entries\":[{'a':1,}"),
            Garbage::JsonScalar => Bytes::from_static(b"42"),
            Garbage::WrongShape => Bytes::from_static(
                b"{\"start\":\"zero\",\"totalEntriesCount\":[],\"entries\":{\"0\":true},\"access_token\":{}}",
            ),
            Garbage::InvalidUtf8 => Bytes::from_static(
                b"{\"start\":0,\"totalEntriesCount\":1,\"entriesCount\":1,\"entries\":[{\"outsideSid\":\"\xff\xfe\xc3\x28\"}]}",
            ),
            Garbage::Deep => "[".repeat(DEPTH).into(),
            Garbage::Nul => Bytes::from_static(b"\0\0\0\0\0\0\0\0"),
            Garbage::Bom => [b"\xef\xbb\xbf", answer].concat().into(),
            Garbage::DupKeys => duplicate_keys(answer),
            Garbage::HugeNumber => Bytes::from_static(
                b"{\"start\":0,\"totalEntriesCount\":123456789012345678901234567890,\"entriesCount\":1e400,\"entries\":[]}",
            ),
        }
    }
}

/// Every key of the outermost object once more in front, with the value null. Anything else stays as it is.
fn duplicate_keys(answer: &[u8]) -> Bytes {
    let Ok(serde_json::Value::Object(map)) = serde_json::from_slice(answer) else {
        return Bytes::copy_from_slice(answer);
    };
    let mut text = String::from("{");
    for key in map.keys() {
        text.push_str(&serde_json::Value::from(key.as_str()).to_string());
        text.push_str(":null,");
    }
    let real = serde_json::Value::Object(map).to_string();
    text.push_str(real.trim_start_matches('{'));
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicated_keys_come_before_the_real_ones() {
        assert_eq!(
            Garbage::DupKeys.body(br#"{"a":1,"b":{"c":2}}"#),
            r#"{"a":null,"b":null,"a":1,"b":{"c":2}}"#
        );
    }

    #[test]
    fn byte_order_mark_stands_before_the_real_answer() {
        assert_eq!(Garbage::Bom.body(b"{}"), &b"\xef\xbb\xbf{}"[..]);
    }
}

//! Who is connected. A session is there from its sign-in to the end of its connection, and nowhere else.

use std::net::SocketAddr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

/// The socket of the first client: the server itself holds the ones before.
const FIRST_SOCKET: u32 = 7;
/// Each connection takes two descriptors.
const SOCKETS_EACH: u32 = 2;
/// The part of a time that is finer than the emulator's clock, in nanoseconds.
const FINER_NS: i64 = 79_364;
/// How long after its beginning a session is noted as used, in nanoseconds; it never is again.
const USED_AFTER_NS: i64 = 137;

/// A signed-in connection.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// `<number of the socket>-<address of the client>:<its port>`.
    pub(super) id: String,
    socket: u32,
    user: String,
    role: String,
    created_ns: i64,
}

/// All of them, in the order of their sign-ins.
#[derive(Debug, Default)]
pub(super) struct Sessions(Vec<Session>);

impl Sessions {
    /// Notes a new one. Its socket is the lowest that is free, as a system hands them out.
    pub(super) fn add(&mut self, peer: SocketAddr, user: &str, role: &str, now_ms: i64) -> Session {
        let is_free = |socket: &u32| self.0.iter().all(|session| session.socket != *socket);
        let mut sockets = (0..).map(|number| FIRST_SOCKET + number * SOCKETS_EACH);
        let socket = sockets.find(is_free).unwrap_or(FIRST_SOCKET);
        let session = Session {
            id: format!("{socket}-{peer}"),
            socket,
            user: user.to_owned(),
            role: role.to_owned(),
            created_ns: now_ms.saturating_mul(1_000_000).saturating_add(FINER_NS),
        };
        self.0.push(session.clone());
        session
    }

    /// Its connection has ended.
    pub(super) fn remove(&mut self, id: &str) {
        self.0.retain(|session| session.id != id);
    }

    /// Their ids.
    pub(super) fn ids(&self) -> Vec<String> {
        self.0.iter().map(|session| session.id.clone()).collect()
    }
}

impl Session {
    /// The answer to `SESSION`: keys in the order of the server's structure.
    pub(super) fn json(&self) -> String {
        let session = json!({
            "session_id": self.id,
            "user": { "Username": self.user, "Password": "*******", "Role": self.role },
            "status": 1,
            "created_at": time(self.created_ns),
            "last_accessed_at": time(self.created_ns.saturating_add(USED_AFTER_NS)),
        });
        as_go_writes(&session.to_string())
    }
}

/// A time in RFC 3339 with as many digits of the second as it needs.
pub(super) fn time(unix_ns: i64) -> String {
    let moment: DateTime<Utc> = DateTime::from_timestamp_nanos(unix_ns);
    let text = moment.to_rfc3339_opts(SecondsFormat::Nanos, true);
    let text = text.trim_end_matches('Z').trim_end_matches('0');
    format!("{}Z", text.trim_end_matches('.'))
}

/// Go writes three characters as escapes, for those who put JSON into a page. They stand in texts only.
pub(super) fn as_go_writes(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_digits_that_they_need() {
        for (ns, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_746_120_795_497_273_000, "2025-05-01T17:33:15.497273Z"),
            (1_763_770_767_829_563_750, "2025-11-22T00:19:27.82956375Z"),
            (1_000_000_000, "1970-01-01T00:00:01Z"),
        ] {
            assert_eq!(time(ns), text);
        }
    }

    #[test]
    fn a_socket_that_is_free_again_is_handed_out_again() {
        let mut sessions = Sessions::default();
        let add = |port: u16, sessions: &mut Sessions| {
            sessions
                .add(([127, 0, 0, 1], port).into(), "root", "root", 0)
                .id
        };
        let first = add(4_000, &mut sessions);
        let second = add(4_001, &mut sessions);
        sessions.remove(&first);

        assert_eq!(first, "7-127.0.0.1:4000");
        assert_eq!(second, "9-127.0.0.1:4001");
        assert_eq!(add(4_002, &mut sessions), "7-127.0.0.1:4002");
    }

    #[test]
    fn names_are_escaped_as_the_server_does_it() {
        let mut sessions = Sessions::default();
        let json = sessions
            .add(([127, 0, 0, 1], 1).into(), "we<ird&", "a>b", 0)
            .json();

        assert!(json.contains(r#""Username":"we\u003cird\u0026""#), "{json}");
        assert!(json.contains(r#""Role":"a\u003eb""#), "{json}");
    }
}

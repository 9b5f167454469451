//! The life line of a session: when it began, when it was last used, when it ends, in proportion.

use chrono::{DateTime, TimeDelta, Utc};

use super::cells;
use crate::model::State as Word;
use crate::model::time::{Zone, clock, duration_words};
use crate::model::{Fact, Session};
use crate::store::Row;

/// The moments of a session, as far as they are known, and what its state depends on beside them.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    /// The state as the system reported it.
    pub fact: Fact,
    /// True for the operator's own session.
    pub own: Option<bool>,
    /// When it began.
    pub created: Option<DateTime<Utc>>,
    /// When it was last used.
    pub used: Option<DateTime<Utc>>,
    /// When it ends by itself.
    pub expires: Option<DateTime<Utc>>,
    /// When it was ended.
    pub ended: Option<DateTime<Utc>>,
}

impl From<&Session> for Moments {
    fn from(session: &Session) -> Self {
        Self {
            fact: session.fact,
            own: session.own,
            created: session.created,
            used: session.last_used,
            expires: session.expires,
            ended: session.ended,
        }
    }
}

impl From<Row<'_>> for Moments {
    fn from(row: Row<'_>) -> Self {
        Self {
            fact: row.fact(),
            own: row.own(),
            created: row.created(),
            used: row.last_used(),
            expires: row.expires(),
            ended: row.ended(),
        }
    }
}

/// The life line as text: times at both ends, the line between them, and the same in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// When it began ("14:01").
    pub from: String,
    /// `●━━━━◆╌╌╌╌○`.
    pub line: String,
    /// When it ends or ended; empty if it has no end.
    pub to: String,
    /// "10 % used · idle 6m".
    pub words: String,
}

/// Cells of the line at most: longer ones are not read better.
const LONGEST: usize = 56;
/// Cells of the line at least; below, only the words are left.
const SHORTEST: usize = 10;
/// Blanks between the parts: one on either side of the line, three before the words.
const GAPS: usize = 5;

/// The life line in a room of `cells`. `ended`: when it was ended, as far as that is known. `None`:
/// nothing is known of when it began.
pub fn life(
    session: &Moments,
    ended: Option<DateTime<Utc>>,
    (word, over): (Word, bool),
    now: DateTime<Utc>,
    zone: Zone,
    cells: usize,
) -> Option<Life> {
    let began = session.created?;
    let over = over || cells::is_over(word);
    let ends = end(session, ended, over, now);
    let from = time_or_day(began, now, zone);
    let to = ends.map_or(String::new(), |at| time_or_day(at, now, zone));
    let words = words(session, began, ends, over, (now, zone));
    let taken = from.len() + to.len() + words.chars().count() + GAPS;
    let room = cells.saturating_sub(taken).min(LONGEST);
    let line = match room {
        SHORTEST.. => line(room, began, session.used, ends, over, now),
        _ => String::new(),
    };
    Some(Life {
        from,
        line,
        to,
        words,
    })
}

/// Only the line, in this many cells, 2 or more. `None`: nothing is known of when it began.
pub fn bar(
    session: &Moments,
    ended: Option<DateTime<Utc>>,
    (word, over): (Word, bool),
    now: DateTime<Utc>,
    cells: usize,
) -> Option<String> {
    let began = session.created?;
    let over = over || cells::is_over(word);
    let ends = end(session, ended, over, now);
    Some(line(cells, began, session.used, ends, over, now))
}

/// When it ended, or ends. `None`: that is not known, or it has no end.
fn end(
    session: &Moments,
    ended: Option<DateTime<Utc>>,
    over: bool,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    if over {
        ended.or(session.expires.filter(|at| *at <= now))
    } else {
        session.expires
    }
}

/// The time of day if it is today, else the day too.
fn time_or_day(at: DateTime<Utc>, now: DateTime<Utc>, zone: Zone) -> String {
    if zone.date_of(at) == zone.date_of(now) {
        return clock(at, zone);
    }
    format!("{} {}", zone.date_of(at).format("%m-%d"), clock(at, zone))
}

fn words(
    session: &Moments,
    began: DateTime<Utc>,
    ends: Option<DateTime<Utc>>,
    over: bool,
    (now, zone): (DateTime<Utc>, Zone),
) -> String {
    let lived = now - began;
    if over {
        return match ends {
            Some(at) => {
                let ended = time_or_day(at, now, zone);
                format!("ended {ended} · lived {}", duration_words(at - began))
            }
            None => "over".to_owned(),
        };
    }
    let part = match ends {
        Some(at) if at > began => {
            let whole = (at - began).num_milliseconds().max(1);
            let part = lived.num_milliseconds().clamp(0, whole);
            format!("{} % used", i128::from(part) * 100 / i128::from(whole))
        }
        _ => format!("{} old, no end", duration_words(lived)),
    };
    let idle = session.used.map_or_else(
        || "never used".to_owned(),
        |at| match now - at {
            idle if idle < TimeDelta::seconds(1) => "used just now".to_owned(),
            idle => format!("idle {}", duration_words(idle)),
        },
    );
    format!("{part} · {idle}")
}

fn line(
    cells: usize,
    began: DateTime<Utc>,
    used: Option<DateTime<Utc>>,
    ends: Option<DateTime<Utc>>,
    over: bool,
    now: DateTime<Utc>,
) -> String {
    // Without an end the line shows the time until now and fades out.
    let end = ends.unwrap_or(now).max(began);
    let last = cells - 1;
    let whole = i128::from((end - began).num_milliseconds().max(1));
    let cell = |at: DateTime<Utc>| {
        let part = i128::from((at - began).num_milliseconds()).clamp(0, whole);
        (part * last as i128 / whole) as usize
    };
    let lived = if over { last } else { cell(now) };
    let mut line: Vec<char> = (0..cells)
        .map(|at| if at <= lived { '━' } else { '╌' })
        .collect();
    if let Some(used) = used {
        // The marks of begin and end stay readable: use is shown beside them.
        line[cell(used).clamp(1, last - 1)] = '◆';
    }
    line[0] = '●';
    line[last] = match (over, ends) {
        (true, _) => '×',
        (false, Some(_)) => '○',
        (false, None) => '…',
    };
    line.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SessionKey;
    use crate::model::time::parse_instant;

    fn at(text: &str) -> DateTime<Utc> {
        parse_instant(text, Zone::Utc).unwrap()
    }

    fn session(created: &str, used: Option<&str>, expires: Option<&str>) -> Session {
        let mut session = Session::new(SessionKey::new("k"), "k".to_owned());
        session.created = Some(at(created));
        session.last_used = used.map(at);
        session.expires = expires.map(at);
        session
    }

    fn drawn(session: &Session, word: Word, cells: usize) -> Life {
        let now = at("2026-11-21 14:07:00");
        life(
            &session.into(),
            session.ended,
            (word, false),
            now,
            Zone::Utc,
            cells,
        )
        .unwrap()
    }

    #[test]
    fn a_line_is_thick_up_to_now_and_dashed_after_it() {
        let session = session(
            "2026-11-21 13:57:00",
            Some("2026-11-21 14:02:00"),
            Some("2026-11-21 14:17:00"),
        );

        let life = drawn(&session, Word::Active, 60);

        assert_eq!(life.line, "●━━━━━◆━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌○");
        assert_eq!(life.words, "50 % used · idle 5m");
        assert_eq!((life.from.as_str(), life.to.as_str()), ("13:57", "14:17"));
    }

    #[test]
    fn a_session_that_is_over_ends_in_a_cross() {
        let session = session("2026-11-19 14:07:00", None, Some("2026-11-20 14:07:00"));

        let life = drawn(&session, Word::Expired, 80);

        assert!(
            life.line.starts_with("●━") && life.line.ends_with("━×"),
            "{}",
            life.line
        );
        assert_eq!(life.words, "ended 11-20 14:07 · lived 1d");
        assert_eq!(life.to, "11-20 14:07");
    }

    #[test]
    fn a_session_without_an_end_fades_out() {
        let session = session("2026-11-21 14:00:00", None, None);

        let life = drawn(&session, Word::Active, 60);

        assert!(life.line.ends_with("━…"), "{}", life.line);
        assert_eq!(life.words, "7m old, no end · never used");
    }

    #[test]
    fn no_room_leaves_the_words_and_no_instants_panic() {
        let odd = session(
            "9999-12-31 00:00:00",
            Some("0001-01-01 00:00:00"),
            Some("1970-01-01 00:00:00"),
        );

        for cells in 0..120 {
            let life = drawn(&odd, Word::Active, cells);

            assert!(!life.words.is_empty());
            assert!(cells > 30 || life.line.is_empty(), "{cells}");
        }
    }
}

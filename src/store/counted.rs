//! The facts about a row that only the other rows tell: how many sessions its user has, and in how many
//! networks they began within a short time.

use std::collections::HashMap;
use std::sync::Arc;

use ipnet::IpNet;
use rayon::prelude::*;

use super::chunk::{Moment, Shared};
use super::order::View;
use super::row::Row;
use super::rows::{RowId, Rows, SourceId};
use super::texts::{TextId, Texts};
use crate::model::address::network_around;
use crate::model::{Fact, HintRules, OfOtherRows, Untrusted};

/// How many sessions the users of all rows have, and in how many networks, at one moment.
#[derive(Debug, Default)]
pub struct UserCounts {
    rows: usize,
    /// Of each row the sessions of its user; 0: not more than the threshold. Empty: no user has more.
    sessions: Vec<u32>,
    /// Of each row the networks; 0: fewer than the threshold. Empty: no user has more.
    networks: Vec<u8>,
}

impl UserCounts {
    /// How many rows were counted, from the first on.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// True if no row has a hint by these counts.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.networks.is_empty()
    }

    /// The counts of one row.
    pub fn of(&self, id: RowId) -> OfOtherRows {
        let at = id.0 as usize;
        OfOtherRows {
            sessions: self.sessions.get(at).copied().filter(|count| *count > 0),
            networks: self.networks.get(at).copied().filter(|count| *count > 0),
        }
    }
}

/// Counts all rows. Work for off the loop where they are many.
pub fn count_users(rows: &Rows, view: &View) -> UserCounts {
    #[cfg(test)]
    super::touched::add(rows.len());
    let people = People::of(rows);
    UserCounts {
        rows: rows.len(),
        sessions: sessions(rows, view, &people),
        networks: networks(rows, view, &people),
    }
}

/// The place of a row that belongs to nobody.
const NOBODY: u32 = u32::MAX;

/// Whose row each is.
struct People {
    /// Of each row the number of its user, or [`NOBODY`].
    of_row: Vec<u32>,
    /// The source of each user: a name means the same person at one source only.
    sources: Vec<SourceId>,
}

/// The id of a person, else the name and the realm in which it is valid.
type Identity<'a> = (
    SourceId,
    Option<&'a str>,
    Option<(&'a str, Option<&'a str>)>,
);

impl People {
    fn of(rows: &Rows) -> Self {
        let mut people = Self {
            of_row: Vec::with_capacity(rows.len()),
            sources: Vec::new(),
        };
        let mut known: HashMap<Identity<'_>, u32> = HashMap::new();
        // A text is kept once a reading, so that its number stands for it; what it means is looked up once.
        let mut reading: Option<(SourceId, &Arc<Texts>)> = None;
        let mut by_id: Vec<u32> = Vec::new();
        let mut by_name: HashMap<(TextId, TextId), u32> = HashMap::new();
        for (_, chunk) in rows.chunks() {
            let same = |(source, texts): (SourceId, &Arc<Texts>)| {
                source == chunk.source && Arc::ptr_eq(texts, &chunk.texts)
            };
            if !reading.is_some_and(same) {
                reading = Some((chunk.source, &chunk.texts));
                by_id.clear();
                by_name.clear();
            }
            for row in chunk.rows() {
                let place = match row.text_id(Shared::UserId).number() {
                    Some(number) => {
                        if by_id.len() <= number {
                            by_id.resize((number + 1).next_power_of_two(), UNKNOWN);
                        }
                        &mut by_id[number]
                    }
                    None => by_name
                        .entry((row.text_id(Shared::User), row.text_id(Shared::Scope)))
                        .or_insert(UNKNOWN),
                };
                if *place == UNKNOWN {
                    *place = identity(row).map_or(NOBODY, |who| {
                        *known.entry(who).or_insert_with(|| {
                            people.sources.push(chunk.source);
                            people.sources.len() as u32 - 1
                        })
                    });
                }
                people.of_row.push(*place);
            }
        }
        people
    }
}

/// The place of a text that was not looked up yet.
const UNKNOWN: u32 = u32::MAX - 1;

/// Who a row belongs to. `None`: nobody, or it is not told.
fn identity(row: Row<'_>) -> Option<Identity<'_>> {
    fn some(text: Option<&Untrusted>) -> Option<&str> {
        text.map(Untrusted::expose).filter(|text| !text.is_empty())
    }
    if let Some(id) = some(row.user_id()) {
        return Some((row.source(), Some(id), None));
    }
    let name = some(row.user())?;
    Some((row.source(), None, Some((name, some(row.scope())))))
}

fn rules(view: &View, source: SourceId) -> HintRules {
    let names = view.sources.get(usize::from(source.0));
    names.map_or(HintRules::USUAL, |names| names.thresholds.hints)
}

/// Of each row how many sessions its user has that are not over, where those are many.
fn sessions(rows: &Rows, view: &View, people: &People) -> Vec<u32> {
    let ends: Vec<i64> = view
        .sources
        .iter()
        .map(|names| (view.now + names.ahead).timestamp_micros())
        .collect();
    let mut counts = vec![0_u32; people.sources.len()];
    let mut at = 0;
    for (first, chunk) in rows.chunks() {
        let now = ends.get(usize::from(chunk.source.0)).copied();
        let now = now.unwrap_or(i64::MIN);
        for (number, row) in (first..).zip(chunk.rows()) {
            let who = people.of_row[at];
            at += 1;
            let is_over = view.fact(RowId(number), row) == Fact::Revoked
                || chunk.times[Moment::Expires]
                    .micros(row.at)
                    .is_some_and(|end| end <= now);
            if let Some(count) = counts.get_mut(who as usize).filter(|_| !is_over) {
                *count += 1;
            }
        }
    }
    let mut any = false;
    for (count, source) in counts.iter_mut().zip(&people.sources) {
        if *count > rules(view, *source).many_sessions {
            any = true;
        } else {
            *count = 0;
        }
    }
    if !any {
        return Vec::new();
    }
    let of = |who: &u32| counts.get(*who as usize).copied().unwrap_or(0);
    people.of_row.iter().map(of).collect()
}

/// When a session began (was used last, where that is not told), and in which network.
#[derive(Clone, Copy)]
struct Begun {
    at: i64,
    network: IpNet,
    row: u32,
}

/// When a session began, or was used last, in microseconds since 1970.
fn began(row: Row<'_>) -> Option<i64> {
    let micros = |moment| row.chunk.times[moment].micros(row.at);
    micros(Moment::Created).or_else(|| micros(Moment::Used))
}

/// The time within which networks count, in microseconds.
fn micros(rules: HintRules) -> i64 {
    rules.networks_within.num_microseconds().unwrap_or(i64::MAX)
}

/// Of each row in how many networks sessions of its user began within a short time, this one among them.
fn networks(rows: &Rows, view: &View, people: &People) -> Vec<u8> {
    let (starts, by_person) = grouped(people);
    let each = (0..people.sources.len()).into_par_iter();
    let found: Vec<(u32, u8)> = each
        .flat_map_iter(|who| {
            let rules = rules(view, people.sources[who]);
            let of_person = by_person.get(starts[who] as usize..starts[who + 1] as usize);
            let of_person = of_person.unwrap_or_default();
            let begun = |id: &u32| Some((began(rows.get(RowId(*id))?)?, *id));
            let mut all: Vec<(i64, u32)> = of_person.iter().filter_map(begun).collect();
            all.sort_unstable();
            // Most people have no times that are close: their addresses need not be read.
            let is_close = |some: &[(i64, u32)]| match (some.first(), some.last()) {
                (Some((first, _)), Some((last, _))) => last.saturating_sub(*first) <= micros(rules),
                _ => false,
            };
            if !all.windows(rules.many_networks.into()).any(is_close) {
                return Vec::new();
            }
            let in_network = |(at, row): (i64, u32)| {
                let network = network_around(rows.get(RowId(row))?.ip_text())?;
                Some(Begun { at, network, row })
            };
            several(
                &all.into_iter().filter_map(in_network).collect::<Vec<_>>(),
                rules,
            )
        })
        .collect();
    if found.is_empty() {
        return Vec::new();
    }
    let mut networks = vec![0; rows.len()];
    for (row, count) in found {
        networks[row as usize] = count;
    }
    networks
}

/// The rows of each person behind each other, and where those of each begin; one more at the end.
fn grouped(people: &People) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; people.sources.len() + 1];
    for who in &people.of_row {
        if let Some(next) = starts.get_mut(*who as usize + 1) {
            *next += 1;
        }
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut free = starts.clone();
    let mut rows = vec![0; starts.last().map_or(0, |end| *end as usize)];
    for (row, who) in (0..).zip(&people.of_row) {
        if *who != NOBODY {
            let place = &mut free[*who as usize];
            rows[*place as usize] = row;
            *place += 1;
        }
    }
    (starts, rows)
}

/// The sessions of one person that began in several networks within the time, each with their number: where
/// such times overlap, the largest. They come in the order in which they began.
fn several(begun: &[Begun], rules: HintRules) -> Vec<(u32, u8)> {
    let within = micros(rules);
    let mut found = Vec::new();
    // The run of sessions that is being looked at, and the largest number in it.
    let (mut run, mut most) = (0..0, 0);
    let mut inside: HashMap<IpNet, u32> = HashMap::new();
    // The first session that is within the time.
    let mut first = 0;
    let mut flush = |run: std::ops::Range<usize>, most: u8| {
        let rows = begun.get(run).unwrap_or_default();
        found.extend(rows.iter().map(|one| (one.row, most)));
    };
    for (at, one) in begun.iter().enumerate() {
        while one.at.saturating_sub(begun[first].at) > within {
            let network = begun[first].network;
            first += 1;
            if let Some(count) = inside.get_mut(&network) {
                *count -= 1;
                if *count == 0 {
                    inside.remove(&network);
                }
            }
        }
        *inside.entry(one.network).or_default() += 1;
        let count = u8::try_from(inside.len()).unwrap_or(u8::MAX);
        if count < rules.many_networks {
            continue;
        }
        if first >= run.end {
            flush(run.clone(), most);
            (run, most) = (first..at + 1, count);
        } else {
            (run.end, most) = (at + 1, most.max(count));
        }
    }
    flush(run, most);
    found
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::model::{RowRef, RowSink, Thresholds};
    use crate::store::{ChunkBuilder, SourceNames};

    /// When a session began in minutes, its user, and its address.
    type Given = (i64, Option<&'static str>, &'static str);

    fn rows(given: &[Given]) -> Rows {
        let mut rows = Rows::default();
        // Each page has texts of its own, as two readings do.
        for (page, part) in given.chunks(2).enumerate() {
            let mut builder = ChunkBuilder::new(SourceId(0), Arc::default());
            for (number, (minute, user, ip)) in part.iter().enumerate() {
                let mut row = RowRef::new(format!("key-{page}-{number}"), "label");
                row.user = user.map(Into::into);
                row.fact = Fact::Live;
                row.ip = Some((*ip).into());
                row.created = Some(DateTime::UNIX_EPOCH + TimeDelta::minutes(*minute));
                let _ = builder.row(&mut row);
            }
            rows.append(builder.finish());
        }
        rows
    }

    fn view(rules: HintRules) -> View {
        let names = SourceNames {
            profile: "p".into(),
            system: "s".into(),
            thresholds: Thresholds {
                hints: rules,
                ..Thresholds::default()
            },
            ahead: TimeDelta::zero(),
            user_names: std::sync::Arc::default(),
        };
        View {
            sort: None,
            filter: None,
            ended: Arc::default(),
            sources: Arc::from([names]),
            now: DateTime::UNIX_EPOCH + TimeDelta::days(1),
            counted: None,
            counts: true,
        }
    }

    const RULES: HintRules = HintRules {
        many_sessions: 2,
        ..HintRules::USUAL
    };

    fn networks(given: &[Given]) -> Vec<u8> {
        let rows = rows(given);
        let counted = count_users(&rows, &view(RULES));
        let of = |id| counted.of(RowId(id)).networks.unwrap_or(0);
        (0..rows.len() as u32).map(of).collect()
    }

    const ADA: Option<&str> = Some("ada");
    const BOB: Option<&str> = Some("bob");

    #[test]
    fn a_user_has_many_sessions_from_the_threshold_on_and_nobody_has() {
        let rows = rows(&[
            (0, ADA, ""),
            (0, BOB, ""),
            (0, None, ""),
            (0, ADA, ""),
            (0, None, ""),
            (0, None, ""),
            (0, BOB, ""),
            (0, ADA, ""),
        ]);

        let counted = count_users(&rows, &view(RULES));

        let sessions = |id| counted.of(RowId(id)).sessions;
        assert_eq!(counted.rows(), 8);
        assert_eq!(
            (sessions(0), sessions(3), sessions(7)),
            (Some(3), Some(3), Some(3))
        );
        assert_eq!((sessions(1), sessions(2)), (None, None));
        assert!(count_users(&rows, &view(HintRules::USUAL)).is_empty());
    }

    #[test]
    fn sessions_that_are_over_do_not_count() {
        let rows = rows(&[(0, ADA, ""), (0, ADA, ""), (0, ADA, "")]);
        let mut view = view(RULES);
        view.ended = Arc::new([RowId(1)].into());

        assert!(count_users(&rows, &view).is_empty());
    }

    #[test]
    fn a_name_in_two_realms_is_two_people_and_an_id_is_one() {
        let many = |with_id: bool| {
            let mut builder = ChunkBuilder::new(SourceId(0), Arc::default());
            for number in 0..4 {
                let mut row = RowRef::new(format!("key-{number}"), "label");
                row.user = Some("ada".into());
                row.scope = Some(["/alpha", "/beta"][number % 2].into());
                row.user_id = with_id.then(|| "id=ada".into());
                row.fact = Fact::Live;
                let _ = builder.row(&mut row);
            }
            let mut rows = Rows::default();
            rows.append(builder.finish());
            count_users(&rows, &view(RULES)).of(RowId(0)).sessions
        };

        assert_eq!(many(false), None);
        assert_eq!(many(true), Some(4));
    }

    #[test]
    fn networks_are_several_where_sessions_began_within_the_time() {
        assert_eq!(
            networks(&[
                (0, ADA, "192.0.2.1"),
                (200, ADA, "192.0.2.1"),
                (220, ADA, "198.51.100.7"),
                (250, BOB, "203.0.113.9"),
                (260, ADA, "2001:db8::1"),
                (261, ADA, "no address"),
                (400, ADA, "203.0.113.9"),
            ]),
            [0, 3, 3, 0, 3, 0, 0]
        );
    }

    #[test]
    fn addresses_of_one_network_are_one_and_the_hour_is_a_limit() {
        let near = [
            (0, ADA, "192.0.2.1"),
            (1, ADA, "192.0.2.2"),
            (2, ADA, "198.51.100.7"),
        ];
        assert_eq!(networks(&near), [0, 0, 0]);

        let apart = |minute| {
            networks(&[
                (0, ADA, "192.0.2.1"),
                (30, ADA, "198.51.100.7"),
                (minute, ADA, "203.0.113.9"),
            ])
        };
        assert_eq!(apart(60), [3, 3, 3]);
        assert_eq!(apart(61), [0, 0, 0]);
    }

    #[test]
    fn times_that_overlap_tell_the_largest_number() {
        assert_eq!(
            networks(&[
                (0, ADA, "10.0.1.1"),
                (40, ADA, "10.0.2.1"),
                (50, ADA, "10.0.3.1"),
                (90, ADA, "10.0.4.1"),
                (95, ADA, "10.0.5.1"),
            ]),
            [4, 4, 4, 4, 4]
        );
    }

    #[test]
    fn no_rows_are_counted_as_none() {
        let counted = count_users(&Rows::default(), &view(RULES));

        assert_eq!(counted.rows(), 0);
        assert_eq!(counted.of(RowId(7)), OfOtherRows::default());
    }
}

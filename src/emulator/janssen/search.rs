//! Finding, ordering and paging sessions, without sorting again for every page.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::filter::{Clause, Time, passes};
use super::pattern::Pattern;
use super::world::{Session, World};

/// Answers kept for the next page: a few people searching at the same time.
const RECENT: usize = 8;

/// A column to order by, by its name in the database; Java names do not exist there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SortColumn {
    Id,
    Sid,
    User,
    Expires,
    Created,
    Authenticated,
    LastUsed,
    State,
    Deletable,
}

impl SortColumn {
    /// The column of that name. `None`: there is none, which the server answers with 500.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "jansId" => SortColumn::Id,
            "sid" => SortColumn::Sid,
            "jansUsrDN" => SortColumn::User,
            "exp" => SortColumn::Expires,
            "creationDate" => SortColumn::Created,
            "authnTime" => SortColumn::Authenticated,
            "jansLastAccessTime" => SortColumn::LastUsed,
            "jansState" => SortColumn::State,
            "del" => SortColumn::Deletable,
            _ => return None,
        })
    }

    fn compare(self, world: &World, a: &Session, b: &Session) -> Ordering {
        let time = |column: Time| nulls_last(column.of(a), column.of(b));
        let order = match self {
            SortColumn::Id => Ordering::Equal,
            SortColumn::Sid => nulls_last(a.sid.as_deref(), b.sid.as_deref()),
            SortColumn::User => nulls_last(user_number(world, a), user_number(world, b)),
            SortColumn::Expires => time(Time::Expires),
            SortColumn::Created => time(Time::Created),
            SortColumn::Authenticated => time(Time::Authenticated),
            SortColumn::LastUsed => time(Time::LastUsed),
            SortColumn::State => b.authenticated.cmp(&a.authenticated),
            SortColumn::Deletable => a.deletable.cmp(&b.deletable),
        };
        order.then(a.id.cmp(&b.id))
    }
}

/// The user's number as the DN holds it: nothing before the sign-in is finished.
fn user_number(world: &World, session: &Session) -> Option<u128> {
    let user = world.user_of(session).filter(|_| session.authenticated);
    user.map(|user| user.id)
}

fn nulls_last<T: Ord>(a: Option<T>, b: Option<T>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// A search without its page.
#[derive(Clone, Debug)]
pub(super) struct SearchTerms {
    pub(super) clauses: Vec<Clause>,
    pub(super) pattern: Pattern,
    pub(super) sort: SortColumn,
    pub(super) descending: bool,
    /// The parameters as sent: equal texts have equal answers.
    pub(super) text: String,
}

/// Orders and answers worked out before.
#[derive(Debug, Default)]
pub(super) struct Index {
    // Removals leave gaps that are skipped; only insertions make an order stale.
    orders: HashMap<SortColumn, (u64, Arc<Vec<u32>>)>,
    recent: VecDeque<Answered>,
}

#[derive(Debug)]
struct Answered {
    text: String,
    revision: (u64, u64),
    slots: Arc<Vec<u32>>,
}

/// The user of whom alone the sessions can match, if there is such a user. `None`: it is not asked for one.
fn user_meant(world: &World, clauses: &[Clause]) -> Option<Option<u32>> {
    let mut asked = clauses.iter().filter_map(|clause| match clause {
        Clause::User(id) => Some((id, true)),
        Clause::Attribute("auth_user", name) => Some((name, false)),
        _ => None,
    });
    let (wanted, is_id) = asked.next()?;
    let user = if is_id {
        world.user_with_id(wanted)
    } else {
        world.user_named(wanted)
    };
    Some(user)
}

impl Index {
    /// The slots of all sessions that match, in order.
    pub(super) fn answer(&mut self, world: &World, question: &SearchTerms) -> Arc<Vec<u32>> {
        let revision = world.revision();
        self.recent.retain(|kept| kept.revision == revision);
        if let Some(kept) = self.recent.iter().find(|kept| kept.text == question.text) {
            return kept.slots.clone();
        }
        let matches = |slot: &u32| {
            world.session(*slot).is_some_and(|session| {
                passes(&question.clauses, world, session) && question.pattern.passes(world, session)
            })
        };
        let mut slots: Vec<u32> = if let Some(user) = user_meant(world, &question.clauses) {
            let slots = user.into_iter().flat_map(|user| world.slots_of(user));
            let found = slots.filter(matches);
            let found = found.filter_map(|slot| Some((slot, world.session(slot)?)));
            let mut found: Vec<(u32, &Session)> = found.collect();
            found.sort_unstable_by(|(_, a), (_, b)| question.sort.compare(world, a, b));
            found.into_iter().map(|(slot, _)| slot).collect()
        } else {
            let order = self.order(world, question.sort);
            order.iter().copied().filter(matches).collect()
        };
        if question.descending {
            slots.reverse();
        }
        let slots = Arc::new(slots);
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(Answered {
            text: question.text.clone(),
            revision,
            slots: slots.clone(),
        });
        slots
    }

    fn order(&mut self, world: &World, column: SortColumn) -> Arc<Vec<u32>> {
        let (insertions, _) = world.revision();
        if let Some((made_at, order)) = self.orders.get(&column)
            && *made_at == insertions
        {
            return order.clone();
        }
        let mut sessions = world.sessions().collect::<Vec<_>>();
        sessions.sort_unstable_by(|(_, a), (_, b)| column.compare(world, a, b));
        let order = Arc::new(
            sessions
                .into_iter()
                .map(|(slot, _)| slot)
                .collect::<Vec<_>>(),
        );
        self.orders.insert(column, (insertions, order.clone()));
        order
    }
}

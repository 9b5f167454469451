//! Reading a session or the list again after a revoke, to find the true outcome.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::num::NonZeroU16;
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};

use super::{JobItem, Provenance, Trace};
use crate::api::SessionApi;
use crate::model::{
    ApiError, Clause, Fact, Field, NamedBy, Op, Outcome, Query, RowRef, RowSink, Search,
    SessionKey, Subject, Support, Target, UserOutcome, Value,
};
use crate::reading::Reading;

/// People that are asked for in one search; above, the whole list is read.
const PEOPLE: usize = 20;
/// Rows a page of the search that reads back.
const PAGE: u16 = 200;

/// Whether a session is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// It is there as ended, or is not there before its time.
    Gone,
    /// It is there, its time has run out, and nobody has ended it.
    Expired,
    /// It is not there, and by now its time would have run out by itself.
    OutOfTime,
    /// It is there and usable.
    Live,
    /// Its id is not there, and a session of the same user, beginning and client is.
    Renamed,
    /// Its id is not there, and no list has ever shown it.
    NeverListed,
    /// The look failed, or could not show everything.
    Unclear,
}

/// The result of an answer and a look at the session.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// The outcome is final.
    Settled(Outcome),
    /// The server said yes and still lists it: look again in a while.
    LookAgain,
}

/// A session that is looked for.
#[derive(Clone, Copy)]
pub(super) struct Sought<'a> {
    /// Its key.
    pub key: &'a SessionKey,
    /// Whose it is.
    pub subject: &'a Subject,
    /// When its time runs out, as it was read. `None`: not known.
    pub expires: Option<DateTime<Utc>>,
    /// How it came to be named.
    pub provenance: &'a Provenance,
}

impl Sought<'_> {
    /// Its presence where it is not listed. `now` is the time at the server.
    fn absent(self, now: DateTime<Utc>) -> Presence {
        if self.expires.is_some_and(|at| at <= now) {
            Presence::OutOfTime
        } else {
            Presence::Gone
        }
    }
}

/// The outcomes for sessions of one person after the system's own operation for all of them, by one
/// reading of the list, and when each ended as far as the server tells. The answer has the length and order of
/// `items`.
pub async fn read_back<R: Sync>(
    api: &dyn SessionApi,
    items: &[JobItem<R>],
    ended: &UserOutcome,
    max_rows: u32,
) -> Vec<(Outcome, Option<DateTime<Utc>>)> {
    if matches!(ended.outcome, Outcome::Refused(_) | Outcome::Failed(_)) {
        return vec![(ended.outcome.clone(), None); items.len()];
    }
    let listed = list(api, items.iter().map(JobItem::sought), max_rows).await;
    let outcome = |item: &JobItem<R>| match (listed.seen(item.sought()), &ended.outcome) {
        (Presence::Live | Presence::Renamed, Outcome::Unknown(why)) => {
            Outcome::Unknown(why.clone())
        }
        (Presence::Live | Presence::Renamed, _) => Outcome::StillListed,
        (Presence::Gone, Outcome::AlreadyGone) => Outcome::AlreadyGone,
        // The yes was for the person, not for this session.
        (Presence::Expired | Presence::OutOfTime, _) => Outcome::AlreadyGone,
        (Presence::Gone, _) => Outcome::Revoked,
        (Presence::NeverListed | Presence::Unclear, Outcome::Revoked) if ended.left == Some(0) => {
            Outcome::Revoked
        }
        (Presence::NeverListed | Presence::Unclear, Outcome::Unknown(why)) => {
            Outcome::Unknown(why.clone())
        }
        (Presence::NeverListed | Presence::Unclear, _) => Outcome::Unknown(None),
    };
    let told = |item: &JobItem<R>| {
        let outcome = outcome(item);
        let at = time_of(&outcome, listed.ended(item.sought()));
        (outcome, at)
    };
    items.iter().map(told).collect()
}

/// Reads one session; in its person's list if its key proves nothing. Also tells when it ended, as far as the
/// server does.
pub(super) async fn look(
    api: &dyn SessionApi,
    item: Sought<'_>,
    max_rows: u32,
) -> (Presence, Option<DateTime<Utc>>) {
    match api.get(item.key).await {
        Err(ApiError::NotFound) => match item.provenance {
            Provenance::Listed => (item.absent(api.server_now()), None),
            Provenance::Typed => (Presence::NeverListed, None),
            Provenance::Doubtful(_) => {
                let listed = list(api, [item], max_rows).await;
                listed.found(item)
            }
        },
        Err(_) => (Presence::Unclear, None),
        Ok(session) => {
            let seen = present(&RowRef::of(&session), api.server_now());
            (seen, session.ended)
        }
    }
}

/// The presence of a session of which this row was read. `now` is the time at the server.
fn present(row: &RowRef<'_>, now: DateTime<Utc>) -> Presence {
    if is_live(row, now) {
        Presence::Live
    } else if is_ended(row) {
        Presence::Gone
    } else {
        Presence::Expired
    }
}

/// The time that goes with an outcome: only what is over has one.
pub(super) fn time_of(outcome: &Outcome, ended: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    ended.filter(|_| matches!(outcome, Outcome::Revoked | Outcome::AlreadyGone))
}

/// True if the answer alone does not say whether the session has ended.
pub(super) fn is_doubtful(answer: &Outcome) -> bool {
    match answer {
        Outcome::Revoked | Outcome::NoLastingId => false,
        Outcome::AlreadyGone | Outcome::StillListed | Outcome::Refused(_) | Outcome::Unknown(_) => {
            true
        }
        Outcome::Failed(error) => error.may_have_acted() || *error == ApiError::NotFound,
    }
}

/// The verdict on an answer after a look at the session. A lost answer is neither success nor failure.
pub(super) fn settle(answer: Outcome, seen: Presence) -> Verdict {
    let lost = |answer: &Outcome| match answer {
        Outcome::Unknown(_) => true,
        Outcome::Failed(error) => error.may_have_acted(),
        _ => false,
    };
    Verdict::Settled(match (answer, seen) {
        (Outcome::Revoked | Outcome::StillListed, Presence::Live | Presence::Renamed) => {
            return Verdict::LookAgain;
        }
        // Its time has run out, so nobody knows that it was ended: only a yes of the server says so.
        (Outcome::Revoked, Presence::Expired) => Outcome::AlreadyGone,
        (Outcome::StillListed | Outcome::Refused(_), Presence::Expired | Presence::OutOfTime) => {
            Outcome::AlreadyGone
        }
        (answer, Presence::Expired | Presence::OutOfTime) if lost(&answer) => Outcome::AlreadyGone,
        (Outcome::StillListed, Presence::Gone) => Outcome::Revoked,
        (Outcome::Refused(_), Presence::Gone) => Outcome::AlreadyGone,
        (Outcome::AlreadyGone | Outcome::Failed(ApiError::NotFound), seen) => match seen {
            Presence::Gone | Presence::Expired | Presence::OutOfTime => Outcome::AlreadyGone,
            Presence::Renamed => Outcome::NoLastingId,
            Presence::NeverListed => Outcome::Failed(ApiError::NotFound),
            // A 404 proves nothing while the session can still be read.
            Presence::Live => Outcome::Refused(
                "the server answered that there is no such session, and still lists it".to_owned(),
            ),
            Presence::Unclear => Outcome::Unknown(None),
        },
        (answer, Presence::Gone) if lost(&answer) => Outcome::Revoked,
        (answer, Presence::Renamed) if lost(&answer) => Outcome::NoLastingId,
        (Outcome::Failed(error), Presence::Unclear | Presence::NeverListed)
            if error.may_have_acted() =>
        {
            Outcome::Unknown(Some(error))
        }
        (answer, _) => answer,
    })
}

/// Result of reading a list for the wanted sessions.
pub(super) struct Listed {
    live: HashSet<String>,
    /// Keys of those that are listed, and whose time has run out.
    expired: HashSet<String>,
    /// When those ended that are listed as ended.
    ended: HashMap<String, DateTime<Utc>>,
    /// Keys of sessions that were seen again under another key.
    renamed: HashSet<String>,
    whole: bool,
    /// The time at the server.
    now: DateTime<Utc>,
}

impl Listed {
    /// When this session ended, by the server's clock. `None`: the list does not tell.
    pub fn ended(&self, item: Sought<'_>) -> Option<DateTime<Utc>> {
        self.ended.get(item.key.expose()).copied()
    }

    /// Whether this session is still there, and when it ended as far as the list tells.
    pub fn found(&self, item: Sought<'_>) -> (Presence, Option<DateTime<Utc>>) {
        (self.seen(item), self.ended(item))
    }

    /// Whether this session is still there.
    pub fn seen(&self, item: Sought<'_>) -> Presence {
        let key = item.key.expose();
        if self.live.contains(key) {
            return Presence::Live;
        }
        if self.renamed.contains(key) {
            return Presence::Renamed;
        }
        if self.expired.contains(key) {
            return Presence::Expired;
        }
        match item.provenance {
            _ if !self.whole => Presence::Unclear,
            Provenance::Typed => Presence::NeverListed,
            Provenance::Doubtful(trace) if trace.created.is_none() => Presence::Unclear,
            Provenance::Listed | Provenance::Doubtful(_) => item.absent(self.now),
        }
    }
}

/// Looks for sessions in a list: of their users where the system finds those, else in the whole one.
pub(super) async fn list<'a>(
    api: &dyn SessionApi,
    wanted: impl IntoIterator<Item = Sought<'a>>,
    max_rows: u32,
) -> Listed {
    let (mut keys, mut people, mut traces) = (HashSet::new(), BTreeSet::new(), Vec::new());
    for item in wanted {
        keys.insert(item.key.expose());
        people.insert(person(item.subject));
        if let Provenance::Doubtful(trace) = item.provenance {
            traces.push((item, trace));
        }
    }
    let mut sink = WantedRows {
        keys,
        traces,
        live: HashSet::new(),
        expired: HashSet::new(),
        ended: HashMap::new(),
        renamed: HashSet::new(),
        now: api.server_now(),
    };
    let mut whole = true;
    for search in searches(api, &people) {
        whole &= read_all(api, &search, &mut sink, max_rows).await;
    }
    Listed {
        live: sink.live,
        expired: sink.expired,
        ended: sink.ended,
        renamed: sink.renamed,
        whole,
        now: sink.now,
    }
}

/// The field and the text that name a person, if the system said who it is.
fn person(subject: &Subject) -> Option<(Field, String)> {
    let name = subject.name.as_ref().map(|name| (Field::User, name));
    let id = || subject.id.as_ref().map(|id| (Field::UserId, id));
    name.or_else(id)
        .map(|(field, text)| (field, text.expose().to_owned()))
}

/// The fewest searches that show these people's sessions.
fn searches(api: &dyn SessionApi, people: &BTreeSet<Option<(Field, String)>>) -> Vec<Search> {
    let caps = api.caps();
    let finds = |field| matches!(caps.support(field), Support::Server | Support::Required);
    let known: Vec<_> = people.iter().flatten().filter(|p| finds(p.0)).collect();
    let whole = || vec![search(Vec::new())];
    if known.len() < people.len() {
        return whole();
    }
    let one_field = known.windows(2).all(|pair| pair[0].0 == pair[1].0);
    if let Some(first) = known.first().filter(|_| one_field && known.len() <= PEOPLE) {
        let names = known.iter().map(|p| p.1.clone()).collect();
        let together = search(vec![clause(first.0, names)]);
        if api.plan(&together).is_ok() {
            return vec![together];
        }
    }
    // A system that must be asked for a person takes one at a time.
    if must_name_people(api) || known.len() <= PEOPLE {
        let one = |p: &&(Field, String)| search(vec![clause(p.0, vec![p.1.clone()])]);
        return known.iter().map(one).collect();
    }
    whole()
}

/// True if the system lists nobody's sessions unless somebody is named, or only by a way that is to be
/// chosen.
pub(super) fn must_name_people(api: &dyn SessionApi) -> bool {
    let caps = api.caps();
    let is_required = |field| caps.support(field) == Support::Required;
    let everybody = api.plan(&search(Vec::new()));
    is_required(Field::User)
        || is_required(Field::UserId)
        || everybody.is_ok_and(|plan| !plan.ways.is_empty())
}

fn clause(field: Field, names: Vec<String>) -> Clause {
    Clause {
        target: Target::Field(field),
        op: Op::Eq,
        values: names.into_iter().map(|n| Value::Text(n.into())).collect(),
        negated: false,
        at: 0..0,
    }
}

/// A search for these clauses as of now.
pub(super) fn search(clauses: Vec<Clause>) -> Search {
    Search {
        // They are those of rows, and of the log.
        named_by: NamedBy::System,
        ..Search::new(
            Query { clauses },
            NonZeroU16::new(PAGE).expect("the page size is not zero"),
            Utc::now(),
        )
    }
}

/// A search for the sessions of one person. `None`: the system does not find people.
pub(super) fn search_of(api: &dyn SessionApi, subject: &Subject) -> Option<Search> {
    let (field, text) = person(subject)?;
    let found = search(vec![clause(field, vec![text])]);
    api.plan(&found).is_ok().then_some(found)
}

/// Reads every page, up to this many rows. `false`: there may be sessions that the sink did not get.
pub(super) async fn read_all(
    api: &dyn SessionApi,
    search: &Search,
    sink: &mut dyn RowSink,
    max_rows: u32,
) -> bool {
    match Reading::new(api, search.clone()) {
        Ok(reading) => reading.limited(max_rows).is_whole(sink).await,
        Err(_) => false,
    }
}

/// Keeps the keys that are wanted and live.
struct WantedRows<'a> {
    keys: HashSet<&'a str>,
    traces: Vec<(Sought<'a>, &'a Trace)>,
    live: HashSet<String>,
    expired: HashSet<String>,
    ended: HashMap<String, DateTime<Utc>>,
    renamed: HashSet<String>,
    now: DateTime<Utc>,
}

impl RowSink for WantedRows<'_> {
    fn row(&mut self, row: &mut RowRef<'_>) -> ControlFlow<()> {
        let names = [Some(row.key.as_ref()), row.id.as_deref()];
        let mut names = names.into_iter().flatten();
        if let Some(name) = names.find(|name| self.keys.contains(name)) {
            let name = name.to_owned();
            match present(row, self.now) {
                Presence::Live => _ = self.live.insert(name),
                Presence::Expired => _ = self.expired.insert(name),
                _ => self.ended.extend(row.ended.map(|at| (name, at))),
            }
        } else if !is_ended(row) {
            // An expired session that is still listed is not gone.
            let again = self.traces.iter();
            let again = again.filter(|(item, trace)| trace.fits(item.subject, row));
            let again = again.map(|(item, _)| item.key.expose().to_owned());
            self.renamed.extend(again);
        }
        ControlFlow::Continue(())
    }
}

/// True if the session can still be used. `now` is the time at the server.
pub(super) fn is_live(row: &RowRef<'_>, now: DateTime<Utc>) -> bool {
    !is_ended(row) && row.expires.is_none_or(|at| at > now)
}

/// True if somebody has ended the session.
fn is_ended(row: &RowRef<'_>) -> bool {
    row.fact == Fact::Revoked || row.ended.is_some()
}

/// True if it is a session of this person. A server may answer with more rows than the search matches.
pub(super) fn is_of(user: &Subject, row: &RowRef<'_>) -> bool {
    let scope = match (&user.scope, &row.scope) {
        (Some(wanted), Some(found)) => wanted.expose() == found.as_ref(),
        _ => true,
    };
    let person = match (&user.id, &row.user_id, &user.name, &row.user) {
        (Some(wanted), Some(found), ..) => wanted.expose() == found.as_ref(),
        (.., Some(wanted), Some(found)) => {
            wanted.expose().to_lowercase() == found.as_ref().to_lowercase()
        }
        // A session of nobody.
        (None, None, None, None) => true,
        _ => false,
    };
    scope && person
}

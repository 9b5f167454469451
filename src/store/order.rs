//! Which rows are shown, and in which sequence.

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::rows::{Row, RowId, Rows};
use crate::model::{Deletable, Field, Sort, Thresholds, Untrusted, state_at};

/// Which rows are shown, in which sequence. Cloning it is free.
#[derive(Clone, Debug, Default)]
pub struct Order(Arc<[u32]>);

impl Order {
    /// How many rows are shown.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Is none shown?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The row at a position.
    pub fn get(&self, position: usize) -> Option<RowId> {
        self.0.get(position).map(|number| RowId(*number))
    }

    /// The position of a row. `None`: it is filtered out.
    pub fn position(&self, row: RowId) -> Option<usize> {
        self.0.iter().position(|number| *number == row.0)
    }

    /// The rows in sequence.
    pub fn iter(&self) -> impl Iterator<Item = RowId> {
        self.0.iter().map(|number| RowId(*number))
    }
}

/// What to show of the rows.
#[derive(Clone, Debug)]
pub struct View {
    /// In which order. `None`: in order of arrival.
    pub sort: Option<Sort>,
    /// Of each source: name of its profile, its system, and its thresholds.
    pub sources: Arc<[SourceNames]>,
    /// The time, for ages and states.
    pub now: DateTime<Utc>,
}

/// What a row's source adds to it.
#[derive(Clone, Debug)]
pub struct SourceNames {
    /// Name of the profile.
    pub profile: String,
    /// Name of the system in queries.
    pub system: String,
    /// When its sessions count as idle and as expiring.
    pub thresholds: Thresholds,
}

/// Filters and sorts all rows.
pub fn order(rows: &Rows, view: &View) -> Order {
    let mut shown: Vec<(RowId, &Row)> = rows.iter().filter(|(_, row)| view.keeps(row)).collect();
    if let Some(sort) = view.sort {
        shown.sort_by(|a, b| view.compare(sort, a, b));
    }
    Order(shown.into_iter().map(|(id, _)| id.0).collect())
}

/// Adds the rows from `first` on to an order of the rows before them.
pub fn merge(old: &Order, rows: &Rows, first: RowId, view: &View) -> Order {
    let mut new: Vec<(RowId, &Row)> = rows
        .from(first)
        .filter(|(_, row)| view.keeps(row))
        .collect();
    let Some(sort) = view.sort else {
        return Order(
            old.0
                .iter()
                .copied()
                .chain(new.iter().map(|(id, _)| id.0))
                .collect(),
        );
    };
    new.sort_by(|a, b| view.compare(sort, a, b));
    let mut merged = Vec::with_capacity(old.len() + new.len());
    let mut new = new.into_iter().peekable();
    for number in old.0.iter().copied() {
        let Some(row) = rows.get(RowId(number)) else {
            continue;
        };
        while let Some((id, _)) =
            new.next_if(|next| view.compare(sort, next, &(RowId(number), row)) == Ordering::Less)
        {
            merged.push(id.0);
        }
        merged.push(number);
    }
    merged.extend(new.map(|(id, _)| id.0));
    Order(merged.into())
}

impl View {
    fn keeps(&self, row: &Row) -> bool {
        (row.source.0 as usize) < self.sources.len()
    }

    /// Total: equal values are ordered newest first, then by arrival.
    fn compare(&self, sort: Sort, a: &(RowId, &Row), b: &(RowId, &Row)) -> Ordering {
        let primary = self.by_field(sort, a.1, b.1);
        primary
            .then_with(|| b.1.session.created.cmp(&a.1.session.created))
            .then_with(|| a.0.cmp(&b.0))
    }

    /// What is missing comes last in both directions.
    fn by_field(&self, sort: Sort, a: &Row, b: &Row) -> Ordering {
        let (x, y) = (&a.session, &b.session);
        let down = sort.descending;
        match sort.field {
            Field::User => text(x.subject.shown(), y.subject.shown(), down),
            Field::UserId => text(x.subject.id.as_ref(), y.subject.id.as_ref(), down),
            Field::Id => known(Some(&x.label), Some(&y.label), down),
            Field::Client => text(x.client.as_ref(), y.client.as_ref(), down),
            Field::Ip => text(x.ip.as_ref(), y.ip.as_ref(), down),
            Field::Agent => text(x.user_agent.as_ref(), y.user_agent.as_ref(), down),
            Field::Method => text(x.auth_method.as_ref(), y.auth_method.as_ref(), down),
            Field::Scope => text(x.scope.as_ref(), y.scope.as_ref(), down),
            Field::State => known(Some(self.state(a)), Some(self.state(b)), down),
            Field::Created => known(x.created, y.created, down),
            Field::Used => known(x.last_used, y.last_used, down),
            Field::Expires | Field::Left => known(x.expires, y.expires, down),
            Field::Ended => known(x.ended, y.ended, down),
            // The older, the smaller its instant: ages run the other way.
            Field::Age => known(x.created, y.created, !down),
            Field::Idle => known(x.last_used.or(x.created), y.last_used.or(y.created), !down),
            Field::Profile => known(Some(self.profile(a)), Some(self.profile(b)), down),
            Field::System => known(Some(self.system(a)), Some(self.system(b)), down),
            Field::Own => known(x.own, y.own, down),
            Field::Deletable => known(rank(&x.deletable), rank(&y.deletable), down),
            Field::Hint => Ordering::Equal,
        }
    }

    fn state(&self, row: &Row) -> crate::model::State {
        let thresholds = self
            .sources
            .get(row.source.0 as usize)
            .map_or_else(Thresholds::default, |names| names.thresholds);
        let s = &row.session;
        state_at(
            s.fact,
            s.created,
            s.last_used,
            s.expires,
            thresholds,
            self.now,
        )
    }

    fn profile(&self, row: &Row) -> &str {
        self.sources
            .get(row.source.0 as usize)
            .map_or("", |names| &names.profile)
    }

    fn system(&self, row: &Row) -> &str {
        self.sources
            .get(row.source.0 as usize)
            .map_or("", |names| &names.system)
    }
}

fn rank(deletable: &Deletable) -> Option<bool> {
    match deletable {
        Deletable::Yes => Some(true),
        Deletable::No(_) => Some(false),
        Deletable::Unknown => None,
    }
}

fn text(a: Option<&Untrusted>, b: Option<&Untrusted>, down: bool) -> Ordering {
    let fold = |t: &Untrusted| t.expose().to_lowercase();
    known(a.map(fold), b.map(fold), down)
}

fn known<T: Ord>(a: Option<T>, b: Option<T>, down: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if down => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

//! The ways to list where nobody is named, and what each costs.

use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::asked::{ALL, Asked, ORGANIZATION, RECENT, parts};
use super::recent::events;
use super::walk::{Crowd, Roster};
use super::{WorkOs, keys};
use crate::model::text::with_thousands;
use crate::model::time;
use crate::model::{ApiError, Field, Search, Way, WayCost, locked};

/// Pages of users that are read to count them; more would be a walk of its own.
const COUNTED: usize = 25;
/// Items a page.
const PAGE: u64 = 100;

/// What was learnt about the cost of the ways.
#[derive(Default)]
pub(super) struct Reckoned {
    /// Requests of a walk over all users, and whether there may be more.
    all: Mutex<Option<(u64, bool)>>,
    /// Requests for the recent sign-ins, and whether there may be more.
    recent: Mutex<Option<(u64, bool)>>,
}

impl WorkOs {
    /// The ways, each with its cost as far as it is known.
    pub(super) fn ways(&self) -> Vec<Way> {
        let recent = keys::recent(&self.profile);
        let all = *locked(&self.reckoned.all);
        let events = *locked(&self.reckoned.recent);
        vec![
            Way {
                word: RECENT.into(),
                title: format!("sign-ins within {}", time::span(recent)).into(),
                needs: None,
                cost: events.map(|known| self.cost(known)),
            },
            Way {
                word: ORGANIZATION.into(),
                title: "one organization, 1 request a member".into(),
                needs: Some(Field::Scope),
                cost: None,
            },
            Way {
                word: ALL.into(),
                title: "all users, one by one".into(),
                needs: None,
                cost: all.map(|known| self.cost(known)),
            },
        ]
    }

    fn cost(&self, (requests, may_be_more): (u64, bool)) -> WayCost {
        let rate = u64::from(keys::rate(&self.profile)).max(1);
        WayCost {
            requests,
            is_least: may_be_more,
            takes: Some(Duration::from_secs(requests.div_ceil(rate))),
        }
    }

    /// Learns what the ways cost: counts the users as far as some pages show them, and the events by their
    /// first page.
    pub(super) async fn reckon_ways(&self, search: &Search) -> Result<(), ApiError> {
        self.reckon_users().await?;
        let recent = Search {
            way: Some(RECENT.into()),
            ..search.clone()
        };
        let back = chrono::TimeDelta::from_std(keys::recent(&self.profile)).unwrap_or_default();
        let parts = parts(&recent, back);
        let Asked::Recent(since) = parts.asked else {
            return Ok(());
        };
        self.reckon_events(since, search.now).await
    }

    async fn reckon_users(&self) -> Result<(), ApiError> {
        let mut kept = self.roster.lock().await;
        let mut roster = Roster::start(Crowd::Everybody);
        for _ in 0..COUNTED {
            if roster.is_whole {
                break;
            }
            roster.grow(self).await?;
        }
        let users = roster.users.len() as u64;
        let pages = users.div_ceil(PAGE).max(1);
        *locked(&self.reckoned.all) = Some((users + pages, !roster.is_whole));
        *kept = Some(roster);
        Ok(())
    }

    async fn reckon_events(
        &self,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        let reply = self.ask(|| self.first_events(since, now, None)).await?;
        let reply = self.good(reply)?;
        let page = events(&reply)?;
        let unmet = page.users();
        let unmet = unmet.iter().filter(|id| self.directory.lacks(id)).count() as u64;
        let whole = (now - since).num_seconds().max(1) as f64;
        let covered = page
            .earliest
            .map_or(whole, |at| (now - at).num_seconds() as f64);
        let goes_on = page.after.is_some() && covered < whole;
        let known = if goes_on {
            // As many as the first page has for its part of the time, for each such part.
            let parts = (whole / covered.max(1.0)).ceil();
            ((parts * (1 + unmet) as f64) as u64, true)
        } else {
            (1 + unmet, false)
        };
        *locked(&self.reckoned.recent) = Some((known.0, false));
        tracing::debug!(
            requests = with_thousands(known.0),
            exact = !known.1,
            "events were reckoned"
        );
        Ok(())
    }
}

//! The log of events.
//!
//! WorkOS documents: events are kept for 90 days, and one request reaches over 30 days at most; `after` and
//! `range_start` exclude each other; times are ISO 8601 with `Z`. It documents no answer to a longer range:
//! here it is refused if both ends are given, and else ends 30 days behind its start.

use chrono::DateTime;
use serde_json::json;

use super::answer::Answer;
use super::ask::Query;
use super::lists::Result;
use super::page::{Listed, Wanted};
use super::world::{About, Event, World};
use super::{Workos, render};

const DAY_MS: i64 = 86_400_000;
/// How long events are kept.
const KEPT_MS: i64 = 90 * DAY_MS;
/// How much of them one request may reach over.
const LONGEST_MS: i64 = 30 * DAY_MS;

/// `GET /events`.
pub(super) fn events(app: &Workos, world: &World, query: &Query) -> Result {
    let kinds = query.list("events");
    if kinds.is_empty() {
        return Err(Answer::invalid_field("required", "events"));
    }
    let wanted = Wanted::of(query)?;
    let (from_ms, to_ms) = range(query, app.shared.now_ms())?;
    let organization = query.get("organization_id");
    let fits = |event: &&Event| {
        (from_ms..=to_ms).contains(&event.created_ms)
            && kinds.contains(&event.about.kind())
            && organization.is_none_or(|id| organization_of(world, event.about) == Some(id))
    };
    let cursor = |id: &str| {
        let mut all = world.events();
        all.find(|event| event.id == id).map(Listed::place)
    };
    let page = wanted.page(world.events().filter(fits), cursor)?;
    let look = app.options.look;
    let rows = page.rows.iter();
    let data: Vec<_> = rows.map(|one| render::event(world, one, look)).collect();
    Ok(Answer::ok(json!({
        "object": "list",
        "data": data,
        "list_metadata": { "after": page.after },
    })))
}

/// The times of the first and the last event that may come.
fn range(query: &Query, now_ms: i64) -> std::result::Result<(i64, i64), Answer> {
    let (start, end) = (time(query, "range_start")?, time(query, "range_end")?);
    if start.is_some() && query.get("after").is_some() {
        return Err(Answer::bad("after and range_start exclude each other."));
    }
    if let (Some(start), Some(end)) = (start, end)
        && !(0..=LONGEST_MS).contains(&end.saturating_sub(start))
    {
        return Err(Answer::bad("The range may not be longer than 30 days."));
    }
    let latest = start.map_or(i64::MAX, |start| start.saturating_add(LONGEST_MS));
    let oldest = now_ms - KEPT_MS;
    Ok((start.unwrap_or(oldest).max(oldest), end.unwrap_or(latest)))
}

fn time(query: &Query, name: &str) -> std::result::Result<Option<i64>, Answer> {
    let Some(text) = query.get(name) else {
        return Ok(None);
    };
    let time = DateTime::parse_from_rfc3339(text)
        .ok()
        .filter(|_| text.ends_with('Z'));
    let time = time.ok_or_else(|| Answer::invalid_field("invalid", name))?;
    Ok(Some(time.timestamp_millis()))
}

fn organization_of(world: &World, about: About) -> Option<&str> {
    let number = match about {
        About::UserCreated(_) => None,
        About::MembershipCreated(number) => Some(world.memberships[number].organization),
        About::SessionCreated(number) | About::SessionRevoked(number) => {
            world.sessions[number].organization
        }
    };
    number.map(|number| world.organizations[number].id.as_str())
}

//! Users, organizations, memberships and the sessions of a user.

use std::collections::HashSet;

use serde_json::Value;

use super::answer::Answer;
use super::ask::{Ask, Query};
use super::options::Look;
use super::page::{Listed, Page, Wanted};
use super::world::{Membership, Session, User, World};
use super::{Workos, render};

/// The states of a membership.
const STATUSES: [&str; 3] = ["active", "inactive", "pending"];

/// An answer, or the one that refuses.
pub(super) type Result = std::result::Result<Answer, Answer>;

/// `GET /user_management/users`.
pub(super) fn users(world: &World, query: &Query) -> Result {
    let wanted = Wanted::of(query)?;
    let email = query.get("email");
    // The second is the old name of the first.
    let organization = query
        .get("organization_id")
        .or_else(|| query.get("organization"));
    let people: Option<HashSet<usize>> = organization.map(|id| world.people_of(id));
    let rows = world
        .users_by_age()
        .filter(|number| people.as_ref().is_none_or(|all| all.contains(number)))
        .map(|number| &world.users[number])
        .filter(|user| email.is_none_or(|email| user.email == email));
    let cursor = |id: &str| world.user(id).map(|number| world.users[number].place());
    let page = wanted.page(rows, cursor)?;
    Ok(answer(&page, render::user))
}

fn answer<T>(page: &Page<'_, T>, item: impl Fn(&T) -> Value) -> Answer {
    let data = page.rows.iter().map(|row| item(row)).collect();
    Answer::ok(page.envelope(data))
}

/// `GET /user_management/users/{id}`.
pub(super) fn user(world: &World, id: &str) -> Result {
    Ok(Answer::ok(render::user(find_user(world, id)?)))
}

/// `GET /user_management/users/external_id/{external_id}`.
pub(super) fn user_by_external_id(world: &World, id: &str) -> Result {
    let mut users = world.users.iter();
    let user = users.find(|user| user.external_id.as_deref() == Some(id));
    let user = user.ok_or_else(|| Answer::missing("User", id))?;
    Ok(Answer::ok(render::user(user)))
}

/// `GET /user_management/users/{id}/identities`.
pub(super) fn identities(world: &World, id: &str) -> Result {
    Ok(Answer::ok(render::identities(find_user(world, id)?)))
}

fn find_user<'w>(world: &'w World, id: &str) -> std::result::Result<&'w User, Answer> {
    let number = world.user(id).ok_or_else(|| Answer::missing("User", id))?;
    Ok(&world.users[number])
}

/// `GET /user_management/users/{id}/sessions`: the active ones, as the service says.
pub(super) fn sessions(app: &Workos, world: &World, id: &str, query: &Query) -> Result {
    let user = world.user(id).ok_or_else(|| Answer::missing("User", id))?;
    let wanted = Wanted::of(query)?;
    let now_ms = app.shared.now_ms();
    let listed = |session: &&Session| app.options.lists_ended || session.is_active(now_ms);
    let cursor = |id: &str| {
        let session = &world.sessions[world.session(id)?];
        // One that has ended since the last page still has its place.
        (session.user == user).then(|| session.place())
    };
    let page = wanted.page(world.sessions_of(user).filter(listed), cursor)?;
    let look = app.options.look;
    let item = |(at, session): (usize, &&Session)| match look {
        Look::Broken if at == 1 => render::broken_session(),
        _ => render::session(world, session, now_ms, look),
    };
    let data = page.rows.iter().enumerate().map(item).collect();
    Ok(Answer::ok(page.envelope(data)))
}

/// `GET /user_management/organization_memberships`.
pub(super) fn memberships(world: &World, ask: &Ask) -> Result {
    let query = &ask.query;
    let (user, organization) = (query.get("user_id"), query.get("organization_id"));
    if user.is_none() && organization.is_none() {
        return Err(Answer::coded(
            axum::http::StatusCode::BAD_REQUEST,
            "missing_user_id_or_organization_id",
            "Either user_id or organization_id must be given.",
        ));
    }
    let mut statuses = query.list("statuses");
    if statuses.is_empty() {
        statuses.push("active");
    }
    if statuses.iter().any(|status| !STATUSES.contains(status)) {
        return Err(Answer::invalid());
    }
    let wanted = Wanted::of(query)?;
    let fits = |one: &&Membership| {
        user.is_none_or(|id| world.users[one.user].id == id)
            && organization.is_none_or(|id| world.organizations[one.organization].id == id)
            && statuses.contains(&one.status)
    };
    let cursor = |id: &str| {
        let mut all = world.memberships.iter();
        all.find(|one| one.id == id).map(Listed::place)
    };
    let page = wanted.page(world.memberships.iter().filter(fits), cursor)?;
    Ok(answer(&page, |one| render::membership(world, one)))
}

/// `GET /organizations`.
pub(super) fn organizations(world: &World, query: &Query) -> Result {
    let wanted = Wanted::of(query)?;
    let domains = query.list("domains");
    let search = query.get("search").map(str::to_lowercase);
    let all = world.organizations.iter();
    let rows = all.filter(|one| {
        let name = one.name.to_lowercase();
        (domains.is_empty() || domains.contains(&one.domain))
            && search.as_ref().is_none_or(|text| name.contains(text))
    });
    let cursor = |id: &str| Some(world.organizations[world.organization(id)?].place());
    let page = wanted.page(rows, cursor)?;
    Ok(answer(&page, render::organization))
}

/// `GET /organizations/{id}`.
pub(super) fn organization(world: &World, id: &str) -> Result {
    let number = world.organization(id);
    let number = number.ok_or_else(|| Answer::missing("Organization", id))?;
    Ok(Answer::ok(render::organization(
        &world.organizations[number],
    )))
}

/// `GET /organizations/external_id/{external_id}`.
pub(super) fn organization_by_external_id(world: &World, id: &str) -> Result {
    let mut all = world.organizations.iter();
    let one = all.find(|one| one.external_id.as_deref() == Some(id));
    let one = one.ok_or_else(|| Answer::missing("Organization", id))?;
    Ok(Answer::ok(render::organization(one)))
}

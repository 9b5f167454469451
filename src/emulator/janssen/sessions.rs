//! The Config API's operations on sessions.

use std::collections::HashMap;

use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::access::{Want, check};
use super::answer::{bad_request, container_error, ok_json};
use super::filter::{self, failed_filter};
use super::pattern::Pattern;
use super::render::{SessionJson, session_json};
use super::search::{SearchTerms, SortColumn};
use super::world::{Session, World};
use super::{App, Janssen};
use crate::emulator::fault::AuthFault;
use crate::emulator::shared::lock;

/// Page size when none is asked for.
const DEFAULT_LIMIT: i64 = 50;

type Injected = Option<Extension<AuthFault>>;

/// The paged envelope. `entries` is absent when there are none, as the JSON mapper leaves out empty lists.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageBody<'a> {
    start: usize,
    total_entries_count: usize,
    entries_count: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entries: Vec<SessionJson<'a>>,
}

/// `GET …/api/v1/acrs`: what clients ask to see whether their token works.
pub(super) async fn acrs(State(app): App, headers: HeaderMap, fault: Injected) -> Response {
    match check(&app, &headers, plain(fault), Want::Nothing) {
        Ok(()) => ok_json(&json!({ "defaultAcr": "simple_password_auth" })),
        Err(response) => *response,
    }
}

/// `GET …/session`: only ever the first page, in the order of random ids.
pub(super) async fn first_page(State(app): App, headers: HeaderMap, fault: Injected) -> Response {
    if let Err(response) = check(&app, &headers, plain(fault), Want::Read) {
        return *response;
    }
    let question = SearchTerms {
        clauses: Vec::new(),
        pattern: Pattern::new(""),
        sort: SortColumn::Id,
        descending: false,
        text: String::new(),
    };
    page(&app, &question, 0, 50)
}

/// `GET …/session/search`.
pub(super) async fn search(
    State(app): App,
    headers: HeaderMap,
    uri: Uri,
    RawQuery(query): RawQuery,
    fault: Injected,
) -> Response {
    if let Err(response) = check(&app, &headers, plain(fault), Want::Read) {
        return *response;
    }
    let parameters = parameters(query.as_deref().unwrap_or_default());
    let (Some(limit), Some(start)) = (
        number(&parameters, "limit", DEFAULT_LIMIT),
        number(&parameters, "startIndex", 0),
    ) else {
        // A value that is no number does not select this method, as JAX-RS has it.
        return container_error(StatusCode::NOT_FOUND, &headers, &uri, "Not Found", &[]);
    };
    let max_page = i64::from(app.options().max_page);
    if limit > max_page {
        let message = format!("Maximum number of results per page is {max_page}");
        return bad_request(&message);
    }
    match question(&app, &parameters) {
        Ok(question) => page(&app, &question, start.max(0), limit.max(0)),
        Err(cause) => container_error(
            StatusCode::INTERNAL_SERVER_ERROR,
            &headers,
            &uri,
            &format!("jakarta.servlet.ServletException: {cause}"),
            &[cause, "org.jboss.resteasy.spi.UnhandledException".into()],
        ),
    }
}

fn question(app: &Janssen, parameters: &HashMap<String, String>) -> Result<SearchTerms, String> {
    let text = |name: &str| parameters.get(name).map_or("", String::as_str);
    let sort_by = Some(text("sortBy")).filter(|name| !name.is_empty());
    let sort = match sort_by {
        None => SortColumn::Id,
        Some(name) => SortColumn::named(name)
            .ok_or_else(|| format!("{}; sort by {name}", failed_filter("jansId=*")))?,
    };
    Ok(SearchTerms {
        clauses: filter::parse(text("fieldValuePair"), app.options().generation)?,
        pattern: Pattern::new(text("pattern")),
        sort,
        descending: text("sortOrder") == "descending",
        text: ["fieldValuePair", "pattern", "sortBy", "sortOrder"]
            .map(text)
            .join("\n"),
    })
}

/// A limit of 0 gives no rows; what real servers do with it is not known.
fn page(app: &Janssen, question: &SearchTerms, start: i64, limit: i64) -> Response {
    let world = lock(&app.world);
    let slots = lock(&app.index).answer(&world, question);
    let start = usize::try_from(start).unwrap_or(0);
    let limit = usize::try_from(limit).unwrap_or(0);
    let entries = slots
        .iter()
        .skip(start)
        .take(limit)
        .filter_map(|slot| world.session(*slot))
        .map(|session| shown(app, &world, session))
        .collect::<Vec<_>>();
    ok_json(&PageBody {
        start,
        total_entries_count: slots.len(),
        entries_count: entries.len(),
        entries,
    })
}

/// `GET …/session/sid/{sid}`: an unknown one is 200 without a body.
pub(super) async fn one(
    State(app): App,
    headers: HeaderMap,
    Path(sid): Path<String>,
    fault: Injected,
) -> Response {
    if let Err(response) = check(&app, &headers, plain(fault), Want::Read) {
        return *response;
    }
    let world = lock(&app.world);
    match world.find(&sid).and_then(|slot| world.session(slot)) {
        Some(session) => ok_json(&shown(&app, &world, session)),
        None => StatusCode::OK.into_response(),
    }
}

/// `DELETE …/session/sid/{sid}`: 200 without a body, or 404 without one. The `deletable` flag is not looked at.
pub(super) async fn remove(
    State(app): App,
    headers: HeaderMap,
    Path(sid): Path<String>,
    fault: Injected,
) -> Response {
    if let Err(response) = check(&app, &headers, plain(fault), Want::Delete) {
        return *response;
    }
    let mut world = lock(&app.world);
    let removed = world.find(&sid).is_some_and(|slot| world.remove(slot));
    gone_or_not_found(removed)
}

/// `DELETE …/session/user/{userDn}`, once `POST …/session/{userDn}`: all authenticated sessions of one user.
pub(super) async fn revoke_user(
    State(app): App,
    headers: HeaderMap,
    Path(dn): Path<String>,
    fault: Injected,
) -> Response {
    if let Err(response) = check(&app, &headers, plain(fault), Want::Delete) {
        return *response;
    }
    let mut world = lock(&app.world);
    let id = dn.strip_prefix("inum=");
    let id = id.and_then(|rest| rest.strip_suffix(",ou=people,o=jans"));
    let Some(user) = id.and_then(|id| world.user_with_id(id)) else {
        return gone_or_not_found(false);
    };
    let is_authenticated = |slot: &u32| world.session(*slot).is_some_and(|one| one.authenticated);
    let theirs: Vec<u32> = world.slots_of(user).filter(is_authenticated).collect();
    for slot in &theirs {
        world.remove(*slot);
    }
    gone_or_not_found(!theirs.is_empty())
}

/// `GET …/session` before September 2024: a bare array of unexpired sessions, the newest first.
pub(super) async fn list_old(State(app): App, headers: HeaderMap, fault: Injected) -> Response {
    if let Err(response) = check(&app, &headers, plain(fault), Want::Read) {
        return *response;
    }
    let now_ms = app.shared.clock.now_ms();
    let world = lock(&app.world);
    let mut live = world
        .sessions()
        .map(|(_, session)| session)
        .filter(|session| session.expires_ms.is_none_or(|end| end > now_ms))
        .collect::<Vec<_>>();
    live.sort_by_key(|session| (std::cmp::Reverse(session.created_ms), session.id));
    let rows = live.into_iter().map(|session| shown(&app, &world, session));
    ok_json(&rows.collect::<Vec<_>>())
}

fn shown<'a>(app: &Janssen, world: &'a World, session: &'a Session) -> SessionJson<'a> {
    session_json(world, session, app.options().generation, || {
        app.shared.new_secret()
    })
}

fn gone_or_not_found(gone: bool) -> Response {
    if gone {
        StatusCode::OK.into_response()
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

fn plain(fault: Injected) -> Option<AuthFault> {
    fault.map(|Extension(fault)| fault)
}

/// Query parameters; the first of a name counts, unknown ones are ignored.
fn parameters(query: &str) -> HashMap<String, String> {
    let mut map = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
        map.entry(name).or_insert(value);
    }
    map
}

/// A 32-bit number, or its default when absent or empty. `None`: not a number.
fn number(parameters: &HashMap<String, String>, name: &str, default: i64) -> Option<i64> {
    match parameters.get(name).map(String::as_str) {
        None | Some("") => Some(default),
        Some(text) => text.parse::<i32>().ok().map(i64::from),
    }
}

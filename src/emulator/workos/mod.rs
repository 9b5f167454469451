//! WorkOS: users, organizations, sessions of AuthKit and the log of events.
//!
//! Source of every fact here: the vendor's OpenAPI description (`workos/openapi-spec`), its reference pages, what
//! its clients accept, and, where these say nothing, what its own emulators answer.
//!
//! ```text
//! serve -- key, limits, permission -- lists (users, organizations, memberships, sessions)
//!                                  -- events
//!                                  -- revoke
//! ```

mod answer;
mod ask;
mod events;
mod handle;
mod ids;
mod limit;
mod lists;
mod make;
mod options;
mod page;
mod render;
mod revoke;
mod world;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::fault::AuthFault;
use super::http::HttpService;
use super::server::Service;
use super::shared::{Shared, decoded, lock};
use super::system::{Emulated, Line, System};
use answer::Answer;
use ask::{Ask, Query};
use limit::{Budget, Limits};
use world::World;

pub use handle::{WorkosAuth, WorkosHandle, WorkosRow, WorkosUser};
pub use options::{Gone, Look, WorkosOptions};

/// No request of a client comes near this.
const MOST_BYTES: usize = 16 * 1024 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A WorkOS environment with its usual options.
pub(super) fn system() -> Arc<dyn System> {
    Arc::new(WorkosOptions::default())
}

/// One running WorkOS environment.
pub(crate) struct Workos {
    shared: Arc<Shared>,
    options: WorkosOptions,
    auth: WorkosAuth,
    /// From this time on no key is taken, Unix milliseconds.
    keys_end_ms: AtomicI64,
    limits: Mutex<Limits>,
    world: Mutex<World>,
}

impl Workos {
    fn new(options: WorkosOptions, shared: Arc<Shared>) -> Self {
        let key = || format!("sk_test_{}", shared.new_secret().replace('-', ""));
        let auth = WorkosAuth {
            key: key(),
            key_id: format!("api_key_{}", shared.new_secret().replace('-', "")),
            weak_key: key(),
        };
        let recipe = make::Recipe {
            seed: shared.options.seed,
            now_ms: shared.now_ms(),
            users: shared.options.users,
            sessions: shared.options.sessions,
            ends_soon: options.ends_soon,
        };
        Workos {
            auth,
            keys_end_ms: AtomicI64::new(i64::MAX),
            limits: Mutex::new(Limits::new(options.requests_per_second)),
            world: Mutex::new(recipe.world()),
            options,
            shared,
        }
    }

    /// The answer without what all answers have.
    fn answer(&self, ask: &Ask) -> Answer {
        let segments: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
        if ask.method == Method::GET && segments == ["user_management", "sessions", "logout"] {
            let ended = revoke::logout(self, &mut lock(&self.world), &ask.query);
            return ended.unwrap_or_else(|refusal| refusal);
        }
        let key = match self.key(ask) {
            Ok(key) => key,
            Err(refusal) => return refusal,
        };
        let touches_users = segments.first() == Some(&"user_management");
        let write = touches_users.then_some(ask.method != Method::GET);
        let steady_ms = self.shared.clock.steady_ms();
        let budget = lock(&self.limits).count(key, write, steady_ms);
        let answer = if budget.exceeded {
            Err(too_many(&budget))
        } else {
            self.permitted(ask, key)
                .and_then(|()| self.route(ask, &segments))
        };
        let answer = answer.unwrap_or_else(|refusal| refusal);
        with_budget(answer, &budget, self.shared.now_ms())
    }

    /// The number of the API key of a request.
    fn key(&self, ask: &Ask) -> Result<usize, Answer> {
        let known = [&self.auth.key, &self.auth.weak_key];
        let number = ask
            .key()
            .and_then(|key| known.iter().position(|one| *one == key));
        let has_ended = self.shared.now_ms() >= self.keys_end_ms.load(Ordering::SeqCst);
        number
            .filter(|_| !has_ended && ask.fault != Some(AuthFault::RefuseAlways {}))
            .ok_or_else(|| {
                let body = json!({ "message": "Unauthorized" });
                Answer::refused(StatusCode::UNAUTHORIZED, body)
            })
    }

    /// Lets a request with the key of this number pass.
    fn permitted(&self, ask: &Ask, key: usize) -> Result<(), Answer> {
        let no_write = ask.fault == Some(AuthFault::ForbiddenOnDelete {});
        if key == 0 && !(no_write && ask.method == Method::POST) {
            return Ok(());
        }
        let body = json!({ "message": "The API key has no permission for this request." });
        Err(Answer::refused(StatusCode::FORBIDDEN, body))
    }

    fn route(&self, ask: &Ask, segments: &[&str]) -> lists::Result {
        let world = &mut lock(&self.world);
        let query = &ask.query;
        match (ask.method.as_str(), segments) {
            ("GET", ["user_management", "users"]) => lists::users(world, query),
            ("GET", ["user_management", "users", id]) => lists::user(world, id),
            ("GET", ["user_management", "users", "external_id", id]) => {
                lists::user_by_external_id(world, id)
            }
            ("GET", ["user_management", "users", id, "identities"]) => lists::identities(world, id),
            ("GET", ["user_management", "users", id, "sessions"]) => {
                lists::sessions(self, world, id, query)
            }
            ("GET", ["user_management", "organization_memberships"]) => {
                lists::memberships(world, ask)
            }
            ("POST", ["user_management", "sessions", "revoke"]) => revoke::revoke(self, world, ask),
            ("GET", ["organizations"]) => lists::organizations(world, query),
            ("GET", ["organizations", id]) => lists::organization(world, id),
            ("GET", ["organizations", "external_id", id]) => {
                lists::organization_by_external_id(world, id)
            }
            ("GET", ["events"]) => events::events(self, world, query),
            _ => Err(Answer::no_such_route()),
        }
    }
}

/// 429 with the pause that is to be made, in whole seconds.
fn too_many(budget: &Budget) -> Answer {
    let refusal = Answer::coded(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limit_exceeded",
        "Too many requests.",
    );
    let pause_s = seconds(budget.reset_ms);
    refusal.with(header::RETRY_AFTER, &pause_s.to_string())
}

/// Rounded up, 1 at least.
fn seconds(ms: i64) -> i64 {
    ms.max(1).saturating_add(999) / 1_000
}

fn with_budget(answer: Answer, budget: &Budget, now_ms: i64) -> Answer {
    let reset_s = seconds(now_ms.saturating_add(budget.reset_ms));
    let name = HeaderName::from_static;
    answer
        .with(name("x-ratelimit-limit"), &budget.limit.to_string())
        .with(name("x-ratelimit-remaining"), &budget.remaining.to_string())
        .with(name("x-ratelimit-reset"), &reset_s.to_string())
}

async fn serve(State(app): State<Arc<Workos>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let segments = parts.uri.path().split('/').skip(1).map(decoded).collect();
    let ask = Ask {
        method: parts.method,
        segments,
        query: Query::of(parts.uri.query().unwrap_or_default()),
        fault: parts.extensions.get::<AuthFault>().copied(),
        headers: parts.headers,
        body,
    };
    let mut response = app.answer(&ask).into_response();
    let id = ask.headers.get(REQUEST_ID).cloned().or_else(|| {
        let id = format!("req_{}", app.shared.new_secret());
        HeaderValue::try_from(id).ok()
    });
    response.headers_mut().extend(id.map(|id| (REQUEST_ID, id)));
    response
}

impl Emulated for Workos {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn service(self: Arc<Self>) -> Arc<dyn Service> {
        let router = Router::new().fallback(serve).with_state(self.clone());
        let secret_headers = vec!["authorization".to_owned()];
        Arc::new(HttpService::of(self, router, secret_headers))
    }

    fn auth_json(&self) -> Value {
        json!({ "api_key": self.auth.key })
    }

    fn auth_lines(&self) -> Vec<Line> {
        vec![("api_key", self.auth.key.clone())]
    }

    fn profile(&self, _table: &str, _sign_in: Option<&str>) -> String {
        format!("token = {}\n", json!(self.auth.key))
    }

    fn expire_tokens(&self) {
        self.limit_tokens(0);
    }

    fn limit_tokens(&self, longest_ms: i64) {
        let end_ms = self.shared.now_ms().saturating_add(longest_ms);
        self.keys_end_ms.fetch_min(end_ms, Ordering::SeqCst);
    }
}

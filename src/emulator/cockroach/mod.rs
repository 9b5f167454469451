//! CockroachDB: the HTTP API of a cluster, with the web sessions and the SQL sessions behind it.
//!
//! Sources: the sources and the test data of `cockroachdb/cockroach` (`pkg/server/api_v2_sql.go`, `api_v2_auth.go`,
//! `authserver/authentication.go`), and the documentation of `cockroach auth-session`. It knows the statements that
//! manage sessions, and refuses all others.
//!
//! ```text
//! login  sign-in and out, cookies
//! sql    /api/v2/sql/ -- parse (lexer, expr) -- run (check, eval, rows) -- world
//! ```

mod access;
mod answer;
mod cancel;
mod check;
mod eval;
mod expr;
mod failure;
mod handle;
mod insert;
mod lexer;
mod login;
mod options;
mod parse;
mod rows;
mod run;
mod seed;
mod sql;
mod statement;
mod time;
mod token;
mod value;
mod version;
mod world;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{any, get, post};
use serde_json::{Value, json};

use super::http::HttpService;
use super::server::Service;
use super::shared::{Shared, lock};
use super::system::{Emulated, Line, System};
use time::SECOND_US;
use world::World;

pub use handle::{CockroachHandle, CockroachLogin, CockroachRow};
pub use options::{Cluster, CockroachOptions};
pub use version::Version;

/// A CockroachDB with its usual options.
pub(super) fn system() -> Arc<dyn System> {
    Arc::new(CockroachOptions::default())
}

/// One running CockroachDB.
pub(crate) struct Cockroach {
    shared: Arc<Shared>,
    options: CockroachOptions,
    /// The administrator, and somebody without privileges.
    logins: [CockroachLogin; 2],
    world: Mutex<World>,
}

impl Cockroach {
    fn new(options: CockroachOptions, shared: Arc<Shared>) -> Self {
        let logins = [seed::ADMIN, seed::READER].map(|user| CockroachLogin {
            user: user.to_owned(),
            password: shared.new_secret(),
        });
        let world = seed::Recipe {
            seed: shared.options.seed,
            now_us: shared.now_ms() * 1_000,
            users: shared.options.users,
            web_sessions: shared.options.sessions,
            sql_sessions: options.sql_sessions,
            passwords: logins.each_ref().map(|login| login.password.clone()),
            extra_users: &options.extra_users,
        };
        Cockroach {
            world: Mutex::new(world.world()),
            logins,
            options,
            shared,
        }
    }

    /// Now, microseconds since 1970.
    fn now_us(&self) -> i64 {
        self.shared.now_ms().saturating_mul(1_000)
    }

    /// The name of the virtual cluster.
    fn tenant(&self) -> &'static str {
        match self.options.cluster {
            Cluster::Tenant => "main",
            Cluster::Secure | Cluster::Insecure => "system",
        }
    }
}

impl Emulated for Cockroach {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn service(self: Arc<Self>) -> Arc<dyn Service> {
        let router = router(self.clone());
        let secret_headers = vec![access::HEADER.to_owned(), "cookie".to_owned()];
        let service = HttpService::reading(self, router, secret_headers, sql::inside);
        Arc::new(service)
    }

    fn auth_json(&self) -> Value {
        let login =
            |login: &CockroachLogin| json!({ "user": login.user, "password": login.password });
        let mut auth = login(&self.logins[0]);
        auth["logins"] = self.logins.iter().map(login).collect();
        auth
    }

    fn auth_lines(&self) -> Vec<Line> {
        let line = |login: &CockroachLogin| ("login", format!("{} {}", login.user, login.password));
        self.logins.iter().map(line).collect()
    }

    fn profile(&self, table: &str, _sign_in: Option<&str>) -> String {
        if self.options.cluster == Cluster::Insecure {
            return String::new();
        }
        let admin = &self.logins[0];
        format!(
            "\n[{table}.login]\nmethod = \"password\"\nuser = {}\npassword = {}\n",
            json!(admin.user),
            json!(admin.password),
        )
    }

    fn expire_tokens(&self) {
        lock(&self.world).expire_issued(self.now_us());
    }

    fn limit_tokens(&self, longest_ms: i64) {
        lock(&self.world).limit_life(longest_ms.saturating_mul(1_000));
    }
}

/// All endpoints. The slash at the end of those of the API belongs to them.
fn router(cockroach: Arc<Cockroach>) -> Router {
    let mut router = Router::new()
        .route("/health", get(|| async { StatusCode::OK }))
        .route("/api/v2/health/", get(healthy))
        .route("/api/v2/login/", any(login::api))
        .route("/api/v2/logout/", post(login::api_logout))
        .route("/login", post(login::page))
        .route("/logout", get(login::page_logout));
    if cockroach.options.sql_api {
        router = router.route("/api/v2/sql/", any(sql::execute));
    }
    router
        .fallback(answer::no_such_page)
        // The endpoint itself says what is too long.
        .layer(DefaultBodyLimit::max(2 * sql::MOST_BYTES))
        .layer(map_response(answer::uncached))
        .layer(from_fn_with_state(cockroach.clone(), purged))
        .with_state(cockroach)
}

async fn healthy() -> Response {
    answer::json(StatusCode::OK, &json!({}))
}

/// Removes what is due before anything is answered.
async fn purged(State(app): State<Arc<Cockroach>>, request: Request, next: Next) -> Response {
    let ttl_us = i64::from(app.options.purge_seconds) * SECOND_US;
    if ttl_us > 0 {
        lock(&app.world).purge(app.now_us(), ttl_us);
    }
    next.run(request).await
}

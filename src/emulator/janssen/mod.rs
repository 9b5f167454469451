//! Janssen Server: the authorization server's few endpoints and the Config API's sessions.
//!
//! Source of every fact here: the sources of `JanssenProject/jans`, `SessionResource`, `SessionService`
//! and `BaseResource` above all, and the requests that its own command line sends.

mod access;
mod answer;
mod device;
mod devices;
mod filter;
mod handle;
mod oauth;
mod options;
mod pattern;
mod render;
mod search;
mod seed;
mod sessions;
mod tokens;
mod world;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{delete, get, post};
use serde_json::{Value, json};

use super::http::HttpService;
use super::server::Service;
use super::shared::{Shared, lock};
use super::system::{Emulated, Line, System};
use access::client_scopes;
use devices::Devices;
use tokens::Tokens;
use world::World;

pub use handle::{Auth, Handle, Row};
pub use options::{Generation, JanssenOptions};

const API: &str = "/jans-config-api/api/v1";
const SESSION: &str = "/jans-config-api/api/v1/jans-auth-server/session";
const AUTH: &str = "/jans-auth/restv1";

/// Life of the token that is printed at start: a working day and more, since nobody renews it.
const DIRECT_TOKEN_MS: i64 = 24 * 3_600_000;

/// A Janssen Server with its usual options.
pub(super) fn system() -> Arc<dyn System> {
    Arc::new(JanssenOptions::default())
}

/// One running Janssen Server.
pub(crate) struct Janssen {
    shared: Arc<Shared>,
    options: JanssenOptions,
    auth: Auth,
    world: Mutex<World>,
    tokens: Mutex<Tokens>,
    devices: Mutex<Devices>,
    index: Mutex<search::Index>,
}

type App = axum::extract::State<Arc<Janssen>>;

impl Janssen {
    fn new(options: JanssenOptions, shared: Arc<Shared>) -> Self {
        let auth = Auth {
            client_id: format!("1800.{}", shared.new_secret()),
            client_secret: shared.new_secret(),
            token: shared.new_secret(),
        };
        let now_ms = shared.now_ms();
        let world = seed::Recipe {
            seed: shared.options.seed,
            now_ms,
            users: shared.options.users,
            sessions: shared.options.sessions,
            admin: options.admin.clone(),
            plain_front: options.plain_front,
        };
        let mut tokens = Tokens::default();
        let scopes = client_scopes(&options);
        tokens.issue(auth.token.clone(), scopes, None, now_ms, DIRECT_TOKEN_MS);
        Janssen {
            world: Mutex::new(world.world()),
            tokens: Mutex::new(tokens),
            devices: Mutex::default(),
            index: Mutex::default(),
            shared,
            options,
            auth,
        }
    }

    fn options(&self) -> &JanssenOptions {
        &self.options
    }
}

impl Emulated for Janssen {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn service(self: Arc<Self>) -> Arc<dyn Service> {
        let router = router(self.clone());
        let secret_headers = vec!["authorization".to_owned()];
        Arc::new(HttpService::of(self, router, secret_headers))
    }

    fn auth_json(&self) -> Value {
        json!({
            "client_id": self.auth.client_id,
            "client_secret": self.auth.client_secret,
            "token": self.auth.token,
        })
    }

    fn auth_lines(&self) -> Vec<Line> {
        vec![
            ("client_id", self.auth.client_id.clone()),
            ("client_secret", self.auth.client_secret.clone()),
            ("token", self.auth.token.clone()),
        ]
    }

    fn profile(&self, table: &str, sign_in: Option<&str>) -> String {
        let client = |method: &str| {
            format!(
                "method = \"{method}\"\nclient_id = {}\nclient_secret = {}\n",
                json!(self.auth.client_id),
                json!(self.auth.client_secret),
            )
        };
        let login = match sign_in {
            Some("device") => client("device"),
            Some("prompt") => "method = \"token\"\ntoken = { prompt = true }\n".to_owned(),
            _ => client("client_credentials"),
        };
        let mut text = format!("\n[{table}.login]\n{login}\n[{table}.client_names]\n");
        // The sign-in of this profile.
        let own = json!(self.auth.client_id);
        text.push_str(&format!("{own} = \"ops-desk\"\n"));
        for client in &lock(&self.world).clients {
            text.push_str(&format!("{} = {}\n", json!(client.id), json!(client.name)));
        }
        text
    }

    fn dump(&self, to: &mut dyn Write) -> Option<io::Result<()>> {
        let world = lock(&self.world);
        Some(render::document(&world, self.options.generation, to))
    }

    fn expire_tokens(&self) {
        lock(&self.tokens).expire_all(self.shared.now_ms());
    }

    fn limit_tokens(&self, longest_ms: i64) {
        lock(&self.tokens).limit_life(longest_ms, self.shared.now_ms());
    }
}

/// All endpoints.
fn router(janssen: Arc<Janssen>) -> Router {
    let mut router = Router::new()
        .route(&format!("{AUTH}/token"), post(oauth::token))
        .route(&format!("{AUTH}/device_authorization"), post(device::start))
        .route(
            &format!("{AUTH}/userinfo"),
            get(oauth::userinfo).post(oauth::userinfo),
        )
        .route(&format!("{AUTH}/revoke"), post(oauth::revoke))
        .route("/device-code", get(device::page).post(device::decide))
        .route(&format!("{API}/acrs"), get(sessions::acrs));
    if janssen.options.discovery {
        for prefix in ["", "/jans-auth"] {
            let path = format!("{prefix}/.well-known/openid-configuration");
            router = router.route(&path, get(oauth::discovery));
        }
    }
    session_routes(router, janssen.options.generation)
        .fallback(answer::no_such_page)
        .with_state(janssen)
}

fn session_routes(router: Router<Arc<Janssen>>, generation: Generation) -> Router<Arc<Janssen>> {
    match generation {
        Generation::Old => router
            .route(SESSION, get(sessions::list_old))
            .route(&format!("{SESSION}/{{user}}"), post(sessions::revoke_user)),
        Generation::New | Generation::Y2024 => router
            .route(SESSION, get(sessions::first_page))
            .route(&format!("{SESSION}/search"), get(sessions::search))
            .route(
                &format!("{SESSION}/sid/{{sid}}"),
                get(sessions::one).delete(sessions::remove),
            )
            .route(
                &format!("{SESSION}/user/{{user}}"),
                delete(sessions::revoke_user),
            ),
    }
}

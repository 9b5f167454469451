//! Janssen Server: the authorization server's few endpoints and the Config API's sessions.
//!
//! Source of every fact here: the sources of `JanssenProject/jans`, `SessionResource`, `SessionService`
//! and `BaseResource` above all, and the requests that its own command line sends.

mod access;
mod answer;
mod device;
mod filter;
mod oauth;
mod pattern;
mod render;
mod search;
mod sessions;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{delete, get, post};

use super::options::{Generation, Options};
use super::shared::Shared;

pub(crate) use access::client_scopes;

const API: &str = "/jans-config-api/api/v1";
const SESSION: &str = "/jans-config-api/api/v1/jans-auth-server/session";
const AUTH: &str = "/jans-auth/restv1";

/// What the handlers need.
#[derive(Debug)]
struct Janssen {
    shared: Arc<Shared>,
    index: Mutex<search::Index>,
}

type App = axum::extract::State<Arc<Janssen>>;

/// All endpoints of one Janssen Server.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let options = shared.options.clone();
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
    if options.discovery {
        for prefix in ["", "/jans-auth"] {
            let path = format!("{prefix}/.well-known/openid-configuration");
            router = router.route(&path, get(oauth::discovery));
        }
    }
    session_routes(router, options.generation)
        .fallback(answer::no_such_page)
        .with_state(Arc::new(Janssen {
            shared,
            index: Mutex::new(search::Index::default()),
        }))
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

impl Janssen {
    fn options(&self) -> &Options {
        &self.shared.options
    }
}

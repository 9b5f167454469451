//! PingAM and OpenAM: login, the session REST, and the few calls around it.
//!
//! Sources: for OpenAM what a running community server 16.0.5 answered, and the sources of
//! `OpenIdentityPlatform/OpenAM`; for PingAM the documentation of its session REST. Where the documentation
//! is silent, PingAM does here what OpenAM does.
//!
//! ```text
//! serve -- place (Host, realm of the address) -- login   authenticate, services of several steps
//!                                             -- rest -- sessions (2.0 and later), legacy (1.2)
//!                                                     -- info     serverinfo, realms, users, settings
//! ```

mod access;
mod answer;
mod ask;
mod filter;
mod flow;
mod handle;
mod info;
mod legacy;
mod list;
mod login;
mod make;
mod options;
mod place;
mod properties;
mod sessions;
mod version;
mod world;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::fault::AuthFault;
use super::http::HttpService;
use super::names;
use super::server::Service;
use super::shared::{Shared, decoded, lock};
use super::system::{Emulated, Line, System};
use answer::{Answer, Escape, Failure};
use ask::Ask;
use make::{AmRecipe, delegates};
use version::Version;
use world::AmWorld;

pub use handle::{AmAuth, AmHandle, AmLogin, AmRow};
pub use options::{AmOptions, AmQuota, AmService, ONE_TIME_CODE};

/// Life of the token that is printed at start: a working day and more, since nobody renews it.
const DIRECT_TOKEN_MS: i64 = 24 * 3_600_000;

/// No request of a client comes near this.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Which line of servers to speak like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// The commercial server.
    Pingam,
    /// The community server.
    Openam,
}

impl Flavour {
    /// Versions of the sessions resource, ascending.
    fn session_versions(self) -> &'static [Version] {
        const PINGAM: &[Version] = &[Version::of(3, 1), Version::of(4, 0), Version::of(5, 1)];
        const OPENAM: &[Version] = &[Version::of(1, 2), Version::of(2, 0)];
        match self {
            Flavour::Pingam => PINGAM,
            Flavour::Openam => OPENAM,
        }
    }

    fn escape(self) -> Escape {
        match self {
            Flavour::Pingam => Escape::None,
            Flavour::Openam => Escape::Html,
        }
    }

    fn base_dn(self) -> &'static str {
        match self {
            Flavour::Pingam => "dc=am,dc=example,dc=com",
            Flavour::Openam => "dc=openam,dc=openidentityplatform,dc=org",
        }
    }
}

/// A PingAM with its usual options.
pub(super) fn pingam() -> Arc<dyn System> {
    Arc::new(AmOptions {
        flavour: Flavour::Pingam,
        ..AmOptions::default()
    })
}

/// An OpenAM with its usual options.
pub(super) fn openam() -> Arc<dyn System> {
    Arc::new(AmOptions::default())
}

/// One running PingAM or OpenAM.
pub(crate) struct Am {
    shared: Arc<Shared>,
    options: AmOptions,
    flavour: Flavour,
    auth: AmAuth,
    world: Mutex<AmWorld>,
}

impl Am {
    fn new(options: AmOptions, shared: Arc<Shared>) -> Self {
        let passwords = (shared.new_secret(), shared.new_secret());
        let people = names::people(shared.options.users).map(|(name, _)| name);
        let people = people.collect::<Vec<_>>();
        let now_ms = shared.now_ms();
        let logins = logins(&options, &passwords, people.last().cloned());
        let bearer = shared.new_secret();
        let mut world = AmRecipe {
            flavour: options.flavour,
            options: &options,
            seed: shared.options.seed,
            now_ms,
            sessions: shared.options.sessions,
            people,
            passwords,
        }
        .world();
        let mut secrets = lock(&shared.secrets);
        let token = world.insert_own(&options.admin, now_ms, DIRECT_TOKEN_MS, &mut secrets);
        drop(secrets);
        Am {
            auth: AmAuth {
                token,
                logins,
                bearer,
            },
            world: Mutex::new(world),
            flavour: options.flavour,
            options,
            shared,
        }
    }
}

/// The administrator of everything, those of single realms, and an ordinary user.
fn logins(
    options: &AmOptions,
    passwords: &(String, String),
    ordinary: Option<String>,
) -> Vec<AmLogin> {
    let login = |user: &str, password: &str, realm: &str| AmLogin {
        user: user.to_owned(),
        password: password.to_owned(),
        realm: realm.to_owned(),
    };
    let delegate = |realm: &String| login(&delegates(realm).0, &passwords.0, realm);
    std::iter::once(login(&options.admin, &passwords.0, "/"))
        .chain(options.realms.iter().map(delegate))
        .chain(ordinary.map(|name| login(&name, &passwords.1, "/")))
        .collect()
}

impl Emulated for Am {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn url(&self) -> String {
        format!("{}/{}", self.shared.base, self.options.context())
    }

    fn service(self: Arc<Self>) -> Arc<dyn Service> {
        let cookie = self.options.cookie.to_ascii_lowercase();
        let secret_headers = vec!["authorization".to_owned(), cookie, "cookie".to_owned()];
        let router = Router::new().fallback(serve).with_state(self.clone());
        Arc::new(HttpService::of(self, router, secret_headers))
    }

    fn auth_json(&self) -> Value {
        let login =
            |l: &AmLogin| json!({ "user": l.user, "password": l.password, "realm": l.realm });
        let mut auth = login(&self.auth.logins[0]);
        auth["token"] = json!(self.auth.token);
        auth["cookie"] = json!(self.options.cookie);
        auth["logins"] = self.auth.logins.iter().map(login).collect();
        auth
    }

    fn auth_lines(&self) -> Vec<Line> {
        let login = |l: &AmLogin| ("login", format!("{} {} in {}", l.user, l.password, l.realm));
        let token = ("token", self.auth.token.clone());
        self.auth.logins.iter().map(login).chain([token]).collect()
    }

    fn profile(&self, table: &str, sign_in: Option<&str>) -> String {
        let admin = &self.auth.logins[0];
        let realms = std::iter::once("/").chain(self.options.realms.iter().map(String::as_str));
        let mut text = format!(
            "flavour = {}\nrealms = {}\n\n[{table}.login]\nmethod = \"password\"\nuser = {}\npassword = {}\nrealm = {}\n",
            json!(self.options.word()),
            json!(realms.collect::<Vec<_>>()),
            json!(admin.user),
            json!(admin.password),
            json!(admin.realm),
        );
        if sign_in == Some("callbacks") {
            let service = json!(AmService::SecondFactor.name());
            text.push_str(&format!("service = {service}\n"));
        }
        text
    }

    fn expire_tokens(&self) {
        lock(&self.world).expire_issued(self.shared.now_ms());
    }

    fn limit_tokens(&self, longest_ms: i64) {
        lock(&self.world).limit_life(longest_ms, self.shared.now_ms());
    }
}

async fn serve(State(app): State<Arc<Am>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = parts.uri.path();
    let segments = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(decoded)
        .collect::<Vec<_>>();
    let rest = match segments.as_slice() {
        [first, rest @ ..] if first == app.options.context() => rest,
        _ => return answer::container_page(),
    };
    match rest {
        [page] if page == "isAlive.jsp" => alive_page(),
        [json, rest @ ..] if json == "json" => {
            let fault = parts.extensions.get::<AuthFault>().copied();
            let mut ask = Ask {
                method: parts.method,
                realm: 0,
                resource: Vec::new(),
                parameters: ask::parameters(parts.uri.query().unwrap_or_default()),
                headers: parts.headers,
                wanted: version::Wanted::default(),
                body,
                fault,
            };
            app.rest(rest, &mut ask)
        }
        _ => answer::container_page(),
    }
}

fn alive_page() -> Response {
    let page = "<html>\n<head>\n    <title>OpenAM</title>\n</head>\n<body>\n<h1>Server is ALIVE: </h1>\n</body>\n</html>\n";
    ([(header::CONTENT_TYPE, "text/html;charset=UTF-8")], page).into_response()
}

impl Am {
    fn options(&self) -> &AmOptions {
        &self.options
    }

    fn now_ms(&self) -> i64 {
        self.shared.clock.now_ms()
    }

    fn rest(&self, segments: &[String], ask: &mut Ask) -> Response {
        if let Some(text) = ask.header("accept-api-version") {
            if let Some(wanted) = version::parse_header(text) {
                ask.wanted = wanted;
            } else {
                let text = format!("Version string is in an invalid format: {text}");
                return answer::bare_text(text);
            }
        }
        let mut am = lock(&self.world);
        if let Err(failure) = place::find(self, &am, segments, ask) {
            let mut response = failure.into_response(self.flavour.escape());
            // These come from in front of the REST framework.
            response.headers_mut().remove(header::CACHE_CONTROL);
            return response;
        }
        if self.is_forged(ask) {
            return Failure::plain(403).into_response(self.flavour.escape());
        }
        if ask.resource.first().is_some_and(|r| r == "authenticate") && ask.resource.len() == 1 {
            return login::serve(self, ask, &mut am);
        }
        match self.crest(ask, &mut am) {
            Ok(mut reply) => {
                reply.pretty = ask.parameter("_prettyPrint") == Some("true");
                reply.into_response()
            }
            Err(failure) => failure.into_response(self.flavour.escape()),
        }
    }

    /// PingAM wants a header that no form of a web page can send beside a token in the cookie.
    fn is_forged(&self, ask: &Ask) -> bool {
        let reads = [Method::GET, Method::HEAD, Method::OPTIONS];
        self.flavour == Flavour::Pingam
            && !reads.contains(&ask.method)
            && ask.cookie(&self.options().cookie).is_some()
            && ask.headers.get(self.options().cookie.as_str()).is_none()
            && !ask.headers.contains_key("x-requested-with")
            && !ask.headers.contains_key("accept-api-version")
    }

    fn crest(&self, ask: &Ask, am: &mut AmWorld) -> Answer {
        ask.check()?;
        let segments = ask.resource.iter().map(String::as_str).collect::<Vec<_>>();
        let answer = match segments.as_slice() {
            ["sessions"] => return sessions::collection(self, ask, am),
            ["sessions", token] => return sessions::item(self, ask, am, token),
            ["serverinfo", "*"] => info::server(self, ask, am),
            ["serverinfo", "version"] => info::version(self, ask, am),
            ["users"] => info::users(self, ask, am),
            ["global-config", "realms"] => info::realms(self, ask, am),
            ["global-config", "services", "session"] => info::session_service(self, ask, am),
            other => {
                let text = format!("Resource '{}' not found", other.join("/"));
                Err(Failure::new(404, text))
            }
        };
        // Sessions have their own idea of fields.
        answer.map(|reply| reply.with_only(ask.fields().as_deref()))
    }

    /// The version that serves a request.
    ///
    /// # Errors
    /// The resource has no such version.
    fn served_by(&self, ask: &Ask, offered: &[Version]) -> Result<Version, Failure> {
        version::serving(offered, ask.wanted.resource).ok_or_else(|| match self.flavour {
            Flavour::Openam => Failure::new(404, "Resource '' not found"),
            Flavour::Pingam => Failure::new(
                404,
                "Accept-API-Version: the requested version of the resource is not supported",
            ),
        })
    }

    /// Letters and digits that nobody can guess, unless the secrets come from the seed.
    fn fresh(&self) -> super::rng::Rng {
        make::fresh(&mut lock(&self.shared.secrets))
    }
}

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
pub(super) mod make;
mod options;
mod place;
mod properties;
mod sessions;
mod version;
pub(super) mod world;

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::fault::AuthFault;
use super::options::Kind;
use super::shared::{Shared, decoded, lock};
use answer::{Answer, Escape, Failure};
use ask::Ask;
use version::Version;
use world::AmWorld;

pub use handle::{AmHandle, AmRow};
pub use options::{AmOptions, AmQuota, AmService, ONE_TIME_CODE};

/// No request of a client comes near this.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Which line of servers to speak like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// The commercial server.
    Pingam,
    /// The community server.
    Openam,
}

impl Flavour {
    /// The flavour of an emulated system. `None`: it is another one.
    pub(crate) fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Pingam => Some(Flavour::Pingam),
            Kind::Openam => Some(Flavour::Openam),
            Kind::Janssen => None,
        }
    }

    /// Path of the deployment without an option.
    fn context(self) -> &'static str {
        match self {
            Flavour::Pingam => "am",
            Flavour::Openam => "openam",
        }
    }

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

/// Path of the deployment, without slashes.
pub(crate) fn context(flavour: Flavour, options: &AmOptions) -> &str {
    options.context.as_deref().unwrap_or(flavour.context())
}

/// What the handlers need.
#[derive(Debug)]
struct Am {
    shared: Arc<Shared>,
    flavour: Flavour,
}

/// All endpoints of one server.
pub(crate) fn router(shared: Arc<Shared>, flavour: Flavour) -> Router {
    Router::new()
        .fallback(serve)
        .with_state(Arc::new(Am { shared, flavour }))
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
        [first, rest @ ..] if first == context(app.flavour, app.options()) => rest,
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
        &self.shared.options.am
    }

    fn now_ms(&self) -> i64 {
        self.shared.clock.now_ms()
    }

    fn rest(&self, segments: &[String], ask: &mut Ask) -> Response {
        if let Some(text) = ask.header("accept-api-version") {
            match version::parse_header(text) {
                Some(wanted) => ask.wanted = wanted,
                None => {
                    let text = format!("Version string is in an invalid format: {text}");
                    return answer::bare_text(text);
                }
            }
        }
        let mut am = lock(&self.shared.am);
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

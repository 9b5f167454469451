//! `POST /authenticate`: by headers at once, or step by step.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::answer::{Failure, append};
use super::ask::Ask;
use super::flow::{Flow, Step, Turn, document, first, inputs, next};
use super::options::{AmQuota, AmService};
use super::version::{Version, serving};
use super::world::{AmWorld, Rights, Session, same_name};
use super::{Am, Flavour, make, place};

/// Login is served by these.
const VERSIONS: &[Version] = &[Version::of(1, 2), Version::of(2, 1)];

/// The result of a login.
enum Outcome {
    /// A session; its slot.
    SignedIn(usize),
    /// Right, but no session was wanted.
    NoSession { realm: usize },
    /// Another page.
    Page(Value),
}

/// Answers one step of a login.
pub(super) fn serve(app: &Am, ask: &Ask, am: &mut AmWorld) -> Response {
    let Some(served) = serving(VERSIONS, ask.wanted.resource) else {
        return Failure::empty(404).into_response(app.flavour.escape());
    };
    let result = step(app, ask, am).and_then(|outcome| reply(app, am, outcome));
    let mut response = match result {
        Ok(response) => response,
        Err(failure) => return refused(app, served, failure),
    };
    let version = format!("resource={served}");
    append(&mut response, "content-api-version", &version);
    response
}

fn refused(app: &Am, served: Version, failure: Failure) -> Response {
    let mut response = match (served.major, failure.status()) {
        (1, 401) => {
            let body = json!({ "errorMessage": failure.message() });
            let json = [(header::CONTENT_TYPE, "application/json;charset=UTF-8")];
            let status = axum::http::StatusCode::UNAUTHORIZED;
            let mut response = (status, json, body.to_string()).into_response();
            let version = format!("resource={served}");
            append(&mut response, "content-api-version", &version);
            response
        }
        _ => failure.inside(served).into_response(app.flavour.escape()),
    };
    response.headers_mut().remove(header::CACHE_CONTROL);
    response
}

fn failed() -> Failure {
    Failure::new(401, "Authentication Failed")
}

fn step(app: &Am, ask: &Ask, am: &mut AmWorld) -> Result<Outcome, Failure> {
    if ask.method != Method::POST {
        return Err(Failure::plain(405));
    }
    let kind = ask.header("content-type").unwrap_or("application/json");
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Failure::plain(415));
    }
    let body = body(ask)?;
    let realm = place::by_parameter(am, ask)?.unwrap_or(ask.realm);
    if !am.realms[realm].active {
        return Err(Failure::new(400, "Org is inactive"));
    }
    match body["authId"].as_str() {
        Some(auth_id) => go_on(app, ask, am, auth_id, &body),
        None if body.as_object().is_some_and(serde_json::Map::is_empty) => {
            begin(app, ask, am, realm)
        }
        None => Err(failed()),
    }
}

fn body(ask: &Ask) -> Result<Value, Failure> {
    if ask.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(json!({}));
    }
    serde_json::from_slice(&ask.body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Failure::new(
            400,
            format!(
                "Unexpected character or end-of-input\n at [Source: (BufferedReader); line: {line}, column: {column}]"
            ),
        )
    })
}

fn begin(app: &Am, ask: &Ask, am: &mut AmWorld, realm: usize) -> Result<Outcome, Failure> {
    let service = service(app, ask)?;
    let mut flow = Flow {
        service,
        realm,
        step: first(service),
        user: None,
        polls: 0,
    };
    match (
        latin(ask, "x-openam-username"),
        latin(ask, "x-openam-password"),
    ) {
        // A page that asks for something else is shown, whatever the headers say.
        (Some(name), Some(password)) if flow.step == Step::Credentials => {
            let turn = flow.take(&[name, password]);
            proceed(app, ask, am, flow, turn)
        }
        _ => Ok(Outcome::Page(show(app, am, flow))),
    }
}

/// The answer of a client to a page that it was shown.
fn go_on(
    app: &Am,
    ask: &Ask,
    am: &mut AmWorld,
    auth_id: &str,
    body: &Value,
) -> Result<Outcome, Failure> {
    let Some(mut flow) = am.flows.remove(auth_id) else {
        if auth_id.starts_with("eyJ") {
            return Err(failed());
        }
        let text = "Failed to parse JWT, Failed to parse json: No content to map due to end-of-input\n \
                    at [Source: (String)\"\"; line: 1, column: 0]";
        return Err(Failure::new(400, text));
    };
    let turn = flow.take(&inputs(body));
    proceed(app, ask, am, flow, turn)
}

fn proceed(
    app: &Am,
    ask: &Ask,
    am: &mut AmWorld,
    mut flow: Flow,
    turn: Turn,
) -> Result<Outcome, Failure> {
    match turn {
        Turn::Fail => return Err(failed()),
        Turn::Again => return Ok(Outcome::Page(show(app, am, flow))),
        Turn::Check(name, password) => {
            let user = known(am, flow.realm, &name, &password).ok_or_else(failed)?;
            flow.user = Some(user);
        }
        Turn::Next => {}
    }
    if let Some(step) = next(flow.service, flow.step) {
        flow.step = step;
        return Ok(Outcome::Page(show(app, am, flow)));
    }
    let user = flow.user.ok_or_else(failed)?;
    if ask.parameter("noSession") == Some("true") {
        return Ok(Outcome::NoSession { realm: flow.realm });
    }
    make_room(app, am, flow.realm, &user)?;
    Ok(Outcome::SignedIn(open_session(app, am, flow.realm, user)))
}

fn show(app: &Am, am: &mut AmWorld, flow: Flow) -> Value {
    let auth_id = make::auth_id(&mut app.fresh());
    let page = document(app.flavour, &flow, &auth_id);
    am.flows.insert(auth_id, flow);
    page
}

/// Which service is wanted: by its name, or the realm's own.
fn service(app: &Am, ask: &Ask) -> Result<AmService, Failure> {
    let value = ask.parameter("authIndexValue").unwrap_or_default();
    let found = match ask.parameter("authIndexType") {
        None => Some(app.options().service),
        Some("service") if value == "Login" => Some(AmService::Password),
        Some("service") => {
            let mut all = AmService::ALL.iter().copied();
            all.find(|service| service.name() == value)
        }
        Some("module") => (value == "DataStore").then_some(AmService::Password),
        Some(_) => None,
    };
    found.ok_or_else(|| Failure::new(400, "No Configuration found"))
}

/// A header whose bytes are Latin-1.
fn latin(ask: &Ask, name: &str) -> Option<String> {
    let value = ask.headers.get(name)?;
    Some(value.as_bytes().iter().map(|b| char::from(*b)).collect())
}

/// The account of a name and password, as it is written there. Administrators sign in where their rights are.
fn known(am: &AmWorld, realm: usize, name: &str, password: &str) -> Option<Arc<str>> {
    let account = am.account(name).filter(|a| a.password == password)?;
    let path = am.realms[realm].path.as_str();
    let here = match &account.rights {
        Rights::Super => path == "/",
        Rights::Admin(own) | Rights::Reader(own) => own == path,
        Rights::Own => true,
    };
    here.then(|| account.name.clone())
}

fn make_room(app: &Am, am: &mut AmWorld, realm: usize, user: &str) -> Result<(), Failure> {
    let now_ms = app.now_ms();
    let own = am
        .sessions()
        .filter(|(_, s)| s.realm == realm && s.handle.is_some() && s.is_alive(now_ms))
        .filter(|(_, s)| same_name(&s.user, user))
        .map(|(slot, s)| (s.end_ms(), slot))
        .collect::<Vec<_>>();
    match app.options().quota {
        AmQuota::Deny(most) if own.len() >= most => {
            Err(Failure::new(401, "You have reached your session limit."))
        }
        AmQuota::EndOldest(most) if own.len() >= most => {
            if let Some((_, slot)) = own.iter().min() {
                am.remove(*slot);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A new session of somebody who signed in just now.
fn open_session(app: &Am, am: &mut AmWorld, realm: usize, user: Arc<str>) -> usize {
    let mut rng = app.fresh();
    let now_ms = app.now_ms();
    let settings = &am.realms[realm];
    let token = if settings.client_side {
        make::jwt_token(&mut rng)
    } else {
        make::token_text(&mut rng)
    };
    let handle = make::handle_text(&mut rng);
    let session = Session {
        user,
        realm,
        token: token.into(),
        handle: (!settings.client_side).then(|| handle.into()),
        created_ms: now_ms,
        latest_ms: now_ms,
        expires_ms: now_ms + settings.max_ms,
        idle_ms: settings.idle_ms,
        issued: true,
        ip: "127.0.0.1".into(),
        context_id: make::context_id(&mut rng),
        set: HashMap::new(),
    };
    am.insert(session)
}

fn reply(app: &Am, am: &AmWorld, outcome: Outcome) -> Result<Response, Failure> {
    let address = format!("/{}/console", app.options().context());
    let (body, cookies) = match outcome {
        Outcome::Page(page) => (page, vec![pending_cookie(app)]),
        Outcome::NoSession { realm } => (
            json!({
                "message": "Authentication Successful",
                "successUrl": address,
                "realm": am.realms[realm].path,
            }),
            vec![pending_cookie(app)],
        ),
        Outcome::SignedIn(slot) => {
            let session = am.session(slot).ok_or_else(failed)?;
            let realm = &am.realms[session.realm].path;
            let mut body = json!({
                "tokenId": &*session.token,
                "successUrl": address,
                "realm": realm,
            });
            match (app.options().token_in_cookie_only, app.flavour) {
                (true, Flavour::Pingam) => body["tokenId"] = json!(""),
                (true, Flavour::Openam) => body = json!({ "successUrl": address, "realm": realm }),
                (false, _) => {}
            }
            (body, vec![session_cookie(app, session)])
        }
    };
    let is_over = body.get("authId").is_none();
    let mut response = (
        [
            (header::CACHE_CONTROL, "no-cache, no-store, must-revalidate"),
            (header::PRAGMA, "no-cache"),
            (header::CONTENT_TYPE, "application/json;charset=UTF-8"),
        ],
        body.to_string(),
    )
        .into_response();
    for cookie in &cookies {
        append(&mut response, "set-cookie", cookie);
    }
    append(&mut response, "set-cookie", "amlbcookie=01; Path=/");
    if is_over {
        let gone = "AMAuthCookie=LOGOUT; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:10 GMT; Path=/";
        append(&mut response, "set-cookie", gone);
    }
    Ok(response)
}

/// Stands for a sign-in without a session; nothing takes it.
fn pending_cookie(app: &Am) -> String {
    let token = make::token_text(&mut app.fresh());
    format!("AMAuthCookie={token}; Path=/")
}

/// OpenAM sets the token of a session that the client keeps under another name.
fn session_cookie(app: &Am, session: &Session) -> String {
    let name = match (app.flavour, &session.handle) {
        (Flavour::Openam, None) => "AMAuthCookie",
        _ => app.options().cookie.as_str(),
    };
    let only = if app.options().token_in_cookie_only {
        "; HttpOnly"
    } else {
        ""
    };
    format!("{name}={}; Path=/{only}", session.token)
}

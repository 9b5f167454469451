//! Systems that speak HTTP: a router behind HTTP/1.1, with the faults around all its answers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;

use super::clock::http_date;
use super::fault::{Action, Framing, Garbage, Operation, Orders};
use super::journal::{JournalEntry, fingerprint};
use super::server::{Service, pause_for};
use super::shared::{Shared, decoded};
use super::system::Emulated;
use super::wire::{Cut, Wire};

/// No request of a client and no answer of the emulator comes near this.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// Answers HTTP/1.1 by a router.
pub(crate) struct HttpService {
    router: Router,
}

impl HttpService {
    /// Without faults and journal.
    pub(crate) fn new(router: Router) -> Self {
        HttpService { router }
    }

    /// The endpoints of a system. The first of `secret_headers`, in lower case, that a request has is its
    /// credential for the journal.
    pub(crate) fn of(
        system: Arc<dyn Emulated>,
        router: Router,
        secret_headers: Vec<String>,
    ) -> Self {
        Self::with(router, system, secret_headers, None)
    }

    /// As [`HttpService::of`], for a system whose method and path do not say what a request does.
    pub(crate) fn reading(
        system: Arc<dyn Emulated>,
        router: Router,
        secret_headers: Vec<String>,
        reader: Reader,
    ) -> Self {
        Self::with(router, system, secret_headers, Some(reader))
    }

    fn with(
        router: Router,
        system: Arc<dyn Emulated>,
        secret_headers: Vec<String>,
        reader: Option<Reader>,
    ) -> Self {
        let site = Arc::new(Site {
            system,
            secret_headers,
            reader,
        });
        HttpService {
            router: router.layer(from_fn_with_state(site, with_faults)),
        }
    }
}

#[async_trait]
impl Service for HttpService {
    fn alpn(&self) -> &[&str] {
        &["http/1.1"]
    }

    async fn serve(&self, wire: Wire) {
        let router = self.router.clone().layer(Extension(wire.cut()));
        // Ends with an error when the client goes away or a fault breaks the connection: both are normal.
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(wire), TowerToHyperService::new(router))
            .await;
    }
}

/// What the body of a request says of it.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    /// Words for what it does, beside its method.
    pub(crate) words: Vec<String>,
    /// Ids of sessions and the like, beside the segments of its path.
    pub(crate) parts: Vec<String>,
}

/// Reads a body, given the path that it was sent to.
pub(crate) type Reader = fn(&str, &[u8]) -> Inside;

/// The parts that the layer around all answers needs.
struct Site {
    system: Arc<dyn Emulated>,
    secret_headers: Vec<String>,
    reader: Option<Reader>,
}

impl Site {
    fn entry(&self, request: &Request, inside: &Inside) -> JournalEntry {
        let headers = request.headers();
        let secret = self
            .secret_headers
            .iter()
            .find_map(|name| headers.get(name));
        JournalEntry {
            time_ms: self.system.shared().now_ms(),
            method: request.method().to_string(),
            words: inside.words.clone(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().map(str::to_owned),
            headers: headers
                .keys()
                .map(|name| name.as_str().to_owned())
                .collect(),
            credential: secret.map(|value| fingerprint(value.as_bytes())),
        }
    }

    fn orders(&self, request: &Request, inside: Inside) -> Orders {
        let path = request.uri().path();
        let mut segments = path.split('/').map(decoded).collect::<Vec<_>>();
        segments.extend(inside.parts);
        let operation = Operation {
            system: self.system.shared().options.system.word(),
            word: request.method().as_str(),
            words: &inside.words,
            text: path,
            parts: &segments,
        };
        Orders::of(&*self.system, operation)
    }
}

/// Notes the request, applies what the faults say, and stamps the answer with the emulator's time.
async fn with_faults(
    State(site): State<Arc<Site>>,
    Extension(cut): Extension<Arc<Cut>>,
    mut request: Request,
    next: Next,
) -> Response {
    let shared = site.system.shared();
    let _answering = shared.load.enter();
    let mut inside = Inside::default();
    if let Some(reader) = site.reader {
        (request, inside) = read(request, reader).await;
    }
    shared.journal.add(site.entry(&request, &inside));
    let orders = site.orders(&request, inside);
    if let Some(fault) = orders.auth {
        request.extensions_mut().insert(fault);
    }
    pause_for(orders.before_head).await;
    let mut response = answer(shared, &cut, request, next, &orders).await;
    if !orders.before_body.is_zero() && !matches!(orders.end, Some(Action::Close { .. })) {
        response = paused(response, orders.before_body).await;
    }
    if let Ok(date) = HeaderValue::try_from(http_date(shared.now_ms())) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// Looks into the body of a request, which is whole again afterwards.
async fn read(request: Request, reader: Reader) -> (Request, Inside) {
    let (parts, body) = request.into_parts();
    // A body that ends early is for the system to refuse.
    let bytes = axum::body::to_bytes(body, MOST_BYTES)
        .await
        .unwrap_or_default();
    let inside = reader(parts.uri.path(), &bytes);
    (Request::from_parts(parts, Body::from(bytes)), inside)
}

async fn answer(
    shared: &Shared,
    cut: &Cut,
    request: Request,
    next: Next,
    orders: &Orders,
) -> Response {
    match &orders.end {
        None => next.run(request).await,
        Some(Action::Status {
            code,
            headers,
            body,
            content_type,
        }) => {
            swallow(request).await;
            instead(*code, headers, body, content_type.as_deref())
        }
        Some(Action::Oversize { bytes }) => {
            swallow(request).await;
            let kind = [(header::CONTENT_TYPE, "application/json")];
            (kind, vec![b' '; *bytes]).into_response()
        }
        Some(Action::Garbage { kind }) => garbage(*kind, request, next).await,
        Some(Action::Close {
            after_bytes,
            framing,
        }) => {
            let response = next.run(request).await;
            cut_short(response, *after_bytes, *framing, orders.before_body).await
        }
        Some(Action::Reset { after_bytes: 0 }) => {
            swallow(request).await;
            reset(StatusCode::OK.into_response(), cut, 0)
        }
        Some(Action::Reset { after_bytes }) => reset(next.run(request).await, cut, *after_bytes),
        Some(Action::LostAck {}) => reset(next.run(request).await, cut, 0),
        Some(Action::Refuse { ms }) => {
            shared.refuse(Duration::from_millis(*ms));
            std::future::pending().await
        }
        Some(Action::Hang {} | Action::Delay(_) | Action::Auth(_)) => {
            swallow(request).await;
            std::future::pending().await
        }
    }
}

/// Reads the request to its end, so that the connection stays usable.
async fn swallow(request: Request) {
    // A body that ends early is the client's business: it gets the answer of the fault all the same.
    let _ = axum::body::to_bytes(request.into_body(), MOST_BYTES).await;
}

fn instead(code: u16, headers: &HeaderMap, body: &str, content_type: Option<&str>) -> Response {
    let mut response = Response::new(Body::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::OK);
    if let Some(Ok(value)) = content_type.map(HeaderValue::try_from) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response.headers_mut().extend(headers.clone());
    response
}

async fn garbage(kind: Garbage, request: Request, next: Next) -> Response {
    let real = if kind.needs_answer() {
        whole(next.run(request).await.into_body()).await
    } else {
        swallow(request).await;
        Bytes::new()
    };
    (
        [(header::CONTENT_TYPE, kind.content_type())],
        kind.body(&real),
    )
        .into_response()
}

/// Lets the connection break after so many bytes; the head counts.
fn reset(mut response: Response, cut: &Cut, after_bytes: u64) -> Response {
    cut.reset_after(after_bytes);
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn cut_short(
    response: Response,
    after_bytes: usize,
    framing: Framing,
    pause: Duration,
) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = whole(body).await;
    parts.headers.remove(header::CONTENT_LENGTH);
    if framing == Framing::Length {
        // Even an empty body must come out shorter than promised.
        let promised = bytes.len().max(after_bytes.saturating_add(1));
        parts
            .headers
            .insert(header::CONTENT_LENGTH, promised.into());
    }
    let sent = bytes.slice(..after_bytes.min(bytes.len()));
    let steps = vec![
        BodyStep::Pause(pause),
        BodyStep::Bytes(sent),
        // Gives the connection the time to send what it holds before it breaks.
        BodyStep::Pause(Duration::from_millis(5)),
        BodyStep::Break,
    ];
    Response::from_parts(parts, steps_body(steps))
}

/// One step in sending a body.
enum BodyStep {
    Pause(Duration),
    Bytes(Bytes),
    /// The connection ends here.
    Break,
}

/// The same with a pause between its head and its body.
async fn paused(response: Response, pause: Duration) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = whole(body).await;
    if !parts.headers.contains_key(header::CONTENT_LENGTH) {
        parts
            .headers
            .insert(header::CONTENT_LENGTH, bytes.len().into());
    }
    let steps = vec![BodyStep::Pause(pause), BodyStep::Bytes(bytes)];
    Response::from_parts(parts, steps_body(steps))
}

fn steps_body(steps: Vec<BodyStep>) -> Body {
    Body::from_stream(
        futures_util::stream::iter(steps).filter_map(|part| async move {
            match part {
                BodyStep::Pause(pause) => {
                    pause_for(pause).await;
                    None
                }
                BodyStep::Bytes(bytes) if bytes.is_empty() => None,
                BodyStep::Bytes(bytes) => Some(Ok(bytes)),
                BodyStep::Break => Some(Err(std::io::Error::other("cut by a fault"))),
            }
        }),
    )
}

async fn whole(body: Body) -> Bytes {
    axum::body::to_bytes(body, MOST_BYTES)
        .await
        .expect("the emulator's own bodies are in memory")
}

//! Carries faults out: one layer around all answers of the emulated system.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;

use super::{Action, AuthFault, Framing, Garbage, Operation, Place};
use crate::emulator::clock::http_date;
use crate::emulator::shared::{Shared, decoded, lock};
use crate::emulator::wire::Cut;

/// No request of a client and no answer of the emulator comes near this.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// What the faults say about one request.
#[derive(Debug, Default)]
struct Orders {
    before_head: Duration,
    before_body: Duration,
    auth: Option<AuthFault>,
    end: Option<Action>,
}

/// Notes the request, applies what the faults say, and stamps the answer with the emulator's time.
pub(crate) async fn with_faults(
    State(shared): State<Arc<Shared>>,
    Extension(cut): Extension<Arc<Cut>>,
    mut request: Request,
    next: Next,
) -> Response {
    shared.journal.add(shared.clock.now_ms(), &request);
    let orders = orders_for(&shared, &request);
    if let Some(fault) = orders.auth {
        request.extensions_mut().insert(fault);
    }
    tokio::time::sleep(orders.before_head).await;
    let mut response = answer(&shared, &cut, request, next, &orders).await;
    if !orders.before_body.is_zero() && !matches!(orders.end, Some(Action::Close { .. })) {
        response = staged(response, vec![Part::Pause(orders.before_body), Part::Rest]).await;
    }
    if let Ok(date) = HeaderValue::try_from(http_date(shared.clock.now_ms())) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// How long a new connection has to wait before anything of it is read.
pub(crate) fn pause_of_connection(shared: &Shared) -> Duration {
    let mut pause = Duration::ZERO;
    for fault in lock(&shared.faults).iter_mut() {
        if let Action::Delay(delay) = fault.action
            && delay.place == Place::Accept
            && fault.hits_connection(shared.options.system.name())
        {
            pause += shared.pause_between(delay.from_ms, delay.to_ms);
        }
    }
    pause
}

/// Pauses add up; the first fault that ends the request decides how.
fn orders_for(shared: &Shared, request: &Request) -> Orders {
    let path = request.uri().path();
    let segments = path.split('/').map(decoded).collect::<Vec<_>>();
    let operation = Operation {
        system: shared.options.system.name(),
        word: request.method().as_str(),
        text: path,
        parts: &segments,
    };
    let mut orders = Orders::default();
    for fault in lock(&shared.faults).iter_mut() {
        let of_connection =
            matches!(fault.action, Action::Delay(delay) if delay.place == Place::Accept);
        if !of_connection && fault.hits(operation) {
            note(shared, &mut orders, &fault.action);
        }
    }
    orders
}

fn note(shared: &Shared, orders: &mut Orders, action: &Action) {
    match action {
        Action::Delay(delay) => {
            let pause = shared.pause_between(delay.from_ms, delay.to_ms);
            match delay.place {
                Place::Body => orders.before_body += pause,
                Place::Headers | Place::Accept => orders.before_head += pause,
            }
        }
        Action::Auth(AuthFault::ExpireNow {}) => shared.expire_tokens(),
        Action::Auth(AuthFault::ExpireIn { seconds }) => {
            let life_ms = i64::try_from(*seconds)
                .unwrap_or(i64::MAX)
                .saturating_mul(1_000);
            let now_ms = shared.clock.now_ms();
            lock(&shared.tokens).limit_life(life_ms, now_ms);
            lock(&shared.am).limit_life(life_ms, now_ms);
        }
        Action::Auth(fault) => orders.auth = Some(*fault),
        end if orders.end.is_none() => orders.end = Some(end.clone()),
        _ => {}
    }
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
        Part::Pause(pause),
        Part::Bytes(sent),
        // Gives the connection the time to send what it holds before it breaks.
        Part::Pause(Duration::from_millis(5)),
        Part::Break,
    ];
    Response::from_parts(parts, steps_body(steps))
}

/// One step in sending a body.
enum Part {
    Pause(Duration),
    Bytes(Bytes),
    /// The whole real body.
    Rest,
    /// The connection ends here.
    Break,
}

/// Sends the real body in steps.
async fn staged(response: Response, steps: Vec<Part>) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = whole(body).await;
    if !parts.headers.contains_key(header::CONTENT_LENGTH) {
        parts
            .headers
            .insert(header::CONTENT_LENGTH, bytes.len().into());
    }
    let steps = steps
        .into_iter()
        .map(|part| match part {
            Part::Rest => Part::Bytes(bytes.clone()),
            other => other,
        })
        .collect();
    Response::from_parts(parts, steps_body(steps))
}

fn steps_body(steps: Vec<Part>) -> Body {
    Body::from_stream(
        futures_util::stream::iter(steps).filter_map(|part| async move {
            match part {
                Part::Pause(pause) => {
                    tokio::time::sleep(pause).await;
                    None
                }
                Part::Bytes(bytes) if bytes.is_empty() => None,
                Part::Bytes(bytes) => Some(Ok(bytes)),
                Part::Rest => None,
                Part::Break => Some(Err(std::io::Error::other("cut by a fault"))),
            }
        }),
    )
}

async fn whole(body: Body) -> Bytes {
    axum::body::to_bytes(body, MOST_BYTES)
        .await
        .expect("the emulator's own bodies are in memory")
}

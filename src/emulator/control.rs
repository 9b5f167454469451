//! The control port: faults and the journal over http, for tests in another process.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use super::fault::{Fault, FaultError, from_values};
use super::journal::JournalEntry;
use super::shared::{Shared, lock};

/// `GET/PUT/DELETE /__emu/faults` (a JSON array of SPEC objects) and `GET /__emu/journal`.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(
            "/__emu/faults",
            get(faults).put(set_faults).delete(clear_faults),
        )
        .route("/__emu/journal", get(journal))
        .with_state(shared)
}

async fn faults(State(shared): State<Arc<Shared>>) -> Json<Vec<Value>> {
    let specs = lock(&shared.faults)
        .iter()
        .map(|f| f.spec().clone())
        .collect();
    Json(specs)
}

async fn set_faults(State(shared): State<Arc<Shared>>, body: String) -> Response {
    match read_array(&body, shared.options.system.word()) {
        Ok(faults) => {
            *lock(&shared.faults) = faults;
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    lock(&shared.faults).clear();
    StatusCode::NO_CONTENT
}

async fn journal(State(shared): State<Arc<Shared>>) -> Json<Vec<JournalEntry>> {
    Json(shared.journal.entries())
}

fn read_array(body: &str, system: &str) -> Result<Vec<Fault>, FaultError> {
    let specs = serde_json::from_str(body)
        .map_err(|e| FaultError::new(format!("the body is not a JSON array: {e}")))?;
    from_values(specs, system)
}

//! A client as tests use it: opened, read to the end, told to act.

use std::sync::Arc;

use secrecy::SecretString;
use usher::api::SessionApi;
use usher::api::signin::Nobody;
use usher::config::Profile;
use usher::model::{ActionResult, ActionTarget, ApiError, Completeness, Search, Session};

pub fn open(profile: &Profile) -> Arc<dyn SessionApi> {
    usher::api::open(profile, Arc::new(Nobody)).expect("a profile that can be used")
}

/// Every row of every page, and what the last one says of them.
pub async fn pages(
    api: &Arc<dyn SessionApi>,
    search: &Search,
) -> Result<(Vec<Session>, Completeness), ApiError> {
    let mut rows = Vec::new();
    let mut at = None;
    for _ in 0..100 {
        let end = api.search(search, at.as_ref(), &mut rows).await?;
        at = end.next;
        if at.is_none() {
            return Ok((rows, end.completeness));
        }
    }
    panic!("pages without end");
}

pub async fn act(
    api: &Arc<dyn SessionApi>,
    action: &str,
    target: ActionTarget,
    pairs: &[(&str, &str)],
) -> Result<ActionResult, ApiError> {
    let caps = api.caps();
    let mut specs = caps.actions();
    let spec = specs.find(|spec| spec.name == action).expect("an action");
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), SecretString::from((*value).to_owned())));
    let args = spec.check(target, pairs).expect("arguments");
    api.act(action, args).await
}

pub fn token(text: &str) -> ActionTarget {
    ActionTarget::Token(SecretString::from(text.to_owned()))
}

pub fn user_of(row: &Session) -> &str {
    row.subject.name.as_ref().map_or("", |name| name.expose())
}

//! An action of a system: written down like a revoke if it changes something, simply done if it does not.

use std::sync::Arc;

use super::{AuditWriter, JobContext};
use crate::api::SessionApi;
use crate::audit::{AuditError, Change, ChangeTarget, Ending};
use crate::model::{
    ActionArgs, ActionResult, ActionSpec, ActionTarget, ApiError, SessionKey, Subject,
};
use secrecy::ExposeSecret;

/// Does an action. One that changes something has two lines in the audit log; never drop it half way.
///
/// `subject` is whose session it is, as far as the caller knows. `unlogged` takes the failure of an audit
/// log that may fail. The verb of the context is not used: it is the name of the action.
///
/// # Errors
/// Any [`ApiError`]; nothing was sent for [`ApiError::ReadOnly`] and [`ApiError::NoAudit`].
pub async fn run_action(
    api: Arc<dyn SessionApi>,
    context: JobContext,
    spec: &ActionSpec,
    args: ActionArgs,
    subject: Subject,
    mut unlogged: impl FnMut(AuditError) + Send,
) -> Result<ActionResult, ApiError> {
    if !spec.changes {
        return api.act(&spec.name, args).await;
    }
    if context.profile.policy.read_only {
        return Err(ApiError::ReadOnly(context.profile.name.clone()));
    }
    let context = JobContext {
        verb: spec.name.to_string(),
        ..context
    };
    let log = AuditWriter::new(&context, 1);
    let change = Change {
        operation: log.operation.clone(),
        item: 1,
        target: target(&args.target, subject),
    };
    let asked = log.begin(change).await;
    let (ticket, error) = asked.map_err(|error| ApiError::NoAudit(error.to_string()))?;
    error.into_iter().for_each(&mut unlogged);

    let result = api.act(&spec.name, args).await;

    log.end(ticket, ending(&result))
        .await
        .into_iter()
        .for_each(&mut unlogged);
    result
}

/// A token is a secret like a key: only its fingerprint is kept.
fn target(target: &ActionTarget, subject: Subject) -> ChangeTarget {
    match target {
        ActionTarget::Session(key) => ChangeTarget::Session {
            key: key.clone(),
            kind: None,
            subject,
        },
        ActionTarget::Token(token) => ChangeTarget::Session {
            key: SessionKey::new(token.expose_secret()),
            kind: None,
            subject,
        },
        ActionTarget::User(user) => ChangeTarget::User(user.clone()),
        ActionTarget::Nothing => ChangeTarget::System,
    }
}

/// An action whose answer was lost may have been done: that is not known.
fn ending(result: &Result<ActionResult, ApiError>) -> Ending {
    match result {
        Ok(ActionResult {
            outcome: Some(outcome),
            ..
        }) => Ending::from(outcome),
        Ok(_) => Ending::new("done", None),
        Err(error) if error.may_have_acted() => Ending {
            outcome: "unknown",
            ..Ending::from(error)
        },
        Err(error) => Ending::from(error),
    }
}

//! The operations of the session resource that are neither list nor revoke, as actions.
//!
//! They bear the server's own names in snake case. Those that this line of servers lacks stay in the
//! list with the reason.

mod asked;
mod results;
mod specs;

use std::sync::atomic::AtomicBool;

use self::asked::Asked;
use self::specs::lacks;
pub(super) use self::specs::specs;
use super::flavour::Op;
use super::server::Server;
use super::{caps, revoke};
use crate::api::auth::Interact;
use crate::model::{ActionArgs, ActionResult, ActionTarget, ApiError, LimitedBy};

/// Every operation with its action.
const ALL: [(&str, Op); 10] = [
    ("get_session_info", Op::Info),
    ("get_session_info_and_reset_idle_time", Op::InfoResetIdle),
    ("validate", Op::Validate),
    ("get_session_properties", Op::Properties),
    ("update_session_properties", Op::UpdateProperties),
    ("refresh", Op::Refresh),
    ("logout", Op::Logout),
    ("logout_by_handle", Op::LogoutByHandle),
    ("logout_by_user", Op::LogoutByUser),
    ("query", Op::Query),
];

/// Does an action.
pub(super) async fn act(
    server: &Server,
    by_user_lacks: &AtomicBool,
    name: &str,
    args: &ActionArgs,
) -> Result<ActionResult, ApiError> {
    let unknown = ApiError::Unsupported {
        what: "this action".into(),
        limit: LimitedBy::System(caps::UNSETTLED.into()),
    };
    let Some((_, op)) = ALL.iter().find(|(known, _)| *known == name) else {
        return Err(unknown);
    };
    // A change opens no dialog: whoever confirmed it waits for it to be done.
    let reads = matches!(op, Op::Info | Op::Properties | Op::Query);
    let interact = if reads {
        Interact::Allowed
    } else {
        Interact::Never
    };
    let facts = server.facts(interact).await?;
    if !facts.flavour.has(*op) {
        return Err(ApiError::Unsupported {
            what: op.name().into(),
            limit: LimitedBy::System(facts.flavour.system.into()),
        });
    }
    if let Some(why) = lacks(*op, Some(facts.flavour), Some(&facts)) {
        return Err(revoke::forbidden(why));
    }
    let asked = Asked {
        server,
        facts: &facts,
        interact,
    };
    match (op, &args.target) {
        (Op::Info | Op::InfoResetIdle, ActionTarget::Token(token)) => asked.info(*op, token).await,
        (Op::Properties, ActionTarget::Token(token)) => asked.show_properties(token).await,
        (Op::UpdateProperties, ActionTarget::Token(token)) => asked.update(token, args).await,
        (Op::Refresh, ActionTarget::Token(token)) => asked.refresh(token).await,
        (Op::Validate, ActionTarget::Token(token)) => asked.validate(token).await,
        (Op::Logout, ActionTarget::Token(token)) => asked.logout(token).await,
        (Op::LogoutByHandle, ActionTarget::Session(key)) => asked.by_handle(key).await,
        (Op::LogoutByUser, ActionTarget::User(user)) => asked.by_user(by_user_lacks, user).await,
        (Op::Query, ActionTarget::Nothing) => asked.query(args).await,
        _ => Err(unknown),
    }
}

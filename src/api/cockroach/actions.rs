//! What a cluster can do beside listing and revoking: the commands of the vendor's tool that a list does not
//! cover, and those on SQL sessions.

use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::key::Key;
use super::sql::NewSession;
use super::table::{Table, instant, number};
use super::{Cockroach, NAME, connections, error, filter, go_duration, revoke, sql, token};
use crate::model::{
    ActionArgs, ActionBody, ActionCell, ActionResult, ActionSpec, ActionTarget, ActsOn, ApiError,
    ArgKind, ArgSpec, CellClass, Confirmation, LimitedBy, Outcome, RowRule, SessionKey, State,
    Subject, Untrusted,
};

/// How long a token is valid where nothing is said.
const VALIDITY: &str = "1h";

/// The actions on web sessions.
pub(super) fn of_web() -> Vec<ActionSpec> {
    let arg = |name, title| ArgSpec {
        name,
        title,
        kind: ArgKind::Text,
        secret: false,
        required: false,
    };
    let create = ActionSpec {
        args: vec![
            arg("expire-after".into(), "Valid for (4h30m)".into()),
            arg("only-cookie".into(), "Only the cookie (true)".into()),
        ],
        changes: true,
        confirm: Confirmation::Twice,
        ..ActionSpec::new(
            "create",
            "Create a token for a user",
            "Makes a web session, as `cockroach auth-session login` does, and shows its cookie once. Whoever \
             has the cookie is that user at the HTTP interface, without a password.",
            ActsOn::User,
        )
    };
    let logout = ActionSpec {
        changes: true,
        ends: true,
        ..ActionSpec::new(
            "logout",
            "End all web sessions of a user, row by row",
            "Revokes as `cockroach auth-session logout` does, and lists every row of the user: those revoked \
             before keep their time.",
            ActsOn::User,
        )
    };
    let purge = ActionSpec {
        changes: true,
        ends: true,
        row: RowRule::new(|_, context| match context.state {
            State::Expired | State::Revoked => None,
            _ => Some("it has neither expired nor been revoked".into()),
        }),
        ..ActionSpec::new(
            "purge",
            "Remove the row of an ended session",
            "Deletes the row: nothing shows any more that the session was there. The server does the same by \
             itself about an hour after a session has ended.",
            ActsOn::Session,
        )
    };
    vec![create, logout, purge]
}

/// The actions on SQL sessions.
pub(super) fn of_sql() -> Vec<ActionSpec> {
    let cancel_session = ActionSpec {
        changes: true,
        ends: true,
        ..ActionSpec::new(
            "cancel_session",
            "Close the SQL connection",
            "Closes the connection; a transaction that is open is rolled back.",
            ActsOn::Session,
        )
    };
    let cancel_query = ActionSpec {
        changes: true,
        ..ActionSpec::new(
            "cancel_query",
            "Stop the statements that it runs now",
            "Stops the statements that run now; the connection stays open.",
            ActsOn::Session,
        )
    };
    vec![cancel_session, cancel_query]
}

/// Does an action.
pub(super) async fn act(
    api: &Cockroach,
    name: &str,
    args: &ActionArgs,
) -> Result<ActionResult, ApiError> {
    match (name, &args.target) {
        ("create", ActionTarget::User(user)) => create(api, user, args).await,
        ("logout", ActionTarget::User(user)) => logout(api, user).await,
        ("purge", ActionTarget::Session(key)) => purge(api, key).await,
        ("cancel_session", ActionTarget::Session(key)) => {
            let outcome = connections::cancel(api, &sql_id(key)?).await;
            match outcome {
                Outcome::Failed(error) => Err(error),
                outcome => Ok(ActionResult {
                    outcome: Some(outcome),
                    ..ActionResult::said("the connection was closed")
                }),
            }
        }
        ("cancel_query", ActionTarget::Session(key)) => {
            let ended = connections::cancel_queries(api, &sql_id(key)?).await?;
            Ok(ActionResult::said(match ended {
                0 => "it runs no statement".to_owned(),
                1 => "1 statement was stopped".to_owned(),
                more => format!("{more} statements were stopped"),
            }))
        }
        _ => Err(ApiError::Unsupported {
            what: "this action".into(),
            limit: LimitedBy::System(NAME.into()),
        }),
    }
}

fn sql_id(key: &SessionKey) -> Result<String, ApiError> {
    match Key::read(key.expose()) {
        Some(Key::Sql(id)) => Ok(id),
        _ => Err(ApiError::NotFound),
    }
}

fn refused(message: impl Into<String>) -> ApiError {
    ApiError::BadAction {
        message: message.into(),
        exchange: None,
    }
}

/// The user as the server writes names.
fn named(user: &Subject) -> Result<String, ApiError> {
    let name = user.shown().map_or("", Untrusted::expose).trim();
    if name.is_empty() {
        return Err(refused("no user is named"));
    }
    Ok(filter::normal(name))
}

/// Makes a web session. Nothing of its secret is kept or logged.
async fn create(
    api: &Cockroach,
    user: &Subject,
    args: &ActionArgs,
) -> Result<ActionResult, ApiError> {
    let name = named(user)?;
    let length = args.get("expire-after").unwrap_or(VALIDITY);
    let length = go_duration::parse(length).ok_or_else(|| {
        refused("expire-after is no duration such as 4h30m (units: h, m, s, ms, us, ns)")
    })?;
    let only_cookie = match args.get("only-cookie") {
        None | Some("false" | "no") => false,
        Some("true" | "yes") => true,
        Some(_) => return Err(refused("only-cookie is true or false")),
    };
    if name.contains('\0') || !exists(api, &name).await? {
        let name = Untrusted::from(name);
        return Err(refused(format!("user \"{}\" does not exist", name.name())));
    }
    let mut secret = zeroize::Zeroizing::new([0_u8; 16]);
    getrandom::fill(secret.as_mut_slice())
        .map_err(|error| refused(format!("no random numbers: {error}")))?;
    let hash = Sha256::digest(secret.as_slice());
    let new = NewSession {
        user: &name,
        hashed_secret: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        validity: go_duration::interval(length),
    };
    let (id, expires) = insert(api, new).await?;
    let cookie = token::of(id, &secret);
    let cookie = format!(
        "{}={}; Path=/; HttpOnly; Secure",
        token::COOKIE,
        cookie.expose_secret()
    );
    Ok(created(&name, id, expires, cookie, only_cookie))
}

fn created(
    name: &str,
    id: i64,
    expires: Option<DateTime<Utc>>,
    cookie: String,
    only_cookie: bool,
) -> ActionResult {
    let cookie = ActionCell {
        value: Untrusted::from(cookie),
        label: None,
        class: CellClass::Once,
    };
    let expires = expires.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    let mut fields: Vec<(Untrusted, ActionCell)> = Vec::new();
    if !only_cookie {
        fields.push(("username".into(), name.into()));
        fields.push(("session ID".into(), id.to_string().into()));
        fields.extend(expires.map(|at| ("expires".into(), at.into())));
    }
    fields.push(("authentication cookie".into(), cookie));
    ActionResult {
        summary: "the token was created; its cookie is shown only now".into(),
        outcome: None,
        body: ActionBody::Fields(fields),
    }
}

async fn exists(api: &Cockroach, name: &str) -> Result<bool, ApiError> {
    let Table(rows) = api.run(&sql::user_exists(name)).await?;
    Ok(rows.first().and_then(|row| number(row.first()?)) == Some(1))
}

/// Makes the row. Which columns the table has is known by the version, or by what the server says: a
/// cluster whose upgrade is not finalised has the table of the version before.
async fn insert(
    api: &Cockroach,
    new: NewSession<'_>,
) -> Result<(i64, Option<DateTime<Utc>>), ApiError> {
    const NO_SUCH_COLUMN: &str = "42703";
    const NOT_NULL: &str = "23502";
    let has_user_id = api.has_user_id();
    let made = match api.run(&sql::create(new.clone(), has_user_id)).await {
        Err(error) if has_user_id && error::has_state(&error, NO_SUCH_COLUMN) => {
            api.run(&sql::create(new, false)).await
        }
        Err(error) if !has_user_id && error::has_state(&error, NOT_NULL) => {
            api.run(&sql::create(new, true)).await
        }
        made => made,
    };
    let Table(rows) = made?;
    let row = rows.first();
    let id = row.and_then(|row| number(row.first()?));
    let expires = row.and_then(|row| instant(row.get(1)?));
    let id = id.ok_or_else(|| refused("the server made no session"))?;
    Ok((id, expires))
}

/// Revokes all of a user, and lists the rows.
async fn logout(api: &Cockroach, user: &Subject) -> Result<ActionResult, ApiError> {
    let name = named(user)?;
    let rows = revoke::rows_of_user(api, &name).await?;
    let now = rows.iter().filter(|row| !row.is_old).count();
    let before = rows.len() - now;
    let columns = ["username", "session ID", "revoked", "before"];
    let cells = rows.iter().map(|row| {
        let before = if row.is_old { "yes" } else { "no" };
        let cells = [name.as_str(), &row.id, &row.revoked, before];
        cells.map(ActionCell::from).to_vec()
    });
    Ok(ActionResult {
        summary: format!("{now} ended, {before} had ended before"),
        outcome: Some(if now == 0 {
            Outcome::AlreadyGone
        } else {
            Outcome::Revoked
        }),
        body: ActionBody::Table {
            columns: columns.map(Untrusted::from).to_vec(),
            rows: cells.collect(),
        },
    })
}

/// Removes the row of an ended session. A live one stays.
async fn purge(api: &Cockroach, key: &SessionKey) -> Result<ActionResult, ApiError> {
    let Some(Key::Web(id, user)) = Key::read(key.expose()) else {
        return Err(ApiError::NotFound);
    };
    let session = api.web_for_change(id, user.as_deref()).await?;
    let now = Utc::now() + api.clock_offset_or_zero();
    if session.ended.is_none() && session.expires.is_none_or(|at| at > now) {
        return Err(refused("it has neither expired nor been revoked"));
    }
    let Table(rows) = api.run(&sql::purge(id)).await?;
    Ok(ActionResult {
        outcome: Some(match rows.len() {
            0 => Outcome::AlreadyGone,
            _ => Outcome::Revoked,
        }),
        ..ActionResult::said("the row was removed")
    })
}

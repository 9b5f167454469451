//! The operations of the session resource that are neither list nor revoke, as actions.
//!
//! They bear the server's own names in snake case. Those that this line of servers lacks stay in the
//! list with the reason.

mod results;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use secrecy::{ExposeSecret, SecretString};

use self::results::{properties, refreshed, session, table, validated};
use super::filter::Unit;
use super::flavour::{Flavour, Op};
use super::row::{self, Own};
use super::server::{Facts, Server};
use super::{caps, realm, revoke, wire};
use crate::api::http::{Interact, Repeat, Reply, clean};
use crate::model::{
    ActionArgs, ActionBody, ActionResult, ActionSpec, ActionTarget, ActsOn, ApiError, ArgKind,
    ArgSpec, Deletable, Outcome, Session, SessionKey, Subject,
};

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

/// The actions, for the menu and the command line.
pub(super) fn specs(flavour: Option<&'static Flavour>, facts: Option<&Facts>) -> Vec<ActionSpec> {
    ALL.iter()
        .map(|(name, op)| ActionSpec {
            lacks: lacks(*op, flavour, facts),
            ..spec(name, *op, flavour)
        })
        .collect()
}

fn spec(name: &'static str, op: Op, flavour: Option<&'static Flavour>) -> ActionSpec {
    let gentle = flavour.is_some_and(|flavour| flavour.gentle_validate);
    let changing = |title, help, on| ActionSpec {
        changes: true,
        ..ActionSpec::new(name, title, help, on)
    };
    match op {
        Op::Info => ActionSpec::new(
            name,
            "Show the session of a token",
            "Shows whose session a token is and when it ends. Its idle time goes on.",
            ActsOn::Token,
        ),
        Op::InfoResetIdle => changing(
            "Show the session of a token and start its idle time again",
            "Shows whose session a token is, and counts as a use of it: the idle time starts again.",
            ActsOn::Token,
        ),
        Op::Validate => ActionSpec {
            changes: !gentle,
            ..ActionSpec::new(
                name,
                "Check whether a token is valid",
                match gentle {
                    true => "Says whether a token is valid. Its idle time goes on.",
                    false => {
                        "Says whether a token is valid. This server counts it as a use of the \
                         session: the idle time starts again."
                    }
                },
                ActsOn::Token,
            )
        },
        Op::Properties => ActionSpec::new(
            name,
            "Show the properties of a token's session",
            "Shows the session properties that the realm lists. The idle time goes on.",
            ActsOn::Token,
        ),
        Op::UpdateProperties => ActionSpec {
            pairs: Some("session properties that the realm lists; an empty value unsets one"),
            ..changing(
                "Change properties of a token's session",
                "Changes session properties. Those that are not named keep their values.",
                ActsOn::Token,
            )
        },
        Op::Refresh => changing(
            "Start the idle time of a token's session again",
            "Counts as a use of the session: the idle time starts again. The server obeys once a \
             minute; the latest end of the session stays.",
            ActsOn::Token,
        ),
        Op::Logout => changing(
            "Log out the session of a token",
            "Ends the session of a token. A client-side session may go on where the server keeps no \
             list of ended ones; usher looks afterwards.",
            ActsOn::Token,
        ),
        Op::LogoutByHandle => ActionSpec {
            row: deletable,
            ..changing(
                "End this session by its handle",
                "Ends one listed session; the same as revoke.",
                ActsOn::Session,
            )
        },
        Op::LogoutByUser => ActionSpec {
            row: has_user,
            ..changing(
                "End all sessions of this user in one realm",
                "Ends all sessions of a user in one realm by the server's own operation, which \
                 reaches client-side sessions too where the server was set up for it.",
                ActsOn::User,
            )
        },
        Op::Query => ActionSpec {
            args: vec![text("filter", "CREST filter"), text("realm", "Realm")],
            ..ActionSpec::new(
                name,
                "List sessions by a filter of the server's own",
                "Sends a CREST filter as it is, such as: realm eq \"/alpha\" and username eq \"demo\".",
                ActsOn::Nothing,
            )
        },
    }
}

const fn text(name: &'static str, title: &'static str) -> ArgSpec {
    ArgSpec {
        name,
        title,
        kind: ArgKind::Text,
        secret: false,
        required: false,
    }
}

fn deletable(row: &Session) -> Option<String> {
    match (&row.deletable, row.own) {
        (Deletable::No(why), _) => Some(why.clone()),
        (_, Some(true)) => Some("your own session; it is what usher works with".into()),
        _ => None,
    }
}

fn has_user(row: &Session) -> Option<String> {
    let user = row.subject.shown()?;
    match (&row.deletable, row.own) {
        (Deletable::No(why), _) => Some(why.clone()),
        (_, Some(true)) => Some("it would end your own session too".into()),
        _ if user.is_empty() => Some("the session names no user".into()),
        _ => None,
    }
}

/// Why an operation is not possible: on this line of servers, or for this operator.
fn lacks(op: Op, flavour: Option<&'static Flavour>, facts: Option<&Facts>) -> Option<String> {
    let flavour = flavour?;
    if !flavour.has(op) {
        let instead = match op {
            Op::InfoResetIdle => "; get_session_info and refresh do the same in two steps",
            Op::LogoutByUser => "; revoking a user lists and ends the sessions one by one instead",
            _ => "",
        };
        return Some(format!("{} has no {}{instead}", flavour.system, op.name()));
    }
    let only_super = matches!(op, Op::LogoutByHandle | Op::Refresh | Op::LogoutByUser);
    let may_not = facts.and_then(Facts::may_not_revoke);
    match (only_super, may_not) {
        (true, Some(_)) => Some(format!(
            "this server lets only its super user (amadmin) use {}",
            op.name()
        )),
        _ => None,
    }
}

/// Does an action.
pub(super) async fn act(
    server: &Server,
    by_user_lacks: &AtomicBool,
    name: &str,
    args: &ActionArgs,
) -> Result<ActionResult, ApiError> {
    let unknown = ApiError::Unsupported {
        what: "this action",
        system: caps::UNSETTLED,
    };
    let Some((_, op)) = ALL.iter().find(|(known, _)| *known == name) else {
        return Err(unknown);
    };
    // A change opens no dialog: whoever confirmed it waits for it to be done.
    let reads = matches!(op, Op::Info | Op::Properties | Op::Query);
    let interact = match reads {
        true => Interact::Allowed,
        false => Interact::Never,
    };
    let facts = server.facts(interact).await?;
    if !facts.flavour.has(*op) {
        return Err(ApiError::Unsupported {
            what: op.name(),
            system: facts.flavour.system,
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
        (Op::Properties, ActionTarget::Token(token)) => {
            Ok(properties(&asked.properties(token).await?))
        }
        (Op::UpdateProperties, ActionTarget::Token(token)) => asked.update(token, args).await,
        (Op::Refresh, ActionTarget::Token(token)) => asked.refresh(token).await,
        (Op::Validate, ActionTarget::Token(token)) => asked.validate(token).await,
        (Op::Logout, ActionTarget::Token(token)) => asked.logout(token).await,
        (Op::LogoutByHandle, ActionTarget::Session(key)) => by_handle(server, key).await,
        (Op::LogoutByUser, ActionTarget::User(user)) => asked.by_user(by_user_lacks, user).await,
        (Op::Query, ActionTarget::Nothing) => asked.query(args).await,
        _ => Err(unknown),
    }
}

async fn by_handle(server: &Server, key: &SessionKey) -> Result<ActionResult, ApiError> {
    let outcomes = revoke::sessions(server, std::slice::from_ref(key)).await?;
    match outcomes.into_iter().next().unwrap_or(Outcome::Unknown) {
        Outcome::Failed(error) => Err(error),
        outcome => Ok(ActionResult {
            summary: match &outcome {
                Outcome::Revoked => "the session has ended".into(),
                Outcome::AlreadyGone => "the session had gone already".into(),
                Outcome::StillListed => "the server said yes and still lists the session".into(),
                Outcome::Refused(why) => format!("refused: {why}"),
                _ => "the outcome is not known".into(),
            },
            outcome: Some(outcome),
            body: ActionBody::Nothing,
        }),
    }
}

/// One action under way.
struct Asked<'a> {
    server: &'a Server,
    facts: &'a Facts,
    interact: Interact,
}

impl Asked<'_> {
    /// Sends an operation on the session of a token.
    async fn about(
        &self,
        op: Op,
        token: &SecretString,
        body: &BTreeMap<String, String>,
    ) -> Result<Reply, ApiError> {
        let call = self
            .server
            .about_token(self.facts, op, token, body, self.interact)?;
        let call = match op {
            Op::Info | Op::Properties => call.idempotent(),
            Op::Validate => call.query(&[("refresh", "false")]).idempotent(),
            Op::Logout => call.repeat(Repeat::One),
            _ => call.no_retry(),
        };
        let reply = call.send().await?;
        match reply.status.is_success() {
            true => Ok(reply),
            false => Err(self.server.fault(&reply)),
        }
    }

    async fn plain(&self, op: Op, token: &SecretString) -> Result<Reply, ApiError> {
        self.about(op, token, &BTreeMap::new()).await
    }

    async fn info(&self, op: Op, token: &SecretString) -> Result<ActionResult, ApiError> {
        let reply = self.plain(op, token).await?;
        let item: wire::Item<'_> = reply.decode()?;
        if row::user(&item).is_none() {
            return Err(ApiError::NotFound);
        }
        Ok(session(
            &item,
            &self.facts.own,
            self.server.profile.server_zone,
        ))
    }

    /// The properties that the realm lists. The community server answers 400 to a dead token.
    async fn properties(&self, token: &SecretString) -> Result<BTreeMap<String, String>, ApiError> {
        let reply = self.plain(Op::Properties, token).await;
        let reply = match reply {
            Err(ApiError::BadQuery { .. }) => return Err(ApiError::NotFound),
            reply => reply?,
        };
        let all: BTreeMap<String, serde_json::Value> = reply.decode()?;
        Ok(all
            .into_iter()
            .filter(|(name, _)| name != "tokenId")
            .map(|(name, value)| match value {
                serde_json::Value::String(text) => (name, text),
                serde_json::Value::Null => (name, String::new()),
                other => (name, other.to_string()),
            })
            .collect())
    }

    /// Reads, changes and sends back the whole set: the community server refuses any other.
    async fn update(
        &self,
        token: &SecretString,
        args: &ActionArgs,
    ) -> Result<ActionResult, ApiError> {
        if args.values.is_empty() {
            return Err(refuse("name at least one property, as name=value"));
        }
        let mut all = self.properties(token).await?;
        if all.is_empty() {
            return Err(refuse("the realm lists no session properties"));
        }
        if let Some(name) = args.values.keys().find(|name| !all.contains_key(*name)) {
            let known: Vec<&str> = all.keys().map(String::as_str).collect();
            return Err(refuse(&format!(
                "the realm lists no property \"{name}\"; it lists {}",
                known.join(", ")
            )));
        }
        for (name, value) in &args.values {
            all.insert(name.clone(), value.expose_secret().to_owned());
        }
        self.about(Op::UpdateProperties, token, &all).await?;
        let now = self.properties(token).await?;
        let kept = args
            .values
            .iter()
            .all(|(name, value)| now.get(name).map(String::as_str) == Some(value.expose_secret()));
        let mut result = properties(&now);
        result.summary = match kept {
            true => "the properties are changed".into(),
            false => "the server said yes, and the properties are not as asked".into(),
        };
        Ok(result)
    }

    async fn refresh(&self, token: &SecretString) -> Result<ActionResult, ApiError> {
        let reply = self.plain(Op::Refresh, token).await?;
        refreshed(&reply.decode()?)
    }

    async fn validate(&self, token: &SecretString) -> Result<ActionResult, ApiError> {
        let reply = self.plain(Op::Validate, token).await?;
        Ok(validated(&reply.decode()?))
    }

    /// Whose session it is comes first: it must be there, and it must not be ours. The second also
    /// shows that the server looks for the token where we put it.
    async fn logout(&self, token: &SecretString) -> Result<ActionResult, ApiError> {
        match self.plain(Op::Info, token).await {
            Ok(reply) => {
                let item: wire::Item<'_> = reply.decode()?;
                if row::user(&item).is_none() {
                    return Ok(gone());
                }
                if self.is_own(&item) {
                    return Err(refuse(
                        "the server says that this token is the session in which usher itself is \
                         signed in; nothing was ended",
                    ));
                }
            }
            // A delegated administrator may end a session that he may not look at. The refusal shows
            // that the server saw a token of somebody else.
            Err(ApiError::Forbidden { .. }) => {}
            Err(error) => return Err(error),
        }
        let reply = self.plain(Op::Logout, token).await?;
        let said: wire::LoggedOut = reply.decode()?;
        let already = said
            .result
            .as_deref()
            .is_some_and(|text| text.contains("expired"));
        if already {
            return Ok(gone());
        }
        let outcome = match self.plain(Op::Info, token).await {
            Ok(reply) => match row::user(&reply.decode::<wire::Item<'_>>()?) {
                Some(_) => Outcome::StillListed,
                None => Outcome::Revoked,
            },
            Err(_) => Outcome::Unknown,
        };
        Ok(ActionResult {
            summary: match outcome {
                Outcome::Revoked => "the session has ended".into(),
                Outcome::StillListed => {
                    "the server said yes and the token still works: it is a client-side session, and \
                     this server keeps no list of ended ones"
                        .into()
                }
                _ => "the server said yes; whether the token still works may not be asked".into(),
            },
            outcome: Some(outcome),
            body: ActionBody::Nothing,
        })
    }

    fn is_own(&self, item: &wire::Item<'_>) -> bool {
        let own: &Own = &self.facts.own;
        own.is(item, self.server.profile.server_zone) == Some(true)
    }

    async fn by_user(&self, lacks: &AtomicBool, user: &Subject) -> Result<ActionResult, ApiError> {
        let name = revoke::name_of(user)?;
        let scope = user.scope.as_ref().map(|scope| scope.expose().to_owned());
        let own = &self.facts.own;
        let realm = scope.or_else(|| own.realm.clone());
        let realm = realm::normal(realm.as_deref().unwrap_or(realm::ROOT));
        if own
            .username
            .as_deref()
            .is_some_and(|own| own.eq_ignore_ascii_case(&name))
            && own
                .realm
                .as_deref()
                .is_some_and(|own| realm::same(own, &realm))
        {
            return Err(refuse(
                "it would end the session in which usher itself is signed in; nothing was sent",
            ));
        }
        match revoke::by_user(self.server, self.facts, lacks, &realm, &name).await? {
            true => Ok(ActionResult {
                outcome: Some(Outcome::Revoked),
                ..ActionResult::said(format!(
                    "the server ended all sessions of {} in {}",
                    clean(&name),
                    clean(&realm)
                ))
            }),
            false => Err(ApiError::Unsupported {
                what: Op::LogoutByUser.name(),
                system: "this version of PingAM",
            }),
        }
    }

    async fn query(&self, args: &ActionArgs) -> Result<ActionResult, ApiError> {
        let first = self.facts.realms.first().map(String::as_str);
        let realm = args.get("realm").or(first).unwrap_or(realm::ROOT);
        let unit = Unit {
            realm: realm::normal(realm),
            user: None,
            native: args.get("filter").map(str::to_owned),
        };
        let call = self
            .server
            .list(self.facts.flavour, &unit, None, self.interact)?;
        let reply = call.send().await?;
        if !reply.status.is_success() {
            return Err(match self.server.fault(&reply) {
                // The community server fails without a word at a filter that it does not know.
                ApiError::Server { status: 500, .. } if reply.is_empty() => refuse(
                    "the server fails at this filter; it knows realm eq \"…\", also with and \
                     username eq \"…\"",
                ),
                other => other,
            });
        }
        let page: wire::Page<'_> = reply.decode()?;
        table(&reply, &page)
    }
}

fn gone() -> ActionResult {
    ActionResult {
        outcome: Some(Outcome::AlreadyGone),
        ..ActionResult::said("the token was not valid any more")
    }
}

fn refuse(message: &str) -> ApiError {
    ApiError::BadQuery {
        message: clean(message),
        field: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::pingam::flavour::{OPENAM, PINGAM};

    #[test]
    fn every_operation_of_the_session_resource_is_an_action() {
        for flavour in [&PINGAM, &OPENAM] {
            let specs = specs(Some(flavour), None);

            assert_eq!(specs.len(), 10);
            for spec in &specs {
                assert!(
                    !spec.title.is_empty() && spec.help.ends_with('.'),
                    "{spec:?}"
                );
            }
        }
    }

    #[test]
    fn what_a_line_of_servers_lacks_says_so_in_one_sentence() {
        let lacking: Vec<_> = specs(Some(&OPENAM), None)
            .into_iter()
            .filter_map(|spec| spec.lacks)
            .collect();

        assert_eq!(
            lacking,
            [
                "OpenAM has no getSessionInfoAndResetIdleTime; get_session_info and refresh do \
                 the same in two steps",
                "OpenAM has no logoutByUser; revoking a user lists and ends the sessions one by \
                 one instead",
            ]
        );
        assert!(
            specs(Some(&PINGAM), None)
                .iter()
                .all(|spec| spec.lacks.is_none())
        );
    }

    #[test]
    fn whatever_touches_a_session_is_a_change() {
        let changing = |flavour| -> Vec<_> {
            let specs = specs(Some(flavour), None).into_iter();
            specs
                .filter(|spec| !spec.changes)
                .map(|spec| spec.name)
                .collect()
        };

        assert_eq!(
            changing(&PINGAM),
            [
                "get_session_info",
                "validate",
                "get_session_properties",
                "query"
            ]
        );
        // The community server cannot validate without starting the idle time again.
        assert_eq!(
            changing(&OPENAM),
            ["get_session_info", "get_session_properties", "query"]
        );
    }
}

//! Who asks, and what they may do.

use super::answer::Failure;
use super::ask::Ask;
use super::world::{AmWorld, Rights, is_under, same_name};
use super::{Am, Flavour};
use crate::emulator::fault::AuthFault;

/// Somebody with a good token.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Their session. `None`: an access token, which belongs to no session.
    pub(super) slot: Option<usize>,
    pub(super) rights: Rights,
}

impl Caller {
    /// May everything.
    pub(super) fn is_super(&self) -> bool {
        self.rights == Rights::Super
    }

    /// May everything that a realm's administrator may, in this realm.
    pub(super) fn administers(&self, am: &AmWorld, realm: usize) -> bool {
        match &self.rights {
            Rights::Super => true,
            Rights::Admin(own) => is_under(&am.realms[realm].path, own),
            Rights::Reader(_) | Rights::Own => false,
        }
    }

    /// True if that is another session of the same identity, or the same session.
    pub(super) fn owns(&self, am: &AmWorld, slot: usize) -> bool {
        let own = self.slot.and_then(|own| am.session(own));
        match (own, am.session(slot)) {
            (Some(own), Some(other)) => {
                own.realm == other.realm && same_name(&own.user, &other.user)
            }
            _ => false,
        }
    }
}

impl Am {
    /// Who asks; their session counts as used.
    ///
    /// # Errors
    /// No token, or one that is dead. There is no second try with another place of the request.
    pub(super) fn caller(&self, ask: &Ask, am: &mut AmWorld) -> Result<Caller, Failure> {
        if ask.fault == Some(AuthFault::RefuseAlways {}) {
            return Err(Failure::denied());
        }
        let now_ms = self.now_ms();
        let Some(token) = self.own_token(ask) else {
            return self.bearer(ask).ok_or_else(Failure::denied);
        };
        let slot = am.find_token(token, now_ms).ok_or_else(Failure::denied)?;
        let update_ms = i64::from(self.options().update_seconds) * 1_000;
        am.touch(slot, now_ms, update_ms);
        Ok(Caller {
            slot: Some(slot),
            rights: rights(am, slot),
        })
    }

    /// The token that stands for the caller: OpenAM looks into the cookie first, PingAM into the header.
    pub(super) fn own_token<'a>(&self, ask: &'a Ask) -> Option<&'a str> {
        let name = self.options().cookie.as_str();
        let (cookie, header) = (ask.cookie(name), ask.header(name));
        match self.flavour {
            Flavour::Openam => cookie.or(header),
            Flavour::Pingam => header.or(cookie),
        }
    }

    fn bearer(&self, ask: &Ask) -> Option<Caller> {
        let (scheme, token) = ask.header("authorization")?.split_once(' ')?;
        let is_good = self.options().bearer
            && scheme.eq_ignore_ascii_case("bearer")
            && token == self.auth.bearer;
        is_good.then_some(Caller {
            slot: None,
            rights: Rights::Super,
        })
    }
}

/// Rights hold in the realm in which they were given only: the same name elsewhere is somebody else.
fn rights(am: &AmWorld, slot: usize) -> Rights {
    let session = am.session(slot);
    let account = session.and_then(|s| am.account(&s.user));
    let (Some(session), Some(account)) = (session, account) else {
        return Rights::Own;
    };
    let realm = am.realms[session.realm].path.as_str();
    let holds = match &account.rights {
        Rights::Super => realm == "/",
        Rights::Admin(own) | Rights::Reader(own) => own == realm,
        Rights::Own => true,
    };
    if holds {
        account.rights.clone()
    } else {
        Rights::Own
    }
}

//! The orders that the faults in force give for one operation or one new connection, whatever its
//! protocol.

use std::time::Duration;

use super::{Action, AuthFault, Operation, Place};
use crate::emulator::shared::{Shared, lock};
use crate::emulator::system::Emulated;

/// The orders of the faults for one operation.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    /// Pause before the first byte of the answer.
    pub(crate) before_head: Duration,
    /// Pause between the head and the rest of the answer.
    pub(crate) before_body: Duration,
    /// For the system, which checks credentials itself.
    pub(crate) auth: Option<AuthFault>,
    /// The effect that replaces the right answer. Never a pause and nothing about credentials.
    pub(crate) end: Option<Action>,
}

impl Orders {
    /// Counts the operation in all faults. Pauses add up; the first fault that ends the operation decides how.
    pub(crate) fn of(system: &dyn Emulated, operation: Operation<'_>) -> Self {
        let shared = system.shared();
        let mut orders = Self::default();
        let mut auth = Vec::new();
        for fault in lock(&shared.faults).iter_mut() {
            let of_connection =
                matches!(fault.action, Action::Delay(delay) if delay.place == Place::Accept);
            if of_connection || !fault.hits(operation) {
                continue;
            }
            match &fault.action {
                Action::Delay(delay) => {
                    let pause = shared.pause_between(delay.from_ms, delay.to_ms);
                    match delay.place {
                        Place::Body => orders.before_body += pause,
                        Place::Headers | Place::Accept => orders.before_head += pause,
                    }
                }
                Action::Auth(fault) => auth.push(*fault),
                end if orders.end.is_none() => orders.end = Some(end.clone()),
                _ => {}
            }
        }
        for fault in auth {
            orders.change_tokens(system, fault);
        }
        orders
    }

    fn change_tokens(&mut self, system: &dyn Emulated, fault: AuthFault) {
        match fault {
            AuthFault::ExpireNow {} => system.expire_tokens(),
            AuthFault::ExpireIn { seconds } => {
                let life_ms = i64::try_from(seconds).unwrap_or(i64::MAX);
                system.limit_tokens(life_ms.saturating_mul(1_000));
            }
            AuthFault::ForbiddenOnDelete {} | AuthFault::RefuseAlways {} => self.auth = Some(fault),
        }
    }
}

/// How long a new connection has to wait before anything of it is read.
pub(crate) fn pause_of_connection(shared: &Shared) -> Duration {
    let mut pause = Duration::ZERO;
    for fault in lock(&shared.faults).iter_mut() {
        if let Action::Delay(delay) = fault.action
            && delay.place == Place::Accept
            && fault.hits_connection(shared.options.system.word())
        {
            pause += shared.pause_between(delay.from_ms, delay.to_ms);
        }
    }
    pause
}

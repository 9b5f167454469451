//! What is in and what is left out of the question, and the requests that follow from it.

use std::collections::BTreeSet;

use super::{PlanBox, PlannedSession, PlannedSystem};
use crate::app::effect::RevokeItem;
use crate::app::state::State;
use crate::app::words;
use crate::model::{EndRequest, EndTarget, EndWay, Subject, SystemPlan};
use crate::store::SourceId;

/// What is sent for a plan.
#[derive(Clone, Debug, Default)]
pub struct PlannedEnds {
    /// Sessions that end by their keys.
    pub items: Vec<RevokeItem>,
    /// People whose sessions all end by the system's own operation.
    pub users: Vec<(SourceId, Subject)>,
}

impl PlanBox {
    /// How many realms of a system can be taken out by themselves.
    pub(super) fn choices(&self, at: usize) -> usize {
        let realms = self.plan.systems.get(at).map_or(0, |one| one.realms.len());
        if realms > 1 { realms } else { 0 }
    }

    /// Takes the chosen system or realm out, or back in.
    pub(super) fn toggle(&mut self, at: usize) {
        let realm = self.realm.min(self.choices(at));
        let Some(system) = self.plan.systems.get_mut(at) else {
            return;
        };
        match realm.checked_sub(1) {
            Some(realm) => {
                let realm = &mut system.realms[realm];
                realm.is_in = !realm.is_in;
            }
            None => system.is_in = !system.is_in,
        }
        self.forget_typed();
    }

    /// What would be sent.
    pub fn ends(&self) -> PlannedEnds {
        let mut ends = PlannedEnds::default();
        for (system, planned) in self.plan.systems.iter().zip(&self.systems) {
            let taken = taken(system, planned);
            match system.way {
                EndWay::ByKey(_) => ends.items.extend(taken.map(|one| one.item.clone())),
                EndWay::ForUser => {
                    let users = subjects(system, taken);
                    ends.users
                        .extend(users.into_iter().map(|user| (planned.source, user)));
                }
            }
        }
        ends
    }

    /// The requests that would be sent, in words.
    pub(super) fn requests(&self, state: &State) -> Vec<String> {
        let mut lines = Vec::new();
        for (system, planned) in self.plan.systems.iter().zip(&self.systems) {
            let Some(source) = state.source(planned.source) else {
                continue;
            };
            let Some(caps) = &source.caps else { continue };
            let address = &source.profile.address;
            let taken = taken(system, planned);
            match system.way {
                EndWay::ByKey(batch) => {
                    let taken: Vec<&PlannedSession> = taken.collect();
                    // A request is about one realm and one kind.
                    let same = |a: &&PlannedSession, b: &&PlannedSession| {
                        a.item.subject.scope == b.item.subject.scope && a.item.kind == b.item.kind
                    };
                    let groups = taken.chunk_by(same);
                    for some in groups.flat_map(|all| all.chunks(usize::from(batch.max(1)))) {
                        let labels: Vec<&str> = some.iter().map(|one| one.label.as_str()).collect();
                        let realm = some[0].realm();
                        lines.push((caps.preview)(&EndRequest {
                            address,
                            realm: realm.as_deref(),
                            kind: some[0].item.kind.as_deref(),
                            target: EndTarget::Sessions(&labels),
                        }));
                    }
                }
                EndWay::ForUser => {
                    for user in subjects(system, taken) {
                        let realm = user.scope.as_ref().map(|scope| scope.safe());
                        lines.push((caps.preview)(&EndRequest {
                            address,
                            realm: realm.as_deref(),
                            kind: None,
                            target: EndTarget::User(&words::shown(&user)),
                        }));
                    }
                }
            }
        }
        lines
    }
}

impl PlannedSession {
    /// Its realm as plans name it.
    pub fn realm(&self) -> Option<String> {
        let scope = self.item.subject.scope.as_ref();
        scope.map(|scope| scope.safe().into_owned())
    }
}

/// The sessions that are in.
fn taken<'a>(
    system: &'a SystemPlan,
    planned: &'a PlannedSystem,
) -> impl Iterator<Item = &'a PlannedSession> {
    let sessions = planned.sessions.iter();
    sessions.filter(|one| system.takes(one.realm().as_deref()))
}

/// The people whose sessions all end: each once in each realm, or once for every realm where the system
/// reaches them all and none was taken out.
fn subjects<'a>(
    system: &SystemPlan,
    taken: impl Iterator<Item = &'a PlannedSession>,
) -> Vec<Subject> {
    let everywhere = system.is_everywhere && system.is_complete();
    let mut seen = BTreeSet::new();
    let mut subjects = Vec::new();
    for session in taken {
        let user = &session.item.subject;
        let (subject, key) = match &user.name {
            // Servers that end by name take a name in any case.
            Some(name) if everywhere => (
                Subject {
                    name: Some(name.clone()),
                    ..Subject::default()
                },
                (name.expose().to_lowercase(), None),
            ),
            _ => (
                user.clone(),
                (
                    user.shown().map_or("", |name| name.expose()).to_owned(),
                    session.realm(),
                ),
            ),
        };
        if seen.insert(key) {
            subjects.push(subject);
        }
    }
    subjects
}

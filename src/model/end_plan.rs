//! What ends more than one session, as a value, before anything is sent: whose sessions, where, how, what is
//! left out and why. The box on the screen and the text of `--dry-run` are both made of it.

use std::collections::BTreeMap;

use super::caps::{Capabilities, Revoke};
use super::confirm::{Risk, typed_because};
use super::text::with_thousands;

/// How the sessions of one realm end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndWay {
    /// By the system's own operation for all sessions of a user.
    ForUser,
    /// By their keys, up to so many a request; at least 1.
    ByKey(u16),
}

impl EndWay {
    /// The way in which a system ends sessions. `whole_user`: all of one person are meant. `has_own`: the
    /// operator's own session is among them; it is left alone, so the others end by their keys.
    pub fn of(caps: &Capabilities, whole_user: bool, has_own: bool) -> Self {
        if whole_user && !has_own && caps.kinds.iter().any(|kind| kind.revoke_user) {
            return Self::ForUser;
        }
        let batch = caps.kinds.iter().map(|kind| match kind.revoke {
            Revoke::Batch(size) => size.max(1),
            _ => 1,
        });
        Self::ByKey(batch.min().unwrap_or(1))
    }
}

/// How the list of a system came about on which a plan rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanBasis {
    /// Every session was read.
    Whole,
    /// Its answer is awaited.
    Asking,
    /// The rows that are loaded; the system may hold more.
    Loaded,
    /// The server stops at so many: it may hold more.
    Cut(u64),
    /// It could not be asked, or its answer broke off: why, in a few words, cleaned.
    Failed(String),
}

/// The sessions of one realm, or of a system that has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealmPlan {
    /// The realm, organisation or tenant, cleaned. `None`: the system has none, or does not say.
    pub realm: Option<String>,
    /// How many sessions of each user would end: by the name as it is shown, cleaned.
    pub users: BTreeMap<String, usize>,
    /// False if the operator has taken it out.
    pub is_in: bool,
}

impl RealmPlan {
    /// How many sessions would end.
    pub fn sessions(&self) -> usize {
        self.users.values().sum()
    }
}

/// The part of a plan that one open profile does. A profile that holds nothing is there too, so that nobody
/// has to guess whether it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemPlan {
    /// Name of the profile.
    pub profile: String,
    /// How its sessions end.
    pub way: EndWay,
    /// True if one request ends the sessions of a user in every realm.
    pub is_everywhere: bool,
    /// How bad a mistake would be.
    pub risk: Risk,
    /// What the numbers rest on.
    pub basis: PlanBasis,
    /// The realms that hold sessions, by name.
    pub realms: Vec<RealmPlan>,
    /// How many sessions are left out, and why, cleaned.
    pub left_out: Vec<(usize, String)>,
    /// What ends and what stays, in the system's own sentences, cleaned.
    pub after: String,
    /// Facts of the system that the operator should know, cleaned ("the list of realms may not be read").
    pub notes: Vec<String>,
    /// False if the operator has taken it out.
    pub is_in: bool,
}

impl SystemPlan {
    /// A system of which no session is counted yet.
    pub fn new(profile: impl Into<String>, way: EndWay) -> Self {
        Self {
            profile: profile.into(),
            way,
            is_everywhere: false,
            risk: Risk::default(),
            basis: PlanBasis::Whole,
            realms: Vec::new(),
            left_out: Vec::new(),
            after: String::new(),
            notes: Vec::new(),
            is_in: true,
        }
    }

    /// Counts a session that would end. Both names are cleaned.
    pub fn count(&mut self, realm: Option<&str>, user: &str) {
        let at = self
            .realms
            .binary_search_by(|known| known.realm.as_deref().cmp(&realm))
            .unwrap_or_else(|at| {
                let new = RealmPlan {
                    realm: realm.map(str::to_owned),
                    users: BTreeMap::new(),
                    is_in: true,
                };
                self.realms.insert(at, new);
                at
            });
        let users = &mut self.realms[at].users;
        match users.get_mut(user) {
            Some(count) => *count += 1,
            None => {
                users.insert(user.to_owned(), 1);
            }
        }
    }

    /// Counts sessions that are left out. `why` is cleaned.
    pub fn leave_out(&mut self, count: usize, why: impl Into<String>) {
        let why = why.into();
        match self.left_out.iter_mut().find(|(_, known)| *known == why) {
            Some((known, _)) => *known += count,
            None => self.left_out.push((count, why)),
        }
    }

    /// True if the operator has left this realm in. One that is not known is in.
    pub fn takes(&self, realm: Option<&str>) -> bool {
        let known = self.realms.iter().find(|r| r.realm.as_deref() == realm);
        self.is_in && known.is_none_or(|realm| realm.is_in)
    }

    /// The realms that are in.
    pub fn taken(&self) -> impl Iterator<Item = &RealmPlan> {
        let is_in = self.is_in;
        self.realms.iter().filter(move |realm| is_in && realm.is_in)
    }

    /// How many sessions it holds that could end, whether it is in or not.
    pub fn alive(&self) -> usize {
        self.realms.iter().map(RealmPlan::sessions).sum()
    }

    /// How many sessions would end.
    pub fn sessions(&self) -> usize {
        self.taken().map(RealmPlan::sessions).sum()
    }

    /// True if every realm is in.
    pub fn is_complete(&self) -> bool {
        self.taken().count() == self.realms.len()
    }

    /// How many requests would be sent, as far as this is known: retries and looks are not counted.
    pub fn requests(&self) -> usize {
        let sessions = self.sessions();
        match self.way {
            _ if sessions == 0 => 0,
            EndWay::ForUser if self.is_everywhere && self.is_complete() => 1,
            EndWay::ForUser => self.taken().count(),
            EndWay::ByKey(batch) => sessions.div_ceil(usize::from(batch.max(1))),
        }
    }

    /// "1 request for the user", "10 requests, one by one"; why there is nothing to send.
    pub fn how(&self) -> String {
        match &self.basis {
            _ if !self.is_in => return "left out".to_owned(),
            PlanBasis::Asking => return "asking …".to_owned(),
            PlanBasis::Failed(why) if self.alive() == 0 => return format!("not read: {why}"),
            _ => {}
        }
        let requests = self.requests();
        let many = format!("{} requests", with_thousands(requests as u64));
        match (self.way, requests) {
            (_, 0) => "none".to_owned(),
            (EndWay::ForUser, 1) => "1 request for the user".to_owned(),
            (EndWay::ForUser, n) => format!("{n} requests, one a realm"),
            (EndWay::ByKey(_), 1) => "1 request".to_owned(),
            (EndWay::ByKey(1), _) => format!("{many}, one by one"),
            (EndWay::ByKey(batch), _) => format!("{many} of up to {batch}"),
        }
    }

    /// Why more sessions may end, or be left, than are counted. `None`: they were all read.
    pub fn doubt(&self) -> Option<String> {
        let name = &self.profile;
        match &self.basis {
            // The line of the system says it.
            PlanBasis::Whole | PlanBasis::Asking => None,
            PlanBasis::Loaded => Some(format!("{name} may hold more than is loaded")),
            PlanBasis::Cut(at) => {
                let at = with_thousands(*at);
                Some(format!(
                    "the list of {name} was cut at {at}: it may hold more"
                ))
            }
            PlanBasis::Failed(why) => Some(format!("{name} was not read to the end: {why}")),
        }
    }
}

/// A plan for the end of several sessions, of one or of several systems.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndPlan {
    /// The person whose sessions are all meant, as the name is shown, cleaned. `None`: certain sessions are.
    pub whose: Option<String>,
    /// The open profiles, in their order.
    pub systems: Vec<SystemPlan>,
}

impl EndPlan {
    /// How many sessions would end.
    pub fn sessions(&self) -> usize {
        self.systems.iter().map(SystemPlan::sessions).sum()
    }

    /// How many requests would be sent.
    pub fn requests(&self) -> usize {
        self.systems.iter().map(SystemPlan::requests).sum()
    }

    /// The systems of which sessions would end, or may: their answer is awaited.
    pub fn concerned(&self) -> impl Iterator<Item = &SystemPlan> {
        let systems = self.systems.iter();
        systems.filter(|one| one.sessions() > 0 || one.is_in && one.basis == PlanBasis::Asking)
    }

    /// The systems of which sessions would end.
    pub fn touched(&self) -> impl Iterator<Item = &SystemPlan> {
        self.systems.iter().filter(|system| system.sessions() > 0)
    }

    /// How many sessions of each user would end, the most first.
    pub fn users(&self) -> Vec<(&str, usize)> {
        let mut all: BTreeMap<&str, usize> = BTreeMap::new();
        let realms = self.systems.iter().flat_map(SystemPlan::taken);
        for (user, count) in realms.flat_map(|realm| &realm.users) {
            *all.entry(user).or_default() += count;
        }
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all
    }

    /// How many sessions are left out of the systems that are in, and why.
    pub fn left_out(&self) -> Vec<(usize, &str)> {
        let mut all: Vec<(usize, &str)> = Vec::new();
        let systems = self.systems.iter().filter(|system| system.is_in);
        for (count, why) in systems.flat_map(|system| &system.left_out) {
            match all.iter_mut().find(|(_, known)| known == why) {
                Some((known, _)) => *known += count,
                None => all.push((*count, why)),
            }
        }
        all
    }

    /// Why more may end, or be left, than is counted, of the systems that are in, and what they note.
    pub fn doubts(&self) -> Vec<String> {
        let systems = self.systems.iter().filter(|system| system.is_in);
        let of = |system: &SystemPlan| {
            let notes = system.notes.iter();
            let notes = notes.map(|note| format!("{}: {note}", system.profile));
            system.doubt().into_iter().chain(notes).collect::<Vec<_>>()
        };
        systems.flat_map(of).collect()
    }

    /// True if the answer of a system that is in is awaited.
    pub fn is_asking(&self) -> bool {
        let mut systems = self.systems.iter().filter(|system| system.is_in);
        systems.any(|system| system.basis == PlanBasis::Asking)
    }

    /// True if a production system is touched.
    pub fn is_production(&self) -> bool {
        self.touched().any(|system| system.risk.production)
    }

    /// Why the plan has to be confirmed by typing, as the rest of a sentence that begins "typed because".
    /// `None`: a `y` is enough.
    pub fn typed_because(&self) -> Option<String> {
        let systems = self.touched().count();
        if systems > 1 {
            return Some(format!("it ends sessions of {systems} systems"));
        }
        // While a system is asked, the name can be typed already.
        if self.whose.is_some() && (systems > 0 || self.is_asking()) {
            return Some("it ends all sessions of a person".to_owned());
        }
        let risk = self.touched().map(|system| system.risk).reduce(Risk::and);
        typed_because(self.sessions(), risk.unwrap_or_default())
    }

    /// The texts that confirm it: the number of sessions, and the name of the person if all are theirs. The
    /// name alone while the number is not known.
    pub fn expected(&self) -> Vec<String> {
        if let Some(whose) = self.whose.clone().filter(|_| self.is_asking()) {
            return vec![whose];
        }
        let mut expected = vec![self.sessions().to_string()];
        let users = self.users();
        let only = match users.as_slice() {
            [(user, _)] => Some((*user).to_owned()),
            _ => None,
        };
        expected.extend(self.whose.clone().or(only));
        expected
    }

    /// The plan in lines for people: a line a system, then what is left out and what is not certain.
    pub fn lines(&self) -> Vec<String> {
        let name = |system: &SystemPlan| system.profile.chars().count();
        let width = self.systems.iter().map(name).max().unwrap_or(0);
        let line = |system: &SystemPlan| {
            let realms: Vec<&str> = system
                .taken()
                .filter_map(|realm| realm.realm.as_deref())
                .collect();
            let realms = match realms.as_slice() {
                [] => String::new(),
                some => format!("  in {}", some.join(", ")),
            };
            let alive = with_thousands(system.sessions() as u64);
            let (profile, how) = (&system.profile, system.how());
            format!("{profile:<width$}  {alive:>6}  {how}{realms}")
        };
        let mut lines: Vec<String> = self.systems.iter().map(line).collect();
        let left_out = self.left_out().into_iter();
        lines.extend(left_out.map(|(count, why)| {
            let count = with_thousands(count as u64);
            format!("left out {count}: {why}")
        }));
        // The line of a system that gave nothing says why.
        let says_it = |system: &SystemPlan| {
            matches!(system.basis, PlanBasis::Failed(_)) && system.alive() == 0
        };
        let systems = self.systems.iter().filter(|system| system.is_in);
        let doubtful = systems.filter(|system| !says_it(system));
        lines.extend(doubtful.filter_map(SystemPlan::doubt));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(profile: &str, way: EndWay, rows: &[(Option<&str>, &str, usize)]) -> SystemPlan {
        let mut system = SystemPlan::new(profile, way);
        for (realm, user, count) in rows {
            for _ in 0..*count {
                system.count(*realm, user);
            }
        }
        system
    }

    fn of_jdoe() -> EndPlan {
        let mut am = system(
            "am",
            EndWay::ForUser,
            &[(Some("/beta"), "jdoe", 5), (Some("/"), "jdoe", 3)],
        );
        am.leave_out(1, "expired");
        EndPlan {
            whose: Some("jdoe".to_owned()),
            systems: vec![
                system("demo", EndWay::ForUser, &[(None, "jdoe", 4)]),
                am,
                system("db", EndWay::ByKey(1), &[(None, "jdoe", 10)]),
                SystemPlan::new("workos", EndWay::ForUser),
            ],
        }
    }

    #[test]
    fn every_system_says_how_many_and_how() {
        assert_eq!(
            of_jdoe().lines(),
            [
                "demo         4  1 request for the user",
                "am           8  2 requests, one a realm  in /, /beta",
                "db          10  10 requests, one by one",
                "workos       0  none",
                "left out 1: expired",
            ]
        );
        assert_eq!(of_jdoe().sessions(), 22);
        assert_eq!(of_jdoe().requests(), 13);
    }

    #[test]
    fn what_was_taken_out_is_not_counted_and_not_sent() {
        let mut plan = of_jdoe();

        plan.systems[2].is_in = false;
        plan.systems[1].realms[0].is_in = false;

        assert_eq!(plan.sessions(), 9);
        assert_eq!(plan.systems[1].how(), "1 request for the user");
        assert!(!plan.systems[1].takes(Some("/")) && plan.systems[1].takes(Some("/beta")));
        assert!(!plan.systems[2].takes(None));
        assert_eq!(plan.expected(), ["9", "jdoe"]);
    }

    #[test]
    fn one_request_reaches_every_realm_only_if_all_are_in() {
        let mut am = of_jdoe().systems.swap_remove(1);
        am.is_everywhere = true;
        assert_eq!(am.requests(), 1);

        am.realms[0].is_in = false;
        assert_eq!((am.requests(), am.sessions()), (1, 5));
    }

    #[test]
    fn it_is_typed_for_several_systems_for_a_person_and_for_many_sessions() {
        let rows = |systems: &[(&str, usize)]| EndPlan {
            whose: None,
            systems: systems
                .iter()
                .map(|(name, count)| system(name, EndWay::ByKey(1), &[(None, "ada", *count)]))
                .collect(),
        };
        for (plan, because) in [
            (rows(&[("a", 9)]), None),
            (rows(&[("a", 10)]), Some("it ends 10 sessions or more")),
            (rows(&[("a", 1), ("b", 0)]), None),
            (
                rows(&[("a", 1), ("b", 1)]),
                Some("it ends sessions of 2 systems"),
            ),
            (of_jdoe(), Some("it ends sessions of 3 systems")),
        ] {
            assert_eq!(plan.typed_because().as_deref(), because, "{plan:?}");
        }
    }

    #[test]
    fn what_was_not_read_to_the_end_is_named() {
        let mut plan = of_jdoe();
        plan.systems[0].basis = PlanBasis::Cut(120);
        plan.systems[3].basis = PlanBasis::Failed("connection refused".to_owned());

        assert_eq!(plan.systems[3].how(), "not read: connection refused");
        assert_eq!(
            plan.doubts(),
            [
                "the list of demo was cut at 120: it may hold more",
                "workos was not read to the end: connection refused",
            ]
        );
    }
}

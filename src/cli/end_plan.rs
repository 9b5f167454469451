//! What `usher revoke` would do, as the same plan that the screen asks with, and the requests for it.

use super::ctx::Ctx;
use super::exit;
use super::pages::ListEnd;
use super::sources::Source;
use super::targets::{SessionTarget, Skip};
use crate::model::text::display_safe;
use crate::model::{
    Completeness, EndPlan, EndRequest, EndTarget, EndWay, Exempt, PlanBasis, SystemPlan,
};

/// The way in which each profile ends sessions. `whole_user`: all of a person are meant. Sessions that are left
/// out because they are the operator's own tell where the operation for a person may not be used.
pub(super) fn ways(sources: &[Source], targets: &[SessionTarget], whole_user: bool) -> Vec<EndWay> {
    let own = |at: usize| {
        let mut here = targets.iter().filter(|target| target.source == at);
        here.any(|target| target.skip == Some(Skip::Exempt(Exempt::Own)))
    };
    let sources = sources.iter().enumerate();
    let ways = sources.map(|(at, source)| EndWay::of(&source.api.caps(), whole_user, own(at)));
    ways.collect()
}

/// The plan for these sessions. `lists`: how the reading of each profile ended; none for sessions that were
/// named. `whose`: the person, cleaned, if all of theirs are meant.
pub(super) fn plan(
    sources: &[Source],
    (chosen, left_out): (&[SessionTarget], &[SessionTarget]),
    lists: &[ListEnd],
    whose: Option<&str>,
) -> EndPlan {
    let mut plan = EndPlan {
        whose: whose.map(str::to_owned),
        systems: Vec::new(),
    };
    let ways = ways(sources, left_out, whose.is_some());
    for ((at, source), way) in sources.iter().enumerate().zip(ways) {
        let caps = source.api.caps();
        let mut system = SystemPlan {
            is_everywhere: caps.revoke_user_everywhere,
            risk: source.risk(),
            basis: basis(lists.iter().find(|list| list.profile == source.name())),
            after: after(source, way, chosen, at),
            ..SystemPlan::new(source.name(), way)
        };
        for target in chosen.iter().filter(|target| target.source == at) {
            let realm = realm(target);
            system.count(realm.as_deref(), &user(target));
        }
        for target in left_out.iter().filter(|target| target.source == at) {
            if let Some(skip) = &target.skip {
                system.leave_out(1, display_safe(&skip.words()));
            }
        }
        plan.systems.push(system);
    }
    plan
}

/// Says the plan beside the data, a line each: the count of every profile and how its sessions end, what is left
/// out and why, what is not certain. `stays`: also what ends and what stays at each profile that is touched, which
/// a question says otherwise.
pub(super) fn tell(ctx: &Ctx, plan: &EndPlan, stays: bool) {
    for line in plan.lines() {
        ctx.note(&format!("plan: {line}"));
    }
    for system in plan.touched().filter(|_| stays) {
        ctx.note(&format!("plan: {}: {}", system.profile, system.after));
    }
}

/// The end in the system's own words: its effect, and its limits.
fn after(source: &Source, way: EndWay, chosen: &[SessionTarget], at: usize) -> String {
    let caps = source.api.caps();
    match way {
        EndWay::ForUser => caps.after_revoke_user(),
        EndWay::ByKey(_) => {
            let here = chosen.iter().filter(|target| target.source == at);
            caps.after_revoke_of(here.map(|target| target.kind.as_deref()))
        }
    }
}

/// What the numbers of a profile rest on. `None`: no list was read.
fn basis(list: Option<&ListEnd>) -> PlanBasis {
    let Some(list) = list else {
        return PlanBasis::Whole;
    };
    match (&list.error, list.completeness) {
        (Some(error), _) => PlanBasis::Failed(display_safe(&exit::reason(error)).into_owned()),
        (None, Completeness::Truncated { at }) => PlanBasis::Cut(at),
        (None, _) if list.is_whole() => PlanBasis::Whole,
        (None, _) => PlanBasis::Loaded,
    }
}

/// The request that would end this session, `called` so for people.
pub(super) fn request(
    sources: &[Source],
    target: &SessionTarget,
    called: &str,
    way: EndWay,
) -> String {
    let Some(source) = sources.get(target.source) else {
        return String::new();
    };
    let (caps, realm, user) = (source.api.caps(), realm(target), user(target));
    let labels = [called];
    (caps.preview)(&EndRequest {
        address: &source.profile.address(),
        realm: realm.as_deref(),
        kind: target.kind.as_deref(),
        target: match way {
            EndWay::ForUser => EndTarget::User(&user),
            EndWay::ByKey(_) => EndTarget::Sessions(&labels),
        },
    })
}

fn realm(target: &SessionTarget) -> Option<String> {
    let scope = target.subject.scope.as_ref();
    scope.map(|scope| scope.safe().into_owned())
}

fn user(target: &SessionTarget) -> String {
    let user = target.subject.shown();
    user.map_or_else(|| "(nobody)".to_owned(), |user| user.named().into_owned())
}

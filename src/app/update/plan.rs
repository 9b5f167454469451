//! Plans for the end of several sessions: made of marked rows, or of what every open system answers about a
//! person; then sent.

use std::num::NonZeroU16;
use std::sync::Arc;

use super::{message, requests, revoke};
use crate::app::blocked;
use crate::app::cells;
use crate::app::dialogs::plan::{PlanBox, PlanSignIn, PlannedSession, PlannedSystem};
use crate::app::effect::{Effect, Gen, RevokeItem};
use crate::app::job::Job;
use crate::app::msg::RowPage;
use crate::app::results::RowStatus;
use crate::app::revoke_plan::RevokePlan;
use crate::app::source::{Link, Source};
use crate::app::state::{Level, State};
use crate::app::system_end::SystemEnd;
use crate::app::words;
use crate::model::text::{display_safe, number_of, with_thousands};
use crate::model::{
    ApiError, Capabilities, Clause, Completeness, EndPlan, EndWay, Field, KindCounts, NamedBy, Op,
    PlanBasis, Query, Search, Subject, SystemPlan, Untrusted, Value,
};
use crate::store::{Chunk, Row, RowId, Rows, SourceId};

/// From the screen no more sessions end at once: each of them is kept several times while they end, with its
/// key and all that the audit log tells of it, some 2 KB in all.
const MOST: usize = 100_000;
/// Rows a page of the reading for a plan, where the profile says nothing.
const PAGE: NonZeroU16 = NonZeroU16::new(100).expect("100 is not 0");

/// Asks whether several marked sessions shall end. What is left out of them counts too, so that it is said.
/// `None`: it is about one session.
pub fn ask_marked(state: &mut State, plan: &RevokePlan) -> Option<Vec<Effect>> {
    let left_out: usize = plan.skip.iter().map(|(count, _)| count).sum();
    if plan.send.len() + left_out < 2 {
        return None;
    }
    if plan.send.len() > MOST {
        let most = with_thousands(MOST as u64);
        let why = format!(
            "the screen ends at most {most} sessions at once: mark fewer, or use usher revoke --query"
        );
        return Some(message::say(state, Level::Warn, why));
    }
    let question = of_items(state, &plan.send, &plan.skip);
    state.message = None;
    state.open(question);
    Some(Vec::new())
}

/// Asks once more about sessions that could not be ended.
pub fn ask_again(state: &mut State, items: &[RevokeItem]) {
    let question = of_items(state, items, &[]);
    state.open(question);
}

/// The question about certain sessions.
fn of_items(state: &State, items: &[RevokeItem], skip: &[(usize, String)]) -> PlanBox {
    let kinds: KindCounts = items.iter().map(|item| item.kind.as_ref()).collect();
    let count = number_of(items.len() as u64, "session");
    let title = format!("End {count}{}", kinds.in_brackets());
    let mut plan = EndPlan::default();
    let mut systems: Vec<PlannedSystem> = Vec::new();
    for item in items {
        let at = systems.iter().position(|one| one.source == item.source);
        let at = at.unwrap_or_else(|| {
            plan.systems.push(system_plan(state, item.source, false));
            systems.push(PlannedSystem::new(item.source));
            systems.len() - 1
        });
        let rows = &state.results.rows;
        let row = rows.get(item.row).filter(|row| row.has_key(&item.key));
        let session = PlannedSession {
            label: row.map_or("-", Row::label).to_owned(),
            item: item.clone(),
        };
        count_in(&mut plan.systems[at], &session);
        systems[at].sessions.push(session);
    }
    for (system, planned) in plan.systems.iter_mut().zip(&systems) {
        write_after(state, system, planned);
    }
    // The first system stands for all: which one they were on makes no difference.
    if let Some(system) = plan.systems.first_mut() {
        for (count, why) in skip {
            system.leave_out(*count, display_safe(why));
        }
    }
    let asks_reason = asks_reason(state, &systems);
    PlanBox::new(title, plan, systems, asks_reason)
}

/// Asks whether every session of a person shall end, in every open system and every realm. Each system is
/// asked first what it holds.
///
/// The system of `from`, where the person was found, is asked for the name that the row shows; the others for
/// the name that the same person has there.
pub fn ask_person(state: &mut State, from: SourceId, user: &Subject) -> Vec<Effect> {
    if user.shown().is_none() {
        return Vec::new();
    }
    let whose = match person_of(state, from, user) {
        Some(person) => display_safe(&person).into_owned(),
        None => words::shown(user),
    };
    let person = (from, user.clone());
    let mut plan = EndPlan {
        whose: Some(whose.clone()),
        systems: Vec::new(),
    };
    let (mut systems, mut effects) = (Vec::new(), Vec::new());
    for at in 0..state.sources.len() {
        let source = SourceId(at as u8);
        let mut system = system_plan(state, source, true);
        let mut planned = PlannedSystem::new(source);
        effects.extend(ask_system(state, &person, &mut system, &mut planned));
        plan.systems.push(system);
        systems.push(planned);
    }
    let asks_reason = asks_reason(state, &systems);
    let title = format!("End every session of {whose}");
    state.message = None;
    let question = PlanBox::new(title, plan, systems, asks_reason);
    state.open(question.about(person));
    effects
}

/// Asks a system about a person, and writes into its part of the plan that it is asked, or why it is not.
fn ask_system(
    state: &mut State,
    person: &(SourceId, Subject),
    system: &mut SystemPlan,
    planned: &mut PlannedSystem,
) -> Option<Effect> {
    let source = planned.source;
    let opened = state.source(source)?;
    planned.sign_in = lacks_sign_in(opened).then_some(PlanSignIn::Needed);
    match question_for(state, person, source, opened) {
        Ok((query, named_by)) => {
            let search = search_of(state, opened, query, named_by);
            let generation = state.next_gen();
            system.basis = PlanBasis::Asking;
            planned.asked = Some((generation, Rows::default()));
            write_after(state, system, planned);
            Some(Effect::Search {
                source,
                generation,
                search,
                at: None,
            })
        }
        Err(why) => {
            system.basis = PlanBasis::Failed(why);
            None
        }
    }
}

/// The question about a person for one system.
///
/// # Errors
/// Why it is not asked.
fn question_for(
    state: &State,
    (from, user): &(SourceId, Subject),
    source: SourceId,
    opened: &Source,
) -> Result<(Query, NamedBy), String> {
    match not_asked(opened) {
        Some(why) => Err(why),
        None if source == *from => Ok(as_shown(user)),
        None => as_known(user, person_of(state, *from, user).as_deref()),
    }
}

/// The name by which every system knows a person who was found in this one. `None`: it has none, or another
/// person has it elsewhere.
fn person_of(state: &State, from: SourceId, user: &Subject) -> Option<String> {
    let names = &state.source(from)?.profile.user_names;
    let person = names.person(user.name.as_ref()?.expose());
    person.map(|name| name.to_string())
}

/// A system has been signed in to from the question about a person, or the attempt has ended: asks it.
pub fn signed_in(state: &mut State, id: SourceId) -> Vec<Effect> {
    let is_over = state
        .source(id)
        .is_some_and(|source| !matches!(source.link, Link::Connecting));
    let is_awaited = |one: &PlannedSystem| {
        is_over && one.source == id && one.sign_in == Some(PlanSignIn::Awaited)
    };
    let asked = in_question(state, is_awaited, |state, question, at| {
        let person = question.person.clone()?;
        let (system, planned) = (&mut question.plan.systems[at], &mut question.systems[at]);
        // How it ends sessions is known only now.
        *system = SystemPlan {
            is_in: system.is_in,
            ..system_plan(state, id, true)
        };
        let effect = ask_system(state, &person, system, planned);
        question.forget_typed();
        effect
    });
    asked.flatten().into_iter().collect()
}

/// Signs in to a system of the question that is not asked because nobody is signed in there.
pub fn sign_in(state: &mut State, question: &mut PlanBox, at: usize) -> Vec<Effect> {
    let (system, planned) = (&mut question.plan.systems[at], &mut question.systems[at]);
    planned.sign_in = Some(PlanSignIn::Awaited);
    system.basis = PlanBasis::Asking;
    requests::connect(state, planned.source)
}

/// Changes the question on the screen that has such a system. `None`: there is none.
fn in_question<T>(
    state: &mut State,
    is_it: impl Fn(&PlannedSystem) -> bool,
    change: impl FnOnce(&mut State, &mut PlanBox, usize) -> T,
) -> Option<T> {
    let dialogs = state.dialogs.iter().enumerate();
    let (place, at) = dialogs.rev().find_map(|(place, dialog)| {
        let question = dialog.get::<PlanBox>()?;
        let at = question.systems.iter().position(&is_it)?;
        Some((place, at))
    })?;
    let mut dialog = state.dialogs.remove(place);
    let question = dialog.get_mut::<PlanBox>();
    let changed = question.map(|question| change(state, question, at));
    state.dialogs.insert(place, dialog);
    changed
}

/// The question about a person by what a row of the system shows.
fn as_shown(user: &Subject) -> (Query, NamedBy) {
    let (field, text) = match &user.name {
        Some(name) => (Field::User, name.expose()),
        None => (
            Field::UserId,
            user.id.as_ref().map_or("", Untrusted::expose),
        ),
    };
    (of(field, text), NamedBy::System)
}

/// The question about a person at another system. `person`: the name by which every system knows them.
///
/// # Errors
/// Why that system cannot be asked.
fn as_known(user: &Subject, person: Option<&str>) -> Result<(Query, NamedBy), String> {
    match (&user.name, person) {
        (None, _) => Ok(as_shown(user)),
        (Some(_), Some(person)) => Ok((of(Field::User, person), NamedBy::Operator)),
        (Some(_), None) => Err("that name is of somebody else there".to_owned()),
    }
}

fn of(field: Field, text: &str) -> Query {
    let clause = Clause::field(field, Op::Eq, Value::Text(text.into()));
    Query {
        clauses: vec![clause],
    }
}

/// Why a system is not asked about a person. `None`: it is.
fn not_asked(source: &Source) -> Option<String> {
    match &source.link {
        Link::Up { .. } => None,
        Link::Down(ApiError::Cancelled) | Link::Never | Link::Connecting => {
            Some("not signed in".to_owned())
        }
        Link::Down(error) => Some(why_not(error)),
        Link::Ended => Some("disconnected".to_owned()),
    }
}

/// Why a system could not be asked, in a few words.
fn why_not(error: &ApiError) -> String {
    match error {
        ApiError::Auth { .. } => "sign-in needed".to_owned(),
        other => other.class().replace('_', " "),
    }
}

/// True if a system is not asked because nobody is signed in there.
fn lacks_sign_in(source: &Source) -> bool {
    match &source.link {
        Link::Never | Link::Connecting | Link::Ended => true,
        Link::Down(error) => *error == ApiError::Cancelled || is_sign_in(error),
        Link::Up { .. } => false,
    }
}

/// True if signing in helps.
fn is_sign_in(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::Auth {
            can_login: true,
            ..
        }
    )
}

fn search_of(state: &State, source: &Source, query: Query, named_by: NamedBy) -> Search {
    let size = source.profile.policy.page_size.and_then(NonZeroU16::new);
    Search {
        named_by,
        ..Search::new(query, size.unwrap_or(PAGE), state.now + source.ahead)
    }
}

/// The first rows of a page for the question about a person. `false`: they are for somebody else.
pub fn rows(state: &mut State, generation: Gen, chunk: &Arc<Chunk>) -> bool {
    let is_asked = |one: &PlannedSystem| matches!(&one.asked, Some((g, _)) if *g == generation);
    in_question(state, is_asked, |_, question, at| {
        if let Some((_, rows)) = &mut question.systems[at].asked {
            rows.append(chunk.clone());
        }
    })
    .is_some()
}

/// A page for the question about a person. `None`: it is for somebody else.
pub fn page(
    state: &mut State,
    generation: Gen,
    result: &Result<RowPage, ApiError>,
) -> Option<Vec<Effect>> {
    let is_asked = |one: &PlannedSystem| matches!(&one.asked, Some((g, _)) if *g == generation);
    in_question(state, is_asked, |state, question, at| {
        take_page(state, question, at, result);
        Vec::new()
    })
}

/// Takes a page over; after the last one its sessions are counted.
fn take_page(state: &State, question: &mut PlanBox, at: usize, result: &Result<RowPage, ApiError>) {
    let (system, planned) = (&mut question.plan.systems[at], &mut question.systems[at]);
    let Some((_, rows)) = &mut planned.asked else {
        return;
    };
    system.basis = match result {
        Ok(page) => {
            rows.append(page.chunk.clone());
            if page.end.next.is_some() && page.stopped.is_none() {
                return;
            }
            match (&page.stopped, page.end.completeness) {
                (_, Completeness::Truncated { at }) => PlanBasis::Cut(at),
                (Some(_), _) => PlanBasis::Cut(rows.len() as u64),
                (None, Completeness::Complete) if page.end.unread == 0 => PlanBasis::Whole,
                (None, _) => PlanBasis::Loaded,
            }
        }
        Err(error) => {
            planned.sign_in = is_sign_in(error).then_some(PlanSignIn::Needed);
            PlanBasis::Failed(why_not(error))
        }
    };
    let rows = std::mem::take(rows);
    planned.asked = None;
    let caps = state.source(planned.source).and_then(|s| s.caps.as_deref());
    if let Some(caps) = caps
        && rows.iter().any(|(_, row)| row.own() == Some(true))
    {
        system.way = EndWay::of(caps, true, true);
    }
    for (_, row) in rows.iter() {
        if let Some(why) = left_out(state, system.way, row) {
            system.leave_out(1, display_safe(&why));
            continue;
        }
        let session = PlannedSession {
            label: row.label().to_owned(),
            item: item(state, row),
        };
        count_in(system, &session);
        planned.sessions.push(session);
    }
    write_after(state, system, planned);
    question.answered();
}

/// Why a session of the person is left out. `None`: it would end. The system's own operation for a person
/// also reaches sessions that cannot be ended alone, but not those of every kind.
fn left_out(state: &State, way: EndWay, row: Row<'_>) -> Option<String> {
    let source = state.source(row.source())?;
    if let Some(why) = blocked::cannot_change(state, source) {
        return Some(why.into_owned());
    }
    let word = cells::word_of(state, row);
    if cells::is_over(word) {
        return Some(word.word().to_owned());
    }
    match way {
        EndWay::ForUser => {
            let kind = source.kind(row.kind())?;
            (!kind.revoke_user).then(|| format!("{}: not ended by this", kind.kind))
        }
        EndWay::ByKey(_) => blocked::source_cannot(state, source, row.kind())
            .map(std::borrow::Cow::into_owned)
            .or_else(|| blocked::why_not(source, row, None)),
    }
}

/// What is sent for a row of a reading. Its number is that of the same session on the screen, or one that no
/// row has.
fn item(state: &State, row: Row<'_>) -> RevokeItem {
    let shown = state.results.row_of(row.source(), &row.key(), None);
    RevokeItem::of(shown, row)
}

fn count_in(system: &mut SystemPlan, session: &PlannedSession) {
    let user = words::shown(&session.item.subject);
    system.count(session.realm().as_deref(), &user);
}

fn system_plan(state: &State, source: SourceId, whole_user: bool) -> SystemPlan {
    let Some(opened) = state.source(source) else {
        return SystemPlan::new("", EndWay::ByKey(1));
    };
    let caps = opened.caps.as_deref();
    let way = caps.map_or(EndWay::ByKey(1), |caps| EndWay::of(caps, whole_user, false));
    let notes = caps.filter(|caps| whole_user && caps.revoke_user_everywhere);
    let notes = notes.map_or(&[][..], |caps| &caps.notes);
    SystemPlan {
        is_everywhere: caps.is_some_and(|caps| caps.revoke_user_everywhere),
        risk: opened.profile.policy.risk(),
        notes: notes
            .iter()
            .map(|note| display_safe(note).into_owned())
            .collect(),
        ..SystemPlan::new(opened.profile.name.clone(), way)
    }
}

/// What ends and what stays, in the system's own words.
fn write_after(state: &State, system: &mut SystemPlan, planned: &PlannedSystem) {
    let caps = state.source(planned.source).and_then(|s| s.caps.as_deref());
    let text = caps.map(|caps: &Capabilities| match system.way {
        EndWay::ForUser => caps.after_revoke_user(),
        EndWay::ByKey(_) => {
            let sessions = planned.sessions.iter();
            caps.after_revoke_of(sessions.map(|one| one.item.kind.as_deref()))
        }
    });
    system.after = text.unwrap_or_default();
}

fn asks_reason(state: &State, systems: &[PlannedSystem]) -> bool {
    let sources = systems.iter().filter_map(|one| state.source(one.source));
    sources
        .into_iter()
        .any(|source| source.profile.policy.require_reason)
}

/// Confirmed: sends exactly what the question held and left in.
pub fn send(state: &mut State, question: &PlanBox, reason: Option<String>) -> Vec<Effect> {
    let mut ends = question.ends();
    // Outcomes are told by row: one that is not on the screen gets a number that no row has.
    let nowhere = (1_u32..).zip(&mut ends.items);
    for (number, item) in nowhere.filter(|(_, item)| item.row == RowId(u32::MAX)) {
        item.row = RowId(u32::MAX - number);
    }
    let plan = &question.plan;
    let sessions = number_of(plan.sessions() as u64, "session");
    let title = match &plan.whose {
        Some(whose) => format!("Ending {sessions} of {whose}"),
        None => format!("Ending {sessions}"),
    };
    let mut job = Job::new(
        revoke::next_job(state),
        plan.is_production(),
        reason.clone(),
    );
    job.title = title;
    job.whose.clone_from(&plan.whose);
    job.begun = state.up;
    let systems = plan.systems.iter().zip(&question.systems);
    job.ends = systems
        .filter(|(system, _)| system.is_in)
        .map(|(system, planned)| SystemEnd::of(planned.source, system))
        .collect();
    job.set_items(ends.items.clone());
    for item in &job.items {
        if let Some(row) = revoke::current_row(state, item) {
            state.results.statuses.insert(row, RowStatus::Revoking);
        }
    }
    let effect = Effect::Revoke {
        job: job.id,
        items: ends.items,
        users: ends.users,
        reason,
    };
    state.jobs.push(job);
    state.message = None;
    vec![effect]
}

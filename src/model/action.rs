//! A system's own operations beside listing and revoking: actions with their arguments and results.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::session::{Class, Outcome, Session, SessionKey, State, Subject};
use super::text::{Untrusted, mask};

/// The thing an action acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActsOn {
    /// A listed session, by its key (`--id`, or the row under the cursor).
    Session,
    /// A token that the operator holds (`--token -`, or typed into a masked field). Never from argv.
    Token,
    /// All sessions of a person (`user=NAME`, and `scope=REALM` where the system has scopes; on
    /// screen the person of the row under the cursor).
    User,
    /// The system as a whole, or the operator's own session: no target is asked for.
    Nothing,
}

/// The values an argument may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArgKind {
    /// Any text.
    Text,
    /// `yes` or `no`.
    YesNo,
}

/// One argument of an action, written `name=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgSpec {
    /// The name as it is typed ("reason").
    pub name: Cow<'static, str>,
    /// Its name for people, for the field's label and the help ("Reason").
    pub title: Cow<'static, str>,
    /// The values it may take.
    pub kind: ArgKind,
    /// Masked on screen, and on the command line only taken from standard input (`name=-`).
    pub secret: bool,
    /// True if it must be given.
    pub required: bool,
}

/// One action of a system.
#[derive(Clone, Debug)]
pub struct ActionSpec {
    /// The name on the command line and in the audit log, in snake case ("session_info").
    pub name: Cow<'static, str>,
    /// The line in the menu ("Show what the server knows of a token").
    pub title: Cow<'static, str>,
    /// Its effect, and what it leaves alone, as one or two sentences true for this system. Stands
    /// in the confirmation of an action that changes something.
    pub help: Cow<'static, str>,
    /// The thing it acts on.
    pub on: ActsOn,
    /// Its arguments, in the order in which they are asked.
    pub args: Vec<ArgSpec>,
    /// Meaning of any other `name=value` pair ("session properties"). `None`: there are no others.
    pub pairs: Option<Cow<'static, str>>,
    /// True if it changes something on the server. It is then confirmed, audited, and refused where
    /// the profile is read-only.
    pub changes: bool,
    /// How it is confirmed, where that is more than [`ActionSpec::confirmation`] asks of every action.
    pub confirm: Confirmation,
    /// True if it ends sessions. Their rows then say so afterwards.
    pub ends: bool,
    /// Why this server, in the version or for the operator at hand, cannot do it. `None`: it can.
    /// Such an action stays in the list, so that the reason can be read.
    pub lacks: Option<String>,
    /// Why it cannot be done with this row; `None`: it can. For actions on a session or its user.
    pub row: RowRule,
}

/// How an action is confirmed before it is done. A later one asks more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confirmation {
    /// Not at all.
    #[default]
    None,
    /// By a yes.
    Yes,
    /// By typing the name of the user, or of the action where it is not about a user.
    Typed,
    /// By typing the name, and then by a yes to a second question.
    Twice,
}

/// Facts about a row that its system did not send.
#[derive(Clone, Copy, Debug)]
pub struct RowContext {
    /// The time at its server.
    pub now: DateTime<Utc>,
    /// The word for its state at that time.
    pub state: State,
}

type WhyNot = dyn Fn(&Session, &RowContext) -> Option<String> + Send + Sync;

/// Says why an action cannot be done with a row.
#[derive(Clone, Default)]
pub struct RowRule(Option<Arc<WhyNot>>);

impl RowRule {
    /// A rule; `None` from it: the action can be done. [`RowRule::default`] takes every row.
    pub fn new(
        why_not: impl Fn(&Session, &RowContext) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(why_not)))
    }
}

impl fmt::Debug for RowRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowRule(…)")
    }
}

impl ActionSpec {
    /// An action that changes nothing, takes no arguments and every row.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
        on: ActsOn,
    ) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            help: help.into(),
            on,
            args: Vec::new(),
            pairs: None,
            changes: false,
            confirm: Confirmation::None,
            ends: false,
            lacks: None,
            row: RowRule::default(),
        }
    }

    /// How it is confirmed: a change at least by a yes, a change to all sessions of a user at least by
    /// typing the user's name.
    pub fn confirmation(&self) -> Confirmation {
        let least = match (self.changes, self.on) {
            (false, _) => Confirmation::None,
            (true, ActsOn::User) => Confirmation::Typed,
            (true, _) => Confirmation::Yes,
        };
        self.confirm.max(least)
    }

    /// True if it depends on the row whether the action is possible.
    pub fn has_row_rule(&self) -> bool {
        self.row.0.is_some()
    }

    /// Why it cannot be done with this row. `None`: it can.
    pub fn why_not(&self, row: &Session, context: &RowContext) -> Option<String> {
        let rule = || self.row.0.as_ref()?(row, context);
        self.lacks.clone().or_else(rule)
    }

    /// Checks `name=value` pairs against the arguments. `user` and `scope` of an action on a person
    /// belong to the target and are not among them.
    ///
    /// # Errors
    /// One sentence about the first pair that does not fit, or the first argument that is lacking.
    pub fn check(
        &self,
        target: ActionTarget,
        pairs: impl IntoIterator<Item = (String, SecretString)>,
    ) -> Result<ActionArgs, String> {
        if target.acts_on() != self.on {
            return Err(format!("{} needs {}", self.name, self.on.wanted()));
        }
        let mut values = BTreeMap::new();
        for (name, value) in pairs {
            match self.args.iter().find(|arg| arg.name == name) {
                Some(arg) => arg.check(&value)?,
                None if self.pairs.is_some() => {}
                None => return Err(self.unknown(&name)),
            }
            if values.insert(name.clone(), value).is_some() {
                return Err(format!("{name} is given twice"));
            }
        }
        let lacking = self
            .args
            .iter()
            .find(|arg| arg.required && !values.contains_key(arg.name.as_ref()));
        match lacking {
            Some(arg) => Err(format!("{} needs {}=…", self.name, arg.name)),
            None => Ok(ActionArgs { target, values }),
        }
    }

    fn unknown(&self, name: &str) -> String {
        let known: Vec<&str> = self.args.iter().map(|arg| arg.name.as_ref()).collect();
        if known.is_empty() {
            return format!("{} takes no arguments", self.name);
        }
        format!(
            "{} has no argument \"{}\"; it takes {}",
            self.name,
            super::text::display_safe(name),
            known.join(", ")
        )
    }
}

impl ActsOn {
    /// The input that is needed, for a sentence ("needs a token").
    pub fn wanted(self) -> &'static str {
        match self {
            Self::Session => "a session (--id)",
            Self::Token => "a token (--token -)",
            Self::User => "a user (user=NAME)",
            Self::Nothing => "neither a session nor a token",
        }
    }
}

impl ArgSpec {
    fn check(&self, value: &SecretString) -> Result<(), String> {
        match self.kind {
            ArgKind::Text => Ok(()),
            ArgKind::YesNo if matches!(value.expose_secret(), "yes" | "no") => Ok(()),
            ArgKind::YesNo => Err(format!("{} is yes or no", self.name)),
        }
    }
}

/// The session, token or user that an action is applied to. `Debug` shows no token.
#[derive(Clone, Debug)]
pub enum ActionTarget {
    /// A listed session.
    Session(SessionKey),
    /// A token.
    Token(SecretString),
    /// A person.
    User(Subject),
    /// No target.
    Nothing,
}

impl ActionTarget {
    /// Which kind of target it is.
    pub fn acts_on(&self) -> ActsOn {
        match self {
            Self::Session(_) => ActsOn::Session,
            Self::Token(_) => ActsOn::Token,
            Self::User(_) => ActsOn::User,
            Self::Nothing => ActsOn::Nothing,
        }
    }
}

/// The target and the arguments of one action, made by [`ActionSpec::check`]. `Debug` shows names
/// and no values.
#[derive(Clone)]
pub struct ActionArgs {
    /// The session, token or user that it is applied to.
    pub target: ActionTarget,
    /// The arguments by name, in alphabetical order.
    pub values: BTreeMap<String, SecretString>,
}

impl ActionArgs {
    /// The value of an argument. `None`: it was not given.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(ExposeSecret::expose_secret)
    }

    /// True if this argument was given as `yes`.
    pub fn is_yes(&self, name: &str) -> bool {
        self.get(name) == Some("yes")
    }
}

impl fmt::Debug for ActionArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionArgs")
            .field("target", &self.target)
            .field("values", &self.values.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// The result of an action.
#[derive(Clone, Debug)]
pub struct ActionResult {
    /// The result, as one cleaned sentence without a full stop ("the token is valid").
    pub summary: String,
    /// The outcome for the session. `None`: the action ends none.
    pub outcome: Option<Outcome>,
    /// Details that the server sent.
    pub body: ActionBody,
}

/// The details in the result of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionBody {
    /// Nothing beside the summary.
    Nothing,
    /// Names and values, in the server's order.
    Fields(Vec<(Untrusted, ActionCell)>),
    /// A table.
    Table {
        /// Titles of the columns.
        columns: Vec<Untrusted>,
        /// The rows; each as long as `columns`.
        rows: Vec<Vec<ActionCell>>,
    },
}

/// One value of an answer. `Debug` masks what [`shown`](Self::shown) masks.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ActionCell {
    /// The value as the system writes it, for scripts.
    pub value: Untrusted,
    /// Text shown to people in place of the value: the short name of a session's id. `None`: the
    /// value itself.
    pub label: Option<String>,
    /// How carefully it is handled.
    pub class: CellClass,
}

/// How carefully a value of an answer is handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CellClass {
    /// May be shown anywhere.
    #[default]
    Plain,
    /// Masked wherever it goes.
    Secret,
    /// A secret that the system tells this once, such as that of a session just made: written out for
    /// scripts that ask for whole values, and masked wherever else it goes.
    Once,
}

impl From<Class> for CellClass {
    fn from(class: Class) -> Self {
        match class {
            Class::Plain => Self::Plain,
            Class::Secret => Self::Secret,
        }
    }
}

impl ActionCell {
    /// The cleaned text for people.
    pub fn shown(&self) -> Cow<'_, str> {
        match (self.class, &self.label) {
            (CellClass::Secret | CellClass::Once, _) => Cow::Owned(mask(self.value.expose())),
            (CellClass::Plain, Some(label)) => Cow::Borrowed(label),
            (CellClass::Plain, None) => self.value.safe(),
        }
    }

    /// The text for scripts that may have whole values: the value as it is, unless it must never be
    /// shown.
    pub fn whole(&self) -> Cow<'_, str> {
        match self.class {
            CellClass::Secret => Cow::Owned(mask(self.value.expose())),
            CellClass::Plain | CellClass::Once => Cow::Borrowed(self.value.expose()),
        }
    }
}

impl fmt::Debug for ActionCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cell = f.debug_struct("ActionCell");
        cell.field("class", &self.class);
        cell.field("shown", &self.shown()).finish_non_exhaustive()
    }
}

impl<T: Into<Untrusted>> From<T> for ActionCell {
    fn from(value: T) -> Self {
        Self {
            value: value.into(),
            ..Self::default()
        }
    }
}

impl ActionResult {
    /// A result that is only a sentence.
    pub fn said(summary: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            outcome: None,
            body: ActionBody::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> ActionSpec {
        ActionSpec {
            args: vec![ArgSpec {
                name: "refresh".into(),
                title: "Refresh".into(),
                kind: ArgKind::YesNo,
                secret: false,
                required: true,
            }],
            ..ActionSpec::new("validate", "Validate", "Checks a token.", ActsOn::Token)
        }
    }

    fn token() -> ActionTarget {
        ActionTarget::Token(SecretString::from("tok-5ecret"))
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, SecretString)> {
        list.iter()
            .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)))
            .collect()
    }

    #[test]
    fn pairs_that_do_not_fit_are_refused_with_a_sentence() {
        let cases = [
            (
                ActionTarget::Nothing,
                pairs(&[("refresh", "yes")]),
                "validate needs a token (--token -)",
            ),
            (token(), pairs(&[]), "validate needs refresh=…"),
            (
                token(),
                pairs(&[("refresh", "perhaps")]),
                "refresh is yes or no",
            ),
            (
                token(),
                pairs(&[("refresh", "yes"), ("refresh", "no")]),
                "refresh is given twice",
            ),
            (
                token(),
                pairs(&[("refersh", "yes")]),
                "validate has no argument \"refersh\"; it takes refresh",
            ),
        ];

        for (target, given, expected) in cases {
            let said = spec().check(target, given).unwrap_err();

            assert_eq!(said, expected);
        }
    }

    #[test]
    fn other_pairs_pass_where_the_action_takes_them() {
        let spec = ActionSpec {
            pairs: Some("session properties".into()),
            ..spec()
        };

        let args = spec
            .check(token(), pairs(&[("refresh", "no"), ("mood", "calm")]))
            .unwrap();

        assert_eq!(args.get("mood"), Some("calm"));
        assert!(!args.is_yes("refresh"));
    }

    #[test]
    fn no_value_and_no_token_shows_in_debug() {
        let args = ActionArgs {
            target: token(),
            values: pairs(&[("password", "hunter2")]).into_iter().collect(),
        };

        let shown = format!("{args:?}");

        assert!(shown.contains("password"), "{shown}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("5ecret"),
            "{shown}"
        );
    }

    #[test]
    fn a_secret_told_once_is_whole_for_scripts_only() {
        let cell = ActionCell {
            class: CellClass::Once,
            ..ActionCell::from("5ecret-of-a-new-session")
        };

        assert_eq!(cell.whole(), "5ecret-of-a-new-session");
        assert!(!cell.shown().contains("5ecret-of"), "{}", cell.shown());
        assert!(!format!("{cell:?}").contains("5ecret-of"));
    }

    #[test]
    fn what_the_server_lacks_comes_before_what_the_row_lacks() {
        let row = Session::new(SessionKey::new("k"), "k".into());
        let at = |state| RowContext {
            now: DateTime::UNIX_EPOCH,
            state,
        };
        let mut spec = ActionSpec {
            row: RowRule::new(|_, context| {
                (context.state != State::Expired).then(|| "it has not expired".into())
            }),
            ..spec()
        };

        assert_eq!(
            spec.why_not(&row, &at(State::Active)).as_deref(),
            Some("it has not expired")
        );
        assert_eq!(spec.why_not(&row, &at(State::Expired)), None);
        spec.lacks = Some("this server has no such action".into());
        assert_eq!(
            spec.why_not(&row, &at(State::Active)).as_deref(),
            Some("this server has no such action")
        );
    }
}

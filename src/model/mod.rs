//! Sessions, and the queries that select them. No I/O, no drawing, no network.

pub mod action;
pub mod address;
mod address_class;
pub mod caps;
pub mod confirm;
mod end_plan;
pub mod error;
pub mod exchange;
mod exempt;
pub mod failure;
mod hint;
mod kind_counts;
pub mod page;
pub mod paging;
mod policy;
mod preview;
pub mod query;
pub mod session;
pub mod signin;
pub mod sync;
pub mod text;
pub mod time;
mod user_names;
pub mod way;
mod wiped;

pub use action::{
    ActionArgs, ActionBody, ActionCell, ActionResult, ActionSpec, ActionTarget, ActsOn, ArgKind,
    ArgSpec, CellClass, Confirmation, RowContext, RowRule,
};
pub use address::is_loopback;
pub use address_class::AddressClass;
pub use caps::{Capabilities, ColumnSpec, KindCaps, Kinds, Paging, Revoke, Support, by_word};
pub use end_plan::{EndPlan, EndWay, PlanBasis, RealmPlan, SystemPlan};
pub use error::ApiError;
pub use exchange::Exchange;
pub use exempt::{Exempt, exempt};
pub use failure::{Acted, Code, LimitedBy, SqlState, Unreached};
pub use hint::{Hint, HintRules, Hints, OfOtherRows};
pub use kind_counts::KindCounts;
pub use page::{Completeness, Cursor, Kept, PageEnd, RowRef, RowSink, WalkProgress};
pub use paging::{Brought, Headway, PageRules, ReadKeys, Stuck, told_duplicates, told_unread};
pub use policy::{AuditMode, Policy};
pub use preview::{EndRequest, EndTarget, Preview};
pub use query::{
    AskedBy, Clause, Field, Matcher, NamedBy, Op, Plan, Property, Query, QueryError, RowView,
    Search, Sort, Target, Value,
};
pub use session::{
    Attribute, Bounds, Class, Deletable, Fact, Identity, NO_LASTING_ID, Outcome, Session,
    SessionKey, State, Subject, Thresholds, UserOutcome, state_at,
};
pub use sync::locked;
pub use text::Untrusted;
pub use user_names::{UserNames, UserNamesError};
pub use way::{Way, WayCost};
pub use wiped::{Wipe, Wiped};

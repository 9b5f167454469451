//! Ranges of values that a comparison means.

use super::Op;

/// A range of instants or durations.
#[derive(Clone, Copy, Debug)]
pub(super) enum Span<T> {
    Below(T),
    UpTo(T),
    Exactly(T),
    From(T),
    Above(T),
    /// From the first, up to but without the second.
    Within(T, T),
}

impl<T: PartialOrd> Span<T> {
    /// The range that a comparison with a value means.
    pub(super) fn new(op: Op, value: T) -> Self {
        match op {
            Op::Lt => Self::Below(value),
            Op::Le => Self::UpTo(value),
            Op::Gt => Self::Above(value),
            Op::Ge => Self::From(value),
            Op::Eq | Op::Ne | Op::Match => Self::Exactly(value),
        }
    }

    /// True if the value lies in it.
    pub(super) fn has(&self, value: &T) -> bool {
        match self {
            Self::Below(end) => value < end,
            Self::UpTo(end) => value <= end,
            Self::Exactly(same) => value == same,
            Self::From(start) => value >= start,
            Self::Above(start) => value > start,
            Self::Within(start, end) => start <= value && value < end,
        }
    }
}

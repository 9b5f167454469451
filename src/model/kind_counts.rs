//! How many sessions of each kind there are, so that no number mixes them unsaid.

use std::sync::Arc;

use super::text::{display_safe, with_thousands};

/// How many sessions of each kind, in the order in which the kinds came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KindCounts(Vec<(Option<Arc<str>>, u64)>);

impl KindCounts {
    /// One more of this kind.
    pub fn add(&mut self, kind: Option<&Arc<str>>) {
        self.add_many(kind, 1);
    }

    /// All of the others too.
    pub fn add_all(&mut self, others: &Self) {
        for (kind, count) in &others.0 {
            self.add_many(kind.as_ref(), *count);
        }
    }

    fn add_many(&mut self, kind: Option<&Arc<str>>, more: u64) {
        match self.0.iter_mut().find(|(known, _)| known.as_ref() == kind) {
            Some((_, count)) => *count += more,
            None => self.0.push((kind.cloned(), more)),
        }
    }

    /// These without the others. A kind of which none is left stays, with 0.
    #[must_use]
    pub fn without(mut self, others: &Self) -> Self {
        for (kind, count) in &mut self.0 {
            let other = others.0.iter().find(|(other, _)| other == kind);
            *count = count.saturating_sub(other.map_or(0, |(_, count)| *count));
        }
        self
    }

    /// How many there are of all kinds together.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// True if there are sessions of more than one kind.
    pub fn are_several(&self) -> bool {
        self.0.len() > 1
    }

    /// Each kind with its number. The word is empty for sessions of systems that have one kind only.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        let all = self.0.iter();
        all.map(|(kind, count)| (kind.as_deref().unwrap_or_default(), *count))
    }

    /// "12 web, 3 sql", cleaned. `None`: all are of one kind.
    pub fn words(&self) -> Option<String> {
        let word = |(kind, count): (&str, u64)| {
            let kind = if kind.is_empty() { "other" } else { kind };
            format!("{} {}", with_thousands(count), display_safe(kind))
        };
        let words: Vec<String> = self.iter().map(word).collect();
        self.are_several().then(|| words.join(", "))
    }

    /// " (12 web, 3 sql)", to stand behind a number of all. Empty if all are of one kind.
    pub fn in_brackets(&self) -> String {
        let words = self.words();
        words.map_or_else(String::new, |words| format!(" ({words})"))
    }
}

impl<'a> FromIterator<Option<&'a Arc<str>>> for KindCounts {
    fn from_iter<I: IntoIterator<Item = Option<&'a Arc<str>>>>(kinds: I) -> Self {
        let mut counts = Self::default();
        kinds.into_iter().for_each(|kind| counts.add(kind));
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_its_kinds_only_where_there_are_several() {
        let (web, sql): (Arc<str>, Arc<str>) = ("web".into(), "sql".into());
        let of = |kinds: &[Option<&Arc<str>>]| {
            kinds.iter().copied().collect::<KindCounts>().in_brackets()
        };

        assert_eq!(of(&[]), "");
        assert_eq!(of(&[None, None]), "");
        assert_eq!(of(&[Some(&web), Some(&web)]), "");
        assert_eq!(of(&[Some(&web), Some(&sql), Some(&web)]), " (2 web, 1 sql)");
        assert_eq!(of(&[None, Some(&sql)]), " (1 other, 1 sql)");
        assert_eq!(
            [Some(&web), None]
                .into_iter()
                .collect::<KindCounts>()
                .total(),
            2
        );
    }
}

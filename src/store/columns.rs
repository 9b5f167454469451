//! One field of all rows of a chunk, packed.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::texts::TextId;
use crate::model::Wiped;
use crate::model::query::WordTest;

/// Values of which a row has one or none. Takes no room for the rows after the last that has one.
#[derive(Debug)]
pub(super) struct Sparse<T>(Vec<T>);

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + PartialEq> Sparse<T> {
    fn put(&mut self, row: usize, value: T, none: T) {
        if value != none {
            self.0.resize(row, none);
            self.0.push(value);
        }
    }

    fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }
}

/// Texts by their numbers.
pub(super) type TextIds = Sparse<TextId>;

impl TextIds {
    /// Sets the text of a row; rows come in ascending order.
    pub(super) fn set(&mut self, row: usize, id: TextId) {
        self.put(row, id, TextId::NONE);
    }

    /// The numbers of the texts of the rows, up to the last row that has one.
    pub(super) fn all(&self) -> &[TextId] {
        &self.0
    }

    /// The number of the text of a row.
    pub(super) fn get(&self, row: usize) -> TextId {
        self.0.get(row).copied().unwrap_or(TextId::NONE)
    }

    /// The rows whose text has this number.
    pub(super) fn rows_with(&self, id: TextId) -> Vec<usize> {
        let mut rows = Vec::new();
        for (row, other) in self.0.iter().enumerate() {
            if *other == id {
                rows.push(row);
            }
        }
        rows
    }

    /// All is there: gives back what is not needed.
    pub(super) fn finish(&mut self) {
        self.shrink();
    }
}

/// Moments, to the microsecond.
pub(super) type Times = Sparse<i64>;

impl Times {
    /// Sets the moment of a row; rows come in ascending order.
    pub(super) fn set(&mut self, row: usize, at: Option<DateTime<Utc>>) {
        let micros = at.map_or(i64::MIN, |at| at.timestamp_micros());
        self.put(row, micros, i64::MIN);
    }

    /// The moment of a row.
    pub(super) fn get(&self, row: usize) -> Option<DateTime<Utc>> {
        self.micros(row).and_then(DateTime::from_timestamp_micros)
    }

    /// Microseconds since 1970.
    pub(super) fn micros(&self, row: usize) -> Option<i64> {
        self.0.get(row).copied().filter(|at| *at != i64::MIN)
    }

    /// All is there: gives back what is not needed.
    pub(super) fn finish(&mut self) {
        self.shrink();
    }
}

/// Texts of which most are different, one after the other. Overwritten when they are dropped.
#[derive(Default)]
pub(super) struct Packed {
    text: Wiped<String>,
    ends: Vec<u32>,
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} texts", self.ends.len())
    }
}

impl Packed {
    /// Adds the text of the next row.
    pub(super) fn push(&mut self, text: &str) {
        if self.text.capacity() - self.text.len() < text.len() {
            self.grow(text.len());
        }
        self.text.push_str(text);
        // A page is far below 4 GiB: bodies are limited.
        self.ends.push(self.text.len() as u32);
    }

    /// The rows before this one that have got no text yet have none.
    pub(super) fn fill(&mut self, row: usize) {
        let end = self.text.len() as u32;
        if self.ends.len() < row {
            self.ends.resize(row, end);
        }
    }

    /// Moves the texts to a larger place, and leaves nothing in the old one.
    fn grow(&mut self, more: usize) {
        let room = (self.text.len() * 2).max(self.text.len() + more).max(1_024);
        let mut larger = Wiped::new(String::with_capacity(room));
        larger.push_str(&self.text);
        self.text = larger;
    }

    /// The text of a row; empty for none.
    pub(super) fn get(&self, row: usize) -> &str {
        let start = match row.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or_default(),
            None => 0,
        };
        let end = self.ends.get(row).copied().unwrap_or(start);
        self.text
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// Hands over each row in whose text the word occurs. Texts that need no folding are searched together.
    pub(super) fn each_with(&self, word: WordTest<'_>, mut found: impl FnMut(usize)) {
        if !word.is_found_as_written(&self.text) {
            let rows = 0..self.ends.len();
            rows.filter(|row| word.is_met(self.get(*row)))
                .for_each(found);
            return;
        }
        let (mut at, mut row) = (0, 0);
        while let Some(hit) = word.find(&self.text, at) {
            // Hits come in ascending order, so their rows do, too.
            while self
                .ends
                .get(row)
                .is_some_and(|end| *end as usize <= hit.start)
            {
                row += 1;
            }
            let Some(end) = self.ends.get(row).map(|end| *end as usize) else {
                return;
            };
            // One that reaches into the text of the next row is none.
            at = if hit.end <= end {
                found(row);
                end
            } else {
                hit.start + 1
            };
        }
    }

    /// The texts of all rows, one after the other without anything between.
    pub(super) fn all(&self) -> &str {
        &self.text
    }

    /// All is there: gives back what is not needed.
    pub(super) fn finish(&mut self) {
        if self.text.capacity() > self.text.len() + self.text.len() / 8 {
            let mut exact = Wiped::new(String::with_capacity(self.text.len()));
            exact.push_str(&self.text);
            self.text = exact;
        }
        self.ends.shrink_to_fit();
    }
}

/// The keys of the rows: 16 bytes each where all are UUIDs as they are usually written. Overwritten when
/// they are dropped.
pub(super) enum Keys {
    Uuids(Wiped<Vec<[u8; 16]>>),
    Texts(Packed),
}

/// A key, for comparing.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum KeyView<'a> {
    /// A UUID as it is usually written.
    Uuid([u8; 16]),
    /// Anything else.
    Text(&'a str),
}

impl Default for Keys {
    fn default() -> Self {
        Self::Uuids(Wiped::default())
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// Adds the key of the next row.
    pub(super) fn push(&mut self, key: &str) {
        match self {
            Self::Texts(texts) => texts.push(key),
            Self::Uuids(uuids) => match usual_uuid(key) {
                Some(uuid) if uuids.len() < uuids.capacity() => uuids.push(uuid),
                Some(uuid) => {
                    let room = (uuids.len() * 2).max(64);
                    let mut larger = Wiped::new(Vec::with_capacity(room));
                    larger.extend_from_slice(uuids);
                    larger.push(uuid);
                    *uuids = larger;
                }
                None => {
                    let mut texts = Packed::default();
                    for uuid in uuids.iter() {
                        texts.push(written(uuid, &mut Uuid::encode_buffer()));
                    }
                    texts.push(key);
                    *self = Self::Texts(texts);
                }
            },
        }
    }

    /// The key of a row.
    pub(super) fn get(&self, row: usize) -> Cow<'_, str> {
        match self {
            Self::Texts(texts) => Cow::Borrowed(texts.get(row)),
            Self::Uuids(uuids) => {
                let uuid = uuids.get(row).copied().unwrap_or_default();
                Cow::Owned(written(&uuid, &mut Uuid::encode_buffer()).to_owned())
            }
        }
    }

    /// True if the key of a row passes the test.
    pub(super) fn tests(&self, row: usize, test: impl FnOnce(&str) -> bool) -> bool {
        match self {
            Self::Texts(texts) => test(texts.get(row)),
            Self::Uuids(uuids) => {
                let uuid = uuids.get(row).copied().unwrap_or_default();
                test(written(&uuid, &mut Uuid::encode_buffer()))
            }
        }
    }

    /// Hands over each row whose key begins with the word.
    pub(super) fn each_from(&self, word: WordTest<'_>, found: impl FnMut(usize)) {
        match self {
            Self::Texts(texts) => {
                let rows = 0..texts.ends.len();
                rows.filter(|row| word.begins(texts.get(*row)))
                    .for_each(found);
            }
            Self::Uuids(uuids) => {
                let Some(digits) = uuid_digits(word.folded()) else {
                    return;
                };
                let digit = |uuid: &[u8; 16], at: usize| match at % 2 {
                    0 => uuid[at / 2] >> 4,
                    _ => uuid[at / 2] & 0xf,
                };
                let begins = |uuid: &[u8; 16]| {
                    let mut all = digits.iter().enumerate();
                    all.all(|(at, wanted)| digit(uuid, at) == *wanted)
                };
                let rows = uuids.iter().enumerate();
                let those = rows.filter(|(_, uuid)| begins(uuid)).map(|(row, _)| row);
                those.for_each(found);
            }
        }
    }

    /// The key of a row, for comparing: the same key looks the same, however it is kept.
    pub(super) fn view(&self, row: usize) -> KeyView<'_> {
        match self {
            Self::Uuids(uuids) => KeyView::Uuid(uuids.get(row).copied().unwrap_or_default()),
            Self::Texts(texts) => {
                let text = texts.get(row);
                usual_uuid(text).map_or(KeyView::Text(text), KeyView::Uuid)
            }
        }
    }

    /// The first row from `first` on with this key.
    pub(super) fn find(&self, first: usize, key: &str) -> Option<usize> {
        match self {
            Self::Uuids(uuids) => {
                let wanted = usual_uuid(key)?;
                let found = uuids.iter().skip(first).position(|uuid| *uuid == wanted);
                found.map(|found| first + found)
            }
            Self::Texts(texts) => (first..texts.ends.len()).find(|row| texts.get(*row) == key),
        }
    }

    /// All is there: gives back what is not needed.
    pub(super) fn finish(&mut self) {
        match self {
            Self::Uuids(uuids) if uuids.capacity() > uuids.len() + uuids.len() / 8 => {
                *uuids = Wiped::new(uuids.as_slice().to_vec());
            }
            Self::Uuids(_) => {}
            Self::Texts(texts) => texts.finish(),
        }
    }
}

/// The bytes of a UUID in lower case with hyphens. `None`: it is written in another way, or is none.
fn usual_uuid(text: &str) -> Option<[u8; 16]> {
    // No other form of this length is read.
    let is_usual = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    let uuid = Uuid::try_parse(text).ok().filter(|_| is_usual)?;
    Some(uuid.into_bytes())
}

/// The digits with which a UUID begins that begins like this text. `None`: none does.
fn uuid_digits(start: &str) -> Option<Vec<u8>> {
    const LENGTH: usize = 36;
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    let mut digits = Vec::with_capacity(start.len());
    for (at, letter) in start.chars().enumerate() {
        match letter {
            '-' if HYPHENS.contains(&at) => {}
            '0'..='9' | 'a'..='f' if at < LENGTH && !HYPHENS.contains(&at) => {
                digits.push(letter.to_digit(16)? as u8);
            }
            _ => return None,
        }
    }
    Some(digits)
}

fn written<'a>(uuid: &[u8; 16], buffer: &'a mut [u8]) -> &'a str {
    Uuid::from_bytes(*uuid).hyphenated().encode_lower(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Thresholds;
    use crate::model::query::{Clause, Matcher};
    use crate::model::time::Zone;

    fn matcher(word: &str) -> Matcher {
        let clause = Clause::word(word);
        let now = DateTime::UNIX_EPOCH;
        Matcher::new(&[clause], now, Zone::Utc, Thresholds::default()).expect("a word")
    }

    const UUID: &str = "67e55044-10b1-426f-9247-bb680e5fe0c8";

    #[test]
    fn keys_come_out_as_they_went_in_whatever_they_are() {
        let others = [
            "",
            "7",
            "67E55044-10B1-426F-9247-BB680E5FE0C8",
            "67e5504410b1426f9247bb680e5fe0c8",
        ];
        for other in others {
            let mut keys = Keys::default();
            for key in [UUID, other, UUID] {
                keys.push(key);
            }
            keys.finish();

            assert_eq!([0, 1, 2].map(|row| keys.get(row)), [UUID, other, UUID]);
            assert_eq!(keys.find(1, UUID), Some(2));
            assert_eq!(keys.find(0, other), Some(1));
            assert_eq!(keys.find(2, other), None);
        }
    }

    #[test]
    fn rows_whose_key_begins_with_a_word_are_found_as_in_the_text_of_the_key() {
        let words = [
            "67e5",
            "67E5",
            "67e55044-",
            "67e550441",
            "67e55044-10b1-4",
            UUID,
            "7",
            "x",
            "",
            "-",
            "67e5504g",
            "67e55044-10b1-426f-9247-bb680e5fe0c80",
        ];
        for other in ["67e50000-10b1-426f-9247-bb680e5fe0c8", "no uuid 67e5"] {
            let mut keys = Keys::default();
            keys.push(UUID);
            keys.push(other);
            for text in words {
                let matcher = matcher(text);
                let Some(word) = matcher.words().next() else {
                    continue;
                };
                let mut found = Vec::new();
                keys.each_from(word, |row| found.push(row));
                let wanted = (0..2).filter(|row| word.begins(&keys.get(*row)));
                assert_eq!(found, wanted.collect::<Vec<_>>(), "{text} {other}");
            }
        }
    }

    #[test]
    fn a_word_is_found_in_the_texts_of_rows_and_not_across_two() {
        for text in ["1", "11", "0.1", "1.1", "a", "A", "ü", "abc"] {
            for rows in [
                vec!["10.0.0.1", "1", "", "1.1", "11", "101.0.1"],
                vec!["1", "11", "1", "", "", "1"],
                vec!["ab", "c", "abcabc", "ABC", "xa"],
                vec!["ü", "Ü", "ab", "c"],
                vec![],
            ] {
                let mut texts = Packed::default();
                for text in &rows {
                    texts.push(text);
                }
                let matcher = matcher(text);
                let word = matcher.words().next().expect("a word");

                let mut found = Vec::new();
                texts.each_with(word, |row| found.push(row));

                let wanted = (0..rows.len()).filter(|row| word.is_met(rows[*row]));
                assert_eq!(found, wanted.collect::<Vec<_>>(), "{text} {rows:?}");
            }
        }
    }

    #[test]
    fn uuids_stay_short() {
        let mut keys = Keys::default();
        keys.push(UUID);
        keys.push(UUID);

        assert!(matches!(&keys, Keys::Uuids(_)));
        assert_eq!(keys.get(1), UUID);
        assert_eq!(keys.find(0, "7"), None);
    }

    #[test]
    fn rows_without_a_value_need_no_place() {
        let mut times = Times::default();
        let at = DateTime::from_timestamp_micros(7);
        for (row, value) in [None, at, None, None].into_iter().enumerate() {
            times.set(row, value);
        }

        assert_eq!(
            [0, 1, 2, 3].map(|row| times.get(row)),
            [None, at, None, None]
        );
        assert_eq!(times.0.len(), 2);
    }

    #[test]
    fn packed_texts_are_those_that_were_put_in() {
        let mut texts = Packed::default();
        let long = "ü".repeat(3_000);
        for text in ["a", "", &long, "b"] {
            texts.push(text);
        }
        texts.finish();

        assert_eq!(
            [0, 1, 2, 3, 4].map(|row| texts.get(row)),
            ["a", "", &long, "b", ""]
        );
    }
}

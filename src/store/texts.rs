//! The distinct texts of a result set, each kept once.

use std::sync::Mutex;

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

use crate::model::{Untrusted, locked};

/// The number of a text among [`Texts`]: equal numbers are equal texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct TextId(u32);

impl TextId {
    /// The place of a row that has no text.
    pub(super) const NONE: Self = Self(u32::MAX);

    /// The number, from 0 on without gaps. `None`: there is no text.
    pub(super) fn number(self) -> Option<usize> {
        (self != Self::NONE).then_some(self.0 as usize)
    }
}

/// The distinct texts of the rows that one reading brings. Reading a text waits for nobody.
#[derive(Debug, Default)]
pub struct Texts {
    list: boxcar::Vec<Untrusted>,
    numbers: Mutex<HashTable<u32>>,
    hasher: DefaultHashBuilder,
}

impl Texts {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.list.count()
    }

    /// The text of this number.
    pub(super) fn get(&self, id: TextId) -> Option<&Untrusted> {
        self.numbered(id.number()?)
    }

    /// The text of this number.
    pub(super) fn numbered(&self, number: usize) -> Option<&Untrusted> {
        self.list.get(number)
    }

    /// The numbers of these texts (`None`: no text); each is added if it is new. `true` beside a text: it
    /// is a JSON value other than a string.
    pub(super) fn add<const N: usize>(&self, texts: [(Option<&str>, bool); N]) -> [TextId; N] {
        let mut numbers = locked(&self.numbers);
        texts.map(|(text, is_json)| match text {
            Some(text) => self.number(&mut numbers, text, is_json),
            None => TextId::NONE,
        })
    }

    fn number(&self, numbers: &mut HashTable<u32>, text: &str, is_json: bool) -> TextId {
        let same = |number: &u32| {
            let known = self.list.get(*number as usize);
            known.is_some_and(|known| known.expose() == text && known.is_json() == is_json)
        };
        let hash = self.hasher.hash_one(text);
        if let Some(number) = numbers.find(hash, same) {
            return TextId(*number);
        }
        let text = if is_json {
            Untrusted::json(text)
        } else {
            Untrusted::from(text)
        };
        // Rows are fewer than 2^32, and so are texts; the highest number stands for none.
        let number = self.list.push(text) as u32;
        numbers.insert_unique(hash, number, |number| {
            let known = self.list.get(*number as usize);
            self.hasher.hash_one(known.map_or("", Untrusted::expose))
        });
        TextId(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_and_a_json_value_is_another_text() {
        let texts = Texts::default();

        let [one, two, json, none] = texts.add([
            (Some("7"), false),
            (Some("8"), false),
            (Some("7"), true),
            (None, false),
        ]);
        let [again, json_again] = texts.add([(Some("7"), false), (Some("7"), true)]);

        assert_eq!((one, json), (again, json_again));
        assert_ne!(one, json);
        assert_ne!(one, two);
        assert_eq!(texts.len(), 3);
        assert_eq!(texts.get(json).map(Untrusted::is_json), Some(true));
        assert_eq!(texts.get(none), None);
    }

    #[test]
    fn many_texts_are_found_again() {
        let texts = Texts::default();
        let name = |number: u32| format!("user{number}");
        let ids: Vec<TextId> = (0..10_000)
            .flat_map(|number| texts.add([(Some(&name(number)), false)]))
            .collect();

        for (number, id) in (0_u32..).zip(ids) {
            assert_eq!(texts.add([(Some(&name(number)), false)]), [id]);
            let text = texts.get(id).map(Untrusted::expose);
            assert_eq!(text, Some(name(number).as_str()));
        }
    }
}

//! Where the values of a JSON text stand: it is gone through once, and each value is found again without
//! another search.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::value::RawValue;

use super::loose::{Json, text};
use crate::model::text::Eight;

/// A JSON text that is well-formed, with the places of all its names and values.
#[derive(Debug)]
pub(in crate::api) struct Outline<'a> {
    written: &'a str,
    /// In their order; of an object first itself, then each name in front of its value.
    marks: Vec<Mark>,
}

/// A name or a value.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Its first byte.
    start: u32,
    /// The byte behind it.
    end: u32,
    /// So many marks behind it belong to what is in it.
    inside: u32,
    kind: Kind,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// A text in which something is written as an escape.
    WithEscapes,
    Object,
    List,
    /// A number, `true`, `false` or `null`.
    Bare,
}

/// A value in an outline.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct Value<'o, 'a> {
    outline: &'o Outline<'a>,
    /// That of its mark.
    place: usize,
}

/// Values that stand behind each other: those of a list, or the names and values of an object in turn.
struct Values<'o, 'a> {
    outline: &'o Outline<'a>,
    /// The places of their marks, with those of what is in them.
    places: Range<usize>,
}

/// The names and values of an object, in their order.
pub(in crate::api) struct Pairs<'o, 'a>(Values<'o, 'a>);

impl<'a> Outline<'a> {
    /// Goes through a JSON text. `None`: it is not well-formed, or longer than 4 GiB.
    pub(in crate::api) fn of(written: &'a str) -> Option<Self> {
        u32::try_from(written.len()).ok()?;
        let mut reader = Reader {
            written,
            at: 0,
            marks: Vec::with_capacity(written.len() / 16 + 1),
        };
        reader.values()?;
        Some(Self {
            written,
            marks: reader.marks,
        })
    }

    /// The value that the whole text is.
    pub(in crate::api) fn value(&self) -> Value<'_, 'a> {
        Value {
            outline: self,
            place: 0,
        }
    }
}

impl<'o, 'a> Value<'o, 'a> {
    #[inline]
    fn mark(self) -> &'o Mark {
        &self.outline.marks[self.place]
    }

    /// As it was written, without so many bytes at each end.
    #[inline]
    fn written(self, without: usize) -> &'a str {
        let (start, end) = (self.mark().start as usize, self.mark().end as usize);
        let written = self.outline.written.get(start + without..end - without);
        written.unwrap_or_default()
    }

    /// For itself.
    #[inline]
    pub(in crate::api) fn json(self) -> Json<'a> {
        Json::new(self.written(0), self.mark().kind == Kind::WithEscapes)
    }

    /// As [`text`] reads it.
    #[inline]
    pub(in crate::api) fn text(self) -> Option<Cow<'a, str>> {
        match self.mark().kind {
            Kind::Text => Some(self.written(1))
                .filter(|text| !text.is_empty())
                .map(Cow::Borrowed),
            _ => text(self.json()),
        }
    }

    fn values(self) -> Values<'o, 'a> {
        let start = self.place + 1;
        Values {
            outline: self.outline,
            places: start..start + self.mark().inside as usize,
        }
    }

    /// The names and values of the object that it is. `None`: it is something else.
    pub(in crate::api) fn pairs(self) -> Option<Pairs<'o, 'a>> {
        let is_object = self.mark().kind == Kind::Object;
        is_object.then(|| Pairs(self.values()))
    }

    /// The values of the list that it is. `None`: it is something else.
    pub(in crate::api) fn list(self) -> Option<impl Iterator<Item = Value<'o, 'a>>> {
        let is_list = self.mark().kind == Kind::List;
        is_list.then(|| self.values())
    }
}

impl<'o, 'a> Iterator for Values<'o, 'a> {
    type Item = Value<'o, 'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'o, 'a>> {
        let place = self.places.next()?;
        let value = Value {
            outline: self.outline,
            place,
        };
        self.places.start += value.mark().inside as usize;
        Some(value)
    }
}

impl<'o, 'a> Iterator for Pairs<'o, 'a> {
    type Item = (Cow<'a, str>, Value<'o, 'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let name = self.0.next()?.text().unwrap_or_default();
        Some((name, self.0.next()?))
    }
}

/// Goes through a text.
struct Reader<'a> {
    written: &'a str,
    at: usize,
    marks: Vec<Mark>,
}

impl Reader<'_> {
    /// The whole text: one value, with all that is in it.
    fn values(&mut self) -> Option<()> {
        // Objects and lists that have not ended: the place of the mark, and the sign that began it.
        let mut open: Vec<(usize, u8)> = Vec::new();
        let mut is_name = false;
        loop {
            match self.byte()? {
                b'"' => self.string()?,
                _ if is_name => return None,
                sign @ (b'{' | b'[') => {
                    open.push((self.marks.len(), sign));
                    let kind = if sign == b'{' {
                        Kind::Object
                    } else {
                        Kind::List
                    };
                    self.mark(self.at, self.at, kind);
                    self.at += 1;
                    // The sign that ends it has the code of the one that begins it and two more.
                    if self.byte()? != sign + 2 {
                        is_name = sign == b'{';
                        continue;
                    }
                }
                _ => self.bare()?,
            }
            if is_name {
                let colon = self.byte()?;
                self.at += 1;
                is_name = false;
                if colon != b':' {
                    return None;
                }
                continue;
            }
            // What comes behind a value: the end of what it is in, perhaps of more, or the next one.
            loop {
                let Some((place, sign)) = open.last().copied() else {
                    return self.byte().is_none().then_some(());
                };
                let found = self.byte()?;
                self.at += 1;
                if found == b',' {
                    is_name = sign == b'{';
                    break;
                }
                if found != sign + 2 {
                    return None;
                }
                let inside = self.marks.len() - place - 1;
                let mark = self.marks.get_mut(place)?;
                (mark.end, mark.inside) = (self.at as u32, inside as u32);
                open.pop();
            }
        }
    }

    /// The next byte that is no blank; it is not taken.
    #[inline]
    fn byte(&mut self) -> Option<u8> {
        loop {
            let byte = *self.written.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    #[inline]
    fn mark(&mut self, start: usize, end: usize, kind: Kind) {
        // The length of the text fits: it was looked at first.
        self.marks.push(Mark {
            start: start as u32,
            end: end as u32,
            inside: 0,
            kind,
        });
    }

    /// A text in quotes, whose first one comes next.
    #[inline]
    fn string(&mut self) -> Option<()> {
        let start = self.at;
        let (end, has_escapes) = end_of_string(self.written.as_bytes(), start)?;
        self.at = end;
        if has_escapes {
            self.mark(start, end, Kind::WithEscapes);
            return self.is_good(start);
        }
        self.mark(start, end, Kind::Text);
        Some(())
    }

    /// A number, `true`, `false` or `null`.
    fn bare(&mut self) -> Option<()> {
        let start = self.at;
        let rest = self.written.as_bytes().get(start..)?;
        let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
        let length = rest.iter().position(is_end).unwrap_or(rest.len());
        self.at += length;
        self.mark(start, self.at, Kind::Bare);
        match rest.get(..length)? {
            b"true" | b"false" | b"null" | [b'0'..=b'9'] => Some(()),
            [b'1'..=b'9', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Some(()),
            _ => self.is_good(start),
        }
    }

    /// Leaves it to the library to say whether what was just read is good JSON.
    #[cold]
    fn is_good(&self, start: usize) -> Option<()> {
        let value = self.written.get(start..self.at)?;
        serde_json::from_str::<&RawValue>(value).ok().map(drop)
    }
}

/// Where the text in quotes ends that begins here, and whether it has escapes. Whether they are good ones is not
/// looked at.
fn end_of_string(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
    let (mut at, mut has_escapes) = (start + 1, false);
    loop {
        at += stop(bytes.get(at..)?);
        match bytes.get(at)? {
            b'"' => return Some((at + 1, has_escapes)),
            b'\\' => (at, has_escapes) = (at + 2, true),
            _ => return None,
        }
    }
}

/// Where a text in quotes ends, or something in it must be looked at. Most are so short that to begin a search
/// by vectors would take longer.
#[inline]
fn stop(rest: &[u8]) -> usize {
    let (blocks, few) = rest.as_chunks();
    for (place, block) in blocks.iter().enumerate() {
        if let Some(found) = Eight::of(block).stop() {
            return place * 8 + found;
        }
    }
    let is_stop = |byte: &u8| *byte < b' ' || matches!(byte, b'"' | b'\\');
    blocks.len() * 8 + few.iter().position(is_stop).unwrap_or(few.len())
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use proptest::prelude::*;
    use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

    use super::*;

    /// All values in it, each with its place in what it is in.
    fn all(value: Value<'_, '_>, path: &str, out: &mut Vec<String>) {
        out.push(format!("{path} {}", value.json().get()));
        for (name, inner) in value.pairs().into_iter().flatten() {
            all(inner, &format!("{path}/{name}"), out);
        }
        for (place, inner) in value.list().into_iter().flatten().enumerate() {
            all(inner, &format!("{path}/{place}"), out);
        }
    }

    /// The names and values of an object as the library finds them.
    struct ByLibrary<'a>(Vec<(String, &'a RawValue)>);

    impl<'de: 'a, 'a> Deserialize<'de> for ByLibrary<'a> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Entries;
            impl<'de> Visitor<'de> for Entries {
                type Value = ByLibrary<'de>;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                    let mut all = Vec::new();
                    while let Some(entry) = map.next_entry()? {
                        all.push(entry);
                    }
                    Ok(ByLibrary(all))
                }
            }
            deserializer.deserialize_map(Entries)
        }
    }

    /// The same as the library finds them.
    fn all_by_library(raw: &RawValue, path: &str, out: &mut Vec<String>) {
        out.push(format!("{path} {}", raw.get()));
        if raw.get().starts_with('{') {
            let ByLibrary(pairs) = serde_json::from_str(raw.get()).unwrap();
            for (name, inner) in pairs {
                all_by_library(inner, &format!("{path}/{name}"), out);
            }
        }
        if raw.get().starts_with('[') {
            let list: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap();
            for (place, inner) in list.into_iter().enumerate() {
                all_by_library(inner, &format!("{path}/{place}"), out);
            }
        }
    }

    fn is_read_alike(written: &str) {
        let outline = Outline::of(written);
        let library = serde_json::from_str::<&RawValue>(written);
        assert_eq!(outline.is_some(), library.is_ok(), "{written}");
        if let (Some(outline), Ok(raw)) = (outline, library) {
            let (mut found, mut expected) = (Vec::new(), Vec::new());
            all(outline.value(), "", &mut found);
            all_by_library(raw, "", &mut expected);
            assert_eq!(found, expected);
        }
    }

    /// JSON, and what is nearly JSON.
    fn nearly_json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,2})?([eE][+-]?[0-9])?",
            "\"[ -!#-\\[\\]-~\u{e9}\u{1f600}]{0,20}\"",
            r#""(\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}|[a-z]){0,9}""#,
        ];
        let value = leaf.prop_recursive(4, 40, 5, |inner| {
            let pairs = prop::collection::vec(("[ \n]?\"[a-c]{0,9}\"[ \t]?", inner.clone()), 0..5);
            prop_oneof![
                prop::collection::vec(inner, 0..5).prop_map(|all| format!("[{}]", all.join(", "))),
                pairs.prop_map(|all| {
                    let all = all.iter().map(|(name, value)| format!("{name}:{value}"));
                    format!("{{{}}}", all.collect::<Vec<_>>().join(","))
                }),
            ]
        });
        let change = prop::option::of((
            any::<prop::sample::Index>(),
            "[]\\[{}\",:\\\\ 0-9eE.tn\u{1}-]?",
        ));
        (value, change).prop_map(|(value, change)| {
            let Some((at, with)) = change else {
                return value;
            };
            let mut letters: Vec<String> = value.chars().map(String::from).collect();
            let at = at.index(letters.len());
            letters[at] = with;
            letters.concat()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_text_is_read_as_the_library_reads_it(written in nearly_json()) {
            is_read_alike(&written);
        }
    }

    #[test]
    fn what_is_no_json_has_no_outline_and_what_is_has_one() {
        for written in [
            "",
            " ",
            "{",
            "[",
            "]",
            "{]",
            "[}",
            "{}",
            "[]",
            " [ ] ",
            "[,]",
            "[1,]",
            "{,}",
            "[1 2]",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{"a" 1}"#,
            r#"{"a",1}"#,
            r"{1:2}",
            r"{:1}",
            r#""a"#,
            r#""a\"#,
            r#""a\""#,
            r#""a\u12"#,
            r#""\ud800""#,
            r#""\x""#,
            "\"a\u{7f}\"",
            "\"a\nb\"",
            "01",
            "-",
            "-0",
            "1.",
            "1.5",
            "1e",
            "1e9",
            "+1",
            ".5",
            "nul",
            "nulll",
            "True",
            "NaN",
            "1 1",
            "{} {}",
            "[[[[]]]]",
            r#"[{"a":[{"b":[]}]},{}]"#,
            "\u{feff}1",
            "\"\u{85}\"",
            "[1]]",
            r#"{"a":1}}"#,
            "'a'",
        ] {
            is_read_alike(written);
        }
    }

    #[test]
    fn a_long_nest_is_read_to_its_end() {
        is_read_alike(&"[".repeat(1_000));
        let (begin, end) = ("[".repeat(100_000), "]".repeat(100_000));
        assert!(Outline::of(&format!("{begin}{end}")).is_some());
    }
}

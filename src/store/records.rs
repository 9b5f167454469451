//! What the columns do not hold of each row: the record as the server sent it, and its attributes. Packed
//! in compressed blocks.
//!
//! A value that stands in the record as it is costs only its place there.

use std::cell::RefCell;

use serde_json::value::RawValue;
use zstd::bulk::{Compressor, Decompressor};

use crate::model::{Attribute, Class, RowRef};

/// A block is closed when it holds so many bytes: enough to compress well, little enough to be opened
/// for one row.
const BLOCK: usize = 64 * 1024;

/// The records of the rows of a chunk.
#[derive(Default)]
pub(super) struct Records {
    blocks: Vec<Block>,
    /// Of the block that is being filled.
    open: Vec<u8>,
    /// The first row of the block that is being filled.
    first: usize,
    rows: usize,
}

/// The quickest level: a higher one saves next to nothing in blocks of this size.
const LEVEL: i32 = 1;

thread_local! {
    /// Its tables are larger than a block, so that they are made once.
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

fn packed(plain: &[u8]) -> Box<[u8]> {
    PACKER.with_borrow_mut(|packer| {
        if packer.is_none() {
            *packer = Compressor::new(LEVEL).ok();
        }
        let packed = packer
            .as_mut()
            .and_then(|packer| packer.compress(plain).ok());
        // It fails only where there is no memory.
        packed.unwrap_or_default().into()
    })
}

/// A block that was unpacked.
#[derive(Default)]
pub(super) struct OpenBlock {
    /// Which one, from 1. `0`: none.
    number: usize,
    plain: Vec<u8>,
}

struct Block {
    first: usize,
    plain: usize,
    packed: Box<[u8]>,
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} records", self.rows)
    }
}

/// A record with its attributes, unpacked.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) raw: Option<Box<RawValue>>,
    pub(super) extra: Vec<Attribute>,
}

impl Records {
    /// Adds the record of the next row.
    pub(super) fn push(&mut self, row: &RowRef<'_>) {
        let raw = row.raw.unwrap_or_default();
        let start = self.open.len();
        // The length, once it is known.
        self.open.extend([0; 4]);
        put_text(&mut self.open, raw);
        put_number(&mut self.open, row.extra.len());
        let mut last = 0;
        for (name, value, class) in &row.extra {
            put_piece(&mut self.open, raw, name, &mut last);
            put_piece(&mut self.open, raw, value, &mut last);
            self.open.push(u8::from(*class == Class::Secret));
        }
        let len = self.open.len() - start - 4;
        if let Some(place) = self.open.get_mut(start..start + 4) {
            // Bodies are limited to far less than 4 GiB.
            place.copy_from_slice(&(len as u32).to_le_bytes());
        }
        self.rows += 1;
        if self.open.len() >= BLOCK {
            self.close();
        }
    }

    fn close(&mut self) {
        if self.open.is_empty() {
            return;
        }
        self.blocks.push(Block {
            first: self.first,
            plain: self.open.len(),
            packed: packed(&self.open),
        });
        self.open.clear();
        self.first = self.rows;
    }

    /// All is there: packs the rest.
    pub(super) fn finish(&mut self) {
        self.close();
        self.open = Vec::new();
        self.blocks.shrink_to_fit();
    }

    /// The record of one row. Unpacks the block in which it is.
    pub(super) fn get(&self, row: usize) -> Record {
        self.bytes_from(&mut OpenBlock::default(), row)
            .and_then(record)
            .unwrap_or_default()
    }

    /// The record of one row as it is kept, for [`record`]. The block stays open for the rows beside it; it
    /// must be one of these records, or empty. `None`: the row has none.
    pub(super) fn bytes_from<'a>(&self, open: &'a mut OpenBlock, row: usize) -> Option<&'a [u8]> {
        let number = self.blocks.partition_point(|block| block.first <= row);
        let block = self.blocks.get(number.checked_sub(1)?)?;
        if open.number != number {
            *open = OpenBlock {
                number,
                plain: block.plain(),
            };
        }
        Parts(&open.plain).nth(row - block.first)
    }

    /// Looks at the attributes of all rows, in order: of each its number, and the attributes in turn.
    pub(super) fn each(&self, mut look: impl FnMut(usize, &mut dyn Iterator<Item = Named<'_>>)) {
        for block in &self.blocks {
            let plain = block.plain();
            for (row, bytes) in (block.first..).zip(Parts(&plain)) {
                match Attributes::of(bytes) {
                    Some(mut attributes) => look(row, &mut attributes),
                    None => look(row, &mut std::iter::empty()),
                }
            }
        }
    }
}

impl Block {
    fn plain(&self) -> Vec<u8> {
        UNPACKER.with_borrow_mut(|unpacker| {
            if unpacker.is_none() {
                *unpacker = Decompressor::new().ok();
            }
            let unpacker = unpacker.as_mut();
            let plain = unpacker.and_then(|it| it.decompress(&self.packed, self.plain).ok());
            // It was packed by us, in this process.
            plain.unwrap_or_default()
        })
    }
}

/// An attribute inside its record.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) class: Class,
}

impl<'a> Named<'a> {
    /// The value. `None`: it must be masked.
    pub(super) fn plain(&self) -> Option<&'a str> {
        (self.class == Class::Plain).then_some(self.value)
    }
}

/// The records of an unpacked block.
struct Parts<'a>(&'a [u8]);

impl<'a> Iterator for Parts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (len, rest) = self.0.split_first_chunk()?;
        let (one, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        self.0 = rest;
        Some(one)
    }
}

/// The attributes of one record.
struct Attributes<'a> {
    raw: &'a str,
    rest: &'a [u8],
    left: usize,
    last: usize,
}

impl<'a> Attributes<'a> {
    fn of(mut bytes: &'a [u8]) -> Option<Self> {
        let raw = take_text(&mut bytes)?;
        let left = take_number(&mut bytes)?;
        Some(Self {
            raw,
            rest: bytes,
            left,
            last: 0,
        })
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Named<'a>;

    fn next(&mut self) -> Option<Named<'a>> {
        self.left = self.left.checked_sub(1)?;
        let name = take_piece(&mut self.rest, self.raw, &mut self.last)?;
        let value = take_piece(&mut self.rest, self.raw, &mut self.last)?;
        let (class, rest) = self.rest.split_first()?;
        self.rest = rest;
        let class = if *class == 0 {
            Class::Plain
        } else {
            Class::Secret
        };
        Some(Named { name, value, class })
    }
}

/// A record from the bytes in which it is kept.
pub(super) fn record(bytes: &[u8]) -> Option<Record> {
    let attributes = Attributes::of(bytes)?;
    let raw = attributes.raw.to_owned();
    Some(Record {
        extra: attributes
            .map(|one| Attribute {
                name: one.name.into(),
                value: one.value.into(),
                class: one.class,
            })
            .collect(),
        raw: RawValue::from_string(raw).ok(),
    })
}

/// Writes a text of an attribute: as its place in the record where it was borrowed from there, else as it
/// is. `last`: where the piece before ended.
fn put_piece(out: &mut Vec<u8>, raw: &str, text: &str, last: &mut usize) {
    match place_in(raw, text) {
        // Names and values follow each other, so that the distance is the same few numbers each time.
        Some(at) if at >= *last => {
            put_number(out, ((at - *last) << 1) | 1);
            put_number(out, text.len());
            *last = at + text.len();
        }
        _ => {
            put_number(out, text.len() << 1);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// Where a text stands in the record that it was borrowed from. `None`: it was not.
fn place_in(raw: &str, text: &str) -> Option<usize> {
    let at = (text.as_ptr() as usize).checked_sub(raw.as_ptr() as usize)?;
    // The same place in memory, and so the same text.
    let there = raw.get(at..at.checked_add(text.len())?)?;
    std::ptr::eq(there, text).then_some(at)
}

fn take_piece<'a>(bytes: &mut &'a [u8], raw: &'a str, last: &mut usize) -> Option<&'a str> {
    let head = take_number(bytes)?;
    if head & 1 == 0 {
        return take(bytes, head >> 1);
    }
    let at = *last + (head >> 1);
    let end = at + take_number(bytes)?;
    *last = end;
    raw.get(at..end)
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn take_text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    let len = take_number(bytes)?;
    take(bytes, len)
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a str> {
    let (text, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    std::str::from_utf8(text).ok()
}

/// Seven bits a byte, the lowest first; the highest bit of a byte says that another follows.
fn put_number(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    for shift in (0..usize::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn back(records: &Records, row: usize) -> (Option<String>, Vec<(String, String, Class)>) {
        let record = records.get(row);
        let extra = record.extra.iter().map(|one| {
            let (name, value) = (one.name.expose(), one.value.expose());
            (name.to_owned(), value.to_owned(), one.class)
        });
        (record.raw.map(|raw| raw.get().to_owned()), extra.collect())
    }

    #[test]
    fn a_value_that_stands_in_the_record_costs_only_its_place() {
        let raw = r#"{"acr":"otp","note":"a long text that is written once only"}"#;
        let mut row = RowRef::new("k", "k");
        row.raw = Some(raw);
        let mut records = Records::default();
        records.push(&row);
        let without = records.open.len();
        row.extra = vec![
            (raw[2..5].into(), raw[8..11].into(), Class::Plain),
            (raw[14..18].into(), raw[21..57].into(), Class::Secret),
        ];
        records.push(&row);

        assert_eq!(records.open.len() - 2 * without, 2 * (4 + 1));
        records.finish();
        let (text, extra) = back(&records, 1);
        assert_eq!(text.as_deref(), Some(raw));
        assert_eq!(extra[0], ("acr".into(), "otp".into(), Class::Plain));
        assert_eq!(extra[1].1, raw[21..57]);
        assert_eq!(back(&records, 0).1, []);
        assert_eq!(back(&records, 2).0, None);
    }

    /// Any text of so many characters at most. A pattern would be read anew for each of them.
    fn text(most: usize) -> impl Strategy<Value = String> {
        prop::collection::vec(any::<char>(), 0..=most).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn records_come_out_as_they_went_in(
            rows in prop::collection::vec(
                (prop::option::of(text(32)), prop::collection::vec((text(32), text(400), any::<bool>()), 0..9)),
                0..300,
            ),
        ) {
            let class = |secret| if secret { Class::Secret } else { Class::Plain };
            let raws: Vec<Option<Box<RawValue>>> = rows
                .iter()
                .map(|(raw, _)| raw.as_ref().map(|raw| serde_json::value::to_raw_value(raw).unwrap()))
                .collect();
            let mut records = Records::default();
            for ((_, extra), raw) in rows.iter().zip(&raws) {
                let mut row = RowRef::new("k", "k");
                row.raw = raw.as_deref().map(RawValue::get);
                row.extra = extra
                    .iter()
                    .map(|(name, value, secret)| (name.into(), value.into(), class(*secret)))
                    .collect();
                records.push(&row);
            }
            records.finish();

            let mut seen = 0;
            records.each(|row, attributes| {
                assert_eq!(row, seen);
                seen += 1;
                assert_eq!(attributes.count(), rows[row].1.len());
            });
            prop_assert_eq!(seen, rows.len());
            for (row, ((_, extra), raw)) in rows.iter().zip(&raws).enumerate() {
                let (text, found) = back(&records, row);
                prop_assert_eq!(text.as_deref(), raw.as_deref().map(RawValue::get));
                let extra: Vec<_> = extra
                    .iter()
                    .map(|(name, value, secret)| (name.clone(), value.clone(), class(*secret)))
                    .collect();
                prop_assert_eq!(found, extra);
            }
        }
    }
}

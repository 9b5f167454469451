//! Eight bytes of a text compared at once: a text is mostly looked through to find that nothing is in it.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = ONES << 7;

/// Eight bytes.
#[derive(Clone, Copy, Debug)]
pub struct Eight(u64);

impl Eight {
    /// True if this is true of all bytes of a text, whichever eight of them are looked at together. Some may be
    /// looked at twice.
    #[inline]
    pub fn all(bytes: &[u8], is_true: impl Fn(Self) -> bool) -> bool {
        let (blocks, rest) = bytes.as_chunks();
        let last = match (rest, bytes.last_chunk()) {
            ([], _) => None,
            (_, Some(last)) => Some(Self::of(last)),
            (few, None) => Some(Self::of_few(few)),
        };
        blocks.iter().all(|block| is_true(Self::of(block))) && last.is_none_or(is_true)
    }

    /// True if these bytes are the same: mostly short ones, for which a call to compare memory costs more.
    #[inline]
    pub fn are_same(a: &[u8], b: &[u8]) -> bool {
        if a.len() != b.len() || a.len() > 16 {
            return a == b;
        }
        match (a.first_chunk::<8>(), a.last_chunk::<8>()) {
            (Some(first), Some(last)) => {
                b.first_chunk() == Some(first) && b.last_chunk() == Some(last)
            }
            _ => Self::of_few(a).0 == Self::of_few(b).0,
        }
    }

    /// One to eight bytes, each of them at least once.
    #[inline]
    fn of_few(few: &[u8]) -> Self {
        let (low, high) = match (few, few.first_chunk(), few.last_chunk()) {
            (_, Some(first), Some(last)) => (u32::from_le_bytes(*first), u32::from_le_bytes(*last)),
            ([first, .., last], ..) => {
                let (ends, middle) = ([*first, *last], few[few.len() / 2]);
                let ends = u32::from(u16::from_le_bytes(ends));
                (ends | ends << 16, u32::from(middle) * 0x0101_0101)
            }
            ([only], ..) => (
                u32::from(*only) * 0x0101_0101,
                u32::from(*only) * 0x0101_0101,
            ),
            ([], ..) => (0, 0),
        };
        Self(u64::from(low) | u64::from(high) << 32)
    }

    /// These.
    #[inline]
    pub fn of(bytes: &[u8; 8]) -> Self {
        // The first byte is the lowest, so that the lowest bit found is that of the first.
        Self(u64::from_le_bytes(*bytes))
    }

    /// True if each is ASCII from the first of these characters to the last, themselves included. Both are
    /// ASCII.
    #[inline]
    pub fn are_within(self, first: u8, last: u8) -> bool {
        (self.0 | !self.at_least(first) | self.at_least(last + 1)) & HIGH == 0
    }

    /// True if each is ASCII, and none from the first of these characters to the last.
    #[inline]
    pub fn are_ascii_without(self, first: u8, last: u8) -> bool {
        (self.0 | (self.at_least(first) & !self.at_least(last + 1))) & HIGH == 0
    }

    /// The place of the first that does not stand for itself in a JSON string: a quote, a backslash, or a
    /// control character below U+0020. `None`: none is.
    #[inline]
    pub fn stop(self) -> Option<usize> {
        let found = self.stops();
        (found != 0).then(|| found.trailing_zeros() as usize / 8)
    }

    /// True if each stands for itself in a JSON string and is printable ASCII.
    #[inline]
    pub fn are_simple(self) -> bool {
        // One more than the last printable character has the high bit.
        (self.stops() | self.0 | self.0.wrapping_add(ONES)) & HIGH == 0
    }

    /// The lowest bit that is set stands in the first byte where [`stop`](Self::stop) stops.
    #[inline]
    fn stops(self) -> u64 {
        // The quote with its second bit turned follows the control characters, which only change places.
        let low = (self.0 ^ (ONES * 2)).wrapping_sub(ONES * 0x21) & !self.0 & HIGH;
        low | self.equal(b'\\')
    }

    /// The high bit of each that is at least this character, if all are ASCII: no sum goes into the next byte.
    #[inline]
    fn at_least(self, character: u8) -> u64 {
        (self.0 & !HIGH) + ONES * u64::from(0x80 - character)
    }

    /// The lowest bit that is set stands in the first byte that is equal.
    #[inline]
    fn equal(self, byte: u8) -> u64 {
        let differing = self.0 ^ (ONES * u64::from(byte));
        differing.wrapping_sub(ONES) & !differing & HIGH
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn eight_are_what_each_is(
            bytes in prop::array::uniform8(prop_oneof![any::<u8>(), Just(b'a'), Just(b'"'), Just(b'\\'), 0x1f..0x24u8, 0x7d..0x82u8]),
            (first, last) in (0..0x7fu8, 0..0x7fu8).prop_map(|(a, b)| (a.min(b), a.max(b))),
        ) {
            let eight = Eight::of(&bytes);

            prop_assert_eq!(eight.are_within(first, last), bytes.iter().all(|b| (first..=last).contains(b)));
            let is_other = |b: &u8| b.is_ascii() && !(first..=last).contains(b);
            prop_assert_eq!(eight.are_ascii_without(first, last), bytes.iter().all(is_other));
            let is_stop = |b: &u8| *b < b' ' || matches!(b, b'"' | b'\\');
            prop_assert_eq!(eight.stop(), bytes.iter().position(is_stop));
            let is_simple = |b: &u8| (b' '..=b'~').contains(b) && !is_stop(b);
            prop_assert_eq!(eight.are_simple(), bytes.iter().all(is_simple));
        }

        #[test]
        fn bytes_are_the_same_if_all_are(bytes in prop::collection::vec(0..3u8, 0..20), at in 0..20_usize, more in 0..2usize) {
            let mut other = bytes.clone();
            prop_assert!(Eight::are_same(&bytes, &other));
            if let Some(byte) = other.get_mut(at) {
                *byte += 1;
                prop_assert!(!Eight::are_same(&bytes, &other));
            }
            other.extend(vec![0; more]);
            prop_assert_eq!(Eight::are_same(&bytes, &other), bytes == other);
        }

        #[test]
        fn all_bytes_of_a_text_are_looked_at(length in 0..30_usize, at in 0..30_usize) {
            let mut text = vec![b'a'; length];
            let has_one = text.get_mut(at).map(|byte| *byte = b'"').is_some();

            prop_assert_eq!(Eight::all(&text, |eight| eight.are_within(b'a', b'z')), !has_one);
            prop_assert_eq!(Eight::all(&text, Eight::are_simple), !has_one);
        }
    }
}

//! Ids: a prefix and a ULID, whose first half is the time of creation.

use crate::emulator::rng::Rng;

/// The digits of Crockford's base 32: without I, L, O and U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A new id of something that was made at this time (Unix milliseconds), such as `user_01KZX3A1B2C3D4E5F6G7H8J9K0`.
pub(super) fn id(prefix: &str, created_ms: i64, rng: &mut Rng) -> String {
    let random = (u128::from(rng.next()) << 64) | u128::from(rng.next());
    format!("{prefix}_{}", ulid(created_ms, random))
}

/// 48 bits of time and 80 random ones as 26 digits.
fn ulid(created_ms: i64, random: u128) -> String {
    let time = u128::from(created_ms.max(0).unsigned_abs());
    let bits = (time << 80) | (random & ((1 << 80) - 1));
    let digit = |place: u32| char::from(DIGITS[(bits >> (5 * place)) as usize & 31]);
    (0..26).rev().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulid_is_written_as_its_description_says() {
        assert_eq!(
            ulid(1_469_918_176_385, 0),
            "01ARYZ6S410000000000000000",
            "the time that the description of ULIDs has as its example"
        );
        assert_eq!(ulid(0, u128::MAX), "0000000000ZZZZZZZZZZZZZZZZ");
    }

    #[test]
    fn later_ids_sort_behind_earlier_ones() {
        let mut rng = Rng::new(1);
        let first = id("event", 1_773_481_315_000, &mut rng);
        let second = id("event", 1_773_481_315_001, &mut rng);

        assert!(first < second);
        assert_eq!(first.len(), "event_".len() + 26);
    }
}

//! The small seeded generator behind the made-up world: the same seed gives the same numbers everywhere.

/// SplitMix64. Not for secrets, see [`secret`].
#[derive(Clone, Debug)]
pub(crate) struct Rng {
    state: u64,
}

impl Rng {
    /// A generator that always gives the same numbers for the same seed.
    pub(crate) fn new(seed: u64) -> Self {
        Rng { state: seed }
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scramble(self.state)
    }

    /// A number from `from` to `to`, both included; `from` when the range is empty.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        if to <= from {
            return from;
        }
        let width = to.abs_diff(from) + 1;
        from.wrapping_add_unsigned(self.next() % width)
    }

    /// An index below `len`; 0 when `len` is 0.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.next() % (len.max(1) as u64)).unwrap_or(0)
    }

    /// True in about `percent` of a hundred calls.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    /// One of the items.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// 128 bits with the marks of a random UUID (version 4).
    pub(crate) fn uuid(&mut self) -> u128 {
        as_uuid((u128::from(self.next()) << 64) | u128::from(self.next()))
    }
}

/// The mixing step of SplitMix64: spreads `value` over all 64 bits.
pub(crate) fn scramble(value: u64) -> u64 {
    let mut z = value;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Sets the version and variant bits of a random UUID.
pub(crate) fn as_uuid(bits: u128) -> u128 {
    (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62)
}

/// The usual text of a UUID: 36 characters, lower case.
pub(crate) fn uuid_text(bits: u128) -> String {
    let hex = format!("{bits:032x}");
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

/// Where tokens, codes and secrets come from.
pub(crate) enum Secrets {
    /// The operating system's random numbers.
    Random,
    /// The seed: the same at every start, for tests and pictures.
    Seeded(Rng),
}

impl Secrets {
    /// 128 new bits as a UUID.
    pub(crate) fn uuid(&mut self) -> u128 {
        match self {
            Secrets::Seeded(rng) => rng.uuid(),
            Secrets::Random => {
                let mut bytes = [0; 16];
                getrandom::fill(&mut bytes).expect("every supported system has random numbers");
                as_uuid(u128::from_be_bytes(bytes))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_gives_same_numbers() {
        let (mut a, mut b) = (Rng::new(7), Rng::new(7));

        assert_eq!([a.next(), a.next()], [b.next(), b.next()]);
        assert_ne!(a.next(), Rng::new(8).next());
    }

    #[test]
    fn uuid_text_has_the_marks_of_version_four() {
        let text = uuid_text(Rng::new(1).uuid());

        assert_eq!(text.len(), 36);
        assert_eq!(&text[14..15], "4");
        assert!("89ab".contains(&text[19..20]), "{text}");
    }

    #[test]
    fn between_stays_inside_its_ends() {
        let mut rng = Rng::new(3);

        for _ in 0..1_000 {
            assert!((-2..=2).contains(&rng.between(-2, 2)));
        }
        assert_eq!(rng.between(5, 4), 5);
    }
}

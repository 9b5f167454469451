//! How many rows the memory of this machine has room for.

/// Bytes that a loaded row takes, with everything that the server said of it: a generous figure, measured
/// with records of 1.1 KB.
const ROW: u64 = 1_024;
/// One part in so many of the memory may be filled with rows.
const SHARE: u64 = 4;
/// So many in any case, and where the memory is not known.
const LEAST: u32 = 200_000;
/// So many at most: as far as a list is read.
const MOST: u32 = 20_000_000;

/// How many rows may be loaded where the profile does not say: a quarter of the memory, at least 200,000 and
/// at most 20 million. 200,000 where the size of the memory is not known.
pub(super) fn rows() -> u32 {
    rows_in(memory())
}

fn rows_in(bytes: Option<u64>) -> u32 {
    let rows = bytes.map_or(0, |bytes| bytes / SHARE / ROW);
    u32::try_from(rows).unwrap_or(MOST).clamp(LEAST, MOST)
}

#[cfg(target_os = "linux")]
fn memory() -> Option<u64> {
    let info = rustix::system::sysinfo();
    #[allow(
        clippy::useless_conversion,
        reason = "the type is another one on other processors"
    )]
    u64::from(info.totalram).checked_mul(info.mem_unit.into())
}

#[cfg(not(target_os = "linux"))]
fn memory() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_memory_is_for_rows() {
        let gib = |count: u64| Some(count << 30);
        assert_eq!(rows_in(None), 200_000);
        assert_eq!(rows_in(gib(0)), 200_000);
        assert_eq!(rows_in(gib(4)), 1 << 20);
        assert_eq!(rows_in(gib(24)), 6 << 20);
        assert_eq!(rows_in(gib(9_999_999)), 20_000_000);
    }
}

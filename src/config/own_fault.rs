//! For tests of debug builds: a fault of the program itself, at the place named in `USHER_PANIC_AT`.

/// True if the program was told to fail at this place. The places are `render`, `task`, `parse` and
/// `error`.
pub(crate) fn fails_at(place: &str) -> bool {
    std::env::var("USHER_PANIC_AT").is_ok_and(|at| at == place)
}

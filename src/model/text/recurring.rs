//! Names that come again and again in nearly the same order, as in the objects of one list.

use hashbrown::HashMap;

use super::eight::Eight;

/// So many of the known names are looked at for the next one: some objects lack names that others have.
const AHEAD: usize = 4;
/// So many names are remembered beside those in order: a server may make up names for each object.
const OTHERS: usize = 256;

/// What is known of such names.
#[derive(Debug)]
pub struct Recurring<T> {
    /// In their order.
    ordered: Vec<(Box<str>, T)>,
    others: HashMap<String, T>,
}

impl<T> Default for Recurring<T> {
    fn default() -> Self {
        Self {
            ordered: Vec::new(),
            others: HashMap::new(),
        }
    }
}

impl<T> Recurring<T> {
    /// What is known of the next name. `place`: 0 for the first name of an object; it moves on. `new`: finds
    /// it out, once.
    #[inline]
    pub fn next(&mut self, place: &mut usize, name: &str, new: impl FnOnce() -> T) -> &T {
        let is = |known: &(Box<str>, T)| Eight::are_same(known.0.as_bytes(), name.as_bytes());
        if !self.ordered.get(*place).is_some_and(is) {
            let mut near = self.ordered.iter().skip(*place).take(AHEAD);
            match near.position(is) {
                Some(skipped) => *place += skipped,
                None if *place < self.ordered.len() => return self.other(name, new),
                None => self.ordered.push((name.into(), new())),
            }
        }
        *place += 1;
        &self.ordered[*place - 1].1
    }

    fn other(&mut self, name: &str, new: impl FnOnce() -> T) -> &T {
        if self.others.len() >= OTHERS && !self.others.contains_key(name) {
            self.others.clear();
        }
        self.others.entry_ref(name).or_insert_with(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_name_does_not_depend_on_those_before() {
        let mut known = Recurring::default();
        for object in 0..2 * OTHERS {
            let made_up = format!("{object}_scopes");
            let names: &[&str] = match object % 5 {
                0 => &["sid", "nonce", "state"],
                1 => &["sid", "nonce", "state", "token", "acr", "opbs"],
                2 => &["sid", &made_up, "state", "token", "opbs", "dn"],
                3 => &["opbs", "sid", "state", &made_up, "nonce", "acr"],
                _ => &["sid", "nonce", &made_up, "state", "acr", "opbs"],
            };
            let mut place = 0;
            for name in names {
                let found = known.next(&mut place, name, || (*name).to_owned());
                assert_eq!(found, name);
            }
            // No object comes further than this, and made-up names are forgotten.
            assert!(known.ordered.len() <= AHEAD * 6 && known.others.len() <= OTHERS);
        }
    }
}

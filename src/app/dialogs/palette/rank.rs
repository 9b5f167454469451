//! Which lines of the palette match what is typed, the best first.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::entries::Entry;
use crate::app::completion::after;

/// Of the score of the best line, so many percent are enough for another to be listed.
const ENOUGH: u32 = 60;
/// What a command counts that is typed in full, and one whose beginning is.
const WHOLE: u32 = 20_000;
const BEGINNING: u32 = 10_000;
/// Short commands that people type without looking: the command that they stand for.
const SHORT: [(&str, &str); 3] = [("q", "quit"), ("h", "help"), ("q!", "quit")];

/// The numbers of the lines that match, the best first; of equal ones the first of the list.
pub fn rank(typed: &str, entries: &[Entry]) -> Vec<usize> {
    let typed = typed.trim_start();
    if typed.is_empty() {
        return (0..entries.len()).collect();
    }
    let whole = SHORT.iter().find(|(short, _)| *short == typed.trim_end());
    let command = whole.map_or(typed.trim_end(), |(_, command)| command);
    let fuzzy = Fuzzy::new(typed);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut letters = Vec::new();
    let mut ranked: Vec<(u32, usize)> = Vec::new();
    let score = |entry: &Entry| fuzzy.score(entry, &mut matcher, &mut letters);
    let scores: Vec<Option<u32>> = entries.iter().map(score).collect();
    let enough = scores.iter().flatten().max().unwrap_or(&0) * ENOUGH / 100;
    for (number, (entry, score)) in entries.iter().zip(scores).enumerate() {
        let mut score = score.filter(|score| *score >= enough);
        if entry.command.eq_ignore_ascii_case(command) {
            score = Some(score.unwrap_or(0) + WHOLE);
        } else if after(&entry.command, typed).is_some() {
            score = Some(score.unwrap_or(0) + BEGINNING);
        }
        ranked.extend(score.map(|score| (score, number)));
    }
    ranked.sort_by_key(|(score, number)| (std::cmp::Reverse(*score), *number));
    ranked.into_iter().map(|(_, number)| number).collect()
}

/// What is typed, as a pattern of words that may have gaps.
struct Fuzzy(Pattern);

impl Fuzzy {
    fn new(typed: &str) -> Self {
        let case = CaseMatching::Ignore;
        Self(Pattern::new(
            typed,
            case,
            Normalization::Smart,
            AtomKind::Fuzzy,
        ))
    }

    /// How well the command or the words match. `None`: not at all.
    fn score(&self, entry: &Entry, matcher: &mut Matcher, letters: &mut Vec<char>) -> Option<u32> {
        let text = format!("{} {}", entry.command, entry.words);
        self.0.score(Utf32Str::new(&text, letters), matcher)
    }
}

#[cfg(test)]
mod tests {
    use super::super::entries::Does;
    use super::*;
    use crate::app::action::Action;

    fn entries() -> Vec<Entry> {
        let entry = |command: &str, words: &str| Entry {
            command: command.to_owned(),
            words: words.to_owned(),
            key: String::new(),
            does: Does::Act(Action::Help),
        };
        vec![
            entry("quick-look", "something else"),
            entry("quit", "quit"),
            entry("theme light", "256 colours for light backgrounds"),
            entry("theme high-contrast", "strong colours"),
            entry("sort used", "sort by LAST USED"),
            entry("profile am-test", "Acme at https://am"),
        ]
    }

    #[test]
    fn the_best_line_comes_first() {
        let entries = entries();
        for (typed, first) in [
            ("q", "quit"),
            ("theme light", "theme light"),
            ("THEME L", "theme light"),
            ("tl", "theme light"),
            ("contrast", "theme high-contrast"),
            ("last used", "sort used"),
            ("profile am", "profile am-test"),
            ("am pro", "profile am-test"),
        ] {
            let ranked = rank(typed, &entries);
            let best = ranked
                .first()
                .map(|number| entries[*number].command.as_str());
            assert_eq!(best, Some(first), "{typed}");
        }
    }

    #[test]
    fn what_matches_nothing_lists_nothing_and_nothing_typed_lists_all() {
        let entries = entries();

        assert_eq!(rank("xyzzy", &entries), Vec::<usize>::new());
        assert_eq!(rank("  ", &entries), (0..entries.len()).collect::<Vec<_>>());
    }
}

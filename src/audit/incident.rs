//! A report of the sessions that were ended, as Markdown: for a ticket, made from the lines of the log.

use std::collections::BTreeMap;

use super::record::{AuditEntry, Event};
use crate::model::text::{display_safe, markdown_safe};

/// The numbers of one profile, or of one person there.
#[derive(Default)]
struct Counts {
    ended: u64,
    gone: u64,
    failed: u64,
    not_sent: u64,
    unknown: u64,
    left: Option<u64>,
    verified_at: Option<String>,
}

impl Counts {
    fn add(&mut self, line: &AuditEntry) {
        let sessions = match line.target_kind.as_str() {
            "user" => line.sessions.unwrap_or_default(),
            _ => 1,
        };
        match line.outcome.as_deref() {
            Some("done") => self.ended += sessions,
            Some("already_gone" | "not_there") => self.gone += 1,
            Some("unknown") | None => self.unknown += 1,
            Some("cancelled") => self.not_sent += 1,
            Some(_) => self.failed += 1,
        }
        if line.left.is_some() {
            self.left = line.left;
        }
        if line.verified_at.is_some() {
            self.verified_at.clone_from(&line.verified_at);
        }
    }
}

/// The report on these lines, oldest first. Changes whose end is not among them count as unknown.
/// `None`: nothing was ended, and nothing was tried.
pub fn report(lines: &[AuditEntry]) -> Option<String> {
    let changes = changes(lines);
    let (first, last) = (changes.first()?, changes.last()?);
    let mut text = String::from("# Sessions ended with usher\n\n");
    text += &format!("- from {} to {}\n", cell(&first.ts), cell(&last.ts));
    let by = match &first.actor.remote {
        Some(remote) => format!("{} as {}", first.actor.local, remote),
        None => first.actor.local.clone(),
    };
    text += &format!("- by {}\n", cell(&by));
    let mut reasons: Vec<&str> = changes
        .iter()
        .filter_map(|line| line.reason.as_deref())
        .collect();
    reasons.dedup();
    for reason in reasons {
        text += &format!("- reason: {}\n", cell(reason));
    }
    text += "\n";
    systems(&changes, &mut text);
    people(&changes, &mut text);
    each(&changes, &mut text);
    text += "\nSessions are named by their fingerprints in the audit log; it holds no ids.\n";
    Some(text)
}

/// Of each change its end, or that it was asked for where that is all there is.
fn changes(lines: &[AuditEntry]) -> Vec<&AuditEntry> {
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut changes: Vec<&AuditEntry> = Vec::new();
    for line in lines {
        if !matches!(line.event, Event::Asked | Event::Done) {
            continue;
        }
        let change = (line.op_id.as_str(), line.item.as_str());
        if let Some(place) = places.get(&change) {
            changes[*place] = line;
        } else {
            places.insert(change, changes.len());
            changes.push(line);
        }
    }
    changes
}

fn systems(changes: &[&AuditEntry], text: &mut String) {
    let mut counts: BTreeMap<(&str, &str, &str), Counts> = BTreeMap::new();
    for line in changes {
        let key = (
            line.profile.as_str(),
            line.system.as_str(),
            line.host.as_str(),
        );
        counts.entry(key).or_default().add(line);
    }
    *text += "| profile | system | host | ended | already gone | failed | not sent | unknown | left | read back |\n";
    *text += "|---|---|---|---|---|---|---|---|---|---|\n";
    for ((profile, system, host), counts) in counts {
        *text += &format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
            cell(profile),
            cell(system),
            cell(host),
            counts.ended,
            counts.gone,
            counts.failed,
            counts.not_sent,
            counts.unknown,
            counts.left.map_or("-".to_owned(), |left| left.to_string()),
            cell(counts.verified_at.as_deref().unwrap_or("-")),
        );
    }
}

fn people(changes: &[&AuditEntry], text: &mut String) {
    let mut counts: BTreeMap<(&str, &str), Counts> = BTreeMap::new();
    for line in changes {
        let user = line.user.as_deref().unwrap_or("-");
        counts
            .entry((user, line.profile.as_str()))
            .or_default()
            .add(line);
    }
    *text += "\n| user | profile | ended | already gone | failed | not sent | unknown |\n|---|---|---|---|---|---|---|\n";
    for ((user, profile), counts) in counts {
        *text += &format!(
            "| {} | {} | {} | {} | {} | {} | {} |\n",
            cell(user),
            cell(profile),
            counts.ended,
            counts.gone,
            counts.failed,
            counts.not_sent,
            counts.unknown,
        );
    }
}

fn each(changes: &[&AuditEntry], text: &mut String) {
    *text += "\n| time | profile | user | realm | session | outcome |\n|---|---|---|---|---|---|\n";
    for line in changes {
        let or_dash = |text: &Option<String>| cell(text.as_deref().unwrap_or("-"));
        let session = match &line.sid_h {
            Some(print) => cell(print),
            None => cell(&format!("all of {}", line.target_kind)),
        };
        *text += &format!(
            "| {} | {} | {} | {} | {session} | {} |\n",
            cell(&line.ts),
            cell(&line.profile),
            or_dash(&line.user),
            or_dash(&line.scope),
            cell(line.outcome.as_deref().unwrap_or("unknown")),
        );
    }
}

/// Text that stays text, whatever is in it.
fn cell(text: &str) -> String {
    markdown_safe(&display_safe(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::tests::entry;

    fn line(event: Event, item: &str, outcome: Option<&str>) -> AuditEntry {
        AuditEntry {
            event,
            item: item.into(),
            outcome: outcome.map(Into::into),
            ..entry()
        }
    }

    #[test]
    fn every_change_is_told_once_with_what_came_of_it() {
        let lines = [
            line(Event::Asked, "1/3", None),
            line(Event::Asked, "2/3", None),
            line(Event::Asked, "3/3", None),
            line(Event::Done, "1/3", Some("done")),
            line(Event::Done, "3/3", Some("cancelled")),
        ];

        let report = report(&lines).unwrap();

        // Ended, already gone, failed, not sent, unknown.
        assert!(report.contains("| 1 | 0 | 0 | 1 | 1 |"), "{report}");
        assert_eq!(report.matches("| unknown |\n").count(), 2, "{report}");
    }

    #[test]
    fn all_of_a_user_are_counted_and_what_is_left_is_told() {
        let mut done = line(Event::Done, "1/1", Some("done"));
        done.target_kind = "user".into();
        (done.sessions, done.left) = (Some(8), Some(0));
        done.verified_at = Some("2026-11-21T14:07:01.000Z".into());
        done.user = Some("a|b<img>".into());

        let report = report(&[done]).unwrap();

        assert!(
            report.contains("| 8 | 0 | 0 | 0 | 0 | 0 | 2026-11-21T14:07:01.000Z |"),
            "{report}"
        );
        assert!(report.contains("a\\|b&lt;img&gt;"), "{report}");
    }

    #[test]
    fn nothing_makes_no_report() {
        assert_eq!(report(&[line(Event::Reveal, "1/1", None)]), None);
    }
}

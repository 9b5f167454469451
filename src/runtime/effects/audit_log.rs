//! The audit log read for the screen, and the report of what this run has ended.

use std::collections::{HashSet, VecDeque};
use std::io::Write;
use std::path::Path;

use chrono::Utc;

use crate::app::Msg;
use crate::app::audit_log::{AuditLine, AuditPage};
use crate::app::msg::Notification;
use crate::audit::{self, Audit, AuditEntry, AuditError, Event};
use crate::config::private::PrivateError;
use crate::config::{Existing, GrowingFile, Paths};
use crate::model::text::display_safe;
use crate::model::time::{Zone, parse_instant};

/// So many lines of the log are shown at most, the latest ones: two for each change.
const LATEST: usize = 10_000;

/// The latest changes of the log. A log that is not there has none. Blocks for the disk.
///
/// # Errors
/// One sentence for people.
pub(super) fn page(log: &Audit) -> Result<AuditPage, String> {
    let mut latest = VecDeque::new();
    let (mut damaged, mut is_cut) = (0, false);
    each(log, |line| {
        let Ok(entry) = line else {
            damaged += 1;
            return;
        };
        if latest.len() >= LATEST {
            latest.pop_front();
            is_cut = true;
        }
        latest.push_back(entry);
    })?;
    Ok(AuditPage {
        lines: lines(latest.make_contiguous()),
        is_cut,
        damaged,
    })
}

fn each(
    log: &Audit,
    mut take: impl FnMut(Result<AuditEntry, audit::Problem>),
) -> Result<(), String> {
    let Some(path) = log.path() else {
        return Err("there is no home folder (HOME), so there is no audit log".to_owned());
    };
    match audit::read(&path) {
        Ok(entries) => {
            entries.for_each(|line| take(line.map(|(_, entry)| entry)));
            Ok(())
        }
        Err(AuditError::File(PrivateError::Missing(_))) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// The changes and notes of these entries, newest first: a change that has an end is shown by that.
fn lines(entries: &[AuditEntry]) -> Vec<AuditLine> {
    let mut ended: HashSet<(&str, &str)> = HashSet::new();
    let mut lines = Vec::new();
    for entry in entries.iter().rev() {
        let change = (entry.op_id.as_str(), entry.item.as_str());
        match entry.event {
            Event::Done => {
                ended.insert(change);
            }
            Event::Asked if ended.contains(&change) => continue,
            Event::Asked | Event::Reveal | Event::Export | Event::Broken => {}
        }
        lines.push(line(entry));
    }
    lines
}

fn line(entry: &AuditEntry) -> AuditLine {
    let clean = |text: &str| display_safe(text).into_owned();
    let value = serde_json::to_value(entry).unwrap_or_default();
    let mut fields = Vec::new();
    flatten("", &value, &mut fields);
    let outcome = match (&entry.outcome, entry.event) {
        (Some(outcome), _) => match entry.left {
            Some(left) => format!("{outcome}, {left} left"),
            None => outcome.clone(),
        },
        (None, Event::Asked) => "no end".to_owned(),
        (None, Event::Reveal) => "shown".to_owned(),
        (None, Event::Export) => "exported".to_owned(),
        (None, Event::Broken) => "log changed".to_owned(),
        (None, Event::Done) => "-".to_owned(),
    };
    let user = match (&entry.user, &entry.scope) {
        (Some(user), Some(scope)) => format!("{user} in {scope}"),
        (Some(user), None) => user.clone(),
        (None, _) => String::new(),
    };
    let values: Vec<&str> = fields.iter().map(|(_, value)| value.as_str()).collect();
    let text = format!("{} {}", values.join(" "), clean(&outcome)).to_lowercase();
    AuditLine {
        at: parse_instant(&entry.ts, Zone::Utc),
        verb: clean(&entry.verb),
        outcome: clean(&outcome),
        profile: clean(&entry.profile),
        user: clean(&user),
        text,
        fields,
        json: value.to_string(),
    }
}

/// Names and values of a record, those of what is inside it too; what is null is left out.
fn flatten(before: &str, value: &serde_json::Value, fields: &mut Vec<(String, String)>) {
    let Some(object) = value.as_object() else {
        return;
    };
    for (name, value) in object {
        let name = format!("{before}{name}");
        match value {
            serde_json::Value::Null => {}
            serde_json::Value::Object(_) => flatten(&format!("{name}."), value, fields),
            serde_json::Value::String(text) => fields.push((name, display_safe(text).into_owned())),
            other => fields.push((name, display_safe(&other.to_string()).into_owned())),
        }
    }
}

/// Saves the report of what this run has ended, and tells where. Blocks for the disk.
pub(super) fn save_report(log: &Audit) -> Msg {
    // No error: there is nothing wrong.
    let said = |path: Option<String>| match path {
        Some(path) => format!("report saved as {path}"),
        None => "nothing was ended in this run, so there is nothing to report".to_owned(),
    };
    Msg::Notify {
        what: Notification::Reported,
        result: incident(log, &Paths::platform()).map(said),
    }
}

/// Saves the report of what this run has ended, and gives back the path. `None`: nothing was ended. Blocks for
/// the disk.
///
/// # Errors
/// One sentence for people.
fn incident(log: &Audit, paths: &Paths) -> Result<Option<String>, String> {
    if !log.has_ended_any() {
        return Ok(None);
    }
    let mut ours = Vec::new();
    each(log, |line| {
        ours.extend(line.ok().filter(|line| log.is_of_this_run(line)));
    })?;
    let Some(report) = audit::report(&ours) else {
        return Ok(None);
    };
    let name = format!("~/incident-{}.md", Utc::now().format("%Y%m%d-%H%M%S"));
    let failed = |why: String| format!("the report was not saved: {why}");
    let place = paths.expand(&name, Path::new("."));
    let mut file = GrowingFile::new(&place).map_err(|error| failed(error.to_string()))?;
    let written = file.write_all(report.as_bytes());
    written.map_err(|error| failed(error.to_string()))?;
    match file.put(Existing::Keep) {
        Ok(true) => Ok(Some(name)),
        Ok(false) => Err(failed(format!("{name} is there already"))),
        Err(error) => Err(failed(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(event: Event, item: &str, outcome: Option<&str>) -> AuditEntry {
        let text = r#"{"v":2,"ts":"2026-11-21T14:07:00.000Z","mono_ms":1,"event":"asked",
            "op_id":"00112233aabbccdd","item":"1/1","actor":{"local":"ada(1000)","remote":"desk"},
            "profile":"prod","system":"acme","host":"h","tls":"verified","verb":"revoke",
            "target_kind":"session","sid_h":"0123","user":"Bob\u001b[31m","scope":null,"reason":"INC-7",
            "http_status":null,"outcome":null,"error":null,"dur_ms":null,"ver":"0","prev":""}"#;
        let entry: AuditEntry = serde_json::from_str(text).unwrap();
        AuditEntry {
            event,
            item: item.into(),
            outcome: outcome.map(Into::into),
            ..entry
        }
    }

    #[test]
    fn the_newest_change_comes_first_and_each_one_once() {
        let entries = [
            entry(Event::Asked, "1/2", None),
            entry(Event::Asked, "2/2", None),
            entry(Event::Done, "1/2", Some("done")),
            entry(Event::Reveal, "1/1", None),
        ];

        let lines = lines(&entries);

        let outcomes: Vec<&str> = lines.iter().map(|line| line.outcome.as_str()).collect();
        assert_eq!(outcomes, ["shown", "done", "no end"]);
    }

    #[test]
    fn a_record_is_cleaned_and_found_by_all_that_it_says() {
        let line = line(&entry(Event::Done, "1/1", Some("done")));

        assert_eq!(line.user, "Bob^[[31m");
        let field = |name: &str| line.fields.iter().find(|(known, _)| known == name);
        assert_eq!(field("actor.remote").map(|(_, v)| v.as_str()), Some("desk"));
        assert!(field("error").is_none());
        for word in ["bob", "inc-7", "desk", "done"] {
            assert!(line.text.contains(word), "{word}: {}", line.text);
        }
    }

    #[test]
    fn a_log_that_is_not_there_has_no_changes_and_makes_no_report() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path());
        let log = Audit::new(&paths);

        assert_eq!(page(&log), Ok(AuditPage::default()));
        assert_eq!(incident(&log, &paths), Ok(None));
    }
}

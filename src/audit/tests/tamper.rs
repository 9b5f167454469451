//! Manipulations that cannot be hidden, and the traces of a killed process.

use std::os::unix::fs::FileExt;

use super::*;
use crate::config::private::mode_of;

impl Setup {
    fn anchor(&self) -> PathBuf {
        self.path().with_extension("anchor")
    }

    fn write(&self, lines: &[String]) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(self.path(), text).unwrap();
    }

    fn raw(&self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }

    fn report(&self) -> Report {
        verify(&self.path(), None).unwrap()
    }

    fn problems(&self) -> Vec<(u64, String)> {
        let problems = self.report().problems.into_iter();
        problems
            .map(|problem| (problem.line, problem.what))
            .collect()
    }
}

/// The chain of these lines computed anew, as somebody without the key can; seals stay as they are.
fn rechained(lines: &[String]) -> Vec<String> {
    let mut prev = file::START.to_owned();
    let mut chained = Vec::new();
    for line in lines {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        let old = entry["prev"].as_str().unwrap().to_owned();
        let line = line.replace(&old, &prev);
        entry["prev"] = prev.clone().into();
        prev = key::hash(line.as_bytes());
        chained.push(line);
    }
    chained
}

#[test]
fn changed_removed_and_added_lines_are_noticed_where_they_are() {
    let setup = setup();
    run(&setup.audit, 3);
    let good = setup.raw();
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = good.clone();
        change(&mut lines);
        lines
    };
    let cases = [
        ("changed", with(&|l| l[2] = l[2].replace("bwong", "ada")), 3),
        ("removed", with(&|l| drop(l.remove(1))), 2),
        ("added", with(&|l| l.insert(4, l[0].clone())), 5),
        ("swapped", with(&|l| l.swap(0, 1)), 1),
        ("junk", with(&|l| l[1] = "{\"v\":1}".to_owned()), 2),
        (
            "no seal",
            with(&|l| {
                let end = l[5].find(",\"mac\"").unwrap();
                l[5] = format!("{}}}", &l[5][..end]);
            }),
            6,
        ),
        (
            "rewritten",
            rechained(&with(&|l| {
                l.remove(0);
                l.remove(0);
                for line in l {
                    *line = line.replace("bwong", "ada");
                }
            })),
            1,
        ),
    ];

    for (what, lines, first) in cases {
        setup.write(&lines);
        let problems = setup.problems();
        assert_eq!(problems[0].0, first, "{what}: {problems:?}");
    }
}

#[test]
fn a_log_that_was_cut_emptied_or_deleted_is_told_by_its_anchor() {
    let setup = setup();
    run(&setup.audit, 10);
    let good = setup.raw();
    let told = |what: &str| {
        let report = setup.report();
        assert!(!report.is_sound(), "{what}");
        assert!(format!("{report:?}").contains("20"), "{what}: {report:?}");
    };
    assert!(setup.report().is_sound());

    for left in [19, 10, 1] {
        setup.write(&good[..left]);
        told(&format!("{left} left"));
    }
    setup.write(&[]);
    told("emptied");
    fs::remove_file(setup.path()).unwrap();
    told("deleted");
    fs::remove_file(setup.anchor()).unwrap();
    assert!(!setup.report().is_sound(), "the key is still there");
}

#[test]
fn a_forged_end_is_told() {
    let setup = setup();
    run(&setup.audit, 1);
    let good = setup.raw();
    let forged = |change: &dyn Fn(String) -> String| {
        let prev = key::hash(good[1].as_bytes());
        let mut line: Value = serde_json::from_str(&good[1]).unwrap();
        line["prev"] = prev.into();
        let line = change(line.to_string());
        setup.write(&[good[0].clone(), good[1].clone(), line]);
        setup.problems()
    };

    let with_old_seal = forged(&|line| line);
    let without = forged(&|line| {
        let mut line: Value = serde_json::from_str(&line).unwrap();
        line.as_object_mut().unwrap().remove("mac");
        line["v"] = 1.into();
        line.to_string()
    });

    assert!(with_old_seal[0].1.contains("seal"), "{with_old_seal:?}");
    assert!(without[0].1.contains("no seal"), "{without:?}");
}

#[test]
fn an_end_that_was_never_asked_for_is_told_even_with_a_seal() {
    let setup = setup();
    run(&setup.audit, 1);
    let mut line: AuditEntry = serde_json::from_str(&setup.raw()[1]).unwrap();
    line.op_id = "0123456789abcdef".to_owned();

    setup.audit.write(line).unwrap();

    let problems = setup.problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].1.contains("never asked for"), "{problems:?}");
}

#[test]
fn an_anchor_that_was_changed_or_taken_away_is_told() {
    let setup = setup();
    run(&setup.audit, 2);
    let old = fs::read(setup.anchor()).unwrap();
    run(&setup.audit, 1);
    let good = fs::read_to_string(setup.anchor()).unwrap();
    let raw = setup.raw();
    assert_eq!(mode_of(&setup.anchor()), Some(0o600));

    fs::write(setup.anchor(), good.replace("\"count\":6", "\"count\":5")).unwrap();
    assert!(setup.problems()[0].1.contains("anchor"));
    fs::remove_file(setup.anchor()).unwrap();
    assert!(setup.problems()[0].1.contains("cut off"));

    // An older one is no problem by itself: lines behind it that fit their seals are ours.
    fs::write(setup.anchor(), &old).unwrap();
    fs::set_permissions(setup.anchor(), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!((setup.problems().len(), setup.report().ahead), (0, 2));
    // Nor is it noticed here that both were put back together: only by what was kept elsewhere.
    let kept: Anchor = setup.report().end.unwrap();
    setup.write(&raw[..4]);
    assert!(setup.report().is_sound());
    let report = verify(&setup.path(), Some(&kept)).unwrap();
    assert!(report.problems[0].what.contains("was kept"), "{report:?}");
}

#[test]
fn an_anchor_kept_elsewhere_shows_what_somebody_with_the_key_rewrote() {
    let setup = setup();
    run(&setup.audit, 1);
    let kept = setup.report().end.unwrap();
    run(&setup.audit, 1);
    assert!(verify(&setup.path(), Some(&kept)).unwrap().is_sound());

    // With the key, a log of other lines that fits in itself.
    fs::remove_file(setup.path()).unwrap();
    fs::remove_file(setup.anchor()).unwrap();
    run(&setup.audit, 3);

    assert!(setup.report().is_sound());
    let report = verify(&setup.path(), Some(&kept)).unwrap();
    assert!(report.problems[0].what.contains("line 2"), "{report:?}");
}

#[test]
fn the_next_change_tells_what_was_found_and_the_log_keeps_it() {
    let setup = setup();
    run(&setup.audit, 2);
    let good = setup.raw();
    setup.write(&good[..2]);

    let asked = setup.audit.asked(&changes(&setup.audit, 1)).unwrap();

    let told = asked.broken.unwrap().to_string();
    assert!(told.contains("2 lines, and 4 had been written"), "{told}");
    assert!(told.contains("audit --verify"), "{told}");
    assert_eq!(asked.tickets.len(), 1);
    let next = setup.audit.asked(&changes(&setup.audit, 1)).unwrap();
    assert_eq!(next.broken, None, "told once");
    let problems = setup.problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].1.contains("2 lines, and 4"), "{problems:?}");
    assert_eq!(setup.lines()[2]["event"], "broken");
}

#[test]
fn an_end_that_is_written_into_a_changed_log_tells_it_too() {
    let setup = setup();
    let tickets = setup
        .audit
        .asked(&changes(&setup.audit, 1))
        .unwrap()
        .tickets;
    fs::remove_file(setup.path()).unwrap();

    let ticket = tickets.into_iter().next().unwrap();
    let error = setup.audit.done(ticket, &Ending::from(&Outcome::Revoked));

    assert!(matches!(error, Err(AuditError::Broken(_))), "{error:?}");
    assert_eq!(setup.lines().len(), 2, "it is written all the same");
}

#[test]
fn a_kill_between_log_and_anchor_is_no_tampering() {
    let setup = setup();
    run(&setup.audit, 1);
    let before = fs::read(setup.anchor()).unwrap();
    let tickets = setup.audit.asked(&changes(&setup.audit, 64)).unwrap();
    assert_eq!(tickets.broken, None);
    let whole = setup.text();

    // The anchor was not written any more; then, nor was the end of the batch.
    fs::write(setup.anchor(), &before).unwrap();
    let report = setup.report();
    assert_eq!(
        (report.problems.len(), report.ahead, report.torn),
        (0, 64, false)
    );
    fs::write(setup.path(), &whole[..whole.len() - 20]).unwrap();
    let report = setup.report();
    assert_eq!(
        (report.problems.len(), report.ahead, report.torn),
        (0, 63, true)
    );

    let asked = setup.audit.asked(&changes(&setup.audit, 1)).unwrap();

    assert_eq!(asked.broken, None);
    let report = setup.report();
    assert_eq!((report.problems.len(), report.lines), (0, 66), "{report:?}");
    assert_eq!((report.ahead, report.torn), (0, false));
}

#[test]
fn a_line_that_was_anchored_and_is_torn_now_stays_visible_and_the_log_goes_on() {
    let setup = setup();
    run(&setup.audit, 1);
    let mut text = setup.text();
    text.truncate(text.len() - 20);
    fs::write(setup.path(), &text).unwrap();
    assert_eq!(setup.problems()[0], (2, "ends in the middle".to_owned()));

    drop(setup.audit.asked(&changes(&setup.audit, 1)).unwrap());

    let lines: Vec<_> = setup.problems().iter().map(|(line, _)| *line).collect();
    assert_eq!((lines, setup.raw().len()), (vec![2, 3], 4));
}

#[test]
fn lines_of_before_there_were_seals_are_named_and_stay_verifiable() {
    let setup = setup();
    run(&setup.audit, 2);
    let strip = |line: &String| {
        let end = line.find(",\"mac\"").unwrap();
        format!("{}}}", &line[..end]).replace("{\"v\":2", "{\"v\":1")
    };
    let old: Vec<String> = setup.raw().iter().map(strip).collect();
    let old = rechained(&old);
    setup.write(&old);
    fs::remove_file(setup.anchor()).unwrap();

    let report = setup.report();
    assert_eq!(
        (report.problems.len(), report.unkeyed),
        (0, 4),
        "{report:?}"
    );
    assert!(!report.anchored);
    let mut changed = old.clone();
    changed[1] = changed[1].replace("bwong", "ada");
    setup.write(&changed);
    assert_eq!(setup.problems()[0].0, 3);
    setup.write(&old);

    let asked = setup.audit.asked(&changes(&setup.audit, 1)).unwrap();

    assert_eq!(asked.broken, None);
    let report = setup.report();
    assert_eq!(
        (report.problems.len(), report.unkeyed),
        (0, 4),
        "{report:?}"
    );
    assert_eq!((report.lines, report.anchored), (5, true));
    // Nothing without a seal may stand behind them.
    let mut mixed = setup.raw();
    mixed[4] = strip(&mixed[4]);
    setup.write(&mixed);
    assert!(!setup.report().is_sound());
}

#[test]
fn with_another_key_or_none_nothing_is_called_sound() {
    let setup = setup();
    run(&setup.audit, 1);
    let key = setup.dir.path().join("state/audit.key");

    let file = fs::OpenOptions::new().write(true).open(&key).unwrap();
    file.write_all_at(&[7; 32], 0).unwrap();
    assert_eq!(setup.problems().len(), 3, "two lines and the anchor");
    fs::remove_file(&key).unwrap();
    assert!(setup.problems()[0].1.contains("audit.key"));
}

#[test]
fn without_an_anchor_that_can_be_written_nothing_is_appended() {
    let setup = setup();
    run(&setup.audit, 1);
    let before = setup.text();
    // A folder in the place of the anchor: it cannot be replaced.
    fs::remove_file(setup.anchor()).unwrap();
    fs::create_dir(setup.anchor()).unwrap();

    let error = setup.audit.asked(&changes(&setup.audit, 1)).unwrap_err();

    assert!(error.to_string().contains("audit.anchor"), "{error}");
    assert_eq!(setup.text(), before);
}

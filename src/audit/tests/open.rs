//! Changes without an end: which there are, and which are under way.

use super::*;

#[test]
fn a_change_under_way_is_not_called_forgotten_until_its_process_has_ended() {
    let setup = setup();
    let changes = changes(&setup.audit, 3);
    let mut tickets = setup.audit.asked(&changes).unwrap().tickets.into_iter();
    let first = tickets.next().unwrap();
    setup
        .audit
        .done(first, &Ending::from(&Outcome::Revoked))
        .unwrap();
    let items = |entries: &[AuditEntry]| -> Vec<String> {
        entries.iter().map(|entry| entry.item.clone()).collect()
    };

    let while_at_work = setup.audit.unfinished().unwrap();
    // A killed process leaves the file of its mark, and no lock on it.
    let mark = setup
        .dir
        .path()
        .join("state/running")
        .join(&changes[0].operation.id);
    drop((tickets, changes));
    assert!(!mark.exists(), "who ends in peace leaves no mark");
    fs::write(&mark, "").unwrap();
    fs::set_permissions(&mark, fs::Permissions::from_mode(0o600)).unwrap();
    let afterwards = setup.audit.unfinished().unwrap();

    assert_eq!(items(&while_at_work.running), ["2/3", "3/3"]);
    assert_eq!(items(&while_at_work.forgotten), Vec::<String>::new());
    assert_eq!(items(&afterwards.running), Vec::<String>::new());
    assert_eq!(items(&afterwards.forgotten), ["2/3", "3/3"]);
}

#[test]
fn what_is_settled_has_an_end_and_says_who_looked() {
    let setup = setup();
    drop(setup.audit.asked(&changes(&setup.audit, 1)).unwrap());
    let open = setup.audit.unfinished().unwrap().forgotten;
    let who = Identity {
        name: Untrusted::from("second-shift"),
        ..Identity::default()
    };
    let ending = Ending::new("not_there", None);

    setup.audit.settled(&open[0], Some(&who), &ending).unwrap();

    let done = setup.lines().pop().unwrap();
    assert_eq!(
        (&done["event"], &done["outcome"]),
        (&"done".into(), &"not_there".into())
    );
    assert_eq!(done["actor"]["remote"], "second-shift");
    assert!(done["dur_ms"].is_null());
    assert_eq!(setup.audit.unfinished().unwrap(), Unfinished::default());
    assert!(verify(&setup.path(), None).unwrap().is_sound());
}

#[test]
fn old_marks_of_killed_processes_are_taken_away() {
    let setup = setup();
    let first = changes(&setup.audit, 1);
    let ticket = setup.audit.asked(&first).unwrap();
    let marks = setup.dir.path().join("state/running");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(100_000);
    for (name, time) in [("0123456789abcdef", Some(old)), ("fedcba9876543210", None)] {
        fs::write(marks.join(name), "").unwrap();
        let file = fs::File::open(marks.join(name)).unwrap();
        fs::set_permissions(marks.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        time.map_or(Ok(()), |time| file.set_modified(time)).unwrap();
    }
    let held = marks.join(&first[0].operation.id);
    fs::File::open(&held).unwrap().set_modified(old).unwrap();

    run(&setup.audit, 1);

    assert!(held.exists(), "it is at work still");
    assert!(!marks.join("0123456789abcdef").exists());
    assert!(marks.join("fedcba9876543210").exists(), "it may be at work");
    drop(ticket);
}

#[test]
fn only_one_settles_at_a_time() {
    let setup = setup();

    let first = setup.audit.settling().unwrap();
    let second = setup.audit.settling().unwrap();
    drop(first);
    let third = setup.audit.settling().unwrap();

    assert!(second.is_none());
    assert!(third.is_some());
}

#[test]
fn a_name_of_an_operation_that_is_a_path_opens_nothing() {
    let setup = setup();
    drop(setup.audit.asked(&changes(&setup.audit, 1)).unwrap());
    let outside = setup.dir.path().join("outside");
    fs::write(&outside, "").unwrap();
    let text = setup.text();
    let id = setup.lines()[0]["op_id"].as_str().unwrap().to_owned();
    fs::write(setup.path(), text.replace(&id, "../../outside")).unwrap();

    let open = setup.audit.unfinished().unwrap();
    open.clear_marks(&setup.dir.path().join("state"));

    assert_eq!((open.forgotten.len(), open.running.len()), (1, 0));
    assert!(outside.exists());
}

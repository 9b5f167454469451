//! The dialogs over the main screen.

use usher::model::Fact;

use super::*;

#[test]
fn the_error_box_says_what_why_and_what_to_do() {
    let state = Fixture::main().with(|state| {
        state.open(ErrorBox::new(ErrorReport {
            title: "Search failed".to_owned(),
            what: "GET /jans-config-api/api/v1/jans-auth-server/session/search answered 401 Unauthorized after 88 ms".to_owned(),
            why: "The token of profile prod-janssen expired at 14:04:10 UTC.".to_owned(),
            advice: "Press r to sign in again, or run: usher login prod-janssen".to_owned(),
            notes: vec![
                "The 1,204 rows on screen are from 14:03:02 UTC.".to_owned(),
                "request id 4f1c".to_owned(),
            ],
            offers_ways: None,
            can_login: Some(SourceId(0)),
        }));
    });

    check("error_box", &state, &TWO);
}

fn item(state: &State, row: u32) -> RevokeItem {
    let data = state.results.rows.get(RowId(row)).expect("a row");
    RevokeItem {
        row: RowId(row),
        source: data.source(),
        key: data.key(),
        kind: data.kind_name().cloned(),
        subject: data.subject(),
        deletable: data.deletable(),
        created: data.created(),
        client: data.client().cloned(),
        expires: data.expires(),
    }
}

#[test]
fn deleting_one_session_asks() {
    let mut state = Fixture::main().state;
    keys(&mut state, "delete");
    check("confirm_delete", &state, &TWO);

    state.dialogs.clear();
    state.sources[0].profile.policy.production = true;
    state.sources[0].profile.policy.require_reason = true;
    keys(&mut state, "delete");
    check("confirm_delete_production", &state, &TWO);
}

#[test]
fn ending_every_session_of_a_user_asks_for_the_name() {
    let mut state = Fixture::main().state;
    keys(&mut state, "U b w");
    check("all_of_user_asking", &state, &TWO);

    let rows = (0..3).map(|number| {
        let mut row = RowRef::new(format!("key-{number}"), format!("ss:{number:04x}…00"));
        row.user = Some("asmith".into());
        row.fact = Fact::Live;
        row.expires = Some(now() + TimeDelta::minutes(51));
        row
    });
    answer(&mut state, rows.collect());
    update(&mut state, usher::app::Msg::Due(Timer::Arm, Gen::default()));
    keys(&mut state, "enter");
    check("all_of_user", &state, &TWO);
}

#[test]
fn ending_many_sessions_asks_with_a_plan() {
    let mut state = Fixture::main().state;
    keys(&mut state, "* delete");
    check("plan_marked", &state, &TWO);

    state.dialogs.clear();
    state.sources[0].profile.policy.production = true;
    state.sources[0].profile.policy.require_reason = true;
    keys(&mut state, "delete");
    check("plan_marked_production", &state, &TWO);
}

/// Two open systems, three sessions of the first are marked, and the question about them is open.
fn plan_of_three() -> State {
    let mut state = Fixture::main().state;
    keys(&mut state, "space down space space delete");
    let timer = usher::app::Msg::Due(Timer::Arm, Gen::default());
    update(&mut state, timer);
    state
}

#[test]
fn a_dry_run_lists_the_requests() {
    let mut state = Fixture::main().state;
    if let Some(caps) = &mut state.sources[0].caps {
        std::sync::Arc::make_mut(caps).preview = |request| {
            format!(
                "DELETE {}",
                request.url(&format!("/sid/{}", request.names()))
            )
        };
    }
    keys(&mut state, "space down space space delete");
    keys(&mut state, "d");

    check("dry_run", &state, &TWO);
}

#[test]
fn the_result_of_a_plan_names_the_system_and_what_failed() {
    let mut state = plan_of_three();
    keys(&mut state, "y");
    let rows: Vec<RowId> = state.jobs[0].items.iter().map(|item| item.row).collect();
    let why = "403 insufficient_scope: needs https://jans.io/oauth/jans-auth-server/session.delete";
    let outcomes = [
        Outcome::Revoked,
        Outcome::AlreadyGone,
        Outcome::Refused(why.to_owned()),
    ];
    for (row, outcome) in rows.into_iter().zip(outcomes) {
        let job = JobId(1);
        update(&mut state, usher::app::Msg::Revoked { job, row, outcome });
    }
    update(&mut state, usher::app::Msg::Recorded(JobId(1), 3..=8));
    update(&mut state, usher::app::Msg::Ended(JobId(1)));

    check("ended", &state, &TWO);
}

#[test]
fn a_plan_for_a_person_lists_every_open_system() {
    let state = Fixture::main().with(|state| {
        let mut second = Source::new(profile("am-alpha", "PingAM"));
        second.caps = state.sources[0].caps.clone();
        second.link = Link::Down(ApiError::Unreachable {
            host: "am.example.org".to_owned(),
            cause: usher::model::Unreached::Refused,
            why: "connection refused".to_owned(),
            exchange: None,
        });
        state.sources.push(second);
        keys(state, "U");
    });

    check("plan_person", &state, &TWO);
}

#[test]
fn a_plan_for_a_person_signs_in_where_nobody_is_signed_in() {
    let state = Fixture::main().with(|state| {
        let mut second = Source::new(profile("am-alpha", "PingAM"));
        second.caps = state.sources[0].caps.clone();
        state.sources.push(second);
        keys(state, "U down");
    });

    check("plan_sign_in", &state, &TWO);
}

pub(super) fn job(state: &State) -> Job {
    let items: Vec<_> = (0..33).map(|row| item(state, row)).collect();
    let mut job = Job::new(JobId(1), false, None);
    job.title = "Ending 33 sessions".to_owned();
    job.failed = vec![(
        items[0].clone(),
        "403 insufficient_scope: needs https://jans.io/oauth/jans-auth-server/session.delete"
            .to_owned(),
    )];
    job.set_items(items);
    (job.done, job.gone) = (18, 1);
    job
}

#[test]
fn a_revoke_job_shows_how_it_goes() {
    let running = Fixture::main().with(|state| {
        state.jobs.push(job(state));
        state.open(JobBox(JobId(1)));
    });
    check("progress", &running, &TWO);

    let mut paused = running.clone();
    paused.jobs[0].state = JobState::Paused(ApiError::Auth {
        message: "the token expired".to_owned(),
        can_login: true,
        exchange: None,
    });
    check("progress_paused", &paused, &SMALL);

    let mut hidden = running.clone();
    hidden.dialogs.clear();
    check("progress_hidden", &hidden, &SMALL);

    let mut quit = running;
    quit.dialogs.clear();
    quit.open(Quit::default());
    check("quit_question", &quit, &SMALL);
}

#[test]
fn the_help_lists_every_key() {
    let state = Fixture::main().with(|state| {
        state.sources[0].profile.policy.read_only = true;
        state.open(Help::default());
    });
    check("help", &state, &TWO);

    let mut filtered = state.clone();
    filtered.dialogs.clear();
    filtered.open(Help {
        input: Input::new("sort".to_owned()),
        top: 0,
    });
    check("help_filtered", &filtered, &SMALL);
}

#[test]
fn profiles_are_chosen_from_a_list() {
    let state = Fixture::main().with(|state| {
        state.open(SwitchProfile::default());
    });
    check("profiles", &state, &TWO);

    let mut new = state.clone();
    new.dialogs.clear();
    new.open(SwitchProfile {
        new: true,
        choice: 1,
        ..SwitchProfile::default()
    });
    check("profiles_new", &new, &SMALL);
}

#[test]
fn the_first_run_offers_four_ways_on() {
    let state = Fixture::bare().with(|state| {
        let mut demo = profile("demo", "Janssen");
        demo.demo = true;
        state.profiles.push(ProfileEntry {
            view: demo,
            last: "-".into(),
        });
        state.open(FirstRun::default());
    });

    check("first_run", &state, &TWO);
}

#[test]
fn f_data_09_foreign_text_cannot_read_like_a_fact_of_the_question() {
    let mut fixture = Fixture::open();
    let mut people = people();
    people[0].user = "jdoe · Session ss:1234…56 on lab";
    people[0].client = Some("x  IP 10.0.0.1");
    fixture.load(&people, 1);
    let mut state = fixture.state;
    state.focus = Pane::Table;
    state.results.cursor = 5;
    keys(&mut state, "delete");

    for (width, height) in TWO {
        let size = usher::app::Size { width, height };
        let text = usher::ui::picture::picture(&state, &Theme::default(), size).to_text();
        let question = &text[text.find("End session?").expect("the question")..];

        assert!(
            question.contains("\"jdoe · Session ss:1234…56 on lab\""),
            "{text}"
        );
        if height > 30 {
            assert!(question.contains("Client    \"x  IP 10.0.0.1\""), "{text}");
        }
    }
}

#[test]
fn the_ways_to_list_say_what_they_need_and_cost() {
    let way = |word: &'static str, title: &'static str, needs, requests, seconds| Way {
        word: word.into(),
        title: title.into(),
        needs,
        cost: Some(WayCost {
            requests,
            is_least: false,
            takes: Some(Duration::from_secs(seconds)),
        }),
    };
    let state = Fixture::open().with(|state| {
        let ways = vec![
            way("recent", "Sign-ins of the last day", None, 3, 2),
            way("one", "One organization", Some(Field::Scope), 12, 1),
            way("all", "All users, one by one", None, 30_000, 1_200),
        ];
        state.open(ChooseWay::new(SourceId(0), ways));
    });

    check("ways", &state, &TWO);
}

#[test]
fn without_a_way_to_list_the_table_says_that_nothing_was_searched() {
    let state = Fixture::open().with(|state| {
        state.results.query = Some(usher::model::Query::default());
        state.sources[0].progress = Progress::Failed(ApiError::Incomplete {
            message: "it cannot list everything at once".into(),
            field: None,
            ways: vec![Way {
                word: "recent".into(),
                title: "Recent".into(),
                needs: None,
                cost: None,
            }],
        });
    });

    let size = usher::app::msg::Size {
        width: 80,
        height: 24,
    };
    let drawn = usher::ui::picture::picture(&state, &Theme::default(), size).to_text();

    assert!(drawn.contains("Nothing was searched yet."), "{drawn}");
    assert!(drawn.contains("r offers the ways to list"), "{drawn}");
    assert!(!drawn.contains("failed"), "{drawn}");
}

#[test]
fn the_rows_that_are_shown_can_be_exported() {
    let mut state = Fixture::main().state;
    keys(&mut state, "e");
    check("export", &state, &TWO);

    let choice = usher::app::export::ExportChoice {
        format: usher::app::export::ExportFormat::Json,
        fields: usher::app::export::ExportFields::All,
        place: usher::app::export::ExportPlace::File {
            path: "~/rows.json".to_owned(),
            replace: false,
        },
    };
    state.dialogs.clear();
    let failure = usher::app::export::ExportFailure::Exists(choice);
    update(&mut state, usher::app::Msg::Exported(Err(failure)));
    check("export_exists", &state, &SMALL);
}

fn audit_line(minutes: i64, user: &str, outcome: &str) -> usher::app::audit_log::AuditLine {
    let fields = [
        ("event", "done"),
        ("op_id", "00112233aabbccdd"),
        ("profile", "prod-janssen"),
        ("user", user),
        ("outcome", outcome),
        (
            "reason",
            "INC-4711 stolen laptop, reported by the service desk in the afternoon of that day",
        ),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    usher::app::audit_log::AuditLine {
        at: Some(now() - TimeDelta::minutes(minutes)),
        verb: "revoke".to_owned(),
        outcome: outcome.to_owned(),
        profile: "prod-janssen".to_owned(),
        user: user.to_owned(),
        text: format!("{user} {outcome}"),
        fields: fields.to_vec(),
        json: "{}".to_owned(),
    }
}

#[test]
fn the_audit_log_is_searched_and_shows_each_record() {
    let mut state = Fixture::main().state;
    keys(&mut state, "A");
    let lines = vec![
        audit_line(1, "jdoe@example.org", "done, 0 left"),
        audit_line(4, "bwong@example.org", "failed"),
        audit_line(70, "日本太郎@example.org in /alpha", "no end"),
    ];
    let page = usher::app::audit_log::AuditPage {
        lines,
        is_cut: true,
        damaged: 2,
    };
    update(&mut state, usher::app::Msg::AuditRead(Ok(page)));
    check("audit_log", &state, &TWO);

    keys(&mut state, "j d o e enter");
    check("audit_record", &state, &TWO);
}

/// Does what the worker does with the counts that were asked for.
fn count_rows(state: &mut State, effects: Vec<usher::app::Effect>) {
    for effect in effects {
        if let usher::app::Effect::Count {
            generation,
            rows,
            order,
            view,
            by,
            began: asks,
        } = effect
        {
            let counts = usher::app::counts::count(&rows, &order, &view, &by, asks);
            update(state, usher::app::Msg::Counted { generation, counts });
        }
    }
}

#[test]
fn rows_are_counted_in_groups_and_at_a_glance() {
    for (key, name) in [("b", "groups"), ("o", "overview")] {
        let mut state = Fixture::main().state;
        let key = usher::app::Msg::Key(key.parse().expect("a key"));
        let effects = update(&mut state, key);
        count_rows(&mut state, effects);
        check(name, &state, &TWO);
    }
}

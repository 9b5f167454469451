//! The panes of the main screen: header, table, status, tabs; in every theme and with hostile text.

use usher::app::{Effect, Msg};
use usher::model::{AuditMode, Fact, Unreached};

use super::*;

#[test]
fn main_screen() {
    check("main", &Fixture::main().state, &MAIN);
}

#[test]
fn marked_rows_show_their_mark_and_the_title_counts_them() {
    let mut state = Fixture::main().state;
    keys(&mut state, "space space down space");
    check("marks", &state, &TWO);

    keys(&mut state, "f");
    check("marks_hidden", &state, &SMALL);
}

#[test]
fn hints_stand_in_their_column_and_as_a_sentence_behind_the_fields() {
    let mut fixture = Fixture::open();
    let mut people = people();
    (people[3].fact, people[3].created) = (Fact::Unauthenticated, 3_600);
    fixture.load(&people, people.len());
    let mut state = fixture.state;
    state.results.touched = true;
    state.results.cursor = 3;
    state.focus = Pane::Table;
    keys(&mut state, "C down down down down down down down space esc");

    check("hints", &state, &TWO);
}

/// The live view after a reading in which some sessions are new, have changed or have gone.
fn live(mut state: State) -> State {
    keys(&mut state, "R");
    state.message = None;
    let asked = update(&mut state, Msg::Due(Timer::Reload, Gen::default()));
    let asked = asked.into_iter().find_map(|effect| match effect {
        Effect::Search { generation, .. } => Some(generation),
        _ => None,
    });
    let mut people: Vec<_> = people().into_iter().enumerate().collect();
    people.remove(5);
    people[2].1.used = Some(30);
    people[2].1.ip = "198.51.100.9";
    let mut new = usher_person("brand.new@example.org");
    (new.created, new.used) = (20, Some(20));
    people.push((99, new));
    let page = Msg::Page {
        source: SourceId(0),
        generation: asked.expect("a search"),
        result: Ok(Fixture::page(&people)),
    };
    let compare = update(&mut state, page);
    for effect in compare {
        if let Effect::Compare {
            generation,
            readings,
            view,
        } = effect
        {
            let (compared, order) = readings.made_for(*view);
            let compared = Box::new(compared);
            update(
                &mut state,
                Msg::Compared {
                    generation,
                    compared,
                    order,
                },
            );
        }
    }
    state
}

fn usher_person(user: &'static str) -> Person {
    let mut people = people();
    let mut person = people.remove(0);
    person.user = user;
    person
}

#[test]
fn the_live_view_marks_what_is_new_has_changed_and_has_gone() {
    let mut fixture = Fixture::open();
    fixture.load(&people(), people().len());
    let mut state = fixture.state;
    state.results.touched = true;
    state.focus = Pane::Table;
    let state = live(state);
    check("live_view", &state, &TWO);
    check("live_view_narrow", &state, &[(50, 15)]);

    let mut plain = state.clone();
    plain.prefs.ascii = true;
    check_with("live_view_ascii", &plain, &Theme::built_in("mono"), &SMALL);

    let mut below = state;
    keys(&mut below, "down down down");
    check("live_view_changed", &below, &TWO);
    keys(&mut below, "down down down");
    check("live_view_gone", &below, &SMALL);
}

#[test]
fn rows_arrive_while_loading() {
    let state = Fixture::main().with(|state| {
        state.sources[0].progress = Progress::Loading;
        state.sources[0].pages = 4;
        state.spinner = true;
        state.now += TimeDelta::milliseconds(250);
        state.up += Duration::from_millis(250);
    });
    check("loading", &state, &TWO);

    let still = State {
        prefs: usher::app::state::Prefs {
            reduced_motion: true,
            ..state.prefs.clone()
        },
        ..state
    };
    check("loading_reduced_motion", &still, &SMALL);
}

#[test]
fn a_walk_says_how_far_it_has_come() {
    let state = Fixture::main().with(|state| {
        let walk = WalkProgress {
            done: 1_200,
            of: Some(30_000),
            what: "users".into(),
        };
        let source = &mut state.sources[0];
        source.progress = Progress::Loading;
        source.headway = Some(Headway::new(walk, 1_200, Duration::from_secs(48)));
        state.spinner = true;
    });

    check("loading_walk", &state, &TWO);
}

#[test]
fn the_first_search_shows_no_rows_yet() {
    let state = Fixture::open().with(|state| {
        state.focus = Pane::Search;
        state.sources[0].progress = Progress::Loading;
        state.sources[0].asked_at = Some(now() - TimeDelta::milliseconds(400));
        state.results.query = Some(Query::default());
        state.spinner = true;
    });

    check("loading_first", &state, &SMALL);
}

#[test]
fn f_clock_02_how_long_a_search_takes_does_not_follow_a_clock_that_is_set() {
    let mut state = Fixture::open().with(|state| {
        state.sources[0].progress = Progress::Loading;
        state.sources[0].begun = Duration::from_secs(60);
        state.results.query = Some(Query::default());
        state.results.stale = true;
    });
    for (jump, up, words) in [
        (0, 60, "searching… · Esc stops"),
        (30, 63, "searching… 3 s · Esc stops"),
        (-30, 75, "searching… 15 s · Esc stops"),
    ] {
        let tick = usher::app::Msg::Tick {
            now: now() + TimeDelta::hours(jump),
            up: Duration::from_secs(up),
        };
        usher::app::update(&mut state, tick);

        let size = usher::app::msg::Size {
            width: 120,
            height: 40,
        };
        let drawn = usher::ui::picture::picture(&state, &Theme::default(), size);

        assert!(
            crate::support::screen::text(&drawn).contains(words),
            "{jump} h: {words}"
        );
    }
}

#[test]
fn an_empty_result_says_what_was_searched() {
    let mut fixture = Fixture::open();
    fixture.load(&[], 0);
    let state = fixture.with(|state| {
        state.focus = Pane::Table;
        state.sources[0].took = Some(Duration::from_millis(131));
        state.form.inputs[TextField::User] = Input::new("jdoe".to_owned());
        state.results.query =
            Some(Query::parse("user:jdoe expires>\"2026-11-21 00:00\"").expect("a query"));
    });

    check("empty", &state, &TWO);
}

#[test]
fn nothing_is_searched_yet() {
    check("not_searched", &Fixture::open().state, &TWO);
    let demo = Fixture::open().with(|state| {
        state.sources[0].profile.demo = true;
        state.profiles.clear();
    });
    check("not_searched_demo", &demo, &[(80, 24), (40, 10)]);
}

#[test]
fn a_list_cut_by_the_server_says_so() {
    let mut fixture = Fixture::open();
    fixture.load(&people(), 120);
    let state = fixture.with(|state| {
        state.focus = Pane::Table;
        state.sources[0].total = None;
        state.sources[0].completeness = Completeness::Truncated { at: 120 };
    });

    check("truncated", &state, &TWO);
}

#[test]
fn f_clock_05_the_status_line_tells_the_moment_that_a_duration_meant_when_it_was_asked() {
    let state = Fixture::main().with(|state| {
        let query = Query::parse("age>30m").expect("a query");
        state.sources[0].search = Some(usher::model::Search::new(
            query.clone(),
            std::num::NonZeroU16::MIN,
            now() - TimeDelta::minutes(5),
        ));
        state.results.query = Some(query);
    });

    check("bounds", &state, &SMALL);
}

#[test]
fn an_empty_table_of_a_cut_list_says_what_it_knows() {
    let state = Fixture::open().with(|state| {
        state.focus = Pane::Table;
        state.results.query = Query::parse("jdoe").ok();
        state.results.arrival = false;
        state.sources[0].progress = Progress::Loaded;
        state.sources[0].received = 360;
        state.sources[0].completeness = Completeness::Truncated { at: 120 };
    });

    check("empty_cut", &state, &TWO);
}

#[test]
fn an_error_in_the_status_line_leaves_the_rows() {
    let state = Fixture::main().with(|state| {
        state.message = Some(Message {
            level: Level::Error,
            passes: false,
            text: "401: token expired 3 min ago. r sign in · E details".to_owned(),
        });
    });

    check("error_status", &state, &SMALL);
}

#[test]
fn the_live_filter_is_in_the_lower_border() {
    let state = Fixture::main().with(|state| {
        state.results.live = Some(LiveFilter {
            input: Input::new("jdoe".to_owned()),
            editing: true,
            ghost: String::new(),
            query: Query::parse("jdoe").ok(),
            error: None,
        });
    });
    check("live_filter", &state, &TWO);

    let mut wrong = state.clone();
    if let Some(live) = &mut wrong.results.live {
        live.input = Input::new("creatd>now".to_owned());
        live.error = Some("unknown field \"creatd\" (did you mean \"created\"?)".to_owned());
    }
    check("live_filter_wrong", &wrong, &SMALL);
}

#[test]
fn quick_filters_are_told() {
    let state = Fixture::main().with(|state| {
        state.results.quick = Query::parse("client:portal-web").expect("a query").clauses;
        state.results.column = Field::Client.into();
    });

    check("quick_filter", &state, &TWO);
}

#[test]
fn what_became_of_rows_is_a_word() {
    let state = Fixture::main().with(|state| {
        let statuses = [
            RowStatus::Revoking,
            RowStatus::Revoked,
            RowStatus::AlreadyGone,
            RowStatus::StillListed,
            RowStatus::Refused("needs scope session.delete".to_owned()),
            RowStatus::Failed("timeout".to_owned()),
            RowStatus::Unknown("timeout".to_owned()),
        ];
        for (position, status) in statuses.into_iter().enumerate() {
            let row = state.results.order.get(position).expect("a row");
            state.results.statuses.insert(row, status);
        }
        state.results.cursor = 4;
    });

    check("fates", &state, &TWO);
}

#[test]
fn production_and_other_dangers_are_words_and_a_bar() {
    let production = Fixture::main().with(|state| {
        state.sources[0].profile.policy.production = true;
        state.sources[0].profile.policy.read_only = true;
    });
    check("production", &production, &TWO);

    let insecure = Fixture::main().with(|state| {
        let profile = &mut state.sources[0].profile;
        (profile.policy.insecure, profile.plain_http) = (true, true);
        (profile.policy.audit, profile.demo) = (AuditMode::BestEffort, true);
    });
    check("insecure", &insecure, &TWO);
}

#[test]
fn hostile_text_stays_in_its_cell() {
    let mut fixture = Fixture::open();
    let mut people = people();
    people[0].user = "\u{1b}[2J\u{1b}]52;c;aGk=\u{7}evil";
    people[1].user = "admin\u{202e}gnp.exe";
    people[2].user = "two\nlines\tand\rmore";
    people[3].user = "zero\u{200b}width";
    people[4].user = "👩‍👩‍👧‍👦 family";
    people[5].user = "Ze\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}\u{30a}";
    people[6].user = "[selected] Deleted 1 session ║";
    people[7].client = Some("非常に長い名前のクライアント");
    people[8].ip = "\u{9b}31m";
    fixture.load(&people, 18);
    let state = fixture.with(|state| {
        state.focus = Pane::Table;
        state.results.cursor = 1;
    });

    check("hostile", &state, &TWO);
}

#[test]
fn plain_signs_where_there_is_only_ascii() {
    let ascii = |state: &mut State| {
        state.prefs.ascii = true;
        state.now += TimeDelta::milliseconds(250);
    };
    check("ascii", &Fixture::main().with(ascii), &TWO);
    let mut confirm = Fixture::main().with(ascii);
    keys(&mut confirm, "delete");
    check("ascii_confirm", &confirm, &TWO);
}

#[test]
fn without_colour_everything_can_still_be_told_apart() {
    let mono = Theme::built_in("mono");
    check_with("mono", &Fixture::main().state, &mono, &TWO);
    let mut confirm = Fixture::main().state;
    keys(&mut confirm, "delete");
    check_with("mono_confirm", &confirm, &mono, &SMALL);
}

#[test]
fn times_as_instants_are_never_cut() {
    let utc = Fixture::main().with(|state| state.prefs.time = TimeStyle::Utc);
    check("times_utc", &utc, &MAIN);
    let local = Fixture::main().with(|state| {
        state.prefs.time = TimeStyle::Local;
        state.prefs.zone = state.prefs.local;
    });
    check("times_local", &local, &TWO);
}

#[test]
fn columns_scroll_so_that_each_can_be_reached() {
    let state = Fixture::main().with(|state| state.results.scroll = 9);

    check("scrolled", &state, &SMALL);
}

#[test]
fn several_systems_show_whose_row_is_whose_and_who_failed() {
    let state = Fixture::main().with(|state| {
        let mut second = Source::new(profile("am-alpha", "PingAM"));
        second.link = Link::Down(ApiError::Unreachable {
            host: "am.example.org".to_owned(),
            cause: Unreached::Refused,
            why: "connection refused".to_owned(),
            exchange: None,
        });
        second.progress = Progress::Failed(ApiError::Unreachable {
            host: "am.example.org".to_owned(),
            cause: Unreached::Refused,
            why: "connection refused".to_owned(),
            exchange: None,
        });
        state.sources.push(second);
    });

    check("several", &state, &MAIN);
}

#[test]
fn where_the_title_has_no_room_for_the_reason_it_still_says_how_many_systems_answered() {
    let state = Fixture::main().with(|state| {
        state.sources[0].profile.name = "the-production-directory".to_owned();
        let mut second = Source::new(profile("the-directory-of-the-customers", "Acme"));
        second.progress = Progress::Failed(ApiError::Incomplete {
            message: "one user at a time".to_owned(),
            field: None,
            ways: vec![Way {
                word: "all".into(),
                title: "Everybody".into(),
                needs: None,
                cost: None,
            }],
        });
        state.sources.push(second);
        state.results.scroll = 0;
    });
    let text = |width, height| {
        let size = usher::app::Size { width, height };
        usher::ui::picture::picture(&state, &Theme::default(), size).to_text()
    };

    assert!(text(120, 40).contains("the-directory-of-the-customers: choose a way to list (E)"));
    let small = text(80, 24);
    assert!(small.contains("/1,204 · 1 of 2 systems (E)"), "{small}");
}

#[test]
fn narrow_screens_show_one_pane_at_a_time() {
    let state = Fixture::main().state;
    check("narrow_table", &state, &[(50, 15), (60, 15), (40, 10)]);
    let mut search = state.clone();
    search.focus = Pane::Search;
    check("narrow_search", &search, &[(50, 15), (40, 10)]);
    let mut details = state.clone();
    details.focus = Pane::Details;
    check("narrow_details", &details, &[(50, 15), (40, 10)]);
    let mut confirm = state;
    keys(&mut confirm, "delete");
    check("narrow_confirm", &confirm, &[(50, 15), (40, 10)]);
}

#[test]
fn a_screen_that_is_too_small_says_what_it_needs() {
    check("too_small", &Fixture::main().state, &[(38, 7)]);
}

#[test]
fn rows_that_came_twice_and_rows_that_could_not_be_read_are_told() {
    let state = Fixture::main().with(|state| {
        (state.sources[0].duplicates, state.sources[0].unread) = (3, 1);
    });

    check("odd_rows", &state, &SMALL);
}

#[test]
fn f_http_12_without_a_total_that_can_be_only_what_is_there_is_counted() {
    for total in [None, Some(0), Some(1_203)] {
        let state = Fixture::main().with(|state| state.sources[0].total = total);
        let shown = |width, height| {
            let size = usher::app::msg::Size { width, height };
            crate::support::screen::text(&usher::ui::picture::picture(
                &state,
                &Theme::default(),
                size,
            ))
        };

        for text in [shown(80, 24), shown(120, 40)] {
            assert!(text.contains("1,204 loaded"), "{total:?}: {text}");
        }
    }
}

#[test]
fn the_title_names_the_query_that_made_the_rows() {
    let state = Fixture::main().with(|state| {
        state.results.made_by = Query::parse("user:ada* state:active").ok();
        state.results.query = Query::parse("user:bob").ok();
    });

    for (width, height) in TWO {
        let size = usher::app::Size { width, height };
        let mut state = state.clone();
        state.size = size;
        let text = usher::ui::picture::picture(&state, &Theme::default(), size).to_text();
        assert!(text.contains("Sessions · user:ada* state:a"), "{text}");
        assert!(!text.contains("user:bob ═"), "{text}");
    }
}

#[test]
fn one_person_is_shown_over_all_systems_on_one_axis() {
    let mut state = Fixture::main().state;
    keys(&mut state, "& u s e r : j d o e * enter");
    update(
        &mut state,
        usher::app::Msg::Due(Timer::Filter, Gen::default()),
    );
    state.sources[0].asked_at = Some(now());
    state.sources[0].progress = Progress::Loaded;
    let mut none = Source::new(profile("demo-openam", "OpenAM"));
    (none.progress, none.asked_at) = (Progress::Loaded, Some(now()));
    let mut cut = Source::new(profile("am-alpha", "PingAM"));
    (cut.progress, cut.asked_at) = (Progress::Loaded, Some(now()));
    cut.completeness = Completeness::Truncated { at: 120 };
    let mut away = Source::new(profile("workos", "WorkOS"));
    away.progress = Progress::Failed(ApiError::Unreachable {
        host: "api.example.org".to_owned(),
        cause: Unreached::Refused,
        why: "connection refused".to_owned(),
        exchange: None,
    });
    state.sources.extend([none, cut, away]);
    usher::app::dialogs::person::open(&mut state, "jdoe@example.org");

    check("person", &state, &TWO);
}

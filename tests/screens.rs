//! Every screen as a picture in characters.

mod support;

use std::time::Duration;

use chrono::TimeDelta;
use tui_input::Input;
use usher::app::effect::JobId;
use usher::app::form::{FormError, FormField, TextField};
use usher::app::msg::SignInStep;
use usher::app::overlay::{
    Confirm, ConfirmFocus, ConfirmKind, ErrorBox, Help, Job, JobState, Overlay, Profiles,
    RevokePlan, SignIn, Typed,
};
use usher::app::results::{Fate, Find, LiveFilter};
use usher::app::source::{Link, Progress, Source};
use usher::app::state::{Level, Message, Pane, State, TimeStyle};
use usher::app::{RevokeItem, update};
use usher::model::signin::{Ask, DeviceCode, Question, QuestionKind};
use usher::model::time::Zone;
use usher::model::{
    ApiError, Completeness, Field, Plan, Query, Session, SessionKey, Subject, Untrusted,
};
use usher::store::{RowId, SourceId};
use usher::ui::Theme;

use support::fixture::{Fixture, at, now, people, profile};
use support::screen::{check, check_with};

const MAIN: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
const TWO: [(u16, u16); 2] = [(80, 24), (120, 40)];
const SMALL: [(u16, u16); 1] = [(80, 24)];

#[test]
fn main_screen() {
    check("main", &Fixture::main().state, &MAIN);
}

#[test]
fn the_form_with_the_focus_folded() {
    let state = Fixture::main().with(|state| {
        state.focus = Pane::Search;
        state.form.field = FormField::Text(TextField::User);
        state.form.inputs[TextField::User] = Input::new("jdoe".to_owned());
        state.form.inputs[TextField::ExpiresAfter] = Input::new("2026-11-21 00:00".to_owned());
    });

    check("form_folded", &state, &MAIN);
}

fn unfolded(state: &mut State) {
    state.focus = Pane::Search;
    state.form.unfolded = true;
    state.form.field = FormField::Text(TextField::User);
    state.form.inputs[TextField::User] = Input::new("jdoe".to_owned());
    state.form.inputs[TextField::ExpiresAfter] = Input::new("2026-11-21 00:00".to_owned());
    state.sources[0].plan = Some(Ok(Plan {
        native: "auth_user=jdoe,expirationDate>2026-11-21 00:00:00".to_owned(),
        ..Plan::default()
    }));
}

#[test]
fn the_form_unfolded() {
    check("form_unfolded", &Fixture::main().with(unfolded), &MAIN);
}

#[test]
fn the_form_says_what_is_wrong_beside_the_field() {
    let state = Fixture::main().with(|state| {
        unfolded(state);
        state.form.inputs[TextField::ExpiresAfter] = Input::new("yesterdy".to_owned());
        state.form.field = FormField::Text(TextField::ExpiresAfter);
        state.form.error = Some(FormError {
            field: FormField::Text(TextField::ExpiresAfter),
            message: "\"yesterdy\" is not a time. Try 2026-11-21, 2026-11-21 14:00, now-2h."
                .to_owned(),
        });
    });
    check("form_error", &state, &TWO);

    let folded = State {
        form: usher::app::form::Form {
            unfolded: false,
            ..state.form.clone()
        },
        ..state
    };
    check("form_error_folded", &folded, &TWO);
}

#[test]
fn the_form_says_what_is_done_here_and_what_a_system_needs() {
    let state = Fixture::main().with(|state| {
        unfolded(state);
        let mut caps = support::fixture::caps();
        caps.fields[Field::User] = usher::model::Support::Required;
        caps.fields[Field::Client] = usher::model::Support::No;
        state.sources[0].caps = Some(caps.into());
        state.sources[0].plan = Some(Ok(Plan {
            native: "auth_user=jdoe".to_owned(),
            rest: Query::parse("state:active ip:10.0.0.0/8")
                .expect("a query")
                .clauses,
            notes: vec!["the server minds upper and lower case in user names".to_owned()],
        }));
    });

    check("form_plan", &state, &TWO);
}

#[test]
fn rows_arrive_while_loading() {
    let state = Fixture::main().with(|state| {
        state.sources[0].progress = Progress::Loading;
        state.sources[0].pages = 4;
        state.spinner = true;
        state.now += TimeDelta::milliseconds(250);
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
    let demo = Fixture::open().with(|state| state.sources[0].profile.demo = true);
    check("not_searched_demo", &demo, &SMALL);
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
fn an_error_in_the_status_line_leaves_the_rows() {
    let state = Fixture::main().with(|state| {
        state.message = Some(Message {
            level: Level::Error,
            text: "401: token expired 3 min ago. r sign in · E details".to_owned(),
        });
    });

    check("error_status", &state, &SMALL);
}

#[test]
fn the_error_box_says_what_why_and_what_to_do() {
    let state = Fixture::main().with(|state| {
        state.overlays.push(Overlay::Error(Box::new(ErrorBox {
            title: "Search failed".to_owned(),
            what: "GET /jans-config-api/api/v1/jans-auth-server/session/search answered 401 Unauthorized after 88 ms".to_owned(),
            why: "The token of profile prod-janssen expired at 14:04:10 UTC.".to_owned(),
            advice: "Press r to sign in again, or run: usher login prod-janssen".to_owned(),
            notes: vec![
                "The 1,204 rows on screen are from 14:03:02 UTC.".to_owned(),
                "request id 4f1c".to_owned(),
            ],
            can_login: Some(SourceId(0)),
            button: 0,
            top: 0,
        })));
    });

    check("error_box", &state, &TWO);
}

fn item(state: &State, row: u32) -> RevokeItem {
    let data = state.results.rows.get(RowId(row)).expect("a row");
    RevokeItem {
        row: RowId(row),
        source: data.source,
        key: data.session.key.clone(),
        subject: data.session.subject.clone(),
    }
}

/// Presses keys by their names in the configuration.
fn keys(state: &mut State, names: &str) {
    for name in names.split(' ') {
        update(state, usher::app::Msg::Key(name.parse().expect("a key")));
    }
}

#[test]
fn deleting_one_session_asks() {
    let mut state = Fixture::main().state;
    keys(&mut state, "delete");
    check("confirm_delete", &state, &TWO);

    state.overlays.clear();
    state.sources[0].profile.production = true;
    state.sources[0].profile.require_reason = true;
    keys(&mut state, "delete");
    check("confirm_delete_production", &state, &TWO);
}

#[test]
fn revoking_every_session_of_a_user_asks_for_the_name() {
    let mut state = Fixture::main().state;
    keys(&mut state, "U b w");
    if let Some(Overlay::Confirm(confirm)) = state.overlays.last_mut() {
        confirm.armed = true;
    }
    keys(&mut state, "enter");

    check("confirm_user", &state, &TWO);
}

#[test]
fn revoking_many_sessions_counts_them_by_user() {
    let state = Fixture::main().with(|state| {
        state.sources[0].profile.production = true;
        let send: Vec<_> = (0..33).map(|row| item(state, row % 18)).collect();
        state.overlays.push(Overlay::Confirm(Box::new(Confirm {
            kind: ConfirmKind::Rows(RevokePlan {
                send,
                skip: vec![
                    (2, "it has already expired".to_owned()),
                    (1, "it is the session you are signed in with".to_owned()),
                ],
            }),
            title: "Revoke 33 sessions on PRODUCTION?".to_owned(),
            facts: Vec::new(),
            short: Vec::new(),
            after: support::fixture::caps().after_revoke.to_owned(),
            warnings: vec!["5 of them are hidden by the filter".to_owned()],
            verb: "Revoke 33".to_owned(),
            production: true,
            armed: true,
            focus: ConfirmFocus::Typed,
            typed: Some(Typed {
                input: Input::new("33".to_owned()),
                expect: vec!["33".to_owned()],
                ask: "Type the number of sessions to confirm:".to_owned(),
                wrong: false,
            }),
            reason: None,
        })));
    });

    check("confirm_many", &state, &TWO);
}

fn job(state: &State) -> Job {
    let items: Vec<_> = (0..33).map(|row| item(state, row)).collect();
    Job {
        id: JobId(1),
        title: "Revoking 33 sessions".to_owned(),
        failed: vec![(
            items[0].clone(),
            "403 insufficient_scope: needs https://jans.io/oauth/jans-auth-server/session.delete"
                .to_owned(),
        )],
        items,
        user: None,
        done: 18,
        gone: 1,
        unclear: 0,
        counted: Default::default(),
        state: JobState::Running,
        production: false,
        reason: None,
        epoch: state.results.epoch,
        summary: None,
        button: 0,
    }
}

#[test]
fn a_revoke_job_shows_how_it_goes() {
    let running = Fixture::main().with(|state| {
        state.jobs.push(job(state));
        state.overlays.push(Overlay::Progress(JobId(1)));
    });
    check("progress", &running, &TWO);

    let mut paused = running.clone();
    paused.jobs[0].state = JobState::Paused(ApiError::Auth {
        message: "the token expired".to_owned(),
        can_login: true,
    });
    check("progress_paused", &paused, &SMALL);

    let mut hidden = running.clone();
    hidden.overlays.clear();
    check("progress_hidden", &hidden, &SMALL);

    let mut quit = running;
    quit.overlays = vec![Overlay::Quit { button: 0 }];
    check("quit_question", &quit, &SMALL);
}

#[test]
fn the_help_lists_every_key() {
    let state = Fixture::main().with(|state| {
        state.sources[0].profile.read_only = true;
        state.overlays.push(Overlay::Help(Help::default()));
    });
    check("help", &state, &TWO);

    let mut filtered = state.clone();
    filtered.overlays = vec![Overlay::Help(Help {
        input: Input::new("sort".to_owned()),
        top: 0,
    })];
    check("help_filtered", &filtered, &SMALL);
}

#[test]
fn profiles_are_chosen_from_a_list() {
    let state = Fixture::main().with(|state| {
        state.overlays.push(Overlay::Profiles(Profiles::default()));
    });
    check("profiles", &state, &TWO);

    let mut new = state.clone();
    new.overlays = vec![Overlay::Profiles(Profiles {
        new: true,
        choice: 1,
        ..Profiles::default()
    })];
    check("profiles_new", &new, &SMALL);
}

#[test]
fn the_first_run_offers_four_ways_on() {
    let state = Fixture::bare().with(|state| {
        state.overlays.push(Overlay::FirstRun { choice: 0 });
    });

    check("first_run", &state, &TWO);
}

fn sign_in(step: SignInStep, inputs: Vec<Input>, focus: usize) -> State {
    Fixture::main().with(|state| {
        state.overlays.push(Overlay::SignIn(Box::new(SignIn {
            source: SourceId(0),
            until: Some(now() + TimeDelta::seconds(29 * 60 + 41)),
            step,
            inputs,
            focus,
        })));
    })
}

#[test]
fn signing_in_shows_a_code() {
    let step = SignInStep::ShowCode(DeviceCode {
        url: "https://idp.example.org/device-code".into(),
        url_complete: None,
        code: "LKHC-PBTR".into(),
        until: now(),
    });

    check("sign_in_code", &sign_in(step, Vec::new(), 0), &TWO);
}

#[test]
fn signing_in_asks_for_secrets_and_choices() {
    let question = |prompt: &str, kind| Question {
        prompt: prompt.into(),
        kind,
    };
    let step = SignInStep::Ask(Ask {
        title: "Sign in as help-desk@example.org".to_owned(),
        lines: vec!["Welcome.\nUse your second factor \u{1b}[31mtoday".into()],
        questions: vec![
            question("Password", QuestionKind::Secret),
            question(
                "How shall we ask you for the second factor this time?",
                QuestionKind::Choice {
                    options: vec!["App".into(), "Key".into()],
                    default: 0,
                },
            ),
        ],
    });
    let inputs = vec![
        Input::new("hunter2!".to_owned()),
        Input::new("1".to_owned()),
    ];

    check("sign_in_secret", &sign_in(step, inputs, 0), &TWO);
}

#[test]
fn details_with_the_focus_show_every_field() {
    let state = Fixture::main().with(|state| {
        state.focus = Pane::Details;
        state.details.line = 2;
    });
    check("details", &state, &MAIN);

    let mut end = state.clone();
    end.details.line = 99;
    check("details_end", &end, &TWO);
}

#[test]
fn details_find_text_and_show_a_secret_for_a_while() {
    let state = Fixture::main().with(|state| {
        state.focus = Pane::Details;
        state.details.line = 14;
        state.details.revealed = Some("opbs".to_owned());
        state.details.find = Some(Find {
            input: Input::new("acr".to_owned()),
            editing: true,
        });
    });

    check("details_find", &state, &TWO);
}

#[test]
fn details_show_the_raw_json_with_secrets_masked() {
    let mut session = Session::new(
        SessionKey::new("the-key-of-this-session"),
        "ss:9c41…e7".into(),
    );
    session.raw = serde_json::value::RawValue::from_string(
        r#"{"sessionId":"the-key-of-this-session","userDn":"inum=f1a2,ou=people,o=jans","sessionAttributes":{"auth_user":"bwong","opbs":"8d0f2a7c-very-secret","acr":"simple_password_auth","sid":"b5f7","big":1e400},"permissionGrantedMap":{}}"#.to_owned(),
    )
    .ok();
    let state = Fixture::main().with(|state| {
        let row = state.results.order.get(3).expect("a row");
        session.extra = state
            .results
            .rows
            .get(row)
            .expect("a row")
            .session
            .extra
            .clone();
        state.details.fresh = Some((row, Box::new(session)));
        state.details.raw = true;
        state.focus = Pane::Details;
    });

    check("details_raw", &state, &TWO);
}

#[test]
fn hidden_details_give_their_room_to_the_table() {
    let state = Fixture::main().with(|state| state.details.hidden = true);

    check("details_hidden", &state, &MAIN);
}

#[test]
fn the_live_filter_is_in_the_lower_border() {
    let state = Fixture::main().with(|state| {
        state.results.live = Some(LiveFilter {
            input: Input::new("jdoe".to_owned()),
            editing: true,
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
        state.results.column = Field::Client;
    });

    check("quick_filter", &state, &TWO);
}

#[test]
fn what_became_of_rows_is_a_word() {
    let state = Fixture::main().with(|state| {
        let fates = [
            Fate::Revoking,
            Fate::Revoked,
            Fate::AlreadyGone,
            Fate::StillListed,
            Fate::Refused("needs scope session.delete".to_owned()),
            Fate::Failed("timeout".to_owned()),
            Fate::Unknown,
        ];
        for (position, fate) in fates.into_iter().enumerate() {
            let row = state.results.order.get(position).expect("a row");
            state.results.fates.insert(row, fate);
        }
        state.results.cursor = 4;
    });

    check("fates", &state, &TWO);
}

#[test]
fn production_and_other_dangers_are_words_and_a_bar() {
    let production = Fixture::main().with(|state| {
        state.sources[0].profile.production = true;
        state.sources[0].profile.read_only = true;
    });
    check("production", &production, &TWO);

    let insecure = Fixture::main().with(|state| {
        let profile = &mut state.sources[0].profile;
        (profile.insecure, profile.plain_http) = (true, true);
        (profile.best_effort, profile.demo) = (true, true);
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
        state.prefs.zone = Zone::Fixed(state.prefs.local);
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
            why: "connection refused".to_owned(),
        });
        second.progress = Progress::Failed(ApiError::Unreachable {
            host: "am.example.org".to_owned(),
            why: "connection refused".to_owned(),
        });
        state.sources.push(second);
    });

    check("several", &state, &MAIN);
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
fn a_secret_never_reaches_a_picture() {
    for raw in [false, true] {
        for focus in [Pane::Table, Pane::Details] {
            let state = Fixture::main().with(|state| {
                state.details.raw = raw;
                state.focus = focus;
            });

            let size = usher::app::Size {
                width: 200,
                height: 60,
            };
            let picture = usher::ui::picture::picture(&state, &Theme::default(), size);

            let text = picture.to_text() + &picture.to_ansi() + &picture.to_svg();
            assert!(!text.contains("very-secret"), "raw {raw}, {focus:?}");
            assert!(!text.contains("secret-session-key"), "raw {raw}, {focus:?}");
        }
    }
}

#[test]
fn subjects_without_a_name_are_told() {
    let mut fixture = Fixture::open();
    let mut people = people();
    people.truncate(2);
    fixture.load(&people, 2);
    let mut nobody = Session::new(SessionKey::new("k"), "ss:0000…00".into());
    nobody.subject = Subject {
        id: None,
        name: None,
        scope: Some(Untrusted::from("/alpha")),
    };
    nobody.created = Some(at("2026-11-21T14:00:00Z"));
    let state = fixture.with(|state| {
        let row = state.results.order.get(0).expect("a row");
        state.details.fresh = Some((row, Box::new(nobody)));
        state.focus = Pane::Table;
    });

    check("nobody", &state, &TWO);
}

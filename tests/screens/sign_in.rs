//! A provider asks for a person.

use usher::model::signin::Waiting;

use super::*;

fn sign_in(step: SignInStep, inputs: Vec<Input>, focus: usize) -> State {
    Fixture::main().with(|state| {
        state.open(SignIn {
            source: SourceId(0),
            until: Some(now() + TimeDelta::seconds(29 * 60 + 41)),
            step,
            inputs,
            focus,
            sent: None,
            top: 0,
        });
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

fn question(prompt: &str, kind: QuestionKind) -> Question {
    Question {
        prompt: prompt.into(),
        kind,
    }
}

/// The state with a question of a server of callbacks.
fn asked(lines: &[&str], questions: Vec<Question>) -> State {
    let mut state = Fixture::open().state;
    keys(&mut state, "enter");
    let step = SignInStep::Ask(Ask {
        title: "Sign in to prod-janssen".to_owned(),
        lines: lines.iter().map(|line| Untrusted::from(*line)).collect(),
        questions,
    });
    let source = SourceId(0);
    update(&mut state, usher::app::Msg::SignIn { source, step });
    state
}

/// The server waits for somebody elsewhere.
fn waits(state: &mut State, line: &str, instead: &[&str]) {
    let step = SignInStep::Wait(Waiting {
        title: "Sign in to prod-janssen".to_owned(),
        lines: vec![line.into()],
        instead: instead.iter().map(|text| Untrusted::from(*text)).collect(),
    });
    let source = SourceId(0);
    update(state, usher::app::Msg::SignIn { source, step });
}

fn choice(options: &[&str], default: usize) -> QuestionKind {
    let options = options.iter().map(|option| Untrusted::from(*option));
    QuestionKind::Choice {
        options: options.collect(),
        default,
    }
}

fn name() -> QuestionKind {
    QuestionKind::Text { default: "".into() }
}

#[test]
fn name_and_password_are_asked_below_each_other() {
    let mut state = asked(
        &["Sign in", "Use your organisation's account"],
        vec![
            question("User Name:", name()),
            question("Password:", QuestionKind::Secret),
        ],
    );
    keys(&mut state, "a m a d m i n enter h u n t e r 2");

    check("sign_in_password", &state, &[(80, 24), (120, 40), (50, 15)]);
}

#[test]
fn a_choice_shows_all_options_and_many_show_one() {
    let lines = ["A second proof is needed."];
    let prompt = "How do you want to get the code?";
    let few = asked(&lines, vec![question(prompt, choice(&["App", "Mail"], 1))]);
    check("sign_in_choice", &few, &[(80, 24), (120, 40), (50, 15)]);

    let many: Vec<String> = (1..=9).map(|n| format!("Device {n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let many = asked(&lines, vec![question(prompt, choice(&many, 3))]);
    check("sign_in_choice_many", &many, &SMALL);
}

#[test]
fn a_long_text_to_agree_to_can_be_read_to_its_end() {
    let terms: Vec<String> = (1..=40)
        .map(|n| format!("{n}. Use of this system is recorded."))
        .collect();
    let mut state = asked(
        &[&terms.join("\n")],
        vec![question("Answer", choice(&["Agree", "Cancel"], 1))],
    );
    check("sign_in_terms", &state, &[(80, 24), (50, 15)]);

    keys(&mut state, &["pagedown"; 9].join(" "));
    check("sign_in_terms_end", &state, &SMALL);
}

#[test]
fn waiting_for_somebody_elsewhere_counts() {
    let mut state = Fixture::open().state;
    keys(&mut state, "enter");
    waits(&mut state, "Waiting for an answer on your phone", &[]);
    state.now += TimeDelta::seconds(12);
    state.up += Duration::from_secs(12);
    waits(&mut state, "Still waiting for an answer on your phone", &[]);
    check("sign_in_waiting", &state, &[(80, 24), (120, 40), (50, 15)]);

    waits(
        &mut state,
        "Still waiting",
        &["Use a code", "Ask for help \u{1b}[31m of somebody else"],
    );
    keys(&mut state, "tab");
    check("sign_in_waiting_instead", &state, &[(80, 24), (50, 15)]);
}

#[test]
fn something_to_read_wants_an_ok() {
    let mut state = asked(&["The service ends tonight"], Vec::new());
    check("sign_in_read", &state, &SMALL);

    keys(&mut state, "enter");
    check("sign_in_sent", &state, &SMALL);
}

#[test]
fn an_answer_that_the_server_refuses_is_told() {
    let mut state = asked(&[], vec![question("Password:", QuestionKind::Secret)]);
    keys(&mut state, "x enter");
    let generation = state.sources[0].link_gen;
    update(
        &mut state,
        usher::app::Msg::Connected {
            source: SourceId(0),
            generation,
            result: Err(ApiError::Auth {
                message: "the sign-in was refused: Authentication Failed".to_owned(),
                can_login: true,
                exchange: None,
            }),
        },
    );

    check("sign_in_refused", &state, &SMALL);
}

//! The sign-in box: questions, answers, waiting, and giving up.

use secrecy::ExposeSecret;

use super::plans::answer;
use super::*;
use crate::app::effect::{JobId, Timer};
use crate::app::job::JobState;
use crate::app::msg::SignInStep;
use crate::model::signin::{Ask, Question, QuestionKind, Waiting};

fn question(prompt: &str, kind: QuestionKind) -> Question {
    Question {
        prompt: prompt.into(),
        kind,
    }
}

fn ask(questions: Vec<Question>) -> Msg {
    Msg::SignIn {
        source: SourceId(0),
        step: SignInStep::Ask(Ask {
            title: "Sign in to prod-janssen".into(),
            lines: vec!["Approve on your phone".into()],
            questions,
        }),
    }
}

fn done() -> Msg {
    Msg::SignIn {
        source: SourceId(0),
        step: SignInStep::Done,
    }
}

/// A search that needs a sign-in, which asks this.
fn asked(questions: Vec<Question>) -> TestApp {
    let mut app = TestApp::new();
    app.keys("enter").effects.clear();
    app.send(ask(questions));
    app
}

fn answers(app: &TestApp) -> Vec<Option<Vec<String>>> {
    let exposed = |all: &Vec<secrecy::SecretString>| -> Vec<String> {
        all.iter()
            .map(|one| one.expose_secret().to_owned())
            .collect()
    };
    app.effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Answer { answers, .. } => Some(answers.as_ref().map(exposed)),
            _ => None,
        })
        .collect()
}

fn is_waiting(app: &TestApp) -> bool {
    app.dialog::<SignIn>()
        .is_some_and(|asked| asked.sent.is_some())
}

#[test]
fn the_box_stays_from_one_question_to_the_next_and_to_the_end() {
    let mut app = asked(vec![question("Password:", QuestionKind::Secret)]);

    app.typed("pw").keys("enter").send(done());
    assert!(is_waiting(&app));
    assert_eq!(answers(&app), [Some(vec!["pw".to_owned()])]);
    app.send(ask(vec![question("Code:", QuestionKind::Secret)]));
    assert!(!is_waiting(&app));
    app.typed("42").keys("enter").send(done());
    assert!(is_waiting(&app));

    app.connect();

    assert!(app.top().is_none());
}

#[test]
fn an_answer_that_was_wrong_is_told_in_full() {
    let mut app = asked(vec![question("Password:", QuestionKind::Secret)]);
    app.typed("pw").keys("enter").send(done());
    let generation = app.state.sources[0].link_gen;

    app.send(Msg::Connected {
        source: SourceId(0),
        generation,
        result: Err(ApiError::Auth {
            message: "the sign-in was refused: Authentication Failed".into(),
            can_login: true,
            exchange: None,
        }),
    });

    let error = app.dialog::<ErrorBox>().expect("an error box");
    assert!(error.report.can_login.is_some());
    assert_eq!(app.state.dialogs.len(), 1);
}

#[test]
fn nothing_to_ask_is_waited_for_and_can_be_given_up() {
    let mut app = asked(Vec::new());

    app.keys("enter").send(done());
    assert!(is_waiting(&app));
    app.keys("x down tab");
    assert!(is_waiting(&app));
    app.keys("esc");

    assert!(app.top().is_none());
    assert_eq!(answers(&app), [Some(vec![]), None]);
    assert_eq!(app.count(|e| matches!(e, Effect::Cancel(_))), 2);
    assert_eq!(app.status(), "not signed in; r retries");
}

fn waits(line: &str) -> Msg {
    Msg::SignIn {
        source: SourceId(0),
        step: SignInStep::Wait(Waiting {
            title: "Sign in to prod-janssen".into(),
            lines: vec![line.into()],
            instead: vec!["Use a code".into()],
        }),
    }
}

#[test]
fn what_is_waited_for_counts_from_its_beginning_and_the_focus_stays() {
    let mut app = TestApp::new();
    app.keys("enter").effects.clear();
    app.send(waits("Approve it"));
    app.state.now += TimeDelta::seconds(9);

    app.keys("tab").send(done()).send(waits("Still there?"));

    let shown = app.dialog::<SignIn>().expect("a box");
    assert_eq!(shown.sent, Some(now()));
    assert_eq!(shown.focus, 0);
    assert!(matches!(&shown.step, SignInStep::Wait(w) if w.lines[0].expose() == "Still there?"));
    assert_eq!(app.state.dialogs.len(), 1);

    app.keys("enter");
    assert_eq!(answers(&app), [Some(vec!["0".to_owned()])]);
    app.connect();
    assert!(app.top().is_none());
}

#[test]
fn waiting_has_the_focus_on_cancel_and_ends_by_escape() {
    for keys in ["esc", "enter"] {
        let mut app = TestApp::new();
        app.keys("enter").effects.clear();
        app.send(waits("Approve it"));

        app.keys(keys);

        assert!(app.top().is_none(), "{keys}");
        assert_eq!(answers(&app), [None], "{keys}");
    }
}

#[test]
fn arrows_choose_and_tab_leaves_the_choice() {
    let choice = QuestionKind::Choice {
        options: vec!["App".into(), "Mail".into(), "Key".into()],
        default: 0,
    };
    let mut app = asked(vec![
        question(
            "Name",
            QuestionKind::Text {
                default: "jdoe".into(),
            },
        ),
        question("How?", choice),
    ]);

    app.keys("tab down down down up enter");

    assert_eq!(
        answers(&app),
        [Some(vec!["jdoe".to_owned(), "2".to_owned()])]
    );
}

#[test]
fn an_empty_secret_is_not_sent() {
    let mut app = asked(vec![question("Password:", QuestionKind::Secret)]);

    app.keys("enter tab enter");

    assert!(answers(&app).is_empty());
    assert!(app.dialog::<SignIn>().is_some_and(|asked| asked.focus == 0));
}

#[test]
fn pasted_text_never_goes_into_a_choice() {
    let choice = QuestionKind::Choice {
        options: vec!["App".into(), "Mail".into()],
        default: 0,
    };
    let mut app = asked(vec![question("How?", choice)]);

    app.send(Msg::Paste("17".into())).keys("enter");

    assert_eq!(answers(&app), [Some(vec!["0".to_owned()])]);
}

#[test]
fn the_end_of_all_of_a_user_waits_for_a_lost_sign_in_and_goes_on_after_it() {
    let mut app = TestApp::listing(&["asmith", "asmith"]);
    app.keys("U");
    answer(
        &mut app,
        0,
        vec![row("asmith", 600, 0), row("asmith", 600, 1)],
    );
    app.due(Timer::Arm).typed("asmith").slowly("enter");
    let lost = ApiError::Auth {
        message: "the token is over".into(),
        can_login: true,
        exchange: None,
    };

    app.send(Msg::Paused(JobId(1), lost));

    let view = app.state.layout.dialogs.last().expect("a box");
    let parts = view.lines.iter().flat_map(|line| &line.parts);
    let said: String = parts.map(|part| part.text.as_str()).collect();
    assert!(said.contains("0 done, 2 waiting: sign in"), "{said}");
    app.keys("enter");
    assert_eq!(app.count(|e| matches!(e, Effect::Connect { .. })), 1);
    app.state.jobs[0].state = JobState::Ready;
    app.keys("enter");
    assert_eq!(app.count(|e| matches!(e, Effect::Resume(JobId(1)))), 1);
}

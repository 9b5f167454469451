//! Plans that sign in to a system which could not be asked.

use super::plans::{answer, ends, said, says, several_with};
use super::*;
use crate::app::dialogs::plan::PlanBox;
use crate::app::effect::Timer;
use crate::app::msg::SignInStep;
use crate::app::source::Link;
use crate::model::signin::{Ask, Question, QuestionKind};

/// The system of the plan where nobody is signed in.
const OUT: u8 = 3;

fn is_connect(effect: &Effect) -> bool {
    matches!(effect, Effect::Connect { source, .. } if source.0 == OUT)
}

/// The plan, in which the other systems have answered, with its focus on the system where nobody is signed in.
fn on_its_line() -> TestApp {
    let mut app = several_with(Link::Never);
    for source in 0..OUT {
        answer(&mut app, source, vec![row("jdoe", 600, source.into())]);
    }
    app.due(Timer::Arm).keys("down down down");
    app
}

/// The same, after Enter: the server asks for a password.
fn asked_for_a_password() -> TestApp {
    let mut app = on_its_line();
    app.keys("enter").send(Msg::SignIn {
        source: SourceId(OUT),
        step: SignInStep::Ask(Ask {
            title: "Sign in to down".into(),
            lines: Vec::new(),
            questions: vec![Question {
                prompt: "Password:".into(),
                kind: QuestionKind::Secret,
            }],
        }),
    });
    assert!(app.dialog::<SignIn>().is_some());
    app
}

fn connected(app: &mut TestApp, result: Result<Connected, ApiError>) {
    let generation = app.state.sources[usize::from(OUT)].link_gen;
    app.send(Msg::Connected {
        source: SourceId(OUT),
        generation,
        result,
    });
}

fn up() -> Connected {
    Connected {
        who: Identity::default(),
        caps: Arc::new(caps()),
        took: Duration::ZERO,
        ahead: TimeDelta::zero(),
    }
}

#[test]
fn enter_on_its_line_signs_in_and_the_plan_goes_on_with_its_sessions() {
    let app = on_its_line();
    says(
        &app,
        &[
            "not read: not signed in",
            "Enter on its line signs in to down",
            "[ End 3 ]",
        ],
    );
    let footer = &app.state.layout.dialogs.last().expect("a box").footer;
    assert!(footer.starts_with("Enter sign in · "), "{footer}");
    assert_eq!(app.count(is_connect), 0);

    let mut app = asked_for_a_password();
    assert_eq!(app.count(is_connect), 1);
    app.typed("pw").keys("enter");
    connected(&mut app, Ok(up()));

    assert!(app.dialog::<PlanBox>().is_some(), "the plan is back");
    says(&app, &["down has not answered yet"]);
    answer(
        &mut app,
        OUT,
        vec![row("jdoe", 600, 7), row("jdoe", 600, 8)],
    );
    says(&app, &["[x] down                2", "[ End 5 ]"]);
    assert!(!said(&app).contains("signs in to"), "{}", said(&app));
    app.due(Timer::Arm).typed("5").slowly("enter");
    let (_, people) = ends(&app);
    assert_eq!(people, [(0, None), (1, None), (OUT, None)]);
}

#[test]
fn nothing_ends_while_the_sign_in_is_on_its_way() {
    let mut app = on_its_line();

    app.keys("enter").typed("3").slowly("enter");

    assert!(app.state.jobs.is_empty());
    says(&app, &["down has not answered yet: wait, or leave it out"]);
}

#[test]
fn a_sign_in_that_was_given_up_can_be_begun_again() {
    let mut app = asked_for_a_password();

    app.keys("esc");

    assert!(app.dialog::<PlanBox>().is_some());
    says(&app, &["not read: not signed in", "[ End 3 ]"]);
    app.keys("enter");
    assert_eq!(app.count(is_connect), 2);
}

#[test]
fn a_system_that_cannot_be_reached_says_so_and_offers_no_sign_in() {
    let mut app = on_its_line();
    app.keys("enter");

    connected(&mut app, Err(refused()));

    says(&app, &["not read: unreachable", "[ End 3 ]"]);
    assert!(!said(&app).contains("signs in to"), "{}", said(&app));
}

#[test]
fn what_was_typed_before_does_not_confirm_what_came_after() {
    let mut app = on_its_line();
    app.typed("jdoe").keys("up").due(Timer::Arm).keys("enter");
    connected(&mut app, Ok(up()));
    answer(&mut app, OUT, vec![row("jdoe", 600, 7)]);

    app.keys("down").slowly("enter");

    assert!(app.state.jobs.is_empty(), "{}", said(&app));
    says(&app, &["no match", "[ End 4 ]"]);
}

#[test]
fn a_system_that_was_left_out_asks_for_no_sign_in() {
    let mut app = on_its_line();

    app.keys("space");

    assert!(!said(&app).contains("signs in to"), "{}", said(&app));
}

#[test]
fn a_sign_in_that_is_found_lost_when_the_plan_asks_can_be_made_anew() {
    let mut app = several_with(Link::Up {
        took: Duration::ZERO,
    });
    let asked = app.effects.iter().find_map(|effect| match effect {
        Effect::Search {
            source, generation, ..
        } if source.0 == OUT => Some(*generation),
        _ => None,
    });
    app.send(Msg::Page {
        source: SourceId(OUT),
        generation: asked.expect("it was asked"),
        result: Err(ApiError::Auth {
            message: "the token is over".into(),
            can_login: true,
            exchange: None,
        }),
    });
    says(
        &app,
        &[
            "not read: sign-in needed",
            "Enter on its line signs in to down",
        ],
    );

    app.keys("down down down enter");

    assert_eq!(app.count(is_connect), 1);
    connected(&mut app, Ok(up()));
    answer(&mut app, OUT, vec![row("jdoe", 600, 7)]);
    says(&app, &["[x] down                1"]);
}

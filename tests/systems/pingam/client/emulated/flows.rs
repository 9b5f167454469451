//! Signing in by services that ask for more than a name and a password.

use super::super::signing::Person;
use super::*;
use usher::api::signin::Prompter;
use usher::emulator::pingam::{AmService, ONE_TIME_CODE};
use usher::model::ApiError;

/// Signs in through a service, with what a person answers to each question.
async fn through(
    system: Flavour,
    service: AmService,
    answers: &[&[&'static str]],
) -> (Running, Result<(), ApiError>) {
    let emulator = quiet(system, AmOptions::default()).await;
    let mut profile = profile(&emulator);
    if let Login::Password { service: named, .. } = &mut profile.login {
        *named = Some(service.name().to_owned());
    }
    let person: Arc<dyn Prompter> = Person::who_says(answers);
    let api = usher::api::open(&profile, person).unwrap();
    let who = api.whoami().await;
    let told = who.map(|who| assert_eq!(who.name.expose(), "amadmin"));
    (emulator, told)
}

#[tokio::test]
async fn every_service_that_a_terminal_can_show_leads_to_a_session() {
    let services: [(AmService, &[&[&'static str]]); 5] = [
        (AmService::Password, &[]),
        (AmService::SecondFactor, &[&["1"], &[ONE_TIME_CODE]]),
        (AmService::Push, &[]),
        (AmService::Terms, &[&["0"]]),
        (AmService::Question, &[&["blue"]]),
    ];
    for system in BOTH {
        for (service, answers) in services {
            let (emulator, told) = through(system, service, answers).await;

            assert_eq!(told, Ok(()), "{} at {system:?}", service.name());
            assert_eq!(emulator.am().count(), 3, "{}", service.name());
        }
    }
}

#[tokio::test]
async fn a_wrong_answer_is_a_refused_sign_in_and_no_session() {
    let wrong: [(AmService, &[&[&'static str]]); 3] = [
        (AmService::SecondFactor, &[&["0"], &["000000"]]),
        (AmService::Terms, &[&["1"]]),
        (AmService::Question, &[&["green"]]),
    ];
    for system in BOTH {
        for (service, answers) in wrong {
            let (emulator, told) = through(system, service, answers).await;

            assert_eq!(
                told.map_err(|error| error.to_string()),
                Err("the sign-in was refused: Authentication Failed".to_owned()),
                "{} at {system:?}",
                service.name()
            );
            assert_eq!(emulator.am().count(), 2, "{}", service.name());
        }
    }
}

#[tokio::test]
async fn a_service_for_browsers_only_is_told_with_the_way_out() {
    for system in BOTH {
        let (_emulator, told) = through(system, AmService::Browser, &[]).await;

        let error = told.unwrap_err();

        assert_eq!(error.exit_code(), 4, "{error:?}");
        assert!(error.to_string().contains("token"), "{error}");
    }
}

//! Actions: what is written down, and when.

use super::*;
use crate::model::{ActionArgs, ActionSpec, ActionTarget, ActsOn};

fn spec(changes: bool) -> ActionSpec {
    ActionSpec {
        changes,
        ..ActionSpec::new("refresh", "Refresh", "", ActsOn::Token)
    }
}

fn args() -> ActionArgs {
    let token = ActionTarget::Token(SecretString::from("tok-canary"));
    spec(true).check(token, []).unwrap()
}

async fn act(setup: &Setup, api: &Arc<Fake>, changes: bool) -> Result<String, ApiError> {
    let subject = Subject::default();
    let context = setup.context.clone();
    run_action(
        api.clone(),
        context,
        &spec(changes),
        args(),
        subject,
        |_| {},
    )
    .await
    .map(|result| result.summary)
}

#[tokio::test]
async fn an_action_that_changes_something_has_two_lines_and_no_token_in_them() {
    let (setup, api) = (setup(), fake(1, |_| {}));

    act(&setup, &api, true).await.unwrap();

    assert_eq!(setup.log(), ["1/1 Asked", "1/1 Done done"]);
    let text = fs::read_to_string(setup.context.audit.path().unwrap()).unwrap();
    assert!(text.contains("\"refresh\"") && !text.contains("tok-canary"));
}

#[tokio::test]
async fn an_action_that_changes_nothing_is_not_written_down() {
    let (setup, api) = (setup(), fake(1, |_| {}));

    act(&setup, &api, false).await.unwrap();

    assert!(setup.log().is_empty());
}

#[tokio::test]
async fn an_action_whose_answer_was_lost_is_unknown() {
    let (setup, api) = (setup(), fake(1, |_| {}));
    let lost = ApiError::Broken {
        host: "h".into(),
        why: "reset".into(),
        exchange: None,
    };
    let script = [Err(lost)].into();
    api.state
        .lock()
        .unwrap()
        .script
        .insert("refresh".into(), script);

    act(&setup, &api, true).await.unwrap_err();

    assert_eq!(setup.log(), ["1/1 Asked", "1/1 Done unknown"]);
}

#[tokio::test]
async fn nothing_is_done_that_cannot_be_written_down_or_is_read_only() {
    let broken = setup();
    broken.break_log();
    let read_only = setup_with(|profile| profile.policy.read_only = true);

    for setup in [broken, read_only] {
        let api = fake(1, |_| {});

        act(&setup, &api, true).await.unwrap_err();

        assert!(api.state.lock().unwrap().calls.is_empty());
    }
}

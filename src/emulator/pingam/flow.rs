//! Signing in step by step: what each step shows, and whether an answer is right.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Flavour;
use super::options::{AmService, ONE_TIME_CODE};

/// A sign-in that waits for an answer.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(super) service: AmService,
    pub(super) realm: usize,
    pub(super) step: Step,
    /// Who it is, once that is known.
    pub(super) user: Option<Arc<str>>,
    /// How often somebody asked whether the other device has answered.
    pub(super) polls: u32,
}

/// One page of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Credentials,
    CodeWay,
    Code,
    Poll,
    Terms,
    Question,
    Redirect,
}

/// The effect of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Name and password are to be checked.
    Check(String, String),
    /// Right; go on.
    Next,
    /// The same step again.
    Again,
    /// Wrong.
    Fail,
}

/// The steps of a service.
fn steps(service: AmService) -> &'static [Step] {
    match service {
        AmService::Password => &[Step::Credentials],
        AmService::SecondFactor => &[Step::Credentials, Step::CodeWay, Step::Code],
        AmService::Push => &[Step::Credentials, Step::Poll],
        AmService::Terms => &[Step::Credentials, Step::Terms],
        AmService::Question => &[Step::Credentials, Step::Question],
        AmService::Browser => &[Step::Redirect],
    }
}

/// The first step of a service.
pub(super) fn first(service: AmService) -> Step {
    steps(service)[0]
}

/// The step after this one. `None`: signed in.
pub(super) fn next(service: AmService, step: Step) -> Option<Step> {
    let steps = steps(service);
    let at = steps.iter().position(|s| *s == step)?;
    steps.get(at + 1).copied()
}

impl Flow {
    /// Judges the answer to the current step: the values of the inputs in their order.
    pub(super) fn take(&mut self, inputs: &[String]) -> Turn {
        let input = |at: usize| inputs.get(at).map_or("", String::as_str);
        let right = match self.step {
            Step::Credentials => return Turn::Check(input(0).to_owned(), input(1).to_owned()),
            Step::CodeWay => matches!(input(1), "0" | "1"),
            Step::Code => input(1) == ONE_TIME_CODE,
            Step::Terms => input(1) == "0",
            Step::Question => input(0).eq_ignore_ascii_case("blue"),
            Step::Redirect => false,
            Step::Poll => {
                self.polls += 1;
                return if self.polls < 3 {
                    Turn::Again
                } else {
                    Turn::Next
                };
            }
        };
        if right { Turn::Next } else { Turn::Fail }
    }
}

/// The values of all inputs, in their order; callbacks without an input count as an empty one.
pub(super) fn inputs(document: &Value) -> Vec<String> {
    let callbacks = document["callbacks"].as_array().into_iter().flatten();
    callbacks
        .map(|callback| match &callback["input"][0]["value"] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        })
        .collect()
}

/// The document that asks for an answer.
pub(super) fn document(flavour: Flavour, flow: &Flow, auth_id: &str) -> Value {
    let step = flow.step;
    let callbacks = numbered(flavour, callbacks(flow));
    match flavour {
        Flavour::Openam => json!({
            "authId": auth_id,
            "template": "",
            "stage": stage(step),
            "header": "Sign in to OpenAM",
            "infoText": vec![""; callbacks.len()],
            "callbacks": callbacks,
        }),
        Flavour::Pingam => json!({
            "authId": auth_id,
            "callbacks": callbacks,
            "header": "Sign in",
            "description": "Use your organisation's account",
        }),
    }
}

fn stage(step: Step) -> &'static str {
    match step {
        Step::Credentials => "DataStore1",
        Step::CodeWay => "HOTP1",
        Step::Code => "HOTP2",
        Step::Poll => "Push2",
        Step::Terms => "Terms1",
        Step::Question => "Question1",
        Step::Redirect => "Redirect1",
    }
}

fn callbacks(flow: &Flow) -> Vec<Value> {
    match flow.step {
        Step::Credentials => vec![
            callback(
                "NameCallback",
                &[("prompt", json!("User Name:"))],
                Some(json!("")),
            ),
            callback(
                "PasswordCallback",
                &[("prompt", json!("Password:"))],
                Some(json!("")),
            ),
        ],
        Step::CodeWay => vec![
            text("A second proof is needed."),
            callback(
                "ChoiceCallback",
                &[
                    ("prompt", json!("How do you want to get the code?")),
                    ("choices", json!(["App", "Mail"])),
                    ("defaultChoice", json!(0)),
                ],
                Some(json!(0)),
            ),
        ],
        Step::Code => vec![
            text(&format!(
                "This server is an emulator: its code is {ONE_TIME_CODE}."
            )),
            callback(
                "PasswordCallback",
                &[("prompt", json!("Code:"))],
                Some(json!("")),
            ),
        ],
        Step::Poll => vec![callback(
            "PollingWaitCallback",
            &[
                ("waitTime", json!("400")),
                (
                    "message",
                    json!(match flow.polls {
                        0 => "Waiting for an answer on your phone",
                        _ => "Still waiting for an answer on your phone",
                    }),
                ),
            ],
            None,
        )],
        Step::Terms => vec![
            text("Use of this system is recorded."),
            callback(
                "ConfirmationCallback",
                &[
                    ("prompt", json!("")),
                    ("messageType", json!(0)),
                    ("options", json!(["Agree", "Cancel"])),
                    ("optionType", json!(-1)),
                    ("defaultOption", json!(1)),
                ],
                Some(json!(1)),
            ),
        ],
        Step::Question => vec![
            callback(
                "TextInputCallback",
                &[
                    (
                        "prompt",
                        json!("What colour is the sky of an emulator? (blue)"),
                    ),
                    ("defaultText", json!("")),
                ],
                Some(json!("")),
            ),
            callback(
                "HiddenValueCallback",
                &[("value", json!("")), ("id", json!("device"))],
                Some(json!("device")),
            ),
        ],
        Step::Redirect => vec![callback(
            "RedirectCallback",
            &[
                ("redirectUrl", json!("https://login.example.org/")),
                ("redirectMethod", json!("GET")),
                ("trackingCookie", json!(true)),
            ],
            None,
        )],
    }
}

fn text(message: &str) -> Value {
    let output = [("message", json!(message)), ("messageType", json!("0"))];
    callback("TextOutputCallback", &output, None)
}

fn callback(kind: &str, output: &[(&str, Value)], input: Option<Value>) -> Value {
    let output = output
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect::<Vec<_>>();
    let mut callback = json!({ "type": kind, "output": output });
    if let Some(value) = input {
        callback["input"] = json!([{ "name": "", "value": value }]);
    }
    callback
}

/// Names inputs after their place, `IDToken1` and on; PingAM numbers the callbacks too.
fn numbered(flavour: Flavour, mut callbacks: Vec<Value>) -> Vec<Value> {
    for (number, callback) in callbacks.iter_mut().enumerate() {
        if let Some(name) = callback.pointer_mut("/input/0/name") {
            *name = json!(format!("IDToken{}", number + 1));
        }
        if flavour == Flavour::Pingam {
            callback["_id"] = json!(number);
        }
    }
    callbacks
}

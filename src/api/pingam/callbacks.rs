//! The questions of a sign-in tree or chain, as questions to a person.
//!
//! The server sends a document with callbacks; the answers go into its `input` values and the whole
//! document goes back, until there is a token. Source: ForgeRock/PingAM "Authenticate over REST".

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::error::plain;
use crate::api::auth::{Ask, Question, QuestionKind, Waiting};
use crate::model::{ApiError, Untrusted};

/// One document of the flow: what is asked, and where the answers belong.
pub(super) struct Step {
    document: Map<String, Value>,
    /// The questions for a person; each with the callback that it fills.
    questions: Vec<(usize, Question)>,
    /// Texts for the person to read.
    lines: Vec<Untrusted>,
    /// Wait so long, then send the document back.
    pub(super) wait: Option<Duration>,
    /// The callback whose options can be pressed in place of waiting.
    instead: Option<(usize, Vec<Untrusted>)>,
}

/// The name and the password of the profile, filled in once each.
pub(super) struct Known<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) password: Option<&'a SecretString>,
}

/// A server that asks us to wait longer between two looks is asked again after this. Some count looks
/// that come before their time, and refuse the sign-in.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const SHORTEST_WAIT: Duration = Duration::from_millis(200);

impl Step {
    /// Reads a document and fills in what is known; what is used is taken out of `known`.
    ///
    /// # Errors
    /// [`ApiError::Auth`] that names a callback which a terminal cannot show.
    pub(super) fn read(
        document: Map<String, Value>,
        known: &mut Known<'_>,
    ) -> Result<Self, ApiError> {
        let callbacks = document.get("callbacks").and_then(Value::as_array);
        let callbacks: Vec<Value> = callbacks.cloned().unwrap_or_default();
        let mut step = Self {
            lines: heading(&document),
            document,
            questions: Vec::new(),
            wait: None,
            instead: None,
        };
        let polls = callbacks.iter().any(|c| kind(c) == "PollingWaitCallback");
        for (number, callback) in callbacks.iter().enumerate() {
            step.take(number, callback, known, polls)?;
        }
        Ok(step)
    }

    fn take(
        &mut self,
        number: usize,
        callback: &Value,
        known: &mut Known<'_>,
        polls: bool,
    ) -> Result<(), ApiError> {
        match kind(callback) {
            "NameCallback" => match known.user.take() {
                Some(user) => self.fill(number, Value::from(user)),
                None => self.ask(number, callback, text_kind(callback)),
            },
            "PasswordCallback" => match known.password.take() {
                Some(password) => self.fill(number, Value::from(password.expose_secret())),
                None => self.ask(number, callback, QuestionKind::Secret),
            },
            "TextInputCallback" | "StringAttributeInputCallback" => {
                self.ask(number, callback, text_kind(callback));
            }
            "ChoiceCallback" => {
                let options = texts(callback, "choices");
                let default = index(callback, "defaultChoice").min(options.len().saturating_sub(1));
                self.ask(number, callback, QuestionKind::Choice { options, default });
            }
            // Left as it came, unless one of its buttons is pressed: that gives up the waiting.
            "ConfirmationCallback" if polls => {
                self.instead
                    .get_or_insert((number, texts(callback, "options")));
            }
            "ConfirmationCallback" => {
                let options = texts(callback, "options");
                let default = index(callback, "defaultOption").min(options.len().saturating_sub(1));
                self.ask(number, callback, QuestionKind::Choice { options, default });
            }
            "TextOutputCallback" => self.line(callback, "message"),
            "PollingWaitCallback" => {
                self.line(callback, "message");
                let ms = output(callback, "waitTime")
                    .and_then(number_of)
                    .unwrap_or(1000);
                self.wait = Some(Duration::from_millis(ms).clamp(SHORTEST_WAIT, LONGEST_WAIT));
            }
            // Goes back as it came.
            "HiddenValueCallback" | "MetadataCallback" => {}
            other => return Err(cannot_show(other)),
        }
        Ok(())
    }

    fn ask(&mut self, number: usize, callback: &Value, kind: QuestionKind) {
        let prompt = output(callback, "prompt").and_then(Value::as_str);
        let prompt = prompt.filter(|text| !text.trim().is_empty());
        let question = Question {
            prompt: Untrusted::from(prompt.map_or_else(|| "Answer".to_owned(), plain)),
            kind,
        };
        self.questions.push((number, question));
    }

    fn line(&mut self, callback: &Value, name: &str) {
        let text = output(callback, name).and_then(Value::as_str);
        // Trees send scripts for browsers in such a text; a person has no use for them.
        if let Some(text) = text.map(plain).filter(|text| !text.is_empty()) {
            self.lines.push(Untrusted::from(text));
        }
    }

    /// The questions to ask a person. `None`: nothing, the document can go back at once or after a
    /// while.
    pub(super) fn ask_of(&self, title: String) -> Option<Ask> {
        let only_told = self.lines.is_empty() || self.is_filled() || self.wait.is_some();
        if self.questions.is_empty() && only_told {
            return None;
        }
        Some(Ask {
            title,
            lines: self.lines.clone(),
            questions: self.questions.iter().map(|(_, q)| q.clone()).collect(),
        })
    }

    /// The heading and texts to show while waiting, where there is a [`wait`](Self::wait).
    pub(super) fn waiting(&self, title: String) -> Waiting {
        let instead = self.instead.as_ref();
        Waiting {
            title,
            lines: self.lines.clone(),
            instead: instead.map_or_else(Vec::new, |(_, options)| options.clone()),
        }
    }

    /// Presses what can be done in place of waiting, by its index.
    pub(super) fn press(&mut self, chosen: usize) {
        if let Some((number, _)) = self.instead {
            self.fill(number, Value::from(chosen));
        }
    }

    /// True if it has an input that was filled from known values.
    fn is_filled(&self) -> bool {
        let callbacks = self.document.get("callbacks").and_then(Value::as_array);
        callbacks
            .into_iter()
            .flatten()
            .any(|callback| matches!(kind(callback), "NameCallback" | "PasswordCallback"))
    }

    /// Writes the answers into the document.
    pub(super) fn answer(&mut self, answers: &[SecretString]) {
        let questions = std::mem::take(&mut self.questions);
        for ((number, question), answer) in questions.into_iter().zip(answers) {
            let text = answer.expose_secret();
            let value = match &question.kind {
                QuestionKind::Choice { .. } => Value::from(text.trim().parse::<u64>().unwrap_or(0)),
                _ => Value::from(text),
            };
            self.fill(number, value);
        }
    }

    fn fill(&mut self, number: usize, value: Value) {
        let input = self
            .document
            .get_mut("callbacks")
            .and_then(|callbacks| callbacks.get_mut(number))
            .and_then(|callback| callback.get_mut("input"))
            .and_then(|input| input.get_mut(0))
            .and_then(Value::as_object_mut);
        if let Some(input) = input {
            input.insert("value".into(), value);
        }
    }

    /// The document to send back.
    pub(super) fn document(&self) -> &Map<String, Value> {
        &self.document
    }
}

fn cannot_show(kind: &str) -> ApiError {
    ApiError::Auth {
        message: format!(
            "the sign-in asks for something that needs a browser ({}); sign in there and give the \
             profile the token",
            plain(kind)
        ),
        can_login: false,
        exchange: None,
    }
}

/// The texts above the questions.
fn heading(document: &Map<String, Value>) -> Vec<Untrusted> {
    let header = document
        .get("header")
        .or_else(|| document.get("description"));
    let info = document.get("infoText").and_then(Value::as_array);
    header
        .into_iter()
        .chain(info.into_iter().flatten())
        .filter_map(Value::as_str)
        .map(plain)
        .filter(|text| !text.is_empty())
        .map(Untrusted::from)
        .collect()
}

fn kind(callback: &Value) -> &str {
    callback.get("type").and_then(Value::as_str).unwrap_or("?")
}

/// An output of a callback, by its name.
fn output<'a>(callback: &'a Value, name: &str) -> Option<&'a Value> {
    let outputs = callback.get("output")?.as_array()?;
    let named = |output: &&Value| output.get("name").and_then(Value::as_str) == Some(name);
    outputs.iter().find(named)?.get("value")
}

fn text_kind(callback: &Value) -> QuestionKind {
    let default = output(callback, "defaultText").or_else(|| output(callback, "value"));
    QuestionKind::Text {
        default: Untrusted::from(default.and_then(Value::as_str).unwrap_or_default()),
    }
}

fn texts(callback: &Value, name: &str) -> Vec<Untrusted> {
    let list = output(callback, name).and_then(Value::as_array);
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.map(|text| Untrusted::from(plain(text))).collect()
}

fn index(callback: &Value, name: &str) -> usize {
    let number = output(callback, name).and_then(number_of).unwrap_or(0);
    usize::try_from(number).unwrap_or(0)
}

/// A number that some servers write as text.
fn number_of(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(callbacks: &str, known: &mut Known<'_>) -> Result<Step, ApiError> {
        let text = format!(
            r#"{{"authId":"eyJ0","stage":"DataStore1","header":"Sign in","infoText":["",""],
            "callbacks":[{callbacks}]}}"#
        );
        Step::read(serde_json::from_str(&text).unwrap(), known)
    }

    fn nobody() -> Known<'static> {
        Known {
            user: None,
            password: None,
        }
    }

    fn inputs(step: &Step) -> Vec<Value> {
        let callbacks = step.document()["callbacks"].as_array().unwrap();
        callbacks
            .iter()
            .filter_map(|c| c.pointer("/input/0/value").cloned())
            .collect()
    }

    const NAME_AND_PASSWORD: &str = r#"
        {"type":"NameCallback","output":[{"name":"prompt","value":"User Name:"}],
         "input":[{"name":"IDToken1","value":""}]},
        {"type":"PasswordCallback","output":[{"name":"prompt","value":"Password:"}],
         "input":[{"name":"IDToken2","value":""}]}"#;

    #[test]
    fn name_and_password_of_the_profile_are_filled_in_without_asking() {
        let password = SecretString::from("s3cret");
        let mut known = Known {
            user: Some("jürgen"),
            password: Some(&password),
        };

        let step = step(NAME_AND_PASSWORD, &mut known).unwrap();

        assert_eq!(inputs(&step), ["jürgen", "s3cret"]);
        assert!(step.ask_of("Sign in".into()).is_none());
        assert!(known.user.is_none() && known.password.is_none());
    }

    #[test]
    fn a_second_password_is_asked_of_the_person() {
        let step = step(NAME_AND_PASSWORD, &mut nobody()).unwrap();

        let ask = step.ask_of("Sign in to am".into()).unwrap();

        assert_eq!(ask.lines, [Untrusted::from("Sign in")]);
        let kinds: Vec<_> = ask.questions.iter().map(|q| q.kind.clone()).collect();
        assert!(matches!(
            kinds[..],
            [QuestionKind::Text { .. }, QuestionKind::Secret]
        ));
    }

    #[test]
    fn a_choice_goes_back_as_a_number() {
        let mut step = step(
            r#"{"type":"ChoiceCallback","output":[{"name":"prompt","value":"Second factor"},
               {"name":"choices","value":["SMS","Push"]},{"name":"defaultChoice","value":1}],
               "input":[{"name":"IDToken1","value":0}]}"#,
            &mut nobody(),
        )
        .unwrap();

        let ask = step.ask_of("t".into()).unwrap();
        step.answer(&[SecretString::from("1")]);

        assert_eq!(
            ask.questions[0].kind,
            QuestionKind::Choice {
                options: vec!["SMS".into(), "Push".into()],
                default: 1
            }
        );
        assert_eq!(inputs(&step), [Value::from(1)]);
    }

    #[test]
    fn waiting_leaves_the_confirmation_beside_it_untouched() {
        let waiting = r#"{"type":"PollingWaitCallback","output":[{"name":"waitTime","value":"2000"},
               {"name":"message","value":"Approve on your phone"}]},
            {"type":"ConfirmationCallback","output":[{"name":"options","value":["Use a code"]},
               {"name":"defaultOption","value":0}],"input":[{"name":"IDToken2","value":100}]}"#;
        let kept = step(waiting, &mut nobody()).unwrap();
        let mut pressed = step(waiting, &mut nobody()).unwrap();

        let told = kept.waiting("t".into());
        pressed.press(0);

        assert_eq!(kept.wait, Some(Duration::from_secs(2)));
        assert!(kept.ask_of("t".into()).is_none(), "nobody has to answer");
        assert_eq!(
            told.lines,
            [
                Untrusted::from("Sign in"),
                Untrusted::from("Approve on your phone")
            ]
        );
        assert_eq!(told.instead, [Untrusted::from("Use a code")]);
        assert_eq!(inputs(&kept), [Value::from(100)]);
        assert_eq!(inputs(&pressed), [Value::from(0)]);
    }

    #[test]
    fn what_needs_a_browser_is_named() {
        let Err(ApiError::Auth {
            message, can_login, ..
        }) = step(
            r#"{"type":"RedirectCallback","output":[],"input":[]}"#,
            &mut nobody(),
        )
        else {
            panic!("it was taken");
        };

        assert!(message.contains("RedirectCallback"), "{message}");
        assert!(!can_login);
    }

    #[test]
    fn hidden_values_and_the_rest_of_the_document_go_back_as_they_came() {
        let step = step(
            r#"{"type":"HiddenValueCallback","output":[{"name":"value","value":"v"},
               {"name":"id","value":"i"}],"input":[{"name":"IDToken1","value":"v"}],"_id":7}"#,
            &mut nobody(),
        )
        .unwrap();

        assert_eq!(step.document()["authId"], "eyJ0");
        assert_eq!(step.document()["callbacks"][0]["_id"], 7);
        assert_eq!(inputs(&step), ["v"]);
    }
}

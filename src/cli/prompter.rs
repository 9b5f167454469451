//! The person at the shell, as a sign-in sees them.

use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::ctx::has_person;
use super::hidden;
use super::output::for_people;
use crate::api::auth::{Ask, DeviceCode, Prompter, Question, QuestionKind, Waiting};
use crate::model::{ApiError, Untrusted};

/// Asks on the terminal, and never where there is none.
pub(crate) struct TerminalPrompter {
    present: bool,
    qr: bool,
    /// Two profiles may ask at the same time; a terminal takes one question after the other. Held while a
    /// person types, which is why tasks wait for it. The value is the last message shown while waiting:
    /// the same is not told twice.
    turn: Mutex<Option<Waiting>>,
}

impl TerminalPrompter {
    /// Whoever is there.
    pub(crate) fn new() -> Arc<Self> {
        Self::with_qr(false)
    }

    /// Nobody: where a question would hold up a command that only looks.
    pub(crate) fn absent() -> Arc<Self> {
        Arc::new(Self {
            present: false,
            qr: false,
            turn: Mutex::default(),
        })
    }

    /// The same, with the addresses of sign-ins drawn as pictures.
    pub(crate) fn with_qr(qr: bool) -> Arc<Self> {
        Arc::new(Self {
            present: has_person(),
            qr,
            turn: Mutex::default(),
        })
    }
}

#[async_trait]
impl Prompter for TerminalPrompter {
    // Shown without a terminal too: a script may hand the address on to somebody with a browser.
    async fn show_code(&self, code: DeviceCode) {
        let _turn = self.turn.lock().await;
        let mut text = for_people(&format!(
            "Open {} and type the code {}\n(it works until {})\n",
            code.url.safe(),
            code.code.safe(),
            code.until.format("%H:%M:%S UTC")
        ));
        if self.qr {
            let address = code.url_complete.as_ref().unwrap_or(&code.url);
            text.push_str(&picture(address.expose()));
        }
        let _ = io::stderr().write_all(text.as_bytes());
    }

    async fn ask(&self, ask: Ask) -> Result<Vec<SecretString>, ApiError> {
        if !self.present {
            return Err(ApiError::Auth {
                message: format!(
                    "{}: there is no terminal to ask on",
                    ask.title.trim_end_matches(':')
                ),
                can_login: true,
                exchange: None,
            });
        }
        let mut turn = self.turn.lock().await;
        *turn = None;
        asked(ask).await
    }

    // Told without a terminal too: somebody may have the phone in his hand.
    async fn wait(&self, waiting: Waiting, pause: Duration) -> Result<Option<usize>, ApiError> {
        let mut turn = self.turn.lock().await;
        let told = turn.replace(waiting.clone());
        let told = told.filter(|told| told.title == waiting.title);
        if told.is_none() && self.present && !waiting.instead.is_empty() {
            let answers = asked(or_instead(waiting)).await?;
            let chosen = answers.first().map(|one| one.expose_secret().parse());
            if let Some(Ok(chosen @ 1..)) = chosen {
                return Ok(Some(chosen - 1));
            }
        } else {
            let title = Some(waiting.title.as_str()).filter(|_| told.is_none());
            let told = told.map_or_else(Vec::new, |told| told.lines);
            let new = waiting.lines.into_iter();
            let new: Vec<_> = new.filter(|line| !told.contains(line)).collect();
            tell(title, &new);
        }
        drop(turn);
        tokio::time::sleep(pause).await;
        Ok(None)
    }

    async fn done(&self) {}
}

async fn asked(ask: Ask) -> Result<Vec<SecretString>, ApiError> {
    tokio::task::spawn_blocking(move || ask_all(&ask))
        .await
        .unwrap_or(Err(ApiError::Cancelled))
}

/// A shell cannot wait and be typed into at once, so what can be done in place of waiting comes first.
fn or_instead(waiting: Waiting) -> Ask {
    let mut options = vec![Untrusted::from("Wait")];
    options.extend(waiting.instead);
    Ask {
        title: waiting.title,
        lines: waiting.lines,
        questions: vec![Question {
            prompt: "Answer".into(),
            kind: QuestionKind::Choice {
                options,
                default: 0,
            },
        }],
    }
}

/// Writes down what the server wants read.
fn tell(title: Option<&str>, lines: &[Untrusted]) {
    let mut terminal = io::stderr();
    if let Some(title) = title {
        let _ = writeln!(terminal, "{}", for_people(title));
    }
    for line in lines {
        let _ = writeln!(terminal, "{}", for_people(line.expose()));
    }
}

/// Asks one question after the other. The end of input means that the person gives up.
fn ask_all(ask: &Ask) -> Result<Vec<SecretString>, ApiError> {
    tell(Some(&ask.title), &ask.lines);
    ask.questions.iter().map(ask_one).collect()
}

fn ask_one(question: &Question) -> Result<SecretString, ApiError> {
    let prompt = question.prompt.name();
    let prompt = prompt.trim_end().trim_end_matches(':');
    match &question.kind {
        QuestionKind::Secret => hidden::prompt(&for_people(&format!("{prompt}: ")))
            .map(SecretString::from)
            .map_err(|_| ApiError::Cancelled),
        QuestionKind::Text { default } => {
            let shown = if default.is_empty() {
                format!("{prompt}: ")
            } else {
                format!("{prompt} [{}]: ", default.safe())
            };
            let answer = line(&shown)?;
            Ok(SecretString::from(if answer.is_empty() {
                default.expose().to_owned()
            } else {
                answer
            }))
        }
        QuestionKind::Choice { options, default } => loop {
            let mut shown = format!("{prompt}\n");
            for (at, option) in options.iter().enumerate() {
                shown.push_str(&format!("  {} {}\n", at + 1, option.name()));
            }
            shown.push_str(&format!("number [{}]: ", default + 1));
            let answer = line(&shown)?;
            let chosen = if answer.is_empty() {
                Some(*default)
            } else {
                answer.parse::<usize>().ok().and_then(|n| n.checked_sub(1))
            };
            if let Some(at) = chosen.filter(|at| *at < options.len()) {
                break Ok(SecretString::from(at.to_string()));
            }
        },
    }
}

/// Asks for a line of text. `Cancelled` at the end of input.
pub(crate) fn line(prompt: &str) -> Result<String, ApiError> {
    let mut terminal = io::stderr();
    let _ = terminal.write_all(for_people(prompt).as_bytes());
    let _ = terminal.flush();
    let mut answer = String::new();
    match io::stdin().lock().read_line(&mut answer) {
        Ok(0) | Err(_) => Err(ApiError::Cancelled),
        Ok(_) => Ok(answer.trim().to_owned()),
    }
}

/// A text as a QR code in half blocks, two modules a character. Empty: it is too long for one.
fn picture(text: &str) -> String {
    let Ok(code) = qrcode::QrCode::new(text) else {
        return String::new();
    };
    let drawn = code
        .render::<qrcode::render::unicode::Dense1x2>()
        .quiet_zone(true)
        .build();
    format!("{drawn}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_a_square_picture() {
        let drawn = picture("https://idp.example.org/device?code=ABCD-EFGH");

        let widths: Vec<usize> = drawn.lines().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
        assert_eq!(widths.len(), widths[0].div_ceil(2));
    }

    #[test]
    fn a_text_too_long_for_a_code_draws_nothing() {
        assert_eq!(picture(&"x".repeat(10_000)), "");
    }
}

//! The server's texts as errors: it has no codes. Those of a sign-in begin with `ConnectionFailed: `, those of
//! a command end with a line break.

use crate::api::net::clean;
use crate::model::{Acted, ApiError, Code};

/// A sign-in was refused. The server closes the connection.
pub(super) fn of_sign_in(text: &str, host: &str) -> ApiError {
    let text = without("ConnectionFailed: ", text);
    if text.contains("username or password you entered is incorrect") {
        return auth(format!("{host} refuses the sign-in: {text}"));
    }
    if text.contains("ensure your username and password are provided") {
        return auth(format!(
            "{host} asks for a user and a password: write login.method = \"password\" into the profile"
        ));
    }
    // The apostrophe in the middle of its text is not ASCII.
    if text.contains("entered a username or password but the server") {
        return auth(format!(
            "{host} has authentication switched off and refuses a user: write login.method = \"none\" into \
             the profile"
        ));
    }
    if text.contains("unauthorized or session not found") {
        return auth(format!("{host} refuses the sign-in: {text}"));
    }
    server(host, "ConnectionFailed", text)
}

/// A command was refused. The connection stays usable unless this is [`ApiError::Auth`].
pub(super) fn of_command(text: &str, host: &str) -> ApiError {
    let text = without("Error: ", text);
    if text.contains("unauthorized or session not found")
        || text.starts_with("session not found for client ID")
    {
        return ApiError::Auth {
            message: format!("{host} no longer knows this connection: {}", clean(text)),
            // A new connection is a new session.
            can_login: true,
            exchange: None,
        };
    }
    // "InvalidCommandError: …" and its like name themselves.
    match text.split_once(": ") {
        Some((name, why)) if is_name(name) => server(host, name, why),
        _ => server(host, "", text),
    }
}

fn without<'a>(prefix: &str, text: &'a str) -> &'a str {
    let text = text.trim();
    text.strip_prefix(prefix).unwrap_or(text)
}

fn is_name(text: &str) -> bool {
    text.ends_with("Error") && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn auth(message: String) -> ApiError {
    ApiError::Auth {
        message: clean(&message),
        can_login: false,
        exchange: None,
    }
}

fn server(host: &str, name: &str, message: &str) -> ApiError {
    ApiError::Server {
        host: host.to_owned(),
        code: match name {
            "" => Code::None,
            name => Code::Text(clean(name).into()),
        },
        message: clean(message),
        acted: Acted::No,
        is_transient: false,
        exchange: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_a_refused_sign_in_says_what_to_do() {
        const FAILED: &str = "ConnectionFailed: ";
        for (text, class, told) in [
            (
                "The username or password you entered is incorrect. Please try again with valid credentials.",
                "auth",
                "h:1 refuses the sign-in: The username or password you entered is incorrect. Please try again \
                 with valid credentials.",
            ),
            (
                "failed to authenticate, please ensure your username and password are provided",
                "auth",
                "h:1 asks for a user and a password: write login.method = \"password\" into the profile",
            ),
            (
                "it looks like you entered a username or password but the server isn’t using authentication \
                 right now",
                "auth",
                "h:1 has authentication switched off and refuses a user: write login.method = \"none\" into \
                 the profile",
            ),
            (
                "invalid arguments",
                "server",
                "h:1 answered ConnectionFailed: invalid arguments",
            ),
            (
                "invalid authentication data provided",
                "server",
                "h:1 answered ConnectionFailed: invalid authentication data provided",
            ),
            (
                "invalid data format",
                "server",
                "h:1 answered ConnectionFailed: invalid data format",
            ),
            (
                "empty auth request",
                "server",
                "h:1 answered ConnectionFailed: empty auth request",
            ),
            (
                "user not found root",
                "server",
                "h:1 answered ConnectionFailed: user not found root",
            ),
        ] {
            let error = of_sign_in(&format!("{FAILED}{text}"), "h:1");

            assert_eq!(error.to_string(), told, "{text}");
            assert_eq!(error.class(), class, "{text}");
        }
    }

    #[test]
    fn errors_of_commands_are_told_with_and_without_the_documented_prefix() {
        for (text, class, told) in [
            (
                "unauthorized or session not found\n",
                "auth",
                "h:1 no longer knows this connection: unauthorized or session not found",
            ),
            (
                "Error: unauthorized or session not found",
                "auth",
                "h:1 no longer knows this connection: unauthorized or session not found",
            ),
            (
                "session not found for client ID: 8-127.0.0.1:53531\n",
                "auth",
                "h:1 no longer knows this connection: session not found for client ID: 8-127.0.0.1:53531",
            ),
            (
                "Error: internal server error\n",
                "server",
                "h:1 answered with an error: internal server error",
            ),
            (
                "InvalidCommandError: no such command -> \"X\"\n",
                "server",
                "h:1 answered InvalidCommandError: no such command -> \"X\"",
            ),
            (
                "in\u{1b}[31m valid: x",
                "server",
                "h:1 answered with an error: in^[[31m valid: x",
            ),
        ] {
            let error = of_command(text, "h:1");

            assert_eq!(error.to_string(), told, "{text}");
            assert_eq!(error.class(), class, "{text}");
        }
    }
}

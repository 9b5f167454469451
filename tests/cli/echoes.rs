//! A server that sends back what it was sent, or that names another one to send it to.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tokio::runtime::Runtime;

use crate::certified::{Authority, config, params};
use crate::scripted::{Act, Heard, Scripted, answer, json};
use crate::support::{Desk, Ran};

const EMPTY: &str = r#"{"totalEntriesCount":0,"entriesCount":0}"#;
const SECRET: &str = "canary/secret+1";
const TOKEN: &str = "canary-token-of-the-server";

fn serve(runtime: &Runtime, script: impl Fn(&Heard) -> Act + Send + Sync + 'static) -> Scripted {
    runtime.block_on(Scripted::start(move |_, heard| script(heard)))
}

/// A desk whose profile `emu` signs in by a client's secret, or by a name and its password.
fn desk(system: &str, url: &str, more: &str) -> Desk {
    let desk = Desk::bare();
    let login = match system {
        "pingam" => format!("method = \"password\"\nuser = \"ops\"\npassword = \"{SECRET}\""),
        _ => format!(
            "method = \"client_credentials\"\nclient_id = \"c-1\"\nclient_secret = \"{SECRET}\""
        ),
    };
    desk.write_config(&format!(
        "[profile.emu]\nsystem = \"{system}\"\nurl = \"{url}\"\nallow_plain = true\n{more}\n\
         [profile.emu.login]\n{login}\n"
    ));
    desk
}

/// Neither the terminal nor any file but the kept token holds a credential.
#[track_caller]
fn holds_nothing(desk: &Desk, ran: &Ran) {
    let pair = STANDARD.encode(format!("c-1:{SECRET}"));
    for needle in [
        SECRET,
        TOKEN,
        &pair,
        &STANDARD.encode(SECRET),
        &URL_SAFE_NO_PAD.encode(TOKEN),
        "canary%2Fsecret",
        "device-canary",
        "refresh-canary",
    ] {
        assert!(!ran.err.contains(needle), "{needle}: {}", ran.err);
        assert!(!ran.out.contains(needle), "{needle}: {}", ran.out);
        let log = desk.home().join(".local/state/usher/log");
        for file in std::fs::read_dir(log).into_iter().flatten() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            assert!(!text.contains(needle), "{needle}: {text}");
        }
    }
    assert!(ran.err.contains("[redacted]"), "{}", ran.err);
}

/// An error whose text is everything that was sent, and that in the other forms.
fn echo(status: &str, heard: &Heard) -> Act {
    let sent = format!("{} {}", heard.head, heard.body);
    let more = match (sent.contains(TOKEN), sent.contains("Basic ")) {
        (true, _) => URL_SAFE_NO_PAD.encode(TOKEN),
        (_, true) => format!("{} canary%2Fsecret%2B1", STANDARD.encode(SECRET)),
        _ => String::new(),
    };
    // A long text is cut, so the important parts come first.
    let credentials: Vec<&str> = sent
        .lines()
        .filter(|line| {
            line.contains("uthorization:") || line.contains("planet") || line.contains("password:")
        })
        .collect();
    let words = format!("no: {} {} {more}", heard.body, credentials.join(" "));
    let body = serde_json::json!({"error": "invalid_client", "error_description": words, "message": words});
    answer(status, "application/json", &body.to_string())
}

#[test]
fn what_a_token_endpoint_sends_back_shows_no_secret() {
    let runtime = Runtime::new().unwrap();
    let server = serve(&runtime, |heard| match heard.line() {
        line if line.contains("/token") => echo("401 Unauthorized", heard),
        _ => answer("404 Not Found", "text/plain", ""),
    });
    let desk = desk("janssen", &server.url, "");

    for args in [&["list"][..], &["login"], &["doctor"], &["whoami"]] {
        let mut args = args.to_vec();
        args.extend(["--log-level", "trace"]);
        let ran = desk.run(&args);

        assert_ne!(ran.code, 0, "{}", ran.err);
        let ran = Ran {
            err: format!("{}{}", ran.err, ran.out),
            ..ran
        };
        holds_nothing(&desk, &ran);
    }
}

#[test]
fn what_a_session_endpoint_sends_back_shows_no_token() {
    let runtime = Runtime::new().unwrap();
    for (status, code) in [
        ("500 Internal Server Error", 1),
        ("401 Unauthorized", 4),
        ("403 Forbidden", 9),
        ("400 Bad Request", 2),
    ] {
        let server = serve(&runtime, move |heard| match heard.line() {
            line if line.contains("/token") => json(&format!(
                r#"{{"access_token":"{TOKEN}","expires_in":3600}}"#
            )),
            line if line.contains("well-known") => answer("404 Not Found", "text/plain", ""),
            _ => echo(status, heard),
        });
        let desk = desk("janssen", &server.url, "");

        let ran = desk.run(&["list", "--log-level", "trace"]).ends(code);

        holds_nothing(&desk, &ran);
    }
}

#[test]
fn what_the_sign_in_or_the_sessions_of_pingam_send_back_shows_no_password_and_no_token() {
    let runtime = Runtime::new().unwrap();
    for in_sign_in in [true, false] {
        let server = serve(&runtime, move |heard| match heard.line() {
            line if line.contains("serverinfo/%2A") => {
                json(r#"{"cookieName":"iPlanetDirectoryPro"}"#)
            }
            line if line.contains("/authenticate") && in_sign_in => echo("401 Unauthorized", heard),
            line if line.contains("/authenticate") => json(&format!(
                r#"{{"tokenId":"{TOKEN}","successUrl":"/","realm":"/"}}"#
            )),
            _ => echo("500 Internal Server Error", heard),
        });
        let desk = desk("pingam", &server.url, "");

        let ran = desk.run(&["list", "--log-level", "trace"]);

        assert_ne!(ran.code, 0, "{}", ran.err);
        holds_nothing(&desk, &ran);
    }
}

#[test]
fn what_a_device_sign_in_sends_back_shows_no_code_and_no_renewal() {
    let runtime = Runtime::new().unwrap();
    let server = serve(&runtime, |heard| match heard.line() {
        line if line.contains("device_authorization") => json(
            r#"{"device_code":"device-canary","user_code":"AB-CD","interval":1,"expires_in":600,
                "verification_uri":"http://127.0.0.1/device"}"#,
        ),
        line if line.contains("well-known") => answer("404 Not Found", "text/plain", ""),
        _ => echo("400 Bad Request", heard),
    });
    let desk = Desk::bare();
    desk.write_config(&format!(
        "[profile.emu]\nsystem = \"janssen\"\nurl = \"{}\"\n\
         [profile.emu.login]\nmethod = \"device\"\nclient_id = \"c\"\n",
        server.url
    ));

    let ran = desk.run(&["login"]).ends(4);

    holds_nothing(&desk, &ran);
}

/// A discovery document that names these.
fn discovery(issuer: &str, token: &str) -> Act {
    json(&format!(
        r#"{{"issuer":"{issuer}","token_endpoint":"{token}/jans-auth/restv1/token"}}"#
    ))
}

#[test]
fn f_net_07_a_discovery_document_sends_no_secret_to_another_origin() {
    let runtime = Runtime::new().unwrap();
    let other = serve(&runtime, |_| {
        json(r#"{"access_token":"t","expires_in":3600}"#)
    });
    for foreign in ["issuer", "token_endpoint"] {
        let elsewhere = other.url.clone();
        let server = serve(&runtime, move |heard| {
            let ours = format!("http://{}", heard.header("host").unwrap());
            match (heard.line().contains("well-known"), foreign) {
                (true, "issuer") => discovery(&elsewhere, &ours),
                (true, _) => discovery(&ours, &elsewhere),
                (false, _) => json(EMPTY),
            }
        });
        let desk = desk("janssen", &server.url, "");

        let ran = desk.run(&["list"]).ends(2);

        let remedy = format!("set auth_url = \"{}\"", other.url);
        assert!(ran.err.contains(&remedy), "{}", ran.err);
        assert!(other.heard().is_empty(), "{foreign}: {:?}", other.heard());
        assert_eq!(server.count("POST"), 0, "{foreign}");
    }
}

#[test]
fn f_net_08_a_discovery_document_does_not_take_the_sign_in_from_https_to_http() {
    let runtime = Runtime::new().unwrap();
    let authority = Authority::new("Test CA");
    let leaf = authority.leaf(&params("127.0.0.1", "emu"));
    let acceptor = Arc::new(config(&leaf, &["http/1.1"])).into();
    let server = runtime.block_on(Scripted::start_secure(acceptor, |_, heard| {
        let plain = format!("http://{}", heard.header("host").unwrap());
        if heard.line().contains("well-known") {
            discovery(&plain, &plain)
        } else {
            json(EMPTY)
        }
    }));
    let desk = desk(
        "janssen",
        &server.url,
        &format!("ca_file = \"{}\"", authority.ca_file().display()),
    );

    let ran = desk.run(&["list"]).ends(2);

    assert!(
        ran.err.contains("names an issuer at http://"),
        "{}",
        ran.err
    );
    assert_eq!(server.count("POST"), 0);
}

#[test]
fn the_origin_that_auth_url_names_is_asked_for_a_token() {
    let runtime = Runtime::new().unwrap();
    let auth = serve(&runtime, |heard| {
        let ours = format!("http://{}", heard.header("host").unwrap());
        if heard.line().contains("well-known") {
            discovery(&ours, &ours)
        } else {
            json(r#"{"access_token":"t","expires_in":3600}"#)
        }
    });
    let server = serve(&runtime, |_| json(EMPTY));
    let desk = desk(
        "janssen",
        &server.url,
        &format!("auth_url = \"{}\"", auth.url),
    );

    desk.run(&["list"]).ends(0);

    assert_eq!(auth.count("POST"), 1);
    assert_eq!(server.count("GET"), server.heard().len());
}

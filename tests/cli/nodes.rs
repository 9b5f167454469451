//! A server of several nodes behind a load balancer: only the node that gave a session knows it.

use tokio::runtime::Runtime;

use crate::scripted::{Act, Heard, Scripted, answer, json, whole};
use crate::support::Desk;

const TOKEN: &str = "AQIC-canary-token";

/// The second node gives sessions; without its cookie a request comes to the first.
fn node(heard: &Heard) -> Act {
    let line = heard.line();
    if line.contains("serverinfo/%2A") {
        return json(r#"{"cookieName":"iPlanetDirectoryPro"}"#);
    }
    if line.contains("/authenticate") {
        let cookies = format!(
            "Content-Type: application/json\r\n\
             Set-Cookie: amlbcookie=02; Path=/\r\n\
             Set-Cookie: iPlanetDirectoryPro={TOKEN}; Path=/; HttpOnly\r\n"
        );
        let body = format!(r#"{{"tokenId":"{TOKEN}","successUrl":"/","realm":"/"}}"#);
        return Act::Send(whole("200 OK", &cookies, &body));
    }
    let cookie = heard.header("cookie").unwrap_or_default();
    let carried = heard.header("iplanetdirectorypro") == Some(TOKEN)
        || cookie.contains(&format!("iPlanetDirectoryPro={TOKEN}"));
    match cookie.contains("amlbcookie=02") && carried {
        false => answer(
            "401 Unauthorized",
            "application/json",
            r#"{"code":401,"reason":"Unauthorized","message":"Access Denied"}"#,
        ),
        true if line.contains("_action=getSessionInfo") => {
            json(r#"{"username":"ops","realm":"/","sessionHandle":"shandle:own"}"#)
        }
        true if line.contains("/sessions?_queryFilter") => json(
            r#"{"result":[],"resultCount":0,"pagedResultsCookie":null,"remainingPagedResults":-1}"#,
        ),
        true => answer("404 Not Found", "application/json", r#"{"code":404}"#),
    }
}

fn desk(url: &str, keys: &str) -> Desk {
    let desk = Desk::bare();
    desk.write_config(&format!(
        "[profile.am]\nsystem = \"pingam\"\nurl = \"{url}\"\nallow_plain = true\nrealms = [\"/\"]\n\
         {keys}\n[profile.am.login]\nmethod = \"password\"\nuser = \"ops\"\npassword = \"s3cret-text\"\n"
    ));
    desk
}

fn sign_ins(server: &Scripted) -> usize {
    let heard = server.heard();
    heard
        .iter()
        .filter(|one| one.line().contains("/authenticate"))
        .count()
}

#[test]
fn the_cookie_of_a_load_balancer_goes_back_also_with_a_token_that_was_kept() {
    let runtime = Runtime::new().unwrap();
    for (keys, cookie) in [
        ("", "amlbcookie=02".to_owned()),
        (
            "token_as = \"cookie\"",
            format!("iPlanetDirectoryPro={TOKEN}; amlbcookie=02"),
        ),
    ] {
        let server = runtime.block_on(Scripted::start(|_, heard| node(heard)));
        let desk = desk(&server.url, keys);

        desk.run(&["list"]).ends(0);
        desk.run(&["list"]).ends(0);

        assert_eq!(sign_ins(&server), 1, "{keys}: the token is kept");
        let heard = server.heard();
        let lists: Vec<Option<&str>> = heard
            .iter()
            .filter(|one| one.line().contains("/sessions?_queryFilter"))
            .map(|one| one.header("cookie"))
            .collect();
        assert_eq!(lists, [Some(cookie.as_str()); 2], "{keys}");
    }
}

#[test]
fn f_http_15_a_new_sign_in_that_is_refused_is_not_tried_for_ever_and_hints_at_another_node() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Scripted::start(|_, heard| match node(heard) {
        Act::Send(bytes) => {
            // This load balancer sets no cookie.
            let text = String::from_utf8(bytes).unwrap();
            Act::Send(text.replace("amlbcookie=02", "x=y").into_bytes())
        }
        other => other,
    }));

    let ran = desk(&server.url, "").run(&["list"]).ends(4);

    assert!(
        ran.err.contains("Access Denied") && ran.err.contains("another node of the server"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains(TOKEN), "{}", ran.err);
    assert_eq!(sign_ins(&server), 2, "the first, and one renewal");
}

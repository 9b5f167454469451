//! Faulty input over the wire, and the requests that we send.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use usher::api::auth::NoAuth;
use usher::api::http::Http;
use usher::model::{Acted, ApiError, Code, Session};

use super::gzip::gzip_of_spaces;
use super::scripted::{Act, Heard, Scripted, answer, json, whole};
use super::{open, search, token_profile};

const EMPTY: &str = r#"{"totalEntriesCount":0,"entriesCount":0}"#;

/// One page from a server that answers each request so.
async fn page(
    script: impl Fn(usize, &Heard) -> Act + Send + Sync + 'static,
) -> Result<usize, ApiError> {
    let server = Scripted::start(script).await;
    page_of(&server).await
}

async fn page_of(server: &Scripted) -> Result<usize, ApiError> {
    let mut profile = token_profile(&server.url);
    profile.timeout = Duration::from_millis(400);
    profile.max_body_mib = 1;
    let mut rows: Vec<Session> = Vec::new();
    open(&profile).search(&search(""), None, &mut rows).await?;
    Ok(rows.len())
}

fn bytes(head: &str, body: &[u8]) -> Act {
    let mut bytes = format!("HTTP/1.1 200 OK\r\n{head}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    Act::Send(bytes)
}

fn told(error: &ApiError) -> String {
    let text = error.to_string();
    let mut words = text.split(' ');
    words
        .by_ref()
        .find(|word| word.contains("127.0.0.1:"))
        .map(|_| words.collect::<Vec<_>>().join(" "))
        .unwrap_or(text)
}

#[tokio::test]
async fn f_http_01_to_06_broken_answers_are_named_for_what_they_are() {
    type Script = fn() -> Act;
    let cases: [(&str, Script, &str); 8] = [
        (
            "a sign-in page",
            || answer("200 OK", "text/html", "<title>Portal</title>"),
            "sent something unexpected at the start: a web page (title \"Portal\"), not JSON",
        ),
        (
            "nothing",
            || json(""),
            "sent something unexpected at the start: the answer is empty; JSON was expected",
        ),
        (
            "cut JSON",
            || json(r#"{"entries":[{"#),
            "sent something unexpected at byte 13 of 13: the JSON ends too early",
        ),
        (
            "a number",
            || json("7"),
            "sent something unexpected at the start: expected an object, got a number",
        ),
        (
            "an error with status 200",
            || json(r#"{"code":"500","message":"database down"}"#),
            "sent something unexpected at entries: expected a list of sessions, got: database down",
        ),
        (
            "shorter than promised",
            || {
                bytes(
                    "Content-Type: application/json\r\nContent-Length: 2048\r\n",
                    &[b' '; 512],
                )
            },
            "was lost: the answer was cut off after 512 of 2,048 bytes",
        ),
        (
            "a last chunk that never comes",
            || bytes("Transfer-Encoding: chunked\r\n", b"5\r\n{\"ent\r\n"),
            "was lost: the answer was cut off after 5 bytes",
        ),
        (
            "not HTTP",
            || Act::Send(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
            "sent something unexpected at the start: this is not an HTTP answer (invalid HTTP version parsed)",
        ),
    ];
    for (name, script, words) in cases {
        let error = page(move |_, _| script()).await.unwrap_err();
        assert_eq!(told(&error), words, "{name}");
    }
}

#[tokio::test]
async fn f_http_08_a_compressed_bomb_is_stopped_at_the_limit() {
    let bomb = gzip_of_spaces(8 * 1024 * 1024);
    assert!(bomb.len() < 64 * 1024);
    let script = move |_: usize, _: &Heard| {
        bytes(
            &format!(
                "Content-Encoding: gzip\r\nContent-Length: {}\r\n",
                bomb.len()
            ),
            &bomb,
        )
    };

    let error = page(script).await.unwrap_err();

    assert_eq!(
        told(&error),
        "sent something unexpected at byte 1,048,576: the answer is larger than 1 MiB; raise max_body_mib, or ask for smaller pages"
    );
}

#[tokio::test]
async fn f_http_08_a_cut_compression_and_one_not_asked_for_are_errors() {
    let cut = gzip_of_spaces(1000);
    let length = cut.len() - 3;
    let script = move |_: usize, _: &Heard| {
        let head = format!("Content-Encoding: gzip\r\nContent-Length: {length}\r\n");
        bytes(&head, &cut[..length])
    };
    let cut = page(script).await.unwrap_err();
    let other = page(|_, _| bytes("Content-Encoding: br\r\nContent-Length: 2\r\n", b"xx"));
    let other = other.await.unwrap_err();

    assert!(
        told(&cut).ends_with("the compressed answer is broken or cut off"),
        "{cut}"
    );
    assert!(
        told(&other).ends_with("it is compressed as \"br\", which was not asked for"),
        "{other}"
    );
}

#[tokio::test]
async fn f_http_24_a_server_that_hangs_or_drips_ends_at_the_limit() {
    let hang = || Act::Stall(Vec::new());
    let half = || Act::Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_vec());
    let drip = || Act::Drip(whole("200 OK", "", EMPTY), Duration::from_millis(50));
    for (name, script) in [
        ("hang", hang as fn() -> Act),
        ("half", half),
        ("drip", drip),
    ] {
        let begun = Instant::now();

        let error = page(move |_, _| script()).await.unwrap_err();

        assert!(
            matches!(
                error,
                ApiError::Timeout {
                    acted: Acted::Maybe,
                    ..
                }
            ),
            "{name}: {error:?}"
        );
        // Three tries of 0.4 s, with pauses of up to 0.5 and 1 s between them.
        assert!(begun.elapsed() < Duration::from_secs(5), "{name}");
    }
}

#[tokio::test]
async fn a_search_that_is_dropped_ends_at_once_and_asks_no_more() {
    let server = Scripted::start(|_, _| Act::Stall(Vec::new())).await;
    let api = open(&token_profile(&server.url));
    let mut rows: Vec<Session> = Vec::new();

    let wanted = search("");
    let dropped = tokio::time::timeout(
        Duration::from_millis(200),
        api.search(&wanted, None, &mut rows),
    );

    assert!(dropped.await.is_err());
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn f_http_19_a_read_is_tried_three_times_and_a_401_is_not_in_the_count() {
    let twice = page(|number, _| match number {
        0 | 1 => answer("503 Service Unavailable", "text/html", "<html>"),
        _ => json(EMPTY),
    });
    assert_eq!(twice.await, Ok(0));

    let server =
        Scripted::start(|_, _| answer("502 Bad Gateway", "text/html", "<title>Down</title>"));
    let server = server.await;
    let error = page_of(&server).await.unwrap_err();
    assert_eq!(told(&error), "answered 502: a web page titled \"Down\"");
    assert_eq!(server.heard().len(), 3);
}

#[tokio::test]
async fn f_http_18_the_server_says_when_to_come_back() {
    let limited = |header: &'static str| {
        page(move |number, _| match number {
            0 => Act::Send(whole("429 Too Many Requests", header, "")),
            _ => json(EMPTY),
        })
    };
    let begun = Instant::now();
    assert_eq!(limited("Retry-After: 1\r\n").await, Ok(0));
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(limited("").await, Ok(0));
    assert_eq!(limited("Retry-After: soon\r\n").await, Ok(0));
    assert_eq!(
        limited("Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n").await,
        Ok(0)
    );

    for header in [
        "Retry-After: 61\r\n",
        "Retry-After: 99999999999999999999\r\n",
    ] {
        let error = limited(header).await.unwrap_err();
        let ApiError::RateLimited { after, .. } = error else {
            panic!("{error:?}");
        };
        assert!(after > Some(Duration::from_secs(60)));
    }
}

#[tokio::test]
async fn f_http_21_statuses_nobody_knows_are_errors_with_their_number() {
    for status in ["418 I'm a teapot", "451 No", "599 Odd", "999 Odder"] {
        let error = page(move |_, _| answer(status, "text/plain", "words"))
            .await
            .unwrap_err();
        let ApiError::Server {
            code: Code::Http(number),
            message,
            ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert!(status.starts_with(&number.to_string()));
        assert_eq!(message, "words");
    }
}

#[tokio::test]
async fn f_http_22_odd_heads_of_answers_crash_nothing_and_show_nothing_raw() {
    let head = |lines: &[u8]| {
        let lines = lines.to_vec();
        page(move |_, _| {
            let status: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
            let body = format!("\r\n{EMPTY}");
            Act::Send([status, &lines, body.as_bytes()].concat())
        })
    };
    let length = format!("Content-Length: {}\r\n", EMPTY.len());
    let long = |size: usize| format!("{length}X-Long: {}\r\n", "x".repeat(size));
    let many = |count: usize| length.clone() + &"X-Many: x\r\n".repeat(count);
    let odd = [length.as_bytes(), b"X-Odd: \xff\xfe\xc3\x28\r\n"].concat();
    for (name, lines) in [
        ("64 KiB", long(64 * 1024).into_bytes()),
        ("no ASCII", odd),
        ("the same length twice", length.repeat(2).into_bytes()),
    ] {
        assert_eq!(head(&lines).await, Ok(0), "{name}");
    }

    let raw = [length.as_bytes(), b"X-Raw: \x1b[2J\x00\r\n"].concat();
    let two = format!("{length}Content-Length: 7\r\n");
    for (name, lines, words) in [
        (
            "16 MiB",
            long(16 * 1024 * 1024).into_bytes(),
            "the headers of the answer are too large",
        ),
        (
            "5000 lines",
            many(5_000).into_bytes(),
            "the headers of the answer are too large",
        ),
        ("control bytes", raw, "this is not an HTTP answer"),
        (
            "two lengths",
            two.into_bytes(),
            "this is not an HTTP answer",
        ),
    ] {
        let error = head(&lines).await.unwrap_err();

        assert!(told(&error).contains(words), "{name}: {error:?}");
        assert!(
            !error.to_string().contains(char::is_control),
            "{name}: {error:?}"
        );
    }

    let odd =
        b"HTTP/1.1 302 Found\r\nLocation: https://\xff\xfe\x9b2J\r\nContent-Length: 0\r\n\r\n";
    let error = page(move |_, _| Act::Send(odd.to_vec())).await.unwrap_err();
    assert_eq!(
        told(&error),
        "answered 302: it redirects without saying where"
    );
}

#[tokio::test]
async fn f_cred_08_where_a_401_points_to_is_shown_and_never_followed() {
    let other = Scripted::start(|_, _| json(EMPTY)).await;
    let challenge = format!(
        "WWW-Authenticate: Bearer authorization_uri=\"{}/sign-in\"\r\n",
        other.url
    );
    let error = page(move |_, _| Act::Send(whole("401 Unauthorized", &challenge, "expired")))
        .await
        .unwrap_err();

    let ApiError::Auth { message, .. } = &error else {
        panic!("{error:?}");
    };
    let shown = format!(
        "expired; it points to another place, which is not followed: \
         Bearer authorization_uri=\"{}/sign-in\"",
        other.url
    );
    assert!(message.ends_with(&shown), "{message}");
    assert!(other.heard().is_empty());

    let hostile = whole(
        "401 Unauthorized",
        "WWW-Authenticate: Bearer u=\"x://\u{202e}\"\r\n",
        "no",
    );
    let error = page(move |_, _| Act::Send(hostile.clone()))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("<U+202E>"), "{error}");
}

#[tokio::test]
async fn f_net_07_another_origin_is_never_followed_and_hears_nothing() {
    let other = Scripted::start(|_, _| json(EMPTY)).await;
    let to = format!("Location: {}/x?code=secret\r\n", other.url);
    let error = page(move |_, _| Act::Send(whole("302 Found", &to, "")))
        .await
        .unwrap_err();

    assert!(other.heard().is_empty());
    let words = told(&error);
    assert!(
        words.starts_with("answered 302: it redirects to http://127.0.0.1:"),
        "{words}"
    );
    assert!(words.ends_with("/x, which is not followed"), "{words}");
}

#[tokio::test]
async fn f_net_09_the_same_origin_is_followed_three_times_for_a_read_and_never_for_a_change() {
    let followed = page(|number, _| match number {
        0..3 => Act::Send(whole("307 Temporary Redirect", "Location: /next\r\n", "")),
        _ => json(EMPTY),
    });
    assert_eq!(followed.await, Ok(0));

    let endless = page(|_, _| Act::Send(whole("302 Found", "Location: /again\r\n", "")));
    let error = endless.await.unwrap_err();
    assert_eq!(told(&error), "answered 302: it redirects more than 3 times");

    let server = Scripted::start(|_, _| Act::Send(whole("307 Go", "Location: /x\r\n", ""))).await;
    let outcome = open(&token_profile(&server.url))
        .revoke(&[super::key("s")])
        .await;
    assert_eq!(outcome.unwrap()[0].word(), "failed");
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn a_request_carries_what_it_must_and_nothing_else() {
    let server = Scripted::start(|_, _| json(EMPTY)).await;

    page_of(&server).await.unwrap();

    let heard = &server.heard()[0];
    assert_eq!(
        heard.line(),
        "GET /jans-config-api/api/v1/jans-auth-server/session/search?limit=100&startIndex=0"
    );
    assert_eq!(heard.header("authorization"), Some("Bearer canary-token"));
    assert_eq!(heard.header("accept"), Some("application/json"));
    assert_eq!(heard.header("issuer"), None);
    let agent = format!("usher/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(heard.header("user-agent"), Some(agent.as_str()));
    let id = heard.header("x-request-id").unwrap();
    assert!(
        id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{id}"
    );
}

#[tokio::test]
async fn an_error_names_the_request_that_failed() {
    let refused = Scripted::start(|_, _| answer("403 Forbidden", "application/json", "{}")).await;
    let error = page_of(&refused).await.unwrap_err();
    let exchange = error.exchange().expect("a request failed");
    assert_eq!(
        (exchange.method.as_str(), exchange.status),
        ("GET", Some(403))
    );
    assert!(exchange.path.ends_with("/session/search"), "{exchange:?}");
    let heard = &refused.heard()[0];
    assert_eq!(heard.header("x-request-id"), Some(exchange.id.as_str()));

    let odd = Scripted::start(|_, _| answer("200 OK", "application/json", "{\"entries\":7}")).await;
    let error = page_of(&odd).await.unwrap_err();
    assert_eq!(
        error.exchange().map(|exchange| exchange.status),
        Some(Some(200))
    );

    let cut = Scripted::start(|_, _| Act::Send(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())).await;
    let error = page_of(&cut).await.unwrap_err();
    assert_eq!(error.exchange().map(|exchange| exchange.status), Some(None));
}

#[tokio::test]
async fn f_clock_01_the_servers_clock_is_read_from_its_answers() {
    let ahead = TimeDelta::minutes(123);
    let date = (Utc::now() + ahead).format("%a, %d %b %Y %H:%M:%S GMT");
    let head = format!("Content-Type: application/json\r\nDate: {date}\r\n");
    let server = Scripted::start(move |_, _| Act::Send(whole("200 OK", &head, EMPTY))).await;
    let api = open(&token_profile(&server.url));
    assert_eq!(api.clock_offset(), None);

    api.whoami().await.unwrap();

    let found = api.clock_offset().unwrap();
    assert!((found - ahead).abs() < TimeDelta::seconds(3), "{found}");
}

#[tokio::test]
async fn a_base_address_that_holds_the_first_segment_is_not_given_it_twice() {
    let server = Scripted::start(|_, _| json(EMPTY)).await;
    let mut profile = token_profile(&server.url);
    profile.url.set_path("/jans-config-api/");

    open(&profile).whoami().await.unwrap();

    assert!(
        server.heard()[0]
            .line()
            .starts_with("GET /jans-config-api/api/v1/jans-auth-server/")
    );
}

#[test]
fn f_net_15_addresses_that_would_leak_credentials_are_refused() {
    let refused = |url: &str| {
        let profile = token_profile(url);
        match usher::api::Systems::built_in()
            .open(&profile, std::sync::Arc::new(usher::api::auth::Nobody))
        {
            Err(ApiError::Config { why, .. }) => Some(why),
            _ => None,
        }
    };

    assert!(
        refused("http://idp.example.org")
            .unwrap()
            .contains("allow_http")
    );
    assert!(
        refused("https://user:pw@idp.example.org")
            .unwrap()
            .contains("user name")
    );
    assert!(refused("ftp://idp.example.org").is_some());
    assert_eq!(refused("https://idp.example.org"), None);
    for url in [
        "http://127.0.0.1:8080",
        "http://localhost",
        "http://[::1]:1",
    ] {
        assert_eq!(refused(url), None, "{url}");
    }
}

#[tokio::test]
async fn f_net_01_a_name_that_does_not_exist_is_said_in_plain_words() {
    // A label of 64 letters is refused by the resolver itself: nothing is asked on the network.
    let name = "x".repeat(64);
    let mut profile = token_profile(&format!("http://{name}.invalid"));
    profile.allow_http = true;

    let error = open(&profile).revoke_user(&somebody()).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        format!("cannot reach {name}.invalid:80: cannot find host {name}.invalid")
    );
}

fn somebody() -> usher::model::Subject {
    usher::model::Subject {
        id: Some("inum=6f1c,ou=people,o=jans".into()),
        ..Default::default()
    }
}

#[tokio::test]
async fn f_http_21_early_hints_are_passed_over_and_any_2xx_is_an_answer() {
    for hint in [
        "100 Continue\r\n",
        "102 Processing\r\n",
        "103 Early Hints\r\nLink: </x>; rel=preload\r\n",
    ] {
        let hinted = page(move |_, _| {
            let mut bytes = format!("HTTP/1.1 {hint}\r\n").into_bytes();
            bytes.extend(whole("200 OK", "Content-Type: application/json\r\n", EMPTY));
            Act::Send(bytes)
        });
        assert_eq!(hinted.await, Ok(0), "{hint}");
    }

    for status in ["203 Changed", "226 IM Used", "299 Odd"] {
        let odd = page(move |_, _| answer(status, "application/json", EMPTY));
        assert_eq!(odd.await, Ok(0), "{status}");
    }
}

#[tokio::test]
async fn f_http_24_a_server_that_sends_no_byte_is_given_up_long_before_the_whole_limit() {
    let server = Scripted::start(|_, _| Act::Stall(Vec::new())).await;
    let mut profile = token_profile(&server.url);
    profile.timeout = Duration::from_secs(600);
    let begun = Instant::now();

    let http = Http::new(&profile, profile.url.clone(), Arc::new(NoAuth)).unwrap();
    let error = http.get(&["x"]).no_retry().send().await.unwrap_err();

    let waited = begun.elapsed();
    assert!((15..20).contains(&waited.as_secs()), "{waited:?}");
    assert_eq!(told(&error), "did not answer within 15 s");
}

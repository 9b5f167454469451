//! Answers that no client expects, from the emulators of both systems through the binary.

use std::time::Duration;

use usher::emulator::Options;

use crate::gzip::gzip_of_spaces;
use crate::pipes::resident_mib;
use crate::scripted::{Act, Scripted};
use crate::support::{Desk, Ran};

/// A desk whose server answers searches like this from the second request on: the first ones are for the
/// sign-in, or tell what the server is.
fn desk(system: &str, fault: &str) -> Desk {
    let desk = Desk::with(Options {
        system: usher::emulator::system(system).unwrap(),
        ..Options::default()
    });
    let (path, method) = match system {
        "janssen" => ("*/session/search", "GET"),
        _ => ("*/sessions", "GET"),
    };
    let fault = format!(r#"{{"match":{{"path":"{path}","method":"{method}"}},{fault}}}"#);
    desk.emulator().set_faults(&[fault]).unwrap();
    desk
}

/// `list` at each system with such an answer.
fn lists(fault: &str) -> [Ran; 2] {
    ["janssen", "openam"].map(|system| desk(system, fault).run(&["list"]))
}

#[track_caller]
fn fails(fault: &str, words: &[&str]) {
    for ran in lists(fault) {
        let ran = ran.fails(1, "cannot list the sessions of emu: ");
        for word in words {
            assert!(ran.err.contains(word), "{fault}: {word}: {}", ran.err);
        }
    }
}

#[test]
fn f_http_01_a_web_page_is_called_one() {
    fails(
        r#""action":"garbage","kind":"html""#,
        &["a web page (title \"Sign in\"), not JSON", "url"],
    );
}

#[test]
fn f_http_02_nothing_where_json_is_due_is_called_an_empty_answer() {
    fails(
        r#""action":"garbage","kind":"empty""#,
        &["the answer is empty"],
    );
    fails(r#""action":"status","code":204"#, &["the answer is empty"]);
}

#[test]
fn f_http_03_what_is_no_json_is_told_with_its_place() {
    fails(
        r#""action":"garbage","kind":"not_json""#,
        &["at byte 24 of "],
    );
    fails(r#""action":"garbage","kind":"nul""#, &["at byte 1 of 8"]);
}

#[test]
fn f_http_04_another_shape_names_what_was_expected() {
    fails(
        r#""action":"garbage","kind":"json_scalar""#,
        &["expected an object, got a number"],
    );
    for ran in lists(r#""action":"garbage","kind":"wrong_shape""#) {
        let ran = ran.fails(1, "cannot list the sessions of emu: ");
        assert!(
            ran.err
                .contains("at entries: expected a list, got an object")
                || ran
                    .err
                    .contains("at result: expected a list of sessions, got: "),
            "{}",
            ran.err
        );
    }
}

#[test]
fn f_http_04_an_error_that_comes_with_200_is_told_in_the_servers_words() {
    let error = r#"{\"code\":\"500\",\"reason\":\"Internal\",\"message\":\"database down\"}"#;
    fails(
        &format!(
            r#""action":"status","code":200,"content_type":"application/json","body":"{error}""#
        ),
        &["expected a list of sessions, got: ", "database down"],
    );
}

#[test]
fn f_http_05_the_type_of_an_answer_does_not_spoil_json() {
    let json = r#"{\"entries\":[],\"result\":[],\"totalEntriesCount\":0}"#;
    for kind in ["text/plain", "application/octet-stream", ""] {
        let fault =
            format!(r#""action":"status","code":200,"content_type":"{kind}","body":"{json}""#);
        for ran in lists(&fault) {
            assert_eq!(ran.ends(0).out, "", "{kind}");
        }
    }
    let fault =
        format!(r#""action":"status","code":200,"content_type":"text/html","body":"{json}""#);
    fails(&fault, &["a web page, not JSON"]);
}

#[test]
fn f_http_06_a_body_that_is_cut_off_is_told_with_its_length() {
    for framing in ["length", "chunked"] {
        let fault = format!(r#""action":"close","after_bytes":900,"framing":"{framing}""#);
        for ran in lists(&fault) {
            let ran = ran.fails(6, "the answer was cut off after ");
            assert!(ran.err.contains("was lost"), "{}", ran.err);
        }
    }
}

#[test]
fn f_http_07_rows_before_a_break_are_printed_and_the_list_is_not_called_whole() {
    let desk = Desk::with(Options {
        sessions: 500,
        ..Options::default()
    });
    let fault =
        r#"{"match":{"path":"*/session/search","nth":[2,99]},"action":"reset","after_bytes":900}"#;
    desk.emulator().set_faults(&[fault]).unwrap();

    let ran = desk.run(&["list", "-o", "json"]).ends(6);

    let all: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(all["sessions"].as_array().unwrap().len(), 200);
    let source = &all["sources"][0];
    assert_eq!(
        (&source["complete"], &source["rows"]),
        (&false.into(), &200.into())
    );
    assert!(ran.err.contains("of emu after 200: "), "{}", ran.err);
}

#[test]
fn f_http_12_and_25_and_data_14_and_15_no_garbage_is_a_crash_or_a_false_row() {
    for kind in ["deep", "bom", "dup_keys", "huge_number", "invalid_utf8"] {
        let [janssen, openam] = lists(&format!(r#""action":"garbage","kind":"{kind}""#));
        for ran in [&janssen, &openam] {
            assert!(
                [0, 1].contains(&ran.code),
                "{kind}: {} {}",
                ran.code,
                ran.err
            );
            assert!(!ran.err.contains("panic"), "{kind}: {}", ran.err);
        }
        match kind {
            "deep" => assert_eq!((janssen.code, openam.code), (1, 1), "{kind}"),
            "bom" | "dup_keys" => {
                assert_eq!(
                    (janssen.rows().len(), janssen.code),
                    (60, 0),
                    "{}",
                    janssen.err
                );
                assert_eq!(openam.code, 0, "{}", openam.err);
            }
            "huge_number" => assert_eq!((janssen.out.as_str(), janssen.code), ("", 0)),
            _ => assert_eq!(janssen.rows()[0]["id"], "<FF><FE><C3>("),
        }
    }
}

#[test]
fn f_http_08_a_compressed_bomb_is_stopped_in_little_memory() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let body = gzip_of_spaces(96 << 20);
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let bomb = [head.into_bytes(), body].concat();
    let server = runtime.block_on(Scripted::start(move |_, _| Act::Send(bomb.clone())));
    let desk = Desk::bare();
    desk.write_config(&format!(
        "[profile.emu]\nsystem = \"janssen\"\nurl = \"{}\"\nallow_plain = true\ntoken = \"t\"\nmax_body_mib = 1\n",
        server.url
    ));

    let mut child = desk.command(&["list"]).spawn().unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = most.max(resident_mib(child.id()));
        std::thread::sleep(Duration::from_millis(1));
    }
    let output = child.wait_with_output().unwrap();

    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("the answer is larger than 1 MiB"), "{err}");
    assert!(most > 0, "the memory of the process could be read");
    assert!(most <= 65, "{most} MiB");
}

//! The emulator's answers against the sample of the contract: the same fields, types and order.

use serde_json::Value;
use usher::emulator::janssen::Row;

use super::*;

const SAMPLE: &str = include_str!("../../../fixtures/janssen/search.json");

fn sample() -> Value {
    serde_json::from_str(SAMPLE).expect("the sample is JSON")
}

/// The sample's own rows, for the emulator's world.
fn row(session: &Value) -> Row {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let time = |name: &str| {
        let text = format!("{}Z", session[name].as_str()?);
        let time = chrono::DateTime::parse_from_rfc3339(&text).expect("a time");
        Some(time.timestamp_millis())
    };
    let attributes = &session["sessionAttributes"];
    Row {
        sid: text(&session["outsideSid"]),
        user: text(&attributes["auth_user"]),
        user_id: None,
        client: text(&attributes["client_id"]),
        authenticated: session["state"] == "authenticated",
        created_ms: time("creationDate").expect("always there"),
        authenticated_ms: time("authenticationTime"),
        last_used_ms: time("lastUsedAt"),
        expires_ms: time("expirationDate"),
        ip: text(&attributes["remote_ip"]),
        deletable: session["deletable"] == true,
    }
}

/// Says where `given` lacks a field of `sample`, has it in another place or of another type.
fn differences(path: &str, sample: &Value, given: &Value) -> Vec<String> {
    match (sample, given) {
        (Value::Object(sample), Value::Object(given)) => {
            let shared = given.keys().filter(|key| sample.contains_key(*key));
            let mut found = Vec::new();
            if !shared.eq(sample.keys()) {
                found.push(format!("{path}: {:?}", given.keys().collect::<Vec<_>>()));
            }
            for (key, value) in sample {
                let inner = format!("{path}.{key}");
                found.extend(differences(&inner, value, &given[key]));
            }
            found
        }
        (Value::String(sample), Value::String(given)) => {
            let is_time = |text: &str| text.len() == 19 && text.as_bytes()[10] == b'T';
            let same = is_time(sample) == is_time(given) && (!is_time(sample) || sample == given);
            (!same)
                .then(|| format!("{path}: {given}"))
                .into_iter()
                .collect()
        }
        (sample, given) => {
            let same = std::mem::discriminant(sample) == std::mem::discriminant(given);
            (!same)
                .then(|| format!("{path}: {given}"))
                .into_iter()
                .collect()
        }
    }
}

#[tokio::test]
async fn search_answer_has_the_shape_of_the_sample() {
    let emulator = running(Options {
        sessions: 0,
        ..fixed()
    })
    .await;
    let sample = sample();
    let sessions = sample["entries"].as_array().expect("rows");
    for session in sessions {
        emulator.world().add(&row(session));
    }

    let path = "/search?sortBy=creationDate";
    let given = api(&emulator, "GET", path).await.json();

    let envelope = |page: &Value| {
        let mut page = page.clone();
        page["entries"] = Value::Array(Vec::new());
        page
    };
    assert_eq!(envelope(&given), envelope(&sample));
    for (number, session) in sessions.iter().enumerate() {
        let given = &given["entries"][number];
        assert_eq!(differences("", session, given), [""; 0], "{given:#}");
        assert_eq!(given["outsideSid"], session["outsideSid"]);
        let rare = ["permissionGranted", "deviceSecrets"];
        for key in given.as_object().expect("an object").keys() {
            let known = session.get(key).is_some() || rare.contains(&key.as_str());
            assert!(known, "{key} is not in the sample");
        }
    }
}

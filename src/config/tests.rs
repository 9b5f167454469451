//! Whole configurations: what is read from them, and what each mistake is called.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::ExposeSecret;

use super::*;
use crate::model::{Field, HintRules, Property, Sort};

const MINIMAL: &str = "[profile.p]\nsystem = \"sample\"\nurl = \"https://idp.example.org\"\ntoken = { env = \"T\" }\n";

fn parse(text: &str) -> Result<Config, ConfigError> {
    let paths = Paths {
        home: Some("/home/ada".into()),
        ..Paths::default()
    };
    Config::parse(
        Path::new("/etc/usher/config.toml"),
        text.as_bytes(),
        true,
        &paths,
        &[SystemSpec::sample()],
    )
}

fn error(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

/// A minimal profile with these lines after it.
fn with(lines: &str) -> String {
    format!("{MINIMAL}{lines}\n")
}

#[test]
fn an_empty_file_is_a_configuration_without_profiles() {
    let config = parse("").unwrap();

    assert!(config.mouse && config.profiles.is_empty());
    assert!(matches!(config.opening(&[], false), Ok(Opening::Demo(_))));
}

#[test]
fn a_minimal_profile_has_the_documented_defaults() {
    let config = parse(MINIMAL).unwrap();
    let p = &config.profiles[0];

    assert_eq!(p.url.as_str(), "https://idp.example.org/");
    assert_eq!(p.timeout, Duration::from_secs(30));
    assert_eq!((p.max_body_mib, p.concurrency, p.rate), (64, 4, None));
    assert_eq!(
        (p.policy.page_size, p.policy.max_rows),
        (None, super::memory::rows())
    );
    assert_eq!(p.policy.audit, AuditMode::Required);
    assert_eq!(p.policy.thresholds.idle_after, TimeDelta::hours(8));
    assert_eq!(p.policy.thresholds.expiring_within, TimeDelta::minutes(5));
    assert_eq!(p.policy.thresholds.hints, HintRules::USUAL);
    assert_eq!((p.ca_dir.as_deref(), p.policy.typed_from), (None, 10));
    assert!(p.policy.reveal && !p.policy.production && !p.policy.read_only && !p.policy.insecure);
}

#[test]
fn a_profile_says_when_its_sessions_have_hints() {
    let keys = "many_sessions = 3\nmany_networks = 2\nnetworks_within = \"90m\"\nunfinished_after = \"0s\"";
    let config = parse(&with(keys)).unwrap();

    assert_eq!(
        config.profiles[0].policy.thresholds.hints,
        HintRules {
            many_sessions: 3,
            many_networks: 2,
            networks_within: TimeDelta::minutes(90),
            unfinished_after: TimeDelta::zero(),
        }
    );
    for wrong in [
        "many_sessions = 0",
        "many_networks = 1",
        "networks_within = \"0s\"",
    ] {
        assert!(parse(&with(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn rows_may_be_sorted_by_an_attribute() {
    let config = parse(&with("sort = \"@node:desc\"")).unwrap();

    let sort = config.profiles[0].policy.sort.as_ref().unwrap();
    assert_eq!(sort.by, Property::Attribute("node".into()));
    assert!(sort.descending);
    assert!(parse(&with("sort = \"@\"")).is_err());
}

#[test]
fn values_are_read_as_they_are_meant() {
    let text = with(
        "timeout = \"1m30s\"\nsort = \"created:desc\"\nca_file = \"~/ca.pem\"\nca_dir = \"cas\"\ntyped_from = 5\n\
         client_cert = \"me.pem\"\nclient_key = \"/k.pem\"\nserver_zone = \"+02:00\"\n\
         user_as = \"{user}@example.org\"\nuser_names = { jane = \"j.doe@example.com\" }\naudit = \"best_effort\"\nrate = 1_0\n\
         [profile.p.client_names]\n\"1800.c3\" = \"portal\"",
    );

    let config = parse(&text).unwrap();

    let p = &config.profiles[0];
    assert_eq!(p.timeout, Duration::from_secs(90));
    assert_eq!(
        p.policy.sort,
        Some(Sort {
            by: Field::Created.into(),
            descending: true
        })
    );
    assert_eq!(p.ca_file.as_deref(), Some(Path::new("/home/ada/ca.pem")));
    assert_eq!(p.ca_dir.as_deref(), Some(Path::new("/etc/usher/cas")));
    assert_eq!(p.policy.typed_from, 5);
    assert_eq!(
        p.client_cert.as_deref(),
        Some(Path::new("/etc/usher/me.pem"))
    );
    assert_eq!(p.rate, Some(10));
    assert_eq!(p.policy.audit, AuditMode::BestEffort);
    assert_eq!(p.client_names["1800.c3"], "portal");
    assert_eq!(p.user_names.theirs("jane"), "j.doe@example.com");
    assert_eq!(p.user_names.theirs("ada"), "ada@example.org");
    assert!(matches!(p.server_zone, Zone::Fixed(_)));
}

#[test]
fn profiles_keep_the_order_of_the_file() {
    let text = format!(
        "{}{}",
        MINIMAL.replace("profile.p", "profile.zeta"),
        MINIMAL.replace("profile.p", "profile.alpha")
    );

    let config = parse(&text).unwrap();

    let names: Vec<_> = config.profiles.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["zeta", "alpha"]);
}

#[test]
fn f_file_01_every_mistake_names_file_line_column_key_and_what_is_right() {
    let methods = "sample cannot sign in by password; it can by: token, client_credentials, device";
    let cases = [
        (
            with("tiemout = \"3s\""),
            5,
            1,
            "unknown key \"tiemout\" (did you mean \"timeout\"?)",
        ),
        (
            with("timeout = 30"),
            5,
            11,
            "must be a duration in quotes, such as \"30s\", not a number",
        ),
        (
            with("timeout = \"soon\""),
            5,
            11,
            "\"soon\" is not a duration",
        ),
        (
            with("concurrency = 65"),
            5,
            15,
            "must be a number from 1 to 64",
        ),
        (
            with("  production = \"yes\""),
            5,
            16,
            "must be true or false, not text",
        ),
        (
            with("audit = \"besteffort\""),
            5,
            9,
            "did you mean \"best_effort\"?",
        ),
        (with("sort = \"colour\""), 5, 8, "must be a field"),
        (with("user_as = \"jdoe\""), 5, 11, "must hold {user}"),
        (with("user_names = \"jdoe\""), 5, 14, "must be a table"),
        (
            with("[profile.p.user_names]\njane = \"\""),
            6,
            8,
            "a name is empty",
        ),
        (
            with("[profile.p.user_names]\njane = \"j*\""),
            6,
            8,
            "a name cannot hold *",
        ),
        (
            with("[profile.p.user_names]\njane = \"jd\"\nkim = \"JD\""),
            7,
            7,
            "jane and kim have the same name",
        ),
        (
            with("[profile.p.user_names]\njane = \"jd\"\nJane = \"jd2\""),
            7,
            8,
            "Jane stands there twice",
        ),
        (with("server_zone = \"Mars\""), 5, 15, "must be \"utc\""),
        (
            with("client_key = \"k.pem\""),
            1,
            1,
            "client_cert and client_key belong together",
        ),
        (
            with("login = { method = \"device\" }"),
            4,
            9,
            "exclude each other",
        ),
        (
            MINIMAL.replace("system", "sytem"),
            2,
            1,
            "did you mean \"system\"?",
        ),
        (
            MINIMAL.replace("system = \"sample\"\n", ""),
            1,
            1,
            "the key \"system\" is missing in [profile.p]",
        ),
        (
            MINIMAL.replace("sample", "sampel"),
            2,
            10,
            "did you mean \"sample\"?",
        ),
        (
            MINIMAL.replace("token = { env = \"T\" }", ""),
            1,
            1,
            "methods of sample: token, client_credentials, device",
        ),
        (
            MINIMAL.replace("env =", "evn ="),
            4,
            11,
            "did you mean \"env\"?",
        ),
        (
            MINIMAL.replace("{ env = \"T\" }", "{}"),
            4,
            9,
            "exactly one of",
        ),
        (
            MINIMAL.replace(
                "token = { env = \"T\" }",
                "login = { method = \"password\" }",
            ),
            4,
            20,
            methods,
        ),
        (MINIMAL.replace("https:", "http:"), 3, 7, "allow_http"),
        (
            MINIMAL.replace("https://", "https://ada:s3cret@"),
            3,
            7,
            "must not hold a user",
        ),
        ("tiem = \"age\"".to_owned(), 1, 1, "did you mean \"time\"?"),
        (
            "theme = \"drak\"".to_owned(),
            1,
            9,
            "did you mean \"dark\"?",
        ),
        (
            "default_profile = \"x\"".to_owned(),
            1,
            19,
            "no profile is called \"x\"",
        ),
        ("é = 1".to_owned(), 1, 1, "not TOML"),
        (
            "mouse = true\nmouse = false".to_owned(),
            2,
            1,
            "not TOML: duplicate key",
        ),
        (
            "[keys]\ntable = 3".to_owned(),
            2,
            9,
            "must be a table, not a number",
        ),
        (
            "[profile.\"a,b\"]".to_owned(),
            1,
            1,
            "the name of a profile",
        ),
    ];

    for (text, line, column, wanted) in cases {
        let found = error(&text);
        let place = format!("cannot read /etc/usher/config.toml: line {line}, column {column}: ");
        assert!(found.starts_with(&place), "{text}\n{found}");
        assert!(found.contains(wanted), "{text}\n{found}");
    }
}

#[test]
fn an_error_of_the_parser_does_not_show_the_line() {
    let found = error("token = \"s3cret");

    assert!(found.contains("line 1"), "{found}");
    assert!(!found.contains("s3cret"), "{found}");
}

#[test]
fn a_plain_secret_needs_consent_and_a_private_file() {
    let plain = MINIMAL.replace("{ env = \"T\" }", "\"s3cret\"");
    let allowed = format!("{plain}allow_plain = true\n");
    let path = Path::new("/etc/usher/config.toml");
    let (paths, systems) = (Paths::default(), [SystemSpec::sample()]);
    let read =
        |text: &str, private| Config::parse(path, text.as_bytes(), private, &paths, &systems);

    let refused = read(&plain, true).unwrap_err().to_string();
    let open = read(&allowed, false).unwrap_err().to_string();
    let config = read(&allowed, true).unwrap();

    assert!(refused.contains("allow_plain = true"), "{refused}");
    assert!(open.contains("chmod 600"), "{open}");
    assert!(!format!("{refused}{open}{config:?}").contains("s3cret"));
    let secret = config.profiles[0].login.secrets()[0].resolve("p").unwrap();
    assert_eq!(secret.expose_secret(), "s3cret");
}

#[test]
fn commands_are_told_which_variables_hold_secrets() {
    let text = format!(
        "{MINIMAL}{}",
        MINIMAL
            .replace("profile.p", "profile.q")
            .replace("{ env = \"T\" }", "{ command = [\"pass\"] }")
    );

    let config = parse(&text).unwrap();

    let SecretSource::Command { args, hidden } = config.profiles[1].login.secrets()[0] else {
        panic!("not a command");
    };
    assert_eq!(
        (args.as_slice(), &**hidden),
        (&["pass".to_owned()][..], &["T".to_owned()][..])
    );
}

#[test]
fn keys_are_carried_with_their_lines() {
    let config = parse("[keys.table]\nrevoke = [\"delete\", \"D\"]\nmark = \"\"").unwrap();

    let table = &config.keys["table"];
    assert_eq!(table["revoke"].keys, ["delete", "D"]);
    assert_eq!((table["revoke"].line, table["mark"].line), (2, 3));
    assert_eq!(table["mark"].keys, [""]);
}

#[test]
fn what_is_opened_follows_the_names_the_default_and_the_number_of_profiles() {
    let two = format!("{MINIMAL}{}", MINIMAL.replace("profile.p", "profile.q"));
    let with_default = format!("default_profile = \"q\"\n{two}");
    let demo = format!("default_profile = \"demo\"\n{two}");
    let cases: [(&str, &[&str], bool, &str); 12] = [
        ("", &[], false, "demo"),
        ("", &[], true, "demo demo-other"),
        (
            &two,
            &["demo-other", "demo", "demo"],
            false,
            "demo-other demo",
        ),
        (
            &two,
            &["demo", "p"],
            false,
            "no profile is called \"demo\"; there are: p, q",
        ),
        (MINIMAL, &[], false, "p"),
        (&two, &[], false, "ask"),
        (&two, &["q", "p", "q"], false, "q p"),
        (&two, &[], true, "p q"),
        (&with_default, &[], false, "q"),
        (&with_default, &["p"], false, "p"),
        (&demo, &[], false, "demo"),
        (
            &two,
            &["qq"],
            false,
            "no profile is called \"qq\"; did you mean \"q\"?",
        ),
    ];

    for (text, names, all, wanted) in cases {
        let config = parse(text).unwrap();
        let names: Vec<String> = names.iter().map(|&n| n.to_owned()).collect();
        let found = match config.opening(&names, all) {
            Ok(Opening::Demo(names)) => names.join(" "),
            Ok(Opening::Ask) => "ask".to_owned(),
            Ok(Opening::Profiles(list)) => {
                let names: Vec<_> = list.iter().map(|p| p.name.as_str()).collect();
                names.join(" ")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(found, wanted, "{names:?} {all} {text}");
    }
}

#[test]
fn the_flag_comes_before_the_variable_and_the_variable_before_the_platform() {
    let paths = Paths::under(Path::new("/h"));
    let (flag, variable) = (Path::new("/flag"), OsStr::new("/variable"));
    let place = |flag, variable| Config::place(flag, variable, &paths).unwrap();

    assert_eq!(place(Some(flag), Some(variable)), Path::new("/flag"));
    assert_eq!(place(None, Some(variable)), Path::new("/variable"));
    assert_eq!(
        place(None, Some(OsStr::new(""))),
        Path::new("/h/config/config.toml")
    );
    assert_eq!(Config::place(None, None, &Paths::default()), None);
}

#[test]
fn f_file_01_a_missing_file_is_fine_only_where_nobody_named_it() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::under(dir.path());
    let missing = dir.path().join("missing.toml");

    assert!(
        Config::load(None, None, &paths, &[])
            .unwrap()
            .profiles
            .is_empty()
    );
    let error = Config::load(Some(&missing), None, &paths, &[]).unwrap_err();
    assert!(
        error.to_string().contains("missing.toml is not there"),
        "{error}"
    );
}

#[test]
fn f_file_03_a_configuration_that_others_may_write_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    fs::write(&file, MINIMAL).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();

    let error = Config::load(Some(&file), None, &Paths::default(), &[]).unwrap_err();

    assert!(error.to_string().contains("chmod go-w"), "{error}");
}

/// The example with every commented key made a key: a line `#key` is one, a line `# text` is not.
fn example(uncommented: bool) -> String {
    let text = include_str!("../../config.example.toml");
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest)
            if uncommented
                && rest.starts_with(|c: char| c.is_alphabetic() || c == '[' || c == '"') =>
        {
            rest.to_owned()
        }
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_shows_every_common_key() {
    let text = example(true);

    let keys = read::COMMON.iter().chain(&TOP[..8]);
    for key in keys.filter(|key| !["login", "client_names", "user_names"].contains(*key)) {
        assert!(text.contains(&format!("\n{key} = ")), "{key} is missing");
    }
    for table in ["client_names", "user_names"] {
        let head = format!("\n[profile.prod.{table}]");
        assert!(text.contains(&head), "{table} is missing");
    }
}

#[test]
fn any_text_is_read_or_refused_without_a_panic() {
    use proptest::prelude::*;

    proptest!(|(cut in 0..2000_usize, junk in "\\PC{0,12}")| {
        let text = example(true).replace("\"janssen\"", "\"sample\"");
        let cut = text.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(text.len());
        let _ = parse(&format!("{}{junk}{}", &text[..cut], &text[cut..]));
        let _ = parse(&text[..cut]);
    });
}

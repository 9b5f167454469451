//! A system with realms that tells less of its sessions: no client, no address, no beginning.

use usher::model::{Capabilities, ColumnSpec, Deletable, Fact, Support};

use super::*;

const COLUMNS: &[ColumnSpec] = &[
    ColumnSpec::new(Field::User, "USER", "USER", 4),
    ColumnSpec::new(Field::Scope, "REALM", "REALM", 2),
    ColumnSpec::new(Field::State, "STATE", "STATE", 0),
    ColumnSpec::new(Field::Used, "USED", "USED", 0),
    ColumnSpec::new(Field::Expires, "EXPIRES", "EXPIRES", 0),
];

fn realm_caps() -> Capabilities {
    use Field::{Agent, Client, Created, Ip, Method};
    let mut caps = Capabilities {
        system: "PingAM".into(),
        revoke_user_everywhere: true,
        scopes: ["/", "/alpha", "/beta"].map(Untrusted::from).to_vec(),
        ..caps()
    };
    let kind = caps.kinds.first_mut();
    kind.after_revoke = "Ends sessions that the server keeps.".into();
    kind.columns = COLUMNS.to_vec();
    kind.fields[Field::Scope] = Support::Server;
    for field in [Agent, Client, Created, Ip, Method] {
        kind.fields[field] = Support::No;
    }
    caps
}

fn row(number: usize, user: &str, realm: &'static str) -> RowRef<'static> {
    let mut row = RowRef::new(format!("secret-{number}"), format!("sh:…Jd{number}qBA"));
    row.user = Some(user.to_owned().into());
    row.user_id = Some(format!("id={user},ou=user,o={}", &realm[1..]).into());
    row.scope = Some(realm.into());
    row.fact = Fact::Live;
    row.last_used = Some(now() - TimeDelta::minutes(10));
    row.expires = Some(now() + TimeDelta::minutes(20 + number as i64));
    row.deletable = Deletable::Yes;
    row
}

/// Two people in two realms; the cursor is on bjensen in /alpha.
fn realms() -> State {
    let mut fixture = Fixture::open();
    fixture.state.sources[0].profile.system = "PingAM / OpenAM".into();
    fixture.state.sources[0].caps = Some(std::sync::Arc::new(realm_caps()));
    fixture.load_rows(vec![
        row(0, "asmith", "/alpha"),
        row(1, "bjensen", "/alpha"),
        row(2, "bjensen", "/alpha"),
        row(3, "bjensen", "/beta"),
    ]);
    fixture.with(|state| {
        state.focus = Pane::Table;
        state.results.cursor = 1;
    })
}

#[test]
fn what_a_system_never_tells_takes_no_room() {
    check("realms", &realms(), &TWO);
    check("realms", &realms(), &[(200, 60)]);
}

#[test]
fn a_cut_list_says_so_with_the_rows_that_came() {
    let mut state = realms();
    state.sources[0].completeness = Completeness::Truncated { at: 3 };
    check("realms_cut", &state, &SMALL);
}

#[test]
fn the_own_session_is_not_called_deletable() {
    let mut fixture = Fixture::open();
    fixture.state.sources[0].caps = Some(std::sync::Arc::new(realm_caps()));
    let mut own = row(0, "amadmin", "/alpha");
    own.own = Some(true);
    fixture.load_rows(vec![own]);
    let state = fixture.with(|state| state.focus = Pane::Table);

    check("realms_own", &state, &TWO);
}

#[test]
fn the_question_about_a_session_names_its_realm() {
    let mut state = realms();
    keys(&mut state, "delete");

    check("realms_confirm", &state, &TWO);
}

#[test]
fn the_question_about_a_user_reaches_every_realm_until_one_is_taken_out() {
    let mut state = realms();
    keys(&mut state, "down U");
    let theirs = ["/alpha", "/alpha", "/beta"].into_iter().enumerate();
    let rows = theirs.map(|(number, realm)| row(number + 1, "bjensen", realm));
    answer(&mut state, rows.collect());
    check("realms_all_of_user", &state, &TWO);

    keys(&mut state, "up right right space");
    check("realms_one_taken_out", &state, &TWO);
}

//! The search form, folded and unfolded.

use super::*;

#[test]
fn the_form_with_the_focus_folded() {
    let state = Fixture::main().with(|state| {
        state.focus = Pane::Search;
        state.form.field = FormField::Text(TextField::User);
        state.form.inputs[TextField::User] = Input::new("jdoe".to_owned());
        state.form.inputs[TextField::ExpiresAfter] = Input::new("2026-11-21 00:00".to_owned());
    });

    check("form_folded", &state, &MAIN);
}

fn unfolded(state: &mut State) {
    state.focus = Pane::Search;
    state.form.unfolded = true;
    state.form.field = FormField::Text(TextField::User);
    state.form.inputs[TextField::User] = Input::new("jdoe".to_owned());
    state.form.inputs[TextField::ExpiresAfter] = Input::new("2026-11-21 00:00".to_owned());
    state.sources[0].plan = Some(Ok(Plan {
        native: "auth_user=jdoe,expirationDate>2026-11-21 00:00:00".to_owned(),
        ..Plan::default()
    }));
}

#[test]
fn the_form_unfolded() {
    check("form_unfolded", &Fixture::main().with(unfolded), &MAIN);
}

#[test]
fn the_form_says_what_is_wrong_beside_the_field() {
    let state = Fixture::main().with(|state| {
        unfolded(state);
        state.form.inputs[TextField::ExpiresAfter] = Input::new("yesterdy".to_owned());
        state.form.field = FormField::Text(TextField::ExpiresAfter);
        state.form.error = Some(FormError {
            field: FormField::Text(TextField::ExpiresAfter),
            message: "\"yesterdy\" is not a time. Try 2026-11-21, 2026-11-21 14:00, now-2h."
                .to_owned(),
        });
    });
    check("form_error", &state, &TWO);

    let folded = State {
        form: usher::app::form::Form {
            unfolded: false,
            ..state.form.clone()
        },
        ..state
    };
    check("form_error_folded", &folded, &TWO);
}

#[test]
fn the_form_says_what_is_done_here_and_what_a_system_needs() {
    let state = Fixture::main().with(|state| {
        unfolded(state);
        let mut caps = caps();
        let fields = &mut caps.kinds.first_mut().fields;
        fields[Field::User] = usher::model::Support::Required;
        fields[Field::Client] = usher::model::Support::No;
        state.sources[0].caps = Some(caps.into());
        state.sources[0].plan = Some(Ok(Plan {
            native: "auth_user=jdoe".to_owned(),
            rest: Query::parse("state:active ip:10.0.0.0/8")
                .expect("a query")
                .clauses,
            notes: vec!["the server minds upper and lower case in user names".to_owned()],
            ways: Vec::new(),
        }));
    });

    check("form_plan", &state, &TWO);
}

/// Somebody searched, and 27 of 1,204 sessions matched.
fn searched() -> State {
    let mut fixture = Fixture::open();
    fixture.load(&people(), 27);
    fixture.with(|state| {
        state.focus = Pane::Table;
        state.form.inputs[TextField::User] = Input::new("ada*".to_owned());
        state.form.state = 1;
        state.results.query = state.query().ok();
        state.results.made_by = state.query().ok();
        state.sources[0].total = Some(1204);
    })
}

#[test]
fn without_the_focus_the_form_is_one_line_unless_the_screen_is_high() {
    check(
        "form_line",
        &searched(),
        &[(64, 18), (80, 24), (140, 30), (120, 36)],
    );
}

#[test]
fn a_form_that_was_edited_says_so_and_the_title_names_the_query_of_the_rows() {
    let mut state = searched();
    state.form.inputs[TextField::User] = Input::new("bob".to_owned());

    check("form_line_edited", &state, &SMALL);
}

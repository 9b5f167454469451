//! Names as an operator types them and as a system writes them: `user_as` of the profile.

use crate::model::{Clause, Field, Op, Target, Value};

/// A clause on the user as this system writes names. Every other clause stays as it is, and so does a
/// regular expression: it is written for the names that the rows show.
pub(super) fn in_their_words(clause: &Clause, template: Option<&str>) -> Clause {
    let mut clause = clause.clone();
    let is_user = clause.target == Target::Field(Field::User);
    if let (Some(template), true, Op::Eq | Op::Ne) = (template, is_user, clause.op) {
        for value in &mut clause.values {
            if let Value::Text(text) = value {
                *text = in_template(template, text).into();
            }
        }
    }
    clause
}

/// The name typed as this system writes it; a name that has that form already stays.
fn in_template(template: &str, name: &str) -> String {
    let Some((before, after)) = template.split_once("{user}") else {
        return name.to_owned();
    };
    let longer = name.len() > before.len() + after.len();
    let head = name.get(..before.len());
    let tail = name
        .len()
        .checked_sub(after.len())
        .and_then(|at| name.get(at..));
    let fits = longer
        && head.is_some_and(|head| head.eq_ignore_ascii_case(before))
        && tail.is_some_and(|tail| tail.eq_ignore_ascii_case(after));
    if fits {
        name.to_owned()
    } else {
        format!("{before}{name}{after}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_name_gets_the_form_of_the_system_once() {
        for (template, typed, sent) in [
            ("{user}@example.org", "jdoe", "jdoe@example.org"),
            ("{user}@example.org", "jdoe@example.org", "jdoe@example.org"),
            ("{user}@example.org", "jdoe@EXAMPLE.org", "jdoe@EXAMPLE.org"),
            (
                "{user}@example.org",
                "@example.org",
                "@example.org@example.org",
            ),
            ("corp-{user}", "jdoe", "corp-jdoe"),
            ("corp-{user}", "corp-jdoe", "corp-jdoe"),
            ("{user}", "jdoe", "jdoe"),
            ("{user}@例", "日本", "日本@例"),
        ] {
            assert_eq!(in_template(template, typed), sent, "{template} {typed}");
        }
    }

    #[test]
    fn only_a_comparison_of_the_user_is_changed() {
        let template = Some("{user}@example.org");
        let text = |clause: &Clause| in_their_words(clause, template).to_string();
        let clause = |field, op| Clause::field(field, op, Value::Text("jdoe".into()));

        assert_eq!(text(&clause(Field::User, Op::Eq)), "user:jdoe@example.org");
        assert_eq!(text(&clause(Field::User, Op::Ne)), "user!=jdoe@example.org");
        assert_eq!(text(&clause(Field::User, Op::Match)), "user~jdoe");
        assert_eq!(text(&clause(Field::Client, Op::Eq)), "client:jdoe");
    }
}

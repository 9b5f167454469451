//! Conclusions from a list that is read back about a session that is not in it.

use super::fake::fake;
use super::look::{Presence, list};
use super::{JobItem, Provenance};
use crate::model::{Completeness, Cursor, PageEnd, SessionKey, Subject};

fn end(next: Option<String>, unread: u32) -> PageEnd {
    let more = next.is_some();
    PageEnd {
        next: next.map(Cursor::new),
        total: None,
        completeness: if more {
            Completeness::More
        } else {
            Completeness::Complete
        },
        unread,
        walk: None,
    }
}

#[tokio::test]
async fn f_http_10_a_list_that_repeats_or_lacks_rows_does_not_show_that_a_session_is_gone() {
    type Pages = fn(usize) -> PageEnd;
    let cases: [(&str, Pages, Presence, usize); 5] = [
        ("whole", |_| end(None, 0), Presence::Gone, 1),
        (
            "the same page for ever",
            |_| end(Some("1".into()), 0),
            Presence::Unclear,
            2,
        ),
        (
            "the same rows for ever",
            |page| end(Some(page.to_string()), 0),
            Presence::Unclear,
            3,
        ),
        (
            "a row that could not be read",
            |_| end(None, 1),
            Presence::Unclear,
            1,
        ),
        (
            "one on an earlier page",
            |page| match page {
                1 => end(Some("2".into()), 1),
                _ => end(None, 0),
            },
            Presence::Unclear,
            2,
        ),
    ];
    for (what, page_end, seen, asked) in cases {
        let api = fake(3, |_| {});
        api.lock().page_end = Some(page_end);
        let named = |key: &str| JobItem {
            row: 0,
            key: SessionKey::new(key),
            kind: None,
            subject: Subject::default(),
            expires: None,
            provenance: Provenance::Listed,
        };
        let (there, missing) = (named("s2"), named("s9"));

        let listed = list(api.as_ref(), [there.sought(), missing.sought()], 1_000).await;

        assert_eq!(listed.seen(there.sought()), Presence::Live, "{what}");
        assert_eq!(listed.seen(missing.sought()), seen, "{what}");
        assert_eq!(api.calls("search").len(), asked, "{what}");
    }
}

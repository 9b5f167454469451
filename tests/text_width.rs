//! The columns that we count are those that the drawing library uses up.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use usher::model::text::{display_safe, width_cols};

/// Columns that ratatui's buffer moves on by when it draws the text.
fn drawn_cols(text: &str) -> usize {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 2_000, 1));
    let (x, _) = buffer.set_stringn(0, 0, text, 2_000, Style::default());
    usize::from(x)
}

#[test]
fn awkward_text_takes_the_columns_we_count() {
    for text in [
        "jdoe",
        "日本太郎@example.org",
        "👩🏽\u{200d}🚀 🇩🇪 1\u{fe0f}\u{20e3} ❤\u{fe0f}",
        "\u{ff8a}\u{ff9e}",
        "mu\u{0308}ller",
        "नमस्ते",
        "a\x1bb",
    ] {
        assert_eq!(width_cols(text), drawn_cols(text), "{text:?}");
    }
}

proptest! {
    #[test]
    fn any_text_takes_the_columns_we_count(text in any::<String>()) {
        prop_assert_eq!(width_cols(&text), drawn_cols(&text));
        let clean = display_safe(&text);
        prop_assert_eq!(width_cols(&clean), drawn_cols(&clean));
    }
}

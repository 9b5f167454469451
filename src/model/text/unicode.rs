//! Which characters can hide, move or reorder text.

use unicode_properties::{
    GeneralCategory, GeneralCategoryGroup, UnicodeEmoji, UnicodeGeneralCategory,
};
use unicode_width::UnicodeWidthChar;

/// Combining marks that stay on one base.
pub(super) const MARKS_KEPT: usize = 8;

const ZWNJ: char = '\u{200C}';
const ZWJ: char = '\u{200D}';
const TEXT_STYLE: char = '\u{FE0E}';
const EMOJI_STYLE: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';

/// The characters around one; only those that were kept count.
#[derive(Clone, Copy, Default)]
pub(super) struct Neighbours {
    /// The last character, if it was kept.
    last: Option<char>,
    /// The last kept character that is no mark, selector or joiner, if nothing was replaced since.
    base: Option<char>,
    /// Marks kept since the base.
    marks: usize,
}

impl Neighbours {
    /// The context after this character was kept.
    pub(super) fn after(self, kept: char) -> Self {
        let mark = is_mark(kept);
        let attaches = mark || matches!(kept, ZWJ | ZWNJ);
        Self {
            last: Some(kept),
            base: if attaches { self.base } else { Some(kept) },
            marks: match (mark, attaches) {
                (true, _) => self.marks + 1,
                (false, true) => self.marks,
                (false, false) => 0,
            },
        }
    }
}

/// The treatment of one character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// It stays.
    Keep,
    /// It is written out.
    Show,
    /// It is one mark more than a base may carry.
    Surplus,
}

/// Decides about `c`, which stands before `next`.
pub(super) fn judge(context: Neighbours, c: char, next: Option<char>) -> Verdict {
    let keep = match c {
        ' '..='~' => true,
        ZWJ => joins_emoji(context, next) || joins_letters(context, next),
        ZWNJ => joins_letters(context, next),
        '\u{FE00}'..='\u{FE0F}'
        | '\u{E0100}'..='\u{E01EF}'
        | '\u{180B}'..='\u{180D}'
        | '\u{180F}' => selects(context, c, next),
        _ if is_ignorable(c) => false,
        _ if is_mark(c) => {
            if context.marks >= MARKS_KEPT {
                return Verdict::Surplus;
            }
            context.last.is_some()
        }
        _ => is_visible(c),
    };
    if keep { Verdict::Keep } else { Verdict::Show }
}

/// A combining mark that is drawn.
pub(super) fn is_mark(c: char) -> bool {
    !c.is_ascii() && c.general_category_group() == GeneralCategoryGroup::Mark
}

/// Writes a character out: `^[`, `<9B>`, `<U+202E>`.
pub(super) fn written_out(c: char, out: &mut String) {
    use std::fmt::Write;
    let code = u32::from(c);
    // Writing to a String cannot fail.
    let _ = match code {
        0..0x20 | 0x7F => {
            out.push('^');
            out.push(char::from_u32(code ^ 0x40).unwrap_or('?'));
            Ok(())
        }
        0x80..0xA0 => write!(out, "<{code:02X}>"),
        _ => write!(out, "<U+{code:04X}>"),
    };
}

/// True if it is assigned, and neither a control, a format character, a line separator nor private.
fn is_visible(c: char) -> bool {
    match c.general_category() {
        GeneralCategory::Control
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator
        | GeneralCategory::PrivateUse
        | GeneralCategory::Surrogate
        | GeneralCategory::Unassigned => false,
        GeneralCategory::Format => is_visible_format(c),
        _ => true,
    }
}

/// Format characters that have a shape: signs that span a number or a verse.
fn is_visible_format(c: char) -> bool {
    matches!(c,
        '\u{0600}'..='\u{0605}' | '\u{06DD}' | '\u{070F}' | '\u{0890}'..='\u{0891}' | '\u{08E2}'
        | '\u{110BD}' | '\u{110CD}')
}

/// Characters that the Unicode standard lets a program ignore: nothing is drawn for them
/// (property Default_Ignorable_Code_Point).
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

fn is_emoji(c: char) -> bool {
    // Digits and the signs of Latin-1 count as emoji too, but nobody needs them joined.
    c >= '\u{2000}' && c.is_emoji_char() && is_visible(c)
}

fn joins_emoji(context: Neighbours, next: Option<char>) -> bool {
    let touches = context.last == context.base || context.last == Some(EMOJI_STYLE);
    touches && context.base.is_some_and(is_emoji) && next.is_some_and(is_emoji)
}

fn joins_letters(context: Neighbours, next: Option<char>) -> bool {
    let before = |c| is_joining_script(c) && (is_letter(c) || is_mark(c));
    // A letter without room of its own may be written out, and then there is nothing to join.
    let after = |c: char| is_joining_script(c) && is_letter(c) && c.width() != Some(0);
    context.last.is_some_and(before) && next.is_some_and(after)
}

fn is_letter(c: char) -> bool {
    c.general_category_group() == GeneralCategoryGroup::Letter && !is_ignorable(c)
}

/// Scripts whose letters change their shape beside each other, so that joiners mean something:
/// Arabic to Mandaic, the scripts of India and South-East Asia, Mongolian, Balinese and kin.
fn is_joining_script(c: char) -> bool {
    matches!(c,
        '\u{0600}'..='\u{08FF}' | '\u{0900}'..='\u{0DFF}' | '\u{0F00}'..='\u{109F}'
        | '\u{1780}'..='\u{18AF}' | '\u{1A20}'..='\u{1AAF}' | '\u{1B00}'..='\u{1C4F}'
        | '\u{A840}'..='\u{A8DF}' | '\u{A900}'..='\u{AADF}' | '\u{11000}'..='\u{11FFF}')
}

/// True if this variation selector stands behind a character that has variants.
fn selects(context: Neighbours, selector: char, next: Option<char>) -> bool {
    let (Some(base), Some(last)) = (context.base, context.last) else {
        return false;
    };
    if base != last {
        return false;
    }
    match selector {
        EMOJI_STYLE if base.is_ascii() => base.is_emoji_char() && next == Some(KEYCAP),
        TEXT_STYLE if base.is_ascii() => false,
        TEXT_STYLE | EMOJI_STYLE => base.is_emoji_char(),
        '\u{FE00}'..='\u{FE0D}' => {
            is_ideograph(base)
                || base.general_category() == GeneralCategory::MathSymbol
                || matches!(base, '\u{1000}'..='\u{109F}' | '\u{A840}'..='\u{A87F}')
        }
        '\u{E0100}'..='\u{E01EF}' => is_ideograph(base),
        _ => matches!(base, '\u{1820}'..='\u{18AA}'),
    }
}

fn is_ideograph(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

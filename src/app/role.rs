//! The meaning of a piece of the picture. Themes give each role a style; nothing else names a
//! colour.

/// The meaning of a piece of the picture.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    enum_map::Enum,
    strum::EnumIter,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Everything else.
    #[default]
    Text,
    /// Labels, hints, ages, hidden values.
    Dim,
    /// Titles of panes and columns.
    Title,
    /// Borders without the focus.
    Border,
    /// Borders with the focus.
    BorderFocus,
    /// Borders of a box that ends something, or of an error.
    BorderDanger,
    /// The row under the cursor.
    Selection,
    /// That row when another pane has the focus.
    SelectionIdle,
    /// Marked rows.
    Mark,
    /// What the live filter found, inside a cell. Laid over the style of the cell.
    Hit,
    /// Active, success.
    Ok,
    /// Expiring, idle, truncated, warnings.
    Warn,
    /// Revoked, failed, errors, production.
    Danger,
    /// Expired, gone.
    Muted,
    /// Keys in hints and help.
    Key,
    /// Text fields.
    Input,
    /// The focused button.
    ButtonFocus,
    /// The bar of production and of unchecked certificates.
    Banner,
}

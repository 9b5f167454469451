//! Values of an SQL connection as text.
//! Source: PostgreSQL `src/backend/utils/adt`, the binary forms of its types.

use std::error::Error;

use chrono::{DateTime, TimeDelta};
use tokio_postgres::types::{FromSql, Type};

/// Seconds from 1970 to 2000, where times of this protocol begin.
const EPOCH: i64 = 946_684_800;

/// A value as text.
pub(super) struct PgCell(Box<str>);

impl PgCell {
    /// The text.
    pub(super) fn into_text(self) -> Box<str> {
        self.0
    }
}

impl<'a> FromSql<'a> for PgCell {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let text = match *kind {
            Type::INT8 => i64::from_be_bytes(raw.try_into()?).to_string(),
            Type::INT4 => i32::from_be_bytes(raw.try_into()?).to_string(),
            Type::OID => u32::from_be_bytes(raw.try_into()?).to_string(),
            Type::TIMESTAMP | Type::TIMESTAMPTZ => time(i64::from_be_bytes(raw.try_into()?)),
            // A name that is no text must not hide the row.
            _ => String::from_utf8_lossy(raw).into_owned(),
        };
        Ok(Self(text.into()))
    }

    fn accepts(_kind: &Type) -> bool {
        true
    }
}

/// The time so many microseconds after 2000 began. One that no calendar has is written as the server writes it:
/// it must not hide the other rows.
fn time(micros: i64) -> String {
    let time = DateTime::from_timestamp(EPOCH, 0)
        .and_then(|epoch| epoch.checked_add_signed(TimeDelta::microseconds(micros)));
    match time {
        Some(time) => time.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string(),
        None if micros < 0 => "-infinity".to_owned(),
        None => "infinity".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_to_the_digit() {
        let micros: i64 = 712_779_866_376_640;
        for (kind, raw, text) in [
            (
                Type::INT8,
                784_449_219_848_241_153_i64.to_be_bytes().to_vec(),
                "784449219848241153",
            ),
            (
                Type::INT8,
                i64::MIN.to_be_bytes().to_vec(),
                "-9223372036854775808",
            ),
            (Type::OID, 100_u32.to_be_bytes().to_vec(), "100"),
            (
                Type::TIMESTAMP,
                micros.to_be_bytes().to_vec(),
                "2022-08-02T18:24:26.376640Z",
            ),
            (
                Type::TIMESTAMP,
                0_i64.to_be_bytes().to_vec(),
                "2000-01-01T00:00:00Z",
            ),
            (Type::TIMESTAMP, i64::MAX.to_be_bytes().to_vec(), "infinity"),
            (
                Type::TIMESTAMP,
                i64::MIN.to_be_bytes().to_vec(),
                "-infinity",
            ),
            (Type::TEXT, b"ada".to_vec(), "ada"),
            (Type::NAME, b"\xFFx".to_vec(), "\u{FFFD}x"),
        ] {
            let cell = PgCell::from_sql(&kind, &raw).unwrap();

            assert_eq!(&*cell.into_text(), text);
        }
        assert!(PgCell::from_sql(&Type::INT8, &[1]).is_err());
    }
}

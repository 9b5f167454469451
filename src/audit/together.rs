//! Lines that are written together, with one wait for the disk.

use std::time::Instant;

use super::file::Appended;
use super::record::AuditEntry;
use super::{Asked, Audit, AuditError, Change, Ending, Ticket, ended, line};
use crate::model::locked;

/// The ends of changes, to be written down together.
#[derive(Debug, Default)]
pub struct Ends(Vec<AuditEntry>);

impl Ends {
    /// A change ended now.
    pub fn add(&mut self, ticket: Ticket, ending: &Ending) {
        let took = u64::try_from(ticket.asked.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.push(ended(*ticket.line, ending, Some(took)));
    }

    /// One line as it is.
    pub(super) fn of(line: AuditEntry) -> Self {
        Self(vec![line])
    }
}

/// What became of lines that were written together.
#[derive(Debug)]
pub struct Together {
    /// The changes that are about to be sent; with an error none of them may be.
    pub asked: Result<Asked, AuditError>,
    /// As [`Audit::done`], for all ends.
    pub ended: Result<(), AuditError>,
}

impl Audit {
    /// Writes down how changes ended and which are about to be sent, with one wait for the disk. If that
    /// fails, the ends are tried once more on their own. Blocks for the disk.
    pub fn together(&self, ends: Ends, changes: &[Change]) -> Together {
        let mut lines = ends.0;
        let count = lines.len();
        match self.append(&mut lines, changes) {
            Ok(Appended { broken, first }) => {
                locked(&self.run).wrote(&lines, first);
                let asked = Instant::now();
                let ticket = |line| Ticket {
                    line: Box::new(line),
                    asked,
                };
                let tickets = lines.into_iter().skip(count).map(ticket).collect();
                let broken = broken.map(AuditError::Broken);
                // Told once: with the changes if there are some.
                let (broken, ended) = match broken {
                    Some(broken) if changes.is_empty() => (None, Err(broken)),
                    broken => (broken, Ok(())),
                };
                Together {
                    asked: Ok(Asked { tickets, broken }),
                    ended,
                }
            }
            Err(error) if changes.is_empty() => Together {
                asked: Ok(Asked::default()),
                ended: Err(error),
            },
            Err(error) => {
                lines.truncate(count);
                Together {
                    asked: Err(error),
                    ended: self.together(Ends(lines), &[]).ended,
                }
            }
        }
    }

    /// Appends these lines and those of the changes.
    fn append(
        &self,
        lines: &mut Vec<AuditEntry>,
        changes: &[Change],
    ) -> Result<Appended, AuditError> {
        if lines.is_empty() && changes.is_empty() {
            return Ok(Appended {
                broken: None,
                first: 0,
            });
        }
        let (key, log) = (self.key()?, self.log()?);
        for change in changes {
            change.operation.starts(&self.paths)?;
        }
        lines.extend(changes.iter().map(|change| line(change, &key)));
        log.append(lines, &key)
    }
}

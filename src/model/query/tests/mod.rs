//! The language as a whole: what is read, what it means, and the laws that hold for any query.

mod laws;
mod meaning;
mod reading;

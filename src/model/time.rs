//! Reading and showing instants, durations and ages.

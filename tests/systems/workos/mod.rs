//! WorkOS: its client.

mod client;

//! The dialogs: each in one file, with what it knows, what it shows, and its keys.

pub mod actions_menu;
pub mod answer;
pub mod arguments;
pub mod audit_log;
pub mod choices;
pub mod columns;
pub mod confirm;
pub mod copy_menu;
pub mod ended;
pub mod error;
pub mod export;
pub mod first_run;
pub mod help;
pub mod job;
pub mod name_client;
pub mod palette;
pub mod person;
pub mod plan;
pub mod profiles;
pub mod quit;
pub mod requests;
pub mod searches;
pub mod sign_in;
pub mod time_window;
pub mod ways;

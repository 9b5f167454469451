//! The dialogs: each in one file, with what it knows, what it shows, and its keys.

pub mod actions_menu;
pub mod answer;
pub mod arguments;
pub mod audit_log;
pub mod choices;
pub mod columns;
pub mod confirm;
pub mod copy_menu;
pub mod error;
pub mod export;
pub mod first_run;
pub mod groups;
pub mod help;
pub mod job;
pub mod name_client;
pub mod overview;
pub mod palette;
pub mod person;
pub mod profiles;
pub mod quit;
pub mod searches;
pub mod sign_in;
pub mod time_window;
pub mod ways;

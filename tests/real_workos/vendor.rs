//! The running emulator, and its truth by requests without usher.

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::sync::Arc;

use chrono::Utc;
use secrecy::SecretString;
use serde_json::Value;
use usher::api::SessionApi;
use usher::config::{Login, Profile, SecretSource};
use usher::model::{ApiError, Query, Search, Session};

use crate::asked::{Answer, Asked};
use crate::client::{open, pages, system};

/// The vendor's emulator as `tests/real/workos/up.sh` left it.
pub struct Vendor {
    pub url: String,
    pub key: String,
    /// `organizations`, `users`, `keys`, as they were after the start.
    pub state: Value,
}

impl Vendor {
    /// The running one. `None`: there is none, and the test `name` says so.
    pub fn find(name: &str) -> Option<Self> {
        let Ok(url) = std::env::var("WORKOS_URL") else {
            eprintln!("SKIPPED {name}: WORKOS_URL names no server");
            return None;
        };
        let file = std::env::var("WORKOS_STATE").expect("WORKOS_STATE names a file");
        let text = std::fs::read_to_string(file).expect("readable");
        Some(Self {
            url,
            key: std::env::var("WORKOS_API_KEY").expect("WORKOS_API_KEY"),
            state: serde_json::from_str(&text).expect("JSON"),
        })
    }

    /// Id and address of the user of this number, from 0.
    pub fn user(&self, number: usize) -> (&str, &str) {
        let user = &self.state["users"][number];
        (
            user["id"].as_str().unwrap(),
            user["email"].as_str().unwrap(),
        )
    }

    pub async fn get(&self, key: &str, target: &str) -> Answer {
        let request = Asked::new("GET", target).header("Authorization", &format!("Bearer {key}"));
        request.send(&self.url).await
    }

    /// Ids of the sessions of a user.
    pub async fn sessions_of(&self, user: &str) -> BTreeSet<String> {
        let target = format!("/user_management/users/{user}/sessions");
        let list = self.get(&self.key, &target).await.json();
        let items = list["data"].as_array().expect("a list").iter();
        items
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Ids of the sessions of everybody.
    pub async fn sessions(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for number in 0..self.state["users"].as_array().unwrap().len() {
            all.append(&mut self.sessions_of(self.user(number).0).await);
        }
        all
    }

    pub fn profile_with(&self, key: &str) -> Profile {
        let token = SecretSource::Plain(SecretString::from(key.to_owned()));
        let url = self.url.parse().expect("an address");
        let mut profile = Profile::new("vendor", system("workos"), url, Login::Token { token });
        profile.rate = Some(90);
        profile
    }

    pub fn profile(&self) -> Profile {
        self.profile_with(&self.key)
    }

    pub fn api(&self) -> Arc<dyn SessionApi> {
        open(&self.profile())
    }
}

/// Every row that a query finds.
pub async fn rows(
    api: &Arc<dyn SessionApi>,
    query: &str,
    way: Option<&'static str>,
) -> Result<Vec<Session>, ApiError> {
    let query = Query::parse_with(query, &system("workos").own_names).expect("a query");
    let search = Search {
        way: way.map(Into::into),
        ..Search::new(query, NonZeroU16::new(100).unwrap(), Utc::now())
    };
    Ok(pages(api, &search).await?.0)
}

pub fn ids(rows: &[Session]) -> BTreeSet<String> {
    rows.iter().map(|row| row.id().to_owned()).collect()
}

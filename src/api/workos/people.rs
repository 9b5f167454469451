//! Users and organizations: how those of a query are found, and what is remembered of them.
//! Source: WorkOS API reference, "User" and "Organization".

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::WorkOs;
use super::asked::Who;
use super::error;
use super::wire::{User, id_of, listing, member};
use crate::api::http::{Call, Reply};
use crate::api::loose::Json;
use crate::model::{ApiError, locked};

/// Items a page of every list but that of sessions; the most that WorkOS gives.
pub(super) const PAGE: &str = "100";
/// Pages of organizations that are read for a name.
const NAME_PAGES: usize = 20;

/// The users and organizations that were met in this run.
#[derive(Default)]
pub(super) struct Directory {
    /// By id. `None`: there is no such user.
    users: Mutex<HashMap<String, Option<Arc<User>>>>,
    /// By what a query calls them.
    found: Mutex<HashMap<Who, Vec<Arc<User>>>>,
    /// Names of organizations by their ids.
    organizations: Mutex<HashMap<String, String>>,
    /// Ids of organizations by what a query calls them.
    named: Mutex<HashMap<String, String>>,
}

impl Directory {
    /// A user that was met. `None`: not yet; `Some(None)`: there is no such user.
    fn user(&self, id: &str) -> Option<Option<Arc<User>>> {
        locked(&self.users).get(id).cloned()
    }

    /// The user of this id, if there is one and it was met.
    pub(super) fn met(&self, id: &str) -> Option<Arc<User>> {
        self.user(id).flatten()
    }

    /// True if it is not known yet who has this id.
    pub(super) fn lacks(&self, id: &str) -> bool {
        !locked(&self.users).contains_key(id)
    }

    /// Takes a user from a list.
    pub(super) fn learn(&self, user: User) -> Arc<User> {
        let user = Arc::new(user);
        let known = Some(Arc::clone(&user));
        locked(&self.users).insert(user.id.clone(), known);
        user
    }

    /// The name of an organization, where it was met.
    pub(super) fn organization(&self, id: &str) -> Option<String> {
        locked(&self.organizations).get(id).cloned()
    }

    /// The users whom a search has found under these names so far. `None`: it has not asked.
    pub(super) fn found(&self, who: &Who) -> Option<Vec<Arc<User>>> {
        locked(&self.found).get(who).cloned()
    }

    fn learn_organization(&self, item: &serde_json::value::RawValue) -> Option<(String, String)> {
        let object = Json::from(item).object()?;
        let id = member(&object, "id")?.into_owned();
        let name = member(&object, "name").map_or_else(|| id.clone(), Cow::into_owned);
        locked(&self.organizations).insert(id.clone(), name.clone());
        Some((id, name))
    }
}

impl WorkOs {
    /// The users whom a query means, in one request; an address that is found in no spelling takes two.
    pub(super) async fn resolve(&self, who: &Who) -> Result<Vec<Arc<User>>, ApiError> {
        let found = match who {
            Who::Id(id) => self.user(id).await?.into_iter().collect(),
            Who::External(id) => {
                let path = ["user_management", "users", "external_id"];
                let reply = self.ask(|| self.http.get(&path).arg(id)).await?;
                self.one_user(&reply)?.into_iter().collect()
            }
            Who::Email(email) => {
                let found = self.by_email(email).await?;
                let lower = email.to_lowercase();
                // Whether WorkOS minds upper and lower case is documented nowhere.
                if found.is_empty() && lower != *email {
                    self.by_email(&lower).await?
                } else {
                    found
                }
            }
        };
        locked(&self.directory.found).insert(who.clone(), found.clone());
        Ok(found)
    }

    async fn by_email(&self, email: &str) -> Result<Vec<Arc<User>>, ApiError> {
        let pairs = [("email", email), ("limit", PAGE)];
        let reply = self.ask(|| self.users().query(&pairs)).await?;
        let reply = self.good(reply)?;
        let wanted = email.to_lowercase();
        let is_it = |user: &Arc<User>| {
            let address = user.email.as_ref().map(|address| address.to_lowercase());
            address.is_some_and(|address| address == wanted)
        };
        Ok(self.users_of(&reply)?.into_iter().filter(is_it).collect())
    }

    /// The users of a page.
    pub(super) fn users_of(&self, reply: &Reply) -> Result<Vec<Arc<User>>, ApiError> {
        let items = listing(reply)?.items;
        let users = items.into_iter().filter_map(User::read);
        Ok(users.map(|user| self.directory.learn(user)).collect())
    }

    /// The list of users.
    pub(super) fn users(&self) -> Call<'_> {
        self.http.get(&["user_management", "users"])
    }

    /// The user of this id; asked for once. `None`: there is none.
    pub(super) async fn user(&self, id: &str) -> Result<Option<Arc<User>>, ApiError> {
        if let Some(known) = self.directory.user(id) {
            return Ok(known);
        }
        let reply = self.ask(|| self.users().arg(id)).await?;
        let user = self.one_user(&reply)?;
        locked(&self.directory.users).insert(id.to_owned(), user.clone());
        Ok(user)
    }

    /// The users of these ids, several at a time.
    pub(super) async fn meet(&self, ids: Vec<String>) -> Result<(), ApiError> {
        stream::iter(ids)
            .map(|id| async move { self.user(&id).await.map(drop) })
            .buffer_unordered(self.http.concurrency())
            .try_collect()
            .await
    }

    fn one_user(&self, reply: &Reply) -> Result<Option<Arc<User>>, ApiError> {
        if reply.status.as_u16() == 404 && !error::is_about_address(reply) {
            return Ok(None);
        }
        if !reply.status.is_success() {
            return Err(self.fault(reply));
        }
        let user = User::read(reply.decode()?);
        let user = user.ok_or_else(|| reply.unexpected("id", "expected a user".into()))?;
        Ok(Some(self.directory.learn(user)))
    }

    /// The id of the organization that a query names by id or by name.
    ///
    /// # Errors
    /// [`ApiError::BadQuery`] if there is none, or several have that name; any other.
    pub(super) async fn organization(&self, named: &str) -> Result<String, ApiError> {
        let known = locked(&self.directory.named).get(named).cloned();
        if let Some(id) = known {
            return Ok(id);
        }
        let id = self.look_up_organization(named).await?;
        let known = &self.directory.named;
        locked(known).insert(named.to_owned(), id.clone());
        Ok(id)
    }

    async fn look_up_organization(&self, named: &str) -> Result<String, ApiError> {
        if named.starts_with("org_") {
            let reply = self
                .ask(|| self.http.get(&["organizations"]).arg(named))
                .await?;
            if reply.status.as_u16() == 404 && !error::is_about_address(&reply) {
                return Err(unknown(format!(
                    "no organization of this environment has the id {named}"
                )));
            }
            let reply = self.good(reply)?;
            let found = self.directory.learn_organization(reply.decode()?);
            return Ok(found.map_or_else(|| named.to_owned(), |(id, _)| id));
        }
        let mut ids = self.organizations_named(named).await?;
        match (ids.pop(), ids.is_empty()) {
            (Some(id), true) => Ok(id),
            (None, _) => Err(unknown(format!(
                "no organization of this environment is called \"{named}\""
            ))),
            (Some(_), false) => Err(unknown(format!(
                "several organizations are called \"{named}\"; name one by its id (org_…)"
            ))),
        }
    }

    async fn organizations_named(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let wanted = name.to_lowercase();
        let (mut ids, mut after) = (Vec::new(), None::<String>);
        for _ in 0..NAME_PAGES {
            let mut pairs = vec![("search", name), ("limit", PAGE), ("order", "asc")];
            pairs.extend(after.as_deref().map(|after| ("after", after)));
            let reply = self
                .ask(|| self.http.get(&["organizations"]).query(&pairs))
                .await?;
            let reply = self.good(reply)?;
            let page = listing(&reply)?;
            let met = page.items.iter();
            let met = met.filter_map(|item| self.directory.learn_organization(item));
            ids.extend(
                met.filter(|(_, name)| name.to_lowercase() == wanted)
                    .map(|(id, _)| id),
            );
            let is_new = page.after.is_some() && page.after != after;
            let last = page.items.last().and_then(|item| id_of(item));
            if !is_new || last.is_none() {
                break;
            }
            after = page.after;
        }
        ids.sort();
        ids.dedup();
        Ok(ids)
    }
}

fn unknown(message: String) -> ApiError {
    ApiError::BadQuery {
        message: crate::model::text::display_safe(&message).into_owned(),
        field: Some(crate::model::Field::Scope),
        exchange: None,
    }
}

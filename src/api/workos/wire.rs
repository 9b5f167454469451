//! Lenient reading of WorkOS's answers: the envelope of lists, and users.
//! Source: WorkOS OpenAPI description (`workos/openapi-spec`), schemas of lists and `UserlandUser`.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::api::http::Reply;
use crate::api::loose::{Json, Object, text};
use crate::model::ApiError;

/// One page of a list.
pub(super) struct Listing<'a> {
    /// Its items, as they were sent.
    pub(super) items: Vec<&'a RawValue>,
    /// The id after which the next page begins. `None`: this was the last.
    pub(super) after: Option<String>,
}

/// Reads a page. Of a name that stands twice the last value counts.
pub(super) fn listing(reply: &Reply) -> Result<Listing<'_>, ApiError> {
    let envelope: Object<'_> = reply.decode()?;
    let last = |name: &str| {
        let mut values = envelope.0.iter().rev();
        values
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value)
    };
    let items = last("data").and_then(|data| serde_json::from_str(data.get()).ok());
    let items: Vec<&RawValue> = items
        .ok_or_else(|| reply.unexpected("data", "expected a list, got something else".into()))?;
    let metadata = last("list_metadata");
    let metadata = metadata.and_then(Json::object);
    let after = metadata.and_then(|metadata| member(&metadata, "after").map(Cow::into_owned));
    Ok(Listing { items, after })
}

/// A value of an object as text. `None`: it is not there, null or empty.
pub(super) fn member<'a>(object: &Object<'a>, name: &str) -> Option<Cow<'a, str>> {
    let mut members = object.0.iter().rev();
    let (_, value) = members.find(|(known, _)| known == name)?;
    text(value)
}

/// The id of an item. `None`: it has none, or is no object.
pub(super) fn id_of(raw: &RawValue) -> Option<String> {
    let object = Json::from(raw).object()?;
    Some(member(&object, "id")?.into_owned())
}

/// A user, as far as lists of sessions show one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) id: String,
    /// The address. `None`: not told.
    pub(super) email: Option<String>,
    /// First and last name. `None`: not told.
    pub(super) name: Option<String>,
    /// The id in the customer's own system. `None`: there is none.
    pub(super) external_id: Option<String>,
    /// False if WorkOS says that this user has never signed in.
    pub(super) has_signed_in: bool,
}

impl User {
    /// Reads a user. `None`: it is no object, or has no id.
    pub(super) fn read(raw: &RawValue) -> Option<Self> {
        let object = Json::from(raw).object()?;
        let owned = |name: &str| member(&object, name).map(Cow::into_owned);
        let parts = [owned("first_name"), owned("last_name")];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let joined = Some(parts.join(" ")).filter(|name| !name.is_empty());
        let signed_in = object.0.iter().find(|(name, _)| name == "last_sign_in_at");
        Some(Self {
            id: owned("id")?,
            email: owned("email"),
            name: owned("name").or(joined),
            external_id: owned("external_id"),
            has_signed_in: signed_in.is_none_or(|(_, at)| text(at).is_some()),
        })
    }
}

//! The JSON of the servers, as the contract and the answers of a running server have it.
//!
//! Every field that a server may leave out is optional; what is not named here is ignored.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use enum_map::EnumMap;
use secrecy::SecretString;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::api::http::Reply;
use crate::api::loose::{Json, Object, is_no_text, text};
use crate::model::{ApiError, Field};

/// `GET serverinfo/*`, which needs no sign-in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServerInfo {
    /// Name of the cookie, which is also the name of the header that carries a token.
    pub(super) cookie_name: Option<String>,
}

/// `GET serverinfo/version`, which the community server gives to its super user only.
#[derive(Debug, Deserialize)]
pub(super) struct Version {
    pub(super) version: Option<String>,
}

/// `GET global-config/realms?_queryFilter=true`.
#[derive(Debug, Deserialize)]
pub(super) struct Realms {
    pub(super) result: Vec<Realm>,
}

/// One realm.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Realm {
    /// `None` for the top realm.
    pub(super) parent_path: Option<String>,
    pub(super) name: String,
}

/// `GET global-config/services/session?_fields=search/maxSessionListSize`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListSize {
    pub(super) max_session_list_size: Option<u64>,
}

/// The answer to `_queryFilter`.
///
/// # Errors
/// [`ApiError::Unexpected`] in the server's words if it is something else.
pub(super) fn page(reply: &Reply) -> Result<Page<'_>, ApiError> {
    let page: Page<'_> = reply.decode()?;
    if page.is_list || page.error.is_some() {
        return Ok(page);
    }
    let why = format!("expected a list of sessions, got: {}", reply.words());
    Err(reply.unexpected("result", why))
}

/// The answer to `_queryFilter`. Of a name that stands twice the last value counts.
#[derive(Debug, Default)]
pub(super) struct Page<'a> {
    /// True if it has a list at all.
    is_list: bool,
    pub(super) result: Vec<&'a RawValue>,
    pub(super) paged_results_cookie: Option<String>,
    /// Stands in a 200 when the server failed after it had begun to write rows.
    pub(super) error: Option<ErrorBody>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Page<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Page<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("struct Page")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page<'de>, A::Error> {
                let mut page = Page::default();
                while let Some(name) = map.next_key::<Cow<'_, str>>()? {
                    match name.as_ref() {
                        "result" => {
                            let result = map.next_value::<Option<_>>()?;
                            page.is_list = result.is_some();
                            page.result = result.unwrap_or_default();
                        }
                        "pagedResultsCookie" => page.paged_results_cookie = map.next_value()?,
                        "error" => page.error = map.next_value()?,
                        _ => map.next_value::<de::IgnoredAny>().map(drop)?,
                    }
                }
                Ok(page)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// An error inside an answer.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorBody {
    pub(super) code: Option<u16>,
    pub(super) message: Option<String>,
}

/// A session in a list; also what `getSessionInfo` answers. Of a dead token that is
/// `{"valid":false}` with status 200, so a session without a user name is no session.
///
/// A field of another type than expected is its own text; absent, `null` and empty are `None`.
#[derive(Debug, Default)]
pub(super) struct SessionObject<'a> {
    pub(super) username: Option<Cow<'a, str>>,
    pub(super) universal_id: Option<Cow<'a, str>>,
    pub(super) realm: Option<Cow<'a, str>>,
    pub(super) session_handle: Option<Cow<'a, str>>,
    pub(super) latest_access_time: Option<Cow<'a, str>>,
    pub(super) max_idle_expiration_time: Option<Cow<'a, str>>,
    pub(super) max_session_expiration_time: Option<Cow<'a, str>>,
    /// Which of user, user id and realm are no text but another JSON value, as it was written.
    pub(super) is_json: EnumMap<Field, bool>,
    /// Only the properties that the realm lists; PingAM's `getSessionInfo` alone has them.
    pub(super) properties: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'de: 'a, 'a> Deserialize<'de> for SessionObject<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut item = Self::default();
        for (name, value) in Object::deserialize(deserializer)?.0 {
            let shown = match name.as_ref() {
                "username" => Some(Field::User),
                "universalId" => Some(Field::UserId),
                "realm" => Some(Field::Scope),
                _ => None,
            };
            if let Some(field) = shown {
                item.is_json[field] = is_no_text(value);
            }
            let field = match name.as_ref() {
                "username" => &mut item.username,
                "universalId" => &mut item.universal_id,
                "realm" => &mut item.realm,
                "sessionHandle" => &mut item.session_handle,
                "latestAccessTime" => &mut item.latest_access_time,
                "maxIdleExpirationTime" => &mut item.max_idle_expiration_time,
                "maxSessionExpirationTime" => &mut item.max_session_expiration_time,
                "properties" => {
                    item.properties = properties(name, value);
                    continue;
                }
                _ => continue,
            };
            *field = text(value);
        }
        Ok(item)
    }
}

/// The properties, or what stands in their place under their name.
fn properties<'a>(name: Cow<'a, str>, value: Json<'a>) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    match value.object() {
        Some(object) => {
            let pairs = object.0.into_iter();
            let one = |(name, value)| (name, text(value).unwrap_or_default());
            pairs.map(one).collect()
        }
        None => text(value).map(|text| (name, text)).into_iter().collect(),
    }
}

/// `logoutByHandle`: each handle and whether the server says it ended it. It says yes to handles it
/// never made.
#[derive(Debug, Deserialize)]
pub(super) struct HandlesEnded {
    pub(super) result: BTreeMap<String, bool>,
}

/// `logoutByUser`.
#[derive(Debug, Deserialize)]
pub(super) struct UserEnded {
    pub(super) result: bool,
}

/// `logout`: "Successfully logged out", or "Token has expired".
#[derive(Debug, Deserialize)]
pub(super) struct LoggedOut {
    pub(super) result: Option<String>,
}

/// `validate`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Validated {
    pub(super) valid: bool,
    pub(super) uid: Option<String>,
    pub(super) realm: Option<String>,
    pub(super) session_uid: Option<String>,
}

/// `refresh`. Idle and remaining time are seconds, the two limits minutes. All absent: a dead token.
#[derive(Debug, Deserialize)]
pub(super) struct Refreshed {
    pub(super) uid: Option<String>,
    pub(super) realm: Option<String>,
    pub(super) idletime: Option<i64>,
    pub(super) maxidletime: Option<i64>,
    pub(super) maxsessiontime: Option<i64>,
    pub(super) maxtime: Option<i64>,
}

/// The answer of `authenticate` at the end of a sign-in. Before that, the answer has `callbacks`
/// instead.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedIn {
    /// Missing or empty where the server keeps tokens to cookies.
    pub(super) token_id: Option<SecretString>,
    pub(super) success_url: Option<String>,
}

/// The body of an operation on one token, for servers that look for it there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenBody<'a> {
    pub(super) token_id: &'a str,
    /// Properties to be changed.
    #[serde(flatten)]
    pub(super) more: &'a BTreeMap<String, String>,
}

/// The body of `logoutByHandle`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Handles<'a> {
    pub(super) session_handles: &'a [&'a str],
}

/// The body of `logoutByUser`.
#[derive(Serialize)]
pub(super) struct User<'a> {
    pub(super) username: &'a str,
}

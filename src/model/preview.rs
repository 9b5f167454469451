//! The requests that would end sessions, in words: method and address, and no secret.

/// What a request would end.
#[derive(Clone, Copy, Debug)]
pub enum EndTarget<'a> {
    /// Sessions of one kind and realm, by their names for people, cleaned.
    Sessions(&'a [&'a str]),
    /// All sessions of a user, by the name as it is shown, cleaned.
    User(&'a str),
}

/// One request for the end of sessions, as it would be sent.
#[derive(Clone, Copy, Debug)]
pub struct EndRequest<'a> {
    /// The address of the profile, without credentials.
    pub address: &'a str,
    /// The realm, organisation or tenant, cleaned. `None`: none is named.
    pub realm: Option<&'a str>,
    /// Which kind of session. `None`: the system has one kind only.
    pub kind: Option<&'a str>,
    /// What it would end.
    pub target: EndTarget<'a>,
}

impl EndRequest<'_> {
    /// The address with this path behind it.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address.trim_end_matches('/'))
    }

    /// The names of the sessions, or the user's: with commas between them.
    pub fn names(&self) -> String {
        match self.target {
            EndTarget::Sessions(labels) => labels.join(", "),
            EndTarget::User(user) => user.to_owned(),
        }
    }
}

/// Words a request for a preview. Ids are replaced by the names of the sessions for people.
pub type Preview = fn(&EndRequest<'_>) -> String;

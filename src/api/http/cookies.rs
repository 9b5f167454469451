//! Cookies: a load balancer's say which node of a server knows us, so they go back where they came
//! from, to that origin and to no other, for as long as the sign-in lives.

use std::sync::{Mutex, MutexGuard};

use chrono::Utc;
use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};
use secrecy::{ExposeSecret, SecretString};
use url::{Origin, Url};

use super::headers::secret_value;
use super::retry;
use crate::model::locked;

/// A server that sets more than this is not a load balancer.
const MOST: usize = 32;
/// Longer ones, in bytes, are not sent by any browser either (RFC 6265 section 6.1).
const LONGEST: usize = 4096;

/// The cookies of a profile, in memory.
///
/// Path and domain of a cookie are not looked at: only the very origin that set it gets it back.
#[derive(Default)]
pub(super) struct Cookies(Mutex<Jar>);

#[derive(Default)]
struct Jar {
    kept: Vec<(Origin, Cookie)>,
    /// Names, in lower case, of those that carry a session: how that is sent is the profile's to say.
    withheld: Vec<String>,
}

/// Name and value of one cookie.
pub(crate) type Cookie = (String, SecretString);

impl Cookies {
    fn jar(&self) -> MutexGuard<'_, Jar> {
        locked(&self.0)
    }

    /// Cookies of this name are never sent from here.
    pub(super) fn withhold(&self, name: &str) {
        let name = name.to_ascii_lowercase();
        let mut jar = self.jar();
        if !jar.withheld.contains(&name) {
            jar.withheld.push(name);
        }
    }

    /// Keeps what an answer of `url` sets.
    pub(super) fn take(&self, url: &Url, headers: &HeaderMap) {
        if !headers.contains_key(SET_COOKIE) {
            return;
        }
        let mut jar = self.jar();
        for (cookie, is_over) in lines(headers) {
            jar.put(url.origin(), cookie, is_over);
        }
    }

    /// Keeps what an earlier sign-in at `url` has got.
    pub(super) fn put(&self, url: &Url, cookies: &[Cookie]) {
        let mut jar = self.jar();
        for cookie in cookies {
            jar.put(url.origin(), cookie.clone(), false);
        }
    }

    /// The cookies that a request to `url` would send.
    pub(super) fn of(&self, url: &Url) -> Vec<Cookie> {
        let jar = self.jar();
        let here = jar
            .kept
            .iter()
            .filter(|(origin, _)| *origin == url.origin());
        here.map(|(_, cookie)| cookie.clone())
            .filter(|(name, _)| !jar.withheld.contains(&name.to_ascii_lowercase()))
            .collect()
    }

    /// Adds them to a request to `url`, after the cookie that it may carry already.
    pub(super) fn add_to(&self, url: &Url, headers: &mut HeaderMap) {
        let own = headers.get(COOKIE).and_then(|value| value.to_str().ok());
        let mut pairs: Vec<String> = own.map(str::to_owned).into_iter().collect();
        for (name, value) in self.of(url) {
            pairs.push(format!("{name}={}", value.expose_secret()));
        }
        if let (false, Ok(value)) = (pairs.is_empty(), secret_value(&pairs.join("; "))) {
            headers.insert(COOKIE, value);
        }
    }

    /// Forgets all: another sign-in begins.
    pub(super) fn forget(&self) {
        self.jar().kept.clear();
    }
}

impl Jar {
    fn put(&mut self, origin: Origin, cookie: Cookie, is_over: bool) {
        let same = |(at, (name, _)): &(Origin, Cookie)| *at == origin && *name == cookie.0;
        let there = self.kept.iter().position(same);
        match (there, is_over) {
            (Some(at), true) => {
                self.kept.remove(at);
            }
            (Some(at), false) => self.kept[at].1 = cookie,
            (None, false) if self.kept.len() < MOST => self.kept.push((origin, cookie)),
            (None, _) => {}
        }
    }
}

/// The cookies that an answer sets, without those that it takes back.
pub(crate) fn cookies_in(headers: &HeaderMap) -> impl Iterator<Item = Cookie> + '_ {
    let lines = lines(headers).filter(|(_, is_over)| !is_over);
    lines.map(|(cookie, _)| cookie)
}

/// Each cookie in the head of an answer; true: it is taken back.
fn lines(headers: &HeaderMap) -> impl Iterator<Item = (Cookie, bool)> + '_ {
    headers.get_all(SET_COOKIE).iter().filter_map(|line| {
        let mut parts = line.to_str().ok()?.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        let plain = |text: &str| !text.contains([',', ' ', '"', '\\']);
        if name.is_empty() || !plain(name) || !plain(value) || line.len() > LONGEST {
            return None;
        }
        let is_over = parts.any(|part| match part.split_once('=') {
            Some((key, life)) if key.trim().eq_ignore_ascii_case("max-age") => {
                life.trim().parse().is_ok_and(|life: i64| life <= 0)
            }
            Some((key, end)) if key.trim().eq_ignore_ascii_case("expires") => {
                retry::http_date(end.trim()).is_some_and(|end| end <= Utc::now())
            }
            _ => false,
        });
        // AM takes its own back by this word, with and without a date.
        let is_over = is_over || value.is_empty() || value == "LOGOUT";
        Some(((name.to_owned(), SecretString::from(value)), is_over))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn set(cookies: &Cookies, at: &str, lines: &[&str]) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(SET_COOKIE, line.parse().unwrap());
        }
        cookies.take(&url(at), &headers);
    }

    fn sent(cookies: &Cookies, to: &str, own: Option<&'static str>) -> Option<String> {
        let mut headers = HeaderMap::new();
        if let Some(own) = own {
            headers.insert(COOKIE, own.parse().unwrap());
        }
        cookies.add_to(&url(to), &mut headers);
        headers
            .get(COOKIE)
            .map(|value| value.to_str().unwrap().to_owned())
    }

    const AM: &str = "https://am.example.org/am/json";

    #[test]
    fn a_cookie_goes_back_to_its_origin_and_to_no_other() {
        let cookies = Cookies::default();
        set(
            &cookies,
            AM,
            &["lb=01; Path=/am; Domain=example.org; Secure"],
        );

        for (to, cookie) in [
            ("https://am.example.org/other", Some("lb=01")),
            ("https://am.example.org:443/", Some("lb=01")),
            ("http://am.example.org/am", None),
            ("https://am.example.org:8443/am", None),
            ("https://example.org/am", None),
            ("https://sub.am.example.org/am", None),
        ] {
            assert_eq!(sent(&cookies, to, None).as_deref(), cookie, "{to}");
        }
    }

    #[test]
    fn the_newest_value_counts_and_what_is_taken_back_is_gone() {
        for (second, left) in [
            ("lb=02", Some("lb=02")),
            ("lb=\"03\"; HttpOnly", Some("lb=03")),
            ("lb=; Path=/", None),
            ("lb=LOGOUT", None),
            ("lb=x; Max-Age=0", None),
            ("lb=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT", None),
            ("other=x", Some("lb=01; other=x")),
            ("no cookie at all", Some("lb=01")),
            ("bad name=1", Some("lb=01")),
        ] {
            let cookies = Cookies::default();
            set(&cookies, AM, &["lb=01", second]);

            assert_eq!(sent(&cookies, AM, None).as_deref(), left, "{second}");
        }
    }

    #[test]
    fn the_cookie_of_the_session_is_sent_only_where_the_request_has_it_already() {
        let cookies = Cookies::default();
        cookies.withhold("iPlanetDirectoryPro");
        set(&cookies, AM, &["iplanetDirectoryPro=AQIC", "amlbcookie=01"]);

        assert_eq!(sent(&cookies, AM, None).as_deref(), Some("amlbcookie=01"));
        assert_eq!(
            sent(&cookies, AM, Some("iPlanetDirectoryPro=AQIC")).as_deref(),
            Some("iPlanetDirectoryPro=AQIC; amlbcookie=01")
        );
    }

    #[test]
    fn another_sign_in_begins_without_them_and_a_kept_one_with_its_own() {
        let cookies = Cookies::default();
        set(&cookies, AM, &["lb=01"]);
        let kept = cookies.of(&url(AM));

        cookies.forget();
        assert_eq!(sent(&cookies, AM, None), None);

        cookies.put(&url(AM), &kept);
        assert_eq!(sent(&cookies, AM, None).as_deref(), Some("lb=01"));
    }

    #[test]
    fn a_server_that_sets_cookies_without_end_fills_nothing() {
        let cookies = Cookies::default();
        for number in 0..2 * MOST {
            set(&cookies, AM, &[&format!("c{number}=x")]);
        }
        set(&cookies, AM, &[&format!("long={}", "x".repeat(LONGEST))]);

        assert_eq!(cookies.of(&url(AM)).len(), MOST);
    }
}

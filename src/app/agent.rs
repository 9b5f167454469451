//! A browser and a system out of a user agent, for screens too small for the whole of it.

/// Products by the word that gives them away, most specific first: most browsers name several others.
const PRODUCTS: [(&str, &str); 16] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex Browser"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Headless Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
    ("MSIE ", "Internet Explorer"),
    // Its version 11 names itself no longer.
    ("Trident/7.0; rv:", "Internet Explorer"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// Bytes of an agent that are looked at.
const LOOKED_AT: usize = 512;

/// "Firefox 140 on Linux". `None`: not one of the common browsers, so the agent is shown as it is.
pub fn summary(agent: &str) -> Option<String> {
    let agent = super::first_chars(agent, LOOKED_AT);
    if !agent.starts_with("Mozilla/") {
        return None;
    }
    let (product, version) = PRODUCTS.iter().find_map(|(word, name)| {
        let (_, rest) = agent.split_once(word)?;
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        (1..=4).contains(&digits).then(|| (*name, &rest[..digits]))
    })?;
    Some(
        match SYSTEMS.iter().find(|(word, _)| agent.contains(word)) {
            Some((_, system)) => format!("{product} {version} on {system}"),
            None => format!("{product} {version}"),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn common_browsers_are_named_and_others_are_left_alone() {
        let cases = [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                Some("Firefox 140 on Linux"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0",
                Some("Edge 139 on Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                Some("Safari 18 on iPhone"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36 EdgA/139.0.0.0",
                Some("Edge 139 on Android"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 EdgiOS/138.0.0.0 Mobile/15E148 Safari/604.1",
                Some("Edge 138 on iPhone"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1",
                Some("Chrome 141 on iPhone"),
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                Some("Chrome 140 on ChromeOS"),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/139.0.0.0 Safari/537.36",
                Some("Headless Chrome 139 on Linux"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
                Some("Internet Explorer 11 on Windows"),
            ),
            ("curl/8.5.0", None),
            ("Mozilla/5.0 Firefox/99999999", None),
            ("", None),
        ];
        for (agent, expected) in cases {
            assert_eq!(summary(agent).as_deref(), expected, "{agent}");
        }
    }

    #[test]
    fn a_long_agent_is_not_read_to_its_end() {
        let agent = format!("Mozilla/5.0 {}Firefox/140", "ü".repeat(500_000));

        assert_eq!(summary(&agent), None);
    }
}

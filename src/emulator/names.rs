//! Made-up people, applications and addresses. Addresses are from the ranges kept for documentation.

/// Login name and full name of the people who come first, so that even a small world is a mixed one.
const PEOPLE: &[(&str, &str)] = &[
    ("amelia.ruiz", "Amelia Ruiz"),
    ("bwong@example.org", "Benedict Wong"),
    ("jürgen.weiß", "Jürgen Weiß"),
    ("王小明", "王小明"),
    ("søren.åkesson", "Søren Åkesson"),
    ("jdoe", "Jordan Doe"),
    ("priya.raghunathan", "Priya Raghunathan"),
    ("佐藤花子", "佐藤花子"),
    ("o.brien", "Órla O'Brien"),
    ("kwame.mensah", "Kwame Mensah"),
    ("zoë.dupont-lefèvre", "Zoë Dupont-Lefèvre"),
    ("김민준", "김민준"),
    ("n.al-farsi", "Noor al-Farsi"),
    ("ivan.petrović", "Ivan Petrović"),
    ("t.nguyễn", "Nguyễn Thị Thu"),
    ("γ.παππάς", "Γιώργος Παππάς"),
    ("olena.shevchenko", "Олена Шевченко"),
    ("müller", "Käthe Müller"),
    (
        "maría-fernanda.garcía.lópez@partners.example.com",
        "María Fernanda García López",
    ),
    ("ø", "Øyvind Ås"),
];

/// Given names for everybody else: as in a login name, and as people write it.
const GIVEN: &[(&str, &str)] = &[
    ("ada", "Ada"),
    ("aino", "Aino"),
    ("bogdan", "Bogdan"),
    ("chen", "Chen"),
    ("chloé", "Chloé"),
    ("daniel", "Daniel"),
    ("deepa", "Deepa"),
    ("elif", "Elif"),
    ("emre", "Emre"),
    ("fatima", "Fatima"),
    ("gustavo", "Gustavo"),
    ("hana", "Hana"),
    ("ines", "Inês"),
    ("jakub", "Jakub"),
    ("kofi", "Kofi"),
    ("lucía", "Lucía"),
    ("mei", "Mei"),
    ("mihai", "Mihai"),
    ("nadia", "Nadia"),
    ("oskar", "Oskar"),
    ("quynh", "Quỳnh"),
    ("rania", "Rania"),
    ("sakura", "Sakura"),
    ("tomas", "Tomáš"),
    ("ulrike", "Ulrike"),
    ("valeria", "Valeria"),
    ("wanjiru", "Wanjirũ"),
    ("yusuf", "Yusuf"),
];

/// Family names, as [`GIVEN`].
const FAMILY: &[(&str, &str)] = &[
    ("andersson", "Andersson"),
    ("banerjee", "Banerjee"),
    ("castillo", "Castillo"),
    ("dlamini", "Dlamini"),
    ("eriksen", "Eriksen"),
    ("fischer", "Fischer"),
    ("greco", "Greco"),
    ("haddad", "Haddad"),
    ("ito", "Itō"),
    ("jovanovic", "Jovanović"),
    ("kowalska", "Kowalska"),
    ("lindqvist", "Lindqvist"),
    ("moreau", "Moreau"),
    ("novak", "Novák"),
    ("okafor", "Okafor"),
    ("park", "Park"),
    ("ramos", "Ramos"),
    ("schäfer", "Schäfer"),
    ("tanaka", "Tanaka"),
    ("usman", "Usman"),
    ("vermeulen", "Vermeulen"),
    ("yılmaz", "Yılmaz"),
    ("zhang", "Zhang"),
    ("özdemir", "Özdemir"),
];

/// Accounts of programs: login name, and what they do.
pub(crate) const SERVICES: &[(&str, &str)] = &[
    ("svc-billing-sync", "Billing synchronisation"),
    ("svc-monitoring", "Synthetic monitoring"),
];

/// Applications: name, first label of the host it is sent back to, and the scopes it asks for.
/// The last one is for the service accounts.
pub(crate) const CLIENTS: &[(&str, &str, &str)] = &[
    ("portal-web", "portal", "openid profile email"),
    ("vpn-gateway", "vpn", "openid groups"),
    ("mobile-app", "m", "openid profile email offline_access"),
    ("wiki", "wiki", "openid profile"),
    ("hr-selfservice", "hr", "openid profile address phone"),
    ("ci-dashboard", "ci", "openid email groups"),
    ("support-desk", "support", "openid profile email"),
    (
        "billing-api",
        "billing",
        "openid billing.read billing.write",
    ),
];

/// Ways to sign in, the common ones first.
pub(crate) const METHODS: &[&str] = &[
    "simple_password_auth",
    "simple_password_auth",
    "simple_password_auth",
    "fido2",
    "otp",
    "super_gluu",
    "passkeys",
];

/// Login name and full name of the service accounts and of so many people. All login names differ.
pub(crate) fn people(count: usize) -> impl Iterator<Item = (String, String)> {
    let named = SERVICES.iter().chain(PEOPLE.iter().take(count));
    let more = 0..count.saturating_sub(PEOPLE.len());
    named
        .map(|(name, display)| ((*name).to_owned(), (*display).to_owned()))
        .chain(more.map(numbered))
}

/// Somebody of the given and family names; a number keeps login names apart.
fn numbered(number: usize) -> (String, String) {
    let (given, given_shown) = GIVEN[number % GIVEN.len()];
    let (family, family_shown) = FAMILY[number * 7 % FAMILY.len()];
    // The two lists have 28 and 24 entries: the pair comes back after 168 people.
    let round = number / 168;
    let suffix = if round == 0 {
        String::new()
    } else {
        (round + 1).to_string()
    };
    (
        format!("{given}.{family}{suffix}"),
        format!("{given_shown} {family_shown}"),
    )
}

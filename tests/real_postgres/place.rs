//! The rules for every system at this server: each test has a database and a user of its own, whom it lets
//! in, shuts out and robs of rights as the rule asks, and a way there that it can break.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rcgen::{CertificateParams, DnType, Issuer, KeyPair};
use usher::config::{Login, Profile};
use usher::model::SessionKey;

use crate::client::system;
use crate::conformance::{Fault, LongList, ServerFixture, Setup};
use crate::proxy::{Passage, Proxy};
use crate::server::{Server, Way};

/// The sessions of a database: of 40 users, one in ten revoked and one in ten expired.
const SESSIONS: usize = 300;

/// This server, signed in to in one of both ways.
pub struct Postgres<const BY_CERTIFICATE: bool>;

/// A database and a user of one test's own.
pub struct Place {
    server: Server,
    /// Of the database and of the user.
    name: String,
    way: Way,
    /// The certificate of the user.
    certs: tempfile::TempDir,
    proxy: Option<Proxy>,
}

impl Place {
    async fn new(way: Way, setup: Setup) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let server = Server::named("a rule").expect("it was there");
        let mut place = Self {
            name: format!("rule_{}_{number}", std::process::id()),
            certs: tempfile::tempdir().expect("a folder"),
            proxy: None,
            server,
            way,
        };
        place.make(setup);
        if setup == Setup::Breakable {
            let folder = &place.server.folder.join("certs");
            let passage = Passage::new(folder, place.certs.path(), &place.name, way);
            place.proxy = Some(Proxy::start(place.server.port, passage).await);
        }
        place
    }

    fn make(&self, setup: Setup) {
        let (name, password) = (&self.name, &self.server.password);
        let group = match self.way {
            Way::Scram => "by_password",
            Way::Certificate => "by_certificate",
        };
        let rights = match setup {
            Setup::WithoutRights => "",
            _ => ", operators",
        };
        self.server.sql(&format!(
            "CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE {group}{rights}"
        ));
        self.server
            .sql(&format!("CREATE DATABASE {name} TEMPLATE pristine"));
        let count = match setup {
            Setup::Limited(rows) => rows * 100,
            _ => SESSIONS,
        };
        self.sql(&format!(
            "INSERT INTO system.web_sessions \
             (\"hashedSecret\", username, \"createdAt\", \"lastUsedAt\", \"expiresAt\", \"revokedAt\", user_id) \
             SELECT 'x', 'user' || n % 40, at, at, \
             at + CASE WHEN n % 10 = 7 THEN interval '1 second' ELSE interval '1 day' END, \
             CASE WHEN n % 10 = 2 THEN at + interval '1 minute' END, 100 \
             FROM generate_series(1, {count}) AS n, \
             LATERAL (SELECT now() AT TIME ZONE 'UTC' - n * interval '5 seconds' AS at) AS times"
        ));
        self.certify();
    }

    /// Signs a certificate about the user, by the authority of the server.
    fn certify(&self) {
        let folder = self.server.folder.join("certs");
        let key = std::fs::read_to_string(folder.join("ca.key")).expect("the key of the authority");
        let key = KeyPair::from_pem(&key).expect("a key");
        let mut authority = CertificateParams::default();
        authority
            .distinguished_name
            .push(DnType::CommonName, "Test CA");
        let issuer = Issuer::new(authority, key);
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, &*self.name);
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        let files = [("crt", certificate.pem()), ("key", key.serialize_pem())];
        for (ending, pem) in files {
            let name = format!("client.{}.{ending}", self.name);
            let path = self.certs.path().join(name);
            std::fs::write(&path, pem).expect("a file");
            // Whoever reads the key is the user.
            std::fs::set_permissions(path, Permissions::from_mode(0o600)).expect("its owner");
        }
        std::fs::copy(folder.join("ca.crt"), self.certs.path().join("ca.crt")).expect("a copy");
    }

    fn sql(&self, statement: &str) -> String {
        self.server.sql_in(&self.name, statement)
    }

    fn profile(&self) -> Profile {
        let port = self
            .proxy
            .as_ref()
            .map_or(self.server.port, |proxy| proxy.port);
        let url = format!("postgresql://localhost:{port}/{}", self.name);
        let login = match self.way {
            Way::Scram => self.server.login(&self.name, None),
            Way::Certificate => Login::Certificate,
        };
        let url = url.parse().expect("an address");
        let mut profile = Profile::new("db", system("cockroach"), url, login);
        match self.way {
            Way::Scram => {
                let authority = self.certs.path().join("ca.crt");
                profile.own.set("sslrootcert", authority);
            }
            Way::Certificate => {
                profile.own.set("certs_dir", self.certs.path().to_owned());
                profile.own.set("user", self.name.as_str());
            }
        }
        profile
    }

    /// Ends every connection of the user, and waits until both sides know.
    async fn disconnect(&self) {
        let name = &self.name;
        self.sql(&format!(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '{name}'"
        ));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    async fn meet(&self, fault: Fault) {
        let name = &self.name;
        match fault {
            Fault::RefusedEnd => {
                self.sql("REVOKE UPDATE ON system.web_sessions FROM operators");
            }
            Fault::RefusedSignIn => {
                let other = match self.way {
                    Way::Scram => "PASSWORD 'another'",
                    Way::Certificate => "NOLOGIN",
                };
                self.sql(&format!("ALTER ROLE {name} {other}"));
                self.disconnect().await;
            }
            Fault::NoList("a time without end") => {
                self.sql(
                    "UPDATE system.web_sessions SET \"expiresAt\" = 'infinity', \"createdAt\" = '-infinity'",
                );
            }
            other => self.proxy.as_ref().expect("a way that breaks").meet(other),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let name = &self.name;
        for statement in [
            format!("DROP DATABASE {name} WITH (FORCE)"),
            format!("DROP ROLE {name}"),
        ] {
            // The server goes with everything in it.
            let _ = self.server.psql("system", &statement);
        }
    }
}

impl<const BY_CERTIFICATE: bool> ServerFixture for Postgres<BY_CERTIFICATE> {
    type Server = Place;
    const LONG_LIST: LongList = LongList::GoesOn;
    const KEEPS_ENDED: bool = true;
    const NO_LISTS: &'static [&'static str] = &[
        "a time without end",
        "another answer",
        "other columns",
        "no rows and no end",
    ];

    fn is_there(rule: &str) -> bool {
        Server::named(rule).is_some()
    }

    async fn start(setup: Setup) -> Place {
        let way = if BY_CERTIFICATE {
            Way::Certificate
        } else {
            Way::Scram
        };
        Place::new(way, setup).await
    }

    fn profile(place: &Place, _setup: Setup) -> Profile {
        place.profile()
    }

    fn count(place: &Place) -> usize {
        let count = place.sql("SELECT count(*) FROM system.web_sessions");
        count.trim().parse().expect("a number")
    }

    fn end(place: &Place, key: &SessionKey) -> bool {
        let id = key
            .expose()
            .split('/')
            .nth(1)
            .expect("a key of three parts");
        let ended = place.sql(&format!(
            "UPDATE system.web_sessions SET \"revokedAt\" = now() AT TIME ZONE 'UTC' \
             WHERE id = {id} AND \"revokedAt\" IS NULL RETURNING id"
        ));
        !ended.trim().is_empty()
    }

    async fn meet(place: &Place, fault: Fault) {
        place.meet(fault).await;
    }

    async fn end_sign_ins(place: &Place) {
        place.disconnect().await;
    }

    async fn stop(mut place: Place) {
        place.proxy.take().expect("a way that breaks").stop().await;
    }
}

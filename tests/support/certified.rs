//! Authorities, certificates and TLS servers of a test's own.
#![allow(dead_code, reason = "each test program uses its own part of it")]

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate authority with its certificate in a file.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    dir: tempfile::TempDir,
    der: CertificateDer<'static>,
}

/// A certificate with its key.
pub struct Leaf {
    pub der: CertificateDer<'static>,
    pub pem: String,
    pub key: KeyPair,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).expect("a certificate");
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("ca.pem"), certificate.pem()).expect("a file");
        Self {
            issuer: Issuer::new(params, key),
            dir,
            der: certificate.der().clone(),
        }
    }

    /// Its certificate, PEM.
    pub fn ca_file(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    pub fn der(&self) -> CertificateDer<'static> {
        self.der.clone()
    }

    /// A certificate of this authority.
    pub fn leaf(&self, params: &CertificateParams) -> Leaf {
        let key = KeyPair::generate().expect("a key");
        let made = params.signed_by(&key, &self.issuer).expect("a certificate");
        Leaf {
            der: made.der().clone(),
            pem: made.pem(),
            key,
        }
    }

    /// A certificate of this authority about a key that is given.
    pub fn about(
        &self,
        params: &CertificateParams,
        key: &impl rcgen::PublicKeyData,
    ) -> CertificateDer<'static> {
        let made = params.signed_by(key, &self.issuer).expect("a certificate");
        made.der().clone()
    }
}

/// A certificate that this host name or address would have, called `name`.
pub fn params(host: &str, name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![host.to_owned()]).expect("a host");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2020, 1, 2);
    params.not_after = rcgen::date_time_ymd(2090, 3, 4);
    params
}

/// A certificate that vouches for itself.
pub fn self_signed(params: &CertificateParams) -> Leaf {
    let key = KeyPair::generate().expect("a key");
    let made = params.self_signed(&key).expect("a certificate");
    Leaf {
        der: made.der().clone(),
        pem: made.pem(),
        key,
    }
}

/// A server that shows this certificate, with these protocols on offer.
pub fn config(leaf: &Leaf, protocols: &[&str]) -> ServerConfig {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions");
    let mut config = builder
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der.clone()], private(leaf))
        .expect("a certificate and its key");
    config.alpn_protocols = protocols
        .iter()
        .map(|one| one.as_bytes().to_vec())
        .collect();
    config
}

pub fn private(leaf: &Leaf) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf.key.serialize_der()))
}

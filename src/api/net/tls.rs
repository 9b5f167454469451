//! TLS of a profile: which certificates are accepted, which one of ours is shown, and which the server
//! showed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustls_platform_verifier::Verifier as PlatformVerifier;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
};

use super::certificate::Certificate;
use crate::config::Profile;
use crate::model::locked;
use crate::model::text::display_safe;

/// The TLS settings of the profile. Clones share the certificate that was seen.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    ca_file: Option<PathBuf>,
    ca_dir: Option<PathBuf>,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    insecure: bool,
    seen: LatestCertificate,
}

/// The certificate that the latest server showed, and how many came with it.
type LatestCertificate = Arc<Mutex<Option<(Certificate, usize)>>>;

/// Our certificate, with those that vouch for it, and its key.
type ClientIdentity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// A certificate that was not accepted, and why. Its text is for people.
#[derive(Debug)]
pub(super) struct CertificateRefused(String);

impl fmt::Display for CertificateRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CertificateRefused {}

impl CertificateRefused {
    /// The refusal inside an error of TLS, if that is what it is.
    pub(super) fn of(error: &Error) -> Option<&Self> {
        match error {
            Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
                inner.downcast_ref()
            }
            _ => None,
        }
    }
}

/// Signs and encrypts. It is named for each client, so that none is installed for the whole process.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The configuration of a client that never speaks TLS: it trusts nobody, and no file is read for it.
///
/// # Errors
/// The configuration of a TLS client, in words.
pub fn no_tls() -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let nobody = RootCertStore::empty();
    Ok(builder.with_root_certificates(nobody).with_no_client_auth())
}

impl TlsSettings {
    /// As the profile says; no file is read yet.
    pub fn new(profile: &Profile) -> Self {
        Self {
            ca_file: profile.ca_file.clone(),
            ca_dir: profile.ca_dir.clone(),
            client_cert: profile.client_cert.clone(),
            client_key: profile.client_key.clone(),
            insecure: profile.policy.insecure,
            seen: LatestCertificate::default(),
        }
    }

    /// The certificate that the latest server showed, and how many came with it. `None`: none yet.
    pub fn seen(&self) -> Option<(Certificate, usize)> {
        locked(&self.seen).clone()
    }

    /// Everything a TLS connection needs; `alpn` names the protocols that are offered on it, the best
    /// first, or nothing. Reads files and the machine's authorities: blocks.
    ///
    /// # Errors
    /// The configuration of a TLS client, or the fault of a file, in words.
    pub fn client_config(&self, alpn: &[&[u8]]) -> Result<ClientConfig, String> {
        let provider = provider();
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier {
                inner: if self.insecure {
                    None
                } else {
                    Some(self.verifier(&provider)?)
                },
                schemes: provider
                    .signature_verification_algorithms
                    .supported_schemes(),
                seen: Arc::clone(&self.seen),
            }));
        let mut config = match self.identity()? {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| self.wrong_identity(&error))?,
        };
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }

    fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, String> {
        let ours = self.authorities()?;
        let error = match PlatformVerifier::new_with_extra_roots(ours.clone(), Arc::clone(provider))
        {
            Ok(verifier) => return Ok(Arc::new(verifier)),
            Err(error) => error,
        };
        // A machine without authorities of its own can still trust those we were given; each of them was
        // tried when it was read.
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(ours);
        if roots.is_empty() {
            return Err(format!(
                "{error}; this machine may have no certificate authorities: set ca_file"
            ));
        }
        WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider))
            .build()
            .map(|verifier| verifier as Arc<dyn ServerCertVerifier>)
            .map_err(|error| error.to_string())
    }

    fn authorities(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        let mut found = match &self.ca_file {
            Some(path) => certificates("ca_file", path)?,
            None => Vec::new(),
        };
        for path in self.ca_dir.iter().map(|dir| files_in(dir)) {
            for path in path? {
                found.extend(certificates("ca_dir", &path)?);
            }
        }
        Ok(found)
    }

    fn identity(&self) -> Result<Option<ClientIdentity>, String> {
        let (cert, key) = match (&self.client_cert, &self.client_key) {
            (Some(cert), Some(key)) => (cert, key),
            (None, None) => return Ok(None),
            (Some(_), None) => return Err("client_cert needs client_key".into()),
            (None, Some(_)) => return Err("client_key needs client_cert".into()),
        };
        check_mode(key)?;
        let pem = zeroize::Zeroizing::new(read("client_key", key)?);
        if find(&pem, b"ENCRYPTED") {
            return Err(format!(
                "client_key {} is encrypted; usher needs it without a passphrase, mode 0600",
                shown(key)
            ));
        }
        let secret = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| format!("client_key {} holds no private key in PEM", shown(key)))?;
        Ok(Some((certificates("client_cert", cert)?, secret)))
    }

    fn wrong_identity(&self, error: &Error) -> String {
        let path = |path: &Option<PathBuf>| path.as_deref().map(shown).unwrap_or_default();
        let (cert, key) = (path(&self.client_cert), path(&self.client_key));
        match error {
            Error::InconsistentKeys(_) => {
                format!("client_key {key} does not belong to client_cert {cert}")
            }
            _ => format!("client_cert {cert} and client_key {key} cannot be used: {error}"),
        }
    }
}

/// The files of a `ca_dir` that hold certificates, by their names, in order. Other files, and those whose
/// names begin with a dot, are not looked at: such a folder may hold a note or a key beside them.
fn files_in(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error| format!("cannot read ca_dir {}: {error}", shown(dir));
    let entries = std::fs::read_dir(dir).map_err(failed)?;
    let paths: Result<Vec<PathBuf>, _> = entries.map(|one| one.map(|one| one.path())).collect();
    let mut paths = paths.map_err(failed)?;
    paths.retain(|path| holds_certificates(path));
    paths.sort();
    if paths.is_empty() {
        return Err(format!(
            "ca_dir {} holds no file with the ending .pem, .crt or .cer",
            shown(dir)
        ));
    }
    Ok(paths)
}

fn holds_certificates(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    let is_hidden = path
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !is_hidden && ["pem", "crt", "cer"].iter().any(|known| ending == *known)
}

fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(key, path)?;
    let mut found = Vec::new();
    for (line, block) in blocks(&pem) {
        let read: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(block).collect();
        let broken = || format!("{key} {} is not valid PEM from line {line} on", shown(path));
        let read = read.map_err(|_| broken())?;
        let mut roots = RootCertStore::empty();
        if read.iter().any(|one| roots.add(one.clone()).is_err()) {
            return Err(format!(
                "{key} {} holds something that is no certificate, from line {line} on",
                shown(path)
            ));
        }
        found.extend(read);
    }
    if found.is_empty() {
        return Err(format!("{key} {} holds no certificate", shown(path)));
    }
    Ok(found)
}

/// The blocks of a PEM file: each begins with `-----BEGIN`, and comes with the number of its line.
fn blocks(pem: &[u8]) -> Vec<(usize, &[u8])> {
    let mut starts = Vec::new();
    let mut at = 0;
    for (number, line) in pem.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii_start().starts_with(b"-----BEGIN") {
            starts.push((number + 1, at));
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).map(|(_, at)| *at).chain([pem.len()]);
    let bounds = starts.iter().zip(ends);
    bounds
        .map(|((number, at), end)| (*number, &pem[*at..end]))
        .collect()
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("cannot read {key} {}: {error}", shown(path)))
}

#[cfg(unix)]
fn check_mode(key: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    match std::fs::metadata(key) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => Err(format!(
            "client_key {0} can be read by others; run: chmod 600 {0}",
            shown(key)
        )),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn check_mode(_key: &Path) -> Result<(), String> {
    Ok(())
}

fn shown(path: &Path) -> String {
    display_safe(&path.to_string_lossy()).into_owned()
}

fn find(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

/// Notes the certificate of a server, and says in words why it is not accepted.
#[derive(Debug)]
struct Verifier {
    /// Who decides. `None`: everything is accepted.
    inner: Option<Arc<dyn ServerCertVerifier>>,
    schemes: Vec<SignatureScheme>,
    seen: LatestCertificate,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = Certificate::read(leaf);
        if let Some(certificate) = &certificate {
            *locked(&self.seen) = Some((certificate.clone(), 1 + others.len()));
        }
        let Some(inner) = &self.inner else {
            return Ok(ServerCertVerified::assertion());
        };
        let verdict = inner.verify_server_cert(leaf, others, name, ocsp, now);
        let Some(certificate) = certificate else {
            return verdict;
        };
        let why = match (&verdict, &certificate.weak_key) {
            (Ok(_), None) => return verdict,
            (Ok(_), Some(key)) => format!("its key is too weak ({key})"),
            (Err(Error::InvalidCertificate(error)), _) => certificate.reason(error),
            (Err(_), _) => return verdict,
        };
        let refused = CertificateRefused(format!("{why}; {certificate}"));
        Err(CertificateError::Other(OtherError(Arc::new(refused))).into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.inner {
            Some(inner) => inner.verify_tls12_signature(message, certificate, signed),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.inner {
            Some(inner) => inner.verify_tls13_signature(message, certificate, signed),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        match &self.inner {
            Some(inner) => inner.supported_verify_schemes(),
            None => self.schemes.clone(),
        }
    }
}

//! TLS: whom a session trusts, how it shows itself, and what to say when either side refuses the other.

use crate::errors::{Code, Failure};
use foreign_types::ForeignTypeRef;
use openssl::{
    pkey::{PKey, Private},
    ssl::{self, SslContext, SslContextBuilder, SslMethod, SslVerifyMode, SslVersion},
    x509::{X509NameRef, X509Ref, X509StoreContextRef, X509VerifyResult, X509},
};
use openssl_sys as ffi;
use std::{
    fs,
    net::IpAddr,
    ptr,
    sync::{Arc, Mutex},
};

/// Of a name in a certificate that is shown in a message: whoever made it decided how long it is.
const SHOWN_CHARACTERS: usize = 80;
const SHOWN_NAMES: usize = 4;

/// Paths of PEM files, empty where they are not given.
#[derive(Clone, Copy)]
pub struct Files<'a> {
    pub ca: &'a str,
    pub certificate: &'a str,
    pub key: &'a str,
}

impl Files<'_> {
    pub fn check(&self) -> Result<(), Failure> {
        match (self.ca.is_empty(), self.certificate.is_empty(), self.key.is_empty()) {
            (_, true, false) => {
                Err(Failure::argument("key_file is given without certificate_file, the certificate of that key"))
            }
            (_, false, true) => {
                Err(Failure::argument("certificate_file is given without key_file, the key of that certificate"))
            }
            (true, false, false) => {
                Err(Failure::argument("certificate_file needs ca_file as well: without it there is no TLS"))
            }
            _ => Ok(()),
        }
    }
}

/// What a session with TLS knows when a handshake fails. Clones share it.
#[derive(Clone)]
pub struct Knowledge {
    ca: String,
    certificate: String,
    /// Why the last certificate was refused. The driver's errors say only that one was.
    refusal: Arc<Mutex<Option<String>>>,
}

impl Knowledge {
    pub fn new(files: Files) -> Knowledge {
        Knowledge { ca: files.ca.into(), certificate: files.certificate.into(), refusal: Arc::default() }
    }

    /// Why a handshake failed for good, or nothing where the next one may succeed.
    pub fn refusal(&self, error: &ssl::Error) -> Option<String> {
        let reasons = reasons(error);
        let says = |words: &str| reasons.iter().any(|reason| reason.contains(words));
        if reasons.is_empty() || says("unexpected eof") {
            return None; // A node that went away.
        }
        if says("certificate verify failed") {
            let refusal = self.refusal.lock().expect("nobody panics with it").clone();
            return Some(refusal.unwrap_or_else(|| "its certificate does not verify".into()));
        }
        if says("wrong version number") || says("packet length too long") || says("http request") {
            return Some("it does not speak TLS on this port; leave ca_file out, or name the port that does".into());
        }
        if says("alert internal error") && self.certificate.is_empty() {
            return None;
        }
        self.late_refusal(error).or_else(|| Some(reasons.join(", ")))
    }

    /// What the node has against the client's certificate. With TLS 1.3 it says so only after the handshake, in the place of
    /// its first answer.
    pub fn late_refusal(&self, error: &ssl::Error) -> Option<String> {
        const ALERTS: [&str; 4] =
            ["alert bad certificate", "certificate required", "certificate unknown", "unknown ca"];
        let reasons = reasons(error);
        let answer = reasons.iter().find(|reason| reason.contains("alert"))?;
        let is_about_certificates = ALERTS.iter().any(|alert| answer.contains(alert));
        match (self.certificate.as_str(), is_about_certificates) {
            ("", true) => Some("it asks for a client's certificate; set certificate_file and key_file".into()),
            ("", false) => None,
            (file, true) => Some(format!("it does not take the client's certificate in {file}")),
            (file, false) => Some(format!("it answered '{answer}'; does it trust the client's certificate in {file}?")),
        }
    }

    /// What may be the matter where a node ends a connection right after the handshake and its reason is lost on the way.
    pub fn guess(&self) -> String {
        let question = match self.certificate.as_str() {
            "" => "does it ask for a client's certificate? Then set certificate_file and key_file".to_owned(),
            file => format!("does it trust the client's certificate in {file}?"),
        };
        format!("it ended the connection at once; {question}")
    }

    /// Decides about one fault that OpenSSL has found in a chain. `hosts` are the contact points that are names: the driver
    /// asks for the address that it connected to, but whoever was told a name may as well be shown a certificate for it.
    fn accept(&self, chain: &mut X509StoreContextRef, hosts: &[String]) -> bool {
        let is_node = chain.error_depth() == 0;
        let is_misnamed = is_node && chain.error().as_raw() == ffi::X509_V_ERR_IP_ADDRESS_MISMATCH;
        if is_misnamed && chain.current_cert().is_some_and(|node| hosts.iter().any(|host| names(node, host))) {
            chain.set_error(X509VerifyResult::OK);
            return true;
        }
        let refusal = self.refusal_of(chain.error(), chain.current_cert(), is_node);
        *self.refusal.lock().expect("nobody panics with it") = Some(refusal);
        false
    }

    fn refusal_of(&self, fault: X509VerifyResult, certificate: Option<&X509Ref>, is_node: bool) -> String {
        let whose = if is_node { "its certificate" } else { "a certificate in its chain" };
        match (fault.as_raw(), certificate) {
            (
                ffi::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT
                | ffi::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
                | ffi::X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE
                | ffi::X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
                | ffi::X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN
                | ffi::X509_V_ERR_CERT_SIGNATURE_FAILURE,
                Some(certificate),
            ) => format!(
                "{whose} is signed by '{}', and no such authority is in {}",
                common_name(certificate.issuer_name()),
                self.ca
            ),
            (ffi::X509_V_ERR_CERT_HAS_EXPIRED, Some(certificate)) => {
                format!("{whose} has expired: it was good until {}", certificate.not_after())
            }
            (ffi::X509_V_ERR_IP_ADDRESS_MISMATCH, Some(certificate)) => format!(
                "its certificate is for {}, which is neither its address nor the name of a contact point",
                all_names(certificate)
            ),
            _ => format!("{whose} does not verify: {}", fault.error_string()),
        }
    }
}

/// A context that trusts the authorities in the CA file only, and a node only under its own name. `hosts` are the contact
/// points' host names.
pub fn context(files: Files, hosts: Vec<String>, knowledge: Knowledge) -> Result<SslContext, Failure> {
    let unusable = |error| Failure::new(Code::Other, format!("cannot set TLS up: {error}"));
    let mut context = SslContext::builder(SslMethod::tls_client()).map_err(unusable)?;
    context.set_min_proto_version(Some(SslVersion::TLS1_2)).map_err(unusable)?;
    read(files.ca, "certificates")?;
    context
        .set_ca_file(files.ca)
        .map_err(|_| Failure::argument(format!("'{}' does not hold certificates in PEM form", files.ca)))?;
    if !files.certificate.is_empty() {
        show(&mut context, files)?;
    }
    context.set_verify_callback(SslVerifyMode::PEER, move |good, chain| good || knowledge.accept(chain, &hosts));
    Ok(context.build())
}

/// Takes the client's certificate, with those between it and its authority, and its key.
fn show(context: &mut SslContextBuilder, files: Files) -> Result<(), Failure> {
    let not_pem = || Failure::argument(format!("'{}' does not hold a certificate in PEM form", files.certificate));
    let mut chain = X509::stack_from_pem(&read(files.certificate, "certificate")?).map_err(|_| not_pem())?.into_iter();
    let own = chain.next().ok_or_else(not_pem)?;
    let key = private_key(files.key)?;
    if !own.public_key().is_ok_and(|public| public.public_eq(&key)) {
        return Err(Failure::argument(format!(
            "the key in '{}' is not that of the certificate in '{}'",
            files.key, files.certificate
        )));
    }
    let refused =
        |error| Failure::argument(format!("OpenSSL does not take the certificate in '{}': {error}", files.certificate));
    context.set_certificate(&own).map_err(refused)?;
    for between in chain {
        context.add_extra_chain_cert(between).map_err(refused)?;
    }
    context.set_private_key(&key).map_err(refused)
}

fn private_key(file: &str) -> Result<PKey<Private>, Failure> {
    let mut is_locked = false;
    // Without a callback OpenSSL would ask for the password at the terminal.
    let key = PKey::private_key_from_pem_callback(&read(file, "key")?, |_| {
        is_locked = true;
        Ok(0)
    });
    key.map_err(|_| match is_locked {
        true => Failure::argument(format!(
            "the key in '{file}' is encrypted; give one that is not, readable by this program only"
        )),
        false => Failure::argument(format!("'{file}' does not hold a private key in PEM form")),
    })
}

fn read(file: &str, what: &str) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| Failure::argument(format!("cannot read the {what} in '{file}': {error}")))
}

/// OpenSSL's words for a fault of TLS itself; none for one of the connection below.
fn reasons(error: &ssl::Error) -> Vec<&str> {
    error.ssl_error().into_iter().flat_map(|stack| stack.errors()).filter_map(|error| error.reason()).collect()
}

/// The contact points that are names, without their ports.
pub fn hosts_of(contact_points: &[String]) -> Vec<String> {
    let host = |node: &String| match node.rsplit_once(':') {
        Some((host, _)) if !host.contains(':') => host.to_owned(),
        Some(_) => String::new(), // An IPv6 address.
        None => node.clone(),
    };
    contact_points.iter().map(host).filter(|host| !host.is_empty() && host.parse::<IpAddr>().is_err()).collect()
}

/// Whether the certificate is for that host, by its alternative names only: the common name is for people.
fn names(certificate: &X509Ref, host: &str) -> bool {
    let flags = ffi::X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | ffi::X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
    // SAFETY: the certificate is valid, the text is as long as is said, and the name that matched is not asked for.
    unsafe { ffi::X509_check_host(certificate.as_ptr(), host.as_ptr().cast(), host.len(), flags, ptr::null_mut()) == 1 }
}

fn all_names(certificate: &X509Ref) -> String {
    let names: Vec<String> = certificate
        .subject_alt_names()
        .iter()
        .flatten()
        .filter_map(|name| name.dnsname().map(shown).or_else(|| name.ipaddress().and_then(address)))
        .collect();
    match names.len() {
        0 => "no host".to_owned(),
        count if count > SHOWN_NAMES => format!("{} and {} more", names[..SHOWN_NAMES].join(", "), count - SHOWN_NAMES),
        _ => names.join(", "),
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(|four| IpAddr::from(four).to_string()),
        _ => <[u8; 16]>::try_from(bytes).ok().map(|sixteen| IpAddr::from(sixteen).to_string()),
    }
}

fn common_name(name: &X509NameRef) -> String {
    let entry = name.entries_by_nid(openssl::nid::Nid::COMMONNAME).next();
    entry
        .and_then(|entry| entry.data().to_string().ok())
        .map_or_else(|| "somebody without a name".to_owned(), |name| shown(&name))
}

/// A stranger's text, fit for a message.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARACTERS).map(|character| if character.is_control() { '?' } else { character }).collect()
}

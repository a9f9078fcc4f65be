//! Whom the server answers: which Host, which Origin, which token.

use super::reply::{say, whole, with, Reply};
use bytes::Bytes;
use hyper::{
    header::{
        HeaderName, HeaderValue, ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, ORIGIN,
        REFERRER_POLICY, REFRESH, SET_COOKIE, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
    HeaderMap, Method, Request, StatusCode,
};
use openssl::{memcmp, sha::sha256};
use std::net::IpAddr;

const SECURITY: [(HeaderName, &str); 6] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
const LEAST_TOKEN: usize = 16;

/// Adds what every answer carries.
pub fn harden(reply: &mut Reply) {
    for (name, value) in SECURITY {
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}

pub struct Guard {
    hosts: Vec<String>,
    /// SHA-256 of the token: comparing digests takes the same time for all wrong tokens, and they have one length.
    token: Option<[u8; 32]>,
    cookie_name: String,
    /// Made from the token, which therefore no browser stores. It is still good after a restart.
    cookie_value: String,
    tls: bool,
}

impl Guard {
    pub fn new(token: &str, hosts: &str, port: u16, tls: bool) -> Result<Guard, String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if !token.is_empty() && (token.len() < LEAST_TOKEN || !token.bytes().all(plain)) {
            return Err(format!("the token needs {LEAST_TOKEN} or more of the characters A-Z a-z 0-9 - . _ ~"));
        }
        let given = hosts.split(',').map(|host| host.trim().to_ascii_lowercase()).filter(|host| !host.is_empty());
        let derived = sha256(format!("cookie of {token}").as_bytes());
        Ok(Guard {
            hosts: given.chain(["localhost".to_owned()]).collect(),
            token: (!token.is_empty()).then(|| sha256(token.as_bytes())),
            // A browser sends the cookies of one host to all its ports.
            cookie_name: format!("{}turntable_{port}", if tls { "__Host-" } else { "" }),
            cookie_value: derived.iter().map(|byte| format!("{byte:02x}")).collect(),
            tls,
        })
    }

    /// Refuses what a page of another origin can make a browser send.
    pub fn check<T>(&self, request: &Request<T>) -> Result<(), Reply> {
        let headers = request.headers();
        let no = |text| Err(say(StatusCode::FORBIDDEN, text));
        let mut hosts = headers.get_all(HOST).iter().map(|host| host.to_str().unwrap_or_default());
        let (Some(host), None, None) = (hosts.next(), hosts.next(), request.uri().authority()) else {
            return Err(say(StatusCode::BAD_REQUEST, "one Host header and a plain path are needed"));
        };
        if !self.knows(host) {
            return no("this Host is not one of the server's names; call it localhost or by its IP address");
        }
        let scheme = if self.tls { "https" } else { "http" };
        let own = format!("{scheme}://{host}");
        if headers.get_all(ORIGIN).iter().any(|origin| !origin.as_bytes().eq_ignore_ascii_case(own.as_bytes())) {
            return no("this Origin is not the server's");
        }
        // "same-site" may be another port of this host, to which a browser sends our cookies too.
        let fetch = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap_or_default());
        if ["cross-site", "same-site"].contains(&fetch("sec-fetch-site")) && fetch("sec-fetch-mode") != "navigate" {
            return no("only pages of this server may fetch from it");
        }
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return Err(with(say(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are known"), ALLOW, "GET, HEAD"));
        }
        Ok(())
    }

    /// Who owns a name can bind it anew to this machine's address. An address cannot be rebound.
    fn knows(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        address.parse::<IpAddr>().is_ok() || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
    }

    /// Whether the request carries the token, as Bearer or by its cookie. Without a token everybody is trusted.
    pub fn trusts(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        if bearer.is_some_and(|given| memcmp::eq(&sha256(given.trim().as_bytes()), token)) {
            return true;
        }
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let digest = sha256(self.cookie_value.as_bytes());
        pairs.any(|(name, value)| name == self.cookie_name && memcmp::eq(&sha256(value.as_bytes()), &digest))
    }

    /// The answer to a first visit with ?token=…: the cookie, and on to the same page without the token. Not by a
    /// redirect: behind a click in another site's page, browsers do not send a Strict cookie along with it.
    pub fn welcome<T>(&self, request: &Request<T>) -> Option<Reply> {
        let (token, query) = (self.token.as_ref()?, request.uri().query()?);
        let given = query.split('&').find_map(|pair| pair.strip_prefix("token="))?;
        if !memcmp::eq(&sha256(given.as_bytes()), token) {
            return None;
        }
        let secure = if self.tls { "; Secure" } else { "" };
        let (name, value) = (&self.cookie_name, &self.cookie_value);
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000{secure}");
        let reply = whole(StatusCode::OK, Bytes::from_static(b"Welcome.\n"));
        let reply = with(with(reply, SET_COOKIE, &cookie), CACHE_CONTROL, "no-store");
        Some(with(reply, REFRESH, &format!("0;url={}", request.uri().path())))
    }

    pub fn ask_for_token(&self) -> Reply {
        let reply = say(StatusCode::UNAUTHORIZED, "visit this page with ?token=… or send the token as Bearer");
        with(reply, WWW_AUTHENTICATE, "Bearer")
    }
}

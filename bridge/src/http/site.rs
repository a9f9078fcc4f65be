//! What the program has published. The program's threads only swap pointers here; the server's thread only reads.

use super::{
    negotiate::{list, quality},
    reply::{say, whole, Reply},
};
use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use hyper::{
    header::{
        HeaderValue, ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
    },
    HeaderMap, StatusCode,
};
use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    sync::Arc,
    time::{Instant, SystemTime},
};

const PAGES: usize = 64;
const PATH_BYTES: usize = 256;
/// Paths that the server itself answers.
const TAKEN: [&str; 3] = ["/healthz", "/readyz", "/api/live"];

/// One form of a page, as the program gave it.
pub struct Given<'a> {
    pub content_type: &'a str,
    pub encoding: &'a str,
    pub bytes: &'a [u8],
}

struct Representation {
    content_type: HeaderValue,
    encoding: String,
    bytes: Bytes,
    etag: HeaderValue,
}

pub struct Page {
    pub public: bool,
    bodies: Vec<Representation>,
}

/// One event, framed for the wire.
pub struct Event {
    pub number: u64,
    pub frame: Bytes,
}

/// Whether it is so, and where it is not, why.
type State = ArcSwap<(bool, String)>;

pub struct Site {
    pages: ArcSwap<HashMap<Arc<str>, Arc<Page>>>,
    pub event: ArcSwapOption<Event>,
    ready: State,
    healthy: State,
    epoch: Instant,
    /// Tells the ETags of this process from those of the one before it.
    era: u64,
    numbers: AtomicU64,
    sign_of_life_ms: AtomicU64,
    stale_after_ms: u64,
}

impl Site {
    pub fn new(stale_after_ms: u64) -> Site {
        let era = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |age| age.as_nanos() as u64);
        Site {
            pages: ArcSwap::default(),
            event: ArcSwapOption::empty(),
            ready: ArcSwap::from_pointee((false, "starting".into())),
            healthy: ArcSwap::from_pointee((true, String::new())),
            epoch: Instant::now(),
            era,
            numbers: AtomicU64::new(1),
            sign_of_life_ms: AtomicU64::new(0),
            stale_after_ms,
        }
    }

    fn live(&self) {
        self.sign_of_life_ms.store(self.epoch.elapsed().as_millis() as u64, Relaxed);
    }

    pub fn publish(&self, path: &str, public: bool, bodies: Vec<Given>) -> Result<(), String> {
        self.live();
        let odd = |byte: u8| !byte.is_ascii_graphic() || b"?#%\"<>\\".contains(&byte);
        let plain = path.starts_with('/') && !path.starts_with("//") && !path.bytes().any(odd);
        if !plain || path.len() > PATH_BYTES || TAKEN.contains(&path) {
            return Err(format!("'{}' cannot be the path of a page", path.escape_debug()));
        }
        let pages = self.pages.load();
        let old = pages.get(path);
        if old.is_none() && pages.len() >= PAGES {
            return Err(format!("there are {PAGES} pages already"));
        }
        let mut representations = Vec::with_capacity(bodies.len());
        for (index, given) in bodies.into_iter().enumerate() {
            representations.push(self.representation(index, given, old.and_then(|old| old.bodies.get(index)))?);
        }
        let page = Arc::new(Page { public, bodies: representations });
        let key: Arc<str> = path.into();
        self.pages.rcu(|pages| {
            let mut pages = HashMap::clone(pages);
            match page.bodies.is_empty() {
                true => pages.remove(&key),
                false => pages.insert(key.clone(), page.clone()),
            };
            pages
        });
        Ok(())
    }

    fn representation(
        &self,
        index: usize,
        given: Given,
        old: Option<&Representation>,
    ) -> Result<Representation, String> {
        let encoding = given.encoding;
        if !["", "gzip"].contains(&encoding) || (index == 0 && !encoding.is_empty()) {
            return Err(format!("'{}' cannot be the content encoding of body {index}", encoding.escape_debug()));
        }
        let content_type = HeaderValue::from_str(given.content_type)
            .map_err(|_| format!("the content type of body {index} has odd characters"))?;
        let (bytes, etag) = match old.filter(|old| old.bytes == given.bytes && old.content_type == content_type) {
            Some(old) => (old.bytes.clone(), old.etag.clone()),
            None => {
                let tag = format!("\"{:x}-{:x}\"", self.era, self.numbers.fetch_add(1, Relaxed));
                (Bytes::copy_from_slice(given.bytes), HeaderValue::try_from(tag).expect("hexadecimal digits"))
            }
        };
        Ok(Representation { content_type, encoding: encoding.into(), bytes, etag })
    }

    pub fn publish_event(&self, text: &str) {
        self.live();
        let number = self.numbers.fetch_add(1, Relaxed);
        let mut frame = format!("event: status\nid: {number}\n").into_bytes();
        for line in text.split(['\n', '\r']) {
            frame.extend_from_slice(b"data: ");
            frame.extend_from_slice(line.as_bytes());
            frame.push(b'\n');
        }
        frame.push(b'\n');
        self.event.store(Some(Arc::new(Event { number, frame: frame.into() })));
    }

    pub fn set_ready(&self, ready: bool, reason: &str) {
        self.live();
        self.ready.store(Arc::new((ready, reason.into())));
    }

    pub fn set_healthy(&self, healthy: bool, reason: &str) {
        self.live();
        self.healthy.store(Arc::new((healthy, reason.into())));
    }

    pub fn page(&self, path: &str) -> Option<Arc<Page>> {
        self.pages.load().get(path).cloned()
    }

    pub fn health(&self) -> Reply {
        // The sign may be given after the clock was read.
        let silent = (self.epoch.elapsed().as_millis() as u64).saturating_sub(self.sign_of_life_ms.load(Relaxed));
        if self.stale_after_ms > 0 && silent > self.stale_after_ms {
            return say(StatusCode::SERVICE_UNAVAILABLE, &format!("nothing was published for {silent} ms"));
        }
        answer(&self.healthy, "ok")
    }

    pub fn readiness(&self) -> Reply {
        let health = self.health();
        if health.status() != StatusCode::OK {
            return health;
        }
        answer(&self.ready, "ready")
    }
}

fn answer(state: &State, well: &str) -> Reply {
    let state = state.load();
    match state.0 {
        true => say(StatusCode::OK, well),
        false => say(StatusCode::SERVICE_UNAVAILABLE, &state.1),
    }
}

impl Page {
    pub fn answer(&self, asked: &HeaderMap) -> Reply {
        let body = self.choose(asked);
        let tag = body.etag.to_str().unwrap_or_default();
        let known = list(asked, IF_NONE_MATCH)
            .split(',')
            .map(|one| one.trim().trim_start_matches("W/"))
            .any(|one| one == tag || one == "*");
        let mut reply = match known {
            true => whole(StatusCode::NOT_MODIFIED, Bytes::new()),
            false => whole(StatusCode::OK, body.bytes.clone()),
        };
        let headers = reply.headers_mut();
        headers.insert(ETAG, body.etag.clone());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        if self.bodies.len() > 1 {
            headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
        }
        if !known {
            headers.insert(CONTENT_TYPE, body.content_type.clone());
            if body.encoding == "gzip" {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
        }
        reply
    }

    /// The best that the client accepts; where it accepts nothing of what there is, the first.
    fn choose(&self, asked: &HeaderMap) -> &Representation {
        let (accept, encodings) = (list(asked, ACCEPT), list(asked, ACCEPT_ENCODING));
        let worth = |(index, body): &(usize, &Representation)| {
            let media = match accept.is_empty() {
                true => 1000,
                false => quality(&accept, body.content_type.to_str().unwrap_or_default()),
            };
            (media, !body.encoding.is_empty(), Reverse(*index))
        };
        let fits = |body: &Representation| body.encoding.is_empty() || quality(&encodings, &body.encoding) > 0;
        let best = self.bodies.iter().enumerate().filter(|(_, body)| fits(body)).max_by_key(worth);
        best.map_or(&self.bodies[0], |(_, body)| body)
    }
}

//! GET /api/live: server-sent events, of which the latest wins. A client costs one pointer to an event and its socket's
//! send buffer.

use super::{
    reply::{say, whole, with, Body, Reply},
    server::Connection,
    site::{Event, Site},
};
use bytes::Bytes;
use hyper::{
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
    StatusCode,
};
use std::{
    future::Future,
    pin::Pin,
    sync::{
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        Arc, Mutex,
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::{watch, Notify},
    time::{sleep, timeout},
};

/// How often the program's latest event is looked for. The program does not announce it: a wake-up would make its
/// thread take a lock of the runtime and make a system call.
const TICK: Duration = Duration::from_millis(20);
/// A client that lacks this many events may be closed to make room.
const LAGS: u64 = 5;

type Latest = Option<Arc<Event>>;

pub struct Live {
    clients: Mutex<Vec<Arc<Client>>>,
    room: usize,
    heartbeat: Duration,
    wanted: Notify,
    latest: watch::Sender<Latest>,
    closed: AtomicBool,
    /// How many events clients were offered; and each client has the number of the last that it took.
    offered: AtomicU64,
    pub dropped: AtomicU64,
    /// For the program's threads, which must not take the lock.
    pub count: AtomicU64,
}

struct Client {
    connection: Arc<Connection>,
    taken: AtomicU64,
}

/// Takes the client off the list when hyper drops the stream.
struct Seat {
    live: Arc<Live>,
    client: Arc<Client>,
    latest: watch::Receiver<Latest>,
    first: bool,
}

impl Seat {
    /// The next frame, or nothing at the end of the stream.
    async fn next(mut self) -> Option<(Bytes, Seat)> {
        let frame = if std::mem::take(&mut self.first) {
            self.latest.mark_changed();
            Bytes::from_static(b"retry: 2000\n\n")
        } else {
            match timeout(self.live.heartbeat, self.latest.changed()).await {
                _ if self.live.closed.load(Relaxed) => return None,
                Ok(Ok(())) => {
                    let event = self.latest.borrow_and_update();
                    event.as_ref().map_or(Bytes::from_static(b":\n\n"), |event| event.frame.clone())
                }
                Ok(Err(_)) => return None,
                Err(_) => Bytes::from_static(b":\n\n"),
            }
        };
        self.client.taken.store(self.live.offered.load(Relaxed), Relaxed);
        Some((frame, self))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut clients = self.live.clients.lock().expect("no panic with it");
        clients.retain(|other| !Arc::ptr_eq(other, &self.client));
        self.live.count.store(clients.len() as u64, Relaxed);
    }
}

/// The stream of one client.
pub struct Frames {
    next: Pin<Box<dyn Future<Output = Option<(Bytes, Seat)>> + Send>>,
}

impl Frames {
    pub fn poll_next(&mut self, context: &mut Context) -> Poll<Option<Bytes>> {
        self.next.as_mut().poll(context).map(|ready| {
            let (frame, seat) = ready?;
            self.next = Box::pin(seat.next());
            Some(frame)
        })
    }
}

impl Live {
    pub fn new(room: usize, heartbeat: Duration) -> Live {
        let (latest, _) = watch::channel(None);
        let (clients, wanted, closed, offered, dropped, count) = Default::default();
        Live { clients, room, heartbeat, wanted, latest, closed, offered, dropped, count }
    }

    /// Ends the streams of all clients that read.
    pub fn close(&self) {
        self.closed.store(true, Relaxed);
        self.latest.send_modify(|_| {});
    }

    /// Hands the program's latest event to the clients, without end.
    pub async fn distribute(&self, site: &Site) {
        loop {
            if self.latest.receiver_count() == 0 {
                self.wanted.notified().await;
            }
            let event = site.event.load_full();
            let number = |event: &Latest| event.as_ref().map_or(0, |event| event.number);
            if number(&event) != number(&self.latest.borrow()) {
                self.offered.fetch_add(1, Relaxed);
                self.latest.send_replace(event);
            }
            sleep(TICK).await;
        }
    }

    pub fn answer(self: &Arc<Live>, connection: &Arc<Connection>, head: bool) -> Reply {
        let kind = |reply| with(with(reply, CONTENT_TYPE, "text/event-stream"), CACHE_CONTROL, "no-store");
        if head {
            return kind(whole(StatusCode::OK, Bytes::new()));
        }
        let taken = AtomicU64::new(self.offered.load(Relaxed));
        let client = Arc::new(Client { connection: connection.clone(), taken });
        {
            let mut clients = self.clients.lock().expect("no panic with it");
            if clients.len() >= self.room && !self.drop_slowest(&mut clients) {
                return with(say(StatusCode::SERVICE_UNAVAILABLE, "too many live clients"), RETRY_AFTER, "5");
            }
            clients.push(client.clone());
            self.count.store(clients.len() as u64, Relaxed);
        }
        connection.live.store(true, Relaxed);
        let seat = Seat { live: self.clone(), client, latest: self.latest.subscribe(), first: true };
        self.wanted.notify_one();
        kind(Reply::new(Body::Live(Frames { next: Box::pin(seat.next()) })))
    }

    /// hyper does not poll the stream of a client that does not read, so its connection must be ended from outside.
    fn drop_slowest(&self, clients: &mut Vec<Arc<Client>>) -> bool {
        let slowest = (0..clients.len()).min_by_key(|&index| clients[index].taken.load(Relaxed));
        let Some(index) = slowest else { return false };
        if self.offered.load(Relaxed).saturating_sub(clients[index].taken.load(Relaxed)) < LAGS {
            return false;
        }
        clients.remove(index).connection.kill.notify_one();
        self.dropped.fetch_add(1, Relaxed);
        true
    }
}

//! The listener, its connections and their limits. All of this runs on one thread, which the program starts and stops.

use super::{
    guard::{harden, Guard},
    live::Live,
    reply::{say, Reply},
    site::Site,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn, Method, Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use openssl::ssl::{Ssl, SslAcceptor, SslFiletype, SslMethod};
use socket2::{Domain, Socket, Type};
use std::{
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    pin::{pin, Pin},
    sync::{
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc, Arc,
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    select,
    sync::{watch, Notify},
    task::JoinSet,
    time::{sleep, timeout, Instant},
};
use tokio_openssl::SslStream;

/// Of its thread: a panic there ends one connection (`bug.rs`).
pub const THREAD: &str = "http";

const HEADER_BYTES: usize = 8 << 10;
const HEADERS: usize = 64;
/// Of hyper's buffers, per connection and direction.
const BUFFER_BYTES: usize = 16 << 10;
/// Asked of the kernel, which doubles them and then does not grow them. Without it, a client that does not read makes the
/// kernel hold megabytes.
const SEND_BYTES: usize = 32 << 10;
const RECEIVE_BYTES: usize = 16 << 10;
const BACKLOG: i32 = 1024;
/// A connection that is not live ends after this age, and has `GRACE` to end well.
const MAX_AGE: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(1);
/// How long stopping waits for the thread.
const STOP: Duration = Duration::from_secs(3);
/// After accept() failed, for want of descriptors or memory.
const PAUSE: Duration = Duration::from_millis(50);

pub struct Options<'a> {
    pub address: &'a str,
    pub token: &'a str,
    pub hosts: &'a str,
    pub certificate_file: &'a str,
    pub key_file: &'a str,
    pub panic_path: &'a str,
    pub port: u16,
    pub connections: usize,
    pub reserve: usize,
    pub live_clients: usize,
    pub header_timeout: Duration,
    pub write_timeout: Duration,
    pub heartbeat: Duration,
    pub stale_after_ms: u64,
    pub nice: i32,
}

#[derive(Default)]
pub struct Counters {
    pub connections: AtomicU64,
    pub open: AtomicU64,
    pub evicted: AtomicU64,
    pub reserved: AtomicU64,
    pub requests: AtomicU64,
    pub refused: AtomicU64,
    pub panics: AtomicU64,
}

#[derive(Default)]
pub struct Connection {
    pub kill: Notify,
    pub live: AtomicBool,
    /// Has shown the token, where there is one, or a sound request: is not closed to make room.
    trusted: AtomicBool,
    /// Of the reserve: gets answers about health only.
    reserve: bool,
}

pub struct App {
    pub site: Site,
    pub live: Arc<Live>,
    pub counters: Counters,
    guard: Guard,
    header_timeout: Duration,
    tls: Option<SslAcceptor>,
    /// For tests only.
    panic_path: String,
}

pub struct Server {
    pub app: Arc<App>,
    pub port: u16,
    stop: watch::Sender<bool>,
    ended: mpsc::Receiver<()>,
}

impl Server {
    pub fn start(options: &Options) -> Result<Server, String> {
        let address: IpAddr = options.address.parse().map_err(|_| {
            format!("'{}' is not an IP address, such as 127.0.0.1 or 0.0.0.0", options.address.escape_debug())
        })?;
        if !address.is_loopback() && options.token.is_empty() {
            return Err(format!("a token is needed to listen on {address}, where other machines can connect"));
        }
        check_descriptors((options.connections + options.reserve) as u64)?;
        let tls = acceptor(options.certificate_file, options.key_file)?;
        let socket = listen(SocketAddr::new(address, options.port), options.write_timeout)
            .map_err(|error| format!("cannot listen on {address} port {}: {error}", options.port))?;
        let port = socket.local_addr().ok().and_then(|address| address.as_socket()).map_or(0, |address| address.port());
        let app = Arc::new(App {
            site: Site::new(options.stale_after_ms),
            live: Arc::new(Live::new(options.live_clients, options.heartbeat)),
            counters: Counters::default(),
            guard: Guard::new(options.token, options.hosts, port, tls.is_some())?,
            header_timeout: options.header_timeout,
            tls,
            panic_path: options.panic_path.into(),
        });
        let (stop, stopping) = watch::channel(false);
        let (ends, ended) = mpsc::channel();
        let (room, reserve, nice) = (options.connections, options.reserve, options.nice);
        let shared = app.clone();
        let work = move || {
            unburden(nice);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("epoll works");
            runtime.block_on(accept(shared, socket, room, reserve, stopping));
            runtime.shutdown_background();
            let _ = ends.send(());
        };
        let spawned = std::thread::Builder::new().name(THREAD.into()).spawn(work);
        spawned.map_err(|error| format!("cannot start the thread of the HTTP server: {error}"))?;
        Ok(Server { app, port, stop, ended })
    }

    /// Whether the thread ended in time.
    pub fn stop(self) -> bool {
        let _ = self.stop.send(true);
        // Where the thread has died, its end of the channel is closed.
        !matches!(self.ended.recv_timeout(STOP), Err(mpsc::RecvTimeoutError::Timeout))
    }
}

/// The program must have room for its own files, however many clients there are.
fn check_descriptors(wanted: u64) -> Result<(), String> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid for the call.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    if wanted <= limit.rlim_cur / 2 {
        return Ok(());
    }
    Err(format!(
        "{wanted} connections are more than half of the {} files that may be open; raise the limit (ulimit -n)",
        limit.rlim_cur
    ))
}

/// Signals are for the program's threads, and so is the processor.
fn unburden(nice: i32) {
    // SAFETY: sigfillset() initialises the set before it is read. On Linux, 0 stands for the calling thread.
    unsafe {
        let mut all = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &all, std::ptr::null_mut());
        libc::setpriority(libc::PRIO_PROCESS, 0, nice);
    }
}

fn acceptor(certificate: &str, key: &str) -> Result<Option<SslAcceptor>, String> {
    if certificate.is_empty() && key.is_empty() {
        return Ok(None);
    }
    let build = || {
        let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
        builder.set_certificate_chain_file(certificate)?;
        builder.set_private_key_file(key, SslFiletype::PEM)?;
        builder.check_private_key()?;
        Ok(Some(builder.build()))
    };
    build().map_err(|error: openssl::error::ErrorStack| {
        format!(
            "the certificate '{}' and the key '{}' cannot be used: {error}",
            certificate.escape_debug(),
            key.escape_debug()
        )
    })
}

fn listen(address: SocketAddr, write_timeout: Duration) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // Connections inherit these. The timeout ends clients whose window stays shut; hyper has none for writing.
    socket.set_send_buffer_size(SEND_BYTES)?;
    socket.set_recv_buffer_size(RECEIVE_BYTES)?;
    socket.set_tcp_user_timeout(Some(write_timeout))?;
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

async fn accept(app: Arc<App>, socket: Socket, room: usize, reserve: usize, mut stopping: watch::Receiver<bool>) {
    let listener = TcpListener::from_std(socket.into()).expect("the socket is non-blocking");
    let (mut pool, mut spare) = (Vec::new(), Vec::new());
    let mut tasks = JoinSet::new();
    let events = tokio::spawn({
        let app = app.clone();
        async move { app.live.distribute(&app.site).await }
    });
    loop {
        app.counters.open.store(tasks.len() as u64, Relaxed);
        let accepted = select! {
            _ = stopping.changed() => break,
            ended = tasks.join_next(), if !tasks.is_empty() => {
                if ended.is_some_and(|outcome| outcome.is_err()) {
                    app.counters.panics.fetch_add(1, Relaxed);
                }
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            sleep(PAUSE).await;
            continue;
        };
        app.counters.connections.fetch_add(1, Relaxed);
        let main = make_room(&mut pool, room, &app.counters);
        if !main {
            make_room(&mut spare, reserve, &app.counters);
            app.counters.reserved.fetch_add(1, Relaxed);
        }
        let connection = Arc::new(Connection { reserve: !main, ..Connection::default() });
        if main { &mut pool } else { &mut spare }.push(connection.clone());
        tasks.spawn(serve(stream, connection, app.clone(), stopping.clone()));
    }
    drop(listener);
    events.abort();
    app.live.close();
    let _ = timeout(2 * GRACE, async { while tasks.join_next().await.is_some() {} }).await;
    tasks.shutdown().await;
}

/// Whether there is room for one more, after the oldest connection that is not trusted was closed if need be. A task
/// holds its connection to its end.
fn make_room(pool: &mut Vec<Arc<Connection>>, room: usize, counters: &Counters) -> bool {
    pool.retain(|connection| Arc::strong_count(connection) > 1);
    if pool.len() < room {
        return true;
    }
    let Some(index) = pool.iter().position(|connection| !connection.trusted.load(Relaxed)) else { return false };
    pool.remove(index).kill.notify_one();
    counters.evicted.fetch_add(1, Relaxed);
    true
}

async fn serve(stream: TcpStream, connection: Arc<Connection>, app: Arc<App>, stopping: watch::Receiver<bool>) {
    let work = async {
        let Some(acceptor) = &app.tls else { return talk(stream, &connection, &app, stopping).await };
        let Ok(ssl) = Ssl::new(acceptor.context()) else { return };
        let Ok(mut stream) = SslStream::new(ssl, stream) else { return };
        if let Ok(Ok(())) = timeout(app.header_timeout, Pin::new(&mut stream).accept()).await {
            talk(stream, &connection, &app, stopping).await;
        }
    };
    select! {
        _ = connection.kill.notified() => {}
        _ = work => {}
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    connection: &Arc<Connection>,
    app: &Arc<App>,
    mut stopping: watch::Receiver<bool>,
) {
    let service = service_fn(|request: Request<Incoming>| {
        app.counters.requests.fetch_add(1, Relaxed);
        let mut reply = answer(app, connection, &request);
        harden(&mut reply);
        if reply.status().is_client_error() || reply.status().is_server_error() {
            app.counters.refused.fetch_add(1, Relaxed);
        }
        async move { Ok::<_, Infallible>(reply) }
    });
    // The time for a header counts from the connection's beginning and again from each answer.
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.header_timeout)
        .max_header_size(HEADER_BYTES)
        .max_headers(HEADERS)
        .max_buf_size(BUFFER_BYTES)
        .keep_alive(!connection.reserve)
        .serve_connection(TokioIo::new(stream), service);
    let mut http = pin!(http);
    let mut deadline = pin!(sleep(if connection.reserve { GRACE } else { MAX_AGE }));
    let mut ending = connection.reserve;
    loop {
        select! {
            _ = http.as_mut() => return,
            _ = stopping.changed(), if !*stopping.borrow() => {}
            _ = deadline.as_mut() => {
                if ending {
                    return;
                }
                if connection.live.load(Relaxed) {
                    deadline.as_mut().reset(Instant::now() + MAX_AGE);
                    continue;
                }
            }
        }
        ending = true;
        http.as_mut().graceful_shutdown();
        deadline.as_mut().reset(Instant::now() + GRACE);
    }
}

fn answer<T>(app: &App, connection: &Arc<Connection>, request: &Request<T>) -> Reply {
    let path = request.uri().path();
    let asks = [Method::GET, Method::HEAD].contains(request.method());
    match path {
        "/healthz" if asks => return app.site.health(),
        "/readyz" if asks => return app.site.readiness(),
        _ if connection.reserve => return say(StatusCode::SERVICE_UNAVAILABLE, "too many connections"),
        _ => {}
    }
    if let Err(refusal) = app.guard.check(request) {
        return refusal;
    }
    let page = app.site.page(path);
    if !app.guard.trusts(request.headers()) {
        // What is there cannot be guessed without the token: the answer is the same for every path.
        return match &page {
            Some(page) if page.public => page.answer(request.headers()),
            // Only to a path of ours, or "//elsewhere" would lead there.
            Some(_) => app.guard.welcome(request).unwrap_or_else(|| app.guard.ask_for_token()),
            None => app.guard.ask_for_token(),
        };
    }
    connection.trusted.store(true, Relaxed);
    assert!(app.panic_path.is_empty() || path != app.panic_path, "a panic that was asked for");
    match page {
        _ if path == "/api/live" => app.live.answer(connection, request.method() == Method::HEAD),
        Some(page) => page.answer(request.headers()),
        None => say(StatusCode::NOT_FOUND, "there is no such page"),
    }
}

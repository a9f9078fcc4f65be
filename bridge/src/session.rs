//! A session: the connections to one cluster, the runtime that serves them, and the statements prepared on it.

use crate::{
    ask::{Answer, Coordinators},
    completions::Completions,
    errors::{Blame, Carries, Code, Failure},
    submit::Prepared,
    tls,
};
use scylla::{
    client::{execution_profile::ExecutionProfile, session::Session as Driver, session_builder::SessionBuilder},
    policies::{load_balancing::DefaultPolicy, speculative_execution::SimpleSpeculativeExecutionPolicy},
    statement::{unprepared::Statement, Consistency},
};
use std::{future::Future, mem::MaybeUninit, ptr, sync::Arc, time::Duration};
use tokio::runtime::{Builder, Runtime};

const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(12);
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Creating a table takes a slow node many times as long as a write does.
const LEAST_DDL_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a connection is asked whether its node still answers, …
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(3);
/// … and after how long without an answer it is given up and made anew. The driver has no other bound for a handshake:
/// one node that takes connections and then says nothing keeps a new session waiting for both of these together.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(5);
/// A node that lives answers a write within its own write_request_timeout of two seconds, with a timeout if nothing
/// else. After this long the same write is sent to another node too; it is idempotent. Once only: a cluster that is
/// merely slow must not get much more to do.
const HANGING_AFTER: Duration = Duration::from_secs(3);
const NODES_MORE: usize = 1;
/// How long closing waits for the runtime's threads.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// The options of `bridge_options`, with empty texts and zeros for what was not given.
pub struct Options<'a> {
    pub contact_points: &'a str,
    pub username: &'a str,
    pub password: &'a str,
    pub ca_file: &'a str,
    pub certificate_file: &'a str,
    pub key_file: &'a str,
    pub consistency: &'a str,
    pub local_dc: &'a str,
    pub io_threads: u32,
    pub request_timeout_ms: u32,
    pub connect_timeout_ms: u32,
}

impl Options<'_> {
    fn files(&self) -> tls::Files<'_> {
        tls::Files { ca: self.ca_file, certificate: self.certificate_file, key: self.key_file }
    }

    /// Finds what is wrong with them without connecting.
    pub fn check(&self) -> Result<(), Failure> {
        let nodes = contact_points(self.contact_points)?;
        self.files().check()?;
        if !self.consistency.is_empty() {
            consistency(self.consistency)?;
        }
        if !self.ca_file.is_empty() {
            tls::context(self.files(), tls::hosts_of(&nodes), tls::Knowledge::new(self.files()))?;
        }
        Ok(())
    }
}

/// What a session shares with its queries. Tasks hold the driver only: a runtime must not end on one of its own threads.
pub struct Connection {
    runtime: Option<Runtime>,
    pub driver: Arc<Driver>,
    pub blame: Blame,
    pub request_timeout: Duration,
}

impl Connection {
    pub fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("the runtime lives until the connection is dropped")
    }

    /// Runs `work` on the caller's thread, for at most `limit`.
    pub fn wait<T>(&self, limit: Duration, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        self.runtime().block_on(async {
            match tokio::time::timeout(limit, work).await {
                Ok(outcome) => outcome,
                Err(_) => Err(self.blame.timeout(limit)),
            }
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
        }
    }
}

pub struct Session {
    pub connection: Arc<Connection>,
    pub completions: Arc<Completions>,
    pub coordinators: Arc<Coordinators>,
    /// Of the questions that the caller fetched last.
    pub answers: Vec<Answer>,
    pub statements: Vec<Prepared>,
}

impl Session {
    pub fn connect(options: &Options) -> Result<Session, Failure> {
        let nodes = contact_points(options.contact_points)?;
        let files = options.files();
        files.check()?;
        let blame = Blame { nodes: nodes.join(", "), tls: (!files.ca.is_empty()).then(|| tls::Knowledge::new(files)) };
        let request_timeout = millis(options.request_timeout_ms, DEFAULT_REQUEST_TIMEOUT);
        let connect_timeout = millis(options.connect_timeout_ms, DEFAULT_CONNECT_TIMEOUT);
        let mut builder = configure(options, &nodes, request_timeout, connect_timeout)?;
        if let Some(knowledge) = &blame.tls {
            builder = builder.tls_context(Some(tls::context(files, tls::hosts_of(&nodes), knowledge.clone())?));
        }

        ignore_sigpipe();
        let completions = Completions::new().map_err(|error| Failure::new(Code::Other, error))?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(options.io_threads.max(1) as usize)
            .thread_name("cassandra-io")
            .on_thread_start(block_signals)
            .enable_all()
            .build()
            .map_err(|error| Failure::new(Code::Other, format!("cannot start the threads for Cassandra: {error}")))?;

        // A node that accepts the connection and then says nothing is bounded by the request timeout.
        let limit = connect_timeout * nodes.len() as u32 + request_timeout;
        let outcome = runtime.block_on(async { tokio::time::timeout(limit, builder.build()).await });
        let failure = match outcome {
            Ok(Ok(driver)) => {
                let driver = Arc::new(driver);
                let connection = Arc::new(Connection { runtime: Some(runtime), driver, blame, request_timeout });
                check_local_dc(&connection, options.local_dc)?;
                return Ok(Session {
                    connection,
                    completions: Arc::new(completions),
                    coordinators: Arc::default(),
                    answers: Vec::new(),
                    statements: Vec::new(),
                });
            }
            Ok(Err(error)) => blame.new_session(&error),
            Err(_) => Failure::new(Code::Transient, blame.timeout(limit).message),
        };
        runtime.shutdown_background();
        Err(failure)
    }

    pub fn execute(&self, cql: &str) -> Result<(), Failure> {
        let connection = &self.connection;
        let limit = connection.request_timeout.max(LEAST_DDL_TIMEOUT);
        let mut statement = Statement::new(cql);
        statement.set_request_timeout(Some(limit));
        connection.wait(limit * 2, async {
            let outcome = connection.driver.query_unpaged(statement, ()).await;
            outcome.map(drop).map_err(|error| connection.blame.execution(&error, Carries::Statement))
        })
    }

    pub fn prepare(&mut self, cql: &str) -> Result<i64, Failure> {
        let connection = &self.connection;
        // The driver sets no limit of its own here.
        let statement = connection.wait(connection.request_timeout, async {
            connection.driver.prepare(cql).await.map_err(|error| connection.blame.prepare(&error))
        })?;
        self.statements.push(Prepared::new(statement));
        Ok(self.statements.len() as i64 - 1)
    }

    pub fn statement(&self, number: i64) -> Option<&Prepared> {
        self.statements.get(usize::try_from(number).ok()?)
    }
}

fn configure(
    options: &Options,
    nodes: &[String],
    request_timeout: Duration,
    connect_timeout: Duration,
) -> Result<SessionBuilder, Failure> {
    let elsewhere = SimpleSpeculativeExecutionPolicy { max_retry_count: NODES_MORE, retry_interval: HANGING_AFTER };
    let mut profile = ExecutionProfile::builder()
        .request_timeout(Some(request_timeout))
        .speculative_execution_policy(Some(Arc::new(elsewhere)));
    if !options.consistency.is_empty() {
        profile = profile.consistency(consistency(options.consistency)?);
    }
    if !options.local_dc.is_empty() {
        let policy = DefaultPolicy::builder().prefer_datacenter(options.local_dc.to_owned()).build();
        profile = profile.load_balancing_policy(policy);
    }
    let mut builder = SessionBuilder::new()
        .known_nodes(nodes)
        .connection_timeout(connect_timeout)
        .keepalive_interval(KEEPALIVE_INTERVAL)
        .keepalive_timeout(KEEPALIVE_TIMEOUT)
        // Where rows belong needs no columns and no user-defined types. Of these the driver cannot read every one that
        // Cassandra can have (a name in quotes), in whatever keyspace, and would refuse the cluster for it.
        .fetch_full_schema_metadata(false)
        .schema_agreement_timeout(request_timeout.max(LEAST_DDL_TIMEOUT))
        .default_execution_profile_handle(profile.build().into_handle());
    if !options.username.is_empty() {
        builder = builder.user(options.username, options.password);
    }
    Ok(builder)
}

/// "host:port, host:port" as its parts.
fn contact_points(list: &str) -> Result<Vec<String>, Failure> {
    let nodes: Vec<String> =
        list.split(',').map(str::trim).filter(|node| !node.is_empty()).map(str::to_owned).collect();
    if nodes.is_empty() {
        return Err(Failure::argument("no contact point of Cassandra is given, such as 'localhost:9042'"));
    }
    for node in &nodes {
        // An IPv6 address has colons of its own, and its port stands behind a bracket.
        let port = match node.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => port,
            _ => continue,
        };
        if port.parse::<u16>().map_or(true, |port| port == 0) {
            return Err(Failure::argument(format!("the contact point '{node}' is not of the form host:port")));
        }
    }
    Ok(nodes)
}

fn consistency(name: &str) -> Result<Consistency, Failure> {
    // Not ANY: with it a coordinator acknowledges what only itself keeps, as a hint.
    const LEVELS: [(&str, Consistency); 8] = [
        ("ONE", Consistency::One),
        ("TWO", Consistency::Two),
        ("THREE", Consistency::Three),
        ("QUORUM", Consistency::Quorum),
        ("ALL", Consistency::All),
        ("LOCAL_QUORUM", Consistency::LocalQuorum),
        ("EACH_QUORUM", Consistency::EachQuorum),
        ("LOCAL_ONE", Consistency::LocalOne),
    ];
    match LEVELS.iter().find(|(level, _)| level.eq_ignore_ascii_case(name)) {
        Some((_, level)) => Ok(*level),
        None => {
            let known = LEVELS.map(|(level, _)| level).join(", ");
            Err(Failure::argument(format!("'{name}' is not a consistency level; known are {known}")))
        }
    }
}

/// With a data centre that no node is in, every request would fail with an empty plan; better to say so at once.
fn check_local_dc(connection: &Connection, local_dc: &str) -> Result<(), Failure> {
    if local_dc.is_empty() {
        return Ok(());
    }
    let state = connection.driver.get_cluster_state();
    let mut known: Vec<&str> = state.get_nodes_info().iter().filter_map(|node| node.datacenter.as_deref()).collect();
    known.sort_unstable();
    known.dedup();
    // Nothing is known where the topology could not be read yet; then there is nothing to compare with.
    if known.is_empty() || known.contains(&local_dc) {
        return Ok(());
    }
    Err(Failure::argument(format!("no node is in the data centre '{local_dc}'; the cluster has {}", known.join(", "))))
}

fn millis(value: u32, default: Duration) -> Duration {
    match value {
        0 => default,
        millis => Duration::from_millis(u64::from(millis)),
    }
}

/// A C++ `main` leaves SIGPIPE at its default, by which writing to a closed connection ends the process.
pub fn ignore_sigpipe() {
    // SAFETY: both structures are valid for the calls, and zero is a valid sigaction.
    unsafe {
        let mut current: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGPIPE, ptr::null(), &mut current) == 0 && current.sa_sigaction == libc::SIG_DFL {
            libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        }
    }
}

/// Signals are for the program's own threads: no handler of its runs on a thread of the runtime.
fn block_signals() {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset() initialises the set before it is read.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), ptr::null_mut());
    }
}
